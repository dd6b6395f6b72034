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
                Some(Ok(Message::Binary(message))) => match to_daemon(&message, guest.role) {
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
fn to_daemon(message: &[u8], role: Role) -> Result<Frames, Vec<u8>> {
    let malformed = |what: &str| {
        refusal(0, Fault::new(FaultCode::Malformed, what, "see plugin-sdk/typescript/src/frame.ts for the shape"))
    };
    let Some((header, raw)) = split(message) else {
        return Err(malformed("the message is shorter than its header"));
    };
    let Ok(header) = serde_json::from_slice::<Map<String, Value>>(header) else {
        return Err(malformed("the header is no JSON object"));
    };
    let verb = header.get("verb").and_then(Value::as_str).unwrap_or_default();
    if role < Role::Submitter && !LOOKING.contains(&verb) {
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
    let mut frames = vec![rmp_serde::to_vec(&header).expect("a vector takes whatever is written")];
    if !raw.is_empty() {
        frames.push(raw.to_vec());
    }
    Ok(frames)
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
