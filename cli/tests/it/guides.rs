//! The commands of guides run as they stand there, on a bill on disk in place of theirs.

use crate::bill::Place;

#[test]
fn the_guide_to_a_monthly_job_runs() {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/monthly-job.md")).unwrap();
    let commands: Vec<&str> = guide
        .split("```sh\n")
        .skip(1)
        .flat_map(|block| block.split("```").next().unwrap_or_default().lines())
        .filter(|line| line.starts_with("farthing ") && !line.contains("--iam"))
        .collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    let place = Place::with_bill();
    for command in commands {
        let line = command.replace("s3://acme-billing/cur/acme/", "bill").replace('\'', "");
        let output = place.farthing(line.strip_prefix("farthing ").unwrap()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let due = if command.contains("--fail-if") { 5 } else { 0 };
        assert_eq!(output.status.code(), Some(due), "{command}: {told}");
    }
    for file in ["report.html", "report.xlsx", "report.md", "report.json", "savings.json", "costs.csv"] {
        assert!(std::fs::metadata(place.path(file)).unwrap().len() > 500, "{file}");
    }
}
