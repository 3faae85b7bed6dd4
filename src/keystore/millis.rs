//! Java's dates: milliseconds since 1970, possibly before it.

use time::Duration;

use crate::time::Timestamp;

/// The point in time; `None` outside the years that can be held.
pub(super) fn to_time(millis: i64) -> Option<Timestamp> {
    Timestamp::UNIX_EPOCH.checked_add(Duration::milliseconds(millis))
}

/// The milliseconds; 0 where there is no date.
pub(super) fn from_time(time: Option<Timestamp>) -> i64 {
    let since = time.map_or(Duration::ZERO, |time| time - Timestamp::UNIX_EPOCH);
    i64::try_from(since.whole_milliseconds()).unwrap_or_default()
}
