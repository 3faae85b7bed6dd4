//! Points in time and spans as users write them, and as reports show them.
//!
//! Nothing here reads the clock: the time is an argument everywhere below the command line.

use ::time::format_description::well_known::Rfc3339;
use ::time::macros::format_description;
use ::time::{Date, Duration, Month, OffsetDateTime, Time};

/// A point in time (UTC).
pub type Timestamp = OffsetDateTime;

/// A text that is no time or no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a date or an RFC 3339 time.
    #[error(
        "`{0}` is no time: write a date such as 2027-01-31, or RFC 3339 such as 2027-01-31T12:00:00Z"
    )]
    NotATime(String),
    /// Not a number with a unit.
    #[error("`{0}` is no span of time: write for instance 90s, 30d, 18 months or 2y")]
    NotASpan(String),
}

/// A span of time as written by a user: seconds, or calendar months.
///
/// Months and years are kept apart from seconds, since their length depends on where they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    months: u32,
    seconds: u64,
}

impl Span {
    /// A span of `days` times 86,400 seconds.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        // A `From` call is not possible in a const function.
        #[expect(clippy::as_conversions, reason = "u32 to u64 is lossless")]
        Self {
            months: 0,
            seconds: days as u64 * 86_400,
        }
    }

    /// A span of `seconds`.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self { months: 0, seconds }
    }

    /// Reads `90s`, `5m`, `12h`, `30d`, `2w`, `18 months`, `2y` and their long names.
    ///
    /// # Errors
    ///
    /// [`Error::NotASpan`] for anything else, and for spans over 10,000 years.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let error = || Error::NotASpan(text.to_owned());
        let trimmed = text.trim();
        let split = trimmed
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(error)?;
        let (digits, unit) = trimmed.split_at(split);
        let number: u64 = digits.parse().map_err(|_| error())?;
        let (months, seconds) = match unit.trim().to_ascii_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => (0, 1),
            "m" | "min" | "mins" | "minute" | "minutes" => (0, 60),
            "h" | "hour" | "hours" => (0, 3_600),
            "d" | "day" | "days" => (0, 86_400),
            "w" | "week" | "weeks" => (0, 604_800),
            "mo" | "month" | "months" => (1, 0),
            "y" | "year" | "years" => (12, 0),
            _ => return Err(error()),
        };
        let months = number
            .checked_mul(months)
            .filter(|m| *m <= 120_000)
            .ok_or_else(error)?;
        let seconds = number
            .checked_mul(seconds)
            .filter(|s| *s <= 315_576_000_000)
            .ok_or_else(error)?;
        Ok(Self {
            months: u32::try_from(months).map_err(|_| error())?,
            seconds,
        })
    }

    /// The span as a duration, where it has no calendar unit; months count 30 days otherwise.
    #[must_use]
    pub fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_secs(
            self.seconds
                .saturating_add(u64::from(self.months).saturating_mul(30 * 86_400)),
        )
    }

    /// The point in time that lies this span after `start`; none beyond the year 9999.
    #[must_use]
    pub fn after(self, start: Timestamp) -> Option<Timestamp> {
        let moved = add_months(start, self.months)?;
        moved.checked_add(Duration::seconds(i64::try_from(self.seconds).ok()?))
    }
}

fn add_months(start: Timestamp, months: u32) -> Option<Timestamp> {
    let index = start
        .year()
        .checked_mul(12)?
        .checked_add(i32::from(u8::from(start.month())) - 1)?;
    let index = index.checked_add(i32::try_from(months).ok()?)?;
    let year = index.div_euclid(12);
    let month = Month::try_from(u8::try_from(index.rem_euclid(12) + 1).ok()?).ok()?;
    let day = start.day().min(month.length(year));
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(start.replace_date(date))
}

/// Reads RFC 3339, or a date alone (midnight UTC).
///
/// # Errors
///
/// [`Error::NotATime`] for anything else.
pub fn parse_time(text: &str) -> Result<Timestamp, Error> {
    let error = || Error::NotATime(text.to_owned());
    let trimmed = text.trim();
    if let Ok(date) = Date::parse(trimmed, format_description!("[year]-[month]-[day]")) {
        return Ok(date.with_time(Time::MIDNIGHT).assume_utc());
    }
    let parsed = OffsetDateTime::parse(trimmed, &Rfc3339).map_err(|_| error())?;
    parsed
        .checked_to_offset(::time::UtcOffset::UTC)
        .ok_or_else(error)
}

/// The date alone: `2027-01-31`.
#[must_use]
pub fn date(time: Timestamp) -> String {
    let (year, month, day) = time.to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// RFC 3339 in UTC, whole seconds: `2027-01-31T12:00:00Z`.
#[must_use]
pub fn rfc3339(time: Timestamp) -> String {
    let (hour, minute, second) = time.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(time))
}

/// Whole days from `now` to `end`, rounded towards the past; negative once `end` has passed.
#[must_use]
pub fn days_left(now: Timestamp, end: Timestamp) -> i64 {
    (end - now).whole_seconds().div_euclid(86_400)
}

/// An end of validity as people read it: `2027-01-31 (70 days left)`, `… (ended 3 days ago)`.
#[must_use]
pub fn end_for_people(now: Timestamp, end: Timestamp) -> String {
    let date = date(end);
    let seconds = (end - now).whole_seconds();
    match days_left(now, end) {
        0 => format!("{date} (ends within a day)"),
        1 => format!("{date} (1 day left)"),
        days if days > 1 => format!("{date} ({days} days left)"),
        _ if seconds > -86_400 => format!("{date} (ended {} ago)", part_of_a_day(-seconds)),
        days => match -days - i64::from(seconds.rem_euclid(86_400) != 0) {
            1 => format!("{date} (ended 1 day ago)"),
            days => format!("{date} (ended {days} days ago)"),
        },
    }
}

/// A start of validity in the future: `2027-01-31 (in 30 days)`, with the time of day where it
/// is near.
#[must_use]
pub fn start_for_people(now: Timestamp, start: Timestamp) -> String {
    let seconds = (start - now).whole_seconds();
    match seconds.div_euclid(86_400) {
        ..=0 => format!("{} (in {})", rfc3339(start), part_of_a_day(seconds)),
        1 => format!("{} (in 1 day)", date(start)),
        days => format!("{} (in {days} days)", date(start)),
    }
}

/// `3 hours`, `1 minute`: a span of less than a day.
fn part_of_a_day(seconds: i64) -> String {
    let (number, unit) = match seconds {
        3_600.. => (seconds / 3_600, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds.max(0), "second"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::*;

    #[test]
    fn spans_as_users_write_them() {
        assert_eq!(Span::parse("90s").unwrap(), Span::seconds(90));
        assert_eq!(Span::parse(" 30d ").unwrap(), Span::days(30));
        assert_eq!(
            Span::parse("18 months").unwrap(),
            Span {
                months: 18,
                seconds: 0
            }
        );
        assert_eq!(
            Span::parse("2y").unwrap(),
            Span {
                months: 24,
                seconds: 0
            }
        );
        for bad in [
            "",
            "d",
            "5",
            "-3d",
            "3 fortnights",
            "99999999999999999999d",
            "200000y",
        ] {
            assert_eq!(
                Span::parse(bad),
                Err(Error::NotASpan(bad.to_owned())),
                "{bad}"
            );
        }
    }

    #[test]
    fn months_end_on_the_last_day() {
        let start = datetime!(2027-01-31 10:00 UTC);
        let month = Span::parse("1 month").unwrap();
        assert_eq!(month.after(start), Some(datetime!(2027-02-28 10:00 UTC)));
        assert_eq!(Span::parse("9000y").unwrap().after(start), None);
    }

    #[test]
    fn times_are_dates_or_rfc3339() {
        assert_eq!(
            parse_time("2027-01-31").unwrap(),
            datetime!(2027-01-31 0:00 UTC)
        );
        assert_eq!(
            parse_time("2027-01-31T02:00:00+02:00").unwrap(),
            datetime!(2027-01-31 0:00 UTC)
        );
        assert!(parse_time("31.1.2027").is_err());
        assert_eq!(
            rfc3339(datetime!(2027-01-31 1:02:03 UTC)),
            "2027-01-31T01:02:03Z"
        );
    }

    #[test]
    fn ends_for_people() {
        let now = datetime!(2027-01-01 12:00 UTC);
        assert_eq!(
            end_for_people(now, datetime!(2027-01-31 12:00 UTC)),
            "2027-01-31 (30 days left)"
        );
        assert_eq!(
            end_for_people(now, datetime!(2027-01-01 13:00 UTC)),
            "2027-01-01 (ends within a day)"
        );
        assert_eq!(
            end_for_people(now, datetime!(2027-01-01 11:00 UTC)),
            "2027-01-01 (ended 1 hour ago)"
        );
        assert_eq!(
            end_for_people(now, datetime!(2026-12-31 14:00 UTC)),
            "2026-12-31 (ended 22 hours ago)"
        );
        assert_eq!(
            end_for_people(now, datetime!(2026-12-31 11:00 UTC)),
            "2026-12-31 (ended 1 day ago)"
        );
        assert_eq!(
            end_for_people(now, datetime!(2026-12-22 12:00 UTC)),
            "2026-12-22 (ended 10 days ago)"
        );
    }

    #[test]
    fn starts_for_people() {
        let now = datetime!(2027-01-01 12:00 UTC);
        for (start, text) in [
            (datetime!(2027-01-31 12:00 UTC), "2027-01-31 (in 30 days)"),
            (datetime!(2027-01-02 13:00 UTC), "2027-01-02 (in 1 day)"),
            (
                datetime!(2027-01-01 12:02:30 UTC),
                "2027-01-01T12:02:30Z (in 2 minutes)",
            ),
            (
                datetime!(2027-01-01 12:00:01 UTC),
                "2027-01-01T12:00:01Z (in 1 second)",
            ),
        ] {
            assert_eq!(start_for_people(now, start), text);
        }
    }
}
