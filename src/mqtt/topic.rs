//! Topic names and filters (MQTT 3.1.1 section 4.7).

/// Whether `topic` may stand in a PUBLISH.
#[must_use]
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= 65_535 && !topic.contains(['+', '#', '\0'])
}

/// Whether `filter` may stand in a SUBSCRIBE.
#[must_use]
pub fn is_filter(filter: &str) -> bool {
    if filter.is_empty() || filter.len() > 65_535 || filter.contains('\0') {
        return false;
    }
    let last = filter.split('/').count() - 1;
    filter
        .split('/')
        .enumerate()
        .all(|(index, level)| match level {
            "+" => true,
            "#" => index == last,
            _ => !level.contains(['+', '#']),
        })
}

/// Whether messages on `topic` go to subscribers of `filter`; both are taken to be valid.
///
/// Topics that begin with `$` match no filter that begins with a wildcard.
#[must_use]
pub fn matches(topic: &str, filter: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut topics = topic.split('/');
    for level in filter.split('/') {
        match (level, topics.next()) {
            ("#", _) => return true,
            (_, None) => return false,
            ("+", Some(_)) => {}
            (level, Some(name)) if level == name => {}
            _ => return false,
        }
    }
    topics.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_standard_says() {
        // The examples of MQTT 3.1.1 sections 4.7.1.2 and 4.7.1.3.
        let player = "sport/tennis/player1";
        for (topic, filter, expected) in [
            (player, "sport/tennis/player1/#", true),
            (
                "sport/tennis/player1/ranking",
                "sport/tennis/player1/#",
                true,
            ),
            ("sport", "sport/#", true),
            (player, "sport/tennis/+", true),
            ("sport/tennis/player1/ranking", "sport/tennis/+", false),
            ("sport", "sport/+", false),
            ("sport/", "sport/+", true),
            ("/finance", "+/+", true),
            ("/finance", "/+", true),
            ("/finance", "+", false),
            ("$SYS/uptime", "#", false),
            ("$SYS/uptime", "+/uptime", false),
            ("$SYS/uptime", "$SYS/#", true),
            ("ü", "+", true),
        ] {
            assert_eq!(matches(topic, filter), expected, "{topic} {filter}");
        }
    }

    #[test]
    fn wildcards_stand_for_whole_levels() {
        for good in ["#", "+", "sport/+/player1", "+/tennis/#", "/", "a//b"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in [
            "",
            "sport/tennis#",
            "sport/tennis/#/ranking",
            "sport+",
            "a\0",
        ] {
            assert!(!is_filter(bad), "{bad}");
        }
        assert!(is_topic("a/b") && !is_topic("a/+") && !is_topic(""));
    }
}
