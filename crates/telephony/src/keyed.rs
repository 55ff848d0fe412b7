//! Keyed hashes, compared in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

pub(crate) fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha1>>(key, message)
}

pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha256>>(key, message)
}

/// Whether two byte strings are equal, in a time that does not tell where they differ.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let Ok(mac) = <M as KeyInit>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of every length (RFC 2104)")
    };
    mac.chain_update(message).finalize().into_bytes().to_vec()
}
