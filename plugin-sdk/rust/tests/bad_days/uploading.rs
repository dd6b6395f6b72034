//! A commit may take minutes; what cannot be taken is refused before it is sent.

use std::fs;
use std::thread;
use std::time::Duration;

use cordline_sdk::client::{Client, ClientError};
use cordline_sdk::job::{JobState, Priority};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, AnswerName, Upload};
use cordline_sdk::wire::request::Verb;

use crate::daemon::{Daemon, Said, fault, job, summary};

fn receiving(received: Vec<u64>) -> Said {
    Said::Answer(Answer::Upload(Upload { job: job(), state: JobState::Receiving, received, offset: None, credit: 1 }))
}

#[test]
fn a_commit_that_takes_long_is_waited_for() {
    // Of a job that failed or was cancelled, and is submitted again, that is told until it is committed.
    for earlier in [JobState::Receiving, JobState::Failed, JobState::Cancelled] {
        let mut states = [earlier, earlier, JobState::Queued].into_iter();
        let daemon = Daemon::hasty(move |asked| match asked {
            Some(Verb::Submit(_)) => vec![receiving(vec![])],
            Some(Verb::Status(_)) => states.next().map(summary).into_iter().collect(),
            _ => vec![],
        });
        let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
        assert_eq!(client.submit_folder("/data", Priority::Routine, None).unwrap(), job());
        assert_eq!(daemon.verbs(), ["hello", "submit", "commit", "status", "status", "status"]);
    }
}

#[test]
fn a_daemon_that_goes_while_it_copies_is_an_error() {
    let mut states = [JobState::Receiving].into_iter();
    let daemon = Daemon::hasty(move |asked| match asked {
        Some(Verb::Submit(_)) => vec![receiving(vec![])],
        Some(Verb::Status(_)) => states.next().map(summary).into_iter().collect(),
        _ => vec![],
    });
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let error = client.submit_folder("/data", Priority::Routine, None).unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }));
    daemon.heard();
}

#[test]
fn a_commit_is_sent_again_to_a_daemon_that_was_started_anew() {
    let mut commits = 0;
    let daemon = Daemon::hasty(move |asked| match asked {
        Some(Verb::Submit(_)) => vec![receiving(vec![])],
        Some(Verb::Status(_)) => vec![fault(Code::HelloRequired)],
        Some(Verb::Commit(_)) => {
            commits += 1;
            if commits == 2 { vec![summary(JobState::Queued)] } else { vec![] }
        }
        _ => vec![],
    });
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    assert_eq!(client.submit_folder("/data", Priority::Routine, None).unwrap(), job());
    assert_eq!(daemon.verbs(), ["hello", "submit", "commit", "status", "hello", "commit"]);
}

#[test]
fn the_listing_of_a_folder_is_waited_for_as_long_as_the_daemon_is_there() {
    let daemon = Daemon::hasty(|_| vec![]);
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let waiting = thread::spawn(move || client.submit_folder("/data", Priority::Routine, None));
    thread::sleep(Duration::from_millis(500));
    assert!(!waiting.is_finished());
    assert!(daemon.verbs().iter().filter(|verb| **verb == "ping").count() >= 2);
    // It is gone now.
    assert!(matches!(waiting.join().unwrap(), Err(ClientError::Timeout { .. })));
}

#[test]
fn a_manifest_that_the_daemon_would_not_read_is_refused_before_it_is_sent() {
    let limits = Limits { header_bytes: 60, ..Limits::default() };
    let daemon = Daemon::new(limits, |_| vec![]);
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let error = client.submit_folder("/a/folder/with/a/name", Priority::Routine, None).unwrap_err();
    assert!(matches!(&error, ClientError::Rejected(fault) if fault.problem.code == Code::TooLarge), "{error}");
    assert_eq!(daemon.verbs(), ["hello"]);
}

#[test]
fn a_daemon_that_wants_more_files_than_there_are_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = [&[0; 128][..], b"DICM\x02\x00\x03\x00UI\x04\x001.2\x00"].concat();
    fs::write(folder.path().join("a"), &file).unwrap();
    let whole = file.len() as u64;
    let daemon = Daemon::new(Limits::default(), move |asked| match asked {
        Some(Verb::Submit(_)) => vec![receiving(vec![whole, 0])],
        _ => vec![],
    });
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let error = client.submit_study(&[folder.path().into()], Priority::Routine, None).unwrap_err();
    assert!(matches!(error, ClientError::Unexpected { answer: AnswerName::Upload }), "{error}");
    daemon.heard();
}
