//! Volumes with more IOPS than 32,000 on io1.

use crate::catalog::prices::{EBS_IO1_IOPS, EBS_IO2_IOPS_TIER2};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::PriceSource;
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "io1-to-io2",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "io1 volumes whose IOPS are cheaper on io2",
    guide: include_str!("io1_to_io2.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&IOPS_MIN],
    advice: Advice {
        action: "convert",
        title: "volume has IOPS that io2 sells for less",
        effort: Effort::VeryLow,
        risk: 1,
        assumptions: &["The region has io2 Block Express."],
        command: "aws ec2 modify-volume --volume-id {name} --volume-type io2 --region {region}",
    },
    detect,
};

static IOPS_MIN: Threshold = Threshold {
    name: "IOPS_MIN",
    unit: "IOPS",
    meaning: "provisioned IOPS from which io2 is proposed; its cheaper tier begins at 32,000",
    default: 32_001.0,
    range: (32_001.0, 1e6),
};
static IOPS: Usage = Usage::of(&["AmazonEC2"], &["EBS:VolumeP-IOPS.piops"]);

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&IOPS);
    let least = settings.get(&IOPS_MIN);
    let found = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)).filter_map(|resource| {
        let iops = resource.size(&meter);
        // io2 sells what lies above 32,000 for less; io1 ends at 64,000.
        let cheaper = (iops.min(64_000.0) - 32_000.0).max(0.0);
        let per_iops = (EBS_IO1_IOPS.usd_micros - EBS_IO2_IOPS_TIER2.usd_micros) as f64;
        let io1 = iops * EBS_IO1_IOPS.usd_micros as f64;
        let saves = saved(resource.spend(&meter), ((io1 - cheaper * per_iops) as i128, (io1 as i128).max(1)));
        let finding = Finding::of(&resource, saves)
            .change(format!("io1, {iops:.0} IOPS"), "io2")
            .because("iops", format!("{iops:.0}"))
            .priced_by(PriceSource::Assumption);
        (iops >= least).then_some(finding)
    });
    found.collect()
}
