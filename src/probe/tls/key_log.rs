//! The secrets of a connection for Wireshark (NSS key log format), only where asked for.

use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::x509::hex;

/// Writes key log lines; the writer is for the owner's eyes only.
pub(in crate::probe) struct KeyLog(Mutex<Box<dyn Write + Send>>);

impl KeyLog {
    pub(in crate::probe) fn new(writer: Box<dyn Write + Send>) -> Self {
        Self(Mutex::new(writer))
    }
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLog")
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let secret = Zeroizing::new(hex(secret));
        let line = Zeroizing::new(format!("{label} {} {}\n", hex(client_random), *secret));
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writer
            .write_all(line.as_bytes())
            .and_then(|()| writer.flush());
    }
}
