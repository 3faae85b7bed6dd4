//! Vectors of the standard, round trips, and hostile bytes.

use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::secret::SecretBytes;

fn read(bytes: &[u8], version: Version) -> Result<Option<Packet>, Error> {
    let mut buffer = BytesMut::from(bytes);
    split(&mut buffer, 65_536)?
        .map(|frame| decode(frame, version))
        .transpose()
}

fn text(packet: &Packet) -> String {
    format!("{packet:?}")
}

#[test]
fn connect_is_that_of_the_standard() {
    // MQTT 3.1.1 section 3.1.2.10, figure 3.6, without a will.
    let connect = Connect {
        client_id: "c".into(),
        clean_session: true,
        keep_alive: 10,
        username: Some("u".into()),
        password: Some(SecretBytes::new(b"p".to_vec())),
        ..Connect::default()
    };
    assert_eq!(
        connect.encode().unwrap().as_slice(),
        b"\x10\x13\0\x04MQTT\x04\xc2\0\x0a\0\x01c\0\x01u\0\x01p"
    );
    let old = Connect {
        version: Version::V31,
        client_id: "c".into(),
        ..Connect::default()
    };
    assert_eq!(
        old.encode().unwrap().as_slice(),
        b"\x10\x0f\0\x06MQIsdp\x03\0\0\0\0\x01c"
    );
    let new = Connect {
        version: Version::V5,
        client_id: "c".into(),
        ..Connect::default()
    };
    assert_eq!(
        new.encode().unwrap().as_slice(),
        b"\x10\x0e\0\x04MQTT\x05\0\0\0\0\0\x01c"
    );
    assert!(
        !text(&Packet::Connect(connect)).contains("112"),
        "the password is not shown"
    );
}

#[test]
fn a_connect_is_read_back() {
    for version in [Version::V31, Version::V311, Version::V5] {
        let connect = Connect {
            version,
            client_id: "id".into(),
            username: Some("user".into()),
            password: Some(SecretBytes::new(b"secret".to_vec())),
            ..Connect::default()
        };
        let bytes = connect.encode().unwrap();
        let Packet::Connect(back) = read(&bytes, Version::V311).unwrap().unwrap() else {
            panic!()
        };
        assert_eq!((back.version, back.client_id.as_str()), (version, "id"));
        assert_eq!(back.username.as_deref(), Some("user"));
        assert_eq!(back.password.unwrap().secret_bytes(), b"secret");
    }
    let will = b"\x10\x14\0\x04MQTT\x04\x2c\0\0\0\x01c\0\x01t\0\x02ab";
    let mut will = will.to_vec();
    will[1] = u8::try_from(will.len() - 2).unwrap();
    let Packet::Connect(back) = read(&will, Version::V311).unwrap().unwrap() else {
        panic!()
    };
    let expected = Will {
        topic: "t".into(),
        payload: b"ab".to_vec(),
        qos: 1,
        retain: true,
    };
    assert_eq!(back.will, Some(expected));
}

#[test]
fn answers_outside_the_standard_are_read() {
    let connack = |bytes: &[u8], version| match read(bytes, version) {
        Ok(Some(Packet::Connack(connack))) => connack,
        other => panic!("{other:?}"),
    };
    assert_eq!(connack(b"\x20\x02\0\x87", Version::V311).code, 0x87);
    let short = connack(b"\x20\x02\0\x01", Version::V5);
    assert!(short.without_properties && short.code == 1);
    let reason = connack(b"\x20\x09\0\x87\x06\x1f\0\x03why", Version::V5);
    assert_eq!(reason.reason.as_deref(), Some("why"));
    let Ok(Some(Packet::Suback { suback, .. })) = read(b"\x90\x03\0\x01\x55", Version::V311) else {
        panic!()
    };
    assert_eq!(suback.codes, [0x55]);
    let Ok(Some(Packet::Disconnect(empty))) = read(b"\xe0\0", Version::V5) else {
        panic!()
    };
    assert_eq!(empty, Disconnect::default());
}

#[test]
fn hostile_frames_are_refused() {
    assert_eq!(
        read(b"\0\0", Version::V311).unwrap_err(),
        Error::UnknownType(0)
    );
    let long = read(b"\x20\xff\xff\xff\xff\x01", Version::V311).unwrap_err();
    assert_eq!(long, Error::LengthTooLong);
    let large = read(b"\x30\xff\xff\xff\x7f", Version::V311).unwrap_err();
    assert_eq!(
        large,
        Error::TooLarge {
            length: 268_435_455,
            limit: 65_536
        }
    );
    assert!(matches!(
        read(b"\x90\x02\0\x01", Version::V311),
        Err(Error::Malformed { .. })
    ));
    assert!(read(b"\x20\x02\0", Version::V311).unwrap().is_none());
}

#[test]
fn every_packet_of_up_to_three_bytes_is_read_or_refused() {
    for version in [Version::V311, Version::V5] {
        for word in 0..=0xff_ffff_u32 {
            let [_, a, b, c] = word.to_be_bytes();
            // A second byte above 1 needs more than three bytes: nothing to read.
            if b > 1 && word & 0xff != 0 {
                continue;
            }
            let _ = read(&[a, b, c], version);
        }
    }
}

fn packets() -> impl Strategy<Value = Packet> {
    let topic = "[a-z/]{1,20}";
    prop_oneof![
        (
            0..3_u8,
            any::<bool>(),
            topic,
            1..u16::MAX,
            proptest::collection::vec(any::<u8>(), 0..300)
        )
            .prop_map(|(qos, retain, topic, id, payload)| {
                let id = if qos == 0 { 0 } else { id };
                let payload = payload.into();
                Packet::Publish(Publish {
                    dup: false,
                    qos,
                    retain,
                    topic,
                    id,
                    payload,
                })
            }),
        (
            1..u16::MAX,
            proptest::collection::vec((topic, 0..3_u8), 1..4)
        )
            .prop_map(|(id, filters)| Packet::Subscribe { id, filters }),
        (1..u16::MAX, proptest::collection::vec(topic, 1..4))
            .prop_map(|(id, filters)| Packet::Unsubscribe { id, filters }),
        (1..u16::MAX, proptest::collection::vec(any::<u8>(), 1..9)).prop_map(|(id, codes)| {
            Packet::Suback {
                id,
                suback: Suback {
                    codes,
                    reason: None,
                },
            }
        }),
        any::<u16>().prop_map(|id| Packet::Ack(Ack::good(AckKind::Puback, id))),
        any::<u16>().prop_map(|id| Packet::Ack(Ack::good(AckKind::Pubrel, id))),
        any::<u8>().prop_map(|code| Packet::Connack(Connack {
            code,
            ..Connack::default()
        })),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(packet in packets(), five in any::<bool>()) {
        let version = if five { Version::V5 } else { Version::V311 };
        let bytes = encode(&packet, version).unwrap();
        let back = read(&bytes, version).unwrap().unwrap();
        prop_assert_eq!(text(&back), text(&packet));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), five in any::<bool>()) {
        let version = if five { Version::V5 } else { Version::V311 };
        let _ = read(&bytes, version);
    }

    #[test]
    fn no_altered_packet_makes_it_panic(packet in packets(), at in any::<prop::sample::Index>(), byte in any::<u8>(), five in any::<bool>()) {
        let version = if five { Version::V5 } else { Version::V311 };
        let mut bytes = encode(&packet, version).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes, version);
    }
}
