//! Monitoring: definitions, schedules, and the processing jobs that they start.

use super::*;
use crate::model::{Content, MonitoringOutcome, Owner, VpcConfig};
use crate::scenario::behaviour::parse;
use crate::services::sagemaker::monitoring::definition::{
    self, DataQuality, Definition, ModelBias, ModelExplainability, ModelQuality,
};
use crate::services::sagemaker::monitoring::schedule::{
    CreateMonitoringSchedule, DeleteMonitoringSchedule, DescribeMonitoringSchedule, ListMonitoringSchedules,
    StartMonitoringSchedule, StopMonitoringSchedule, UpdateMonitoringSchedule,
};
use crate::services::sagemaker::monitoring::{
    ListMonitoringAlertHistory, ListMonitoringAlerts, ListMonitoringExecutions, UpdateMonitoringAlert,
};
use proptest::prelude::*;

const HOUR: u64 = 3_600_000;
/// What is captured in the hour in which the lab begins: 2020-09-13T12:26:40Z.
const FIRST_HOUR: &str = "captured/watched/all/2020/09/13/12/";

impl Site {
    /// An endpoint outside the VPC that captures what it gets.
    fn watched(&self) {
        endpoints::create_model(
            &self.lab,
            json!({ "ModelName": "m", "ExecutionRoleArn": ROLE_ARN, "PrimaryContainer": { "Image": IMAGE } }),
        );
        let config = json!({ "EndpointConfigName": "c",
            "DataCaptureConfig": { "EnableCapture": true, "InitialSamplingPercentage": 100,
                "DestinationS3Uri": "s3://data/captured/", "CaptureOptions": [{ "CaptureMode": "Input" }] },
            "ProductionVariants": [{ "VariantName": "all", "ModelName": "m", "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1 }] });
        endpoints::create(&self.lab, "watched", config);
        self.lab.advance(10_000);
    }

    fn vpc_config(&self) -> Value {
        json!({ "SecurityGroupIds": [self.group.to_string()], "Subnets": [self.subnet.to_string()] })
    }

    /// A definition within a schedule, in the site's subnet.
    fn inline(&self) -> Value {
        json!({
            "MonitoringInputs": [{ "EndpointInput":
                { "EndpointName": "watched", "LocalPath": "/opt/ml/processing/input/endpoint" } }],
            "MonitoringOutputConfig": { "MonitoringOutputs": [{ "S3Output":
                { "S3Uri": "s3://data/reports/", "LocalPath": "/opt/ml/processing/output" } }] },
            "MonitoringResources": { "ClusterConfig":
                { "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10 } },
            "MonitoringAppSpecification": { "ImageUri": IMAGE },
            "StoppingCondition": { "MaxRuntimeInSeconds": 1800 },
            "NetworkConfig": { "VpcConfig": self.vpc_config() },
            "RoleArn": ROLE_ARN,
        })
    }

    fn schedule(&self, name: &str, expression: &str) -> Value {
        json!({ "MonitoringScheduleName": name, "MonitoringScheduleConfig": {
            "ScheduleConfig": { "ScheduleExpression": expression }, "MonitoringJobDefinition": self.inline() } })
    }

    fn plan(&self, request: Value) -> Result<Value, Refused> {
        let before = self.lab.state();
        let done = self.lab.write::<CreateMonitoringSchedule>(request);
        if done.is_err() {
            let after = self.lab.state();
            assert_eq!(after.monitoring_schedules.len(), before.monitoring_schedules.len());
            assert_eq!(after.jobs.len(), before.jobs.len());
        }
        self.assert_sound();
        done
    }

    fn planned(&self, name: &str) -> Value {
        self.lab.read::<DescribeMonitoringSchedule>(schedule_named(name)).unwrap()
    }

    fn schedule_status(&self, name: &str) -> String {
        self.planned(name)["MonitoringScheduleStatus"].as_str().unwrap().to_owned()
    }

    fn executions(&self, request: Value) -> Vec<Value> {
        let listed = self.lab.read::<ListMonitoringExecutions>(request).unwrap();
        listed["MonitoringExecutionSummaries"].as_array().unwrap().clone()
    }

    fn outcomes(&self) -> Vec<Option<MonitoringOutcome>> {
        self.lab.state().monitoring_executions.iter().map(|row| row.outcome).collect()
    }

    fn pass_hours(&self, hours: u64) {
        for _ in 0..hours * 4 {
            self.lab.advance(HOUR / 4);
            self.assert_sound();
        }
    }

    fn captured(&self) {
        self.lab.bucket("data");
        let content = || Content::Bytes(bytes::Bytes::from_static(b"{}"));
        self.lab.object("data", &format!("{FIRST_HOUR}26-40-000-x.jsonl"), content());
    }

    fn declared(&self, text: &str) {
        parse(&format!("behaviours: [{{{text}}}]"))
            .unwrap()
            .into_iter()
            .for_each(|one| self.lab.declare(one));
    }
}

fn schedule_named(name: &str) -> Value {
    json!({ "MonitoringScheduleName": name })
}

/// A request for a definition of a kind, in the site's subnet.
fn asked<D: Definition>(site: &Site, name: &str) -> Value {
    let kind = D::KIND.word();
    let mut request = json!({
        "JobDefinitionName": name,
        "JobResources": { "ClusterConfig":
            { "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10 } },
        "NetworkConfig": { "EnableNetworkIsolation": false, "VpcConfig": site.vpc_config() },
        "RoleArn": ROLE_ARN,
        "StoppingCondition": { "MaxRuntimeInSeconds": 1800 },
    });
    request[format!("{kind}BaselineConfig")] =
        json!({ "ConstraintsResource": { "S3Uri": "s3://data/c.json" } });
    request[format!("{kind}AppSpecification")] = json!({ "ImageUri": IMAGE, "Environment": { "a": "b" } });
    request[format!("{kind}JobInput")] = json!({
        "EndpointInput": { "EndpointName": "watched", "LocalPath": "/opt/ml/processing/input/endpoint" } });
    if matches!(kind, "ModelBias" | "ModelExplainability") {
        request[format!("{kind}AppSpecification")]["ConfigUri"] = json!("s3://data/config.json");
    }
    if matches!(kind, "ModelBias" | "ModelQuality") {
        request[format!("{kind}JobInput")]["GroundTruthS3Input"] = json!({ "S3Uri": "s3://data/labels/" });
    }
    request[format!("{kind}JobOutputConfig")] = json!({ "MonitoringOutputs": [{ "S3Output":
        { "S3Uri": "s3://data/reports", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob" } }] });
    request
}

fn keeps_definitions<D: Definition>() {
    let site = Site::new(Profile::Fast);
    let named = json!({ "JobDefinitionName": "d" });
    let arn = format!("arn:aws:sagemaker:us-east-1:123456789012:{}-job-definition/d", D::KIND.stem());
    let lab = &site.lab;
    let missing = lab.read::<definition::Describe<D>>(named.clone()).unwrap_err();
    assert_eq!(
        (&*missing.code, missing.message),
        ("ResourceNotFound", format!("Monitoring Job Definition {arn} not found"))
    );
    let request = asked::<D>(&site, "d");
    let made = lab.write::<definition::Create<D>>(request.clone()).unwrap();
    assert_eq!(made["JobDefinitionArn"], arn);
    let again = lab.write::<definition::Create<D>>(request.clone()).unwrap_err();
    assert_eq!(&*again.code, "ResourceInUse");
    // It is told as it was said.
    let mut told = lab.read::<definition::Describe<D>>(named.clone()).unwrap();
    let members = told.as_object_mut().unwrap();
    assert!(members.remove("JobDefinitionArn").is_some() && members.remove("CreationTime").is_some());
    assert_eq!(told, request);
    // A job of it has to be possible; its network is looked at as that of any.
    for (path, value, text) in [
        ("/NetworkConfig/VpcConfig/Subnets", json!(["subnet-1"]), "The subnet ID 'subnet-1' does not exist"),
        (
            "/NetworkConfig/VpcConfig/SecurityGroupIds",
            json!(["sg-1"]),
            "The security group 'sg-1' does not exist",
        ),
        ("/RoleArn", json!("arn:aws:iam::123456789012:role/Nobody"), "Could not assume role"),
    ] {
        let mut wrong = asked::<D>(&site, "e");
        *wrong.pointer_mut(path).unwrap() = value;
        let refused = lab.write::<definition::Create<D>>(wrong).unwrap_err();
        assert!(refused.message.starts_with(text) && refused.because.is_some(), "{}", refused.message);
    }
    let mut both = asked::<D>(&site, "e");
    both[format!("{}JobInput", D::KIND.word())] = json!({});
    let refused = lab.write::<definition::Create<D>>(both).unwrap_err();
    assert!(refused.message.contains("exactly one of EndpointInput and BatchTransformInput"));

    lab.advance(1000);
    lab.write::<definition::Create<D>>(asked::<D>(&site, "b")).unwrap();
    let names = |request: Value| -> Vec<String> {
        let listed = lab.read::<definition::List<D>>(request).unwrap();
        let rows = listed["JobDefinitionSummaries"].as_array().unwrap().clone();
        rows.iter().map(|row| row["MonitoringJobDefinitionName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(json!({})), ["b", "d"]);
    assert_eq!(names(json!({ "SortBy": "Name", "SortOrder": "Descending" })), ["d", "b"]);
    assert_eq!(names(json!({ "NameContains": "d" })), ["d"]);
    assert_eq!(names(json!({ "EndpointName": "watched", "MaxResults": 1 })), ["b"]);
    assert!(names(json!({ "EndpointName": "other" })).is_empty());
    lab.write::<definition::Delete<D>>(named.clone()).unwrap();
    assert_eq!(&*lab.write::<definition::Delete<D>>(named).unwrap_err().code, "ResourceNotFound");
    assert_eq!((names(json!({})).len(), site.free()), (1, 11));
    site.assert_sound();
}

#[test]
fn definitions_of_every_kind_are_kept() {
    keeps_definitions::<DataQuality>();
    keeps_definitions::<ModelQuality>();
    keeps_definitions::<ModelBias>();
    keeps_definitions::<ModelExplainability>();
}

#[test]
fn a_schedule_starts_a_job_each_hour() {
    let site = Site::new(Profile::Fast);
    site.watched();
    site.captured();
    let arn = site.plan(site.schedule("s", "cron(0 * ? * * *)")).unwrap()["MonitoringScheduleArn"].clone();
    assert_eq!(arn, "arn:aws:sagemaker:us-east-1:123456789012:monitoring-schedule/s");
    assert_eq!(site.schedule_status("s"), "Pending");
    site.lab.advance(1000);
    assert_eq!((site.schedule_status("s"), site.outcomes().len()), ("Scheduled".into(), 0));
    // At 13:00 the first job begins, and reads what was captured in the hour before.
    let now = site.lab.now().millis().unsigned_abs();
    site.lab.advance(HOUR - now % HOUR);
    let first = site.executions(schedule_named("s")).remove(0);
    assert_eq!(
        (&first["MonitoringExecutionStatus"], &first["ScheduledTime"]),
        (&json!("InProgress"), &json!(1_600_002_000_000_i64))
    );
    site.lab.advance(1000);
    assert_eq!(site.lab.interfaces().len(), 2);
    let job = site.lab.state().jobs.iter().next().cloned().unwrap();
    assert_eq!(first["ProcessingJobArn"], job.arn);
    assert!(job.key.name.starts_with("data-quality-monitoring-202009131300-"), "{}", job.key.name);
    let described =
        site.lab.read::<Describe<Processing>>(json!({ "ProcessingJobName": &*job.key.name })).unwrap();
    assert_eq!(described["MonitoringScheduleArn"], arn);
    assert_eq!(described["NetworkConfig"]["VpcConfig"], site.vpc_config());
    let (input, output) =
        (&described["ProcessingInputs"][0], &described["ProcessingOutputConfig"]["Outputs"][0]);
    assert_eq!(input["S3Input"]["S3Uri"], format!("s3://data/{}", FIRST_HOUR.trim_end_matches('/')));
    assert_eq!(output["S3Output"]["S3Uri"], "s3://data/reports/watched/s/2020/09/13/13");
    assert_eq!(described["Environment"]["start_time"], "2020-09-13T12:00:00Z");
    assert_eq!(described["Environment"]["sagemaker_endpoint_name"], "watched");
    site.lab.advance(10_000);
    assert_eq!((site.outcomes(), site.free()), (vec![Some(MonitoringOutcome::Completed)], 11));
    let told = site.planned("s")["LastMonitoringExecutionSummary"].clone();
    assert_eq!(told["MonitoringExecutionStatus"], "Completed");
    assert!(site.lab.keys("data").iter().any(|key| key.starts_with("reports/watched/s/2020/09/13/13/")));
    // Nothing was captured in the next hour: there is nothing to start a job for.
    site.pass_hours(1);
    let second = site.executions(schedule_named("s")).remove(0);
    assert_eq!(
        (second["MonitoringExecutionStatus"].as_str(), second["FailureReason"].as_str()),
        (Some("Failed"), Some("Job inputs had no data"))
    );
    assert!(second.get("ProcessingJobArn").is_none());
    let failed = json!({ "StatusEquals": "Failed", "SortBy": "ScheduledTime", "SortOrder": "Ascending",
        "ScheduledTimeAfter": 1_600_002_000_000_i64, "MonitoringTypeEquals": "DataQuality" });
    assert_eq!(site.executions(failed).len(), 1);
    assert!(site.executions(json!({ "EndpointName": "other" })).is_empty());
}

#[test]
fn what_a_container_leaves_says_what_it_found() {
    let site = Site::new(Profile::Fast);
    site.watched();
    site.declared("image: '*/image:*', kinds: [processing], files: {constraint_violations.json: 1KB}");
    let mut request = site.schedule("s", "NOW");
    request["MonitoringScheduleConfig"]["ScheduleConfig"] = json!({ "ScheduleExpression": "NOW",
        "DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT0H" });
    site.plan(request).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.outcomes(), [Some(MonitoringOutcome::CompletedWithViolations)]);
    let alert = || {
        site.lab.read::<ListMonitoringAlerts>(schedule_named("s")).unwrap()["MonitoringAlertSummaries"][0]
            .clone()
    };
    assert_eq!((&alert()["AlertStatus"], &alert()["EvaluationPeriod"]), (&json!("InAlert"), &json!(1)));
    let history = |request: Value| {
        let told = site.lab.read::<ListMonitoringAlertHistory>(request).unwrap();
        told["MonitoringAlertHistory"].as_array().unwrap().len()
    };
    let ok = json!({ "MonitoringScheduleName": "s", "StatusEquals": "OK" });
    assert_eq!((history(schedule_named("s")), history(ok)), (1, 0));
    let change = |name: &str, datapoints: u32, period: u32| {
        site.lab.write::<UpdateMonitoringAlert>(
            json!({ "MonitoringScheduleName": "s", "MonitoringAlertName": name,
            "DatapointsToAlert": datapoints, "EvaluationPeriod": period }),
        )
    };
    let name = alert()["MonitoringAlertName"].as_str().unwrap().to_owned();
    assert_eq!(change("other", 1, 1).unwrap_err().code, "ResourceNotFound");
    assert_eq!(change(&name, 2, 1).unwrap_err().code, "ValidationException");
    change(&name, 2, 3).unwrap();
    assert_eq!((&alert()["AlertStatus"], &alert()["DatapointsToAlert"]), (&json!("OK"), &json!(2)));
    assert!(site.lab.read::<ListMonitoringAlerts>(schedule_named("t")).is_err());
    // It runs once; what is started again runs again.
    site.pass_hours(30);
    assert_eq!((site.outcomes().len(), site.schedule_status("s")), (1, "Scheduled".into()));
    site.lab.write::<StopMonitoringSchedule>(schedule_named("s")).unwrap();
    site.lab.advance(1000);
    site.lab.write::<StartMonitoringSchedule>(schedule_named("s")).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.outcomes().len(), 2);
    // Two of three.
    assert_eq!((&alert()["AlertStatus"], history(json!({}))), (&json!("InAlert"), 1));
}

#[test]
fn a_job_that_fails_says_why() {
    let site = Site::new(Profile::Fast);
    site.watched();
    let mut request = site.schedule("s", "cron(0 * ? * * *)");
    let resources = "/MonitoringScheduleConfig/MonitoringJobDefinition/MonitoringResources/ClusterConfig";
    request.pointer_mut(resources).unwrap()["InstanceCount"] = json!(6);
    site.plan(request).unwrap();
    site.pass_hours(1);
    let failed = site.executions(schedule_named("s")).remove(0);
    assert_eq!(failed["MonitoringExecutionStatus"], "Failed");
    assert!(failed["FailureReason"].as_str().unwrap().contains("free IP addresses"), "{failed}");
    // A job that its user stops was stopped.
    let mut request = site.schedule("s", "cron(0 * ? * * *)");
    request["MonitoringScheduleName"] = json!("t");
    site.plan(request).unwrap();
    site.lab.advance(1000);
    let now = site.lab.now().millis().unsigned_abs();
    site.lab.advance(HOUR - now % HOUR + 1000);
    let running = site.executions(schedule_named("t")).remove(0);
    let name = running["ProcessingJobArn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    site.lab.write::<Stop<Processing>>(json!({ "ProcessingJobName": name })).unwrap();
    assert_eq!(site.executions(schedule_named("t"))[0]["MonitoringExecutionStatus"], "Stopping");
    site.lab.advance(5000);
    assert_eq!(site.executions(schedule_named("t"))[0]["MonitoringExecutionStatus"], "Stopped");
    // What became of it is known when the job is gone.
    site.lab.write::<Delete<Processing>>(json!({ "ProcessingJobName": name })).unwrap();
    assert_eq!(site.executions(schedule_named("t"))[0]["MonitoringExecutionStatus"], "Stopped");
    site.assert_sound();
}

#[test]
fn schedules_by_definition_read_labels_too() {
    let site = Site::new(Profile::Fast);
    site.watched();
    site.lab.write::<definition::Create<ModelBias>>(asked::<ModelBias>(&site, "d")).unwrap();
    let config = json!({ "ScheduleConfig": { "ScheduleExpression": "cron(0 * ? * * *)" },
        "MonitoringJobDefinitionName": "d", "MonitoringType": "ModelBias" });
    site.plan(json!({ "MonitoringScheduleName": "s", "MonitoringScheduleConfig": config })).unwrap();
    site.pass_hours(1);
    assert_eq!(site.outcomes(), [Some(MonitoringOutcome::Completed)]);
    let job = site.lab.state().jobs.iter().next().cloned().unwrap();
    let inputs: Vec<_> = job
        .needs
        .inputs
        .iter()
        .map(|need| need.url.rsplit("s3://data/").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        inputs,
        ["captured/watched/all/2020/09/13/12", "labels/2020/09/13/12", "c.json", "config.json"]
    );
    assert_eq!(
        job.needs.vpc,
        Some(VpcConfig { subnets: vec![site.subnet.to_string()], groups: vec![site.group.to_string()] })
    );
    let listed = |request: Value| {
        let all = site.lab.read::<ListMonitoringSchedules>(request).unwrap();
        all["MonitoringScheduleSummaries"].as_array().unwrap().len()
    };
    assert_eq!(listed(json!({ "MonitoringJobDefinitionName": "d", "MonitoringTypeEquals": "ModelBias" })), 1);
    assert_eq!(listed(json!({ "MonitoringTypeEquals": "DataQuality" })), 0);
    assert_eq!(listed(json!({ "EndpointName": "watched", "StatusEquals": "Scheduled" })), 1);
    // Nothing holds the definition; without it there are no jobs.
    site.lab.write::<definition::Delete<ModelBias>>(json!({ "JobDefinitionName": "d" })).unwrap();
    site.pass_hours(1);
    let told = site.planned("s")["LastMonitoringExecutionSummary"].clone();
    assert!(
        told["FailureReason"].as_str().unwrap().ends_with("model-bias-job-definition/d not found"),
        "{told}"
    );
}

#[test]
fn the_status_of_a_schedule() {
    let site = Site::new(Profile::Fast);
    site.watched();
    site.plan(site.schedule("s", "cron(0 0/6 ? * * *)")).unwrap();
    let pending = |refused: Refused| assert_eq!(refused.message, "Monitoring schedule in status Pending");
    pending(site.lab.write::<DeleteMonitoringSchedule>(schedule_named("s")).unwrap_err());
    pending(site.lab.write::<StopMonitoringSchedule>(schedule_named("s")).unwrap_err());
    pending(site.lab.write::<StartMonitoringSchedule>(schedule_named("s")).unwrap_err());
    pending(site.lab.write::<UpdateMonitoringSchedule>(site.schedule("s", "NOW")).unwrap_err());
    site.lab.advance(1000);
    site.lab.write::<StopMonitoringSchedule>(schedule_named("s")).unwrap();
    site.lab.advance(1000);
    assert_eq!(site.schedule_status("s"), "Stopped");
    site.pass_hours(12);
    assert!(site.outcomes().is_empty());
    // An update does not start it.
    site.lab.write::<UpdateMonitoringSchedule>(site.schedule("s", "cron(0 * ? * * *)")).unwrap();
    site.lab.advance(1000);
    assert_eq!(site.schedule_status("s"), "Stopped");
    site.lab.write::<StartMonitoringSchedule>(schedule_named("s")).unwrap();
    // Meanwhile its subnet goes.
    let subnet = site.subnet;
    site.lab.edit(|state| drop(state.remove_subnet(subnet)));
    site.lab.advance(1000);
    let told = site.planned("s");
    assert_eq!(told["MonitoringScheduleStatus"], "Failed");
    assert_eq!(told["FailureReason"], format!("The subnet ID '{subnet}' does not exist"));
    let refused = endpoints::try_delete(&site.lab, "watched").unwrap_err();
    assert!(refused.message.contains("while it has monitoring schedules"));
    site.lab.write::<DeleteMonitoringSchedule>(schedule_named("s")).unwrap();
    endpoints::delete(&site.lab, "watched");
    let refused = site.lab.read::<DescribeMonitoringSchedule>(schedule_named("s")).unwrap_err();
    assert_eq!(
        (&*refused.code, &*refused.message),
        (
            "ResourceNotFound",
            "Monitoring Schedule arn:aws:sagemaker:us-east-1:123456789012:monitoring-schedule/s not found"
        )
    );
}

#[test]
fn what_is_no_schedule_is_refused() {
    let site = Site::new(Profile::Fast);
    site.watched();
    let with = |path: &str, value: Value| {
        let mut request = site.schedule("s", "cron(0 * ? * * *)");
        let (parent, member) = path.rsplit_once('/').unwrap();
        let parent = request.pointer_mut(&format!("/MonitoringScheduleConfig{parent}")).unwrap();
        parent[member] = value;
        site.plan(request).unwrap_err()
    };
    let of_job = |member: &str| format!("/MonitoringJobDefinition/{member}");
    for (path, value, text) in [
        ("/ScheduleConfig/ScheduleExpression", json!("cron(5 * ? * * *)"), "Invalid ScheduleExpression"),
        (
            "/ScheduleConfig/ScheduleExpression",
            json!("NOW"),
            "DataAnalysisStartTime and DataAnalysisEndTime are",
        ),
        (
            "/ScheduleConfig",
            json!({ "ScheduleExpression": "NOW", "DataAnalysisStartTime": "x", "DataAnalysisEndTime": "PT0H" }),
            "Invalid analysis window from x to PT0H",
        ),
        (
            "/MonitoringJobDefinitionName",
            json!("d"),
            "You must specify exactly one of MonitoringJobDefinition",
        ),
        (
            &of_job("StoppingCondition/MaxRuntimeInSeconds"),
            json!(3601),
            "MaxRuntimeInSeconds (3601) must not",
        ),
        (&of_job("MonitoringInputs"), json!([{}]), "You must specify exactly one of EndpointInput"),
        (&of_job("MonitoringInputs/0/EndpointInput/EndpointName"), json!("no"), "Could not find endpoint"),
        (&of_job("RoleArn"), json!("arn:aws:iam::123456789012:role/Nobody"), "Could not assume role"),
        (
            &of_job("NetworkConfig/VpcConfig/Subnets"),
            json!(["subnet-1"]),
            "The subnet ID 'subnet-1' does not",
        ),
        (
            &of_job("NetworkConfig/VpcConfig/SecurityGroupIds"),
            json!(["sg-1"]),
            "The security group 'sg-1' does not",
        ),
    ] {
        let refused = with(path, value);
        assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
        assert!(refused.message.starts_with(text), "{}", refused.message);
    }
    let named = |config: Value| {
        let request = json!({ "MonitoringScheduleName": "s", "MonitoringScheduleConfig": config });
        site.plan(request).unwrap_err().message
    };
    assert!(
        named(json!({ "MonitoringJobDefinitionName": "d" }))
            .contains("monitoringScheduleConfig.monitoringType")
    );
    let missing = named(json!({ "MonitoringJobDefinitionName": "d", "MonitoringType": "ModelBias" }));
    assert!(missing.ends_with(":model-bias-job-definition/d not found"), "{missing}");
    // An hour of jobs that look at labels too leaves half of it.
    let mut long = asked::<ModelBias>(&site, "d");
    long["StoppingCondition"] = json!({ "MaxRuntimeInSeconds": 3600 });
    site.lab.write::<definition::Create<ModelBias>>(long).unwrap();
    let by_name = |expression: &str| {
        json!({ "ScheduleConfig": { "ScheduleExpression": expression },
            "MonitoringJobDefinitionName": "d", "MonitoringType": "ModelBias" })
    };
    assert!(
        named(by_name("cron(0 * ? * * *)")).starts_with("MaxRuntimeInSeconds (3600) must not exceed 1800")
    );
    let slow = json!({ "MonitoringScheduleName": "slow", "MonitoringScheduleConfig": by_name("cron(0 0/2 ? * * *)") });
    site.plan(slow).unwrap();
    let config = json!({ "EndpointConfigName": "deaf", "ProductionVariants": [{ "VariantName": "all",
        "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }] });
    endpoints::create(&site.lab, "deaf", config);
    let refused = with(&of_job("MonitoringInputs/0/EndpointInput/EndpointName"), json!("deaf"));
    assert!(refused.message.ends_with("does not have data capture enabled."));
    site.plan(site.schedule("s", "cron(0 * ? * * *)")).unwrap();
    let twice = site.plan(site.schedule("s", "cron(0 * ? * * *)")).unwrap_err();
    assert_eq!(&*twice.code, "ResourceInUse");
}

#[test]
fn without_an_expression_there_is_a_job_each_day() {
    let site = Site::new(Profile::Realistic);
    site.watched();
    site.lab.advance(HOUR);
    let mut request = site.schedule("s", "");
    request["MonitoringScheduleConfig"].as_object_mut().unwrap().remove("ScheduleConfig");
    site.plan(request).unwrap();
    site.pass_hours(72);
    let times: Vec<_> =
        site.lab.state().monitoring_executions.iter().map(|row| row.scheduled.millis()).collect();
    assert!((2..=3).contains(&times.len()) && times.windows(2).all(|pair| pair[1] - pair[0] == 86_400_000));
    // AWS lets them wait a while.
    let late = |row: &Arc<crate::model::MonitoringExecution>| row.created.since(row.scheduled).as_secs();
    let delays: Vec<_> = site.lab.state().monitoring_executions.iter().map(late).collect();
    assert!(delays.iter().all(|delay| *delay < 20 * 60) && delays.iter().any(|delay| *delay > 0));
}

#[test]
fn who_waits_for_a_schedule_does_not_wait_for_ever() {
    let site = Site::new(Profile::Fast);
    site.watched();
    let owner = Owner::Schedule("s".into());
    let awaited = || {
        let state = site.lab.state();
        let all = state.awaited(&owner);
        all.into_iter().filter_map(|owner| state.timers.next_of(&owner)).min()
    };
    site.plan(site.schedule("s", "cron(0 * ? * * *)")).unwrap();
    for _ in 0..100 {
        let Some(next) = awaited() else { break };
        site.lab.advance(next.since(site.lab.now()).as_millis().try_into().unwrap());
        site.assert_sound();
    }
    // The first job has ended, and nobody waits for the second.
    assert_eq!((awaited(), site.outcomes()), (None, vec![Some(MonitoringOutcome::Completed)]));
    // A waiter runs the timers of the schedule itself, of which there are none any more.
    assert_eq!(site.lab.state().timers.next_of(&owner), None);
}

#[test]
fn two_months_of_hours() {
    let site = Site::new(Profile::Instant);
    site.watched();
    site.plan(site.schedule("s", "cron(0 * ? * * *)")).unwrap();
    site.lab.advance(0);
    assert_eq!(site.schedule_status("s"), "Scheduled");
    site.lab.advance(24 * 60 * HOUR);
    assert_eq!((site.lab.state().monitoring_executions.len(), site.free()), (1440, 11));
    assert!(site.outcomes().iter().all(|outcome| *outcome == Some(MonitoringOutcome::Completed)));
    assert_eq!(site.lab.state().timers.len(), 1);
    site.assert_sound();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever is done to a schedule at whatever time: there is nothing left of its jobs in the end, and everything
    /// happens again with the same seed.
    #[test]
    fn schedules_are_left_clean(
        acts in prop::collection::vec((0_u8..5, 0_u64..2 * HOUR), 1..12), instances in 1_u32..7,
    ) {
        let run = || {
            let site = Site::new(Profile::Fast);
            site.watched();
            let mut request = site.schedule("s", "cron(0 * ? * * *)");
            let resources = "/MonitoringScheduleConfig/MonitoringJobDefinition/MonitoringResources/ClusterConfig";
            request.pointer_mut(resources).unwrap()["InstanceCount"] = json!(instances);
            for (act, wait) in &acts {
                // Most are refused in some status or other.
                let _ = match act {
                    0 => site.lab.write::<CreateMonitoringSchedule>(request.clone()),
                    1 => site.lab.write::<UpdateMonitoringSchedule>(request.clone()),
                    2 => site.lab.write::<StartMonitoringSchedule>(schedule_named("s")),
                    3 => site.lab.write::<StopMonitoringSchedule>(schedule_named("s")),
                    _ => site.lab.write::<DeleteMonitoringSchedule>(schedule_named("s")),
                };
                site.assert_sound();
                site.lab.advance(*wait);
                site.assert_sound();
            }
            let _ = site.lab.write::<StopMonitoringSchedule>(schedule_named("s"));
            site.lab.advance(HOUR);
            assert_eq!(site.free(), 11);
            site.outcomes()
        };
        prop_assert_eq!(run(), run());
    }
}
