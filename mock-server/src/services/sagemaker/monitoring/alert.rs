//! Alerts of monitoring schedules: each schedule has one, which looks at its last executions. Source: API reference,
//! MonitoringAlertSummary; developer guide, "model-dashboard". That there is one, how it is called and what it looks at
//! until it is changed is assumed; so is that executions are judged by what the alert says now.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, page_as};
use super::error::MonitoringError;
use super::schedule::{arn, find};
use crate::kernel::SimTime;
use crate::model::monitoring::MonitoringExecutionIndex;
use crate::model::{MonitoringOutcome, MonitoringSchedule, State, Txn};
use crate::services::{Caller, Operation, Page, Printed, Read, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::json;
use std::sync::Arc;

/// What the alert of each schedule is called.
const NAME: &str = "DefaultAlert";
const OK: &str = "OK";
const IN_ALERT: &str = "InAlert";

/// A change of an alert's status.
pub struct Transition {
    id: Arc<str>,
    schedule: Arc<str>,
    at: SimTime,
    status: &'static str,
}

/// How the status of a schedule's alert changed: it is raised as long as so many of the last executions failed or found
/// violations.
fn history(state: &State, schedule: &MonitoringSchedule) -> Vec<Transition> {
    let index = MonitoringExecutionIndex::Schedule(schedule.name.clone());
    let mut ended: Vec<_> = state
        .monitoring_executions
        .by(&index)
        .filter(|row| row.created >= schedule.created)
        .filter_map(|row| Some((row.modified, row.key.number, row.outcome?)))
        .collect();
    ended.sort_unstable_by_key(|(at, number, _)| (*at, *number));
    let is_bad = |outcome: &MonitoringOutcome| {
        matches!(outcome, MonitoringOutcome::CompletedWithViolations | MonitoringOutcome::Failed)
    };
    let mut all: Vec<Transition> = Vec::new();
    for n in 0..ended.len() {
        let first = (n + 1).saturating_sub(schedule.alert.period as usize);
        let bad = ended[first..=n].iter().filter(|(.., outcome)| is_bad(outcome)).count();
        let status = if bad >= schedule.alert.datapoints as usize { IN_ALERT } else { OK };
        if status != all.last().map_or(OK, |last| last.status) {
            let id = format!("{}/{:020}", schedule.name, all.len()).into();
            all.push(Transition { id, schedule: schedule.name.clone(), at: ended[n].0, status });
        }
    }
    all
}

pub struct ListMonitoringAlerts;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AlertsIn {
    monitoring_schedule_name: Arc<str>,
    next_token: Option<String>,
}

impl Operation for ListMonitoringAlerts {
    const NAME: &'static str = "ListMonitoringAlerts";
    type In = AlertsIn;
    type Out = Page<Alert>;
    type Error = SageMakerError;
}

impl Read for ListMonitoringAlerts {
    fn run(view: &View<'_>, input: AlertsIn) -> Result<Page<Alert>, SageMakerError> {
        let schedule = find(view.state, view.caller, &input.monitoring_schedule_name)?;
        if input.next_token.is_some() {
            // There never is a second page.
            return Err(SageMakerError::BadToken);
        }
        let status = history(view.state, &schedule).last().map_or(OK, |last| last.status);
        Ok(Page { rows: vec![Alert { schedule, status }], next_token: None })
    }
}

pub struct Alert {
    schedule: Arc<MonitoringSchedule>,
    status: &'static str,
}

impl Printed for Alert {
    const LIST: &'static str = "MonitoringAlertSummaries";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let alert = &self.schedule.alert;
        let told = json!({
            "MonitoringAlertName": NAME,
            "CreationTime": self.schedule.created.millis(),
            "LastModifiedTime": alert.modified.unwrap_or(self.schedule.created).millis(),
            "AlertStatus": self.status,
            "DatapointsToAlert": alert.datapoints,
            "EvaluationPeriod": alert.period,
            "Actions": { "ModelDashboardIndicator": { "Enabled": true } },
        });
        told.serialize(serializer)
    }
}

/// Source: API reference, ListMonitoringAlertHistory.
const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: false };

pub struct ListMonitoringAlertHistory;

impl Operation for ListMonitoringAlertHistory {
    const NAME: &'static str = "ListMonitoringAlertHistory";
    type In = ListIn;
    type Out = Page<Row<Transition>>;
    type Error = SageMakerError;
}

impl Read for ListMonitoringAlertHistory {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<Transition>>, SageMakerError> {
        let schedules = match &input.monitoring_schedule_name {
            Some(name) => vec![find(view.state, view.caller, &name.as_str().into())?],
            None => view.state.monitoring_schedules.iter().cloned().collect(),
        };
        let named = input.monitoring_alert_name.as_deref().is_none_or(|name| name == NAME);
        let all = schedules.iter().filter(|_| named).flat_map(|schedule| history(view.state, schedule));
        let all: Vec<Arc<Transition>> = all.map(Arc::new).collect();
        page_as(&MANNER, all.iter(), &input)
    }
}

impl Listed for Transition {
    fn name(&self) -> &Arc<str> {
        &self.id
    }
    fn created(&self) -> SimTime {
        self.at
    }
    fn status(&self) -> &'static str {
        self.status
    }
}

impl Summarized for Transition {
    const LIST: &'static str = "MonitoringAlertHistory";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = json!({
            "MonitoringScheduleName": self.schedule,
            "MonitoringAlertName": NAME,
            "CreationTime": self.at.millis(),
            "AlertStatus": self.status,
        });
        told.serialize(serializer)
    }
}

pub struct UpdateMonitoringAlert;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    monitoring_schedule_name: Arc<str>,
    monitoring_alert_name: String,
    datapoints_to_alert: u32,
    evaluation_period: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateOut {
    monitoring_schedule_arn: String,
    monitoring_alert_name: &'static str,
}

impl Operation for UpdateMonitoringAlert {
    const NAME: &'static str = "UpdateMonitoringAlert";
    type In = UpdateIn;
    type Out = UpdateOut;
    type Error = SageMakerError;
}

impl Write for UpdateMonitoringAlert {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UpdateIn) -> Result<UpdateOut, SageMakerError> {
        let schedule = find(&txn.state, caller, &input.monitoring_schedule_name)?;
        if input.monitoring_alert_name != NAME {
            return Err(MonitoringError::NoAlert { name: input.monitoring_alert_name }.into());
        }
        let (datapoints, period) = (input.datapoints_to_alert, input.evaluation_period);
        if datapoints > period {
            return Err(MonitoringError::AlertPeriod { datapoints, period }.into());
        }
        let now = txn.now;
        txn.state.monitoring_schedules.update(&schedule.name, |row| {
            (row.alert.datapoints, row.alert.period, row.alert.modified) = (datapoints, period, Some(now));
        });
        let monitoring_schedule_arn = arn(caller, &schedule.name);
        Ok(UpdateOut { monitoring_schedule_arn, monitoring_alert_name: NAME })
    }
}
