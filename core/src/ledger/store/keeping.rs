//! A bill's ledger, delivery by delivery: from the store what it has, gathered and kept what it has not.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Earlier, Entry, FileKey, Key, Lookup, Store, Sums, file_keys, key};
use crate::error::{Error, Result};
use crate::ingest::Inventory;
use crate::ingest::file::BillFile;
use crate::ledger::Ledger;
use crate::ledger::archive::Reader;
use crate::ledger::pass::{OnProgress, PassFile, PassOptions, Progress, gather, hashes};

/// What the store has of each delivery of a bill.
#[derive(Debug)]
pub(crate) struct Keeping {
    store: Store,
    deliveries: Vec<Kept>,
    notes: Mutex<Vec<String>>,
}

#[derive(Debug)]
struct Kept {
    name: String,
    key: Key,
    files: Vec<FileKey>,
    lookup: Lookup,
    sha256: OnceLock<Vec<String>>,
    sums: OnceLock<Sums>,
}

/// A delivery that was read in another form before, from the same place.
#[derive(Debug, Clone)]
pub struct Reread {
    /// The delivery's name.
    pub delivery: String,
    /// What it was.
    pub earlier: Earlier,
    /// What it adds up to now.
    pub sums: Sums,
}

/// What the store tells of earlier readings.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Whether there is a store at all.
    pub is_kept: bool,
    /// Deliveries that were read in another form before.
    pub reread: Vec<Reread>,
}

/// Runs what reads files while they are where they should be.
type WhileHere<'a, T> = &'a dyn Fn(&dyn Fn() -> Result<T>) -> Result<T>;

/// The files of a delivery.
fn of(files: &[PassFile], delivery: usize) -> Vec<PassFile> {
    files.iter().filter(|file| file.delivery as usize == delivery).cloned().collect()
}

fn keys_of(files: &[PassFile], inventory: &Inventory) -> Result<Vec<FileKey>> {
    let files: Vec<&BillFile> = files.iter().map(|file| file.file.as_ref()).collect();
    file_keys(&files, inventory)
}

/// How far several passes have come, so that they look like one.
struct Course {
    done: Progress,
}

impl Course {
    fn over<'a>(files: impl Iterator<Item = &'a PassFile> + Clone) -> Course {
        let footers = files.map(|file| &file.file.footer);
        let rows_total = footers.clone().map(|footer| footer.rows).sum();
        let bytes_total = footers.map(|footer| footer.bytes).sum();
        Course { done: Progress { rows_done: 0, rows_total, bytes_done: 0, bytes_total } }
    }

    /// The options of the next pass.
    fn options(&self, options: &PassOptions) -> PassOptions {
        let mut options = options.clone();
        let before = self.done;
        options.progress = options.progress.map(|progress| -> OnProgress {
            Arc::new(move |now| {
                let bytes_done = before.bytes_done + now.bytes_done;
                progress(Progress {
                    rows_done: before.rows_done + now.rows_done,
                    rows_total: before.rows_total,
                    bytes_done,
                    bytes_total: before.bytes_total.max(bytes_done),
                })
            })
        });
        options
    }

    fn advance(&mut self, files: &[PassFile], ledger: &Ledger) {
        self.done.rows_done += ledger.files.iter().map(|file| file.rows_read).sum::<u64>();
        self.done.bytes_done += files.iter().map(|file| file.file.footer.bytes).sum::<u64>();
    }
}

impl Keeping {
    /// Looks for every delivery of an inventory.
    ///
    /// # Errors
    /// Those of opening the store, and of local files that cannot be read.
    pub(crate) fn open(folder: &Path, inventory: &Inventory, files: &[PassFile]) -> Result<Keeping> {
        let store = Store::open(folder)?;
        let mut notes = Vec::new();
        let mut deliveries = Vec::new();
        for (number, delivery) in inventory.deliveries.iter().enumerate() {
            let files = keys_of(&of(files, number), inventory)?;
            let key = key(delivery, &files);
            let mut lookup = store.find(&key);
            notes.append(&mut lookup.notes);
            let (sha256, sums) = (OnceLock::new(), OnceLock::new());
            if let Some(stored) = &lookup.stored {
                sha256.get_or_init(|| stored.entry().sha256.clone());
                sums.get_or_init(|| stored.entry().sums.clone());
            }
            let name = format!("{} in {}", delivery.export, delivery.dialect.name());
            deliveries.push(Kept { name, key, files, lookup, sha256, sums });
        }
        Ok(Keeping { store, deliveries, notes: Mutex::new(notes) })
    }

    /// What was read before of each delivery, from the same place. It is known once the ledger is.
    pub(crate) fn history(&self) -> History {
        let reread = |kept: &Kept| {
            let (earlier, sums) = (kept.lookup.earlier.clone()?, kept.sums.get().cloned()?);
            Some(Reread { delivery: kept.name.clone(), earlier, sums })
        };
        History { is_kept: true, reread: self.deliveries.iter().filter_map(reread).collect() }
    }

    /// What was found in the store and cannot be used, and what could not be kept.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// The ledgers, when every delivery is in the store: opened, and nothing read but what they say about themselves.
    pub(crate) fn readers(&self) -> Option<Vec<&Reader>> {
        self.deliveries.iter().map(|kept| kept.lookup.stored.as_ref().map(|stored| &stored.reader)).collect()
    }

    /// What is remembered of a bill whose every delivery is in the store. It depends on the inventory, the ledgers and
    /// earlier readings.
    pub(crate) fn remembered<T: DeserializeOwned>(&self, inventory: &Inventory, question: &str) -> Option<T> {
        self.readers()?;
        self.store.remembered(&self.question(inventory, question))
    }

    /// Remembers an answer about a bill.
    pub(crate) fn remember(&self, inventory: &Inventory, question: &str, answer: &impl Serialize) {
        // A store that cannot be written to was named when the ledger was not kept.
        if let Err(error) = self.store.remember(&self.question(inventory, question), answer)
            && self.readers().is_some()
        {
            self.note(format!("{error}; it will be worked out again"));
        }
    }

    fn question(&self, inventory: &Inventory, question: &str) -> String {
        let parts: Vec<String> =
            self.deliveries.iter().map(|kept| format!("{:?}", (&kept.key, &kept.lookup.earlier))).collect();
        format!("{question}\n{inventory:?}\n{}", parts.join("\n"))
    }

    /// The ledger of all deliveries. `while_here` runs what reads files.
    ///
    /// # Errors
    /// Those of gathering; a ledger that cannot be loaded is gathered again, and one that cannot be kept is not.
    pub(crate) fn ledger(
        &self,
        files: &[PassFile],
        inventory: &Inventory,
        options: &PassOptions,
        while_here: WhileHere<'_, Ledger>,
    ) -> Result<Ledger> {
        let mut all = Ledger::default();
        let is_due = |file: &&PassFile| self.deliveries[file.delivery as usize].lookup.stored.is_none();
        let mut course = Course::over(files.iter().filter(is_due));
        for (number, kept) in self.deliveries.iter().enumerate() {
            let loaded = kept.lookup.stored.as_ref().map(|stored| stored.load(&self.store, number as u32));
            let ledger = match loaded {
                Some(Ok(ledger)) => ledger,
                other => {
                    if let Some(Err(fault)) = other {
                        self.note(format!("{fault}; the delivery is read again"));
                    }
                    let files = of(files, number);
                    let ledger = while_here(&|| self.gather(kept, &files, inventory, &course.options(options)))?;
                    course.advance(&files, &ledger);
                    ledger
                }
            };
            all.merge(ledger);
        }
        Ok(all)
    }

    fn gather(&self, kept: &Kept, files: &[PassFile], inventory: &Inventory, options: &PassOptions) -> Result<Ledger> {
        let ledger = gather(files, &PassOptions { is_whole: true, ..options.clone() })?;
        let sha256 = hashes(files, options.threads)?;
        if keys_of(files, inventory)? != kept.files {
            let file = kept.files.first().map_or_else(String::new, |file| file.file.clone());
            let detail = "it, or a file beside it, was written to while it was read; read it again".to_owned();
            return Err(Error::Unreadable { file, detail });
        }
        let entry = Entry {
            key: kept.key.clone(),
            delivery: kept.name.clone(),
            files: kept.files.clone(),
            sha256: sha256.clone(),
            sums: Sums::of(&ledger),
            earlier: kept.lookup.earlier.clone(),
        };
        kept.sha256.get_or_init(|| sha256);
        kept.sums.get_or_init(|| entry.sums.clone());
        if let Err(error) = self.store.put(&entry, &ledger, &kept.lookup) {
            self.note(format!("{error}; the ledger of {} is not kept, and will be gathered again", kept.name));
        }
        Ok(ledger)
    }

    /// SHA-256 of every file, in order. `while_here` runs what reads files.
    ///
    /// # Errors
    /// Those of hashing.
    pub(crate) fn hashes(
        &self,
        files: &[PassFile],
        threads: usize,
        while_here: WhileHere<'_, Vec<String>>,
    ) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for (number, kept) in self.deliveries.iter().enumerate() {
            let known = match kept.sha256.get() {
                Some(known) => known.clone(),
                None => {
                    let files = of(files, number);
                    while_here(&|| hashes(&files, threads))?
                }
            };
            all.extend(known);
        }
        Ok(all)
    }
}
