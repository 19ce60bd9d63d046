//! Addresses and prefixes given to network interfaces and taken back.

use super::describe::Text;
use super::error::Ec2Error;
use super::error::interfaces::InterfaceError;
use super::network_interface::{PrefixView, find_own};
use super::network_interface_create::{check_ipv6_slots, counted, not_placed, parse_all};
use crate::model::{
    Addresses, Attachment, InstanceType, NetworkInterface, NetworkInterfaceId, State, Subnet, Txn,
};
use crate::services::{Caller, Done, Operation, Write};
use ipnet::Ipv6Net;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Prefix {
    pub ipv4_prefix: String,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Prefix6 {
    pub ipv6_prefix: String,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Single6 {
    pub ipv6_address: String,
}

/// Refuses parameters of which at most one may be given.
///
/// # Errors
/// Names the first two that are.
pub fn exclusive(parameters: &[(&'static str, bool)]) -> Result<(), Ec2Error> {
    let mut given = parameters.iter().filter(|(_, given)| *given).map(|(name, _)| *name);
    match (given.next(), given.next()) {
        (Some(one), Some(other)) => Err(Ec2Error::NotTogether(one, other)),
        _ => Ok(()),
    }
}

pub fn parse_ipv4(text: &str) -> Result<Ipv4Addr, Ec2Error> {
    text.parse().map_err(|_| Ec2Error::NotAnAddress(text.to_owned()))
}

pub fn parse_ipv6(text: &str) -> Result<Ipv6Addr, Ec2Error> {
    text.parse().map_err(|_| InterfaceError::NotAnIpv6Address(text.to_owned()).into())
}

pub fn parse_prefix<T: FromStr>(text: &str) -> Result<T, Ec2Error> {
    text.parse().map_err(|_| InterfaceError::BadPrefix(text.to_owned()).into())
}

/// The type of the instance that an interface is attached to.
pub fn type_of(state: &State, interface: &NetworkInterface) -> Option<&'static InstanceType> {
    let instance = interface.attachment.as_ref().and_then(Attachment::instance)?;
    state.instances.get(&instance).map(|row| row.instance_type)
}

/// Whether an interface of an instance of this type can have so many addresses.
/// Source: EC2 user guide, "IP addresses per network interface per instance type"; EC2-ENI-ADDR-LIMIT.
///
/// # Errors
/// If it cannot.
pub fn check_slots(kind: &InstanceType, ipv4: usize, ipv6: usize) -> Result<(), Ec2Error> {
    if ipv4 > kind.ipv4_per_interface {
        return Err(InterfaceError::TooManyAddresses.into());
    }
    if ipv6 > kind.ipv6_per_interface {
        return Err(InterfaceError::TooManyIpv6Addresses.into());
    }
    Ok(())
}

/// Gives an interface more addresses, as far as its instance allows it; answers those that are new.
fn assign(txn: &mut Txn<'_>, id: NetworkInterfaceId, more: &Addresses) -> Result<NetworkInterface, Ec2Error> {
    let missing = || not_placed(crate::model::place::NotPlaced::NoSuchInterface(id));
    let old = txn.state.interfaces.get(&id).cloned().ok_or_else(missing)?;
    let (ipv4, ipv6) = (old.ipv4_slots() + more.ipv4_slots(), old.ipv6_slots() + more.ipv6_slots());
    if let Some(kind) = type_of(&txn.state, &old) {
        check_slots(kind, ipv4, ipv6)?;
    }
    check_ipv6_slots(ipv6)?;
    let row = txn.state.assign(id, more).map_err(not_placed)?;
    let mut new = NetworkInterface::clone(&row);
    new.addresses.drain(..old.addresses.len());
    new.prefixes.drain(..old.prefixes.len());
    new.ipv6.drain(..old.ipv6.len());
    new.ipv6_prefixes.drain(..old.ipv6_prefixes.len());
    Ok(new)
}

fn all<T, O>(items: &[T], view: impl Fn(&T) -> O) -> Option<Vec<O>> {
    (!items.is_empty()).then(|| items.iter().map(view).collect())
}

// === IPv4 ===

/// Source: the page of AssignPrivateIpAddresses; EC2-ENI-NOIP2, EC2-ENI-ADDR-LIMIT, EC2-ENI-REASSIGN.
pub struct AssignPrivateIpAddresses;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssignPrivateIn {
    network_interface_id: String,
    private_ip_addresses: Vec<String>,
    secondary_private_ip_address_count: Option<i64>,
    allow_reassignment: bool,
    ipv4_prefixes: Vec<String>,
    ipv4_prefix_count: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssignPrivateOut {
    network_interface_id: Text<NetworkInterfaceId>,
    assigned_private_ip_addresses: Option<Vec<AssignedAddress>>,
    assigned_ipv4_prefixes: Option<Vec<PrefixView>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssignedAddress {
    private_ip_address: Text<Ipv4Addr>,
}

impl Operation for AssignPrivateIpAddresses {
    const NAME: &'static str = "AssignPrivateIpAddresses";
    type In = AssignPrivateIn;
    type Out = AssignPrivateOut;
    type Error = Ec2Error;
}

impl Write for AssignPrivateIpAddresses {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssignPrivateIn) -> Result<Self::Out, Ec2Error> {
        let row = find_own(&txn.state, &input.network_interface_id)?.clone();
        exclusive(&[
            ("privateIpAddresses", !input.private_ip_addresses.is_empty()),
            ("secondaryPrivateIpAddressCount", input.secondary_private_ip_address_count.is_some()),
        ])?;
        exclusive(&[
            ("ipv4Prefixes", !input.ipv4_prefixes.is_empty()),
            ("ipv4PrefixCount", input.ipv4_prefix_count.is_some()),
        ])?;
        let mut more = Addresses {
            ipv4: parse_all(input.private_ip_addresses.iter(), parse_ipv4)?,
            ipv4_count: counted("secondaryPrivateIpAddressCount", input.secondary_private_ip_address_count)?,
            prefixes: parse_all(input.ipv4_prefixes.iter(), parse_prefix)?,
            prefix_count: counted("ipv4PrefixCount", input.ipv4_prefix_count)?,
            ..Addresses::default()
        };
        if more.is_empty() {
            // "If you don't specify an IP address, Amazon EC2 automatically selects" one.
            more.ipv4_count = 1;
        }
        // Addresses that another interface gives up are free when they are assigned below.
        let mut moved = Vec::new();
        for address in more.ipv4.clone() {
            if let Some(from) = holder(&txn.state, &row, address, input.allow_reassignment)? {
                more.ipv4.retain(|one| *one != address);
                moved.push((address, from));
            }
        }
        let own = moved.iter().filter(|(_, from)| *from == row.id).count();
        if let Some(kind) = type_of(&txn.state, &row) {
            let ipv4 = row.ipv4_slots() + more.ipv4_slots() + moved.len() - own;
            check_slots(kind, ipv4, row.ipv6_slots())?;
        }
        for (address, from) in moved.iter().filter(|(_, from)| *from != row.id) {
            txn.state.reassign(*address, *from, row.id).map_err(not_placed)?;
        }
        let new = assign(txn, row.id, &more)?;
        let addresses: Vec<_> = moved.into_iter().map(|(address, _)| address).chain(new.addresses).collect();
        Ok(AssignPrivateOut {
            network_interface_id: Text(row.id),
            assigned_private_ip_addresses: all(&addresses, |address| AssignedAddress {
                private_ip_address: Text(*address),
            }),
            assigned_ipv4_prefixes: all(&new.prefixes, |prefix| PrefixView { ipv4_prefix: Text(*prefix) }),
        })
    }
}

/// The interface that has an address which `row` is to have; it has to be one that can be moved.
fn holder(
    state: &State,
    row: &NetworkInterface,
    address: Ipv4Addr,
    allowed: bool,
) -> Result<Option<NetworkInterfaceId>, Ec2Error> {
    let pool = state.subnets.get(&row.subnet).map(|subnet: &std::sync::Arc<Subnet>| &subnet.addresses);
    let Some(other) = pool.and_then(|pool| pool.owner(address)).and_then(|id| state.interfaces.get(&id))
    else {
        return Ok(None);
    };
    if !allowed {
        return Err(InterfaceError::AlreadyAssigned(address).into());
    }
    if !other.addresses.iter().skip(1).any(|one| *one == address) {
        return Err(InterfaceError::PrimaryAddressMoved(address).into());
    }
    find_own(state, &other.id.to_string())?;
    Ok(Some(other.id))
}

/// Source: the page of UnassignPrivateIpAddresses; EC2-ENI-PRIMARY.
pub struct UnassignPrivateIpAddresses;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct UnassignPrivateIn {
    network_interface_id: String,
    private_ip_addresses: Vec<String>,
    ipv4_prefixes: Vec<String>,
}

impl Operation for UnassignPrivateIpAddresses {
    const NAME: &'static str = "UnassignPrivateIpAddresses";
    type In = UnassignPrivateIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for UnassignPrivateIpAddresses {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UnassignPrivateIn) -> Result<Done, Ec2Error> {
        let row = find_own(&txn.state, &input.network_interface_id)?.clone();
        let less = Addresses {
            ipv4: parse_all(input.private_ip_addresses.iter(), parse_ipv4)?,
            prefixes: parse_all(input.ipv4_prefixes.iter(), parse_prefix)?,
            ..Addresses::default()
        };
        if less.is_empty() {
            return Err(InterfaceError::NoAddresses("'privateIpAddresses' or 'ipv4Prefixes'").into());
        }
        held(&row, &less.ipv4, &row.addresses)?;
        held(&row, &less.prefixes, &row.prefixes)?;
        if let Some(primary) = row.addresses.first().filter(|address| less.ipv4.contains(address)) {
            return Err(InterfaceError::PrimaryAddressKept(*primary).into());
        }
        txn.state.unassign(row.id, &less).map_err(not_placed)?;
        Ok(Done {})
    }
}

/// Refuses to take back what an interface does not have.
fn held<T: Display + PartialEq>(row: &NetworkInterface, less: &[T], has: &[T]) -> Result<(), Ec2Error> {
    if less.iter().all(|one| has.contains(one)) {
        return Ok(());
    }
    let addresses = less.iter().map(T::to_string).collect::<Vec<_>>().join(", ");
    Err(InterfaceError::NotAssigned { addresses, interface: row.id }.into())
}

// === IPv6 ===

/// Source: the page of AssignIpv6Addresses; EC2-ENI-IPV6, EC2-ENI-ADDR-LIMIT.
pub struct AssignIpv6Addresses;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssignIpv6In {
    network_interface_id: String,
    ipv6_addresses: Vec<String>,
    ipv6_address_count: Option<i64>,
    ipv6_prefixes: Vec<String>,
    ipv6_prefix_count: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssignIpv6Out {
    network_interface_id: Text<NetworkInterfaceId>,
    assigned_ipv6_addresses: Option<Vec<Text<Ipv6Addr>>>,
    assigned_ipv6_prefixes: Option<Vec<Text<Ipv6Net>>>,
}

impl Operation for AssignIpv6Addresses {
    const NAME: &'static str = "AssignIpv6Addresses";
    type In = AssignIpv6In;
    type Out = AssignIpv6Out;
    type Error = Ec2Error;
}

impl Write for AssignIpv6Addresses {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssignIpv6In) -> Result<Self::Out, Ec2Error> {
        let id = find_own(&txn.state, &input.network_interface_id)?.id;
        exclusive(&[
            ("ipv6Addresses", !input.ipv6_addresses.is_empty()),
            ("ipv6AddressCount", input.ipv6_address_count.is_some()),
        ])?;
        exclusive(&[
            ("ipv6Prefixes", !input.ipv6_prefixes.is_empty()),
            ("ipv6PrefixCount", input.ipv6_prefix_count.is_some()),
        ])?;
        let more = Addresses {
            ipv6: parse_all(input.ipv6_addresses.iter(), parse_ipv6)?,
            ipv6_count: counted("ipv6AddressCount", input.ipv6_address_count)?,
            ipv6_prefixes: parse_all(input.ipv6_prefixes.iter(), parse_prefix)?,
            ipv6_prefix_count: counted("ipv6PrefixCount", input.ipv6_prefix_count)?,
            ..Addresses::default()
        };
        if more.is_empty() {
            return Err(InterfaceError::NoAddresses(
                "'ipv6Addresses', 'ipv6AddressCount', 'ipv6Prefixes' or 'ipv6PrefixCount'",
            )
            .into());
        }
        let new = assign(txn, id, &more)?;
        Ok(AssignIpv6Out {
            network_interface_id: Text(id),
            assigned_ipv6_addresses: all(&new.ipv6, |address| Text(*address)),
            assigned_ipv6_prefixes: all(&new.ipv6_prefixes, |prefix| Text(*prefix)),
        })
    }
}

/// Source: the page of UnassignIpv6Addresses.
pub struct UnassignIpv6Addresses;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct UnassignIpv6In {
    network_interface_id: String,
    ipv6_addresses: Vec<String>,
    ipv6_prefixes: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnassignIpv6Out {
    network_interface_id: Text<NetworkInterfaceId>,
    unassigned_ipv6_addresses: Option<Vec<Text<Ipv6Addr>>>,
    unassigned_ipv6_prefixes: Option<Vec<Text<Ipv6Net>>>,
}

impl Operation for UnassignIpv6Addresses {
    const NAME: &'static str = "UnassignIpv6Addresses";
    type In = UnassignIpv6In;
    type Out = UnassignIpv6Out;
    type Error = Ec2Error;
}

impl Write for UnassignIpv6Addresses {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UnassignIpv6In) -> Result<Self::Out, Ec2Error> {
        let row = find_own(&txn.state, &input.network_interface_id)?.clone();
        let less = Addresses {
            ipv6: parse_all(input.ipv6_addresses.iter(), parse_ipv6)?,
            ipv6_prefixes: parse_all(input.ipv6_prefixes.iter(), parse_prefix)?,
            ..Addresses::default()
        };
        if less.is_empty() {
            return Err(InterfaceError::NoAddresses("'ipv6Addresses' or 'ipv6Prefixes'").into());
        }
        held(&row, &less.ipv6, &row.ipv6)?;
        held(&row, &less.ipv6_prefixes, &row.ipv6_prefixes)?;
        if row.primary_ipv6 && row.ipv6.first().is_some_and(|first| less.ipv6.contains(first)) {
            return Err(InterfaceError::PrimaryIpv6.into());
        }
        txn.state.unassign(row.id, &less).map_err(not_placed)?;
        Ok(UnassignIpv6Out {
            network_interface_id: Text(row.id),
            unassigned_ipv6_addresses: all(&less.ipv6, |address| Text(*address)),
            unassigned_ipv6_prefixes: all(&less.ipv6_prefixes, |prefix| Text(*prefix)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::network_interface_create::CreateNetworkInterface;
    use super::*;
    use crate::model::{Id, PublicAddress, SubnetId};
    use serde_json::{Value, json};

    fn free(lab: &Lab, subnet: &str) -> u32 {
        lab.state().subnets.get(&SubnetId::parse(subnet).unwrap()).unwrap().addresses.free()
    }

    fn described(lab: &Lab, id: &str) -> Value {
        let listed = lab.read::<Describe<NetworkInterface>>(json!({ "NetworkInterfaceIds": [id] }));
        listed["NetworkInterfaces"][0].clone()
    }

    #[test]
    fn addresses_and_prefixes_are_counted_and_given_back() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        let id = lab.interface(&subnet, &[]);
        let of = |mut more: Value| {
            more["NetworkInterfaceId"] = json!(id);
            more
        };
        let one = lab.write::<AssignPrivateIpAddresses>(of(json!({})));
        assert_eq!(one["AssignedPrivateIpAddresses"], json!([{ "PrivateIpAddress": "10.0.0.5" }]));
        lab.write::<AssignPrivateIpAddresses>(of(json!({ "PrivateIpAddresses": ["10.0.0.99"] })));
        let two = lab.write::<AssignPrivateIpAddresses>(of(json!({ "Ipv4PrefixCount": 2 })));
        let prefixes = json!([{ "Ipv4Prefix": "10.0.0.16/28" }, { "Ipv4Prefix": "10.0.0.32/28" }]);
        assert_eq!(two["AssignedIpv4Prefixes"], prefixes);
        assert_eq!(free(&lab, &subnet), 251 - 3 - 32);
        assert_eq!(described(&lab, &id)["Ipv4Prefixes"], prefixes);
        let by_address = |address: &str| {
            let filter = json!([{ "Name": "addresses.private-ip-address", "Values": [address] }]);
            lab.ids::<Describe<NetworkInterface>>(
                "NetworkInterfaces",
                "NetworkInterfaceId",
                json!({ "Filters": filter }),
            )
        };
        assert_eq!((by_address("10.0.0.99").len(), by_address("10.0.0.17").len()), (1, 0));
        lab.write::<UnassignPrivateIpAddresses>(of(json!({ "Ipv4Prefixes": ["10.0.0.16/28"] })));
        lab.write::<UnassignPrivateIpAddresses>(of(
            json!({ "PrivateIpAddresses": ["10.0.0.99", "10.0.0.5"] }),
        ));
        assert_eq!(free(&lab, &subnet), 251 - 1 - 16);
        lab.write::<super::super::network_interface_create::DeleteNetworkInterface>(of(json!({})));
        assert_eq!(free(&lab, &subnet), 251);
    }

    #[test]
    fn an_address_moves_with_its_public_one_if_that_is_allowed() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        let (from, to) = (lab.interface(&subnet, &[]), lab.interface(&subnet, &[]));
        let chosen = json!({ "NetworkInterfaceId": from, "PrivateIpAddresses": ["10.0.0.50"] });
        lab.write::<AssignPrivateIpAddresses>(chosen);
        lab.change(|state| {
            let id = NetworkInterfaceId::parse(&from).unwrap();
            state.interfaces.update(&id, |row| {
                let (private, public) = ("10.0.0.50".parse().unwrap(), "3.208.0.1".parse().unwrap());
                row.public.push(PublicAddress { private, public, elastic: None });
            });
        });
        let input = json!({
            "NetworkInterfaceId": to, "PrivateIpAddresses": ["10.0.0.50", "10.0.0.51"], "AllowReassignment": true,
        });
        let answer = lab.write::<AssignPrivateIpAddresses>(input);
        assert_eq!(answer["AssignedPrivateIpAddresses"].as_array().unwrap().len(), 2);
        let state = lab.state();
        let row = |id: &str| state.interfaces.get(&NetworkInterfaceId::parse(id).unwrap()).unwrap();
        assert_eq!((row(&from).addresses.len(), row(&from).public.len()), (1, 0));
        assert_eq!((row(&to).addresses.len(), row(&to).public.len()), (3, 1));
        let gone = json!({ "NetworkInterfaceId": to, "PrivateIpAddresses": ["10.0.0.50"] });
        lab.write::<UnassignPrivateIpAddresses>(gone);
        let row = lab.state().interfaces.get(&NetworkInterfaceId::parse(&to).unwrap()).unwrap().clone();
        assert!(row.public.is_empty(), "the public address stood for the private one");
    }

    #[test]
    fn ipv6_comes_out_of_the_subnets_block() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (subnet, block) = lab.subnet_with_ipv6(&vpc, "10.0.0.0/24");
        let nine = block.replace("/64", "9");
        let made = lab.write::<CreateNetworkInterface>(json!({
            "SubnetId": subnet, "Ipv6Addresses": [{ "Ipv6Address": nine }], "EnablePrimaryIpv6": true,
        }));
        let id = text(&made["NetworkInterface"]["NetworkInterfaceId"]);
        let first = json!({ "Ipv6Address": nine, "IsPrimaryIpv6": true });
        assert_eq!(made["NetworkInterface"]["Ipv6Addresses"], json!([first]));
        assert_eq!(made["NetworkInterface"]["Ipv6Address"], nine);
        let more =
            lab.write::<AssignIpv6Addresses>(json!({ "NetworkInterfaceId": id, "Ipv6AddressCount": 2 }));
        let more = more["AssignedIpv6Addresses"].clone();
        assert_eq!(more.as_array().unwrap().len(), 2);
        let prefix =
            lab.write::<AssignIpv6Addresses>(json!({ "NetworkInterfaceId": id, "Ipv6PrefixCount": 1 }));
        let prefixes = prefix["AssignedIpv6Prefixes"].clone();
        let it = described(&lab, &id);
        assert_eq!(it["Ipv6Addresses"].as_array().unwrap().len(), 3);
        assert_eq!(it["Ipv6Prefixes"], json!([{ "Ipv6Prefix": prefixes[0] }]));
        let gone = json!({ "NetworkInterfaceId": id, "Ipv6Addresses": more, "Ipv6Prefixes": prefixes });
        let answer = lab.write::<UnassignIpv6Addresses>(gone);
        assert_eq!(
            (&answer["UnassignedIpv6Addresses"], &answer["UnassignedIpv6Prefixes"]),
            (&more, &prefixes)
        );
        let used = json!({ "SubnetId": subnet, "Ipv6Addresses": [{ "Ipv6Address": nine }] });
        assert_eq!(lab.try_write::<CreateNetworkInterface>(used), Err(Ec2Error::AddressInUse));
        assert_eq!(free(&lab, &subnet), 250);
    }
}
