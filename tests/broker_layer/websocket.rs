//! MQTT over WebSocket behind nginx, and brokers that send messages in a circle.

use std::process::Stdio;

use crate::support::{Folder, certgen, free_port, peer, run, wait_for_port};
use crate::{Ending, household, mosquitto, pki, told, verify, websocket};

/// nginx with TLS in front of a plain WebSocket listener, with these lines in its `server`.
fn nginx(folder: &Folder, backend: u16, lines: &str) -> (Ending, u16) {
    let port = free_port();
    let text = format!(
        "daemon off;\nmaster_process off;\npid {};\nevents {{}}\nhttp {{\n access_log off;\n server {{\n\
         listen 127.0.0.1:{port} ssl;\n ssl_certificate {};\n ssl_certificate_key {};\n {lines}\n\
         location /mqtt {{ proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1;\n\
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }}\n }}\n}}\n",
        folder.join("nginx.pid").display(),
        pki(folder, "broker/broker.crt").display(),
        pki(folder, "broker/broker.key").display(),
    );
    let file = folder.write("nginx.conf", text);
    let mut nginx = peer("nginx");
    nginx.args(["-e", "stderr", "-c"]).arg(file);
    nginx.stdout(Stdio::null()).stderr(Stdio::null());
    let proxy = Ending(nginx.spawn().unwrap());
    assert!(wait_for_port(port));
    (proxy, port)
}

#[test]
fn nginx_refuses_client_certificates_with_http() {
    let folder = household();
    let (_broker, backend) = websocket(&folder, "");
    let lines = format!(
        "ssl_verify_client on;\n ssl_client_certificate {};",
        pki(&folder, "ca/ca.crt").display()
    );
    let (_proxy, port) = nginx(&folder, backend, &lines);
    told(
        verify(&folder, port).args(["--websocket", "/mqtt"]),
        "client-certificate-missing",
        "HTTP 400, `No required SSL certificate was sent`",
    );
    let other = folder.join("other");
    for words in [&["ca", "--no-ca-password"][..], &["client", "phone"]] {
        let mut stranger = certgen();
        stranger.arg("--dir").arg(&other).args(words);
        run(&mut stranger).ok();
    }
    told(
        verify(&folder, port)
            .args(["--websocket", "/mqtt", "--cert"])
            .arg(other.join("client/phone.crt"))
            .arg("--key")
            .arg(other.join("client/phone.key")),
        "client-certificate-untrusted",
        "HTTP 400, `The SSL certificate error`",
    );
}

#[test]
fn nginx_that_cuts_an_idle_websocket_is_an_idle_limit() {
    let folder = household();
    let (_broker, backend) = websocket(&folder, "");
    let (_proxy, port) = nginx(&folder, backend, "proxy_read_timeout 1s;");
    told(
        verify(&folder, port).args(["--websocket", "/mqtt", "--hold", "3s"]),
        "idle-timeout-too-short",
        "proxy_read_timeout",
    );
}

#[test]
fn a_bridge_that_sends_in_a_circle_is_told() {
    let folder = household();
    let inner = free_port();
    let lines = format!(
        "listener {inner} 127.0.0.1\nconnection self\naddress 127.0.0.1:{inner}\ntopic # both 1\ntry_private false\n"
    );
    for more in [&[][..], &["--hold", "1s"]] {
        // Each time a new one: what circles in it already keeps it busy.
        let broker = mosquitto(&folder, &lines);
        assert!(broker.has_logged("Received SUBACK"), "{}", broker.log());
        told(
            verify(&folder, broker.port).arg("--no-tls").args(more),
            "message-repeated",
            "comes back again and again",
        );
    }
}
