//! Which of the revocation lists of a CA counts for a certificate, and what it says of it
//! (RFC 5280 section 6.3, in the measure in which OpenSSL follows it).

use std::cmp::Reverse;
use std::sync::Arc;

use super::super::Memory;
use crate::time::Timestamp;
use crate::x509::{
    Certificate, GeneralName, ListScope, Revocation, RevocationList, Signed, Verification,
};

/// What keeps a list from counting; the later, the further it is from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The next list was due at that time.
    Expired(Timestamp),
    /// It begins later.
    NotYet,
    /// It holds changes to another list alone.
    Delta,
    /// It does not cover the certificate.
    Scope(Gap),
    /// It has a critical extension that is not known here.
    Critical(String),
    /// The CA may not sign lists.
    NoCrlSign,
    /// Its signature cannot be checked here; with the algorithm.
    Unchecked(String),
    /// It names another key of the CA's name, and that one signed it.
    OtherKey,
    /// It was not signed by the CA, or was altered.
    Signature,
}

/// Why a list does not cover a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gap {
    /// It is of certificates of CAs alone.
    OnlyAuthorities,
    /// It is of certificates that are no CA's alone.
    OnlyEndEntities,
    /// It is of attribute certificates alone.
    OnlyAttributes,
    /// It is of some reasons alone.
    SomeReasons,
    /// It is of several CAs' certificates.
    Indirect,
    /// It is of a distribution point that the certificate does not name.
    Point(Vec<GeneralName>),
}

impl Flaw {
    fn distance(&self) -> u8 {
        match self {
            Self::Expired(_) => 1,
            Self::NotYet => 2,
            Self::Delta => 3,
            Self::Scope(_) => 4,
            Self::Critical(_) => 5,
            Self::NoCrlSign => 6,
            Self::Unchecked(_) => 7,
            Self::OtherKey => 8,
            Self::Signature => 9,
        }
    }

    /// Whether the list is the CA's all the same, and may prove that a certificate was revoked.
    fn is_authentic(&self) -> bool {
        match self {
            Self::Expired(_) | Self::Delta => true,
            Self::Scope(gap) => *gap != Gap::Indirect,
            _ => false,
        }
    }
}

/// A list of the CA, held against a certificate.
#[derive(Debug)]
struct Candidate<'l> {
    list: &'l RevocationList,
    flaw: Option<Flaw>,
}

/// What the lists of a CA say of a certificate of it.
#[derive(Debug)]
pub(super) struct Standing<'l> {
    /// The newest list that counts, or the one that comes nearest to it; `None` where there is none
    /// of this CA.
    pub(super) list: Option<&'l RevocationList>,
    /// What keeps it from counting.
    pub(super) flaw: Option<Flaw>,
    /// The entry that revokes the certificate.
    pub(super) revoked: Option<&'l Revocation>,
    /// A newer list that names the same key, and has a signature that is not its.
    pub(super) forged: Option<&'l RevocationList>,
}

impl<'l> Standing<'l> {
    /// What `lists` say at `now` of `subject`, which `issuer` signed.
    pub(super) fn new(
        memory: &Memory,
        now: Timestamp,
        (subject, issuer): (&Certificate, &Certificate),
        lists: &'l [Arc<RevocationList>],
    ) -> Self {
        let own = lists
            .iter()
            .map(AsRef::as_ref)
            .filter(|list| list.issuer.der() == issuer.subject.der());
        let mut all: Vec<Candidate<'l>> = own
            .map(|list| Candidate {
                list,
                flaw: flaw(memory, now, (subject, issuer), list),
            })
            .collect();
        all.sort_by_key(|one| (one.distance(), Reverse(one.age())));
        let first = all.first();
        let counts = first.filter(|first| first.flaw.is_none());
        Self {
            list: first.map(|first| first.list),
            flaw: first.and_then(|first| first.flaw.clone()),
            revoked: revoked(&all, counts, subject),
            forged: counts.and_then(|counts| {
                let mut others = all.iter().filter(|one| one.flaw == Some(Flaw::Signature));
                let newer = others.find(|one| one.list.this_update > counts.list.this_update);
                newer.map(|one| one.list)
            }),
        }
    }

    /// How far it is from saying something of the certificate; 0 where it does.
    pub(super) fn distance(&self) -> u8 {
        match (&self.list, &self.flaw) {
            (None, _) => u8::MAX,
            (Some(_), None) => 0,
            (Some(_), Some(flaw)) => flaw.distance(),
        }
    }
}

impl<'l> Candidate<'l> {
    fn distance(&self) -> u8 {
        self.flaw.as_ref().map_or(0, Flaw::distance)
    }

    /// By date, as OpenSSL does; lists of one second by number.
    fn age(&self) -> (Timestamp, usize, &'l [u8]) {
        let number = self.list.number.as_deref().unwrap_or_default();
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let number = number.get(zeros..).unwrap_or_default();
        (self.list.this_update, number.len(), number)
    }

    fn is_authentic(&self) -> bool {
        self.flaw.as_ref().is_none_or(Flaw::is_authentic)
    }
}

/// The entry that revokes `subject`: of the list that counts, as newer deltas change it; without
/// such a list, of any that the CA signed.
fn revoked<'l>(
    all: &[Candidate<'l>],
    counts: Option<&Candidate<'l>>,
    subject: &Certificate,
) -> Option<&'l Revocation> {
    let mut authentic: Vec<&Candidate<'l>> = all
        .iter()
        .filter(|one| one.is_authentic())
        .filter(|one| match counts {
            Some(counts) if one.list.delta_of.is_some() => one.age() > counts.age(),
            Some(counts) => std::ptr::eq(one.list, counts.list),
            None => true,
        })
        .collect();
    authentic.sort_by_key(|one| Reverse(one.age()));
    let entry = authentic
        .iter()
        .find_map(|one| one.list.find(&subject.serial))?;
    (entry.reason != Some("removeFromCRL")).then_some(entry)
}

fn flaw(
    memory: &Memory,
    now: Timestamp,
    (subject, issuer): (&Certificate, &Certificate),
    list: &RevocationList,
) -> Option<Flaw> {
    match memory.signature(&list.der, issuer) {
        Verification::Valid => {}
        Verification::Invalid if names_another_key(list, issuer) => return Some(Flaw::OtherKey),
        Verification::Invalid => return Some(Flaw::Signature),
        Verification::Unchecked => {
            let signed = Signed::from_der(&list.der);
            let algorithm = signed.map(|signed| signed.algorithm().to_string());
            return Some(Flaw::Unchecked(algorithm.unwrap_or_default()));
        }
    }
    if issuer.key_usage.is_some_and(|usage| !usage.crl_sign()) {
        return Some(Flaw::NoCrlSign);
    }
    if let Some(unknown) = list.unknown_critical.first() {
        return Some(Flaw::Critical(unknown.clone()));
    }
    if let Some(gap) = list.scope.as_ref().and_then(|scope| gap(scope, subject)) {
        return Some(Flaw::Scope(gap));
    }
    if list.this_update > now {
        return Some(Flaw::NotYet);
    }
    if list.delta_of.is_some() {
        return Some(Flaw::Delta);
    }
    let expired = list.next_update.filter(|next| *next <= now);
    expired.map(Flaw::Expired)
}

fn names_another_key(list: &RevocationList, issuer: &Certificate) -> bool {
    match (&list.authority_key_id, &issuer.subject_key_id) {
        (Some(named), Some(own)) => named != own,
        _ => false,
    }
}

fn gap(scope: &ListScope, subject: &Certificate) -> Option<Gap> {
    let is_ca = subject.is_ca();
    if scope.indirect {
        return Some(Gap::Indirect);
    }
    if scope.only_attributes {
        return Some(Gap::OnlyAttributes);
    }
    if scope.only_authorities && !is_ca {
        return Some(Gap::OnlyAuthorities);
    }
    if scope.only_end_entities && is_ca {
        return Some(Gap::OnlyEndEntities);
    }
    if scope.only_some_reasons {
        return Some(Gap::SomeReasons);
    }
    let point = scope.point.as_ref()?;
    let points = subject.distribution_points();
    let is_named = points.iter().any(|one| {
        let names = one.names.as_ref();
        let meets = names.is_none_or(|names| names.iter().any(|name| point.contains(name)));
        !one.is_of_another && meets
    });
    (!is_named).then(|| Gap::Point(point.clone()))
}
