//! Rules that name groups of other VPCs: who makes them, and which of them allow nothing any more.

use super::describe::{Text, Window, find};
use super::error::{Ec2Error, Missing};
use super::peering::status_code;
use crate::kernel::AccountId;
use crate::model::group::SecurityGroupIndex;
use crate::model::{
    Direction, Id, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule, State, Vpc, VpcId,
    VpcPeeringConnectionId, group_peer,
};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;

// === DescribeSecurityGroupReferences ===

pub struct DescribeSecurityGroupReferences;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReferencesIn {
    group_id: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReferencesOut {
    security_group_reference_set: Vec<Reference>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reference {
    group_id: Text<SecurityGroupId>,
    referencing_vpc_id: Text<VpcId>,
    vpc_peering_connection_id: Option<Text<VpcPeeringConnectionId>>,
}

impl Operation for DescribeSecurityGroupReferences {
    const NAME: &'static str = "DescribeSecurityGroupReferences";
    type In = ReferencesIn;
    type Out = ReferencesOut;
    type Error = Ec2Error;
}

impl Read for DescribeSecurityGroupReferences {
    fn run(view: &View<'_>, input: ReferencesIn) -> Result<ReferencesOut, Ec2Error> {
        let state = view.state;
        if input.group_id.is_empty() {
            return Err(Ec2Error::MissingParameter("groupId"));
        }
        let mut references = Vec::new();
        let mut missing = Vec::new();
        for id in &input.group_id {
            let Some(group) = SecurityGroupId::parse(id).and_then(|id| state.groups.get(&id)) else {
                missing.push(id.clone());
                continue;
            };
            let named_by = state.groups.by(&SecurityGroupIndex::References(group.id));
            let here = named_by.filter(|other| other.vpc != group.vpc);
            let here = here.map(|other| (other.vpc, other.peer_group(group.id).map(|peer| peer.peering)));
            // What other accounts name is in the connection to them.
            let elsewhere = group_peer::active(state, group.vpc).filter(|row| row.named.contains(&group.id));
            let elsewhere = elsewhere.map(|row| (row.other_side(group.vpc).vpc, Some(row.id)));
            let by: BTreeSet<_> = here.chain(elsewhere).collect();
            references.extend(by.into_iter().map(|(vpc, peering)| Reference {
                group_id: Text(group.id),
                referencing_vpc_id: Text(vpc),
                vpc_peering_connection_id: peering.map(Text),
            }));
        }
        match missing.is_empty() {
            true => Ok(ReferencesOut { security_group_reference_set: references }),
            false => Err(<SecurityGroup as super::describe::Resource>::not_found(Missing(missing))),
        }
    }
}

// === DescribeStaleSecurityGroups ===

/// Source: VPC peering guide, "Identify stale security group rules".
pub struct DescribeStaleSecurityGroups;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct StaleIn {
    vpc_id: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// A rule that allows nothing any more. The one place that says so.
fn stale(state: &State, group: &SecurityGroup, rule: &SecurityGroupRule) -> Option<StaleRule> {
    let Peer::Group(other) = rule.peer else { return None };
    let local = state.groups.get(&other);
    let stale = |account: Option<AccountId>, vpc, peering| StaleRule {
        rule: rule.clone(),
        other,
        account,
        vpc,
        peering,
    };
    if local.is_some_and(|other| state.may_refer(group, other)) {
        return None;
    }
    match (group.peer_group(other), local) {
        (Some(peer), _) if peer.is_stale() => {
            Some(stale(peer.exists.then_some(peer.account), peer.vpc, Some(peer.peering)))
        }
        (None, Some(other)) => Some(stale(Some(state.site.account), other.vpc, None)),
        _ => None,
    }
}

/// A stale rule, the group that it names, and that group's account, if it is there, its VPC and the connection to it.
struct StaleRule {
    rule: SecurityGroupRule,
    other: SecurityGroupId,
    account: Option<AccountId>,
    vpc: VpcId,
    peering: Option<VpcPeeringConnectionId>,
}

/// A group with stale rules.
pub struct StaleGroup {
    group: Arc<SecurityGroup>,
    rules: Vec<StaleRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StaleGroupView<'a> {
    description: &'a str,
    group_id: Text<SecurityGroupId>,
    group_name: &'a str,
    stale_ip_permissions: Vec<StalePermissionView<'a>>,
    stale_ip_permissions_egress: Vec<StalePermissionView<'a>>,
    vpc_id: Text<VpcId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StalePermissionView<'a> {
    from_port: Option<i32>,
    ip_protocol: &'a str,
    to_port: Option<i32>,
    user_id_group_pairs: [StalePairView<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StalePairView<'a> {
    description: Option<&'a str>,
    user_id: Option<Text<AccountId>>,
    group_id: Text<SecurityGroupId>,
    vpc_id: Text<VpcId>,
    vpc_peering_connection_id: Option<Text<VpcPeeringConnectionId>>,
    peering_status: Option<&'static str>,
}

impl StaleGroup {
    fn permissions(&self, direction: Direction) -> Vec<StalePermissionView<'_>> {
        let rules = self.rules.iter().filter(|stale| stale.rule.direction == direction);
        let views = rules.map(|StaleRule { rule, other, account, vpc, peering }| StalePermissionView {
            from_port: rule.from_port,
            ip_protocol: &rule.protocol,
            to_port: rule.to_port,
            user_id_group_pairs: [StalePairView {
                description: rule.description.as_deref(),
                user_id: account.map(Text),
                group_id: Text(*other),
                vpc_id: Text(*vpc),
                vpc_peering_connection_id: peering.map(Text),
                peering_status: self.group.peer_group(*other).map(|peer| status_code(peer.status)),
            }],
        });
        views.collect()
    }
}

impl Printed for StaleGroup {
    const LIST: &'static str = "StaleSecurityGroupSet";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StaleGroupView {
            description: &self.group.description,
            group_id: Text(self.group.id),
            group_name: &self.group.name,
            stale_ip_permissions: self.permissions(Direction::Ingress),
            stale_ip_permissions_egress: self.permissions(Direction::Egress),
            vpc_id: Text(self.group.vpc),
        }
        .serialize(serializer)
    }
}

impl Operation for DescribeStaleSecurityGroups {
    const NAME: &'static str = "DescribeStaleSecurityGroups";
    type In = StaleIn;
    type Out = Page<StaleGroup>;
    type Error = Ec2Error;
}

impl Read for DescribeStaleSecurityGroups {
    fn run(view: &View<'_>, input: StaleIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        let vpc = find::<Vpc>(state, &input.vpc_id)?.id;
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, 255, SecurityGroupId::parse)?;
        let groups = state.groups.by(&SecurityGroupIndex::Vpc(vpc));
        let groups = groups.filter(|group| window.after.is_none_or(|after| group.id > after));
        let rows = groups.filter_map(|group| {
            let rules: Vec<_> = group.rules.iter().filter_map(|rule| stale(state, group, rule)).collect();
            let group = group.clone();
            (!rules.is_empty()).then_some(StaleGroup { group, rules })
        });
        let (rows, next_token) = page::cut(rows, window.limit, |stale| stale.group.id.to_string());
        Ok(Page { rows, next_token })
    }
}
