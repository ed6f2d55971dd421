//! WorkSpaces that run so long that AlwaysOn costs less.

use crate::catalog::prices::WORKSPACES_ALWAYS_ON;
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::finding::usd;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::PriceSource;
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "workspaces-auto-stop",
    kind: Kind::Modernize,
    grade: Grade::Strong,
    summary: "AutoStop WorkSpaces above the break-even hours",
    guide: include_str!("workspaces_auto_stop.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "switch",
        title: "WorkSpace on AutoStop runs above break-even",
        effort: Effort::VeryLow,
        risk: 0,
        assumptions: &["It will run as long next month; the mode can be switched back at any time."],
        command: "aws workspaces modify-workspace-properties --workspace-id {name} --workspace-properties RunningMode=ALWAYS_ON --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static HOURS: Usage = Usage::of(&["AmazonWorkSpaces"], &["*-AutoStop-Usage"]);
static BOTH: Usage = Usage::of(&["AmazonWorkSpaces"], &["*-AutoStop-Usage", "*-AutoStop-User"]);

/// The monthly AlwaysOn price of a bundle, in units of 1e-12: the bill's own in the region, else the catalog's.
fn always_on(facts: &Facts<'_>, region: &str, bundle: &str) -> Option<(i128, PriceSource)> {
    let mut same = facts.products.iter().filter(|product| {
        product.service == "AmazonWorkSpaces" && product.region == region && product.usage_type == bundle
    });
    let billed = same.find_map(|at| facts.price(at.service, at.region, at.usage_type, at.operation));
    let known = WORKSPACES_ALWAYS_ON.iter().find(|(name, _)| *name == bundle);
    let listed = known.map(|(_, price)| (price.usd_micros * 1_000_000, price.source));
    billed.map(|price| (price, PriceSource::Bill)).or(listed)
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let (hours, both) = (facts.meter(&HOURS), facts.meter(&BOTH));
    let least = settings.get(&SAVINGS_MIN);
    let found = facts.resources_with(&hours).filter_map(|resource| {
        let product = facts.products[resource.main_product(&hours)? as usize];
        let bundle = product.usage_type.strip_suffix("-AutoStop-Usage")?;
        let (price, source) = always_on(facts, product.region, bundle)?;
        // An open month is compared with as much of the monthly price.
        let price = price * i128::from(facts.look_back.hours) / i128::from(facts.look_back.hours_of_month());
        let spend = resource.spend(&both);
        let saves = saved(spend, (price, spend.list.max(1)));
        let finding = Finding::of(&resource, saves)
            .change(format!("{bundle} AutoStop"), "AlwaysOn")
            .because("hours_billed", format!("{:.0}", resource.spend(&hours).amount()))
            .priced_by(source);
        (usd(facts.monthly(saves.free)) >= least).then_some(finding)
    });
    found.collect()
}
