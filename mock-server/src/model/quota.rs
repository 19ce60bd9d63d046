//! How much of each thing an account may have in a region.

use super::compute;
use crate::kernel::Rehome;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Limits as AWS sets them by default. Source: VPC user guide, "Amazon VPC quotas"; EC2 user guide, "Tag
/// restrictions"; Reachability Analyzer guide, "Quotas".
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Quotas {
    pub vpcs: usize,
    pub subnets_per_vpc: usize,
    pub ipv4_blocks_per_vpc: usize,
    pub ipv6_blocks_per_vpc: usize,
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
    pub route_tables_per_vpc: usize,
    /// Of IPv4 and of IPv6 destinations each.
    pub routes_per_table: usize,
    pub internet_gateways: usize,
    pub egress_only_gateways: usize,
    pub vpn_gateways: usize,
    pub transit_gateways: usize,
    pub elastic_addresses: usize,
    pub nat_gateways_per_zone: usize,
    pub elastic_addresses_per_nat_gateway: usize,
    pub private_addresses_per_nat_gateway: usize,
    pub acls_per_vpc: usize,
    /// For each direction, of IPv4 and of IPv6 entries each.
    pub acl_entries_per_direction: usize,
    pub prefix_lists: usize,
    /// The largest size that a prefix list can be given.
    pub entries_per_prefix_list: usize,
    /// When there is one more, the oldest goes.
    pub versions_per_prefix_list: usize,
    pub insights_paths: usize,
    pub insights_analyses: usize,
    /// Those that run.
    pub concurrent_insights_analyses: usize,
    /// Source: what accounts were told; AWS sets it by region and account.
    pub notebook_instances: usize,
    /// Of Studio; assumed.
    pub studio_domains: usize,
    pub studio_user_profiles: usize,
    /// Of one serverless variant, in MB. New accounts were told 3,072.
    pub serverless_memory: usize,
    /// Of S3, in all regions. Source: S3 user guide, "General purpose bucket quotas, restrictions, and limitations".
    pub buckets: usize,
    /// Those of SageMaker's instances, by the names that Service Quotas has for them. AWS sets them by account: where
    /// nobody says anything there is no bound.
    pub compute: Option<Arc<BTreeMap<String, usize>>>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 5,
            subnets_per_vpc: 200,
            ipv4_blocks_per_vpc: 5,
            ipv6_blocks_per_vpc: 5,
            security_groups: 2_500,
            rules_per_direction: 60,
            interfaces: 5_000,
            groups_per_interface: 5,
            tags_per_resource: 50,
            gateway_endpoints: 20,
            interface_endpoints_per_vpc: 50,
            peerings_per_vpc: 50,
            outstanding_peerings: 25,
            route_tables_per_vpc: 200,
            routes_per_table: 50,
            internet_gateways: 5,
            egress_only_gateways: 5,
            vpn_gateways: 5,
            transit_gateways: 5,
            elastic_addresses: 5,
            nat_gateways_per_zone: 5,
            elastic_addresses_per_nat_gateway: 2,
            private_addresses_per_nat_gateway: 8,
            acls_per_vpc: 200,
            acl_entries_per_direction: 20,
            prefix_lists: 100,
            entries_per_prefix_list: 1_000,
            versions_per_prefix_list: 1_000,
            insights_paths: 1_000,
            insights_analyses: 10_000,
            concurrent_insights_analyses: 100,
            notebook_instances: 8,
            studio_domains: 5,
            studio_user_profiles: 60,
            serverless_memory: 6_144,
            buckets: 10_000,
            compute: None,
        }
    }
}

impl Quotas {
    /// As much of everything as memory holds.
    pub const UNLIMITED: Quotas = Quotas {
        vpcs: usize::MAX,
        subnets_per_vpc: usize::MAX,
        ipv4_blocks_per_vpc: usize::MAX,
        ipv6_blocks_per_vpc: usize::MAX,
        security_groups: usize::MAX,
        rules_per_direction: usize::MAX,
        interfaces: usize::MAX,
        groups_per_interface: usize::MAX,
        tags_per_resource: usize::MAX,
        gateway_endpoints: usize::MAX,
        interface_endpoints_per_vpc: usize::MAX,
        peerings_per_vpc: usize::MAX,
        outstanding_peerings: usize::MAX,
        route_tables_per_vpc: usize::MAX,
        routes_per_table: usize::MAX,
        internet_gateways: usize::MAX,
        egress_only_gateways: usize::MAX,
        vpn_gateways: usize::MAX,
        transit_gateways: usize::MAX,
        elastic_addresses: usize::MAX,
        nat_gateways_per_zone: usize::MAX,
        elastic_addresses_per_nat_gateway: usize::MAX,
        private_addresses_per_nat_gateway: usize::MAX,
        acls_per_vpc: usize::MAX,
        acl_entries_per_direction: usize::MAX,
        prefix_lists: usize::MAX,
        entries_per_prefix_list: usize::MAX,
        versions_per_prefix_list: usize::MAX,
        insights_paths: usize::MAX,
        insights_analyses: usize::MAX,
        concurrent_insights_analyses: usize::MAX,
        notebook_instances: usize::MAX,
        studio_domains: usize::MAX,
        studio_user_profiles: usize::MAX,
        serverless_memory: usize::MAX,
        buckets: usize::MAX,
        compute: None,
    };
}

/// What Service Quotas calls some of them. Source: VPC user guide, "Amazon VPC quotas"; quotas of SageMaker.
const PRINTED: &[(&str, &str)] = &[
    ("VPCs per Region", "vpcs"),
    ("Subnets per VPC", "subnetsPerVpc"),
    ("IPv4 CIDR blocks per VPC", "ipv4BlocksPerVpc"),
    ("IPv6 CIDR blocks per VPC", "ipv6BlocksPerVpc"),
    ("VPC security groups per Region", "securityGroups"),
    ("Inbound or outbound rules per security group", "rulesPerDirection"),
    ("Network interfaces per Region", "interfaces"),
    ("Security groups per network interface", "groupsPerInterface"),
    ("Gateway VPC endpoints per Region", "gatewayEndpoints"),
    ("Route tables per VPC", "routeTablesPerVpc"),
    ("Internet gateways per Region", "internetGateways"),
    ("Egress-only internet gateways per Region", "egressOnlyGateways"),
    ("NAT gateways per Availability Zone", "natGatewaysPerZone"),
    ("Network ACLs per VPC", "aclsPerVpc"),
    ("Rules per network ACL", "aclEntriesPerDirection"),
    ("EC2-VPC Elastic IPs", "elasticAddresses"),
    ("Total number of notebook instances", "notebookInstances"),
    ("Memory size in MB per serverless endpoint", "serverlessMemory"),
    ("General purpose buckets", "buckets"),
];

/// What a quota is that has no bound.
pub const UNBOUNDED: usize = usize::MAX;

impl Quotas {
    /// Every quota with the name that people use. A quota without a name does not compile.
    fn named(&mut self) -> impl Iterator<Item = (&'static str, &mut usize)> {
        let Quotas {
            vpcs,
            subnets_per_vpc,
            ipv4_blocks_per_vpc,
            ipv6_blocks_per_vpc,
            security_groups,
            rules_per_direction,
            interfaces,
            groups_per_interface,
            tags_per_resource,
            gateway_endpoints,
            interface_endpoints_per_vpc,
            peerings_per_vpc,
            outstanding_peerings,
            route_tables_per_vpc,
            routes_per_table,
            internet_gateways,
            egress_only_gateways,
            vpn_gateways,
            transit_gateways,
            elastic_addresses,
            nat_gateways_per_zone,
            elastic_addresses_per_nat_gateway,
            private_addresses_per_nat_gateway,
            acls_per_vpc,
            acl_entries_per_direction,
            prefix_lists,
            entries_per_prefix_list,
            versions_per_prefix_list,
            insights_paths,
            insights_analyses,
            concurrent_insights_analyses,
            notebook_instances,
            studio_domains,
            studio_user_profiles,
            serverless_memory,
            buckets,
            compute: _,
        } = self;
        let all = [
            ("vpcs", vpcs),
            ("subnetsPerVpc", subnets_per_vpc),
            ("ipv4BlocksPerVpc", ipv4_blocks_per_vpc),
            ("ipv6BlocksPerVpc", ipv6_blocks_per_vpc),
            ("securityGroups", security_groups),
            ("rulesPerDirection", rules_per_direction),
            ("interfaces", interfaces),
            ("groupsPerInterface", groups_per_interface),
            ("tagsPerResource", tags_per_resource),
            ("gatewayEndpoints", gateway_endpoints),
            ("interfaceEndpointsPerVpc", interface_endpoints_per_vpc),
            ("peeringsPerVpc", peerings_per_vpc),
            ("outstandingPeerings", outstanding_peerings),
            ("routeTablesPerVpc", route_tables_per_vpc),
            ("routesPerTable", routes_per_table),
            ("internetGateways", internet_gateways),
            ("egressOnlyGateways", egress_only_gateways),
            ("vpnGateways", vpn_gateways),
            ("transitGateways", transit_gateways),
            ("elasticAddresses", elastic_addresses),
            ("natGatewaysPerZone", nat_gateways_per_zone),
            ("elasticAddressesPerNatGateway", elastic_addresses_per_nat_gateway),
            ("privateAddressesPerNatGateway", private_addresses_per_nat_gateway),
            ("aclsPerVpc", acls_per_vpc),
            ("aclEntriesPerDirection", acl_entries_per_direction),
            ("prefixLists", prefix_lists),
            ("entriesPerPrefixList", entries_per_prefix_list),
            ("versionsPerPrefixList", versions_per_prefix_list),
            ("insightsPaths", insights_paths),
            ("insightsAnalyses", insights_analyses),
            ("concurrentInsightsAnalyses", concurrent_insights_analyses),
            ("notebookInstances", notebook_instances),
            ("studioDomains", studio_domains),
            ("studioUserProfiles", studio_user_profiles),
            ("serverlessMemory", serverless_memory),
            ("buckets", buckets),
        ];
        all.into_iter()
    }

    /// Every quota by its name; of those of instance types the ones that were set.
    pub fn all(&self) -> Vec<(String, usize)> {
        let mut quotas = self.clone();
        let mut all: Vec<_> = quotas.named().map(|(name, limit)| (name.to_owned(), *limit)).collect();
        all.extend(compute::fixed().map(|name| (name.to_owned(), self.of(name))));
        let set = self.compute.iter().flat_map(|quotas| quotas.iter());
        let typed = set.filter(|(name, _)| compute::fixed().all(|known| known != *name));
        all.extend(typed.map(|(name, limit)| (name.clone(), *limit)));
        all
    }

    /// The limit of the quota that Service Quotas has under this name.
    pub fn of(&self, name: &str) -> usize {
        let set = self.compute.as_ref().and_then(|quotas| quotas.get(name).copied());
        set.unwrap_or(UNBOUNDED)
    }

    /// Changes the quota of this name: one of ours, or the one that Service Quotas has.
    ///
    /// # Errors
    /// If there is none.
    pub fn set(&mut self, name: &str, limit: usize) -> Result<(), String> {
        if compute::is_quota(name) {
            let quotas = self.compute.get_or_insert_default();
            Arc::make_mut(quotas).insert(name.to_owned(), limit);
            return Ok(());
        }
        let ours = PRINTED.iter().find(|(printed, _)| *printed == name).map_or(name, |(_, ours)| ours);
        let slot = self.named().find(|(known, _)| *known == ours).map(|(_, slot)| slot);
        *slot.ok_or_else(|| {
            let known: Vec<_> = Quotas::default().all().into_iter().map(|(name, _)| name).collect();
            format!(
                "`{name}` is no quota; there are {}, and such as `ml.p3.2xlarge for training job usage`",
                known.join(", ")
            )
        })? = limit;
        Ok(())
    }

    /// Reads a limit as people write it: a number, or `unlimited`.
    pub fn parse_limit(text: &str) -> Option<usize> {
        if text == "unlimited" { Some(UNBOUNDED) } else { text.parse().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quota_can_be_set_by_its_name() {
        let mut quotas = Quotas::default();
        for (n, (name, _)) in Quotas::default().all().into_iter().enumerate() {
            quotas.set(&name, n).unwrap();
            assert_eq!(quotas.all()[n], (name.clone(), n));
        }
        assert!(PRINTED.iter().all(|(printed, _)| quotas.clone().set(printed, 1).is_ok()));
        let typed = "ml.p3.2xlarge for training job usage";
        assert_eq!(quotas.of(typed), UNBOUNDED);
        quotas.set(typed, 0).unwrap();
        assert_eq!((quotas.of(typed), quotas.all().pop()), (0, Some((typed.to_owned(), 0))));
        quotas = Quotas::default();
        for (n, (name, _)) in Quotas::default().all().into_iter().enumerate() {
            quotas.set(&name, n).unwrap();
        }
        assert!(quotas.all().iter().enumerate().all(|(n, (_, limit))| n == *limit), "no two share a slot");
        assert!(quotas.set("vpc", 1).unwrap_err().starts_with("`vpc` is no quota; there are vpcs, "));
        assert!(Quotas::UNLIMITED.all().iter().all(|(_, limit)| *limit == UNBOUNDED));
        assert_eq!(
            ["7", "unlimited", "-1", ""].map(Quotas::parse_limit),
            [Some(7), Some(UNBOUNDED), None, None]
        );
    }
}
