//! Files to what the conversation has in hand: trust anchors, the client's identity, revocation
//! lists, and what is worth saying about the files themselves.

mod complaints;
mod wrong_file;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use certgen::diagnose::transcript::{Identity, Material, Trust, TrustSource};
use certgen::finding::{Code, Finding, Remedy};
use certgen::keystore::pem::{self, Item};
use certgen::keystore::{
    Content, Format, Integrity, KeyState, Keystore, Limits, Opened, Passwords, decode, detect,
};
use certgen::secret::{Password, PrivateKey};
use certgen::x509::{Certificate, KeyKind, PublicKey, key};

use self::complaints::{out_of_order, without_integrity, without_key, without_trust};
use self::wrong_file::{no_certificate, no_key, no_revocation_list};
use super::arguments::Credentials;
use crate::context::Context;
use crate::failure::Failure;
use crate::password::{self, Purpose, Source};

/// What was read.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) material: Material,
    pub(crate) key: Option<PrivateKey>,
    /// What else the keystore could be: for brokers that ask for certificates of their CAs.
    pub(crate) others: Vec<(Identity, PrivateKey)>,
    /// The keystore that the identity comes from.
    pub(crate) keystore: Option<Keystore>,
    /// What is worth saying about the files.
    pub(crate) findings: Vec<Finding>,
}

/// Reads everything that the options name.
pub(crate) fn read(credentials: &Credentials, context: &Context) -> Result<Intake, Failure> {
    let mut reader = Reader {
        credentials,
        context,
        findings: Vec::new(),
        others: Vec::new(),
    };
    let keystore = reader.keystore()?;
    let (identity, key) = match (&keystore, &credentials.cert) {
        (Some((path, store)), _) => reader.identity_of_store(path, store)?,
        (None, Some(path)) => Some(reader.identity_of_files(path)?).unzip(),
        (None, None) => (None, None),
    };
    let without_identity = match (&identity, &keystore) {
        (None, Some((path, _))) => Some(format!(
            "the store `{}` holds no private key",
            path.display()
        )),
        _ => None,
    };
    let trust = reader.trust(keystore.as_ref())?;
    let crls = reader.revocation_lists()?;
    let material = Material {
        now: Some(context.now),
        now_is_clock: context.now_is_clock,
        trust,
        identity,
        without_identity,
        crls,
    };
    Ok(Intake {
        material,
        key,
        others: reader.others,
        keystore: keystore.map(|(_, store)| store),
        findings: reader.findings,
    })
}

struct Reader<'a> {
    credentials: &'a Credentials,
    context: &'a Context,
    findings: Vec<Finding>,
    others: Vec<(Identity, PrivateKey)>,
}

impl Reader<'_> {
    fn keystore(&mut self) -> Result<Option<(PathBuf, Keystore)>, Failure> {
        let Some(path) = &self.credentials.keystore else {
            return Ok(None);
        };
        let purpose = ("the keystore", "--store-password");
        let source = self.credentials.store_password.as_ref();
        let store = self.store(path, source, purpose, true)?;
        Ok(Some((path.clone(), store)))
    }

    /// Reads a store; asks for its password where it needs one.
    fn store(
        &mut self,
        path: &Path,
        source: Option<&Source>,
        (kind, option): (&str, &str),
        needs_key: bool,
    ) -> Result<Keystore, Failure> {
        let bytes = file(path)?;
        let limits = Limits::default();
        let what = format!("{kind} `{}`", path.display());
        let keys = self.key_passwords(&what)?;
        let open = |password: Option<&Password>| {
            let passwords = Passwords {
                store: password,
                keys: &keys,
            };
            decode(&bytes, &passwords, &limits).map_err(|error| {
                Failure::from(error).while_doing(format!("cannot read `{}`", path.display()))
            })
        };
        let purpose = Purpose {
            what: &what,
            option,
        };
        let store = match source {
            Some(source) => open(Some(&password::existing(Some(source), purpose)?))?,
            None => match open(None) {
                Ok(store) if is_open(&store, needs_key) => store,
                Err(failure) if failure.code != Code::PasswordNeeded => return Err(failure),
                _ => open(Some(&password::existing(None, purpose)?))?,
            },
        };
        if store.integrity != Integrity::Verified
            && !self.credentials.allow_unauthenticated
            && store.format != Format::Pem
        {
            return Err(without_integrity(path, &store));
        }
        Ok(store)
    }

    fn key_passwords(&self, what: &str) -> Result<Vec<Password>, Failure> {
        let Some(source) = &self.credentials.key_password else {
            return Ok(Vec::new());
        };
        let what = format!("the key in {what}");
        let purpose = Purpose {
            what: &what,
            option: "--key-password",
        };
        Ok(vec![password::existing(Some(source), purpose)?])
    }

    fn identity_of_store(
        &mut self,
        path: &Path,
        store: &Keystore,
    ) -> Result<(Option<Identity>, Option<PrivateKey>), Failure> {
        let keys = store
            .entries
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::PrivateKey { key, chain } => Some((entry, Some(key), chain)),
                Content::Sealed { chain, .. } if !chain.is_empty() => Some((entry, None, chain)),
                _ => None,
            });
        let mut keys: Vec<_> = keys.collect();
        // A key that opens goes before one that does not.
        keys.sort_by_key(|(_, key, _)| key.is_none_or(|key| key.open().is_none()));
        let Some((entry, key_state, chain)) = keys.first() else {
            self.findings.push(without_key(path, store));
            return Ok((None, None));
        };
        let alias = entry.alias.to_string();
        let Some(key) = key_state.and_then(KeyState::open) else {
            let error = certgen::keystore::Error::KeyPasswordDiffers { alias };
            return Err(
                Failure::from(error).while_doing(format!("cannot read `{}`", path.display()))
            );
        };
        let shown = path.display().to_string();
        if self.credentials.key_password.is_some() && is_opened_by_store_password(key_state) {
            let error = certgen::keystore::Error::KeyPasswordDiffers { alias };
            return Err(
                Failure::from(error).while_doing(format!("cannot read `{}`", path.display()))
            );
        }
        let chain = (*chain).clone();
        fits(
            &chain,
            key,
            &format!("the entry `{alias}` of `{shown}`"),
            &format!("`{shown}`"),
        )?;
        for (entry, key, chain) in keys.iter().skip(1) {
            let Some(key) = key.and_then(KeyState::open) else {
                continue;
            };
            if fits(chain, key, "", "").is_ok() {
                let other = Identity {
                    chain: (*chain).clone(),
                    path: shown.clone(),
                    alias: Some(entry.alias.to_string()),
                };
                self.others.push((other, key.clone_secret()));
            }
        }
        let identity = Identity {
            chain,
            path: shown,
            alias: Some(alias),
        };
        Ok((Some(identity), Some(key.clone_secret())))
    }

    fn identity_of_files(&mut self, path: &Path) -> Result<(Identity, PrivateKey), Failure> {
        let key_path = self.credentials.key.as_deref().unwrap_or(path);
        // One file may hold both, and standard input can be read once.
        let bytes = zeroize::Zeroizing::new(file(path)?);
        let chain = self.certificates_in(path, &bytes)?;
        let key = if key_path == path {
            self.private_key(path, &bytes)?
        } else {
            let bytes = zeroize::Zeroizing::new(file(key_path)?);
            self.private_key(key_path, &bytes)?
        };
        let shown = path.display().to_string();
        fits(
            &chain,
            &key,
            &format!("`{shown}`"),
            &format!("`{}`", key_path.display()),
        )?;
        Ok((
            Identity {
                chain,
                path: shown,
                alias: None,
            },
            key,
        ))
    }

    /// The certificates of a PEM or DER file, or of a store that needs no password.
    fn certificates(&mut self, path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
        self.certificates_in(path, &file(path)?)
    }

    fn certificates_in(&mut self, path: &Path, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
        let contents = self.pem(path, bytes, &Passwords::default(), no_certificate)?;
        let certificates: Vec<Vec<u8>> = contents.certificates().map(<[u8]>::to_vec).collect();
        if certificates.is_empty() {
            return Err(no_certificate(path, bytes));
        }
        Ok(certificates)
    }

    fn pem(
        &mut self,
        path: &Path,
        bytes: &[u8],
        passwords: &Passwords<'_>,
        complain: fn(&Path, &[u8]) -> Failure,
    ) -> Result<pem::Contents, Failure> {
        if detect(bytes) != Some(Format::Pem) {
            return Err(complain(path, bytes));
        }
        let mut contents = pem::read(bytes, passwords, &Limits::default()).map_err(|error| {
            Failure::from(error).while_doing(format!("cannot read `{}`", path.display()))
        })?;
        let about = path.display().to_string();
        let findings = std::mem::take(&mut contents.findings);
        self.findings.extend(
            findings
                .into_iter()
                .map(|finding| finding.about(about.clone())),
        );
        Ok(contents)
    }

    fn private_key(&mut self, path: &Path, bytes: &[u8]) -> Result<PrivateKey, Failure> {
        let what = format!("the key `{}`", path.display());
        let purpose = Purpose {
            what: &what,
            option: "--key-password",
        };
        let mut passwords = Vec::new();
        if let Some(source) = &self.credentials.key_password {
            passwords.push(password::existing(Some(source), purpose)?);
        }
        let contents = self.pem(
            path,
            bytes,
            &Passwords {
                store: None,
                keys: &passwords,
            },
            no_key,
        )?;
        let is_sealed = matches!(contents.private_key(), Some(KeyState::Sealed(_)));
        let contents = if is_sealed && passwords.is_empty() {
            passwords.push(password::existing(None, purpose)?);
            self.pem(
                path,
                bytes,
                &Passwords {
                    store: None,
                    keys: &passwords,
                },
                no_key,
            )?
        } else {
            contents
        };
        contents
            .into_private_key(&Passwords {
                store: None,
                keys: &passwords,
            })
            .map_err(|error| {
                Failure::from(error).while_doing(format!("cannot read `{}`", path.display()))
            })
    }

    fn trust(&mut self, keystore: Option<&(PathBuf, Keystore)>) -> Result<Trust, Failure> {
        if let Some(path) = &self.credentials.cafile {
            let anchors = self.certificates(path)?;
            self.note_store_trust(keystore, true);
            return Ok(trust(anchors, TrustSource::File, Some(path)));
        }
        if let Some(path) = &self.credentials.truststore {
            let source = self.credentials.truststore_password.clone();
            let purpose = ("the trust store", "--truststore-password");
            let store = self.store(path, source.as_ref(), purpose, false)?;
            let anchors = anchors(&store);
            if anchors.is_empty() {
                self.findings.push(without_trust(path, false));
            }
            self.note_store_trust(keystore, true);
            return Ok(trust(anchors, TrustSource::TrustStore, Some(path)));
        }
        if let Some((path, store)) = keystore {
            let anchors = anchors(store);
            if !anchors.is_empty() {
                return Ok(trust(anchors, TrustSource::KeyStore, Some(path)));
            }
            self.note_store_trust(keystore, false);
        }
        let own = self.context.dir.join("ca").join("ca.crt");
        if own.is_file() {
            let anchors = self.certificates(&own)?;
            return Ok(trust(anchors, TrustSource::Folder, Some(&own)));
        }
        Ok(trust(system_roots(), TrustSource::System, None))
    }

    /// Whether the keystore lacks what an app with one store trusts by.
    fn note_store_trust(&mut self, keystore: Option<&(PathBuf, Keystore)>, given: bool) {
        if let Some((path, store)) = keystore
            && anchors(store).is_empty()
        {
            self.findings.push(without_trust(path, given));
        }
    }

    fn revocation_lists(&mut self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        let mut lists = Vec::new();
        for path in &self.credentials.crl {
            let bytes = file(path)?;
            let contents = self.pem(path, &bytes, &Passwords::default(), no_revocation_list)?;
            let before = lists.len();
            for item in contents.items {
                if let Item::RevocationList(der) = item {
                    lists.push((path.display().to_string(), der));
                }
            }
            if lists.len() == before {
                return Err(no_revocation_list(path, &bytes));
            }
        }
        Ok(lists)
    }
}

/// The bytes of a file, or of standard input for `-`.
fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| Failure::cannot_read(path, &error);
    let limit = u64::try_from(Limits::default().file_size).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(limit)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    Ok(bytes)
}

/// The key password that was given is wrong, although the store's happens to open the key.
fn is_opened_by_store_password(key: &Option<&KeyState<PrivateKey>>) -> bool {
    let opened = match key {
        Some(KeyState::Open { opened, .. }) => Some(*opened),
        _ => None,
    };
    opened == Some(Opened::StorePassword)
}

/// Whether a store that was read without password gives what is wanted of it.
fn is_open(store: &Keystore, needs_key: bool) -> bool {
    let sealed = |content: &Content| match content {
        Content::PrivateKey { key, .. } => key.open().is_none(),
        Content::Sealed { .. } => true,
        _ => false,
    };
    let any_sealed = needs_key && store.entries.iter().any(|entry| sealed(&entry.content));
    let is_whole = store.integrity == Integrity::Verified || store.format == Format::Pem;
    is_whole && !any_sealed
}

fn anchors(store: &Keystore) -> Vec<Vec<u8>> {
    let trusted = store
        .entries
        .iter()
        .filter_map(|entry| match &entry.content {
            Content::TrustedCertificate { certificate } => Some(certificate.clone()),
            _ => None,
        });
    trusted.collect()
}

fn trust(anchors: Vec<Vec<u8>>, source: TrustSource, path: Option<&PathBuf>) -> Trust {
    Trust {
        anchors,
        source,
        path: path.map(|path| path.display().to_string()),
    }
}

fn system_roots() -> Vec<Vec<u8>> {
    let found = rustls_native_certs::load_native_certs();
    found
        .certs
        .into_iter()
        .map(|certificate| certificate.to_vec())
        .collect()
}

/// Whether the key belongs to the leaf; keys whose public half cannot be computed are let pass.
fn fits(chain: &[Vec<u8>], key: &PrivateKey, of: &str, key_of: &str) -> Result<(), Failure> {
    let Some(leaf) = chain.first() else {
        let cause = format!("{of} has a private key without a certificate");
        return Err(
            Failure::new(Code::NoCertificateInFile, cause).with_remedy(Remedy::text(
                "make the store again, with the client's certificate in it",
            )),
        );
    };
    let leaf = Certificate::from_der(leaf)
        .map_err(|error| Failure::from(error).while_doing(format!("cannot read {of}")))?;
    let Ok(public) = key::public_key(key) else {
        return Ok(());
    };
    if public.spki_der() == leaf.public_key.spki_der()
        || public.key_bits() == leaf.public_key.key_bits()
    {
        return Ok(());
    }
    if let Some(place) = chain.iter().position(|der| is_for(der, &public)) {
        return Err(out_of_order(&leaf, place, of, key_of));
    }
    let mut failure = Failure::new(
        Code::KeyMismatch,
        format!("the private key of {key_of} does not belong to the certificate of {of}"),
    );
    let kind = |kind: &KeyKind| kind.to_string();
    failure.because.push(format!(
        "the certificate of `{}` is for another {} key; the key given is {}",
        leaf.subject,
        kind(leaf.public_key.kind()),
        kind(public.kind()),
    ));
    Err(failure.with_remedy(Remedy::text(
        "give the key that was made with this certificate, or issue the certificate again",
    )))
}

fn is_for(der: &[u8], key: &PublicKey) -> bool {
    Certificate::from_der(der).is_ok_and(|certificate| certificate.public_key.same_key(key))
}
