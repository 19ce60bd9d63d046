//! Rules of security groups: authorised and revoked.
//!
//! Source: VPC user guide, "Security group rules", and the pages of the operations.

use super::describe::Text;
use super::error::groups::GroupError;
use super::error::{Ec2Error, Missing};
use super::permission::{IpPermission, Unknown, Wanted, wanted};
use super::security_group::named_by;
use super::security_group_rule::{ALL_PORTS, KIND, ListedRule, not_found};
use super::tags::{self, TagSpecification};
use crate::model::group_peer::{self, PeerGroup};
use crate::model::{
    Direction, Id, Peer, PrefixListId, SecurityGroup, SecurityGroupId, SecurityGroupRule,
    SecurityGroupRuleId, State, Txn,
};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

// === What is asked for ===

/// The input for rules of ingress: permissions, or one permission in the old flat form, or rule ids.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct IngressIn {
    group_name: Option<String>,
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ip: Option<String>,
    source_security_group_name: Option<String>,
    source_security_group_owner_id: Option<String>,
    group_id: Option<String>,
    ip_permissions: Vec<IpPermission>,
    security_group_rule_ids: Vec<String>,
    tag_specifications: Vec<TagSpecification>,
}

/// The input for rules of egress. The pages call the flat form unsupported, so it counts as not given.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct EgressIn {
    group_id: Option<String>,
    ip_permissions: Vec<IpPermission>,
    security_group_rule_ids: Vec<String>,
    tag_specifications: Vec<TagSpecification>,
}

/// Either of them.
struct RulesIn {
    group_name: Option<String>,
    rules: EgressIn,
}

impl TryFrom<IngressIn> for RulesIn {
    type Error = Ec2Error;

    fn try_from(input: IngressIn) -> Result<Self, Ec2Error> {
        let IngressIn { group_id, ip_permissions, security_group_rule_ids, tag_specifications, .. } = input;
        let mut rules = EgressIn { group_id, ip_permissions, security_group_rule_ids, tag_specifications };
        let (cidr, source) = (input.cidr_ip, input.source_security_group_name);
        if input.source_security_group_owner_id.is_some() && source.is_none() {
            return Err(GroupError::NoSourceGroup.into());
        }
        if cidr.is_some() && source.is_some() {
            return Err(Ec2Error::NotTogether("cidrIp", "sourceSecurityGroupName"));
        }
        if input.ip_protocol.is_some() || cidr.is_some() || source.is_some() {
            if !rules.ip_permissions.is_empty() {
                return Err(Ec2Error::NotTogether("ipPermissions", "ipProtocol"));
            }
            rules.ip_permissions.push(IpPermission::flat(
                input.ip_protocol,
                (input.from_port, input.to_port),
                cidr,
                source,
                input.source_security_group_owner_id,
            ));
        }
        Ok(Self { group_name: input.group_name, rules })
    }
}

impl TryFrom<EgressIn> for RulesIn {
    type Error = Ec2Error;

    fn try_from(rules: EgressIn) -> Result<Self, Ec2Error> {
        Ok(Self { group_name: None, rules })
    }
}

impl RulesIn {
    fn group(&self, state: &State) -> Result<SecurityGroup, Ec2Error> {
        let group = named_by(state, self.rules.group_id.as_deref(), self.group_name.as_deref())?;
        Ok(SecurityGroup::clone(group))
    }
}

/// Looks whether a rule of this group may name its peer, and how it is reached if it lies across a peering connection;
/// EC2-SG-REF.
///
/// # Errors
/// If it is a group out of reach.
pub fn reach(txn: &Txn<'_>, group: &SecurityGroup, peer: &Peer) -> Result<Option<PeerGroup>, Ec2Error> {
    let Peer::Group(id) = peer else { return Ok(None) };
    let local = txn.state.groups.get(id);
    if *id == group.id || local.is_some_and(|other| other.vpc == group.vpc) {
        return Ok(None);
    }
    match (group_peer::across(txn, group.vpc, *id), local) {
        (Some(peer), _) => Ok(Some(peer)),
        (None, Some(other)) if txn.state.may_refer(group, other) => Ok(None),
        (None, Some(_)) => Err(Ec2Error::DifferentNetworks),
        (None, None) => Err(Ec2Error::GroupNotFound(Missing::one(&id.to_string()))),
    }
}

/// Stores a group whose rules have changed, with the groups that they newly name across peering connections.
pub fn store(txn: &mut Txn<'_>, mut group: SecurityGroup, peers: Vec<PeerGroup>) -> Arc<SecurityGroup> {
    let told = !peers.is_empty() || !group.peered.is_empty();
    group.keep_peers(peers);
    let group = txn.state.groups.insert(group);
    if told {
        group_peer::tell_names(txn, group.vpc);
    }
    group
}

// === Authorise ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeOut {
    r#return: bool,
    security_group_rules: Vec<ListedRule>,
}

/// All rules come, or none; EC2-SG-RULE-DUP, EC2-SG-LIMIT.
fn authorize(txn: &mut Txn<'_>, direction: Direction, input: RulesIn) -> Result<AuthorizeOut, Ec2Error> {
    let state = &txn.state;
    let mut group = input.group(state)?;
    if input.rules.ip_permissions.is_empty() {
        return Err(Ec2Error::MissingParameter("ipPermissions"));
    }
    let wanted = wanted(state, &group, input.rules.ip_permissions)?;
    let peers = wanted.iter().filter_map(|wanted| reach(txn, &group, &wanted.peer).transpose());
    let peers = peers.collect::<Result<Vec<_>, _>>()?;
    let tags = tags::given(state, KIND, input.rules.tag_specifications)?;
    let before = group.rules.len();
    for wanted in wanted {
        if let Some(at) = group.rules.iter().position(|rule| wanted.is(rule, direction)) {
            let repeated = at >= before;
            return Err(if repeated {
                Ec2Error::RepeatedRule
            } else {
                Ec2Error::DuplicateRule(wanted.to_string())
            });
        }
        let Wanted { protocol, from_port, to_port, peer, description } = wanted;
        let (id, tags) = (Id::mint(txn), tags.clone());
        let rule = SecurityGroupRule { id, direction, protocol, from_port, to_port, peer, description, tags };
        group.rules.push(rule);
    }
    if !txn.state.rules_fit(&group, direction) {
        return Err(Ec2Error::TooManyRules);
    }
    let group = store(txn, group, peers);
    let rules = (before..group.rules.len()).map(|at| ListedRule::new(&txn.state, &group, at));
    Ok(AuthorizeOut { r#return: true, security_group_rules: rules.collect() })
}

// === Revoke ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeOut {
    r#return: bool,
    unknown_ip_permissions: Option<Unknown>,
    revoked_security_group_rules: Vec<Revoked>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Revoked {
    security_group_rule_id: Text<SecurityGroupRuleId>,
    group_id: Text<SecurityGroupId>,
    is_egress: bool,
    ip_protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<Text<ipnet::Ipv4Net>>,
    cidr_ipv6: Option<Text<ipnet::Ipv6Net>>,
    prefix_list_id: Option<Text<PrefixListId>>,
    referenced_group_id: Option<Text<SecurityGroupId>>,
    description: Option<String>,
}

impl Revoked {
    fn new(group: SecurityGroupId, rule: SecurityGroupRule) -> Self {
        let mut revoked = Self {
            security_group_rule_id: Text(rule.id),
            group_id: Text(group),
            is_egress: rule.direction == Direction::Egress,
            ip_protocol: rule.protocol,
            from_port: rule.from_port.unwrap_or(ALL_PORTS),
            to_port: rule.to_port.unwrap_or(ALL_PORTS),
            cidr_ipv4: None,
            cidr_ipv6: None,
            prefix_list_id: None,
            referenced_group_id: None,
            description: rule.description,
        };
        match rule.peer {
            Peer::V4(net) => revoked.cidr_ipv4 = Some(Text(net)),
            Peer::V6(net) => revoked.cidr_ipv6 = Some(Text(net)),
            Peer::PrefixList(id) => revoked.prefix_list_id = Some(Text(id)),
            Peer::Group(id) => revoked.referenced_group_id = Some(Text(id)),
        }
        revoked
    }
}

/// The rules named go. One that is not there spoils the call, except in the default VPC: there it is told, and the
/// others go. Source: the page of RevokeSecurityGroupIngress; EC2-SG-RULE-404.
fn revoke(txn: &mut Txn<'_>, direction: Direction, input: RulesIn) -> Result<RevokeOut, Ec2Error> {
    let state = &txn.state;
    let mut group = input.group(state)?;
    let EgressIn { ip_permissions, security_group_rule_ids: ids, .. } = input.rules;
    match (ip_permissions.is_empty(), ids.is_empty()) {
        (true, true) => return Err(Ec2Error::NoPermissions),
        (false, false) => return Err(Ec2Error::NotTogether("ipPermissions", "securityGroupRuleIds")),
        _ => {}
    }
    let lenient = state.default_vpc().is_some_and(|vpc| vpc.id == group.vpc);
    let mut revoked = Vec::new();
    for id in ids {
        let key = SecurityGroupRuleId::parse(&id);
        let is_it = |rule: &SecurityGroupRule| Some(rule.id) == key && rule.direction == direction;
        let at = group.rules.iter().position(is_it).ok_or_else(|| not_found(vec![id]))?;
        revoked.push(Revoked::new(group.id, group.rules.remove(at)));
    }
    let mut unknown = Vec::new();
    for wanted in wanted(state, &group, ip_permissions)? {
        match group.rules.iter().position(|rule| wanted.is(rule, direction)) {
            Some(at) => revoked.push(Revoked::new(group.id, group.rules.remove(at))),
            None if lenient => unknown.push(wanted),
            None => return Err(Ec2Error::NoSuchRule),
        }
    }
    let unknown = Unknown { rules: unknown, account: state.site.account };
    store(txn, group, Vec::new());
    Ok(RevokeOut {
        r#return: true,
        unknown_ip_permissions: (!unknown.rules.is_empty()).then_some(unknown),
        revoked_security_group_rules: revoked,
    })
}

macro_rules! rule_operations {
    ($($name:ident: $run:ident $direction:ident $input:ident -> $out:ident;)*) => {$(
        pub struct $name;

        impl Operation for $name {
            const NAME: &'static str = stringify!($name);
            type In = $input;
            type Out = $out;
            type Error = Ec2Error;
        }

        impl Write for $name {
            fn run(txn: &mut Txn<'_>, _: &Caller, input: $input) -> Result<$out, Ec2Error> {
                $run(txn, Direction::$direction, input.try_into()?)
            }
        }
    )*};
}

rule_operations! {
    AuthorizeSecurityGroupIngress: authorize Ingress IngressIn -> AuthorizeOut;
    AuthorizeSecurityGroupEgress: authorize Egress EgressIn -> AuthorizeOut;
    RevokeSecurityGroupIngress: revoke Ingress IngressIn -> RevokeOut;
    RevokeSecurityGroupEgress: revoke Egress EgressIn -> RevokeOut;
}
