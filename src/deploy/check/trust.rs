//! What a listener shows its clients, and what it checks theirs against.

use super::files::Paths;
use super::parse::{Line, Listener};
use crate::finding::{Action, Code, Finding, Remedy};
use crate::pki::audit::certificate_name;
use crate::x509::Certificate;

/// Findings on the certificates of a listener that speaks TLS.
pub(super) fn findings(paths: &Paths<'_>, listener: &Listener<'_>) -> Vec<Finding> {
    if !listener.speaks_tls() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(server_usage(paths, listener));
    if listener.is_true("require_certificate") {
        findings.extend(authorities(paths, listener));
        findings.extend(hashes(paths, listener));
    }
    findings
}

fn server_usage(paths: &Paths<'_>, listener: &Listener<'_>) -> Option<Finding> {
    let line = listener.option("certfile")?;
    let leaf = paths.certificates_of(line).into_iter().next()?;
    if leaf.allows_server() {
        return None;
    }
    let kind = if leaf.allows_client() {
        "a client's certificate: its extended key usage allows clients alone"
    } else {
        "not for a server by its extended key usage"
    };
    let cause = format!(
        "`{}` (`{}`) is {kind}, and clients refuse the broker that shows it",
        line.value,
        certificate_name(&leaf)
    );
    let remedy = Remedy::text("give the certificate that was issued for the broker, with its key");
    let finding = Finding::failure(Code::ServerUsageMissing, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

/// Certificates are required, and no chain can end in `cafile`: OpenSSL ends them at a root, or at a
/// certificate that signed itself.
fn authorities(paths: &Paths<'_>, listener: &Listener<'_>) -> Option<Finding> {
    let line = listener.option("cafile")?;
    let certificates = paths.certificates_of(line);
    let first = certificates.first()?;
    let is_rooted = certificates.iter().any(Certificate::is_self_issued);
    if is_rooted || listener.option("capath").is_some() {
        return None;
    }
    let own = listener.option("certfile");
    let own = own.and_then(|line| paths.certificates_of(line).into_iter().next());
    let authority = certificates.iter().find(|certificate| certificate.is_ca());
    let (code, what, remedy) = if let Some(authority) = authority {
        (
            Code::RequireCertificateWithoutCa,
            format!(
                "the intermediate CA `{}` and not its root `{}`",
                certificate_name(authority),
                authority.issuer
            ),
            "append the root's certificate to the file",
        )
    } else {
        let what = match own {
            Some(own) if own.der == first.der => {
                "the broker's own certificate and no CA".to_owned()
            }
            _ => format!("`{}`, which is no CA", certificate_name(first)),
        };
        (
            Code::LeafAsTrustAnchor,
            what,
            "give the certificate of the CA that issues the client certificates",
        )
    };
    let cause = format!(
        "`cafile {}` holds {what}: every client certificate is refused (alert unknown_ca)",
        line.value
    );
    let finding = Finding::failure(code, cause).with_remedy(Remedy::text(remedy));
    Some(finding.about(line.place()))
}

/// OpenSSL finds a CA in a folder by the hash of its name alone.
fn hashes(paths: &Paths<'_>, listener: &Listener<'_>) -> Option<Finding> {
    let line = listener.option("capath")?;
    let entries = paths.entries(line)?;
    if listener.option("cafile").is_some() || entries.iter().any(|name| is_hash(name)) {
        return None;
    }
    let cause = format!(
        "`capath {}` holds no file named by the hash of a CA, such as `9d66eef0.0`, and OpenSSL finds no other: every client certificate is refused (alert unknown_ca)",
        line.value
    );
    let remedy = Remedy::run(
        "make the hash links, or name the CA's file with `cafile`",
        Action::shell(&["openssl", "rehash", line.value]),
    );
    let finding = Finding::failure(Code::RequireCertificateWithoutCa, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

/// Eight hexadecimal digits, a dot and a number.
fn is_hash(name: &str) -> bool {
    let Some((hash, number)) = name.split_once('.') else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Certificate and key stand in each other's place.
pub(super) fn swapped(
    paths: &Paths<'_>,
    listener: &Listener<'_>,
    certificate: &str,
    key: &str,
) -> Option<Finding> {
    let (certificate, key) = (listener.option(certificate)?, listener.option(key)?);
    let holds_key = |line: &Line<'_>| {
        let contents = paths.pem(line)?;
        Some((
            contents.private_key().is_some(),
            contents.certificates().next().is_some(),
        ))
    };
    if holds_key(certificate)? != (true, false) || holds_key(key)? != (false, true) {
        return None;
    }
    let so = if certificate.name.starts_with("bridge") {
        "the bridge does not connect"
    } else {
        "mosquitto does not start"
    };
    let cause = format!(
        "`{}` and `{}` are swapped: `{}` holds a key, and `{}` a certificate; {so}",
        certificate.name, key.name, certificate.value, key.value
    );
    let text = format!(
        "write `{} {}` and `{} {}`",
        certificate.name, key.value, key.name, certificate.value
    );
    let finding = Finding::failure(Code::NoCertificateInFile, cause);
    Some(
        finding
            .about(certificate.place())
            .with_remedy(Remedy::text(text)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_told_from_other_names() {
        assert!(is_hash("9d66eef0.0"));
        for name in [
            "ca.crt",
            "9d66eef0",
            "9d66eef0.r0",
            "9d66eef.0",
            "9d66eefg.0",
        ] {
            assert!(!is_hash(name), "{name}");
        }
    }
}
