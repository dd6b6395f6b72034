//! The HTTP client of the one configured archive. Every wait for it has a time limit.
//!
//! Absent from here: what Orthanc is asked ([`crate::orthanc`]), and which addresses pass to a viewer ([`cordline_dicomweb`]).

use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method};
use cordline_dicomweb::paths::address;
use cordline_sdk::owner;
use futures_util::stream::{self, Stream, StreamExt};
use http_body_util::LengthLimitError;
use reqwest::{Client, Response};
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::keyed_lock::KeyedLocks;
use crate::settings::ArchiveSettings;
use crate::tls;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the archive may send nothing while an answer is due or under way. An Orthanc that writes a large object takes seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the archive may take to read on, or to answer, once it was sent a piece of something to be stored.
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

/// Why an exchange with the archive came to nothing.
#[derive(Debug, Error)]
pub(crate) enum TransferError {
    /// The archive sends nothing, though it is its turn.
    #[error("the archive does not answer in time")]
    ArchiveSilent,
    /// It cannot be reached, or its answer breaks off.
    #[error("{0}")]
    Archive(reqwest::Error),
    /// Whoever sends what is to be stored has stopped half way.
    #[error("what is to be stored does not come in time")]
    SenderSilent,
    /// What is to be stored breaks off.
    #[error("what is to be stored breaks off")]
    BodyBroken,
    /// What is to be stored is larger than may be sent.
    #[error("what is to be stored is too large")]
    BodyTooLarge,
}

impl From<reqwest::Error> for TransferError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::ArchiveSilent;
        }
        // The address of a request may name a patient.
        Self::Archive(error.without_url())
    }
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
        // A redirect could lead anywhere, and a proxy that the environment names would see patients' images and the password.
        let no_redirects = reqwest::redirect::Policy::none;
        let builder = || Client::builder().redirect(no_redirects()).no_proxy().connect_timeout(CONNECT_TIMEOUT);
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

    /// Sends a question. An archive closes connections that idle, Orthanc after a second, perhaps at the moment when a question goes out on one:
    /// then it is asked once more, since it changes nothing.
    pub(crate) async fn ask(&self, question: reqwest::RequestBuilder) -> Result<Response, reqwest::Error> {
        let again = question.try_clone();
        match (question.send().await, again) {
            (Err(error), Some(again)) if error.is_request() && !error.is_timeout() && !error.is_connect() => {
                tracing::debug!(%error, "the archive is asked once more");
                again.send().await
            }
            (answer, _) => answer,
        }
    }

    /// Sends a body and waits for the answer, for as long as the body makes progress.
    pub(crate) async fn store(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Response, TransferError> {
        let (body, progress) = track_progress(body);
        let request = self.authorized(&self.storing, method, path).headers(headers);
        tokio::select! {
            // A request whose body fails does so for that reason.
            answer = request.body(reqwest::Body::wrap_stream(body)).send() => {
                answer.map_err(|error| progress.failure().unwrap_or_else(|| error.into()))
            }
            error = progress.clone().stalled() => Err(error),
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

/// The next piece of an answer; `None` at its end.
pub(crate) async fn next_piece(answer: &mut Response) -> Result<Option<Bytes>, TransferError> {
    // After something was stored, the client itself has no limit.
    let piece = timeout(READ_TIMEOUT, answer.chunk()).await.map_err(|_| TransferError::ArchiveSilent)?;
    Ok(piece?)
}

/// An answer as the body of another one, which breaks off where the archive falls silent.
pub(crate) fn passed_on(answer: Response) -> Body {
    Body::from_stream(stream::try_unfold(answer, |mut answer| async move {
        let piece =
            next_piece(&mut answer).await.inspect_err(|error| tracing::warn!(%error, "an answer breaks off"))?;
        Ok::<_, TransferError>(piece.map(|piece| (piece, answer)))
    }))
}

/// Whose turn it is while a body is sent, and since when.
#[derive(Debug, Clone)]
struct BodyProgress(watch::Receiver<(Turn, Instant)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The archive's: it has not read the last piece yet, or all were sent and its answer is due.
    Archive,
    /// The sender's: the next piece is waited for.
    Sender,
    /// The body failed.
    Failed { too_large: bool },
}

/// The same body, and how far it was sent.
fn track_progress(body: Body) -> (impl Stream<Item = Result<Bytes, axum::Error>> + Send + 'static, BodyProgress) {
    let (noted, progress) = watch::channel((Turn::Archive, Instant::now()));
    let mut body = body.into_data_stream();
    let body = stream::poll_fn(move |cx| {
        let polled = body.poll_next_unpin(cx);
        let turn = match &polled {
            Poll::Pending => Turn::Sender,
            Poll::Ready(Some(Err(error))) => Turn::Failed { too_large: is_too_large(error) },
            Poll::Ready(_) => Turn::Archive,
        };
        noted.send_if_modified(|state| {
            let moved = polled.is_ready() || state.0 != turn;
            if moved {
                *state = (turn, Instant::now());
            }
            moved
        });
        polled
    });
    (body, BodyProgress(progress))
}

fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_too_large)
}

impl BodyProgress {
    /// Why the body failed, where it did.
    fn failure(&self) -> Option<TransferError> {
        match self.0.borrow().0 {
            Turn::Failed { too_large: true } => Some(TransferError::BodyTooLarge),
            Turn::Failed { too_large: false } => Some(TransferError::BodyBroken),
            Turn::Archive | Turn::Sender => None,
        }
    }

    /// Waits until nothing has happened for too long, and returns whose silence it is.
    async fn stalled(mut self) -> TransferError {
        loop {
            let (turn, since) = *self.0.borrow_and_update();
            let (limit, error) = match turn {
                Turn::Sender => (SENDER_TIMEOUT, TransferError::SenderSilent),
                Turn::Archive | Turn::Failed { .. } => (STORE_TIMEOUT, TransferError::ArchiveSilent),
            };
            tokio::select! {
                () = sleep_until(since + limit) => return error,
                Ok(()) = self.0.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]";

    /// Waits for the end of a head.
    async fn question(stream: &mut TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_connection_that_the_archive_closes_under_a_question_costs_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let archive = tokio::spawn(async move {
            let (mut first, _) = listener.accept().await.unwrap();
            question(&mut first).await;
            first.write_all(ANSWER).await.unwrap();
            // It took the second question, and is gone.
            question(&mut first).await;
            drop(first);
            let (mut second, _) = listener.accept().await.unwrap();
            question(&mut second).await;
            second.write_all(ANSWER).await.unwrap();
            second
        });
        let settings = ArchiveSettings { url, dicom_web: "/dicom-web".into(), user: None, password_file: None };
        let client = ArchiveClient::new(settings).unwrap();
        for _ in 0..2 {
            let answer = client.ask(client.request(Method::GET, "/studies")).await.unwrap();
            assert_eq!(answer.text().await.unwrap(), "[]");
        }
        drop(archive.await.unwrap());
    }
}
