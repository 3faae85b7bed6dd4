//! mosquitto: the listener with mutual TLS, and the commands that install it on Debian.

use std::fmt::Write as _;

/// Where Debian's mosquitto is told to look for its certificates.
pub const CERTIFICATES: &str = "/etc/mosquitto/certs";
/// The port of MQTT over TLS.
pub const PORT: u16 = 8883;
/// Where Debian's `mosquitto.conf` includes further files from.
pub const INCLUDED: &str = "/etc/mosquitto/conf.d/certgen.conf";

/// The listener to configure. Paths are absolute: mosquitto expands no `~`, and resolves relative
/// ones against wherever it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The port; 8883 is MQTT over TLS.
    pub port: u16,
    /// The CA that clients must have their certificates from.
    pub cafile: String,
    /// The broker's certificate, with intermediates where there are any.
    pub certfile: String,
    /// The broker's key, readable by the user that mosquitto runs as.
    pub keyfile: String,
    /// The list of revoked certificates, where there is one.
    pub crlfile: Option<String>,
}

impl Listener {
    /// The listener whose files lie in `folder` under their usual names.
    #[must_use]
    pub fn below(folder: &str, name: &str) -> Self {
        let folder = folder.trim_end_matches('/');
        Self {
            port: PORT,
            cafile: format!("{folder}/ca.crt"),
            certfile: format!("{folder}/{name}.crt"),
            keyfile: format!("{folder}/{name}.key"),
            crlfile: None,
        }
    }

    /// The configuration file.
    ///
    /// It has no global options, so that it can be included from Debian's own `mosquitto.conf` as
    /// well as be the only file.
    #[must_use]
    pub fn configuration(&self) -> String {
        let Self {
            port,
            cafile,
            certfile,
            keyfile,
            crlfile,
        } = self;
        let mut out = format!(
            "# MQTT over TLS with client certificates, for mosquitto 2.0 and later (written by certgen).\n\
             # Every TLS option belongs to the listener above it.\n\
             listener {port}\n\
             \n\
             # The CA that client certificates must come from.\n\
             cafile {cafile}\n\
             # What the broker shows to its clients.\n\
             certfile {certfile}\n\
             keyfile {keyfile}\n"
        );
        if let Some(crlfile) = crlfile {
            let _ = write!(out, "# Clients that were revoked.\ncrlfile {crlfile}\n");
        }
        out.push_str(
            "\n\
             # Only clients with a certificate of that CA; its common name is their user name, so that no\n\
             # password file is needed.\n\
             require_certificate true\n\
             use_identity_as_username true\n\
             \n\
             # Without this every answer waits some 40 ms (Nagle's algorithm).\n\
             set_tcp_nodelay true\n",
        );
        out
    }
}

/// Where a file is, and where it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The CA certificate.
    pub ca: String,
    /// The broker's certificate.
    pub certificate: String,
    /// The broker's key.
    pub key: String,
    /// The configuration file.
    pub configuration: String,
    /// The list of revoked certificates, where there is one.
    pub crl: Option<String>,
}

/// The commands, each as words, that put the files of `listener` in place: the key readable by
/// the user `mosquitto` alone, since mosquitto 2 gives up root before it reads it.
///
/// The last one restarts the broker where systemd runs it.
#[must_use]
pub fn install_commands(listener: &Listener, sources: &Sources) -> Vec<Vec<String>> {
    let folder = parent(&listener.keyfile);
    let copy = |owner: &str, group: &str, mode: &str, from: &str, to: &str| {
        words(&["install", "-o", owner, "-g", group, "-m", mode, from, to])
    };
    let mut commands = vec![words(&[
        "install",
        "-d",
        "-o",
        "root",
        "-g",
        "mosquitto",
        "-m",
        "0750",
        folder,
    ])];
    commands.push(copy(
        "root",
        "mosquitto",
        "0644",
        &sources.ca,
        &listener.cafile,
    ));
    commands.push(copy(
        "root",
        "mosquitto",
        "0644",
        &sources.certificate,
        &listener.certfile,
    ));
    commands.push(copy(
        "mosquitto",
        "mosquitto",
        "0600",
        &sources.key,
        &listener.keyfile,
    ));
    if let (Some(from), Some(to)) = (&sources.crl, &listener.crlfile) {
        commands.push(copy("root", "mosquitto", "0644", from, to));
    }
    commands.push(copy(
        "root",
        "root",
        "0644",
        &sources.configuration,
        INCLUDED,
    ));
    commands
}

/// The commands for files that stay where they are: the broker's user gets the key, and the
/// configuration is included.
///
/// Every folder above must be open to that user; Debian's home folders are not.
#[must_use]
pub fn in_place_commands(listener: &Listener, sources: &Sources) -> Vec<Vec<String>> {
    vec![
        words(&["chown", "mosquitto:", &listener.keyfile]),
        words(&[
            "chmod",
            "a+x",
            parent(parent(&listener.keyfile)),
            parent(&listener.keyfile),
            parent(&listener.cafile),
        ]),
        words(&[
            "install",
            "-o",
            "root",
            "-g",
            "root",
            "-m",
            "0644",
            &sources.configuration,
            INCLUDED,
        ]),
    ]
}

/// The command that makes a running mosquitto take its new configuration.
#[must_use]
pub fn restart_command() -> Vec<String> {
    words(&["systemctl", "restart", "mosquitto"])
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(parent, _)| parent)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_mistakes_are_not_repeated() {
        let text = Listener::below("/etc/mosquitto/certs/", "broker").configuration();
        let options: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        assert_eq!(
            options,
            [
                "listener 8883",
                "cafile /etc/mosquitto/certs/ca.crt",
                "certfile /etc/mosquitto/certs/broker.crt",
                "keyfile /etc/mosquitto/certs/broker.key",
                "require_certificate true",
                "use_identity_as_username true",
                "set_tcp_nodelay true",
            ]
        );
    }

    #[test]
    fn the_key_belongs_to_the_brokers_user() {
        let listener = Listener::below("/etc/mosquitto/certs", "broker");
        let sources = Sources {
            ca: "certs/ca/ca.crt".into(),
            certificate: "certs/broker/broker.crt".into(),
            key: "certs/broker/broker.key".into(),
            configuration: "certs/broker/mosquitto.conf".into(),
            crl: None,
        };
        let lines: Vec<String> = install_commands(&listener, &sources)
            .iter()
            .map(|words| words.join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "install -d -o root -g mosquitto -m 0750 /etc/mosquitto/certs",
                "install -o root -g mosquitto -m 0644 certs/ca/ca.crt /etc/mosquitto/certs/ca.crt",
                "install -o root -g mosquitto -m 0644 certs/broker/broker.crt /etc/mosquitto/certs/broker.crt",
                "install -o mosquitto -g mosquitto -m 0600 certs/broker/broker.key /etc/mosquitto/certs/broker.key",
                "install -o root -g root -m 0644 certs/broker/mosquitto.conf /etc/mosquitto/conf.d/certgen.conf",
            ]
        );
    }
}
