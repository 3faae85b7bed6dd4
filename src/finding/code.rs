//! The stable names of findings and errors, each with its meaning in one line.

use std::fmt;
use std::str::FromStr;

macro_rules! codes {
    ($($(#[$group:meta])* $variant:ident = $name:literal, $meaning:literal;)*) => {
        /// The stable name of a finding or an error; scripts match on [`Code::as_str`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$group])* #[doc = $meaning] $variant,)* }

        impl Code {
            /// Every code, in the order of the layers it belongs to.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name, in kebab case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in one line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    // input
    HostHasWhitespace = "host-has-whitespace", "white space around the host name was trimmed";
    // resolve
    NameNotFound = "name-not-found", "the name does not exist";
    NameWithoutAddress = "name-without-address", "the name exists, but has no address record";
    ResolverFailed = "resolver-failed", "the resolver answered with a failure";
    ResolverTimeout = "resolver-timeout", "the resolver did not answer within the limit";
    // tcp
    ConnectionRefused = "connection-refused", "nothing listens on the port";
    ConnectTimeout = "connect-timeout", "no answer to the connection attempt within the limit";
    HostUnreachable = "host-unreachable", "a router or firewall rejects the flow";
    AddressUnreachable = "address-unreachable", "one of the addresses of the name does not work while another does";
    // protocol on the port
    ClosedBeforeTls = "closed-before-tls", "the peer closed or reset before a single TLS byte; the cause lists the candidates that the extra probes leave (no live backend, IP filter, connection limit, passthrough to a plaintext backend, PROXY header in front …)";
    PlaintextMqttPort = "plaintext-mqtt-port", "plain MQTT answers on this port";
    PortExpectsTls = "port-expects-tls", "TLS answers, and the client was told to speak plain MQTT";
    OtherProtocol = "other-protocol", "HTTP, SSH, AMQP … answers; the cause names it";
    WebsocketEndpoint = "websocket-endpoint", "the peer wants MQTT over WebSocket";
    ProxyProtocolExpected = "proxy-protocol-expected", "the listener expects a PROXY header";
    SniRequired = "sni-required", "the handshake is refused without a (known) server name";
    SniNotRouted = "sni-not-routed", "an SNI router has no route for this name";
    AlpnRefused = "alpn-refused", "no common ALPN protocol";
    AlpnRequired = "alpn-required", "the port multiplexes by ALPN";
    // tls
    TlsNoAnswer = "tls-no-answer", "connected, ClientHello sent, no byte back";
    TlsStalled = "tls-stalled", "the handshake began and did not finish within the limit";
    TlsVersionTooOld = "tls-version-too-old", "the server speaks only TLS 1.0 or 1.1";
    TlsVersionMismatch = "tls-version-mismatch", "no common TLS version";
    NoCommonCipher = "no-common-cipher", "no common cipher suite";
    NoCommonGroup = "no-common-group", "no common key-exchange group";
    NoCommonSignature = "no-common-signature", "no common signature scheme";
    PskOnly = "psk-only", "the listener has no certificate, only pre-shared keys";
    LargeClientHelloDropped = "large-client-hello-dropped", "a small ClientHello passes, a large one (post-quantum key share) does not";
    HandshakeRefused = "handshake-refused", "the handshake ended for a reason of the peer's that none of the other codes names";
    // server certificate
    UnknownIssuer = "unknown-issuer", "the chain ends at a CA that is not trusted";
    MissingIntermediate = "missing-intermediate", "the server does not send an issuing certificate";
    ChainOutOfOrder = "chain-out-of-order", "the chain is complete, but in the wrong order";
    ChainUnusedCertificate = "chain-unused-certificate", "a certificate in the chain serves no path";
    SelfSignedCertificate = "self-signed-certificate", "the server certificate is self-signed";
    CaUsedAsServerCertificate = "ca-used-as-server-certificate", "a CA certificate is used as the server certificate";
    CertificateExpired = "certificate-expired", "a certificate of the chain has expired; the cause says which";
    CertificateNotYetValid = "certificate-not-yet-valid", "a certificate is not valid yet";
    ClockWrong = "clock-wrong", "the dates only make sense if this computer's clock is wrong";
    ExpiresSoon = "expires-soon", "a certificate ends within the warning period";
    ValidityTooLong = "validity-too-long", "longer than Apple's 825 days";
    TrustAnchorExpired = "trust-anchor-expired", "the trusted root has expired";
    TrustAnchorNotACa = "trust-anchor-not-a-ca", "the trusted root lacks CA:TRUE or keyCertSign";
    TrustAnchorIncomplete = "trust-anchor-incomplete", "the trusted file holds an intermediate CA and not the root above it, which OpenSSL wants";
    IssuerNotACa = "issuer-not-a-ca", "an issuing certificate is no CA";
    LeafAsTrustAnchor = "leaf-as-trust-anchor", "the server certificate itself was given as CA file";
    PathLengthExceeded = "path-length-exceeded", "a CA certificate allows fewer intermediates than the chain has";
    NameConstraintViolated = "name-constraint-violated", "a CA of the chain does not allow this name";
    UnknownCriticalExtension = "unknown-critical-extension", "a critical extension that nobody here understands";
    NameMismatch = "name-mismatch", "the certificate is for other names; the cause lists both sides";
    NoSubjectAltName = "no-subject-alt-name", "names only in the CN, or none";
    IpWrittenAsDnsName = "ip-written-as-dns-name", "an IP address stands in a dNSName";
    WildcardScope = "wildcard-scope", "the wildcard does not cover this name";
    UnderscoreInHostName = "underscore-in-host-name", "some stacks refuse it";
    ServerUsageMissing = "server-usage-missing", "EKU or keyUsage does not allow a TLS server";
    X509V1 = "x509-v1", "an X.509 v1 certificate, as the guide makes";
    WeakKey = "weak-key", "a key too short to be accepted";
    WeakSignature = "weak-signature", "SHA-1 or MD5";
    UnsupportedKey = "unsupported-key", "a key type that most clients refuse";
    UncommonKey = "uncommon-key", "a key type that some clients refuse; the cause names them";
    CaRegenerated = "ca-regenerated", "the issuer has the trusted CA's name but another key";
    SignatureInvalid = "signature-invalid", "the certificate names the issuer's key, and the signature is not that key's: it was changed after it was signed";
    KeyIdMismatch = "key-id-mismatch", "the certificate names another key or serial number of its issuer than the issuer has";
    EncodingInvalid = "encoding-invalid", "the bytes of a certificate break DER or RFC 5280, and some stacks refuse to read them; the cause says where";
    SameSubjectAsIssuer = "same-subject-as-issuer", "CA and leaf share their subject";
    ServerCertificateRevoked = "server-certificate-revoked", "by CRL or stapled OCSP";
    CrlExpired = "crl-expired", "the CRL given to certgen is out of date";
    MustStapleMissing = "must-staple-missing", "the certificate demands a stapled OCSP response and none came";
    CertificateTooLarge = "certificate-too-large", "the certificate message is larger than clients accept";
    ExtensionInvalid = "extension-invalid", "an extension cannot be read, or occurs twice";
    RevocationDataUnusable = "revocation-data-unusable", "a revocation list or stapled OCSP answer says nothing about this certificate; the cause says why";
    NotStrict = "not-strict", "RFC 5280 wants it otherwise; Python 3.13 and other strict stacks refuse some of it, the cause says what";
    FixtureCertificate = "fixture-certificate", "a test fixture of certgen: its private key is public";
    // client certificate
    ClientCertificateMissing = "client-certificate-missing", "the broker requires one and none was sent; the cause says why none was sent";
    ClientCertificateUntrusted = "client-certificate-untrusted", "the broker does not know its issuer";
    ClientCertificateExpired = "client-certificate-expired", "the client certificate has expired";
    ClientCertificateRevoked = "client-certificate-revoked", "the broker has the client certificate on its revocation list";
    ClientUsageMissing = "client-usage-missing", "no clientAuth";
    ClientChainIncomplete = "client-chain-incomplete", "the intermediate was not sent";
    ClientCertificateNotRequested = "client-certificate-not-requested", "the broker never asked: mutual TLS is not enforced";
    ClientIssuerNotOffered = "client-issuer-not-offered", "the broker's list of CA names lacks the issuer: Java and Android will send nothing";
    ClientSignatureUnsupported = "client-signature-unsupported", "the broker accepts no signature scheme of this key";
    BrokerCrlExpired = "broker-crl-expired", "the broker's own CRL is out of date, so it refuses everyone";
    // mqtt
    NotAuthorized = "not-authorized", "CONNACK 5 / 0x87; with the likely broker setting";
    BadCredentials = "bad-credentials", "CONNACK 4 / 0x86";
    ClientIdRejected = "client-id-rejected", "the broker refuses the client id";
    ServerUnavailable = "server-unavailable", "the broker says that it is unavailable";
    ProtocolVersionRefused = "protocol-version-refused", "the broker refuses this version of MQTT";
    UseAnotherServer = "use-another-server", "with the server reference";
    WebsocketRefused = "websocket-refused", "the web server does not let MQTT over WebSocket in at this path";
    ConnackInvalid = "connack-invalid", "a code outside the standard";
    NoConnack = "no-connack", "no answer to CONNECT within the limit";
    ClosedAfterConnect = "closed-after-connect", "the broker accepted the session, and ended it before anything was asked of it";
    ClosedOnConnect = "closed-on-connect", "closed after CONNECT without CONNACK";
    SubscribeRefused = "subscribe-refused", "the broker refused the subscription";
    SubackInvalid = "suback-invalid", "the answer to SUBSCRIBE breaks the standard";
    NoSuback = "no-suback", "the broker did not answer the subscription";
    MessageNotDelivered = "message-not-delivered", "accepted, but the test message never came back";
    MessageRepeated = "message-repeated", "the test message comes back more than once: a bridge or rule sends messages in a circle";
    NoPuback = "no-puback", "the broker did not acknowledge the message";
    ClosedOnPublish = "closed-on-publish", "the broker closed the connection on the test message";
    MessageTooLarge = "message-too-large", "the message is larger than the broker takes";
    QosNotSupported = "qos-not-supported", "the broker does not support this quality of service";
    NoPingresp = "no-pingresp", "the broker did not answer a ping";
    BrokerStopped = "broker-stopped", "the session ended while it was held, and nothing listens on the port any more";
    IdleTimeoutTooShort = "idle-timeout-too-short", "something on the path cuts the session before the keep-alive";
    SlowAnswers = "slow-answers", "(a note) a constant delay of about 40 ms: Nagle";
    // local files and stores
    FileNotFound = "file-not-found", "a file does not exist";
    NoCertificateInFile = "no-certificate-in-file", "the file holds no certificate";
    PemDamaged = "pem-damaged", "the PEM text is damaged or cut off";
    UnusualEncoding = "unusual-encoding", "DER instead of PEM, a block on one line, a trusted certificate: read all the same";
    ByteOrderMark = "byte-order-mark", "read all the same; some stacks refuse it";
    KeyMismatch = "key-mismatch", "the private key does not belong to the certificate";
    PasswordNeeded = "password-needed", "the key or store is encrypted and no password was given";
    StoreIntegrity = "store-integrity", "wrong password, or the file was altered";
    StoreDamaged = "store-damaged", "the structure is broken; with the offset";
    StoreVersionUnsupported = "store-version-unsupported", "a keystore of a format version that is not known here";
    StoreWithoutKey = "store-without-key", "no private key entry";
    StoreWithoutTrust = "store-without-trust", "no trusted-certificate entry";
    KeyPasswordDiffers = "key-password-differs", "the store opens, the key in it does not";
    // broker configuration (config check)
    UnknownOption = "unknown-option", "the broker knows no such option";
    TildeInPath = "tilde-in-path", "`~` is not expanded by the broker";
    KeyNotReadable = "key-not-readable", "by the user that the broker runs as";
    RequireCertificateWithoutCa = "require-certificate-without-ca", "certificates are required, and no CA is configured to check them";
    OptionValueInvalid = "option-value-invalid", "the broker does not start with this value of an option";
    RelativePath = "relative-path", "a path depends on where the broker was started";
    CertfileWithoutKeyfile = "certfile-without-keyfile", "a listener has a certificate without key, or a key without certificate";
    DuplicateListener = "duplicate-listener", "two listeners want the same port";
    TlsOptionsBeforeListener = "tls-options-before-listener", "TLS options stand before the first listener, and so belong to none that is opened";
    // doing the work
    Usage = "usage", "the command line is not as the help says";
    FileExists = "file-exists", "a file that would be written exists already";
    CannotRead = "cannot-read", "a file or folder cannot be read";
    CannotWrite = "cannot-write", "a file or folder cannot be written";
    CannotListen = "cannot-listen", "the address to listen on cannot be had";
    NotACertificate = "not-a-certificate", "the bytes are no X.509 certificate";
    NotAKey = "not-a-key", "the bytes are no private key that is known here";
    NotAKeystore = "not-a-keystore", "the bytes are no keystore of a known format";
    AlgorithmUnsupported = "algorithm-unsupported", "an algorithm that is not supported here, by name";
    StoreWithoutIntegrity = "store-without-integrity", "the store has no integrity check, or one that proves nothing";
    LimitExceeded = "limit-exceeded", "the input asks for more work or memory than the limit allows";
    ConversionLoss = "conversion-loss", "the target format cannot hold part of the store";
    TargetRefuses = "target-refuses", "the named target cannot read this store or key";
    PasswordWeak = "password-weak", "the password or its encoding will make trouble elsewhere";
    PasswordVisible = "password-visible", "a password on the command line can be seen by other users";
    NameTaken = "name-taken", "a name differs from an existing one only by case, or is in use";
    BadName = "bad-name", "a name cannot be used as host name, address or file name";
    RequestInvalid = "request-invalid", "the bytes are no certificate signing request, or its signature does not hold";
    AuthorityMissing = "authority-missing", "there is no CA in the folder";
    AuthorityUnfit = "authority-unfit", "the certificate may not sign others";
    AuthorityLocked = "authority-locked", "another process works in the folder";
    ProfileViolated = "profile-violated", "the request breaks the certificate profile";
    FixtureOutOfDate = "fixture-out-of-date", "what a fixture is expected to show does not hold at this time";
    FixtureChanged = "fixture-changed", "a file of a set of fixtures is not what its seed gives";
    FixtureAuthority = "fixture-authority", "the CA is a test fixture whose key is public";
    NameExtensionMismatch = "name-extension-mismatch", "the file name says another format than the content";
    Interrupted = "interrupted", "the work was interrupted";
    Internal = "internal", "a check of certgen itself did not hold; please report it";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is the name of no code.
#[derive(Debug, thiserror::Error)]
#[error("there is no code `{0}`")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .find(|code| code.as_str() == name)
            .copied()
            .ok_or_else(|| UnknownCode(name.to_owned()))
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_parse_back() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse::<Code>().unwrap(), *code);
            assert!(!code.meaning().is_empty());
        }
        assert!("no-such-code".parse::<Code>().is_err());
    }
}
