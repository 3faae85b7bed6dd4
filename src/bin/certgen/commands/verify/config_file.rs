//! Options from the table `[verify]` of `certgen.toml`, for what the command line leaves open.

use std::io::Read as _;
use std::path::Path;

use clap::Parser as _;
use toml::{Table, Value};

use super::arguments::Arguments;
use crate::cli::{Cli, Command};
use crate::failure::Failure;

/// A larger file is no list of options.
const LARGEST: u64 = 1_024 * 1_024;

/// The arguments of the running command, with those of the file in front of them.
pub(super) fn merged(path: &Path) -> Result<Arguments, Failure> {
    let given: Vec<String> = std::env::args().collect();
    let words = words(&table(path)?, &given).map_err(|reason| wrong(path, reason))?;
    let cli = Cli::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        wrong(
            path,
            first.strip_prefix("error: ").unwrap_or(first).to_owned(),
        )
    })?;
    match cli.command {
        Command::Verify(arguments) => Ok(*arguments),
        _ => Err(Failure::usage("the command is no verify")),
    }
}

fn table(path: &Path) -> Result<Table, Failure> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin().lock().take(LARGEST))
    } else {
        std::fs::File::open(path).and_then(|file| std::io::read_to_string(file.take(LARGEST)))
    };
    let text = text.map_err(|error| Failure::cannot_read(path, &error))?;
    let file: Table = text.parse().map_err(|error: toml::de::Error| {
        let mut failure = wrong(path, error.message().to_owned());
        if let Some(span) = error.span() {
            let line = text
                .get(..span.start)
                .unwrap_or_default()
                .lines()
                .count()
                .max(1);
            failure.because.push(format!("in line {line}"));
        }
        failure
    })?;
    match file.get("verify") {
        Some(Value::Table(table)) => Ok(table.clone()),
        _ => Err(wrong(path, "it has no table [verify]".to_owned())),
    }
}

/// `certgen verify`, the file's options that were not given, and what was given.
fn words(table: &Table, given: &[String]) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = vec!["certgen".to_owned(), "verify".to_owned()];
    for (key, value) in table {
        let rivals = EXCLUSIVE.iter().filter(|all| all.contains(&key.as_str()));
        let mut rivals = rivals.flat_map(|all| all.iter().copied());
        let is_decided = is_given(given, key) || rivals.any(|one| is_given(given, one));
        if !is_decided {
            words.extend(option(&format!("--{key}"), value)?);
        }
    }
    let rest = given.iter().skip(1).filter(|word| *word != "verify");
    words.extend(rest.cloned());
    Ok(words)
}

/// Options of which one excludes the others: the one on the command line sets those of the file
/// aside.
const EXCLUSIVE: [&[&str]; 5] = [
    &["host", "hosts"],
    &["json", "nagios", "prometheus"],
    &["cert", "keystore"],
    &["key", "keystore"],
    &["cafile", "truststore"],
];

fn is_given(given: &[String], key: &str) -> bool {
    given.iter().any(|word| {
        let rest = word
            .strip_prefix("--")
            .and_then(|word| word.strip_prefix(key));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

fn option(flag: &str, value: &Value) -> Result<Vec<String>, String> {
    Ok(match value {
        Value::Boolean(true) => vec![flag.to_owned()],
        Value::Boolean(false) => Vec::new(),
        Value::Array(values) => {
            let mut words = Vec::new();
            for value in values {
                words.extend(option(flag, value)?);
            }
            words
        }
        Value::String(text) => vec![format!("{flag}={text}")],
        Value::Integer(number) => vec![format!("{flag}={number}")],
        Value::Float(number) => vec![format!("{flag}={number}")],
        _ => {
            return Err(format!(
                "`{}` is neither a text, a number, a truth value nor a list",
                flag.trim_start_matches('-')
            ));
        }
    })
}

fn wrong(path: &Path, reason: String) -> Failure {
    let mut failure = Failure::usage(format!("cannot take options from `{}`", path.display()));
    failure.because.push(reason);
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_sets_aside_those_that_it_excludes() {
        let table: Table = "hosts = 'list'\njson = true\nkey = 'k'\nqos = 1"
            .parse()
            .unwrap();
        let given = [
            "certgen",
            "verify",
            "--host=a",
            "--nagios",
            "--keystore",
            "s",
        ];
        let words = words(&table, &given.map(str::to_owned)).unwrap();
        let from_file: Vec<&String> = words.iter().take(3).collect();
        assert_eq!(from_file, ["certgen", "verify", "--qos=1"]);
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let table: Table =
            "host = 'a'\nport = 1\ninsecure = true\nno-echo = false\ncrl = ['x', 'y']"
                .parse()
                .unwrap();
        let given: Vec<String> = ["certgen", "verify", "--config", "f", "--port=2"]
            .map(str::to_owned)
            .into();
        let words = words(&table, &given).unwrap();
        let expected = [
            "certgen",
            "verify",
            "--crl=x",
            "--crl=y",
            "--host=a",
            "--insecure",
            "--config",
            "f",
            "--port=2",
        ];
        assert_eq!(words, expected);
    }
}
