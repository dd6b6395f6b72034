//! The questions, along the branches.

use std::collections::BTreeMap;

use cordline_core::findings::HeatMap;
use cordline_core::manifest::{Classifier, Manifest, is_undecided};
use cordline_sdk::Finding;
use cordline_sdk::result::{Classification, NotAsked, SectionProbability};
use ndarray::{Array2, ArrayD, ArrayView2, ArrayView4, Axis, Ix2, Ix4};

use super::explain;
use super::lesion_sections::LesionSections;
use super::network::UnexpectedOutput;

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

/// Runs the classifier with this id on one input (1, channel, row, column) and returns probabilities and heat map.
pub type RunNetwork<'a, E> = dyn FnMut(&str, ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, E> + 'a;

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
/// Those of `run`, an answer in another shape, and that of `each`, which ends the work.
pub fn classify<E: From<UnexpectedOutput>>(
    manifest: &Manifest,
    sections: &LesionSections,
    run: &mut RunNetwork<'_, E>,
    each: &mut dyn FnMut(Step<'_>) -> Result<(), E>,
) -> Result<Answers, E> {
    let mut classifications: Vec<Classification> = Vec::new();
    let (mut not_asked, mut heat_maps) = (Vec::new(), Vec::new());
    for classifier in &manifest.classifiers {
        if let Some(reason) = reason_not_to_ask(manifest, classifier, sections, &classifications) {
            not_asked.push(NotAsked { id: classifier.id.clone(), question: classifier.question.clone(), reason });
            continue;
        }
        let mut asked = Vec::new();
        let mut maps: [Vec<(usize, Array2<f32>)>; 2] = Default::default();
        let mut input = sections.room(&classifier.channels);
        for (k, &section) in sections.sections.iter().enumerate() {
            sections.fill(&mut input, k, &classifier.channels);
            let outputs = run(&classifier.id, input.view())?;
            let (probability, cams) = read_outputs(&classifier.id, &outputs)?;
            asked.push(SectionProbability { section: section + 1, probability: f64::from(probability) });
            for (class, cam) in maps.iter_mut().zip(cams) {
                class.push((section, cam));
            }
            each(Step::Asked { classifier, done: k + 1, total: sections.sections.len() })?;
        }
        let classification = decide(classifier, asked);
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

/// Probability of the second class, and the map of each class, of one section.
fn read_outputs(network: &str, outputs: &[ArrayD<f32>]) -> Result<(f32, [Array2<f32>; 2]), UnexpectedOutput> {
    let wrong = |found: Option<&ArrayD<f32>>, expected| UnexpectedOutput::Shape {
        network: network.into(),
        found: found.map(|f| f.shape().to_vec()).unwrap_or_default(),
        expected,
    };
    let (p, cam) = (outputs.first(), outputs.get(1));
    let probabilities = p
        .and_then(|p| p.view().into_dimensionality::<Ix2>().ok())
        .filter(|p| p.dim() == (1, 2))
        .ok_or_else(|| wrong(p, "probabilities (1, 2)"))?;
    let cams = cam
        .and_then(|c| c.view().into_dimensionality::<Ix4>().ok())
        .filter(|c| c.dim().0 == 1 && c.dim().1 == 2)
        .ok_or_else(|| wrong(cam, "heat map (1, 2, rows, columns)"))?;
    UnexpectedOutput::improbable(network, probabilities)?;
    if let Some(&found) = cams.iter().find(|value| !value.is_finite()) {
        return Err(UnexpectedOutput::Value { network: network.into(), found, expected: "a finite heat map" });
    }
    let map =
        |class: usize| -> Array2<f32> { ArrayView2::to_owned(&cams.index_axis(Axis(0), 0).index_axis(Axis(0), class)) };
    Ok((probabilities[(0, 1)], [map(0), map(1)]))
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
    use ndarray::{Array3, Array4, IxDyn};

    use super::super::network::tests::TestError;
    use super::*;
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

    /// Answers with a fixed probability for each question.
    fn ask(answers: &[(&str, f32)]) -> Answers {
        let answers: BTreeMap<&str, f32> = answers.iter().copied().collect();
        let mut run = |id: &str, input: ArrayView4<'_, f32>| {
            assert_eq!(input.dim(), (1, 3, 64, 64));
            let p = answers[id];
            let probabilities = ArrayD::from_shape_vec(IxDyn(&[1, 2]), vec![1.0 - p, p]).unwrap();
            Ok(vec![probabilities, ArrayD::from_elem(IxDyn(&[1, 2, 2, 2]), 3.0)])
        };
        classify::<TestError>(&manifest(), &sections(), &mut run, &mut |_| Ok(())).unwrap()
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
        let answers =
            classify::<TestError>(&manifest(), &sections, &mut |_, _| panic!("a network was asked"), &mut |_| Ok(()))
                .unwrap();
        assert!(answers.finding.is_no_lesion());
        assert_eq!(answers.not_asked.len(), 3);
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
        let mut input = sections().room(&channels);
        let held = |input: &Array4<f32>, row| [0, 1, 2].map(|channel| input[(0, channel, row, 32)]);
        sections().fill(&mut input, 0, &channels);
        assert_eq!([held(&input, 2), held(&input, 24), held(&input, 40)], [[0.0; 3], [0.0, 0.25, 1.0], [0.0; 3]]);
        // What the section before left is gone.
        sections().fill(&mut input, 1, &channels);
        assert_eq!([held(&input, 2), held(&input, 24), held(&input, 40)], [[0.0; 3], [0.0; 3], [0.0, 0.25, 1.0]]);
    }

    #[test]
    fn an_answer_that_is_no_number_decides_nothing() {
        for (p, map) in [(f32::NAN, 3.0), (7.0, 3.0), (0.5, f32::NAN)] {
            let mut run = |_: &str, _: ArrayView4<'_, f32>| {
                let probabilities = ArrayD::from_shape_vec(IxDyn(&[1, 2]), vec![1.0 - p, p]).unwrap();
                Ok(vec![probabilities, ArrayD::from_elem(IxDyn(&[1, 2, 2, 2]), map)])
            };
            let error = classify::<TestError>(&manifest(), &sections(), &mut run, &mut |_| Ok(())).unwrap_err();
            assert!(matches!(error, TestError::Output(UnexpectedOutput::Value { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_network_of_another_shape_is_an_error() {
        let mut run = |_: &str, _: ArrayView4<'_, f32>| {
            Ok(vec![ArrayD::zeros(IxDyn(&[1, 3])), ArrayD::zeros(IxDyn(&[1, 2, 2, 2]))])
        };
        let error = classify::<TestError>(&manifest(), &sections(), &mut run, &mut |_| Ok(())).unwrap_err();
        assert!(matches!(error, TestError::Output(UnexpectedOutput::Shape { .. })));
    }
}
