//! The commands of guides run as they stand there, on a bill on disk in place of theirs.

use crate::bill::Place;

/// Commands of a guide that this machine can run.
fn commands(page: &str) -> Vec<String> {
    let guide = std::fs::read_to_string(format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let blocks = guide.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with("farthing ") && !line.contains("--iam"));
    lines.map(str::to_owned).collect()
}

/// Runs a command in this place.
fn run(place: &Place, command: &str, due: i32) {
    let line = command.replace("s3://acme-billing/cur/acme/", "bill").replace("--fail-if '", "--fail-if ");
    let line = if line.contains("--fail-if") { line.replace('\'', "") } else { line };
    let output = place.farthing(line.strip_prefix("farthing ").unwrap()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(due), "{command}: {told}");
}

#[test]
fn the_guide_to_a_monthly_job_runs() {
    let commands = commands("monthly-job.md");
    assert_eq!(commands.len(), 3, "{commands:?}");
    let place = Place::with_bill();
    for command in commands {
        run(&place, &command, if command.contains("--fail-if") { 5 } else { 0 });
    }
    for file in ["report.html", "report.xlsx", "report.md", "report.json", "savings.json", "costs.csv"] {
        assert!(std::fs::metadata(place.path(file)).unwrap().len() > 500, "{file}");
    }
}

#[test]
fn the_guide_for_analysts_runs() {
    let commands = commands("analyst.md");
    assert!(commands.len() >= 12, "{commands:?}");
    let place = Place::empty();
    for command in commands {
        run(&place, &command, 0);
    }
}
