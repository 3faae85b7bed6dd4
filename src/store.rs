//! The folder on disk: whole files with the right modes, one lock, and the layout of a PKI folder.

mod contents;
mod directory;
mod error;
mod file_name;
mod file_set;
mod folder;
mod journal;
mod lock;
mod staged;
pub mod tree;

pub use contents::{key_is_encrypted, read_certificates, read_key};
pub use error::{ContentsError, Error};
pub use file_name::file_name;
pub use file_set::{Access, FileSet};
pub use folder::{PkiFolder, Reservation};
pub use lock::Lock;
