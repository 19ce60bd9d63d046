//! The report on credentials: a list of all users, as it was when it was made.

use super::account::Nothing;
use super::error::{IamError, UserError};
use crate::kernel::{Row, SimTime};
use crate::model::{AccessKey, CredentialReport, State, Txn, User};
use crate::services::{Caller, Home, Operation, Read, View, Write};
use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::format_description;

/// How long a report is good, and how long it takes until there can be another one.
const REPORT_LASTS: Duration = Duration::from_secs(4 * 60 * 60);

fn is_fresh(report: &CredentialReport, now: SimTime) -> bool {
    now < report.made + REPORT_LASTS
}

pub struct GenerateCredentialReport;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateCredentialReportOut {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
}

impl Operation for GenerateCredentialReport {
    const NAME: &'static str = "GenerateCredentialReport";
    const HOME: Home = Home::Account;
    type In = Nothing;
    type Out = GenerateCredentialReportOut;
    type Error = IamError;
}

impl Write for GenerateCredentialReport {
    /// Source: IAM API reference, GenerateCredentialReport: a report younger than four hours is the report.
    fn run(txn: &mut Txn<'_>, caller: &Caller, _: Nothing) -> Result<GenerateCredentialReportOut, IamError> {
        let fresh =
            txn.state.account.credential_report.as_ref().is_some_and(|report| is_fresh(report, txn.now));
        if fresh {
            return Ok(GenerateCredentialReportOut { state: "COMPLETE", description: None });
        }
        let text = report(&txn.state, caller).into();
        txn.state.account.credential_report = Some(CredentialReport { made: txn.now, text });
        let description = Some("No report exists. Starting a new report generation task");
        Ok(GenerateCredentialReportOut { state: "STARTED", description })
    }
}

pub struct GetCredentialReport;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCredentialReportOut {
    content: Vec<u8>,
    report_format: &'static str,
    generated_time: i64,
}

impl Operation for GetCredentialReport {
    const NAME: &'static str = "GetCredentialReport";
    const HOME: Home = Home::Account;
    type In = Nothing;
    type Out = GetCredentialReportOut;
    type Error = IamError;
}

impl Read for GetCredentialReport {
    fn run(view: &View<'_>, _: Nothing) -> Result<GetCredentialReportOut, IamError> {
        let report = view.state.account.credential_report.as_ref().ok_or(UserError::NoReport)?;
        if !is_fresh(report, view.now) {
            return Err(UserError::OldReport.into());
        }
        let content = report.text.as_bytes().to_vec();
        Ok(GetCredentialReportOut {
            content,
            report_format: "text/csv",
            generated_time: report.made.millis(),
        })
    }
}

/// The columns. Source: IAM user guide, "Generate credential reports for your AWS account".
const COLUMNS: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
    password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
    access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
    access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
    cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

/// The report as it is now: a line for the root, and one for each user.
fn report(state: &State, caller: &Caller) -> String {
    let root = caller.partition.arn("iam", "", caller.account, "root");
    let mut lines = vec![COLUMNS.to_owned()];
    let unused = ["false", "N/A", "N/A", "N/A", "N/A"].join(",");
    let certificates = "false,N/A,false,N/A";
    let key = |user: Option<String>, n: usize| {
        let mut keys: Vec<_> = state.access_keys.by(&user).collect();
        keys.sort_by_key(|key| (key.created, key.id.clone()));
        keys.get(n).map_or_else(|| unused.clone(), |key| key_columns(key))
    };
    lines.push(format!(
        "<root_account>,{root},not_supported,not_supported,no_information,not_supported,not_supported,false,{},{},{certificates}",
        key(None, 0),
        key(None, 1),
    ));
    for user in state.users.iter() {
        let password = password_columns(state, user);
        lines.push(format!(
            "{},{},{},{password},false,{},{},{certificates}",
            user.name,
            user.arn,
            date(user.created),
            key(Some(user.key()), 0),
            key(Some(user.key()), 1),
        ));
    }
    lines.join("\n")
}

fn key_columns(key: &AccessKey) -> String {
    format!("{},{},N/A,N/A,N/A", key.active, date(key.created))
}

/// Whether there is a password, when it was used, changed and is to be changed.
fn password_columns(state: &State, user: &User) -> String {
    let Some(login) = &user.login else { return "false,N/A,N/A,N/A".to_owned() };
    let age = state.account.password_policy.and_then(|policy| policy.most_age);
    let days = age.and_then(|days| u64::try_from(days).ok());
    let next = days.map(|days| date(login.changed + Duration::from_secs(days * 24 * 60 * 60)));
    format!("true,no_information,{},{}", date(login.changed), next.as_deref().unwrap_or("N/A"))
}

/// Seconds with the zone as an offset, as the report has them.
fn date(time: SimTime) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");
    let moment = OffsetDateTime::from_unix_timestamp(time.millis().div_euclid(1_000)).ok();
    moment.and_then(|moment| moment.format(format).ok()).unwrap_or_default()
}
