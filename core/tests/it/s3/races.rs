//! A delivery that AWS rewrites while it is read: all of the old, or "changed"; never a mixture.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::fixture::{Bucket, noise, options, told};
use super::proxy::{Fault, Proxy};
use super::s3::{Remote, S3Error, S3Uri};

const PARTS: usize = 6;
const MANIFEST: &str = "cur/rep/rep-Manifest.json";

fn deliver(bucket: &Bucket, generation: u64) {
    for part in 0..PARTS {
        // Of one size, so that only content tells them apart.
        bucket.put(&format!("cur/rep/part-{part}"), &noise(generation * 100 + part as u64, 3000));
    }
    bucket.put(MANIFEST, format!("{{\"generation\":{generation}}}").as_bytes());
}

/// The generation of every part, as it was read.
fn read(remote: &Remote) -> Result<Vec<u64>, S3Error> {
    let before = remote.read_small(MANIFEST, 1000)?;
    let objects: Vec<_> = remote.list()?.into_iter().filter(|object| object.key != MANIFEST).collect();
    let fetched = remote.fetch(&objects, None)?;
    let changed = remote.read_small(MANIFEST, 1000)? != before;
    let known: HashMap<Vec<u8>, u64> = (1..=2)
        .flat_map(|generation| (0..PARTS as u64).map(move |part| (noise(generation * 100 + part, 3000), generation)))
        .collect();
    let generations: Vec<u64> = fetched.iter().map(|fetched| known[&std::fs::read(&fetched.path).unwrap()]).collect();
    assert!(generations.windows(2).all(|pair| pair[0] == pair[1]), "a fetch alone mixed them: {generations:?}");
    if changed {
        return Err(S3Error::Changed { uri: remote.uri().to_string(), detail: "its manifest is another one".into() });
    }
    Ok(generations)
}

#[test]
fn no_swap_at_any_request_mixes_two_deliveries() {
    // The manifest, the parts, the manifest again, and one more that never comes.
    for swap_at in 0..PARTS + 3 {
        let bucket = Arc::new(Bucket::new());
        deliver(&bucket, 1);
        let swapping = Arc::clone(&bucket);
        let one_at_a_time = Mutex::new(());
        let proxy = Proxy::to_objects(bucket.moto.port, move |request| {
            let _waiting = one_at_a_time.lock().unwrap();
            if request == swap_at {
                deliver(&swapping, 2);
            }
            Fault::None
        });
        let dir = tempfile::tempdir().unwrap();
        let mut options = options(&proxy.url(), dir.path());
        options.concurrency = 2;
        let remote = Remote::connect(&S3Uri::parse(&bucket.uri("cur/rep")).unwrap(), options).unwrap();
        match read(&remote) {
            Ok(generations) => {
                let all = if swap_at == 0 { 2 } else { 1 };
                assert_eq!(generations, [all; PARTS], "swapped at {swap_at}");
                assert!(swap_at == 0 || swap_at == PARTS + 2, "swapped at {swap_at}, and nobody noticed");
            }
            Err(error) => {
                assert!(matches!(error, S3Error::Changed { .. }), "swapped at {swap_at}: {}", told(&error));
                assert_eq!(read(&remote).unwrap(), [2; PARTS], "read again after {swap_at}");
            }
        }
    }
}

#[test]
fn the_caller_may_stop_at_any_time() {
    let bucket = Bucket::new();
    for part in 0..4 {
        bucket.put(&format!("cur/rep/part-{part}"), &noise(part, 3000));
    }
    let proxy = Proxy::to_objects(bucket.moto.port, |n| if n == 3 { Fault::Hang } else { Fault::None });
    let dir = tempfile::tempdir().unwrap();
    let remote =
        Remote::connect(&S3Uri::parse(&bucket.uri("cur/rep")).unwrap(), options(&proxy.url(), dir.path())).unwrap();
    let objects = remote.list().unwrap();
    let begun = Instant::now();
    let caller = std::thread::current().id();
    let progress = |progress: super::s3::FetchProgress| {
        assert_eq!(std::thread::current().id(), caller, "called on the caller's own thread");
        assert!(progress.bytes_done <= progress.bytes && (progress.objects, progress.bytes) == (4, 12_000));
        if progress.objects_done == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = remote.fetch(&objects, Some(&progress)).unwrap_err();
    assert!(matches!(error, S3Error::Interrupted), "{}", told(&error));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    // The next attempt finds three of them in the cache.
    let fetched = remote.fetch(&objects, None).unwrap();
    assert_eq!(fetched.iter().filter(|fetched| fetched.cached).count(), 3);
}

#[test]
fn it_may_be_used_from_within_another_runtime() {
    let bucket = Bucket::new();
    bucket.put("cur/a", b"1");
    let dir = tempfile::tempdir().unwrap();
    let outer = tokio::runtime::Builder::new_current_thread().build().unwrap();
    outer.block_on(async {
        let uri = S3Uri::parse(&bucket.uri("cur")).unwrap();
        let remote = Remote::connect(&uri, options(&bucket.moto.url(), dir.path())).unwrap();
        assert_eq!(remote.fetch(&remote.list().unwrap(), None).unwrap().len(), 1);
    });
}
