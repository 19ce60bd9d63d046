//! How much of each thing an account may have in a region.

/// Limits as AWS sets them by default. Source: VPC user guide, "Amazon VPC quotas"; EC2 user guide, "Tag
/// restrictions".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quotas {
    pub vpcs: usize,
    pub subnets_per_vpc: usize,
    pub security_groups: usize,
    /// For each direction, of IPv4 and of IPv6 rules each.
    pub rules_per_direction: usize,
    pub interfaces: usize,
    pub groups_per_interface: usize,
    pub tags_per_resource: usize,
    /// In a region.
    pub gateway_endpoints: usize,
    pub interface_endpoints_per_vpc: usize,
    pub peerings_per_vpc: usize,
    /// Requests that wait for an answer.
    pub outstanding_peerings: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 5,
            subnets_per_vpc: 200,
            security_groups: 2_500,
            rules_per_direction: 60,
            interfaces: 5_000,
            groups_per_interface: 5,
            tags_per_resource: 50,
            gateway_endpoints: 20,
            interface_endpoints_per_vpc: 50,
            peerings_per_vpc: 50,
            outstanding_peerings: 25,
        }
    }
}

impl Quotas {
    /// As much of everything as memory holds.
    pub const UNLIMITED: Quotas = Quotas {
        vpcs: usize::MAX,
        subnets_per_vpc: usize::MAX,
        security_groups: usize::MAX,
        rules_per_direction: usize::MAX,
        interfaces: usize::MAX,
        groups_per_interface: usize::MAX,
        tags_per_resource: usize::MAX,
        gateway_endpoints: usize::MAX,
        interface_endpoints_per_vpc: usize::MAX,
        peerings_per_vpc: usize::MAX,
        outstanding_peerings: usize::MAX,
    };
}
