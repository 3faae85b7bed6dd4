//! The programs that read and write PKCS#12 beside us.

use std::path::{Path, PathBuf};
use std::process::Command;

use certgen::keystore::{Limits, Passwords, decode, pem};
use certgen::secret::Password;

use super::lines::{hash, hex};
use super::material::{Contents, Files, shown};
use super::support::{Folder, Java, peer, python, run};

/// A reader and writer of PKCS#12.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    OpenSsl,
    /// With its legacy provider.
    OpenSslLegacy,
    /// Java's own.
    Sun,
    /// Debian's.
    BouncyCastle,
    /// Those that `scripts/peers` fetches.
    BouncyCastle182,
    BouncyCastle187,
    GnuTls,
    Nss,
    /// The `cryptography` package.
    Python,
    /// The `p12` crate.
    P12,
}

const PEERS: &[Peer] = &[
    Peer::OpenSsl,
    Peer::OpenSslLegacy,
    Peer::Sun,
    Peer::BouncyCastle,
    Peer::BouncyCastle182,
    Peer::BouncyCastle187,
    Peer::GnuTls,
    Peer::Nss,
    Peer::Python,
    Peer::P12,
];

impl Peer {
    /// Those that are here; each that is not is said to be left out.
    pub fn every() -> Vec<Self> {
        let here = Java::every();
        let versions = [
            (Self::BouncyCastle182, "1.82"),
            (Self::BouncyCastle187, "1.87"),
        ];
        let is_here = |peer: &Self| {
            let version = versions.iter().find(|(other, _)| other == peer);
            version.is_none_or(|(_, version)| here.iter().any(|java| java.is(version)))
        };
        PEERS.iter().copied().filter(is_here).collect()
    }

    /// The JVM with this peer's BouncyCastle.
    fn java(self) -> Java {
        match self {
            Self::BouncyCastle182 => Java::fetched("1.82"),
            Self::BouncyCastle187 => Java::fetched("1.87"),
            _ => Java::debian(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::OpenSsl => "openssl",
            Self::OpenSslLegacy => "openssl-legacy",
            Self::Sun => "sun",
            Self::BouncyCastle => "bouncycastle",
            Self::BouncyCastle182 => "bouncycastle-1.82",
            Self::BouncyCastle187 => "bouncycastle-1.87",
            Self::GnuTls => "gnutls",
            Self::Nss => "nss",
            Self::Python => "python",
            Self::P12 => "p12",
        }
    }

    /// What it reads of each file; nothing where it refuses.
    pub fn read_all(
        self,
        folder: &Folder,
        files: &[PathBuf],
        password: &str,
    ) -> Vec<Option<Contents>> {
        match self.provider() {
            Some(provider) => java_read(folder, self.java(), provider, files, password),
            None => files
                .iter()
                .map(|file| self.read(folder, file, password))
                .collect(),
        }
    }

    /// The name of a provider of Java.
    fn provider(self) -> Option<&'static str> {
        match self {
            Self::Sun => Some("SUN"),
            Self::BouncyCastle | Self::BouncyCastle182 | Self::BouncyCastle187 => Some("BC"),
            _ => None,
        }
    }

    fn read(self, folder: &Folder, file: &Path, password: &str) -> Option<Contents> {
        match self {
            Self::OpenSsl | Self::OpenSslLegacy => {
                let pass = format!("pass:{password}");
                let mut command = peer("openssl");
                command.args(["pkcs12", "-nodes", "-in", shown(file), "-passin", &pass]);
                if self == Self::OpenSslLegacy {
                    command.arg("-legacy");
                }
                let output = run(&mut command);
                output
                    .success()
                    .then(|| Contents::of_pem(&output.stdout, password))?
            }
            Self::Sun | Self::BouncyCastle | Self::BouncyCastle182 | Self::BouncyCastle187 => {
                unreachable!("one JVM reads all files")
            }
            Self::GnuTls => gnutls_read(folder, file, password),
            Self::Nss => nss_read(folder, file, password),
            Self::Python => {
                let output = run(pkcs12_py().args(["read", shown(file), password]));
                output
                    .success()
                    .then(|| Contents::of_lines(&output.stdout))?
            }
            Self::P12 => {
                let pfx = p12::PFX::parse(&std::fs::read(file).unwrap()).ok()?;
                // It asserts that the MAC is SHA-1's, in debug builds alone.
                let mac = &pfx.mac_data.as_ref()?.mac.digest_algorithm;
                if *mac != p12::AlgorithmIdentifier::Sha1 || !pfx.verify_mac(password) {
                    return None;
                }
                let keys = pfx.key_bags(password).ok()?;
                Some(Contents::of_ders(
                    &keys,
                    &pfx.cert_x509_bags(password).ok()?,
                ))
            }
        }
    }

    /// The stores that it makes of each key and its chain, each in another way.
    pub fn write_all(
        self,
        folder: &Folder,
        all: &[Files],
        password: &str,
    ) -> Vec<Vec<(String, PathBuf)>> {
        if let Some(provider) = self.provider() {
            let target = |files: &Files| self.target(folder, "default", files);
            let targets: Vec<PathBuf> = all.iter().map(target).collect();
            java_write(folder, self.java(), provider, all, &targets, password);
            let made = targets.into_iter();
            return made.map(|file| vec![("default".into(), file)]).collect();
        }
        let write = |files| self.write(folder, files, password);
        all.iter().map(write).collect()
    }

    fn target(self, folder: &Folder, variant: &str, files: &Files) -> PathBuf {
        folder.join(format!("{}-{variant}-{}.p12", self.name(), files.name))
    }

    fn write(self, folder: &Folder, files: &Files, password: &str) -> Vec<(String, PathBuf)> {
        let target = |variant: &str| self.target(folder, variant, files);
        match self {
            Self::OpenSsl => {
                let variants: [(&str, &[&str]); 4] = [
                    ("default", &[]),
                    (
                        "aes128-sha512",
                        &[
                            "-certpbe",
                            "AES-128-CBC",
                            "-keypbe",
                            "AES-192-CBC",
                            "-macalg",
                            "sha512",
                        ],
                    ),
                    (
                        "3des",
                        &[
                            "-certpbe",
                            "PBE-SHA1-3DES",
                            "-keypbe",
                            "PBE-SHA1-3DES",
                            "-macalg",
                            "sha1",
                        ],
                    ),
                    ("clear-certificates", &["-certpbe", "NONE", "-iter", "1"]),
                ];
                variants
                    .map(|(variant, options)| {
                        let file = target(variant);
                        run(openssl_export(files, password, &file).args(options)).ok();
                        (variant.to_owned(), file)
                    })
                    .into()
            }
            Self::OpenSslLegacy => {
                let variants: [(&str, &[&str]); 3] = [
                    ("default", &[]),
                    (
                        "rc4",
                        &["-certpbe", "PBE-SHA1-RC4-128", "-keypbe", "PBE-SHA1-RC4-40"],
                    ),
                    (
                        "rc2-2des",
                        &[
                            "-certpbe",
                            "PBE-SHA1-RC2-128",
                            "-keypbe",
                            "PBE-SHA1-2DES",
                            "-macalg",
                            "md5",
                        ],
                    ),
                ];
                variants
                    .map(|(variant, options)| {
                        let file = target(variant);
                        let mut command = openssl_export(files, password, &file);
                        run(command.arg("-legacy").args(options)).ok();
                        (variant.to_owned(), file)
                    })
                    .into()
            }
            Self::Sun | Self::BouncyCastle | Self::BouncyCastle182 | Self::BouncyCastle187 => {
                unreachable!("one JVM writes all files")
            }
            Self::GnuTls => gnutls_write(files, password, &target),
            Self::Nss if files.name == "ed25519" => Vec::new(),
            Self::Nss => {
                let source = target("source");
                run(&mut openssl_export(files, password, &source)).ok();
                let data = nss_import(folder, &source, password).unwrap();
                let file = target("default");
                let out = nss(
                    &data,
                    "pk12util",
                    &["-o", shown(&file), "-n", "phone", "-W", password],
                );
                assert!(out, "pk12util exports");
                vec![("default".to_owned(), file)]
            }
            Self::Python => ["best", "pbes1", "pbes2"]
                .map(|variant| {
                    let file = target(variant);
                    let words = [&files.key, &files.leaf, &files.ca].map(|file| shown(file));
                    run(pkcs12_py()
                        .args(["write", shown(&file), password, variant])
                        .args(words))
                    .ok();
                    (variant.to_owned(), file)
                })
                .into(),
            Self::P12 => {
                let read = |path: &PathBuf| std::fs::read(path).unwrap();
                let (leaf, key, ca) = (
                    read(&files.leaf_der),
                    read(&files.key_der),
                    read(&files.ca_der),
                );
                let pfx = p12::PFX::new(&leaf, &key, Some(&ca), password, "phone").unwrap();
                let file = target("default");
                std::fs::write(&file, pfx.to_der()).unwrap();
                vec![("default".to_owned(), file)]
            }
        }
    }
}

fn openssl_export(files: &Files, password: &str, file: &Path) -> Command {
    let pass = format!("pass:{password}");
    let mut command = peer("openssl");
    command.args(["pkcs12", "-export", "-name", "phone", "-passout", &pass]);
    command.args(["-inkey", shown(&files.key), "-in", shown(&files.leaf)]);
    command.args(["-certfile", shown(&files.ca), "-out", shown(file)]);
    command
}

fn pkcs12_py() -> Command {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/pkcs12.py");
    let mut command = python();
    command.arg(program);
    command
}

/// What a plan for `tests/java/Stores.java` printed.
fn java(folder: &Folder, java: &Java, plan: &[Vec<String>]) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java/Stores.java");
    let lines: String = plan.iter().map(|words| words.join("\t") + "\n").collect();
    let plan = folder.write("plan", lines);
    run(java.source(&program).arg(plan)).ok().stdout
}

fn java_words(command: &str, provider: &str, file: &Path, password: &str) -> Vec<String> {
    let password = hex(password);
    [
        command,
        "PKCS12",
        provider,
        shown(file),
        &password,
        &password,
    ]
    .map(str::to_owned)
    .into()
}

fn java_read(
    folder: &Folder,
    jvm: Java,
    provider: &str,
    files: &[PathBuf],
    password: &str,
) -> Vec<Option<Contents>> {
    let words = |file: &PathBuf| java_words("read", provider, file, password);
    let printed = java(folder, &jvm, &files.iter().map(words).collect::<Vec<_>>());
    let of = |file: &PathBuf| {
        let lines = printed.lines().map(|line| line.split('\t').collect());
        let lines: Vec<Vec<&str>> = lines
            .filter(|words: &Vec<&str>| words[0] == shown(file))
            .collect();
        java_contents(&lines)
    };
    files.iter().map(of).collect()
}

fn java_contents(lines: &[Vec<&str>]) -> Option<Contents> {
    let mut out = Contents::default();
    for words in lines {
        match words.as_slice() {
            [_, _, "private", _, key, chain] => {
                out.keys.insert((*key).to_owned());
                out.certificates.extend(chain.split(',').map(str::to_owned));
            }
            [_, _, "cert", _, certificate, _] => {
                out.certificates.insert((*certificate).to_owned());
            }
            _ => return None,
        }
    }
    (!out.keys.is_empty()).then_some(out)
}

fn java_write(
    folder: &Folder,
    jvm: Java,
    provider: &str,
    all: &[Files],
    targets: &[PathBuf],
    password: &str,
) {
    let words = |(files, target): (&Files, &PathBuf)| {
        let mut words = java_words("write", provider, target, password);
        words.push(hex("phone"));
        let sources = [&files.key_der, &files.leaf_der, &files.ca_der];
        words.extend(sources.map(|file| shown(file).to_owned()));
        words
    };
    let plan: Vec<_> = all.iter().zip(targets).map(words).collect();
    let printed = java(folder, &jvm, &plan);
    assert!(!printed.contains("\trefused\t"), "{printed}");
}

/// The key is shown as it is encrypted in the store; a second command opens it and encrypts it
/// anew, because it prints a clear EC key without its curve.
fn gnutls_read(folder: &Folder, file: &Path, password: &str) -> Option<Contents> {
    let mut command = peer("certtool");
    command.args(["--p12-info", "--inder", "--infile", shown(file)]);
    let output = run(command.args(["--password", password]));
    if !output.success() {
        return None;
    }
    let certificates = pem::read(
        output.stdout.as_bytes(),
        &Passwords::default(),
        &Limits::default(),
    );
    let certificates = certificates.ok()?;
    let info = folder.write("gnutls", &output.stdout);
    let mut command = peer("certtool");
    command.args([
        "--to-p8",
        "--pkcs-cipher",
        "aes-128",
        "--load-privkey",
        shown(&info),
    ]);
    let output = run(command.args(["--password", password]));
    let mut found = Contents::of_pem(&output.stdout, password)?;
    let hashes = certificates.certificates().map(hash);
    found.certificates.extend(hashes);
    Some(found)
}

fn gnutls_write(
    files: &Files,
    password: &str,
    target: &dyn Fn(&str) -> PathBuf,
) -> Vec<(String, PathBuf)> {
    ["aes-256", "3des-pkcs12", "rc2-40"]
        .map(|cipher| {
            let file = target(cipher);
            let mut command = peer("certtool");
            command.args(["--to-p12", "--outder", "--p12-name", "phone"]);
            command.args(["--load-privkey", shown(&files.key)]);
            command.args(["--load-certificate", shown(&files.leaf)]);
            command.args(["--load-ca-certificate", shown(&files.ca)]);
            command.args(["--pkcs-cipher", cipher, "--password", password]);
            run(command.args(["--outfile", shown(&file)])).ok();
            (cipher.to_owned(), file)
        })
        .into()
}

/// Imports into a fresh database of NSS and exports again: NSS shows keys in no other way.
fn nss_read(folder: &Folder, file: &Path, password: &str) -> Option<Contents> {
    let data = nss_import(folder, file, password)?;
    let out = data.with_extension("p12");
    if !nss(
        &data,
        "pk12util",
        &["-o", shown(&out), "-n", "phone", "-W", "between"],
    ) {
        return None;
    }
    let between = Password::new("between".into());
    let passwords = Passwords {
        store: Some(&between),
        keys: &[],
    };
    let store = decode(
        &std::fs::read(&out).unwrap(),
        &passwords,
        &Limits::default(),
    );
    Some(Contents::of(&store.unwrap()))
}

fn nss_import(folder: &Folder, file: &Path, password: &str) -> Option<PathBuf> {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let data = folder.join(format!("nss-{name}"));
    let _ = std::fs::remove_dir_all(&data);
    std::fs::create_dir(&data).unwrap();
    assert!(nss(&data, "certutil", &["-N", "--empty-password"]));
    nss(&data, "pk12util", &["-i", shown(file), "-W", password]).then_some(data)
}

fn nss(data: &Path, program: &str, arguments: &[&str]) -> bool {
    let database = format!("sql:{}", shown(data));
    let mut command = peer(program);
    run(command.args(arguments).args(["-d", &database])).success()
}
