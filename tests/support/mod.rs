//! What tests of whole programs need: a folder, a free port, peers, a broker, certgen itself.
//!
//! A test says `mod support;` and uses what it needs; nothing in here judges certgen.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses its own part"
)]

mod broker;
mod java;
mod run;

pub use broker::Mosquitto;
pub use java::Java;
pub use run::{Output, certgen, node, peer, python, run};

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A folder that is gone when the test is over.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path inside.
    pub fn join(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.path().join(inside)
    }

    /// Writes a file inside and returns its path.
    pub fn write(&self, inside: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(inside);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        path
    }

    pub fn read(&self, inside: &str) -> Vec<u8> {
        let path = self.join(inside);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// Says by name what a test leaves out, past the capture of output; `scripts/test` counts these.
pub fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Waits until something listens on the port of 127.0.0.1.
pub fn wait_for_port(port: u16) -> bool {
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
}

/// Asks again and again for up to 20 seconds.
pub fn until(condition: impl FnMut() -> bool) -> bool {
    until_within(Duration::from_secs(20), condition)
}

/// Asks again and again for up to `limit`.
pub fn until_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
