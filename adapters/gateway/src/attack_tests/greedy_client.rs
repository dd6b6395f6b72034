//! One token that requests as much as it can: thousands of messages, hundreds of sockets, files that are never read.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::fake_daemon::{FakeDaemon, JOB};
use super::revoked_tokens::{message, socket};
use super::{TestGateway, status};

#[tokio::test]
async fn messages_on_a_socket_count_as_requests_do() {
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |settings| settings.requests_per_second = 10).await;
    let (mut sink, mut stream) = socket(&gateway, &gateway.viewer).await.unwrap().split();
    tokio::spawn(async move {
        for id in 1..3000 {
            let asked = sink.send(message(id, "artifact", json!({"job": JOB, "path": "large.bin"}))).await;
            if asked.is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move { while let Some(Ok(_)) = stream.next().await {} });
    let begun = Instant::now();
    while daemon.count("artifact") < 20 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The burst, and ten a second; of 3,000.
    let most = 50 + 10 * (begun.elapsed().as_secs() as usize + 2);
    assert!(daemon.count("artifact") <= most, "{} of {most}", daemon.count("artifact"));
    let cancel = format!(
        "POST /api/v1/jobs/{JOB}/cancel HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        gateway.submitter
    );
    let asked = Instant::now();
    assert_eq!(status(&gateway.say(&cancel).await.unwrap()), 200);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn what_has_no_answer_yet_is_bounded_too() {
    let daemon = FakeDaemon::start(1, true);
    daemon.is_silent.store(true, std::sync::atomic::Ordering::Relaxed);
    let gateway = TestGateway::start(&daemon.endpoint, |settings| settings.requests_per_second = 100_000).await;
    let mut wire = socket(&gateway, &gateway.viewer).await.unwrap();
    for id in 1..500 {
        let asked = wire.send(message(id, "ping", json!({})));
        if timeout(Duration::from_millis(200), asked).await.is_err() {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!((1..=32).contains(&daemon.count("ping")), "{}", daemon.count("ping"));
}

#[tokio::test]
async fn a_message_beyond_its_size_ends_the_socket_with_a_reason() {
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    for (token, bytes) in [(&gateway.viewer, 100_000), (&gateway.submitter, 9 << 20)] {
        let mut wire = socket(&gateway, token).await.unwrap();
        // The other side may close it before all of it was written.
        let _ = wire.send(message(1, "hello", json!({"client": "x".repeat(bytes)}))).await;
        let answer = timeout(Duration::from_secs(20), wire.next()).await.unwrap();
        match answer {
            Some(Ok(Message::Close(Some(why)))) => assert_eq!(u16::from(why.code), 1009),
            // What was still on its way may have taken the close frame with it.
            Some(Err(_)) | None => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(daemon.count("hello"), 0);
}

#[tokio::test]
async fn sockets_of_a_token_are_counted_and_cost_no_thread() {
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |settings| settings.sockets_per_token = 16).await;
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let mut sockets = Vec::new();
    sockets.push(socket(&gateway, &gateway.viewer).await.unwrap());
    let before = threads();
    while sockets.len() < 16 {
        sockets.push(socket(&gateway, &gateway.viewer).await.unwrap());
    }
    // Other tests run beside this one.
    assert!(threads() < before + 16, "{} after {before}", threads());
    assert_eq!(socket(&gateway, &gateway.viewer).await.unwrap_err(), 429);
    assert!(socket(&gateway, &gateway.submitter).await.is_ok());
    sockets.pop().unwrap().close(None).await.unwrap();
    let begun = Instant::now();
    while socket(&gateway, &gateway.viewer).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn files_that_nobody_reads_are_not_fetched() {
    let daemon = FakeDaemon::start(256 << 20, true);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    let mut crowd = Vec::new();
    for _ in 0..64 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 << 10).unwrap();
        let mut stream = socket.connect(gateway.address).await.unwrap();
        let ask = format!(
            "GET /api/v1/jobs/{JOB}/files/large.bin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n",
            gateway.viewer
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        crowd.push(stream);
    }
    let mut piece = [0; 100];
    crowd[0].read_exact(&mut piece).await.unwrap();
    let asked = Instant::now();
    assert_eq!(status(&gateway.get(&format!("/api/v1/jobs/{JOB}"), &gateway.submitter).await), 200);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let mut pieces = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = daemon.count("artifact");
        if now == pieces {
            break;
        }
        pieces = now;
    }
    // Of 64 times 256: as many answers as a token may have, each with what the kernel buffers.
    assert!(pieces <= 32 * 12, "{pieces}");
}

#[tokio::test]
async fn what_is_said_of_patients_stays_on_no_disk() {
    let daemon = FakeDaemon::start(3, true);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    for path in ["", &format!("/{JOB}"), &format!("/{JOB}/files/large.bin"), &format!("/{JOB}/files"), "/nobody"] {
        let answer = gateway.get(&format!("/api/v1/jobs{path}"), &gateway.viewer).await.to_lowercase();
        assert!(answer.contains("cache-control: no-store\r\n"), "{path}: {answer}");
    }
    let answer = gateway.get("/dicom-web/studies", &gateway.viewer).await.to_lowercase();
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
}
