//! What is exported, and what is not.

use crate::scenario::export::{Form, exported as whole};
use std::path::Path;

fn exported(rest: &str, row: Option<&str>) -> Result<String, String> {
    let text =
        format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x, title: A title}}\n{rest}");
    whole(Path::new("x.yaml"), &text, row, Form::Cli)
        .map_err(|problems| problems.iter().map(|(_, problem)| format!("{problem}\n")).collect())
}

#[test]
fn steps_become_commands() {
    let script = exported(
        r#"
vars:
  name: "${account}-${vpc.VpcId}"
fixtures:
- {as: net, preset: private-vpc-with-s3-gateway, with: {firstCidr: 10.0.8.0/28}}
matrix:
  one: {state: Completed, code: InvalidVpcID.NotFound}
  other: {state: Failed, code: DependencyViolation}
steps:
- say: A network.
  call: ec2.CreateVpc
  with: {CidrBlock: 10.0.0.0/16}
  capture: {vpc: Vpc, path: Vpc.State}
- {call: s3.CreateBucket, with: {Bucket: "data-${vars.name}"}}
- {call: s3.PutObject, with: {Bucket: "data-${vars.name}", Key: "${path}", Body: it's}}
- {call: s3.GetObject, with: {Bucket: "data-${vars.name}", Key: a}}
- call: ec2.DescribeSubnets
  with: {SubnetIds: ["${net.subnets[0].id}"]}
  capture: {ids: "Subnets[].SubnetId", free: "Subnets[0].AvailableIpAddressCount"}
- {call: ec2.DescribeInstanceTypes, with: {MaxResults: "${free}"}}
- call: sagemaker.CreateModel
  with: {ModelName: m, ExecutionRoleArn: "arn:aws:iam::${account}:role/r", VpcConfig: {Subnets: "${ids}", SecurityGroupIds: ["${net.sg.id}"]}}
- call: ec2.DeleteVpc
  with: {VpcId: "${vpc.VpcId}"}
  expect: {error: {code: "${matrix.code}"}}
- {call: ec2.DescribeVpcs, with: {VpcIds: [a]}, expect: {ok: false}}
- call: ec2.DescribeNatGateways
  poll: {every: 10s, within: 10m}
  expect: {response: {"NatGateways[0].State": available}}
- waitFor: {resource: "training-job/${vars.name}", state: "${matrix.state}"}
- {call: iam.CreateUser, with: {UserName: ana}}
- {call: iam.CreateAccessKey, with: {UserName: ana}, capture: {ana: AccessKey}}
- {call: sts.GetCallerIdentity, as: "${ana}"}
- advance: 10m
"#,
        Some("other"),
    )
    .unwrap();
    for line in [
        "# x: A title\n",
        "\nregion=$(aws ec2 describe-availability-zones --query 'AvailabilityZones[0].RegionName' --output text)\n",
        "\naccount=$(aws sts get-caller-identity --query Account --output text)\n",
        "\nfiles=$(mktemp -d)\n",
        "\n# A VPC with two private subnets whose one way out leads to S3.\n\nnet_vpc=$(aws ec2 create-vpc ",
        "\nnet_first=$(aws ec2 create-subnet --vpc-id \"$net_vpc\" --cidr-block 10.0.8.0/28 ",
        "\n# A network.\nanswer=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 \
         --query 'join(`\"\\u001f\"`, [to_string(Vpc | \"VpcId\"), to_string(Vpc.State)])' --output text)\n\
         IFS=$'\\x1f' read -r -d '' vpc_vpcid path _ <<< \"$answer\"$'\\x1f' || true\n",
        "\naws s3api create-bucket --bucket 'data-'\"$account\"'-'\"$vpc_vpcid\" > /dev/null\n",
        "\nprintf %s 'it'\\''s' > \"$files/1\"\n",
        " --body \"$files\"'/1' > /dev/null\n",
        " --key a /dev/null > /dev/null\n",
        "--subnet-ids \"$net_first\" --query 'join(`\"\\u001f\"`, \
         [to_string(Subnets[].SubnetId), to_string(Subnets[0].AvailableIpAddressCount)])' --output text)\n",
        "\naws ec2 describe-instance-types --max-results \"$free_json\" > /dev/null\n",
        "\"$ids_json\"",
        "\nrefused DependencyViolation aws ec2 delete-vpc --vpc-id \"$vpc_vpcid\"\n",
        "\nrefused '*' aws ec2 describe-vpcs --vpc-ids a\n",
        "\nuntil_is available '' aws ec2 describe-nat-gateways --query 'NatGateways[0].State' --output text\n",
        "\nuntil_is Failed 'Completed Failed Stopped' aws sagemaker describe-training-job --training-job-name ",
        "\nAWS_ACCESS_KEY_ID=\"$ana_accesskeyid\" AWS_SECRET_ACCESS_KEY=\"$ana_secretaccesskey\" \
         AWS_SESSION_TOKEN=\"$ana_sessiontoken\" aws sts get-caller-identity > /dev/null\n",
        "\ncurl -fsS -d '{\"account\": \"'\"$account\"'\", \"advance\": \"10m\"}' ",
    ] {
        assert!(script.contains(line), "{line}\n{script}");
    }
}

const REFUSALS: &str = r#"
matrix: {row: {part: "10.0.0.0/8"}}
steps:
- call: ec2.CreateVpc
  with: {CidrBlock: 10.0.0.0/8}
  expect: {error: {code: InvalidVpc.Range, status: 400, message: {contains: "${matrix.part}"}}}
- call: s3.HeadObject
  with: {Bucket: b, Key: k}
  expect: {error: {code: {oneOf: [NoSuchKey, "404"]}}}
- call: ec2.DeleteVpc
  with: {VpcId: vpc-1}
  expect: {error: {code: {matches: "^Invalid", oneOf: [A, B]}, message: Gone.}, blockedBy: {rule: EC2-VPC-DEL}}
- call: ec2.DeleteVpc
  with: {VpcId: vpc-2}
  expect: {blockedBy: {rule: EC2-VPC-DEL}}
"#;

#[test]
fn what_is_said_of_a_refusal_is_looked_at_or_told() {
    let script = exported(REFUSALS, Some("row")).unwrap();
    for lines in [
        "\nrefused InvalidVpc.Range aws ec2 create-vpc --cidr-block 10.0.0.0/8\n\
         # Not looked at here: error `message`, error `status`.\n",
        "\nrefused 'NoSuchKey 404' aws s3api head-object --bucket b --key k\n\n",
        "\nrefused 'A B' aws ec2 delete-vpc --vpc-id vpc-1\n\
         # Not looked at here: error `code` matches, error `message`, blockedBy.\n",
        "\nrefused '*' aws ec2 delete-vpc --vpc-id vpc-2\n# Not looked at here: blockedBy.\n",
    ] {
        assert!(script.contains(lines), "{lines}\n{script}");
    }
}

#[test]
fn names_stay_apart_from_each_other_and_from_the_environments() {
    let script = exported(
        r#"
steps:
- call: ec2.CreateVpc
  with: {CidrBlock: 10.0.0.0/16}
  capture: {PATH: Vpc.State, vpc: Vpc, vpc_vpcid: Vpc.OwnerId, _: Vpc.CidrBlock, codes: Vpc.VpcId}
- {call: ec2.DescribeVpcs, with: {VpcIds: ["${PATH}", "${vpc.VpcId}", "${vpc_vpcid}", "${_}", "${codes}"]}}
- {call: ec2.DescribeVpcs, with: {VpcIds: []}}
- {call: s3.PutObject, with: {Bucket: b, Key: k, Body: {size: 3}}}
"#,
        None,
    )
    .unwrap();
    for line in [
        " --vpc-ids \"$path\" \"$vpc_vpcid\" \"$vpc_vpcid_\" \"$n_\" \"$codes_\" > /dev/null\n",
        "aws ec2 describe-vpcs --vpc-ids '[]' > /dev/null\n",
        "head -c 3 /dev/zero | tr '\\0' 0 > \"$files/1\"\n",
    ] {
        assert!(script.contains(line), "{line}\n{script}");
    }
}

#[test]
fn what_has_no_command_is_told() {
    for (rest, row, expected) in [
        (
            "steps:\n- explain: training-job/x\n",
            None,
            "5:3: only `call`, `waitFor` and `advance` can be exported\n",
        ),
        (
            "settings: {quotas: {vpcs: 1}}\nsteps:\n- call: ec2.DescribeVpcs\n",
            None,
            "4:27: `settings.quotas` can be told to a control plane, and not by calls\n",
        ),
        (
            "steps:\n- {call: ec2.CreateVpc, with: {CidrBlock: 10.0.0.0/16}, capture: {v: Vpc}}\n\
             - {call: ec2.CreateTags, with: {Resources: [\"${v.VpcId}\"], Tags: [\"${v}\"]}}\n",
            None,
            "5:67: `v` is named as a whole and in parts, which a shell cannot keep\n",
        ),
        (
            "matrix: {a: {n: x}, b: {n: y}}\nsteps:\n- {call: ec2.DescribeVpcs, with: {VpcIds: [\"${matrix.n}\"]}}\n",
            None,
            "4:9: it runs for each row of a matrix: say which is exported, a, b\n",
        ),
        (
            "matrix: {a: {n: x}, b: {n: y}}\nsteps:\n- {call: ec2.DescribeVpcs, with: {VpcIds: [\"${matrix.n}\"]}}\n",
            Some("c"),
            "4:9: the matrix has no row `c`; did you mean `a`?\n",
        ),
        ("steps:\n- call: ec2.DescribeVpcs\n", Some("c"), "3:18: it has no matrix, and so no rows\n"),
    ] {
        assert_eq!(exported(rest, row).unwrap_err(), expected);
    }
}
