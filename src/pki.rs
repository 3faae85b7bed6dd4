//! A private certification authority: what it issues, and how what others issued is judged.

pub mod audit;
mod key;

pub use key::{KeyType, UnknownKeyType, generate};
