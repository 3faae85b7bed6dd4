//! A small PKI, made through the library and written as `init` lays it out.

use std::path::{Path, PathBuf};

use certgen::bundle::{Material, Output, Secrets, plan};
use certgen::keystore::{Format, pem};
use certgen::pki::{
    AUTHORITY_DAYS, Authority, AuthorityProfile, Identity, KeyType, LEAF_DAYS, Profile, Serial,
    Validity, generate, issue, root,
};
use certgen::random::{Random as _, SystemRandom};
use certgen::secret::{Password, PrivateKey};
use certgen::store::{Access, FileSet, PkiFolder};
use certgen::x509::{Certificate, GeneralName, key::public_key};

use crate::context::Context;
use crate::failure::Failure;

const CLIENT: &str = "phone";

/// What was made.
pub(super) struct Made {
    /// The CA's certificate (DER).
    pub(super) authority: Vec<u8>,
    pub(super) broker_chain: Vec<Vec<u8>>,
    pub(super) broker_key: PrivateKey,
    pub(super) ca_file: PathBuf,
    pub(super) bks: PathBuf,
    pub(super) password_file: PathBuf,
    /// Each file, and what it is for.
    pub(super) files: Vec<(PathBuf, &'static str)>,
}

/// Makes a CA, a broker and a client, and writes them below `folder`.
pub(super) fn make(folder: &Path, context: &Context) -> Result<Made, Failure> {
    let now = context.issue_now;
    let name = format!("certgen demo CA {}", word(6));
    let profile = AuthorityProfile::new(&name, Validity::days(now, AUTHORITY_DAYS))?;
    let ca_key = generate(KeyType::P256);
    let certificate = root(&profile, &ca_key, &Serial::draw(&mut SystemRandom))?;
    let identity = Identity::new(ca_key.clone_secret(), vec![certificate.clone()])?;
    let authority = Authority::new(identity)?;
    let issued = |profile: Profile| -> Result<(PrivateKey, Certificate), Failure> {
        let key = generate(KeyType::P256);
        let serial = Serial::draw(&mut SystemRandom);
        let certificate = issue(&authority, &profile, &public_key(&key)?, &serial, now)?;
        Ok((key, certificate))
    };
    let names = vec![
        GeneralName::Dns("localhost".into()),
        GeneralName::Ip(core::net::Ipv4Addr::LOCALHOST.into()),
        GeneralName::Ip(core::net::Ipv6Addr::LOCALHOST.into()),
    ];
    let validity = Validity::days(now, LEAF_DAYS);
    let (broker_key, broker) = issued(Profile::broker(names, validity)?)?;
    let (client_key, client) = issued(Profile::client(CLIENT, Vec::new(), validity)?)?;
    let password = Password::new(word(20));
    let store = |format| -> Result<Vec<u8>, Failure> {
        let (key, chain) = (client_key.clone_secret(), [client.der.clone()]);
        let material = Material::identity(key, &chain, std::slice::from_ref(&certificate.der))?;
        let store = material.into_store(CLIENT, now);
        let secrets = Secrets {
            store: &password,
            keys: None,
            allow_mixed: false,
        };
        let encoded = plan(&store, Output::new(format), secrets, &[], &mut SystemRandom)?;
        Ok(encoded.bytes.secret_bytes().to_vec())
    };

    let paths = PkiFolder::new(folder);
    let mut files = Files {
        set: FileSet::new(folder, false),
        told: Vec::new(),
    };
    let text = |certificate: &Certificate| pem::certificate(&certificate.der).into_bytes();
    let key_text = |key: &PrivateKey| pem::private_key(key).secret_bytes().to_vec();
    files.public(
        paths.ca_certificate(),
        text(&certificate),
        "the CA, which everybody trusts",
    );
    files.secret(
        paths.ca_key(),
        key_text(&ca_key),
        "its key (not encrypted: a demo)",
    );
    files.public(
        paths.broker_file("broker", "crt")?,
        text(&broker),
        "the broker's certificate",
    );
    files.secret(
        paths.broker_file("broker", "key")?,
        key_text(&broker_key),
        "its key",
    );
    files.public(
        paths.client_file(CLIENT, "crt")?,
        text(&client),
        "the phone's certificate",
    );
    files.secret(
        paths.client_file(CLIENT, "key")?,
        key_text(&client_key),
        "its key",
    );
    files.secret(
        paths.client_file(CLIENT, "p12")?,
        store(Format::Pkcs12)?,
        "both and the CA, as PKCS#12",
    );
    files.secret(
        paths.client_file(CLIENT, "bks")?,
        store(Format::Bks)?,
        "the same as BKS, for Android apps",
    );
    let line = format!("{}\n", password.secret_text()).into_bytes();
    files.secret(
        paths.client_file(CLIENT, "password")?,
        line,
        "the password of the stores",
    );
    for issued in [&certificate, &broker, &client] {
        let path = paths.issued_certificate(&issued.serial_hex());
        files.set.add(path, text(issued), Access::Public);
    }
    let told = files.told.clone();
    files.set.write()?;
    Ok(Made {
        authority: certificate.der.clone(),
        broker_chain: vec![broker.der],
        broker_key,
        ca_file: paths.ca_certificate(),
        bks: paths.client_file(CLIENT, "bks")?,
        password_file: paths.client_file(CLIENT, "password")?,
        files: told
            .into_iter()
            .map(|(path, what)| {
                (
                    path.strip_prefix(folder)
                        .map(Path::to_owned)
                        .unwrap_or(path),
                    what,
                )
            })
            .collect(),
    })
}

struct Files {
    set: FileSet,
    told: Vec<(PathBuf, &'static str)>,
}

impl Files {
    fn public(&mut self, path: PathBuf, contents: Vec<u8>, what: &'static str) {
        self.told.push((path.clone(), what));
        self.set.add(path, contents, Access::Public);
    }

    fn secret(&mut self, path: PathBuf, contents: Vec<u8>, what: &'static str) {
        self.told.push((path.clone(), what));
        self.set.add(path, contents, Access::Owner);
    }
}

/// Random letters and digits, five bits each.
fn word(length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; length];
    SystemRandom.fill(&mut bytes);
    let letters = bytes
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    letters.map(|letter| char::from(*letter)).collect()
}
