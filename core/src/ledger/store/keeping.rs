//! A bill's ledger, delivery by delivery: from the store what it has, gathered and kept what it has not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Earlier, Entry, FileKey, Key, Lookup, Store, Sums, fetched_keys, file_keys, key};
use crate::error::{Error, Result};
use crate::ingest::file::BillFile;
use crate::ingest::{DeliveredFile, Delivery, Inventory};
use crate::ledger::Ledger;
use crate::ledger::archive::Reader;
use crate::ledger::pass::{OnProgress, PassFile, PassOptions, Progress, gather, hashes};

/// What the store has of each delivery of a bill.
#[derive(Debug)]
pub(crate) struct Keeping {
    store: Store,
    deliveries: Vec<Kept>,
    /// What tells the bill from any other before it is opened, where that can be told.
    identity: Option<String>,
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

/// The names of a delivery's files by their places in it. A stored ledger knows places alone: a folder may be opened under
/// another name the next time.
fn by_place(delivery: &Delivery) -> HashMap<String, String> {
    delivery.files.iter().enumerate().map(|(place, file)| (place.to_string(), file.file.clone())).collect()
}

/// Gives the files of a ledger other names; whether all have one.
fn rename(ledger: &mut Ledger, names: &HashMap<String, String>) -> bool {
    let rename = |file: &mut String| names.get(file.as_str()).map(|name| file.clone_from(name)).is_some();
    ledger.files.iter_mut().all(|file| rename(&mut file.file))
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

/// Hands the bill's files to what reads them, while they are where they should be.
type WithFiles<'a, T> = &'a dyn Fn(&dyn Fn(&[PassFile]) -> Result<T>) -> Result<T>;

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
    fn over<'a>(footers: impl Iterator<Item = &'a DeliveredFile> + Clone) -> Course {
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

    fn advance(&mut self, delivery: &Delivery, ledger: &Ledger) {
        self.done.rows_done += ledger.files.iter().map(|file| file.rows_read).sum::<u64>();
        self.done.bytes_done += delivery.files.iter().map(|file| file.bytes).sum::<u64>();
    }
}

impl Keeping {
    /// Looks for every delivery of an inventory. `identity` is what tells the bill from any other before it is opened.
    ///
    /// # Errors
    /// Those of local files that cannot be read.
    pub(crate) fn open(
        store: Store,
        inventory: &Inventory,
        files: &[PassFile],
        identity: Option<String>,
    ) -> Result<Keeping> {
        let files: Vec<Vec<FileKey>> = (0..inventory.deliveries.len())
            .map(|number| keys_of(&of(files, number), inventory))
            .collect::<Result<_>>()?;
        let keeping = Keeping::find(store, inventory, files, identity);
        // Its ledgers may all be there from sources that were named otherwise.
        if keeping.readers().is_some() {
            keeping.keep_opening(inventory);
        }
        Ok(keeping)
    }

    /// What is known of a bill that is not opened yet, if its ledgers are all there.
    pub(crate) fn of_opening(store: &Store, identity: &str) -> Option<(Inventory, Keeping)> {
        let inventory: Inventory = store.opening(identity)?;
        let files: Vec<Vec<FileKey>> =
            inventory.deliveries.iter().map(|delivery| fetched_keys(delivery, &inventory)).collect::<Option<_>>()?;
        let keeping = Keeping::find(store.clone(), &inventory, files, None);
        keeping.readers()?;
        Some((inventory, keeping))
    }

    fn find(store: Store, inventory: &Inventory, files: Vec<Vec<FileKey>>, identity: Option<String>) -> Keeping {
        let mut notes = Vec::new();
        let mut deliveries = Vec::new();
        for (delivery, files) in inventory.deliveries.iter().zip(files) {
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
        Keeping { store, deliveries, identity, notes: Mutex::new(notes) }
    }

    /// Remembers what the bill is that is told by its identity, so that it need not be opened to know.
    fn keep_opening(&self, inventory: &Inventory) {
        let Some(identity) = &self.identity else { return };
        let ledgers: Vec<String> = self.deliveries.iter().map(|kept| kept.key.file_name()).collect();
        if let Err(error) = self.store.put_opening(identity, &ledgers, inventory) {
            self.note(format!("{error}; the bill will be fetched again"));
        }
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

    /// The ledger of all deliveries. `with_files` runs what reads files.
    ///
    /// # Errors
    /// Those of gathering; a ledger that cannot be loaded is gathered again, and one that cannot be kept is not.
    pub(crate) fn ledger(
        &self,
        inventory: &Inventory,
        options: &PassOptions,
        with_files: WithFiles<'_, Ledger>,
    ) -> Result<Ledger> {
        let mut all = Ledger::default();
        let both = || self.deliveries.iter().zip(&inventory.deliveries);
        let due = both().filter(|(kept, _)| kept.lookup.stored.is_none()).flat_map(|(_, delivery)| &delivery.files);
        let mut course = Course::over(due);
        for (number, (kept, delivery)) in both().enumerate() {
            let loaded = kept.lookup.stored.as_ref().map(|stored| stored.load(&self.store, number as u32));
            let names = by_place(delivery);
            let loaded = loaded.map(|loaded| loaded.map(|mut ledger| rename(&mut ledger, &names).then_some(ledger)));
            let ledger = match loaded {
                Some(Ok(Some(ledger))) => ledger,
                other => {
                    if let Some(Err(fault)) = other {
                        self.note(format!("{fault}; the delivery is read again"));
                    }
                    let ledger = with_files(&|files| {
                        self.gather((kept, delivery), &of(files, number), inventory, &course.options(options))
                    })?;
                    course.advance(delivery, &ledger);
                    ledger
                }
            };
            all.merge(ledger);
        }
        self.keep_opening(inventory);
        Ok(all)
    }

    fn gather(
        &self,
        (kept, delivery): (&Kept, &Delivery),
        files: &[PassFile],
        inventory: &Inventory,
        options: &PassOptions,
    ) -> Result<Ledger> {
        let mut ledger = gather(files, &PassOptions { is_whole: true, ..options.clone() })?;
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
        let names = by_place(delivery);
        rename(&mut ledger, &names.iter().map(|(place, name)| (name.clone(), place.clone())).collect());
        if let Err(error) = self.store.put(&entry, &ledger, &kept.lookup) {
            self.note(format!("{error}; the ledger of {} is not kept, and will be gathered again", kept.name));
        }
        rename(&mut ledger, &names);
        Ok(ledger)
    }

    /// SHA-256 of every file, in order. `with_files` runs what reads files.
    ///
    /// # Errors
    /// Those of hashing.
    pub(crate) fn hashes(&self, threads: usize, with_files: WithFiles<'_, Vec<String>>) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for (number, kept) in self.deliveries.iter().enumerate() {
            let known = match kept.sha256.get() {
                Some(known) => known.clone(),
                None => with_files(&|files| hashes(&of(files, number), threads))?,
            };
            all.extend(known);
        }
        Ok(all)
    }
}
