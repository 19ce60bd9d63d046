"""A server that knows its callers: signatures are verified, and keys that it does not know are refused."""

import datetime
import json
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from mockplane import Account, Server, refused

SECRET = "the root's own"
MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            "Key and signing method. Consult the service documentation for details.")
NOT_VALIDATED = "AWS was not able to validate the provided access credentials"
ANYONE = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]})


@pytest.fixture(scope="module")
def strict():
    with Server("--verify-signatures", "--root-secret", SECRET, MOCKPLANE_UNKNOWN_KEYS="deny") as running:
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture
def aws(strict):
    class Signing(Account):
        def client(self, service, region=None, validate=True, key=None, secret=SECRET, token=None, **config):
            return super().client(service, region, validate, key or self.number, secret, token, **config)
    return Signing(strict)


def test_what_is_signed_with_the_right_secret_is_served(aws):
    assert aws.sts.get_caller_identity()["Account"] == aws.number
    assert aws.ec2.describe_vpcs()["Vpcs"]
    assert aws.sm.list_training_jobs()["TrainingJobSummaries"] == []
    aws.iam.create_role(RoleName="a+b=c", AssumeRolePolicyDocument=ANYONE)
    runtime = aws.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ClientError) as refusal:
        runtime.invoke_endpoint(EndpointName="none", Body=b"x")
    assert "Signature" not in refusal.value.response["Error"]["Code"]


def test_a_wrong_secret(aws):
    wrong = {service: aws.client(service, secret="wrong") for service in ("sts", "iam", "sagemaker", "ec2")}
    with refused("SignatureDoesNotMatch", MISMATCH, status=403):
        wrong["sts"].get_caller_identity()
    with refused("SignatureDoesNotMatch", MISMATCH, status=403):
        wrong["iam"].list_roles()
    with refused("InvalidSignatureException", MISMATCH):
        wrong["sagemaker"].list_training_jobs()
    with refused("AuthFailure", NOT_VALIDATED, status=401):
        wrong["ec2"].describe_vpcs()


def test_sessions_have_secrets_of_their_own(aws):
    role = aws.iam.create_role(RoleName="dev", AssumeRolePolicyDocument=ANYONE)["Role"]["Arn"]
    keys = aws.sts.assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    mine = {"key": keys["AccessKeyId"], "secret": keys["SecretAccessKey"], "token": keys["SessionToken"]}
    assert aws.client("sts", **mine).get_caller_identity()["Arn"].endswith(":assumed-role/dev/one")
    with refused("SignatureDoesNotMatch", MISMATCH, status=403):
        aws.client("sts", **{**mine, "secret": SECRET}).get_caller_identity()
    with refused("InvalidClientTokenId", status=403):
        aws.client("sts", **{**mine, "token": "x"}).get_caller_identity()


def test_unknown_keys_are_refused(aws):
    text = "The security token included in the request is invalid."
    with refused("InvalidClientTokenId", text, status=403):
        aws.client("sts", key="AKIAIOSFODNN7EXAMPLE").get_caller_identity()
    with refused("UnrecognizedClientException", text):
        aws.client("sagemaker", key="AKIAIOSFODNN7EXAMPLE").list_training_jobs()
    with refused("AuthFailure", NOT_VALIDATED, status=401):
        aws.client("ec2", key="AKIAIOSFODNN7EXAMPLE").describe_vpcs()


def send(request):
    """Status and body of a prepared request of botocore's."""
    sent = urllib.request.Request(
        request.url, data=request.body or None, method=request.method, headers=dict(request.headers.items()))
    try:
        with urllib.request.urlopen(sent, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def signed(aws, monkeypatch, signer, at=None, scope="sts", query="", **options):
    """GetCallerIdentity, signed with botocore's own signer at this time."""
    data = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    credentials = botocore.credentials.Credentials(aws.number, SECRET)
    request = botocore.awsrequest.AWSRequest("GET", f"{aws.server.endpoint}/{query}", params=data)
    if at:
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: at.replace(tzinfo=None))
    signer(credentials, scope, "us-east-1", **options).add_auth(request)
    return request.prepare()


def ago(**span):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**span)


def test_clocks_may_differ_by_a_quarter_of_an_hour(aws, monkeypatch):
    v4 = botocore.auth.SigV4Auth
    for at in (ago(minutes=14), ago(minutes=-14)):
        assert send(signed(aws, monkeypatch, v4, at))[0] == 200
    status, body = send(signed(aws, monkeypatch, v4, ago(minutes=16)))
    assert status == 403 and "<Code>SignatureDoesNotMatch</Code>" in body
    assert "Signature expired: " in body and " is now earlier than " in body and "- 15 min.)" in body
    status, body = send(signed(aws, monkeypatch, v4, ago(minutes=-16)))
    assert status == 403 and "Signature not yet current: " in body and "+ 15 min.)" in body


def test_a_scope_of_another_day(aws, monkeypatch):
    request = signed(aws, monkeypatch, botocore.auth.SigV4Auth)
    request.headers["Authorization"] = request.headers["Authorization"].replace(
        f"{aws.number}/", f"{aws.number}/2015", 1).replace("/20152", "/2015", 1)
    status, body = send(request)
    assert status == 403 and "Date in Credential scope does not match YYYYMMDD" in body


def otherwise(client, **signing):
    """The client, which signs for another service or region than it calls."""
    client.meta.events.register("before-call", lambda context, **_: context.setdefault("signing", {}).update(signing))
    return client


def test_a_scope_of_another_service(aws):
    other = "Credential should be scoped to correct service: '{}'."
    with refused("InvalidSignatureException", other.format("sagemaker")):
        otherwise(aws.client("sagemaker"), signing_name="logs").list_models()


def test_a_scope_of_no_region(aws):
    text = "Credential should be scoped to a valid Region, not 'nowhere-1'."
    with refused("InvalidSignatureException", text):
        aws.client("sagemaker", region="nowhere-1").list_models()
    with refused("AuthFailure", status=401):
        aws.client("ec2", region="nowhere-1").describe_vpcs()


def test_a_wrong_clock_in_the_words_of_each_service(aws, monkeypatch):
    late = ago(hours=1).replace(tzinfo=None)
    clients = {service: aws.client(service) for service in ("sagemaker", "ec2", "iam", "sts", "logs")}
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: late)

    def expired(text):
        return text.startswith(f"Signature expired: {late:%Y%m%dT%H%M%SZ} is now earlier than ") and "- 15 min.)" in text
    for call, code, status in ((clients["sagemaker"].list_models, "InvalidSignatureException", 400),
                               (clients["logs"].describe_log_groups, "InvalidSignatureException", 400),
                               (clients["iam"].list_users, "SignatureDoesNotMatch", 403),
                               (clients["sts"].get_caller_identity, "SignatureDoesNotMatch", 403)):
        with refused(code, expired, status=status):
            call()
    with refused("AuthFailure", NOT_VALIDATED, status=401):
        clients["ec2"].describe_vpcs()


def test_presigned_urls(aws, monkeypatch):
    presign = botocore.auth.SigV4QueryAuth
    request = signed(aws, monkeypatch, presign, expires=60)
    assert send(request)[0] == 200
    request.url = request.url.replace("GetCallerIdentity", "GetSessionToken")
    status, body = send(request)
    assert status == 403 and MISMATCH in body
    # STS gives any request a quarter of an hour, whatever the URL says.
    assert send(signed(aws, monkeypatch, presign, ago(minutes=14), expires=60))[0] == 200
    status, body = send(signed(aws, monkeypatch, presign, ago(minutes=16), expires=3600))
    assert status == 403 and "Signature expired: " in body


def test_what_is_not_signed(aws):
    url = aws.server.endpoint + "/?Action=GetCallerIdentity&Version=2011-06-15"
    plain = botocore.awsrequest.AWSRequest("GET", url).prepare()
    status, body = send(plain)
    assert status == 403 and "<Code>MissingAuthenticationToken</Code>" in body
    plain.headers["Authorization"] = "AWS4-HMAC-SHA256 Signature=0"
    status, body = send(plain)
    assert status == 400 and "<Code>IncompleteSignature</Code>" in body
    # Whoever shows a token of somebody else's needs no keys.
    url = aws.server.endpoint + "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=a1" \
        f"&WebIdentityToken=abcd&RoleArn=arn:aws:iam::{aws.number}:role/a"
    status, body = send(botocore.awsrequest.AWSRequest("GET", url).prepare())
    assert status == 400 and "<Code>InvalidIdentityToken</Code>" in body
