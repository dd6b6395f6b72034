//! One message of every kind, with what a client of another language may get wrong in it.

use std::collections::BTreeMap;

use cordline_sdk::Finding;
use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::result::{BundleIdentity, Classification, Lesion, SectionProbability, SeriesChoice};
use cordline_sdk::review::{Review, Verdict};
use cordline_sdk::wire::event::{
    EventKind, FileInfo, Files, Grid, HeatMapSection, Lesions, SectionMask, StateChange, Warning,
};
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{
    Answer, ArtifactPiece, Daemon, DeviceReport, EventsBegin, Jobs, Role, Upload, Welcome, WorkerReport,
};
use cordline_sdk::wire::request::{
    Artifact, Choose, Chunk, Events, Hello, Input, Instance, Judgement, List, Nothing, OfJob, Predecessor, Status,
    Submit, Verb, Voxels,
};
use cordline_sdk::wire::tensor::{Element, Tensor, pack_bits};

pub(crate) const SHA: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
pub(crate) const MATRIX: [f64; 16] =
    [0.0, 0.0, 3.3, -24.75, 0.625, 0.0, 0.0, -80.0, 0.0, -0.625, 0.0, 120.5, 0.0, 0.0, 0.0, 1.0];

pub(crate) fn job() -> JobId {
    JobId::new("7f3c9a1be2d0445680ac51f7d6b3e902").expect("letters and digits")
}

pub(crate) fn tensor(shape: &[u64], element: Element) -> Tensor {
    Tensor { shape: shape.to_vec(), element }
}

pub(crate) fn requests() -> Vec<(&'static str, Verb, Vec<u8>)> {
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
        ("forget", Verb::Forget(OfJob { job: job() }), vec![]),
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

pub(crate) fn summary(state: JobState) -> JobSummary {
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

pub(crate) fn replies() -> Vec<(&'static str, Answer, Vec<u8>)> {
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
        workers: vec![WorkerReport { gpu: None, provider: "CPU".into(), precision: "fp32".into() }],
    };
    let piece = ArtifactPiece { offset: 0, bytes: 3 };
    let fault = Fault::new(
        Code::NoSuchJob,
        "there is no job 7f3c9a1be2d0445680ac51f7d6b3e902",
        "ask `list` for the jobs that are kept",
    );
    let forgotten = Fault::new(Code::HelloRequired, "`hello` comes first", "send `hello`");
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
        ("fault of a busy daemon", Answer::Fault(Fault::busy("too many answers wait to be read", 100)), vec![]),
    ]
}

pub(crate) fn events() -> Vec<(&'static str, EventKind, Vec<u8>)> {
    let state = |state, finding, problem| EventKind::State(StateChange { state, finding, problem });
    let problem = Problem {
        code: "axial_only".parse().expect("every word is a code"),
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
        ("series", EventKind::Series(Box::new(series)), vec![]),
        ("grid", EventKind::Grid(grid), vec![]),
        (
            "section",
            EventKind::Section(SectionMask {
                section: 2,
                done: 1,
                total: 2,
                is_final: false,
                mask: tensor(&[2, 3], Element::Bit),
            }),
            mask,
        ),
        ("lesions", EventKind::Lesions(Lesions { lesions: vec![lesion] }), vec![]),
        ("classification", EventKind::Classification(Box::new(classification)), vec![]),
        (
            "heat map",
            EventKind::HeatMap(HeatMapSection {
                classifier: "tumour-demyelinating".into(),
                class: "tumour".into(),
                section: 2,
                map: tensor(&[2, 2], Element::U8),
            }),
            vec![0, 128, 255, 3],
        ),
        (
            "warning",
            EventKind::Warning(Warning { message: "CUDA could not be used, the networks ran on CPU".into() }),
            vec![],
        ),
        ("files", EventKind::Files(Files { files: vec![file] }), vec![]),
    ]
}
