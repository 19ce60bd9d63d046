//! What a schedule does over time. It has one timer: while it is pending, that of its change; after that, that of its
//! next job. A job wakes it when it has ended.

use super::super::error::SageMakerError;
use super::super::job::start;
use super::window::Offsets;
use super::work::{Run, Work};
use crate::jobs::NewJob;
use crate::kernel::SimTime;
use crate::model::monitoring::MonitoringExecutionIndex;
use crate::model::{
    Alarm, Endpoint, Job, JobKind, JobStatus, MonitoringDefinition, MonitoringExecution,
    MonitoringExecutionKey, MonitoringOutcome, MonitoringSchedule, Owner, Parent, Profile, Recurrence,
    S3Place, ScheduleStatus, Txn,
};
use crate::model::{Evidence, bucket};
use crate::rules::texts;
use crate::services::Caller;
use std::sync::Arc;
use std::time::Duration;

/// How much later than scheduled a job may start. Source: API reference, ScheduleConfig.
const MOST_DELAY_MS: u64 = 20 * 60 * 1000;

/// What a container leaves that found something. Source: developer guide, "Container contract outputs".
const VIOLATIONS: &str = "constraint_violations.json";

/// How long a schedule is pending. Assumed.
fn pending(profile: Profile) -> Duration {
    match profile {
        Profile::Instant => Duration::ZERO,
        Profile::Fast => Duration::from_millis(500),
        Profile::Realistic => Duration::from_secs(30),
    }
}

/// What captures the data that an endpoint gets, if something does.
pub fn capture(endpoint: &Endpoint) -> Option<&serde_json::Value> {
    let deployment = endpoint.serving.as_ref().or(endpoint.pending.as_ref())?;
    let capture = deployment.request.get("DataCaptureConfig")?;
    // Captured unless it is said otherwise, as in described endpoints.
    capture["EnableCapture"].as_bool().unwrap_or(true).then_some(capture)
}

/// Begins to turn a schedule into something else.
pub fn turn(txn: &mut Txn<'_>, mut schedule: MonitoringSchedule, target: ScheduleStatus) {
    rest(txn, &schedule.name);
    schedule.target = target;
    schedule.next = None;
    schedule.failure = None;
    show(txn, &mut schedule, ScheduleStatus::Pending);
    let name = schedule.name.clone();
    txn.state.monitoring_schedules.insert(schedule);
    match pending(txn.state.profile) {
        Duration::ZERO => settle(txn, &name),
        lasts => txn.state.timers.schedule(txn.now + lasts, Owner::Schedule(name), Alarm::Wake),
    }
}

/// Starts no more jobs; those that run go on.
fn rest(txn: &mut Txn<'_>, name: &Arc<str>) {
    note_ended(txn, name);
    txn.state.timers.cancel(&Owner::Monitor(name.clone()));
}

/// Forgets a schedule.
pub fn forget(txn: &mut Txn<'_>, name: &Arc<str>) {
    rest(txn, name);
    txn.state.monitoring_schedules.remove(name);
}

/// A schedule is pending no longer: it is what it was to be, if its jobs can still be started.
pub fn settle(txn: &mut Txn<'_>, name: &Arc<str>) {
    let row = txn.state.monitoring_schedules.get(name).map(|row| MonitoringSchedule::clone(row));
    let Some(mut schedule) = row.filter(|row| row.status == ScheduleStatus::Pending) else { return };
    let caller = Caller::service(&txn.state.site.clone());
    let mut status = schedule.target;
    if status == ScheduleStatus::Scheduled
        && let Err(error) = parts(txn, &schedule).and_then(|row| row.work(&schedule)?.check(txn, &caller))
    {
        schedule.failure = Some(error.to_string());
        status = ScheduleStatus::Failed;
    }
    schedule.next = match (status, schedule.recurrence) {
        (ScheduleStatus::Scheduled, Recurrence::Now) => Some(txn.now),
        (ScheduleStatus::Scheduled, recurrence) => recurrence.after(txn.now),
        _ => None,
    };
    show(txn, &mut schedule, status);
    txn.state.monitoring_schedules.insert(schedule);
    advance(txn, name);
}

fn show(txn: &mut Txn<'_>, schedule: &mut MonitoringSchedule, status: ScheduleStatus) {
    schedule.status = status;
    schedule.modified = txn.now;
    let told = schedule.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
    let resource = Owner::Schedule(schedule.name.clone()).to_string();
    txn.note("MonitoringScheduleStatus", resource, None, format!("{}{told}", status.word()));
}

/// Looks after the executions of a schedule, which may be gone, and starts the next one when it is time.
pub fn advance(txn: &mut Txn<'_>, name: &Arc<str>) {
    note_ended(txn, name);
    let owner = Owner::Monitor(name.clone());
    txn.state.timers.cancel(&owner);
    let row = txn.state.monitoring_schedules.get(name).map(|row| MonitoringSchedule::clone(row));
    let Some(mut schedule) = row.filter(|row| row.status == ScheduleStatus::Scheduled) else { return };
    if let Some(scheduled) = schedule.next.filter(|next| due(txn, &schedule, *next) <= txn.now) {
        schedule.next = schedule.recurrence.after(scheduled);
        txn.state.monitoring_schedules.insert(schedule.clone());
        execute(txn, &schedule, scheduled);
    }
    // A job that ended at once has woken it already.
    if let Some(next) = schedule.next.filter(|_| txn.state.timers.next_of(&owner).is_none()) {
        txn.state.timers.schedule(due(txn, &schedule, next), owner, Alarm::Wake);
    }
}

/// When a job starts that is scheduled for a time: as long as nothing takes its real time, then.
fn due(txn: &Txn<'_>, schedule: &MonitoringSchedule, scheduled: SimTime) -> SimTime {
    let exact = txn.state.profile != Profile::Realistic || schedule.recurrence == Recurrence::Now;
    let bits = txn.origin.derive(&[&schedule.arn, "delay", &scheduled.millis().to_string()]);
    let delay = if exact { 0 } else { u64::try_from(bits % u128::from(MOST_DELAY_MS)).unwrap_or_default() };
    scheduled + Duration::from_millis(delay)
}

/// Keeps what became of the jobs that have ended.
fn note_ended(txn: &mut Txn<'_>, name: &Arc<str>) {
    let running: Vec<_> = txn.state.running_executions(name).cloned().collect();
    for row in running {
        let job = row.job.as_ref().and_then(|(key, _)| txn.state.jobs.get(key)).cloned();
        let Some(job) = job.filter(|job| job.status.is_final()) else { continue };
        let outcome = match job.status {
            JobStatus::Completed if has_violations(&job) => MonitoringOutcome::CompletedWithViolations,
            JobStatus::Completed => MonitoringOutcome::Completed,
            JobStatus::Stopped => MonitoringOutcome::Stopped,
            _ => MonitoringOutcome::Failed,
        };
        let failure = job.told_failure().map(|failure| failure.reason.clone());
        let execution = MonitoringExecution {
            outcome: Some(outcome),
            failure,
            modified: txn.now,
            ..MonitoringExecution::clone(&row)
        };
        tell(txn, &execution);
        txn.state.monitoring_executions.insert(execution);
    }
}

/// Whether a container found something: it says so by a file that it leaves.
fn has_violations(job: &Job) -> bool {
    let files = job.needs.behaviour.as_ref().map(|behaviour| &behaviour.files);
    files.is_some_and(|files| files.iter().any(|(name, _)| name == VIOLATIONS))
}

fn tell(txn: &mut Txn<'_>, execution: &MonitoringExecution) {
    let status = execution.outcome.map_or("InProgress", MonitoringOutcome::word);
    let told = execution.failure.as_ref().map(|failure| format!(": {failure}")).unwrap_or_default();
    let resource = Owner::Monitor(execution.key.schedule.clone()).to_string();
    txn.note("MonitoringExecution", resource, None, format!("{status}{told}"));
}

/// Starts the job that is scheduled for a time, or tells why there is none.
fn execute(txn: &mut Txn<'_>, schedule: &MonitoringSchedule, scheduled: SimTime) {
    let known = MonitoringExecutionIndex::Schedule(schedule.name.clone());
    let number = u64::try_from(txn.state.monitoring_executions.count(&known)).unwrap_or(u64::MAX);
    let mut execution = MonitoringExecution {
        key: MonitoringExecutionKey { schedule: schedule.name.clone(), number },
        kind: schedule.kind,
        definition: schedule.definition.as_ref().map(|key| key.name.clone()),
        endpoint: schedule.endpoint.clone(),
        scheduled,
        job: None,
        outcome: None,
        failure: None,
        created: txn.now,
        modified: txn.now,
    };
    let made = txn.attempt(|txn| {
        let Some(new) = job(txn, schedule, scheduled, number)? else { return Ok(None) };
        let key = new.key.clone();
        start(txn, JobKind::Processing, new).map(|arn| Some((key, arn)))
    });
    match made {
        Ok(Some(job)) => execution.job = Some(job),
        Ok(None) => {
            execution.outcome = Some(MonitoringOutcome::Failed);
            execution.failure = texts::fill(&txn.state.texts, "monitoring-no-data", &Evidence::none());
        }
        Err(error) => {
            execution.outcome = Some(MonitoringOutcome::Failed);
            let evidence = Evidence::none().with("message", error);
            execution.failure = texts::fill(&txn.state.texts, "monitoring-refused", &evidence);
        }
    }
    tell(txn, &execution);
    txn.state.monitoring_executions.insert(execution);
}

/// The definition that a schedule goes by, as it is now.
enum Parts {
    Inline,
    Named(Arc<MonitoringDefinition>),
}

fn parts(txn: &Txn<'_>, schedule: &MonitoringSchedule) -> Result<Parts, SageMakerError> {
    let Some(key) = &schedule.definition else { return Ok(Parts::Inline) };
    let caller = Caller::service(&txn.state.site);
    let unknown =
        || super::error::MonitoringError::UnknownDefinition { arn: super::definition::arn(&caller, key) };
    let found = txn.state.monitoring_definitions.get(key).cloned().ok_or_else(unknown)?;
    Ok(Parts::Named(found))
}

impl Parts {
    fn work<'a>(&'a self, schedule: &'a MonitoringSchedule) -> Result<Work<'a>, SageMakerError> {
        match self {
            Parts::Inline => Work::inline(schedule.kind, &schedule.config["MonitoringJobDefinition"]),
            Parts::Named(row) => Work::of_definition(row),
        }
    }
}

/// The job of an execution; `None`: there is nothing to look at.
fn job(
    txn: &mut Txn<'_>,
    schedule: &MonitoringSchedule,
    scheduled: SimTime,
    number: u64,
) -> Result<Option<NewJob>, SageMakerError> {
    let parts = parts(txn, schedule)?;
    let work = parts.work(schedule)?;
    let offsets = Offsets::read(
        &schedule.config["ScheduleConfig"],
        work.input,
        schedule.recurrence == Recurrence::Now,
    )?;
    let window = offsets.around(scheduled, schedule.recurrence.period().unwrap_or_default());
    let folder = window.prefix();
    let below = |base: &str| format!("{}/{folder}", base.trim_end_matches('/'));
    let data: Vec<String> = match work.endpoint() {
        // Source: developer guide, "Capture data from real-time endpoint".
        Some(name) => {
            let endpoint = txn.state.endpoints.get(&name.into());
            let capture = endpoint.and_then(|endpoint| capture(endpoint));
            let base = capture.and_then(|capture| capture["DestinationS3Uri"].as_str()).unwrap_or_default();
            let base = base.trim_end_matches('/').to_owned();
            let deployment = endpoint.and_then(|endpoint| endpoint.serving.as_ref());
            let variants = deployment.into_iter().flat_map(|deployment| &deployment.variants);
            variants.map(|variant| below(&format!("{base}/{name}/{}", variant.name))).collect()
        }
        None => work.input["DataCapturedDestinationS3Uri"].as_str().map(str::to_owned).into_iter().collect(),
    };
    let data: Vec<String> = data.into_iter().filter(|url| holds_data(txn, url)).collect();
    if data.is_empty() {
        return Ok(None);
    }
    let ground_truth = work.ground_truth().map(below);
    let caller = Caller::service(&txn.state.site.clone());
    let parent = Parent { owner: Owner::Monitor(schedule.name.clone()), arn: schedule.arn.clone() };
    let run = Run { schedule: &schedule.name, number, window, data, ground_truth };
    let new = work.job(txn, &caller, &run, parent)?;
    Ok(Some(NewJob { tags: schedule.tags.clone(), ..new }))
}

/// Whether there is something to look at below a prefix. Of buckets that are kept elsewhere nobody knows, so that the
/// job has to find out.
fn holds_data(txn: &Txn<'_>, url: &str) -> bool {
    let Some(place) = S3Place::parse(url) else { return false };
    match bucket::find(txn.origin.account, &place.bucket, txn.elsewhere()) {
        None => true,
        Some(found) => {
            let mut objects = found.home.0.objects_under(&place.bucket, &place.key);
            objects.any(|object| object.current().is_some())
        }
    }
}
