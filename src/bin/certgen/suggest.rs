//! Remedies as commands: one `match`, whose every line is parsed by the real command line in tests.

use certgen::finding::Action;
use certgen::render::suggestion::shell_line;
use clap::CommandFactory as _;

/// The command as a line to paste into a shell.
pub(crate) fn line(action: &Action) -> String {
    let given: Vec<String> = std::env::args().skip(1).collect();
    shell_line(&words(action, &given))
}

/// The command about the PKI folder `dir`, which is not the one of the running command.
pub(crate) fn line_in(action: &Action, dir: &std::path::Path) -> String {
    let given = ["--dir".to_owned(), dir.display().to_string()];
    shell_line(&words(action, &given))
}

/// The command as words, where `given` are the arguments of the command that is running.
pub(crate) fn words(action: &Action, given: &[String]) -> Vec<String> {
    let mut words = Words {
        folder: option(given, "--dir"),
        words: Vec::new(),
    };
    match action {
        Action::CreateAuthority => words.in_folder("ca"),
        Action::IssueBroker { names, replace } => words
            .in_folder("broker")
            .all(names)
            .same_broker(given)
            .flag("--force", *replace),
        Action::IssueClient { name, replace } => words
            .in_folder("client")
            .one(name)
            .flag("--force", *replace),
        Action::Bundle {
            name,
            formats,
            replace,
        } => {
            let formats = formats.join(",");
            words
                .in_folder("bundle")
                .one(name)
                .option("--format", &formats)
                .flag("--force", *replace)
        }
        Action::Convert {
            from,
            to,
            key_password,
            target,
        } => {
            let mut words = words
                .certgen("bundle")
                .option("--in", from)
                .option("--out", to);
            if let Some(target) = target {
                words = words.option("--for", target);
            }
            match key_password {
                true => words.option("--key-password", "prompt"),
                false => words,
            }
        }
        Action::Inspect { what } => words.certgen("inspect").one(what),
        Action::Verify { host, port, extra } => {
            let checks = running(given).as_deref() == Some("verify");
            let words = if checks {
                words.in_folder("verify")
            } else {
                words.certgen("verify")
            };
            let words = words
                .option("--host", host)
                .option("--port", &port.to_string());
            if checks {
                words.credentials(given, extra);
            }
            words.all(extra)
        }
        Action::ConfigMosquitto => words.in_folder("config").one("mosquitto"),
        Action::Explain { code } => words.certgen("explain").one(code.as_str()),
        Action::Help { command } if command.is_empty() => match running(given) {
            Some(command) => words.certgen(&command).one("--help"),
            None => words.one("certgen").one("--help"),
        },
        Action::Help { command } => words.certgen(command).one("--help"),
        Action::Again { extra } => words.one("certgen").all(&again(given, extra)).all(extra),
        Action::Shell { words: given } => words.all(given),
        _ => words.one("certgen").one("--help"),
    };
    words.words
}

/// The value of an option as it was given: a suggested command is about the same folder, and the
/// same broker.
fn option(given: &[String], name: &str) -> Option<String> {
    let mut words = given.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix(name) {
            Some("") => return words.next().cloned(),
            Some(rest) if rest.starts_with('=') => return rest.get(1..).map(str::to_owned),
            _ => {}
        }
    }
    None
}

/// The command that is running, where there is one.
fn running(given: &[String]) -> Option<String> {
    let cli = crate::cli::Cli::command();
    let is_command = |word: &&String| cli.get_subcommands().any(|one| one.get_name() == *word);
    given.iter().find(is_command).cloned()
}

/// The words of the running command: without passwords given as `pass:`, and without the options
/// that are in `extra`, which replaces them.
fn again(given: &[String], extra: &[String]) -> Vec<String> {
    let replaced = |word: &str| {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        name.starts_with("--") && extra.iter().any(|option| option == name)
    };
    let mut out = Vec::new();
    let mut words = given.iter().peekable();
    while let Some(word) = words.next() {
        if replaced(word) {
            let has_value = !word.contains('=') && !only_options(extra);
            if has_value && words.peek().is_some_and(|next| !next.starts_with("--")) {
                words.next();
            }
            continue;
        }
        match word.split_once("pass:") {
            Some((before, _)) => out.push(format!("{before}prompt")),
            None => out.push(word.clone()),
        }
    }
    out
}

/// Whether these are options that take no values.
fn only_options(words: &[String]) -> bool {
    words.iter().all(|word| word.starts_with("--"))
}

/// The options that a check of the same broker in another way needs as well.
const CREDENTIALS: [&str; 10] = [
    "--keystore",
    "--store-password",
    "--cert",
    "--key",
    "--key-password",
    "--cafile",
    "--truststore",
    "--truststore-password",
    "--username",
    "--password",
];

struct Words {
    folder: Option<String>,
    words: Vec<String>,
}

impl Words {
    fn one(&mut self, word: &str) -> &mut Self {
        self.words.push(word.to_owned());
        self
    }

    fn all(&mut self, words: &[String]) -> &mut Self {
        self.words.extend_from_slice(words);
        self
    }

    fn certgen(&mut self, command: &str) -> &mut Self {
        self.one("certgen").one(command)
    }

    /// A command about the PKI folder.
    fn in_folder(&mut self, command: &str) -> &mut Self {
        let folder = self.folder.take();
        self.one("certgen");
        if let Some(folder) = folder {
            self.option("--dir", &folder);
        }
        self.one(command)
    }

    /// The name of the broker's files, where the running command issues a broker's certificate.
    fn same_broker(&mut self, given: &[String]) -> &mut Self {
        match option(given, "--name") {
            Some(name) if given.iter().any(|word| word == "broker") => self.option("--name", &name),
            _ => self,
        }
    }

    /// Whom the running check trusts, and who it is; without passwords given as `pass:`.
    fn credentials(&mut self, given: &[String], extra: &[String]) {
        // Without TLS no user name goes to anybody.
        let in_the_clear = extra.iter().any(|word| word == "--no-tls");
        for name in CREDENTIALS {
            if in_the_clear && matches!(name, "--username" | "--password") {
                continue;
            }
            match option(given, name) {
                Some(value) if !extra.iter().any(|word| word == name) => {
                    let is_secret = value.starts_with("pass:");
                    self.option(name, if is_secret { "prompt" } else { &value });
                }
                _ => {}
            }
        }
    }

    fn option(&mut self, name: &str, value: &str) -> &mut Self {
        self.one(name).one(value)
    }

    fn flag(&mut self, name: &str, set: bool) -> &mut Self {
        if set { self.one(name) } else { self }
    }
}

#[cfg(test)]
mod tests {
    use certgen::finding::Code;
    use clap::Parser as _;
    use clap::error::ErrorKind;

    use super::*;
    use crate::cli::Cli;

    fn samples() -> Vec<Action> {
        let text = str::to_owned;
        vec![
            Action::CreateAuthority,
            Action::IssueBroker {
                names: vec![text("broker.lan"), text("192.168.1.10")],
                replace: true,
            },
            Action::IssueClient {
                name: text("phone"),
                replace: true,
            },
            Action::Bundle {
                name: text("phone"),
                formats: vec![text("bks"), text("p12")],
                replace: true,
            },
            Action::Convert {
                from: text("client/phone.bks"),
                to: text("client/phone-new.bks"),
                key_password: true,
                target: Some(text("rhasspy")),
            },
            Action::Inspect {
                what: text("client/phone.bks"),
            },
            Action::Verify {
                host: text("broker.lan"),
                port: 8884,
                extra: vec![text("--servername"), text("other.lan")],
            },
            Action::ConfigMosquitto,
            Action::Explain {
                code: Code::NameMismatch,
            },
            Action::Help {
                command: text("verify"),
            },
            Action::Again {
                extra: vec![text("--store-password"), text("file:<FILE>")],
            },
            Action::shell(&["sudo", "systemctl", "restart", "mosquitto"]),
        ]
    }

    #[test]
    fn every_action_has_a_sample() {
        let source = include_str!("../../finding/remedy.rs");
        let body = source.split("pub enum Action {").nth(1).unwrap();
        let body = body.split("\n}").next().unwrap();
        let mut variants = 0;
        for line in body.lines().filter(|line| !line.starts_with("     ")) {
            let name = line.trim().trim_end_matches([',', '{', ' ']);
            if name.is_empty() || name.starts_with("///") || name == "}" {
                continue;
            }
            variants += 1;
            let found = samples()
                .iter()
                .any(|sample| format!("{sample:?}").starts_with(name));
            assert!(found, "{name} has no sample");
        }
        assert_eq!(variants, samples().len());
    }

    #[test]
    fn every_suggestion_is_a_command() {
        let given = ["--dir", "pki", "inspect", "client/phone.p12"].map(str::to_owned);
        for action in samples() {
            let words = words(&action, &given);
            let help = matches!(action, Action::Help { .. });
            if matches!(action, Action::Shell { .. }) {
                continue; // another program's
            }
            match Cli::try_parse_from(&words) {
                Ok(_) => assert!(!help, "{words:?}"),
                Err(error) => assert!(
                    help && error.kind() == ErrorKind::DisplayHelp,
                    "{words:?}: {error}"
                ),
            }
        }
    }

    #[test]
    fn a_suggestion_is_about_the_same_folder_and_the_same_broker() {
        let given = ["--dir=my pki", "client"].map(str::to_owned);
        let line = shell_line(&words(&Action::CreateAuthority, &given));
        assert_eq!(line, "certgen --dir 'my pki' ca");
        let given = ["broker", "a.lan", "--name", "cloud"].map(str::to_owned);
        let action = Action::IssueBroker {
            names: vec!["a.lan".to_owned()],
            replace: true,
        };
        let line = shell_line(&words(&action, &given));
        assert_eq!(line, "certgen broker a.lan --name cloud --force");
    }

    #[test]
    fn another_check_has_the_same_credentials() {
        let given = "--dir pki verify --host h --cafile ca.pem --username me --password=pass:x";
        let given: Vec<String> = given.split(' ').map(str::to_owned).collect();
        let action = Action::Verify {
            host: "h".to_owned(),
            port: 8883,
            extra: vec!["--mqtt".to_owned(), "3.1.1".to_owned()],
        };
        assert_eq!(
            shell_line(&words(&action, &given)),
            "certgen --dir pki verify --host h --port 8883 --cafile ca.pem --username me --password prompt --mqtt 3.1.1"
        );
    }

    #[test]
    fn a_repeated_command_shows_no_password_and_no_option_twice() {
        let given = ["verify", "--host", "h", "--store-password", "env:P"];
        let given = [&given[..], &["--password=pass:secret"]].concat();
        let given: Vec<String> = given.into_iter().map(str::to_owned).collect();
        let extra = ["--store-password", "prompt"].map(str::to_owned).to_vec();
        let line = shell_line(&words(&Action::Again { extra }, &given));
        assert_eq!(
            line,
            "certgen verify --host h --password=prompt --store-password prompt"
        );
        let extra = vec!["--force".to_owned()];
        let given = ["ca", "--force", "--cn", "Home"].map(str::to_owned);
        let line = shell_line(&words(&Action::Again { extra }, &given));
        assert_eq!(line, "certgen ca --cn Home --force");
    }
}
