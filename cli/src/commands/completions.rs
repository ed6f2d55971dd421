//! `farthing completions`: completions for a shell.

use clap::CommandFactory;

use super::Outcome;
use crate::args::{Completions, Farthing};
use crate::terminal::Screen;

pub(super) fn run(args: &Completions, screen: &Screen) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Farthing::command(), "farthing", &mut script);
    screen.emit(&script, None)?;
    Ok(0)
}
