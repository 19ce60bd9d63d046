//! Instances: found, tagged, printed. What they show of a network is in the rows of their interfaces.

use super::describe::{Each, Nothing, Text};
use super::error::instances::InstanceError;
use super::error::{Ec2Error, Missing};
use super::network_interface::{
    AttachmentView, GroupIdentifier, Ipv6View, Mac, Prefix6View, PrefixView, PrivateName, group_set,
    ipv4_prefixes, ipv6_addresses, ipv6_prefixes, status_name,
};
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::image::Platform;
use crate::model::{
    Id, Instance, InstanceId, InstanceState, NetworkInterface, NetworkInterfaceId, PublicAddress,
    ReservationId, Site, State, SubnetId, Tags, Tenancy, VpcId,
};
use crate::services::Printed;
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use time::OffsetDateTime;
use time::macros::format_description;

/// What tag specifications call an instance.
pub const KIND: &str = "instance";

/// The instance with this id. Source: error codes of EC2; EC2-MALFORMED.
///
/// # Errors
/// If there is none, or if the text is no id.
pub fn find_instance<'a>(state: &'a State, id: &str) -> Result<&'a Arc<Instance>, Ec2Error> {
    match InstanceId::parse(id) {
        None => Err(InstanceError::InstanceMalformed(id.to_owned()).into()),
        Some(key) => {
            state.instances.get(&key).ok_or_else(|| InstanceError::InstanceNotFound(Missing::one(id)).into())
        }
    }
}

/// The instances with these ids, each once, in order of id.
///
/// # Errors
/// Names all that are missing.
pub fn find_instances(state: &State, ids: &[String]) -> Result<Vec<Arc<Instance>>, Ec2Error> {
    let mut found = std::collections::BTreeMap::new();
    let mut missing = Vec::new();
    for id in ids {
        let key = InstanceId::parse(id).ok_or_else(|| InstanceError::InstanceMalformed(id.clone()))?;
        match state.instances.get(&key) {
            Some(row) => drop(found.insert(key, row.clone())),
            None => missing.push(id.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(InstanceError::InstanceNotFound(Missing(missing)).into());
    }
    Ok(found.into_values().collect())
}

// === Tags ===

pub fn change_tags(
    state: &mut State,
    id: &str,
    change: &mut dyn FnMut(&mut Tags) -> Result<(), Ec2Error>,
) -> Result<(), Ec2Error> {
    let mut row = Instance::clone(find_instance(state, id)?);
    change(&mut row.tags)?;
    state.instances.insert(row);
    Ok(())
}

pub fn visit_tags(state: &State, only: Option<&str>, visit: &mut dyn FnMut(String, &Tags)) {
    let wanted = only.map(InstanceId::parse);
    for row in state.instances.iter().filter(|row| wanted.is_none_or(|id| id == Some(row.id))) {
        if !row.tags.is_empty() {
            visit(row.id.to_string(), &row.tags);
        }
    }
}

// === What an instance shows ===

/// An instance with its interfaces, the primary one first.
pub struct Shown {
    pub row: Arc<Instance>,
    pub interfaces: Vec<Arc<NetworkInterface>>,
}

impl Shown {
    pub fn new(state: &State, row: Arc<Instance>) -> Self {
        Self { interfaces: state.interfaces_of(row.id), row }
    }

    pub fn primary(&self) -> Option<&NetworkInterface> {
        self.interfaces.first().map(|row| &**row)
    }

    pub fn private_address(&self) -> Option<Ipv4Addr> {
        self.primary()?.addresses.first().copied()
    }

    /// The public address that stands for the primary private one.
    pub fn public_address(&self) -> Option<&PublicAddress> {
        public_of(self.primary()?, self.private_address()?)
    }

    pub fn public_name<'a>(&self, site: &'a Site) -> Option<PublicName<'a>> {
        let primary = self.primary().filter(|row| row.dns_names)?;
        Some(PublicName(public_of(primary, self.private_address()?)?.public, site))
    }
}

fn public_of(interface: &NetworkInterface, private: Ipv4Addr) -> Option<&PublicAddress> {
    interface.public.iter().find(|address| address.private == private)
}

/// The name of a public address. Source: VPC user guide, "DNS attributes for your VPC".
pub struct PublicName<'a>(pub Ipv4Addr, pub &'a Site);

impl fmt::Display for PublicName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.0.octets();
        let suffix = self.1.partition.dns_suffix();
        match &*self.1.region {
            "us-east-1" => write!(f, "ec2-{a}-{b}-{c}-{d}.compute-1.{suffix}"),
            region => write!(f, "ec2-{a}-{b}-{c}-{d}.{region}.compute.{suffix}"),
        }
    }
}

/// The code and the name of a state. Source: API reference, InstanceState.
pub fn state_view(state: InstanceState) -> StateView {
    let (code, name) = match state {
        InstanceState::Pending => (0, "pending"),
        InstanceState::Running => (16, "running"),
        InstanceState::ShuttingDown => (32, "shutting-down"),
        InstanceState::Terminated => (48, "terminated"),
        InstanceState::Stopping => (64, "stopping"),
        InstanceState::Stopped => (80, "stopped"),
    };
    StateView { code, name }
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "PascalCase")]
pub struct StateView {
    pub code: i32,
    pub name: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateReason {
    pub code: &'static str,
    pub message: &'static str,
}

/// Why an instance is in its state. Source: EC2 user guide, "Troubleshoot instance termination".
pub fn state_reason(state: InstanceState) -> Option<StateReason> {
    match state {
        InstanceState::Pending => Some(StateReason { code: "pending", message: "pending" }),
        InstanceState::Running => None,
        _ => Some(StateReason {
            code: "Client.UserInitiatedShutdown",
            message: "Client.UserInitiatedShutdown: User initiated shutdown",
        }),
    }
}

/// What made it leave the running state, and when.
pub fn transition_reason(row: &Instance) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    let moment = row.ended.filter(|_| !matches!(row.state, InstanceState::Pending | InstanceState::Running));
    let moment =
        moment.and_then(|at| OffsetDateTime::from_unix_timestamp(at.millis().div_euclid(1_000)).ok());
    let text = moment.and_then(|moment| moment.format(form).ok());
    text.map(|text| format!("User initiated ({text} GMT)")).unwrap_or_default()
}

pub fn tenancy_name(tenancy: Tenancy) -> &'static str {
    match tenancy {
        Tenancy::Default => "default",
        Tenancy::Dedicated => "dedicated",
    }
}

// === Printing ===

/// The instances that one call made.
pub struct Reservation {
    pub site: Arc<Site>,
    pub instances: Vec<Shown>,
}

impl Printed for Reservation {
    const LIST: &'static str = "Reservations";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        // It shows rows of two tables.
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl Serialize for Reservation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ReservationView {
            reservation_id: self.instances.first().map(|shown| Text(shown.row.reservation)),
            owner_id: Text(self.site.account),
            groups: &[],
            instances: Each(|| self.instances.iter().map(|shown| instance_view(shown, &self.site))),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReservationView<I: Serialize> {
    reservation_id: Option<Text<ReservationId>>,
    owner_id: Text<AccountId>,
    groups: Nothing,
    instances: I,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceView<'a> {
    ami_launch_index: u32,
    architecture: &'static str,
    block_device_mappings: Nothing,
    client_token: &'a str,
    ebs_optimized: bool,
    ena_support: bool,
    hypervisor: &'static str,
    network_interfaces: Vec<InterfaceView<'a>>,
    root_device_name: &'static str,
    root_device_type: &'static str,
    security_groups: Vec<GroupIdentifier<'a>>,
    source_dest_check: Option<bool>,
    state_reason: Option<StateReason>,
    tags: Option<TagSet<'a>>,
    virtualization_type: &'static str,
    platform_details: &'static str,
    usage_operation: &'static str,
    ipv6_address: Option<Text<Ipv6Addr>>,
    instance_id: Text<InstanceId>,
    image_id: &'a str,
    state: StateView,
    private_dns_name: String,
    public_dns_name: String,
    state_transition_reason: String,
    product_codes: Nothing,
    instance_type: &'static str,
    launch_time: i64,
    placement: Placement,
    platform: Option<&'static str>,
    monitoring: Monitoring,
    subnet_id: Option<Text<SubnetId>>,
    vpc_id: Option<Text<VpcId>>,
    private_ip_address: Option<Text<Ipv4Addr>>,
    public_ip_address: Option<Text<Ipv4Addr>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Placement {
    availability_zone: &'static str,
    availability_zone_id: &'static str,
    group_name: &'static str,
    tenancy: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Monitoring {
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InterfaceView<'a> {
    association: Option<AssociationView<'a>>,
    attachment: Option<InstanceAttachment>,
    description: &'a str,
    groups: Vec<GroupIdentifier<'a>>,
    interface_type: &'static str,
    ipv4_prefixes: Option<Vec<PrefixView>>,
    ipv6_addresses: Vec<Ipv6View>,
    ipv6_prefixes: Option<Vec<Prefix6View>>,
    mac_address: Text<Mac>,
    network_interface_id: Text<NetworkInterfaceId>,
    owner_id: Text<AccountId>,
    private_dns_name: Option<String>,
    private_ip_address: Option<Text<Ipv4Addr>>,
    private_ip_addresses: Vec<AddressView<'a>>,
    source_dest_check: bool,
    status: &'static str,
    subnet_id: Text<SubnetId>,
    vpc_id: Text<VpcId>,
}

/// An attachment without the instance, which stands around it.
struct InstanceAttachment(AttachmentView);

impl Serialize for InstanceAttachment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.without_instance().serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationView<'a> {
    ip_owner_id: String,
    public_dns_name: Option<Text<PublicName<'a>>>,
    public_ip: Text<Ipv4Addr>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AddressView<'a> {
    association: Option<AssociationView<'a>>,
    primary: bool,
    private_dns_name: Option<String>,
    private_ip_address: Text<Ipv4Addr>,
}

fn instance_view<'a>(shown: &'a Shown, site: &'a Site) -> InstanceView<'a> {
    let row = &*shown.row;
    let release = &row.image.release;
    let primary = shown.primary();
    let (platform_details, usage_operation) = release.platform.billing();
    let domain = site.domain_name();
    let private_name = |address| PrivateName(address, &domain).to_string();
    InstanceView {
        ami_launch_index: row.launch_index,
        architecture: release.architecture,
        block_device_mappings: &[],
        client_token: row.token.as_deref().unwrap_or_default(),
        ebs_optimized: false,
        ena_support: true,
        // "The value xen is used for both Xen and Nitro hypervisors."
        hypervisor: "xen",
        network_interfaces: shown.interfaces.iter().map(|it| interface_view(it, site)).collect(),
        root_device_name: release.root_device,
        root_device_type: "ebs",
        security_groups: primary.into_iter().flat_map(group_set).collect(),
        source_dest_check: primary.map(|it| it.source_dest_check),
        state_reason: state_reason(row.state),
        tags: TagSet::unless_empty(&row.tags),
        virtualization_type: release.virtualization,
        platform_details,
        usage_operation,
        ipv6_address: primary.and_then(|it| it.ipv6.first()).map(|address| Text(*address)),
        instance_id: Text(row.id),
        image_id: &row.image.id,
        state: state_view(row.state),
        private_dns_name: shown.private_address().map(private_name).unwrap_or_default(),
        public_dns_name: shown.public_name(site).map(|name| name.to_string()).unwrap_or_default(),
        state_transition_reason: transition_reason(row),
        product_codes: &[],
        instance_type: row.instance_type.name,
        launch_time: row.launched.millis(),
        placement: Placement {
            availability_zone: row.zone.name,
            availability_zone_id: row.zone.id,
            group_name: "",
            tenancy: tenancy_name(row.tenancy),
        },
        platform: (release.platform == Platform::Windows).then_some("windows"),
        monitoring: Monitoring { state: "disabled" },
        subnet_id: primary.map(|it| Text(it.subnet)),
        vpc_id: primary.map(|it| Text(it.vpc)),
        private_ip_address: shown.private_address().map(Text),
        public_ip_address: shown.public_address().map(|address| Text(address.public)),
    }
}

fn interface_view<'a>(row: &'a NetworkInterface, site: &'a Site) -> InterfaceView<'a> {
    let domain = site.domain_name();
    let name = |address| row.dns_names.then(|| PrivateName(address, &domain).to_string());
    let association = |private| {
        public_of(row, private).map(|address| AssociationView {
            ip_owner_id: match address.elastic {
                Some(_) => site.account.to_string(),
                None => "amazon".into(),
            },
            public_dns_name: row.dns_names.then_some(Text(PublicName(address.public, site))),
            public_ip: Text(address.public),
        })
    };
    let first = row.addresses.first().copied();
    let address = |(n, address): (usize, &Ipv4Addr)| AddressView {
        association: association(*address),
        primary: n == 0,
        private_dns_name: name(*address),
        private_ip_address: Text(*address),
    };
    InterfaceView {
        association: first.and_then(association),
        attachment: row
            .attachment
            .as_ref()
            .map(|it| InstanceAttachment(AttachmentView::new(it, site.account))),
        description: &row.description,
        groups: group_set(row).collect(),
        interface_type: row.interface_type,
        ipv4_prefixes: ipv4_prefixes(row),
        ipv6_addresses: ipv6_addresses(row),
        ipv6_prefixes: ipv6_prefixes(row),
        mac_address: Text(Mac(row.mac)),
        network_interface_id: Text(row.id),
        owner_id: Text(site.account),
        private_dns_name: first.and_then(name),
        private_ip_address: first.map(Text),
        private_ip_addresses: row.addresses.iter().enumerate().map(address).collect(),
        source_dest_check: row.source_dest_check,
        status: status_name(row.status()),
        subnet_id: Text(row.subnet),
        vpc_id: Text(row.vpc),
    }
}
