//! Keys with their chains, and what of them every reader must find again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use certgen::keystore::{Content, Entry, KeyState, Keystore, Limits, Opened, Passwords, pem};
use certgen::pki::{KeyType, generate};
use certgen::secret::{Password, PrivateKey};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};

use super::lines::{hash, material};
use super::support::Folder;

/// A key, its certificate and the CA's.
pub struct Material {
    pub name: &'static str,
    key: PrivateKey,
    leaf: Vec<u8>,
    ca: Vec<u8>,
}

/// The same in files.
pub struct Files {
    /// PKCS#8, PEM.
    pub key: PathBuf,
    pub key_der: PathBuf,
    pub leaf: PathBuf,
    pub leaf_der: PathBuf,
    pub ca: PathBuf,
    pub ca_der: PathBuf,
    pub name: &'static str,
}

impl Material {
    pub fn every() -> Vec<Self> {
        [
            KeyType::Rsa2048,
            KeyType::P256,
            KeyType::P384,
            KeyType::Ed25519,
        ]
        .map(Self::new)
        .into()
    }

    fn new(kind: KeyType) -> Self {
        let named = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = named("peers' CA");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_der = ca.self_signed(&ca_key).unwrap().der().to_vec();
        let key = generate(kind);
        let pair = KeyPair::try_from(key.secret_pkcs8_der()).unwrap();
        let leaf = named("phone");
        let leaf = leaf.signed_by(&pair, &Issuer::new(ca, ca_key)).unwrap();
        Self {
            name: kind.as_str(),
            key,
            leaf: leaf.der().to_vec(),
            ca: ca_der,
        }
    }

    /// As `bundle` packages it.
    pub fn entries(&self) -> Vec<Entry> {
        let key = KeyState::Open {
            value: self.key.clone_secret(),
            opened: Opened::StorePassword,
        };
        let chain = vec![self.leaf.clone(), self.ca.clone()];
        let certificate = self.ca.clone();
        vec![
            Entry::new("phone", None, Content::PrivateKey { key, chain }),
            Entry::new("ca", None, Content::TrustedCertificate { certificate }),
        ]
    }

    pub fn contents(&self) -> Contents {
        let certificates = [&self.leaf, &self.ca];
        Contents {
            keys: [hash(material(self.key.secret_pkcs8_der()))].into(),
            certificates: certificates.map(|der| hash(der)).into(),
        }
    }

    pub fn write(&self, folder: &Folder) -> Files {
        let name = self.name;
        let file = |ending: &str, bytes: &[u8]| folder.write(&format!("{name}.{ending}"), bytes);
        Files {
            key: file("key", pem::private_key(&self.key).secret_bytes()),
            key_der: file("p8", self.key.secret_pkcs8_der()),
            leaf: file("crt", pem::certificate(&self.leaf).as_bytes()),
            leaf_der: file("leaf", &self.leaf),
            ca: file("ca.crt", pem::certificate(&self.ca).as_bytes()),
            ca_der: file("ca", &self.ca),
            name,
        }
    }
}

/// Hashes of the keys and certificates that a reader finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    pub keys: BTreeSet<String>,
    pub certificates: BTreeSet<String>,
}

impl Contents {
    pub fn of(store: &Keystore) -> Self {
        let mut out = Self::default();
        for entry in &store.entries {
            match &entry.content {
                Content::PrivateKey { key, chain } => {
                    let key = key.open().map(|key| hash(material(key.secret_pkcs8_der())));
                    out.keys.extend(key);
                    out.certificates.extend(chain.iter().map(|der| hash(der)));
                }
                Content::TrustedCertificate { certificate }
                | Content::Certificate { certificate } => {
                    out.certificates.insert(hash(certificate));
                }
                _ => {}
            }
        }
        out
    }

    /// What a program printed as PEM; nothing where it printed no key.
    pub fn of_pem(text: &str, password: &str) -> Option<Self> {
        let password = Password::new(password.into());
        let passwords = Passwords {
            store: Some(&password),
            keys: &[],
        };
        let read = pem::read(text.as_bytes(), &passwords, &Limits::default()).ok()?;
        let key = read.private_key()?.open()?.secret_pkcs8_der();
        Some(Self {
            keys: [hash(material(key))].into(),
            certificates: read.certificates().map(hash).collect(),
        })
    }

    /// Lines of `key HASH` and `certificate HASH`.
    pub fn of_lines(text: &str) -> Option<Self> {
        let mut out = Self::default();
        for line in text.lines() {
            match line.split_once(' ')? {
                ("key", hash) => out.keys.insert(hash.to_owned()),
                ("certificate", hash) => out.certificates.insert(hash.to_owned()),
                _ => return None,
            };
        }
        (!out.keys.is_empty()).then_some(out)
    }

    pub fn of_ders(keys: &[Vec<u8>], certificates: &[Vec<u8>]) -> Self {
        Self {
            keys: keys.iter().map(|key| hash(material(key))).collect(),
            certificates: certificates.iter().map(|der| hash(der)).collect(),
        }
    }
}

/// The file's name as text.
pub fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}
