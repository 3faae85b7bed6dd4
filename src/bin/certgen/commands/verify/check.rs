//! What all conversations of one run share, and one conversation after the other.

use std::path::Path;
use std::time::Duration;

use certgen::bundle;
use certgen::diagnose::transcript::{Client, Request, Transcript};
use certgen::diagnose::{Criteria, as_client, diagnose};
use certgen::finding::{Code, Finding, Verdict};
use certgen::inspect::refused;
use certgen::pki::audit::{Link, Memory};
use certgen::probe::{Prober, Secrets};
use certgen::render::address;
use certgen::time::Timestamp;

use super::arguments::Arguments;
use super::{intake, key_log};
use crate::context::Context;
use crate::failure::Failure;
use crate::password::{self, Purpose};
use crate::present;

/// One conversation, and what follows from it.
pub(super) struct Report {
    pub(super) transcript: Transcript,
    pub(super) findings: Vec<Finding>,
    pub(super) chain: Vec<Link>,
}

impl Report {
    pub(super) fn verdict(&self) -> Verdict {
        Verdict::of(&self.findings)
    }
}

/// What all conversations of one run share.
pub(super) struct Check {
    prober: Prober,
    now: Timestamp,
    quiet: bool,
    retries: u32,
    pause: Duration,
    /// What the files brought with them.
    findings: Vec<Finding>,
    memory: Memory,
}

impl Check {
    /// Reads files and passwords.
    pub(super) fn prepare(arguments: &Arguments, context: &Context) -> Result<Self, Failure> {
        let mut intake = intake::read(&arguments.credentials, context)?;
        if let (Some(client), Some(store)) = (arguments.network.emulate, &intake.keystore) {
            let path = arguments.credentials.keystore.as_deref();
            let shown = path.map_or_else(String::new, |path| path.display().to_string());
            let refused = refused(store, target(client), &shown);
            let codes: Vec<Code> = refused.iter().map(|finding| finding.code).collect();
            // The client's own words go before those about clients in general.
            intake
                .findings
                .retain(|finding| !codes.contains(&finding.code));
            intake.findings.extend(refused);
        }
        let password = match &arguments.session.password {
            None => None,
            Some(source) => {
                let purpose = Purpose {
                    what: "the MQTT user",
                    option: "--password",
                };
                Some(password::existing(Some(source), purpose)?)
            }
        };
        if arguments.network.insecure && arguments.session.username.is_some() {
            present::warn(
                "with --insecure the user name and the password go to the broker even where nobody has verified it",
            );
        }
        let output = &arguments.output;
        let for_programs = context.json || output.prometheus || output.nagios;
        let for_people = !for_programs && output.html.as_deref() != Some(Path::new("-"));
        let key_log = arguments.network.keylog.as_deref();
        let key_log = key_log
            .map(|path| key_log::open(path, for_people))
            .transpose()?;
        let secrets = Secrets {
            key: intake.key,
            others: intake.others,
            password,
            key_log,
        };
        let prober = Prober::new(intake.material, secrets)?;
        Ok(Self {
            prober,
            now: context.now,
            quiet: context.quiet,
            retries: arguments.network.retry,
            pause: arguments.network.retry_interval,
            findings: intake.findings,
            memory: Memory::default(),
        })
    }

    /// Until the check succeeds, or the retries are used up.
    pub(super) async fn run(&self, request: &Request) -> Report {
        let mut tries = 0;
        loop {
            let report = self.once(request).await;
            if report.verdict() != Verdict::Failure || tries >= self.retries {
                return report;
            }
            tries += 1;
            self.say_again(&report, tries);
            tokio::time::sleep(self.pause).await;
        }
    }

    async fn once(&self, request: &Request) -> Report {
        let transcript = self.prober.converse(request).await;
        let criteria = Criteria::at(self.now).with_memory(&self.memory);
        let diagnosis = diagnose(&transcript, criteria);
        let mut findings = diagnosis.findings;
        findings.extend(self.findings.iter().cloned());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        if let Some(client) = request.emulate {
            findings = as_client(findings, client);
        }
        Report {
            transcript,
            findings,
            chain: diagnosis.chain,
        }
    }

    fn say_again(&self, report: &Report, tries: u32) {
        if self.quiet {
            return;
        }
        let code = report
            .findings
            .first()
            .map_or("", |finding| finding.code.as_str());
        let (all, seconds) = (self.retries + 1, self.pause.as_secs());
        let target = address(&report.transcript.request);
        present::note(&format!(
            "{target}: try {tries} of {all} failed ({code}); again in {seconds} s"
        ));
    }
}

/// What stores must be for a client.
fn target(client: Client) -> bundle::Target {
    match client {
        Client::Rhasspy => bundle::Target::Rhasspy,
        Client::Android => bundle::Target::Android,
        Client::Python => bundle::Target::Python,
        Client::Esp32 => bundle::Target::Esp32,
        _ => bundle::Target::Java17,
    }
}
