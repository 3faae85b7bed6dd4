//! Sentences about revocation lists: what is wrong with them, and where the right ones are.

use super::super::Case;
use super::super::words::{certificate_name, list};
use super::standing::{Flaw, Gap};
use crate::finding::Remedy;
use crate::time;
use crate::x509::{Certificate, GeneralName, RevocationList};

/// Why the list of `issuer` says nothing about `subject`.
pub(super) fn why(
    case: &Case<'_>,
    (subject, issuer): (&Certificate, &Certificate),
    of: &RevocationList,
    flaw: &Flaw,
) -> String {
    let (subject_name, issuer_name) = (certificate_name(subject), certificate_name(issuer));
    let what = format!("the revocation list of `{issuer_name}`");
    match flaw {
        Flaw::Expired(next) => format!(
            "{what} was to be replaced by {}: what was revoked since is unknown, and {} refuse everything",
            time::end_for_people(case.now(), *next),
            if subject.is_ca() {
                "clients that check each CA of the chain"
            } else {
                "strict clients"
            }
        ),
        Flaw::NotYet => format!(
            "{what} begins only at {}, and this computer's clock says {}",
            time::rfc3339(of.this_update),
            time::rfc3339(case.now())
        ),
        Flaw::Delta => format!(
            "{what} is a delta list: it holds what changed since list {}, and not whether `{subject_name}` was revoked before",
            number(of.delta_of.as_deref().unwrap_or_default())
        ),
        Flaw::Scope(gap) => format!(
            "{what} does not cover `{subject_name}`: {}",
            scope(gap, subject)
        ),
        Flaw::Critical(oid) => format!(
            "{what} proves nothing: it has the critical extension {oid}, which is not known here"
        ),
        Flaw::NoCrlSign => format!(
            "{what} proves nothing: the key usage of `{issuer_name}` lacks cRLSign, so it may not sign lists"
        ),
        Flaw::Unchecked(algorithm) => format!(
            "{what} proves nothing: it is signed by {algorithm}, which cannot be checked here"
        ),
        Flaw::OtherKey => format!(
            "{what} proves nothing: it was signed with another key than the one that signed `{subject_name}`, so it is from before the CA was made again, or of another CA of this name"
        ),
        Flaw::Signature => format!("{what} proves nothing: its signature is not that CA's"),
    }
}

fn scope(gap: &Gap, subject: &Certificate) -> String {
    match gap {
        Gap::OnlyAuthorities => "it is of certificates of CAs alone".to_owned(),
        Gap::OnlyEndEntities => "it is of certificates alone that are no CA's".to_owned(),
        Gap::OnlyAttributes => "it is of attribute certificates alone".to_owned(),
        Gap::SomeReasons => {
            "it is of some reasons of revocation alone (onlySomeReasons)".to_owned()
        }
        Gap::Indirect => {
            "it is an indirect list, of the certificates of several CAs, which OpenSSL and rustls do not take".to_owned()
        }
        Gap::Point(names) => {
            let of = list(&texts(names));
            let own = points(subject);
            let own = match own.as_slice() {
                [] => "names none".to_owned(),
                own => format!("names {}", list(own)),
            };
            format!("it is of the distribution point {of}, and the certificate {own}")
        }
    }
}

/// What puts it right.
pub(super) fn remedy(subject: &Certificate, issuer: &Certificate, flaw: Option<&Flaw>) -> Remedy {
    let text = match flaw {
        Some(Flaw::NoCrlSign) => format!(
            "issue the CA certificate of `{}` again with cRLSign in its key usage, and put it in the place of the old one",
            certificate_name(issuer)
        ),
        Some(Flaw::NotYet) => {
            "check the clocks of this computer and of the CA; if both are right, give the list that is valid now".to_owned()
        }
        Some(Flaw::Expired(_)) => format!(
            "fetch or make the current revocation list{}, and give that",
            place(subject)
        ),
        Some(Flaw::Delta) => "give the whole list of the CA as well".to_owned(),
        _ => format!(
            "give the current revocation list of the CA that issued the certificate{}",
            place(subject)
        ),
    };
    Remedy::text(text)
}

/// Where the certificate says that its list is.
fn place(subject: &Certificate) -> String {
    match points(subject).as_slice() {
        [] => String::new(),
        points => format!(" ({})", list(points)),
    }
}

fn points(subject: &Certificate) -> Vec<String> {
    let points = subject.distribution_points().into_iter();
    let names: Vec<GeneralName> = points.filter_map(|one| one.names).flatten().collect();
    texts(&names)
}

fn texts(names: &[GeneralName]) -> Vec<String> {
    let texts = names.iter().map(|name| match name {
        GeneralName::Uri(uri) => uri.clone(),
        name => name.to_string(),
    });
    texts.collect()
}

/// A number of a list as people count, where it is not too long for that.
fn number(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.get(zeros..).unwrap_or_default();
    if bytes.len() > 8 {
        return format!("0x{}", crate::x509::hex(bytes));
    }
    let number = bytes
        .iter()
        .fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    number.to_string()
}
