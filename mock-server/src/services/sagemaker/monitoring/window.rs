//! The stretch of time whose data a monitoring job looks at.

use super::super::error::SageMakerError;
use super::error::MonitoringError;
use crate::kernel::SimTime;
use serde_json::Value;
use std::time::Duration;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// From one moment to another, for a job that is scheduled for a third.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Window {
    pub scheduled: SimTime,
    pub start: SimTime,
    pub end: SimTime,
}

/// What a schedule and an input say of it, as offsets from the scheduled time in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Offsets {
    start: Option<i64>,
    end: Option<i64>,
}

impl Offsets {
    /// Of a schedule, or else of an input. Source: API reference, ScheduleConfig and EndpointInput.
    ///
    /// # Errors
    /// What is no duration, or a window that is none.
    pub fn read(config: &Value, input: &Value, once: bool) -> Result<Self, SageMakerError> {
        let given = |value: &Value| value.as_str().map(str::to_owned);
        let (start, end) = (given(&config["DataAnalysisStartTime"]), given(&config["DataAnalysisEndTime"]));
        if once && (start.is_none() || end.is_none()) {
            return Err(MonitoringError::WindowMissing.into());
        }
        let start = start.or_else(|| given(&input["StartTimeOffset"]));
        let end = end.or_else(|| given(&input["EndTimeOffset"]));
        let wrong = || MonitoringError::Window {
            start: start.clone().unwrap_or_default(),
            end: end.clone().unwrap_or_default(),
        };
        let read = |text: &Option<String>| text.as_deref().map(|text| duration(text).ok_or_else(wrong));
        let offsets = Self { start: read(&start).transpose()?, end: read(&end).transpose()? };
        if let (Some(from), Some(to)) = (offsets.start, offsets.end)
            && !to.checked_sub(from).is_some_and(|span| (1..=DAY_MS).contains(&span))
        {
            return Err(wrong().into());
        }
        Ok(offsets)
    }

    /// The window of a job that is scheduled for a time: up to then, since the job before. Assumed: a job looks at the
    /// whole hours.
    pub fn around(&self, scheduled: SimTime, period: Duration) -> Window {
        let at = scheduled.millis();
        let period = i64::try_from(period.as_millis()).map_or(DAY_MS, |period| period.min(DAY_MS));
        let end = at.saturating_add(self.end.unwrap_or(0));
        let start = self.start.map_or(end.saturating_sub(period), |offset| at.saturating_add(offset));
        Window { scheduled, start: SimTime::from_millis(start), end: SimTime::from_millis(end.max(start)) }
    }
}

impl Window {
    /// The folder of an hour. Source: developer guide, "Capture data from real-time endpoint".
    pub fn folder(&self, at: SimTime) -> String {
        let stamp = stamp(at);
        format!("{}/{}/{}/{}", &stamp[..4], &stamp[4..6], &stamp[6..8], &stamp[8..10])
    }

    /// What the keys of all hours begin with that lie in the window: the folder of an hour, of a day, or what several
    /// have in common.
    pub fn prefix(&self) -> String {
        let last = SimTime::from_millis(self.end.millis().saturating_sub(1).max(self.start.millis()));
        let (first, last) = (self.folder(self.start), self.folder(last));
        let common = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
        first[..common].to_owned()
    }

    /// As the container is told.
    pub fn text(&self, at: SimTime) -> String {
        let stamp = stamp(at);
        let part = |range: std::ops::Range<usize>| &stamp[range];
        format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(0..4),
            part(4..6),
            part(6..8),
            part(8..10),
            part(10..12),
            part(12..14)
        )
    }
}

/// A moment as 14 digits, year to second, in UTC.
pub fn stamp(at: SimTime) -> String {
    /// Later years have more than four digits.
    const LAST: i64 = 253_402_300_799_000;
    let since = Duration::from_millis(at.millis().clamp(0, LAST).unsigned_abs());
    // Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    let text = httpdate::fmt_http_date(std::time::UNIX_EPOCH + since);
    const MONTHS: &[&str] =
        &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|name| *name == &text[8..11]).unwrap_or_default() + 1;
    format!("{}{month:02}{}{}{}{}", &text[12..16], &text[5..7], &text[17..19], &text[20..22], &text[23..25])
}

/// Reads a duration of ISO 8601 with an optional sign, as milliseconds. Years and months are none, for nobody could say
/// how long they are.
fn duration(text: &str) -> Option<i64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').map_or((rest, None), |(days, times)| (days, Some(times)));
    if times == Some("") || rest.is_empty() {
        return None;
    }
    let hour = HOUR_MS;
    let days = parts(days, &[('W', 7 * 24 * hour), ('D', 24 * hour)])?;
    let times = parts(times.unwrap_or_default(), &[('H', hour), ('M', hour / 60), ('S', 1000)])?;
    Some(sign * days.checked_add(times)?)
}

/// Numbers with units, each at most once and in order.
fn parts(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut total) = (text, 0_i64);
    for (unit, millis) in units {
        if let Some((number, behind)) = rest.split_once(*unit) {
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: i64 = number.parse().ok().filter(|_| digits)?;
            total = total.checked_add(number.checked_mul(*millis)?)?;
            rest = behind;
        }
    }
    rest.is_empty().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_are_read() {
        let hour = HOUR_MS;
        for (text, expected) in [
            ("-PT1H", Some(-hour)),
            ("PT0H", Some(0)),
            ("-P1D", Some(-24 * hour)),
            ("P1DT2H30M", Some(26 * hour + hour / 2)),
            ("+PT15S", Some(15_000)),
            ("-P1W", Some(-7 * 24 * hour)),
            ("P", None),
            ("PT", None),
            ("P1H", None),
            ("PTH", None),
            ("P1Y", None),
            ("1H", None),
            ("PT1M1H", None),
            ("PT-1H", None),
            ("-PT99999999999999999999H", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn a_window_is_folders_of_hours() {
        // 2020-10-22T09:00:00Z.
        let at = SimTime::from_millis(1_603_357_200_000);
        let offsets = |config: Value| Offsets::read(&config, &json!({}), false).unwrap();
        let hour = Duration::from_secs(3600);
        let window = offsets(json!({})).around(at, hour);
        assert_eq!((window.folder(at), window.prefix()), ("2020/10/22/09".into(), "2020/10/22/08".into()));
        assert_eq!(window.text(window.start), "2020-10-22T08:00:00Z");
        let day = offsets(json!({})).around(at, 24 * hour);
        assert_eq!(day.prefix(), "2020/10/2");
        let given = json!({ "DataAnalysisStartTime": "-PT3H", "DataAnalysisEndTime": "-PT2H" });
        assert_eq!(offsets(given).around(at, hour).prefix(), "2020/10/22/06");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        let read = |start: &str, end: &str| {
            let config = json!({ "DataAnalysisStartTime": start, "DataAnalysisEndTime": end });
            Offsets::read(&config, &json!({}), true).map(drop)
        };
        assert!(read("-PT24H", "PT0H").is_ok());
        for (start, end) in [("-PT25H", "PT0H"), ("-PT1H", "-PT1H"), ("-PT1H", "-PT2H"), ("x", "PT0H")] {
            assert!(read(start, end).unwrap_err().to_string().starts_with("Invalid analysis window"));
        }
        let missing = Offsets::read(&json!({}), &json!({}), true).unwrap_err();
        assert!(missing.to_string().contains("are required"));
    }
}
