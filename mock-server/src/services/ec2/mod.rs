//! Amazon EC2, as far as VPC networking goes.

mod account;
mod client_token;
#[cfg(test)]
mod contract;
mod dependency;
mod describe;
mod dhcp_options;
pub mod error;
mod filter;
mod flow_log;
#[cfg(test)]
mod harness;
mod internet_gateway;
mod network_acl;
mod network_interface;
mod network_interface_attribute;
mod network_interface_create;
mod peering;
mod permission;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
mod region;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod tags;
mod vpc;

/// What tests of other services try to delete.
#[cfg(test)]
pub(crate) use self::{
    network_interface_create::DeleteNetworkInterface, security_group::DeleteSecurityGroup,
    subnet::DeleteSubnet, vpc::DeleteVpc,
};

use super::Registrar;
use crate::model::{
    DhcpOptions, FlowLog, InternetGateway, NetworkAcl, NetworkInterface, Peering, RouteTable, SecurityGroup,
    Subnet, Vpc,
};
use describe::{Describe, Resource};
use error::Ec2Error;
use ipnet::Ipv4Net;

/// Every operation that behaves. The list is in order of resource.
pub fn operations(registrar: &mut impl Registrar) {
    // VPCs
    registrar.write::<vpc::CreateVpc>();
    registrar.write::<vpc::DeleteVpc>();
    registrar.read::<Describe<Vpc>>();
    registrar.read::<vpc::DescribeVpcAttribute>();
    registrar.write::<vpc::ModifyVpcAttribute>();
    // Subnets
    registrar.write::<subnet::CreateSubnet>();
    registrar.write::<subnet::DeleteSubnet>();
    registrar.read::<Describe<Subnet>>();
    registrar.write::<subnet::ModifySubnetAttribute>();
    // Security groups
    registrar.write::<security_group::CreateSecurityGroup>();
    registrar.write::<security_group::DeleteSecurityGroup>();
    registrar.read::<Describe<SecurityGroup>>();
    registrar.write::<security_group_rule::AuthorizeSecurityGroupIngress>();
    registrar.write::<security_group_rule::AuthorizeSecurityGroupEgress>();
    registrar.write::<security_group_rule::RevokeSecurityGroupIngress>();
    registrar.write::<security_group_rule::RevokeSecurityGroupEgress>();
    registrar.read::<security_group_rule::DescribeSecurityGroupRules>();
    // Network interfaces
    registrar.write::<network_interface_create::CreateNetworkInterface>();
    registrar.write::<network_interface_create::DeleteNetworkInterface>();
    registrar.read::<Describe<NetworkInterface>>();
    registrar.read::<network_interface_attribute::DescribeNetworkInterfaceAttribute>();
    registrar.write::<network_interface_attribute::ModifyNetworkInterfaceAttribute>();
    registrar.write::<network_interface_attribute::DetachNetworkInterface>();
    // Route tables, network ACLs, gateways, DHCP options
    registrar.read::<Describe<RouteTable>>();
    registrar.read::<Describe<NetworkAcl>>();
    registrar.read::<Describe<InternetGateway>>();
    registrar.write::<dhcp_options::CreateDhcpOptions>();
    registrar.write::<dhcp_options::DeleteDhcpOptions>();
    registrar.read::<Describe<DhcpOptions>>();
    registrar.write::<dhcp_options::AssociateDhcpOptions>();
    // Peering connections
    registrar.write::<peering::CreateVpcPeeringConnection>();
    registrar.write::<peering::AcceptVpcPeeringConnection>();
    registrar.write::<peering::RejectVpcPeeringConnection>();
    registrar.write::<peering::DeleteVpcPeeringConnection>();
    registrar.write::<peering::ModifyVpcPeeringConnectionOptions>();
    registrar.read::<Describe<Peering>>();
    // Flow logs
    registrar.write::<flow_log::CreateFlowLogs>();
    registrar.write::<flow_log::DeleteFlowLogs>();
    registrar.read::<Describe<FlowLog>>();
    // Tags
    registrar.write::<tags::CreateTags>();
    registrar.write::<tags::DeleteTags>();
    registrar.read::<tags::DescribeTags>();
    // The region and the account
    registrar.read::<region::DescribeRegions>();
    registrar.read::<region::DescribeAvailabilityZones>();
    registrar.read::<account::DescribeAccountAttributes>();
}

/// The filters of each describing operation that has some, in order of name.
pub fn filters() -> [(&'static str, &'static [&'static str]); 14] {
    fn of<R: Resource>() -> (&'static str, &'static [&'static str]) {
        (R::DESCRIBE, R::FILTERS)
    }
    [
        of::<Vpc>(),
        of::<Subnet>(),
        of::<SecurityGroup>(),
        ("DescribeSecurityGroupRules", security_group_rule::RULE_FILTERS),
        of::<NetworkInterface>(),
        of::<RouteTable>(),
        of::<NetworkAcl>(),
        of::<InternetGateway>(),
        of::<DhcpOptions>(),
        of::<Peering>(),
        of::<FlowLog>(),
        ("DescribeTags", tags::TAG_FILTERS),
        ("DescribeRegions", region::REGION_FILTERS),
        ("DescribeAvailabilityZones", region::ZONE_FILTERS),
    ]
}

/// Reads the address range of a VPC or subnet; bits beyond the prefix are dropped.
/// Source: VPC user guide, "VPC CIDR blocks"; EC2-VPC-SIZE, EC2-VPC-BADCIDR.
fn parse_cidr(text: String) -> Result<Ipv4Net, Ec2Error> {
    text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| Ec2Error::NotACidr(text))
}

/// Whether a VPC or subnet may have this size: /16 to /28.
/// Source: VPC user guide, "VPC CIDR blocks"; EC2-VPC-SIZE, EC2-SUB-RANGE.
fn is_vpc_sized(net: Ipv4Net) -> bool {
    (16..=28).contains(&net.prefix_len())
}
