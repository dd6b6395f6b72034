//! Running networks that are open: one, or several side by side; and what is done where one fails on its device.
//!
//! A device that has not memory enough gets half as many images at once, from then on; once in a study. A provider that fails otherwise, or again, is
//! left for the rest of the study, which then begins anew on the next one: a study is computed in one place from its first section to its
//! last.

use cordline_device::{Batch, ExecutionProvider, Refusal, RunError};
use ndarray::{ArrayD, ArrayView4, Axis, concatenate};

use super::golden::Extent;
use super::{NetworkError, Networks};

impl Networks {
    /// How many images a network is to be given at once where `left` are left; it is opened where it is not yet.
    ///
    /// # Errors
    /// No provider can run it.
    pub fn batch_for(&mut self, name: &str, left: usize) -> Result<usize, NetworkError> {
        self.prepare(name)?;
        Ok(self.batch(name).holding(left))
    }

    /// How many images a network that is open is given at once, at most.
    pub fn batch(&self, name: &str) -> Batch {
        self.open.get(name).map_or(Batch::ONE, |session| self.attempts.batch(session))
    }

    /// Runs a network on images (image, channel, row, column), and returns its outputs in the order of the manifest.
    ///
    /// # Errors
    /// It cannot be opened, or not be run on its provider.
    pub fn run(&mut self, name: &str, images: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError> {
        self.prepare(name)?;
        let batch = self.batch(name);
        match self.session(name)?.run(images.view()) {
            Err(error) if error.is_out_of_memory() => self.run_with_less(name, batch, images, error),
            other => Ok(other?),
        }
    }

    /// The same in pieces of half the size, on a session whose memory was given back.
    fn run_with_less(
        &mut self,
        name: &str,
        batch: Batch,
        images: ArrayView4<'_, f32>,
        error: RunError,
    ) -> Result<Vec<ArrayD<f32>>, NetworkError> {
        let Some(session) = self.open.remove(name) else { return Err(error.into()) };
        if !self.attempts.halve(&session, batch) {
            self.open.insert(name.to_owned(), session);
            return Err(error.into());
        }
        tracing::warn!(network = name, provider = %session.provider(), reason = error.reason, "half as many images at once");
        drop(session);
        self.open(name, Extent::FirstImage)?;
        let size = self.batch(name).largest();
        let mut pieces: Vec<Vec<ArrayD<f32>>> = Vec::new();
        for piece in images.axis_chunks_iter(Axis(0), size) {
            pieces.push(self.session(name)?.run(piece)?);
        }
        let outputs = 0..pieces.first().map_or(0, Vec::len);
        let whole = outputs.map(|output| {
            let parts: Vec<_> = pieces.iter().map(|piece| piece[output].view()).collect();
            concatenate(Axis(0), &parts)
        });
        whole.collect::<Result<_, _>>().map_err(|error| {
            RunError { network: name.into(), reason: format!("it answers pieces in other shapes: {error}") }.into()
        })
    }

    /// True where every network that is open is on a GPU.
    pub fn are_on_gpu(&self) -> bool {
        self.open.values().all(|session| session.provider().is_of_gpu())
    }

    /// True where classifiers run side by side: on a GPU they wait for each other's small steps, on a processor they take each other's place.
    pub fn are_side_by_side(&self) -> bool {
        let wanted = self.attempts.options().side_by_side;
        wanted.unwrap_or_else(|| self.has_room_side_by_side && self.are_on_gpu())
    }

    /// Runs several networks, each on its images, on a thread each; the outputs of each in the same order. A network stands here once.
    pub fn run_side_by_side(
        &mut self,
        asked: &[(&str, ArrayView4<'_, f32>)],
    ) -> Vec<Result<Vec<ArrayD<f32>>, NetworkError>> {
        let mut outputs: Vec<Result<Vec<ArrayD<f32>>, NetworkError>> =
            asked.iter().map(|(name, _)| self.prepare(name).map(|()| Vec::new())).collect();
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for (name, session) in &mut self.open {
                let Some(at) = asked.iter().position(|(asked, _)| asked == name) else { continue };
                let images = asked[at].1.view();
                threads.push((at, scope.spawn(move || session.run(images))));
            }
            for (at, thread) in threads {
                // A panic of ONNX Runtime's binding is one of this thread too.
                let ran = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                if outputs[at].is_ok() {
                    outputs[at] = ran.map_err(NetworkError::from);
                }
            }
        });
        outputs
    }

    /// Leaves the provider that computed so far for the rest of this study, since it failed; false where there is no other one.
    pub fn leave_provider(&mut self, reason: Refusal) -> bool {
        let failed = self.open.values().find(|session| session.provider() != ExecutionProvider::Cpu);
        let Some((provider, precision)) = failed.map(|session| (session.provider(), session.precision())) else {
            return false;
        };
        self.attempts.set_aside(provider, precision, reason);
        self.open.clear();
        self.used.clear();
        true
    }

    /// True where a provider was left for the rest of a study: who has another study opens the networks anew.
    pub fn has_left_provider(&self) -> bool {
        self.attempts.has_set_aside()
    }
}
