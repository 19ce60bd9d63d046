//! Names that do not resolve, and DHCP options that jobs cannot do with.

use super::bash::variable;
use super::network::ec2;
use crate::model::{State, Subnet, Vpc};

/// AWS's own resolver, as DHCP options name it.
const RESOLVER: &str = "AmazonProvidedDNS";

/// Switches on what a VPC needs for private names: each attribute takes a call of its own.
pub fn attributes(state: &State, vpc: &Vpc) -> Vec<String> {
    let attributes = [("enable-dns-support", vpc.dns_support), ("enable-dns-hostnames", vpc.dns_hostnames)];
    let off = attributes.into_iter().filter(|(_, on)| !on);
    let on = |(name, _)| {
        ec2(state, "modify-vpc-attribute").with("vpc-id", vpc.id).with(name, r#"{"Value":true}"#).line()
    };
    off.map(on).collect()
}

/// Makes names resolve in a subnet's VPC.
pub fn resolution(state: &State, subnet: &Subnet) -> Option<Vec<String>> {
    let vpc = state.vpcs.get(&subnet.vpc)?;
    if !vpc.dns_support {
        let change = ec2(state, "modify-vpc-attribute").with("vpc-id", vpc.id);
        return Some(vec![change.with("enable-dns-support", r#"{"Value":true}"#).line()]);
    }
    options(state, vpc)
}

/// DHCP options with AWS's resolver and a domain name, besides all that the VPC's options hold now.
pub fn options(state: &State, vpc: &Vpc) -> Option<Vec<String>> {
    let now = vpc.dhcp_options.and_then(|id| state.dhcp_options.get(&id));
    let kept = |key: &str| {
        now.and_then(|now| now.options.iter().find(|(known, _)| known == key)).map(|(_, values)| values)
    };
    let domain = kept("domain-name").filter(|names| !names.is_empty()).map(|names| names.join(" "));
    let mut wanted = vec![
        ("domain-name-servers".to_owned(), RESOLVER.to_owned()),
        ("domain-name".to_owned(), domain.unwrap_or_else(|| state.site.domain_name())),
    ];
    for (key, values) in now.iter().flat_map(|now| &now.options) {
        if wanted.iter().all(|(known, _)| known != key) {
            wanted.push((key.clone(), values.join(",")));
        }
    }
    let wanted = wanted.into_iter().map(|(key, values)| format!("Key={key},Values={values}"));
    let create = ec2(state, "create-dhcp-options").with_all("dhcp-configurations", wanted);
    let associate = ec2(state, "associate-dhcp-options").with("vpc-id", vpc.id);
    Some(vec![
        create.into_variable("DOPT", "DhcpOptions.DhcpOptionsId"),
        associate.with("dhcp-options-id", variable("DOPT")).line(),
    ])
}
