//! Options that no protocol can carry are refused before anything is sent.

use std::time::Duration;

use certgen::finding::{Code, Remedy};
use certgen::probe::is_server_name;

use super::arguments::Arguments;
use super::target::ascii;
use crate::failure::Failure;

/// The longest text of MQTT (section 1.5.4): two bytes hold its length.
const LONGEST_TEXT: usize = 65_535;
/// The longest name of a protocol in ALPN (RFC 7301): one byte holds its length.
const LONGEST_PROTOCOL: usize = 255;
/// All protocols and their lengths together: more than any server reads.
const LONGEST_OFFER: usize = 4_096;

/// Refuses what cannot be sent.
pub(super) fn check(arguments: &Arguments) -> Result<(), Failure> {
    let (network, session) = (&arguments.network, &arguments.session);
    stage(network.connection_timeout)?;
    if let (Some(lowest), Some(highest)) = (network.tls_min, network.tls_max)
        && lowest > highest
    {
        let cause = format!(
            "--tls-min is {lowest} and --tls-max is {highest}: no version lies between them"
        );
        return Err(wrong(
            cause,
            "give a lowest version that is not above the highest",
        ));
    }
    protocols(&network.alpn)?;
    let names = network.servername.iter().chain(&network.try_servername);
    for one in names {
        name(one)?;
    }
    let texts = [
        ("--username", &session.username),
        ("--client-id", &session.client_id),
        ("--topic", &session.topic),
    ];
    for (option, text) in texts {
        if let Some(text) = text.as_ref().filter(|text| text.len() > LONGEST_TEXT) {
            let cause = format!(
                "the text of {option} has {} bytes, and MQTT carries at most {LONGEST_TEXT}",
                text.len()
            );
            return Err(wrong(cause, "give a shorter one"));
        }
    }
    Ok(())
}

/// A stage needs time.
pub(crate) fn stage(limit: Duration) -> Result<(), Failure> {
    if limit.is_zero() {
        return Err(wrong(
            "--connection-timeout is 0: nothing can answer in no time",
            "give a second or more",
        ));
    }
    Ok(())
}

/// A name that certificates can be checked for.
pub(crate) fn name(name: &str) -> Result<(), Failure> {
    if is_server_name(&ascii(name)) {
        return Ok(());
    }
    let cause = format!("`{name}` is neither a host name nor an address that TLS can check");
    Err(wrong(cause, "give a name as it stands in certificates"))
}

fn protocols(alpn: &[String]) -> Result<(), Failure> {
    if alpn
        .iter()
        .any(|name| name.is_empty() || name.len() > LONGEST_PROTOCOL)
    {
        let cause = format!("a protocol of ALPN has from 1 to {LONGEST_PROTOCOL} bytes");
        return Err(wrong(cause, "give --alpn a name such as `mqtt`"));
    }
    let all: usize = alpn.iter().map(|name| name.len() + 1).sum();
    if all > LONGEST_OFFER {
        let cause = format!(
            "the protocols of --alpn have {all} bytes together, and at most {LONGEST_OFFER} are sent"
        );
        return Err(wrong(cause, "offer fewer protocols"));
    }
    Ok(())
}

/// The path of a WebSocket, as an HTTP request can carry it.
pub(super) fn path(path: &str) -> Result<(), Failure> {
    if path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let cause =
        format!("`{path}` is no path of a WebSocket: it has characters that HTTP does not carry");
    Err(wrong(cause, "write such characters as %20 and the like"))
}

fn wrong(cause: impl Into<String>, remedy: &str) -> Failure {
    Failure::new(Code::Usage, cause).with_remedy(Remedy::text(remedy))
}
