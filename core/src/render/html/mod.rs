//! The monthly report as one HTML file: nothing is loaded, no script runs, and all text of the bill is escaped.
//!
//! The page has a light and a dark theme, reads on a phone and on paper, and needs no script. Its content security policy
//! allows its own style and nothing else, so that even a mistake in escaping could not load or run anything.

mod view;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use sha2::{Digest, Sha256};

use self::view::Page;
use crate::error::{Error, Result};
use crate::report::Report;

const TEMPLATE: &str = include_str!("report.html");
const MACROS: &str = include_str!("macros.html");
const STYLE: &str = include_str!("style.css");

/// The monthly report.
///
/// # Errors
/// [`Error::Render`] when a chart cannot be drawn.
pub fn report(report: &Report) -> Result<String> {
    let style = STYLE.trim();
    let page = Page::of(report, style, &source_of(style))?;
    let fail = |error: minijinja::Error| Error::Render { what: "the HTML report", detail: format!("{error:#}") };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(fail)?);
    templates.add_template("macros.html", MACROS).map_err(fail)?;
    templates.add_template("report.html", TEMPLATE).map_err(fail)?;
    templates.get_template("report.html").and_then(|template| template.render(Serde(page))).map_err(fail)
}

/// A style as a source in a content security policy: its hash in base64.
fn source_of(style: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(style.as_bytes())))
}
