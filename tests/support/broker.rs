//! Debian's mosquitto, started with a configuration and ended with the test.

use std::path::Path;
use std::process::{Child, Stdio};

use super::{peer, until, wait_for_port};

/// A running mosquitto.
pub struct Mosquitto {
    child: Child,
    log: std::path::PathBuf,
    pub port: u16,
}

impl Mosquitto {
    /// Starts mosquitto with this configuration file, which listens on `port`. Started by root,
    /// it becomes its own user (`mosquitto`) before it reads keys, unless the file says otherwise.
    #[track_caller]
    pub fn start(configuration: &Path, port: u16) -> Self {
        let log = configuration.with_extension("log");
        let file = std::fs::File::create(&log).unwrap();
        let child = peer("mosquitto")
            .args(["-v", "-c"])
            .arg(configuration)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut broker = Self { child, log, port };
        let mut ended = false;
        let listens = until(|| {
            ended = broker.child.try_wait().unwrap().is_some();
            ended || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(
            listens && !ended && wait_for_port(port),
            "mosquitto does not listen on {port}:\n{}",
            broker.log()
        );
        broker
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// Waits until the log has the text.
    pub fn has_logged(&self, text: &str) -> bool {
        until(|| self.log().contains(text))
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
