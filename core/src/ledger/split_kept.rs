//! The instances that are split, as columns of a saved ledger.

use std::io::Write;

use super::archive::{Reader, Writer};
use super::canonical::Canonical;
use super::columns::Read;
use super::load::within;
use super::split_costs::{ParentKey, SplitHour};
use super::tables::Ledger;
use crate::schema::charges::Text;

/// Writes them in order of bill, resource and hour.
pub(super) fn save_split_costs<W: Write>(
    ledger: &Ledger,
    order: &Canonical,
    out: &mut Writer<W>,
) -> std::io::Result<()> {
    let table = &ledger.split_costs;
    let key = |(bill, resource): ParentKey| (order.bills[bill as usize], order.id(Text::ResourceId, resource));
    let mut hours: Vec<(ParentKey, i32, &SplitHour)> =
        table.hours.iter().map(|((parent, hour), cell)| (key(table.parents.key(parent)), hour, cell)).collect();
    hours.sort_unstable_by_key(|row| (row.0, row.1));
    out.put("split_costs/bill", hours.iter().map(|row| row.0.0))?;
    out.put("split_costs/resource", hours.iter().map(|row| row.0.1))?;
    out.put("split_costs/hour", hours.iter().map(|row| row.1))?;
    out.put("split_costs/rows", hours.iter().map(|row| row.2.rows))?;
    out.amounts("split_costs/amortized", hours.iter().map(|row| row.2.amortized))?;
    out.amounts("split_costs/effective", hours.iter().map(|row| row.2.effective))
}

/// Reads them.
pub(super) fn load_split_costs(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    let (bills, resources) = (saved.take::<u32>("split_costs/bill")?, saved.take::<u32>("split_costs/resource")?);
    let (hours, rows) = (saved.take::<i32>("split_costs/hour")?, saved.take::<u32>("split_costs/rows")?);
    let amortized = saved.take_amounts("split_costs/amortized")?;
    let effective = saved.take_amounts("split_costs/effective")?;
    let lens = [resources.len(), hours.len(), rows.len(), amortized.len(), effective.len()];
    if lens.iter().any(|&len| len != bills.len()) {
        return Err(format!("split_costs: columns of {} and {lens:?} rows", bills.len()));
    }
    within("bill", &bills, ledger.bills.len())?;
    within("resource", &resources, ledger.names.pool(Text::ResourceId).len())?;
    for at in 0..bills.len() {
        let cell = SplitHour { rows: rows[at], amortized: amortized.at(at), effective: effective.at(at) };
        ledger.split_costs.put((bills[at], resources[at]), hours[at], cell);
    }
    if ledger.split_costs.hours.len() == bills.len() {
        Ok(())
    } else {
        Err("an hour of an instance is there twice".to_owned())
    }
}
