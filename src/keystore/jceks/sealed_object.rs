//! Secret keys of JCEKS: a serialized `SealedObject` around an encrypted, serialized key.

use zeroize::Zeroizing;

use super::protector::{self, NAME, Pbe};
use super::serialization::{Object, read_object};
use crate::keystore::ber::Ber;
use crate::keystore::java::{put_bytes, put_utf};
use crate::keystore::pbe::budget::Budget;
use crate::keystore::reader::Reader;
use crate::keystore::{
    Content, EncodeOptions, Error, Format, KeyState, Opened, Passwords, SealedKey, mutf8,
};
use crate::random::Random;
use crate::secret::{PrivateKey, SecretBytes};

/// A sealed object as it stands in the file.
pub(in crate::keystore) struct SealedObject<'a> {
    whole: &'a [u8],
    parameters: &'a [u8],
    ciphertext: &'a [u8],
    algorithm: String,
}

impl<'a> SealedObject<'a> {
    /// Reads the serialized object; there is no length in front of it.
    pub(in crate::keystore) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let start = reader.clone();
        let object = read_object(reader)?;
        let sealed = "javax.crypto.SealedObject";
        if !object.classes.iter().any(|class| **class == *sealed) {
            let class = object.class();
            return Err(start.malformed(format!("an object of class `{class}` is no sealed key")));
        }
        let missing = |field: &str| start.malformed(format!("a sealed key without `{field}`"));
        Ok(Self {
            whole: start.up_to(reader),
            parameters: object.bytes("encodedParams").unwrap_or_default(),
            ciphertext: object
                .bytes("encryptedContent")
                .ok_or_else(|| missing("encryptedContent"))?,
            algorithm: object
                .text("sealAlg")
                .ok_or_else(|| missing("sealAlg"))?
                .to_owned(),
        })
    }

    /// Name and iterations of what seals it.
    pub(in crate::keystore) fn protection(&self) -> (String, Option<u64>) {
        let pbe = self.pbe().filter(|_| self.algorithm == NAME);
        let iterations = pbe.and_then(|pbe| u64::try_from(pbe.iterations).ok());
        (self.algorithm.clone(), iterations)
    }

    fn pbe(&self) -> Option<Pbe> {
        let mut parameters = Ber::new(Format::Jceks, self.parameters);
        Pbe::read(&mut parameters, self.ciphertext.to_vec()).ok()
    }

    /// The key, opened where a password does; and what is odd about it, as the end of a sentence.
    pub(in crate::keystore) fn unseal(
        &self,
        passwords: &Passwords<'_>,
        budget: &mut Budget,
    ) -> Result<(Content, Option<String>), Error> {
        if self.algorithm != NAME {
            return Ok((self.still_sealed(None), None));
        }
        let Some(pbe) = self.pbe() else {
            let oddity = "cannot be opened: its parameters are damaged".to_owned();
            return Ok((self.still_sealed(None), Some(oddity)));
        };
        for (password, opened) in passwords.for_keys() {
            match pbe.open(password, budget, Inside::read)? {
                Some(Inside::Key(key)) => return Ok((key.content(opened), None)),
                Some(Inside::Other(what)) => {
                    let oddity = format!("opens, but holds {what}, which is no key");
                    return Ok((self.still_sealed(Some(&pbe)), Some(oddity)));
                }
                None => {}
            }
        }
        Ok((self.still_sealed(Some(&pbe)), None))
    }

    fn still_sealed(&self, pbe: Option<&Pbe>) -> Content {
        Content::SecretKey {
            algorithm: String::new(),
            key: KeyState::Sealed(SealedKey {
                supported: true,
                format: Format::Jceks,
                blob: self.whole.to_vec(),
                algorithm: self.algorithm.clone(),
                iterations: pbe.and_then(|pbe| u64::try_from(pbe.iterations).ok()),
            }),
            chain: Vec::new(),
        }
    }
}

/// What was encrypted.
enum Inside {
    Key(Key),
    Other(String),
}

struct Key {
    kind: Kind,
    algorithm: String,
    encoding: SecretBytes,
}

enum Kind {
    Private,
    Public,
    Secret,
}

impl Inside {
    /// `None` where this is no serialized object at all, so that the password is a wrong one.
    fn read(plain: &[u8]) -> Option<Self> {
        if !plain.starts_with(&[0xac, 0xed, 0x00, 0x05]) {
            return None;
        }
        let mut reader = Reader::new(Format::Jceks, plain);
        Some(match read_object(&mut reader) {
            Ok(object) => Key::of(&object).map_or_else(
                || Self::Other(format!("an object of class `{}`", object.class())),
                Self::Key,
            ),
            Err(_) => Self::Other("an object of another kind".to_owned()),
        })
    }
}

impl Key {
    fn of(object: &Object<'_>) -> Option<Self> {
        let (kind, bytes) = match object.class() {
            "javax.crypto.spec.SecretKeySpec" => (Kind::Secret, object.bytes("key")?),
            "java.security.KeyRep" => (
                match object.text("type")? {
                    "SECRET" => Kind::Secret,
                    "PUBLIC" => Kind::Public,
                    "PRIVATE" => Kind::Private,
                    _ => return None,
                },
                object.bytes("encoded")?,
            ),
            _ => return None,
        };
        Some(Self {
            kind,
            algorithm: object.text("algorithm")?.to_owned(),
            encoding: SecretBytes::new(bytes.to_vec()),
        })
    }

    fn content(self, opened: Opened) -> Content {
        let Self {
            kind,
            algorithm,
            encoding,
        } = self;
        let chain = Vec::new();
        match kind {
            Kind::Secret => Content::SecretKey {
                algorithm,
                key: KeyState::Open {
                    value: encoding,
                    opened,
                },
                chain,
            },
            Kind::Public => Content::PublicKey {
                algorithm,
                key: KeyState::Open {
                    value: encoding.secret_bytes().to_vec(),
                    opened,
                },
                chain,
            },
            Kind::Private => Content::PrivateKey {
                key: KeyState::Open {
                    value: PrivateKey::from_pkcs8_der(encoding.secret_bytes().to_vec()),
                    opened,
                },
                chain,
            },
        }
    }
}

/// A secret key, sealed and serialized, byte for byte as SunJCE writes it.
pub(in crate::keystore) fn write(
    algorithm: &str,
    key: &SecretBytes,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<Vec<u8>, Error> {
    let plain = secret_key_spec(algorithm, key).ok_or_else(|| Error::NotRepresentable {
        format: Format::Jceks,
        what: format!("a secret key of algorithm `{algorithm}`"),
    })?;
    let sealed = protector::protect(&plain, options, random)?;
    let mut out = Vec::with_capacity(512 + sealed.ciphertext.len());
    out.extend_from_slice(STREAM);
    class(
        &mut out,
        "com.sun.crypto.provider.SealedObjectForKeyProtector",
        0xcd57_ca59_e730_bb53,
        0,
    );
    out.push(0x78);
    class(
        &mut out,
        "javax.crypto.SealedObject",
        0x3e36_3da6_c3b7_5470,
        4,
    );
    array_field(&mut out, "encodedParams");
    put_utf_object(&mut out, "[B");
    array_field(&mut out, "encryptedContent");
    reference(&mut out, 2);
    text_field(&mut out, "paramsAlg");
    put_utf_object(&mut out, "Ljava/lang/String;");
    text_field(&mut out, "sealAlg");
    reference(&mut out, 3);
    out.extend_from_slice(&[0x78, 0x70]);
    byte_array_class(&mut out);
    put_bytes(&mut out, &sealed.parameters);
    out.push(0x75);
    reference(&mut out, 5);
    put_bytes(&mut out, &sealed.ciphertext);
    put_utf_object(&mut out, NAME);
    put_utf_object(&mut out, NAME);
    Ok(out)
}

/// The header of a stream, and the start of an object in it.
const STREAM: &[u8] = &[0xac, 0xed, 0x00, 0x05, 0x73];

/// A serialized `SecretKeySpec`; `None` where Java would refuse the algorithm's name.
fn secret_key_spec(algorithm: &str, key: &SecretBytes) -> Option<Zeroizing<Vec<u8>>> {
    let name = mutf8::encode_text(algorithm).filter(|name| !name.is_empty())?;
    let key = key.secret_bytes();
    let mut out = Zeroizing::new(Vec::with_capacity(256 + name.len() + key.len()));
    out.extend_from_slice(STREAM);
    class(
        &mut out,
        "javax.crypto.spec.SecretKeySpec",
        0x5b47_0b66_e230_614d,
        2,
    );
    text_field(&mut out, "algorithm");
    put_utf_object(&mut out, "Ljava/lang/String;");
    array_field(&mut out, "key");
    put_utf_object(&mut out, "[B");
    out.extend_from_slice(&[0x78, 0x70, 0x74]);
    put_utf(&mut out, &name);
    byte_array_class(&mut out);
    put_bytes(&mut out, key);
    Some(out)
}

/// Description of a serializable class, up to its fields.
fn class(out: &mut Vec<u8>, name: &str, serial_version: u64, fields: u16) {
    out.push(0x72);
    put_utf(out, name.as_bytes());
    out.extend_from_slice(&serial_version.to_be_bytes());
    out.push(0x02);
    out.extend_from_slice(&fields.to_be_bytes());
}

/// The start of an array of bytes: the description of its class.
fn byte_array_class(out: &mut Vec<u8>) {
    out.push(0x75);
    class(out, "[B", 0xacf3_17f8_0608_54e0, 0);
    out.extend_from_slice(&[0x78, 0x70]);
}

fn array_field(out: &mut Vec<u8>, name: &str) {
    out.push(b'[');
    put_utf(out, name.as_bytes());
}

fn text_field(out: &mut Vec<u8>, name: &str) {
    out.push(b'L');
    put_utf(out, name.as_bytes());
}

fn put_utf_object(out: &mut Vec<u8>, text: &str) {
    out.push(0x74);
    put_utf(out, text.as_bytes());
}

fn reference(out: &mut Vec<u8>, index: u16) {
    out.extend_from_slice(&[0x71, 0x00, 0x7e]);
    out.extend_from_slice(&index.to_be_bytes());
}
