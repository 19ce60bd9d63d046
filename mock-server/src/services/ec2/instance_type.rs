//! Instance types described.

use super::describe::Window;
use super::error::Ec2Error;
use super::error::instances::InstanceError;
use super::filter::{Filter, Filters, Probe};
use crate::model::{InstanceType, Site, Tags};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};

/// The instance type of this name; EC2-I-TYPE.
///
/// # Errors
/// If there is none.
pub fn find_type(name: &str) -> Result<&'static InstanceType, Ec2Error> {
    InstanceType::get(name).ok_or_else(|| InstanceError::UnknownInstanceType(name.to_owned()).into())
}

// === Types ===

pub struct DescribeInstanceTypes;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeTypesIn {
    instance_types: Vec<String>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Operation for DescribeInstanceTypes {
    const NAME: &'static str = "DescribeInstanceTypes";
    type In = DescribeTypesIn;
    type Out = Page<&'static InstanceType>;
    type Error = Ec2Error;
}

/// "You can specify up to 100"
const MOST: usize = 100;

impl Read for DescribeInstanceTypes {
    fn run(_: &View<'_>, input: DescribeTypesIn) -> Result<Self::Out, Ec2Error> {
        let names = &input.instance_types;
        if !names.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds("instanceTypes"));
        }
        let unknown = names.iter().filter(|name| InstanceType::get(name).is_none());
        let unknown: Vec<&str> = unknown.map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(InstanceError::InstanceTypesNotFound(unknown.join(", ")).into());
        }
        let window = Window::new(input.max_results, input.next_token.as_deref(), MOST, |key| {
            InstanceType::get(key).map(|it| it.name)
        })?;
        let filters = Filters::new(input.filters, TYPE_FILTERS)?;
        let mut scratch = String::new();
        let rows = InstanceType::all()
            .iter()
            .filter(|it| names.is_empty() || names.iter().any(|name| name == it.name))
            .filter(|it| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| type_values(it, name, probe))
            })
            .filter(|it| window.after.is_none_or(|after| it.name > after));
        // Without a size a page has as many rows as there may be.
        let (rows, next_token) = page::cut(rows, window.limit.min(MOST), |it| it.name.to_owned());
        Ok(Page { rows, next_token })
    }
}

pub const TYPE_FILTERS: &[&str] = &[
    "auto-recovery-supported",
    "bare-metal",
    "burstable-performance-supported",
    "current-generation",
    "dedicated-hosts-supported",
    "ebs-info.attachment-limit-type",
    "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps",
    "ebs-info.ebs-optimized-info.baseline-iops",
    "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps",
    "ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps",
    "ebs-info.ebs-optimized-info.maximum-iops",
    "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps",
    "ebs-info.ebs-optimized-support",
    "ebs-info.encryption-support",
    "ebs-info.maximum-ebs-attachments",
    "ebs-info.nvme-support",
    "free-tier-eligible",
    "hibernation-supported",
    "hypervisor",
    "instance-storage-info.disk.count",
    "instance-storage-info.disk.size-in-gb",
    "instance-storage-info.disk.type",
    "instance-storage-info.encryption-support",
    "instance-storage-info.nvme-support",
    "instance-storage-info.total-size-in-gb",
    "instance-storage-supported",
    "instance-type",
    "memory-info.size-in-mib",
    "network-info.bandwidth-weightings",
    "network-info.efa-info.maximum-efa-interfaces",
    "network-info.efa-supported",
    "network-info.ena-support",
    "network-info.encryption-in-transit-supported",
    "network-info.flexible-ena-queues-support",
    "network-info.ipv4-addresses-per-interface",
    "network-info.ipv6-addresses-per-interface",
    "network-info.ipv6-supported",
    "network-info.maximum-network-cards",
    "network-info.maximum-network-interfaces",
    "network-info.network-performance",
    "nitro-enclaves-support",
    "nitro-tpm-info.supported-versions",
    "nitro-tpm-support",
    "processor-info.supported-architecture",
    "processor-info.supported-features",
    "processor-info.sustained-clock-speed-in-ghz",
    "reboot-migration-support",
    "supported-boot-mode",
    "supported-root-device-type",
    "supported-usage-class",
    "supported-virtualization-type",
    "vcpu-info.default-cores",
    "vcpu-info.default-threads-per-core",
    "vcpu-info.default-vcpus",
    "vcpu-info.valid-cores",
    "vcpu-info.valid-threads-per-core",
];

fn type_values(it: &InstanceType, name: &str, probe: &mut Probe<'_>) {
    match name {
        "bare-metal" => probe.flag(it.hypervisor.is_none()),
        "burstable-performance-supported" => probe.flag(it.is_burstable()),
        "hypervisor" => it.hypervisor.into_iter().for_each(|name| probe.is(name)),
        "instance-type" => probe.is(it.name),
        "memory-info.size-in-mib" => probe.show(it.memory_mib),
        "network-info.efa-info.maximum-efa-interfaces" if it.efa_interfaces > 0 => {
            probe.show(it.efa_interfaces)
        }
        "network-info.efa-supported" => probe.flag(it.efa_interfaces > 0),
        "network-info.ipv4-addresses-per-interface" => probe.show(it.ipv4_per_interface),
        "network-info.ipv6-addresses-per-interface" => probe.show(it.ipv6_per_interface),
        "network-info.ipv6-supported" => probe.flag(it.ipv6_per_interface > 0),
        "network-info.maximum-network-cards" => probe.show(it.network_cards),
        "network-info.maximum-network-interfaces" => probe.show(it.interfaces),
        "processor-info.supported-architecture" => it.architectures.iter().for_each(|name| probe.is(name)),
        "vcpu-info.default-vcpus" => probe.show(it.vcpus),
        // Of all else nothing is known here.
        _ => {}
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TypeView {
    instance_type: &'static str,
    bare_metal: bool,
    hypervisor: Option<&'static str>,
    processor_info: ProcessorInfo,
    v_cpu_info: VCpuInfo,
    memory_info: MemoryInfo,
    network_info: NetworkInfo,
    burstable_performance_supported: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessorInfo {
    supported_architectures: &'static [&'static str],
}

#[derive(Serialize)]
struct VCpuInfo {
    #[serde(rename = "DefaultVCpus")]
    default_vcpus: u32,
}

#[derive(Serialize)]
struct MemoryInfo {
    #[serde(rename = "SizeInMiB")]
    size_in_mib: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkInfo {
    maximum_network_interfaces: usize,
    maximum_network_cards: u32,
    default_network_card_index: u32,
    network_cards: Vec<NetworkCard>,
    ipv4_addresses_per_interface: usize,
    ipv6_addresses_per_interface: usize,
    ipv6_supported: bool,
    efa_supported: bool,
    efa_info: Option<EfaInfo>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkCard {
    network_card_index: u32,
    maximum_network_interfaces: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EfaInfo {
    maximum_efa_interfaces: usize,
}

impl Printed for &'static InstanceType {
    const LIST: &'static str = "InstanceTypes";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let card =
            |n| NetworkCard { network_card_index: n, maximum_network_interfaces: self.interfaces_per_card() };
        TypeView {
            instance_type: self.name,
            bare_metal: self.hypervisor.is_none(),
            hypervisor: self.hypervisor,
            processor_info: ProcessorInfo { supported_architectures: &self.architectures },
            v_cpu_info: VCpuInfo { default_vcpus: self.vcpus },
            memory_info: MemoryInfo { size_in_mib: self.memory_mib },
            network_info: NetworkInfo {
                maximum_network_interfaces: self.interfaces,
                maximum_network_cards: self.network_cards,
                default_network_card_index: 0,
                network_cards: (0..self.network_cards).map(card).collect(),
                ipv4_addresses_per_interface: self.ipv4_per_interface,
                ipv6_addresses_per_interface: self.ipv6_per_interface,
                ipv6_supported: self.ipv6_per_interface > 0,
                efa_supported: self.efa_interfaces > 0,
                efa_info: (self.efa_interfaces > 0)
                    .then_some(EfaInfo { maximum_efa_interfaces: self.efa_interfaces }),
            },
            burstable_performance_supported: self.is_burstable(),
        }
        .serialize(serializer)
    }
}

// === Where they are offered ===

/// Every type is offered everywhere here; on AWS regions and zones differ.
pub struct DescribeInstanceTypeOfferings;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeOfferingsIn {
    location_type: Option<String>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct Offering {
    instance_type: &'static str,
    location_type: &'static str,
    location: String,
}

impl Offering {
    fn place(&self) -> String {
        format!("{} {}", self.instance_type, self.location)
    }
}

impl Printed for Offering {
    const LIST: &'static str = "InstanceTypeOfferings";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl Operation for DescribeInstanceTypeOfferings {
    const NAME: &'static str = "DescribeInstanceTypeOfferings";
    type In = DescribeOfferingsIn;
    type Out = Page<Offering>;
    type Error = Ec2Error;
}

pub const OFFERING_FILTERS: &[&str] = &["instance-type", "location"];

impl Read for DescribeInstanceTypeOfferings {
    fn run(view: &View<'_>, input: DescribeOfferingsIn) -> Result<Self::Out, Ec2Error> {
        let (location_type, locations) = locations(&view.state.site, input.location_type.as_deref());
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, |key| {
            let (name, location) = key.split_once(' ')?;
            Some((InstanceType::get(name)?.name, location.to_owned()))
        })?;
        let filters = Filters::new(input.filters, OFFERING_FILTERS)?;
        let mut scratch = String::new();
        let offerings = InstanceType::all().iter().flat_map(|it| {
            let at = |location: &String| Offering {
                instance_type: it.name,
                location_type,
                location: location.clone(),
            };
            locations.iter().map(at).collect::<Vec<_>>()
        });
        let rows = offerings
            .filter(|offering| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| match name {
                    "instance-type" => probe.is(offering.instance_type),
                    "location" => probe.is(&offering.location),
                    _ => probe.unknown(),
                })
            })
            // The types are in order, and so are the places of each.
            .skip_while(|offering| {
                let at = (offering.instance_type, &offering.location);
                window.after.as_ref().is_some_and(|(name, location)| at <= (name, location))
            });
        let (rows, next_token) = page::cut(rows, window.limit.min(1_000), Offering::place);
        Ok(Page { rows, next_token })
    }
}

/// The kind of location and all locations of that kind, in order.
fn locations(site: &Site, kind: Option<&str>) -> (&'static str, Vec<String>) {
    let zones = site.info().map_or(&[][..], |region| region.zones).iter();
    let mut named = match kind {
        None | Some("region") => ("region", vec![site.region.to_string()]),
        Some("availability-zone") => ("availability-zone", zones.map(|zone| zone.name.into()).collect()),
        Some("availability-zone-id") => ("availability-zone-id", zones.map(|zone| zone.id.into()).collect()),
        // There are no Outposts.
        Some(_) => ("outpost", Vec::new()),
    };
    named.1.sort();
    named
}
