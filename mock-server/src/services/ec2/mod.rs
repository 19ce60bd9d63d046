//! Amazon EC2, as far as VPC networking goes.

mod account;
mod address;
mod address_association;
mod address_attribute;
#[cfg(test)]
mod address_properties;
mod aws_prefix_list;
mod client_token;
#[cfg(test)]
mod contract;
mod default_vpc;
mod dependency;
mod describe;
mod dhcp_options;
mod egress_only_internet_gateway;
pub(in crate::services) mod endpoint_policy;
#[cfg(test)]
mod endpoint_properties;
mod endpoint_service;
pub mod error;
mod filter;
mod flow_log;
#[cfg(test)]
mod harness;
mod image;
mod insights;
mod instance;
mod instance_attribute;
mod instance_describe;
mod instance_filters;
mod instance_plan;
mod instance_run;
mod instance_state;
mod instance_type;
mod internet_gateway;
mod launch_template;
mod nat_gateway;
mod nat_gateway_address;
mod network_acl;
mod network_acl_change;
mod network_acl_entry;
mod network_interface;
mod network_interface_address;
mod network_interface_attach;
mod network_interface_attribute;
mod network_interface_create;
mod network_interface_permission;
mod peering;
mod permission;
mod prefix_list;
mod prefix_list_change;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
mod region;
mod route;
#[cfg(test)]
mod route_properties;
mod route_table;
mod route_table_association;
mod route_target;
mod security_group;
mod security_group_reference;
mod security_group_rule;
mod security_group_rule_change;
mod security_group_rule_modify;
mod security_group_vpc;
mod subnet;
mod subnet_attribute;
mod subnet_cidr;
mod subnet_reservation;
mod tags;
pub mod throttle;
mod transit_gateway;
mod transit_gateway_attachment;
mod transit_route;
mod transit_table;
mod vpc;
mod vpc_cidr;
mod vpc_endpoint;
mod vpc_endpoint_create;
mod vpc_endpoint_modify;
mod vpn_gateway;

/// What tests of other services try to delete.
#[cfg(test)]
pub(crate) use self::{
    network_interface_create::CreateNetworkInterface, network_interface_create::DeleteNetworkInterface,
    security_group::DeleteSecurityGroup, subnet::DeleteSubnet, vpc::DeleteVpc,
};

pub use insights::permission::LOOK as LOOK_FOR_ANALYSIS;
pub use tags::of as tags_of;

use super::Registrar;
use crate::model::{
    DhcpOptions, EgressOnlyInternetGateway, FlowLog, InsightsAnalysis, InsightsPath, InterfacePermission,
    InternetGateway, LaunchTemplate, NatGateway, NetworkAcl, NetworkInterface, Peering, PrefixList,
    RouteTable, SecurityGroup, Subnet, SubnetCidrReservation, TransitAttachment, TransitGateway,
    TransitRouteTable, Vpc, VpcEndpoint, VpnGateway,
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
    registrar.write::<vpc::ModifyVpcTenancy>();
    registrar.write::<vpc_cidr::AssociateVpcCidrBlock>();
    registrar.write::<vpc_cidr::DisassociateVpcCidrBlock>();
    registrar.write::<default_vpc::CreateDefaultVpc>();
    // Subnets
    registrar.write::<subnet::CreateSubnet>();
    registrar.write::<subnet::DeleteSubnet>();
    registrar.read::<Describe<Subnet>>();
    registrar.write::<subnet_attribute::ModifySubnetAttribute>();
    registrar.write::<subnet_cidr::AssociateSubnetCidrBlock>();
    registrar.write::<subnet_cidr::DisassociateSubnetCidrBlock>();
    registrar.write::<subnet_reservation::CreateSubnetCidrReservation>();
    registrar.write::<subnet_reservation::DeleteSubnetCidrReservation>();
    registrar.read::<subnet_reservation::GetSubnetCidrReservations>();
    registrar.write::<default_vpc::CreateDefaultSubnet>();
    // Security groups
    registrar.write::<security_group::CreateSecurityGroup>();
    registrar.write::<security_group::DeleteSecurityGroup>();
    registrar.read::<Describe<SecurityGroup>>();
    registrar.write::<security_group_rule_change::AuthorizeSecurityGroupIngress>();
    registrar.write::<security_group_rule_change::AuthorizeSecurityGroupEgress>();
    registrar.write::<security_group_rule_change::RevokeSecurityGroupIngress>();
    registrar.write::<security_group_rule_change::RevokeSecurityGroupEgress>();
    registrar.write::<security_group_rule_modify::ModifySecurityGroupRules>();
    registrar.write::<security_group_rule_modify::UpdateSecurityGroupRuleDescriptionsIngress>();
    registrar.write::<security_group_rule_modify::UpdateSecurityGroupRuleDescriptionsEgress>();
    registrar.read::<security_group_rule::DescribeSecurityGroupRules>();
    registrar.read::<security_group_reference::DescribeSecurityGroupReferences>();
    registrar.read::<security_group_reference::DescribeStaleSecurityGroups>();
    registrar.write::<security_group_vpc::AssociateSecurityGroupVpc>();
    registrar.write::<security_group_vpc::DisassociateSecurityGroupVpc>();
    registrar.read::<security_group_vpc::DescribeSecurityGroupVpcAssociations>();
    registrar.read::<security_group_vpc::GetSecurityGroupsForVpc>();
    // Managed prefix lists
    registrar.write::<prefix_list_change::CreateManagedPrefixList>();
    registrar.write::<prefix_list_change::ModifyManagedPrefixList>();
    registrar.write::<prefix_list_change::RestoreManagedPrefixListVersion>();
    registrar.write::<prefix_list_change::DeleteManagedPrefixList>();
    registrar.read::<prefix_list::DescribeManagedPrefixLists>();
    registrar.read::<prefix_list::GetManagedPrefixListEntries>();
    registrar.read::<prefix_list::GetManagedPrefixListAssociations>();
    // Network interfaces
    registrar.write::<network_interface_create::CreateNetworkInterface>();
    registrar.write::<network_interface_create::DeleteNetworkInterface>();
    registrar.read::<Describe<NetworkInterface>>();
    registrar.read::<network_interface_attribute::DescribeNetworkInterfaceAttribute>();
    registrar.write::<network_interface_attribute::ModifyNetworkInterfaceAttribute>();
    registrar.write::<network_interface_attribute::ResetNetworkInterfaceAttribute>();
    registrar.write::<network_interface_attach::AttachNetworkInterface>();
    registrar.write::<network_interface_attach::DetachNetworkInterface>();
    registrar.write::<network_interface_address::AssignPrivateIpAddresses>();
    registrar.write::<network_interface_address::UnassignPrivateIpAddresses>();
    registrar.write::<network_interface_address::AssignIpv6Addresses>();
    registrar.write::<network_interface_address::UnassignIpv6Addresses>();
    registrar.write::<network_interface_permission::CreateNetworkInterfacePermission>();
    registrar.write::<network_interface_permission::DeleteNetworkInterfacePermission>();
    registrar.read::<Describe<InterfacePermission>>();
    // Instances, as far as they hold interfaces
    registrar.write::<instance_run::RunInstances>();
    registrar.read::<instance_describe::DescribeInstances>();
    registrar.read::<instance_describe::DescribeInstanceStatus>();
    registrar.write::<instance_state::StartInstances>();
    registrar.write::<instance_state::StopInstances>();
    registrar.write::<instance_state::RebootInstances>();
    registrar.write::<instance_state::TerminateInstances>();
    registrar.read::<instance_attribute::DescribeInstanceAttribute>();
    registrar.write::<instance_attribute::ModifyInstanceAttribute>();
    registrar.read::<image::DescribeImages>();
    registrar.read::<instance_type::DescribeInstanceTypes>();
    registrar.read::<instance_type::DescribeInstanceTypeOfferings>();
    // Launch templates
    registrar.write::<launch_template::CreateLaunchTemplate>();
    registrar.write::<launch_template::ModifyLaunchTemplate>();
    registrar.write::<launch_template::DeleteLaunchTemplate>();
    registrar.read::<Describe<LaunchTemplate>>();
    registrar.write::<launch_template::version::CreateLaunchTemplateVersion>();
    registrar.write::<launch_template::version::DeleteLaunchTemplateVersions>();
    registrar.read::<launch_template::version::DescribeLaunchTemplateVersions>();
    // Route tables, network ACLs, gateways, DHCP options
    registrar.read::<Describe<RouteTable>>();
    registrar.read::<Describe<NetworkAcl>>();
    registrar.read::<Describe<InternetGateway>>();
    registrar.write::<dhcp_options::CreateDhcpOptions>();
    registrar.write::<dhcp_options::DeleteDhcpOptions>();
    registrar.read::<Describe<DhcpOptions>>();
    registrar.write::<dhcp_options::AssociateDhcpOptions>();
    // VPC endpoints
    registrar.write::<vpc_endpoint_create::CreateVpcEndpoint>();
    registrar.write::<vpc_endpoint_create::DeleteVpcEndpoints>();
    registrar.read::<Describe<VpcEndpoint>>();
    registrar.write::<vpc_endpoint_modify::ModifyVpcEndpoint>();
    registrar.read::<endpoint_service::DescribeVpcEndpointServices>();
    registrar.read::<aws_prefix_list::DescribePrefixLists>();
    // Peering connections
    registrar.write::<peering::CreateVpcPeeringConnection>();
    registrar.write::<peering::AcceptVpcPeeringConnection>();
    registrar.write::<peering::RejectVpcPeeringConnection>();
    registrar.write::<peering::DeleteVpcPeeringConnection>();
    registrar.write::<peering::ModifyVpcPeeringConnectionOptions>();
    registrar.read::<Describe<Peering>>();
    // Routing
    registrar.write::<route_table::CreateRouteTable>();
    registrar.write::<route_table::DeleteRouteTable>();
    registrar.write::<route_table_association::AssociateRouteTable>();
    registrar.write::<route_table_association::ReplaceRouteTableAssociation>();
    registrar.write::<route_table_association::DisassociateRouteTable>();
    registrar.write::<route_table_association::EnableVgwRoutePropagation>();
    registrar.write::<route_table_association::DisableVgwRoutePropagation>();
    registrar.write::<route::CreateRoute>();
    registrar.write::<route::ReplaceRoute>();
    registrar.write::<route::DeleteRoute>();
    registrar.write::<internet_gateway::CreateInternetGateway>();
    registrar.write::<internet_gateway::AttachInternetGateway>();
    registrar.write::<internet_gateway::DetachInternetGateway>();
    registrar.write::<internet_gateway::DeleteInternetGateway>();
    registrar.write::<egress_only_internet_gateway::CreateEgressOnlyInternetGateway>();
    registrar.write::<egress_only_internet_gateway::DeleteEgressOnlyInternetGateway>();
    registrar.read::<Describe<EgressOnlyInternetGateway>>();
    registrar.write::<vpn_gateway::CreateVpnGateway>();
    registrar.write::<vpn_gateway::AttachVpnGateway>();
    registrar.write::<vpn_gateway::DetachVpnGateway>();
    registrar.write::<vpn_gateway::DeleteVpnGateway>();
    registrar.read::<Describe<VpnGateway>>();
    registrar.write::<transit_gateway::CreateTransitGateway>();
    registrar.write::<transit_gateway::DeleteTransitGateway>();
    registrar.read::<Describe<TransitGateway>>();
    registrar.write::<transit_gateway_attachment::CreateTransitGatewayVpcAttachment>();
    registrar.write::<transit_gateway_attachment::DeleteTransitGatewayVpcAttachment>();
    registrar.read::<Describe<TransitAttachment>>();
    registrar.read::<transit_gateway_attachment::DescribeTransitGatewayAttachments>();
    registrar.write::<transit_table::CreateTransitGatewayRouteTable>();
    registrar.write::<transit_table::DeleteTransitGatewayRouteTable>();
    registrar.read::<Describe<TransitRouteTable>>();
    registrar.write::<transit_table::AssociateTransitGatewayRouteTable>();
    registrar.write::<transit_table::DisassociateTransitGatewayRouteTable>();
    registrar.read::<transit_table::GetTies<transit_table::Associations>>();
    registrar.write::<transit_table::EnableTransitGatewayRouteTablePropagation>();
    registrar.write::<transit_table::DisableTransitGatewayRouteTablePropagation>();
    registrar.read::<transit_table::GetTies<transit_table::Propagations>>();
    registrar.write::<transit_route::CreateTransitGatewayRoute>();
    registrar.write::<transit_route::ReplaceTransitGatewayRoute>();
    registrar.write::<transit_route::DeleteTransitGatewayRoute>();
    registrar.read::<transit_route::SearchTransitGatewayRoutes>();
    // Elastic IP addresses
    registrar.write::<address::AllocateAddress>();
    registrar.write::<address::ReleaseAddress>();
    registrar.read::<address::DescribeAddresses>();
    registrar.write::<address_association::AssociateAddress>();
    registrar.write::<address_association::DisassociateAddress>();
    registrar.read::<address_attribute::DescribeAddressesAttribute>();
    registrar.write::<address_attribute::ModifyAddressAttribute>();
    registrar.write::<address_attribute::ResetAddressAttribute>();
    // NAT gateways
    registrar.write::<nat_gateway::CreateNatGateway>();
    registrar.write::<nat_gateway::DeleteNatGateway>();
    registrar.read::<Describe<NatGateway>>();
    registrar.write::<nat_gateway_address::AssociateNatGatewayAddress>();
    registrar.write::<nat_gateway_address::DisassociateNatGatewayAddress>();
    registrar.write::<nat_gateway_address::AssignPrivateNatGatewayAddress>();
    registrar.write::<nat_gateway_address::UnassignPrivateNatGatewayAddress>();
    // Changes of network ACLs
    registrar.write::<network_acl_change::CreateNetworkAcl>();
    registrar.write::<network_acl_change::DeleteNetworkAcl>();
    registrar.write::<network_acl_change::ReplaceNetworkAclAssociation>();
    registrar.write::<network_acl_entry::CreateNetworkAclEntry>();
    registrar.write::<network_acl_entry::ReplaceNetworkAclEntry>();
    registrar.write::<network_acl_entry::DeleteNetworkAclEntry>();
    // Flow logs
    registrar.write::<flow_log::CreateFlowLogs>();
    registrar.write::<flow_log::DeleteFlowLogs>();
    registrar.read::<Describe<FlowLog>>();
    // Reachability Analyzer
    registrar.write::<insights::CreateNetworkInsightsPath>();
    registrar.write::<insights::DeleteNetworkInsightsPath>();
    registrar.read::<Describe<InsightsPath>>();
    registrar.write::<insights::analysis::StartNetworkInsightsAnalysis>();
    registrar.write::<insights::analysis::DeleteNetworkInsightsAnalysis>();
    registrar.read::<insights::analysis::DescribeNetworkInsightsAnalyses>();
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
pub fn filters() -> Vec<(&'static str, &'static [&'static str])> {
    fn of<R: Resource>() -> (&'static str, &'static [&'static str]) {
        (R::DESCRIBE, R::FILTERS)
    }
    vec![
        of::<Vpc>(),
        of::<Subnet>(),
        of::<SubnetCidrReservation>(),
        of::<SecurityGroup>(),
        ("DescribeSecurityGroupRules", security_group_rule::RULE_FILTERS),
        ("DescribeSecurityGroupVpcAssociations", security_group_vpc::ASSOCIATION_FILTERS),
        ("GetSecurityGroupsForVpc", security_group_vpc::GROUPS_FOR_VPC_FILTERS),
        of::<PrefixList>(),
        of::<NetworkInterface>(),
        of::<InterfacePermission>(),
        ("DescribeInstances", instance_filters::FILTERS),
        ("DescribeInstanceStatus", instance_describe::STATUS_FILTERS),
        ("DescribeImages", image::IMAGE_FILTERS),
        ("DescribeInstanceTypes", instance_type::TYPE_FILTERS),
        ("DescribeInstanceTypeOfferings", instance_type::OFFERING_FILTERS),
        of::<LaunchTemplate>(),
        ("DescribeLaunchTemplateVersions", launch_template::version::VERSION_FILTERS),
        of::<RouteTable>(),
        of::<NetworkAcl>(),
        of::<InternetGateway>(),
        of::<EgressOnlyInternetGateway>(),
        of::<VpnGateway>(),
        of::<TransitGateway>(),
        of::<TransitAttachment>(),
        ("DescribeTransitGatewayAttachments", transit_gateway_attachment::ATTACHMENT_FILTERS),
        of::<TransitRouteTable>(),
        ("GetTransitGatewayRouteTableAssociations", transit_table::TIE_FILTERS),
        ("GetTransitGatewayRouteTablePropagations", transit_table::TIE_FILTERS),
        ("SearchTransitGatewayRoutes", transit_route::ROUTE_FILTERS),
        of::<DhcpOptions>(),
        of::<VpcEndpoint>(),
        ("DescribeVpcEndpointServices", endpoint_service::SERVICE_FILTERS),
        ("DescribePrefixLists", aws_prefix_list::LIST_FILTERS),
        of::<Peering>(),
        ("DescribeAddresses", address::ADDRESS_FILTERS),
        of::<NatGateway>(),
        of::<FlowLog>(),
        of::<InsightsPath>(),
        of::<InsightsAnalysis>(),
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
