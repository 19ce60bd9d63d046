//! The refusals of Elastic IP addresses and NAT gateways.

use super::super::address::{AllocateAddress, DescribeAddresses, ReleaseAddress};
use super::super::address_association::{AssociateAddress, DisassociateAddress};
use super::super::address_attribute::{ModifyAddressAttribute, ResetAddressAttribute};
use super::super::describe::Describe;
use super::super::harness::text;
use super::super::internet_gateway::DetachInternetGateway;
use super::super::nat_gateway::{CreateNatGateway, DeleteNatGateway};
use super::super::nat_gateway_address::{
    AssignPrivateNatGatewayAddress, AssociateNatGatewayAddress, DisassociateNatGatewayAddress,
    UnassignPrivateNatGatewayAddress,
};
use super::{Lab, Seen, with};
use crate::model::{Attachment, Id, NatGateway, NetworkInterfaceId, Quotas};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// An address: its allocation id, and itself.
fn allocated(lab: &Lab) -> (String, String) {
    let made = lab.write::<AllocateAddress>(json!({}));
    (text(&made["AllocationId"]), text(&made["PublicIp"]))
}

fn default_subnet(lab: &Lab) -> String {
    lab.state().subnets.iter().find(|subnet| subnet.default_for_zone).unwrap().id.to_string()
}

pub(super) fn addresses(seen: &mut Seen<'_>) {
    let lab = seen.lab;
    let missing = "MissingParameter";
    seen.write::<AllocateAddress>(
        json!({ "Address": "3.208.0.1" }),
        "NotImplemented",
        "AllocateAddress with a certain address is not implemented by this mock",
    );
    seen.value::<AllocateAddress>(
        json!({ "Domain": "standard" }),
        "Value (standard) for parameter domain is invalid. Addresses are for use in a VPC.",
    );
    seen.value::<AllocateAddress>(
        json!({ "NetworkBorderGroup": "us-west-2-lax-1" }),
        "Value (us-west-2-lax-1) for parameter networkBorderGroup is invalid.",
    );
    let (id, address) = allocated(lab);
    let not_found = "InvalidAllocationID.NotFound";
    seen.read::<DescribeAddresses>(
        json!({ "AllocationIds": ["eipalloc-1", "eipalloc-2"] }),
        not_found,
        "The allocation IDs 'eipalloc-1, eipalloc-2' do not exist",
    );
    seen.read::<DescribeAddresses>(
        json!({ "PublicIps": ["256.256.256.256"] }),
        "InvalidAddress.NotFound",
        "Address '256.256.256.256' not found.",
    );
    seen.read::<DescribeAddresses>(
        json!({ "PublicIps": [id] }),
        "InvalidParameterValue",
        &format!("Invalid value '{id}' for PublicIp. Not a valid IPv4 address"),
    );
    seen.write::<ReleaseAddress>(
        json!({ "AllocationId": "bogus" }),
        not_found,
        "The allocation ID 'bogus' does not exist",
    );
    seen.write::<ReleaseAddress>(json!({}), missing, "The request must contain the parameter allocationId");
    seen.value::<ReleaseAddress>(
        json!({ "PublicIp": address }),
        "You must specify an allocation id when releasing a VPC elastic IP address",
    );
    seen.write::<ReleaseAddress>(
        json!({ "PublicIp": "192.0.2.1" }),
        "AuthFailure",
        "The address '192.0.2.1' does not belong to you.",
    );
    seen.write::<ReleaseAddress>(
        json!({ "AllocationId": id, "NetworkBorderGroup": "eu-west-1" }),
        "InvalidAddress.NotFound",
        &format!("Address '{address}' not found."),
    );
    seen.value::<ModifyAddressAttribute>(
        json!({ "AllocationId": id, "DomainName": "no name" }),
        "Value (no name) for parameter domainName is invalid.",
    );
    let named = json!({ "AllocationId": id, "DomainName": "mail.example.com" });
    lab.write::<ModifyAddressAttribute>(named);
    seen.write::<ReleaseAddress>(
        json!({ "AllocationId": id }),
        "InvalidAddress.PtrSet",
        &format!("The address with allocation id [{id}] cannot be released because it has a PTR record set."),
    );
    lab.write::<ResetAddressAttribute>(json!({ "AllocationId": id, "Attribute": "domain-name" }));
    associations(seen, &id, &address);
    lab.write::<ReleaseAddress>(json!({ "AllocationId": id }));
}

fn associations(seen: &mut Seen<'_>, id: &str, address: &str) {
    let lab = seen.lab;
    let missing = "MissingParameter";
    let vpc = lab.vpc();
    let private = lab.interface(&lab.subnet(&vpc, "10.0.0.0/24"), &[]);
    let subnet = default_subnet(lab);
    let (one, two) = (lab.interface(&subnet, &[]), lab.interface(&subnet, &[]));
    let associate = |more: Value| with(json!({ "AllocationId": id }), more);
    let on = |interface: &str| associate(json!({ "NetworkInterfaceId": interface }));
    seen.write::<AssociateAddress>(
        associate(json!({})),
        missing,
        "Invalid request, expect InstanceId/NetworkId parameter.",
    );
    seen.write::<AssociateAddress>(
        with(on(&one), json!({ "InstanceId": "i-1" })),
        "InvalidParameterCombination",
        "The parameter instanceId cannot be used with the parameter networkInterfaceId",
    );
    seen.write::<AssociateAddress>(
        json!({ "NetworkInterfaceId": one }),
        missing,
        "The request must contain the parameter allocationId",
    );
    seen.write::<AssociateAddress>(
        json!({ "NetworkInterfaceId": one, "PublicIp": address }),
        "InvalidParameterCombination",
        "You must specify an allocation id when mapping an address to a VPC instance",
    );
    seen.write::<AssociateAddress>(
        associate(json!({ "InstanceId": "i-9" })),
        "InvalidInstanceID.NotFound",
        "The instance ID 'i-9' does not exist",
    );
    seen.write::<AssociateAddress>(
        on(&private),
        "Gateway.NotAttached",
        &format!("Network {vpc} is not attached to any internet gateway"),
    );
    seen.value::<AssociateAddress>(
        with(on(&one), json!({ "PrivateIpAddress": "10.0.0.9" })),
        "The private IP address '10.0.0.9' is not assigned to the network interface.",
    );
    let association = text(&lab.write::<AssociateAddress>(on(&one))["AssociationId"]);
    seen.write::<AssociateAddress>(
        with(on(&two), json!({ "AllowReassociation": false })),
        "Resource.AlreadyAssociated",
        &format!("resource {id} is already associated with associate-id {association}"),
    );
    seen.write::<DisassociateAddress>(
        json!({}),
        missing,
        "The request must contain the parameter associationId",
    );
    seen.value::<DisassociateAddress>(
        json!({ "PublicIp": address }),
        "You must specify an association id when unmapping an address from a VPC instance",
    );
    seen.write::<DisassociateAddress>(
        json!({ "AssociationId": "bogus" }),
        "InvalidAssociationID.NotFound",
        "The association ID 'bogus' does not exist",
    );
    let gateway = lab.internet_gateway(&vpc);
    lab.write::<AssociateAddress>(on(&private));
    seen.write::<ReleaseAddress>(
        json!({ "AllocationId": id }),
        "InvalidIPAddress.InUse",
        &format!("Address {address} is in use."),
    );
    for interface in [&one, &two] {
        lab.change(|state| {
            state.interfaces.update(&NetworkInterfaceId::parse(interface).unwrap(), |interface| {
                interface.attachment = Some(Attachment::Instance {
                    id: Id::parse("eni-attach-0123456789abcdef0").unwrap(),
                    instance: "i-2".into(),
                    device_index: 0,
                    delete_on_termination: true,
                    since: crate::kernel::SimTime::default(),
                });
            });
        });
    }
    seen.write::<AssociateAddress>(
        associate(json!({ "InstanceId": "i-2" })),
        "InvalidInstanceID",
        "There are multiple interfaces attached to instance 'i-2'. Please specify an interface ID for the \
         operation instead.",
    );
    lab.change(|state| state.disassociate(address.parse().unwrap()));
    lab.write::<DetachInternetGateway>(json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
}

pub(super) fn nat_gateways(seen: &mut Seen<'_>) {
    let lab = seen.lab;
    let subnet = default_subnet(lab);
    let create = |more: Value| with(json!({ "SubnetId": subnet }), more);
    let combination = "InvalidParameterCombination";
    let nowhere = "nat-0123456789abcdef0";
    for ids in [vec![nowhere], vec![nowhere, "nat-1"]] {
        seen.read::<Describe<NatGateway>>(
            json!({ "NatGatewayIds": ids }),
            "NatGatewayNotFound",
            "NAT gateway nat-0123456789abcdef0 was not found",
        );
    }
    seen.write::<DeleteNatGateway>(
        json!({ "NatGatewayId": "nat-1" }),
        "NatGatewayMalformed",
        "NAT gateway ID nat-1 is malformed",
    );
    seen.write::<CreateNatGateway>(
        json!({ "SubnetId": "10.0.2.0/24" }),
        "InvalidSubnet",
        "Subnet 10.0.2.0/24 was not found",
    );
    seen.write::<CreateNatGateway>(
        json!({ "AvailabilityMode": "regional" }),
        "NotImplemented",
        "CreateNatGateway of a regional NAT gateway is not implemented by this mock",
    );
    seen.write::<CreateNatGateway>(
        create(json!({})),
        "MissingParameter",
        "The request must include the AllocationId parameter. Add the required parameter and retry the request.",
    );
    let (first, second) = (allocated(lab).0, allocated(lab).0);
    seen.write::<CreateNatGateway>(
        create(json!({ "ConnectivityType": "private", "AllocationId": first })),
        combination,
        "The parameter allocationId cannot be used with a private NAT gateway",
    );
    seen.write::<CreateNatGateway>(
        create(json!({ "AllocationId": first, "SecondaryPrivateIpAddressCount": 1 })),
        combination,
        "The parameter secondaryPrivateIpAddressCount cannot be used with a public NAT gateway",
    );
    seen.write::<CreateNatGateway>(
        create(json!({ "AllocationId": first, "SecondaryPrivateIpAddresses": ["172.31.0.9"] })),
        combination,
        "The number of private IP addresses must be that of the allocation IDs",
    );
    seen.value::<CreateNatGateway>(
        create(json!({ "AllocationId": first, "SecondaryAllocationIds": [first] })),
        &format!("Value ({first}) must not appear more than once"),
    );
    let third = allocated(lab).0;
    seen.write::<CreateNatGateway>(
        create(json!({ "AllocationId": first, "SecondaryAllocationIds": [second, third] })),
        "AddressLimitExceeded",
        "A NAT gateway can have at most 2 Elastic IP addresses",
    );
    seen.write::<CreateNatGateway>(
        create(json!({ "ConnectivityType": "private", "SecondaryPrivateIpAddressCount": 8 })),
        "PrivateIpAddressLimitExceeded",
        "A NAT gateway can have at most 8 private IP addresses",
    );
    let public = lab.write::<CreateNatGateway>(create(json!({ "AllocationId": first })));
    let id = text(&public["NatGateway"]["NatGatewayId"]);
    let primary = &public["NatGateway"]["NatGatewayAddresses"][0];
    let associate = |allocation: &str| json!({ "NatGatewayId": id, "AllocationIds": [allocation] });
    seen.write::<AssociateNatGatewayAddress>(
        associate(&second),
        "IncorrectState",
        &format!("NAT gateway {id} is pending; its addresses can be changed when it is available"),
    );
    lab.advance(Duration::from_secs(1));
    seen.write::<AssociateNatGatewayAddress>(
        associate(&first),
        "Resource.AlreadyAssociated",
        &format!(
            "resource {first} is already associated with associate-id {}",
            text(&primary["AssociationId"])
        ),
    );
    seen.write::<ReleaseAddress>(
        json!({ "AllocationId": first }),
        "AuthFailure",
        "You do not have permission to access the specified resource.",
    );
    seen.value::<DisassociateNatGatewayAddress>(
        json!({ "NatGatewayId": id, "AssociationIds": [primary["AssociationId"]] }),
        &format!(
            "{} is the primary address of the NAT gateway and cannot be removed",
            text(&primary["PrivateIp"])
        ),
    );
    let added = lab.write::<AssociateNatGatewayAddress>(associate(&second));
    lab.write::<DisassociateNatGatewayAddress>(json!({
        "NatGatewayId": id, "AssociationIds": [added["NatGatewayAddresses"][0]["AssociationId"]],
    }));
    seen.write::<AssociateNatGatewayAddress>(
        associate(&third),
        "IncorrectState",
        &format!("NAT gateway {id} is letting addresses go; its addresses can be changed when that is done"),
    );
    let private = lab.write::<CreateNatGateway>(create(json!({ "ConnectivityType": "private" })));
    let private = text(&private["NatGateway"]["NatGatewayId"]);
    lab.advance(Duration::from_secs(1));
    seen.value::<UnassignPrivateNatGatewayAddress>(
        json!({ "NatGatewayId": private, "PrivateIpAddresses": ["172.31.0.200"] }),
        &format!("172.31.0.200 is not assigned to NAT gateway {private}"),
    );
    seen.write::<AssignPrivateNatGatewayAddress>(
        json!({ "NatGatewayId": private }),
        "MissingParameter",
        "The request must contain the parameter privateIpAddresses",
    );
    seen.write::<AssignPrivateNatGatewayAddress>(
        json!({ "NatGatewayId": id, "PrivateIpAddressCount": 1 }),
        combination,
        "The parameter privateIpAddresses cannot be used with a public NAT gateway",
    );
    for id in [id, private] {
        lab.write::<DeleteNatGateway>(json!({ "NatGatewayId": id }));
    }
    lab.advance(Duration::from_secs(2 * 60 * 60));
    assert!(lab.state().nat_gateways.is_empty());
}

/// The refusals of an account that may have one of each thing.
pub(super) fn quotas() -> BTreeSet<String> {
    let quotas = Quotas { elastic_addresses: 1, nat_gateways_per_zone: 1, ..Quotas::default() };
    let lab = Lab::with("us-east-1", quotas);
    let create = json!({ "SubnetId": default_subnet(&lab), "ConnectivityType": "private" });
    allocated(&lab);
    lab.write::<CreateNatGateway>(create.clone());
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<AllocateAddress>(
        json!({}),
        "AddressLimitExceeded",
        "The maximum number of addresses has been reached.",
    );
    seen.write::<CreateNatGateway>(
        create,
        "NatGatewayLimitExceeded",
        "Performing this operation would exceed the limit of 1 NAT gateways",
    );
    seen.names
}
