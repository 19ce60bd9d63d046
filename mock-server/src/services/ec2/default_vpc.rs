//! Default VPCs and default subnets, made anew after they were deleted.

use super::error::{Ec2Error, VpcError};
use super::subnet::{CreateSubnetOut, is_free, zone_for};
use super::vpc::CreateVpcOut;
use crate::model::network::{DEFAULT_SUBNET_SIZE, NewSubnet};
use crate::model::vpc::SubnetIndex;
use crate::model::{Id, SubnetId, Tags, Txn};
use crate::services::{Caller, Operation, Write};
use serde::Deserialize;

/// Source: VPC user guide, "Create a default VPC"; EC2-VPC-DEFAULT.
pub struct CreateDefaultVpc;

#[derive(Deserialize, Default)]
pub struct CreateDefaultVpcIn {}

impl Operation for CreateDefaultVpc {
    const NAME: &'static str = "CreateDefaultVpc";
    type In = CreateDefaultVpcIn;
    type Out = CreateVpcOut;
    type Error = Ec2Error;
}

impl Write for CreateDefaultVpc {
    fn run(txn: &mut Txn<'_>, _: &Caller, _: CreateDefaultVpcIn) -> Result<CreateVpcOut, Ec2Error> {
        if txn.state.default_vpc().is_some() {
            return Err(VpcError::DefaultVpcExists.into());
        }
        if txn.state.vpcs.len() >= txn.state.quotas.vpcs {
            return Err(Ec2Error::TooManyVpcs);
        }
        // A region that AWS does not have has no zones to make subnets in.
        let region = txn.state.site.info().ok_or(Ec2Error::NotBuilt("A default VPC in an unknown region"))?;
        let this = txn.mint("default-vpc").to_string();
        let (origin, mut n) = (txn.origin, 0);
        let mut ids = |kind: &'static str| {
            n += 1;
            origin.derive(&[kind, &this, &n.to_string()])
        };
        let row = txn.state.add_default_vpc(&mut ids, region);
        Ok(CreateVpcOut::new(&txn.state, row))
    }
}

/// Source: VPC user guide, "Create a default subnet"; EC2-SUB-DEFAULT.
pub struct CreateDefaultSubnet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateDefaultSubnetIn {
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    ipv6_native: bool,
}

impl Operation for CreateDefaultSubnet {
    const NAME: &'static str = "CreateDefaultSubnet";
    type In = CreateDefaultSubnetIn;
    type Out = CreateSubnetOut;
    type Error = Ec2Error;
}

impl Write for CreateDefaultSubnet {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateDefaultSubnetIn) -> Result<CreateSubnetOut, Ec2Error> {
        let state = &txn.state;
        match (&input.availability_zone, &input.availability_zone_id) {
            (None, None) => return Err(Ec2Error::MissingParameter("availabilityZone")),
            (Some(_), Some(_)) => {
                return Err(Ec2Error::NotTogether("availabilityZoneId", "availabilityZone"));
            }
            _ => {}
        }
        let zone = zone_for(&state.site, input.availability_zone, input.availability_zone_id)?;
        let vpc = state.default_vpc().ok_or(VpcError::DefaultVpcMissing)?;
        let index = SubnetIndex::Vpc(vpc.id);
        let known = state.subnets.by(&index).find(|subnet| subnet.default_for_zone && subnet.zone == zone);
        if let Some(known) = known {
            return Err(VpcError::DefaultSubnetExists { subnet: known.id, zone: zone.name }.into());
        }
        if state.subnets.count(&index) >= state.quotas.subnets_per_vpc {
            return Err(Ec2Error::TooManySubnets);
        }
        let (cidr, ipv6) = if input.ipv6_native {
            let blocks = vpc.ipv6_cidrs.iter().filter_map(|(_, block)| block.subnets(SMALLEST_IPV6).ok());
            (None, blocks.flatten().find(|net| is_free(state, vpc.id, (*net).into())))
        } else {
            let blocks = vpc.cidr().and_then(|block| block.subnets(DEFAULT_SUBNET_SIZE).ok());
            (blocks.into_iter().flatten().find(|net| is_free(state, vpc.id, (*net).into())), None)
        };
        let vpc = vpc.id;
        if cidr.is_none() && ipv6.is_none() {
            return Err(VpcError::NoRoomInVpc(vpc).into());
        }
        let new = NewSubnet {
            id: SubnetId::mint(txn),
            acl_association: Id::mint(txn),
            vpc,
            cidr,
            ipv6: ipv6.map(|net| (Id::mint(txn), net)),
            zone,
            default_for_zone: true,
            map_public_ip: !input.ipv6_native,
            tags: Tags::default(),
        };
        let row = txn.state.add_subnet(new);
        Ok(CreateSubnetOut::new(&txn.state, row))
    }
}

/// The smallest IPv6 block of a subnet.
const SMALLEST_IPV6: u8 = 64;

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts};
    use super::super::subnet::DeleteSubnet;
    use super::super::vpc_cidr::AssociateVpcCidrBlock;
    use super::*;
    use crate::model::{InternetGateway, RouteTable, Subnet, Vpc};
    use serde_json::json;

    #[test]
    fn a_default_vpc_is_made_anew_as_it_was() {
        let lab = Lab::new();
        let described = || {
            let mut vpc = lab.read::<Describe<Vpc>>(json!({}))["Vpcs"][0].clone();
            let id = text(&vpc["VpcId"]);
            vpc["VpcId"] = json!(null);
            vpc["CidrBlockAssociationSet"][0]["AssociationId"] = json!(null);
            let subnets = lab.read::<Describe<Subnet>>(json!({}))["Subnets"].clone();
            let mut blocks: Vec<_> =
                texts(&subnets, "AvailabilityZone").into_iter().zip(texts(&subnets, "CidrBlock")).collect();
            blocks.sort();
            (id, vpc, blocks)
        };
        let (old, before, subnets) = described();
        lab.change(|state| {
            let subnets: Vec<_> = state.subnets.iter().map(|subnet| subnet.id).collect();
            subnets.into_iter().for_each(|id| drop(state.remove_subnet(id)));
            let gateway = state.internet_gateways.iter().next().unwrap().id;
            state.internet_gateways.remove(&gateway);
            state.remove_vpc(state.default_vpc().unwrap().id);
        });
        let made = lab.write::<CreateDefaultVpc>(json!({}))["Vpc"].clone();
        assert_eq!((&made["State"], &made["IsDefault"]), (&json!("pending"), &json!(true)));
        let (new, after, again) = described();
        assert_ne!(old, new);
        assert_eq!((before, subnets), (after, again));
        let gateway = lab.read::<Describe<InternetGateway>>(json!({}))["InternetGateways"][0].clone();
        let routes = lab.read::<Describe<RouteTable>>(json!({}))["RouteTables"][0]["Routes"].clone();
        assert_eq!(routes[1]["GatewayId"], gateway["InternetGatewayId"]);
    }

    #[test]
    fn a_default_subnet_takes_the_first_block_that_is_free() {
        let lab = Lab::new();
        let vpc = lab.state().default_vpc().unwrap().id.to_string();
        let zone = |name: &str| json!([{ "Name": "availability-zone", "Values": [name] }]);
        for name in ["us-east-1a", "us-east-1b"] {
            let subnet = lab.ids::<Describe<Subnet>>("Subnets", "SubnetId", json!({ "Filters": zone(name) }));
            lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet[0] }));
        }
        lab.subnet(&vpc, "172.31.0.0/28");
        let made =
            lab.write::<CreateDefaultSubnet>(json!({ "AvailabilityZoneId": "use1-az1" }))["Subnet"].clone();
        assert_eq!(
            (&made["CidrBlock"], &made["AvailabilityZone"]),
            (&json!("172.31.16.0/20"), &json!("us-east-1b"))
        );
        assert_eq!((&made["DefaultForAz"], &made["MapPublicIpOnLaunch"]), (&json!(true), &json!(true)));
        let made =
            lab.write::<CreateDefaultSubnet>(json!({ "AvailabilityZone": "us-east-1a" }))["Subnet"].clone();
        assert_eq!(made["CidrBlock"], "172.31.96.0/20");
    }

    #[test]
    fn a_default_subnet_can_be_for_ipv6_alone() {
        let lab = Lab::new();
        let vpc = lab.state().default_vpc().unwrap().id.to_string();
        lab.write::<AssociateVpcCidrBlock>(json!({ "VpcId": vpc, "AmazonProvidedIpv6CidrBlock": true }));
        let filters = json!({ "Filters": [{ "Name": "availability-zone", "Values": ["us-east-1a"] }] });
        let subnet = lab.ids::<Describe<Subnet>>("Subnets", "SubnetId", filters);
        lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet[0] }));
        let input = json!({ "AvailabilityZone": "us-east-1a", "Ipv6Native": true });
        let made = lab.write::<CreateDefaultSubnet>(input)["Subnet"].clone();
        assert_eq!((&made["Ipv6Native"], &made["MapPublicIpOnLaunch"]), (&json!(true), &json!(false)));
        let net = text(&made["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]);
        assert!(net.ends_with("::/64"), "{net}");
    }
}
