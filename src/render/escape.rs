//! Text of strangers, made safe for a terminal.

use std::borrow::Cow;

/// `text` with every character that could move the cursor, colour, reorder or hide what is shown
/// written as `\u{1b}`: control characters (also line ends), bidirectional controls, invisible
/// and zero-width characters.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_plain(c) {
            out.push(c)
        } else {
            out.extend(c.escape_unicode())
        }
    }
    Cow::Owned(out)
}

/// `text` for the inside of an HTML element or a quoted attribute.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A JSON document with every character that could steer a terminal written as `\\u202e`; the
/// document stays the same to whoever parses it.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    if document.chars().all(|c| c == '\n' || is_plain(c)) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if c == '\n' || is_plain(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(out)
}

fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_steer_the_terminal() {
        assert_eq!(terminal("broker.lan"), "broker.lan");
        assert_eq!(terminal("日本 🔑 ü"), "日本 🔑 ü");
        assert_eq!(terminal("a\x1b[31mb\r\n"), "a\\u{1b}[31mb\\u{d}\\u{a}");
        assert_eq!(
            terminal("\u{9b}\u{202e}\u{200b}"),
            "\\u{9b}\\u{202e}\\u{200b}"
        );
    }

    #[test]
    fn json_stays_the_same_to_parsers() {
        let value = serde_json::json!({ "a": "x\u{202e}\u{9b}\u{e0001}\u{7f}\n" });
        let text = format!("{value:#}");
        let escaped = json(&text);
        assert!(
            escaped.chars().all(|c| c == '\n' || is_plain(c)),
            "{escaped}"
        );
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
            value
        );
    }

    #[test]
    fn html_has_no_markup_of_strangers() {
        assert_eq!(
            html("<img onerror='x'>&\""),
            "&lt;img onerror=&#39;x&#39;&gt;&amp;&quot;"
        );
    }
}
