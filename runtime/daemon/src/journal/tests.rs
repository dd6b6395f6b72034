use cordline_sdk::Finding;
use cordline_sdk::job::{JobId, JobState, Priority};
use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::result::SeriesChoice;
use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::event::{Event, EventKind, FileInfo, Files, Grid, StateChange, Warning};
use cordline_sdk::wire::request::Input;
use cordline_sdk::wire::tensor::{Element, Tensor};

use super::*;

fn job(name: &str) -> JobId {
    JobId::new(name).unwrap()
}

fn new(name: &str, priority: Priority, submitted_ms: u64) -> NewJob {
    let input = Input::Folder { path: format!("/data/{name}"), again: 0 };
    NewJob { priority, ..NewJob::new(job(name), submitted_ms, input) }
}

fn open(folder: &tempfile::TempDir) -> Journal {
    Journal::open(&folder.path().join("journal.sqlite")).unwrap()
}

fn state(state: JobState) -> PendingEvent {
    EventKind::State(StateChange { state, finding: None, problem: None }).into()
}

fn warning(message: &str) -> PendingEvent {
    PendingEvent { kind: EventKind::Warning(Warning { message: message.into() }), raw: Some(vec![1, 2, 3]) }
}

#[test]
fn a_job_and_its_events_are_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Urgent, 10)).unwrap();
    journal.accept(&job("a"), 20, Some("1.2.3")).unwrap();
    journal.append(&job("a"), 30, &[state(JobState::Decoding), warning("x")]).unwrap();
    let finding = Some(Finding::no_lesion());
    let done = EventKind::State(StateChange { state: JobState::Completed, finding: finding.clone(), problem: None });
    assert_eq!(journal.append(&job("a"), 40, &[done.into()]).unwrap(), 4);
    drop(journal);

    let journal = open(&folder);
    let record = journal.job(&job("a")).unwrap().unwrap();
    assert_eq!((record.state, record.attempts, record.last_event), (JobState::Completed, 1, 4));
    assert_eq!((record.finding, record.series.as_deref()), (finding, Some("1.2.3")));
    assert_eq!(record.input, Some(Input::Folder { path: "/data/a".into(), again: 0 }));
    let events = journal.events(&job("a"), 1, 2).unwrap();
    assert_eq!(events.iter().map(|e| e.number).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(events[1].raw.as_deref(), Some(&[1u8, 2, 3][..]));
    assert_eq!(journal.counts().unwrap(), [(JobState::Completed, 1)]);
}

#[test]
fn a_reader_sees_files_and_durations_while_another_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    let reader = Journal::reader(journal.path()).unwrap();
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    journal.append(&job("a"), 100, &[state(JobState::Decoding)]).unwrap();
    let file = FileInfo {
        path: "report.html".into(),
        kind: "report".into(),
        media_type: "text/html".into(),
        bytes: 12,
        sha256: "00".into(),
    };
    assert_eq!(reader.running_since_ms().unwrap(), Some(100));
    journal.append(&job("a"), 150, &[EventKind::Files(Files { files: vec![file] }).into()]).unwrap();
    journal.append(&job("a"), 400, &[state(JobState::Completed)]).unwrap();
    assert_eq!(reader.file(&job("a"), "report.html").unwrap(), Some(12));
    assert_eq!(reader.file(&job("a"), "../journal.sqlite").unwrap(), None);
    assert_eq!((reader.durations_ms().unwrap(), reader.running_since_ms().unwrap()), (vec![300], None));
}

#[test]
fn the_grid_of_a_job_is_found_among_its_events() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    assert_eq!(journal.grid(&job("a")).unwrap(), None);
    let grid = Grid { shape: [3, 4, 5], matrix: [0.0; 16], pixel_sha256: String::new(), provider: "CPU".into() };
    journal.append(&job("a"), 2, &[warning("x"), EventKind::Grid(grid).into(), warning("y")]).unwrap();
    assert_eq!(journal.grid(&job("a")).unwrap(), Some([3, 4, 5]));
}

#[test]
fn beginning_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 10)).unwrap();
    journal.accept(&job("a"), 20, None).unwrap();
    let again = journal.begin(&new("a", Priority::Urgent, 99)).unwrap();
    assert_eq!((again.state, again.priority, again.submitted_ms), (JobState::Queued, Priority::Routine, 10));
}

#[test]
fn urgent_jobs_run_first_then_the_oldest() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    let jobs =
        [("b", Priority::Background), ("c", Priority::Routine), ("d", Priority::Urgent), ("e", Priority::Routine)];
    for (at, (name, priority)) in jobs.into_iter().enumerate() {
        journal.begin(&new(name, priority, 1)).unwrap();
        journal.accept(&job(name), 100 - at as u64, None).unwrap();
    }
    assert_eq!(journal.waiting().unwrap(), ["d", "e", "c", "b"].map(job));
    assert_eq!(journal.next().unwrap().unwrap().job, job("d"));
    let queued = journal.list(&[JobState::Queued], None, None, 2).unwrap();
    assert_eq!(queued.len(), 2);
    assert!(journal.list(&[JobState::Failed], None, None, 2).unwrap().is_empty());
}

#[test]
fn a_restart_takes_up_what_was_running_and_sets_aside_what_kills() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    for name in ["a", "b", "c"] {
        journal.begin(&new(name, Priority::Routine, 1)).unwrap();
    }
    journal.accept(&job("a"), 2, None).unwrap();
    journal.accept(&job("b"), 2, None).unwrap();
    journal.append(&job("a"), 3, &[state(JobState::Decoding), state(JobState::Segmenting)]).unwrap();
    drop(journal);

    let mut journal = open(&folder);
    let found = journal.recover(10).unwrap();
    assert_eq!(found, Recovered { queued: vec![job("a")], ..Recovered::default() });
    let states = |j: &Journal| ["a", "b", "c"].map(|n| j.job(&job(n)).unwrap().unwrap().state);
    assert_eq!(states(&journal), [JobState::Queued, JobState::Queued, JobState::Receiving]);
    journal.append(&job("a"), 11, &[state(JobState::Decoding)]).unwrap();
    drop(journal);

    let mut journal = open(&folder);
    assert_eq!(journal.recover(20).unwrap().quarantined, [job("a")]);
    let record = journal.job(&job("a")).unwrap().unwrap();
    assert_eq!((record.state, record.problem.unwrap().code), (JobState::Failed, Code::Quarantined));
    // A person who submits it again gives it a new chance.
    journal.accept(&job("a"), 30, None).unwrap();
    let record = journal.job(&job("a")).unwrap().unwrap();
    assert_eq!((record.state, record.attempts, record.problem), (JobState::Queued, 0, None));
}

#[test]
fn a_job_that_is_handed_back_has_lost_no_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    journal.accept(&job("a"), 2, None).unwrap();
    for at in 3..9 {
        journal.append(&job("a"), at, &[state(JobState::Decoding)]).unwrap();
        journal.requeue(&job("a"), at).unwrap();
    }
    assert_eq!(journal.recover(10).unwrap(), Recovered::default());
    let record = journal.next().unwrap().unwrap();
    assert_eq!((record.job, record.attempts), (job("a"), 0));
}

#[test]
fn a_damaged_row_fails_its_job_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    for name in ["a", "b", "c", "d", "e", "f"] {
        journal.begin(&new(name, Priority::Routine, 1)).unwrap();
        journal.accept(&job(name), 2, None).unwrap();
    }
    journal.db.execute("PRAGMA foreign_keys = OFF", []).unwrap();
    journal.db.execute("UPDATE jobs SET input = '{\"kind\": \"fol' WHERE job = 'a'", []).unwrap();
    journal.db.execute("UPDATE jobs SET state = 'dancing', priority = 'x' WHERE job = 'b'", []).unwrap();
    for (was, name) in [("d", "'../../etc'"), ("e", "x'65'"), ("f", "''")] {
        journal.db.execute(&format!("UPDATE jobs SET job = {name} WHERE job = '{was}'"), []).unwrap();
    }
    drop(journal);
    let mut journal = open(&folder);
    let unnamed = "a job without a name";
    assert_eq!(journal.recover(9).unwrap().damaged, [unnamed, unnamed, unnamed, "a", "b"]);
    assert_eq!(journal.count().unwrap(), 3);
    for name in ["a", "b"] {
        let record = journal.job(&job(name)).unwrap().unwrap();
        assert_eq!((record.state, record.problem.unwrap().code), (JobState::Failed, Code::JournalRowDamaged));
    }
    assert_eq!(journal.next().unwrap().unwrap().job, job("c"));
}

#[test]
fn a_damaged_number_fails_its_job_and_holds_up_no_other() {
    let damages = [
        "touched_ms = touched_ms | (1 << 63)",
        "submitted_ms = -1",
        "attempts = 1 << 40",
        "last_event = -9",
        "started_ms = -5",
        "ended_ms = -5",
        "ended_counted_ms = 1 << 63",
        "touched_ms = 'x'",
    ];
    for damage in damages {
        for end in [None, Some(JobState::Completed)] {
            let folder = tempfile::tempdir().unwrap();
            let mut journal = open(&folder);
            for name in ["a", "b"] {
                journal.begin(&new(name, Priority::Routine, 1)).unwrap();
                journal.accept(&job(name), 2, None).unwrap();
            }
            if let Some(end) = end {
                journal.append(&job("a"), 3, &[warning("x"), state(end)]).unwrap();
            }
            journal.db.execute(&format!("UPDATE jobs SET {damage} WHERE job = 'a'"), []).unwrap();
            drop(journal);
            let mut journal = open(&folder);
            assert_eq!(journal.recover(9).unwrap().damaged, ["a"], "{damage}");
            assert_eq!(journal.next().unwrap().unwrap().job, job("b"), "{damage}");
            assert_eq!(journal.list(&[], None, None, 9).unwrap().len(), 2, "{damage}");
            assert_eq!(journal.ended().unwrap().len(), 1, "{damage}");
            let record = journal.job(&job("a")).unwrap().unwrap();
            assert_eq!(record.problem.unwrap().code, Code::JournalRowDamaged, "{damage}");
            let events = journal.events(&job("a"), 0, 9).unwrap();
            assert_eq!(events.last().unwrap().number, record.last_event, "{damage}");
            // Sent again, it is a job like any other.
            journal.accept(&job("a"), 10, None).unwrap();
            assert_eq!(journal.waiting().unwrap(), ["b", "a"].map(job), "{damage}");
        }
    }
}

#[test]
fn a_job_ends_once_until_it_is_queued_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    let ended = |result| matches!(result, Err(JournalError::Ended(_)));
    assert!(ended(journal.append(&job("a"), 2, &[state(JobState::Completed), state(JobState::Cancelled)])));
    journal.append(&job("a"), 2, &[state(JobState::Completed)]).unwrap();
    assert!(ended(journal.append(&job("a"), 3, &[warning("x"), state(JobState::Cancelled)])));
    let record = journal.job(&job("a")).unwrap().unwrap();
    assert_eq!((record.state, record.last_event), (JobState::Completed, 1));
    journal.accept(&job("a"), 4, None).unwrap();
    journal.append(&job("a"), 5, &[state(JobState::Cancelled)]).unwrap();
}

#[test]
fn what_may_pass_is_told_from_what_never_will() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    let large = PendingEvent { raw: Some(vec![0; 1 << 20]), ..warning("x") };
    journal.set_full(true);
    let full = journal.append(&job("a"), 2, std::slice::from_ref(&large)).unwrap_err();
    assert!(full.is_disk_full() && full.may_pass(), "{full}");
    journal.set_full(false);
    journal.set_read_only(true);
    let refused = journal.append(&job("a"), 2, &[warning("x")]).unwrap_err();
    assert!(!refused.is_disk_full() && refused.may_pass(), "{refused}");
    journal.set_read_only(false);
    assert_eq!(journal.append(&job("a"), 2, &[large]).unwrap(), 1);
    journal.db.execute("UPDATE jobs SET last_event = 0", []).unwrap();
    assert!(!journal.append(&job("a"), 2, &[warning("x")]).unwrap_err().may_pass(), "the number is taken");
    assert!(!journal.append(&job("b"), 2, &[]).unwrap_err().may_pass());
}

#[test]
fn a_file_that_is_no_journal_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    std::fs::write(&path, b"this is a letter to the editor, and no database at all").unwrap();
    assert_eq!(Journal::open(&path).unwrap_err().code(), Code::JournalDamaged);
    let problem = Journal::open(folder.path()).unwrap_err().problem();
    assert!(
        problem.code == Code::JournalUnreadable && problem.action.contains("a folder stands"),
        "{}",
        problem.action
    );
    assert_eq!(Journal::open(&folder.path().join("no/such/folder")).unwrap_err().code(), Code::JournalUnreadable);

    let newer = folder.path().join("newer.sqlite");
    Journal::open(&newer).unwrap().db.execute_batch("PRAGMA user_version = 99").unwrap();
    assert_eq!(Journal::open(&newer).unwrap_err().code(), Code::JournalNewer);
}

#[test]
fn what_has_ended_or_idles_is_listed_and_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    for (name, at) in [("a", 5), ("b", 3), ("c", 9)] {
        journal.begin(&new(name, Priority::Routine, at)).unwrap();
    }
    journal.append(&job("a"), 70, &[state(JobState::Cancelled)]).unwrap();
    journal.append(&job("b"), 60, &[state(JobState::Failed)]).unwrap();
    let ended = |name: &str, ended_ms| EndedJob {
        job: job(name),
        ended_ms,
        counted_ms: 0,
        is_unanswered: true,
        has_reader_work: false,
    };
    assert_eq!(journal.ended().unwrap(), [ended("b", 60), ended("a", 70)]);
    assert_eq!(journal.idle_uploads(9).unwrap(), []);
    assert_eq!(journal.idle_uploads(10).unwrap(), [job("c")]);
    journal.remove(&job("a")).unwrap();
    assert!(journal.job(&job("a")).unwrap().is_none() && journal.events(&job("a"), 0, 9).unwrap().is_empty());
    assert!(matches!(journal.append(&job("a"), 1, &[]), Err(JournalError::Vanished(_))));
}

fn series(study_uid: Option<&str>) -> PendingEvent {
    let choice = SeriesChoice { study_uid: study_uid.map(str::to_owned), ..SeriesChoice::default() };
    EventKind::Series(Box::new(choice)).into()
}

fn of_study(journal: &Journal, uid: &str) -> Vec<String> {
    let found = journal.list(&[], Some(uid), None, 10).unwrap();
    found.iter().map(|record| record.job.to_string()).collect()
}

#[test]
fn a_study_leads_to_its_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    for (at, name) in ["a", "b", "c"].into_iter().enumerate() {
        journal.begin(&new(name, Priority::Routine, 10 + at as u64)).unwrap();
    }
    assert_eq!(of_study(&journal, "1.2.3"), [""; 0]);
    journal.append(&job("a"), 20, &[series(Some("1.2.3"))]).unwrap();
    journal.append(&job("b"), 20, &[series(Some("1.2.33"))]).unwrap();
    journal.append(&job("c"), 20, &[series(None)]).unwrap();
    // A second reading that tells nothing takes nothing away.
    journal.append(&job("a"), 30, &[series(None)]).unwrap();
    let mask = Tensor { shape: vec![1, 1, 1], element: Element::Bit };
    let input = Input::Mask { job: job("a"), mask, sha256: String::new(), reader: None };
    let corrected = NewJob { input, ..new("d", Priority::Routine, 40) };
    assert_eq!(journal.begin(&corrected).unwrap().study_uid.as_deref(), Some("1.2.3"));
    assert_eq!(of_study(&journal, "1.2.3"), ["d", "a"]);
    assert_eq!(of_study(&journal, "1.2.33"), ["b"]);
    assert_eq!(journal.list(&[JobState::Failed], Some("1.2.3"), None, 10).unwrap(), []);
    assert_eq!(journal.list(&[], Some("1.2.3"), Some(40), 10).unwrap().len(), 1);
    assert_eq!(journal.list(&[], None, None, 10).unwrap().len(), 4);
}

#[test]
fn a_journal_of_the_first_format_is_brought_on_and_its_jobs_have_their_studies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    // As version 0.1.0 made it.
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        r#"CREATE TABLE jobs (job TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, priority TEXT NOT NULL,
               submitted_ms INTEGER NOT NULL, touched_ms INTEGER NOT NULL, ended_ms INTEGER, input TEXT NOT NULL,
               series TEXT, started_ms INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
               last_event INTEGER NOT NULL DEFAULT 0, finding TEXT, problem TEXT) WITHOUT ROWID;
           CREATE INDEX jobs_by_state ON jobs (state, submitted_ms);
           CREATE TABLE events (job TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE, number INTEGER NOT NULL,
               at_ms INTEGER NOT NULL, what TEXT NOT NULL, raw BLOB, PRIMARY KEY (job, number)) WITHOUT ROWID;
           CREATE TABLE files (job TEXT NOT NULL REFERENCES jobs (job) ON DELETE CASCADE, path TEXT NOT NULL,
               bytes INTEGER NOT NULL, PRIMARY KEY (job, path)) WITHOUT ROWID;
           INSERT INTO jobs (job, kind, state, priority, submitted_ms, touched_ms, input, last_event) VALUES
               ('a', 'folder', 'completed', 'routine', 1, 1, '{"kind":"folder","path":"/a"}', 2),
               ('b', 'folder', 'queued', 'routine', 2, 2, '{"kind":"folder","path":"/b"}', 1);
           INSERT INTO events (job, number, at_ms, what) VALUES
               ('a', 1, 1, '{"event":"series","body":{"study_uid":"1.2.3","reasons":[],"candidates":[],"rejected":[]}}'),
               ('a', 2, 2, 'no JSON at all'),
               ('b', 1, 1, '{"event":"state","body":{"state":"queued"}}');
           PRAGMA user_version = 1;"#,
    )
    .unwrap();
    drop(old);
    let journal = open(&folder);
    assert_eq!(of_study(&journal, "1.2.3"), ["a"]);
    assert_eq!(journal.job(&job("b")).unwrap().unwrap().study_uid, None);
    drop(journal);
    assert_eq!(of_study(&open(&folder), "1.2.3"), ["a"], "the second opening finds the new format");
}

#[test]
fn a_journal_with_turned_bits_is_refused_or_whole_and_hides_no_job() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let mut journal = Journal::open(&path).unwrap();
    // Names as they are, so that a bit turns one into another.
    let names: Vec<JobId> = (0..40).map(|n| job(&Sha256::of([n]).to_string()[..32])).collect();
    for name in &names {
        journal.begin(&NewJob { job: name.clone(), ..new("x", Priority::Routine, 1) }).unwrap();
        journal.accept(name, 2, None).unwrap();
        journal.append(name, 3, &[warning("x"), state(JobState::Completed)]).unwrap();
    }
    drop(journal);
    let (whole, mut next) = (std::fs::read(&path).unwrap(), 1u64);
    let mut random = |below: usize| {
        next = next.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (next >> 33) as usize % below
    };
    let (mut refused, mut seen) = (0, 0);
    for _ in 0..150 {
        let mut turned = whole.clone();
        (0..4).for_each(|_| turned[100 + random(whole.len() - 100)] ^= 1 << random(8));
        std::fs::write(&path, &turned).unwrap();
        let Ok(mut journal) = Journal::open(&path) else {
            refused += 1;
            continue;
        };
        let Ok(found) = journal.recover(9) else { continue };
        assert!(journal.list(&[], None, None, 100).is_ok() && journal.ended().is_ok());
        for name in &names {
            let absent = matches!(journal.job(name), Ok(None));
            assert!(!absent || !found.damaged.is_empty(), "a job is not there, and nobody said so");
            assert!(journal.events(name, 0, 9).is_ok());
        }
        seen += 1;
    }
    assert!(refused > 0 && seen > 0, "{refused} {seen}");
}

/// Events of every way of storing: with a raw frame, with numbers, with another language.
fn some_events() -> Vec<PendingEvent> {
    let grid = Grid { shape: [3, 4, 5], matrix: [0.1; 16], pixel_sha256: "ab".into(), provider: "CPU".into() };
    vec![series(Some("1.2.3")), EventKind::Grid(grid).into(), warning("ä \u{1f9e0}"), state(JobState::Completed)]
}

#[test]
fn a_header_is_stored_as_it_goes_over_the_wire() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    journal.append(&job("a"), 7, &some_events()).unwrap();
    let stored = journal.events(&job("a"), 0, 9).unwrap();
    assert_eq!(stored.len(), 4);
    for (stored, (number, PendingEvent { kind, raw })) in stored.iter().zip((1..).zip(some_events())) {
        let event = Event { job: job("a"), number, at_ms: 7, kind };
        assert_eq!((stored.number, &stored.header, &stored.raw), (number, &codec::header(&event), &raw));
        assert_eq!(stored.kind(), Some(event.kind));
    }
}

#[test]
fn events_of_a_journal_of_the_format_before_are_sent_as_those_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    journal.append(&job("a"), 7, &some_events()).unwrap();
    let stored = journal.events(&job("a"), 0, 9).unwrap();
    for stored in &stored {
        let json = super::record::to_json(&stored.kind().unwrap());
        journal.db.execute("UPDATE events SET header = ?1 WHERE number = ?2", (json, stored.number)).unwrap();
    }
    let back = "ALTER TABLE events RENAME COLUMN header TO what; ALTER TABLE events DROP COLUMN name;
                ALTER TABLE events DROP COLUMN checksum; PRAGMA user_version = 4;";
    journal.db.execute_batch(back).unwrap();
    drop(journal);
    let mut journal = open(&folder);
    assert_eq!(journal.events(&job("a"), 0, 9).unwrap(), stored);
    assert_eq!(journal.grid(&job("a")).unwrap(), Some([3, 4, 5]));
    // What is appended to it is stored in the new way.
    assert_eq!(journal.append(&job("a"), 8, &[warning("later")]).unwrap(), 5);
    assert_eq!(journal.events(&job("a"), 4, 9).unwrap()[0].kind(), Some(warning("later").kind));
}

#[test]
fn a_damaged_header_is_not_sent_and_keeps_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    journal.append(&job("a"), 7, &some_events()).unwrap();
    let mut header = journal.events(&job("a"), 0, 1).unwrap()[0].header.clone();
    header[9] ^= 4;
    journal.db.execute("UPDATE events SET header = ?1 WHERE number = 1", [header]).unwrap();
    journal.db.execute("UPDATE events SET checksum = 'x' WHERE number = 2", []).unwrap();
    let stored = journal.events(&job("a"), 0, 9).unwrap();
    assert_eq!(stored.iter().map(|event| event.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let is_warning = |event: &StoredEvent| matches!(event.kind(), Some(EventKind::Warning(warning)) if warning.message.contains("cannot be read"));
    assert_eq!(stored.iter().map(is_warning).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(journal.grid(&job("a")).unwrap(), None);
}

#[test]
fn a_queue_that_was_found_empty_is_looked_into_again_once_a_job_is_queued() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(&folder);
    let reader = Journal::reader(journal.path()).unwrap();
    journal.begin(&new("a", Priority::Routine, 1)).unwrap();
    for way in ["accept", "requeue", "append"] {
        assert_eq!((journal.next().unwrap(), reader.next().unwrap()), (None, None));
        match way {
            "accept" => journal.accept(&job("a"), 2, None).unwrap(),
            "requeue" => journal.requeue(&job("a"), 3).unwrap(),
            _ => assert!(journal.append(&job("a"), 4, &[state(JobState::Queued)]).is_ok()),
        }
        for each in [&journal, &reader] {
            assert_eq!(each.next().unwrap().map(|record| record.job), Some(job("a")), "{way}");
        }
        journal.append(&job("a"), 5, &[state(JobState::Decoding)]).unwrap();
    }
}
