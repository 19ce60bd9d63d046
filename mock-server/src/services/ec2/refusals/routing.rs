//! The refusals of route tables and of the gateways that routes lead to.

use super::super::describe::Describe;
use super::super::egress_only_internet_gateway::{
    CreateEgressOnlyInternetGateway, DeleteEgressOnlyInternetGateway,
};
use super::super::harness::{Lab, text};
use super::super::internet_gateway::{
    AttachInternetGateway, CreateInternetGateway, DeleteInternetGateway, DetachInternetGateway,
};
use super::super::network_interface_attach::AttachNetworkInterface;
use super::super::peering::CreateVpcPeeringConnection;
use super::super::route::{CreateRoute, DeleteRoute, ReplaceRoute};
use super::super::route_table::{CreateRouteTable, DeleteRouteTable};
use super::super::route_table_association::{
    AssociateRouteTable, DisassociateRouteTable, EnableVgwRoutePropagation, ReplaceRouteTableAssociation,
};
use super::super::transit_gateway::{CreateTransitGateway, DeleteTransitGateway};
use super::super::transit_gateway_attachment::{
    CreateTransitGatewayVpcAttachment, DeleteTransitGatewayVpcAttachment,
};
use super::super::vpc::CreateVpc;
use super::super::vpc_endpoint_create::{CreateVpcEndpoint, DeleteVpcEndpoints};
use super::super::vpn_gateway::{AttachVpnGateway, CreateVpnGateway, DeleteVpnGateway, DetachVpnGateway};
use super::{Seen, with};
use crate::model::{Id, PublicAddress, Quotas, RouteTableId, TransitGateway, VpnGateway};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const LOST: &str = "0123456789abcdef0";

fn association(lab: &Lab, table: &str) -> String {
    let id = RouteTableId::parse(table).unwrap();
    lab.state().route_tables.get(&id).unwrap().associations[0].id.to_string()
}

fn vpn_gateway(lab: &Lab) -> String {
    text(&lab.write::<CreateVpnGateway>(json!({ "Type": "ipsec.1" }))["VpnGateway"]["VpnGatewayId"])
}

/// The refusals of this topic, in accounts of their own.
pub(super) fn seen() -> BTreeSet<String> {
    let lab = Lab::with("us-east-1", Quotas { vpcs: 9, ..Quotas::default() });
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let mut seen = Seen { lab: &lab, names: quotas() };
    route_tables(&mut seen, &vpc, &subnet);
    routes(&mut seen, &vpc, &subnet);
    gateways(&mut seen, &vpc);
    transit_gateways(&mut seen, &vpc, &subnet);
    seen.names
}

fn route_tables(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let (table, other) = (seen.lab.route_table(vpc), seen.lab.vpc());
    let (elsewhere, main) = (seen.lab.route_table(&other), seen.lab.main_table(vpc));
    let associate = |more: Value| with(json!({ "RouteTableId": table }), more);
    seen.write::<DeleteRouteTable>(
        json!({ "RouteTableId": main }),
        "DependencyViolation",
        &format!("The routeTable '{main}' has dependencies and cannot be deleted."),
    );
    seen.write::<AssociateRouteTable>(
        associate(json!({})),
        "MissingParameter",
        "The request must contain exactly one of subnetId or gatewayId",
    );
    seen.write::<AssociateRouteTable>(
        associate(json!({ "SubnetId": subnet, "GatewayId": "igw-1" })),
        "InvalidParameterCombination",
        "The request must contain exactly one of subnetId or gatewayId",
    );
    seen.value::<AssociateRouteTable>(
        associate(json!({ "GatewayId": format!("nat-{LOST}") })),
        &format!("invalid value for parameter gateway-id: nat-{LOST}"),
    );
    let foreign = seen.lab.subnet(&other, "10.0.1.0/24");
    seen.value::<AssociateRouteTable>(
        associate(json!({ "SubnetId": foreign })),
        &format!("route table {table} and subnet {foreign} belong to different networks"),
    );
    seen.lab.write::<AssociateRouteTable>(associate(json!({ "SubnetId": subnet })));
    seen.write::<AssociateRouteTable>(
        json!({ "RouteTableId": main, "SubnetId": subnet }),
        "Resource.AlreadyAssociated",
        &format!("the specified association for route table {main} conflicts with an existing association"),
    );
    seen.value::<ReplaceRouteTableAssociation>(
        json!({ "AssociationId": association(seen.lab, &table), "RouteTableId": elsewhere }),
        &format!("route table {elsewhere} and route table {table} belong to different networks"),
    );
    seen.write::<DisassociateRouteTable>(
        json!({ "AssociationId": "rtbassoc-1" }),
        "InvalidAssociationID.NotFound",
        "The association ID 'rtbassoc-1' does not exist",
    );
    let association = association(seen.lab, &main);
    seen.value::<DisassociateRouteTable>(
        json!({ "AssociationId": association }),
        &format!("cannot disassociate the main route table association {association}"),
    );
}

fn routes(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let lab = seen.lab;
    let (table, gateway) = (lab.route_table(vpc), lab.internet_gateway(vpc));
    let input = |more: Value| with(json!({ "RouteTableId": table }), more);
    let to = |net: &str, more: Value| with(input(json!({ "DestinationCidrBlock": net })), more);
    let to_gateway = |net: &str| to(net, json!({ "GatewayId": gateway }));
    for (wrong, code) in [
        (json!({ "GatewayId": gateway }), "MissingParameter"),
        (
            json!({ "DestinationCidrBlock": "0.0.0.0/0", "DestinationIpv6CidrBlock": "::/0" }),
            "InvalidParameterCombination",
        ),
    ] {
        seen.write::<CreateRoute>(
            input(wrong),
            code,
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
             destinationPrefixListId",
        );
    }
    for (wrong, code) in [
        (json!({}), "MissingParameter"),
        (json!({ "GatewayId": gateway, "InstanceId": "i-1" }), "InvalidParameterCombination"),
    ] {
        seen.write::<CreateRoute>(
            to("0.0.0.0/0", wrong),
            code,
            "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
             vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, vpcEndpointId or instanceId",
        );
    }
    seen.value::<CreateRoute>(
        to_gateway("1000.1.0.0/20"),
        "Value (1000.1.0.0/20) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.",
    );
    seen.value::<CreateRoute>(
        to_gateway("169.254.169.0/24"),
        "The destination CIDR block 169.254.169.0/24 is reserved and cannot be routed.",
    );
    seen.value::<CreateRoute>(
        to_gateway("10.0.0.0/16"),
        "The destination CIDR block 10.0.0.0/16 is equal to or more specific than one of this VPC's CIDR blocks. \
         This route can target only an interface or an instance.",
    );
    lab.write::<CreateRoute>(to_gateway("0.0.0.0/0"));
    let interface = lab.interface(subnet, &[]);
    let to_interface = |net: &str| to(net, json!({ "NetworkInterfaceId": interface }));
    for net in ["0.0.0.0/0", "10.0.0.0/16"] {
        seen.write::<CreateRoute>(
            to_interface(net),
            "RouteAlreadyExists",
            &format!("The route identified by {net} already exists."),
        );
    }
    seen.value::<CreateRoute>(
        to_interface("10.0.9.0/24"),
        "The destination CIDR block 10.0.9.0/24 is more specific than one of this VPC's CIDR blocks and does not \
         match the CIDR block of a subnet.",
    );
    seen.write::<DeleteRoute>(
        to("10.9.0.0/16", json!({})),
        "InvalidRoute.NotFound",
        &format!("no route with destination-cidr-block 10.9.0.0/16 in route table {table}"),
    );
    seen.value::<DeleteRoute>(
        to("10.0.0.0/16", json!({})),
        &format!("cannot remove local route 10.0.0.0/16 in route table {table}"),
    );
    seen.value::<ReplaceRoute>(
        to_gateway("10.9.0.0/16"),
        "There is no route defined for '10.9.0.0/16' in the route table. Use CreateRoute instead.",
    );
    seen.value::<ReplaceRoute>(
        to("0.0.0.0/0", json!({ "LocalTarget": true })),
        "The route for 0.0.0.0/0 is not a local route and has no local target.",
    );
    targets(seen, vpc, subnet, &table);
    endpoints(seen, vpc, &table);
    edges(seen, vpc, subnet, &gateway);
    lab.write::<DetachInternetGateway>(json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
}

/// A target that is not there, or not this VPC's.
fn targets(seen: &mut Seen<'_>, vpc: &str, subnet: &str, table: &str) {
    let lab = seen.lab;
    let to =
        |more: Value| with(json!({ "RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16" }), more);
    for (member, id, code, message) in [
        ("GatewayId", "igw", "InvalidGatewayID.NotFound", "The gateway ID '{}' does not exist"),
        ("NatGatewayId", "nat", "InvalidNatGatewayID.NotFound", "The natGateway ID '{}' does not exist"),
        (
            "VpcPeeringConnectionId",
            "pcx",
            "InvalidVpcPeeringConnectionID.NotFound",
            "The vpcPeeringConnection ID '{}' does not exist",
        ),
        (
            "TransitGatewayId",
            "tgw",
            "InvalidTransitGatewayID.NotFound",
            "The transitGateway ID '{}' does not exist.",
        ),
        (
            "EgressOnlyInternetGatewayId",
            "eigw",
            "InvalidGatewayID.NotFound",
            "The eigw ID '{}' does not exist",
        ),
        ("InstanceId", "i", "InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
        ("VpcEndpointId", "vpce", "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    ] {
        let id = format!("{id}-{LOST}");
        seen.write::<CreateRoute>(to(json!({ member: id })), code, &message.replace("{}", &id));
    }
    let other = lab.vpc();
    let foreign = lab.interface(&lab.subnet(&other, "10.0.1.0/24"), &[]);
    seen.value::<CreateRoute>(
        to(json!({ "NetworkInterfaceId": foreign })),
        &format!("route table {table} and interface {foreign} belong to different networks"),
    );
    let peer = text(&lab.write::<CreateVpc>(json!({ "CidrBlock": "10.77.0.0/16" }))["Vpc"]["VpcId"]);
    let peering = lab.write::<CreateVpcPeeringConnection>(json!({ "VpcId": other, "PeerVpcId": peer }));
    let peering = text(&peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    seen.value::<CreateRoute>(
        to(json!({ "VpcPeeringConnectionId": peering })),
        &format!("route table {table} and vpc peering connection {peering} belong to different networks"),
    );
    let gateway =
        text(&lab.write::<CreateInternetGateway>(json!({}))["InternetGateway"]["InternetGatewayId"]);
    seen.value::<CreateRoute>(
        to(json!({ "GatewayId": gateway })),
        &format!("route table {table} and network gateway {gateway} belong to different networks"),
    );
    let instance = text(&lab.instance(subnet, json!({}))["InstanceId"]);
    lab.settle(Duration::from_secs(1));
    let second = lab.interface(subnet, &[]);
    lab.write::<AttachNetworkInterface>(
        json!({ "InstanceId": instance, "NetworkInterfaceId": second, "DeviceIndex": 1 }),
    );
    seen.write::<CreateRoute>(
        to(json!({ "InstanceId": instance })),
        "InvalidInstanceID",
        &format!(
            "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the \
             operation instead."
        ),
    );
    let made = lab.write::<CreateEgressOnlyInternetGateway>(json!({ "VpcId": vpc }));
    let egress = text(&made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]);
    seen.value::<CreateRoute>(
        to(json!({ "EgressOnlyInternetGatewayId": egress })),
        "A route to an egress-only internet gateway does not support the destination 10.9.0.0/16.",
    );
    lab.write::<DeleteEgressOnlyInternetGateway>(json!({ "EgressOnlyInternetGatewayId": egress }));
    seen.write::<DeleteEgressOnlyInternetGateway>(
        json!({ "EgressOnlyInternetGatewayId": egress }),
        "InvalidGatewayID.NotFound",
        &format!("The eigw ID '{egress}' does not exist"),
    );
}

/// A route that a gateway endpoint made.
fn endpoints(seen: &mut Seen<'_>, vpc: &str, table: &str) {
    let list = "pl-63a5400a";
    let service = "com.amazonaws.us-east-1.s3";
    let made = seen.lab.write::<CreateVpcEndpoint>(
        json!({ "VpcId": vpc, "ServiceName": service, "RouteTableIds": [table] }),
    );
    let endpoint = text(&made["VpcEndpoint"]["VpcEndpointId"]);
    let input = json!({ "RouteTableId": table, "DestinationPrefixListId": list });
    seen.value::<DeleteRoute>(
        input,
        &format!("cannot change or remove VPC endpoint route {list} in route table {table}"),
    );
    let to = json!({ "RouteTableId": table, "DestinationCidrBlock": "10.9.0.0/16" });
    for member in ["VpcEndpointId", "GatewayId"] {
        seen.write::<CreateRoute>(
            with(to.clone(), json!({ member: endpoint })),
            "RouteNotSupported",
            &format!(
                "Route table contains unsupported route target: {endpoint}. VPC Endpoints of this type cannot be \
                 used as route targets."
            ),
        );
    }
    seen.lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [endpoint] }));
}

/// The table of a gateway.
fn edges(seen: &mut Seen<'_>, vpc: &str, subnet: &str, gateway: &str) {
    let lab = seen.lab;
    let table = lab.route_table(vpc);
    let interface = lab.interface(subnet, &[]);
    let route = |more: Value| {
        let route = json!({ "RouteTableId": table, "NetworkInterfaceId": interface });
        with(route, more)
    };
    let outside = json!({ "DestinationCidrBlock": "0.0.0.0/0" });
    lab.write::<CreateRoute>(route(outside.clone()));
    let associate = json!({ "RouteTableId": table, "GatewayId": gateway });
    seen.value::<AssociateRouteTable>(
        associate.clone(),
        &format!(
            "route table {table} cannot be associated with {gateway}: it has a route that a gateway route table \
             cannot have, or takes routes from a virtual private gateway"
        ),
    );
    lab.write::<DeleteRoute>(with(outside.clone(), json!({ "RouteTableId": table })));
    lab.write::<AssociateRouteTable>(associate);
    seen.value::<CreateRoute>(
        route(outside),
        "Route target is not supported. This route only supports interface and instance targets.",
    );
}

fn gateways(seen: &mut Seen<'_>, vpc: &str) {
    let lab = seen.lab;
    let (gateway, other) = (lab.internet_gateway(vpc), lab.vpc());
    let pair = |gateway: &str, vpc: &str| json!({ "InternetGatewayId": gateway, "VpcId": vpc });
    seen.write::<AttachInternetGateway>(
        pair(&gateway, &other),
        "Resource.AlreadyAssociated",
        &format!("resource {gateway} is already attached to network {vpc}"),
    );
    let loose = text(&lab.write::<CreateInternetGateway>(json!({}))["InternetGateway"]["InternetGatewayId"]);
    seen.value::<AttachInternetGateway>(
        pair(&loose, vpc),
        &format!("Network {vpc} already has an internet gateway attached"),
    );
    seen.write::<DetachInternetGateway>(
        pair(&gateway, "vpc-1"),
        "Gateway.NotAttached",
        &format!("resource {gateway} is not attached to network vpc-1"),
    );
    seen.write::<DeleteInternetGateway>(
        json!({ "InternetGatewayId": gateway }),
        "DependencyViolation",
        &format!("The internetGateway '{gateway}' has dependencies and cannot be deleted."),
    );
    let interface = lab.interface(&lab.subnet(vpc, "10.0.200.0/24"), &[]);
    lab.change(|state| {
        state.interfaces.update(&Id::parse(&interface).unwrap(), |interface| {
            let public = "203.0.113.5".parse().unwrap();
            interface.public.push(PublicAddress { private: interface.addresses[0], public, elastic: None });
        });
    });
    seen.write::<DetachInternetGateway>(
        pair(&gateway, vpc),
        "DependencyViolation",
        &format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before \
             detaching the gateway."
        ),
    );
    vpn_gateways(seen, vpc, &other);
}

fn vpn_gateways(seen: &mut Seen<'_>, vpc: &str, other: &str) {
    let lab = seen.lab;
    seen.read::<Describe<VpnGateway>>(
        json!({ "VpnGatewayIds": ["vgw-1"] }),
        "InvalidVpnGatewayID.NotFound",
        "The vpnGateway ID 'vgw-1' does not exist",
    );
    seen.value::<CreateVpnGateway>(
        json!({ "Type": "ipsec.1", "AmazonSideAsn": 7 }),
        "Value (7) for parameter amazonSideAsn is invalid. Expecting 64512 to 65534 or 4200000000 to 4294967294.",
    );
    let (first, second) = (vpn_gateway(lab), vpn_gateway(lab));
    let pair = |gateway: &str, vpc: &str| json!({ "VpnGatewayId": gateway, "VpcId": vpc });
    let table = lab.route_table(vpc);
    let propagate = json!({ "RouteTableId": table, "GatewayId": first });
    lab.write::<AttachVpnGateway>(pair(&first, vpc));
    seen.write::<EnableVgwRoutePropagation>(
        propagate.clone(),
        "Gateway.NotAttached",
        &format!("resource {first} is not attached to network {vpc}"),
    );
    lab.settle(Duration::from_secs(1));
    lab.write::<EnableVgwRoutePropagation>(propagate);
    seen.write::<AttachVpnGateway>(
        pair(&first, other),
        "VpnGatewayAttachmentLimitExceeded",
        "The maximum number of virtual private gateway attachments has been reached.",
    );
    seen.write::<AttachVpnGateway>(
        pair(&second, vpc),
        "InvalidVpcState",
        &format!("The vpc '{vpc}' already has the virtual private gateway {first} attached."),
    );
    seen.write::<DetachVpnGateway>(
        pair(&second, vpc),
        "InvalidVpnGatewayAttachment.NotFound",
        &format!("The attachment with vpn gateway ID '{second}' and vpc ID '{vpc}' does not exist"),
    );
    seen.write::<DeleteVpnGateway>(
        json!({ "VpnGatewayId": first }),
        "IncorrectState",
        "The VPN gateway is in use.",
    );
}

/// The refusals of an account that may have one of each thing.
fn quotas() -> BTreeSet<String> {
    let lab = Lab::with(
        "us-east-1",
        Quotas {
            route_tables_per_vpc: 1,
            routes_per_table: 1,
            internet_gateways: 2,
            egress_only_gateways: 0,
            vpn_gateways: 0,
            transit_gateways: 0,
            ..Quotas::default()
        },
    );
    let vpc = lab.vpc();
    let (gateway, table) = (lab.internet_gateway(&vpc), lab.main_table(&vpc));
    let route =
        |net: &str| json!({ "RouteTableId": table, "DestinationCidrBlock": net, "GatewayId": gateway });
    lab.write::<CreateRoute>(route("0.0.0.0/0"));
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<CreateRouteTable>(
        json!({ "VpcId": vpc }),
        "RouteTableLimitExceeded",
        "The maximum number of route tables has been reached.",
    );
    seen.write::<CreateRoute>(
        route("10.9.0.0/16"),
        "RouteLimitExceeded",
        "The maximum number of routes has been reached.",
    );
    seen.write::<CreateInternetGateway>(
        json!({}),
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
    );
    seen.write::<CreateEgressOnlyInternetGateway>(
        json!({ "VpcId": vpc }),
        "EgressOnlyInternetGatewayLimitExceeded",
        "The maximum number of egress-only internet gateways has been reached.",
    );
    seen.write::<CreateVpnGateway>(
        json!({ "Type": "ipsec.1" }),
        "VpnGatewayLimitExceeded",
        "The maximum number of virtual private gateways has been reached.",
    );
    seen.write::<CreateTransitGateway>(
        json!({}),
        "TransitGatewayLimitExceeded",
        "The maximum number of transit gateways has been reached.",
    );
    seen.names
}

fn transit_gateways(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let lab = seen.lab;
    let lost = format!("tgw-{LOST}");
    seen.read::<Describe<TransitGateway>>(
        json!({ "TransitGatewayIds": [lost] }),
        "InvalidTransitGatewayID.NotFound",
        &format!("Transit Gateway {lost} was deleted or does not exist."),
    );
    seen.write::<DeleteTransitGatewayVpcAttachment>(
        json!({ "TransitGatewayAttachmentId": "tgw-attach-1" }),
        "InvalidTransitGatewayAttachmentID.NotFound",
        "Transit Gateway Attachment tgw-attach-1 was deleted or does not exist.",
    );
    let (gateway, attachment) = super::super::transit_gateway_attachment::tests::attached(lab, vpc, subnet);
    let attach = |gateway: &str, vpc: &str, subnets: &[&str]| json!({ "TransitGatewayId": gateway, "VpcId": vpc, "SubnetIds": subnets });
    seen.write::<CreateTransitGatewayVpcAttachment>(
        attach(&gateway, vpc, &[subnet]),
        "DuplicateTransitGatewayAttachment",
        &format!("{gateway} has non-deleted Transit Gateway Attachments with same VPC ID."),
    );
    let other = lab.vpc();
    seen.value::<CreateTransitGatewayVpcAttachment>(
        attach(&gateway, &other, &[subnet]),
        &format!("subnet {subnet} does not belong to vpc {other}"),
    );
    seen.write::<CreateTransitGatewayVpcAttachment>(
        attach(&gateway, vpc, &[subnet, subnet]),
        "DuplicateSubnetsInSameZone",
        "Duplicate Subnets for same AZ",
    );
    seen.write::<DeleteTransitGateway>(
        json!({ "TransitGatewayId": gateway }),
        "IncorrectState",
        &format!("{gateway} has non-deleted Transit Gateway Attachments: {attachment}."),
    );
    super::transit_tables::transit_tables(seen, &gateway, &attachment);
    let made = lab.write::<CreateTransitGateway>(json!({}));
    let pending = text(&made["TransitGateway"]["TransitGatewayId"]);
    seen.write::<CreateTransitGatewayVpcAttachment>(
        attach(&pending, vpc, &[subnet]),
        "IncorrectState",
        &format!("{pending} is in invalid state"),
    );
}
