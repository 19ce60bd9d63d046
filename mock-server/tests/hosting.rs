//! Models, endpoint configurations and endpoints through the whole gateway: decoded and held to the service model on
//! the way in, held to it again on the way out.

#![allow(clippy::unwrap_used, clippy::panic)] // Clippy takes only functions marked as tests for tests.

mod wire;

use mockplane::aws::{ServiceId, ServiceModel};
use mockplane::gateway::Gateway;
use serde_json::{Value, json};
use wire::{call, gateway, ok};

/// A kind of resource as its operations are called.
struct Kind {
    /// As in `CreateModel`.
    word: &'static str,
    /// A request that says everything that can be said.
    everything: fn() -> Value,
    /// Members that exclude others of the request, each with those that it excludes.
    instead: &'static [(&'static str, &'static [&'static str])],
    /// Members of the input that the output does not tell, or tells otherwise. These lists only shrink.
    not_told: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind {
        word: "Model",
        everything: model,
        instead: &[("Containers", &["PrimaryContainer"]), ("PrimaryContainer", &["Containers"])],
        not_told: &["Tags"],
    },
    Kind {
        word: "EndpointConfig",
        everything: config,
        instead: &[
            ("ShadowProductionVariants", &["AsyncInferenceConfig"]),
            ("AsyncInferenceConfig", &["ShadowProductionVariants", "CrossRegionTrafficConfig"]),
        ],
        not_told: &["Tags"],
    },
    // What DescribeEndpoint calls LastDeploymentConfig.
    Kind { word: "Endpoint", everything: endpoint, instead: &[], not_told: &["DeploymentConfig", "Tags"] },
];

fn container(name: &str) -> Value {
    json!({
        "ContainerHostname": name,
        "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1",
        "ImageConfig": {
            "RepositoryAccessMode": "Vpc",
            "RepositoryAuthConfig": { "RepositoryCredentialsProviderArn": "arn:aws:lambda:us-east-1:123456789012:function:f" }
        },
        "Mode": "SingleModel",
        "ModelDataSource": { "S3DataSource": {
            "S3Uri": "s3://models/m/", "S3DataType": "S3Prefix", "CompressionType": "None",
            "ModelAccessConfig": { "AcceptEula": true }
        } },
        "AdditionalModelDataSources": [{
            "ChannelName": "more",
            "S3DataSource": { "S3Uri": "s3://models/n/", "S3DataType": "S3Prefix", "CompressionType": "None" }
        }],
        "Environment": { "A": "b" },
        "InferenceSpecificationName": "spec",
        "MultiModelConfig": { "ModelCacheSetting": "Enabled" }
    })
}

fn model() -> Value {
    json!({
        "ModelName": "everything",
        "PrimaryContainer": container("one"),
        "Containers": [container("one"), container("two")],
        "InferenceExecutionConfig": { "Mode": "Direct" },
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/Host",
        "Tags": [{ "Key": "team", "Value": "a" }],
        "VpcConfig": { "SecurityGroupIds": ["sg-1", "sg-0"], "Subnets": ["subnet-1", "subnet-0"] },
        "EnableNetworkIsolation": true
    })
}

fn variant(name: &str) -> Value {
    json!({
        "VariantName": name, "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large",
        "InitialVariantWeight": 0.5,
        "CoreDumpConfig": { "DestinationS3Uri": "s3://data/dumps", "KmsKeyId": "alias/key" },
        "VolumeSizeInGB": 10, "ModelDataDownloadTimeoutInSeconds": 60,
        "ContainerStartupHealthCheckTimeoutInSeconds": 60, "EnableSSMAccess": true,
        "ManagedInstanceScaling": { "Status": "DISABLED", "MinInstanceCount": 1, "MaxInstanceCount": 4 },
        "RoutingConfig": { "RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS" },
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-2"
    })
}

fn config() -> Value {
    json!({
        "EndpointConfigName": "everything",
        "ProductionVariants": [variant("one")],
        "DataCaptureConfig": {
            "EnableCapture": true, "InitialSamplingPercentage": 50, "DestinationS3Uri": "s3://data/captured",
            "KmsKeyId": "alias/key", "CaptureOptions": [{ "CaptureMode": "Input" }],
            "CaptureContentTypeHeader": { "CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"] }
        },
        "Tags": [{ "Key": "team", "Value": "a" }],
        "KmsKeyId": "alias/key",
        "AsyncInferenceConfig": {
            "ClientConfig": { "MaxConcurrentInvocationsPerInstance": 4 },
            "OutputConfig": { "KmsKeyId": "alias/key", "S3OutputPath": "s3://data/async" }
        },
        "ExplainerConfig": { "ClarifyExplainerConfig": {
            "EnableExplanations": "`true`",
            "ShapConfig": { "ShapBaselineConfig": { "MimeType": "text/csv", "ShapBaseline": "1,2" }, "Seed": 7 }
        } },
        "ShadowProductionVariants": [variant("two")],
        "ExecutionRoleArn": "arn:aws:iam::123456789012:role/Host",
        "VpcConfig": { "SecurityGroupIds": ["sg-1", "sg-0"], "Subnets": ["subnet-1", "subnet-0"] },
        "EnableNetworkIsolation": false,
        "MetricsConfig": { "EnableEnhancedMetrics": true, "MetricPublishFrequencyInSeconds": 60 },
        "CrossRegionTrafficConfig": {
            "MaxInvocationsPerSecondPerInstance": 10, "MaxCrossRegionPercentPerEndpoint": 50
        }
    })
}

fn policy() -> Value {
    json!({
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY", "WaitIntervalInSeconds": 60,
                "CanarySize": { "Type": "INSTANCE_COUNT", "Value": 1 }
            },
            "TerminationWaitInSeconds": 60, "MaximumExecutionTimeoutInSeconds": 600
        },
        "AutoRollbackConfiguration": { "Alarms": [{ "AlarmName": "a" }] }
    })
}

fn endpoint() -> Value {
    json!({
        "EndpointName": "everything",
        "EndpointConfigName": "c",
        "DeploymentConfig": policy(),
        "Tags": [{ "Key": "team", "Value": "a" }]
    })
}

impl Kind {
    fn named(&self) -> Value {
        json!({ format!("{}Name", self.word): "everything" })
    }

    fn call(&self, gateway: &Gateway, verb: &str) -> (u16, Value) {
        call(gateway, &format!("{verb}{}", self.word), &self.named())
    }

    /// A server on which this request was made, with all that it refers to; and the ARN.
    fn created(&self, request: &Value, memo: bool) -> (Gateway, Value) {
        let gateway = gateway(memo);
        ok(
            &gateway,
            "CreateModel",
            &json!({ "ModelName": "m", "PrimaryContainer": { "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1" } }),
        );
        let mut plain = KINDS[1].accepted();
        plain["EndpointConfigName"] = json!("c");
        ok(&gateway, "CreateEndpointConfig", &plain);
        let arn = ok(&gateway, &format!("Create{}", self.word), request)[format!("{}Arn", self.word)].clone();
        assert!(arn.as_str().unwrap().ends_with("/everything"), "{arn}");
        (gateway, arn)
    }

    /// A request that the service takes.
    fn accepted(&self) -> Value {
        let dropped = self.instead.first().map_or(&[][..], |(_, dropped)| dropped);
        without(&(self.everything)(), dropped)
    }
}

fn without(request: &Value, members: &[&str]) -> Value {
    let mut request = request.clone();
    request.as_object_mut().unwrap().retain(|name, _| !members.contains(&name.as_str()));
    request
}

#[test]
fn every_member_of_a_request_is_told_again_as_it_was() {
    let model = ServiceModel::get(ServiceId::SageMaker);
    for kind in KINDS {
        let shape = |verb: &str| model.operation(&format!("{verb}{}", kind.word)).unwrap();
        let (input, output) =
            (model.input(shape("Create")).unwrap(), model.output(shape("Describe")).unwrap());
        let everything = (kind.everything)();
        for member in model.members(input) {
            let given =
                everything.get(member.name).unwrap_or_else(|| panic!("{} is new: give it here", member.name));
            let excluded = kind.instead.iter().find(|(one, _)| *one == member.name).map(|(_, other)| *other);
            let request = excluded.map_or_else(|| kind.accepted(), |other| without(&everything, other));
            let (gateway, _) = kind.created(&request, true);
            let described = ok(&gateway, &format!("Describe{}", kind.word), &kind.named());
            let told_alike = model.member(output, member.name).is_some_and(|told| told.shape == member.shape);
            assert_eq!(told_alike, !kind.not_told.contains(&member.name), "{}: {}", kind.word, member.name);
            if told_alike {
                assert_eq!(&described[member.name], given, "{}: {}", kind.word, member.name);
            }
        }
    }
}

#[test]
fn an_endpoint_tells_what_its_configuration_says() {
    let kind = &KINDS[2];
    let (gateway, _) = kind.created(&kind.accepted(), true);
    let described = ok(&gateway, "DescribeEndpoint", &kind.named());
    let config = config();
    for member in ["ExplainerConfig", "MetricsConfig", "CrossRegionTrafficConfig"] {
        assert_eq!(described[member], config[member], "{member}");
    }
    assert_eq!(described["LastDeploymentConfig"], policy());
    assert_eq!(
        described["DataCaptureConfig"],
        json!({
            "EnableCapture": true, "CaptureStatus": "Started", "CurrentSamplingPercentage": 50,
            "DestinationS3Uri": "s3://data/captured", "KmsKeyId": "alias/key"
        })
    );
    let (one, two) = (&described["ProductionVariants"][0], &described["ShadowProductionVariants"][0]);
    assert_eq!((&one["VariantName"], &two["VariantName"]), (&json!("one"), &json!("two")));
    for (member, told) in [
        ("CurrentInstanceCount", json!(2)),
        ("DesiredInstanceCount", json!(2)),
        ("CurrentWeight", json!(0.5)),
        ("DesiredWeight", json!(0.5)),
        ("ManagedInstanceScaling", variant("one")["ManagedInstanceScaling"].clone()),
        ("RoutingConfig", variant("one")["RoutingConfig"].clone()),
    ] {
        assert_eq!(one[member], told, "{member}");
    }
    assert_eq!(
        one["DeployedImages"][0]["SpecifiedImage"],
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
    );
    assert_eq!(described["EndpointStatus"], "InService");
}

#[test]
fn each_is_described_alike_with_and_without_memo_and_each_time() {
    for kind in KINDS {
        let answers = [true, false].map(|memo| {
            let (gateway, _) = kind.created(&kind.accepted(), memo);
            [(); 3].map(|()| ok(&gateway, &format!("Describe{}", kind.word), &kind.named()))
        });
        let first = &answers[0][0];
        assert!(answers.iter().flatten().all(|answer| answer == first));
    }
}

#[test]
fn every_operation_answers_what_the_model_allows() {
    for kind in KINDS {
        let (gateway, arn) = kind.created(&kind.accepted(), true);
        let listed = |input: Value| ok(&gateway, &format!("List{}s", kind.word), &input);
        let name = format!("{}Name", kind.word);
        let first = &listed(json!({ "NameContains": "every", "CreationTimeAfter": 1_600_000_000 }));
        let first = &first[format!("{}s", kind.word)][0];
        assert_eq!(
            (&first[&name], first["CreationTime"].as_f64()),
            (&json!("everything"), Some(1_600_000_000.0))
        );
        let none = listed(json!({ "CreationTimeAfter": 1_600_000_001.5 }));
        assert_eq!(none[format!("{}s", kind.word)], json!([]));
        ok(&gateway, "AddTags", &json!({ "ResourceArn": arn, "Tags": [{ "Key": "k", "Value": "v" }] }));
        ok(&gateway, "DeleteTags", &json!({ "ResourceArn": arn, "TagKeys": ["team"] }));
        let tags = ok(&gateway, "ListTags", &json!({ "ResourceArn": arn }));
        assert_eq!(tags["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        assert_eq!(kind.call(&gateway, "Delete").0, 200);
        for verb in ["Describe", "Delete"] {
            let (status, refused) = kind.call(&gateway, verb);
            assert_eq!((status, refused["__type"].as_str()), (400, Some("ValidationException")));
            let text = refused["message"].as_str().unwrap();
            assert!(text.starts_with("Could not find ") && text.contains(arn.as_str().unwrap()), "{text}");
        }
    }
}
