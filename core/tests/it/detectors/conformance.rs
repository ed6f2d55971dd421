//! What every detector owes, tested by iteration over the one slice that lists them.

use farthing::catalog::quotes::Catalog;
use farthing::detector::Detector;
use farthing::detector::facts::Facts;
use farthing::detector::run;
use farthing::detector::settings::Settings;
use farthing::detectors::ALL;
use farthing::ledger::Ledger;

use super::example::{HEADINGS, bill, found, measured, tables, value};

/// Checks every detector and tells all that is wrong at once.
fn each(check: impl Fn(&'static Detector) -> Result<(), String>) {
    let wrong: Vec<String> = ALL
        .iter()
        .filter_map(|detector| check(detector).err().map(|fault| format!("{}: {fault}", detector.id)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn files(ending: &str) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/detectors");
    let entries = std::fs::read_dir(folder).expect("the detectors' folder");
    let names = entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).filter(|name| name != "mod").collect();
    names.sort();
    names
}

#[test]
fn the_registry_lists_every_file_by_its_name() {
    let ids: Vec<String> = ALL.iter().map(|detector| detector.id.replace('-', "_")).collect();
    assert!(ids.is_sorted(), "detectors/mod.rs lists detectors by id");
    for file in files(".rs") {
        assert!(
            ids.contains(&file),
            "src/detectors/{file}.rs is not in ALL of detectors/mod.rs, or its id is not `{}`",
            file.replace('_', "-")
        );
    }
    for id in &ids {
        assert!(files(".rs").contains(id), "no file src/detectors/{id}.rs has the detector `{}`", id.replace('_', "-"));
        assert!(files(".md").contains(id), "src/detectors/{id}.md is missing: every detector has a guide beside it");
    }
    assert!(ALL.len() >= 35);
}

#[test]
fn guides_have_the_fixed_headings_and_name_every_threshold() {
    each(|detector| {
        let headings: Vec<&str> = detector.guide.lines().filter(|line| line.starts_with("## ")).collect();
        if headings != HEADINGS || !detector.guide.starts_with("# ") {
            return Err(format!(
                "its guide must begin with `# Title` and have these headings in order: {}",
                HEADINGS.join(", ")
            ));
        }
        let unnamed =
            detector.thresholds.iter().find(|threshold| !detector.guide.contains(&format!("`{}`", threshold.name)));
        match unnamed {
            Some(threshold) => Err(format!("its guide does not say what `{}` does", threshold.name)),
            None => Ok(()),
        }
    });
}

#[test]
fn words_are_there_and_short() {
    each(|detector| {
        let advice = &detector.advice;
        for (what, text) in [("summary", detector.summary), ("title", advice.title), ("command", advice.command)] {
            if text.is_empty() || text.ends_with('.') || text.len() > 250 {
                return Err(format!("its {what} must be a short phrase without a full stop, not `{text}`"));
            }
        }
        if !advice.command.starts_with("aws ") || advice.assumptions.is_empty() || advice.risk > 4 {
            return Err("it needs an `aws …` command, an assumption or more, and a risk of 0 to 4".to_owned());
        }
        Ok(())
    });
}

#[test]
fn examples_find_what_they_say() {
    each(|detector| {
        let tables = tables(detector.guide);
        let [items, expected] = tables.as_slice() else {
            return Err(format!("its example needs two tables, line items and what is found; it has {}", tables.len()));
        };
        let (_folder, bill) = bill(items);
        let answer = found(&bill, detector.id, &[]);
        if let Some(skipped) = answer.skipped.first() {
            return Err(format!("its example does not meet its needs: {}", skipped.reason));
        }
        let rows: Vec<Vec<String>> =
            answer.rows.iter().map(|row| expected.0.iter().map(|column| value(row, column)).collect()).collect();
        if rows != expected.1 {
            return Err(format!(
                "its example says that {:?} of {:?} is found, but it finds {rows:?}",
                expected.1, expected.0
            ));
        }
        let check = answer.certificate.checks.iter().find(|check| check.id == "R20").expect("R20");
        if check.verdict != farthing::Verdict::Pass {
            return Err(format!("R20: {} {:?}", check.detail, check.findings));
        }
        Ok(())
    });
}

#[test]
fn savings_are_never_below_nothing_nor_above_list_cost() {
    each(|detector| {
        let (_folder, bill) = bill(&tables(detector.guide)[0]);
        let ledger = bill.ledger().expect("a ledger");
        let facts = Facts::of(ledger, None);
        let rows = found(&bill, detector.id, &[]).rows;
        let costs = facts.cost_by_resource(rows.iter().filter_map(|row| row.resource_id.as_deref()));
        for row in &rows {
            if row.savings_monthly < 0 || row.savings_monthly_list < row.savings_monthly {
                return Err(format!(
                    "{:?} saves {} ({} at list)",
                    row.resource_id, row.savings_monthly, row.savings_monthly_list
                ));
            }
            let Some(resource) = &row.resource_id else { continue };
            let list = costs.get(&(row.sub_account_id.as_str(), resource.as_str())).map_or(0, |cost| cost.1);
            if row.savings_monthly_list > facts.monthly(list) {
                return Err(format!("{resource} saves more than it costs at list"));
            }
        }
        Ok(())
    });
}

#[test]
fn nothing_comes_of_nothing() {
    let ledger = Ledger::default();
    let facts = Facts::of(&ledger, None);
    each(|detector| {
        let rows = (detector.detect)(&facts, &Settings::default().of(detector));
        if rows.is_empty() { Ok(()) } else { Err(format!("it finds {} rows in no bill at all", rows.len())) }
    });
    let (rows, skipped) = run(ALL, &facts, &Settings::default()).expect("a run");
    assert_eq!((rows.len(), skipped.len()), (0, ALL.len()), "every detector needs something of a bill");
}

#[test]
fn the_same_rows_come_in_the_same_order() {
    each(|detector| {
        let (_folder, first) = bill(&tables(detector.guide)[0]);
        let (_other, second) = bill(&tables(detector.guide)[0]);
        let (first, second) = (found(&first, detector.id, &[]).rows, found(&second, detector.id, &[]).rows);
        if first == second { Ok(()) } else { Err("two runs over the same line items differ".to_owned()) }
    });
}

#[test]
fn every_threshold_is_read_and_changes_something() {
    each(|detector| {
        let (_folder, bill) = bill(&tables(detector.guide)[0]);
        let metrics = measured(detector.guide);
        let facts = Facts::of(bill.ledger().expect("a ledger"), None).with(metrics.as_deref(), Catalog::shared());
        let settings = Settings::default().of(detector);
        (detector.detect)(&facts, &settings);
        for threshold in detector.thresholds {
            if !settings.read().contains(threshold.name) {
                return Err(format!("it never reads its threshold `{}`; take it out of `thresholds`", threshold.name));
            }
            let (least, greatest) = threshold.range;
            if !(least..=greatest).contains(&threshold.default) {
                return Err(format!("the default of `{}` lies outside its own range", threshold.name));
            }
            let usual = found(&bill, detector.id, &[]).rows;
            let set =
                |value: f64| found(&bill, detector.id, &[format!("{}.{}={value}", detector.id, threshold.name)]).rows;
            if set(least) == usual && set(greatest) == usual {
                return Err(format!(
                    "setting `{}` to {least} or {greatest} changes nothing in its example; add a line item that it decides about",
                    threshold.name
                ));
            }
        }
        match settings.read().iter().find(|name| detector.thresholds.iter().all(|threshold| threshold.name != **name)) {
            Some(name) => Err(format!("it reads `{name}`, which `thresholds` does not list: nobody could set it")),
            None => Ok(()),
        }
    });
}

#[test]
fn needs_that_are_not_met_skip_with_a_reason() {
    each(|detector| {
        let (headers, rows) = &tables(detector.guide)[0];
        let at = |name: &str| headers.iter().position(|header| header == name);
        // Without the column that a need rests on, the detector must be skipped, and say why.
        for (need, column) in [
            (farthing::Need::ResourceIds, "resource"),
            (farthing::Need::UsageTypes, "usage type"),
            (farthing::Need::Tags, "tags"),
        ] {
            if !detector.needs.contains(&need) {
                continue;
            }
            let Some(at) = at(column) else { return Err(format!("its example has no column `{column}`")) };
            let without = |cells: &[String]| {
                cells
                    .iter()
                    .enumerate()
                    .filter(|(here, _)| *here != at)
                    .map(|(_, cell)| cell.clone())
                    .collect::<Vec<_>>()
            };
            let (_folder, bill) = bill(&(without(headers), rows.iter().map(|row| without(row)).collect()));
            let answer = found(&bill, detector.id, &[]);
            if !answer.rows.is_empty() || answer.skipped.first().is_none_or(|skipped| skipped.reason.is_empty()) {
                return Err(format!("a bill without {} must skip it with a reason", need.name()));
            }
        }
        Ok(())
    });
}
