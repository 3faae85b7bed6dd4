//! What mutants are made of: stores, certificates and lists that are whole.

use certgen::keystore::{
    Content, EncodeOptions, Entry, Format, KeyState, Keystore, Limits, Opened, Passwords, decode,
    encode,
};
use certgen::random::SystemRandom;
use certgen::secret::{Password, PrivateKey};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevocationReason, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

use super::seeds::{password, seeds};

/// The seeds of a target; never none.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let made = Made::new();
    match target {
        "bks" => stores(Format::Bks, &made),
        "uber" => stores(Format::Uber, &made),
        "jks" => stores(Format::Jks, &made),
        "jceks" => stores(Format::Jceks, &made),
        "java_serialization" => objects(&stores(Format::Jceks, &made)),
        "pkcs12" => stores(Format::Pkcs12, &made),
        "bcfks" => stores(Format::Bcfks, &made),
        "pem" => pem(&made),
        "certificate" => made.certificates(),
        "revocation_list" => vec![made.list],
        "inspect" => {
            let mut all = pem(&made);
            all.extend(made.certificates());
            for format in [Format::Bks, Format::Jks, Format::Jceks, Format::Pkcs12] {
                all.extend(stores(format, &made));
            }
            all.push(made.list);
            all
        }
        unknown => unreachable!("{unknown}"),
    }
}

/// A key with its chain, a request, and a list of revoked certificates.
struct Made {
    key: PrivateKey,
    leaf: Vec<u8>,
    ca: Vec<u8>,
    request: Vec<u8>,
    list: Vec<u8>,
}

impl Made {
    fn new() -> Self {
        let (ca_key, pair) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut ca = named("ca");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_der = ca.self_signed(&ca_key).unwrap().der().to_vec();
        let issuer = Issuer::new(ca, ca_key);
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(2027, 1, 1),
            crl_number: SerialNumber::from(7),
            issuing_distribution_point: None,
            revoked_certs: (1..4).map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let request = leaf_params().serialize_request(&pair).unwrap();
        let mut params = leaf_params();
        params.use_authority_key_identifier_extension = true;
        params.crl_distribution_points = vec![CrlDistributionPoint {
            uris: vec!["http://ca.example/ca.crl".to_owned()],
        }];
        Self {
            leaf: params.signed_by(&pair, &issuer).unwrap().der().to_vec(),
            key: PrivateKey::from_pkcs8_der(pair.serialize_der()),
            ca: ca_der,
            request: request.der().to_vec(),
            list: list.signed_by(&issuer).unwrap().der().to_vec(),
        }
    }

    /// Its own, and those of the stores of others, where they are there.
    fn certificates(&self) -> Vec<Vec<u8>> {
        let mut all = vec![self.leaf.clone(), self.ca.clone()];
        for bytes in seeds(Format::Jks) {
            let store = decode(&bytes, &Passwords::default(), &Limits::default());
            for entry in store.into_iter().flat_map(|store| store.entries) {
                all.extend(entry.content.certificates().iter().cloned());
            }
        }
        all
    }

    fn store(&self, format: Format) -> Keystore {
        let key = KeyState::Open {
            value: self.key.clone_secret(),
            opened: Opened::StorePassword,
        };
        let chain = vec![self.leaf.clone(), self.ca.clone()];
        let certificate = self.ca.clone();
        let entries = vec![
            Entry::new("phone", None, Content::PrivateKey { key, chain }),
            Entry::new("ca", None, Content::TrustedCertificate { certificate }),
        ];
        Keystore::new(format, entries)
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn leaf_params() -> CertificateParams {
    let mut params = named("phone");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Ü");
    params.subject_alt_names = vec![
        SanType::DnsName("phone.example".try_into().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
        SanType::URI("urn:phone".try_into().unwrap()),
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn revoked(serial: u64) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    }
}

/// Ours with a real chain, ours that are small, and those of others.
fn stores(format: Format, made: &Made) -> Vec<Vec<u8>> {
    let mut all = vec![written(&made.store(format), format, &password())];
    all.extend(seeds(format));
    all
}

fn written(store: &Keystore, format: Format, password: &Password) -> Vec<u8> {
    let mut options = EncodeOptions::new(format, password);
    options.iterations = match format {
        Format::Pem => None,
        Format::Pkcs12 | Format::Bcfks => Some(1_024),
        _ => Some(2),
    };
    let bytes = encode(store, &options, &mut SystemRandom).unwrap();
    bytes.secret_bytes().to_vec()
}

/// The serialized objects in these stores.
fn objects(stores: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let objects = stores.iter().filter_map(|store| {
        let start = store
            .windows(4)
            .position(|four| four == b"\xac\xed\0\x05")?;
        Some(store[start..store.len() - 20].to_vec())
    });
    objects.collect()
}

/// A bundle in the clear, one with a sealed key, a request, a list, and a legacy sealed key.
fn pem(made: &Made) -> Vec<Vec<u8>> {
    let store = made.store(Format::Pem);
    let mut all = vec![
        written(&store, Format::Pem, &Password::new(String::new())),
        written(&store, Format::Pem, &password()),
        armoured("CERTIFICATE REQUEST", "", &made.request),
        armoured("X509 CRL", "", &made.list),
        made.request.clone(),
        made.key.secret_pkcs8_der().to_vec(),
    ];
    let headers =
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n\n";
    all.push(armoured("EC PRIVATE KEY", headers, &[0x5a; 128]));
    all
}

fn armoured(label: &str, headers: &str, der: &[u8]) -> Vec<u8> {
    use base64ct::{Base64, Encoding as _};
    let body = Base64::encode_string(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let body = lines.join("\n");
    format!("-----BEGIN {label}-----\n{headers}{body}\n-----END {label}-----\n").into_bytes()
}
