//! Messages of the protocol as a browser and as the daemon have them.
//!
//! One binary WebSocket message is one message of the protocol (plugin-sdk/PROTOCOL.md): four bytes with the length of the header
//! (unsigned, little-endian), the header as JSON, then the raw frame where there is one.

use cordline_sdk::client::link::Frames;
use cordline_sdk::job::JobKind;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::{Answer, AnswerName, Reply};
use cordline_sdk::wire::request::VerbName;
use cordline_sdk::wire::role::Role;
use serde_json::{Map, Value};

use crate::auth::tokens::Principal;

/// Bytes that hold the length of the header.
const LENGTH_BYTES: usize = 4;
/// Largest header of every verb but `submit`, whose manifest may name thousands of files.
const HEADER_BYTES: usize = 16 << 10;
/// Bytes that each value of a header has at least, beyond a few hundred values.
const VALUE_BYTES: usize = 16;

/// Largest message of a browser: for a viewer a small header, for others a manifest or a chunk within the daemon's own limits.
pub(super) fn max_bytes(role: Role) -> usize {
    if role < Role::Submitter { LENGTH_BYTES + HEADER_BYTES + 1024 } else { 8 << 20 }
}

/// A browser's message in the form of the daemon, or the reply that refuses it.
pub(super) fn to_daemon(message: &[u8], principal: &Principal) -> Result<Frames, Vec<u8>> {
    let malformed = |what: &str| {
        refusal(0, Fault::new(Code::Malformed, what, "see plugin-sdk/typescript/src/frame.ts for the shape"))
    };
    let Some((header, raw)) = split(message) else {
        return Err(malformed("the message is shorter than its header"));
    };
    let too_large = |id, what: &str| {
        refusal(id, Fault::new(Code::TooLarge, what, "only `submit` has a large header, and only a submitter's"))
    };
    // Before it is parsed: parsing is what costs.
    if header.len() > HEADER_BYTES && (principal.role < Role::Submitter || !has_plausible_size(header)) {
        return Err(too_large(0, "the header is too large, or holds too many values for its size"));
    }
    let length = header.len();
    let Ok(mut header) = serde_json::from_slice::<Map<String, Value>>(header) else {
        return Err(malformed("the header is no JSON object"));
    };
    let verb = verb_of(&header);
    let id = header.get("id").and_then(Value::as_u64).unwrap_or(0);
    // A verb that is not known here may be one of a later daemon, which refuses it otherwise.
    if principal.role < verb.map_or(Role::Submitter, VerbName::required_role) {
        return Err(refusal(
            id,
            Fault::new(
                Code::NotAllowed,
                "the role of this token does not allow it",
                "ask the operator for a token with another role",
            ),
        ));
    }
    if length > HEADER_BYTES && verb != Some(VerbName::Submit) {
        return Err(too_large(id, "the header is too large for this verb"));
    }
    set_reader(&mut header, &principal.name);
    let mut frames = vec![rmp_serde::to_vec(&header).expect("a vector takes whatever is written")];
    if !raw.is_empty() {
        frames.push(raw.to_vec());
    }
    Ok(frames)
}

/// A message of the daemon in the form of a browser.
pub(super) struct RelayedMessage {
    /// True for the answer to a request, false for an event.
    pub(super) is_reply: bool,
    pub(super) message: Vec<u8>,
}

/// Translates a message of the daemon; `None` for what is none. The role in its `welcome` is the gateway's own, and becomes that of the
/// browser's token.
pub(super) fn from_daemon(frames: &[Vec<u8>], role: Role) -> Option<RelayedMessage> {
    let mut header: Map<String, Value> = rmp_serde::from_slice(frames.first()?).ok()?;
    let reply = header.get("reply").and_then(Value::as_str).and_then(|word| word.parse().ok());
    if reply == Some(AnswerName::Welcome)
        && let Some(granted) = header.get_mut("body").and_then(|body| body.get_mut("role"))
        && granted.as_str().and_then(|word| word.parse::<Role>().ok()).is_none_or(|daemon| role < daemon)
    {
        *granted = role.as_str().into();
    }
    let message = join(&header, frames.get(1).map_or(&[], Vec::as_slice));
    Some(RelayedMessage { is_reply: header.contains_key("reply"), message })
}

/// True for JSON with no more values than an honest manifest of its size has: of a few bytes each it could hold millions.
fn has_plausible_size(json: &[u8]) -> bool {
    let values = json.iter().filter(|b| matches!(b, b',' | b'[' | b'{')).count();
    values <= HEADER_BYTES / VALUE_BYTES + json.len() / VALUE_BYTES
}

/// Sets the reader of a review or a corrected mask: the token says who that is, and not the page.
fn set_reader(header: &mut Map<String, Value>, reader: &str) {
    let verb = verb_of(header);
    let Some(body) = header.get_mut("body").and_then(Value::as_object_mut) else { return };
    let kind = body.get("kind").and_then(Value::as_str);
    let is_mask = verb == Some(VerbName::Submit) && kind == Some(JobKind::Mask.as_str());
    if is_mask || verb == Some(VerbName::Review) {
        body.insert("reader".into(), reader.into());
    }
}

/// The verb of a request; `None` for one that this version does not know.
fn verb_of(header: &Map<String, Value>) -> Option<VerbName> {
    header.get("verb").and_then(Value::as_str).and_then(|word| word.parse().ok())
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
        let principal = Principal { name: "R. Meyer".into(), role, sha256: String::new() };
        let message = join(header.as_object().unwrap(), b"");
        rmp_serde::from_slice(&to_daemon(&message, &principal).unwrap()[0]).unwrap()
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
        let principal = Principal { name: "V.".into(), role: Role::Viewer, sha256: String::new() };
        let review = json!({"v": 1, "id": 1, "verb": "review", "body": {"job": "a"}});
        assert!(to_daemon(&join(review.as_object().unwrap(), b""), &principal).is_err());
    }

    #[test]
    fn a_large_header_is_refused_before_it_is_read_but_for_a_submitters_manifest() {
        let instance =
            |n: usize| json!({"sop_uid": format!("1.2.840.99.{n}"), "bytes": 131_072, "sha256": "ab".repeat(32)});
        let manifest: Vec<Value> = (0..1000).map(instance).collect();
        let submit = json!({"v": 1, "id": 7, "verb": "submit", "body": {"kind": "study", "instances": manifest}});
        let code = |header: &Value, role| {
            let principal = Principal { name: "a".into(), role, sha256: String::new() };
            let refused = to_daemon(&join(header.as_object().unwrap(), b""), &principal).err()?;
            let said: Value = serde_json::from_slice(split(&refused).unwrap().0).unwrap();
            Some(said["body"]["code"].as_str().unwrap().to_owned())
        };
        assert_eq!(code(&submit, Role::Submitter), None);
        assert_eq!(code(&submit, Role::Viewer).as_deref(), Some("too_large"));
        let hello = json!({"v": 1, "id": 1, "verb": "hello", "body": {"client": "x".repeat(100_000)}});
        let maps =
            json!({"v": 1, "id": 1, "verb": "submit", "body": {"kind": "study", "instances": vec![json!({}); 50_000]}});
        for crooked in [hello, maps] {
            assert_eq!(code(&crooked, Role::Submitter).as_deref(), Some("too_large"));
        }
    }
}
