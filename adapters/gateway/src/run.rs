//! A run of the gateway: what it needs is opened, background tasks are started, requests are served until shutdown.

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cordline_sdk::client::{ClientError, ClientKey, Endpoint};
use cordline_sdk::owner;
use cordline_sdk::wire::reply::Role;
use thiserror::Error;
use tokio::net::TcpListener;

use crate::archive::{ArchiveClient, ArchiveError};
use crate::auth::token_store::TokenStore;
use crate::auth::tokens::{Tokens, TokensError};
use crate::daemon_client::DaemonClient;
use crate::http::server;
use crate::limits::connections::Connections;
use crate::limits::file_descriptors;
use crate::limits::quotas::Quotas;
use crate::metrics::GatewayMetrics;
use crate::orthanc::changes::ChangeReader;
use crate::orthanc::processor::StudyProcessor;
use crate::orthanc::queue::StudyQueue;
use crate::settings::Settings;
use crate::state::AppState;
use crate::{file_permissions, routes, tls};

/// How often connections are checked for those that have to be closed.
const SWEEP_INTERVAL: Duration = Duration::from_millis(200);
/// Connections of programs that ask for metrics.
const METRICS_CONNECTIONS: usize = 8;

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

/// Serves until `shutdown` is done. Prints the address to open where a token was made for this run.
///
/// # Errors
/// Where something that the settings name cannot be used, or the address cannot be listened on.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), GatewayError> {
    let failed = |what: String| move |source| GatewayError::System { what, source };
    tls::install_crypto_provider();
    // What is written from here on is for this user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let settings = Settings { connections: file_descriptors::raise_limit(settings.connections), ..settings };
    let secure = settings.certificate.is_some();
    let scheme = if secure { "https" } else { "http" };
    let tokens = if let Some(file) = &settings.tokens {
        TokenStore::open(file)?
    } else {
        let mut tokens = Tokens::default();
        let token = tokens.issue("first look", Role::Submitter, None).map_err(failed("no token can be made".into()))?;
        writeln!(std::io::stdout(), "Open {scheme}://{}/enter?token={token}", settings.listen)
            .map_err(failed("the address with the token cannot be printed".into()))?;
        TokenStore::in_memory(tokens)
    };
    let state = build_state(&settings, tokens)?;
    let keep_alive = tokio::spawn({
        let daemon = state.daemon.clone();
        async move { daemon.keep_alive().await }
    });
    analyze_arrivals(&state, &settings);
    tokio::spawn(sweep(state.clone()));
    if let Some(address) = settings.metrics {
        let (listener, app) = (listen(address).await?, routes::metrics::router(state.clone()));
        let connections = Arc::new(Connections::new(METRICS_CONNECTIONS));
        tokio::spawn(sweep(AppState { connections: connections.clone(), ..state.clone() }));
        tokio::spawn(server::serve(listener, None, app, connections, std::future::pending()));
    }
    let acceptor = match (&settings.certificate, &settings.certificate_key) {
        (Some(certificate), Some(key)) => {
            check_readable(certificate)?;
            check_readable(key)?;
            file_permissions::warn_if_shared(key, "whoever reads it can pass for this gateway");
            Some(tls::acceptor(certificate, key).map_err(failed("the certificate cannot be used".into()))?)
        }
        _ => None,
    };
    let listener = listen(settings.listen).await?;
    let connections = state.connections.clone();
    let app = routes::router(state, &settings);
    tracing::info!(address = %settings.listen, scheme, "ready");
    server::serve(listener, acceptor, app, connections, shutdown).await;
    keep_alive.abort();
    Ok(())
}

/// Opens everything that requests share.
pub(crate) fn build_state(settings: &Settings, tokens: TokenStore) -> Result<AppState, GatewayError> {
    let key = settings
        .key
        .as_deref()
        .map(|file| check_readable(file).and_then(|()| Ok(ClientKey::read(file)?)))
        .transpose()?;
    if let Some(file) = &settings.key {
        file_permissions::warn_if_shared(file, "whoever reads it can pass for this gateway at the daemon");
    }
    if let Some(file) = settings.archive.as_ref().and_then(|archive| archive.password_file.as_ref()) {
        file_permissions::warn_if_shared(file, "whoever reads it can come into the archive");
    }
    let endpoint = Endpoint { address: settings.daemon.clone(), key, ..Endpoint::default() };
    let archive = settings.archive.clone().map(ArchiveClient::new).transpose()?.map(Arc::new);
    let queue = settings.arrivals.as_ref().map(|arrivals| StudyQueue::open(&arrivals.state)).transpose();
    let queue = queue
        .map_err(|source| GatewayError::System { what: "the folder of arrivals cannot be used".into(), source })?;
    Ok(AppState {
        daemon: Arc::new(DaemonClient::new(endpoint)),
        archive,
        queue: queue.map(Arc::new),
        heat_maps: settings.arrivals.as_ref().is_some_and(|arrivals| arrivals.heat_maps),
        tokens: Arc::new(tokens),
        quotas: Arc::new(Quotas::new(settings.requests_per_second, settings.sockets_per_token)),
        connections: Arc::new(Connections::new(settings.connections)),
        metrics: Arc::new(GatewayMetrics::default()),
        secure: settings.certificate.is_some(),
    })
}

/// Closes connections that have to be closed, for as long as the gateway runs.
pub(crate) async fn sweep(state: AppState) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        state.connections.close_expired(&state.tokens);
        state.quotas.forget_idle_addresses();
    }
}

/// Starts to analyse studies that arrive, where the settings ask for it. These tasks end with the runtime.
fn analyze_arrivals(state: &AppState, settings: &Settings) {
    let (Some(arrivals), Some(queue), Some(archive)) = (&settings.arrivals, &state.queue, &state.archive) else {
        return;
    };
    let processor =
        StudyProcessor { archive: archive.clone(), daemon: state.daemon.clone(), heat_maps: state.heat_maps };
    tokio::spawn(queue.clone().run(processor));
    if arrivals.changes {
        let reader = ChangeReader::new(archive.clone(), queue.clone(), arrivals.state.join("changes"));
        tokio::spawn(reader.run());
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, GatewayError> {
    let failed = |source| GatewayError::System { what: format!("{address} cannot be served"), source };
    TcpListener::bind(address).await.map_err(failed)
}

/// Checks that a file can be read, since the library that reads it does not say which one could not.
fn check_readable(file: &Path) -> Result<(), GatewayError> {
    std::fs::File::open(file).map(drop).map_err(|error| GatewayError::Unreadable {
        file: file.display().to_string(),
        reason: owner::explain(file, &error),
    })
}
