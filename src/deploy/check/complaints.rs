//! What is said of a path, and of the file that it leads to.

use super::access::Obstacle;
use super::parse::Line;
use crate::finding::{Action, Code, Finding, Remedy};
use crate::keystore::KeyState;
use crate::keystore::pem::Contents;

pub(super) fn tilde(line: &Line<'_>, path: &str) -> Finding {
    let cause = format!(
        "`{} {path}`: mosquitto does not expand `~`, and finds no such file",
        line.name
    );
    Finding::failure(Code::TildeInPath, cause)
        .about(line.place())
        .with_remedy(Remedy::run(
            "write the whole path from `/` on",
            Action::ConfigMosquitto,
        ))
}

pub(super) fn quoted(line: &Line<'_>, path: &str) -> Finding {
    let cause = format!(
        "`{} {path}`: mosquitto takes the quotation marks for a part of the path, and finds no such file",
        line.name
    );
    let remedy = Remedy::text("write the path without quotation marks, also where it has spaces");
    Finding::failure(Code::FileNotFound, cause)
        .about(line.place())
        .with_remedy(remedy)
}

pub(super) fn folder(line: &Line<'_>) -> Finding {
    let cause = format!(
        "`{} {}` is a folder, and mosquitto reads a file there",
        line.name, line.value
    );
    let remedy = Remedy::text("give the file itself");
    Finding::failure(Code::CannotRead, cause)
        .about(line.place())
        .with_remedy(remedy)
}

pub(super) fn relative(line: &Line<'_>, path: &str) -> Option<Finding> {
    if path.is_empty() {
        return None;
    }
    let cause = format!(
        "`{} {path}` is relative to the folder that mosquitto was started in, which for a service is `/`",
        line.name
    );
    let remedy = Remedy::text("write the whole path from `/` on");
    let finding = Finding::warning(Code::RelativePath, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

/// certgen itself may not look there.
pub(super) fn unseen(line: &Line<'_>) -> Option<Finding> {
    if !line.value.starts_with('/') {
        return None;
    }
    let cause = format!(
        "`{} {}` could not be looked at: this user may not pass through the folders above it",
        line.name, line.value
    );
    let remedy = Remedy::text("check the configuration as root");
    Some(
        Finding::note(Code::CannotRead, cause)
            .about(line.place())
            .with_remedy(remedy),
    )
}

pub(super) fn missing(line: &Line<'_>) -> Finding {
    let what = match line.name {
        "capath" | "bridge_capath" | "include_dir" | "http_dir" => "there is no such folder",
        _ => "there is no such file",
    };
    let cause = format!("`{} {}`: {what}", line.name, line.value);
    let remedy = Remedy::text("correct the path, or put the file there");
    Finding::failure(Code::FileNotFound, cause)
        .about(line.place())
        .with_remedy(remedy)
}

pub(super) fn unreadable(line: &Line<'_>, user: &str, obstacle: &Obstacle<'_>) -> Finding {
    let (what, remedy) = match obstacle {
        Obstacle::File(node) => (
            format!(
                "it has the mode {:04o}, owner {} and group {}",
                node.mode & 0o7777,
                node.uid,
                node.gid
            ),
            Remedy::run(
                format!("let `{user}` alone read it"),
                Action::shell(&["sudo", "chown", &format!("{user}:"), line.value]),
            ),
        ),
        Obstacle::Folder(node) => (
            format!(
                "the folder `{}` has the mode {:04o}, and `{user}` may not pass through it",
                node.path,
                node.mode & 0o7777
            ),
            Remedy::run(
                format!("put it where `{user}` may read, such as /etc/mosquitto/certs"),
                Action::ConfigMosquitto,
            ),
        ),
    };
    let is_key = line.name.ends_with("keyfile");
    let code = if is_key {
        Code::KeyNotReadable
    } else {
        Code::CannotRead
    };
    let cause = format!(
        "mosquitto runs as `{user}`, which may not read the {} `{}`: {what}",
        if is_key { "key" } else { "file" },
        line.value
    );
    Finding::failure(code, cause)
        .about(line.place())
        .with_remedy(remedy)
}

pub(super) fn not_pem(line: &Line<'_>, bytes: &[u8]) -> Finding {
    let what = if bytes.is_empty() {
        "is empty"
    } else {
        "is not PEM, or damaged"
    };
    let cause = format!("`{}` {what}: mosquitto reads PEM alone", line.value);
    let remedy = Remedy::text("give the file as PEM (`-----BEGIN …`)");
    Finding::failure(Code::PemDamaged, cause).with_remedy(remedy)
}

pub(super) fn key_file(line: &Line<'_>, contents: &Contents) -> Vec<Finding> {
    let finding = match contents.private_key() {
        Some(KeyState::Open { .. }) => return Vec::new(),
        Some(KeyState::Sealed(_)) => {
            let cause = format!(
                "the key `{}` is encrypted: mosquitto asks for its password on a terminal, and as a service does not start",
                line.value
            );
            let remedy =
                "store the broker's key without password, readable by the broker's user alone";
            Finding::failure(Code::PasswordNeeded, cause).with_remedy(Remedy::text(remedy))
        }
        None => {
            let cause = format!("`{}` holds no private key", line.value);
            let remedy = Remedy::text("give the file with the key (PEM)");
            Finding::failure(Code::NotAKey, cause).with_remedy(remedy)
        }
    };
    vec![finding]
}
