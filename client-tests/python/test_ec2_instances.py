"""Attachments and addresses of network interfaces, and the instances that hold them."""

import pytest

from mockplane import refused

AMI = "ami-12c6146b"
LOST = "i-0123456789abcdef0"


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def subnet(aws, vpc):
    return aws.subnet(vpc, "10.0.1.0/24", AvailabilityZone="us-east-1a")


def launch(aws, **more):
    request = {"ImageId": AMI, "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1, **more}
    return aws.ec2.run_instances(**request)["Instances"]


def running(aws, **more):
    (instance,) = launch(aws, **more)
    aws.ec2.get_waiter("instance_running").wait(InstanceIds=[instance["InstanceId"]])
    return instance


def described(aws, instance):
    (reservation,) = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    return reservation["Instances"][0]


def test_an_instance_lives_with_its_interface(aws, vpc, subnet):
    group = aws.group(vpc, "web")
    kinds = ("instance", "network-interface")
    tags = [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": kind}]} for kind in kinds]
    (made,) = launch(aws, SubnetId=subnet, SecurityGroupIds=[group], TagSpecifications=tags)
    assert made["State"] == {"Code": 0, "Name": "pending"}
    assert aws.free(subnet) == 250
    instance = made["InstanceId"]
    aws.ec2.get_waiter("instance_running").wait(InstanceIds=[instance])
    seen = described(aws, instance)
    assert seen["State"]["Name"] == "running" and seen["SubnetId"] == subnet and seen["VpcId"] == vpc
    (eni,) = aws.interfaces(**{"attachment.instance-id": instance})
    assert eni["Status"] == "in-use" and eni["Attachment"]["Status"] == "attached"
    assert eni["Attachment"]["DeleteOnTermination"] is True
    assert eni["TagSet"] == [{"Key": "Name", "Value": "network-interface"}]
    assert seen["NetworkInterfaces"][0]["NetworkInterfaceId"] == eni["NetworkInterfaceId"]
    assert seen["SecurityGroups"] == [{"GroupId": group, "GroupName": "web"}]
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        aws.ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted."):
        aws.ec2.delete_subnet(SubnetId=subnet)
    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        aws.ec2.delete_vpc(VpcId=vpc)
    with refused("InvalidParameterValue", f"Network interface '{eni['NetworkInterfaceId']}' is currently in use."):
        aws.ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    aws.ec2.stop_instances(InstanceIds=[instance])
    aws.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance])
    assert described(aws, instance)["PrivateIpAddress"] == seen["PrivateIpAddress"]
    aws.ec2.terminate_instances(InstanceIds=[instance])
    aws.ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance])
    assert aws.free(subnet) == 251
    assert described(aws, instance)["NetworkInterfaces"] == []
    aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.delete_subnet(SubnetId=subnet)
    aws.ec2.delete_vpc(VpcId=vpc)


def test_public_addresses_come_and_go(aws):
    made = running(aws)
    seen = described(aws, made["InstanceId"])
    first = seen["PublicIpAddress"]
    assert seen["PublicDnsName"] == f"ec2-{first.replace('.', '-')}.compute-1.amazonaws.com"
    assert seen["NetworkInterfaces"][0]["Association"]["IpOwnerId"] == "amazon"
    aws.ec2.stop_instances(InstanceIds=[made["InstanceId"]])
    aws.ec2.get_waiter("instance_stopped").wait(InstanceIds=[made["InstanceId"]])
    assert "PublicIpAddress" not in described(aws, made["InstanceId"])
    aws.ec2.start_instances(InstanceIds=[made["InstanceId"]])
    assert described(aws, made["InstanceId"])["PublicIpAddress"] != first


def test_attach_and_detach(aws, vpc, subnet):
    instance = running(aws, SubnetId=subnet)["InstanceId"]
    eni = aws.interface(subnet)
    attachment = aws.ec2.attach_network_interface(
        NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=1)["AttachmentId"]
    (seen,) = aws.interfaces(network_interface_id=eni)
    assert seen["Attachment"]["InstanceId"] == instance and seen["Attachment"]["DeviceIndex"] == 1
    assert seen["Attachment"]["DeleteOnTermination"] is False and seen["Attachment"]["InstanceOwnerId"] == aws.number
    with refused("InvalidNetworkInterface.InUse", f"Interface: [{eni}] in use."):
        aws.ec2.attach_network_interface(NetworkInterfaceId=eni, InstanceId=instance, DeviceIndex=2)
    aws.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni, Attachment={"AttachmentId": attachment, "DeleteOnTermination": True})
    attribute = aws.ec2.describe_network_interface_attribute(NetworkInterfaceId=eni, Attribute="attachment")
    assert attribute["Attachment"]["DeleteOnTermination"] is True
    other = aws.interface(subnet)
    with refused("InvalidParameterValue",
                 f"Instance '{instance}' already has an interface attached at device index '1'."):
        aws.ec2.attach_network_interface(NetworkInterfaceId=other, InstanceId=instance, DeviceIndex=1)
    aws.ec2.attach_network_interface(NetworkInterfaceId=other, InstanceId=instance, DeviceIndex=2)
    with refused("AttachmentLimitExceeded", "Interface count 4 exceeds the limit for t3.medium"):
        aws.ec2.attach_network_interface(NetworkInterfaceId=aws.interface(subnet), InstanceId=instance, DeviceIndex=3)
    far = aws.interface(aws.subnet(vpc, "10.0.2.0/24", AvailabilityZone="us-east-1b"))
    with refused("InvalidParameterCombination"):
        aws.ec2.attach_network_interface(NetworkInterfaceId=far, InstanceId=instance, DeviceIndex=3)
    aws.ec2.detach_network_interface(AttachmentId=attachment, Force=True)
    aws.ec2.delete_network_interface(NetworkInterfaceId=eni)
    primary = described(aws, instance)["NetworkInterfaces"][0]["Attachment"]["AttachmentId"]
    with refused("OperationNotPermitted",
                 "The network interface at device index 0 and networkCard index 0 cannot be detached."):
        aws.ec2.detach_network_interface(AttachmentId=primary)


def test_termination_keeps_what_is_not_the_instances(aws, subnet):
    (made,) = launch(aws, NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "DeleteOnTermination": False}])
    eni = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    aws.ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    aws.ec2.get_waiter("instance_terminated").wait(InstanceIds=[made["InstanceId"]])
    (seen,) = aws.interfaces(network_interface_id=eni)
    assert seen["Status"] == "available" and "Attachment" not in seen
    aws.ec2.delete_network_interface(NetworkInterfaceId=eni)


def test_addresses_and_prefixes(aws, subnet):
    eni = aws.interface(subnet)
    given = aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=["10.0.1.50", "10.0.1.51"])
    assert [a["PrivateIpAddress"] for a in given["AssignedPrivateIpAddresses"]] == ["10.0.1.50", "10.0.1.51"]
    given = aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, Ipv4PrefixCount=1)
    assert given["AssignedIpv4Prefixes"] == [{"Ipv4Prefix": "10.0.1.16/28"}]
    assert aws.free(subnet) == 251 - 3 - 16
    (seen,) = aws.interfaces(network_interface_id=eni)
    assert seen["Ipv4Prefixes"] == [{"Ipv4Prefix": "10.0.1.16/28"}]
    assert [a["PrivateIpAddress"] for a in seen["PrivateIpAddresses"]] == ["10.0.1.4", "10.0.1.50", "10.0.1.51"]
    other = aws.interface(subnet)
    with refused("InvalidParameterValue"):
        aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=other, PrivateIpAddresses=["10.0.1.50"])
    aws.ec2.assign_private_ip_addresses(
        NetworkInterfaceId=other, PrivateIpAddresses=["10.0.1.50"], AllowReassignment=True)
    aws.ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=["10.0.1.51"])
    aws.ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, Ipv4Prefixes=["10.0.1.16/28"])
    with refused("InvalidParameterValue"):
        aws.ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=["10.0.1.4"])
    assert aws.free(subnet) == 251 - 3


def test_prefixes_of_a_subnet_without_room(aws, vpc):
    small = aws.subnet(vpc, "10.0.2.0/28")
    with refused("InvalidParameterValue", "There aren't sufficient free Ipv4 addresses or prefixes"):
        aws.interface(small, Ipv4PrefixCount=1)
    scattered = aws.subnet(vpc, "10.0.2.32/27")
    with refused("InsufficientCidrBlocks",
                 "The specified subnet does not have enough free cidr blocks to satisfy the request."):
        aws.interface(scattered, Ipv4PrefixCount=1)


def test_an_instance_type_limits_addresses(aws, subnet):
    (made,) = launch(aws, SubnetId=subnet)
    eni = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=5)
    with refused("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit."):
        aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, SecondaryPrivateIpAddressCount=1)
    (info,) = aws.ec2.describe_instance_types(InstanceTypes=["t3.medium"])["InstanceTypes"]
    network = info["NetworkInfo"]
    assert (network["MaximumNetworkInterfaces"], network["Ipv4AddressesPerInterface"]) == (3, 6)
    offered = aws.ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.medium"]}])
    assert {o["Location"] for o in offered["InstanceTypeOfferings"]} == {f"us-east-1{zone}" for zone in "abcdef"}


def test_attributes_of_an_interface(aws, subnet):
    eni = aws.interface(subnet)
    aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck={"Value": False})
    aws.ec2.reset_network_interface_attribute(NetworkInterfaceId=eni, SourceDestCheck="sourceDestCheck")
    aws.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni, ConnectionTrackingSpecification={"TcpEstablishedTimeout": 350})
    (seen,) = aws.interfaces(network_interface_id=eni)
    assert seen["SourceDestCheck"] is True
    assert seen["ConnectionTrackingConfiguration"] == {"TcpEstablishedTimeout": 350}
    assert aws.ec2.create_network_interface(
        SubnetId=subnet, InterfaceType="interface")["NetworkInterface"]["InterfaceType"] == "interface"
    with refused("InvalidParameterCombination", "Fields for multiple attribute types specified: description, groupSet"):
        aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Description={"Value": "x"}, Groups=["sg-1"])
    with refused("InvalidParameterValue", "Value (attach) for parameter attribute is invalid. Unknown attribute."):
        aws.ec2.describe_network_interface_attribute(NetworkInterfaceId=eni, Attribute="attach")


def test_names_follow_the_dns_attributes(aws, vpc, subnet):
    eni = aws.interface(subnet)
    (seen,) = aws.interfaces(network_interface_id=eni)
    assert "PrivateDnsName" not in seen
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    (seen,) = aws.interfaces(network_interface_id=eni)
    assert seen["PrivateDnsName"] == f"ip-{seen['PrivateIpAddress'].replace('.', '-')}.ec2.internal"


def test_permissions(aws, subnet):
    eni = aws.interface(subnet)
    made = aws.ec2.create_network_interface_permission(
        NetworkInterfaceId=eni, AwsAccountId="111122223333", Permission="INSTANCE-ATTACH")["InterfacePermission"]
    assert made["PermissionState"]["State"] == "granted"
    listed = aws.ec2.describe_network_interface_permissions(
        Filters=[{"Name": "network-interface-permission.network-interface-id", "Values": [eni]}])
    assert listed["NetworkInterfacePermissions"] == [made]
    key = made["NetworkInterfacePermissionId"]
    assert aws.ec2.delete_network_interface_permission(NetworkInterfacePermissionId=key)["Return"] is True
    assert aws.ec2.describe_network_interface_permissions()["NetworkInterfacePermissions"] == []


def test_launches_that_are_refused(aws, vpc, subnet):
    for more, code, message in [
        ({"ImageId": "ami-abcd1234"}, "InvalidAMIID.NotFound", "The image id '[ami-abcd1234]' does not exist"),
        ({"InstanceType": "m5.huge"}, "InvalidParameterValue",
         "Invalid value 'm5.huge' for InstanceType."),
        ({"SubnetId": subnet, "NetworkInterfaces": [{"DeviceIndex": 0}]}, "InvalidParameterCombination",
         "Network interfaces and an instance-level subnet ID may not be specified on the same request"),
        ({"NetworkInterfaces": [{"DeviceIndex": 1, "SubnetId": subnet}]}, "InvalidParameterValue",
         "When specifying network interfaces, you must include a device at index 0"),
    ]:
        with refused(code, message):
            launch(aws, **more)
    small = aws.subnet(vpc, "10.0.2.0/28")
    with refused("InsufficientFreeAddressesInSubnet",
                 f"There are not enough free addresses in subnet '{small}' to satisfy the requested number of "
                 "instances."):
        launch(aws, SubnetId=small, MinCount=12, MaxCount=12)
    assert aws.free(small) == 11
    launch(aws, SubnetId=subnet, PrivateIpAddress="10.0.1.20")
    with refused("InvalidIPAddress.InUse", "Address 10.0.1.20 is in use."):
        launch(aws, SubnetId=subnet, PrivateIpAddress="10.0.1.20")
    group = aws.group(aws.vpc("10.1.0.0/16"), "foreign")
    with refused("InvalidParameter", f"Security group {group} and subnet {subnet} belong to different networks."):
        launch(aws, SubnetId=subnet, SecurityGroupIds=[group])
    with refused("InvalidInstanceID.NotFound", f"The instance ID '{LOST}' does not exist"):
        aws.ec2.terminate_instances(InstanceIds=[LOST])
    with refused("InvalidParameterCombination", "No instances specified"):
        aws.raw("ec2").stop_instances()
    with refused("DryRunOperation", status=412):
        launch(aws, SubnetId=subnet, DryRun=True)


def test_attributes_of_an_instance(aws, vpc, subnet):
    made = running(aws, SubnetId=subnet)
    instance = made["InstanceId"]
    group = aws.group(vpc, "web")
    aws.ec2.modify_instance_attribute(InstanceId=instance, Groups=[group])
    groups = aws.ec2.describe_instance_attribute(InstanceId=instance, Attribute="groupSet")["Groups"]
    assert groups == [{"GroupId": group, "GroupName": "web"}]
    aws.ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
    (eni,) = aws.interfaces(**{"attachment.instance-id": instance})
    assert eni["SourceDestCheck"] is False
    aws.ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    with refused("OperationNotPermitted", f"The instance '{instance}' may not be terminated. Modify its "
                 "'disableApiTermination' instance attribute and try again."):
        aws.ec2.terminate_instances(InstanceIds=[instance])
    with refused("IncorrectInstanceState", f"The instance '{instance}' is not in the 'stopped' state."):
        aws.ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.large"})
    aws.ec2.stop_instances(InstanceIds=[instance])
    aws.ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance])
    aws.ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.large"})
    assert described(aws, instance)["InstanceType"] == "t3.large"


def test_images(aws):
    images = aws.ec2.describe_images(
        Owners=["amazon"], Filters=[
            {"Name": "name", "Values": ["al2023-ami-*"]}, {"Name": "architecture", "Values": ["x86_64"]}])
    assert all("x86_64" == image["Architecture"] for image in images["Images"])
    running(aws, ImageId=images["Images"][0]["ImageId"])
    with refused("InvalidAMIID.NotFound"):
        launch(aws, ImageId="ami-0123456789abcdef0")


def test_a_waiter_waits_for_all_that_it_names(aws, subnet):
    made = launch(aws, SubnetId=subnet, MinCount=3, MaxCount=3)
    ids = [one["InstanceId"] for one in made]
    at_once = {"Delay": 0, "MaxAttempts": 1}
    aws.ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=at_once)
    aws.ec2.terminate_instances(InstanceIds=ids)
    aws.ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=at_once)
