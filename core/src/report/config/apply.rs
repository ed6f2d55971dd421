//! A configuration and what detectors found: owners, least savings, and what is not to be proposed.

use std::collections::{BTreeMap, HashMap};

use super::{Config, Exception, Scope, Selector};
use crate::detector::facts::Facts;
use crate::detector::finding::short_name;
use crate::detector::resources::Resource;
use crate::detector::settings::Settings;
use crate::detector::{Detector, SkippedDetector, run};
use crate::detectors::ALL;
use crate::error::Result;
use crate::reconcile::certificate::Skipped;
use crate::schema::recommendations::Recommendation;
use crate::schema::values::day_text;

/// A row that an exception keeps from being proposed. It is in no total.
#[derive(Debug, Clone, PartialEq)]
pub struct Excepted {
    /// What would have been proposed.
    pub row: Recommendation,
    /// Why it is not.
    pub reason: String,
    /// Who answers for that.
    pub owner: Option<String>,
    /// Until when, `2027-03-31`; blank for what a tag protects.
    pub until: String,
}

/// Whether an exception does what it was written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExceptionState {
    /// It keeps rows from being proposed.
    Active,
    /// Its last day is over: its rows are proposed again.
    Expired,
    /// No row is like that: it can go.
    Unmatched,
}

impl ExceptionState {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            ExceptionState::Active => "active",
            ExceptionState::Expired => "expired",
            ExceptionState::Unmatched => "unmatched",
        }
    }
}

/// What became of an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionUse {
    /// Its line in the file.
    pub line: usize,
    /// Why it was written.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its last day, `2027-03-31`; blank for what a tag protects.
    pub until: String,
    /// Whether it does what it was written for.
    pub state: ExceptionState,
    /// Rows that are like that.
    pub rows: usize,
}

/// Rows once a configuration was applied.
#[derive(Debug, Default)]
pub(in crate::report) struct Judged {
    pub(in crate::report) rows: Vec<Recommendation>,
    pub(in crate::report) excepted: Vec<Excepted>,
    /// How many rows are like each exception.
    met: BTreeMap<usize, usize>,
    pub(in crate::report) skipped: Vec<Skipped>,
}

/// Whether text is like a pattern in which `*` stands for any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

impl Selector {
    fn fits(&self, row: &Recommendation, resource: Option<&Resource<'_>>) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        let is_resource = |wanted: &String| {
            row.resource_id.as_deref().is_some_and(|id| is_like(id, wanted) || is_like(short_name(id), wanted))
        };
        let has_tag = |(key, value): &(String, Option<String>)| {
            let found = resource.and_then(|resource| resource.tag(&[key]));
            found.is_some_and(|found| value.as_deref().is_none_or(|value| value == found))
        };
        self.detector.is_none_or(|wanted| wanted == row.detector)
            && self.kind.is_none_or(|wanted| wanted == row.kind)
            && is(&self.account, &row.sub_account_id)
            && is(&self.region, &row.region_id)
            && self.resource.as_ref().is_none_or(is_resource)
            && self.tag.as_ref().is_none_or(has_tag)
    }
}

/// The resources that rows are about.
struct Named<'f>(HashMap<(&'f str, &'f str), Resource<'f>>);

impl<'f> Named<'f> {
    fn of(facts: &'f Facts<'f>, rows: &[Recommendation]) -> Named<'f> {
        Named(facts.resources_named(rows.iter().filter_map(|row| row.resource_id.as_deref())))
    }

    fn get<'r>(&'r self, row: &'r Recommendation) -> Option<&'r Resource<'f>> {
        self.0.get(&(row.sub_account_id.as_str(), row.resource_id.as_deref()?))
    }
}

fn place_of<'c>(config: &'c Config, row: &Recommendation, named: &Named<'_>) -> Option<(usize, &'c Scope)> {
    config.scopes.iter().enumerate().find(|(_, scope)| scope.rows.fits(row, named.get(row)))
}

/// Thresholds, of which the later ones count.
fn settings(texts: &[&[String]]) -> Result<Settings> {
    let mut settings = Settings::default();
    texts.iter().copied().flatten().try_for_each(|text| settings.set(ALL, text))?;
    Ok(settings)
}

/// What detectors find, each scope by its own thresholds; `asked` are thresholds that go before all others.
pub(in crate::report) fn detect(
    detectors: &[&'static Detector],
    facts: &Facts<'_>,
    config: &Config,
    asked: &[String],
) -> Result<(Vec<Recommendation>, Vec<SkippedDetector>)> {
    let (mut rows, skipped) = run(detectors, facts, &settings(&[&config.settings, asked])?)?;
    for (number, scope) in config.scopes.iter().enumerate() {
        let differing: Vec<&'static Detector> =
            detectors.iter().copied().filter(|detector| scope.detectors.contains(&detector.id)).collect();
        if differing.is_empty() {
            continue;
        }
        let (found, _) = run(&differing, facts, &settings(&[&config.settings, &scope.settings, asked])?)?;
        let named = Named::of(facts, &rows);
        let is_here = |row: &Recommendation, named: &Named<'_>| {
            scope.detectors.contains(&row.detector) && place_of(config, row, named).is_some_and(|(at, _)| at == number)
        };
        rows.retain(|row| !is_here(row, &named));
        let named = Named::of(facts, &found);
        rows.extend(found.into_iter().filter(|row| is_here(row, &named)));
    }
    Ok((rows, skipped))
}

impl Config {
    /// Takes out rows that save too little; `asked` goes before what the file says.
    pub(in crate::report) fn worth(&self, rows: &mut Vec<Recommendation>, facts: &Facts<'_>, asked: Option<i128>) {
        let least: Vec<Option<i128>> = {
            let named = Named::of(facts, rows);
            let own = |row| place_of(self, row, &named).and_then(|(_, scope)| scope.savings_min_monthly);
            rows.iter().map(|row| asked.or_else(|| own(row)).or(self.savings_min_monthly)).collect()
        };
        let mut least = least.into_iter();
        rows.retain(|row| least.next().flatten().is_none_or(|least| row.savings_monthly >= least));
    }

    /// Gives rows their owners, and tells those that are proposed from those that are excepted. `today` is the day that
    /// exceptions are held against.
    pub(in crate::report) fn judge(
        &self,
        rows: Vec<Recommendation>,
        facts: &Facts<'_>,
        today: i32,
        judged: &mut Judged,
    ) {
        let named = Named::of(facts, &rows);
        for mut row in rows {
            row.owner = place_of(self, &row, &named).and_then(|(_, scope)| scope.owner.clone());
            let resource = named.get(&row);
            let fitting =
                self.exceptions.iter().enumerate().filter(|(_, exception)| exception.rows.fits(&row, resource));
            let mut excepting: Option<&Exception> = None;
            for (number, exception) in fitting {
                *judged.met.entry(number).or_default() += 1;
                if excepting.is_none() && exception.holds(today) {
                    excepting = Some(exception);
                }
            }
            match excepting {
                None => judged.rows.push(row),
                Some(exception) => judged.excepted.push(Excepted {
                    row,
                    reason: exception.reason.clone(),
                    owner: exception.owner.clone(),
                    until: exception.until_text(),
                }),
            }
        }
    }

    /// What became of each exception.
    pub(in crate::report) fn uses(&self, judged: &Judged, today: i32) -> Vec<ExceptionUse> {
        let used = |(number, one): (usize, &Exception)| one.used(judged.met.get(&number).copied().unwrap_or(0), today);
        self.exceptions.iter().enumerate().map(used).collect()
    }
}

impl Exception {
    fn holds(&self, today: i32) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    fn until_text(&self) -> String {
        self.until.map(day_text).unwrap_or_default()
    }

    fn used(&self, rows: usize, today: i32) -> ExceptionUse {
        let state = match (self.holds(today), rows) {
            (false, _) => ExceptionState::Expired,
            (true, 0) => ExceptionState::Unmatched,
            (true, _) => ExceptionState::Active,
        };
        let (reason, owner) = (self.reason.clone(), self.owner.clone());
        ExceptionUse { line: self.line, reason, owner, until: self.until_text(), state, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn stars_stand_for_any_text() {
        for (text, pattern) in
            [("nat-1", "nat-1"), ("nat-1", "nat-*"), ("nat-1", "*"), ("a/b/c", "a*b*c"), ("aXbbXc", "a*b*c")]
        {
            assert!(is_like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("nat-1", "nat"), ("nat-1", "*2"), ("ab", "a*ab"), ("", "?"), ("abc", "a*b")] {
            assert!(!is_like(text, pattern), "{text} {pattern}");
        }
    }
}
