//! Price lists as AWS publishes them: read whole, kept by region, looked up as bills name things.

use std::io::Write;
use std::path::{Path, PathBuf};

use farthing::catalog::commitments::Payment;
use farthing::catalog::platforms::Platform;
use farthing::catalog::price_lists::folder::PriceLists;
use farthing::catalog::price_lists::rates::Terms;
use farthing::catalog::price_lists::{ListKind, Listed, import};
use farthing::catalog::quotes::Catalog;
use farthing::money::money_text;
use farthing::{PriceSource, Result};

use crate::support::shared;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("catalog")
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, path: &Path) -> Result<Listed> {
        import(path, &self.folder(), &mut |_, _| {})
    }

    /// Terms and prices of a usage type.
    fn rates(&self, region: &str, usage_type: &str, operation: &str) -> Vec<(String, String)> {
        let found = PriceLists::of(&self.folder()).find(region, usage_type, operation).unwrap();
        found.iter().map(|rate| (rate.terms.text(), money_text(rate.price))).collect()
    }
}

const PREAMBLE: &str = "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"For information, only\"\n\"Publication Date\",\"2026-09-01T00:00:00Z\"\n\"Version\",\"20260901000000\"\n";

const PRICE_HEADER: &str = "\"SKU\",\"OfferTermCode\",\"RateCode\",\"TermType\",\"PriceDescription\",\"EffectiveDate\",\"StartingRange\",\"EndingRange\",\"Unit\",\"PricePerUnit\",\"Currency\",\"RelatedTo\",\"LeaseContractLength\",\"PurchaseOption\",\"OfferingClass\",\"Product Family\",\"serviceCode\",\"Location\",\"Location Type\",\"Instance Type\",\"usageType\",\"operation\",\"Region Code\"\n";

/// A line of an EC2 price list.
fn line(terms: [&str; 6], usage_type: &str, operation: &str, region: &str) -> String {
    let [term, unit, price, lease, purchase, class] = terms;
    format!(
        "\"S\",\"T\",\"S.T.R\",\"{term}\",\"about, it\",\"2026-09-01\",\"0\",\"Inf\",\"{unit}\",\"{price}\",\"USD\",,\"{lease}\",\"{purchase}\",\"{class}\",\"Compute Instance\",\"AmazonEC2\",\"Somewhere\",\"AWS Region\",\"m5.large\",\"{usage_type}\",\"{operation}\",\"{region}\"\n"
    )
}

fn ec2() -> String {
    let mut text = format!("{PREAMBLE}\"OfferCode\",\"AmazonEC2\"\n{PRICE_HEADER}");
    let on_demand = |price| ["OnDemand", "Hrs", price, "", "", ""];
    text += &line(on_demand("0.1110000000"), "EUW1-BoxUsage:m5.large", "RunInstances", "eu-west-1");
    text += &line(on_demand("0.2030000000"), "EUW1-BoxUsage:m5.large", "RunInstances:0002", "eu-west-1");
    text += &line(
        ["Reserved", "Quantity", "285", "1yr", "Partial Upfront", "standard"],
        "EUW1-BoxUsage:m5.large",
        "RunInstances",
        "eu-west-1",
    );
    text += &line(
        ["Reserved", "Hrs", "0.0325", "1yr", "Partial Upfront", "standard"],
        "EUW1-BoxUsage:m5.large",
        "RunInstances",
        "eu-west-1",
    );
    text += &line(
        ["Reserved", "Hrs", "0.06", "3yr", "No Upfront", "convertible"],
        "EUW1-BoxUsage:m5.large",
        "RunInstances",
        "eu-west-1",
    );
    text += &line(on_demand("0.096"), "BoxUsage:m5.large", "RunInstances", "us-east-1");
    text += &line(on_demand("0.5"), "", "", "us-east-1");
    text
}

#[test]
fn an_offers_list_is_kept_by_region_and_found_as_bills_name_it() {
    let place = Place::new();
    let listed = place.import(&place.file("index.csv", ec2().as_bytes())).unwrap();
    assert_eq!(
        (listed.kind, listed.offer.as_str(), listed.entries, listed.passed_over),
        (ListKind::Prices, "AmazonEC2", 6, 1)
    );
    assert_eq!(
        (listed.published.as_str(), listed.regions),
        ("2026-09-01T00:00:00Z", vec!["eu-west-1".into(), "us-east-1".into()])
    );
    let found = |rates: &[(&str, &str)]| {
        rates.iter().map(|(terms, price)| ((*terms).to_owned(), (*price).to_owned())).collect::<Vec<_>>()
    };
    let expected = found(&[
        ("on demand", "0.1110000000"),
        ("reserved standard, 1 yr, Partial Upfront", "0.0325000000"),
        ("reserved standard, 1 yr, Partial Upfront, paid at once", "285.0000000000"),
        ("reserved convertible, 3 yr, No Upfront", "0.0600000000"),
    ]);
    assert_eq!(place.rates("eu-west-1", "EUW1-BoxUsage:m5.large", "RunInstances"), expected);
    assert_eq!(place.rates("eu-west-1", "BoxUsage:m5.large", "RunInstances"), expected, "with or without the region");
    assert_eq!(
        place.rates("eu-west-1", "BoxUsage:m5.large", "RunInstances:0002"),
        found(&[("on demand", "0.2030000000")])
    );
    assert!(place.rates("eu-west-2", "BoxUsage:m5.large", "RunInstances").is_empty());
    // A packed file says the same, and takes the place of the first.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(ec2().replace("0.1110000000", "0.1120000000").as_bytes()).unwrap();
    place.import(&place.file("later.csv.gz", &packed.finish().unwrap())).unwrap();
    assert_eq!(place.rates("eu-west-1", "BoxUsage:m5.large", "RunInstances")[0].1, "0.1120000000");
    let kept = PriceLists::of(&place.folder()).kept().unwrap();
    assert_eq!(
        kept.iter().map(|one| (one.region.as_str(), one.rates, one.origin.as_str())).collect::<Vec<_>>(),
        [("eu-west-1", 5, "later.csv.gz"), ("us-east-1", 1, "later.csv.gz")]
    );
}

#[test]
fn json_says_the_same_as_csv() {
    let place = Place::new();
    let product = |usage_type: &str, operation: &str| {
        serde_json::json!({"sku": "x", "productFamily": "Compute Instance", "attributes": {"servicecode": "AmazonEC2",
            "regionCode": "eu-west-1", "usagetype": usage_type, "operation": operation, "vcpu": "2"}})
    };
    let price =
        |unit: &str, usd: &str| serde_json::json!({"unit": unit, "beginRange": "0", "pricePerUnit": {"USD": usd}});
    let terms = |dimensions: serde_json::Value, attributes: serde_json::Value| serde_json::json!({"priceDimensions": dimensions, "termAttributes": attributes});
    let document = serde_json::json!({
        "formatVersion": "v1.0", "offerCode": "AmazonEC2", "version": "1", "publicationDate": "2026-09-01T00:00:00Z",
        "products": {"A": product("EUW1-BoxUsage:m5.large", "RunInstances"), "B": product("", "")},
        "terms": {
            "OnDemand": {"A": {"A.T": terms(serde_json::json!({"A.T.R": price("Hrs", "0.1110000000")}), serde_json::json!({}))},
                         "B": {"B.T": terms(serde_json::json!({"B.T.R": price("Hrs", "1")}), serde_json::json!({}))}},
            "Reserved": {"A": {"A.U": terms(
                serde_json::json!({"A.U.1": price("Hrs", "0.0325"), "A.U.2": price("Quantity", "285")}),
                serde_json::json!({"LeaseContractLength": "1yr", "OfferingClass": "standard", "PurchaseOption": "Partial Upfront"}))}}
        },
        "attributesList": {}
    });
    let listed = place.import(&place.file("index.json", document.to_string().as_bytes())).unwrap();
    assert_eq!((listed.kind, listed.entries, listed.passed_over), (ListKind::Prices, 3, 1));
    let rates = place.rates("eu-west-1", "EUW1-BoxUsage:m5.large", "RunInstances");
    let csv = Place::new();
    csv.import(&csv.file("index.csv", ec2().as_bytes())).unwrap();
    assert_eq!(rates[..], csv.rates("eu-west-1", "EUW1-BoxUsage:m5.large", "RunInstances")[..3]);
    let plans = serde_json::json!({
        "version": "1", "publicationDate": "2026-09-01T00:00:00Z", "regionCode": "eu-west-1", "offerCode": "AWSComputeSavingsPlan",
        "products": [{"sku": "P", "productFamily": "ComputeSavingsPlans", "serviceCode": "ComputeSavingsPlans",
            "attributes": {"purchaseOption": "No Upfront", "granularity": "hourly", "purchaseTerm": "1yr"}}],
        "terms": {"savingsPlan": [{"sku": "P", "description": "d", "leaseContractLength": {"duration": 1, "unit": "year"},
            "rates": [{"discountedSku": "A", "discountedUsageType": "EUW1-BoxUsage:m5.large", "discountedOperation": "RunInstances",
                "discountedServiceCode": "AmazonEC2", "rateCode": "P.A", "unit": "Hrs", "discountedRate": {"price": "0.081", "currency": "USD"}}]}]}
    });
    let listed = place.import(&place.file("plans.json", plans.to_string().as_bytes())).unwrap();
    assert_eq!((listed.kind, listed.entries), (ListKind::SavingsPlans, 1));
    let rates = place.rates("eu-west-1", "BoxUsage:m5.large", "RunInstances");
    assert_eq!(rates.last().unwrap(), &("ComputeSavingsPlans, 1 yr, No Upfront".to_owned(), "0.0810000000".to_owned()));
}

#[test]
fn imported_rates_come_before_the_bundled_ones() {
    let place = Place::new();
    place.import(&place.file("index.csv", ec2().as_bytes())).unwrap();
    let linux = Platform::parse("Linux");
    let catalog = Catalog::bundled().with_lists(&place.folder()).prepared_for(["eu-west-1"]).unwrap();
    let quote = catalog.ec2_on_demand("m5.large", "eu-west-1", &linux).unwrap();
    assert_eq!(
        (money_text(quote.hourly).as_str(), quote.source, quote.as_of.as_deref()),
        ("0.1110000000", PriceSource::PriceList, Some("2026-09-01T00:00:00Z"))
    );
    let other = catalog.ec2_on_demand("m5.xlarge", "eu-west-1", &linux).unwrap();
    assert_eq!((other.source, other.as_of.as_deref()), (PriceSource::Catalog, Some("2026-07")));
    let lines = catalog.price_lines("m5.large", "eu-west-1").unwrap();
    assert!(lines.len() == 5 && lines.iter().all(|line| line.source == PriceSource::PriceList), "{lines:?}");
    let bundled = Catalog::bundled().price_lines("m7g.large", "eu-west-1").unwrap();
    assert!(
        bundled.iter().any(|line| line.terms == Terms::OnDemand && line.variant == "Linux" && line.as_of == "2026-07")
    );
    let node = Catalog::bundled().price_lines("cache.m6g.2xlarge", "ca-central-1").unwrap();
    let valkey = node.iter().find(|line| line.variant == "Valkey" && line.terms == Terms::OnDemand).unwrap();
    assert_eq!(money_text(valkey.price), "0.5200000000");
}

#[test]
fn what_is_wrong_with_a_list_is_named_and_nothing_of_it_kept() {
    let place = Place::new();
    let good = ec2();
    for (text, told) in [
        ("a,b\n1,2\n".to_owned(), "no line begins with SKU"),
        (String::new(), "it is empty"),
        ("{}".to_owned(), "neither a price list of AWS nor an index"),
        ("{\"offers\": {".to_owned(), "EOF"),
        ("{\"terms\": {}, \"products\": {}}".to_owned(), "its terms come before its products"),
        (good.replace("usageType", "Usage"), "it has no column usageType"),
        (good.replace("\"0.096\"", "\"cheap\""), "line 12: the price `cheap` is no amount"),
        (good.replace("\"1yr\"", "\"soon\""), "the term `soon` is no number of years"),
        (good.replace("\"No Upfront\"", "\"Later\""), "the payment option `Later` is not known"),
        (good.replace("\"AmazonEC2\"\n", "\"../up\"\n"), "the offer code `../up` is no name"),
    ] {
        let error = place.import(&place.file("list", text.as_bytes())).unwrap_err().to_string();
        assert!(error.contains(told), "{error} does not say: {told}");
        assert!(PriceLists::of(&place.folder()).kept().unwrap().is_empty());
    }
    let left: Vec<_> = walk(&place.folder());
    assert!(left.is_empty(), "{left:?}");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn every_published_form_is_read() {
    let Some(folder) = shared("prices/price-list-format") else { return };
    let place = Place::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|ending| ending != "md"));
    files.sort();
    let listed: Vec<Listed> =
        files.iter().map(|file| place.import(file).unwrap_or_else(|error| panic!("{error}"))).collect();
    let kinds: Vec<(ListKind, u64)> = listed.iter().map(|one| (one.kind, one.entries)).collect();
    let expected = [
        (ListKind::Offers, 242),
        (ListKind::Versions, 110),
        (ListKind::Prices, 44),
        (ListKind::Regions, 103),
        (ListKind::SavingsPlans, 44),
        (ListKind::SavingsPlans, 455),
        (ListKind::Regions, 36),
    ];
    assert_eq!(kinds, expected, "{listed:?}");
    assert!(listed.iter().all(|one| one.passed_over == 0));
    let lists = PriceLists::of(&place.folder());
    let database = lists.find("ap-south-2", "APS5-InstanceUsage:db.r8i.12xl", "CreateDBInstance:0005").unwrap();
    let plan = Terms::SavingsPlan { plan: "DatabaseSavingsPlans".to_owned(), years: 1, payment: Payment::NoUpfront };
    assert_eq!(
        database.iter().map(|rate| (&rate.terms, money_text(rate.price))).collect::<Vec<_>>(),
        [(&plan, "5.7440000000".to_owned())]
    );
    let all = lists.matching("ap-south-2", &|_| true, &|_| true).unwrap();
    assert_eq!(all.len(), 455);
}
