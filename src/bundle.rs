//! What goes into a store, for whom, and the proof that it came out right.
//!
//! A store for a device holds the key with its chain including the CA, and the CA once more as an
//! entry of its own: Android and Java trust nothing else.

mod compare;
mod plan;
mod target;

pub use compare::{Difference, compare};
pub use plan::{Error, Identity, encode_checked, identity_store, trust_store};
pub use target::{KeySupport, Target, UnknownTarget};
