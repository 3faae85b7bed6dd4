//! Packaging: which stores a key, its chain and the CA go into, for whom, and what gets lost.
//!
//! [`plan()`] encodes a store, decodes it again and compares, so that a fault of a codec becomes an
//! error before anything is written. Nothing here touches a file.

mod adapt;
mod audience;
mod choose;
mod compare;
mod error;
mod material;
mod plan;
mod target;

pub use audience::refusals;
pub use choose::{Output, Wish, choose};
pub use error::Error;
pub use material::Material;
pub use plan::{Encoded, Secrets, plan, plan_all};
pub use target::{Packaging, Target, UnknownTarget};
