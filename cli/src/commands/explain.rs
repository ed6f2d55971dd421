//! `farthing explain`: a detector's guide.

use farthing::detector::settings::find;
use farthing::detectors::ALL;
use farthing::render::registry;

use super::Outcome;
use crate::args::Explain;
use crate::terminal::Screen;

pub(super) fn run(args: &Explain, screen: &Screen) -> Outcome {
    let text = registry::explain(find(ALL, &args.detector)?);
    screen.emit(&text, args.file.as_deref())?;
    Ok(0)
}
