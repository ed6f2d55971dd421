//! Price lists from a publisher that breaks off, changes its mind, and has not everything.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farthing::catalog::price_lists::folder::PriceLists;
use farthing::catalog::price_lists::import;
use farthing::ingest::prices::{Prices, PricesWanted, PublishedList};
use farthing::ingest::s3::{S3Error, S3Options};

const OFFERS: &str = r#"{"offers": {
    "AmazonEC2": {"currentRegionIndexUrl": "/offers/v1.0/aws/AmazonEC2/current/region_index.json",
        "currentSavingsPlanIndexUrl": "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json"},
    "AWSLambda": {"currentRegionIndexUrl": "/offers/v1.0/aws/AWSLambda/current/region_index.json",
        "currentSavingsPlanIndexUrl": "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json"}}}"#;
const EC2: &str = r#"{"regions": {
    "eu-west-1": {"regionCode": "eu-west-1", "currentVersionUrl": "/offers/v1.0/aws/AmazonEC2/20260901/eu-west-1/index.json"},
    "us-east-1": {"regionCode": "us-east-1", "currentVersionUrl": "/offers/v1.0/aws/AmazonEC2/20260901/us-east-1/index.json"}}}"#;
const LAMBDA: &str = r#"{"regions": {}}"#;
const PLANS: &str = r#"{"regions": [
    {"regionCode": "eu-west-1", "versionUrl": "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/20260902/eu-west-1/index.json"}]}"#;
const CSV: &str = "/offers/v1.0/aws/AmazonEC2/20260901/eu-west-1/index.csv";

/// Files by path: ETag and bytes.
type Files = BTreeMap<String, (String, Vec<u8>)>;

/// A server of files that knows ranges.
struct Server {
    url: String,
    files: Arc<Mutex<Files>>,
    /// How many answers still break off half-way.
    breaks: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (files, breaks, asked) = (Arc::default(), Arc::default(), Arc::default());
        let server = Server { url, files, breaks, asked };
        for (path, text) in [
            ("/offers/v1.0/aws/index.json", OFFERS),
            ("/offers/v1.0/aws/AmazonEC2/current/region_index.json", EC2),
            ("/offers/v1.0/aws/AWSLambda/current/region_index.json", LAMBDA),
            ("/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json", PLANS),
        ] {
            server.put(path, "\"index\"", text.as_bytes());
        }
        let (files, breaks, asked) = (server.files.clone(), server.breaks.clone(), server.asked.clone());
        // The thread ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(&stream, &files.lock().unwrap(), &breaks, &asked);
            }
        });
        server
    }

    fn put(&self, path: &str, etag: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(path.to_owned(), (etag.to_owned(), bytes.to_vec()));
    }

    fn prices(&self, attempts: u32) -> Prices {
        let mut options = S3Options::new("unused");
        options.endpoint_url = Some(self.url.clone());
        (options.attempts, options.backoff_first) = (attempts, Duration::from_millis(1));
        Prices::at(options).unwrap()
    }

    /// What was asked for since it was looked at last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(stream: &TcpStream, files: &Files, breaks: &AtomicUsize, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let line = lines.next().unwrap_or(Ok(String::new()))?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let range = headers.get("range").cloned().unwrap_or_default();
    asked.lock().unwrap().push(format!("{path} {range}").trim().to_owned());
    let mut stream = stream;
    let Some((etag, bytes)) = files.get(&path) else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    };
    let from: Option<usize> = range.strip_prefix("bytes=").and_then(|range| range.trim_end_matches('-').parse().ok());
    let from = from.filter(|_| headers.get("if-range") == Some(etag));
    let (status, range) = match from {
        Some(from) if from >= bytes.len() => ("416 Range Not Satisfiable", String::new()),
        Some(from) => {
            let range = format!("content-range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len());
            ("206 Partial Content", range)
        }
        None => ("200 OK", String::new()),
    };
    let body = bytes.get(from.unwrap_or(0)..).unwrap_or_default();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\netag: {etag}\r\n{range}content-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    let is_broken = breaks.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
    stream.write_all(if is_broken { &body[..length / 2] } else { body })
}

/// A price list of some megabytes, with one rate in all of its lines.
fn csv() -> Vec<u8> {
    let head = "\"FormatVersion\",\"v1.0\"\n\"Publication Date\",\"2026-09-01T00:00:00Z\"\n\"Version\",\"20260901\"\n\
        \"OfferCode\",\"AmazonEC2\"\n\"SKU\",\"TermType\",\"PriceDescription\",\"StartingRange\",\"Unit\",\"PricePerUnit\",\
        \"Currency\",\"LeaseContractLength\",\"PurchaseOption\",\"OfferingClass\",\"Location\",\"Region Code\",\"serviceCode\",\
        \"usageType\",\"operation\"\n";
    let mut text = head.to_owned();
    for number in 0..20_000 {
        text.push_str(&format!(
            "\"SKU{number}\",\"OnDemand\",\"{}\",\"0\",\"Hrs\",\"0.1070000000\",\"USD\",,,,\"EU (Ireland)\",\"eu-west-1\",\"AmazonEC2\",\
             \"EU-BoxUsage:m{number}.large\",\"RunInstances\"\n",
            "about ".repeat(20)
        ));
    }
    text.into_bytes()
}

fn list() -> PublishedList {
    PublishedList {
        offer: "AmazonEC2".to_owned(),
        region: "eu-west-1".to_owned(),
        version: "20260901".to_owned(),
        path: CSV.to_owned(),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_is_published_of_what_is_wanted_is_found_and_the_rest_named() {
    let server = Server::start();
    let wanted = PricesWanted {
        services: ["AWSLambda", "AmazonEC2", "AmazonNone"].map(str::to_owned).into(),
        regions: ["eu-west-1", "us-east-1"].map(str::to_owned).into(),
    };
    let found = server.prices(3).published(&wanted, None).unwrap();
    let lists: Vec<(String, &str)> = found.lists.iter().map(|list| (list.file_name(), list.path.as_str())).collect();
    let plans = "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/20260902/eu-west-1/index.csv";
    let us = CSV.replace("eu-west-1", "us-east-1");
    let expected = [
        ("AWSComputeSavingsPlan-20260902-eu-west-1.csv", plans),
        ("AmazonEC2-20260901-eu-west-1.csv", CSV),
        ("AmazonEC2-20260901-us-east-1.csv", us.as_str()),
    ];
    assert_eq!(lists, expected.map(|(name, path)| (name.to_owned(), path)));
    let missing = [
        "AmazonNone: AWS publishes",
        "AWSLambda in eu-west-1",
        "AWSLambda in us-east-1",
        "AWSComputeSavingsPlan in us-",
    ];
    for one in missing {
        assert!(found.missing.iter().any(|told| told.starts_with(one)), "{one}: {:?}", found.missing);
    }
    assert_eq!(found.missing.len(), missing.len(), "{:?}", found.missing);
}

#[test]
fn a_download_goes_on_where_it_broke_off_even_in_another_run() {
    let server = Server::start();
    let bytes = csv();
    server.put(CSV, "\"one\"", &bytes);
    let place = tempfile::tempdir().unwrap();
    server.breaks.store(1, Ordering::Relaxed);
    let error = server.prices(1).download(&list(), place.path(), None).unwrap_err();
    assert!(matches!(error, S3Error::Broken { .. }), "{error}");
    assert!(names(place.path()).contains(&"AmazonEC2-20260901-eu-west-1.csv.part".to_owned()));
    // Half of the rest breaks off once more, within the run.
    server.breaks.store(1, Ordering::Relaxed);
    let seen = std::cell::Cell::new(0);
    let tick = |progress: farthing::ingest::prices::DownloadProgress| {
        assert!(progress.bytes_done <= progress.bytes.max(progress.bytes_done));
        seen.set(progress.bytes_done.max(seen.get()));
        std::ops::ControlFlow::Continue(())
    };
    let file = server.prices(5).download(&list(), place.path(), Some(&tick)).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    assert_eq!(names(place.path()), ["AmazonEC2-20260901-eu-west-1.csv"], "nothing else is left");
    let half = bytes.len() / 2;
    let rest = half + (bytes.len() - half) / 2;
    assert_eq!(server.asked(), [CSV.to_owned(), format!("{CSV} bytes={half}-"), format!("{CSV} bytes={rest}-")]);
    let kept = tempfile::tempdir().unwrap();
    let listed = import(&file, kept.path(), &mut |_, _| ()).unwrap();
    assert_eq!((listed.entries, listed.passed_over), (20_000, 0));
    let known = PriceLists::of(kept.path()).kept().unwrap();
    assert_eq!(known[0].origin, list().file_name(), "what is kept says which version it is");
}

#[test]
fn a_file_that_changed_in_between_is_begun_anew() {
    let server = Server::start();
    server.put(CSV, "\"one\"", &vec![b'a'; 1 << 20]);
    let place = tempfile::tempdir().unwrap();
    server.breaks.store(1, Ordering::Relaxed);
    server.prices(1).download(&list(), place.path(), None).unwrap_err();
    server.put(CSV, "\"two\"", &vec![b'b'; 700_000]);
    let file = server.prices(1).download(&list(), place.path(), None).unwrap();
    assert_eq!(std::fs::read(file).unwrap(), vec![b'b'; 700_000]);
    // A part that is whole already, or more than that: nothing comes after it, and it is fetched again.
    let part = place.path().join("AmazonEC2-20260901-eu-west-1.csv.part");
    std::fs::write(&part, vec![b'c'; 800_000]).unwrap();
    std::fs::write(part.with_extension("etag"), "\"two\"").unwrap();
    let file = server.prices(3).download(&list(), place.path(), None).unwrap();
    assert_eq!(std::fs::read(file).unwrap(), vec![b'b'; 700_000]);
}

#[test]
fn what_is_not_there_or_no_index_is_said_with_its_address() {
    let server = Server::start();
    let place = tempfile::tempdir().unwrap();
    let told = server.prices(3).download(&list(), place.path(), None).unwrap_err().to_string();
    assert!(told.contains(CSV) && told.contains("no such price list (404)"), "{told}");
    server.put("/offers/v1.0/aws/index.json", "\"x\"", b"<html>please sign in</html>");
    let told = server.prices(3).published(&PricesWanted::default(), None).unwrap_err().to_string();
    assert!(told.contains("/offers/v1.0/aws/index.json") && told.contains("no index of price lists"), "{told}");
    let mut options = S3Options::new("unused");
    options.endpoint_url = Some("http://prices.example.com".to_owned());
    let told = Prices::at(options).unwrap_err().to_string();
    assert!(told.contains("plain http is for this machine only"), "{told}");
    // One process brings a file, or none.
    let part = std::fs::File::create(place.path().join("AmazonEC2-20260901-eu-west-1.csv.part")).unwrap();
    part.lock().unwrap();
    let told = server.prices(1).download(&list(), place.path(), None).unwrap_err().to_string();
    assert!(told.contains("another process"), "{told}");
}
