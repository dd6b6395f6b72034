//! What every request shares.

use std::sync::Arc;

use crate::archive::ArchiveClient;
use crate::auth::token_store::TokenStore;
use crate::daemon_client::DaemonClient;
use crate::limits::connections::Connections;
use crate::limits::quotas::Quotas;
use crate::metrics::GatewayMetrics;
use crate::orthanc::queue::StudyQueue;

/// Shared by all requests; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct AppState {
    pub(crate) daemon: Arc<DaemonClient>,
    /// `None` where no archive is configured.
    pub(crate) archive: Option<Arc<ArchiveClient>>,
    /// Studies that arrive in the archive; `None` where they are not to be analysed.
    pub(crate) queue: Option<Arc<StudyQueue>>,
    /// True to store heat maps beside SEG and SR, whoever has results stored.
    pub(crate) heat_maps: bool,
    pub(crate) tokens: Arc<TokenStore>,
    pub(crate) quotas: Arc<Quotas>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) metrics: Arc<GatewayMetrics>,
    /// True where browsers come by HTTPS, so that cookies must too.
    pub(crate) secure: bool,
}
