//! Bills for the tests, and the command that reads them.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use farthing_fixtures::{Config, Fault, Scale, WriteOptions, write_bill};
use serde_json::Value;
use tempfile::TempDir;

/// A folder with a bill in `bill/`.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    /// Where ledgers are kept.
    pub(crate) store: TempDir,
}

impl Place {
    /// Three months of a small bill.
    pub(crate) fn with_bill() -> Place {
        Place::with_faults(Vec::new())
    }

    /// One month of a bill that is read in a moment.
    pub(crate) fn with_tiny_bill() -> Place {
        let place = Place::empty();
        let config = Config { accounts: 5, months: 1, scale: Scale::Rows(1_000), truth: false, ..Config::default() };
        write_bill(&place.folder.path().join("bill"), &config, &WriteOptions::default()).unwrap();
        place
    }

    /// The same bill with faults of delivery.
    pub(crate) fn with_faults(faults: Vec<Fault>) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { accounts: 5, scale: Scale::Small, truth: false, ..Config::default() };
        let options = WriteOptions { faults, threads: 1, ..WriteOptions::default() };
        write_bill(&folder.path().join("bill"), &config, &options).unwrap();
        Place { folder, store: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn empty() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), store: tempfile::tempdir().unwrap() }
    }

    /// The command with these words, run in this folder.
    pub(crate) fn farthing(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
        command.current_dir(self.folder.path()).args(words(line)).env_remove("NO_COLOR");
        command.env("FARTHING_STORE", self.store.path());
        command
    }

    /// Standard output of a run that ends well.
    pub(crate) fn stdout(&self, line: &str) -> String {
        let output = self.farthing(line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.stdout(line)).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Names of what is in the folder, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        names_in(self.folder.path())
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The words of a command line; single quotes hold a word together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Exact decimal text in units of 1e-12.
pub(crate) fn units(money: &str) -> i128 {
    let (whole, fraction) = money.split_once('.').unwrap_or((money, ""));
    format!("{whole}{fraction:0<12}").parse().unwrap()
}
