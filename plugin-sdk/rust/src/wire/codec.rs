//! Messages to frames and back.
//!
//! A message is one frame, a MessagePack map with text keys, or two: that map, and raw bytes. In memory the map passes
//! through JSON, which keeps the promise that it holds only what JSON can say.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::MAJOR;
use super::event::Event;
use super::fault::Fault;
use super::glance::{DEPTH, glance};
use super::limits::Limits;
use super::reply::Reply;
use super::request::{Request, Verb, VerbName};
use crate::problem::Code;

/// Largest integer that every JSON reader keeps exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// A message from the daemon.
#[derive(Debug, Clone, PartialEq)]
pub enum FromDaemon {
    /// An answer.
    Reply(Reply),
    /// Something that happened to a job.
    Event(Event),
}

/// A request that cannot be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Number of the request, 0 where it could not be read.
    pub id: u64,
    /// Why.
    pub fault: Fault,
}

/// A header as JSON: what PROTOCOL.md describes.
pub fn to_json(message: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(message).expect("messages are plain data with text keys");
    value["v"] = MAJOR.into();
    value
}

/// The frame of a header.
pub fn header(message: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec(&to_json(message)).expect("a vector takes whatever is written")
}

/// A client's message, checked against the limits: the request, and its raw bytes where the verb has them.
pub fn request<'a>(frames: &[&'a [u8]], limits: &Limits) -> Result<(Request, Option<&'a [u8]>), Refused> {
    let head = head(frames, limits).map_err(|fault| Refused { id: 0, fault })?;
    let framed = raw(frames, limits);
    // Before anything is made of it: what it costs is bounded by its bytes, and those by the verb.
    let (seen, looked) = glance(head);
    let looked = looked.and_then(|()| match seen.is_submit() {
        true => Ok(()),
        false => within("header of any verb but `submit`", head, limits.request_bytes),
    });
    let map = match looked.and_then(|()| read_map(head)) {
        Ok(map) => map,
        Err(fault) => {
            let named = seen.id.filter(|id| *id <= LARGEST && fault.problem.code == Code::TooLarge);
            return Err(Refused { id: named.unwrap_or(0), fault: framed.err().unwrap_or(fault) });
        }
    };
    let id = map.get("id").and_then(Value::as_u64).filter(|id| *id <= LARGEST);
    let refused = |fault| Refused { id: id.unwrap_or(0), fault };
    let raw = framed.map_err(refused)?;
    check_version(&map).map_err(refused)?;
    if id.is_none() {
        return Err(refused(malformed("`id` must be a whole number from 0 to 2^53 - 1")));
    }
    let Some(verb) = map.get("verb").and_then(Value::as_str) else {
        return Err(refused(malformed("`verb` is missing, or no text")));
    };
    if verb.parse::<VerbName>().is_err() {
        let verb: String = verb.chars().take(40).collect();
        return Err(refused(Fault::new(
            Code::UnknownVerb,
            format!("the verb `{verb}` is unknown"),
            format!("use one of {}", VerbName::ALL.map(VerbName::as_str).join(", ")),
        )));
    }
    let request: Request = typed(map).map_err(refused)?;
    match (&request.verb, raw) {
        (Verb::Chunk(_), Some(raw)) => Ok((request, Some(raw))),
        (Verb::Chunk(_), None) => Err(refused(frames_wrong("`chunk` came without its bytes"))),
        (_, Some(_)) => Err(refused(frames_wrong("only `chunk` has a raw frame"))),
        (_, None) => Ok((request, None)),
    }
}

/// A message from the daemon, and its raw bytes where it has them.
pub fn from_daemon<'a>(frames: &[&'a [u8]]) -> Result<(FromDaemon, Option<&'a [u8]>), Fault> {
    // The daemon keeps its own limits; a client must only not be led astray by a header that is none.
    let unlimited = Limits { header_bytes: u64::MAX, frame_bytes: u64::MAX, ..Limits::default() };
    let (head, raw) = (head(frames, &unlimited)?, raw(frames, &unlimited)?);
    let map = read_map(head)?;
    check_version(&map)?;
    let message = match map.contains_key("reply") {
        true => FromDaemon::Reply(typed(map)?),
        false => FromDaemon::Event(typed(map)?),
    };
    Ok((message, raw))
}

/// The major version that a message names, as it stands there; empty where it names none.
pub(crate) fn version(frames: &[&[u8]]) -> String {
    let map = frames.first().and_then(|head| read_map(head).ok());
    map.and_then(|map| map.get("v").map(Value::to_string)).unwrap_or_default()
}

fn head<'a>(frames: &[&'a [u8]], limits: &Limits) -> Result<&'a [u8], Fault> {
    let head = frames.first().copied().unwrap_or_default();
    within("header", head, limits.header_bytes)?;
    Ok(head)
}

fn raw<'a>(frames: &[&'a [u8]], limits: &Limits) -> Result<Option<&'a [u8]>, Fault> {
    let raw = match frames {
        [_] => None,
        [_, raw] => Some(*raw),
        _ => return Err(frames_wrong(&format!("a message has one frame or two, this one {}", frames.len()))),
    };
    raw.map_or(Ok(()), |raw| within("raw frame", raw, limits.frame_bytes))?;
    Ok(raw)
}

fn within(what: &str, frame: &[u8], most: u64) -> Result<(), Fault> {
    if frame.len() as u64 <= most {
        return Ok(());
    }
    Err(Fault::new(
        Code::TooLarge,
        format!("a {what} of {} bytes is beyond the limit of {most}", frame.len()),
        "keep to the limits of the answer to `hello`",
    ))
}

fn read_map(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    let mut rest = bytes;
    let mut reader = rmp_serde::Deserializer::new(&mut rest);
    reader.set_max_depth(DEPTH);
    let map = serde::Deserialize::deserialize(&mut reader)
        .map_err(|e| malformed(&format!("the header is not a MessagePack map with text keys: {e}")))?;
    if !rest.is_empty() {
        return Err(malformed("bytes follow the map of the header"));
    }
    Ok(map)
}

fn check_version(map: &Map<String, Value>) -> Result<(), Fault> {
    match map.get("v") {
        Some(v) if v.as_u64() == Some(MAJOR) => Ok(()),
        Some(v) => Err(Fault::new(
            Code::VersionUnsupported,
            format!("protocol version {v} is not spoken here; version {MAJOR} is"),
            "bring client and daemon to the same major version",
        )),
        None => Err(malformed("`v`, the version of the protocol, is missing")),
    }
}

fn typed<T: DeserializeOwned>(map: Map<String, Value>) -> Result<T, Fault> {
    serde_json::from_value(Value::Object(map)).map_err(|e| malformed(&e.to_string()))
}

fn malformed(what: &str) -> Fault {
    Fault::new(Code::Malformed, what, "see PROTOCOL.md for the fields and their types")
}

fn frames_wrong(what: &str) -> Fault {
    Fault::new(Code::FramesWrong, what, "see PROTOCOL.md for the frames of each message")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::job::JobId;
    use crate::wire::request::{Chunk, Nothing};

    fn refusal(header: &Value, raw: Option<&[u8]>) -> (u64, Code) {
        let head = rmp_serde::to_vec(header).unwrap();
        let mut frames: Vec<&[u8]> = vec![&head];
        frames.extend(raw);
        let refused = request(&frames, &Limits::default()).unwrap_err();
        assert!(!refused.fault.problem.message.is_empty() && !refused.fault.problem.action.is_empty());
        (refused.id, refused.fault.problem.code)
    }

    #[test]
    fn a_request_comes_back_as_it_was_sent() {
        let chunk = Chunk { job: JobId::new("ab12").unwrap(), item: 3, offset: 1 << 40 };
        let sent = Request { id: LARGEST, verb: Verb::Chunk(chunk) };
        let head = header(&sent);
        let (received, raw) = request(&[&head, b"bytes"], &Limits::default()).unwrap();
        assert_eq!((received, raw), (sent, Some(&b"bytes"[..])));
    }

    #[test]
    fn an_unknown_field_is_ignored_and_an_unknown_version_is_named() {
        let later = json!({"v": 1, "id": 4, "verb": "ping", "body": {"mood": "good"}, "trace": "x"});
        let head = rmp_serde::to_vec(&later).unwrap();
        let (received, _) = request(&[&head], &Limits::default()).unwrap();
        assert_eq!(received, Request { id: 4, verb: Verb::Ping(Nothing {}) });
        assert_eq!(refusal(&json!({"v": 2, "id": 4, "verb": "ping", "body": {}}), None), (4, Code::VersionUnsupported));
    }

    #[test]
    fn every_wrong_message_is_refused_by_name() {
        let job = json!({"job": "ab"});
        let cases = [
            (json!({"id": 1, "verb": "ping", "body": {}}), None, (1, Code::Malformed)),
            (json!({"v": 1, "verb": "ping", "body": {}}), None, (0, Code::Malformed)),
            (json!({"v": 1, "id": -3, "verb": "ping", "body": {}}), None, (0, Code::Malformed)),
            (json!({"v": 1, "id": 1u64 << 53, "verb": "ping", "body": {}}), None, (0, Code::Malformed)),
            (json!({"v": 1, "id": 1, "verb": "dance", "body": {}}), None, (1, Code::UnknownVerb)),
            (json!({"v": 1, "id": 1, "body": {}}), None, (1, Code::Malformed)),
            (json!({"v": 1, "id": 1, "verb": "commit", "body": {}}), None, (1, Code::Malformed)),
            (json!({"v": 1, "id": 1, "verb": "commit", "body": {"job": "../x"}}), None, (1, Code::Malformed)),
            (json!({"v": 1, "id": 1, "verb": "commit", "body": job}), Some(&b"x"[..]), (1, Code::FramesWrong)),
            (
                json!({"v": 1, "id": 1, "verb": "chunk", "body": {"job": "ab", "item": 0, "offset": 0}}),
                None,
                (1, Code::FramesWrong),
            ),
        ];
        for (message, raw, expected) in cases {
            assert_eq!(refusal(&message, raw), expected, "{message}");
        }
    }

    #[test]
    fn frames_are_counted_and_measured() {
        let limits = Limits { header_bytes: 64, frame_bytes: 8, ..Limits::default() };
        let code = |frames: &[&[u8]]| request(frames, &limits).unwrap_err().fault.problem.code;
        assert_eq!(code(&[]), Code::FramesWrong);
        assert_eq!(code(&[b"a", b"b", b"c"]), Code::FramesWrong);
        assert_eq!(code(&[&[0; 65]]), Code::TooLarge);
        assert_eq!(code(&[b"a", &[0; 9]]), Code::TooLarge);
        // Whoever can be named is: their request waits for this answer.
        let head = header(&Request { id: 7, verb: Verb::Ping(Nothing {}) });
        for frames in [&[&head[..], &[0; 9]][..], &[&head, b"a", b"b"]] {
            assert_eq!(request(frames, &limits).unwrap_err().id, 7);
        }
    }

    #[test]
    fn cut_and_crooked_headers_are_errors_and_nothing_else() {
        let head = header(&Request { id: 7, verb: Verb::Ping(Nothing {}) });
        for end in 0..head.len() {
            assert_eq!(request(&[&head[..end]], &Limits::default()).unwrap_err().fault.problem.code, Code::Malformed);
        }
        let mut longer = head.clone();
        longer.push(0xc0);
        // A map of 4 billion entries, an array in an array 10,000 times, bytes where text belongs.
        let nested = vec![0x91; 10_000];
        for bad in [&longer[..], &[0xdf, 0xff, 0xff, 0xff, 0xff], &nested, &[0x81, 0xc4, 0x01, 0x76, 0x01], b"\xc1"] {
            assert_eq!(request(&[bad], &Limits::default()).unwrap_err().fault.problem.code, Code::Malformed);
        }
        // Every single changed byte is either another valid message or an error, never a panic.
        for i in 0..head.len() {
            for value in 0..=255 {
                let mut changed = head.clone();
                changed[i] = value;
                let _ = request(&[&changed], &Limits::default());
            }
        }
    }
}
