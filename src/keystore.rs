//! Keystores of the Java and Android world and of OpenSSL, read and written from bytes.
//!
//! One model, [`Keystore`], serves all formats; each format has a file of its own below this
//! module. Formats know bytes, not files; salts and dates are arguments.
//!
//! [`decode()`] tells the format by content and opens what the passwords open; [`encode()`] writes the
//! format that [`EncodeOptions`] name. In between, entries are plain values, to be looked at, added
//! and taken away.
//!
//! # Any store becomes any other
//!
//! A private key with its certificate, as PEM, becomes a store of every format, and comes back:
//!
//! ```
//! use certgen::keystore::{Content, EncodeOptions, Format, Integrity, KeyState};
//! use certgen::keystore::{Limits, Passwords, decode, detect, encode};
//! use certgen::random::SystemRandom;
//! use certgen::secret::Password;
//!
//! # let key = rcgen::KeyPair::generate()?;
//! # let certificate = rcgen::CertificateParams::default().self_signed(&key)?;
//! # let pem = (key.serialize_pem() + &certificate.pem()).into_bytes();
//! let store = decode(&pem, &Passwords::default(), &Limits::default())?;
//!
//! let password = Password::new("correct horse".to_owned());
//! let passwords = Passwords { store: Some(&password), keys: &[] };
//! for format in Format::ALL {
//!     let options = EncodeOptions::new(format, &password);
//!     let bytes = encode(&store, &options, &mut SystemRandom)?;
//!     assert_eq!(detect(bytes.secret_bytes()), Some(format));
//!
//!     let read = decode(bytes.secret_bytes(), &passwords, &Limits::default())?;
//!     let [entry] = read.entries.as_slice() else { panic!("one entry") };
//!     let Content::PrivateKey { key: KeyState::Open { value, .. }, chain } = &entry.content else {
//!         panic!("an open private key")
//!     };
//!     # assert_eq!(value.secret_pkcs8_der(), key.serialized_der());
//!     println!("{}: a key of {} bytes", entry.alias, value.secret_pkcs8_der().len());
//!     assert_eq!(chain.len(), 1);
//!     // PEM has nothing that proves that it was not altered.
//!     assert_eq!(read.integrity == Integrity::Verified, format != Format::Pem);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # PKCS#12
//!
//! [`Profile`]s weigh strength against the readers of old. A client that shows a certificate and
//! trusts a CA needs both in the store, the CA as an entry of its own:
//!
//! ```
//! use certgen::keystore::{Content, EncodeOptions, Entry, Format, KeyState, Keystore, Opened};
//! use certgen::keystore::{Limits, Passwords, Profile, decode, encode};
//! use certgen::random::SystemRandom;
//! use certgen::secret::{Password, PrivateKey};
//!
//! # let pair = rcgen::KeyPair::generate()?;
//! # let certificate = rcgen::CertificateParams::default().self_signed(&pair)?;
//! # let (pkcs8, leaf, ca) = (pair.serialize_der(), certificate.der().to_vec(), vec![0x30, 0]);
//! // `pkcs8`, `leaf` and `ca` are DER.
//! let key = PrivateKey::from_pkcs8_der(pkcs8);
//! let key = KeyState::Open { value: key, opened: Opened::Clear };
//! let identity = Content::PrivateKey { key, chain: vec![leaf, ca.clone()] };
//! let trust = Content::TrustedCertificate { certificate: ca };
//! let entries = vec![Entry::new("phone", None, identity), Entry::new("ca", None, trust)];
//! let store = Keystore::new(Format::Pkcs12, entries);
//!
//! let password = Password::new("correct horse".to_owned());
//! let mut options = EncodeOptions::new(Format::Pkcs12, &password);
//! options.profile = Profile::Compat; // 3DES and SHA-1, for Android up to 13
//! let p12 = encode(&store, &options, &mut SystemRandom)?;
//!
//! let passwords = Passwords { store: Some(&password), keys: &[] };
//! let read = decode(p12.secret_bytes(), &passwords, &Limits::default())?;
//! let protected: Vec<_> = read.protection.iter().map(|p| p.algorithm.as_str()).collect();
//! assert_eq!(protected[0], "HMAC-SHA1, PKCS#12 KDF");
//! assert_eq!(protected[1], "PBES1 3DES, SHA-1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # BKS, UBER, JKS, JCEKS and BCFKS
//!
//! Here keys may have passwords of their own. A key that no password opens is no error: it stays
//! sealed, and goes along when the store is written again in a format that seals alike.
//!
//! ```
//! use certgen::keystore::{EncodeOptions, Format, Limits, Passwords, decode, encode};
//! use certgen::random::SystemRandom;
//! use certgen::secret::Password;
//!
//! # let key = rcgen::KeyPair::generate()?;
//! # let certificate = rcgen::CertificateParams::default().self_signed(&key)?;
//! # let pem = (key.serialize_pem() + &certificate.pem()).into_bytes();
//! # let store = decode(&pem, &Passwords::default(), &Limits::default())?;
//! let of_store = Password::new("correct horse".to_owned());
//! let of_key = Password::new("battery staple".to_owned());
//! for format in [Format::Bks, Format::Uber, Format::Jks, Format::Jceks, Format::Bcfks] {
//!     let mut options = EncodeOptions::new(format, &of_store);
//!     options.key_password = Some(&of_key);
//!     let bytes = encode(&store, &options, &mut SystemRandom)?;
//!
//!     let without = Passwords { store: Some(&of_store), keys: &[] };
//!     let sealed = decode(bytes.secret_bytes(), &without, &Limits::default())?;
//!     assert!(sealed.entries[0].content.sealed().is_some());
//!     let again = encode(&sealed, &options, &mut SystemRandom)?;
//!
//!     let keys = [of_key.clone_secret()];
//!     let with = Passwords { store: Some(&of_store), keys: &keys };
//!     let open = decode(again.secret_bytes(), &with, &Limits::default())?;
//!     assert!(open.entries[0].content.sealed().is_none());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Files of strangers
//!
//! [`Limits`] bound what a file may ask for before anything is believed: its size, its entries, and
//! the work of its key derivations. What is wrong is told apart as far as the format allows:
//!
//! ```
//! use certgen::keystore::{Error, Limits, Passwords, decode};
//! use certgen::secret::Password;
//! # use certgen::keystore::{EncodeOptions, Format, Keystore, encode};
//! # use certgen::random::SystemRandom;
//!
//! # let right = Password::new("right".to_owned());
//! # let options = EncodeOptions::new(Format::Bks, &right);
//! # let store = Keystore::new(Format::Bks, Vec::new());
//! # let bks = encode(&store, &options, &mut SystemRandom)?;
//! # let bytes = bks.secret_bytes();
//! let wrong = Password::new("wrong".to_owned());
//! let passwords = Passwords { store: Some(&wrong), keys: &[] };
//! match decode(bytes, &passwords, &Limits::default()) {
//!     Ok(store) => println!("{} entries", store.entries.len()),
//!     Err(Error::WrongPasswordOrDamaged { format }) => println!("no password of this {format}"),
//!     Err(Error::Malformed { offset, reason, .. }) => println!("byte {offset}: {reason}"),
//!     Err(Error::Unsupported { algorithm, .. }) => println!("{algorithm} is not supported"),
//!     Err(other) => println!("{other}"),
//! }
//! # assert!(matches!(decode(bytes, &passwords, &Limits::default()), Err(Error::WrongPasswordOrDamaged { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bcfks;
mod ber;
mod bks;
mod cut_off;
mod decode;
mod encode;
mod error;
mod java;
mod jceks;
mod jks;
mod millis;
mod model;
mod mutf8;
mod pbe;
pub mod pem;
mod pkcs12;
mod reader;
mod secret_algorithms;
mod uber;

pub(crate) use bcfks::holds_opaque as bcfks_holds_opaque;
pub use decode::{decode, detect};
pub use encode::{EncodeOptions, Profile, encode};
pub use error::Error;
pub(crate) use model::key_of;
pub use model::{
    Alias, Content, Entry, Format, Integrity, KeyState, Keystore, Limits, Opened, Passwords,
    Protection, SealedKey,
};
pub(crate) use pkcs12::old_encrypted_key;
pub(crate) use secret_algorithms::identifier as secret_algorithm_identifier;
