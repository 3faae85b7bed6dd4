//! Files on disk: modes at birth, nothing replaced by accident, and whole sets under kills and
//! errors at every system call.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod support;

#[path = "files/injection.rs"]
mod injection;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use certgen::pki::Identity;
use certgen::store::{PkiFolder, read_certificates, read_key};
use injection::{Fault, Trial};
use support::{Folder, certgen, peer, run};

const INIT: [&str; 5] = [
    "init",
    "broker.lan",
    "--no-ca-password",
    "--generate-password",
    "--client=phone",
];

fn made(folder: &Folder) -> PathBuf {
    let certs = folder.join("certs");
    run(certgen().arg("--dir").arg(&certs).args(INIT)).ok();
    certs
}

fn command(certs: &Path, arguments: &[&str]) -> Command {
    let mut command = certgen();
    command.arg("--dir").arg(certs).args(arguments);
    command
}

/// Every file and folder below, the outermost first.
fn tree(root: &Path) -> Vec<PathBuf> {
    let mut out = vec![root.to_owned()];
    let mut at = 0;
    while at < out.len() {
        if out[at].is_dir() {
            let mut inside: Vec<PathBuf> = fs::read_dir(&out[at])
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            inside.sort();
            out.extend(inside);
        }
        at += 1;
    }
    out
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[track_caller]
fn assert_modes(certs: &Path, umask: &str) {
    for path in tree(certs) {
        let expected = match path.extension().and_then(|ending| ending.to_str()) {
            _ if path.is_dir() => 0o700,
            Some("crt" | "conf") => 0o644,
            _ => 0o600,
        };
        assert_eq!(
            mode(&path),
            expected,
            "{} under umask {umask}",
            path.display()
        );
    }
}

#[test]
fn modes_are_right_under_every_umask() {
    for umask in ["000", "022", "077", "0277", "0777"] {
        let folder = Folder::new();
        let certs = folder.join("certs");
        let script = format!("umask {umask}; exec \"$@\"");
        let mut shell = peer("sh");
        shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_certgen"), "--dir"]);
        run(shell.arg(&certs).args(INIT)).ok();
        assert_modes(&certs, umask);
        // Wide files that are replaced become narrow.
        for path in tree(&certs).iter().filter(|path| path.is_file()) {
            fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
        }
        let mut shell = peer("sh");
        shell.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_certgen"), "--dir"]);
        run(shell.arg(&certs).args(["client", "phone", "--force"])).ok();
        assert_eq!(mode(&certs.join("client/phone.key")), 0o600, "{umask}");
        assert_eq!(mode(&certs.join("client/phone.crt")), 0o644, "{umask}");
    }
}

/// What is secret is never open to others, not even for an instant: the mode in the call that
/// makes a file.
#[test]
fn files_are_born_owner_only() {
    let folder = Folder::new();
    let log = folder.join("trace");
    let mut strace = peer("strace");
    strace
        .args(["-f", "-e", "trace=openat,mkdir", "-o"])
        .arg(&log);
    strace
        .arg(env!("CARGO_BIN_EXE_certgen"))
        .arg("--dir")
        .arg(folder.join("certs"));
    run(strace.args(INIT)).ok();
    let trace = fs::read_to_string(log).unwrap();
    let births: Vec<&str> = trace
        .lines()
        .filter(|line| line.contains("O_CREAT") || line.contains("mkdir("))
        .filter(|line| line.contains("certs"))
        .collect();
    assert!(births.len() > 12, "{trace}");
    for birth in births {
        assert!(
            birth.contains(", 0600)") || birth.contains(", 0700)"),
            "{birth}"
        );
    }
}

/// Every file is synced before it gets its name, and its folder after that.
#[test]
fn what_is_named_is_on_the_disk() {
    let folder = Folder::new();
    let certs = made(&folder);
    let log = folder.join("trace");
    let mut strace = peer("strace");
    strace
        .args(["-f", "-y", "-e", "trace=fsync,rename,renameat2", "-o"])
        .arg(&log);
    strace
        .arg(env!("CARGO_BIN_EXE_certgen"))
        .arg("--dir")
        .arg(&certs);
    run(strace.args(["client", "tablet"])).ok();
    let trace = fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let renames: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains("rename") && !line.contains("journal"))
        .map(|(index, _)| index)
        .collect();
    assert_eq!(renames.len(), 3, "{trace}");
    for index in renames {
        let from = lines[index].split('"').nth(1).unwrap();
        let to = Path::new(lines[index].split('"').nth(3).unwrap());
        let synced = |what: &str, lines: &[&str]| {
            lines
                .iter()
                .any(|line| line.contains("fsync(") && line.contains(&format!("<{what}>")))
        };
        let here = fs::canonicalize(to.parent().unwrap()).unwrap();
        let temporary = here.join(Path::new(from).file_name().unwrap());
        assert!(
            synced(temporary.to_str().unwrap(), &lines[..index]),
            "{trace}"
        );
        assert!(synced(here.to_str().unwrap(), &lines[index..]), "{trace}");
    }
}

#[test]
fn nothing_is_replaced_without_leave() {
    let folder = Folder::new();
    let certs = made(&folder);
    let before: Vec<_> = tree(&certs)
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect();
    for arguments in [
        &INIT[..],
        &["ca", "--no-ca-password"],
        &["broker", "other.lan"],
        &["client", "phone"],
        &["client", "tablet", "phone"],
        &["bundle", "phone", "--store-password", "env:PASSWORD"],
    ] {
        let output = run(command(&certs, arguments).env("PASSWORD", "correct horse"));
        assert_eq!(output.status, Some(2), "{arguments:?}");
        assert!(
            output.stderr.contains("exist"),
            "{arguments:?} {}",
            output.stderr
        );
        assert!(
            output.stderr.contains("--force"),
            "{arguments:?} {}",
            output.stderr
        );
    }
    let after: Vec<_> = tree(&certs)
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect();
    assert!(before == after, "a refused command changed a file");
}

/// A CA is worth more than a slip of the hand: it is kept when it is replaced.
#[test]
fn a_replaced_authority_is_kept() {
    let folder = Folder::new();
    let certs = made(&folder);
    let old = fs::read(certs.join("ca/ca.key")).unwrap();
    let serial = read_certificates(&certs.join("ca/ca.crt")).unwrap()[0].serial_hex();
    let output = run(&mut command(&certs, &["ca", "--no-ca-password", "--force"])).ok();
    assert!(
        output.stdout.contains("ca-regenerated"),
        "{}",
        output.stdout
    );
    let kept = certs.join(format!("ca/replaced/{serial}.key"));
    assert_eq!(fs::read(&kept).unwrap(), old);
    assert_eq!(mode(&kept), 0o600);
}

#[test]
fn every_generation_of_a_client_is_kept_by_serial_number() {
    let folder = Folder::new();
    let certs = made(&folder);
    let first = fs::read(certs.join("client/phone.crt")).unwrap();
    run(&mut command(&certs, &["client", "phone", "--force"])).ok();
    let second = fs::read(certs.join("client/phone.crt")).unwrap();
    assert_ne!(first, second);
    let issued: Vec<Vec<u8>> = tree(&certs.join("ca/issued"))
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect();
    assert!(issued.contains(&first) && issued.contains(&second));
}

#[test]
fn links_and_special_files_are_not_written_through() {
    let folder = Folder::new();
    let certs = made(&folder);
    let target = folder.write("precious", "mine");
    let key = certs.join("client/phone.key");
    for (name, link) in [
        ("a link", target.clone()),
        ("a dangling link", folder.join("nowhere")),
    ] {
        fs::remove_file(&key).unwrap();
        symlink(&link, &key).unwrap();
        let refused = run(&mut command(&certs, &["client", "phone"]));
        assert_eq!(refused.status, Some(2), "{name}");
        run(&mut command(&certs, &["client", "phone", "--force"])).ok();
        assert!(!key.is_symlink() && mode(&key) == 0o600, "{name}");
        assert_eq!(fs::read(&target).unwrap(), b"mine", "{name}");
        assert!(!folder.join("nowhere").exists());
    }
    fs::hard_link(&key, folder.join("second name")).unwrap();
    let before = fs::read(&key).unwrap();
    run(&mut command(&certs, &["client", "phone", "--force"])).ok();
    assert_eq!(fs::read(folder.join("second name")).unwrap(), before);

    for (what, make) in [("a folder", "mkdir"), ("a FIFO", "mkfifo")] {
        let tablet = certs.join("client/tablet.key");
        run(peer(make).arg(&tablet)).ok();
        let output = run(&mut command(&certs, &["client", "tablet", "--force"]));
        assert_eq!(output.status, Some(2), "{what}");
        assert!(output.stderr.contains(what), "{}", output.stderr);
        assert!(!certs.join("client/tablet.crt").exists(), "{what}");
        let _ = fs::remove_file(&tablet).or_else(|_| fs::remove_dir(&tablet));
    }
}

/// Names that would leave the folder, hide, or collide become plain names inside of it.
#[test]
fn hostile_names_make_plain_files() {
    let folder = Folder::new();
    let certs = made(&folder);
    let names = [
        "../escape",
        "/etc/x",
        "-rf",
        ".hidden",
        "a b\nc",
        "$(reboot)",
        "CON",
        "ü🔑",
        "x\u{202e}y",
    ];
    for name in names {
        run(&mut command(&certs, &["client", "--", name])).ok();
    }
    for path in tree(&certs) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            name.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-%".contains(&b)),
            "{name}"
        );
        assert!(!name.starts_with(['.', '-']), "{name}");
    }
    let clients = tree(&certs.join("client"));
    let keys = clients
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "key"));
    assert_eq!(keys.count(), names.len() + 1);
    assert_eq!(
        tree(folder.path())
            .iter()
            .filter(|path| path.is_dir())
            .count(),
        6
    );
    for bad in ["", ".", ".."] {
        assert_eq!(
            run(&mut command(&certs, &["client", "--", bad])).status,
            Some(2),
            "{bad}"
        );
    }
    let twin = run(&mut command(&certs, &["client", "PHONE"]));
    assert!(twin.stderr.contains("only by case"), "{}", twin.stderr);
}

/// Many at once in one folder: nothing is lost, and no serial number is used twice.
#[test]
fn processes_share_a_folder() {
    let folder = Folder::new();
    let certs = made(&folder);
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let certs = certs.clone();
            std::thread::spawn(move || {
                for number in 0..6 {
                    let name = format!("c{worker}-{number}");
                    run(&mut command(&certs, &["client", &name])).ok();
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    let issued = tree(&certs.join("ca/issued"));
    assert_eq!(issued.len() - 1, 48 + 2);
    assert_whole(&certs);
}

/// Certificates belong to their keys, each is among the issued ones, and nothing is left behind.
#[track_caller]
fn assert_whole(certs: &Path) {
    let paths = tree(certs);
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            !name.contains(".certgen-") && !name.ends_with(".pending"),
            "{name} is left"
        );
        if path.extension().is_some_and(|ending| ending == "key") {
            let chain = read_certificates(&path.with_extension("crt")).unwrap();
            let serial = chain[0].serial_hex();
            Identity::new(read_key(path, &[]).unwrap(), chain)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let is_ca = path.parent().unwrap().ends_with("ca")
                || path.to_str().unwrap().contains("replaced");
            let copy = PkiFolder::new(certs).issued_certificate(&serial);
            assert!(
                is_ca || copy.is_file(),
                "{} was never issued",
                path.display()
            );
        }
    }
    for path in &paths {
        if path.extension().is_some_and(|ending| ending == "crt")
            && !path.to_str().unwrap().contains("issued")
        {
            assert!(
                path.with_extension("key").is_file(),
                "{} has no key",
                path.display()
            );
        }
    }
}

/// The commands that write, each as a trial from a folder in its starting state.
fn trials() -> Vec<Trial> {
    let force = |arguments: &[&str]| {
        let mut all: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        all.push("--force".to_owned());
        all
    };
    let plain = |arguments: &[&str]| arguments.iter().map(|&a| a.to_owned()).collect();
    vec![
        Trial {
            prepared: false,
            arguments: plain(&INIT),
        },
        Trial {
            prepared: true,
            arguments: plain(&["client", "tablet"]),
        },
        Trial {
            prepared: true,
            arguments: force(&["client", "phone"]),
        },
        Trial {
            prepared: true,
            arguments: force(&["ca", "--no-ca-password"]),
        },
    ]
}

/// Killed at every call that touches files, each command leaves what was or what is to be, once
/// the next command has run.
#[test]
fn kills_at_every_call_leave_the_old_or_the_new() {
    for trial in trials() {
        let mut points = 0;
        for call in injection::CALLS {
            points += trial.at_every_call(call, Fault::Kill, |certs, _| {
                // Whatever comes next finishes or takes back; nobody repairs by hand.
                let next = run(&mut command(certs, &INIT));
                assert!(next.success() || next.stderr.contains("exist"), "{next:#?}");
                run(&mut command(certs, &["client", "afterwards"])).ok();
                assert_whole(certs);
            });
        }
        assert!(points > 30, "{points} kill points in {trial:?}");
    }
}

/// An error at every call: exit status 2 with everything as it was, or success.
#[test]
fn errors_at_every_call_leave_the_old() {
    for trial in trials() {
        for (call, error) in injection::ERRORS {
            trial.at_every_call(call, Fault::Error(error), |certs, output| {
                if output.success() {
                    assert_whole(certs);
                    return;
                }
                let said = &output.stderr;
                let done = ["may not survive", "standard output"];
                let durable = done.iter().any(|text| said.contains(text));
                let now = injection::contents(certs);
                assert!(
                    durable || now == trial.before(),
                    "{call} {error}: {output:#?}"
                );
                run(&mut command(certs, &["client", "afterwards"]));
                if certs.join("ca/ca.crt").exists() {
                    assert_whole(certs);
                }
            });
        }
    }
}
