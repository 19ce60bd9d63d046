"""Each lesson as a learner meets it: started and checked by `mockplane lesson`, mended by the AWS CLI."""

import json
import re
import shutil
import subprocess

import pytest
from mockplane import ROOT, Account, binary, environment
from shell import Shell

FILES = sorted((ROOT / "scenarios/lessons").glob("*.yaml"))
NAMES = [re.search(r"^  name: (\S+)$", file.read_text(), re.M).group(1) for file in FILES]


@pytest.fixture(scope="module")
def shell():
    return Shell()


class Learner:
    """`mockplane lesson` in an account of its own."""

    def __init__(self, server):
        self.account = Account(server)

    def run(self, *words):
        """Exit code, output and complaint."""
        done = subprocess.run(
            [binary(), "lesson", *words], capture_output=True, text=True, timeout=60,
            env=environment(
                MOCKPLANE_ENDPOINT=self.account.server.endpoint, MOCKPLANE_ACCOUNT_ID=self.account.number))
        return done.returncode, done.stdout, done.stderr

    def told(self, *words, code=0):
        got, out, err = self.run(*words, "--json")
        assert got == code, f"{words}: {got}\n{out}{err}"
        return json.loads(out)


@pytest.fixture
def learner(server):
    return Learner(server)


@pytest.mark.parametrize("name", NAMES)
def test_the_aws_cli_mends_each_lesson(learner, shell, name):
    started = learner.told("start", name)
    assert started["name"] == name and started["lesson"]["goal"] and "${" not in json.dumps(started)
    broken = learner.told("check", code=1)["check"]
    assert broken["problems"], broken
    code, script, err = learner.run("solve", "--print")
    assert code == 0, err
    export = f"export AWS_ENDPOINT_URL={learner.account.server.endpoint}"
    shell.run(learner.account, [export, *script.splitlines()])
    mended = learner.told("check")
    assert mended["check"]["passed"] and mended["lesson"]["debrief"], mended
    learner.told("reset")
    learner.told("check", code=1)


ANYBODY = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}'
# The second condition is in the statement that is there, where both have to hold.
IN_ONE = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sagemaker:CreateTrainingJob", "Resource": "*",'
    ' "Condition": {"ForAnyValue:StringNotEquals": {"sagemaker:VpcSubnets": ["subnet-0aaaaaaaaaaaaaaaa"]},'
    ' "Null": {"sagemaker:VpcSubnets": "true"}}}]}')


def of(resource, query, *filters):
    """A command that finds an id."""
    given = "--filters " + " ".join(f"'{one}'" for one in filters) if filters else ""
    return f"$(aws ec2 describe-{resource} {given} --query '{query}' --output text)"


VPC = of("vpcs", "Vpcs[0].VpcId", "Name=cidr,Values=10.0.0.0/16", "Name=is-default,Values=false")
OPTIONS = (
    "new=$(aws ec2 create-dhcp-options --dhcp-configurations Key=domain-name-servers,Values=AmazonProvidedDNS {}"
    " --query DhcpOptions.DhcpOptionsId --output text)")
ASSOCIATE = f"aws ec2 associate-dhcp-options --vpc-id {VPC} --dhcp-options-id $new"
JOBS_GROUP = of("security-groups", "SecurityGroups[0].GroupId", "Name=group-name,Values=private")
TRAINERS = of("security-groups", "SecurityGroups[0].GroupId", "Name=group-name,Values=trainers")
TRAINERS_TALK = f"aws ec2 authorize-security-group-ingress --group-id {TRAINERS} --protocol all --source-group {TRAINERS}"
JOBS_ACL = of("network-acls", "NetworkAcls[0].NetworkAclId", "Name=tag:Name,Values=jobs")
LIST_OF_S3 = of("prefix-lists", "PrefixLists[0].PrefixListId", "Name=prefix-list-name,Values=com.amazonaws.us-east-1.s3")
ROUTES_TO_S3 = of("vpc-endpoints", "VpcEndpoints[0].RouteTableIds[0]")
BUCKET = "data-$account"


def egress(where):
    """Of the group that the audit of egress-is-tightened was about."""
    return f"aws ec2 authorize-security-group-egress --group-id $id {where}"


def inbound(number, action, what):
    """An entry of the network ACL of a-stateless-surprise."""
    return (
        f"aws ec2 create-network-acl-entry --network-acl-id $id --ingress --rule-number {number} --rule-action {action}"
        f" --cidr-block {what}")


def customer_list(*ranges):
    """A prefix list that is not AWS's."""
    entries = " ".join(f"Cidr={one}" for one in ranges)
    return (
        "list=$(aws ec2 create-managed-prefix-list --prefix-list-name own --address-family IPv4"
        f" --max-entries {len(ranges)} --entries {entries} --query PrefixList.PrefixListId --output text)")


def to_list(name):
    return f"--ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,PrefixListIds=[{{PrefixListId='{name}'}}]'"


def may(*actions, on="*", name="more"):
    """One more policy of the role of role-without-eni-rights."""
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": on}]})
    return f"aws iam put-role-policy --role-name least-privilege --policy-name {name} --policy-document '{policy}'"


PERMISSIONS = ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterfacePermission"]
TO_ITS_SUBNETS = egress("--protocol all --cidr 10.0.0.0/16")
NEW_SUBNET = (
    f"id=$(aws ec2 create-subnet --vpc-id {VPC} --cidr-block {{}} --query Subnet.SubnetId --output text)")
WIRED = f"aws ec2 associate-route-table --subnet-id $id --route-table-id {ROUTES_TO_S3}"

# What mends a lesson's failure and gives up what its goal asks for: the step of the check that finds out, and the commands.
WRONG_WAYS = [
    ("two-nodes-no-talk", "nobody-from-outside", [
        f"aws ec2 authorize-security-group-ingress --group-id {TRAINERS} --protocol all --cidr 0.0.0.0/0"]),
    # It begins like the VPC's range, and is more than that.
    ("two-nodes-no-talk", "nobody-from-outside", [
        f"aws ec2 authorize-security-group-ingress --group-id {TRAINERS} --protocol all --cidr 10.0.0.0/7"]),
    ("two-nodes-no-talk", "nobody-from-outside", [
        customer_list("10.0.0.0/8"),
        f"aws ec2 authorize-security-group-ingress --group-id {TRAINERS} {to_list('$list')}", TRAINERS_TALK]),
    # A group of another VPC.
    ("two-nodes-no-talk", "nobody-from-outside", [
        "other=$(aws ec2 create-vpc --cidr-block 10.9.0.0/16 --query Vpc.VpcId --output text)",
        f"peering=$(aws ec2 create-vpc-peering-connection --vpc-id {VPC} --peer-vpc-id $other"
        " --query VpcPeeringConnection.VpcPeeringConnectionId --output text)",
        "aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id $peering",
        "far=$(aws ec2 create-security-group --group-name far --description far --vpc-id $other --query GroupId --output text)",
        f"aws ec2 authorize-security-group-ingress --group-id {TRAINERS} --protocol all --source-group $far", TRAINERS_TALK]),
    ("role-without-eni-rights", "still-least-privilege", [
        "aws iam attach-role-policy --role-name least-privilege --policy-arn arn:aws:iam::aws:policy/AdministratorAccess"]),
    ("role-without-eni-rights", "nothing-is-left", [
        "aws iam put-role-policy --role-name least-privilege --policy-name half --policy-document '"
        '{"Statement": [{"Effect": "Allow", "Action": "ec2:CreateNetworkInterfacePermission", "Resource": "*"}]}\''
    ]),
    ("role-without-eni-rights", "still-least-privilege", [may("ec2:Create*", "ec2:Run*", "ec2:Modify*", "iam:Create*", *PERMISSIONS)]),
    ("role-without-eni-rights", "still-least-privilege", [may("iam:Put*", *PERMISSIONS)]),
    ("role-without-eni-rights", "still-least-privilege", [may("ec2:*Instances", *PERMISSIONS)]),
    ("role-without-eni-rights", "still-least-privilege", [may("ec2:Attach*", *PERMISSIONS)]),
    # Not everywhere, but to all that there is.
    ("role-without-eni-rights", "still-least-privilege", [may(*PERMISSIONS), may("ec2:*", on="arn:aws:ec2:*:*:*", name="all")]),
    ("role-without-eni-rights", "still-least-privilege", [
        "aws iam attach-role-policy --role-name least-privilege --policy-arn"
        " arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]),
    ("nobody-may-assume", "nobody-else", [
        f"aws iam update-assume-role-policy --role-name trainer --policy-document '{ANYBODY}'"]),
    ("locked-policy", "still-shut", [
        f"id={of('vpc-endpoints', 'VpcEndpoints[0].VpcEndpointId')}",
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id $id --reset-policy"]),
    ("bucket-says-no", "nobody-else", [f"aws s3api delete-bucket-policy --bucket {BUCKET}"]),
    ("no-objects-there", "the-data-are-there", [f"aws s3api put-object --bucket {BUCKET} --key train/"]),
    ("egress-is-tightened", "the-audit-is-kept-to", [
        f"id={JOBS_GROUP}", egress("--protocol tcp --port 0-65535 --cidr 0.0.0.0/0"), TO_ITS_SUBNETS]),
    ("egress-is-tightened", "the-audit-is-kept-to", [
        f"id={JOBS_GROUP}", customer_list("0.0.0.0/0"), egress(to_list("$list")), TO_ITS_SUBNETS]),
    ("egress-is-tightened", "the-audit-is-kept-to", [
        f"id={JOBS_GROUP}", *(egress(f"--protocol all --cidr {half}") for half in ("0.0.0.0/1", "128.0.0.0/1"))]),
    ("egress-is-tightened", "the-audit-is-kept-to", [
        f"id={JOBS_GROUP}",
        *(egress(f"--protocol all --cidr {first}.0.0.0/2") for first in (0, 64, 128, 192))]),
    ("egress-is-tightened", "the-audit-is-kept-to", [
        f"id={JOBS_GROUP}", egress(to_list(LIST_OF_S3)), TO_ITS_SUBNETS,
        *(egress(f"--ip-permissions 'IpProtocol=-1,Ipv6Ranges=[{{CidrIpv6={half}}}]'") for half in ("::/1", "8000::/1"))]),
    ("a-stateless-surprise", "nobody-calls", [
        f"id={JOBS_ACL}", inbound(100, "allow", "0.0.0.0/0 --protocol=-1")]),
    # A deny entry counts only if it comes first, for all of these ports, for everybody, and for this protocol.
    ("a-stateless-surprise", "nobody-calls", [
        f"id={JOBS_ACL}", inbound(100, "allow", "0.0.0.0/0 --protocol tcp --port-range From=0,To=65535"),
        inbound(110, "deny", "0.0.0.0/0 --protocol tcp --port-range From=0,To=1023")]),
    ("a-stateless-surprise", "nobody-calls", [
        f"id={JOBS_ACL}", inbound(100, "allow", "0.0.0.0/0 --protocol tcp --port-range From=0,To=65535"),
        inbound(90, "deny", "0.0.0.0/0 --protocol tcp --port-range From=22,To=22")]),
    ("a-stateless-surprise", "nobody-calls", [
        f"id={JOBS_ACL}", inbound(100, "allow", "0.0.0.0/0 --protocol tcp --port-range From=0,To=65535"),
        inbound(90, "deny", "10.0.0.0/16 --protocol tcp --port-range From=0,To=1023")]),
    ("a-stateless-surprise", "nobody-calls", [
        f"id={JOBS_ACL}", inbound(100, "allow", "0.0.0.0/0 --protocol=-1"),
        inbound(90, "deny", "0.0.0.0/0 --protocol tcp --port-range From=0,To=1023")]),
    ("ping-health-check", "the-image-is-the-colleagues", [
        "role=$(aws iam get-role --role-name execution-role --query Role.Arn --output text)",
        "image=$account.dkr.ecr.us-east-1.amazonaws.com/any:1",
        "aws sagemaker create-model --model-name any --execution-role-arn $role --primary-container Image=$image",
        "aws sagemaker create-endpoint-config --endpoint-config-name any --production-variants"
        " VariantName=AllTraffic,ModelName=any,InstanceType=ml.m5.large,InitialInstanceCount=1",
        "aws sagemaker delete-endpoint --endpoint-name ranking",
        "aws sagemaker wait endpoint-deleted --endpoint-name ranking",
        "aws sagemaker create-endpoint --endpoint-name ranking --endpoint-config-name any"]),
    ("private-zone-not-resolved", "the-domain-is-kept", [
        OPTIONS.format("Key=domain-name,Values=example.org"), ASSOCIATE]),
    ("the-job-that-was-never-in", "it-was-in", [f"aws s3api delete-bucket-policy --bucket {BUCKET}"]),
    ("the-late-machine", "the-domain-is-kept", [OPTIONS.format("Key=domain-name,Values=example.org"), ASSOCIATE]),
    ("the-guardrail-with-a-gap", "ana-nowhere", [
        f"aws iam create-policy-version --policy-document '{IN_ONE}' --set-as-default"
        " --policy-arn arn:aws:iam::$account:policy/only-in-our-subnets"]),
]


# What the goal asks for, reached in another way than the lesson's own fix.
OTHER_WAYS = [
    ("two-nodes-no-talk", [
        f"aws ec2 authorize-security-group-ingress --group-id {TRAINERS} --protocol tcp --port 0-65535 --cidr {cidr}"])
    for cidr in ("10.0.0.0/16", "10.0.1.0/24")
] + [
    ("egress-is-tightened", [
        f"id={JOBS_GROUP}", egress(to_list(LIST_OF_S3)), egress("--protocol all --cidr 10.0.0.0/8")]),
    ("role-without-eni-rights", [may("ec2:CreateNetworkInterface*", "ec2:DeleteNetworkInterface*")]),
    ("role-without-eni-rights", [may("ec2:*NetworkInterface*", "ec2:Describe*", "cloudwatch:PutMetricData", "s3:Get*")]),
    ("a-stateless-surprise", [
        f"id={JOBS_ACL}", inbound(90, "deny", "0.0.0.0/0 --protocol tcp --port-range From=0,To=1023"),
        inbound(100, "allow", "0.0.0.0/0 --protocol tcp --port-range From=0,To=65535")]),
    ("a-stateless-surprise", [
        f"id={JOBS_ACL}", inbound(80, "deny", "0.0.0.0/0 --protocol udp --port-range From=1,To=1023"),
        inbound(90, "deny", "0.0.0.0/0 --protocol tcp --port-range From=1,To=2000"),
        inbound(100, "allow", "0.0.0.0/0 --protocol=-1"),
        inbound(110, "deny", "0.0.0.0/0 --protocol=-1")]),
    ("out-of-addresses", [NEW_SUBNET.format("10.0.2.0/26"), NEW_SUBNET.format("10.0.4.0/23"), WIRED]),
]


@pytest.mark.parametrize("name, script", OTHER_WAYS, ids=[name for name, _ in OTHER_WAYS])
def test_a_check_is_passed_by_another_good_fix(learner, shell, name, script):
    learner.told("start", name)
    shell.run(learner.account, [f"account={learner.account.number}", *script])
    assert learner.told("check")["check"]["passed"]


@pytest.mark.parametrize("name, step, script", WRONG_WAYS, ids=[f"{name}:{step}" for name, step, _ in WRONG_WAYS])
def test_a_check_is_not_passed_by_giving_up_what_the_goal_asks_for(learner, shell, name, step, script):
    learner.told("start", name)
    shell.run(learner.account, [f"account={learner.account.number}", *script])
    check = learner.told("check", code=1)["check"]
    assert check["step"].startswith(f"{step}: "), check


def test_commands_in_hints_are_commands(learner, tmp_path):
    """What hints tell to ask Mockplane is asked: a path that is blocked is an answer, words that are wrong are none."""
    asked = 0
    for file, name in zip(FILES, NAMES):
        if "mockplane " not in file.read_text():
            continue
        # A directory of one file is read faster than all lessons are.
        shutil.copy(file, tmp_path / "one.yaml")
        learner.told("start", name, "--from", str(tmp_path))
        left = 1
        while left:
            hint = learner.told("hint")
            left = hint["left"]
            assert "mockplane " not in re.sub("`[^`]*`", "", hint["text"]), f"{name}: what is typed is in backquotes"
            for words in re.findall("`mockplane ([^`]+)`", hint["text"]):
                done = subprocess.run(
                    [binary(), *words.split()], capture_output=True, text=True, timeout=60,
                    env=environment(
                        MOCKPLANE_ENDPOINT=learner.account.server.endpoint,
                        MOCKPLANE_ACCOUNT_ID=learner.account.number))
                assert done.returncode in (0, 1), f"{name}: {words}\n{done.stderr}"
                asked += 1
    assert asked > 10


def test_a_learner_at_a_terminal(learner):
    """What `start` prints is all that the AWS CLI needs."""
    code, out, err = learner.run("start", "1")
    assert code == 0, err
    assert "Lesson 1 of the course: The sealed room" in out and "training-job/first-try is Failed" in out
    exports = [line.strip() for line in out.splitlines() if line.strip().startswith("export ")]
    assert [line.split()[1].split("=")[0] for line in exports] == [
        "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "MOCKPLANE_ENDPOINT",
        "MOCKPLANE_ACCOUNT_ID"]
    assert "(free)" in learner.run("hint")[1] and "(costs 1)" in learner.run("hint")[1]
    code, out, _ = learner.run("check")
    assert code == 1 and "Not yet" in out and "mockplane explain training-job/first-try" in out
    script = [
        *exports,
        "vpc=$(aws sagemaker describe-training-job --training-job-name first-try --query VpcConfig.Subnets --output text)",
        "table=$(aws ec2 describe-route-tables --filters Name=association.subnet-id,Values=$vpc"
        " --query 'RouteTables[0].[VpcId,RouteTableId]' --output text)",
        "set -- $table",
        "aws ec2 create-vpc-endpoint --vpc-id $1 --service-name com.amazonaws.us-east-1.s3 --route-table-ids $2",
    ]
    done = subprocess.run(["bash", "-ec", "\n".join(script)], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    code, out, _ = learner.run("check")
    assert code == 0 and "Your score is 9 of 10." in out and "SM-S3-NOPATH-01" in out
    status = learner.run("status")[1]
    assert "Checks: 2; mended. Score: 9 of 10." in status and "Hint (costs 1)" in status


def test_what_is_given_up_is_told_in_words(learner, shell):
    """The job of the check completed: that of the beginning has nothing to do with it."""
    learner.told("start", "a-stateless-surprise")
    allowed = inbound(100, "allow", "0.0.0.0/0 --protocol tcp --port-range From=0,To=65535")
    shell.run(learner.account, [f"id={JOBS_ACL}", allowed])
    code, out, _ = learner.run("check")
    assert code == 1 and out.startswith("Not yet. Nothing comes in to ports below 1024."), out
    assert "At nobody-calls: ec2.DescribeNetworkAcls:" in out and "Why it broke" not in out, out


def test_the_roomiest_subnet_is_said_to_be_the_one(learner, shell):
    """A subnet that is larger and leads nowhere is where the launcher puts the job; the smaller one that is fine is not."""
    learner.told("start", "out-of-addresses")
    shell.run(learner.account, [
        NEW_SUBNET.format("10.0.4.0/23"), NEW_SUBNET.format("10.0.2.0/26"), WIRED])
    check = learner.told("check", code=1)["check"]
    assert "the subnet of the VPC with the most free addresses" in check["said"], check
    assert check["rule"] == "SM-S3-RTB-03" and check["explain"] is None, check
    shell.run(learner.account, [
        "aws ec2 delete-subnet --subnet-id " + of("subnets", "Subnets[0].SubnetId", "Name=cidr-block,Values=10.0.4.0/23")])
    assert learner.told("check")["check"]["passed"]


def test_a_teacher_sees_everybody(server, learner):
    other = Learner(server)
    learner.told("start", "sealed-room")
    other.told("start", "sealed-room")
    other.told("hint")
    other.told("solve")
    other.told("check")
    everybody = server.control("GET", "/_mockplane/scenarios")["scenarios"]
    seen = {one["account"]: one["lesson"] for one in everybody}
    assert seen[learner.account.number]["passed"] is False and seen[other.account.number]["passed"] is True
    assert [len(seen[who.account.number]["hints"]["spent"]) for who in (learner, other)] == [0, 1]


def test_what_cannot_be_asked_has_its_own_exit_code(learner, tmp_path):
    code, _, err = learner.run("check")
    assert code == 2 and f"account {learner.account.number} has no scenario" in err
    code, _, err = learner.run("start", "nothing")
    assert code == 2 and "no lesson is named `nothing`" in err
    code, _, err = learner.run("hint", "--endpoint", "http://127.0.0.1:1")
    assert code == 2 and "127.0.0.1:1" in err


def test_lessons_of_ones_own(learner, tmp_path):
    text = FILES[0].read_text().replace(f"name: {NAMES[0]}", "name: my-own")
    (tmp_path / "own.yaml").write_text(text)
    code, out, _ = learner.run("list", "--from", str(tmp_path))
    assert code == 0 and out.split()[1] == "my-own"
    assert learner.told("start", "my-own", "--from", str(tmp_path))["name"] == "my-own"
    (tmp_path / "own.yaml").write_text(text.replace("goal:", "gaol:"))
    code, _, err = learner.run("start", "my-own", "--from", str(tmp_path))
    assert code == 2 and "unknown key `gaol`; did you mean `goal`?" in err
