//! The IPv6 blocks of subnets: checked, associated, disassociated, printed.

use super::describe::{Text, find};
use super::error::{Ec2Error, VpcError};
use super::subnet::is_free;
use super::vpc_cidr::{ASSOCIATING, AssociationIn, CidrState, DISASSOCIATING, IPV6_IPAM, not_built};
use crate::model::reservation::ReservationIndex;
use crate::model::vpc::SubnetIndex;
use crate::model::{Id, State, Subnet, SubnetCidrAssociationId, SubnetId, Txn, Vpc};
use crate::services::{Caller, Operation, Write};
use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};

/// A block of a subnet as it is printed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ipv6BlockView {
    association_id: Text<SubnetCidrAssociationId>,
    ipv6_cidr_block: Text<Ipv6Net>,
    ipv6_cidr_block_state: CidrState,
    ipv6_address_attribute: &'static str,
    ip_source: &'static str,
}

impl Ipv6BlockView {
    pub fn new((id, cidr): (SubnetCidrAssociationId, Ipv6Net), state: &'static str) -> Self {
        Self {
            association_id: Text(id),
            ipv6_cidr_block: Text(cidr),
            ipv6_cidr_block_state: CidrState { state },
            ipv6_address_attribute: "public",
            ip_source: "amazon",
        }
    }
}

/// The IPv6 block that a subnet of this VPC can have: a /44 to a /64 in steps of four, in a block of the VPC, apart
/// from other subnets.
/// Source: VPC user guide, "Subnet CIDR blocks"; EC2-SUB-IPV6-RANGE, EC2-SUB-CONFLICT.
pub fn ipv6_block(state: &State, vpc: &Vpc, text: &str) -> Result<Ipv6Net, Ec2Error> {
    let sized = |net: &Ipv6Net| (44..=64).contains(&net.prefix_len()) && net.prefix_len().is_multiple_of(4);
    let net = text.parse::<Ipv6Net>().ok().filter(sized).map(|net| net.trunc());
    let net = net.ok_or_else(|| VpcError::NotAnIpv6Cidr(text.to_owned()))?;
    if !vpc.ipv6_cidrs.iter().any(|(_, block)| block.contains(&net)) {
        return Err(VpcError::Ipv6Range(net).into());
    }
    if !is_free(state, vpc.id, net.into()) {
        return Err(VpcError::Ipv6Conflict(net).into());
    }
    Ok(net)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubnetCidrOut {
    ipv6_cidr_block_association: Ipv6BlockView,
    subnet_id: Text<SubnetId>,
}

/// Source: VPC user guide, "Add or remove an IPv6 CIDR block from your subnet".
pub struct AssociateSubnetCidrBlock;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociateSubnetCidrBlockIn {
    ipv6_ipam_pool_id: Option<String>,
    ipv6_netmask_length: Option<i32>,
    subnet_id: String,
    ipv6_cidr_block: Option<String>,
}

impl Operation for AssociateSubnetCidrBlock {
    const NAME: &'static str = "AssociateSubnetCidrBlock";
    type In = AssociateSubnetCidrBlockIn;
    type Out = SubnetCidrOut;
    type Error = Ec2Error;
}

impl Write for AssociateSubnetCidrBlock {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: AssociateSubnetCidrBlockIn,
    ) -> Result<SubnetCidrOut, Ec2Error> {
        let subnet = find::<Subnet>(&txn.state, &input.subnet_id)?;
        not_built(&[(input.ipv6_ipam_pool_id.is_some(), IPV6_IPAM)])?;
        if input.ipv6_netmask_length.is_some() {
            return Err(Ec2Error::MissingParameter("ipv6IpamPoolId"));
        }
        let text = input.ipv6_cidr_block.ok_or(Ec2Error::NoIpv6Block)?;
        if subnet.ipv6.is_some() {
            return Err(VpcError::SubnetHasIpv6(subnet.id).into());
        }
        let vpc = find::<Vpc>(&txn.state, &subnet.vpc.to_string())?;
        let net = ipv6_block(&txn.state, vpc, &text)?;
        let id = subnet.id;
        let made = (Id::mint(txn), net);
        txn.state.subnets.update(&id, |subnet| subnet.ipv6 = Some(made));
        Ok(SubnetCidrOut {
            ipv6_cidr_block_association: Ipv6BlockView::new(made, ASSOCIATING),
            subnet_id: Text(id),
        })
    }
}

/// Source: VPC user guide, "Add or remove an IPv6 CIDR block from your subnet".
pub struct DisassociateSubnetCidrBlock;

impl Operation for DisassociateSubnetCidrBlock {
    const NAME: &'static str = "DisassociateSubnetCidrBlock";
    type In = AssociationIn;
    type Out = SubnetCidrOut;
    type Error = Ec2Error;
}

impl Write for DisassociateSubnetCidrBlock {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociationIn) -> Result<SubnetCidrOut, Ec2Error> {
        let text = input.association_id;
        if !text.starts_with("subnet-cidr-assoc-") {
            return Err(VpcError::SubnetAssociationMalformed(text).into());
        }
        let id = SubnetCidrAssociationId::parse(&text);
        let found = id.and_then(|id| txn.state.subnets.by(&SubnetIndex::Association(id)).next());
        let Some((subnet, made)) = found.and_then(|subnet| Some((subnet, subnet.ipv6?))) else {
            return Err(VpcError::SubnetAssociationNotFound(text).into());
        };
        if subnet.assign_ipv6 {
            return Err(VpcError::SubnetCidrAssigned(made.0).into());
        }
        let mut reservations = txn.state.reservations.by(&ReservationIndex::Subnet(subnet.id));
        if reservations.any(|reservation| matches!(reservation.cidr, IpNet::V6(_))) {
            return Err(VpcError::SubnetCidrReserved(made.0).into());
        }
        let id = subnet.id;
        txn.state.subnets.update(&id, |subnet| subnet.ipv6 = None);
        Ok(SubnetCidrOut {
            ipv6_cidr_block_association: Ipv6BlockView::new(made, DISASSOCIATING),
            subnet_id: Text(id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text};
    use super::super::subnet::{CreateSubnet, DeleteSubnet};
    use super::super::vpc::CreateVpc;
    use super::*;
    use serde_json::{Value as Json, json};

    fn vpc(lab: &Lab) -> (String, Ipv6Net) {
        let input = json!({ "CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": true });
        let vpc = text(&lab.write::<CreateVpc>(input)["Vpc"]["VpcId"]);
        let seen = lab.read::<Describe<Vpc>>(json!({ "VpcIds": [vpc] }));
        let block = text(&seen["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]);
        (vpc, block.parse().unwrap())
    }

    fn described(lab: &Lab, subnet: &str) -> Json {
        lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [subnet] }))["Subnets"][0].clone()
    }

    #[test]
    fn a_subnet_can_have_both_kinds_of_blocks() {
        let lab = Lab::new();
        let (vpc, block) = vpc(&lab);
        let net = block.subnets(64).unwrap().next().unwrap().to_string();
        let made = lab
            .write::<CreateSubnet>(json!({ "VpcId": vpc, "CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": net }))
            ["Subnet"]
            .clone();
        let association = &made["Ipv6CidrBlockAssociationSet"][0];
        assert_eq!(association["Ipv6CidrBlock"], net);
        assert_eq!(association["Ipv6CidrBlockState"]["State"], "associating");
        assert_eq!(
            (&made["AssignIpv6AddressOnCreation"], &made["Ipv6Native"]),
            (&json!(false), &json!(false))
        );
        let subnet = text(&made["SubnetId"]);
        let seen = described(&lab, &subnet)["Ipv6CidrBlockAssociationSet"][0].clone();
        assert_eq!(seen["Ipv6CidrBlockState"]["State"], "associated");
        for (name, value) in
            [("ipv6-cidr-block", net.clone()), ("association-id", text(&seen["AssociationId"]))]
        {
            let name = format!("ipv6-cidr-block-association.{name}");
            let filters = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            assert_eq!(lab.ids::<Describe<Subnet>>("Subnets", "SubnetId", filters), [&*subnet]);
        }
        let gone =
            lab.write::<DisassociateSubnetCidrBlock>(json!({ "AssociationId": seen["AssociationId"] }));
        assert_eq!(gone["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"]["State"], "disassociating");
        assert_eq!(described(&lab, &subnet)["Ipv6CidrBlockAssociationSet"], json!([]));
        let again =
            lab.write::<AssociateSubnetCidrBlock>(json!({ "SubnetId": subnet, "Ipv6CidrBlock": net }));
        assert_eq!(again["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"]["State"], "associating");
    }

    #[test]
    fn a_subnet_for_ipv6_alone_has_no_ipv4_address() {
        let lab = Lab::new();
        let (vpc, block) = vpc(&lab);
        let input = json!({ "VpcId": vpc, "Ipv6Native": true, "Ipv6CidrBlock": block.to_string() });
        let made = lab.write::<CreateSubnet>(input)["Subnet"].clone();
        assert_eq!(made.get("CidrBlock"), None);
        assert_eq!(made["AvailableIpAddressCount"], 0);
        assert_eq!((&made["AssignIpv6AddressOnCreation"], &made["Ipv6Native"]), (&json!(true), &json!(true)));
        assert_eq!(made["PrivateDnsNameOptionsOnLaunch"]["HostnameType"], "resource-name");
        let filters = json!({ "Filters": [{ "Name": "ipv6-native", "Values": ["true"] }] });
        let subnet = text(&made["SubnetId"]);
        assert_eq!(lab.ids::<Describe<Subnet>>("Subnets", "SubnetId", filters), [&*subnet]);
        lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
    }
}
