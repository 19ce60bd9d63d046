//! Instances and their states described.

use super::describe::{DescribeIn, Nothing, Resource, Text, Window};
use super::error::Ec2Error;
use super::filter::{Filter, Filters, Probe};
use super::instance::{
    Reservation, Shown, StateView, find_instances, state_reason, state_view, tenancy_name, transition_reason,
};
use super::instance_filters::{ABSENT, FILTERS};
use super::network_interface::{PrivateName, date};
use crate::model::image::Platform;
use crate::model::{Id, Instance, InstanceId, InstanceState, Owner, ReservationId, State};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// The input member with explicit ids, as error texts name it.
const IDS: &str = "instancesSet";

/// What instances are listed by: those of a reservation stand together, in the order of their launch.
type Place = (ReservationId, u32);

fn place(row: &Instance) -> Place {
    (row.reservation, row.launch_index)
}

fn place_text(row: &Instance) -> String {
    format!("{} {}", row.reservation, row.launch_index)
}

fn parse_place(text: &str) -> Option<Place> {
    let (reservation, index) = text.split_once(' ')?;
    Some((ReservationId::parse(reservation)?, index.parse().ok()?))
}

/// The instances that are asked for, in order.
fn selected(
    state: &State,
    ids: &[String],
    after: Option<Place>,
) -> Result<impl Iterator<Item = Arc<Instance>> + use<>, Ec2Error> {
    let mut rows = match ids {
        [] => state.instances.iter().cloned().collect(),
        ids => find_instances(state, ids)?,
    };
    rows.sort_by_key(|row| place(row));
    Ok(rows.into_iter().filter(move |row| after.is_none_or(|after| place(row) > after)))
}

// === Instances ===

pub struct DescribeInstances;

impl Operation for DescribeInstances {
    const NAME: &'static str = "DescribeInstances";
    type In = DescribeIn;
    type Out = Page<Reservation>;
    type Error = Ec2Error;

    fn subjects(input: &DescribeIn) -> Vec<Owner> {
        input.ids.iter().filter_map(|id| InstanceId::parse(id)).map(Owner::Instance).collect()
    }
}

impl Read for DescribeInstances {
    fn run(view: &View<'_>, input: DescribeIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        if !input.ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds(IDS));
        }
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, parse_place)?;
        let filters = Filters::new(input.filters, FILTERS)?;
        let mut scratch = String::new();
        let rows =
            selected(state, &input.ids, window.after)?.map(|row| Shown::new(state, row)).filter(|shown| {
                let tags = &shown.row.tags;
                filters.pass(&mut scratch, tags, |name, probe| values(shown, state, name, probe))
            });
        let (shown, next_token) = page::cut(rows, window.limit, |shown| place_text(&shown.row));
        let mut reservations: Vec<Reservation> = Vec::new();
        for one in shown {
            match reservations.last_mut().filter(|last| is_of(last, &one)) {
                Some(last) => last.instances.push(one),
                None => reservations.push(Reservation { site: state.site.clone(), instances: vec![one] }),
            }
        }
        Ok(Page { rows: reservations, next_token })
    }
}

fn is_of(reservation: &Reservation, one: &Shown) -> bool {
    reservation.instances.first().is_some_and(|first| first.row.reservation == one.row.reservation)
}

/// Shows the probe every value that an instance has under the filter `name`.
pub fn values(shown: &Shown, state: &State, name: &str, probe: &mut Probe<'_>) {
    let row = &*shown.row;
    let release = &row.image.release;
    let primary = shown.primary();
    let site = &state.site;
    match name {
        "architecture" => probe.is(release.architecture),
        "availability-zone" => probe.is(row.zone.name),
        "availability-zone-id" => probe.is(row.zone.id),
        "client-token" => row.token.iter().for_each(|token| probe.is(token)),
        "dns-name" => shown.public_name(site).into_iter().for_each(|name| probe.show(name)),
        "ebs-optimized"
        | "enclave-options.enabled"
        | "hibernation-options.configured"
        | "operator.managed" => {
            probe.flag(false);
        }
        "ena-support" => probe.flag(true),
        "hypervisor" => probe.is("xen"),
        "image-id" => probe.is(&row.image.id),
        "instance-id" => probe.show(row.id),
        "instance-state-code" => probe.show(state_view(row.state).code),
        "instance-state-name" => probe.is(state_view(row.state).name),
        "instance-type" => probe.is(row.instance_type.name),
        "instance.group-id" => primary.into_iter().flat_map(|it| &it.groups).for_each(|it| probe.show(it.id)),
        "instance.group-name" => {
            primary.into_iter().flat_map(|it| &it.groups).for_each(|group| probe.is(&group.name));
        }
        "ip-address" => shown.public_address().into_iter().for_each(|it| probe.show(it.public)),
        "ipv6-address" => primary.into_iter().flat_map(|it| &it.ipv6).for_each(|it| probe.show(it)),
        "launch-index" => probe.show(row.launch_index),
        "launch-time" => probe.is(&date(row.launched.millis())),
        "monitoring-state" => probe.is("disabled"),
        "owner-id" => probe.show(site.account),
        "platform" => {
            if release.platform == Platform::Windows {
                probe.is("windows");
            }
        }
        "platform-details" => probe.is(release.platform.billing().0),
        "private-dns-name" => {
            let domain = site.domain_name();
            shown.private_address().into_iter().for_each(|it| probe.show(PrivateName(it, &domain)));
        }
        "private-ip-address" => shown.private_address().into_iter().for_each(|it| probe.show(it)),
        "reason" => probe.is(&transition_reason(row)),
        "reservation-id" => probe.show(row.reservation),
        "root-device-name" => probe.is(release.root_device),
        "root-device-type" => probe.is("ebs"),
        "source-dest-check" => primary.into_iter().for_each(|it| probe.flag(it.source_dest_check)),
        "state-reason-code" => state_reason(row.state).into_iter().for_each(|it| probe.is(it.code)),
        "state-reason-message" => state_reason(row.state).into_iter().for_each(|it| probe.is(it.message)),
        "subnet-id" => primary.into_iter().for_each(|it| probe.show(it.subnet)),
        "tenancy" => probe.is(tenancy_name(row.tenancy)),
        "usage-operation" => probe.is(release.platform.billing().1),
        "virtualization-type" => probe.is(release.virtualization),
        "vpc-id" => primary.into_iter().for_each(|it| probe.show(it.vpc)),
        name => match name.strip_prefix("network-interface.") {
            Some(name) => interface_values(shown, state, name, probe),
            None if ABSENT.contains(&name) => {}
            None => probe.unknown(),
        },
    }
}

/// The filters on interfaces: those of the interfaces themselves, and some more.
fn interface_values(shown: &Shown, state: &State, name: &str, probe: &mut Probe<'_>) {
    for row in &shown.interfaces {
        match name {
            "addresses.private-dns-name" if row.dns_names => {
                let domain = state.site.domain_name();
                row.addresses.iter().for_each(|address| probe.show(PrivateName(*address, &domain)));
            }
            "public-dns-name" => {
                shown.public_name(&state.site).into_iter().for_each(|name| probe.show(name));
            }
            "group-name" => row.groups.iter().for_each(|group| probe.is(&group.name)),
            "ipv4-prefixes.ipv4-prefix" => row.prefixes.iter().for_each(|prefix| probe.show(prefix)),
            "ipv6-address" => row.ipv6.iter().for_each(|address| probe.show(address)),
            "ipv6-addresses.is-primary-ipv6" => {
                (0..row.ipv6.len()).for_each(|n| probe.flag(n == 0 && row.primary_ipv6));
            }
            "ipv6-prefixes.ipv6-prefix" => row.ipv6_prefixes.iter().for_each(|prefix| probe.show(prefix)),
            "ipv6-native" | "deny-all-igw-traffic" => probe.flag(false),
            "tag-key" => row.tags.iter().for_each(|(key, _)| probe.is(key)),
            "tag-value" => row.tags.iter().for_each(|(_, value)| probe.is(value)),
            "addresses.private-dns-name"
            | "addresses.association.allocation-id"
            | "addresses.association.association-id"
            | "addresses.association.carrier-ip"
            | "addresses.association.customer-owned-ip"
            | "association.carrier-ip"
            | "association.customer-owned-ip"
            | "outpost-arn" => {}
            "addresses.association.ip-owner-id" => row.values(state, "association.ip-owner-id", probe),
            "addresses.association.public-dns-name" => {
                row.values(state, "association.public-dns-name", probe)
            }
            name => row.values(state, name, probe),
        }
    }
}

// === Status ===

pub struct DescribeInstanceStatus;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeStatusIn {
    instance_ids: Vec<String>,
    include_all_instances: bool,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The status of one instance.
pub struct Status(Arc<Instance>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusView {
    availability_zone: &'static str,
    availability_zone_id: &'static str,
    events: Nothing,
    instance_id: Text<InstanceId>,
    instance_state: StateView,
    instance_status: Summary,
    system_status: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    status: &'static str,
    details: Option<[Detail; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    name: &'static str,
    status: &'static str,
}

/// What the checks of an instance say: all is well while it runs, and nothing is known before and after.
/// Source: EC2 user guide, "Status checks".
fn checks(state: InstanceState) -> (&'static str, Option<&'static str>) {
    match state {
        InstanceState::Running => ("ok", Some("passed")),
        InstanceState::Pending => ("initializing", Some("initializing")),
        _ => ("not-applicable", None),
    }
}

impl Printed for Status {
    const LIST: &'static str = "InstanceStatuses";
    fn memo(&self) -> Option<&crate::kernel::Memo> {
        Some(&self.0.memo)
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let summary = || {
            let (status, reachability) = checks(self.0.state);
            let details = reachability.map(|status| [Detail { name: "reachability", status }]);
            Summary { status, details }
        };
        StatusView {
            availability_zone: self.0.zone.name,
            availability_zone_id: self.0.zone.id,
            events: &[],
            instance_id: Text(self.0.id),
            instance_state: state_view(self.0.state),
            instance_status: summary(),
            system_status: summary(),
        }
        .serialize(serializer)
    }
}

impl Operation for DescribeInstanceStatus {
    const NAME: &'static str = "DescribeInstanceStatus";
    type In = DescribeStatusIn;
    type Out = Page<Status>;
    type Error = Ec2Error;

    fn subjects(input: &DescribeStatusIn) -> Vec<Owner> {
        input.instance_ids.iter().filter_map(|id| InstanceId::parse(id)).map(Owner::Instance).collect()
    }
}

impl Read for DescribeInstanceStatus {
    fn run(view: &View<'_>, input: DescribeStatusIn) -> Result<Self::Out, Ec2Error> {
        if !input.instance_ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds(IDS));
        }
        let window = Window::new(input.max_results, input.next_token.as_deref(), 1_000, parse_place)?;
        let filters = Filters::new(input.filters, STATUS_FILTERS)?;
        let mut scratch = String::new();
        let rows = selected(view.state, &input.instance_ids, window.after)?
            .filter(|row| input.include_all_instances || row.state == InstanceState::Running)
            .filter(|row| {
                filters.pass(&mut scratch, &row.tags, |name, probe| status_values(row, name, probe))
            });
        let (rows, next_token) = page::cut(rows, window.limit, |row| place_text(row));
        Ok(Page { rows: rows.into_iter().map(Status).collect(), next_token })
    }
}

pub const STATUS_FILTERS: &[&str] = &[
    "application-status.status",
    "attached-ebs-status.status",
    "availability-zone",
    "availability-zone-id",
    "event.code",
    "event.description",
    "event.instance-event-id",
    "event.not-after",
    "event.not-before",
    "event.not-before-deadline",
    "instance-state-code",
    "instance-state-name",
    "instance-status.reachability",
    "instance-status.status",
    "operator.managed",
    "operator.principal",
    "system-status.reachability",
    "system-status.status",
];

fn status_values(row: &Instance, name: &str, probe: &mut Probe<'_>) {
    match name {
        "availability-zone" => probe.is(row.zone.name),
        "availability-zone-id" => probe.is(row.zone.id),
        "instance-state-code" => probe.show(state_view(row.state).code),
        "instance-state-name" => probe.is(state_view(row.state).name),
        "instance-status.reachability" | "system-status.reachability" => {
            checks(row.state).1.into_iter().for_each(|status| probe.is(status));
        }
        "instance-status.status" | "system-status.status" => probe.is(checks(row.state).0),
        "operator.managed" => probe.flag(false),
        // There are no events, and nothing is attached that has a status.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::filter::names_without_values;
    use super::super::harness::{Lab, text};
    use super::*;
    use serde_json::{Value as Json, json};

    #[test]
    fn every_documented_filter_is_known_and_selects() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (subnet, other) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.subnet(&vpc, "10.0.1.0/24"));
        let group = lab.group(&vpc, "web");
        let one = lab.instance(&subnet, json!({ "SecurityGroupIds": [group], "ClientToken": "t" }));
        let two = lab.instance(&other, json!({ "InstanceType": "t3.small" }));
        let (one, two) = (text(&one["InstanceId"]), text(&two["InstanceId"]));
        let state = lab.state();
        let shown = Shown::new(&state, state.instances.iter().next().unwrap().clone());
        let unknown = names_without_values(FILTERS, |name, probe| values(&shown, &state, name, probe));
        assert_eq!(unknown, Vec::<&str>::new());
        assert!(FILTERS.is_sorted() && STATUS_FILTERS.is_sorted());
        let ids = |filters: Json| -> Vec<String> {
            let listed = lab.read::<DescribeInstances>(json!({ "Filters": filters }));
            let reservations = listed["Reservations"].as_array().unwrap();
            reservations.iter().map(|it| text(&it["Instances"][0]["InstanceId"])).collect()
        };
        for (name, value) in [
            ("subnet-id", subnet.as_str()),
            ("instance.group-id", &group),
            ("instance.group-name", "web"),
            ("private-ip-address", "10.0.0.4"),
            ("private-dns-name", "ip-10-0-0-4.*"),
            ("instance-type", "t3.medium"),
            ("client-token", "t"),
            ("network-interface.subnet-id", &subnet),
            ("network-interface.addresses.private-ip-address", "10.0.0.*"),
            ("network-interface.attachment.instance-id", &one),
        ] {
            assert_eq!(ids(json!([{ "Name": name, "Values": [value] }])), [&*one], "{name}");
        }
        for (name, value) in [
            ("vpc-id", vpc.as_str()),
            ("instance-state-name", "pending"),
            ("instance-state-code", "0"),
            ("architecture", "x86_64"),
            ("network-interface.attachment.status", "attached"),
            ("tenancy", "default"),
        ] {
            let mut both = ids(json!([{ "Name": name, "Values": [value] }]));
            both.sort();
            let mut expected = [one.clone(), two.clone()];
            expected.sort();
            assert_eq!(both, expected, "{name}");
        }
    }

    #[test]
    fn a_reservation_stands_together_even_over_pages() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        for _ in 0..3 {
            lab.instance(&subnet, json!({ "MinCount": 4, "MaxCount": 4 }));
        }
        let mut input = json!({ "MaxResults": 5 });
        let mut seen = Vec::new();
        loop {
            let page = lab.read::<DescribeInstances>(input.clone());
            for reservation in page["Reservations"].as_array().unwrap() {
                for instance in reservation["Instances"].as_array().unwrap() {
                    seen.push((
                        text(&reservation["ReservationId"]),
                        instance["AmiLaunchIndex"].as_u64().unwrap(),
                    ));
                }
            }
            match page.get("NextToken") {
                Some(token) => input["NextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(seen.len(), 12);
        assert!(seen.is_sorted());
    }
}
