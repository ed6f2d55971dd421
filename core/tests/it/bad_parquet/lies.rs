//! Metadata that lies: about rows, values, sizes, places, types and shapes.

use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::properties::WriterVersion;

use super::forge::{Forged, Page, only_footer, parquet, place, put, rows};
use super::{answer, named, refused};

type PageLie = fn(&mut Page);
type Lie = fn(ColumnChunkMetaData) -> ColumnChunkMetaData;

fn forged() -> Forged {
    Forged::of(&parquet(&rows(), Compression::SNAPPY, WriterVersion::PARQUET_1_0))
}

fn build(builder: parquet::file::metadata::ColumnChunkMetaDataBuilder) -> ColumnChunkMetaData {
    builder.build().expect("a chunk")
}

/// Lies about a column in the footer, and what is said of each.
const LIES: &[(&str, Lie, &str)] = &[
    (
        "beyond",
        |chunk| build(chunk.into_builder().set_data_page_offset(1 << 40).set_dictionary_page_offset(None)),
        "outside",
    ),
    (
        "negative",
        |chunk| build(chunk.into_builder().set_data_page_offset(-4).set_dictionary_page_offset(None)),
        "negative",
    ),
    ("first", |chunk| build(chunk.into_builder().set_dictionary_page_offset(Some(0))), "outside"),
    ("size", |chunk| build(chunk.into_builder().set_total_compressed_size(1 << 50)), "outside"),
    ("less", |chunk| build(chunk.into_builder().set_total_compressed_size(-1)), "negative"),
    (
        "short",
        |chunk| {
            let size = chunk.compressed_size() - 3;
            build(chunk.into_builder().set_total_compressed_size(size))
        },
        "claims",
    ),
    ("values", |chunk| build(chunk.into_builder().set_num_values(1 << 60)), "values of"),
    ("fewer", |chunk| build(chunk.into_builder().set_num_values(-1)), "negative"),
    ("becomes", |chunk| build(chunk.into_builder().set_total_uncompressed_size(1 << 50)), "1000 times its size"),
    ("elsewhere", |chunk| build(chunk.into_builder().set_file_path("other.parquet".to_owned())), "another file"),
    ("codec", |chunk| build(chunk.into_builder().set_compression(Compression::UNCOMPRESSED)), "not packed"),
    ("lzo", |chunk| build(chunk.into_builder().set_compression(Compression::LZO)), "LZO"),
];

#[test]
fn lies_about_columns_are_refused() {
    let (folder, forged) = (tempfile::tempdir().expect("a folder"), forged());
    for path in ["line_item_unblended_cost", "line_item_line_item_type", "resource_tags.key_value.value"] {
        let column = forged.column(path);
        for (name, lie, said) in LIES.iter().filter(|(name, ..)| *name != "values" || !path.contains('.')) {
            let lied =
                |chunk: ColumnChunkMetaData, group, at| if (group, at) == (1, column) { lie(chunk) } else { chunk };
            let (bytes, _) = forged.write_with(lied, |group| group);
            let error = refused(&place(folder.path(), &format!("{name}.parquet"), &bytes));
            assert!(error.contains(said), "{path}, {name}: {error}");
        }
    }
    // Two columns of one type that claim the same bytes.
    let (one, other) = (forged.column("line_item_unblended_cost"), forged.column("line_item_unblended_rate"));
    let chunks = std::cell::RefCell::new(None);
    let lied = |chunk: ColumnChunkMetaData, _, at| {
        let stolen = *chunks.borrow();
        match stolen {
            Some((data, dictionary, size)) if at == one.max(other) => build(
                chunk
                    .into_builder()
                    .set_data_page_offset(data)
                    .set_dictionary_page_offset(dictionary)
                    .set_total_compressed_size(size),
            ),
            _ if at == one.min(other) => {
                *chunks.borrow_mut() =
                    Some((chunk.data_page_offset(), chunk.dictionary_page_offset(), chunk.compressed_size()));
                chunk
            }
            _ => chunk,
        }
    };
    let error = refused(&place(folder.path(), "twice.parquet", &forged.write_with(lied, |group| group).0));
    assert!(error.contains("two of its columns claim"), "{error}");
}

#[test]
fn lies_about_rows_are_refused() {
    let (folder, forged) = (tempfile::tempdir().expect("a folder"), forged());
    for rows in [-1, 0, 1, 119, 121, 1 << 20, 1 << 61, -(1 << 61)] {
        let lied = |group: parquet::file::metadata::RowGroupMetaData| {
            group.into_builder().set_num_rows(rows).build().expect("a row group")
        };
        refused(&place(folder.path(), "rows.parquet", &forged.write_with(|chunk, _, _| chunk, lied).0));
    }
    // The footer and the columns agree on a lie that the pages do not hold.
    for rows in [119, 121, 100_000] {
        let lied = |chunk: ColumnChunkMetaData, _, _| build(chunk.into_builder().set_num_values(rows));
        let lied_of_group = |group: parquet::file::metadata::RowGroupMetaData| {
            group.into_builder().set_num_rows(rows).build().expect("a row group")
        };
        refused(&place(folder.path(), "rows.parquet", &forged.write_with(lied, lied_of_group).0));
    }
}

#[test]
fn lies_about_pages_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let sound = forged();
    let right = answer(&place(folder.path(), "a.parquet", &sound.write().0)).expect("it is read");
    let (costs, tags) = (sound.column("line_item_unblended_cost"), sound.column("resource_tags.key_value.value"));
    let lies: [(&str, PageLie); 9] = [
        ("huge", |page| page.unpacked = i64::from(i32::MAX)),
        ("large", |page| page.unpacked += 1),
        ("small", |page| page.unpacked -= 1),
        ("negative", |page| page.unpacked = -5),
        ("long", |page| page.packed = i64::from(i32::MAX)),
        ("backwards", |page| page.packed = -1),
        ("values", |page| page.values = i64::from(i32::MAX)),
        ("fewer", |page| page.values -= 1),
        ("kind", |page| page.kind = 9),
    ];
    for (column, of) in [(costs, "cost"), (tags, "tag")] {
        for page in 0..sound.chunks[0][column].len() {
            for (name, lie) in lies {
                let mut forged = sound.clone();
                lie(&mut forged.chunks[0][column][page]);
                let path = place(folder.path(), &format!("{of}-{name}.parquet"), &forged.write().0);
                // Where a dictionary has a value or a byte too many or too few that nobody uses, it is no lie.
                match answer(&path) {
                    Ok(found) => assert!(found == right, "{of} {name} {page}"),
                    Err(error) => drop(named(&path, error)),
                }
            }
        }
    }
    let mut forged = sound.clone();
    let page = forged.chunks[0][costs].remove(0);
    forged.chunks[0][costs].push(page);
    refused(&place(folder.path(), "last.parquet", &forged.write().0));
    let mut forged = sound.clone();
    let twin = forged.chunks[0][costs][1].clone();
    forged.chunks[0][costs].push(twin);
    refused(&place(folder.path(), "more.parquet", &forged.write().0));
    let mut forged = sound;
    forged.chunks[0][costs].pop();
    refused(&place(folder.path(), "less.parquet", &forged.write().0));
}

/// A schema element: its name, its children or its type, and whether it is a group.
fn element(name: &str, children: i64, out: &mut Vec<u8>) {
    let is_group = children != 0;
    if !is_group {
        out.push(0x15);
        put(6, out);
    }
    // Repetition, name.
    out.push(if is_group { 0x35 } else { 0x25 });
    put(1, out);
    out.extend([0x18, name.len() as u8]);
    out.extend_from_slice(name.as_bytes());
    if is_group {
        out.push(0x15);
        put(children, out);
    }
    out.push(0);
}

/// A footer with a schema of so many elements and no rows.
fn footer(elements: usize, schema: impl Fn(usize, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0x15, 2, 0x19, 0xfc];
    let mut count = elements;
    while count >= 0x80 {
        out.push(count as u8 | 0x80);
        count >>= 7;
    }
    out.push(count as u8);
    (0..elements).for_each(|at| schema(at, &mut out));
    out.extend([0x16, 0, 0x19, 0x0c, 0]);
    out
}

#[test]
fn shapes_beyond_all_measure_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = footer(10_000, |at, out| element("a", i64::from(at < 9_999), out));
    let error = refused(&place(folder.path(), "deep.parquet", &only_footer(&deep)));
    assert!(error.contains("nests too deep, more than 32 levels"), "{error}");
    let wide = footer(1_000_001, |at, out| element("a", if at == 0 { 1_000_000 } else { 0 }, out));
    let error = refused(&place(folder.path(), "wide.parquet", &only_footer(&wide)));
    assert!(error.contains("1000001 columns, more than 20000"), "{error}");
    let wide = footer(30_001, |at, out| element("a", if at == 0 { 30_000 } else { 0 }, out));
    assert!(refused(&place(folder.path(), "wide.parquet", &only_footer(&wide))).contains("30000 columns"));
    let claims = [&[0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07][..], &[0; 64][..]].concat();
    refused(&place(folder.path(), "claims.parquet", &only_footer(&claims)));
    let nested = [&[0x15, 2][..], &[0x1c; 5_000][..], &[0; 5_001][..]].concat();
    refused(&place(folder.path(), "nested.parquet", &only_footer(&nested)));
    let mut long = only_footer(&[0; 64]);
    let at = long.len() - 8;
    long[at..at + 4].copy_from_slice(&(100_u32 << 20).to_le_bytes());
    let error = refused(&place(folder.path(), "long.parquet", &long));
    assert!(error.contains("100 MiB, more than 64 MiB"), "{error}");
    long[at..at + 4].copy_from_slice(&4_000_u32.to_le_bytes());
    assert!(refused(&place(folder.path(), "long.parquet", &long)).contains("4000 bytes"));
    let few = footer(3, |at, out| element("a", if at == 0 { 2 } else { 0 }, out));
    refused(&place(folder.path(), "few.parquet", &only_footer(&few)));
}

#[test]
fn columns_there_twice_and_statistics_that_are_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = rows();
    let schema = rows.schema();
    let mut fields = schema.fields().to_vec();
    let at = schema.index_of("line_item_unblended_rate").expect("a column");
    fields[at] = std::sync::Arc::new(fields[at].as_ref().clone().with_name("line_item_unblended_cost"));
    let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(fields));
    let twice = arrow::array::RecordBatch::try_new(schema, rows.columns().to_vec()).expect("as many columns");
    let bytes = parquet(&twice, Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    assert!(refused(&place(folder.path(), "twice.parquet", &bytes)).contains("there twice"));
    let sound = Forged::of(&parquet(&rows, Compression::SNAPPY, WriterVersion::PARQUET_1_0));
    let right = answer(&place(folder.path(), "a.parquet", &sound.write().0)).expect("it is read");
    let without = |chunk: ColumnChunkMetaData, _, _| build(chunk.into_builder().clear_statistics());
    let bytes = sound.write_with(without, |group| group).0;
    assert_eq!(answer(&place(folder.path(), "a.parquet", &bytes)).expect("it is read"), right);
}
