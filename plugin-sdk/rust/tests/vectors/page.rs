//! PROTOCOL.md: its exchange is what is sent, and it names every word.

use std::path::PathBuf;

use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::problem::Code;
use cordline_sdk::result::SeriesChoice;
use cordline_sdk::review::Verdict;
use cordline_sdk::sha256::{Sha256, hex};
use cordline_sdk::wire::codec;
use cordline_sdk::wire::event::{
    Event, EventKind, EventName, FileInfo, Files, Grid, Lesions, SectionMask, StateChange, Warning,
};
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::{Answer, AnswerName, ArtifactPiece, EventsBegin, Reply, Role, Upload};
use cordline_sdk::wire::request::{
    Artifact, Chunk, Events, Hello, Input, OfJob, Request, Submit, Verb, VerbName, Voxels,
};
use cordline_sdk::wire::tensor::{Element, pack_bits};
use cordline_sdk::{FileKind, Finding};

use crate::samples::{MATRIX, job, replies, summary, tensor};

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
    for (i, (kind, raw)) in told_of_the_smallest(&result).into_iter().enumerate() {
        let event = Event { job: job(), number: i as u64 + 1, at_ms: 1_790_000_000_000 + i as u64 * 150, kind };
        text += &shown("daemon", &event, &raw);
    }
    let wanted = Verb::Artifact(Artifact { job: job(), path: "result.json".into(), offset: 0 });
    text += &shown("client", &Request { id: 6, verb: wanted }, &[]);
    let piece = Answer::Artifact(ArtifactPiece { offset: 0, bytes: result.len() as u64 });
    text += &shown("daemon", &Reply { id: 6, answer: piece }, &result);
    text +=
        &shown("client", &Request { id: 7, verb: Verb::Cancel(OfJob { job: JobId::new("0").expect("a name") }) }, &[]);
    let nobody = Fault::new(Code::NoSuchJob, "there is no job 0", "ask `list` for the jobs that are kept");
    text += &shown("daemon", &Reply { id: 7, answer: Answer::Fault(nobody) }, &[]);
    text
}

/// What happens to the volume of the exchange, in the daemon's own order.
fn told_of_the_smallest(result: &[u8]) -> Vec<(EventKind, Vec<u8>)> {
    let sha = |bytes: &[u8]| Sha256::of(bytes).to_string();
    let voxels: Vec<u8> = (0..12u8).flat_map(|v| f32::from(v).to_le_bytes()).collect();
    let section = |section, done| {
        let mask = tensor(&[2, 3], Element::Bit);
        EventKind::Section(SectionMask { section, done, total: 2, is_final: false, mask })
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
        EventKind::state(JobState::Queued),
        EventKind::state(JobState::Decoding),
        EventKind::state(JobState::Selecting),
        EventKind::Series(Box::new(series)),
        EventKind::Grid(grid),
        EventKind::state(JobState::Segmenting),
    ];
    let masks = [(section(1, 1), vec![0]), (section(2, 2), pack_bits([false, false, false, true, false, false]))];
    let rest = [
        // The one voxel was too small to be believed: its section is sent once more.
        EventKind::Section(SectionMask {
            section: 2,
            done: 2,
            total: 2,
            is_final: true,
            mask: tensor(&[2, 3], Element::Bit),
        }),
        EventKind::Lesions(Lesions { lesions: vec![] }),
        EventKind::state(JobState::Classifying),
        EventKind::state(JobState::Writing),
        EventKind::Warning(warning),
        EventKind::Files(Files { files: vec![file] }),
        EventKind::State(end),
    ];
    let bare = |what: EventKind| {
        let raw = if matches!(what, EventKind::Section(_)) { vec![0] } else { vec![] };
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
    rows(Code::REFUSALS.iter().map(Code::as_str).collect());
    rows(FileKind::ALL.map(FileKind::as_str).into());
    rows(VerbName::ALL.map(VerbName::as_str).into());
    rows(JobKind::ALL.map(JobKind::as_str).into());
    rows(EventName::ALL.map(EventName::as_str).into());
    rows(AnswerName::ALL.map(AnswerName::as_str).into());
    let within: [Vec<&str>; 5] = [
        JobState::ALL.map(JobState::as_str).into(),
        Priority::ALL.map(Priority::as_str).into(),
        Role::ALL.map(Role::as_str).into(),
        Verdict::ALL.map(Verdict::as_str).into(),
        Element::ALL.map(Element::as_str).into(),
    ];
    for word in within.concat() {
        let named = protocol.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word);
        assert!(named, "PROTOCOL.md does not name {word}");
    }
}

/// Files of other languages that name the version; `RELEASING.md` lists them.
#[test]
fn the_version_is_the_same_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    for (path, said) in [
        ("../python/pyproject.toml", format!("version = \"{version}\"")),
        ("../typescript/package.json", format!("\"version\": \"{version}\"")),
        ("../typescript/src/connect.ts", format!("\"typescript {version}\"")),
        ("../../adapters/ohif/package.json", format!("\"version\": \"{version}\"")),
        ("../../adapters/ohif/src/connection.ts", format!("\"ohif {version}\"")),
        ("../../adapters/slicer/Cordline/CordlineLib/connection.py", format!("Cordline {version}\"")),
        ("../../models/pyproject.toml", format!("version = \"{version}\"")),
        ("../../models/cordline_models/__init__.py", format!("__version__ = \"{version}\"")),
    ] {
        assert!(page(path).contains(&said), "{path} does not say: {said}");
        let listed = path.trim_start_matches("../");
        assert!(page("../../RELEASING.md").contains(listed), "RELEASING.md does not list {listed}");
    }
}

#[test]
fn the_time_that_an_answer_may_take_is_the_same_everywhere() {
    let seconds = cordline_sdk::client::Endpoint::default().timeout.as_secs();
    for (path, said) in [
        ("../PROTOCOL.md", format!("({seconds} s, as for every other answer)")),
        ("../PROTOCOL.md", format!("no answer to another request within {seconds} s")),
        ("../python/cordline_client/client.py", format!("timeout_s: float = {seconds}.0")),
        ("../python/cordline_client/polling_client.py", format!("timeout_s: float = {seconds}.0")),
        ("../typescript/src/client.ts", format!("TIMEOUT_MS = {seconds}_000;")),
        ("../../adapters/slicer/Cordline/CordlineLib/connection.py", format!("REPLY_TIMEOUT_S = {seconds}.0")),
    ] {
        assert!(page(path).contains(&said), "{path} does not say: {said}");
    }
}
