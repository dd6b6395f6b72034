//! Requests of other origins, in every version of HTTP that browsers speak, with TLS and without.

use std::path::Path;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fake_daemon::{FakeDaemon, JOB};
use super::{TestGateway, status};

/// Makes a certificate for `localhost` and its key, as an operator would.
fn certify(folder: &Path) {
    let made = std::process::Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost".split(' '))
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"])
        .args(["-keyout", "key.pem", "-out", "pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

async fn secured(gateway: &TestGateway, folder: &Path, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("pem")).unwrap()).unwrap();
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(ServerName::try_from("localhost").unwrap(), gateway.connect().await).await.unwrap()
}

#[tokio::test]
async fn our_own_pages_may_change_something_over_tls_and_no_other_may() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |settings| {
        settings.certificate = Some(folder.path().join("pem"));
        settings.certificate_key = Some(folder.path().join("key.pem"));
    })
    .await;
    let host = format!("localhost:{}", gateway.address.port());
    let own = format!("https://{host}");
    let (path, token) = (format!("/api/v1/jobs/{JOB}/cancel"), &gateway.submitter);
    for (origin, expected) in
        [(own.as_str(), 200), ("https://evil", 403), ("null", 403), (&format!("http://{host}"), 403)]
    {
        // HTTP/2: the authority stands in the address alone.
        let io = TokioIo::new(secured(&gateway, folder.path(), b"h2").await);
        let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = axum::http::Request::post(format!("{own}{path}"))
            .header("cookie", format!("cordline={token}"))
            .header("origin", origin)
            .body(String::new());
        let answer = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), expected, "HTTP/2 {origin}");
        connection.abort();
        // HTTP/1.1: in `Host`.
        let mut stream = secured(&gateway, folder.path(), b"http/1.1").await;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: cordline={token}\r\nOrigin: {origin}\r\nContent-Length: 0\r\n\
            Connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(status(&String::from_utf8_lossy(&answer)), expected, "HTTP/1.1 {origin}");
    }
}

#[tokio::test]
async fn a_request_that_says_not_for_whom_it_is_is_of_no_page_of_ours() {
    let daemon = FakeDaemon::start(1, true);
    let gateway = TestGateway::start(&daemon.endpoint, |_| {}).await;
    let token = &gateway.submitter;
    for (header, expected) in [
        ("", 200),
        ("Host: gateway\r\nOrigin: http://gateway\r\n", 200),
        ("Origin: http://gateway\r\n", 403),
        ("Origin: x://\r\n", 403),
        ("Origin: http://\r\n", 403),
        ("Host: \r\nOrigin: http://\r\n", 403),
        ("Host: gateway\r\nOrigin: http://evil\r\n", 403),
    ] {
        let request = format!(
            "POST /api/v1/jobs/{JOB}/cancel HTTP/1.0\r\n{header}Cookie: cordline={token}\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(status(&gateway.say(&request).await.unwrap()), expected, "{header:?}");
    }
}
