//! Cordline for browsers and archives: a client of the daemon like any other, which keeps nothing that matters.
//!
//! ```text
//! browser ── HTTP, WebSocket ──> api ──> daemon (ZeroMQ)
//!    │                            └────> relay: one connection a browser
//!    ├── DICOMweb ───────────────> archive: the one that is configured
//!    └── pages: OHIF, our extension
//! ```
//!
//! - [`settings`]: file, environment, flags; resolved once
//! - [`tokens`], [`guest`]: who may come in, and who asks
//! - [`hall`]: what every request meets
//! - [`api`]: the routes under `/api/v1`, and their OpenAPI document
//! - [`daemon`], [`relay`]: questions to the daemon, and its wire for browsers
//! - [`archive`]: DICOMweb passes through
//! - [`orthanc`]: studies that arrive are analysed, and their results put back
//! - [`rerun`]: a study is wanted anew
//! - [`pages`]: what browsers are served
//! - [`fault`]: refusals, in the words of the wire
//!
//! Research use only; not a medical device.

pub mod api;
pub mod archive;
pub mod daemon;
pub mod fault;
pub mod guest;
pub mod hall;
pub mod orthanc;
pub mod pages;
pub mod relay;
pub mod rerun;
pub mod settings;
mod sign_in;
pub mod tokens;

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use cordline_sdk::client::{ClientError, ClientKey, Endpoint};
use cordline_sdk::owner;
use cordline_sdk::wire::reply::Role;
use governor::{Quota, RateLimiter};
use thiserror::Error;
use tower_http::limit::RequestBodyLimitLayer;

use crate::archive::{ArchiveClient, ArchiveError, DICOM_WEB, WADO};
use crate::daemon::Daemon;
use crate::fault::Refusal;
use crate::hall::Hall;
use crate::orthanc::arrivals::Arrivals;
use crate::orthanc::changes;
use crate::orthanc::porter::Porter;
use crate::settings::Settings;
use crate::tokens::{Accepted, Tokens, TokensError};

/// Seconds of requests that may come at once, as when a viewer opens a study.
const BURST_S: u32 = 5;
/// How long requests may go on once the gateway is asked to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Why the gateway cannot run.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// The key file for the daemon cannot be used.
    #[error(transparent)]
    Key(#[from] ClientError),
    /// The file of tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file of the settings cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why, and who may.
        reason: String,
    },
    /// The address cannot be used, or no token be made.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Names the one implementation of TLS: more than one could be built in.
pub(crate) fn choose_cryptography() {
    // It was named before, by the same words.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Serves until `shutdown` is done. Prints the address to open where a token was made for this run.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), GatewayError> {
    let failed = |what: String| move |source| GatewayError::System { what, source };
    choose_cryptography();
    let secure = settings.certificate.is_some();
    let scheme = if secure { "https" } else { "http" };
    let tokens = if let Some(file) = &settings.tokens {
        Accepted::of_file(file)?
    } else {
        let mut tokens = Tokens::default();
        let token = tokens.issue("first look", Role::Submitter, None).map_err(failed("no token can be made".into()))?;
        writeln!(std::io::stdout(), "Open {scheme}://{}/enter?token={token}", settings.listen)
            .map_err(failed("the address with the token cannot be printed".into()))?;
        Accepted::of_this_run(tokens)
    };
    let hall = prepare(&settings, tokens)?;
    let kept = tokio::spawn({
        let daemon = hall.daemon.clone();
        async move { daemon.keep().await }
    });
    receive(&hall, &settings);
    let app = router(hall, &settings).into_make_service();
    let handle = Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            shutdown.await;
            handle.graceful_shutdown(Some(GRACE));
        }
    });
    tracing::info!(address = %settings.listen, scheme, "ready");
    let served = match (&settings.certificate, &settings.certificate_key) {
        (Some(certificate), Some(key)) => {
            readable(certificate)?;
            readable(key)?;
            let tls = RustlsConfig::from_pem_file(certificate, key);
            let tls = tls.await.map_err(failed("the certificate cannot be used".into()))?;
            axum_server::bind_rustls(settings.listen, tls).handle(handle).serve(app).await
        }
        _ => axum_server::bind(settings.listen).handle(handle).serve(app).await,
    };
    kept.abort();
    served.map_err(failed(format!("{} cannot be served", settings.listen)))
}

/// Sees that a file can be read, since the library that reads it does not say which one could not.
fn readable(file: &Path) -> Result<(), GatewayError> {
    std::fs::File::open(file).map(drop).map_err(|error| GatewayError::Unreadable {
        file: file.display().to_string(),
        reason: owner::explain(file, &error),
    })
}

/// Begins to work on studies that arrive, where they are to be analysed. All of it ends with the runtime.
fn receive(hall: &Hall, settings: &Settings) {
    let (Some(wanted), Some(arrivals), Some(archive)) = (&settings.arrivals, &hall.arrivals, &hall.archive) else {
        return;
    };
    let porter = Porter { archive: archive.clone(), daemon: hall.daemon.clone(), heat_maps: wanted.heat_maps };
    tokio::spawn(arrivals.clone().work(porter));
    if wanted.changes {
        let reader = changes::Reader::new(archive.clone(), arrivals.clone(), wanted.state.join("changes"));
        tokio::spawn(reader.work());
    }
}

/// What requests meet.
pub fn prepare(settings: &Settings, tokens: Accepted) -> Result<Hall, GatewayError> {
    let key =
        settings.key.as_deref().map(|file| readable(file).and_then(|()| Ok(ClientKey::read(file)?))).transpose()?;
    let endpoint = Endpoint { address: settings.daemon.clone(), key, ..Endpoint::default() };
    let archive = settings.archive.clone().map(ArchiveClient::new).transpose()?.map(Arc::new);
    let arrivals = settings.arrivals.as_ref().map(|wanted| Arrivals::open(&wanted.state)).transpose();
    let arrivals = arrivals
        .map_err(|source| GatewayError::System { what: "the folder of arrivals cannot be used".into(), source })?;
    let each_second = settings.requests_per_second.max(1).try_into().expect("at least one");
    let quota = Quota::per_second(each_second)
        .allow_burst(each_second.saturating_mul(BURST_S.try_into().expect("more than none")));
    Ok(Hall {
        daemon: Arc::new(Daemon::new(endpoint)),
        archive,
        arrivals: arrivals.map(Arc::new),
        tokens: Arc::new(tokens),
        pace: Arc::new(RateLimiter::keyed(quota)),
        secure: settings.certificate.is_some(),
    })
}

/// Everything that is served.
pub fn router(hall: Hall, settings: &Settings) -> Router {
    let archive = Router::new()
        .route(&format!("{DICOM_WEB}/{{*path}}"), any(archive::pass))
        .route(DICOM_WEB, any(archive::pass))
        .route(WADO, any(archive::pass))
        // Bodies pass as streams, which only this layer counts.
        .layer(RequestBodyLimitLayer::new(settings.archive_body_bytes))
        .with_state(hall.clone());
    let mut pages = pages::router(settings.ohif.as_deref(), settings.extension.as_deref());
    if settings.ohif.is_some() {
        pages = pages.layer(axum::middleware::from_fn_with_state(hall.clone(), sign_in::ask));
    }
    let all = api::router(hall, settings.body_bytes).merge(archive).merge(pages);
    let all = all.method_not_allowed_fallback(async || Refusal::no_such_method());
    pages::guarded(all, settings.ohif.as_deref())
}
