//! `farthing rightsize` as its users run it: Cost Explorer's rules on cases of every kind.

use assert_cmd::Command;
use serde_json::Value;

use crate::bill::{Place, units};

const HEADER: &str = "resource_id,instance_type,region_id,operating_system,running_hours,reserved_hours,on_demand_hours,cpu_percent_max\n";

/// Rates with which Cost Explorer printed the savings of `i-small` and `i-partly` in a list of July 2021.
const PRICES: &str = "instance_type,region_id,operating_system,vcpus,on_demand_rate\n\
    t2.small,ap-southeast-2,Linux,1,0.026134\nt2.micro,ap-southeast-2,Linux,1,0.013067\nt2.nano,ap-southeast-2,Linux,1,0.0065335\n\
    c4.8xlarge,eu-west-1,Windows,36,3.0\nc4.4xlarge,eu-west-1,Windows,16,1.484765\nc4.2xlarge,eu-west-1,Windows,8,0.75\n\
    c4.xlarge,eu-west-1,Windows,4,0.375\nc4.large,eu-west-1,Windows,2,0.2\n\
    t3.medium,us-west-2,SUSE,2,0.1\nt3.small,us-west-2,SUSE,2,0.05\nt3.micro,us-west-2,SUSE,2,0.03\nt3.nano,us-west-2,SUSE,2,0.02\n\
    t3.medium,us-west-2,RHEL,2,0.1\nt3.small,us-west-2,RHEL,2,0.07\nt3.micro,us-west-2,RHEL,2,0.06\n";

fn run(table: &str, prices: Option<&str>, arguments: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("table.csv"), format!("{HEADER}{table}")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
    command.current_dir(folder.path()).args(["rightsize", "--table", "table.csv", "--mode", "cost-explorer"]);
    if let Some(prices) = prices {
        std::fs::write(folder.path().join("prices.csv"), prices).unwrap();
        command.args(["--prices", "prices.csv"]);
    }
    let output = command.args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn answer(table: &str, prices: Option<&str>) -> Value {
    let (code, stdout, stderr) = run(table, prices, "--format json");
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// Action, options (type, projected CPU, saving) and greatest saving of an instance.
type Told = (String, Vec<(String, f64, String)>, Value);

fn told(answer: &Value, resource: &str) -> Option<Told> {
    let row = answer["rows"].as_array().unwrap().iter().find(|row| row["resource_id"] == resource)?;
    let option = |option: &Value| {
        (
            option["instance_type"].as_str().unwrap().to_owned(),
            option["cpu_percent_projected"].as_f64().unwrap(),
            option["savings_monthly"].as_str().unwrap().to_owned(),
        )
    };
    let options = row["options"].as_array().unwrap().iter().map(option).collect();
    Some((row["action"].as_str().unwrap().to_owned(), options, row["savings_monthly"].clone()))
}

fn names(told: &Option<Told>) -> Vec<&str> {
    told.iter().flat_map(|(_, options, _)| options).map(|(name, _, _)| name.as_str()).collect()
}

#[test]
fn every_kind_of_case_follows_the_rules() {
    let table = "i-small,t2.small,ap-southeast-2,Linux/UNIX,336,0,336,2.711864407\n\
        i-partly,t2.small,ap-southeast-2,Linux/UNIX,336,1.25,334.75,2.881355932\n\
        i-covered,t2.small,ap-southeast-2,Linux/UNIX,336,336,0,2.5\n\
        i-idle,t2.small,ap-southeast-2,Linux/UNIX,336,0,336,1\n\
        i-nearly,t2.small,ap-southeast-2,Linux/UNIX,336,0,336,1.004\n\
        i-blind,t2.small,ap-southeast-2,Linux/UNIX,336,0,168,\n\
        i-windows,c4.8xlarge,eu-west-1,Windows (Amazon VPC),336,0,336,17.7962963\n\
        i-edge,c4.4xlarge,eu-west-1,Windows,336,0,336,10\n\
        i-over,c4.4xlarge,eu-west-1,Windows,336,0,336,10.0625\n\
        i-busy,c4.8xlarge,eu-west-1,Windows,336,0,336,35.6\n\
        i-suse,t3.medium,us-west-2,SUSE Linux,336,0,336,20.9\n\
        i-rhel,t3.medium,us-west-2,Red Hat Enterprise Linux,336,0,163,9.3\n\
        i-smallest,t2.nano,ap-southeast-2,Linux,336,0,336,5\n\
        i-foreign,t2.small,eu-west-1,Linux,336,0,336,5\n";
    let answer = answer(table, Some(PRICES));
    assert_eq!(answer["schema"], "farthing.rightsize/1");
    // Cost Explorer printed 9.53891 and 14.308365.
    let expected = |name: &str, cpu: f64, savings: &str| (name.to_owned(), cpu, savings.to_owned());
    let (action, options, savings) = told(&answer, "i-small").unwrap();
    let small =
        vec![expected("t2.micro", 2.711864407, "9.5389100000"), expected("t2.nano", 2.711864407, "14.3083650000")];
    assert_eq!((action.as_str(), options), ("modify", small));
    assert_eq!(savings, "14.3083650000");
    // Cost Explorer printed 9.503422984 and 14.25513448.
    let partly = told(&answer, "i-partly").unwrap().1;
    assert!(partly[0].2.starts_with("9.50342298") && partly[1].2.starts_with("14.2551344"), "{partly:?}");
    let covered = told(&answer, "i-covered").unwrap();
    assert_eq!((covered.1[0].2.as_str(), covered.2.as_str()), ("0.0000000000", Some("0.0000000000")));
    // 0.026134 × 730, and half of it for half of the hours.
    for (resource, savings) in [("i-idle", "19.0778200000"), ("i-blind", "9.5389100000")] {
        let idle = told(&answer, resource).unwrap();
        assert_eq!((idle.0.as_str(), idle.1.len(), idle.2.as_str()), ("terminate", 0, Some(savings)), "{resource}");
    }
    assert_eq!(told(&answer, "i-nearly").unwrap().0, "modify", "1.00 as printed, 1.004 as measured");
    // Cost Explorer printed 1106.12155 and 40.04166667; of 8 vCPUs it would be 80.08 %.
    let windows = told(&answer, "i-windows").unwrap().1;
    assert_eq!((windows.len(), windows[0].0.as_str(), windows[0].2.as_str()), (1, "c4.4xlarge", "1106.1215500000"));
    assert!((windows[0].1 - 40.041_666_675).abs() < 1e-9, "{windows:?}");
    assert_eq!(names(&told(&answer, "i-edge")), ["c4.2xlarge", "c4.xlarge", "c4.large"], "80 % is not too much");
    assert_eq!(names(&told(&answer, "i-over")), ["c4.2xlarge", "c4.xlarge"]);
    assert_eq!(names(&told(&answer, "i-suse")), ["t3.small", "t3.micro", "t3.nano"]);
    assert!(told(&answer, "i-suse").unwrap().1.iter().all(|option| option.1 == 20.9), "all have two vCPUs");
    assert_eq!(names(&told(&answer, "i-rhel")), ["t3.small", "t3.micro"], "a size that is not sold with it is none");
    let reason = |resource: &str| {
        let all = answer["skipped"].as_array().unwrap();
        let entry =
            all.iter().find(|entry| entry["what"] == resource).unwrap_or_else(|| panic!("{resource}: {answer}"));
        entry["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("i-busy").contains("c4.4xlarge, the next smaller size, would reach 80.10% CPU"));
    assert!(reason("i-smallest").contains("no smaller size than t2.nano"));
    assert!(reason("i-foreign").contains("prices.csv has no on-demand rate of t2.small with Linux in eu-west-1"));
    assert_eq!(answer["totals"]["instances"], 14);
}

#[test]
fn three_sizes_are_looked_at_and_the_bundled_prices_used() {
    let table = "i-1,t3.large,us-east-1,Linux,336,0,336,31.725\ni-2,m5.24xlarge,us-east-1,Windows,336,0,336,2\n";
    let answer = answer(table, None);
    assert_eq!(names(&told(&answer, "i-1")), ["t3.medium", "t3.small", "t3.micro"]);
    assert_eq!(told(&answer, "i-1").unwrap().1[0].2, "30.3680000000", "(0.0832 − 0.0416) × 730");
    assert_eq!(names(&told(&answer, "i-2")), ["m5.16xlarge", "m5.12xlarge", "m5.8xlarge"]);
    let row = &answer["rows"][0];
    assert_eq!(
        (&row["resource_id"], &row["price_source"], &row["price_as_of"]),
        (&"i-2".into(), &"catalog".into(), &"2026-07".into())
    );
}

#[test]
fn the_answer_reads_well_in_every_form() {
    let table = "i-1,t3.large,us-east-1,Linux,336,0,336,31.725\ni-2,m5.large,us-east-1,Linux,336,0,336,\n";
    let (code, page, told) = run(table, None, "");
    assert_eq!((code, told.as_str()), (0, ""));
    assert!(page.contains("2 of 2 instances to act on; 123.22 a month"), "{page}");
    assert!(page.contains("1 instance without a CPU figure"), "{page}");
    assert!(
        page.lines().any(|line| line.contains("t3.large") && line.contains("t3.medium") && line.contains("31.73%")),
        "{page}"
    );
    let csv = run(table, None, "--format csv").1;
    assert_eq!(csv.lines().count(), 5, "{csv}");
    assert!(csv.contains("\ni-2,m5.large,us-east-1,Linux,,terminate,,,,70.0800000000\n"), "{csv}");
    assert!(run(table, None, "--format markdown").1.starts_with("# Rightsizing\n"));
}

#[test]
fn what_is_wrong_with_the_table_is_named() {
    for (row, told) in [
        (
            "i-1,t3.large,us-east-1,Linux,720,0,720,3\n",
            "line 2: running_hours `720` is more than the 336 hours of 14 days",
        ),
        ("i-1,t3.large,us-east-1,Linux,100,0,336,3\n", "line 2: on_demand_hours `336` is more than running_hours"),
        ("i-1,t3.large,us-east-1,Linux,336,0,-1,3\n", "line 2: on_demand_hours `-1` is negative"),
        ("i-1,t3.large,us-east-1,Linux,336,0,336,low\n", "line 2: cpu_percent_max `low` is no number"),
        ("i-1,,us-east-1,Linux,336,0,336,3\n", "line 2: instance_type is empty"),
        ("i-1,a.b,x,Linux,1,0,1,3\ni-1,a.b,x,Linux,1,0,1,3\n", "line 3: i-1 is there twice"),
        ("", "table.csv: it has no rows"),
    ] {
        let (code, stdout, stderr) = run(row, None, "");
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains(told), "{stderr} does not say: {told}");
    }
    let (code, _, stderr) = run("i-1,t3.large,us-east-1,Linux,336,0,336,3\n", Some("type,cost\nt3.large,1\n"), "");
    assert!(code == 1 && stderr.contains("prices.csv: it has no column on_demand_rate"), "{stderr}");
}

#[test]
fn a_bill_and_its_metrics_size_its_instances() {
    let place = Place::empty();
    place.stdout("demo bill --months 1 --scale 20000 --metrics --waste none");
    let answer = place.json("rightsize bill --metrics bill/metrics.parquet --format json");
    assert_eq!((answer["schema"].as_str(), answer["mode"].as_str()), (Some("farthing.rightsize/1"), Some("metrics")));
    let rows = answer["rows"].as_array().unwrap();
    let sum: i128 = rows
        .iter()
        .filter(|row| row["finding"] == "over-provisioned")
        .map(|row| units(row["savings_monthly"].as_str().unwrap()))
        .sum();
    assert_eq!(units(answer["totals"]["savings_monthly"].as_str().unwrap()), sum);
    let over = rows.iter().find(|row| row["finding"] == "over-provisioned").unwrap();
    assert!(over["options"].as_array().unwrap().iter().any(|option| option["is_advised"] == true), "{over}");
    assert!(over["options"][0]["projected_percent"]["CPU"].as_f64().unwrap() <= 80.0, "{over}");
    assert_eq!(over["action"], "modify");
    assert!(answer["curve"].as_array().unwrap().len() >= 12);
    let bold = place.json("rightsize bill --metrics bill/metrics.parquet --preset max-savings --format json");
    let total = |answer: &Value| units(answer["totals"]["savings_monthly"].as_str().unwrap());
    assert!(total(&bold) >= total(&answer));
    let page = place.stdout("rightsize bill --metrics bill/metrics.parquet");
    assert!(
        page.contains("Savings against risk") && page.contains("P99.5, headroom 20% CPU and 20% memory, 14 days"),
        "{page}"
    );
    assert!(place.stdout("rightsize bill --metrics bill/metrics.parquet --format csv").lines().count() > rows.len());
    for (line, told) in [
        ("rightsize bill", "--metrics"),
        ("rightsize bill --metrics m.csv --percentile 99.3", "steps of 0.5"),
        ("rightsize --table t.csv", "--mode"),
        ("rightsize", "SOURCE"),
    ] {
        let output = place.farthing(line).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && message.contains(told), "{line}: {message}");
    }
}
