//! `farthing catalog`: what AWS sells and for how much, from where and as of when.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use farthing::Error;
use farthing::catalog::lines::PriceLine;
use farthing::catalog::price_lists::folder::PriceLists;
use farthing::catalog::price_lists::{Listed, import};
use farthing::catalog::quotes;
use farthing::ingest::prices::{Prices, PricesWanted, PublishedList};
use farthing::ingest::s3::S3Options;
use farthing::render::catalog::{self, Known};
use farthing::render::counted;
use farthing::render::grid::Grid;
use farthing::render::json;

use super::{Outcome, Problem, open_paths, user_cache};
use crate::args::{Everywhere, Format, Output};
use crate::cataloging::{Action, Catalog, Folder, Show, Update};
use crate::s3::S3;
use crate::terminal::progress::{DownloadingBar, ImportingBar, ReadingBar};
use crate::terminal::{Screen, pages};

/// Where downloads are until they were imported, in the folder of price lists.
const INCOMING: &str = ".incoming";

pub(super) fn run(args: &Catalog, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    match &args.action {
        Action::Show(args) => known(args, everywhere, screen),
        Action::Rates { usage_type, operation, region, folder, output } => {
            let lines = rates(usage_type, operation.as_deref(), region, folder)?;
            show(Known { described: None, lines, name: usage_type.clone(), region: region.clone() }, output, screen)
        }
        Action::Import { files, folder, output } => import_all(files, folder, output, screen),
        Action::Update(args) => update(args, everywhere, screen),
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

/// What is known of an instance type: by the bill, then by price lists.
fn known(args: &Show, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let catalog = with_lists(&args.folder);
    let mut lines = Vec::new();
    if !args.sources.is_empty() {
        let bar = ReadingBar::new(screen);
        let bill = open_paths(&args.sources, &S3::default(), None, everywhere, screen, &bar)?;
        lines = bill.price_lines(&args.name, &args.region)?;
        bar.clear();
    }
    lines.extend(catalog.price_lines(&args.name, &args.region)?);
    let described = catalog.instance_type(&args.name);
    show(Known { described, lines, name: args.name.clone(), region: args.region.clone() }, &args.output, screen)
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

fn update(args: &Update, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let folder = needed(&args.folder)?;
    let incoming = folder.join(INCOMING);
    let mut options = S3Options::new(&incoming);
    options.endpoint_url.clone_from(&args.published_at);
    let prices = Prices::at(options)?;
    let published = prices.published(&wanted(args, everywhere, screen)?, None)?;
    published.missing.iter().for_each(|missing| screen.note(&format!("not published: {missing}")));
    let kept: BTreeSet<String> = PriceLists::of(&folder).kept()?.into_iter().map(|one| one.origin).collect();
    let (current, due): (Vec<&PublishedList>, Vec<&PublishedList>) =
        published.lists.iter().partition(|list| kept.contains(&list.file_name()));
    let mut listed = Vec::new();
    for (number, list) in due.iter().enumerate() {
        let bar =
            DownloadingBar::new(screen, &format!("{} {} ({} of {})", list.offer, list.region, number + 1, due.len()));
        let file = prices.download(list, &incoming, Some(&bar.follow()))?;
        drop(bar);
        let bar = ImportingBar::new(screen);
        let imported = import(&file, &folder, &mut |read, bytes| bar.set(read, bytes))?;
        bar.clear();
        // Its place was for the time between.
        listed.push(Listed { file: list.file_name(), ..imported });
        std::fs::remove_file(&file).map_err(|source| Error::io(&file, source))?;
    }
    let current = counted(current.len() as u64, "list");
    let headline = format!("kept in {}; current already: {current}", folder.display());
    tell("Imported", &headline, &catalog::imported(&listed), &catalog::imported_json(&listed), &args.output, screen)
}

/// What the bill uses, unless it is said.
fn wanted(args: &Update, everywhere: &Everywhere, screen: &Screen) -> Result<PricesWanted, Problem> {
    let mut wanted = PricesWanted::default();
    if !args.sources.is_empty() {
        let bar = ReadingBar::new(screen);
        wanted = open_paths(&args.sources, &args.s3, None, everywhere, screen, &bar)?.prices_wanted()?;
        bar.clear();
    }
    let said = |names: &[String]| names.iter().map(|name| name.trim().to_owned()).collect();
    if !args.services.is_empty() {
        wanted.services = said(&args.services);
    }
    if !args.regions.is_empty() {
        wanted.regions = said(&args.regions);
    }
    if wanted.services.is_empty() || wanted.regions.is_empty() {
        let message = "the bill has nothing that price lists are of use for; name --services and --regions".to_owned();
        return Err(Problem { message, code: 1 });
    }
    Ok(wanted)
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
