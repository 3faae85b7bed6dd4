//! The files that mosquitto writes: its process number, its log, its sockets, and what it keeps over
//! a restart.

use super::access::{Obstacle, obstacle_to_writing};
use super::parse::Line;
use super::{Facts, Node};
use crate::finding::{Action, Code, Finding, Remedy};

/// What a line makes mosquitto write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target<'a> {
    /// `pid_file`.
    Pid(&'a str),
    /// `log_dest file`.
    Log(&'a str),
    /// `persistence_location`, a folder.
    Store(&'a str),
    /// The Unix socket of `listener 0`, which replaces what is there.
    Socket(&'a str),
}

impl<'a> Target<'a> {
    fn of(line: &Line<'a>) -> Option<Self> {
        let target = match line.name {
            "pid_file" => Self::Pid(line.value),
            "log_dest" => Self::Log(log_file(line)?),
            "persistence_location" => Self::Store(line.value),
            "listener" if line.first() == "0" => Self::Socket(line.word(1)?),
            _ => return None,
        };
        target.path().starts_with('/').then_some(target)
    }

    fn path(self) -> &'a str {
        match self {
            Self::Pid(path) | Self::Log(path) | Self::Store(path) | Self::Socket(path) => path,
        }
    }

    /// The folder that something is made in.
    fn folder(self) -> Option<&'a str> {
        match self {
            Self::Pid(path) | Self::Log(path) | Self::Socket(path) => {
                let (folder, _) = path.rsplit_once('/')?;
                Some(if folder.is_empty() { "/" } else { folder })
            }
            Self::Store(path) => Some(path),
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Pid(_) => "`pid_file`",
            Self::Log(_) => "log file",
            Self::Store(_) => "`persistence_location`",
            Self::Socket(_) => "socket",
        }
    }

    fn consequence(self) -> &'static str {
        match self {
            Self::Pid(_) | Self::Socket(_) => "mosquitto does not start",
            Self::Log(_) => "mosquitto runs, and nothing is logged there",
            Self::Store(_) => {
                "mosquitto runs, and saves nothing: retained messages and sessions are lost when it stops"
            }
        }
    }

    fn finding(self, code: Code, cause: String) -> Finding {
        match self {
            Self::Pid(_) | Self::Socket(_) => Finding::failure(code, cause),
            Self::Log(_) | Self::Store(_) => Finding::warning(code, cause),
        }
    }
}

/// The path behind `log_dest file`.
pub(super) fn log_file<'a>(line: &Line<'a>) -> Option<&'a str> {
    let path = line.value.strip_prefix("file ")?;
    (line.name == "log_dest").then_some(path.trim())
}

/// The paths that facts are wanted about.
pub(super) fn wanted<'a>(line: &Line<'a>) -> Vec<&'a str> {
    let target = Target::of(line);
    let paths = target.map(|target| [Some(target.path()), target.folder()]);
    paths.into_iter().flatten().flatten().collect()
}

/// What keeps mosquitto from writing; `persists` where it is told to keep anything.
pub(super) fn finding(line: &Line<'_>, facts: &Facts, persists: bool) -> Option<Finding> {
    let target = Target::of(line)?;
    if matches!(target, Target::Store(_)) && !persists {
        return None;
    }
    let folder = target.folder()?;
    let nodes = |path| facts.files.get(path).map(|fact| fact.nodes.as_slice());
    let of_folder = nodes(folder)?;
    if of_folder.is_empty() && matches!(target, Target::Pid(_)) {
        return Some(without_folder(line, target, folder));
    }
    // A machine without the broker's user is rarely the broker's.
    let user = facts.user.as_ref()?;
    if of_folder.is_empty() {
        return Some(without_folder(line, target, folder));
    }
    let own = match target {
        Target::Socket(_) => &[],
        Target::Pid(path) | Target::Log(path) | Target::Store(path) => nodes(path)?,
    };
    let obstacle = obstacle_to_writing(user, own, of_folder)?;
    Some(shut(line, target, &user.name, &obstacle))
}

fn without_folder(line: &Line<'_>, target: Target<'_>, folder: &str) -> Finding {
    let is_volatile = ["/run/", "/var/run/"]
        .iter()
        .any(|root| folder.starts_with(root));
    if is_volatile && matches!(target, Target::Pid(_) | Target::Socket(_)) {
        let cause = format!(
            "`{} {}`: the folder `{folder}` is not there now; /run is empty when a system starts, and the service makes the folder",
            line.name, line.value
        );
        let remedy = Remedy::text(
            "start mosquitto as a service; in a unit of your own, `RuntimeDirectory=mosquitto` makes the folder",
        );
        let finding = Finding::note(Code::FileNotFound, cause).with_remedy(remedy);
        return finding.about(line.place());
    }
    let cause = format!(
        "`{} {}`: the folder `{folder}` does not exist: {}",
        line.name,
        line.value,
        target.consequence()
    );
    let remedy =
        Remedy::text("correct the path, or make the folder and give it to the broker's user");
    let finding = target.finding(Code::FileNotFound, cause);
    finding.about(line.place()).with_remedy(remedy)
}

fn shut(line: &Line<'_>, target: Target<'_>, user: &str, obstacle: &Obstacle<'_>) -> Finding {
    let (what, node): (_, &Node) = match obstacle {
        Obstacle::File(node) => ("it", node),
        Obstacle::Folder(node) => ("the folder", node),
    };
    let name = match obstacle {
        Obstacle::File(_) => String::new(),
        Obstacle::Folder(node) => format!(" `{}`", node.path),
    };
    let cause = format!(
        "mosquitto runs as `{user}`, which may not write its {} `{}` ({what}{name} has the mode {:04o}, owner {} and group {}): {}",
        target.what(),
        target.path(),
        node.mode & 0o7777,
        node.uid,
        node.gid,
        target.consequence()
    );
    let owner = format!("{user}:");
    let remedy = match (target, obstacle) {
        (_, Obstacle::File(node)) => Remedy::run(
            format!("give the file to `{user}`"),
            Action::shell(&["sudo", "chown", &owner, &node.path]),
        ),
        (Target::Pid(_), _) => Remedy::text(
            "write `pid_file /run/mosquitto/mosquitto.pid`, a folder that the service makes for mosquitto",
        ),
        (Target::Log(_), _) => Remedy::text(
            "write `log_dest file /var/log/mosquitto/mosquitto.log`, a folder of mosquitto's, or `log_dest syslog`",
        ),
        (Target::Socket(_), _) => Remedy::text(
            "write `listener 0 /run/mosquitto/mosquitto.sock`, a folder that the service makes for mosquitto",
        ),
        (Target::Store(path), _) => Remedy::run(
            format!("give the folder to `{user}`"),
            Action::shell(&["sudo", "chown", &owner, path]),
        ),
    };
    let finding = target.finding(Code::CannotWrite, cause);
    finding.about(line.place()).with_remedy(remedy)
}
