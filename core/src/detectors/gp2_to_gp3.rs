//! Volumes on gp2.

use crate::catalog::prices::{EBS_GP2, EBS_GP3, EBS_GP3_IOPS, EBS_GP3_THROUGHPUT};
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::finding::usd;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::{Ratios, saved};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "gp2-to-gp3",
    kind: Kind::Modernize,
    grade: Grade::BillProven,
    summary: "gp2 volumes that gp3 does for less",
    guide: include_str!("gp2_to_gp3.md"),
    needs: Need::OF_RESOURCES,
    thresholds: &[&SAVINGS_MIN],
    advice: Advice {
        action: "convert",
        title: "volume is gp2",
        effort: Effort::VeryLow,
        risk: 0,
        assumptions: &["gp3 gets the IOPS and throughput that the volume has on gp2; most need less, and save more."],
        command: "aws ec2 modify-volume --volume-id {name} --volume-type gp3 --region {region}",
    },
    detect,
};

static SAVINGS_MIN: Threshold = Threshold::savings_min(0.01);
static GP2: Usage = Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage.gp2"]);
static GP3: Usage = Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage.gp3"]);

/// IOPS of a gp2 volume: three for each GB, between 100 and 16,000.
fn iops(gigabytes: f64) -> f64 {
    (3.0 * gigabytes).clamp(100.0, 16_000.0)
}

/// MB/s of a gp2 volume: what its IOPS carry in blocks of 256 KB, between 128 and 250. The 3 MB/s that small volumes have
/// over gp3's 125 are left out of account.
fn throughput_mbps(gigabytes: f64) -> f64 {
    if gigabytes <= 170.0 { 125.0 } else { (iops(gigabytes) * 0.256).clamp(128.0, 250.0) }
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&GP2);
    let least = settings.get(&SAVINGS_MIN);
    let mut ratios = Ratios::of(facts, (&meter, &EBS_GP2), (&GP3, &EBS_GP3));
    let found = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)).filter_map(|resource| {
        let gigabytes = resource.size(&meter);
        let ((new, old), source) = ratios.in_region(resource.region());
        let (extra_iops, extra_mbps) = ((iops(gigabytes) - 3_000.0).max(0.0), throughput_mbps(gigabytes) - 125.0);
        // What a GB of gp2 costs is the measure: other prices stand to it as they do in us-east-1.
        let gp2 = gigabytes * EBS_GP2.usd_micros as f64;
        let gp3 = gp2 * (new as f64 / old as f64)
            + extra_iops * EBS_GP3_IOPS.usd_micros as f64
            + extra_mbps * EBS_GP3_THROUGHPUT.usd_micros as f64;
        let saves = saved(resource.spend(&meter), (gp3 as i128, (gp2 as i128).max(1)));
        let finding = Finding::of(&resource, saves)
            .change(format!("gp2, {gigabytes:.0} GB"), "gp3")
            .because("gigabytes", format!("{gigabytes:.1}"))
            .because("iops_added", format!("{extra_iops:.0}"))
            .because("mbps_added", format!("{extra_mbps:.0}"))
            .priced_by(source);
        (usd(facts.monthly(saves.free)) >= least).then_some(finding)
    });
    found.collect()
}
