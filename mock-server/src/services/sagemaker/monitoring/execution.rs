//! ListMonitoringExecutions, and what is told of an execution.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, page_as};
use super::schedule::maybe;
use crate::kernel::SimTime;
use crate::model::monitoring::MonitoringExecutionIndex;
use crate::model::{JobStatus, MonitoringExecution, MonitoringExecutionKey, Owner, State};
use crate::services::{Operation, Page, Read, View};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// An execution as it is now: while its job runs, the job says how it is.
pub struct Summary {
    row: Arc<MonitoringExecution>,
    status: &'static str,
    modified: SimTime,
}

impl Summary {
    pub fn of(state: &State, row: &Arc<MonitoringExecution>) -> Self {
        let job = row.job.as_ref().and_then(|(key, _)| state.jobs.get(key));
        let job = job.filter(|_| row.outcome.is_none());
        let status = match (row.outcome, job.map(|job| job.status)) {
            (Some(outcome), _) => outcome.word(),
            (None, Some(JobStatus::Stopping)) => "Stopping",
            (None, _) => "InProgress",
        };
        Self { row: row.clone(), status, modified: job.map_or(row.modified, |job| job.modified) }
    }

    /// The last one of a schedule.
    pub fn last(state: &State, schedule: &Arc<str>) -> Option<Self> {
        let count = state.monitoring_executions.count(&MonitoringExecutionIndex::Schedule(schedule.clone()));
        let number = u64::try_from(count).ok()?.checked_sub(1)?;
        let key = MonitoringExecutionKey { schedule: schedule.clone(), number };
        state.monitoring_executions.get(&key).map(|row| Self::of(state, row))
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &*self.row;
        let mut out = serializer.serialize_struct("Out", 10)?;
        out.serialize_field("MonitoringScheduleName", &*row.key.schedule)?;
        out.serialize_field("ScheduledTime", &row.scheduled.millis())?;
        out.serialize_field("CreationTime", &row.created.millis())?;
        out.serialize_field("LastModifiedTime", &self.modified.millis())?;
        out.serialize_field("MonitoringExecutionStatus", self.status)?;
        maybe(&mut out, "ProcessingJobArn", row.job.as_ref().map(|(_, arn)| arn))?;
        maybe(&mut out, "EndpointName", row.endpoint.as_deref())?;
        maybe(&mut out, "FailureReason", row.failure.as_deref())?;
        maybe(&mut out, "MonitoringJobDefinitionName", row.definition.as_deref())?;
        out.serialize_field("MonitoringType", row.kind.word())?;
        out.end()
    }
}

/// Names order those of equal times: that of the schedule, and then the number.
pub struct Execution {
    name: Arc<str>,
    summary: Summary,
}

impl Listed for Execution {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.summary.row.created
    }
    fn modified(&self) -> SimTime {
        self.summary.modified
    }
    fn scheduled(&self) -> Option<SimTime> {
        Some(self.summary.row.scheduled)
    }
    fn status(&self) -> &'static str {
        self.summary.status
    }
    fn endpoint(&self) -> Option<&str> {
        self.summary.row.endpoint.as_deref()
    }
    fn definition(&self) -> Option<&str> {
        self.summary.row.definition.as_deref()
    }
    fn monitoring_type(&self) -> Option<&str> {
        Some(self.summary.row.kind.word())
    }
}

/// Source: API reference, ListMonitoringExecutions.
const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: false };

pub struct ListMonitoringExecutions;

impl Operation for ListMonitoringExecutions {
    const NAME: &'static str = "ListMonitoringExecutions";
    type In = ListIn;
    type Out = Page<Row<Execution>>;
    type Error = SageMakerError;

    /// There is nothing that describes one execution: who waits for one asks for the list.
    fn subjects(input: &ListIn) -> Vec<Owner> {
        input.monitoring_schedule_name.iter().map(|name| Owner::Schedule(name.as_str().into())).collect()
    }
}

impl Read for ListMonitoringExecutions {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<Execution>>, SageMakerError> {
        let table = &view.state.monitoring_executions;
        let row = |row: &Arc<MonitoringExecution>| {
            let name = format!("{}/{:020}", row.key.schedule, row.key.number).into();
            Arc::new(Execution { name, summary: Summary::of(view.state, row) })
        };
        let rows: Vec<Arc<Execution>> = match &input.monitoring_schedule_name {
            Some(name) => {
                table.by(&MonitoringExecutionIndex::Schedule(name.as_str().into())).map(row).collect()
            }
            None => table.iter().map(row).collect(),
        };
        page_as(&MANNER, rows.iter(), &input)
    }
}

impl Summarized for Execution {
    const LIST: &'static str = "MonitoringExecutionSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.summary.serialize(serializer)
    }
}
