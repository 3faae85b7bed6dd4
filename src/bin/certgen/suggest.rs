//! Remedies as commands: one `match`, whose every line is parsed by the real command line in tests.

use certgen::finding::Action;
use certgen::render::suggestion::shell_line;

/// The command as a line to paste into a shell.
pub(crate) fn line(action: &Action) -> String {
    shell_line(&words(action))
}

fn words(action: &Action) -> Vec<String> {
    let mut words = Words::default();
    match action {
        Action::CreateAuthority => words.certgen("ca"),
        Action::IssueBroker { names, replace } => {
            words.certgen("broker").all(names).flag("--force", *replace)
        }
        Action::IssueClient { name, replace } => {
            words.certgen("client").one(name).flag("--force", *replace)
        }
        Action::Bundle {
            name,
            formats,
            replace,
        } => {
            let formats = formats.join(",");
            words
                .certgen("bundle")
                .one(name)
                .option("--format", &formats)
                .flag("--force", *replace)
        }
        Action::Inspect { what } => words.certgen("inspect").one(what),
        Action::Verify { host, port, extra } => words
            .certgen("verify")
            .option("--host", host)
            .option("--port", &port.to_string())
            .all(extra),
        Action::ConfigMosquitto => words.certgen("config").one("mosquitto"),
        Action::Explain { code } => words.certgen("explain").one(code.as_str()),
        Action::Help { command } if command.is_empty() => words.one("certgen").one("--help"),
        Action::Help { command } => words.certgen(command).one("--help"),
        Action::Again { extra } => again()
            .into_iter()
            .fold(&mut words, |w, word| w.one(&word))
            .all(extra),
        Action::Shell { words: given } => words.all(given),
        _ => words.one("certgen").one("--help"),
    };
    words.0
}

/// The words of this very command, without passwords given as `pass:`.
fn again() -> Vec<String> {
    let mut out = vec!["certgen".to_owned()];
    for argument in std::env::args().skip(1) {
        match argument.split_once("pass:") {
            Some((before, _)) => out.push(format!("{before}prompt")),
            None => out.push(argument),
        }
    }
    out
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn one(&mut self, word: &str) -> &mut Self {
        self.0.push(word.to_owned());
        self
    }

    fn all(&mut self, words: &[String]) -> &mut Self {
        self.0.extend_from_slice(words);
        self
    }

    fn certgen(&mut self, command: &str) -> &mut Self {
        self.one("certgen").one(command)
    }

    fn option(&mut self, name: &str, value: &str) -> &mut Self {
        self.one(name).one(value)
    }

    fn flag(&mut self, name: &str, set: bool) -> &mut Self {
        if set { self.one(name) } else { self }
    }
}
