//! The options that mosquitto knows, as its `src/conf.c` reads them.

/// Those of mosquitto 2.0 (2.0.11 to 2.0.22), which 2.1 knows too.
pub(super) const OPTIONS: &[&str] = &[
    "acl_file",
    "address",
    "addresses",
    "allow_anonymous",
    "allow_duplicate_messages",
    "allow_zero_length_clientid",
    "auth_plugin",
    "auth_plugin_deny_special_chars",
    "auto_id_prefix",
    "autosave_interval",
    "autosave_on_changes",
    "bind_address",
    "bind_interface",
    "bridge_alpn",
    "bridge_attempt_unsubscribe",
    "bridge_bind_address",
    "bridge_cafile",
    "bridge_capath",
    "bridge_certfile",
    "bridge_identity",
    "bridge_insecure",
    "bridge_keyfile",
    "bridge_max_packet_size",
    "bridge_outgoing_retain",
    "bridge_protocol_version",
    "bridge_psk",
    "bridge_require_ocsp",
    "bridge_tls_version",
    "cafile",
    "capath",
    "certfile",
    "check_retain_source",
    "ciphers",
    "ciphers_tls1.3",
    "cleansession",
    "clientid",
    "clientid_prefixes",
    "connection",
    "connection_messages",
    "crlfile",
    "dhparamfile",
    "http_dir",
    "idle_timeout",
    "include_dir",
    "keepalive_interval",
    "keyfile",
    "listener",
    "local_cleansession",
    "local_clientid",
    "local_password",
    "local_username",
    "log_dest",
    "log_facility",
    "log_timestamp",
    "log_timestamp_format",
    "log_type",
    "max_connections",
    "max_inflight_bytes",
    "max_inflight_messages",
    "max_keepalive",
    "max_packet_size",
    "max_qos",
    "max_queued_bytes",
    "max_queued_messages",
    "max_topic_alias",
    "maximum_qos",
    "memory_limit",
    "message_size_limit",
    "mount_point",
    "notification_topic",
    "notifications",
    "notifications_local_only",
    "password",
    "password_file",
    "per_listener_settings",
    "persistence",
    "persistence_file",
    "persistence_location",
    "persistent_client_expiration",
    "pid_file",
    "plugin",
    "port",
    "protocol",
    "psk_file",
    "psk_hint",
    "queue_qos0_messages",
    "remote_clientid",
    "remote_password",
    "remote_username",
    "require_certificate",
    "restart_timeout",
    "retain_available",
    "retain_expiry_interval",
    "retained_persistence",
    "retry_interval",
    "round_robin",
    "set_tcp_nodelay",
    "socket_domain",
    "start_type",
    "sys_interval",
    "threshold",
    "tls_engine",
    "tls_engine_kpass_sha1",
    "tls_keyform",
    "tls_version",
    "topic",
    "try_private",
    "upgrade_outgoing_qos",
    "use_identity_as_username",
    "use_subject_as_username",
    "use_username_as_clientid",
    "user",
    "username",
    "websockets_headers_size",
    "websockets_log_level",
];

/// Those that mosquitto 2.1 added.
pub(super) const SINCE_2_1: &[&str] = &[
    "accept_protocol_versions",
    "bridge_ciphers",
    "bridge_ciphers_tls1.3",
    "bridge_max_topic_alias",
    "bridge_receive_maximum",
    "bridge_reload_type",
    "bridge_session_expiry_interval",
    "bridge_tcp_keepalive",
    "bridge_tcp_user_timeout",
    "bridge_tls_use_os_certs",
    "disable_client_cert_date_checks",
    "enable_control_api",
    "enable_proxy_protocol",
    "global_max_clients",
    "global_max_connections",
    "global_plugin",
    "listener_allow_anonymous",
    "listener_auto_id_prefix",
    "max_topic_alias_broker",
    "packet_buffer_size",
    "plugin_load",
    "plugin_use",
    "proxy_protocol_v2_require_tls",
    "websockets_origin",
];

/// Beginnings of options that plugins name.
pub(super) const PREFIXES: &[&str] = &["auth_opt_", "plugin_opt_"];

/// Those that want `true` or `false`.
pub(super) const BOOLEANS: &[&str] = &[
    "allow_anonymous",
    "allow_duplicate_messages",
    "allow_zero_length_clientid",
    "auth_plugin_deny_special_chars",
    "autosave_on_changes",
    "bridge_attempt_unsubscribe",
    "bridge_insecure",
    "bridge_outgoing_retain",
    "bridge_require_ocsp",
    "check_retain_source",
    "cleansession",
    "connection_messages",
    "local_cleansession",
    "log_timestamp",
    "notifications",
    "notifications_local_only",
    "per_listener_settings",
    "persistence",
    "queue_qos0_messages",
    "require_certificate",
    "retain_available",
    "retained_persistence",
    "round_robin",
    "set_tcp_nodelay",
    "try_private",
    "upgrade_outgoing_qos",
    "use_identity_as_username",
    "use_subject_as_username",
    "use_username_as_clientid",
];

/// Options whose value is a path that the broker reads when it starts.
pub(super) const READ: &[&str] = &[
    "keyfile",
    "certfile",
    "cafile",
    "capath",
    "crlfile",
    "dhparamfile",
    "password_file",
    "acl_file",
    "psk_file",
    "bridge_keyfile",
    "bridge_certfile",
    "bridge_cafile",
    "bridge_capath",
];

/// Options whose value is a path that has to be there, and that is read before the broker drops to
/// its user.
pub(super) const THERE: &[&str] = &["plugin", "auth_plugin", "include_dir", "http_dir"];

/// Options that `per_listener_settings` moves from the broker to the listener, and has to precede.
pub(super) const SECURITY: &[&str] = &[
    "acl_file",
    "allow_anonymous",
    "allow_zero_length_clientid",
    "auth_plugin",
    "auto_id_prefix",
    "password_file",
    "plugin",
    "psk_file",
];

/// Further options whose value is a path.
pub(super) const PATHS: &[&str] = &[
    "plugin",
    "auth_plugin",
    "persistence_location",
    "pid_file",
    "http_dir",
    "include_dir",
];

/// Options that make a listener speak TLS, and belong to it.
pub(super) const TLS: &[&str] = &[
    "cafile",
    "capath",
    "certfile",
    "keyfile",
    "crlfile",
    "require_certificate",
    "use_identity_as_username",
    "use_subject_as_username",
    "tls_version",
    "ciphers",
    "ciphers_tls1.3",
    "dhparamfile",
    "tls_engine",
    "tls_keyform",
];

/// The option that was likely meant: the nearest one, if it is near enough.
pub(super) fn likely(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let all = OPTIONS.iter().chain(SINCE_2_1);
    let scored = all.map(|option| (score(&name, option), *option));
    let (score, option) = scored.min_by_key(|(score, option)| (*score, option.len()))?;
    let limit = if name.len() < 4 {
        1
    } else {
        name.len() / 3 + 1
    };
    (score <= limit).then_some(option)
}

/// The edit distance; a word that only goes on counts as near (`listen` for `listener`).
fn score(name: &str, option: &str) -> usize {
    if option.starts_with(name) && name.len() >= 4 {
        return 1;
    }
    distance(name, option)
}

/// Levenshtein's distance, in bytes.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.bytes().enumerate() {
        let mut next = vec![index + 1];
        for (b, pair) in other.bytes().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or(usize::MAX);
            let change = diagonal + usize::from(a != b);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likely_option_is_the_nearest() {
        assert_eq!(likely("listen"), Some("listener"));
        assert_eq!(likely("cert_file"), Some("certfile"));
        assert_eq!(likely("requires_certificate"), Some("require_certificate"));
        assert_eq!(likely("allow_anonimous"), Some("allow_anonymous"));
        assert_eq!(likely("ca_file"), Some("cafile"));
        assert_eq!(likely("zzzzzzzz"), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
