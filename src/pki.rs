//! A private certification authority: what it issues, and how what others issued is judged.

mod authority;
mod encode;
mod key;
pub mod names;
mod profile;
mod signer;

pub use authority::{Authority, Identity, IssueError, Issued, Serial, self_sign};
pub use key::{KeyType, UnknownKeyType, generate};
pub use profile::{
    APPLE_DAYS, AUTHORITY_DAYS, LEAF_DAYS, Lifetime, PermittedName, Profile, ProfileError, Role,
};
