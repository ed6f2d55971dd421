//! `farthing catalog`: what AWS sells and for how much, from where and as of when.

use std::path::{Path, PathBuf};

use farthing::catalog::lines::PriceLine;
use farthing::catalog::price_lists::folder::PriceLists;
use farthing::catalog::price_lists::import;
use farthing::catalog::quotes;
use farthing::render::catalog::{self, Known};
use farthing::render::grid::Grid;
use farthing::render::json;

use super::{Outcome, Problem, user_cache};
use crate::args::{Everywhere, Format, Output};
use crate::cataloging::{Action, Catalog, Folder};
use crate::terminal::progress::ImportingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Catalog, _: &Everywhere, screen: &Screen) -> Outcome {
    match &args.action {
        Action::Show { name, region, folder, output } => {
            let catalog = with_lists(folder);
            let lines = catalog.price_lines(name, region)?;
            show(
                Known { described: catalog.instance_type(name), lines, name: name.clone(), region: region.clone() },
                output,
                screen,
            )
        }
        Action::Rates { usage_type, operation, region, folder, output } => {
            let lines = rates(usage_type, operation.as_deref(), region, folder)?;
            show(Known { described: None, lines, name: usage_type.clone(), region: region.clone() }, output, screen)
        }
        Action::Import { files, folder, output } => import_all(files, folder, output, screen),
        Action::List { folder, output } => list(folder, output, screen),
    }
}

/// Where imported price lists are.
pub(super) fn catalog_folder(folder: &Folder) -> Option<PathBuf> {
    let set = || std::env::var_os("FARTHING_CATALOG").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    folder.folder.clone().or_else(set).or_else(|| user_cache("catalog"))
}

/// The catalog with imported price lists before the bundled ones.
pub(super) fn with_lists(folder: &Folder) -> quotes::Catalog {
    let catalog = quotes::Catalog::bundled();
    match catalog_folder(folder) {
        Some(folder) => catalog.with_lists(&folder),
        None => catalog,
    }
}

fn needed(folder: &Folder) -> Result<PathBuf, Problem> {
    catalog_folder(folder).ok_or_else(|| Problem {
        message: "there is no folder for price lists: neither XDG_CACHE_HOME nor HOME is set; use --catalog DIR"
            .to_owned(),
        code: super::USAGE,
    })
}

fn show(known: Known, output: &Output, screen: &Screen) -> Outcome {
    if known.described.is_none() && known.lines.is_empty() {
        let message = format!(
            "nothing is known of `{}` in {}: check the spelling, or import AWS's price list of it with `farthing catalog \
             import FILE`",
            known.name, known.region
        );
        return Err(Problem { message, code: 1 });
    }
    let text = match output.format() {
        Format::Table => pages::known(&known, screen.look(output.file.is_some())),
        Format::Json => json::text(&catalog::json(&known)),
        Format::Csv => catalog::rows_csv(&catalog::json(&known)),
        Format::Markdown => catalog::markdown(&known),
    };
    screen.emit(&text, output.file.as_deref())?;
    Ok(0)
}

fn rates(usage_type: &str, operation: Option<&str>, region: &str, folder: &Folder) -> Result<Vec<PriceLine>, Problem> {
    let lists = PriceLists::of(&needed(folder)?);
    let found = match operation {
        Some(operation) => lists.find(region, usage_type, operation)?,
        None => lists.matching(
            region,
            &|other| other == farthing::catalog::usage_types::without_region(usage_type),
            &|_| true,
        )?,
    };
    Ok(found.into_iter().map(PriceLine::from).collect())
}

fn import_all(files: &[PathBuf], folder: &Folder, output: &Output, screen: &Screen) -> Outcome {
    let folder = needed(folder)?;
    let bar = ImportingBar::new(screen);
    let read = |file: &Path| import(file, &folder, &mut |read, bytes| bar.set(read, bytes));
    let listed = files.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    bar.clear();
    let headline = format!("kept in {}", folder.display());
    tell("Imported", &headline, &catalog::imported(&listed), &catalog::imported_json(&listed), output, screen)
}

fn list(folder: &Folder, output: &Output, screen: &Screen) -> Outcome {
    let folder = needed(folder)?;
    let kept = PriceLists::of(&folder).kept()?;
    let headline = format!("in {}", folder.display());
    tell("Price lists", &headline, &catalog::kept(&kept), &catalog::kept_json(&kept), output, screen)
}

fn tell(
    title: &str,
    headline: &str,
    grid: &Grid,
    document: &serde_json::Value,
    output: &Output,
    screen: &Screen,
) -> Outcome {
    let text = match output.format() {
        Format::Table => pages::titled(title, headline, grid, screen.look(output.file.is_some())),
        Format::Json => json::text(document),
        Format::Csv => catalog::rows_csv(document),
        Format::Markdown => catalog::grid_markdown(title, grid),
    };
    screen.emit(&text, output.file.as_deref())?;
    Ok(0)
}
