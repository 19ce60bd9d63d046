//! The blocks of VPCs: associated, disassociated, printed.

use super::describe::{Text, find};
use super::error::{Ec2Error, VpcError};
use super::parse_cidr;
use crate::model::vpc::{SubnetIndex, VpcIndex, overlap};
use crate::model::{Destination, Id, RouteOrigin, State, Subnet, Txn, Vpc, VpcCidrAssociationId, VpcId};
use crate::services::{Caller, Operation, Write};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

// === As they are printed ===

/// Answers tell what is under way; whoever looks afterwards finds it done.
pub const ASSOCIATING: &str = "associating";
pub const ASSOCIATED: &str = "associated";
pub const DISASSOCIATING: &str = "disassociating";

/// The pool that Amazon's own IPv6 blocks come from.
pub const AMAZON_POOL: &str = "Amazon";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CidrState {
    pub state: &'static str,
}

/// An IPv4 block of a VPC.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CidrView {
    association_id: Text<VpcCidrAssociationId>,
    cidr_block: Text<Ipv4Net>,
    cidr_block_state: CidrState,
}

impl CidrView {
    pub fn new((id, cidr): (VpcCidrAssociationId, Ipv4Net), state: &'static str) -> Self {
        Self { association_id: Text(id), cidr_block: Text(cidr), cidr_block_state: CidrState { state } }
    }
}

/// An IPv6 block of a VPC. Which one it is, is not known while it is being associated.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ipv6CidrView<'a> {
    association_id: Text<VpcCidrAssociationId>,
    ipv6_cidr_block: Text<&'a dyn Display>,
    ipv6_cidr_block_state: CidrState,
    network_border_group: &'a str,
    ipv6_pool: &'static str,
    ipv6_address_attribute: &'static str,
    ip_source: &'static str,
}

impl<'a> Ipv6CidrView<'a> {
    pub fn new(
        (id, cidr): &'a (VpcCidrAssociationId, Ipv6Net),
        state: &'static str,
        region: &'a str,
    ) -> Self {
        Self {
            association_id: Text(*id),
            ipv6_cidr_block: Text(if state == ASSOCIATING { &"" } else { cidr }),
            ipv6_cidr_block_state: CidrState { state },
            network_border_group: region,
            ipv6_pool: AMAZON_POOL,
            ipv6_address_attribute: "public",
            ip_source: "amazon",
        }
    }
}

// === Where blocks may come from ===

/// Refuses the first of these forms that was asked for.
pub fn not_built(forms: &[(bool, &'static str)]) -> Result<(), Ec2Error> {
    match forms.iter().find(|(given, _)| *given) {
        Some((_, form)) => Err(Ec2Error::NotBuilt(form)),
        None => Ok(()),
    }
}

pub const IPV4_IPAM: &str = "A block of an IPAM pool (Ipv4IpamPoolId)";
pub const IPV6_IPAM: &str = "A block of an IPAM pool (Ipv6IpamPoolId)";
const IPV6_POOL: &str = "A block of one's own IPv6 addresses (Ipv6Pool)";
const BORDER_GROUP: &str = "A network border group other than the region's (Ipv6CidrBlockNetworkBorderGroup)";

/// What a caller says about a VPC's block apart from the block itself.
#[derive(Default)]
pub struct Origins<'a> {
    pub amazon_ipv6: bool,
    pub border_group: Option<&'a str>,
    pub ipv4_ipam: Option<&'a str>,
    pub ipv4_length: Option<i32>,
    pub ipv6_pool: Option<&'a str>,
    pub ipv6_block: Option<&'a str>,
    pub ipv6_ipam: Option<&'a str>,
    pub ipv6_length: Option<i32>,
}

impl Origins<'_> {
    /// # Errors
    /// For pools, and for what only makes sense with one.
    pub fn check(&self, region: &str) -> Result<(), Ec2Error> {
        not_built(&[
            (self.ipv4_ipam.is_some(), IPV4_IPAM),
            (self.ipv6_ipam.is_some(), IPV6_IPAM),
            (self.ipv6_pool.is_some(), IPV6_POOL),
        ])?;
        let lonely = [
            (self.ipv4_length.is_some(), "ipv4IpamPoolId"),
            (self.ipv6_length.is_some(), "ipv6IpamPoolId"),
            (self.ipv6_block.is_some(), "ipv6Pool"),
            (self.border_group.is_some() && !self.amazon_ipv6, "amazonProvidedIpv6CidrBlock"),
        ];
        if let Some((_, missing)) = lonely.iter().find(|(given, _)| *given) {
            return Err(Ec2Error::MissingParameter(missing));
        }
        not_built(&[(self.border_group.is_some_and(|group| group != region), BORDER_GROUP)])
    }
}

/// The ranges that the rules on further blocks tell apart. A block is never larger than any of them.
/// Source: VPC user guide, "IPv4 CIDR block association restrictions".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Range {
    /// One of the three private ranges of RFC 1918.
    Private(Ipv4Net),
    LinkLocal,
    Benchmark,
    /// Publicly routable, or 100.64.0.0/10.
    Public,
}

const fn net(a: u8, b: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length)
}

const PRIVATE: [Ipv4Net; 3] = [net(10, 0, 8), net(172, 16, 12), net(192, 168, 16)];
const LINK_LOCAL: Ipv4Net = net(169, 254, 16);
const BENCHMARK: Ipv4Net = net(198, 19, 16);

impl Range {
    fn of(block: Ipv4Net) -> Self {
        let private = PRIVATE.into_iter().find(|range| range.contains(&block));
        match private {
            Some(range) => Range::Private(range),
            None if LINK_LOCAL.contains(&block) => Range::LinkLocal,
            None if BENCHMARK.contains(&block) => Range::Benchmark,
            None => Range::Public,
        }
    }
}

/// Whether a VPC may have this as its first block: link-local addresses cannot be given to VPCs.
pub fn may_be_primary(block: Ipv4Net) -> bool {
    Range::of(block) != Range::LinkLocal
}

/// Whether the range of a further block does not go with the blocks that the VPC has.
/// Source: VPC user guide, "IPv4 CIDR block association restrictions". What the table says of ranges is taken to
/// be about the primary block, as its older editions put it.
fn is_restricted(vpc: &Vpc, new: Ipv4Net) -> bool {
    let next_to_primary = match (vpc.cidr().map(Range::of), Range::of(new)) {
        (_, Range::LinkLocal) => true,
        (Some(Range::Private(own)), Range::Private(range)) => {
            own != range || (own == PRIVATE[1] && net(172, 31, 16).contains(&new))
        }
        (Some(Range::Private(_)), Range::Benchmark) => true,
        (Some(Range::Public), Range::Private(_) | Range::Benchmark) => true,
        (Some(Range::Benchmark), Range::Private(_)) => true,
        _ => false,
    };
    let near_ten = vpc.cidrs.iter().any(|(_, block)| net(10, 0, 15).contains(block));
    next_to_primary || (near_ten && net(10, 0, 16).contains(&new))
}

/// Checks a further IPv4 block.
/// Source: VPC user guide, "Manage IPv4 CIDR blocks for a VPC".
fn check_ipv4(state: &State, vpc: &Vpc, new: Ipv4Net) -> Result<(), Ec2Error> {
    if !super::is_vpc_sized(new) {
        return Err(Ec2Error::VpcRange(new));
    }
    if is_restricted(vpc, new) {
        return Err(VpcError::RestrictedCidr(new).into());
    }
    let most = state.quotas.ipv4_blocks_per_vpc;
    if vpc.cidrs.len() >= most {
        return Err(VpcError::TooManyCidrs { vpc: vpc.id, most }.into());
    }
    if vpc.cidrs.iter().any(|(_, block)| overlap((*block).into(), new.into())) {
        return Err(VpcError::CidrConflict(new).into());
    }
    let tables = state.route_tables.by(&crate::model::route::RouteTableIndex::Vpc(vpc.id));
    let routes = tables.flat_map(|table| &table.routes).filter(|route| route.origin != RouteOrigin::Table);
    for route in routes {
        if let Destination::Cidr(destination) = route.destination
            && IpNet::V4(new).contains(&destination)
        {
            return Err(VpcError::CidrHoldsRoute { cidr: new, destination }.into());
        }
    }
    Ok(())
}

/// Gives a VPC an IPv6 block of Amazon's.
/// Source: VPC user guide, "IPv6 VPC CIDR blocks".
///
/// # Errors
/// If the VPC has as many as it may.
pub fn associate_ipv6(txn: &mut Txn<'_>, vpc: VpcId) -> Result<(VpcCidrAssociationId, Ipv6Net), Ec2Error> {
    let most = txn.state.quotas.ipv6_blocks_per_vpc;
    if txn.state.vpcs.get(&vpc).is_none_or(|row| row.ipv6_cidrs.len() >= most) {
        return Err(VpcError::TooManyCidrs { vpc, most }.into());
    }
    let made = (Id::mint(txn), amazon_block(txn));
    let rule = Id::mint(txn);
    txn.state.vpcs.update(&vpc, |vpc| vpc.ipv6_cidrs.push(made));
    txn.state.set_local_routes(vpc);
    txn.state.open_default_group_to_ipv6(vpc, rule);
    txn.state.open_acls_to_ipv6(vpc);
    Ok(made)
}

/// A block that no VPC of the region has.
fn amazon_block(txn: &mut Txn<'_>) -> Ipv6Net {
    const RANGE: u128 = 0x2600_1f00 << 96;
    const LENGTH: u8 = 56;
    loop {
        // The range leaves 32 bits to choose.
        let bits = txn.mint("ipv6-block") & 0xffff_ffff;
        let block = Ipv6Net::new_assert(Ipv6Addr::from(RANGE | (bits << 72)), LENGTH);
        let mut used = txn.state.vpcs.iter().flat_map(|vpc| &vpc.ipv6_cidrs);
        if used.all(|(_, other)| *other != block) {
            return block;
        }
    }
}

// === Associate and disassociate ===

/// Source: VPC user guide, "VPC CIDR blocks"; EC2-VPC-CIDRS.
pub struct AssociateVpcCidrBlock;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociateVpcCidrBlockIn {
    cidr_block: Option<String>,
    ipv6_cidr_block_network_border_group: Option<String>,
    ipv6_pool: Option<String>,
    ipv6_cidr_block: Option<String>,
    ipv4_ipam_pool_id: Option<String>,
    ipv4_netmask_length: Option<i32>,
    ipv6_ipam_pool_id: Option<String>,
    ipv6_netmask_length: Option<i32>,
    vpc_id: String,
    amazon_provided_ipv6_cidr_block: bool,
}

/// What was done to a block.
pub struct VpcCidrOut {
    vpc: VpcId,
    block: Block,
    state: &'static str,
    region: Arc<str>,
}

enum Block {
    V4((VpcCidrAssociationId, Ipv4Net)),
    V6((VpcCidrAssociationId, Ipv6Net)),
}

impl Serialize for VpcCidrOut {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct View<'a> {
            ipv6_cidr_block_association: Option<Ipv6CidrView<'a>>,
            cidr_block_association: Option<CidrView>,
            vpc_id: Text<VpcId>,
        }
        let (v4, v6) = match &self.block {
            Block::V4(made) => (Some(CidrView::new(*made, self.state)), None),
            Block::V6(made) => (None, Some(Ipv6CidrView::new(made, self.state, &self.region))),
        };
        View { ipv6_cidr_block_association: v6, cidr_block_association: v4, vpc_id: Text(self.vpc) }
            .serialize(serializer)
    }
}

impl Operation for AssociateVpcCidrBlock {
    const NAME: &'static str = "AssociateVpcCidrBlock";
    type In = AssociateVpcCidrBlockIn;
    type Out = VpcCidrOut;
    type Error = Ec2Error;
}

impl Write for AssociateVpcCidrBlock {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociateVpcCidrBlockIn) -> Result<VpcCidrOut, Ec2Error> {
        let vpc = find::<Vpc>(&txn.state, &input.vpc_id)?.clone();
        let region = txn.state.site.region.clone();
        let origins = Origins {
            amazon_ipv6: input.amazon_provided_ipv6_cidr_block,
            border_group: input.ipv6_cidr_block_network_border_group.as_deref(),
            ipv4_ipam: input.ipv4_ipam_pool_id.as_deref(),
            ipv4_length: input.ipv4_netmask_length,
            ipv6_pool: input.ipv6_pool.as_deref(),
            ipv6_block: input.ipv6_cidr_block.as_deref(),
            ipv6_ipam: input.ipv6_ipam_pool_id.as_deref(),
            ipv6_length: input.ipv6_netmask_length,
        };
        origins.check(&region)?;
        let block = match (input.cidr_block, input.amazon_provided_ipv6_cidr_block) {
            (None, false) => return Err(VpcError::NoCidr.into()),
            (Some(_), true) => return Err(VpcError::BothCidrs.into()),
            (None, true) => Block::V6(associate_ipv6(txn, vpc.id)?),
            (Some(text), false) => {
                let cidr = parse_cidr(text)?;
                check_ipv4(&txn.state, &vpc, cidr)?;
                let made = (Id::mint(txn), cidr);
                txn.state.vpcs.update(&vpc.id, |vpc| vpc.cidrs.push(made));
                txn.state.set_local_routes(vpc.id);
                Block::V4(made)
            }
        };
        Ok(VpcCidrOut { vpc: vpc.id, block, state: ASSOCIATING, region })
    }
}

/// Source: VPC user guide, "Remove an IPv4 CIDR block from your VPC".
pub struct DisassociateVpcCidrBlock;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociationIn {
    pub association_id: String,
}

impl Operation for DisassociateVpcCidrBlock {
    const NAME: &'static str = "DisassociateVpcCidrBlock";
    type In = AssociationIn;
    type Out = VpcCidrOut;
    type Error = Ec2Error;
}

impl Write for DisassociateVpcCidrBlock {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociationIn) -> Result<VpcCidrOut, Ec2Error> {
        let id = VpcCidrAssociationId::parse(&input.association_id);
        let found = id.and_then(|id| Some((id, txn.state.vpcs.by(&VpcIndex::Association(id)).next()?)));
        let Some((id, vpc)) = found else {
            return Err(VpcError::CidrAssociationNotFound(input.association_id).into());
        };
        let vpc = vpc.clone();
        if vpc.cidrs.first().is_some_and(|(primary, _)| *primary == id) {
            return Err(VpcError::PrimaryCidr(id).into());
        }
        let v4 = vpc.cidrs.iter().find(|(other, _)| *other == id).map(|made| Block::V4(*made));
        let v6 = || vpc.ipv6_cidrs.iter().find(|(other, _)| *other == id).map(|made| Block::V6(*made));
        let Some(block) = v4.or_else(v6) else {
            return Err(VpcError::CidrAssociationNotFound(input.association_id).into());
        };
        let cidr = match block {
            Block::V4((_, cidr)) => IpNet::V4(cidr),
            Block::V6((_, cidr)) => IpNet::V6(cidr),
        };
        let lies_within = |subnet: &Arc<Subnet>| subnet.blocks().any(|net| cidr.contains(&net));
        if txn.state.subnets.by(&SubnetIndex::Vpc(vpc.id)).any(lies_within) {
            return Err(VpcError::CidrInUse { vpc: vpc.id, cidr }.into());
        }
        txn.state.vpcs.update(&vpc.id, |vpc| {
            vpc.cidrs.retain(|(other, _)| *other != id);
            vpc.ipv6_cidrs.retain(|(other, _)| *other != id);
        });
        txn.state.set_local_routes(vpc.id);
        let region = txn.state.site.region.clone();
        Ok(VpcCidrOut { vpc: vpc.id, block, state: DISASSOCIATING, region })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts};
    use super::super::security_group::CreateSecurityGroup;
    use super::super::security_group_rule_change::RevokeSecurityGroupEgress;
    use super::super::vpc::{CreateVpc, DeleteVpc};
    use super::*;
    use crate::model::{RouteTable, SecurityGroup};
    use serde_json::{Value as Json, json};

    fn destinations(lab: &Lab, vpc: &str) -> Vec<String> {
        let filters = json!({ "Filters": [{ "Name": "vpc-id", "Values": [vpc] }] });
        let routes = lab.read::<Describe<RouteTable>>(filters)["RouteTables"][0]["Routes"].clone();
        let name = |route: &Json| {
            route.get("DestinationCidrBlock").or(route.get("DestinationIpv6CidrBlock")).map(text)
        };
        routes.as_array().unwrap().iter().filter_map(name).collect()
    }

    fn described(lab: &Lab, vpc: &str) -> Json {
        lab.read::<Describe<Vpc>>(json!({ "VpcIds": [vpc] }))["Vpcs"][0].clone()
    }

    #[test]
    fn a_further_block_is_associated_and_disassociated() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let made = lab.write::<AssociateVpcCidrBlock>(json!({ "VpcId": vpc, "CidrBlock": "10.1.2.3/16" }));
        let association = &made["CidrBlockAssociation"];
        let id = text(&association["AssociationId"]);
        assert_eq!((&made["VpcId"], &association["CidrBlock"]), (&json!(vpc), &json!("10.1.0.0/16")));
        assert_eq!(association["CidrBlockState"], json!({ "State": "associating" }));
        let seen = described(&lab, &vpc);
        assert_eq!(seen["CidrBlock"], "10.0.0.0/16");
        assert_eq!(texts(&seen["CidrBlockAssociationSet"], "CidrBlock"), ["10.0.0.0/16", "10.1.0.0/16"]);
        assert_eq!(seen["CidrBlockAssociationSet"][1]["CidrBlockState"]["State"], "associated");
        assert_eq!(destinations(&lab, &vpc), ["10.0.0.0/16", "10.1.0.0/16"]);
        for (name, value) in [("association-id", &*id), ("cidr-block", "10.1.0.0/16")] {
            let name = format!("cidr-block-association.{name}");
            let filters = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            assert_eq!(lab.ids::<Describe<Vpc>>("Vpcs", "VpcId", filters), [&*vpc]);
        }
        let subnet = lab.subnet(&vpc, "10.1.9.0/24");
        lab.write::<super::super::subnet::DeleteSubnet>(json!({ "SubnetId": subnet }));
        let gone = lab.write::<DisassociateVpcCidrBlock>(json!({ "AssociationId": id }));
        assert_eq!(gone["CidrBlockAssociation"]["CidrBlockState"]["State"], "disassociating");
        assert_eq!(described(&lab, &vpc)["CidrBlockAssociationSet"].as_array().unwrap().len(), 1);
        assert_eq!(destinations(&lab, &vpc), ["10.0.0.0/16"]);
    }

    #[test]
    fn amazons_ipv6_blocks_come_with_routes_and_an_outbound_rule() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let associate = || {
            lab.write::<AssociateVpcCidrBlock>(json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true }))
        };
        let made = associate()["Ipv6CidrBlockAssociation"].clone();
        assert_eq!(made["Ipv6CidrBlock"], "", "it is not known yet");
        assert_eq!((&made["Ipv6Pool"], &made["NetworkBorderGroup"]), (&json!("Amazon"), &json!("us-east-1")));
        let seen = described(&lab, &vpc)["Ipv6CidrBlockAssociationSet"][0].clone();
        assert_eq!(seen["AssociationId"], made["AssociationId"]);
        assert_eq!(seen["Ipv6CidrBlockState"]["State"], "associated");
        let block: Ipv6Net = text(&seen["Ipv6CidrBlock"]).parse().unwrap();
        assert_eq!((block.prefix_len(), block), (56, block.trunc()));
        assert_eq!(destinations(&lab, &vpc), ["10.0.0.0/16".to_owned(), block.to_string()]);
        for (name, value) in [("ipv6-pool", "Amazon".to_owned()), ("ipv6-cidr-block", block.to_string())] {
            let name = format!("ipv6-cidr-block-association.{name}");
            let filters = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            assert_eq!(lab.ids::<Describe<Vpc>>("Vpcs", "VpcId", filters), [&*vpc]);
        }
        let outbound = |group: &str| {
            let group = lab.read::<Describe<SecurityGroup>>(json!({ "GroupIds": [group] }));
            let rule = group["SecurityGroups"][0]["IpPermissionsEgress"][0].clone();
            (
                rule["IpRanges"].as_array().map_or(0, Vec::len),
                rule["Ipv6Ranges"].as_array().map_or(0, Vec::len),
            )
        };
        let default = lab.state().group_named(Id::parse(&vpc).unwrap(), "default").unwrap().id.to_string();
        assert_eq!(outbound(&default), (1, 1));
        assert_eq!(outbound(&lab.group(&vpc, "new")), (1, 1), "a group of such a VPC is made so");
        associate();
        assert_eq!(outbound(&default), (1, 1));
        lab.write::<DisassociateVpcCidrBlock>(json!({ "AssociationId": made["AssociationId"] }));
        assert_eq!(described(&lab, &vpc)["Ipv6CidrBlockAssociationSet"].as_array().unwrap().len(), 1);

        let other = lab.vpc();
        let group = lab.state().group_named(Id::parse(&other).unwrap(), "default").unwrap().id.to_string();
        let all = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }]);
        lab.write::<RevokeSecurityGroupEgress>(json!({ "GroupId": group, "IpPermissions": all }));
        lab.write::<AssociateVpcCidrBlock>(json!({ "VpcId": other, "AmazonProvidedIpv6CidrBlock": true }));
        assert_eq!(outbound(&group), (0, 0), "outbound rules that were changed stay as they are");
        let made = lab.write::<CreateSecurityGroup>(json!({ "GroupName": "x", "Description": "d" }));
        assert_eq!(outbound(&text(&made["GroupId"])), (1, 0));
    }

    #[test]
    fn a_vpc_can_be_made_with_ipv6() {
        let lab = Lab::new();
        let input = json!({ "CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": true });
        let made = lab.write::<CreateVpc>(input)["Vpc"].clone();
        let block = &made["Ipv6CidrBlockAssociationSet"][0];
        assert_eq!(
            (&block["Ipv6CidrBlock"], &block["Ipv6CidrBlockState"]["State"]),
            (&json!(""), &json!("associating"))
        );
        let vpc = text(&made["VpcId"]);
        let seen = described(&lab, &vpc)["Ipv6CidrBlockAssociationSet"][0].clone();
        assert_eq!((&seen["AssociationId"], &seen["IpSource"]), (&block["AssociationId"], &json!("amazon")));
        lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
    }

    #[test]
    fn ranges_that_do_not_go_together() {
        let restricted = |primary: &str, new: &str| {
            let lab = Lab::new();
            let vpc = text(&lab.write::<CreateVpc>(json!({ "CidrBlock": primary }))["Vpc"]["VpcId"]);
            match lab.try_write::<AssociateVpcCidrBlock>(json!({ "VpcId": vpc, "CidrBlock": new })) {
                Ok(_) => false,
                Err(Ec2Error::Vpcs(VpcError::RestrictedCidr(_))) => true,
                Err(other) => panic!("{other}"),
            }
        };
        for (primary, new, is_restricted) in [
            ("10.2.0.0/16", "10.3.0.0/16", false),
            ("10.2.0.0/16", "10.0.0.0/16", false),
            ("10.1.0.0/16", "10.0.0.0/24", true),
            ("10.0.0.0/24", "10.0.1.0/24", true),
            ("10.0.0.0/16", "10.1.0.0/16", false),
            ("10.2.0.0/16", "172.16.0.0/16", true),
            ("10.2.0.0/16", "192.168.0.0/24", true),
            ("10.2.0.0/16", "198.19.0.0/24", true),
            ("10.2.0.0/16", "198.18.0.0/24", false),
            ("10.2.0.0/16", "100.64.0.0/16", false),
            ("10.2.0.0/16", "169.254.0.0/24", true),
            ("172.16.0.0/16", "172.31.0.0/24", true),
            ("172.16.0.0/16", "172.17.0.0/16", false),
            ("192.168.0.0/24", "192.168.1.0/24", false),
            ("192.168.0.0/24", "10.2.0.0/24", true),
            ("100.64.0.0/16", "10.2.0.0/24", true),
            ("100.64.0.0/16", "100.65.0.0/16", false),
            ("8.8.0.0/16", "198.19.0.0/24", true),
            ("198.19.0.0/24", "10.2.0.0/24", true),
            ("198.19.0.0/24", "8.8.0.0/16", false),
        ] {
            assert_eq!(restricted(primary, new), is_restricted, "{primary} and {new}");
        }
        let lab = Lab::new();
        let link_local = json!({ "CidrBlock": "169.254.0.0/16" });
        assert!(matches!(lab.try_write::<CreateVpc>(link_local), Err(Ec2Error::VpcRange(_))));
    }
}
