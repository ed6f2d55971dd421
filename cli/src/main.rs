//! The `farthing` command: accounts for an AWS bill to the last farthing.

mod advising;
mod args;
mod cataloging;
mod commands;
mod measuring;
mod planning;
mod rightsizing;
mod s3;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Farthing::parse();
    keep_quiet_about_decoders();
    let screen = terminal::Screen::new(&args.everywhere);
    match commands::run(&args, &screen) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            screen.message(&format!("farthing: {}", problem.message));
            ExitCode::from(problem.code)
        }
    }
}

/// A decoder that panics on a damaged file becomes an error that names the file; its own words would only confuse.
fn keep_quiet_about_decoders() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !farthing::ingest::guard::is_decoding() {
            usual(panic);
        }
    }));
}
