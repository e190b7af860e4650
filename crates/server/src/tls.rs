//! TLS, where no proxy in front does it.

use std::{fs, path::Path, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, crypto,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::failure::Failure;

/// Reads a certificate, with those that it follows from, and its key. Nobody but the key's owner may read it.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, Failure> {
    let unusable = |what: &str, file: &Path, why: &str| {
        Failure::wrong_call(format!("{what} {} can't be used: {why}", file.display()))
    };
    let not_certificate = |why: &str| unusable("the certificate", certificate, why);
    let not_key = |why: &str| unusable("the key", key, why);
    for_its_owner_only(key).map_err(|why| not_key(&why))?;
    // What the reader says of a key may hold some of it.
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|_| not_key("there is no private key in PEM in it"))?;
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|_| not_certificate("it can't be read as PEM"))?;
    if chain.is_empty() {
        return Err(not_certificate("there is none in it"));
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::failed(format!("TLS can't be set up: {error}")))?
        .with_no_client_auth()
        .with_single_cert(chain, private);
    let mut config = config.map_err(|_| not_certificate("it is damaged, or not the key's"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Refuses a file that others than its owner can read or change.
fn for_its_owner_only(file: &Path) -> Result<(), String> {
    let found = fs::metadata(file).map_err(|error| error.to_string())?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o077 != 0 {
        return Err("others can read or change it; make it its owner's alone: chmod 400".into());
    }
    if found.is_file() { Ok(()) } else { Err("it is no file".into()) }
}
