//! Rules of SageMaker Debugger: each is evaluated by a processing job in the user's account, which begins with the training
//! job. Source: described jobs in public repositories.
//!
//! Assumed: these jobs run with the training job's role, in a network of the service's own.

use super::super::job::{Request, new_job, start};
use super::super::processing::Processing;
use crate::jobs;
use crate::kernel::digest;
use crate::model::{Evaluation, Job, JobKey, JobKind, JobStatus, Owner, Parent, Txn};
use crate::services::Caller;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What a rule's own words contain if what it looks for is there. Source: notebooks in public repositories.
const MET: &str = "RuleEvaluationConditionMet";
/// How much of each name is in the name of the job. Source: as above.
const PART: usize = 26;
/// Where AWS's own rules run is not told. Assumed.
const INSTANCE_TYPE: &str = "ml.m5.large";

/// The members of a training job that configure rules, and whether these are about its profile.
const LISTS: [(&str, bool); 2] = [("DebugRuleConfigurations", false), ("ProfilerRuleConfigurations", true)];

/// Starts the jobs of rules that have none yet.
pub fn begin(txn: &mut Txn<'_>, key: &JobKey) {
    let Some(job) = txn.state.jobs.get(key).cloned() else { return };
    let lists = LISTS.into_iter().flat_map(|(list, of_profile)| {
        let rules = job.request.get(list).and_then(Value::as_array);
        rules.into_iter().flatten().map(move |rule| (rule, of_profile))
    });
    let mut evaluations = job.evaluations.clone();
    for (rule, of_profile) in lists {
        let name = rule["RuleConfigurationName"].as_str().unwrap_or_default();
        if evaluations.iter().all(|known| known.rule != name) {
            evaluations.push(evaluate(txn, &job, rule, name, of_profile));
        }
    }
    if evaluations.len() > job.evaluations.len() {
        txn.state.jobs.update(key, |row| row.evaluations = evaluations);
    }
}

fn evaluate(txn: &mut Txn<'_>, job: &Job, rule: &Value, name: &str, of_profile: bool) -> Evaluation {
    let begun = start_job(txn, job, rule, name);
    let modified = txn.now;
    let (key, arn, status, details) = match begun {
        Ok((key, arn)) => (Some(key), Some(arn), "InProgress", None),
        Err(message) => (None, None, "Error", Some(message)),
    };
    Evaluation { rule: name.to_owned(), of_profile, job: key, arn, status, details, modified }
}

fn start_job(txn: &mut Txn<'_>, job: &Job, rule: &Value, name: &str) -> Result<(JobKey, String), String> {
    let caller = Caller::service(&txn.state.site.clone());
    let request = Request::<Processing>::of(job_name(job, name), members(job, rule, name));
    let request = request.map_err(|error| error.to_string())?;
    let parent = Parent { owner: Owner::Evaluations(job.key.clone()), arn: job.arn.clone() };
    let made = txn.attempt(|txn| {
        let new = new_job(txn, &caller, request, Some(parent))?;
        let key = new.key.clone();
        start(txn, JobKind::Processing, new).map(|arn| (key, arn))
    });
    made.map_err(|error| error.to_string())
}

/// The first letters of the training job's name and of the rule's, and eight digits.
fn job_name(job: &Job, rule: &str) -> String {
    let letters = |name: &str| -> String {
        let legal =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        legal.take(PART).collect()
    };
    let digits = digest(0, &[job.arn.as_bytes(), &job.created.millis().to_be_bytes(), rule.as_bytes()]) >> 96;
    let first: String = job.key.name.chars().take(PART).collect();
    format!("{first}-{}-{digits:08x}", letters(rule))
}

fn members(job: &Job, rule: &Value, name: &str) -> Map<String, Value> {
    let output = &job.request["OutputDataConfig"]["S3OutputPath"];
    let path = rule.get("S3OutputPath").unwrap_or(output).as_str().unwrap_or_default().trim_end_matches('/');
    let url = format!("{path}/{}/rule-output/{name}", job.key.name);
    let local = rule.get("LocalPath").cloned().unwrap_or(json!("/opt/ml/processing/output/rule/"));
    let volume = rule["VolumeSizeInGB"].as_u64().filter(|size| *size > 0).unwrap_or(10);
    let members = json!({
        "RoleArn": job.request["RoleArn"],
        "AppSpecification": { "ImageUri": rule["RuleEvaluatorImage"] },
        "Environment": rule.get("RuleParameters").cloned().unwrap_or(json!({})),
        "StoppingCondition": { "MaxRuntimeInSeconds": job.request["StoppingCondition"]["MaxRuntimeInSeconds"] },
        "ProcessingResources": { "ClusterConfig": {
            "InstanceCount": 1,
            "InstanceType": rule.get("InstanceType").cloned().unwrap_or(json!(INSTANCE_TYPE)),
            "VolumeSizeInGB": volume,
        } },
        "ProcessingOutputConfig": { "Outputs": [{
            "OutputName": "rule-output",
            "S3Output": { "S3Uri": url, "LocalPath": local, "S3UploadMode": "Continuous" },
        }] },
    });
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Notes what became of the rules' jobs. Those of a training job that failed or was stopped are stopped. Source for the
/// latter: SDK logs of failed jobs in public repositories.
pub fn look(txn: &mut Txn<'_>, key: &JobKey) {
    let Some(job) = txn.state.jobs.get(key).cloned() else { return };
    let cut_short = matches!(job.status, JobStatus::Failed | JobStatus::Stopped);
    let mut evaluations = job.evaluations.clone();
    for one in &mut evaluations {
        let running = |key: &JobKey| txn.state.jobs.get(key).cloned();
        let Some(row) = one.job.as_ref().and_then(running) else { continue };
        if cut_short && row.status.is_under_way() {
            // It is under way, so this does not fail.
            let _ = jobs::stop(txn, &row);
        }
        let row = txn.state.jobs.get(&row.key).cloned().unwrap_or(row);
        let (status, details) = verdict(&row);
        if status != one.status {
            one.modified = txn.now;
            txn.note("RuleEvaluation", key.to_string(), None, format!("{}: {status}", one.rule));
        }
        (one.status, one.details) = (status, details);
    }
    if evaluations != job.evaluations {
        txn.state.jobs.update(key, |row| row.evaluations = evaluations);
    }
}

fn verdict(job: &Job) -> (&'static str, Option<String>) {
    match (job.status, job.told_failure()) {
        (JobStatus::Completed, _) => ("NoIssuesFound", None),
        (JobStatus::Stopped, _) => ("Stopped", None),
        (JobStatus::Stopping, _) => ("Stopping", None),
        (JobStatus::Failed, failure) => {
            let said = job.exit.as_ref().map(|exit| exit.message.clone());
            let said = said.filter(|said| !said.is_empty()).or(failure.map(|failure| failure.reason.clone()));
            let met = said.as_ref().is_some_and(|said| said.contains(MET));
            (if met { "IssuesFound" } else { "Error" }, said)
        }
        _ => ("InProgress", None),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Status<'a> {
    rule_configuration_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_evaluation_job_arn: Option<&'a str>,
    rule_evaluation_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_details: Option<&'a str>,
    last_modified_time: i64,
}

/// What is told of the rules about a job's profile, or of the others.
pub fn statuses(job: &Job, of_profile: bool) -> Option<Vec<Status<'_>>> {
    let own = job.evaluations.iter().filter(|one| one.of_profile == of_profile);
    let all: Vec<_> = own
        .map(|one| Status {
            rule_configuration_name: &one.rule,
            rule_evaluation_job_arn: one.arn.as_deref(),
            rule_evaluation_status: one.status,
            status_details: one.details.as_deref(),
            last_modified_time: one.modified.millis(),
        })
        .collect();
    (!all.is_empty()).then_some(all)
}
