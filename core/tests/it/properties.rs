//! What must hold of money and filters, whatever the values.

use farthing::money::{MONEY_SCALE, from_f64, from_text, money_text, parts_in_cents, scale_by, to_text};
use farthing::schema::filter::Filter;
use proptest::prelude::*;

proptest! {
    /// What AWS prints (ten decimals) survives as a double and as text, up to 2^19 USD a row;
    /// beyond that two printed amounts can be one double.
    #[test]
    fn printed_amounts_are_exact(printed in -5_242_880_000_000_000_i64..5_242_880_000_000_000) {
        let text = to_text(i128::from(printed), 10, 0);
        let units = i128::from(printed) * 100;
        let double: f64 = text.parse().expect("a double");
        prop_assert_eq!(from_text(&text, MONEY_SCALE).map(|amount| (amount.units, amount.lossy)), Some((units, false)));
        prop_assert_eq!(from_f64(double, MONEY_SCALE).map(|amount| (amount.units, amount.lossy)), Some((units, false)));
        prop_assert_eq!(from_text(&money_text(units), MONEY_SCALE).map(|amount| amount.units), Some(units));
    }

    /// Any finite double is the decimal of its shortest text, rounded to twelve places.
    #[test]
    fn every_double_is_its_shortest_text(value in -1e15_f64..1e15) {
        let through_text = from_text(&format!("{value}"), MONEY_SCALE).map(|amount| amount.units);
        prop_assert_eq!(from_f64(value, MONEY_SCALE).map(|amount| amount.units), through_text);
    }

    /// Rounded parts add up to the rounded sum, and none is off by a cent or more.
    #[test]
    fn rounded_parts_add_up(parts in proptest::collection::vec(-1_000_000_000_000_000_i128..1_000_000_000_000_000, 1..40)) {
        let cent = 10_000_000_000_i128;
        let rounded = parts_in_cents(&parts);
        prop_assert_eq!(rounded.iter().sum::<i128>(), farthing::money::cents(parts.iter().sum()));
        for (part, cents) in parts.iter().zip(rounded) {
            prop_assert!((part - cents * cent).abs() < cent);
        }
    }

    /// A share of an amount is within half a unit of the exact quotient.
    #[test]
    fn shares_are_rounded_once(value in -1_000_000_000_000_i128..1_000_000_000_000, part in 0_i128..1_000_000_000_000, whole in 1_i128..1_000_000_000_000) {
        let share = scale_by(value, part, whole).expect("it fits");
        prop_assert!((share * whole - value * part).abs() * 2 <= whole);
    }

    /// Any value can be written in a filter.
    #[test]
    fn filters_hold_any_value(value in "[^\"]{1,30}", equal in any::<bool>()) {
        prop_assume!(value != "(none)");
        let text = format!("Tags/team{}\"{value}\",RegionId=us-east-1", if equal { "=" } else { "!=" });
        let filter = Filter::parse(&text).expect("it parses");
        prop_assert_eq!(filter.conditions.len(), 2);
        prop_assert_eq!(filter.conditions[0].value.as_deref(), Some(value.as_str()));
        prop_assert_eq!(filter.conditions[0].equal, equal);
    }
}
