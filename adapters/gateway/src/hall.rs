//! What every request meets: the daemon, the archive, who may come in, and how fast.

use std::sync::Arc;

use governor::DefaultKeyedRateLimiter;

use crate::archive::ArchiveClient;
use crate::daemon::Daemon;
use crate::orthanc::arrivals::Arrivals;
use crate::tokens::Accepted;

/// Shared by all requests; cheap to clone.
#[derive(Debug, Clone)]
pub struct Hall {
    /// The daemon.
    pub daemon: Arc<Daemon>,
    /// The archive, where one is configured.
    pub archive: Option<Arc<ArchiveClient>>,
    /// Studies that arrive, where they are to be analysed.
    pub arrivals: Option<Arc<Arrivals>>,
    /// Who may come in.
    pub tokens: Arc<Accepted>,
    /// How fast, each by name.
    pub pace: Arc<DefaultKeyedRateLimiter<String>>,
    /// True where guests come by HTTPS, so that cookies must too.
    pub secure: bool,
}
