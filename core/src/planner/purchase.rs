//! The AWS CLI lines that would buy what is proposed. They are never run.

use super::offers::OfferKind;
use crate::catalog::commitments::Deployment;
use crate::catalog::commitments::Payment;
use crate::catalog::pools::{Class, Use};

const SECONDS_PER_YEAR: u32 = 365 * 86_400;

/// The line that buys a Savings Plan: its offering is looked up by type, term, payment option and place.
pub(super) fn plan_command(kind: &OfferKind, term_years: u32, payment: Payment, commitment: &str) -> String {
    let (name, filters) = match kind {
        OfferKind::Ec2InstanceSavingsPlan(scope) => {
            let (family, region) = scope.split_once(' ').unwrap_or((scope, ""));
            let filters =
                format!(" --filters name=region,values={} name=instanceFamily,values={}", word(region), word(family));
            ("EC2Instance", filters)
        }
        OfferKind::SageMakerSavingsPlan => ("SageMaker", String::new()),
        OfferKind::DatabaseSavingsPlan => ("Database", String::new()),
        _ => ("Compute", String::new()),
    };
    let seconds = term_years * SECONDS_PER_YEAR;
    format!(
        "aws savingsplans create-savings-plan --commitment {commitment} --savings-plan-offering-id \"$(aws savingsplans \
         describe-savings-plans-offerings --plan-types {name} --durations {seconds} --payment-options '{}' --currencies \
         USD{filters} --query 'searchResults[0].offeringId' --output text)\"",
        payment.name()
    )
}

/// The line that buys reservations of a unit; none for what AWS sells in its console only.
pub(super) fn reservation_command(
    class: &Class,
    unit: &str,
    term_years: u32,
    payment: Payment,
    quantity: i128,
) -> Option<String> {
    let (unit, region) = (word(unit), word(&class.region));
    let (seconds, payment) = (term_years * SECONDS_PER_YEAR, payment.name());
    let found =
        |describe: String, query: &str| format!("\"$({describe} --region {region} --query {query} --output text)\"");
    let matching = |type_name: &str, id: &str| {
        format!(
            "\"ReservedNodeOfferings[?{type_name}=='{unit}' && to_string(Duration)=='{seconds}' && OfferingType=='{payment}'].{id} | [0]\""
        )
    };
    Some(match class.sold {
        Use::Ec2 | Use::Ec2Dedicated => {
            let platform = ec2_platform(&class.operation);
            let tenancy = if class.sold == Use::Ec2 { "default" } else { "dedicated" };
            let describe = format!(
                "aws ec2 describe-reserved-instances-offerings --instance-type {unit} --product-description '{platform}' \
                 --instance-tenancy {tenancy} --offering-class standard --offering-type '{payment}' --min-duration {seconds} \
                 --max-duration {seconds} --no-include-marketplace"
            );
            let id = found(describe, "'ReservedInstancesOfferings[0].ReservedInstancesOfferingId'");
            format!(
                "aws ec2 purchase-reserved-instances-offering --region {region} --instance-count {quantity} \
                 --reserved-instances-offering-id {id}"
            )
        }
        Use::Rds(deployment) => {
            let engine = rds_engine(&class.operation)?;
            let standby = if deployment == Deployment::SingleAz { "--no-multi-az" } else { "--multi-az" };
            let describe = format!(
                "aws rds describe-reserved-db-instances-offerings --db-instance-class {unit} --product-description '{engine}' \
                 {standby} --duration {seconds} --offering-type '{payment}'"
            );
            let id = found(describe, "'ReservedDBInstancesOfferings[0].ReservedDBInstancesOfferingId'");
            format!(
                "aws rds purchase-reserved-db-instances-offering --region {region} --db-instance-count {quantity} \
                 --reserved-db-instances-offering-id {id}"
            )
        }
        Use::Nodes => match class.service.as_str() {
            "AmazonElastiCache" => {
                let describe = format!(
                    "aws elasticache describe-reserved-cache-nodes-offerings --cache-node-type {unit} --duration {seconds} \
                     --offering-type '{payment}'"
                );
                let id = found(describe, "'ReservedCacheNodesOfferings[0].ReservedCacheNodesOfferingId'");
                format!(
                    "aws elasticache purchase-reserved-cache-nodes-offering --region {region} --cache-node-count {quantity} \
                     --reserved-cache-nodes-offering-id {id}"
                )
            }
            "AmazonMemoryDB" => {
                let describe = format!(
                    "aws memorydb describe-reserved-nodes-offerings --node-type {unit} --duration {seconds} --offering-type \
                     '{payment}'"
                );
                let id = found(describe, "'ReservedNodesOfferings[0].ReservedNodesOfferingId'");
                format!(
                    "aws memorydb purchase-reserved-nodes-offering --region {region} --node-count {quantity} \
                     --reserved-nodes-offering-id {id}"
                )
            }
            "AmazonRedshift" => {
                let describe = "aws redshift describe-reserved-node-offerings".to_owned();
                let id = found(describe, &matching("NodeType", "ReservedNodeOfferingId"));
                format!(
                    "aws redshift purchase-reserved-node-offering --region {region} --node-count {quantity} \
                     --reserved-node-offering-id {id}"
                )
            }
            _ => {
                let unit = if unit.ends_with(".search") { unit.clone() } else { format!("{unit}.search") };
                let query = format!(
                    "\"ReservedInstanceOfferings[?InstanceType=='{unit}' && to_string(Duration)=='{seconds}' && \
                     PaymentOption=='{}'].ReservedInstanceOfferingId | [0]\"",
                    payment.to_uppercase().replace(' ', "_")
                );
                let id = found("aws opensearch describe-reserved-instance-offerings".to_owned(), &query);
                format!(
                    "aws opensearch purchase-reserved-instance-offering --region {region} --instance-count {quantity} \
                     --reservation-name farthing --reserved-instance-offering-id {id}"
                )
            }
        },
        _ => return None,
    })
}

/// Letters, digits, dots and dashes of a name from the bill: nothing that a shell would read as more than a word.
fn word(text: &str) -> String {
    text.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_')).collect()
}

/// How the reservation API names a platform.
fn ec2_platform(operation: &str) -> &'static str {
    match operation.split_once(':').map_or("", |(_, code)| code) {
        "0010" => "Red Hat Enterprise Linux",
        "000g" => "SUSE Linux",
        "0002" => "Windows",
        "0006" => "Windows with SQL Server Standard",
        "0102" => "Windows with SQL Server Enterprise",
        "0202" => "Windows with SQL Server Web",
        _ => "Linux/UNIX",
    }
}

fn rds_engine(operation: &str) -> Option<&'static str> {
    Some(match operation.split_once(':')?.1 {
        "0002" => "mysql",
        "0014" => "postgresql",
        "0016" => "aurora-mysql",
        "0018" => "mariadb",
        "0021" => "aurora-postgresql",
        "0005" => "oracle-ee(byol)",
        "0019" => "oracle-se2(byol)",
        "0020" => "oracle-se2(li)",
        "0010" => "sqlserver-ex(li)",
        "0011" => "sqlserver-web(li)",
        "0012" => "sqlserver-se(li)",
        "0015" => "sqlserver-ee(li)",
        _ => return None,
    })
}
