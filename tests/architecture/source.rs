//! Rust source as tokens: without comments, texts and test modules, which is enough to see what a
//! file names.

/// The identifiers and punctuation of `text`; comments, string and character literals are left
/// out, and so is every module behind `#[cfg(test)]`.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    without_tests(lex(text))
}

fn lex(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = at(i);
        if c == '/' && at(i + 1) == '/' {
            i += chars[i..].iter().take_while(|&&c| c != '\n').count();
        } else if c == '/' && at(i + 1) == '*' {
            i = after_block_comment(&chars, i);
        } else if c == '"' {
            i = after_string(&chars, i);
        } else if let Some(end) = after_raw_string(&chars, i) {
            i = end;
        } else if c == '\'' {
            i = after_quote(&chars, i);
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while at(i).is_alphanumeric() || at(i) == '_' {
                i += 1;
            }
            out.push(chars[start..i].iter().collect());
        } else {
            if !c.is_whitespace() {
                out.push(c.to_string());
            }
            i += 1;
        }
    }
    out
}

fn after_block_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut i = start;
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn after_string(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// After `r"…"`, `r#"…"#`, `br"…"`; `None` where something else begins.
fn after_raw_string(chars: &[char], start: usize) -> Option<usize> {
    let before = start.checked_sub(1).map(|i| chars[i]);
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let mut i = start + usize::from(chars[start] == 'b');
    if chars.get(i) != Some(&'r') {
        return None;
    }
    let hashes = chars[i + 1..].iter().take_while(|&&c| c == '#').count();
    i += 1 + hashes;
    if chars.get(i) != Some(&'"') {
        return None;
    }
    let mut end: Vec<char> = vec!['"'];
    end.extend(std::iter::repeat_n('#', hashes));
    let rest = &chars[i + 1..];
    let length = rest.windows(end.len()).position(|window| window == end)?;
    Some(i + 1 + length + end.len())
}

/// After a character literal, or after the quote of a lifetime.
fn after_quote(chars: &[char], start: usize) -> usize {
    if chars.get(start + 1) == Some(&'\\') {
        let rest = &chars[start + 3..];
        return start + 4 + rest.iter().take_while(|&&c| c != '\'').count();
    }
    if chars.get(start + 2) == Some(&'\'') {
        return start + 3;
    }
    start + 1
}

fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut out = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let rest = &tokens[i..];
        let is_test_module = rest.len() > TEST.len()
            && rest.iter().zip(TEST).all(|(token, test)| token == test)
            && rest[TEST.len()] == "mod";
        if is_test_module {
            i += TEST.len() + after_item(&rest[TEST.len()..]);
        } else {
            out.push(tokens[i].clone());
            i += 1;
        }
    }
    out
}

/// The count of tokens of an item that ends in `;` or in its closing brace.
fn after_item(tokens: &[String]) -> usize {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            ";" => {}
            _ => continue,
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// What follows each `start ::` in the tokens: `a` of `start::a::b`, and `a` and `c` of
/// `start::{a::b, c}`. Further segments of single paths are joined: `a::b`.
pub(crate) fn paths_below(tokens: &[String], start: &str) -> Vec<String> {
    let mut out = Vec::new();
    for i in 0..tokens.len() {
        let own = tokens[i] == start && !ends_with_colons(&tokens[..i]);
        if own && starts_with_colons(&tokens[i + 1..]) {
            collect(&tokens[i + 3..], "", &mut out);
        }
    }
    out
}

/// How often `super` is repeated from here on, as in `super::super::name`, and what follows.
pub(crate) fn paths_of_supers(tokens: &[String]) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let mut count = 0;
        while tokens.get(i).is_some_and(|token| token == "super")
            && starts_with_colons(&tokens[i + 1..])
        {
            count += 1;
            i += 3;
        }
        if count > 0 {
            let mut names = Vec::new();
            collect(&tokens[i..], "", &mut names);
            out.extend(names.into_iter().map(|name| (count, name)));
        }
        i += 1;
    }
    out
}

fn starts_with_colons(tokens: &[String]) -> bool {
    tokens.len() > 1 && tokens[0] == ":" && tokens[1] == ":"
}

fn ends_with_colons(tokens: &[String]) -> bool {
    tokens.len() > 1 && tokens[tokens.len() - 1] == ":" && tokens[tokens.len() - 2] == ":"
}

/// Adds the paths of a use tree (or of an expression's path) and returns how many tokens it took.
fn collect(tokens: &[String], prefix: &str, out: &mut Vec<String>) -> usize {
    let Some(first) = tokens.first() else {
        return 0;
    };
    if first == "as" {
        return 2; // a new name, and no path
    }
    if first == "{" {
        let mut i = 1;
        while i < tokens.len() && tokens[i] != "}" {
            i += collect(&tokens[i..], prefix, out).max(1);
        }
        return i + 1;
    }
    let path = if prefix.is_empty() {
        first.clone()
    } else {
        format!("{prefix}::{first}")
    };
    if starts_with_colons(&tokens[1..]) {
        return 3 + collect(&tokens[3..], &path, out);
    }
    if first.chars().all(|c| c.is_alphanumeric() || c == '_') || first == "*" {
        out.push(path);
    }
    1
}

#[test]
fn comments_texts_and_test_modules_are_no_tokens() {
    let text = r##"
        //! crate::a
        /* crate::b /* nested */ crate::c */
        const URL: &str = "mqtts://crate::d \" crate::e";
        const RAW: &str = r#"crate::f " "#;
        fn of<'a>(c: char) -> bool { c == '"' || c == '\'' || c == '\u{1b}' }
        use crate::g;
        #[cfg(test)]
        mod tests { use crate::h; fn x() {} }
        use crate::{i::{j, k}, l as m};
    "##;
    let found = paths_below(&tokens(text), "crate");
    assert_eq!(found, ["g", "i::j", "i::k", "l"]);
}

#[test]
fn supers_are_counted() {
    let found = paths_of_supers(&tokens("use super::super::{a, b::c}; super::d();"));
    let found: Vec<(usize, &str)> = found.iter().map(|(n, path)| (*n, path.as_str())).collect();
    assert_eq!(found, [(2, "a"), (2, "b::c"), (1, "d")]);
}
