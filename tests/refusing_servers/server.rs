//! The servers, each with the certificates that it is to show and to trust.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use certgen::keystore::pem;

use crate::support::{self, Folder, free_port, peer, wait_for_port};
use crate::{Ca, Owned};

/// Another program may have taken the port that was free.
const ATTEMPTS: usize = 4;

/// A running server, which ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    #[expect(dead_code, reason = "is gone when the server is")]
    folder: Folder,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files of a server.
struct Files {
    folder: Folder,
    leaf: PathBuf,
    rest: PathBuf,
    key: PathBuf,
    authorities: PathBuf,
}

fn files(shown: &Owned, trusted: &[&Ca]) -> Files {
    let folder = Folder::new();
    let text = |chain: &[Vec<u8>]| {
        chain
            .iter()
            .map(|der| pem::certificate(der))
            .collect::<String>()
    };
    let (leaf, rest) = shown.chain.split_first().unwrap();
    let trusted: Vec<Vec<u8>> = trusted.iter().map(|ca| ca.der()).collect();
    Files {
        leaf: folder.write("leaf.pem", pem::certificate(leaf)),
        rest: folder.write("rest.pem", text(rest)),
        key: folder.write("key.pem", pem::private_key(&shown.key).secret_bytes()),
        authorities: folder.write("authorities.pem", text(&trusted)),
        folder,
    }
}

#[track_caller]
fn started(files: Files, command: impl Fn(&Files, u16) -> Command) -> Server {
    for _ in 0..ATTEMPTS {
        let port = free_port();
        let mut command = command(&files, port);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        if wait_for_port(port) && child.try_wait().unwrap().is_none() {
            return Server {
                child,
                port,
                folder: files.folder,
            };
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("the server does not start");
}

/// `openssl s_server`, which does not speak MQTT.
#[track_caller]
pub(crate) fn openssl(shown: &Owned, trusted: Option<&[&Ca]>, options: &[&str]) -> Server {
    let files = files(shown, trusted.unwrap_or_default());
    started(files, |files, port| {
        let mut command = peer("openssl");
        command.args(["s_server", "-quiet", "-accept"]);
        command.arg(format!("127.0.0.1:{port}"));
        command
            .arg("-cert")
            .arg(&files.leaf)
            .arg("-key")
            .arg(&files.key);
        if shown.chain.len() > 1 {
            command.arg("-cert_chain").arg(&files.rest);
        }
        if trusted.is_some() {
            command.arg("-CAfile").arg(&files.authorities);
        }
        command.args(options);
        command
    })
}

/// TLS of Node.js up to this version, as brokers that are written for it use it; nothing follows.
#[track_caller]
pub(crate) fn node(shown: &Owned, trusted: &Ca, version: &str) -> Server {
    let program = "const fs = require('fs'), read = (i) => fs.readFileSync(process.argv[i]);
        require('tls').createServer({ cert: read(2), key: read(3), ca: read(4), requestCert: true,
            rejectUnauthorized: true, maxVersion: process.argv[5] },
            (socket) => socket.on('error', () => {})).listen(+process.argv[6], '127.0.0.1')";
    let files = files(shown, &[trusted]);
    let program = files.folder.write("server.js", program);
    started(files, |files, port| {
        let mut command = support::node();
        command.arg(&program).arg(&files.leaf).arg(&files.key);
        command
            .arg(&files.authorities)
            .arg(version)
            .arg(port.to_string());
        command
    })
}

/// nginx's stream module, which ends TLS in front of nothing.
#[track_caller]
pub(crate) fn nginx(shown: &Owned, trusted: &Ca) -> Server {
    let files = files(shown, &[trusted]);
    started(files, |files, port| {
        let text = format!(
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\npid {pid};\nerror_log {log};\n\
             daemon off;\nmaster_process off;\nevents {{}}\nstream {{ server {{\n\
             listen 127.0.0.1:{port} ssl;\nssl_certificate {leaf};\nssl_certificate_key {key};\n\
             ssl_verify_client on;\nssl_client_certificate {authorities};\nproxy_pass 127.0.0.1:1;\n}} }}\n",
            pid = files.folder.join("pid").display(),
            log = files.folder.join("log").display(),
            leaf = files.leaf.display(),
            key = files.key.display(),
            authorities = files.authorities.display(),
        );
        let mut command = peer("nginx");
        command
            .arg("-c")
            .arg(files.folder.write("nginx.conf", text));
        command
    })
}
