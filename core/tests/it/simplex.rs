//! A small dense simplex method for checking the planner: slow, plain, and nothing but pivots.

pub(crate) enum Sense {
    /// `row · x ≤ limit` with a limit that is not negative.
    AtMost,
    /// `row · x ≥ limit`; the column stands in this row alone, with 1.
    AtLeast { basic: usize },
}

/// The least of `costs · x` over `x ≥ 0` that keep the rows.
pub(crate) fn minimize(costs: &[f64], rows: Vec<(Vec<f64>, Sense, f64)>) -> f64 {
    let (count, columns) = (rows.len(), costs.len() + rows.len());
    let mut tableau: Vec<Vec<f64>> = Vec::new();
    let mut basic = Vec::new();
    let mut reduced: Vec<f64> = costs.to_vec();
    reduced.resize(columns + 1, 0.0);
    for (at, (mut row, sense, limit)) in rows.into_iter().enumerate() {
        row.resize(columns + 1, 0.0);
        row[columns] = limit;
        match sense {
            Sense::AtMost => {
                row[costs.len() + at] = 1.0;
                basic.push(costs.len() + at);
            }
            Sense::AtLeast { basic: column } => {
                row[costs.len() + at] = -1.0;
                basic.push(column);
                let cost = costs[column];
                reduced.iter_mut().zip(&row).for_each(|(reduced, value)| *reduced -= cost * value);
            }
        }
        tableau.push(row);
    }
    for pivots in 0..20_000 {
        let improving = (0..columns).filter(|&column| reduced[column] < -1e-9);
        // The steepest column is quick; the first one cannot go round in circles.
        let entering = if pivots < 10_000 {
            improving.min_by(|&a, &b| reduced[a].total_cmp(&reduced[b]))
        } else {
            improving.into_iter().next()
        };
        let Some(entering) = entering else { return -reduced[columns] };
        let limits = (0..count).filter(|&row| tableau[row][entering] > 1e-9);
        let leaving = limits.min_by(|&a, &b| {
            let limit = |row: usize| tableau[row][columns] / tableau[row][entering];
            limit(a).total_cmp(&limit(b)).then(basic[a].cmp(&basic[b]))
        });
        let leaving = leaving.expect("costs are bounded below");
        let scale = tableau[leaving][entering];
        tableau[leaving].iter_mut().for_each(|value| *value /= scale);
        let pivot = tableau[leaving].clone();
        let others = tableau.iter_mut().enumerate().filter(|(row, _)| *row != leaving).map(|(_, row)| row);
        for row in others.chain(std::iter::once(&mut reduced)) {
            let factor = row[entering];
            if factor != 0.0 {
                row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            }
        }
        basic[leaving] = entering;
    }
    panic!("the simplex method did not end");
}

#[test]
fn a_program_by_hand() {
    // Ten units at 3 each, or at 2 each for at most 4.
    let rows = vec![(vec![1.0, 1.0], Sense::AtLeast { basic: 0 }, 10.0), (vec![0.0, 1.0], Sense::AtMost, 4.0)];
    assert!((minimize(&[3.0, 2.0], rows) - 26.0).abs() < 1e-9);
}
