//! Java programs of one file, and keytool, with BouncyCastle.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::peer;

/// Where Debian puts BouncyCastle.
const DEBIAN: &str = "/usr/share/java/bcprov.jar";

/// A JVM with one version of BouncyCastle.
pub struct Java {
    pub bouncy_castle: PathBuf,
}

impl Java {
    /// With the BouncyCastle of Debian.
    #[track_caller]
    pub fn debian() -> Self {
        assert!(
            Path::new(DEBIAN).is_file(),
            "{DEBIAN} is missing: install the Debian package libbcprov-java (scripts/peers installs all)"
        );
        Self {
            bouncy_castle: DEBIAN.into(),
        }
    }

    /// With Debian's, and with those that `scripts/peers` could fetch: the guide's and a newer one.
    #[track_caller]
    pub fn every() -> Vec<Self> {
        let mut all = vec![Self::debian()];
        for version in ["1.82", "1.87"] {
            let java = Self::fetched(version);
            if java.bouncy_castle.is_file() {
                all.push(java);
            } else {
                super::skipped(&format!(
                    "BouncyCastle {version}, which scripts/peers could not fetch"
                ));
            }
        }
        all
    }

    /// With a version that `scripts/peers` fetches, which may be missing.
    pub fn fetched(version: &str) -> Self {
        let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/java");
        Self {
            bouncy_castle: fetched.join(format!("bcprov-jdk18on-{version}.jar")),
        }
    }

    /// Whether it is with this version.
    pub fn is(&self, version: &str) -> bool {
        self.bouncy_castle == Self::fetched(version).bouncy_castle
    }

    /// `java FILE.java`: a program in one source file, such as those of `tests/java/`.
    #[track_caller]
    pub fn source(&self, file: &Path) -> Command {
        let mut command = peer("java");
        command
            .args(["-Xmx256m", "-cp"])
            .arg(&self.bouncy_castle)
            .arg(file)
            .env_remove("JAVA_TOOL_OPTIONS");
        command
    }

    /// `keytool` with this command (`-list`) and BouncyCastle as a provider.
    #[track_caller]
    pub fn keytool(&self, command: &str) -> Command {
        let mut keytool = peer("keytool");
        let class = "org.bouncycastle.jce.provider.BouncyCastleProvider";
        keytool
            .args(["-J-Xmx256m", "-J-Duser.language=en", command])
            .args(["-provider", class, "-providerpath"])
            .arg(&self.bouncy_castle)
            .env_remove("JAVA_TOOL_OPTIONS");
        keytool
    }
}
