//! The questions, along the branches.

use std::collections::BTreeMap;

use cordline_core::findings::HeatMap;
use cordline_core::manifest::{Classifier, Manifest, is_undecided};
use cordline_sdk::Finding;
use cordline_sdk::result::{Classification, NotAsked, SectionProbability};

use super::explain;
use super::lesion_sections::LesionSections;
use super::section_answers::{Classifiers, SectionAnswers};

/// All answers of a study.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The answer in a word or two.
    pub finding: Finding,
    /// The questions that were asked, in order.
    pub classifications: Vec<Classification>,
    /// The questions that were not asked.
    pub not_asked: Vec<NotAsked>,
    /// One heat map for each decided question that shows any activation.
    pub heat_maps: Vec<HeatMap>,
}

/// What happened on the way through the questions.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A section was asked.
    Asked {
        /// The question.
        classifier: &'a Classifier,
        /// Sections done.
        done: usize,
        /// Sections with lesion.
        total: usize,
    },
    /// A question was answered, with the heat map where it was decided.
    Answered(&'a Classification, Option<&'a HeatMap>),
}

/// Asks the bundle's questions in order; a question on a branch that was not taken is not asked.
///
/// `each` is told every step.
///
/// # Errors
/// Those of `networks`, an answer in another shape, and that of `each`, which ends the work.
pub fn classify<C: Classifiers>(
    manifest: &Manifest,
    sections: &LesionSections,
    networks: &mut C,
    each: &mut dyn FnMut(Step<'_>) -> Result<(), C::Error>,
) -> Result<Answers, C::Error> {
    let total = sections.sections.len();
    let mut classifications: Vec<Classification> = Vec::new();
    let (mut not_asked, mut heat_maps) = (Vec::new(), Vec::new());
    let mut ahead = BTreeMap::new();
    for classifier in &manifest.classifiers {
        if let Some(reason) = reason_not_to_ask(manifest, classifier, sections, &classifications) {
            not_asked.push(NotAsked { id: classifier.id.clone(), question: classifier.question.clone(), reason });
            continue;
        }
        let mut tell = |done| each(Step::Asked { classifier, done, total });
        let is_first = classifications.is_empty();
        if is_first && networks.are_side_by_side() {
            ahead = SectionAnswers::ask_side_by_side(&manifest.classifiers, sections, networks, &mut tell)?;
        }
        let SectionAnswers { probabilities, maps } = match ahead.remove(&classifier.id) {
            Some(answers) => {
                let answers = answers?;
                // Who watches hears of a question when its turn comes.
                if !is_first {
                    (1..=total).try_for_each(tell)?;
                }
                answers
            }
            None => SectionAnswers::ask(classifier, sections, networks, &mut tell)?,
        };
        let classification = decide(classifier, probabilities);
        let decided = classifier.classes.iter().position(|c| c.id == classification.decision);
        let map = decided
            .and_then(|class| explain::heat_map(classifier, &classifier.classes[class], &maps[class], sections.native));
        each(Step::Answered(&classification, map.as_ref()))?;
        heat_maps.extend(map);
        classifications.push(classification);
    }
    Ok(Answers { finding: finding(manifest, &classifications), classifications, not_asked, heat_maps })
}

/// Why a question is not asked; nothing where it is.
fn reason_not_to_ask(
    manifest: &Manifest,
    classifier: &Classifier,
    sections: &LesionSections,
    so_far: &[Classification],
) -> Option<String> {
    if sections.is_empty() {
        return Some("no lesion was found".into());
    }
    let after = classifier.after.as_ref()?;
    let Some(earlier) = so_far.iter().find(|c| c.id == after.classifier) else {
        return Some("the question before it was not asked".into());
    };
    if earlier.decision == after.class {
        return None;
    }
    let answer =
        if earlier.decision == Finding::UNDECIDED { "undecided" } else { class_label(manifest, &earlier.decision) };
    Some(format!("\u{201c}{}\u{201d} was answered: {answer}", earlier.question))
}

/// The study's answer to one question: the mean over its sections against threshold and undecided band.
pub fn decide(classifier: &Classifier, sections: Vec<SectionProbability>) -> Classification {
    let probability = sections.iter().map(|s| s.probability).sum::<f64>() / sections.len().max(1) as f64;
    let [first, second] = &classifier.classes;
    let decision = if is_undecided(classifier.undecided, probability) {
        Finding::UNDECIDED
    } else if probability >= classifier.threshold {
        &second.id
    } else {
        &first.id
    };
    Classification {
        id: classifier.id.clone(),
        question: classifier.question.clone(),
        classes: [first.id.clone(), second.id.clone()],
        probabilities: BTreeMap::from([(first.id.clone(), 1.0 - probability), (second.id.clone(), probability)]),
        labels: BTreeMap::from([(first.id.clone(), first.label.clone()), (second.id.clone(), second.label.clone())]),
        threshold: classifier.threshold,
        undecided: classifier.undecided,
        decision: decision.to_owned(),
        sections,
    }
}

/// The answer in a word or two, from the first question and the one that followed on its branch.
pub fn finding(manifest: &Manifest, classifications: &[Classification]) -> Finding {
    let Some(first) = classifications.first() else { return Finding::no_lesion() };
    if first.decision == Finding::UNDECIDED {
        return Finding::indeterminate();
    }
    let label = class_label(manifest, &first.decision);
    let followed = manifest.classifiers.iter().find(|c| c.after.as_ref().is_some_and(|a| a.class == first.decision));
    let subtype = followed.and_then(|f| classifications.iter().find(|c| c.id == f.id)).map(|c| c.decision.clone());
    let words = match subtype.as_deref() {
        None => label.to_owned(),
        Some(Finding::UNDECIDED) => format!("{label}, subtype undecided"),
        Some(class) => format!("{label}: {}", class_label(manifest, class)),
    };
    Finding { name: first.decision.clone(), subtype, label: words }
}

fn class_label<'a>(manifest: &'a Manifest, class: &str) -> &'a str {
    let classes = manifest.classifiers.iter().flat_map(|c| &c.classes);
    classes.into_iter().find(|c| c.id == class).map_or("unknown", |c| c.label.as_str())
}

#[cfg(test)]
mod tests {
    use cordline_core::manifest::Channel;
    use cordline_core::volume::LabelMap;
    use cordline_testkit::example_manifest;
    use ndarray::{Array3, ArrayD, ArrayView4, IxDyn};

    use super::super::network::UnexpectedOutput;
    use super::super::network::tests::TestError;
    use super::*;
    use crate::lesion_sections::SectionBatch;
    use crate::normalise::Normalised;

    fn manifest() -> Manifest {
        Manifest::parse(example_manifest().as_bytes()).unwrap()
    }

    /// Five sections of 40 x 30 from black to white, a quarter of the way where there is lesion: in the second, and lower in the third.
    fn sections() -> LesionSections {
        let image = Array3::from_shape_fn((5, 40, 30), |(section, _, _)| [0.0, 0.25, 0.25, 0.5, 1.0][section]);
        let mut labels = LabelMap::zeros((5, 40, 30));
        labels.slice_mut(ndarray::s![1, 10..20, 10..20]).fill(1);
        labels.slice_mut(ndarray::s![2, 22..30, 10..20]).fill(1);
        LesionSections::new(&Normalised::of(&image, 5.0), None, &labels, [64, 64])
    }

    /// Answers with a probability for each question, and with a map of one value.
    struct Fixed {
        answers: BTreeMap<&'static str, f32>,
        map: f32,
        classes: usize,
        batch: usize,
        side_by_side: bool,
        /// Images that each run was given with something in them.
        given: Vec<(String, usize)>,
    }

    impl Fixed {
        fn new(answers: &[(&'static str, f32)]) -> Self {
            let answers = answers.iter().copied().collect();
            Self { answers, map: 3.0, classes: 2, batch: 1, side_by_side: false, given: Vec::new() }
        }

        fn classify(&mut self) -> Result<Answers, TestError> {
            classify(&manifest(), &sections(), self, &mut |_| Ok(()))
        }
    }

    impl Classifiers for Fixed {
        type Error = TestError;

        fn batch_for(&mut self, _: &str, _: usize) -> Result<usize, TestError> {
            Ok(self.batch)
        }

        fn run(&mut self, id: &str, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, TestError> {
            assert_eq!(input.dim(), (self.batch, 3, 64, 64));
            self.given.push((id.into(), input.outer_iter().filter(|image| image.iter().any(|&v| v > 0.0)).count()));
            let Some(&p) = self.answers.get(id) else { return Err(TestError::Cancelled) };
            let probabilities =
                ArrayD::from_shape_fn(IxDyn(&[self.batch, self.classes]), |at| [1.0 - p, p, 0.0][at[1]]);
            Ok(vec![probabilities, ArrayD::from_elem(IxDyn(&[self.batch, 2, 2, 2]), self.map)])
        }

        fn are_side_by_side(&self) -> bool {
            self.side_by_side
        }
    }

    fn ask(answers: &[(&'static str, f32)]) -> Answers {
        Fixed::new(answers).classify().unwrap()
    }

    #[test]
    fn only_the_branch_that_was_taken_is_asked() {
        let answers = ask(&[("kind", 0.1), ("tumour-type", 0.9)]);
        assert_eq!(answers.finding.label, "tumour: ependymoma");
        assert_eq!(
            answers.classifications.iter().map(|c| c.decision.as_str()).collect::<Vec<_>>(),
            ["tumour", "ependymoma"]
        );
        assert_eq!(answers.classifications[0].sections.iter().map(|s| s.section).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(answers.not_asked.iter().map(|n| n.id.as_str()).collect::<Vec<_>>(), ["disease"]);
        assert!(answers.not_asked[0].reason.contains("tumour"));
        assert_eq!(answers.heat_maps.iter().map(|h| h.class.as_str()).collect::<Vec<_>>(), ["tumour", "ependymoma"]);
        let map = &answers.heat_maps[0].sections[0];
        assert_eq!((map.section, map.activation.dim(), map.activation[(0, 0)]), (1, (2, 2), 1.0));
        assert_eq!((answers.heat_maps[0].grid, answers.heat_maps[0].feature_map()), ([40, 30], [2, 2]));
    }

    #[test]
    fn an_undecided_first_question_is_indeterminate_and_asks_no_further() {
        let answers = ask(&[("kind", 0.59)]);
        assert_eq!(answers.finding, Finding::indeterminate());
        assert_eq!(answers.not_asked.len(), 2);
        assert!(answers.heat_maps.is_empty());
    }

    #[test]
    fn an_undecided_branch_keeps_the_first_answer() {
        let answers = ask(&[("kind", 0.99), ("disease", 0.41)]);
        assert_eq!(answers.finding.name, "demyelinating");
        assert_eq!(answers.finding.subtype.as_deref(), Some("undecided"));
        assert_eq!(answers.heat_maps.len(), 1);
    }

    #[test]
    fn without_lesion_nothing_is_asked() {
        let image = Array3::from_elem((3, 40, 30), 0.25);
        let sections = LesionSections::new(&Normalised::of(&image, 5.0), None, &LabelMap::zeros((3, 40, 30)), [64, 64]);
        let mut networks = Fixed { side_by_side: true, ..Fixed::new(&[]) };
        let answers = classify(&manifest(), &sections, &mut networks, &mut |_| Ok(())).unwrap();
        assert!(answers.finding.is_no_lesion() && networks.given.is_empty());
        assert_eq!(answers.not_asked.len(), 3);
    }

    #[test]
    fn several_sections_at_once_get_the_same_answers() {
        let all = [("kind", 0.1), ("tumour-type", 0.9)];
        let mut networks = Fixed { batch: 4, ..Fixed::new(&all) };
        let answers = networks.classify().unwrap();
        assert_eq!(networks.given, [("kind".to_owned(), 2), ("tumour-type".to_owned(), 2)]);
        assert_eq!(answers.classifications, ask(&all).classifications);
        let maps = |answers: &Answers| answers.heat_maps.iter().map(|map| map.sections.len()).collect::<Vec<_>>();
        assert_eq!(maps(&answers), maps(&ask(&all)));
    }

    #[test]
    fn side_by_side_the_same_is_told_and_what_the_branch_does_not_ask_plays_no_part() {
        // The third question fails, and is not on the branch.
        let all = [("kind", 0.1), ("tumour-type", 0.9)];
        for batch in [1, 4] {
            let run = |side_by_side| {
                let mut told = Vec::new();
                let mut networks = Fixed { batch, side_by_side, ..Fixed::new(&all) };
                let answers = classify(&manifest(), &sections(), &mut networks, &mut |step| {
                    told.push(match step {
                        Step::Asked { classifier, done, total } => format!("{} {done}/{total}", classifier.id),
                        Step::Answered(answer, map) => format!("{} {}", answer.decision, map.is_some()),
                    });
                    Ok(())
                });
                (answers.unwrap().classifications, told)
            };
            assert_eq!(run(true), run(false));
        }
        let mut failing = Fixed { side_by_side: true, ..Fixed::new(&[("kind", 0.1), ("disease", 0.9)]) };
        assert_eq!(failing.classify().unwrap_err(), TestError::Cancelled, "one that is on the branch does");
    }

    #[test]
    fn a_lesion_that_falls_between_the_places_of_the_networks_grid_is_asked_about() {
        let image = Array3::from_shape_fn((1, 128, 128), |(_, row, _)| row as f32);
        for at in [(0, 63, 63), (0, 127, 127), (0, 1, 64)] {
            let mut labels = LabelMap::zeros((1, 128, 128));
            labels[at] = 1;
            let sections = LesionSections::new(&Normalised::of(&image, 5.0), None, &labels, [64, 64]);
            assert_eq!(sections.sections, [0], "{at:?}");
        }
    }

    #[test]
    fn channels_hold_image_and_mask_inside_the_mask_only() {
        let channels = [Channel::T1cInMask, Channel::T2wInMask, Channel::Mask];
        let sections = sections();
        let mut input = SectionBatch::new(&sections, &channels);
        let held = |input: ArrayView4<'_, f32>, image| {
            [2, 24, 40].map(|row| [0, 1, 2].map(|channel| input[(image, channel, row, 32)]))
        };
        let (first, second) = ([[0.0; 3], [0.0, 0.25, 1.0], [0.0; 3]], [[0.0; 3], [0.0; 3], [0.0, 0.25, 1.0]]);
        assert_eq!(held(input.hold(0..1, 1), 0), first);
        assert_eq!(held(input.hold(1..2, 1), 0), second, "what the section before left is gone");
        let both = input.hold(0..2, 4);
        assert_eq!([0, 1, 2].map(|image| held(both.view(), image)), [first, second, [[0.0; 3]; 3]]);
        let one = input.hold(1..2, 4);
        assert_eq!([0, 1].map(|image| held(one.view(), image)), [second, [[0.0; 3]; 3]]);
    }

    #[test]
    fn an_answer_that_is_no_number_decides_nothing() {
        for (p, map) in [(f32::NAN, 3.0), (7.0, 3.0), (0.5, f32::NAN)] {
            let error = Fixed { map, ..Fixed::new(&[("kind", p)]) }.classify().unwrap_err();
            assert!(matches!(error, TestError::Output(UnexpectedOutput::Value { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_network_of_another_shape_is_an_error() {
        let error = Fixed { classes: 3, ..Fixed::new(&[("kind", 0.1)]) }.classify().unwrap_err();
        assert!(matches!(error, TestError::Output(UnexpectedOutput::Shape { .. })));
    }
}
