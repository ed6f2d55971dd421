//! The shape of what was measured and does nothing.

use super::facts::Facts;
use super::finding::Finding;
use super::settings::{Settings, Threshold};
use super::usage::Usage;
use crate::ingest::metrics::Metrics;
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::UsageChange;

/// Hours of measurements without which nothing is claimed: half of the shortest look-back.
pub const MEASURED_HOURS_MIN: f64 = 168.0;

/// What of a metric must be little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// The highest measurement.
    Peak,
    /// The sum of any day, in millions.
    DailyMillions,
    /// The sum of any day.
    Daily,
    /// The sum of all.
    Total,
}

/// One metric that must be little.
#[derive(Debug)]
pub struct Measure {
    /// CloudWatch's names for it; the first that was measured counts.
    pub metrics: &'static [&'static str],
    /// What of it.
    pub amount: Amount,
    /// Up to how much is nothing.
    pub most: &'static Threshold,
    /// Its key in the evidence.
    pub evidence: &'static str,
}

impl Measure {
    /// The figure; `None` where it was not measured, or not in a way that says so.
    fn of(&self, series: &[Series]) -> Option<f64> {
        let known = |name: &&str| {
            let sum = Metrics::exactly(series, name, Statistic::Sum);
            let found = match self.amount {
                Amount::Peak => Metrics::find(series, &[name]),
                Amount::DailyMillions | Amount::Daily | Amount::Total => sum,
            };
            // An average hides a peak, and so does a sum only of what cannot be negative.
            found.filter(|one| one.hours() >= MEASURED_HOURS_MIN && one.statistic != Statistic::Minimum)
        };
        let series = self.metrics.iter().find_map(known)?;
        Some(match self.amount {
            Amount::Peak => series.max(),
            Amount::DailyMillions => most_daily(series) / 1e6,
            Amount::Daily => most_daily(series),
            Amount::Total => series.sum,
        })
    }
}

/// The greatest sum of a day.
fn most_daily(series: &Series) -> f64 {
    series.days.iter().map(|day| day.sum).fold(0.0, f64::max)
}

/// Something that is billed by the hour, was measured, and does nothing.
#[derive(Debug)]
pub struct Quiet {
    /// What is billed, and would not be any more.
    pub billed: Usage,
    /// All of these must be little. Where one was not measured, nothing is claimed.
    pub measures: &'static [&'static Measure],
    /// Hours that must have been billed in the look-back.
    pub hours_min: &'static Threshold,
}

impl Quiet {
    /// What is found.
    pub fn findings(&self, facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
        let Some(metrics) = facts.metrics else { return Vec::new() };
        let meter = facts.meter(&self.billed);
        let hours_min = settings.get(self.hours_min);
        let most: Vec<f64> = self.measures.iter().map(|measure| settings.get(measure.most)).collect();
        let mut found = Vec::new();
        for resource in facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)) {
            let hours = resource.hours(&meter).alive();
            let series = metrics.of(resource.id());
            let figures: Option<Vec<f64>> = self.measures.iter().map(|measure| measure.of(series)).collect();
            let Some(figures) = figures.filter(|_| f64::from(hours) >= hours_min) else { continue };
            if figures.iter().zip(&most).any(|(figure, most)| figure > most) {
                continue;
            }
            let Some(product) = resource.main_product(&meter) else { continue };
            let finding = Finding::of(&resource, resource.spend(&meter))
                .uses(UsageChange::GoneOf(facts.usage_types(&meter)))
                .change(facts.products[product as usize].usage_type, "none")
                .because("hours_billed", hours);
            let told = self.measures.iter().zip(&figures);
            found.push(
                told.fold(finding, |finding, (measure, figure)| {
                    finding.because(measure.evidence, format!("{figure:.2}"))
                }),
            );
        }
        found
    }
}
