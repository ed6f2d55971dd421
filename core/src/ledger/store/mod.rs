//! The store: ledgers of deliveries that were read, so that what did not change is not read again.
//!
//! `<folder>/ledgers/v<format>-<place>-<content>.ledger`, one file for each delivery. A file appears at once and whole, and
//! is checked when it is read; any number of processes may share a store, for whoever is second replaces like by like.
//! `<folder>/answers` remembers what follows from ledgers and nothing else, such as their certificate;
//! `<folder>/openings` what bills on S3 are whose ledgers are here, so that they need not be fetched to know.

mod entry;
mod keeping;
mod key;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use entry::{BillSum, Cash, Change, Earlier, Entry, Sums, changes};
pub(crate) use keeping::Keeping;
pub use keeping::{History, Reread};
pub use key::{FileKey, Key};
use key::{fetched_keys, file_keys, key};

use super::archive::{Place, Reader, Writer};
use super::load::load;
use super::save::save;
use super::tables::Ledger;
use crate::error::{Error, Result};
use crate::ingest::Inventory;
use crate::ingest::digest::sha256_of_fields;
use crate::ingest::dirs::Folder;
use crate::ingest::verify;

const FOLDER: &str = "ledgers";
const ENDING: &str = ".ledger";
/// An answer of another version of this program is not this one's.
const VERSION: &str = concat!("farthing ", env!("CARGO_PKG_VERSION"));
const ANSWERS: &str = "answers";
const OPENINGS: &str = "openings";
/// Answers are some kilobytes; a certificate with all its inputs some hundred.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// A folder of ledgers.
#[derive(Debug, Clone)]
pub struct Store {
    ledgers: Folder,
    answers: Folder,
    openings: Folder,
}

/// What a bill is that need not be opened.
#[derive(Serialize, Deserialize)]
struct Opening {
    /// The files of its ledgers.
    ledgers: Vec<String>,
    inventory: Inventory,
}

/// A ledger of the store, opened: nothing but its entry was read.
#[derive(Debug)]
pub struct Stored {
    name: String,
    entry: Entry,
    pub(crate) reader: Reader,
}

/// What the store has of a delivery.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    /// Its ledger.
    pub(crate) stored: Option<Stored>,
    /// What was read from the same place before, the latest.
    pub(crate) earlier: Option<Earlier>,
    /// The files of all that were read from the same place before.
    superseded: Vec<String>,
    /// What was found and cannot be used.
    pub(crate) notes: Vec<String>,
}

/// A file of the store, as [`Store::list`] finds it.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// Its entry, or why it cannot be read.
    pub entry: std::result::Result<Entry, String>,
    /// Whether a later reading of the same place has taken its part.
    pub superseded: bool,
}

impl Store {
    /// The store in a folder, which is made when it is not there, for its owner alone.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made or read, is another user's, or is a symbolic link.
    pub fn open(folder: &Path) -> Result<Store> {
        let inner = |name: &str| {
            let made = Folder::at(folder).and_then(|folder| folder.inner(name));
            made.map_err(|source| Error::Io { path: folder.join(name), source })
        };
        Ok(Store { ledgers: inner(FOLDER)?, answers: inner(ANSWERS)?, openings: inner(OPENINGS)? })
    }

    fn fail(&self, name: &str) -> impl Fn(std::io::Error) -> Error {
        let path = self.ledgers.path_of(name);
        move |source| Error::Io { path: path.clone(), source }
    }

    /// The path of a file of the store.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.ledgers.path_of(name)
    }

    fn open_entry(&self, name: &str) -> std::result::Result<Option<Stored>, String> {
        let Some(file) = self.ledgers.file(name).map_err(|error| error.to_string())? else { return Ok(None) };
        let reader = Reader::open(Place::File(file))?;
        let entry: Entry = serde_json::from_value(reader.header().clone()).map_err(|error| error.to_string())?;
        // Two that were exchanged are not what their names say.
        if entry.key.file_name() != name {
            return Err("it is the ledger of another delivery".to_owned());
        }
        Ok(Some(Stored { name: name.to_owned(), entry, reader }))
    }

    /// What there is of a delivery. What is damaged is as good as absent, and named.
    pub(crate) fn find(&self, key: &Key) -> Lookup {
        let mut lookup = Lookup::default();
        let names = match self.ledgers.names() {
            Ok(names) => names,
            Err(error) => {
                lookup.notes.push(format!("{}: {error}; nothing of the store was used", self.path_of("").display()));
                return lookup;
            }
        };
        let own = key.file_name();
        let mut latest = None;
        for name in names.into_iter().filter(|name| name.starts_with(&key.prefix()) && name.ends_with(ENDING)) {
            match self.open_entry(&name) {
                Ok(None) => {}
                Ok(Some(stored)) if name == own && stored.entry.key == *key => lookup.stored = Some(stored),
                Ok(Some(stored)) => {
                    let written = std::fs::metadata(self.path_of(&name)).and_then(|file| file.modified()).ok();
                    if stored.entry.key.place == key.place && latest.as_ref().is_none_or(|(time, _)| written >= *time) {
                        latest = Some((written, stored.entry));
                    }
                    lookup.superseded.push(name);
                }
                Err(fault) => {
                    let path = self.path_of(&name);
                    lookup.notes.push(format!("{}: {fault}; the delivery is read again", path.display()));
                    lookup.superseded.push(name);
                }
            }
        }
        lookup.earlier = match &lookup.stored {
            Some(stored) => stored.entry.earlier.clone(),
            None => latest.map(|(_, entry)| Earlier { content: entry.key.content, sums: entry.sums }),
        };
        lookup
    }

    /// Keeps a ledger, and removes what it takes the place of.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be written; nothing is left behind then.
    pub(crate) fn put(&self, entry: &Entry, ledger: &Ledger, lookup: &Lookup) -> Result<()> {
        let name = entry.key.file_name();
        let write = || {
            let mut writer = Writer::new(BufWriter::with_capacity(1 << 20, self.ledgers.temporary()?))?;
            save(ledger, &mut writer)?;
            let (mut out, _) = writer.finish(serde_json::to_value(entry)?)?;
            out.flush()?;
            let file = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.rename(&name)
        };
        write().map_err(self.fail(&name))?;
        for old in lookup.superseded.iter().filter(|old| **old != name) {
            self.ledgers.remove(old).map_err(self.fail(old))?;
        }
        Ok(())
    }

    /// Every file of the store, those of other versions of farthing too.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>> {
        let names = self.ledgers.names().map_err(self.fail(""))?;
        let mut all = Vec::new();
        for name in names {
            let Some(bytes) = self.ledgers.size(&name).map_err(self.fail(&name))? else { continue };
            let entry = match self.open_entry(&name) {
                Ok(Some(stored)) => Ok(stored.entry),
                Ok(None) => continue,
                Err(fault) => Err(fault),
            };
            all.push(Listed { name, bytes, entry, superseded: false });
        }
        let written = |name: &str| std::fs::metadata(self.path_of(name)).and_then(|file| file.modified()).ok();
        let mut latest: std::collections::HashMap<String, (Option<std::time::SystemTime>, String)> = Default::default();
        for listed in &all {
            let Ok(entry) = &listed.entry else { continue };
            let this = (written(&listed.name), listed.name.clone());
            let known = latest.entry(entry.key.place.clone()).or_insert_with(|| this.clone());
            *known = this.max(known.clone());
        }
        for listed in &mut all {
            let Ok(entry) = &listed.entry else { continue };
            listed.superseded = latest.get(&entry.key.place).is_some_and(|(_, name)| *name != listed.name);
        }
        Ok(all)
    }

    /// Checks a file of the store from its first byte to its last, and hashes the local files that it was gathered from;
    /// what is said is what is wrong.
    ///
    /// # Errors
    /// [`Error::Io`] when something is there and cannot be read.
    pub fn verify(&self, name: &str) -> Result<Vec<String>> {
        let stored = match self.open_entry(name) {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok(vec!["it is gone".to_owned()]),
            Err(fault) => return Ok(vec![fault]),
        };
        let mut wrong = Vec::new();
        match stored.reader.verify().and_then(|()| load(&stored.reader)) {
            Ok(ledger) if Sums::of(&ledger) != stored.entry.sums => {
                wrong.push("its sums are not those of its tables".to_owned())
            }
            Ok(_) => {}
            Err(fault) => wrong.push(fault),
        }
        let local =
            stored.entry.files.iter().zip(&stored.entry.sha256).filter(|(file, _)| !file.file.starts_with("s3://"));
        for (file, sha256) in local {
            match verify::sha256(Path::new(&file.file)) {
                Ok((hash, _)) if hash == *sha256 => {}
                Ok(_) => wrong.push(format!("{} is no longer what was read", file.file)),
                Err(Error::NotFound { .. }) => wrong.push(format!("{} is gone", file.file)),
                Err(error) => return Err(error),
            }
        }
        Ok(wrong)
    }

    /// Removes a file of the store.
    ///
    /// # Errors
    /// [`Error::Io`] when it is there and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.ledgers.remove(name).map_err(self.fail(name))
    }

    /// Removes what writers left behind that are gone, every remembered answer, for ledgers give it again, and what is
    /// known of bills whose ledgers are gone.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be read or written.
    pub fn sweep(&self) -> Result<()> {
        let sweep = || {
            let folders = [&self.ledgers, &self.answers, &self.openings];
            folders.into_iter().try_for_each(Folder::sweep)?;
            self.answers.names()?.iter().try_for_each(|name| self.answers.remove(name))?;
            let ledgers = self.ledgers.names()?;
            for name in self.openings.names()? {
                let opening: Option<Opening> = recall(&self.openings, &name);
                if opening.is_none_or(|opening| !opening.ledgers.iter().all(|ledger| ledgers.contains(ledger))) {
                    self.openings.remove(&name)?;
                }
            }
            Ok(())
        };
        sweep().map_err(self.fail(""))
    }

    /// What was remembered of a question: of everything that its answer depends on, as a text. What is damaged is
    /// forgotten.
    pub(crate) fn remembered<T: DeserializeOwned>(&self, question: &str) -> Option<T> {
        recall(&self.answers, &name_of(question))
    }

    /// Remembers an answer.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be written.
    pub(crate) fn remember(&self, question: &str, answer: &impl Serialize) -> Result<()> {
        remember(&self.answers, &name_of(question), answer)
    }

    /// What a bill is, by what tells it from any other.
    pub(crate) fn opening(&self, identity: &str) -> Option<Inventory> {
        let opening: Opening = recall(&self.openings, &name_of(identity))?;
        Some(opening.inventory)
    }

    /// Remembers what a bill is.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be written.
    pub(crate) fn put_opening(&self, identity: &str, ledgers: &[String], inventory: &Inventory) -> Result<()> {
        let opening = Opening { ledgers: ledgers.to_vec(), inventory: inventory.clone() };
        remember(&self.openings, &name_of(identity), &opening)
    }
}

fn name_of(question: &str) -> String {
    sha256_of_fields(&[VERSION, question])
}

fn recall<T: DeserializeOwned>(folder: &Folder, name: &str) -> Option<T> {
    let bytes = folder.read(name, ANSWER_BYTES_MAX).ok()??;
    let text = std::str::from_utf8(&bytes).ok()?;
    let (seal, answer) = text.split_once('\n')?;
    if seal == sha256_of_fields(&[name, answer]) { serde_json::from_str(answer).ok() } else { None }
}

fn remember(folder: &Folder, name: &str, answer: &impl Serialize) -> Result<()> {
    let write = || {
        let answer = serde_json::to_string(answer)?;
        let mut file = folder.temporary()?;
        file.write_all(format!("{}\n{answer}", sha256_of_fields(&[name, &answer])).as_bytes())?;
        file.rename(name)
    };
    write().map_err(|source| Error::Io { path: folder.path_of(name), source })
}

impl Stored {
    /// What it says about itself.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The ledger, all of it; its files belong to this delivery of the inventory.
    ///
    /// # Errors
    /// [`Error::Ledger`] when it is damaged.
    pub(crate) fn load(&self, store: &Store, delivery: u32) -> Result<Ledger> {
        let mut ledger = load(&self.reader).map_err(|fault| self.damaged(store, fault))?;
        ledger.files.iter_mut().for_each(|file| file.delivery = delivery);
        Ok(ledger)
    }

    /// What is wrong with it, as an error.
    pub(crate) fn damaged(&self, store: &Store, detail: String) -> Error {
        Error::Ledger { place: store.path_of(&self.name).display().to_string(), detail }
    }
}
