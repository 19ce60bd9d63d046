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
    let mut entry = AclEntry { number, egress: input.egress, allow, protocol, cidr, ports: None, icmp: None };
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
    for (what, number) in [("type", kind), ("code", code)] {
        if !(-1..=255).contains(&number) {
            return Err(Ec2Error::BadIcmp { what, number });
        }
    }
    if kind == -1 && code != -1 {
        return Err(NetworkAclError::IcmpCodeWithoutType.into());
    }
    Ok((kind, code))
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::network_acl_change::{
        CreateNetworkAcl, DeleteNetworkAcl, ReplaceNetworkAclAssociation,
    };
    use super::super::vpc::DeleteVpc;
    use super::*;
    use crate::model::Id;
    use serde_json::{Value as Json, json};

    fn create(lab: &Lab, vpc: &str) -> Json {
        lab.write::<CreateNetworkAcl>(json!({
            "VpcId": vpc,
            "ClientToken": "once",
            "TagSpecifications": [{ "ResourceType": "network-acl", "Tags": [{ "Key": "k", "Value": "v" }] }],
        }))
    }

    fn described(lab: &Lab, id: &Json) -> Json {
        lab.read::<Describe<NetworkAcl>>(json!({ "NetworkAclIds": [id] }))["NetworkAcls"][0].clone()
    }

    #[test]
    fn entries_are_described_as_they_were_made() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let made = create(&lab, &vpc);
        assert_eq!((&made["ClientToken"], create(&lab, &vpc) == made), (&json!("once"), true));
        let acl = &made["NetworkAcl"];
        let id = &acl["NetworkAclId"];
        assert_eq!(described(&lab, id), *acl);
        let last = |egress: bool| {
            json!({
                "CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny",
                "RuleNumber": 32_767,
            })
        };
        assert_eq!(acl["Entries"], json!([last(true), last(false)]));
        let entry = |number: i32, more: Json| {
            let mut entry = json!({ "RuleNumber": number, "RuleAction": "allow", "Egress": false });
            entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            entry
        };
        let with_acl = |mut entry: Json| {
            entry["NetworkAclId"] = id.clone();
            entry
        };
        let entries = [
            entry(
                1,
                json!({ "Protocol": "6", "CidrBlock": "10.0.0.0/8", "PortRange": { "From": 1, "To": 2 } }),
            ),
            entry(
                2,
                json!({ "Protocol": "1", "CidrBlock": "10.0.0.0/8", "IcmpTypeCode": { "Code": -1, "Type": 8 } }),
            ),
            entry(
                3,
                json!({ "Protocol": "58", "Ipv6CidrBlock": "::/0", "IcmpTypeCode": { "Code": -1, "Type": -1 } }),
            ),
            entry(4, json!({ "Protocol": "-1", "CidrBlock": "10.0.0.0/8" })),
        ];
        for entry in entries.iter().rev() {
            lab.write::<CreateNetworkAclEntry>(with_acl(entry.clone()));
        }
        let mut expected = vec![last(true)];
        expected.extend(entries);
        expected.push(last(false));
        assert_eq!(described(&lab, id)["Entries"], json!(expected));
        for (name, value) in
            [("entry.icmp.type", "8"), ("entry.icmp.code", "-1"), ("entry.ipv6-cidr", "::/0")]
        {
            let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            let found = lab.ids::<Describe<NetworkAcl>>("NetworkAcls", "NetworkAclId", input);
            assert_eq!(found, [text(id)], "{name}");
        }
        // Names of protocols, other bits of an address and ports of protocols without any are dropped.
        let odd = entry(
            4,
            json!({
                "Protocol": "udp", "CidrBlock": "100.68.0.18/18", "PortRange": { "From": 0, "To": 65_535 },
            }),
        );
        lab.write::<ReplaceNetworkAclEntry>(with_acl(odd));
        let shown = described(&lab, id)["Entries"][4].clone();
        assert_eq!((&shown["Protocol"], &shown["CidrBlock"]), (&json!("17"), &json!("100.68.0.0/18")));
        let odd = entry(
            4,
            json!({
                "Protocol": "50", "CidrBlock": "0.0.0.0/0", "PortRange": { "From": 22, "To": 22 },
            }),
        );
        lab.write::<ReplaceNetworkAclEntry>(with_acl(odd));
        assert!(described(&lab, id)["Entries"][4].get("PortRange").is_none());
        for number in 1..=4 {
            lab.write::<DeleteNetworkAclEntry>(with_acl(json!({ "RuleNumber": number, "Egress": false })));
        }
        assert_eq!(described(&lab, id), *acl, "as it was");
    }

    #[test]
    fn a_subnet_changes_its_acl_and_holds_it() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let acl = create(&lab, &vpc)["NetworkAcl"]["NetworkAclId"].clone();
        let of_subnet = json!({ "Filters": [{ "Name": "association.subnet-id", "Values": [subnet] }] });
        let now = || lab.read::<Describe<NetworkAcl>>(of_subnet.clone())["NetworkAcls"][0].clone();
        let before = now();
        assert_eq!(before["IsDefault"], true);
        let replace = |association: &Json, acl: &Json| {
            let input = json!({ "AssociationId": association, "NetworkAclId": acl });
            lab.write::<ReplaceNetworkAclAssociation>(input)["NewAssociationId"].clone()
        };
        let old = &before["Associations"][0]["NetworkAclAssociationId"];
        let new = replace(old, &acl);
        assert_ne!(new, *old);
        assert_eq!(replace(&new, &acl), new);
        assert_eq!(now()["NetworkAclId"], acl);
        let delete = || lab.try_write::<DeleteNetworkAcl>(json!({ "NetworkAclId": acl }));
        let id = Id::parse(&text(&acl)).unwrap();
        assert_eq!(delete(), Err(NetworkAclError::NetworkAclInUse(id).into()));
        replace(&new, &before["NetworkAclId"]);
        lab.write::<super::super::subnet::DeleteSubnet>(json!({ "SubnetId": subnet }));
        let vpc_id = Id::parse(&vpc).unwrap();
        let delete_vpc = || lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc }));
        assert_eq!(delete_vpc(), Err(Ec2Error::VpcInUse(vpc_id)));
        delete().unwrap();
        delete_vpc().unwrap();
        assert!(lab.state().client_tokens.is_empty());
    }
}
