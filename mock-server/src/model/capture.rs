//! What flow logs have recorded and not delivered yet.
//!
//! A flow is what is equal in all that identifies it; within a capture window the records of a flow are one. A record
//! of more time than a window is split, in proportion to time. What a record tells of tags and next hops is looked up
//! when it is recorded: whatever it is of may be gone when it is delivered.
//!
//! Source: VPC user guide, "Flow log records", aggregation interval. Assumed: windows begin at multiples of their
//! length.

use super::flow_log::{FlowLogIndex, TagField};
use super::traffic::FlowRecord;
use super::*;
use crate::kernel::{AccountId, Rehome, Row, Scope, SimTime};
use imbl::OrdMap;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// What makes records those of one flow. All else of them follows from this, or is added up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct FlowKey {
    interface: NetworkInterfaceId,
    ingress: bool,
    addresses: [Ipv4Addr; 4],
    ports: [u16; 2],
    protocol: u8,
    accepted: bool,
    instance: Option<InstanceId>,
    path: Option<u8>,
    next_hop: Option<NetworkInterfaceId>,
}

impl FlowKey {
    pub fn of(record: &FlowRecord) -> Self {
        let FlowRecord { source, destination, packet_source, packet_destination, .. } = *record;
        Self {
            interface: record.interface,
            ingress: record.ingress,
            addresses: [source, destination, packet_source, packet_destination],
            ports: [record.source_port, record.destination_port],
            protocol: record.protocol,
            accepted: record.accepted,
            instance: record.instance,
            path: record.path,
            next_hop: record.next_hop,
        }
    }
}

/// The interface that packets get to next, or come from.
#[derive(Clone, Copy, PartialEq, Debug, Rehome)]
pub struct NextHop {
    pub interface: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub vpc: VpcId,
    pub zone_id: &'static str,
    pub interface_type: &'static str,
}

/// A flow in a window, with what was known when it was first seen.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Flow {
    pub record: FlowRecord,
    pub next_hop: Option<NextHop>,
    /// The values of the tags that the log shows of the instance, and of the interface.
    pub tags: [Vec<Option<String>>; 2],
}

impl Flow {
    fn of(state: &State, record: FlowRecord, fields: &[TagField]) -> Self {
        let next_hop = record.next_hop.and_then(|id| state.interfaces.get(&id)).map(|it| NextHop {
            interface: it.id,
            subnet: it.subnet,
            vpc: it.vpc,
            zone_id: it.zone.id,
            interface_type: it.interface_type,
        });
        let instance = record.instance.and_then(|id| state.instances.get(&id)).map(|it| &it.tags);
        let interface = state.interfaces.get(&record.interface).map(|it| &it.tags);
        let shown = |kind: &str, tags: Option<&Tags>| {
            let fields = fields.iter().filter(|field| &*field.resource_type == kind);
            let keys = fields.flat_map(|field| &field.keys);
            keys.map(|key| tags.and_then(|tags| tags.get(key)).map(str::to_owned)).collect()
        };
        let tags = [shown("instance", instance), shown("network-interface", interface)];
        Self { record, next_hop, tags }
    }

    /// What of it was before.
    fn until(&self, at: SimTime) -> Option<Self> {
        let mut flow = self.clone();
        let record = &mut flow.record;
        if record.end > at {
            let span = |to: SimTime| (to.millis() - record.start.millis()).unsigned_abs();
            let (part, whole) = (if record.start < at { span(at) } else { 0 }, span(record.end));
            let packets = portion(record.packets, part, whole);
            record.bytes = portion(record.bytes, packets, record.packets);
            (record.packets, record.end) = (packets, at);
            record.tcp_flags &= OPENING;
        }
        (flow.record.packets > 0).then_some(flow)
    }

    fn add(&mut self, more: &FlowRecord) {
        let record = &mut self.record;
        record.packets += more.packets;
        record.bytes += more.bytes;
        record.start = record.start.min(more.start);
        record.end = record.end.max(more.end);
        record.tcp_flags |= more.tcp_flags;
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct CaptureKey {
    pub log: FlowLogId,
    /// When the window begins.
    pub window: SimTime,
}

/// What one flow log has recorded in one window. It outlives the log: what was recorded is delivered.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Capture {
    pub key: CaptureKey,
    /// When it is delivered.
    pub due: SimTime,
    pub settings: Arc<FlowLogSettings>,
    pub flows: OrdMap<FlowKey, Flow>,
}

impl Row for Capture {
    type Key = CaptureKey;
    type Index = FlowLogId;
    fn key(&self) -> CaptureKey {
        self.key
    }
    fn indexes(&self, emit: &mut dyn FnMut(FlowLogId)) {
        emit(self.key.log);
    }
}

impl Capture {
    /// When the window is over.
    pub fn end(&self) -> SimTime {
        end_of(self.key.window, &self.settings)
    }
}

fn end_of(window: SimTime, settings: &FlowLogSettings) -> SimTime {
    SimTime::from_millis(window.millis() + settings.interval * 1_000)
}

/// How long it takes until what was captured is delivered.
/// Source: VPC user guide, "Flow log records": about 5 minutes to CloudWatch Logs, about 10 to S3.
fn takes(profile: Profile, destination: &LogDestination) -> Duration {
    profile.lasts(match destination {
        LogDestination::LogGroup { .. } => [1_000, 5 * 60_000],
        LogDestination::Bucket(_) => [2_000, 10 * 60_000],
    })
}

/// When something is delivered that ended at `end` in a window. Only `realistic` waits for the end of the window.
fn due(txn: &Txn<'_>, settings: &FlowLogSettings, window: SimTime, end: SimTime) -> SimTime {
    let takes = takes(txn.state.profile, &settings.destination);
    match txn.state.profile {
        Profile::Realistic => (end_of(window, settings) + takes).max(txn.now),
        Profile::Fast => end.max(txn.now) + takes,
        Profile::Instant => txn.now,
    }
}

/// Records, for every flow log that watches: here, and by letter in other accounts and regions. The answer is the logs
/// here that recorded something.
pub fn collect(txn: &mut Txn<'_>, records: Vec<FlowRecord>) -> BTreeSet<FlowLogId> {
    let mut away: BTreeMap<(AccountId, Arc<str>), Vec<FlowRecord>> = BTreeMap::new();
    let mut touched = BTreeSet::new();
    for record in records {
        if record.account == txn.origin.account && *record.region == *txn.origin.region() {
            for log in watching(&txn.state, &record) {
                capture(txn, &log, &record);
                touched.insert(log.id);
            }
        } else {
            away.entry((record.account, record.region.clone())).or_default().push(record);
        }
    }
    for ((account, region), records) in away {
        txn.post(account, Scope::Region(region), Letter::Flows(records));
    }
    touched.iter().for_each(|log| txn.state.time_delivery(*log));
    touched
}

/// The flow logs that record this: each that watches the interface, its subnet or its VPC does so by itself.
fn watching(state: &State, record: &FlowRecord) -> Vec<Arc<FlowLog>> {
    let watched =
        [Logged::Interface(record.interface), Logged::Subnet(record.subnet), Logged::Vpc(record.vpc)];
    let logs = watched.into_iter().flat_map(|it| state.flow_logs.by(&FlowLogIndex::Resource(it)));
    let records = |log: &&Arc<FlowLog>| match log.settings.traffic {
        Traffic::Accept => record.accepted,
        Traffic::Reject => !record.accepted,
        Traffic::All => true,
    };
    logs.filter(records).cloned().collect()
}

fn capture(txn: &mut Txn<'_>, log: &FlowLog, record: &FlowRecord) {
    for (window, piece) in pieces(record, log.settings.interval * 1_000, log.created) {
        let key = CaptureKey { log: log.id, window };
        let (due, end, flow) = (due(txn, &log.settings, window, piece.end), piece.end, FlowKey::of(&piece));
        let known = txn.state.captures.get(&key).map(|row| Capture::clone(row));
        let mut row = known.unwrap_or_else(|| Capture {
            key,
            due,
            settings: log.settings.clone(),
            flows: OrdMap::new(),
        });
        // Nothing is told before it has happened, except where everything happens at once.
        if txn.state.profile != Profile::Instant {
            row.due = row.due.max(end);
        }
        match row.flows.get_mut(&flow) {
            Some(known) => known.add(&piece),
            None => drop(row.flows.insert(flow, Flow::of(&txn.state, piece, &log.settings.tag_fields))),
        }
        txn.state.captures.insert(row);
    }
}

/// So much of a whole as `part` is of `of`.
fn portion(whole: u64, part: u64, of: u64) -> u64 {
    let share = u128::from(whole) * u128::from(part) / u128::from(of.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// The flags that a connection opens with, SYN and ACK; the others are those of its end.
const OPENING: u8 = 0b1_0010;

/// A record split into those of single windows of `length` milliseconds, without what was before `from`. No packet is
/// lost or made, and none is cut.
fn pieces(record: &FlowRecord, length: i64, from: SimTime) -> Vec<(SimTime, FlowRecord)> {
    let (start, end) = (record.start.millis(), record.end.max(record.start).millis());
    let window = |at: i64| at - at.rem_euclid(length);
    // What ends where a window ends is in that window.
    let edges = (1..).map(|n| window(start) + n * length).take_while(|edge| *edge < end);
    let mut cuts: Vec<i64> = std::iter::once(start).chain(edges).collect();
    if (start + 1..end).contains(&from.millis()) {
        cuts.push(from.millis());
        cuts.sort_unstable();
        cuts.dedup();
    }
    let (packets, bytes, span) = (record.packets, record.bytes, (end - start).max(1));
    let mut parts = Vec::with_capacity(cuts.len());
    let mut before = (0, 0);
    for (n, begin) in cuts.iter().enumerate() {
        let stop = cuts.get(n + 1).copied();
        let upto = match stop {
            None => (packets, bytes),
            Some(stop) => {
                let packets_before = portion(packets, (stop - start).unsigned_abs(), span.unsigned_abs());
                (packets_before, portion(bytes, packets_before, packets))
            }
        };
        if upto.0 > before.0 {
            let mut part = record.clone();
            (part.packets, part.bytes) = (upto.0 - before.0, upto.1 - before.1);
            part.start = SimTime::from_millis(*begin);
            part.end = SimTime::from_millis(stop.unwrap_or(end));
            part.tcp_flags = 0;
            parts.push((SimTime::from_millis(window(*begin)), part));
        }
        before = upto;
    }
    if let Some((_, first)) = parts.first_mut() {
        first.tcp_flags |= record.tcp_flags & OPENING;
    }
    if let Some((_, last)) = parts.last_mut() {
        last.tcp_flags |= record.tcp_flags & !OPENING;
    }
    parts.retain(|(_, part)| part.start >= from);
    parts
}

impl State {
    /// Forgets what a flow log recorded of a time to come: it ends now.
    pub fn end_captures(&mut self, log: FlowLogId, now: SimTime) {
        let open = self.captures.by(&log).filter(|row| row.end() > now).cloned();
        for row in open.collect::<Vec<_>>() {
            let flows = row.flows.iter().filter_map(|(key, flow)| Some((*key, flow.until(now)?)));
            let flows: OrdMap<_, _> = flows.collect();
            if flows.is_empty() {
                self.captures.remove(&row.key);
            } else {
                self.captures.insert(Capture { flows, ..Capture::clone(&row) });
            }
        }
        self.time_delivery(log);
    }

    /// Takes what a flow log has to deliver by now, the oldest window first.
    pub fn take_captures(&mut self, log: FlowLogId, now: SimTime) -> Vec<Arc<Capture>> {
        let due = self.captures.by(&log).filter(|row| row.due <= now).map(|row| row.key);
        let due: Vec<_> = due.collect();
        let taken = due.iter().filter_map(|key| self.captures.remove(key)).collect();
        self.time_delivery(log);
        taken
    }

    /// Sets the timer of a flow log to what it delivers next; none if there is nothing.
    fn time_delivery(&mut self, log: FlowLogId) {
        let owner = Owner::FlowLog(log);
        let next = self.captures.by(&log).map(|row| row.due).min();
        if self.timers.next_of(&owner) != next {
            self.timers.cancel(&owner);
            next.into_iter().for_each(|at| self.timers.schedule(at, owner.clone(), Alarm::Release));
        }
    }
}

pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    let mut next: BTreeMap<Owner, SimTime> = BTreeMap::new();
    for row in state.captures.iter() {
        let CaptureKey { log, window } = row.key;
        let at = next.entry(Owner::FlowLog(log)).or_insert(row.due);
        *at = row.due.min(*at);
        let fits = |flow: &Flow| {
            let record = &flow.record;
            window <= record.start && record.end <= row.end() && record.packets > 0
        };
        let sound = row.flows.iter().all(|(key, flow)| *key == FlowKey::of(&flow.record) && fits(flow));
        if row.flows.is_empty() || !sound {
            broken.push(format!("{log} has records in the window {window:?} that do not belong there"));
        }
        if window.millis().rem_euclid(row.settings.interval * 1_000) != 0 {
            broken.push(format!("{log} has a window that begins at {window:?}"));
        }
    }
    let timed = state.timers.owners().filter(|owner| matches!(owner, Owner::FlowLog(_)));
    let timed: BTreeMap<_, _> =
        timed.filter_map(|owner| Some((owner.clone(), state.timers.next_of(owner)?))).collect();
    if timed != next {
        broken.push(format!("flow logs deliver at {next:?}, and have timers at {timed:?}"));
    }
    broken
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
