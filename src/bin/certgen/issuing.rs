//! What the commands that issue have in common: options, the authority, keys in files, reports.

mod authority;
mod leaf;
mod options;
mod report;

pub(crate) use authority::{Protection, open, public_key, sealed};
pub(crate) use leaf::{Leaf, Names, Order, issue, profile, request};
pub(crate) use options::{IssueOptions, Replacing};
pub(crate) use report::{Entry, Report, lifetime_note};
