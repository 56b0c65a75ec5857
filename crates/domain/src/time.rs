//! Points in time as 64-bit Unix milliseconds of our own clock.
//!
//! Time is always a parameter: nothing in this crate reads a clock. JSON shows whole seconds.

use serde::{Deserialize, Serialize, Serializer};

pub const SECOND_MS: i64 = 1_000;
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// The last moment of the year 9999: what is later is a number of some other unit.
const SINCE_MAX: Timestamp = Timestamp(253_402_300_799_999);

/// A point in time, in Unix milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds.saturating_mul(SECOND_MS))
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND_MS)
    }

    pub fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    pub fn ms_until(self, later: Timestamp) -> i64 {
        later.0.saturating_sub(self.0)
    }

    /// RFC 3339 in UTC, to the second.
    pub fn rfc3339(self) -> String {
        let (days, second) = (self.seconds().div_euclid(86_400), self.seconds().rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Epoch seconds (up to 11 digits), epoch milliseconds, or RFC 3339.
    pub fn parse(text: &str) -> Option<Timestamp> {
        if let Ok(number) = text.parse::<i64>() {
            let is_ms = number.unsigned_abs() >= 100_000_000_000;
            return Some(if is_ms { Timestamp(number) } else { Timestamp::from_seconds(number) });
        }
        parse_rfc3339(text)
    }

    /// A moment from which on events are asked for: neither before 1970 nor after 9999.
    pub fn parse_since(text: &str) -> Option<Timestamp> {
        Timestamp::parse(text).filter(|time| (Timestamp(0)..=SINCE_MAX).contains(time))
    }

    /// Whether events may be asked for from here on: clocks differ, but not by more than a day.
    pub fn is_near_or_past(self, now: Timestamp) -> bool {
        self <= now.plus_ms(DAY_MS)
    }
}

/// Serializes as whole epoch seconds, the form every public object uses.
pub fn as_seconds<S: Serializer>(at: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_i64(at.seconds())
}

fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !text.is_ascii() {
        return None;
    }
    let shape = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if shape.iter().any(|&(at, mark)| bytes[at] != mark) || !b"Tt ".contains(&bytes[10]) {
        return None;
    }
    let year = digits(&text[0..4])?;
    let month = digits(&text[5..7])?;
    let day = digits(&text[8..10])?;
    let (hour, minute) = (digits(&text[11..13])?, digits(&text[14..16])?);
    let second = digits(&text[17..19])?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, zone) = fraction(&text[19..])?;
    let offset_minutes = zone_minutes(zone)?;
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset_minutes * 60;
    Some(Timestamp(seconds * SECOND_MS + millis))
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let end = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
    let millis: String = rest[..end].chars().chain("000".chars()).take(3).collect();
    Some((if end == 0 { return None } else { digits(&millis)? }, &rest[end..]))
}

fn zone_minutes(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone.as_bytes()[3] != b':' {
        return None;
    }
    let (hours, minutes) = (digits(&zone[1..3])?, digits(&zone[4..6])?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of `days_from_civil`.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: Option<i64>) {
        assert_eq!(Timestamp::parse(text).map(Timestamp::seconds), seconds, "{text}");
    }

    #[test]
    fn reads_seconds_milliseconds_and_rfc3339() {
        check("1766320496", Some(1_766_320_496));
        check("1766320496000", Some(1_766_320_496));
        check("2025-12-21T12:34:56.000Z", Some(1_766_320_496));
        check("2025-12-21T13:34:56+01:00", Some(1_766_320_496));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800));
        check("1970-01-01T00:00:00Z", Some(0));
    }

    #[test]
    fn writes_what_it_reads() {
        let texts = ["2025-12-21T12:34:56Z", "2024-02-29T00:00:00Z", "1970-01-01T00:00:00Z"];
        for text in texts.into_iter().chain(["2000-03-01T23:59:59Z", "1999-12-31T23:59:59Z"]) {
            assert_eq!(Timestamp::parse(text).map(Timestamp::rfc3339).as_deref(), Some(text));
        }
    }

    #[test]
    fn history_begins_in_1970_and_ends_in_9999() {
        for text in ["0", "99999999999", "253402300799999", "9999-12-31T23:59:59.999Z"] {
            assert!(Timestamp::parse_since(text).is_some(), "{text}");
        }
        for text in ["-1", "1969-12-31T23:59:59Z", "253402300800000", "1766320496123456"] {
            assert!(Timestamp::parse_since(text).is_none(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "yesterday", "2025-02-30T00:00:00Z", "2025-12-21", "2025-12-21T12:34:56"] {
            check(text, None);
        }
    }
}
