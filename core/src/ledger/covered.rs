//! The part of the fold that is about commitments: demand that one could cover, use of those there are, and fees.

use super::gather::{Gatherer, SECONDS_PER_HOUR};
use super::tables::{CommitmentCell, CommitmentKey, NegationKey, ProductCell, ProductKey, SeriesKey};
use crate::normalize::ChargeBatch;
use crate::schema::charges::{Metric, Text};
use crate::schema::names::{NONE, Names};
use crate::schema::values::{CommitmentStatus, LineItemType, Pricing};

impl Gatherer {
    #[inline]
    pub(super) fn fold_demand(
        &mut self,
        batch: &ChargeBatch,
        row: usize,
        (bill, account, product): (u32, u32, u32),
        hour: i32,
    ) {
        let kind = batch.line_item_type[row];
        let cell = *self.ledger.products.at_mut(product);
        if !cell.eligible
            || !kind.counts_usage()
            || batch.pricing[row] == Pricing::Dynamic as u8
            || row >= batch.line_items
        {
            return;
        }
        let zone = if cell.zonal { batch.ids(Text::AvailabilityZone)[row] } else { NONE };
        let key = SeriesKey { bill, account, product, zone, covered_by: batch.commitment_kind[row] };
        let series = self.ledger.series.place(key, || None);
        if let Some(rate) = batch.rate[row].or_else(|| reserved_rate(batch, row)) {
            let rates = self.ledger.series.at_mut(series);
            *rates = Some(rates.map_or((rate, rate), |(least, greatest)| (least.min(rate), greatest.max(rate))));
        }
        let on_demand = match kind {
            LineItemType::DiscountedUsage => batch.cost(Metric::ListCost)[row],
            _ => batch.cost(Metric::UnblendedCost)[row],
        };
        let hour = self.ledger.demand.cell((series, hour));
        hour.quantity += batch.quantity[row];
        hour.on_demand += on_demand;
    }

    pub(super) fn fold_commitment(&mut self, batch: &ChargeBatch, row: usize, bill: u32, hour: i32, day: i32) {
        let arn = batch.ids(Text::CommitmentDiscountId)[row];
        let kind = batch.line_item_type[row];
        let unblended = batch.cost(Metric::UnblendedCost)[row];
        let amortized = batch.cost(Metric::AmortizedCost)[row];
        let identity = self.ledger.identity.cell((bill, arn));
        identity.unblended += unblended;
        identity.amortized += amortized;
        identity.rows += u64::from(row < batch.line_items);
        if batch.commitment_status[row] == CommitmentStatus::Used as u8 {
            let account = batch.ids(Text::SubAccountId)[row];
            let used = CommitmentCell {
                used: amortized,
                used_units: if kind == LineItemType::DiscountedUsage { batch.units[row] } else { 0 },
                covered_on_demand: match kind {
                    LineItemType::DiscountedUsage => batch.cost(Metric::ListCost)[row],
                    _ => unblended,
                },
                ..CommitmentCell::default()
            };
            self.ledger.commitments.cell(CommitmentKey { bill, arn, hour, account }).absorb(&used);
        }
        if matches!(kind, LineItemType::SavingsPlanCoveredUsage | LineItemType::SavingsPlanNegation) {
            let cell = self.ledger.negation.cell(NegationKey {
                bill,
                arn,
                operation: batch.ids(Text::Operation)[row],
                usage_type: batch.ids(Text::UsageType)[row],
                zone: batch.ids(Text::AvailabilityZone)[row],
                day,
            });
            cell.rows += 1;
            match kind {
                LineItemType::SavingsPlanNegation => cell.negated += unblended,
                _ => cell.covered += unblended,
            }
        }
    }

    /// Fee rows: what was bought and unused, and the terms of the identity.
    pub(super) fn fold_terms(&mut self, batch: &ChargeBatch) {
        for terms in &batch.terms {
            let row = terms.row;
            let bill = self.bill(batch, row);
            let arn = batch.ids(Text::CommitmentDiscountId)[row];
            let identity = self.ledger.identity.cell((bill, arn));
            identity.amortized_upfront += terms.amortized_upfront;
            identity.upfront_fees += terms.upfront_fee;
            identity.refunds += terms.refund;
            if terms.bought == 0 && terms.unused == 0 && terms.bought_units == 0 {
                continue;
            }
            let hour = (batch.start[row] - batch.period_start[row]).div_euclid(SECONDS_PER_HOUR) as i32;
            let account = batch.ids(Text::SubAccountId)[row];
            let bought = CommitmentCell {
                bought: terms.bought,
                unused: terms.unused,
                bought_units: terms.bought_units,
                unused_units: terms.unused_units,
                ..CommitmentCell::default()
            };
            self.ledger.commitments.cell(CommitmentKey { bill, arn, hour, account }).absorb(&bought);
        }
    }
}

/// What a reserved hour cost, from its effective cost; rounded half to even.
fn reserved_rate(batch: &ChargeBatch, row: usize) -> Option<i128> {
    let reserved = batch.line_item_type[row] == LineItemType::DiscountedUsage && batch.quantity[row] != 0;
    let cost = batch.cost(Metric::AmortizedCost)[row];
    reserved.then(|| crate::schema::money::scale_by(cost, 1_000_000_000_000_000, batch.quantity[row])).flatten()
}

/// Whether reservations or Savings Plans could cover a product: by the services they are sold for and the usage
/// types that their price lists name. Data transfer and Spot are never covered.
pub(super) fn product_cell(key: ProductKey, names: &Names) -> ProductCell {
    let service = names.get(Text::ServiceCode, key.service).unwrap_or_default();
    let usage_type = names.get(Text::UsageType, key.usage_type).unwrap_or_default();
    let operation = names.get(Text::Operation, key.operation).unwrap_or_default();
    let has = |parts: &[&str]| parts.iter().any(|part| usage_type.contains(part));
    let instance = has(&["BoxUsage", "DedicatedUsage", "HostBoxUsage", "UnusedBox", "UnusedDed"]);
    let eligible = match service {
        "AmazonEC2" => instance && operation.starts_with("RunInstances"),
        "AWSLambda" => has(&["Lambda-GB-Second", "Lambda-Provisioned", "Request"]),
        "AmazonECS" | "AmazonEKS" => has(&["Fargate"]),
        "AmazonRDS" | "AmazonDocDB" | "AmazonNeptune" => {
            has(&["InstanceUsage", "Multi-AZUsage", "Multi-AZClusterUsage", "ServerlessUsage"])
        }
        "AmazonElastiCache" | "AmazonMemoryDB" => has(&["NodeUsage"]),
        "AmazonES" => has(&["ESInstance"]),
        "AmazonRedshift" => has(&["Node:"]),
        "AmazonDynamoDB" => has(&["ReadCapacityUnit", "WriteCapacityUnit"]),
        "AmazonSageMaker" => has(&["ml."]),
        _ => false,
    };
    ProductCell { eligible, zonal: service == "AmazonEC2" }
}
