//! Prefix lists that AWS manages: address ranges of its services, under one id in each region.
//!
//! Source: VPC user guide, "AWS-managed prefix lists".

use super::*;
use crate::kernel::{HexId, digest};
use ipnet::{IpNet, Ipv4Net};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::LazyLock;

/// A list that AWS manages in one region. It belongs to no account and never changes here.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedList {
    /// Eight digits, unlike the ids of customers' lists.
    pub id: PrefixListId,
    /// Such as `com.amazonaws.us-east-1.s3`.
    pub name: String,
    /// All of one family. Those of AWS change from week to week; some here were published, the rest are examples.
    pub entries: Vec<IpNet>,
    /// How many rules or routes it counts for in a group or route table. Source: the page, "weight".
    pub weight: usize,
}

impl ManagedList {
    /// `IPv4` or `IPv6`.
    pub fn family(&self) -> &'static str {
        if self.entries.iter().all(|entry| matches!(entry, IpNet::V4(_))) { "IPv4" } else { "IPv6" }
    }
}

/// Services that have gateway endpoints, and with them a list that routes name.
pub const GATEWAY_SERVICES: [&str; 2] = ["dynamodb", "s3"];

/// The lists of a region, in order of id. None for a region that AWS does not have.
pub fn managed(region: &str) -> &'static [ManagedList] {
    static LISTS: LazyLock<BTreeMap<&str, Vec<ManagedList>>> = LazyLock::new(|| {
        region::REGIONS.iter().enumerate().map(|(n, region)| (region.name, lists(region.name, n))).collect()
    });
    LISTS.get(region).map_or(&[], Vec::as_slice)
}

/// The list with this id.
pub fn get(region: &str, id: PrefixListId) -> Option<&'static ManagedList> {
    managed(region).iter().find(|list| list.id == id)
}

/// The list of a service that has gateway endpoints, such as `s3`.
pub fn of_service(region: &str, service: &str) -> Option<PrefixListId> {
    let service = GATEWAY_SERVICES.into_iter().find(|name| *name == service)?;
    let name = name(region, service);
    managed(region).iter().find(|list| list.name == name).map(|list| list.id)
}

fn name(region: &str, service: &str) -> String {
    format!("com.amazonaws.{region}.{service}")
}

/// The lists of the n-th region.
fn lists(region: &str, n: usize) -> Vec<ManagedList> {
    let list = |name: String, weight, entries: &[&str]| ManagedList {
        id: id(region, &name),
        name,
        entries: entries.iter().map(|net| net.parse().expect("the table holds address ranges")).collect(),
        weight,
    };
    let ranges = |service: &str, example: fn(u8) -> Ipv4Net| {
        let known = RANGES.iter().find(|known| (known.0, known.1) == (region, service));
        let entries = match known {
            Some((.., ranges)) => return list(name(region, service), 1, ranges),
            None => vec![example(u8::try_from(n).unwrap_or_default()).into()],
        };
        ManagedList { entries, ..list(name(region, service), 1, &[]) }
    };
    let mut lists = vec![
        ranges("s3", |n| Ipv4Net::new_assert(Ipv4Addr::new(3, 5, n * 4, 0), 22)),
        ranges("dynamodb", |n| Ipv4Net::new_assert(Ipv4Addr::new(52, 94, n, 0), 24)),
    ];
    // Two of CloudFront's published ranges; those of Lattice are the same in every region.
    if Partition::of(region) == Partition::Aws {
        let cloudfront = "com.amazonaws.global.cloudfront.origin-facing".to_owned();
        lists.push(list(cloudfront, 55, &["130.176.0.0/17", "205.251.249.0/24"]));
        lists.push(list(name(region, "vpc-lattice"), 10, &["169.254.171.0/24"]));
        lists.push(list(name(region, "ipv6.vpc-lattice"), 10, &["fd00:ec2:80::/64"]));
    }
    lists.sort_by_key(|list| list.id);
    lists
}

/// The id of a list: as accounts have reported it, else one that follows from the name, so that it never changes.
fn id(region: &str, name: &str) -> PrefixListId {
    let known = IDS.iter().find(|known| known.0 == region && name.ends_with(known.1)).map(|known| known.2);
    let derived = || {
        let bits = digest(0, &[b"pl", region.as_bytes(), name.as_bytes()]);
        PrefixListId::from_hex(HexId::short(u32::try_from(bits >> 96).unwrap_or_default()))
    };
    known.and_then(PrefixListId::parse).unwrap_or_else(derived)
}

/// Ids that are public: they stand in templates and logs of many users. EC2 gives the same id to different services
/// in different regions.
const IDS: &[(&str, &str, &str)] = &[
    ("ap-northeast-1", ".s3", "pl-61a54008"),
    ("ap-northeast-2", ".s3", "pl-78a54011"),
    ("ap-south-1", ".s3", "pl-78a54011"),
    ("ap-southeast-1", ".s3", "pl-6fa54006"),
    ("ap-southeast-2", ".s3", "pl-6ca54005"),
    ("ca-central-1", ".s3", "pl-7da54014"),
    ("eu-central-1", ".s3", "pl-6ea54007"),
    ("eu-north-1", ".s3", "pl-c3aa4faa"),
    ("eu-west-1", ".s3", "pl-6da54004"),
    ("eu-west-2", ".s3", "pl-7ca54015"),
    ("eu-west-3", ".s3", "pl-23ad484a"),
    ("sa-east-1", ".s3", "pl-6aa54003"),
    ("us-east-1", ".s3", "pl-63a5400a"),
    ("us-east-2", ".s3", "pl-7ba54012"),
    ("us-west-1", ".s3", "pl-6ba54002"),
    ("us-west-2", ".s3", "pl-68a54001"),
    ("ap-northeast-1", ".dynamodb", "pl-78a54011"),
    ("ap-northeast-2", ".dynamodb", "pl-48a54021"),
    ("ap-south-1", ".dynamodb", "pl-66a7420f"),
    ("ap-southeast-1", ".dynamodb", "pl-67a5400e"),
    ("ap-southeast-2", ".dynamodb", "pl-62a5400b"),
    ("eu-central-1", ".dynamodb", "pl-66a5400f"),
    ("eu-north-1", ".dynamodb", "pl-adae4bc4"),
    ("eu-west-1", ".dynamodb", "pl-6fa54006"),
    ("eu-west-2", ".dynamodb", "pl-b3a742da"),
    ("us-east-1", ".dynamodb", "pl-02cd2c6b"),
    ("us-east-2", ".dynamodb", "pl-4ca54025"),
    ("us-west-1", ".dynamodb", "pl-6ea54007"),
    ("us-west-2", ".dynamodb", "pl-00a54069"),
    ("us-east-1", ".cloudfront.origin-facing", "pl-3b927c52"),
];

/// Ranges that described lists have shown.
const RANGES: &[(&str, &str, &[&str])] = &[
    ("ap-northeast-1", "s3", &["52.219.0.0/20", "52.219.16.0/22"]),
    (
        "eu-west-2",
        "s3",
        &["3.5.244.0/22", "52.95.142.0/23", "52.95.144.0/24", "52.95.148.0/23", "52.95.150.0/24"],
    ),
    ("us-east-1", "s3", &["54.231.0.0/17"]),
    (
        "us-west-2",
        "s3",
        &["3.5.76.0/22", "3.5.80.0/21", "18.34.48.0/20", "52.92.128.0/17", "52.218.128.0/17"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_region_has_lists_with_ids_of_their_own() {
        for region in region::REGIONS {
            let lists = managed(region.name);
            let ids: BTreeSet<_> = lists.iter().map(|list| list.id).collect();
            assert_eq!(ids.len(), lists.len(), "{}", region.name);
            assert!(lists.iter().all(|list| list.id.to_string().len() == "pl-".len() + 8));
            assert!(
                lists.iter().all(|list| !list.entries.is_empty() && list.entries.len() <= list.weight.max(5))
            );
            for service in GATEWAY_SERVICES {
                let id = of_service(region.name, service).unwrap();
                assert_eq!(get(region.name, id).unwrap().name, name(region.name, service));
            }
        }
        assert!(managed("nowhere-1").is_empty());
    }

    #[test]
    fn public_ids_are_the_known_ones() {
        let id = |region, service| of_service(region, service).map(|id| id.to_string());
        assert_eq!(id("us-east-1", "s3").as_deref(), Some("pl-63a5400a"));
        assert_eq!(id("eu-west-1", "dynamodb").as_deref(), Some("pl-6fa54006"));
        assert_eq!(id("us-east-1", "vpc-lattice"), None);
        let families: BTreeSet<_> = managed("us-east-1").iter().map(ManagedList::family).collect();
        assert_eq!(families, BTreeSet::from(["IPv4", "IPv6"]));
    }
}
