//! The refusals of blocks of VPCs and subnets, of default VPCs, of attributes of subnets and of reservations.

use super::super::default_vpc::{CreateDefaultSubnet, CreateDefaultVpc};
use super::super::harness::{Lab, text};
use super::super::subnet::{CreateSubnet, DeleteSubnet};
use super::super::subnet_attribute::ModifySubnetAttribute;
use super::super::subnet_cidr::{AssociateSubnetCidrBlock, DisassociateSubnetCidrBlock};
use super::super::subnet_reservation::{CreateSubnetCidrReservation, DeleteSubnetCidrReservation};
use super::super::vpc::{CreateVpc, DeleteVpc, ModifyVpcTenancy};
use super::super::vpc_cidr::{AssociateVpcCidrBlock, DisassociateVpcCidrBlock};
use super::{Seen, with};
use crate::model::Quotas;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn blocks(seen: &mut Seen<'_>) {
    let made = seen.lab.write::<CreateVpc>(json!({ "CidrBlock": "10.2.0.0/16" }))["Vpc"].clone();
    let vpc = text(&made["VpcId"]);
    let associate = |more: Value| with(json!({ "VpcId": vpc }), more);
    let cidr = |cidr: &str| associate(json!({ "CidrBlock": cidr }));
    let range = "InvalidVpc.Range";
    seen.write::<AssociateVpcCidrBlock>(
        cidr("172.16.0.0/16"),
        range,
        "The CIDR '172.16.0.0/16' is restricted. Use a CIDR from the same private address range as the current VPC \
         CIDR, or use a publicly-routable CIDR. For additional restrictions, see \
         https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html",
    );
    seen.write::<AssociateVpcCidrBlock>(cidr("10.3.0.0/8"), range, "The CIDR '10.0.0.0/8' is invalid.");
    seen.write::<AssociateVpcCidrBlock>(
        cidr("10.2.1.0/24"),
        range,
        "The CIDR '10.2.1.0/24' conflicts with another CIDR block of the VPC",
    );
    seen.lab.change(|state| {
        let id = crate::model::Id::parse(&vpc).unwrap();
        let index = crate::model::route::RouteTableIndex::Vpc(id);
        let (table, gateway) = (
            state.route_tables.by(&index).next().unwrap().id,
            state.internet_gateways.iter().next().unwrap().id,
        );
        state.route_tables.update(&table, |table| {
            let to = crate::model::Destination::Cidr("10.9.0.0/24".parse().unwrap());
            let target = crate::model::RouteTarget::InternetGateway(gateway);
            let route = crate::model::Route::new(to, target, crate::model::RouteOrigin::Route);
            table.routes.push(crate::model::Route { blackhole: true, ..route });
        });
    });
    seen.write::<AssociateVpcCidrBlock>(
        cidr("10.9.0.0/16"),
        range,
        "The CIDR '10.9.0.0/16' conflicts with a route to 10.9.0.0/24",
    );
    seen.write::<AssociateVpcCidrBlock>(
        associate(json!({})),
        "MissingParameter",
        "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.",
    );
    seen.write::<AssociateVpcCidrBlock>(
        associate(json!({ "CidrBlock": "10.4.0.0/16", "AmazonProvidedIpv6CidrBlock": true })),
        "InvalidParameterCombination",
        "The parameter cidrBlock cannot be used with the parameter amazonProvidedIpv6CidrBlock",
    );
    for (member, form) in [
        ("Ipv4IpamPoolId", "A block of an IPAM pool (Ipv4IpamPoolId)"),
        ("Ipv6IpamPoolId", "A block of an IPAM pool (Ipv6IpamPoolId)"),
        ("Ipv6Pool", "A block of one's own IPv6 addresses (Ipv6Pool)"),
    ] {
        let message = format!("{form} is not implemented by this mock");
        seen.write::<AssociateVpcCidrBlock>(associate(json!({ member: "p" })), "NotImplemented", &message);
        let create = json!({ "CidrBlock": "10.0.0.0/16", member: "p" });
        seen.write::<CreateVpc>(create, "NotImplemented", &message);
    }
    seen.write::<AssociateVpcCidrBlock>(
        associate(json!({ "Ipv6CidrBlock": "2001:db8::/56" })),
        "MissingParameter",
        "The request must contain the parameter ipv6Pool",
    );
    seen.write::<DisassociateVpcCidrBlock>(
        json!({ "AssociationId": "vpc-cidr-assoc-1" }),
        "InvalidVpcCidrBlockAssociationID.NotFound",
        "The vpc CIDR block association ID 'vpc-cidr-assoc-1' does not exist",
    );
    let primary = text(&made["CidrBlockAssociationSet"][0]["AssociationId"]);
    seen.write::<DisassociateVpcCidrBlock>(
        json!({ "AssociationId": primary }),
        "OperationNotPermitted",
        &format!(
            "The vpc CIDR block with association ID {primary} may not be disassociated. It is the primary IPv4 CIDR \
             block of the VPC"
        ),
    );
    let second = seen.lab.write::<AssociateVpcCidrBlock>(cidr("10.5.0.0/16"))["CidrBlockAssociation"].clone();
    let subnet = seen.lab.subnet(&vpc, "10.5.1.0/24");
    seen.write::<DisassociateVpcCidrBlock>(
        json!({ "AssociationId": second["AssociationId"] }),
        "InvalidCidrBlock.InUse",
        &format!("The vpc {vpc} currently has a subnet within CIDR block 10.5.0.0/16"),
    );
    for third in 6..9 {
        seen.lab.write::<AssociateVpcCidrBlock>(cidr(&format!("10.{third}.0.0/16")));
    }
    seen.write::<AssociateVpcCidrBlock>(
        cidr("10.10.50.0/22"),
        "CidrLimitExceeded",
        &format!("This network {vpc} has met its maximum number of allowed CIDRs: 5"),
    );
    seen.write::<ModifyVpcTenancy>(
        json!({ "VpcId": vpc, "InstanceTenancy": "default" }),
        "InvalidTenancy",
        &format!("The tenancy of VPC {vpc} is default and cannot be modified."),
    );
    seen.write::<ModifyVpcTenancy>(
        json!({ "VpcId": vpc, "InstanceTenancy": "unknown" }),
        "UnsupportedTenancy",
        "The tenancy value unknown is not supported.",
    );
    seen.lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
    seen.lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
}

pub(super) fn subnets(seen: &mut Seen<'_>) {
    let made = json!({ "CidrBlock": "10.2.0.0/16", "AmazonProvidedIpv6CidrBlock": true });
    let vpc = text(&seen.lab.write::<CreateVpc>(made)["Vpc"]["VpcId"]);
    let state = seen.lab.state();
    let row = state.vpcs.get(&crate::model::Id::parse(&vpc).unwrap()).unwrap();
    let block = row.ipv6_cidrs[0].1;
    let (first, second) = {
        let mut nets = block.subnets(64).unwrap();
        (nets.next().unwrap(), nets.next().unwrap())
    };
    let create = |more: Value| with(json!({ "VpcId": vpc }), more);
    let dual = |cidr: &str, ipv6: String| create(json!({ "CidrBlock": cidr, "Ipv6CidrBlock": ipv6 }));
    for ipv6 in ["10.0.0.0/24".to_owned(), format!("{}/62", block.network()), "2001:db8::/40".to_owned()] {
        let message = format!("invalid value for parameter ipv6-cidr-block: {ipv6}");
        seen.value::<CreateSubnet>(dual("10.2.0.0/24", ipv6), &message);
    }
    seen.write::<CreateSubnet>(
        dual("10.2.0.0/24", "2001:db8::/64".into()),
        "InvalidSubnet.Range",
        "The IPv6 CIDR '2001:db8::/64' is invalid.",
    );
    let native = create(json!({ "Ipv6Native": true, "Ipv6CidrBlock": first.to_string() }));
    let native = text(&seen.lab.write::<CreateSubnet>(native)["Subnet"]["SubnetId"]);
    seen.write::<CreateSubnet>(
        dual("10.2.0.0/24", block.to_string()),
        "InvalidSubnet.Conflict",
        &format!("The IPv6 CIDR '{block}' conflicts with another subnet"),
    );
    seen.write::<CreateSubnet>(
        create(json!({ "Ipv6Native": true, "CidrBlock": "10.2.0.0/24", "Ipv6CidrBlock": "1080::1/112" })),
        "InvalidParameterCombination",
        "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.",
    );
    let outpost = "arn:aws:outposts:us-east-1:1:outpost/op-1";
    seen.value::<CreateSubnet>(
        create(json!({ "CidrBlock": "10.2.0.0/24", "OutpostArn": outpost })),
        &format!("Value ({outpost}) for parameter outpostArn is invalid. The Outpost does not exist."),
    );

    let subnet = seen.lab.subnet(&vpc, "10.2.0.0/24");
    let associate = |net: &str| json!({ "SubnetId": subnet, "Ipv6CidrBlock": net });
    let modify = |subnet: &str, more: Value| with(json!({ "SubnetId": subnet }), more);
    let flag = |value: bool| json!({ "Value": value });
    let assign = |value: bool| json!({ "AssignIpv6AddressOnCreation": flag(value) });
    seen.value::<ModifySubnetAttribute>(
        modify(&subnet, assign(true)),
        &format!(
            "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to \
             true unless the subnet ({subnet}) has an IPv6 CIDR block associated with it."
        ),
    );
    let made = seen.lab.write::<AssociateSubnetCidrBlock>(associate(&second.to_string()));
    let association = text(&made["Ipv6CidrBlockAssociation"]["AssociationId"]);
    seen.write::<AssociateSubnetCidrBlock>(
        associate(&second.to_string()),
        "CidrLimitExceeded",
        &format!("This subnet {subnet} has met its maximum number of allowed CIDRs: 1"),
    );
    seen.write::<DisassociateSubnetCidrBlock>(
        json!({ "AssociationId": "subnet-cidr-assoc-1" }),
        "InvalidSubnetCidrBlockAssociationID.NotFound",
        "The subnet CIDR block with association ID 'subnet-cidr-assoc-1' does not exist",
    );
    seen.write::<DisassociateSubnetCidrBlock>(
        json!({ "AssociationId": "" }),
        "InvalidSubnetCidrBlockAssociationId.Malformed",
        "Invalid id: \"\" (expecting \"subnet-cidr-assoc-...\")",
    );
    seen.lab.write::<ModifySubnetAttribute>(modify(&subnet, assign(true)));
    let held = |why: &str| {
        format!(
            "The subnet IPv6 CIDR block with association ID {association} may not be disassociated, because its subnet {why}"
        )
    };
    seen.write::<DisassociateSubnetCidrBlock>(
        json!({ "AssociationId": association }),
        "InvalidCidrBlock.InUse",
        &held("has assign-ipv6-address-on-creation set to true."),
    );
    seen.lab.write::<ModifySubnetAttribute>(modify(&subnet, assign(false)));
    seen.lab.write::<CreateSubnetCidrReservation>(
        json!({ "SubnetId": subnet, "ReservationType": "prefix", "Cidr": format!("{}/80", second.network()) }),
    );
    seen.write::<DisassociateSubnetCidrBlock>(
        json!({ "AssociationId": association }),
        "InvalidCidrBlock.InUse",
        &held("has a CIDR reservation in it."),
    );

    seen.write::<ModifySubnetAttribute>(
        modify(&subnet, with(assign(true), json!({ "MapPublicIpOnLaunch": flag(true) }))),
        "InvalidParameterCombination",
        "Only one subnet attribute can be modified at a time. Provided attributes: [assignIpv6AddressOnCreation, \
         mapPublicIpOnLaunch]",
    );
    seen.value::<ModifySubnetAttribute>(
        modify(&native, assign(false)),
        &format!("Invalid value 'false' for assign-ipv6-address-on-creation. The subnet ({native}) is for IPv6 only."),
    );
    seen.value::<ModifySubnetAttribute>(
        modify(&native, json!({ "PrivateDnsHostnameTypeOnLaunch": "ip-name" })),
        &format!(
            "Invalid value 'ip-name' for private-dns-hostname-type-on-launch. The subnet ({native}) is for IPv6 only."
        ),
    );
    seen.value::<ModifySubnetAttribute>(
        modify(&subnet, json!({ "EnableLniAtDeviceIndex": 1 })),
        &format!(
            "The parameter enableLniAtDeviceIndex is not supported for subnet {subnet}, which is not on an Outpost."
        ),
    );
    for id in [subnet, native] {
        seen.lab.write::<DeleteSubnet>(json!({ "SubnetId": id }));
    }
    seen.lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
}

pub(super) fn reservations(seen: &mut Seen<'_>, vpc: &str) {
    let subnet = seen.lab.subnet(vpc, "10.0.7.0/24");
    let create = |cidr: &str| json!({ "SubnetId": subnet, "ReservationType": "explicit", "Cidr": cidr });
    seen.value::<CreateSubnetCidrReservation>(
        create("ten"),
        "Value (ten) for parameter cidr is invalid. This is not a valid CIDR block.",
    );
    seen.value::<CreateSubnetCidrReservation>(
        create("10.1.0.0/31"),
        "Reservation CIDR should be within subnet CIDR block (10.0.7.0/24)",
    );
    seen.lab.write::<CreateSubnetCidrReservation>(create("10.0.7.0/30"));
    seen.value::<CreateSubnetCidrReservation>(
        create("10.0.7.2/31"),
        "Reservation CIDR 10.0.7.2/31 has overlap with existing reserved CIDR block",
    );
    seen.write::<DeleteSubnetCidrReservation>(
        json!({ "SubnetCidrReservationId": "scr-not-exists" }),
        "InvalidSubnetCidrReservationID.NotFound",
        "The subnet-cidr-reservation ID 'scr-not-exists' does not exist",
    );
    seen.lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
}

/// The refusals about default VPCs and subnets.
pub(super) fn default_vpc() -> BTreeSet<String> {
    let lab = Lab::with("us-west-1", Quotas::default());
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    let zone = json!({ "AvailabilityZone": "us-west-1a" });
    seen.write::<CreateDefaultVpc>(
        json!({}),
        "DefaultVpcAlreadyExists",
        "A Default VPC already exists for this account in this region.",
    );
    let state = lab.state();
    let subnet = state.subnets.iter().find(|subnet| subnet.zone.name == "us-west-1a").unwrap().id;
    seen.write::<CreateDefaultSubnet>(
        zone.clone(),
        "DefaultSubnetAlreadyExistsInAvailabilityZone",
        &format!("'{subnet}' is already the default subnet in us-west-1a."),
    );
    seen.write::<CreateDefaultSubnet>(
        with(zone.clone(), json!({ "AvailabilityZoneId": "usw1-az3" })),
        "InvalidParameterCombination",
        "The parameter availabilityZoneId cannot be used with the parameter availabilityZone",
    );
    lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet.to_string() }));
    let vpc = state.default_vpc().unwrap().id;
    seen.write::<CreateDefaultSubnet>(
        with(zone.clone(), json!({ "Ipv6Native": true })),
        "InvalidSubnet.Conflict",
        &format!("There is no free CIDR block for a default subnet in {vpc}"),
    );
    let nowhere = Lab::with("us-west-1", Quotas::default());
    nowhere.change(|state| {
        let subnets: Vec<_> = state.subnets.iter().map(|subnet| subnet.id).collect();
        subnets.into_iter().for_each(|id| drop(state.remove_subnet(id)));
        let gateway = state.internet_gateways.iter().next().unwrap().id;
        state.internet_gateways.remove(&gateway);
        state.remove_vpc(state.default_vpc().unwrap().id);
    });
    seen.lab = &nowhere;
    seen.write::<CreateDefaultSubnet>(
        zone,
        "DefaultVpcDoesNotExist",
        "No default VPC exists for this account in this region.",
    );
    seen.names
}
