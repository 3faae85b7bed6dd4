//! Writing PKCS#12 in four profiles, in DER, as Java, OpenSSL, Windows and phones read it.

use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::bags::{BAG, FRIENDLY_NAME, JAVA_TRUSTED, LOCAL_KEY_ID, X509_CERTIFICATE};
use super::integrity::PBMAC1;
use super::{DATA, ENCRYPTED_DATA};
use crate::der;
use crate::keystore::ber::tag;
use crate::keystore::pbe::encryption::{Encrypted, Pbes2Key, encrypt_pbes1};
use crate::keystore::pbe::hash::Hash;
use crate::keystore::pbe::kdf::{Kdf, MAX_ITERATIONS};
use crate::keystore::pbe::password_bytes;
use crate::keystore::pbe::pbes1::Scheme;
use crate::keystore::pbe::pkcs12_kdf::Purpose;
use crate::keystore::secret_algorithms::identifier;
use crate::keystore::{
    Alias, Content, EncodeOptions, Entry, Error, Format, KeyState, Keystore, Profile, SealedKey,
};
use crate::random::Random;
use crate::secret::{Password, SecretBytes};

/// `anyExtendedKeyUsage`: trusted for everything.
const ANY_USAGE: &str = "2.5.29.37.0";

/// Writes the entries: certificates first, encrypted together, then keys, each encrypted.
pub(in crate::keystore) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    let iterations = iterations(options)?;
    let writer = Writer::new(options, iterations, random);
    let mut certificates = Vec::new();
    let mut keys = Zeroizing::new(Vec::new());
    for entry in &store.entries {
        writer.entry(entry, random, &mut certificates, &mut keys)?;
    }
    let mut safes = Vec::new();
    if !certificates.is_empty() {
        let contents = der::sequence(&[&certificates.concat()]);
        safes.extend(writer.encrypted_safe(&contents, random));
    }
    if !keys.is_empty() {
        let contents = Zeroizing::new(der::tlv(tag::SEQUENCE, &keys));
        safes.extend(data(&contents));
    }
    let auth_safe = der::tlv(tag::SEQUENCE, &safes);
    let mac = mac_data(&auth_safe, options, iterations, random);
    let pfx = der::sequence(&[&der::integer(3), &data(&auth_safe), &mac]);
    Ok(SecretBytes::new(pfx))
}

/// `ContentInfo` of type data.
fn data(content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(DATA), &der::context_0(&der::octets(content))])
}

/// Encrypts under one password; the key of PBES2 is derived once, since that is what costs.
struct Writer<'a> {
    options: &'a EncodeOptions<'a>,
    iterations: u32,
    certificates: Scheme,
    pbes2: Option<Pbes2Key>,
    pbes2_keys: Option<Pbes2Key>,
}

impl<'a> Writer<'a> {
    fn new(options: &'a EncodeOptions<'a>, iterations: u32, random: &mut dyn Random) -> Self {
        let modern = matches!(options.profile, Profile::Modern | Profile::Pbmac1);
        let derive = |password, random: &mut dyn Random| {
            modern.then(|| Pbes2Key::derive(password, iterations, random))
        };
        let pbes2 = derive(options.store_password, random);
        let pbes2_keys = options
            .key_password
            .and_then(|password| derive(password, random));
        let certificates = match options.profile {
            Profile::Legacy => Scheme::Rc2With40,
            _ => Scheme::TripleDes3Key,
        };
        Self {
            options,
            iterations,
            certificates,
            pbes2,
            pbes2_keys,
        }
    }

    fn entry(
        &self,
        entry: &Entry,
        random: &mut dyn Random,
        certificates: &mut Vec<Vec<u8>>,
        keys: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let name = friendly_name(&entry.alias);
        match &entry.content {
            Content::TrustedCertificate { certificate } => {
                certificates.push(certificate_bag(certificate, vec![name, java_trusted()]));
            }
            Content::Certificate { certificate } => {
                certificates.push(certificate_bag(certificate, vec![name]));
            }
            Content::PrivateKey { key, chain } => {
                let sealed = match key {
                    KeyState::Open { value, .. } => {
                        self.sealed_key(value.secret_pkcs8_der(), random)
                    }
                    KeyState::Sealed(sealed) => kept(entry, sealed)?,
                };
                let id = local_key_id(chain, &sealed);
                for (index, der) in chain.iter().enumerate() {
                    let leaf = || vec![name.clone(), id.clone()];
                    let attributes = if index == 0 { leaf() } else { Vec::new() };
                    certificates.push(certificate_bag(der, attributes));
                }
                keys.extend(bag("2", &sealed, vec![name, id]));
            }
            Content::SecretKey { algorithm, key, .. } => {
                let sealed = self.sealed_secret(entry, algorithm, key, random)?;
                let kind = der::oid(&format!("{BAG}2"));
                let value = der::context_0(&der::octets(&sealed));
                let secret = der::sequence(&[&kind, &value]);
                keys.extend(bag("5", &secret, vec![name]));
            }
            Content::Sealed { .. } => {
                return Err(cannot(
                    entry,
                    "a key that is still sealed under another format",
                ));
            }
            Content::PublicKey { .. } => return Err(cannot(entry, "a public key")),
            Content::Opaque { .. } => return Err(cannot(entry, "bytes of an application")),
        }
        Ok(())
    }

    fn sealed_secret(
        &self,
        entry: &Entry,
        algorithm: &str,
        key: &KeyState<SecretBytes>,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, Error> {
        let value = match key {
            KeyState::Open { value, .. } => value,
            KeyState::Sealed(sealed) => return kept(entry, sealed),
        };
        let info = secret_info(algorithm, value.secret_bytes())
            .ok_or_else(|| cannot(entry, &format!("a secret key for {algorithm}")))?;
        Ok(self.sealed_key(&info, random))
    }

    fn encrypted_safe(&self, contents: &[u8], random: &mut dyn Random) -> Vec<u8> {
        let Encrypted {
            algorithm,
            ciphertext,
        } = match &self.pbes2 {
            Some(key) => key.encrypt(contents, random),
            None => {
                let password = self.options.store_password;
                encrypt_pbes1(
                    self.certificates,
                    password,
                    self.iterations,
                    contents,
                    random,
                )
            }
        };
        let content = der::sequence(&[
            &der::oid(DATA),
            &algorithm,
            &der::tlv(tag::CONTEXT_0_PRIMITIVE, &ciphertext),
        ]);
        let encrypted = der::sequence(&[&der::integer(0), &content]);
        der::sequence(&[&der::oid(ENCRYPTED_DATA), &der::context_0(&encrypted)])
    }

    /// `EncryptedPrivateKeyInfo`.
    fn sealed_key(&self, pkcs8: &[u8], random: &mut dyn Random) -> Vec<u8> {
        let Some(key) = self.pbes2_keys.as_ref().or(self.pbes2.as_ref()) else {
            let password = self.options.key_password();
            return old_encrypted_key(pkcs8, password, self.iterations, random);
        };
        let Encrypted {
            algorithm,
            ciphertext,
        } = key.encrypt(pkcs8, random);
        der::sequence(&[&algorithm, &der::octets(&ciphertext)])
    }
}

/// `EncryptedPrivateKeyInfo` with 3DES and the derivation of PKCS#12, as OpenSSL 1.0 wrote key files.
pub(crate) fn old_encrypted_key(
    pkcs8: &[u8],
    password: &Password,
    iterations: u32,
    random: &mut dyn Random,
) -> Vec<u8> {
    let Encrypted {
        algorithm,
        ciphertext,
    } = encrypt_pbes1(Scheme::TripleDes3Key, password, iterations, pkcs8, random);
    der::sequence(&[&algorithm, &der::octets(&ciphertext)])
}

/// OpenSSL's 2048 for the old profiles, keytool's 10,000 for the modern ones.
fn iterations(options: &EncodeOptions<'_>) -> Result<u32, Error> {
    let default = match options.profile {
        Profile::Compat | Profile::Legacy => 2_048,
        Profile::Modern | Profile::Pbmac1 => 10_000,
    };
    options.iterations_within(default, 1_024..=MAX_ITERATIONS)
}

fn cannot(entry: &Entry, what: &str) -> Error {
    let what = format!("{what} (entry `{}`)", entry.alias);
    Error::NotRepresentable {
        format: Format::Pkcs12,
        what,
    }
}

/// A key that nobody opened is carried along as it is; its password stays its own.
fn kept(entry: &Entry, sealed: &SealedKey) -> Result<Vec<u8>, Error> {
    match sealed.format {
        Format::Pkcs12 => Ok(sealed.blob.clone()),
        other => Err(cannot(
            entry,
            &format!("a key that is still sealed as {other}"),
        )),
    }
}

fn bag(kind: &str, value: &[u8], attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let kind = der::oid(&format!("{BAG}{kind}"));
    let value = der::context_0(value);
    match attributes.is_empty() {
        true => der::sequence(&[&kind, &value]),
        false => der::sequence(&[&kind, &value, &der::set_of(attributes)]),
    }
}

fn certificate_bag(certificate: &[u8], attributes: Vec<Vec<u8>>) -> Vec<u8> {
    let value = der::context_0(&der::octets(certificate));
    bag(
        "3",
        &der::sequence(&[&der::oid(X509_CERTIFICATE), &value]),
        attributes,
    )
}

fn attribute(oid: &str, value: Vec<u8>) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), &der::set_of(vec![value])])
}

/// BMPString; Java reads surrogate pairs in it.
fn friendly_name(alias: &Alias) -> Vec<u8> {
    let bytes: Vec<u8> = alias
        .units()
        .iter()
        .flat_map(|unit| unit.to_be_bytes())
        .collect();
    attribute(FRIENDLY_NAME, der::tlv(tag::BMP_STRING, &bytes))
}

/// SHA-1 of the leaf, as OpenSSL writes it; of the sealed key where there is no leaf. Without one
/// BouncyCastle invents entries.
fn local_key_id(chain: &[Vec<u8>], sealed: &[u8]) -> Vec<u8> {
    let subject = chain.first().map_or(sealed, Vec::as_slice);
    attribute(LOCAL_KEY_ID, der::octets(&Sha1::digest(subject)))
}

/// Java lists a certificate as trusted by this attribute alone.
fn java_trusted() -> Vec<u8> {
    attribute(JAVA_TRUSTED, der::oid(ANY_USAGE))
}

/// PKCS#8 around a raw key, as SUN wraps it.
fn secret_info(algorithm: &str, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let oid = identifier(algorithm)?;
    let algorithm = der::sequence(&[&der::oid(&oid)]);
    let key = Zeroizing::new(der::octets(key));
    Some(Zeroizing::new(der::sequence(&[
        &der::integer(0),
        &algorithm,
        &key,
    ])))
}

fn mac_data(
    content: &[u8],
    options: &EncodeOptions<'_>,
    iterations: u32,
    random: &mut dyn Random,
) -> Vec<u8> {
    if options.profile == Profile::Pbmac1 {
        return pbmac1(content, options, iterations, random);
    }
    let (hash, oid, salt_length) = match options.profile {
        Profile::Compat | Profile::Legacy => (Hash::Sha1, "1.3.14.3.2.26", 8),
        _ => (Hash::Sha256, "2.16.840.1.101.3.4.2.1", 16),
    };
    let mut salt = vec![0; salt_length];
    random.fill(&mut salt);
    let password = password_bytes::pkcs12(options.store_password);
    let length = hash.output_length();
    let key = hash.pkcs12_kdf(&password, &salt, iterations, Purpose::Mac, length);
    let mac = hash.hmac(&key, content);
    let digest = der::sequence(&[&der::algorithm(oid, &der::null()), &der::octets(&mac)]);
    der::sequence(&[
        &digest,
        &der::octets(&salt),
        &der::integer(iterations.into()),
    ])
}

/// RFC 9579: the salt and count of `MacData` itself are placeholders.
fn pbmac1(
    content: &[u8],
    options: &EncodeOptions<'_>,
    iterations: u32,
    random: &mut dyn Random,
) -> Vec<u8> {
    let salt: [u8; 16] = crate::random::array(random);
    let password = options.store_password.secret_text().as_bytes();
    let key = Hash::Sha256.pbkdf2(password, &salt, iterations, 32);
    let mac = Hash::Sha256.hmac(&key, content);
    let hmac = der::algorithm("1.2.840.113549.2.9", &der::null());
    let parameters = der::sequence(&[&Kdf::pbkdf2_sha256(&salt, iterations, 32), &hmac]);
    let digest = der::sequence(&[&der::algorithm(PBMAC1, &parameters), &der::octets(&mac)]);
    der::sequence(&[&digest, &der::octets(b"NOT USED"), &der::integer(1)])
}
