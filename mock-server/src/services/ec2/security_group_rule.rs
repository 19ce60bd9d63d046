//! Rules of security groups: authorised, revoked, described.

use super::describe::{DescribeIn, Text, Window};
use super::error::{Ec2Error, Missing};
use super::filter::Filters;
use super::permission::{IpPermission, Wanted, wanted};
use super::security_group::named_by;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::{AccountId, Memo};
use crate::model::group::SecurityGroupIndex;
use crate::model::{
    Direction, Id, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId, Site, State,
    Tags, Txn,
};
use crate::services::{Caller, Operation, Page, Printed, Read, View, Write, page};
use serde::{Deserialize, Serialize, Serializer};
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
    fn new(state: &State, group: &Arc<SecurityGroup>, at: usize) -> Self {
        Self { group: group.clone(), at, site: state.site.clone() }
    }

    fn rule(&self) -> &SecurityGroupRule {
        &self.group.rules[self.at]
    }
}

impl Printed for ListedRule {
    const LIST: &'static str = "SecurityGroupRules";
    fn memo(&self) -> Option<&Memo> {
        None
    }
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
    prefix_list_id: Option<&'a str>,
    referenced_group_info: Option<Referenced>,
    description: Option<&'a str>,
    tags: TagSet<'a>,
    security_group_rule_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Referenced {
    group_id: Text<SecurityGroupId>,
    user_id: Text<AccountId>,
}

/// What stands for all ports.
const ALL_PORTS: i32 = -1;

impl Serialize for ListedRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (rule, account) = (self.rule(), self.site.account);
        let referenced = |id: &SecurityGroupId| Referenced { group_id: Text(*id), user_id: Text(account) };
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
            prefix_list_id: if let Peer::PrefixList(id) = &rule.peer { Some(id) } else { None },
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

pub fn change_tags(
    state: &mut State,
    id: &str,
    change: &mut dyn FnMut(&mut Tags) -> Result<(), Ec2Error>,
) -> Result<(), Ec2Error> {
    let (group, at) = find(state, id).ok_or_else(|| Ec2Error::RuleNotFound(Missing::one(id)))?;
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

// === Authorise ===

/// The input of authorising and revoking: permissions, or one permission in the old flat form, or rule ids.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct RulesIn {
    group_id: Option<String>,
    group_name: Option<String>,
    ip_permissions: Vec<IpPermission>,
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    cidr_ip: Option<String>,
    source_security_group_name: Option<String>,
    security_group_rule_ids: Vec<String>,
    tag_specifications: Vec<TagSpecification>,
}

impl RulesIn {
    /// The permissions, whichever form they came in.
    fn permissions(&mut self) -> Vec<IpPermission> {
        let mut permissions = std::mem::take(&mut self.ip_permissions);
        if self.ip_protocol.is_some() || self.cidr_ip.is_some() || self.source_security_group_name.is_some() {
            permissions.push(IpPermission::flat(
                self.ip_protocol.take(),
                self.from_port,
                self.to_port,
                self.cidr_ip.take(),
                self.source_security_group_name.take(),
            ));
        }
        permissions
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AuthorizeOut {
    r#return: bool,
    security_group_rules: Vec<ListedRule>,
}

/// Source: VPC user guide, "Security group rules"; EC2-SG-RULE-DUP, EC2-SG-LIMIT.
fn authorize(txn: &mut Txn<'_>, direction: Direction, mut input: RulesIn) -> Result<AuthorizeOut, Ec2Error> {
    let group = named_by(&txn.state, input.group_id.as_deref(), input.group_name.as_deref())?;
    let mut group = SecurityGroup::clone(group);
    let permissions = input.permissions();
    if permissions.is_empty() {
        return Err(Ec2Error::MissingParameter("ipPermissions"));
    }
    let wanted = wanted(&txn.state, &group, permissions)?;
    let tags = tags::given(&txn.state, KIND, std::mem::take(&mut input.tag_specifications))?;
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
    for is_family in [|peer: &Peer| !matches!(peer, Peer::V6(_)), |peer: &Peer| !matches!(peer, Peer::V4(_))]
    {
        let rules = group.rules.iter().filter(|rule| rule.direction == direction && is_family(&rule.peer));
        if rules.count() > txn.state.quotas.rules_per_direction {
            return Err(Ec2Error::TooManyRules);
        }
    }
    let group = txn.state.groups.insert(group);
    let rules = (before..group.rules.len()).map(|at| ListedRule::new(&txn.state, &group, at));
    Ok(AuthorizeOut { r#return: true, security_group_rules: rules.collect() })
}

// === Revoke ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeOut {
    r#return: bool,
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
    prefix_list_id: Option<String>,
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
            Peer::PrefixList(id) => revoked.prefix_list_id = Some(id),
            Peer::Group(id) => revoked.referenced_group_id = Some(Text(id)),
        }
        revoked
    }
}

/// All rules named go, or none; EC2-SG-RULE-404.
fn revoke(txn: &mut Txn<'_>, direction: Direction, mut input: RulesIn) -> Result<RevokeOut, Ec2Error> {
    let group = named_by(&txn.state, input.group_id.as_deref(), input.group_name.as_deref())?;
    let mut group = SecurityGroup::clone(group);
    let permissions = input.permissions();
    if permissions.is_empty() && input.security_group_rule_ids.is_empty() {
        return Err(Ec2Error::NoPermissions);
    }
    let wanted = wanted(&txn.state, &group, permissions)?;
    let mut revoked = Vec::new();
    for id in input.security_group_rule_ids {
        let key = SecurityGroupRuleId::parse(&id);
        let is_it = |rule: &SecurityGroupRule| Some(rule.id) == key && rule.direction == direction;
        let at = group.rules.iter().position(is_it);
        let at = at.ok_or_else(|| Ec2Error::RuleNotFound(Missing(vec![id])))?;
        revoked.push(Revoked::new(group.id, group.rules.remove(at)));
    }
    for wanted in wanted {
        let at =
            group.rules.iter().position(|rule| wanted.is(rule, direction)).ok_or(Ec2Error::NoSuchRule)?;
        revoked.push(Revoked::new(group.id, group.rules.remove(at)));
    }
    txn.state.groups.insert(group);
    Ok(RevokeOut { r#return: true, revoked_security_group_rules: revoked })
}

macro_rules! rule_operations {
    ($($name:ident: $run:ident $direction:ident -> $out:ident;)*) => {$(
        pub struct $name;

        impl Operation for $name {
            const NAME: &'static str = stringify!($name);
            type In = RulesIn;
            type Out = $out;
            type Error = Ec2Error;
        }

        impl Write for $name {
            fn run(txn: &mut Txn<'_>, _: &Caller, input: RulesIn) -> Result<$out, Ec2Error> {
                $run(txn, Direction::$direction, input)
            }
        }
    )*};
}

rule_operations! {
    AuthorizeSecurityGroupIngress: authorize Ingress -> AuthorizeOut;
    AuthorizeSecurityGroupEgress: authorize Egress -> AuthorizeOut;
    RevokeSecurityGroupIngress: revoke Ingress -> RevokeOut;
    RevokeSecurityGroupEgress: revoke Egress -> RevokeOut;
}

// === Describe ===

pub const RULE_FILTERS: &[&str] = &["group-id", "security-group-rule-id", "tag"];

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
        let window = Window::new(input.max_results, token, 1_000, SecurityGroupRuleId::parse)?;
        let filters = Filters::new(input.filters, RULE_FILTERS)?;
        let unknown: Vec<_> = input.ids.iter().filter(|id| find(state, id).is_none()).cloned().collect();
        if !unknown.is_empty() {
            return Err(Ec2Error::RuleNotFound(Missing(unknown)));
        }
        let groups = filters.exact().find(|(_, name, _)| *name == "group-id").map(|(.., ids)| ids);
        let mut rows: Vec<_> = if !input.ids.is_empty() {
            input.ids.iter().filter_map(|id| find(state, id)).collect()
        } else if let Some(ids) = groups {
            let groups = ids.into_iter().filter_map(SecurityGroupId::parse);
            groups.filter_map(|id| state.groups.get(&id)).flat_map(all_of).collect()
        } else {
            state.groups.iter().flat_map(all_of).collect()
        };
        rows.sort_by_key(|(group, at)| group.rules[*at].id);
        rows.dedup_by_key(|(group, at)| group.rules[*at].id);
        let mut scratch = String::new();
        let rows = rows.into_iter().filter(|(group, at)| {
            let rule = &group.rules[*at];
            window.after.is_none_or(|after| rule.id > after)
                && filters.pass(&mut scratch, &rule.tags, |name, probe| match name {
                    "group-id" => probe.show(group.id),
                    "security-group-rule-id" => probe.show(rule.id),
                    _ => probe.unknown(),
                })
        });
        let rows = rows.map(|(group, at)| ListedRule::new(state, group, at));
        let (rows, next_token) = page::cut(rows, window.limit, |row| row.rule().id.to_string());
        Ok(Page { rows, next_token })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts};
    use super::*;
    use serde_json::{Value as Json, json};

    fn web() -> (Lab, String) {
        let lab = Lab::new();
        let group = lab.group(&lab.vpc(), "web");
        (lab, group)
    }

    fn tcp(port: i32, cidr: &str) -> Json {
        json!({ "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{ "CidrIp": cidr }] })
    }

    #[test]
    fn a_rule_is_authorised_described_and_revoked() {
        let (lab, group) = web();
        let permission = json!({
            "IpProtocol": "6",
            "FromPort": 80,
            "ToPort": 81,
            "IpRanges": [{ "CidrIp": "10.0.0.1/24", "Description": "ours" }],
            "Ipv6Ranges": [{ "CidrIpv6": "::/0" }],
            "UserIdGroupPairs": [{ "GroupId": group }],
            "PrefixListIds": [{ "PrefixListId": "pl-63a5400a" }],
        });
        let made = lab.write::<AuthorizeSecurityGroupIngress>(json!({
            "GroupId": group,
            "IpPermissions": [permission],
            "TagSpecifications": [
                { "ResourceType": "security-group-rule", "Tags": [{ "Key": "k", "Value": "v" }] },
            ],
        }));
        assert_eq!(made["Return"], true);
        let rules = made["SecurityGroupRules"].as_array().unwrap();
        assert_eq!(rules.len(), 4);
        assert_eq!(rules[0]["ReferencedGroupInfo"], json!({ "GroupId": group, "UserId": "123456789012" }));
        assert_eq!(
            (&rules[1]["CidrIpv4"], &rules[1]["Description"]),
            (&json!("10.0.0.0/24"), &json!("ours"))
        );
        assert_eq!((&rules[1]["IpProtocol"], &rules[1]["ToPort"]), (&json!("tcp"), &json!(81)));
        assert_eq!(rules[2]["CidrIpv6"], "::/0");
        assert_eq!(rules[3]["PrefixListId"], "pl-63a5400a");

        let listed = lab.read::<Describe<SecurityGroup>>(json!({ "GroupIds": [group] }));
        assert_eq!(
            listed["SecurityGroups"][0]["IpPermissions"],
            json!([{
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 81,
                "UserIdGroupPairs": [{ "UserId": "123456789012", "GroupId": group }],
                "IpRanges": [{ "Description": "ours", "CidrIp": "10.0.0.0/24" }],
                "Ipv6Ranges": [{ "CidrIpv6": "::/0" }],
                "PrefixListIds": [{ "PrefixListId": "pl-63a5400a" }],
            }])
        );

        let described = |input: Json| {
            let rows = lab.read::<DescribeSecurityGroupRules>(input);
            texts(&rows["SecurityGroupRules"], "SecurityGroupRuleId")
        };
        let id = text(&rules[1]["SecurityGroupRuleId"]);
        assert_eq!(described(json!({ "SecurityGroupRuleIds": [id] })), [&*id]);
        let tagged = json!({ "Filters": [{ "Name": "tag:k", "Values": ["v"] }] });
        assert_eq!(described(tagged).len(), 4);
        let of_group = json!({ "Filters": [{ "Name": "group-id", "Values": [group] }], "MaxResults": 5 });
        assert_eq!(described(of_group).len(), 5, "with the egress rule that every new group has");

        let by_id = json!({ "GroupId": group, "SecurityGroupRuleIds": [id] });
        let gone = lab.write::<RevokeSecurityGroupIngress>(by_id.clone());
        assert_eq!(gone["RevokedSecurityGroupRules"][0]["SecurityGroupRuleId"], *id);
        assert!(lab.try_write::<RevokeSecurityGroupIngress>(by_id).is_err());
        let gone = lab.write::<RevokeSecurityGroupEgress>(json!({
            "GroupId": group,
            "IpPermissions": [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }],
        }));
        assert_eq!(gone["RevokedSecurityGroupRules"][0]["IsEgress"], true);
    }

    #[test]
    fn the_flat_form_says_the_same() {
        let (lab, group) = web();
        lab.write::<AuthorizeSecurityGroupIngress>(json!({
            "GroupId": group, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "10.0.0.0/8",
        }));
        let input = json!({ "GroupId": group, "IpPermissions": [tcp(22, "10.0.0.0/8")] });
        lab.write::<RevokeSecurityGroupIngress>(input.clone());
        assert_eq!(lab.try_write::<RevokeSecurityGroupIngress>(input), Err(Ec2Error::NoSuchRule));
    }

    #[test]
    fn duplicates_are_told_as_aws_tells_them() {
        let (lab, group) = web();
        let rule = |protocol: &str, peer: Json| {
            let mut permission = json!({ "IpProtocol": protocol, "FromPort": 80, "ToPort": 80 });
            permission.as_object_mut().unwrap().append(&mut peer.as_object().unwrap().clone());
            json!({ "GroupId": group, "IpPermissions": [permission] })
        };
        let any = || json!({ "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
        let own = || json!({ "UserIdGroupPairs": [{ "GroupId": group }] });
        for (input, described) in [
            (rule("tcp", any()), "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW".to_owned()),
            (rule("-1", any()), "peer: 0.0.0.0/0, ALL, ALLOW".to_owned()),
            (rule("50", any()), "peer: 0.0.0.0/0, protocol: 50, ALLOW".to_owned()),
            (rule("udp", own()), format!("peer: {group}, UDP, from port: 80, to port: 80, ALLOW")),
            (rule("icmp", any()), "peer: 0.0.0.0/0, ICMP, type: 80, code: 80, ALLOW".to_owned()),
        ] {
            lab.write::<AuthorizeSecurityGroupIngress>(input.clone());
            assert_eq!(
                lab.try_write::<AuthorizeSecurityGroupIngress>(input),
                Err(Ec2Error::DuplicateRule(described))
            );
        }
    }

    #[test]
    fn sixty_rules_of_each_family_and_direction() {
        let (lab, group) = web();
        let ranges =
            |n: usize| -> Json { (0..n).map(|n| json!({ "CidrIp": format!("10.0.{n}.0/24") })).collect() };
        let six =
            |n: usize| -> Json { (0..n).map(|n| json!({ "CidrIpv6": format!("fd00:{n}::/32") })).collect() };
        let authorize = |v4: Json, v6: Json| {
            let permission = json!({ "IpProtocol": "-1", "IpRanges": v4, "Ipv6Ranges": v6 });
            let input = json!({ "GroupId": group, "IpPermissions": [permission] });
            lab.try_write::<AuthorizeSecurityGroupIngress>(input).map(|_| ())
        };
        assert_eq!(authorize(ranges(61), json!([])), Err(Ec2Error::TooManyRules));
        assert_eq!(authorize(ranges(60), six(60)), Ok(()));
        assert_eq!(authorize(json!([{ "CidrIp": "0.0.0.0/0" }]), json!([])), Err(Ec2Error::TooManyRules));
    }

    #[test]
    fn filters_look_at_the_rules_of_a_group() {
        let (lab, group) = web();
        lab.write::<AuthorizeSecurityGroupIngress>(json!({
            "GroupId": group,
            "IpPermissions": [tcp(22, "10.9.0.0/16"), { "IpProtocol": "udp", "FromPort": 53, "ToPort": 54,
                "UserIdGroupPairs": [{ "GroupId": group }] }],
        }));
        for (name, value) in [
            ("ip-permission.cidr", "10.9.*"),
            ("ip-permission.from-port", "53"),
            ("ip-permission.to-port", "54"),
            ("ip-permission.protocol", "udp"),
            ("ip-permission.group-name", "web"),
            ("group-name", "w?b"),
        ] {
            let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
            assert_eq!(
                lab.ids::<Describe<SecurityGroup>>("SecurityGroups", "GroupId", input),
                [&*group],
                "{name}"
            );
        }
    }
}
