//! Route tables.

use super::*;
use crate::kernel::{Memo, Row};
use ipnet::IpNet;
use std::fmt;

/// Where packets are that a route is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RouteOrigin {
    /// It came with the table.
    Table,
    /// A user.
    Route,
    /// A virtual private gateway that propagates its routes.
    Propagation,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Route {
    pub destination: Destination,
    pub target: RouteTarget,
    pub origin: RouteOrigin,
    /// The target is there no more, or not attached.
    pub blackhole: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct RouteAssociation {
    pub id: RouteTableAssociationId,
    /// `None`: this table is the main one of its VPC.
    pub subnet: Option<SubnetId>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct RouteTable {
    pub id: RouteTableId,
    pub vpc: VpcId,
    pub routes: Vec<Route>,
    pub associations: Vec<RouteAssociation>,
    pub tags: Tags,
    pub memo: Memo,
}

impl RouteTable {
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.subnet.is_none())
    }
}

/// What route tables can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RouteTableIndex {
    Vpc(VpcId),
    /// An explicit association with this subnet.
    Subnet(SubnetId),
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
        for subnet in self.associations.iter().filter_map(|association| association.subnet) {
            emit(RouteTableIndex::Subnet(subnet));
        }
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
    /// Marks every route to this target: whether it leads nowhere. To be called when a target goes or comes back.
    pub fn mark_routes_to(&mut self, target: RouteTarget, blackhole: bool) {
        self.change_routes_to(target, |table| {
            for route in table.routes.iter_mut().filter(|route| route.target == target) {
                route.blackhole = blackhole;
            }
        });
    }

    /// Removes every route to this target.
    pub fn remove_routes_to(&mut self, target: RouteTarget) {
        self.change_routes_to(target, |table| table.routes.retain(|route| route.target != target));
    }

    fn change_routes_to(&mut self, target: RouteTarget, change: impl Fn(&mut RouteTable)) {
        let tables: Vec<_> =
            self.route_tables.by(&RouteTableIndex::Target(target)).map(|table| table.id).collect();
        for id in tables {
            self.route_tables.update(&id, &change);
        }
    }
}
