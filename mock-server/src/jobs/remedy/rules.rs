//! What to do about a rule that is violated, where no path was followed.

use super::Fix;
use super::network::{ec2, like};
use super::packets::{authorize, of_group, of_range, permission};
use super::{dns, policies};
use crate::model::vpc::SubnetIndex;
use crate::model::{
    DEFAULT_GROUP, Direction, Evidence, Finding, Id, JobKind, SecurityGroupId, Subnet, SubnetId, VpcId,
};
use crate::net::Terrain;
use crate::rules::{self, Case};
use ipnet::Ipv4Net;
use std::sync::Arc;

/// Addresses of a subnet that are never free. Source: VPC user guide, "Subnet CIDR blocks".
const RESERVED: u32 = 5;
/// The smallest subnet there can be.
const SMALLEST: u8 = 28;

/// The member that names a job's subnets or groups; `list` as in `VpcConfig`.
fn member(case: &Case<'_>, list: &str) -> String {
    use JobKind::{Cluster, Compilation, Hosting, Notebook, Processing, Training, Transform};
    match case.kind {
        Training | Compilation | Cluster => format!("VpcConfig.{list}"),
        Processing => format!("NetworkConfig.VpcConfig.{list}"),
        Transform | Hosting => format!("CreateModel's VpcConfig (of a new model).{list}"),
        Notebook if list == "Subnets" => "SubnetId".to_owned(),
        Notebook => list.to_owned(),
    }
}

/// What to do about a finding that is a violation.
pub fn fix(case: &Case<'_>, finding: &Finding) -> Option<Fix> {
    let evidence = finding.verdict.evidence()?;
    let hint = rules::get(finding.rule).map_or("", |info| info.hint);
    let terrain =
        Terrain { state: case.state, global: case.global, elsewhere: case.elsewhere, now: case.now };
    let done = |words: String, commands: Vec<String>| Some(Fix { rule: finding.rule, words, commands });
    let lines = |commands: Option<Vec<String>>| done(hint.to_owned(), commands.unwrap_or_default());
    let mended = |mended: Option<policies::Mended>| match mended {
        Some(mended) => done(mended.words, mended.lines),
        None => done(hint.to_owned(), Vec::new()),
    };
    match finding.rule {
        "SM-ROLE-TRUST-07" => mended(policies::trust(&terrain, &case.needs.role_arn, case.kind)),
        // It is not the role that lacks it.
        rules::notebook::CALLER => done(hint.to_owned(), Vec::new()),
        rule if rules::permissions::OF_ROLES.contains(&rule) => {
            let missing: Vec<&str> =
                evidence.get("missing")?.split(", ").filter(|action| !action.is_empty()).collect();
            mended(policies::permissions(case, rule, &missing))
        }
        "SM-F-SUBNET-404" => done(instead(case, evidence, "Subnets", subnets(case)), Vec::new()),
        "SM-F-SG-404" => done(instead(case, evidence, "SecurityGroupIds", groups(case)), Vec::new()),
        "SM-F-VPC-MIX" => done(one_vpc(case), Vec::new()),
        "SM-VPC-TENANCY-01" | "SM-VPC-TENANCY-02" => {
            let vpc = evidence.resource.as_deref().and_then(VpcId::parse)?;
            let change = ec2(case.state, "modify-vpc-tenancy").with("vpc-id", vpc);
            lines(Some(vec![change.with("instance-tenancy", "default").line()]))
        }
        "SM-HOST-AZ-01" | "SM-HOST-AZ-04" => {
            another_zone(case).and_then(|(words, commands)| done(words, commands))
        }
        rules::capacity::ID => {
            let (words, commands) = elsewhere(case);
            done(words, commands)
        }
        "SM-VPC-IP-01" | "SM-VPC-IP-02" | "SM-NB-IP-02" | "SM-HP-IP-02" => {
            more_room(case, evidence).and_then(|(words, commands)| done(words, commands))
        }
        "SM-F-DHCP" => {
            let vpc = case.subnets().next().and_then(|subnet| case.vpc_of(subnet))?;
            lines(dns::options(case.state, vpc))
        }
        "SM-SG-NEO-06" => lines(Some(ranges(case, evidence, Direction::Egress))),
        "SM-SG-SELF-01" | "SM-SG-SELF-02" | "SM-SG-SELF-03" => {
            lines(among(case, "-1", None, &[Direction::Ingress]))
        }
        "SM-SG-SELF-05" => lines(among(case, "-1", None, &ways(evidence, ""))),
        "SM-HP-EFA-03" => {
            let closed = evidence.get("closed").unwrap_or_default().split(", ");
            let open = closed.filter_map(|closed| {
                let (way, group) = closed.split_once(" of ")?;
                let way = if way == "inbound" { Direction::Ingress } else { Direction::Egress };
                let group = SecurityGroupId::parse(group)?;
                Some(authorize(case.state, way, group, &permission("-1", None, &of_group(group))))
            });
            lines(Some(open.collect()))
        }
        "SM-SG-ENCRYPT-08" => {
            let keys = among(case, "udp", Some((500, 500)), &ways(evidence, " UDP port 500"));
            let payload = among(case, "50", None, &ways(evidence, " protocol 50"));
            lines(Some(keys.into_iter().chain(payload).flatten().collect()))
        }
        _ => done(hint.to_owned(), Vec::new()),
    }
}

/// The directions that the evidence calls closed.
fn ways(evidence: &Evidence, what: &str) -> Vec<Direction> {
    let closed = evidence.get("closed").unwrap_or_default();
    let ways = [("inbound", Direction::Ingress), ("outbound", Direction::Egress)];
    ways.into_iter().filter(|(way, _)| closed.contains(&format!("{way}{what}"))).map(|(_, way)| way).collect()
}

/// Lets members of the job's first group talk to each other.
fn among(
    case: &Case<'_>,
    protocol: &str,
    ports: Option<(i32, i32)>,
    ways: &[Direction],
) -> Option<Vec<String>> {
    let group = case.groups().next()?.id;
    let what = permission(protocol, ports, &of_group(group));
    Some(ways.iter().map(|way| authorize(case.state, *way, group, &what)).collect())
}

/// Lets all TCP to the ranges that are closed.
fn ranges(case: &Case<'_>, evidence: &Evidence, direction: Direction) -> Vec<String> {
    let Some(group) = case.groups().next() else { return Vec::new() };
    let closed = evidence.get("closed").unwrap_or_default().split(", ");
    let closed = closed.filter_map(|net| net.parse::<Ipv4Net>().ok());
    let open = |net| {
        authorize(case.state, direction, group.id, &permission("tcp", Some((0, 65_535)), &of_range(net)))
    };
    closed.map(open).collect()
}

/// What could stand in the place of an id that nothing has.
fn instead(case: &Case<'_>, evidence: &Evidence, list: &str, known: Vec<String>) -> String {
    let unknown = evidence.resource.as_deref().unwrap_or_default();
    let member = member(case, list);
    match known.is_empty() {
        true => {
            format!("{member} names {unknown}, which is not in {}; there is none.", case.state.site.region)
        }
        false => format!(
            "{member} names {unknown}, which is not in {}; there is {}.",
            case.state.site.region,
            known.join(", ")
        ),
    }
}

/// How many ids are told as examples.
const TOLD: usize = 5;

/// Subnets that could be meant: of the VPC of those that exist, or any.
fn subnets(case: &Case<'_>) -> Vec<String> {
    let vpc = case.subnets().next().map(|subnet| subnet.vpc);
    let vpc = vpc.or_else(|| case.groups().next().map(|group| group.vpc));
    let all = case.state.subnets.iter().filter(|subnet| vpc.is_none_or(|vpc| subnet.vpc == vpc));
    all.map(|subnet| subnet.id.to_string()).take(TOLD).collect()
}

/// Groups that could be meant.
fn groups(case: &Case<'_>) -> Vec<String> {
    let vpc = case.subnets().next().map(|subnet| subnet.vpc);
    let all = case.state.groups.iter().filter(|group| vpc.is_none_or(|vpc| case.state.may_carry(group, vpc)));
    all.map(|group| group.id.to_string()).take(TOLD).collect()
}

/// Which subnets and groups belong together.
fn one_vpc(case: &Case<'_>) -> String {
    let member = member(case, "Subnets");
    let Some(first) = case.subnets().next() else { return String::new() };
    let subnets: Vec<SubnetId> =
        case.subnets().filter(|subnet| subnet.vpc == first.vpc).map(|subnet| subnet.id).collect();
    let groups = case.groups().filter(|group| case.state.may_carry(group, first.vpc));
    let mut groups: Vec<SecurityGroupId> = groups.map(|group| group.id).collect();
    if groups.is_empty() {
        groups.extend(case.state.group_named(first.vpc, DEFAULT_GROUP).map(|group| group.id));
    }
    let list = |ids: Vec<String>| ids.join(", ");
    format!(
        "Keep to {}: {member} becomes [{}], SecurityGroupIds becomes [{}].",
        first.vpc,
        list(subnets.iter().map(ToString::to_string).collect()),
        list(groups.iter().map(ToString::to_string).collect())
    )
}

/// Where there are instances for the job that its zones do not have.
fn elsewhere(case: &Case<'_>) -> (String, Vec<String>) {
    let zones = rules::capacity::zones_with_room(case);
    let types: Vec<_> = case.needs.instances.iter().map(|group| group.instance_type.as_str()).collect();
    let types = types.join(", ");
    let found = if zones.is_empty() { None } else { another_zone(case) };
    match found {
        Some(found) => found,
        None if zones.is_empty() => {
            let region = &case.state.site.region;
            (
                format!("No zone of {region} has {types} left: use another instance type, or try again."),
                Vec::new(),
            )
        }
        None => (format!("There is {types} in {}: try again.", zones.join(", ")), Vec::new()),
    }
}

/// A subnet in a zone that the job's subnets are not in yet, and that has its instances.
fn another_zone(case: &Case<'_>) -> Option<(String, Vec<String>)> {
    let model = case.subnets().next()?;
    let taken: Vec<&str> = case.subnets().map(|subnet| subnet.zone.name).collect();
    let types = || case.needs.instances.iter().map(|group| group.instance_type.as_str());
    let roomy = rules::capacity::zones_with_room(case);
    let fits = |zone: &str| {
        types().all(|kind| case.global.offerings.has(zone, kind))
            && roomy.contains(&zone)
            && !taken.contains(&zone)
    };
    let member = member(case, "Subnets");
    let names: Vec<_> = case.named_subnets().map(|(name, _)| name).collect();
    // One that is there already needs no command.
    let known = case.state.subnets.by(&SubnetIndex::Vpc(model.vpc));
    let twin = |subnet: &&Arc<Subnet>| fits(subnet.zone.name) && same_table(case, model, subnet);
    if let Some(subnet) = known.into_iter().find(twin) {
        let words = format!(
            "{member} becomes [{}, {}]: the latter is in {}.",
            names.join(", "),
            subnet.id,
            subnet.zone.name
        );
        return Some((words, Vec::new()));
    }
    let zone = *case.state.site.info()?.zones.iter().find(|zone| fits(zone.name))?;
    let length = model.cidr.map_or(SMALLEST, |net| net.prefix_len());
    let made = like(case.state, model, length, zone)?;
    let words = format!("Make a subnet in {}; {member} becomes [{}, $SUBNET].", zone.name, names.join(", "));
    Some((words, made.lines))
}

fn same_table(case: &Case<'_>, one: &Subnet, other: &Subnet) -> bool {
    let table = |subnet: &Subnet| super::network::table_of(case.state, subnet.id).map(|table| table.id);
    table(one) == table(other)
}

/// A subnet that has room for the whole job.
fn more_room(case: &Case<'_>, evidence: &Evidence) -> Option<(String, Vec<String>)> {
    let needed: u32 = evidence.get("needed")?.parse().ok()?;
    let model = case.subnets().next()?;
    let member = member(case, "Subnets");
    let hosting = case.kind == JobKind::Hosting;
    // Instances of a hosted model are spread over zones: the new subnet has room for all of them all the same.
    let wide = (needed + RESERVED).checked_next_power_of_two()?.trailing_zeros();
    let length = u8::try_from(32_u32.checked_sub(wide)?).ok()?.min(SMALLEST);
    let known = case.state.subnets.by(&SubnetIndex::Vpc(model.vpc));
    let fits = |subnet: &&Arc<Subnet>| subnet.addresses.free() >= needed && same_table(case, model, subnet);
    let names: Vec<_> = case.named_subnets().map(|(name, _)| name).collect();
    let becomes =
        |id: &str| if hosting { format!("[{}, {id}]", names.join(", ")) } else { format!("[{id}]") };
    if let Some(subnet) = known.into_iter().find(fits).filter(|_| !hosting) {
        let words = format!(
            "{} has room for {needed} addresses: {member} becomes {}.",
            subnet.id,
            becomes(&subnet.id.to_string())
        );
        return Some((words, Vec::new()));
    }
    let made = like(case.state, model, length, model.zone)?;
    let words = format!(
        "Make a subnet with room for {needed} addresses (a /{length}); {member} becomes {}.",
        becomes("$SUBNET")
    );
    Some((words, made.lines))
}
