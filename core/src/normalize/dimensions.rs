//! The dimensions of charges: text columns, and what follows from types, usage types and ARNs.

use super::ChargeBatch;
use super::arrays::Place;
use super::cur::Normalizer;
use crate::error::Result;
use crate::ingest::file::LineItemBatch;
use crate::schema::charges::Text;
use crate::schema::focus::ChargeKind;
use crate::schema::line_items::LineItem;
use crate::schema::names::NONE;
use crate::schema::values::{
    CommitmentKind, CommitmentStatus, LineItemType, Pricing, SAVINGS_PLAN_REFUND_DESCRIPTION, SAVINGS_PLANS_PRODUCT,
};

impl Normalizer {
    /// Text columns that need no thought.
    pub(super) fn plain_text(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        const PLAIN: &[(Text, LineItem)] = &[
            (Text::BillingAccountId, LineItem::PayerAccountId),
            (Text::BillingAccountName, LineItem::PayerAccountName),
            (Text::SubAccountId, LineItem::UsageAccountId),
            (Text::SubAccountName, LineItem::UsageAccountName),
            (Text::BillingCurrency, LineItem::CurrencyCode),
            (Text::InvoiceId, LineItem::InvoiceId),
            (Text::InvoiceIssuerName, LineItem::InvoicingEntity),
            (Text::PublisherName, LineItem::LegalEntity),
            (Text::BillType, LineItem::BillType),
            (Text::BillingEntity, LineItem::BillingEntity),
            (Text::LineItemType, LineItem::LineItemType),
            (Text::ChargeDescription, LineItem::Description),
            (Text::PricingUnit, LineItem::PricingUnit),
            (Text::ServiceCode, LineItem::ProductCode),
            (Text::UsageType, LineItem::UsageType),
            (Text::Operation, LineItem::Operation),
            (Text::RegionId, LineItem::RegionCode),
            (Text::AvailabilityZone, LineItem::AvailabilityZone),
            (Text::ResourceId, LineItem::ResourceId),
            (Text::SkuId, LineItem::Sku),
            (Text::InstanceType, LineItem::InstanceType),
            (Text::InstanceFamily, LineItem::InstanceFamily),
            (Text::ProductFamily, LineItem::ProductFamily),
        ];
        const ALWAYS_TEXT: &[Text] = &[
            Text::BillingAccountId,
            Text::BillingCurrency,
            Text::InvoiceId,
            Text::LineItemType,
            Text::ServiceCode,
            Text::UsageType,
            Text::Operation,
        ];
        for &(text, item) in PLAIN {
            let mut ids = std::mem::take(&mut out.text[text as usize]);
            ids.clear();
            if ALWAYS_TEXT.contains(&text) || self.wanted.text.contains(&text) {
                self.ids(items, item, text, &mut ids)?;
            }
            out.text[text as usize] = ids;
        }
        self.reservation_zones(items, out)
    }

    /// The zone of a zonal reservation, of rows that have none of their own: its fee.
    fn reservation_zones(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        if !self.wanted.text.contains(&Text::AvailabilityZone) || items.column(LineItem::ReservationZone).is_none() {
            return Ok(());
        }
        let mut zones = Vec::new();
        self.ids(items, LineItem::ReservationZone, Text::AvailabilityZone, &mut zones)?;
        let own = out.text[Text::AvailabilityZone as usize].iter_mut().zip(zones);
        own.filter(|(own, _)| **own == NONE).for_each(|(own, zone)| *own = zone);
        Ok(())
    }

    /// Text columns, and what follows from line item types, usage types and ARNs.
    pub(super) fn dimensions(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        self.plain_text(items, out)?;
        self.types_and_commitments(items, out)?;
        self.refunds_plan.clear();
        if out.line_item_type.contains(&LineItemType::Refund) {
            self.find_plan_refunds(items, out)?;
        }
        self.derived_text(items, out)
    }

    /// A returned plan's refund has no ARN; its product and description tell.
    fn find_plan_refunds(&mut self, items: &LineItemBatch<'_>, out: &ChargeBatch) -> Result<()> {
        let mut descriptions = Vec::new();
        self.ids(items, LineItem::Description, Text::ChargeDescription, &mut descriptions)?;
        let names = &self.names;
        let refunds = out.line_item_type.iter().zip(&descriptions).zip(out.ids(Text::ServiceCode));
        self.refunds_plan.extend(refunds.map(|((kind, description), service)| {
            *kind == LineItemType::Refund
                && names.get(Text::ServiceCode, *service) == Some(SAVINGS_PLANS_PRODUCT)
                && names
                    .get(Text::ChargeDescription, *description)
                    .is_some_and(|text| text.starts_with(SAVINGS_PLAN_REFUND_DESCRIPTION))
        }));
        Ok(())
    }

    fn types_and_commitments(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let types = self.names.pool(Text::LineItemType);
        for id in self.types.len()..types.len() {
            let line_item_type = LineItemType::from_name(types.get(id as u32).unwrap_or_default());
            self.types.push((line_item_type, ChargeKind::of(line_item_type)));
        }
        let usage_types = self.names.pool(Text::UsageType);
        for id in self.spot.len()..usage_types.len() {
            self.spot.push(usage_types.get(id as u32).is_some_and(|text| text.contains("SpotUsage")));
        }
        out.line_item_type.clear();
        out.line_item_type.extend(out.text[Text::LineItemType as usize].iter().map(|&id| self.types[id as usize].0));
        out.kind.clear();
        out.kind.extend(out.text[Text::LineItemType as usize].iter().map(|&id| self.types[id as usize].1));
        let mut plans = std::mem::take(&mut self.savings_plan_arns);
        let mut reservations = std::mem::take(&mut self.reservation_arns);
        self.ids(items, LineItem::SavingsPlanArn, Text::CommitmentDiscountId, &mut plans)?;
        self.ids(items, LineItem::ReservationArn, Text::CommitmentDiscountId, &mut reservations)?;
        let rows = items.batch.num_rows();
        let arns = &mut out.text[Text::CommitmentDiscountId as usize];
        arns.clear();
        arns.extend((0..rows).map(|row| if plans[row] != NONE { plans[row] } else { reservations[row] }));
        out.pricing.clear();
        out.commitment_kind.clear();
        out.commitment_status.clear();
        for row in 0..rows {
            let kind = if plans[row] != NONE {
                CommitmentKind::SavingsPlan
            } else if reservations[row] != NONE {
                CommitmentKind::Reservation
            } else {
                CommitmentKind::None
            };
            let spot = self.spot[out.text[Text::UsageType as usize][row] as usize];
            let (pricing, status) = pricing(out.line_item_type[row], kind, spot);
            out.pricing.push(pricing as u8);
            out.commitment_kind.push(kind as u8);
            out.commitment_status.push(status as u8);
        }
        self.savings_plan_arns = plans;
        self.reservation_arns = reservations;
        Ok(())
    }

    /// Columns that are made from others, where they were asked for.
    pub(super) fn derived_text(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let rows = items.batch.num_rows();
        for text in self.wanted.text.clone() {
            let values: Vec<&'static str> = match text {
                Text::ProviderName => vec!["AWS"; rows],
                Text::ChargeCategory => out.kind.iter().map(|kind| kind.category().name()).collect(),
                Text::ChargeClass => out.kind.iter().map(|kind| kind.class()).collect(),
                Text::ChargeFrequency => out.kind.iter().map(|kind| kind.frequency()).collect(),
                Text::PricingCategory => out.pricing.iter().map(|&at| Pricing::ALL[at as usize].name()).collect(),
                Text::CommitmentDiscountCategory => out.commitment_kind.iter().map(|&kind| category(kind)).collect(),
                Text::CommitmentDiscountStatus => {
                    out.commitment_status.iter().map(|&status| status_name(status)).collect()
                }
                _ => continue,
            };
            let pool = self.names.pool_mut(text);
            let ids = &mut out.text[text as usize];
            ids.clear();
            ids.extend(values.into_iter().map(|value| pool.intern(value)));
        }
        if self.wanted.text.contains(&Text::ServiceName) {
            out.text[Text::ServiceName as usize] = out.text[Text::ServiceCode as usize].clone();
            let (codes, names) = (self.names.pool(Text::ServiceCode).clone(), self.names.pool_mut(Text::ServiceName));
            for id in &mut out.text[Text::ServiceName as usize] {
                *id = codes.get(*id).map_or(NONE, |code| names.intern(crate::catalog::services::service_name(code)));
            }
        }
        self.first_present(items, Text::SkuPriceId, [LineItem::RateCode, LineItem::RateId], out)?;
        let offerings = [LineItem::SavingsPlanOfferingType, LineItem::OfferingClass];
        match items.dialect.is_focus() {
            true => {
                let mut types = std::mem::take(&mut out.text[Text::CommitmentDiscountType as usize]);
                self.ids(items, LineItem::CommitmentDiscountType, Text::CommitmentDiscountType, &mut types)?;
                out.text[Text::CommitmentDiscountType as usize] = types;
            }
            false => self.first_present(items, Text::CommitmentDiscountType, offerings, out)?,
        }
        if self.wanted.text.contains(&Text::CommitmentDiscountType) {
            let types = &mut out.text[Text::CommitmentDiscountType as usize];
            for (id, &kind) in types.iter_mut().zip(&out.commitment_kind) {
                *id = if kind == CommitmentKind::None as u8 { NONE } else { *id };
            }
        }
        Ok(())
    }

    fn first_present(
        &mut self,
        items: &LineItemBatch<'_>,
        text: Text,
        from: [LineItem; 2],
        out: &mut ChargeBatch,
    ) -> Result<()> {
        let mut first = std::mem::take(&mut out.text[text as usize]);
        first.clear();
        if self.wanted.text.contains(&text) {
            let mut second = Vec::new();
            self.ids(items, from[0], text, &mut first)?;
            self.ids(items, from[1], text, &mut second)?;
            for (id, other) in first.iter_mut().zip(second) {
                *id = if *id == NONE { other } else { *id };
            }
        }
        out.text[text as usize] = first;
        Ok(())
    }

    pub(super) fn sets(&mut self, items: &LineItemBatch<'_>, out: &mut ChargeBatch) -> Result<()> {
        let layout = items.layout();
        let names = &mut self.names;
        for (wanted, item, columns, reader, sets, ids) in [
            (self.wanted.tags, LineItem::ResourceTags, &layout.tags, &mut self.tags, &mut names.tags, &mut out.tags),
            (
                self.wanted.cost_categories,
                LineItem::CostCategory,
                &layout.cost_categories,
                &mut self.cost_categories,
                &mut names.cost_categories,
                &mut out.cost_categories,
            ),
        ] {
            ids.clear();
            let rows = items.batch.num_rows();
            match items.column(item) {
                Some(array) if wanted => {
                    reader.map(array, sets, ids, &Place { file: items.file, column: items.spelled(item) })?;
                }
                _ if wanted && !columns.is_empty() => {
                    let columns: Vec<_> =
                        columns.iter().map(|(at, key)| (items.batch.column(*at), key.as_str())).collect();
                    reader.columns(&columns, rows, sets, ids, items.file)?;
                }
                _ => ids.resize(rows, NONE),
            }
        }
        Ok(())
    }
}

fn category(kind: u8) -> &'static str {
    [CommitmentKind::None, CommitmentKind::SavingsPlan, CommitmentKind::Reservation][kind as usize].category()
}

fn status_name(status: u8) -> &'static str {
    [CommitmentStatus::None, CommitmentStatus::Used, CommitmentStatus::Unused][status as usize].name()
}

/// How a charge was priced and what it has to do with a commitment.
fn pricing(kind: LineItemType, commitment: CommitmentKind, spot: bool) -> (Pricing, CommitmentStatus) {
    match kind {
        LineItemType::DiscountedUsage | LineItemType::SavingsPlanCoveredUsage => {
            (Pricing::Committed, CommitmentStatus::Used)
        }
        LineItemType::SavingsPlanNegation => (Pricing::Committed, CommitmentStatus::None),
        LineItemType::Usage | LineItemType::FlatRateSubscription if spot => (Pricing::Dynamic, CommitmentStatus::None),
        LineItemType::Usage | LineItemType::FlatRateSubscription => (Pricing::Standard, CommitmentStatus::None),
        LineItemType::RIFee | LineItemType::SavingsPlanRecurringFee | LineItemType::SavingsPlanUpfrontFee => {
            (Pricing::Committed, CommitmentStatus::None)
        }
        LineItemType::Fee if commitment != CommitmentKind::None => (Pricing::Committed, CommitmentStatus::None),
        LineItemType::Fee => (Pricing::Standard, CommitmentStatus::None),
        _ => (Pricing::None, CommitmentStatus::None),
    }
}
