//! What may not be among the dependencies, read from Cargo's own resolution.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

/// Never, in no role: OpenSSL, a second provider for TLS, crates with advisories or without
/// maintenance, and a foreign codec of keystores.
const BANNED: [&str; 8] = [
    "openssl-sys",
    "openssl",
    "native-tls",
    "ring",
    "rustls-pemfile",
    "rustls-graviola",
    "rustls-mbedcrypto-provider",
    "jks",
];

/// In tests alone.
const ONLY_IN_TESTS: [&str; 2] = ["p12", "proptest"];

#[test]
fn no_banned_crate_is_in_the_tree() {
    let tree = tree("normal,build,dev");
    for name in BANNED {
        assert!(!tree.iter().any(|(found, _)| found == name), "{name}");
    }
}

#[test]
fn opinions_of_others_are_for_tests() {
    let tree = tree("normal,build");
    for name in ONLY_IN_TESTS {
        assert!(!tree.iter().any(|(found, _)| found == name), "{name}");
    }
}

#[test]
fn webpki_has_no_open_advisory() {
    let mut count = 0;
    for (name, version) in tree("normal,build,dev") {
        if name == "rustls-webpki" {
            count += 1;
            assert!(numbers(&version) >= vec![0, 103, 13], "{version}");
        }
    }
    assert_eq!(count, 1, "one version of rustls-webpki");
}

#[test]
fn there_is_one_rustls_with_one_provider() {
    let mut lines = cargo_tree("normal,build,dev", "{p} {f}").into_iter();
    let rustls: Vec<String> = lines
        .by_ref()
        .filter(|line| line.starts_with("rustls v"))
        .collect();
    assert_eq!(rustls.len(), 1, "{rustls:?}");
    let features: Vec<&str> = rustls.first().unwrap().split([' ', ',']).collect();
    assert!(features.contains(&"aws_lc_rs"), "{features:?}");
    assert!(!features.contains(&"ring"), "{features:?}");
}

fn numbers(version: &str) -> Vec<u32> {
    let parts = version.split(['.', '-', '+']);
    parts.map_while(|part| part.parse().ok()).collect()
}

/// Names and versions of the packages that are built, for every platform.
fn tree(edges: &str) -> Vec<(String, String)> {
    let lines = cargo_tree(edges, "{p}");
    let packages = lines.iter().map(|line| {
        let mut words = line.split(' ');
        let name = words.next().unwrap().to_owned();
        let version = words.next().unwrap().trim_start_matches('v').to_owned();
        (name, version)
    });
    packages.collect()
}

/// `cargo tree` and not `cargo metadata`: the latter lists optional crates that a weak feature
/// (`ring?/alloc`) mentions, and that nobody builds.
fn cargo_tree(edges: &str, format: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--target", "all", "--prefix", "none"])
        .args(["--edges", edges, "--format", format])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    lines.sort();
    lines.dedup();
    assert!(lines.len() > 50, "{text}");
    lines
}
