//! The only reader of real time, and the one task that runs timers when they are due.

use crate::kernel::{ClockMode, SimTime};
use crate::model::World;
use crate::services;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall time.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub fn wall() -> SimTime {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SimTime::from_millis(i64::try_from(passed.as_millis()).unwrap_or(i64::MAX))
}

/// Measures how long something takes in real time, for the log.
#[derive(Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "the one place that waits in real time")]
pub async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Runs timers when they are due, for ever.
///
/// Requests run what is due in their account before they are served, so nobody ever sees a late timer; this task
/// is there for those who watch events without asking for anything else.
pub async fn drive(world: Arc<World>) {
    const TICK: Duration = Duration::from_millis(100);
    loop {
        pause(TICK).await;
        let wall = wall();
        for account in world.accounts() {
            account.settle(account.now(wall), services::step);
        }
    }
}

/// Reads a span such as `3m`, `1h30m`, `150ms` or `2d`.
pub fn parse_span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let millis = match &rest[..unit_end] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
        rest = &rest[unit_end..];
    }
    Some(total)
}

/// Reads a span that may be a plain `0`.
pub fn parse_lag(text: &str) -> Option<Duration> {
    if text.trim() == "0" { Some(Duration::ZERO) } else { parse_span(text) }
}

/// Reads a time such as `2026-01-05T09:00:00Z`.
impl FromStr for SimTime {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        crate::aws::timestamp::parse(text).map(SimTime::from_millis).ok_or_else(|| NoTime(text.to_owned()))
    }
}

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time such as 2026-01-05T09:00:00Z")]
pub struct NoTime(String);

/// Reads `real`, `manual[:TIME]`, `poll[:TIME]` or `scaled:FACTOR`.
///
/// # Errors
/// A text for people.
pub fn parse_mode(text: &str) -> Result<(ClockMode, Option<SimTime>), String> {
    let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let start = || -> Result<Option<SimTime>, String> {
        rest.map(str::parse).transpose().map_err(|error: NoTime| error.to_string())
    };
    match name {
        "real" if rest.is_none() => Ok((ClockMode::Real, None)),
        "manual" => Ok((ClockMode::Manual, start()?)),
        "poll" => Ok((ClockMode::Poll, start()?)),
        "scaled" => {
            let factor = rest.and_then(|text| text.parse::<f64>().ok());
            let factor = factor.filter(|factor| factor.is_finite() && *factor > 0.0 && *factor <= 1e6);
            let factor = factor.ok_or("scaled wants a factor, as in scaled:60")?;
            Ok((ClockMode::Scaled(factor), None))
        }
        _ => Err("one of real, manual[:TIME], poll[:TIME], scaled:FACTOR".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_what_clocks_can_show() {
        assert_eq!(crate::aws::timestamp::LAST, SimTime::LAST.millis());
        assert_eq!("9999-12-31T23:59:59.999Z".parse(), Ok(SimTime::LAST));
        for text in ["9999-12-31T23:59:60Z", "9999-12-31T23:59:59-01:00", "253402300800"] {
            assert_eq!(text.parse::<SimTime>(), Err(NoTime(text.into())));
        }
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, millis) in
            [("3m", 180_000), ("1h30m", 5_400_000), ("150ms", 150), ("2d", 172_800_000), ("0s", 0)]
        {
            assert_eq!(parse_span(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "3", "m", "3x", "-3m", "3m5", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }
}
