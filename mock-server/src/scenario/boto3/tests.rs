//! What is exported, and what is not.

use super::*;
use crate::scenario::export::{Form, exported as whole};
use std::path::Path;

fn exported(rest: &str) -> Result<String, String> {
    exported_row(rest, None)
}

fn exported_row(rest: &str, row: Option<&str>) -> Result<String, String> {
    let text = format!(
        "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x, title: A \"title\"}}\n{rest}"
    );
    whole(Path::new("x.yaml"), &text, row, Form::Boto3)
        .map_err(|problems| problems.iter().map(|(_, problem)| format!("{problem}\n")).collect())
}

#[test]
fn steps_become_calls() {
    let script = exported(
        r#"
settings: {region: eu-west-1}
vars:
  base: {CidrBlock: "10.0.0.0/16"}
  name: "${account}-${vpc}"
steps:
- say: A network.
  call: ec2.CreateVpc
  with: {$merge: "${vars.base}", AmazonProvidedIpv6CidrBlock: true}
  capture: {vpc: Vpc.VpcId, "in": Vpc}
- {call: ec2.DescribeVpcs, with: {VpcIds: ["${vpc}"], MaxResults: 5}}
- {call: s3.CreateBucket, with: {Bucket: "data-${vars.name}"}}
- call: ec2.DeleteVpc
  with: {VpcId: "${in.VpcId}"}
  expect: {error: {code: DependencyViolation}}
- {call: ec2.DescribeVpcs, with: {VpcIds: [a]}, expect: {ok: false}}
- call: ec2.DescribeNatGateways
  poll: {every: 10s, within: 10m}
  expect: {response: {"NatGateways[0].State": available}}
- waitFor: {resource: "training-job/${vars.name}", state: Completed}
- advance: 10m
"#,
    )
    .unwrap();
    for line in [
        "\"\"\"x: A 'title'\n",
        "_session = boto3.Session(region_name=\"eu-west-1\")\n",
        "_ec2 = _session.client(\"ec2\")\n",
        "# A network.\n_answer = _ec2.create_vpc(**{**{\"CidrBlock\": \"10.0.0.0/16\"}, \"AmazonProvidedIpv6CidrBlock\": True})\n\
         vpc = jmespath.search(\"Vpc.VpcId\", _answer)\nin_ = jmespath.search(\"Vpc\", _answer)\n",
        "_ec2.describe_vpcs(VpcIds=[vpc], MaxResults=5)\n",
        "_s3.create_bucket(Bucket=\"data-\" + str((str(account) + \"-\" + str(vpc))))\n",
        "_refused(_ec2.delete_vpc, code=\"DependencyViolation\", VpcId=in_[\"VpcId\"])\n",
        "_refused(_ec2.describe_vpcs, VpcIds=[\"a\"])\n",
        "_until(lambda: _ec2.describe_nat_gateways(), \"NatGateways[0].State\", \"available\")\n",
        "    lambda: _sagemaker.describe_training_job(TrainingJobName=(str(account) + \"-\" + str(vpc))),\n",
        "_advance(\"10m\")\n",
    ] {
        assert!(script.contains(line), "{line}\n{script}");
    }
}

#[test]
fn what_fixtures_make_comes_first_and_a_row_is_filled_in() {
    let script = exported_row(
        r#"
vars: {first: "10.0.8.0/28"}
fixtures:
- {as: net, preset: private-vpc-with-s3-gateway, with: {firstCidr: "${vars.first}"}}
- {as: data, preset: bucket, with: {size: 12}}
matrix:
  one: {code: InvalidVpcID.NotFound}
  other: {code: DependencyViolation}
steps:
- {call: ec2.CreateVpc, with: {CidrBlock: 10.1.0.0/16}, capture: {net_vpc: Vpc.VpcId}}
- {call: ec2.DeleteVpc, with: {VpcId: "${net_vpc}"}}
- call: ec2.DeleteVpc
  with: {VpcId: "${net.vpc.id}"}
  expect: {error: {code: "${matrix.code}"}}
- {call: s3.DeleteObject, with: {Bucket: "${data.name}", Key: "${data.key}"}}
- {call: s3.PutObject, with: {Bucket: "${data.name}", Key: a, Body: text}}
- {call: iam.CreateAccessKey, with: {UserName: ana}, capture: {ana: AccessKey}}
- {call: sts.GetCallerIdentity, as: "${ana}"}
"#,
        Some("other"),
    )
    .unwrap();
    for line in [
        "\n# A VPC with two private subnets whose one way out leads to S3.\n_answer = _ec2.create_vpc(",
        "net_vpc = jmespath.search(",
        "CidrBlock=\"10.0.8.0/28\"",
        "\nnet = {\n    \"vpc\": {\"id\": net_vpc, \"cidr\": \"10.0.0.0/16\"},\n",
        "_s3.create_bucket(Bucket=(\"data-\" + str(account)))\n",
        "Body=b\"0\" * 12)\n",
        "net_vpc_ = jmespath.search(\"Vpc.VpcId\", _answer)\n\n_ec2.delete_vpc(VpcId=net_vpc_)\n",
        "_refused(_ec2.delete_vpc, code=\"DependencyViolation\", VpcId=net[\"vpc\"][\"id\"])\n",
        "_s3.delete_object(Bucket=data[\"name\"], Key=data[\"key\"])\n",
        "_s3.put_object(Bucket=data[\"name\"], Key=\"a\", Body=\"text\")\n",
        "_as(\"sts\", ana).get_caller_identity()\n",
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
    let script = exported_row(REFUSALS, Some("row")).unwrap();
    for lines in [
        "\n_refused(\n    _ec2.create_vpc,\n    code=\"InvalidVpc.Range\",\n    message={\"contains\": \"10.0.0.0/8\"},\n    \
         status=400,\n    CidrBlock=\"10.0.0.0/8\")\n\n",
        "\n_refused(_s3.head_object, code={\"oneOf\": [\"NoSuchKey\", \"404\"]}, Bucket=\"b\", Key=\"k\")\n\n",
        "\n_refused(_ec2.delete_vpc, code={\"matches\": \"^Invalid\", \"oneOf\": [\"A\", \"B\"]}, message=\"Gone.\", VpcId=\"vpc-1\")\n\
         # Not looked at here: blockedBy.\n",
        "\n_refused(_ec2.delete_vpc, VpcId=\"vpc-2\")\n# Not looked at here: blockedBy.\n",
        "\ndef _check(",
        "\nimport jmespath\n",
    ] {
        assert!(script.contains(lines), "{lines}\n{script}");
    }
}

#[test]
fn what_is_no_call_is_told() {
    for (rest, expected) in [
        ("steps:\n- explain: training-job/x\n", "5:3: only `call`, `waitFor` and `advance` can be exported"),
        (
            "settings: {quotas: {vpcs: 1}}\nsteps:\n- call: ec2.DescribeVpcs\n",
            "4:27: `settings.quotas` can be told to a control plane, and not by calls",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {lost: true}}\n",
            "5:10: an answer that is lost cannot be exported",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, poll: {every: 1s, within: 1m}, expect: {error: {code: X}}}\n",
            "5:10: a `poll` for a refusal cannot be exported",
        ),
        (
            "steps:\n- {call: ec2.CreateVpc, with: {CidrBlock: 10.0.0.0/16}, capture: {a: \"split(Vpc.VpcId, '-')[1]\"}}\n\
             - {call: ec2.DescribeVpcs, with: {VpcIds: [\"vpc-${a}\"]}}\n",
            "5:70: a part of a text cannot be exported: AWS's tools have no `split`",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, wire: {region: us-west-2}}\n",
            "5:34: a call with `wire` cannot be exported: no SDK sends it",
        ),
        (
            "fixtures:\n- {as: base, snapshot: a}\nsteps:\n- call: ec2.DescribeVpcs\n",
            "5:8: fixture `base` is a snapshot, which no calls make, so that it cannot be exported",
        ),
    ] {
        assert_eq!(exported(rest).unwrap_err(), format!("{expected}\n"));
    }
}

#[test]
fn names_stay_apart_from_each_other_and_from_pythons() {
    let script = exported(
        r#"
steps:
- call: ec2.CreateVpc
  with: {CidrBlock: 10.0.0.0/16}
  capture: {None: Vpc.VpcId, _ec2: Vpc.State, a-b: Vpc.OwnerId, a_b: Vpc.CidrBlock, str: Vpc.IsDefault}
- {call: ec2.DescribeVpcs, with: {VpcIds: ["${None}", "${_ec2}", "${a-b}", "${a_b}", "${str}"]}}
"#,
    )
    .unwrap();
    assert!(script.contains("_ec2.describe_vpcs(VpcIds=[None_, n_ec2, a_b, a_b_, str_])\n"), "{script}");
}

#[test]
fn methods_are_called_as_boto3_calls_them() {
    for (name, expected) in [
        ("CreateVpc", "create_vpc"),
        ("DescribeAutoMLJobV2", "describe_auto_ml_job_v2"),
        ("ListObjectsV2", "list_objects_v2"),
        ("CreateCACert", "create_ca_cert"),
    ] {
        assert_eq!(snake(name), expected);
    }
}
