//! Password sources: OpenSSL's grammar (`pass:`, `env:`, `file:`, `fd:`, `stdin`) and a prompt.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::str::FromStr;

use certgen::finding::{Action, Code, Remedy};
use certgen::secret::Password;

use crate::failure::{Failure, io_reason};
use crate::present;

/// The longest password that is read, in bytes.
const MAX_LENGTH: u64 = 4_096;

/// Where a password comes from. `Debug` shows no password.
#[derive(Clone)]
pub(crate) enum Source {
    /// The argument itself: other users can see it.
    Text(String),
    /// An environment variable.
    Environment(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line of an open file descriptor.
    Descriptor(u32),
    /// The first line of standard input.
    Stdin,
    /// A question on the terminal.
    Prompt,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) => f.write_str("pass:[secret elided]"),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Descriptor(number) => write!(f, "fd:{number}"),
            Self::Stdin => f.write_str("stdin"),
            Self::Prompt => f.write_str("prompt"),
        }
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The text is not repeated in the error: it may be the password.
        let unknown = "write pass:TEXT, env:NAME, file:PATH, fd:NUMBER, stdin or prompt";
        match text.split_once(':') {
            Some(("pass", rest)) => Ok(Self::Text(rest.to_owned())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(PathBuf::from(path))),
            Some(("fd", number)) => number
                .parse()
                .map(Self::Descriptor)
                .map_err(|_| unknown.to_owned()),
            None if text == "stdin" => Ok(Self::Stdin),
            None if text == "prompt" => Ok(Self::Prompt),
            _ => Err(unknown.to_owned()),
        }
    }
}

/// What a password is for, in the words of the prompt and of errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purpose<'a> {
    /// For instance ``the store `phone.p12` ``.
    pub(crate) what: &'a str,
    /// The option that gives it, such as `--store-password`.
    pub(crate) option: &'a str,
}

/// The password from `source`, or from a prompt where there is none.
///
/// # Errors
///
/// `password-needed` where nobody can be asked, and what can go wrong with each source.
pub(crate) fn existing(source: Option<&Source>, purpose: Purpose<'_>) -> Result<Password, Failure> {
    match source {
        None | Some(Source::Prompt) => prompt(purpose, false),
        Some(source) => read(source, purpose),
    }
}

/// Like [`existing`], for a password that is set: a prompt asks twice.
pub(crate) fn new(source: Option<&Source>, purpose: Purpose<'_>) -> Result<Password, Failure> {
    match source {
        None | Some(Source::Prompt) => prompt(purpose, true),
        Some(source) => read(source, purpose),
    }
}

/// Whether somebody can be asked.
pub(crate) fn can_prompt() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn read(source: &Source, purpose: Purpose<'_>) -> Result<Password, Failure> {
    match source {
        Source::Text(text) => {
            let option = purpose.option;
            present::warn(&format!(
                "other users of this machine can see the password of `{option} pass:…`; use env:, file: or fd: instead"
            ));
            Ok(Password::new(text.clone()))
        }
        Source::Environment(name) => std::env::var(name).map(Password::new).map_err(|_| {
            needed(
                purpose,
                format!("the environment variable `{name}` is not set"),
            )
        }),
        Source::File(path) => {
            let file = File::open(path).map_err(|error| Failure::cannot_read(path, &error))?;
            first_line(file, &path.display().to_string())
        }
        Source::Descriptor(number) => {
            let file = File::open(format!("/dev/fd/{number}")).map_err(|error| {
                needed(
                    purpose,
                    format!("file descriptor {number}: {}", io_reason(&error)),
                )
            })?;
            first_line(file, &format!("file descriptor {number}"))
        }
        Source::Stdin => first_line(io::stdin().lock(), "standard input"),
        Source::Prompt => prompt(purpose, false),
    }
}

/// The first line, without its end, a carriage return before it, or a byte order mark.
fn first_line(mut from: impl io::Read, name: &str) -> Result<Password, Failure> {
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(MAX_LENGTH.try_into().unwrap_or(0)));
    // One byte at a time: what follows the line on standard input is somebody else's.
    let mut byte = [0_u8];
    loop {
        match from.read(&mut byte) {
            Ok(0) => break,
            Ok(_) if byte == *b"\n" => break,
            Ok(_) if bytes.len() >= MAX_LENGTH.try_into().unwrap_or(usize::MAX) => {
                return Err(Failure::new(
                    Code::LimitExceeded,
                    format!("the first line of {name} is longer than {MAX_LENGTH} bytes"),
                ));
            }
            Ok(_) => bytes.extend_from_slice(&byte),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::cannot_read(name.as_ref(), &error)),
        }
    }
    let line = bytes
        .strip_prefix(b"\xef\xbb\xbf".as_slice())
        .unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r".as_slice()).unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| {
        Failure::new(
            Code::CannotRead,
            format!("the first line of {name} is not UTF-8 text"),
        )
    })?;
    Ok(Password::new(text.to_owned()))
}

fn prompt(purpose: Purpose<'_>, twice: bool) -> Result<Password, Failure> {
    if !can_prompt() {
        return Err(needed(purpose, "there is no terminal to ask on".to_owned()));
    }
    let unreadable = |error: io::Error| needed(purpose, io_reason(&error));
    let question = format!("Password of {}: ", purpose.what);
    let first = rpassword::prompt_password(question)
        .map(Password::new)
        .map_err(unreadable)?;
    if twice {
        let second = rpassword::prompt_password("The same again: ")
            .map(Password::new)
            .map_err(unreadable)?;
        if first.secret_text() != second.secret_text() {
            return Err(needed(purpose, "the two passwords differ".to_owned()));
        }
    }
    Ok(first)
}

fn needed(purpose: Purpose<'_>, because: String) -> Failure {
    let Purpose { what, option } = purpose;
    let mut failure = Failure::new(
        Code::PasswordNeeded,
        format!("no password was given for {what}"),
    );
    failure.because.push(because);
    let extra = vec![option.to_owned(), "file:<FILE>".to_owned()];
    failure.with_remedy(Remedy::run(
        format!("give it with `{option}`"),
        Action::Again { extra },
    ))
}
