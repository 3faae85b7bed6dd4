//! Values: what mosquitto's `src/conf.c` takes for each option, and what it ends with an error on.

use super::parse::Line;
use super::{ciphers, options};
use crate::finding::{Code, Finding, Remedy};

/// The value is one that mosquitto does not start with, or that it takes for another.
pub(super) fn finding(line: &Line<'_>) -> Option<Finding> {
    if let Some(port) = cut_port(line) {
        let cause = format!(
            "`{} {}`: mosquitto takes the port for {port}, and says nothing of what follows the digits",
            line.name, line.value
        );
        let remedy = Remedy::text(format!("write `{} {port}`", line.name));
        let finding = Finding::warning(Code::OptionValueInvalid, cause).with_remedy(remedy);
        return Some(finding.about(line.place()));
    }
    if line.value.is_empty() && PASSED_OVER.contains(&line.name) {
        let cause = format!("`{}` has no value, and is without effect", line.name);
        let finding = Finding::warning(Code::OptionValueInvalid, cause);
        let remedy = Remedy::text("give a value, or take the line out");
        return Some(finding.about(line.place()).with_remedy(remedy));
    }
    let wrong = if line.value.is_empty() {
        "it has no value".to_owned()
    } else {
        wrong(line)?
    };
    let cause = format!("mosquitto does not start with `{}`: {wrong}", line.name);
    let remedy = Remedy::text("correct the value; mosquitto.conf(5) names the possible ones");
    let finding = Finding::failure(Code::OptionValueInvalid, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

fn wrong(line: &Line<'_>) -> Option<String> {
    let (name, first) = (line.name, line.first());
    if options::BOOLEANS.contains(&name) {
        let known = matches!(first, "true" | "false" | "1" | "0");
        return (!known).then(|| format!("`{first}` is neither `true` nor `false`"));
    }
    if name == "log_dest" && line.value == "file" {
        return Some("no path stands behind `file`".to_owned());
    }
    if let Some((_, words)) = WORDS.iter().find(|(option, _)| *option == name) {
        return (!words.contains(&first)).then(|| none_of(first, words));
    }
    if let Some((_, least, most)) = NUMBERS.iter().find(|(option, ..)| *option == name) {
        let number = number(first);
        return (!(*least..=*most).contains(&number))
            .then(|| format!("{number} is not from {least} to {most}"));
    }
    match name {
        "listener" => listener(line),
        "port" => (!(1..=65_535).contains(&number(first)))
            .then(|| format!("`{first}` is no port from 1 to 65535")),
        "max_keepalive" => {
            let number = number(first);
            (number != 0 && !(10..=65_535).contains(&number))
                .then(|| format!("{number} is neither 0 nor from 10 to 65535"))
        }
        "persistent_client_expiration" => {
            let digits = first.trim_start_matches(|c: char| c.is_ascii_digit());
            (digits == first || !matches!(digits, "h" | "d" | "w" | "m" | "y")).then(|| {
                format!("`{first}` is no number with one of the letters h, d, w, m and y behind it")
            })
        }
        "mount_point" => line
            .value
            .contains(['+', '#'])
            .then(|| format!("`{}` has a wildcard in it", line.value)),
        "address" | "addresses" => bridge_address(line),
        "topic" => bridge_topic(line),
        "ciphers" => ciphers::wrong(line.value),
        "ciphers_tls1.3" => ciphers::wrong_1_3(line.value),
        _ => None,
    }
}

/// The number as C's `atoi` reads it: up to the first character that is no digit.
fn number(text: &str) -> i64 {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let value: i64 = digits[..end].parse().unwrap_or(0);
    if text.starts_with('-') { -value } else { value }
}

/// The port, where it is one with something behind its digits.
fn cut_port(line: &Line<'_>) -> Option<i64> {
    let first = line.first();
    let is_cut = matches!(line.name, "listener" | "port")
        && first.starts_with(|c: char| c.is_ascii_digit())
        && !first.bytes().all(|byte| byte.is_ascii_digit());
    is_cut
        .then(|| number(first))
        .filter(|port| (1..=65_535).contains(port))
}

/// A port, or 0 with the path of a Unix socket.
fn listener(line: &Line<'_>) -> Option<String> {
    let first = line.first();
    match number(first) {
        1..=65_535 => None,
        0 if first == "0" && line.value.contains('/') => None,
        0 if first == "0" => Some("with port 0 the path of a Unix socket has to follow".to_owned()),
        _ => Some(format!(
            "`{first}` does not begin with a port from 1 to 65535"
        )),
    }
}

fn none_of(value: &str, words: &[&str]) -> String {
    format!("`{value}` is none of {}", words.join(", "))
}

/// Options that mosquitto complains of where they have no value, and starts.
const PASSED_OVER: [&str; 4] = [
    "log_type",
    "max_connections",
    "persistent_client_expiration",
    "protocol",
];

/// `address`: each with a port that exists, where it has one.
fn bridge_address(line: &Line<'_>) -> Option<String> {
    let words = line
        .value
        .split(' ')
        .take_while(|word| !word.starts_with('#'));
    let ports = words.filter_map(|word| word.rsplit_once(':'));
    let mut ports = ports.map(|(_, port)| number(port));
    let port = ports.find(|port| !(1..=65_535).contains(port))?;
    Some(format!("{port} is no port from 1 to 65535"))
}

/// `topic`: a pattern, a direction and a quality of service.
fn bridge_topic(line: &Line<'_>) -> Option<String> {
    let direction = line.word(1)?;
    let known = ["out", "in", "both"];
    if !known
        .iter()
        .any(|word| direction.eq_ignore_ascii_case(word))
    {
        return Some(none_of(direction, &known));
    }
    let quality = line.word(2)?;
    (!(0..=2).contains(&number(quality))).then(|| format!("`{quality}` is no QoS from 0 to 2"))
}

/// Options that take one of a few words.
const WORDS: &[(&str, &[&str])] = &[
    ("tls_version", &["tlsv1.3", "tlsv1.2", "tlsv1.1"]),
    ("bridge_tls_version", &["tlsv1.3", "tlsv1.2", "tlsv1.1"]),
    ("protocol", &["mqtt", "websockets"]),
    ("socket_domain", &["ipv4", "ipv6"]),
    (
        "bridge_protocol_version",
        &["mqttv31", "mqttv311", "mqttv50"],
    ),
    ("start_type", &["automatic", "lazy", "once"]),
    (
        "log_dest",
        &[
            "none", "syslog", "stdout", "stderr", "topic", "dlt", "file", "android",
        ],
    ),
    (
        "log_type",
        &[
            "none",
            "information",
            "notice",
            "warning",
            "error",
            "debug",
            "subscribe",
            "unsubscribe",
            "internal",
            "websockets",
            "all",
        ],
    ),
];

/// Options that take a number, and from where to where.
const NUMBERS: &[(&str, i64, i64)] = &[
    ("max_qos", 0, 2),
    ("maximum_qos", 0, 2),
    ("max_packet_size", 20, 268_435_455),
    ("max_inflight_messages", i64::MIN, 65_535),
    ("max_topic_alias", 0, 65_535),
    ("websockets_headers_size", 0, 65_535),
    ("memory_limit", 0, i64::MAX),
    ("message_size_limit", 0, 268_435_455),
    ("sys_interval", 0, 65_535),
    ("log_facility", 0, 7),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn judged(name: &str, value: &str) -> Option<Severity> {
        let line = Line {
            file: "m.conf",
            number: 1,
            name,
            value,
        };
        finding(&line).map(|finding| finding.severity)
    }

    #[test]
    fn values_are_read_as_mosquitto_reads_them() {
        for (name, value) in [
            ("allow_anonymous", "true # yes"),
            ("listener", "1883 # main"),
            ("listener", "0 /run/mosquitto.sock"),
            ("tls_version", "tlsv1.3"),
            ("max_qos", "1"),
            ("max_keepalive", "0"),
            ("persistent_client_expiration", "2w"),
            ("log_dest", "file /var/log/m.log"),
            ("sys_interval", "abc"),
            (
                "ciphers_tls1.3",
                "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
            ),
        ] {
            assert_eq!(judged(name, value), None, "{name} {value}");
        }
        for (name, value) in [
            ("allow_anonymous", "TRUE"),
            ("allow_anonymous", ""),
            ("listener", "0"),
            ("listener", "70000"),
            ("listener", "abc"),
            ("listener", "-5"),
            ("tls_version", "tlsv1"),
            ("max_qos", "3"),
            ("max_keepalive", "5"),
            ("max_packet_size", "10"),
            ("persistent_client_expiration", "2x"),
            ("protocol", "http"),
            ("mount_point", "a/#"),
            ("ciphers_tls1.3", "NONSENSE"),
        ] {
            assert_eq!(
                judged(name, value),
                Some(Severity::Failure),
                "{name} {value}"
            );
        }
        assert_eq!(judged("listener", "1883x"), Some(Severity::Warning));
    }
}
