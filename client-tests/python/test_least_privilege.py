"""What is printed as the least policy for a long day's work is enough to do all of it again, as somebody else."""

import json

from mockplane import TRUST, job_request
from test_authz import ELEVEN, acting, allow, policy


def day(clients, number):
    """Over sixty operations of five services. The answers' ids go into later calls."""
    ec2, sm, iam, sts, ssm = clients.ec2, clients.sm, clients.iam, clients.sts, clients.ssm
    tags = lambda kind: [{"ResourceType": kind, "Tags": [{"Key": "team", "Value": "blue"}]}]  # noqa: E731
    sts.get_caller_identity()
    image = ssm.get_parameter(
        Name="/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")["Parameter"]["Value"]
    ssm.get_parameters_by_path(Path="/aws/service/ami-amazon-linux-latest")
    # A network.
    ec2.describe_availability_zones()
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc"))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    block = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]["AssociationId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")
        ["Subnet"]["SubnetId"] for n, zone in ((1, "a"), (2, "b"))]
    ec2.modify_subnet_attribute(SubnetId=subnets[0], MapPublicIpOnLaunch={"Value": True})
    ec2.create_tags(Resources=subnets, Tags=[{"Key": "a", "Value": "b"}])
    ec2.delete_tags(Resources=subnets, Tags=[{"Key": "a"}])
    options = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": ["x.example"]}])["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    inside = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=inside)
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, SecurityGroupRuleDescriptions=[
            {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "Description": "all"}
            for rule in rules if not rule["IsEgress"]])
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])["AssociationId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="10.0.0.0/8")
    prefixes = ec2.create_managed_prefix_list(
        PrefixListName="offices", AddressFamily="IPv4", MaxEntries=2,
        Entries=[{"Cidr": "192.0.2.0/24"}])["PrefixList"]["PrefixListId"]
    ec2.get_managed_prefix_list_entries(PrefixListId=prefixes)
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table])["VpcEndpoint"]["VpcEndpointId"]
    private = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.sagemaker.api", VpcEndpointType="Interface",
        SubnetIds=subnets, SecurityGroupIds=[group])["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    eni = ec2.create_network_interface(SubnetId=subnets[1], Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=1)
    ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "mine"})
    for describe in ("vpcs", "subnets", "security_groups", "route_tables", "network_interfaces", "nat_gateways",
                     "vpc_endpoints", "network_acls", "internet_gateways", "addresses", "dhcp_options"):
        getattr(ec2, f"describe_{describe}")()
    # An instance by a template.
    template = ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData={
        "ImageId": image, "InstanceType": "t3.micro", "SecurityGroupIds": [group]})
    template = template["LaunchTemplate"]["LaunchTemplateId"]
    instance = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateName": "fleet"}, SubnetId=subnets[1], MinCount=1, MaxCount=1,
        TagSpecifications=tags("instance"))["Instances"][0]["InstanceId"]
    ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.delete_launch_template(LaunchTemplateId=template)
    # Who does what.
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "b"}])
    role = role["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="vpc", PolicyDocument=policy(allow("s3:*", *ELEVEN)))
    iam.get_role(RoleName="worker")
    iam.list_roles()
    managed = iam.create_policy(PolicyName="reads", PolicyDocument=policy(allow("s3:Get*")))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="worker", PolicyArn=managed)
    iam.list_attached_role_policies(RoleName="worker")
    iam.create_instance_profile(InstanceProfileName="boxes")
    iam.add_role_to_instance_profile(InstanceProfileName="boxes", RoleName="worker")
    iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com")
    iam.create_user(UserName="ann")
    iam.create_access_key(UserName="ann")
    helper = iam.create_role(RoleName="helper", AssumeRolePolicyDocument=policy({
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{number}:root"}, "Action": "sts:AssumeRole"}))
    sts.assume_role(RoleArn=helper["Role"]["Arn"], RoleSessionName="help")
    # What it is all for.
    sm.create_training_job(**job_request(
        "job", role, {"Subnets": subnets, "SecurityGroupIds": [group]}), Tags=[{"Key": "a", "Value": "b"}])
    job = sm.describe_training_job(TrainingJobName="job")["TrainingJobArn"]
    sm.list_training_jobs()
    sm.add_tags(ResourceArn=job, Tags=[{"Key": "c", "Value": "d"}])
    sm.list_tags(ResourceArn=job)
    sm.create_model(ModelName="Model", ExecutionRoleArn=role, PrimaryContainer={
        "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"})
    sm.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[{
        "VariantName": "a", "ModelName": "Model", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    sm.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")
    sm.describe_endpoint(EndpointName="endpoint")
    # And away with it.
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, private])
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False)
    ec2.delete_network_acl(NetworkAclId=acl)
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.disassociate_vpc_cidr_block(AssociationId=block)
    while ec2.describe_managed_prefix_lists(PrefixListIds=[prefixes])["PrefixLists"][0]["State"] != "create-complete":
        pass
    ec2.delete_managed_prefix_list(PrefixListId=prefixes)


def test_a_day_can_be_done_again_with_what_is_printed(aws):
    aws.reset()
    root = type("Root", (), {name: aws.client(service) for name, service in (
        ("ec2", "ec2"), ("sm", "sagemaker"), ("iam", "iam"), ("sts", "sts"), ("ssm", "ssm"))})
    done = set()
    for client in (root.ec2, root.sm, root.iam, root.sts, root.ssm):
        client.meta.events.register(
            "before-call", lambda model, **_: done.add((model.service_model.service_name, model.name)))
    day(root, aws.number)
    assert len(done) >= 60 and len({service for service, _ in done}) == 5, sorted(done)
    root_arn = f"arn:aws:iam::{aws.number}:root"
    control = lambda arn: aws.server.control(  # noqa: E731
        "GET", f"/_mockplane/policy?account={aws.number}&principal={arn}")["principals"][0]["document"]
    document = control(root_arn)
    aws.reset()
    # Inline policies may be too short for a day's list: a managed one has room.
    dev = acting(aws, name="again")
    documents, rest = [], list(document["Statement"])
    while rest:
        part = []
        while rest and len(json.dumps(part + rest[:1])) < 5500:
            part.append(rest.pop(0))
        documents.append(policy(*part))
    for number, text in enumerate(documents):
        arn = aws.iam.create_policy(PolicyName=f"again{number}", PolicyDocument=text)["Policy"]["Arn"]
        aws.iam.attach_role_policy(RoleName="again", PolicyArn=arn)
    dev.ssm = aws.client("ssm", **dev.key)
    day(dev, aws.number)
    assert control(dev.role) == document
