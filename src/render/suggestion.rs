//! Suggested commands as a line that can be pasted into a shell.

/// Joins words into one shell line; a word with anything unusual in it is single-quoted.
/// `<FILE>` at the end of a word stands for what the reader fills in, and stays as it is.
#[must_use]
pub fn shell_line<S: AsRef<str>>(words: &[S]) -> String {
    words
        .iter()
        .map(|word| quoted(word.as_ref()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    let rest = word.strip_suffix('>').and_then(|word| word.split_once('<'));
    let bare = match rest {
        Some((before, placeholder)) => [before, placeholder].concat(),
        None => word.to_owned(),
    };
    if !bare.is_empty() && bare.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusual_words_are_quoted() {
        assert_eq!(
            shell_line(&["certgen", "broker", "a.lan"]),
            "certgen broker a.lan"
        );
        assert_eq!(
            shell_line(&["file:<FILE>", "<NAME>", "a>b"]),
            "file:<FILE> <NAME> 'a>b'"
        );
        assert_eq!(shell_line(&["x", "it's $(y)", ""]), "x 'it'\\''s $(y)' ''");
    }
}
