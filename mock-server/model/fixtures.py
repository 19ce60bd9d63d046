#!/usr/bin/env python3
"""Checks the codecs against botocore's own.

    python3 mock-server/model/fixtures.py                    writes ../src/aws/decode/fixtures.json
    python3 mock-server/model/fixtures.py --all FILE         one request for every operation
    python3 mock-server/model/fixtures.py --answers FILE     reads answers that the tests wrote

The fixtures are requests as botocore puts them on the wire, each with the parameters that it was given
in the form that SDKs show. The tests read the first file always, and the second if
MOCKPLANE_CODEC_FIXTURES names it. If MOCKPLANE_CODEC_ANSWERS names a file, the tests write answers to
it, one JSON object per line, and `--answers` compares what botocore's parsers make of them.
"""

import argparse
import base64
import datetime
import io
import json
import math
import pathlib
import re
import sys

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
import botocore.session

HERE = pathlib.Path(__file__).resolve().parent
UTC = datetime.timezone.utc
TIME = datetime.datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)
TIME_MS = datetime.datetime(2026, 1, 5, 9, 0, 0, 250000, tzinfo=UTC)

TIMELIKE = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z$")

SESSION = botocore.session.Session()
MODELS = {}

VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
CASES = [
    ("ec2", "DescribeSubnets", {}),
    ("ec2", "DescribeSubnets", {"SubnetIds": ["subnet-1", "subnet-2"], "DryRun": True}),
    ("ec2", "DescribeSubnets", {
        "Filters": [{"Name": "vpc-id", "Values": ["vpc-1", "vpc-2"]}, {"Name": "tag:Stage & Co", "Values": ["a b+c/é"]}],
        "MaxResults": 7, "NextToken": "t==",
    }),
    ("ec2", "DescribeSubnets", {"SubnetIds": [f"subnet-{n}" for n in range(12)]}),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "dedicated", "AmazonProvidedIpv6CidrBlock": False}),
    ("ec2", "CreateVpc", {
        "CidrBlock": "10.0.0.0/16",
        "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": ""}, {"Key": "k", "Value": "v\nw"}]}],
    }),
    ("ec2", "CreateSubnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a"}),
    ("ec2", "ModifySubnetAttribute", {"SubnetId": "subnet-1", "MapPublicIpOnLaunch": {"Value": True}}),
    ("ec2", "AuthorizeSecurityGroupIngress", {
        "GroupId": "sg-1",
        "IpPermissions": [{
            "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}],
            "UserIdGroupPairs": [{"GroupId": "sg-2"}],
            "PrefixListIds": [{"PrefixListId": "pl-1"}],
        }],
    }),
    ("ec2", "CreateNetworkInterface", {
        "SubnetId": "subnet-1", "Groups": ["sg-1", "sg-2"],
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.0.0.5"}],
        "Ipv6Addresses": [{"Ipv6Address": "::1"}], "ClientToken": "token",
    }),
    ("ec2", "CreateVpcEndpoint", {
        "VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-1.s3", "RouteTableIds": ["rtb-1"],
        "PolicyDocument": '{"Statement":[]}', "PrivateDnsEnabled": True, "ClientToken": "c",
    }),
    ("ec2", "CreateNetworkAclEntry", {
        "NetworkAclId": "acl-1", "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": False,
        "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 80, "To": 81}, "IcmpTypeCode": {"Code": -1, "Type": -1},
    }),
    ("ec2", "RunInstances", {
        "MinCount": 1, "MaxCount": 1, "UserData": "aGk=", "ClientToken": "c",
        "NetworkInterfaces": [{"DeviceIndex": 0, "Ipv6Addresses": [{"Ipv6Address": "::1"}],
                               "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.9", "Primary": True}]}],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": True}}],
    }),
    ("ec2", "GetFlowLogsIntegrationTemplate", {
        "FlowLogId": "fl-1", "ConfigDeliveryS3DestinationArn": "arn:aws:s3:::b",
        "IntegrateServices": {"AthenaIntegrations": [{
            "IntegrationResultS3DestinationArn": "arn:aws:s3:::r", "PartitionLoadFrequency": "daily",
            "PartitionStartDate": TIME, "PartitionEndDate": TIME_MS}]},
    }),
    ("iam", "CreateRole", {
        "RoleName": "r", "AssumeRolePolicyDocument": '{"Version":"2012-10-17"}', "MaxSessionDuration": 3600,
        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c d", "Value": "é"}],
    }),
    ("iam", "ListRoles", {}),
    ("iam", "GetAccountSummary", {}),
    ("iam", "SimulatePrincipalPolicy", {
        "PolicySourceArn": "arn:aws:iam::123456789012:role/r", "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ContextEntries": [{"ContextKeyName": "k", "ContextKeyValues": ["1", "2"], "ContextKeyType": "string"}],
        "PolicyInputList": [],
    }),
    ("sts", "GetCallerIdentity", {}),
    ("sts", "AssumeRole", {
        "RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "s", "DurationSeconds": 900,
        "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/x"}], "TransitiveTagKeys": ["a"], "Policy": '{"a": 1}',
    }),
    ("sagemaker", "ListModels", {}),
    ("sagemaker", "ListTrainingJobs", {"CreationTimeAfter": TIME, "LastModifiedTimeBefore": TIME_MS, "MaxResults": 5, "SortBy": "Name"}),
    ("sagemaker", "CreateTrainingJob", {
        "TrainingJobName": "job", "RoleArn": "arn:aws:iam::123456789012:role/r",
        "AlgorithmSpecification": {"TrainingImage": "i", "TrainingInputMode": "File",
                                   "MetricDefinitions": [{"Name": "m", "Regex": "a\"b\\d"}]},
        "HyperParameters": {"epochs": "3", "é": "\u0001"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://b/p", "S3DataDistributionType": "FullyReplicated"}},
            "ShuffleConfig": {"Seed": 2**40}}],
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60}, "VpcConfig": VPC, "EnableNetworkIsolation": False,
        "Tags": [{"Key": "a", "Value": "b"}], "Environment": {},
    }),
    ("sagemaker", "CreateEndpointConfig", {
        "EndpointConfigName": "c", "ProductionVariants": [{
            "VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1, "InitialVariantWeight": 0.5}],
    }),
    ("sagemaker", "Search", {"Resource": "TrainingJob", "SearchExpression": {
        "Filters": [{"Name": "n", "Operator": "Equals", "Value": "v"}],
        "SubExpressions": [{"SubExpressions": [{"Operator": "And"}]}]}}),
    ("logs", "PutLogEvents", {
        "logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamName": "s",
        "logEvents": [{"timestamp": 1767603600000, "message": "line \U0001F600"}],
    }),
    ("logs", "GetLogEvents", {"logGroupName": "g", "logStreamName": "s", "startFromHead": True, "limit": 10}),
    ("sagemaker-runtime", "InvokeEndpoint", {
        "EndpointName": "my-endpoint", "Body": b"\x00\xffdata", "ContentType": "text/csv", "Accept": "*/*",
        "TargetVariant": "v 1", "InferenceId": "id"}),
    ("sagemaker-runtime", "InvokeEndpoint", {"EndpointName": "e", "Body": b""}),
    ("sagemaker-runtime", "InvokeEndpointAsync", {
        "EndpointName": "e", "InputLocation": "s3://b/k", "RequestTTLSeconds": 60, "InvocationTimeoutSeconds": 9}),
]


def model(service):
    if service not in MODELS:
        MODELS[service] = SESSION.get_service_model(service)
    return MODELS[service]


def shown(value):
    """A parameter as SDKs show it, in JSON."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {k: shown(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shown(v) for v in value]
    return value


def request(service, operation, params):
    service_model = model(service)
    operation_model = service_model.operation_model(operation)
    serializer = botocore.serialize.create_serializer(service_model.protocol, include_validation=False)
    pending = serializer.serialize_to_request(params, operation_model)
    botocore.awsrequest.prepare_request_dict(pending, endpoint_url="http://localhost", context={})
    sent = botocore.awsrequest.create_request_object(pending).prepare()
    path, _, query = sent.url.removeprefix("http://localhost").partition("?")
    body = sent.body or b""
    if isinstance(body, str):
        body = body.encode()
    text = lambda v: v.decode() if isinstance(v, bytes) else str(v)
    return {
        "service": service, "operation": operation, "input": shown(params), "method": sent.method,
        "path": path, "query": query, "headers": {k.lower(): text(v) for k, v in sent.headers.items()},
        "body": base64.b64encode(body).decode(),
    }


def sample(shape, depth=0, seen=()):
    """A filled-in value of a shape; None where recursion ends."""
    kind = shape.type_name
    if kind == "structure":
        if depth > 6 or seen.count(shape.name) > 1:
            return None
        out = {}
        for name, member in shape.members.items():
            value = sample(member, depth + 1, (*seen, shape.name))
            if value is not None:
                out[name] = value
            if getattr(shape, "is_tagged_union", False) and out:
                break
        return out or None
    if kind == "list":
        inner = [sample(shape.member, depth + 1, seen) for _ in range(2)]
        return inner if inner[0] is not None else None
    if kind == "map":
        inner = sample(shape.value, depth + 1, seen)
        return {"k1": inner, "k 2": inner} if inner is not None else None
    if kind in ("integer", "long"):
        return 7 + depth
    if kind in ("float", "double"):
        return 0.5 + depth
    return {"string": f"s {depth}&é", "boolean": depth % 2 == 0, "blob": b"\x00\xfe" * (depth + 1),
            "timestamp": TIME_MS, "character": "c"}[kind]


def every():
    for service in ("ec2", "sagemaker", "sagemaker-runtime", "iam", "sts", "logs", "ssm"):
        for name in model(service).operation_names:
            operation = model(service).operation_model(name)
            params = {} if operation.input_shape is None else sample(operation.input_shape) or {}
            if service == "sagemaker-runtime":
                params = {k: (v.replace("é", "e") if isinstance(v, str) else v) for k, v in params.items()}
            yield request(service, name, params)


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12)
    if isinstance(a, str) and isinstance(b, str) and TIMELIKE.match(a) and TIMELIKE.match(b):
        # Far from now, botocore's floats lose a millisecond.
        read = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return abs(read(a) - read(b)) <= datetime.timedelta(milliseconds=1)
    return a == b


def answers(path):
    count = bad = 0
    for line in open(path, encoding="utf-8"):
        case = json.loads(line)
        operation = model(case["service"]).operation_model(case["operation"])
        shape = operation.output_shape
        if shape is not None and operation.has_event_stream_output:
            continue
        parser = botocore.parsers.create_parser(model(case["service"]).protocol)
        headers = botocore.awsrequest.HeadersDict(case["headers"])
        body = base64.b64decode(case["body"])
        if operation.has_streaming_output and case["status"] < 300:
            body = io.BytesIO(body)
        response = {"body": body, "headers": headers, "status_code": case["status"]}
        parsed = parser.parse(response, shape)
        count += 1
        request_id = parsed.pop("ResponseMetadata", {}).get("RequestId")
        for key, value in list(parsed.items()):
            if hasattr(value, "read"):
                parsed[key] = value.read()
        if case["service"] == "sagemaker-runtime" and not case.get("error"):
            # The protocol has a body and a content type even where the operation gives none.
            parsed = {k: v for k, v in parsed.items() if k in case["output"] or k not in ("Body", "ContentType")}
        expected = case.get("error") or case["output"]
        found = {"code": parsed["Error"]["Code"], "message": parsed["Error"]["Message"] or ""} if case.get("error") else shown(parsed)
        if not same(found, expected) or (request_id != case["request_id"]):
            bad += 1
            if bad < 5:
                print(case["service"], case["operation"], request_id, "\n ours  ", expected, "\n theirs", found)
    print(f"{count} answers, {bad} read differently")
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", metavar="FILE")
    parser.add_argument("--answers", metavar="FILE")
    args = parser.parse_args()
    if args.answers:
        sys.exit(1 if answers(args.answers) else 0)
    cases = every() if args.all else (request(*case) for case in CASES)
    target = pathlib.Path(args.all) if args.all else HERE.parent / "src/aws/decode/fixtures.json"
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    target.write_text(f"[\n{lines}\n]\n")
    print(target)


if __name__ == "__main__":
    main()
