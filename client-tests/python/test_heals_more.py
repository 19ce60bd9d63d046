"""Fixes for targets that few networks have: each breaks something, runs what its explanation says, and asks again."""

import json

import pytest
from botocore.exceptions import WaiterError

from mockplane import Server, TRUST
from shell import Shell
from test_failures import EVERYWHERE, House, red

OUTSIDE = {"to": "pypi.org:443"}


@pytest.fixture(scope="module")
def quick():
    with Server("--profile", "instant") as running:
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture(scope="module")
def shell():
    return Shell()


def look(house, **asked):
    asked.setdefault("groups", house.group)
    return house.control("reachability", **{"from": house.subnet, **asked})


def blocked(way):
    """The kind, the place and the rule of the hop that decides."""
    [hop] = [hop for hop in way["path"]["hops"] if hop["decides"]]
    return hop["kind"], hop["at"], hop["rule"]


def heal(house, shell, hop, most=6, **asked):
    """The hop decides; the commands of its fix, and of whatever is red after it, lead there."""
    way = look(house, **asked)
    assert not way["reaches"] and blocked(way) == hop, way["path"]["hops"]
    met = []
    while not way["reaches"]:
        assert blocked(way) not in met and len(met) < most, f"{way['path']['hops']}\n{way['fixes']}"
        met.append(blocked(way))
        assert way["fixes"][0]["rule"] == met[-1][2] and way["fixes"][0]["commands"], way["fixes"]
        shell.run(house.aws, way["fixes"][0]["commands"])
        way = look(house, **asked)
    return met


def public_subnet(house, block="10.0.9.0/24"):
    """Another subnet, with a way to the internet."""
    subnet = house.aws.subnet(house.vpc, block, AvailabilityZone="us-east-1a")
    table = house.table(subnet)
    house.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=house.gateway())
    return subnet


def clock(house, mode):
    house.server.control("POST", "/_mockplane/clock", {"account": house.aws.number, "mode": mode})


def default_route(house, **target):
    house.ec2.create_route(RouteTableId=house.main_table(), DestinationCidrBlock=EVERYWHERE, **target)


def test_a_nat_gateway_that_is_not_there_yet(server, shell):
    house = House(server)
    clock(house, "poll")
    address = house.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = house.ec2.create_nat_gateway(SubnetId=public_subnet(house), AllocationId=address)["NatGateway"]
    default_route(house, NatGatewayId=nat["NatGatewayId"])
    assert nat["State"] == "pending"
    heal(house, shell, ("target", nat["NatGatewayId"], "EC2-NAT-STATE"), **OUTSIDE)


def test_a_nat_gateway_that_failed(quick, shell):
    """Its subnet has no internet gateway when it is made."""
    house = House(quick)
    subnet = house.aws.subnet(house.vpc, "10.0.9.0/24", AvailabilityZone="us-east-1a")
    address = house.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = house.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    [row] = house.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    assert (row["State"], row["FailureCode"]) == ("failed", "Gateway.NotAttached")
    default_route(house, NatGatewayId=nat)
    way = look(house, **OUTSIDE)
    kind, at, rule = blocked(way)
    assert rule in ("EC2-NAT-STATE", "EC2-RT-BLACKHOLE"), way["path"]["hops"]
    heal(house, shell, (kind, at, rule), **OUTSIDE)


def test_an_instance_that_checks_where_packets_are_for(quick, shell):
    house = House(quick)
    subnet = public_subnet(house)
    [instance] = house.ec2.run_instances(
        ImageId="ami-12c6146b", InstanceType="t3.micro", MinCount=1, MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}])["Instances"]
    interface = instance["NetworkInterfaces"][0]
    house.ec2.authorize_security_group_ingress(GroupId=interface["Groups"][0]["GroupId"], IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
    default_route(house, NetworkInterfaceId=interface["NetworkInterfaceId"])
    hop = ("target", interface["NetworkInterfaceId"], "EC2-RT-TARGET")
    assert heal(house, shell, hop, **OUTSIDE) == [hop]


def test_an_interface_without_a_public_address(quick, shell):
    house = House(quick)
    gateway = house.gateway()
    default_route(house, GatewayId=gateway)
    interface = house.aws.interface(house.subnet, Groups=[house.group])
    heal(house, shell, ("target", gateway, "EC2-IGW-PUBLIC"), **{"from": interface}, **OUTSIDE)


def test_package_repositories_that_an_endpoint_denies(quick, shell):
    house = House(quick)
    deny = {
        "Sid": "Repositories", "Principal": "*", "Action": ["s3:GetObject"], "Effect": "Deny",
        "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*", "arn:aws:s3:::repo.*.amazonaws.com/*"]}
    allow = {"Principal": "*", "Action": "*", "Effect": "Allow", "Resource": "*"}
    endpoint = house.endpoint(house.main_table(), PolicyDocument=json.dumps({"Statement": [allow, deny]}))
    met = heal(house, shell, ("endpoint-policy", endpoint, "SM-S3-REPO-11"), to="s3://packages.us-east-1.amazonaws.com/index")
    assert len(met) == 1
    [row] = house.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert json.loads(row["PolicyDocument"])["Statement"] == [allow], "nothing else was changed"


def bucket(house, name):
    """A bucket with one object, and a role that may read it."""
    s3 = house.aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"1")
    role = house.aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    house.aws.iam.put_role_policy(RoleName="reader", PolicyName="own", PolicyDocument=json.dumps(policy))
    return {"to": f"s3://{name}/a", "role": role}


@pytest.mark.parametrize("data", [False, True])
def test_a_transit_gateway_that_leads_nowhere(quick, shell, data):
    house = House(quick)
    transit = house.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    house.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=house.vpc, SubnetIds=[house.subnet])
    default_route(house, TransitGatewayId=transit)
    asked = bucket(house, f"transit-{house.aws.number}") if data else OUTSIDE
    heal(house, shell, ("target", transit, "EC2-TGW-ROUTE"), **asked)


@pytest.mark.parametrize("data", [False, True])
def test_a_vpn_gateway_that_leads_elsewhere(quick, shell, data):
    house = House(quick)
    gateway = house.ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    house.ec2.attach_vpn_gateway(VpnGatewayId=gateway, VpcId=house.vpc)
    default_route(house, GatewayId=gateway)
    asked = bucket(house, f"vpn-{house.aws.number}") if data else OUTSIDE
    heal(house, shell, ("target", gateway, "EC2-VGW-ATTACH"), **asked)


def test_the_client_that_waits(server, shell):
    """What runs in a closed VPC asks SageMaker how it is, and nothing answers: it hangs until the job's limit, and whoever
    waits for the job waits as long. With the endpoint of the explanation it ends by itself."""
    house = House(server)
    house.endpoint(house.main_table())
    path = f"/_mockplane/behaviours?account={house.aws.number}"
    server.control("POST", path, {"behaviours": [{
        "image": "*/train:*", "duration": "5m", "connects": [{"to": "service:sagemaker.api", "onFailure": "hang"}]}]})

    def wait(name, attempts):
        waiter = house.aws.sm.get_waiter("training_job_completed_or_stopped")
        waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 0, "MaxAttempts": attempts})

    def train(name):
        clock(house, "manual")
        house.aws.training_job(
            name, house.role, house.config, instances=1, StoppingCondition={"MaxRuntimeInSeconds": 3600})
        house.aws.advance("30m")

    def end(name):
        """How the job ended, and how many seconds it ran."""
        clock(house, "poll")
        wait(name, 60)
        job = house.aws.job(name)
        return job["SecondaryStatus"], (job["TrainingEndTime"] - job["TrainingStartTime"]).total_seconds()

    train("waits")
    with pytest.raises(WaiterError, match="Max attempts exceeded") as told:
        wait("waits", 5)
    seen = told.value.last_response
    assert (seen["TrainingJobStatus"], seen["SecondaryStatus"]) == ("InProgress", "Training")
    assert "FailureReason" not in seen, "nothing tells that it will not end"
    status, ran = end("waits")
    assert status == "MaxRuntimeExceeded" and 3600 <= ran < 3700
    why = house.explain("training-job/waits")
    assert why["decidedBy"] == "EC2-VPCE-NEED" and red(why, "run"), why
    shell.run(house.aws, [line for fix in why["fixes"] for line in fix["commands"]])
    train("ends")
    status, ran = end("ends")
    assert status == "Completed" and ran < 900


def test_nothing_leads_to_an_address_of_ipv6(quick):
    house = House(quick)
    default_route(house, GatewayId=house.gateway())
    way = look(house, to="2001:db8::1")
    assert blocked(way) == ("target", house.subnet, "SM-VPC-ENI-09") and not way["reaches"]
    assert "IPv4" in way["fixes"][0]["words"] and way["fixes"][0]["commands"] == []
