//! A network with one of everything can be taken down in any order: what is still used refuses to go, nothing dangles,
//! and in the end all of it is gone.

use super::super::address::{AllocateAddress, ReleaseAddress};
use super::super::address_association::{AssociateAddress, DisassociateAddress};
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
use super::super::peering::{
    AcceptVpcPeeringConnection, CreateVpcPeeringConnection, DeleteVpcPeeringConnection,
};
use super::super::prefix_list_change::{CreateManagedPrefixList, DeleteManagedPrefixList};
use super::super::route::CreateRoute;
use super::super::route_table::DeleteRouteTable;
use super::super::route_table_association::{AssociateRouteTable, DisassociateRouteTable};
use super::super::security_group::DeleteSecurityGroup;
use super::super::security_group_rule_change::{AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress};
use super::super::subnet::DeleteSubnet;
use super::super::subnet_reservation::CreateSubnetCidrReservation;
use super::super::transit_gateway::{CreateTransitGateway, DeleteTransitGateway};
use super::super::transit_gateway_attachment::{
    CreateTransitGatewayVpcAttachment, DeleteTransitGatewayVpcAttachment,
};
use super::super::vpc::{CreateVpc, DeleteVpc, ModifyVpcAttribute};
use super::super::vpc_endpoint_create::{CreateVpcEndpoint, DeleteVpcEndpoints};
use super::super::vpn_gateway::{AttachVpnGateway, CreateVpnGateway, DeleteVpnGateway, DetachVpnGateway};
use crate::model::{Quotas, State};
use crate::services::Write;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A call that takes something down: its name, and whether it worked.
type Removal = (&'static str, Box<dyn Fn(&Lab) -> Result<(), String>>);

fn removal<O: Write>(input: Value) -> Removal {
    let run = move |lab: &Lab| {
        let answer = lab.write_any::<O>(input.clone(), true);
        answer.map(drop).map_err(|refused| refused.code.into_owned())
    };
    (O::NAME, Box::new(run))
}

/// Everything that can hold something or be held, each in use by another.
fn furnish(lab: &Lab) -> Vec<Removal> {
    let vpc = lab.vpc();
    let dns = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } });
    lab.write::<ModifyVpcAttribute>(dns);
    let peer = text(&lab.write::<CreateVpc>(json!({ "CidrBlock": "10.9.0.0/16" }))["Vpc"]["VpcId"]);
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let (other, _) = lab.subnet_with_ipv6(&vpc, "10.0.1.0/24");
    let reserve = json!({ "SubnetId": other, "ReservationType": "explicit", "Cidr": "10.0.1.128/28" });
    lab.write::<CreateSubnetCidrReservation>(reserve);
    let (group, referred) = (lab.group(&vpc, "web"), lab.group(&vpc, "jobs"));
    let list = json!({ "PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 2 });
    let list = text(&lab.write::<CreateManagedPrefixList>(list)["PrefixList"]["PrefixListId"]);
    let rules = json!({
        "GroupId": group,
        "IpPermissions": [{
            "IpProtocol": "-1",
            "UserIdGroupPairs": [{ "GroupId": referred }],
            "PrefixListIds": [{ "PrefixListId": list }],
        }],
    });
    lab.write::<AuthorizeSecurityGroupIngress>(rules.clone());
    let interface = lab.interface(&subnet, &[&group]);
    let instance = text(&lab.instance(&other, json!({ "SecurityGroupIds": [referred] }))["InstanceId"]);
    let gateway = lab.internet_gateway(&vpc);
    let address = text(&lab.write::<AllocateAddress>(json!({}))["AllocationId"]);
    let associated = json!({ "AllocationId": address, "NetworkInterfaceId": interface });
    let association = text(&lab.write::<AssociateAddress>(associated)["AssociationId"]);
    let second = text(&lab.write::<AllocateAddress>(json!({}))["AllocationId"]);
    let nat = json!({ "SubnetId": subnet, "AllocationId": second });
    let nat = text(&lab.write::<CreateNatGateway>(nat)["NatGateway"]["NatGatewayId"]);
    let egress = lab.write::<CreateEgressOnlyInternetGateway>(json!({ "VpcId": vpc }));
    let egress = text(&egress["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]);
    let vpn = lab.write::<CreateVpnGateway>(json!({ "Type": "ipsec.1" }));
    let vpn = text(&vpn["VpnGateway"]["VpnGatewayId"]);
    lab.write::<AttachVpnGateway>(json!({ "VpnGatewayId": vpn, "VpcId": vpc }));
    let peering = lab.write::<CreateVpcPeeringConnection>(json!({ "VpcId": vpc, "PeerVpcId": peer }));
    let peering = text(&peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    lab.write::<AcceptVpcPeeringConnection>(json!({ "VpcPeeringConnectionId": peering }));
    let transit = lab.write::<CreateTransitGateway>(json!({}));
    let transit = text(&transit["TransitGateway"]["TransitGatewayId"]);
    lab.settle(Duration::from_secs(600));
    let attach = json!({ "TransitGatewayId": transit, "VpcId": vpc, "SubnetIds": [subnet] });
    let attachment = lab.write::<CreateTransitGatewayVpcAttachment>(attach);
    let attachment = text(&attachment["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]);
    lab.settle(Duration::from_secs(600));
    let table = lab.route_table(&vpc);
    let associate = json!({ "RouteTableId": table, "SubnetId": subnet });
    let routed = text(&lab.write::<AssociateRouteTable>(associate)["AssociationId"]);
    for (to, member, target) in [
        ("0.0.0.0/0", "NatGatewayId", &nat),
        ("10.9.0.0/16", "VpcPeeringConnectionId", &peering),
        ("10.8.0.0/16", "NetworkInterfaceId", &interface),
        ("10.7.0.0/16", "TransitGatewayId", &transit),
        ("10.6.0.0/16", "GatewayId", &vpn),
        ("10.5.0.0/16", "GatewayId", &gateway),
    ] {
        let route = json!({ "RouteTableId": table, "DestinationCidrBlock": to, member: target });
        lab.write::<CreateRoute>(route);
    }
    let route = json!({
        "RouteTableId": table, "DestinationPrefixListId": list, "GatewayId": gateway,
    });
    lab.write::<CreateRoute>(route);
    let acl = text(&lab.write::<CreateNetworkAcl>(json!({ "VpcId": vpc }))["NetworkAcl"]["NetworkAclId"]);
    let of_subnet = {
        let state = lab.state();
        let mut all = state.acls.iter().flat_map(|acl| &acl.associations);
        all.find(|one| one.subnet.to_string() == other).unwrap().id.to_string()
    };
    lab.write::<ReplaceNetworkAclAssociation>(json!({ "AssociationId": of_subnet, "NetworkAclId": acl }));
    let options = json!({ "DhcpConfigurations": [{ "Key": "domain-name", "Values": ["a.test"] }] });
    let options = text(&lab.write::<CreateDhcpOptions>(options)["DhcpOptions"]["DhcpOptionsId"]);
    lab.write::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": options, "VpcId": vpc }));
    let s3 = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table],
    });
    let s3 = text(&lab.write::<CreateVpcEndpoint>(s3)["VpcEndpoint"]["VpcEndpointId"]);
    let api = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.sagemaker.api", "VpcEndpointType": "Interface",
        "SubnetIds": [subnet], "SecurityGroupIds": [group],
    });
    let api = text(&lab.write::<CreateVpcEndpoint>(api)["VpcEndpoint"]["VpcEndpointId"]);
    lab.flow_log("VPC", &vpc, "records");
    lab.settle(Duration::from_secs(600));

    let by = |member: &str, id: &String| json!({ member: id });
    vec![
        removal::<DeleteVpc>(by("VpcId", &vpc)),
        removal::<DeleteVpc>(by("VpcId", &peer)),
        removal::<DeleteSubnet>(by("SubnetId", &subnet)),
        removal::<DeleteSubnet>(by("SubnetId", &other)),
        removal::<DeleteSecurityGroup>(by("GroupId", &group)),
        removal::<DeleteSecurityGroup>(by("GroupId", &referred)),
        removal::<RevokeSecurityGroupIngress>(rules),
        removal::<DeleteManagedPrefixList>(by("PrefixListId", &list)),
        removal::<DeleteNetworkInterface>(by("NetworkInterfaceId", &interface)),
        removal::<TerminateInstances>(json!({ "InstanceIds": [instance] })),
        removal::<DetachInternetGateway>(json!({ "InternetGatewayId": gateway, "VpcId": vpc })),
        removal::<DeleteInternetGateway>(by("InternetGatewayId", &gateway)),
        removal::<DisassociateAddress>(by("AssociationId", &association)),
        removal::<ReleaseAddress>(by("AllocationId", &address)),
        removal::<ReleaseAddress>(by("AllocationId", &second)),
        removal::<DeleteNatGateway>(by("NatGatewayId", &nat)),
        removal::<DeleteEgressOnlyInternetGateway>(by("EgressOnlyInternetGatewayId", &egress)),
        removal::<DetachVpnGateway>(json!({ "VpnGatewayId": vpn, "VpcId": vpc })),
        removal::<DeleteVpnGateway>(by("VpnGatewayId", &vpn)),
        removal::<DeleteVpcPeeringConnection>(by("VpcPeeringConnectionId", &peering)),
        removal::<DeleteTransitGatewayVpcAttachment>(by("TransitGatewayAttachmentId", &attachment)),
        removal::<DeleteTransitGateway>(by("TransitGatewayId", &transit)),
        removal::<DisassociateRouteTable>(by("AssociationId", &routed)),
        removal::<DeleteRouteTable>(by("RouteTableId", &table)),
        removal::<DeleteNetworkAcl>(by("NetworkAclId", &acl)),
        removal::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": "default", "VpcId": vpc })),
        removal::<DeleteDhcpOptions>(by("DhcpOptionsId", &options)),
        removal::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [s3] })),
        removal::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [api] })),
    ]
}

/// How many of each thing there are.
fn counts(state: &State) -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("VPCs", state.vpcs.len()),
        ("subnets", state.subnets.len()),
        ("groups", state.groups.len()),
        ("interfaces", state.interfaces.len()),
        ("route tables", state.route_tables.len()),
        ("ACLs", state.acls.len()),
        ("internet gateways", state.internet_gateways.len()),
        ("egress-only gateways", state.egress_only_gateways.len()),
        ("virtual private gateways", state.vpn_gateways.len()),
        ("transit gateways", state.transit_gateways.len()),
        ("transit attachments", state.transit_attachments.len()),
        ("NAT gateways", state.nat_gateways.len()),
        ("addresses", state.elastic_addresses.len()),
        ("endpoints", state.vpc_endpoints.len()),
        ("peerings", state.peerings.len()),
        ("prefix lists", state.prefix_lists.len()),
        ("DHCP options", state.dhcp_options.len()),
        ("flow logs", state.flow_logs.len()),
        ("instances", state.instances.len()),
        ("reservations", state.reservations.len()),
        ("timers", state.timers.len()),
    ])
}

/// The next number of a simple generator: orders have to be the same in every run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

/// So many orders by default; `MOCKPLANE_ORDERS=10000` tries more.
const ORDERS: u64 = 100;

#[test]
fn a_network_goes_in_any_order() {
    let lab = Lab::with("us-east-1", Quotas { vpcs: 9, ..Quotas::default() });
    let empty = counts(&lab.state());
    let removals = furnish(&lab);
    let full = State::clone(&lab.state());
    let orders = std::env::var("MOCKPLANE_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(ORDERS);
    let mut codes = BTreeSet::new();
    for order in 0..orders {
        lab.change(|state| *state = full.clone());
        let mut seed = order;
        let mut left: Vec<_> = (0..removals.len()).collect();
        for round in 0.. {
            assert!(round < 40, "order {order}: left are {:?}", names(&removals, &left));
            for n in (1..left.len()).rev() {
                left.swap(n, next(&mut seed) % (n + 1));
            }
            left.retain(|n| match removals[*n].1(&lab) {
                // It fails later if the list is in use.
                Ok(()) => removals[*n].0 == "DeleteManagedPrefixList",
                Err(code) => {
                    // Something else may have taken it along.
                    let over = ["Gateway.NotAttached", "InvalidStateTransition"];
                    let gone = code.contains("NotFound") || over.contains(&&*code);
                    codes.insert((removals[*n].0, code));
                    !gone
                }
            });
            assert_eq!(lab.state().broken_invariants(), Vec::<String>::new(), "order {order}");
            // Whatever goes by itself goes before the next round.
            lab.settle(Duration::from_secs(1_000));
            if left.is_empty() {
                break;
            }
        }
        // What is over is shown for two days at most.
        lab.settle(Duration::from_secs(3 * 24 * 3_600));
        assert_eq!(counts(&lab.state()), empty, "order {order}");
    }
    let held = codes.iter().filter(|(_, code)| code == "DependencyViolation").count();
    assert!(held >= 8, "{codes:?}");
}

fn names(removals: &[Removal], left: &[usize]) -> Vec<&'static str> {
    left.iter().map(|n| removals[*n].0).collect()
}
