//! Every fault ends in the right bytes, or in an error that names the object and the cause, in time.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::fixture::{Bucket, Checksum, Stored, noise, options, told};
use super::proxy::{Fault, Proxy, refusal, refusal_with};
use super::s3::{CheckedBy, Object, Remote, S3Error, S3Options, S3Uri};

const KEY: &str = "cur/rep/part-00001.parquet";
const BYTES: usize = 200_000;

/// What a fault must come to.
pub(super) enum End {
    Right,
    /// The error's variant, and words in it.
    Error(&'static str, &'static str),
}

pub(super) type Plan = fn(usize) -> Fault;

const SLOW_DOWN: (u16, &str) = (503, "SlowDown");

fn slow_down() -> Fault {
    refusal(SLOW_DOWN.0, SLOW_DOWN.1, "Please reduce your request rate.")
}

fn first(fault: Fault, times: usize, request: usize) -> Fault {
    if request < times { fault } else { Fault::None }
}

const KMS: &str = "User is not authorized to perform: kms:Decrypt on the resource";

/// Faults that a request for an object meets, by how many came before it.
pub(super) fn table() -> Vec<(&'static str, Plan, End)> {
    use End::{Error, Right};
    vec![
        ("none", |_| Fault::None, Right),
        ("503 twice", |n| first(slow_down(), 2, n), Right),
        ("503 for ever", |_| slow_down(), Error("Broken", "503 SlowDown")),
        ("429 once", |n| first(refusal(429, "TooManyRequests", ""), 1, n), Right),
        ("500 once", |n| first(refusal(500, "InternalError", ""), 1, n), Right),
        ("500 without XML", |n| first(Fault::Answer(500, vec![], "oops".into()), 1, n), Right),
        ("reset twice", |n| first(Fault::Reset, 2, n), Right),
        ("reset for ever", |_| Fault::Reset, Error("Broken", "attempts: 4")),
        ("403", |_| refusal(403, "AccessDenied", "no"), Error("Denied", "s3:GetObject")),
        ("403 of the key", |_| refusal(403, "AccessDenied", KMS), Error("Denied", "kms:Decrypt")),
        ("403 with an echo", |_| Fault::Echo, Error("Denied", "s3:GetObject")),
        ("expired", |_| refusal(400, "ExpiredToken", "expired"), Error("Expired", "sign in again")),
        ("bad secret", |_| refusal(403, "SignatureDoesNotMatch", ""), Error("BadCredentials", "SignatureDoesNotMatch")),
        ("bad key", |_| refusal(403, "InvalidAccessKeyId", ""), Error("BadCredentials", "InvalidAccessKeyId")),
        ("clock", |_| refusal(403, "RequestTimeTooSkewed", ""), Error("Other", "clock")),
        ("redirect", |_| redirect("http://169.254.169.254/latest/"), Error("WrongRegion", "not followed")),
        ("garbage", |_| Fault::Garbage, Error("Broken", "attempts: 4")),
        ("garbage once", |n| first(Fault::Garbage, 1, n), Right),
        ("half a header", |_| Fault::HalfHeader, Error("Broken", "attempts: 4")),
        ("half a header once", |n| first(Fault::HalfHeader, 1, n), Right),
        ("truncated once", |n| first(Fault::Truncated, 1, n), Right),
        ("truncated always", |_| Fault::Truncated, Error("Broken", "body")),
        ("half once", |n| first(Fault::Half, 1, n), Right),
        ("half always", |_| Fault::Half, Error("Broken", "offered 100000 bytes of an object of 200000")),
        ("unsized", |_| Fault::Unsized, Error("Broken", "how long")),
        ("flipped once", |n| first(Fault::Flipped, 1, n), Right),
        ("flipped always", |_| Fault::Flipped, Error("Broken", "checksum")),
        ("ETag changed", |_| Fault::Etag, Error("Changed", "its ETag was")),
        ("gone", |_| refusal(404, "NoSuchKey", ""), Error("Changed", "it is gone")),
        ("precondition", |_| refusal(412, "PreconditionFailed", ""), Error("Changed", "another one")),
        ("archived", |_| refusal(403, "InvalidObjectState", ""), Error("Other", "restore")),
        ("trickle", |_| Fault::Trickle, Error("Deadline", "bytes came in")),
        ("trickle once", |n| first(Fault::Trickle, 1, n), Right),
        ("hang", |_| Fault::Hang, Error("Deadline", "HTTP read timeout")),
        ("hang once", |n| first(Fault::Hang, 1, n), Right),
    ]
}

fn redirect(location: &str) -> Fault {
    refusal_with(301, "PermanentRedirect", "elsewhere", &[("location", location)])
}

fn variant(error: &S3Error) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn listed(bucket: &Bucket, options: S3Options) -> (Remote, Vec<Object>) {
    let remote = Remote::connect(&S3Uri::parse(&bucket.uri("cur/rep")).unwrap(), options).unwrap();
    let objects = remote.list().unwrap();
    assert!(!objects.is_empty());
    (remote, objects)
}

#[test]
fn every_fault_ends_in_the_right_bytes_or_in_a_typed_error() {
    let bucket = Bucket::new();
    let right = noise(1, BYTES);
    bucket.put(KEY, &right);
    thread::scope(|scope| {
        for (name, plan, end) in table() {
            let (bucket, right) = (&bucket, &right);
            scope.spawn(move || one_fault(bucket, right, name, plan, &end));
        }
    });
}

fn one_fault(bucket: &Bucket, right: &[u8], name: &str, plan: Plan, end: &End) {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::to_objects(bucket.moto.port, plan);
    let mut options = options(&proxy.url(), dir.path());
    let slow = name.starts_with("trickle") || name.starts_with("hang");
    if slow {
        options.stall = Duration::from_secs(2);
        options.deadline_object = if name.ends_with("once") { Duration::from_secs(30) } else { Duration::from_secs(5) };
    }
    let limit = options.deadline_total;
    let (remote, objects) = listed(bucket, options);
    let begun = Instant::now();
    let fetched = remote.fetch(&objects, None);
    assert!(begun.elapsed() < limit, "{name}: {:?}", begun.elapsed());
    assert!(proxy.gets() <= 4, "{name}: {} requests", proxy.gets());
    match (end, fetched) {
        (End::Right, Ok(fetched)) => {
            assert_eq!(std::fs::read(&fetched[0].path).unwrap(), right, "{name}");
            assert_eq!(fetched[0].checked_by, CheckedBy::Crc32, "{name}");
            assert_eq!(fetched[0].uri, bucket.uri(KEY));
        }
        (End::Error(kind, words), Err(error)) => {
            let message = told(&error);
            assert_eq!(&variant(&error), kind, "{name}: {message}");
            assert!(message.contains(&bucket.uri(KEY)) && message.contains(words), "{name}: {message}");
            let left = std::fs::read_dir(dir.path().join("objects")).unwrap().count();
            assert_eq!(left, 0, "{name}: left in the cache");
        }
        (_, Ok(_)) => panic!("{name}: succeeded"),
        (_, Err(error)) => panic!("{name}: {}", told(&error)),
    }
}

#[test]
fn a_flipped_bit_is_seen_wherever_there_is_a_hash() {
    let bucket = Bucket::new();
    let small = noise(2, 50_000);
    let large = noise(3, (5 << 20) + 1000);
    let kinds = [
        (Stored::With(Checksum::Sha256), CheckedBy::Sha256, true),
        (Stored::Plain, CheckedBy::Md5Etag, true),
        (Stored::Kms, CheckedBy::SizeOnly, false),
        (Stored::Parts, CheckedBy::SizeOnly, false),
    ];
    for (stored, checked_by, seen) in kinds {
        let bytes = if stored == Stored::Parts { &large } else { &small };
        bucket.put_as(stored, KEY, bytes);
        let dir = tempfile::tempdir().unwrap();
        let (remote, objects) = listed(&bucket, options(&bucket.moto.url(), dir.path()));
        let fetched = remote.fetch(&objects, None).unwrap();
        assert_eq!(&std::fs::read(&fetched[0].path).unwrap(), bytes, "{stored:?}");
        assert_eq!(fetched[0].checked_by, checked_by, "{stored:?}");

        let dir = tempfile::tempdir().unwrap();
        let proxy = Proxy::to_objects(bucket.moto.port, |_| Fault::Flipped);
        let (remote, objects) = listed(&bucket, options(&proxy.url(), dir.path()));
        match remote.fetch(&objects, None) {
            Err(error) => assert!(seen && variant(&error) == "Broken", "{stored:?}: {}", told(&error)),
            // No hash of the whole: the caller is told so.
            Ok(fetched) => assert!(!seen && fetched[0].checked_by == CheckedBy::SizeOnly, "{stored:?}"),
        }
    }
}

#[test]
fn a_crc64nvme_is_held_against_the_whole() {
    let bucket = Bucket::new();
    // Its ETag is no MD5, so that nothing else can see the bit.
    bucket.put_as(Stored::Kms, KEY, &noise(2, 50_000));
    for (checksum, flipped, end) in [
        // By another implementation.
        ("PJVTsOnoSoY=", false, Some(CheckedBy::Crc64Nvme)),
        ("PJVTsOnoSoY=", true, None),
        ("PJVTsOnoSoA=", false, None),
        // Over parts, or damaged: the SDK passes over these, and so nothing is claimed.
        ("PJVTsOnoSoY=-2", false, Some(CheckedBy::SizeOnly)),
        ("?", false, Some(CheckedBy::SizeOnly)),
    ] {
        let proxy = Proxy::to_objects(bucket.moto.port, move |_| Fault::Crc64Nvme(checksum, flipped));
        let dir = tempfile::tempdir().unwrap();
        let (remote, objects) = listed(&bucket, options(&proxy.url(), dir.path()));
        match remote.fetch(&objects, None) {
            Ok(fetched) => assert_eq!(Some(fetched[0].checked_by), end, "{checksum}"),
            Err(error) => assert!(end.is_none() && told(&error).contains("checksum"), "{checksum}: {}", told(&error)),
        }
    }
}

#[test]
fn small_objects_are_read_with_the_same_care() {
    let bucket = Bucket::new();
    let key = "cur/rep/rep-Manifest.json";
    bucket.put(key, &noise(4, 3000));
    let read = |plan: Plan, bytes_max: u64| {
        let dir = tempfile::tempdir().unwrap();
        let proxy = Proxy::to_objects(bucket.moto.port, plan);
        let uri = S3Uri::parse(&bucket.uri("cur/rep")).unwrap();
        Remote::connect(&uri, options(&proxy.url(), dir.path())).unwrap().read_small(key, bytes_max)
    };
    let (bytes, etag) = read(|n| first(Fault::Truncated, 2, n), 3000).unwrap();
    assert_eq!((bytes, etag.len()), (noise(4, 3000), 32));
    for (plan, bytes_max, kind) in [
        ((|_| Fault::None) as Plan, 2999, "TooLarge"),
        (|_| Fault::Flipped, 3000, "Broken"),
        (|_| Fault::Half, 3000, "Broken"),
        (|_| refusal(404, "NoSuchKey", ""), 3000, "NoSuchKey"),
        (|_| refusal(404, "NoSuchBucket", ""), 3000, "NoBucket"),
        (|_| Fault::Echo, 3000, "Denied"),
    ] {
        let error = read(plan, bytes_max).unwrap_err();
        assert_eq!(variant(&error), kind, "{}", told(&error));
        assert!(error.to_string().starts_with("s3://"), "{error}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let bucket = Bucket::new();
    bucket.put(KEY, b"1");
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let location = format!("http://{}/", canary.local_addr().unwrap());
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let proxy = Proxy::to_objects(bucket.moto.port, move |_| {
            refusal_with(status, "TemporaryRedirect", "", &[("location", &location)])
        });
        let dir = tempfile::tempdir().unwrap();
        let (remote, objects) = listed(&bucket, options(&proxy.url(), dir.path()));
        let error = remote.fetch(&objects, None).unwrap_err();
        assert_eq!(variant(&error), "WrongRegion", "{}", told(&error));
    }
    assert!(canary.accept().is_err(), "a redirect was followed");
}

#[test]
fn nobody_listening_is_told_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(&format!("http://{free}"), dir.path());
    options.attempts = 50;
    let remote = Remote::connect(&S3Uri::parse("s3://bills/cur").unwrap(), options).unwrap();
    let error = remote.list().unwrap_err();
    assert!(matches!(error, S3Error::Broken { attempts: 3, .. }), "{}", told(&error));
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn the_total_deadline_ends_everything() {
    let bucket = Bucket::new();
    for part in 0..6 {
        bucket.put(&format!("cur/rep/part-{part}"), &noise(part, 1000));
    }
    let proxy = Proxy::to_objects(bucket.moto.port, |n| if n < 2 { Fault::None } else { Fault::Hang });
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(&proxy.url(), dir.path());
    options.deadline_total = Duration::from_secs(3);
    options.stall = Duration::from_secs(60);
    options.concurrency = 2;
    let (remote, objects) = listed(&bucket, options);
    let begun = Instant::now();
    let error = remote.fetch(&objects, None).unwrap_err();
    assert!(matches!(error, S3Error::Deadline { .. }), "{}", told(&error));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_full_disk_is_told_with_its_path() {
    // Where a file should come to lie, a folder stands in the way: the system refuses, whoever asks.
    let bucket = Bucket::new();
    let bytes = noise(9, 1000);
    bucket.put(KEY, &bytes);
    let dir = tempfile::tempdir().unwrap();
    let (remote, objects) = listed(&bucket, options(&bucket.moto.url(), dir.path()));
    let fetched = remote.fetch(&objects, None).unwrap().remove(0);
    remote.release(&fetched).unwrap();
    std::fs::create_dir(&fetched.path).unwrap();
    std::fs::File::create(fetched.path.join("inside")).unwrap().write_all(b"x").unwrap();
    let error = remote.fetch(&objects, None).unwrap_err();
    assert!(matches!(error, S3Error::Cache { .. }), "{}", told(&error));
    assert!(error.to_string().contains(fetched.path.to_str().unwrap()), "{error}");
}

#[test]
fn concurrency_is_kept_to() {
    let bucket = Bucket::new();
    for part in 0..12 {
        bucket.put(&format!("cur/rep/part-{part:02}"), &noise(part, 1000));
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted_now, counted_most) = (Arc::clone(&now), Arc::clone(&most));
    let proxy = Proxy::to_objects(bucket.moto.port, move |_| {
        let running = counted_now.fetch_add(1, Ordering::SeqCst) + 1;
        counted_most.fetch_max(running, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(100));
        counted_now.fetch_sub(1, Ordering::SeqCst);
        Fault::None
    });
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(&proxy.url(), dir.path());
    options.concurrency = 3;
    let (remote, objects) = listed(&bucket, options);
    let fetched = remote.fetch(&objects, None).unwrap();
    let keys: Vec<_> = fetched.iter().map(|fetched| fetched.key.as_str()).collect();
    assert!(keys.is_sorted() && keys.len() == 12, "in the order they were asked for: {keys:?}");
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at a time");
}
