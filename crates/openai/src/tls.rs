//! One way to be secure: rustls over ring, with Mozilla's roots.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The client side of TLS, one for the whole process: the roots are held once, and a connection resumes what an earlier one to
/// the same host has agreed on, so that it costs one round trip less.
pub(crate) fn client_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    static SHARED: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = SHARED.get() {
        return Ok(Arc::clone(config));
    }
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let config = trusting(roots)?;
    Ok(Arc::clone(SHARED.get_or_init(|| Arc::new(config))))
}

fn trusting(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

#[cfg(test)]
mod tests {
    use rustls::{
        ClientConnection, HandshakeKind, ServerConfig, ServerConnection,
        pki_types::{PrivateKeyDer, ServerName},
    };

    use super::*;

    #[test]
    fn there_is_one_for_the_whole_process() {
        let (one, other) = (client_config().unwrap(), client_config().unwrap());
        assert!(Arc::ptr_eq(&one, &other));
    }

    /// A whole handshake in memory, and what kind it was.
    fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> HandshakeKind {
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
        let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
        let mut wire = Vec::new();
        // Tickets come after the handshake: a few more rounds than it takes.
        for _ in 0..6 {
            while client.wants_write() {
                client.write_tls(&mut wire).unwrap();
            }
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            wire.clear();
            while server.wants_write() {
                server.write_tls(&mut wire).unwrap();
            }
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets().unwrap();
            wire.clear();
        }
        client.handshake_kind().unwrap()
    }

    #[test]
    fn a_later_connection_resumes_an_earlier_ones_session() {
        let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = signed.cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(signed.signing_key.serialize_der().into());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let (client, server) = (Arc::new(trusting(roots).unwrap()), Arc::new(server));
        assert_eq!(handshake(&client, &server), HandshakeKind::Full);
        assert_eq!(handshake(&client, &server), HandshakeKind::Resumed);
    }
}
