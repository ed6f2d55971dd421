//! `farthing store`: the ledgers that are kept.

use farthing::Store;
use farthing::ledger::store::Listed;
use farthing::render::{bytes_text, counted, json, kept};

use super::{CHECK_FAILED, Outcome, Problem, store_folder};
use crate::args::{self, Everywhere, Format, Output, StoreAction};
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &args::Store, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let folder = store_folder(everywhere).ok_or_else(|| {
        let message =
            "there is no store: --no-store was said, or neither XDG_CACHE_HOME nor HOME is set; use --store DIR";
        Problem { message: message.to_owned(), code: super::USAGE }
    })?;
    let store = Store::open(&folder)?;
    match &args.action {
        StoreAction::List { output } => list(&store, &folder.display().to_string(), output, screen),
        StoreAction::Verify => verify(&store, screen),
        StoreAction::Prune { all, dry_run } => prune(&store, *all, *dry_run, screen),
    }
}

fn list(store: &Store, folder: &str, output: &Output, screen: &Screen) -> Outcome {
    let all = store.list()?;
    let text = match output.format() {
        Format::Table => pages::kept(&all, folder, screen.look(output.file.is_some())),
        Format::Json => json::text(&kept::json(&all)),
        Format::Csv => kept::csv(&all),
        Format::Markdown => kept::markdown(&all),
    };
    screen.emit(&text, output.file.as_deref())?;
    Ok(0)
}

/// Every ledger, and what is wrong with it.
fn verify(store: &Store, screen: &Screen) -> Outcome {
    let all = store.list()?;
    let mut text = String::new();
    let mut bad = 0;
    for listed in &all {
        let wrong = store.verify(&listed.name)?;
        bad += u64::from(!wrong.is_empty());
        let said = if wrong.is_empty() { "sound".to_owned() } else { wrong.join("; ") };
        text.push_str(&format!("{}: {said}\n", listed.name));
    }
    screen.emit(&text, None)?;
    screen.note(&format!("{} checked, {bad} with something wrong", counted(all.len() as u64, "ledger")));
    Ok(if bad > 0 { CHECK_FAILED } else { 0 })
}

fn prune(store: &Store, everything: bool, dry_run: bool, screen: &Screen) -> Outcome {
    let goes = |listed: &Listed| everything || listed.superseded || listed.entry.is_err();
    let gone: Vec<Listed> = store.list()?.into_iter().filter(goes).collect();
    for listed in &gone {
        if !dry_run {
            store.remove(&listed.name)?;
        }
    }
    if !dry_run {
        store.sweep()?;
    }
    let names: String = gone.iter().map(|listed| format!("{}\n", listed.name)).collect();
    screen.emit(&names, None)?;
    let (count, bytes) = (counted(gone.len() as u64, "ledger"), gone.iter().map(|listed| listed.bytes).sum());
    let did = if dry_run { "would remove" } else { "removed" };
    screen.note(&format!("{did} {count}, {}", bytes_text(bytes)));
    Ok(0)
}
