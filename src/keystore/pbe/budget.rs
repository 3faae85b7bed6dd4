//! How much key derivation a file may ask for before it is believed.

use crate::keystore::{Error, Format, Limits};

/// What the limit on all key derivations together is called in errors.
pub(in crate::keystore) const KDF_WORK: &str = "key derivation work";

/// Counts the work of key derivations while a store is read.
#[derive(Debug)]
pub(in crate::keystore) struct Budget {
    format: Format,
    left: u64,
    limit: u64,
}

impl Budget {
    /// A fresh budget for reading a store of this format.
    pub(in crate::keystore) fn new(format: Format, limits: &Limits) -> Self {
        Self {
            format,
            left: limits.kdf_work,
            limit: limits.kdf_work,
        }
    }

    /// The format on whose behalf the work is done.
    pub(in crate::keystore) fn format(&self) -> Format {
        self.format
    }

    /// Checks an iteration count against 1 ..= `limit` of its format.
    pub(in crate::keystore) fn iterations(&self, found: i64, limit: u32) -> Result<u32, Error> {
        u32::try_from(found)
            .ok()
            .filter(|count| (1..=limit).contains(count))
            .ok_or_else(|| Error::LimitExceeded {
                format: self.format,
                what: "an iteration count",
                found: found.to_string(),
                limit: format!("1 to {limit}"),
            })
    }

    /// Takes `iterations` times `blocks` out of the budget before that work is done.
    pub(in crate::keystore) fn spend(&mut self, iterations: u64, blocks: u64) -> Result<(), Error> {
        let work = iterations.saturating_mul(blocks.max(1));
        match self.left.checked_sub(work) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Error::LimitExceeded {
                format: self.format,
                what: KDF_WORK,
                found: (self.limit - self.left).saturating_add(work).to_string(),
                limit: self.limit.to_string(),
            }),
        }
    }
}
