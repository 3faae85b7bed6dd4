//! `certgen serve`: a practice broker with the certificates of the PKI folder, or one that
//! misbehaves, or fixtures behind ports.

mod scenarios;

use core::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certgen::broker::{Broker, Event, Fault, Observer, Options};
use certgen::finding::{Action, Code, Remedy};
use certgen::probe::runtime;
use certgen::render::escape::terminal;

use super::verify::{Credentials, intake};
use crate::context::Context;
use crate::failure::Failure;
use crate::password::Source;
use crate::present::{self, Status};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The port
    #[arg(long, default_value_t = 8883)]
    port: u16,
    /// The address to listen on [default: all]
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<IpAddr>,
    /// The name of the broker whose certificate is used (DIR/broker/NAME.crt)
    #[arg(long, value_name = "NAME", default_value = "broker")]
    name: String,
    /// The password of the broker's key
    #[arg(long, value_name = "SRC")]
    key_password: Option<Source>,
    /// Refuse clients without a certificate of the CA
    #[arg(long)]
    require_client_certificate: bool,
    /// Misbehave like this fault of the catalogue, to see how clients take it
    #[arg(long, value_name = "ID", value_parser = fault)]
    fault: Option<Fault>,
    /// Answer with a fixture instead of DIR's certificates; repeat, or give a pattern such as
    /// 'time/*', for several on consecutive ports
    #[arg(long, value_name = "ID")]
    scenario: Vec<String>,
}

fn fault(text: &str) -> Result<Fault, String> {
    text.parse().map_err(|_| {
        let known: Vec<String> = Fault::ALL
            .iter()
            .map(|fault| format!("  {fault}"))
            .collect();
        format!("the faults that a server makes are\n{}", known.join("\n"))
    })
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<Status, Failure> {
    let quiet = context.quiet;
    let observer: Observer = Arc::new(move |event| {
        if !quiet {
            present::note(&line(&event));
        }
    });
    let runtime = runtime(true)?;
    let served = runtime.block_on(async {
        let (brokers, greeting) = if arguments.scenario.is_empty() {
            of_folder(arguments, context, observer)?
        } else {
            scenarios::brokers(arguments, context, &observer)?
        };
        present::text(&greeting)?;
        for broker in brokers {
            tokio::spawn(broker.serve());
        }
        stopped().await;
        Ok(Status::Good)
    });
    runtime.shutdown_background();
    served
}

/// The broker of the PKI folder, and what to print of it.
fn of_folder(
    arguments: &Arguments,
    context: &Context,
    observer: Observer,
) -> Result<(Vec<Broker>, String), Failure> {
    let options = options(arguments, context)?;
    let broker = listen(arguments, arguments.port, &options, observer)?;
    let address = broker
        .address()
        .map_err(|error| Failure::cannot_write("the address", &error))?;
    Ok((vec![broker], greeting(address, arguments)))
}

/// On the address that was asked for; else on all of them, also where there is no IPv6.
fn listen(
    arguments: &Arguments,
    port: u16,
    options: &Options,
    observer: Observer,
) -> Result<Broker, Failure> {
    let at = |address| SocketAddr::new(address, port);
    if let Some(address) = arguments.bind {
        return Ok(Broker::listen(at(address), options, observer)?);
    }
    let everywhere = at(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    match Broker::listen(everywhere, options, observer.clone()) {
        Err(certgen::broker::Error::CannotListen { .. }) => Ok(Broker::listen(
            at(core::net::Ipv4Addr::UNSPECIFIED.into()),
            options,
            observer,
        )?),
        other => Ok(other?),
    }
}

fn options(arguments: &Arguments, context: &Context) -> Result<Options, Failure> {
    let file = |ending: &str| -> PathBuf {
        context
            .dir
            .join("broker")
            .join(format!("{}.{ending}", arguments.name))
    };
    let ca = context.dir.join("ca").join("ca.crt");
    for path in [&ca, &file("crt"), &file("key")] {
        if !path.is_file() {
            return Err(nothing_there(path));
        }
    }
    let credentials = Credentials {
        cert: Some(file("crt")),
        key: Some(file("key")),
        key_password: arguments.key_password.clone(),
        cafile: Some(ca),
        ..Credentials::default()
    };
    let intake = intake::read(&credentials, context)?;
    let (Some(identity), Some(key)) = (intake.material.identity, intake.key) else {
        return Err(nothing_there(&file("key")));
    };
    Ok(Options {
        chain: identity.chain,
        key,
        ocsp: None,
        client_authorities: intake.material.trust.anchors,
        require_client_certificate: arguments.require_client_certificate,
        fault: arguments.fault,
        now: context.now,
    })
}

fn nothing_there(path: &Path) -> Failure {
    let cause = format!(
        "`{}` does not exist: there is no broker to be",
        path.display()
    );
    let names = vec!["localhost".to_owned()];
    Failure::new(Code::FileNotFound, cause).with_remedy(Remedy::run(
        "make a CA and a broker's certificate first",
        Action::IssueBroker {
            names,
            replace: false,
        },
    ))
}

fn greeting(address: SocketAddr, arguments: &Arguments) -> String {
    let clients = if arguments.require_client_certificate {
        "client certificates are required"
    } else {
        "client certificates are welcome, not required"
    };
    let fault = arguments
        .fault
        .map(|fault| format!("misbehaving as {fault}\n"));
    format!(
        "listening on port {} ({address}); {clients}; end it with Ctrl-C\n{}",
        address.port(),
        fault.unwrap_or_default()
    )
}

fn line(event: &Event) -> String {
    let text = match event {
        Event::Connected {
            peer,
            client_id,
            user,
            version,
        } => {
            let user = user
                .as_deref()
                .map_or_else(String::new, |user| format!(", user `{user}`"));
            format!("{peer}  connected with MQTT {version} as `{client_id}`{user}")
        }
        Event::Disconnected {
            peer,
            client_id,
            reason,
        } => {
            format!("{peer}  `{client_id}` left: {reason}")
        }
        Event::Refused { peer, reason } => format!("{peer}  refused: {reason}"),
        other => format!("{other:?}"),
    };
    terminal(&text).into_owned()
}

/// Ctrl-C, or the signal that service managers send.
async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
