//! One certificate for a broker or a client: from names to the files that carry it.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use certgen::finding::{Code, Finding, Severity};
use certgen::keystore::pem::{self, Item};
use certgen::keystore::{Limits, Passwords};
use certgen::pki::audit::{Question, Role as Judged, audit};
use certgen::pki::{self, Authority, KeyType, Profile, Request, Role, Serial, Validity, alt_name};
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey, SecretBytes};
use certgen::store::{Access, FileSet, PkiFolder};
use certgen::time::{Span, Timestamp};
use certgen::x509::key::public_key;
use certgen::x509::{Certificate, GeneralName, PublicKey};

use super::authority::sealed;
use crate::failure::Failure;

/// The names that were asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) hosts: Vec<String>,
    pub(crate) others: Vec<String>,
}

impl Names {
    /// Told apart and checked.
    pub(crate) fn read(&self) -> Result<Vec<GeneralName>, Failure> {
        let hosts = self.hosts.iter().map(|host| pki::host(host));
        let others = self.others.iter().map(|other| alt_name(other));
        let all: Result<Vec<_>, pki::Error> = hosts.chain(others).collect();
        Ok(all?)
    }
}

/// A certificate to be issued.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) role: Role,
    /// The name of its files.
    pub(crate) name: String,
    pub(crate) profile: Profile,
    /// A request whose key is signed, instead of a key that is made.
    pub(crate) request: Option<Request>,
    pub(crate) key: KeyType,
    pub(crate) key_password: Option<Password>,
}

impl Order {
    /// The files that will be written.
    pub(crate) fn paths(&self, folder: &PkiFolder) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = vec![file(folder, self.role, &self.name, "crt")?];
        if self.request.is_none() {
            paths.push(key_file(folder, self.role, &self.name)?);
        }
        Ok(paths)
    }
}

/// What a broker or client certificate is to say.
pub(crate) fn profile(
    role: Role,
    name: &str,
    names: Vec<GeneralName>,
    validity: Validity,
) -> Result<Profile, Failure> {
    Ok(match role {
        Role::Broker => Profile::broker(names, validity)?,
        _ => Profile::client(name, names, validity)?,
    })
}

/// A request from a file.
pub(crate) fn request(path: &Path) -> Result<Request, Failure> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        let read = std::io::stdin()
            .lock()
            .take(1 << 20)
            .read_to_end(&mut bytes);
        read.map_err(|error| Failure::cannot_read(path, &error))?;
    } else {
        bytes = PkiFolder::read(path)?;
    }
    let doing = || format!("cannot use the request `{}`", path.display());
    let contents = pem::read(&bytes, &Passwords::default(), &Limits::default())
        .map_err(|error| Failure::from(error).while_doing(doing()))?;
    let der = contents.items.iter().find_map(|item| match item {
        Item::Request(der) => Some(der.as_slice()),
        _ => None,
    });
    Request::from_der(der.unwrap_or_default())
        .map_err(|error| Failure::from(error).while_doing(doing()))
}

/// An issued certificate and what goes into its files.
pub(crate) struct Leaf {
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) certificate: Certificate,
    /// The certificate and the intermediates above it.
    pub(crate) chain: Vec<Certificate>,
    pub(crate) key: Option<PrivateKey>,
    pub(crate) key_text: Option<SecretBytes>,
    pub(crate) findings: Vec<Finding>,
}

impl Leaf {
    /// Adds its files to a set: certificate, key, and the copy by serial number.
    pub(crate) fn add_to(&self, files: &mut FileSet, folder: &PkiFolder) -> Result<(), Failure> {
        let text: String = self
            .chain
            .iter()
            .map(|one| pem::certificate(&one.der))
            .collect();
        let path = file(folder, self.role, &self.name, "crt")?;
        files.add(path, text.into_bytes(), Access::Public);
        if let Some(key) = &self.key_text {
            let path = key_file(folder, self.role, &self.name)?;
            files.add(path, key.secret_bytes().to_vec(), Access::Owner);
        }
        let copy = folder.issued_certificate(&self.certificate.serial_hex());
        let text = pem::certificate(&self.certificate.der);
        files.add(copy, text.into_bytes(), Access::Public);
        Ok(())
    }
}

/// Makes the key, issues the certificate, and has it judged as its users will judge it.
pub(crate) fn issue(authority: &Authority, order: &Order, now: Timestamp) -> Result<Leaf, Failure> {
    let (key, public) = match &order.request {
        Some(request) => (None, request.key.clone()),
        None => {
            let key = pki::generate(order.key);
            let public = public_key(&key).map_err(pki::Error::from)?;
            (Some(key), public)
        }
    };
    let certificate = certificate(authority, &order.profile, &public, now)?;
    let mut chain = vec![certificate.clone()];
    chain.extend_from_slice(authority.intermediates());
    let findings = judge(authority, order, &chain, now)?;
    let key_text = key
        .as_ref()
        .map(|key| sealed(key, order.key_password.as_ref()));
    Ok(Leaf {
        role: order.role,
        name: order.name.clone(),
        certificate,
        chain,
        key,
        key_text,
        findings,
    })
}

fn certificate(
    authority: &Authority,
    profile: &Profile,
    key: &PublicKey,
    now: Timestamp,
) -> Result<Certificate, Failure> {
    let serial = Serial::draw(&mut SystemRandom);
    Ok(pki::issue(authority, profile, key, &serial, now)?)
}

/// What clients would say: their refusals are errors, since nothing should be issued that cannot
/// work; warnings are passed on.
fn judge(
    authority: &Authority,
    order: &Order,
    chain: &[Certificate],
    now: Timestamp,
) -> Result<Vec<Finding>, Failure> {
    let chain: Vec<Vec<u8>> = chain.iter().map(|one| one.der.clone()).collect();
    let anchors: Vec<Vec<u8>> = authority
        .chain()
        .iter()
        .map(|one| one.der.clone())
        .collect();
    let hosts: Vec<String> = match order.role {
        Role::Broker => order.profile.names().iter().filter_map(host).collect(),
        _ => Vec::new(),
    };
    let roles: Vec<Judged<'_>> = match order.role {
        Role::Broker => hosts.iter().map(|host| Judged::Server { host }).collect(),
        _ => vec![Judged::Client],
    };
    let mut findings: Vec<Finding> = Vec::new();
    for role in roles {
        let mut question = Question::new(&chain, &anchors, role, now);
        question.warning_period = Span::seconds(0);
        for finding in audit(&question).findings {
            // Where the certificate begins in the future, the clock that issues it was set.
            let is_new = !findings.contains(&finding);
            if is_new && finding.severity != Severity::Note {
                findings.push(finding);
            }
        }
    }
    match findings
        .iter()
        .position(|one| one.severity == Severity::Failure)
    {
        Some(index) => Err(refusal(findings.swap_remove(index))),
        None => Ok(findings),
    }
}

fn refusal(finding: Finding) -> Failure {
    let mut failure = Failure::new(
        Code::ProfileViolated,
        "clients would refuse this certificate",
    );
    failure.code = finding.code;
    failure.because.push(finding.cause);
    failure.remedy = finding.remedy;
    failure
}

/// A name under which a server can be asked for; a wildcard stands for one of its names.
fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Dns(name) => Some(match name.strip_prefix("*.") {
            Some(rest) => format!("wildcard.{rest}"),
            None => name.clone(),
        }),
        GeneralName::Ip(address) => Some(address.to_string()),
        _ => None,
    }
}

fn file(folder: &PkiFolder, role: Role, name: &str, ending: &str) -> Result<PathBuf, Failure> {
    Ok(match role {
        Role::Broker => folder.broker_file(name, ending)?,
        _ => folder.client_file(name, ending)?,
    })
}

/// Where the key of a broker or client lies.
pub(crate) fn key_file(folder: &PkiFolder, role: Role, name: &str) -> Result<PathBuf, Failure> {
    file(folder, role, name, "key")
}
