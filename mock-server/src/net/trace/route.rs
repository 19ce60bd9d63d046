//! Route tables: the most specific route to an address is taken.
//!
//! Source: VPC user guide, "Route priority".

use super::Place;
use super::group::entries;
use super::range::{overlap, subtract, v4};
use crate::model::route::RouteTableIndex;
use crate::model::{Destination, Route, RouteOrigin, RouteTable, RouteTarget, State, Subnet};
use ipnet::Ipv4Net;
use std::sync::Arc;

/// The table that a subnet uses: its own, or else the main one of its VPC.
pub(super) fn table(state: &State, subnet: &Subnet) -> Option<Arc<RouteTable>> {
    let own = state.route_tables.by(&RouteTableIndex::Subnet(subnet.id)).next();
    let main = || state.route_tables.by(&RouteTableIndex::Vpc(subnet.vpc)).find(|table| table.is_main());
    own.or_else(main).cloned()
}

/// Addresses that take the same route; `None`: there is no route to them.
pub(super) type Branch = (Option<Route>, Vec<Ipv4Net>);

/// Of two routes to the same block, the later one in this order is not taken. What a virtual private gateway learned
/// gives way to every other route; so does a prefix list to a block.
fn rank(route: &Route) -> u8 {
    match (route.origin, route.destination) {
        (RouteOrigin::Table, _) => 0,
        (RouteOrigin::Route, Destination::Cidr(_)) => 1,
        (RouteOrigin::Route, Destination::PrefixList(_)) => 2,
        (RouteOrigin::Propagation, _) => 3,
    }
}

/// Sorts addresses by the routes that packets to them take. A route to a prefix list is one to each of its entries.
/// A learned route never takes what lies within the VPC, however specific it is.
pub(super) fn branches(state: &State, table: &RouteTable, to: &[Ipv4Net]) -> Vec<Branch> {
    let mut ways: Vec<(Ipv4Net, &Route)> = Vec::new();
    for route in &table.routes {
        match route.destination {
            Destination::Cidr(net) => ways.extend(v4(&net).map(|net| (net, route))),
            Destination::PrefixList(id) => {
                ways.extend(entries(state, id).into_iter().map(|net| (net, route)));
            }
        }
    }
    ways.retain(|(net, _)| to.iter().any(|block| overlap(*block, *net)));
    let local: Vec<_> =
        ways.iter().filter(|(_, route)| route.target == RouteTarget::Local).map(|(net, _)| *net).collect();
    ways.retain(|(net, route)| {
        route.origin != RouteOrigin::Propagation || !local.iter().any(|block| block.contains(net))
    });
    ways.sort_by_key(|(net, route)| (std::cmp::Reverse(net.prefix_len()), rank(route)));

    let mut taken: Vec<(Option<&Route>, Vec<Ipv4Net>)> = Vec::new();
    let mut left = to.to_vec();
    for (net, route) in ways {
        let mut rest = Vec::new();
        for block in left {
            if !overlap(block, net) {
                rest.push(block);
                continue;
            }
            let part = if net.contains(&block) { block } else { net };
            match taken.iter_mut().find(|(known, _)| known.is_some_and(|known| std::ptr::eq(known, route))) {
                Some((_, parts)) => parts.push(part),
                None => taken.push((Some(route), vec![part])),
            }
            subtract(block, net, &mut rest);
        }
        left = rest;
    }
    if !left.is_empty() {
        taken.push((None, left));
    }
    // Most goals have one way, or all of theirs lead to one place.
    taken.into_iter().map(|(route, parts)| (route.cloned(), parts)).collect()
}

impl Place<'_> {
    /// The table of this subnet and the routes to these addresses. Without a table there are none.
    pub(super) fn routes(&self, to: &[Ipv4Net]) -> (Option<Arc<RouteTable>>, Vec<Branch>) {
        let table = table(&self.state, &self.subnet);
        let branches = match &table {
            Some(table) => branches(&self.state, table, to),
            None => vec![(None, to.to_vec())],
        };
        (table, branches)
    }
}
