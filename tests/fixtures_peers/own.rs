//! What certgen itself says of a fixture: codes and weights.

use std::path::Path;

use certgen::finding::{Code, Diagnostic as _, Finding, Severity};
use certgen::fixtures::{Clock, Expected, Fixture, Kind, Role, Subject};
use certgen::inspect::{Look, Report, examine};
use certgen::keystore::{Limits, Passwords};
use certgen::pki::audit::{self, Lone, Question, audit};
use certgen::secret::Password;
use serde_json::Value;

use crate::support::{self, run};

/// What was found.
pub(crate) struct Said {
    /// The names of the codes.
    pub(crate) codes: Vec<String>,
    /// Whether one of them is a failure.
    pub(crate) refused: bool,
}

/// What `verify` says of a chain; of other files what `inspect` says, or else `verify`, which is
/// given the files of the fixture below `folder`.
pub(crate) fn says(fixture: &Fixture, folder: &Path) -> Said {
    let scenario = fixture.scenario();
    if scenario.subject() == Subject::Chain {
        return chain(fixture);
    }
    let said = looked_at(fixture);
    let named = scenario.code.is_none_or(|code| said.names(code));
    if named && said.refused == (scenario.expected == Expected::Reject) {
        return said;
    }
    said.and(verified(fixture, folder))
}

impl Said {
    pub(crate) fn names(&self, code: Code) -> bool {
        self.codes.iter().any(|one| one == code.as_str())
    }

    fn of(findings: &[Finding]) -> Self {
        Self {
            codes: findings
                .iter()
                .map(|one| one.code.as_str().to_owned())
                .collect(),
            refused: findings.iter().any(|one| one.severity == Severity::Failure),
        }
    }

    fn and(mut self, other: Self) -> Self {
        self.codes.extend(other.codes);
        self.refused |= other.refused;
        self
    }
}

fn chain(fixture: &Fixture) -> Said {
    let role = match (fixture.role(), fixture.hosts().first()) {
        (Role::Server, Some(host)) => audit::Role::Server { host },
        _ => audit::Role::Client,
    };
    let mut question = Question::new(fixture.chain(), fixture.roots(), role, Clock::DEFAULT);
    question.crls = fixture.crls().iter().map(Vec::as_slice).collect();
    question.staple = fixture.ocsp();
    Said::of(&audit(&question).findings)
}

fn looked_at(fixture: &Fixture) -> Said {
    let wanted: &[Kind] = match fixture.scenario().subject() {
        Subject::Store => &[Kind::Store],
        Subject::Pem => &[Kind::Leaf],
        _ => &[Kind::Leaf, Kind::Key],
    };
    let files = fixture.files().iter();
    let mut items = Vec::new();
    let mut said = Said::of(&[]);
    for file in files.filter(|file| wanted.contains(&file.kind)) {
        let open = |text: Option<&str>| text.map(|text| Password::new(text.to_owned()));
        // The password of a PEM key is the key's; that of a store opens its keys as well.
        let (of_store, of_key) = match file.kind {
            Kind::Store => (file.password, file.key_password),
            _ => (None, file.password),
        };
        let (store, keys) = (open(of_store), Vec::from_iter(open(of_key)));
        let look = Look {
            judge: Lone::at(Clock::DEFAULT),
            passwords: Passwords {
                store: store.as_ref(),
                keys: &keys,
            },
            limits: Limits::default(),
            target: None,
        };
        match examine(&file.path, &file.bytes, &look) {
            Ok(item) => items.push(item),
            Err(error) => {
                said.codes.push(error.code().as_str().to_owned());
                said.refused = true;
            }
        }
    }
    said.and(Said::of(&Report::of(items, Vec::new()).all_findings()))
}

/// `verify` with the files, at a port where nothing listens: it judges them before it connects.
fn verified(fixture: &Fixture, folder: &Path) -> Said {
    let path = |kind| fixture.file(kind).map(|file| folder.join(&file.path));
    let mut command = support::certgen();
    command.args(["verify", "--json", "--host", "127.0.0.1", "--port", "1"]);
    for (option, kind) in [
        ("--keystore", Kind::Store),
        ("--cafile", Kind::Ca),
        ("--cert", Kind::Leaf),
        ("--key", Kind::Key),
    ] {
        let store = fixture.file(Kind::Store).is_some();
        let of_store = matches!(kind, Kind::Store);
        if let Some(path) = path(kind).filter(|_| of_store || !store || kind == Kind::Ca) {
            command.arg(option).arg(path);
        }
    }
    let password = |kind| fixture.file(kind).and_then(|file| file.password);
    for (option, kind) in [
        ("--store-password", Kind::Store),
        ("--key-password", Kind::Key),
    ] {
        if let Some(password) = password(kind) {
            command.arg(option).arg(format!("pass:{password}"));
        }
    }
    let output = run(&mut command);
    let document: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let refused = |one: &Value| one["severity"] == "failure" && one["code"] != UNREACHED;
    let code = |one: &Value| one["code"].as_str().map(ToOwned::to_owned);
    Said {
        refused: !document["error"].is_null() || findings.iter().any(refused),
        codes: findings
            .iter()
            .chain([&document["error"]])
            .filter_map(code)
            .filter(|code| code != UNREACHED)
            .collect(),
    }
}

const UNREACHED: &str = "connection-refused";
