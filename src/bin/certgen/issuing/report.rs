//! What was made, as text and as JSON.

use std::path::{Path, PathBuf};

use certgen::finding::{Code, Finding, Verdict};
use certgen::pki::audit::certificate_name;
use certgen::render::escape::terminal;
use certgen::render::style::{DIM, GOOD, HELP, TITLE, paint};
use certgen::render::{document, findings_text};
use certgen::time::{Timestamp, date, end_for_people, rfc3339};
use certgen::x509::Certificate;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::present::{self, Status};
use crate::suggest;

/// One certificate that was made, and its files.
pub(crate) struct Entry {
    /// What it is: `CA`, `broker`, `client`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) certificate: Certificate,
    pub(crate) files: Vec<PathBuf>,
}

/// What a command that issues has to say.
pub(crate) struct Report {
    pub(crate) schema: &'static str,
    pub(crate) entries: Vec<Entry>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) dry_run: bool,
    /// What to do next: a sentence, and commands.
    pub(crate) next: Vec<(String, Option<String>)>,
}

/// How many entries are shown in full.
const SHOWN: usize = 4;

impl Report {
    pub(crate) fn print(&self, context: &Context) -> Result<Status, Failure> {
        if context.json {
            present::json(self.json())?;
        } else {
            present::text(&self.text(context.now))?;
        }
        Ok(Status::of(Verdict::of(&self.findings), context))
    }

    fn json(&self) -> Map<String, Value> {
        let mut out = document(self.schema, &self.findings, &suggest::line);
        out.insert("dry_run".into(), self.dry_run.into());
        let files = self.entries.iter().flat_map(|entry| &entry.files);
        let files: Vec<String> = files.map(|path| path.display().to_string()).collect();
        out.insert("files".into(), json!(files));
        match self.entries.as_slice() {
            [one] if self.schema != "client/1" => out.extend(entry_json(one)),
            several => {
                let list: Vec<Value> = several.iter().map(|e| entry_json(e).into()).collect();
                out.insert("certificates".into(), list.into());
            }
        }
        let next: Vec<&str> = self
            .next
            .iter()
            .filter_map(|(_, run)| run.as_deref())
            .collect();
        out.insert("next".into(), json!(next));
        out
    }

    fn text(&self, now: Timestamp) -> String {
        let mut out = String::new();
        let shown = if self.entries.len() <= SHOWN {
            SHOWN
        } else {
            0
        };
        for entry in self.entries.iter().take(shown) {
            out.push_str(&entry_text(entry, now, self.dry_run));
            out.push('\n');
        }
        if shown == 0 {
            out.push_str(&self.summary());
        }
        if !self.findings.is_empty() {
            out.push_str(&findings_text(&self.findings, &suggest::line));
            out.push('\n');
        }
        for (sentence, command) in &self.next {
            out.push_str(&format!("next: {sentence}\n"));
            if let Some(run) = command {
                out.push_str(&format!("  {}\n", paint(HELP, &terminal(run))));
            }
        }
        out
    }

    fn summary(&self) -> String {
        let count = self.entries.len();
        let folder = self.entries.first().and_then(|entry| entry.files.first());
        let folder = folder
            .and_then(|path| path.parent())
            .unwrap_or_else(|| Path::new("."));
        let made = if self.dry_run {
            "would be made"
        } else {
            "made"
        };
        format!(
            "{count} certificates {made} in {}\n\n",
            terminal(&folder.display().to_string())
        )
    }
}

fn entry_text(entry: &Entry, now: Timestamp, dry_run: bool) -> String {
    let Entry {
        kind,
        certificate,
        files,
        ..
    } = entry;
    let name = terminal(&certificate_name(certificate)).into_owned();
    let done = if dry_run { "would be made" } else { "made" };
    let mut out = format!(
        "{} {}\n",
        paint(TITLE, &format!("{kind} {name}")),
        paint(GOOD, done)
    );
    let mut line = |label: &str, value: &str| {
        out.push_str(&format!(
            "  {} {}\n",
            paint(DIM, &format!("{label:<8}")),
            terminal(value)
        ));
    };
    if let Some(names) = &certificate.subject_alt_names {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        line("names", &names.join(", "));
    }
    let begin = date(certificate.not_before);
    line(
        "valid",
        &format!("{begin} to {}", end_for_people(now, certificate.not_after)),
    );
    line("key", &certificate.public_key.kind().to_string());
    line("serial", &certificate.serial_hex());
    line("sha-256", &certificate.sha256_hex());
    for (index, file) in files.iter().enumerate() {
        line(
            if index == 0 { "files" } else { "" },
            &file.display().to_string(),
        );
    }
    out
}

fn entry_json(entry: &Entry) -> Map<String, Value> {
    let certificate = &entry.certificate;
    let names = certificate.subject_alt_names.iter().flatten();
    let names: Vec<String> = names.map(ToString::to_string).collect();
    let files: Vec<String> = entry
        .files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let mut out = Map::new();
    out.insert("name".into(), entry.name.clone().into());
    out.insert("subject".into(), certificate.subject.to_string().into());
    out.insert("issuer".into(), certificate.issuer.to_string().into());
    out.insert("subject_alt_names".into(), json!(names));
    out.insert("serial".into(), certificate.serial_hex().into());
    out.insert("not_before".into(), rfc3339(certificate.not_before).into());
    out.insert("not_after".into(), rfc3339(certificate.not_after).into());
    out.insert(
        "key".into(),
        certificate.public_key.kind().to_string().into(),
    );
    out.insert(
        "fingerprints".into(),
        json!({"sha256": certificate.sha256_hex(), "sha1": certificate.sha1_hex()}),
    );
    out.insert("files".into(), json!(files));
    out
}

/// Said where a certificate ends with its CA instead of when it was asked to.
pub(crate) fn lifetime_note(certificate: &Certificate, wanted: Timestamp) -> Option<Finding> {
    (certificate.not_after < wanted).then(|| {
        let cause = format!(
            "`{}` ends with its CA on {}, not on {}",
            certificate_name(certificate),
            date(certificate.not_after),
            date(wanted)
        );
        Finding::warning(Code::ExpiresSoon, cause).with_remedy(certgen::finding::Remedy::text(
            "make a new CA before the end, and issue again",
        ))
    })
}
