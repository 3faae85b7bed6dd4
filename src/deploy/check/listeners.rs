//! Listeners: what belongs together and does not stand together.

use super::options::TLS;
use super::parse::Listener;
use super::{Facts, Source};
use crate::finding::{Action, Code, Finding, Remedy, Severity};

/// The listeners of a configuration.
pub(super) struct Listeners<'a> {
    /// What stands above any `listener`.
    pub(super) default: &'a Listener<'a>,
    pub(super) others: &'a [Listener<'a>],
    pub(super) sources: &'a [Source],
    pub(super) facts: &'a Facts,
}

impl Listeners<'_> {
    /// What is wrong with them.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let is_opened = is_wanted(self.default) || self.others.is_empty();
        let default = Some(self.default).filter(|_| is_opened);
        let all: Vec<&Listener<'_>> = default.into_iter().chain(self.others).collect();
        let mut findings = duplicates(&all);
        let astray = self.astray();
        for listener in &all {
            findings.extend(low_port(listener, self.facts));
            findings.extend(half(listener));
            findings.extend(old_version(listener));
            let identity = unused_identity(listener);
            let is_refused = identity
                .as_ref()
                .is_some_and(|finding| finding.severity == Severity::Failure);
            if self.is_shut(listener) && !is_refused {
                findings.push(nobody(listener, self.sources));
            }
            // What follows from TLS options above the listener is said with them.
            if astray.is_none() {
                findings.extend(in_the_clear(listener));
                findings.extend(without_ca(listener));
                findings.extend(identity);
            }
        }
        findings.extend(astray.or_else(|| self.web_alone()));
        findings
    }

    /// mosquitto 2.0 counts the sockets that it opens itself, and not those of libwebsockets.
    fn web_alone(&self) -> Option<Finding> {
        let default = Some(self.default).filter(|default| is_wanted(default));
        let mut all = self.others.iter().chain(default);
        let is_web = |listener: &Listener<'_>| {
            let protocol = listener.option("protocol");
            protocol.is_some_and(|line| line.first() == "websockets")
        };
        let last = self.others.last().or(default)?;
        if !all.all(is_web) {
            return None;
        }
        let cause = "every listener is for WebSocket: mosquitto 2.0 does not start without one for MQTT itself (\"unable to start any listening sockets\"); 2.1 does";
        let remedy =
            "add a listener without `protocol websockets`, such as `listener 1883 127.0.0.1`";
        let finding = Finding::warning(Code::OptionValueInvalid, cause);
        let line = last.option("protocol")?;
        Some(
            finding
                .about(line.place())
                .with_remedy(Remedy::text(remedy)),
        )
    }

    fn all(&self) -> impl Iterator<Item = &Listener<'_>> {
        self.others.iter().chain([self.default])
    }

    /// Whether nothing lets a client in to the listener. Without any that is asked for, everybody
    /// is let in.
    fn is_shut(&self, listener: &Listener<'_>) -> bool {
        if self.others.is_empty() && !is_wanted(self.default) {
            return false;
        }
        let chooses = if self.default.is_true("per_listener_settings") {
            admits(listener)
        } else {
            self.all().any(admits) || by_certificate(listener)
        };
        !chooses && !has_unknown_parts(self.default, self.others)
    }

    fn is_open(&self, listener: &Listener<'_>) -> bool {
        let is_open = |listener: &Listener<'_>| {
            listener.is_true("allow_anonymous") || listener.is_true("listener_allow_anonymous")
        };
        if self.default.is_true("per_listener_settings") {
            is_open(listener)
        } else {
            self.all().any(is_open)
        }
    }

    /// TLS options before the first listener are for the default listener, and for no other.
    fn astray(&self) -> Option<Finding> {
        if self.others.is_empty() || is_wanted(self.default) {
            return None;
        }
        let mut options = self.default.options.iter();
        let line = options.find(|line| {
            TLS.contains(&line.name) && !matches!(line.name, "ciphers" | "tls_version")
        })?;
        let bare = self.others.iter().find(|listener| {
            let has = |name| listener.option(name).is_some();
            !has("certfile") && !has("keyfile") && !has("psk_hint")
        });
        let below = match bare {
            Some(listener) => {
                let open = if self.is_open(listener) {
                    ", and lets everybody in without name or certificate"
                } else {
                    ""
                };
                format!("{} below speaks MQTT in the clear{open}", title(listener))
            }
            None => "the listeners below do not have it".to_owned(),
        };
        let cause = format!(
            "`{}` stands above the first `listener` line: it makes mosquitto open one more listener for itself on port 1883, and {below}",
            line.name
        );
        let remedy = "move the TLS options below the `listener` line that they are for";
        let finding = Finding::failure(Code::TlsOptionsBeforeListener, cause);
        Some(
            finding
                .about(line.place())
                .with_remedy(Remedy::text(remedy)),
        )
    }
}

/// Whether the default listener is asked for by name.
fn is_wanted(default: &Listener<'_>) -> bool {
    default.line.is_some() || default.option("bind_address").is_some()
}

/// mosquitto drops to its user before it opens its ports.
fn low_port(listener: &Listener<'_>, facts: &Facts) -> Option<Finding> {
    let port = listener.port().filter(|port| *port != 0)?;
    let is_root = facts.user.as_ref().is_some_and(|user| user.uid == 0);
    if is_root || port >= facts.first_free_port.unwrap_or(1024) {
        return None;
    }
    let cause = format!(
        "the port {port} may be opened by root alone, and mosquitto drops to its user before it opens ports: without a right of its own it does not start"
    );
    let remedy = Remedy::run(
        "give mosquitto the right, or take a port from 1024 on",
        Action::shell(&[
            "sudo",
            "setcap",
            "CAP_NET_BIND_SERVICE=+ep",
            "/usr/sbin/mosquitto",
        ]),
    );
    let severity = match facts.user {
        Some(_) => Severity::Warning,
        None => Severity::Note,
    };
    let finding = Finding::new(Code::CannotListen, severity, cause).with_remedy(remedy);
    Some(finding.about(place(listener)))
}

fn place(listener: &Listener<'_>) -> String {
    listener
        .line
        .as_ref()
        .map_or_else(String::new, super::parse::Line::place)
}

fn title(listener: &Listener<'_>) -> String {
    match listener.port() {
        Some(port) => format!("the listener {port}"),
        None => "the listener".to_owned(),
    }
}

/// Whether two addresses to listen on have one in common.
fn overlap(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else {
        return true;
    };
    let is_every = |address: &str, other: &str| address == "0.0.0.0" && !other.contains(':');
    one == other || is_every(one, other) || is_every(other, one)
}

fn duplicates(listeners: &[&Listener<'_>]) -> Vec<Finding> {
    let clash = |one: &Listener<'_>, other: &Listener<'_>| {
        let ports = (one.port(), other.port());
        let same_port = ports.0 == ports.1 && ports.0.is_some_and(|port| port != 0);
        same_port && overlap(one.address(), other.address())
    };
    let twice = listeners.iter().enumerate().filter(|(index, listener)| {
        let earlier = listeners.iter().take(*index);
        earlier.into_iter().any(|other| clash(other, listener))
    });
    twice
        .map(|(_, listener)| {
            let cause = format!(
                "{} is opened twice: the second one fails with \"address already in use\"",
                title(listener)
            );
            let remedy = "keep one `listener` line for the port, with all its options below it";
            Finding::failure(Code::DuplicateListener, cause)
                .about(place(listener))
                .with_remedy(Remedy::text(remedy))
        })
        .collect()
}

/// Certificate without key, or key without certificate.
fn half(listener: &Listener<'_>) -> Option<Finding> {
    let (line, wanted, remedy) = match (listener.option("certfile"), listener.option("keyfile")) {
        (Some(line), None) => (
            line,
            "keyfile",
            "add `keyfile` with the key of that certificate",
        ),
        (None, Some(line)) => (
            line,
            "certfile",
            "add `certfile` with the certificate of that key",
        ),
        _ => return None,
    };
    let cause = format!(
        "{} has `{}` and no `{wanted}`: mosquitto 2.0 speaks MQTT in the clear there, and 2.1 does not start",
        title(listener),
        line.name
    );
    let finding = Finding::failure(Code::CertfileWithoutKeyfile, cause);
    Some(
        finding
            .about(line.place())
            .with_remedy(Remedy::text(remedy)),
    )
}

/// TLS options without certificate and key.
fn in_the_clear(listener: &Listener<'_>) -> Option<Finding> {
    let has = |name| listener.option(name).is_some();
    if has("certfile") || has("keyfile") || has("psk_hint") {
        return None;
    }
    let line = listener.options.iter().find(|line| {
        matches!(
            line.name,
            "cafile" | "capath" | "require_certificate" | "tls_version"
        )
    })?;
    let cause = format!(
        "{} has `{}`, and neither `certfile` nor `keyfile`: it speaks MQTT in the clear",
        title(listener),
        line.name
    );
    let remedy = "add `certfile` and `keyfile`, or take the TLS options out";
    let finding = Finding::warning(Code::PlaintextMqttPort, cause);
    Some(
        finding
            .about(line.place())
            .with_remedy(Remedy::text(remedy)),
    )
}

fn without_ca(listener: &Listener<'_>) -> Option<Finding> {
    let has = |name| listener.option(name).is_some();
    let asks = listener.speaks_tls() && listener.is_true("require_certificate");
    if !asks || has("cafile") || has("capath") {
        return None;
    }
    let cause = format!(
        "{} requires client certificates, and has no `cafile` to check them against: every client is refused",
        title(listener)
    );
    let remedy = "add `cafile` with the CA that issues the client certificates";
    let line = listener.option("require_certificate")?;
    let finding = Finding::failure(Code::RequireCertificateWithoutCa, cause);
    Some(
        finding
            .about(line.place())
            .with_remedy(Remedy::text(remedy)),
    )
}

fn unused_identity(listener: &Listener<'_>) -> Option<Finding> {
    let names = ["use_identity_as_username", "use_subject_as_username"];
    let line = names
        .into_iter()
        .filter(|name| listener.is_true(name))
        .find_map(|name| listener.option(name))?;
    // With pre-shared keys it is the name of the key.
    if listener.is_true("require_certificate") || listener.option("psk_hint").is_some() {
        return None;
    }
    let finding = if listener.speaks_tls() {
        let cause = format!(
            "`{}` without `require_certificate true`: no certificate is asked for, and mosquitto refuses every client for having none (CONNACK 4, bad user name or password)",
            line.name
        );
        Finding::failure(Code::ClientCertificateNotRequested, cause)
    } else {
        let cause = format!(
            "`{}` is without effect: {} speaks no TLS, and asks for no certificate",
            line.name,
            title(listener)
        );
        Finding::warning(Code::ClientCertificateNotRequested, cause)
    };
    let remedy = Remedy::text(
        "add `require_certificate true` and `cafile`; or take the line out, and let clients in by `password_file`",
    );
    Some(finding.about(line.place()).with_remedy(remedy))
}

fn old_version(listener: &Listener<'_>) -> Option<Finding> {
    let line = listener.option("tls_version")?;
    if line.first() != "tlsv1.1" {
        return None;
    }
    let cause = format!(
        "`tls_version {}` lets clients use a version that all current ones refuse",
        line.value
    );
    let remedy = Remedy::text("take the line out: TLS 1.2 and 1.3 are the default");
    let finding = Finding::warning(Code::TlsVersionTooOld, cause);
    Some(finding.about(line.place()).with_remedy(remedy))
}

/// Whether some client is let in by these options.
fn admits(listener: &Listener<'_>) -> bool {
    let has = |name| listener.option(name).is_some();
    listener.is_true("allow_anonymous")
        || listener.is_true("listener_allow_anonymous")
        || has("password_file")
        || has("plugin")
        || has("auth_plugin")
        || has("plugin_use")
        || has("global_plugin")
        || has("psk_file")
        || has("psk_hint")
        || by_certificate(listener)
}

fn by_certificate(listener: &Listener<'_>) -> bool {
    let name =
        listener.is_true("use_identity_as_username") || listener.is_true("use_subject_as_username");
    name && listener.is_true("require_certificate")
}

/// What is included may choose, and could not be read.
fn has_unknown_parts(before: &Listener<'_>, listeners: &[Listener<'_>]) -> bool {
    let mut all = listeners.iter().chain([before]);
    all.any(|listener| {
        listener
            .option("include_dir")
            .is_some_and(|line| line.value.starts_with('~'))
    })
}

fn nobody(listener: &Listener<'_>, sources: &[Source]) -> Finding {
    let with_certificate = listener.is_true("require_certificate");
    let text = if with_certificate {
        "add `use_identity_as_username true`, so that the certificate's name is the user name; or `allow_anonymous true`"
    } else {
        "choose: `password_file FILE`, client certificates (`require_certificate true`, `use_identity_as_username true`), or `allow_anonymous true`"
    };
    let cause = format!(
        "nothing says who may connect to {}: mosquitto 2 refuses everybody then (CONNACK 5, not authorised)",
        title(listener)
    );
    let remedy = Remedy::run(text, Action::ConfigMosquitto);
    let is_part = sources.len() == 1
        && sources
            .first()
            .is_some_and(|source| source.path.contains("conf.d/"));
    let finding = if is_part {
        Finding::warning(Code::NotAuthorized, cause)
    } else {
        Finding::failure(Code::NotAuthorized, cause)
    };
    finding.about(place(listener)).with_remedy(remedy)
}
