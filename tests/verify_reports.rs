//! Reports that outlive the run: where pages go, what they replace, and what is left of a run that was
//! broken off or could not begin.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{Folder, certgen, free_port, run};

/// A broker, and a server that takes connections and says nothing.
struct House {
    folder: Folder,
    broker: Child,
    port: u16,
    silent: TcpListener,
}

impl House {
    fn new() -> Self {
        let folder = Folder::new();
        let port = free_port();
        let mut make = certgen();
        make.args(["--dir", "."]).current_dir(folder.join(""));
        make.args([
            "init",
            "localhost",
            "--no-ca-password",
            "--generate-password",
        ]);
        run(&mut make).ok();
        let mut serve = certgen();
        serve.args(["--dir", ".", "serve", "--bind", "127.0.0.1", "--port"]);
        serve.arg(port.to_string()).current_dir(folder.join(""));
        serve.stdout(Stdio::null()).stderr(Stdio::null());
        let broker = serve.spawn().unwrap();
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let house = Self {
            folder,
            broker,
            port,
            silent,
        };
        house.await_broker();
        house
    }

    fn await_broker(&self) {
        let begun = Instant::now();
        while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20));
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn verify(&self) -> Command {
        let mut verify = certgen();
        verify.args(["--dir", ".", "verify"]);
        verify.current_dir(self.folder.join(""));
        verify
    }

    fn host(&self) -> Command {
        let mut verify = self.verify();
        verify.args(["--host", "localhost", "--port"]);
        verify.arg(self.port.to_string());
        verify
    }

    /// The broker once, and so many that never answer.
    fn fleet(&self, silent: usize) -> Command {
        let port = self.silent.local_addr().unwrap().port();
        let mut list = format!("localhost:{}\n", self.port);
        list.push_str(&format!("localhost:{port}\n").repeat(silent));
        let list = self.folder.write("fleet", list);
        let mut verify = self.verify();
        verify.arg("--hosts").arg(list);
        verify
    }

    fn page(&self, name: &str) -> String {
        String::from_utf8(self.folder.read(name)).unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.broker.kill();
        let _ = self.broker.wait();
    }
}

#[test]
fn a_page_replaces_nothing_but_pages() {
    let house = House::new();
    let page = |path: &str| run(house.host().args(["--html", path]));
    let key = house.folder.read("broker/broker.key");
    let refused = page("broker/broker.key");
    assert_eq!(refused.status, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("no report that certgen wrote"));
    assert_eq!(house.folder.read("broker/broker.key"), key);
    assert_eq!(page("none/page.html").status, Some(2));
    assert!(!house.folder.join("none").exists());
    assert_eq!(page(".").status, Some(2));

    page("page.html").ok();
    page("page.html").ok();
    symlink("page.html", house.folder.join("link")).unwrap();
    fs::write(house.folder.join("page.html"), "").unwrap();
    page("link").ok();
    assert!(house.folder.join("link").is_symlink());
    assert!(house.page("page.html").contains(": good</title>"));
}

#[test]
fn devices_and_pipes_take_a_page_and_stay() {
    let house = House::new();
    symlink("/proc/self/fd/1", house.folder.join("out")).unwrap();
    let output = run(house.host().args(["--html", "out"])).ok();
    assert!(output.stdout.contains("<!DOCTYPE html>"), "{output:#?}");
    assert!(house.folder.join("out").is_symlink());
    run(house.host().args(["--html", "/dev/null"])).ok();
    let inspect = |arguments: &[&str]| {
        let mut inspect = certgen();
        inspect.args(["inspect", "ca/ca.crt"]).args(arguments);
        run(inspect.current_dir(house.folder.join("")))
    };
    inspect(&["--html", "out"]).ok();
    assert!(house.folder.join("out").is_symlink());
    assert_eq!(inspect(&["--html", "broker/broker.key"]).status, Some(2));
}

#[test]
fn standard_output_takes_one_report() {
    let house = House::new();
    for form in ["--json", "--prometheus"] {
        let both = run(house.host().args(["--html", "-", form]));
        assert_eq!(both.status, Some(2), "{both:#?}");
    }
    let both = run(house.host().args(["--html", "-", "--nagios"]));
    assert_eq!(both.status, Some(3));
    assert!(both.stdout.starts_with("UNKNOWN"), "{both:#?}");
}

#[test]
fn an_earlier_page_does_not_go_on_saying_that_all_is_good() {
    let house = House::new();
    run(house.host().args(["--html", "page.html"])).ok();
    let unable = run(house
        .host()
        .args(["--html", "page.html", "--cafile", "nowhere"]));
    assert_eq!(unable.status, Some(2));
    let page = house.page("page.html");
    assert!(page.contains(": not checked</title>"), "{page}");
    assert!(page.contains("`nowhere` does not exist"));
    let metrics = run(house.host().args(["--prometheus", "--cafile", "nowhere"]));
    let port = house.port;
    let sample = format!("certgen_verify_success{{target=\"mqtts://localhost:{port}\"}} 0\n");
    assert!(metrics.stdout.contains(&sample), "{metrics:#?}");
}

/// Runs it for a while, tells it to stop, and gives what it printed and how it ended.
fn broken_off(command: &mut Command, signal: rustix::process::Signal) -> (String, Option<i32>) {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_secs(2));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, signal).unwrap();
    let output = child.wait_with_output().unwrap();
    (
        String::from_utf8(output.stdout).unwrap(),
        output.status.code(),
    )
}

#[test]
fn a_run_that_was_broken_off_says_so_in_every_form() {
    use rustix::process::Signal;
    let house = House::new();
    let off = |arguments: &[&str], signal| {
        let mut fleet = house.fleet(3);
        fleet.args(["--connection-timeout", "20s"]);
        broken_off(fleet.args(arguments), signal)
    };
    let (_, status) = off(&["--html", "page.html"], Signal::TERM);
    assert_eq!(status, Some(2));
    let page = house.page("page.html");
    assert!(page.contains(": interrupted</title>"), "{page}");
    let (lines, status) = off(&["--json"], Signal::INT);
    assert_eq!(status, Some(2));
    assert!(lines.contains("\"verify/1\"") && lines.contains("\"code\": \"interrupted\""));
    let (metrics, _) = off(&["--prometheus"], Signal::INT);
    assert!(metrics.contains("certgen_verify_error{code=\"interrupted\"} 1\n"));
    let (line, status) = off(&["--nagios"], Signal::TERM);
    assert_eq!(status, Some(3));
    assert!(line.contains("interrupted after 1 of 4"), "{line}");
}

#[test]
fn lists_are_read_as_other_systems_write_them() {
    let house = House::new();
    let port = house.port;
    let text = format!("localhost:{port}\r\n# more\r\nmqtts://localhost:{port}\r\n");
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    for bytes in [text.into_bytes(), wide, marked] {
        let list = house.folder.write("list", bytes);
        let lines = run(house.verify().arg("--hosts").arg(&list).arg("--json")).ok();
        assert_eq!(lines.stdout.lines().count(), 2);
        let metrics = run(house.verify().arg("--hosts").arg(&list).arg("--prometheus")).ok();
        let samples = metrics.stdout.lines();
        let samples = samples.filter(|line| line.starts_with("certgen_verify_success"));
        assert_eq!(samples.count(), 1);
    }
}

#[test]
fn monitoring_names_the_brokers_that_failed() {
    let house = House::new();
    let nobody = free_port();
    let list = format!("localhost:{}\nlocalhost:{nobody}\n", house.port);
    let list = house.folder.write("list", list);
    let output = run(house.verify().arg("--hosts").arg(&list).arg("--nagios"));
    let line = format!(
        "CRITICAL - 1 of 2 brokers failed: mqtts://localhost:{nobody} connection-refused | failed=1 warnings=0 brokers=2\n"
    );
    assert_eq!(output.stdout, line);
    let page = ["--html", "page.html"];
    run(house.verify().arg("--hosts").arg(&list).args(page));
    let page = house.page("page.html");
    let (failed, good) = (
        page.find("#broker-").unwrap(),
        page.rfind("#broker-").unwrap(),
    );
    assert!(page[failed..good].contains(&nobody.to_string()), "{page}");
}

#[test]
fn few_descriptors_make_a_run_slower_and_no_broker_worse() {
    let house = House::new();
    let list = format!("localhost:{}\n", house.port).repeat(40);
    let list = house.folder.write("list", list);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 48; exec \"$@\"", "sh"]);
    let verify = house.verify();
    limited.arg(verify.get_program()).args(verify.get_args());
    limited.current_dir(house.folder.join(""));
    let output = run(limited.arg("--hosts").arg(list).args(["--jobs", "40"]));
    assert_eq!(output.status, Some(0), "{output:#?}");
    assert!(
        output
            .stderr
            .contains("this process may open no more files")
    );
}
