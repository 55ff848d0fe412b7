//! One way to be secure: rustls over ring, with Mozilla's roots.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::ring};

pub(crate) fn client_config() -> Result<ClientConfig, rustls::Error> {
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}
