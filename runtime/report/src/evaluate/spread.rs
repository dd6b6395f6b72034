//! Mean, standard deviation and median.

use std::fmt;

use super::roc::percentile;

/// How values spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Number of values.
    pub count: usize,
    pub mean: f64,
    /// Standard deviation of the sample; 0 for a single value.
    pub sd: f64,
    pub median: f64,
}

impl Spread {
    /// Of these values; absent where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let median = percentile(&sorted, 0.5)?;
        let count = sorted.len();
        let mean = sorted.iter().sum::<f64>() / count as f64;
        let squares: f64 = sorted.iter().map(|v| (v - mean).powi(2)).sum();
        let sd = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
        Some(Self { count, mean, sd, median })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.2} ± {:.2} (median {:.2}, n = {})", self.mean, self.sd, self.median, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_equals_the_count_by_hand() {
        let s = Spread::of(&[0.2, 0.8, 0.6, 0.4]).unwrap();
        assert_eq!(s.to_string(), "0.50 ± 0.26 (median 0.50, n = 4)");
        assert_eq!(Spread::of(&[0.7]).unwrap().sd, 0.0);
        assert_eq!(Spread::of(&[]), None);
    }
}
