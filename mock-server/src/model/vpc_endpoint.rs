//! VPC endpoints: ways from a VPC to a service that do not leave AWS's network.
//!
//! A gateway endpoint is nothing but routes, which the endpoint manages. An interface endpoint is nothing but
//! interfaces, and names that lead to them.

use super::endpoint_service::{LOWER, UPPER, hosted_zone, letters};
use super::interface::InterfaceIndex;
use super::route::RouteTableIndex;
use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum VpcEndpointState {
    /// Interfaces are there, names are not yet.
    Creating,
    Available,
    /// A change is under way, and no other is taken.
    Modifying,
    /// It serves no more; its interfaces are still there.
    Deleting,
}

/// Where an interface endpoint is in a subnet: at most once in each zone.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct EndpointPlacement {
    pub subnet: SubnetId,
    pub zone: Zone,
    pub interface: NetworkInterfaceId,
}

#[derive(Clone, Debug, Rehome)]
pub struct VpcEndpoint {
    pub id: VpcEndpointId,
    pub vpc: VpcId,
    pub service: &'static EndpointService,
    pub state: VpcEndpointState,
    /// A declared fault, by its id, because of which it is out of order.
    pub outage: Option<Arc<str>>,
    /// As the user wrote it; `None` stands for the one that allows everything.
    pub policy: Option<PolicyDocument>,
    /// The tables with a route to it. Each such route is there as long as the table stands here.
    pub route_tables: Vec<RouteTableId>,
    pub placements: Vec<EndpointPlacement>,
    /// What each of its interfaces carries.
    pub groups: Vec<GroupRef>,
    /// Whether the service's own names lead to it.
    pub private_dns: bool,
    /// Whether they do so only for inbound resolver endpoints, so not for the VPC itself; `None` where that cannot
    /// be asked for.
    pub inbound_only: Option<bool>,
    /// `None` where the type of endpoint has none and nobody asked.
    pub ip_address_type: Option<&'static str>,
    pub dns_record_ip_type: Option<&'static str>,
    pub created: SimTime,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl VpcEndpoint {
    pub fn kind(&self) -> EndpointType {
        self.service.kind
    }

    /// Whether it takes traffic.
    pub fn serves(&self) -> bool {
        self.is_there() && self.outage.is_none()
    }

    /// Whether names and routes lead to it, though it may be out of order.
    pub fn is_there(&self) -> bool {
        matches!(self.state, VpcEndpointState::Available | VpcEndpointState::Modifying)
    }

    /// Whether the service's own names lead to it from within its VPC.
    pub fn is_named_in_vpc(&self) -> bool {
        self.is_there() && self.private_dns && self.inbound_only != Some(true)
    }

    /// The names that lead to it, each with its hosted zone: of the region, of each zone, and those of the service.
    pub fn dns_entries(&self, region: &str) -> Vec<(String, String)> {
        let Some(base) = self.service.base_names.last().filter(|_| self.kind() == EndpointType::Interface)
        else {
            return Vec::new();
        };
        let id = self.id.to_string();
        let own = format!("{id}-{}", letters(&["endpoint", &id], 8, LOWER));
        let star = if self.service.wildcard { "*." } else { "" };
        let zone = hosted_zone(region);
        let mut entries = vec![(format!("{star}{own}.{base}"), zone.clone())];
        let zonal = |at: &EndpointPlacement| (format!("{star}{own}-{}.{base}", at.zone.name), zone.clone());
        entries.extend(self.placements.iter().map(zonal));
        if self.private_dns {
            let private = match self.state {
                VpcEndpointState::Creating => "ZONEIDPENDING".to_owned(),
                _ => format!("Z0{}", letters(&["private zone", &id], 19, UPPER)),
            };
            entries.extend(self.service.private_names.iter().map(|name| (name.clone(), private.clone())));
        }
        entries
    }
}

/// What endpoints can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum VpcEndpointIndex {
    Vpc(VpcId),
    Group(SecurityGroupId),
    Type(EndpointType),
}

impl Row for VpcEndpoint {
    type Key = VpcEndpointId;
    type Index = VpcEndpointIndex;
    fn key(&self) -> VpcEndpointId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(VpcEndpointIndex)) {
        emit(VpcEndpointIndex::Vpc(self.vpc));
        emit(VpcEndpointIndex::Type(self.kind()));
        self.groups.iter().for_each(|group| emit(VpcEndpointIndex::Group(group.id)));
    }
}

impl State {
    /// Puts an endpoint's row in the place of the one it had, and its routes into these tables and no others. The
    /// only code that makes or removes such routes.
    pub fn put_vpc_endpoint(&mut self, endpoint: VpcEndpoint) -> Arc<VpcEndpoint> {
        let target = RouteTarget::Endpoint(endpoint.id);
        let routed = self.route_tables.by(&RouteTableIndex::Target(target)).map(|table| table.id);
        let surplus: Vec<_> = routed.filter(|table| !endpoint.route_tables.contains(table)).collect();
        for table in surplus {
            self.route_tables.update(&table, |table| table.routes.retain(|route| route.target != target));
        }
        if let Some(list) = endpoint.service.prefix_list {
            for table in &endpoint.route_tables {
                let has = |table: &Arc<RouteTable>| table.routes.iter().any(|route| route.target == target);
                if self.route_tables.get(table).is_some_and(|table| !has(table)) {
                    self.route_tables.update(table, |table| {
                        let to = Destination::PrefixList(list);
                        table.routes.push(Route::new(to, target, RouteOrigin::Route));
                    });
                }
            }
        }
        self.vpc_endpoints.insert(endpoint)
    }

    /// Removes an endpoint with its routes and interfaces.
    pub fn remove_vpc_endpoint(&mut self, id: VpcEndpointId) -> Option<Arc<VpcEndpoint>> {
        let endpoint = self.vpc_endpoints.remove(&id)?;
        self.forget_token(endpoint.client_token);
        self.remove_routes_to(RouteTarget::Endpoint(id));
        self.remove_interfaces_of(&Owner::VpcEndpoint(id));
        self.timers.cancel(&Owner::VpcEndpoint(id));
        Some(endpoint)
    }

    /// Makes every endpoint forget a route table. Endpoints do not hold it.
    pub(super) fn forget_route_table(&mut self, table: RouteTableId) {
        let gateways = self.vpc_endpoints.by(&VpcEndpointIndex::Type(EndpointType::Gateway));
        let users: Vec<_> =
            gateways.filter(|endpoint| endpoint.route_tables.contains(&table)).map(|row| row.id).collect();
        for id in users {
            self.vpc_endpoints.update(&id, |endpoint| endpoint.route_tables.retain(|other| *other != table));
        }
    }

    /// The endpoint whose route to this list a table has.
    pub fn gateway_endpoint_route(&self, table: &RouteTable, list: PrefixListId) -> Option<VpcEndpointId> {
        table.routes.iter().find_map(|route| match route.target {
            RouteTarget::Endpoint(id) if route.destination == Destination::PrefixList(list) => Some(id),
            _ => None,
        })
    }
}

pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for endpoint in state.vpc_endpoints.iter() {
        let id = endpoint.id;
        let mut check = |holds: bool, what: &str| {
            if !holds {
                broken.push(format!("{id}: {what}"));
            }
        };
        check(state.vpcs.contains(&endpoint.vpc), "lies in no VPC");
        let routed = state.route_tables.by(&RouteTableIndex::Target(RouteTarget::Endpoint(id)));
        let routed: BTreeSet<_> = routed.map(|table| table.id).collect();
        check(
            routed == endpoint.route_tables.iter().copied().collect(),
            "its tables are not those with a route",
        );
        let owner = Owner::VpcEndpoint(id);
        let owned = state.interfaces.by(&InterfaceIndex::Owner(owner.clone()));
        let owned: Vec<_> = owned.map(|row| (row.id, row.subnet, row.zone, &row.groups)).collect();
        let mut placed: Vec<_> = endpoint
            .placements
            .iter()
            .map(|at| (at.interface, at.subnet, at.zone, &endpoint.groups))
            .collect();
        placed.sort_by_key(|at| at.0);
        check(owned == placed, "its interfaces are not those it has");
        let zones: BTreeSet<_> = endpoint.placements.iter().map(|at| at.zone).collect();
        check(zones.len() == endpoint.placements.len(), "it is in a zone twice");
        let waits = state.timers.next_of(&owner).is_some();
        check(waits == (endpoint.state != VpcEndpointState::Available), "its timer does not fit its state");
        let groups = endpoint.groups.iter().all(|group| state.groups.contains(&group.id));
        check(groups, "it carries a group that does not exist");
        let gateway = endpoint.kind() == EndpointType::Gateway;
        check(gateway || endpoint.route_tables.is_empty(), "it has routes");
        check(
            !gateway || (endpoint.placements.is_empty() && endpoint.groups.is_empty()),
            "it has interfaces",
        );
    }
    for interface in state.interfaces.iter() {
        if let Some(Owner::VpcEndpoint(id)) = &interface.owner
            && !state.vpc_endpoints.contains(id)
        {
            broken.push(format!("{} outlives {id}", interface.id));
        }
    }
    for table in state.route_tables.iter() {
        for route in &table.routes {
            if let RouteTarget::Endpoint(id) = route.target
                && !state.vpc_endpoints.contains(&id)
            {
                broken.push(format!("{} has a route to {id}, which does not exist", table.id));
            }
        }
    }
    broken
}
