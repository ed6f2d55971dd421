//! Volumes with provisioned IOPS that gp3 has too.

use crate::catalog::prices::{EBS_GP3, EBS_GP3_IOPS, EBS_GP3_THROUGHPUT, EBS_IO1, EBS_IO1_IOPS};
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
    id: "io1-to-gp3",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "io1 volumes whose IOPS gp3 offers for less",
    guide: include_str!("io1_to_gp3.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&IOPS_MAX, &SAVINGS_MIN],
    advice: Advice {
        action: "convert",
        title: "volume has IOPS that gp3 has too",
        effort: Effort::VeryLow,
        risk: 2,
        assumptions: &[
            "The latency of gp3 will do: io1 promises less jitter. Throughput is priced as io1 has it, up to 500 MB/s.",
        ],
        command: "aws ec2 modify-volume --volume-id {name} --volume-type gp3 --region {region}",
    },
    detect,
};

static IOPS_MAX: Threshold = Threshold {
    name: "IOPS_MAX",
    unit: "IOPS",
    meaning: "provisioned IOPS up to which gp3 is proposed",
    default: 16_000.0,
    range: (0.0, 1e6),
};
static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);
static STORAGE: Usage = Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage.piops"]);
static IOPS: Usage = Usage::of(&["AmazonEC2"], &["EBS:VolumeP-IOPS.piops"]);

/// What gp3 with as many IOPS costs, and what io1 costs, in millionths of a US dollar a month.
fn prices(gigabytes: f64, iops: f64) -> (f64, f64) {
    // io1 carries 256 KB with each of its IOPS, up to 500 MB/s.
    let extra_mbps = (iops * 0.256).clamp(125.0, 500.0) - 125.0;
    let gp3 = gigabytes * EBS_GP3.usd_micros as f64
        + (iops - 3_000.0).max(0.0) * EBS_GP3_IOPS.usd_micros as f64
        + extra_mbps * EBS_GP3_THROUGHPUT.usd_micros as f64;
    (gp3, gigabytes * EBS_IO1.usd_micros as f64 + iops * EBS_IO1_IOPS.usd_micros as f64)
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let (storage, iops) = (facts.meter(&STORAGE), facts.meter(&IOPS));
    let (most, least) = (settings.get(&IOPS_MAX), settings.get(&SAVINGS_MIN));
    let found = facts.resources_with(&iops).filter(|resource| resource.is_alive(&iops)).filter_map(|resource| {
        let (gigabytes, provisioned) = (resource.size(&storage), resource.size(&iops));
        let (gp3, io1) = prices(gigabytes, provisioned);
        let saves = saved(resource.spend(&storage).plus(resource.spend(&iops)), (gp3 as i128, (io1 as i128).max(1)));
        let finding = Finding::of(&resource, saves)
            .change(format!("io1, {gigabytes:.0} GB, {provisioned:.0} IOPS"), "gp3")
            .because("gigabytes", format!("{gigabytes:.1}"))
            .because("iops", format!("{provisioned:.0}"))
            .priced_by(PriceSource::Assumption);
        (provisioned <= most && usd(facts.monthly(saves.free)) >= least).then_some(finding)
    });
    found.collect()
}
