//! `certgen explain`: the long form of a code.

use certgen::finding::{Code, Remedy};
use certgen::render::{explanation_json, explanation_text};

use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The code, as findings and errors show it; without one, all codes are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let Some(name) = &arguments.code else {
        return list(context);
    };
    let code = name.trim().to_ascii_lowercase().parse().map_err(
        |error: certgen::finding::UnknownCode| {
            let cause = error.to_string();
            Failure::new(Code::Usage, cause).with_remedy(Remedy::text(nearest(name)))
        },
    )?;
    if context.json {
        present::json(explanation_json(code))?;
    } else {
        present::text(&explanation_text(code))?;
    }
    Ok(Status::Good)
}

/// All codes with their meaning in one line.
fn list(context: &Context) -> Result<Status, Failure> {
    if context.json {
        let codes = Code::ALL
            .iter()
            .map(|code| serde_json::json!({"code": code.as_str(), "meaning": code.meaning()}));
        let mut document = serde_json::Map::new();
        document.insert("schema".into(), "explain/1".into());
        document.insert("codes".into(), codes.collect());
        present::json(document)?;
    } else {
        let lines = Code::ALL
            .iter()
            .map(|code| format!("{:<34} {}\n", code.as_str(), code.meaning()));
        present::text(&lines.collect::<String>())?;
    }
    Ok(Status::Good)
}

/// Codes that share a word with what was given.
fn nearest(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| w.len() > 2)
        .collect();
    let near: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| words.iter().any(|word| code.contains(word)))
        .take(5)
        .collect();
    if near.is_empty() {
        return "`certgen explain` lists all codes".to_owned();
    }
    format!(
        "near it are: {}; `certgen explain` lists all codes",
        near.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use certgen::diagnose::explain::{commands, explain};
    use clap::Parser as _;
    use clap::error::ErrorKind;

    use super::*;
    use crate::cli::Cli;

    fn parses(command: &str) -> Result<(), String> {
        match Cli::try_parse_from(command.split_whitespace()) {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(format!("{command}: {error}")),
        }
    }

    #[test]
    fn every_command_in_an_explanation_parses() {
        for code in Code::ALL {
            for (_, text) in explain(*code) {
                for command in commands(text) {
                    let result = parses(command);
                    assert!(result.is_ok(), "{code}: {}", result.unwrap_err());
                }
            }
        }
    }
}
