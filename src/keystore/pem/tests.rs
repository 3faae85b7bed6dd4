//! Every flavour of key gives the same PKCS#8, and generous reading has its bounds.

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512};

use super::vectors::{
    AES128, AES256, CERTIFICATE, DES, DES3, MD5_DES, PBES1, PBES2, PKCS8, SCRYPT, SEC1, TRUSTED,
};
use super::*;
use crate::keystore::ber::{Ber, tag};
use crate::random::SystemRandom;
use crate::secret::Password;
use crate::x509::key::public_key;

fn read_with(text: &[u8], password: &str) -> Result<Contents, Error> {
    let keys = [Password::new(password.to_owned())];
    let passwords = Passwords {
        store: None,
        keys: &keys,
    };
    read(text, &passwords, &Limits::default())
}

fn key_of(text: &[u8], password: &str) -> Vec<u8> {
    let contents = read_with(text, password).unwrap();
    let key = contents.private_key().unwrap().open().expect("it opens");
    key.secret_pkcs8_der().to_vec()
}

#[test]
fn every_flavour_is_the_same_pkcs8() {
    let expected = key_of(PKCS8.as_bytes(), "");
    for text in [
        SEC1, AES128, AES256, DES3, DES, PBES1, PBES2, SCRYPT, MD5_DES,
    ] {
        assert_eq!(key_of(text.as_bytes(), "secret"), expected, "{text}");
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(key_of(crlf.as_bytes(), "secret"), expected, "{crlf}");
    }
    assert_eq!(key_of(&expected, ""), expected, "DER");
}

#[test]
fn a_wrong_password_leaves_the_key_sealed() {
    for text in [AES128, AES256, DES3, DES, PBES1, PBES2, MD5_DES] {
        let contents = read_with(text.as_bytes(), "wrong").unwrap();
        assert!(contents.private_key().unwrap().open().is_none(), "{text}");
        let none = Passwords::default();
        let contents = read(text.as_bytes(), &none, &Limits::default()).unwrap();
        let error = contents.into_private_key(&none).unwrap_err();
        assert!(matches!(error, Error::PasswordNeeded { .. }), "{error}");
    }
}

#[test]
fn what_is_encrypted_here_opens_here() {
    let key = PrivateKey::from_pkcs8_der(key_of(PKCS8.as_bytes(), ""));
    let password = Password::new("pässword".into());
    let cheap = KeyDerivation::Pbkdf2 { iterations: 2 };
    for derivation in [cheap, KeyDerivation::Scrypt] {
        let text = pkcs8_encrypt(&key, &password, derivation, &mut SystemRandom);
        let read = key_of(text.secret_bytes(), "pässword");
        assert_eq!(read, key.secret_pkcs8_der());
    }
}

#[test]
fn odd_texts_are_read_and_reported() {
    let plain = read_with(CERTIFICATE.as_bytes(), "").unwrap();
    assert_eq!(plain.findings, []);
    let der = plain.certificates().next().unwrap().to_vec();

    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain(CERTIFICATE.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let texts: [(Vec<u8>, Code); 4] = [
        (format!("\u{feff}{CERTIFICATE}").into(), Code::ByteOrderMark),
        (utf16, Code::ByteOrderMark),
        (CERTIFICATE.replace('\n', " ").into(), Code::UnusualEncoding),
        (
            CERTIFICATE.replace('\n', "\\n").into(),
            Code::UnusualEncoding,
        ),
    ];
    for (text, code) in texts {
        let contents = read_with(&text, "").unwrap();
        assert_eq!(contents.certificates().next().unwrap(), der);
        assert_eq!(contents.findings.first().map(|f| f.code), Some(code));
    }
    let chatty = format!("subject=CN = x\n{CERTIFICATE}and more\n{CERTIFICATE}");
    assert_eq!(
        read_with(chatty.as_bytes(), "")
            .unwrap()
            .certificates()
            .count(),
        2
    );
    let trusted = read_with(TRUSTED.as_bytes(), "").unwrap();
    assert!(matches!(
        trusted.items.first(),
        Some(Item::Certificate { der: found, trusted: true }) if *found == der
    ));
}

#[test]
fn damaged_text_is_refused_with_its_place() {
    let cut = CERTIFICATE.get(..200).unwrap();
    let swapped = CERTIFICATE.replace("END CERTIFICATE", "END X509 CRL");
    let shortened = CERTIFICATE.replace("MII", "MI");
    let twice = CERTIFICATE.replace("-----END CERTIFICATE-----\n", "") + CERTIFICATE;
    let no_iv = AES256.replace("AES-256-CBC,95", "AES-256-CBC,");
    for text in [cut, &swapped, &shortened, &twice, &no_iv, "-----BEGIN X"] {
        let error = read_with(text.as_bytes(), "").unwrap_err();
        let malformed = matches!(error, Error::Malformed { .. });
        assert!(malformed, "{error}\n{text}");
    }
    assert!(matches!(
        read_with(b"hello", ""),
        Err(Error::NotAKeystore { .. })
    ));
}

/// `certtool --key-info` prints such keys; `openssl ec -no_public` leaves nothing to tell the curve.
#[test]
fn the_curve_of_an_ec_key_is_told_by_its_public_half() {
    for kind in [
        &PKCS_ECDSA_P256_SHA256,
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ECDSA_P521_SHA512,
    ] {
        let key = KeyPair::generate_for(kind).unwrap().serialize_der();
        let key = PrivateKey::from_pkcs8_der(key);
        let mut outer = Ber::new(Format::Pem, key.secret_pkcs8_der());
        let mut info = outer.sequence("").unwrap();
        info.integer("").unwrap();
        info.any().unwrap();
        let sec1 = info.octets("").unwrap();
        let read = PrivateKey::from_pkcs8_der(key_of(&sec1, ""));
        let expected = public_key(&key).unwrap();
        assert!(public_key(&read).unwrap().same_key(&expected));

        let mut inside = Ber::new(Format::Pem, &sec1).sequence("").unwrap();
        inside.integer("").unwrap();
        let secret = inside.expect(tag::OCTET_STRING, "").unwrap().whole;
        let bare = crate::der::sequence(&[&crate::der::integer(1), secret]);
        let error = read_with(&bare, "").unwrap_err();
        assert_eq!(error, Error::CurveMissing);
    }
}
