//! The wire for browsers: each WebSocket has a connection of its own with the daemon, and every message passes as it is.
//!
//! One binary WebSocket message is one message of the protocol (plugin-sdk/PROTOCOL.md): four bytes with the length of the
//! header (unsigned, little-endian), the header as JSON, then the raw frame where there is one.

use axum::extract::ws::{Message, WebSocket};
use cordline_sdk::client::link::{Frames, Link};
use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::reply::{Answer, Reply, Role};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value};

use crate::guest::Guest;

/// Bytes that tell the length of the header.
const LENGTH_BYTES: usize = 4;
/// What a viewer's token lets through.
const LOOKING: [&str; 7] = ["hello", "ping", "events", "artifact", "list", "status", "device"];

/// Carries messages until one side is gone. Jobs go on; whoever comes back asks for the events since the last one.
pub async fn carry(browser: WebSocket, link: Link, guest: Guest) {
    let (daemon, mut from_daemon) = link.split();
    let (mut to_browser, mut from_browser) = browser.split();
    loop {
        let message = tokio::select! {
            frames = from_daemon.recv() => match frames {
                Some(frames) => match to_web(&frames, guest.role) {
                    Some(message) => message,
                    None => continue,
                },
                None => break,
            },
            message = from_browser.next() => match message {
                Some(Ok(Message::Binary(message))) => match to_daemon(&message, &guest) {
                    Ok(frames) => match daemon.send(&frames) {
                        Ok(()) => continue,
                        Err(_) => break,
                    },
                    Err(refused) => refused,
                },
                // Pings are answered by the socket itself; text is nothing that we speak.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => continue,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        };
        if to_browser.send(Message::Binary(message.into())).await.is_err() {
            break;
        }
    }
}

/// A browser's message as the daemon takes it, or the refusal that the browser is sent.
fn to_daemon(message: &[u8], guest: &Guest) -> Result<Frames, Vec<u8>> {
    let malformed = |what: &str| {
        refusal(0, Fault::new(FaultCode::Malformed, what, "see plugin-sdk/typescript/src/frame.ts for the shape"))
    };
    let Some((header, raw)) = split(message) else {
        return Err(malformed("the message is shorter than its header"));
    };
    let Ok(mut header) = serde_json::from_slice::<Map<String, Value>>(header) else {
        return Err(malformed("the header is no JSON object"));
    };
    let verb = header.get("verb").and_then(Value::as_str).unwrap_or_default();
    if guest.role < Role::Submitter && !LOOKING.contains(&verb) {
        let id = header.get("id").and_then(Value::as_u64).unwrap_or(0);
        return Err(refusal(
            id,
            Fault::new(
                FaultCode::NotAllowed,
                "the role of this token does not allow it",
                "ask the operator for a token with another role",
            ),
        ));
    }
    name_the_reader(&mut header, &guest.name);
    let mut frames = vec![rmp_serde::to_vec(&header).expect("a vector takes whatever is written")];
    if !raw.is_empty() {
        frames.push(raw.to_vec());
    }
    Ok(frames)
}

/// Whose review or corrected mask it is, the token says and not the page.
fn name_the_reader(header: &mut Map<String, Value>, reader: &str) {
    let verb = header.get("verb").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(body) = header.get_mut("body").and_then(Value::as_object_mut) else { return };
    let is_a_mask = verb == "submit" && body.get("kind").and_then(Value::as_str) == Some("mask");
    if is_a_mask || verb == "review" {
        body.insert("reader".into(), reader.into());
    }
}

/// A message of the daemon as a browser takes it; `None` for what is none. The role that the daemon welcomes is the gateway's own, and
/// the browser's that of its token.
fn to_web(frames: &[Vec<u8>], role: Role) -> Option<Vec<u8>> {
    let mut header: Map<String, Value> = rmp_serde::from_slice(frames.first()?).ok()?;
    if header.get("reply").is_some_and(|reply| reply == "welcome")
        && let Some(granted) = header.get_mut("body").and_then(|body| body.get_mut("role"))
        && granted.as_str().and_then(Role::of).is_none_or(|daemon| role < daemon)
    {
        *granted = role.key().into();
    }
    Some(join(&header, frames.get(1).map_or(&[], Vec::as_slice)))
}

fn refusal(id: u64, fault: Fault) -> Vec<u8> {
    let header = codec::to_json(&Reply { id, answer: Answer::Fault(fault) });
    join(header.as_object().expect("a reply is a map"), &[])
}

fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = message.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn join(header: &Map<String, Value>, raw: &[u8]) -> Vec<u8> {
    let text = serde_json::to_vec(header).expect("text keys and plain values");
    [&(text.len() as u32).to_le_bytes(), text.as_slice(), raw].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(header: &Value, role: Role) -> Value {
        let guest = Guest { name: "R. Meyer".into(), role };
        let message = join(header.as_object().unwrap(), b"");
        rmp_serde::from_slice(&to_daemon(&message, &guest).unwrap()[0]).unwrap()
    }

    #[test]
    fn a_reader_is_who_the_token_says() {
        for body in [json!({"job": "a", "verdict": "accepted", "reader": "Somebody Else"}), json!({"job": "a"})] {
            let review = sent(&json!({"v": 1, "id": 1, "verb": "review", "body": body}), Role::Submitter);
            assert_eq!(review["body"]["reader"], "R. Meyer");
        }
        let mask = json!({"v": 1, "id": 1, "verb": "submit", "body": {"kind": "mask", "reader": "Somebody Else"}});
        assert_eq!(sent(&mask, Role::Submitter)["body"]["reader"], "R. Meyer");
        let study = json!({"v": 1, "id": 1, "verb": "submit", "body": {"kind": "study"}});
        assert_eq!(sent(&study, Role::Submitter), study);
    }

    #[test]
    fn a_viewer_judges_nothing() {
        let guest = Guest { name: "V.".into(), role: Role::Viewer };
        let review = json!({"v": 1, "id": 1, "verb": "review", "body": {"job": "a"}});
        assert!(to_daemon(&join(review.as_object().unwrap(), b""), &guest).is_err());
    }
}
