//! Jobs of every kind through the whole gateway: decoded and held to the service model on the way in, held to it again
//! on the way out.

#![allow(clippy::unwrap_used, clippy::panic)] // Clippy takes only functions marked as tests for tests.

mod wire;

use mockplane::aws::{ServiceId, ServiceModel};
use mockplane::gateway::Gateway;
use serde_json::{Value, json};
use wire::{call, gateway, ok};

/// A kind of job as its operations are called.
struct Kind {
    /// As in `CreateTrainingJob`.
    word: &'static str,
    /// A request that says everything that can be said at once.
    everything: fn() -> Value,
    /// Members that exclude others of the request, each with the member that it excludes.
    instead: &'static [(&'static str, &'static str)],
    /// Members of the input that the output does not tell, or tells otherwise. These lists only shrink.
    not_told: &'static [&'static str],
    completed: &'static str,
    deletable: bool,
}

const KINDS: &[Kind] = &[
    Kind {
        word: "Training",
        everything: training,
        instead: &[],
        not_told: &["Tags", "SessionChainingConfig"],
        completed: "Completed",
        deletable: true,
    },
    Kind {
        word: "Processing",
        everything: processing,
        instead: &[],
        not_told: &["Tags"],
        completed: "Completed",
        deletable: true,
    },
    Kind {
        word: "Transform",
        everything: transform,
        instead: &[],
        not_told: &["Tags"],
        completed: "Completed",
        deletable: false,
    },
    Kind {
        word: "Compilation",
        everything: compilation,
        instead: &[("ModelPackageVersionArn", "InputConfig")],
        not_told: &["Tags"],
        completed: "COMPLETED",
        deletable: true,
    },
];

impl Kind {
    fn operation(&self, verb: &str) -> String {
        format!("{verb}{}Job{}", self.word, if verb == "List" { "s" } else { "" })
    }
    fn member(&self, what: &str) -> String {
        format!("{}Job{what}", self.word)
    }
    fn named(&self) -> Value {
        json!({ self.member("Name"): "everything" })
    }
    /// A job made from this request, on a server of its own, and as it is described.
    fn created(&self, request: &Value, memo: bool) -> (Gateway, Value) {
        let gateway = gateway(memo);
        ok(
            &gateway,
            "CreateModel",
            &json!({ "ModelName": "m", "PrimaryContainer": { "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1" } }),
        );
        ok(&gateway, "CreateExperiment", &json!({ "ExperimentName": "e" }));
        ok(&gateway, "CreateTrial", &json!({ "TrialName": "t", "ExperimentName": "e" }));
        let arn = ok(&gateway, &self.operation("Create"), request)[self.member("Arn")].clone();
        assert!(arn.as_str().unwrap().ends_with("-job/everything"), "{arn}");
        (gateway, arn)
    }
    fn described(&self, gateway: &Gateway) -> Value {
        ok(gateway, &self.operation("Describe"), &self.named())
    }
}

fn training() -> Value {
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
            "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10, "VolumeKmsKeyId": "alias/key"
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

fn processing() -> Value {
    json!({
        "ProcessingJobName": "everything",
        "ProcessingInputs": [
            {
                "InputName": "s3", "AppManaged": false,
                "S3Input": {
                    "S3Uri": "s3://data/in", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix",
                    "S3InputMode": "Pipe", "S3DataDistributionType": "ShardedByS3Key", "S3CompressionType": "Gzip"
                }
            },
            {
                "InputName": "athena", "AppManaged": true,
                "DatasetDefinition": {
                    "AthenaDatasetDefinition": {
                        "Catalog": "c", "Database": "d", "QueryString": "select 1", "WorkGroup": "w",
                        "OutputS3Uri": "s3://data/athena", "KmsKeyId": "alias/key", "OutputFormat": "PARQUET",
                        "OutputCompression": "SNAPPY"
                    },
                    "LocalPath": "/opt/ml/processing/athena", "DataDistributionType": "FullyReplicated",
                    "InputMode": "File"
                }
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "s3", "AppManaged": true,
                    "S3Output": {
                        "S3Uri": "s3://data/out", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"
                    }
                },
                { "OutputName": "features", "FeatureStoreOutput": { "FeatureGroupName": "g" }, "AppManaged": true }
            ],
            "KmsKeyId": "alias/key"
        },
        "ProcessingResources": { "ClusterConfig": {
            "InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10, "VolumeKmsKeyId": "alias/key"
        } },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60 },
        "AppSpecification": {
            "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/process:1",
            "ContainerEntrypoint": ["python3"], "ContainerArguments": ["run.py"]
        },
        "Environment": { "A": "b" },
        "NetworkConfig": {
            "EnableInterContainerTrafficEncryption": true, "EnableNetworkIsolation": true,
            "VpcConfig": { "SecurityGroupIds": ["sg-1", "sg-0"], "Subnets": ["subnet-1", "subnet-0"] }
        },
        "RoleArn": "arn:aws:iam::123456789012:role/Processor",
        "Tags": [{ "Key": "team", "Value": "a" }],
        "ExperimentConfig": { "ExperimentName": "e", "TrialName": "t", "TrialComponentDisplayName": "c", "RunName": "r" }
    })
}

fn transform() -> Value {
    json!({
        "TransformJobName": "everything",
        "ModelName": "m",
        "MaxConcurrentTransforms": 2,
        "ModelClientConfig": { "InvocationsTimeoutInSeconds": 60, "InvocationsMaxRetries": 1 },
        "MaxPayloadInMB": 4,
        "BatchStrategy": "MultiRecord",
        "Environment": { "A": "b" },
        "TransformInput": {
            "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://data/in" } },
            "ContentType": "text/csv", "CompressionType": "Gzip", "SplitType": "Line"
        },
        "TransformOutput": {
            "S3OutputPath": "s3://data/out", "Accept": "text/csv", "AssembleWith": "Line", "KmsKeyId": "alias/key"
        },
        "DataCaptureConfig": {
            "DestinationS3Uri": "s3://data/captured", "KmsKeyId": "alias/key", "GenerateInferenceId": true
        },
        "TransformResources": {
            "InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeKmsKeyId": "alias/key",
            "TransformAmiVersion": "al2-ami-sagemaker-batch-gpu-535"
        },
        "DataProcessing": { "InputFilter": "$[1:]", "OutputFilter": "$", "JoinSource": "Input" },
        "Tags": [{ "Key": "team", "Value": "a" }],
        "ExperimentConfig": { "ExperimentName": "e", "TrialName": "t", "TrialComponentDisplayName": "c", "RunName": "r" }
    })
}

fn compilation() -> Value {
    json!({
        "CompilationJobName": "everything",
        "RoleArn": "arn:aws:iam::123456789012:role/Compiler",
        "ModelPackageVersionArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/p/1",
        "InputConfig": {
            "S3Uri": "s3://data/model.tar.gz", "DataInputConfig": "{\"data\":[1,3,224,224]}", "Framework": "PYTORCH",
            "FrameworkVersion": "1.8"
        },
        "OutputConfig": {
            "S3OutputLocation": "s3://data/compiled/",
            "TargetPlatform": { "Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA" },
            "CompilerOptions": "{\"gpu-code\": \"sm_62\"}", "KmsKeyId": "alias/key"
        },
        "VpcConfig": { "SecurityGroupIds": ["sg-1", "sg-0"], "Subnets": ["subnet-1", "subnet-0"] },
        "StoppingCondition": { "MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120, "MaxPendingTimeInSeconds": 7200 },
        "Tags": [{ "Key": "team", "Value": "a" }]
    })
}

fn without(request: &Value, member: &str) -> Value {
    let mut request = request.clone();
    request.as_object_mut().unwrap().remove(member);
    request
}

#[test]
fn every_member_of_a_request_is_told_again_as_it_was() {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let shape_of = |input: bool, operation: &str| {
        let operation = model.operation(operation).unwrap();
        if input { model.input(operation) } else { model.output(operation) }.unwrap()
    };
    for kind in KINDS {
        let input = shape_of(true, &kind.operation("Create"));
        let output = shape_of(false, &kind.operation("Describe"));
        let everything = (kind.everything)();
        for member in model.members(input) {
            let given =
                everything.get(member.name).unwrap_or_else(|| panic!("{} is new: give it here", member.name));
            // Of two members that exclude each other, both are told in their turn.
            let excluded = kind.instead.iter().find(|(one, _)| *one == member.name).map(|(_, other)| *other);
            let drop = excluded.or(kind.instead.first().map(|(one, _)| *one)).unwrap_or("");
            let (gateway, _) = kind.created(&without(&everything, drop), true);
            let described = kind.described(&gateway);
            let told_alike = model.member(output, member.name).is_some_and(|told| told.shape == member.shape);
            assert_eq!(told_alike, !kind.not_told.contains(&member.name), "{}: {}", kind.word, member.name);
            if told_alike {
                assert_eq!(&described[member.name], given, "{}: {}", kind.word, member.name);
            }
        }
    }
}

/// A request that the service takes.
fn accepted(kind: &Kind) -> Value {
    let everything = (kind.everything)();
    kind.instead.iter().fold(everything, |request, (one, _)| without(&request, one))
}

#[test]
fn a_job_is_described_alike_with_and_without_memo_and_each_time() {
    for kind in KINDS {
        let answers = [true, false].map(|memo| {
            let (gateway, _) = kind.created(&accepted(kind), memo);
            [(); 3].map(|()| kind.described(&gateway))
        });
        let first = &answers[0][0];
        assert!(answers.iter().flatten().all(|answer| answer == first));
        assert_eq!(first[kind.member("Status")], kind.completed);
    }
}

#[test]
fn every_operation_answers_what_the_model_allows() {
    for kind in KINDS {
        let (gateway, arn) = kind.created(&accepted(kind), true);
        let summaries = kind.member("Summaries");
        let list = |input: Value| ok(&gateway, &kind.operation("List"), &input)[&summaries].clone();
        let listed = list(json!({ "CreationTimeAfter": 1_599_999_999, "MaxResults": 1 }));
        assert_eq!(listed[0]["CreationTime"].as_f64(), Some(1_600_000_000.0));
        assert_eq!(
            (&listed[0][kind.member("Arn")], &listed[0][kind.member("Name")]),
            (&arn, &json!("everything"))
        );
        assert_eq!(list(json!({ "CreationTimeAfter": 1_600_000_001.5 })), json!([]));
        assert_eq!(
            list(json!({ "StatusEquals": kind.completed, "SortBy": "Status" })).as_array().unwrap().len(),
            1
        );
        ok(&gateway, "AddTags", &json!({ "ResourceArn": arn, "Tags": [{ "Key": "k", "Value": "v" }] }));
        ok(&gateway, "DeleteTags", &json!({ "ResourceArn": arn, "TagKeys": ["team"] }));
        let tags = ok(&gateway, "ListTags", &json!({ "ResourceArn": arn }));
        assert_eq!(tags["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        let (status, refused) = call(&gateway, &kind.operation("Stop"), &kind.named());
        assert_eq!((status, refused["__type"].as_str()), (400, Some("ValidationException")));
        let told = format!("job is in status {}.", kind.completed);
        assert!(refused["message"].as_str().unwrap().ends_with(&told), "{refused}");
        let (status, refused) = call(&gateway, &kind.operation("Create"), &accepted(kind));
        assert_eq!((status, refused["__type"].as_str()), (400, Some("ResourceInUse")));
        if kind.deletable {
            ok(&gateway, &kind.operation("Delete"), &kind.named());
            for verb in ["Describe", "Stop", "Delete"] {
                let (status, refused) = call(&gateway, &kind.operation(verb), &kind.named());
                assert_eq!((status, refused["__type"].as_str()), (400, Some("ValidationException")));
                let expected = match kind.word {
                    "Training" => "Requested resource not found.",
                    _ => "Could not find requested job with name: everything",
                };
                assert_eq!(refused["message"].as_str(), Some(expected));
            }
        }
    }
}
