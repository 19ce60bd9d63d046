//! Every pair of the table: what is held refuses to go, in AWS's words, until what holds it is gone.

use super::super::dhcp_options::{AssociateDhcpOptions, CreateDhcpOptions, DeleteDhcpOptions};
use super::super::egress_only_internet_gateway::{
    CreateEgressOnlyInternetGateway, DeleteEgressOnlyInternetGateway,
};
use super::super::harness::{Lab, text};
use super::super::instance_state::TerminateInstances;
use super::super::internet_gateway::{DeleteInternetGateway, DetachInternetGateway};
use super::super::nat_gateway::{CreateNatGateway, DeleteNatGateway};
use super::super::network_acl_change::{CreateNetworkAcl, DeleteNetworkAcl, ReplaceNetworkAclAssociation};
use super::super::network_interface_create::DeleteNetworkInterface;
use super::super::peering::{CreateVpcPeeringConnection, RejectVpcPeeringConnection};
use super::super::route_table::DeleteRouteTable;
use super::super::route_table_association::{AssociateRouteTable, DisassociateRouteTable};
use super::super::security_group::DeleteSecurityGroup;
use super::super::security_group_rule_change::{
    AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress, RevokeSecurityGroupEgress,
    RevokeSecurityGroupIngress,
};
use super::super::security_group_vpc::{AssociateSecurityGroupVpc, DisassociateSecurityGroupVpc};
use super::super::subnet::DeleteSubnet;
use super::super::transit_gateway::CreateTransitGateway;
use super::super::transit_gateway_attachment::{
    CreateTransitGatewayVpcAttachment, DeleteTransitGatewayVpcAttachment,
};
use super::super::vpc::{CreateVpc, DeleteVpc};
use super::super::vpc_endpoint_create::{CreateVpcEndpoint, DeleteVpcEndpoints};
use super::super::vpn_gateway::{AttachVpnGateway, CreateVpnGateway, DeleteVpnGateway, DetachVpnGateway};
use super::{Held, holders};
use crate::model::{
    DhcpOptionsId, Id, InternetGatewayId, NetworkAclId, RouteTableId, SecurityGroupId, State, SubnetId,
    VpcId, VpnGatewayId,
};
use crate::services::ec2::error::Ec2Error;
use crate::services::{Refused, Write};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// A kind of thing that is held.
struct Kind {
    name: &'static str,
    holders: fn() -> Vec<&'static str>,
    /// What holds this one.
    holding: fn(&State, &str) -> Vec<&'static str>,
    delete: fn(&Lab, &str) -> Result<Value, Ec2Error>,
    code: &'static str,
    text: &'static str,
}

macro_rules! kind {
    ($name:literal, $id:ty, $delete:ty, $member:literal, $code:literal, $text:literal) => {
        Kind {
            name: $name,
            holders: || <$id as Held>::HOLDERS.iter().map(|(name, _)| *name).collect(),
            holding: |state, id| holders(state, <$id>::parse(id).unwrap()),
            delete: |lab, id| lab.try_write::<$delete>(json!({ $member: id })),
            code: $code,
            text: $text,
        }
    };
}

/// Every kind that the table has.
const KINDS: &[Kind] = &[
    kind!(
        "VPC",
        VpcId,
        DeleteVpc,
        "VpcId",
        "DependencyViolation",
        "The vpc '{}' has dependencies and cannot be deleted."
    ),
    kind!(
        "subnet",
        SubnetId,
        DeleteSubnet,
        "SubnetId",
        "DependencyViolation",
        "The subnet '{}' has dependencies and cannot be deleted."
    ),
    kind!(
        "security group",
        SecurityGroupId,
        DeleteSecurityGroup,
        "GroupId",
        "DependencyViolation",
        "resource {} has a dependent object"
    ),
    kind!(
        "network ACL",
        NetworkAclId,
        DeleteNetworkAcl,
        "NetworkAclId",
        "DependencyViolation",
        "The network ACL '{}' has dependencies and cannot be deleted."
    ),
    kind!(
        "DHCP options",
        DhcpOptionsId,
        DeleteDhcpOptions,
        "DhcpOptionsId",
        "DependencyViolation",
        "The dhcpOptions '{}' has dependencies and cannot be deleted."
    ),
    kind!(
        "route table",
        RouteTableId,
        DeleteRouteTable,
        "RouteTableId",
        "DependencyViolation",
        "The routeTable '{}' has dependencies and cannot be deleted."
    ),
    kind!(
        "internet gateway",
        InternetGatewayId,
        DeleteInternetGateway,
        "InternetGatewayId",
        "DependencyViolation",
        "The internetGateway '{}' has dependencies and cannot be deleted."
    ),
    kind!(
        "virtual private gateway",
        VpnGatewayId,
        DeleteVpnGateway,
        "VpnGatewayId",
        "IncorrectState",
        "The VPN gateway is in use."
    ),
];

/// A step that takes away what holds.
type Release = Box<dyn Fn(&Lab)>;

fn release<O: Write<Error = Ec2Error>>(input: Value) -> Release {
    Box::new(move |lab| drop(lab.write::<O>(input.clone())))
}

/// Something held, and how it is let go.
struct Scene {
    held: String,
    release: Vec<Release>,
}

fn scene(held: &str, release: Vec<Release>) -> Scene {
    Scene { held: held.to_owned(), release }
}

/// What is held, what holds it, in which way, and both of them made.
type Case = (&'static str, &'static str, &'static str, fn(&Lab) -> Scene);

fn by(member: &str, id: &str) -> Value {
    json!({ member: id })
}

fn made<O: Write<Error = Ec2Error>>(lab: &Lab, input: Value, path: &str) -> String {
    text(lab.write::<O>(input).pointer(path).unwrap())
}

/// A subnet with something in it, and what takes that away again.
fn interface(lab: &Lab, subnet: &str) -> Vec<Release> {
    let id = lab.interface(subnet, &[]);
    vec![release::<DeleteNetworkInterface>(by("NetworkInterfaceId", &id))]
}

fn instance(lab: &Lab, subnet: &str) -> Vec<Release> {
    let id = text(&lab.instance(subnet, json!({}))["InstanceId"]);
    vec![release::<TerminateInstances>(json!({ "InstanceIds": [id] }))]
}

fn nat_gateway(lab: &Lab, subnet: &str) -> Vec<Release> {
    let input = json!({ "SubnetId": subnet, "ConnectivityType": "private" });
    let id = made::<CreateNatGateway>(lab, input, "/NatGateway/NatGatewayId");
    vec![release::<DeleteNatGateway>(by("NatGatewayId", &id))]
}

fn endpoint(lab: &Lab, vpc: &str, more: Value) -> Vec<Release> {
    let mut input = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.sts", "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": false,
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = made::<CreateVpcEndpoint>(lab, input, "/VpcEndpoint/VpcEndpointId");
    vec![release::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [id] }))]
}

fn transit_attachment(lab: &Lab, vpc: &str, subnet: &str) -> Vec<Release> {
    let gateway = made::<CreateTransitGateway>(lab, json!({}), "/TransitGateway/TransitGatewayId");
    lab.settle(LATER);
    let input = json!({ "TransitGatewayId": gateway, "VpcId": vpc, "SubnetIds": [subnet] });
    let path = "/TransitGatewayVpcAttachment/TransitGatewayAttachmentId";
    let id = made::<CreateTransitGatewayVpcAttachment>(lab, input, path);
    lab.settle(LATER);
    vec![release::<DeleteTransitGatewayVpcAttachment>(by("TransitGatewayAttachmentId", &id))]
}

fn in_subnet(lab: &Lab, what: fn(&Lab, &str) -> Vec<Release>) -> Scene {
    let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
    scene(&subnet, what(lab, &subnet))
}

/// What is in a subnet holds the VPC too; then the subnet goes.
fn in_vpc(lab: &Lab, what: fn(&Lab, &str) -> Vec<Release>) -> Scene {
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let mut releases = what(lab, &subnet);
    releases.push(release::<DeleteSubnet>(by("SubnetId", &subnet)));
    scene(&vpc, releases)
}

fn default_group(lab: &Lab, vpc: &str) -> String {
    lab.state().group_named(VpcId::parse(vpc).unwrap(), "default").unwrap().id.to_string()
}

fn rule(group: &str, of: &str) -> Value {
    json!({
        "GroupId": group, "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": of }] }],
    })
}

fn vpn_attached(lab: &Lab) -> (String, String) {
    let vpc = lab.vpc();
    let id = made::<CreateVpnGateway>(lab, json!({ "Type": "ipsec.1" }), "/VpnGateway/VpnGatewayId");
    lab.write::<AttachVpnGateway>(json!({ "VpnGatewayId": id, "VpcId": vpc }));
    lab.settle(LATER);
    (vpc, id)
}

fn vpn_detach(vpc: &str, id: &str) -> Vec<Release> {
    vec![release::<DetachVpnGateway>(json!({ "VpnGatewayId": id, "VpcId": vpc }))]
}

/// Whatever goes by itself is gone.
const LATER: Duration = Duration::from_secs(600);

const CASES: &[Case] = &[
    ("VPC", "subnet", "", |lab| {
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        scene(&vpc, vec![release::<DeleteSubnet>(by("SubnetId", &subnet))])
    }),
    ("VPC", "network interface", "of one's own", |lab| in_vpc(lab, interface)),
    ("VPC", "network interface", "of an instance", |lab| in_vpc(lab, instance)),
    ("VPC", "network interface", "of a NAT gateway", |lab| in_vpc(lab, nat_gateway)),
    ("VPC", "security group", "", |lab| {
        let vpc = lab.vpc();
        let group = lab.group(&vpc, "g");
        scene(&vpc, vec![release::<DeleteSecurityGroup>(by("GroupId", &group))])
    }),
    ("VPC", "reference to the default security group", "across a peering connection", |lab| {
        let vpc = lab.vpc();
        let peer = made::<CreateVpc>(lab, json!({ "CidrBlock": "10.9.0.0/16" }), "/Vpc/VpcId");
        let ask = json!({ "VpcId": vpc, "PeerVpcId": peer });
        let path = "/VpcPeeringConnection/VpcPeeringConnectionId";
        let peering = made::<CreateVpcPeeringConnection>(lab, ask, path);
        lab.write::<super::super::peering::AcceptVpcPeeringConnection>(by(
            "VpcPeeringConnectionId",
            &peering,
        ));
        let rule = rule(&lab.group(&peer, "g"), &default_group(lab, &vpc));
        lab.write::<AuthorizeSecurityGroupIngress>(rule.clone());
        scene(&vpc, vec![release::<RevokeSecurityGroupIngress>(rule)])
    }),
    ("VPC", "route table", "", |lab| {
        let vpc = lab.vpc();
        let table = lab.route_table(&vpc);
        scene(&vpc, vec![release::<DeleteRouteTable>(by("RouteTableId", &table))])
    }),
    ("VPC", "network ACL", "", |lab| {
        let vpc = lab.vpc();
        let acl = made::<CreateNetworkAcl>(lab, by("VpcId", &vpc), "/NetworkAcl/NetworkAclId");
        scene(&vpc, vec![release::<DeleteNetworkAcl>(by("NetworkAclId", &acl))])
    }),
    ("VPC", "unanswered peering request of another account", "", |lab| {
        let vpc = lab.vpc();
        let other = lab.beside("210987654321", "us-east-1");
        let theirs = made::<CreateVpc>(&other, json!({ "CidrBlock": "10.9.0.0/16" }), "/Vpc/VpcId");
        let ask = json!({ "VpcId": theirs, "PeerVpcId": vpc, "PeerOwnerId": "123456789012" });
        let path = "/VpcPeeringConnection/VpcPeeringConnectionId";
        let id = made::<CreateVpcPeeringConnection>(&other, ask, path);
        scene(&vpc, vec![release::<RejectVpcPeeringConnection>(by("VpcPeeringConnectionId", &id))])
    }),
    ("VPC", "associated security group", "", |lab| {
        let (vpc, other) = (lab.vpc(), lab.vpc());
        let guest = json!({ "GroupId": lab.group(&other, "g"), "VpcId": vpc });
        lab.write::<AssociateSecurityGroupVpc>(guest.clone());
        lab.settle(LATER);
        scene(&vpc, vec![release::<DisassociateSecurityGroupVpc>(guest)])
    }),
    ("VPC", "internet gateway", "", |lab| {
        let vpc = lab.vpc();
        let id = lab.internet_gateway(&vpc);
        let detach = json!({ "InternetGatewayId": id, "VpcId": vpc });
        scene(&vpc, vec![release::<DetachInternetGateway>(detach)])
    }),
    ("VPC", "egress-only internet gateway", "", |lab| {
        let vpc = lab.vpc();
        let path = "/EgressOnlyInternetGateway/EgressOnlyInternetGatewayId";
        let id = made::<CreateEgressOnlyInternetGateway>(lab, by("VpcId", &vpc), path);
        let gone = by("EgressOnlyInternetGatewayId", &id);
        scene(&vpc, vec![release::<DeleteEgressOnlyInternetGateway>(gone)])
    }),
    ("VPC", "transit gateway attachment", "", |lab| {
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let mut releases = transit_attachment(lab, &vpc, &subnet);
        releases.push(release::<DeleteSubnet>(by("SubnetId", &subnet)));
        scene(&vpc, releases)
    }),
    ("VPC", "virtual private gateway", "", |lab| {
        let (vpc, id) = vpn_attached(lab);
        scene(&vpc, vpn_detach(&vpc, &id))
    }),
    ("VPC", "VPC endpoint", "of a gateway", |lab| {
        let vpc = lab.vpc();
        let s3 = json!({ "ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway" });
        let mut input = s3;
        input["PrivateDnsEnabled"] = Value::Null;
        scene(&vpc, endpoint(lab, &vpc, input))
    }),
    ("VPC", "VPC endpoint", "of interfaces", |lab| {
        let vpc = lab.vpc();
        scene(&vpc, endpoint(lab, &vpc, json!({})))
    }),
    ("subnet", "network interface", "of one's own", |lab| in_subnet(lab, interface)),
    ("subnet", "network interface", "of an instance", |lab| in_subnet(lab, instance)),
    ("subnet", "network interface", "of a NAT gateway", |lab| in_subnet(lab, nat_gateway)),
    ("subnet", "network interface", "of an endpoint", |lab| {
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        scene(&subnet, endpoint(lab, &vpc, json!({ "SubnetIds": [subnet] })))
    }),
    ("subnet", "network interface", "of a transit gateway attachment", |lab| {
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        scene(&subnet, transit_attachment(lab, &vpc, &subnet))
    }),
    ("security group", "network interface", "of one's own", |lab| {
        let vpc = lab.vpc();
        let (subnet, group) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.group(&vpc, "g"));
        let id = lab.interface(&subnet, &[&group]);
        scene(&group, vec![release::<DeleteNetworkInterface>(by("NetworkInterfaceId", &id))])
    }),
    ("security group", "network interface", "of an instance", |lab| {
        let vpc = lab.vpc();
        let (subnet, group) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.group(&vpc, "g"));
        let id = text(&lab.instance(&subnet, json!({ "SecurityGroupIds": [group] }))["InstanceId"]);
        scene(&group, vec![release::<TerminateInstances>(json!({ "InstanceIds": [id] }))])
    }),
    ("security group", "rule of another security group", "ingress", |lab| {
        let vpc = lab.vpc();
        let group = lab.group(&vpc, "g");
        let rule = rule(&lab.group(&vpc, "other"), &group);
        lab.write::<AuthorizeSecurityGroupIngress>(rule.clone());
        scene(&group, vec![release::<RevokeSecurityGroupIngress>(rule)])
    }),
    ("security group", "rule of another security group", "egress", |lab| {
        let vpc = lab.vpc();
        let group = lab.group(&vpc, "g");
        let rule = rule(&lab.group(&vpc, "other"), &group);
        lab.write::<AuthorizeSecurityGroupEgress>(rule.clone());
        scene(&group, vec![release::<RevokeSecurityGroupEgress>(rule)])
    }),
    ("security group", "VPC endpoint", "without a subnet", |lab| {
        let vpc = lab.vpc();
        let group = lab.group(&vpc, "g");
        scene(&group, endpoint(lab, &vpc, json!({ "SecurityGroupIds": [group] })))
    }),
    ("security group", "association with another VPC", "", |lab| {
        let (vpc, other) = (lab.vpc(), lab.vpc());
        let group = lab.group(&vpc, "g");
        let guest = json!({ "GroupId": group, "VpcId": other });
        lab.write::<AssociateSecurityGroupVpc>(guest.clone());
        lab.settle(LATER);
        scene(&group, vec![release::<DisassociateSecurityGroupVpc>(guest)])
    }),
    ("network ACL", "association with a subnet", "", |lab| {
        let vpc = lab.vpc();
        lab.subnet(&vpc, "10.0.0.0/24");
        let acl = made::<CreateNetworkAcl>(lab, by("VpcId", &vpc), "/NetworkAcl/NetworkAclId");
        let default = {
            let state = lab.state();
            let of_vpc = |acl: &&std::sync::Arc<crate::model::NetworkAcl>| {
                acl.is_default && acl.vpc.to_string() == vpc
            };
            state.acls.iter().find(of_vpc).unwrap().clone()
        };
        let replace = |from: &str, to: &str| json!({ "AssociationId": from, "NetworkAclId": to });
        let input = replace(&default.associations[0].id.to_string(), &acl);
        let association = made::<ReplaceNetworkAclAssociation>(lab, input, "/NewAssociationId");
        let back = replace(&association, &default.id.to_string());
        scene(&acl, vec![release::<ReplaceNetworkAclAssociation>(back)])
    }),
    ("DHCP options", "VPC", "", |lab| {
        let vpc = lab.vpc();
        let input = json!({ "DhcpConfigurations": [{ "Key": "domain-name", "Values": ["a.test"] }] });
        let id = made::<CreateDhcpOptions>(lab, input, "/DhcpOptions/DhcpOptionsId");
        lab.write::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": id, "VpcId": vpc }));
        let back = json!({ "DhcpOptionsId": "default", "VpcId": vpc });
        scene(&id, vec![release::<AssociateDhcpOptions>(back)])
    }),
    ("route table", "association", "with a subnet", |lab| {
        let vpc = lab.vpc();
        let (subnet, table) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.route_table(&vpc));
        let input = json!({ "RouteTableId": table, "SubnetId": subnet });
        let id = made::<AssociateRouteTable>(lab, input, "/AssociationId");
        scene(&table, vec![release::<DisassociateRouteTable>(by("AssociationId", &id))])
    }),
    ("route table", "association", "with a gateway", |lab| {
        let vpc = lab.vpc();
        let (gateway, table) = (lab.internet_gateway(&vpc), lab.route_table(&vpc));
        let input = json!({ "RouteTableId": table, "GatewayId": gateway });
        let id = made::<AssociateRouteTable>(lab, input, "/AssociationId");
        scene(&table, vec![release::<DisassociateRouteTable>(by("AssociationId", &id))])
    }),
    ("internet gateway", "VPC", "", |lab| {
        let vpc = lab.vpc();
        let id = lab.internet_gateway(&vpc);
        let detach = json!({ "InternetGatewayId": id, "VpcId": vpc });
        scene(&id, vec![release::<DetachInternetGateway>(detach)])
    }),
    ("virtual private gateway", "VPC", "", |lab| {
        let (vpc, id) = vpn_attached(lab);
        scene(&id, vpn_detach(&vpc, &id))
    }),
];

#[test]
fn every_pair_of_the_table_has_a_case() {
    let held = include_str!("../dependency.rs").matches("\nimpl Held for ").count();
    assert_eq!(held, KINDS.len(), "a kind of thing that is held is missing here");
    let pairs = KINDS.iter().flat_map(|kind| (kind.holders)().into_iter().map(|holder| (kind.name, holder)));
    let shown: BTreeSet<_> = CASES.iter().map(|(held, holder, ..)| (*held, *holder)).collect();
    assert_eq!(pairs.collect::<BTreeSet<_>>(), shown);
}

#[test]
fn what_is_held_stays_until_its_holder_is_gone() {
    for (held, holder, how, make) in CASES {
        let what = format!("{held}, held by {holder} {how}");
        let kind = KINDS.iter().find(|kind| kind.name == *held).unwrap();
        let lab = Lab::new();
        let Scene { held, release } = make(&lab);
        assert!((kind.holding)(&lab.state(), &held).contains(holder), "{what}");
        let refused = Refused::from((kind.delete)(&lab, &held).unwrap_err());
        let expected = (kind.code, kind.text.replace("{}", &held), 400);
        assert_eq!((&*refused.code, refused.message, refused.status), expected, "{what}");
        for step in release {
            step(&lab);
            lab.settle(LATER);
        }
        assert_eq!((kind.holding)(&lab.state(), &held), Vec::<&str>::new(), "{what}");
        (kind.delete)(&lab, &held).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!((kind.delete)(&lab, &held).is_err(), "{what}: it is gone");
    }
}
