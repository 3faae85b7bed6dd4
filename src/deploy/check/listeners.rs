//! Listeners: what belongs together and does not stand together.

use super::Source;
use super::options::TLS;
use super::parse::Listener;
use crate::finding::{Action, Code, Finding, Remedy};

/// What is wrong with the listeners.
pub(super) fn findings(
    before: &Listener<'_>,
    listeners: &[Listener<'_>],
    sources: &[Source],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(duplicates(listeners));
    if !listeners.is_empty() {
        findings.extend(astray(before));
    }
    let per_listener = before.is_true("per_listener_settings");
    for listener in listeners {
        findings.extend(half(listener));
        findings.extend(without_ca(listener));
        findings.extend(unused_identity(listener));
        findings.extend(old_version(listener));
        let globals = listeners.iter().chain([before]);
        let chooses = if per_listener {
            admits(listener)
        } else {
            globals.into_iter().any(admits) || by_certificate(listener)
        };
        if !chooses && !has_unknown_parts(before, listeners) {
            findings.push(nobody(listener, sources));
        }
    }
    findings
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

fn duplicates(listeners: &[Listener<'_>]) -> Vec<Finding> {
    let clash = |one: &Listener<'_>, other: &Listener<'_>| {
        let ports = (one.port(), other.port());
        let same_port = ports.0 == ports.1 && ports.0.is_some_and(|port| port != 0);
        let addresses = (one.address(), other.address());
        same_port && (addresses.0 == addresses.1 || addresses.0.is_none() || addresses.1.is_none())
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

/// TLS options before the first listener are for the default listener, and for no other.
fn astray(before: &Listener<'_>) -> Option<Finding> {
    let line = before
        .options
        .iter()
        .find(|line| TLS.contains(&line.name) && line.name != "ciphers")?;
    let cause = format!(
        "`{}` stands above the first `listener` line: it makes mosquitto open one more listener for itself on port 1883, and the listeners below do not have it",
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

/// Certificate without key, key without certificate, or TLS options without either.
fn half(listener: &Listener<'_>) -> Option<Finding> {
    let has = |name| listener.option(name).is_some();
    let (cause, remedy) = match (has("certfile"), has("keyfile")) {
        (true, true) => return None,
        (true, false) => (
            "has `certfile` and no `keyfile`: mosquitto 2.0 speaks MQTT in the clear there, and 2.1 does not start",
            "add `keyfile` with the key of that certificate",
        ),
        (false, true) => (
            "has `keyfile` and no `certfile`: mosquitto 2.0 speaks MQTT in the clear there, and 2.1 does not start",
            "add `certfile` with the certificate of that key",
        ),
        (false, false) => return in_the_clear(listener),
    };
    let cause = format!("{} {cause}", title(listener));
    let finding = Finding::failure(Code::CertfileWithoutKeyfile, cause);
    Some(
        finding
            .about(place(listener))
            .with_remedy(Remedy::text(remedy)),
    )
}

fn in_the_clear(listener: &Listener<'_>) -> Option<Finding> {
    let line = listener.options.iter().find(|line| {
        matches!(
            line.name,
            "cafile" | "capath" | "require_certificate" | "tls_version"
        )
    })?;
    if listener.option("psk_hint").is_some() {
        return None;
    }
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
    if !listener.is_true("require_certificate") || has("cafile") || has("capath") {
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
    if listener.is_true("require_certificate") {
        return None;
    }
    let cause = format!(
        "`{}` without `require_certificate true` is without effect: no certificate is asked for",
        line.name
    );
    let remedy = Remedy::text("add `require_certificate true` and `cafile`");
    let finding = Finding::warning(Code::ClientCertificateNotRequested, cause);
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
