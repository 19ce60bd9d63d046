//! What calls are found to do.

mod keys;
mod least;

use super::*;
use crate::aws::{ServiceId, ServiceModel};
use crate::gateway::call::Operations;
use crate::kernel::AccountId;
use crate::model::{Partition, State};
use crate::policy::actions::Actions;
use crate::services::Caller;
use serde_json::{Value as Json, json};

const ACCOUNT: &str = "111122223333";

fn caller(principal: Principal) -> Caller {
    Caller {
        account: AccountId::parse(ACCOUNT).unwrap(),
        region: "us-east-1".into(),
        partition: Partition::Aws,
        principal,
        session: None,
        access_key: String::new(),
        host: String::new(),
    }
}

/// The acts of a call in a world where there is nothing, as `action resource`.
fn acts_of(service: ServiceId, operation: &str, input: &Json) -> Vec<String> {
    let model = ServiceModel::get(service);
    let operation = model.operation(operation).unwrap();
    let input = Value::from_json(model, operation.input.unwrap(), input).unwrap();
    let caller = caller(Principal::Root);
    let state = State::default();
    let asked = Asked {
        service,
        operation: operation.name,
        caller: &caller,
        input: &input,
        sent: &input,
        state: &state,
        global: &state,
    };
    let own = format!("us-east-1:{ACCOUNT}:");
    let told = |act: &Act| format!("{} {}", act.name(), act.resource.replace(&own, ""));
    acts::acts(&asked).iter().map(told).collect()
}

#[test]
fn every_operation_that_is_served_has_its_action() {
    let operations = Operations::all();
    for service in ServiceId::ALL {
        let actions = Actions::of(service.signing_name()).unwrap();
        for name in operations.names(service) {
            assert!(actions.get(name).is_some(), "{}:{name}", service.signing_name());
        }
    }
}

#[test]
fn a_call_of_ec2_acts_on_what_it_names_and_on_what_it_makes() {
    let ec2 = |operation, input| acts_of(ServiceId::Ec2, operation, &input);
    assert_eq!(ec2("DescribeVpcs", json!({"VpcIds": ["vpc-11111111"]})), ["ec2:DescribeVpcs *"]);
    let tags = json!([{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "subnet-11111111"}]}]);
    assert_eq!(
        ec2("CreateVpc", json!({"CidrBlock": "10.0.0.0/16", "TagSpecifications": tags})),
        ["ec2:CreateVpc arn:aws:ec2:vpc/*", "ec2:CreateTags arn:aws:ec2:vpc/*"]
    );
    assert_eq!(
        ec2(
            "CreateVpcEndpoint",
            json!({"VpcId": "vpc-1", "ServiceName": "s", "SubnetIds": ["subnet-1", "subnet-2"]})
        ),
        [
            "ec2:CreateVpcEndpoint arn:aws:ec2:vpc-endpoint/*",
            "ec2:CreateVpcEndpoint arn:aws:ec2:subnet/subnet-1",
            "ec2:CreateVpcEndpoint arn:aws:ec2:subnet/subnet-2",
            "ec2:CreateVpcEndpoint arn:aws:ec2:vpc/vpc-1",
        ]
    );
    let pairs = json!([{"UserIdGroupPairs": [{"GroupId": "sg-2"}]}]);
    assert_eq!(
        ec2("AuthorizeSecurityGroupIngress", json!({"GroupId": "sg-1", "IpPermissions": pairs})),
        ["ec2:AuthorizeSecurityGroupIngress arn:aws:ec2:security-group/sg-1"]
    );
    let launch = json!({
        "ImageId": "ami-1", "SubnetId": "subnet-1", "SecurityGroupIds": ["sg-1"], "MinCount": 1, "MaxCount": 1,
    });
    assert_eq!(
        ec2("RunInstances", launch),
        [
            "ec2:RunInstances arn:aws:ec2:instance/*",
            "ec2:RunInstances arn:aws:ec2:network-interface/*",
            "ec2:RunInstances arn:aws:ec2:volume/*",
            "ec2:RunInstances arn:aws:ec2:us-east-1::image/ami-1",
            "ec2:RunInstances arn:aws:ec2:security-group/sg-1",
            "ec2:RunInstances arn:aws:ec2:subnet/subnet-1",
        ]
    );
    let log = json!({
        "ResourceIds": ["vpc-1"], "ResourceType": "VPC", "DeliverLogsPermissionArn": "arn:aws:iam::1:role/r",
    });
    assert_eq!(
        ec2("CreateFlowLogs", log),
        [
            "ec2:CreateFlowLogs arn:aws:ec2:vpc-flow-log/*",
            "ec2:CreateFlowLogs arn:aws:ec2:vpc/vpc-1",
            "iam:PassRole arn:aws:iam::1:role/r",
        ]
    );
}

/// Only with this right are logs delivered to buckets.
#[test]
fn flow_logs_to_buckets_take_a_right_of_cloudwatch_logs() {
    let log = json!({ "ResourceIds": ["vpc-1"], "ResourceType": "VPC", "LogDestinationType": "s3" });
    assert_eq!(
        acts_of(ServiceId::Ec2, "CreateFlowLogs", &log),
        [
            "ec2:CreateFlowLogs arn:aws:ec2:vpc-flow-log/*",
            "ec2:CreateFlowLogs arn:aws:ec2:vpc/vpc-1",
            "logs:CreateLogDelivery *",
        ]
    );
}

#[test]
fn a_call_of_others_acts_on_names() {
    let sagemaker = |operation, input| acts_of(ServiceId::SageMaker, operation, &input);
    assert_eq!(
        sagemaker(
            "CreateModel",
            json!({"ModelName": "My-Model", "ExecutionRoleArn": "arn:aws:iam::1:role/r",
            "Tags": [{"Key": "a", "Value": "b"}]})
        ),
        [
            "sagemaker:CreateModel arn:aws:sagemaker:model/my-model",
            "sagemaker:AddTags arn:aws:sagemaker:model/my-model",
            "iam:PassRole arn:aws:iam::1:role/r",
        ]
    );
    assert_eq!(sagemaker("ListModels", json!({})), ["sagemaker:ListModels *"]);
    let arn = format!("arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/e");
    assert_eq!(
        sagemaker("ListTags", json!({"ResourceArn": arn})),
        ["sagemaker:ListTags arn:aws:sagemaker:endpoint/e"]
    );
    let iam = |operation, input| acts_of(ServiceId::Iam, operation, &input);
    assert_eq!(
        iam("CreateRole", json!({"RoleName": "r", "Path": "/team/", "AssumeRolePolicyDocument": "{}"})),
        [format!("iam:CreateRole arn:aws:iam::{ACCOUNT}:role/team/r")]
    );
    assert_eq!(
        iam("GetPolicy", json!({"PolicyArn": "arn:aws:iam::aws:policy/P"})),
        ["iam:GetPolicy arn:aws:iam::aws:policy/P"]
    );
    assert!(acts_of(ServiceId::Sts, "GetCallerIdentity", &json!({})).is_empty());
}

#[test]
fn a_call_of_logs_acts_on_a_group_and_its_streams() {
    let logs = |operation, input| acts_of(ServiceId::Logs, operation, &input);
    let group = "arn:aws:logs:log-group:/a:log-stream:";
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/a");
    for (operation, input, resource) in [
        ("DeleteLogGroup", json!({"logGroupName": "/a"}), group.to_owned()),
        ("FilterLogEvents", json!({"logGroupIdentifier": arn}), group.to_owned()),
        ("DescribeLogStreams", json!({"logGroupIdentifier": "/a"}), group.to_owned()),
        ("PutLogEvents", json!({"logGroupName": "/a", "logStreamName": "s"}), format!("{group}s")),
        ("GetLogEvents", json!({"logGroupIdentifier": arn, "logStreamName": "s"}), format!("{group}s")),
        ("DescribeLogGroups", json!({}), "arn:aws:logs:log-group::log-stream:".into()),
        ("TagResource", json!({"resourceArn": arn, "tags": {"k": "v"}}), "arn:aws:logs:log-group:/a".into()),
        ("ListTagsLogGroup", json!({"logGroupName": "/a"}), group.to_owned()),
        ("PutResourcePolicy", json!({"policyName": "p"}), "*".into()),
    ] {
        assert_eq!(logs(operation, input), [format!("logs:{operation} {resource}")]);
    }
    assert_eq!(
        logs("CreateLogGroup", json!({"logGroupName": "/a", "tags": {"k": "v"}})),
        [format!("logs:CreateLogGroup {group}"), "logs:TagResource arn:aws:logs:log-group:/a".to_owned()]
    );
}
