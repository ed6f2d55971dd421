//! Damaged and hostile csv: the right answer, or an error that names the file; never a panic, never a lesser sum.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use farthing::{Bill, Costs, Metric};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const HEADER: &str = "bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/LineItemType,lineItem/UsageStartDate,\
                      lineItem/UnblendedCost,lineItem/LineItemDescription,pricing/unit";

fn row(number: usize, cost: &str) -> String {
    let hour = number % 24;
    format!("000000000042,2026-10-01T00:00:00Z,Usage,2026-10-02T{hour:02}:00:00Z,{cost},\"row, {number}\",Hrs")
}

/// A sound bill of so many rows; each costs 0.01.
fn text(rows: usize) -> String {
    let lines = std::iter::once(HEADER.to_owned()).chain((0..rows).map(|number| row(number, "0.01")));
    lines.map(|line| line + "\n").collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        archive.write_all(text).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("a file");
        path
    }
}

fn cents(path: &Path) -> farthing::Result<i128> {
    let bill = Bill::open(path)?;
    let total = bill.costs(&Costs::default().metric(Metric::UnblendedCost))?.total;
    Ok(total.unwrap_or(0) / 10_000_000_000)
}

/// The error of a file, which must name it.
fn refused(path: &Path) -> String {
    let error = cents(path).expect_err("it is refused").to_string();
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(error.contains(name), "{error}");
    error
}

#[test]
fn what_is_sound_is_read() {
    let place = Place::new();
    let plain = text(500);
    let windows = plain.replace('\n', "\r\n");
    let (with_mark, blank) = (format!("\u{feff}{plain}"), plain.replace('\n', "\n\n"));
    for (name, text) in [("a.csv", &plain), ("b.csv", &windows), ("c.csv", &with_mark), ("d.csv", &blank)] {
        assert_eq!(cents(&place.write(name, text.as_bytes())).expect("it is read"), 500, "{name}");
        assert_eq!(cents(&place.write(&format!("{name}.gz"), &gzip(text.as_bytes()))).expect("it is read"), 500);
    }
    let two = [gzip(plain.as_bytes()), gzip(plain.as_bytes())].concat();
    assert_eq!(cents(&place.write("two.csv.gz", &two)).expect("it is read"), 1_000, "a header among the rows is none");
    let archive = zip(&[("__MACOSX/._a.csv", b"shadow"), ("a.csv", plain.as_bytes()), ("b.csv", windows.as_bytes())]);
    assert_eq!(cents(&place.write("two.csv.zip", &archive)).expect("it is read"), 1_000);
    let quoted = plain.replace("\"row, 7\"", "\"row\n\"\"7\"\"\"");
    assert_eq!(cents(&place.write("quoted.csv", quoted.as_bytes())).expect("it is read"), 500);
    let named_otherwise = place.write("report", &gzip(plain.as_bytes()));
    assert_eq!(cents(&named_otherwise).expect("it is read"), 500, "a file that is named is known by its first bytes");
}

#[test]
fn parts_of_an_archive_may_order_their_columns_otherwise() {
    let place = Place::new();
    let first = text(3);
    let swapped: String = first
        .lines()
        .map(|line| {
            let (rest, unit) = line.rsplit_once(',').expect("fields");
            format!("{unit},{rest}\n")
        })
        .collect();
    let path = place.write("a.csv.zip", &zip(&[("1.csv", first.as_bytes()), ("2.csv", swapped.as_bytes())]));
    assert_eq!(cents(&path).expect("it is read"), 6);
    let other = first.replace("pricing/unit", "pricing/term");
    let error = refused(&place.write("b.csv.zip", &zip(&[("1.csv", first.as_bytes()), ("2.csv", other.as_bytes())])));
    assert!(error.contains("2.csv") && error.contains("pricing/term") && error.contains("unpack"), "{error}");
}

#[test]
fn cut_off_files_are_noticed() {
    let place = Place::new();
    let plain = text(400);
    for (name, bytes) in [("a.csv.gz", gzip(plain.as_bytes())), ("a.csv.zip", zip(&[("a.csv", plain.as_bytes())]))] {
        for keep in (0..bytes.len()).step_by(bytes.len() / 150).chain([bytes.len() - 8, bytes.len() - 1]) {
            let error = refused(&place.write(name, &bytes[..keep]));
            assert!(error.contains("fetch this file again"), "{keep} of {name}: {error}");
        }
    }
    for keep in (HEADER.len() + 2..plain.len()).step_by(61) {
        let path = place.write("a.csv", &plain.as_bytes()[..keep]);
        let is_whole = plain.as_bytes()[keep - 1] == b'\n';
        let noted =
            Bill::open(&path).is_ok_and(|bill| bill.inventory().notes.iter().any(|note| note.contains("cut off")));
        assert!(is_whole || noted, "{keep} bytes");
        assert!(cents(&path).is_ok_and(|sum| sum > 390) || !refused_or_less(&path).is_empty());
    }
}

/// What is said of a file that was cut off: an error, or nothing but a lesser sum, which only its note tells.
fn refused_or_less(path: &Path) -> String {
    match cents(path) {
        Ok(sum) => format!("{sum} cents"),
        Err(_) => refused(path),
    }
}

#[test]
fn flipped_bits_are_noticed() {
    let place = Place::new();
    let plain = text(300);
    for (name, bytes) in [("a.csv.gz", gzip(plain.as_bytes())), ("a.csv.zip", zip(&[("a.csv", plain.as_bytes())]))] {
        for at in (0..bytes.len()).step_by(bytes.len() / 200) {
            for bit in [1, 0x20, 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] ^= bit;
                let path = place.write(name, &damaged);
                // A bit of a timestamp or a name changes nothing.
                if cents(&path).is_ok_and(|sum| sum == 300) {
                    continue;
                }
                refused(&path);
            }
        }
    }
}

#[test]
fn records_that_do_not_fit_the_header() {
    let place = Place::new();
    let plain = text(10);
    let cases = [
        ("short.csv", plain.replace(",\"row, 6\"", ""), "line 8 has 6 fields where the header has 7"),
        ("long.csv", plain.replace("\"row, 6\"", "\"row, 6\",more"), "line 8 has 8 fields where the header has 7"),
        ("open.csv", plain.replace("\"row, 6\"", "\"row, 6"), "line 8 has"),
        ("zero.csv", plain.replace("row, 6", "row\0 6"), "line 8 holds a zero byte"),
        ("twice.csv", plain.replace("pricing/unit", "lineItem/UnblendedCost"), "there twice"),
        ("empty.csv", String::new(), "empty"),
    ];
    for (name, text, expected) in cases {
        let error = refused(&place.write(name, text.as_bytes()));
        assert!(error.contains(expected), "{name}: {error}");
    }
    let mut latin = plain.clone().into_bytes();
    let at = plain.find("row, 6").expect("a row");
    latin[at] = 0xe9;
    let error = refused(&place.write("latin.csv", &latin));
    assert!(error.contains("line 8") && error.contains("lineItem/LineItemDescription"), "{error}");
    let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refused(&place.write("wide.csv", &wide)).contains("UTF-8"));
}

#[test]
fn amounts_that_are_none() {
    let place = Place::new();
    for bad in ["NaN", "inf", "abc", "1e400", "1.2.3", "0x10", "1,5"] {
        let text = text(30).replacen(&row(20, "0.01"), &row(20, &format!("\"{bad}\"")), 1);
        let error = refused(&place.write("a.csv", text.as_bytes()));
        assert!(error.contains("line 22") && error.contains("lineItem/UnblendedCost"), "{error}");
        assert!(error.contains(&format!("`{bad}` is no amount")), "{error}");
    }
    let without = text(30).replacen(&row(20, "0.01"), &row(20, ""), 1);
    let error = refused(&place.write("a.csv", without.as_bytes()));
    assert!(error.contains("line 22") && error.contains("no cost"), "{error}");
    let exact = text(2).replacen("0.01", "123456789012.123456789012", 1).replacen("0.01", "1e-12", 1);
    let path = place.write("a.csv", exact.as_bytes());
    let total = Bill::open(path).and_then(|bill| bill.costs(&Costs::default().metric(Metric::UnblendedCost)));
    assert_eq!(
        total.expect("an answer").total,
        Some(123_456_789_012_123_456_789_013),
        "text is exact, doubles are not"
    );
    let moment = text(5).replacen("2026-10-02T03:00:00Z", "yesterday", 1);
    let error = refused(&place.write("a.csv", moment.as_bytes()));
    assert!(error.contains("line 5") && error.contains("lineItem/UsageStartDate"), "{error}");
}

#[test]
fn bombs_are_refused() {
    let place = Place::new();
    let line = row(1, "0.01").replace("row, 1", &"a".repeat(60_000)) + "\n";
    let bomb = HEADER.to_owned() + "\n" + &line.repeat(1_300);
    let error = refused(&place.write("rows.csv.gz", &gzip(bomb.as_bytes())));
    assert!(error.contains("500 times its size"), "{error}");
    let error = refused(&place.write("rows.csv.zip", &zip(&[("a.csv", bomb.as_bytes())])));
    assert!(error.contains("500 times its size"), "{error}");
    let open = HEADER.to_owned() + "\n\"" + &"a".repeat(20 << 20);
    let error = refused(&place.write("open.csv.gz", &gzip(open.as_bytes())));
    assert!(error.contains("quotation mark"), "{error}");
    let columns = HEADER.to_owned() + &",x".repeat(30_000) + "\n";
    let error = refused(&place.write("columns.csv", columns.as_bytes()));
    assert!(error.contains("columns, more than"), "{error}");
}

#[test]
fn containers_that_are_none() {
    let place = Place::new();
    let plain = text(3);
    for name in ["a.csv.gz", "a.csv.zip"] {
        assert!(refused(&place.write(name, plain.as_bytes())).contains("does not begin as one"));
        assert!(refused(&place.write(name, b"")).contains("empty"));
    }
    assert!(refused(&place.write("a.csv.zip", &zip(&[]))).contains("no file in this archive"));
    let nested = zip(&[("a.csv.gz", &gzip(plain.as_bytes()))]);
    refused(&place.write("a.csv.zip", &nested));
    let other = zip(&[("a.csv", plain.as_bytes()), ("readme.txt", b"hello")]);
    assert!(refused(&place.write("a.csv.zip", &other)).contains("readme.txt"));
}

#[test]
fn a_row_without_a_usage_start_is_of_its_billing_period() {
    let place = Place::new();
    let blank = text(5).replacen("2026-10-02T03:00:00Z", "", 1).replacen("2026-10-02T04:00:00Z", "NULL", 1);
    for name in ["a.csv", "a.csv.gz"] {
        let bytes = if name == "a.csv" { blank.clone().into_bytes() } else { gzip(blank.as_bytes()) };
        let bill = Bill::open(place.write(name, &bytes)).expect("it opens");
        let days = bill.costs(&Costs::default().metric(Metric::UnblendedCost).daily()).expect("an answer").rows;
        let found: Vec<(String, i128)> = days
            .iter()
            .map(|row| (row.period.as_ref().expect("a day").to_string(), row.cost.unwrap_or(0) / 10_000_000_000))
            .collect();
        assert_eq!(found, [("2026-10-01".to_owned(), 2), ("2026-10-02".to_owned(), 3)]);
        let checks = bill.reconcile(None).expect("a certificate").checks;
        let periods = checks.iter().find(|check| check.id == "R10").expect("R10");
        assert!(
            periods
                .detail
                .ends_with("2 rows state no usage start and are counted on the first day of their billing period")
        );
    }
    let neither = text(5).replacen("2026-10-01T00:00:00Z,Usage,2026-10-02T03:00:00Z", ",Usage,", 1);
    let error = refused(&place.write("b.csv", neither.as_bytes()));
    assert!(error.contains("bill/BillingPeriodStartDate: line 5: `` is no instant"), "{error}");
}
