//! Small files that claim, or would become, far more than they are: refused within bounds of memory.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::Compression as Level;
use flate2::write::GzEncoder;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterVersion;

use super::answer;
use super::forge::{Forged, deltas, parquet, place, rows};

/// The most that reading a bomb may take, the test program included.
const PEAK_MIB_MAX: u64 = 192;

/// What a program that reads a file says of it, and its greatest size in MiB.
fn read_in_a_child(path: &Path) -> (String, u64) {
    let program = std::env::current_exe().expect("a program");
    let args = ["--exact", "bad_parquet::bombs::a_child_reads", "--ignored", "--nocapture"];
    let output = Command::new(program).args(args).env("FARTHING_TEST_FILE", path).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {text} {}", path.display(), String::from_utf8_lossy(&output.stderr));
    let line = |key: &str| text.lines().find_map(|line| line.split_once(key)).map(|(_, rest)| rest.trim().to_owned());
    let peak = line("PEAK KIB").and_then(|peak| peak.parse::<u64>().ok()).expect("a peak");
    (line("OUTCOME").expect("an outcome"), peak >> 10)
}

#[test]
#[ignore = "a part of the tests beside it, which run it in a process of its own"]
fn a_child_reads() {
    let Some(path) = std::env::var_os("FARTHING_TEST_FILE") else { return };
    let outcome = answer(Path::new(&path)).map_or_else(|error| error.to_string(), |_| "read".to_owned());
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    println!("\nOUTCOME {}", outcome.replace('\n', " "));
    println!("PEAK KIB {}", peak.trim().trim_end_matches("kB"));
}

fn refused_within_bounds(path: &Path, said: &str) {
    let (outcome, peak_mib) = read_in_a_child(path);
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(outcome.contains(name) && outcome.contains(said), "{name}: {outcome}");
    assert!(peak_mib < PEAK_MIB_MAX, "{name} took {peak_mib} MiB");
}

/// So many zeros in gzip.
fn gzip_zeros(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Level::new(9));
    let block = vec![0; 1 << 20];
    (0..bytes >> 20).for_each(|_| encoder.write_all(&block).expect("memory"));
    encoder.finish().expect("memory")
}

/// So many zeros in zstd, by hand: blocks of 128 KiB of one byte, four bytes each.
fn zstd_zeros(bytes: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let blocks = bytes >> 17;
    for block in 0..blocks {
        let is_last = u32::from(block + 1 == blocks);
        let head = is_last | 1 << 1 | (1 << 17) << 3;
        frame.extend_from_slice(&head.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

#[test]
#[cfg(target_os = "linux")]
fn bombs_are_refused_within_bounds() {
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), rows());
    let write = |name: &str, forged: &Forged| place(folder.path(), name, &forged.write().0);
    let (gzip, zstd) = (Compression::GZIP(GzipLevel::default()), Compression::ZSTD(ZstdLevel::default()));
    let of = |codec| Forged::of(&parquet(&rows, codec, WriterVersion::PARQUET_1_0));
    let sound = of(gzip);
    let (outcome, peak_mib) = read_in_a_child(&write("sound.parquet", &sound));
    assert_eq!(outcome, "read");
    assert!(peak_mib < PEAK_MIB_MAX, "even a sound file takes {peak_mib} MiB");
    let cost = sound.column("line_item_unblended_cost");
    let text = sound.column("line_item_usage_type");
    for (codec, name, body) in [(gzip, "gzip", gzip_zeros(1 << 30)), (zstd, "zstd", zstd_zeros(1 << 30))] {
        for (column, what) in [(cost, "cost"), (text, "text")] {
            // What a page becomes is more than it claims, and then it claims it.
            let mut forged = of(codec);
            let page = &mut forged.chunks[0][column][1];
            (page.packed, page.body) = (body.len() as i64, body.clone());
            let said = if name == "gzip" { "does not become" } else { "no whole parquet" };
            refused_within_bounds(&write(&format!("{name}-{what}-yields.parquet"), &forged), said);
            forged.chunks[0][column][1].unpacked = i64::from(i32::MAX);
            refused_within_bounds(&write(&format!("{name}-{what}-claims.parquet"), &forged), "more than 128 MiB");
        }
        // Pages within their limit, and too many of them.
        let mut forged = of(codec);
        let small = if name == "gzip" { gzip_zeros(100 << 20) } else { zstd_zeros(100 << 20) };
        for column in 0..forged.chunks[0].len() {
            for page in forged.chunks[0][column].iter_mut().filter(|page| page.kind == 0) {
                (page.packed, page.unpacked, page.body) = (small.len() as i64, 100 << 20, small.clone());
            }
        }
        let (outcome, peak_mib) = read_in_a_child(&write(&format!("{name}-many.parquet"), &forged));
        assert!(outcome.contains("more than"), "{outcome}");
        assert!(peak_mib < PEAK_MIB_MAX, "{name} took {peak_mib} MiB");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn long_texts_are_refused_within_bounds() {
    use std::sync::Arc;
    let (folder, rows) = (tempfile::tempdir().expect("a folder"), rows());
    let at = rows.schema().index_of("line_item_operation").expect("a column");
    let with = |texts: Vec<String>| {
        let mut columns = rows.columns().to_vec();
        let texts: arrow::array::ArrayRef = Arc::new(arrow::array::StringArray::from(texts));
        columns[at] = arrow::compute::cast(&texts, rows.schema().field(at).data_type()).expect("text");
        arrow::array::RecordBatch::try_new(rows.schema(), columns).expect("as many columns")
    };
    let count = rows.num_rows();
    let zstd = Compression::ZSTD(ZstdLevel::default());
    // One long text that the dictionary has once, and that every row would repeat.
    let one = with(vec!["a".repeat(3 << 20); count]);
    // Texts that share all but their ends.
    let stem = "b".repeat(200 << 10);
    let sharing = with((0..count).map(|row| format!("{stem}{row}")).collect());
    for (name, rows) in [("one", &one), ("sharing", &sharing)] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let path =
                place(folder.path(), &format!("{name}-{}.parquet", version.as_num()), &parquet(rows, zstd, version));
            refused_within_bounds(&path, "64 KiB");
        }
    }
    // The same, where the coding lets them share what they begin with.
    let path = place(folder.path(), "deltas.parquet", &deltas(&sharing));
    refused_within_bounds(&path, "a value has 204");
    let mild = with((0..count).map(|row| format!("{}{row}", "d".repeat(40_000))).collect());
    let path = place(folder.path(), "mild.parquet", &deltas(&mild));
    assert_eq!(read_in_a_child(&path).0, "read", "what is long, but not too long, is read");
    let longest = with((0..count).map(|row| format!("{row}{}", "c".repeat(60_000))).collect());
    let path = place(folder.path(), "longest.parquet", &parquet(&longest, zstd, WriterVersion::PARQUET_2_0));
    assert_eq!(read_in_a_child(&path).0, "read", "what is long, but not too long, is read");
}

#[test]
#[cfg(target_os = "linux")]
fn bombs_of_text_are_refused_within_bounds() {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "bill/PayerAccountId,bill/BillingPeriodStartDate,lineItem/LineItemType,lineItem/UsageStartDate,\
                  lineItem/UnblendedCost,lineItem/Operation\n";
    let row = |text: &str| format!("000000000042,2026-10-01T00:00:00Z,Usage,2026-10-02T01:00:00Z,0.01,{text}\n");
    let bomb = |name: &str, line: &str, count: usize| {
        let mut encoder = GzEncoder::new(Vec::new(), Level::new(9));
        encoder.write_all(header.as_bytes()).expect("memory");
        (0..count).for_each(|_| encoder.write_all(line.as_bytes()).expect("memory"));
        place(folder.path(), name, &encoder.finish().expect("memory"))
    };
    refused_within_bounds(&bomb("rows.csv.gz", &row(&"a".repeat(60_000)), 3_000), "500 times its size");
    refused_within_bounds(&bomb("record.csv.gz", &"a".repeat(1 << 20), 40), "quotation mark");
    refused_within_bounds(&bomb("value.csv.gz", &row(&"a".repeat(70_000)), 100), "64 KiB");
}
