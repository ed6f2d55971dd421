//! Against a server that checks signatures (s3s): the right secret reads, a wrong one is told as such.

use std::net::SocketAddr;
use std::path::Path;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::runtime::{Builder, Runtime};

use super::fixture::{SECRET, options, told};
use super::s3::{Remote, S3Error, S3Uri};

/// Serves a folder until the runtime is dropped.
fn serve(root: &Path) -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut service = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
    service.set_auth(SimpleAuth::from_single("AKIDRIGHT", SECRET));
    let service = service.build();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (runtime, address)
}

#[test]
fn signatures_are_right_and_a_wrong_secret_is_told() {
    let (root, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = root.path().join("bills/cur/we ird");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("é+part=1.parquet"), b"PAR1").unwrap();
    let (_server, address) = serve(root.path());
    let read = |id: &str, secret: &str| {
        let mut options = options(&format!("http://{address}"), cache.path());
        options.credentials = Some(SharedCredentialsProvider::new(Credentials::new(id, secret, None, None, "test")));
        let remote = Remote::connect(&S3Uri::parse("s3://bills/cur").unwrap(), options)?;
        remote.read_small("cur/we ird/é+part=1.parquet", 100)
    };
    assert_eq!(read("AKIDRIGHT", SECRET).unwrap().0, b"PAR1");
    let error = read("AKIDRIGHT", "sEcReTwrong").unwrap_err();
    assert!(matches!(error, S3Error::BadCredentials { .. }), "{}", told(&error));
    assert!(error.to_string().contains("SignatureDoesNotMatch"), "{error}");
}
