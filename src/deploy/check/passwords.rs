//! `password_file`: the entries that mosquitto leaves out, whose users cannot log in.

use base64ct::{Base64, Encoding as _};

use super::parse::Line;
use crate::finding::{Action, Code, Finding, Remedy};

/// What mosquitto makes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// A user with a hash.
    Good,
    /// A user whose password stands there as it is.
    Plain(String),
    /// A user with a hash that cannot be read.
    Damaged(String),
    /// No colon, so that mosquitto passes over it in silence.
    NoColon,
}

/// What is wrong with the file; `open` where clients without a name are let in.
pub(super) fn findings(line: &Line<'_>, bytes: &[u8], open: bool) -> Vec<Finding> {
    let text = String::from_utf8_lossy(bytes);
    let entries: Vec<(usize, Entry)> = text
        .lines()
        .enumerate()
        .filter_map(|(index, line)| Some((index + 1, entry(line)?)))
        .collect();
    let is_good = |(_, entry): &&(usize, Entry)| *entry == Entry::Good;
    let nobody = !entries.iter().any(|entry| is_good(&entry));
    let bad: Vec<&(usize, Entry)> = entries.iter().filter(|entry| !is_good(entry)).collect();
    let finding = |cause: String, remedy: Remedy| {
        let finding = if nobody && !open {
            Finding::failure(Code::NotAuthorized, cause)
        } else {
            Finding::warning(Code::NotAuthorized, cause)
        };
        finding.about(line.place()).with_remedy(remedy)
    };
    if text.starts_with('\u{feff}') {
        let cause = format!(
            "`{}` begins with a byte order mark, which mosquitto takes for a part of the first user's name",
            line.value
        );
        let remedy = "save the file as UTF-8 without byte order mark";
        let finding = Finding::warning(Code::ByteOrderMark, cause);
        return vec![
            finding
                .about(line.place())
                .with_remedy(Remedy::text(remedy)),
        ];
    }
    if entries.is_empty() {
        let cause = format!("`{}` holds no user: nobody can log in", line.value);
        return vec![finding(cause, set(line, "USER", "add the users"))];
    }
    let all = if nobody { "; nobody can log in" } else { "" };
    // One fault, made once, is mostly in every line.
    let Some((number, first)) = bad.first() else {
        return Vec::new();
    };
    let more = match bad.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more like it)"),
    };
    let all_plain = entries
        .iter()
        .all(|(_, entry)| matches!(entry, Entry::Plain(_)));
    let (what, remedy) = told(line, first, all_plain);
    let cause = format!("line {number} of `{}`{more} {what}{all}", line.value);
    vec![finding(cause, remedy)]
}

/// What is wrong with an entry; `all_plain` where no password of the file is a hash, so that
/// mosquitto_passwd can hash them all.
fn told(line: &Line<'_>, entry: &Entry, all_plain: bool) -> (String, Remedy) {
    match entry {
        Entry::Plain(user) => {
            let what = format!(
                "holds the password of `{user}` as plain text: mosquitto reads hashes alone, and leaves the user out"
            );
            let remedy = if all_plain {
                let action = Action::shell(&["mosquitto_passwd", "-U", line.value]);
                Remedy::run("turn the passwords into hashes", action)
            } else {
                set(line, user, "set the password again")
            };
            (what, remedy)
        }
        Entry::Damaged(user) => {
            let what = format!(
                "holds no hash that mosquitto can read for `{user}`, and mosquitto leaves the user out"
            );
            (what, set(line, user, "set the password again"))
        }
        Entry::NoColon | Entry::Good => {
            let what = "has no `:` between user and hash, and mosquitto passes over it".to_owned();
            (what, set(line, "USER", "add the user with its password"))
        }
    }
}

fn set(line: &Line<'_>, user: &str, text: &str) -> Remedy {
    Remedy::run(text, Action::shell(&["mosquitto_passwd", line.value, user]))
}

/// Nothing for comments and empty lines.
fn entry(line: &str) -> Option<Entry> {
    if line.starts_with('#') || line.trim().is_empty() {
        return None;
    }
    let Some((user, hash)) = line.split_once(':') else {
        return Some(Entry::NoColon);
    };
    let user = user.trim().to_owned();
    // The hash ends at a further colon, as that of a user ends at the first.
    let hash = hash.split(':').next().unwrap_or_default().trim();
    Some(if is_hash(hash) {
        Entry::Good
    } else if hash.starts_with('$') || hash.is_empty() {
        Entry::Damaged(user)
    } else {
        Entry::Plain(user)
    })
}

/// `$6$salt$hash` (SHA-512), `$7$rounds$salt$hash` (PBKDF2), or 2.1's Argon2id.
fn is_hash(text: &str) -> bool {
    let mut parts = text.split('$').filter(|part| !part.is_empty());
    match parts.next() {
        Some("6") => {}
        Some("7") => {
            let rounds = parts.next().and_then(|part| part.parse::<u32>().ok());
            if rounds.is_none_or(|rounds| rounds == 0) {
                return false;
            }
        }
        other => return other == Some("argon2id"),
    }
    let mut length = || Some(Base64::decode_vec(parts.next()?).ok()?.len());
    matches!(length(), Some(12 | 64)) && length() == Some(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$7$101$yvr3iLwsmtRaGsck$g644zz2uADHshyo6uGPUrC2UgnMO9rR3uXU5w+8rR3k2MQ06dRkCUtXsVXXLFfQQD+vd2mzsTmBPtP3Ld8uETA==";

    #[test]
    fn entries_are_read_as_mosquitto_reads_them() {
        let user = || "alice".to_owned();
        assert_eq!(entry(""), None);
        assert_eq!(entry("# users"), None);
        assert_eq!(entry("alice"), Some(Entry::NoColon));
        assert_eq!(entry("alice:secret"), Some(Entry::Plain(user())));
        assert_eq!(entry("alice:"), Some(Entry::Damaged(user())));
        assert_eq!(entry("alice:$7$101$x"), Some(Entry::Damaged(user())));
        assert_eq!(entry("alice:$6$abc$def"), Some(Entry::Damaged(user())));
        assert_eq!(entry(&format!("alice:{HASH}")), Some(Entry::Good));
        let cut = HASH.split_at(HASH.len() - 8).0;
        assert_eq!(entry(&format!("alice:{cut}")), Some(Entry::Damaged(user())));
        assert_eq!(
            entry(&format!("alice:{}", HASH.replace("101", "0"))),
            Some(Entry::Damaged(user()))
        );
    }
}
