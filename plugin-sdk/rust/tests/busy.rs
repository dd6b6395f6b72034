//! A daemon that has too much to do is asked again, and one that sends a follower away is heard.

// A test that cannot go on should say where.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::thread::{self, JoinHandle};

use cordline_sdk::client::{Client, ClientError, Endpoint, VolumeUpload};
use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, Daemon, EventsBegin, Reply, Role, Upload, Welcome};
use cordline_sdk::wire::request::{Chunk, Input, OfJob, Submit, Verb, Voxels};
use cordline_sdk::wire::tensor::{Element, Tensor, pack_bits};

/// A daemon that answers one request after the other with these, and tells what it was asked; an answer may stand under another number.
fn daemon(answers: Vec<(Option<u64>, Answer)>) -> (Endpoint, JoinHandle<Vec<Verb>>) {
    let socket = zmq::Context::new().socket(zmq::ROUTER).unwrap();
    socket.bind("tcp://127.0.0.1:*").unwrap();
    socket.set_rcvtimeo(5000).unwrap();
    let address = socket.get_last_endpoint().unwrap().unwrap();
    let welcome = Welcome {
        daemon: "test".into(),
        notice: cordline_sdk::RESEARCH_USE.into(),
        protocol: [1, 2],
        role: Role::Viewer,
        limits: Limits::default(),
        bundle: None,
        ready: true,
    };
    let work = move || {
        let mut asked = Vec::new();
        for (under, answer) in [(None, Answer::Welcome(Box::new(welcome)))].into_iter().chain(answers) {
            // One under another number follows by itself.
            let (name, id) = match under {
                Some(id) => (LAST.with_borrow(Clone::clone), id),
                None => {
                    let frames = socket.recv_multipart(0).unwrap();
                    LAST.set(frames[0].clone());
                    let views: Vec<&[u8]> = frames[1..].iter().map(Vec::as_slice).collect();
                    let (request, _) = codec::request(&views, &Limits::default()).unwrap();
                    asked.push(request.verb);
                    (frames[0].clone(), request.id)
                }
            };
            socket.send_multipart([name, codec::header(&Reply { id, answer })], 0).unwrap();
        }
        asked
    };
    (Endpoint { address, ..Endpoint::default() }, thread::spawn(work))
}

thread_local! {
    /// Who asked last.
    static LAST: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
}

#[test]
fn the_same_is_asked_again_after_the_pause() {
    let told = Daemon {
        uptime_s: 1.0,
        ready: true,
        jobs: Default::default(),
        seconds_left: None,
        disk_free_bytes: 1,
        warnings: vec![],
    };
    let busy = || (None, Answer::Fault(Fault::busy("too much", 20)));
    let (endpoint, thread) = daemon(vec![busy(), busy(), (None, Answer::Daemon(Box::new(told.clone())))]);
    assert_eq!(Client::connect(&endpoint, "test").unwrap().daemon().unwrap(), told);
    assert_eq!(thread.join().unwrap().len(), 4);
}

#[test]
fn a_pause_beyond_all_patience_is_an_error() {
    let (endpoint, thread) = daemon(vec![(None, Answer::Fault(Fault::busy("too much", 60_000)))]);
    let error = Client::connect(&endpoint, "test").unwrap().daemon().unwrap_err();
    assert!(matches!(&error, ClientError::Rejected(fault) if fault.problem.code == Code::Busy) && error.is_passing());
    thread.join().unwrap();
}

#[test]
fn a_follower_that_is_sent_away_is_told_why() {
    let job = JobId::new("a").unwrap();
    let begun = Answer::Events(EventsBegin { job: job.clone(), last: 1, state: JobState::Queued });
    let fault = Fault::new(Code::NotAllowed, "the key was taken out", "ask for one");
    let (endpoint, thread) = daemon(vec![(None, begun), (Some(2), Answer::Fault(fault.clone()))]);
    let mut client = Client::connect(&endpoint, "test").unwrap();
    let error = client.follow(&job, 0, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, ClientError::Rejected(said) if said == fault));
    thread.join().unwrap();
}

/// A job that receives, takes its only piece, and is committed.
fn received(job: &JobId, pieces: usize) -> Vec<(Option<u64>, Answer)> {
    let upload =
        |received, offset| Upload { job: job.clone(), state: JobState::Receiving, received, offset, credit: 1 };
    let summary = JobSummary {
        job: job.clone(),
        kind: JobKind::Mask,
        state: JobState::Queued,
        priority: Priority::Urgent,
        submitted_ms: 1,
        last_event: 1,
        position: None,
        seconds_left: None,
        finding: None,
        problem: None,
        study_uid: None,
        reader: None,
        corrects: None,
        reviews: vec![],
    };
    let begun = Answer::Upload(upload(vec![0; pieces], None));
    let taken = (0..pieces).map(|_| Answer::Upload(upload(vec![], Some(1))));
    let answers = std::iter::once(begun).chain(taken).chain([Answer::Job(Box::new(summary))]);
    answers.map(|answer| (None, answer)).collect()
}

#[test]
fn volumes_are_described_and_sent_in_their_order() {
    let job = JobId::new("a").unwrap();
    let (endpoint, thread) = daemon(received(&job, 2));
    let volume = |bytes: &[u8]| VolumeUpload {
        tensor: Tensor { shape: vec![1, 1, 1], element: Element::I16 },
        matrix: [0.0; 16],
        bytes: bytes.to_vec(),
    };
    let (t2w, t1c) = (volume(&[1, 0]), volume(&[2, 0]));
    let mut client = Client::connect(&endpoint, "test").unwrap();
    assert_eq!(client.submit_volume(&t2w, Some(&t1c), Priority::Urgent).unwrap(), job);
    let asked = thread.join().unwrap();
    let voxels = |volume: &VolumeUpload, sha256: &str| Voxels {
        tensor: volume.tensor.clone(),
        matrix: volume.matrix,
        sha256: sha256.into(),
    };
    let input = Input::Volume {
        t2w: voxels(&t2w, "47dc540c94ceb704a23875c11273e16bb0b8a87aed84de911f2133568115f254"),
        t1c: Some(voxels(&t1c, "99be5efb88ca2013bd8e4eb035fd42d5245468fe9afa70d8ba9c1c419a48c4e8")),
    };
    let chunk = |item| Verb::Chunk(Chunk { job: job.clone(), item, offset: 0 });
    let wanted = Verb::Submit(Submit { priority: Priority::Urgent, ..Submit::new(input) });
    assert_eq!(asked[1..], [wanted, chunk(0), chunk(1), Verb::Commit(OfJob { job: job.clone() })]);
}

#[test]
fn a_corrected_mask_is_described_and_sent() {
    let (job, before) = (JobId::new("b").unwrap(), JobId::new("a").unwrap());
    let (endpoint, thread) = daemon(received(&job, 1));
    let mut client = Client::connect(&endpoint, "test").unwrap();
    let bits = pack_bits([true, false, true]);
    assert_eq!(client.submit_mask(&before, [1, 1, 3], &bits, Priority::Routine, Some("R. Meyer")).unwrap(), job);
    let asked = thread.join().unwrap();
    let input = Input::Mask {
        job: before,
        mask: Tensor { shape: vec![1, 1, 3], element: Element::Bit },
        sha256: "e77b9a9ae9e30b0dbdb6f510a264ef9de781501d7b6b92ae89eb059c5ab743db".into(),
        reader: Some("R. Meyer".into()),
    };
    assert_eq!(asked[1], Verb::Submit(Submit::new(input)));
    assert_eq!(asked[2..], [Verb::Chunk(Chunk { job: job.clone(), item: 0, offset: 0 }), Verb::Commit(OfJob { job }),]);
}
