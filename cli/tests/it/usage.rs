//! How the command is used: help, mistakes, streams and colors.

use crate::bill::{Place, words};

const COMMANDS: [&str; 15] = [
    "demo",
    "inspect",
    "reconcile",
    "costs",
    "report",
    "recommend",
    "detectors",
    "explain",
    "store",
    "commitments",
    "plan",
    "rightsize",
    "catalog",
    "completions",
    "man",
];

/// The examples of a help text.
fn examples(help: &str) -> Vec<String> {
    let after = help.split_once("Examples:").map_or("", |(_, after)| after);
    after.lines().filter_map(|line| line.strip_prefix("  farthing ")).map(str::to_owned).collect()
}

#[test]
fn every_example_of_the_help_runs() {
    let place = Place::with_bill();
    std::fs::write(place.path("demand.csv"), "pool,hour,quantity\nweb,1,2\n").unwrap();
    let offers =
        "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\nweb,reservation,1,No Upfront,0.1,0,0.06\n";
    std::fs::write(place.path("offers.csv"), offers).unwrap();
    let instances = "resource_id,instance_type,region_id,operating_system,running_hours,reserved_hours,on_demand_hours,\
                     cpu_percent_max\ni-1,t3.large,us-east-1,Linux,336,0,336,3\n";
    std::fs::write(place.path("instances.csv"), instances).unwrap();
    let metrics = "resource_id,timestamp,metric,statistic,value,unit\ni-1,2026-10-01T00:00:00Z,CPUUtilization,Maximum,3,Percent\n";
    std::fs::write(place.path("metrics.csv"), metrics).unwrap();
    std::fs::write(place.path("prices.csv"), "instance_type,on_demand_rate\nt3.large,0.1\nt3.small,0.05\n").unwrap();
    std::fs::write(place.path("farthing.toml"), "min_savings = 1\n").unwrap();
    // In place of AWS, which tests do not ask.
    let (mut server, prices) = crate::catalog::publish(&place.path("published"));
    for command in [""].iter().chain(&COMMANDS) {
        let lines = examples(&place.stdout(&format!("{command} --help")));
        assert!(lines.len() > 1, "{command}");
        for line in lines {
            // The bill is there already, and a demo is not for the place of another.
            let line = line.replace("demo bill/", "demo new/").replace("--months 12", "--months 1");
            let line =
                line.replace("catalog update", &format!("catalog update --published-at {prices} --catalog kept"));
            let output = place.farthing(&line).output().unwrap();
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
            if words(&line)[0] == "demo" {
                let _ = std::fs::remove_dir_all(place.path("new"));
            }
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn version_and_completions_are_printed() {
    let place = Place::empty();
    assert_eq!(place.stdout("--version"), format!("farthing {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.stdout(&format!("completions {shell}"));
        for command in COMMANDS {
            assert!(script.contains(command), "{shell} {command}");
        }
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let place = Place::empty();
    let page = place.stdout("man");
    assert!(page.contains(".TH farthing 1") && page.contains("last farthing"), "{page}");
    place.stdout("man pages/man1");
    for command in COMMANDS {
        let page = std::fs::read_to_string(place.path("pages/man1").join(format!("farthing-{command}.1"))).unwrap();
        assert!(page.contains("Examples:") && page.contains(&format!("farthing {command}")), "{command}");
    }
    std::fs::write(place.path("file"), "").unwrap();
    let wrong = place.farthing("man file").output().unwrap();
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.status.code() == Some(1) && told.contains("file: "), "{told}");
}

#[test]
fn mistakes_on_the_command_line_exit_with_2() {
    let place = Place::empty();
    for (line, told) in [
        ("costs", "SOURCE"),
        ("costs bill --metric Nope", "EffectiveCost"),
        ("costs bill --by Nope", "ServiceName"),
        ("costs bill --where ServiceName", "no `=`"),
        ("costs bill --period 2026-10 --from 2026-10-01", "cannot be used with"),
        ("costs bill --format parquet", "table, json, csv, markdown"),
        ("report bill -o report.pdf", ".html, .xlsx, .md or .json"),
        ("report bill --format pdf", "table, html, xlsx, json"),
        ("demo bill --scale huge", "small, medium"),
        ("inspect bill --kms-key arn:aws:kms:eu-west-1:1:key/2", "--iam"),
        ("inspect s3://a-bucket/a s3://a-bucket/b --iam", "one SOURCE"),
        ("costs s3://bucket/cur --expected-bucket-owner 12", "12 digits"),
        ("demo bill --threads 0", "--threads"),
        ("nonsense", "nonsense"),
    ] {
        let output = place.farthing(line).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {message}");
        assert!(message.contains(told), "{line}: {message}");
        assert!(output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn errors_are_named_and_exit_with_1() {
    let place = Place::with_bill();
    std::fs::create_dir(place.path("nothing")).unwrap();
    std::fs::write(place.path("note.parquet"), "this is no parquet file").unwrap();
    for (line, told) in [
        ("inspect missing", "missing"),
        ("costs nothing", "nothing"),
        ("inspect note.parquet", "note.parquet"),
        ("costs bill --period 1999-01", "1999-01"),
        ("reconcile bill --invoice missing.csv", "missing.csv"),
        ("costs s3:///cur/", "s3:///cur/"),
        ("costs s3://bucket/cur/ --endpoint-url https://169.254.169.254", "https://169.254.169.254"),
        ("costs s3://bucket/cur/ --endpoint-url http://example.com", "plain http"),
        ("costs bill --metric ContractedCost --from nonsense", "nonsense"),
    ] {
        let output = place.farthing(line).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}: {message}");
        let last = message.lines().last().unwrap();
        assert!(last.starts_with("farthing: ") && last.contains(told), "{line}: {message}");
        assert!(output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn results_and_messages_go_their_own_ways() {
    let place = Place::with_bill();
    let output = place.farthing("costs bill --by ServiceName").output().unwrap();
    let (page, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(page.starts_with("EffectiveCost by ServiceName\n"), "{page}");
    assert!(told.starts_with("certificate: ") && !told.contains('\u{1b}') && !told.contains('\r'), "{told}");
    assert!(!page.contains('\u{1b}') && !page.contains('█'), "{page}");
    let quiet = place.farthing("costs bill --by ServiceName --quiet").output().unwrap();
    assert_eq!((quiet.stdout, quiet.stderr.as_slice()), (page.into_bytes(), &b""[..]));
}

#[test]
fn the_bill_is_read_again_only_where_that_is_said() {
    let place = Place::with_bill();
    let told = |line: &str| String::from_utf8(place.farthing(line).output().unwrap().stderr).unwrap();
    assert!(!told("costs bill --by ServiceName").contains("read the bill again"));
    assert!(told("costs bill --by ChargeDescription").contains("read the bill again for ChargeDescription"));
}

#[test]
fn colors_are_for_terminals_unless_asked_for() {
    let place = Place::with_bill();
    let colored = |line: &str| place.stdout(line).contains('\u{1b}');
    assert!(!colored("reconcile bill"));
    assert!(colored("reconcile bill --color always"));
    assert!(!colored("reconcile bill --color never"));
    let forced = place.farthing("reconcile bill --color always").env("NO_COLOR", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b), "what is said on the command line is stronger");
}

#[test]
fn the_policy_needs_no_network_and_no_credentials() {
    let place = Place::empty();
    for source in ["s3://bills/p/cur", "s3://bills/p/cur/20261001-20261101/cur-Manifest.json"] {
        let policy = place.json(&format!("inspect {source} --iam --kms-key arn:aws:kms:eu-west-1:123456789012:key/1"));
        assert_eq!(policy["Statement"][1]["Resource"], "arn:aws:s3:::bills/p/cur/*", "{policy}");
        assert_eq!(policy["Statement"][2]["Action"], "kms:Decrypt", "{policy}");
    }
    let output = place.farthing("inspect s3://bills/p/cur --iam").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("--kms-key"), "{output:?}");
}

#[test]
fn strict_runs_tell_partial_answers() {
    let place = Place::with_bill();
    place.farthing("costs bill --metric ContractedCost --strict").assert().code(4);
    place.farthing("costs bill --metric ContractedCost").assert().code(0);
}
