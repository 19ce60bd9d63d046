"""Temporary credentials as boto3 sees them: who they are, what is passed along, when they end."""

import base64
import json
import time

import pytest

from mockplane import refused

INVALID = "The security token included in the request is invalid."


def trust(principal, actions="sts:AssumeRole", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(aws, name, document, **more):
    return aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]["Arn"]


def client(aws, service, keys, **changes):
    """A client with these temporary credentials."""
    return aws.client(service, **{
        "key": keys["AccessKeyId"], "secret": keys["SecretAccessKey"], "token": keys["SessionToken"], **changes})


def session(aws, arn, **more):
    return aws.sts.assume_role(RoleArn=arn, RoleSessionName="one", **more)["Credentials"]


def jwt(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmVk"


def test_a_session_expires_on_the_clock_of_its_account(aws):
    aws.manual_clock()
    keys = session(aws, role(aws, "dev", trust("*")), DurationSeconds=900)
    sts, ec2, sagemaker = (client(aws, service, keys) for service in ("sts", "ec2", "sagemaker"))
    aws.advance("14m")
    assert sts.get_caller_identity()["Account"] == aws.number
    aws.advance("1m")
    expired = "The security token included in the request is expired"
    with refused("ExpiredToken", expired, status=403):
        sts.get_caller_identity()
    with refused("ExpiredTokenException", expired):
        sagemaker.list_training_jobs()
    with refused("RequestExpired", "Request has expired."):
        ec2.describe_vpcs()


@pytest.mark.parametrize("token", [None, "wrong"])
def test_temporary_keys_need_their_own_token(aws, token):
    keys = session(aws, role(aws, "dev", trust("*")))
    with refused("InvalidClientTokenId", INVALID, status=403):
        client(aws, "sts", keys, token=token).get_caller_identity()
    with refused("UnrecognizedClientException", INVALID):
        client(aws, "sagemaker", keys, token=token).list_training_jobs()
    with refused("AuthFailure", "AWS was not able to validate the provided access credentials", status=401):
        client(aws, "ec2", keys, token=token).describe_vpcs()


def test_a_session_outlives_its_role_and_may_do_nothing(aws):
    keys = session(aws, role(aws, "dev", trust("*")))
    aws.iam.delete_role(RoleName="dev")
    sts = client(aws, "sts", keys)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:sts::{aws.number}:assumed-role/dev/one"
    other = role(aws, "other", trust({"AWS": aws.number}))
    with refused("AccessDenied", status=403):
        sts.assume_role(RoleArn=other, RoleSessionName="two")


def test_an_external_id(aws):
    arn = role(aws, "dev", trust({"AWS": aws.number}, StringEquals={"sts:ExternalId": "x7"}))
    for more in ({}, {"ExternalId": "x8"}):
        with refused("AccessDenied", f"User: arn:aws:iam::{aws.number}:root is not authorized to perform: "
                                     f"sts:AssumeRole on resource: {arn}", status=403):
            session(aws, arn, **more)
    assert session(aws, arn, ExternalId="x7")


def test_a_role_of_another_account(aws, other):
    arn = role(other, "guest", trust({"AWS": aws.number}))
    other.iam.attach_role_policy(RoleName="guest", PolicyArn="arn:aws:iam::aws:policy/AmazonVPCFullAccess")
    keys = session(aws, arn)
    assert client(aws, "sts", keys).get_caller_identity()["Account"] == other.number
    vpc = client(aws, "ec2", keys).create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]
    assert vpc["OwnerId"] == other.number
    assert aws.sts.get_access_key_info(AccessKeyId=keys["AccessKeyId"])["Account"] == other.number
    with refused("AccessDenied", status=403):
        session(aws, role(other, "closed", trust({"AWS": other.number})))


def test_tags_and_a_source_identity(aws):
    plain = role(aws, "plain", trust("*"))
    tags = [{"Key": "team", "Value": "red"}]
    with refused("AccessDenied", lambda text: "sts:TagSession on resource" in text, status=403):
        session(aws, plain, Tags=tags)
    with refused("AccessDenied", lambda text: "sts:SetSourceIdentity on resource" in text, status=403):
        session(aws, plain, SourceIdentity="ann")
    arn = role(aws, "tagged", trust("*", ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
                                    StringEquals={"aws:RequestTag/team": "red"}))
    answer = aws.sts.assume_role(
        RoleArn=arn, RoleSessionName="one", Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="ann")
    assert answer["SourceIdentity"] == "ann"
    assert 0 < answer["PackedPolicySize"] <= 100
    with refused("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."):
        session(aws, arn, TransitiveTagKeys=["team"])
    many = [{"Key": f"T{n}", "Value": "a" * 250} for n in range(1, 10)]
    anything = role(aws, "anything", trust("*", "sts:*"))
    with refused("PackedPolicyTooLarge", "Packed size of session tags consumes 498% of allotted space."):
        session(aws, anything, Tags=many)


def test_session_policies(aws):
    arn = role(aws, "dev", trust("*"))
    with refused("MalformedPolicyDocument"):
        session(aws, arn, Policy="{")
    with refused("MalformedPolicyDocument"):
        session(aws, arn, PolicyArns=[{"arn": f"arn:aws:iam::{aws.number}:policy/none"}])
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data"}]})
    answer = aws.sts.assume_role(
        RoleArn=arn, RoleSessionName="one", Policy=policy,
        PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}])
    assert 0 < answer["PackedPolicySize"] < 100


def test_durations(aws):
    arn = role(aws, "dev", trust("*"), MaxSessionDuration=7200)
    with refused("ValidationError",
                 "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."):
        session(aws, arn, DurationSeconds=7201)
    keys = session(aws, arn, DurationSeconds=7200)
    with refused("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
                                    "by role chaining."):
        chained = role(aws, "next", trust({"AWS": arn}), MaxSessionDuration=7200)
        client(aws, "sts", keys).assume_role(RoleArn=chained, RoleSessionName="two", DurationSeconds=3601)


def test_session_and_federation_tokens(aws):
    aws.manual_clock()
    keys = aws.sts.get_session_token()["Credentials"]
    sts = client(aws, "sts", keys)
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{aws.number}:root"
    with refused("AccessDenied", "Cannot call GetSessionToken with session credentials", status=403):
        sts.get_session_token()
    with refused("InvalidClientTokenId", INVALID, status=403):
        client(aws, "iam", keys).list_roles()
    assert client(aws, "ec2", keys).describe_vpcs()["Vpcs"]
    answer = aws.sts.get_federation_token(Name="guest")
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{aws.number}:guest", "Arn": f"arn:aws:sts::{aws.number}:federated-user/guest"}
    sts = client(aws, "sts", answer["Credentials"])
    assert sts.get_caller_identity()["UserId"] == f"{aws.number}:guest"
    with refused("AccessDenied", status=403):
        sts.assume_role(RoleArn=role(aws, "dev", trust("*")), RoleSessionName="one")


def test_mfa_that_nobody_has(aws):
    with refused("AccessDenied", lambda text: text.startswith("MultiFactorAuthentication failed"), status=403):
        aws.sts.get_session_token(SerialNumber=f"arn:aws:iam::{aws.number}:mfa/me", TokenCode="123456")


def test_web_identity(aws):
    url = "https://oidc.example.com/id/A1"
    provider = aws.iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40])["OpenIDConnectProviderArn"]
    assert provider == f"arn:aws:iam::{aws.number}:oidc-provider/oidc.example.com/id/A1"
    arn = role(aws, "pod", trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringEquals={
        "oidc.example.com/id/A1:aud": "sts.amazonaws.com", "oidc.example.com/id/A1:sub": "pod-a"}))
    now = int(time.time())
    claims = {"iss": url, "sub": "pod-a", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600}

    def present(**changes):
        return aws.sts.assume_role_with_web_identity(
            RoleArn=arn, RoleSessionName="pod", WebIdentityToken=jwt(**{**claims, **changes}))

    answer = present()
    assert (answer["Provider"], answer["Audience"]) == (provider, "sts.amazonaws.com")
    assert answer["SubjectFromWebIdentityToken"] == "pod-a"
    who = client(aws, "sts", answer["Credentials"]).get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{aws.number}:assumed-role/pod/pod"
    with refused("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", status=403):
        present(sub="pod-b")
    with refused("InvalidIdentityToken", "Incorrect token audience"):
        present(aud="me")
    with refused("InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://x.example"):
        present(iss="https://x.example")
    with refused("ExpiredTokenException", lambda text: text.startswith("Token expired: current date/time")):
        present(exp=now - 10)
    with refused("InvalidIdentityToken", lambda text: "not a valid JWT" in text):
        aws.sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="pod", WebIdentityToken="????")


def test_providers(aws):
    iam, url = aws.iam, "https://oidc.example.com"
    made = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["a"], ThumbprintList=["b" * 40], Tags=[{"Key": "k", "Value": "v"}])
    arn = made["OpenIDConnectProviderArn"]
    with refused("EntityAlreadyExists", f"Provider with url {url} already exists.", status=409):
        iam.create_open_id_connect_provider(Url=url)
    for bad in ("oidc.example.com", "http://oidc.example.com", "https://oidc.example.com?a=b"):
        with refused("ValidationError", "Invalid Open ID Connect Provider URL"):
            iam.create_open_id_connect_provider(Url=bad)
    with refused("InvalidInput", "Thumbprint list must contain fewer than 5 entries."):
        iam.create_open_id_connect_provider(Url="https://a.example", ThumbprintList=[c * 40 for c in "abcdef"])
    with refused("LimitExceeded", "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100", status=409):
        iam.create_open_id_connect_provider(Url="https://a.example", ClientIDList=[f"c{n}" for n in range(101)])
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="c")
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="c")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=["d" * 40])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "l", "Value": "w"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["k"])
    got = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (got["Url"], got["ClientIDList"], got["ThumbprintList"], got["Tags"]) == (
        "oidc.example.com", ["c"], ["d" * 40], [{"Key": "l", "Value": "w"}])
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == got["Tags"]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == [{"Arn": arn}]
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", status=404):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_what_is_no_message(aws):
    with refused("InvalidAuthorizationMessageException"):
        aws.sts.decode_authorization_message(EncodedMessage="bogus")


def test_saml_is_not_built(aws):
    with refused("NotImplemented", status=501):
        aws.sts.assume_role_with_saml(
            RoleArn=f"arn:aws:iam::{aws.number}:role/x", PrincipalArn=f"arn:aws:iam::{aws.number}:saml-provider/x",
            SAMLAssertion="AAAA")
