//! Elastic network interfaces.

use super::describe::{Each, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::tags::TagSet;
use crate::kernel::{AccountId, SimTime};
use crate::model::interface::InterfaceIndex;
use crate::model::{
    AddressAssociationId, AllocationId, Attachment, ConnectionTracking, GroupRef, Id, InstanceId,
    InterfaceStatus, NetworkInterface, NetworkInterfaceId, Owner, PublicAddress, SecurityGroupId, Site,
    State, SubnetId, VpcId,
};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::format_description;

impl Resource for NetworkInterface {
    const DESCRIBE: &'static str = "DescribeNetworkInterfaces";
    const LIST: &'static str = "NetworkInterfaces";
    const IDS: &'static str = "networkInterfaceIds";
    const KIND: &'static str = "network-interface";
    const ID_FILTER: &'static str = "network-interface-id";
    const FILTERS: &'static [&'static str] = &[
        "addresses.association.owner-id",
        "addresses.association.public-ip",
        "addresses.primary",
        "addresses.private-ip-address",
        "association.allocation-id",
        "association.association-id",
        "association.ip-owner-id",
        "association.public-dns-name",
        "association.public-ip",
        "attachment.attach-time",
        "attachment.attachment-id",
        "attachment.delete-on-termination",
        "attachment.device-index",
        "attachment.instance-id",
        "attachment.instance-owner-id",
        "attachment.status",
        "availability-zone",
        "availability-zone-id",
        "description",
        "group-id",
        "interface-type",
        "ipv6-addresses.ipv6-address",
        "mac-address",
        "network-interface-id",
        "operator.managed",
        "operator.principal",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "source-dest-check",
        "status",
        "subnet-id",
        "tag",
        "tag-key",
        "vpc-id",
    ];

    stored_in!(interfaces);

    fn not_found(missing: Missing) -> Ec2Error {
        Ec2Error::InterfaceNotFound(missing)
    }

    fn index(name: &str, value: &str) -> Option<InterfaceIndex> {
        match name {
            "subnet-id" => SubnetId::parse(value).map(InterfaceIndex::Subnet),
            "vpc-id" => VpcId::parse(value).map(InterfaceIndex::Vpc),
            "group-id" => SecurityGroupId::parse(value).map(InterfaceIndex::Group),
            "addresses.association.public-ip" | "association.public-ip" => {
                value.parse().ok().map(InterfaceIndex::Public)
            }
            "association.association-id" => {
                AddressAssociationId::parse(value).map(InterfaceIndex::Association)
            }
            "attachment.instance-id" => InstanceId::parse(value).map(InterfaceIndex::Instance),
            _ => None,
        }
    }

    /// The subnets know who has an address.
    fn keys(state: &State, name: &str, value: &str) -> Option<Vec<NetworkInterfaceId>> {
        if !matches!(name, "addresses.private-ip-address" | "private-ip-address") {
            return None;
        }
        let address: Ipv4Addr = value.parse().ok()?;
        let owners = state.subnets.iter().filter_map(|subnet| subnet.addresses.owner(address));
        // An address of a prefix is none of the interface's own.
        let own = |id: &NetworkInterfaceId| {
            state.interfaces.get(id).is_some_and(|row| row.addresses.contains(&address))
        };
        Some(owners.filter(own).collect())
    }

    /// Those of endpoints outlive them, and a fault can keep some.
    fn leaves_with(&self) -> Option<&Owner> {
        self.owner.as_ref().filter(|owner| matches!(owner, Owner::Fleet(_) | Owner::Stuck(..)))
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "addresses.primary" => (0..self.addresses.len()).for_each(|n| probe.flag(n == 0)),
            "addresses.private-ip-address" | "private-ip-address" => {
                self.addresses.iter().for_each(|address| probe.show(address));
            }
            "availability-zone" => probe.is(self.zone.name),
            "availability-zone-id" => probe.is(self.zone.id),
            "description" => probe.is(&self.description),
            "group-id" => self.groups.iter().for_each(|group| probe.show(group.id)),
            "interface-type" => probe.is(self.interface_type),
            "mac-address" => probe.show(Mac(self.mac)),
            "network-interface-id" => probe.show(self.id),
            "operator.managed" => probe.flag(false),
            "owner-id" => probe.show(state.site.account),
            "private-dns-name" if !self.dns_names => {}
            "private-dns-name" => {
                let domain = state.site.domain_name();
                self.addresses.iter().for_each(|address| probe.show(PrivateName(*address, &domain)));
            }
            "requester-id" => self.requester_id.iter().for_each(|id| probe.is(id)),
            "requester-managed" => probe.flag(self.requester_managed),
            "source-dest-check" => probe.flag(self.source_dest_check),
            "status" => probe.is(status_name(self.status())),
            "subnet-id" => probe.show(self.subnet),
            "vpc-id" => probe.show(self.vpc),
            "addresses.association.owner-id" | "association.ip-owner-id" => {
                self.public.iter().for_each(|public| probe.is(&ip_owner(public, &state.site)));
            }
            "addresses.association.public-ip" | "association.public-ip" => {
                self.public.iter().for_each(|public| probe.show(public.public));
            }
            "association.allocation-id" => {
                self.public.iter().filter_map(|it| it.elastic).for_each(|(id, _)| probe.show(id));
            }
            "association.association-id" => {
                self.public.iter().filter_map(|it| it.elastic).for_each(|(_, id)| probe.show(id));
            }
            "association.public-dns-name" if self.dns_names => {
                let name = |public: &PublicAddress| PublicName(public.public, &state.site).to_string();
                self.public.iter().for_each(|public| probe.is(&name(public)));
            }
            "association.public-dns-name" | "operator.principal" => {}
            "ipv6-addresses.ipv6-address" => self.ipv6.iter().for_each(|address| probe.show(address)),
            name => match (name.strip_prefix("attachment."), &self.attachment) {
                (Some(field), Some(attachment)) => attachment_values(attachment, state, field, probe),
                (Some(_), None) => {}
                (None, _) => probe.unknown(),
            },
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(self, status_name(self.status()), site, serializer)
    }
}

/// An interface that users may change: none that a service manages; EC2-ENI-REQ.
///
/// # Errors
/// If there is no such interface, or if it is a service's.
pub fn find_own<'a>(state: &'a State, id: &str) -> Result<&'a Arc<NetworkInterface>, Ec2Error> {
    let interface = find::<NetworkInterface>(state, id)?;
    if interface.requester_managed || interface.owner.is_some() {
        return Err(Ec2Error::ManagedInterface);
    }
    Ok(interface)
}

pub fn attachment_values(attachment: &Attachment, state: &State, field: &str, probe: &mut Probe<'_>) {
    let view = AttachmentView::new(attachment, state.site.account);
    match field {
        "attach-time" => view.attach_time.into_iter().for_each(|at| probe.is(&date(at))),
        "attachment-id" => probe.is(&view.attachment_id),
        "delete-on-termination" => probe.flag(view.delete_on_termination),
        "device-index" => probe.show(view.device_index),
        "network-card-index" => probe.show(view.network_card_index),
        "instance-id" => view.instance_id.into_iter().for_each(|id| probe.show(id.0)),
        "instance-owner-id" => probe.is(&view.instance_owner_id),
        "status" => probe.is(view.status),
        _ => probe.unknown(),
    }
}

/// A moment as EC2 writes it, from milliseconds.
pub fn date(millis: i64) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    moment.ok().and_then(|moment| moment.format(form).ok()).unwrap_or_default()
}

pub fn status_name(status: InterfaceStatus) -> &'static str {
    match status {
        InterfaceStatus::Available => "available",
        InterfaceStatus::InUse => "in-use",
    }
}

pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The name that the region's resolver gives to a private address.
/// Source: VPC user guide, "DNS attributes for your VPC".
pub struct PrivateName<'a>(pub Ipv4Addr, pub &'a str);

impl fmt::Display for PrivateName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.octets();
        write!(f, "ip-{a}-{b}-{c}-{d}.{}", self.1)
    }
}

/// The name of a public address. Source: VPC user guide, "DNS attributes for your VPC".
struct PublicName<'a>(Ipv4Addr, &'a Site);

impl fmt::Display for PublicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.octets();
        let (region, suffix) = (&*self.1.region, self.1.partition.dns_suffix());
        match region {
            "us-east-1" => write!(f, "ec2-{a}-{b}-{c}-{d}.compute-1.{suffix}"),
            _ => write!(f, "ec2-{a}-{b}-{c}-{d}.{region}.compute.{suffix}"),
        }
    }
}

/// Whose a public address is.
fn ip_owner(public: &PublicAddress, site: &Site) -> String {
    if public.elastic.is_some() { site.account.to_string() } else { "amazon".to_owned() }
}

// === Printing ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationView {
    allocation_id: Option<Text<AllocationId>>,
    association_id: Option<Text<AddressAssociationId>>,
    ip_owner_id: String,
    /// Empty without a name.
    public_dns_name: String,
    public_ip: Text<Ipv4Addr>,
}

impl AssociationView {
    /// What stands for a private address of an interface.
    fn of(interface: &NetworkInterface, private: Ipv4Addr, site: &Site) -> Option<Self> {
        let public = interface.public.iter().find(|public| public.private == private)?;
        let name = interface.dns_names.then(|| PublicName(public.public, site).to_string());
        Some(Self {
            allocation_id: public.elastic.map(|(id, _)| Text(id)),
            association_id: public.elastic.map(|(_, id)| Text(id)),
            ip_owner_id: ip_owner(public, site),
            public_dns_name: name.unwrap_or_default(),
            public_ip: Text(public.public),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InterfaceView<'a, G: Serialize, A: Serialize> {
    association: Option<AssociationView>,
    attachment: Option<AttachmentView>,
    availability_zone: &'static str,
    description: &'a str,
    groups: G,
    interface_type: &'static str,
    ipv6_address: Option<Text<Ipv6Addr>>,
    ipv6_addresses: Vec<Ipv6View>,
    ipv4_prefixes: Option<Vec<PrefixView>>,
    ipv6_prefixes: Option<Vec<Prefix6View>>,
    connection_tracking_configuration: Option<TrackingView>,
    mac_address: Text<Mac>,
    network_interface_id: Text<NetworkInterfaceId>,
    owner_id: Text<AccountId>,
    private_dns_name: Option<Text<PrivateName<'a>>>,
    private_ip_address: Option<Text<Ipv4Addr>>,
    private_ip_addresses: A,
    requester_id: Option<&'a str>,
    requester_managed: bool,
    source_dest_check: bool,
    status: &'static str,
    subnet_id: Text<SubnetId>,
    tag_set: TagSet<'a>,
    vpc_id: Text<VpcId>,
    operator: Operator,
    availability_zone_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachmentView {
    attach_time: Option<i64>,
    attachment_id: String,
    delete_on_termination: bool,
    device_index: i32,
    network_card_index: i32,
    instance_id: Option<Text<InstanceId>>,
    instance_owner_id: String,
    status: &'static str,
}

impl AttachmentView {
    pub fn new(attachment: &Attachment, account: AccountId) -> Self {
        let of_instance = |since: SimTime| Some(since.millis());
        match attachment {
            Attachment::Instance {
                id,
                instance,
                device_index,
                network_card_index,
                delete_on_termination,
                since,
            } => Self {
                attach_time: of_instance(*since),
                attachment_id: id.to_string(),
                delete_on_termination: *delete_on_termination,
                device_index: *device_index,
                network_card_index: *network_card_index,
                instance_id: Some(Text(*instance)),
                instance_owner_id: account.to_string(),
                status: "attached",
            },
            Attachment::Service { id, instance_owner, device_index } => Self {
                attach_time: None,
                attachment_id: id.to_string(),
                delete_on_termination: false,
                device_index: *device_index,
                network_card_index: 0,
                instance_id: None,
                instance_owner_id: instance_owner.to_string(),
                status: "attached",
            },
        }
    }
}

/// An attachment as its instance shows it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceAttachmentView<'a> {
    attach_time: Option<i64>,
    attachment_id: &'a str,
    delete_on_termination: bool,
    device_index: i32,
    network_card_index: i32,
    status: &'static str,
}

impl AttachmentView {
    pub fn without_instance(&self) -> InstanceAttachmentView<'_> {
        InstanceAttachmentView {
            attach_time: self.attach_time,
            attachment_id: &self.attachment_id,
            delete_on_termination: self.delete_on_termination,
            device_index: self.device_index,
            network_card_index: self.network_card_index,
            status: self.status,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupIdentifier<'a> {
    group_id: Text<SecurityGroupId>,
    group_name: &'a str,
}

impl<'a> GroupIdentifier<'a> {
    pub fn new(group: &'a GroupRef) -> Self {
        Self { group_id: Text(group.id), group_name: &group.name }
    }
}

/// The groups of an interface, in the order in which they were given.
pub fn group_set(interface: &NetworkInterface) -> impl Iterator<Item = GroupIdentifier<'_>> {
    interface.groups.iter().map(GroupIdentifier::new)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AddressView<'a> {
    association: Option<AssociationView>,
    primary: bool,
    private_dns_name: Option<Text<PrivateName<'a>>>,
    private_ip_address: Text<Ipv4Addr>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ipv6View {
    ipv6_address: Text<Ipv6Addr>,
    is_primary_ipv6: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrefixView {
    pub ipv4_prefix: Text<Ipv4Net>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Prefix6View {
    pub ipv6_prefix: Text<Ipv6Net>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrackingView {
    tcp_established_timeout: Option<i32>,
    udp_stream_timeout: Option<i32>,
    udp_timeout: Option<i32>,
}

impl From<ConnectionTracking> for TrackingView {
    fn from(it: ConnectionTracking) -> Self {
        Self {
            tcp_established_timeout: it.tcp_established,
            udp_stream_timeout: it.udp_stream,
            udp_timeout: it.udp,
        }
    }
}

/// The IPv6 addresses of an interface.
pub fn ipv6_addresses(interface: &NetworkInterface) -> Vec<Ipv6View> {
    let views = interface.ipv6.iter().enumerate().map(|(n, address)| Ipv6View {
        ipv6_address: Text(*address),
        is_primary_ipv6: n == 0 && interface.primary_ipv6,
    });
    views.collect()
}

/// Its IPv4 prefixes; a list that is empty is not printed.
pub fn ipv4_prefixes(interface: &NetworkInterface) -> Option<Vec<PrefixView>> {
    let views = interface.prefixes.iter().map(|prefix| PrefixView { ipv4_prefix: Text(*prefix) });
    (!interface.prefixes.is_empty()).then(|| views.collect())
}

/// Its IPv6 prefixes; a list that is empty is not printed.
pub fn ipv6_prefixes(interface: &NetworkInterface) -> Option<Vec<Prefix6View>> {
    let views = interface.ipv6_prefixes.iter().map(|prefix| Prefix6View { ipv6_prefix: Text(*prefix) });
    (!interface.ipv6_prefixes.is_empty()).then(|| views.collect())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Operator {
    managed: bool,
}

pub fn print_as<S: Serializer>(
    interface: &NetworkInterface,
    status: &'static str,
    site: &Site,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let domain = &*site.domain_name();
    let addresses = || interface.addresses.iter().enumerate();
    let primary = interface.addresses.first();
    let name = |address| interface.dns_names.then_some(Text(PrivateName(address, domain)));
    InterfaceView {
        association: primary.and_then(|address| AssociationView::of(interface, *address, site)),
        attachment: interface.attachment.as_ref().map(|it| AttachmentView::new(it, site.account)),
        availability_zone: interface.zone.name,
        description: &interface.description,
        groups: Each(|| group_set(interface)),
        interface_type: interface.interface_type,
        ipv6_address: interface.ipv6.first().map(|address| Text(*address)),
        ipv6_addresses: ipv6_addresses(interface),
        ipv4_prefixes: ipv4_prefixes(interface),
        ipv6_prefixes: ipv6_prefixes(interface),
        connection_tracking_configuration: interface.connection_tracking.map(Into::into),
        mac_address: Text(Mac(interface.mac)),
        network_interface_id: Text(interface.id),
        owner_id: Text(site.account),
        private_dns_name: primary.and_then(|address| name(*address)),
        private_ip_address: primary.map(|address| Text(*address)),
        private_ip_addresses: Each(|| {
            addresses().map(|(n, address)| AddressView {
                association: AssociationView::of(interface, *address, site),
                primary: n == 0,
                private_dns_name: name(*address),
                private_ip_address: Text(*address),
            })
        }),
        requester_id: interface.requester_id.as_deref(),
        requester_managed: interface.requester_managed,
        source_dest_check: interface.source_dest_check,
        status,
        subnet_id: Text(interface.subnet),
        tag_set: TagSet(&interface.tags),
        vpc_id: Text(interface.vpc),
        operator: Operator { managed: false },
        availability_zone_id: interface.zone.id,
    }
    .serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, unknown_filters};
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn every_documented_filter_is_known_and_selects() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let group = lab.group(&vpc, "web");
        let instance = lab.instance(&subnet, json!({ "SecurityGroupIds": [group] }));
        let id = text(&instance["InstanceId"]);
        let with = text(&instance["NetworkInterfaces"][0]["NetworkInterfaceId"]);
        let without = lab.interface(&subnet, &[]);
        let state = lab.state();
        let row = super::super::describe::find::<NetworkInterface>(&state, &with).unwrap();
        assert_eq!(unknown_filters(&state, &**row), Vec::<&str>::new());
        assert!(NetworkInterface::FILTERS.is_sorted());
        let ids = |filters: Json| {
            let input = json!({ "Filters": filters });
            lab.ids::<Describe<NetworkInterface>>("NetworkInterfaces", "NetworkInterfaceId", input)
        };
        for (name, value) in [
            ("group-id", group.as_str()),
            ("status", "in-use"),
            ("attachment.attach-time", "2023-11-14T22:13:20.000Z"),
            ("attachment.instance-id", &id),
            ("attachment.instance-id", "i-*"),
            ("attachment.delete-on-termination", "true"),
            ("private-ip-address", "10.0.0.4"),
        ] {
            assert_eq!(ids(json!([{ "Name": name, "Values": [value] }])), [&*with], "{name}");
        }
        let name = json!([{ "Name": "private-dns-name", "Values": ["ip-10-0-0-4.*"] }]);
        assert_eq!(ids(name.clone()), Vec::<String>::new(), "the VPC gives no names");
        let names = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } });
        lab.write::<super::super::vpc::ModifyVpcAttribute>(names);
        assert_eq!(ids(name), [&*with]);
        assert_eq!(ids(json!([{ "Name": "subnet-id", "Values": [subnet] }])).len(), 2);
        assert_eq!(ids(json!([{ "Name": "status", "Values": ["available"] }])), [without]);
    }
}
