//! Certificates, revocation lists and OCSP answers, made by OpenSSL.

use certgen::time::{Timestamp, rfc3339};

use crate::support::{Folder, Output, peer, run};

const BROKER: &str = "subjectAltName = DNS:localhost
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
";
pub(crate) const AUTHORITY: &str = "basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";
/// Serial numbers, in OpenSSL's hexadecimal.
pub(crate) const SERIAL: &str = "1001";
pub(crate) const OTHER: &str = "2002";

pub(crate) fn openssl(folder: &Folder, arguments: &str) -> Output {
    let words = arguments.split_whitespace();
    run(peer("openssl").args(words).current_dir(folder.path()))
}

/// The same program at another time, in faketime's words.
pub(crate) fn openssl_at(folder: &Folder, at: &str, arguments: &str) -> Output {
    let words = arguments.split_whitespace();
    let mut faketime = peer("faketime");
    faketime.arg(at).arg(peer("openssl").get_program());
    run(faketime.args(words).current_dir(folder.path()))
}

/// A root `r`, a CA `i` below it with this key usage, and the broker's certificate `b`, with
/// further `extensions`.
pub(crate) fn chain(usage: &str, extensions: &str) -> Folder {
    let folder = Folder::new();
    folder.write(
        "i.ext",
        format!("{AUTHORITY}keyUsage = critical, {usage}\n"),
    );
    folder.write("b.ext", format!("{BROKER}{extensions}"));
    for name in ["r", "i", "b"] {
        key(&folder, name);
    }
    let root = "req -x509 -new -key r.key -subj /CN=Root -days 900 -out r.pem";
    openssl(
        &folder,
        &format!("{root} -addext keyUsage=critical,keyCertSign,cRLSign"),
    )
    .ok();
    issue(&folder, "i", "r", "Inter", "77", "now");
    issue(&folder, "b", "i", "localhost", SERIAL, "now");
    folder
}

pub(crate) fn key(folder: &Folder, name: &str) {
    let p256 = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    openssl(folder, &format!("genpkey {p256} -out {name}.key")).ok();
}

pub(crate) fn issue(folder: &Folder, name: &str, ca: &str, subject: &str, serial: &str, at: &str) {
    let request = format!("req -new -key {name}.key -subj /CN={subject} -out {name}.csr");
    openssl(folder, &request).ok();
    let sign = format!("x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -days 300");
    let rest = format!("-set_serial 0x{serial} -extfile {name}.ext -out {name}.pem");
    openssl_at(folder, at, &format!("{sign} {rest}")).ok();
}

/// A revocation list to be made.
pub(crate) struct List {
    pub(crate) name: &'static str,
    /// From so many days from now …
    pub(crate) from: i64,
    /// … to so many.
    pub(crate) to: i64,
    pub(crate) number: u8,
    /// Serial numbers, each with its reason.
    pub(crate) revoked: Vec<(&'static str, &'static str)>,
    pub(crate) extensions: &'static str,
    pub(crate) key: &'static str,
    pub(crate) is_v1: bool,
}

pub(crate) fn current(name: &'static str) -> List {
    List {
        name,
        from: -1,
        to: 30,
        number: 2,
        revoked: Vec::new(),
        extensions: "",
        key: "i.key",
        is_v1: false,
    }
}

fn in_days(days: i64) -> Timestamp {
    let seconds = Timestamp::now_utc().unix_timestamp() + days * 86_400;
    Timestamp::from_unix_timestamp(seconds).unwrap()
}

/// `20270131120000Z`.
fn openssl_time(time: Timestamp) -> String {
    let text = rfc3339(time);
    let digits: String = text.chars().filter(char::is_ascii_digit).take(14).collect();
    format!("{digits}Z")
}

/// Makes the lists of the CA `i`, and a file of them all.
pub(crate) fn make(folder: &Folder, lists: &[List]) -> Vec<Vec<u8>> {
    let mut ders = Vec::new();
    let mut all = Vec::new();
    for list in lists {
        let name = list.name;
        let index: String = list
            .revoked
            .iter()
            .map(|(serial, reason)| {
                format!("R\t350101000000Z\t260101000000Z,{reason}\t{serial}\tunknown\t/CN=x\n")
            })
            .collect();
        folder.write("index.txt", index);
        folder.write("number", format!("{:02x}\n", list.number));
        let (crlnumber, extensions) = match list.is_v1 {
            true => ("", String::new()),
            false => (
                "crlnumber = number\ncrl_extensions = ext\n",
                format!(
                    "[ext]\nauthorityKeyIdentifier = keyid\n{}\n",
                    list.extensions
                ),
            ),
        };
        let settings = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\ndefault_md = sha256\n{crlnumber}{extensions}"
        );
        folder.write("list.cnf", settings);
        let certificate = if list.key == "i.key" {
            "i.pem"
        } else {
            "again.pem"
        };
        let make = format!(
            "ca -gencrl -config list.cnf -cert {certificate} -keyfile {} -out {name}.crl",
            list.key
        );
        let (from, to) = (
            openssl_time(in_days(list.from)),
            openssl_time(in_days(list.to)),
        );
        openssl(
            folder,
            &format!("{make} -crl_lastupdate {from} -crl_nextupdate {to}"),
        )
        .ok();
        openssl(
            folder,
            &format!("crl -in {name}.crl -outform DER -out {name}.der"),
        )
        .ok();
        ders.push(folder.read(&format!("{name}.der")));
        all.extend(folder.read(&format!("{name}.crl")));
    }
    folder.write("all.crl", all);
    ders
}

pub(crate) fn der(folder: &Folder, name: &str) -> Vec<u8> {
    openssl(
        folder,
        &format!("x509 -in {name}.pem -outform DER -out {name}.x509"),
    )
    .ok();
    folder.read(&format!("{name}.x509"))
}
