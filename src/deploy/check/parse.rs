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

impl Line<'_> {
    /// The first word of the value: all that mosquitto reads of a number or a boolean.
    pub(super) fn first(&self) -> &str {
        self.value.split(' ').next().unwrap_or_default()
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

/// A `listener` line (or `port`, or what stands before any of them) with its options.
#[derive(Debug, Clone, Default)]
pub(super) struct Listener<'a> {
    /// The line that opens it; none for what stands before any.
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
        self.option(name)
            .is_some_and(|line| matches!(line.first(), "true" | "1"))
    }

    /// The port, where it is a number.
    pub(super) fn port(&self) -> Option<u16> {
        let line = self.line.as_ref()?;
        let digits = line.first().trim_end_matches(|c: char| !c.is_ascii_digit());
        digits.parse().ok()
    }

    /// The address that it is bound to; none for every address.
    pub(super) fn address(&self) -> Option<&'a str> {
        let line = self.line.as_ref()?;
        let address = line.value.split(' ').filter(|word| !word.is_empty()).nth(1);
        address.filter(|word| !word.starts_with('#'))
    }
}

/// The options before the first listener, then each listener.
pub(super) fn listeners<'a>(lines: &[Line<'a>]) -> (Listener<'a>, Vec<Listener<'a>>) {
    let mut before = Listener::default();
    let mut listeners: Vec<Listener<'a>> = Vec::new();
    for line in lines {
        match line.name {
            "listener" | "port" => listeners.push(Listener {
                line: Some(line.clone()),
                options: Vec::new(),
            }),
            _ => match listeners.last_mut() {
                Some(listener) => listener.options.push(line.clone()),
                None => before.options.push(line.clone()),
            },
        }
    }
    (before, listeners)
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
}
