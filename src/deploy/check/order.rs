//! Options that stand where mosquitto does not take them: before what they belong to, or after what
//! they have to precede.

use super::options::SECURITY;
use super::parse::{Line, canonical};
use crate::finding::{Code, Finding, Remedy};

/// What is wrong with the order of the lines.
pub(super) fn findings(lines: &[Line<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(late_per_listener(lines));
    // Bridges and plugins end with their file.
    for lines in lines.chunk_by(|one, other| one.file == other.file) {
        findings.extend(without(lines, "connection", is_of_bridge, "bridge"));
        findings.extend(without(lines, "plugin", is_of_plugin, "plugin"));
        findings.extend(bridges_to_nowhere(lines));
    }
    findings.extend(bridge_twice(lines));
    findings.extend(mount_above(lines));
    findings
}

/// What each bridge needs, and how it is written.
const NEEDED: [(&str, &str); 2] = [("address", "address HOST:PORT"), ("topic", "topic # both")];

/// Bridges without an address or a topic.
fn bridges_to_nowhere(lines: &[Line<'_>]) -> Vec<Finding> {
    let bridges = lines.iter().enumerate();
    let bridges = bridges.filter(|(_, line)| line.name == "connection");
    let lost = bridges.filter_map(|(at, line)| {
        let below = lines.iter().skip(at + 1);
        let own: Vec<&str> = below
            .take_while(|line| line.name != "connection")
            .map(|line| canonical(line.name))
            .collect();
        let missing = NEEDED.iter().find(|(name, _)| !own.contains(name))?;
        Some((line, missing))
    });
    lost.map(|(line, (name, example))| {
        let cause = format!(
            "the bridge `{}` has no `{name}`: mosquitto does not start",
            line.value
        );
        let remedy = Remedy::text(format!("add `{example}` below the `connection` line"));
        let finding = Finding::failure(Code::OptionValueInvalid, cause).with_remedy(remedy);
        finding.about(line.place())
    })
    .collect()
}

/// A second bridge of the same name.
fn bridge_twice(lines: &[Line<'_>]) -> Option<Finding> {
    let bridges = || lines.iter().filter(|line| line.name == "connection");
    let line = bridges().enumerate().find_map(|(at, line)| {
        let mut earlier = bridges().take(at);
        earlier
            .any(|other| other.value == line.value)
            .then_some(line)
    })?;
    let cause = format!(
        "a second bridge is called `{}`: mosquitto does not start",
        line.value
    );
    let remedy = Remedy::text("give each bridge a name of its own");
    let finding = Finding::failure(Code::OptionValueInvalid, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

fn mount_above(lines: &[Line<'_>]) -> Option<Finding> {
    let mut above = lines.iter().take_while(|line| line.name != "listener");
    let line = above.find(|line| line.name == "mount_point")?;
    let cause = "`mount_point` stands above the first `listener` line: mosquitto does not start";
    let remedy = Remedy::text("move it below the `listener` line that it is for");
    let finding = Finding::failure(Code::OptionValueInvalid, cause).with_remedy(remedy);
    Some(finding.about(line.place()))
}

fn late_per_listener(lines: &[Line<'_>]) -> Option<Finding> {
    let at = lines
        .iter()
        .position(|line| line.name == "per_listener_settings" && line.is_true())?;
    let earlier = lines
        .iter()
        .take(at)
        .find(|line| SECURITY.contains(&line.name))?;
    let cause = format!(
        "`per_listener_settings` stands below `{}` ({}): mosquitto does not start, since it has to come before all settings of that kind",
        earlier.name,
        earlier.place()
    );
    let remedy = Remedy::text("move `per_listener_settings true` to the first line");
    let finding = Finding::failure(Code::OptionValueInvalid, cause).with_remedy(remedy);
    lines.get(at).map(|line| finding.about(line.place()))
}

/// The first option of a kind that stands above the line that it belongs to.
fn without(
    lines: &[Line<'_>],
    opener: &str,
    belongs: fn(&str) -> bool,
    what: &str,
) -> Option<Finding> {
    let opens = |line: &&Line<'_>| {
        line.name == opener || (opener == "plugin" && OPENERS.contains(&line.name))
    };
    let before = lines.iter().take_while(|line| !opens(line));
    let line = before.into_iter().find(|line| belongs(line.name))?;
    let cause = format!(
        "`{}` is an option of a {what}, and no `{opener}` line stands above it: mosquitto does not start",
        line.name
    );
    let remedy = format!("move it below the `{opener}` line, or take it out");
    let finding = Finding::failure(Code::OptionValueInvalid, cause);
    Some(
        finding
            .about(line.place())
            .with_remedy(Remedy::text(remedy)),
    )
}

/// Lines that name a plugin.
const OPENERS: [&str; 4] = ["auth_plugin", "global_plugin", "plugin_load", "plugin_use"];

fn is_of_plugin(name: &str) -> bool {
    name.starts_with("auth_opt_")
        || name.starts_with("plugin_opt_")
        || name == "auth_plugin_deny_special_chars"
}

fn is_of_bridge(name: &str) -> bool {
    name.starts_with("bridge_") || BRIDGE.contains(&name)
}

/// Options of bridges that do not say so in their names.
const BRIDGE: &[&str] = &[
    "address",
    "addresses",
    "cleansession",
    "clientid",
    "idle_timeout",
    "keepalive_interval",
    "local_cleansession",
    "local_clientid",
    "local_password",
    "local_username",
    "notification_topic",
    "notifications",
    "notifications_local_only",
    "password",
    "remote_clientid",
    "remote_password",
    "remote_username",
    "restart_timeout",
    "round_robin",
    "start_type",
    "threshold",
    "topic",
    "try_private",
    "username",
];

#[cfg(test)]
mod tests {
    use super::super::parse::lines;
    use super::*;

    fn found(text: &str) -> usize {
        findings(&lines("m.conf", text)).len()
    }

    #[test]
    fn options_stand_below_what_they_belong_to() {
        assert_eq!(found("connection b\naddress a:1\ntopic # both\n"), 0);
        assert_eq!(
            found("topic # both\nconnection b\naddress a\ntopic # in\n"),
            1
        );
        assert_eq!(
            found("connection b\nconnection c\naddress a\ntopic # in\n"),
            1
        );
        assert_eq!(found("connection b\naddress a\n"), 1);
        assert_eq!(found("plugin /p.so\nplugin_opt_x y\n"), 0);
        assert_eq!(found("plugin_opt_x y\nplugin /p.so\n"), 1);
        assert_eq!(
            found("per_listener_settings true\nallow_anonymous true\n"),
            0
        );
        assert_eq!(
            found("allow_anonymous true\nper_listener_settings true\n"),
            1
        );
        assert_eq!(
            found("allow_anonymous true\nper_listener_settings false\n"),
            0
        );
    }
}
