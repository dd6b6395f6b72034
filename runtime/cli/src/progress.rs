//! The bar on a terminal: stage and section. Silent where standard error is no terminal.

use std::time::Duration;

use cordline_analysis::Progress;
use cordline_core::stage::Stage;
use cordline_sdk::wire::event::{Event, EventKind};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that follows an analysis.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar on standard error; hidden when `quiet`, and by itself where there is no terminal.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(
            Some(0),
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() },
        );
        bar.set_style(style("{spinner} {msg}"));
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(120)); // a thread of its own
        }
        Self { bar }
    }

    /// Shows where the analysis is.
    pub(crate) fn show(&self, progress: &Progress<'_>) {
        match progress {
            Progress::Stage(stage) => {
                self.bar.set_style(style("{spinner} {msg}"));
                self.bar.set_message(stage.words());
            }
            Progress::Segmented { done, total, .. } => self.section(Stage::Segmenting.words(), *done, *total),
            Progress::Asked { question, done, total } => self.section(question, *done, *total),
            _ => {}
        }
    }

    /// Shows where a job of the daemon is.
    pub(crate) fn show_event(&self, event: &Event) {
        match &event.kind {
            EventKind::State(change) => self.bar.set_message(change.state.to_string()),
            EventKind::Section(section) => {
                self.section(Stage::Segmenting.words(), section.done as usize, section.total as usize);
            }
            _ => {}
        }
    }

    fn section(&self, words: &str, done: usize, total: usize) {
        if done == 1 {
            self.bar.set_style(style("{spinner} {msg:32} {wide_bar} section {pos}/{len}  {eta} left"));
            self.bar.set_length(total as u64);
            self.bar.reset_eta();
        }
        self.bar.set_message(words.to_owned());
        self.bar.set_position(done as u64);
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates in this file are valid")
}
