//! What routes lead to: one function for each kind of target says whether a table's route may lead there.

use super::describe::find;
use super::error::{Ec2Error, Missing, RoutingError};
use super::route::RouteIn;
use crate::model::{
    Attachment, EgressOnlyInternetGatewayId, Id, InternetGatewayId, NatGatewayId, NetworkInterface,
    NetworkInterfaceId, Peering, RouteTable, RouteTarget, State, TransitGatewayId, VpcEndpointId,
    VpnGatewayId,
};

type Lookup = fn(&State, &RouteTable, &str) -> Result<RouteTarget, Ec2Error>;

/// The target that is named; `None` if none is.
///
/// # Errors
/// For more than one, and for one that a route of this table cannot lead to.
pub fn target_of(
    state: &State,
    table: &RouteTable,
    named: &RouteIn,
) -> Result<Option<RouteTarget>, Ec2Error> {
    let kinds: [(&Option<String>, Lookup); 12] = [
        (&named.gateway_id, gateway),
        (&named.nat_gateway_id, nat_gateway),
        (&named.network_interface_id, interface),
        (&named.instance_id, instance),
        (&named.vpc_peering_connection_id, peering),
        (&named.egress_only_internet_gateway_id, egress_only),
        (&named.transit_gateway_id, transit_gateway),
        (&named.vpc_endpoint_id, endpoint),
        (&named.local_gateway_id, |_, _, _| Err(Ec2Error::NotBuilt("A route to a local gateway"))),
        (&named.carrier_gateway_id, |_, _, _| Err(Ec2Error::NotBuilt("A route to a carrier gateway"))),
        (&named.core_network_arn, |_, _, _| Err(Ec2Error::NotBuilt("A route to a core network"))),
        (&named.odb_network_arn, |_, _, _| Err(Ec2Error::NotBuilt("A route to an ODB network"))),
    ];
    let mut given = kinds.into_iter().filter_map(|(id, lookup)| Some((id.as_deref()?, lookup)));
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some((id, lookup)), None) => lookup(state, table, id).map(Some),
        (Some(_), Some(_)) => Err(RoutingError::TwoTargets.into()),
    }
}

/// An internet gateway or a virtual private gateway that is attached to the table's VPC.
fn gateway(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let internet = InternetGatewayId::parse(id).filter(|id| state.internet_gateways.contains(id));
    let vpn = VpnGatewayId::parse(id).filter(|id| state.vpn_gateways.contains(id));
    let target = match (internet, vpn) {
        (Some(id), _) => RouteTarget::InternetGateway(id),
        (None, Some(id)) => RouteTarget::VpnGateway(id),
        (None, None) if VpcEndpointId::parse(id).is_some() => return endpoint(state, table, id),
        (None, None) => return Err(RoutingError::GatewayNotFound(id.to_owned()).into()),
    };
    of_the_vpc(state, table, target, id)
}

fn of_the_vpc(
    state: &State,
    table: &RouteTable,
    target: RouteTarget,
    id: &str,
) -> Result<RouteTarget, Ec2Error> {
    if state.leads(table.vpc, target) {
        return Ok(target);
    }
    Err(RoutingError::GatewayElsewhere { table: table.id, gateway: id.to_owned() }.into())
}

fn egress_only(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let known = EgressOnlyInternetGatewayId::parse(id).filter(|id| state.egress_only_gateways.contains(id));
    let key = known.ok_or_else(|| RoutingError::EgressOnlyGatewayNotFound(id.to_owned()))?;
    of_the_vpc(state, table, RouteTarget::EgressOnlyInternetGateway(key), id)
}

fn interface(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let interface = find::<NetworkInterface>(state, id)?;
    if interface.vpc != table.vpc {
        return Err(RoutingError::InterfaceElsewhere { table: table.id, interface: interface.id }.into());
    }
    Ok(RouteTarget::Interface(interface.id))
}

/// The one interface of an instance.
/// Source: API reference, CreateRoute.
fn instance(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let is_its = |interface: &&std::sync::Arc<NetworkInterface>| matches!(&interface.attachment, Some(Attachment::Instance { instance, .. }) if instance == id);
    let its: Vec<NetworkInterfaceId> = state.interfaces.iter().filter(is_its).map(|it| it.id).collect();
    match its.as_slice() {
        [] => Err(RoutingError::InstanceNotFound(id.to_owned()).into()),
        [only] => interface(state, table, &only.to_string()),
        _ => Err(RoutingError::ManyInterfaces(id.to_owned()).into()),
    }
}

/// A NAT gateway of the table's VPC.
fn nat_gateway(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let found = NatGatewayId::parse(id).and_then(|id| state.nat_gateways.get(&id));
    let gateway = found.ok_or_else(|| RoutingError::NatGatewayNotFound(id.to_owned()))?;
    match gateway.interface {
        Some(interface) if gateway.vpc != table.vpc => {
            return Err(RoutingError::InterfaceElsewhere { table: table.id, interface }.into());
        }
        _ if gateway.vpc != table.vpc => {
            return Err(RoutingError::NatGatewayNotFound(id.to_owned()).into());
        }
        _ => {}
    }
    Ok(RouteTarget::NatGateway(gateway.id))
}

/// A peering connection of the table's VPC: a route to one that is not active is a black hole.
/// Source: VPC peering guide, "Update your route tables for a VPC peering connection".
fn peering(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let row = find::<Peering>(state, id)?;
    if row.requester.vpc != table.vpc && row.accepter.vpc != table.vpc {
        return Err(RoutingError::PeeringElsewhere { table: table.id, peering: row.id }.into());
    }
    Ok(RouteTarget::Peering(row.id))
}

/// A transit gateway that the table's VPC is attached to.
fn transit_gateway(state: &State, table: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    let target = TransitGatewayId::parse(id).map(RouteTarget::TransitGateway);
    let attached = target.filter(|target| state.leads(table.vpc, *target));
    attached.ok_or_else(|| RoutingError::TransitGatewayNotFound(Missing::one(id)).into())
}

/// An endpoint: of those that are built, none can be a target that users choose. EC2-RT-VPCE.
fn endpoint(state: &State, _: &RouteTable, id: &str) -> Result<RouteTarget, Ec2Error> {
    if VpcEndpointId::parse(id).is_some_and(|id| state.vpc_endpoints.contains(&id)) {
        return Err(RoutingError::UnsupportedEndpoint(id.to_owned()).into());
    }
    Err(RoutingError::EndpointNotFound(id.to_owned()).into())
}
