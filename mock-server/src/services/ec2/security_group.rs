//! Security groups.

use super::dependency;
use super::describe::{Resource, Text, find, stored_in};
use super::error::groups::GroupError;
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::permission::Permissions;
use super::tags::{self, OwnTags, TagSet, TagSpecification};
use crate::kernel::{AccountId, Memo};
use crate::model::group::{SecurityGroupIndex, default_egress};
use crate::model::group_peer;
use crate::model::{
    DEFAULT_GROUP, Direction, Id, Peer, PrefixListId, SecurityGroup, SecurityGroupId, SecurityGroupRule,
    Site, State, Txn, Vpc, VpcId,
};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for SecurityGroup {
    const DESCRIBE: &'static str = "DescribeSecurityGroups";
    const LIST: &'static str = "SecurityGroups";
    const IDS: &'static str = "groupIds";
    const KIND: &'static str = "security-group";
    const ID_FILTER: &'static str = "group-id";
    const FILTERS: &'static [&'static str] = &[
        "description",
        "egress.ip-permission.cidr",
        "egress.ip-permission.from-port",
        "egress.ip-permission.group-id",
        "egress.ip-permission.group-name",
        "egress.ip-permission.ipv6-cidr",
        "egress.ip-permission.prefix-list-id",
        "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
        "egress.ip-permission.user-id",
        "group-id",
        "group-name",
        "ip-permission.cidr",
        "ip-permission.from-port",
        "ip-permission.group-id",
        "ip-permission.group-name",
        "ip-permission.ipv6-cidr",
        "ip-permission.prefix-list-id",
        "ip-permission.protocol",
        "ip-permission.to-port",
        "ip-permission.user-id",
        "owner-id",
        "tag",
        "tag-key",
        "vpc-id",
    ];

    stored_in!(groups);

    fn not_found(missing: Missing) -> Ec2Error {
        match missing.0.iter().find(|id| !id.starts_with("sg-")) {
            Some(malformed) => Ec2Error::GroupIdMalformed(malformed.clone()),
            None => Ec2Error::GroupNotFound(missing),
        }
    }

    fn index(name: &str, value: &str) -> Option<SecurityGroupIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(SecurityGroupIndex::Vpc),
            _ => None,
        }
    }

    fn keys(state: &State, name: &str, value: &str) -> Option<Vec<SecurityGroupId>> {
        let (direction, field) = permission_filter(name)?;
        let (peer, index) = match field {
            "group-id" => {
                let id = SecurityGroupId::parse(value)?;
                (Peer::Group(id), SecurityGroupIndex::References(id))
            }
            "prefix-list-id" => {
                let id = PrefixListId::parse(value)?;
                (Peer::PrefixList(id), SecurityGroupIndex::PrefixList(id))
            }
            _ => return None,
        };
        let names = |rule: &SecurityGroupRule| rule.direction == direction && rule.peer == peer;
        let groups = state.groups.by(&index).filter(|group| group.rules.iter().any(names));
        Some(groups.map(|group| group.id).collect())
    }

    fn named<'a>(state: &'a State, name: &str) -> Result<&'a Arc<Self>, Ec2Error> {
        let vpc = state.default_vpc().map(|vpc| vpc.id);
        let group = vpc.and_then(|vpc| state.group_named(vpc, name)).filter(|group| &*group.name == name);
        let vpc = || vpc.map_or_else(|| "none".to_owned(), |vpc| vpc.to_string());
        group.ok_or_else(|| Ec2Error::GroupNameNotFound { name: name.to_owned(), vpc: vpc() })
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "description" => probe.is(&self.description),
            "group-id" => probe.show(self.id),
            "group-name" => probe.is(&self.name),
            "owner-id" => probe.show(state.site.account),
            "vpc-id" => probe.show(self.vpc),
            name => {
                let Some((direction, field)) = permission_filter(name) else { return probe.unknown() };
                let rules = self.rules.iter().filter(|rule| rule.direction == direction);
                rules.for_each(|rule| rule_values(self, rule, state, field, probe));
            }
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        GroupView {
            group_id: Text(self.id),
            ip_permissions_egress: Permissions::of(self, Direction::Egress, site),
            tags: TagSet::unless_empty(&self.tags),
            vpc_id: Text(self.vpc),
            security_group_arn: &arn(site, self.id),
            owner_id: Text(site.account),
            group_name: &self.name,
            description: &self.description,
            ip_permissions: Permissions::of(self, Direction::Ingress, site),
        }
        .serialize(serializer)
    }
}

/// The direction and the field of a filter on permissions.
fn permission_filter(name: &str) -> Option<(Direction, &str)> {
    let (direction, field) = match name.strip_prefix("egress.") {
        Some(field) => (Direction::Egress, field),
        None => (Direction::Ingress, name),
    };
    Some((direction, field.strip_prefix("ip-permission.")?))
}

fn rule_values(
    group: &SecurityGroup,
    rule: &SecurityGroupRule,
    state: &State,
    field: &str,
    probe: &mut Probe<'_>,
) {
    match (field, &rule.peer) {
        ("cidr", Peer::V4(net)) => probe.show(net),
        ("ipv6-cidr", Peer::V6(net)) => probe.show(net),
        ("prefix-list-id", Peer::PrefixList(id)) => probe.show(id),
        ("group-id", Peer::Group(id)) => probe.show(id),
        // Rules name groups by name in the default VPC alone.
        ("group-name", Peer::Group(id)) => {
            let home = state.default_vpc().map(|vpc| vpc.id);
            let named = state.groups.get(id).filter(|group| Some(group.vpc) == home);
            named.into_iter().for_each(|group| probe.is(&group.name));
        }
        ("user-id", Peer::Group(id)) => {
            probe.show(group.peer_group(*id).map_or(state.site.account, |peer| peer.account));
        }
        ("protocol", _) => probe.is(&rule.protocol),
        ("from-port", _) => rule.from_port.into_iter().for_each(|port| probe.show(port)),
        ("to-port", _) => rule.to_port.into_iter().for_each(|port| probe.show(port)),
        ("cidr" | "ipv6-cidr" | "prefix-list-id" | "group-id" | "group-name" | "user-id", _) => {}
        _ => probe.unknown(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupView<'a> {
    group_id: Text<SecurityGroupId>,
    ip_permissions_egress: Permissions<'a>,
    tags: Option<TagSet<'a>>,
    vpc_id: Text<VpcId>,
    security_group_arn: &'a str,
    owner_id: Text<AccountId>,
    group_name: &'a str,
    description: &'a str,
    ip_permissions: Permissions<'a>,
}

fn arn(site: &Site, id: SecurityGroupId) -> String {
    site.arn("ec2", format_args!("security-group/{id}"))
}

/// The group that a call names by id or, in the default VPC, by name.
///
/// # Errors
/// If there is none, or if the call names none.
pub fn named_by<'a>(
    state: &'a State,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<&'a Arc<SecurityGroup>, Ec2Error> {
    match (id, name) {
        (Some(_), Some(_)) => Err(Ec2Error::GroupIdAndName),
        (Some(id), None) if !id.starts_with("sg-") => Err(GroupError::InvalidGroupId(id.to_owned()).into()),
        (Some(id), None) => find::<SecurityGroup>(state, id),
        (None, Some(name)) => SecurityGroup::named(state, name),
        (None, None) => Err(Ec2Error::MissingParameter("groupId")),
    }
}

// === Create and delete ===

/// Longest name and description. Source: VPC user guide, "Security group basics".
const LONGEST: usize = 255;

/// The characters of names and descriptions. Source: the same.
pub fn is_group_text(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c))
}

/// Source: VPC user guide, "Security groups"; EC2-SG-DEFAULT, EC2-SG-DUP, EC2-SG-LIMIT2.
pub struct CreateSecurityGroup;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateSecurityGroupIn {
    description: String,
    group_name: String,
    vpc_id: Option<String>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecurityGroupOut {
    group_id: Text<SecurityGroupId>,
    tags: Option<OwnTags>,
    security_group_arn: String,
}

impl Operation for CreateSecurityGroup {
    const NAME: &'static str = "CreateSecurityGroup";
    type In = CreateSecurityGroupIn;
    type Out = CreateSecurityGroupOut;
    type Error = Ec2Error;
}

impl Write for CreateSecurityGroup {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateSecurityGroupIn) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        // Source: VPC user guide, "Security group basics": trailing spaces are not kept.
        let name = input.group_name.trim_end().to_owned();
        if input.description.is_empty() {
            return Err(Ec2Error::MissingParameter("GroupDescription"));
        }
        for (parameter, value) in [("GroupName", &name), ("GroupDescription", &input.description)] {
            if !(1..=LONGEST).contains(&value.chars().count()) || !is_group_text(value) {
                return Err(Ec2Error::BadGroupText { parameter, value: value.clone() });
            }
        }
        if name.starts_with("sg-") {
            return Err(Ec2Error::GroupNameLikeId(name));
        }
        if name.eq_ignore_ascii_case(DEFAULT_GROUP) {
            return Err(Ec2Error::ReservedGroupName(name));
        }
        let vpc = match &input.vpc_id {
            Some(id) => find::<Vpc>(state, id)?,
            None => state.default_vpc().ok_or(Ec2Error::NoDefaultVpc)?,
        };
        let (vpc, open) = (vpc.id, default_egress(vpc).collect::<Vec<_>>());
        if state.group_named(vpc, &name).is_some() {
            return Err(Ec2Error::DuplicateGroup { name, vpc });
        }
        let tags = tags::given(state, SecurityGroup::KIND, input.tag_specifications)?;
        if state.groups.len() >= state.quotas.security_groups {
            return Err(Ec2Error::TooManyGroups);
        }
        let id = SecurityGroupId::mint(txn);
        let egress = open.into_iter();
        let rules = egress.map(|peer| SecurityGroupRule::all_traffic(Id::mint(txn), Direction::Egress, peer));
        let rules = rules.collect();
        txn.state.groups.insert(SecurityGroup {
            id,
            vpc,
            name: name.into(),
            description: input.description,
            rules,
            peered: Vec::new(),
            tags: tags.clone(),
            memo: Memo::default(),
        });
        Ok(CreateSecurityGroupOut {
            group_id: Text(id),
            tags: (!tags.is_empty()).then_some(OwnTags(tags)),
            security_group_arn: arn(&txn.state.site, id),
        })
    }
}

/// Source: VPC user guide, "Delete a security group"; EC2-SG-DEL, EC2-SG-DEL-DEFAULT.
pub struct DeleteSecurityGroup;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteSecurityGroupIn {
    group_id: Option<String>,
    group_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecurityGroupOut {
    r#return: bool,
    group_id: Text<SecurityGroupId>,
}

impl Operation for DeleteSecurityGroup {
    const NAME: &'static str = "DeleteSecurityGroup";
    type In = DeleteSecurityGroupIn;
    type Out = DeleteSecurityGroupOut;
    type Error = Ec2Error;
}

impl Write for DeleteSecurityGroup {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteSecurityGroupIn) -> Result<Self::Out, Ec2Error> {
        let group = named_by(&txn.state, input.group_id.as_deref(), input.group_name.as_deref())?;
        let (id, vpc, names_others) = (group.id, group.vpc, !group.peered.is_empty());
        if group.is_default() {
            return Err(Ec2Error::DefaultGroup(id));
        }
        if dependency::is_held(&txn.state, id) {
            return Err(Ec2Error::GroupInUse(id));
        }
        txn.state.remove_group(id);
        group_peer::tell_gone(txn, vpc, id);
        if names_others {
            group_peer::tell_names(txn, vpc);
        }
        Ok(DeleteSecurityGroupOut { r#return: true, group_id: Text(id) })
    }
}
