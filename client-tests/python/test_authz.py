"""Who may do what: callers, roles that they pass, roles that jobs act as, and what an account does with the answer."""

import json
import subprocess
import types

import pytest
from mockplane import TRUST, Server, binary, job_request, refused

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"
NINE = [
    "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs",
    "ec2:DescribeDhcpOptions", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
]
TEN = NINE + ["ec2:DescribeVpcEndpoints"]
ELEVEN = TEN + ["ec2:ModifyNetworkInterfaceAttribute"]
LOOKS = ["ec2:DescribeVpcs", "ec2:DescribeDhcpOptions", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, on="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions, on="*", **more):
    return {"Effect": "Deny", "Action": list(actions), "Resource": on, **more}


def acting(aws, *statements, name="dev", **more):
    """Clients of somebody who has these statements and nothing else."""
    trust = policy({
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.number}:root"}, "Action": "sts:AssumeRole"})
    role = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        aws.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
    keys = aws.sts.assume_role(RoleArn=role, RoleSessionName="me", **more)["Credentials"]
    key = {"key": keys["AccessKeyId"], "secret": keys["SecretAccessKey"], "token": keys["SessionToken"]}
    return types.SimpleNamespace(
        arn=f"arn:aws:sts::{aws.number}:assumed-role/{name}/me", role=role, key=key,
        ec2=aws.client("ec2", **key), sm=aws.client("sagemaker", **key), iam=aws.client("iam", **key),
        sts=aws.client("sts", **key))


def mode(aws, mode):
    assert aws.server.control("POST", "/_mockplane/iam", {"account": aws.number, "mode": mode})["mode"] == mode


# Callers

def test_whoever_may_not_create_a_job_is_told_so(aws):
    role = aws.role()
    dev = acting(aws, allow("iam:PassRole", "sagemaker:Describe*"))
    job = f"arn:aws:sagemaker:us-east-1:{aws.number}:training-job/big-job"
    with refused("AccessDeniedException",
                 f"User: {dev.arn} is not authorized to perform: sagemaker:CreateTrainingJob on resource: {job} "
                 "because no identity-based policy allows the sagemaker:CreateTrainingJob action"):
        dev.sm.create_training_job(**job_request("Big-Job", role))
    with refused("AccessDeniedException",
                 f"User: {dev.arn} is not authorized to perform: sagemaker:ListTrainingJobs "
                 "because no identity-based policy allows the sagemaker:ListTrainingJobs action"):
        dev.sm.list_training_jobs()
    assert aws.sm.list_training_jobs()["TrainingJobSummaries"] == []


def test_a_user_is_held_to_what_they_and_their_groups_were_given(aws):
    role = aws.role()
    iam, user = aws.iam, f"arn:aws:iam::{aws.number}:user/ann"
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = aws.client("sagemaker", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    job = f"arn:aws:sagemaker:us-east-1:{aws.number}:training-job/job"
    may_not = "User: {} is not authorized to perform: {} on resource: {} because no identity-based policy allows the {} action"
    create, hand = "sagemaker:CreateTrainingJob", "iam:PassRole"
    with refused("AccessDeniedException", may_not.format(user, create, job, create)):
        ann.create_training_job(**job_request("job", role))
    iam.put_group_policy(GroupName="team", PolicyName="jobs", PolicyDocument=policy(allow("sagemaker:*")))
    with refused("AccessDeniedException", may_not.format(user, hand, role, hand)):
        ann.create_training_job(**job_request("job", role))
    arn = iam.create_policy(PolicyName="pass", PolicyDocument=policy(allow(hand, on=role)))["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=arn)
    ann.create_training_job(**job_request("job", role))
    iam.remove_user_from_group(GroupName="team", UserName="ann")
    with refused("AccessDeniedException"):
        ann.stop_training_job(TrainingJobName="job")


def test_a_role_must_be_passed(aws):
    role = aws.role()
    dev = acting(aws, allow("sagemaker:*"), allow("iam:PassRole", on=role, Condition={
        "StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}))
    with refused("AccessDeniedException",
                 f"User: {dev.arn} is not authorized to perform: iam:PassRole on resource: {role} "
                 "because no identity-based policy allows the iam:PassRole action"):
        dev.sm.create_training_job(**job_request("job", role))
    aws.iam.put_role_policy(RoleName="dev", PolicyName="pass", PolicyDocument=policy(
        allow("iam:PassRole", on=role, Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})))
    dev.sm.create_training_job(**job_request("job", role))


def test_ec2_tells_in_code_what_was_asked(aws):
    dev = acting(aws, allow("ec2:Describe*"))
    text = (f"You are not authorized to perform this operation. User: {dev.arn} is not authorized to perform: "
            f"ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:{aws.number}:vpc/* because no identity-based policy "
            "allows the ec2:CreateVpc action. Encoded authorization failure message: ")
    for dry_run in (False, True):
        with refused("UnauthorizedOperation", lambda told: told.startswith(text), status=403) as caught:
            dev.ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=dry_run)
    code = caught.value.response["Error"]["Message"][len(text):]
    told = json.loads(aws.sts.decode_authorization_message(EncodedMessage=code)["DecodedMessage"])
    assert (told["allowed"], told["context"]["action"]) == (False, "ec2:CreateVpc")
    dev.ec2.describe_vpcs()
    with refused("DryRunOperation", status=412):
        dev.ec2.describe_vpcs(DryRun=True)


def test_what_acts_on_nothing_names_no_resource(aws):
    dev = acting(aws)
    with refused("UnauthorizedOperation",
                 f"You are not authorized to perform this operation. User: {dev.arn} is not authorized to perform: "
                 "ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action", status=403):
        dev.ec2.describe_vpcs()
    assert dev.sts.get_caller_identity()["Arn"] == dev.arn


def test_iam_names_what_it_lists(aws):
    dev = acting(aws)
    for operation, given, what in [
        ("list_users", {}, "user/"), ("list_roles", {"PathPrefix": "/service-role/"}, "role/service-role/"),
        ("list_groups", {}, "group/"), ("list_instance_profiles", {}, "instance-profile/"),
    ]:
        action = "iam:" + dev.iam.meta.method_to_api_mapping[operation]
        with refused("AccessDenied", f"User: {dev.arn} is not authorized to perform: {action} on resource: "
                     f"arn:aws:iam::{aws.number}:{what} because no identity-based policy allows the {action} action", status=403):
            getattr(dev.iam, operation)(**given)


def test_iam_calls_its_own_things_by_kind_and_name(aws):
    aws.role("trainer")
    dev = acting(aws)
    with refused("AccessDenied",
                 f"User: {dev.arn} is not authorized to perform: iam:GetRole on resource: role trainer "
                 "because no identity-based policy allows the iam:GetRole action", status=403):
        dev.iam.get_role(RoleName="trainer")


def test_a_denial_wins_and_a_managed_policy_that_denies_is_named(aws):
    dev = acting(aws, allow("*"), deny("ec2:DeleteVpc"))
    vpc = dev.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    arn = f"arn:aws:ec2:us-east-1:{aws.number}:vpc/{vpc}"
    start = (f"You are not authorized to perform this operation. User: {dev.arn} is not authorized to perform: "
             f"ec2:DeleteVpc on resource: {arn} with an explicit deny in an identity-based policy")
    with refused("UnauthorizedOperation", lambda told: told.startswith(start + ". Encoded "), status=403):
        dev.ec2.delete_vpc(VpcId=vpc)
    aws.iam.put_role_policy(RoleName="dev", PolicyName="own", PolicyDocument=policy(allow("*")))
    guard = aws.iam.create_policy(PolicyName="guard", PolicyDocument=policy(deny("ec2:DeleteVpc")))["Policy"]["Arn"]
    aws.iam.attach_role_policy(RoleName="dev", PolicyArn=guard)
    with refused("UnauthorizedOperation", lambda told: told.startswith(f"{start}: {guard}. Encoded "), status=403):
        dev.ec2.delete_vpc(VpcId=vpc)


def test_each_resource_of_a_call_must_be_allowed(aws):
    net = aws.network()
    ec2 = f"arn:aws:ec2:us-east-1:{aws.number}"
    dev = acting(aws, allow("ec2:CreateNetworkInterface", on=[
        f"{ec2}:network-interface/*", f"{ec2}:subnet/{net.subnets[0]}", f"{ec2}:security-group/*"]))
    dev.ec2.create_network_interface(SubnetId=net.subnets[0], Groups=[net.group])
    with refused("UnauthorizedOperation", lambda told: f"on resource: {ec2}:subnet/{net.subnets[1]} " in told, 403):
        dev.ec2.create_network_interface(SubnetId=net.subnets[1], Groups=[net.group])


def test_tags_at_creation_need_a_permission_of_their_own(aws):
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "blue"}]}]
    dev = acting(aws, allow("ec2:CreateVpc"))
    with refused("UnauthorizedOperation", lambda told: "ec2:CreateTags on resource: " in told, 403):
        dev.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)
    on_create = {"StringEquals": {"ec2:CreateAction": "CreateVpc", "aws:RequestTag/team": "blue"}}
    aws.iam.put_role_policy(RoleName="dev", PolicyName="tags", PolicyDocument=policy(
        allow("ec2:CreateTags", Condition=on_create)))
    vpc = dev.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    with refused("UnauthorizedOperation", status=403):
        dev.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "blue"}])


def test_conditions_on_ec2_resources(aws):
    net = aws.network()
    other = aws.network("10.0.3.0/24")
    aws.ec2.create_tags(Resources=[net.subnets[0]], Tags=[{"Key": "team", "Value": "blue"}])
    vpc = f"arn:aws:ec2:us-east-1:{aws.number}:vpc/{net.vpc}"
    dev = acting(
        aws, allow("ec2:DeleteSecurityGroup", Condition={"ArnEquals": {"ec2:Vpc": vpc}}),
        allow("ec2:DeleteSubnet", Condition={"StringEquals": {"ec2:ResourceTag/team": "blue"}}))
    dev.ec2.delete_security_group(GroupId=net.group)
    with refused("UnauthorizedOperation", status=403):
        dev.ec2.delete_security_group(GroupId=other.group)
    dev.ec2.delete_subnet(SubnetId=net.subnets[0])
    with refused("UnauthorizedOperation", status=403):
        dev.ec2.delete_subnet(SubnetId=net.subnets[1])


def test_jobs_can_be_kept_within_a_network(aws):
    """Data perimeter examples of AWS: no VpcConfig, no job."""
    net, role = aws.network(), aws.role()
    dev = acting(
        aws, allow("sagemaker:*", "iam:PassRole"),
        deny("sagemaker:CreateTrainingJob", Condition={"Null": {"sagemaker:VpcSubnets": "true"}}),
        deny("sagemaker:CreateTrainingJob", Condition={
            "ForAnyValue:StringNotEquals": {"sagemaker:VpcSubnets": net.subnets[:1]}}))
    with refused("AccessDeniedException", lambda told: told.endswith("with an explicit deny in an identity-based policy")):
        dev.sm.create_training_job(**job_request("open", role))
    with refused("AccessDeniedException"):
        dev.sm.create_training_job(**job_request("both", role, net.config))
    config = {**net.config, "Subnets": net.subnets[:1]}
    dev.sm.create_training_job(**job_request("one", role, config))


def test_a_session_policy_limits_its_session(aws):
    dev = acting(aws, allow("ec2:*"), Policy=policy(allow("ec2:Describe*")))
    dev.ec2.describe_vpcs()
    with refused("UnauthorizedOperation", lambda told: "because no session policy allows the ec2:CreateVpc" in told, 403):
        dev.ec2.create_vpc(CidrBlock="10.0.0.0/16")


def test_a_boundary_bounds(aws):
    bound = aws.iam.create_policy(PolicyName="bound", PolicyDocument=policy(allow("ec2:Describe*")))["Policy"]["Arn"]
    dev = acting(aws, allow("*"))
    aws.iam.put_role_permissions_boundary(RoleName="dev", PermissionsBoundary=bound)
    with refused("UnauthorizedOperation",
                 lambda told: "because no permissions boundary allows the ec2:CreateVpc action. " in told, 403):
        dev.ec2.create_vpc(CidrBlock="10.0.0.0/16")


def test_control_policies_bind_the_root_too(aws):
    guard = {"name": "guard", "document": json.loads(policy(deny("ec2:CreateVpc")))}
    aws.server.control("POST", "/_mockplane/iam", {"account": aws.number, "controlPolicies": [guard]})
    with refused("UnauthorizedOperation",
                 lambda told: "with an explicit deny in a service control policy. Encoded" in told, 403):
        aws.vpc()
    aws.ec2.describe_vpcs()
    aws.server.control("POST", "/_mockplane/iam", {"account": aws.number, "controlPolicies": []})
    aws.vpc()


# Modes

def test_audit_refuses_nothing_and_tells_everything(aws):
    dev = acting(aws)
    net = aws.network()
    mode(aws, "audit")
    dev.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    # Nobody trusts anybody, and there is no such role at all.
    nobody = f"arn:aws:iam::{aws.number}:role/nobody"
    dev.sm.create_training_job(**job_request("job", nobody, net.config))
    told = [event for event in aws.events() if event["kind"] == "WouldDeny"]
    assert any("ec2:CreateVpc" in event["message"] and event["resource"].endswith(":vpc/*") for event in told)
    assert any("iam:PassRole" in event["message"] for event in told)
    assert any(event["rule"] == "SM-ROLE-TRUST-07" for event in told)
    mode(aws, "enforce")
    with refused("UnauthorizedOperation", status=403):
        dev.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    mode(aws, "off")
    before = len(aws.events())
    dev.ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert len(aws.events()) == before


def test_a_server_begins_in_the_mode_that_it_is_told():
    for name in ("audit", "off"):
        with Server("--iam", name) as server:
            assert server.control("GET", "/_mockplane/iam")["mode"] == name
            assert "IAM policies" in server.log_text() and name in server.log_text()


# Roles that jobs act as

def short_of(aws, name, actions):
    arn = aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    aws.iam.put_role_policy(RoleName=name, PolicyName="vpc", PolicyDocument=policy(allow("s3:*", *actions)))
    return arn


def training(aws, name, role, net):
    aws.sm.create_training_job(**job_request(name, role, net.config, instances=1))
    return lambda: aws.sm.describe_training_job(TrainingJobName=name)


def processing(aws, name, role, net):
    aws.sm.create_processing_job(
        ProcessingJobName=name, RoleArn=role, AppSpecification={"ImageUri": IMAGE},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}},
        NetworkConfig={"VpcConfig": net.config})
    return lambda: aws.sm.describe_processing_job(ProcessingJobName=name)


def model(aws, name, role, net):
    aws.sm.create_model(
        ModelName=name, ExecutionRoleArn=role, VpcConfig=net.config,
        PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://b/m.tar.gz"})


def transform(aws, name, role, net):
    model(aws, name, role, net)
    aws.sm.create_transform_job(
        TransformJobName=name, ModelName=name,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}},
        TransformOutput={"S3OutputPath": "s3://b/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
    return lambda: aws.sm.describe_transform_job(TransformJobName=name)


def hosting(aws, name, role, net):
    model(aws, name, role, net)
    aws.sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
        {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    aws.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return lambda: aws.sm.describe_endpoint(EndpointName=name)


def compilation(aws, name, role, net):
    aws.sm.create_compilation_job(
        CompilationJobName=name, RoleArn=role, StoppingCondition={"MaxRuntimeInSeconds": 900},
        InputConfig={"S3Uri": "s3://b/m.tar.gz", "Framework": "PYTORCH", "DataInputConfig": "{}"},
        OutputConfig={"S3OutputLocation": "s3://b/out", "TargetDevice": "ml_c5"},
        VpcConfig={"Subnets": net.subnets, "SecurityGroupIds": [net.group]})
    return lambda: aws.sm.describe_compilation_job(CompilationJobName=name)


KINDS = [
    (training, "TrainingJobStatus", NINE), (processing, "ProcessingJobStatus", NINE),
    (transform, "TransformJobStatus", NINE), (hosting, "EndpointStatus", TEN),
    (compilation, "CompilationJobStatus", ELEVEN),
]


@pytest.mark.parametrize("make, status, needed", KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_role_short_of_one_action(aws, make, status, needed):
    """Describe refuses the call, Create and Modify fail the job, Delete leaves the interfaces behind."""
    aws.server.control("POST", f"/_mockplane/reset?account={aws.number}&profile=instant")
    net = aws.network()

    def left():
        return aws.interfaces(vpc_id=net.vpc)

    def state(describe):
        return describe()[status].lower()

    good = {"hosting": "inservice"}.get(make.__name__, "completed")
    for n, action in enumerate(needed):
        verb = action.split(":")[1]
        name = f"j{n}"
        role = short_of(aws, name, [one for one in needed if one != action])
        refuses = action in LOOKS or (make is compilation and verb == "DescribeVpcEndpoints")
        if refuses:
            with refused("ValidationException",
                         f"The execution role {role} does not have permission to perform {action}."):
                make(aws, name, role, net)
            assert left() == []
            continue
        describe = make(aws, name, role, net)
        if verb.startswith("Delete"):
            assert state(describe) == good, action
            if make is hosting:
                aws.sm.delete_endpoint(EndpointName=name)
            orphans = left()
            assert orphans and all(one["Status"] == "available" for one in orphans), action
            events = [event for event in aws.events() if event["kind"] == "InterfaceLeft"]
            assert action in events[-1]["message"]
            for one in orphans:
                aws.ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
            continue
        told = describe()
        assert told[status].lower() == "failed", action
        reason = told["FailureReason"]
        if make is processing:
            assert reason == "InternalServerError: We encountered an internal error.  Please try again."
        else:
            assert action in reason and role in reason
        assert left() == []
        # The same role completed.
        aws.iam.put_role_policy(RoleName=name, PolicyName="rest", PolicyDocument=policy(allow(action)))
        assert state(make(aws, f"{name}-again", role, net)) == good
        if make is hosting:
            aws.sm.delete_endpoint(EndpointName=f"{name}-again")
        assert left() == []


def test_a_processing_role_has_no_bounds(aws):
    aws.server.control("POST", f"/_mockplane/reset?account={aws.number}&profile=instant")
    net = aws.network()
    role = short_of(aws, "scoped", LOOKS + ["ec2:DescribeNetworkInterfaces"])
    rest = [one for one in NINE if one not in LOOKS + ["ec2:DescribeNetworkInterfaces"]]
    aws.iam.put_role_policy(RoleName="scoped", PolicyName="rest", PolicyDocument=policy(
        allow(*rest, on="arn:aws:ec2:*:*:*/*")))
    assert processing(aws, "p", role, net)()["ProcessingJobStatus"] == "Failed"
    # Of a training job it is enough.
    assert training(aws, "t", role, net)()["TrainingJobStatus"] == "Completed"
    assert aws.interfaces(vpc_id=net.vpc) == []


# Least privilege

def story(ec2, sm, iam):
    """What a team does on its first day."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "blue"}]}])["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")
        ["Subnet"]["SubnetId"] for n, zone in ((1, "a"), (2, "b"))]
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])["AssociationId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])["VpcEndpoint"]["VpcEndpointId"]
    ec2.describe_vpc_endpoints()
    eni = ec2.create_network_interface(SubnetId=subnets[1], Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "mine"})
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "b"}])
    role = role["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="vpc", PolicyDocument=policy(allow("s3:*", *ELEVEN)))
    sm.create_training_job(**job_request(
        "job", role, {"Subnets": subnets, "SecurityGroupIds": [group]}), Tags=[{"Key": "a", "Value": "b"}])
    sm.describe_training_job(TrainingJobName="job")
    sm.list_training_jobs()
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def test_what_was_done_can_be_done_again_with_exactly_that(aws):
    aws.reset()
    story(aws.ec2, aws.sm, aws.iam)
    root = f"arn:aws:iam::{aws.number}:root"
    answer = aws.server.control("GET", f"/_mockplane/policy?account={aws.number}")
    assert answer["complete"] is True
    documents = {one["principal"]: one["document"] for one in answer["principals"]}
    assert set(documents) == {root, f"arn:aws:iam::{aws.number}:role/worker"}
    command = [binary(), "policy", root, "--endpoint", aws.server.endpoint, "--account", aws.number]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed) == documents[root]
    # The same again in an account that is as new: the ids are the same.
    aws.reset()
    # An id derives from the number of those before it, so nothing else may be made before: the role costs none.
    dev = acting(aws, *documents[root]["Statement"], name="again")
    story(dev.ec2, dev.sm, dev.iam)
    again = aws.server.control("GET", f"/_mockplane/policy?account={aws.number}&principal={dev.role}")
    assert again["principals"][0]["document"] == documents[root]
    with refused("UnauthorizedOperation", status=403):
        dev.ec2.describe_network_acls()
