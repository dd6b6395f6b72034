//! Clients without a token: many of them, with half a header, an endless body, or no request at all.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use super::{TestGateway, status, until_closed};

const HALF: &[u8] = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\nX-Slow: ";
const WHOLE: &str = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_crowd_with_half_headers_locks_nobody_out() {
    let gateway = TestGateway::start("ipc:///nowhere", |settings| settings.connections = 16).await;
    let mut crowd = Vec::new();
    for number in 0..200 {
        let mut stream = gateway.connect().await;
        let _ = stream.write_all(&HALF[..number % HALF.len()]).await;
        crowd.push(stream);
        assert!(gateway.state.connections.count() <= 16);
        if number % 20 == 0 {
            let answer = timeout(Duration::from_secs(20), gateway.say(WHOLE)).await.unwrap().unwrap();
            assert_eq!(status(&answer), 200, "after {number}: {answer}");
        }
    }
}

/// With a clock that advances while nothing happens.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_half_of_it_is_closed_in_seconds() {
    let gateway = TestGateway::start("ipc:///nowhere", |_| {}).await;
    // A body to a route that waits for one.
    let body = "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"tok";
    // The beginning of HTTP/2, and all of it with nothing behind.
    let (preface, settings) = ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0\x04\0\0\0\0\0");
    let second = format!("{WHOLE}{}", "GET /api").replace("Connection: close\r\n", "");
    for said in [
        "",
        "G",
        &String::from_utf8_lossy(HALF),
        body,
        &preface[..10],
        preface,
        &format!("{preface}{settings}"),
        &second,
    ] {
        let mut stream = gateway.connect().await;
        stream.write_all(said.as_bytes()).await.unwrap();
        let begun = Instant::now();
        let answer = until_closed(&mut stream).await;
        assert!(answer.is_some(), "{said:?} is open for ever");
        assert!(begun.elapsed() < Duration::from_secs(70), "{said:?}: {:?}", begun.elapsed());
        if said == body {
            assert_eq!(status(&answer.unwrap()), 408);
        }
    }
    assert_eq!(gateway.state.connections.count(), 0);
}

#[tokio::test]
async fn a_body_is_bounded_before_a_token_is_checked() {
    let gateway = TestGateway::start("ipc:///nowhere", |_| {}).await;
    let post = |path: &str, token: &str, bytes: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
            Content-Length: {bytes}\r\n\r\n{}",
            "{".repeat(bytes.min(2000))
        )
    };
    for (path, token, bytes, expected) in [
        ("/api/v1/session", "none", 1500, 413),
        ("/api/v1/session", "none", 63 << 20, 413),
        ("/api/v1/analyses", "none", 63 << 20, 413),
        ("/api/v1/analyses", "none", 60_000, 401),
        ("/dicom-web/studies", "none", 1 << 30, 401),
        ("/api/v1/analyses", &gateway.viewer, 60_000, 403),
        ("/api/v1/analyses", &gateway.submitter, 63 << 20, 413),
    ] {
        let answer = timeout(Duration::from_secs(20), gateway.say(&post(path, token, bytes))).await.unwrap().unwrap();
        assert_eq!(status(&answer), expected, "{path}: {answer}");
        assert!(answer.contains("application/json"), "{answer}");
    }
    let header = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(status(&gateway.say(&header).await.unwrap()), 431);
}

#[tokio::test]
async fn who_guesses_tokens_is_slowed_down_and_valid_tokens_from_there_are_not() {
    let gateway = TestGateway::start("ipc:///nowhere", |_| {}).await;
    let (mut tried, mut answer) = (0, String::new());
    while status(&answer) != 429 {
        answer = gateway.get("/api/v1/session", "00").await;
        tried += 1;
        assert!(tried < 3000);
    }
    assert!(answer.contains("retry-after: ") && answer.contains("too_fast"), "{answer}");
    assert_eq!(status(&gateway.get("/api/v1/session", &gateway.viewer).await), 200);
}

#[tokio::test]
async fn a_flood_of_streams_that_are_reset_ends_its_connection_alone() {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let gateway = TestGateway::start("ipc:///nowhere", |_| {}).await;
    let io = TokioIo::new(gateway.connect().await);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let flood = tokio::spawn(connection);
    for _ in 0..5000 {
        let request = axum::http::Request::get("http://a/api/v1/openapi.json").body(String::new()).unwrap();
        if sender.ready().await.is_err() {
            break;
        }
        // Begun, and reset at once.
        let asked = sender.send_request(request);
        let _ = timeout(Duration::from_millis(0), asked).await;
    }
    // With a token: streams that were served in time count as requests of this address without one.
    let asked = Instant::now();
    assert_eq!(status(&gateway.get("/api/v1/openapi.json", &gateway.viewer).await), 200);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    flood.abort();
}
