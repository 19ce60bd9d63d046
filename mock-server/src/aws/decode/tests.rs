//! Tests of decoding: botocore's requests, refusals, and whatever else may arrive.

use base64::Engine;
use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::aws::{ServiceId, from_value};

#[derive(Deserialize)]
struct Fixture {
    service: String,
    operation: String,
    input: serde_json::Value,
    method: String,
    path: String,
    query: String,
    headers: serde_json::Map<String, serde_json::Value>,
    body: String,
}

fn read(fixtures: &str) -> usize {
    let fixtures: Vec<Fixture> = serde_json::from_str(fixtures).unwrap();
    for fixture in &fixtures {
        let headers: Vec<(&str, &str)> =
            fixture.headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let body = base64::engine::general_purpose::STANDARD.decode(&fixture.body).unwrap();
        let parts = RequestParts {
            method: &fixture.method,
            path: &fixture.path,
            query: &fixture.query,
            headers: &headers,
            body: &Bytes::from(body),
        };
        let model = ServiceModel::get(ServiceId::from_name(&fixture.service).unwrap());
        let (operation, value) =
            decode(model, &parts).unwrap_or_else(|fault| panic!("{}: {fault}", fixture.operation));
        assert_eq!(operation.name, fixture.operation);
        let input = operation.input.map(|input| Value::from_json(model, input, &fixture.input).unwrap());
        assert_eq!(value, input.unwrap_or_else(Value::empty), "{}", fixture.operation);
        assert_eq!(operation_of(model, &parts).map(|operation| operation.name), Some(operation.name));
    }
    fixtures.len()
}

#[test]
fn requests_of_botocore() {
    assert!(read(include_str!("fixtures.json")) > 25);
    if let Ok(path) = std::env::var("MOCKPLANE_CODEC_FIXTURES") {
        assert!(read(&std::fs::read_to_string(path).unwrap()) > 1500);
    }
}

fn form(service: ServiceId, body: &str) -> Result<serde_json::Value, Fault> {
    let headers: Vec<(&str, &str)> = Vec::new();
    let body = Bytes::copy_from_slice(body.as_bytes());
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    decode(ServiceModel::get(service), &parts).map(|(_, value)| value.to_json())
}

fn json11(target: &str, body: &str) -> Result<serde_json::Value, Fault> {
    let headers = vec![("X-Amz-Target", target)];
    let body = Bytes::copy_from_slice(body.as_bytes());
    let parts = RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: &body };
    decode(ServiceModel::get(ServiceId::SageMaker), &parts).map(|(_, value)| value.to_json())
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Fault>) -> (String, String) {
    let fault = outcome.unwrap_err();
    assert_eq!(fault.status, 400);
    (fault.code.into_owned(), fault.message)
}

#[test]
fn ec2_refusals() {
    let refused = |body: &str| code(form(ServiceId::Ec2, body));
    let pair = |code: &str, message: &str| (code.to_owned(), message.to_owned());
    assert_eq!(
        refused("Action=MakeCoffee&Version=2016-11-15"),
        pair("InvalidAction", "The action MakeCoffee is not valid for this web service.")
    );
    assert_eq!(refused("").0, "MissingAction");
    assert_eq!(refused("Action=").0, "MissingAction");
    assert_eq!(
        refused("Action=CreateVpc&ClientToken=x"),
        pair("UnknownParameter", "The parameter ClientToken is not recognized")
    );
    for odd in [
        "Filters.1.Name=x",
        "Filter.Name=x",
        "Filter.1.Name.2=x",
        "Filter.-1.Name=x",
        "Filter.99999999999999.Name=x",
        "Filter.1=x",
        "SubnetId=x",
        ".=x",
        "=x",
        "Filter.=x",
    ] {
        assert_eq!(refused(&format!("Action=DescribeSubnets&{odd}")).0, "UnknownParameter", "{odd}");
    }
    assert_eq!(
        refused("Action=DescribeSubnets&MaxResults=many"),
        pair(
            "InvalidParameterValue",
            "Value (many) for parameter maxResults is invalid. Expecting an integer."
        )
    );
    assert_eq!(refused("Action=DescribeSubnets&MaxResults=99999999999").0, "InvalidParameterValue");
    assert_eq!(refused("Action=DescribeSubnets&DryRun=perhaps").0, "InvalidParameterValue");
    assert_eq!(refused("Action=DescribeSubnets&MaxResults=5&MaxResults=6").0, "MalformedQueryString");
    assert_eq!(refused("Action=DescribeSubnets&NextToken=%FF").0, "MalformedQueryString");
}

#[test]
fn ec2_accepts_what_ec2_accepts() {
    let read = |body: &str| form(ServiceId::Ec2, body).unwrap();
    let ids = json!({"SubnetIds": ["a", "b", "c"]});
    assert_eq!(read("Action=DescribeSubnets&SubnetId.1=a&SubnetId.2=b&SubnetId.3=c"), ids);
    // Numbers may come in any order and with gaps; the protocol's own parameters are no input.
    let gaps =
        "SubnetId.900000000=c&SubnetId.7=b&Action=DescribeSubnets&SubnetId.3=a&X-Amz-Date=x&Signature=s";
    assert_eq!(read(gaps), ids);
    assert_eq!(read("Action=DescribeSubnets&SubnetId="), json!({"SubnetIds": []}));
    assert_eq!(read("Action=DescribeSubnets&dryRun=TRUE&&"), json!({"DryRun": true}));
    let plus = read("Action=DescribeSubnets&Filter.1.Name=tag%3Aa+b&Filter.1.Value.1=%zz");
    assert_eq!(plus, json!({"Filters": [{"Name": "tag:a b", "Values": ["%zz"]}]}));
}

#[test]
fn parameters_in_the_query_string() {
    let headers: Vec<(&str, &str)> = Vec::new();
    let query = "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1&X-Amz-Signature=0";
    let parts = RequestParts { method: "GET", path: "/", query, headers: &headers, body: &Bytes::new() };
    let (operation, value) = decode(ServiceModel::get(ServiceId::Ec2), &parts).unwrap();
    assert_eq!((operation.name, value.to_json()), ("DescribeVpcs", json!({"VpcIds": ["vpc-1"]})));
}

#[test]
fn query_services() {
    let (name, message) = code(form(ServiceId::Iam, "Action=MakeCoffee&Version=2010-05-08"));
    assert_eq!(name, "InvalidAction");
    assert_eq!(message, "Could not find operation MakeCoffee for version 2010-05-08");
    let read =
        form(ServiceId::Iam, "Action=TagRole&RoleName=r&Unknown=1&Tags.member.2.Key=b&Tags.member.1.Key=a");
    assert_eq!(read.unwrap(), json!({"RoleName": "r", "Tags": [{"Key": "a"}, {"Key": "b"}]}));
    assert_eq!(code(form(ServiceId::Sts, "Action=AssumeRole&DurationSeconds=x")).0, "MalformedInput");
}

#[test]
fn json_refusals() {
    let message = |body: &str| {
        let (name, message) = code(json11("SageMaker.CreateModel", body));
        assert_eq!(name, "SerializationException");
        message
    };
    assert_eq!(
        message(r#"{"ModelName": true}"#),
        "class java.lang.Boolean can not be converted to an String"
    );
    assert_eq!(message(r#"{"ModelName": 5}"#), "class java.lang.Integer can not be converted to an String");
    assert_eq!(message(r#"{"ModelName": 5.5}"#), "class java.lang.Double can not be converted to an String");
    assert_eq!(message(r#"{"ModelName": {}}"#), "Start of structure or map found where not expected.");
    assert_eq!(message(r#"{"ModelName": []}"#), "Start of list found where not expected");
    assert_eq!(message(r#"{"VpcConfig": "x"}"#), "Expected map or null");
    assert_eq!(message(r#"{"Containers": "x"}"#), "Expected list or null");
    assert_eq!(
        message(r#"{"EnableNetworkIsolation": "true"}"#),
        "class java.lang.String can not be converted to an Boolean"
    );
    for broken in ["{", "[]", "1", "\"x\"", "{} x", "{\"ModelName\": \"\\ud800\"}", "{\"a\": \u{1}}"] {
        message(broken);
    }
    message(&"[".repeat(100_000));
    message(&format!(r#"{{"Containers": {}"#, "[{\"Environment\": ".repeat(50_000)));
    assert_eq!(code(json11("SageMaker.MakeCoffee", "{}")).0, "UnknownOperationException");
    assert_eq!(code(json11("nonsense", "{}")).0, "UnknownOperationException");
}

#[test]
fn json_leniency() {
    let read = |body: &str| json11("SageMaker.CreateModel", body).unwrap();
    for empty in ["", " ", "{}", "null", r#"{"Unknown": [{"a": [1, null]}], "ModelName": null}"#] {
        assert_eq!(read(empty), json!({}), "{empty}");
    }
    assert_eq!(read(r#"{"ModelName": "a", "ModelName": "b"}"#), json!({"ModelName": "b"}));
    assert_eq!(
        read(r#"{"VpcConfig": {"Subnets": ["s", null], "SecurityGroupIds": []}}"#),
        json!({"VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": []}})
    );
    let times = json11("SageMaker.ListModels", r#"{"MaxResults": 5.0, "CreationTimeAfter": 1767603600.25}"#);
    assert_eq!(times.unwrap(), json!({"MaxResults": 5, "CreationTimeAfter": "2026-01-05T09:00:00.250Z"}));
}

#[test]
fn large_maps_keep_the_last_of_equal_keys() {
    let entries: Vec<String> = (0..5000).map(|n| format!("\"k{}\": \"{n}\"", n % 100)).collect();
    let body = format!(r#"{{"PrimaryContainer": {{"Environment": {{{}}}}}}}"#, entries.join(","));
    let read = json11("SageMaker.CreateModel", &body).unwrap();
    let environment = read["PrimaryContainer"]["Environment"].as_object().unwrap();
    assert_eq!((environment.len(), &environment["k7"]), (100, &json!("4907")));
}

/// Work stays linear: each of these would take minutes if it were quadratic.
#[test]
fn large_requests() {
    let mut descending = String::from("Action=DescribeSubnets");
    for number in (1..150_000).rev() {
        descending.push_str(&format!("&SubnetId.{number}=s"));
    }
    let read = form(ServiceId::Ec2, &descending).unwrap();
    assert_eq!(read["SubnetIds"].as_array().map(Vec::len), Some(149_999));
    let deep = format!("Action=DescribeSubnets&{}=x", "Filter.1.".repeat(200_000));
    assert_eq!(code(form(ServiceId::Ec2, &deep)).0, "UnknownParameter");
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct CreateTrainingJob {
    training_job_name: String,
    resource_config: ResourceConfig,
    #[serde(default)]
    hyper_parameters: std::collections::BTreeMap<String, String>,
    vpc_config: Option<VpcConfig>,
    #[serde(default)]
    input_data_config: Vec<Channel>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct ResourceConfig {
    instance_count: u32,
    instance_type: InstanceType,
}

#[derive(Deserialize, Debug, PartialEq)]
enum InstanceType {
    #[serde(rename = "ml.m5.large")]
    M5Large,
    #[serde(untagged)]
    Other(String),
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct VpcConfig {
    subnets: Vec<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Channel {
    channel_name: String,
}

#[test]
fn typed_input_and_what_it_ignores() {
    let body = json!({
        "TrainingJobName": "job", "HyperParameters": {"a": "1"},
        "ResourceConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.large", "KeepAlivePeriodInSeconds": 5},
        "VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]},
        "InputDataConfig": [{"ChannelName": "a"}, {"ChannelName": "b", "ShuffleConfig": {"Seed": 1}}],
        "Tags": [],
    });
    let model = ServiceModel::get(ServiceId::SageMaker);
    let input = model.operation("CreateTrainingJob").unwrap().input.unwrap();
    let value = Value::from_json(model, input, &body).unwrap();
    let mut ignored = Vec::new();
    let read: CreateTrainingJob = from_value(&value, &mut |path| ignored.push(path.to_owned())).unwrap();
    assert_eq!(
        read.resource_config,
        ResourceConfig { instance_count: 2, instance_type: InstanceType::M5Large }
    );
    assert_eq!(read.hyper_parameters["a"], "1");
    assert_eq!(read.input_data_config[1].channel_name, "b");
    assert_eq!(read.vpc_config.unwrap().subnets, ["s"]);
    assert_eq!(
        ignored,
        [
            "ResourceConfig.KeepAlivePeriodInSeconds",
            "VpcConfig.SecurityGroupIds",
            "InputDataConfig[1].ShuffleConfig",
            "Tags"
        ]
    );
    assert_eq!(value.at("ResourceConfig.InstanceCount").and_then(Value::as_i64), Some(2));
    let error = from_value::<CreateTrainingJob>(&Value::empty(), &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "missing field `TrainingJobName`");
}

#[test]
fn shapes_refuse_other_json() {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let input = model.operation("CreateTrainingJob").unwrap().input.unwrap();
    for (json, error) in [
        (
            json!({"VpcConfig": {"Subnet": []}}),
            "VpcConfig: VpcConfig has no member Subnet; did you mean Subnets?",
        ),
        (json!({"VpcConfig": {"Subnets": ["a", 5]}}), "VpcConfig.Subnets[1]: expected text, found 5"),
        (json!({"StoppingCondition": []}), "StoppingCondition: expected an object, found a list"),
        (
            json!({"ResourceConfig": {"InstanceCount": "2"}}),
            "ResourceConfig.InstanceCount: expected a whole number, found \"2\"",
        ),
    ] {
        assert_eq!(Value::from_json(model, input, &json).unwrap_err().to_string(), error);
    }
}

fn any_parts(service: ServiceId, path: &str, query: &str, target: &str, body: Vec<u8>) {
    let headers = vec![("x-amz-target", target), ("content-type", "application/x-www-form-urlencoded")];
    let body = Bytes::from(body);
    let parts = RequestParts { method: "POST", path, query, headers: &headers, body: &body };
    let model = ServiceModel::get(service);
    if let Ok((operation, value)) = decode(model, &parts) {
        let _ = crate::aws::validate(model, operation, &value);
    }
    let _ = crate::aws::route::service_of(&parts, crate::aws::sigv4::scope(&parts).as_ref());
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        service in prop::sample::select(ServiceId::ALL.to_vec()),
        path in "\\PC*", query in "\\PC*", target in "\\PC*", body in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        any_parts(service, &path, &query, &target, body);
    }

    #[test]
    fn near_misses_are_survived(keys in prop::collection::vec(
        "(Filter|SubnetId|Tags|member|TagSpecification|DryRun|\\.|1|0|entry|key|Name|Value|Key){1,6}(=[a-z0-9%+]{0,4})?", 0..12,
    )) {
        for (service, action) in [
            (ServiceId::Ec2, "DescribeSubnets"), (ServiceId::Ec2, "CreateSubnet"), (ServiceId::Iam, "TagRole"),
            (ServiceId::Sts, "AssumeRole"),
        ] {
            any_parts(service, "/", "", "", format!("Action={action}&{}", keys.join("&")).into_bytes());
        }
    }

    #[test]
    fn nearly_json_is_survived(text in "[\\[\\]{}:,\"0-9a-z.\\\\-]{0,60}", member in "[A-Z][A-Za-z]{0,12}") {
        for target in ["SageMaker.CreateTrainingJob", "SageMaker.Search", "SageMaker.CreateEndpointConfig"] {
            any_parts(ServiceId::SageMaker, "/", "", target, text.clone().into_bytes());
            any_parts(ServiceId::SageMaker, "/", "", target, format!("{{\"{member}\":{text}}}").into_bytes());
        }
    }
}
