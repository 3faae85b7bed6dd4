//! What puts a finding right: a sentence, and where there is one, the command to run.

/// What puts something right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remedy {
    /// What to do: one sentence, imperative, lower-case start, no full stop.
    pub text: String,
    /// The command that does it; the command line turns it into words.
    pub action: Option<Action>,
}

impl Remedy {
    /// A remedy that no single command carries out.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            action: None,
        }
    }

    /// A remedy with the command that carries it out.
    #[must_use]
    pub fn run(text: impl Into<String>, action: Action) -> Self {
        Self {
            text: text.into(),
            action: Some(action),
        }
    }
}

/// A command that can be suggested, as a value.
///
/// `src/bin/certgen/suggest.rs` turns each into arguments, and its tests parse every one with the
/// real command line, so that advice cannot rot.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Make a CA.
    CreateAuthority,
    /// Issue the broker's certificate (again) for these names.
    IssueBroker {
        /// DNS names and IP addresses.
        names: Vec<String>,
        /// Replace the files that exist.
        replace: bool,
    },
    /// Issue a client's certificate (again).
    IssueClient {
        /// The client's name.
        name: String,
        /// Replace the files that exist.
        replace: bool,
    },
    /// Package a client's key and chain as keystores.
    Bundle {
        /// The client's name.
        name: String,
        /// Formats, such as `bks`.
        formats: Vec<String>,
        /// Replace the files that exist.
        replace: bool,
    },
    /// Make another store of a store.
    Convert {
        /// The store that is there.
        from: String,
        /// The store to make.
        to: String,
        /// Whether its keys have a password of their own, which is to be asked for.
        key_password: bool,
        /// Who is to read it, by the target's name.
        target: Option<String>,
    },
    /// Look into a file, a folder or a server.
    Inspect {
        /// Path, or `host:port`.
        what: String,
    },
    /// Check a broker, with these further options.
    Verify {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// Further arguments, such as `--servername NAME`.
        extra: Vec<String>,
    },
    /// Write a mosquitto configuration.
    ConfigMosquitto,
    /// Read the long explanation of a code.
    Explain {
        /// The code.
        code: super::Code,
    },
    /// See the options of a command (of certgen as a whole, where empty).
    Help {
        /// The command's name.
        command: String,
    },
    /// Run the same command again with these further arguments.
    Again {
        /// Arguments to add.
        extra: Vec<String>,
    },
    /// Run another program.
    Shell {
        /// Program and arguments, each a word.
        words: Vec<String>,
    },
}

impl Action {
    /// Another program's command line, from its words.
    #[must_use]
    pub fn shell(words: &[&str]) -> Self {
        Self::Shell {
            words: words.iter().map(|&word| word.to_owned()).collect(),
        }
    }
}
