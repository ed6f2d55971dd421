//! Discovery: from files, folders and manifests to the files of each delivery, by manifest where there is one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::csv;
use super::manifest::{self, Manifest};
use super::place::{Disk, Entry, Place};
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
    /// Billing periods that are there and were not wanted.
    pub left_out: BTreeSet<String>,
    /// What was seen and left alone, and why.
    pub notes: Vec<String>,
}

impl Discovery {
    /// The order of an inventory.
    pub(super) fn sort(&mut self) {
        self.deliveries.sort_by(|a, b| (&a.export, &a.period, &a.files).cmp(&(&b.export, &b.period, &b.files)));
    }
}

/// Finds the deliveries in files, folders and manifests on disk.
///
/// # Errors
/// [`Error::NotFound`] for a path that is not there, [`Error::NoBill`] when nothing can be read as a bill,
/// [`Error::Manifest`] for a manifest that is wrong or lists what is not there.
pub fn discover(paths: &[PathBuf]) -> Result<Discovery> {
    discover_in(&mut Disk, paths, &[])
}

/// Finds the deliveries in files, folders and manifests of one place; of some billing periods, or of all when none is
/// wanted. A delivery whose period is not stated cannot be left out unread.
///
/// # Errors
/// As [`discover`], and those of the place.
pub(super) fn discover_in(place: &mut impl Place, sources: &[PathBuf], wanted: &[String]) -> Result<Discovery> {
    let mut seen = Seen::default();
    for source in sources {
        place.entries(source)?.into_iter().for_each(|entry| seen.file(entry));
    }
    let discovery = seen.deliveries(place, wanted)?;
    if discovery.deliveries.iter().all(|delivery| delivery.files.is_empty()) && discovery.left_out.is_empty() {
        return Err(nothing_found(sources, &seen.others));
    }
    Ok(discovery)
}

pub(super) fn nothing_found(paths: &[PathBuf], others: &[PathBuf]) -> Error {
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
    manifests: Vec<Entry>,
    /// Parquet and csv.
    files: Vec<Entry>,
    /// What is neither: looked at only to say why nothing was found.
    others: Vec<PathBuf>,
}

impl Seen {
    fn file(&mut self, entry: Entry) {
        let name = entry.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if manifest::is_manifest(name) || (entry.named && name.ends_with(".json")) {
            self.manifests.push(entry);
        } else if name.ends_with(".parquet") || csv::is_csv(name) || entry.named {
            self.files.push(entry);
        } else {
            self.others.push(entry.path);
        }
    }

    fn deliveries(&mut self, place: &mut impl Place, wanted: &[String]) -> Result<Discovery> {
        let mut discovery = Discovery::default();
        let mut listed = HashSet::new();
        let versions = versions_of(std::mem::take(&mut self.manifests), wanted, &mut discovery);
        let current: Vec<PathBuf> = versions.iter().map(|versions| versions.current.clone()).collect();
        for (versions, bytes) in versions.into_iter().zip(place.read(&current)?) {
            let manifest = manifest::parse(&versions.current, &bytes)?;
            if let Some(period) = manifest.period.as_ref().filter(|period| !is_wanted(wanted, period)) {
                discovery.left_out.insert(period.clone());
                continue;
            }
            discovery.notes.extend(versions.note(&manifest));
            let mut files = place.resolve(&manifest, &mut discovery.notes)?;
            files.sort();
            listed.extend(files.iter().map(|file| place.real(file).into_os_string()));
            discovery.deliveries.push(Found {
                export: manifest.export,
                manifest: Some(manifest.path),
                period: manifest.period,
                files,
            });
        }
        if discovery.left_out.is_empty() && discovery.deliveries.is_empty() {
            self.by_folder(place, &mut discovery);
        } else {
            self.ghosts(place, &listed, !wanted.is_empty(), &mut discovery);
        }
        discovery.sort();
        Ok(discovery)
    }

    /// Deliveries where there are no manifests at all: the files of each folder.
    fn by_folder(&mut self, place: &impl Place, discovery: &mut Discovery) {
        let mut by_folder: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for file in &self.files {
            let path = &file.path;
            if !file.named && csv::is_csv(&path.to_string_lossy()) && !place.is_bill(path) {
                discovery.notes.push(no_bill(path));
                self.others.push(path.clone());
                continue;
            }
            let folder = place.real(path).parent().map(Path::to_path_buf).unwrap_or_default();
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

    /// Files that no manifest lists. When periods were left out, so were their files, and a ghost is only what lies
    /// beside a file of a delivery.
    fn ghosts(&self, place: &impl Place, listed: &HashSet<OsString>, beside: bool, discovery: &mut Discovery) {
        let folders: HashSet<&Path> = listed.iter().filter_map(|file| Path::new(file).parent()).collect();
        let mut by_folder: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
        for file in &self.files {
            let real = place.real(&file.path);
            let folder = real.parent().map(Path::to_path_buf).unwrap_or_default();
            if !listed.contains(real.as_os_str()) && (!beside || folders.contains(folder.as_path())) {
                by_folder.entry(folder).or_default().push(&file.path);
            }
        }
        for files in by_folder.into_values() {
            discovery.notes.push(match files.as_slice() {
                [first, _, ..] => format!(
                    "{} and {} more in its folder are in no manifest and were not read",
                    first.display(),
                    files.len() - 1
                ),
                _ => format!("{} is in no manifest and was not read", files[0].display()),
            });
        }
    }
}

/// The note about a file that lies beside a bill.
pub(super) fn no_bill(path: &Path) -> String {
    format!("{} is no bill and was not read", path.display())
}

/// Files that are another one of the folder, unpacked: `a.csv` beside `a.csv.gz`.
fn unpacked_twins(files: &[PathBuf]) -> Vec<PathBuf> {
    let has = |path: &Path, ending: &str| files.contains(&PathBuf::from(format!("{}{ending}", path.display())));
    files.iter().filter(|path| has(path, ".gz") || has(path, ".zip")).cloned().collect()
}

fn is_wanted(wanted: &[String], period: &String) -> bool {
    wanted.is_empty() || wanted.contains(period)
}

/// The manifests of one export and period.
struct Versions {
    current: PathBuf,
    /// The others, in order.
    superseded: Vec<PathBuf>,
}

impl Versions {
    /// What to say about those that are superseded. In its assembly's folder, a legacy manifest is repeated.
    fn note(&self, current: &Manifest) -> Option<String> {
        let folder = |path: &Path| path.parent()?.file_name()?.to_str().map(str::to_owned);
        let is_copy = |path: &&PathBuf| current.delivery_id.is_some() && folder(path) == current.delivery_id;
        let superseded: Vec<&PathBuf> = self.superseded.iter().filter(|path| !is_copy(path)).collect();
        let more = match superseded.len() {
            0 | 1 => "is".to_owned(),
            count => format!("and {} earlier ones are", count - 1),
        };
        Some(format!("{} {more} superseded by {}", superseded.last()?.display(), self.current.display()))
    }
}

/// Of several manifests of one export and period the current one, and the others: legacy reports repeat it in the
/// month's folder above the assemblies; Data Exports that keep every version name folders by time. Those of periods that
/// are not wanted, by the names of their folders, are left out unread.
fn versions_of(manifests: Vec<Entry>, wanted: &[String], discovery: &mut Discovery) -> Vec<Versions> {
    let mut by_period: BTreeMap<(PathBuf, OsString), Vec<Entry>> = BTreeMap::new();
    for manifest in manifests {
        if let Some(period) = manifest::period_in_path(&manifest.path).filter(|period| !is_wanted(wanted, period)) {
            discovery.left_out.insert(period);
            continue;
        }
        let name = manifest.path.file_name().unwrap_or_default().to_owned();
        by_period.entry((period_folder(&manifest.path), name)).or_default().push(manifest);
    }
    let in_order = |mut entries: Vec<Entry>| {
        entries.sort_by_cached_key(|entry| {
            let above = entry.path.components().count();
            (Reverse(above), time_in_path(&entry.path), entry.written, entry.path.clone())
        });
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path).collect();
        paths.dedup();
        paths.pop().map(|current| Versions { current, superseded: paths })
    };
    by_period.into_values().filter_map(in_order).collect()
}

/// The time that begins the name of a version's folder: `2026-10-03T07:15:12.000Z-<id>`.
fn time_in_path(path: &Path) -> Option<String> {
    let folder = path.parent()?.file_name()?.to_str()?;
    let time = folder.get(..19)?;
    let form = "dddd-dd-ddTdd:dd:dd";
    let fits = |(byte, form): (u8, u8)| if form == b'd' { byte.is_ascii_digit() } else { byte == form };
    time.bytes().zip(form.bytes()).all(fits).then(|| time.to_owned())
}

/// The folder that names the period, or the manifest's own: manifests below it are versions of one delivery.
fn period_folder(path: &Path) -> PathBuf {
    let is_period = |folder: &&Path| manifest::states_period(folder.file_name().and_then(|name| name.to_str()));
    let own = path.parent().unwrap_or(path);
    path.ancestors().skip(1).find(is_period).unwrap_or(own).to_path_buf()
}

/// What stays the same of a manifest's path, or address, from one version of its delivery to the next: the folder of the
/// period, or its own.
pub(crate) fn place_of_versions(manifest: &str) -> &str {
    let path = Path::new(manifest);
    period_folder(path).to_str().and_then(|folder| manifest.get(..folder.len())).unwrap_or(manifest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(paths: &[(&str, Option<i64>)], wanted: &[&str]) -> (Vec<Versions>, Discovery) {
        let entry = |&(path, written): &(&str, Option<i64>)| Entry { path: path.into(), written, named: false };
        let wanted: Vec<String> = wanted.iter().map(|&period| period.to_owned()).collect();
        let mut discovery = Discovery::default();
        let versions = versions_of(paths.iter().map(entry).collect(), &wanted, &mut discovery);
        (versions, discovery)
    }

    fn manifest(delivery_id: &str) -> Manifest {
        let text = format!(r#"{{"assemblyId":"{delivery_id}","reportKeys":[]}}"#);
        manifest::parse(Path::new("cur-Manifest.json"), text.as_bytes()).unwrap()
    }

    #[test]
    fn the_current_version_is_above_the_others_or_the_newest() {
        let legacy = "s3://b/p/cur/20261001-20261101";
        let above = format!("{legacy}/cur-Manifest.json");
        let (first, second) = (format!("{legacy}/f00/cur-Manifest.json"), format!("{legacy}/0aa/cur-Manifest.json"));
        let (found, _) = versions(&[(&first, Some(1)), (&above, Some(2)), (&second, Some(3))], &[]);
        assert_eq!((found.len(), found[0].current.to_str()), (1, Some(above.as_str())));
        let note = |id: &str| found[0].note(&manifest(id)).unwrap();
        assert_eq!(note("another"), format!("{second} and 1 earlier ones are superseded by {above}"));
        assert_eq!(note("0aa"), format!("{first} is superseded by {above}"), "0aa holds the same one again");
        let (found, _) = versions(&[(&first, Some(1)), (&second, Some(3))], &[]);
        assert_eq!(found[0].current.to_str(), Some(second.as_str()), "by when it was written");
        let export = "s3://b/e/metadata/BILLING_PERIOD=2026-10";
        let at = |time: &str| format!("{export}/{time}-0f/e-Manifest.json");
        let (old, new) = (at("2026-10-03T07:15:12.000Z"), at("2026-10-04T06:00:00.000Z"));
        let (found, _) = versions(&[(&new, Some(1)), (&old, Some(2))], &[]);
        assert_eq!(found[0].current.to_str(), Some(new.as_str()), "its own time counts more than that of a copy");
    }

    #[test]
    fn periods_are_left_out_by_their_folders() {
        let month = |month: &str| format!("e/metadata/BILLING_PERIOD={month}/e-Manifest.json");
        let (nine, ten) = (month("2026-09"), month("2026-10"));
        let (found, discovery) = versions(&[(&nine, None), (&ten, None)], &["2026-10"]);
        assert_eq!((found.len(), found[0].current.to_str()), (1, Some(ten.as_str())));
        assert_eq!(discovery.left_out.into_iter().collect::<Vec<_>>(), ["2026-09"]);
    }
}
