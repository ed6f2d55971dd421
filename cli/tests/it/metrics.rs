//! `farthing metrics fetch` against moto's CloudWatch, behind a gate that pages and throttles as AWS does.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::bill::Place;
use crate::s3::moto::Moto;

const GATE: &str = include_str!("cloudwatch_gate.py");
/// What stands in for a secret access key.
const SECRET: &str = "sEcReTkey0123456789/abcdefghijklmnopqrst";

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
/// An instance that does nothing, and one that has much to do.
const QUIET: &str = "i-0aaa";
const BUSY: &str = "i-0bbb";
const IRELAND: &str = "eu-west-1";
/// Metrics of instances, the agent's memory, of a gateway, a database, a load balancer, of functions, what Insights has of one
/// of them, of a domain and a service.
const QUERIES: u64 = 72 * 8 + 1 + 3 + 3 + 1 + 2 * 2 + 4 + 4 + 3;

/// A bill in `bill/`, and a CloudWatch.
struct Cloud {
    place: Place,
    gate: Moto,
    log: PathBuf,
}

/// Line items of October 2026: two instances all month; on its last day 70 more of them, a database, a gateway and a load
/// balancer elsewhere, and an instance of another account.
fn bill() -> String {
    let mut text = "bill_payer_account_id,line_item_usage_account_id,line_item_line_item_type,line_item_currency_code,\
                    bill_billing_period_start_date,line_item_usage_start_date,line_item_usage_end_date,\
                    line_item_resource_id,line_item_product_code,line_item_usage_type,line_item_operation,\
                    product_region_code,line_item_usage_amount,line_item_unblended_cost,pricing_public_on_demand_cost,\
                    resource_tags\n"
        .to_owned();
    let mut add = |account: &str, region: &str, id: &str, [service, usage_type, operation]: [&str; 3], from: u32| {
        let tags = if id.contains(":task/") { r#""{""aws:ecs:serviceName"":""web""}""# } else { "" };
        for hour in from..744 {
            let time = |hour: u32| match hour {
                744 => "2026-11-01T00:00:00Z".to_owned(),
                _ => format!("2026-10-{:02}T{:02}:00:00Z", hour / 24 + 1, hour % 24),
            };
            text.push_str(&format!(
                "{ACCOUNT},{account},Usage,USD,2026-10-01T00:00:00Z,{},{},{id},{service},{usage_type},{operation},{region},\
                 1,0.4,0.4,{tags}\n",
                time(hour),
                time(hour + 1)
            ));
        }
    };
    let machine = ["AmazonEC2", "EU-BoxUsage:m6i.2xlarge", "RunInstances"];
    add(ACCOUNT, IRELAND, QUIET, machine, 0);
    add(ACCOUNT, IRELAND, BUSY, machine, 0);
    (0..70).for_each(|number| add(ACCOUNT, IRELAND, &format!("i-1{number:03}"), machine, 720));
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:us-east-1:{ACCOUNT}:{rest}");
    let elsewhere = [
        (arn("rds", "db:shop"), ["AmazonRDS", "InstanceUsage:db.r6g.large", "CreateDBInstance:0014"]),
        (arn("ec2", "natgateway/nat-0c"), ["AmazonEC2", "NatGateway-Hours", "NatGateway"]),
        (
            arn("elasticloadbalancing", "loadbalancer/app/web/0d"),
            ["AWSELB", "LoadBalancerUsage", "LoadBalancing:Application"],
        ),
    ];
    elsewhere.iter().for_each(|(id, what)| add(ACCOUNT, "us-east-1", id, *what, 720));
    let sized = [
        (arn("lambda", "function:resize"), ["AWSLambda", "Lambda-GB-Second", "Invoke"]),
        (arn("lambda", "function:plain"), ["AWSLambda", "Lambda-GB-Second", "Invoke"]),
        (arn("es", "domain/logs"), ["AmazonES", "ESInstance:r6g.xlarge", "ESDomain"]),
        (arn("ecs", "task/shop/0e"), ["AmazonECS", "Fargate-vCPU-Hours:perCPU", "FargateTask"]),
        (arn("ecs", "task/shop/0e"), ["AmazonECS", "Fargate-GB-Hours", "FargateTask"]),
        (arn("ecs", "task/shop/0e"), ["AmazonECS", "Fargate-GB-Hours", ""]),
    ];
    sized.iter().for_each(|(id, what)| add(ACCOUNT, "us-east-1", id, *what, 0));
    add(OTHER, IRELAND, "i-2000", machine, 720);
    text
}

/// What CloudWatch measured of an instance: every hour of 13 days.
fn series(instance: &str, namespace: &str, metric: &str, value: f64) -> Value {
    let mut dimensions = json!({"InstanceId": instance});
    if namespace == "CWAgent" {
        dimensions["ImageId"] = json!("ami-1");
    }
    series_of(IRELAND, namespace, metric, &dimensions, value)
}

fn series_of(region: &str, namespace: &str, metric: &str, dimensions: &Value, value: f64) -> Value {
    let values: Vec<(i64, f64)> = (1..=312).map(|hours| (hours, value)).collect();
    json!({"region": region, "namespace": namespace, "metric": metric, "dimensions": dimensions, "values": values})
}

/// What CloudWatch measured of a function, a domain and a service, all of them too large.
fn sized() -> Vec<Value> {
    let of = |namespace: &'static str, dimensions: Value| {
        move |metric: &str, value: f64| series_of("us-east-1", namespace, metric, &dimensions, value)
    };
    let function = of("AWS/Lambda", json!({"FunctionName": "resize"}));
    let insights = of("LambdaInsights", json!({"function_name": "resize"}));
    let domain = of("AWS/ES", json!({"DomainName": "logs", "ClientId": ACCOUNT}));
    let service = of("AWS/ECS", json!({"ClusterName": "shop", "ServiceName": "web"}));
    vec![
        function("Invocations", 40.0),
        insights("memory_utilization", 22.0),
        insights("total_memory", 1_024.0),
        insights("cpu_total_time", 200.0),
        insights("duration", 2_000.0),
        domain("CPUUtilization", 14.0),
        domain("JVMMemoryPressure", 31.0),
        service("CPUUtilization", 18.0),
        service("MemoryUtilization", 30.0),
    ]
}

impl Cloud {
    fn new(page: usize, faults: &[&str]) -> Cloud {
        let place = Place::empty();
        std::fs::create_dir(place.path("bill")).unwrap();
        std::fs::write(place.path("bill/bill.csv"), bill()).unwrap();
        let log = place.path("gate.log");
        let mut series = vec![
            series(QUIET, "AWS/EC2", "CPUUtilization", 1.5),
            series(QUIET, "AWS/EC2", "NetworkIn", 1_000.0),
            series(QUIET, "AWS/EC2", "NetworkOut", 1_000.0),
            series(BUSY, "AWS/EC2", "CPUUtilization", 93.0),
            series(BUSY, "CWAgent", "mem_used_percent", 77.0),
        ];
        series.extend(sized());
        let setup = json!({"account": ACCOUNT, "series": series, "page": page, "faults": faults, "log": log});
        let gate = Moto::serve(GATE, &[&setup.to_string()]);
        Cloud { place, gate, log }
    }

    fn farthing(&self, line: &str) -> assert_cmd::Command {
        let mut command = self.place.farthing(&format!("{line} --endpoint-url {} --cache cache", self.gate.url()));
        command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", SECRET);
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", self.place.path("home"));
        command.env_remove("XDG_CACHE_HOME");
        command
    }

    /// Exit code and standard error of a run.
    fn run(&self, line: &str) -> (Option<i32>, String) {
        let output = self.farthing(line).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!told.contains("sEcReT") && output.stdout.is_empty(), "{line}: {told}");
        (output.status.code(), told)
    }

    /// The requests for data that the gate let through or failed, since the last call. Faults are over then.
    fn requests(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let _ = std::fs::remove_file(&self.log);
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|request| request["operation"] == "GetMetricData").collect()
    }
}

/// The number before a word of a message.
fn figure(told: &str, word: &str) -> usize {
    let before = told.split(word).next().unwrap().trim_end();
    before.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("no figure before `{word}`: {told}"))
}

#[test]
fn measurements_come_in_batches_and_pages_through_throttling() {
    let cloud = Cloud::new(150, &["throttle", "throttle", "internal", "reset", "status"]);
    let (code, told) = cloud.run("metrics fetch bill --yes -o metrics.parquet");
    assert_eq!(code, Some(0), "{told}");
    let requests = cloud.requests();
    let ok: Vec<&Value> = requests.iter().filter(|request| request["fault"] == "ok").collect();
    assert_eq!(requests.len() - ok.len(), 5, "{requests:?}");
    assert!(ok.iter().any(|request| request["token"].is_string()), "more than one page: {requests:?}");
    assert!(requests.iter().all(|request| request["queries"].as_u64().unwrap() <= 500 && request["days"] == 14));
    assert!(told.contains(&format!("CloudWatch of account {ACCOUNT}")), "{told}");
    let queries = figure(&told, "metrics in ");
    let first_pages = ok.iter().filter(|request| request["token"].is_null());
    let asked: u64 = first_pages.map(|request| request["queries"].as_u64().unwrap()).sum();
    assert_eq!(asked, queries as u64, "each metric is asked for once");
    assert!(queries > 500, "more than one batch holds: {told}");
    let tried = format!("fetched {queries} metrics in {} requests, of which 5 were tried again", requests.len());
    assert!(told.contains(&tried), "{told}");
    let cost =
        format!("estimated cost: {:.5} USD, at 0.01 USD for 1,000 metrics by AWS's public price", queries as f64 / 1e5);
    assert!(told.contains(cost.trim_end_matches('0')) || told.contains(&cost), "{told}");
    assert!(told.contains("left out, because only the account of the credentials can be asked"), "{told}");
    assert!(told.contains(&format!("account {OTHER}: 1 resource, 9.42 a month")), "{told}");
    assert_eq!(queries as u64, QUERIES);
    // What came is what was planted, and the detectors read it.
    let place = &cloud.place;
    let found = place.json("recommend bill --metrics metrics.parquet --only idle-ec2 --format json");
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["resource_id"].as_str().unwrap()).collect::<Vec<_>>(), [QUIET]);
    assert_eq!(rows[0]["evidence"]["cpu_percent_max"], "1.50");
    let sized = place.json("rightsize bill --metrics metrics.parquet --format json");
    let machines = sized["rows"].as_array().unwrap();
    let machine = machines.iter().find(|row| row["resource_id"] == BUSY).unwrap();
    assert_eq!(machine["memory_measured"], true, "the agent's metric was found with its own dimensions: {machine}");
    let found = place.json(
        "recommend bill --metrics metrics.parquet --only rightsize-fargate,rightsize-lambda,rightsize-opensearch \
         --format json",
    );
    let rows = found["rows"].as_array().unwrap();
    let mut targets: Vec<&str> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["0.25 vCPU, 1 GB", "320 MB", "r6g.large.search"], "{found}");
    // Again: all of it is there, and the table is the same.
    let before = std::fs::read(place.path("metrics.parquet")).unwrap();
    let (code, told) = cloud.run("metrics fetch bill -o again.parquet");
    assert_eq!((code, cloud.requests().len()), (Some(0), 0), "{told}");
    assert!(told.contains("nothing is to be fetched, and nothing is billed"), "{told}");
    assert_eq!(std::fs::read(place.path("again.parquet")).unwrap(), before);
}

#[test]
fn nothing_that_is_billed_is_fetched_unasked() {
    let cloud = Cloud::new(100_800, &[]);
    let (code, told) = cloud.run("metrics fetch bill --quiet");
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("estimated cost: ") && told.contains("batches of up to 500"), "{told}");
    assert!(told.contains("nothing was fetched") && told.contains("add --yes"), "{told}");
    assert!(cloud.requests().is_empty() && !cloud.place.path("metrics.parquet").exists());
    // On a terminal it asks.
    for (answer, due) in [("n", 2), ("y", 0)] {
        let command = cloud.farthing("metrics fetch bill --look-back 32");
        let mut terminal = assert_cmd::Command::new("python3");
        terminal.args(["-c", "import pty, sys, os; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"]);
        terminal.arg(command.get_program()).args(command.get_args()).current_dir(cloud.place.folder.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => terminal.env(name, value),
                None => terminal.env_remove(name),
            };
        }
        let output = terminal.write_stdin(format!("{answer}\n")).output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(due), "{shown}");
        assert!(shown.contains("fetch? [y/N]"), "{shown}");
        assert_eq!(cloud.place.path("metrics.parquet").exists(), due == 0, "{shown}");
    }
    assert!(cloud.requests().iter().all(|request| request["days"] == 32));
}

#[test]
fn what_was_fetched_before_a_failure_is_not_fetched_again() {
    let cloud = Cloud::new(100_800, &["ok", "echo", "echo", "echo", "echo"]);
    let (code, told) = cloud.run("metrics fetch bill --yes");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("access denied; the credentials need cloudwatch:GetMetricData"), "{told}");
    assert!(!told.contains("Credential=") && !cloud.place.path("metrics.parquet").exists(), "{told}");
    let queries = figure(&told, "metrics in ");
    let begun = cloud.requests();
    let done = begun.iter().find(|request| request["fault"] == "ok").unwrap()["queries"].as_u64().unwrap();
    let (code, told) = cloud.run("metrics fetch bill --yes");
    assert_eq!(code, Some(0), "{told}");
    let asked: u64 = cloud.requests().iter().map(|request| request["queries"].as_u64().unwrap()).sum();
    assert_eq!(asked, queries as u64 - done, "{told}");
    // A file that is damaged is fetched again, and it alone.
    let series = cloud.place.path("cache/series");
    let file = std::fs::read_dir(&series).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, b"damaged").unwrap();
    let (code, told) = cloud.run("metrics fetch bill --yes");
    assert_eq!(code, Some(0), "{told}");
    let asked: u64 = cloud.requests().iter().map(|request| request["queries"].as_u64().unwrap()).sum();
    assert!((1..20).contains(&asked), "{asked}: {told}");
    // By the hour, where AWS has no finer values any more.
    let (code, told) = cloud.run("metrics fetch bill --look-back 93 --yes");
    assert_eq!(code, Some(0), "{told}");
    assert!(cloud.requests().iter().all(|request| request["periods"] == json!([3_600]) && request["days"] == 93));
}

#[test]
fn an_interrupted_fetch_leaves_what_is_whole_and_goes_on_from_there() {
    let cloud = Cloud::new(100_800, &["ok", "hang"]);
    let command = cloud.farthing("metrics fetch bill --yes -o metrics.parquet");
    let mut fetching = std::process::Command::new(command.get_program());
    fetching.args(command.get_args()).current_dir(cloud.place.folder.path()).stderr(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => fetching.env(name, value),
            None => fetching.env_remove(name),
        };
    }
    let mut fetching = fetching.spawn().unwrap();
    // The first question is answered and kept, the second hangs.
    let kept = cloud.place.path("cache/series");
    let hangs = || std::fs::read_to_string(&cloud.log).is_ok_and(|text| text.contains("hang"));
    while !(hangs() && std::fs::read_dir(&kept).is_ok_and(|mut files| files.next().is_some())) {
        assert!(fetching.try_wait().unwrap().is_none(), "it waits for an answer");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let told = std::process::Command::new("kill").args(["-INT", &fetching.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(fetching.wait().unwrap().signal(), Some(2), "ended by the signal, as a shell expects");
    let names = std::fs::read_dir(cloud.place.folder.path()).unwrap().map(|file| file.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("metrics.parquet")), "no half of a table: {names:?}");
    let done = cloud.requests().iter().find(|request| request["fault"] == "ok").unwrap()["queries"].as_u64().unwrap();
    let (code, told) = cloud.run("metrics fetch bill --yes -o metrics.parquet");
    assert_eq!(code, Some(0), "{told}");
    let asked: u64 = cloud.requests().iter().map(|request| request["queries"].as_u64().unwrap()).sum();
    assert_eq!(asked, figure(&told, "metrics in ") as u64, "{told}");
    // Resources are kept one by one: those that were when it ended are not asked for again.
    let kept = told.lines().filter(|line| line.contains(" kept from before"));
    let kept = kept.map(|line| figure(line, " kept from before") as u64).sum::<u64>();
    assert!((1..=done).contains(&kept) && asked + kept == QUERIES, "{told}");
}

#[test]
fn mistakes_are_told_before_anything_is_asked() {
    let place = Place::with_tiny_bill();
    for (line, code, words) in [
        ("metrics fetch bill --look-back 30", 2, "14, 32, 93"),
        ("metrics fetch bill --yes --endpoint-url http://10.0.0.1:80", 1, "plain http is for this machine only"),
        ("metrics fetch bill --yes --endpoint-url https://169.254.169.254", 1, "metadata range"),
        ("metrics fetch nowhere", 1, "nowhere"),
    ] {
        let output = place.farthing(line).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {told}");
        assert!(told.contains(words), "{line}: {told}");
    }
}
