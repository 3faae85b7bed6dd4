//! What goes into a store: a client of the folder, PEM parts, or another store.

use std::path::{Path, PathBuf};

use certgen::bundle::Material;
use certgen::finding::{Action, Code, Finding, Remedy};
use certgen::keystore::{
    self, Content, Format, Integrity, KeyState, Keystore, Passwords, decode, detect, pem,
};
use certgen::secret::{Password, PrivateKey};
use certgen::store::PkiFolder;
use certgen::x509::Certificate;

use super::destination::{name_lies, read_file};
use super::{Arguments, Opened};
use crate::context::Context;
use crate::failure::Failure;
use crate::password::{self, Purpose};

/// Something to package.
pub(super) enum Source {
    /// A client or broker of the PKI folder.
    Named { name: String, broker: bool },
    /// The folder's CA, to be trusted.
    Authority,
    /// PEM files.
    Parts,
    /// A store or PEM file.
    File(PathBuf),
}

impl Source {
    /// What the arguments name.
    pub(super) fn all(arguments: &Arguments, context: &Context) -> Result<Vec<Self>, Failure> {
        if let Some(path) = &arguments.input {
            return Ok(vec![Self::File(path.clone())]);
        }
        if arguments.cert.is_some() {
            return Ok(vec![Self::Parts]);
        }
        if arguments.names.is_empty() && arguments.trust_only {
            return Ok(vec![Self::Authority]);
        }
        let default = ["client".to_owned()];
        let names: &[String] = match arguments.names.as_slice() {
            [] => &default,
            names => names,
        };
        let folder = PkiFolder::new(&context.dir);
        let named = |name: &String| {
            let is_client = folder.client_file(name, "crt")?.exists();
            let broker = !is_client && folder.broker_file(name, "crt")?.exists();
            let name = name.clone();
            Ok(Self::Named { name, broker })
        };
        names.iter().map(named).collect()
    }

    /// Where its store goes without `--out`.
    pub(super) fn path(
        &self,
        _arguments: &Arguments,
        context: &Context,
        ending: &str,
    ) -> Result<PathBuf, Failure> {
        let folder = PkiFolder::new(&context.dir);
        match self {
            Self::Named {
                name,
                broker: false,
            } => Ok(folder.client_file(name, ending)?),
            Self::Named { name, broker: true } => Ok(folder.broker_file(name, ending)?),
            Self::Authority => Ok(context.dir.join("ca").join(format!("trust.{ending}"))),
            Self::Parts | Self::File(_) => Err(Failure::usage("give the file to write with --out")),
        }
    }

    /// Reads it.
    pub(super) fn open(
        self,
        arguments: &Arguments,
        context: &Context,
        findings: &mut Vec<Finding>,
    ) -> Result<Opened, Failure> {
        let reader = Reader { arguments, context };
        let mut opened = match self {
            Self::Named { name, broker } => reader.named(&name, broker),
            Self::Authority => reader.trust(),
            Self::Parts => reader.parts(findings),
            Self::File(path) => reader.file(&path, findings),
        }?;
        if arguments.trust_only {
            trust_only(&mut opened.store)?;
        }
        Ok(opened)
    }
}

/// Leaves trusted certificates alone; the ends of chains, where nothing else is trusted.
fn trust_only(store: &mut Keystore) -> Result<(), Failure> {
    let is_trusted = |content: &Content| {
        matches!(
            content,
            Content::TrustedCertificate { .. } | Content::Certificate { .. }
        )
    };
    let ends: Vec<_> = store.entries.iter().filter_map(end_of_chain).collect();
    store.entries.retain(|entry| is_trusted(&entry.content));
    for entry in &mut store.entries {
        if let Content::Certificate { certificate } = &mut entry.content {
            let certificate = std::mem::take(certificate);
            entry.content = Content::TrustedCertificate { certificate };
        }
    }
    if store.entries.is_empty() {
        for (index, certificate) in ends.into_iter().enumerate() {
            let alias = match index {
                0 => "ca".to_owned(),
                index => format!("ca-{}", index + 1),
            };
            let content = Content::TrustedCertificate { certificate };
            store
                .entries
                .push(keystore::Entry::new(alias.as_str(), None, content));
        }
    }
    match store.entries.is_empty() {
        true => Err(Failure::new(
            Code::StoreWithoutTrust,
            "there is no certificate to trust: neither an entry of its own nor the end of a chain",
        )),
        false => Ok(()),
    }
}

/// The last certificate of a chain of several.
fn end_of_chain(entry: &keystore::Entry) -> Option<Vec<u8>> {
    match &entry.content {
        Content::PrivateKey { chain, .. } if chain.len() > 1 => chain.last().cloned(),
        _ => None,
    }
}

struct Reader<'a> {
    arguments: &'a Arguments,
    context: &'a Context,
}

impl Reader<'_> {
    fn named(&self, name: &str, broker: bool) -> Result<Opened, Failure> {
        let folder = PkiFolder::new(&self.context.dir);
        let file = |ending| match broker {
            true => folder.broker_file(name, ending),
            false => folder.client_file(name, ending),
        };
        let certificate = file("crt")?;
        if self.arguments.trust_only {
            return self.trust();
        }
        if !certificate.exists() {
            return Err(no_such_client(name, &certificate));
        }
        let key = file("key")?;
        if !key.exists() {
            return Err(no_such_key(name, &key));
        }
        let material = Material::identity(
            self.private_key(&key)?,
            &self.certificates(&certificate)?,
            &self.authority()?,
        )?;
        let alias = self.arguments.alias.as_deref().unwrap_or(name);
        let mut opened = self.opened(material.into_store(alias, self.context.issue_now));
        opened.client = (!broker).then(|| name.to_owned());
        Ok(opened)
    }

    fn trust(&self) -> Result<Opened, Failure> {
        let material = Material::trust(&self.authority()?)?;
        Ok(self.opened(material.into_store("ca", self.context.issue_now)))
    }

    fn parts(&self, findings: &mut Vec<Finding>) -> Result<Opened, Failure> {
        let (Some(certificate), Some(key)) = (&self.arguments.cert, &self.arguments.key) else {
            return Err(Failure::usage("give --cert and --key"));
        };
        let chain = self.certificates(certificate)?;
        let key = self.private_key(key)?;
        if self.arguments.ca.is_empty() {
            findings.push(
                Finding::note(
                    Code::StoreWithoutTrust,
                    "no CA was given, so the store has no trusted certificate of its own",
                )
                .with_remedy(Remedy::text(
                    "give the CA's certificate with --ca where a phone is to trust it",
                )),
            );
        }
        let named = chain
            .first()
            .and_then(|der| Certificate::from_der(der).ok());
        let named = named.and_then(|leaf| leaf.subject.common_name().map(str::to_owned));
        let alias = self.arguments.alias.clone().or(named);
        let alias = alias.unwrap_or_else(|| "client".to_owned());
        let material = Material::identity(key, &chain, &self.given_authority()?)?;
        Ok(self.opened(material.into_store(&alias, self.context.issue_now)))
    }

    fn opened(&self, store: Keystore) -> Opened {
        Opened {
            store,
            password: None,
            key_password: None,
            client: None,
        }
    }

    /// The certificates of `--ca`, or of the folder's CA.
    fn authority(&self) -> Result<Vec<Vec<u8>>, Failure> {
        if !self.arguments.ca.is_empty() {
            return self.given_authority();
        }
        let path = PkiFolder::new(&self.context.dir).ca_certificate();
        if !path.exists() {
            let cause = format!("there is no CA: `{}` does not exist", path.display());
            return Err(
                Failure::new(Code::AuthorityMissing, cause).with_remedy(Remedy::run(
                    "make the CA, or name the folder that holds it",
                    Action::CreateAuthority,
                )),
            );
        }
        self.certificates(&path)
    }

    fn given_authority(&self) -> Result<Vec<Vec<u8>>, Failure> {
        let files = self.arguments.ca.iter();
        let read: Result<Vec<_>, Failure> = files.map(|path| self.certificates(path)).collect();
        Ok(read?.into_iter().flatten().collect())
    }

    fn certificates(&self, path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
        let limits = self.arguments.limits();
        let bytes = read_file(path, limits.file_size)?;
        let contents = pem::read(&bytes, &Passwords::default(), &limits)
            .map_err(|error| cannot_read(path, error))?;
        let certificates: Vec<_> = contents.certificates().map(<[u8]>::to_vec).collect();
        if certificates.is_empty() {
            let cause = format!("`{}` holds no certificate", path.display());
            return Err(Failure::new(Code::NoCertificateInFile, cause)
                .with_remedy(Remedy::text("give a certificate as PEM or DER")));
        }
        Ok(certificates)
    }

    fn private_key(&self, path: &Path) -> Result<PrivateKey, Failure> {
        let limits = self.arguments.limits();
        let bytes = zeroize::Zeroizing::new(read_file(path, limits.file_size)?);
        let given = match &self.arguments.key_password {
            None => Vec::new(),
            Some(_) => vec![self.ask_key_password(path)?],
        };
        let first = key_from(&bytes, &given, &limits);
        let asked = match first {
            Err(keystore::Error::PasswordNeeded { .. }) => {
                key_from(&bytes, &[self.ask_key_password(path)?], &limits)
            }
            other => other,
        };
        asked.map_err(|error| cannot_read(path, error))
    }

    fn ask_key_password(&self, path: &Path) -> Result<Password, Failure> {
        let purpose = Purpose {
            what: &format!("the key `{}`", path.display()),
            option: "--key-password",
        };
        password::existing(self.arguments.key_password.as_ref(), purpose)
    }

    fn file(&self, path: &Path, findings: &mut Vec<Finding>) -> Result<Opened, Failure> {
        let bytes = read_file(path, self.arguments.limits().file_size)?;
        let bytes = zeroize::Zeroizing::new(bytes);
        let format = detect(&bytes);
        findings.extend(format.and_then(|format| name_lies(path, format)));
        let mut opened = self
            .open_file(path, &bytes, format)?
            .map_err(|error| cannot_read(path, error))?;
        self.check_integrity(path, &opened.store)?;
        for oddity in &opened.store.oddities {
            let finding = Finding::warning(Code::StoreDamaged, oddity.clone());
            findings.push(finding.about(path.display().to_string()));
        }
        for certificate in self.given_authority()? {
            let alias = free_alias(&opened.store);
            let content = Content::TrustedCertificate { certificate };
            let created = Some(self.context.issue_now);
            let entry = keystore::Entry::new(alias.as_str(), created, content);
            opened.store.entries.push(entry);
        }
        if let Some(alias) = &self.arguments.alias {
            rename_key(&mut opened.store, alias)?;
        }
        Ok(opened)
    }

    /// Opens with what was given, and asks only where a password is needed.
    fn open_file(
        &self,
        path: &Path,
        bytes: &[u8],
        format: Option<Format>,
    ) -> Result<Result<Opened, keystore::Error>, Failure> {
        let limits = self.arguments.limits();
        let keys: Vec<Password> = match &self.arguments.key_password {
            None => Vec::new(),
            Some(_) => vec![self.ask_key_password(path)?],
        };
        let open = |store: Option<&Password>| {
            let passwords = Passwords { store, keys: &keys };
            decode(bytes, &passwords, &limits)
        };
        let finished = |store: Keystore, password: Option<Password>| Opened {
            store,
            password,
            key_password: keys.first().map(Password::clone_secret),
            client: None,
        };
        let is_pem = format == Some(Format::Pem);
        if self.arguments.in_password.is_none() {
            match open(None) {
                Err(error) => return Ok(Err(error)),
                Ok(store) if is_pem && (self.arguments.trust_only || !has_sealed(&store)) => {
                    return Ok(Ok(finished(store, None)));
                }
                Ok(store) if is_pem && !keys.is_empty() && self.must_open(&store) => {
                    return Ok(Err(keystore::Error::KeyStaysSealed));
                }
                Ok(store) if needs_no_password(&store) => return Ok(Ok(finished(store, None))),
                Ok(_) => {}
            }
        }
        let purpose = Purpose {
            what: &format!("the store `{}`", path.display()),
            option: "--in-password",
        };
        let password = password::existing(self.arguments.in_password.as_ref(), purpose)?;
        Ok(match open(Some(&password)) {
            Ok(store) if is_pem && self.must_open(&store) => Err(keystore::Error::KeyStaysSealed),
            opened => opened.map(|store| finished(store, Some(password))),
        })
    }

    /// Whether something is sealed that goes nowhere before it is opened.
    fn must_open(&self, store: &Keystore) -> bool {
        let carried = self.arguments.trust_only || self.arguments.allow_mixed_passwords;
        has_sealed(store) && !carried
    }

    fn check_integrity(&self, path: &Path, store: &Keystore) -> Result<(), Failure> {
        let proven = store.integrity == Integrity::Verified || store.format == Format::Pem;
        if proven || self.arguments.allow_unauthenticated {
            return Ok(());
        }
        let why = match store.integrity {
            Integrity::Weak => "its integrity check proves nothing (CVE-2018-5382)",
            _ => "it has no integrity check",
        };
        let cause = format!(
            "nothing proves that `{}` was not altered: {why}",
            path.display()
        );
        let extra = vec!["--allow-unauthenticated".to_owned()];
        Err(
            Failure::new(Code::StoreWithoutIntegrity, cause).with_remedy(Remedy::run(
                "get it from its source again, or convert it all the same",
                Action::Again { extra },
            )),
        )
    }
}

fn key_from(
    bytes: &[u8],
    keys: &[Password],
    limits: &keystore::Limits,
) -> Result<PrivateKey, keystore::Error> {
    let passwords = Passwords { store: None, keys };
    pem::read(bytes, &passwords, limits)?.into_private_key(&passwords)
}

fn has_sealed(store: &Keystore) -> bool {
    store.entries.iter().any(|entry| {
        matches!(
            &entry.content,
            Content::Sealed { .. }
                | Content::PrivateKey {
                    key: KeyState::Sealed(_),
                    ..
                }
                | Content::SecretKey {
                    key: KeyState::Sealed(_),
                    ..
                }
        )
    })
}

/// A PKCS#12 without MAC and without encryption, as Java writes trust stores.
fn needs_no_password(store: &Keystore) -> bool {
    store.format == Format::Pkcs12 && store.protection.is_empty() && !has_sealed(store)
}

fn free_alias(store: &Keystore) -> String {
    let taken = |name: &str| {
        let mut entries = store.entries.iter();
        entries.any(|entry| entry.alias.to_string().to_lowercase() == name)
    };
    let numbered = (2_u32..).map(|number| format!("ca-{number}"));
    let mut names = std::iter::once("ca".to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

fn rename_key(store: &mut Keystore, alias: &str) -> Result<(), Failure> {
    let mut keys = store.entries.iter_mut().filter(|entry| {
        matches!(
            entry.content,
            Content::PrivateKey { .. } | Content::Sealed { .. }
        )
    });
    match (keys.next(), keys.next()) {
        (Some(key), None) => {
            key.alias = keystore::Alias::from(alias);
            Ok(())
        }
        (None, _) => Err(Failure::usage(
            "--alias names the key, and the input holds none",
        )),
        _ => Err(Failure::usage(
            "--alias names one key, and the input holds several",
        )),
    }
}

fn cannot_read(path: &Path, error: keystore::Error) -> Failure {
    Failure::from(error).while_doing(format!("cannot read `{}`", path.display()))
}

fn no_such_client(name: &str, path: &Path) -> Failure {
    let cause = format!(
        "there is no client `{name}`: `{}` does not exist",
        path.display()
    );
    let name = name.to_owned();
    let replace = false;
    Failure::new(Code::FileNotFound, cause).with_remedy(Remedy::run(
        "issue its certificate first, or name the folder that holds it",
        Action::IssueClient { name, replace },
    ))
}

fn no_such_key(name: &str, path: &Path) -> Failure {
    let cause = format!(
        "the private key of `{name}` is not here: `{}` does not exist",
        path.display()
    );
    Failure::new(Code::FileNotFound, cause).with_remedy(Remedy::text(
        "whoever made the certificate request has the key: give the files with --cert, --key and --ca",
    ))
}
