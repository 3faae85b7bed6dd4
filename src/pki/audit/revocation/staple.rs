//! The OCSP answer that a server staples: whether it is about its certificate, from who may say so,
//! and of now (RFC 6960 section 3.2).

use std::sync::Arc;

use super::super::Case;
use super::super::words::{certificate_name, start};
use super::{revocation, signs};
use crate::finding::{Code, Finding, Remedy, Stack};
use crate::time;
use crate::x509::{Certificate, CertificateStatus, OcspResponse, OcspStatus};

/// `TLS feature` (RFC 7633), and its value for "status_request".
const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";
const STATUS_REQUEST: u8 = 5;
/// EKU of who may sign OCSP answers for a CA.
const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";

/// What lets the broker do its part.
const REFRESH: &str =
    "let the broker or its proxy fetch a new OCSP answer for this certificate, and staple that";

/// What the staple says of the leaf, or what is wrong with it.
pub(super) fn finding(case: &Case<'_>, issuer: Option<&Certificate>) -> Option<Finding> {
    if !case.is_server() {
        return None;
    }
    let Some(der) = case.question.staple.filter(|der| !der.is_empty()) else {
        return must_staple(case);
    };
    let Some(response) = OcspResponse::from_der(der) else {
        let what = match OcspResponse::error(der) {
            Some(error) => format!("is an error of the responder (`{error}`)"),
            None => "cannot be read".to_owned(),
        };
        return Some(unusable(case, &what, REFRESH));
    };
    let issuer = issuer?;
    let about = response
        .statuses
        .iter()
        .find(|status| is_about(status, case.leaf, issuer));
    let Some(status) = about else {
        return Some(of_another(case, &response));
    };
    if let Err((why, remedy)) = vouched(case, &response, issuer) {
        return Some(unusable(case, &why, remedy));
    }
    said(case, status)
}

/// What an answer says that the CA stands for.
fn said(case: &Case<'_>, status: &OcspStatus) -> Option<Finding> {
    let name = certificate_name(case.leaf);
    match status.status {
        CertificateStatus::Revoked(since) => {
            let since = since.map(|time| format!(" on {}", time::date(time)));
            let cause = format!(
                "the broker itself staples an OCSP answer which says that its certificate `{name}` was revoked{}",
                since.unwrap_or_default()
            );
            Some(revocation(case, case.leaf, cause, false))
        }
        CertificateStatus::Unknown => Some(unusable(
            case,
            &format!("says that its CA does not know the certificate `{name}`"),
            "ask the CA whether it issued this certificate, and whether its responder is up to date",
        )),
        CertificateStatus::Good => outdated(case, status),
    }
}

fn outdated(case: &Case<'_>, status: &OcspStatus) -> Option<Finding> {
    let now = case.now();
    if let Some(begin) = status.this_update.filter(|begin| *begin > now) {
        let what = format!(
            "begins only at {}; this computer's clock says {}",
            time::rfc3339(begin),
            time::rfc3339(now)
        );
        let remedy = "check the clocks of this computer and of the OCSP responder";
        return Some(unusable(case, &what, remedy));
    }
    let next = status.next_update.filter(|next| *next < now)?;
    let what = format!("was valid until {}", time::end_for_people(now, next));
    Some(unusable(case, &what, REFRESH))
}

/// The serial number, and the issuer by name and key where its digests can be computed.
fn is_about(status: &OcspStatus, leaf: &Certificate, issuer: &Certificate) -> bool {
    let is_issuer = match status.issuer_hashes(issuer) {
        Some((name, key)) => status.issuer_name_hash == name && status.issuer_key_hash == key,
        None => true,
    };
    status.serial == leaf.serial && is_issuer
}

fn of_another(case: &Case<'_>, response: &OcspResponse) -> Finding {
    let serials = response.statuses.iter().take(3);
    let serials: Vec<String> = serials
        .map(|status| crate::x509::hex(&status.serial))
        .collect();
    let own = case.leaf.serial_hex();
    let what = match serials.as_slice() {
        [] => "is about no certificate".to_owned(),
        serials if serials.contains(&own) => format!(
            "is about serial {own} of another CA, not about its certificate `{}`",
            certificate_name(case.leaf)
        ),
        serials => format!(
            "is about another certificate (serial {}), not about its own (`{}`, serial {own})",
            serials.join(", "),
            certificate_name(case.leaf)
        ),
    };
    let remedy = "let the broker or its proxy staple the answer for the certificate that it shows: it often keeps the old one after a renewal";
    unusable(case, &what, remedy)
}

/// Why an answer does not count, and what puts it right.
type Objection = (String, &'static str);

/// Whether it was signed by the issuer, or by whom the issuer has appointed, of now.
fn vouched(
    case: &Case<'_>,
    response: &OcspResponse,
    issuer: &Certificate,
) -> Result<(), Objection> {
    if signs(case, &response.basic, issuer) {
        return Ok(());
    }
    let delegates = case.memory.certificates(&response.certificates);
    let signers: Vec<Arc<Certificate>> = delegates
        .into_iter()
        .filter(|delegate| signs(case, &response.basic, delegate))
        .collect();
    let mut objection = (
        "was not signed by its CA".to_owned(),
        "let the broker or its proxy staple the answer of the CA's own responder",
    );
    for signer in signers {
        match appointed(case, &signer, issuer) {
            Ok(()) => return Ok(()),
            Err(why) => objection = why,
        }
    }
    Err(objection)
}

fn appointed(case: &Case<'_>, signer: &Certificate, issuer: &Certificate) -> Result<(), Objection> {
    let now = case.now();
    let by = format!("was signed by `{}`", certificate_name(signer));
    if !signs(case, &signer.der, issuer) {
        return Err((
            format!(
                "{by}, whom its CA `{}` did not appoint",
                certificate_name(issuer)
            ),
            "let the broker or its proxy staple the answer of the CA's own responder",
        ));
    }
    let mut usages = signer.extended_key_usage.iter().flatten();
    if !usages.any(|usage| usage == OCSP_SIGNING) {
        return Err((
            format!("{by}, whose certificate lacks the usage OCSPSigning"),
            "let the CA issue the certificate of its OCSP responder again with that usage",
        ));
    }
    if signer.not_after < now {
        let end = time::end_for_people(now, signer.not_after);
        return Err((
            format!("{by}, whose certificate was valid until {end}"),
            "let the CA give its OCSP responder a new certificate",
        ));
    }
    if signer.not_before > now {
        return Err((
            format!(
                "{by}, whose certificate begins only on {}",
                start(now, signer)
            ),
            "check the clocks of this computer and of the OCSP responder",
        ));
    }
    Ok(())
}

fn unusable(case: &Case<'_>, what: &str, remedy: &str) -> Finding {
    let demanded = match must_be_stapled(case.leaf) {
        true => format!(
            "; `{}` demands one that counts (TLS feature, must-staple)",
            certificate_name(case.leaf)
        ),
        false => String::new(),
    };
    let cause = format!("the OCSP answer that the broker staples {what}{demanded}");
    Finding::warning(Code::RevocationDataUnusable, cause).with_remedy(Remedy::text(remedy))
}

fn must_be_stapled(leaf: &Certificate) -> bool {
    // SEQUENCE OF INTEGER; each feature is a small number.
    let feature = leaf.extension(TLS_FEATURE);
    feature.is_some_and(|feature| {
        let mut features = feature.value.windows(3);
        features.any(|one| one == [2, 1, STATUS_REQUEST])
    })
}

fn must_staple(case: &Case<'_>) -> Option<Finding> {
    if !must_be_stapled(case.leaf) {
        return None;
    }
    let cause = format!(
        "`{}` demands a stapled OCSP answer (TLS feature, must-staple), and the broker sends none",
        certificate_name(case.leaf)
    );
    let remedy = case.reissue("switch OCSP stapling on in the broker or its proxy, or issue the certificate again without must-staple");
    let finding = Finding::warning(Code::MustStapleMissing, cause).with_remedy(remedy);
    Some(finding.for_stacks(&[Stack::Java]))
}
