//! What a classifier answered of each section, one question at a time or several side by side.

use std::collections::BTreeMap;
use std::ops::Range;

use cordline_core::manifest::Classifier;
use cordline_sdk::result::SectionProbability;
use ndarray::{Array2, ArrayD, ArrayView4, Axis, Ix2, Ix4};

use super::lesion_sections::{LesionSections, SectionBatch};
use super::network::UnexpectedOutput;

/// The classifiers of a bundle, by their ids; each takes one input (image, channel, row, column) and returns probabilities and heat maps.
pub trait Classifiers {
    /// Why one may not answer. The pipeline adds one reason of its own, and passes all others on.
    type Error: From<UnexpectedOutput>;

    /// Gets ready to run a classifier, and tells how many images it is to be given at once where `left` are left; at least 1. What exceeds
    /// these is empty, and its answer dropped.
    ///
    /// # Errors
    /// The network cannot be run.
    fn batch_for(&mut self, id: &str, left: usize) -> Result<usize, Self::Error> {
        let _ = (id, left);
        Ok(1)
    }

    /// Runs a classifier.
    ///
    /// # Errors
    /// The network could not be run.
    fn run(&mut self, id: &str, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, Self::Error>;

    /// True where several are as fast side by side as one is alone: then all questions are asked at once, and what is not on the branch that
    /// was taken is dropped.
    fn are_side_by_side(&self) -> bool {
        false
    }

    /// Runs several, each on its input, and returns what each answered, in the same order.
    fn run_side_by_side(&mut self, asked: &[(&str, ArrayView4<'_, f32>)]) -> Vec<OutputsOf<Self>> {
        asked.iter().map(|(id, input)| self.run(id, input.view())).collect()
    }
}

/// The outputs of one network of `C`, or why there are none.
pub type OutputsOf<C> = Result<Vec<ArrayD<f32>>, <C as Classifiers>::Error>;

/// What one classifier answered, section by section.
#[derive(Debug, Clone, Default)]
pub(super) struct SectionAnswers {
    pub probabilities: Vec<SectionProbability>,
    /// Of each class: section index and map.
    pub maps: [Vec<(usize, Array2<f32>)>; 2],
}

/// Of each classifier by its id, or why there are none.
pub(super) type AnswersById<E> = BTreeMap<String, Result<SectionAnswers, E>>;

/// Is told how many sections are done.
pub(super) type Done<'a, E> = dyn FnMut(usize) -> Result<(), E> + 'a;

impl SectionAnswers {
    /// Asks one question of every section.
    pub(super) fn ask<C: Classifiers>(
        classifier: &Classifier,
        sections: &LesionSections,
        networks: &mut C,
        done: &mut Done<'_, C::Error>,
    ) -> Result<Self, C::Error> {
        let mut answers = Self::default();
        let mut input = SectionBatch::new(sections, &classifier.channels);
        let mut left = 0..sections.sections.len();
        while !left.is_empty() {
            let batch = networks.batch_for(&classifier.id, left.len())?.max(1);
            let now = take(&mut left, batch);
            let outputs = networks.run(&classifier.id, input.hold(now.clone(), batch))?;
            answers.add(&classifier.id, &outputs, batch, &sections.sections[now.clone()])?;
            now.into_iter().try_for_each(|k| done(k + 1))?;
        }
        Ok(answers)
    }

    /// Asks several questions of every section, side by side; `done` is told of the sections of all. What one of them failed of is its own.
    pub(super) fn ask_side_by_side<C: Classifiers>(
        classifiers: &[Classifier],
        sections: &LesionSections,
        networks: &mut C,
        done: &mut Done<'_, C::Error>,
    ) -> Result<AnswersById<C::Error>, C::Error> {
        let mut inputs: Vec<SectionBatch<'_>> =
            classifiers.iter().map(|one| SectionBatch::new(sections, &one.channels)).collect();
        let mut answers: Vec<Result<Self, C::Error>> = classifiers.iter().map(|_| Ok(Self::default())).collect();
        let mut left = 0..sections.sections.len();
        while !left.is_empty() {
            let sizes = classifiers.iter().map(|one| networks.batch_for(&one.id, left.len()));
            let batch = sizes.collect::<Result<Vec<_>, _>>()?.into_iter().min().unwrap_or(1).max(1);
            let now = take(&mut left, batch);
            let asked: Vec<(&str, ArrayView4<'_, f32>)> = classifiers
                .iter()
                .zip(&mut inputs)
                .map(|(one, input)| (one.id.as_str(), input.hold(now.clone(), batch)))
                .collect();
            let outputs = networks.run_side_by_side(&asked);
            for ((classifier, answers), outputs) in classifiers.iter().zip(&mut answers).zip(outputs) {
                let Ok(so_far) = answers else { continue };
                let added = outputs.and_then(|outputs| {
                    Ok(so_far.add(&classifier.id, &outputs, batch, &sections.sections[now.clone()])?)
                });
                if let Err(error) = added {
                    *answers = Err(error);
                }
            }
            now.into_iter().try_for_each(|k| done(k + 1))?;
        }
        Ok(classifiers.iter().map(|one| one.id.clone()).zip(answers).collect())
    }

    /// Adds what a batch answered of these sections; what follows them in it was empty.
    fn add(
        &mut self,
        network: &str,
        outputs: &[ArrayD<f32>],
        batch: usize,
        sections: &[usize],
    ) -> Result<(), UnexpectedOutput> {
        let wrong = |found: Option<&ArrayD<f32>>, expected| UnexpectedOutput::Shape {
            network: network.into(),
            found: found.map(|f| f.shape().to_vec()).unwrap_or_default(),
            expected,
        };
        let (p, cam) = (outputs.first(), outputs.get(1));
        let probabilities = p
            .and_then(|p| p.view().into_dimensionality::<Ix2>().ok())
            .filter(|p| p.dim() == (batch, 2))
            .ok_or_else(|| wrong(p, "probabilities (images, 2)"))?;
        let cams = cam
            .and_then(|c| c.view().into_dimensionality::<Ix4>().ok())
            .filter(|c| c.dim().0 == batch && c.dim().1 == 2)
            .ok_or_else(|| wrong(cam, "heat maps (images, 2, rows, columns)"))?;
        for ((&section, p), cams) in sections.iter().zip(probabilities.outer_iter()).zip(cams.outer_iter()) {
            UnexpectedOutput::improbable(network, p)?;
            if let Some(&found) = cams.iter().find(|value| !value.is_finite()) {
                return Err(UnexpectedOutput::Value { network: network.into(), found, expected: "a finite heat map" });
            }
            self.probabilities.push(SectionProbability { section: section + 1, probability: f64::from(p[1]) });
            for (class, cam) in self.maps.iter_mut().zip(cams.axis_iter(Axis(0))) {
                class.push((section, cam.to_owned()));
            }
        }
        Ok(())
    }
}

/// The first `count` of what is left, or all.
fn take(left: &mut Range<usize>, count: usize) -> Range<usize> {
    let now = left.start..left.end.min(left.start + count);
    left.start = now.end;
    now
}
