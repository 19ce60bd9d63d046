//! Route tables.

use super::describe::{Each, Nothing, Resource, Text, stored_in};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::gateway::InVpcIndex;
use crate::model::{
    Id, Route, RouteTable, RouteTableAssociationId, RouteTableId, RouteTarget, Site, State, SubnetId, VpcId,
};
use ipnet::Ipv4Net;
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

    fn index(name: &str, value: &str) -> Option<InVpcIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(InVpcIndex::Vpc),
            "association.subnet-id" => SubnetId::parse(value).map(InVpcIndex::Subnet),
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
            "route.destination-cidr-block" => routes.for_each(|route| probe.show(route.destination)),
            "route.gateway-id" => routes.for_each(|route| probe.show(Gateway(&route.target))),
            "route.origin" => routes.for_each(|route| probe.is(route.origin)),
            "route.state" => routes.for_each(|_| probe.is(ACTIVE)),
            "vpc-id" => probe.show(self.vpc),
            "association.gateway-id"
            | "route.destination-ipv6-cidr-block"
            | "route.destination-prefix-list-id"
            | "route.egress-only-internet-gateway-id"
            | "route.instance-id"
            | "route.nat-gateway-id"
            | "route.transit-gateway-id"
            | "route.vpc-peering-connection-id" => {}
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

/// The state of a route whose target is there.
const ACTIVE: &str = "active";

/// What a route's target goes by as a gateway.
struct Gateway<'a>(&'a RouteTarget);

impl fmt::Display for Gateway<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            RouteTarget::Local => f.write_str("local"),
            RouteTarget::InternetGateway(id) => id.fmt(f),
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
struct RouteView<'a> {
    destination_cidr_block: Text<Ipv4Net>,
    gateway_id: Text<Gateway<'a>>,
    origin: &'static str,
    state: &'static str,
}

impl<'a> RouteView<'a> {
    fn new(route: &'a Route) -> Self {
        Self {
            destination_cidr_block: Text(route.destination),
            gateway_id: Text(Gateway(&route.target)),
            origin: route.origin,
            state: ACTIVE,
        }
    }
}
