//! `farthing catalog` as its users run it.

use crate::bill::Place;

const PLANS: &str = "FormatVersion,v1.0\nPublication Date,2026-04-22T19:42:03Z\nVersion,20260422194203\nOfferCode,AmazonDatabaseSavingsPlans\n\
    SKU,RateCode,Unit,EffectiveDate,DiscountedRate,Currency,DiscountedSKU,DiscountedServiceCode,DiscountedUsageType,DiscountedOperation,PurchaseOption,LeaseContractLength,LeaseContractLengthUnit,ServiceCode,UsageType,Operation,Description,Instance Family,Location,Location Type,Granularity,Product Family,DiscountedRegionCode,DiscountedInstanceType\n\
    P,P.A,Hrs,2026-04-20,1.824,USD,A,AmazonRDS,APS5-InstanceUsage:db.r7i.2xl,CreateDBInstance:0014,No Upfront,1,year,DatabaseSavingsPlans,DatabaseSP:1yrNoUpfront,,about,,Any,AWS Region,hourly,DatabaseSavingsPlans,ap-south-2,db.r7i.2xlarge\n";

#[test]
fn what_is_known_of_a_type_says_from_where_and_as_of_when() {
    let place = Place::empty();
    let page = place.stdout("catalog show m7g.large --region eu-west-1 --catalog kept");
    assert!(page.starts_with("m7g.large in eu-west-1\n2 vCPUs · 8 GiB · arm64 · nitro · Up to 12.5 Gigabit"), "{page}");
    assert!(
        page.lines().any(|line| line.contains("Linux")
            && line.contains("on demand")
            && line.contains("0.0910")
            && line.contains("2026-07")),
        "{page}"
    );
    let known = place.json("catalog show cache.m6g.2xlarge --region ca-central-1 --catalog kept --format json");
    assert_eq!((known["schema"].as_str(), known["described"]["vcpus"].as_u64()), (Some("farthing.catalog/1"), Some(8)));
    let rows = known["rows"].as_array().unwrap();
    assert!(
        rows.iter()
            .any(|row| row["variant"] == "Valkey" && row["terms"] == "on-demand" && row["price"] == "0.5200000000")
    );
    let unknown = place.farthing("catalog show m99.large --region eu-west-1 --catalog kept").output().unwrap();
    let told = String::from_utf8(unknown.stderr).unwrap();
    assert!(unknown.status.code() == Some(1) && told.contains("nothing is known of `m99.large`"), "{told}");
}

#[test]
fn imported_lists_are_listed_and_looked_up() {
    let place = Place::empty();
    std::fs::write(place.path("plans.csv"), PLANS).unwrap();
    let page = place.stdout("catalog import plans.csv --catalog kept");
    assert!(
        page.contains("Savings Plan rates")
            && page.contains("AmazonDatabaseSavingsPlans")
            && page.contains("ap-south-2"),
        "{page}"
    );
    let listed = place.json("catalog list --catalog kept --format json");
    assert_eq!(
        (listed["rows"][0]["rates"].as_u64(), listed["rows"][0]["region_id"].as_str()),
        (Some(1), Some("ap-south-2"))
    );
    let found = place.json("catalog rates InstanceUsage:db.r7i.2xl --operation CreateDBInstance:0014 --region ap-south-2 --catalog kept --format json");
    let row = &found["rows"][0];
    assert_eq!(
        (row["price"].as_str(), row["terms"].as_str(), row["payment"].as_str()),
        (Some("1.8240000000"), Some("DatabaseSavingsPlans"), Some("No Upfront"))
    );
    assert_eq!(
        (row["price_source"].as_str(), row["as_of"].as_str()),
        (Some("price-list"), Some("2026-04-22T19:42:03Z"))
    );
    let csv = place.stdout("catalog list --catalog kept --format csv");
    assert!(
        csv.starts_with("offer,region_id,rates,published,origin\nAmazonDatabaseSavingsPlans,ap-south-2,1,"),
        "{csv}"
    );
    std::fs::write(place.path("note.csv"), "a,b\n").unwrap();
    let wrong = place.farthing("catalog import note.csv --catalog kept").output().unwrap();
    assert!(
        wrong.status.code() == Some(1)
            && String::from_utf8_lossy(&wrong.stderr).contains("note.csv: this is no price list")
    );
}
