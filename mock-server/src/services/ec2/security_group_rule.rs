//! Rules of security groups as resources of their own: described, found, tagged.

use super::describe::{DescribeIn, Text, Window};
use super::error::groups::GroupError;
use super::error::{Ec2Error, Missing};
use super::filter::Filters;
use super::peering::status_code;
use super::tags::TagSet;
use crate::kernel::AccountId;
use crate::model::group::SecurityGroupIndex;
use crate::model::{
    Direction, Id, Peer, PrefixListId, SecurityGroup, SecurityGroupId, SecurityGroupRule,
    SecurityGroupRuleId, Site, State, Tags, VpcId, VpcPeeringConnectionId,
};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// What tag specifications call a rule.
pub const KIND: &str = "security-group-rule";

/// A rule of a group on its way out.
pub struct ListedRule {
    group: Arc<SecurityGroup>,
    /// Where the rule is in its group.
    at: usize,
    site: Arc<Site>,
}

impl ListedRule {
    pub fn new(state: &State, group: &Arc<SecurityGroup>, at: usize) -> Self {
        Self { group: group.clone(), at, site: state.site.clone() }
    }

    fn rule(&self) -> &SecurityGroupRule {
        &self.group.rules[self.at]
    }
}

impl Printed for ListedRule {
    const LIST: &'static str = "SecurityGroupRules";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleView<'a> {
    security_group_rule_id: Text<SecurityGroupRuleId>,
    group_id: Text<SecurityGroupId>,
    group_owner_id: Text<AccountId>,
    is_egress: bool,
    ip_protocol: &'a str,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<Text<ipnet::Ipv4Net>>,
    cidr_ipv6: Option<Text<ipnet::Ipv6Net>>,
    prefix_list_id: Option<Text<PrefixListId>>,
    referenced_group_info: Option<Referenced>,
    description: Option<&'a str>,
    tags: TagSet<'a>,
    security_group_rule_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Referenced {
    group_id: Text<SecurityGroupId>,
    user_id: Option<Text<AccountId>>,
    vpc_id: Option<Text<VpcId>>,
    vpc_peering_connection_id: Option<Text<VpcPeeringConnectionId>>,
    peering_status: Option<&'static str>,
}

impl Referenced {
    /// Source: API reference, ReferencedSecurityGroup.
    fn new(group: &SecurityGroup, id: SecurityGroupId, account: AccountId) -> Self {
        let peer = group.peer_group(id);
        Self {
            group_id: Text(id),
            user_id: peer.map_or(Some(account), |peer| peer.exists.then_some(peer.account)).map(Text),
            vpc_id: peer.map(|peer| Text(peer.vpc)),
            vpc_peering_connection_id: peer.map(|peer| Text(peer.peering)),
            peering_status: peer.map(|peer| status_code(peer.status)),
        }
    }
}

/// What stands for all ports.
pub const ALL_PORTS: i32 = -1;

impl Serialize for ListedRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (rule, account) = (self.rule(), self.site.account);
        let referenced = |id: &SecurityGroupId| Referenced::new(&self.group, *id, account);
        RuleView {
            security_group_rule_id: Text(rule.id),
            group_id: Text(self.group.id),
            group_owner_id: Text(account),
            is_egress: rule.direction == Direction::Egress,
            ip_protocol: &rule.protocol,
            from_port: rule.from_port.unwrap_or(ALL_PORTS),
            to_port: rule.to_port.unwrap_or(ALL_PORTS),
            cidr_ipv4: if let Peer::V4(net) = rule.peer { Some(Text(net)) } else { None },
            cidr_ipv6: if let Peer::V6(net) = rule.peer { Some(Text(net)) } else { None },
            prefix_list_id: if let Peer::PrefixList(id) = rule.peer { Some(Text(id)) } else { None },
            referenced_group_info: if let Peer::Group(id) = &rule.peer { Some(referenced(id)) } else { None },
            description: rule.description.as_deref(),
            tags: TagSet(&rule.tags),
            security_group_rule_arn: &self.site.arn("ec2", format_args!("security-group-rule/{}", rule.id)),
        }
        .serialize(serializer)
    }
}

// === Tags ===

/// Every rule of a group, as [`find`] finds it.
fn all_of(group: &Arc<SecurityGroup>) -> impl Iterator<Item = (&Arc<SecurityGroup>, usize)> {
    (0..group.rules.len()).map(move |at| (group, at))
}

/// The rule with this id: its group and its place in it.
fn find<'a>(state: &'a State, id: &str) -> Option<(&'a Arc<SecurityGroup>, usize)> {
    let id = SecurityGroupRuleId::parse(id)?;
    let group = state.groups.by(&SecurityGroupIndex::Rule(id)).next()?;
    Some((group, group.rules.iter().position(|rule| rule.id == id)?))
}

/// What names no rule: an id of none, or no id at all.
pub fn not_found(ids: Vec<String>) -> Ec2Error {
    match ids.iter().find(|id| !id.starts_with("sgr-")) {
        Some(malformed) => GroupError::InvalidRuleId(malformed.clone()).into(),
        None => Ec2Error::RuleNotFound(Missing(ids)),
    }
}

pub fn change_tags(
    state: &mut State,
    id: &str,
    change: &mut dyn FnMut(&mut Tags) -> Result<(), Ec2Error>,
) -> Result<(), Ec2Error> {
    let (group, at) = find(state, id).ok_or_else(|| not_found(vec![id.to_owned()]))?;
    let mut group = SecurityGroup::clone(group);
    change(&mut group.rules[at].tags)?;
    state.groups.insert(group);
    Ok(())
}

pub fn visit_tags(state: &State, only: Option<&str>, visit: &mut dyn FnMut(String, &Tags)) {
    let mut show = |rule: &SecurityGroupRule| {
        if !rule.tags.is_empty() {
            visit(rule.id.to_string(), &rule.tags);
        }
    };
    match only {
        None => state.groups.iter().flat_map(|group| &group.rules).for_each(show),
        Some(id) => find(state, id).into_iter().for_each(|(group, at)| show(&group.rules[at])),
    }
}

// === Describe ===

pub const RULE_FILTERS: &[&str] = &["group-id", "security-group-rule-id", "tag"];

/// The last rule of a page, and where it was then.
struct Told {
    group: SecurityGroupId,
    rule: SecurityGroupRuleId,
    at: usize,
}

impl Told {
    fn of(row: &ListedRule) -> Self {
        Self { group: row.group.id, rule: row.rule().id, at: row.at }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (group, rule, at) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            group: SecurityGroupId::parse(group)?,
            rule: SecurityGroupRuleId::parse(rule)?,
            at: at.parse().ok()?,
        })
    }

    /// The first place that was not told. If the rule is gone by now, the one after it has its place.
    fn place(&self, state: &State) -> (SecurityGroupId, usize) {
        let rules = state.groups.get(&self.group).map(|group| group.rules.as_slice()).unwrap_or_default();
        let at = rules.iter().position(|rule| rule.id == self.rule);
        (self.group, at.map_or(self.at, |at| at + 1))
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.group, self.rule, self.at)
    }
}

pub struct DescribeSecurityGroupRules;

impl Operation for DescribeSecurityGroupRules {
    const NAME: &'static str = "DescribeSecurityGroupRules";
    type In = DescribeIn;
    type Out = Page<ListedRule>;
    type Error = Ec2Error;
}

impl Read for DescribeSecurityGroupRules {
    fn run(view: &View<'_>, input: DescribeIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        if !input.ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds("securityGroupRuleIds"));
        }
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, 1_000, Told::parse)?;
        let after = window.after.map(|told| told.place(state));
        let filters = Filters::new(input.filters, RULE_FILTERS)?;
        let unknown: Vec<_> = input.ids.iter().filter(|id| find(state, id).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(not_found(unknown));
        }
        let of_groups = filters.exact().filter(|(_, name, _)| *name == "group-id");
        if let Some(id) = of_groups.flat_map(|(.., ids)| ids).find(|id| !id.starts_with("sg-")) {
            return Err(Ec2Error::GroupIdMalformed(id.to_owned()));
        }
        let exact = |name| filters.exact().find(|(_, other, _)| *other == name).map(|(.., ids)| ids);
        let mut rows: Vec<_> = if !input.ids.is_empty() {
            input.ids.iter().filter_map(|id| find(state, id)).collect()
        } else if let Some(ids) = exact("security-group-rule-id") {
            ids.into_iter().filter_map(|id| find(state, id)).collect()
        } else if let Some(ids) = exact("group-id") {
            let groups = ids.into_iter().filter_map(SecurityGroupId::parse);
            groups.filter_map(|id| state.groups.get(&id)).flat_map(all_of).collect()
        } else {
            state.groups.iter().flat_map(all_of).collect()
        };
        // Within a group in the order in which they came, as the group itself tells them.
        rows.sort_by_key(|(group, at)| (group.id, *at));
        rows.dedup_by_key(|(group, at)| (group.id, *at));
        let mut scratch = String::new();
        let rows = rows.into_iter().filter(|(group, at)| {
            let rule = &group.rules[*at];
            after.is_none_or(|after| (group.id, *at) >= after)
                && filters.pass(&mut scratch, &rule.tags, |name, probe| match name {
                    "group-id" => probe.show(group.id),
                    "security-group-rule-id" => probe.show(rule.id),
                    _ => probe.unknown(),
                })
        });
        let rows = rows.map(|(group, at)| ListedRule::new(state, group, at));
        let (rows, next_token) = page::cut(rows, window.limit, |row| Told::of(row).to_string());
        Ok(Page { rows, next_token })
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
