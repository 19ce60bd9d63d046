//! Regions, their zones and partitions: the one place that knows them.

use crate::kernel::{AccountId, Rehome};
use std::fmt;
use std::sync::Arc;

/// A group of regions with endpoints and ARNs of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Partition {
    Aws,
    China,
    GovCloud,
}

impl Partition {
    /// In the order of their declaration.
    pub const ALL: [Partition; 3] = [Partition::Aws, Partition::China, Partition::GovCloud];

    /// The second part of an ARN.
    pub fn id(self) -> &'static str {
        match self {
            Partition::Aws => "aws",
            Partition::China => "aws-cn",
            Partition::GovCloud => "aws-us-gov",
        }
    }

    /// The domain of its endpoints.
    pub fn dns_suffix(self) -> &'static str {
        match self {
            Partition::China => "amazonaws.com.cn",
            Partition::Aws | Partition::GovCloud => "amazonaws.com",
        }
    }

    /// The partition follows from the region's name.
    pub fn of(region: &str) -> Self {
        if region.starts_with("cn-") {
            Partition::China
        } else if region.starts_with("us-gov-") {
            Partition::GovCloud
        } else {
            Partition::Aws
        }
    }

    /// An ARN. The only function that makes one.
    pub fn arn(
        self,
        service: &str,
        region: &str,
        account: impl fmt::Display,
        resource: impl fmt::Display,
    ) -> String {
        Arn { partition: self, service, region, account, resource }.to_string()
    }
}

/// An ARN that is only printed.
pub struct Arn<'a, A, R> {
    partition: Partition,
    service: &'a str,
    region: &'a str,
    account: A,
    resource: R,
}

impl<A: fmt::Display, R: fmt::Display> fmt::Display for Arn<'_, A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in ["arn:", self.partition.id(), ":", self.service, ":", self.region, ":"] {
            f.write_str(part)?;
        }
        self.account.fmt(f)?;
        f.write_str(":")?;
        self.resource.fmt(f)
    }
}

/// An availability zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Rehome)]
pub struct Zone {
    /// Such as `us-east-1a`.
    pub name: &'static str,
    /// Such as `use1-az1`: the same zone whatever an account calls it.
    pub id: &'static str,
}

/// A region that is known.
#[derive(Clone, Copy, Debug)]
pub struct RegionInfo {
    pub name: &'static str,
    pub zones: &'static [Zone],
    /// Whether an account has it without asking for it.
    pub opt_in: bool,
}

impl RegionInfo {
    pub fn get(name: &str) -> Option<&'static RegionInfo> {
        REGIONS.binary_search_by_key(&name, |region| region.name).ok().map(|at| &REGIONS[at])
    }

    pub fn partition(&self) -> Partition {
        Partition::of(self.name)
    }

    /// The domain name that the region's own DHCP options hand out.
    /// Source: VPC user guide, "DHCP option sets".
    pub fn domain_name(&self) -> String {
        domain_name(self.name)
    }
}

/// See [`RegionInfo::domain_name`].
fn domain_name(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".into() } else { format!("{region}.compute.internal") }
}

macro_rules! regions {
    ($($name:literal $opt_in:literal: $($zone:literal = $id:literal)+;)*) => {
        /// Every region known, in order of name.
        pub const REGIONS: &[RegionInfo] = &[$(RegionInfo {
            name: $name,
            zones: &[$(Zone { name: concat!($name, $zone), id: $id }),+],
            opt_in: $opt_in,
        }),*];
    };
}

// Names of regions: botocore 1.44.5 (`endpoints.json`). Zones and their ids: moto 5.2.5, which holds what accounts
// have reported; which name stands for which id differs between accounts, and is the same in all accounts here.
// Regions that an account has to ask for: account management guide, "Enable or disable AWS Regions".
regions! {
    "af-south-1" true: "a" = "afs1-az1" "b" = "afs1-az2" "c" = "afs1-az3";
    "ap-east-1" true: "a" = "ape1-az1" "b" = "ape1-az2" "c" = "ape1-az3";
    "ap-east-2" true: "a" = "ape2-az1" "b" = "ape2-az2" "c" = "ape2-az3";
    "ap-northeast-1" false: "a" = "apne1-az4" "c" = "apne1-az1" "d" = "apne1-az2";
    "ap-northeast-2" false: "a" = "apne2-az1" "b" = "apne2-az2" "c" = "apne2-az3" "d" = "apne2-az4";
    "ap-northeast-3" false: "a" = "apne3-az1" "b" = "apne3-az2" "c" = "apne3-az3";
    "ap-south-1" false: "a" = "aps1-az1" "b" = "aps1-az3" "c" = "aps1-az2";
    "ap-south-2" true: "a" = "aps2-az1" "b" = "aps2-az2" "c" = "aps2-az3";
    "ap-southeast-1" false: "a" = "apse1-az1" "b" = "apse1-az2" "c" = "apse1-az3";
    "ap-southeast-2" false: "a" = "apse2-az1" "b" = "apse2-az3" "c" = "apse2-az2";
    "ap-southeast-3" true: "a" = "apse3-az1" "b" = "apse3-az2" "c" = "apse3-az3";
    "ap-southeast-4" true: "a" = "apse4-az1" "b" = "apse4-az2" "c" = "apse4-az3";
    "ap-southeast-5" true: "a" = "apse5-az1" "b" = "apse5-az2" "c" = "apse5-az3";
    "ap-southeast-6" true: "a" = "apse6-az1" "b" = "apse6-az2" "c" = "apse6-az3";
    "ap-southeast-7" true: "a" = "apse7-az1" "b" = "apse7-az2" "c" = "apse7-az3";
    "ca-central-1" false: "a" = "cac1-az1" "b" = "cac1-az2" "d" = "cac1-az4";
    "ca-west-1" true: "a" = "caw1-az1" "b" = "caw1-az2" "c" = "caw1-az3";
    "cn-north-1" false: "a" = "cnn1-az1" "b" = "cnn1-az2";
    "cn-northwest-1" false: "a" = "cnnw1-az1" "b" = "cnnw1-az2" "c" = "cnnw1-az3";
    "eu-central-1" false: "a" = "euc1-az1" "b" = "euc1-az2" "c" = "euc1-az3";
    "eu-central-2" true: "a" = "euc2-az1" "b" = "euc2-az2" "c" = "euc2-az3";
    "eu-north-1" false: "a" = "eun1-az1" "b" = "eun1-az2" "c" = "eun1-az3";
    "eu-south-1" true: "a" = "eus1-az1" "b" = "eus1-az2" "c" = "eus1-az3";
    "eu-south-2" true: "a" = "eus2-az1" "b" = "eus2-az2" "c" = "eus2-az3";
    "eu-west-1" false: "a" = "euw1-az3" "b" = "euw1-az1" "c" = "euw1-az2";
    "eu-west-2" false: "a" = "euw2-az2" "b" = "euw2-az3" "c" = "euw2-az1";
    "eu-west-3" false: "a" = "euw3-az1" "b" = "euw3-az2" "c" = "euw3-az3";
    "il-central-1" true: "a" = "ilc1-az1" "b" = "ilc1-az2" "c" = "ilc1-az3";
    "me-central-1" true: "a" = "mec1-az1" "b" = "mec1-az2" "c" = "mec1-az3";
    "me-south-1" true: "a" = "mes1-az1" "b" = "mes1-az2" "c" = "mes1-az3";
    "mx-central-1" true: "a" = "mxc1-az1" "b" = "mxc1-az2" "c" = "mxc1-az3";
    "sa-east-1" false: "a" = "sae1-az1" "b" = "sae1-az2" "c" = "sae1-az3";
    "us-east-1" false: "a" = "use1-az6" "b" = "use1-az1" "c" = "use1-az2" "d" = "use1-az4" "e" = "use1-az3" "f" = "use1-az5";
    "us-east-2" false: "a" = "use2-az1" "b" = "use2-az2" "c" = "use2-az3";
    "us-gov-east-1" false: "a" = "usge1-az1" "b" = "usge1-az2" "c" = "usge1-az3";
    "us-gov-west-1" false: "a" = "usgw1-az1" "b" = "usgw1-az2" "c" = "usgw1-az3";
    "us-west-1" false: "a" = "usw1-az3" "b" = "usw1-az1";
    "us-west-2" false: "a" = "usw2-az2" "b" = "usw2-az1" "c" = "usw2-az3" "d" = "usw2-az4";
}

/// Families of instance types, each with the zones that have none of them. Source: API reference of 2019, VpcConfig;
/// nothing else is documented in public, so users say the rest.
pub const LACKING: &[(&str, &[&str])] = &[("ml.p3", &["us-east-1c", "us-east-1d", "us-east-1e"])];

/// The zone with this name.
pub fn zone(name: &str) -> Option<&'static Zone> {
    REGIONS.iter().flat_map(|region| region.zones).find(|zone| zone.name == name)
}

/// Whose and where something is: what its ARN, its owner and its domain name derive from.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Site {
    pub account: AccountId,
    pub region: Arc<str>,
    pub partition: Partition,
}

impl Site {
    pub fn new(account: AccountId, region: &str) -> Self {
        Self { account, region: region.into(), partition: Partition::of(region) }
    }

    /// The ARN of something here.
    pub fn arn(&self, service: &str, resource: impl fmt::Display) -> String {
        self.partition.arn(service, &self.region, self.account, resource)
    }

    /// The ARN of something of this account and region, to be printed at once.
    pub fn printed_arn<'a, R: fmt::Display>(
        &'a self,
        service: &'a str,
        resource: R,
    ) -> impl fmt::Display + use<'a, R> {
        Arn { partition: self.partition, service, region: &self.region, account: self.account, resource }
    }

    /// The domain of private names here.
    pub fn domain_name(&self) -> String {
        domain_name(&self.region)
    }

    /// What is known about the region; `None` if it is none that AWS has.
    pub fn info(&self) -> Option<&'static RegionInfo> {
        RegionInfo::get(&self.region)
    }
}

impl Default for Site {
    /// Nowhere.
    fn default() -> Self {
        Self::new(AccountId::default(), "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn regions_and_zones_are_unique_and_in_order() {
        assert!(REGIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
        let zones: Vec<_> = REGIONS.iter().flat_map(|region| region.zones).collect();
        assert_eq!(zones.iter().map(|zone| zone.name).collect::<BTreeSet<_>>().len(), zones.len());
        assert_eq!(zones.iter().map(|zone| zone.id).collect::<BTreeSet<_>>().len(), zones.len());
        assert!(LACKING.iter().flat_map(|(_, zones)| *zones).all(|name| zone(name).is_some()));
        assert!(REGIONS.iter().all(|region| region.zones.windows(2).all(|pair| pair[0].name < pair[1].name)));
    }

    #[test]
    fn an_arn_names_the_partition_of_its_region() {
        let account = AccountId::from_number(123_456_789_012).unwrap();
        for (region, arn) in [
            ("us-east-1", "arn:aws:ec2:us-east-1:123456789012:vpc/x"),
            ("cn-north-1", "arn:aws-cn:ec2:cn-north-1:123456789012:vpc/x"),
            ("us-gov-west-1", "arn:aws-us-gov:ec2:us-gov-west-1:123456789012:vpc/x"),
        ] {
            assert_eq!(Site::new(account, region).arn("ec2", "vpc/x"), arn);
        }
    }
}
