//! The stores that peers are given to read: each format, kind of key and sort of password.

use std::collections::BTreeMap;
use std::path::PathBuf;

use certgen::keystore::{
    Content, EncodeOptions, Entry, Format, KeyState, Keystore, Opened, encode,
};
use certgen::pki::{KeyType, generate};
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey, SecretBytes};
use certgen::time::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::lines::{Line, line};
use super::support::Folder;

/// A store of ours in three files of the same bytes.
pub struct Sample {
    pub name: String,
    pub format: Format,
    pub store: String,
    pub key: String,
    pub file: PathBuf,
    pub for_wrong_store: PathBuf,
    pub for_wrong_key: PathBuf,
    /// The entries as every reader must see them.
    pub entries: Vec<Line>,
}

impl Sample {
    /// Whether a reader saw what there is to see, and refused wrong passwords.
    pub fn judge(&self, found: &BTreeMap<String, Vec<Line>>) -> Result<(), String> {
        let of = |file: &PathBuf| {
            found
                .get(file.to_str().unwrap())
                .cloned()
                .unwrap_or_default()
        };
        let seen = of(&self.file);
        if seen != self.entries {
            let (seen, entries) = (seen.join("\n  "), self.entries.join("\n  "));
            return Err(format!("reads\n  {seen}\ninstead of\n  {entries}"));
        }
        let refused = of(&self.for_wrong_store);
        if !matches!(refused.as_slice(), [line] if line.starts_with("refused\t")) {
            return Err(format!("opens with a wrong password: {refused:?}"));
        }
        let refused = of(&self.for_wrong_key);
        let opened = |line: &Line| line.contains("\tprivate\t") || line.contains("\tsecret\t");
        if refused.iter().any(opened) || refused.len() != self.entries.len() {
            return Err(format!("opens keys with a wrong password: {refused:?}"));
        }
        Ok(())
    }
}

/// Samples whose key has this alias.
pub fn samples(folder: &Folder, alias: &str) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (kind, keys) in materials() {
        for (format, version) in [
            (Format::Bks, 2),
            (Format::Bks, 1),
            (Format::Uber, 2),
            (Format::Jks, 2),
            (Format::Jceks, 2),
            (Format::Bcfks, 2),
        ] {
            for (passwords, store, key) in [
                ("same", "storepw1", "storepw1"),
                ("differ", "storepw1", "keypw1"),
                (
                    "unicode",
                    "pässwörd 🔑",
                    if format == Format::Jceks {
                        "keypw1"
                    } else {
                        "k€y"
                    },
                ),
                ("empty", "", ""),
            ] {
                let digit = if format == Format::Bks {
                    version.to_string()
                } else {
                    String::new()
                };
                let name = format!(
                    "{passwords}-{}{digit}-{}",
                    format.extension(),
                    kind.as_str()
                );
                let entries = entries(format, alias, &keys);
                let lines = lines(&entries);
                let bytes = written(format, version, entries, store, key);
                samples.push(Sample {
                    file: folder.write(&name, &bytes),
                    for_wrong_store: folder.write(&format!("wrong-store-{name}"), &bytes),
                    for_wrong_key: folder.write(&format!("wrong-key-{name}"), &bytes),
                    name,
                    format,
                    store: store.to_owned(),
                    key: key.to_owned(),
                    entries: lines,
                });
            }
        }
    }
    samples
}

fn lines(entries: &[Entry]) -> Vec<Line> {
    let mut lines: Vec<Line> = entries.iter().map(line).collect();
    lines.sort();
    lines
}

fn written(format: Format, version: u8, entries: Vec<Entry>, store: &str, key: &str) -> Vec<u8> {
    let (store, key) = (Password::new(store.into()), Password::new(key.into()));
    let mut options = EncodeOptions::new(format, &store);
    options.key_password = Some(&key);
    options.bks_version = version;
    let dear = format == Format::Jceks && store.secret_text() != key.secret_text();
    if dear || format == Format::Bcfks {
        // The defaults are 200,000 and 51,200, and many stores are read many times.
        options.iterations = Some(10_000);
    }
    let store = Keystore::new(format, entries);
    let bytes = encode(&store, &options, &mut SystemRandom).unwrap();
    bytes.secret_bytes().to_vec()
}

/// A key with its chain under this alias, a CA from before 1970, a secret key.
fn entries(format: Format, alias: &str, keys: &Material) -> Vec<Entry> {
    // A BCFKS has whole seconds.
    let unit = if format == Format::Bcfks { 1_000 } else { 1 };
    let date = |millis: i64| {
        let millis = millis.div_euclid(unit) * unit;
        Timestamp::UNIX_EPOCH + ::time::Duration::milliseconds(millis)
    };
    let opened = Opened::StorePassword;
    let key = KeyState::Open {
        value: keys.key.clone_secret(),
        opened,
    };
    let chain = vec![keys.leaf.clone(), keys.ca.clone()];
    let certificate = keys.ca.clone();
    let key = Content::PrivateKey { key, chain };
    let mut entries = vec![
        Entry::new(alias, Some(date(1_767_322_445_678)), key),
        Entry::new(
            "ca",
            Some(date(-1)),
            Content::TrustedCertificate { certificate },
        ),
    ];
    if format != Format::Jks {
        let key = KeyState::Open {
            value: SecretBytes::new((0..16).collect()),
            opened,
        };
        let content = Content::SecretKey {
            algorithm: "AES".into(),
            key,
            chain: Vec::new(),
        };
        entries.push(Entry::new("secret", Some(date(0)), content));
    }
    entries
}

struct Material {
    key: PrivateKey,
    leaf: Vec<u8>,
    ca: Vec<u8>,
}

fn materials() -> Vec<(KeyType, Material)> {
    [KeyType::Rsa2048, KeyType::P256, KeyType::Ed25519]
        .map(|kind| (kind, material(kind)))
        .into()
}

fn material(kind: KeyType) -> Material {
    let named = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = named("ca");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_der = ca.self_signed(&ca_key).unwrap().der().to_vec();
    let key = generate(kind);
    let pair = KeyPair::try_from(key.secret_pkcs8_der()).unwrap();
    let leaf = named("phone")
        .signed_by(&pair, &Issuer::new(ca, ca_key))
        .unwrap();
    Material {
        key,
        leaf: leaf.der().to_vec(),
        ca: ca_der,
    }
}

/// A key and its chain in files, for peers to make stores of.
pub struct KeyFiles {
    pub name: &'static str,
    pub key: String,
    pub leaf: String,
    pub ca: String,
}

impl KeyFiles {
    pub fn every(folder: &Folder) -> Vec<Self> {
        let mut all = Vec::new();
        for (kind, keys) in materials() {
            let name = kind.as_str();
            let file = |what: &str, bytes: &[u8]| {
                let path = folder.write(&format!("{name}.{what}"), bytes);
                path.to_str().unwrap().to_owned()
            };
            all.push(Self {
                name,
                key: file("p8", keys.key.secret_pkcs8_der()),
                leaf: file("leaf", &keys.leaf),
                ca: file("ca", &keys.ca),
            });
        }
        all
    }
}
