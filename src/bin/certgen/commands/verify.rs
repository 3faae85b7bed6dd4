//! `certgen verify`: the whole conversation with a broker, and what follows from it.

mod arguments;
pub(crate) mod intake;
mod request;
mod target;

use std::time::Duration;

pub(crate) use arguments::{Arguments, Credentials};
use certgen::diagnose::transcript::{Request, Transcript};
use certgen::diagnose::{Criteria, diagnose};
use certgen::finding::{Finding, Verdict};
use certgen::probe::{Prober, Secrets, runtime};
use certgen::render::{conversation_json, conversation_text};
use certgen::time::Timestamp;

use crate::context::Context;
use crate::failure::Failure;
use crate::password::{self, Purpose};
use crate::present::{self, Status};
use crate::suggest;

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let check = Check::prepare(arguments, context)?;
    let Some(host) = &arguments.host else {
        return Err(Failure::usage("no broker was named: give --host"));
    };
    let target = target::Target::parse(host)?;
    let request = request::request(arguments, &target)?;
    let runtime = runtime(false)?;
    let report = runtime.block_on(check.with_retries(&request, target.finding(), context));
    runtime.shutdown_background();
    print(&report, context)
}

/// One conversation, and what follows from it.
struct Report {
    transcript: Transcript,
    findings: Vec<Finding>,
}

impl Report {
    fn verdict(&self) -> Verdict {
        Verdict::of(&self.findings)
    }
}

/// What all conversations of one run share.
struct Check<'a> {
    arguments: &'a Arguments,
    prober: Prober,
    now: Timestamp,
    /// What the files brought with them.
    findings: Vec<Finding>,
}

impl<'a> Check<'a> {
    fn prepare(arguments: &'a Arguments, context: &Context) -> Result<Self, Failure> {
        let intake = intake::read(&arguments.credentials, context)?;
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
        let secrets = Secrets {
            key: intake.key,
            password,
            key_log: None,
        };
        let prober = Prober::new(intake.material, secrets)?;
        Ok(Self {
            arguments,
            prober,
            now: context.now,
            findings: intake.findings,
        })
    }

    async fn with_retries(
        &self,
        request: &Request,
        first: Option<Finding>,
        context: &Context,
    ) -> Report {
        let retries = self.arguments.network.retry;
        let mut tries = 0;
        loop {
            let report = self.once(request, first.clone()).await;
            if report.verdict() != Verdict::Failure || tries >= retries {
                return report;
            }
            tries += 1;
            let pause = self.arguments.network.retry_interval;
            say_again(&report, tries, retries, pause, context);
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&self, request: &Request, first: Option<Finding>) -> Report {
        let transcript = self.prober.converse(request).await;
        let mut findings: Vec<Finding> = Vec::new();
        findings.extend(diagnose(&transcript, Criteria::at(self.now)).findings);
        findings.extend(first);
        findings.extend(self.findings.iter().cloned());
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Report {
            transcript,
            findings,
        }
    }
}

fn say_again(report: &Report, tries: u32, retries: u32, pause: Duration, context: &Context) {
    let code = report
        .findings
        .first()
        .map_or("", |finding| finding.code.as_str());
    let seconds = pause.as_secs();
    present::say(
        context,
        &format!(
            "try {tries} of {} failed ({code}); again in {seconds} s",
            retries + 1
        ),
    );
}

fn print(report: &Report, context: &Context) -> Result<Status, Failure> {
    let Report {
        transcript,
        findings,
    } = report;
    if context.json {
        present::json(conversation_json(transcript, findings, &suggest::line))?;
    } else {
        present::text(&conversation_text(transcript, findings, &suggest::line))?;
    }
    Ok(Status::of(report.verdict(), context))
}
