//! The commands of guides run as they stand there, on a bill on disk in place of theirs.

use farthing_fixtures::{Config, Scale, write_metrics};

use crate::bill::Place;

/// Commands of a guide that this machine can run.
fn commands(page: &str) -> Vec<String> {
    let guide = std::fs::read_to_string(format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let blocks = guide.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default());
    let elsewhere = ["--iam", "metrics fetch", "catalog update"];
    let lines = blocks
        .flat_map(str::lines)
        .filter(|line| line.starts_with("farthing ") && !elsewhere.iter().any(|words| line.contains(words)));
    // What follows a hash is for people.
    lines.map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned()).collect()
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
    assert_eq!(commands.len(), 4, "{commands:?}");
    let place = Place::with_bill();
    // What CloudWatch measured is fetched elsewhere (`metrics.rs`).
    let config = Config { accounts: 5, scale: Scale::Small, ..Config::default() };
    write_metrics(&place.path("metrics.parquet"), &config).unwrap();
    for command in commands {
        run(&place, &command, if command.contains("--fail-if") { 5 } else { 0 });
    }
    for file in
        ["report.html", "report.xlsx", "report.md", "report.json", "savings.json", "savings-measured.json", "costs.csv"]
    {
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

/// What the guide shows of `farthing.toml`.
fn agreed() -> String {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/month-after-month.md")).unwrap();
    guide.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap().to_owned()
}

#[test]
fn what_a_team_agreed_on_is_read_where_it_stands() {
    let place = Place::with_bill();
    let recommend = |more: &str| {
        let output = place.farthing(&format!("recommend bill {more}")).output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let note = "no row is like this exception (stands by for the recovery test)";
    assert!(!recommend("").1.contains(note));
    std::fs::write(place.path("farthing.toml"), agreed()).unwrap();
    let (code, page, told) = recommend("");
    assert_eq!(code, Some(0), "{told}");
    assert!(page.contains(note), "{page}");
    let over = agreed().replace("2027-03-31", "2026-01-31");
    std::fs::write(place.path("over.toml"), over).unwrap();
    let (code, page, _) = recommend("--config over.toml");
    assert_eq!(code, Some(0));
    assert!(page.contains("over.toml, line 13: this exception ended on 2026-01-31"), "{page}");
    assert_eq!(recommend("--strict --config over.toml").0, Some(4));
    std::fs::write(place.path("farthing.toml"), agreed().replace("reason", "reasons")).unwrap();
    let (code, page, told) = recommend("");
    assert_eq!((code, page.as_str()), (Some(1), ""));
    assert!(told.contains("farthing.toml, line 16, reasons: unknown field `reasons`"), "{told}");
    let (code, _, told) = recommend("--config nowhere.toml");
    assert_eq!(code, Some(1));
    assert!(told.contains("nowhere.toml: no such file"), "{told}");
    assert_eq!(recommend("--goal 0%").0, Some(2));
}
