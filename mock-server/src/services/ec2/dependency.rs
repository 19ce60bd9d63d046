//! What cannot go while something else is there: one table for each kind of thing that is held.

#[cfg(test)]
mod tests;

use crate::model::gateway::InVpcIndex;
use crate::model::group::SecurityGroupIndex;
use crate::model::interface::InterfaceIndex;
use crate::model::peering;
use crate::model::route::RouteTableIndex;
use crate::model::transit::TransitIndex;
use crate::model::vpc::{SubnetIndex, VpcIndex};
use crate::model::vpc_endpoint::VpcEndpointIndex;
use crate::model::{
    DhcpOptionsId, GroupAssociationIndex, InternetGatewayId, NetworkAclId, RouteTableId, SecurityGroupId,
    State, SubnetId, VpcId, VpnGatewayId,
};

/// One kind of thing that holds another, and whether one such thing is there.
type Holder<I> = (&'static str, fn(&State, I) -> bool);

/// Something that other things hold.
pub trait Held: Copy + 'static {
    const HOLDERS: &'static [Holder<Self>];
}

/// Whether anything keeps this from being deleted.
pub fn is_held<I: Held>(state: &State, id: I) -> bool {
    I::HOLDERS.iter().any(|(_, holds)| holds(state, id))
}

/// The kinds of things that keep this from being deleted.
#[cfg(test)]
fn holders<I: Held>(state: &State, id: I) -> Vec<&'static str> {
    I::HOLDERS.iter().filter(|(_, holds)| holds(state, id)).map(|(name, _)| *name).collect()
}

/// The main route table, the default ACL and the default group go with their VPC and do not hold it.
/// Source: VPC user guide, "Delete your VPC"; EC2-VPC-DEL.
impl Held for VpcId {
    const HOLDERS: &'static [Holder<VpcId>] = &[
        ("subnet", |state, vpc| state.subnets.count(&SubnetIndex::Vpc(vpc)) > 0),
        ("network interface", |state, vpc| state.interfaces.count(&InterfaceIndex::Vpc(vpc)) > 0),
        ("security group", |state, vpc| {
            state.groups.by(&SecurityGroupIndex::Vpc(vpc)).any(|group| !group.is_default())
        }),
        // The default group goes with the VPC, and nothing may keep pointing at it.
        ("reference to the default security group", |state, vpc| {
            let mut groups =
                state.groups.by(&SecurityGroupIndex::Vpc(vpc)).filter(|group| group.is_default());
            groups.any(|group| is_referenced(state, group.id))
        }),
        ("route table", |state, vpc| {
            state.route_tables.by(&RouteTableIndex::Vpc(vpc)).any(|table| !table.is_main())
        }),
        ("network ACL", |state, vpc| state.acls.by(&InVpcIndex::Vpc(vpc)).any(|acl| !acl.is_default)),
        // Source: VPC peering guide, "Delete a VPC peering connection".
        ("unanswered peering request of another account", peering::awaits_answer),
        // Assumed.
        ("associated security group", |state, vpc| {
            state.group_associations_by(&GroupAssociationIndex::Vpc(vpc)).next().is_some()
        }),
        ("internet gateway", |state, vpc| state.internet_gateways.count(&InVpcIndex::Vpc(vpc)) > 0),
        ("egress-only internet gateway", |state, vpc| {
            state.egress_only_gateways.count(&InVpcIndex::Vpc(vpc)) > 0
        }),
        ("transit gateway attachment", |state, vpc| {
            state.transit_attachments.count(&TransitIndex::Vpc(vpc)) > 0
        }),
        ("virtual private gateway", |state, vpc| state.vpn_gateways.count(&InVpcIndex::Vpc(vpc)) > 0),
        ("VPC endpoint", |state, vpc| state.vpc_endpoints.count(&VpcEndpointIndex::Vpc(vpc)) > 0),
    ];
}

/// Source: VPC user guide, "Delete a subnet"; EC2-SUB-DEL.
impl Held for SubnetId {
    const HOLDERS: &'static [Holder<SubnetId>] =
        &[("network interface", |state, subnet| state.interfaces.count(&InterfaceIndex::Subnet(subnet)) > 0)];
}

/// Source: VPC user guide, "Delete a security group"; EC2-SG-DEL.
impl Held for SecurityGroupId {
    const HOLDERS: &'static [Holder<SecurityGroupId>] = &[
        ("network interface", |state, group| state.interfaces.count(&InterfaceIndex::Group(group)) > 0),
        ("rule of another security group", is_referenced),
        // One without a subnet has no interface that would hold the group.
        ("VPC endpoint", |state, group| state.vpc_endpoints.count(&VpcEndpointIndex::Group(group)) > 0),
        ("association with another VPC", |state, group| {
            state.group_associations_by(&GroupAssociationIndex::Group(group)).next().is_some()
        }),
    ];
}

/// Source: VPC user guide, "Delete a network ACL"; EC2-ACL-DEL.
impl Held for NetworkAclId {
    const HOLDERS: &'static [Holder<NetworkAclId>] = &[("association with a subnet", |state, acl| {
        state.acls.get(&acl).is_some_and(|acl| !acl.associations.is_empty())
    })];
}

/// Source: VPC user guide, "DHCP option sets".
impl Held for DhcpOptionsId {
    const HOLDERS: &'static [Holder<DhcpOptionsId>] =
        &[("VPC", |state, options| state.vpcs.count(&VpcIndex::DhcpOptions(options)) > 0)];
}

/// A table that is the main one of its VPC is associated with it; routes do not hold their table.
/// Source: VPC user guide, "Delete a route table"; EC2-RT-MAIN.
impl Held for RouteTableId {
    const HOLDERS: &'static [Holder<RouteTableId>] = &[("association", |state, table| {
        state.route_tables.get(&table).is_some_and(|table| !table.associations.is_empty())
    })];
}

/// Routes do not hold their target: they become black holes.
/// Source: VPC user guide, "Internet gateways"; EC2-IGW-DEL.
impl Held for InternetGatewayId {
    const HOLDERS: &'static [Holder<InternetGatewayId>] = &[("VPC", |state, gateway| {
        state.internet_gateways.get(&gateway).is_some_and(|gateway| gateway.vpc.is_some())
    })];
}

/// Source: API reference, DeleteVpnGateway; EC2-VGW-DEL.
impl Held for VpnGatewayId {
    const HOLDERS: &'static [Holder<VpnGatewayId>] = &[("VPC", |state, gateway| {
        state.vpn_gateways.get(&gateway).is_some_and(|gateway| gateway.holds().is_some())
    })];
}

/// Whether a rule of another group names this group.
fn is_referenced(state: &State, group: SecurityGroupId) -> bool {
    state.groups.by(&SecurityGroupIndex::References(group)).any(|other| other.id != group)
}
