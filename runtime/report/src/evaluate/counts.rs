//! Right and wrong answers, counted.

use std::fmt;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
}

impl Rate {
    /// The share, absent where there is nothing to share.
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.count as f64 / self.of as f64)
    }

    /// Wilson's 95 % interval.
    pub fn interval(self) -> Option<[f64; 2]> {
        /// The normal quantile of 97.5 %.
        const Z: f64 = 1.959_963_984_540_054;
        let (p, n) = (self.share()?, self.of as f64);
        let middle = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
        Some([(middle - half).max(0.0), (middle + half).min(1.0)])
    }
}

impl fmt::Display for Rate {
    /// As in the literature: "96 % (150/157)".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.share() {
            Some(share) => f.pad(&format!("{:.0} % ({}/{})", share * 100.0, self.count, self.of)),
            None => f.pad("- (0/0)"),
        }
    }
}

/// Answers to a question against the truth. The second class is the positive one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Positive, and called so.
    pub true_positive: usize,
    /// Negative, and called positive.
    pub false_positive: usize,
    /// Negative, and called so.
    pub true_negative: usize,
    /// Positive, and called negative.
    pub false_negative: usize,
}

impl Confusion {
    /// Counts one case.
    pub fn add(&mut self, truth: bool, answer: bool) {
        *match (truth, answer) {
            (true, true) => &mut self.true_positive,
            (false, true) => &mut self.false_positive,
            (false, false) => &mut self.true_negative,
            (true, false) => &mut self.false_negative,
        } += 1;
    }

    /// The five rates with their names, in the customary order.
    pub fn rates(&self) -> [(&'static str, Rate); 5] {
        let (tp, fp, tn, fn_) = (self.true_positive, self.false_positive, self.true_negative, self.false_negative);
        let rate = |count, of| Rate { count, of };
        [
            ("accuracy", rate(tp + tn, tp + fp + tn + fn_)),
            ("sensitivity", rate(tp, tp + fn_)),
            ("specificity", rate(tn, tn + fp)),
            ("PPV", rate(tp, tp + fp)),
            ("NPV", rate(tn, tn + fn_)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_textbook() {
        let c = Confusion { true_positive: 8, false_positive: 1, true_negative: 9, false_negative: 2 };
        let shown = c.rates().map(|(name, r)| format!("{name} {r}"));
        assert_eq!(
            shown,
            [
                "accuracy 85 % (17/20)",
                "sensitivity 80 % (8/10)",
                "specificity 90 % (9/10)",
                "PPV 89 % (8/9)",
                "NPV 82 % (9/11)"
            ]
        );
    }

    #[test]
    fn nothing_of_nothing_is_no_rate() {
        let none = Rate { count: 0, of: 0 };
        assert_eq!((none.share(), none.interval(), none.to_string().as_str()), (None, None, "- (0/0)"));
    }

    #[test]
    fn the_interval_is_wilsons() {
        // Published example: 10 of 20 gives 0.299 to 0.701.
        let [low, high] = Rate { count: 10, of: 20 }.interval().unwrap();
        assert!((low - 0.2993).abs() < 1e-4 && (high - 0.7007).abs() < 1e-4, "{low} {high}");
        assert_eq!(Rate { count: 0, of: 5 }.interval().unwrap()[0], 0.0);
    }
}
