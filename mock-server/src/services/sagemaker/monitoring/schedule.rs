//! Monitoring schedules: their creation, their changes, their end.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, page_as};
use super::super::tags::{Tag, checked};
use super::error::MonitoringError;
use super::execution::Summary;
use super::window::Offsets;
use super::work::Work;
use super::{course, definition};
use crate::kernel::SimTime;
use crate::model::{
    DefinitionKey, Document, MonitoringAlert, MonitoringSchedule, MonitoringType, Owner, Recurrence,
    ScheduleStatus, State, Txn,
};
use crate::services::{Caller, Done, Operation, Page, Read, View, Write};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// The kind in an ARN.
pub const SLUG: &str = "monitoring-schedule";

/// The hourly jobs of these types look at labels too, which takes a job of its own before. Source: API reference,
/// MonitoringStoppingCondition.
const HOURLY_MOST: u64 = 3600;
const HOURLY_MOST_WITH_LABELS: u64 = 1800;

pub(super) fn arn(caller: &Caller, name: &str) -> String {
    caller.arn("sagemaker", format_args!("{SLUG}/{name}"))
}

pub(super) fn find(
    state: &State,
    caller: &Caller,
    name: &Arc<str>,
) -> Result<Arc<MonitoringSchedule>, SageMakerError> {
    let missing = || MonitoringError::NoSchedule { arn: arn(caller, name) };
    state.monitoring_schedules.get(name).cloned().ok_or_else(|| missing().into())
}

/// The schedule with this name, if something can be done to it now.
fn at_rest(txn: &Txn<'_>, caller: &Caller, name: &Arc<str>) -> Result<MonitoringSchedule, SageMakerError> {
    let schedule = find(&txn.state, caller, name)?;
    match schedule.status {
        ScheduleStatus::Pending => Err(MonitoringError::SchedulePending.into()),
        _ => Ok(MonitoringSchedule::clone(&schedule)),
    }
}

/// What a configuration asks for.
struct Asked {
    kind: MonitoringType,
    definition: Option<DefinitionKey>,
    endpoint: Option<Arc<str>>,
    recurrence: Recurrence,
}

impl Asked {
    /// Reads a configuration and asks all that can be wrong with it.
    fn read(txn: &mut Txn<'_>, caller: &Caller, name: &str, config: &Value) -> Result<Self, SageMakerError> {
        let named = config["MonitoringJobDefinitionName"].as_str();
        let inline = config.get("MonitoringJobDefinition");
        let kind = config["MonitoringType"].as_str().and_then(MonitoringType::parse);
        let row;
        let (work, definition) = match (inline, named) {
            // Described schedules of this kind in public repositories monitor the quality of data.
            (Some(inline), None) => {
                (Work::inline(kind.unwrap_or(MonitoringType::DataQuality), inline)?, None)
            }
            (None, Some(name)) => {
                let kind = kind.ok_or(SageMakerError::Required("monitoringScheduleConfig.monitoringType"))?;
                let key = DefinitionKey { kind, name: name.into() };
                let found = txn.state.monitoring_definitions.get(&key).cloned();
                let unknown = || MonitoringError::UnknownDefinition { arn: definition::arn(caller, &key) };
                row = found.ok_or_else(unknown)?;
                (Work::of_definition(&row)?, Some(key))
            }
            _ => return Err(MonitoringError::OneMonitoringDefinition.into()),
        };
        let recurrence = recurrence(txn, name, &config["ScheduleConfig"])?;
        Offsets::read(&config["ScheduleConfig"], work.input, recurrence == Recurrence::Now)?;
        check_runtime(&work, recurrence)?;
        if let Some(endpoint) = work.endpoint() {
            check_endpoint(txn, caller, endpoint)?;
        }
        work.check(txn, caller)?;
        Ok(Self { kind: work.kind, definition, endpoint: work.endpoint().map(Arc::from), recurrence })
    }
}

/// When jobs are to start; where nothing is said, once a day at an hour that the service chooses.
fn recurrence(txn: &Txn<'_>, name: &str, config: &Value) -> Result<Recurrence, SageMakerError> {
    match config["ScheduleExpression"].as_str() {
        Some(expression) => Recurrence::parse(expression)
            .ok_or_else(|| MonitoringError::Expression { expression: expression.to_owned() }.into()),
        None => {
            let first = u32::try_from(txn.origin.derive(&[SLUG, name, "hour"]) % 24).unwrap_or_default();
            Ok(Recurrence::Hours { first, every: 24 })
        }
    }
}

fn check_runtime(work: &Work<'_>, recurrence: Recurrence) -> Result<(), SageMakerError> {
    let Some((given, period)) = work.max_runtime().zip(recurrence.period()) else { return Ok(()) };
    let labels = matches!(work.kind, MonitoringType::ModelQuality | MonitoringType::ModelBias);
    let most = match period.as_secs() {
        HOURLY_MOST if labels => HOURLY_MOST_WITH_LABELS,
        seconds => seconds,
    };
    if given > most {
        return Err(MonitoringError::TooLong { given, most }.into());
    }
    Ok(())
}

/// That the endpoint is looked at was observed in a public issue thread.
fn check_endpoint(txn: &Txn<'_>, caller: &Caller, name: &str) -> Result<(), SageMakerError> {
    let arn = caller.arn("sagemaker", format_args!("endpoint/{name}"));
    let Some(endpoint) = txn.state.endpoints.get(&name.into()) else {
        return Err(SageMakerError::Unknown { what: "endpoint", arn });
    };
    match course::capture(endpoint) {
        Some(_) => Ok(()),
        None => Err(MonitoringError::NoCapture { arn }.into()),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    monitoring_schedule_arn: String,
}

pub struct CreateMonitoringSchedule;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    monitoring_schedule_name: Arc<str>,
    monitoring_schedule_config: Document,
    #[serde(default)]
    tags: Vec<Tag>,
}

impl Operation for CreateMonitoringSchedule {
    const NAME: &'static str = "CreateMonitoringSchedule";
    type In = CreateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for CreateMonitoringSchedule {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<Out, SageMakerError> {
        let CreateIn { monitoring_schedule_name: name, monitoring_schedule_config: config, tags } = input;
        let tags = checked(&tags)?;
        let arn = arn(caller, &name);
        if txn.state.monitoring_schedules.contains(&name) {
            return Err(MonitoringError::ScheduleExists { arn }.into());
        }
        let Asked { kind, definition, endpoint, recurrence } = Asked::read(txn, caller, &name, &config)?;
        let schedule = MonitoringSchedule {
            alert: MonitoringAlert::default(),
            name,
            arn: arn.clone(),
            config,
            kind,
            definition,
            endpoint,
            recurrence,
            status: ScheduleStatus::Stopped,
            target: ScheduleStatus::Stopped,
            failure: None,
            next: None,
            created: txn.now,
            modified: txn.now,
            tags,
        };
        course::turn(txn, schedule, ScheduleStatus::Scheduled);
        Ok(Out { monitoring_schedule_arn: arn })
    }
}

pub struct UpdateMonitoringSchedule;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    monitoring_schedule_name: Arc<str>,
    monitoring_schedule_config: Document,
}

impl Operation for UpdateMonitoringSchedule {
    const NAME: &'static str = "UpdateMonitoringSchedule";
    type In = UpdateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateMonitoringSchedule {
    /// The whole configuration is replaced. A schedule that was stopped stays so; one that failed gets another chance.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateIn) -> Result<Out, SageMakerError> {
        let schedule = at_rest(txn, caller, &input.monitoring_schedule_name)?;
        let config = input.monitoring_schedule_config;
        let Asked { kind, definition, endpoint, recurrence } =
            Asked::read(txn, caller, &schedule.name, &config)?;
        let target = match schedule.status {
            ScheduleStatus::Stopped => ScheduleStatus::Stopped,
            _ => ScheduleStatus::Scheduled,
        };
        let arn = schedule.arn.clone();
        course::turn(
            txn,
            MonitoringSchedule { config, kind, definition, endpoint, recurrence, ..schedule },
            target,
        );
        Ok(Out { monitoring_schedule_arn: arn })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    monitoring_schedule_name: Arc<str>,
}

/// Starts or stops a schedule. Assumed: one that is so already stays as it is.
fn turn(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: &Named,
    to: ScheduleStatus,
) -> Result<Done, SageMakerError> {
    let schedule = at_rest(txn, caller, &input.monitoring_schedule_name)?;
    if schedule.status != to {
        course::turn(txn, schedule, to);
    }
    Ok(Done {})
}

pub struct StartMonitoringSchedule;

impl Operation for StartMonitoringSchedule {
    const NAME: &'static str = "StartMonitoringSchedule";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for StartMonitoringSchedule {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        turn(txn, caller, &input, ScheduleStatus::Scheduled)
    }
}

pub struct StopMonitoringSchedule;

impl Operation for StopMonitoringSchedule {
    const NAME: &'static str = "StopMonitoringSchedule";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for StopMonitoringSchedule {
    /// A job that runs goes on: assumed.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        turn(txn, caller, &input, ScheduleStatus::Stopped)
    }
}

pub struct DeleteMonitoringSchedule;

impl Operation for DeleteMonitoringSchedule {
    const NAME: &'static str = "DeleteMonitoringSchedule";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for DeleteMonitoringSchedule {
    /// Its executions stay: API reference. That a job that runs goes on is assumed.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let schedule = at_rest(txn, caller, &input.monitoring_schedule_name)?;
        course::forget(txn, &schedule.name);
        Ok(Done {})
    }
}

pub struct DescribeMonitoringSchedule;

impl Operation for DescribeMonitoringSchedule {
    const NAME: &'static str = "DescribeMonitoringSchedule";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Schedule(input.monitoring_schedule_name.clone())]
    }
}

impl Read for DescribeMonitoringSchedule {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        let schedule = find(view.state, view.caller, &input.monitoring_schedule_name)?;
        let last = Summary::last(view.state, &schedule.name);
        Ok(Described { schedule, last })
    }
}

/// A schedule, with its last execution as it is now.
pub struct Described {
    schedule: Arc<MonitoringSchedule>,
    last: Option<Summary>,
}

impl Serialize for Described {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &*self.schedule;
        let mut out = serializer.serialize_struct("Out", 10)?;
        out.serialize_field("MonitoringScheduleArn", &row.arn)?;
        out.serialize_field("MonitoringScheduleName", &*row.name)?;
        out.serialize_field("MonitoringScheduleStatus", row.status.word())?;
        out.serialize_field("MonitoringType", row.kind.word())?;
        maybe(&mut out, "FailureReason", row.failure.as_deref())?;
        out.serialize_field("CreationTime", &row.created.millis())?;
        out.serialize_field("LastModifiedTime", &row.modified.millis())?;
        out.serialize_field("MonitoringScheduleConfig", &*row.config)?;
        maybe(&mut out, "EndpointName", row.endpoint.as_deref())?;
        maybe(&mut out, "LastMonitoringExecutionSummary", self.last.as_ref())?;
        out.end()
    }
}

/// A member that may be absent.
pub(super) fn maybe<S: SerializeStruct, T: Serialize>(
    out: &mut S,
    name: &'static str,
    value: Option<T>,
) -> Result<(), S::Error> {
    match value {
        Some(value) => out.serialize_field(name, &value),
        None => out.skip_field(name),
    }
}

/// Source: API reference, ListMonitoringSchedules.
const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: false };

impl Listed for MonitoringSchedule {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
    fn status(&self) -> &'static str {
        self.status.word()
    }
    fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }
    fn definition(&self) -> Option<&str> {
        self.definition.as_ref().map(|key| &*key.name)
    }
    fn monitoring_type(&self) -> Option<&str> {
        Some(self.kind.word())
    }
}

pub struct ListMonitoringSchedules;

impl Operation for ListMonitoringSchedules {
    const NAME: &'static str = "ListMonitoringSchedules";
    type In = ListIn;
    type Out = Page<Row<MonitoringSchedule>>;
    type Error = SageMakerError;
}

impl Read for ListMonitoringSchedules {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<MonitoringSchedule>>, SageMakerError> {
        page_as(&MANNER, view.state.monitoring_schedules.iter(), &input)
    }
}

impl Summarized for MonitoringSchedule {
    const LIST: &'static str = "MonitoringScheduleSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self;
        let mut out = serializer.serialize_struct("Out", 8)?;
        out.serialize_field("MonitoringScheduleName", &*row.name)?;
        out.serialize_field("MonitoringScheduleArn", &row.arn)?;
        out.serialize_field("CreationTime", &row.created.millis())?;
        out.serialize_field("LastModifiedTime", &row.modified.millis())?;
        out.serialize_field("MonitoringScheduleStatus", row.status.word())?;
        maybe(&mut out, "EndpointName", row.endpoint.as_deref())?;
        maybe(&mut out, "MonitoringJobDefinitionName", row.definition())?;
        out.serialize_field("MonitoringType", row.kind.word())?;
        out.end()
    }
}
