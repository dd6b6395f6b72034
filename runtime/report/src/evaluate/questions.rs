//! Which labels make a question's answer right: read off the tree of classifiers.

use std::collections::BTreeSet;

use cordline_core::manifest::Classifier;

/// Labels of cases without lesion.
pub const WITHOUT_LESION: [&str; 2] = ["healthy", "no_lesion"];

/// A question, and the labels on either side of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Id of the classifier; its scores stand in the column `p:ID`.
    pub id: String,
    /// The question in words.
    pub text: String,
    /// Words for the first class, which counts as negative, and the second, which counts as positive.
    pub answers: [String; 2],
    /// Labels whose right answer is the first class, and those of the second.
    pub labels: [BTreeSet<String>; 2],
    /// Threshold on the probability of the second class.
    pub threshold: f64,
    /// Probabilities from `[0]` to `[1]` are answered "undecided".
    pub undecided: [f64; 2],
}

impl Question {
    /// The questions of a bundle. A label belongs to a class when it is the class's id, or a class of a question asked only after it.
    pub fn of(classifiers: &[Classifier]) -> Vec<Self> {
        classifiers
            .iter()
            .map(|c| Self {
                id: c.id.clone(),
                text: c.question.clone(),
                answers: [0, 1].map(|k| c.classes[k].label.clone()),
                labels: [0, 1].map(|k| below(classifiers, &c.id, &c.classes[k].id)),
                threshold: c.threshold,
                undecided: c.undecided,
            })
            .collect()
    }

    /// True for a label whose right answer is the second class, false for the first, absent where the question does not concern it.
    pub fn truth(&self, label: &str) -> Option<bool> {
        match (self.labels[0].contains(label), self.labels[1].contains(label)) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        }
    }
}

/// A class and every class under it in the tree.
fn below(classifiers: &[Classifier], classifier: &str, class: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([class.to_string()]);
    for child in classifiers {
        if child.after.as_ref().is_some_and(|a| a.classifier == classifier && a.class == class) {
            found.extend(child.classes.iter().flat_map(|c| below(classifiers, &child.id, &c.id)));
        }
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use cordline_core::manifest::{After, Class};

    /// The spinal bundle's tree.
    pub(crate) fn spinal() -> Vec<Question> {
        let tree = [
            ("tumour-demyelinating", [("tumour", "Tumour"), ("demyelinating", "Demyelinating lesion")], None),
            (
                "astrocytoma-ependymoma",
                [("astrocytoma", "Astrocytoma"), ("ependymoma", "Ependymoma")],
                Some(("tumour-demyelinating", "tumour")),
            ),
            ("ms-nmosd", [("ms", "MS"), ("nmosd", "NMOSD")], Some(("tumour-demyelinating", "demyelinating"))),
        ];
        let class = |(id, label): (&str, &str)| Class {
            id: id.into(),
            label: label.into(),
            code: "0".into(),
            scheme: "SCT".into(),
            meaning: label.into(),
        };
        let classifiers: Vec<Classifier> = tree
            .into_iter()
            .map(|(id, classes, after)| Classifier {
                half: None,
                id: id.into(),
                question: format!("{} or {}?", classes[0].1, classes[1].1),
                file: format!("{id}.onnx"),
                channels: Vec::new(),
                input: "image".into(),
                probabilities: "probabilities".into(),
                heat_map: "cam".into(),
                threshold: 0.5,
                undecided: [0.4, 0.6],
                classes: classes.map(class),
                after: after.map(|(classifier, class)| After { classifier: classifier.into(), class: class.into() }),
            })
            .collect();
        Question::of(&classifiers)
    }

    #[test]
    fn labels_follow_the_tree() {
        let [first, second, third] = &spinal()[..] else { panic!("three questions") };
        assert_eq!(["tumour", "astrocytoma", "ependymoma"].map(|l| first.truth(l)), [Some(false); 3]);
        assert_eq!(["demyelinating", "ms", "nmosd"].map(|l| first.truth(l)), [Some(true); 3]);
        assert_eq!(["astrocytoma", "ependymoma", "ms"].map(|l| second.truth(l)), [Some(false), Some(true), None]);
        assert_eq!(["ms", "nmosd", "tumour"].map(|l| third.truth(l)), [Some(false), Some(true), None]);
        assert_eq!(first.truth("healthy"), None);
    }
}
