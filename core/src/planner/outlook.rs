//! Usage as it may be over the months to come: the last weeks, carried on along each pool's own trend.
//!
//! A heuristic. The trend is Theil and Sen's: the median of the slopes between all pairs of weekly means, which a few odd
//! weeks do not move. It counts where nearly all pairs agree on its direction, is damped, and bends the last four weeks
//! into three scenarios: early, halfway and late in the time that is planned for. The best purchase for all three together
//! is the quantile of the mixture. Method: Sen (1968), the damping after Gardner and McKenzie (1985).

use super::demand::Demand;

const HOURS_WEEKLY: usize = 168;
/// Weeks that are carried on, and weeks that the trend is read from at most.
const WEEKS_CARRIED: usize = 4;
const WEEKS_READ: usize = 13;
/// The least share of pairs of weeks that must agree on the direction: two thirds more go one way than the other.
const AGREEMENT_MIN: f64 = 2.0 / 3.0;
/// What is left of a trend from one four-week step to the next.
const DAMPING: f64 = 0.85;
/// Where in the time that is planned for the scenarios lie.
const PLACES: [f64; 3] = [1.0 / 6.0, 0.5, 5.0 / 6.0];
const FACTOR_MOST: f64 = 3.0;

/// The demand of the hours to come, of three scenarios one after the other; the demand itself where it has less than six
/// weeks.
pub(super) fn ahead(demand: &Demand, weeks_ahead: f64) -> Demand {
    let weeks = demand.hours / HOURS_WEEKLY;
    if weeks < WEEKS_CARRIED + 2 {
        return demand.clone();
    }
    let carried = demand.hours - WEEKS_CARRIED * HOURS_WEEKLY;
    let mut quantities = Vec::with_capacity(demand.pools.len() * PLACES.len() * WEEKS_CARRIED * HOURS_WEEKLY);
    for pool in 0..demand.pools.len() {
        let usage = demand.of(pool);
        let means = weekly_means(usage);
        for place in PLACES {
            let factor = factor(&means, place * weeks_ahead);
            let scaled = usage[carried..].iter().map(|&used| (used as f64 * factor).round() as i128);
            quantities.extend(scaled);
        }
    }
    let hours = PLACES.len() * WEEKS_CARRIED * HOURS_WEEKLY;
    Demand { pools: demand.pools.clone(), first_hour: demand.first_hour, hours, quantities }
}

/// Means of whole weeks counted back from the last hour, the earliest first.
fn weekly_means(usage: &[i128]) -> Vec<f64> {
    let weeks = (usage.len() / HOURS_WEEKLY).min(WEEKS_READ);
    let first = usage.len() - weeks * HOURS_WEEKLY;
    usage[first..]
        .chunks(HOURS_WEEKLY)
        .map(|week| week.iter().map(|&used| used as f64).sum::<f64>() / HOURS_WEEKLY as f64)
        .collect()
}

/// What usage so many weeks ahead is beside that of the last four weeks.
fn factor(means: &[f64], ahead: f64) -> f64 {
    let recent = &means[means.len().saturating_sub(WEEKS_CARRIED)..];
    let level = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
    let Some(slope) = slope(means).filter(|_| level > 0.0) else { return 1.0 };
    // The level is that of the middle of the last four weeks.
    let weeks = ahead + WEEKS_CARRIED as f64 / 2.0;
    let steps = weeks / WEEKS_CARRIED as f64;
    let damped = WEEKS_CARRIED as f64 * (1.0 - DAMPING.powf(steps)) / (1.0 - DAMPING);
    ((level + slope * damped) / level).clamp(0.0, FACTOR_MOST)
}

/// The median of the slopes between all pairs of weeks, where they agree.
fn slope(means: &[f64]) -> Option<f64> {
    let mut slopes: Vec<f64> = Vec::new();
    for later in 1..means.len() {
        slopes.extend((0..later).map(|earlier| (means[later] - means[earlier]) / (later - earlier) as f64));
    }
    let up = slopes.iter().filter(|slope| **slope > 0.0).count() as f64;
    let down = slopes.iter().filter(|slope| **slope < 0.0).count() as f64;
    slopes.sort_by(f64::total_cmp);
    ((up - down).abs() >= AGREEMENT_MIN * slopes.len() as f64 && !slopes.is_empty()).then(|| slopes[slopes.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(weekly: &[i128]) -> Demand {
        let quantities = weekly.iter().flat_map(|&level| vec![level; HOURS_WEEKLY]).collect();
        Demand { pools: vec!["p".to_owned()], first_hour: 0, hours: weekly.len() * HOURS_WEEKLY, quantities }
    }

    #[test]
    fn a_steady_trend_is_carried_on_and_noise_is_not() {
        let level = |demand: &Demand, scenario: usize| demand.of(0)[scenario * WEEKS_CARRIED * HOURS_WEEKLY];
        let flat = ahead(&demand(&[100; 8]), 12.0);
        assert_eq!((level(&flat, 0), level(&flat, 2)), (100, 100));
        let rising = ahead(&demand(&[100, 110, 120, 130, 140, 150, 160, 170]), 12.0);
        assert!(level(&rising, 0) > 140 && level(&rising, 2) > level(&rising, 0), "{:?}", rising.of(0)[0]);
        let falling = ahead(&demand(&[170, 160, 150, 140, 130, 120, 110, 100]), 12.0);
        assert!(level(&falling, 2) < level(&falling, 0) && level(&falling, 0) < 130);
        let noisy = ahead(&demand(&[100, 130, 90, 120, 100, 125, 95, 110]), 12.0);
        assert_eq!(level(&noisy, 0), 100, "the first carried week as it was");
        let short = demand(&[100, 110]);
        assert_eq!(ahead(&short, 12.0), short);
    }
}
