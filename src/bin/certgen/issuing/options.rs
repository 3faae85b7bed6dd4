//! Options of the commands that issue.

use certgen::pki::{KeyType, LEAF_DAYS};

use crate::password::Source;

/// Options of `broker` and `client`
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct IssueOptions {
    /// Another name to put into the certificate: dns:, ip:, uri: or email: and a value; repeat for more
    #[arg(long, value_name = "NAME")]
    pub(crate) san: Vec<String>,
    /// How many days it is valid
    #[arg(long, value_name = "N", default_value_t = LEAF_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_652_058))]
    pub(crate) days: u32,
    /// The key to make: p256, p384, p521, rsa2048, rsa3072, rsa4096 or ed25519
    #[arg(long, value_name = "TYPE", default_value_t, conflicts_with = "csr")]
    pub(crate) key: KeyType,
    /// Sign the key of this request (PEM or DER, - for standard input) instead of making one
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: Option<std::path::PathBuf>,
    /// The password of the CA's key
    #[arg(long, value_name = "SRC")]
    pub(crate) ca_password: Option<Source>,
    /// Encrypt the new key with this password; brokers and phones then have to be told it
    #[arg(long, value_name = "SRC", conflicts_with = "csr")]
    pub(crate) key_password: Option<Source>,
    #[command(flatten)]
    pub(crate) replacing: Replacing,
    /// Let a CA issue whose key is public, since it is a test fixture
    #[arg(long)]
    pub(crate) allow_fixture_ca: bool,
}

/// What may happen to files
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Replacing {
    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,
    /// Say what would be made, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
