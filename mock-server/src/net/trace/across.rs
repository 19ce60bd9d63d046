//! Ways into other VPCs: peering connections and transit gateways. Each side's tables have a say, for answers take those
//! of the other side.

use super::range::single;
use super::route::table;
use super::target::{Named, rule_of};
use super::{Aim, MOST_RELAYS, Place, Seen, Sender, Walk};
use crate::model::interface::InterfaceIndex;
use crate::model::path::HopKind;
use crate::model::transit::TransitIndex;
use crate::model::transit_table::TransitRoute;
use crate::model::{
    Evidence, NetworkInterfaceId, Owner, PeeringStatus, RouteTarget, State, Subnet, SubnetId,
    TransitAttachment, TransitGatewayAttachmentId, TransitGatewayId, TransitState, VpcId,
    VpcPeeringConnectionId, Zone,
};
use ipnet::{IpNet, Ipv4Net};
use std::sync::Arc;

/// The attachment of a VPC to a transit gateway, if it works.
fn attachment(state: &State, vpc: VpcId, gateway: TransitGatewayId) -> Option<Arc<TransitAttachment>> {
    let mut of_vpc = state.transit_attachments.by(&TransitIndex::Vpc(vpc));
    of_vpc.find(|row| row.gateway == gateway && row.state == TransitState::Available).cloned()
}

/// The interface that a transit gateway has in a subnet.
fn interface(
    state: &State,
    attachment: TransitGatewayAttachmentId,
    subnet: SubnetId,
) -> Option<NetworkInterfaceId> {
    let owner = InterfaceIndex::Owner(Owner::TransitAttachment(attachment));
    state.interfaces.by(&owner).find(|row| row.subnet == subnet).map(|row| row.id)
}

/// The most specific route to all of these addresses in the table of an attachment.
fn transit_route(state: &State, from: &TransitAttachment, to: Ipv4Net) -> Option<TransitRoute> {
    let table = state.transit_tables.get(&from.table?)?;
    let routes = state.transit_routes(table).into_iter();
    routes
        .filter(|route| route.destination.contains(&IpNet::V4(to)))
        .max_by_key(|route| route.destination.prefix_len())
}

impl<'a> Walk<'a> {
    /// A peering connection leads to the interfaces of the other VPC, and not through it to anything else.
    /// Source: VPC peering guide, "VPC peering limitations".
    pub(super) fn peering(&mut self, from: &Sender<'a>, aim: &Aim<'a>, id: VpcPeeringConnectionId) {
        let Some(row) = from.place.state.peerings.get(&id).cloned() else {
            return self.target(from, id, false, "EC2-PCX-ROUTE", Evidence::none());
        };
        let other = row.other_side(from.place.subnet.vpc);
        let there = aim.receiver.as_ref().filter(|it| it.place.subnet.vpc == other.vpc);
        let lies_there = |net: &Ipv4Net| other.cidrs.iter().any(|block| block.contains(net));
        let state = match () {
            () if row.status != PeeringStatus::Active => "not active",
            () if from.via.is_some() => "from another VPC",
            () if there.is_some() => "available",
            () if aim.ranges.iter().all(lies_there) => "nobody there",
            () => "not in the other VPC",
        };
        let evidence = Evidence::none()
            .with("state", state)
            .with("status", format!("{:?}", row.status))
            .with("peer_vpc", other.vpc)
            .with("peer_region", &other.region)
            .with("peer_account", other.account);
        // What came in from yet another VPC does not go on.
        self.target(from, id, state == "available", "EC2-PCX-ROUTE", evidence);
        if let Some(receiver) = there {
            self.arrive(from, receiver, RouteTarget::Peering(id));
            self.route_back(from, &receiver.place, RouteTarget::Peering(id));
        }
    }

    /// A transit gateway leads to the VPC that the table of this VPC's attachment says; there the tables of the
    /// attachment's subnets lead on. It serves the zones in which the VPC is attached. Where addresses have different
    /// routes in its table, that of the first is followed.
    /// Source: Amazon VPC Transit Gateways, "How transit gateways work" and "Transit gateway VPC attachments".
    pub(super) fn transit(&mut self, from: &Sender<'a>, aim: &Aim<'a>, id: TransitGatewayId, to: &[Ipv4Net]) {
        let state = &from.place.state;
        let near = |row: &TransitAttachment, zone: Zone| {
            let subnets = row.subnets.iter().filter_map(|id| state.subnets.get(id));
            let mut all: Vec<_> = subnets.cloned().collect();
            all.sort_by_key(|subnet| subnet.zone != zone);
            all.into_iter().next()
        };
        let zone = from.place.subnet.zone;
        let Some(own) = attachment(state, from.place.subnet.vpc, id) else {
            return self.target(
                from,
                id,
                false,
                "EC2-TGW-ATTACH",
                Evidence::none().with("state", "not attached"),
            );
        };
        let evidence = Evidence::none().with("attachment", own.id);
        let door = near(&own, zone).filter(|subnet| subnet.zone == zone);
        let Some(door) = door else {
            let evidence = evidence.with("state", "not in this zone");
            return self.target(from, id, false, "EC2-TGW-ATTACH", evidence);
        };
        if aim.edge == Some(RouteTarget::TransitGateway(id)) {
            return self.target(from, id, true, "EC2-TGW-ATTACH", evidence.with("state", "available"));
        }
        let routes: Vec<_> = to.iter().map(|net| transit_route(state, &own, *net)).collect();
        let leads = routes.iter().all(|route| route.is_some_and(|route| route.attachment.is_some()));
        let next = routes.first().copied().flatten().and_then(|route| route.attachment);
        let there = next.and_then(|(_, vpc)| attachment(state, vpc, id)).filter(|_| leads);
        let place =
            there.as_ref().and_then(|row| Some(Place { state: state.clone(), subnet: near(row, zone)? }));
        let (Some(there), Some(place)) = (there, place) else {
            let state = match () {
                () if own.table.is_none() => "no table",
                () if routes.iter().flatten().any(|route| route.attachment.is_none()) => "blackhole",
                () => "no route",
            };
            return self.target(from, id, false, "EC2-TGW-ROUTE", evidence.with("state", state));
        };
        let back = transit_route(state, &there, single(from.address));
        let back = back.and_then(|route| route.attachment).is_some_and(|(_, vpc)| vpc == own.vpc);
        let evidence = evidence
            .with("peer_vpc", there.vpc)
            .with("state", if back { "available" } else { "no route back" });
        let passed = back && from.relays < MOST_RELAYS && there.vpc != own.vpc;
        self.target(from, id, passed, "EC2-TGW-ROUTE", evidence);
        let via = RouteTarget::TransitGateway(id);
        // The gateway has an interface of its own in each subnet that is attached, and stays in a zone if it can.
        let seen_at = |walk: &mut Self, row: &TransitAttachment, subnet: Arc<Subnet>, seen: Seen| {
            let (place, now) = (Place { state: state.clone(), subnet }, walk.hops.len());
            walk.see(&place, interface(state, row.id, place.subnet.id), seen, now);
        };
        let client = from.address;
        seen_at(self, &own, door, Seen::arriving(client));
        let mut far = zone;
        match aim.receiver.as_ref().filter(|it| it.place.subnet.vpc == there.vpc) {
            Some(receiver) => {
                far = receiver.place.subnet.zone;
                let local = Some(RouteTarget::Local);
                seen_at(self, &there, place.subnet, Seen::leaving(client, local));
                self.arrive(from, receiver, via);
                self.route_back(from, &receiver.place, via);
                if let Some(subnet) = near(&there, far) {
                    seen_at(self, &there, subnet, Seen::arriving(client).back());
                }
            }
            None if passed => {
                let next = Sender {
                    interface: interface(state, there.id, place.subnet.id),
                    place,
                    public: None,
                    groups: None,
                    nat: None,
                    at: id.to_string(),
                    of_service: false,
                    via: Some(via),
                    relays: from.relays + 1,
                    ..from.clone()
                };
                self.send(&next, aim, to);
            }
            None => {}
        }
        if let Some(subnet) = near(&own, far) {
            let local = Some(RouteTarget::Local);
            seen_at(self, &own, subnet, Seen::leaving(client, local).back());
        }
    }

    /// Answers take the route of the table where they begin.
    pub(super) fn route_back(&mut self, from: &Sender<'a>, to: &Place<'a>, expected: RouteTarget) {
        let source = single(from.address);
        let (_, branches) = to.routes(&[source]);
        let route = branches.first().and_then(|(route, _)| route.as_ref());
        let passed = route.is_some_and(|route| route.target == expected && !route.blackhole);
        let table = table(&to.state, &to.subnet).map(|table| table.id.to_string()).unwrap_or_default();
        let own = from.place.state.vpcs.get(&from.place.subnet.vpc);
        let block = own.and_then(|vpc| vpc.cidrs.iter().find(|(_, net)| net.contains(&from.address)));
        let wanted = block.map_or(source, |(_, net)| *net);
        let (resource, destination) = match route {
            Some(route) => (format!("{table} {}", route.destination), route.destination.to_string()),
            None => (table.clone(), wanted.to_string()),
        };
        let evidence = to
            .facts(Evidence::of(resource))
            .with("address", source)
            .with("route_table", &table)
            .with("destination", destination)
            .with("target", route.map_or_else(|| "none".to_owned(), |route| Named(route.target).to_string()))
            .with("gateway", Named(expected))
            .with("back_to", wanted)
            .with("peer_vpc", from.place.subnet.vpc);
        let evidence = match route {
            _ if passed => evidence,
            Some(route) if route.blackhole => evidence.with("state", "blackhole"),
            Some(_) => evidence.with("state", "elsewhere"),
            None => evidence.with("state", "no route"),
        };
        self.hop(HopKind::Route, to.subnet.id.to_string(), passed, rule_of(expected), evidence);
    }

    /// The other VPCs that are attached to the transit gateways of this one.
    pub(super) fn attached_vpcs(&self, place: &Place<'a>) -> Vec<VpcId> {
        let of_vpc = place.state.transit_attachments.by(&TransitIndex::Vpc(place.subnet.vpc));
        let gateways = of_vpc.map(|row| TransitIndex::Gateway(row.gateway));
        let all = gateways.flat_map(|gateway| {
            place.state.transit_attachments.by(&gateway).map(|row| row.vpc).collect::<Vec<_>>()
        });
        all.filter(|vpc| *vpc != place.subnet.vpc).collect()
    }
}
