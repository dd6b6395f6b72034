use std::fs;

use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::review::{Review, Verdict};
use cordline_sdk::wire::event::{EventKind, FileInfo, Files};
use cordline_sdk::wire::request::Input;
use cordline_sdk::wire::tensor::{Element, Tensor};

use super::*;
use crate::clock::HOUR_MS;
use crate::journal::{CountedUptime, NewJob};

/// When all tests take place, by both clocks.
const NOW: Moment = Moment { wall_ms: 2_000_000_000_000, counted_ms: 500 * DAY_MS };

struct Fixture {
    _folder: tempfile::TempDir,
    journal: Journal,
    scanner: RetentionScanner,
}

fn job(name: &str) -> JobId {
    JobId::new(name).unwrap()
}

fn fixture(keep: Keep) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let spool = Arc::new(Spool::open(folder.path()).unwrap());
    let journal = Journal::open(&spool.journal()).unwrap();
    let scanner = RetentionScanner {
        journal: Journal::reader(&spool.journal()).unwrap(),
        spool,
        keep,
        reserve_bytes: 0,
        notices: Notices::default(),
        scheduler: CommandQueue::default(),
        stop: Arc::default(),
    };
    Fixture { _folder: folder, journal, scanner }
}

fn keep() -> Keep {
    Keep { days: 30, bytes: u64::MAX, reader_days: 300, room_hours: 24 }
}

impl Fixture {
    /// A job with some results that ended so long ago.
    fn ended(&mut self, name: &str, ago_ms: u64, end: JobState, input: Option<Input>) {
        let input = input.unwrap_or(Input::Folder { path: "/x".into(), again: 0 });
        self.journal.begin(&NewJob::new(job(name), 1, input)).unwrap();
        for made in [self.scanner.spool.results(&job(name)), self.scanner.spool.input(&job(name))] {
            fs::create_dir_all(&made).unwrap();
            fs::write(made.join("x"), [0; 50]).unwrap();
        }
        let counted_ms = NOW.counted_ms - ago_ms;
        self.journal.store_uptime(&CountedUptime { counted_ms, ..CountedUptime::default() }).unwrap();
        self.journal.append(&job(name), NOW.wall_ms - ago_ms, &[EventKind::state(end).into()]).unwrap();
    }

    fn scan(&self, moment: Option<Moment>) -> RemovalPlan {
        self.scanner.scan(moment, &mut JobSizes::default()).unwrap()
    }

    fn expired(&self) -> Vec<String> {
        self.scan(Some(NOW)).expired.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn the_old_go_the_oldest_first_and_never_more_than_a_share_at_once() {
    let mut fixture = fixture(keep());
    for n in 0..25 {
        fixture.ended(&format!("old{n:02}"), (60 - n) * DAY_MS, JobState::Completed, None);
    }
    fixture.ended("fresh", DAY_MS, JobState::Completed, None);
    assert_eq!(fixture.expired(), ["old00", "old01"], "a tenth of 26");
    for gone in ["old00", "old01"] {
        fixture.journal.remove(&job(gone)).unwrap();
    }
    assert_eq!(fixture.expired(), ["old02", "old03"]);
}

#[test]
fn a_clock_that_runs_ahead_for_a_minute_makes_nothing_old() {
    let mut fixture = fixture(keep());
    fixture.ended("a", DAY_MS, JobState::Completed, None);
    fixture.ended("b", DAY_MS, JobState::Failed, None);
    let ahead = Moment { wall_ms: NOW.wall_ms + 40 * DAY_MS, counted_ms: NOW.counted_ms };
    let plan = fixture.scan(Some(ahead));
    assert_eq!((plan.expired.len(), plan.expired_reader_work.len()), (0, 0));
    // Nor does a count that is wrong.
    assert_eq!(fixture.scan(Some(Moment { counted_ms: NOW.counted_ms * 2, ..NOW })).expired.len(), 0);
    let plan = fixture.scan(None);
    assert_eq!(
        (plan.expired.len(), plan.expired_reader_work.len(), plan.unanswered.len(), plan.idle_uploads.len()),
        (0, 0, 0, 0)
    );
    assert_eq!(
        fixture.scan(Some(Moment { wall_ms: ahead.wall_ms, counted_ms: NOW.counted_ms + 40 * DAY_MS })).expired,
        [job("a")]
    );
}

#[test]
fn beyond_the_bytes_that_are_kept_the_oldest_goes() {
    let mut fixture = fixture(Keep { bytes: 150, ..keep() });
    fixture.ended("first", 3000, JobState::Completed, None);
    fixture.ended("second", 1000, JobState::Completed, None);
    assert_eq!(fixture.expired(), ["first"]);
}

#[test]
fn a_disk_without_room_gives_up_the_oldest_answers_but_none_of_today_and_none_of_a_reader() {
    let mut fixture = fixture(keep());
    fixture.ended("today", 1000, JobState::Completed, None);
    fixture.ended("older", 2 * DAY_MS, JobState::Completed, None);
    fixture.ended("judged", 3 * DAY_MS, JobState::Completed, None);
    let (reader, reason) = ("R.".into(), String::new());
    let review = Review { job: job("judged"), reader, at_ms: 1, verdict: Verdict::Accepted, reason, file: None };
    fixture.journal.add_review(&review).unwrap();
    assert!(fixture.expired().is_empty());
    // More than the disk has: half of what is beyond the reserve is wanted free.
    let [free, whole] = fixture.scanner.spool.disk_bytes().unwrap();
    fixture.scanner.reserve_bytes = (2 * free).min(whole) + 1;
    assert_eq!(fixture.expired(), ["older"]);
}

#[test]
fn what_the_journal_does_not_know_is_told_apart_and_never_counts_as_old() {
    let mut fixture = fixture(keep());
    fixture.ended("known", 1000, JobState::Completed, None);
    fs::create_dir_all(fixture.scanner.spool.results(&job("orphan"))).unwrap();
    for moment in [Some(NOW), None] {
        let plan = fixture.scan(moment);
        assert_eq!((plan.unknown_folders, plan.expired), (vec![job("orphan")], vec![]));
    }
}

#[test]
fn input_of_jobs_without_answer_goes_after_an_hour() {
    let mut fixture = fixture(keep());
    for (name, ago_ms, end) in [
        ("done", 2 * HOUR_MS, JobState::Completed),
        ("failed", 2 * HOUR_MS, JobState::Failed),
        ("listed", 2 * HOUR_MS, JobState::Failed),
        ("emptied", 2 * HOUR_MS, JobState::Failed),
        ("late", HOUR_MS / 2, JobState::Failed),
    ] {
        fixture.ended(name, ago_ms, end, None);
    }
    let file = FileInfo {
        path: "result.json".into(),
        kind: "result".into(),
        media_type: "application/json".into(),
        bytes: 50,
        sha256: String::new(),
    };
    for listed in ["listed", "emptied"] {
        let events = EventKind::Files(Files { files: vec![file.clone()] });
        fixture.journal.append(&job(listed), 1, &[events.into()]).unwrap();
    }
    fs::remove_dir_all(fixture.scanner.spool.input(&job("emptied"))).unwrap();
    let mut spent = fixture.scan(Some(NOW)).unanswered;
    spent.sort();
    assert_eq!(spent, ["failed", "listed"].map(job));
}

#[test]
fn a_readers_work_stays_for_its_own_time_and_never_goes_for_space() {
    let mut fixture = fixture(Keep { bytes: 10, ..keep() });
    let mask_of = |base: &str| Input::Mask {
        job: job(base),
        mask: Tensor { shape: vec![1, 1, 1], element: Element::Bit },
        sha256: String::new(),
        reader: None,
    };
    for (name, days, input) in [
        ("machine", 40, None),
        ("base", 41, None),
        ("corrected", 40, Some(mask_of("base"))),
        ("ancient", 400, Some(mask_of("gone"))),
    ] {
        fixture.ended(name, days * DAY_MS, JobState::Completed, input);
    }
    assert_eq!(fixture.journal.readers_work_before(NOW.wall_ms - 39 * DAY_MS).unwrap(), 3);
    let plan = fixture.scan(Some(NOW));
    assert_eq!((plan.expired, plan.expired_reader_work), (vec![job("machine")], vec![]), "one in one go");
    fixture.journal.remove(&job("machine")).unwrap();
    let plan = fixture.scan(Some(NOW));
    assert_eq!((plan.expired, plan.expired_reader_work), (vec![], vec![job("ancient")]));
}
