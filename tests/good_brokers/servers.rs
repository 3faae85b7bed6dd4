//! The servers, each with the PKI's broker certificate and a client certificate required.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Folder, free_port, peer, until_within};

/// Erlang needs long on a busy machine; this is a hang.
const LIMIT: Duration = Duration::from_secs(180);
/// Another program may have taken the port that was free.
const ATTEMPTS: usize = 4;
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A running server, and what runs for it; all end with it.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    pub(crate) port: u16,
    #[expect(dead_code, reason = "ends when the server ends")]
    helper: Option<Helper>,
}

struct Helper(Child);

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts what `command` says for a free port, and waits until it listens.
    #[track_caller]
    fn start(log: PathBuf, mut command: impl FnMut(u16) -> (Command, Option<Helper>)) -> Self {
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let (command, helper) = command(port);
            let mut server = Self {
                child: spawned(command, &log),
                log: log.clone(),
                port,
                helper,
            };
            if server.listens() {
                return server;
            }
        }
        panic!(
            "the server does not start:\n{}",
            std::fs::read_to_string(&log).unwrap()
        );
    }

    fn listens(&mut self) -> bool {
        let mut ended = false;
        let answers = until_within(LIMIT, || {
            ended = self.child.try_wait().unwrap().is_some();
            ended || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        answers && !ended
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }
}

fn spawned(mut command: Command, log: &Path) -> Child {
    let file = File::create(log).unwrap();
    command.stdin(Stdio::null());
    command.stdout(file.try_clone().unwrap()).stderr(file);
    command.spawn().unwrap()
}

/// A path of the PKI, for a configuration.
fn pki(folder: &Folder, inside: &str) -> String {
    folder.join("pki").join(inside).to_str().unwrap().to_owned()
}

/// mosquitto with TLS of its own.
pub(crate) fn mosquitto(folder: &Folder) -> Server {
    let lines = format!(
        "cafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n",
        pki(folder, "ca/ca.crt"),
        pki(folder, "broker/broker.crt"),
        pki(folder, "broker/broker.key")
    );
    mosquitto_with(folder, &lines)
}

/// mosquitto without TLS, behind a proxy.
pub(crate) fn plain_mosquitto(folder: &Folder) -> Server {
    mosquitto_with(folder, "")
}

fn mosquitto_with(folder: &Folder, lines: &str) -> Server {
    Server::start(folder.join("mosquitto.log"), |port| {
        let lines = format!("listener {port} 127.0.0.1\nallow_anonymous true\n{lines}");
        let user = if is_root() { "user root\n" } else { "" };
        let file = folder.write("mosquitto.conf", format!("{user}{lines}"));
        let mut command = peer("mosquitto");
        command.args(["-v", "-c"]).arg(file);
        (command, None)
    })
}

fn is_root() -> bool {
    crate::support::run(peer("id").arg("-u")).ok().stdout.trim() == "0"
}

/// HAProxy, which ends TLS in front of the plain broker on `broker`.
pub(crate) fn haproxy(folder: &Folder, broker: u16) -> Server {
    let mut bundle = folder.read("pki/broker/broker.crt");
    bundle.extend(folder.read("pki/broker/broker.key"));
    let bundle = folder.write("haproxy.pem", bundle);
    Server::start(folder.join("haproxy.log"), |port| {
        let file = folder.write(
            "haproxy.cfg",
            format!(
                "global\n  maxconn 50\ndefaults\n  mode tcp\n  timeout connect 60s\n  timeout client 60s\n  timeout server 60s\n\
                 frontend mqtts\n  bind 127.0.0.1:{port} ssl crt {} ca-file {} verify required\n  default_backend broker\n\
                 backend broker\n  server one 127.0.0.1:{broker}\n",
                bundle.display(),
                pki(folder, "ca/ca.crt")
            ),
        );
        let mut command = peer("haproxy");
        command.args(["-db", "-f"]).arg(file);
        (command, None)
    })
}

/// nginx's stream module, which ends TLS in front of the plain broker on `broker`.
pub(crate) fn nginx(folder: &Folder, broker: u16) -> Server {
    let module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    assert!(
        Path::new(module).is_file(),
        "{module} is missing: install the Debian package libnginx-mod-stream (scripts/peers installs all)"
    );
    Server::start(folder.join("nginx.log"), |port| {
        let file = folder.write(
            "nginx.conf",
            format!(
                "load_module {module};\ndaemon off;\nmaster_process off;\npid {};\nerror_log stderr info;\nevents {{}}\n\
                 stream {{\n  server {{\n    listen 127.0.0.1:{port} ssl;\n    proxy_pass 127.0.0.1:{broker};\n\
                 ssl_certificate {};\n    ssl_certificate_key {};\n    ssl_client_certificate {};\n\
                 ssl_verify_client on;\n    ssl_protocols TLSv1.2 TLSv1.3;\n  }}\n}}\n",
                folder.join("nginx.pid").display(),
                pki(folder, "broker/broker.crt"),
                pki(folder, "broker/broker.key"),
                pki(folder, "ca/ca.crt")
            ),
        );
        let mut command = peer("nginx");
        command.args(["-e", "stderr", "-c"]).arg(file);
        (command, None)
    })
}

/// RabbitMQ with its MQTT plugin, as a node of its own with its own port mapper.
pub(crate) fn rabbitmq(folder: &Folder) -> Server {
    assert!(
        Path::new(RABBITMQ).is_file(),
        "{RABBITMQ} is missing: install the Debian package rabbitmq-server (scripts/peers installs all)"
    );
    let mut attempt = 0;
    Server::start(folder.join("rabbitmq.log"), |port| {
        attempt += 1;
        let home = folder.join(format!("rabbitmq-{attempt}"));
        std::fs::create_dir(&home).unwrap();
        std::fs::write(home.join("rabbitmq.conf"), rabbitmq_conf(folder, port)).unwrap();
        std::fs::write(home.join("enabled_plugins"), "[rabbitmq_mqtt].\n").unwrap();
        let mapper = free_port();
        let helper = Helper(spawned(port_mapper(mapper), &home.join("epmd.log")));
        (rabbitmq_command(&home, mapper), Some(helper))
    })
}

fn rabbitmq_conf(folder: &Folder, port: u16) -> String {
    format!(
        "listeners.tcp = none\nmqtt.listeners.tcp = none\nmqtt.listeners.ssl.1 = 127.0.0.1:{port}\nmqtt.allow_anonymous = true\n\
         ssl_options.cacertfile = {}\nssl_options.certfile = {}\nssl_options.keyfile = {}\n\
         ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = true\n\
         ssl_options.versions.1 = tlsv1.3\nssl_options.versions.2 = tlsv1.2\n",
        pki(folder, "ca/ca.crt"),
        pki(folder, "broker/broker.crt"),
        pki(folder, "broker/broker.key")
    )
}

/// Erlang's port mapper in the foreground; RabbitMQ would leave one behind.
fn port_mapper(port: u16) -> Command {
    let mut command = peer("epmd");
    command.args(["-address", "127.0.0.1", "-port"]);
    command.arg(port.to_string());
    command
}

fn rabbitmq_command(home: &Path, mapper: u16) -> Command {
    let mut command = Command::new(RABBITMQ);
    command.current_dir(home).env("HOME", home);
    command.env("ERL_EPMD_PORT", mapper.to_string());
    command.env("ERL_EPMD_ADDRESS", "127.0.0.1");
    command.env("RABBITMQ_NODENAME", "certgen@localhost");
    command.env("RABBITMQ_DIST_PORT", free_port().to_string());
    command.env("RABBITMQ_LOGS", "-");
    command.env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
    // Erlang takes the place of the script, so that it ends with the test.
    command.env("RUNNING_UNDER_SYSTEMD", "true");
    for (name, inside) in [
        ("MNESIA_BASE", "mnesia"),
        ("LOG_BASE", "log"),
        ("CONFIG_FILE", "rabbitmq.conf"),
        ("ADVANCED_CONFIG_FILE", "advanced.config"),
        ("ENABLED_PLUGINS_FILE", "enabled_plugins"),
        ("PLUGINS_EXPAND_DIR", "expand"),
        ("GENERATED_CONFIG_DIR", "generated"),
    ] {
        command.env(format!("RABBITMQ_{name}"), home.join(inside));
    }
    command
}
