//! Route tables: described, made and deleted.

use super::describe::{Each, Listed, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use super::{client_token, dependency};
use crate::kernel::{AccountId, Memo};
use crate::model::route::RouteTableIndex;
use crate::model::{
    Associate, Destination, EgressOnlyInternetGatewayId, Id, InstanceId, InternetGatewayId, NatGatewayId,
    NetworkInterfaceId, PrefixListId, Route, RouteAssociation, RouteOrigin, RouteTable,
    RouteTableAssociationId, RouteTableId, RouteTarget, Site, State, SubnetId, TransitGatewayId, Txn, Vpc,
    VpcId, VpcPeeringConnectionId, VpnGatewayId,
};
use crate::services::{Caller, Done, Operation, Write};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

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
        RoutingError::RouteTableNotFound(missing).into()
    }

    fn index(name: &str, value: &str) -> Option<RouteTableIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(RouteTableIndex::Vpc),
            "association.subnet-id" => SubnetId::parse(value).map(RouteTableIndex::Subnet),
            "association.route-table-association-id" => {
                RouteTableAssociationId::parse(value).map(RouteTableIndex::Association)
            }
            "association.gateway-id" => gateway(value).map(RouteTableIndex::Gateway),
            "route.nat-gateway-id" => target(value, RouteTarget::NatGateway),
            "route.transit-gateway-id" => target(value, RouteTarget::TransitGateway),
            "route.vpc-peering-connection-id" => target(value, RouteTarget::Peering),
            "route.egress-only-internet-gateway-id" => target(value, RouteTarget::EgressOnlyInternetGateway),
            _ => None,
        }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        let (associations, routes) = (self.associations.iter(), self.routes.iter());
        match name {
            "association.main" => associations.for_each(|it| probe.flag(it.with == Associate::Main)),
            "association.gateway-id" => {
                associations.filter_map(RouteAssociation::gateway).for_each(|id| probe.is(&id));
            }
            "association.route-table-association-id" => associations.for_each(|it| probe.show(it.id)),
            "association.route-table-id" => associations.for_each(|_| probe.show(self.id)),
            "association.subnet-id" => {
                associations.filter_map(|it| it.subnet()).for_each(|id| probe.show(id))
            }
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
            "route.instance-id" => {
                routes.filter_map(|route| route.instance).for_each(|id| probe.show(id));
            }
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        RouteTableView {
            associations: Each(|| {
                self.associations.iter().map(|association| AssociationView {
                    main: association.with == Associate::Main,
                    route_table_association_id: Text(association.id),
                    route_table_id: Text(self.id),
                    subnet_id: association.subnet().map(Text),
                    gateway_id: association.gateway(),
                    association_state: ASSOCIATED,
                })
            }),
            propagating_vgws: Each(|| {
                self.propagating.iter().map(|id| PropagatingVgw { gateway_id: Text(*id) })
            }),
            route_table_id: Text(self.id),
            routes: Each(|| self.routes.iter().map(|route| RouteView::new(route, site))),
            tags: TagSet(&self.tags),
            vpc_id: Text(self.vpc),
            owner_id: Text(site.account),
        }
        .serialize(serializer)
    }
}

/// The gateway with this id, as tables are associated with it; `None` if it is the id of something else.
pub fn gateway(id: &str) -> Option<Associate> {
    let internet = InternetGatewayId::parse(id).map(Associate::InternetGateway);
    internet.or_else(|| VpnGatewayId::parse(id).map(Associate::VpnGateway))
}

fn target<I: Id>(id: &str, target: fn(I) -> RouteTarget) -> Option<RouteTableIndex> {
    I::parse(id).map(target).map(RouteTableIndex::Target)
}

trait EdgeAssociation {
    fn gateway(&self) -> Option<String>;
}

impl EdgeAssociation for RouteAssociation {
    fn gateway(&self) -> Option<String> {
        match self.with {
            Associate::InternetGateway(id) => Some(id.to_string()),
            Associate::VpnGateway(id) => Some(id.to_string()),
            Associate::Main | Associate::Subnet(_) => None,
        }
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
struct RouteTableView<'a, A: Serialize, P: Serialize, R: Serialize> {
    associations: A,
    propagating_vgws: P,
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
    gateway_id: Option<String>,
    association_state: AssociationState,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationState {
    state: &'static str,
}

/// Associations are made and ended at once.
pub const ASSOCIATED: AssociationState = AssociationState { state: "associated" };

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PropagatingVgw {
    gateway_id: Text<VpnGatewayId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RouteView {
    destination_cidr_block: Option<Text<Ipv4Net>>,
    destination_ipv6_cidr_block: Option<Text<Ipv6Net>>,
    destination_prefix_list_id: Option<Text<PrefixListId>>,
    egress_only_internet_gateway_id: Option<Text<EgressOnlyInternetGatewayId>>,
    gateway_id: Option<Text<Gateway>>,
    instance_id: Option<Text<InstanceId>>,
    instance_owner_id: Option<Text<AccountId>>,
    nat_gateway_id: Option<Text<NatGatewayId>>,
    network_interface_id: Option<Text<NetworkInterfaceId>>,
    transit_gateway_id: Option<Text<TransitGatewayId>>,
    vpc_peering_connection_id: Option<Text<VpcPeeringConnectionId>>,
    origin: &'static str,
    state: &'static str,
}

impl RouteView {
    fn new(route: &Route, site: &Site) -> Self {
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
            instance_id: route.instance.map(Text),
            instance_owner_id: route.instance.is_some().then_some(Text(site.account)),
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

// === Create and delete ===

/// Source: VPC user guide, "Create a custom route table"; EC2-RT-LOCAL, EC2-RT-LIMIT, EC2-IDEM.
pub struct CreateRouteTable;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateRouteTableIn {
    tag_specifications: Vec<TagSpecification>,
    client_token: Option<String>,
    vpc_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteTableOut {
    route_table: Listed<RouteTable>,
    client_token: Option<String>,
}

impl Operation for CreateRouteTable {
    const NAME: &'static str = "CreateRouteTable";
    type In = CreateRouteTableIn;
    type Out = CreateRouteTableOut;
    type Error = Ec2Error;
}

impl Write for CreateRouteTable {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreateRouteTableIn) -> Result<Self::Out, Ec2Error> {
        let token = input.client_token.take().filter(|token| !token.is_empty());
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        Ok(CreateRouteTableOut { route_table: Listed::new(&txn.state, row), client_token: token })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateRouteTableIn,
    client_token: Option<u128>,
) -> Result<Arc<RouteTable>, Ec2Error> {
    let state = &txn.state;
    let vpc = find::<Vpc>(state, &input.vpc_id)?.clone();
    let tags = tags::given(state, RouteTable::KIND, input.tag_specifications)?;
    if state.route_tables.count(&RouteTableIndex::Vpc(vpc.id)) >= state.quotas.route_tables_per_vpc {
        return Err(RoutingError::TooManyRouteTables.into());
    }
    let row = RouteTable {
        id: Id::mint(txn),
        vpc: vpc.id,
        routes: vpc.blocks().map(Route::local).collect(),
        associations: Vec::new(),
        propagating: Vec::new(),
        client_token,
        tags,
        memo: Memo::default(),
    };
    Ok(txn.state.route_tables.insert(row))
}

/// Source: VPC user guide, "Delete a route table"; EC2-RT-MAIN.
pub struct DeleteRouteTable;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteRouteTableIn {
    route_table_id: String,
}

impl Operation for DeleteRouteTable {
    const NAME: &'static str = "DeleteRouteTable";
    type In = DeleteRouteTableIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteRouteTable {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteRouteTableIn) -> Result<Done, Ec2Error> {
        let id = find::<RouteTable>(&txn.state, &input.route_table_id)?.id;
        if dependency::is_held(&txn.state, id) {
            return Err(RoutingError::RouteTableInUse(id).into());
        }
        txn.state.remove_route_table(id);
        Ok(Done {})
    }
}
