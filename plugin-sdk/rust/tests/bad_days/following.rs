//! A follower is heard by the daemon, comes back where the connection was lost, and is told every event once.

use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

use cordline_sdk::client::{AsyncClient, Client};
use cordline_sdk::job::JobState;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::event::{EventKind, FileInfo, Files, Warning};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::request::Verb;

use crate::daemon::{Daemon, Said, begun, fault, job, summary};

fn warning(number: u64) -> Said {
    Said::Event(number, EventKind::Warning(Warning { message: number.to_string() }))
}

fn completed(number: u64) -> Said {
    Said::Event(number, EventKind::state(JobState::Completed))
}

fn restless() -> Limits {
    Limits { silence_s: 1, ..Limits::default() }
}

#[test]
fn one_whose_events_come_all_the_time_is_heard() {
    let mut number = 0;
    let mut follows = false;
    let daemon = Daemon::new(restless(), move |asked| match asked {
        Some(_) => {
            follows = true;
            vec![begun(0, JobState::Segmenting)]
        }
        None if follows => {
            number += 1;
            vec![warning(number)]
        }
        None => vec![],
    });
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let until = Instant::now() + Duration::from_secs(2);
    let listen = &mut |_: &_, _: Option<&[u8]>| match Instant::now() < until {
        true => ControlFlow::Continue(()),
        false => ControlFlow::Break(()),
    };
    client.follow(&job(), 0, listen).unwrap();
    assert_eq!(daemon.verbs()[..4], ["hello", "events", "ping", "ping"]);
}

#[test]
fn one_that_is_lost_again_and_again_comes_back_each_time() {
    let losses = 6;
    // Each time one event comes, then the daemon restarts.
    let daemon = Daemon::new(Limits::default(), move |asked| match asked {
        Some(Verb::Events(wanted)) if wanted.since < losses => {
            vec![begun(wanted.since + 1, JobState::Queued), warning(wanted.since + 1), fault(Code::HelloRequired)]
        }
        Some(Verb::Events(wanted)) => {
            vec![begun(wanted.since + 1, JobState::Completed), completed(wanted.since + 1)]
        }
        _ => vec![],
    });
    let mut numbers = Vec::new();
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let last = client.follow(&job(), 0, &mut |event, _| {
        numbers.push(event.number);
        ControlFlow::Continue(())
    });
    assert_eq!(last.unwrap(), losses + 1);
    assert_eq!(numbers, (1..=losses + 1).collect::<Vec<_>>());
    daemon.heard();
}

#[test]
fn the_events_of_one_that_left_are_not_those_of_the_next() {
    let file = FileInfo {
        path: "result.json".into(),
        kind: "result".into(),
        media_type: "application/json".into(),
        bytes: 2,
        sha256: String::new(),
    };
    let files = EventKind::Files(Files { files: vec![file.clone()] });
    let daemon = Daemon::new(Limits::default(), move |asked| match asked {
        Some(Verb::Events(_)) => {
            vec![begun(3, JobState::Completed), warning(1), Said::Event(2, files.clone()), completed(3)]
        }
        Some(_) => vec![summary(JobState::Completed)],
        None => vec![],
    });
    let mut client = Client::connect(&daemon.endpoint, "test").unwrap();
    let first = client.follow(&job(), 0, &mut |_, _| ControlFlow::Break(())).unwrap();
    // What comes after the first event lies before this answer.
    client.status(&job()).unwrap();
    assert_eq!((first, client.files(&job()).unwrap()), (1, vec![file]));
    client.follow(&job(), 0, &mut |_, _| ControlFlow::Break(())).unwrap();
    client.status(&job()).unwrap();
    let mut numbers = Vec::new();
    let each = &mut |event: &cordline_sdk::wire::event::Event, _: Option<&[u8]>| {
        numbers.push(event.number);
        ControlFlow::Continue(())
    };
    assert_eq!(client.follow(&job(), 0, each).unwrap(), 3);
    assert_eq!(numbers, [1, 2, 3]);
    daemon.heard();
}

#[tokio::test]
async fn one_that_was_dropped_while_nothing_happens_ends() {
    let daemon = Daemon::new(restless(), |asked| match asked {
        Some(_) => vec![begun(0, JobState::Receiving)],
        None => vec![],
    });
    let client = AsyncClient::connect(daemon.endpoint.clone(), "test").await.unwrap();
    let followed = client.follow(job(), 0);
    thread::sleep(Duration::from_millis(500));
    drop(followed);
    let dropped = Instant::now();
    thread::sleep(Duration::from_millis(1500));
    let late = |(at, _): &(Instant, Verb)| *at > dropped + Duration::from_millis(400);
    assert_eq!(daemon.heard().iter().filter(|heard| late(heard)).count(), 0);
}
