//! The connection that questions of the interface share; made when first needed, and again when it broke.

use cordline_sdk::client::{AsyncClient, Client, ClientError, Endpoint};
use cordline_sdk::wire::request::{Nothing, Verb};
use tokio::sync::Mutex;
use tokio::time::{Duration, sleep};

/// What the daemon's log calls the gateway.
pub const NAME: &str = concat!("gateway ", env!("CARGO_PKG_VERSION"));

/// How often the daemon hears from the gateway: it forgets who is silent.
const PING_EVERY: Duration = Duration::from_secs(8);

/// The daemon.
#[derive(Debug)]
pub struct Daemon {
    endpoint: Endpoint,
    client: Mutex<Option<AsyncClient>>,
}

impl Daemon {
    /// A daemon that has not been asked anything yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, client: Mutex::new(None) }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A connection to it.
    pub async fn client(&self) -> Result<AsyncClient, ClientError> {
        let mut kept = self.client.lock().await;
        if let Some(client) = &*kept {
            return Ok(client.clone());
        }
        let client = AsyncClient::connect(self.endpoint.clone(), NAME).await?;
        *kept = Some(client.clone());
        Ok(client)
    }

    /// A connection of one's own, for what takes long: uploads, and following a job to its end.
    pub async fn own(&self) -> Result<AsyncClient, ClientError> {
        AsyncClient::connect(self.endpoint.clone(), NAME).await
    }

    /// Asks something on the shared connection. One that broke is given up, so that the next question makes another.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, ClientError> {
        let asked = self.client().await?.with(work).await;
        if matches!(asked, Err(ClientError::Silence { .. } | ClientError::Socket(_) | ClientError::Gone)) {
            *self.client.lock().await = None;
        }
        asked
    }

    /// Keeps the shared connection alive, for as long as the gateway runs.
    pub async fn keep(&self) {
        loop {
            sleep(PING_EVERY).await;
            let idle = self.client.lock().await.is_some();
            if idle && let Err(error) = self.ask(|client| client.ask(Verb::Ping(Nothing {}))).await {
                tracing::warn!(%error, "the daemon does not answer");
            }
        }
    }
}
