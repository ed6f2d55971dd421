//! How a configuration is written, and what is said of one that is written otherwise.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{Config, Exception, Scope, Selector};
use crate::detector::settings::{Settings, find};
use crate::detectors::ALL;
use crate::error::{Error, Result};
use crate::schema::money::{MONEY_SCALE, from_f64};
use crate::schema::recommendations::Kind;
use crate::schema::values::parse_day;

type Thresholds = BTreeMap<String, BTreeMap<String, Spanned<f64>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    min_savings: Option<Spanned<f64>>,
    #[serde(default)]
    protected_tags: Vec<Spanned<String>>,
    #[serde(default)]
    thresholds: Thresholds,
    #[serde(default)]
    scope: Vec<Spanned<WrittenScope>>,
    #[serde(default)]
    exception: Vec<Spanned<WrittenException>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenScope {
    account: Option<String>,
    region: Option<String>,
    tag: Option<Spanned<String>>,
    owner: Option<String>,
    min_savings: Option<Spanned<f64>>,
    #[serde(default)]
    thresholds: Thresholds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenException {
    detector: Option<Spanned<String>>,
    kind: Option<Spanned<String>>,
    account: Option<String>,
    region: Option<String>,
    resource: Option<String>,
    tag: Option<Spanned<String>>,
    reason: Option<Spanned<String>>,
    owner: Option<String>,
    until: Option<Spanned<toml::Value>>,
}

/// The file that is read, for what is said of it.
struct Place<'a> {
    name: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        self.text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1)
    }

    fn error(&self, span: &Range<usize>, key: &str, detail: impl Into<String>) -> Error {
        Error::Config { file: self.name.to_owned(), line: self.line(span), key: key.to_owned(), detail: detail.into() }
    }

    /// What is before the `=` or between the brackets of the line where something is wrong.
    fn key(&self, span: &Range<usize>) -> &str {
        let line = self.text.lines().nth(self.line(span) - 1).unwrap_or_default();
        line.split('=').next().unwrap_or_default().trim().trim_matches(['[', ']'])
    }
}

pub(super) fn read(name: &str, text: &str) -> Result<Config> {
    let place = Place { name, text };
    let file: File = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        place.error(&span, place.key(&span), error.message().replace('\n', "; "))
    })?;
    let protected = file.protected_tags.iter().map(|written| {
        let rows =
            Selector { kind: Some(Kind::Idle), tag: tag(&place, "protected_tags", written)?, ..Selector::default() };
        let reason = format!("protected by its tag {}", written.get_ref());
        Ok(Exception { line: place.line(&written.span()), rows, reason, owner: None, until: None })
    });
    let protected: Vec<Exception> = protected.collect::<Result<_>>()?;
    let exceptions = file.exception.iter().map(|written| exception(&place, written));
    Ok(Config {
        name: name.to_owned(),
        savings_min_monthly: least(&place, file.min_savings.as_ref())?,
        scopes: file.scope.iter().map(|written| scope(&place, written)).collect::<Result<_>>()?,
        exceptions: protected.into_iter().map(Ok).chain(exceptions).collect::<Result<_>>()?,
        settings: settings(&place, &file.thresholds)?,
    })
}

/// Thresholds as the command's `--set` takes them, each of which was tried.
fn settings(place: &Place<'_>, thresholds: &Thresholds) -> Result<Vec<String>> {
    let mut settings = Vec::new();
    for (detector, values) in thresholds {
        for (threshold, value) in values {
            let setting = format!("{detector}.{threshold}={}", value.get_ref());
            let key = format!("{detector}.{threshold}");
            Settings::default().set(ALL, &setting).map_err(|error| {
                let detail = match error {
                    Error::Threshold { detail, .. } => detail,
                    other => other.to_string(),
                };
                place.error(&value.span(), &key, detail)
            })?;
            settings.push(setting);
        }
    }
    Ok(settings)
}

fn least(place: &Place<'_>, written: Option<&Spanned<f64>>) -> Result<Option<i128>> {
    let Some(written) = written else { return Ok(None) };
    let units = from_f64(*written.get_ref(), MONEY_SCALE).map(|amount| amount.units).filter(|&units| units >= 0);
    let units =
        units.ok_or_else(|| place.error(&written.span(), "min_savings", "it must be an amount of 0 or more"))?;
    Ok(Some(units))
}

type Tag = Option<(String, Option<String>)>;

fn tag(place: &Place<'_>, key: &str, written: &Spanned<String>) -> Result<Tag> {
    let (name, value) = match written.get_ref().split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
        None => (written.get_ref().trim(), None),
    };
    if name.is_empty() {
        return Err(place.error(&written.span(), key, "write KEY or KEY=VALUE"));
    }
    Ok(Some((name.to_owned(), value)))
}

fn optional_tag(place: &Place<'_>, written: Option<&Spanned<String>>) -> Result<Tag> {
    written.map_or(Ok(None), |written| tag(place, "tag", written))
}

fn scope(place: &Place<'_>, written: &Spanned<WrittenScope>) -> Result<Scope> {
    let (span, scope) = (written.span(), written.get_ref());
    let rows = Selector {
        account: scope.account.clone(),
        region: scope.region.clone(),
        tag: optional_tag(place, scope.tag.as_ref())?,
        ..Selector::default()
    };
    if rows == Selector::default() {
        return Err(place.error(&span, "scope", "say where it holds: account, region or tag"));
    }
    let detectors = scope.thresholds.keys().map(|id| find(ALL, id).map(|detector| detector.id));
    Ok(Scope {
        rows,
        owner: scope.owner.clone(),
        savings_min_monthly: least(place, scope.min_savings.as_ref())?,
        settings: settings(place, &scope.thresholds)?,
        detectors: detectors.collect::<Result<_>>()?,
    })
}

fn exception(place: &Place<'_>, written: &Spanned<WrittenException>) -> Result<Exception> {
    let (span, exception) = (written.span(), written.get_ref());
    let detector = exception.detector.as_ref().map(|id| match find(ALL, id.get_ref()) {
        Ok(detector) => Ok(detector.id),
        Err(error) => Err(place.error(&id.span(), "detector", error.to_string())),
    });
    let kind = exception.kind.as_ref().map(|word| {
        let kinds = || Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        Kind::from_name(word.get_ref()).ok_or_else(|| {
            place.error(&word.span(), "kind", format!("unknown kind `{}`; it is one of {}", word.get_ref(), kinds()))
        })
    });
    let rows = Selector {
        detector: detector.transpose()?,
        kind: kind.transpose()?,
        account: exception.account.clone(),
        region: exception.region.clone(),
        resource: exception.resource.clone(),
        tag: optional_tag(place, exception.tag.as_ref())?,
    };
    if rows == Selector::default() {
        let detail = "it would be about everything: say detector, kind, account, region, resource or tag";
        return Err(place.error(&span, "exception", detail));
    }
    let reason = exception.reason.as_ref().filter(|reason| !reason.get_ref().trim().is_empty());
    let reason = reason.ok_or_else(|| place.error(&span, "reason", "an exception needs a reason"))?.get_ref().clone();
    let until = exception.until.as_ref();
    let until =
        until.ok_or_else(|| place.error(&span, "until", "an exception needs its last day, like until = 2027-03-31"))?;
    Ok(Exception {
        line: place.line(&span),
        rows,
        reason,
        owner: exception.owner.clone(),
        until: Some(day(place, until)?),
    })
}

/// A day, written as a date of TOML or as text.
fn day(place: &Place<'_>, written: &Spanned<toml::Value>) -> Result<i32> {
    let text = match written.get_ref() {
        toml::Value::String(text) => text.clone(),
        toml::Value::Datetime(date) => date.to_string(),
        other => format!("a value of type {}", other.type_str()),
    };
    parse_day(&text)
        .ok_or_else(|| place.error(&written.span(), "until", format!("`{text}` is no day; write it like 2027-03-31")))
}
