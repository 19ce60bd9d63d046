//! Tests of encoding.

use std::sync::OnceLock;

use serde::{Serialize, Serializer};
use serde_json::json;

use super::*;
use crate::aws::ServiceId;

fn encoder(service: ServiceId, operation: &str) -> Encoder<'static> {
    let model = ServiceModel::get(service);
    Encoder::new(model.operation(operation).unwrap(), model, "rid")
}

fn text<T: Serialize>(service: ServiceId, operation: &str, value: &T) -> String {
    let mut encoder = encoder(service, operation);
    encoder.value(value).unwrap();
    String::from_utf8(encoder.finish().body).unwrap()
}

fn error<T: Serialize>(service: ServiceId, operation: &str, value: &T) -> String {
    encoder(service, operation).value(value).unwrap_err().to_string()
}

#[derive(Serialize, Default, Clone)]
#[serde(rename_all = "PascalCase")]
struct Subnet {
    available_ip_address_count: Option<i64>,
    subnet_id: String,
    tags: Option<Vec<Tag>>,
    vpc_id: Option<String>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSubnet {
    subnet: Subnet,
}

struct Row(Subnet, OnceLock<Box<[u8]>>);

impl Element for Row {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        Some(&self.1)
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.0, serializer)
    }
}

fn subnet(id: &str) -> Subnet {
    Subnet { subnet_id: id.into(), ..Subnet::default() }
}

#[test]
fn ec2_structure() {
    let out = CreateSubnet {
        subnet: Subnet {
            available_ip_address_count: Some(251),
            subnet_id: "subnet-<1>".into(),
            tags: Some(vec![Tag { key: "Name".into(), value: "a & b".into() }]),
            vpc_id: None,
        },
    };
    insta::assert_snapshot!(text(ServiceId::Ec2, "CreateSubnet", &out), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <CreateSubnetResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>rid</requestId><subnet><availableIpAddressCount>251</availableIpAddressCount><subnetId>subnet-&lt;1&gt;</subnetId><tagSet><item><key>Name</key><value>a &amp; b</value></item></tagSet></subnet></CreateSubnetResponse>
    "#);
    let empty = CreateSubnet { subnet: Subnet { tags: Some(vec![]), ..subnet("s") } };
    assert!(
        text(ServiceId::Ec2, "CreateSubnet", &empty)
            .contains("<subnetId>s</subnetId><tagSet></tagSet></subnet>")
    );
}

fn rows(
    rows: &[Row],
    service: ServiceId,
    operation: &str,
    list: &str,
    token: Option<(&str, &str)>,
) -> String {
    let mut encoder = encoder(service, operation);
    encoder.page(list, rows.iter(), token).unwrap();
    String::from_utf8(encoder.finish().body).unwrap()
}

#[test]
fn pages_of_rows() {
    let two = [Row(subnet("subnet-1"), OnceLock::new()), Row(subnet("subnet-2"), OnceLock::new())];
    let cold = rows(&two, ServiceId::Ec2, "DescribeSubnets", "Subnets", Some(("NextToken", "t<")));
    insta::assert_snapshot!(cold, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>rid</requestId><subnetSet><item><subnetId>subnet-1</subnetId></item><item><subnetId>subnet-2</subnetId></item></subnetSet><nextToken>t&lt;</nextToken></DescribeSubnetsResponse>
    "#);
    assert_eq!(
        two[1].1.get().map(|kept| &kept[..]),
        Some(&b"<item><subnetId>subnet-2</subnetId></item>"[..])
    );
    assert_eq!(rows(&two, ServiceId::Ec2, "DescribeSubnets", "Subnets", Some(("NextToken", "t<"))), cold);
    let none = rows(&[], ServiceId::Ec2, "DescribeSubnets", "Subnets", None);
    assert!(none.contains("<subnetSet></subnetSet></DescribeSubnetsResponse>"), "{none}");
}

struct Model(OnceLock<Box<[u8]>>);

impl Element for Model {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        Some(&self.0)
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Summary {
            model_name: &'static str,
            model_arn: std::net::Ipv4Addr,
            creation_time: i64,
        }
        let arn = std::net::Ipv4Addr::LOCALHOST;
        Serialize::serialize(
            &Summary { model_name: "a\"b", model_arn: arn, creation_time: 1_767_603_600_250 },
            serializer,
        )
    }
}

#[test]
fn pages_of_json() {
    let models = [Model(OnceLock::new()), Model(OnceLock::new())];
    for _ in 0..2 {
        let mut encoder = encoder(ServiceId::SageMaker, "ListModels");
        encoder.page("Models", models.iter(), Some(("NextToken", "t"))).unwrap();
        let row = json!({"ModelName": "a\"b", "ModelArn": "127.0.0.1", "CreationTime": 1_767_603_600.25});
        let read: serde_json::Value = serde_json::from_slice(&encoder.finish().body).unwrap();
        assert_eq!(read, json!({"Models": [row, row], "NextToken": "t"}));
    }
}

#[test]
fn query_pages_say_whether_there_is_more() {
    struct Role;
    impl Element for Role {
        fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
            None
        }
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("RoleName", "r")])
        }
    }
    let mut encoder = encoder(ServiceId::Iam, "ListRoles");
    encoder.page("Roles", [Role].iter(), Some(("Marker", "m"))).unwrap();
    let answer = encoder.finish();
    assert_eq!(answer.header("Content-Type"), Some("text/xml"));
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"<ListRolesResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListRolesResult><Roles><member><RoleName>r</RoleName></member></Roles><IsTruncated>true</IsTruncated><Marker>m</Marker></ListRolesResult><ResponseMetadata><RequestId>rid</RequestId></ResponseMetadata></ListRolesResponse>"#);
}

#[test]
fn answers_without_output() {
    assert!(
        text(ServiceId::Ec2, "DeleteSubnet", &())
            .ends_with("<requestId>rid</requestId><return>true</return></DeleteSubnetResponse>")
    );
    let unsaid = String::from_utf8(encoder(ServiceId::Ec2, "DeleteVpc").finish().body).unwrap();
    assert!(unsaid.contains("<return>true</return>"));
    assert_eq!(
        text(ServiceId::Iam, "DeleteRole", &()),
        "<DeleteRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata><RequestId>rid</RequestId>\
         </ResponseMetadata></DeleteRoleResponse>"
    );
    assert_eq!(text(ServiceId::SageMaker, "DeleteModel", &()), "");
    assert_eq!(text(ServiceId::SageMaker, "ListModels", &json!({})), "{}");
}

#[test]
fn all_kinds_of_json_values() {
    let out = json!({
        "TrainingJobName": "j", "HyperParameters": {"a": "1", "b\"": null}, "BillableTimeInSeconds": 5,
        "FinalMetricDataList": [{"MetricName": "m", "Value": 0.1, "Timestamp": 1_767_603_600_000_i64}, null],
        "EnableNetworkIsolation": false, "VpcConfig": null, "Tags": null,
    });
    let mut out = out.as_object().unwrap().clone();
    out.remove("Tags");
    let written: serde_json::Value =
        serde_json::from_str(&text(ServiceId::SageMaker, "DescribeTrainingJob", &out)).unwrap();
    assert_eq!(
        written,
        json!({
            "TrainingJobName": "j", "HyperParameters": {"a": "1"}, "BillableTimeInSeconds": 5,
            "FinalMetricDataList": [{"MetricName": "m", "Value": 0.1, "Timestamp": 1_767_603_600}],
            "EnableNetworkIsolation": false,
        })
    );
}

#[test]
fn blobs() {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Out {
        body: Vec<u8>,
        content_type: Option<&'static str>,
        custom_attributes: Option<&'static str>,
    }
    let mut runtime = encoder(ServiceId::SageMakerRuntime, "InvokeEndpoint");
    runtime
        .value(&Out { body: vec![0, 255], content_type: Some("text/csv"), custom_attributes: None })
        .unwrap();
    let answer = runtime.finish();
    assert_eq!((&answer.body[..], answer.header("content-type")), (&[0u8, 255][..], Some("text/csv")));
    assert_eq!(answer.header("x-amzn-sagemaker-custom-attributes"), None);
    let report = json!({"Content": [104, 105], "ReportFormat": "text/csv"});
    assert!(text(ServiceId::Iam, "GetCredentialReport", &report).contains("<Content>aGk=</Content>"));
}

#[test]
fn what_the_model_lacks_cannot_be_sent() {
    for (service, operation, value, message) in [
        (
            ServiceId::Ec2,
            "CreateSubnet",
            json!({"Vpc": {}}),
            "CreateSubnet: CreateSubnetResult has no member Vpc",
        ),
        (
            ServiceId::Ec2,
            "CreateSubnet",
            json!({"Subnet": {"Id": "x"}}),
            "CreateSubnet: Subnet: Subnet has no member Id",
        ),
        (
            ServiceId::Ec2,
            "CreateSubnet",
            json!({"Subnet": {"SubnetId": 5}}),
            "CreateSubnet: Subnet: SubnetId: a whole number where String (String) is expected",
        ),
        (
            ServiceId::SageMaker,
            "ListModels",
            json!({"Models": {}}),
            "ListModels: Models: a map where ModelSummaryList (List) is expected",
        ),
        (ServiceId::Ec2, "DeleteSubnet", json!({"Return": true}), "the model has no output of DeleteSubnet"),
    ] {
        assert_eq!(error(service, operation, &value), message);
    }
    let mut twice = encoder(ServiceId::Ec2, "DeleteSubnet");
    twice.value(&()).unwrap();
    assert!(twice.value(&()).is_err());
}

/// Fields in another order than the model's are found all the same.
#[test]
fn order_is_a_matter_of_speed_only() {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Backwards {
        vpc_id: &'static str,
        tags: Vec<Tag>,
        subnet_id: &'static str,
        available_ip_address_count: u8,
    }
    let out = Backwards { vpc_id: "v", tags: vec![], subnet_id: "s", available_ip_address_count: 1 };
    let written = text(ServiceId::Ec2, "CreateSubnet", &json!({"Subnet": null}));
    assert!(written.contains("<requestId>rid</requestId></CreateSubnetResponse>"));
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Out {
        subnet: Backwards,
    }
    let written = text(ServiceId::Ec2, "CreateSubnet", &Out { subnet: out });
    assert!(written.contains("<subnet><vpcId>v</vpcId><tagSet></tagSet><subnetId>s</subnetId>"), "{written}");
}

#[test]
fn unions_are_enums() {
    #[derive(Serialize)]
    enum Setting {
        MaxConcurrentInvocationsPerInstance(u32),
    }
    // Any structure may be written as an enum whose variant is its one member.
    let out = json!({"EndpointName": "e", "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "p"}}});
    assert!(text(ServiceId::SageMaker, "DescribeEndpoint", &out).contains(r#"{"S3OutputPath":"p"}"#));
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Client {
        client_config: Setting,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Out {
        async_inference_config: Client,
    }
    let config = Setting::MaxConcurrentInvocationsPerInstance(4);
    let out = Out { async_inference_config: Client { client_config: config } };
    assert_eq!(
        text(ServiceId::SageMaker, "DescribeEndpointConfig", &out),
        r#"{"AsyncInferenceConfig":{"ClientConfig":{"MaxConcurrentInvocationsPerInstance":4}}}"#
    );
}

#[test]
fn headers_of_ec2() {
    let answer = encoder(ServiceId::Ec2, "DescribeVpcs").finish();
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("content-type", "text/xml;charset=UTF-8"),
        ("server", "AmazonEC2"),
        ("cache-control", "no-cache, no-store"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-amzn-requestid", "rid"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    assert_eq!(answer.header("vary"), None);
}
