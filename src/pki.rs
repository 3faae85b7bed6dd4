//! A private certification authority: what it issues, and how what others issued is judged.

mod alt_name;
pub mod audit;
mod authority;
mod error;
mod extension;
mod issue;
mod key;
mod profile;
mod request;
mod sign;

pub use alt_name::{alt_name, host};
pub use authority::{Authority, Identity};
pub use error::Error;
pub use issue::{Serial, issue, root, subordinate};
pub use key::{KeyType, UnknownKeyType, generate};
pub use profile::{AUTHORITY_DAYS, AuthorityProfile, LEAF_DAYS, Profile, Role, Validity};
pub use request::Request;
