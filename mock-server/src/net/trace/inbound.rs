//! What comes from the internet through an internet gateway, and the way back.
//!
//! Source: VPC user guide, "Enable internet access for a VPC using an internet gateway"; EC2-IGW-PUBLIC.

use super::range::single;
use super::target::{PRIVATE, SHARED};
use super::{Receiver, Sender, Terrain, Walk, acl};
use crate::model::path::{Flow, Goal, HopKind, Trace, Vantage};
use crate::model::{Evidence, InternetGatewayId, RouteTarget};
use std::net::Ipv4Addr;

/// Follows a flow from an address of the internet through a gateway to the interface that is the flow's goal. It goes to
/// the interface's public address, which the gateway replaces. Where the flow itself begins is not asked.
pub fn trace_inbound(
    terrain: &Terrain<'_>,
    gateway: InternetGatewayId,
    from: Ipv4Addr,
    flow: &Flow,
) -> Trace {
    let mut walk = Walk::new(terrain, flow);
    if let Goal::Peer(vantage) = &flow.to {
        walk.come_in(gateway, from, vantage);
    }
    walk.told()
}

impl Walk<'_> {
    fn come_in(&mut self, gateway: InternetGatewayId, from: Ipv4Addr, to: &Vantage) {
        let state = self.terrain.state;
        let Some(place) = self.place_of(to) else {
            let evidence = Evidence::of(gateway.to_string()).with("gateway", gateway);
            return self.hop(HopKind::Target, gateway.to_string(), false, "EC2-IGW-PUBLIC", evidence);
        };
        let target = RouteTarget::InternetGateway(gateway);
        let row = to.interface.and_then(|id| state.interfaces.get(&id));
        let public = row
            .filter(|row| row.attachment.is_some())
            .and_then(|row| row.public.iter().find(|it| it.private == to.address))
            .map(|it| it.public);
        let leads = state.leads(place.subnet.vpc, target);
        let at = to.interface.map_or_else(|| to.subnet.to_string(), |id| id.to_string());
        let said = match () {
            () if !leads => "not attached",
            () if PRIVATE.iter().any(|net| net.contains(&from)) => "private source",
            () if SHARED.contains(&from) => "shared source",
            () if public.is_none() => "no public destination",
            () => "available",
        };
        let sender = Sender {
            place: place.clone(),
            address: from,
            public: Some(Some(from)),
            groups: None,
            nat: None,
            interface: None,
            at: gateway.to_string(),
            of_service: false,
            ports: acl::OF_NAT,
            via: None,
            relays: 0,
        };
        let mut evidence = Evidence::none().with("interface", &at).with("state", said);
        if let Some(public) = public {
            evidence = evidence.with("public_address", public);
        }
        self.target(&sender, gateway, said == "available", "EC2-IGW-PUBLIC", evidence);
        self.way.address = Some(to.address);
        let receiver = Receiver {
            place: place.clone(),
            address: to.address,
            groups: to.groups.clone(),
            interface: to.interface,
            at,
            endpoint: None,
        };
        // Answers go anywhere: a gateway's other side is not known to use a narrower range of ports.
        self.acl_in(&place, single(from));
        self.groups_in(&sender, &receiver, "EC2-SG-EVAL");
        self.acl_back_out(&place, single(from), acl::OF_NAT);
        self.route_back(&sender, &place, target);
    }
}
