//! A token that is revoked, or expires, while it is used: on a WebSocket, on a stream, in the middle of a file.

use std::time::Duration;

use chrono::{Days, Utc};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::fake_daemon::{FakeDaemon, JOB};
use super::{TestGateway, status, until_closed};

/// Long enough on a busy machine; the promise is a second.
const SOON: Duration = Duration::from_secs(10);

/// A WebSocket of a token, or the status with which it was refused.
pub(super) async fn socket(gateway: &TestGateway, token: &str) -> Result<WebSocketStream<TcpStream>, u16> {
    let mut request = format!("ws://{}/api/v1/wire", gateway.address).into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    match tokio_tungstenite::client_async(request, gateway.connect().await).await {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

pub(super) fn message(id: u64, verb: &str, body: serde_json::Value) -> Message {
    let header = json!({"v": 1, "id": id, "verb": verb, "body": body}).to_string();
    Message::Binary([&(header.len() as u32).to_le_bytes(), header.as_bytes()].concat().into())
}

/// A client on each of them, and what it sees once `change` was done to the file of tokens.
async fn dismissed(change: impl FnOnce(&mut TestGateway)) {
    let daemon = FakeDaemon::start(64 << 20, false);
    let mut gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    let token = gateway.viewer.clone();
    let mut wire = socket(&gateway, &token).await.unwrap();
    wire.send(message(1, "hello", json!({"client": "t"}))).await.unwrap();
    assert!(matches!(wire.next().await, Some(Ok(Message::Binary(_)))));
    let ask = |path: String| {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n")
    };
    let mut events = gateway.connect().await;
    events.write_all(ask(format!("/api/v1/jobs/{JOB}/events")).as_bytes()).await.unwrap();
    let mut file = gateway.connect().await;
    file.write_all(ask(format!("/api/v1/jobs/{JOB}/files/large.bin")).as_bytes()).await.unwrap();
    let mut piece = [0; 1000];
    file.read_exact(&mut piece).await.unwrap();
    assert_eq!(status(&String::from_utf8_lossy(&piece)), 200);

    change(&mut gateway);
    let mut closed = None;
    while let Some(Ok(message)) = timeout(SOON, wire.next()).await.expect("the socket stays open") {
        closed = Some(message);
    }
    let Some(Message::Close(Some(why))) = closed else { panic!("{closed:?}") };
    assert_eq!(u16::from(why.code), 1008);
    assert!(why.reason.contains("token"), "{why}");
    let told = timeout(SOON, until_closed(&mut events)).await.expect("the stream goes on").unwrap();
    assert!(told.contains("event: lost") && told.contains("token") && told.contains("no-store"), "{told}");
    let rest = timeout(SOON, until_closed(&mut file)).await.expect("the file goes on").unwrap();
    assert!(rest.len() < 60 << 20, "it came whole");
    assert_eq!(status(&gateway.get("/api/v1/session", &token).await), 401);
    assert!(socket(&gateway, &token).await.is_err());
    assert_eq!(status(&gateway.get("/api/v1/session", &gateway.submitter).await), 200);
}

#[tokio::test]
async fn a_token_that_is_revoked_ends_what_it_has_open() {
    dismissed(|gateway| {
        gateway.tokens.revoke("looks");
        gateway.tokens.write(&gateway.file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_token_that_expires_ends_what_it_has_open() {
    dismissed(|gateway| {
        gateway.tokens.entries[0].expires = Utc::now().date_naive().checked_sub_days(Days::new(1));
        gateway.tokens.write(&gateway.file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_of_tokens_that_cannot_be_read_shows_in_health_without_a_token() {
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    assert!(gateway.get("/api/v1/health", "").await.ends_with("\"daemon\":true,\"tokens\":true}"));
    std::fs::remove_file(&gateway.file).unwrap();
    let begun = std::time::Instant::now();
    while !gateway.get("/api/v1/health", "").await.ends_with("\"tokens\":false}") {
        assert!(begun.elapsed() < SOON);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(&gateway.get("/api/v1/session", &gateway.viewer).await), 401);
}
