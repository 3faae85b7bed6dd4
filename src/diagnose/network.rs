//! What was typed, and what happened below TLS.

use super::transcript::{AddressAttempt, ResolveFailure, TcpFailure, Transcript};
use super::words::{candidates, failure, span, target, warning};
use crate::finding::{Code, Finding, Remedy};

/// Oddities of the host as typed.
pub(super) fn input(transcript: &Transcript) -> Option<Finding> {
    let typed = &transcript.request.typed_host;
    if typed.trim() == typed.as_str() {
        return None;
    }
    let cause = format!(
        "the host was given as `{typed}`, with white space around `{}`: other clients look it up as it stands and fail",
        typed.trim()
    );
    let remedy = "write the host without spaces or line ends where it is configured";
    Some(warning(Code::HostHasWhitespace, cause, remedy))
}

/// Why there is no address.
pub(super) fn resolve(transcript: &Transcript) -> Option<Finding> {
    let resolve = transcript.resolve.as_ref()?;
    let host = &transcript.request.host;
    let took = span(resolve.duration);
    let finding = match resolve.failure.as_ref()? {
        ResolveFailure::NotFound => failure(
            Code::NameNotFound,
            format!("the name `{host}` does not exist, says the resolver (after {took})"),
            not_found_remedy(host),
        ),
        ResolveFailure::NoAddress => failure(
            Code::NameWithoutAddress,
            format!("the name `{host}` exists, but has no address record (A or AAAA)"),
            "add an address record for the name, or connect by an address that the broker's certificate names",
        ),
        ResolveFailure::Temporary if is_slow(transcript) => timeout(transcript, &took),
        ResolveFailure::Temporary => failure(
            Code::ResolverFailed,
            format!(
                "the resolver could not say anything about `{host}` (a failure of the name server, after {took})"
            ),
            "try again; check the name server of this computer (`/etc/resolv.conf`) and the VPN",
        ),
        ResolveFailure::TimedOut => timeout(transcript, &took),
        ResolveFailure::Failed(why) => failure(
            Code::ResolverFailed,
            format!("the resolver failed for `{host}`: {why}"),
            "check the name server of this computer (`/etc/resolv.conf`) and the VPN",
        ),
        ResolveFailure::NotAName(why) => failure(
            Code::NameNotFound,
            format!("`{host}` is no host name: {why}"),
            "give a host name or an address, without scheme, path or port",
        ),
    };
    Some(finding)
}

fn not_found_remedy(host: &str) -> String {
    if host.ends_with(".local") {
        return "check the spelling; `.local` names need mDNS, which containers, routers and Android before 12 do not have: use an address or a DNS name there".to_owned();
    }
    "check the spelling of the host, or add a record for it in DNS or /etc/hosts".to_owned()
}

/// The system's resolver reports a silent name server as a temporary failure, after its own limits.
fn is_slow(transcript: &Transcript) -> bool {
    transcript
        .resolve
        .as_ref()
        .is_some_and(|resolve| resolve.duration.as_millis() >= 900)
}

fn timeout(transcript: &Transcript, took: &str) -> Finding {
    let host = &transcript.request.host;
    failure(
        Code::ResolverTimeout,
        format!("the name server did not answer for `{host}` within {took}"),
        "check the name server of this computer (`/etc/resolv.conf`) and whether it can be reached, also the VPN",
    )
}

/// Failed connection attempts.
pub(super) fn tcp(transcript: &Transcript) -> Vec<Finding> {
    let Some(tcp) = &transcript.tcp else {
        return Vec::new();
    };
    if tcp.peer.is_some() {
        return dead_addresses(transcript, &tcp.attempts);
    }
    nothing_answers(transcript, &tcp.attempts)
        .into_iter()
        .collect()
}

/// Another address works: these are what clients without a second try hang on.
fn dead_addresses(transcript: &Transcript, attempts: &[AddressAttempt]) -> Vec<Finding> {
    let good = attempts
        .iter()
        .find(|attempt| attempt.result.is_ok())
        .map(|attempt| attempt.address.ip().to_string())
        .unwrap_or_default();
    let is_local = is_localhost(&transcript.request.host);
    let dead = attempts.iter().filter_map(|attempt| match &attempt.result {
        Err(TcpFailure::NotTried) | Ok(_) => None,
        Err(TcpFailure::Refused) if is_local => None,
        Err(why) => Some((attempt, why)),
    });
    dead.map(|(attempt, why)| {
        let address = attempt.address.ip();
        let cause = format!(
            "the name `{}` also has the address `{address}`, which {}, while `{good}` works: clients that try it first wait or fail",
            transcript.request.host,
            words_for(why, attempt)
        );
        let family = if address.is_ipv6() { "AAAA" } else { "A" };
        let remedy = format!(
            "let the broker listen on `{address}` too (mosquitto: `listener {}` without an address), or delete the {family} record",
            transcript.request.port
        );
        warning(Code::AddressUnreachable, cause, remedy)
    })
    .collect()
}

/// Every machine has both addresses under this name, and few servers listen on both.
fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn words_for(why: &TcpFailure, attempt: &AddressAttempt) -> String {
    match why {
        TcpFailure::Refused => "refuses connections".to_owned(),
        TcpFailure::Reset => format!(
            "accepts the connection and resets it at once (after {})",
            span(attempt.duration)
        ),
        TcpFailure::TimedOut | TcpFailure::NoAnswerYet => {
            format!("does not answer (for {})", span(attempt.duration))
        }
        TcpFailure::Unreachable(why) => format!("cannot be reached ({why})"),
        TcpFailure::Other(why) => format!("fails ({why})"),
        TcpFailure::NotTried => "was not tried".to_owned(),
    }
}

/// The reset overtook the connection itself.
fn reset_at_once(target: &str, each: &str) -> Finding {
    let list = candidates(&[
        "a proxy without a live backend",
        "an address filter or connection limit (max_connections, tcp wrappers)",
    ]);
    failure(
        Code::ClosedBeforeTls,
        format!("{target} ends connections before anything is sent: {each}; likely: {list}"),
        "look at the log of the proxy or broker for the time of this check: whether it has a live backend, an address filter, or a connection limit",
    )
}

fn nothing_answers(transcript: &Transcript, attempts: &[AddressAttempt]) -> Option<Finding> {
    let target = target(transcript);
    let port = transcript.request.port;
    let tried: Vec<String> = attempts
        .iter()
        .filter_map(|attempt| match &attempt.result {
            Err(TcpFailure::NotTried) | Ok(_) => None,
            Err(why) => Some(format!(
                "{} {}",
                attempt.address.ip(),
                words_for(why, attempt)
            )),
        })
        .collect();
    let each = tried.join(", ");
    let has = |wanted: fn(&TcpFailure) -> bool| {
        attempts
            .iter()
            .any(|attempt| attempt.result.as_ref().err().is_some_and(wanted))
    };
    if has(|why| *why == TcpFailure::Reset) {
        return Some(reset_at_once(&target, &each));
    }
    if has(|why| matches!(why, TcpFailure::Unreachable(_))) {
        return Some(failure(
            Code::HostUnreachable,
            format!(
                "{target} cannot be reached: {each}; a router or firewall refuses the flow, or there is no route"
            ),
            "look at the firewall of the broker's host and of the routers on the way, and at the route; the broker itself is not the cause",
        ));
    }
    if has(|why| matches!(why, TcpFailure::TimedOut | TcpFailure::NoAnswerYet)) {
        return Some(failure(
            Code::ConnectTimeout,
            format!("{target} does not answer connection attempts: {each}"),
            format!(
                "check the address, and open TCP port {port} in the firewall, security group or port forwarding on the way"
            ),
        ));
    }
    if has(|why| matches!(why, TcpFailure::Refused)) {
        let cause = format!("nothing listens on {target}: {each}");
        let usual = if port == 8883 {
            String::new()
        } else {
            format!(" (MQTT over TLS is 8883, and this is {port})")
        };
        let remedy = Remedy::run(
            format!(
                "start the broker, or correct the port{usual}; if it runs, see whether it listens on that address alone"
            ),
            crate::finding::Action::shell(&["ss", "-ltn"]),
        );
        return Some(Finding::failure(Code::ConnectionRefused, cause).with_remedy(remedy));
    }
    attempts.first().map(|_| {
        failure(
            Code::HostUnreachable,
            format!("no connection to {target}: {each}"),
            "check the address and this computer's network",
        )
    })
}
