//! `plugin-sdk/vectors/messages.json` holds every message as JSON and as bytes; the clients of all languages are tested on it.
//!
//! After a change of the protocol: `UPDATE_VECTORS=1 cargo test -p cordline-sdk --test vectors`, and look at the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::result::{BundleIdentity, Classification, Lesion, Problem, SectionProbability, SeriesChoice};
use cordline_sdk::review::{Review, Verdict};
use cordline_sdk::wire::codec::{self, FromDaemon};
use cordline_sdk::wire::event::{
    Event, FileInfo, Files, Grid, Happening, HeatMapSection, Lesions, SectionMask, StateChange, Warning,
};
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{
    Answer, ArtifactPiece, Daemon, DeviceReport, EventsBegin, Jobs, Reply, Role, Upload, Welcome,
};
use cordline_sdk::wire::request::{
    Artifact, Choose, Chunk, Events, Hello, Input, Instance, Judgement, List, Nothing, OfJob, Predecessor, Request,
    Status, Submit, Verb, Voxels,
};
use cordline_sdk::wire::tensor::{Element, Tensor, pack_bits};
use cordline_sdk::{FileKind, Finding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MATRIX: [f64; 16] = [0.0, 0.0, 3.3, -24.75, 0.625, 0.0, 0.0, -80.0, 0.0, -0.625, 0.0, 120.5, 0.0, 0.0, 0.0, 1.0];

fn job() -> JobId {
    JobId::new("7f3c9a1be2d0445680ac51f7d6b3e902").expect("letters and digits")
}

fn tensor(shape: &[u64], element: Element) -> Tensor {
    Tensor { shape: shape.to_vec(), element }
}

fn requests() -> Vec<(&'static str, Verb, Vec<u8>)> {
    let submit = |input| Verb::Submit(Submit::new(input));
    let instance = |n: u32| Instance { sop_uid: format!("1.2.826.0.1.{n}"), bytes: 3, sha256: SHA.into() };
    let t2w = Voxels { tensor: tensor(&[2, 2, 3], Element::I16), matrix: MATRIX, sha256: SHA.into() };
    vec![
        ("hello", Verb::Hello(Hello { client: "example 1.0".into() }), vec![]),
        ("ping", Verb::Ping(Nothing {}), vec![]),
        ("submit study", submit(Input::Study { instances: vec![instance(1), instance(2)], again: 0 }), vec![]),
        (
            "submit folder",
            Verb::Submit(Submit {
                priority: Priority::Urgent,
                series: Some("1.2.826.0.1.77".into()),
                ..Submit::new(Input::Folder { path: "/data/inbox/4711".into(), again: 2 })
            }),
            vec![],
        ),
        ("submit volume", submit(Input::Volume { t2w: t2w.clone(), t1c: Some(t2w) }), vec![]),
        (
            "submit mask",
            submit(Input::Mask {
                job: job(),
                mask: tensor(&[2, 2, 3], Element::Bit),
                sha256: SHA.into(),
                reader: Some("R. Meyer".into()),
            }),
            vec![],
        ),
        (
            "submit after an earlier analysis",
            Verb::Submit(Submit {
                predecessors: vec![Predecessor {
                    series_uid: "1.2.826.0.1.8".into(),
                    sop_class_uid: "1.2.840.10008.5.1.4.1.1.88.34".into(),
                    sop_uid: "1.2.826.0.1.9".into(),
                }],
                ..Submit::new(Input::Study { instances: vec![instance(1)], again: 0 })
            }),
            vec![],
        ),
        ("chunk", Verb::Chunk(Chunk { job: job(), item: 1, offset: 0 }), b"abc".to_vec()),
        ("commit", Verb::Commit(OfJob { job: job() }), vec![]),
        ("events", Verb::Events(Events { job: job(), since: 3, follow: true }), vec![]),
        (
            "artifact",
            Verb::Artifact(Artifact { job: job(), path: "segmentation.dcm".into(), offset: 1_048_576 }),
            vec![],
        ),
        (
            "list",
            Verb::List(List {
                states: vec![JobState::Queued, JobState::Failed],
                limit: Some(20),
                before_ms: Some(1_790_000_000_000),
                study_uid: None,
            }),
            vec![],
        ),
        ("status", Verb::Status(Status { job: Some(job()) }), vec![]),
        ("status of the daemon", Verb::Status(Status { job: None }), vec![]),
        ("cancel", Verb::Cancel(OfJob { job: job() }), vec![]),
        ("choose", Verb::Choose(Choose { job: job(), series: "1.2.826.0.1.77".into() }), vec![]),
        (
            "review",
            Verb::Review(Judgement {
                job: job(),
                verdict: Verdict::Rejected,
                reason: "too large".into(),
                reader: "R. Meyer".into(),
            }),
            vec![],
        ),
        ("device", Verb::Device(Nothing {}), vec![]),
        ("list of a study", Verb::List(List { study_uid: Some("1.2.826.0.1.7".into()), ..List::default() }), vec![]),
    ]
}

fn summary(state: JobState) -> JobSummary {
    JobSummary {
        job: job(),
        kind: JobKind::Study,
        state,
        priority: Priority::Routine,
        submitted_ms: 1_789_999_999_000,
        last_event: 12,
        position: (state == JobState::Queued).then_some(2),
        seconds_left: (state == JobState::Queued).then_some(9.5),
        finding: (state == JobState::Completed).then(Finding::no_lesion),
        problem: None,
        study_uid: (state == JobState::Completed).then(|| "1.2.826.0.1.7".into()),
        reader: None,
        corrects: None,
        reviews: vec![],
    }
}

/// A corrected mask that another reader rejected.
fn reviewed() -> JobSummary {
    let said = |verdict, reason: &str, at_ms, number| Review {
        job: job(),
        reader: "R. Meyer".into(),
        at_ms,
        verdict,
        reason: reason.into(),
        file: Some(FileInfo {
            path: format!("review-{number}.dcm"),
            kind: "review".into(),
            media_type: "application/dicom".into(),
            bytes: 3,
            sha256: SHA.into(),
        }),
    };
    JobSummary {
        kind: JobKind::Mask,
        reader: Some("A. Novak".into()),
        corrects: JobId::new("0c9e6679e3a94f0e8e4b6a2b1c7d5e3f"),
        reviews: vec![
            said(Verdict::Accepted, "", 1_790_000_100_000, 1),
            said(Verdict::Rejected, "too large", 1_790_000_200_000, 2),
        ],
        ..summary(JobState::Completed)
    }
}

fn bundle() -> BundleIdentity {
    BundleIdentity {
        id: "spinal-lesion-phantom".into(),
        version: "0.1.0".into(),
        sha256: SHA.into(),
        cohort: "phantom".into(),
        warning: Some("Trained on drawn phantoms; it knows nothing of patients.".into()),
    }
}

fn replies() -> Vec<(&'static str, Answer, Vec<u8>)> {
    let welcome = Welcome {
        daemon: "cordline 0.1.0".into(),
        notice: cordline_sdk::RESEARCH_USE.into(),
        protocol: [cordline_sdk::wire::MAJOR, cordline_sdk::wire::MINOR],
        role: Role::Submitter,
        limits: Limits::default(),
        bundle: Some(bundle()),
        ready: true,
    };
    let upload = Upload { job: job(), state: JobState::Receiving, received: vec![3, 0], offset: None, credit: 16 };
    let daemon = Daemon {
        uptime_s: 3600.5,
        ready: true,
        jobs: BTreeMap::from([("queued".to_owned(), 2), ("completed".to_owned(), 41)]),
        seconds_left: Some(19.0),
        disk_free_bytes: 48_000_000_000,
        warnings: vec![],
    };
    let device = DeviceReport {
        processor: "2 x AMD EPYC".into(),
        gpu: None,
        provider: "CPU".into(),
        precision: "fp32".into(),
        fallbacks: vec!["CUDA: this box has no NVIDIA GPU".into()],
    };
    let piece = ArtifactPiece { offset: 0, bytes: 3 };
    let fault = Fault::new(
        FaultCode::NoSuchJob,
        "there is no job 7f3c9a1be2d0445680ac51f7d6b3e902",
        "ask `list` for the jobs that are kept",
    );
    let forgotten = Fault::new(FaultCode::HelloRequired, "`hello` comes first", "send `hello`");
    vec![
        ("welcome", Answer::Welcome(Box::new(welcome)), vec![]),
        ("pong", Answer::Pong(Nothing {}), vec![]),
        ("upload begins", Answer::Upload(upload.clone()), vec![]),
        ("upload goes on", Answer::Upload(Upload { received: vec![], offset: Some(3), ..upload }), vec![]),
        ("job", Answer::Job(Box::new(summary(JobState::Queued))), vec![]),
        ("job with reviews", Answer::Job(Box::new(reviewed())), vec![]),
        ("events begin", Answer::Events(EventsBegin { job: job(), last: 12, state: JobState::Segmenting }), vec![]),
        ("artifact piece", Answer::Artifact(piece), b"abc".to_vec()),
        ("jobs", Answer::Jobs(Jobs { jobs: vec![summary(JobState::Completed)], more: false }), vec![]),
        ("daemon", Answer::Daemon(Box::new(daemon)), vec![]),
        ("device report", Answer::Device(Box::new(device)), vec![]),
        ("fault", Answer::Fault(fault), vec![]),
        ("fault of a client that is not known", Answer::Fault(forgotten), vec![]),
    ]
}

fn events() -> Vec<(&'static str, Happening, Vec<u8>)> {
    let state = |state, finding, problem| Happening::State(StateChange { state, finding, problem });
    let problem = Problem {
        code: "axial_only".into(),
        message: "the study holds axial sections only".into(),
        action: "send a study with a sagittal T2-weighted series".into(),
    };
    let series = SeriesChoice {
        uid: Some("1.2.826.0.1.77".into()),
        description: Some("T2 TSE SAG".into()),
        reasons: vec!["echo time 102 ms: T2-weighted".into()],
        shape: Some([2, 2, 3]),
        ..SeriesChoice::default()
    };
    let grid = Grid { shape: [2, 2, 3], matrix: MATRIX, pixel_sha256: SHA.into(), provider: "CPU".into() };
    let lesion = Lesion {
        number: 1,
        volume_ml: 1.25,
        extent_mm: 14.5,
        sections: vec![1, 2],
        centre_lps_mm: [1.5, -20.25, 88.0],
    };
    let classification = Classification {
        id: "tumour-demyelinating".into(),
        question: "Tumour or demyelinating lesion?".into(),
        classes: ["tumour".into(), "demyelinating".into()],
        probabilities: BTreeMap::from([("tumour".to_owned(), 0.875), ("demyelinating".to_owned(), 0.125)]),
        labels: BTreeMap::from([
            ("tumour".to_owned(), "Tumour".to_owned()),
            ("demyelinating".to_owned(), "Demyelinating lesion".to_owned()),
        ]),
        threshold: 0.5,
        undecided: [0.4, 0.6],
        decision: "tumour".into(),
        sections: vec![SectionProbability { section: 1, probability: 0.125 }],
    };
    let file = FileInfo {
        path: "segmentation.dcm".into(),
        kind: "segmentation".into(),
        media_type: "application/dicom".into(),
        bytes: 3,
        sha256: SHA.into(),
    };
    let mask = pack_bits([true, false, false, false, true, true]);
    vec![
        ("state", state(JobState::Decoding, None, None), vec![]),
        ("state completed", state(JobState::Completed, Some(Finding::no_lesion()), None), vec![]),
        ("state out of scope", state(JobState::OutOfScope, None, Some(problem)), vec![]),
        ("series", Happening::Series(Box::new(series)), vec![]),
        ("grid", Happening::Grid(grid), vec![]),
        (
            "section",
            Happening::Section(SectionMask {
                section: 2,
                done: 1,
                total: 2,
                is_final: false,
                mask: tensor(&[2, 3], Element::Bit),
            }),
            mask,
        ),
        ("lesions", Happening::Lesions(Lesions { lesions: vec![lesion] }), vec![]),
        ("classification", Happening::Classification(Box::new(classification)), vec![]),
        (
            "heat map",
            Happening::HeatMap(HeatMapSection {
                classifier: "tumour-demyelinating".into(),
                class: "tumour".into(),
                section: 2,
                map: tensor(&[2, 2], Element::U8),
            }),
            vec![0, 128, 255, 3],
        ),
        (
            "warning",
            Happening::Warning(Warning { message: "CUDA could not be used, the networks ran on CPU".into() }),
            vec![],
        ),
        ("files", Happening::Files(Files { files: vec![file] }), vec![]),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hexadecimal digits")).collect()
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
    for (i, (name, what, raw)) in events().into_iter().enumerate() {
        let event = Event { job: job(), number: i as u64 + 1, at_ms: 1_790_000_000_000, what };
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

#[test]
fn every_verb_answer_and_happening_has_a_vector() {
    let words = |key: &str| -> BTreeSet<String> {
        vectors().iter().filter_map(|v| v["message"][key].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(words("verb"), Verb::ALL.map(str::to_owned).into());
    // Compiled only while every variant is named here.
    let answer = |a: &Answer| match a {
        Answer::Welcome(_) | Answer::Pong(_) | Answer::Upload(_) | Answer::Job(_) | Answer::Events(_) => (),
        Answer::Artifact(_) | Answer::Jobs(_) | Answer::Daemon(_) | Answer::Device(_) | Answer::Fault(_) => (),
    };
    replies().iter().for_each(|(_, a, _)| answer(a));
    assert_eq!(words("reply").len(), 10);
    assert_eq!(words("event").len(), 9);
}

/// The exchange of the page: a client submits the smallest volume there is and follows its job.
fn exchange() -> String {
    let voxels: Vec<u8> = (0..12i16).flat_map(i16::to_le_bytes).collect();
    let t2w = Voxels {
        tensor: tensor(&[2, 2, 3], Element::I16),
        matrix: MATRIX,
        sha256: "a46b67c8fb1c4c35fdfc8387c647f8c442a84e1520334a92a127f740b4c1dd5c".into(),
    };
    let submit = Submit { priority: Priority::Urgent, ..Submit::new(Input::Volume { t2w, t1c: None }) };
    let upload = |offset| Upload {
        job: job(),
        state: JobState::Receiving,
        received: if offset == 0 { vec![0] } else { vec![] },
        offset: (offset > 0).then_some(offset),
        credit: 16,
    };
    let requests = [
        (Verb::Hello(Hello { client: "example 1.0".into() }), vec![]),
        (Verb::Submit(submit), vec![]),
        (Verb::Chunk(Chunk { job: job(), item: 0, offset: 0 }), voxels),
        (Verb::Commit(OfJob { job: job() }), vec![]),
        (Verb::Events(Events { job: job(), since: 0, follow: true }), vec![]),
    ];
    let welcome = replies().swap_remove(0).1;
    let answers = [
        welcome,
        Answer::Upload(upload(0)),
        Answer::Upload(upload(24)),
        Answer::Job(Box::new(JobSummary {
            priority: Priority::Urgent,
            last_event: 1,
            position: Some(0),
            seconds_left: None,
            kind: JobKind::Volume,
            ..summary(JobState::Queued)
        })),
        Answer::Events(EventsBegin { job: job(), last: 1, state: JobState::Queued }),
    ];
    let mut text = String::new();
    for (i, ((verb, raw), answer)) in requests.into_iter().zip(answers).enumerate() {
        let id = i as u64 + 1;
        text += &shown("client", &Request { id, verb }, &raw);
        text += &shown("daemon", &Reply { id, answer }, &[]);
    }
    let result = b"{}".to_vec();
    for (i, (what, raw)) in told_of_the_smallest(&result).into_iter().enumerate() {
        let event = Event { job: job(), number: i as u64 + 1, at_ms: 1_790_000_000_000 + i as u64 * 150, what };
        text += &shown("daemon", &event, &raw);
    }
    let wanted = Verb::Artifact(Artifact { job: job(), path: "result.json".into(), offset: 0 });
    text += &shown("client", &Request { id: 6, verb: wanted }, &[]);
    let piece = Answer::Artifact(ArtifactPiece { offset: 0, bytes: result.len() as u64 });
    text += &shown("daemon", &Reply { id: 6, answer: piece }, &result);
    text +=
        &shown("client", &Request { id: 7, verb: Verb::Cancel(OfJob { job: JobId::new("0").expect("a name") }) }, &[]);
    let nobody = Fault::new(FaultCode::NoSuchJob, "there is no job 0", "ask `list` for the jobs that are kept");
    text += &shown("daemon", &Reply { id: 7, answer: Answer::Fault(nobody) }, &[]);
    text
}

/// What happens to the volume of the exchange, in the daemon's own order.
fn told_of_the_smallest(result: &[u8]) -> Vec<(Happening, Vec<u8>)> {
    let sha = |bytes: &[u8]| hex(&Sha256::digest(bytes));
    let voxels: Vec<u8> = (0..12u8).flat_map(|v| f32::from(v).to_le_bytes()).collect();
    let section = |section, done| {
        let mask = tensor(&[2, 3], Element::Bit);
        Happening::Section(SectionMask { section, done, total: 2, is_final: false, mask })
    };
    let series = SeriesChoice {
        reasons: vec!["chosen in a viewer".into()],
        shape: Some([2, 2, 3]),
        spacing_mm: Some([3.3, 0.625, 0.625]),
        ..SeriesChoice::default()
    };
    let grid = Grid { shape: [2, 2, 3], matrix: MATRIX, pixel_sha256: sha(&voxels), provider: "CPU".into() };
    let file = FileInfo {
        path: "result.json".into(),
        kind: "result".into(),
        media_type: "application/json".into(),
        bytes: result.len() as u64,
        sha256: sha(result),
    };
    let warning = Warning { message: "Trained on drawn phantoms; it knows nothing of patients.".into() };
    let end = StateChange { state: JobState::Completed, finding: Some(Finding::no_lesion()), problem: None };
    let plain = [
        Happening::state(JobState::Queued),
        Happening::state(JobState::Decoding),
        Happening::state(JobState::Selecting),
        Happening::Series(Box::new(series)),
        Happening::Grid(grid),
        Happening::state(JobState::Segmenting),
    ];
    let masks = [(section(1, 1), vec![0]), (section(2, 2), pack_bits([false, false, false, true, false, false]))];
    let rest = [
        // The one voxel was too small to be believed: its section is sent once more.
        Happening::Section(SectionMask {
            section: 2,
            done: 2,
            total: 2,
            is_final: true,
            mask: tensor(&[2, 3], Element::Bit),
        }),
        Happening::Lesions(Lesions { lesions: vec![] }),
        Happening::state(JobState::Classifying),
        Happening::state(JobState::Writing),
        Happening::Warning(warning),
        Happening::Files(Files { files: vec![file] }),
        Happening::State(end),
    ];
    let bare = |what: Happening| {
        let raw = if matches!(what, Happening::Section(_)) { vec![0] } else { vec![] };
        (what, raw)
    };
    plain.into_iter().map(bare).chain(masks).chain(rest.into_iter().map(bare)).collect()
}

/// A message as the page shows it: text, then the bytes of its frames.
fn shown(from: &str, message: &impl serde::Serialize, raw: &[u8]) -> String {
    let mut text = format!("{from}: {}\n", codec::to_json(message));
    for frame in [codec::header(message), raw.to_vec()].iter().filter(|f| !f.is_empty()) {
        for (i, line) in hex(frame).as_bytes().chunks(112).enumerate() {
            let begin = if i == 0 { "  frame " } else { "        " };
            text += &format!("{begin}{}\n", String::from_utf8_lossy(line));
        }
    }
    text + "\n"
}

#[test]
fn the_exchange_of_the_page_is_what_is_sent() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../PROTOCOL.md");
    let kept = std::fs::read_to_string(&page).expect("the page is there");
    let (before, rest) = kept.split_once("<!-- exchange -->\n").expect("the page marks its exchange");
    let (_, after) = rest.split_once("<!-- end -->").expect("the page marks the end of its exchange");
    let now =
        format!("{before}<!-- exchange -->\n```\n{}```\n<!-- end -->{after}", exchange().trim_end().to_owned() + "\n");
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&page, &now).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(&page).expect("the page is there");
    assert!(kept == now, "the protocol has changed: UPDATE_VECTORS=1 cargo test -p cordline-sdk --test vectors");
}

fn page(path: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).expect("the page is there")
}

#[test]
fn the_page_names_every_word_that_is_sent() {
    let protocol = page("../PROTOCOL.md");
    let rows = |words: Vec<&str>| {
        for word in words {
            assert!(protocol.contains(&format!("| `{word}` ")), "PROTOCOL.md has no row for {word}");
        }
    };
    rows(FaultCode::ALL.into_iter().filter(|code| *code != FaultCode::Unknown).map(FaultCode::key).collect());
    rows(FileKind::ALL.map(FileKind::key).into());
    rows(Verb::ALL.into());
    rows(JobKind::ALL.map(JobKind::key).into());
    for word in JobState::ALL.map(JobState::key).into_iter().chain(Priority::ALL.map(Priority::key)) {
        assert!(protocol.contains(word), "PROTOCOL.md does not name {word}");
    }
}

#[test]
fn the_time_that_an_answer_may_take_is_the_same_everywhere() {
    let seconds = cordline_sdk::client::Endpoint::default().patience.as_secs();
    for (path, said) in [
        ("../PROTOCOL.md", format!("({seconds} s, as for every other answer)")),
        ("../PROTOCOL.md", format!("no answer to another request within {seconds} s")),
        ("../python/cordline_client/client.py", format!("patience_s: float = {seconds}.0")),
        ("../typescript/src/client.ts", format!("PATIENCE_MS = {seconds}_000;")),
        ("../../adapters/slicer/Cordline/CordlineLib/connection.py", format!("ANSWER_S = {seconds}.0")),
    ] {
        assert!(page(path).contains(&said), "{path} does not say: {said}");
    }
}
