//! Fixes as scripts of the AWS CLI.

use mockplane::scenario::file::parse;
use mockplane::scenario::script::of;
use mockplane::scenario::template::Scope;
use serde_json::json;

fn script(steps: &str) -> Result<String, String> {
    let text = format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x}}\nsteps:\n{steps}");
    let scope = Scope {
        values: [("vpc".to_owned(), json!("vpc-1")), ("account".to_owned(), json!("111122223333"))].into(),
        ..Scope::default()
    };
    of(&parse(&text).unwrap().steps.value, &scope, "111122223333").map_err(|problem| problem.to_string())
}

#[test]
fn steps_become_commands() {
    let made = script(
            r#"
- say: A door.
  call: ec2.CreateVpcEndpoint
  with: {VpcId: "${vpc}", ServiceName: com.amazonaws.us-east-1.s3, RouteTableIds: [rtb-1, rtb-2]}
  capture: {door-id: VpcEndpoint.VpcEndpointId}
- call: ec2.ModifyVpcEndpoint
  with: {VpcEndpointId: "${door-id}", ResetPolicy: true}
- call: ec2.CreateNetworkAclEntry
  with: {NetworkAclId: acl-1, Egress: false, RuleNumber: 5, Protocol: "6", RuleAction: allow, PortRange: {From: 1, To: 2}}
- call: s3.PutBucketPolicy
  with: {Bucket: data, Policy: '{"aws:SourceVpce": "${door-id}"}'}
- call: ec2.CreateNatGateway
  with: {SubnetId: subnet-1}
  capture: {nat: NatGateway.NatGatewayId, state: NatGateway.State}
- call: ec2.DescribeNatGateways
  with: {NatGatewayIds: ["${nat}"]}
  poll: {every: 10s, within: 10m}
  expect: {response: {"NatGateways[0].State": available}}
- waitFor: {resource: training-job/x, state: Completed}
- advance: 10m
- call: ec2.CreateTags
  with: {Resources: ["${nat}"], Tags: [{Key: door, Value: "${door-id}"}]}
"#,
        )
        .unwrap();
    assert_eq!(
        made.lines().collect::<Vec<_>>(),
        [
            "set -e",
            "# A door.",
            "DOOR_ID=$(aws ec2 create-vpc-endpoint --vpc-id vpc-1 --service-name com.amazonaws.us-east-1.s3 \
                 --route-table-ids rtb-1 rtb-2 --query VpcEndpoint.VpcEndpointId --output text)",
            "aws ec2 modify-vpc-endpoint --vpc-endpoint-id \"$DOOR_ID\" --reset-policy > /dev/null",
            "aws ec2 create-network-acl-entry --network-acl-id acl-1 --ingress --rule-number 5 --protocol 6 \
                 --rule-action allow --port-range '{\"From\":1,\"To\":2}' > /dev/null",
            "aws s3api put-bucket-policy --bucket data --policy '{\"aws:SourceVpce\": \"'\"$DOOR_ID\"'\"}' > /dev/null",
            "read -r NAT STATE <<< \"$(aws ec2 create-nat-gateway --subnet-id subnet-1 \
                 --query '[NatGateway.NatGatewayId, NatGateway.State]' --output text)\"",
            "for _ in $(seq 60); do [ \"$(aws ec2 describe-nat-gateways --nat-gateway-ids \"$NAT\" \
                 --query 'NatGateways[0].State' --output text)\" = available ] && break; sleep 0.2; done",
            "for _ in $(seq 60); do [ \"$(aws sagemaker describe-training-job --training-job-name x \
                 --query TrainingJobStatus --output text)\" = Completed ] && break; sleep 0.2; done",
            "curl -fsS -X POST \"$AWS_ENDPOINT_URL/_mockplane/clock\" -d \
                 '{\"account\": \"111122223333\", \"advance\": \"10m\"}' > /dev/null",
            "aws ec2 create-tags --resources \"$NAT\" --tags \
                 '[{\"Key\":\"door\",\"Value\":\"'\"$DOOR_ID\"'\"}]' > /dev/null",
        ]
    );
}

#[test]
fn names_are_written_as_the_aws_cli_writes_them() {
    for (call, expected) in [
        (
            "{call: ec2.AssociateVpcCidrBlock, with: {VpcId: v, AmazonProvidedIpv6CidrBlock: true}}",
            "aws ec2 associate-vpc-cidr-block --vpc-id v --amazon-provided-ipv6-cidr-block > /dev/null",
        ),
        (
            "{call: sagemaker.DescribeAutoMLJobV2, with: {AutoMLJobName: x}}",
            "aws sagemaker describe-auto-ml-job-v2 --auto-ml-job-name x > /dev/null",
        ),
        ("{call: sts.GetCallerIdentity}", "aws sts get-caller-identity > /dev/null"),
    ] {
        assert_eq!(script(&format!("- {call}\n")).unwrap(), format!("set -e\n{expected}\n"));
    }
}

#[test]
fn what_is_no_command_is_told() {
    assert_eq!(
        script("- fault: {clear: x}\n").unwrap_err(),
        "5:3: only `call`, `waitFor` and `advance` are commands of a shell"
    );
}
