//! What files hold, as text and as JSON.

use serde_json::{Map, Value, json};

use super::escape::terminal;
use super::style::{BAD, DIM, TITLE, WARN, paint};
use super::{Suggest, document, findings_text};
use crate::inspect::{Entry, EntryKind, Item, KeyLock, Kind, Report};
use crate::keystore::Integrity;
use crate::time::{self, Timestamp, days_left, end_for_people, rfc3339};
use crate::x509::{Certificate, Signed};

/// The report as text.
#[must_use]
pub fn inspection_text(report: &Report, now: Timestamp, suggest: Suggest<'_>) -> String {
    let items = report.items.iter().map(|item| item_text(item, now));
    let mut parts: Vec<String> = items.collect();
    let findings = report.all_findings();
    if !findings.is_empty() {
        parts.push(findings_text(&findings, suggest));
    }
    parts.join("\n")
}

/// The report as JSON, schema `inspect/1`.
#[must_use]
pub fn inspection_json(
    report: &Report,
    now: Timestamp,
    suggest: Suggest<'_>,
) -> Map<String, Value> {
    let mut document = document("inspect/1", &report.all_findings(), suggest);
    let items = report.items.iter().map(|item| item_json(item, now));
    document.insert("items".into(), items.collect());
    document
}

fn item_text(item: &Item, now: Timestamp) -> String {
    let mut out = format!("{}\n", paint(TITLE, &terminal(&item.path)));
    let version = item
        .version
        .map_or_else(String::new, |v| format!(" version {v}"));
    let count = match (item.kind, item.entries.len()) {
        (Kind::Keystore, 1) => ", 1 entry".to_owned(),
        (Kind::Keystore, count) => format!(", {count} entries"),
        _ => String::new(),
    };
    out.push_str(&format!(
        "  {} ({}{version}){count}\n",
        item.kind, item.format
    ));
    if let Some(integrity) = item.integrity {
        out.push_str(&line(4, "integrity", integrity_title(integrity)));
    }
    for protection in &item.protection {
        let iterations = iterations(protection.iterations);
        let text = format!("{}: {}{iterations}", protection.what, protection.algorithm);
        out.push_str(&line(4, "protected", &text));
    }
    for entry in &item.entries {
        out.push_str(&entry_text(entry, now));
    }
    out
}

fn line(indent: usize, name: &str, value: &str) -> String {
    let spaces = " ".repeat(indent);
    format!("{spaces}{name:<10} {}\n", terminal(value))
}

/// `, 2048 iterations`, behind an algorithm.
pub(super) fn iterations(count: Option<u64>) -> String {
    match count {
        None => String::new(),
        Some(1) => ", 1 iteration".to_owned(),
        Some(count) => format!(", {count} iterations"),
    }
}

fn integrity_title(integrity: Integrity) -> &'static str {
    match integrity {
        Integrity::Verified => "proven by the password",
        Integrity::Weak => "checked, but the check can be forged",
        Integrity::None => "not checked",
    }
}

fn entry_text(entry: &Entry, now: Timestamp) -> String {
    let mut out = String::new();
    let is_plain = entry.alias.is_none()
        && entry.key.is_none()
        && (entry.facts.is_empty() || entry.kind == EntryKind::Certificate);
    if !is_plain {
        let alias = entry
            .alias
            .as_deref()
            .map_or_else(String::new, |alias| format!("{}  ", terminal(alias)));
        let made = entry
            .created
            .map_or_else(String::new, |time| format!(", made {}", time::date(time)));
        let key = key_text(entry);
        out.push_str(&format!(
            "  {alias}{}{key}{made}\n",
            paint(TITLE, entry.kind.title())
        ));
    }
    for fact in &entry.facts {
        out.push_str(&line(4, fact.name, &fact.value));
    }
    for certificate in &entry.certificates {
        out.push_str(&certificate_text(certificate, now));
    }
    out
}

fn key_text(entry: &Entry) -> String {
    let Some(key) = &entry.key else {
        return String::new();
    };
    let kind = key
        .kind
        .as_ref()
        .map_or_else(String::new, |kind| format!(" {kind}"));
    let sealed = if key.algorithm.is_empty() {
        String::new()
    } else {
        let rounds = iterations(key.iterations);
        let by = match key.lock {
            KeyLock::Sealed | KeyLock::Unsupported => " by",
            _ => ", sealed by",
        };
        format!("{by} {}{rounds}", terminal(&key.algorithm))
    };
    format!("{kind}, {}{sealed}", key.lock.title())
}

fn certificate_text(certificate: &Certificate, now: Timestamp) -> String {
    let mut out = String::new();
    let mut add = |name: &str, value: &str| out.push_str(&line(4, name, value));
    let subject = certificate.subject.to_string();
    add(
        "subject",
        if subject.is_empty() {
            "(empty)"
        } else {
            &subject
        },
    );
    let issuer = if certificate.is_self_issued() {
        "itself".to_owned()
    } else {
        certificate.issuer.to_string()
    };
    add("issuer", &issuer);
    let names = names(certificate);
    if !names.is_empty() {
        add("names", &names.join(", "));
    }
    let end = end_for_people(now, certificate.not_after);
    let validity = format!("{} to {end}", time::date(certificate.not_before));
    let left = days_left(now, certificate.not_after);
    let style = match left {
        ..0 => Some(BAD),
        0..30 => Some(WARN),
        _ => None,
    };
    let validity = style.map_or_else(|| validity.clone(), |style| paint(style, &validity));
    out.push_str(&format!("    {:<10} {validity}\n", "valid"));
    let mut add = |name: &str, value: &str| out.push_str(&line(4, name, value));
    add(
        "key",
        &format!(
            "{}, signed with {}",
            certificate.public_key.kind(),
            signature(certificate)
        ),
    );
    add("use", &usage(certificate));
    add("serial", &certificate.serial_hex());
    add("sha256", &certificate.sha256_hex());
    let sha1 = paint(DIM, &certificate.sha1_hex());
    out.push_str(&format!("    {:<10} {sha1}\n", "sha1"));
    out
}

/// As many names as a person reads.
fn names(certificate: &Certificate) -> Vec<String> {
    let all = certificate.subject_alt_names.iter().flatten();
    let mut names: Vec<String> = all.clone().take(20).map(ToString::to_string).collect();
    let more = all.count().saturating_sub(20);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    names
}

fn signature(certificate: &Certificate) -> String {
    Signed::from_der(&certificate.der).map_or_else(
        || certificate.signature_algorithm.clone(),
        |signed| signed.algorithm().to_string(),
    )
}

fn usage(certificate: &Certificate) -> String {
    let mut parts = Vec::new();
    if certificate.version < 3 {
        return format!("X.509 v{}: says nothing", certificate.version);
    }
    if certificate.is_ca() {
        let limit = certificate
            .basic_constraints
            .and_then(|basic| basic.path_length);
        parts.push(limit.map_or_else(
            || "CA".to_owned(),
            |limit| format!("CA, path length {limit}"),
        ));
    }
    if let Some(usage) = certificate.key_usage {
        parts.push(usage.names().join(", "));
    }
    if let Some(usages) = &certificate.extended_key_usage {
        parts.push(
            usages
                .iter()
                .map(|oid| usage_name(oid))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    if parts.is_empty() {
        return "any".to_owned();
    }
    parts.join("; ")
}

fn usage_name(oid: &str) -> &str {
    match oid {
        "1.3.6.1.5.5.7.3.1" => "serverAuth",
        "1.3.6.1.5.5.7.3.2" => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        other => other,
    }
}

fn item_json(item: &Item, now: Timestamp) -> Value {
    let mut object = Map::new();
    object.insert("path".into(), item.path.clone().into());
    object.insert("kind".into(), item.kind.as_str().into());
    object.insert("format".into(), item.format.clone().into());
    object.insert("size".into(), item.size.into());
    if let Some(version) = item.version {
        object.insert("version".into(), version.into());
    }
    if let Some(integrity) = item.integrity {
        let name = match integrity {
            Integrity::Verified => "verified",
            Integrity::Weak => "weak",
            Integrity::None => "none",
        };
        object.insert("integrity".into(), name.into());
    }
    if !item.protection.is_empty() {
        let all = item.protection.iter().map(|protection| {
            json!({
                "what": protection.what,
                "algorithm": protection.algorithm,
                "iterations": protection.iterations,
            })
        });
        object.insert("protection".into(), all.collect());
    }
    let entries = item.entries.iter().map(|entry| entry_json(entry, now));
    object.insert("entries".into(), entries.collect());
    Value::Object(object)
}

fn entry_json(entry: &Entry, now: Timestamp) -> Value {
    let mut object = Map::new();
    object.insert("alias".into(), entry.alias.clone().into());
    object.insert("kind".into(), entry.kind.as_str().into());
    if let Some(created) = entry.created {
        object.insert("created".into(), rfc3339(created).into());
    }
    if let Some(key) = &entry.key {
        let key = json!({
            "type": key.kind.as_ref().map(ToString::to_string),
            "opens": key.lock.as_str() != "sealed",
            "opened_by": key.lock.as_str(),
            "algorithm": (!key.algorithm.is_empty()).then_some(&key.algorithm),
            "iterations": key.iterations,
        });
        object.insert("key".into(), key);
    }
    for fact in &entry.facts {
        object.insert(fact.name.replace(' ', "_"), fact.value.clone().into());
    }
    let certificates = entry.certificates.iter().map(|c| certificate_json(c, now));
    object.insert("certificates".into(), certificates.collect());
    Value::Object(object)
}

/// One certificate as JSON; reports of conversations use it too.
#[must_use]
pub fn certificate_json(certificate: &Certificate, now: Timestamp) -> Value {
    let names = certificate.subject_alt_names.as_ref();
    let names: Option<Vec<String>> =
        names.map(|names| names.iter().map(ToString::to_string).collect());
    let usages = certificate.extended_key_usage.as_ref();
    let usages: Option<Vec<&str>> =
        usages.map(|usages| usages.iter().map(|oid| usage_name(oid)).collect());
    json!({
        "subject": certificate.subject.to_string(),
        "issuer": certificate.issuer.to_string(),
        "san": names.unwrap_or_default(),
        "serial": certificate.serial_hex(),
        "version": certificate.version,
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "days_left": days_left(now, certificate.not_after),
        "key": certificate.public_key.kind().to_string(),
        "signature": signature(certificate),
        "ca": certificate.is_ca(),
        "path_length": certificate.basic_constraints.and_then(|basic| basic.path_length),
        "key_usage": certificate.key_usage.map(|usage| usage.names()),
        "extended_key_usage": usages,
        "sha256": certificate.sha256_hex(),
        "sha1": certificate.sha1_hex(),
    })
}

#[cfg(test)]
mod tests {
    use super::iterations;

    #[test]
    fn one_iteration_is_singular() {
        let all = [None, Some(1), Some(2_048)].map(iterations);
        assert_eq!(all, ["", ", 1 iteration", ", 2048 iterations"]);
    }
}
