//! Validity: what has ended, what has not begun, what ends soon, and whether the clock can be right.

use super::path::{Path, is_copy};
use super::words::{certificate_name, end, start};
use super::{Case, anchors, words};
use crate::finding::{Code, Finding, Remedy, Severity, Stack};
use crate::time::{self, Timestamp};
use crate::x509::Certificate;

/// Apple's limit for TLS server certificates of any CA (support article 103769).
const APPLE_DAYS: i64 = 825;
/// 2019-07-01, since when the limit holds.
const APPLE_SINCE: i64 = 1_561_939_200;
/// After so long a broker would have been noticed: the clock is the likelier cause.
const LONG_AGO: i64 = 5 * 365;

/// What is to be said about dates.
pub(super) fn findings<'a>(case: &Case<'a>, path: &Path<'a>) -> Vec<Finding> {
    let below = path.certificates(case);
    let anchor = path.anchor.filter(|_| !path.leaf_is_anchor);
    if let Some(finding) = clock(case, &below, anchor) {
        return vec![finding];
    }
    let mut findings = Vec::new();
    for (index, certificate) in below.iter().enumerate() {
        findings.extend(validity(case, certificate, index == 0));
    }
    findings.extend(anchor.and_then(|anchor| anchor_validity(case, anchor)));
    findings.extend(anchor.and_then(|anchor| root_validity(case, anchor)));
    findings.extend(too_long(case));
    findings
}

/// All dates agree with each other, and none with the clock.
fn clock(case: &Case<'_>, below: &[&Certificate], anchor: Option<&Certificate>) -> Option<Finding> {
    let now = case.now();
    let all: Vec<&Certificate> = below.iter().copied().chain(anchor).collect();
    let future = |c: &&Certificate| c.not_before > now;
    let ended = |c: &&Certificate| time::days_left(now, c.not_after) < -LONG_AGO;
    let cause = if all.len() > 1 && all.iter().all(future) {
        let first = all.iter().map(|c| c.not_before).min()?;
        format!(
            "this computer's clock says {}, and every certificate, also the trusted CA, begins only on {} or later",
            time::rfc3339(now),
            time::start_for_people(now, first)
        )
    } else if all.len() > 1 && all.iter().all(ended) {
        let last = all.iter().map(|c| c.not_after).max()?;
        format!(
            "this computer's clock says {}, and every certificate, also the trusted CA, ended years before, on {} or earlier",
            time::date(now),
            time::date(last)
        )
    } else {
        let made = super::revocation::made(case, below, anchor)?;
        if !puts_clock_in_doubt(case, made) {
            return None;
        }
        format!(
            "this computer's clock says {}, and the revocation data was made on {}",
            time::date(now),
            time::date(made)
        )
    };
    let remedy = "set this computer's clock (NTP), and check again";
    Some(Finding::failure(Code::ClockWrong, cause).with_remedy(Remedy::text(remedy)))
}

/// Whether revocation data of this date says that the clock is wrong, and not that it came early.
pub(super) fn puts_clock_in_doubt(case: &Case<'_>, made: Timestamp) -> bool {
    (made - case.now()).whole_days() >= 1
}

fn validity(case: &Case<'_>, certificate: &Certificate, is_leaf: bool) -> Option<Finding> {
    let now = case.now();
    let what = describe(case, certificate, is_leaf);
    if certificate.not_after < now {
        let code = if is_leaf {
            case.code(Code::CertificateExpired, Code::ClientCertificateExpired)
        } else {
            Code::CertificateExpired
        };
        let doubt = if time::days_left(now, certificate.not_after) < -730 {
            format!(", if this computer's date of {} is right", time::date(now))
        } else {
            String::new()
        };
        let cause = format!("{what} was valid until {}{doubt}", end(now, certificate));
        let finding = Finding::failure(code, cause);
        return Some(finding.with_remedy(renewal(case, certificate, is_leaf)));
    }
    if certificate.not_before > now {
        return Some(not_yet(case, certificate, &what));
    }
    soon(
        case,
        certificate,
        &what,
        renewal(case, certificate, is_leaf),
    )
}

fn not_yet(case: &Case<'_>, certificate: &Certificate, what: &str) -> Finding {
    let now = case.now();
    let cause = format!(
        "{what} begins only on {}; this computer's clock says {}",
        start(now, certificate),
        time::rfc3339(now)
    );
    let remedy = "check the clocks of this computer and of the one that issued the certificate; if both are right, issue it again";
    Finding::failure(Code::CertificateNotYetValid, cause).with_remedy(Remedy::text(remedy))
}

fn soon(case: &Case<'_>, certificate: &Certificate, what: &str, remedy: Remedy) -> Option<Finding> {
    let limit = case.question.warning_period.after(case.now())?;
    if certificate.not_after >= limit {
        return None;
    }
    let cause = format!("{what} ends on {}", end(case.now(), certificate));
    let weight: Severity = case.question.warning_weight;
    Some(Finding::new(Code::ExpiresSoon, weight, cause).with_remedy(remedy))
}

fn anchor_validity(case: &Case<'_>, anchor: &Certificate) -> Option<Finding> {
    let now = case.now();
    let what = format!("the trusted CA `{}`", certificate_name(anchor));
    if anchor.not_after < now {
        let newer = newer_edition(case, anchor);
        let sent = newer.map_or_else(String::new, |newer| {
            format!(
                "; the broker sends a newer edition of it, valid until {}",
                end(now, newer)
            )
        });
        let cause = format!(
            "{what} was valid until {}: OpenSSL clients refuse everything below it, others do not look{sent}",
            end(now, anchor)
        );
        let renewal = match newer {
            Some(_) => replacement(anchor),
            None => anchor_renewal(),
        };
        let finding = Finding::failure(Code::TrustAnchorExpired, cause).with_remedy(renewal);
        return Some(finding.for_stacks(&[Stack::OpenSsl, Stack::Python313, Stack::MbedTls]));
    }
    if anchor.not_before > now {
        return Some(not_yet(case, anchor, &what));
    }
    let renewal = match newer_edition(case, anchor) {
        Some(newer) if newer.not_after > anchor.not_after => replacement(anchor),
        _ => anchor_renewal(),
    };
    soon(case, anchor, &what, renewal)
}

/// The trusted CA as the broker sends it: the same name and key, and valid at present.
fn newer_edition<'a>(case: &Case<'a>, anchor: &Certificate) -> Option<&'a Certificate> {
    let now = case.now();
    let mut sent = case.presented.iter().map(AsRef::as_ref);
    sent.find(|sent: &&Certificate| {
        sent.der != anchor.der
            && is_copy(sent, anchor)
            && sent.not_before <= now
            && sent.not_after >= now
    })
}

/// The trusted copy is old, and there is a new one.
fn replacement(anchor: &Certificate) -> Remedy {
    let name = certificate_name(anchor);
    Remedy::text(if anchor.is_self_issued() {
        format!(
            "put the new edition of `{name}` in place of the old one in every client's CA file; what it issued stays as it is"
        )
    } else {
        format!(
            "take the old copy of `{name}` out of every client's CA file, and trust the root above it: the broker sends the new one"
        )
    })
}

fn anchor_renewal() -> Remedy {
    Remedy::text(
        "make the CA anew, issue what is below it again, and give every client the new CA file",
    )
}

/// OpenSSL looks at the root, too, where a CA below it is trusted as well.
fn root_validity(case: &Case<'_>, anchor: &Certificate) -> Option<Finding> {
    let ended = |above: &&Certificate| above.not_after < case.now();
    let above = anchors::above(case, anchor).into_iter().find(ended)?;
    let cause = format!(
        "the trusted CA `{}` was valid until {}: OpenSSL clients refuse everything below it, also where `{}` is trusted as well",
        certificate_name(above),
        end(case.now(), above),
        certificate_name(anchor)
    );
    let finding = Finding::failure(Code::TrustAnchorExpired, cause).with_remedy(anchor_renewal());
    Some(finding.for_stacks(&[Stack::OpenSsl]))
}

fn too_long(case: &Case<'_>) -> Option<Finding> {
    let leaf = case.leaf;
    // Both ends count, so a day that was only begun is a day.
    let seconds = (leaf.not_after - leaf.not_before).whole_seconds();
    let days = seconds.saturating_add(86_399).div_euclid(86_400);
    let exempt = words::is_fixture(leaf) || leaf.not_before.unix_timestamp() < APPLE_SINCE;
    if !case.is_server() || exempt || days <= APPLE_DAYS {
        return None;
    }
    let cause = format!(
        "the broker's certificate is valid for {days} days ({} to {}); iOS and macOS refuse server certificates over {APPLE_DAYS} days",
        time::date(leaf.not_before),
        time::date(leaf.not_after)
    );
    let remedy = case.reissue("issue it again for 397 days, and renew it in time");
    Some(Finding::warning(Code::ValidityTooLong, cause).with_remedy(remedy))
}

fn describe(case: &Case<'_>, certificate: &Certificate, is_leaf: bool) -> String {
    let name = certificate_name(certificate);
    match (is_leaf, case.is_server()) {
        (true, true) => format!("the broker's certificate `{name}`"),
        (true, false) => format!("the client certificate `{name}`"),
        (false, _) => format!("the intermediate CA `{name}`"),
    }
}

fn renewal(case: &Case<'_>, certificate: &Certificate, is_leaf: bool) -> Remedy {
    if is_leaf {
        return case.reissue(if case.is_server() {
            "issue the broker's certificate again, install it and reload the broker"
        } else {
            "issue the client's certificate again, and make its store from it"
        });
    }
    let place = if case.is_server() {
        "the broker's certificate file"
    } else {
        "the client's certificate file or store, after its own"
    };
    Remedy::text(format!(
        "issue the CA certificate of `{}` again from its own issuer, and put the new one into {place}",
        certificate_name(certificate)
    ))
}
