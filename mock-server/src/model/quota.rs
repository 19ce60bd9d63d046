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
    pub prefix_lists: usize,
    /// The largest size that a prefix list can be given.
    pub entries_per_prefix_list: usize,
    /// When there is one more, the oldest goes.
    pub versions_per_prefix_list: usize,
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
            prefix_lists: 100,
            entries_per_prefix_list: 1_000,
            versions_per_prefix_list: 1_000,
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
        prefix_lists: usize::MAX,
        entries_per_prefix_list: usize::MAX,
        versions_per_prefix_list: usize::MAX,
    };
}
