//! Files that were cut off, or of which a bit was flipped.

use farthing::Bill;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterVersion;

use super::forge::{Forged, Random, parquet, place, rows};
use super::{answer, named, refused};

/// Flips for each codec, with and without checksums.
const FLIPS: usize = 280;

fn codecs() -> [(&'static str, Compression); 4] {
    [
        ("snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(GzipLevel::default())),
        ("zstd", Compression::ZSTD(ZstdLevel::default())),
        ("plain", Compression::UNCOMPRESSED),
    ]
}

#[test]
fn what_is_put_together_again_is_the_same_bill() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), rows());
    let right =
        answer(&place(folder.path(), "a.parquet", &parquet(&rows, Compression::SNAPPY, WriterVersion::PARQUET_1_0)));
    let right = right.expect("it is read");
    for (name, codec) in codecs() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let bytes = parquet(&rows, codec, version);
            let path = place(folder.path(), "a.parquet", &bytes);
            assert_eq!(answer(&path).expect("it is read"), right, "{name} {version:?}");
            let forged = Forged::of(&bytes);
            let (plain, borders) = forged.write();
            assert_eq!(answer(&place(folder.path(), "a.parquet", &plain)).expect("it is read"), right);
            assert!(borders.len() > 1_000, "several pages for each column: {}", borders.len());
            let (checked, _) = forged.checksummed().write();
            assert_eq!(answer(&place(folder.path(), "a.parquet", &checked)).expect("it is read"), right);
        }
    }
}

#[test]
fn cut_off_files_are_refused() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), rows());
    let bytes = parquet(&rows, Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    let (bytes, borders) = Forged::of(&bytes).write();
    let around = borders.iter().flat_map(|&border| [border - 1, border, border + 1]);
    for keep in around.chain([0, 1, 4, 8, 11, 12, bytes.len() - 9, bytes.len() - 8, bytes.len() - 4, bytes.len() - 1]) {
        let error = refused(&place(folder.path(), "cut.parquet", &bytes[..keep]));
        assert!(error.contains("fetch this file again"), "{keep}: {error}");
    }
    // A gap: the footer is there, and pages are missing.
    for (at, &border) in borders.iter().enumerate().filter(|(at, _)| at % 40 == 1) {
        let gap = [&bytes[..border], &bytes[borders[at + 1]..]].concat();
        refused(&place(folder.path(), "gap.parquet", &gap));
    }
}

/// What came of some flips.
#[derive(Debug, Default)]
struct Outcomes {
    right: usize,
    refused: usize,
    silent: usize,
}

fn flip(bytes: &[u8], range: std::ops::Range<usize>, count: usize, right: &str, random: &mut Random) -> Outcomes {
    let folder = tempfile::tempdir().expect("a folder");
    let mut outcomes = Outcomes::default();
    for _ in 0..count {
        let mut damaged = bytes.to_vec();
        let (at, bit) = (range.start + random.below(range.len()), random.below(8));
        damaged[at] ^= 1 << bit;
        let path = place(folder.path(), "flipped.parquet", &damaged);
        match answer(&path) {
            Ok(found) if found == right => outcomes.right += 1,
            Ok(_) => outcomes.silent += 1,
            Err(error) => {
                named(&path, error);
                outcomes.refused += 1;
            }
        }
    }
    outcomes
}

#[test]
fn flipped_bits_never_panic_and_are_found_where_there_are_checksums() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), rows());
    let mut random = Random(0x5eed);
    let (mut all, mut told) = (Outcomes::default(), Vec::new());
    for (name, codec) in codecs() {
        let forged = Forged::of(&parquet(&rows, codec, WriterVersion::PARQUET_1_0));
        for (checked, forged) in [(false, forged.clone()), (true, forged.checksummed())] {
            let (bytes, borders) = forged.write();
            let right = answer(&place(folder.path(), "a.parquet", &bytes)).expect("it is read");
            let certificate = Bill::open(folder.path().join("a.parquet")).and_then(|bill| bill.reconcile(None));
            let checks = certificate.expect("a certificate").checks;
            let integrity = &checks.iter().find(|check| check.id == "R19").expect("R19").detail;
            let said =
                if checked { "was verified by its checksum" } else { "a flipped bit that still decodes would not be" };
            assert!(integrity.contains(said), "{integrity}");
            let pages_end = *borders.last().expect("pages");
            let pages = flip(&bytes, 4..pages_end, FLIPS, &right, &mut random);
            let footer = flip(&bytes, pages_end..bytes.len(), FLIPS / 3, &right, &mut random);
            told.push(format!("{name}, checksums {checked}: pages {pages:?}, footer {footer:?}"));
            assert!(
                !checked || pages.silent == 0,
                "{name}: a checksum lets no flipped bit of a page through: {pages:?}"
            );
            for outcomes in [pages, footer] {
                all.right += outcomes.right;
                all.refused += outcomes.refused;
                all.silent += outcomes.silent;
            }
        }
    }
    assert!(all.right + all.refused + all.silent >= 2_000, "{told:#?}");
    assert!(
        all.refused > 100 && all.silent > 0,
        "without checksums not every flip is found, which is why it is said: {all:?}"
    );
}
