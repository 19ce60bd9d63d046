//! Training jobs through the whole gateway: decoded and held to the service model on the way in, held to it again
//! on the way out.

#![allow(clippy::unwrap_used, clippy::panic)] // Clippy takes only functions marked as tests for tests.

use bytes::Bytes;
use hyper::Request;
use mockplane::aws::{ServiceId, ServiceModel};
use mockplane::gateway::Gateway;
use mockplane::kernel::{AccountId, Clock, ClockMode, SimTime};
use mockplane::model::{Defaults, Profile, RuleMode, RuleModes, World};
use serde_json::{Value, json};
use std::sync::Arc;

/// A server whose jobs are over at once, and whose rules do not ask whether roles and subnets exist.
fn gateway(memo: bool) -> Gateway {
    let mut rule_modes = RuleModes::default();
    for rule in ["SM-ROLE-TRUST-07", "SM-F-SUBNET-404", "SM-F-SG-404", "SM-VPC-IP-01"] {
        rule_modes.set(rule, RuleMode::Off);
    }
    let start = SimTime::from_millis(1_600_000_000_000);
    let clock = move |wall| Clock::new(ClockMode::Manual, Some(start), wall);
    let world =
        World::new(1, Defaults { profile: Profile::Instant, rule_modes, ..Defaults::default() }, clock);
    let account = AccountId::parse("123456789012").unwrap();
    Gateway::new(Arc::new(world), account, "us-east-1".into(), memo)
}

fn call(gateway: &Gateway, operation: &str, input: &Value) -> (u16, Value) {
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("SageMaker.{operation}"))
        .header("host", "localhost:4545")
        .body(Bytes::from(input.to_string()))
        .unwrap();
    let response = gateway.handle(&request);
    let status = response.status().as_u16();
    let body = response.into_body();
    (status, if body.is_empty() { json!({}) } else { serde_json::from_slice(&body).unwrap() })
}

fn ok(gateway: &Gateway, operation: &str, input: &Value) -> Value {
    let (status, answer) = call(gateway, operation, input);
    assert_eq!(status, 200, "{operation}: {answer}");
    answer
}

/// A request that says everything that CreateTrainingJob can be told, but for members that exclude each other.
fn everything() -> Value {
    json!({
        "TrainingJobName": "everything",
        "HyperParameters": { "depth": "5" },
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{ "Name": "loss", "Regex": "loss=(.*)" }],
            "EnableSageMakerMetricsTimeSeries": true,
            "ContainerEntrypoint": ["train"],
            "ContainerArguments": ["--fast"],
            "TrainingImageConfig": { "TrainingRepositoryAccessMode": "Vpc" }
        },
        "RoleArn": "arn:aws:iam::123456789012:role/Trainer",
        "InputDataConfig": [{
            "ChannelName": "train",
            "DataSource": { "S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://data/train", "S3DataDistributionType": "FullyReplicated",
                "AttributeNames": ["a"]
            } },
            "ContentType": "text/csv", "CompressionType": "None", "RecordWrapperType": "None", "InputMode": "File",
            "ShuffleConfig": { "Seed": 7 }
        }],
        "OutputDataConfig": { "KmsKeyId": "alias/key", "S3OutputPath": "s3://data/out", "CompressionType": "NONE" },
        "ResourceConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10, "VolumeKmsKeyId": "alias/key",
            "KeepAlivePeriodInSeconds": 60
        },
        "VpcConfig": { "SecurityGroupIds": ["sg-1", "sg-0"], "Subnets": ["subnet-1", "subnet-0"] },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120, "MaxPendingTimeInSeconds": 7200 },
        "Tags": [{ "Key": "team", "Value": "a" }],
        "EnableNetworkIsolation": true,
        "EnableInterContainerTrafficEncryption": true,
        "EnableManagedSpotTraining": true,
        "CheckpointConfig": { "S3Uri": "s3://data/checkpoints", "LocalPath": "/opt/ml/checkpoints" },
        "DebugHookConfig": {
            "LocalPath": "/opt/ml/debug", "S3OutputPath": "s3://data/debug", "HookParameters": { "a": "b" },
            "CollectionConfigurations": [{ "CollectionName": "c", "CollectionParameters": { "d": "e" } }]
        },
        "DebugRuleConfigurations": [{
            "RuleConfigurationName": "r", "RuleEvaluatorImage": "image", "InstanceType": "ml.t3.medium",
            "VolumeSizeInGB": 1, "RuleParameters": { "a": "b" }
        }],
        "TensorBoardOutputConfig": { "LocalPath": "/opt/ml/board", "S3OutputPath": "s3://data/board" },
        "ExperimentConfig": { "ExperimentName": "e", "TrialName": "t", "TrialComponentDisplayName": "c", "RunName": "r" },
        "ProfilerConfig": {
            "S3OutputPath": "s3://data/profile", "ProfilingIntervalInMilliseconds": 500,
            "ProfilingParameters": { "a": "b" }, "DisableProfiler": false
        },
        "ProfilerRuleConfigurations": [{ "RuleConfigurationName": "p", "RuleEvaluatorImage": "image" }],
        "Environment": { "A": "b" },
        "RetryStrategy": { "MaximumRetryAttempts": 2 },
        "RemoteDebugConfig": { "EnableRemoteDebug": true },
        "InfraCheckConfig": { "EnableInfraCheck": true },
        "SessionChainingConfig": { "EnableSessionTagChaining": true },
        "ServerlessJobConfig": {
            "BaseModelArn": "arn:aws:sagemaker:us-east-1:aws:hub-content/Hub/Model/m", "AcceptEula": true,
            "JobType": "FineTuning", "CustomizationTechnique": "SFT", "Peft": "LORA"
        },
        "MlflowConfig": {
            "MlflowResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/m",
            "MlflowExperimentName": "e", "MlflowRunName": "r"
        },
        "ModelPackageConfig": {
            "ModelPackageGroupArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/g"
        }
    })
}

/// Members of the input that the output does not tell, or tells otherwise. This list only shrinks.
const NOT_TOLD: &[&str] = &["Tags", "SessionChainingConfig"];

#[test]
fn every_member_of_a_request_is_told_again_as_it_was() {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let shape_of = |input: bool, operation: &str| {
        let operation = model.operation(operation).unwrap();
        if input { model.input(operation) } else { model.output(operation) }.unwrap()
    };
    let (input, output) = (shape_of(true, "CreateTrainingJob"), shape_of(false, "DescribeTrainingJob"));
    let request = everything();
    let gateway = gateway(true);
    ok(&gateway, "CreateTrainingJob", &request);
    let described = ok(&gateway, "DescribeTrainingJob", &json!({ "TrainingJobName": "everything" }));
    for member in model.members(input) {
        let given =
            request.get(member.name).unwrap_or_else(|| panic!("{} is new: give it here", member.name));
        let told_alike = model.member(output, member.name).is_some_and(|told| told.shape == member.shape);
        assert_eq!(told_alike, !NOT_TOLD.contains(&member.name), "{}", member.name);
        if told_alike {
            assert_eq!(&described[member.name], given, "{}", member.name);
        }
    }
}

#[test]
fn a_job_is_described_alike_with_and_without_memo_and_each_time() {
    let answers: Vec<_> = [true, false]
        .into_iter()
        .map(|memo| {
            let gateway = gateway(memo);
            ok(&gateway, "CreateTrainingJob", &everything());
            let name = json!({ "TrainingJobName": "everything" });
            [(); 3].map(|()| ok(&gateway, "DescribeTrainingJob", &name))
        })
        .collect();
    let first = &answers[0][0];
    assert!(answers.iter().flatten().all(|answer| answer == first));
    assert_eq!(first["TrainingJobStatus"], "Completed");
}

#[test]
fn every_operation_answers_what_the_model_allows() {
    let gateway = gateway(true);
    let arn = ok(&gateway, "CreateTrainingJob", &everything())["TrainingJobArn"].clone();
    let listed =
        ok(&gateway, "ListTrainingJobs", &json!({ "CreationTimeAfter": 1_599_999_999, "MaxResults": 1 }));
    assert_eq!(listed["TrainingJobSummaries"][0]["CreationTime"].as_f64(), Some(1_600_000_000.0));
    assert_eq!(listed["TrainingJobSummaries"][0]["TrainingJobArn"], arn);
    let none = ok(&gateway, "ListTrainingJobs", &json!({ "CreationTimeAfter": 1_600_000_001.5 }));
    assert_eq!(none["TrainingJobSummaries"], json!([]));
    ok(&gateway, "AddTags", &json!({ "ResourceArn": arn, "Tags": [{ "Key": "k", "Value": "v" }] }));
    ok(&gateway, "DeleteTags", &json!({ "ResourceArn": arn, "TagKeys": ["team"] }));
    let tags = ok(&gateway, "ListTags", &json!({ "ResourceArn": arn }));
    assert_eq!(tags["Tags"], json!([{ "Key": "k", "Value": "v" }]));
    let name = json!({ "TrainingJobName": "everything" });
    let (status, refused) = call(&gateway, "StopTrainingJob", &name);
    assert_eq!((status, refused["__type"].as_str()), (400, Some("ValidationException")));
    ok(&gateway, "DeleteTrainingJob", &name);
    let (status, refused) = call(&gateway, "DescribeTrainingJob", &name);
    assert_eq!((status, refused["message"].as_str()), (400, Some("Requested resource not found.")));
}
