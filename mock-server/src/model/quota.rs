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
        peerings_per_vpc: usize::MAX,
        outstanding_peerings: usize::MAX,
    };
}

/// What a quota is that has no bound.
pub const UNBOUNDED: usize = usize::MAX;

impl Quotas {
    /// Every quota with the name that people use. A quota without a name does not compile.
    fn named(&mut self) -> impl Iterator<Item = (&'static str, &mut usize)> {
        let Quotas {
            vpcs,
            subnets_per_vpc,
            security_groups,
            rules_per_direction,
            interfaces,
            groups_per_interface,
            tags_per_resource,
            peerings_per_vpc,
            outstanding_peerings,
        } = self;
        let all = [
            ("vpcs", vpcs),
            ("subnetsPerVpc", subnets_per_vpc),
            ("securityGroups", security_groups),
            ("rulesPerDirection", rules_per_direction),
            ("interfaces", interfaces),
            ("groupsPerInterface", groups_per_interface),
            ("tagsPerResource", tags_per_resource),
            ("peeringsPerVpc", peerings_per_vpc),
            ("outstandingPeerings", outstanding_peerings),
        ];
        all.into_iter()
    }

    /// Every quota by its name.
    pub fn all(mut self) -> Vec<(&'static str, usize)> {
        self.named().map(|(name, limit)| (name, *limit)).collect()
    }

    /// Changes the quota of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn set(&mut self, name: &str, limit: usize) -> Result<(), String> {
        let slot = self.named().find(|(known, _)| *known == name).map(|(_, slot)| slot);
        *slot.ok_or_else(|| {
            let known: Vec<_> = Quotas::default().all().into_iter().map(|(name, _)| name).collect();
            format!("`{name}` is no quota; there are {}", known.join(", "))
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
            quotas.set(name, n).unwrap();
            assert_eq!(quotas.all()[n], (name, n));
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
