//! One series of measurements, and the distribution that is kept of it.

/// How CloudWatch summed up the measurements of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statistic {
    /// The greatest.
    Maximum,
    /// A percentile, in thousandths: 99.5 is 99,500.
    Percentile(u32),
    /// The mean.
    Average,
    /// The sum.
    Sum,
    /// The least.
    Minimum,
    /// How many there were.
    SampleCount,
}

impl Statistic {
    /// Reads CloudWatch's word: `Maximum`, `p99.5`.
    ///
    /// ```
    /// use farthing::ingest::metrics::series::Statistic;
    /// assert_eq!(Statistic::parse("max"), Some(Statistic::Maximum));
    /// assert_eq!(Statistic::parse("p99.5"), Some(Statistic::Percentile(99_500)));
    /// assert_eq!(Statistic::parse("median"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Statistic> {
        let text = text.trim().to_ascii_lowercase();
        Some(match text.as_str() {
            "maximum" | "max" => Statistic::Maximum,
            "average" | "avg" | "mean" => Statistic::Average,
            "sum" => Statistic::Sum,
            "minimum" | "min" => Statistic::Minimum,
            "samplecount" | "n" => Statistic::SampleCount,
            _ => {
                let percent: f64 = text.strip_prefix('p')?.parse().ok()?;
                let known = (0.0..=100.0).contains(&percent);
                known.then_some(Statistic::Percentile((percent * 1_000.0).round() as u32))?
            }
        })
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Statistic::Maximum => "Maximum".to_owned(),
            Statistic::Percentile(thousandths) => format!("p{}", f64::from(thousandths) / 1_000.0),
            Statistic::Average => "Average".to_owned(),
            Statistic::Sum => "Sum".to_owned(),
            Statistic::Minimum => "Minimum".to_owned(),
            Statistic::SampleCount => "SampleCount".to_owned(),
        }
    }

    /// How much it says about peaks, the most first.
    pub(super) fn rank(self) -> (u8, u32) {
        match self {
            Statistic::Maximum => (0, 0),
            Statistic::Percentile(thousandths) => (1, 100_000 - thousandths.min(100_000)),
            Statistic::Average => (2, 0),
            Statistic::Sum => (3, 0),
            Statistic::Minimum => (4, 0),
            Statistic::SampleCount => (5, 0),
        }
    }
}

/// What a value in a unit is multiplied by to be in the plain one: bytes, counts, percent, seconds.
pub(super) fn unit_scale(unit: &str) -> f64 {
    let unit = unit.trim().to_ascii_lowercase();
    let name = unit.trim_end_matches("/second");
    match name {
        "kilobytes" => 1e3,
        "megabytes" => 1e6,
        "gigabytes" => 1e9,
        "terabytes" => 1e12,
        "bits" => 1.0 / 8.0,
        "kilobits" => 1e3 / 8.0,
        "megabits" => 1e6 / 8.0,
        "gigabits" => 1e9 / 8.0,
        "milliseconds" => 1e-3,
        "microseconds" => 1e-6,
        _ => 1.0,
    }
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) time: i64,
    pub(super) value: f64,
}

/// Steps of the distribution that is kept: half a percent.
const STEPS: usize = 200;
const SECONDS_PER_DAY: i64 = 86_400;

/// What a day's measurements were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Days since 1970.
    pub day: i32,
    /// The greatest.
    pub max: f64,
    /// The sum.
    pub sum: f64,
    /// How many.
    pub samples: u32,
}

/// The measurements of a metric of a resource over the look-back, as a distribution in steps of half a percent.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// CloudWatch's name: `CPUUtilization`.
    pub metric: String,
    /// How a period was summed up.
    pub statistic: Statistic,
    /// Measurements, each time once.
    pub samples: u32,
    /// Seconds between measurements: the most frequent distance, 0 for a single one.
    pub period_secs: u32,
    /// The first, in seconds since 1970.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// Measurements that are missing between the two.
    pub missing: u32,
    /// Measurements whose time was there before.
    pub repeated: u32,
    /// Measurements before the look-back.
    pub too_old: u32,
    /// The mean.
    pub mean: f64,
    /// The sum.
    pub sum: f64,
    /// By day.
    pub days: Vec<Day>,
    /// The values below which 0.5 %, 1 %, … 100 % of the measurements lie.
    quantiles: Box<[f64]>,
}

impl Series {
    /// The smallest value that at least so many percent of the measurements do not exceed (nearest rank), in steps of
    /// half a percent.
    pub fn percentile(&self, percent: f64) -> f64 {
        let step = ((percent / 100.0 * STEPS as f64).ceil() as usize).clamp(1, STEPS);
        self.quantiles[step - 1]
    }

    /// The greatest value.
    pub fn max(&self) -> f64 {
        self.quantiles[STEPS - 1]
    }

    /// The highest percentile, in steps of half a percent, that is not above a value; 0 when none is.
    pub fn percent_within(&self, value: f64) -> f64 {
        let steps = self.quantiles.partition_point(|&quantile| quantile <= value);
        steps as f64 * 100.0 / STEPS as f64
    }

    /// Hours that were measured.
    pub fn hours(&self) -> f64 {
        f64::from(self.samples) * f64::from(self.period_secs) / 3_600.0
    }
}

/// The distribution of a series over the days before its last measurement; none without a measurement.
pub(super) fn summarize(
    metric: String,
    statistic: Statistic,
    mut samples: Vec<Sample>,
    look_back_days: u32,
) -> Option<Series> {
    if !samples.is_sorted_by(|a, b| a.time <= b.time) {
        samples.sort_by_key(|sample| sample.time);
    }
    let repeated = take_once(&mut samples, statistic == Statistic::Minimum);
    let last = samples.last()?.time;
    let begin = last - i64::from(look_back_days) * SECONDS_PER_DAY;
    let too_old = samples.partition_point(|sample| sample.time <= begin);
    let samples = &samples[too_old..];
    let first = samples.first()?.time;
    let period = most_frequent_distance(samples);
    let expected = if period > 0 { (last - first) / period + 1 } else { 1 };
    let mut values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let quantile = |step: usize| values[(step * values.len()).div_ceil(STEPS) - 1];
    let sum: f64 = values.iter().sum();
    Some(Series {
        metric,
        statistic,
        samples: samples.len() as u32,
        period_secs: u32::try_from(period).unwrap_or(u32::MAX),
        first,
        last,
        missing: u32::try_from(expected - samples.len() as i64).unwrap_or(0),
        repeated,
        too_old: too_old as u32,
        mean: sum / values.len() as f64,
        sum,
        days: days(samples),
        quantiles: (1..=STEPS).map(quantile).collect(),
    })
}

/// Leaves each time once, with the greater or the smaller value; how many were left out.
fn take_once(samples: &mut Vec<Sample>, least: bool) -> u32 {
    let before = samples.len();
    samples.dedup_by(|later, kept| {
        let same = later.time == kept.time;
        if same {
            kept.value = if least { kept.value.min(later.value) } else { kept.value.max(later.value) };
        }
        same
    });
    (before - samples.len()) as u32
}

/// The most frequent distance in time; of equals the shorter.
fn most_frequent_distance(samples: &[Sample]) -> i64 {
    let mut counts: Vec<(i64, u32)> = Vec::new();
    for pair in samples.windows(2) {
        let distance = pair[1].time - pair[0].time;
        match counts.iter_mut().find(|known| known.0 == distance) {
            Some(known) => known.1 += 1,
            None => counts.push((distance, 1)),
        }
    }
    counts.into_iter().max_by_key(|&(distance, count)| (count, -distance)).map_or(0, |known| known.0)
}

fn days(samples: &[Sample]) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for sample in samples {
        let day = i32::try_from(sample.time.div_euclid(SECONDS_PER_DAY)).unwrap_or(i32::MAX);
        match days.last_mut().filter(|known| known.day == day) {
            Some(known) => {
                known.max = known.max.max(sample.value);
                known.sum += sample.value;
                known.samples += 1;
            }
            None => days.push(Day { day, max: sample.value, sum: sample.value, samples: 1 }),
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: impl IntoIterator<Item = (i64, f64)>) -> Series {
        let samples = values.into_iter().map(|(time, value)| Sample { time, value }).collect();
        summarize("CPUUtilization".to_owned(), Statistic::Maximum, samples, 14).unwrap()
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let one = series((0..1_000).map(|at| (at * 300, f64::from((at as u32 * 7) % 1_000) + 1.0)));
        for (percent, value) in [(90.0, 900.0), (95.0, 950.0), (99.5, 995.0), (100.0, 1_000.0), (0.5, 5.0)] {
            assert_eq!(one.percentile(percent), value, "{percent}");
        }
        assert_eq!((one.max(), one.mean, one.period_secs), (1_000.0, 500.5, 300));
        assert_eq!(one.percent_within(899.9), 89.5);
        assert_eq!(one.percent_within(900.0), 90.0);
        assert_eq!((one.percent_within(0.0), one.percent_within(5_000.0)), (0.0, 100.0));
        let single = series([(0, 3.0)]);
        assert_eq!((single.percentile(90.0), single.period_secs, single.missing), (3.0, 0, 0));
    }

    #[test]
    fn times_count_once_and_gaps_are_counted() {
        let one = series([(0, 1.0), (300, 2.0), (300, 5.0), (900, 3.0), (1_200, 4.0), (600 * 100, 9.0)]);
        assert_eq!((one.samples, one.repeated, one.missing), (5, 1, 196));
        assert_eq!(one.percentile(100.0), 9.0);
        assert_eq!(one.percentile(80.0), 5.0, "the greater of two at one time");
        let unordered = series([(600, 3.0), (0, 1.0), (300, 2.0)]);
        assert_eq!((unordered.first, unordered.last, unordered.missing), (0, 600, 0));
    }

    #[test]
    fn only_the_look_back_counts() {
        let day = SECONDS_PER_DAY;
        let one = series((0..20).map(|at| (at * day, 100.0 - at as f64)));
        assert_eq!((one.samples, one.too_old, one.first), (14, 6, 6 * day));
        assert_eq!((one.max(), one.days.len()), (94.0, 14));
    }
}
