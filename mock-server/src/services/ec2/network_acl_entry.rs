//! The entries of network ACLs.
//!
//! Source: the pages of CreateNetworkAclEntry, ReplaceNetworkAclEntry and DeleteNetworkAclEntry; VPC user guide,
//! "Network ACL rules" and "Amazon VPC quotas".

use super::describe::find;
use super::error::Ec2Error;
use super::error::network_acl::NetworkAclError;
use crate::model::{AclEntry, NetworkAcl, NetworkAclId, Txn};
use crate::services::{Caller, Done, Operation, Write};
use ipnet::IpNet;
use serde::Deserialize;

/// The numbers that users may give to entries.
const NUMBERS: std::ops::RangeInclusive<i32> = 1..=32_766;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct EntryIn {
    network_acl_id: String,
    rule_number: i32,
    protocol: String,
    rule_action: String,
    egress: bool,
    cidr_block: Option<String>,
    ipv6_cidr_block: Option<String>,
    icmp_type_code: Option<IcmpTypeCode>,
    port_range: Option<PortRange>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct IcmpTypeCode {
    code: Option<i32>,
    r#type: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PortRange {
    from: Option<i32>,
    to: Option<i32>,
}

// === Create ===

/// EC2-ACL-NUMBER, EC2-ACL-DUP, EC2-ACL-ENTRIES.
pub struct CreateNetworkAclEntry;

impl Operation for CreateNetworkAclEntry {
    const NAME: &'static str = "CreateNetworkAclEntry";
    type In = EntryIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for CreateNetworkAclEntry {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: EntryIn) -> Result<Done, Ec2Error> {
        let acl = find::<NetworkAcl>(&txn.state, &input.network_acl_id)?;
        let id = acl.id;
        let entry = entry(input)?;
        if acl.entry(entry.egress, entry.number).is_some() {
            return Err(NetworkAclError::DuplicateAclEntry(entry.number).into());
        }
        enough(acl, &entry, txn.state.quotas.acl_entries_per_direction)?;
        txn.state.acls.update(&id, |acl| acl.put(entry));
        Ok(Done {})
    }
}

/// Whether an ACL has room for one more entry like this; the final ones do not count.
fn enough(acl: &NetworkAcl, new: &AclEntry, most: usize) -> Result<(), NetworkAclError> {
    let is_like = |entry: &&AclEntry| {
        !entry.is_final()
            && entry.egress == new.egress
            && entry.number != new.number
            && matches!(entry.cidr, IpNet::V4(_)) == matches!(new.cidr, IpNet::V4(_))
    };
    if acl.entries.iter().filter(is_like).count() >= most {
        return Err(NetworkAclError::TooManyAclEntries);
    }
    Ok(())
}

// === Replace ===

/// EC2-ACL-ENTRY-404.
pub struct ReplaceNetworkAclEntry;

impl Operation for ReplaceNetworkAclEntry {
    const NAME: &'static str = "ReplaceNetworkAclEntry";
    type In = EntryIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ReplaceNetworkAclEntry {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: EntryIn) -> Result<Done, Ec2Error> {
        let acl = find::<NetworkAcl>(&txn.state, &input.network_acl_id)?;
        let id = acl.id;
        let entry = entry(input)?;
        there(acl, entry.egress, entry.number)?;
        enough(acl, &entry, txn.state.quotas.acl_entries_per_direction)?;
        txn.state.acls.update(&id, |acl| acl.put(entry));
        Ok(Done {})
    }
}

fn there(acl: &NetworkAcl, egress: bool, number: i32) -> Result<NetworkAclId, NetworkAclError> {
    let direction = if egress { "egress" } else { "ingress" };
    match acl.entry(egress, number) {
        Some(_) => Ok(acl.id),
        None => Err(NetworkAclError::AclEntryNotFound { direction, number, acl: acl.id }),
    }
}

// === Delete ===

/// EC2-ACL-ENTRY-404.
pub struct DeleteNetworkAclEntry;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteNetworkAclEntryIn {
    network_acl_id: String,
    rule_number: i32,
    egress: bool,
}

impl Operation for DeleteNetworkAclEntry {
    const NAME: &'static str = "DeleteNetworkAclEntry";
    type In = DeleteNetworkAclEntryIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteNetworkAclEntry {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteNetworkAclEntryIn) -> Result<Done, Ec2Error> {
        let acl = find::<NetworkAcl>(&txn.state, &input.network_acl_id)?;
        let number = number(input.rule_number)?;
        let id = there(acl, input.egress, number)?;
        txn.state.acls.update(&id, |acl| {
            acl.entries.retain(|entry| entry.egress != input.egress || entry.number != number);
        });
        Ok(Done {})
    }
}

// === What an entry says ===

fn number(number: i32) -> Result<i32, NetworkAclError> {
    if NUMBERS.contains(&number) { Ok(number) } else { Err(NetworkAclError::BadRuleNumber(number)) }
}

fn entry(input: EntryIn) -> Result<AclEntry, Ec2Error> {
    let number = number(input.rule_number)?;
    let protocol = protocol(input.protocol)?;
    let cidr = cidr(input.cidr_block, input.ipv6_cidr_block)?;
    let allow = input.rule_action == "allow";
    let mut entry =
        AclEntry { number, egress: input.egress, allow, protocol, cidr, ports: None, icmp: None };
    // For other protocols, ports and ICMP types are ignored: all traffic of the protocol is meant.
    match (entry.protocol.as_str(), cidr) {
        ("6" | "17", _) => entry.ports = Some(ports(&entry.protocol, input.port_range.unwrap_or_default())?),
        ("1", _) | ("58", IpNet::V6(_)) => entry.icmp = Some(icmp(input.icmp_type_code.unwrap_or_default())?),
        _ => {}
    }
    Ok(entry)
}

/// The IANA number of a protocol; `-1` for all of them.
fn protocol(given: String) -> Result<String, Ec2Error> {
    let number = match given.to_ascii_lowercase().as_str() {
        "-1" | "all" => -1,
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        "icmpv6" => 58,
        other => match other.parse::<u8>() {
            Ok(number) => i32::from(number),
            Err(_) => return Err(Ec2Error::UnknownProtocol(given)),
        },
    };
    Ok(number.to_string())
}

/// The one address range, with the bits beyond its prefix dropped.
fn cidr(v4: Option<String>, v6: Option<String>) -> Result<IpNet, Ec2Error> {
    let (text, net) = match (v4, v6) {
        (None, None) => return Err(Ec2Error::MissingParameter("cidrBlock")),
        (Some(_), Some(_)) => return Err(Ec2Error::NotTogether("cidrBlock", "ipv6CidrBlock")),
        (Some(text), None) => {
            let net = text.parse().map(|net: ipnet::Ipv4Net| net.trunc().into());
            (text, net)
        }
        (None, Some(text)) => {
            let net = text.parse().map(|net: ipnet::Ipv6Net| net.trunc().into());
            (text, net)
        }
    };
    net.map_err(|_| Ec2Error::MalformedCidr(text))
}

fn ports(protocol: &str, range: PortRange) -> Result<(i32, i32), Ec2Error> {
    let from = range.from.ok_or(Ec2Error::MissingParameter("portRange.from"))?;
    let to = range.to.ok_or(Ec2Error::MissingParameter("portRange.to"))?;
    if let Some(port) = [from, to].into_iter().find(|port| !(0..=65_535).contains(port)) {
        return Err(Ec2Error::BadPort(port));
    }
    if from > to {
        let protocol = if protocol == "6" { "TCP" } else { "UDP" }.to_owned();
        return Err(Ec2Error::BackwardPorts { protocol, from, to });
    }
    Ok((from, to))
}

fn icmp(given: IcmpTypeCode) -> Result<(i32, i32), Ec2Error> {
    let kind = given.r#type.ok_or(Ec2Error::MissingParameter("icmpTypeCode.type"))?;
    let code = given.code.ok_or(Ec2Error::MissingParameter("icmpTypeCode.code"))?;
    if let Some(wrong) = [kind, code].into_iter().find(|n| !(-1..=255).contains(n)) {
        return Err(Ec2Error::BadIcmp(wrong));
    }
    if kind == -1 && code != -1 {
        return Err(NetworkAclError::IcmpCodeWithoutType.into());
    }
    Ok((kind, code))
}
