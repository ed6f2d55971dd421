//! Bars and trends of eight characters.

const WIDTH: usize = 8;
const PARTIAL: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar of at most eight characters; `length` is between 0 and 1.
pub(crate) fn bar(length: f64) -> String {
    let eighths = (length.clamp(0.0, 1.0) * (WIDTH * 8) as f64).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        text.push(PARTIAL[eighths % 8]);
    }
    text
}

/// The trend of some amounts, oldest first: its last eight as a line of blocks between zero (or the least, if below)
/// and the largest.
pub(crate) fn sparkline(amounts: &[i128]) -> String {
    let shown = &amounts[amounts.len().saturating_sub(WIDTH)..];
    let least = shown.iter().copied().min().unwrap_or(0).min(0);
    let span = shown.iter().copied().max().unwrap_or(0).max(0) - least;
    let level = |amount: i128| match span {
        0 => LEVELS[0],
        _ => LEVELS[((amount - least) as f64 / span as f64 * 7.0).round() as usize],
    };
    shown.iter().map(|&amount| level(amount)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_the_length_of_the_share() {
        assert_eq!([0.0, 0.5, 1.0, 2.0].map(bar), ["", "████", "████████", "████████"]);
        assert_eq!(bar(0.56), "████▌");
        assert_eq!(bar(f64::NAN), "");
    }

    #[test]
    fn trends_rise_from_zero() {
        assert_eq!(sparkline(&[0, 50, 100]), "▁▅█");
        assert_eq!(sparkline(&[-100, 0, 100]), "▁▅█");
        assert_eq!(sparkline(&[0, 0]), "▁▁");
        assert_eq!(sparkline(&[]), "");
        assert_eq!(sparkline(&[1; 20]).chars().count(), 8);
    }
}
