//! The registry of detectors for people: a list, and one detector's guide with its thresholds.

use std::fmt::Write as _;

use super::grid::Grid;
use crate::detector::Detector;
use crate::schema::recommendations::COLUMNS;

/// Every detector in one row.
pub fn detectors(detectors: &[&'static Detector]) -> Grid {
    let mut grid = Grid::with_columns(&["Detector", "Kind", "Grade", "Finds"]);
    for detector in detectors {
        grid.push([detector.id, detector.kind.name(), detector.grade.name(), detector.summary]);
    }
    grid
}

/// A detector's guide as Markdown: what it says of itself, then its thresholds, needs and what its rows advise.
pub fn explain(detector: &Detector) -> String {
    let mut text = detector.guide.trim_end().to_owned();
    let advice = &detector.advice;
    let needs: Vec<&str> = detector.needs.iter().map(|need| need.name()).collect();
    let _ = write!(
        text,
        "\n\n## In short\n\n| | |\n|---|---|\n| id | `{}` |\n| kind | {} |\n| grade | {} |\n| needs | {} |\n| action | {} |\n| effort | {} |\n| risk | {} of 4 |\n\n",
        detector.id,
        detector.kind.name(),
        detector.grade.name(),
        needs.join(", "),
        advice.action,
        advice.effort.name(),
        advice.risk,
    );
    for assumption in advice.assumptions {
        let _ = writeln!(text, "- {assumption}");
    }
    let _ = write!(text, "\n```sh\n{}\n```\n", advice.command);
    text.push_str("\n## Thresholds\n\n| threshold | default | unit | meaning |\n|---|---:|---|---|\n");
    for threshold in detector.thresholds {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            threshold.name, threshold.default, threshold.unit, threshold.meaning
        );
    }
    if let Some(first) = detector.thresholds.first() {
        let _ = write!(text, "\nTo change one: `--set {}.{}={}`.\n", detector.id, first.name, first.default);
    }
    text
}

/// The page of all detectors: what a recommendation is, a list, and every guide.
pub fn page(detectors: &[&'static Detector]) -> String {
    let mut text = "# Detectors\n\nWhat `farthing recommend` looks for. `farthing explain ID` shows one of these guides; a test writes this page \
                    from the registry, and runs every example.\n\nGrades: *bill-proven* is a billed fact; *strong* means that hours were billed and the \
                    bill shows no sign of use over the look-back; *heuristic* is a likely story, and stands outside the total.\n\n"
        .to_owned();
    text.push_str("| detector | kind | grade | finds |\n|---|---|---|---|\n");
    for detector in detectors {
        let (kind, grade) = (detector.kind.name(), detector.grade.name());
        let _ =
            writeln!(text, "| [`{}`](#{}) | {kind} | {grade} | {} |", detector.id, anchor(detector), detector.summary);
    }
    text.push_str("\n## Columns of a recommendation\n\n| column | meaning |\n|---|---|\n");
    for (name, meaning) in COLUMNS {
        let _ = writeln!(text, "| `{name}` | {meaning} |");
    }
    for detector in detectors {
        // One level down, under the page's own title.
        let guide = explain(detector)
            .lines()
            .map(|line| if line.starts_with('#') { format!("#{line}\n") } else { format!("{line}\n") })
            .collect::<String>();
        let _ = write!(text, "\n{guide}");
    }
    text
}

/// What a heading's link is on the sites that show Markdown.
fn anchor(detector: &Detector) -> String {
    let title = detector.guide.lines().next().unwrap_or_default().trim_start_matches("# ");
    let kept = title.chars().filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}
