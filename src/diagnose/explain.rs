//! The long form of every code: what it means, how it comes about, and how it is put right with
//! certgen, with mosquitto and with OpenSSL.

use crate::finding::Code;

const TEXTS: &[&str] = &[
    include_str!("explain/network.txt"),
    include_str!("explain/tls.txt"),
    include_str!("explain/certificate.txt"),
    include_str!("explain/client.txt"),
    include_str!("explain/mqtt.txt"),
    include_str!("explain/files.txt"),
    include_str!("explain/work.txt"),
];

/// One part of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// What the code means.
    Means,
    /// How it comes about.
    Comes,
    /// How it is put right with certgen.
    Certgen,
    /// … with mosquitto.
    Mosquitto,
    /// … with OpenSSL (and other tools).
    OpenSsl,
}

impl Part {
    /// Every part, in the order in which they are read.
    pub const ALL: [Self; 5] = [
        Self::Means,
        Self::Comes,
        Self::Certgen,
        Self::Mosquitto,
        Self::OpenSsl,
    ];

    /// The name, for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Means => "means",
            Self::Comes => "comes_about",
            Self::Certgen => "certgen",
            Self::Mosquitto => "mosquitto",
            Self::OpenSsl => "openssl",
        }
    }

    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Means => "What it means",
            Self::Comes => "How it comes about",
            Self::Certgen => "With certgen",
            Self::Mosquitto => "With mosquitto",
            Self::OpenSsl => "With OpenSSL",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Means => "means: ",
            Self::Comes => "comes: ",
            Self::Certgen => "certgen: ",
            Self::Mosquitto => "mosquitto: ",
            Self::OpenSsl => "openssl: ",
        }
    }
}

/// The parts of the explanation of `code`; commands stand in backticks.
#[must_use]
pub fn explain(code: Code) -> Vec<(Part, &'static str)> {
    let Some(section) = section(code) else {
        return Vec::new();
    };
    Part::ALL
        .into_iter()
        .filter_map(|part| {
            let text = section
                .lines()
                .find_map(|line| line.strip_prefix(part.label()))?;
            Some((part, text))
        })
        .collect()
}

/// The certgen commands that an explanation's text names.
#[must_use]
pub fn commands(text: &str) -> Vec<&str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("certgen "))
        .collect()
}

fn section(code: Code) -> Option<&'static str> {
    TEXTS.iter().find_map(|text| {
        text.split("== ").find(|section| {
            section
                .lines()
                .next()
                .is_some_and(|name| name.trim() == code.as_str())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained() {
        for code in Code::ALL {
            let parts = explain(*code);
            let has = |part| {
                parts
                    .iter()
                    .any(|(found, text)| *found == part && !text.is_empty())
            };
            assert!(has(Part::Means), "{code} has no meaning");
            assert!(has(Part::Comes), "{code} has no origin");
            assert!(has(Part::Certgen), "{code} has no remedy");
        }
    }

    #[test]
    fn every_explanation_is_of_a_code() {
        for text in TEXTS {
            for section in text.split("== ").skip(1) {
                let name = section.lines().next().unwrap().trim();
                assert!(name.parse::<Code>().is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn commands_are_what_stands_in_backticks() {
        let text = "do `certgen ca`, then `openssl x509`, then `certgen broker a.lan`";
        assert_eq!(commands(text), ["certgen ca", "certgen broker a.lan"]);
    }
}
