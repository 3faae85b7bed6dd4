//! Ways from the leaf to a trust anchor, built within a budget.

use std::cell::Cell;

use super::Case;
use crate::x509::{Certificate, Verification};

/// How many signatures are checked for one chain.
const SIGNATURES: usize = 80;
/// How many certificates a path may have.
const DEPTH: usize = 12;
/// How many complete paths are compared.
const PATHS: usize = 8;

/// A way from the leaf upwards.
#[derive(Debug, Clone)]
pub(super) struct Path<'a> {
    /// Positions in what was presented, leaf first.
    pub(super) links: Vec<usize>,
    /// The trust anchor that it ends at.
    pub(super) anchor: Option<&'a Certificate>,
    /// The leaf itself is the trust anchor.
    pub(super) leaf_is_anchor: bool,
    /// The budget ran out before everything had been tried.
    pub(super) gave_up: bool,
}

impl<'a> Path<'a> {
    /// The certificates below the anchor, leaf first.
    pub(super) fn certificates(&self, case: &Case<'a>) -> Vec<&'a Certificate> {
        self.links
            .iter()
            .filter_map(|index| case.presented.get(*index))
            .map(AsRef::as_ref)
            .collect()
    }

    /// The certificate at which a path without an anchor ends.
    pub(super) fn end(&self, case: &Case<'a>) -> &'a Certificate {
        let last = self.links.last().and_then(|last| case.presented.get(*last));
        last.map_or(case.leaf, AsRef::as_ref)
    }
}

/// The complete paths; where there is none, the longest incomplete one.
pub(super) fn build<'a>(case: &Case<'a>) -> Vec<Path<'a>> {
    let search = Search {
        case,
        budget: Cell::new(SIGNATURES),
    };
    let mut complete = Vec::new();
    let mut longest = vec![0];
    let is_self_signed = case.memory.is_self_signed(case.leaf);
    let mut anchors = case.anchors.iter().map(AsRef::as_ref);
    if let Some(anchor) = anchors.find(|anchor: &&Certificate| anchor.der == case.leaf.der)
        && is_self_signed
    {
        complete.push(path(vec![0], Some(anchor), true));
    }
    search.extend(&mut vec![0], &mut complete, &mut longest);
    let gave_up = search.budget.get() == 0;
    if complete.is_empty() {
        let leaf_is_anchor = !is_self_signed && search.as_anchor(case.leaf).is_some();
        complete.push(path(longest, None, leaf_is_anchor));
    }
    for path in &mut complete {
        path.gave_up = gave_up;
    }
    complete
}

fn path(links: Vec<usize>, anchor: Option<&Certificate>, leaf_is_anchor: bool) -> Path<'_> {
    Path {
        links,
        anchor,
        leaf_is_anchor,
        gave_up: false,
    }
}

struct Search<'c, 'a> {
    case: &'c Case<'a>,
    budget: Cell<usize>,
}

impl<'a> Search<'_, 'a> {
    fn extend(
        &self,
        links: &mut Vec<usize>,
        complete: &mut Vec<Path<'a>>,
        longest: &mut Vec<usize>,
    ) {
        let last = links.last().and_then(|last| self.case.presented.get(*last));
        let Some(last) = last else { return };
        for anchor in self.case.anchors {
            if complete.len() < PATHS
                && anchor.der != last.der
                && self.issued(anchor, links, last)
                && !is_copy(anchor, self.case.leaf)
            {
                complete.push(path(links.clone(), Some(anchor), false));
            }
        }
        if links.len() > longest.len() {
            longest.clone_from(links);
        }
        if links.len() >= DEPTH || complete.len() >= PATHS {
            return;
        }
        for (index, candidate) in self.case.presented.iter().enumerate() {
            let used = links.contains(&index)
                || links
                    .iter()
                    .filter_map(|link| self.case.presented.get(*link))
                    .any(|link| is_copy(link, candidate));
            if !used && self.as_anchor(candidate).is_none() && self.issued(candidate, links, last) {
                links.push(index);
                self.extend(links, complete, longest);
                links.pop();
            }
        }
    }

    /// Whether `issuer` signed the last of `links`, as far as it can be checked.
    fn issued(&self, issuer: &Certificate, links: &[usize], subject: &Certificate) -> bool {
        if issuer.subject.der() != subject.issuer.der() {
            return false;
        }
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
            && (self.is_verified(links)
                || self.case.memory.signature(&subject.der, issuer) != Verification::Invalid)
    }

    /// Whether webpki's way leads through all of `links` and the issuer of the last: each has one
    /// possible issuer.
    fn is_verified(&self, links: &[usize]) -> bool {
        let mut links = links
            .iter()
            .filter_map(|link| self.case.presented.get(*link));
        self.case.question.is_verified && links.all(|link| self.has_one_issuer(link))
    }

    /// Whether the certificates of the name of the issuer, known or presented, have one key.
    fn has_one_issuer(&self, subject: &Certificate) -> bool {
        let all = self.case.anchors.iter().chain(self.case.presented);
        let mut keys = all
            .filter(|other| other.der != subject.der)
            .filter(|other| other.subject.der() == subject.issuer.der())
            .map(|other| other.public_key.spki_der());
        keys.next()
            .is_some_and(|first| keys.all(|key| key == first))
    }

    /// The trust anchor with this subject and key.
    fn as_anchor(&self, certificate: &Certificate) -> Option<&'a Certificate> {
        let anchors = self.case.anchors.iter();
        anchors
            .map(AsRef::as_ref)
            .find(|anchor| is_copy(anchor, certificate))
    }
}

/// Same subject, same key.
pub(super) fn is_copy(one: &Certificate, other: &Certificate) -> bool {
    one.subject.der() == other.subject.der()
        && one.public_key.spki_der() == other.public_key.spki_der()
}
