//! What a target would refuse about a store, and why.

use std::collections::HashSet;

use super::Target;
use super::adapt::lower_case;
use crate::finding::{Code, Finding, Remedy};
use crate::keystore::{Content, Entry, Format, KeyState, Keystore, Opened};
use crate::x509::Certificate;

/// What `target` would refuse about `store` (failures), and what it may stumble over (warnings).
#[must_use]
pub fn refusals(store: &Keystore, target: Target) -> Vec<Finding> {
    if let Err(why) = target.reads(store.format) {
        let cause = format!("{} does not read {}: {why}", target.title(), store.format);
        return vec![refused(target, cause)];
    }
    let mut out = Vec::new();
    out.extend(algorithms(store, target));
    out.extend(version(store, target));
    out.extend(contents(store, target));
    for entry in &store.entries {
        out.extend(entry_refusals(entry, store.format, target));
    }
    out.extend(aliases(store, target));
    out
}

fn refused(target: Target, cause: String) -> Finding {
    let text = format!("make the store again for {}", target.title());
    Finding::failure(Code::TargetRefuses, cause).with_remedy(Remedy::text(text))
}

/// Section "Who reads what in PKCS#12": told by the names of the algorithms.
fn algorithms(store: &Keystore, target: Target) -> Vec<Finding> {
    if store.format != Format::Pkcs12 {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for protection in &store.protection {
        let algorithm = protection.algorithm.as_str();
        if let Some(why) = algorithm_refused(target, &protection.what, algorithm)
            && seen.insert(why)
        {
            let title = target.title();
            let what = &protection.what;
            let is = if what == "certificates" { "are" } else { "is" };
            let cause = format!(
                "{title} does not open this PKCS#12, whose {what} {is} protected by {algorithm}: {why}"
            );
            out.push(refused(target, cause));
        }
    }
    let proven = store.protection.iter().any(|p| p.what == "integrity");
    if !proven && !matches!(target, Target::OpenSsl) {
        let cause = format!(
            "the PKCS#12 has no integrity check, and {} may refuse it or show nothing of it",
            target.title()
        );
        out.push(Finding::warning(Code::StoreWithoutIntegrity, cause));
    }
    out
}

fn algorithm_refused(target: Target, what: &str, algorithm: &str) -> Option<&'static str> {
    let has = |part: &str| algorithm.contains(part);
    let mac = what == "integrity";
    if has("PBMAC1") {
        return (target != Target::OpenSsl).then_some("it does not know PBMAC1 (RFC 9579)");
    }
    if has("GCM") {
        return Some("only BouncyCastle knows AES-GCM in PKCS#12");
    }
    match target {
        Target::AndroidOld | Target::Ios | Target::Macos | Target::Java8
            if mac && !has("SHA1") && !has("MD5") =>
        {
            Some("it knows MACs of SHA-1 alone in PKCS#12")
        }
        Target::AndroidOld if has("PBES2") => Some("it does not know PBES2 in PKCS#12"),
        Target::Ios | Target::Macos if has("PBES2") => {
            Some("many of its versions do not know PBES2 in PKCS#12")
        }
        Target::Android | Target::AndroidOld => refused_by_bouncy_castle(mac, has),
        Target::Java8 | Target::Java17 => refused_by_java(mac, has),
        Target::OpenSsl if has("RC2") || has("RC4") || has("PBES1 DES") => {
            Some("RC2, RC4 and DES are in its legacy provider, which is off")
        }
        _ => None,
    }
}

/// As seen of BouncyCastle 1.72, which Android carries in similar versions.
fn refused_by_bouncy_castle(mac: bool, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    if mac && !has("SHA1") && !has("SHA256") {
        return Some("its BouncyCastle knows MACs of SHA-1 and SHA-256 alone in PKCS#12");
    }
    if has("PBES1 DES") {
        return Some("its BouncyCastle does not know single DES in PKCS#12");
    }
    has("two-key 3DES").then_some("its BouncyCastle fails on 3DES with two keys")
}

/// As seen of Java 17.
fn refused_by_java(mac: bool, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    if mac && has("MD5") {
        return Some("it knows no MAC of MD5 in PKCS#12");
    }
    if has("scrypt") {
        return Some("it does not know scrypt");
    }
    if has("PBES2 3DES") || has("PBES2 AES-192") {
        return Some("with PBES2 it knows AES of 128 and 256 bits alone");
    }
    if has("PBES1 DES, SHA-1") {
        return Some("it does not know DES with SHA-1");
    }
    has("two-key 3DES").then_some("it fails on 3DES with two keys")
}

fn version(store: &Keystore, target: Target) -> Option<Finding> {
    let old = store.format == Format::Bks && store.version.is_some_and(|version| version < 2);
    old.then(|| {
        let cause = format!(
            "the BKS is of an old version whose integrity check proves nothing (CVE-2018-5382); {} reads it still, BouncyCastle 1.85 refuses it",
            target.title()
        );
        let remedy = Remedy::text("make the store again as version 2");
        Finding::warning(Code::StoreVersionUnsupported, cause).with_remedy(remedy)
    })
}

/// A client needs a key, and where the store is all it has, something to trust.
fn contents(store: &Keystore, target: Target) -> Vec<Finding> {
    let any = |test: fn(&Content) -> bool| store.entries.iter().any(|entry| test(&entry.content));
    let keys =
        any(|content| matches!(content, Content::PrivateKey { .. } | Content::Sealed { .. }));
    let trust = any(|content| matches!(content, Content::TrustedCertificate { .. }));
    let mut out = Vec::new();
    if !keys {
        let cause = format!(
            "the store holds no private key, so {} has no client certificate to show",
            target.title()
        );
        out.push(
            Finding::warning(Code::StoreWithoutKey, cause).with_remedy(Remedy::text(
                "package the client's key and chain, unless the store is for trust alone",
            )),
        );
    }
    if !trust && target.trusts_from_store() {
        let cause = format!(
            "the store holds no trusted certificate of its own; {} trusts no CA that is only part of a key's chain",
            target.title()
        );
        let remedy = Remedy::text("package the CA as a trusted entry of its own");
        let finding = match target {
            Target::Rhasspy => Finding::failure(Code::StoreWithoutTrust, cause),
            _ => Finding::warning(Code::StoreWithoutTrust, cause),
        };
        out.push(finding.with_remedy(remedy));
    }
    out
}

fn entry_refusals(entry: &Entry, format: Format, target: Target) -> Vec<Finding> {
    let alias = entry.alias.to_string();
    let mut out = Vec::new();
    if let Content::PrivateKey { key, chain } = &entry.content {
        let leaf = chain
            .first()
            .and_then(|der| Certificate::from_der(der).ok());
        if let Some(leaf) = &leaf
            && let Err(why) = target.takes_key(leaf.public_key.kind())
        {
            let cause = format!(
                "{} does not use the key `{alias}` ({}): {why}",
                target.title(),
                leaf.public_key.kind()
            );
            let remedy = "issue the certificate again with a key of type p256";
            out.push(
                Finding::failure(Code::UnsupportedKey, cause).with_remedy(Remedy::text(remedy)),
            );
        }
        if leaf.is_none() {
            let cause =
                format!("the key `{alias}` has no certificate, so nothing can be done with it");
            out.push(Finding::failure(Code::ClientCertificateMissing, cause));
        }
        out.extend(encrypted(key, format, target));
        if let Some(cause) = password_differs(key, &alias, format, target) {
            let remedy = "give the key the store's password";
            out.push(
                Finding::failure(Code::KeyPasswordDiffers, cause).with_remedy(Remedy::text(remedy)),
            );
        }
    }
    let finding = |finding: Finding| finding.about(alias.clone());
    out.into_iter().map(finding).collect()
}

/// A service starts with nobody there to type a password.
fn encrypted<T>(key: &KeyState<T>, format: Format, target: Target) -> Option<Finding> {
    let clear = Opened::Clear;
    let is_clear = matches!(key, KeyState::Open { opened, .. } if *opened == clear);
    (format == Format::Pem && !is_clear && !target.asks_for_passwords()).then(|| {
        let title = target.title();
        let cause =
            format!("the private key is encrypted, and {title} has nobody to ask for its password");
        refused(target, cause)
    })
}

/// Targets know one password. PEM keys have one of their own anyway.
fn password_differs<T>(
    key: &KeyState<T>,
    alias: &str,
    format: Format,
    target: Target,
) -> Option<String> {
    if format == Format::Pem {
        return None;
    }
    let differs = match key {
        KeyState::Open { opened, .. } => matches!(opened, Opened::KeyPassword(_)),
        KeyState::Sealed(_) => true,
    };
    differs.then(|| {
        format!(
            "the key `{alias}` does not open with the store's password, and {} knows no other",
            target.title()
        )
    })
}

/// Java keeps aliases of JKS, JCEKS and PKCS#12 in lower case; two may become one.
fn aliases(store: &Keystore, target: Target) -> Vec<Finding> {
    if !matches!(target, Target::Java8 | Target::Java17) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let twice = store
        .entries
        .iter()
        .filter(|entry| !matches!(entry.content, Content::Certificate { .. }))
        .filter(|entry| !seen.insert(lower_case(&entry.alias)));
    let twice = twice.map(|entry| {
        let cause = format!(
            "two entries are `{}` to Java, which keeps aliases in lower case; it shows one of them",
            lower_case(&entry.alias)
        );
        Finding::warning(Code::NameTaken, cause).about(entry.alias.to_string())
    });
    twice.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What keytool, BouncyCastle 1.72 and OpenSSL 3.0 answered to such stores.
    #[test]
    fn algorithms_are_refused_where_programs_refused_them() {
        use Target::{Android, Java17, OpenSsl};
        let mac = |hash: &str| ("integrity", format!("HMAC-{hash}, PKCS#12 KDF"));
        let safe = |name: &str| ("certificates", name.to_owned());
        let every = [Java17, Android, OpenSsl];
        for ((what, algorithm), reads) in [
            (mac("SHA1"), [true, true, true]),
            (mac("SHA256"), [true, true, true]),
            (mac("SHA512"), [true, false, true]),
            (mac("SHA512/256"), [true, false, true]),
            (mac("MD5"), [false, false, true]),
            (safe("PBES1 3DES, SHA-1"), [true, true, true]),
            (safe("PBES1 two-key 3DES, SHA-1"), [false, false, true]),
            (safe("PBES1 RC2-40, SHA-1"), [true, true, false]),
            (safe("PBES1 DES, MD5"), [true, false, false]),
            (safe("PBES1 DES, SHA-1"), [false, false, false]),
            (
                safe("PBES2 AES-128-CBC, PBKDF2-HMAC-SHA256"),
                [true, true, true],
            ),
            (
                safe("PBES2 AES-192-CBC, PBKDF2-HMAC-SHA256"),
                [false, true, true],
            ),
            (
                safe("PBES2 3DES-CBC, PBKDF2-HMAC-SHA256"),
                [false, true, true],
            ),
        ] {
            let refused = |target| algorithm_refused(target, what, &algorithm);
            let found = every.map(|target| refused(target).is_none());
            assert_eq!(found, reads, "{algorithm}");
        }
    }
}
