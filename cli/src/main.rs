//! The `farthing` command: accounts for an AWS bill to the last farthing.

mod args;
mod commands;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Farthing::parse();
    let screen = terminal::Screen::new(&args.everywhere);
    match commands::run(&args, &screen) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            screen.message(&format!("farthing: {}", problem.message));
            ExitCode::from(problem.code)
        }
    }
}
