//! The command on a bill on S3, from a server on this machine.

#[path = "../../../core/tests/it/s3/moto.rs"]
#[allow(dead_code)]
pub(crate) mod moto;

use std::path::Path;

use crate::bill::Place;

/// A bill on disk in `bill/`, and the same in a bucket.
fn place_and_server() -> (Place, moto::Moto) {
    let place = Place::with_bill();
    let bucket = place.path("buckets/farthing-bills/prefix");
    std::fs::create_dir_all(bucket.parent().unwrap()).unwrap();
    std::fs::rename(place.path("bill"), &bucket).unwrap();
    std::os::unix::fs::symlink(&bucket, place.path("bill")).unwrap();
    let server = moto::Moto::start(&[place.path("buckets").to_str().unwrap()]);
    (place, server)
}

fn farthing(place: &Place, server: &moto::Moto, line: &str) -> assert_cmd::Command {
    let mut command = place.farthing(&format!("{line} --endpoint-url {} --cache cache", server.url()));
    command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "sEcReT");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", place.path("home")).env_remove("XDG_CACHE_HOME");
    command
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn every_command_reads_s3_as_it_reads_the_disk() {
    let (place, server) = place_and_server();
    let export = "s3://farthing-bills/prefix/farthing-bill/";
    for line in
        ["costs SOURCE --by ServiceName,Tags/team --granularity monthly --format csv", "report SOURCE --format csv"]
    {
        let output = farthing(&place, &server, &line.replace("SOURCE", export)).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        assert!(told.starts_with(&format!("S3 endpoint: {}\n", server.url())), "{told}");
        let remote = String::from_utf8(output.stdout).unwrap();
        let local = place.stdout(&line.replace("SOURCE", "bill"));
        let figures = |page: &str| page.lines().filter(|line| !line.contains("R4") && !line.contains("R19")).count();
        if line.starts_with("costs") {
            assert_eq!(remote, local);
        } else {
            assert_eq!(figures(&remote), figures(&local));
        }
    }
    assert_eq!(count(&place.path("cache/objects")), 6, "kept for the next command");
    assert_eq!(count(&place.path("home")), 0, "and nothing elsewhere");
    let output = farthing(&place, &server, &format!("reconcile {export} --format json --quiet")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let certificate: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdict = |id: &str| {
        let checks = certificate["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == id).unwrap()["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!([verdict("R2"), verdict("R4"), verdict("R19")], ["pass", "pass", "pass"]);
    let files = certificate["inputs"].as_array().unwrap();
    assert!(files.iter().all(|file| file["file"].as_str().unwrap().starts_with(export)), "{files:?}");
}

#[test]
fn a_month_is_fetched_alone_and_mistakes_are_told() {
    let (place, server) = place_and_server();
    let month = "costs s3://farthing-bills/prefix --period 2026-10 --format csv";
    assert!(farthing(&place, &server, month).output().unwrap().status.success());
    assert_eq!(count(&place.path("cache/objects")), 2);
    for (line, told) in [
        ("inspect s3://farthing-bills/nowhere", "s3://farthing-bills/nowhere: nothing is here"),
        ("inspect s3://no-such-bills/prefix", "there is no such bucket"),
        (
            "inspect s3://farthing-bills/prefix --profile nobody",
            "no AWS credentials (the profile `nobody` does not exist or has none",
        ),
    ] {
        let output = farthing(&place, &server, line).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}: {message}");
        assert!(message.contains(told) && !message.contains("sEcReT"), "{line}: {message}");
    }
}
