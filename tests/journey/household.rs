//! The home of the journey: certgen's `init`, the commands it prints, and Debian's mosquitto run by
//! them, in a private network where `broker.lan` exists.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use crate::support::{Folder, Output, certgen, peer, python, run, skipped, until};

/// The password of the phone's stores.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What `init` made, in the words of the README.
pub(crate) struct Made {
    folder: Folder,
    /// What `init` printed.
    pub(crate) printed: String,
}

/// The household is made once, and all tests look at it.
static MADE: LazyLock<Made> = LazyLock::new(|| {
    let folder = Folder::new();
    let certs = folder.join("certs");
    let output = run(certgen()
        .arg("--dir")
        .arg(&certs)
        .args([
            "init",
            "broker.lan",
            "192.168.1.10",
            "127.0.0.1",
            "localhost",
        ])
        .args(["--client", "phone", "--for", "rhasspy", "--no-ca-password"])
        .args(["--store-password", "env:STORE_PASSWORD"])
        .env("STORE_PASSWORD", PASSWORD))
    .ok();
    Made {
        folder,
        printed: output.stdout,
    }
});

pub(crate) fn made() -> &'static Made {
    &MADE
}

impl Made {
    /// A file of the PKI folder.
    pub(crate) fn file(&self, inside: &str) -> PathBuf {
        let path = self.folder.join("certs").join(inside);
        assert!(path.is_file(), "{} was not made", path.display());
        path
    }

    /// The commands to paste into a shell.
    fn install_commands(&self) -> String {
        let lines = self.printed.lines();
        let section = lines.skip_while(|line| !line.starts_with("next, on the broker"));
        let commands: Vec<&str> = section
            .skip(1)
            .take_while(|line| !line.is_empty())
            .collect();
        assert!(commands.len() >= 5, "{}", self.printed);
        commands.join("\n")
    }
}

/// The hash of a private key, whatever it is wrapped in (`keys.py` has the kinds).
#[track_caller]
pub(crate) fn key_hash(arguments: &[&str]) -> String {
    run(python().arg(program("keys.py")).args(arguments))
        .ok()
        .stdout
        .trim()
        .to_owned()
}

/// A client of `tests/peers`.
pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peers")
        .join(name)
}

/// The private network with the broker in it.
pub(crate) struct Household {
    process: Child,
}

static HOUSEHOLD: LazyLock<Option<Household>> = LazyLock::new(Household::start);

/// The household, or `None`, which is said by name, where we are not root.
pub(crate) fn household() -> Option<&'static Household> {
    HOUSEHOLD.as_ref()
}

impl Household {
    fn start() -> Option<Self> {
        let user = run(peer("id").arg("-u")).ok().stdout;
        if user.trim() != "0" {
            skipped("the clients of the journey, which need root for a private network");
            return None;
        }
        let folder = made().folder.join("household");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("install.sh"), made().install_commands()).unwrap();
        let log = folder.join("log");
        let file = std::fs::File::create(&log).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journey/household.sh");
        let mut process = peer("unshare")
            .args(["-mn", "bash"])
            .arg(script)
            .arg(&folder)
            .stdin(Stdio::piped()) // closed with this process, which ends the household
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let said = || std::fs::read_to_string(&log).unwrap();
        let mut ended = false;
        until(|| {
            ended = process.try_wait().unwrap().is_some();
            ended || said().lines().any(|line| line == "ready")
        });
        assert!(!ended, "the broker did not start:\n{}", said());
        Some(Self { process })
    }

    /// Runs a command inside the network.
    pub(crate) fn run(&self, command: &Command) -> Output {
        let mut inside = peer("nsenter");
        inside.args(["-t", &self.process.id().to_string(), "-m", "-n", "--"]);
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        run(&mut inside)
    }
}
