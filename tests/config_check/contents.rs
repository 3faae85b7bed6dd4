//! Further cases: marks, what stands twice or above, what is written, and what files hold.

use crate::cases::Differs::{Because, No};

cases! {
    "a byte order mark":
        "\u{feff}listener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("byte-order-mark"), No, false;
    "a byte order mark before a comment":
        "\u{feff}# home\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("byte-order-mark"), No, false;
    "TLS options above the listener, which is open":
        "cafile {D}/ca.crt\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nlistener {P} 127.0.0.1\nrequire_certificate true\nallow_anonymous true\n"
        => Starts, Some("tls-options-before-listener"), Because("it starts, and lets everybody in in the clear"), false;
    "TLS options above and below port":
        "certfile {D}/broker.crt\nkeyfile {D}/broker.key\nport {P}\nbind_address 127.0.0.1\nallow_anonymous true\n"
        => Starts, None, No, false;
    "a port with TLS above a listener":
        "certfile {D}/broker.crt\nkeyfile {D}/broker.key\nport {P}\nallow_anonymous true\nlistener {Q} 127.0.0.1\n"
        => Starts, None, No, false;
    "port twice":
        "port {P}\nport {Q}\nallow_anonymous true\n"
        => Starts, None, No, false;
    "TLS and no listener at all":
        "certfile {D}/broker.crt\nkeyfile {D}/broker.key\n"
        => Starts, None, No, false;
    "half of TLS and no listener at all":
        "certfile {D}/broker.crt\n"
        => Starts, Some("certfile-without-keyfile"), Because("mosquitto 2.0 starts, and speaks MQTT in the clear; 2.1 does not start"), false;
    "names of certificates, in the clear":
        "listener {P} 127.0.0.1\nallow_anonymous true\nuse_identity_as_username true\n"
        => Starts, Some("client-certificate-not-requested"), No, false;
    "names of pre-shared keys":
        "listener {P} 127.0.0.1\npsk_hint home\npsk_file {D}/psk\nuse_identity_as_username true\n"
        => Starts, None, No, false;
    "certificates required in the clear":
        "listener {P} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\n"
        => Starts, Some("plaintext-mqtt-port"), No, false;
    "the broker's certificate for a CA":
        "listener {P} 127.0.0.1\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/broker.crt\nrequire_certificate true\nuse_identity_as_username true\n"
        => Starts, Some("leaf-as-trust-anchor"), Because("it starts, and refuses every client"), false;
    "an intermediate CA without its root":
        "listener {P} 127.0.0.1\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/middle.crt\nrequire_certificate true\nuse_identity_as_username true\n"
        => Starts, Some("require-certificate-without-ca"), Because("it starts, and refuses every client"), false;
    "a folder of CAs without hashes":
        "listener {P} 127.0.0.1\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncapath {D}/nothing\nrequire_certificate true\nuse_identity_as_username true\n"
        => Starts, Some("require-certificate-without-ca"), Because("it starts, and refuses every client"), false;
    "a folder of CAs":
        "listener {P} 127.0.0.1\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncapath {D}/hashed\nrequire_certificate true\nuse_identity_as_username true\n"
        => Starts, None, No, false;
    "a client's certificate":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/phone.crt\nkeyfile {D}/phone.key\n"
        => Starts, Some("server-usage-missing"), Because("it starts, and clients refuse its certificate"), false;
    "certificate and key swapped":
        "listener {P} 127.0.0.1\ncertfile {D}/broker.key\nkeyfile {D}/broker.crt\n"
        => Refuses, Some("no-certificate-in-file"), No, false;
    "a CA file twice":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncafile {D}/ca.crt\ncafile {D}/ca.crt\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a password file twice":
        "listener {P} 127.0.0.1\nallow_anonymous true\npassword_file {D}/passwords\npassword_file {D}/passwords\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a user twice":
        "listener {P} 127.0.0.1\nallow_anonymous true\nuser mosquitto\nuser mosquitto\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a log file twice":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlog_dest file {D}/a.log\nlog_dest file {D}/b.log\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "ciphers twice":
        "listener {P} 127.0.0.1\nallow_anonymous true\nciphers HIGH\nciphers HIGH\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a password file for each of two listeners":
        "listener {P} 127.0.0.1\npassword_file {D}/passwords\nlistener {Q} 127.0.0.1\npassword_file {D}/passwords\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a password file for each listener of its own":
        "per_listener_settings true\nlistener {P} 127.0.0.1\npassword_file {D}/passwords\nlistener {Q} 127.0.0.1\npassword_file {D}/passwords\n"
        => Starts, None, No, false;
    "a CA file for each of two listeners":
        "listener {P} 127.0.0.1\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/ca.crt\nallow_anonymous true\nlistener {Q} 127.0.0.1\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/ca.crt\n"
        => Starts, None, No, false;
    "two addresses of a bridge":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\naddress 127.0.0.1:2\ntopic # both\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a bridge without topic":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an access of rw":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access-rw\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an access list without topic":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access-no-topic\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an access list without user":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access-no-user\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an access list with a wildcard inside":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access-levels\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an access list with a wildcard in a word":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access-plus\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an access list with a byte order mark":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access-mark\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "passwords in plain text":
        "listener {P} 127.0.0.1\npassword_file {D}/plain\n"
        => Starts, Some("not-authorized"), Because("it starts, and nobody can log in"), false;
    "a damaged hash":
        "listener {P} 127.0.0.1\npassword_file {D}/no-hash\n"
        => Starts, Some("not-authorized"), Because("it starts, and nobody can log in"), false;
    "a user without colon":
        "listener {P} 127.0.0.1\npassword_file {D}/no-colon\n"
        => Starts, Some("not-authorized"), Because("it starts, and nobody can log in"), false;
    "a password file without users":
        "listener {P} 127.0.0.1\npassword_file {D}/nobody\n"
        => Starts, Some("not-authorized"), Because("it starts, and nobody can log in"), false;
    "one password in plain text":
        "listener {P} 127.0.0.1\npassword_file {D}/one-plain\n"
        => Starts, Some("not-authorized"), No, false;
    "memory below zero":
        "listener {P} 127.0.0.1\nallow_anonymous true\nmemory_limit -5\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "fewer than none in flight":
        "listener {P} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages -1\n"
        => Starts, None, No, false;
    "a log file without path":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlog_dest file\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a log file in no folder":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlog_dest file {D}/no/m.log\nlog_dest stderr\n"
        => Starts, Some("file-not-found"), No, false;
    "a log file in a shut folder":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlog_dest file {D}/shut/m.log\nlog_dest stderr\n"
        => Starts, Some("cannot-write"), No, true;
    "a store in no folder":
        "listener {P} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {D}/no/\n"
        => Starts, Some("file-not-found"), No, false;
    "a store in a shut folder":
        "listener {P} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {D}/shut/\n"
        => Starts, Some("cannot-write"), No, true;
    "a store that is not kept":
        "listener {P} 127.0.0.1\nallow_anonymous true\npersistence_location {D}/no/\n"
        => Starts, None, No, false;
    "a pid in a shut folder":
        "listener {P} 127.0.0.1\nallow_anonymous true\npid_file {D}/shut/pid\n"
        => Refuses, Some("cannot-write"), No, true;
    "a pid in a folder that the service makes":
        "listener {P} 127.0.0.1\nallow_anonymous true\npid_file /run/of-no-service/pid\n"
        => Refuses, None, Because("a note, since the service makes folders in /run when it starts"), false;
    "a port of root":
        "listener 443 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("cannot-listen"), Because("a warning, since the service may give mosquitto the right"), true;
    "no web folder":
        "listener {Q} 127.0.0.1\nlistener {P} 127.0.0.1\nallow_anonymous true\nprotocol websockets\nhttp_dir {D}/no\n"
        => Refuses, Some("file-not-found"), No, false;
    "no web folder, and no web":
        "listener {P} 127.0.0.1\nallow_anonymous true\nhttp_dir {D}/no\n"
        => Starts, None, No, false;
    "a protocol of 2.1":
        "listener {P} 127.0.0.1\nallow_anonymous true\nprotocol http_api\n"
        => Refuses, None, Because("a note, since the broker may be newer than the one here"), false;
    "a bridge to port 99999":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:99999\ntopic # both\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a bridge that goes sideways":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\ntopic # sideways\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a bridge of QoS 3":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\ntopic # both 3\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "two bridges of one name":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\ntopic # both\nconnection b\naddress 127.0.0.1:1\ntopic # both\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "the words of a bridge":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddresses 127.0.0.1:1 localhost:2 # home\ntopic # OUT 1 a/ b/\ntopic a\ntopic b in # all\n"
        => Starts, None, No, false;
    "a mount point above the listener":
        "mount_point a/\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a port on every IPv4 address and on one":
        "listener {P} 0.0.0.0\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("duplicate-listener"), No, false;
    "types of logs without a value":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlog_type\n"
        => Starts, Some("option-value-invalid"), No, false;
    "headers of 70000 bytes":
        "listener {P} 127.0.0.1\nallow_anonymous true\nwebsockets_headers_size 70000\n"
        => Refuses, Some("option-value-invalid"), No, false;
}
