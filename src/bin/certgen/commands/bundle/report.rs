//! What was made, as text and as JSON.

use std::path::PathBuf;

use certgen::bundle::Encoded;
use certgen::finding::{Finding, Verdict};
use certgen::keystore::{Format, Keystore};
use certgen::render::style::{DIM, HELP, TITLE, paint};
use certgen::render::suggestion::shell_line;
use certgen::render::{document, entries_json, entries_text, escape, findings_text};
use serde_json::{Map, Value};

use super::Arguments;
use super::destination::Destination;
use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};
use crate::suggest;

/// A store and where it goes.
pub(super) struct Made {
    pub(super) path: Option<PathBuf>,
    pub(super) encoded: Encoded,
}

impl Made {
    pub(super) fn new(destination: &Destination, mut encoded: Encoded) -> Self {
        encoded.findings.extend(destination.name_lies());
        Self {
            path: destination.path.clone(),
            encoded,
        }
    }

    fn format(&self) -> Format {
        self.encoded.output.format
    }

    /// `PKCS#12, profile modern`.
    fn kind(&self) -> String {
        let output = &self.encoded.output;
        match output.format {
            Format::Pkcs12 => format!("{}, profile {}", output.format, output.profile),
            Format::Bks => format!("{}, version {}", output.format, output.bks_version),
            format => format.to_string(),
        }
    }

    fn json(&self) -> Value {
        let output = &self.encoded.output;
        let mut object = Map::new();
        let path = self.path.as_ref().map(|path| path.display().to_string());
        object.insert("path".into(), path.into());
        object.insert("format".into(), self.format().extension().into());
        match self.format() {
            Format::Pkcs12 => {
                object.insert("profile".into(), output.profile.as_str().into());
            }
            Format::Bks => {
                object.insert("version".into(), output.bks_version.into());
            }
            _ => {}
        }
        object.insert("entries".into(), entries_json(&self.encoded.store));
        Value::Object(object)
    }
}

/// All stores of a run.
pub(super) struct Report {
    pub(super) made: Vec<Made>,
    pub(super) findings: Vec<Finding>,
    dry_run: bool,
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            made: Vec::new(),
            findings: Vec::new(),
            dry_run,
        }
    }

    /// Adds a store and what is said about it, once.
    pub(super) fn add(&mut self, made: Made) {
        for finding in &made.encoded.findings {
            if !self.findings.contains(finding) {
                self.findings.push(finding.clone());
            }
        }
        self.made.push(made);
    }

    pub(super) fn print(
        &self,
        context: &Context,
        arguments: &Arguments,
    ) -> Result<Status, Failure> {
        let verdict = Verdict::of(&self.findings);
        if context.json {
            present::json(self.json())?;
        } else if arguments.to_stdout() {
            present::say(context, &findings_text(&self.findings, &suggest::line));
        } else {
            present::text(&self.text())?;
        }
        Ok(Status::of(verdict, context))
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for made in &self.made {
            let path = made.path.as_ref().map(|path| path.display().to_string());
            let path = path.unwrap_or_default();
            let verb = if self.dry_run { "would write " } else { "" };
            let head = paint(TITLE, &escape::terminal(&path));
            let kind = paint(DIM, &made.kind());
            out.push_str(&format!("{verb}{head}  {kind}\n"));
            out.push_str(&entries_text(&made.encoded.store));
        }
        if !self.findings.is_empty() {
            out.push('\n');
            out.push_str(&findings_text(&self.findings, &suggest::line));
        }
        if let Some(next) = self.next() {
            out.push_str(&format!(
                "\nnext: check that a broker and this store work together\n  {}\n",
                paint(HELP, &next)
            ));
        }
        out
    }

    /// The check that a store with a key asks for.
    fn next(&self) -> Option<String> {
        let with_key = |made: &&Made| has_key(&made.encoded.store) && made.format() != Format::Pem;
        let path = self.made.iter().rfind(with_key)?.path.as_ref()?;
        if self.dry_run {
            return None;
        }
        let path = path.display().to_string();
        let words = ["certgen", "verify", "--host", "<HOST>", "--keystore", &path];
        Some(shell_line(&words.map(str::to_owned)))
    }

    fn json(&self) -> Map<String, Value> {
        let mut document = document("bundle/1", &self.findings, &suggest::line);
        document.insert("dry_run".into(), self.dry_run.into());
        let files = self.made.iter().map(Made::json).collect();
        document.insert("files".into(), files);
        document
    }
}

fn has_key(store: &Keystore) -> bool {
    store
        .entries
        .iter()
        .any(|entry| matches!(entry.content, certgen::keystore::Content::PrivateKey { .. }))
}
