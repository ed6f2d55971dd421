//! Options of what a shell and its manual take.

use std::path::PathBuf;

use clap::Args;

/// Examples at the end of the help of `completions`.
pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  farthing completions bash
  farthing completions zsh";

/// Examples at the end of the help of `man`.
pub(super) const MAN_EXAMPLES: &str = "\
Examples:
  farthing man
  farthing man share/man/man1";

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write the pages of all commands into this folder, which is made [default: print the page of `farthing`]
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}
