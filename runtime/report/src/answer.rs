//! The answer to a question, its two classes in the order of the bundle.

use cordline_sdk::Finding;
use cordline_sdk::result::Classification;

/// One of the two classes.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassAnswer {
    /// Id of the class.
    pub id: String,
    /// Words for it.
    pub label: String,
    /// Its study probability.
    pub probability: f64,
    /// Decided for when its probability reaches this.
    pub threshold: f64,
    /// Undecided from `[0]` to `[1]`.
    pub undecided: [f64; 2],
    /// What each section said of it.
    pub sections: Vec<(usize, f64)>,
    /// True where the question was decided for it.
    pub decided: bool,
}

/// Both classes: the first, then the second, to which threshold and band apply.
pub fn classes(asked: &Classification) -> [ClassAnswer; 2] {
    let [first, second] = asked.in_order();
    [(first, false), (second, true)].map(|((id, probability), second)| {
        let own = |p: f64| if second { p } else { 1.0 - p };
        let [low, high] = asked.undecided;
        ClassAnswer {
            id: id.to_owned(),
            label: asked.labels.get(id).map_or(id, String::as_str).to_owned(),
            probability,
            threshold: own(asked.threshold),
            undecided: if second { [low, high] } else { [1.0 - high, 1.0 - low] },
            sections: asked.sections.iter().map(|s| (s.section, own(s.probability))).collect(),
            decided: asked.decision == id,
        }
    })
}

/// The decision in words: the label of the class, or "undecided".
pub fn decision(asked: &Classification) -> &str {
    asked.labels.get(&asked.decision).map_or(Finding::UNDECIDED, String::as_str)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use cordline_sdk::result::SectionProbability;

    /// A question about `first` and `second` that was answered with these section probabilities of `second`.
    pub(crate) fn asked(first: &str, second: &str, sections: &[f64]) -> Classification {
        let p = sections.iter().sum::<f64>() / sections.len() as f64;
        let decision = if (0.4..=0.6).contains(&p) {
            "undecided"
        } else if p > 0.5 {
            second
        } else {
            first
        };
        Classification {
            id: format!("{first}-{second}"),
            question: format!("{first} or {second}?"),
            classes: [first, second].map(str::to_string),
            probabilities: [(first.to_string(), 1.0 - p), (second.to_string(), p)].into(),
            labels: [first, second].map(|id| (id.to_string(), id.to_uppercase())).into(),
            threshold: 0.5,
            undecided: [0.35, 0.6],
            decision: decision.into(),
            sections: sections
                .iter()
                .enumerate()
                .map(|(i, p)| SectionProbability { section: i + 4, probability: *p })
                .collect(),
        }
    }

    #[test]
    fn the_second_class_is_found_whatever_the_alphabet_says() {
        // In the map "b" stands before "z"; the bundle has them the other way round.
        let both = classes(&asked("z", "b", &[0.1, 0.3]));
        assert_eq!((both[0].id.as_str(), both[1].id.as_str()), ("z", "b"));
        assert!((both[1].probability - 0.2).abs() < 1e-12);
        assert!(both[0].decided && !both[1].decided);
        let even = classes(&asked("z", "b", &[0.5]));
        assert_eq!((even[0].id.as_str(), even[1].id.as_str()), ("z", "b"));
    }

    #[test]
    fn band_and_sections_are_mirrored_for_the_first_class() {
        let both = classes(&asked("a", "b", &[0.9, 0.7]));
        assert_eq!(both[1].undecided, [0.35, 0.6]);
        assert!((both[0].undecided[0] - 0.4).abs() < 1e-12 && (both[0].undecided[1] - 0.65).abs() < 1e-12);
        assert_eq!(both[1].sections[0], (4, 0.9));
        assert!((both[0].sections[0].1 - 0.1).abs() < 1e-12);
        assert_eq!(decision(&asked("a", "b", &[0.5])), "undecided");
        assert_eq!(decision(&asked("a", "b", &[0.9])), "B");
    }
}
