//! The cache: no second download, nothing believed that is damaged, nothing followed, nothing written outside.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread;

use super::fixture::{Bucket, noise, options, told};
use super::proxy::{Fault, Proxy};
use super::s3::{Fetched, Remote, S3Error, S3Uri};

const KEY: &str = "cur/rep/part-1";

/// A bucket with objects, a proxy that counts, and a cache that was filled.
struct Filled {
    bucket: Bucket,
    proxy: Proxy,
    dir: tempfile::TempDir,
    fetched: Vec<Fetched>,
}

fn connect(bucket: &Bucket, proxy: &Proxy, cache: &Path) -> Result<Remote, S3Error> {
    Remote::connect(&S3Uri::parse(&bucket.uri("cur/rep")).unwrap(), options(&proxy.url(), cache))
}

fn filled(objects: &[(&str, Vec<u8>)]) -> Filled {
    let bucket = Bucket::new();
    for (key, bytes) in objects {
        bucket.put(key, bytes);
    }
    let proxy = Proxy::to_objects(bucket.moto.port, |_| Fault::None);
    let dir = tempfile::tempdir().unwrap();
    let remote = connect(&bucket, &proxy, &dir.path().join("cache")).unwrap();
    let fetched = remote.fetch(&remote.list().unwrap(), None).unwrap();
    assert_eq!(proxy.gets(), objects.len());
    Filled { bucket, proxy, dir, fetched }
}

impl Filled {
    fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    fn remote(&self) -> Remote {
        connect(&self.bucket, &self.proxy, &self.cache()).unwrap()
    }

    fn again(&self) -> Result<Vec<Fetched>, S3Error> {
        let remote = self.remote();
        remote.fetch(&remote.list()?, None)
    }

    fn reference(&self) -> PathBuf {
        files(&self.cache().join("refs")).remove(0)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_there_is_not_fetched_again() {
    let filled = filled(&[(KEY, noise(1, 1000)), ("cur/rep/part-2", noise(2, 1000))]);
    let again = filled.again().unwrap();
    assert_eq!(filled.proxy.gets(), 2);
    assert!(again.iter().all(|fetched| fetched.cached));
    assert_eq!(again[0].sha256, filled.fetched[0].sha256);
    assert_eq!(again[0].checked_by, filled.fetched[0].checked_by);
    filled.bucket.put(KEY, &noise(3, 1000));
    assert_eq!(std::fs::read(&filled.again().unwrap()[0].path).unwrap(), noise(3, 1000), "rewritten in the meantime");
    assert_eq!(filled.proxy.gets(), 3);
}

#[test]
fn files_are_their_owners_alone_and_named_by_hashes() {
    let filled = filled(&[(KEY, noise(1, 1000)), ("cur/rep/../../../etc/passwd", noise(2, 1000))]);
    let mode = |path: &Path| std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(files(filled.dir.path()), [filled.cache()], "nothing beside the cache");
    assert_eq!(mode(&filled.cache()), 0o700);
    for folder in ["objects", "refs"] {
        let folder = filled.cache().join(folder);
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(files(&folder).len(), 2);
        for file in files(&folder) {
            assert_eq!(mode(&file), 0o600);
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        }
    }
    // What was too open becomes private again.
    let refs = filled.cache().join("refs");
    std::fs::set_permissions(&refs, std::fs::Permissions::from_mode(0o755)).unwrap();
    filled.again().unwrap();
    assert_eq!(mode(&refs), 0o700);
}

#[test]
fn a_damaged_cache_recovers() {
    let bytes = noise(1, 1000);
    let filled = filled(&[(KEY, bytes.clone())]);
    let (reference, object) = (filled.reference(), filled.fetched[0].path.clone());
    let whole = std::fs::read(&reference).unwrap();
    let mut gets = 1;
    let flipped = |at: usize| {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        damaged
    };
    for damaged in [vec![], whole[..whole.len() / 2].to_vec(), flipped(3), flipped(90), flipped(160), vec![0; 4000]] {
        std::fs::write(&reference, damaged).unwrap();
        let again = filled.again().unwrap();
        gets += 1;
        assert_eq!((filled.proxy.gets(), std::fs::read(&again[0].path).unwrap()), (gets, bytes.clone()));
        assert_eq!(std::fs::read(&reference).unwrap(), whole);
    }
    for length in [0, 999, 1001] {
        std::fs::write(&object, noise(7, length)).unwrap();
        assert_eq!(std::fs::read(&filled.again().unwrap()[0].path).unwrap(), bytes, "{length} bytes");
    }
    std::fs::remove_file(&object).unwrap();
    assert!(!filled.again().unwrap()[0].cached);
    // Damage that keeps the size is found by whoever reads the bytes, who then discards them.
    std::fs::write(&object, noise(8, 1000)).unwrap();
    let remote = filled.remote();
    let wrong = remote.fetch(&remote.list().unwrap(), None).unwrap().remove(0);
    assert!(wrong.cached && std::fs::read(&wrong.path).unwrap() != bytes);
    remote.discard(&wrong).unwrap();
    assert_eq!(std::fs::read(&filled.again().unwrap()[0].path).unwrap(), bytes);
}

#[test]
fn exchanged_references_are_not_believed() {
    let filled = filled(&[(KEY, noise(1, 1000)), ("cur/rep/part-2", noise(2, 1000))]);
    let refs = files(&filled.cache().join("refs"));
    let (one, two) = (std::fs::read(&refs[0]).unwrap(), std::fs::read(&refs[1]).unwrap());
    std::fs::write(&refs[0], two).unwrap();
    std::fs::write(&refs[1], one).unwrap();
    let again = filled.again().unwrap();
    assert!(again.iter().all(|fetched| !fetched.cached));
    assert_eq!(std::fs::read(&again[0].path).unwrap(), noise(1, 1000));
}

#[test]
fn no_symbolic_link_is_followed() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("target");
    let plant = |path: &Path, target: &Path| {
        let _ = std::fs::remove_file(path);
        let _ = std::fs::remove_dir_all(path);
        symlink(target, path).unwrap();
    };
    type Place = fn(&Filled) -> PathBuf;
    let places: [(&str, Place); 5] = [
        ("object", |filled| filled.fetched[0].path.clone()),
        ("reference", Filled::reference),
        ("objects", |filled| filled.cache().join("objects")),
        ("refs", |filled| filled.cache().join("refs")),
        ("cache", Filled::cache),
    ];
    for (name, place) in places {
        let filled = filled(&[(KEY, noise(1, 1000))]);
        if ["objects", "refs", "cache"].contains(&name) {
            plant(&place(&filled), outside.path());
        } else {
            std::fs::write(&target, noise(1, 1000)).unwrap();
            plant(&place(&filled), &target);
        }
        let error = connect(&filled.bucket, &filled.proxy, &filled.cache())
            .and_then(|remote| remote.fetch(&remote.list()?, None))
            .unwrap_err();
        assert!(matches!(error, S3Error::Cache { .. }), "{name}: {}", told(&error));
        assert!(error.to_string().contains("symbolic link"), "{name}: {error}");
        let left = files(outside.path());
        assert!(left.is_empty() || left == [target.clone()], "{name}: {left:?}");
        if !left.is_empty() {
            assert_eq!(std::fs::read(&target).unwrap(), noise(1, 1000), "{name}");
        }
    }
}

#[test]
fn a_folder_that_anyone_may_write_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let error = Remote::connect(&S3Uri::parse("s3://bills/cur").unwrap(), options("http://127.0.0.1:1", dir.path()));
    assert!(error.unwrap_err().to_string().contains("anyone may write here"));
}

#[test]
fn what_is_released_leaves_unless_it_is_needed() {
    let same = noise(1, 1000);
    let filled = filled(&[(KEY, same.clone()), ("cur/rep/part-2", same), ("cur/rep/part-3", noise(3, 10))]);
    let remote = filled.remote();
    let fetched = remote.fetch(&remote.list().unwrap(), None).unwrap();
    assert_eq!(fetched[0].path, fetched[1].path, "one content, one file");
    remote.release(&fetched[0]).unwrap();
    assert!(fetched[1].path.exists(), "another one needs it");
    remote.release(&fetched[1]).unwrap();
    assert!(!fetched[1].path.exists());
    remote.release(&fetched[2]).unwrap();
    remote.release(&fetched[2]).unwrap();
    for folder in ["objects", "refs"] {
        assert!(files(&filled.cache().join(folder)).is_empty());
    }
    let mut keeping = options(&filled.proxy.url(), &filled.cache());
    keeping.keep_objects = true;
    let remote = Remote::connect(&S3Uri::parse(&filled.bucket.uri("cur/rep")).unwrap(), keeping).unwrap();
    let fetched = remote.fetch(&remote.list().unwrap(), None).unwrap();
    remote.release(&fetched[0]).unwrap();
    assert!(fetched[0].path.exists());
}

#[test]
fn eight_threads_on_one_cold_cache_agree() {
    let bucket = Bucket::new();
    for part in 0..5 {
        bucket.put(&format!("cur/rep/part-{part}"), &noise(part, 20_000));
    }
    let proxy = Proxy::cutting_each_object(bucket.moto.port, 2);
    let dir = tempfile::tempdir().unwrap();
    let agreed: BTreeSet<Vec<String>> = thread::scope(|scope| {
        let read = || {
            let remote = connect(&bucket, &proxy, dir.path()).unwrap();
            let fetched = remote.fetch(&remote.list().unwrap(), None).unwrap();
            for (part, fetched) in (0..).zip(&fetched) {
                assert_eq!(std::fs::read(&fetched.path).unwrap(), noise(part, 20_000));
            }
            fetched.into_iter().map(|fetched| fetched.sha256).collect()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(read)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(agreed.len(), 1);
    assert_eq!(files(&dir.path().join("objects")).len(), 5, "and nothing half-written is left");
    assert_eq!(files(&dir.path().join("refs")).len(), 5);
}
