//! A fake daemon: it has one job with one large file, and records the verbs that it is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use cordline_sdk::sha256::Sha256;
use serde_json::{Value, json};

/// The one job.
pub(super) const JOB: &str = "7f3c";
const PIECE: usize = 1 << 20;

pub(super) struct FakeDaemon {
    pub(super) endpoint: String,
    /// Every verb that was received, in order.
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    /// True to answer nothing, like a daemon that was stopped.
    pub(super) is_silent: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl FakeDaemon {
    /// Begins to listen. `file_bytes`: of the job's file `large.bin`; `has_ended`: whether the job has.
    pub(super) fn start(file_bytes: usize, has_ended: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("ipc://{}/socket", folder.path().display());
        let context = zmq::Context::new();
        let router = context.socket(zmq::ROUTER).unwrap();
        router.set_linger(0).unwrap();
        router.set_sndhwm(100_000).unwrap();
        router.bind(&endpoint).unwrap();
        let [stop, is_silent] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let thread = std::thread::spawn({
            let (stop, is_silent, asked) = (stop.clone(), is_silent.clone(), asked.clone());
            let sha256 = Sha256::of(vec![0; file_bytes]).to_string();
            move || {
                while !stop.load(Ordering::Relaxed) {
                    if router.poll(zmq::POLLIN, 20).unwrap_or(0) == 0 {
                        continue;
                    }
                    let frames = router.recv_multipart(0).unwrap();
                    let message: Value = rmp_serde::from_slice(&frames[1]).unwrap();
                    asked.lock().unwrap().push(message["verb"].as_str().unwrap().to_owned());
                    if is_silent.load(Ordering::Relaxed) {
                        continue;
                    }
                    for (header, raw) in answers(&message, file_bytes, &sha256, has_ended) {
                        let header = rmp_serde::to_vec(&header).unwrap();
                        let raw = raw.map(|bytes| vec![0; bytes]);
                        let _ = router
                            .send_multipart([Some(frames[0].clone()), Some(header), raw].into_iter().flatten(), 0);
                    }
                }
            }
        });
        Self { endpoint, asked, is_silent, stop, thread: Some(thread), _folder: folder }
    }

    /// How often a verb was asked.
    pub(super) fn count(&self, verb: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == verb).count()
    }
}

impl Drop for FakeDaemon {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn answers(message: &Value, file_bytes: usize, sha256: &str, has_ended: bool) -> Vec<(Value, Option<usize>)> {
    let reply = |reply: &str, body: Value| json!({"v": 1, "id": message["id"], "reply": reply, "body": body});
    let event = |number: u64, event: &str, body: Value| json!({"v": 1, "event": event, "job": JOB, "number": number, "at_ms": 1, "body": body});
    let fault = |code: &str| reply("fault", json!({"code": code, "message": "m", "action": "a", "retry": false}));
    let state = if has_ended { "completed" } else { "segmenting" };
    let summary = json!({"job": JOB, "kind": "volume", "state": state, "priority": "routine", "submitted_ms": 1, "last_event": 2});
    let body = &message["body"];
    let is_known = body["job"] == JOB;
    match message["verb"].as_str().unwrap() {
        "hello" => vec![(
            reply(
                "welcome",
                json!({"daemon": "fake", "notice": "Research use only", "protocol": [1, 1], "role": "admin", "ready": true,
                    "limits": {}}),
            ),
            None,
        )],
        "ping" => vec![(reply("pong", json!({})), None)],
        "list" => vec![(reply("jobs", json!({"jobs": [summary], "more": false})), None)],
        "status" | "cancel" if is_known => vec![(reply("job", summary), None)],
        "artifact" if is_known => {
            let offset = body["offset"].as_u64().unwrap_or(0) as usize;
            let piece = PIECE.min(file_bytes.saturating_sub(offset));
            vec![(reply("artifact", json!({"offset": offset, "bytes": file_bytes})), Some(piece))]
        }
        "events" if is_known => {
            let since = body["since"].as_u64().unwrap_or(0);
            let file = json!({"path": "large.bin", "kind": "result", "media_type": "application/octet-stream", "bytes": file_bytes,
                "sha256": sha256});
            let all = [event(1, "files", json!({"files": [file]})), event(2, "state", json!({"state": state}))];
            let begun = reply("events", json!({"job": JOB, "last": 2, "state": state}));
            let events = all.into_iter().filter(|event| event["number"].as_u64() > Some(since));
            [begun].into_iter().chain(events).map(|message| (message, None)).collect()
        }
        _ => vec![(fault("no_such_job"), None)],
    }
}
