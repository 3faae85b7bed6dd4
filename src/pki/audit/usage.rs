//! What the certificates may be used for, and extensions that nobody understands.

use super::Case;
use super::path::Path;
use super::words::{certificate_name, list};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::x509::{Certificate, KeyKind};

/// EKU of a TLS server, of a TLS client, and of everything (RFC 5280 section 4.2.1.12).
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";

/// `nsCertType`.
const NETSCAPE_TYPE: &str = "2.16.840.1.113730.1.1";

/// Extensions that OpenSSL and webpki process: subject key identifier, key usage, SAN, issuer
/// alternative name, basic constraints, name constraints, distribution points, policies, authority
/// key identifier, policy constraints, EKU, inhibit any policy, policy mappings, AIA, TLS feature,
/// Netscape type.
const KNOWN: &[&str] = &[
    "2.5.29.14",
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.18",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.35",
    "2.5.29.36",
    "2.5.29.37",
    "2.5.29.54",
    "1.3.6.1.5.5.7.1.1",
    "1.3.6.1.5.5.7.1.24",
    NETSCAPE_TYPE,
];
/// Those of them that webpki does not process where they are critical.
const NOT_IN_WEBPKI: &[&str] = &[
    "2.5.29.18",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.54",
    "1.3.6.1.5.5.7.1.24",
    NETSCAPE_TYPE,
];

/// What is to be said about usages and extensions.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(version(case));
    findings.extend(ca_as_leaf(case));
    let usage = leaf_usage(case).or_else(|| key_usage(case));
    findings.extend(usage.or_else(|| netscape_type(case)));
    let below = path.certificates(case);
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    let issuers = below.iter().skip(1).copied().chain(anchor);
    findings.extend(issuers.filter_map(|issuer| issuer_usage(case, issuer)));
    for certificate in below.iter().copied().chain(anchor) {
        findings.extend(extensions(certificate));
    }
    findings
}

fn version(case: &Case<'_>) -> Option<Finding> {
    let leaf = case.leaf;
    if leaf.version >= 3 {
        return None;
    }
    let name = certificate_name(leaf);
    let how = "as OpenSSL makes them where no extensions are configured";
    if !case.is_server() {
        let cause = format!(
            "the client certificate `{name}` is X.509 v{} ({how}): OpenSSL brokers take it, rustls and strict proxies do not",
            leaf.version
        );
        let remedy = case.reissue("issue the client's certificate again as X.509 v3");
        let finding = Finding::warning(Code::X509V1, cause).with_remedy(remedy);
        return Some(finding.for_stacks(&[Stack::RustlsGo]));
    }
    let host = case.host().unwrap_or_default();
    let names = if super::names::common_name_covers(leaf, host) {
        "no subject alternative name; its CN is all that names it"
    } else {
        "no subject alternative name, and its CN is not the host either"
    };
    let cause = format!(
        "the broker's certificate `{name}` is X.509 v{} ({how}): no usages, and {names} (`{host}`)",
        leaf.version
    );
    let remedy = case.reissue("issue the broker's certificate again as X.509 v3, with its names");
    let finding = Finding::failure(Code::X509V1, cause).with_remedy(remedy);
    Some(finding.for_stacks(&[Stack::Android, Stack::RustlsGo, Stack::Python313]))
}

fn ca_as_leaf(case: &Case<'_>) -> Option<Finding> {
    if !case.leaf.is_ca() || !case.is_server() {
        return None;
    }
    let cause = format!(
        "the broker's certificate `{}` is a CA certificate (CA:TRUE): rustls refuses it as a server's",
        certificate_name(case.leaf)
    );
    let remedy = case.reissue("issue a certificate of its own for the broker, from the CA");
    let finding = Finding::failure(Code::CaUsedAsServerCertificate, cause);
    Some(finding.with_remedy(remedy).for_stacks(&[Stack::RustlsGo]))
}

fn leaf_usage(case: &Case<'_>) -> Option<Finding> {
    let wanted = if case.is_server() {
        SERVER_AUTH
    } else {
        CLIENT_AUTH
    };
    let usages = case.leaf.extended_key_usage.as_ref()?;
    if usages.iter().any(|usage| usage == wanted) {
        return None;
    }
    let (role, code) = if case.is_server() {
        ("TLS server (serverAuth)", Code::ServerUsageMissing)
    } else {
        ("TLS client (clientAuth)", Code::ClientUsageMissing)
    };
    let named: Vec<_> = usages.iter().map(|usage| usage_name(usage)).collect();
    let cause = format!(
        "the extended key usage of `{}` does not include that of a {role}: {}",
        certificate_name(case.leaf),
        if named.is_empty() {
            "it is empty".to_owned()
        } else {
            list(&named)
        }
    );
    let remedy = case.reissue("issue the certificate again for its role");
    Some(Finding::failure(code, cause).with_remedy(remedy))
}

/// A key that must sign the handshake, and may not.
fn key_usage(case: &Case<'_>) -> Option<Finding> {
    let usage = case.leaf.key_usage?;
    if usage.digital_signature() {
        return None;
    }
    let is_rsa = matches!(case.leaf.public_key.kind(), KeyKind::Rsa(_));
    let code = case.code(Code::ServerUsageMissing, Code::ClientUsageMissing);
    let cause = format!(
        "the key usage of `{}` lacks digitalSignature, with which a handshake is signed: {}",
        certificate_name(case.leaf),
        if usage.bits == 0 {
            "it is empty".to_owned()
        } else {
            list(&usage.names())
        }
    );
    let finding = if is_rsa && usage.key_encipherment() {
        Finding::warning(code, cause).for_stacks(&[Stack::Java, Stack::Android])
    } else {
        Finding::failure(code, cause)
    };
    Some(finding.with_remedy(case.reissue("issue the certificate again for its role")))
}

/// The forerunner of extended key usage, which OpenSSL and Java still obey.
fn netscape_type(case: &Case<'_>) -> Option<Finding> {
    let extension = case.leaf.extension(NETSCAPE_TYPE)?;
    // BIT STRING of one octet: tag, length, unused bits, bits.
    let [0x03, _, _, bits, ..] = extension.value.as_slice() else {
        return None;
    };
    let (wanted, role) = if case.is_server() {
        (0x40, "TLS server (server)")
    } else {
        (0x80, "TLS client (client)")
    };
    if bits & wanted != 0 {
        return None;
    }
    let cause = format!(
        "the Netscape certificate type (nsCertType) of `{}` does not include that of a {role}: OpenSSL says \"unsuitable certificate purpose\", and Java refuses it, too",
        certificate_name(case.leaf)
    );
    let code = case.code(Code::ServerUsageMissing, Code::ClientUsageMissing);
    let remedy = case.reissue("issue the certificate again without nsCertType, for its role");
    let finding = Finding::failure(code, cause).with_remedy(remedy);
    Some(finding.for_stacks(&[Stack::OpenSsl, Stack::Java, Stack::Python313]))
}

/// OpenSSL and webpki hold the usages of CAs against what is below them.
fn issuer_usage(case: &Case<'_>, issuer: &Certificate) -> Option<Finding> {
    let wanted = if case.is_server() {
        SERVER_AUTH
    } else {
        CLIENT_AUTH
    };
    let usages = issuer.extended_key_usage.as_ref()?;
    if usages.iter().any(|usage| usage == wanted) {
        return None;
    }
    let named: Vec<_> = usages.iter().map(|usage| usage_name(usage)).collect();
    let code = case.code(Code::ServerUsageMissing, Code::ClientUsageMissing);
    let cause = format!(
        "the CA `{}` is limited to other usages by its extended key usage: {}",
        certificate_name(issuer),
        list(&named)
    );
    let remedy =
        Remedy::text("make the CA without extended key usage, and issue what is below it again");
    Some(Finding::failure(code, cause).with_remedy(remedy))
}

fn extensions(certificate: &Certificate) -> Vec<Finding> {
    let name = certificate_name(certificate);
    let mut findings = Vec::new();
    for extension in certificate.extensions.iter().filter(|e| e.critical) {
        let oid = extension.oid.as_str();
        let in_webpki = !NOT_IN_WEBPKI.contains(&oid);
        if KNOWN.contains(&oid) && in_webpki {
            continue;
        }
        let stacks: &[Stack] = if in_webpki { &[] } else { &[Stack::RustlsGo] };
        let cause = format!(
            "`{name}` has the critical extension {oid}, which {} not understand",
            if stacks.is_empty() {
                "clients do"
            } else {
                "rustls does"
            }
        );
        let remedy = "issue the certificate again without that extension, or with it not critical";
        let finding = Finding::failure(Code::UnknownCriticalExtension, cause);
        findings.push(finding.with_remedy(Remedy::text(remedy)).for_stacks(stacks));
    }
    findings.extend(broken_extensions(certificate, &name));
    findings
}

fn broken_extensions(certificate: &Certificate, name: &str) -> Option<Finding> {
    let twice = certificate
        .extensions
        .iter()
        .enumerate()
        .find(|(index, e)| {
            let before = certificate.extensions.iter().take(*index);
            before.into_iter().any(|other| other.oid == e.oid)
        });
    let cause = match (certificate.unreadable.first(), twice) {
        (Some(oid), _) => format!("the extension {oid} of `{name}` cannot be read"),
        (None, Some((_, extension))) => {
            format!("`{name}` has the extension {} twice", extension.oid)
        }
        (None, None) => return None,
    };
    let remedy = Remedy::text("issue the certificate again");
    Some(Finding::failure(Code::ExtensionInvalid, cause).with_remedy(remedy))
}

/// The name that people use for a usage.
pub(super) fn usage_name(oid: &str) -> &str {
    match oid {
        SERVER_AUTH => "serverAuth",
        CLIENT_AUTH => "clientAuth",
        "1.3.6.1.5.5.7.3.3" => "codeSigning",
        "1.3.6.1.5.5.7.3.4" => "emailProtection",
        "1.3.6.1.5.5.7.3.8" => "timeStamping",
        "1.3.6.1.5.5.7.3.9" => "OCSPSigning",
        "2.5.29.37.0" => "anyExtendedKeyUsage",
        other => other,
    }
}
