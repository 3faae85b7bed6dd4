//! Java programs of one file, and keytool, with Debian's BouncyCastle.

use std::path::Path;
use std::process::Command;

use super::peer;

/// Where Debian puts BouncyCastle.
pub const BOUNCY_CASTLE: &str = "/usr/share/java/bcprov.jar";

/// A JVM with BouncyCastle on its class path.
pub struct Java;

impl Java {
    /// `java FILE.java`: a program in one source file, such as those of `tests/java/`.
    #[track_caller]
    pub fn source(file: &Path) -> Command {
        let mut command = peer("java");
        command
            .args(["-Xmx256m", "-cp", jar()])
            .arg(file)
            .env_remove("JAVA_TOOL_OPTIONS");
        command
    }

    /// `keytool` with BouncyCastle as a provider.
    #[track_caller]
    pub fn keytool() -> Command {
        let mut command = peer("keytool");
        command
            .args(["-J-Xmx256m", "-J-Duser.language=en"])
            .env_remove("JAVA_TOOL_OPTIONS");
        command
    }

    /// The options that give keytool BouncyCastle; they go after the command.
    #[track_caller]
    pub fn provider() -> [&'static str; 4] {
        let class = "org.bouncycastle.jce.provider.BouncyCastleProvider";
        ["-provider", class, "-providerpath", jar()]
    }
}

#[track_caller]
fn jar() -> &'static str {
    assert!(
        Path::new(BOUNCY_CASTLE).is_file(),
        "{BOUNCY_CASTLE} is missing: install the Debian package libbcprov-java (scripts/peers installs all)"
    );
    BOUNCY_CASTLE
}
