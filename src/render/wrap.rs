//! Lines no wider than the terminal, broken between words.

/// `report` with every line of more than `columns` characters broken between words, and what
/// follows set below the line's own text. Only a word that fits no line is broken, and a command
/// is left to the terminal: a broken one could not be copied.
#[must_use]
pub fn wrapped(report: &str, columns: usize) -> String {
    let mut out = String::with_capacity(report.len() + 64);
    for line in report.split_inclusive('\n') {
        let (text, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |text| (text, "\n"));
        if width(text) <= columns || is_command(text) {
            out.push_str(text);
        } else {
            out.push_str(&broken(text, columns, hang(text, columns)).join("\n"));
        }
        out.push_str(end);
    }
    out
}

/// The lines of one line of text, the second and further ones `hang` columns to the right.
#[must_use]
pub(super) fn broken(text: &str, columns: usize, hang: usize) -> Vec<String> {
    let room = columns.saturating_sub(hang).max(8);
    let mut lines = vec![String::new()];
    let (mut used, mut limit, mut gap) = (0, columns.max(8), String::new());
    for word in pieces(text) {
        if word.starts_with(' ') {
            gap = word.to_owned();
            continue;
        }
        let (wide, free) = (width(word), gap.len());
        // A word that fits no line is broken where it stands, if its line has just begun.
        let has_begun = used + free <= hang && wide > room;
        let is_full = used + free + wide > limit && used > hang_of(&lines, hang);
        if used > 0 && is_full && !has_begun {
            lines.push(" ".repeat(hang));
            (used, limit, gap) = (hang, hang + room, String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&gap);
        }
        used += gap.len();
        gap = String::new();
        for c in Cells::of(word) {
            if c.wide && used >= limit {
                lines.push(" ".repeat(hang));
                (used, limit) = (hang, hang + room);
            }
            used += usize::from(c.wide);
            if let Some(line) = lines.last_mut() {
                line.push_str(c.text);
            }
        }
    }
    lines
}

/// Where the text of the current line begins.
fn hang_of(lines: &[String], hang: usize) -> usize {
    if lines.len() > 1 { hang } else { 0 }
}

/// Words and the spaces between them, in turn.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|c: char| (c == ' ') != (first == ' '))
            .unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// A character with what styles it, or a style alone.
struct Cell<'a> {
    text: &'a str,
    /// It takes a column.
    wide: bool,
}

/// Characters, and the escape sequences of colours between them.
struct Cells<'a>(&'a str);

impl<'a> Cells<'a> {
    fn of(text: &'a str) -> Self {
        Self(text)
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let first = self.0.chars().next()?;
        let style = self.0.strip_prefix("\u{1b}[").and_then(|rest| {
            let end = rest.find(|c: char| ('@'..='~').contains(&c))?;
            Some(2 + end + 1)
        });
        let (text, rest) = self.0.split_at(style.unwrap_or_else(|| first.len_utf8()));
        self.0 = rest;
        let wide = style.is_none();
        Some(Cell { text, wide })
    }
}

/// How many columns a text takes, styles left aside.
fn width(text: &str) -> usize {
    Cells::of(text).filter(|cell| cell.wide).count()
}

fn plain(text: &str) -> String {
    Cells::of(text)
        .filter(|cell| cell.wide)
        .map(|cell| cell.text)
        .collect()
}

fn is_command(text: &str) -> bool {
    let text = plain(text);
    let text = text.trim_start();
    ["certgen ", "run    ", "run: ", "sudo ", "$ "]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The column at which the text behind a label begins; two columns further in where there is none.
fn hang(text: &str, columns: usize) -> usize {
    let text = plain(text);
    let indent = text.len() - text.trim_start().len();
    let behind = text.trim_start();
    let label = behind.find(' ').unwrap_or(0);
    let gap = behind[label..].len() - behind[label..].trim_start().len();
    let is_label = gap > 1 || behind[..label].ends_with(':') || (indent, label) == (2, 6);
    let start = indent + label + gap;
    if is_label && start <= columns / 2 {
        start
    } else {
        indent + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::style::{BAD, paint};

    #[test]
    fn text_is_broken_between_words_and_set_below_itself() {
        let finding = "failure  x\n  cause  the quick brown fox jumps over the dog\n";
        assert_eq!(
            wrapped(finding, 24),
            "failure  x\n  cause  the quick brown\n         fox jumps over\n         the dog\n"
        );
        assert_eq!(wrapped(finding, 80), finding);
        assert_eq!(
            wrapped("error: one two three four", 16),
            "error: one two\n       three\n       four"
        );
        assert_eq!(
            wrapped("  breaks OpenSSL, Java, Android", 27),
            "  breaks OpenSSL, Java,\n         Android"
        );
    }

    #[test]
    fn only_a_word_that_fits_no_line_is_broken() {
        assert_eq!(
            wrapped("  sha256  0123456789abcdef tail", 20),
            "  sha256  0123456789\n          abcdef\n          tail"
        );
        let long = "a".repeat(30);
        let lines = wrapped(&format!("b {long} c"), 12);
        assert!(lines.lines().all(|line| line.len() <= 12), "{lines}");
        assert_eq!(lines.replace([' ', '\n'], ""), format!("b{long}c"));
    }

    #[test]
    fn colours_take_no_room() {
        let text = format!("  {} and more words", paint(BAD, "0123456789"));
        assert_eq!(wrapped(&text, 27), text);
        let narrow = wrapped(&text, 20);
        assert_eq!(plain(&narrow), "  0123456789 and\n    more words");
    }

    #[test]
    fn commands_are_left_as_they_are() {
        for line in [
            "  run    certgen verify --host broker.lan",
            "  certgen verify --host broker.lan",
        ] {
            assert_eq!(wrapped(line, 20), line);
        }
    }
}
