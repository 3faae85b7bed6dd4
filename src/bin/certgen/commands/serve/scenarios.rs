//! `certgen serve --scenario`: fixtures behind ports, one after the other.

use std::net::SocketAddr;

use certgen::broker::{Broker, Observer, Options};
use certgen::finding::{Code, Remedy};
use certgen::fixtures::{self, Fixture, Request, Role, Scenario, Subject};
use certgen::secret::PrivateKey;

use super::{Arguments, listen};
use crate::context::Context;
use crate::failure::Failure;
use crate::present;

/// A broker on each of consecutive ports, and what to print of them.
pub(super) fn brokers(
    arguments: &Arguments,
    context: &Context,
    observer: &Observer,
) -> Result<(Vec<Broker>, String), Failure> {
    let request = Request::default();
    let mut port = arguments.port;
    let mut brokers = Vec::new();
    let mut greeting = String::new();
    let mut last = None;
    for scenario in chosen(&arguments.scenario)? {
        let fixture = request.fixture(scenario.id)?;
        let options = options(arguments, context, &request, &fixture)?;
        let broker = match listen(arguments, port, &options, observer.clone()) {
            Ok(broker) => broker,
            Err(failure) if matches!(failure.code, Code::CannotListen) => return Err(failure),
            Err(failure) => {
                present::warn(&format!(
                    "`{}` cannot be served: {}",
                    scenario.id, failure.cause
                ));
                last = Some(failure);
                continue;
            }
        };
        let address = broker
            .address()
            .map_err(|error| Failure::cannot_write("the address", &error))?;
        greeting.push_str(&line(address, &fixture));
        brokers.push(broker);
        port = port.saturating_add(u16::from(port != 0));
    }
    greeting.push_str("these files are written by: certgen fixtures --out fixtures\n");
    match (brokers.is_empty(), last) {
        (false, _) => Ok((brokers, greeting)),
        (true, Some(failure)) => Err(failure),
        (true, None) => Err(nothing_to_serve()),
    }
}

/// The scenarios that can be served, in the order in which they are asked for.
fn chosen(patterns: &[String]) -> Result<Vec<&'static Scenario>, Failure> {
    let mut chosen: Vec<&'static Scenario> = Vec::new();
    for pattern in patterns {
        for scenario in fixtures::choose(std::slice::from_ref(pattern))? {
            let is_new = chosen.iter().all(|other| other.id != scenario.id);
            if is_new && scenario.subject() == Subject::Chain {
                chosen.push(scenario);
            }
        }
    }
    Ok(chosen)
}

/// A server's fixture is the broker itself; a client's is what a good broker has to judge.
fn options(
    arguments: &Arguments,
    context: &Context,
    request: &Request,
    fixture: &Fixture,
) -> Result<Options, Failure> {
    let name = match fixture.role() {
        Role::Client => "good/server",
        _ => "good/client",
    };
    let other = request.fixture(name)?;
    let (server, clients) = match fixture.role() {
        Role::Client => (&other, fixture),
        _ => (fixture, &other),
    };
    let key = server.private_key().secret_pkcs8_der().to_vec();
    Ok(Options {
        chain: server.chain().to_vec(),
        key: PrivateKey::from_pkcs8_der(key),
        ocsp: server.ocsp().map(<[u8]>::to_vec),
        client_authorities: clients.roots().to_vec(),
        require_client_certificate: arguments.require_client_certificate
            || fixture.role() == Role::Client,
        fault: arguments.fault,
        now: context.now,
    })
}

fn line(address: SocketAddr, fixture: &Fixture) -> String {
    let scenario = fixture.scenario();
    let host = fixture.hosts().first().copied().unwrap_or("localhost");
    format!(
        "port {}  {}  {}; trust fixtures/{}/ca.crt, ask for {host}\n",
        address.port(),
        scenario.id,
        scenario.summary,
        match fixture.role() {
            Role::Client => "good/server",
            _ => scenario.id,
        },
    )
}

fn nothing_to_serve() -> Failure {
    Failure::new(
        Code::Usage,
        "none of these scenarios is a certificate to serve",
    )
    .with_remedy(Remedy::text(
        "choose scenarios about chains, such as `time/*`",
    ))
}
