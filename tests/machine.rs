//! The machine itself: the peers are there and the helpers of the other tests work with them.

mod support;

use support::{Folder, Java, Mosquitto, free_port, node, peer, python, run};

#[test]
fn certgen_says_its_version() {
    let output = run(support::certgen().arg("--version")).ok();
    assert_eq!(
        output.stdout,
        concat!("certgen ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn java_compiles_a_file_with_bouncy_castle() {
    let folder = Folder::new();
    let program = folder.write(
        "Hello.java",
        "public class Hello { public static void main(String[] a) throws Exception {
            System.out.print(new org.bouncycastle.jce.provider.BouncyCastleProvider().getName()); } }",
    );
    for java in Java::every() {
        assert_eq!(run(&mut java.source(&program)).ok().stdout, "BC");
    }
    let output = run(Java::debian().keytool("-list").args(["-keystore", "/none"]));
    assert!(output.stdout.contains("does not exist"), "{output:#?}");
}

#[test]
fn python_and_node_have_their_packages() {
    run(python().args(["-c", "import cryptography, jks, paho.mqtt.client"])).ok();
    run(node().args(["-e", "require('mqtt').connect"])).ok();
}

#[test]
fn mosquitto_starts() {
    let (folder, port) = (Folder::new(), free_port());
    let lines = format!("listener {port} 127.0.0.1\nallow_anonymous true\n");
    let broker = Mosquitto::start(&folder.write("mosquitto.conf", lines), port);
    let port = broker.port.to_string();
    run(peer("mosquitto_pub").args(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "m"])).ok();
}
