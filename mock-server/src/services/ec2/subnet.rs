//! Subnets.

use super::describe::{Each, Listed, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing, VpcError};
use super::filter::Probe;
use super::subnet_attribute::{IP_NAME, RESOURCE_NAME};
use super::subnet_cidr::{Ipv6BlockView, ipv6_block};
use super::tags::{self, TagSet, TagSpecification};
use super::vpc::BlockPublicAccess;
use super::vpc_cidr::{ASSOCIATED, ASSOCIATING, IPV4_IPAM, IPV6_IPAM, not_built};
use super::{dependency, is_vpc_sized, parse_cidr};
use crate::kernel::AccountId;
use crate::model::network::NewSubnet;
use crate::model::vpc::{SubnetIndex, overlap};
use crate::model::{Id, Site, State, Subnet, SubnetId, Txn, Vpc, VpcId, Zone};
use crate::services::{Caller, Done, Operation, Write};
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for Subnet {
    const DESCRIBE: &'static str = "DescribeSubnets";
    const LIST: &'static str = "Subnets";
    const IDS: &'static str = "subnetIds";
    const KIND: &'static str = "subnet";
    const ID_FILTER: &'static str = "subnet-id";
    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availability-zone-id",
        "availabilityZone",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr",
        "cidr-block",
        "cidrBlock",
        "customer-owned-ipv4-pool",
        "default-for-az",
        "defaultForAz",
        "enable-dns64",
        "enable-lni-at-device-index",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.state",
        "ipv6-native",
        "map-customer-owned-ip-on-launch",
        "map-public-ip-on-launch",
        "outpost-arn",
        "owner-id",
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        "private-dns-name-options-on-launch.hostname-type",
        "state",
        "subnet-arn",
        "subnet-id",
        "tag",
        "tag-key",
        "vpc-id",
    ];

    stored_in!(subnets);

    fn not_found(missing: Missing) -> Ec2Error {
        Ec2Error::SubnetNotFound(missing)
    }

    fn index(name: &str, value: &str) -> Option<SubnetIndex> {
        if name == "vpc-id" { VpcId::parse(value).map(SubnetIndex::Vpc) } else { None }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "availability-zone" | "availabilityZone" => probe.is(self.zone.name),
            "availability-zone-id" | "availabilityZoneId" => probe.is(self.zone.id),
            "available-ip-address-count" => probe.show(self.addresses.free()),
            "cidr" | "cidr-block" | "cidrBlock" => self.cidr.into_iter().for_each(|cidr| probe.show(cidr)),
            "default-for-az" | "defaultForAz" => probe.flag(self.default_for_zone),
            "enable-dns64" => probe.flag(self.dns64),
            "ipv6-cidr-block-association.association-id" => {
                self.ipv6.iter().for_each(|(id, _)| probe.show(id));
            }
            "ipv6-cidr-block-association.ipv6-cidr-block" => {
                self.ipv6.iter().for_each(|(_, cidr)| probe.show(cidr));
            }
            "ipv6-cidr-block-association.state" => self.ipv6.iter().for_each(|_| probe.is(ASSOCIATED)),
            "ipv6-native" => probe.flag(self.is_ipv6_native()),
            "map-customer-owned-ip-on-launch" => probe.flag(false),
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record" => {
                probe.flag(self.launch_names.a_record);
            }
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record" => {
                probe.flag(self.launch_names.aaaa_record);
            }
            "private-dns-name-options-on-launch.hostname-type" => probe.is(hostname_type(self)),
            "customer-owned-ipv4-pool" | "enable-lni-at-device-index" | "outpost-arn" => {}
            "map-public-ip-on-launch" => probe.flag(self.map_public_ip),
            "owner-id" => probe.show(state.site.account),
            "state" => probe.is("available"),
            "subnet-arn" => probe.is(&state.site.arn("ec2", format_args!("subnet/{}", self.id))),
            "subnet-id" => probe.show(self.id),
            "vpc-id" => probe.show(self.vpc),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(self, ASSOCIATED, site, serializer)
    }
}

/// Prints a subnet whose IPv6 block is in this state.
fn print_as<S: Serializer>(
    subnet: &Subnet,
    block_state: &'static str,
    site: &Site,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    SubnetView {
        availability_zone_id: subnet.zone.id,
        map_customer_owned_ip_on_launch: false,
        owner_id: Text(site.account),
        assign_ipv6_address_on_creation: subnet.assign_ipv6,
        ipv6_cidr_block_association_set: Each(|| {
            subnet.ipv6.iter().map(|made| Ipv6BlockView::new(*made, block_state))
        }),
        tags: TagSet(&subnet.tags),
        subnet_arn: Text(&site.printed_arn("ec2", format_args!("subnet/{}", subnet.id))),
        enable_dns64: subnet.dns64,
        ipv6_native: subnet.is_ipv6_native(),
        private_dns_name_options_on_launch: PrivateDnsNameOptions {
            hostname_type: hostname_type(subnet),
            enable_resource_name_dns_a_record: subnet.launch_names.a_record,
            enable_resource_name_dns_aaaa_record: subnet.launch_names.aaaa_record,
        },
        block_public_access_states: BlockPublicAccess::OFF,
        subnet_id: Text(subnet.id),
        state: "available",
        vpc_id: Text(subnet.vpc),
        cidr_block: subnet.cidr.map(Text),
        available_ip_address_count: subnet.addresses.free(),
        availability_zone: subnet.zone.name,
        default_for_az: subnet.default_for_zone,
        map_public_ip_on_launch: subnet.map_public_ip,
    }
    .serialize(serializer)
}

/// What the names of instances in a subnet are made of.
fn hostname_type(subnet: &Subnet) -> &'static str {
    if subnet.launch_names.by_resource { RESOURCE_NAME } else { IP_NAME }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SubnetView<'a, C: Serialize> {
    availability_zone_id: &'static str,
    map_customer_owned_ip_on_launch: bool,
    owner_id: Text<AccountId>,
    assign_ipv6_address_on_creation: bool,
    ipv6_cidr_block_association_set: C,
    tags: TagSet<'a>,
    subnet_arn: Text<&'a dyn std::fmt::Display>,
    enable_dns64: bool,
    ipv6_native: bool,
    private_dns_name_options_on_launch: PrivateDnsNameOptions,
    block_public_access_states: BlockPublicAccess,
    subnet_id: Text<SubnetId>,
    state: &'static str,
    vpc_id: Text<VpcId>,
    cidr_block: Option<Text<Ipv4Net>>,
    available_ip_address_count: u32,
    availability_zone: &'static str,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PrivateDnsNameOptions {
    hostname_type: &'static str,
    enable_resource_name_dns_a_record: bool,
    #[serde(rename = "EnableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: bool,
}

// === Create and delete ===

/// Source: VPC user guide, "Create a subnet"; EC2-SUB-RANGE, EC2-SUB-CONFLICT, EC2-SUB-LIMIT.
pub struct CreateSubnet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateSubnetIn {
    tag_specifications: Vec<TagSpecification>,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
    cidr_block: Option<String>,
    ipv6_native: bool,
    ipv6_cidr_block: Option<String>,
    outpost_arn: Option<String>,
    ipv4_ipam_pool_id: Option<String>,
    ipv4_netmask_length: Option<i32>,
    ipv6_ipam_pool_id: Option<String>,
    ipv6_netmask_length: Option<i32>,
    vpc_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSubnetOut {
    subnet: Fresh,
}

/// A subnet as its creation answers it: its IPv6 block is on its way.
struct Fresh(Listed<Subnet>);

impl Serialize for Fresh {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(&self.0.row, ASSOCIATING, &self.0.site, serializer)
    }
}

impl CreateSubnetOut {
    pub fn new(state: &State, row: Arc<Subnet>) -> Self {
        Self { subnet: Fresh(Listed::new(state, row)) }
    }
}

impl Operation for CreateSubnet {
    const NAME: &'static str = "CreateSubnet";
    type In = CreateSubnetIn;
    type Out = CreateSubnetOut;
    type Error = Ec2Error;
}

impl Write for CreateSubnet {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateSubnetIn) -> Result<CreateSubnetOut, Ec2Error> {
        let state = &txn.state;
        let vpc = find::<Vpc>(state, &input.vpc_id)?;
        not_built(&[
            (input.ipv4_ipam_pool_id.is_some(), IPV4_IPAM),
            (input.ipv6_ipam_pool_id.is_some(), IPV6_IPAM),
        ])?;
        if let Some(arn) = input.outpost_arn {
            return Err(VpcError::OutpostNotFound(arn).into());
        }
        if input.ipv4_netmask_length.is_some() {
            return Err(Ec2Error::MissingParameter("ipv4IpamPoolId"));
        }
        if input.ipv6_netmask_length.is_some() {
            return Err(Ec2Error::MissingParameter("ipv6IpamPoolId"));
        }
        let cidr = match (input.ipv6_native, input.cidr_block, &input.ipv6_cidr_block) {
            (true, _, None) => return Err(Ec2Error::NoIpv6Block),
            (true, Some(_), _) => return Err(VpcError::NativeWithIpv4.into()),
            (true, None, Some(_)) => None,
            (false, None, _) => return Err(Ec2Error::MissingParameter("cidrBlock")),
            (false, Some(text), _) => Some(ipv4_block(state, vpc, text)?),
        };
        let ipv6 = input.ipv6_cidr_block.map(|text| ipv6_block(state, vpc, &text)).transpose()?;
        let zone = zone_for(&state.site, input.availability_zone, input.availability_zone_id)?;
        let tags = tags::given(state, Subnet::KIND, input.tag_specifications)?;
        if state.subnets.count(&SubnetIndex::Vpc(vpc.id)) >= state.quotas.subnets_per_vpc {
            return Err(Ec2Error::TooManySubnets);
        }
        let vpc = vpc.id;
        let new = NewSubnet {
            id: SubnetId::mint(txn),
            acl_association: Id::mint(txn),
            vpc,
            cidr,
            ipv6: ipv6.map(|net| (Id::mint(txn), net)),
            zone,
            default_for_zone: false,
            map_public_ip: false,
            tags,
        };
        let row = txn.state.add_subnet(new);
        Ok(CreateSubnetOut::new(&txn.state, row))
    }
}

/// The IPv4 block that a subnet of this VPC can have.
/// Source: VPC user guide, "Subnet CIDR blocks"; EC2-SUB-RANGE, EC2-SUB-CONFLICT.
fn ipv4_block(state: &State, vpc: &Vpc, text: String) -> Result<Ipv4Net, Ec2Error> {
    let cidr = parse_cidr(text)?;
    if !is_vpc_sized(cidr) || !vpc.cidrs.iter().any(|(_, block)| block.contains(&cidr)) {
        return Err(Ec2Error::SubnetRange(cidr));
    }
    if !is_free(state, vpc.id, cidr.into()) {
        return Err(Ec2Error::SubnetConflict(cidr));
    }
    Ok(cidr)
}

/// Whether no subnet of the VPC has any address of this block.
pub fn is_free(state: &State, vpc: VpcId, net: IpNet) -> bool {
    let mut used = state.subnets.by(&SubnetIndex::Vpc(vpc)).flat_map(|subnet| subnet.blocks());
    !used.any(|other| overlap(other, net))
}

/// The zone asked for by name, by id or by neither: then AWS chooses one, and here it is the first.
pub fn zone_for(site: &Site, name: Option<String>, id: Option<String>) -> Result<Zone, Ec2Error> {
    let zones = site.info().map_or(&[][..], |region| region.zones);
    let refuse = |parameter, value, name: fn(&Zone) -> &'static str| {
        let zones: Vec<_> = zones.iter().map(name).collect();
        Ec2Error::WrongZone { parameter, value, zones: zones.join(", ") }
    };
    let fits = |zone: &&Zone| {
        name.as_deref().is_none_or(|name| zone.name == name) && id.as_deref().is_none_or(|id| zone.id == id)
    };
    match (zones.iter().find(fits), name, id) {
        (Some(zone), ..) => Ok(*zone),
        (None, _, Some(id)) => Err(refuse("availabilityZoneId", id, |zone| zone.id)),
        (None, name, None) => Err(refuse("availabilityZone", name.unwrap_or_default(), |zone| zone.name)),
    }
}

/// Source: VPC user guide, "Delete a subnet"; EC2-SUB-DEL.
pub struct DeleteSubnet;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteSubnetIn {
    subnet_id: String,
}

impl Operation for DeleteSubnet {
    const NAME: &'static str = "DeleteSubnet";
    type In = DeleteSubnetIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteSubnet {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteSubnetIn) -> Result<Done, Ec2Error> {
        let id = find::<Subnet>(&txn.state, &input.subnet_id)?.id;
        if dependency::is_held(&txn.state, id) {
            return Err(Ec2Error::SubnetInUse(id));
        }
        txn.state.remove_subnet(id);
        Ok(Done {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts};
    use super::super::subnet_attribute::ModifySubnetAttribute;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_subnet_is_described_as_it_was_made() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let made = lab.write::<CreateSubnet>(json!({
            "VpcId": vpc, "CidrBlock": "10.0.0.16/28", "AvailabilityZone": "us-east-1b",
        }));
        let subnet = &made["Subnet"];
        assert_eq!(subnet["AvailableIpAddressCount"], 11);
        assert_eq!(subnet["State"], "available");
        assert_eq!(subnet["AvailabilityZoneId"], "use1-az1");
        assert_eq!(subnet["MapPublicIpOnLaunch"], false);
        let id = text(&subnet["SubnetId"]);
        assert_eq!(subnet["SubnetArn"], format!("arn:aws:ec2:us-east-1:123456789012:subnet/{id}"));
        let options = &subnet["PrivateDnsNameOptionsOnLaunch"];
        assert_eq!(options["EnableResourceNameDnsARecord"], false);
        assert_eq!(options["EnableResourceNameDnsAAAARecord"], false);
        assert_eq!(lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [id] }))["Subnets"], json!([subnet]));
        lab.write::<ModifySubnetAttribute>(
            json!({ "SubnetId": id, "MapPublicIpOnLaunch": { "Value": true } }),
        );
        let listed = lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [id] }));
        assert_eq!(listed["Subnets"][0]["MapPublicIpOnLaunch"], true);
        lab.write::<DeleteSubnet>(json!({ "SubnetId": id }));
        assert_eq!(lab.state().subnets.len(), 6);
    }

    #[test]
    fn ranges_must_lie_in_the_vpc_and_apart() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        lab.subnet(&vpc, "10.0.1.0/24");
        let create = |cidr: &str| {
            lab.try_write::<CreateSubnet>(json!({ "VpcId": vpc, "CidrBlock": cidr })).map(|_| ())
        };
        let net = |cidr: &str| cidr.parse().unwrap();
        for cidr in ["192.168.1.0/24", "10.0.0.0/15", "10.0.0.0/29"] {
            assert_eq!(create(cidr), Err(Ec2Error::SubnetRange(net(cidr))), "{cidr}");
        }
        for cidr in ["10.0.1.0/24", "10.0.1.128/25", "10.0.0.0/16"] {
            assert_eq!(create(cidr), Err(Ec2Error::SubnetConflict(net(cidr))), "{cidr}");
        }
        assert_eq!(create("10.0.2.0/24"), Ok(()));
    }

    #[test]
    fn the_free_count_follows_the_interfaces() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/28");
        let free = || {
            lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [subnet] }))["Subnets"][0]["AvailableIpAddressCount"]
                .clone()
        };
        let interface = lab.interface(&subnet, &[]);
        assert_eq!(free(), 10);
        let id = SubnetId::parse(&subnet).unwrap();
        let delete = || lab.try_write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
        assert_eq!(delete(), Err(Ec2Error::SubnetInUse(id)));
        lab.write::<super::super::network_interface_create::DeleteNetworkInterface>(
            json!({ "NetworkInterfaceId": interface }),
        );
        assert_eq!(free(), 11);
        assert_eq!(delete(), Ok(json!({})));
    }

    #[test]
    fn pages_hold_every_row_once() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let mut made: Vec<_> = (0..12).map(|n| lab.subnet(&vpc, &format!("10.0.{n}.0/24"))).collect();
        made.sort();
        for filters in [
            json!([{ "Name": "vpc-id", "Values": [vpc] }]),
            json!([{ "Name": "vpc-id", "Values": [vpc, "vpc-00000000"] }]),
            json!([{ "Name": "cidr-block", "Values": ["10.0.*"] }]),
            json!([{ "Name": "subnet-id", "Values": made }]),
        ] {
            let mut seen = Vec::new();
            let mut input = json!({ "Filters": filters, "MaxResults": 5 });
            loop {
                let page = lab.read::<Describe<Subnet>>(input.clone());
                let ids = texts(&page["Subnets"], "SubnetId");
                assert!(ids.len() <= 5);
                seen.extend(ids);
                match page.get("NextToken") {
                    Some(token) => input["NextToken"] = token.clone(),
                    None => break,
                }
            }
            assert_eq!(seen, made);
        }
    }
}
