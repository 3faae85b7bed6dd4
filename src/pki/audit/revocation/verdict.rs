//! What revocation lists say of one end-entity certificate, for who has to take it or refuse it.

use std::sync::Arc;

use super::super::Memory;
use super::standing::{Flaw, Standing};
use crate::time::Timestamp;
use crate::x509::{RevocationList, Verification};

/// Revocation lists in hand; to be asked about certificates of whatever CA.
#[derive(Debug, Default)]
pub struct Lists {
    lists: Vec<Arc<RevocationList>>,
    given: usize,
    memory: Memory,
}

/// What they say of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListVerdict {
    /// A list that counts does not name it.
    NotRevoked,
    /// Its CA revoked it.
    Revoked,
    /// The newest list of its CA was to be replaced by now.
    OutOfDate,
    /// No list says anything about it.
    Unknown,
}

impl Lists {
    /// Reads lists (DER); those that cannot be read count as given, and say nothing.
    pub fn new<'a>(ders: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut all = Self::default();
        for der in ders {
            all.given += 1;
            all.lists
                .extend(RevocationList::from_der(der).map(Arc::new));
        }
        all
    }

    /// Whether none was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given == 0
    }

    /// What they say at `now` of `leaf`, and the list that says it; `known` are the certificates
    /// among which its issuer is (all DER).
    pub fn judge<'k>(
        &self,
        leaf: &[u8],
        known: impl Iterator<Item = &'k [u8]>,
        now: Timestamp,
    ) -> (ListVerdict, Option<&[u8]>) {
        let Ok(leaf) = self.memory.certificate(leaf) else {
            return (ListVerdict::Unknown, None);
        };
        let known = known.filter_map(|der| self.memory.certificate(der).ok());
        let issuers = known
            .filter(|one| one.subject.der() == leaf.issuer.der())
            .filter(|one| self.memory.signature(&leaf.der, one) != Verification::Invalid);
        let nearest = issuers
            .map(|issuer| {
                Standing::new(
                    &self.memory,
                    now,
                    (leaf.as_ref(), issuer.as_ref()),
                    &self.lists,
                )
            })
            .min_by_key(Standing::distance);
        let Some(standing) = nearest else {
            return (ListVerdict::Unknown, None);
        };
        let verdict = match standing.flaw {
            _ if standing.revoked.is_some() => ListVerdict::Revoked,
            None if standing.list.is_some() => ListVerdict::NotRevoked,
            Some(Flaw::Expired(_)) => ListVerdict::OutOfDate,
            _ => ListVerdict::Unknown,
        };
        let counts = matches!(standing.flaw, None | Some(Flaw::Expired(_)));
        // A list that a delta has changed is not what it says.
        let is_changed = |list: &&RevocationList| {
            verdict == ListVerdict::NotRevoked && list.find(&leaf.serial).is_some()
        };
        let list = standing.list.filter(|_| counts);
        let list = list.filter(|list| !is_changed(list));
        (verdict, list.map(|list| list.der.as_slice()))
    }
}
