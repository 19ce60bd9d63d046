//! The refusals of gateways and the like, and of regions.

use super::super::describe::Describe;
use super::super::dhcp_options::{AssociateDhcpOptions, CreateDhcpOptions, DeleteDhcpOptions};
use super::super::region::{DescribeAvailabilityZones, DescribeRegions};
use super::Seen;
use crate::model::{DhcpOptions, InternetGateway, RouteTable};
use serde_json::json;

pub(super) fn gateways_and_regions(seen: &mut Seen<'_>) {
    seen.read::<Describe<RouteTable>>(
        json!({ "RouteTableIds": ["rtb-1"] }),
        "InvalidRouteTableID.NotFound",
        "The routeTable ID 'rtb-1' does not exist",
    );
    seen.read::<Describe<InternetGateway>>(
        json!({ "InternetGatewayIds": ["igw-1"] }),
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID 'igw-1' does not exist",
    );
    seen.read::<Describe<DhcpOptions>>(
        json!({ "DhcpOptionsIds": ["dopt-1"] }),
        "InvalidDhcpOptionID.NotFound",
        "The dhcpOption ID 'dopt-1' does not exist",
    );
    seen.read::<DescribeRegions>(
        json!({ "RegionNames": ["nowhere-1"] }),
        "InvalidParameterValue",
        "Invalid region names provided. The following region names are invalid: nowhere-1",
    );
    seen.read::<DescribeAvailabilityZones>(
        json!({ "ZoneNames": ["us-east-1x", "us-east-1a"] }),
        "InvalidParameterValue",
        "Invalid availability zone: [us-east-1x]",
    );
}

pub(super) fn dhcp_options(seen: &mut Seen<'_>, vpc: &str) {
    let create =
        |key: &str, values: &[&str]| json!({ "DhcpConfigurations": [{ "Key": key, "Values": values }] });
    seen.write::<CreateDhcpOptions>(
        json!({}),
        "MissingParameter",
        "The request must contain the parameter dhcpConfiguration",
    );
    seen.value::<CreateDhcpOptions>(
        create("router", &["10.0.0.1"]),
        "Value (router) for parameter key is invalid. Unknown DHCP option.",
    );
    seen.value::<CreateDhcpOptions>(
        create("domain-name", &[]),
        "The DHCP option domain-name must have a value.",
    );
    for (key, value) in [
        ("netbios-node-type", "0"),
        ("ntp-servers", "f"),
        ("domain-name-servers", "amazon"),
        ("netbios-name-servers", "::1"),
        ("ipv6-address-preferred-lease-time", "139"),
    ] {
        seen.value::<CreateDhcpOptions>(
            create(key, &[value]),
            &format!("Value ({value}) for parameter value is invalid. Invalid DHCP option value for {key}."),
        );
    }
    seen.value::<CreateDhcpOptions>(
        create("domain-name-servers", &["10.0.0.2"; 5]),
        "The DHCP option domain-name-servers can have at most 4 values.",
    );
    seen.write::<DeleteDhcpOptions>(
        json!({ "DhcpOptionsId": "foo-1" }),
        "InvalidDhcpOptionsId.Malformed",
        "Invalid id: \"foo-1\" (expecting \"dopt-...\")",
    );
    seen.write::<DeleteDhcpOptions>(
        json!({ "DhcpOptionsId": "dopt-1" }),
        "InvalidDhcpOptionID.NotFound",
        "The dhcpOption ID 'dopt-1' does not exist",
    );
    seen.write::<AssociateDhcpOptions>(
        json!({ "DhcpOptionsId": "dopt-1", "VpcId": vpc }),
        "InvalidDhcpOptionID.NotFound",
        "The dhcpOption ID 'dopt-1' does not exist",
    );
    seen.write::<AssociateDhcpOptions>(
        json!({ "DhcpOptionsId": "default", "VpcId": "vpc-1" }),
        "InvalidVpcID.NotFound",
        "The vpc ID 'vpc-1' does not exist",
    );
    let held = seen.lab.state().region_dhcp_options.unwrap();
    seen.write::<DeleteDhcpOptions>(
        json!({ "DhcpOptionsId": held.to_string() }),
        "DependencyViolation",
        &format!("The dhcpOptions '{held}' has dependencies and cannot be deleted."),
    );
}
