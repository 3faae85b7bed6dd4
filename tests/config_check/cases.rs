//! Configurations, what mosquitto 2.0 makes of each, and what `config check` says.

/// What mosquitto makes of a configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mosquitto {
    Starts,
    Refuses,
}

/// Whether check and mosquitto differ (good and starts, bad and refuses), and why.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Differs {
    No,
    Because(&'static str),
}

/// One configuration: `{P}` and `{Q}` are free ports, `{D}` is the folder with the files.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) configuration: &'static str,
    pub(crate) mosquitto: Mosquitto,
    /// The first finding that is worse than a note.
    pub(crate) code: Option<&'static str>,
    pub(crate) differs: Differs,
    /// Who starts mosquitto matters.
    pub(crate) as_root: bool,
}

macro_rules! cases {
    ($($name:literal: $configuration:literal => $mosquitto:ident, $code:expr, $differs:expr, $as_root:literal;)*) => {
        pub(crate) const CASES: &[$crate::cases::Case] = &[$($crate::cases::Case {
            name: $name,
            configuration: $configuration,
            mosquitto: $crate::cases::Mosquitto::$mosquitto,
            code: $code,
            differs: $differs,
            as_root: $as_root,
        },)*];
    };
}

use Differs::{Because, No};

cases! {
    "B01 unknown option":
        "listen {P}\n"
        => Refuses, Some("unknown-option"), No, false;
    "B02 ~ in paths":
        "listener {P} 127.0.0.1\ncafile ~/certs/ca/ca.crt\ncertfile ~/certs/broker/broker.crt\nkeyfile ~/certs/broker/broker.key\n"
        => Refuses, Some("tilde-in-path"), No, false;
    "B03 key behind a shut folder":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/shut/broker.key\n"
        => Refuses, Some("key-not-readable"), No, true;
    "B03 key of root alone":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/shut.key\n"
        => Refuses, Some("key-not-readable"), No, true;
    "B03 key of root alone, as root":
        "user root\nlistener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/shut.key\n"
        => Starts, None, No, true;
    "B04 key of another certificate":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/phone.key\n"
        => Refuses, Some("key-mismatch"), No, false;
    "B05 certificates required, no CA":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nrequire_certificate true\n"
        => Starts, Some("require-certificate-without-ca"), Because("it starts, and refuses every client"), false;
    "TLS":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\n"
        => Starts, None, No, false;
    "mutual TLS":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/ca.crt\nrequire_certificate true\nuse_identity_as_username true\n"
        => Starts, None, No, false;
    "line ends of Windows":
        "listener {P} 127.0.0.1\r\nallow_anonymous true\r\ncertfile {D}/broker.crt\r\nkeyfile {D}/broker.key\r\n"
        => Starts, None, No, false;
    "more spaces":
        "listener   {P}   127.0.0.1\n  allow_anonymous  true\n"
        => Starts, None, No, false;
    "comments behind values":
        "listener {P} 127.0.0.1\nallow_anonymous true # for now\n"
        => Starts, None, No, false;
    "a comment behind the port":
        "listener {P} # main\nallow_anonymous true\n"
        => Starts, None, No, false;
    "two listeners":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlistener {Q} 127.0.0.1\n"
        => Starts, None, No, false;
    "two addresses":
        "listener {P} 127.0.0.1\nlistener {P} 127.0.0.2\nallow_anonymous true\n"
        => Starts, None, No, false;
    "passwords":
        "listener {P} 127.0.0.1\npassword_file {D}/passwords\n"
        => Starts, None, No, false;
    "an access list":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/access\n"
        => Starts, None, No, false;
    "an included folder":
        "listener {P} 127.0.0.1\ninclude_dir {D}/parts\n"
        => Starts, None, No, false;
    "a folder with nothing to include":
        "listener {P} 127.0.0.1\nallow_anonymous true\ninclude_dir {D}/nothing\n"
        => Starts, None, No, false;
    "settings per listener":
        "per_listener_settings true\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Starts, None, No, false;
    "a bridge":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\ntopic # both\n"
        => Starts, None, No, false;
    "TLS 1.3 alone":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ntls_version tlsv1.3\nciphers_tls1.3 TLS_AES_128_GCM_SHA256\n"
        => Starts, None, No, false;
    "times of expiry":
        "listener {P} 127.0.0.1\nallow_anonymous true\npersistent_client_expiration 2w\n"
        => Starts, None, No, false;
    "numbers that are none":
        "listener {P} 127.0.0.1\nallow_anonymous true\nsys_interval abc\nmax_connections abc\n"
        => Starts, None, No, false;
    "user root":
        "user root\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Starts, None, No, true;
    "nothing at all":
        ""
        => Starts, None, No, false;
    "a name in capitals":
        "Listener {P}\n"
        => Refuses, Some("unknown-option"), No, false;
    "a tab behind the name":
        "listener\t{P}\nallow_anonymous true\n"
        => Refuses, Some("unknown-option"), No, false;
    "a comment that is indented":
        "  # home\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("unknown-option"), No, false;
    "TRUE":
        "listener {P}\nallow_anonymous TRUE\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "yes":
        "listener {P}\nallow_anonymous yes\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "no value":
        "listener {P}\nallow_anonymous\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "port 0":
        "listener 0\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "port 70000":
        "listener 70000\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "port abc":
        "listener abc\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "port -5":
        "listener -5\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "letters behind the port":
        "listener {P}x\nallow_anonymous true\n"
        => Starts, Some("option-value-invalid"), No, false;
    "TLS 1.4":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ntls_version tlsv1.4\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "TLS 1.0":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ntls_version tlsv1\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "TLS 1.1":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ntls_version tlsv1.1\n"
        => Starts, Some("tls-version-too-old"), No, false;
    "TLSv1.2 in capitals":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ntls_version TLSv1.2\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "no suite of TLS 1.3":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nciphers_tls1.3 NONSENSE\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a suite that OpenSSL lacks":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nciphers NONSENSE\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "suites that this OpenSSL lacks":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nciphers RC4-MD5\n"
        => Refuses, None, Because("which suites there are only the OpenSSL of the broker knows"), false;
    "suites of TLS 1.3 among the older":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nciphers TLS_AES_128_GCM_SHA256\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a list of suites":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nciphers ECDHE+AESGCM:HIGH:!aNULL\n"
        => Starts, None, No, false;
    "a socket in a shut folder":
        "listener 0 {D}/shut/m.sock\nallow_anonymous true\n"
        => Refuses, Some("cannot-write"), No, true;
    "a socket in no folder":
        "listener 0 {D}/no/m.sock\nallow_anonymous true\n"
        => Refuses, Some("file-not-found"), No, false;
    "WebSocket alone":
        "listener {P} 127.0.0.1\nallow_anonymous true\nprotocol websockets\n"
        => Refuses, Some("option-value-invalid"), Because("a warning, since mosquitto 2.1 starts"), false;
    "WebSocket beside MQTT":
        "listener {P} 127.0.0.1\nallow_anonymous true\nlistener {Q} 127.0.0.1\nprotocol websockets\n"
        => Starts, None, No, false;
    "protocol http":
        "listener {P} 127.0.0.1\nallow_anonymous true\nprotocol http\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "log to nowhere":
        "log_dest nowhere\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "log nonsense":
        "log_type nonsense\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "QoS 3":
        "listener {P} 127.0.0.1\nallow_anonymous true\nmax_qos 3\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "packets of 10 bytes":
        "max_packet_size 10\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a keep-alive of 70000":
        "max_keepalive 70000\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an expiry of 2x":
        "persistent_client_expiration 2x\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "too many in flight":
        "max_inflight_messages 70000\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a mount point with a wildcard":
        "listener {P} 127.0.0.1\nallow_anonymous true\nmount_point a/#\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "IPv5":
        "listener {P} 127.0.0.1\nallow_anonymous true\nsocket_domain ipv5\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a user that does not exist":
        "user nobody-of-that-name\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), Because("a warning, since the broker may run on another machine"), true;
    "an option of 2.1":
        "global_plugin {D}/p.so\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, None, Because("a note, since the broker may be newer than the one here"), false;
    "settings per listener too late":
        "listener {P} 127.0.0.1\nallow_anonymous true\nper_listener_settings true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a topic without a bridge":
        "topic # both\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a bridge without address":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\ntopic # both\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an option of no plugin":
        "listener {P} 127.0.0.1\nallow_anonymous true\nplugin_opt_x y\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "a port twice":
        "listener {P}\nlistener {P}\nallow_anonymous true\n"
        => Refuses, Some("duplicate-listener"), No, false;
    "a port on every address and on one":
        "listener {P}\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("duplicate-listener"), No, false;
    "TLS options above the listener":
        "cafile {D}/ca.crt\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Starts, Some("tls-options-before-listener"), Because("it starts, and the listener below speaks MQTT in the clear"), false;
    "nobody may connect":
        "listener {P} 127.0.0.1\n"
        => Starts, Some("not-authorized"), Because("it starts, and refuses every client"), false;
    "nobody may connect to one listener":
        "per_listener_settings true\nlistener {P} 127.0.0.1\nallow_anonymous true\nlistener {Q} 127.0.0.1\n"
        => Starts, Some("not-authorized"), Because("it starts, and refuses every client of the second listener"), false;
    "no certificate file":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/no.crt\nkeyfile {D}/broker.key\n"
        => Refuses, Some("file-not-found"), No, false;
    "no key file":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/no.key\n"
        => Refuses, Some("file-not-found"), No, false;
    "no CA file":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/no.crt\n"
        => Refuses, Some("file-not-found"), No, false;
    "no revocation list":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/ca.crt\nrequire_certificate true\ncrlfile {D}/no.crl\n"
        => Refuses, Some("file-not-found"), No, false;
    "no folder of CAs":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncapath {D}/no\n"
        => Starts, Some("file-not-found"), Because("it starts, and trusts no client"), false;
    "no password file":
        "listener {P}\npassword_file {D}/no\n"
        => Refuses, Some("file-not-found"), No, false;
    "no access list":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/no\n"
        => Refuses, Some("file-not-found"), No, false;
    "no folder to include":
        "include_dir {D}/no\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("file-not-found"), No, false;
    "no plugin":
        "listener {P}\nplugin {D}/no.so\n"
        => Refuses, Some("file-not-found"), No, false;
    "no folder for the pid":
        "pid_file {D}/no/pid\nlistener {P} 127.0.0.1\nallow_anonymous true\n"
        => Refuses, Some("file-not-found"), No, false;
    "a path in quotation marks":
        "listener {P}\npassword_file \"{D}/passwords\"\n"
        => Refuses, Some("file-not-found"), No, false;
    "a bad access list":
        "listener {P} 127.0.0.1\nallow_anonymous true\nacl_file {D}/bad-access\n"
        => Refuses, Some("option-value-invalid"), No, false;
    "an empty CA":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/empty.pem\n"
        => Refuses, Some("pem-damaged"), No, false;
    "no certificate in the file":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/junk.pem\nkeyfile {D}/broker.key\n"
        => Refuses, Some("pem-damaged"), No, false;
    "a certificate in DER":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.der\nkeyfile {D}/broker.key\n"
        => Refuses, Some("pem-damaged"), No, false;
    "a key in DER":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/key.der\n"
        => Refuses, Some("pem-damaged"), No, false;
    "a key for a certificate":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.key\nkeyfile {D}/broker.key\n"
        => Refuses, Some("no-certificate-in-file"), No, false;
    "a certificate for a key":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.crt\n"
        => Refuses, Some("not-a-key"), No, false;
    "a certificate for a revocation list":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/ca.crt\nrequire_certificate true\ncrlfile {D}/ca.crt\n"
        => Refuses, Some("revocation-data-unusable"), No, false;
    "a folder for a certificate":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/nothing\nkeyfile {D}/broker.key\n"
        => Refuses, Some("cannot-read"), No, false;
    "a folder for a CA":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\ncafile {D}/nothing\n"
        => Refuses, Some("cannot-read"), No, false;
    "a sealed key":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/sealed.key\n"
        => Refuses, Some("password-needed"), No, false;
    "an expired certificate":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/old.crt\nkeyfile {D}/old.key\n"
        => Starts, Some("certificate-expired"), Because("it starts, and every client refuses the certificate"), false;
    "a certificate and no key":
        "listener {P}\nallow_anonymous true\ncertfile {D}/broker.crt\n"
        => Starts, Some("certfile-without-keyfile"), Because("mosquitto 2.0 starts, and speaks MQTT in the clear; 2.1 does not start"), false;
    "a key and no certificate":
        "listener {P}\nallow_anonymous true\nkeyfile {D}/broker.key\n"
        => Starts, Some("certfile-without-keyfile"), Because("mosquitto 2.0 starts, and speaks MQTT in the clear; 2.1 does not start"), false;
    "a CA alone":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncafile {D}/ca.crt\n"
        => Starts, Some("plaintext-mqtt-port"), No, false;
    "a relative path":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile broker.key\n"
        => Refuses, Some("relative-path"), Because("a warning, since the folder that the broker is started in is not known"), false;
    "names of certificates that nobody asks for":
        "listener {P} 127.0.0.1\nallow_anonymous true\ncertfile {D}/broker.crt\nkeyfile {D}/broker.key\nuse_identity_as_username true\n"
        => Starts, Some("client-certificate-not-requested"), Because("it starts, and refuses every client"), false;
    "the CA file of a bridge":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\ntopic # both\nbridge_cafile {D}/no.crt\n"
        => Starts, Some("file-not-found"), Because("it starts, and the bridge never connects"), false;
    "the key of a bridge":
        "listener {P} 127.0.0.1\nallow_anonymous true\nconnection b\naddress 127.0.0.1:1\ntopic # both\nbridge_cafile {D}/ca.crt\nbridge_certfile {D}/broker.crt\nbridge_keyfile {D}/phone.key\n"
        => Starts, Some("key-mismatch"), Because("it starts, and the bridge never connects"), false;
    "an address of another machine":
        "listener {P} 192.0.2.77\nallow_anonymous true\n"
        => Refuses, None, Because("the addresses of the broker's machine are not known"), false;
}
