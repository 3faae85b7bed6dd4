//! Password-based protection: from a password to keys, and the ciphers that use them.

pub(super) mod budget;
pub(super) mod cipher;
pub(super) mod encryption;
pub(super) mod hash;
pub(super) mod kdf;
pub(super) mod names;
pub(super) mod password_bytes;
pub(super) mod pbes1;
pub(super) mod pkcs12_kdf;
