//! X.509: certificates and names as they are, also where they break the rules (RFC 5280).

mod certificate;
mod distribution_point;
mod encoding;
mod java_names;
pub mod key;
mod name;
mod ocsp;
mod public_key;
mod revocation_list;
mod signed;

pub use certificate::{BasicConstraints, Certificate, Error, Extension, KeyUsage};
pub use distribution_point::{DistributionPoint, ListScope};
pub use encoding::EncodingFlaw;
pub(crate) use java_names::java_key_algorithm;
pub(crate) use name::hex;
pub use name::{GeneralName, Name};
pub use ocsp::{CertificateStatus, OcspResponse, OcspStatus};
pub use public_key::{KeyKind, PublicKey};
pub use revocation_list::{Revocation, RevocationList};
pub use signed::{Digest, SignatureAlgorithm, Signed, Verification};
