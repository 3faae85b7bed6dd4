//! Revocation: lists that were given, and the OCSP answer that the server stapled.

mod standing;
mod staple;
mod verdict;
mod words;

use std::sync::Arc;

pub use self::verdict::{ListVerdict, Lists};

use self::standing::{Flaw, Standing};
use super::Case;
use super::dates::puts_clock_in_doubt;
use super::path::Path;
use super::words::{certificate_name, list as listed};
use crate::finding::{Code, Finding, Remedy, Severity, Stack};
use crate::time::{self, Timestamp};
use crate::x509::{
    Certificate, Digest, Error, Revocation, RevocationList, SignatureAlgorithm, Signed,
    Verification,
};

/// A certificate and the one that issued it.
type Pair<'p> = (&'p Certificate, &'p Certificate);

/// What lists and staple say about the path.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let below = path.certificates(case);
    let pairs = pairs(&below, path.anchor);
    let (lists, unreadable) = lists(case);
    let mut findings = Vec::new();
    for (index, pair) in pairs.iter().enumerate() {
        let standing = Standing::new(case.memory, case.now(), *pair, &lists);
        let is_leaf = index == 0;
        if let Some(entry) = standing.revoked {
            findings.push(revoked(case, *pair, entry));
        }
        match (standing.list, &standing.flaw) {
            (Some(list), None) => {
                findings.extend(endless(list, pair.1));
                findings.extend(unusual(list, pair.1));
                findings.extend(standing.forged.map(|_| forged(pair.1)));
            }
            // Said of the clock.
            (Some(list), Some(Flaw::NotYet))
                if !path.leaf_is_anchor && puts_clock_in_doubt(case, list.this_update) => {}
            (Some(list), Some(flaw)) if path.anchor.is_some() => {
                let is_known = standing.revoked.is_some();
                findings.push(flawed(case, *pair, list, flaw, is_known));
            }
            (None, _) if is_leaf && path.anchor.is_some() => {
                findings.extend(uncovered(*pair, &lists, &unreadable));
            }
            _ => {}
        }
    }
    for error in unreadable.iter().filter(|_| !lists.is_empty()) {
        let cause = format!("a revocation list cannot be read: {error}");
        let remedy = Remedy::text("get the list again from where it was made");
        findings.push(Finding::warning(Code::RevocationDataUnusable, cause).with_remedy(remedy));
    }
    findings.extend(staple::finding(case, pairs.first().map(|pair| pair.1)));
    findings
}

/// Each certificate of the path with its issuer.
fn pairs<'p>(below: &[&'p Certificate], anchor: Option<&'p Certificate>) -> Vec<Pair<'p>> {
    let issuers = below.iter().skip(1).copied().chain(anchor);
    below.iter().copied().zip(issuers).collect()
}

/// The lists that were given, and why others cannot be read.
fn lists(case: &Case<'_>) -> (Vec<Arc<RevocationList>>, Vec<Error>) {
    let mut lists = Vec::new();
    let mut errors = Vec::new();
    for der in &case.question.crls {
        match case.memory.list(der) {
            Ok(list) => lists.push(list),
            Err(error) => errors.push(error),
        }
    }
    (lists, errors)
}

/// When the newest revocation data was made, where a CA of a trusted path has signed it and there
/// is none of it that is valid.
pub(super) fn made(
    case: &Case<'_>,
    below: &[&Certificate],
    anchor: Option<&Certificate>,
) -> Option<Timestamp> {
    anchor?;
    let (lists, _) = lists(case);
    let standings = pairs(below, anchor)
        .into_iter()
        .map(|pair| Standing::new(case.memory, case.now(), pair, &lists));
    standings
        .filter(|standing| standing.flaw == Some(Flaw::NotYet))
        .filter_map(|standing| standing.list)
        .map(|list| list.this_update)
        .max()
}

fn signs(case: &Case<'_>, der: &[u8], signer: &Certificate) -> bool {
    case.memory.signature(der, signer) == Verification::Valid
}

/// No list that was given is of the CA that issued the leaf.
fn uncovered(
    (leaf, issuer): Pair<'_>,
    lists: &[Arc<RevocationList>],
    unreadable: &[Error],
) -> Option<Finding> {
    let (leaf_name, issuer_name) = (certificate_name(leaf), certificate_name(issuer));
    let given: Vec<String> = lists.iter().map(|list| list.issuer.to_string()).collect();
    if leaf.der == issuer.der && !given.is_empty() {
        let cause = format!(
            "`{leaf_name}` is self-signed, and no revocation list is its own (given: of {}): clients that check lists refuse it",
            listed(&given)
        );
        let remedy = "check it without lists, or issue the broker's certificate from a CA";
        let finding = Finding::failure(Code::RevocationDataUnusable, cause);
        return Some(finding.with_remedy(Remedy::text(remedy)));
    }
    let why = match (given.as_slice(), unreadable) {
        ([], []) => return None,
        ([], [error, ..]) => format!("the revocation list cannot be read ({error})"),
        (given, _) => format!(
            "no revocation list of `{issuer_name}` was given, which issued `{leaf_name}` (given: of {})",
            listed(given)
        ),
    };
    let cause = format!(
        "{why}: whether `{leaf_name}` was revoked is unknown, and clients that check lists refuse it"
    );
    let finding = Finding::failure(Code::RevocationDataUnusable, cause);
    Some(finding.with_remedy(words::remedy(leaf, issuer, None)))
}

/// The list that comes nearest says nothing of `subject`: a failure where that is the leaf, since
/// the lists of the CAs above are asked by few.
fn flawed(
    case: &Case<'_>,
    pair: Pair<'_>,
    list: &RevocationList,
    flaw: &Flaw,
    is_known: bool,
) -> Finding {
    let mut cause = words::why(case, pair, list, flaw);
    let is_leaf = pair.0.der == case.leaf.der;
    let is_old = matches!(flaw, Flaw::Expired(_));
    let code = match is_old {
        true => Code::CrlExpired,
        false => Code::RevocationDataUnusable,
    };
    let fails = is_leaf && (is_old || !is_known);
    if fails && !is_old {
        cause.push_str("; clients that check lists refuse the certificate");
    }
    let severity = if fails {
        Severity::Failure
    } else {
        Severity::Warning
    };
    let remedy = words::remedy(pair.0, pair.1, Some(flaw));
    Finding::new(code, severity, cause).with_remedy(remedy)
}

/// RFC 5280 section 5.1.2.5 demands `nextUpdate`.
fn endless(list: &RevocationList, issuer: &Certificate) -> Option<Finding> {
    if list.next_update.is_some() {
        return None;
    }
    let cause = format!(
        "the revocation list of `{}` does not say when the next one comes: Java and rustls do not take it",
        certificate_name(issuer)
    );
    let remedy = "make the list with a date for the next one (nextUpdate)";
    Some(limited(cause, remedy, &[Stack::Java, Stack::RustlsGo]))
}

/// webpki takes lists of version 2 alone, and signatures of today.
fn unusual(list: &RevocationList, issuer: &Certificate) -> Option<Finding> {
    let name = certificate_name(issuer);
    if list.is_v1 {
        let cause = format!(
            "the revocation list of `{name}` is of version 1, without a number: rustls and Go do not take it"
        );
        let remedy =
            "make the list with a number (`crlnumber` in openssl.cnf), which makes it version 2";
        return Some(limited(cause, remedy, &[Stack::RustlsGo]));
    }
    let signed = Signed::from_der(&list.der)?;
    let is_old = |digest| matches!(digest, Digest::Md | Digest::Sha1);
    let algorithm: &SignatureAlgorithm = signed.algorithm();
    if !algorithm.digest().is_some_and(is_old) {
        return None;
    }
    let cause = format!(
        "the revocation list of `{name}` is signed by {algorithm}: rustls and Go do not take it"
    );
    Some(limited(
        cause,
        "sign the list with SHA-256 (`default_md` in openssl.cnf)",
        &[Stack::RustlsGo],
    ))
}

fn limited(cause: String, remedy: &str, stacks: &[Stack]) -> Finding {
    let finding = Finding::warning(Code::RevocationDataUnusable, cause);
    finding.with_remedy(Remedy::text(remedy)).for_stacks(stacks)
}

/// OpenSSL takes the newest list that names the CA and its key, before it looks at the signature.
fn forged(issuer: &Certificate) -> Finding {
    let cause = format!(
        "beside a good revocation list of `{}` there is a newer one whose signature is not that CA's: OpenSSL tries that one, and refuses",
        certificate_name(issuer)
    );
    let remedy = "take that list out, or fetch it again";
    limited(cause, remedy, &[Stack::OpenSsl, Stack::Python313])
}

fn revoked(case: &Case<'_>, (subject, _): Pair<'_>, entry: &Revocation) -> Finding {
    let reason = entry
        .reason
        .map(|reason| format!(", {reason}"))
        .unwrap_or_default();
    let cause = format!(
        "`{}` (serial {}) is on the revocation list of its CA, revoked on {}{reason}",
        certificate_name(subject),
        subject.serial_hex(),
        time::date(entry.date)
    );
    revocation(
        case,
        subject,
        cause,
        entry.reason == Some("certificateHold"),
    )
}

fn revocation(case: &Case<'_>, subject: &Certificate, cause: String, on_hold: bool) -> Finding {
    let code = case.code(
        Code::ServerCertificateRevoked,
        Code::ClientCertificateRevoked,
    );
    let remedy = if subject.der != case.leaf.der {
        Remedy::text(format!(
            "make a new CA in place of `{}`, with a new key, from the CA above it, issue what it has issued again from the new one, and find out why it was revoked",
            certificate_name(subject)
        ))
    } else if on_hold {
        case.reissue("let the CA lift the hold and give its new list, or issue a new certificate with a new key")
    } else {
        case.reissue(
            "issue a new certificate with a new key, and find out why this one was revoked",
        )
    };
    Finding::failure(code, cause).with_remedy(remedy)
}
