//! What the calls of EC2 act on.
//!
//! Ids say of what kind they are, so the resources of most calls are the ids in their input that are of a type which
//! the reference lists for the action. What is about to be made has no id yet: it is `*`. Source: service
//! authorization reference, "Actions, resources, and condition keys for Amazon EC2", and EC2 user guide, "IAM policies
//! for Amazon EC2".

use super::acts::{Act, Asked, arn, texts};
use crate::aws::Value;
use crate::model::interface::InterfaceIndex;
use crate::model::route::RouteTableIndex;
use crate::model::vpc::{SubnetIndex, VpcIndex};
use crate::model::{
    AddressAssociationId, Associate, AttachmentId, DEFAULT_GROUP, Id, NetworkAclAssociationId,
    NetworkInterfacePermissionId, PrefixListId, RouteTableAssociationId, State, SubnetCidrAssociationId,
    SubnetId, VpcCidrAssociationId, VpcId, VpcPeeringConnectionId,
};
use crate::policy::actions::{Actions, ResourceType};
use std::sync::Arc;

/// The prefixes of ids, and what the reference calls what they are ids of. Sorted.
pub(super) const PREFIXES: &[(&str, &str)] = &[
    ("acl", "network-acl"),
    ("ami", "image"),
    ("cr", "capacity-reservation"),
    ("dopt", "dhcp-options"),
    ("eigw", "egress-only-internet-gateway"),
    ("eipalloc", "elastic-ip"),
    ("eni", "network-interface"),
    ("fl", "vpc-flow-log"),
    ("i", "instance"),
    ("igw", "internet-gateway"),
    ("ipam-pool", "ipam-pool"),
    ("lt", "launch-template"),
    ("nat", "natgateway"),
    ("nia", "network-insights-analysis"),
    ("nip", "network-insights-path"),
    ("pcx", "vpc-peering-connection"),
    ("pl", "prefix-list"),
    ("rtb", "route-table"),
    ("scr", "subnet-cidr-reservation"),
    ("sg", "security-group"),
    ("sgr", "security-group-rule"),
    ("snap", "snapshot"),
    ("subnet", "subnet"),
    ("tgw", "transit-gateway"),
    ("tgw-attach", "transit-gateway-attachment"),
    ("tgw-rtb", "transit-gateway-route-table"),
    ("vgw", "vpn-gateway"),
    ("vol", "volume"),
    ("vpc", "vpc"),
    ("vpce", "vpc-endpoint"),
    ("vpce-svc", "vpc-endpoint-service"),
];

/// Members whose ids are spoken of and not acted on, by operation (`*`: every one) and member.
///
/// Source: reference, which lists only the group whose rules change, and only the requester's VPC of a peering
/// connection ("Identity and access management for VPC peering").
const SPOKEN_OF: &[(&str, &str)] = &[
    ("*", "IpPermissions"),
    ("*", "ReferencedGroupId"),
    ("CreateVpcPeeringConnection", "PeerVpcId"),
    // The name of the one that is made.
    ("CreateSecurityGroup", "GroupName"),
];

/// Types that a call makes although the reference does not call them required, by operation.
///
/// Source: EC2 user guide, "Example policies", whose policies for launches name `volume/*`.
const MADE: &[(&str, &str)] = &[("RunInstances", "volume")];

/// The ARNs of what a call acts on, of one type.
pub(super) fn arns(asked: &Asked<'_>, required: bool, resource_type: &ResourceType) -> Vec<Arc<str>> {
    let mut ids = ids(asked, resource_type.name);
    let made = || MADE.contains(&(asked.operation, resource_type.name));
    if ids.is_empty() && (required || made()) {
        ids.push("*".to_owned());
    }
    ids.iter().map(|id| of(asked, resource_type, id)).collect()
}

/// The ARN of one thing.
pub(super) fn of(asked: &Asked<'_>, resource_type: &ResourceType, id: &str) -> Arc<str> {
    let is_awss = || PrefixListId::parse(id).is_some_and(|id| !asked.state.prefix_lists.contains(&id));
    if resource_type.name == "prefix-list" && is_awss() {
        // AWS's own lists belong to no account ("Work with AWS-managed prefix lists").
        let form = resource_type.arn.replace("${Account}", "aws");
        return arn(asked, &form, &[id]);
    }
    arn(asked, resource_type.arn, &[id])
}

/// What an id is the id of.
pub(super) fn type_of(id: &str) -> Option<&'static str> {
    let (prefix, _) = id.rsplit_once('-')?;
    let found = PREFIXES.binary_search_by(|(known, _)| (*known).cmp(prefix)).ok()?;
    Some(PREFIXES[found].1)
}

/// The ids of this type that a call acts on: those that it names, and those that what it names leads to.
fn ids(asked: &Asked<'_>, wanted: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |id: String| {
        if type_of(&id) == Some(wanted) && !found.contains(&id) {
            found.push(id);
        }
    };
    visit(asked, asked.input, "", &mut |member, text| {
        let names_ids = member.ends_with("Id") || member.ends_with("Ids");
        if names_ids || ["Groups", "Resources"].contains(&member) {
            match type_of(text) {
                Some(_) => add(text.to_owned()),
                None => led_to(asked.state, text, &mut add),
            }
        } else if member == "LaunchTemplateName" {
            asked.state.launch_template_named(text).into_iter().for_each(|row| add(row.id.to_string()));
        } else if member == "PublicIp" {
            address(asked.state, text, &mut add);
        } else if wanted == "security-group" && GROUP_NAMES.contains(&member) {
            group_named(asked.state, text).into_iter().for_each(&mut add);
        }
    });
    match asked.operation {
        "AcceptVpcPeeringConnection" => accepter(asked).into_iter().for_each(&mut add),
        "RunInstances" => {
            launched_into(asked, wanted, !found.is_empty()).into_iter().for_each(|id| found.push(id))
        }
        _ => {}
    }
    if found.is_empty() && wanted == "key-pair" {
        found.extend(asked.input.get("KeyName").and_then(Value::as_str).map(str::to_owned));
    }
    found
}

/// Who has logs delivered to a bucket needs a right of CloudWatch Logs, which the reference does not list.
/// Source: VPC user guide, "IAM policy for IAM principals that publish flow logs to Amazon S3".
pub(super) fn delivering(asked: &Asked<'_>, acts: &mut Vec<Act>) {
    let kind = asked.input.get("LogDestinationType").and_then(Value::as_str);
    if (asked.operation, kind) == ("CreateFlowLogs", Some("s3")) {
        let logs = Actions::of("logs");
        let action = logs.and_then(|logs| Some((logs, logs.get("CreateLogDelivery")?)));
        acts.extend(action.map(|(logs, action)| Act::on_all(logs, action)));
    }
}

/// Members that name groups of the default VPC.
const GROUP_NAMES: &[&str] = &["GroupName", "SecurityGroups"];

fn visit<'v>(
    asked: &Asked<'_>,
    value: &'v Value,
    member: &'static str,
    act: &mut impl FnMut(&'static str, &'v str),
) {
    let Value::Struct(fields) = value else { return texts(value, member, act) };
    for (name, value) in fields.iter() {
        let spoken_of = |(operation, member): &(&str, &str)| {
            *member == name && (*operation == "*" || *operation == asked.operation)
        };
        if SPOKEN_OF.iter().any(spoken_of) {
            continue;
        }
        match value {
            Value::List(elements) => elements.iter().for_each(|element| visit(asked, element, name, act)),
            value => visit(asked, value, name, act),
        }
    }
}

/// What the id of an association or an attachment leads to.
fn led_to(state: &State, id: &str, add: &mut impl FnMut(String)) {
    if let Some(id) = RouteTableAssociationId::parse(id) {
        for table in state.route_tables.by(&RouteTableIndex::Association(id)) {
            add(table.id.to_string());
            match table.associations.iter().find(|each| each.id == id).map(|each| each.with) {
                Some(Associate::Subnet(id)) => add(id.to_string()),
                Some(Associate::InternetGateway(id)) => add(id.to_string()),
                Some(Associate::VpnGateway(id)) => add(id.to_string()),
                Some(Associate::Main) | None => {}
            }
        }
    } else if let Some(id) = NetworkAclAssociationId::parse(id) {
        let all = state.acls.iter().flat_map(|acl| &acl.associations);
        all.filter(|each| each.id == id).for_each(|each| add(each.subnet.to_string()));
    } else if let Some(id) = SubnetCidrAssociationId::parse(id) {
        state.subnets.by(&SubnetIndex::Association(id)).for_each(|subnet| add(subnet.id.to_string()));
    } else if let Some(id) = VpcCidrAssociationId::parse(id) {
        state.vpcs.by(&VpcIndex::Association(id)).for_each(|vpc| add(vpc.id.to_string()));
    } else if let Some(id) = AddressAssociationId::parse(id) {
        for interface in state.interfaces.by(&InterfaceIndex::Association(id)) {
            add(interface.id.to_string());
            let elastic = interface.public.iter().filter_map(|address| address.elastic);
            elastic.filter(|(_, each)| *each == id).for_each(|(address, _)| add(address.to_string()));
        }
    } else if let Some(id) = AttachmentId::parse(id) {
        for interface in state.interfaces.by(&InterfaceIndex::Attachment(id.hex())) {
            add(interface.id.to_string());
            let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance());
            instance.into_iter().for_each(|id| add(id.to_string()));
        }
    } else if let Some(id) = NetworkInterfacePermissionId::parse(id) {
        let permission = state.interface_permissions.get(&id);
        permission.into_iter().for_each(|permission| add(permission.interface.to_string()));
    }
}

/// An Elastic IP address by its address, with the interface that has it.
fn address(state: &State, text: &str, add: &mut impl FnMut(String)) {
    let Ok(public) = text.parse() else { return };
    let index = crate::model::elastic::ElasticAddressIndex::Address(public);
    state.elastic_addresses.by(&index).for_each(|address| add(address.id.to_string()));
    let interfaces = state.interfaces.by(&InterfaceIndex::Public(public));
    interfaces.for_each(|interface| add(interface.id.to_string()));
}

/// A group of the default VPC.
fn group_named(state: &State, name: &str) -> Option<String> {
    group_of(state, state.default_vpc()?.id, name)
}

fn group_of(state: &State, vpc: VpcId, name: &str) -> Option<String> {
    state.group_named(vpc, name).map(|group| group.id.to_string())
}

/// The VPC of whoever accepts a peering connection.
fn accepter(asked: &Asked<'_>) -> Option<String> {
    let id = asked.input.get("VpcPeeringConnectionId").and_then(Value::as_str)?;
    let peering = asked.state.peerings.get(&VpcPeeringConnectionId::parse(id)?)?;
    Some(peering.accepter.vpc.to_string())
}

/// Where instances are launched if the call does not say: in a default subnet, with the default group of the VPC.
fn launched_into(asked: &Asked<'_>, wanted: &str, named: bool) -> Option<String> {
    if named || asked.input.get("NetworkInterfaces").is_some() {
        return None;
    }
    let state = asked.state;
    let given = asked.input.get("SubnetId").and_then(Value::as_str).and_then(SubnetId::parse);
    let zone = asked.input.at("Placement.AvailabilityZone").and_then(Value::as_str);
    let default = || {
        let mut subnets = state.subnets.by(&SubnetIndex::Vpc(state.default_vpc()?.id));
        subnets.find(|subnet| subnet.default_for_zone && zone.is_none_or(|zone| subnet.zone.name == zone))
    };
    let subnet = given.and_then(|id| state.subnets.get(&id)).or_else(default)?;
    match wanted {
        "subnet" => Some(subnet.id.to_string()),
        "security-group" => group_of(state, subnet.vpc, DEFAULT_GROUP),
        _ => None,
    }
}

/// Tags that are given to what is made need `ec2:CreateTags` on it (EC2 user guide, "Grant permission to tag Amazon
/// EC2 resources during creation").
pub(super) fn tagging(asked: &Asked<'_>, actions: &'static Actions, acts: &mut Vec<Act>) {
    let Some(create_tags) = actions.get("CreateTags") else { return };
    let specifications = asked.input.get("TagSpecifications").and_then(Value::as_list).unwrap_or_default();
    for specification in specifications {
        let tags = specification.get("Tags").and_then(Value::as_list).unwrap_or_default();
        let Some(kind) = specification.get("ResourceType").and_then(Value::as_str) else { continue };
        let acts_on = create_tags.acts_on.iter().find(|on| actions.resource_type(on).name == kind);
        let Some(acts_on) = acts_on.filter(|_| !tags.is_empty()) else { continue };
        acts.push(Act {
            actions,
            action: create_tags,
            resource: of(asked, actions.resource_type(acts_on), "*"),
            acts_on: Some(*acts_on),
            because: Some(("ec2:CreateAction", asked.operation)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_sorted_and_known_to_the_reference() {
        assert!(PREFIXES.is_sorted());
        let types = Actions::of("ec2").unwrap().types();
        for (prefix, name) in PREFIXES {
            assert!(types.iter().any(|known| known.name == *name), "{prefix}");
        }
        assert_eq!(type_of("tgw-attach-0123456789abcdef0"), Some("transit-gateway-attachment"));
        assert_eq!((type_of("rtbassoc-1"), type_of("plain"), type_of("")), (None, None, None));
    }
}
