//! The store as a command sees it: killed runs, full disks, many processes at once, and `farthing store`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use crate::bill::Place;

const QUESTION: &str = "costs bill --by ServiceName,SubAccountId --granularity monthly --format csv -q";

fn ledgers(place: &Place) -> Vec<PathBuf> {
    let Ok(folder) = fs::read_dir(place.store.path().join("ledgers")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The question, not started yet.
fn question(place: &Place) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
    command.args(QUESTION.split(' ')).current_dir(place.folder.path()).env("FARTHING_STORE", place.store.path());
    command
}

fn forget(place: &Place) {
    ledgers(place).iter().for_each(|ledger| fs::remove_file(ledger).unwrap());
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_run_that_is_killed_leaves_nothing_torn() {
    let place = Place::with_tiny_bill();
    let whole = place.stdout(&format!("{QUESTION} --no-store"));
    assert!(ledgers(&place).is_empty(), "--no-store keeps nothing");
    let begun = Instant::now();
    place.stdout(QUESTION);
    let takes = begun.elapsed();
    let bytes: Vec<Vec<u8>> = ledgers(&place).iter().map(|ledger| fs::read(ledger).unwrap()).collect();
    let mut random = 0x9e37_79b9_u64;
    let mut torn = 0;
    for round in 0..200 {
        forget(&place);
        let mut child = question(&place).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The later part of a run is where it writes.
        std::thread::sleep(takes.mul_f64(0.3 + (random >> 40) as f64 / (1_u64 << 24) as f64 * 0.9));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = ledgers(&place);
        torn += usize::from(left.iter().any(|file| file.file_name().unwrap().to_string_lossy().starts_with(".tmp-")));
        for ledger in left.iter().filter(|file| file.extension().is_some_and(|ending| ending == "ledger")) {
            assert!(bytes.contains(&fs::read(ledger).unwrap()), "round {round}: {}", ledger.display());
        }
        if round % 20 == 0 {
            assert_eq!(place.stdout(QUESTION), whole, "round {round}");
        }
    }
    assert_eq!(place.stdout(QUESTION), whole);
    println!("{torn} of 200 runs were killed while they wrote");
    place.farthing("store prune -q").assert().success();
    assert_eq!(ledgers(&place).len(), bytes.len(), "what killed runs left behind is swept away");
    place.farthing("store verify").assert().success();
}

#[test]
fn eight_processes_on_a_cold_store_agree() {
    let place = Place::with_bill();
    let whole = place.stdout(&format!("{QUESTION} --no-store"));
    for _ in 0..2 {
        let spawn = |_| question(&place).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let children: Vec<_> = (0..8).map(spawn).collect();
        for child in children {
            assert_eq!(stdout(&child.wait_with_output().unwrap()), whole);
        }
    }
    assert_eq!(ledgers(&place).len(), 3, "one for each month");
    place.farthing("store verify").assert().success();
}

#[test]
fn a_disk_that_is_full_costs_the_ledger_and_not_the_answer() {
    let place = Place::with_bill();
    let whole = place.stdout(&format!("{QUESTION} --no-store"));
    // No file may grow beyond so many blocks of 1,024 bytes: writing fails as it does on a full disk.
    for blocks in [0, 1, 16, 64] {
        let line = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} {}",
            env!("CARGO_BIN_EXE_farthing"),
            QUESTION.replace(" -q", "")
        );
        let mut shell = Command::new("bash");
        shell.args(["-c", &line]).current_dir(place.folder.path()).env("FARTHING_STORE", place.store.path());
        let output = shell.output().unwrap();
        assert_eq!(stdout(&output), whole);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("is not kept, and will be gathered again"), "{blocks}: {said}");
        assert!(ledgers(&place).is_empty(), "{blocks}: {:?}", ledgers(&place));
    }
    assert_eq!(place.stdout(QUESTION), whole);
    assert_eq!(ledgers(&place).len(), 3);
}

#[test]
fn the_store_is_listed_checked_and_tidied() {
    let place = Place::with_bill();
    assert!(place.stdout("store list").contains("0 ledgers in"));
    place.stdout(QUESTION);
    let list = place.stdout("store list");
    assert!(list.contains("3 ledgers in") && list.contains("2026-10") && list.contains("current"), "{list}");
    let json = place.json("store list --format json");
    assert_eq!(json["schema"], "farthing.store/1");
    assert_eq!(json["rows"].as_array().unwrap().len(), 3);
    assert_eq!(json["rows"][0]["files"][0]["sha256"].as_str().unwrap().len(), 64);
    assert!(place.stdout("store list --format csv").lines().count() >= 4);
    assert!(place.stdout("store verify").lines().all(|line| line.ends_with(": sound")));
    let ledger = &ledgers(&place)[0];
    let mut bytes = fs::read(ledger).unwrap();
    bytes[100] ^= 1;
    fs::write(ledger, bytes).unwrap();
    place.farthing("store verify").assert().code(3);
    assert_eq!(place.stdout("store prune --dry-run --all").lines().count(), 3);
    assert_eq!(ledgers(&place).len(), 3);
    place.stdout("store prune --all");
    assert!(ledgers(&place).is_empty());
    let refused = place.farthing("store list --no-store").output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    // A variable that is set and empty is no folder.
    place.farthing("store list").env("FARTHING_STORE", "").env("HOME", place.store.path()).assert().success();
}
