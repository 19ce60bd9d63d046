"""Buckets with boto3: regions, names, settings, and how S3 refuses."""

import json
import urllib.error
import urllib.request

import pytest

from mockplane import Account, refused

GONE = "The specified bucket does not exist"


@pytest.fixture
def s3(aws):
    return aws.client("s3")


def abroad(aws, region):
    return aws.client("s3", region)


def test_a_bucket_from_its_creation_to_its_end(s3):
    assert s3.create_bucket(Bucket="first-bucket")["Location"] == "/first-bucket"
    s3.create_bucket(Bucket="first-bucket")  # in us-east-1 the second time is as good
    s3.create_bucket(Bucket="second-bucket")
    listed = s3.list_buckets()
    assert [b["Name"] for b in listed["Buckets"]] == ["first-bucket", "second-bucket"]
    assert len(listed["Owner"]["ID"]) == 64
    assert s3.head_bucket(Bucket="first-bucket")["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket="first-bucket")["LocationConstraint"] is None
    s3.put_object(Bucket="first-bucket", Key="k", Body=b"1")
    with refused("BucketNotEmpty", "The bucket you tried to delete is not empty", 409):
        s3.delete_bucket(Bucket="first-bucket")
    s3.delete_object(Bucket="first-bucket", Key="k")
    s3.delete_bucket(Bucket="first-bucket")
    with refused("NoSuchBucket", GONE, 404) as caught:
        s3.list_objects_v2(Bucket="first-bucket")
    assert caught.value.response["Error"]["BucketName"] == "first-bucket"
    with refused("404", "Not Found", 404):
        s3.head_bucket(Bucket="first-bucket")
    with refused("NoSuchBucket", GONE, 404):
        s3.delete_bucket(Bucket="first-bucket")


def test_pages_of_buckets(aws, s3):
    names = [f"bucket-{n}" for n in range(5)]
    for name in names:
        s3.create_bucket(Bucket=name)
    other = f"elsewhere-{aws.number}"
    abroad(aws, "eu-west-1").create_bucket(
        Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    first = s3.list_buckets(MaxBuckets=2, Prefix="bucket-")
    assert [b["Name"] for b in first["Buckets"]] == names[:2] and first["Prefix"] == "bucket-"
    pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 2}, Prefix="bucket-")
    assert [b["Name"] for page in pages for b in page["Buckets"]] == names
    there = s3.list_buckets(BucketRegion="eu-west-1")["Buckets"]
    assert [(b["Name"], b["BucketRegion"]) for b in there] == [(other, "eu-west-1")]
    with refused("InvalidArgument", "The continuation token provided is incorrect"):
        s3.list_buckets(ContinuationToken="?")


def test_where_buckets_are_made(aws, s3):
    ireland = abroad(aws, "eu-west-1")
    there = {"LocationConstraint": "eu-west-1"}
    ireland.create_bucket(Bucket="in-ireland", CreateBucketConfiguration=there)
    with refused("BucketAlreadyOwnedByYou", status=409):
        ireland.create_bucket(Bucket="in-ireland", CreateBucketConfiguration=there)
    s3.create_bucket(Bucket="from-afar", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert s3.get_bucket_location(Bucket="from-afar")["LocationConstraint"] == "eu-central-1"
    with refused("IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region "
                 "specific endpoint this request was sent to."):
        ireland.create_bucket(Bucket="nowhere")
    with refused("IllegalLocationConstraintException", lambda text: text.startswith("The us-west-2 location constraint")):
        ireland.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    for constraint in ("us-east-1", "mars-1"):
        with refused("InvalidLocationConstraint", "The specified location-constraint is not valid"):
            aws.raw("s3").create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": constraint})


def test_a_bucket_of_another_region_is_found_by_redirection(aws, s3):
    ireland = abroad(aws, "eu-west-1")
    ireland.create_bucket(Bucket="irish", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    # botocore follows the 301 by itself.
    s3.put_object(Bucket="irish", Key="k", Body=b"1")
    assert s3.get_object(Bucket="irish", Key="k")["Body"].read() == b"1"
    status, headers, body = plain(aws, "GET", "/irish")
    assert status == 301 and headers["x-amz-bucket-region"] == "eu-west-1"
    assert "<Code>PermanentRedirect</Code>" in body and "<Endpoint>irish.s3.eu-west-1.amazonaws.com</Endpoint>" in body
    status, headers, body = plain(aws, "HEAD", "/irish")
    assert (status, headers["x-amz-bucket-region"], body) == (301, "eu-west-1", "")


def plain(aws, method, path, region="us-east-1"):
    """A request that botocore would refuse or follow up itself; status, headers, body."""
    request = urllib.request.Request(f"{aws.server.endpoint}{path}", method=method, headers={
        "authorization": f"AWS4-HMAC-SHA256 Credential={aws.number}/20260105/{region}/s3/aws4_request, "
                         "SignedHeaders=host, Signature=00"})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_names_that_no_bucket_can_have(aws):
    for name in ("ab", "Upper-Case", "under_score", "a..b", "192.168.5.4", "xn--bucket", "bucket-s3alias", "x" * 64):
        status, _, body = plain(aws, "PUT", f"/{name}")
        assert status == 400 and "<Code>InvalidBucketName</Code>" in body, (name, body)
        assert "<Message>The specified bucket is not valid.</Message>" in body and f"<BucketName>{name}<" in body


def test_settings_are_read_back(s3):
    s3.create_bucket(Bucket="set-up")
    given = dict(Bucket="set-up")
    assert "Status" not in s3.get_bucket_versioning(**given)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_versioning(**given, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(**given)["Status"] == status
    with refused("NoSuchTagSet", "The TagSet does not exist", 404):
        s3.get_bucket_tagging(**given)
    tags = [{"Key": "team", "Value": "ml"}, {"Key": "x", "Value": ""}]
    s3.put_bucket_tagging(**given, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(**given)["TagSet"] == tags
    with refused("InvalidTag", "Cannot provide multiple Tags with the same key"):
        s3.put_bucket_tagging(**given, Tagging={"TagSet": tags + tags[:1]})
    s3.delete_bucket_tagging(**given)
    with refused("NoSuchTagSet", status=404):
        s3.get_bucket_tagging(**given)
    # What every new bucket has.
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    blocked = s3.get_public_access_block(**given)["PublicAccessBlockConfiguration"]
    assert blocked == dict.fromkeys(names, True)
    wanted = {**dict.fromkeys(names, False), "BlockPublicAcls": True}
    s3.put_public_access_block(**given, PublicAccessBlockConfiguration=wanted)
    assert s3.get_public_access_block(**given)["PublicAccessBlockConfiguration"] == wanted
    s3.delete_public_access_block(**given)
    with refused("NoSuchPublicAccessBlockConfiguration", status=404):
        s3.get_public_access_block(**given)
    rule = s3.get_bucket_encryption(**given)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    owners = s3.get_bucket_ownership_controls(**given)["OwnershipControls"]["Rules"]
    assert owners == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    acl = s3.get_bucket_acl(**given)
    assert [g["Permission"] for g in acl["Grants"]] == ["FULL_CONTROL"]
    assert acl["Grants"][0]["Grantee"]["ID"] == acl["Owner"]["ID"]
    with refused("AccessControlListNotSupported", "The bucket does not allow ACLs"):
        s3.put_bucket_acl(**given, ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership"):
        s3.create_bucket(Bucket="public", ACL="public-read")


def test_what_nobody_set_is_told_as_for_a_new_bucket(s3):
    s3.create_bucket(Bucket="plain")
    absent = {
        "get_bucket_cors": "NoSuchCORSConfiguration",
        "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
        "get_bucket_website": "NoSuchWebsiteConfiguration",
        "get_bucket_replication": "ReplicationConfigurationNotFoundError",
        "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
        "get_bucket_policy": "NoSuchBucketPolicy",
        "get_bucket_policy_status": "NoSuchBucketPolicy",
    }
    for call, code in absent.items():
        with refused(code, status=404):
            getattr(s3, call)(Bucket="plain")
    assert s3.get_bucket_request_payment(Bucket="plain")["Payer"] == "BucketOwner"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="plain")
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket="plain")
    s3.get_bucket_notification_configuration(Bucket="plain")


def test_a_policy_is_kept_and_told(s3, aws):
    s3.create_bucket(Bucket="guarded")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "Only", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::guarded/*"}]})
    s3.put_bucket_policy(Bucket="guarded", Policy=document)
    assert s3.get_bucket_policy(Bucket="guarded")["Policy"] == document
    assert s3.get_bucket_policy_status(Bucket="guarded")["PolicyStatus"]["IsPublic"] is False
    s3.put_object(Bucket="guarded", Key="k", Body=b"1")
    with refused("AccessDenied", lambda text: "s3:DeleteObject" in text and "explicit deny" in text, 403):
        s3.delete_object(Bucket="guarded", Key="k")
    answer = s3.delete_objects(Bucket="guarded", Delete={"Objects": [{"Key": "k"}]})
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("k", "AccessDenied")] and "Deleted" not in answer
    with refused("MalformedPolicy"):
        s3.put_bucket_policy(Bucket="guarded", Policy="{}")
    public = document.replace("Deny", "Allow")
    with refused("AccessDenied", lambda text: "BlockPublicPolicy" in text, 403):
        s3.put_bucket_policy(Bucket="guarded", Policy=public)
    s3.delete_bucket_policy(Bucket="guarded")
    s3.delete_object(Bucket="guarded", Key="k")


def test_what_is_not_built_says_so(s3):
    s3.create_bucket(Bucket="simple")
    with refused("NotImplemented", lambda text: "PutBucketLifecycleConfiguration" in text, 501):
        s3.put_bucket_lifecycle_configuration(Bucket="simple", LifecycleConfiguration={
            "Rules": [{"ID": "r", "Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}}]})
    with refused("NotImplemented", lambda text: "Object Lock" in text, 501):
        s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    with refused("NotImplemented", lambda text: "PutBucketAbac" in text or "BucketAbac" in text, 501):
        s3.put_bucket_abac(Bucket="simple", AbacStatus={"Status": "Enabled"})


def test_a_bucket_of_another_account(server, aws, other):
    mine, theirs = aws.client("s3"), other.client("s3")
    theirs.create_bucket(Bucket=f"theirs-{other.number}")
    name = f"theirs-{other.number}"
    with refused("AccessDenied", status=403):
        mine.put_object(Bucket=name, Key="k", Body=b"1")
    theirs.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.number}:root"}, "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}]}))
    mine.put_object(Bucket=name, Key="k", Body=b"1")
    assert theirs.get_object(Bucket=name, Key="k")["Body"].read() == b"1"
    with refused("AccessDenied", status=403):
        mine.put_object(Bucket=name, Key="k", Body=b"1", ExpectedBucketOwner=aws.number)
    # The same name in one's own account means one's own.
    mine.create_bucket(Bucket=name)
    assert "Contents" not in mine.list_objects_v2(Bucket=name)


def test_the_default_bucket_of_the_sagemaker_sdk(server, aws):
    """What its Session.default_bucket() asks: HeadBucket, and CreateBucket if that says 404."""
    account = Account(server, aws.number, "eu-central-1")
    s3 = account.client("s3")
    name = f"sagemaker-eu-central-1-{aws.number}"
    with refused("404", status=404):
        s3.head_bucket(Bucket=name)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.head_bucket(Bucket=name, ExpectedBucketOwner=aws.number)
