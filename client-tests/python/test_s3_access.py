"""Who may do what in S3: users, sessions, other accounts and nobody; policies of buckets and of VPC endpoints."""

import http.server
import json
import threading
import types
import urllib.parse

import pytest
from botocore import UNSIGNED
from botocore.exceptions import ClientError

from mockplane import Account, Server, refused
from test_authz import acting, allow, deny, mode, policy

DENIED = "User: {} is not authorized to perform: {} on resource: \"{}\" {}"
NO_POLICY = "because no identity-based policy allows the {} action"


@pytest.fixture
def s3(aws):
    """The root's client, and a bucket with an object."""
    client = aws.client("s3")
    # No other account has one of this name, so it means the same to all of them.
    client.bucket = f"data-{aws.number}"
    client.arn = f"arn:aws:s3:::{client.bucket}"
    client.objects = f"{client.arn}/*"
    client.create_bucket(Bucket=client.bucket)
    client.put_object(Bucket=client.bucket, Key="in/a", Body=b"a")
    return client


def user(aws, *statements, name="ann"):
    """A user who has these statements and nothing else."""
    aws.iam.create_user(UserName=name)
    if statements:
        aws.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
    key = aws.iam.create_access_key(UserName=name)["AccessKey"]
    s3 = aws.client("s3", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    return types.SimpleNamespace(arn=f"arn:aws:iam::{aws.number}:user/{name}", s3=s3)


def nobody(aws):
    return aws.client("s3", signature_version=UNSIGNED)


def through(client, **headers):
    """The client, with these headers on every request."""
    def add(request, **_):
        for name, value in headers.items():
            request.headers[name.replace("_", "-")] = value
    client.meta.events.register("before-send.s3", lambda request, **more: add(request, **more))
    return client


def put_policy(s3, *statements, **more):
    s3.put_bucket_policy(Bucket=s3.bucket, Policy=policy(*statements), **more)


def to(principal, statement):
    return {"Principal": principal, **statement}


def open_up(s3):
    s3.delete_public_access_block(Bucket=s3.bucket)


# Within an account

def test_a_user_is_told_what_is_missing(aws, s3):
    ann = user(aws, allow("s3:GetObject", on=s3.objects))
    assert ann.s3.get_object(Bucket=s3.bucket, Key="in/a")["Body"].read() == b"a"
    for call, action, resource in (
        (lambda: ann.s3.put_object(Bucket=s3.bucket, Key="k", Body=b""), "s3:PutObject", f"{s3.arn}/k"),
        (lambda: ann.s3.delete_object(Bucket=s3.bucket, Key="k"), "s3:DeleteObject", f"{s3.arn}/k"),
        (lambda: ann.s3.list_objects_v2(Bucket=s3.bucket), "s3:ListBucket", s3.arn),
        (lambda: ann.s3.get_bucket_policy(Bucket=s3.bucket), "s3:GetBucketPolicy", s3.arn),
        (lambda: ann.s3.create_bucket(Bucket="more"), "s3:CreateBucket", "arn:aws:s3:::more"),
        (lambda: ann.s3.get_object(Bucket=s3.bucket, Key="in/a", VersionId="null"), "s3:GetObjectVersion",
         f"{s3.arn}/in/a"),
    ):
        with refused("AccessDenied", DENIED.format(ann.arn, action, resource, NO_POLICY.format(action)), 403):
            call()
    with refused("AccessDenied", f"User: {ann.arn} is not authorized to perform: s3:ListAllMyBuckets "
                                 + NO_POLICY.format("s3:ListAllMyBuckets"), 403):
        ann.s3.list_buckets()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=s3.bucket)["Contents"]] == ["in/a"]


def test_what_is_not_there_is_told_to_those_who_may_list(aws, s3):
    ann = user(aws, allow("s3:GetObject", on=s3.objects))
    with refused("AccessDenied", DENIED.format(ann.arn, "s3:ListBucket", s3.arn, NO_POLICY.format("s3:ListBucket")), 403):
        ann.s3.get_object(Bucket=s3.bucket, Key="missing")
    with refused("403", "Forbidden", 403):
        ann.s3.head_object(Bucket=s3.bucket, Key="missing")
    bob = user(aws, allow("s3:GetObject", "s3:ListBucket", on=[s3.objects, s3.arn]), name="bob")
    with refused("NoSuchKey", None, 404):
        bob.s3.get_object(Bucket=s3.bucket, Key="missing")
    with refused("404", None, 404):
        bob.s3.head_object(Bucket=s3.bucket, Key="missing")


def test_a_list_is_allowed_by_its_prefix(aws, s3):
    ann = user(aws, allow("s3:ListBucket", on=s3.arn, Condition={"StringLike": {"s3:prefix": ["in/*"]}}))
    assert ann.s3.list_objects_v2(Bucket=s3.bucket, Prefix="in/")["KeyCount"] == 1
    for given in ({}, {"Prefix": "out/"}):
        with refused("AccessDenied", None, 403):
            ann.s3.list_objects_v2(Bucket=s3.bucket, **given)


def test_headers_and_copies_take_more(aws, s3):
    s3.put_object(Bucket=s3.bucket, Key="tagged", Body=b"", Tagging="team=a")
    ann = user(aws, allow("s3:PutObject", on=f"{s3.arn}/out/*"), allow("s3:GetObject", on=f"{s3.arn}/in/*"))
    ann.s3.copy_object(Bucket=s3.bucket, Key="out/a", CopySource=f"{s3.bucket}/in/a")
    for call, action, resource in (
        (lambda: ann.s3.copy_object(Bucket=s3.bucket, Key="out/a", CopySource=f"{s3.bucket}/tagged"), "s3:GetObject", "tagged"),
        (lambda: ann.s3.copy_object(Bucket=s3.bucket, Key="k", CopySource=f"{s3.bucket}/in/a"), "s3:PutObject", "k"),
        (lambda: ann.s3.put_object(Bucket=s3.bucket, Key="out/b", Body=b"", Tagging="a=b"), "s3:PutObjectTagging", "out/b"),
    ):
        text = DENIED.format(ann.arn, action, f"{s3.arn}/{resource}", NO_POLICY.format(action))
        with refused("AccessDenied", text, 403):
            call()


def test_each_key_of_a_deletion_is_asked_about(aws, s3):
    s3.put_object(Bucket=s3.bucket, Key="out/b", Body=b"")
    ann = user(aws, allow("s3:DeleteObject", on=f"{s3.arn}/out/*"))
    answer = ann.s3.delete_objects(Bucket=s3.bucket, Delete={"Objects": [{"Key": "in/a"}, {"Key": "out/b"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["out/b"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("in/a", "AccessDenied")]


def test_a_session_does_no_more_than_its_policy(aws, s3):
    dev = acting(aws, allow("s3:*"), Policy=policy(allow("s3:GetObject")))
    keys = aws.sts.assume_role(RoleArn=dev.role, RoleSessionName="me", Policy=policy(allow("s3:GetObject")))["Credentials"]
    client = aws.client("s3", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    client.get_object(Bucket=s3.bucket, Key="in/a")
    with refused("AccessDenied", DENIED.format(dev.arn, "s3:PutObject", f"{s3.arn}/k",
                                               "because no session policy allows the s3:PutObject action"), 403):
        client.put_object(Bucket=s3.bucket, Key="k", Body=b"")


def test_a_bucket_policy_grants_and_denies(aws, s3):
    ann = user(aws)
    put_policy(s3, to({"AWS": ann.arn}, allow("s3:GetObject", on=s3.objects)))
    ann.s3.get_object(Bucket=s3.bucket, Key="in/a")
    put_policy(s3, to({"AWS": ann.arn}, allow("s3:GetObject", on=s3.objects)),
               to("*", deny("s3:GetObject", on=f"{s3.arn}/in/*")))
    explicit = "with an explicit deny in a resource-based policy"
    for who, client in ((ann.arn, ann.s3), (f"arn:aws:iam::{aws.number}:root", s3)):
        with refused("AccessDenied", DENIED.format(who, "s3:GetObject", f"{s3.arn}/in/a", explicit), 403):
            client.get_object(Bucket=s3.bucket, Key="in/a")


def test_the_root_can_always_mend_the_policy(aws, s3):
    put_policy(s3, to("*", deny("s3:*", on=[s3.objects, s3.arn])))
    with refused("AccessDenied", None, 403):
        s3.list_objects_v2(Bucket=s3.bucket)
    s3.delete_bucket_policy(Bucket=s3.bucket)
    s3.list_objects_v2(Bucket=s3.bucket)


def test_a_refusal_is_explained(aws, s3):
    ann = user(aws)

    def why(client, key="in/a"):
        with pytest.raises(ClientError) as caught:
            client.get_object(Bucket=s3.bucket, Key=key)
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        told = aws.server.control("GET", urllib.parse.urlsplit(headers["x-mockplane-explain"]).path)
        assert (told["status"], told["decidedBy"]) == ("Refused", headers.get("x-mockplane-rule"))
        assert told["refusal"]["operation"] == "s3:GetObject"
        return told["decidedBy"], told["refusal"].get("because")

    denied = f"may not do s3:GetObject on {s3.arn}/in/a:"
    assert why(ann.s3) == ("SM-F-S3-DENIED", f"{ann.arn} {denied} no identity-based policy allows it ({ann.arn})")
    put_policy(s3, to("*", {**deny("s3:GetObject", on=f"{s3.arn}/in/*"), "Sid": "Sealed"}))
    root = f"arn:aws:iam::{aws.number}:root"
    assert why(s3) == ("SM-S3-BKT-07", f"{root} {denied} denied by statement 0 (Sealed) of {s3.arn}")
    assert why(s3, "missing") == (None, None)
    s3.delete_bucket_policy(Bucket=s3.bucket)
    endpoint = aws.ec2.create_vpc_endpoint(
        VpcId=aws.vpc(), ServiceName="com.amazonaws.us-east-1.s3",
        PolicyDocument=policy(to("*", allow("s3:ListBucket"))))["VpcEndpoint"]["VpcEndpointId"]
    inside = through(aws.client("s3", user_agent="inside"), x_mockplane_source_vpce=endpoint)
    assert why(inside) == ("SM-S3-POL-05", f"{root} {denied} no VPC endpoint policy allows it ({endpoint})")


# Other accounts, and nobody

def test_another_account_needs_both_sides(aws, other, s3):
    ann = user(other, allow("s3:GetObject", on=s3.objects))
    with refused("AccessDenied", "Access Denied", 403):
        ann.s3.get_object(Bucket=s3.bucket, Key="in/a")
    put_policy(s3, to({"AWS": other.number}, allow("s3:GetObject", "s3:PutObject", on=s3.objects)))
    assert ann.s3.get_object(Bucket=s3.bucket, Key="in/a")["Body"].read() == b"a"
    with refused("AccessDenied", "Access Denied", 403):
        ann.s3.put_object(Bucket=s3.bucket, Key="k", Body=b"")
    other.client("s3").put_object(Bucket=s3.bucket, Key="k", Body=b"")
    put_policy(s3, to({"AWS": other.number}, allow("s3:*", on=[s3.objects, s3.arn])))
    with refused("MethodNotAllowed", "The specified method is not allowed against this resource.", 405):
        other.client("s3").get_bucket_policy(Bucket=s3.bucket)


def test_nobody_reads_what_a_policy_opens(aws, s3):
    anyone = nobody(aws)
    with refused("AccessDenied", None, 403):
        anyone.get_object(Bucket=s3.bucket, Key="in/a")
    everybody = to("*", allow("s3:GetObject", on=s3.objects))
    text = ("because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
    with refused("AccessDenied", DENIED.format(f"arn:aws:iam::{aws.number}:root", "s3:PutBucketPolicy", s3.arn, text), 403):
        put_policy(s3, everybody)
    open_up(s3)
    put_policy(s3, everybody)
    assert s3.get_bucket_policy_status(Bucket=s3.bucket)["PolicyStatus"] == {"IsPublic": True}
    assert anyone.get_object(Bucket=s3.bucket, Key="in/a")["Body"].read() == b"a"
    with refused("AccessDenied", None, 403):
        anyone.put_object(Bucket=s3.bucket, Key="k", Body=b"")
    s3.put_public_access_block(Bucket=s3.bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    with refused("AccessDenied", None, 403):
        anyone.get_object(Bucket=s3.bucket, Key="in/a")
    s3.get_object(Bucket=s3.bucket, Key="in/a")


def test_a_fixed_condition_is_not_public(s3):
    only = {"StringEquals": {"aws:SourceVpce": "vpce-01234567890123456"}}
    put_policy(s3, to("*", allow("s3:GetObject", on=s3.objects, Condition=only)))
    assert s3.get_bucket_policy_status(Bucket=s3.bucket)["PolicyStatus"] == {"IsPublic": False}


# VPC endpoints

def test_a_bucket_for_one_endpoint(aws, s3):
    made = aws.ec2.create_vpc_endpoint(VpcId=aws.vpc(), ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    put_policy(s3, to({"AWS": "*"}, deny("s3:GetObject", on=[s3.arn, s3.objects], Condition={
        "StringNotEquals": {"aws:SourceVpce": [made["VpcEndpointId"]]}})))
    with refused("AccessDenied", None, 403):
        s3.get_object(Bucket=s3.bucket, Key="in/a")
    s3.list_objects_v2(Bucket=s3.bucket)
    inside = through(aws.client("s3", user_agent="inside"), x_mockplane_source_vpce=made["VpcEndpointId"])
    assert inside.get_object(Bucket=s3.bucket, Key="in/a")["Body"].read() == b"a"
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PolicyDocument=policy(
        to("*", allow("s3:ListBucket"))))
    with refused("AccessDenied", DENIED.format(
            f"arn:aws:iam::{aws.number}:root", "s3:GetObject", f"{s3.arn}/in/a",
            "because no VPC endpoint policy allows the s3:GetObject action"), 403):
        inside.get_object(Bucket=s3.bucket, Key="in/a")
    lost = through(aws.client("s3", user_agent="lost"), x_mockplane_source_vpce="vpce-0123456789abcdef0")
    with refused("InvalidArgument"):
        lost.get_object(Bucket=s3.bucket, Key="in/a")


# What a policy may be

@pytest.mark.parametrize("document, text", [
    ("policy", "Policies must be valid JSON and the first byte must be '{'"),
    ("{", "This policy contains invalid Json"),
    (policy(allow("s3:GetObject", on="arn:aws:s3:::data/*")), "Missing required field Principal"),
    (policy(to({"AWS": "ann"}, allow("s3:GetObject", on="arn:aws:s3:::data/*"))), "Invalid principal in policy"),
    (policy(to("*", allow("s3:Fetch", on="arn:aws:s3:::data/*"))), "Policy has invalid action"),
    (policy(to("*", allow("s3:GetObject", on="arn:aws:s3:::other/*"))), "Policy has invalid resource"),
    (policy(to("*", allow("s3:GetObject", on="arn:aws:s3:::data"))), "Action does not apply to any resource(s) in statement"),
    (policy(to("*", deny("s3:GetObject", on="arn:aws:s3:::data/*", Condition={"StringEquals": {"s3:colour": "red"}}))),
     "Policy has an invalid condition key"),
])
def test_what_is_no_policy_of_a_bucket(s3, document, text):
    with refused("MalformedPolicy", text):
        s3.put_bucket_policy(Bucket=s3.bucket, Policy=document.replace("arn:aws:s3:::data", s3.arn))


def test_a_policy_names_who_there_is(aws, s3):
    gone = {"AWS": f"arn:aws:iam::{aws.number}:user/gone"}
    with refused("MalformedPolicy", "Invalid principal in policy"):
        put_policy(s3, to(gone, deny("s3:GetObject", on=s3.objects)))
    aws.iam.create_user(UserName="gone")
    put_policy(s3, to(gone, deny("s3:GetObject", on=s3.objects)))


# What an account does with the answer

def test_an_audit_tells_and_serves(aws, s3):
    ann = user(aws)
    mode(aws, "audit")
    ann.s3.get_object(Bucket=s3.bucket, Key="in/a")
    told = [one for one in aws.events() if one["kind"] == "WouldDeny"]
    assert [one["resource"] for one in told] == [f"{s3.arn}/in/a"]
    assert told[0]["message"].startswith(f"User: {ann.arn} is not authorized to perform: s3:GetObject ")
    mode(aws, "off")
    ann.s3.get_object(Bucket=s3.bucket, Key="in/a")
    assert len([one for one in aws.events() if one["kind"] == "WouldDeny"]) == 1


def test_service_control_policies_bind_the_root(aws, s3):
    aws.server.control("POST", "/_mockplane/iam", {"account": aws.number, "controlPolicies": [
        {"name": "no-deletes", "document": json.loads(policy(deny("s3:DeleteObject")))}]})
    with refused("AccessDenied", lambda text: text.endswith("with an explicit deny in a service control policy"), 403):
        s3.delete_object(Bucket=s3.bucket, Key="in/a")


def test_what_was_done_makes_a_policy(aws, s3):
    ann = user(aws, allow("s3:*"))
    ann.s3.get_object(Bucket=s3.bucket, Key="in/a")
    ann.s3.put_object(Bucket=s3.bucket, Key="k", Body=b"")
    ann.s3.list_objects_v2(Bucket=s3.bucket)
    told = aws.server.control("GET", f"/_mockplane/policy?account={aws.number}&principal={ann.arn}")
    (told,) = told["principals"]
    statements = {one["Resource"]: one["Action"] for one in told["document"]["Statement"]}
    assert statements == {s3.objects: ["s3:GetObject", "s3:PutObject"], s3.arn: "s3:ListBucket"}


# Names of buckets

def test_names_that_all_accounts_share(aws, other, s3):
    for account in (aws, other):
        aws.server.control("POST", "/_mockplane/data", {"account": account.number, "bucketNames": "global"})
    with refused("BucketAlreadyExists", None, 409):
        other.client("s3").create_bucket(Bucket=s3.bucket)
    told = aws.server.control("POST", "/_mockplane/data", {"account": other.number, "bucketNames": "account", "mode": "off"})
    assert told == {"account": other.number, "mode": "off", "bucketNames": "account", "maxBytes": 256 * 1024 * 1024}
    other.client("s3").create_bucket(Bucket=s3.bucket)


# Another S3

class OneBucket(http.server.BaseHTTPRequestHandler):
    """An S3 that has the bucket `records` and nothing else."""

    def do_HEAD(self):
        self.send_response(200 if self.path == "/records" else 404)
        self.end_headers()

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


def test_another_s3_is_asked_for_what_is_not_here():
    def told(aws, bucket):
        answer = aws.ec2.create_flow_logs(
            ResourceIds=[aws.vpc()], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}/folder/")
        return [one["Error"]["Message"] for one in answer["Unsuccessful"]]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OneBucket) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        with Server("--data", "enforce", "--upstream-s3", f"http://127.0.0.1:{upstream.server_port}") as server:
            aws = Account(server)
            assert told(aws, "records") == []
            assert told(aws, "missing") == ["LogDestination: missing does not exist"]
            upstream.shutdown()
            upstream.server_close()
            # Nobody says anything, so it is as if nobody were asked.
            assert told(aws, "records") == []
            assert told(aws, "others") == ["LogDestination: others does not exist"]
            assert [one["resource"] for one in aws.events() if one["kind"] == "UpstreamSilent"] == ["records", "others"]
