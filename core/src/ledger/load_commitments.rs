//! What a saved ledger holds of commitments.

use super::archive::Reader;
use super::columns::Read;
use super::load::{amount_columns, amounts, column, columns, keyed, within};
use super::tables::{
    CommitmentCell, CommitmentKey, IdentityCell, Ledger, NegationCell, NegationKey, ProductKey, TermsCell, TermsKey,
};
use crate::schema::charges::Text;

/// Reads commitments, what they covered, their terms and the terms of the identity.
pub(super) fn load_commitments(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    let arns = ledger.names.pool(Text::CommitmentDiscountId).len();
    columns!(saved, "commitments", rows_len; bill: u32, arn: u32, hour: i32, account: u32);
    within("bill", &bill, ledger.bills.len())?;
    within("commitment", &arn, arns)?;
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    amount_columns!(
        saved,
        "commitments",
        rows_len,
        bought,
        used,
        unused,
        covered_on_demand,
        bought_units,
        used_units,
        unused_units,
    );
    for at in 0..rows_len {
        let key = CommitmentKey { bill: bill[at], arn: arn[at], hour: hour[at], account: account[at] };
        let cell = CommitmentCell {
            bought: bought.at(at),
            used: used.at(at),
            unused: unused.at(at),
            covered_on_demand: covered_on_demand.at(at),
            bought_units: bought_units.at(at),
            used_units: used_units.at(at),
            unused_units: unused_units.at(at),
        };
        keyed(&mut ledger.commitments, key, cell)?;
    }
    columns!(
        saved, "negation", rows_len; bill: u32, arn: u32, operation: u32, usage_type: u32, zone: u32, day: i32, rows: u64,
    );
    within("bill", &bill, ledger.bills.len())?;
    within("commitment", &arn, arns)?;
    amount_columns!(saved, "negation", rows_len, covered, negated, used);
    for at in 0..rows_len {
        let key = NegationKey {
            bill: bill[at],
            arn: arn[at],
            operation: operation[at],
            usage_type: usage_type[at],
            zone: zone[at],
            day: day[at],
        };
        let cell = NegationCell { covered: covered.at(at), negated: negated.at(at), used: used.at(at), rows: rows[at] };
        keyed(&mut ledger.negation, key, cell)?;
    }
    load_terms(saved, ledger)?;
    columns!(saved, "identity", rows_len; bill: u32, arn: u32, rows: u64);
    within("bill", &bill, ledger.bills.len())?;
    within("commitment", &arn, arns)?;
    amount_columns!(saved, "identity", rows_len, unblended, amortized, amortized_upfront, upfront_fees, refunds);
    for at in 0..rows_len {
        let cell = IdentityCell {
            unblended: unblended.at(at),
            amortized: amortized.at(at),
            amortized_upfront: amortized_upfront.at(at),
            upfront_fees: upfront_fees.at(at),
            refunds: refunds.at(at),
            rows: rows[at],
        };
        keyed(&mut ledger.identity, (bill[at], arn[at]), cell)?;
    }
    Ok(())
}

fn load_terms(saved: &Reader, ledger: &mut Ledger) -> Read<()> {
    columns!(
        saved, "terms", rows_len; arn: u32, account: u32, service: u32, usage_type: u32, operation: u32, region: u32, starts: i64,
        ends: i64,
    );
    within("commitment", &arn, ledger.names.pool(Text::CommitmentDiscountId).len())?;
    within("account", &account, ledger.names.pool(Text::SubAccountId).len())?;
    within("service", &service, ledger.names.pool(Text::ServiceCode).len())?;
    within("usage type", &usage_type, ledger.names.pool(Text::UsageType).len())?;
    within("operation", &operation, ledger.names.pool(Text::Operation).len())?;
    within("region", &region, ledger.names.pool(Text::RegionId).len())?;
    let known = |instant: i64| (instant != i64::MIN).then_some(instant);
    for at in 0..rows_len {
        let product = ProductKey {
            service: service[at],
            usage_type: usage_type[at],
            operation: operation[at],
            region: region[at],
        };
        let cell = TermsCell { starts: known(starts[at]), ends: known(ends[at]) };
        keyed(&mut ledger.terms, TermsKey { arn: arn[at], account: account[at], product }, cell)?;
    }
    Ok(())
}
