//! The part of the fold that is about commitments: demand that one could cover, use of those there are, and fees.

use super::gather::{Gatherer, Rows, SECONDS_PER_HOUR};
use super::keyed::{NOWHERE, blocks, touch};
use super::tables::{CommitmentCell, CommitmentKey, NegationKey, ProductCell, ProductKey, TermsCell, TermsKey};
use crate::normalize::ChargeBatch;
use crate::schema::charges::{Metric, Text};
use crate::schema::names::{NONE, Names};
use crate::schema::values::{CommitmentStatus, LineItemType};

impl Gatherer {
    /// Usage that a commitment could cover, by series and hour, and the rates it was charged at.
    pub(super) fn fold_demand(&mut self, batch: &ChargeBatch, rows: &mut Rows) {
        let demand = &mut rows.demand;
        demand.rows.clear();
        demand.rows.extend((0..batch.line_items as u32).filter(|&row| rows.places[row as usize].series != NOWHERE));
        let key = |row: u32| (rows.places[row as usize].series, rows.hours[row as usize] as i32);
        let table = &mut self.ledger.demand;
        for block in blocks(demand.rows.len()) {
            let block = &demand.rows[block];
            let series = block.iter().map(|&row| key(row));
            touch(series.clone().map(|(series, hour)| table.day(series, hour)));
            touch(series.clone().map(|(series, _)| self.ledger.series.at(series).is_some().into()));
            demand.places.clear();
            demand.places.extend(series.map(|(series, hour)| table.place(series, hour)));
            touch(demand.places.iter().map(|&place| table.at(place).lines()));
            for (&row, &place) in block.iter().zip(&demand.places) {
                let row = row as usize;
                table.at_mut(place).add_usage(batch.quantity[row], batch.on_demand(row));
                if let Some(rate) = batch.rate[row].or_else(|| reserved_rate(batch, row)) {
                    let rates = self.ledger.series.at_mut(rows.places[row].series);
                    *rates = Some(rates.map_or((rate, rate), |(least, most)| (least.min(rate), most.max(rate))));
                }
            }
        }
    }

    /// Rows that belong to a commitment: terms of the identity, what was used, and what was negated.
    pub(super) fn fold_commitments(&mut self, batch: &ChargeBatch, rows: &mut Rows) {
        let arns = batch.ids(Text::CommitmentDiscountId);
        let (accounts, operations) = (batch.ids(Text::SubAccountId), batch.ids(Text::Operation));
        let (usage_types, zones) = (batch.ids(Text::UsageType), batch.ids(Text::AvailabilityZone));
        let used = &mut rows.used;
        used.rows.clear();
        used.keys.clear();
        for row in (0..batch.len).filter(|&row| arns[row] != NONE) {
            let (bill, arn, kind) = (rows.bills[row], arns[row], batch.line_item_type[row]);
            let unblended = batch.cost(Metric::UnblendedCost)[row];
            let identity = self.ledger.identity.cell((bill, arn));
            identity.unblended += unblended;
            identity.amortized += batch.cost(Metric::AmortizedCost)[row];
            identity.rows += u64::from(row < batch.line_items);
            if batch.commitment_status[row] == CommitmentStatus::Used as u8 {
                used.rows.push(row as u32);
                used.keys.push(CommitmentKey { bill, arn, hour: rows.hours[row] as i32, account: accounts[row] });
            }
            if matches!(kind, LineItemType::SavingsPlanCoveredUsage | LineItemType::SavingsPlanNegation) {
                let cell = self.ledger.negation.cell(NegationKey {
                    bill,
                    arn,
                    operation: operations[row],
                    usage_type: usage_types[row],
                    zone: zones[row],
                    day: rows.days[row],
                });
                cell.rows += 1;
                match kind {
                    LineItemType::SavingsPlanNegation => cell.negated += unblended,
                    _ => {
                        cell.covered += unblended;
                        cell.used += batch.cost(Metric::AmortizedCost)[row];
                    }
                }
            }
        }
        self.ledger.commitments.places(&used.keys, |key| key.arn, &mut used.places);
        for (&row, &place) in used.rows.iter().zip(&used.places) {
            let row = row as usize;
            let cell = self.ledger.commitments.at_mut(place);
            cell.used += batch.cost(Metric::AmortizedCost)[row];
            cell.covered_on_demand += batch.on_demand(row);
            if batch.line_item_type[row] == LineItemType::DiscountedUsage {
                cell.used_units += batch.units[row];
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
            if !batch.kind[row].is_focus() {
                let id = |text| batch.ids(text)[row];
                let product = ProductKey {
                    service: id(Text::ServiceCode),
                    usage_type: id(Text::UsageType),
                    operation: id(Text::Operation),
                    region: id(Text::RegionId),
                };
                let life = TermsCell { starts: terms.starts, ends: terms.ends };
                self.ledger.terms.cell(TermsKey { arn, account, product }).absorb(&life);
            }
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
