//! Pages under `docs/` that are written from definitions: `FARTHING_WRITE_PAGES=1` writes them, otherwise they must
//! be what would be written.

use std::fs;
use std::path::Path;

use farthing::schema::charges::all_columns;

fn page(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("docs").join(name);
    if std::env::var_os("FARTHING_WRITE_PAGES").is_some() {
        fs::create_dir_all(path.parent().expect("docs")).expect("a folder");
        fs::write(&path, text).expect("the page is written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/{name} is out of date: run the tests once with FARTHING_WRITE_PAGES=1");
}

#[test]
fn columns_of_a_charge() {
    let mut text = "# Columns of a charge\n\nFOCUS names, and `x_` names where FOCUS has no word. `--by`, `--where` and \
                    `charges()` take them whatever their case.\nThis page is written by a test from the definitions.\n\n\
                    | column | meaning | made from |\n|---|---|---|\n"
        .to_owned();
    for column in all_columns() {
        let from: Vec<String> = column.from.iter().map(|item| format!("`{}`", item.name())).collect();
        text += &format!("| `{}` | {} | {} |\n", column.name, column.description, from.join(", "));
    }
    page("columns.md", &text);
}

#[test]
fn detectors_and_their_guides() {
    page("detectors.md", &farthing::render::registry::page(farthing::detectors::ALL));
}
