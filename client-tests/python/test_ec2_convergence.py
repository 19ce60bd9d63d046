"""A whole network as a description, and a small tool that makes it so, as tools for infrastructure do: it reads back
every attribute that it sets, changes what differs and nothing else."""

import json

import pytest

S3, API = "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.sagemaker.api"
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
API_POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "sagemaker:*", "Resource": "*"}]}
FORMAT = "${version} ${vpc-id} ${srcaddr} ${dstaddr}"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
OFFICES = {"10.1.0.0/16": "north", "10.2.0.0/16": "south"}

# What is described of a region, with the member that lists it.
WORLD = {
    "describe_addresses": "Addresses", "describe_dhcp_options": "DhcpOptions",
    "describe_egress_only_internet_gateways": "EgressOnlyInternetGateways", "describe_flow_logs": "FlowLogs",
    "describe_internet_gateways": "InternetGateways", "describe_managed_prefix_lists": "PrefixLists",
    "describe_nat_gateways": "NatGateways", "describe_network_acls": "NetworkAcls",
    "describe_network_interfaces": "NetworkInterfaces", "describe_route_tables": "RouteTables",
    "describe_security_group_rules": "SecurityGroupRules", "describe_security_groups": "SecurityGroups",
    "describe_subnets": "Subnets", "describe_tags": "Tags", "describe_vpc_endpoints": "VpcEndpoints",
    "describe_vpc_peering_connections": "VpcPeeringConnections", "describe_vpcs": "Vpcs",
}


def world(aws):
    """All that can be described, as bytes, in the order in which it is told."""
    seen = {}
    for operation, member in WORLD.items():
        seen[operation] = getattr(aws.ec2, operation)()[member]
        assert seen[operation], f"{operation} has something to tell"
    for prefix_list in seen["describe_managed_prefix_lists"]:
        listed = aws.ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list["PrefixListId"])
        seen[prefix_list["PrefixListId"]] = listed["Entries"]
    return json.dumps(seen, default=str)


class Apply:
    """One run of the tool over the description; `changes` says what it had to do."""

    def __init__(self, aws):
        self.aws, self.ec2 = aws, aws.ec2
        self.changes = []
        self.role = aws.iam.get_role(RoleName="logs")["Role"]["Arn"]
        for step in (self.options, self.vpc, self.subnets, self.gateways, self.peering, self.prefix_list, self.groups,
                     self.routes, self.acl, self.endpoints, self.interface, self.flow_log):
            step()

    # === What tools have in common ===

    def ensure(self, kind, name, operation, member, create, live=lambda row: True):
        """The resource with this name; made if there is none."""
        def rows():
            found = getattr(self.ec2, operation)(Filters=[{"Name": "tag:Name", "Values": [name]}])[member]
            return [row for row in found if live(row)]

        if not rows():
            self.changes.append(f"{name}: created")
            create(TagSpecifications=[{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}])
        (row,) = rows()
        return row

    def same(self, label, want, have, heal):
        if want != have:
            self.changes.append(label)
            heal()

    def tags(self, name, resource, row):
        want = {"Name": name, "stage": "test", "team": "blue"}
        have = {tag["Key"]: tag["Value"] for tag in row.get("Tags", row.get("TagSet", []))}

        def heal():
            self.ec2.create_tags(Resources=[resource], Tags=[{"Key": k, "Value": v} for k, v in want.items()])
            extra = [{"Key": key} for key in have.keys() - want.keys()]
            if extra:
                self.ec2.delete_tags(Resources=[resource], Tags=extra)

        self.same(f"{name}: tags", want, have, heal)

    # === The network ===

    def options(self):
        values = [{"Key": "domain-name", "Values": ["a.test"]}, {"Key": "domain-name-servers", "Values": ["10.0.0.2"]}]
        row = self.ensure("dhcp-options", "options", "describe_dhcp_options", "DhcpOptions",
                          lambda **more: self.ec2.create_dhcp_options(DhcpConfigurations=values, **more))
        self.dhcp = row["DhcpOptionsId"]
        self.tags("options", self.dhcp, row)
        have = [{"Key": one["Key"], "Values": [v["Value"] for v in one["Values"]]} for one in row["DhcpConfigurations"]]
        assert have == values

    def vpc(self):
        ec2 = self.ec2
        row = self.ensure("vpc", "net", "describe_vpcs", "Vpcs", lambda **more: ec2.create_vpc(
            CidrBlock="10.0.0.0/16", InstanceTenancy="default", AmazonProvidedIpv6CidrBlock=True, **more))
        self.net = net = row["VpcId"]
        assert (row["CidrBlock"], row["InstanceTenancy"]) == ("10.0.0.0/16", "default")
        self.tags("net", net, row)
        self.block6 = row["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        for attribute, want in (("EnableDnsSupport", True), ("EnableDnsHostnames", True),
                                ("EnableNetworkAddressUsageMetrics", True)):
            asked = attribute[0].lower() + attribute[1:]
            have = ec2.describe_vpc_attribute(VpcId=net, Attribute=asked)[attribute]["Value"]
            self.same(f"net: {attribute}", want, have,
                      lambda name=attribute, to=want: ec2.modify_vpc_attribute(VpcId=net, **{name: {"Value": to}}))
        self.same("net: options", self.dhcp, row["DhcpOptionsId"],
                  lambda: ec2.associate_dhcp_options(VpcId=net, DhcpOptionsId=self.dhcp))
        blocks = {one["CidrBlock"] for one in row["CidrBlockAssociationSet"]
                  if one["CidrBlockState"]["State"] == "associated"}
        self.same("net: blocks", {"10.0.0.0/16", "10.5.0.0/16"}, blocks,
                  lambda: ec2.associate_vpc_cidr_block(VpcId=net, CidrBlock="10.5.0.0/16"))

    def subnets(self):
        ec2 = self.ec2
        self.in_zone = {}
        for name, block, zone, flag, host in (("public", "10.0.1.0/24", "us-east-1a", True, "ip-name"),
                                              ("private", "10.5.1.0/24", "us-east-1b", False, "resource-name")):
            six = self.block6.replace("00::/56", f"{'01' if flag else '02'}::/64")
            row = self.ensure("subnet", name, "describe_subnets", "Subnets", lambda **more: ec2.create_subnet(
                VpcId=self.net, CidrBlock=block, AvailabilityZone=zone, Ipv6CidrBlock=six, **more))
            subnet = self.in_zone[name] = row["SubnetId"]
            assert (row["VpcId"], row["CidrBlock"], row["AvailabilityZone"]) == (self.net, block, zone)
            self.tags(name, subnet, row)
            blocks = [one["Ipv6CidrBlock"] for one in row["Ipv6CidrBlockAssociationSet"]
                      if one["Ipv6CidrBlockState"]["State"] == "associated"]
            self.same(f"{name}: IPv6 block", [six], blocks,
                      lambda: ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=six))
            names = row["PrivateDnsNameOptionsOnLaunch"]
            for member, want, have in (
                ("MapPublicIpOnLaunch", {"Value": flag}, {"Value": row["MapPublicIpOnLaunch"]}),
                ("AssignIpv6AddressOnCreation", {"Value": flag}, {"Value": row["AssignIpv6AddressOnCreation"]}),
                ("EnableDns64", {"Value": flag}, {"Value": row["EnableDns64"]}),
                ("PrivateDnsHostnameTypeOnLaunch", host, names["HostnameType"]),
                ("EnableResourceNameDnsARecordOnLaunch", {"Value": not flag},
                 {"Value": names["EnableResourceNameDnsARecord"]}),
                ("EnableResourceNameDnsAAAARecordOnLaunch", {"Value": flag},
                 {"Value": names["EnableResourceNameDnsAAAARecord"]}),
            ):
                self.same(f"{name}: {member}", want, have,
                          lambda m=member, w=want: ec2.modify_subnet_attribute(SubnetId=subnet, **{m: w}))
        private = self.in_zone["private"]
        ranges = ec2.get_subnet_cidr_reservations(SubnetId=private)["SubnetIpv4CidrReservations"]
        have = {(one["Cidr"], one["ReservationType"], one["Description"]) for one in ranges}
        self.same("private: ranges", {("10.5.1.128/28", "explicit", "kept")}, have,
                  lambda: ec2.create_subnet_cidr_reservation(
                      SubnetId=private, Cidr="10.5.1.128/28", ReservationType="explicit", Description="kept"))

    def gateways(self):
        ec2 = self.ec2
        row = self.ensure("internet-gateway", "igw", "describe_internet_gateways", "InternetGateways",
                          ec2.create_internet_gateway)
        self.igw = row["InternetGatewayId"]
        self.tags("igw", self.igw, row)
        self.same("igw: attached", [(self.net, "available")], [(a["VpcId"], a["State"]) for a in row["Attachments"]],
                  lambda: ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.net))
        row = self.ensure("egress-only-internet-gateway", "eigw", "describe_egress_only_internet_gateways",
                          "EgressOnlyInternetGateways",
                          lambda **more: ec2.create_egress_only_internet_gateway(VpcId=self.net, **more))
        self.eigw = row["EgressOnlyInternetGatewayId"]
        assert row["Attachments"] == [{"State": "attached", "VpcId": self.net}]
        self.tags("eigw", self.eigw, row)
        row = self.ensure("elastic-ip", "eip", "describe_addresses", "Addresses",
                          lambda **more: ec2.allocate_address(Domain="vpc", **more))
        self.eip = row["AllocationId"]
        self.tags("eip", self.eip, row)

        def create(**more):
            ec2.create_nat_gateway(SubnetId=self.in_zone["public"], AllocationId=self.eip, PrivateIpAddress="10.0.1.99",
                                   ConnectivityType="public", **more)

        if "nat" not in self.names("describe_nat_gateways", "NatGateways", lambda row: row["State"] == "available"):
            # A gateway that is gone is still shown.
            self.changes.append("nat: created")
            create(TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "nat"}]}])
        rows = ec2.describe_nat_gateways(Filters=[
            {"Name": "tag:Name", "Values": ["nat"]}, {"Name": "state", "Values": ["available"]}])["NatGateways"]
        (row,) = rows
        self.nat = row["NatGatewayId"]
        self.tags("nat", self.nat, row)
        (address,) = row["NatGatewayAddresses"]
        assert (row["SubnetId"], row["ConnectivityType"], address["AllocationId"], address["PrivateIp"]) == (
            self.in_zone["public"], "public", self.eip, "10.0.1.99")

    def names(self, operation, member, live):
        rows = [row for row in getattr(self.ec2, operation)()[member] if live(row)]
        return [tag["Value"] for row in rows for tag in row.get("Tags", []) if tag["Key"] == "Name"]

    def peering(self):
        ec2 = self.ec2
        row = self.ensure("vpc", "peer", "describe_vpcs", "Vpcs",
                          lambda **more: ec2.create_vpc(CidrBlock="10.9.0.0/16", **more))
        self.peer = row["VpcId"]
        self.tags("peer", self.peer, row)

        def create(**more):
            made = ec2.create_vpc_peering_connection(VpcId=self.net, PeerVpcId=self.peer, **more)
            ec2.accept_vpc_peering_connection(
                VpcPeeringConnectionId=made["VpcPeeringConnection"]["VpcPeeringConnectionId"])

        row = self.ensure("vpc-peering-connection", "pcx", "describe_vpc_peering_connections", "VpcPeeringConnections",
                          create, lambda row: row["Status"]["Code"] == "active")
        self.pcx = row["VpcPeeringConnectionId"]
        self.tags("pcx", self.pcx, row)
        for side, member in (("Requester", "RequesterVpcInfo"), ("Accepter", "AccepterVpcInfo")):
            want = {"AllowDnsResolutionFromRemoteVpc": side == "Requester"}
            have = {key: row[member].get("PeeringOptions", {}).get(key, False) for key in want}
            self.same(f"pcx: {side}", want, have, lambda s=side, w=want: ec2.modify_vpc_peering_connection_options(
                VpcPeeringConnectionId=self.pcx, **{f"{s}PeeringConnectionOptions": w}))

    def prefix_list(self):
        ec2 = self.ec2
        row = self.ensure("prefix-list", "list", "describe_managed_prefix_lists", "PrefixLists",
                          lambda **more: ec2.create_managed_prefix_list(
                              PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", **more))
        self.pl = row["PrefixListId"]
        self.tags("list", self.pl, row)

        def now(**change):
            version = ec2.describe_managed_prefix_lists(PrefixListIds=[self.pl])["PrefixLists"][0]["Version"]
            ec2.modify_managed_prefix_list(PrefixListId=self.pl, CurrentVersion=version, **change)

        self.same("list: name", "offices", row["PrefixListName"], lambda: ec2.modify_managed_prefix_list(
            PrefixListId=self.pl, PrefixListName="offices"))
        self.same("list: size", 5, row["MaxEntries"], lambda: ec2.modify_managed_prefix_list(
            PrefixListId=self.pl, MaxEntries=5))
        listed = ec2.get_managed_prefix_list_entries(PrefixListId=self.pl)["Entries"]
        have = {entry["Cidr"]: entry.get("Description", "") for entry in listed}

        def heal():
            # An entry with another description has to go before it comes back.
            gone = [{"Cidr": cidr} for cidr in have if OFFICES.get(cidr) != have[cidr]]
            new = [{"Cidr": cidr, "Description": text} for cidr, text in OFFICES.items() if have.get(cidr) != text]
            if gone:
                now(RemoveEntries=gone)
            if new:
                now(AddEntries=new)

        self.same("list: entries", OFFICES, have, heal)

    def groups(self):
        ec2 = self.ec2
        made = {}
        for name in ("web", "jobs"):
            row = self.ensure("security-group", name, "describe_security_groups", "SecurityGroups",
                              lambda **more: ec2.create_security_group(
                                  GroupName=name, Description="a group", VpcId=self.net, **more))
            made[name] = row["GroupId"]
            assert (row["GroupName"], row["Description"], row["VpcId"]) == (name, "a group", self.net)
            self.tags(name, made[name], row)
        self.web, self.jobs = made["web"], made["jobs"]
        # (egress, protocol, from, to, kind of peer, peer, description)
        wanted = {
            (False, "tcp", 443, 443, "CidrIpv4", "0.0.0.0/0", "everybody"),
            (False, "tcp", 443, 443, "CidrIpv6", "::/0", "everybody too"),
            (False, "udp", 1000, 2000, "Group", self.jobs, "jobs"),
            (False, "-1", -1, -1, "Group", self.web, "itself"),
            (False, "icmp", 8, -1, "PrefixListId", self.pl, "offices"),
            (True, "tcp", 443, 443, "PrefixListId", self.pl, ""),
            (True, "-1", -1, -1, "CidrIpv4", "10.0.0.0/8", "inside"),
        }
        listed = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [self.web]}])
        have = {self.rule(row): row["SecurityGroupRuleId"] for row in listed["SecurityGroupRules"]}

        def heal():
            for egress in (False, True):
                way = "egress" if egress else "ingress"
                gone = [have[rule] for rule in have.keys() - wanted if rule[0] == egress]
                if gone:
                    getattr(ec2, f"revoke_security_group_{way}")(GroupId=self.web, SecurityGroupRuleIds=gone)
                new = [self.permission(rule) for rule in wanted - have.keys() if rule[0] == egress]
                if new:
                    getattr(ec2, f"authorize_security_group_{way}")(GroupId=self.web, IpPermissions=new)

        self.same("web: rules", wanted, set(have), heal)

    @staticmethod
    def rule(row):
        peer = next((kind, row[kind]) for kind in ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo")
                    if kind in row)
        if peer[0] == "ReferencedGroupInfo":
            peer = ("Group", peer[1]["GroupId"])
        return (row["IsEgress"], row["IpProtocol"], row["FromPort"], row["ToPort"], *peer, row.get("Description", ""))

    @staticmethod
    def permission(rule):
        _, protocol, first, last, kind, peer, text = rule
        member, key = {
            "CidrIpv4": ("IpRanges", "CidrIp"), "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
            "PrefixListId": ("PrefixListIds", "PrefixListId"), "Group": ("UserIdGroupPairs", "GroupId")}[kind]
        row = {key: peer, **({"Description": text} if text else {})}
        return {"IpProtocol": protocol, "FromPort": first, "ToPort": last, member: [row]}

    def routes(self):
        ec2 = self.ec2
        self.tables = {}
        for name, subnet, wanted in (
            ("public", "public", {"0.0.0.0/0": ("GatewayId", self.igw), "::/0": ("GatewayId", self.igw),
                                  self.pl: ("VpcPeeringConnectionId", self.pcx)}),
            ("inside", "private", {"0.0.0.0/0": ("NatGatewayId", self.nat),
                                   "::/0": ("EgressOnlyInternetGatewayId", self.eigw),
                                   "10.9.0.0/16": ("VpcPeeringConnectionId", self.pcx)}),
        ):
            row = self.ensure("route-table", f"rt-{name}", "describe_route_tables", "RouteTables",
                              lambda **more: ec2.create_route_table(VpcId=self.net, **more))
            table = self.tables[name] = row["RouteTableId"]
            self.tags(f"rt-{name}", table, row)
            have = {}
            for route in row["Routes"]:
                if route["Origin"] == "CreateRoute":
                    to = next(route[k] for k in route if k.startswith("Destination"))
                    have[to] = next((k, route[k]) for k in route if k.endswith(("GatewayId", "ConnectionId")))
                    assert route["State"] == "active"
            endpoint = {to: target for to, target in have.items() if target[1].startswith("vpce-")}
            have = {to: target for to, target in have.items() if to not in endpoint}

            def heal(table=table, wanted=wanted, have=have):
                def at(to):
                    kind = "PrefixListId" if to.startswith("pl-") else "Ipv6CidrBlock" if ":" in to else "CidrBlock"
                    return {f"Destination{kind}": to}

                for to in have.keys() - wanted.keys():
                    ec2.delete_route(RouteTableId=table, **at(to))
                for to, (member, target) in wanted.items():
                    if to not in have:
                        ec2.create_route(RouteTableId=table, **at(to), **{member: target})
                    elif have[to] != (member, target):
                        ec2.replace_route(RouteTableId=table, **at(to), **{member: target})

            self.same(f"rt-{name}: routes", wanted, have, heal)
            linked = [one["SubnetId"] for one in row["Associations"] if "SubnetId" in one]
            self.same(f"rt-{name}: subnet", [self.in_zone[subnet]], linked,
                      lambda: ec2.associate_route_table(RouteTableId=table, SubnetId=self.in_zone[subnet]))

    def acl(self):
        ec2 = self.ec2
        row = self.ensure("network-acl", "acl", "describe_network_acls", "NetworkAcls",
                          lambda **more: ec2.create_network_acl(VpcId=self.net, **more))
        acl = self.acl_id = row["NetworkAclId"]
        self.tags("acl", acl, row)
        wanted = {
            (100, False): {"Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0",
                           "PortRange": {"From": 443, "To": 443}},
            (110, False): {"Protocol": "58", "RuleAction": "deny", "Ipv6CidrBlock": "::/0",
                           "IcmpTypeCode": {"Code": -1, "Type": 128}},
            (100, True): {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"},
        }
        entries = [entry for entry in row["Entries"] if entry["RuleNumber"] < 32767]
        have = {(entry.pop("RuleNumber"), entry.pop("Egress")): entry for entry in entries}

        def heal():
            for number, egress in have.keys() - wanted.keys():
                ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=number, Egress=egress)
            for (number, egress), entry in wanted.items():
                write = (ec2.create_network_acl_entry if (number, egress) not in have else
                         ec2.replace_network_acl_entry if have[number, egress] != entry else None)
                if write:
                    write(NetworkAclId=acl, RuleNumber=number, Egress=egress, **entry)

        self.same("acl: entries", wanted, have, heal)
        private = self.in_zone["private"]

        def associate():
            (other,) = ec2.describe_network_acls(
                Filters=[{"Name": "association.subnet-id", "Values": [private]}])["NetworkAcls"]
            (link,) = [one for one in other["Associations"] if one["SubnetId"] == private]
            ec2.replace_network_acl_association(AssociationId=link["NetworkAclAssociationId"], NetworkAclId=acl)

        self.same("acl: subnet", [private], [one["SubnetId"] for one in row["Associations"]], associate)

    def endpoints(self):
        ec2 = self.ec2
        for name, make, policy in (
            ("s3", {"ServiceName": S3, "VpcEndpointType": "Gateway"}, POLICY),
            ("api", {"ServiceName": API, "VpcEndpointType": "Interface", "PrivateDnsEnabled": True,
                     "SubnetIds": [self.in_zone["public"]], "SecurityGroupIds": [self.web]}, API_POLICY),
        ):
            row = self.ensure("vpc-endpoint", name, "describe_vpc_endpoints", "VpcEndpoints",
                              lambda **more: ec2.create_vpc_endpoint(VpcId=self.net, **make, **more))
            endpoint = row["VpcEndpointId"]
            self.tags(name, endpoint, row)
            assert (row["VpcId"], row["ServiceName"], row["VpcEndpointType"]) == (
                self.net, make["ServiceName"], make["VpcEndpointType"])

            def modify(endpoint=endpoint, **change):
                ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, **change)

            self.same(f"{name}: policy", policy, json.loads(row["PolicyDocument"]),
                      lambda: modify(PolicyDocument=json.dumps(policy)))
            for label, member, want, have in (
                ("tables", "RouteTableIds", {self.tables["inside"]} if name == "s3" else set(),
                 set(row.get("RouteTableIds", []))),
                ("subnets", "SubnetIds", set() if name == "s3" else {self.in_zone["public"]},
                 set(row.get("SubnetIds", []))),
                ("groups", "SecurityGroupIds", set() if name == "s3" else {self.web},
                 {group["GroupId"] for group in row.get("Groups", [])}),
            ):
                change = {key: list(ids) for key, ids in (
                    (f"Add{member}", want - have), (f"Remove{member}", have - want)) if ids}
                self.same(f"{name}: {label}", want, have, lambda change=change: modify(**change))
            if name == "api":
                self.same("api: names", True, row["PrivateDnsEnabled"], lambda: modify(PrivateDnsEnabled=True))
                self.same("api: record type", "ipv4", row["DnsOptions"]["DnsRecordIpType"],
                          lambda: modify(DnsOptions={"DnsRecordIpType": "ipv4"}))

    def interface(self):
        ec2 = self.ec2
        row = self.ensure("network-interface", "eni", "describe_network_interfaces", "NetworkInterfaces",
                          lambda **more: ec2.create_network_interface(
                              SubnetId=self.in_zone["private"], Groups=[self.web], Description="mine",
                              PrivateIpAddress="10.5.1.10", **more))
        eni = self.eni = row["NetworkInterfaceId"]
        self.tags("eni", eni, row)
        self.same("eni: description", "mine", row["Description"],
                  lambda: ec2.modify_network_interface_attribute(
                      NetworkInterfaceId=eni, Description={"Value": "mine"}))
        self.same("eni: check", False, row["SourceDestCheck"],
                  lambda: ec2.modify_network_interface_attribute(
                      NetworkInterfaceId=eni, SourceDestCheck={"Value": False}))
        self.same("eni: groups", [self.web], [group["GroupId"] for group in row["Groups"]],
                  lambda: ec2.modify_network_interface_attribute(NetworkInterfaceId=eni, Groups=[self.web]))
        wanted = ["10.5.1.10", "10.5.1.11", "10.5.1.12"]
        have = [address["PrivateIpAddress"] for address in row["PrivateIpAddresses"]]

        def heal():
            extra, lacking = [a for a in have if a not in wanted], [a for a in wanted if a not in have]
            if extra:
                ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=extra)
            if lacking:
                ec2.assign_private_ip_addresses(NetworkInterfaceId=eni, PrivateIpAddresses=lacking)

        self.same("eni: addresses", sorted(wanted), sorted(have), heal)
        self.same("eni: IPv6 addresses", 1, len(row["Ipv6Addresses"]),
                  lambda: ec2.assign_ipv6_addresses(NetworkInterfaceId=eni, Ipv6AddressCount=1))

    def flow_log(self):
        """One cannot be changed: what differs is made anew."""
        ec2, name = self.ec2, "log"
        want = {"TrafficType": "REJECT", "LogDestinationType": "cloud-watch-logs", "LogGroupName": "records",
                "DeliverLogsPermissionArn": self.role, "LogFormat": FORMAT, "MaxAggregationInterval": 60}

        def create(**more):
            made = ec2.create_flow_logs(ResourceType="VPC", ResourceIds=[self.net], **want, **more)
            assert made["Unsuccessful"] == []

        def find():
            return ec2.describe_flow_logs(Filter=[{"Name": "tag:Name", "Values": [name]}])["FlowLogs"]

        named = {"TagSpecifications": [{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": name}]}]}
        if not find():
            self.changes.append(f"{name}: created")
            create(**named)
        (row,) = find()

        def heal():
            ec2.delete_flow_logs(FlowLogIds=[row["FlowLogId"]])
            create(**named)

        self.same(f"{name}: settings", {**want, "ResourceId": self.net},
                  {key: row[key] for key in (*want, "ResourceId")}, heal)
        (row,) = find()
        self.tags(name, row["FlowLogId"], row)


@pytest.fixture
def made(aws):
    """The network after the first run."""
    aws.server.control("POST", f"/_mockplane/reset?account={aws.number}&profile=instant")
    aws.iam.create_role(RoleName="logs", AssumeRolePolicyDocument=json.dumps(TRUST))
    first = Apply(aws)
    assert len([change for change in first.changes if change.endswith("created")]) == 20, first.changes
    return first


def test_the_second_run_has_nothing_to_do(aws, made):
    before = world(aws)
    assert Apply(aws).changes == []
    assert world(aws) == before, "and does nothing"
    assert world(aws) == before, "lists are told in the same order every time"


def test_an_attribute_that_somebody_changed_is_found_and_healed(aws, made):
    ec2 = aws.ec2

    def endpoint(name):
        (row,) = ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:Name", "Values": [name]}])["VpcEndpoints"]
        return row["VpcEndpointId"]

    def modify(name, **change):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint(name), **change)

    def vpc(**change):
        ec2.modify_vpc_attribute(VpcId=made.net, **change)

    def subnet(name, **change):
        ec2.modify_subnet_attribute(SubnetId=made.in_zone[name], **change)

    def interface(**change):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=made.eni, **change)

    def retagged(name, resource):
        def drift():
            # The log is made anew now and then.
            ec2.create_tags(Resources=[resource or log()], Tags=[{"Key": "team", "Value": "red"}, {"Key": "x", "Value": ""}])

        return f"{name}: tags", drift

    def log():
        (row,) = ec2.describe_flow_logs(Filter=[{"Name": "tag:Name", "Values": ["log"]}])["FlowLogs"]
        return row["FlowLogId"]

    def rebuilt_log():
        ec2.delete_flow_logs(FlowLogIds=[log()])
        ec2.create_flow_logs(
            ResourceType="VPC", ResourceIds=[made.net], TrafficType="ALL", LogGroupName="records",
            DeliverLogsPermissionArn=made.role, LogFormat=FORMAT, MaxAggregationInterval=60, TagSpecifications=[
                {"ResourceType": "vpc-flow-log", "Tags": [
                    {"Key": k, "Value": v} for k, v in (("Name", "log"), ("stage", "test"), ("team", "blue"))]}])

    def rule(port):
        return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.3.0.0/16"}]}]

    def association(of, key):
        return next(one[key] for one in of if "SubnetId" in one)

    def of_table(name):
        return ec2.describe_route_tables(RouteTableIds=[made.tables[name]])["RouteTables"][0]["Associations"]

    def reservation():
        (row,) = ec2.get_subnet_cidr_reservations(SubnetId=made.in_zone["private"])["SubnetIpv4CidrReservations"]
        return row["SubnetCidrReservationId"]

    def peering(side, value):
        ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=made.pcx, **{
            f"{side}PeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": value}})

    def own_acl():
        acls = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [made.net]}])["NetworkAcls"]
        (default,) = [acl for acl in acls if acl["IsDefault"]]
        (own,) = [acl for acl in acls if acl["NetworkAclId"] == made.acl_id]
        ec2.replace_network_acl_association(
            AssociationId=own["Associations"][0]["NetworkAclAssociationId"], NetworkAclId=default["NetworkAclId"])

    def entries(**change):
        version = ec2.describe_managed_prefix_lists(PrefixListIds=[made.pl])["PrefixLists"][0]["Version"]
        ec2.modify_managed_prefix_list(PrefixListId=made.pl, CurrentVersion=version, **change)

    drifts = [
        ("net: EnableDnsHostnames", lambda: (modify("api", PrivateDnsEnabled=False),
                                             vpc(EnableDnsHostnames={"Value": False})), "api: names"),
        ("net: EnableNetworkAddressUsageMetrics", lambda: vpc(EnableNetworkAddressUsageMetrics={"Value": False})),
        ("net: options", lambda: ec2.associate_dhcp_options(VpcId=made.net, DhcpOptionsId="default")),
        ("public: MapPublicIpOnLaunch", lambda: subnet("public", MapPublicIpOnLaunch={"Value": False})),
        ("public: AssignIpv6AddressOnCreation",
         lambda: subnet("public", AssignIpv6AddressOnCreation={"Value": False})),
        ("private: EnableDns64", lambda: subnet("private", EnableDns64={"Value": True})),
        ("private: PrivateDnsHostnameTypeOnLaunch",
         lambda: subnet("private", PrivateDnsHostnameTypeOnLaunch="ip-name")),
        ("private: EnableResourceNameDnsARecordOnLaunch",
         lambda: subnet("private", EnableResourceNameDnsARecordOnLaunch={"Value": False})),
        ("public: EnableResourceNameDnsAAAARecordOnLaunch",
         lambda: subnet("public", EnableResourceNameDnsAAAARecordOnLaunch={"Value": False})),
        ("private: ranges", lambda: ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=reservation())),
        ("pcx: Requester", lambda: peering("Requester", False)),
        ("pcx: Accepter", lambda: peering("Accepter", True)),
        ("list: name", lambda: ec2.modify_managed_prefix_list(PrefixListId=made.pl, PrefixListName="homes")),
        ("list: size", lambda: ec2.modify_managed_prefix_list(PrefixListId=made.pl, MaxEntries=7)),
        ("list: entries", lambda: entries(RemoveEntries=[{"Cidr": "10.1.0.0/16"}])),
        ("list: entries", lambda: (entries(RemoveEntries=[{"Cidr": "10.1.0.0/16"}]),
                                   entries(AddEntries=[{"Cidr": "10.1.0.0/16", "Description": "west"}]))),
        ("list: entries", lambda: entries(AddEntries=[{"Cidr": "10.3.0.0/16"}])),
        ("web: rules", lambda: ec2.authorize_security_group_ingress(GroupId=made.web, IpPermissions=rule(22))),
        ("web: rules", lambda: ec2.revoke_security_group_egress(GroupId=made.web, IpPermissions=[
            {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])),
        ("web: rules", lambda: ec2.update_security_group_rule_descriptions_ingress(GroupId=made.web, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
             "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "nobody"}]}])),
        ("rt-inside: routes", lambda: ec2.replace_route(
            RouteTableId=made.tables["inside"], DestinationCidrBlock="0.0.0.0/0", VpcPeeringConnectionId=made.pcx)),
        ("rt-public: routes", lambda: ec2.delete_route(
            RouteTableId=made.tables["public"], DestinationIpv6CidrBlock="::/0")),
        ("rt-public: subnet", lambda: ec2.disassociate_route_table(
            AssociationId=association(of_table("public"), "RouteTableAssociationId"))),
        ("acl: entries", lambda: ec2.replace_network_acl_entry(
            NetworkAclId=made.acl_id, RuleNumber=100, Egress=False, Protocol="6", RuleAction="deny",
            CidrBlock="0.0.0.0/0", PortRange={"From": 443, "To": 443})),
        ("acl: entries", lambda: ec2.delete_network_acl_entry(NetworkAclId=made.acl_id, RuleNumber=110, Egress=False)),
        ("acl: subnet", own_acl),
        ("s3: policy", lambda: modify("s3", ResetPolicy=True)),
        ("s3: tables", lambda: modify("s3", AddRouteTableIds=[made.tables["public"]],
                                      RemoveRouteTableIds=[made.tables["inside"]])),
        ("api: policy", lambda: modify("api", PolicyDocument=json.dumps(POLICY))),
        ("api: subnets", lambda: modify("api", AddSubnetIds=[made.in_zone["private"]])),
        ("api: groups", lambda: modify("api", AddSecurityGroupIds=[made.jobs])),
        ("api: names", lambda: modify("api", PrivateDnsEnabled=False)),
        ("eni: description", lambda: interface(Description={"Value": "yours"})),
        ("eni: check", lambda: interface(SourceDestCheck={"Value": True})),
        ("eni: groups", lambda: interface(Groups=[made.jobs, made.web])),
        ("eni: addresses", lambda: ec2.unassign_private_ip_addresses(
            NetworkInterfaceId=made.eni, PrivateIpAddresses=["10.5.1.12"])),
        ("eni: addresses", lambda: ec2.assign_private_ip_addresses(
            NetworkInterfaceId=made.eni, SecondaryPrivateIpAddressCount=1)),
        ("log: settings", rebuilt_log, "log: tags"),
        *(retagged(name, resource) for name, resource in (
            ("options", made.dhcp), ("net", made.net), ("public", made.in_zone["public"]), ("igw", made.igw),
            ("eigw", made.eigw), ("eip", made.eip), ("nat", made.nat), ("pcx", made.pcx), ("list", made.pl),
            ("web", made.web), ("rt-public", made.tables["public"]), ("acl", made.acl_id), ("s3", endpoint("s3")),
            ("api", endpoint("api")), ("eni", made.eni), ("log", None))),
    ]
    # Several at a time, each difference once: what is found is these and nothing else.
    rounds = []
    for expected, drift, *more in drifts:
        labels = {expected, *more}
        batch = next((batch for batch in rounds if not labels & batch.keys()), None)
        if batch is None:
            rounds.append(batch := {})
        batch.update({expected: drift, **dict.fromkeys(more, lambda: None)})
    assert sum(map(len, rounds)) == len(drifts) + 2 and len(rounds) == 3
    for batch in rounds:
        for drift in batch.values():
            drift()
        changes = Apply(aws).changes
        assert len(changes) == len(batch) and set(changes) == batch.keys()
    assert Apply(aws).changes == [], "and all of it is healed"
