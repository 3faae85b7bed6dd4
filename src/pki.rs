//! A private certification authority: what it issues, and how what others issued is judged.

mod key;

pub use key::{KeyType, UnknownKeyType, generate};
