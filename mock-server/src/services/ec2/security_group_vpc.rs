//! Security groups in VPCs other than their own.
//!
//! Source: VPC user guide, "Associate security groups with multiple VPCs"; EC2-SG-VPC, EC2-SG-VPC-USED.

use super::describe::{Text, Window, find};
use super::error::Ec2Error;
use super::error::groups::GroupError;
use super::filter::{Filter, Filters};
use super::security_group::named_by;
use super::tags::TagSet;
use crate::kernel::{AccountId, Memo, Row};
use crate::model::interface::InterfaceIndex;
use crate::model::{
    GroupAssociation, GroupAssociationIndex, GroupAssociationState, Id, Owner, SecurityGroup,
    SecurityGroupId, Site, State, Tags, Txn, Vpc, VpcId,
};
use crate::net::group_vpc;
use crate::services::{Caller, Operation, Page, Printed, Read, View, Write, page};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociationIn {
    group_id: String,
    vpc_id: String,
}

impl AssociationIn {
    fn find<'a>(&self, state: &'a State) -> Result<(&'a SecurityGroup, &'a Vpc), Ec2Error> {
        Ok((named_by(state, Some(&self.group_id), None)?, find::<Vpc>(state, &self.vpc_id)?))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationOut {
    state: &'static str,
}

/// Refusals: the page says what may not be associated; codes and words are assumed.
pub struct AssociateSecurityGroupVpc;

impl Operation for AssociateSecurityGroupVpc {
    const NAME: &'static str = "AssociateSecurityGroupVpc";
    type In = AssociationIn;
    type Out = AssociationOut;
    type Error = Ec2Error;
}

impl Write for AssociateSecurityGroupVpc {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociationIn) -> Result<AssociationOut, Ec2Error> {
        let state = &txn.state;
        let (group, vpc) = input.find(state)?;
        let home_is_default = state.vpcs.get(&group.vpc).is_some_and(|home| home.is_default);
        if group.is_default() {
            return Err(GroupError::DefaultGroupElsewhere(group.id).into());
        }
        if vpc.is_default || home_is_default {
            let id = if vpc.is_default { vpc.id } else { group.vpc };
            return Err(GroupError::DefaultVpcForGuests(id).into());
        }
        let (group, vpc, home) = (group.id, vpc.id, group.vpc);
        if home == vpc {
            return Err(GroupError::OwnVpc { group, vpc }.into());
        }
        let there = state.group_associations.get(&(group, vpc)).map(|association| association.state);
        if let Some(state) = there.filter(|state| *state != GroupAssociationState::Disassociated) {
            return Err(GroupError::AlreadyThere { group, vpc, state: state.name() }.into());
        }
        let state = group_vpc::enter(txn, group, vpc, GroupAssociationState::Associating);
        Ok(AssociationOut { state: state.name() })
    }
}

/// Source: the page: no interface in the VPC may carry the group.
pub struct DisassociateSecurityGroupVpc;

impl Operation for DisassociateSecurityGroupVpc {
    const NAME: &'static str = "DisassociateSecurityGroupVpc";
    type In = AssociationIn;
    type Out = AssociationOut;
    type Error = Ec2Error;
}

impl Write for DisassociateSecurityGroupVpc {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociationIn) -> Result<AssociationOut, Ec2Error> {
        let state = &txn.state;
        let (group, vpc) = input.find(state)?;
        let (group, vpc) = (group.id, vpc.id);
        let there = state.group_associations.get(&(group, vpc)).map(|association| association.state);
        match there {
            Some(GroupAssociationState::Associating | GroupAssociationState::Associated) => {}
            _ => return Err(GroupError::NoAssociation { group, vpc }.into()),
        }
        if state.interfaces.by(&InterfaceIndex::Group(group)).any(|interface| interface.vpc == vpc) {
            return Err(GroupError::CarriedThere { group, vpc }.into());
        }
        let state = group_vpc::enter(txn, group, vpc, GroupAssociationState::Disassociating);
        Ok(AssociationOut { state: state.name() })
    }
}

// === Describe ===

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAssociationsIn {
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub const ASSOCIATION_FILTERS: &[&str] = &["group-id", "group-owner-id", "state", "vpc-id", "vpc-owner-id"];

/// An association on its way out.
pub struct ListedAssociation {
    row: Arc<GroupAssociation>,
    account: AccountId,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssociationView {
    group_id: Text<SecurityGroupId>,
    vpc_id: Text<VpcId>,
    vpc_owner_id: Text<AccountId>,
    state: &'static str,
    group_owner_id: Text<AccountId>,
}

impl Printed for ListedAssociation {
    const LIST: &'static str = "SecurityGroupVpcAssociations";
    fn memo(&self) -> Option<&Memo> {
        Some(&self.row.memo)
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AssociationView {
            group_id: Text(self.row.group),
            vpc_id: Text(self.row.vpc),
            vpc_owner_id: Text(self.account),
            state: self.row.state.name(),
            group_owner_id: Text(self.account),
        }
        .serialize(serializer)
    }
}

/// Reads a key as tokens of pages have it.
fn key(text: &str) -> Option<(SecurityGroupId, VpcId)> {
    let (group, vpc) = text.split_once(' ')?;
    SecurityGroupId::parse(group).zip(VpcId::parse(vpc))
}

pub struct DescribeSecurityGroupVpcAssociations;

impl Operation for DescribeSecurityGroupVpcAssociations {
    const NAME: &'static str = "DescribeSecurityGroupVpcAssociations";
    type In = DescribeAssociationsIn;
    type Out = Page<ListedAssociation>;
    type Error = Ec2Error;

    /// Every pair that the filters name.
    fn subjects(input: &DescribeAssociationsIn) -> Vec<Owner> {
        let values = |name: &str| {
            let of_name =
                input.filters.iter().filter(|filter| filter.name == name).map(|filter| &filter.values);
            of_name.flatten().map(String::as_str).collect::<Vec<_>>()
        };
        let vpcs: Vec<_> = values("vpc-id").into_iter().filter_map(VpcId::parse).collect();
        let groups = values("group-id").into_iter().filter_map(SecurityGroupId::parse);
        groups.flat_map(|group| vpcs.iter().map(move |vpc| Owner::GroupAssociation(group, *vpc))).collect()
    }
}

impl Read for DescribeSecurityGroupVpcAssociations {
    fn run(view: &View<'_>, input: DescribeAssociationsIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, key)?;
        let filters = Filters::new(input.filters, ASSOCIATION_FILTERS)?;
        let indexes = filters.exact().find_map(|(_, name, values)| {
            let index = |value: &str| match name {
                "group-id" => SecurityGroupId::parse(value).map(GroupAssociationIndex::Group),
                "vpc-id" => VpcId::parse(value).map(GroupAssociationIndex::Vpc),
                _ => None,
            };
            values.into_iter().map(index).collect::<Option<Vec<_>>>()
        });
        let mut rows: Vec<_> = match indexes {
            Some(indexes) => indexes.iter().flat_map(|index| state.group_associations.by(index)).collect(),
            None => state.group_associations.iter().collect(),
        };
        rows.sort_by_key(|row| row.key());
        rows.dedup_by_key(|row| row.key());
        let (account, mut scratch) = (state.site.account, String::new());
        let rows = rows.into_iter().filter(|row| {
            window.after.is_none_or(|after| row.key() > after)
                && filters.pass(&mut scratch, &Tags::default(), |name, probe| match name {
                    "group-id" => probe.show(row.group),
                    "vpc-id" => probe.show(row.vpc),
                    "state" => probe.is(row.state.name()),
                    "group-owner-id" | "vpc-owner-id" => probe.show(account),
                    _ => probe.unknown(),
                })
        });
        let rows = rows.map(|row| ListedAssociation { row: row.clone(), account });
        let (rows, next_token) =
            page::cut(rows, window.limit, |listed| format!("{} {}", listed.row.group, listed.row.vpc));
        Ok(Page { rows, next_token })
    }
}

// === GetSecurityGroupsForVpc ===

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupsForVpcIn {
    vpc_id: String,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub const GROUPS_FOR_VPC_FILTERS: &[&str] =
    &["description", "group-id", "group-name", "owner-id", "primary-vpc-id"];

/// A group that interfaces of a VPC may carry.
pub struct GroupForVpc {
    group: Arc<SecurityGroup>,
    site: Arc<Site>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupForVpcView<'a> {
    description: &'a str,
    group_name: &'a str,
    owner_id: Text<AccountId>,
    group_id: Text<SecurityGroupId>,
    tags: TagSet<'a>,
    primary_vpc_id: Text<VpcId>,
}

impl Printed for GroupForVpc {
    const LIST: &'static str = "SecurityGroupForVpcs";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        GroupForVpcView {
            description: &self.group.description,
            group_name: &self.group.name,
            owner_id: Text(self.site.account),
            group_id: Text(self.group.id),
            tags: TagSet(&self.group.tags),
            primary_vpc_id: Text(self.group.vpc),
        }
        .serialize(serializer)
    }
}

pub struct GetSecurityGroupsForVpc;

impl Operation for GetSecurityGroupsForVpc {
    const NAME: &'static str = "GetSecurityGroupsForVpc";
    type In = GroupsForVpcIn;
    type Out = Page<GroupForVpc>;
    type Error = Ec2Error;
}

impl Read for GetSecurityGroupsForVpc {
    fn run(view: &View<'_>, input: GroupsForVpcIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        let vpc = find::<Vpc>(state, &input.vpc_id)?.id;
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, 1_000, SecurityGroupId::parse)?;
        let filters = Filters::new(input.filters, GROUPS_FOR_VPC_FILTERS)?;
        let mut scratch = String::new();
        let rows = state.groups_for(vpc).into_iter().filter(|group| {
            window.after.is_none_or(|after| group.id > after)
                && filters.pass(&mut scratch, &group.tags, |name, probe| match name {
                    "description" => probe.is(&group.description),
                    "group-id" => probe.show(group.id),
                    "group-name" => probe.is(&group.name),
                    "owner-id" => probe.show(state.site.account),
                    "primary-vpc-id" => probe.show(group.vpc),
                    _ => probe.unknown(),
                })
        });
        let rows = rows.map(|group| GroupForVpc { group: group.clone(), site: state.site.clone() });
        let (rows, next_token) = page::cut(rows, window.limit, |listed| listed.group.id.to_string());
        Ok(Page { rows, next_token })
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{Lab, texts};
    use super::super::network_interface_create::{CreateNetworkInterface, DeleteNetworkInterface};
    use super::super::security_group::DeleteSecurityGroup;
    use super::super::security_group_reference::{
        DescribeSecurityGroupReferences, DescribeStaleSecurityGroups,
    };
    use super::super::security_group_rule_change::{
        AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress,
    };
    use super::super::vpc::DeleteVpc;
    use super::*;
    use crate::model::Profile;
    use serde_json::{Value as Json, json};
    use std::time::Duration;

    fn states(lab: &Lab, filters: Json) -> Vec<String> {
        let input = json!({ "Filters": filters });
        let answer = lab.read::<DescribeSecurityGroupVpcAssociations>(input);
        texts(&answer["SecurityGroupVpcAssociations"], "State")
    }

    #[test]
    fn a_group_comes_to_a_vpc_and_leaves_it() {
        let lab = Lab::new();
        let (home, away) = (lab.vpc(), lab.vpc());
        let group = lab.group(&home, "web");
        let subnet = lab.subnet(&away, "10.0.0.0/24");
        let input = json!({ "GroupId": group, "VpcId": away });
        let interface = json!({ "SubnetId": subnet, "Groups": [group] });
        let usable = || {
            lab.ids::<GetSecurityGroupsForVpc>("SecurityGroupForVpcs", "GroupId", json!({ "VpcId": away }))
        };
        assert_eq!(usable().len(), 1, "its own default group");
        assert_eq!(lab.write::<AssociateSecurityGroupVpc>(input.clone()), json!({ "State": "associating" }));
        let none = lab.try_write::<CreateNetworkInterface>(interface.clone());
        assert_eq!(none, Err(Ec2Error::DifferentNetworks), "not there yet");
        assert_eq!(
            lab.read::<DescribeSecurityGroupVpcAssociations>(json!({}))["SecurityGroupVpcAssociations"],
            json!([{
                "GroupId": group, "VpcId": away, "VpcOwnerId": "123456789012", "State": "associating",
                "GroupOwnerId": "123456789012",
            }])
        );
        lab.settle(Duration::from_secs(1));
        for (name, value) in [
            ("group-id", &*group),
            ("vpc-id", &*away),
            ("state", "assoc*"),
            ("group-owner-id", "123456789012"),
            ("vpc-owner-id", "123456789012"),
        ] {
            assert_eq!(states(&lab, json!([{ "Name": name, "Values": [value] }])), ["associated"], "{name}");
            let other = json!([{ "Name": name, "Values": ["other"] }]);
            assert_eq!(states(&lab, other), Vec::<String>::new(), "{name}");
        }
        let guest = json!({ "VpcId": away, "Filters": [{ "Name": "primary-vpc-id", "Values": [home] }] });
        assert_eq!(
            lab.read::<GetSecurityGroupsForVpc>(guest)["SecurityGroupForVpcs"],
            json!([{
                "Description": "a group", "GroupName": "web", "OwnerId": "123456789012", "GroupId": group,
                "Tags": [], "PrimaryVpcId": home,
            }])
        );
        let made = lab.write::<CreateNetworkInterface>(interface);
        let interface = made["NetworkInterface"]["NetworkInterfaceId"].clone();
        assert!(lab.try_write::<DisassociateSecurityGroupVpc>(input.clone()).is_err(), "it is carried there");
        lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": interface }));
        let delete = json!({ "GroupId": group });
        assert!(lab.try_write::<DeleteSecurityGroup>(delete.clone()).is_err(), "it is associated");
        lab.write::<super::super::subnet::DeleteSubnet>(json!({ "SubnetId": subnet }));
        assert!(
            lab.try_write::<DeleteVpc>(json!({ "VpcId": away })).is_err(),
            "a group is associated with it"
        );
        assert_eq!(
            lab.write::<DisassociateSecurityGroupVpc>(input.clone()),
            json!({ "State": "disassociating" })
        );
        assert_eq!(usable().len(), 1);
        assert!(lab.try_write::<DisassociateSecurityGroupVpc>(input.clone()).is_err());
        lab.settle(Duration::from_secs(1));
        assert_eq!(states(&lab, json!([])), ["disassociated"]);
        // It may come again, and what is left of it goes with the group or the VPC.
        lab.write::<AssociateSecurityGroupVpc>(input.clone());
        lab.settle(Duration::from_secs(2));
        lab.write::<DisassociateSecurityGroupVpc>(input);
        lab.settle(Duration::from_secs(3));
        lab.write::<DeleteSecurityGroup>(delete);
        assert_eq!(states(&lab, json!([])), Vec::<String>::new());
        lab.write::<DeleteVpc>(json!({ "VpcId": away }));
        assert!(lab.state().timers.is_empty());
    }

    #[test]
    fn rules_name_groups_that_meet_somewhere_and_are_stale_when_they_do_not() {
        let lab = Lab::new();
        lab.change(|state| state.profile = Profile::Instant);
        let (home, away) = (lab.vpc(), lab.vpc());
        let (web, db) = (lab.group(&home, "web"), lab.group(&away, "db"));
        let rule = json!({ "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
            "UserIdGroupPairs": [{ "GroupId": web, "Description": "from web" }] });
        let input = json!({ "GroupId": db, "IpPermissions": [rule] });
        let refused = lab.try_write::<AuthorizeSecurityGroupIngress>(input.clone());
        assert_eq!(refused, Err(Ec2Error::DifferentNetworks));
        let together = json!({ "GroupId": web, "VpcId": away });
        assert_eq!(
            lab.write::<AssociateSecurityGroupVpc>(together.clone()),
            json!({ "State": "associated" })
        );
        lab.write::<AuthorizeSecurityGroupIngress>(input.clone());
        lab.write::<AuthorizeSecurityGroupEgress>(input.clone());
        let references = lab.read::<DescribeSecurityGroupReferences>(json!({ "GroupId": [web, db] }));
        assert_eq!(
            references["SecurityGroupReferenceSet"],
            json!([{ "GroupId": web, "ReferencingVpcId": away }])
        );
        let stale = || {
            lab.read::<DescribeStaleSecurityGroups>(json!({ "VpcId": away }))["StaleSecurityGroupSet"].clone()
        };
        assert_eq!(stale(), json!([]));
        let gone = lab.write::<DisassociateSecurityGroupVpc>(together);
        assert_eq!(gone, json!({ "State": "disassociated" }));
        let permission = json!([{
            "FromPort": 5432, "IpProtocol": "tcp", "ToPort": 5432,
            "UserIdGroupPairs": [{
                "Description": "from web", "UserId": "123456789012", "GroupId": web, "VpcId": home,
            }],
        }]);
        assert_eq!(
            stale(),
            json!([{
                "Description": "a group", "GroupId": db, "GroupName": "db", "VpcId": away,
                "StaleIpPermissions": permission, "StaleIpPermissionsEgress": permission,
            }])
        );
        let delete = json!({ "GroupId": web });
        assert!(lab.try_write::<DeleteSecurityGroup>(delete).is_err(), "a stale rule names it still");
        // A stale rule can be revoked.
        lab.write::<RevokeSecurityGroupIngress>(input);
        assert_eq!(stale()[0]["StaleIpPermissions"], json!([]));
    }
}
