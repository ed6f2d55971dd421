//! Which objects are the bill: modes of delivery, periods, copies, and manifests that are not to be trusted.

use farthing::Error;
use farthing_fixtures::{Dialect, WriteOptions};

use super::bills::{Shelf, Stored, answer, objects, one_month};
use super::proxy::{Fault, Proxy};
use crate::support::{in_dialect, make, small};

const MANIFEST: &str = "prefix/farthing-bill/metadata/BILLING_PERIOD=2026-10/farthing-bill-Manifest.json";
const PART: &str = "prefix/farthing-bill/data/BILLING_PERIOD=2026-10/farthing-bill-00001.snappy.parquet";

/// A delivery as it is laid down where every version is kept: in folders of its own.
fn as_version(objects: Vec<Stored>, version: &str) -> Vec<Stored> {
    let moved = |key: &str| {
        let (folder, name) = key.rsplit_once('/').unwrap();
        format!("{folder}/{version}/{name}")
    };
    let keys: Vec<String> = objects.iter().map(|(key, _)| key.clone()).filter(|key| key.ends_with("parquet")).collect();
    let rewritten = |(key, bytes): Stored| {
        if !key.ends_with("Manifest.json") {
            return (moved(&key), bytes);
        }
        let mut text = String::from_utf8(bytes).unwrap();
        keys.iter().for_each(|key| text = text.replace(key, &moved(key)));
        (moved(&key), text.into_bytes())
    };
    objects.into_iter().map(rewritten).collect()
}

#[test]
fn the_newest_of_several_executions_is_the_bill() {
    let shelf = Shelf::new();
    let write = |parts| WriteOptions { parts_per_month: parts, ..in_dialect(Dialect::Cur2) };
    let last = make(&small(31), &write(2));
    for (seed, parts, version) in [
        (31, 2, "2026-11-03T06:00:00.000Z-0b"),
        (32, 3, "2026-11-01T06:00:00.000Z-0f"),
        (33, 3, "2026-11-02T06:00:00.000Z-0a"),
    ] {
        let made = make(&small(seed), &write(parts));
        shelf.put(&as_version(objects(made.path(), &shelf.bucket.name), version));
    }
    let bill = shelf.open("prefix/farthing-bill").expect("it opens");
    assert_eq!(answer(&bill), answer(&last.bill()));
    assert_eq!(bill.inventory().files().count(), 6);
    let superseded = |note: &&String| note.contains("2026-11-02T06") && note.contains("and 1 earlier ones");
    let notes = &bill.inventory().notes;
    assert_eq!(notes.iter().filter(superseded).count(), 3, "{notes:?}");
}

#[test]
fn the_manifest_above_the_assemblies_is_the_bill() {
    let shelf = Shelf::new();
    let last = make(&small(34), &in_dialect(Dialect::Legacy));
    for (seed, assembly) in [(35, "f0000000"), (34, "0a000000")] {
        let made = make(&small(seed), &in_dialect(Dialect::Legacy));
        let version = as_version(objects(made.path(), &shelf.bucket.name), assembly);
        for (key, bytes) in version.iter().filter(|(key, _)| key.ends_with("Manifest.json")) {
            shelf.bucket.put(&key.replace(&format!("/{assembly}/"), "/"), bytes);
        }
        shelf.put(&version);
    }
    let bill = shelf.open("prefix/farthing-bill").expect("it opens");
    assert_eq!(answer(&bill), answer(&last.bill()));
    let manifests: Vec<String> =
        bill.inventory().deliveries.iter().map(|d| d.manifest.as_ref().unwrap().display().to_string()).collect();
    assert_eq!(manifests.len(), 3);
    assert!(manifests.iter().all(|manifest| !manifest.contains("0a000000")), "{manifests:?}");
}

#[test]
fn only_what_is_wanted_is_fetched() {
    let made = make(&small(36), &in_dialect(Dialect::Cur2));
    let shelf = Shelf::with(&made);
    // Another month is in disorder, which is not asked about.
    shelf.bucket.put(&MANIFEST.replace("2026-10", "2026-08"), b"{}");
    let proxy = Proxy::to_objects(shelf.bucket.moto.port, |_| Fault::None);
    let options = || super::fixture::options(&proxy.url(), shelf.cache.path());
    let source = [shelf.bucket.uri("prefix")];
    let bill = farthing::Bill::options().s3(options()).periods(["2026-10"]).open(&source).expect("it opens");
    assert_eq!((bill.inventory().files().count(), bill.inventory().notes.len()), (2, 0));
    assert_eq!(proxy.gets(), 4, "a manifest, two files, the manifest again");
    let missing =
        farthing::Bill::options().s3(options()).periods(["2025-01"]).open(&source).expect_err("no such month");
    assert!(missing.to_string().contains("2026-08, 2026-09, 2026-10"), "{missing}");
}

#[test]
fn a_copy_in_another_bucket_is_read_where_it_lies() {
    let made = one_month(37);
    let shelf = Shelf::new();
    // It says `s3://farthing-bills/prefix/…`, and lies elsewhere.
    let copied = objects(made.path(), "farthing-bills").into_iter();
    let copied: Vec<Stored> = copied.map(|(key, bytes)| (key.replacen("prefix", "all/payer", 1), bytes)).collect();
    shelf.put(&copied);
    let bill = shelf.open("all/payer/farthing-bill").expect("it opens");
    assert_eq!(answer(&bill), answer(&made.bill()));
    assert!(bill.inventory().notes[0].contains("written to the bucket farthing-bills"), "{:?}", bill.inventory().notes);
}

#[test]
fn a_manifest_reaches_no_further_than_its_export() {
    let made = one_month(38);
    let shelf = Shelf::with(&made);
    let name = shelf.bucket.name.clone();
    let objects = objects(made.path(), &name);
    let manifest = String::from_utf8(objects.last().unwrap().1.clone()).unwrap();
    let own = format!("s3://{name}/{PART}");
    assert!(manifest.contains(&own));
    shelf.bucket.put("prefix/farthing-bill-daily/x.parquet", b"PAR1");
    shelf.bucket.put("prefix/farthing-bill/data/empty.parquet", b"");
    let part_2 = own.replace("00001", "00002");
    let foreign = format!("s3://{name}/prefix/farthing-bill-daily/x.parquet");
    let (gone, empty) = (own.replace("00001", "00009"), format!("s3://{name}/prefix/farthing-bill/data/empty.parquet"));
    for (listed, words) in [
        (foreign.as_str(), "outside of its export"),
        ("s3://another-bucket/prefix/farthing-bill/data/x.parquet", "two buckets"),
        (&format!("s3://{name}/prefix/farthing-bill/../farthing-bill-daily/x.parquet"), "no key of a delivery"),
        ("/etc/passwd", "no key of a delivery"),
        (&gone, "is not there"),
        (&empty, "is empty"),
        (&part_2, "the same file twice"),
    ] {
        shelf.bucket.put(MANIFEST, manifest.replace(&own, listed).as_bytes());
        let error = shelf.open("prefix/farthing-bill").expect_err(listed);
        assert!(matches!(error, Error::Manifest { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.starts_with(&shelf.bucket.uri(MANIFEST)) && message.contains(words), "{listed}: {message}");
        let named = words == "the same file twice" || words == "two buckets" || message.contains(listed);
        assert!(named, "{listed}: {message}");
    }
    shelf.bucket.put(MANIFEST, b"{\"dataFiles\": [");
    let error = shelf.open("prefix/farthing-bill").expect_err("half a manifest").to_string();
    assert!(error.contains("is not understood"), "{error}");
}

#[test]
fn an_address_without_a_bill_is_named() {
    let shelf = Shelf::new();
    shelf.bucket.put("prefix/readme.txt", b"x");
    for (key, words) in [("nowhere", "nothing is here"), ("prefix", "no csv and no manifest")] {
        let error = shelf.open(key).expect_err("no bill").to_string();
        assert!(error.starts_with(&shelf.bucket.uri(key)) && error.contains(words), "{error}");
    }
}
