//! Route tables.

use super::*;
use crate::kernel::{Memo, Rehome, Row};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Where packets are that a route is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Destination {
    Cidr(IpNet),
    PrefixList(PrefixListId),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Cidr(net) => net.fmt(f),
            Destination::PrefixList(id) => id.fmt(f),
        }
    }
}

/// Where a route sends them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum RouteTarget {
    Local,
    InternetGateway(InternetGatewayId),
    EgressOnlyInternetGateway(EgressOnlyInternetGatewayId),
    NatGateway(NatGatewayId),
    Interface(NetworkInterfaceId),
    Peering(VpcPeeringConnectionId),
    TransitGateway(TransitGatewayId),
    VpnGateway(VpnGatewayId),
    /// A gateway endpoint.
    Endpoint(VpcEndpointId),
}

/// Who made a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum RouteOrigin {
    /// It came with the table: a local route, even if it leads elsewhere by now.
    Table,
    /// A user.
    Route,
    /// A virtual private gateway that propagates its routes.
    Propagation,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Route {
    pub destination: Destination,
    pub target: RouteTarget,
    pub origin: RouteOrigin,
    /// The target is there no more, or not attached.
    pub blackhole: bool,
    /// The instance that the target, an interface, is attached to.
    pub instance: Option<InstanceId>,
}

impl Route {
    /// A route that leads somewhere.
    pub fn new(destination: Destination, target: RouteTarget, origin: RouteOrigin) -> Self {
        Self { destination, target, origin, blackhole: false, instance: None }
    }

    /// The route that every table has for every block of its VPC.
    pub fn local(block: IpNet) -> Self {
        Self::new(Destination::Cidr(block), RouteTarget::Local, RouteOrigin::Table)
    }
}

/// What a route table is associated with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Associate {
    /// The VPC: the table is its main one.
    Main,
    Subnet(SubnetId),
    /// What comes in through the gateway follows the table.
    InternetGateway(InternetGatewayId),
    VpnGateway(VpnGatewayId),
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct RouteAssociation {
    pub id: RouteTableAssociationId,
    pub with: Associate,
}

impl RouteAssociation {
    pub fn subnet(&self) -> Option<SubnetId> {
        match self.with {
            Associate::Subnet(id) => Some(id),
            _ => None,
        }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct RouteTable {
    pub id: RouteTableId,
    pub vpc: VpcId,
    /// No two for the same destination; local ones first.
    pub routes: Vec<Route>,
    pub associations: Vec<RouteAssociation>,
    /// Virtual private gateways that may add the routes they learn.
    pub propagating: Vec<VpnGatewayId>,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl RouteTable {
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.with == Associate::Main)
    }

    /// Whether it is for what comes in through a gateway.
    pub fn is_gateways(&self) -> bool {
        let is_gateway = |with| matches!(with, Associate::InternetGateway(_) | Associate::VpnGateway(_));
        self.associations.iter().any(|association| is_gateway(association.with))
    }

    pub fn route_for(&self, destination: Destination) -> Option<&Route> {
        self.routes.iter().find(|route| route.destination == destination)
    }
}

/// What route tables can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RouteTableIndex {
    Vpc(VpcId),
    /// An explicit association with this subnet.
    Subnet(SubnetId),
    /// An association with this gateway.
    Gateway(Associate),
    Association(RouteTableAssociationId),
    Propagates(VpnGatewayId),
    /// A route to this target.
    Target(RouteTarget),
    /// A route to this prefix list.
    PrefixList(PrefixListId),
}

impl Row for RouteTable {
    type Key = RouteTableId;
    type Index = RouteTableIndex;
    fn key(&self) -> RouteTableId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(RouteTableIndex)) {
        emit(RouteTableIndex::Vpc(self.vpc));
        for association in &self.associations {
            emit(RouteTableIndex::Association(association.id));
            match association.with {
                Associate::Main => {}
                Associate::Subnet(subnet) => emit(RouteTableIndex::Subnet(subnet)),
                gateway => emit(RouteTableIndex::Gateway(gateway)),
            }
        }
        self.propagating.iter().for_each(|id| emit(RouteTableIndex::Propagates(*id)));
        for route in &self.routes {
            if route.target != RouteTarget::Local {
                emit(RouteTableIndex::Target(route.target));
            }
            if let Destination::PrefixList(id) = route.destination {
                emit(RouteTableIndex::PrefixList(id));
            }
        }
    }
}

impl State {
    /// Marks every route to this target as the state of the target says. To be called when the
    /// target begins or ends to lead anywhere.
    pub fn settle_routes_to(&mut self, target: RouteTarget) {
        let instance = self.instance_behind(target);
        let tables = self.route_tables.by(&RouteTableIndex::Target(target));
        let leads: Vec<_> = tables.map(|table| (table.vpc, self.leads(table.vpc, target))).collect();
        self.change_routes_to(target, |vpc, route| {
            if let Some((_, leads)) = leads.iter().find(|(of, _)| *of == vpc) {
                route.blackhole = !leads;
            }
            route.instance = instance;
        });
    }

    /// Removes every route to this target.
    pub fn remove_routes_to(&mut self, target: RouteTarget) {
        self.change_tables(&RouteTableIndex::Target(target), |table| {
            table.routes.retain(|route| route.target != target);
        });
    }

    fn change_routes_to(&mut self, target: RouteTarget, change: impl Fn(VpcId, &mut Route)) {
        self.change_tables(&RouteTableIndex::Target(target), |table| {
            for route in table.routes.iter_mut().filter(|route| route.target == target) {
                change(table.vpc, route);
            }
        });
    }

    fn change_tables(&mut self, index: &RouteTableIndex, change: impl Fn(&mut RouteTable)) {
        let tables: Vec<_> = self.route_tables.by(index).map(|table| table.id).collect();
        for id in tables {
            self.route_tables.update(&id, &change);
        }
    }

    /// Whether a route of this VPC to this target leads anywhere.
    pub fn leads(&self, vpc: VpcId, target: RouteTarget) -> bool {
        match target {
            RouteTarget::Local => true,
            RouteTarget::InternetGateway(id) => {
                self.internet_gateways.get(&id).is_some_and(|gateway| gateway.vpc == Some(vpc))
            }
            RouteTarget::EgressOnlyInternetGateway(id) => {
                self.egress_only_gateways.get(&id).is_some_and(|gateway| gateway.vpc == vpc)
            }
            RouteTarget::VpnGateway(id) => {
                self.vpn_gateways.get(&id).is_some_and(|gateway| gateway.attached_to() == Some(vpc))
            }
            // A route to an interface that nothing uses is a black hole, too.
            RouteTarget::Interface(id) => {
                self.interfaces.get(&id).is_some_and(|interface| interface.attachment.is_some())
            }
            RouteTarget::TransitGateway(id) => {
                let mut attachments = self.transit_attachments.by(&transit::TransitIndex::Vpc(vpc));
                attachments.any(|it| it.gateway == id && it.state == TransitState::Available)
            }
            RouteTarget::Peering(id) => {
                self.peerings.get(&id).is_some_and(|peering| peering.status == PeeringStatus::Active)
            }
            RouteTarget::NatGateway(id) => self.nat_gateways.get(&id).is_some_and(|gateway| {
                !matches!(gateway.state, NatGatewayState::Failed | NatGatewayState::Deleted)
            }),
            RouteTarget::Endpoint(id) => self.vpc_endpoints.contains(&id),
        }
    }

    /// The instance that the target, an interface, is attached to.
    pub fn instance_behind(&self, target: RouteTarget) -> Option<InstanceId> {
        let RouteTarget::Interface(id) = target else { return None };
        match &self.interfaces.get(&id)?.attachment {
            Some(Attachment::Instance { instance, .. }) => Some(*instance),
            _ => None,
        }
    }

    /// Removes a route table and forgets its token.
    pub fn remove_route_table(&mut self, id: RouteTableId) -> Option<Arc<RouteTable>> {
        let table = self.route_tables.remove(&id)?;
        self.forget_token(table.client_token);
        self.forget_route_table(id);
        Some(table)
    }

    /// Ends every association with this gateway, and its propagation: it is there no more, or not attached.
    /// Assumed: the guide does not say what becomes of them.
    pub fn leave_gateway(&mut self, gateway: Associate) {
        self.change_tables(&RouteTableIndex::Gateway(gateway), |table| {
            table.associations.retain(|association| association.with != gateway);
        });
        if let Associate::VpnGateway(id) = gateway {
            self.change_tables(&RouteTableIndex::Propagates(id), |table| {
                table.propagating.retain(|other| *other != id);
            });
        }
    }
}

/// What must hold of route tables.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    let mut explicit = BTreeSet::new();
    for table in state.route_tables.iter() {
        let id = table.id;
        let Some(vpc) = state.vpcs.get(&table.vpc) else {
            broken.push(format!("{id} lies in no VPC"));
            continue;
        };
        let destinations: BTreeSet<_> = table.routes.iter().map(|route| route.destination).collect();
        if destinations.len() != table.routes.len() {
            broken.push(format!("{id} has two routes for one destination"));
        }
        let is_local = |route: &&Route| route.origin == RouteOrigin::Table;
        let local: BTreeSet<_> =
            table.routes.iter().filter(is_local).map(|route| route.destination).collect();
        if local != vpc.blocks().map(Destination::Cidr).collect() {
            broken.push(format!("the local routes of {id} are not those of its VPC's blocks"));
        }
        for route in &table.routes {
            if state.leads(table.vpc, route.target) == route.blackhole {
                broken.push(format!("{id} marks its route for {} wrongly", route.destination));
            }
            if route.instance != state.instance_behind(route.target) {
                broken.push(format!("{id} has a wrong instance for {}", route.destination));
            }
        }
        for association in &table.associations {
            let sound = match association.with {
                Associate::Main => true,
                Associate::Subnet(subnet) => {
                    state.subnets.get(&subnet).is_some_and(|subnet| subnet.vpc == table.vpc)
                }
                Associate::InternetGateway(gateway) => {
                    state.leads(table.vpc, RouteTarget::InternetGateway(gateway))
                }
                Associate::VpnGateway(gateway) => state.leads(table.vpc, RouteTarget::VpnGateway(gateway)),
            };
            let once = association.with == Associate::Main || explicit.insert(association.with);
            if !sound || !once {
                broken.push(format!("{id} is wrongly associated with {:?}", association.with));
            }
        }
        for gateway in &table.propagating {
            if !state.leads(table.vpc, RouteTarget::VpnGateway(*gateway)) {
                broken.push(format!("{id} takes routes from {gateway}, which is not attached"));
            }
        }
    }
    broken
}
