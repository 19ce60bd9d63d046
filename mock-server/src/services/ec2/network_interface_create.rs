//! Network interfaces made and deleted.

use super::client_token;
use super::describe::{Listed, Resource, find};
use super::error::{Ec2Error, Missing};
use super::network_interface::print_as;
use super::tags::{self, TagSpecification};
use crate::model::address::Refusal;
use crate::model::place::{InterfaceSpec, NotPlaced};
use crate::model::{
    DEFAULT_GROUP, Id, NetworkInterface, NetworkInterfaceId, SecurityGroup, SecurityGroupId, State, Subnet,
    Txn, VpcId,
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
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PrivateAddress {
    primary: bool,
    private_ip_address: String,
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
        let asked = format!("{input:?}");
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
    let addresses = addresses(&input)?;
    let more = input.secondary_private_ip_address_count.unwrap_or(0);
    let more = usize::try_from(more)
        .map_err(|_| Ec2Error::BadCount { parameter: "secondaryPrivateIpAddressCount", count: more })?;
    let tags = tags::given(state, NetworkInterface::KIND, input.tag_specifications)?;
    if state.interfaces.len() >= state.quotas.interfaces {
        return Err(Ec2Error::TooManyInterfaces);
    }
    if more >= subnet.addresses.free() as usize {
        return Err(Ec2Error::SubnetFull);
    }
    let subnet = subnet.id;
    let spec = InterfaceSpec {
        id: NetworkInterfaceId::mint(txn),
        subnet,
        groups,
        addresses,
        description: input.description.unwrap_or_default().into(),
        attachment: None,
        requester_id: None,
        requester_managed: false,
        owner: None,
        interface_type: "interface",
        client_token,
        tags,
    };
    let mut row = txn.state.add_interface(spec).map_err(not_placed)?;
    if more > 0 {
        row = txn.state.add_addresses(row.id, more).map_err(not_placed)?;
    }
    Ok(row)
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

/// The addresses asked for, the primary one first.
fn addresses(input: &CreateNetworkInterfaceIn) -> Result<Vec<Ipv4Addr>, Ec2Error> {
    let parse = |text: &str| text.parse().map_err(|_| Ec2Error::NotAnAddress(text.to_owned()));
    let listed = &input.private_ip_addresses;
    if !listed.is_empty() && input.secondary_private_ip_address_count.is_some() {
        return Err(Ec2Error::NotTogether("privateIpAddresses", "secondaryPrivateIpAddressCount"));
    }
    let marked = listed.iter().filter(|address| address.primary).count();
    if marked + usize::from(input.private_ip_address.is_some()) > 1 {
        return Err(Ec2Error::OnePrimaryAddress);
    }
    let primary = input.private_ip_address.iter().map(String::as_str);
    let first = listed.iter().filter(|address| address.primary);
    let rest = listed.iter().filter(|address| !address.primary);
    primary.chain(first.chain(rest).map(|address| &*address.private_ip_address)).map(parse).collect()
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
        assert_eq!(interface["PrivateDnsName"], "ip-10-0-0-8.ec2.internal");
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
