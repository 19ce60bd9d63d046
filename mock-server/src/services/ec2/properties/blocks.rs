//! Whatever is associated, disassociated and reserved in whatever order, blocks and subnets lie where they have to.

use super::super::harness::{Lab, text};
use super::super::network_interface_create::{CreateNetworkInterface, DeleteNetworkInterface};
use super::super::subnet::{CreateSubnet, DeleteSubnet};
use super::super::subnet_attribute::ModifySubnetAttribute;
use super::super::subnet_cidr::{AssociateSubnetCidrBlock, DisassociateSubnetCidrBlock};
use super::super::subnet_reservation::{CreateSubnetCidrReservation, DeleteSubnetCidrReservation};
use super::super::vpc::{CreateVpc, DeleteVpc};
use super::super::vpc_cidr::{AssociateVpcCidrBlock, DisassociateVpcCidrBlock};
use super::pick;
use crate::model::reservation::ReservationIndex;
use ipnet::{IpNet, Ipv6Net};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Blocks that go together, that overlap, and that do not go together.
const BLOCKS: [&str; 7] = [
    "10.5.0.0/24",
    "10.5.1.0/24",
    "10.5.1.128/25",
    "10.5.0.0/22",
    "100.64.0.0/24",
    "192.168.0.0/24",
    "10.0.0.0/24",
];

#[derive(Clone, Debug)]
enum Step {
    MakeVpc(usize, bool),
    DropVpc(usize),
    Associate(usize, usize),
    AssociateV6(usize),
    Disassociate(usize),
    /// VPC, block of [`BLOCKS`], part of it, size; number of an IPv6 block.
    MakeSubnet(usize, Option<(usize, u8, u8)>, Option<usize>),
    DropSubnet(usize),
    AssociateSubnet(usize, usize),
    DisassociateSubnet(usize),
    Assign(usize, bool),
    Reserve(usize, u8, u8, bool),
    Unreserve(usize),
    MakeInterface(usize, Option<u8>),
    DropInterface(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0usize..6;
    let block = || (0usize..BLOCKS.len(), 0u8..4, 26u8..=28);
    prop_oneof![
        2 => (n(), any::<bool>()).prop_map(|(n, v6)| Step::MakeVpc(n, v6)),
        1 => n().prop_map(Step::DropVpc),
        4 => (n(), n()).prop_map(|(vpc, block)| Step::Associate(vpc, block)),
        2 => n().prop_map(Step::AssociateV6),
        3 => n().prop_map(Step::Disassociate),
        6 => (n(), prop::option::of(block()), prop::option::of(n()))
            .prop_map(|(vpc, v4, v6)| Step::MakeSubnet(vpc, v4, v6)),
        2 => n().prop_map(Step::DropSubnet),
        2 => (n(), n()).prop_map(|(subnet, block)| Step::AssociateSubnet(subnet, block)),
        2 => n().prop_map(Step::DisassociateSubnet),
        2 => (n(), any::<bool>()).prop_map(|(subnet, value)| Step::Assign(subnet, value)),
        4 => (n(), 0u8..32, 28u8..=32, any::<bool>())
            .prop_map(|(subnet, at, size, v6)| Step::Reserve(subnet, at, size, v6)),
        2 => n().prop_map(Step::Unreserve),
        4 => (n(), prop::option::of(0u8..64)).prop_map(|(subnet, at)| Step::MakeInterface(subnet, at)),
        2 => n().prop_map(Step::DropInterface),
    ]
}

/// What there is, by ids; things that are gone stay in the lists, so that they are asked for too.
#[derive(Default)]
struct Known {
    vpcs: Vec<String>,
    subnets: Vec<String>,
    associations: Vec<String>,
    subnet_associations: Vec<String>,
    reservations: Vec<String>,
    interfaces: Vec<String>,
}

/// The n-th /64 of the IPv6 blocks that VPCs have.
fn ipv6(lab: &Lab, n: usize) -> String {
    let state = lab.state();
    let blocks: Vec<Ipv6Net> =
        state.vpcs.iter().flat_map(|vpc| &vpc.ipv6_cidrs).map(|(_, net)| *net).collect();
    let block = blocks.get(n % blocks.len().max(1));
    let net = block.and_then(|block| block.subnets(64).unwrap().nth(n % 3));
    net.map_or_else(|| "2001:db8::/64".to_owned(), |net| net.to_string())
}

fn run(lab: &Lab, known: &mut Known, step: Step) {
    let id = |made: Result<Value, _>, path: &str| {
        made.ok().and_then(|made: Value| Some(text(made.pointer(path)?)))
    };
    match step {
        Step::MakeVpc(n, v6) => {
            let input = json!({ "CidrBlock": BLOCKS[n % BLOCKS.len()], "AmazonProvidedIpv6CidrBlock": v6 });
            known.vpcs.extend(id(lab.try_write::<CreateVpc>(input), "/Vpc/VpcId"));
        }
        Step::DropVpc(n) => {
            let _ = lab.try_write::<DeleteVpc>(json!({ "VpcId": pick(&known.vpcs, n) }));
        }
        Step::Associate(vpc, block) => {
            let input = json!({ "VpcId": pick(&known.vpcs, vpc), "CidrBlock": BLOCKS[block % BLOCKS.len()] });
            let made = lab.try_write::<AssociateVpcCidrBlock>(input);
            known.associations.extend(id(made, "/CidrBlockAssociation/AssociationId"));
        }
        Step::AssociateV6(vpc) => {
            let input = json!({ "VpcId": pick(&known.vpcs, vpc), "AmazonProvidedIpv6CidrBlock": true });
            let made = lab.try_write::<AssociateVpcCidrBlock>(input);
            known.associations.extend(id(made, "/Ipv6CidrBlockAssociation/AssociationId"));
        }
        Step::Disassociate(n) => {
            let input = json!({ "AssociationId": pick(&known.associations, n) });
            let _ = lab.try_write::<DisassociateVpcCidrBlock>(input);
        }
        Step::MakeSubnet(vpc, v4, v6) => {
            let mut input = json!({ "VpcId": pick(&known.vpcs, vpc), "Ipv6Native": v4.is_none() });
            if let Some((block, part, size)) = v4 {
                let block: ipnet::Ipv4Net = BLOCKS[block % BLOCKS.len()].parse().unwrap();
                let net = block.subnets(size).unwrap().nth(part.into());
                input["CidrBlock"] = json!(net.unwrap_or(block).to_string());
            }
            if let Some(n) = v6 {
                input["Ipv6CidrBlock"] = json!(ipv6(lab, n));
            }
            known.subnets.extend(id(lab.try_write::<CreateSubnet>(input), "/Subnet/SubnetId"));
        }
        Step::DropSubnet(n) => {
            let _ = lab.try_write::<DeleteSubnet>(json!({ "SubnetId": pick(&known.subnets, n) }));
        }
        Step::AssociateSubnet(subnet, block) => {
            let input =
                json!({ "SubnetId": pick(&known.subnets, subnet), "Ipv6CidrBlock": ipv6(lab, block) });
            let made = lab.try_write::<AssociateSubnetCidrBlock>(input);
            known.subnet_associations.extend(id(made, "/Ipv6CidrBlockAssociation/AssociationId"));
        }
        Step::DisassociateSubnet(n) => {
            let input = json!({ "AssociationId": pick(&known.subnet_associations, n) });
            let _ = lab.try_write::<DisassociateSubnetCidrBlock>(input);
        }
        Step::Assign(subnet, value) => {
            let _ = lab.try_write::<ModifySubnetAttribute>(json!({
                "SubnetId": pick(&known.subnets, subnet),
                "AssignIpv6AddressOnCreation": { "Value": value },
            }));
        }
        Step::Reserve(subnet, at, size, v6) => {
            let subnet = pick(&known.subnets, subnet);
            let state = lab.state();
            let row = state.subnets.iter().find(|row| row.id.to_string() == subnet);
            let block = row.and_then(|row| row.blocks().find(|net| matches!(net, IpNet::V6(_)) == v6));
            let cidr = match block {
                Some(IpNet::V4(net)) => {
                    format!("{}/{size}", net.hosts().nth(at.into()).unwrap_or(net.addr()))
                }
                Some(IpNet::V6(net)) => format!("{}{at}/{}", net.network(), 96 + size),
                None => "10.5.0.0/28".to_owned(),
            };
            let input = json!({ "SubnetId": subnet, "ReservationType": "prefix", "Cidr": cidr });
            let made = lab.try_write::<CreateSubnetCidrReservation>(input);
            known.reservations.extend(id(made, "/SubnetCidrReservation/SubnetCidrReservationId"));
        }
        Step::Unreserve(n) => {
            let input = json!({ "SubnetCidrReservationId": pick(&known.reservations, n) });
            let _ = lab.try_write::<DeleteSubnetCidrReservation>(input);
        }
        Step::MakeInterface(subnet, address) => {
            let mut input = json!({ "SubnetId": pick(&known.subnets, subnet) });
            if let Some(last) = address {
                input["PrivateIpAddress"] = json!(format!("10.5.0.{last}"));
            }
            let made = lab.try_write::<CreateNetworkInterface>(input);
            known.interfaces.extend(id(made, "/NetworkInterface/NetworkInterfaceId"));
        }
        Step::DropInterface(n) => {
            let input = json!({ "NetworkInterfaceId": pick(&known.interfaces, n) });
            let _ = lab.try_write::<DeleteNetworkInterface>(input);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn blocks_lie_where_they_have_to(steps in prop::collection::vec(step(), 0..80)) {
        let lab = Lab::new();
        let mut known = Known::default();
        for step in steps {
            // The laboratory looks at the invariants after every step: blocks apart, subnets within them and apart,
            // local routes to each block, reservations within subnets.
            run(&lab, &mut known, step);
            let state = lab.state();
            for subnet in state.subnets.iter() {
                let Some(block) = subnet.cidr else {
                    prop_assert_eq!(subnet.addresses.free(), 0);
                    continue;
                };
                let reserved: Vec<_> =
                    state.reservations.by(&ReservationIndex::Subnet(subnet.id)).map(|row| row.cidr).collect();
                let usable = (4..(1u32 << (32 - block.prefix_len())) - 1)
                    .map(|n| std::net::Ipv4Addr::from(u32::from(block.network()) + n));
                let free = usable
                    .filter(|address| subnet.addresses.owner(*address).is_none())
                    .filter(|address| !reserved.iter().any(|range| range.contains(&std::net::IpAddr::V4(*address))));
                if block.prefix_len() >= 24 {
                    prop_assert_eq!(subnet.addresses.free() as usize, free.count());
                }
            }
        }
    }
}
