//! The publisher's indexes: of offers, of an offer's regions, of a kind of Savings Plans' regions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::download::Publisher;
use super::{PricesWanted, Published, PublishedList};
use crate::error::s3::{Result, S3Error};

/// The index of all offers.
const OFFERS: &str = "/offers/v1.0/aws/index.json";

#[derive(Debug, Deserialize)]
struct Offers {
    offers: BTreeMap<String, Offer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    current_region_index_url: Option<String>,
    current_savings_plan_index_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Regions {
    regions: Listed,
}

/// Offers list their regions by code, Savings Plans one after the other.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Listed {
    ByCode(BTreeMap<String, Region>),
    InOrder(Vec<Region>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    region_code: String,
    #[serde(alias = "currentVersionUrl")]
    version_url: String,
}

/// See [`super::Prices::published`].
pub(super) async fn published(publisher: &Publisher, wanted: &PricesWanted) -> Result<Published> {
    let offers: Offers = read(publisher, OFFERS).await?;
    let mut found = Published::default();
    let mut indexes = BTreeSet::new();
    for service in &wanted.services {
        match offers.offers.get(service) {
            Some(offer) => indexes.extend([&offer.current_region_index_url, &offer.current_savings_plan_index_url]),
            None => found.missing.push(format!("{service}: AWS publishes no price list of that name")),
        }
    }
    for index in indexes.into_iter().flatten() {
        let regions: Regions = read(publisher, index).await?;
        let all = match regions.regions {
            Listed::ByCode(regions) => regions.into_values().collect(),
            Listed::InOrder(regions) => regions,
        };
        let known: BTreeMap<String, String> =
            all.into_iter().map(|region| (region.region_code, region.version_url)).collect();
        for region in &wanted.regions {
            match known.get(region) {
                Some(url) => found.lists.push(list(publisher, index, url)?),
                None => found.missing.push(format!("{} in {region}", offer_of(index))),
            }
        }
    }
    found.lists.sort();
    Ok(found)
}

/// The offer in the path of its index: `/offers/v1.0/aws/AmazonEC2/current/region_index.json`.
fn offer_of(index: &str) -> &str {
    index.split('/').nth(4).unwrap_or(index)
}

/// A list by its path: `/offers/v1.0/aws/AmazonEC2/20250911184447/eu-west-1/index.json`, which is there as csv, too.
fn list(publisher: &Publisher, index: &str, path: &str) -> Result<PublishedList> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_plain = |part: &&str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match parts[..] {
        ["", _, _, "aws", offer, version, region, "index.json"] if [offer, version, region].iter().all(is_plain) => {
            Ok(PublishedList {
                offer: offer.to_owned(),
                region: region.to_owned(),
                version: version.to_owned(),
                path: format!("{}csv", path.trim_end_matches("json")),
            })
        }
        _ => Err(S3Error::Other {
            uri: publisher.shown(index),
            detail: format!("the list's address `{path}` is not of a form that is known; a newer farthing may know it"),
        }),
    }
}

async fn read<T: DeserializeOwned>(publisher: &Publisher, path: &str) -> Result<T> {
    let bytes = publisher.read(path).await?;
    serde_json::from_slice(&bytes).map_err(|error| S3Error::Other {
        uri: publisher.shown(path),
        detail: format!("this is no index of price lists ({error}); is something else in between?"),
    })
}
