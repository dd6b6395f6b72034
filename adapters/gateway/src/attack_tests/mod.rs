//! The gateway under attack: the real server over real sockets, beside a fake daemon.
//!
//! - [`fake_daemon`]: that daemon
//! - [`anonymous_clients`]: many connections without a token, and such that send little
//! - [`cross_origin`]: requests of other origins, in every version of HTTP
//! - [`revoked_tokens`]: tokens that are revoked while they are used
//! - [`greedy_client`]: one token that requests as much as it can
//! - [`silent_peers`]: archives and daemons that do not answer

mod anonymous_clients;
mod cross_origin;
mod fake_daemon;
mod greedy_client;
mod revoked_tokens;
mod silent_peers;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cordline_sdk::wire::reply::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::auth::token_store::TokenStore;
use crate::auth::tokens::Tokens;
use crate::http::server;
use crate::settings::Settings;
use crate::state::AppState;
use crate::{routes, run, tls};

/// A gateway of its own.
struct TestGateway {
    address: SocketAddr,
    state: AppState,
    file: PathBuf,
    tokens: Tokens,
    viewer: String,
    submitter: String,
    tasks: Vec<JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl TestGateway {
    async fn start(daemon: &str, set: impl FnOnce(&mut Settings)) -> Self {
        tls::install_crypto_provider();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        let mut tokens = Tokens::default();
        let [viewer, submitter] = [("looks", Role::Viewer), ("works", Role::Submitter)]
            .map(|(name, role)| tokens.issue(name, role, None).unwrap());
        tokens.write(&file).unwrap();
        let mut settings = Settings { daemon: daemon.into(), ..Settings::default() };
        set(&mut settings);
        let state = run::build_state(&settings, TokenStore::open(&file).unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let pair = settings.certificate.as_ref().zip(settings.certificate_key.as_ref());
        let acceptor = pair.map(|(certificate, key)| tls::acceptor(certificate, key).unwrap());
        let app = routes::router(state.clone(), &settings);
        let tasks = vec![
            tokio::spawn(run::sweep(state.clone())),
            tokio::spawn(server::serve(listener, acceptor, app, state.connections.clone(), std::future::pending())),
        ];
        Self { address, state, file, tokens, viewer, submitter, tasks, _folder: folder }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends text on a connection of its own and reads until the other side closes it. `None` where it stays open for long.
    async fn say(&self, text: &str) -> Option<String> {
        let mut stream = self.connect().await;
        // One that was closed early has answered, mostly.
        let _ = stream.write_all(text.as_bytes()).await;
        until_closed(&mut stream).await
    }

    /// An answer to a request that is whole: its header and its body.
    async fn get(&self, path: &str, token: &str) -> String {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        self.say(&request).await.expect("an answer ends")
    }
}

impl Drop for TestGateway {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// What comes until the other side closes; `None` where it does not within a long time.
async fn until_closed(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let read = async {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            bytes.extend_from_slice(&piece[..count]);
        }
    };
    tokio::time::timeout(Duration::from_secs(100), read).await.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The status of an answer.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
