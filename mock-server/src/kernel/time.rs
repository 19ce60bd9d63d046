//! Virtual time: what an account believes the time to be, as a pure function of the real time.

use std::fmt;
use std::time::Duration;

/// A moment of virtual time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(i64);

impl SimTime {
    /// Later than anything that happens.
    pub const NEVER: SimTime = SimTime(i64::MAX);

    /// 9999-12-31T23:59:59.999Z, where clocks stop: later years have five digits, which dates of headers and answers
    /// have no room for.
    pub const LAST: SimTime = SimTime(253_402_300_799_999);

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Time that passed since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: SimTime) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for SimTime {
    type Output = SimTime;
    fn add(self, span: Duration) -> SimTime {
        SimTime(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Debug for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// How an account's time moves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ClockMode {
    /// It follows the wall clock.
    Real,
    /// It stands still until it is advanced.
    Manual,
    /// It stands still; each poll of an unfinished resource takes it to that resource's next event.
    Poll,
    /// It follows the wall clock this many times as fast.
    Scaled(f64),
}

/// One account's clock. Pure: the wall time is always an argument.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Clock {
    mode: ClockMode,
    /// The two moments, wall and virtual, that belong together.
    wall: SimTime,
    anchor: SimTime,
}

impl Clock {
    /// A clock that starts at `start`, or at the wall time.
    pub fn new(mode: ClockMode, start: Option<SimTime>, wall: SimTime) -> Self {
        Self { mode, wall, anchor: start.unwrap_or(wall) }
    }

    pub fn mode(&self) -> ClockMode {
        self.mode
    }

    /// The virtual time when the wall clock shows `wall`. It never runs backwards past its anchor,
    /// nor on past the end of time.
    pub fn now(&self, wall: SimTime) -> SimTime {
        let passed = wall.since(self.wall);
        let now = match self.mode {
            ClockMode::Real => self.anchor + passed,
            ClockMode::Manual | ClockMode::Poll => self.anchor,
            ClockMode::Scaled(factor) => self.anchor + Duration::from_secs_f64(passed.as_secs_f64() * factor),
        };
        now.min(SimTime::LAST)
    }

    /// The wall time at which the virtual time will be `at`; `None` if it gets there only by being moved.
    pub fn wall_at(&self, at: SimTime) -> Option<SimTime> {
        let ahead = at.since(self.anchor);
        match self.mode {
            ClockMode::Real => Some(self.wall + ahead),
            ClockMode::Manual | ClockMode::Poll => None,
            ClockMode::Scaled(factor) => {
                Some(self.wall + Duration::from_secs_f64(ahead.as_secs_f64() / factor))
            }
        }
    }

    /// Moves the virtual time to `to`, if that lies ahead.
    pub fn jump(&mut self, wall: SimTime, to: SimTime) {
        self.anchor = self.now(wall).max(to);
        self.wall = wall;
    }

    /// Changes how time moves from here on.
    pub fn set_mode(&mut self, wall: SimTime, mode: ClockMode) {
        self.anchor = self.now(wall);
        self.wall = wall;
        self.mode = mode;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: i64) -> SimTime {
        SimTime::from_millis(n)
    }

    #[test]
    fn each_mode_moves_as_it_says() {
        let start = Some(ms(1_000_000));
        for (mode, after_ten_seconds) in [
            (ClockMode::Real, 1_010_000),
            (ClockMode::Manual, 1_000_000),
            (ClockMode::Poll, 1_000_000),
            (ClockMode::Scaled(60.0), 1_600_000),
        ] {
            let mut clock = Clock::new(mode, start, ms(0));
            assert_eq!(clock.now(ms(10_000)), ms(after_ten_seconds), "{mode:?}");
            clock.jump(ms(10_000), ms(2_000_000));
            assert_eq!(clock.now(ms(10_000)), ms(2_000_000));
            clock.jump(ms(10_000), ms(5));
            assert_eq!(clock.now(ms(10_000)), ms(2_000_000), "time never runs backwards");
        }
    }

    #[test]
    fn the_wall_time_of_an_event_is_where_the_clock_reaches_it() {
        let clock = Clock::new(ClockMode::Scaled(60.0), Some(ms(0)), ms(500));
        assert_eq!(clock.wall_at(ms(60_000)), Some(ms(1_500)));
        assert_eq!(Clock::new(ClockMode::Manual, None, ms(0)).wall_at(ms(1)), None);
    }
}
