//! Traffic through NAT gateways.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::Notice;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "nat-gateway-traffic",
    kind: Kind::Modernize,
    grade: Grade::Heuristic,
    summary: "NAT gateway traffic that gateway endpoints might carry for nothing",
    guide: include_str!("nat_gateway_traffic.md"),
    needs: &[Need::UsageTypes, Need::LookBack],
    thresholds: &[&COST_MIN],
    advice: Advice {
        action: "review",
        title: "much traffic goes through NAT gateways",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["Part of it may go to S3 or DynamoDB, for which gateway endpoints are free."],
        command: "aws ec2 create-vpc-endpoint --vpc-id VPC --service-name com.amazonaws.{region}.s3 --route-table-ids TABLE --region {region}",
    },
    detect,
};

static COST_MIN: Threshold = Threshold::cost_min(100.0);
static NOTICE: Notice = Notice {
    usage: Usage::of(&["AmazonEC2", "AmazonVPC"], &["NatGateway-Bytes"]),
    cost_min: &COST_MIN,
    growth_min: None,
    unit: "GB",
    target: "gateway endpoints for S3 and DynamoDB",
};

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    NOTICE.findings(facts, settings)
}
