//! What is found is data: a [`Finding`] has a stable code, a severity, a cause and a remedy.

mod code;
mod remedy;

pub use code::{Code, UnknownCode};
pub use remedy::{Action, Remedy};
use serde::Serialize;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing; leaves the verdict alone.
    Note,
    /// Works here, and breaks elsewhere or later.
    Warning,
    /// Does not work.
    Failure,
}

impl Severity {
    /// The word that JSON and text use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// What a report as a whole says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing worse than notes.
    Good,
    /// At least one warning, no failure.
    Warning,
    /// At least one failure.
    Failure,
}

impl Verdict {
    /// The verdict that `findings` add up to.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Failure) => Self::Failure,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Note) | None => Self::Good,
        }
    }

    /// The word that JSON and text use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// Client families that disagree about a certificate or a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum Stack {
    /// OpenSSL and what is built on it: mosquitto, Python before 3.13, Node, curl.
    #[serde(rename = "OpenSSL")]
    OpenSsl,
    /// Java's own TLS (JSSE).
    Java,
    /// Android 9 and later (Conscrypt).
    Android,
    /// rustls with webpki, and Go's crypto/tls, which judge alike.
    #[serde(rename = "rustls/Go")]
    RustlsGo,
    /// Python 3.13 and later, strict by default.
    #[serde(rename = "Python 3.13")]
    Python313,
    /// Mbed TLS: ESP32 and other small devices.
    #[serde(rename = "Mbed TLS")]
    MbedTls,
}

impl Stack {
    /// The name as users know it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenSsl => "OpenSSL",
            Self::Java => "Java",
            Self::Android => "Android",
            Self::RustlsGo => "rustls/Go",
            Self::Python313 => "Python 3.13",
            Self::MbedTls => "Mbed TLS",
        }
    }
}

/// One thing that was found, with what puts it right.
///
/// Texts hold what was found as it is; renderers escape it for their medium.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The stable name that scripts match on.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// One sentence, lower-case start, no full stop, with the evidence in it.
    pub cause: String,
    /// What puts it right.
    pub remedy: Option<Remedy>,
    /// What it is about: a file, an alias, a certificate's subject.
    pub subject: Option<String>,
    /// The client stacks that refuse or stumble, where they disagree.
    pub stacks: Vec<Stack>,
}

impl Finding {
    /// A finding without subject, stacks or remedy.
    #[must_use]
    pub fn new(code: Code, severity: Severity, cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self {
            code,
            severity,
            cause,
            remedy: None,
            subject: None,
            stacks: Vec::new(),
        }
    }

    /// A finding of severity failure.
    #[must_use]
    pub fn failure(code: Code, cause: impl Into<String>) -> Self {
        Self::new(code, Severity::Failure, cause)
    }

    /// A finding of severity warning.
    #[must_use]
    pub fn warning(code: Code, cause: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, cause)
    }

    /// A finding of severity note.
    #[must_use]
    pub fn note(code: Code, cause: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, cause)
    }

    /// The same finding with its remedy.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// The same finding about `subject`.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The same finding, for the client stacks that it concerns.
    #[must_use]
    pub fn for_stacks(mut self, stacks: &[Stack]) -> Self {
        self.stacks = stacks.to_vec();
        self
    }
}

/// An error that knows its stable code and, mostly, what puts it right.
///
/// `Display` is one lower-case sentence without full stop; `source()` says why, where there is a
/// why.
pub trait Diagnostic: std::error::Error {
    /// The stable name that scripts match on.
    fn code(&self) -> Code;

    /// What puts it right, where something does.
    fn remedy(&self) -> Option<Remedy> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_that_of_the_heaviest_finding() {
        let note = Finding::note(Code::SlowAnswers, "a");
        let warning = Finding::warning(Code::ExpiresSoon, "b");
        let failure = Finding::failure(Code::NameMismatch, "c");
        assert_eq!(Verdict::of(&[]), Verdict::Good);
        assert_eq!(Verdict::of(std::slice::from_ref(&note)), Verdict::Good);
        assert_eq!(Verdict::of(&[note, warning.clone()]), Verdict::Warning);
        assert_eq!(Verdict::of(&[failure, warning]), Verdict::Failure);
    }
}
