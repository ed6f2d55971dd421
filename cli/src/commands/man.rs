//! `farthing man`: manual pages, made from the help texts.

use clap::CommandFactory;
use clap_mangen::Man as Page;
use farthing::Error;

use super::Outcome;
use crate::args::{Farthing, Man};
use crate::terminal::Screen;

pub(super) fn run(args: &Man, screen: &Screen) -> Outcome {
    match &args.folder {
        None => {
            let mut page = Vec::new();
            Page::new(Farthing::command()).render(&mut page)?;
            screen.emit(&page, None)?;
        }
        Some(folder) => {
            let fail = |source| Error::io(folder, source);
            std::fs::create_dir_all(folder).map_err(fail)?;
            clap_mangen::generate_to(Farthing::command(), folder).map_err(fail)?;
            screen.note(&format!("wrote manual pages to {}", folder.display()));
        }
    }
    Ok(0)
}
