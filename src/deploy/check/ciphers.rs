//! Cipher suites: lists that no OpenSSL can make a suite of (openssl-ciphers(1)).

/// What is wrong with the value of `ciphers`; nothing where some OpenSSL may know some of it.
pub(super) fn wrong(value: &str) -> Option<String> {
    let selecting: Vec<&str> = value
        .split([':', ',', ';', ' '])
        .filter(|element| !element.is_empty() && !element.starts_with(['!', '-', '+', '@']))
        .collect();
    if selecting.is_empty() {
        return Some("it only takes suites out, and names none".to_owned());
    }
    let of_1_3 = |element: &&str| SUITES_1_3.contains(element) || *element == "TLSv1.3";
    if selecting.iter().all(of_1_3) {
        return Some(
            "it names suites of TLS 1.3 alone, which belong into `ciphers_tls1.3`".to_owned(),
        );
    }
    let may_be_known = |element: &&str| {
        let name = element.split('@').next().unwrap_or_default();
        let is_iana = name.starts_with("TLS_") && name.contains("_WITH_");
        is_iana || name.contains('=') || name.split(['-', '+']).any(|part| WORDS.contains(&part))
    };
    let is_known = selecting.iter().any(may_be_known);
    (!is_known).then(|| format!("OpenSSL has no cipher suite `{}`", selecting.join(":")))
}

/// What is wrong with the value of `ciphers_tls1.3`.
pub(super) fn wrong_1_3(value: &str) -> Option<String> {
    let suite = value.split(':').find(|suite| !SUITES_1_3.contains(suite))?;
    Some(format!("OpenSSL has no cipher suite `{suite}` for TLS 1.3"))
}

/// OpenSSL's suites of TLS 1.3.
const SUITES_1_3: [&str; 5] = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
];

/// Words of cipher lists, and parts of the names of suites: upper and lower case differ.
const WORDS: &[&str] = &[
    "3DES",
    "ADH",
    "AECDH",
    "AES",
    "AES128",
    "AES256",
    "AESCCM",
    "AESCCM8",
    "AESGCM",
    "ALL",
    "ARIA",
    "ARIA128",
    "ARIA256",
    "ARIAGCM",
    "CAMELLIA",
    "CAMELLIA128",
    "CAMELLIA256",
    "CBC",
    "CBC3",
    "CCM",
    "CCM8",
    "CHACHA20",
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
    "DEFAULT",
    "DES",
    "DH",
    "DHE",
    "DSS",
    "ECDH",
    "ECDHE",
    "ECDSA",
    "EDH",
    "EECDH",
    "EXP",
    "EXPORT",
    "FIPS",
    "GCM",
    "GOST89MAC",
    "GOST94",
    "HIGH",
    "IDEA",
    "LOW",
    "MD5",
    "MEDIUM",
    "NULL",
    "POLY1305",
    "PSK",
    "RC2",
    "RC4",
    "RSA",
    "SEED",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA384",
    "SRP",
    "SSLv3",
    "SUITEB128",
    "SUITEB128ONLY",
    "SUITEB192",
    "TLSv1",
    "TLSv1.0",
    "TLSv1.2",
    "aDH",
    "aDSS",
    "aECDH",
    "aECDSA",
    "aGOST",
    "aGOST01",
    "aNULL",
    "aPSK",
    "aRSA",
    "eNULL",
    "kDH",
    "kDHE",
    "kDHEPSK",
    "kDHd",
    "kDHr",
    "kECDH",
    "kECDHE",
    "kECDHEPSK",
    "kECDHe",
    "kECDHr",
    "kEDH",
    "kEECDH",
    "kGOST",
    "kPSK",
    "kRSA",
    "kRSAPSK",
    "kSRP",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_openssl_reads_them() {
        for list in [
            "HIGH:!aNULL",
            "ECDHE+AESGCM",
            "AES256-GCM-SHA384:FOO",
            "DEFAULT@SECLEVEL=1",
            "HIGH,MEDIUM",
            "PROFILE=SYSTEM",
            "TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ] {
            assert_eq!(wrong(list), None, "{list}");
        }
        for list in [
            "FOO",
            "ecdhe",
            "ECDHE_RSA_AES",
            "!aNULL",
            "@SECLEVEL=1",
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256",
        ] {
            assert!(wrong(list).is_some(), "{list}");
        }
        assert_eq!(wrong_1_3("TLS_AES_128_GCM_SHA256"), None);
        assert!(wrong_1_3("AES128-SHA").is_some());
    }
}
