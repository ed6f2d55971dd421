//! What a folder holds: all pages, no siblings, keys as they are; and where the bucket is.

use std::path::Path;

use super::fixture::{Bucket, SECRET, options, told};
use super::moto::moto;
use super::proxy::{Fault, Proxy, Request, refusal, refusal_with};
use super::s3::{Remote, S3Error, S3Uri};

const ODD_KEYS: [&str; 16] = [
    "cur/we ird/é+%2F&=.parquet",
    "cur/a b",
    "cur/a+b",
    "cur/a%20b",
    "cur/a%2520b",
    "cur/month=01/x",
    "cur/[1]/*.parquet",
    "cur/quote'\"<>&amp;",
    "cur/semi;colon,comma:colon@at",
    "cur/question?mark#hash",
    "cur/back\\slash",
    "cur/tab\tline",
    "cur/crab 🦀 日本",
    "cur//double//slash",
    "cur/$dollar!(paren)~tilde|pipe^caret`",
    "cur/trailing ",
];

fn connect(uri: &str, endpoint: &str, cache: &Path) -> Remote {
    Remote::connect(&S3Uri::parse(uri).unwrap(), options(endpoint, cache)).unwrap()
}

fn keys(remote: &Remote) -> Vec<String> {
    remote.list().unwrap().into_iter().map(|object| object.key).collect()
}

#[test]
fn all_pages_are_listed() {
    let (moto, dir) = (moto(), tempfile::tempdir().unwrap());
    let proxy = Proxy::start(moto.port, |_| Fault::None);
    let remote = connect("s3://many/cur/rep", &proxy.url(), dir.path());
    let objects = remote.list().unwrap();
    assert_eq!(objects.len(), 2500);
    assert_eq!(proxy.requests(), 3, "pages of a thousand");
    assert_eq!(objects[2499].key, "cur/rep/part-02499.parquet");
    assert_eq!((objects[2499].bytes, objects[2499].etag.len()), (4, 32));
    assert!(objects[2499].last_modified.is_some());
}

#[test]
fn a_listing_that_lies_is_refused() {
    let (moto, dir) = (moto(), tempfile::tempdir().unwrap());
    let lie = |plan: fn(&Request) -> Fault| {
        let proxy = Proxy::start(moto.port, plan);
        let error = connect("s3://many/cur/rep/", &proxy.url(), dir.path()).list().unwrap_err();
        (told(&error), proxy.requests())
    };
    for (plan, words) in [
        ((|_| Fault::Replaced("NextContinuationToken", "Nothing")) as fn(&Request) -> Fault, "and not where"),
        (|_| Fault::Answer(200, vec![], "<html><body>Sign in</body></html>".into()), "not understood"),
        (|_| Fault::Truncated, "attempts: "),
        (|_| Fault::Replaced("cur/rep/part-00003", "cur/rep/part-00002"), "twice"),
        (|_| Fault::Replaced("cur/rep/part-00003", "etc/passwd"), "elsewhere"),
        (|_| Fault::Replaced("<Size>4</Size>", "<Size>-4</Size>"), "size"),
        (|_| refusal(404, "NoSuchBucket", ""), "no such bucket"),
        (|_| refusal(403, "AccessDenied", ""), "s3:ListBucket"),
        (|_| Fault::Echo, "s3:ListBucket"),
    ] {
        let (message, requests) = lie(plan);
        assert!(message.contains("s3://many/") && message.contains(words), "{words}: {message}");
        assert!(requests <= 12, "{words}: {requests} requests");
    }
}

#[test]
fn a_listing_in_circles_ends() {
    let (moto, dir) = (moto(), tempfile::tempdir().unwrap());
    let page = |token: &str| {
        format!(
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>\
             </ListBucketResult>"
        )
    };
    let proxy = Proxy::start(moto.port, move |request| {
        let token = if request.target.contains("continuation-token=a") { "b" } else { "a" };
        Fault::Answer(200, vec![], page(token))
    });
    let error = connect("s3://many/cur/rep/", &proxy.url(), dir.path()).list().unwrap_err();
    assert!(told(&error).contains("circles"), "{error}");
}

#[test]
fn a_folder_ends_at_its_slash() {
    let (bucket, dir) = (Bucket::new(), tempfile::tempdir().unwrap());
    for key in ["cur/rep/a", "cur/rep/b/c", "cur/rep-2/a", "cur/rep.json", "cur/report/a", "cur/single"] {
        bucket.put(key, key.as_bytes());
    }
    let list = |key: &str| keys(&connect(&bucket.uri(key), &bucket.moto.url(), dir.path()));
    assert_eq!(list("cur/rep"), ["cur/rep/a", "cur/rep/b/c"]);
    assert_eq!(list("cur/rep/"), ["cur/rep/a", "cur/rep/b/c"]);
    assert_eq!(list("cur/single"), ["cur/single"]);
    assert_eq!(list("cur/rep.json"), ["cur/rep.json"]);
    assert_eq!(list("cur/re"), [""; 0]);
    assert_eq!(list("cur/single/"), [""; 0]);
    assert_eq!(list("").len(), 6);
}

#[test]
fn odd_keys_come_through_as_they_are() {
    let (bucket, dir) = (Bucket::new(), tempfile::tempdir().unwrap());
    for key in ODD_KEYS {
        bucket.put(key, key.as_bytes());
    }
    let remote = connect(&bucket.uri("cur"), &bucket.moto.url(), dir.path());
    let objects = remote.list().unwrap();
    let mut expected = ODD_KEYS.to_vec();
    expected.sort_unstable();
    assert_eq!(objects.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), expected);
    for fetched in remote.fetch(&objects, None).unwrap() {
        assert_eq!(std::fs::read(&fetched.path).unwrap(), fetched.key.as_bytes());
        assert_eq!(remote.read_small(&fetched.key, 100).unwrap().0, fetched.key.as_bytes());
        assert_eq!(remote.head(&fetched.key).unwrap().unwrap().etag, fetched.etag, "{}", fetched.key);
        let alone = connect(&bucket.uri(&fetched.key), &bucket.moto.url(), dir.path());
        assert_eq!(keys(&alone), [fetched.key.as_str()]);
    }
    assert_eq!(remote.head("cur/none").unwrap(), None);
}

#[test]
fn the_buckets_region_is_found() {
    let (bucket, dir) = (Bucket::new(), tempfile::tempdir().unwrap());
    bucket.put("cur/a", b"1");
    let home = |request: &Request| request.head.contains("/eu-west-3/s3/aws4_request");
    for (status, code) in [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed"), (403, "AccessDenied")] {
        let proxy = Proxy::start(bucket.moto.port, move |request| match home(request) {
            true => Fault::None,
            false => refusal_with(status, code, "", &[("x-amz-bucket-region", "eu-west-3")]),
        });
        let mut asked = options(&proxy.url(), dir.path());
        asked.region = None;
        let uri = S3Uri::parse(&bucket.uri("cur")).unwrap();
        let remote = Remote::connect(&uri, asked.clone()).unwrap();
        assert_eq!((remote.region(), keys(&remote).len()), ("eu-west-3", 1), "{status}");
        if status != 403 {
            asked.region = Some("ap-south-1".to_owned());
            let error = Remote::connect(&uri, asked).unwrap().list().unwrap_err();
            assert!(matches!(error, S3Error::WrongRegion { .. }), "{}", told(&error));
            assert!(error.to_string().contains("not in ap-south-1; set the region to eu-west-3"), "{error}");
        }
    }
    // A region stands in host names, so what is none is not taken for one.
    let proxy = Proxy::start(bucket.moto.port, move |request| match request.method.as_str() {
        "HEAD" => refusal_with(301, "", "", &[("x-amz-bucket-region", "evil.example/?")]),
        _ => Fault::None,
    });
    let mut asked = options(&proxy.url(), dir.path());
    asked.region = None;
    let error = Remote::connect(&S3Uri::parse(&bucket.uri("cur")).unwrap(), asked).unwrap_err();
    assert!(matches!(error, S3Error::WrongRegion { .. }) && !told(&error).contains("evil"), "{error}");
}

#[test]
fn a_missing_bucket_is_told_at_once() {
    let (moto, dir) = (moto(), tempfile::tempdir().unwrap());
    let mut asked = options(&moto.url(), dir.path());
    asked.region = None;
    let error = Remote::connect(&S3Uri::parse("s3://no-such-bills/cur").unwrap(), asked).unwrap_err();
    assert!(matches!(error, S3Error::NoBucket { .. }), "{}", told(&error));
    let error = connect("s3://no-such-bills/cur", &moto.url(), dir.path()).list().unwrap_err();
    assert!(matches!(error, S3Error::NoBucket { .. }), "{}", told(&error));
}

#[test]
fn to_get_objects_is_enough_for_an_object_that_is_named() {
    let (bucket, dir) = (Bucket::new(), tempfile::tempdir().unwrap());
    bucket.put("cur/rep/rep-Manifest.json", b"{}");
    bucket.put("cur/rep/part-1", b"1");
    // HEAD of a bucket is s3:ListBucket too; of what is missing, one learns no more than that.
    let proxy = Proxy::start(bucket.moto.port, |request| {
        let bucket_itself = request.target.trim_start_matches('/').trim_end_matches('/').split('/').count() == 1;
        if request.lists() || bucket_itself || request.target.contains("missing") {
            return refusal(403, "AccessDenied", "");
        }
        Fault::None
    });
    let mut asked = options(&proxy.url(), dir.path());
    asked.region = None;
    let at = |key: &str| Remote::connect(&S3Uri::parse(&bucket.uri(key)).unwrap(), asked.clone()).unwrap();
    let manifest = at("cur/rep/rep-Manifest.json");
    assert_eq!(keys(&manifest), ["cur/rep/rep-Manifest.json"]);
    assert_eq!(manifest.read_small("cur/rep/rep-Manifest.json", 10).unwrap().0, b"{}");
    let part = manifest.head("cur/rep/part-1").unwrap().unwrap();
    assert_eq!(manifest.fetch(&[part], None).unwrap()[0].bytes, 1);
    for error in [at("cur/missing").list().unwrap_err(), manifest.head("cur/missing").unwrap_err()] {
        assert!(matches!(error, S3Error::Denied { .. }), "{}", told(&error));
    }
    let error = manifest.read_small("cur/missing", 10).unwrap_err().to_string();
    assert!(error.contains("s3:GetObject") && error.contains("a key that is missing looks the same"), "{error}");
}

#[test]
fn what_is_asked_for_is_sent() {
    let (bucket, dir) = (Bucket::new(), tempfile::tempdir().unwrap());
    bucket.put("cur/a", b"1");
    let proxy = Proxy::start(bucket.moto.port, |request| {
        assert!(!request.head.contains(SECRET), "the secret key itself never leaves");
        let head = request.head.to_ascii_lowercase();
        let sent = head.contains("x-amz-request-payer: requester")
            && head.contains("x-amz-expected-bucket-owner: 123456789012");
        if sent || request.method == "HEAD" { Fault::None } else { refusal(403, "AccessDenied", "") }
    });
    let mut asked = options(&proxy.url(), dir.path());
    asked.requester_pays = true;
    asked.expected_bucket_owner = Some("123456789012".to_owned());
    let remote = Remote::connect(&S3Uri::parse(&bucket.uri("cur")).unwrap(), asked.clone()).unwrap();
    assert_eq!(remote.fetch(&remote.list().unwrap(), None).unwrap().len(), 1);
    assert_eq!(remote.endpoint(), Some(proxy.url()));
    asked.expected_bucket_owner = Some("999999999999".to_owned());
    let remote = Remote::connect(&S3Uri::parse(&bucket.uri("cur")).unwrap(), asked).unwrap();
    let error = remote.list().unwrap_err().to_string();
    assert!(error.contains("does not belong to account 999999999999"), "{error}");
}
