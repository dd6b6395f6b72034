//! TLS: the one implementation, and the server's certificate.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Chooses the implementation of TLS for the process: several could be built in, and then none is the default.
pub(crate) fn install_crypto_provider() {
    // An error says that this was called before; it installed the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Reads a certificate chain and its key, for a server that offers HTTP/2 and HTTP/1.1.
pub(crate) fn acceptor(certificate: &Path, key: &Path) -> std::io::Result<TlsAcceptor> {
    let bad = |error: &dyn std::fmt::Display| std::io::Error::new(ErrorKind::InvalidData, error.to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|e| bad(&e))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|e| bad(&e))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(|e| bad(&e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
