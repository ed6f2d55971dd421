//! Gates of a job: conditions on a month's totals under which the job fails.

use std::fmt;
use std::str::FromStr;

use super::Cell;
use crate::analyze::commitments::{CommitmentUse, by_commitment, coverage};
use crate::analyze::costs::from_ledger;
use crate::analyze::request::{CostRow, CostTable, Costs};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::schema::money::{MONEY_SCALE, display_cents, from_text, money_text, ratio};

/// The names of figures, each with what it is.
pub const FIGURES: [(&str, &str); 7] = [
    ("cost", "effective cost"),
    ("unused", "unused commitment"),
    ("coverage", "coverage by commitments, in percent of what they could cover"),
    ("utilization", "utilization of commitments, in percent of what was committed"),
    ("untagged", "resources without any tag, in percent of what all resources cost; `untagged:KEY` without this tag"),
    ("month-over-month", "change of effective cost from the month before, in percent of it"),
    ("savings", "savings found, a month"),
];

/// Above this a percentage is a mistake, and its product with a bill might not fit.
const PERCENT_MAX: i128 = 100_000;
const UNIT: i128 = 10_i128.pow(MONEY_SCALE);

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Cost,
    Unused,
    Coverage,
    Utilization,
    Untagged(Option<String>),
    MonthOverMonth,
    Savings,
}

impl Name {
    /// What it is, in a sentence.
    fn said(&self) -> String {
        let said = match self {
            Name::Cost => "effective cost",
            Name::Unused => "unused commitment",
            Name::Coverage => "coverage by commitments",
            Name::Utilization => "utilization of commitments",
            Name::Untagged(None) => "cost of resources without any tag",
            Name::Untagged(Some(key)) => return format!("cost of resources without the tag {key}"),
            Name::MonthOverMonth => "change of effective cost from the month before",
            Name::Savings => "savings found, a month,",
        };
        said.to_owned()
    }

    fn is_money(&self) -> bool {
        matches!(self, Name::Cost | Name::Unused | Name::Savings)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// A condition under which a job fails: `unused>100`, `coverage<70%`, `untagged:team>=5%`.
///
/// ```
/// use farthing::Gate;
/// let gate: Gate = "coverage < 70 %".parse()?;
/// assert_eq!(gate.to_string(), "coverage<70%");
/// assert!("coverage<70%%".parse::<Gate>().is_err());
/// # Ok::<(), farthing::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    text: String,
    name: Name,
    comparison: Comparison,
    /// In units of 1e-12, of the currency or of percent.
    limit: i128,
}

/// What came of a gate.
#[derive(Debug, Clone, PartialEq)]
pub struct GateResult {
    /// The gate.
    pub gate: String,
    /// Whether the job fails by it: its condition holds, or its figure is missing.
    pub failed: bool,
    /// The figure, money or a share; none when the bill does not have it.
    pub figure: Option<Cell>,
    /// What was found, for people.
    pub detail: String,
}

impl GateResult {
    /// The figure as a decimal, in the bill's currency or in percent; none when the bill does not have it.
    pub fn figure_text(&self) -> Option<String> {
        match self.figure {
            Some(Cell::Money(amount)) => Some(money_text(amount)),
            Some(Cell::Ratio(ratio)) => Some((ratio * 100.0).to_string()),
            _ => None,
        }
    }
}

/// A figure exactly: an amount, or a part of a whole.
enum Figure {
    Money(i128),
    Share(i128, i128),
}

impl fmt::Display for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl FromStr for Gate {
    type Err = Error;

    /// # Errors
    /// [`Error::Gate`] for text that is no gate, [`Error::UnknownName`] for a figure that there is none of.
    fn from_str(text: &str) -> Result<Gate> {
        let fail = |detail: &str| Error::Gate { gate: text.to_owned(), detail: detail.to_owned() };
        let at = text.rfind(['<', '>']).ok_or_else(|| fail("it compares with nothing"))?;
        let (figure, rest) = (text[..at].trim(), &text[at..]);
        let (comparison, limit) = match (rest.strip_prefix(">="), rest.strip_prefix("<="), rest.strip_prefix('>')) {
            (Some(limit), ..) => (Comparison::AtLeast, limit),
            (_, Some(limit), _) => (Comparison::AtMost, limit),
            (.., Some(limit)) => (Comparison::Above, limit),
            _ => (Comparison::Below, &rest[1..]),
        };
        let name = name(figure)?;
        let limit = limit.trim();
        let percent = limit.strip_suffix('%').map(str::trim_end);
        if percent.is_some() && name.is_money() {
            return Err(fail("this figure is an amount in the bill's currency, not a percentage"));
        }
        let number = percent.unwrap_or(limit);
        let is_plain = number.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '.'));
        let units = from_text(number, MONEY_SCALE).filter(|_| is_plain).map(|scaled| scaled.units);
        let units = units.ok_or_else(|| fail("what it compares with is no number"))?;
        if !name.is_money() && units.abs() > PERCENT_MAX * UNIT {
            return Err(fail("no percentage is as large as that"));
        }
        let text: String = if matches!(name, Name::Untagged(Some(_))) {
            format!("{figure}{}", &rest.split_whitespace().collect::<String>())
        } else {
            text.split_whitespace().collect()
        };
        Ok(Gate { text, name, comparison, limit: units })
    }
}

fn name(figure: &str) -> Result<Name> {
    if let Some(key) = figure.strip_prefix("untagged:").map(str::trim).filter(|key| !key.is_empty()) {
        return Ok(Name::Untagged(Some(key.to_owned())));
    }
    Ok(match figure {
        "cost" => Name::Cost,
        "unused" => Name::Unused,
        "coverage" => Name::Coverage,
        "utilization" => Name::Utilization,
        "untagged" => Name::Untagged(None),
        "month-over-month" => Name::MonthOverMonth,
        "savings" => Name::Savings,
        _ => {
            let names = FIGURES.map(|(name, _)| name).join(", ");
            return Err(Error::UnknownName {
                what: "figure of a gate",
                name: figure.to_owned(),
                hint: format!("there are {names}"),
            });
        }
    })
}

impl Gate {
    /// Whether it looks at the savings that were found, which the caller then hands to [`gates`].
    pub fn needs_savings(&self) -> bool {
        self.name == Name::Savings
    }

    fn holds(&self, figure: &Figure) -> bool {
        // A share of nothing was refused before.
        let (value, limit) = match *figure {
            Figure::Money(amount) => (amount, self.limit),
            Figure::Share(part, whole) => match (part.checked_mul(100 * UNIT), whole.checked_mul(self.limit)) {
                (Some(part), Some(limit)) => (part, limit),
                // Amounts of 1e12 and more: a millionth of a percent does not matter.
                _ => (part / 1_000_000 * 100, whole / 1_000_000 * (self.limit / 1_000_000) / (UNIT / 1_000_000)),
            },
        };
        match self.comparison {
            Comparison::Above => value > limit,
            Comparison::AtLeast => value >= limit,
            Comparison::Below => value < limit,
            Comparison::AtMost => value <= limit,
        }
    }
}

/// Looks at the last billing period of a ledger through gates. `savings` is what advice saves a month when it is followed together.
///
/// # Errors
/// [`Error::Currencies`] when the bill holds several currencies.
pub fn gates(ledger: &Ledger, gates: &[Gate], savings: Option<i128>) -> Result<Vec<GateResult>> {
    let currencies = ledger.currencies();
    if currencies.len() > 1 {
        return Err(Error::Currencies { currencies: currencies.join(", ") });
    }
    let periods = ledger.periods();
    let month = Month { ledger, periods: &periods, currency: currencies.first().cloned().unwrap_or_default(), savings };
    gates.iter().map(|gate| month.result(gate)).collect()
}

struct Month<'a> {
    ledger: &'a Ledger,
    periods: &'a [String],
    currency: String,
    savings: Option<i128>,
}

/// A figure, or why there is none.
type Found = std::result::Result<Figure, String>;

impl Month<'_> {
    fn result(&self, gate: &Gate) -> Result<GateResult> {
        let last = self.periods.last().map_or("", String::as_str);
        let found = self.find(gate)?;
        let what = gate.name.said();
        let gate_text = gate.text.clone();
        Ok(match found {
            Ok(figure) => {
                let (shown, cell) = match figure {
                    Figure::Money(amount) => {
                        (format!("{} {}", display_cents(amount), self.currency), Cell::Money(amount))
                    }
                    Figure::Share(part, whole) => {
                        let ratio = ratio(part, whole).unwrap_or_default();
                        (format!("{:.2} %", ratio * 100.0), Cell::Ratio(ratio))
                    }
                };
                let failed = gate.holds(&figure);
                let detail = format!("{what} in {last} is {shown}");
                GateResult { gate: gate_text, failed, figure: Some(cell), detail }
            }
            Err(reason) => {
                let detail = format!("{what} in {last} is not known: {reason}");
                GateResult { gate: gate_text, failed: true, figure: None, detail }
            }
        })
    }

    fn find(&self, gate: &Gate) -> Result<Found> {
        let Some(last) = self.periods.last() else { return Ok(Err("the bill has no rows".to_owned())) };
        let uses = || by_commitment(self.ledger).into_iter().filter(|one| one.period == *last);
        let sum = |pick: fn(&CommitmentUse) -> i128| uses().map(|one| pick(&one)).sum::<i128>();
        let no_commitments = || Err("there is no commitment in it".to_owned());
        Ok(match &gate.name {
            Name::Cost => Ok(Figure::Money(self.cost(last)?)),
            Name::Savings => match self.savings {
                Some(savings) => Ok(Figure::Money(savings)),
                None => Err("nobody looked for savings".to_owned()),
            },
            // Without commitments nothing of them is unused.
            Name::Unused => Ok(Figure::Money(sum(|one| one.sums.unused))),
            Name::Utilization if sum(|one| one.sums.bought) <= 0 => no_commitments(),
            Name::Utilization => Ok(Figure::Share(sum(|one| one.sums.used), sum(|one| one.sums.bought))),
            Name::Coverage => match coverage(self.ledger).into_iter().find(|one| one.period == *last) {
                Some(one) if one.eligible > 0 => Ok(Figure::Share(one.savings_plans + one.reservations, one.eligible)),
                _ => Err("there is nothing that commitments could cover".to_owned()),
            },
            Name::Untagged(key) => {
                let keys = &self.ledger.sets(false).keys;
                let all = (1..keys.len() as u32).filter_map(|at| keys.get(at));
                // AWS's own tags say nothing about whose a resource is.
                let wanted: Vec<&str> = match key {
                    Some(key) => vec![key.as_str()],
                    None => all.clone().filter(|key| !key.starts_with("aws")).collect(),
                };
                if let Some(key) = key.as_ref().filter(|key| !all.clone().any(|one| one == **key)) {
                    return Ok(Err(format!("no resource of the bill has a tag {key}; is it a cost allocation tag?")));
                }
                let by = wanted.iter().map(|key| format!("Tags/{key}"));
                let rows = self.answer(Costs::by(by).filter("ResourceId!=(none)").period(last))?.rows;
                let sum =
                    |rows: &mut dyn Iterator<Item = &CostRow>| rows.map(|row| row.cost.unwrap_or(0)).sum::<i128>();
                match sum(&mut rows.iter()) {
                    whole @ 1.. => {
                        let mut untagged = rows.iter().filter(|row| row.keys.iter().all(Option::is_none));
                        Ok(Figure::Share(sum(&mut untagged), whole))
                    }
                    _ => Err("no resource in it costs anything".to_owned()),
                }
            }
            Name::MonthOverMonth => match self.periods {
                [.., before, last] => match self.cost(before)? {
                    cost @ 1.. => Ok(Figure::Share(self.cost(last)? - cost, cost)),
                    _ => Err(format!("{before} cost nothing")),
                },
                _ => Err("the bill has no other month".to_owned()),
            },
        })
    }

    fn cost(&self, period: &str) -> Result<i128> {
        Ok(self.answer(Costs::default().period(period))?.total.unwrap_or(0))
    }

    fn answer(&self, question: Costs) -> Result<CostTable> {
        from_ledger(self.ledger, &question)?.ok_or_else(|| Error::NotAvailable {
            what: question.by.join(", "),
            reason: "the ledger does not keep these columns together".to_owned(),
        })
    }
}
