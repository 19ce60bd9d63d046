"""The table of EC2's rules: security groups, prefix lists, network ACLs and flow logs."""

import json
import pytest

from ec2_rules import ANY, HEX, behaves, permission, refusal

# === Security groups ===

refusal("EC2-SG-404", "DescribeSecurityGroups", {"GroupIds": [f"sg-{HEX}"]}, "InvalidGroup.NotFound",
        f"The security group 'sg-{HEX}' does not exist")
refusal("EC2-SG-404", "DescribeSecurityGroups", {"GroupIds": ["sg-a", "sg-b"]}, "InvalidGroup.NotFound",
        "The security groups 'sg-a, sg-b' do not exist")
refusal("EC2-SG-DUP", "CreateSecurityGroup", lambda w: {"VpcId": w.vpc, "GroupName": "G", "Description": "d"},
        "InvalidGroup.Duplicate", "The security group 'G' already exists for VPC '{w.vpc}'", before=lambda w: w.group)
refusal("EC2-SG-DUP", "CreateSecurityGroup", lambda w: {"VpcId": w.vpc, "GroupName": "sg-x", "Description": "d"},
        "InvalidParameterValue",
        "Value (sg-x) for parameter GroupName is invalid. Group names may not be in the format sg-*.")


@behaves("EC2-SG-DUP")
def _(w):
    w.refuses("CreateSecurityGroup", {"VpcId": w.vpc, "GroupName": "x"}, "MissingParameter",
              "The request must contain the parameter GroupDescription", rule="EC2-MISSING")
    assert w.group and w.a_group(w.other), "in another VPC the name is free"


def authorize(direction="Ingress"):
    return f"AuthorizeSecurityGroup{direction}"


def to_group(*rules):
    return lambda w: {"GroupId": w.group, "IpPermissions": [rule for one in rules for rule in one]}


def peers(**more):
    return permission(0, **more)[0] | {"ToPort": 65535}


for rule, text in [
    (permission(80), "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW"), (permission(), "peer: 0.0.0.0/0, ALL, ALLOW"),
    ([{"IpProtocol": "50", "IpRanges": ANY}], "peer: 0.0.0.0/0, protocol: 50, ALLOW"),
]:
    refusal("EC2-SG-RULE-DUP", authorize(), to_group(rule), "InvalidPermission.Duplicate",
            f'the specified rule "{text}" already exists',
            before=lambda w, rule=rule: w(authorize(), **to_group(rule)(w)))
refusal("EC2-SG-RULE-DUP", authorize(),
        lambda w: {"GroupId": w.group, "IpPermissions": [peers(UserIdGroupPairs=[{"GroupId": w.group}])]},
        "InvalidPermission.Duplicate",
        'the specified rule "peer: {w.group}, TCP, from port: 0, to port: 65535, ALLOW" already exists',
        before=lambda w: w(authorize(), GroupId=w.group, IpPermissions=[peers(UserIdGroupPairs=[{"GroupId": w.group}])]))
refusal("EC2-SG-RULE-404", "RevokeSecurityGroupIngress", to_group(permission(80)), "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.")


@behaves("EC2-SG-RULE-MOD")
def _(w):
    made = w(authorize(), **to_group(permission(80))(w))["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def modify(rule, id=made):
        return {"GroupId": w.group, "SecurityGroupRules": [{"SecurityGroupRuleId": id, "SecurityGroupRule": rule}]}

    tcp, net = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2}, {"CidrIpv4": "10.0.0.0/8"}
    for given, code, text in [
        (modify(tcp | net, "sgr-00000000"), "InvalidSecurityGroupRuleId.NotFound",
         "The security group rule ID 'sgr-00000000' does not exist"),
        (modify(net), "InvalidParameterValue",
         "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."),
        (modify({"IpProtocol": "tcp"} | net), "InvalidParameterValue",
         "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),
        (modify(tcp), "MissingParameter",
         "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"),
        (modify(tcp | net | {"ReferencedGroupId": w.group}), "InvalidParameterCombination",
         "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified"),
    ]:
        w.refuses("ModifySecurityGroupRules", given, code, text)
    w("ModifySecurityGroupRules", **modify(tcp | net))
    w.refuses("ModifySecurityGroupRules", modify(tcp | {"CidrIpv6": "::/0"}), "InvalidParameterValue",
              "You may not specify an IPv6 CIDR for an existing IPv4 CIDR rule.", rule="EC2-SG-RULE-KIND")


@behaves("EC2-SG-RULE-KIND")
def _(w):
    made = w(authorize(), **to_group(permission(80))(w))["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "ReferencedGroupId": w.group}
    w.refuses("ModifySecurityGroupRules",
              {"GroupId": w.group, "SecurityGroupRules": [{"SecurityGroupRuleId": made, "SecurityGroupRule": rule}]},
              "InvalidParameterValue", "You may not specify a referenced group id for an existing IPv4 CIDR rule.")


refusal("EC2-SG-RULE-ICMP", authorize(),
        to_group([{"IpProtocol": "icmp", "FromPort": -1, "ToPort": 0, "IpRanges": ANY}]), "InvalidParameterValue",
        "Invalid ICMP code (0). All types (-1) have all codes (-1).")
for direction in ("Ingress", "Egress"):
    refusal("EC2-SG-LIMIT", authorize(direction), to_group(*(permission(n) for n in range(1, 62))),
            "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")


@behaves("EC2-SG-LIMIT")
def _(w):
    """Families and directions are counted apart; a list counts with its size."""
    v6 = [{"CidrIpv6": "::/0"}]
    w(authorize(), **to_group(*(permission(n) for n in range(60)))(w))
    w(authorize(), **to_group(*(permission(n, Ipv6Ranges=v6) for n in range(60)))(w))
    assert len(w.one("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [w.group]}])) == 121
    w("AuthorizeSecurityGroupEgress", **to_group(*(permission(n) for n in range(58)))(w))      # and the one it began with
    w.refuses(authorize("Egress"), to_group(permission(99, PrefixListIds=[{"PrefixListId": w.prefix_list}]))(w),
              "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")


def held(w):
    w(authorize(), GroupId=w.a_group(w.vpc, "other"), IpPermissions=permission(UserIdGroupPairs=[{"GroupId": w.group}]))


refusal("EC2-SG-DEL", "DeleteSecurityGroup", lambda w: {"GroupId": w.group}, "DependencyViolation",
        "resource {w.group} has a dependent object", before=lambda w: w.an_interface(w.subnet, Groups=[w.group]))
refusal("EC2-SG-DEL", "DeleteSecurityGroup", lambda w: {"GroupId": w.group}, "DependencyViolation",
        "resource {w.group} has a dependent object", before=held)
refusal("EC2-SG-DEL-DEFAULT", "DeleteSecurityGroup", lambda w: {"GroupId": w.default_group}, "CannotDelete",
        'the specified group: "{w.default_group}" name: "default" cannot be deleted by a user')


@behaves("EC2-SG-DEFAULT")
def _(w):
    (group,) = w("DescribeSecurityGroups", GroupIds=[w.group])["SecurityGroups"]
    assert group["IpPermissions"] == []
    for id in (w.group, w.default_group):
        (group,) = w("DescribeSecurityGroups", GroupIds=[id])["SecurityGroups"]
        (egress,) = group["IpPermissionsEgress"]
        assert (egress["IpProtocol"], egress["IpRanges"]) == ("-1", ANY)
    (ingress,) = group["IpPermissions"]
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [w.default_group]


@behaves("EC2-SG-REF")
def _(w):
    """Groups of the VPC, and of one that it is peered with."""
    rule = {"GroupId": w.group, "IpPermissions": permission(80, UserIdGroupPairs=[{"GroupId": w.foreign}])}
    w.refuses(authorize(), rule, "InvalidGroup.NotFound",
              "You have specified two resources that belong to different networks.", rule="EC2-ENI-SGVPC")
    w.a_peering(w.vpc, w.other)
    w(authorize(), **rule)


def guest(group="group", vpc="other"):
    return lambda w: {"GroupId": getattr(w, group), "VpcId": getattr(w, vpc)}


refusal("EC2-SG-VPC", "AssociateSecurityGroupVpc", guest("default_group"), "InvalidParameterValue",
        "The default security group {w.default_group} cannot be associated with another VPC")
refusal("EC2-SG-VPC", "AssociateSecurityGroupVpc", guest(vpc="vpc"), "InvalidParameterValue",
        "The security group {w.group} was created in {w.vpc}")
refusal("EC2-SG-VPC", "DisassociateSecurityGroupVpc", guest(), "InvalidSecurityGroupVpcAssociation.NotFound",
        "The security group {w.group} is not associated with {w.other}")


@behaves("EC2-SG-VPC-USED")
def _(w):
    w.still()
    w("AssociateSecurityGroupVpc", **guest()(w))
    w.later("1m")
    w.an_interface(w.foreign_subnet, Groups=[w.group])
    w.refuses("DisassociateSecurityGroupVpc", guest()(w), "DependencyViolation",
              "The security group {w.group} is in use by network interfaces in {w.other}")


# === Prefix lists ===

def of_list(**more):
    return lambda w: {"PrefixListId": w.prefix_list, **more}


def settled(w):
    w.still()
    assert w.prefix_list
    w.later("1m")


S3_LISTS = {
    "us-east-1": "pl-63a5400a", "us-west-2": "pl-68a54001", "ap-south-1": "pl-78a54011", "ap-northeast-2": "pl-78a54011",
    "ap-northeast-1": "pl-61a54008", "ap-southeast-1": "pl-6fa54006", "ap-southeast-2": "pl-6ca54005",
    "ca-central-1": "pl-7da54014", "eu-central-1": "pl-6ea54007",
}
CREATE = {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 2}
NEW = [{"Cidr": "12.0.0.0/8"}]
refusal("EC2-PL-404", "DescribeManagedPrefixLists", {"PrefixListIds": [f"pl-{HEX}"]}, "InvalidPrefixListID.NotFound",
        f"The prefix list (pl-{HEX}) does not exist.")
refusal("EC2-PL-AWS", "DeleteManagedPrefixList", {"PrefixListId": "pl-63a5400a"}, "OperationNotPermitted",
        "The prefix list (pl-63a5400a) is managed by AWS.")
refusal("EC2-PL-BUSY", "ModifyManagedPrefixList", of_list(PrefixListName="x"), "IncorrectState",
        "The request cannot be completed while the prefix list ({w.prefix_list}) is in the current state "
        "(create-in-progress).", before=lambda w: w.still())
refusal("EC2-PL-VERSION", "ModifyManagedPrefixList", of_list(CurrentVersion=2, AddEntries=NEW),
        "PrefixListVersionMismatch", "The prefix list has the incorrect version number.", before=settled)
refusal("EC2-PL-SIZE", "CreateManagedPrefixList", {**CREATE, "MaxEntries": 1001}, "InvalidParameterValue",
        "Value (1001) for parameter maxEntries is invalid. Must specify a max size between 1 and 1000.")
refusal("EC2-PL-SIZE", "CreateManagedPrefixList",
        {**CREATE, "Entries": [{"Cidr": f"{n}.0.0.0/8"} for n in (10, 11, 12)]}, "PrefixListMaxEntriesExceeded",
        "The number of entries (3) exceeds the value (2) of parameter maxEntries.")
refusal("EC2-PL-SIZE", "ModifyManagedPrefixList", of_list(CurrentVersion=1, AddEntries=NEW),
        "PrefixListMaxEntriesExceeded", "The prefix list ({w.prefix_list}) can have at most 2 entries.", before=settled)
refusal("EC2-PL-SIZE", "ModifyManagedPrefixList", of_list(MaxEntries=3, AddEntries=NEW), "InvalidParameterCombination",
        "You cannot modify the entries and the maximum entries for the prefix list in the same request.", before=settled)
refusal("EC2-PL-REQUEST", "CreateManagedPrefixList",
        {**CREATE, "MaxEntries": 1000, "Entries": [{"Cidr": f"10.0.{n}.0/24"} for n in range(101)]},
        "InvalidParameterValue", "The number of entries per request cannot exceeds limit (100).")
refusal("EC2-PL-NAME", "CreateManagedPrefixList", {**CREATE, "PrefixListName": "com.amazonaws.x"},
        "InvalidParameterValue",
        "Value (com.amazonaws.x) for parameter prefixListName is invalid. A name has at most 255 characters and does not "
        "start with com.amazonaws.")
refusal("EC2-PL-ENTRY", "CreateManagedPrefixList", {**CREATE, "Entries": [{"Cidr": "::/0"}]}, "InvalidParameterValue",
        "The CIDR (::/0) is not a valid IPv4 CIDR block.")


@behaves("prefix lists of S3")
def _(w):
    for region, id in S3_LISTS.items():
        there = w.beside(region)
        found = there.of("DescribeManagedPrefixLists", "prefix-list-name", f"com.amazonaws.{region}.s3")
        assert (found["PrefixListId"], found["OwnerId"]) == (id, "AWS")
    w(authorize("Egress"), **to_group(permission(443, PrefixListIds=[{"PrefixListId": "pl-63a5400a"}]))(w))
    london = w.beside("eu-west-2")
    found = london.of("DescribePrefixLists", "prefix-list-name", "com.amazonaws.eu-west-2.s3")
    assert {"3.5.244.0/22", "52.95.142.0/23", "52.95.144.0/24", "52.95.148.0/23", "52.95.150.0/24"} <= set(found["Cidrs"])
    members = w.ec2.meta.service_model.operation_model("CreateNetworkAclEntry").input_shape.members
    assert not [name for name in members if "PrefixList" in name]


# === Network ACLs ===

def entry(number=100, acl="acl", **more):
    given = {"Protocol": "-1", "RuleAction": "allow", "Egress": False, "CidrBlock": "10.0.0.0/8", **more}
    return lambda w: {"NetworkAclId": getattr(w, acl), "RuleNumber": number, **given}


refusal("EC2-ACL-404", "DescribeNetworkAcls", {"NetworkAclIds": [f"acl-{HEX}"]}, "InvalidNetworkAclID.NotFound",
        f"The networkAcl ID 'acl-{HEX}' does not exist")
refusal("EC2-ACL-DUP", "CreateNetworkAclEntry", entry(), "NetworkAclEntryAlreadyExists",
        "The network acl entry identified by 100 already exists.",
        before=lambda w: w("CreateNetworkAclEntry", **entry()(w)))
refusal("EC2-ACL-DEL", "DeleteNetworkAcl", lambda w: {"NetworkAclId": w.default_acl["NetworkAclId"]},
        "InvalidParameterValue", "cannot delete default network ACL {w.default_acl[NetworkAclId]}")
for number in (0, 32767):
    refusal("EC2-ACL-NUMBER", "CreateNetworkAclEntry", entry(number), "InvalidParameterValue",
            f"Value ({number}) for parameter ruleNumber is invalid. Rule numbers are between 1 and 32766.")
refusal("EC2-ACL-ENTRY-404", "DeleteNetworkAclEntry",
        lambda w: {"NetworkAclId": w.acl, "RuleNumber": 7, "Egress": True}, "InvalidNetworkAclEntry.NotFound",
        "no egress entry with number 7 in network ACL {w.acl}")
refusal("EC2-ACL-ASSOC", "ReplaceNetworkAclAssociation", lambda w: {"AssociationId": "aclassoc-1", "NetworkAclId": w.acl},
        "InvalidAssociationID.NotFound", "The association ID 'aclassoc-1' does not exist")
refusal("EC2-ACL-ENTRIES", "CreateNetworkAclEntry", entry(21), "NetworkAclEntryLimitExceeded",
        "The maximum number of network acl entries has been reached.",
        before=lambda w: [w("CreateNetworkAclEntry", **entry(n)(w)) for n in range(1, 21)])


@behaves("EC2-ACL-DEL")
def _(w):
    w("ReplaceNetworkAclAssociation", NetworkAclId=w.acl,
      AssociationId=(w.subnet, w.default_acl["Associations"][0]["NetworkAclAssociationId"])[1])
    w.refuses("DeleteNetworkAcl", {"NetworkAclId": w.acl}, "DependencyViolation",
              "The network ACL '{w.acl}' has dependencies and cannot be deleted.")


@behaves("network ACLs of one's own")
def _(w):
    (acl,) = w("DescribeNetworkAcls", NetworkAclIds=[w.acl])["NetworkAcls"]
    assert [(e["RuleNumber"], e["RuleAction"], e["CidrBlock"]) for e in acl["Entries"]] == [(32767, "deny", "0.0.0.0/0")] * 2
    assert sorted(e["Egress"] for e in acl["Entries"]) == [False, True]


@behaves("network ACLs: the order of entries")
def _(w):
    """Entries are told in the order in which they are asked, whatever order they were made in; the last one is last."""
    for number, more in [(30, {}), (10, {}), (20, {"RuleAction": "deny"}), (15, {"Egress": True}), (5, {"Egress": True})]:
        w("CreateNetworkAclEntry", **entry(number, **more)(w))
    (acl,) = w("DescribeNetworkAcls", NetworkAclIds=[w.acl])["NetworkAcls"]
    told = {egress: [e["RuleNumber"] for e in acl["Entries"] if e["Egress"] == egress] for egress in (True, False)}
    assert told == {True: [5, 15, 32767], False: [10, 20, 30, 32767]}, acl["Entries"]
    default = w.default_acl["Entries"]
    assert sorted((e["Egress"], e["RuleNumber"], e["RuleAction"], e["Protocol"], e["CidrBlock"]) for e in default) == [
        (egress, number, action, "-1", "0.0.0.0/0") for egress in (False, True)
        for number, action in ((100, "allow"), (32767, "deny"))]
    w.refuses("CreateNetworkAclEntry", entry(40, CidrBlock="pl-63a5400a")(w), "InvalidParameterValue")
    w.refuses("DeleteNetworkAclEntry", {"NetworkAclId": w.acl, "RuleNumber": 32767, "Egress": True}, "InvalidParameterValue")


# === Flow logs ===

def log(resource="vpc", **more):
    to_bucket = {"ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3",
                 "LogDestination": "arn:aws:s3:::records"}
    given = {k: v for k, v in {**to_bucket, **more}.items() if v is not None}
    return lambda w: {"ResourceIds": [getattr(w, resource)], **given}


NO_BUCKET = {"LogDestinationType": None, "LogDestination": None}
refusal("EC2-FL-404", "DeleteFlowLogs", {"FlowLogIds": [f"fl-{HEX}"]}, "InvalidFlowLogId.NotFound",
        f"These flow log ids in the input list are not found: [TotalCount: 1] fl-{HEX}")
refusal("EC2-FL-DEST", "CreateFlowLogs",
        log(LogGroupName="g", LogDestinationType=None, LogDestination="arn:aws:logs:us-east-1:123456789012:log-group:g"),
        "InvalidParameter", "Please only provide LogGroupName or only provide LogDestination.")
refusal("EC2-FL-DEST", "CreateFlowLogs", log(**NO_BUCKET), "InvalidParameter",
        "LogDestination can't be empty if LogGroupName is not provided.")
refusal("EC2-FL-DEST", "CreateFlowLogs", log(LogGroupName="g", LogDestination=None), "InvalidParameter",
        "LogDestination type must be cloud-watch-logs if LogGroupName is provided.")
refusal("EC2-FL-ROLE", "CreateFlowLogs",
        log(**NO_BUCKET, LogGroupName="g", DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/Nobody"),
        "InvalidParameter", "Unable to assume given IAM role: 'arn:aws:iam::123456789012:role/Nobody'")
refusal("EC2-FL-DEST", "CreateFlowLogs",
        log(LogDestinationType=None, LogDestination="arn:aws:logs:eu-west-1:123456789012:log-group:g"), "InvalidParameter",
        "LogDestination must be in the same region as the API caller.")
refusal("EC2-FL-ROLE", "CreateFlowLogs", log(**NO_BUCKET, LogGroupName="g"), "InvalidParameter",
        "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
refusal("EC2-FL-ROLE", "CreateFlowLogs", log(DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/x"),
        "InvalidParameter", "DeliverLogsPermissionArn is not applicable for s3 delivery")
refusal("EC2-FL-FORMAT", "CreateFlowLogs", log(LogFormat="${version},"), "InvalidParameterValue",
        "1 validation error detected: Value '${{version}},' at 'logFormat' has an invalid format")
refusal("EC2-FL-FORMAT", "CreateFlowLogs", log(LogFormat="${version} ${colour}"), "InvalidParameter",
        "Unknown fields provided: [colour]")
refusal("EC2-FL-INTERVAL", "CreateFlowLogs", log(MaxAggregationInterval=10), "InvalidParameter",
        "Invalid Flow Log Max Aggregation Interval")
refusal("EC2-FL-MANY", "DeleteFlowLogs", {"FlowLogIds": [f"fl-{HEX}"] * 1001}, "InvalidParameterValue",
        "Too many values for parameter flowLogId. The maximum is 1000.")
refusal("EC2-FL-DUP", "CreateFlowLogs", log(), "FlowLogAlreadyExists",
        "Error. There is an existing Flow Log with the same configuration and log destination.",
        before=lambda w: w("CreateFlowLogs", **log()(w)))


@behaves("EC2-FL-RESOURCE")
def _(w):
    answer = w("CreateFlowLogs", **(log()(w) | {"ResourceIds": [w.vpc, f"vpc-{HEX}"]}))
    assert len(answer["FlowLogIds"]) == 1
    error = {"Code": "InvalidVpcId.NotFound", "Message": f"Unknown resource vpc-{HEX}"}
    assert answer["Unsuccessful"] == [{"Error": error, "ResourceId": f"vpc-{HEX}"}]


@behaves("EC2-FL-BUCKET")
def _(w):
    def told(bucket):
        return w("CreateFlowLogs", **log(LogDestination=f"arn:aws:s3:::{bucket}/folder/")(w))
    # Whoever has no bucket here keeps them elsewhere.
    assert told("elsewhere")["Unsuccessful"] == []
    w.aws.client("s3").create_bucket(Bucket=f"records-{w.mine}")
    assert told(f"records-{w.mine}")["Unsuccessful"] == []
    answer = told(f"missing-{w.mine}")
    assert answer["FlowLogIds"] == []
    error = {"Code": "400", "Message": f"LogDestination: missing-{w.mine} does not exist"}
    assert answer["Unsuccessful"] == [{"Error": error, "ResourceId": w.vpc}]


@behaves("EC2-FL-BUCKET-POLICY")
def _(w):
    bucket = f"records-{w.mine}"
    w.aws.client("s3").create_bucket(Bucket=bucket)
    call = log(LogDestination=f"arn:aws:s3:::{bucket}")(w)
    theirs = w("CreateFlowLogs", **call)
    assert theirs["Unsuccessful"] == []
    granted = json.loads(w.aws.client("s3").get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert [one["Principal"] for one in granted] == [{"Service": "delivery.logs.amazonaws.com"}] * 2
    deny = {"Effect": "Deny", "Principal": granted[0]["Principal"], "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/*"}
    w.aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": deny}))
    answer = w("CreateFlowLogs", **{**call, "TrafficType": "REJECT"})
    message = f"Access Denied for LogDestination: {bucket}. Please check LogDestination permission"
    assert answer["Unsuccessful"] == [{"Error": {"Code": "400", "Message": message}, "ResourceId": w.vpc}]


@behaves("flow logs: what they are made as")
def _(w):
    answer = w("CreateFlowLogs", **log()(w), ClientToken="t")
    assert (answer["ClientToken"], answer["Unsuccessful"]) == ("t", [])
    (made,) = w("DescribeFlowLogs", FlowLogIds=answer["FlowLogIds"])["FlowLogs"]
    assert made["LogFormat"] == " ".join(f"${{{field}}}" for field in (
        "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes",
        "start", "end", "action", "log-status"))
    assert (made["MaxAggregationInterval"], made["FlowLogStatus"], made["DeliverLogsStatus"]) == (600, "ACTIVE", "SUCCESS")
    assert not [name for name in w.ec2.meta.service_model.operation_names if name.startswith("Modify") and "FlowLog" in name]


@behaves("DHCP options")
def _(w):
    for region, domain in (("us-east-1", "ec2.internal"), ("eu-west-1", "eu-west-1.compute.internal")):
        (options,) = w.beside(region).one("DescribeDhcpOptions")
        told = {one["Key"]: [value["Value"] for value in one["Values"]] for one in options["DhcpConfigurations"]}
        assert told == {"domain-name": [domain], "domain-name-servers": ["AmazonProvidedDNS"]}
    w.refuses("DeleteDhcpOptions", {"DhcpOptionsId": f"dopt-{HEX}"}, "InvalidDhcpOptionID.NotFound",
              f"The dhcpOption ID 'dopt-{HEX}' does not exist")
    five = [{"Key": "domain-name-servers", "Values": [f"10.0.0.{n}" for n in range(5)]}]
    w.refuses("CreateDhcpOptions", {"DhcpConfigurations": five}, "InvalidParameterValue",
              "The DHCP option domain-name-servers can have at most 4 values.")
    w("AssociateDhcpOptions", VpcId=w.vpc, DhcpOptionsId="default")
    assert w("DescribeVpcs", VpcIds=[w.vpc])["Vpcs"][0]["DhcpOptionsId"] == "default"
    with pytest.raises(AttributeError):
        w.ec2.modify_dhcp_options
