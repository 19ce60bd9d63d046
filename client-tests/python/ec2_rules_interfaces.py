"""The table of EC2's rules: network interfaces and instances."""

from ec2_rules import HEX, STS, behaves, launch, refusal

# === Interfaces: there or not, and their addresses ===

refusal("EC2-ENI-404", "DescribeNetworkInterfaces", {"NetworkInterfaceIds": [f"eni-{HEX}"]},
        "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID 'eni-{HEX}' does not exist")


def create(where="subnet", **more):
    return lambda w: {"SubnetId": getattr(w, where), **more}


refusal("EC2-ENI-NOIP", "CreateNetworkInterface", create("small", SecondaryPrivateIpAddressCount=11),
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.")
refusal("EC2-ENI-NOIP", "RunInstances", lambda w: launch(SubnetId=w.small, MinCount=12, MaxCount=12),
        "InsufficientFreeAddressesInSubnet",
        "There are not enough free addresses in subnet '{w.small}' to satisfy the requested number of instances.")
refusal("EC2-ENI-ADDR-OUT", "CreateNetworkInterface", create(PrivateIpAddress="172.31.32.2"), "InvalidParameterValue",
        "Address 172.31.32.2 does not fall within the subnet's address range")
for last in (0, 1, 2, 3, 255):
    refusal("EC2-ENI-ADDR-RES", "CreateNetworkInterface", create(PrivateIpAddress=f"10.0.0.{last}"),
            "InvalidParameterValue", f"Address 10.0.0.{last} is in subnet's reserved address range")
refusal("EC2-ENI-ADDR-USED", "CreateNetworkInterface", create(PrivateIpAddress="10.0.0.9"), "InvalidIPAddress.InUse",
        "The specified address is already in use.",
        before=lambda w: w.an_interface(w.subnet, PrivateIpAddress="10.0.0.9"))
refusal("EC2-ENI-ADDR-USED", "RunInstances", lambda w: launch(SubnetId=w.subnet, PrivateIpAddress="10.0.0.9"),
        "InvalidIPAddress.InUse", "Address 10.0.0.9 is in use.",
        before=lambda w: w.an_interface(w.subnet, PrivateIpAddress="10.0.0.9"))
refusal("EC2-ENI-SGVPC", "CreateNetworkInterface", lambda w: {"SubnetId": w.subnet, "Groups": [w.foreign]},
        "InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
refusal("EC2-ENI-SGVPC", "RunInstances", lambda w: launch(SubnetId=w.subnet, SecurityGroupIds=[w.foreign]),
        "InvalidParameter", "Security group {w.foreign} and subnet {w.subnet} belong to different networks.")
refusal("EC2-ENI-SGMAX", "CreateNetworkInterface",
        lambda w: {"SubnetId": w.subnet, "Groups": [w.a_group(w.vpc, f"g{n}") for n in range(6)]},
        "SecurityGroupsPerInterfaceLimitExceeded",
        "The maximum number of security groups per interface has been reached.")
refusal("EC2-ENI-TYPE", "CreateNetworkInterface", create(InterfaceType="efa-only", SecondaryPrivateIpAddressCount=1),
        "InvalidParameterCombination", "Network interfaces of type efa-only do not support IP addresses.")
refusal("EC2-ENI-TYPE", "CreateNetworkInterface", create(InterfaceType="branch"), "InvalidParameterValue",
        "Value (branch) for parameter interfaceType is invalid. Expecting interface, efa, efa-only or trunk.")


def of_interface(**more):
    return lambda w: {"NetworkInterfaceId": w.interface, **more}


refusal("EC2-ENI-TRACKING", "ModifyNetworkInterfaceAttribute",
        of_interface(ConnectionTrackingSpecification={"UdpTimeout": 61}), "InvalidParameterValue",
        "Value (61) for parameter udpTimeout is invalid. Expecting 30 to 60 seconds.")
refusal("EC2-ENI-IPV6", "AssignIpv6Addresses", of_interface(Ipv6AddressCount=1), "InvalidParameterValue",
        "The subnet '{w.subnet}' has no IPv6 CIDR block associated with it.")
refusal("EC2-ENI-IPV6-PRIMARY", "ModifyNetworkInterfaceAttribute", of_interface(EnablePrimaryIpv6=True),
        "InvalidParameterValue", "The network interface has no IPv6 address that could be its primary one.")


@behaves("EC2-ENI-REASSIGN")
def _(w):
    other = w.an_interface(w.subnet, PrivateIpAddress="10.0.0.20", SecondaryPrivateIpAddressCount=0)
    given = {"NetworkInterfaceId": w.interface, "PrivateIpAddresses": ["10.0.0.20"]}
    w.refuses("AssignPrivateIpAddresses", given, "InvalidParameterValue",
              "[10.0.0.20] is already assigned but reassignment is not allowed.")
    w.refuses("AssignPrivateIpAddresses", {**given, "AllowReassignment": True}, "InvalidParameterValue",
              "[10.0.0.20] is the primary address of an interface and cannot be reassigned.")
    w("AssignPrivateIpAddresses", NetworkInterfaceId=other, PrivateIpAddresses=["10.0.0.21"])
    w("AssignPrivateIpAddresses", NetworkInterfaceId=w.interface, PrivateIpAddresses=["10.0.0.21"], AllowReassignment=True)


@behaves("EC2-ENI-PRIMARY")
def _(w):
    first = w.one("DescribeNetworkInterfaces", NetworkInterfaceIds=[w.interface])[0]["PrivateIpAddress"]
    w.refuses("UnassignPrivateIpAddresses", {"NetworkInterfaceId": w.interface, "PrivateIpAddresses": [first]},
              "InvalidParameterValue", f"The primary address {first} of an interface cannot be unassigned.")


@behaves("EC2-ENI-NOIP2")
def _(w):
    """A /28 holds one prefix, but never a whole one: its first four addresses are reserved."""
    one, two = w.an_interface(w.small), w.an_interface(w.twin)
    w.refuses("AssignPrivateIpAddresses", {"NetworkInterfaceId": one, "Ipv4PrefixCount": 1}, "InvalidParameterValue",
              "There aren't sufficient free Ipv4 addresses or prefixes")
    w("AssignPrivateIpAddresses", NetworkInterfaceId=two, PrivateIpAddresses=[f"10.0.2.{n * 16 + 9}" for n in range(15)])
    w.refuses("AssignPrivateIpAddresses", {"NetworkInterfaceId": two, "Ipv4PrefixCount": 1}, "InsufficientCidrBlocks",
              "The specified subnet does not have enough free cidr blocks to satisfy the request.")


@behaves("EC2-ENI-STATUS")
def _(w):
    made = w.one("CreateNetworkInterface", SubnetId=w.subnet)
    id = made["NetworkInterfaceId"]
    assert made["Status"] == "pending"

    def status():
        return w.one("DescribeNetworkInterfaces", NetworkInterfaceIds=[id])[0]["Status"]

    assert status() == "available"
    attachment = w("AttachNetworkInterface", NetworkInterfaceId=id, InstanceId=w.instance, DeviceIndex=1)["AttachmentId"]
    assert status() == "in-use"
    w("DetachNetworkInterface", AttachmentId=attachment)
    w.wait("network_interface_available", NetworkInterfaceIds=[id])


# === Attachments ===

def attach(interface="second", index=1, **more):
    return lambda w: {"NetworkInterfaceId": getattr(w, interface), "InstanceId": w.instance, "DeviceIndex": index, **more}


def attached(w):
    return w("AttachNetworkInterface", **attach("interface")(w))


refusal("EC2-ENI-DEL-USED", "DeleteNetworkInterface", of_interface(), "InvalidParameterValue",
        "Network interface '{w.interface}' is currently in use.", before=attached)
refusal("EC2-ENI-ATTACH-USED", "AttachNetworkInterface", attach("interface", 2), "InvalidNetworkInterface.InUse",
        "Interface: [{w.interface}] in use.", before=attached)
refusal("EC2-ENI-ATTACH-INDEX", "AttachNetworkInterface", attach(), "InvalidParameterValue",
        "Instance '{w.instance}' already has an interface attached at device index '1'.", before=attached)
refusal("EC2-ENI-ATTACH-STATE", "AttachNetworkInterface",
        lambda w: {"NetworkInterfaceId": w.interface, "InstanceId": w.instance, "DeviceIndex": 1},
        "IncorrectInstanceState",
        "The instance '{w.instance}' is not in a state in which a network interface can be attached.",
        before=lambda w: (w.still(), setattr(w, "instance", w.an_instance(w.subnet, settled=False))))
refusal("EC2-ENI-EFA", "AttachNetworkInterface",
        lambda w: attach()(w) | {"NetworkInterfaceId": w.an_interface(w.subnet, InterfaceType="efa")},
        "AttachmentLimitExceeded", "EFA interface count exceeds the limit 0 for t3.medium")
refusal("EC2-ENI-ATTACH-ZONE", "AttachNetworkInterface",
        lambda w: attach()(w) | {"NetworkInterfaceId": w.an_interface(w.far)}, "InvalidParameterCombination",
        "You may not attach a network interface to an instance if they are not in the same availability zone")
refusal("EC2-ENI-ADDR-LIMIT", "AssignPrivateIpAddresses", of_interface(SecondaryPrivateIpAddressCount=6),
        "PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.", before=attached)


@behaves("EC2-ENI-ATTACH-LIMIT")
def _(w):
    attached(w)
    w("AttachNetworkInterface", **attach(index=2)(w))
    third = attach(index=3)(w) | {"NetworkInterfaceId": w.an_interface(w.subnet)}
    w.refuses("AttachNetworkInterface", third, "AttachmentLimitExceeded", "Interface count 4 exceeds the limit for t3.medium")


@behaves("EC2-ENI-DETACH0")
def _(w):
    (primary,) = w("DescribeInstances", InstanceIds=[w.instance])["Reservations"][0]["Instances"][0]["NetworkInterfaces"]
    w.refuses("DetachNetworkInterface", {"AttachmentId": primary["Attachment"]["AttachmentId"]}, "OperationNotPermitted",
              "The network interface at device index 0 and networkCard index 0 cannot be detached.")


def managed(w):
    """An interface that a service made."""
    endpoint = w.an_endpoint(w.vpc, STS, SubnetIds=[w.subnet])
    (id,) = w("DescribeVpcEndpoints", VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["NetworkInterfaceIds"]
    (row,) = w.one("DescribeNetworkInterfaces", NetworkInterfaceIds=[id])
    assert row["RequesterManaged"] is True
    return row


@behaves("EC2-ENI-DETACH")
def _(w):
    w.refuses("DetachNetworkInterface", {"AttachmentId": managed(w)["Attachment"]["AttachmentId"]},
              "OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")


@behaves("EC2-ENI-REQ")
def _(w):
    """Seen and tagged by all, changed by its service."""
    id = managed(w)["NetworkInterfaceId"]
    w("CreateTags", Resources=[id], Tags=[{"Key": "k", "Value": "v"}])
    for operation, more in [
        ("ModifyNetworkInterfaceAttribute", {"Description": {"Value": "x"}}),
        ("AssignPrivateIpAddresses", {"SecondaryPrivateIpAddressCount": 1}),
    ]:
        w.refuses(operation, {"NetworkInterfaceId": id, **more}, "AuthFailure",
                  "You do not have permission to access the specified resource.")
    w.refuses("DeleteNetworkInterface", {"NetworkInterfaceId": id}, "InvalidParameterValue",
              f"Network interface '{id}' is currently in use.", rule="EC2-ENI-DEL-USED")


# === Instances ===

refusal("EC2-I-404", "DescribeInstances", {"InstanceIds": [f"i-{HEX}"]}, "InvalidInstanceID.NotFound",
        f"The instance ID 'i-{HEX}' does not exist")
refusal("EC2-I-NONE", "StopInstances", {"InstanceIds": []}, "InvalidParameterCombination", "No instances specified")
refusal("EC2-AMI-404", "RunInstances", launch(ImageId="ami-abcd1234"), "InvalidAMIID.NotFound",
        "The image id '[ami-abcd1234]' does not exist")
refusal("EC2-I-TYPE", "RunInstances", launch(InstanceType="m5.huge"), "InvalidParameterValue",
        "Invalid value 'm5.huge' for InstanceType.")
refusal("EC2-I-TYPE", "DescribeInstanceTypes", {"InstanceTypes": ["m5.huge", "m5.large"]}, "InvalidInstanceType",
        "The following supplied instance types do not exist: [m5.huge]")
refusal("EC2-I-ARCH", "RunInstances", launch(InstanceType="m6g.large"), "InvalidParameterValue",
        "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the specified "
        "AMI.")
refusal("EC2-I-COUNT", "RunInstances", launch(MaxCount=0), "InvalidParameterValue",
        "Value (0) for parameter maxCount is invalid.")
refusal("EC2-I-ENI", "RunInstances", lambda w: launch(NetworkInterfaces=[{"SubnetId": w.subnet}]),
        "InvalidParameterValue", "Each network interface requires a device index.")
refusal("EC2-I-ENI", "RunInstances", lambda w: launch(NetworkInterfaces=[{"DeviceIndex": 1, "SubnetId": w.subnet}]),
        "InvalidParameterValue", "When specifying network interfaces, you must include a device at index 0")
refusal("EC2-I-ENI", "RunInstances",
        lambda w: launch(SubnetId=w.subnet, NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": w.subnet}]),
        "InvalidParameterCombination",
        "Network interfaces and an instance-level subnet ID may not be specified on the same request")
refusal("EC2-I-GROUPS", "RunInstances", lambda w: launch(SubnetId=w.subnet, SecurityGroups=["default"]),
        "InvalidParameterCombination", "The parameter groupName cannot be used with the parameter subnet")
refusal("EC2-I-PUBLIC", "RunInstances",
        lambda w: launch(NetworkInterfaces=[
            {"DeviceIndex": 0, "SubnetId": w.subnet, "AssociatePublicIpAddress": True}, {"DeviceIndex": 1, "SubnetId": w.subnet}]),
        "InvalidParameterCombination",
        "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.")
refusal("EC2-I-ZONE", "RunInstances",
        lambda w: launch(NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": w.subnet}, {"DeviceIndex": 1, "SubnetId": w.far}]),
        "InvalidParameterCombination", "The network interfaces of an instance must be in the same availability zone.")
refusal("EC2-I-DEFAULT", "RunInstances", launch(Placement={"AvailabilityZone": "us-east-1a"}), "InvalidInput",
        "No default subnet for availability zone: 'us-east-1a'.",
        before=lambda w: w("DeleteSubnet", SubnetId=w.default_subnet))
refusal("EC2-I-PROTECTED", "TerminateInstances",
        lambda w: {"InstanceIds": [w.instance]}, "OperationNotPermitted",
        "The instance '{w.instance}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try "
        "again.",
        before=lambda w: w("ModifyInstanceAttribute", InstanceId=w.instance, DisableApiTermination={"Value": True}))
refusal("EC2-I-MANY", "ModifyInstanceAttribute", lambda w: {"InstanceId": w.instance, "SourceDestCheck": {"Value": False}},
        "InvalidInstanceID",
        "There are multiple interfaces attached to instance '{w.instance}'. Please specify an interface ID for the "
        "operation instead.", before=attached)


@behaves("EC2-I-STATE")
def _(w):
    w.refuses("ModifyInstanceAttribute", {"InstanceId": w.instance, "InstanceType": {"Value": "m5.large"}},
              "IncorrectInstanceState", "The instance '{w.instance}' is not in the 'stopped' state.")
    ids = {"InstanceIds": [w.instance]}
    w("TerminateInstances", **ids)
    w.wait("instance_terminated", **ids)
    w.refuses("StartInstances", ids, "IncorrectInstanceState",
              "The instance '{w.instance}' is not in a state from which it can be started.")
    w.refuses("StopInstances", ids, "IncorrectInstanceState",
              "This instance '{w.instance}' is not in a state from which it can be stopped.")
