"""Named snapshots of an account: an account goes back, and another begins with it."""

import json
import subprocess
import urllib.error

import pytest

from mockplane import binary, environment, refused


def cli(server, *arguments):
    return subprocess.run(
        [binary(), "snapshot", *arguments, "--endpoint", server.endpoint],
        capture_output=True, text=True, timeout=60, env=environment())


def save(aws, name="before"):
    return aws.server.control("POST", f"/_mockplane/snapshots?account={aws.number}", {"name": name})


def restore(aws, name="before", to=None):
    path = f"/_mockplane/snapshots/{name}/restore?account={aws.number}"
    return aws.server.control("POST", path + (f"&to={to.number}" if to else ""))


def problem(call):
    with pytest.raises(urllib.error.HTTPError) as caught:
        call()
    return caught.value.code, json.loads(caught.value.read())["error"]


def vpcs(aws):
    return [vpc["VpcId"] for vpc in aws.ec2.describe_vpcs()["Vpcs"]]


def test_an_account_goes_back(aws):
    aws.server.control("POST", "/_mockplane/clock", {"account": aws.number, "mode": "manual"})
    kept = aws.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    saved = save(aws)
    before = vpcs(aws)
    aws.ec2.delete_vpc(VpcId=kept)
    made = aws.ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    aws.server.control("POST", "/_mockplane/clock", {"account": aws.number, "advance": "3h"})
    with refused("InvalidVpcID.NotFound"):
        aws.ec2.describe_vpcs(VpcIds=[kept])
    position = aws.server.control("GET", f"/_mockplane/events?account={aws.number}")["next"]
    assert restore(aws)["now"] == saved["time"]
    assert vpcs(aws) == before and kept in before
    # Time and ids begin again from there; events go on.
    assert aws.ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"] == made
    later = aws.server.control("GET", f"/_mockplane/events?account={aws.number}&since={position}")["events"]
    told = [event["kind"] for event in later if event["resource"] == "snapshot/before"]
    assert told == ["SnapshotRestored"]


def test_another_account_begins_with_it(aws, other):
    bucket = f"data-{aws.number}"
    aws.client("s3").create_bucket(Bucket=bucket)
    aws.client("s3").put_object(
        Bucket=bucket, Key="in/part-0.csv", Body=f"written in {aws.number}".encode())
    role = aws.client("iam").create_role(
        RoleName="trainer",
        AssumeRolePolicyDocument=json.dumps({"Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{aws.number}:root"}}]}))["Role"]
    aws.client("iam").create_user(UserName="ann")
    key = aws.client("iam").create_access_key(UserName="ann")["AccessKey"]
    vpc = aws.ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    save(aws)
    told = restore(aws, to=other)
    assert (told["account"], told["from"]) == (other.number, aws.number)

    found = next(v for v in other.ec2.describe_vpcs()["Vpcs"] if v["VpcId"] == vpc)
    assert found["OwnerId"] == other.number
    theirs = other.client("iam").get_role(RoleName="trainer")["Role"]
    assert theirs["Arn"] == role["Arn"].replace(aws.number, other.number)
    trusted = theirs["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    assert trusted == f"arn:aws:iam::{other.number}:root"
    # Names with the account's number move, what is in objects does not.
    found = other.client("s3").get_object(Bucket=f"data-{other.number}", Key="in/part-0.csv")
    assert found["Body"].read().decode() == f"written in {aws.number}"
    # An access key tells its account, so it is another one; its secret is as it was.
    listed = other.client("iam").list_access_keys(UserName="ann")["AccessKeyMetadata"]
    keys = [one["AccessKeyId"] for one in listed]
    assert len(keys) == 1 and keys != [key["AccessKeyId"]]
    for id, account in [(key["AccessKeyId"], aws.number), (keys[0], other.number)]:
        caller = aws.client("sts", key=id, secret=key["SecretAccessKey"]).get_caller_identity()
        assert caller["Arn"] == f"arn:aws:iam::{account}:user/ann"
    # They are two from here on.
    other.ec2.delete_vpc(VpcId=vpc)
    assert vpc in vpcs(aws) and vpc not in vpcs(other)


def test_global_names_of_buckets_cannot_be_twice(aws, other):
    aws.server.control("POST", "/_mockplane/data", {"account": aws.number, "bucketNames": "global"})
    name = f"only-one-{int(aws.number):x}"
    aws.client("s3").create_bucket(Bucket=name)
    save(aws)
    status, text = problem(lambda: restore(aws, to=other))
    assert status == 409 and f"has a bucket `{name}` already" in text


def test_a_peer_cannot_become_both_sides(aws, other):
    own = aws.ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    peer = other.ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    aws.ec2.create_vpc_peering_connection(VpcId=own, PeerVpcId=peer, PeerOwnerId=other.number)
    save(aws)
    status, text = problem(lambda: restore(aws, to=other))
    assert status == 409 and "cannot be both of its sides" in text


def test_the_command_line(server, aws, other):
    account = ["--account", aws.number]
    aws.ec2.create_vpc(CidrBlock="10.6.0.0/16")
    assert cli(server, "save", "one", *account).stdout.startswith(f"account {aws.number} is kept as one")
    assert cli(server, "list", *account).stdout.split("\t")[0] == "one"
    aws.ec2.create_vpc(CidrBlock="10.7.0.0/16")
    assert cli(server, "restore", "one", *account).returncode == 0
    assert len(vpcs(aws)) == 2
    assert cli(server, "fork", "one", "--to", other.number, *account).returncode == 0
    assert vpcs(other) == vpcs(aws)
    assert cli(server, "delete", "one", *account).stdout == "one is forgotten\n"
    gone = cli(server, "restore", "one", *account)
    assert gone.returncode != 0 and f"account {aws.number} has no snapshot `one`" in gone.stderr
    assert cli(server, "list", *account).stdout == ""


def test_snapshots_go_with_the_account(aws):
    save(aws)
    aws.server.control("POST", f"/_mockplane/reset?account={aws.number}")
    status, text = problem(lambda: restore(aws))
    assert (status, text) == (404, f"account {aws.number} has no snapshot `before`")
