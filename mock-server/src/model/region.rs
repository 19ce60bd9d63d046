//! Regions, their zones and partitions: the one place that knows them.

use std::fmt;

/// A group of regions with endpoints and ARNs of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Partition {
    Aws,
    China,
    GovCloud,
}

impl Partition {
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
        format!("arn:{}:{service}:{region}:{account}:{resource}", self.id())
    }
}

/// An availability zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
        REGIONS.iter().find(|region| region.name == name)
    }

    pub fn partition(&self) -> Partition {
        Partition::of(self.name)
    }

    /// The domain name that the region's own DHCP options hand out.
    /// Source: VPC user guide, "DHCP option sets".
    pub fn domain_name(&self) -> String {
        if self.name == "us-east-1" {
            "ec2.internal".into()
        } else {
            format!("{}.compute.internal", self.name)
        }
    }
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

regions! {
    "eu-west-1" false: "a" = "euw1-az1" "b" = "euw1-az2" "c" = "euw1-az3";
    "us-east-1" false: "a" = "use1-az1" "b" = "use1-az2" "c" = "use1-az4" "d" = "use1-az6" "e" = "use1-az3" "f" = "use1-az5";
}
