//! Archives and daemons that accept and do not answer, and senders that stop. Where the clock of a test is paused, it advances while
//! nothing happens.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::Method;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use cordline_sdk::job::Priority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::fake_daemon::{FakeDaemon, JOB};
use super::{TestGateway, status};
use crate::orthanc::fake_orthanc::{FakeOrthanc, Mood};
use crate::orthanc::processor::StudyProcessor;
use crate::settings::ArrivalSettings;

/// A gateway in front of an archive.
async fn before(archive: &FakeOrthanc) -> TestGateway {
    TestGateway::start("ipc:///nowhere", |settings| settings.archive = Some(archive.settings.clone())).await
}

#[tokio::test(start_paused = true)]
async fn a_viewer_is_told_that_the_archive_says_nothing() {
    let archive = FakeOrthanc::start().await;
    archive.set_mood("studies", Mood::Silent);
    let gateway = before(&archive).await;
    for path in ["/dicom-web/studies", "/dicom-web/studies/1.2/metadata"] {
        let begun = Instant::now();
        let answer = gateway.get(path, &gateway.viewer).await;
        assert_eq!(status(&answer), 504, "{answer}");
        assert!(answer.contains("archive_silent") && answer.contains("retry-after"), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    }
    let store = format!(
        "POST /dicom-web/studies HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        gateway.submitter
    );
    // The clock would run ahead of a read with a timeout.
    let mut stream = gateway.connect().await;
    stream.write_all(store.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(status(&answer), 504, "{answer}");
}

#[tokio::test(start_paused = true)]
async fn studies_about_which_the_archive_is_silent_hold_no_place() {
    let [a, b, half, c] = ["aaaaaaaa", "bbbbbbbb", "0a1fa1f0", "cccccccc"].map(|part| [part; 5].join("-"));
    let archive = FakeOrthanc::start().await;
    for (study, mood) in [("aaaaaaaa", Mood::Silent), ("bbbbbbbb", Mood::Silent), ("0a1fa1f0", Mood::Half)] {
        archive.set_mood(study, mood);
    }
    let folder = tempfile::tempdir().unwrap();
    let gateway = TestGateway::start("ipc:///nowhere", |settings| {
        settings.archive = Some(archive.settings.clone());
        settings.arrivals = Some(ArrivalSettings { state: folder.path().into(), heat_maps: false, changes: false });
    })
    .await;
    let queue = gateway.state.queue.clone().unwrap();
    let processor = StudyProcessor {
        archive: gateway.state.archive.clone().unwrap(),
        daemon: gateway.state.daemon.clone(),
        heat_maps: false,
    };
    for study in [&a, &b, &half, &c] {
        queue.enqueue(study, Priority::Routine).unwrap();
    }
    tokio::spawn(queue.clone().run(processor));
    let begun = Instant::now();
    let was_asked = |study: &str| archive.count(Method::GET, &format!("/studies/{study}/series"));
    while was_asked(&c) == 0 || was_asked(&a) < 2 || was_asked(&b) < 2 {
        sleep(Duration::from_millis(500)).await;
        assert!(begun.elapsed() < Duration::from_secs(300), "{:?}", archive.asked());
    }
    // Each waits its turn again.
    assert!(queue.enqueue(&c, Priority::Routine).unwrap() >= 3);
}

#[tokio::test]
async fn only_dicomweb_reaches_the_archive() {
    let archive = FakeOrthanc::start().await;
    let gateway = before(&archive).await;
    for (method, path, expected) in [
        ("GET", "/dicom-web/studies?limit=1", 200),
        ("HEAD", "/dicom-web/studies/1.2/series", 200),
        ("POST", "/dicom-web/studies", 200),
        ("GET", "/wado?requestType=WADO", 200),
        ("GET", "/dicom-web/servers", 404),
        ("POST", "/dicom-web/servers/elsewhere/get", 404),
        ("GET", "/dicom-web/info", 404),
        ("GET", "/dicom-web/app/client/index.html", 404),
        ("GET", "/dicom-web/./studies", 404),
        ("GET", "/dicom-web/studies/%2e%2e/servers", 404),
        ("GET", "//dicom-web/servers", 404),
        ("GET", "/dicom-web", 404),
        ("POST", "/dicom-web/studies/1.2", 405),
        ("DELETE", "/dicom-web/studies/1.2", 405),
        ("POST", "/wado", 405),
    ] {
        let before = archive.asked().len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}",
            gateway.submitter
        );
        let answer = gateway.say(&request).await.unwrap();
        assert_eq!(status(&answer), expected, "{method} {path}: {answer}");
        assert_eq!(archive.asked().len() - before, usize::from(expected == 200), "{method} {path}");
        assert!(expected == 200 || answer.contains("\"code\":"), "{answer}");
    }
    for asked in archive.asked() {
        // An archive that waits for a body that does not follow would take it from the next request on this connection.
        let about_body = [CONTENT_LENGTH, TRANSFER_ENCODING, CONTENT_TYPE].map(|name| asked.headers.contains_key(name));
        assert!(asked.method == Method::POST || about_body == [false; 3], "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_an_answer_ends_also_after_something_was_stored() {
    let archive = FakeOrthanc::start().await;
    archive.set_mood("half", Mood::Half);
    let gateway = before(&archive).await;
    for (method, token) in [("GET", &gateway.viewer), ("POST", &gateway.submitter)] {
        let request = format!(
            "{method} /dicom-web/studies?half HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 3\r\n\r\nabc"
        );
        let answer = gateway.say(&request).await.expect("the connection is closed");
        assert!(status(&answer) == 200 && answer.ends_with("\r\n\r\n[]"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn whose_fault_it_is_that_nothing_was_stored_is_said() {
    let archive = FakeOrthanc::start().await;
    let gateway = TestGateway::start("ipc:///nowhere", |settings| {
        settings.archive = Some(archive.settings.clone());
        settings.archive_body_bytes = 1000;
    })
    .await;
    let store = |headers: &str, body: &str| {
        format!(
            "POST /dicom-web/studies HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n{headers}\r\n\r\n{body}",
            gateway.submitter
        )
    };
    let (chunked, large) = ("Transfer-Encoding: chunked", "x".repeat(600));
    for (request, expected) in [
        (store("Content-Length: 100", "begun"), 408),
        (store(chunked, "3\r\nabc\r\n"), 408),
        (store("Content-Length: 1001", ""), 413),
        (store(chunked, &format!("258\r\n{large}\r\n258\r\n{large}\r\n0\r\n\r\n")), 413),
        (store(chunked, "3\r\nabc\r\nno length\r\n"), 400),
    ] {
        let answer = gateway.say(&request).await.expect("an answer, and the end of the connection");
        assert_eq!(status(&answer), expected, "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_read_is_not_taken_for_one_of_another_study() {
    let archive = FakeOrthanc::start().await;
    let id = ["0123abcd"; 5].join("-");
    archive.put("/tools/lookup", &format!(r#"[{{"ID":"{id}","Type":"Study"}}]"#));
    // Its result is a byte that is no JSON.
    let daemon = FakeDaemon::start(1, true);
    let gateway =
        TestGateway::start(&daemon.endpoint, |settings| settings.archive = Some(archive.settings.clone())).await;
    let body = format!(r#"{{"study_uid":"1.2.3","job":"{JOB}"}}"#);
    let request = format!(
        "POST /api/v1/analyses/store HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
            Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        gateway.submitter,
        body.len()
    );
    let answer = gateway.say(&request).await.unwrap();
    assert!(status(&answer) == 502 && answer.contains("no_result"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_daemon_that_was_stopped_do_not_wait_for_each_other() {
    let daemon = FakeDaemon::start(1, true);
    daemon.is_silent.store(true, Ordering::Relaxed);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    let begun = Instant::now();
    let job = cordline_sdk::job::JobId::new(JOB).unwrap();
    let ask = || gateway.state.daemon.status(&job);
    let (first, second, third, health) = tokio::join!(ask(), ask(), ask(), async {
        let there = gateway.state.daemon.is_reachable().await;
        (there, begun.elapsed())
    });
    assert!(first.is_err() && second.is_err() && third.is_err() && !health.0);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(health.1 < Duration::from_secs(5), "{:?}", health.1);
}

#[tokio::test]
async fn a_daemon_that_comes_back_is_asked_again_and_health_asks_it_once_a_second() {
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    for _ in 0..50 {
        assert!(gateway.state.daemon.is_reachable().await);
    }
    assert!(daemon.count("ping") < 10, "{}", daemon.count("ping"));
    let job = cordline_sdk::job::JobId::new(JOB).unwrap();
    assert!(gateway.state.daemon.status(&job).await.is_ok());
    let files = gateway.state.daemon.files(&job).await.unwrap();
    assert_eq!(gateway.state.daemon.download_whole(&job, &files[0]).await.unwrap(), [0]);
    let nobody = cordline_sdk::job::JobId::new("nobody").unwrap();
    assert!(gateway.state.daemon.status(&nobody).await.is_err());
}
