//! The file of vectors: written from the samples, read by every client.

use std::collections::BTreeSet;
use std::path::PathBuf;

use cordline_sdk::sha256::hex;
use cordline_sdk::wire::codec::{self, FromDaemon};
use cordline_sdk::wire::event::{Event, EventName};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{AnswerName, Reply};
use cordline_sdk::wire::request::{Request, VerbName};
use serde_json::{Value, json};

use crate::samples::{events, job, replies, requests};

fn unhex(digits: &str) -> Vec<u8> {
    base16ct::lower::decode_vec(digits).expect("hexadecimal digits")
}

fn vector(name: &str, from: &str, header: Vec<u8>, raw: &[u8]) -> Value {
    let message: Value = rmp_serde::from_slice(&header).expect("a header is MessagePack");
    json!({"name": name, "from": from, "message": message, "header_hex": hex(&header), "raw_hex": hex(raw)})
}

fn vectors() -> Vec<Value> {
    let mut all = Vec::new();
    for (i, (name, verb, raw)) in requests().into_iter().enumerate() {
        all.push(vector(name, "client", codec::header(&Request { id: i as u64 + 1, verb }), &raw));
    }
    for (i, (name, answer, raw)) in replies().into_iter().enumerate() {
        all.push(vector(name, "daemon", codec::header(&Reply { id: i as u64 + 1, answer }), &raw));
    }
    for (i, (name, kind, raw)) in events().into_iter().enumerate() {
        let event = Event { job: job(), number: i as u64 + 1, at_ms: 1_790_000_000_000, kind };
        all.push(vector(name, "daemon", codec::header(&event), &raw));
    }
    all
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/messages.json")
}

#[test]
fn the_file_holds_the_messages_as_they_are_sent() {
    let now = serde_json::to_string_pretty(&vectors()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(file(), &now).expect("the vectors can be written");
    }
    let kept = std::fs::read_to_string(file()).expect("the vectors are there");
    assert!(kept == now, "the protocol has changed: UPDATE_VECTORS=1 cargo test -p cordline-sdk --test vectors");
}

#[test]
fn every_message_of_the_file_is_read_and_written_again_the_same() {
    let kept: Vec<Value> =
        serde_json::from_slice(&std::fs::read(file()).expect("the vectors are there")).expect("JSON");
    for vector in &kept {
        let text = |key: &str| vector[key].as_str().unwrap_or_default();
        let (header, raw) = (unhex(text("header_hex")), unhex(text("raw_hex")));
        let mut frames: Vec<&[u8]> = vec![&header];
        if !raw.is_empty() {
            frames.push(&raw);
        }
        let again = if text("from") == "client" {
            let (request, found) =
                codec::request(&frames, &Limits::default()).unwrap_or_else(|e| panic!("{}: {e:?}", text("name")));
            assert_eq!(found.unwrap_or_default(), raw);
            codec::header(&request)
        } else {
            match codec::from_daemon(&frames).unwrap_or_else(|e| panic!("{}: {e:?}", text("name"))).0 {
                FromDaemon::Reply(reply) => codec::header(&reply),
                FromDaemon::Event(event) => codec::header(&event),
            }
        };
        assert_eq!(again, header, "{}", text("name"));
    }
}

fn word_of(message: &impl serde::Serialize, key: &str) -> String {
    codec::to_json(message)[key].as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_verb_answer_and_event_has_a_vector() {
    let words = |key: &str| -> BTreeSet<String> {
        vectors().iter().filter_map(|v| v["message"][key].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(words("verb"), VerbName::ALL.map(|verb| verb.as_str().to_owned()).into());
    assert_eq!(words("reply"), AnswerName::ALL.map(|answer| answer.as_str().to_owned()).into());
    assert_eq!(words("event"), EventName::ALL.map(|event| event.as_str().to_owned()).into());
    for (word, verb, _) in requests() {
        let name = verb.name();
        assert_eq!(word_of(&Request { id: 1, verb }, "verb"), name.as_str(), "{word}");
    }
    for (word, answer, _) in replies() {
        let name = answer.name();
        assert_eq!(word_of(&Reply { id: 1, answer }, "reply"), name.as_str(), "{word}");
    }
    for (word, kind, _) in events() {
        let name = kind.name();
        assert_eq!(word_of(&Event { job: job(), number: 1, at_ms: 1, kind }, "event"), name.as_str(), "{word}");
    }
}
