//! HOST:PORT: asks a server for its certificates, with the same probe as `verify`.

use std::path::Path;
use std::time::Duration;

use certgen::diagnose::transcript::{Material, Request, TlsRequest};
use certgen::finding::Remedy;
use certgen::inspect::{Item, Look, server};
use certgen::probe::{Prober, Secrets, runtime};
use certgen::time::Span;

use crate::commands::verify::{Target, ascii, limits};
use crate::context::Context;
use crate::failure::Failure;

/// How a server is asked
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Servers")]
pub(super) struct Asking {
    /// The name to send to servers (SNI) and to check, instead of the host
    #[arg(long, value_name = "N")]
    servername: Option<String>,
    /// The limit of each stage of a connection; the whole ends within 20 s
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = Span::parse)]
    connection_timeout: Span,
}

/// Whether `path` is a server: nothing of that name on disk, and a URL or HOST:PORT.
pub(super) fn is_server(path: &Path) -> bool {
    if path == Path::new("-") || path.symlink_metadata().is_ok() {
        return false;
    }
    let Some(text) = path.to_str() else {
        return false;
    };
    if text.contains("://") {
        return true;
    }
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && !host.contains(['/', '\\'])
            && !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// What the server at `path` presents.
pub(super) fn look(
    path: &Path,
    arguments: &Asking,
    look: &Look<'_>,
    context: &Context,
) -> Result<Item, Failure> {
    let typed = path.display().to_string();
    let request = request(&typed, arguments)?;
    let material = Material {
        now: Some(context.now),
        now_is_clock: context.now_is_clock,
        ..Material::default()
    };
    let prober = Prober::new(material, Secrets::default())?;
    let runtime = runtime(false)?;
    let transcript = runtime.block_on(prober.converse(&request));
    runtime.shutdown_background();
    Ok(server(&typed, &transcript, look))
}

fn request(typed: &str, arguments: &Asking) -> Result<Request, Failure> {
    let target = Target::parse(typed)?;
    if target.scheme.is_some_and(|scheme| !scheme.tls) {
        let cause = format!("`{typed}` is not spoken over TLS, so it presents no certificate");
        return Err(Failure::usage(cause).with_remedy(Remedy::text(
            "give the host and the port where the server speaks TLS",
        )));
    }
    let default_port = target.scheme.map(|scheme| scheme.default_port);
    let Some(port) = target.port.or(default_port) else {
        let cause = format!("`{typed}` names no port");
        return Err(Failure::usage(cause)
            .with_remedy(Remedy::text("write HOST:PORT, and [ADDRESS]:PORT for IPv6")));
    };
    limits::stage(arguments.connection_timeout.as_duration())?;
    if let Some(name) = &arguments.servername {
        limits::name(name)?;
    }
    let limit = Duration::from_secs(20);
    Ok(Request {
        typed_host: target.typed,
        host: target.host,
        port,
        tls: Some(TlsRequest {
            server_name: arguments.servername.as_deref().map(ascii),
            insecure: true,
            ..TlsRequest::default()
        }),
        only_handshake: true,
        stage_limit: arguments.connection_timeout.as_duration().min(limit),
        probes: true,
        ..Request::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_told_from_paths() {
        for server in [
            "broker.lan:8883",
            "10.0.0.1:8883",
            "[::1]:8883",
            "mqtts://x",
            "h:0",
        ] {
            assert!(is_server(Path::new(server)), "{server}");
        }
        for path in [
            "-",
            "ca.crt",
            "./a:1",
            "certs/x:8883",
            "a:b",
            ":8883",
            "a:",
            "Cargo.toml",
        ] {
            assert!(!is_server(Path::new(path)), "{path}");
        }
    }
}
