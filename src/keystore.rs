//! Keystores of the Java and Android world and of OpenSSL, read and written from bytes.
//!
//! One model, [`Keystore`], serves all formats; each format has a file of its own below this
//! module. Formats know bytes, not files; salts and dates are arguments.

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
