//! DescribeAutoMLJob, DescribeAutoMLJobV2, and what is told of a candidate.

use super::super::error::SageMakerError;
use super::super::members::Members;
use super::asked::Plan;
use super::children::Maker;
use super::error::AutoMlError;
use super::{Named, course, find};
use crate::kernel::SimTime;
use crate::model::{AutoMlChild, AutoMlJob, AutoMlStep, JobStatus, Owner, Site, TuningStatus};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

pub struct DescribeAutoMLJob;

impl Operation for DescribeAutoMLJob {
    const NAME: &'static str = "DescribeAutoMLJob";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::AutoMl(super::key(&input.name))]
    }
}

impl Read for DescribeAutoMLJob {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        let job = find(view.state, &input.name)?;
        if job.first.is_none() {
            return Err(AutoMlError::NotOfFirst { name: job.name.to_string() }.into());
        }
        Ok(Described { job, site: view.state.site.clone(), second: false })
    }
}

pub struct DescribeAutoMLJobV2;

impl Operation for DescribeAutoMLJobV2 {
    const NAME: &'static str = "DescribeAutoMLJobV2";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::AutoMl(super::key(&input.name))]
    }
}

impl Read for DescribeAutoMLJobV2 {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        let job = find(view.state, &input.name)?;
        Ok(Described { job, site: view.state.site.clone(), second: true })
    }
}

/// An AutoML job in the words of one of the two. Both cannot be kept in its row: what was printed is not.
pub struct Described {
    job: Arc<AutoMlJob>,
    site: Arc<Site>,
    second: bool,
}

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        match (self.second, &self.job.first) {
            (false, Some(first)) => writer.value(&Told { of: self, request: first }),
            _ => writer.whole(&self.job.memo, &Told { of: self, request: &self.job.request }),
        }
    }
}

/// The members of the request that each of the two tells again.
const FIRST: &[&str] = &[
    "InputDataConfig",
    "OutputDataConfig",
    "RoleArn",
    "AutoMLJobObjective",
    "ProblemType",
    "AutoMLJobConfig",
    "GenerateCandidateDefinitionsOnly",
    "ModelDeployConfig",
];
const SECOND: &[&str] = &[
    "AutoMLJobInputDataConfig",
    "OutputDataConfig",
    "RoleArn",
    "AutoMLJobObjective",
    "AutoMLProblemTypeConfig",
    "ModelDeployConfig",
    "DataSplitConfig",
    "SecurityConfig",
    "AutoMLComputeConfig",
];

struct Told<'a> {
    of: &'a Described,
    request: &'a Value,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Described { job, site, second } = self.of;
        let mut out = Members::new(serializer, self.request)?;
        out.put("AutoMLJobName", &*job.name)?;
        out.put("AutoMLJobArn", &job.arn)?;
        for member in if *second { SECOND } else { FIRST } {
            out.repeat(member)?;
        }
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("EndTime", job.ended.map(SimTime::millis))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.maybe("FailureReason", told_failure(job))?;
        out.maybe("PartialFailureReasons", told_partial(job))?;
        out.put("AutoMLJobStatus", job.status.word())?;
        out.put("AutoMLJobSecondaryStatus", job.secondary)?;
        out.maybe("ModelDeployResult", job.deployed.as_ref().map(|name| json!({ "EndpointName": name })))?;
        let Ok(plan) = Plan::read(&job.request) else { return out.end() };
        let maker = Maker { job, plan };
        let best = course::best(job, &plan).map(|child| Candidate::of(site, &maker, child));
        out.maybe("BestCandidate", best)?;
        let analyzed = job.child(AutoMlStep::Analyze).and_then(|child| child.outcome.as_ref());
        let analyzed = analyzed.is_some_and(|outcome| outcome.status == JobStatus::Completed);
        let folder = maker.definitions().filter(|_| analyzed && plan.is_tabular());
        // Source: developer guide, "Autopilot notebooks generated to manage AutoML tasks".
        let notebook =
            |folder: &str, name: &str| format!("{folder}/notebooks/SageMakerAutopilot{name}Notebook.ipynb");
        let artifacts = folder.map(|folder| {
            json!({ "CandidateDefinitionNotebookLocation": notebook(&folder, "CandidateDefinition"),
                "DataExplorationNotebookLocation": notebook(&folder, "DataExploration") })
        });
        out.maybe("AutoMLJobArtifacts", artifacts)?;
        let objective = plan.metric().map(|metric| json!({ "MetricName": metric }));
        let mut resolved = json!({ "CompletionCriteria": plan.criteria(job.most_candidates) });
        if let Some(objective) = objective {
            resolved["AutoMLJobObjective"] = objective;
        }
        let problem = plan.resolved_problem();
        match (second, plan.problem) {
            (true, "Tabular") => {
                resolved["AutoMLProblemTypeResolvedAttributes"] =
                    json!({ "TabularResolvedAttributes": { "ProblemType": problem } });
            }
            (false, _) => resolved["ProblemType"] = problem.into(),
            _ => {}
        }
        if *second {
            out.put("AutoMLProblemTypeConfigName", plan.problem)?;
        }
        out.put("ResolvedAttributes", &resolved)?;
        out.end()
    }
}

/// The failure of an AutoML job, once it is told.
pub fn told_failure(job: &AutoMlJob) -> Option<&String> {
    job.failure.as_ref().filter(|_| job.status == TuningStatus::Failed)
}

pub fn told_partial(job: &AutoMlJob) -> Option<Vec<Value>> {
    let told = job.partial.iter().map(|reason| json!({ "PartialFailureMessage": reason }));
    Some(told.collect::<Vec<_>>()).filter(|all| !all.is_empty())
}

/// The containers of a candidate, one behind the other, as a model takes them.
pub fn containers(site: &Site, maker: &Maker<'_>, child: &AutoMlChild) -> Value {
    let model = json!({ "Image": maker.image(site, child.step),
        "ModelDataUrl": maker.model_data("tuning", &child.key.name), "Environment": {} });
    let Some(fitted) = maker.job.child(AutoMlStep::Engineer) else { return json!([model]) };
    let data = |task: &str| {
        json!({ "Image": maker.image(site, AutoMlStep::Engineer),
            "ModelDataUrl": maker.model_data("data-processor-models", &fitted.key.name),
            "Environment": { "AUTOML_TRANSFORM_MODE": task } })
    };
    json!([data("feature-transform"), model, data("inverse-label-transform")])
}

/// A candidate as its AutoML job tells of it.
pub struct Candidate {
    pub name: Arc<str>,
    pub created: SimTime,
    pub status: &'static str,
    pub value: Option<f64>,
    told: Value,
}

impl Candidate {
    pub fn of(site: &Site, maker: &Maker<'_>, child: &AutoMlChild) -> Self {
        let Maker { job, plan } = maker;
        let outcome = child.outcome.as_ref();
        let stopping = job.status == TuningStatus::Stopping;
        let status = match outcome.map(|outcome| outcome.status) {
            Some(JobStatus::Completed) => "Completed",
            Some(JobStatus::Stopped) => "Stopped",
            Some(_) => "Failed",
            None if stopping => "Stopping",
            None => "InProgress",
        };
        let value = outcome.and_then(|outcome| outcome.objective).filter(|_| plan.metric().is_some());
        let objective = match (outcome, value, status) {
            (None, ..) => "Pending",
            (_, Some(_), _) | (_, None, "Completed") => "Succeeded",
            _ => "Failed",
        };
        let ended = outcome.and_then(|outcome| outcome.ended);
        let mut told = json!({
            "CandidateName": &*child.key.name,
            "ObjectiveStatus": objective,
            "CandidateSteps": steps(job, child),
            "CandidateStatus": status,
            "CreationTime": child.created.millis(),
            "LastModifiedTime": ended.unwrap_or(child.created).millis(),
        });
        if let Some((metric, value)) = plan.metric().zip(value) {
            let direction = if plan.minimizes() { "Minimize" } else { "Maximize" };
            told["FinalAutoMLJobObjectiveMetric"] = json!({ "Type": direction, "MetricName": metric,
                "Value": value, "StandardMetricName": metric });
        }
        if let Some(ended) = ended {
            told["EndTime"] = ended.millis().into();
        }
        if let Some(failure) = outcome.and_then(|outcome| outcome.failure.as_deref()) {
            told["FailureReason"] = failure.into();
        }
        if status == "Completed" {
            told["InferenceContainers"] = containers(site, maker, child);
            told["CandidateProperties"] = properties(maker, child, value);
        }
        Self { name: child.key.name.clone(), created: child.created, status, value, told }
    }
}

impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.told.serialize(serializer)
    }
}

/// The jobs that led to a candidate, its own last.
fn steps(job: &AutoMlJob, candidate: &AutoMlChild) -> Vec<Value> {
    let before =
        job.children.iter().filter(|child| child.step < candidate.step && !child.step.makes_candidates());
    let step = |child: &AutoMlChild| {
        let kind = match child.key.kind {
            crate::model::JobKind::Training => "AWS::SageMaker::TrainingJob",
            crate::model::JobKind::Transform => "AWS::SageMaker::TransformJob",
            _ => "AWS::SageMaker::ProcessingJob",
        };
        json!({ "CandidateStepType": kind, "CandidateStepArn": child.arn, "CandidateStepName": &*child.key.name })
    };
    before.chain([candidate]).map(step).collect()
}

/// Where what is known of a candidate lies, as far as it is written; reports are those of the best one.
fn properties(maker: &Maker<'_>, child: &AutoMlChild, value: Option<f64>) -> Value {
    let mut all = json!({});
    let is_best = course::best(maker.job, &maker.plan).is_some_and(|best| best.key == child.key);
    let written = |step: AutoMlStep| {
        let report = maker.job.child(step).and_then(|report| report.outcome.as_ref());
        report.is_some_and(|outcome| outcome.status == JobStatus::Completed) && is_best
    };
    if written(AutoMlStep::Explain) {
        all["CandidateArtifactLocations"] =
            json!({ "Explainability": maker.place("documentation/explainability/output") });
        if written(AutoMlStep::Report) {
            all["CandidateArtifactLocations"]["ModelInsights"] =
                maker.place("documentation/model_monitor/output").into();
        }
    }
    if let Some((metric, value)) = maker.plan.metric().zip(value) {
        all["CandidateMetrics"] = json!([{ "MetricName": metric, "StandardMetricName": metric,
            "Value": value, "Set": "Validation" }]);
    }
    all
}

/// What a list tells of an AutoML job.
pub fn summary<S: Serializer>(job: &AutoMlJob, serializer: S) -> Result<S::Ok, S::Error> {
    let mut out = serializer.serialize_struct("Out", 9)?;
    let mut put = |name: &'static str, value: Value| match value.is_null() {
        true => out.skip_field(name),
        false => out.serialize_field(name, &value),
    };
    put("AutoMLJobName", json!(&*job.name))?;
    put("AutoMLJobArn", json!(job.arn))?;
    put("AutoMLJobStatus", json!(job.status.word()))?;
    put("AutoMLJobSecondaryStatus", json!(job.secondary))?;
    put("CreationTime", json!(job.created.millis()))?;
    put("EndTime", json!(job.ended.map(SimTime::millis)))?;
    put("LastModifiedTime", json!(job.modified.millis()))?;
    put("FailureReason", json!(told_failure(job)))?;
    put("PartialFailureReasons", json!(told_partial(job)))?;
    out.end()
}
