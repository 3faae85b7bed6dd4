//! The examples of fixtures in other languages' tests, each run as its users would.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Folder, node, peer, python, run};

/// A copy of an example, which may leave files behind.
fn copy(name: &str) -> Folder {
    let folder = Folder::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/fixtures")
        .join(name);
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = PathBuf::from(path.file_name().unwrap());
            folder.write(name.to_str().unwrap(), std::fs::read(&path).unwrap());
        }
    }
    folder
}

fn within(mut command: Command, folder: &Folder) -> support::Output {
    command
        .current_dir(folder.path())
        .env("CERTGEN", env!("CARGO_BIN_EXE_certgen"))
        .env_remove("SOURCE_DATE_EPOCH");
    run(&mut command)
}

#[test]
fn rust_tests_take_fixtures_from_memory() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args([
        "run",
        "--locked",
        "--quiet",
        "--example",
        "fixtures",
    ]);
    let output = run(&mut cargo).ok();
    assert_eq!(output.stdout, "good/depth2: accept\ntime/expired: reject\n");
}

#[test]
fn pytest_makes_a_test_of_each_scenario() {
    let folder = copy("pytest");
    let mut command = python();
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    let output = within(command, &folder).ok();
    assert!(output.stdout.contains(" passed"), "{output:?}");
}

#[test]
fn node_makes_a_test_of_each_scenario() {
    let folder = copy("node");
    let mut command = node();
    command.args(["--test", "tls.test.mjs"]);
    let output = within(command, &folder).ok();
    assert!(output.all().contains("# fail 0"), "{output:?}");
    assert!(output.all().contains("time/expired: "), "{output:?}");
}

#[test]
fn junit_makes_a_test_of_each_store() {
    let jar = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/java/junit-platform-console-standalone-1.13.4.jar");
    if !jar.is_file() {
        support::skipped(
            "the JUnit example: scripts/peers could not fetch JUnit's console launcher",
        );
        return;
    }
    let folder = copy("junit");
    let mut javac = peer("javac");
    javac
        .arg("-cp")
        .arg(&jar)
        .args(["-d", "classes", "FixturesTest.java"]);
    within(javac, &folder).ok();
    let mut java = peer("java");
    java.arg("-jar").arg(&jar).args([
        "execute",
        "-cp",
        "classes",
        "--scan-classpath",
        "--details=summary",
    ]);
    let output = within(java, &folder).ok();
    assert!(output.all().contains("tests successful"), "{output:?}");
}

#[test]
fn a_shell_script_takes_the_paths_from_its_environment() {
    let folder = copy("shell");
    let mut command = peer("sh");
    command.arg("handshake.sh");
    let output = within(command, &folder).ok();
    assert!(
        output.stdout.contains("refused, as it should be"),
        "{output:?}"
    );
}

#[test]
fn make_brings_the_fixtures_of_a_lock() {
    let folder = copy("make");
    within(peer("make"), &folder).ok();
    assert!(folder.join(".fixtures/good/server/leaf.crt").is_file());
    let text = std::fs::read_to_string(folder.join("fixtures.lock")).unwrap();
    assert!(!text.contains("PRIVATE KEY"));
}

#[test]
fn the_schema_describes_the_manifest() {
    let folder = Folder::new();
    let mut command = support::certgen();
    command.args(["fixtures", "--out"]).arg(folder.join("set"));
    run(&mut command).ok();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fixtures/manifest/schema.json");
    let mut command = python();
    command.arg("-c").arg(
        "import json, sys, jsonschema\n\
         schema, manifest = (json.load(open(path)) for path in sys.argv[1:])\n\
         jsonschema.Draft202012Validator.check_schema(schema)\n\
         jsonschema.validate(manifest, schema, cls=jsonschema.Draft202012Validator)",
    );
    command.arg(schema).arg(folder.join("set/manifest.json"));
    run(&mut command).ok();
}
