//! Advice that is given in words is held against the real command line: every option and every
//! `certgen …` command that a text of this project names has to exist.

mod findings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use certgen::diagnose::explain::{Part, commands, explain};
use certgen::finding::Code;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::Cli;

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// The texts that the program can say: literals in the sources, tests left aside.
fn texts() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    sources(&root, &mut files);
    files.retain(|path| {
        !path.ends_with("advice.rs")
            && !path.ends_with("advice/findings.rs")
            && !path.ends_with("tests.rs")
    });
    let text = |path: PathBuf| {
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("\n#[cfg(test)]\n").next().unwrap();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        (path, text)
    };
    files.into_iter().map(text).collect()
}

/// Words that begin with two hyphens.
fn options(text: &str) -> BTreeSet<String> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.match_indices("--")
        .filter(|(at, _)| !text[..*at].ends_with(|c: char| is_word(c) || c == '<' || c == '\''))
        .map(|(at, _)| text[at..].chars().take_while(|c| is_word(*c)).collect())
        .filter(|word: &String| {
            word.len() > 3 && word[2..].starts_with(|c: char| c.is_ascii_lowercase())
        })
        .collect()
}

fn known(command: &clap::Command, into: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        into.extend(argument.get_long().map(|long| format!("--{long}")));
    }
    command.get_subcommands().for_each(|sub| known(sub, into));
}

#[test]
fn every_option_that_a_text_names_exists() {
    let mut real = BTreeSet::from(["--help".to_owned(), "--version".to_owned()]);
    known(&Cli::command(), &mut real);
    let mut wrong = Vec::new();
    let mut seen = 0;
    let mut check = |place: String, text: &str| {
        for option in options(text) {
            seen += 1;
            if !real.contains(&option) {
                wrong.push(format!("{place}: {option}"));
            }
        }
    };
    for (path, text) in texts() {
        check(path.display().to_string(), &text);
    }
    for code in Code::ALL {
        for (part, text) in explain(*code) {
            if part == Part::Certgen {
                check(code.to_string(), text);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(seen > 100, "only {seen} options were found");
}

/// A command of ours as far as it is written: a bare name stands for the whole of its options.
fn exists(command: &str) -> bool {
    let words: Vec<&str> = command.split_whitespace().collect();
    let mut at = Cli::command();
    for word in words
        .iter()
        .skip(1)
        .take_while(|word| !word.starts_with('-'))
    {
        match at.find_subcommand(word) {
            Some(sub) => at = sub.clone(),
            None => break,
        }
    }
    let depth = words.len();
    let is_bare = depth > 1 && at.get_name() == words[depth - 1];
    is_bare || Cli::try_parse_from(&words).is_ok()
}

#[test]
fn every_command_that_a_text_names_exists() {
    let mut seen = 0;
    for (path, text) in texts() {
        for command in commands(&text)
            .into_iter()
            .filter(|command| !command.contains('{'))
        {
            seen += 1;
            assert!(exists(command), "{}: {command}", path.display());
        }
    }
    assert!(seen > 3, "only {seen} commands were found");
    assert!(exists("certgen verify --host broker.lan"));
    assert!(!exists("certgen verify --hosst broker.lan"));
    assert!(!exists("certgen no-such-command"));
}
