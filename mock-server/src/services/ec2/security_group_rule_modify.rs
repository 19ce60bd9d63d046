//! Rules of security groups that stay and say something else.

use super::describe::find;
use super::error::Ec2Error;
use super::error::groups::GroupError;
use super::permission::{self, IpPermission, Wanted, wanted};
use super::security_group::named_by;
use super::security_group_rule::not_found;
use super::security_group_rule_change::{reach, store};
use crate::model::{
    Direction, Id, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId, State, Txn,
};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReturnOut {
    r#return: bool,
}

/// Where the rule with this id is in the group.
fn place(group: &SecurityGroup, id: &str, direction: Option<Direction>) -> Result<usize, Ec2Error> {
    let key = SecurityGroupRuleId::parse(id);
    let is_it = |rule: &SecurityGroupRule| {
        Some(rule.id) == key && direction.is_none_or(|direction| rule.direction == direction)
    };
    group.rules.iter().position(is_it).ok_or_else(|| not_found(vec![id.to_owned()]))
}

// === ModifySecurityGroupRules ===

/// Source: VPC user guide, "Configure security group rules"; EC2-SG-RULE-MOD, EC2-SG-RULE-KIND.
pub struct ModifySecurityGroupRules;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyIn {
    group_id: String,
    security_group_rules: Vec<RuleUpdate>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RuleUpdate {
    security_group_rule_id: String,
    security_group_rule: RuleRequest,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RuleRequest {
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    referenced_group_id: Option<String>,
    description: Option<String>,
}

impl RuleRequest {
    fn wanted(self, state: &State) -> Result<Wanted, Ec2Error> {
        let (protocol, from_port, to_port) =
            permission::traffic(self.ip_protocol, self.from_port, self.to_port)?;
        let peer = match (self.cidr_ipv4, self.cidr_ipv6, self.prefix_list_id, self.referenced_group_id) {
            (None, None, None, None) => return Err(Ec2Error::NoPeer),
            (Some(net), None, None, None) => permission::v4(net)?,
            (None, Some(net), None, None) => permission::v6(net)?,
            (None, None, Some(id), None) => permission::prefix_list(state, id)?,
            (None, None, None, Some(id)) => match SecurityGroupId::parse(&id) {
                Some(id) => Peer::Group(id),
                None => Peer::Group(find::<SecurityGroup>(state, &id)?.id),
            },
            _ => return Err(GroupError::ManyPeers.into()),
        };
        let description = permission::description(self.description)?;
        Ok(Wanted { protocol, from_port, to_port, peer, description })
    }
}

/// A kind of peer as the refusal to change it calls it.
fn kind(peer: &Peer) -> (&'static str, &'static str) {
    match peer {
        Peer::V4(_) => ("an IPv4 CIDR", "IPv4 CIDR"),
        Peer::V6(_) => ("an IPv6 CIDR", "IPv6 CIDR"),
        Peer::PrefixList(_) => ("a prefix list", "prefix list"),
        Peer::Group(_) => ("a referenced group id", "referenced group id"),
    }
}

impl Operation for ModifySecurityGroupRules {
    const NAME: &'static str = "ModifySecurityGroupRules";
    type In = ModifyIn;
    type Out = ReturnOut;
    type Error = Ec2Error;
}

impl Write for ModifySecurityGroupRules {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyIn) -> Result<ReturnOut, Ec2Error> {
        let state = &txn.state;
        if input.security_group_rules.is_empty() {
            return Err(Ec2Error::MissingParameter("securityGroupRules"));
        }
        let mut group = SecurityGroup::clone(named_by(state, Some(&input.group_id), None)?);
        let (mut changed, mut peers) = (Vec::new(), Vec::new());
        for update in input.security_group_rules {
            let at = place(&group, &update.security_group_rule_id, None)?;
            let wanted = update.security_group_rule.wanted(state)?;
            peers.extend(reach(txn, &group, &wanted.peer)?);
            let ((given, new), (_, existing)) = (kind(&wanted.peer), kind(&group.rules[at].peer));
            if new != existing {
                return Err(GroupError::OtherPeer { given, existing }.into());
            }
            if changed.contains(&at) {
                return Err(Ec2Error::RepeatedRule);
            }
            changed.push(at);
            wanted.put_into(&mut group.rules[at]);
        }
        // Only when all have changed, so that two rules may change places.
        for at in &changed {
            let rule = &group.rules[*at];
            let others = group.rules.iter().enumerate().filter(|(n, _)| n != at);
            if let Some((twin, _)) = others.into_iter().find(|(_, other)| other.allows_what(rule)) {
                return Err(match changed.contains(&twin) {
                    true => Ec2Error::RepeatedRule,
                    false => Ec2Error::DuplicateRule(Wanted::of(rule).to_string()),
                });
            }
        }
        if !Direction::BOTH.into_iter().all(|direction| state.rules_fit(&group, direction)) {
            return Err(Ec2Error::TooManyRules);
        }
        store(txn, group, peers);
        Ok(ReturnOut { r#return: true })
    }
}

// === UpdateSecurityGroupRuleDescriptions ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescriptionsIn {
    group_id: Option<String>,
    group_name: Option<String>,
    ip_permissions: Vec<IpPermission>,
    security_group_rule_descriptions: Vec<RuleDescription>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RuleDescription {
    security_group_rule_id: Option<String>,
    description: Option<String>,
}

/// Rules named either way get these descriptions, or lose theirs if none is given.
fn update(txn: &mut Txn<'_>, direction: Direction, input: DescriptionsIn) -> Result<ReturnOut, Ec2Error> {
    let state = &txn.state;
    let group = named_by(state, input.group_id.as_deref(), input.group_name.as_deref())?;
    let mut group = SecurityGroup::clone(group);
    let by_id = input.security_group_rule_descriptions;
    match (input.ip_permissions.is_empty(), by_id.is_empty()) {
        (true, true) => return Err(Ec2Error::MissingParameter("ipPermissions")),
        (false, false) => {
            return Err(Ec2Error::NotTogether("ipPermissions", "securityGroupRuleDescriptions"));
        }
        _ => {}
    }
    for RuleDescription { security_group_rule_id, description } in by_id {
        let id = security_group_rule_id.ok_or(Ec2Error::MissingParameter("securityGroupRuleId"))?;
        let at = place(&group, &id, Some(direction))?;
        group.rules[at].description = permission::description(description)?;
    }
    for wanted in wanted(state, &group, input.ip_permissions)? {
        let rule = group.rules.iter_mut().find(|rule| wanted.is(rule, direction));
        rule.ok_or(Ec2Error::NoSuchRule)?.description = wanted.description;
    }
    txn.state.groups.insert(group);
    Ok(ReturnOut { r#return: true })
}

macro_rules! description_operations {
    ($($name:ident: $direction:ident;)*) => {$(
        /// Source: the operation's page.
        pub struct $name;

        impl Operation for $name {
            const NAME: &'static str = stringify!($name);
            type In = DescriptionsIn;
            type Out = ReturnOut;
            type Error = Ec2Error;
        }

        impl Write for $name {
            fn run(txn: &mut Txn<'_>, _: &Caller, input: DescriptionsIn) -> Result<ReturnOut, Ec2Error> {
                update(txn, Direction::$direction, input)
            }
        }
    )*};
}

description_operations! {
    UpdateSecurityGroupRuleDescriptionsIngress: Ingress;
    UpdateSecurityGroupRuleDescriptionsEgress: Egress;
}
