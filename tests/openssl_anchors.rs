//! Trusted files that do not fit the chain, made and judged by OpenSSL: what it refuses is a failure
//! that says what the file lacks.

mod support;

use std::time::Duration;

use certgen::finding::{Code, Finding, Severity, Stack};
use certgen::pki::audit::{Question, Report, Role, audit};
use certgen::time::Timestamp;
use support::{Folder, peer, run};

const AUTHORITY: &str = "basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
";
const BROKER: &str = "subjectAltName = DNS:broker.lan
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
";
const CLIENT: &str = "basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
";

/// A folder of keys and certificates, each by its name.
struct Lab(Folder);

impl Lab {
    fn new() -> Self {
        let lab = Self(Folder::new());
        lab.0.write("ca.ext", AUTHORITY);
        lab.0.write("broker.ext", BROKER);
        lab.0.write("client.ext", CLIENT);
        lab
    }

    fn openssl(&self, arguments: &[&str]) -> bool {
        let mut openssl = peer("openssl");
        run(openssl.args(arguments).current_dir(self.0.path())).success()
    }

    fn key(&self, key: &str) {
        if !self.0.join(format!("{key}.key")).exists() {
            let curve = "ec_paramgen_curve:P-256";
            let file = format!("{key}.key");
            let words = ["genpkey", "-algorithm", "EC", "-pkeyopt", curve];
            assert!(self.openssl(&[&words[..], &["-out", &file]].concat()));
        }
    }

    /// A certificate `name` of `subject`, with the key and the extensions of those names: signed by
    /// `issuer`, or by itself where that is its own name.
    fn issue(&self, name: &str, subject: &str, key: &str, kind: &str, issuer: &str, days: &str) {
        self.key(key);
        let files = [
            format!("{name}.csr"),
            format!("{name}.pem"),
            format!("{key}.key"),
            format!("{kind}.ext"),
            format!("{issuer}.pem"),
            format!("{issuer}.key"),
        ];
        let [request, out, key, extensions, ca, ca_key] = files.each_ref().map(String::as_str);
        let words = ["req", "-new", "-utf8", "-key", key, "-subj", subject];
        assert!(self.openssl(&[&words[..], &["-out", request]].concat()));
        let words = ["x509", "-req", "-in", request, "-days", days, "-out", out];
        let signer = if issuer == name {
            vec!["-signkey", key]
        } else {
            vec!["-CA", ca, "-CAkey", ca_key, "-CAcreateserial"]
        };
        assert!(self.openssl(&[&words[..], &["-extfile", extensions], &signer].concat()));
    }

    /// A root and below it an intermediate, which issued the broker's certificate.
    fn three() -> Self {
        let lab = Self::new();
        lab.issue("root", "/CN=Root A", "root", "ca", "root", "900");
        lab.issue("inter", "/CN=Inter", "inter", "ca", "root", "600");
        lab.issue(
            "broker",
            "/CN=broker.lan",
            "broker",
            "broker",
            "inter",
            "300",
        );
        lab
    }

    fn der(&self, name: &str) -> Vec<u8> {
        let (pem, der) = (format!("{name}.pem"), format!("{name}.der"));
        assert!(self.openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]));
        self.0.read(&der)
    }

    fn ders(&self, names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| self.der(name)).collect()
    }

    fn bundle(&self, file: &str, names: &[&str]) {
        let all: Vec<u8> = names
            .iter()
            .flat_map(|name| self.0.read(&format!("{name}.pem")))
            .collect();
        self.0.write(file, all);
    }

    /// Whether OpenSSL takes the chain, `days` from now.
    fn openssl_accepts(&self, chain: &[&str], trusted: &[&str], days: u64) -> bool {
        self.bundle("trusted", trusted);
        self.bundle("sent", chain);
        let leaf = format!("{}.pem", chain.first().copied().unwrap_or_default());
        let at = when(days).unix_timestamp().to_string();
        let words = ["verify", "-attime", &at, "-CAfile", "trusted"];
        self.openssl(&[&words[..], &["-untrusted", "sent", &leaf]].concat())
    }

    fn audit(&self, chain: &[&str], trusted: &[&str], days: u64) -> Report {
        let (chain, anchors) = (self.ders(chain), self.ders(trusted));
        let role = Role::Server { host: "broker.lan" };
        audit(&Question::new(&chain, &anchors, role, when(days)))
    }

    /// The one failure, where OpenSSL refuses the chain, too.
    #[track_caller]
    fn failure(&self, chain: &[&str], trusted: &[&str], days: u64) -> Finding {
        assert!(!self.openssl_accepts(chain, trusted, days));
        let report = self.audit(chain, trusted, days);
        let failures = failures(&report);
        let [failure] = failures.as_slice() else {
            panic!("{:#?}", report.findings);
        };
        failure.clone()
    }
}

fn when(days: u64) -> Timestamp {
    Timestamp::now_utc() + Duration::from_secs(days * 86_400 + 60)
}

fn failures(report: &Report) -> Vec<Finding> {
    let failures = report.findings.iter();
    let failures = failures.filter(|finding| finding.severity == Severity::Failure);
    failures.cloned().collect()
}

#[track_caller]
fn says(finding: &Finding, code: Code, words: &[&str]) {
    let remedy = finding.remedy.as_ref().map(|remedy| remedy.text.as_str());
    let text = format!("{} / {}", finding.cause, remedy.unwrap_or_default());
    assert_eq!(finding.code, code, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn an_intermediate_alone_is_no_trust_anchor_to_openssl() {
    let lab = Lab::three();
    lab.issue("other", "/CN=Other", "other", "ca", "other", "900");
    let chain = ["broker", "inter"];
    for trusted in [&["inter"][..], &["inter", "other"]] {
        let found = lab.failure(&chain, trusted, 0);
        says(
            &found,
            Code::TrustAnchorIncomplete,
            &["`Inter`", "`Root A`"],
        );
        assert_eq!(found.stacks, [Stack::OpenSsl]);
    }
    let found = lab.failure(&["broker", "inter", "root"], &["inter"], 0);
    says(&found, Code::TrustAnchorIncomplete, &["from the broker"]);
    for trusted in [&["root"][..], &["inter", "root"], &["root", "inter"]] {
        assert!(lab.openssl_accepts(&chain, trusted, 0));
        assert_eq!(failures(&lab.audit(&chain, trusted, 0)), []);
    }
    // The leaf alone is enough where the intermediate is trusted beside its root.
    assert!(lab.openssl_accepts(&["broker"], &["inter", "root"], 0));
    assert_eq!(failures(&lab.audit(&["broker"], &["inter", "root"], 0)), []);
}

#[test]
fn a_root_above_a_trusted_intermediate_may_not_have_ended() {
    let lab = Lab::three();
    lab.issue("ended", "/CN=Root A", "root", "ca", "ended", "20");
    let found = lab.failure(&["broker", "inter"], &["inter", "ended"], 30);
    says(&found, Code::TrustAnchorExpired, &["`Root A`", "`Inter`"]);
    let both = ["inter", "ended", "root"];
    assert!(lab.openssl_accepts(&["broker", "inter"], &both, 30));
    assert_eq!(failures(&lab.audit(&["broker", "inter"], &both, 30)), []);
}

#[test]
fn a_self_signed_certificate_is_trusted_only_as_it_is() {
    let lab = Lab::new();
    let own = ["old", "new", "other"];
    for (name, key) in own.into_iter().zip(["one", "one", "two"]) {
        lab.issue(name, "/CN=broker.lan", key, "broker", name, "300");
    }
    assert!(lab.openssl_accepts(&["new"], &["new"], 0));
    assert!(lab.openssl_accepts(&["new"], &["new", "old"], 0));
    assert_eq!(failures(&lab.audit(&["new"], &["new", "old"], 0)), []);
    let behind = lab.failure(&["new"], &["old", "new"], 0);
    let words = ["before it another", "take the earlier"];
    says(&behind, Code::SelfSignedCertificate, &words);

    let renewed = lab.failure(&["new"], &["old"], 0);
    let words = ["one key", "only as it is", "give every client the new one"];
    says(&renewed, Code::SelfSignedCertificate, &words);

    let made_anew = lab.failure(&["other"], &["old"], 0);
    let words = [
        "of that name",
        "another key",
        "give every client the new one",
    ];
    says(&made_anew, Code::SelfSignedCertificate, &words);
}

#[test]
fn of_cas_of_one_name_openssl_takes_the_first_that_fits() {
    let lab = Lab::new();
    lab.issue("old", "/CN=My CA", "old", "ca", "old", "20");
    lab.issue("new", "/CN=My CA", "new", "ca", "new", "900");
    lab.0.write(
        "bare.ext",
        "subjectAltName = DNS:broker.lan\nauthorityKeyIdentifier = none\n",
    );
    lab.0.write(
        "named.ext",
        format!("{BROKER}authorityKeyIdentifier = keyid\n"),
    );
    lab.issue("bare", "/CN=broker.lan", "broker", "bare", "new", "300");
    lab.issue("named", "/CN=broker.lan", "broker", "named", "new", "300");
    let found = lab.failure(&["bare"], &["old", "new"], 0);
    let words = ["certificate signature failure", "out of use"];
    says(&found, Code::CaRegenerated, &words);
    // The new one first, a key identifier that tells them apart, or the old one's end.
    for (chain, trusted, days) in [
        ("bare", ["new", "old"], 0),
        ("named", ["old", "new"], 0),
        ("bare", ["old", "new"], 30),
    ] {
        assert!(lab.openssl_accepts(&[chain], &trusted, days), "{chain}");
        assert_eq!(failures(&lab.audit(&[chain], &trusted, days)), []);
    }
}

#[test]
fn an_intermediate_is_missed_where_a_relative_of_the_root_is_sent() {
    let lab = Lab::three();
    lab.issue("wrong", "/CN=R10", "wrong", "ca", "root", "600");
    let found = lab.failure(&["broker", "wrong"], &["root"], 0);
    let words = ["`Inter`", "it does send `R10`", "only if it issued `Inter`"];
    says(&found, Code::MissingIntermediate, &words);
    let report = lab.audit(&["broker", "wrong"], &["root"], 0);
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);

    let found = lab.failure(&["broker", "root"], &["root"], 0);
    let words = ["`Inter`", "it does send the trusted CA `Root A`"];
    says(&found, Code::MissingIntermediate, &words);

    lab.issue("low", "/CN=Issuing", "low", "ca", "inter", "600");
    lab.issue("deep", "/CN=broker.lan", "broker", "broker", "low", "300");
    let report = lab.audit(&["deep", "inter"], &["root"], 0);
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    says(
        &report.findings[0],
        Code::MissingIntermediate,
        &["`Issuing`"],
    );
}

#[test]
fn a_ca_that_was_renewed_is_to_be_put_in_the_place_of_the_old_one() {
    let lab = Lab::new();
    lab.issue("old", "/CN=My CA", "ca", "ca", "old", "20");
    lab.issue("ca", "/CN=My CA", "ca", "ca", "ca", "900");
    lab.issue("broker", "/CN=broker.lan", "broker", "broker", "ca", "300");
    let found = lab.failure(&["broker", "ca"], &["old"], 30);
    let words = ["newer edition", "in place of the old one"];
    says(&found, Code::TrustAnchorExpired, &words);
    let report = lab.audit(&["broker", "ca"], &["old"], 30);
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);

    let lab = Lab::three();
    lab.issue("early", "/CN=Inter", "inter", "ca", "root", "20");
    let found = lab.failure(&["broker", "inter"], &["early", "root"], 30);
    says(
        &found,
        Code::TrustAnchorExpired,
        &["take the old copy of `Inter` out"],
    );
}

#[test]
fn a_file_that_holds_no_ca_is_named_as_that() {
    let lab = Lab::three();
    lab.issue("early", "/CN=broker.lan", "early", "broker", "inter", "200");
    lab.issue("phone", "/CN=phone", "phone", "client", "inter", "200");
    let chain = ["broker"];
    let found = lab.failure(&chain, &["early"], 0);
    let words = [
        "another certificate of the broker's",
        "trust the CA `Inter`",
    ];
    says(&found, Code::LeafAsTrustAnchor, &words);
    let found = lab.failure(&chain, &["phone"], 0);
    let words = ["holds no CA", "`phone` is the certificate of a client"];
    says(&found, Code::TrustAnchorNotACa, &words);
}

#[test]
fn cas_of_one_common_name_are_told_apart_by_their_whole_names() {
    let lab = Lab::new();
    lab.issue("acme", "/O=Acme/CN=Root CA", "acme", "ca", "acme", "900");
    lab.issue("beta", "/O=Beta/CN=Root CA", "beta", "ca", "beta", "900");
    lab.issue(
        "broker",
        "/CN=broker.lan",
        "broker",
        "broker",
        "beta",
        "300",
    );
    let found = lab.failure(&["broker"], &["acme"], 0);
    let words = [
        "(trusted: `CN=Root CA,O=Acme`)",
        "trust the CA `CN=Root CA,O=Beta`",
    ];
    says(&found, Code::UnknownIssuer, &words);
    let found = lab.failure(&["broker", "beta"], &["acme"], 0);
    says(
        &found,
        Code::UnknownIssuer,
        &["the root `CN=Root CA,O=Beta`"],
    );
    let remedy = found.remedy.unwrap_or_else(|| panic!("a remedy"));
    assert!(!remedy.text.contains("append"), "{}", remedy.text);
}

#[test]
fn an_rsa_pss_root_is_a_key_that_few_take_and_no_damage() {
    let lab = Lab::new();
    let words = ["genpkey", "-algorithm", "RSA-PSS", "-out", "root.key"];
    assert!(lab.openssl(&words));
    lab.issue("root", "/CN=PSS Root", "root", "ca", "root", "900");
    lab.issue(
        "broker",
        "/CN=broker.lan",
        "broker",
        "broker",
        "root",
        "300",
    );
    assert!(lab.openssl_accepts(&["broker"], &["root"], 0));
    let report = lab.audit(&["broker"], &["root"], 0);
    let [found] = &failures(&report)[..] else {
        panic!("{:#?}", report.findings);
    };
    says(found, Code::UnsupportedKey, &["`PSS Root`"]);
}

#[test]
fn an_issuer_in_another_type_of_string_is_two_names_to_some() {
    let lab = Lab::new();
    lab.key("ca");
    let files = [("utf8", "utf8only"), ("printable", "nombstr")];
    for (name, mask) in files {
        let config = format!("[req]\nstring_mask = {mask}\ndistinguished_name = dn\n[dn]\n");
        lab.0.write(&format!("{name}.cnf"), config);
        let (config, out) = (format!("{name}.cnf"), format!("{name}.pem"));
        let words = ["req", "-x509", "-config", &config, "-key", "ca.key"];
        let more = ["-subj", "/CN=Root A", "-days", "900", "-out", &out];
        let usage = ["-addext", "basicConstraints=critical,CA:TRUE"];
        assert!(lab.openssl(&[&words[..], &more, &usage].concat()));
    }
    lab.0.write("printable.key", lab.0.read("ca.key"));
    lab.issue(
        "broker",
        "/CN=broker.lan",
        "broker",
        "broker",
        "printable",
        "300",
    );
    assert!(lab.openssl_accepts(&["broker"], &["utf8"], 0));
    let report = lab.audit(&["broker"], &["utf8"], 0);
    let [found] = &failures(&report)[..] else {
        panic!("{:#?}", report.findings);
    };
    says(
        found,
        Code::UnknownIssuer,
        &["another encoding", "byte for byte"],
    );
    assert_eq!(found.stacks, [Stack::RustlsGo]);
}
