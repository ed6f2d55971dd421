//! The floors of `core`: no file reaches for a floor above its own, and none grows past reading.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. Modules of one floor may use each other.
const FLOORS: &[&[&str]] = &[
    &["error"],
    &["schema"],
    &["catalog", "ingest"],
    &["normalize"],
    &["ledger"],
    &["reconcile", "analyze", "replay"],
    &["detector"],
    &["detectors", "planner", "rightsize"],
    &["simulate"],
    &["report"],
    &["render"],
    &["bill", "lib"],
];
const LINES_MAX: usize = 500;

#[test]
fn no_file_reaches_for_a_higher_floor() {
    let source = workspace().join("core/src");
    let files = rust_files(&source);
    assert!(!files.is_empty(), "no Rust files under {}", source.display());
    let wrong: Vec<String> = files.iter().flat_map(|file| climbs(&source, file)).collect();
    assert!(wrong.is_empty(), "these reach for a floor above their own:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_short_enough_to_read() {
    let folders = ["core/src", "cli/src", "python/src"].map(|folder| workspace().join(folder));
    let lines = |file: &PathBuf| read(file).lines().count();
    let long: Vec<String> = folders
        .iter()
        .flat_map(|folder| rust_files(folder))
        .filter(|file| lines(file) > LINES_MAX)
        .map(|file| format!("{}: {} lines", file.display(), lines(&file)))
        .collect();
    assert!(long.is_empty(), "split these, no file may exceed {LINES_MAX} lines:\n{}", long.join("\n"));
}

#[test]
fn uses_are_found_however_they_are_written() {
    let code = "use crate::error::Error;\nuse crate::{\n    ledger::{gather, merge},\n    schema,\n};\n// crate::render\n\
                let x = crate::Bill::open();\nuse super::super::report;\n#[cfg(test)]\nmod tests {\n use crate::render;\n}\n";
    let found = [(1, "error"), (2, "ledger"), (2, "schema"), (7, "Bill"), (8, "report")];
    assert_eq!(uses(code, 2), found.map(|(line, name)| (line, name.to_owned())));
    assert!(floor("Bill") > floor("render"), "what no module defines is the façade's");
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("core lies in the workspace").to_path_buf()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    let files = |path: PathBuf| if path.is_dir() { rust_files(&path) } else { vec![path] };
    paths.into_iter().flat_map(files).filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
}

/// A module's floor; a name that is no module comes through `lib.rs`.
fn floor(module: &str) -> usize {
    FLOORS.iter().position(|floor| floor.contains(&module)).unwrap_or(FLOORS.len() - 1)
}

/// A sentence for each use of a higher floor.
fn climbs(source: &Path, file: &Path) -> Vec<String> {
    let path = file.strip_prefix(source).expect("a file under the source folder").with_extension("");
    let path: Vec<&str> = path.iter().filter_map(|part| part.to_str()).filter(|&part| part != "mod").collect();
    let own = path[0];
    assert!(FLOORS.concat().contains(&own), "{}: `{own}` stands on no floor; add it to FLOORS", file.display());
    let above = uses(&read(file), path.len()).into_iter().filter(|(_, used)| floor(used) > floor(own));
    let name = |module: &str| FLOORS[floor(module)].join(", ");
    above
        .map(|(line, used)| {
            let (low, high) = (name(own), name(&used));
            format!("{}:{line}: floor `{low}` uses `{used}` of the higher floor `{high}`", file.display())
        })
        .collect()
}

/// The top-level names that code in a module so many steps below the root refers to, with their lines. Comments and
/// the tests at a file's end do not count.
fn uses(code: &str, depth: usize) -> Vec<(usize, String)> {
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code = code.replace(&"super::".repeat(depth), "crate::");
    let lines = code.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for (start, root) in code.match_indices("crate::") {
        let (before, after) = (&code[..start], &code[start + root.len()..]);
        if !before.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
            let line = before.matches('\n').count() + 1;
            found.extend(first_names(after).into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// The first name of a path, or of each path of a braced group.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let mut depth = 1;
    let outermost = |character: &char| {
        depth += i32::from(*character == '{') - i32::from(*character == '}');
        depth == 1
    };
    let statement = group.split(';').next().unwrap_or_default();
    let paths: String = statement.chars().filter(outermost).collect();
    paths.split(',').map(name).filter(|name| !name.is_empty()).collect()
}
