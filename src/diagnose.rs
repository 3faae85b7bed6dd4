//! From evidence to findings: what a conversation with a broker showed, and what follows from it.

pub mod transcript;

use crate::finding::{Code, Finding};
use crate::time::Timestamp;
use transcript::Transcript;

/// What a conversation comes to.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The findings: failures before warnings before notes, the most specific cause first.
    pub findings: Vec<Finding>,
}

/// How strictly is judged.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Criteria {
    /// The moment of judging.
    pub now: Timestamp,
}

impl Criteria {
    /// Judged at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now }
    }
}

/// Draws the conclusions from a conversation.
#[must_use]
pub fn diagnose(transcript: &Transcript, _criteria: Criteria) -> Diagnosis {
    let failed = transcript.failed();
    let failed = failed.map(|step| Finding::failure(Code::Internal, step.detail.clone()));
    Diagnosis {
        findings: failed.into_iter().collect(),
    }
}
