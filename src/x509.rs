//! X.509: certificates and names as they are, also where they break the rules (RFC 5280).

mod certificate;
mod name;
mod public_key;

pub use certificate::{BasicConstraints, Certificate, Error, Extension, KeyUsage};
pub(crate) use name::hex;
pub use name::{GeneralName, Name};
pub use public_key::{KeyKind, PublicKey};
