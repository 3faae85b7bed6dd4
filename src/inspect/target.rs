//! What a target refuses about a file, with the command that makes one that it reads.

use crate::bundle::{Target, refusals};
use crate::finding::{Action, Code, Finding};
use crate::keystore::{Format, Keystore};

/// What a target refuses about the store or PEM file at `path`, with the command that makes one
/// that it reads.
#[must_use]
pub fn refused(store: &Keystore, target: Target, path: &str) -> Vec<Finding> {
    let mut findings = refusals(store, target);
    for finding in &mut findings {
        if finding.code == Code::TargetRefuses
            && let Some(remedy) = &mut finding.remedy
        {
            remedy.action = made_for(target, path);
        }
    }
    findings
        .into_iter()
        .map(|finding| placed(finding, path))
        .collect()
}

fn made_for(target: Target, path: &str) -> Option<Action> {
    let format = target.packaging().first()?.format;
    Some(Action::Convert {
        from: path.to_owned(),
        to: beside(path, format)?,
        key_password: false,
        target: Some(target.as_str().to_owned()),
    })
}

/// A finding about an entry names the file as well.
fn placed(finding: Finding, path: &str) -> Finding {
    let subject = match &finding.subject {
        Some(alias) => format!("{path} ({alias})"),
        None => path.to_owned(),
    };
    finding.about(subject)
}

/// The name of another store in the same folder; `None` beside standard input.
pub(super) fn beside(path: &str, format: Format) -> Option<String> {
    if path == "-" {
        return None;
    }
    let name_at = path.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let dot = path.rfind('.').filter(|at| *at > name_at);
    let stem = dot.and_then(|at| path.get(..at)).unwrap_or(path);
    Some(format!("{stem}-new.{}", format.extension()))
}
