//! The commands of findings as they come out of real conversations and of the fixtures' chains.

#[path = "../../../../tests/lab/mod.rs"]
mod lab;

use std::time::Duration;

use certgen::broker::Fault;
use certgen::diagnose::transcript::MqttVersion;
use certgen::finding::{Action, Finding};
use certgen::fixtures::{self, Clock};
use certgen::pki::audit::{Question, Role, audit};
use certgen::pki::host;
use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::suggest::words;

/// What keeps the command of a finding from being one.
fn wrong(place: &str, finding: &Finding) -> Option<String> {
    let given = ["verify", "--host", "broker.lan"].map(str::to_owned);
    let action = finding.remedy.as_ref()?.action.as_ref()?;
    if matches!(action, Action::Shell { .. }) {
        return None; // another program's
    }
    if let Action::IssueBroker { names, .. } = action
        && let Some(name) = names.iter().find(|name| host(name).is_err())
    {
        return Some(format!("{place}: {}: `{name}`", finding.code));
    }
    let words = words(action, &given);
    let error = Cli::try_parse_from(&words).err()?;
    (error.kind() != ErrorKind::DisplayHelp)
        .then(|| format!("{place}: {}: {words:?}: {error}", finding.code))
}

#[test]
fn the_commands_of_every_fault_of_the_broker_are_commands() {
    let pki = lab::Pki::new();
    let prober = pki.prober();
    let (mut seen, mut all) = (0, Vec::new());
    for (index, fault) in Fault::ALL.iter().enumerate() {
        let transcript = lab::with_broker(&pki.options(Some(*fault)), async |port| {
            let mut request = lab::request(port);
            if index % 2 == 0 {
                request.mqtt.version = MqttVersion::V5;
            }
            // A busy machine may not keep it: whatever is found then has commands too.
            request.stage_limit = Duration::from_millis(300);
            prober.converse(&request).await
        });
        for finding in lab::findings(&transcript) {
            seen += 1;
            all.extend(wrong(&fault.to_string(), &finding));
        }
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
    assert!(seen >= 20, "only {seen} findings were seen");
}

#[test]
fn the_commands_about_every_fixture_are_commands() {
    let set = fixtures::Request::default().make().unwrap();
    let (mut seen, mut all) = (0, Vec::new());
    for fixture in set.fixtures() {
        let host = fixture.hosts().first().copied().unwrap_or("localhost");
        for role in [Role::Server { host }, Role::Client] {
            let mut question =
                Question::new(fixture.chain(), fixture.roots(), role, Clock::DEFAULT);
            question.crls = fixture.crls().iter().map(Vec::as_slice).collect();
            question.staple = fixture.ocsp();
            for finding in audit(&question).findings {
                seen += 1;
                all.extend(wrong(fixture.id(), &finding));
            }
        }
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
    assert!(seen > 100, "only {seen} findings were seen");
}
