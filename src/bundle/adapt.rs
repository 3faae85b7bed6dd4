//! Entries made to fit a format, and what they lose on the way: said before anything is written.

use std::collections::HashMap;

use super::{Error, Output};
use crate::finding::{Code, Finding, Remedy};
use crate::keystore::{
    Alias, Content, Entry, Format, KeyState, Keystore, SealedKey, bcfks_holds_opaque,
    secret_algorithm_identifier,
};

/// A store whose entries fit the format, and what was lost.
pub(super) struct Adapted {
    pub(super) store: Keystore,
    pub(super) losses: Vec<Finding>,
}

/// Copies the entries of `store` that the format of `output` can hold.
pub(super) fn adapt(
    store: &Keystore,
    output: &Output,
    allow_mixed: bool,
) -> Result<Adapted, Error> {
    let format = output.format;
    let mut adapter = Adapter {
        from: store.format,
        format,
        allow_mixed,
        losses: Vec::new(),
        aliases: HashMap::new(),
    };
    let mut entries = Vec::new();
    for entry in &store.entries {
        entries.extend(adapter.entry(entry)?);
    }
    // PEM without a block is an empty file, which nothing reads.
    if entries.is_empty() && (!store.entries.is_empty() || format == Format::Pem) {
        return Err(Error::NothingLeft { format });
    }
    adapter.whole(store);
    Ok(Adapted {
        store: Keystore::new(format, entries),
        losses: adapter.losses,
    })
}

struct Adapter {
    from: Format,
    format: Format,
    allow_mixed: bool,
    losses: Vec<Finding>,
    /// Lower-case aliases, and what they were.
    aliases: HashMap<Vec<u16>, String>,
}

impl Adapter {
    fn entry(&mut self, entry: &Entry) -> Result<Option<Entry>, Error> {
        let Some(content) = self.content(entry)? else {
            return Ok(None);
        };
        let alias = self.alias(&entry.alias)?;
        Ok(Some(Entry::new(alias, entry.created, content)))
    }

    fn alias(&mut self, alias: &Alias) -> Result<Alias, Error> {
        let (kept, why) = match self.format {
            Format::Jks | Format::Jceks => return self.lower_case(alias),
            Format::Pkcs12 => (
                without_end(alias),
                "PKCS#12 takes a NUL at its end for no part",
            ),
            Format::Bcfks => (
                whole_characters(alias),
                "BCFKS holds whole characters alone",
            ),
            _ => return Ok(alias.clone()),
        };
        if kept != *alias {
            self.note(
                alias,
                format!("the alias `{alias}` becomes `{kept}`: {why}"),
            );
        }
        Ok(kept)
    }

    /// Java lower-cases aliases of JKS and JCEKS on every call, and never finds others.
    fn lower_case(&mut self, alias: &Alias) -> Result<Alias, Error> {
        let lower = lower_case(alias);
        let shown = alias.to_string();
        if let Some(first) = self.aliases.insert(lower.units().to_vec(), shown.clone()) {
            return Err(Error::AliasesCollide {
                first,
                second: shown,
                format: self.format,
            });
        }
        if lower != *alias {
            let format = self.format;
            self.note(
                alias,
                format!(
                    "the alias `{alias}` becomes `{lower}`: Java knows no upper case in {format}"
                ),
            );
        }
        Ok(lower)
    }

    fn content(&mut self, entry: &Entry) -> Result<Option<Content>, Error> {
        let java = matches!(self.format, Format::Bks | Format::Uber);
        Ok(match &entry.content {
            Content::TrustedCertificate { certificate } => Some(Content::TrustedCertificate {
                certificate: certificate.clone(),
            }),
            Content::Certificate { certificate } => {
                Some(self.certificate(entry, certificate.clone()))
            }
            Content::PrivateKey { key, chain } => {
                let key = self.key(entry, key, |key| key.clone_secret())?;
                let chain = chain.clone();
                Some(Content::PrivateKey { key, chain })
            }
            Content::SecretKey { .. } if matches!(self.format, Format::Jks | Format::Pem) => {
                self.left_out(entry, "secret keys")
            }
            Content::SecretKey { algorithm, .. } if !self.names(algorithm) => {
                self.left_out(entry, &format!("secret keys for {algorithm}"))
            }
            Content::SecretKey {
                algorithm,
                key,
                chain,
            } => {
                if !java && !chain.is_empty() {
                    let alias = &entry.alias;
                    self.warn(
                        alias,
                        format!("the secret key `{alias}` loses the certificates beside it"),
                    );
                }
                Some(Content::SecretKey {
                    algorithm: algorithm.clone(),
                    key: self.key(entry, key, |key| key.clone_secret())?,
                    chain: if java { chain.clone() } else { Vec::new() },
                })
            }
            Content::PublicKey {
                algorithm,
                key,
                chain,
            } if java => Some(Content::PublicKey {
                algorithm: algorithm.clone(),
                key: self.key(entry, key, Vec::clone)?,
                chain: chain.clone(),
            }),
            Content::PublicKey { .. } => self.left_out(entry, "public keys without a certificate"),
            Content::Sealed { sealed, chain } => Some(Content::Sealed {
                sealed: self.sealed(entry, sealed)?,
                chain: chain.clone(),
            }),
            Content::Opaque { kind, bytes, chain }
                if java
                    || (self.format == Format::Bcfks
                        && bcfks_holds_opaque(bytes.secret_bytes(), chain)) =>
            {
                Some(Content::Opaque {
                    kind: kind.clone(),
                    bytes: bytes.clone_secret(),
                    chain: chain.clone(),
                })
            }
            Content::Opaque { .. } => self.left_out(entry, "bytes that only an application knows"),
        })
    }

    /// PKCS#12 and BCFKS call the algorithm of a secret key by its object identifier.
    fn names(&self, algorithm: &str) -> bool {
        let by_identifier = matches!(self.format, Format::Pkcs12 | Format::Bcfks);
        !by_identifier || algorithm.is_empty() || secret_algorithm_identifier(algorithm).is_some()
    }

    /// Formats of Java know certificates beside keys as trusted ones alone.
    fn certificate(&mut self, entry: &Entry, certificate: Vec<u8>) -> Content {
        if matches!(self.format, Format::Pkcs12 | Format::Pem) {
            return Content::Certificate { certificate };
        }
        let (alias, format) = (&entry.alias, self.format);
        let cause = format!(
            "the certificate `{alias}` becomes a trusted one: {format} knows no other outside of chains"
        );
        // A certificate in a PEM file is there to be trusted; elsewhere trust is a mark of its own.
        match self.from {
            Format::Pem => self.note(alias, cause),
            _ => self.warn_and(
                alias,
                cause,
                "see whose certificate it is; PKCS#12 and PEM keep it without trusting it",
            ),
        }
        Content::TrustedCertificate { certificate }
    }

    fn key<T>(
        &self,
        entry: &Entry,
        key: &KeyState<T>,
        copy: impl Fn(&T) -> T,
    ) -> Result<KeyState<T>, Error> {
        Ok(match key {
            KeyState::Open { value, opened } => KeyState::Open {
                value: copy(value),
                opened: *opened,
            },
            KeyState::Sealed(sealed) => KeyState::Sealed(self.sealed(entry, sealed)?),
        })
    }

    /// What nobody opened is carried along where the formats seal alike.
    fn sealed(&self, entry: &Entry, sealed: &SealedKey) -> Result<SealedKey, Error> {
        let alias = || entry.alias.to_string();
        let kept = match self.format {
            Format::Bks | Format::Uber => matches!(sealed.format, Format::Bks | Format::Uber),
            Format::Jceks => matches!(sealed.format, Format::Jks | Format::Jceks),
            format => sealed.format == format,
        };
        let mixed = self.format == Format::Pkcs12 && !self.allow_mixed;
        if !sealed.supported && (!kept || mixed) {
            return Err(Error::KeyUnsupported {
                alias: alias(),
                algorithm: sealed.algorithm.clone(),
                carried: kept,
            });
        }
        if !kept {
            return Err(Error::KeySealed { alias: alias() });
        }
        if mixed {
            return Err(Error::MixedPasswords {
                alias: alias(),
                format: self.format,
            });
        }
        Ok(SealedKey {
            supported: sealed.supported,
            format: sealed.format,
            blob: sealed.blob.clone(),
            algorithm: sealed.algorithm.clone(),
            iterations: sealed.iterations,
        })
    }

    /// Aliases of PKCS#12 that differ in case alone: the format keeps both, Java shows one.
    fn same_to_java(&mut self, store: &Keystore) {
        let mut seen = HashMap::new();
        let named = |entry: &&Entry| !matches!(entry.content, Content::Certificate { .. });
        for entry in store.entries.iter().filter(named) {
            let lower = lower_case(&entry.alias);
            if let Some(first) = seen.insert(lower, &entry.alias) {
                let second = &entry.alias;
                let cause = format!(
                    "the aliases `{first}` and `{second}` are the same to Java, which shows one of the two entries"
                );
                let remedy = Remedy::text("give entries names that differ in more than case");
                let finding = Finding::note(Code::NameTaken, cause).with_remedy(remedy);
                self.losses.push(finding.about(second.to_string()));
            }
        }
    }

    /// What the store as a whole loses.
    fn whole(&mut self, store: &Keystore) {
        if self.format == Format::Pkcs12 {
            self.same_to_java(store);
        }
        let dated = !matches!(self.from, Format::Pkcs12 | Format::Pem)
            && store.entries.iter().any(|entry| entry.created.is_some());
        let format = self.format;
        if dated && matches!(format, Format::Pkcs12 | Format::Pem) {
            let cause =
                format!("the dates at which entries were made are lost: {format} keeps none");
            self.losses.push(Finding::note(Code::ConversionLoss, cause));
        }
        if format == Format::Pem && self.from != Format::Pem && store.entries.len() > 1 {
            let cause = "aliases are lost, and which certificates are trusted: PEM keeps neither";
            self.losses.push(Finding::note(Code::ConversionLoss, cause));
        }
    }

    fn left_out(&mut self, entry: &Entry, what: &str) -> Option<Content> {
        let (alias, format) = (&entry.alias, self.format);
        self.warn(
            alias,
            format!("the entry `{alias}` is left out: {format} cannot hold {what}"),
        );
        None
    }

    fn warn(&mut self, alias: &Alias, cause: String) {
        let remedy = "choose another format if it is needed; BKS holds everything";
        self.warn_and(alias, cause, remedy);
    }

    fn warn_and(&mut self, alias: &Alias, cause: String, remedy: &str) {
        let remedy = Remedy::text(remedy);
        let finding = Finding::warning(Code::ConversionLoss, cause);
        self.losses
            .push(finding.with_remedy(remedy).about(alias.to_string()));
    }

    fn note(&mut self, alias: &Alias, cause: String) {
        let finding = Finding::note(Code::ConversionLoss, cause);
        self.losses.push(finding.about(alias.to_string()));
    }
}

/// Windows ends friendly names with a NUL, which readers leave away.
fn without_end(alias: &Alias) -> Alias {
    let end = alias.units().iter().rposition(|unit| *unit != 0);
    let kept = alias.units().get(..=end.unwrap_or_default());
    Alias::from_units(kept.filter(|_| end.is_some()).unwrap_or_default().to_vec())
}

/// Lone surrogates become U+FFFD.
fn whole_characters(alias: &Alias) -> Alias {
    Alias::from(alias.to_string().as_str())
}

/// Java's lower case, which leaves lone surrogates alone.
pub(super) fn lower_case(alias: &Alias) -> Alias {
    let mut units = Vec::with_capacity(alias.units().len());
    let mut buffer = [0; 2];
    for decoded in char::decode_utf16(alias.units().iter().copied()) {
        match decoded {
            Ok(c) => {
                for lower in c.to_lowercase() {
                    units.extend_from_slice(lower.encode_utf16(&mut buffer));
                }
            }
            Err(lone) => units.push(lone.unpaired_surrogate()),
        }
    }
    Alias::from_units(units)
}
