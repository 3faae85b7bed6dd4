//! The explanation of a code as text and as JSON.

use serde_json::{Map, Value};

use super::style::{TITLE, paint};
use crate::diagnose::explain::explain;
use crate::finding::Code;

/// How wide a line of prose is.
const WIDTH: usize = 76;

/// The explanation as text.
#[must_use]
pub fn explanation_text(code: Code) -> String {
    let mut out = format!("{}  {}\n", paint(TITLE, code.as_str()), code.meaning());
    for (part, text) in explain(code) {
        out.push_str(&format!("\n{}\n", paint(TITLE, part.title())));
        for line in wrapped(text) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    out
}

/// The explanation as JSON (`explain/1`).
#[must_use]
pub fn explanation_json(code: Code) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("schema".into(), "explain/1".into());
    document.insert("code".into(), code.as_str().into());
    document.insert("meaning".into(), code.meaning().into());
    for (part, text) in explain(code) {
        document.insert(part.as_str().into(), text.into());
    }
    document
}

/// Lines of at most [`WIDTH`] characters; what stands in backticks is not broken.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let Some(line) = lines.last_mut() else { break };
        let length = line.chars().count() + 1 + word.chars().count();
        if line.is_empty() {
            line.push_str(&word);
        } else if length <= WIDTH {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for piece in text.split(' ') {
        match words.last_mut().filter(|_| open) {
            Some(word) => {
                word.push(' ');
                word.push_str(piece);
            }
            None => words.push(piece.to_owned()),
        }
        open ^= piece.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stay_on_one_line() {
        let text = format!(
            "{} `certgen verify --host broker.lan` end",
            "word ".repeat(16).trim()
        );
        let lines = wrapped(&text);
        assert!(
            lines
                .iter()
                .any(|line| line.contains("`certgen verify --host broker.lan`"))
        );
    }
}
