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
    /// A CA that is trusted here is among them.
    is_kin: bool,
}

impl Identities {
    /// `anchors` are the certificates that are trusted here (DER).
    pub(in crate::probe) fn new(keys: Vec<Arc<CertifiedKey>>, anchors: &[Vec<u8>]) -> Self {
        let names = if keys.len() > 1 {
            subjects(anchors)
        } else {
            Vec::new()
        };
        let identity = |key: Arc<CertifiedKey>| {
            let chain = key.cert.iter();
            let read = chain.filter_map(|der| Certificate::from_der(der).ok());
            let issuers: Vec<Vec<u8>> = read.map(|one| one.issuer.der().to_vec()).collect();
            let is_kin = issuers.iter().any(|issuer| names.contains(issuer));
            Identity {
                key,
                issuers,
                is_kin,
            }
        };
        Self(keys.into_iter().map(identity).collect())
    }

    /// As JSSE's `X509KeyManager` does: the first key that can sign for the server and whose chain
    /// was issued by one of the CAs that the server names. Where it names none, as mosquitto does,
    /// one of a CA that is trusted here goes first. Unlike JSSE, where no chain was issued by one of
    /// the CAs, the first key that can sign is sent all the same: the server's answer to it tells
    /// more than its silence.
    pub(super) fn choose(&self, ca_names: &[&[u8]], schemes: &[SignatureScheme]) -> Option<usize> {
        let signs = |one: &Identity| one.key.key.choose_scheme(schemes).is_some();
        let is_named = |one: &Identity| {
            let mut issuers = one.issuers.iter();
            match ca_names {
                [] => one.is_kin,
                names => issuers.any(|issuer| names.contains(&issuer.as_slice())),
            }
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

fn subjects(certificates: &[Vec<u8>]) -> Vec<Vec<u8>> {
    certificates
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .map(|certificate| certificate.subject.der().to_vec())
        .collect()
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

    use super::*;
    use crate::pki::{
        Authority, AuthorityProfile, Identity as Owner, KeyType, Profile, Serial, Validity,
        generate, issue, root,
    };
    use crate::random::SystemRandom;
    use crate::time::Timestamp;
    use crate::x509::key::public_key;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// A CA, and a client of it with its key.
    fn household(name: &str) -> (Certificate, Arc<CertifiedKey>) {
        let serial = || Serial::draw(&mut SystemRandom);
        let profile = AuthorityProfile::new(name, Validity::days(NOW, 90)).unwrap();
        let key = generate(KeyType::P256);
        let own = root(&profile, &key, &serial()).unwrap();
        let owner = Owner::new(key, vec![own.clone()]).unwrap();
        let authority = Authority::new(owner).unwrap();
        let key = generate(KeyType::P256);
        let profile = Profile::client("phone", Vec::new(), Validity::days(NOW, 30)).unwrap();
        let public = public_key(&key).unwrap();
        let client = issue(&authority, &profile, &public, &serial(), NOW).unwrap();
        let der = PrivatePkcs8KeyDer::from(key.secret_pkcs8_der());
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::Pkcs8(der));
        let chain = vec![CertificateDer::from(client.der)];
        (own, Arc::new(CertifiedKey::new(chain, key.unwrap())))
    }

    #[test]
    fn the_key_that_is_asked_for_goes_before_that_of_the_household_and_the_first() {
        let [one, two, three] = ["One", "Two", "Three"].map(household);
        let all = Identities::new(
            vec![one.1.clone(), two.1.clone(), three.1.clone()],
            std::slice::from_ref(&two.0.der),
        );
        let schemes = [SignatureScheme::ECDSA_NISTP256_SHA256];
        let choose = |names: &[&[u8]]| all.choose(names, &schemes);
        assert_eq!(choose(&[]), Some(1));
        assert_eq!(choose(&[three.0.subject.der()]), Some(2));
        assert_eq!(choose(&[b"nobody"]), Some(0));
        assert_eq!(all.choose(&[], &[SignatureScheme::ED25519]), Some(0));
        assert_eq!(Identities::default().choose(&[], &schemes), None);
    }
}
