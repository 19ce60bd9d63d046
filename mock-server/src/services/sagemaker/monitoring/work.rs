//! What a monitoring job is to do, whoever says it: one of the four kinds of definitions, or a schedule itself; and the
//! request for a processing job that follows from it.

use super::super::error::SageMakerError;
use super::super::job::{Request, new_job};
use super::super::processing::Processing;
use super::error::MonitoringError;
use super::window::Window;
use crate::jobs::{self, NewJob};
use crate::kernel::SimTime;
use crate::model::{JobKind, MonitoringDefinition, MonitoringType, Parent, Txn};
use crate::services::Caller;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Where the container finds and leaves what. Source: developer guide, "Container contract inputs" and the described
/// jobs in public repositories.
const BASELINE: &str = "/opt/ml/processing/baseline";
const GROUND_TRUTH: &str = "/opt/ml/processing/groundtruth";
const CONFIG: &str = "/opt/ml/processing/input/analysis_config";
const CODE: &str = "/opt/ml/processing/code";

/// The parts of a definition.
pub struct Work<'a> {
    pub kind: MonitoringType,
    baseline: &'a Value,
    app: &'a Value,
    /// EndpointInput or BatchTransformInput.
    pub input: &'a Value,
    ground_truth: &'a Value,
    output: &'a Value,
    resources: &'a Value,
    network: &'a Value,
    role: &'a Value,
    stopping: &'a Value,
    environment: &'a Value,
}

impl<'a> Work<'a> {
    /// What a request for a definition says, or one that was granted.
    ///
    /// # Errors
    /// Both kinds of input, or none.
    pub fn of(kind: MonitoringType, request: &'a Value) -> Result<Self, SageMakerError> {
        let of_kind = |part: &str| &request[format!("{}{part}", kind.word())];
        let (app, input) = (of_kind("AppSpecification"), of_kind("JobInput"));
        Ok(Self {
            kind,
            baseline: of_kind("BaselineConfig"),
            app,
            input: one_input(input)?,
            ground_truth: &input["GroundTruthS3Input"],
            output: of_kind("JobOutputConfig"),
            resources: &request["JobResources"],
            network: &request["NetworkConfig"],
            role: &request["RoleArn"],
            stopping: &request["StoppingCondition"],
            environment: &app["Environment"],
        })
    }

    pub fn of_definition(definition: &'a MonitoringDefinition) -> Result<Self, SageMakerError> {
        Self::of(definition.key.kind, &definition.request)
    }

    /// What a schedule says itself.
    ///
    /// # Errors
    /// As above.
    pub fn inline(kind: MonitoringType, definition: &'a Value) -> Result<Self, SageMakerError> {
        Ok(Self {
            kind,
            baseline: &definition["BaselineConfig"],
            app: &definition["MonitoringAppSpecification"],
            input: one_input(&definition["MonitoringInputs"][0])?,
            ground_truth: &Value::Null,
            output: &definition["MonitoringOutputConfig"],
            resources: &definition["MonitoringResources"],
            network: &definition["NetworkConfig"],
            role: &definition["RoleArn"],
            stopping: &definition["StoppingCondition"],
            environment: &definition["Environment"],
        })
    }

    /// The endpoint that is monitored.
    pub fn endpoint(&self) -> Option<&'a str> {
        self.input["EndpointName"].as_str()
    }

    /// How long a job may run, if that was said.
    pub fn max_runtime(&self) -> Option<u64> {
        self.stopping["MaxRuntimeInSeconds"].as_u64()
    }

    /// The S3 prefix below which labels lie.
    pub fn ground_truth(&self) -> Option<&'a str> {
        self.ground_truth["S3Uri"].as_str()
    }

    /// The request for a job, without what it reads of captured data.
    fn members(&self) -> Map<String, Value> {
        let mut app = json!({ "ImageUri": self.app["ImageUri"] });
        for name in ["ContainerEntrypoint", "ContainerArguments"] {
            if let Some(given) = self.app.get(name) {
                app[name] = given.clone();
            }
        }
        let mut members = Map::new();
        let mut put = |name: &str, value: &Value| {
            if !value.is_null() {
                members.insert(name.to_owned(), value.clone());
            }
        };
        put("AppSpecification", &app);
        put("ProcessingResources", self.resources);
        put("NetworkConfig", self.network);
        put("RoleArn", self.role);
        put("StoppingCondition", self.stopping);
        members
    }

    /// Whether a job could be started now: what is wrong with it is wrong with what defines it.
    ///
    /// # Errors
    /// The refusal of such a job.
    pub fn check(&self, txn: &mut Txn<'_>, caller: &Caller) -> Result<(), SageMakerError> {
        let name = job_name(txn, self.kind, txn.now, "check");
        let new = new_job(txn, caller, request(name, self.members())?, None)?;
        jobs::check(txn, new)
            .map_err(|finding| SageMakerError::rule(&txn.state.texts, JobKind::Processing, &finding))
    }

    /// The job of an execution.
    ///
    /// # Errors
    /// The refusal of such a job.
    pub fn job(
        &self,
        txn: &mut Txn<'_>,
        caller: &Caller,
        run: &Run<'_>,
        parent: Parent,
    ) -> Result<NewJob, SageMakerError> {
        let mut members = self.members();
        members.insert("ProcessingInputs".into(), self.inputs(run).into());
        members.insert("ProcessingOutputConfig".into(), self.outputs(run));
        members.insert("Environment".into(), self.environment(run));
        let name = job_name(txn, self.kind, run.window.scheduled, &run.number.to_string());
        new_job(txn, caller, request(name, members)?, Some(parent))
    }

    /// What the job reads: the data, what they are compared with, and the container's own programs.
    fn inputs(&self, run: &Run<'_>) -> Vec<Value> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let manner = |name: &str, otherwise: &str| text(&self.input[name]).unwrap_or(otherwise.to_owned());
        let (mode, distribution) =
            (manner("S3InputMode", "File"), manner("S3DataDistributionType", "FullyReplicated"));
        let input = |name: String, url: &str, path: &str| {
            json!({ "InputName": name, "AppManaged": false, "S3Input": { "S3Uri": url, "LocalPath": path,
                "S3DataType": "S3Prefix", "S3InputMode": mode, "S3CompressionType": "None",
                "S3DataDistributionType": distribution } })
        };
        let path = self.input["LocalPath"].as_str().unwrap_or_default();
        let data = run.data.iter().enumerate().map(|(n, url)| match self.endpoint() {
            Some(_) => input(format!("endpoint_input_{}", n + 1), url, path),
            None => input(format!("batch_transform_input_{}", n + 1), url, path),
        });
        let truth = run.ground_truth.iter();
        let truth = truth.map(|url| input("ground_truth_input_1".to_owned(), url, GROUND_TRUTH));
        let beside = [
            ("baseline", &self.baseline["StatisticsResource"]["S3Uri"], format!("{BASELINE}/stats")),
            (
                "constraints",
                &self.baseline["ConstraintsResource"]["S3Uri"],
                format!("{BASELINE}/constraints"),
            ),
            ("analysis_config", &self.app["ConfigUri"], CONFIG.to_owned()),
            (
                "pre_processor_script",
                &self.app["RecordPreprocessorSourceUri"],
                format!("{CODE}/preprocessing"),
            ),
            (
                "post_processor_script",
                &self.app["PostAnalyticsProcessorSourceUri"],
                format!("{CODE}/postprocessing"),
            ),
        ];
        let beside =
            beside.into_iter().filter_map(|(name, url, path)| Some(input(name.into(), url.as_str()?, &path)));
        data.chain(truth).chain(beside).collect()
    }

    /// Where the job leaves what it found: below what was said, for each endpoint, schedule and hour.
    fn outputs(&self, run: &Run<'_>) -> Value {
        let given = &self.output["MonitoringOutputs"][0]["S3Output"];
        let base = given["S3Uri"].as_str().unwrap_or_default().trim_end_matches('/');
        let monitored = self.endpoint().map(|name| format!("/{name}")).unwrap_or_default();
        let folder = run.window.folder(run.window.scheduled);
        let url = format!("{base}{monitored}/{}/{folder}", run.schedule);
        let mut output = given.clone();
        output["S3Uri"] = url.into();
        if output.get("S3UploadMode").is_none() {
            output["S3UploadMode"] = "EndOfJob".into();
        }
        let mut all =
            json!({ "Outputs": [{ "OutputName": "result", "S3Output": output, "AppManaged": false }] });
        if let Some(key) = self.output.get("KmsKeyId") {
            all["KmsKeyId"] = key.clone();
        }
        all
    }

    /// Source: developer guide, "Container contract inputs".
    fn environment(&self, run: &Run<'_>) -> Value {
        let mut all = self.environment.as_object().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let given = &self.output["MonitoringOutputs"][0]["S3Output"]["LocalPath"];
        let format = match self.endpoint() {
            Some(_) => {
                json!({ "sagemakerCaptureJson": { "captureIndexNames": ["endpointInput", "endpointOutput"] } })
            }
            None => self.input["DatasetFormat"].clone(),
        };
        let baseline = |part: &str, file: &str| {
            let given = self.baseline[part]["S3Uri"].as_str()?;
            Some(format!("{BASELINE}/{file}/{}", given.rsplit('/').next().unwrap_or_default()))
        };
        let named = [
            ("dataset_format", Some(format.to_string())),
            ("dataset_source", Some(text(&self.input["LocalPath"]))),
            ("output_path", Some(text(given))),
            ("start_time", Some(run.window.text(run.window.start))),
            ("end_time", Some(run.window.text(run.window.end))),
            ("publish_cloudwatch_metrics", Some("Disabled".to_owned())),
            ("sagemaker_endpoint_name", self.endpoint().map(str::to_owned)),
            ("sagemaker_monitoring_schedule_name", Some(run.schedule.to_string())),
            ("baseline_constraints", baseline("ConstraintsResource", "constraints")),
            ("baseline_statistics", baseline("StatisticsResource", "stats")),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                all.entry(name).or_insert(value.into());
            }
        }
        Value::Object(all)
    }
}

/// An execution that is about to start its job.
pub struct Run<'a> {
    pub schedule: &'a Arc<str>,
    pub number: u64,
    pub window: Window,
    /// Where the data lie that it looks at.
    pub data: Vec<String>,
    pub ground_truth: Option<String>,
}

fn one_input(input: &Value) -> Result<&Value, SageMakerError> {
    match (input.get("EndpointInput"), input.get("BatchTransformInput")) {
        (Some(one), None) | (None, Some(one)) => Ok(one),
        _ => Err(MonitoringError::OneInput.into()),
    }
}

fn request(name: String, members: Map<String, Value>) -> Result<Request<Processing>, SageMakerError> {
    Request::of(name, members).map_err(|_| SageMakerError::Required("monitoringJobDefinition"))
}

/// As AWS forms it: ARNs of such jobs in public repositories.
fn job_name(txn: &mut Txn<'_>, kind: MonitoringType, at: SimTime, what: &str) -> String {
    let bits = txn.mint("monitoring-job");
    let minute: String = super::window::stamp(at).chars().take(12).collect();
    let tail = txn.origin.derive(&[&bits.to_string(), what]) >> 32;
    format!("{}-monitoring-{minute}-{tail:024x}", kind.stem())
}
