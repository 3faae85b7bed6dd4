//! The files below a folder, within bounds.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use certgen::finding::{Code, Finding, Remedy};
use indicatif::{ProgressBar, ProgressStyle};

use crate::context::Context;
use crate::failure::{Failure, io_reason};

/// How deep folders are followed.
const DEPTH: usize = 32;
/// How many files are looked at.
const FILES: usize = 20_000;

/// What lies below a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Regular files, sorted within each folder.
    pub(super) files: Vec<PathBuf>,
    /// Folders that could not be read, and bounds that were met.
    pub(super) findings: Vec<Finding>,
}

/// Every file below `folder`; links to folders are not followed.
///
/// # Errors
///
/// Where `folder` itself cannot be read.
pub(super) fn files(folder: &Path, context: &Context) -> Result<Found, Failure> {
    std::fs::read_dir(folder).map_err(|error| Failure::cannot_read(folder, &error))?;
    let mut found = Found::default();
    let progress = progress(context);
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        progress.set_message(format!("{} files", found.files.len()));
        progress.tick();
        let mut folders = Vec::new();
        list(&folder, &mut found, &mut folders);
        if found.files.len() >= FILES || depth >= DEPTH {
            found.findings.push(bounded(&folder));
            break;
        }
        waiting.extend(folders.into_iter().rev().map(|folder| (folder, depth + 1)));
    }
    progress.finish_and_clear();
    Ok(found)
}

fn list(folder: &Path, found: &mut Found, folders: &mut Vec<PathBuf>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let cause = format!("the folder cannot be read: {}", io_reason(&error));
            let finding = Finding::warning(Code::CannotRead, cause)
                .with_remedy(Remedy::text("see who may read it"));
            found
                .findings
                .push(finding.about(folder.display().to_string()));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
        match path.metadata() {
            Ok(meta) if meta.is_dir() && !is_link => folders.push(path),
            Ok(meta) if meta.is_file() => found.files.push(path),
            _ => {}
        }
    }
}

fn bounded(folder: &Path) -> Finding {
    let cause = format!(
        "no more than {FILES} files and {DEPTH} levels of folders are looked at; the rest was left out"
    );
    let remedy = Remedy::text("look at the folders below one by one");
    Finding::warning(Code::LimitExceeded, cause)
        .about(folder.display().to_string())
        .with_remedy(remedy)
}

fn progress(context: &Context) -> ProgressBar {
    if context.quiet || context.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} looking for files: {msg}") {
        bar.set_style(style);
    }
    bar
}
