//! What commitments save of the on-demand price, for where neither the bill nor a price list says: by family, from the
//! tables beside this file, and stated assumptions. `SOURCE.md` says where each figure comes from.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::catalog::commitments::Payment;
use crate::schema::recommendations::PriceSource;

/// A share of the on-demand price that is saved, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discount {
    /// 0 to 1.
    pub share: f64,
    /// From a price list, or taken for granted.
    pub source: PriceSource,
}

/// What is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sold<'a> {
    /// EC2 of a family, by the operation code of its platform: a standard reservation or an EC2 Instance Savings Plan,
    /// whose rates are the same.
    Ec2 {
        /// `m5`.
        family: &'a str,
        /// `RunInstances:0002`.
        operation: &'a str,
    },
    /// The same under a Compute Savings Plan.
    Ec2UnderCompute {
        /// `m5`.
        family: &'a str,
        /// `RunInstances:0002`.
        operation: &'a str,
    },
    /// Fargate under a Compute Savings Plan.
    Fargate,
    /// Lambda durations under a Compute Savings Plan.
    Lambda,
    /// Reserved nodes or instances of a service.
    Nodes {
        /// `AmazonElastiCache`.
        service: &'a str,
        /// `r6g`.
        family: &'a str,
    },
    /// SageMaker under its Savings Plan.
    SageMaker,
    /// Instances of a database under a Database Savings Plan.
    DatabaseInstance,
    /// Serverless capacity of a database under it.
    DatabaseServerless,
    /// Provisioned throughput of DynamoDB under it.
    DynamoDbUnderDatabase,
}

/// All upfront is the cheapest; what the others cost times it. Medians over the 907 Linux offers of AWS's list of October
/// 2017, the last one at hand that has all six.
const NO_UPFRONT: [f64; 2] = [1.077, 1.149];
const PARTIAL_UPFRONT: [f64; 2] = [1.020, 1.064];
/// What a Compute plan saves times what an EC2 Instance plan saves, for one and three years: 27 against 37 % for m5, and the
/// median of convertible against standard reservations.
const COMPUTE_SHARE: [f64; 2] = [0.72, 0.86];

const fn assumed(share: f64) -> Discount {
    Discount { share, source: PriceSource::Assumption }
}

/// What is saved with a term (1 or 3 years) and payment option; none where it is not sold.
///
/// ```
/// use farthing::catalog::discounts::{Sold, discount};
/// use farthing::catalog::commitments::Payment;
/// let m5 = Sold::Ec2 { family: "m5", operation: "RunInstances" };
/// let share = discount(m5, 1, Payment::AllUpfront).map_or(0.0, |found| found.share);
/// assert!((share - 0.412).abs() < 1e-9);
/// assert_eq!(discount(Sold::DatabaseInstance, 3, Payment::NoUpfront), None);
/// ```
pub fn discount(sold: Sold<'_>, term_years: u32, payment: Payment) -> Option<Discount> {
    let term = match term_years {
        1 => 0,
        3 => 1,
        _ => return None,
    };
    match sold {
        Sold::Ec2 { family, operation } => Some(ec2(family, operation, term, payment)),
        Sold::Ec2UnderCompute { family, operation } => {
            Some(assumed(ec2(family, operation, term, payment).share * COMPUTE_SHARE[term]))
        }
        Sold::Fargate => Some(assumed(laddered([0.257, 0.478][term], term, payment))),
        Sold::Lambda => Some(assumed([0.12, 0.17][term])),
        Sold::Nodes { service, family } => nodes(service, family, term, payment),
        Sold::SageMaker => Some(assumed(laddered([0.257, 0.5][term], term, payment))),
        _ if (term, payment) != (0, Payment::NoUpfront) => None,
        Sold::DatabaseInstance => Some(assumed(0.20)),
        Sold::DatabaseServerless => Some(assumed(0.35)),
        Sold::DynamoDbUnderDatabase => Some(assumed(0.12)),
    }
}

/// The share saved by a payment option, from the one with all upfront.
fn laddered(all_upfront: f64, term: usize, payment: Payment) -> f64 {
    let times = match payment {
        Payment::NoUpfront => NO_UPFRONT[term],
        Payment::PartialUpfront => PARTIAL_UPFRONT[term],
        Payment::AllUpfront => 1.0,
    };
    (1.0 - times * (1.0 - all_upfront)).max(0.0)
}

fn ec2(family: &str, operation: &str, term: usize, payment: Payment) -> Discount {
    let platform = match operation.split_once(':').map_or("", |(_, code)| code) {
        "0010" => "rhel",
        "000g" => "sles",
        "0002" | "0202" => "mswin",
        "0006" => "mswinSQL",
        "0102" => "mswinSQLEnterprise",
        _ => "linux",
    };
    match ec2_table().get(&(family, platform)) {
        Some(shares) => Discount {
            share: laddered(shares[term], term, payment),
            source: if payment == Payment::AllUpfront { PriceSource::Catalog } else { PriceSource::Assumption },
        },
        // The least of the Linux families of the list.
        None if platform == "linux" => assumed(laddered([0.32, 0.5][term], term, payment)),
        None => assumed(laddered([0.1, 0.15][term], term, payment)),
    }
}

/// Reserved nodes: of ElastiCache and OpenSearch by family; of the others what their pricing pages give for the usual ones.
fn nodes(service: &str, family: &str, term: usize, payment: Payment) -> Option<Discount> {
    let place = term * 3 + payment as usize;
    if let Some(shares) = node_table().get(&(service, family)) {
        return shares[place].map(|share| Discount { share, source: PriceSource::Catalog });
    }
    let shares: [Option<f64>; 6] = match service {
        "AmazonElastiCache" | "AmazonMemoryDB" => [0.31, 0.34, 0.35, 0.48, 0.52, 0.54].map(Some),
        "AmazonES" => [0.31, 0.33, 0.35, 0.48, 0.50, 0.52].map(Some),
        "AmazonRDS" => [Some(0.29), Some(0.33), Some(0.34), None, Some(0.52), Some(0.54)],
        "AmazonRedshift" => [Some(0.20), Some(0.33), Some(0.34), None, Some(0.50), Some(0.52)],
        "AmazonDynamoDB" => [None, Some(0.53), None, None, Some(0.76), None],
        _ => [None; 6],
    };
    shares[place].map(assumed)
}

type Ec2Table = HashMap<(&'static str, &'static str), [f64; 2]>;

fn ec2_table() -> &'static Ec2Table {
    static TABLE: OnceLock<Ec2Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let lines = include_str!("discounts_ec2.csv").lines().skip(1);
        let row = |line: &'static str| {
            let mut cells = line.split(',');
            let key = (cells.next()?, cells.next()?);
            Some((key, [share(cells.next())?, share(cells.next())?]))
        };
        lines.filter_map(row).collect()
    })
}

type NodeTable = HashMap<(&'static str, &'static str), [Option<f64>; 6]>;

fn node_table() -> &'static NodeTable {
    static TABLE: OnceLock<NodeTable> = OnceLock::new();
    TABLE.get_or_init(|| {
        let lines = include_str!("discounts_nodes.csv").lines().skip(1);
        let row = |line: &'static str| {
            let mut cells = line.split(',');
            let key = (cells.next()?, cells.next()?);
            Some((key, std::array::from_fn(|_| share(cells.next()))))
        };
        lines.filter_map(row).collect()
    })
}

fn share(thousandths: Option<&str>) -> Option<f64> {
    thousandths?.parse::<u32>().ok().map(|thousandths| f64::from(thousandths) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        let lines = |text: &str| text.lines().count() - 1;
        assert_eq!(ec2_table().len(), lines(include_str!("discounts_ec2.csv")));
        assert_eq!(node_table().len(), lines(include_str!("discounts_nodes.csv")));
        let all = ec2_table().values().flatten().chain(node_table().values().flatten().flatten());
        assert!(all.into_iter().all(|share| (0.01..0.8).contains(share)));
    }

    #[test]
    fn the_more_is_paid_upfront_and_the_longer_the_more_is_saved() {
        let kinds = [
            Sold::Ec2 { family: "m6i", operation: "RunInstances" },
            Sold::Ec2UnderCompute { family: "m6i", operation: "RunInstances:0002" },
            Sold::Fargate,
            Sold::Nodes { service: "AmazonES", family: "r6g" },
        ];
        let payments = [Payment::NoUpfront, Payment::PartialUpfront, Payment::AllUpfront];
        for sold in kinds {
            let shares: Vec<f64> = [1, 3]
                .into_iter()
                .flat_map(|years| payments.map(|payment| discount(sold, years, payment).unwrap().share))
                .collect();
            assert!(shares.windows(2).all(|pair| pair[0] < pair[1]), "{sold:?}: {shares:?}");
        }
    }

    #[test]
    fn what_is_not_sold_has_no_discount() {
        assert_eq!(discount(Sold::Fargate, 2, Payment::NoUpfront), None);
        assert_eq!(discount(Sold::DatabaseServerless, 1, Payment::AllUpfront), None);
        let nodes = |service| Sold::Nodes { service, family: "r6g" };
        assert_eq!(discount(nodes("AmazonRDS"), 3, Payment::NoUpfront), None);
        assert_eq!(discount(nodes("AmazonNeptune"), 1, Payment::NoUpfront), None);
    }
}
