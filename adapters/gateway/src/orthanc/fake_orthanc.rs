//! A fake Orthanc for tests: it keeps what is put, is silent or broken where it is told to be, and records what it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::archive::ArchiveClient;
use crate::settings::ArchiveSettings;

/// How an address is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Not at all.
    Silent,
    /// With two bytes of a hundred, and no more.
    Half,
    /// With this status.
    Refuses(u16),
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Debug, Default)]
struct Content {
    /// By path and query.
    pages: HashMap<String, Bytes>,
    /// By a word in the path.
    moods: Vec<(String, Mood)>,
    asked: Vec<Asked>,
}

pub(crate) struct FakeOrthanc {
    pub(crate) settings: ArchiveSettings,
    content: Arc<Mutex<Content>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl FakeOrthanc {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let content = Arc::new(Mutex::new(Content::default()));
        let app = Router::new().fallback(answer).with_state(content.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await });
        let settings = ArchiveSettings { url, dicom_web: "/dicom-web".into(), user: None, password_file: None };
        Self { settings, content, task }
    }

    pub(crate) fn client(&self) -> Arc<ArchiveClient> {
        Arc::new(ArchiveClient::new(self.settings.clone()).unwrap())
    }

    /// Sets how addresses with `word` are answered; all others get what was put there, metadata 404 and the rest `[]`.
    pub(crate) fn set_mood(&self, word: &str, mood: Mood) {
        self.content.lock().unwrap().moods.push((word.to_owned(), mood));
    }

    pub(crate) fn put(&self, path: &str, text: &str) {
        self.content.lock().unwrap().pages.insert(path.to_owned(), Bytes::copy_from_slice(text.as_bytes()));
    }

    pub(crate) fn remove(&self, path: &str) {
        self.content.lock().unwrap().pages.remove(path);
    }

    /// What stands at a path; empty where nothing does.
    pub(crate) fn page(&self, path: &str) -> String {
        let page = self.content.lock().unwrap().pages.get(path).cloned().unwrap_or_default();
        String::from_utf8(page.to_vec()).unwrap()
    }

    /// All that was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.content.lock().unwrap().asked.clone()
    }

    /// How often a method and path were asked.
    pub(crate) fn count(&self, method: Method, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.method == method && asked.path == path).count()
    }
}

impl Drop for FakeOrthanc {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(content): State<Arc<Mutex<Content>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mood = {
        let mut content = content.lock().unwrap();
        content.asked.push(Asked { method: parts.method.clone(), path: path.clone(), headers: parts.headers });
        content.moods.iter().find(|(word, _)| path.contains(word)).map(|(_, mood)| *mood)
    };
    let body = match parts.method {
        Method::PUT | Method::POST => to_bytes(body, usize::MAX).await.unwrap_or_default(),
        // What was announced and never comes is not waited for.
        _ => Bytes::new(),
    };
    match mood {
        Some(Mood::Silent) => std::future::pending().await,
        Some(Mood::Half) => {
            let first = stream::once(async { Ok::<_, std::io::Error>(Bytes::from("[]")) });
            ([(CONTENT_LENGTH, "100")], Body::from_stream(first.chain(stream::pending()))).into_response()
        }
        Some(Mood::Refuses(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        None => page(&mut content.lock().unwrap(), &parts.method, path, body),
    }
}

fn page(content: &mut Content, method: &Method, path: String, body: Bytes) -> Response {
    let is_metadata = path.contains("/metadata/");
    match *method {
        Method::PUT => drop(content.pages.insert(path, body)),
        Method::POST if is_metadata => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
        _ => {
            return match content.pages.get(&path) {
                Some(page) => ([(CONTENT_TYPE, "application/json")], page.clone()).into_response(),
                None if is_metadata => StatusCode::NOT_FOUND.into_response(),
                None => ([(CONTENT_TYPE, "application/json")], "[]").into_response(),
            };
        }
    }
    StatusCode::OK.into_response()
}
