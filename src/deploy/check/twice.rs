//! Options that mosquitto takes once, and that stand twice.

use super::parse::{Line, canonical};
use crate::finding::{Code, Finding, Remedy};

/// Options of the whole broker.
const BROKER: &[&str] = &[
    "bind_address",
    "clientid_prefixes",
    "log_timestamp_format",
    "persistence_file",
    "persistence_location",
    "pid_file",
    "user",
];
/// Options of the broker, or of each listener under `per_listener_settings`.
const SECURITY: &[&str] = &["acl_file", "auto_id_prefix", "password_file", "psk_file"];
/// Options of each listener.
const LISTENER: &[&str] = &[
    "bind_interface",
    "cafile",
    "capath",
    "certfile",
    "ciphers",
    "ciphers_tls1.3",
    "crlfile",
    "dhparamfile",
    "http_dir",
    "keyfile",
    "mount_point",
    "psk_hint",
    "tls_engine",
    "tls_version",
];
/// Options of each bridge.
const BRIDGE: &[&str] = &[
    "address",
    "bridge_alpn",
    "bridge_bind_address",
    "bridge_cafile",
    "bridge_capath",
    "bridge_certfile",
    "bridge_identity",
    "bridge_keyfile",
    "bridge_psk",
    "bridge_tls_version",
    "local_clientid",
    "local_password",
    "local_username",
    "notification_topic",
    "remote_clientid",
    "remote_password",
    "remote_username",
];

/// What an option belongs to: the broker, the `listener` or `connection` above it by its number,
/// or the default listener (0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Broker,
    Listener(usize),
    Bridge(usize),
}

/// The options that stand a second time for the same owner.
pub(super) fn findings(lines: &[Line<'_>]) -> Vec<Finding> {
    let mut seen: Vec<(Owner, &str, &Line<'_>)> = Vec::new();
    let mut findings = Vec::new();
    let mut place = Place::default();
    for line in lines {
        place.pass(line);
        let name = canonical(line.name);
        let Some(owner) = place.owner(line, name) else {
            continue;
        };
        let first = seen
            .iter()
            .find(|(other, known, _)| *other == owner && *known == name);
        match first {
            Some((_, _, first)) => findings.push(finding(line, first)),
            None => seen.push((owner, name, line)),
        }
    }
    findings
}

/// Where in the configuration a line stands.
#[derive(Debug, Default)]
struct Place<'a> {
    file: Option<&'a str>,
    listeners: usize,
    bridges: usize,
    listener: usize,
    bridge: usize,
    per_listener: bool,
}

impl<'a> Place<'a> {
    /// Each file begins with the default listener, and outside bridges.
    fn pass(&mut self, line: &Line<'a>) {
        if self.file != Some(line.file) {
            self.file = Some(line.file);
            self.listener = 0;
            self.bridge = 0;
        }
        match line.name {
            "listener" => {
                self.listeners += 1;
                self.listener = self.listeners;
            }
            "connection" => {
                self.bridges += 1;
                self.bridge = self.bridges;
            }
            "per_listener_settings" => {
                self.per_listener = line.is_true();
            }
            _ => {}
        }
    }

    fn owner(&self, line: &Line<'_>, name: &str) -> Option<Owner> {
        let is_file = name == "log_dest" && line.first() == "file";
        if is_file || BROKER.contains(&name) {
            Some(Owner::Broker)
        } else if SECURITY.contains(&name) {
            Some(if self.per_listener {
                Owner::Listener(self.listener)
            } else {
                Owner::Broker
            })
        } else if LISTENER.contains(&name) {
            Some(Owner::Listener(self.listener))
        } else if BRIDGE.contains(&name) {
            Some(Owner::Bridge(self.bridge))
        } else {
            None
        }
    }
}

fn finding(line: &Line<'_>, first: &Line<'_>) -> Finding {
    let name = match line.name {
        "log_dest" => "log_dest file",
        name => name,
    };
    let cause = format!(
        "`{name}` stands a second time, after {}: mosquitto takes it once, and does not start",
        first.place()
    );
    let text = match line.name {
        "cafile" | "bridge_cafile" => "keep one of the two lines; several CAs go into one file",
        _ => "keep one of the two lines",
    };
    let finding = Finding::failure(Code::OptionValueInvalid, cause);
    finding.about(line.place()).with_remedy(Remedy::text(text))
}

#[cfg(test)]
mod tests {
    use super::super::parse::lines;
    use super::*;

    fn found(text: &str) -> usize {
        findings(&lines("m.conf", text)).len()
    }

    #[test]
    fn an_option_stands_once_for_each_owner() {
        assert_eq!(found("listener 1\ncafile /a\nlistener 2\ncafile /a\n"), 0);
        assert_eq!(found("listener 1\ncafile /a\ncafile /b\n"), 1);
        assert_eq!(found("cafile /a\nlistener 1\ncafile /b\n"), 0);
        assert_eq!(found("acl_file /a\nlistener 1\nacl_file /b\n"), 1);
        assert_eq!(
            found("per_listener_settings true\nlistener 1\nacl_file /a\nlistener 2\nacl_file /b\n"),
            0
        );
        assert_eq!(found("log_dest stdout\nlog_dest file /a\n"), 0);
        assert_eq!(found("log_dest file /a\nlog_dest file /b\n"), 1);
        assert_eq!(found("connection a\naddress b\nusername c\n"), 0);
        assert_eq!(found("connection a\nusername b\nremote_username c\n"), 1);
        assert_eq!(found("allow_anonymous true\nallow_anonymous true\n"), 0);
    }
}
