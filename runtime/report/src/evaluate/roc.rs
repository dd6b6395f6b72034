//! ROC curve, the area under it, and how sure that is.

/// A case: its score, and whether it is positive.
pub type Scored = (f64, bool);

/// Points of the curve as (1 - specificity, sensitivity), from (0, 0) to (1, 1); cases with equal scores share a point.
pub fn curve(cases: &[Scored]) -> Vec<[f64; 2]> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|c| c.1).count() as f64;
    let negatives = sorted.len() as f64 - positives;
    let mut points = vec![[0.0, 0.0]];
    let (mut hits, mut alarms) = (0.0, 0.0);
    for group in sorted.chunk_by(|a, b| a.0 == b.0) {
        for (_, positive) in group {
            *if *positive { &mut hits } else { &mut alarms } += 1.0;
        }
        points.push([alarms / negatives, hits / positives]);
    }
    points
}

/// The chance that a positive case scores higher than a negative one; equal scores count half. Absent where one kind is missing.
pub fn auc(cases: &[Scored]) -> Option<f64> {
    auc_of(&mut cases.to_vec())
}

/// The same, sorting the cases in place.
fn auc_of(cases: &mut [Scored]) -> Option<f64> {
    cases.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut pairs, mut positives) = (0usize, 0.0, 0usize);
    for group in cases.chunk_by(|a, b| a.0 == b.0) {
        let up = group.iter().filter(|c| c.1).count();
        let down = group.len() - up;
        pairs += up as f64 * (below as f64 + down as f64 / 2.0);
        below += down;
        positives += up;
    }
    (positives > 0 && below > 0).then(|| pairs / (positives as f64 * below as f64))
}

/// 95 % interval of the area: percentiles over cases drawn with replacement. The same seed gives the same interval on every machine.
pub fn interval(cases: &[Scored], draws: usize, seed: u64) -> Option<[f64; 2]> {
    auc(cases)?;
    let mut random = SplitMix(seed);
    let mut drawn = cases.to_vec();
    let mut areas: Vec<f64> = (0..draws)
        .filter_map(|_| {
            drawn.fill_with(|| cases[random.below(cases.len())]);
            // A draw without one of both kinds has no area.
            auc_of(&mut drawn)
        })
        .collect();
    areas.sort_unstable_by(f64::total_cmp);
    Some([percentile(&areas, 0.025)?, percentile(&areas, 0.975)?])
}

/// Percentile of sorted values, linear between neighbours.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = sorted.len().checked_sub(1)? as f64 * share;
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// The generator SplitMix64 of Steele, Lea and Flood: small, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `count` - 1. The bias of the product is below 1 in 2^50 for cohorts of any real size.
    fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(positive: &[f64], negative: &[f64]) -> Vec<Scored> {
        positive.iter().map(|s| (*s, true)).chain(negative.iter().map(|s| (*s, false))).collect()
    }

    #[test]
    fn area_equals_the_count_by_hand() {
        // Pairs: 0.9 beats all 3; 0.4 beats 0.3 and 0.1 but not 0.6: 5 of 6.
        assert_eq!(auc(&cases(&[0.9, 0.4], &[0.6, 0.3, 0.1])), Some(5.0 / 6.0));
        // A tie counts half: 0.5 against 0.5, 0.2: 1.5 of 2; 0.7 beats both: 3.5 of 4.
        assert_eq!(auc(&cases(&[0.5, 0.7], &[0.5, 0.2])), Some(3.5 / 4.0));
        assert_eq!(auc(&cases(&[0.5, 0.5], &[0.5])), Some(0.5));
        assert_eq!(auc(&cases(&[0.1], &[0.9])), Some(0.0));
        assert_eq!(auc(&cases(&[0.1, 0.2], &[])), None);
    }

    #[test]
    fn area_equals_the_trapezoids_under_the_curve() {
        let all = cases(&[0.9, 0.8, 0.5, 0.5, 0.2], &[0.8, 0.5, 0.4, 0.1]);
        let points = curve(&all);
        let area: f64 = points.windows(2).map(|w| (w[1][0] - w[0][0]) * (w[1][1] + w[0][1]) / 2.0).sum();
        assert!((area - auc(&all).unwrap()).abs() < 1e-12);
        assert_eq!((points[0], points[points.len() - 1]), ([0.0, 0.0], [1.0, 1.0]));
        assert_eq!(points[2], [0.25, 0.4], "the tie at 0.8 is one step");
    }

    #[test]
    fn the_interval_is_the_same_every_time_and_holds_the_area() {
        let positive: Vec<f64> = (0..40).map(|i| 0.3 + f64::from(i) * 0.015).collect();
        let negative: Vec<f64> = (0..30).map(|i| 0.1 + f64::from(i) * 0.02).collect();
        let all = cases(&positive, &negative);
        let [low, high] = interval(&all, 2000, 7).unwrap();
        assert_eq!(interval(&all, 2000, 7), Some([low, high]));
        assert_ne!(interval(&all, 2000, 8), Some([low, high]));
        let area = auc(&all).unwrap();
        assert!(low < area && area < high, "{low} {area} {high}");
        // Half the interval is about 1.96 standard errors of Hanley and McNeil.
        let (m, n) = (40.0, 30.0);
        let (q1, q2) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
        let error =
            ((area * (1.0 - area) + (m - 1.0) * (q1 - area * area) + (n - 1.0) * (q2 - area * area)) / (m * n)).sqrt();
        assert!(((high - low) / 2.0 / (1.96 * error) - 1.0).abs() < 0.2, "{} {error}", (high - low) / 2.0);
    }

    #[test]
    fn perfect_separation_has_an_interval_of_one_point() {
        assert_eq!(interval(&cases(&[0.9, 0.8], &[0.1, 0.2]), 500, 1), Some([1.0, 1.0]));
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs for seed 1234567, as listed on Rosetta Code.
        let mut r = SplitMix(1_234_567);
        assert_eq!([r.next(), r.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
