//! Names to addresses, by the system's resolver, within a limit.

use core::net::{IpAddr, SocketAddr};

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType};
use tokio::time::Instant;

use super::clock::before;
use crate::diagnose::transcript::{Resolve, ResolveFailure};

/// More addresses than this are left out.
const MOST: usize = 32;

/// Looks `host` up; the addresses come back with `port`.
pub(super) async fn resolve(
    host: &str,
    port: u16,
    deadline: Instant,
) -> (Resolve, Vec<SocketAddr>) {
    let started = Instant::now();
    let found = addresses(host, port, deadline).await;
    let mut resolve = Resolve {
        duration: started.elapsed(),
        ..Resolve::default()
    };
    let mut kept: Vec<SocketAddr> = Vec::new();
    match found {
        Err(failure) => resolve.failure = Some(failure),
        Ok(found) => {
            for address in found {
                if kept.contains(&address) {
                } else if kept.len() == MOST {
                    resolve.left_out += 1;
                } else {
                    kept.push(address);
                }
            }
        }
    }
    resolve.addresses = kept.iter().map(SocketAddr::ip).collect();
    if kept.is_empty() && resolve.failure.is_none() {
        resolve.failure = Some(ResolveFailure::NoAddress);
    }
    (resolve, kept)
}

async fn addresses(
    host: &str,
    port: u16,
    deadline: Instant,
) -> Result<Vec<SocketAddr>, ResolveFailure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if host.is_empty() || host.contains('\0') {
        let reason = "a host name has at least one character and no NUL";
        return Err(ResolveFailure::NotAName(reason.to_owned()));
    }
    let name = host.to_owned();
    // On a thread for such calls: the system's resolver cannot be interrupted, and the limit does
    // not wait for it.
    let asked = tokio::task::spawn_blocking(move || lookup(&name, port));
    match before(deadline, asked).await {
        Some(Ok(answer)) => answer,
        Some(Err(_)) => Err(ResolveFailure::Failed("the resolver stopped".to_owned())),
        None => Err(ResolveFailure::TimedOut),
    }
}

fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveFailure> {
    let hints = AddrInfoHints {
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    let found =
        dns_lookup::getaddrinfo(Some(host), None, Some(hints)).map_err(|error| {
            match error.kind() {
                LookupErrorKind::NoName => ResolveFailure::NotFound,
                LookupErrorKind::NoData => ResolveFailure::NoAddress,
                LookupErrorKind::Again => ResolveFailure::Temporary,
                _ => ResolveFailure::Failed(super::reason(&std::io::Error::from(error))),
            }
        })?;
    Ok(found
        .filter_map(Result::ok)
        .map(|info| {
            let mut address = info.sockaddr;
            address.set_port(port);
            address
        })
        .collect())
}
