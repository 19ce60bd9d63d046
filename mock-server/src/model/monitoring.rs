//! Monitoring: definitions of jobs that look at what endpoints answered, schedules that start such jobs, and what became
//! of them.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::sync::Arc;
use std::time::Duration;

/// What a monitoring job looks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum MonitoringType {
    DataQuality,
    ModelQuality,
    ModelBias,
    ModelExplainability,
}

impl MonitoringType {
    pub const ALL: [MonitoringType; 4] = [
        MonitoringType::DataQuality,
        MonitoringType::ModelQuality,
        MonitoringType::ModelBias,
        MonitoringType::ModelExplainability,
    ];

    pub fn word(self) -> &'static str {
        match self {
            MonitoringType::DataQuality => "DataQuality",
            MonitoringType::ModelQuality => "ModelQuality",
            MonitoringType::ModelBias => "ModelBias",
            MonitoringType::ModelExplainability => "ModelExplainability",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What begins the names of its jobs; its definitions are called so in an ARN, with `-job-definition` behind.
    pub fn stem(self) -> &'static str {
        match self {
            MonitoringType::DataQuality => "data-quality",
            MonitoringType::ModelQuality => "model-quality",
            MonitoringType::ModelBias => "model-bias",
            MonitoringType::ModelExplainability => "model-explainability",
        }
    }
}

/// A definition's name is unique among those of its type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct DefinitionKey {
    pub kind: MonitoringType,
    pub name: Arc<str>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct MonitoringDefinition {
    pub key: DefinitionKey,
    pub arn: String,
    /// All that the caller said.
    pub request: Document,
    /// The endpoint that is monitored, if it is no transform job.
    pub endpoint: Option<Arc<str>>,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DefinitionIndex {
    Kind(MonitoringType),
}

impl Row for MonitoringDefinition {
    type Key = DefinitionKey;
    type Index = DefinitionIndex;
    fn key(&self) -> DefinitionKey {
        self.key.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(DefinitionIndex)) {
        emit(DefinitionIndex::Kind(self.key.kind));
    }
}

/// When the jobs of a schedule are started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Recurrence {
    /// Once, when the schedule is.
    Now,
    /// Every so many hours from an hour of the day on, and all over again the next day.
    Hours { first: u32, every: u32 },
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY_HOURS: u32 = 24;

impl Recurrence {
    /// Reads one of the forms that there are; `None`: it is none. Source: API reference, ScheduleConfig.
    pub fn parse(expression: &str) -> Option<Self> {
        if expression == "NOW" {
            return Some(Recurrence::Now);
        }
        let fields = expression.strip_prefix("cron(")?.strip_suffix(')')?;
        let fields: Vec<_> = fields.split_whitespace().collect();
        let [minute, hours, "?", "*", "*", "*"] = fields[..] else { return None };
        let number = |text: &str, range: std::ops::RangeInclusive<u32>| {
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && range.contains(number))
        };
        number(minute, 0..=0)?;
        let (first, every) = match hours.split_once('/') {
            None if hours == "*" => (0, 1),
            None => (number(hours, 0..=DAY_HOURS - 1)?, DAY_HOURS),
            Some((first, every)) => (number(first, 0..=DAY_HOURS - 1)?, number(every, 1..=DAY_HOURS)?),
        };
        Some(Recurrence::Hours { first, every })
    }

    /// How long it is from one job to the next; `None`: there is no next.
    pub fn period(self) -> Option<Duration> {
        match self {
            Recurrence::Now => None,
            Recurrence::Hours { every, .. } => Some(HOUR * every),
        }
    }

    /// The first time after this one. A day does not have to be a multiple of the hours between: the last of a day and
    /// the first of the next may be closer.
    pub fn after(self, now: SimTime) -> Option<SimTime> {
        let Recurrence::Hours { first, every } = self else { return None };
        let hour = i64::try_from(HOUR.as_millis()).ok()?;
        let whole = now.millis().div_euclid(hour);
        let is_one = |n: &i64| {
            let of_day = u32::try_from(n.rem_euclid(i64::from(DAY_HOURS))).unwrap_or_default();
            ((of_day + DAY_HOURS - first) % DAY_HOURS).is_multiple_of(every)
        };
        let next = (whole + 1..=whole + i64::from(DAY_HOURS)).find(is_one)?;
        Some(SimTime::from_millis(next * hour))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum ScheduleStatus {
    Pending,
    Scheduled,
    Failed,
    Stopped,
}

impl ScheduleStatus {
    pub fn word(self) -> &'static str {
        match self {
            ScheduleStatus::Pending => "Pending",
            ScheduleStatus::Scheduled => "Scheduled",
            ScheduleStatus::Failed => "Failed",
            ScheduleStatus::Stopped => "Stopped",
        }
    }
}

/// What raises the alert of a schedule: so many bad executions among the last ones.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct MonitoringAlert {
    pub datapoints: u32,
    pub period: u32,
    /// `None`: it is as it was made.
    pub modified: Option<SimTime>,
}

impl Default for MonitoringAlert {
    fn default() -> Self {
        Self { datapoints: 1, period: 1, modified: None }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct MonitoringSchedule {
    pub name: Arc<str>,
    pub arn: String,
    /// MonitoringScheduleConfig as the caller said it.
    pub config: Document,
    pub kind: MonitoringType,
    /// The definition of its jobs; `None`: it stands in the configuration.
    pub definition: Option<DefinitionKey>,
    /// What is monitored, if it is no transform job.
    pub endpoint: Option<Arc<str>>,
    pub recurrence: Recurrence,
    pub status: ScheduleStatus,
    /// What it is to be when it is no longer pending.
    pub target: ScheduleStatus,
    pub failure: Option<String>,
    /// For when the next job is scheduled, as long as there is to be one.
    pub next: Option<SimTime>,
    pub alert: MonitoringAlert,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ScheduleIndex {
    Endpoint(Arc<str>),
}

impl Row for MonitoringSchedule {
    type Key = Arc<str>;
    type Index = ScheduleIndex;
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(ScheduleIndex)) {
        if let Some(endpoint) = &self.endpoint {
            emit(ScheduleIndex::Endpoint(endpoint.clone()));
        }
    }
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum MonitoringOutcome {
    Completed,
    CompletedWithViolations,
    Failed,
    Stopped,
}

impl MonitoringOutcome {
    pub fn word(self) -> &'static str {
        match self {
            MonitoringOutcome::Completed => "Completed",
            MonitoringOutcome::CompletedWithViolations => "CompletedWithViolations",
            MonitoringOutcome::Failed => "Failed",
            MonitoringOutcome::Stopped => "Stopped",
        }
    }
}

/// Executions have numbers within their schedule, and go on where those of an older schedule of its name ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct MonitoringExecutionKey {
    pub schedule: Arc<str>,
    pub number: u64,
}

/// A job that a schedule started, or did not because there was nothing for it to look at. What became of it is kept
/// here, for jobs can be deleted; and executions outlive their schedule.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct MonitoringExecution {
    pub key: MonitoringExecutionKey,
    pub kind: MonitoringType,
    pub definition: Option<Arc<str>>,
    pub endpoint: Option<Arc<str>>,
    pub scheduled: SimTime,
    /// The job and its ARN.
    pub job: Option<(JobKey, String)>,
    /// `None`: it has not ended.
    pub outcome: Option<MonitoringOutcome>,
    pub failure: Option<String>,
    pub created: SimTime,
    pub modified: SimTime,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MonitoringExecutionIndex {
    Schedule(Arc<str>),
    /// Those that have not ended.
    Running(Arc<str>),
}

impl Row for MonitoringExecution {
    type Key = MonitoringExecutionKey;
    type Index = MonitoringExecutionIndex;
    fn key(&self) -> MonitoringExecutionKey {
        self.key.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(MonitoringExecutionIndex)) {
        emit(MonitoringExecutionIndex::Schedule(self.key.schedule.clone()));
        if self.outcome.is_none() {
            emit(MonitoringExecutionIndex::Running(self.key.schedule.clone()));
        }
    }
}

impl State {
    /// The executions of a schedule that have not ended.
    pub fn running_executions(&self, schedule: &Arc<str>) -> impl Iterator<Item = &Arc<MonitoringExecution>> {
        self.monitoring_executions.by(&MonitoringExecutionIndex::Running(schedule.clone()))
    }

    /// What somebody waits for who looks at a schedule or its executions: that it is no longer pending, the jobs that
    /// run, and the first job if there was none yet. Without an end in sight there is nothing to wait for: the times
    /// that come after that come by themselves.
    pub(super) fn awaited_of_schedule(&self, name: &Arc<str>) -> Vec<Owner> {
        let running = self.running_executions(name).filter_map(|execution| execution.job.as_ref());
        let mut all: Vec<_> = running.map(|(key, _)| Owner::Job(key.clone())).collect();
        let known = MonitoringExecutionIndex::Schedule(name.clone());
        if self.monitoring_executions.count(&known) == 0 {
            all.push(Owner::Monitor(name.clone()));
        }
        all
    }
}

/// What must hold of monitoring; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    if !(state.monitoring_definitions.is_consistent()
        && state.monitoring_schedules.is_consistent()
        && state.monitoring_executions.is_consistent())
    {
        broken.push("the indexes of monitoring do not match its rows".into());
    }
    for schedule in state.monitoring_schedules.iter() {
        let name = &schedule.name;
        let timer = |owner| state.timers.next_of(&owner);
        let changes = timer(Owner::Schedule(name.clone())).is_some();
        if changes != (schedule.status == ScheduleStatus::Pending) {
            broken.push(format!("{name} is {:?}, and its timer is there: {changes}", schedule.status));
        }
        let planned = schedule.status == ScheduleStatus::Scheduled && schedule.next.is_some();
        if planned && timer(Owner::Monitor(name.clone())).is_none() {
            broken.push(format!("nothing starts the next job of {name}"));
        }
    }
    for execution in state.monitoring_executions.iter().filter(|row| row.outcome.is_none()) {
        // It is told when its job ends, or looks after it at once.
        let owner = Owner::Monitor(execution.key.schedule.clone());
        let job = execution.job.as_ref().and_then(|(key, _)| state.jobs.get(key));
        let told = job.and_then(|job| job.parent.as_ref()).is_some_and(|parent| parent.owner == owner);
        if !told && state.timers.next_of(&owner).is_none() {
            broken.push(format!("nobody notices that {:?} has ended", execution.key));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(expression: &str, from: i64, count: usize) -> Vec<i64> {
        let recurrence = Recurrence::parse(expression).unwrap();
        let at = |hour: i64| SimTime::from_millis(hour * 3_600_000);
        let next = |time: &SimTime| recurrence.after(*time);
        let times = std::iter::successors(recurrence.after(at(from)), next).take(count);
        times.map(|time| time.millis() / 3_600_000).collect()
    }

    #[test]
    fn the_documented_forms_are_read() {
        assert_eq!(hours("cron(0 * ? * * *)", 5, 3), [6, 7, 8]);
        assert_eq!(hours("cron(0 12 ? * * *)", 0, 2), [12, 36]);
        assert_eq!(hours("cron(0 0 ? * * *)", 0, 2), [24, 48]);
        assert_eq!(hours("cron(0 00 ? * * *)", 0, 1), [24]);
        assert_eq!(hours("cron(0 17/12 ? * * *)", 0, 3), [5, 17, 29]);
        assert_eq!(hours("cron(0 0/2 ? * * *)", 1, 3), [2, 4, 6]);
        assert_eq!(hours("cron(0 17/24 ? * * *)", 0, 2), [17, 41]);
        assert_eq!(hours("cron(0 1/5 ? * * *)", 0, 6), [1, 6, 11, 16, 21, 25]);
        assert_eq!(Recurrence::parse("NOW"), Some(Recurrence::Now));
    }

    #[test]
    fn others_are_not() {
        for text in [
            "",
            "now",
            "Hourly: cron(0 * ? * * *)",
            "cron(0 24 ? * * *)",
            "cron(0 0/25 ? * * *)",
            "cron(0 0/0 ? * * *)",
            "cron(5 * ? * * *)",
            "cron(0 * * * ? *)",
            "cron(0 * ? * *)",
            "cron(0 */2 ? * * *)",
            "cron(0 +1 ? * * *)",
            "rate(1 hour)",
        ] {
            assert_eq!(Recurrence::parse(text), None, "{text}");
        }
    }

    proptest! {
        /// The next time is later, a whole hour, at most a day away, and there is none between.
        #[test]
        fn times_come_in_order(first in 0_u32..24, every in 1_u32..25, now in -4_000_000_000_i64..4_000_000_000_000) {
            let recurrence = Recurrence::Hours { first, every };
            let now = SimTime::from_millis(now);
            let next = recurrence.after(now).unwrap();
            prop_assert!(next > now && next.since(now) <= Duration::from_secs(24 * 3600));
            prop_assert_eq!(next.millis() % 3_600_000, 0);
            let just_before = SimTime::from_millis(next.millis() - 1);
            prop_assert_eq!(recurrence.after(just_before.max(now)), Some(next));
        }
    }
}
