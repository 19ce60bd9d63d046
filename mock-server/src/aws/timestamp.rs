//! Times on the wire: milliseconds since 1970 to and from text, by arithmetic alone.
//!
//! The calendar conversion is the well-known one over eras of 400 years (days counted from 1 March).

const DAY_MS: i64 = 86_400_000;

/// A point in time as calendar fields, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    milli: u32,
}

/// Appends `2026-01-05T09:00:00.000Z`.
///
/// Years outside 0..=9999 do not fit the form; they are written as 0000 or 9999.
pub fn write_iso8601(out: &mut Vec<u8>, ms: i64) {
    let fields = fields(ms);
    let year = u32::try_from(fields.year.clamp(0, 9999)).unwrap_or(0);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    digits(&mut text[0..4], year);
    digits(&mut text[5..7], fields.month);
    digits(&mut text[8..10], fields.day);
    digits(&mut text[11..13], fields.hour);
    digits(&mut text[14..16], fields.minute);
    digits(&mut text[17..19], fields.second);
    digits(&mut text[20..23], fields.milli);
    out.extend_from_slice(&text);
}

/// `2026-01-05T09:00:00.000Z`.
pub fn iso8601(ms: i64) -> String {
    let mut out = Vec::with_capacity(24);
    write_iso8601(&mut out, ms);
    out.into_iter().map(char::from).collect()
}

/// Appends seconds since 1970, with three decimals where there are milliseconds.
pub fn write_epoch(out: &mut Vec<u8>, ms: i64) {
    if ms < 0 {
        out.push(b'-');
    }
    let ms = ms.unsigned_abs();
    super::text::write_u64(out, ms / 1000);
    if !ms.is_multiple_of(1000) {
        let mut text = *b".000";
        digits(&mut text[1..], u32::try_from(ms % 1000).unwrap_or(0));
        out.extend_from_slice(&text);
    }
}

/// 9999-12-31T23:59:59.999Z: later years have five digits.
pub const LAST: i64 = 253_402_300_799_999;

/// Reads a time as clients send it: ISO 8601 (date alone, seconds with or without a fraction, `Z` or
/// an offset) or seconds since 1970.
///
/// `None` if the text is neither.
pub fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let iso8601 = parse_iso8601(text).filter(|ms| *ms <= LAST);
    iso8601.or_else(|| from_seconds(text.parse().ok()?))
}

/// Seconds since 1970 as milliseconds; `None` for what is not a time (infinite, or past any calendar).
pub fn from_seconds(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).round();
    // Beyond the last of times the number was not meant as seconds.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    (ms.abs() <= LAST as f64).then_some(ms as i64)
}

fn parse_iso8601(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = bytes.get(range)?;
        part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    };
    let is = |at: usize, byte: u8| bytes.get(at) == Some(&byte);
    if !(is(4, b'-') && is(7, b'-')) {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let date = days_from_civil(year, month, day) * DAY_MS;
    if bytes.len() == 10 {
        return Some(date);
    }
    if !(is(10, b'T') || is(10, b't') || is(10, b' ')) {
        return None;
    }
    let (hour, minute) = (number(11..13)?, number(14..16)?);
    let mut at = 16;
    let mut second = 0;
    let mut milli = 0;
    if is(at, b':') {
        second = number(17..19)?;
        at = 19;
        if is(at, b'.') {
            let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            let mut scale = 100;
            for digit in &bytes[at + 1..at + 1 + digits.min(3)] {
                milli += i64::from(digit - b'0') * scale;
                scale /= 10;
            }
            at += 1 + digits;
        }
    }
    if !is(13, b':') || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = match bytes.get(at) {
        None => 0,
        Some(b'Z' | b'z') if bytes.len() == at + 1 => 0,
        Some(sign @ (b'+' | b'-')) => {
            let (hours, minutes) = match bytes.len() - at {
                6 if is(at + 3, b':') => (number(at + 1..at + 3)?, number(at + 4..at + 6)?),
                5 => (number(at + 1..at + 3)?, number(at + 3..at + 5)?),
                3 => (number(at + 1..at + 3)?, 0),
                _ => return None,
            };
            (hours * 60 + minutes) * if *sign == b'+' { 1 } else { -1 }
        }
        Some(_) => return None,
    };
    Some(date + ((hour * 60 + minute - offset) * 60 + second) * 1000 + milli)
}

fn fields(ms: i64) -> Fields {
    let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let small = |n: i64| u32::try_from(n).unwrap_or(0);
    Fields {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month: small(month),
        day: small(day_of_year - (153 * month_from_march + 2) / 5 + 1),
        hour: small(rest / 3_600_000),
        minute: small(rest / 60_000 % 60),
        second: small(rest / 1000 % 60),
        milli: small(rest % 1000),
    }
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Fills `out` with the last digits of `n`.
fn digits(out: &mut [u8], mut n: u32) {
    for place in out.iter_mut().rev() {
        *place = b'0' + (n % 10) as u8;
        n /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    #[test]
    fn the_forms_that_clients_send() {
        for (text, ms) in [
            ("2026-01-05T09:00:00Z", 1_767_603_600_000),
            ("2026-01-05T09:00:00.5Z", 1_767_603_600_500),
            ("2026-01-05T09:00:00.123456789Z", 1_767_603_600_123),
            ("2026-01-05T10:00:00+01:00", 1_767_603_600_000),
            ("2026-01-05T10:00:00+0100", 1_767_603_600_000),
            ("2026-01-05T04:00:00-05:00", 1_767_603_600_000),
            ("2026-01-05", 1_767_571_200_000),
            ("1767603600", 1_767_603_600_000),
            ("1767603600.25", 1_767_603_600_250),
            ("-1", -1000),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
        for text in
            ["", "x", "2026-13-01", "2026-02-30", "2026-01-05T25:00:00Z", "2026-01-05T09", "NaN", "1e99"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn epoch_has_decimals_only_where_needed() {
        let write = |ms| {
            let mut out = Vec::new();
            write_epoch(&mut out, ms);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(write(1_767_603_600_000), "1767603600");
        assert_eq!(write(1_767_603_600_007), "1767603600.007");
        assert_eq!(write(-1), "-0.001");
    }

    proptest! {
        #[test]
        fn agrees_with_the_time_crate(ms in -62_135_596_800_000i64..253_402_300_799_999) {
            let text = iso8601(ms);
            let theirs = time::OffsetDateTime::parse(&text, &Rfc3339).unwrap();
            prop_assert_eq!(theirs.unix_timestamp_nanos() / 1_000_000, i128::from(ms));
            prop_assert_eq!(parse(&text), Some(ms));
        }

        #[test]
        fn any_text_is_survived(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
