//! Why certgen could not do its job: cause, what is behind it, and what puts it right.

use std::error::Error;
use std::io;
use std::path::Path;

use certgen::finding::{Action, Code, Diagnostic, Remedy};

/// An error on its way to the user; always exit status 2.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    /// What was being done, or what is wrong: one lower-case sentence without full stop.
    pub(crate) cause: String,
    /// Why, outermost first.
    pub(crate) because: Vec<String>,
    pub(crate) remedy: Option<Remedy>,
}

impl Failure {
    /// An error with nothing behind it.
    pub(crate) fn new(code: Code, cause: impl Into<String>) -> Self {
        Self {
            code,
            cause: cause.into(),
            because: Vec::new(),
            remedy: None,
        }
    }

    /// The arguments are wrong in a way that clap does not see.
    pub(crate) fn usage(cause: impl Into<String>) -> Self {
        let help = Action::Help {
            command: String::new(),
        };
        Self::new(Code::Usage, cause).with_remedy(Remedy::run("see the options", help))
    }

    /// A path that cannot be read.
    pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> Self {
        let shown = path.display();
        if error.kind() == io::ErrorKind::NotFound {
            return Self::new(Code::FileNotFound, format!("`{shown}` does not exist"))
                .with_remedy(Remedy::text("check the path"));
        }
        let mut failure = Self::new(Code::CannotRead, format!("cannot read `{shown}`"));
        failure.because.push(io_reason(error));
        failure.with_remedy(Remedy::text("check the path and who may read it"))
    }

    /// A path that cannot be written.
    pub(crate) fn cannot_write(what: &str, error: &io::Error) -> Self {
        let mut failure = Self::new(Code::CannotWrite, format!("cannot write {what}"));
        failure.because.push(io_reason(error));
        failure.with_remedy(Remedy::text(
            "check the folder, who may write there, and the free space",
        ))
    }

    pub(crate) fn with_remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// The same error, as the reason why `doing` did not succeed.
    pub(crate) fn while_doing(mut self, doing: impl Into<String>) -> Self {
        self.because
            .insert(0, std::mem::replace(&mut self.cause, doing.into()));
        self
    }
}

impl<E: Diagnostic> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut because = Vec::new();
        let mut source: Option<&(dyn Error + 'static)> = error.source();
        while let Some(reason) = source {
            because.push(match reason.downcast_ref::<io::Error>() {
                Some(error) => io_reason(error),
                None => reason.to_string(),
            });
            source = reason.source();
        }
        Self {
            code: error.code(),
            cause: error.to_string(),
            because,
            remedy: error.remedy(),
        }
    }
}

/// The operating system's words, without Rust's `(os error 2)`.
pub(crate) fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
