//! Regions and availability zones.

use super::error::Ec2Error;
use super::filter::{Filter, Filters, Probe};
use crate::model::region::REGIONS;
use crate::model::{RegionInfo, Site, Tags, Zone};
use crate::services::{Operation, Read, View};
use serde::{Deserialize, Serialize};

/// What the account has done about a region. It has asked AWS for none yet, as a new one has not; but if it calls in a
/// region that has to be asked for, it must have.
/// Source: account management guide, "Enable or disable AWS Regions".
fn opt_in_status(site: &Site, region: &RegionInfo) -> &'static str {
    match region.opt_in {
        false => "opt-in-not-required",
        true if region.name == &*site.region => "opted-in",
        true => NOT_OPTED_IN,
    }
}

const NOT_OPTED_IN: &str = "not-opted-in";

/// The regions of a partition.
fn regions(site: &Site) -> impl Iterator<Item = &'static RegionInfo> {
    let partition = site.partition;
    REGIONS.iter().filter(move |region| region.partition() == partition)
}

/// Of `names`, those that `known` does not know, as an error lists them.
fn unknown(names: &[String], known: impl Fn(&str) -> bool) -> Option<String> {
    let unknown: Vec<_> = names.iter().filter(|name| !known(name)).map(String::as_str).collect();
    (!unknown.is_empty()).then(|| unknown.join(", "))
}

fn is_named(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|other| other == name)
}

// === Regions ===

pub const REGION_FILTERS: &[&str] = &["endpoint", "opt-in-status", "region-name"];

/// Source: the page of DescribeRegions.
pub struct DescribeRegions;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeRegionsIn {
    region_names: Vec<String>,
    all_regions: bool,
    filters: Vec<Filter>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegionsOut {
    regions: Vec<RegionView>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionView {
    opt_in_status: &'static str,
    region_name: &'static str,
    endpoint: String,
}

impl RegionView {
    fn new(site: &Site, region: &RegionInfo) -> Self {
        let endpoint = format!("ec2.{}.{}", region.name, region.partition().dns_suffix());
        Self { opt_in_status: opt_in_status(site, region), region_name: region.name, endpoint }
    }

    fn values(&self, name: &str, probe: &mut Probe<'_>) {
        match name {
            "endpoint" => probe.is(&self.endpoint),
            "opt-in-status" => probe.is(self.opt_in_status),
            "region-name" => probe.is(self.region_name),
            _ => probe.unknown(),
        }
    }
}

impl Operation for DescribeRegions {
    const NAME: &'static str = "DescribeRegions";
    type In = DescribeRegionsIn;
    type Out = DescribeRegionsOut;
    type Error = Ec2Error;
}

impl Read for DescribeRegions {
    fn run(view: &View<'_>, input: DescribeRegionsIn) -> Result<DescribeRegionsOut, Ec2Error> {
        let site = &view.state.site;
        let filters = Filters::new(input.filters, REGION_FILTERS)?;
        let names = input.region_names;
        if let Some(unknown) = unknown(&names, |name| regions(site).any(|region| region.name == name)) {
            return Err(Ec2Error::RegionNotFound(unknown));
        }
        // By name any region is told of; otherwise those that are enabled, or all if that is asked for.
        let any = input.all_regions || !names.is_empty();
        let mut scratch = String::new();
        let regions = regions(site)
            .filter(|region| is_named(&names, region.name))
            .map(|region| RegionView::new(site, region))
            .filter(|row| any || row.opt_in_status != NOT_OPTED_IN)
            .filter(|row| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| row.values(name, probe))
            });
        Ok(DescribeRegionsOut { regions: regions.collect() })
    }
}

// === Availability zones ===

pub const ZONE_FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// Source: the page of DescribeAvailabilityZones.
pub struct DescribeAvailabilityZones;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeZonesIn {
    zone_names: Vec<String>,
    zone_ids: Vec<String>,
    /// There are no zones that one has to ask for, so it makes no difference.
    #[serde(rename = "AllAvailabilityZones")]
    _all_availability_zones: Option<bool>,
    filters: Vec<Filter>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeZonesOut {
    availability_zones: Vec<ZoneView>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneView {
    opt_in_status: &'static str,
    messages: super::describe::Nothing,
    region_name: &'static str,
    zone_name: &'static str,
    zone_id: &'static str,
    group_name: String,
    network_border_group: &'static str,
    zone_type: &'static str,
    state: &'static str,
}

impl ZoneView {
    fn new(region: &'static RegionInfo, zone: &Zone) -> Self {
        Self {
            opt_in_status: "opt-in-not-required",
            messages: &[],
            region_name: region.name,
            zone_name: zone.name,
            zone_id: zone.id,
            group_name: format!("{}-zg-1", region.name),
            network_border_group: region.name,
            zone_type: "availability-zone",
            state: "available",
        }
    }

    fn values(&self, name: &str, probe: &mut Probe<'_>) {
        match name {
            "group-name" => probe.is(&self.group_name),
            "opt-in-status" => probe.is(self.opt_in_status),
            "region-name" => probe.is(self.region_name),
            "state" => probe.is(self.state),
            "zone-id" => probe.is(self.zone_id),
            "zone-name" => probe.is(self.zone_name),
            "zone-type" => probe.is(self.zone_type),
            "group-long-name" | "message" | "parent-zone-id" | "parent-zone-name" => {}
            _ => probe.unknown(),
        }
    }
}

impl Operation for DescribeAvailabilityZones {
    const NAME: &'static str = "DescribeAvailabilityZones";
    type In = DescribeZonesIn;
    type Out = DescribeZonesOut;
    type Error = Ec2Error;
}

impl Read for DescribeAvailabilityZones {
    fn run(view: &View<'_>, input: DescribeZonesIn) -> Result<DescribeZonesOut, Ec2Error> {
        let filters = Filters::new(input.filters, ZONE_FILTERS)?;
        let Some(region) = view.state.site.info() else {
            return Ok(DescribeZonesOut { availability_zones: Vec::new() });
        };
        let (names, ids) = (input.zone_names, input.zone_ids);
        let is_name = |name: &str| region.zones.iter().any(|zone| zone.name == name);
        let is_id = |id: &str| region.zones.iter().any(|zone| zone.id == id);
        if let Some(unknown) = unknown(&names, is_name).or_else(|| unknown(&ids, is_id)) {
            return Err(Ec2Error::ZoneNotFound(unknown));
        }
        let mut scratch = String::new();
        let zones = region
            .zones
            .iter()
            .filter(|zone| is_named(&names, zone.name) && is_named(&ids, zone.id))
            .map(|zone| ZoneView::new(region, zone))
            .filter(|row| {
                filters.pass(&mut scratch, &Tags::default(), |name, probe| row.values(name, probe))
            });
        Ok(DescribeZonesOut { availability_zones: zones.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{Lab, texts};
    use super::*;
    use crate::model::Quotas;
    use serde_json::json;

    #[test]
    fn a_partition_has_its_own_regions() {
        for (region, count, endpoint) in [
            ("us-east-1", 34, "ec2.us-east-1.amazonaws.com"),
            ("cn-north-1", 2, "ec2.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", 2, "ec2.us-gov-west-1.amazonaws.com"),
        ] {
            let lab = Lab::with(region, Quotas::default());
            let all = lab.read::<DescribeRegions>(json!({ "AllRegions": true }))["Regions"].clone();
            assert_eq!(all.as_array().unwrap().len(), count);
            let own = json!({ "Filters": [{ "Name": "endpoint", "Values": [endpoint] }] });
            assert_eq!(texts(&lab.read::<DescribeRegions>(own)["Regions"], "RegionName"), [region]);
        }
    }

    #[test]
    fn regions_to_be_asked_for_are_told_of_only_if_they_are_asked_for() {
        let statuses = |region: &str, input| {
            let lab = Lab::with(region, Quotas::default());
            let regions = lab.read::<DescribeRegions>(input)["Regions"].clone();
            texts(&regions, "RegionName").into_iter().zip(texts(&regions, "OptInStatus")).collect::<Vec<_>>()
        };
        let enabled = statuses("us-east-1", json!({}));
        assert_eq!(enabled.len(), 17);
        assert!(enabled.iter().all(|(_, status)| status == "opt-in-not-required"));
        let one = json!({ "RegionNames": ["ap-east-1"] });
        let is = |status: &str| vec![("ap-east-1".to_owned(), status.to_owned())];
        assert_eq!(statuses("us-east-1", one.clone()), is("not-opted-in"));
        assert_eq!(statuses("ap-east-1", one), is("opted-in"));
        assert_eq!(statuses("ap-east-1", json!({})).len(), 18);
        let filter = json!({ "Filters": [{ "Name": "opt-in-status", "Values": ["not-opted-in"] }] });
        assert_eq!(statuses("us-east-1", filter), []);
    }

    #[test]
    fn zones_are_found_by_name_id_and_filter() {
        let lab = Lab::new();
        let names =
            |input| texts(&lab.read::<DescribeAvailabilityZones>(input)["AvailabilityZones"], "ZoneName");
        assert_eq!(names(json!({})).len(), 6);
        assert_eq!(names(json!({ "ZoneNames": ["us-east-1c"] })), ["us-east-1c"]);
        assert_eq!(names(json!({ "ZoneIds": ["use1-az6"] })), ["us-east-1a"]);
        assert_eq!(
            names(json!({ "Filters": [{ "Name": "zone-id", "Values": ["use1-az[12]", "use1-az5"] }] })),
            ["us-east-1f"]
        );
    }
}
