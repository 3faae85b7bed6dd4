//! Lists of clients as CSV (RFC 4180, with `#` comments).

use std::path::Path;

use certgen::finding::{Code, Remedy};
use certgen::store::PkiFolder;

use crate::failure::Failure;
use crate::issuing::Names;

/// The longest list.
const MAX_CLIENTS: usize = 1_000_000;

/// Reads the list at `path`; each client gets `others` besides its own columns.
pub(super) fn read(path: &Path, others: &[String]) -> Result<Vec<(String, Names)>, Failure> {
    let bytes = PkiFolder::read(path)?;
    let shown = path.display();
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::new(
            Code::CannotRead,
            format!("the list `{shown}` is not UTF-8 text"),
        )
    })?;
    let mut clients = parse(text, others).map_err(|(line, reason)| {
        Failure::new(Code::BadName, format!("line {line} of `{shown}` {reason}")).with_remedy(
            Remedy::text("write one client a line: NAME, then names as for --san"),
        )
    })?;
    if clients.is_empty() || clients.len() > MAX_CLIENTS {
        let count = clients.len();
        let cause =
            format!("the list `{shown}` names {count} clients; 1 to {MAX_CLIENTS} are possible");
        return Err(Failure::new(Code::LimitExceeded, cause));
    }
    clients.shrink_to_fit();
    Ok(clients)
}

type Client = (String, Names);

fn parse(text: &str, others: &[String]) -> Result<Vec<Client>, (usize, &'static str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut clients = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut columns = fields(line)
            .map_err(|reason| (index + 1, reason))?
            .into_iter();
        let name = columns.next().unwrap_or_default();
        if clients.is_empty() && name.eq_ignore_ascii_case("name") {
            continue;
        }
        if name.is_empty() {
            return Err((index + 1, "has no name in its first column"));
        }
        let own = columns.filter(|column| !column.is_empty());
        let names = Names {
            hosts: Vec::new(),
            others: own.chain(others.iter().cloned()).collect(),
        };
        clients.push((name, names));
    }
    Ok(clients)
}

fn fields(line: &str) -> Result<Vec<String>, &'static str> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().ok_or("is empty")?;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => field.push(c),
        }
    }
    if quoted {
        return Err("has a quotation mark that is not closed");
    }
    Ok(fields.iter().map(|field| field.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_comments_and_quotes() {
        let text = "\u{feff}name,san\r\n# all phones\r\nphone , uri:urn:x,, \n\n\"a, b\",\"say \"\"hi\"\"\"\n";
        let clients = parse(text, &["dns:all.lan".into()]).unwrap();
        let shown: Vec<(&str, &[String])> = clients
            .iter()
            .map(|(name, names)| (name.as_str(), names.others.as_slice()))
            .collect();
        let phone = ["uri:urn:x".to_owned(), "dns:all.lan".to_owned()];
        let other = ["say \"hi\"".to_owned(), "dns:all.lan".to_owned()];
        assert_eq!(shown, [("phone", &phone[..]), ("a, b", &other[..])]);
        assert_eq!(parse("a\n\"b", &[]).unwrap_err().0, 2);
        assert_eq!(parse(",x", &[]).unwrap_err().0, 1);
    }
}
