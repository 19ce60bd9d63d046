//! Route tables.

use super::describe::{Each, Nothing, Resource, Text, stored_in};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::route::RouteTableIndex;
use crate::model::{
    Destination, EgressOnlyInternetGatewayId, Id, NatGatewayId, NetworkInterfaceId, PrefixListId, Route,
    RouteOrigin, RouteTable, RouteTableAssociationId, RouteTableId, RouteTarget, Site, State, SubnetId,
    TransitGatewayId, VpcId, VpcPeeringConnectionId,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Serialize, Serializer};
use std::fmt;

impl Resource for RouteTable {
    const DESCRIBE: &'static str = "DescribeRouteTables";
    const LIST: &'static str = "RouteTables";
    const IDS: &'static str = "routeTableIds";
    const KIND: &'static str = "route-table";
    const MOST: usize = 100;
    const ID_FILTER: &'static str = "route-table-id";
    const FILTERS: &'static [&'static str] = &[
        "association.gateway-id",
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.destination-ipv6-cidr-block",
        "route.destination-prefix-list-id",
        "route.egress-only-internet-gateway-id",
        "route.gateway-id",
        "route.instance-id",
        "route.nat-gateway-id",
        "route.origin",
        "route.state",
        "route.transit-gateway-id",
        "route.vpc-peering-connection-id",
        "tag",
        "tag-key",
        "vpc-id",
    ];

    stored_in!(route_tables);

    fn not_found(missing: Missing) -> Ec2Error {
        Ec2Error::RouteTableNotFound(missing)
    }

    fn index(name: &str, value: &str) -> Option<RouteTableIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(RouteTableIndex::Vpc),
            "association.subnet-id" => SubnetId::parse(value).map(RouteTableIndex::Subnet),
            _ => None,
        }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        let (associations, routes) = (self.associations.iter(), self.routes.iter());
        match name {
            "association.main" => associations.for_each(|it| probe.flag(it.subnet.is_none())),
            "association.route-table-association-id" => associations.for_each(|it| probe.show(it.id)),
            "association.route-table-id" => associations.for_each(|_| probe.show(self.id)),
            "association.subnet-id" => associations.filter_map(|it| it.subnet).for_each(|id| probe.show(id)),
            "owner-id" => probe.show(state.site.account),
            "route-table-id" => probe.show(self.id),
            "route.destination-cidr-block" => {
                routes.filter_map(|route| v4(route.destination)).for_each(|net| probe.show(net));
            }
            "route.destination-ipv6-cidr-block" => {
                routes.filter_map(|route| v6(route.destination)).for_each(|net| probe.show(net));
            }
            "route.destination-prefix-list-id" => {
                routes.filter_map(|route| prefix_list(route.destination)).for_each(|id| probe.show(id));
            }
            "route.gateway-id" => {
                routes.filter_map(|route| Gateway::of(route.target)).for_each(|id| probe.show(id));
            }
            "route.egress-only-internet-gateway-id" => routes.for_each(|route| {
                if let RouteTarget::EgressOnlyInternetGateway(id) = route.target {
                    probe.show(id);
                }
            }),
            "route.nat-gateway-id" => routes.for_each(|route| {
                if let RouteTarget::NatGateway(id) = route.target {
                    probe.show(id);
                }
            }),
            "route.transit-gateway-id" => routes.for_each(|route| {
                if let RouteTarget::TransitGateway(id) = route.target {
                    probe.show(id);
                }
            }),
            "route.vpc-peering-connection-id" => routes.for_each(|route| {
                if let RouteTarget::Peering(id) = route.target {
                    probe.show(id);
                }
            }),
            "route.origin" => routes.for_each(|route| probe.is(origin(route.origin))),
            "route.state" => routes.for_each(|route| probe.is(state_of(route))),
            "vpc-id" => probe.show(self.vpc),
            "association.gateway-id" | "route.instance-id" => {}
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        RouteTableView {
            associations: Each(|| {
                self.associations.iter().map(|association| AssociationView {
                    main: association.subnet.is_none(),
                    route_table_association_id: Text(association.id),
                    route_table_id: Text(self.id),
                    subnet_id: association.subnet.map(Text),
                    association_state: AssociationState { state: "associated" },
                })
            }),
            propagating_vgws: &[],
            route_table_id: Text(self.id),
            routes: Each(|| self.routes.iter().map(RouteView::new)),
            tags: TagSet(&self.tags),
            vpc_id: Text(self.vpc),
            owner_id: Text(site.account),
        }
        .serialize(serializer)
    }
}

fn state_of(route: &Route) -> &'static str {
    if route.blackhole { "blackhole" } else { "active" }
}

fn origin(origin: RouteOrigin) -> &'static str {
    match origin {
        RouteOrigin::Table => "CreateRouteTable",
        RouteOrigin::Route => "CreateRoute",
        RouteOrigin::Propagation => "EnableVgwRoutePropagation",
    }
}

/// What a target goes by in the member `GatewayId`; other targets have members of their own.
struct Gateway(RouteTarget);

impl Gateway {
    fn of(target: RouteTarget) -> Option<Self> {
        match target {
            RouteTarget::Local
            | RouteTarget::InternetGateway(_)
            | RouteTarget::VpnGateway(_)
            | RouteTarget::Endpoint(_) => Some(Self(target)),
            _ => None,
        }
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RouteTarget::InternetGateway(id) => id.fmt(f),
            RouteTarget::VpnGateway(id) => id.fmt(f),
            RouteTarget::Endpoint(id) => id.fmt(f),
            _ => f.write_str("local"),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RouteTableView<'a, A: Serialize, R: Serialize> {
    associations: A,
    propagating_vgws: Nothing,
    route_table_id: Text<RouteTableId>,
    routes: R,
    tags: TagSet<'a>,
    vpc_id: Text<VpcId>,
    owner_id: Text<AccountId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationView {
    main: bool,
    route_table_association_id: Text<RouteTableAssociationId>,
    route_table_id: Text<RouteTableId>,
    subnet_id: Option<Text<SubnetId>>,
    association_state: AssociationState,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationState {
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RouteView {
    destination_cidr_block: Option<Text<Ipv4Net>>,
    destination_ipv6_cidr_block: Option<Text<Ipv6Net>>,
    destination_prefix_list_id: Option<Text<PrefixListId>>,
    egress_only_internet_gateway_id: Option<Text<EgressOnlyInternetGatewayId>>,
    gateway_id: Option<Text<Gateway>>,
    nat_gateway_id: Option<Text<NatGatewayId>>,
    network_interface_id: Option<Text<NetworkInterfaceId>>,
    transit_gateway_id: Option<Text<TransitGatewayId>>,
    vpc_peering_connection_id: Option<Text<VpcPeeringConnectionId>>,
    origin: &'static str,
    state: &'static str,
}

impl RouteView {
    fn new(route: &Route) -> Self {
        let (destination, target) = (route.destination, route.target);
        Self {
            destination_cidr_block: v4(destination).map(Text),
            destination_ipv6_cidr_block: v6(destination).map(Text),
            destination_prefix_list_id: prefix_list(destination).map(Text),
            egress_only_internet_gateway_id: match target {
                RouteTarget::EgressOnlyInternetGateway(id) => Some(Text(id)),
                _ => None,
            },
            gateway_id: Gateway::of(target).map(Text),
            nat_gateway_id: match target {
                RouteTarget::NatGateway(id) => Some(Text(id)),
                _ => None,
            },
            network_interface_id: match target {
                RouteTarget::Interface(id) => Some(Text(id)),
                _ => None,
            },
            transit_gateway_id: match target {
                RouteTarget::TransitGateway(id) => Some(Text(id)),
                _ => None,
            },
            vpc_peering_connection_id: match target {
                RouteTarget::Peering(id) => Some(Text(id)),
                _ => None,
            },
            origin: origin(route.origin),
            state: state_of(route),
        }
    }
}

fn v4(destination: Destination) -> Option<Ipv4Net> {
    match destination {
        Destination::Cidr(IpNet::V4(net)) => Some(net),
        _ => None,
    }
}

fn v6(destination: Destination) -> Option<Ipv6Net> {
    match destination {
        Destination::Cidr(IpNet::V6(net)) => Some(net),
        _ => None,
    }
}

fn prefix_list(destination: Destination) -> Option<PrefixListId> {
    match destination {
        Destination::PrefixList(id) => Some(id),
        Destination::Cidr(_) => None,
    }
}
