//! Permissions: the form in which rules of security groups are asked for and printed inside their group. A
//! permission is one protocol and port range with any number of peers; a rule is one of those.

use super::describe::{Each, Text};
use super::error::{Ec2Error, Missing};
use super::security_group::{is_group_text, named_by};
use crate::kernel::{AccountId, HexId};
use crate::model::{Direction, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule, Site, State};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A permission as a caller writes it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct IpPermission {
    ip_protocol: Option<String>,
    from_port: Option<i32>,
    to_port: Option<i32>,
    user_id_group_pairs: Vec<GroupPair>,
    ip_ranges: Vec<IpRange>,
    ipv6_ranges: Vec<Ipv6Range>,
    prefix_list_ids: Vec<PrefixListId>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct GroupPair {
    description: Option<String>,
    user_id: Option<String>,
    group_name: Option<String>,
    group_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct IpRange {
    description: Option<String>,
    cidr_ip: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Ipv6Range {
    description: Option<String>,
    cidr_ipv6: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct PrefixListId {
    description: Option<String>,
    prefix_list_id: String,
}

impl IpPermission {
    /// The old form: one peer, as members of the request itself.
    pub fn flat(
        ip_protocol: Option<String>,
        from_port: Option<i32>,
        to_port: Option<i32>,
        cidr: Option<String>,
        group_name: Option<String>,
    ) -> Self {
        let range = |cidr_ip| IpRange { description: None, cidr_ip };
        let pair = |name| GroupPair { group_name: Some(name), ..GroupPair::default() };
        Self {
            ip_protocol,
            from_port,
            to_port,
            user_id_group_pairs: group_name.map(pair).into_iter().collect(),
            ip_ranges: cidr.map(range).into_iter().collect(),
            ..Self::default()
        }
    }
}

/// A rule that a caller asks for, or asks to be rid of.
#[derive(Debug, PartialEq)]
pub struct Wanted {
    pub protocol: String,
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub peer: Peer,
    pub description: Option<String>,
}

impl Wanted {
    /// Whether this rule is the one; a description makes no difference.
    pub fn is(&self, rule: &SecurityGroupRule, direction: Direction) -> bool {
        rule.direction == direction
            && rule.protocol == self.protocol
            && (rule.from_port, rule.to_port) == (self.from_port, self.to_port)
            && rule.peer == self.peer
    }
}

/// As the refusal of a duplicate describes a rule; EC2-SG-RULE-DUP. The form for ICMP is assumed.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Peer::V4(net) => write!(f, "peer: {net}, ")?,
            Peer::V6(net) => write!(f, "peer: {net}, ")?,
            Peer::Group(id) => write!(f, "peer: {id}, ")?,
            Peer::PrefixList(id) => write!(f, "peer: {id}, ")?,
        }
        let (from, to) = (self.from_port.unwrap_or(-1), self.to_port.unwrap_or(-1));
        let or_all = |n: i32| if n < 0 { "ALL".to_owned() } else { n.to_string() };
        match self.protocol.as_str() {
            "-1" => f.write_str("ALL")?,
            "tcp" | "udp" => {
                write!(f, "{}, from port: {from}, to port: {to}", self.protocol.to_uppercase())?;
            }
            "icmp" | "icmpv6" => {
                let name = self.protocol.to_uppercase();
                write!(f, "{name}, type: {}, code: {}", or_all(from), or_all(to))?;
            }
            number => write!(f, "protocol: {number}")?,
        }
        f.write_str(", ALLOW")
    }
}

/// The rules that permissions stand for, for a rule of `group`.
///
/// # Errors
/// For what is no protocol, no port range, no address range and no group.
pub fn wanted(
    state: &State,
    group: &SecurityGroup,
    permissions: Vec<IpPermission>,
) -> Result<Vec<Wanted>, Ec2Error> {
    let mut all = Vec::new();
    for permission in permissions {
        let protocol = protocol(permission.ip_protocol)?;
        let (from_port, to_port) = ports(&protocol, permission.from_port, permission.to_port)?;
        let before = all.len();
        let mut add = |peer, description: Option<String>| {
            let description = description.filter(|text| !text.is_empty());
            if description.as_deref().is_some_and(|text| text.chars().count() > 255 || !is_group_text(text)) {
                return Err(Ec2Error::BadRuleDescription);
            }
            all.push(Wanted { protocol: protocol.clone(), from_port, to_port, peer, description });
            Ok(())
        };
        for pair in permission.user_id_group_pairs {
            let peer = named_by(state, pair.group_id.as_deref(), pair.group_name.as_deref())?;
            let foreign = pair.user_id.is_some_and(|user| user != state.site.account.to_string());
            if foreign {
                return Err(Ec2Error::GroupNotFound(Missing(vec![peer.id.to_string()])));
            }
            if peer.vpc != group.vpc {
                return Err(Ec2Error::DifferentNetworks);
            }
            add(Peer::Group(peer.id), pair.description)?;
        }
        for range in permission.ip_ranges {
            add(Peer::V4(v4(range.cidr_ip)?), range.description)?;
        }
        for range in permission.ipv6_ranges {
            let net: Result<Ipv6Net, _> = range.cidr_ipv6.parse();
            let net = net.map_err(|_| Ec2Error::MalformedCidr(range.cidr_ipv6))?;
            add(Peer::V6(net.trunc()), range.description)?;
        }
        for list in permission.prefix_list_ids {
            if list.prefix_list_id.strip_prefix("pl-").and_then(HexId::parse).is_none() {
                return Err(Ec2Error::PrefixListNotFound(list.prefix_list_id));
            }
            add(Peer::PrefixList(list.prefix_list_id), list.description)?;
        }
        if all.len() == before {
            return Err(Ec2Error::NoPeer);
        }
    }
    Ok(all)
}

/// An address range; bits beyond the prefix are dropped.
fn v4(text: String) -> Result<Ipv4Net, Ec2Error> {
    text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| Ec2Error::MalformedCidr(text))
}

/// A protocol as AWS prints it. Source: the page of AuthorizeSecurityGroupIngress.
fn protocol(given: Option<String>) -> Result<String, Ec2Error> {
    let given = given.ok_or(Ec2Error::NoProtocol)?;
    let name = match given.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1",
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        other => match other.parse::<u8>() {
            Ok(number) => return Ok(number.to_string()),
            Err(_) => return Err(Ec2Error::UnknownProtocol(given)),
        },
    };
    Ok(name.to_owned())
}

type Range = (Option<i32>, Option<i32>);

/// Ports, or ICMP type and code; nothing for protocols that have neither. Source: the same.
fn ports(protocol: &str, from: Option<i32>, to: Option<i32>) -> Result<Range, Ec2Error> {
    match protocol {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else { return Err(Ec2Error::NoPorts) };
            if let Some(port) = [from, to].into_iter().find(|port| !(0..=65_535).contains(port)) {
                return Err(Ec2Error::BadPort(port));
            }
            if from > to {
                let protocol = protocol.to_uppercase();
                return Err(Ec2Error::BackwardPorts { protocol, from, to });
            }
            Ok((Some(from), Some(to)))
        }
        "icmp" | "icmpv6" => {
            let (kind, code) = (from.unwrap_or(-1), to.unwrap_or(-1));
            if let Some(wrong) = [kind, code].into_iter().find(|n| !(-1..=255).contains(n)) {
                return Err(Ec2Error::BadIcmp(wrong));
            }
            Ok((Some(kind), Some(code)))
        }
        _ => Ok((None, None)),
    }
}

// === Printing ===

/// A group's rules of one direction as permissions, in the order in which each was first authorised.
pub struct Permissions<'a> {
    rules: Vec<&'a SecurityGroupRule>,
    account: AccountId,
}

impl<'a> Permissions<'a> {
    pub fn of(group: &'a SecurityGroup, direction: Direction, site: &Site) -> Self {
        let rules = group.rules.iter().filter(|rule| rule.direction == direction).collect();
        Self { rules, account: site.account }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionView<'a, P: Serialize, V: Serialize, W: Serialize, L: Serialize> {
    ip_protocol: &'a str,
    from_port: Option<i32>,
    to_port: Option<i32>,
    user_id_group_pairs: P,
    ip_ranges: V,
    ipv6_ranges: W,
    prefix_list_ids: L,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PairView<'a> {
    description: Option<&'a str>,
    user_id: Text<AccountId>,
    group_id: Text<SecurityGroupId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RangeView<'a> {
    description: Option<&'a str>,
    cidr_ip: Text<Ipv4Net>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Range6View<'a> {
    description: Option<&'a str>,
    cidr_ipv6: Text<Ipv6Net>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListView<'a> {
    description: Option<&'a str>,
    prefix_list_id: &'a str,
}

impl Serialize for Permissions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let key = |rule: &SecurityGroupRule| (rule.protocol.clone(), rule.from_port, rule.to_port);
        let mut groups: Vec<(_, Vec<&SecurityGroupRule>)> = Vec::new();
        for rule in &self.rules {
            match groups.iter_mut().find(|(of, _)| *of == key(rule)) {
                Some((_, rules)) => rules.push(rule),
                None => groups.push((key(rule), vec![rule])),
            }
        }
        serializer.collect_seq(groups.iter().map(|((protocol, from, to), rules)| PermissionView {
            ip_protocol: protocol,
            from_port: *from,
            to_port: *to,
            user_id_group_pairs: Each(move || {
                rules.iter().filter_map(|rule| match &rule.peer {
                    Peer::Group(id) => Some(PairView {
                        description: rule.description.as_deref(),
                        user_id: Text(self.account),
                        group_id: Text(*id),
                    }),
                    _ => None,
                })
            }),
            ip_ranges: Each(move || {
                rules.iter().filter_map(|rule| match &rule.peer {
                    Peer::V4(net) => {
                        Some(RangeView { description: rule.description.as_deref(), cidr_ip: Text(*net) })
                    }
                    _ => None,
                })
            }),
            ipv6_ranges: Each(move || {
                rules.iter().filter_map(|rule| match &rule.peer {
                    Peer::V6(net) => {
                        Some(Range6View { description: rule.description.as_deref(), cidr_ipv6: Text(*net) })
                    }
                    _ => None,
                })
            }),
            prefix_list_ids: Each(move || {
                rules.iter().filter_map(|rule| match &rule.peer {
                    Peer::PrefixList(id) => {
                        Some(ListView { description: rule.description.as_deref(), prefix_list_id: id })
                    }
                    _ => None,
                })
            }),
        }))
    }
}
