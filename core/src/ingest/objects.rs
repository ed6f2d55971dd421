//! The objects of a bill that were fetched: where they lie while something is read, and how they come back.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::s3::{FetchProgress, Fetched, Object, Remote};
use super::{FetchedObject, verify};
use crate::error::s3::S3Error;
use crate::error::{Error, Result};

/// How often a pass is begun again because another process took files out of a shared cache.
const PASSES_MAX: u32 = 3;

/// Called while objects are fetched, on the thread that opens or asks; `Break` stops it.
pub(crate) type OnFetch = Arc<dyn Fn(FetchProgress) -> ControlFlow<()> + Send + Sync>;

/// An object that was fetched.
pub(super) struct Kept {
    remote: Arc<Remote>,
    object: Object,
    fetched: Fetched,
    /// Whether it was not released since.
    is_here: bool,
}

/// All objects of a bill; none of a bill on disk.
#[derive(Default)]
pub(crate) struct Objects {
    state: Mutex<State>,
    pub(super) on_fetch: Option<OnFetch>,
    /// Whether they stay in the cache.
    keep: bool,
    folded: AtomicBool,
}

#[derive(Default)]
struct State {
    kept: Vec<Kept>,
    by_uri: HashMap<String, usize>,
    /// Passes under way.
    readers: usize,
}

impl Objects {
    pub(super) fn add(&mut self, kept: Vec<Kept>, keep: bool) {
        self.keep = keep;
        let mut state = self.lock();
        for kept in kept {
            let at = state.kept.len();
            state.by_uri.insert(kept.fetched.uri.clone(), at);
            state.kept.push(kept);
        }
    }

    /// Where the object of an address lies.
    pub(crate) fn place_of(&self, uri: &Path) -> Option<PathBuf> {
        let state = self.lock();
        let &at = state.by_uri.get(uri.to_str()?)?;
        Some(state.kept[at].fetched.path.clone())
    }

    /// How each object came down, by its address.
    pub(crate) fn facts(&self) -> BTreeMap<String, FetchedObject> {
        let fact = |kept: &Kept| FetchedObject {
            etag: kept.fetched.etag.clone(),
            sha256: kept.fetched.sha256.clone(),
            checked_by: kept.fetched.checked_by.to_string(),
        };
        self.lock().kept.iter().map(|kept| (kept.fetched.uri.clone(), fact(kept))).collect()
    }

    /// Whether they leave the cache once the bill was folded.
    pub(crate) fn leave_once_folded(&self) -> bool {
        !self.keep && !self.lock().kept.is_empty()
    }

    /// Says that the bill was folded: objects that are not to be kept leave the cache, after the pass under way if
    /// there is one.
    pub(crate) fn folded(&self) {
        self.folded.store(true, Ordering::Relaxed);
        let mut state = self.lock();
        if state.readers == 0 && !self.keep {
            state.release();
        }
    }

    /// Reads while all objects are in the cache; those that left it are fetched again, as they were.
    ///
    /// # Errors
    /// Those of `read`, of fetching, and [`S3Error::Changed`] when an object is no longer what it was.
    pub(crate) fn while_here<T>(&self, read: impl Fn() -> Result<T>) -> Result<T> {
        for pass in 1.. {
            let _reading = self.reading()?;
            match read() {
                Err(Error::NotFound { path }) if pass < PASSES_MAX && self.is_place(&path) => {}
                result => return result.map_err(|error| self.about_cache(error)),
            }
        }
        unreachable!("the last pass returns")
    }

    /// An error about a file of the cache as one of the cache.
    pub(crate) fn about_cache(&self, error: Error) -> Error {
        match error {
            Error::NotFound { path } if self.is_place(&path) => {
                let source = std::io::Error::other("it was taken away; give this program a cache of its own");
                Error::S3(S3Error::Cache { path, source })
            }
            Error::Io { path, source } if self.is_place(&path) => Error::S3(S3Error::Cache { path, source }),
            error => error,
        }
    }

    fn reading(&self) -> Result<Reading<'_>> {
        let mut state = self.lock();
        loop {
            let is_gone = |kept: &Kept| !kept.is_here || !kept.fetched.path.exists();
            let Some(first) = state.kept.iter().find(|kept| is_gone(kept)) else { break };
            let remote = Arc::clone(&first.remote);
            let gone: Vec<usize> = (0..state.kept.len())
                .filter(|&at| is_gone(&state.kept[at]) && Arc::ptr_eq(&state.kept[at].remote, &remote))
                .collect();
            for kept in gone.iter().map(|&at| &state.kept[at]).filter(|kept| kept.is_here) {
                remote.discard(&kept.fetched).map_err(Error::s3)?;
            }
            let objects = gone.iter().map(|&at| state.kept[at].object.clone()).collect();
            let again = fetch(&remote, objects, self.on_fetch.as_ref())?;
            for (at, again) in gone.into_iter().zip(again) {
                if again.fetched.sha256 != state.kept[at].fetched.sha256 {
                    let detail = "its bytes are others, under the same ETag".to_owned();
                    return Err(Error::S3(S3Error::Changed { uri: again.fetched.uri, detail }));
                }
                state.kept[at] = again;
            }
        }
        state.readers += 1;
        Ok(Reading(self))
    }

    fn is_place(&self, path: &Path) -> bool {
        self.lock().kept.iter().any(|kept| kept.fetched.path == path)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What stays behind costs space and no more, so that a failure to remove it is no error.
    fn release(&mut self) {
        for kept in self.kept.iter_mut().filter(|kept| kept.is_here) {
            let _ = kept.remote.release(&kept.fetched);
            kept.is_here = false;
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        if !self.keep {
            self.lock().release();
        }
    }
}

/// A pass under way.
struct Reading<'a>(&'a Objects);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.readers -= 1;
        if state.readers == 0 && !self.0.keep && self.0.folded.load(Ordering::Relaxed) {
            state.release();
        }
    }
}

/// Refuses objects that are not what they were when they were fetched before, whatever their ETags say.
///
/// # Errors
/// [`S3Error::Changed`].
pub(crate) fn same_objects(
    before: &BTreeMap<String, FetchedObject>,
    now: &BTreeMap<String, FetchedObject>,
) -> Result<()> {
    let differs =
        |uri: &&String| before.get(*uri).map(|object| &object.sha256) != now.get(*uri).map(|object| &object.sha256);
    match before.keys().chain(now.keys()).find(differs) {
        Some(uri) => {
            let detail = "its bytes are others, under the same ETag".to_owned();
            Err(Error::S3(S3Error::Changed { uri: uri.clone(), detail }))
        }
        None => Ok(()),
    }
}

/// Fetches objects. What the cache had is hashed, and fetched once more when it is not what came down.
///
/// # Errors
/// Those of fetching, and [`S3Error::Cache`] for a cache that does not give back what was put into it.
pub(super) fn fetch(remote: &Arc<Remote>, objects: Vec<Object>, on_fetch: Option<&OnFetch>) -> Result<Vec<Kept>> {
    let tell = |progress: FetchProgress| on_fetch.map_or(ControlFlow::Continue(()), |on_fetch| on_fetch(progress));
    let get = |objects: &[Object]| remote.fetch(objects, on_fetch.is_some().then_some(&tell)).map_err(Error::s3);
    let mut fetched = get(&objects)?;
    let damaged = damaged(&fetched)?;
    if !damaged.is_empty() {
        let wanted: Vec<Object> = damaged.iter().map(|&at| objects[at].clone()).collect();
        for &at in &damaged {
            remote.discard(&fetched[at]).map_err(Error::s3)?;
        }
        for (&at, again) in damaged.iter().zip(get(&wanted)?) {
            fetched[at] = again;
        }
        if let Some(&at) = self::damaged(&fetched)?.first() {
            let source = std::io::Error::other("its bytes do not stay what they were; is the disk sound?");
            return Err(Error::S3(S3Error::Cache { path: fetched[at].path.clone(), source }));
        }
    }
    let kept = |(object, fetched)| Kept { remote: Arc::clone(remote), object, fetched, is_here: true };
    Ok(objects.into_iter().zip(fetched).map(kept).collect())
}

/// Which of the objects that the cache had are no longer what came down.
fn damaged(fetched: &[Fetched]) -> Result<Vec<usize>> {
    let cached: Vec<usize> = (0..fetched.len()).filter(|&at| fetched[at].cached).collect();
    let next = AtomicUsize::new(0);
    let check = || {
        let mut damaged = Vec::new();
        while let Some(&at) = cached.get(next.fetch_add(1, Ordering::Relaxed)) {
            match verify::sha256(&fetched[at].path) {
                Ok((hash, _)) if hash == fetched[at].sha256 => {}
                Ok(_) | Err(Error::NotFound { .. }) => damaged.push(at),
                Err(Error::Io { path, source }) => return Err(Error::S3(S3Error::Cache { path, source })),
                Err(error) => return Err(error),
            }
        }
        Ok(damaged)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(cached.len());
    let parts: Vec<Result<Vec<usize>>> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(check)).collect();
        let mine = check();
        let joined =
            others.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        std::iter::once(mine).chain(joined).collect()
    });
    let mut damaged = parts.into_iter().collect::<Result<Vec<_>>>()?.concat();
    damaged.sort_unstable();
    Ok(damaged)
}
