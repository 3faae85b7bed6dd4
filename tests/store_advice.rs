//! What `bundle` and `inspect` advise about stores and keys: the sentence names what is wrong, and
//! the command behind it does what it says.

mod support;

use std::process::Command;

use support::{Folder, Output, certgen, peer, run};

const PASSWORD: &str = "correct horse";

/// A folder with a CA and the clients `phone` (P-256) and `edd` (Ed25519).
fn pki() -> Folder {
    let folder = Folder::new();
    call(&folder, &["ca", "--no-ca-password"]).ok();
    call(&folder, &["client", "phone"]).ok();
    call(&folder, &["client", "edd", "--key", "ed25519"]).ok();
    folder
}

fn call(folder: &Folder, arguments: &[&str]) -> Output {
    run(certgen_in(folder).args(arguments))
}

fn certgen_in(folder: &Folder) -> Command {
    let mut command = certgen();
    command.current_dir(folder.path()).env("STORE", PASSWORD);
    command
}

/// Runs the command that was suggested.
fn follow(folder: &Folder, output: &Output) -> Output {
    let text = output.all();
    let line = text.lines().find_map(|line| {
        let line = line.trim_start();
        let rest = ["run:", "run "]
            .iter()
            .find_map(|label| line.strip_prefix(label));
        rest?.trim_start().strip_prefix("certgen ")
    });
    let words: Vec<&str> = line
        .unwrap_or_else(|| panic!("{text}"))
        .split(' ')
        .collect();
    call(folder, &words)
}

#[test]
fn what_a_target_refuses_comes_with_a_command_that_works() {
    let folder = pki();
    for (arguments, file) in [
        (
            &["--for", "rhasspy", "--format", "p12"][..],
            "certs/client/phone.bks",
        ),
        (&["--for=ios", "--format=bks,jks"], "certs/client/phone.p12"),
        (
            &[
                "--for",
                "android-old",
                "--p12-profile",
                "modern",
                "--out",
                "old.p12",
            ],
            "old.p12",
        ),
        (&["--for", "android", "--out", "store"], "store"),
    ] {
        let mut all = vec!["bundle", "phone", "--store-password", "env:STORE"];
        all.extend(arguments);
        let refused = call(&folder, &all);
        assert_eq!(refused.status, Some(2), "{refused:#?}");
        follow(&folder, &refused).ok();
        let made = folder.join(file);
        assert!(made.is_file(), "{file}");
        std::fs::remove_file(made).unwrap();
    }
}

#[test]
fn a_key_that_a_target_refuses_is_issued_again() {
    let folder = pki();
    let bundle = ["bundle", "edd", "--for", "rhasspy"];
    let bundle = [&bundle[..], &["--store-password", "env:STORE"]].concat();
    let refused = call(&folder, &bundle);
    assert_eq!(refused.status, Some(2), "{refused:#?}");
    follow(&folder, &refused).ok();
    call(&folder, &bundle).ok();
}

/// The findings of `inspect --for` lead to a store that the target reads.
#[test]
fn what_inspect_says_a_target_refuses_is_made_anew() {
    let folder = pki();
    let password = ["--store-password", "env:STORE"];
    let bundle = ["bundle", "phone", "--format", "p12,jks"];
    call(&folder, &[&bundle[..], &password].concat()).ok();
    let key = ["certs/client/phone.key", "certs/client/phone.crt"];
    let encrypted = folder.join("encrypted.pem");
    let out = encrypted.to_str().unwrap();
    let bundle = ["bundle", "phone", "--format", "pem", "--out", out];
    call(&folder, &[&bundle[..], &password].concat()).ok();
    assert!(folder.join(key[0]).is_file());

    for (file, target, made) in [
        (
            "certs/client/phone.p12",
            "rhasspy",
            "certs/client/phone-new.bks",
        ),
        (
            "certs/client/phone.p12",
            "ios",
            "certs/client/phone-new.p12",
        ),
        (
            "certs/client/phone.jks",
            "android",
            "certs/client/phone-new.p12",
        ),
        ("encrypted.pem", "mosquitto", "encrypted-new.pem"),
    ] {
        let inspect = ["inspect", file, "--for", target];
        let key = ["--key-password", "env:STORE"];
        let refused = call(&folder, &[&inspect[..], &password, &key].concat());
        assert_eq!(refused.status, Some(1), "{refused:#?}");
        let text = refused.all();
        let line = text.lines().find(|line| line.contains("certgen bundle"));
        let line = line.unwrap_or_else(|| panic!("{text}"));
        let words: Vec<&str> = line.split_once("certgen ").unwrap().1.split(' ').collect();
        let words = [&words[..], &["--in-password", "env:STORE"]].concat();
        call(&folder, &words).ok();
        let inspect = ["inspect", made, "--for", target];
        call(&folder, &[&inspect[..], &password].concat()).ok();
        std::fs::remove_file(folder.join(made)).unwrap();
    }
}

#[test]
fn a_wrong_password_of_a_pem_key_is_called_one() {
    let folder = pki();
    let pem = ["bundle", "phone", "--format", "pem", "--out", "key.pem"];
    call(
        &folder,
        &[&pem[..], &["--store-password", "env:STORE"]].concat(),
    )
    .ok();
    let wrong = "the private key does not open";
    for option in ["--key-password", "--in-password"] {
        let convert = ["bundle", "--in", "key.pem", "--out", "out.p12"];
        let mut command = certgen_in(&folder);
        let output = run(command
            .env("WRONG", "wrong")
            .args(convert)
            .args([option, "env:WRONG"]));
        assert_eq!(output.status, Some(2));
        assert!(output.stderr.contains(wrong), "{}", output.stderr);
        assert!(
            !output.stderr.contains("own password as well"),
            "{}",
            output.stderr
        );
    }
    let mut command = certgen_in(&folder);
    command.args(["inspect", "key.pem", "--key-password", "env:WRONG"]);
    let output = run(command.env("WRONG", "wrong"));
    assert!(output.stdout.contains(wrong), "{}", output.stdout);
}

#[test]
fn options_that_change_nothing_are_refused() {
    let folder = pki();
    for (format, option, value) in [
        ("p12", "--bks-version", "1"),
        ("bks", "--p12-profile", "compat"),
        ("jks", "--iterations", "5000"),
    ] {
        let bundle = ["bundle", "phone", "--format", format, option, value];
        let output = call(
            &folder,
            &[&bundle[..], &["--store-password", "env:STORE"]].concat(),
        );
        assert_eq!(output.status, Some(2), "{option}");
        assert!(output.stderr.contains(option), "{}", output.stderr);
        assert!(
            output.stderr.contains("certgen bundle --help"),
            "{}",
            output.stderr
        );
    }
}

/// Certificates that OpenSSL put into a PKCS#12 are not trusted by Java before they are marked.
#[test]
fn trust_only_marks_what_it_takes_as_trusted() {
    let folder = pki();
    let mut openssl = peer("openssl");
    openssl.args(["pkcs12", "-export", "-nokeys", "-in", "certs/ca/ca.crt"]);
    openssl.args([
        "-caname",
        "home",
        "-passout",
        "env:STORE",
        "-out",
        "plain.p12",
    ]);
    run(openssl.current_dir(folder.path()).env("STORE", PASSWORD)).ok();
    let convert = [
        "bundle",
        "--in",
        "plain.p12",
        "--out",
        "trust.p12",
        "--trust-only",
    ];
    let output = call(
        &folder,
        &[&convert[..], &["--in-password", "env:STORE"]].concat(),
    )
    .ok();
    assert!(
        output.stdout.contains("trusted certificate"),
        "{}",
        output.stdout
    );
}

/// GnuTLS prints EC keys without their curve, and clear keys in bags for encrypted ones.
#[test]
fn the_habits_of_gnutls_are_read() {
    let folder = pki();
    let certtool = |arguments: &[&str]| {
        let mut certtool = peer("certtool");
        run(certtool.current_dir(folder.path()).args(arguments)).ok()
    };
    let files = ["--load-privkey", "certs/client/phone.key"];
    let files = [
        &files[..],
        &["--load-certificate", "certs/client/phone.crt"],
    ]
    .concat();
    let p12 = [
        "--to-p12",
        "--p12-name",
        "phone",
        "--password",
        "",
        "--outder",
    ];
    certtool(&[&p12[..], &files, &["--outfile", "clear.p12"]].concat());
    let mut inspect = certgen_in(&folder);
    inspect.args(["inspect", "clear.p12", "--store-password", "env:EMPTY"]);
    let output = run(inspect.env("EMPTY", "")).ok();
    assert!(
        output.stdout.contains("EC P-256, not encrypted"),
        "{}",
        output.stdout
    );

    let shown = certtool(&["--key-info", "--infile", "certs/client/phone.key"]).stdout;
    folder.write("shown.key", shown);
    let output = call(&folder, &["inspect", "shown.key"]).ok();
    assert!(output.stdout.contains("EC P-256"), "{}", output.stdout);
}

/// Keys whose public half is not computed here have a kind all the same.
#[test]
fn kinds_of_keys_that_are_not_used_here_are_named() {
    let folder = Folder::new();
    for (algorithm, kind) in [("ED448", "Ed448"), ("X25519", "1.3.101.110")] {
        let mut openssl = peer("openssl");
        openssl.args(["genpkey", "-algorithm", algorithm, "-out", "other.key"]);
        run(openssl.current_dir(folder.path())).ok();
        let output = call(&folder, &["inspect", "other.key"]).ok();
        assert!(output.stdout.contains(kind), "{}", output.stdout);
    }
}

/// OpenSSL writes what is not read here; it is named as people know it.
#[test]
fn algorithms_that_are_not_read_are_named() {
    let folder = pki();
    for (options, name) in [
        (["-certpbe", "camellia-256-cbc"], "Camellia-256-CBC"),
        (["-certpbe", "aria-128-cbc"], "ARIA-128-CBC"),
        (["-macalg", "sha3-256"], "SHA3-256"),
    ] {
        let mut openssl = peer("openssl");
        openssl.args(["pkcs12", "-export", "-nokeys", "-in", "certs/ca/ca.crt"]);
        openssl
            .args(options)
            .args(["-passout", "env:STORE", "-out", "odd.p12"]);
        run(openssl.current_dir(folder.path()).env("STORE", PASSWORD)).ok();
        let output = call(
            &folder,
            &["inspect", "odd.p12", "--store-password", "env:STORE"],
        );
        assert_eq!(output.status, Some(2));
        assert!(output.stderr.contains(name), "{}", output.stderr);
    }
}

/// Stores and certificates that were cut off are called that, whatever their format.
#[test]
fn what_was_cut_off_is_called_cut_off() {
    let folder = pki();
    let bundle = ["bundle", "phone", "--format", "p12,bcfks,bks,jks"];
    call(
        &folder,
        &[&bundle[..], &["--store-password", "env:STORE"]].concat(),
    )
    .ok();
    let mut openssl = peer("openssl");
    openssl.args([
        "x509",
        "-in",
        "certs/ca/ca.crt",
        "-outform",
        "DER",
        "-out",
        "ca.der",
    ]);
    run(openssl.current_dir(folder.path())).ok();
    for (file, said) in [
        ("certs/client/phone.p12", "the PKCS#12 store is damaged"),
        ("certs/client/phone.bcfks", "the BCFKS store is damaged"),
        ("certs/client/phone.bks", "the BKS store is damaged"),
        ("certs/client/phone.jks", "the JKS store is damaged"),
        ("ca.der", "DER that was cut off"),
    ] {
        let whole = folder.read(file);
        for length in [whole.len() - 1, whole.len() / 2, 100] {
            folder.write(file, whole.get(..length).unwrap());
            let inspect = ["inspect", file, "--store-password", "env:STORE"];
            let output = call(&folder, &inspect);
            assert_eq!(output.status, Some(2), "{file} {length}");
            assert!(
                output.stderr.contains(said),
                "{file} {length}: {}",
                output.stderr
            );
        }
    }
}
