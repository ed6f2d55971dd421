//! Files: they appear whole or not at all.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bill::{Place, names_in};

#[test]
fn results_are_written_whole_and_nothing_else_is_left() {
    let place = Place::with_bill();
    std::fs::write(place.path("out.csv"), "old").unwrap();
    place.farthing("costs bill --by ServiceName -o out.csv").assert().success().stdout("");
    assert!(std::fs::read_to_string(place.path("out.csv")).unwrap().starts_with("ServiceName,"));
    place.farthing("report bill -o a.md b.json").assert().success().stdout("");
    assert!(std::fs::read_to_string(place.path("a.md")).unwrap().starts_with("# "));
    assert!(std::fs::read_to_string(place.path("b.json")).unwrap().contains("\"farthing.report/1\""));
    assert_eq!(place.names(), ["a.md", "b.json", "bill", "out.csv"]);
    place.farthing("costs bill -o missing/out.csv").assert().code(1);
    assert_eq!(place.names(), ["a.md", "b.json", "bill", "out.csv"]);
}

#[test]
fn a_demo_fills_an_empty_folder_and_spares_others() {
    let place = Place::empty();
    std::fs::create_dir(place.path("empty")).unwrap();
    for folder in ["new", "empty", "deep/er"] {
        place.farthing(&format!("demo {folder} --scale 4000 --months 1 -q")).assert().success().stdout("").stderr("");
        assert!(!names_in(&place.path(folder)).is_empty(), "{folder}");
    }
    assert_eq!(contents(&place.path("new")), contents(&place.path("empty")), "the same seed gives the same bytes");
    std::fs::write(place.path("file"), "x").unwrap();
    for there in ["new", "file"] {
        let output = place.farthing(&format!("demo {there}")).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("farthing: "), "{output:?}");
    }
    assert_eq!(place.names(), ["deep", "empty", "file", "new"]);
}

/// Every file below a folder, by its path in there.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), PathBuf::from(entry.file_name()))).unwrap();
        if path.is_dir() {
            files.extend(contents(&path).into_iter().map(|(inner, bytes)| (name.join(inner), bytes)));
        } else {
            files.insert(name, std::fs::read(path).unwrap());
        }
    }
    files
}

#[test]
fn a_demo_in_both_dialects_reconciles() {
    let place = Place::empty();
    for dialect in ["cur2", "legacy"] {
        place.farthing(&format!("demo {dialect} --dialect {dialect} --truth -q")).assert().success();
        place.farthing(&format!("reconcile {dialect} --strict")).assert().success();
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::with_bill();
    let mut child = Command::new(env!("CARGO_BIN_EXE_farthing"))
        .args([
            "costs",
            "bill",
            "--by",
            "ResourceId,x_UsageType",
            "--granularity",
            "daily",
            "--format",
            "json",
            "--no-store",
        ])
        .current_dir(place.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(unix)]
#[test]
fn an_interrupted_demo_leaves_nothing() {
    let place = Place::empty();
    let mut child = Command::new(env!("CARGO_BIN_EXE_farthing"))
        .args(["demo", "bill", "--scale", "medium", "--months", "3"])
        .current_dir(place.folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while place.names().is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "the demo ended before it began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(!place.path("bill").exists());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.names(), Vec::<String>::new());
}
