//! Network interfaces made and deleted.

use super::client_token;
use super::describe::{Listed, Resource, find};
use super::error::interfaces::InterfaceError;
use super::error::{Ec2Error, Missing};
use super::network_interface::print_as;
use super::network_interface_address::{
    Prefix, Prefix6, Single6, exclusive, parse_ipv4, parse_ipv6, parse_prefix,
};
use super::tags::{self, TagSpecification};
use crate::model::address::Refusal;
use crate::model::interface::EFA_ONLY;
use crate::model::place::{InterfaceSpec, NotPlaced};
use crate::model::{
    Addresses, ConnectionTracking, DEFAULT_GROUP, Id, InstanceType, NetworkInterface, NetworkInterfaceId,
    SecurityGroup, SecurityGroupId, State, Subnet, SubnetId, Tags, Txn, VpcId,
};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::net::Ipv4Addr;
use std::sync::Arc;

// === Create ===

/// Source: the page of CreateNetworkInterface; EC2-ENI-NOIP, EC2-ENI-SGVPC, EC2-ENI-SGMAX, EC2-ENI-LIMIT,
/// EC2-IDEM.
pub struct CreateNetworkInterface;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateNetworkInterfaceIn {
    tag_specifications: Vec<TagSpecification>,
    client_token: Option<String>,
    subnet_id: String,
    description: Option<String>,
    private_ip_address: Option<String>,
    groups: Vec<String>,
    private_ip_addresses: Vec<PrivateAddress>,
    secondary_private_ip_address_count: Option<i64>,
    ipv4_prefixes: Vec<Prefix>,
    ipv4_prefix_count: Option<i64>,
    ipv6_addresses: Vec<Single6>,
    ipv6_address_count: Option<i64>,
    ipv6_prefixes: Vec<Prefix6>,
    ipv6_prefix_count: Option<i64>,
    enable_primary_ipv6: bool,
    interface_type: Option<String>,
    connection_tracking_specification: Option<TrackingIn>,
}

/// Members that creating an interface and launching an instance have in common: which addresses there are to be.
/// Source: the page of CreateNetworkInterface.
#[derive(Debug, Default)]
pub struct AddressesIn {
    /// The one outside the list.
    pub primary: Option<String>,
    pub listed: Vec<PrivateAddress>,
    pub count: Option<i64>,
    pub prefixes: Vec<Prefix>,
    pub prefix_count: Option<i64>,
    pub ipv6: Vec<Single6>,
    pub ipv6_count: Option<i64>,
    pub ipv6_prefixes: Vec<Prefix6>,
    pub ipv6_prefix_count: Option<i64>,
}

impl AddressesIn {
    /// The chosen IPv4 addresses, the primary one first, and all others. A subnet may be one that gives each new
    /// interface an IPv6 address unless something else is asked for.
    /// Source: VPC user guide, "Modify the IP addressing attributes of your subnet".
    ///
    /// # Errors
    /// For what excludes each other and for what is no address.
    pub fn parse(self, subnet: &Subnet) -> Result<(Vec<Ipv4Addr>, Addresses), Ec2Error> {
        exclusive(&[
            ("privateIpAddresses", !self.listed.is_empty()),
            ("secondaryPrivateIpAddressCount", self.count.is_some()),
            ("ipv4Prefixes", !self.prefixes.is_empty()),
            ("ipv4PrefixCount", self.prefix_count.is_some()),
        ])?;
        exclusive(&[
            ("ipv6Addresses", !self.ipv6.is_empty()),
            ("ipv6AddressCount", self.ipv6_count.is_some()),
            ("ipv6Prefixes", !self.ipv6_prefixes.is_empty()),
            ("ipv6PrefixCount", self.ipv6_prefix_count.is_some()),
        ])?;
        let asks =
            !self.ipv6.is_empty() || !self.ipv6_prefixes.is_empty() || self.ipv6_prefix_count.is_some();
        let by_itself = i64::from(subnet.assign_ipv6 && !asks);
        let marked = self.listed.iter().filter(|address| address.primary).count();
        if marked + usize::from(self.primary.is_some()) > 1 {
            return Err(Ec2Error::OnePrimaryAddress);
        }
        let first = self.listed.iter().filter(|address| address.primary);
        let rest = self.listed.iter().filter(|address| !address.primary);
        let listed = first.chain(rest).map(|address| &*address.private_ip_address);
        let chosen = self.primary.as_deref().into_iter().chain(listed).map(parse_ipv4);
        let more = Addresses {
            ipv4: Vec::new(),
            ipv4_count: counted("secondaryPrivateIpAddressCount", self.count)?,
            prefixes: parse_all(self.prefixes.iter().map(|one| &one.ipv4_prefix), parse_prefix)?,
            prefix_count: counted("ipv4PrefixCount", self.prefix_count)?,
            ipv6: parse_all(self.ipv6.iter().map(|one| &one.ipv6_address), parse_ipv6)?,
            ipv6_count: counted("ipv6AddressCount", self.ipv6_count.or(Some(by_itself)))?,
            ipv6_prefixes: parse_all(self.ipv6_prefixes.iter().map(|one| &one.ipv6_prefix), parse_prefix)?,
            ipv6_prefix_count: counted("ipv6PrefixCount", self.ipv6_prefix_count)?,
        };
        Ok((chosen.collect::<Result<_, _>>()?, more))
    }
}

/// How many are asked for; none if nothing is said.
///
/// # Errors
/// For less than none.
pub fn counted(parameter: &'static str, count: Option<i64>) -> Result<usize, Ec2Error> {
    let count = count.unwrap_or(0);
    usize::try_from(count).map_err(|_| Ec2Error::BadCount { parameter, count })
}

/// Reads each of some texts.
pub fn parse_all<'a, T>(
    texts: impl Iterator<Item = &'a String>,
    parse: impl Fn(&str) -> Result<T, Ec2Error>,
) -> Result<Vec<T>, Ec2Error> {
    texts.map(|text| parse(text)).collect()
}

#[derive(Deserialize, Debug, Default, Clone, Copy)]
#[serde(rename_all = "PascalCase", default)]
pub struct TrackingIn {
    tcp_established_timeout: Option<i32>,
    udp_stream_timeout: Option<i32>,
    udp_timeout: Option<i32>,
}

impl TrackingIn {
    /// # Errors
    /// For a time that is out of range.
    pub fn parse(self) -> Result<ConnectionTracking, Ec2Error> {
        let check = |parameter, value: Option<i32>, least, most| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(InterfaceError::BadTimeout { parameter, value, least, most })
            }
            value => Ok(value),
        };
        Ok(ConnectionTracking {
            tcp_established: check("tcpEstablishedTimeout", self.tcp_established_timeout, 60, 432_000)?,
            udp_stream: check("udpStreamTimeout", self.udp_stream_timeout, 60, 180)?,
            udp: check("udpTimeout", self.udp_timeout, 30, 60)?,
        })
    }
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct PrivateAddress {
    pub primary: bool,
    pub private_ip_address: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNetworkInterfaceOut {
    network_interface: Pending,
    client_token: Option<String>,
}

/// An interface as its creation answers it; EC2-ENI-STATUS.
struct Pending(Listed<NetworkInterface>);

impl Serialize for Pending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(&self.0.row, "pending", &self.0.site, serializer)
    }
}

impl Operation for CreateNetworkInterface {
    const NAME: &'static str = "CreateNetworkInterface";
    type In = CreateNetworkInterfaceIn;
    type Out = CreateNetworkInterfaceOut;
    type Error = Ec2Error;
}

impl Write for CreateNetworkInterface {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        mut input: CreateNetworkInterfaceIn,
    ) -> Result<Self::Out, Ec2Error> {
        let token = input.client_token.take().filter(|token| !token.is_empty());
        // Without a token nobody looks at it.
        let asked = token.is_some().then(|| format!("{input:?}"));
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        let network_interface = Pending(Listed::new(&txn.state, row));
        Ok(Self::Out { network_interface, client_token: token })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateNetworkInterfaceIn,
    client_token: Option<u128>,
) -> Result<Arc<NetworkInterface>, Ec2Error> {
    let state = &txn.state;
    let subnet = find::<Subnet>(state, &input.subnet_id)?;
    let mut groups = groups_in(state, subnet.vpc, &input.groups)?;
    if groups.is_empty() {
        groups.extend(state.group_named(subnet.vpc, DEFAULT_GROUP).map(|group| group.id));
    }
    let tags = tags::given(state, NetworkInterface::KIND, input.tag_specifications)?;
    let (chosen, more) = AddressesIn {
        primary: input.private_ip_address,
        listed: input.private_ip_addresses,
        count: input.secondary_private_ip_address_count,
        prefixes: input.ipv4_prefixes,
        prefix_count: input.ipv4_prefix_count,
        ipv6: input.ipv6_addresses,
        ipv6_count: input.ipv6_address_count,
        ipv6_prefixes: input.ipv6_prefixes,
        ipv6_prefix_count: input.ipv6_prefix_count,
    }
    .parse(subnet)?;
    let new = NewInterface {
        subnet: subnet.id,
        groups,
        chosen,
        more,
        description: input.description.unwrap_or_default(),
        interface_type: interface_type(input.interface_type.as_deref())?,
        primary_ipv6: input.enable_primary_ipv6,
        tracking: input.connection_tracking_specification.map(TrackingIn::parse).transpose()?,
        client_token,
        tags,
    };
    make(txn, new)
}

/// The type that is asked for. Source: the page of CreateNetworkInterface.
///
/// # Errors
/// For a type of which nobody may make interfaces.
pub fn interface_type(name: Option<&str>) -> Result<&'static str, Ec2Error> {
    const TYPES: [&str; 4] = ["interface", "efa", EFA_ONLY, "trunk"];
    match name {
        None => Ok(TYPES[0]),
        Some(name) => TYPES
            .into_iter()
            .find(|known| *known == name)
            .ok_or_else(|| InterfaceError::UnknownInterfaceType(name.into()).into()),
    }
}

/// An interface that a user asks for, by itself or with an instance.
pub struct NewInterface {
    pub subnet: SubnetId,
    pub groups: Vec<SecurityGroupId>,
    /// The chosen IPv4 addresses, the primary one first; none: the next free one.
    pub chosen: Vec<Ipv4Addr>,
    /// What it is to have besides.
    pub more: Addresses,
    pub description: String,
    pub interface_type: &'static str,
    pub primary_ipv6: bool,
    pub tracking: Option<ConnectionTracking>,
    pub client_token: Option<u128>,
    pub tags: Tags,
}

/// # Errors
/// For too many interfaces and for addresses that cannot be had.
pub fn make(txn: &mut Txn<'_>, new: NewInterface) -> Result<Arc<NetworkInterface>, Ec2Error> {
    let state = &txn.state;
    if state.interfaces.len() >= state.quotas.interfaces {
        return Err(Ec2Error::TooManyInterfaces);
    }
    if new.interface_type == EFA_ONLY && !(new.chosen.is_empty() && new.more.is_empty()) {
        return Err(InterfaceError::NoAddressesWanted.into());
    }
    check_ipv6_slots(new.more.ipv6_slots())?;
    let spec = InterfaceSpec {
        id: NetworkInterfaceId::mint(txn),
        subnet: new.subnet,
        groups: new.groups,
        addresses: new.chosen,
        description: new.description.into(),
        attachment: None,
        requester_id: None,
        requester_managed: false,
        owner: None,
        interface_type: new.interface_type,
        client_token: new.client_token,
        tags: new.tags,
    };
    let mut row = txn.state.add_interface(spec).map_err(not_placed)?;
    if !new.more.is_empty() {
        row = txn.state.assign(row.id, &new.more).map_err(not_placed)?;
    }
    if new.primary_ipv6 && row.ipv6.is_empty() {
        return Err(InterfaceError::NoIpv6Address.into());
    }
    if new.primary_ipv6 || new.tracking.is_some() {
        let changed = txn.state.interfaces.update(&row.id, |row| {
            row.primary_ipv6 = new.primary_ipv6;
            row.connection_tracking = new.tracking;
        });
        row = changed.unwrap_or(row);
    }
    Ok(row)
}

/// Whether any interface can have so many IPv6 addresses: no more than the largest instance gives to one. Assumed for
/// interfaces that are not attached; a subnet itself never runs out of them.
///
/// # Errors
/// If none can.
pub fn check_ipv6_slots(slots: usize) -> Result<(), Ec2Error> {
    if slots == 0 {
        return Ok(());
    }
    let most = InstanceType::all().iter().map(|it| it.ipv6_per_interface).max();
    if slots > most.unwrap_or(0) { Err(InterfaceError::TooManyIpv6Addresses.into()) } else { Ok(()) }
}

/// The groups named, each once, if an interface in this VPC may carry them; EC2-ENI-SGVPC, EC2-ENI-SGMAX.
///
/// # Errors
/// For groups that do not exist, lie elsewhere or are too many.
pub fn groups_in(state: &State, vpc: VpcId, names: &[String]) -> Result<Vec<SecurityGroupId>, Ec2Error> {
    let mut groups = Vec::with_capacity(names.len().max(1));
    let mut missing = Vec::new();
    for name in names {
        match find::<SecurityGroup>(state, name) {
            Ok(group) if !state.may_carry(group, vpc) => return Err(Ec2Error::DifferentNetworks),
            Ok(group) if groups.contains(&group.id) => {}
            Ok(group) => groups.push(group.id),
            Err(_) => missing.push(name.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(SecurityGroup::not_found(Missing(missing)));
    }
    if groups.len() > state.quotas.groups_per_interface {
        return Err(Ec2Error::TooManyGroupsOnInterface);
    }
    Ok(groups)
}

pub fn not_placed(why: NotPlaced) -> Ec2Error {
    match why {
        NotPlaced::NoSuchSubnet(id) => Ec2Error::SubnetNotFound(Missing(vec![id.to_string()])),
        NotPlaced::NoSuchInterface(id) => Ec2Error::InterfaceNotFound(Missing(vec![id.to_string()])),
        NotPlaced::NoSuchGroup(id) => Ec2Error::GroupNotFound(Missing(vec![id.to_string()])),
        NotPlaced::Address(Some(address), Refusal::Outside) => Ec2Error::AddressOutside(address),
        NotPlaced::Address(Some(address), Refusal::Reserved) => Ec2Error::AddressReserved(address),
        NotPlaced::Address(Some(_), Refusal::InUse) => Ec2Error::AddressInUse,
        NotPlaced::Address(_, _) => Ec2Error::SubnetFull,
        NotPlaced::Address6(Some(address), Refusal::Reserved) => InterfaceError::Ipv6Reserved(address).into(),
        NotPlaced::Address6(Some(address), Refusal::Outside) => InterfaceError::Ipv6Outside(address).into(),
        NotPlaced::Address6(Some(_), _) => Ec2Error::AddressInUse,
        NotPlaced::Address6(None, _) => Ec2Error::SubnetFull,
        NotPlaced::Prefix(None, Refusal::Fragmented) => InterfaceError::NoWholePrefix.into(),
        NotPlaced::Prefix(None, _) => InterfaceError::NoPrefix.into(),
        NotPlaced::Prefix(Some(prefix), Refusal::Outside) => {
            InterfaceError::BadPrefix(prefix.to_string()).into()
        }
        NotPlaced::Prefix(Some(prefix), _) => InterfaceError::PrefixInUse(prefix.to_string()).into(),
        NotPlaced::NoIpv6(subnet) => InterfaceError::NoIpv6(subnet).into(),
    }
}

// === Delete ===

/// Source: the page of DeleteNetworkInterface; EC2-ENI-DEL-USED, EC2-ENI-REQ.
pub struct DeleteNetworkInterface;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteNetworkInterfaceIn {
    network_interface_id: String,
}

impl Operation for DeleteNetworkInterface {
    const NAME: &'static str = "DeleteNetworkInterface";
    type In = DeleteNetworkInterfaceIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteNetworkInterface {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteNetworkInterfaceIn) -> Result<Done, Ec2Error> {
        let interface = find::<NetworkInterface>(&txn.state, &input.network_interface_id)?;
        let id = interface.id;
        if interface.attachment.is_some() || interface.owner.is_some() {
            return Err(Ec2Error::InterfaceInUse(id));
        }
        txn.state.remove_interface(id);
        Ok(Done {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::*;
    use serde_json::json;

    #[test]
    fn an_interface_is_described_as_it_was_made() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        let group = lab.group(&vpc, "web");
        let made = lab.write::<CreateNetworkInterface>(json!({
            "SubnetId": subnet,
            "Groups": [group, group],
            "Description": "mine",
            "PrivateIpAddresses": [
                { "PrivateIpAddress": "10.0.0.9" },
                { "PrivateIpAddress": "10.0.0.8", "Primary": true },
            ],
            "TagSpecifications": [{ "ResourceType": "network-interface", "Tags": [{ "Key": "k", "Value": "v" }] }],
        }));
        let mut interface = made["NetworkInterface"].clone();
        assert_eq!(interface["Status"], "pending");
        assert_eq!(interface["PrivateIpAddress"], "10.0.0.8");
        assert!(interface.get("PrivateDnsName").is_none(), "the VPC gives no names");
        assert_eq!(interface["PrivateIpAddresses"][1]["Primary"], false);
        assert_eq!(interface["Groups"], json!([{ "GroupId": group, "GroupName": "web" }]));
        assert_eq!(interface["TagSet"], json!([{ "Key": "k", "Value": "v" }]));
        assert_eq!(text(&interface["MacAddress"]).len(), 17);
        let id = text(&interface["NetworkInterfaceId"]);
        interface["Status"] = json!("available");
        let listed = lab.read::<Describe<NetworkInterface>>(json!({ "NetworkInterfaceIds": [id] }));
        assert_eq!(listed["NetworkInterfaces"], json!([interface]));
    }

    #[test]
    fn without_groups_it_carries_the_default_group() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        let made = lab.write::<CreateNetworkInterface>(json!({ "SubnetId": subnet }));
        assert_eq!(made["NetworkInterface"]["Groups"][0]["GroupName"], "default");
        assert_eq!(made["NetworkInterface"]["PrivateIpAddress"], "10.0.0.4");
        assert!(made.get("ClientToken").is_none());
    }

    #[test]
    fn a_client_token_makes_one_interface() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        let input = json!({ "SubnetId": subnet, "ClientToken": "once", "Description": "a" });
        let first = lab.write::<CreateNetworkInterface>(input.clone());
        assert_eq!(first["ClientToken"], "once");
        assert_eq!(lab.write::<CreateNetworkInterface>(input.clone()), first);
        let other = json!({ "SubnetId": subnet, "ClientToken": "once", "Description": "b" });
        assert_eq!(lab.try_write::<CreateNetworkInterface>(other), Err(Ec2Error::TokenReused));
        let id = &first["NetworkInterface"]["NetworkInterfaceId"];
        lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": id }));
        let again = lab.write::<CreateNetworkInterface>(input);
        assert_ne!(again["NetworkInterface"]["NetworkInterfaceId"], *id);
    }

    #[test]
    fn a_full_subnet_refuses() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/28");
        let create = |more: usize| {
            let input = json!({ "SubnetId": subnet, "SecondaryPrivateIpAddressCount": more });
            lab.try_write::<CreateNetworkInterface>(input).map(|_| ())
        };
        assert_eq!(create(11), Err(Ec2Error::SubnetFull));
        assert_eq!(create(10), Ok(()));
        assert_eq!(create(0), Err(Ec2Error::SubnetFull));
    }
}
