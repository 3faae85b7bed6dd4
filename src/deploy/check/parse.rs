//! `mosquitto.conf` as lines, and the listeners that they describe (mosquitto.conf(5)).

/// One line with an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The file.
    pub(super) file: &'a str,
    /// Its number, from 1.
    pub(super) number: usize,
    /// The option.
    pub(super) name: &'a str,
    /// What follows it, without white space around.
    pub(super) value: &'a str,
}

impl<'a> Line<'a> {
    /// The first word of the value: all that mosquitto reads of a number or a boolean.
    pub(super) fn first(&self) -> &str {
        self.value.split(' ').next().unwrap_or_default()
    }

    /// A word of the value, counted from 0.
    pub(super) fn word(&self, index: usize) -> Option<&'a str> {
        let mut words = self.value.split(' ').filter(|word| !word.is_empty());
        words.nth(index)
    }

    /// Whether the value is true.
    pub(super) fn is_true(&self) -> bool {
        matches!(self.first(), "true" | "1")
    }

    /// `mosquitto.conf:12`.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.number)
    }
}

/// The lines with options, as mosquitto reads them: a comment begins at the line's first character,
/// and only spaces end a name.
pub(super) fn lines<'a>(file: &'a str, text: &'a str) -> Vec<Line<'a>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .enumerate()
        .filter_map(|(index, line)| {
            if line.trim_matches(' ').is_empty() || line.starts_with('#') {
                return None;
            }
            let line = line.trim_start_matches(' ');
            let (name, value) = line
                .split_once(' ')
                .unwrap_or_else(|| (line.trim_end(), ""));
            Some(Line {
                file,
                number: index + 1,
                name,
                value: value.trim(),
            })
        })
        .collect()
}

/// Another name for an option that means the same.
pub(super) fn canonical(name: &str) -> &str {
    match name {
        "clientid" => "remote_clientid",
        "password" => "remote_password",
        "username" => "remote_username",
        "addresses" => "address",
        name => name,
    }
}

/// A `listener` line with its options; or what stands above any, which is for the default listener.
#[derive(Debug, Clone, Default)]
pub(super) struct Listener<'a> {
    /// The line that opens it; none for a default listener without `port`.
    pub(super) line: Option<Line<'a>>,
    /// Its options.
    pub(super) options: Vec<Line<'a>>,
}

impl<'a> Listener<'a> {
    /// The last option of this name; it wins.
    pub(super) fn option(&self, name: &str) -> Option<&Line<'a>> {
        self.options.iter().rev().find(|line| line.name == name)
    }

    /// Whether the option is there and true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.option(name).is_some_and(Line::is_true)
    }

    /// The port, where it is a number.
    pub(super) fn port(&self) -> Option<u16> {
        let line = self.line.as_ref()?;
        let digits = line.first().trim_end_matches(|c: char| !c.is_ascii_digit());
        digits.parse().ok()
    }

    /// Whether it speaks TLS with a certificate.
    pub(super) fn speaks_tls(&self) -> bool {
        self.option("certfile").is_some() && self.option("keyfile").is_some()
    }

    /// The address that it is bound to; none for every address.
    pub(super) fn address(&self) -> Option<&'a str> {
        if let Some(line) = self.option("bind_address") {
            return Some(line.value);
        }
        let line = self.line.as_ref()?;
        line.word(1).filter(|word| !word.starts_with('#'))
    }
}

/// The default listener, then each `listener`. Every file begins with the default listener, and
/// `port` is an option of it wherever it stands.
pub(super) fn listeners<'a>(lines: &[Line<'a>]) -> (Listener<'a>, Vec<Listener<'a>>) {
    let mut default = Listener::default();
    let mut listeners: Vec<Listener<'a>> = Vec::new();
    let mut file = None;
    let mut in_default = true;
    for line in lines {
        if file != Some(line.file) {
            file = Some(line.file);
            in_default = true;
        }
        match line.name {
            "listener" => {
                in_default = false;
                listeners.push(Listener {
                    line: Some(line.clone()),
                    options: Vec::new(),
                });
            }
            "port" => default.line = Some(line.clone()),
            _ => match listeners.last_mut().filter(|_| !in_default) {
                Some(listener) => listener.options.push(line.clone()),
                None => default.options.push(line.clone()),
            },
        }
    }
    (default, listeners)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_belong_to_the_listener_above_them() {
        let text = "# a comment\nallow_anonymous true\nlistener 8883 127.0.0.1\n  cafile  /a b \n";
        let lines = lines("m.conf", text);
        let (before, listeners) = listeners(&lines);
        assert!(before.is_true("allow_anonymous"));
        assert_eq!(listeners.len(), 1);
        assert_eq!(listeners[0].port(), Some(8883));
        assert_eq!(listeners[0].address(), Some("127.0.0.1"));
        assert_eq!(listeners[0].option("cafile").unwrap().value, "/a b");
        assert_eq!(listeners[0].option("cafile").unwrap().place(), "m.conf:4");
    }

    #[test]
    fn every_file_begins_with_the_default_listener() {
        let mut all = lines("a.conf", "listener 8883\nport 1884\ncertfile /a\n");
        all.extend(lines("b.conf", "keyfile /b\n"));
        let (default, listeners) = listeners(&all);
        assert_eq!(default.port(), Some(1884));
        assert!(default.option("keyfile").is_some());
        assert!(listeners[0].option("certfile").is_some());
        assert!(listeners[0].option("keyfile").is_none());
    }
}
