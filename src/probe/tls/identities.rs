//! Who the client is: of several keys the one whose certificate the server asks for.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::sign::CertifiedKey;

use crate::x509::Certificate;

/// The keys at hand, in the order of the store.
#[derive(Debug, Default)]
pub(in crate::probe) struct Identities(Vec<Identity>);

#[derive(Debug)]
struct Identity {
    key: Arc<CertifiedKey>,
    /// The names of those who issued the certificates of the chain (DER).
    issuers: Vec<Vec<u8>>,
}

impl Identities {
    pub(in crate::probe) fn new(keys: impl IntoIterator<Item = Arc<CertifiedKey>>) -> Self {
        let identity = |key: Arc<CertifiedKey>| {
            let chain = key.cert.iter();
            let read = chain.filter_map(|der| Certificate::from_der(der).ok());
            let issuers = read.map(|one| one.issuer.der().to_vec()).collect();
            Identity { key, issuers }
        };
        Self(keys.into_iter().map(identity).collect())
    }

    /// As JSSE's `X509KeyManager` does: the first key that can sign for the server and whose chain
    /// was issued by one of the CAs that the server names. Unlike there, where none was, the first
    /// that can sign is sent all the same: the server's answer to it tells more than its silence.
    pub(super) fn choose(&self, ca_names: &[&[u8]], schemes: &[SignatureScheme]) -> Option<usize> {
        let signs = |one: &Identity| one.key.key.choose_scheme(schemes).is_some();
        let is_named = |one: &Identity| {
            let mut issuers = one.issuers.iter();
            ca_names.is_empty() || issuers.any(|issuer| ca_names.contains(&issuer.as_slice()))
        };
        let all = &self.0;
        all.iter()
            .position(|one| signs(one) && is_named(one))
            .or_else(|| all.iter().position(signs))
            .or_else(|| (!all.is_empty()).then_some(0))
    }

    pub(super) fn get(&self, index: usize) -> Option<&Arc<CertifiedKey>> {
        self.0.get(index).map(|one| &one.key)
    }
}
