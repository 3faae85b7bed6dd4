//! `acl_file`: the lines that mosquitto does not start with (mosquitto.conf(5)).

use super::parse::Line;
use crate::finding::{Code, Finding, Remedy};

/// The first line of an access list that mosquitto 2 ends on.
pub(super) fn finding(line: &Line<'_>, bytes: &[u8]) -> Option<Finding> {
    let text = String::from_utf8_lossy(bytes);
    let (number, wrong) = text
        .lines()
        .enumerate()
        .find_map(|(index, line)| Some((index + 1, wrong(line)?)))?;
    let cause = format!(
        "line {number} of `{}` {wrong}: mosquitto does not start",
        line.value
    );
    let remedy = Remedy::text("correct the line, or begin it with `#`");
    let finding = Finding::failure(Code::OptionValueInvalid, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

/// What is wrong with a line; nothing with comments and empty ones.
fn wrong(line: &str) -> Option<String> {
    let line = line.trim_end_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (word, rest) = word(line);
    if line.starts_with('#') || word.is_empty() {
        return None;
    }
    match word {
        "user" => rest
            .is_empty()
            .then(|| "has `user` without a name behind it".to_owned()),
        "topic" | "pattern" => topic(word, rest),
        _ if word.starts_with('\u{feff}') => Some(
            "begins with a byte order mark, which mosquitto takes for a part of the first word"
                .to_owned(),
        ),
        _ => Some(format!(
            "begins with `{word}`, and an access list knows `user`, `topic` and `pattern`"
        )),
    }
}

fn topic(word: &str, rest: &str) -> Option<String> {
    let (access, after) = self::word(rest);
    if access.is_empty() {
        return Some(format!("has `{word}` without a topic behind it"));
    }
    let topic = if after.is_empty() { access } else { after };
    let is_known = matches!(access, "read" | "write" | "readwrite" | "deny");
    if !after.is_empty() && !is_known {
        return Some(format!(
            "has `{word} {access} …`, and the access is `read`, `write`, `readwrite` or `deny`"
        ));
    }
    (!is_filter(topic)).then(|| {
        format!(
            "has the topic `{topic}`: `+` stands alone between two `/`, and `#` alone at the end"
        )
    })
}

/// The first word, and what follows the spaces behind it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(' ');
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim_start_matches(' '))
}

/// Whether a topic has its wildcards where MQTT allows them.
fn is_filter(topic: &str) -> bool {
    let mut levels = topic.split('/').rev();
    let last = levels.next().unwrap_or_default();
    let may = |level: &str| level == "+" || !level.contains(['+', '#']);
    (last == "#" || may(last)) && levels.all(may)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_mosquitto_reads_them() {
        for line in [
            "",
            "# user",
            "user phone",
            "topic home/#",
            "topic read",
            "topic readwrite +/a/+",
            "topic  deny  secret/#  ",
            "pattern write home/%u/with space",
            "topic read #\r",
        ] {
            assert_eq!(wrong(line), None, "{line}");
        }
        for line in [
            "user",
            "user ",
            "topic",
            "User phone",
            " # comment",
            "topic rw home",
            "topic readwrite a/#/b",
            "pattern foo/+bar",
            "topic read a#",
            "\u{feff}user phone",
            "topic\tread a",
        ] {
            assert!(wrong(line).is_some(), "{line}");
        }
    }
}
