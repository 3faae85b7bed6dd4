//! `certgen demo`: everything at once, on this machine.

mod pki;

use core::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certgen::broker::{Broker, Options};
use certgen::diagnose::transcript::{MqttRequest, MqttVersion, Request, TlsRequest};
use certgen::diagnose::{Criteria, diagnose};
use certgen::finding::{Finding, Verdict};
use certgen::probe::{Prober, Secrets, runtime};
use certgen::render::escape::terminal;
use certgen::render::style::{TITLE, paint};
use certgen::render::{conversation_json, conversation_text};
use certgen::secret::PrivateKey;
use serde_json::Value;

use super::verify::{Credentials, intake};
use crate::context::Context;
use crate::failure::Failure;
use crate::password::Source;
use crate::present::{self, Status};
use crate::suggest;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Keep what is made in this folder, which must not hold a PKI yet
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let temporary = match &arguments.keep {
        Some(_) => None,
        None => Some(
            tempfile::tempdir()
                .map_err(|error| Failure::cannot_write("a temporary folder", &error))?,
        ),
    };
    let folder = match (&arguments.keep, &temporary) {
        (Some(keep), _) => keep.as_path(),
        (None, Some(temporary)) => temporary.path(),
        (None, None) => Path::new("."),
    };
    let made = pki::make(folder, context)?;
    let story = if context.json {
        String::new()
    } else {
        story(&made, arguments)
    };
    present::text(&story)?;
    let runtime = runtime(true)?;
    let outcome = runtime.block_on(act(&made, context));
    runtime.shutdown_background();
    let outcome = outcome?;
    report(&outcome, &made, arguments, context)?;
    Ok(match Verdict::of(&outcome.good.1) {
        Verdict::Failure => Status::CheckFailed,
        _ if outcome.stranger.0.failed().is_none() => Status::CheckFailed,
        _ => Status::Good,
    })
}

type Conversation = (
    certgen::diagnose::transcript::Transcript,
    Vec<Finding>,
    Vec<certgen::pki::audit::Link>,
);

struct Outcome {
    /// With the client's BKS.
    good: Conversation,
    /// Without a client certificate.
    stranger: Conversation,
}

/// Starts the broker, and talks to it with and without the client's certificate.
async fn act(made: &pki::Made, context: &Context) -> Result<Outcome, Failure> {
    let options = Options {
        chain: made.broker_chain.clone(),
        key: made.broker_key.clone_secret(),
        ocsp: None,
        client_authorities: vec![made.authority.clone()],
        require_client_certificate: true,
        fault: None,
        now: context.now,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let broker = Broker::listen(address, &options, Arc::new(|_| {}))?;
    let address = broker
        .address()
        .map_err(|error| Failure::cannot_write("the address", &error))?;
    let serving = tokio::spawn(broker.serve());
    let bks = Credentials {
        keystore: Some(made.bks.clone()),
        store_password: Some(Source::File(made.password_file.clone())),
        ..Credentials::default()
    };
    let stranger = Credentials {
        cafile: Some(made.ca_file.clone()),
        ..Credentials::default()
    };
    let good = talk(&bks, address.port(), context).await?;
    let stranger = talk(&stranger, address.port(), context).await?;
    serving.abort();
    Ok(Outcome { good, stranger })
}

async fn talk(
    credentials: &Credentials,
    port: u16,
    context: &Context,
) -> Result<Conversation, Failure> {
    let intake = intake::read(credentials, context)?;
    let key = intake.key.as_ref().map(PrivateKey::clone_secret);
    let prober = Prober::new(
        intake.material,
        Secrets {
            key,
            ..Secrets::default()
        },
    )?;
    let transcript = prober.converse(&request(port)).await;
    let diagnosis = diagnose(&transcript, Criteria::at(context.now));
    Ok((transcript, diagnosis.findings, diagnosis.chain))
}

fn request(port: u16) -> Request {
    Request {
        typed_host: "localhost".into(),
        host: "localhost".into(),
        port,
        tls: Some(TlsRequest::default()),
        mqtt: MqttRequest {
            version: MqttVersion::V311,
            payload_size: 16,
            qos: 1,
            echo: true,
            keep_alive: std::time::Duration::from_secs(30),
            ..MqttRequest::default()
        },
        stage_limit: std::time::Duration::from_secs(5),
        ..Request::default()
    }
}

fn story(made: &pki::Made, arguments: &Arguments) -> String {
    let mut out = format!(
        "{}\n",
        paint(TITLE, "a private CA, a broker and a phone, made just now")
    );
    for (path, what) in &made.files {
        out.push_str(&format!(
            "  {:<24}  {what}\n",
            terminal(&path.display().to_string())
        ));
    }
    if arguments.keep.is_none() {
        out.push_str("  (in a temporary folder; --keep DIR keeps them)\n");
    }
    out.push_str(&format!(
        "\n{}\n",
        paint(
            TITLE,
            "a broker with that certificate, and the phone with its BKS"
        )
    ));
    out
}

fn report(
    outcome: &Outcome,
    made: &pki::Made,
    arguments: &Arguments,
    context: &Context,
) -> Result<(), Failure> {
    let (transcript, findings, chain) = &outcome.good;
    if context.json {
        let mut document = conversation_json(transcript, findings, chain, &suggest::line);
        document.insert("schema".into(), "demo/1".into());
        let folder = arguments
            .keep
            .as_ref()
            .map(|keep| keep.display().to_string());
        document.insert("folder".into(), folder.into());
        let (stranger, found, chain) = &outcome.stranger;
        let refused = conversation_json(stranger, found, chain, &suggest::line);
        document.insert("without_client_certificate".into(), Value::Object(refused));
        return present::json(document);
    }
    let mut out = conversation_text(transcript, findings, &suggest::line, present::columns());
    out.push_str(&format!(
        "\n{}\n",
        paint(
            TITLE,
            "the same without the phone's certificate: the broker refuses it"
        )
    ));
    let (stranger, found, _) = &outcome.stranger;
    out.push_str(&conversation_text(
        stranger,
        found,
        &suggest::line,
        present::columns(),
    ));
    out.push_str(&next(made, arguments));
    present::text(&out)
}

fn next(made: &pki::Made, arguments: &Arguments) -> String {
    let title = paint(TITLE, "next");
    match &arguments.keep {
        Some(keep) => format!(
            "\n{title}\n  certgen serve --dir {0} --require-client-certificate\n  certgen verify --dir {0} --host localhost --keystore {1} --store-password file:{2}\n",
            terminal(&keep.display().to_string()),
            terminal(&made.bks.display().to_string()),
            terminal(&made.password_file.display().to_string()),
        ),
        None => format!(
            "\n{title}\n  certgen init broker.lan 192.168.1.10 --client phone --for rhasspy   the real thing, for your broker's names\n"
        ),
    }
}
