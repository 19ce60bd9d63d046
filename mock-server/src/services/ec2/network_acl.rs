//! Network ACLs.

use super::describe::{Each, Resource, Text, stored_in};
use super::error::network_acl::NetworkAclError;
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::gateway::InVpcIndex;
use crate::model::{
    AclEntry, Id, NetworkAcl, NetworkAclAssociationId, NetworkAclId, Site, State, SubnetId, VpcId,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Serialize, Serializer};

impl Resource for NetworkAcl {
    const DESCRIBE: &'static str = "DescribeNetworkAcls";
    const LIST: &'static str = "NetworkAcls";
    const IDS: &'static str = "networkAclIds";
    const KIND: &'static str = "network-acl";
    const ID_FILTER: &'static str = "network-acl-id";
    const FILTERS: &'static [&'static str] = &[
        "association.association-id",
        "association.network-acl-id",
        "association.subnet-id",
        "default",
        "entry.cidr",
        "entry.egress",
        "entry.icmp.code",
        "entry.icmp.type",
        "entry.ipv6-cidr",
        "entry.port-range.from",
        "entry.port-range.to",
        "entry.protocol",
        "entry.rule-action",
        "entry.rule-number",
        "network-acl-id",
        "owner-id",
        "tag",
        "tag-key",
        "vpc-id",
    ];

    stored_in!(acls);

    fn not_found(missing: Missing) -> Ec2Error {
        NetworkAclError::NetworkAclNotFound(missing).into()
    }

    fn index(name: &str, value: &str) -> Option<InVpcIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(InVpcIndex::Vpc),
            "association.subnet-id" => SubnetId::parse(value).map(InVpcIndex::Subnet),
            _ => None,
        }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        let (associations, entries) = (self.associations.iter(), self.entries.iter());
        match name {
            "association.association-id" => associations.for_each(|it| probe.show(it.id)),
            "association.network-acl-id" => associations.for_each(|_| probe.show(self.id)),
            "association.subnet-id" => associations.for_each(|it| probe.show(it.subnet)),
            "default" => probe.flag(self.is_default),
            "entry.cidr" => entries.filter_map(v4).for_each(|net| probe.show(net)),
            "entry.egress" => entries.for_each(|entry| probe.flag(entry.egress)),
            "entry.port-range.from" => {
                entries.filter_map(|it| it.ports).for_each(|(from, _)| probe.show(from))
            }
            "entry.port-range.to" => entries.filter_map(|it| it.ports).for_each(|(_, to)| probe.show(to)),
            "entry.protocol" => entries.for_each(|entry| {
                probe.is(&entry.protocol);
                protocol_name(&entry.protocol).into_iter().for_each(|name| probe.is(name));
            }),
            "entry.rule-action" => entries.for_each(|entry| probe.is(action(entry))),
            "entry.rule-number" => entries.for_each(|entry| probe.show(entry.number)),
            "entry.icmp.code" => entries.filter_map(|it| it.icmp).for_each(|(_, code)| probe.show(code)),
            "entry.icmp.type" => entries.filter_map(|it| it.icmp).for_each(|(kind, _)| probe.show(kind)),
            "entry.ipv6-cidr" => entries.filter_map(v6).for_each(|net| probe.show(net)),
            "network-acl-id" => probe.show(self.id),
            "owner-id" => probe.show(state.site.account),
            "vpc-id" => probe.show(self.vpc),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        NetworkAclView {
            associations: Each(|| {
                self.associations.iter().map(|association| AssociationView {
                    network_acl_association_id: Text(association.id),
                    network_acl_id: Text(self.id),
                    subnet_id: Text(association.subnet),
                })
            }),
            entries: Each(|| self.entries.iter().map(EntryView::new)),
            is_default: self.is_default,
            network_acl_id: Text(self.id),
            tags: TagSet(&self.tags),
            vpc_id: Text(self.vpc),
            owner_id: Text(site.account),
        }
        .serialize(serializer)
    }
}

fn action(entry: &AclEntry) -> &'static str {
    if entry.allow { "allow" } else { "deny" }
}

fn v4(entry: &AclEntry) -> Option<Ipv4Net> {
    match entry.cidr {
        IpNet::V4(net) => Some(net),
        IpNet::V6(_) => None,
    }
}

fn v6(entry: &AclEntry) -> Option<Ipv6Net> {
    match entry.cidr {
        IpNet::V4(_) => None,
        IpNet::V6(net) => Some(net),
    }
}

/// The filter knows the common protocols by name too; the answer has the number.
fn protocol_name(number: &str) -> Option<&'static str> {
    match number {
        "1" => Some("icmp"),
        "6" => Some("tcp"),
        "17" => Some("udp"),
        _ => None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NetworkAclView<'a, A: Serialize, E: Serialize> {
    associations: A,
    entries: E,
    is_default: bool,
    network_acl_id: Text<NetworkAclId>,
    tags: TagSet<'a>,
    vpc_id: Text<VpcId>,
    owner_id: Text<AccountId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationView {
    network_acl_association_id: Text<NetworkAclAssociationId>,
    network_acl_id: Text<NetworkAclId>,
    subnet_id: Text<SubnetId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntryView<'a> {
    cidr_block: Option<Text<Ipv4Net>>,
    egress: bool,
    icmp_type_code: Option<IcmpTypeCode>,
    ipv6_cidr_block: Option<Text<Ipv6Net>>,
    port_range: Option<PortRange>,
    protocol: &'a str,
    rule_action: &'static str,
    rule_number: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct IcmpTypeCode {
    code: i32,
    r#type: i32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PortRange {
    from: i32,
    to: i32,
}

impl<'a> EntryView<'a> {
    fn new(entry: &'a AclEntry) -> Self {
        Self {
            cidr_block: v4(entry).map(Text),
            egress: entry.egress,
            icmp_type_code: entry.icmp.map(|(kind, code)| IcmpTypeCode { code, r#type: kind }),
            ipv6_cidr_block: v6(entry).map(Text),
            port_range: entry.ports.map(|(from, to)| PortRange { from, to }),
            protocol: &entry.protocol,
            rule_action: action(entry),
            rule_number: entry.number,
        }
    }
}
