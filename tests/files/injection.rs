//! Kills and errors at chosen system calls, by strace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::support::{Folder, Output, peer, run};

/// Calls after which the disk looks different.
pub(crate) const CALLS: [&str; 9] = [
    "openat",
    "write",
    "fsync",
    "rename",
    "renameat2",
    "linkat",
    "unlink",
    "mkdir",
    "fchmod",
];

/// Calls that fail, and how.
pub(crate) const ERRORS: [(&str, &str); 14] = [
    ("openat", "EMFILE"),
    ("openat", "EACCES"),
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("write", "EDQUOT"),
    ("fsync", "EIO"),
    ("fsync", "ENOSPC"),
    ("rename", "EIO"),
    ("rename", "EACCES"),
    ("renameat2", "EROFS"),
    ("renameat2", "EXDEV"),
    ("linkat", "EPERM"),
    ("mkdir", "ENOSPC"),
    ("fchmod", "EIO"),
];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Kill,
    Error(&'static str),
}

/// A command, and whether it starts in a folder that `init` made.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) prepared: bool,
    pub(crate) arguments: Vec<String>,
}

/// A folder as `init` leaves it, to be copied.
static PREPARED: LazyLock<(Folder, PathBuf)> = LazyLock::new(|| {
    let folder = Folder::new();
    let certs = super::made(&folder);
    (folder, certs)
});

impl Trial {
    /// What the folder holds before the command.
    pub(crate) fn before(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        match self.prepared {
            true => contents(&PREPARED.1),
            false => BTreeMap::new(),
        }
    }

    /// Runs the command with the fault at each of its calls that is about our own files; `check`
    /// looks at every folder. Returns how many there were.
    pub(crate) fn at_every_call(
        &self,
        call: &str,
        fault: Fault,
        check: impl Fn(&Path, &Output),
    ) -> usize {
        let (trace, ..) = self.traced(call, None);
        let calls = trace
            .lines()
            .filter(|line| line.contains(&format!("{call}(")));
        let ours = |line: &str| {
            let foreign = [
                ".so", "\"/etc/", "\"/proc/", "\"/sys/", "\"/usr/", "\"/dev/",
            ];
            !foreign.iter().any(|text| line.contains(text))
        };
        let numbers = calls.enumerate().filter(|(_, line)| ours(line));
        let numbers: Vec<usize> = numbers.map(|(index, _)| index + 1).collect();
        for number in &numbers {
            let (_, folder, output) = self.traced(call, Some((fault, *number)));
            check(&folder.join("certs"), &output);
        }
        numbers.len()
    }

    /// The calls of one run, and what became of the folder.
    fn traced(&self, call: &str, fault: Option<(Fault, usize)>) -> (String, Folder, Output) {
        let folder = Folder::new();
        let certs = folder.join("certs");
        if self.prepared {
            run(peer("cp").arg("-a").arg(&PREPARED.1).arg(&certs)).ok();
        }
        let log = folder.join("strace");
        let mut strace = peer("strace");
        strace.arg("-f").arg("-o").arg(&log);
        strace.arg("-e").arg(format!("trace={call}"));
        if let Some((fault, number)) = fault {
            let what = match fault {
                Fault::Kill => "signal=SIGKILL".to_owned(),
                Fault::Error(error) => format!("error={error}"),
            };
            strace
                .arg("-e")
                .arg(format!("inject={call}:{what}:when={number}"));
        }
        strace
            .arg(env!("CARGO_BIN_EXE_certgen"))
            .arg("--dir")
            .arg(&certs);
        let output = run(strace.args(&self.arguments));
        let trace = std::fs::read_to_string(&log).unwrap();
        if fault.is_some() {
            let hit = trace.contains("(INJECTED)") || trace.contains("killed by SIGKILL");
            assert!(hit, "{call} {fault:?} was not reached:\n{trace}");
        }
        (trace, folder, output)
    }
}

/// Every file, its path and its bytes, but the lock.
pub(crate) fn contents(certs: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = super::tree(certs).into_iter().filter(|path| path.is_file());
    files
        .filter(|path| !path.ends_with("ca/lock"))
        .map(|path| {
            let inside = path.strip_prefix(certs).unwrap().to_owned();
            (inside, std::fs::read(path).unwrap())
        })
        .collect()
}
