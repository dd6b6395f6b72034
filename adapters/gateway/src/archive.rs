//! The HTTP client of the one configured archive. Every wait for it has a time limit.
//!
//! Absent from here: what Orthanc is asked ([`crate::orthanc`]), and which addresses pass to a viewer ([`cordline_dicomweb`]).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method};
use cordline_dicomweb::paths::address;
use cordline_sdk::owner;
use futures_util::stream::{self, Stream, StreamExt};
use reqwest::Client;
use thiserror::Error;
use tokio::time::Instant;

use crate::keyed_lock::KeyedLocks;
use crate::settings::ArchiveSettings;
use crate::tls;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the archive may send nothing while an answer is due or under way. An Orthanc that writes a large object takes seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the archive may take to answer once something was sent to be stored.
const STORE_TIMEOUT: Duration = Duration::from_secs(120);
/// How long the sender of something to be stored may send nothing.
const SENDER_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of the archive, with kept connections.
#[derive(Debug)]
pub(crate) struct ArchiveClient {
    settings: ArchiveSettings,
    password: Option<String>,
    /// For questions: an answer, or a piece of it, comes in time.
    client: Client,
    /// For what is stored: no answer comes while it is sent.
    storing: Client,
    /// Held by a task that reads, changes and writes the metadata of a study.
    pub(crate) study_locks: KeyedLocks,
}

/// An archive that cannot be used.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The password cannot be read.
    #[error("the password of the archive cannot be read from {file}: {reason}")]
    Password {
        /// The file.
        file: String,
        /// Why, and who may.
        reason: String,
    },
    /// No client can be made.
    #[error("the archive cannot be asked: {0}")]
    Client(#[from] reqwest::Error),
}

impl ArchiveClient {
    /// A client that has not connected yet.
    pub(crate) fn new(settings: ArchiveSettings) -> Result<Self, ArchiveError> {
        let read = |file: &std::path::PathBuf| {
            let fails = |error| ArchiveError::Password {
                file: file.display().to_string(),
                reason: owner::explain(file, &error),
            };
            let text = std::fs::read_to_string(file).map_err(fails)?;
            Ok::<_, ArchiveError>(text.lines().next().unwrap_or_default().to_owned())
        };
        let password = settings.password_file.as_ref().map(read).transpose()?;
        tls::install_crypto_provider();
        // A redirect could lead anywhere.
        let builder = || Client::builder().redirect(reqwest::redirect::Policy::none()).connect_timeout(CONNECT_TIMEOUT);
        let (client, storing) = (builder().read_timeout(READ_TIMEOUT).build()?, builder().build()?);
        Ok(Self { settings, password, client, storing, study_locks: KeyedLocks::default() })
    }

    pub(crate) fn settings(&self) -> &ArchiveSettings {
        &self.settings
    }

    /// A request to a path of the archive; `path` begins with a slash.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.authorized(&self.client, method, path)
    }

    /// Sends a body and waits for the answer, for as long as the body makes progress. `None` where one side stopped half way.
    pub(crate) async fn store(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Body,
    ) -> Option<reqwest::Result<reqwest::Response>> {
        let (body, progress) = track_progress(body);
        let request = self.authorized(&self.storing, method, path).headers(headers);
        tokio::select! {
            answer = request.body(reqwest::Body::wrap_stream(body)).send() => Some(answer),
            () = progress.stalled() => None,
        }
    }

    fn authorized(&self, client: &Client, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = client.request(method, address(&self.settings.url, path));
        match &self.settings.user {
            Some(user) => request.basic_auth(user, self.password.as_deref()),
            None => request,
        }
    }
}

/// When a piece of a body was sent last, and whether that was its end.
#[derive(Debug, Clone)]
struct BodyProgress(Arc<Mutex<(Instant, bool)>>);

/// The same body, and how far it was sent.
fn track_progress(body: Body) -> (impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static, BodyProgress) {
    let progress = BodyProgress(Arc::new(Mutex::new((Instant::now(), false))));
    let noted = progress.clone();
    let body = body.into_data_stream().map(Some).chain(stream::once(async { None }));
    let body = body.filter_map(move |piece| {
        // Replaced as a whole: a panic of another thread leaves it usable.
        *noted.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), piece.is_none());
        std::future::ready(piece)
    });
    (body, progress)
}

impl BodyProgress {
    /// Waits until nothing has happened for too long: the sender is silent, or the archive after the end of the body.
    async fn stalled(&self) {
        loop {
            let (at, is_end) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let timeout = if is_end { STORE_TIMEOUT } else { SENDER_TIMEOUT };
            match timeout.checked_sub(at.elapsed()) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }
}
