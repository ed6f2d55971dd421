//! Files and folders that appear whole or not at all: written under another name beside their place, then renamed.
//! An interrupt takes away what is unfinished.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What is being written and would be left behind by an interrupt.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A place beside `target` where it is written first; removed when dropped.
#[derive(Debug)]
pub(crate) struct Staged {
    place: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Chooses the place. Nothing is created yet.
    pub(crate) fn beside(target: &Path) -> io::Result<Staged> {
        // What a link points to is written, not the link.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf());
        let name =
            target.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is no file name"))?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let place = target.with_file_name(hidden);
        clean_up_on_interrupt();
        unfinished().push(place.clone());
        Ok(Staged { place, target })
    }

    /// Where to write.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// Puts what was written in its place. An interrupt waits, so that it finds either the old or the new.
    pub(crate) fn finish(self) -> io::Result<()> {
        let mut unfinished = unfinished();
        if self.place.is_dir() && self.target.is_dir() {
            // The folder may be someone's working directory, so it is filled and not replaced.
            for entry in fs::read_dir(&self.place)? {
                let entry = entry?;
                fs::rename(entry.path(), self.target.join(entry.file_name()))?;
            }
            fs::remove_dir(&self.place)?;
        } else {
            fs::rename(&self.place, &self.target)?;
        }
        unfinished.retain(|place| *place != self.place);
        drop(unfinished);
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        remove(&self.place);
        unfinished().retain(|place| *place != self.place);
    }
}

/// Writes a file that appears whole or not at all. What is no regular file (a device, a pipe) is written as it is.
pub(crate) fn write_file(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let said = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", target.display()));
    if fs::metadata(target).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return fs::write(target, bytes).map_err(said);
    }
    let write = || {
        let staged = Staged::beside(target)?;
        let mut file = fs::File::create(staged.place())?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        staged.finish()
    };
    write().map_err(said)
}

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(place: &Path) {
    if place.is_dir() {
        // A writer that still runs may add a file meanwhile.
        for _ in 0..20 {
            if fs::remove_dir_all(place).is_ok() {
                return;
            }
        }
    } else {
        let _ = fs::remove_file(place);
    }
}

#[cfg(unix)]
fn clean_up_on_interrupt() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                let unfinished = unfinished();
                unfinished.iter().for_each(|place| remove(place));
                std::process::exit(128 + signal);
            }
        });
    });
}

#[cfg(not(unix))]
fn clean_up_on_interrupt() {
    // Elsewhere an interrupt may leave the unfinished file under its other name; never a half one in its place.
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.json");
        write_file(&file, b"first").unwrap();
        write_file(&file, b"second").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"second");
        drop(Staged::beside(&file).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_file(&folder.path().join("no/out.json"), b"x").unwrap_err();
        assert!(error.to_string().contains("no/out.json"), "{error}");
    }
}
