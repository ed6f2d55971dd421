//! `farthing plan` and `farthing commitments` as their users run them.

use assert_cmd::Command;
use serde_json::Value;

use crate::bill::Place;

const DEMAND: &str = "pool,hour,quantity\n\
    web,2026-10-01T00:00:00Z,3\nweb,2026-10-01T01:00:00Z,3\nweb,2026-10-01T02:00:00Z,3\nweb,2026-10-01T03:00:00Z,1\n\
    batch,2026-10-01T01:00:00Z,5\n";
const OFFERS: &str = "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\n\
    web,reservation,1,Partial Upfront,0.096,252,0.0288\n\
    web,compute_sp,1,No Upfront,0.096,0,0.07\n\
    batch,compute_sp,1,No Upfront,0.1,0,0.07\n\
    web,reservation,3,All Upfront,0.096,900,0\n";

fn run(arguments: &str, demand: &str, offers: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("demand.csv"), demand).unwrap();
    std::fs::write(folder.path().join("offers.csv"), offers).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_farthing"));
    command.current_dir(folder.path()).args(["plan", "--demand", "demand.csv", "--offers", "offers.csv"]);
    let output = command.args(arguments.split_whitespace()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn awss_own_way_is_computed_with_its_formulas() {
    let (code, stdout, stderr) = run("--method aws --term 1 --format json", DEMAND, OFFERS);
    assert_eq!(code, 0, "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["schema"], "farthing.plan/1");
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "a reservation, and one plan over both pools: {stdout}");
    // 3 units, used 10 of 12 hours: 10 ÷ 4 × 730 × 0.096 = 175.20 less 3 × (252 ÷ 12 + 730 × 0.0288) = 126.072.
    let row = &rows[0];
    assert_eq!((row["pool"].as_str(), row["quantity"].as_i64()), (Some("web"), Some(3)));
    assert_eq!(row["on_demand_displaced_monthly"], "175.2000000000");
    assert_eq!(row["savings_monthly"], "49.1280000000");
    assert!((row["utilization"].as_f64().unwrap() - 10.0 / 12.0).abs() < 1e-15);
    let break_even = 756.0 / (175.2 - 63.072);
    assert!((row["break_even_months"].as_f64().unwrap() - break_even).abs() < 1e-12);
}

#[test]
fn the_joint_plan_carries_its_certificate() {
    let (code, stdout, stderr) = run("--format json", DEMAND, OFFERS);
    assert_eq!(code, 0, "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let amount = |name: &str| document["totals"][name].as_str().unwrap().parse::<f64>().unwrap();
    assert!(amount("lower_bound") <= amount("cost") && amount("cost") < amount("on_demand_cost"), "{stdout}");
    let gap = document["totals"]["gap"].as_f64().unwrap();
    assert!((gap - (amount("cost") - amount("lower_bound")) / amount("cost")).abs() < 1e-9);
    assert!(document["rows"].as_array().unwrap().iter().all(|row| row["term_years"] == 1), "3 years only on request");
    let reason = document["skipped"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("1 offers of other kinds, terms or payments"), "{reason}");
    let table = run("", DEMAND, OFFERS).1;
    assert!(table.contains("What to buy") && table.contains("Reservation"), "{table}");
}

#[test]
fn what_is_wrong_with_a_table_is_named() {
    for (demand, offers, told) in [
        ("pool,hour\nweb,1\n", OFFERS, "demand.csv: it has no column quantity"),
        ("pool,hour,quantity\nweb,1,-2\n", OFFERS, "demand.csv: line 2: quantity `-2` is negative"),
        ("pool,hour,quantity\nweb,noon,2\n", OFFERS, "demand.csv: line 2: hour `noon`"),
        (DEMAND, "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\n", "offers.csv: it has no rows"),
        (
            DEMAND,
            "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\nweb,spot,1,all,1,1,1\n",
            "offers.csv: line 2: kind `spot` is not known",
        ),
        (
            DEMAND,
            "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\nother,ri,1,all,1,1,1\n",
            "no offer is for a pool of the demand",
        ),
        (
            DEMAND,
            "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\nweb,ri,3,all,1,1,1\n",
            "allow them with --term",
        ),
    ] {
        let (code, stdout, stderr) = run("", demand, offers);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains(told), "{stderr} does not say: {told}");
    }
}

#[test]
fn commitments_add_up_and_their_replay_agrees() {
    let place = Place::with_bill();
    let answer = place.json("commitments bill --replay --format json");
    assert_eq!(answer["schema"], "farthing.commitments/1");
    let rows = answer["rows"].as_array().unwrap();
    let sum = |column: &str| rows.iter().map(|row| crate::bill::units(row[column].as_str().unwrap())).sum::<i128>();
    assert_eq!(sum("Committed"), sum("Used") + sum("Unused"));
    let by_account = &answer["sections"]["commitments_by_account"]["total"];
    assert_eq!(by_account["Bought"], answer["totals"]["Committed"], "who bought adds up to what was bought");
    assert_eq!(by_account["Wasted"], answer["totals"]["Unused"]);
    for section in ["replay", "replay_reservations"] {
        let replay = &answer["sections"][section];
        assert_eq!(replay["rows"].as_array().unwrap().len(), 0, "{replay}");
    }
    let rows = |command: &str| {
        let sections = &place.json(command)["sections"];
        ["replay", "replay_reservations"].map(|section| sections[section]["rows"].as_array().unwrap().len())
    };
    assert!(rows("commitments bill --replay --no-sharing --format json").iter().all(|&rows| rows > 0));
    let unknown = place.farthing("commitments bill --replay --no-sharing=111122223333").output().unwrap();
    let told = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(1), "{told}");
    assert!(told.contains("111122223333") && told.contains("twelve digits"), "{told}");
    assert!(place.stdout("commitments bill --granularity daily").contains("Savings Plans over time"));
}

#[test]
fn a_bill_is_planned_for_with_every_price_and_the_line_that_would_buy_it() {
    let place = Place::with_bill();
    let answer = place.json("plan bill --format json");
    assert_eq!((answer["schema"].as_str(), answer["method"].as_str()), (Some("farthing.plan/1"), Some("optimal")));
    let units = |value: &Value| crate::bill::units(value.as_str().unwrap());
    let rows = answer["rows"].as_array().unwrap();
    let saved: i128 = rows.iter().map(|row| units(&row["savings_monthly"])).sum();
    assert!((saved - units(&answer["totals"]["savings_monthly"])).abs() < 1_000_000_000, "{saved}: {answer}");
    for row in rows {
        assert!(["bill", "catalog", "assumption"].contains(&row["price_source"].as_str().unwrap()), "{row}");
        assert!(row["command"].as_str().unwrap().starts_with("aws "), "{row}");
    }
    let (now, then) = (&answer["totals"]["coverage"], &answer["totals"]["coverage_with_plan"]);
    assert!(now.as_f64().unwrap() < then.as_f64().unwrap() && then.as_f64().unwrap() <= 1.0);
    assert!(!answer["checks"].as_array().unwrap().is_empty() && !answer["inputs"].as_array().unwrap().is_empty());
    let table = place.stdout("plan bill --buy reservation --payment no");
    assert!(table.contains("Reservation: RDS") && table.contains("1 yr, No Upfront"), "{table}");
    assert!(place.stdout("plan bill -o plan.md").is_empty());
    let page = std::fs::read_to_string(place.path("plan.md")).unwrap();
    assert!(
        page.contains("## Lines that would buy it") && page.contains("purchase-reserved-db-instances-offering"),
        "{page}"
    );
    let aws = place.json("plan bill --method aws --format json");
    assert_eq!(aws["method"], "aws");
    assert!(aws["rows"].as_array().unwrap().len() > rows.len(), "every offer by itself");
}

#[test]
fn upfront_money_is_held_against_what_it_would_earn() {
    let place = Place::empty();
    let hours: String = (0..24).map(|hour| format!("web,{hour},1\n")).collect();
    std::fs::write(place.path("demand.csv"), format!("pool,hour,quantity\n{hours}")).unwrap();
    let offers =
        "pool,kind,term_years,payment,on_demand_rate,upfront,hourly\nweb,reservation,1,All Upfront,0.1,365,0\n";
    std::fs::write(place.path("offers.csv"), offers).unwrap();
    let of = |rate: &str| {
        let plan =
            place.json(&format!("plan --demand demand.csv --offers offers.csv --capital-cost {rate} --format json"));
        let number = |name: &str| plan["totals"][name].as_str().unwrap().parse::<f64>().unwrap();
        [number("savings_monthly"), number("present_value")]
    };
    // 73 USD of on-demand usage at each month's end are worth that many months of it now, less what is paid now.
    let months = |rate: f64| (1..=12).map(|month| (1.0 + rate / 12.0).powi(-month)).sum::<f64>();
    for rate in [0.0, 0.12] {
        let [monthly, worth] = of(&rate.to_string());
        assert!((worth - (73.0 * months(rate) - 365.0)).abs() < 1e-6, "{rate}: {worth}");
        assert!((monthly * months(rate) - worth).abs() < 1e-6, "{rate}: {monthly}");
    }
    let told = place.stdout("plan --demand demand.csv --offers offers.csv --capital-cost 0.12");
    assert!(told.contains("a year of that is worth 456.62 now, at 12.0% a year"), "{told}");
}
