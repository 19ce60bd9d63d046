//! Route tables of transit gateways: where packets go that come from the attachments associated with them.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct TransitRouteTable {
    pub id: TransitGatewayRouteTableId,
    pub gateway: TransitGatewayId,
    /// Whether new attachments are associated with it, and whether they propagate their blocks to it.
    pub default_association: bool,
    pub default_propagation: bool,
    pub state: TransitState,
    pub created: SimTime,
    /// Routes made by users; `None` drops packets.
    pub routes: BTreeMap<IpNet, Option<TransitGatewayAttachmentId>>,
    /// Attachments whose VPC's blocks are routed to them.
    pub propagating: BTreeSet<TransitGatewayAttachmentId>,
    pub tags: Tags,
    pub memo: Memo,
}

/// What tables that are not deleted can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TransitTableIndex {
    Gateway(TransitGatewayId),
}

impl Row for TransitRouteTable {
    type Key = TransitGatewayRouteTableId;
    type Index = TransitTableIndex;
    fn key(&self) -> TransitGatewayRouteTableId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(TransitTableIndex)) {
        if self.state != TransitState::Deleted {
            emit(TransitTableIndex::Gateway(self.gateway));
        }
    }
}

/// A route as it works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransitRoute {
    pub destination: IpNet,
    /// Where it leads, unless it drops packets.
    pub attachment: Option<(TransitGatewayAttachmentId, VpcId)>,
    pub is_static: bool,
}

impl State {
    /// The routes of a table in the order of their destinations. A static one hides a propagated one.
    /// Source: Amazon VPC Transit Gateways, "Route evaluation order".
    pub fn transit_routes(&self, table: &TransitRouteTable) -> Vec<TransitRoute> {
        let leads = |id: &TransitGatewayAttachmentId| {
            let row = self.transit_attachments.get(id)?;
            (row.state != TransitState::Deleted).then_some((row.id, row.vpc))
        };
        let mut routes = BTreeMap::new();
        for row in table.propagating.iter().filter_map(|id| self.transit_attachments.get(id)) {
            let blocks = self.vpcs.get(&row.vpc).into_iter().flat_map(|vpc| vpc.blocks());
            for destination in blocks.filter(|block| row.ipv6 || block.addr().is_ipv4()) {
                let attachment = Some((row.id, row.vpc));
                routes.entry(destination).or_insert(TransitRoute {
                    destination,
                    attachment,
                    is_static: false,
                });
            }
        }
        for (destination, to) in &table.routes {
            let attachment = to.as_ref().and_then(leads);
            let route = TransitRoute { destination: *destination, attachment, is_static: true };
            routes.insert(*destination, route);
        }
        routes.into_values().collect()
    }

    /// The attachments that are associated with a table.
    pub fn transit_associations(&self, table: &TransitRouteTable) -> Vec<&TransitAttachment> {
        let of_gateway = self.transit_attachments.by(&transit::TransitIndex::Gateway(table.gateway));
        of_gateway.filter(|row| row.table == Some(table.id)).map(|row| &**row).collect()
    }
}

/// What must hold of route tables of transit gateways.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for table in state.transit_tables.iter() {
        let timed = state.timers.next_of(&Owner::TransitTable(table.id)).is_some();
        if timed == (table.state == TransitState::Available) {
            broken.push(format!("{} is {:?} and its timers do not match that", table.id, table.state));
        }
        let is_deleted = table.state == TransitState::Deleted;
        if !is_deleted && !state.transit_gateways.contains(&table.gateway) {
            broken.push(format!("{} is of no transit gateway", table.id));
        }
        if is_deleted && !state.transit_associations(table).is_empty() {
            broken.push(format!("{} is deleted and has associations", table.id));
        }
        let lives = |id: &TransitGatewayAttachmentId| {
            let row = state.transit_attachments.get(id);
            row.is_some_and(|row| row.state != TransitState::Deleted && row.gateway == table.gateway)
        };
        if !table.propagating.iter().all(lives) {
            broken.push(format!("something propagates to {} that is not there", table.id));
        }
    }
    for row in state.transit_attachments.iter() {
        let table = row.table.map(|id| state.transit_tables.get(&id));
        if table.is_some_and(|table| table.is_none_or(|table| table.gateway != row.gateway)) {
            broken.push(format!("{} is associated with a table that its gateway has not", row.id));
        }
    }
    broken
}
