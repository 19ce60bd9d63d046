//! What would become of a request for a job or an endpoint: the very code runs, in no time and in a transaction that is
//! dropped.

use super::{Gateway, call};
use crate::aws::value::Value;
use crate::aws::{
    Fault, Operation as WireOperation, RequestParts, ServiceId, ServiceModel, decode, validate,
};
use crate::jobs::explain::RefusalReport;
use crate::jobs::{self, Explanation};
use crate::kernel::{Scope, SimTime};
use crate::model::{
    Account, Finding, JobKey, JobKind, Partition, Profile, RegionInfo, RuleMode, RuleModes, Txn,
};
use crate::net::Terrain;
use crate::rules;
use crate::services::{Caller, Principal, Read, Refused, Registrar, Write, sagemaker};
use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use std::collections::HashMap;
use std::sync::Arc;

/// A request that is not made.
pub struct Planned {
    pub operation: &'static WireOperation,
    pub input: Value,
}

type Step = fn(&mut Txn<'_>, &Caller, &Value) -> Result<(), Refused>;

/// The operations that can be tried: those that make something.
pub(super) struct Steps(HashMap<&'static str, Step>);

impl Steps {
    pub(super) fn all() -> Self {
        let mut all = Self(HashMap::new());
        sagemaker::operations(&mut all);
        all
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl Registrar for Steps {
    fn read<O: Read>(&mut self) {}
    fn write<O: Write>(&mut self) {
        if O::NAME.starts_with("Create") {
            self.0.insert(O::NAME, step::<O>);
        }
    }
}

fn step<O: Write>(txn: &mut Txn<'_>, caller: &Caller, input: &Value) -> Result<(), Refused> {
    let input = crate::aws::from_value(input, &mut |_: &str| {}).map_err(|error| Refused {
        code: "InternalFailure".into(),
        message: error.to_string(),
        status: 500,
        because: None,
        line: None,
        assumed: None,
        members: Box::default(),
    })?;
    O::run(txn, caller, input).map(drop).map_err(Into::into)
}

/// How a try ended.
struct Tried {
    explanation: Explanation,
    /// The rule for which it got no further.
    stopped_by: Option<&'static str>,
    refused: Option<Refused>,
}

impl Gateway {
    /// Reads a request as the service would.
    ///
    /// # Errors
    /// What the service answers to a request that does not fit its model.
    pub fn plan(&self, operation: &str, input: &serde_json::Value) -> Result<Planned, Fault> {
        let model = ServiceModel::get(ServiceId::SageMaker);
        let mut headers = HeaderMap::new();
        let target = HeaderValue::from_str(&format!("SageMaker.{operation}"));
        headers.extend(
            target.ok().map(|target| (hyper::header::HeaderName::from_static("x-amz-target"), target)),
        );
        let body = Bytes::from(input.to_string());
        let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: &body };
        let (operation, input) = decode(model, &parts)?;
        validate(model, operation, &input)?;
        if !self.steps.knows(operation.name) {
            return Err(Fault::not_implemented(ServiceId::SageMaker, operation));
        }
        Ok(Planned { operation, input })
    }

    /// What would become of requests that the account's root made one after the other; the last one is explained.
    ///
    /// # Errors
    /// A refusal of one before the last.
    pub fn preflight(
        &self,
        account: &Arc<Account>,
        region: &'static RegionInfo,
        now: SimTime,
        planned: &[Planned],
    ) -> Result<Explanation, Fault> {
        let caller = Caller {
            account: account.id,
            region: region.name.into(),
            partition: Partition::of(region.name),
            principal: Principal::Root,
            session: None,
            access_key: String::new(),
            host: String::new(),
        };
        self.foresee(account, &caller, now, planned)
    }

    /// Tries, and as long as a rule stands in the way, tries again without it: so that everything is told that would
    /// stand in the way later.
    pub(super) fn foresee(
        &self,
        account: &Arc<Account>,
        caller: &Caller,
        now: SimTime,
        planned: &[Planned],
    ) -> Result<Explanation, Fault> {
        let Some((last, before)) = planned.split_last() else {
            return Err(Fault::new("ValidationException", "There is no request."));
        };
        let mut spared: Vec<&'static str> = Vec::new();
        let first = self.attempt(account, caller, now, (before, last), &spared)?;
        let mut all = Some(first.explanation.clone()).filter(|_| first.refused.is_none());
        let mut stop = first.stopped_by;
        while let Some(rule) = stop.filter(|rule| !spared.contains(rule)) {
            spared.push(rule);
            let tried = self.attempt(account, caller, now, (before, last), &spared)?;
            stop = tried.stopped_by;
            if tried.refused.is_none() {
                all = Some(match all {
                    Some(all) => all.join(tried.explanation),
                    None => tried.explanation,
                });
            }
        }
        let Tried { explanation, stopped_by, refused } = first;
        let state = account.read(&Scope::Region(caller.region.clone()));
        let refusal = refused.map(|refused| {
            let fault = call::fault(&state, refused);
            let known = fault.because.as_deref().and_then(rules::about);
            RefusalReport {
                request: None,
                operation: format!("sagemaker:{}", last.operation.name),
                region: caller.region.to_string(),
                code: fault.code.to_string(),
                message: fault.message,
                http_status: fault.status,
                because: None,
                summary: known.as_ref().map(|about| about.summary),
                hint: known.as_ref().map(|about| about.hint),
                sources: known.map(|about| about.sources).unwrap_or_default(),
            }
        });
        let told = all.unwrap_or_else(|| explanation.clone());
        let refused = refusal.is_some();
        let ends = ["Completed", "COMPLETED", "InService", ""].contains(&explanation.status);
        Ok(Explanation {
            job: told.job,
            status: if refused { "Refused" } else { explanation.status },
            secondary_status: explanation.secondary_status,
            failure_reason: explanation.failure_reason,
            decided_by: stopped_by.or(explanation.decided_by),
            would_complete: Some(!refused && ends),
            refusal,
            ..told
        })
    }

    /// Tries once, without the rules that are spared. What they say is told as if they counted.
    fn attempt(
        &self,
        account: &Arc<Account>,
        caller: &Caller,
        now: SimTime,
        (before, last): (&[Planned], &Planned),
        spared: &[&'static str],
    ) -> Result<Tried, Fault> {
        let scope = Scope::Region(caller.region.clone());
        let state = account.read(&scope);
        let mut tried = None;
        let run = |txn: &mut Txn<'_>| -> Result<(), Refused> {
            let modes = txn.global.rule_modes.clone();
            txn.state.profile = Profile::Instant;
            spare(txn, spared);
            for planned in before {
                self.take(txn, caller, planned)?;
            }
            let outcome = self.take(txn, caller, last);
            tried = Some(match outcome {
                Ok(()) => told(txn, last, spared, &modes),
                Err(refused) => Tried {
                    explanation: Explanation { job: subject(last), ..Explanation::default() },
                    stopped_by: refused.because.filter(|rule| rules::get(rule).is_some()),
                    refused: Some(refused),
                },
            });
            Ok(())
        };
        account.write(&scope, now, false, run).map_err(|refused| call::fault(&state, refused))?;
        tried.ok_or_else(|| Fault::internal(ServiceId::SageMaker, "nothing was tried"))
    }

    fn take(&self, txn: &mut Txn<'_>, caller: &Caller, planned: &Planned) -> Result<(), Refused> {
        self.steps.0.get(planned.operation.name).map_or(Ok(()), |step| step(txn, caller, &planned.input))
    }
}

/// Lets rules only warn.
fn spare(txn: &mut Txn<'_>, rules: &[&'static str]) {
    if !rules.is_empty() {
        let global = Arc::make_mut(&mut txn.global);
        rules.iter().for_each(|rule| global.rule_modes.set(rule, RuleMode::Warn));
    }
}

/// What was made, explained.
fn told(txn: &mut Txn<'_>, planned: &Planned, spared: &[&'static str], modes: &RuleModes) -> Tried {
    let Some(key) = key(planned).or_else(|| child(txn, planned)) else {
        return told_of_model(txn, planned, modes);
    };
    let counted = |findings: &mut Vec<Finding>| {
        for finding in findings.iter_mut().filter(|finding| spared.contains(&finding.rule)) {
            finding.mode = RuleMode::Enforce;
        }
    };
    // The rule for which this try got no further, before what was spared is told as if it counted.
    let stopped_by = jobs::explain(&txn.state, &key).and_then(|explanation| explanation.decided_by);
    let first = spared.first().copied().or(stopped_by);
    match key.kind {
        JobKind::Hosting => {
            drop(txn.state.endpoints.update(&key.name, |endpoint| counted(&mut endpoint.findings)))
        }
        JobKind::Notebook => {
            drop(txn.state.notebooks.update(&key.name, |notebook| counted(&mut notebook.findings)))
        }
        JobKind::Cluster => {
            drop(txn.state.clusters.update(&key.name, |cluster| counted(&mut cluster.findings)))
        }
        _ => drop(txn.state.jobs.update(&key, |job| counted(&mut job.findings))),
    }
    let terrain =
        Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere(), now: txn.now };
    let mut explanation = jobs::explain_with_fixes(&terrain, &key).unwrap_or_default().decided(first);
    for interface in &mut explanation.interfaces {
        (interface.exists, interface.would_exist) = (false, true);
    }
    Tried { explanation, stopped_by, refused: None }
}

fn told_of_model(txn: &Txn<'_>, planned: &Planned, modes: &RuleModes) -> Tried {
    let name = planned.input.get("ModelName").and_then(Value::as_str).unwrap_or_default();
    let terrain =
        Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere(), now: txn.now };
    let model = txn.state.models.get(&Arc::from(name)).filter(|_| planned.operation.name == "CreateModel");
    let explanation = match model {
        Some(model) => jobs::explain_model(&terrain, model, modes),
        None => Explanation { job: subject(planned), ..Explanation::default() },
    };
    Tried { explanation, stopped_by: None, refused: None }
}

/// The members that name what is made, with the kind of job that it is.
const NAMES: [(&str, &str, Option<JobKind>); 10] = [
    ("CreateTrainingJob", "TrainingJobName", Some(JobKind::Training)),
    ("CreateProcessingJob", "ProcessingJobName", Some(JobKind::Processing)),
    ("CreateTransformJob", "TransformJobName", Some(JobKind::Transform)),
    ("CreateCompilationJob", "CompilationJobName", Some(JobKind::Compilation)),
    ("CreateEndpoint", "EndpointName", Some(JobKind::Hosting)),
    ("CreateNotebookInstance", "NotebookInstanceName", Some(JobKind::Notebook)),
    ("CreateCluster", "ClusterName", Some(JobKind::Cluster)),
    ("CreateEndpointConfig", "EndpointConfigName", None),
    ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName", None),
    ("CreateModel", "ModelName", None),
];

/// The operation that a request is for, by its members: the first of those that name what it makes.
pub fn operation_of(input: &serde_json::Value) -> Option<&'static str> {
    NAMES.iter().find(|(_, name, _)| input.get(name).is_some()).map(|(operation, ..)| *operation)
}

fn key(planned: &Planned) -> Option<JobKey> {
    let (_, member, kind) = NAMES.iter().find(|(operation, ..)| *operation == planned.operation.name)?;
    let name = planned.input.get(member).and_then(Value::as_str)?;
    Some(JobKey { kind: (*kind)?, name: name.into() })
}

/// The first training job of a tuning job: the others go the same way.
fn child(txn: &Txn<'_>, planned: &Planned) -> Option<JobKey> {
    let name = planned.input.get("HyperParameterTuningJobName").and_then(Value::as_str)?;
    let job = txn.state.tuning_jobs.get(&Arc::from(name))?;
    job.trials.front().map(|trial| trial.key.clone())
}

/// What a request is for, for people.
fn subject(planned: &Planned) -> String {
    let named = NAMES.iter().find(|(operation, ..)| *operation == planned.operation.name);
    let name = named.and_then(|(_, member, _)| planned.input.get(member)?.as_str()).unwrap_or_default();
    match key(planned) {
        Some(key) => key.to_string(),
        None => format!("{} {name}", planned.operation.name),
    }
}
