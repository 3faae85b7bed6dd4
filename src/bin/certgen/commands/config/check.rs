//! `certgen config check`: a mosquitto.conf held against what mosquitto knows and can read.

mod gather;

use std::path::PathBuf;

use certgen::deploy::check::{check, wanted_paths, wanted_user};
use certgen::finding::Verdict;
use certgen::pki::audit::Lone;
use certgen::render::{document, findings_text, outcome};
use serde_json::json;

use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};
use crate::suggest;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Configuration files of one broker, the main one first (`-` for standard input)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let sources = gather::sources(&arguments.files)?;
    let facts = gather::facts(&wanted_paths(&sources), &wanted_user(&sources));
    let findings = check(&sources, &facts, Lone::at(context.now));
    let verdict = Verdict::of(&findings);
    let files: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    if context.json {
        let mut report = document("config-check/1", &findings, &suggest::line);
        report.insert("files".into(), json!(files));
        present::json(report)?;
    } else {
        let found = findings_text(&findings, &suggest::line);
        let gap = if found.is_empty() { "" } else { "\n" };
        let line = outcome(
            &findings,
            "mosquitto starts with this configuration, as far as can be told",
        );
        present::text(&format!("{found}{gap}{line}"))?;
    }
    Ok(Status::of(verdict, context))
}
