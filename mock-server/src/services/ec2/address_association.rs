//! What Elastic IP addresses are associated with.

use super::address::{find, is_managed, needed_id};
use super::describe::{self, Text};
use super::error::address::AddressError;
use super::error::instances::InstanceError;
use super::error::{Ec2Error, Missing};
use super::instance::find_instance;
use crate::model::gateway::InVpcIndex;
use crate::model::interface::InterfaceIndex;
use crate::model::{AddressAssociationId, Id, NetworkInterface, State, Txn};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// An address moves by itself unless the caller forbids it; what the private address had before is disassociated.
/// Source: the page of AssociateAddress; EC2-EIP-USED, EC2-EIP-IGW, EC2-EIP-BY-ID.
pub struct AssociateAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociateAddressIn {
    allocation_id: Option<String>,
    instance_id: Option<String>,
    public_ip: Option<String>,
    network_interface_id: Option<String>,
    private_ip_address: Option<String>,
    allow_reassociation: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateAddressOut {
    association_id: Text<AddressAssociationId>,
}

impl Operation for AssociateAddress {
    const NAME: &'static str = "AssociateAddress";
    type In = AssociateAddressIn;
    type Out = AssociateAddressOut;
    type Error = Ec2Error;
}

impl Write for AssociateAddress {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociateAddressIn) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        if input.instance_id.is_none() && input.network_interface_id.is_none() {
            return Err(AddressError::NothingToAssociate.into());
        }
        if input.instance_id.is_some() && input.network_interface_id.is_some() {
            return Err(Ec2Error::NotTogether("instanceId", "networkInterfaceId"));
        }
        let id = needed_id(
            state,
            input.allocation_id,
            input.public_ip.as_deref(),
            "allocationId",
            AddressError::AssociateById,
        )?;
        let row = find(state, &id)?;
        let interface = match (input.instance_id, input.network_interface_id) {
            (Some(instance), _) => interface_of_instance(state, instance)?,
            (None, id) => describe::find::<NetworkInterface>(state, &id.unwrap_or_default())?.clone(),
        };
        let held = state.association_of(row);
        if is_managed(&interface) || held.is_some_and(|(holder, ..)| is_managed(holder)) {
            return Err(Ec2Error::ManagedInterface);
        }
        if state.internet_gateways.count(&InVpcIndex::Vpc(interface.vpc)) == 0 {
            return Err(AddressError::AddressNeedsGateway(interface.vpc).into());
        }
        let private = private_address(&interface, input.private_ip_address)?;
        if let Some((holder, public, association)) = held {
            if (holder.id, public.private) == (interface.id, private) {
                return Ok(AssociateAddressOut { association_id: Text(association) });
            }
            if input.allow_reassociation == Some(false) {
                return Err(AddressError::AddressAlreadyAssociated { id: row.id, association }.into());
            }
        }
        let (elastic, interface) = ((row.id, row.address), interface.id);
        let association = AddressAssociationId::mint(txn);
        txn.state.associate(elastic, interface, private, association);
        Ok(AssociateAddressOut { association_id: Text(association) })
    }
}

/// The private address that is meant: the primary one if none is named.
fn private_address(interface: &NetworkInterface, named: Option<String>) -> Result<Ipv4Addr, AddressError> {
    let mut all = interface.addresses.iter().copied();
    match named {
        None => all.next().ok_or_else(|| AddressError::NotOnInterface(String::new())),
        Some(text) => {
            let address = text.parse().ok().filter(|address| interface.addresses.contains(address));
            address.ok_or(AddressError::NotOnInterface(text))
        }
    }
}

/// The one interface of an instance.
fn interface_of_instance(state: &State, instance: String) -> Result<Arc<NetworkInterface>, Ec2Error> {
    let id = find_instance(state, &instance)?.id;
    match state.interfaces_of(id).as_slice() {
        [] => Err(InstanceError::InstanceNotFound(Missing::one(&instance)).into()),
        [only] => Ok(only.clone()),
        _ => Err(AddressError::ManyInterfaces(instance).into()),
    }
}

/// Source: the page of DisassociateAddress; EC2-EIP-ASSOC-404, EC2-EIP-BY-ID.
pub struct DisassociateAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DisassociateAddressIn {
    association_id: Option<String>,
    public_ip: Option<String>,
}

impl Operation for DisassociateAddress {
    const NAME: &'static str = "DisassociateAddress";
    type In = DisassociateAddressIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DisassociateAddress {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DisassociateAddressIn) -> Result<Done, Ec2Error> {
        let state = &txn.state;
        let id = needed_id(
            state,
            input.association_id,
            input.public_ip.as_deref(),
            "associationId",
            AddressError::DisassociateById,
        )?;
        let holder = AddressAssociationId::parse(&id).and_then(|id| holder(state, id));
        let (interface, public) = holder.ok_or(AddressError::AddressAssociationNotFound(id))?;
        if is_managed(interface) {
            return Err(Ec2Error::ManagedInterface);
        }
        txn.state.disassociate(public);
        Ok(Done {})
    }
}

/// The interface with this association, and the public address that it is about.
fn holder(state: &State, id: AddressAssociationId) -> Option<(&Arc<NetworkInterface>, Ipv4Addr)> {
    let interface = state.interfaces.by(&InterfaceIndex::Association(id)).next()?;
    let is_it = |elastic: Option<(_, AddressAssociationId)>| elastic.is_some_and(|(_, other)| other == id);
    let public = interface.public.iter().find(|public| is_it(public.elastic))?;
    Some((interface, public.public))
}

#[cfg(test)]
mod tests {
    use super::super::address::{ADDRESS_FILTERS, AllocateAddress, DescribeAddresses, ReleaseAddress};
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts};
    use super::super::network_interface_create::DeleteNetworkInterface;
    use super::super::vpc::ModifyVpcAttribute;
    use super::*;
    use serde_json::{Value as Json, json};

    /// The default subnet of the first zone, whose VPC has an internet gateway.
    fn subnet(lab: &Lab) -> String {
        lab.state().subnets.iter().next().unwrap().id.to_string()
    }

    fn allocate(lab: &Lab) -> Json {
        lab.write::<AllocateAddress>(json!({}))
    }

    fn described(lab: &Lab, id: &Json) -> Json {
        lab.read::<DescribeAddresses>(json!({ "AllocationIds": [id] }))["Addresses"][0].clone()
    }

    fn interface(lab: &Lab, id: &str) -> Json {
        lab.read::<Describe<NetworkInterface>>(json!({ "NetworkInterfaceIds": [id] }))["NetworkInterfaces"][0]
            .clone()
    }

    #[test]
    fn an_association_is_told_by_both_sides() {
        let lab = Lab::new();
        let allocated = allocate(&lab);
        assert_eq!(
            described(&lab, &allocated["AllocationId"]),
            json!({
                "AllocationId": allocated["AllocationId"],
                "PublicIp": allocated["PublicIp"],
                "Domain": "vpc",
                "NetworkBorderGroup": "us-east-1",
                "InstanceId": "",
                "PublicIpv4Pool": "amazon",
                "Tags": [],
            })
        );
        let on = lab.interface(&subnet(&lab), &[]);
        let input = json!({ "AllocationId": allocated["AllocationId"], "NetworkInterfaceId": on });
        let association = lab.write::<AssociateAddress>(input.clone())["AssociationId"].clone();
        assert_eq!(lab.write::<AssociateAddress>(input)["AssociationId"], association, "done once");
        let shown = interface(&lab, &on);
        let public = text(&allocated["PublicIp"]).replace('.', "-");
        assert_eq!(
            shown["Association"],
            json!({
                "AllocationId": allocated["AllocationId"],
                "AssociationId": association,
                "IpOwnerId": "123456789012",
                "PublicDnsName": format!("ec2-{public}.compute-1.amazonaws.com"),
                "PublicIp": allocated["PublicIp"],
            })
        );
        assert_eq!(shown["PrivateIpAddresses"][0]["Association"], shown["Association"]);
        let address = described(&lab, &allocated["AllocationId"]);
        assert_eq!(
            (&address["AssociationId"], &address["NetworkInterfaceId"], &address["PrivateIpAddress"]),
            (&association, &json!(on), &shown["PrivateIpAddress"])
        );
        for (name, value) in [
            ("association.allocation-id", &allocated["AllocationId"]),
            ("association.association-id", &association),
            ("association.public-ip", &allocated["PublicIp"]),
            ("addresses.association.public-ip", &allocated["PublicIp"]),
            ("association.ip-owner-id", &json!("123456789012")),
            ("association.public-dns-name", &json!("ec2-*.amazonaws.com")),
        ] {
            let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            let found =
                lab.ids::<Describe<NetworkInterface>>("NetworkInterfaces", "NetworkInterfaceId", input);
            assert_eq!(found, [&*on], "{name}");
        }
        let vpc = text(&shown["VpcId"]);
        let names = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": false } });
        lab.write::<ModifyVpcAttribute>(names);
        assert_eq!(interface(&lab, &on)["Association"]["PublicDnsName"], "");
        lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": on }));
        assert!(described(&lab, &allocated["AllocationId"]).get("AssociationId").is_none());
        lab.write::<ReleaseAddress>(json!({ "AllocationId": allocated["AllocationId"] }));
        assert_eq!(lab.read::<DescribeAddresses>(json!({}))["Addresses"], json!([]));
    }

    #[test]
    fn an_address_moves_and_displaces() {
        let lab = Lab::new();
        let (a, b) = (allocate(&lab), allocate(&lab));
        let on = lab.interface(&subnet(&lab), &[]);
        let other = lab.interface(&subnet(&lab), &[]);
        let associate = |address: &Json, interface: &str| {
            let input = json!({ "AllocationId": address["AllocationId"], "NetworkInterfaceId": interface });
            lab.write::<AssociateAddress>(input)["AssociationId"].clone()
        };
        let first = associate(&a, &on);
        let second = associate(&b, &on);
        assert!(described(&lab, &a["AllocationId"]).get("AssociationId").is_none(), "displaced");
        let third = associate(&b, &other);
        assert!(interface(&lab, &on).get("Association").is_none(), "moved");
        for gone in [first, second] {
            let input = json!({ "AssociationId": gone });
            assert!(lab.try_write::<DisassociateAddress>(input).is_err());
        }
        lab.write::<DisassociateAddress>(json!({ "AssociationId": third }));
        assert!(interface(&lab, &other).get("Association").is_none());
    }

    #[test]
    fn an_instance_with_one_interface_can_be_named_instead() {
        let lab = Lab::new();
        let address = allocate(&lab);
        let on = lab.interface(&subnet(&lab), &[]);
        let instance = lab.instance_with(&on);
        let input = json!({ "AllocationId": address["AllocationId"], "InstanceId": instance });
        lab.write::<AssociateAddress>(input);
        let shown = described(&lab, &address["AllocationId"]);
        assert_eq!((&shown["InstanceId"], &shown["NetworkInterfaceId"]), (&json!(instance), &json!(on)));
    }

    #[test]
    fn filters_select_addresses() {
        let lab = Lab::new();
        let (a, b) = (allocate(&lab), allocate(&lab));
        let on = lab.interface(&subnet(&lab), &[]);
        let associate = json!({ "AllocationId": a["AllocationId"], "NetworkInterfaceId": on });
        lab.write::<AssociateAddress>(associate);
        let found = |name: &str, value: &Json| {
            let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            texts(&lab.read::<DescribeAddresses>(input)["Addresses"], "AllocationId")
        };
        let shown = described(&lab, &a["AllocationId"]);
        let first = [text(&a["AllocationId"])];
        for (name, member) in [
            ("allocation-id", "AllocationId"),
            ("association-id", "AssociationId"),
            ("network-interface-id", "NetworkInterfaceId"),
            ("network-interface-owner-id", "NetworkInterfaceOwnerId"),
            ("private-ip-address", "PrivateIpAddress"),
            ("public-ip", "PublicIp"),
        ] {
            assert_eq!(found(name, &shown[member]), first, "{name}");
        }
        assert_eq!(found("network-border-group", &json!("us-east-1")).len(), 2);
        assert_eq!(found("instance-id", &json!("*")), Vec::<String>::new());
        assert!(ADDRESS_FILTERS.is_sorted());
        let named = json!({ "PublicIps": [b["PublicIp"], a["PublicIp"], b["PublicIp"]] });
        let named = lab.read::<DescribeAddresses>(named);
        assert_eq!(texts(&named["Addresses"], "PublicIp"), [text(&b["PublicIp"]), text(&a["PublicIp"])]);
    }
}
