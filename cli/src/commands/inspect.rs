//! `farthing inspect`: what there is, from names, manifests, footers and headers, and what reading it shows.

use farthing::ingest::s3::{S3Uri, iam_policy};
use farthing::render::{csv, json, markdown};

use super::{NOT_STRICT, Outcome, Problem, open, tell_store};
use crate::args::{Everywhere, Format, Inspect};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Inspect, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    if args.iam {
        return iam(args, screen);
    }
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let inventory = bill.inventory();
    let certificate = if args.quick { None } else { Some(bill.reconcile(None)?) };
    bar.clear();
    let certificate = certificate.as_ref();
    let text = match args.output.format() {
        Format::Table => pages::inventory(inventory, certificate, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::inventory(inventory, certificate)),
        Format::Csv => csv::inventory(inventory, certificate),
        Format::Markdown => markdown::inventory(inventory, certificate),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    tell_store(&bill, screen);
    Ok(if everywhere.strict && !inventory.notes.is_empty() { NOT_STRICT } else { 0 })
}

/// The least that credentials must be allowed. It follows from the address alone.
fn iam(args: &Inspect, screen: &Screen) -> Outcome {
    let [source] = args.sources.sources.as_slice() else {
        return Err(Problem {
            message: "--iam is about one SOURCE; name one export on S3".to_owned(),
            code: super::USAGE,
        });
    };
    let policy = iam_policy(&S3Uri::parse(&source.to_string_lossy())?, args.kms_key.as_deref());
    screen.emit(&policy, args.output.file.as_deref())?;
    if args.kms_key.is_none() {
        screen.note("if the bucket is encrypted with a key of KMS, name it with --kms-key ARN");
    }
    Ok(0)
}
