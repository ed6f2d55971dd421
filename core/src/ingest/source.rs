//! Discovery on local disk: from paths to the files of each delivery, by manifest where there is one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::csv;
use super::manifest::{self, Manifest};
use crate::error::{Error, Result};

/// The files of one delivery, before their footers are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The export's name, or the folder's.
    pub export: String,
    /// The manifest.
    pub manifest: Option<PathBuf>,
    /// `2026-10`, where the manifest or its folder says so.
    pub period: Option<String>,
    /// Its files, sorted.
    pub files: Vec<PathBuf>,
}

/// What discovery found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Deliveries, in order.
    pub deliveries: Vec<Found>,
    /// What was seen and left alone, and why.
    pub notes: Vec<String>,
}

/// Finds the deliveries in files, folders and manifests.
///
/// # Errors
/// [`Error::NotFound`] for a path that is not there, [`Error::NoBill`] when nothing can be read as a bill,
/// [`Error::Manifest`] for a manifest that is wrong or lists what is not there.
pub fn discover(paths: &[PathBuf]) -> Result<Discovery> {
    let mut seen = Seen::default();
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|source| Error::io(path, source))?;
        if kind.is_dir() {
            seen.walk(path)?;
        } else {
            seen.file(path, true);
        }
    }
    let discovery = seen.deliveries()?;
    if discovery.deliveries.iter().all(|delivery| delivery.files.is_empty()) {
        return Err(nothing_found(paths, &seen.others));
    }
    Ok(discovery)
}

fn nothing_found(paths: &[PathBuf], others: &[PathBuf]) -> Error {
    let detail = match others.iter().find(|path| csv::is_csv(&path.to_string_lossy())) {
        Some(path) => format!(
            "no parquet file, no manifest and no csv of a report here: {} is none; point farthing at a CUR or \
             Data Exports delivery, a month of it, or one of its files",
            path.display()
        ),
        None => "no parquet file, no csv and no manifest here; point farthing at a CUR or Data Exports delivery, \
                 a month of it, or one of its files"
            .to_owned(),
    };
    Error::NoBill { path: paths.first().cloned().unwrap_or_default(), detail }
}

#[derive(Default)]
struct Seen {
    manifests: Vec<PathBuf>,
    /// Parquet and csv.
    files: Vec<PathBuf>,
    /// What is neither: looked at only to say why nothing was found.
    others: Vec<PathBuf>,
    /// Files that were asked for by name.
    named: Vec<PathBuf>,
}

impl Seen {
    fn file(&mut self, path: &Path, named: bool) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if named {
            self.named.push(path.to_path_buf());
        }
        if manifest::is_manifest(name) || (named && name.ends_with(".json")) {
            self.manifests.push(path.to_path_buf());
        } else if name.ends_with(".parquet") || csv::is_csv(name) || named {
            self.files.push(path.to_path_buf());
        } else {
            self.others.push(path.to_path_buf());
        }
    }

    fn walk(&mut self, folder: &Path) -> Result<()> {
        let mut entries = std::fs::read_dir(folder)
            .and_then(|entries| entries.collect::<std::io::Result<Vec<_>>>())
            .map_err(|source| Error::io(folder, source))?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let kind = std::fs::metadata(&path).map_err(|source| Error::io(&path, source))?;
            if kind.is_dir() {
                self.walk(&path)?;
            } else {
                self.file(&path, false);
            }
        }
        Ok(())
    }

    fn deliveries(&mut self) -> Result<Discovery> {
        let mut discovery = Discovery::default();
        let mut listed = Vec::new();
        for manifest in current_manifests(&self.manifests, &mut discovery.notes)? {
            let mut files = manifest.resolve()?;
            files.sort();
            listed.extend(files.iter().map(|file| real(file)));
            discovery.deliveries.push(Found {
                export: manifest.export,
                manifest: Some(manifest.path),
                period: manifest.period,
                files,
            });
        }
        self.unlisted(&listed, &mut discovery);
        discovery.deliveries.sort_by(|a, b| (&a.export, &a.period, &a.files).cmp(&(&b.export, &b.period, &b.files)));
        Ok(discovery)
    }

    /// Files that no manifest lists: deliveries by folder where there are no manifests at all, else ghosts.
    fn unlisted(&mut self, listed: &[PathBuf], discovery: &mut Discovery) {
        let mut by_folder: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for path in &self.files {
            if listed.contains(&real(path)) {
                continue;
            }
            if discovery.deliveries.iter().any(|delivery| delivery.manifest.is_some()) {
                discovery.notes.push(format!("{} is in no manifest and was not read", path.display()));
                continue;
            }
            if !self.named.contains(path) && csv::is_csv(&path.to_string_lossy()) && !csv::is_bill(path) {
                discovery.notes.push(format!("{} is no bill and was not read", path.display()));
                self.others.push(path.clone());
                continue;
            }
            let folder = real(path).parent().map(Path::to_path_buf).unwrap_or_default();
            by_folder.entry(folder).or_default().push(path.clone());
        }
        for (folder, mut files) in by_folder {
            files.sort();
            let twins = unpacked_twins(&files);
            files.retain(|file| !twins.contains(file));
            let note = |twin: &PathBuf| format!("{} lies beside its packed form and was not read", twin.display());
            discovery.notes.extend(twins.iter().map(note));
            let export = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            discovery.deliveries.push(Found { export, manifest: None, period: None, files });
        }
    }
}

/// Files that are another one of the folder, unpacked: `a.csv` beside `a.csv.gz`.
fn unpacked_twins(files: &[PathBuf]) -> Vec<PathBuf> {
    let has = |path: &Path, ending: &str| files.contains(&PathBuf::from(format!("{}{ending}", path.display())));
    files.iter().filter(|path| has(path, ".gz") || has(path, ".zip")).cloned().collect()
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Of several manifests for one export and period the current one: legacy reports repeat it in the month's
/// folder above the assemblies; Data Exports that keep every version name folders by time.
fn current_manifests(paths: &[PathBuf], notes: &mut Vec<String>) -> Result<Vec<Manifest>> {
    let mut current: BTreeMap<(String, Option<String>, PathBuf), Manifest> = BTreeMap::new();
    for path in paths {
        let manifest = manifest::read(path)?;
        let key = (manifest.export.clone(), manifest.period.clone(), period_folder(path));
        let newer = |other: &Manifest| {
            let depth = |manifest: &Manifest| manifest.path.components().count();
            (std::cmp::Reverse(depth(&manifest)), &manifest.path) > (std::cmp::Reverse(depth(other)), &other.path)
        };
        // Text deliveries repeat the manifest in the assembly's folder.
        let is_copy = |other: &Manifest| other.keys == manifest.keys;
        match current.get(&key) {
            Some(other) if !newer(other) => {
                if !is_copy(other) {
                    notes.push(format!("{} is superseded by {}", path.display(), other.path.display()));
                }
            }
            other => {
                if let Some(other) = other.filter(|other| !is_copy(other)) {
                    notes.push(format!("{} is superseded by {}", other.path.display(), path.display()));
                }
                current.insert(key, manifest);
            }
        }
    }
    Ok(current.into_values().collect())
}

/// The folder that names the period, or the manifest's own: manifests below it are versions of one delivery.
fn period_folder(path: &Path) -> PathBuf {
    let is_period = |folder: &Path| {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let dated = name.len() == 17
            && name.bytes().enumerate().all(|(at, byte)| if at == 8 { byte == b'-' } else { byte.is_ascii_digit() });
        name.starts_with("BILLING_PERIOD=") || dated
    };
    let own = path.parent().unwrap_or(path);
    path.ancestors().skip(1).find(|folder| is_period(folder)).unwrap_or(own).to_path_buf()
}
