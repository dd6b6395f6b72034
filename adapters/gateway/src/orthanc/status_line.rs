//! The status line of a study in the archive, for people: a word for buttons and lists, and a sentence. It begins with the answer, and ends
//! with what a reader said of it.

use std::fmt::Display;

use cordline_sdk::job::{JobState, JobSummary};
use cordline_sdk::review::Review;

/// The line of a study that was accepted for analysis.
pub(super) const QUEUED: &str = "queued";
/// Beginning of the line of a study that is tried again soon.
const WAITING: &str = "waiting: ";

/// The state of an analysis, and what readers said. `reviews`: all of the study, oldest first.
pub(super) fn of(summary: &JobSummary, reviews: &[Review]) -> String {
    let answer = answer(summary);
    let corrected = summary.reader.as_ref().map_or(String::new(), |reader| format!(", corrected by {reader}"));
    let standing = |wanted: &dyn Fn(&Review) -> bool| {
        let matching: Vec<Review> = reviews.iter().filter(|review| wanted(review)).cloned().collect();
        Review::standing(&matching).map(Review::line)
    };
    let own = standing(&|review| review.job == summary.job).map(|review| format!(" - {review}"));
    // A review of an answer that is no longer shown is not dropped with it.
    let last_earlier = reviews.iter().rev().find(|review| review.job != summary.job).map(|review| review.job.clone());
    let earlier = last_earlier.and_then(|job| standing(&|review| review.job == job));
    let earlier = earlier.map(|said| format!("; an earlier answer was {said}"));
    [answer, corrected, own.or(earlier).unwrap_or_default()].concat()
}

fn answer(summary: &JobSummary) -> String {
    let problem = || summary.problem.as_ref().map_or(String::new(), |p| format!(": {}; {}", p.message, p.action));
    match summary.state {
        JobState::Completed => match &summary.finding {
            Some(finding) if finding.is_no_lesion() => "no lesion".into(),
            Some(finding) => format!("done: {}", finding.label),
            None => "done".into(),
        },
        JobState::NeedsSelection => format!("needs selection{}", problem()),
        JobState::OutOfScope => format!("out of scope{}", problem()),
        JobState::Failed => format!("failed{}", problem()),
        JobState::Cancelled => "cancelled".into(),
        _ => QUEUED.into(),
    }
}

/// The same line with the number of series that came after the analysis and are not part of it.
pub(super) fn with_later_series(line: &str, series: usize) -> String {
    match series {
        0 => line.to_owned(),
        1 => format!("{line}; 1 series came later and was not analysed"),
        more => format!("{line}; {more} series came later and were not analysed"),
    }
}

/// The line of a study that the daemon refuses, and would refuse each time.
pub(super) fn refused(reason: &dyn Display) -> String {
    format!("failed: {reason}")
}

/// The line of a study that is tried again soon.
pub(super) fn waiting(reason: &dyn Display) -> String {
    format!("{WAITING}{reason}; it is tried again")
}

/// True for the line of a study whose analysis may not have begun.
pub(super) fn is_waiting(line: &str) -> bool {
    line == QUEUED || line.starts_with(WAITING)
}

#[cfg(test)]
mod tests {
    use cordline_sdk::Finding;
    use cordline_sdk::job::{JobId, JobKind, Priority};
    use cordline_sdk::review::Verdict;

    use super::*;

    fn summary(job: &str, reader: Option<&str>) -> JobSummary {
        JobSummary {
            job: JobId::new(job).unwrap(),
            kind: JobKind::Study,
            state: JobState::Completed,
            priority: Priority::Routine,
            submitted_ms: 1,
            last_event: 1,
            position: None,
            seconds_left: None,
            finding: Some(Finding { name: "tumour".into(), subtype: None, label: "Tumour".into() }),
            problem: None,
            study_uid: None,
            reader: reader.map(str::to_owned),
            corrects: None,
            reviews: vec![],
        }
    }

    fn said(job: &str, verdict: Verdict, reason: &str) -> Review {
        Review {
            job: JobId::new(job).unwrap(),
            reader: "R.".into(),
            at_ms: 1,
            verdict,
            reason: reason.into(),
            file: None,
        }
    }

    #[test]
    fn the_line_says_the_answer_who_corrected_it_and_what_stands() {
        let rejected = said("a", Verdict::Rejected, "too large");
        for (job, reader, reviews, line) in [
            ("a", None, vec![], "done: Tumour"),
            ("a", None, vec![rejected.clone()], "done: Tumour - rejected by R.: too large"),
            ("a", Some("N."), vec![rejected.clone()], "done: Tumour, corrected by N. - rejected by R.: too large"),
            ("a", None, vec![rejected.clone(), said("a", Verdict::Withdrawn, "")], "done: Tumour"),
            ("b", None, vec![rejected.clone()], "done: Tumour; an earlier answer was rejected by R.: too large"),
            ("b", None, vec![rejected.clone(), said("a", Verdict::Withdrawn, "")], "done: Tumour"),
            (
                "b",
                None,
                vec![rejected, said("b", Verdict::Accepted, ""), said("a", Verdict::Accepted, "")],
                "done: Tumour - accepted by R.",
            ),
        ] {
            assert_eq!(of(&summary(job, reader), &reviews), line);
        }
    }
}
