//! Keystores of the Java and Android world and of OpenSSL, read and written from bytes.
//!
//! One model, [`Keystore`], serves all formats; each format has a file of its own below this
//! module. Formats know bytes, not files; salts and dates are arguments.
//!
//! Any store becomes any other: [`decode()`] tells its format by content, [`encode()`] writes the
//! format that [`EncodeOptions`] name.
//!
//! ```
//! use certgen::keystore::{self, Content, EncodeOptions, Entry, Format, Keystore};
//! use certgen::keystore::{Limits, Passwords};
//! use certgen::random::SystemRandom;
//! use certgen::secret::Password;
//!
//! # fn main() -> Result<(), keystore::Error> {
//! # let der = vec![0x30, 0];
//! let trusted = Content::TrustedCertificate { certificate: der };
//! let store = Keystore::new(Format::Bks, vec![Entry::new("ca", None, trusted)]);
//! let password = Password::new("a long one".to_owned());
//! let options = EncodeOptions::new(Format::Bks, &password);
//! let bks = keystore::encode(&store, &options, &mut SystemRandom)?;
//!
//! let passwords = Passwords { store: Some(&password), keys: &[] };
//! let read = keystore::decode(bks.secret_bytes(), &passwords, &Limits::default())?;
//! assert_eq!(read.format, Format::Bks);
//!
//! let options = EncodeOptions::new(Format::Jks, &password);
//! let jks = keystore::encode(&read, &options, &mut SystemRandom)?;
//! assert_eq!(keystore::detect(jks.secret_bytes()), Some(Format::Jks));
//! # Ok(())
//! # }
//! ```

mod bcfks;
mod ber;
mod bks;
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

pub use decode::{decode, detect};
pub use encode::{EncodeOptions, Profile, encode};
pub use error::Error;
pub use model::{
    Alias, Content, Entry, Format, Integrity, KeyState, Keystore, Limits, Opened, Passwords,
    Protection, SealedKey,
};
pub(crate) use secret_algorithms::identifier as secret_algorithm_identifier;
