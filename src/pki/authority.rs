//! A CA that may sign, an identity that has a key, and the signing itself.

use super::encode::{self, Circumstances, tbs_certificate};
use super::profile::{Profile, ProfileError};
use super::signer::Signer;
use crate::der;
use crate::finding::{Action, Code, Diagnostic, Remedy};
use crate::random::Random;
use crate::secret::PrivateKey;
use crate::time::Timestamp;
use crate::x509::key::{KeyError, public_key};
use crate::x509::{self, Certificate, PublicKey};

/// Why nothing was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The profile is broken.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The CA's key, or the subject's, cannot be used.
    #[error("a key cannot be used")]
    Key(#[from] KeyError),
    /// The certificate is not a CA's.
    #[error("the certificate `{subject}` may not sign others: {reason}")]
    NotAnAuthority {
        /// Its subject.
        subject: String,
        /// What is missing.
        reason: &'static str,
    },
    /// Key and certificate belong to different pairs.
    #[error("the private key does not belong to the certificate `{subject}`")]
    KeyMismatch {
        /// The certificate's subject.
        subject: String,
    },
    /// A chain without a certificate.
    #[error("there is no certificate")]
    NoCertificate,
    /// What was made does not read as a certificate: a defect here.
    #[error("the certificate was made, and does not read back")]
    DoesNotReadBack(#[from] x509::Error),
}

impl Diagnostic for IssueError {
    fn code(&self) -> Code {
        match self {
            Self::Profile(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::NotAnAuthority { .. } => Code::AuthorityUnfit,
            Self::KeyMismatch { .. } => Code::KeyMismatch,
            Self::NoCertificate => Code::NoCertificateInFile,
            Self::DoesNotReadBack(_) => Code::Internal,
        }
    }

    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Profile(error) => error.remedy(),
            Self::Key(error) => error.remedy(),
            Self::NotAnAuthority { .. } => Some(Remedy::run(
                "make a CA, or give the right certificate",
                Action::CreateAuthority,
            )),
            Self::KeyMismatch { .. } => Some(Remedy::text(
                "give the key that the certificate was made with",
            )),
            Self::NoCertificate => Some(Remedy::text("give a file with a certificate in it")),
            Self::DoesNotReadBack(_) => {
                Some(Remedy::text("please report this; nothing was written"))
            }
        }
    }
}

/// A private key and the chain that vouches for it, leaf first; the leaf's key is the key's.
#[derive(Debug)]
pub struct Identity {
    key: PrivateKey,
    chain: Vec<Certificate>,
}

impl Identity {
    /// # Errors
    ///
    /// When the chain is empty or its leaf has another key.
    pub fn new(key: PrivateKey, chain: Vec<Certificate>) -> Result<Self, IssueError> {
        let leaf = chain.first().ok_or(IssueError::NoCertificate)?;
        if !leaf.public_key.same_key(&public_key(&key)?) {
            return Err(IssueError::KeyMismatch {
                subject: leaf.subject.to_string(),
            });
        }
        Ok(Self { key, chain })
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The chain, leaf first.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }
}

/// An identity that may sign certificates: basic constraints and key usage allow it.
pub struct Authority {
    identity: Identity,
    signer: Signer,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// # Errors
    ///
    /// When the certificate is no CA's, or the key is of a kind that cannot sign here.
    pub fn new(identity: Identity) -> Result<Self, IssueError> {
        let certificate = identity.chain.first().ok_or(IssueError::NoCertificate)?;
        let unfit = |reason| {
            let subject = certificate.subject.to_string();
            Err(IssueError::NotAnAuthority { subject, reason })
        };
        if certificate.version < 3 {
            return unfit("it is X.509 v1, which has no basic constraints");
        }
        if !certificate.is_ca() {
            return unfit("its basic constraints do not say CA:TRUE");
        }
        if certificate
            .key_usage
            .is_some_and(|usage| !usage.key_cert_sign())
        {
            return unfit("its key usage lacks keyCertSign");
        }
        let signer = Signer::new(&identity.key)?;
        Ok(Self { identity, signer })
    }

    /// The CA's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        // The constructor refuses empty chains.
        #[expect(
            clippy::indexing_slicing,
            reason = "the constructor refuses empty chains"
        )]
        &self.identity.chain[0]
    }

    /// The CA's certificate and those above it, root last.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.identity.chain
    }

    /// Issues a certificate over `subject_key`.
    ///
    /// # Errors
    ///
    /// When the profile does not fit below this CA.
    pub fn issue(
        &self,
        profile: Profile,
        subject_key: &PublicKey,
        serial: &Serial,
        now: Timestamp,
    ) -> Result<Issued, IssueError> {
        let issuer = self.certificate();
        let profile = profile.below(issuer, now)?;
        let own_key_id = encode::key_id(&issuer.public_key);
        let tbs = tbs_certificate(
            &profile,
            &Circumstances {
                serial: &serial.0,
                signature_algorithm: &self.signer.algorithm(),
                issuer: issuer.subject.der(),
                authority_key_id: Some(issuer.subject_key_id.as_deref().unwrap_or(&own_key_id)),
                public_key: subject_key,
            },
        );
        let certificate = Certificate::from_der(&sign(&self.signer, &tbs)?)?;
        Ok(Issued {
            certificate,
            shortened_from: profile.shortened_from,
        })
    }
}

/// A certificate, and whether it ends earlier than was asked for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Issued {
    /// The certificate.
    pub certificate: Certificate,
    /// The end that was asked for, where the CA ends earlier.
    pub shortened_from: Option<Timestamp>,
}

/// Makes a self-signed CA certificate for `key`.
///
/// # Errors
///
/// When the key cannot sign.
pub fn self_sign(
    profile: &Profile,
    key: &PrivateKey,
    serial: &Serial,
) -> Result<Certificate, IssueError> {
    let signer = Signer::new(key)?;
    let tbs = tbs_certificate(
        profile,
        &Circumstances {
            serial: &serial.0,
            signature_algorithm: &signer.algorithm(),
            issuer: &encode::common_name(&profile.common_name),
            authority_key_id: None,
            public_key: signer.public(),
        },
    );
    Ok(Certificate::from_der(&sign(&signer, &tbs)?)?)
}

fn sign(signer: &Signer, tbs: &[u8]) -> Result<Vec<u8>, IssueError> {
    let signature = signer.sign(tbs)?;
    Ok(der::sequence(&[
        tbs,
        &signer.algorithm(),
        &der::bits(&signature),
    ]))
}

/// A serial number: 159 random bits, never zero, so that it is positive in 20 octets
/// (RFC 5280 section 4.1.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// A random serial number.
    #[must_use]
    pub fn random(random: &mut dyn Random) -> Self {
        let mut bytes: [u8; 20] = crate::random::array(random);
        bytes[0] &= 0x7f;
        // Zero is not allowed; this changes one of 2^159 values.
        if bytes.iter().all(|byte| *byte == 0) {
            bytes[19] = 1;
        }
        Self(bytes.to_vec())
    }

    /// The number in lower-case hexadecimal, as [`Certificate::serial_hex`] shows it.
    #[must_use]
    pub fn hex(&self) -> String {
        let significant = self.0.iter().skip_while(|byte| **byte == 0).copied();
        let mut bytes: Vec<u8> = significant.collect();
        if bytes.first().is_none_or(|first| first & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        x509::hex(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::super::profile::{AUTHORITY_DAYS, LEAF_DAYS, Lifetime, Role};
    use super::super::{KeyType, generate, names};
    use super::*;
    use crate::random::SystemRandom;
    use crate::time::Span;

    const NOW: Timestamp = datetime!(2026-03-01 12:00 UTC);

    fn authority(kind: KeyType) -> Authority {
        let key = generate(kind);
        let role = Role::Authority {
            path_length: Some(0),
            permitted: Vec::new(),
        };
        let lifetime = Lifetime::Span(Span::days(AUTHORITY_DAYS));
        let profile = Profile::authority("Test CA", role, lifetime, NOW).unwrap();
        let certificate = self_sign(&profile, &key, &Serial::random(&mut SystemRandom)).unwrap();
        Authority::new(Identity::new(key, vec![certificate]).unwrap()).unwrap()
    }

    fn broker_profile() -> Profile {
        let names = vec![
            names::host("broker.lan").unwrap(),
            names::host("10.0.0.1").unwrap(),
        ];
        Profile::broker(names, "broker", Lifetime::Span(Span::days(LEAF_DAYS)), NOW).unwrap()
    }

    #[test]
    fn a_broker_is_as_the_profile_says() {
        for kind in [
            KeyType::P256,
            KeyType::P384,
            KeyType::P521,
            KeyType::Rsa2048,
            KeyType::Ed25519,
        ] {
            let ca = authority(kind);
            let key = public_key(&generate(kind)).unwrap();
            let serial = Serial::random(&mut SystemRandom);
            let issued = ca.issue(broker_profile(), &key, &serial, NOW).unwrap();
            let cert = issued.certificate;
            assert_eq!(cert.version, 3);
            assert_eq!(cert.serial_hex(), serial.hex());
            assert_eq!(cert.subject.to_string(), "CN=broker.lan");
            assert_eq!(cert.issuer.der(), ca.certificate().subject.der());
            assert_eq!(cert.authority_key_id, ca.certificate().subject_key_id);
            assert_eq!(cert.not_before, datetime!(2026-03-01 11:00 UTC));
            assert_eq!(cert.not_after, datetime!(2027-04-02 10:59:59 UTC));
            assert!(cert.allows_server() && !cert.allows_client());
            assert!(
                cert.basic_constraints
                    .is_some_and(|basic| basic.critical && !basic.ca)
            );
            let usage = cert.key_usage.unwrap();
            assert!(usage.critical && usage.digital_signature());
            assert_eq!(usage.key_encipherment(), kind == KeyType::Rsa2048);
            let names: Vec<String> = cert
                .subject_alt_names
                .unwrap()
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(names, ["DNS:broker.lan", "IP:10.0.0.1"]);
            assert!(cert.unreadable.is_empty());
        }
    }

    #[test]
    fn a_ca_is_as_the_profile_says() {
        let ca = authority(KeyType::P256);
        let cert = ca.certificate();
        assert_eq!(cert.basic_constraints.unwrap().path_length, Some(0));
        assert!(cert.basic_constraints.unwrap().critical);
        assert_eq!(cert.key_usage.unwrap().names(), ["keyCertSign", "cRLSign"]);
        assert!(cert.extended_key_usage.is_none() && cert.authority_key_id.is_none());
        assert!(cert.subject_key_id.is_some() && cert.subject_alt_names.is_none());
    }

    #[test]
    fn nothing_outlives_its_ca_or_takes_its_name() {
        let ca = authority(KeyType::P256);
        let key = public_key(&generate(KeyType::P256)).unwrap();
        let serial = Serial::random(&mut SystemRandom);
        let long = Lifetime::Span(Span::days(4_000));
        let client = |name: &str| Profile::client(name, Vec::new(), long, NOW).unwrap();
        let issued = ca.issue(client("phone"), &key, &serial, NOW).unwrap();
        assert_eq!(issued.certificate.not_after, ca.certificate().not_after);
        assert!(issued.shortened_from.is_some());
        assert!(issued.certificate.subject_alt_names.is_none());
        let same = ca.issue(client("test  ca"), &key, &serial, NOW);
        assert!(matches!(
            same,
            Err(IssueError::Profile(ProfileError::SameSubject(_)))
        ));
        let late = ca.issue(
            client("phone"),
            &key,
            &serial,
            datetime!(2040-01-01 0:00 UTC),
        );
        assert!(matches!(
            late,
            Err(IssueError::Profile(ProfileError::AuthorityExpired { .. }))
        ));
    }

    #[test]
    fn a_leaf_is_no_authority() {
        let ca = authority(KeyType::P256);
        let key = generate(KeyType::P256);
        let public = public_key(&key).unwrap();
        let serial = Serial::random(&mut SystemRandom);
        let leaf = ca
            .issue(broker_profile(), &public, &serial, NOW)
            .unwrap()
            .certificate;
        let other = Identity::new(generate(KeyType::P256), vec![leaf.clone()]);
        assert!(matches!(other, Err(IssueError::KeyMismatch { .. })));
        let unfit = Authority::new(Identity::new(key, vec![leaf]).unwrap());
        assert!(matches!(unfit, Err(IssueError::NotAnAuthority { .. })));
    }

    #[test]
    fn serials_are_positive_and_minimal() {
        struct Fixed(u8);
        impl Random for Fixed {
            fn fill(&mut self, out: &mut [u8]) {
                out.fill(self.0);
            }
        }
        assert_eq!(Serial::random(&mut Fixed(0)).hex(), "01");
        let high = Serial::random(&mut Fixed(0xff)).hex();
        assert_eq!(high, format!("7f{}", "ff".repeat(19)));
    }
}
