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
    // The bill's own rates come first.
    place.stdout("demo bill --seed 7 --scale small --months 1");
    let known = place.json("catalog show m5.2xlarge --region us-east-1 --catalog kept --bill bill --format json");
    let rows = known["rows"].as_array().unwrap();
    let line = |row: &serde_json::Value| ["price_source", "variant", "terms", "price"].map(|key| row[key].to_string());
    assert_eq!(line(&rows[0]), ["\"bill\"", "\"Linux\"", "\"on-demand\"", "\"0.3840000000\""], "{known}");
    assert!(rows.iter().any(|row| row["price_source"] == "catalog" && row["terms"] == "on-demand"), "{known}");
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

/// AWS's own tree of files, served as it stands by a real server.
pub(crate) fn publish(folder: &std::path::Path) -> (std::process::Child, String) {
    let write = |path: &str, text: &str| {
        let file = folder.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let plans = "/savingsPlan/v1.0/aws/AWSDatabaseSavingsPlans";
    let offers = format!(
        r#"{{"offers": {{"AmazonRDS": {{"currentSavingsPlanIndexUrl": "{plans}/current/region_index.json"}}}}}}"#
    );
    write("/offers/v1.0/aws/index.json", &offers);
    let regions = format!(
        r#"{{"regions": [{{"regionCode": "ap-south-2", "versionUrl": "{plans}/20260422194203/ap-south-2/index.json"}}]}}"#
    );
    write(&format!("{plans}/current/region_index.json"), &regions);
    write(&format!("{plans}/20260422194203/ap-south-2/index.csv"), PLANS);
    let mut server = std::process::Command::new("python3")
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"])
        .arg(folder)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(server.stdout.take().unwrap()), &mut line).unwrap();
    let port = line.split("port ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{line}"));
    let url = format!("http://127.0.0.1:{port}");
    (server, url)
}

#[test]
fn price_lists_are_downloaded_once() {
    let place = Place::empty();
    let (mut server, url) = publish(&place.path("published"));
    let update = format!(
        "catalog update --services AmazonRDS,AmazonNone --regions ap-south-2 --published-at {url} --catalog kept"
    );
    let first = place.farthing(&update).output().unwrap();
    let (page, told) = (String::from_utf8_lossy(&first.stdout), String::from_utf8_lossy(&first.stderr));
    assert!(first.status.success(), "{told}");
    assert!(page.contains("current already: 0 lists") && page.contains("AmazonDatabaseSavingsPlans"), "{page}");
    assert!(told.contains("not published: AmazonNone"), "{told}");
    let rates = place.stdout("catalog rates InstanceUsage:db.r7i.2xl --region ap-south-2 --catalog kept");
    assert!(rates.contains("1.824"), "{rates}");
    let again = place.stdout(&update);
    assert!(again.contains("current already: 1 list") && !again.contains("DatabaseSavingsPlans"), "{again}");
    assert_eq!(std::fs::read_dir(place.path("kept/.incoming")).unwrap().count(), 0);
    server.kill().unwrap();
    server.wait().unwrap();
    let none = place.farthing("catalog update --services AmazonRDS --catalog kept").output().unwrap();
    assert_eq!(none.status.code(), Some(2), "services alone are not enough");
}
