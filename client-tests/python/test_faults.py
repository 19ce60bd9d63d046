"""Declared faults as clients meet them: errors, delays, lost answers, throttling, things out of order."""

import json
import re
import subprocess
import time
import urllib.error

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, IncompleteReadError, ReadTimeoutError
from botocore.exceptions import ResponseStreamingError
from botocore.parsers import ResponseParserError

from mockplane import ROOT, Account, Server, binary, environment, refused


def declare(aws, *faults):
    path = f"/_mockplane/faults?account={aws.number}"
    return aws.server.control("POST", path, {"faults": list(faults)})["faults"]


def told(aws, id):
    return aws.server.control("GET", f"/_mockplane/faults/{id}?account={aws.number}")


def clear(aws, id=None):
    path = f"/_mockplane/faults{'/' + id if id else ''}?account={aws.number}"
    return aws.server.control("DELETE", path)["faults"]


def problem(call):
    """The text of a control call's refusal, and its status."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        call()
    return caught.value.code, json.loads(caught.value.read())["error"]


# === Errors ===

ERRORS = [
    ("ec2", "describe_vpcs", "RequestLimitExceeded", 503, "Request limit exceeded."),
    ("ec2", "describe_vpcs", "InternalError", 500, None),
    ("ec2", "describe_vpcs", "Unavailable", 503, None),
    ("ec2", "describe_vpcs", "VpcLimitExceeded", 400, None),
    ("sagemaker", "list_training_jobs", "ThrottlingException", 400, "Rate exceeded"),
    ("sagemaker", "list_training_jobs", "ResourceLimitExceeded", 400, None),
    ("iam", "list_roles", "Throttling", 400, "Rate exceeded"),
    ("iam", "list_roles", "ServiceFailure", 500, None),
    ("sts", "get_caller_identity", "Throttling", 400, "Rate exceeded"),
    ("logs", "describe_log_groups", "ServiceUnavailableException", 500, None),
    ("ssm", "describe_parameters", "InternalServerError", 500, None),
    ("s3", "list_buckets", "SlowDown", 503, "Please reduce your request rate."),
    ("s3", "list_buckets", "InternalError", 500, "We encountered an internal error. Please try again."),
]


@pytest.mark.parametrize("service, call, code, status, text", ERRORS)
def test_an_error_in_the_words_of_the_service(aws, service, call, code, status, text):
    declare(aws, {"id": "e", "match": {"service": service}, "effect": {"error": {"code": code}}})
    with refused(code, text or "Simulated by the declared fault e", status) as caught:
        getattr(aws.client(service), call)()
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-mockplane-fault"] == "e"
    explained = aws.server.control("GET", headers["x-mockplane-explain"].removeprefix(aws.server.endpoint))
    assert explained["refusal"]["because"] == "the declared fault e"
    assert told(aws, "e")["hits"] == 1
    (event,) = (event for event in aws.events() if event["kind"] == "Fault")
    assert event["message"] == f"e: refused with {code}"


def test_of_the_runtime_too(aws):
    declare(aws, {"match": {"service": "sagemaker-runtime"},
                  "effect": {"throttle": {"burst": 1, "perSecond": 0.001}}})
    runtime = aws.client("sagemaker-runtime")
    with refused("ValidationError", lambda text: True):
        runtime.invoke_endpoint(EndpointName="none", Body=b"")
    with refused("ThrottlingException", "Rate exceeded"):
        runtime.invoke_endpoint(EndpointName="none", Body=b"")


def test_the_declared_words(aws):
    declare(aws, {"effect": {"error": {"code": "Odd.Code", "message": "<&> of ours", "status": 418}}})
    for client, call in [(aws.ec2, "describe_vpcs"), (aws.sm, "list_models"), (aws.iam, "list_users"),
                         (aws.client("s3"), "list_buckets")]:
        with refused("Odd.Code", "<&> of ours", 418):
            getattr(client, call)()
    # A HEAD has no body to say it in.
    with pytest.raises(ClientError) as caught:
        aws.client("s3").head_bucket(Bucket="any")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418


def test_nothing_is_done(aws):
    declare(aws, {"match": {"operation": "CreateVpc"}, "times": 1, "effect": {"error": {"code": "InternalError"}}})
    with refused("InternalError", status=500):
        aws.vpc("10.7.0.0/16")
    assert aws.ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.7.0.0/16"]}])["Vpcs"] == []
    aws.vpc("10.7.0.0/16")


# === What a fault is for ===

def strikes(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] == "Struck"
    return False


@pytest.mark.parametrize("match, struck, spared", [
    ({"service": "ec2"}, lambda a: a.ec2.describe_vpcs(), lambda a: a.sm.list_models()),
    ({"operation": "Describe*"}, lambda a: a.ec2.describe_vpcs(), lambda a: a.vpc()),
    ({"region": "eu-*"}, lambda a: a.client("ec2", "eu-west-1").describe_vpcs(), lambda a: a.ec2.describe_vpcs()),
    ({"resource": "10.1.*"}, lambda a: a.vpc("10.1.0.0/16"), lambda a: a.vpc("10.2.0.0/16")),
    ({"resource": "arn:aws:sagemaker:*:model/mine"},
     lambda a: a.sm.describe_model(ModelName="mine"), lambda a: a.sm.delete_model(ModelName="yours")),
    ({"resource": "arn:aws:s3:::data/in/*"},
     lambda a: a.client("s3").get_object(Bucket="data", Key="in/x"),
     lambda a: a.client("s3").get_object(Bucket="data", Key="out/x")),
    ({"where": "Filters[?Name == 'vpc-id']"},
     lambda a: a.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": ["vpc-1"]}]),
     lambda a: a.ec2.describe_subnets(Filters=[{"Name": "state", "Values": ["available"]}])),
    ({"service": "s3", "where": "Bucket == 'data' && MaxKeys > `5`"},
     lambda a: a.client("s3").list_objects_v2(Bucket="data", MaxKeys=6),
     lambda a: a.client("s3").list_objects_v2(Bucket="data", MaxKeys=5)),
    ({"service": "s3", "operation": "PutObject", "where": "ContentType == 'text/csv' && Metadata.team == 'fraud'"},
     lambda a: a.client("s3").put_object(Bucket="data", Key="a", ContentType="text/csv", Metadata={"team": "fraud"}),
     lambda a: a.client("s3").put_object(Bucket="data", Key="a", ContentType="text/csv")),
    ({"service": "s3", "operation": "GetObject", "where": "starts_with(Range, 'bytes=0-')"},
     lambda a: a.client("s3").get_object(Bucket="data", Key="a", Range="bytes=0-9"),
     lambda a: a.client("s3").get_object(Bucket="data", Key="a", Range="bytes=5-9")),
    ({"principal": "*:root"}, lambda a: a.ec2.describe_vpcs(), None),
    ({"principal": "*:user/*"}, None, lambda a: a.ec2.describe_vpcs()),
])
def test_a_fault_strikes_what_it_is_for(aws, match, struck, spared):
    declare(aws, {"match": match, "effect": {"error": {"code": "Struck"}}})
    assert struck is None or strikes(lambda: struck(aws))
    assert spared is None or not strikes(lambda: spared(aws))
    assert not strikes(lambda: Account(aws.server).ec2.describe_vpcs()), "of another account"


def test_a_user_or_a_role(aws):
    aws.iam.create_user(UserName="ann")
    key = aws.iam.create_access_key(UserName="ann")["AccessKey"]
    ann = aws.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    arn = f"arn:aws:iam::{aws.number}:user/ann"
    declare(aws, {"match": {"principal": arn}, "effect": {"error": {"code": "Struck"}}})
    assert strikes(ann.get_caller_identity)
    assert not strikes(aws.sts.get_caller_identity)


def test_skip_and_times(aws):
    declare(aws, {"id": "s", "match": {"operation": "DescribeVpcs"}, "skip": 2, "times": 2,
                  "effect": {"error": {"code": "Struck"}}})
    seen = [strikes(aws.ec2.describe_vpcs) for _ in range(6)]
    assert seen == [False, False, True, True, False, False]
    assert {"hits": 2, "seen": 4}.items() <= told(aws, "s").items()


def test_chance_repeats_with_the_seed(server):
    def run(seed):
        aws = Account(server)
        server.control("POST", f"/_mockplane/reset?account={aws.number}&seed={seed}")
        declare(aws, {"id": "p", "probability": 0.5, "effect": {"error": {"code": "Struck"}}})
        return [strikes(aws.sts.get_caller_identity) for _ in range(40)]
    first = run(7)
    assert first == run(7) != run(8)
    assert 8 < sum(first) < 32


def test_a_window_of_the_accounts_time(aws):
    aws.manual_clock()
    declare(aws, {"window": {"from": "5m", "for": "10m"}, "effect": {"error": {"code": "Struck"}}})
    seen = []
    for _ in range(4):
        seen.append(strikes(aws.ec2.describe_vpcs))
        aws.advance("5m")
    assert seen == [False, True, True, False]


# === Delays, lost answers ===

def test_a_delay_is_real_on_a_manual_clock(aws):
    aws.manual_clock()
    declare(aws, {"id": "d", "match": {"service": "sts"}, "effect": {"delay": "300ms", "jitter": "100ms"}})
    begun = time.monotonic()
    aws.sts.get_caller_identity()
    assert 0.3 <= time.monotonic() - begun < 5
    assert told(aws, "d")["hits"] == 1
    # Nobody else waits meanwhile, and a client that waits less gives up.
    impatient = aws.client("sts", read_timeout=0.05)
    with pytest.raises(ReadTimeoutError):
        impatient.get_caller_identity()


def test_a_lost_request_and_a_lost_answer(aws):
    declare(aws, *({"match": {"operation": "CreateVpc", "resource": block}, "effect": {"drop": what}}
                   for block, what in [("10.1.0.0/16", "request"), ("10.2.0.0/16", "answer")]))
    for block in ("10.1.0.0/16", "10.2.0.0/16"):
        with pytest.raises(ConnectionClosedError):
            aws.vpc(block)
    blocks = {vpc["CidrBlock"] for vpc in aws.ec2.describe_vpcs()["Vpcs"]}
    assert "10.1.0.0/16" not in blocks and "10.2.0.0/16" in blocks


def test_retries_after_a_lost_answer_do_it_once_with_a_token(aws):
    declare(aws, {"match": {"operation": "RunInstances"}, "times": 2, "effect": {"drop": "answer"}})
    patient = aws.client("ec2", retries={"total_max_attempts": 4, "mode": "standard"})
    # boto3 gives a client token of its own, the same for each try.
    patient.run_instances(ImageId="ami-12c6146b", InstanceType="t3.micro", MinCount=1, MaxCount=1)
    assert len(aws.ec2.describe_instances()["Reservations"]) == 1


def test_a_body_that_is_cut(aws):
    s3 = aws.client("s3")
    bucket = f"cut-{aws.number}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 1000)
    declare(aws, {"match": {"operation": "GetObject"}, "effect": {"truncate": 10}},
            {"match": {"operation": "DescribeVpcs"}, "effect": {"truncate": 100}})
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert answer["ContentLength"] == 1000
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        answer["Body"].read()
    with pytest.raises(ResponseParserError):
        aws.ec2.describe_vpcs()


# === Throttling ===

@pytest.mark.parametrize("service, call, code, status, text", [
    ("ec2", "describe_vpcs", "RequestLimitExceeded", 503, "Request limit exceeded."),
    ("sagemaker", "list_models", "ThrottlingException", 400, "Rate exceeded"),
    ("iam", "list_users", "Throttling", 400, "Rate exceeded"),
    ("sts", "get_caller_identity", "Throttling", 400, "Rate exceeded"),
    ("logs", "describe_log_groups", "ThrottlingException", 400, "Rate exceeded"),
    ("s3", "list_buckets", "SlowDown", 503, "Please reduce your request rate."),
])
def test_a_bucket_of_tokens(aws, service, call, code, status, text):
    aws.manual_clock()
    declare(aws, {"id": "t", "match": {"service": service}, "effect": {"throttle": {"burst": 2, "perSecond": 0.5}}})
    ask = getattr(aws.client(service), call)
    ask(), ask()
    for _ in range(2):
        with refused(code, text, status):
            ask()
    aws.advance("1999ms")
    with refused(code, text, status):
        ask()
    aws.advance("1ms")
    ask()
    assert told(aws, "t")["hits"] == 3


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize("service, call", [
    ("ec2", "describe_vpcs"), ("sagemaker", "list_models"), ("iam", "list_users"), ("s3", "list_buckets")])
def test_retries_of_the_sdk_get_through(aws, service, call, mode):
    declare(aws, {"id": "t", "match": {"service": service}, "effect": {"throttle": {"burst": 1, "perSecond": 3}}})
    ask = getattr(aws.client(service, retries={"total_max_attempts": 6, "mode": mode}), call)
    tries = [ask()["ResponseMetadata"]["RetryAttempts"] for _ in range(3)]
    assert sum(tries) == told(aws, "t")["hits"] > 0


def test_a_poll_clock_goes_to_where_there_is_room(aws):
    aws.server.control("POST", "/_mockplane/clock", {"account": aws.number, "mode": "poll"})
    declare(aws, {"match": {"service": "ec2"}, "effect": {"throttle": {"burst": 1, "perSecond": 0.001}}})
    patient = aws.client("ec2", retries={"total_max_attempts": 2, "mode": "standard"})
    for _ in range(2):
        patient.describe_vpcs()


def test_rates_as_aws_documents_them():
    with Server("--throttle", "aws", "--clock", "manual:2026-01-05T09:00:00Z") as server:
        aws = Account(server)
        for _ in range(50):
            aws.ec2.describe_security_groups()
        with refused("RequestLimitExceeded", "Request limit exceeded.", 503) as caught:
            aws.ec2.describe_security_groups()
        assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-mockplane-rule"] == "EC2-THROTTLE"
        # Filtered requests, other operations and other regions have buckets of their own.
        aws.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
        aws.ec2.describe_vpcs()
        aws.client("ec2", "eu-west-1").describe_security_groups()
        Account(server).ec2.describe_security_groups()
        aws.advance("100ms")
        aws.ec2.describe_security_groups()
        # Instances are paid for too.
        launch = {"ImageId": "ami-12c6146b", "InstanceType": "t3.micro", "DryRun": True}
        with refused("DryRunOperation", status=412):
            aws.ec2.run_instances(MinCount=900, MaxCount=900, **launch)
        with refused("RequestLimitExceeded", status=503):
            aws.ec2.run_instances(MinCount=101, MaxCount=101, **launch)
        for _ in range(101):
            aws.sts.get_caller_identity()
        # Reset keeps it, clearing ends it.
        aws.reset()
        assert told(aws, "throttle-aws")["effect"] == {"throttle": "aws"}
        clear(aws)
        for _ in range(51):
            aws.ec2.describe_security_groups()


@pytest.mark.parametrize("service, call, code, status", [
    ("ec2", "describe_vpcs", "UnauthorizedOperation", 403), ("ec2", "describe_vpcs", "AuthFailure", 401),
    ("ec2", "describe_vpcs", "InternalError", 500), ("sagemaker", "list_models", "AccessDeniedException", 400),
    ("iam", "list_users", "AccessDenied", 403), ("sagemaker", "list_models", "InvalidSignatureException", 400)])
def test_an_error_has_the_status_that_the_service_gives_it(aws, service, call, code, status):
    declare(aws, {"times": 1, "effect": {"error": {"code": code}}})
    with refused(code, status=status):
        getattr(aws.client(service), call)()


# === Credentials ===

@pytest.mark.parametrize("service, call, code, status, text", [
    ("ec2", "describe_vpcs", "RequestExpired", 400, "Request has expired."),
    ("sagemaker", "list_models", "ExpiredTokenException", 400, "The security token included in the request is expired"),
    ("iam", "list_users", "ExpiredToken", 403, "The security token included in the request is expired"),
    ("s3", "list_buckets", "ExpiredToken", 400, "The provided token has expired."),
])
def test_expired_credentials(aws, service, call, code, status, text):
    declare(aws, {"times": 1, "effect": {"expiredCredentials": True}})
    with refused(code, text, status):
        getattr(aws.client(service), call)()
    getattr(aws.client(service), call)()


# === Things out of order ===

def test_a_nat_gateway_fails_and_recovers(aws):
    aws.manual_clock()
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    igw = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = aws.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    # Declared before it is available: it fails once it would be.
    declare(aws, {"id": "n", "match": {"resource": "nat-*", "region": "us-east-1"}, "window": {"for": "10m"},
                  "effect": {"outage": True}})

    def shown():
        return aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
    assert shown()["State"] == "pending"
    aws.advance("2m")
    failed = shown()
    assert (failed["State"], failed["FailureCode"]) == ("failed", "InternalError")
    interface = failed["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    assert failed["FailureMessage"].startswith(f"Network interface {interface}, ")
    assert told(aws, "n")["hits"] == 1
    with pytest.raises(ClientError):
        aws.ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddressCount=1)
    aws.advance("9m")
    assert shown()["State"] == "available" and "FailureCode" not in shown()
    kinds = [(e["kind"], e["resource"]) for e in aws.events() if e["kind"].startswith("Fault")]
    assert kinds == [("Fault", nat), ("FaultEnded", nat)]
    # It can be deleted while it is out of order.
    declare(aws, {"id": "again", "match": {"resource": nat}, "effect": {"outage": True}})
    assert shown()["State"] == "failed"
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.advance("5m")
    assert shown()["State"] == "deleted"


def test_an_endpoint_fails_by_its_arn_until_it_is_cleared(aws):
    network = aws.network("10.0.1.0/24")
    arn = f"arn:aws:ec2:us-east-1:{aws.number}:vpc-endpoint/{network.s3}"
    declare(aws, {"id": "v", "match": {"resource": arn}, "effect": {"outage": True}})

    def state(*filters):
        found = aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[network.s3], Filters=list(filters))["VpcEndpoints"]
        return [one["State"] for one in found]
    assert state() == ["failed"]
    assert state({"Name": "vpc-endpoint-state", "Values": ["available"]}) == []
    ends = f"from={network.subnets[0]}&to=s3://any&groups={network.group}&role={aws.role()}"
    query = f"/_mockplane/reachability?account={aws.number}&{ends}"
    way = aws.server.control("GET", query)
    assert way["reaches"] is False and '"fault": "v"' in json.dumps(way)
    assert clear(aws, "v")[0]["hits"] == 1
    assert state() == ["available"]
    assert aws.server.control("GET", query)["reaches"] is True


def test_interfaces_of_a_job_stay(aws):
    aws.manual_clock()
    role, network = aws.role(), aws.network("10.0.1.0/24")
    free = aws.free(network.subnets[0])
    declare(aws, {"id": "k", "match": {"resource": "training-job/stuck-*"}, "effect": {"keepInterfaces": "forever"}})
    for name in ("stuck-1", "clean"):
        aws.training_job(name, role, network.config, instances=1)
    aws.advance("30m")
    assert {aws.job(name)["TrainingJobStatus"] for name in ("stuck-1", "clean")} == {"Completed"}
    left = aws.interfaces(group_id=network.group)
    assert [one["Status"] for one in left] == ["in-use"] * 2
    assert aws.free(network.subnets[0]) == free - 2
    assert told(aws, "k")["hits"] == 2
    with refused("DependencyViolation", lambda text: network.group in text):
        aws.ec2.delete_security_group(GroupId=network.group)
    with refused("DependencyViolation", lambda text: network.subnets[0] in text):
        aws.ec2.delete_subnet(SubnetId=network.subnets[0])
    aws.advance("7d")
    assert len(aws.interfaces(group_id=network.group)) == 2
    clear(aws)
    assert aws.interfaces(group_id=network.group) == []
    aws.ec2.delete_security_group(GroupId=network.group)


# === Declaring ===

def test_what_is_wrong_is_told_with_its_place(aws):
    for fault, part in [
        ({"effect": {"eror": {}}}, "unknown key `eror`; did you mean `error`?"),
        ({"match": {"service": "ec3"}, "effect": {"delay": "1s"}}, "no service is named `ec3`; did you mean `ec2`?"),
        ({"effect": {"outage": True}}, "`outage` needs a `resource`"),
    ]:
        status, text = problem(lambda: declare(aws, fault))
        assert status == 400 and part in text and text.startswith("1:"), text
    declare(aws, {"id": "one", "effect": {"delay": "1ms"}})
    both = [{"id": id, "effect": {"delay": "1ms"}} for id in ("two", "one")]
    assert problem(lambda: declare(aws, *both)) == (400, "there is a fault `one` already")
    assert problem(lambda: told(aws, "two")) == (404, "there is no fault `two`"), "all or none"
    assert problem(lambda: clear(aws, "two"))[0] == 404
    (only,) = declare(aws, {"effect": {"delay": "2ms"}})[1:]
    assert only["id"] == "fault-1"
    aws.reset()
    assert aws.server.control("GET", f"/_mockplane/faults?account={aws.number}")["faults"] == []


def test_a_file_of_faults(tmp_path):
    file = tmp_path / "faults.yaml"
    fault = "{id: a, match: {operation: DescribeVpcs}, times: 1, effect: {error: {code: InternalError}}}"
    file.write_text(f"faults:\n- {fault}\n")
    check = [binary(), "faults", "check", str(file)]
    assert subprocess.run(check, env=environment()).returncode == 0
    with Server("--faults", str(file)) as server:
        for aws in (Account(server), Account(server)):
            for _ in range(2):
                with refused("InternalError", "Simulated by the declared fault a", 500):
                    aws.ec2.describe_vpcs()
                aws.ec2.describe_vpcs()
                aws.reset()
    file.write_text("faults:\n- {id: a, window: {for: 5m}, effect: {delai: 1s}}\n")
    wrong = subprocess.run(check, capture_output=True, text=True, env=environment())
    assert wrong.returncode == 1 and "faults.yaml:2:" in wrong.stderr and "did you mean `delay`" in wrong.stderr


def test_the_examples_of_the_document(aws, tmp_path):
    text = (ROOT / "docs/FAULTS.md").read_text()
    file, scenario = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (shell,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    (tmp_path / "faults.yaml").write_text(file)
    subprocess.run([binary(), "faults", "check", str(tmp_path / "faults.yaml")], env=environment(), check=True)
    head = "apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {name: example}\n"
    (tmp_path / "scenario.yaml").write_text(head + scenario)
    for more in ([], ["--endpoint", aws.server.endpoint]):
        run = [binary(), "run", str(tmp_path / "scenario.yaml"), *more]
        subprocess.run(run, env=environment(), check=True)
    address = aws.server.endpoint.removeprefix("http://")
    shell = shell.replace("localhost:4545", address).replace("111122223333", aws.number)
    said = subprocess.run(["sh", "-ec", shell], capture_output=True, text=True, env=environment(), check=True)
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    assert answers[1]["effect"] == {"delay": "2s", "jitter": "500ms"}
    assert answers[2]["faults"][0]["id"] == "slow"


# === As users of LocalStack's chaos API know it ===

def chaos(aws, method, call="faults", body=None):
    return aws.server.control(method, f"/_localstack/chaos/{call}?account={aws.number}", body)


def test_rules_of_the_chaos_api(aws):
    assert chaos(aws, "GET") == []
    whole = {"service": "ec2", "region": "us-east-1", "operation": "DescribeVpcs", "probability": 1,
             "error": {"statusCode": 400, "code": "Custom"}}
    assert chaos(aws, "POST", body=[whole])[0]["error"] == whole["error"]
    with refused("Custom", status=400):
        aws.ec2.describe_vpcs()
    aws.ec2.describe_subnets()
    rules = chaos(aws, "PATCH", body=[{"service": "iam"}])
    assert [rule.get("service") for rule in rules] == ["ec2", "iam"]
    with refused("ServiceUnavailable", status=503):
        aws.iam.list_users()
    assert chaos(aws, "DELETE", body=[{"service": "iam"}]) == rules[:1]
    aws.iam.list_users()
    assert chaos(aws, "POST", body=[{}]) == [{}]
    with refused("ServiceUnavailable", status=503):
        aws.sts.get_caller_identity()
    assert chaos(aws, "POST", body=[]) == []
    aws.ec2.describe_vpcs()
    assert problem(lambda: chaos(aws, "POST", body=[{"servce": "ec2"}]))[0] == 400


def test_latency_of_the_chaos_api(aws):
    assert chaos(aws, "GET", "effects") == {"latency": 0}
    assert chaos(aws, "POST", "effects", {"latency": 200}) == {"latency": 200}
    begun = time.monotonic()
    aws.sts.get_caller_identity()
    assert time.monotonic() - begun >= 0.2
    # What a rule refuses comes as late, whichever was told first.
    for first in [("faults", [{"service": "sts"}]), ("effects", {"latency": 200})]:
        chaos(aws, "POST", "faults", [])
        chaos(aws, "POST", "effects", {"latency": 0})
        chaos(aws, "POST", *first)
        chaos(aws, "POST", "faults", [{"service": "sts"}])
        chaos(aws, "POST", "effects", {"latency": 200})
        begun = time.monotonic()
        with refused("ServiceUnavailable", status=503):
            aws.sts.get_caller_identity()
        assert time.monotonic() - begun >= 0.2
    chaos(aws, "POST", "faults", [])
    assert chaos(aws, "POST", "effects", {"latency": 0}) == {"latency": 0}
    assert aws.server.control("GET", f"/_mockplane/faults?account={aws.number}")["faults"] == []
