//! Money and quantities as exact integers: money in units of 1e-12, quantities in units of 1e-15.

use rust_decimal::Decimal;

/// Decimal places of an integer amount of money.
pub const MONEY_SCALE: u32 = 12;
/// Decimal places of an integer quantity (a byte is 9.3e-10 GB).
pub const QUANTITY_SCALE: u32 = 15;

/// AWS prints at most this many decimal places.
const PRINTED_SCALE: u32 = 10;
/// Up to 2^19 (524,288), times 1e10, two printed amounts are never one double, and the nearest integer of the
/// product is the printed amount; beyond it the fast path would be a guess.
const EXACT_F64: f64 = 5_242_880_000_000_000.0;

/// An integer amount at some scale, and whether digits below that scale were cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled {
    /// The amount times ten to the scale, rounded half to even.
    pub units: i128,
    /// Whether the text had digits that the scale cannot hold.
    pub lossy: bool,
}

/// The decimal that a double stands for (its shortest text), times `10^scale`; `None` for NaN and infinities.
///
/// AWS writes at most ten decimals, so the fast path (the nearest multiple of 1e-10, when it converts back to
/// the same double) takes nearly every value; the rest goes through the shortest decimal text.
#[inline]
pub fn from_f64(value: f64, scale: u32) -> Option<Scaled> {
    let printed = nearest(value * 1e10);
    if printed.abs() <= EXACT_F64 && printed / 1e10 == value {
        let units = i128::from(printed as i64) * printed_factor(scale);
        return Some(Scaled { units, lossy: false });
    }
    from_f64_slow(value, scale)
}

/// The nearest integer, halves to even. Adding 1.5 × 2^52 leaves a double no room for a fraction, which is quicker than
/// a call of `rint` where the processor at hand is not known when this is compiled.
#[inline]
fn nearest(value: f64) -> f64 {
    const NO_FRACTION: f64 = 6_755_399_441_055_744.0;
    const HALF_RANGE: f64 = 2_251_799_813_685_248.0;
    if value.abs() < HALF_RANGE { (value + NO_FRACTION) - NO_FRACTION } else { value.round_ties_even() }
}

/// Units of `scale` in one unit of what AWS prints; constants for the scales that rows are read at.
#[inline]
fn printed_factor(scale: u32) -> i128 {
    match scale {
        MONEY_SCALE => 100,
        QUANTITY_SCALE => 100_000,
        _ => 10_i128.pow(scale - PRINTED_SCALE),
    }
}

#[cold]
fn from_f64_slow(value: f64, scale: u32) -> Option<Scaled> {
    if !value.is_finite() {
        return None;
    }
    from_text(&format!("{value:e}"), scale)
}

/// Parses decimal text, with an exponent or without, to an integer at `scale`, rounding half to even.
/// `None` when the text is no number or does not fit.
pub fn from_text(text: &str, scale: u32) -> Option<Scaled> {
    let text = text.trim();
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut units: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return None;
        }
        units = units.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
    }
    let shift = scale as i32 + exponent - i32::try_from(fraction.len()).ok()?;
    let scaled = shift_decimal(units, shift)?;
    Some(Scaled { units: if negative { -scaled.units } else { scaled.units }, lossy: scaled.lossy })
}

fn shift_decimal(units: i128, shift: i32) -> Option<Scaled> {
    if units == 0 {
        return Some(Scaled { units: 0, lossy: false });
    }
    if shift >= 0 {
        let factor = 10_i128.checked_pow(shift as u32)?;
        return Some(Scaled { units: units.checked_mul(factor)?, lossy: false });
    }
    match 10_i128.checked_pow(shift.unsigned_abs()) {
        Some(divisor) => {
            let rounded = divide_half_even(units, divisor);
            Some(Scaled { units: rounded, lossy: units % divisor != 0 })
        }
        None => Some(Scaled { units: 0, lossy: true }),
    }
}

/// `numerator / denominator` rounded half to even; the denominator must not be zero.
pub fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let (numerator, denominator) = if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let quotient = numerator.div_euclid(denominator);
    let remainder = numerator.rem_euclid(denominator);
    // Comparing the remainder with what is left to the next multiple avoids doubling it, which could overflow.
    match remainder.cmp(&(denominator - remainder)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// `value * numerator / denominator` rounded half to even, exact while the product fits in 128 bits and
/// reduced by the common divisor first; `None` when it does not fit or the denominator is zero.
pub fn scale_by(value: i128, numerator: i128, denominator: i128) -> Option<i128> {
    if denominator == 0 {
        return None;
    }
    let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs()) as i128;
    let (numerator, denominator) = (numerator / divisor, denominator / divisor);
    let divisor = gcd(value.unsigned_abs(), denominator.unsigned_abs()) as i128;
    let (value, denominator) = (value / divisor, denominator / divisor);
    Some(divide_half_even(value.checked_mul(numerator)?, denominator))
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// An integer at `scale` as plain decimal text with at least `decimals_min` decimals and no further zeros.
///
/// ```
/// use farthing::money::to_text;
/// assert_eq!(to_text(4_064_483_131_537_900, 12, 2), "4064.4831315379");
/// assert_eq!(to_text(-5_000_000_000, 12, 2), "-0.005");
/// assert_eq!(to_text(3_000_000_000_000, 12, 2), "3.00");
/// ```
pub fn to_text(units: i128, scale: u32, decimals_min: usize) -> String {
    let factor = 10_u128.pow(scale);
    let magnitude = units.unsigned_abs();
    let mut fraction = format!("{:0width$}", magnitude % factor, width = scale as usize);
    while fraction.len() > decimals_min && fraction.ends_with('0') {
        fraction.pop();
    }
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() {
        return format!("{sign}{}", magnitude / factor);
    }
    format!("{sign}{}.{fraction}", magnitude / factor)
}

/// Money (units of 1e-12) as exact text: ten decimals, as AWS prints them, and more only where digits need them.
pub fn money_text(units: i128) -> String {
    to_text(units, MONEY_SCALE, PRINTED_SCALE as usize)
}

/// Money (units of 1e-12) rounded half to even to whole cents.
pub fn cents(units: i128) -> i128 {
    divide_half_even(units, 10_i128.pow(MONEY_SCALE - 2))
}

/// Money for people: rounded once to cents, thousands separated: `-1,234.50`.
///
/// ```
/// assert_eq!(farthing::money::display_cents(1_234_505_000_000_000), "1,234.50");
/// assert_eq!(farthing::money::display_cents(-4_000_000_000), "0.00");
/// ```
pub fn display_cents(units: i128) -> String {
    grouped_cents(cents(units))
}

/// Whole cents as text with thousands separated.
pub fn grouped_cents(cents: i128) -> String {
    let magnitude = cents.unsigned_abs();
    let whole = (magnitude / 100).to_string();
    let mut text = String::with_capacity(whole.len() + whole.len() / 3 + 4);
    if cents < 0 {
        text.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(&format!(".{:02}", magnitude % 100));
    text
}

/// Rounds parts to cents so that they add up to the rounded total (largest remainder, ties to the earlier part).
pub fn parts_in_cents(parts: &[i128]) -> Vec<i128> {
    let unit = 10_i128.pow(MONEY_SCALE - 2);
    let mut floors: Vec<i128> = parts.iter().map(|part| part.div_euclid(unit)).collect();
    let total = cents(parts.iter().sum());
    let missing = total - floors.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(parts[index].rem_euclid(unit)), index));
    for index in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        floors[index] += 1;
    }
    floors
}

/// Money as a [`Decimal`], for callers that calculate with `rust_decimal`; `None` beyond its 96 bits.
pub fn to_decimal(units: i128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(units, MONEY_SCALE).ok()
}

/// A [`Decimal`] as integer money; `None` when it has more than twelve decimals or does not fit.
pub fn from_decimal(value: Decimal) -> Option<i128> {
    let value = value.normalize();
    let shift = MONEY_SCALE.checked_sub(value.scale())?;
    value.mantissa().checked_mul(10_i128.pow(shift))
}

/// A ratio of two integer sums, as a number; `None` when the denominator is zero.
pub fn ratio(numerator: i128, denominator: i128) -> Option<f64> {
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_become_the_decimal_that_was_printed() {
        for (value, units) in [
            (0.1, 100_000_000_000),
            (-0.0000000001, -100),
            (4064.4831315379, 4_064_483_131_537_900),
            (0.0, 0),
            (-0.0, 0),
        ] {
            assert_eq!(from_f64(value, MONEY_SCALE), Some(Scaled { units, lossy: false }), "{value}");
        }
        // Beyond 2^53 units the shortest text decides.
        assert_eq!(from_f64(12_345_678.123_456_79, MONEY_SCALE).map(|s| s.units), Some(12_345_678_123_456_790_000));
        assert_eq!(from_f64(1e-13, MONEY_SCALE), Some(Scaled { units: 0, lossy: true }));
        assert_eq!(from_f64(9.313225746154785e-10, QUANTITY_SCALE).map(|s| s.units), Some(931_323));
        assert_eq!(from_f64(f64::NAN, MONEY_SCALE), None);
        assert_eq!(from_f64(f64::INFINITY, MONEY_SCALE), None);
    }

    #[test]
    fn the_nearest_integer_is_that_of_the_standard_library() {
        let halves = (-9..9).map(|n| f64::from(n) + 0.5);
        let large = (40..54).flat_map(|power| [-0.5, -0.25, 0.0, 0.25, 0.5].map(|part| 2_f64.powi(power) + part));
        for value in halves.chain(large).chain([0.0, 0.499_999_999_999_999_94, 1e300]) {
            assert_eq!(nearest(value), value.round_ties_even(), "{value}");
            assert_eq!(nearest(-value), (-value).round_ties_even(), "-{value}");
        }
        assert!(nearest(f64::NAN).is_nan());
    }

    #[test]
    fn text_is_read_exactly_or_not_at_all() {
        assert_eq!(from_text("-12.5e-1", MONEY_SCALE).map(|s| s.units), Some(-1_250_000_000_000));
        assert_eq!(from_text(".5", 2).map(|s| s.units), Some(50));
        for bad in ["", "-", "abc", "1.2.3", "1e", "1,5", "convertible"] {
            assert_eq!(from_text(bad, MONEY_SCALE), None, "{bad}");
        }
    }

    #[test]
    fn halves_round_to_even() {
        assert_eq!([5, 15, 25, -5, -15].map(|n| divide_half_even(n, 10)), [0, 2, 2, 0, -2]);
        assert_eq!(scale_by(10, 1, 3), Some(3));
        assert_eq!(scale_by(1, 1, 0), None);
    }

    #[test]
    fn printed_parts_add_up() {
        let third = 333_333_333_333;
        assert_eq!(parts_in_cents(&[third, third, third + 1]), vec![33, 33, 34]);
        assert_eq!(parts_in_cents(&[-third, -third, -third - 1]).iter().sum::<i128>(), -100);
    }

    #[test]
    fn decimals_go_there_and_back() {
        let units = 4_064_483_131_537_900;
        assert_eq!(to_decimal(units).and_then(from_decimal), Some(units));
    }
}
