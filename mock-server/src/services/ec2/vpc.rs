//! VPCs.

use super::describe::{Each, Listed, Resource, Text, Value, find, stored_in};
use super::error::{Ec2Error, Missing, VpcError};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use super::vpc_cidr::{self, AMAZON_POOL, ASSOCIATED, ASSOCIATING, CidrView, Ipv6CidrView, Origins};
use super::{dependency, parse_cidr};
use crate::model::network::NewVpc;
use crate::model::peering;
use crate::model::vpc::VpcIndex;
use crate::model::{DhcpOptionsId, Id, Site, State, Tenancy, Txn, Vpc};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for Vpc {
    const DESCRIBE: &'static str = "DescribeVpcs";
    const LIST: &'static str = "Vpcs";
    const IDS: &'static str = "vpcIds";
    const KIND: &'static str = "vpc";
    const ID_FILTER: &'static str = "vpc-id";
    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block-association.association-id",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "dhcp-options-id",
        "ipv6-cidr-block-association.association-id",
        "ipv6-cidr-block-association.ipv6-cidr-block",
        "ipv6-cidr-block-association.ipv6-pool",
        "ipv6-cidr-block-association.state",
        "is-default",
        "owner-id",
        "state",
        "tag",
        "tag-key",
        "vpc-id",
    ];
    const OLD_FILTERS: &'static [(&'static str, &'static str)] = &[("isDefault", "is-default")];

    stored_in!(vpcs);

    fn not_found(missing: Missing) -> Ec2Error {
        Ec2Error::VpcNotFound(missing)
    }

    fn index(name: &str, value: &str) -> Option<VpcIndex> {
        match (name, value) {
            ("is-default", "true") => Some(VpcIndex::Default),
            ("dhcp-options-id", id) => DhcpOptionsId::parse(id).map(VpcIndex::DhcpOptions),
            _ => None,
        }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "cidr" => self.cidr().into_iter().for_each(|cidr| probe.show(cidr)),
            "cidr-block-association.association-id" => self.cidrs.iter().for_each(|(id, _)| probe.show(id)),
            "cidr-block-association.cidr-block" => self.cidrs.iter().for_each(|(_, cidr)| probe.show(cidr)),
            "cidr-block-association.state" => probe.is(ASSOCIATED),
            "dhcp-options-id" => match self.dhcp_options {
                Some(id) => probe.show(id),
                None => probe.is("default"),
            },
            "ipv6-cidr-block-association.association-id" => {
                self.ipv6_cidrs.iter().for_each(|(id, _)| probe.show(id));
            }
            "ipv6-cidr-block-association.ipv6-cidr-block" => {
                self.ipv6_cidrs.iter().for_each(|(_, cidr)| probe.show(cidr));
            }
            "ipv6-cidr-block-association.ipv6-pool" => {
                self.ipv6_cidrs.iter().for_each(|_| probe.is(AMAZON_POOL))
            }
            "ipv6-cidr-block-association.state" => self.ipv6_cidrs.iter().for_each(|_| probe.is(ASSOCIATED)),
            "is-default" => probe.flag(self.is_default),
            "owner-id" => probe.show(state.site.account),
            "state" => probe.is("available"),
            "vpc-id" => probe.show(self.id),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        self.print_as("available", site, serializer)
    }
}

trait PrintVpc {
    fn print_as<S: Serializer>(&self, state: &str, site: &Site, serializer: S) -> Result<S::Ok, S::Error>;
}

impl PrintVpc for Vpc {
    fn print_as<S: Serializer>(&self, state: &str, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        // The first IPv4 block is there at once.
        let v4 = || self.cidrs.iter().map(|made| CidrView::new(*made, ASSOCIATED));
        let under_way = if state == PENDING { ASSOCIATING } else { ASSOCIATED };
        let v6 = || self.ipv6_cidrs.iter().map(|made| Ipv6CidrView::new(made, under_way, &site.region));
        VpcView {
            owner_id: Text(site.account),
            instance_tenancy: tenancy_name(self.tenancy),
            ipv6_cidr_block_association_set: Each(v6),
            cidr_block_association_set: Each(v4),
            is_default: self.is_default,
            tags: TagSet::unless_empty(&self.tags),
            block_public_access_states: BlockPublicAccess::OFF,
            vpc_id: Text(self.id),
            state,
            cidr_block: self.cidr().map(Text),
            dhcp_options_id: match self.dhcp_options {
                Some(ref id) => Text(id as &dyn std::fmt::Display),
                None => Text(&"default"),
            },
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VpcView<'a, C: Serialize, C6: Serialize> {
    owner_id: Text<crate::kernel::AccountId>,
    instance_tenancy: &'static str,
    ipv6_cidr_block_association_set: C6,
    cidr_block_association_set: C,
    is_default: bool,
    tags: Option<TagSet<'a>>,
    block_public_access_states: BlockPublicAccess,
    vpc_id: Text<crate::model::VpcId>,
    state: &'a str,
    cidr_block: Option<Text<Ipv4Net>>,
    dhcp_options_id: Text<&'a dyn std::fmt::Display>,
}

/// Whether gateways of the VPC are cut off.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BlockPublicAccess {
    internet_gateway_block_mode: &'static str,
}

impl BlockPublicAccess {
    pub const OFF: Self = Self { internet_gateway_block_mode: "off" };
}

fn tenancy_name(tenancy: Tenancy) -> &'static str {
    match tenancy {
        Tenancy::Default => "default",
        Tenancy::Dedicated => "dedicated",
    }
}

// === Create and delete ===

/// Source: VPC user guide, "Create a VPC"; EC2-VPC-SIZE, EC2-VPC-CHILDREN, EC2-VPC-LIMIT.
pub struct CreateVpc;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateVpcIn {
    cidr_block: Option<String>,
    ipv6_pool: Option<String>,
    ipv6_cidr_block: Option<String>,
    ipv4_ipam_pool_id: Option<String>,
    ipv4_netmask_length: Option<i32>,
    ipv6_ipam_pool_id: Option<String>,
    ipv6_netmask_length: Option<i32>,
    ipv6_cidr_block_network_border_group: Option<String>,
    vpc_encryption_control: Option<serde::de::IgnoredAny>,
    instance_tenancy: Option<String>,
    amazon_provided_ipv6_cidr_block: bool,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpcOut {
    vpc: Pending,
}

impl CreateVpcOut {
    pub fn new(state: &State, row: Arc<Vpc>) -> Self {
        Self { vpc: Pending(Listed::new(state, row)) }
    }
}

const PENDING: &str = "pending";

/// A VPC as its creation answers it; EC2-VPC-STATE.
struct Pending(Listed<Vpc>);

impl Serialize for Pending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.row.print_as(PENDING, &self.0.site, serializer)
    }
}

impl Operation for CreateVpc {
    const NAME: &'static str = "CreateVpc";
    type In = CreateVpcIn;
    type Out = CreateVpcOut;
    type Error = Ec2Error;
}

impl Write for CreateVpc {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateVpcIn) -> Result<CreateVpcOut, Ec2Error> {
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
        vpc_cidr::not_built(&[(input.vpc_encryption_control.is_some(), "A VPC with encryption control")])?;
        let cidr = parse_cidr(input.cidr_block.ok_or(Ec2Error::MissingParameter("cidrBlock"))?)?;
        if !super::is_vpc_sized(cidr) || !vpc_cidr::may_be_primary(cidr) {
            return Err(Ec2Error::VpcRange(cidr));
        }
        let tenancy = match input.instance_tenancy.as_deref() {
            None | Some("default") => Tenancy::Default,
            Some("dedicated") => Tenancy::Dedicated,
            Some(other) => return Err(Ec2Error::UnsupportedTenancy(other.to_owned())),
        };
        let tags = tags::given(&txn.state, Vpc::KIND, input.tag_specifications)?;
        if txn.state.vpcs.len() >= txn.state.quotas.vpcs {
            return Err(Ec2Error::TooManyVpcs);
        }
        let dhcp_options = txn.state.region_dhcp_options;
        let mut new = NewVpc::new(&mut |kind| txn.mint(kind), cidr, tenancy, dhcp_options);
        new.vpc.tags = tags;
        let mut row = txn.state.add_vpc(new);
        if input.amazon_provided_ipv6_cidr_block {
            let vpc = row.id;
            vpc_cidr::associate_ipv6(txn, vpc)?;
            row = txn.state.vpcs.get(&vpc).cloned().unwrap_or(row);
        }
        Ok(CreateVpcOut::new(&txn.state, row))
    }
}

/// Source: VPC user guide, "Delete your VPC"; EC2-VPC-DEL.
pub struct DeleteVpc;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct VpcIdIn {
    vpc_id: String,
}

impl Operation for DeleteVpc {
    const NAME: &'static str = "DeleteVpc";
    type In = VpcIdIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteVpc {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: VpcIdIn) -> Result<Done, Ec2Error> {
        let id = find::<Vpc>(&txn.state, &input.vpc_id)?.id;
        if dependency::is_held(&txn.state, id) {
            return Err(Ec2Error::VpcInUse(id));
        }
        // Ends them while the VPC can still be told by its rows.
        peering::end_those_of(txn, id);
        txn.state.remove_vpc(id);
        Ok(Done {})
    }
}

// === Attributes ===

pub struct DescribeVpcAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeVpcAttributeIn {
    attribute: String,
    vpc_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcAttributeOut {
    enable_dns_hostnames: Option<Value<bool>>,
    enable_dns_support: Option<Value<bool>>,
    enable_network_address_usage_metrics: Option<Value<bool>>,
    vpc_id: Text<crate::model::VpcId>,
}

impl Operation for DescribeVpcAttribute {
    const NAME: &'static str = "DescribeVpcAttribute";
    type In = DescribeVpcAttributeIn;
    type Out = VpcAttributeOut;
    type Error = Ec2Error;
}

impl Read for DescribeVpcAttribute {
    fn run(view: &View<'_>, input: DescribeVpcAttributeIn) -> Result<VpcAttributeOut, Ec2Error> {
        let vpc = find::<Vpc>(view.state, &input.vpc_id)?;
        let asked = |name, value| (input.attribute == name).then_some(Value { value });
        Ok(VpcAttributeOut {
            enable_dns_hostnames: asked("enableDnsHostnames", vpc.dns_hostnames),
            enable_dns_support: asked("enableDnsSupport", vpc.dns_support),
            enable_network_address_usage_metrics: asked(
                "enableNetworkAddressUsageMetrics",
                vpc.network_address_usage_metrics,
            ),
            vpc_id: Text(vpc.id),
        })
    }
}

/// Changes one attribute; EC2-VPC-ATTR.
pub struct ModifyVpcAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyVpcAttributeIn {
    enable_dns_hostnames: Option<Value<bool>>,
    enable_dns_support: Option<Value<bool>>,
    vpc_id: String,
    enable_network_address_usage_metrics: Option<Value<bool>>,
}

impl Operation for ModifyVpcAttribute {
    const NAME: &'static str = "ModifyVpcAttribute";
    type In = ModifyVpcAttributeIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ModifyVpcAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyVpcAttributeIn) -> Result<Done, Ec2Error> {
        type Field = fn(&mut Vpc) -> &mut bool;
        let attributes: [(&str, Option<Value<bool>>, Field); 3] = [
            ("enableDnsHostnames", input.enable_dns_hostnames, |vpc| &mut vpc.dns_hostnames),
            ("enableDnsSupport", input.enable_dns_support, |vpc| &mut vpc.dns_support),
            ("enableNetworkAddressUsageMetrics", input.enable_network_address_usage_metrics, |vpc| {
                &mut vpc.network_address_usage_metrics
            }),
        ];
        let given: Vec<_> = attributes
            .into_iter()
            .filter_map(|(name, value, field)| Some((name, value?.value, field)))
            .collect();
        let (value, field) = match given.as_slice() {
            [] => return Err(Ec2Error::NoAttribute),
            [(_, value, field)] => (*value, *field),
            many => {
                let names: Vec<_> = many.iter().map(|(name, ..)| *name).collect();
                return Err(Ec2Error::ManyAttributes(names.join(", ")));
            }
        };
        let id = find::<Vpc>(&txn.state, &input.vpc_id)?.id;
        txn.state.vpcs.update(&id, |vpc| *field(vpc) = value);
        txn.state.tell_dns_names(id);
        Ok(Done {})
    }
}

/// The tenancy of a VPC can only be changed to `default`.
/// Source: API reference, ModifyVpcTenancy, and the error codes `InvalidTenancy` and `UnsupportedTenancy`;
/// EC2-VPC-TENANCY.
pub struct ModifyVpcTenancy;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyVpcTenancyIn {
    vpc_id: String,
    instance_tenancy: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcTenancyOut {
    return_value: bool,
}

impl Operation for ModifyVpcTenancy {
    const NAME: &'static str = "ModifyVpcTenancy";
    type In = ModifyVpcTenancyIn;
    type Out = ModifyVpcTenancyOut;
    type Error = Ec2Error;
}

impl Write for ModifyVpcTenancy {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: ModifyVpcTenancyIn,
    ) -> Result<ModifyVpcTenancyOut, Ec2Error> {
        let vpc = find::<Vpc>(&txn.state, &input.vpc_id)?;
        let (id, tenancy) = (vpc.id, vpc.tenancy);
        if input.instance_tenancy != tenancy_name(Tenancy::Default) {
            return Err(Ec2Error::UnsupportedTenancy(input.instance_tenancy));
        }
        if tenancy == Tenancy::Default {
            return Err(VpcError::TenancyUnchangeable(id).into());
        }
        txn.state.vpcs.update(&id, |vpc| vpc.tenancy = Tenancy::Default);
        Ok(ModifyVpcTenancyOut { return_value: true })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts, unknown_filters};
    use super::super::security_group;
    use super::*;
    use crate::model::{InternetGateway, NetworkAcl, RouteTable, SecurityGroup, Subnet};
    use serde_json::{Value as Json, json};

    #[test]
    fn a_vpc_comes_and_goes_with_its_children() {
        let lab = Lab::new();
        let made = lab.write::<CreateVpc>(json!({
            "CidrBlock": "10.1.2.3/16",
            "TagSpecifications": [{ "ResourceType": "vpc", "Tags": [{ "Key": "Name", "Value": "mine" }] }],
        }));
        let vpc = &made["Vpc"];
        let id = text(&vpc["VpcId"]);
        assert_eq!(vpc["State"], "pending");
        assert_eq!(vpc["CidrBlock"], "10.1.0.0/16");
        assert_eq!(vpc["Tags"], json!([{ "Key": "Name", "Value": "mine" }]));
        assert_eq!(vpc["Ipv6CidrBlockAssociationSet"], json!([]));
        assert_eq!(vpc["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"], "associated");

        let mut listed = lab.read::<Describe<Vpc>>(json!({ "VpcIds": [id] }))["Vpcs"][0].clone();
        assert_eq!(listed["State"], "available");
        listed["State"] = json!("pending");
        assert_eq!(listed, *vpc, "but for its state, described as it was made");

        let filters = json!({ "Filters": [{ "Name": "vpc-id", "Values": [id] }] });
        let group = lab.read::<Describe<SecurityGroup>>(filters.clone())["SecurityGroups"][0].clone();
        assert_eq!(group["GroupName"], "default");
        assert_eq!(group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"], group["GroupId"]);
        assert_eq!(group["IpPermissionsEgress"][0]["IpRanges"], json!([{ "CidrIp": "0.0.0.0/0" }]));
        assert_eq!(group["IpPermissionsEgress"][0]["IpProtocol"], "-1");
        assert!(group.get("Tags").is_none());
        let table = lab.read::<Describe<RouteTable>>(filters.clone())["RouteTables"][0].clone();
        assert_eq!(
            table["Routes"],
            json!([{
                "DestinationCidrBlock": "10.1.0.0/16",
                "GatewayId": "local",
                "Origin": "CreateRouteTable",
                "State": "active",
            }])
        );
        assert_eq!((&table["Associations"][0]["Main"], &table["Tags"]), (&json!(true), &json!([])));
        let acl = lab.read::<Describe<NetworkAcl>>(filters)["NetworkAcls"][0].clone();
        let numbers = acl["Entries"].as_array().unwrap().iter().map(|entry| entry["RuleNumber"].clone());
        assert_eq!(numbers.collect::<Vec<_>>(), [100, 32_767, 100, 32_767]);

        lab.write::<DeleteVpc>(json!({ "VpcId": id }));
        let state = lab.state();
        assert_eq!(
            (state.vpcs.len(), state.groups.len(), state.acls.len(), state.route_tables.len()),
            (1, 1, 1, 1)
        );
        assert_eq!(
            lab.try_read::<Describe<Vpc>>(json!({ "VpcIds": [id] })).map(|_| ()),
            Err(Ec2Error::VpcNotFound(Missing(vec![id])))
        );
    }

    #[test]
    fn a_new_region_is_furnished() {
        let lab = Lab::new();
        let gateway = lab.read::<Describe<InternetGateway>>(json!({}))["InternetGateways"][0].clone();
        let vpc = text(&gateway["Attachments"][0]["VpcId"]);
        assert_eq!(gateway["Attachments"][0]["State"], "available");
        let options = lab.read::<Describe<crate::model::DhcpOptions>>(json!({}))["DhcpOptions"][0].clone();
        assert_eq!(
            options["DhcpConfigurations"],
            json!([
                { "Key": "domain-name", "Values": [{ "Value": "ec2.internal" }] },
                { "Key": "domain-name-servers", "Values": [{ "Value": "AmazonProvidedDNS" }] },
            ])
        );
        let default =
            lab.read::<Describe<Vpc>>(json!({ "Filters": [{ "Name": "is-default", "Values": ["true"] }] }));
        assert_eq!(texts(&default["Vpcs"], "VpcId"), [&*vpc]);
        assert_eq!(default["Vpcs"][0]["DhcpOptionsId"], options["DhcpOptionsId"]);
        let subnets = lab.read::<Describe<Subnet>>(json!({}))["Subnets"].clone();
        assert_eq!(subnets.as_array().unwrap().len(), 6);
        let routes = lab.read::<Describe<RouteTable>>(json!({}))["RouteTables"][0]["Routes"].clone();
        assert_eq!(routes[1]["GatewayId"], gateway["InternetGatewayId"]);
        let acl = lab.read::<Describe<NetworkAcl>>(json!({}))["NetworkAcls"][0].clone();
        assert_eq!(acl["Associations"].as_array().unwrap().len(), 6);
    }

    #[test]
    fn attributes_are_read_and_changed_one_by_one() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let get =
            |attribute| lab.read::<DescribeVpcAttribute>(json!({ "VpcId": vpc, "Attribute": attribute }));
        assert_eq!(get("enableDnsSupport"), json!({ "EnableDnsSupport": { "Value": true }, "VpcId": vpc }));
        assert_eq!(get("enableDnsHostnames")["EnableDnsHostnames"]["Value"], false);
        lab.write::<ModifyVpcAttribute>(json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } }));
        assert_eq!(get("enableDnsHostnames")["EnableDnsHostnames"]["Value"], true);
        assert_eq!(
            lab.try_write::<ModifyVpcAttribute>(json!({
                "VpcId": vpc,
                "EnableDnsHostnames": { "Value": true },
                "EnableDnsSupport": { "Value": true },
            })),
            Err(Ec2Error::ManyAttributes("enableDnsHostnames, enableDnsSupport".into()))
        );
    }

    #[test]
    fn dedicated_tenancy_can_be_given_up() {
        let lab = Lab::new();
        let made =
            lab.write::<CreateVpc>(json!({ "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "dedicated" }));
        let id = text(&made["Vpc"]["VpcId"]);
        let modify = json!({ "VpcId": id, "InstanceTenancy": "default" });
        assert_eq!(lab.write::<ModifyVpcTenancy>(modify), json!({ "ReturnValue": true }));
        let seen = lab.read::<Describe<Vpc>>(json!({ "VpcIds": [id] }));
        assert_eq!(seen["Vpcs"][0]["InstanceTenancy"], "default");
    }

    #[test]
    fn what_is_in_a_vpc_holds_it() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let id = crate::model::VpcId::parse(&vpc).unwrap();
        let delete = || lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc }));
        let subnet = lab.subnet(&vpc, "10.0.0.0/24");
        assert_eq!(delete(), Err(Ec2Error::VpcInUse(id)));
        lab.write::<super::super::subnet::DeleteSubnet>(json!({ "SubnetId": subnet }));
        let group = lab.group(&vpc, "web");
        assert_eq!(delete(), Err(Ec2Error::VpcInUse(id)));
        lab.write::<security_group::DeleteSecurityGroup>(json!({ "GroupId": group }));
        lab.internet_gateway(&vpc);
        assert_eq!(delete(), Err(Ec2Error::VpcInUse(id)));
    }

    #[test]
    fn every_filter_is_known_to_its_rows() {
        let lab = Lab::new();
        let state = lab.state();
        fn check<R: Resource>(state: &State) {
            let row = R::table(state).iter().next().unwrap();
            assert_eq!(unknown_filters::<R>(state, row), Vec::<&str>::new(), "{}", R::DESCRIBE);
            assert!(R::FILTERS.contains(&R::ID_FILTER) && R::FILTERS.is_sorted(), "{}", R::DESCRIBE);
        }
        check::<Vpc>(&state);
        check::<Subnet>(&state);
        check::<SecurityGroup>(&state);
        check::<RouteTable>(&state);
        check::<NetworkAcl>(&state);
        check::<InternetGateway>(&state);
        check::<crate::model::DhcpOptions>(&state);
    }

    #[test]
    fn filters_select_vpcs() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        lab.write::<CreateVpc>(json!({ "CidrBlock": "192.168.0.0/20" }));
        let ids = |filters: Json| lab.ids::<Describe<Vpc>>("Vpcs", "VpcId", json!({ "Filters": filters }));
        assert_eq!(ids(json!([{ "Name": "cidr", "Values": ["10.0.0.0/16"] }])), [&*vpc]);
        assert_eq!(ids(json!([{ "Name": "cidr", "Values": ["1?2.*"] }])).len(), 2);
        assert_eq!(ids(json!([{ "Name": "is-default", "Values": ["false"] }])).len(), 2);
        assert_eq!(ids(json!([{ "Name": "isDefault", "Values": ["false"] }])).len(), 2);
        assert_eq!(ids(json!([{ "Name": "owner-id", "Values": ["123456789012"] }])).len(), 3);
        let both =
            json!([{ "Name": "vpc-id", "Values": [vpc] }, { "Name": "is-default", "Values": ["true"] }]);
        assert_eq!(ids(both), Vec::<String>::new());
    }
}
