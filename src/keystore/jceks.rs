//! JCEKS, SunJCE's keystore (`com.sun.crypto.provider.JceKeyStore`): the frame of JKS, private keys
//! under triple DES, and secret keys as serialized Java objects.

pub(super) mod protector;
pub(super) mod sealed_object;
mod serialization;

use super::{EncodeOptions, Error, Format, Keystore, Limits, Passwords, jks};
use crate::random::Random;
use crate::secret::SecretBytes;

/// Reads a JCEKS.
pub(super) fn decode(
    bytes: &[u8],
    passwords: &Passwords<'_>,
    limits: &Limits,
) -> Result<Keystore, Error> {
    jks::decode_frame(Format::Jceks, bytes, passwords, limits)
}

/// Writes a JCEKS of version 2.
pub(super) fn encode(
    store: &Keystore,
    options: &EncodeOptions<'_>,
    random: &mut dyn Random,
) -> Result<SecretBytes, Error> {
    jks::encode_frame(store, options, random)
}
