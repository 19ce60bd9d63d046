//! Permissions: the form in which rules of security groups are asked for and printed inside their group. A
//! permission is one protocol and port range with any number of peers; a rule is one of those.

use super::describe::{Each, Text};
use super::error::groups::GroupError;
use super::error::{Ec2Error, Missing};
use super::peering::status_code;
use super::security_group::{is_group_text, named_by};
use crate::kernel::AccountId;
use crate::model::group_peer::PeerGroup;
use crate::model::{
    Direction, Id, Peer, PrefixListId, SecurityGroup, SecurityGroupId, SecurityGroupRule, Site, State, VpcId,
    VpcPeeringConnectionId,
};
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
    prefix_list_ids: Vec<ListedPrefixList>,
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
struct ListedPrefixList {
    description: Option<String>,
    prefix_list_id: String,
}

impl IpPermission {
    /// The old form: one peer, as members of the request itself.
    pub fn flat(
        ip_protocol: Option<String>,
        (from_port, to_port): (Option<i32>, Option<i32>),
        cidr: Option<String>,
        group_name: Option<String>,
        user_id: Option<String>,
    ) -> Self {
        let range = |cidr_ip| IpRange { description: None, cidr_ip };
        let pair = |name| GroupPair { group_name: Some(name), user_id, ..GroupPair::default() };
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
#[derive(Debug, Clone, PartialEq)]
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

    /// Makes this rule say what is wanted; its id, direction and tags stay.
    pub fn put_into(self, rule: &mut SecurityGroupRule) {
        rule.protocol = self.protocol;
        rule.from_port = self.from_port;
        rule.to_port = self.to_port;
        rule.peer = self.peer;
        rule.description = self.description;
    }

    pub fn of(rule: &SecurityGroupRule) -> Self {
        Self {
            protocol: rule.protocol.clone(),
            from_port: rule.from_port,
            to_port: rule.to_port,
            peer: rule.peer.clone(),
            description: rule.description.clone(),
        }
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

/// The rules of a group that permissions stand for. Whether there is such a group of another account is not looked at.
///
/// # Errors
/// For what is no protocol, no port range, no address range, no group and no prefix list.
pub fn wanted(
    state: &State,
    group: &SecurityGroup,
    permissions: Vec<IpPermission>,
) -> Result<Vec<Wanted>, Ec2Error> {
    let mut all = Vec::new();
    for permission in permissions {
        let (protocol, from_port, to_port) =
            traffic(permission.ip_protocol, permission.from_port, permission.to_port)?;
        let before = all.len();
        let mut add = |peer, text: Option<String>| {
            let description = description(text)?;
            all.push(Wanted { protocol: protocol.clone(), from_port, to_port, peer, description });
            Ok::<_, Ec2Error>(())
        };
        for pair in permission.user_id_group_pairs {
            // An id that comes with a name counts alone: both are what describing a group has always answered.
            let name = pair.group_name.filter(|_| pair.group_id.is_none());
            let is_foreign = pair.user_id.is_some_and(|user| user != state.site.account.to_string());
            let is_elsewhere = |id: &SecurityGroupId| {
                group.peer_group(*id).is_some() || (is_foreign && !state.groups.contains(id))
            };
            let id = pair.group_id.as_deref().and_then(SecurityGroupId::parse).filter(is_elsewhere);
            let id = match id {
                Some(id) => id,
                None => {
                    let found = named_by(state, pair.group_id.as_deref(), name.as_deref())?.id;
                    if is_foreign {
                        return Err(Ec2Error::GroupNotFound(Missing::one(&found.to_string())));
                    }
                    found
                }
            };
            add(Peer::Group(id), pair.description)?;
        }
        for range in permission.ip_ranges {
            add(v4(range.cidr_ip)?, range.description)?;
        }
        for range in permission.ipv6_ranges {
            add(v6(range.cidr_ipv6)?, range.description)?;
        }
        for list in permission.prefix_list_ids {
            add(prefix_list(state, list.prefix_list_id)?, list.description)?;
        }
        if all.len() == before {
            return Err(Ec2Error::NoPeer);
        }
    }
    Ok(all)
}

/// Protocol and ports as rules keep them.
///
/// # Errors
/// For what is no protocol and no port range.
pub fn traffic(
    ip_protocol: Option<String>,
    from: Option<i32>,
    to: Option<i32>,
) -> Result<(String, Option<i32>, Option<i32>), Ec2Error> {
    let protocol = protocol(ip_protocol)?;
    let (from, to) = ports(&protocol, from, to)?;
    Ok((protocol, from, to))
}

/// The description of a rule; an empty one is none.
///
/// # Errors
/// If it is too long or has characters that it may not have.
pub fn description(text: Option<String>) -> Result<Option<String>, Ec2Error> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) if text.chars().count() > 255 || !is_group_text(&text) => {
            Err(Ec2Error::BadRuleDescription)
        }
        text => Ok(text),
    }
}

/// An address range; bits beyond the prefix are dropped. Source: the page of AuthorizeSecurityGroupIngress.
///
/// # Errors
/// If it is none.
pub fn v4(text: String) -> Result<Peer, Ec2Error> {
    text.parse::<Ipv4Net>().map(|net| Peer::V4(net.trunc())).map_err(|_| Ec2Error::MalformedCidr(text))
}

/// The same for IPv6, in canonical form.
///
/// # Errors
/// If it is none.
pub fn v6(text: String) -> Result<Peer, Ec2Error> {
    text.parse::<Ipv6Net>().map(|net| Peer::V6(net.trunc())).map_err(|_| Ec2Error::MalformedCidr(text))
}

/// A prefix list that is there.
///
/// # Errors
/// If it is not.
pub fn prefix_list(state: &State, text: String) -> Result<Peer, Ec2Error> {
    let id = PrefixListId::parse(&text).filter(|id| state.prefix_list(*id).is_some());
    id.map(Peer::PrefixList).ok_or(Ec2Error::PrefixListNotFound(text))
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
        // Only of ICMPv6 the type and the code may be left out.
        "icmp" | "icmpv6" => {
            let (kind, code) = match (from, to) {
                (Some(kind), Some(code)) => (kind, code),
                (None, None) if protocol == "icmpv6" => (-1, -1),
                _ => return Err(GroupError::NoIcmpType.into()),
            };
            for (what, number) in [("type", kind), ("code", code)] {
                if !(-1..=255).contains(&number) {
                    return Err(Ec2Error::BadIcmp { what, number });
                }
            }
            if kind < 0 && code >= 0 {
                return Err(GroupError::CodeOfAllTypes(code).into());
            }
            Ok((Some(kind), Some(code)))
        }
        _ => Ok((None, None)),
    }
}

// === Printing ===

/// Rules as permissions, in the order in which each permission came first.
pub struct Permissions<'a> {
    rules: Vec<Part<'a>>,
    account: AccountId,
    peered: &'a [PeerGroup],
}

/// What a permission shows of a rule.
#[derive(Clone, Copy)]
struct Part<'a> {
    key: (&'a str, Option<i32>, Option<i32>),
    peer: &'a Peer,
    description: Option<&'a str>,
}

impl<'a> Permissions<'a> {
    /// A group's rules of one direction.
    pub fn of(group: &'a SecurityGroup, direction: Direction, site: &Site) -> Self {
        let rules = group.rules.iter().filter(|rule| rule.direction == direction);
        let part = |rule: &'a SecurityGroupRule| Part {
            key: (&rule.protocol, rule.from_port, rule.to_port),
            peer: &rule.peer,
            description: rule.description.as_deref(),
        };
        Self { rules: rules.map(part).collect(), account: site.account, peered: &group.peered }
    }
}

/// Rules that nobody has, as permissions.
pub struct Unknown {
    pub rules: Vec<Wanted>,
    pub account: AccountId,
}

impl Serialize for Unknown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn part(rule: &Wanted) -> Part<'_> {
            Part {
                key: (&rule.protocol, rule.from_port, rule.to_port),
                peer: &rule.peer,
                description: rule.description.as_deref(),
            }
        }
        let rules = self.rules.iter().map(part).collect();
        Permissions { rules, account: self.account, peered: &[] }.serialize(serializer)
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
    user_id: Option<Text<AccountId>>,
    group_id: Text<SecurityGroupId>,
    vpc_id: Option<Text<VpcId>>,
    vpc_peering_connection_id: Option<Text<VpcPeeringConnectionId>>,
    peering_status: Option<&'static str>,
}

impl<'a> PairView<'a> {
    /// A group, and of one of another VPC how it is reached. Source: API reference, UserIdGroupPair.
    fn new(
        id: SecurityGroupId,
        account: AccountId,
        peered: &[PeerGroup],
        description: Option<&'a str>,
    ) -> Self {
        let peer = peered.iter().find(|peer| peer.group == id);
        Self {
            description,
            user_id: peer.map_or(Some(account), |peer| peer.exists.then_some(peer.account)).map(Text),
            group_id: Text(id),
            vpc_id: peer.map(|peer| Text(peer.vpc)),
            vpc_peering_connection_id: peer.map(|peer| Text(peer.peering)),
            peering_status: peer.map(|peer| status_code(peer.status)),
        }
    }
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
    prefix_list_id: Text<PrefixListId>,
}

impl Serialize for Permissions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut groups: Vec<(_, Vec<Part<'_>>)> = Vec::new();
        for rule in &self.rules {
            match groups.iter_mut().find(|(key, _)| *key == rule.key) {
                Some((_, rules)) => rules.push(*rule),
                None => groups.push((rule.key, vec![*rule])),
            }
        }
        serializer.collect_seq(groups.iter().map(|((protocol, from, to), rules)| PermissionView {
            ip_protocol: protocol,
            from_port: *from,
            to_port: *to,
            user_id_group_pairs: Each(move || {
                rules.iter().filter_map(|rule| match rule.peer {
                    Peer::Group(id) => Some(PairView::new(*id, self.account, self.peered, rule.description)),
                    _ => None,
                })
            }),
            ip_ranges: Each(move || {
                rules.iter().filter_map(|rule| match rule.peer {
                    Peer::V4(net) => Some(RangeView { description: rule.description, cidr_ip: Text(*net) }),
                    _ => None,
                })
            }),
            ipv6_ranges: Each(move || {
                rules.iter().filter_map(|rule| match rule.peer {
                    Peer::V6(net) => {
                        Some(Range6View { description: rule.description, cidr_ipv6: Text(*net) })
                    }
                    _ => None,
                })
            }),
            prefix_list_ids: Each(move || {
                rules.iter().filter_map(|rule| match rule.peer {
                    Peer::PrefixList(id) => {
                        Some(ListView { description: rule.description, prefix_list_id: Text(*id) })
                    }
                    _ => None,
                })
            }),
        }))
    }
}
