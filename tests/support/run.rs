//! Running programs to their end, under a time limit.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A hang, and never a slow machine.
const LIMIT: Duration = Duration::from_secs(120);

/// What a program left behind.
#[derive(Debug)]
pub struct Output {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    pub fn success(&self) -> bool {
        self.status == Some(0)
    }

    /// Standard output and error, for messages of failed assertions and for searching.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The output itself, where the program must not fail.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.success(), "{self:#?}");
        self
    }
}

/// The certgen that is being tested, with no settings from the environment and no colour.
pub fn certgen() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certgen"));
    command
        .env_remove("CERTGEN_DIR")
        .env_remove("SOURCE_DATE_EPOCH")
        .env("NO_COLOR", "1");
    command
}

/// Another program of the machine; where it is missing, the test fails and names the package.
#[track_caller]
pub fn peer(program: &str) -> Command {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    folders.extend(["/usr/sbin".into(), "/sbin".into()]);
    let found = folders.iter().map(|folder| folder.join(program));
    match found.into_iter().find(|path| path.is_file()) {
        Some(path) => Command::new(path),
        None => panic!(
            "`{program}` is missing: install the Debian package {} (scripts/peers installs all)",
            package(program)
        ),
    }
}

fn package(program: &str) -> &str {
    match program {
        "mosquitto_pub" | "mosquitto_sub" => "mosquitto-clients",
        "java" | "javac" | "keytool" => "default-jdk-headless",
        "certtool" | "gnutls-cli" | "gnutls-serv" => "gnutls-bin",
        "pk12util" | "certutil" => "libnss3-tools",
        "epmd" => "erlang-base",
        "node" => "nodejs",
        "ip" => "iproute2",
        "groff" => "groff-base",
        other => other,
    }
}

/// Python with the packages of `scripts/peers`.
#[track_caller]
pub fn python() -> Command {
    Command::new(prepared("venv/bin/python3"))
}

/// Node with the packages of `scripts/peers`.
#[track_caller]
pub fn node() -> Command {
    let mut command = peer("node");
    command.env("NODE_PATH", prepared("node/node_modules"));
    command
}

/// What `scripts/peers` made in the target folder.
#[track_caller]
fn prepared(inside: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(inside);
    assert!(
        path.exists(),
        "target/{inside} is missing: run scripts/peers, which makes it with the Debian packages python3-venv and npm"
    );
    path
}

/// Runs to the end with an empty standard input; a program that hangs is ended and is a failure.
#[track_caller]
pub fn run(command: &mut Command) -> Output {
    let name = command.get_program().to_owned();
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", shown(&name)));
    let stdout = drain(child.stdout.take().unwrap());
    let stderr = drain(child.stderr.take().unwrap());
    let end = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("{} hangs", shown(&name));
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Output {
        status: status.code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    }
}

fn shown(name: &OsStr) -> String {
    name.to_string_lossy().into_owned()
}

fn drain(mut from: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
