//! Delivery of records, to CloudWatch Logs and to buckets.

use super::file;
use super::format::{Entry, Format, Place};
use crate::iam::delivery::{self, Denied, IntoGroup};
use crate::kernel::Scope;
use crate::model::flow_log::{DeliveryFailure, bucket_of};
use crate::model::log::{self, StreamKey};
use crate::model::sight::{Sight, sight};
use crate::model::{
    Capture, Content, FlowLogId, FlowLogSettings, IamMode, Letter, LogDestination, NetworkInterface,
    NetworkInterfaceId, ObjectKey, PutObject, State, Traffic, Txn,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Delivers what was captured, and keeps what became of that.
pub(super) fn deliver(txn: &mut Txn<'_>, id: FlowLogId, captures: &[Arc<Capture>]) {
    let Some(settings) = captures.first().map(|capture| capture.settings.clone()) else { return };
    let before = txn.state.clone();
    let flows = captures.iter().flat_map(|capture| capture.flows.values());
    let silent = captures.iter().flat_map(|capture| silent(txn, &before, id, capture));
    let entries: Vec<Entry<'_>> = flows.map(Entry::of).chain(silent).collect();
    let result = match &settings.destination {
        LogDestination::LogGroup { name, .. } => to_group(txn, id, &settings, name, &entries),
        LogDestination::Bucket(arn) => to_bucket(txn, id, &settings, arn, &entries),
    };
    if let Err(because) = &result {
        txn.note("FlowLogNotDelivered", id.to_string(), Some(because.rule), because.message.clone());
    }
    let failure = result.err().map(|_| DeliveryFailure::Access);
    let seen = captures.iter().flat_map(|capture| capture.flows.values()).map(|flow| flow.record.interface);
    let seen: BTreeSet<NetworkInterfaceId> = seen.collect();
    let Some(log) = txn.state.flow_logs.get(&id) else { return };
    if log.failure != failure || !seen.iter().all(|id| log.recorded.contains(id)) {
        let known = log.recorded.iter().copied().chain(seen);
        let recorded = known.filter(|id| txn.state.interfaces.contains(id)).collect();
        txn.state.flow_logs.update(&id, |log| (log.failure, log.recorded) = (failure, recorded));
    }
}

/// That interfaces saw nothing in a window that is over. It is told along with what others saw, and only of interfaces
/// whose traffic the log told before: so nothing has to wake up for windows in which nothing happens at all. AWS tells
/// more of this; of what, it does not say.
fn silent<'a>(
    txn: &Txn<'_>,
    state: &'a State,
    id: FlowLogId,
    capture: &Capture,
) -> impl Iterator<Item = Entry<'a>> + use<'a> {
    let (start, end) = (capture.key.window, capture.end());
    let log = state.flow_logs.get(&id).filter(|_| end <= txn.now);
    let heard: BTreeSet<_> = capture.flows.values().map(|flow| flow.record.interface).collect();
    let known = log.into_iter().flat_map(|log| &log.recorded).filter(move |id| !heard.contains(id));
    let interfaces = known.filter_map(|id| state.interfaces.get(id));
    interfaces.map(move |it| Entry { place: place(state, it), start, end, flow: None })
}

fn place<'a>(state: &'a State, interface: &'a NetworkInterface) -> Place<'a> {
    Place {
        account: state.site.account,
        region: &state.site.region,
        interface: interface.id,
        subnet: interface.subnet,
        vpc: interface.vpc,
        zone_id: interface.zone.id,
        interface_type: interface.interface_type,
    }
}

// === To CloudWatch Logs ===

/// Each interface has a stream of its own.
/// Source: VPC user guide, "Publish flow logs to CloudWatch Logs"; names of streams as everybody's have them.
fn to_group(
    txn: &mut Txn<'_>,
    id: FlowLogId,
    settings: &FlowLogSettings,
    group: &str,
    entries: &[Entry<'_>],
) -> Result<(), Denied> {
    let kind = match settings.traffic {
        Traffic::Accept => "accept",
        Traffic::Reject => "reject",
        Traffic::All => "all",
    };
    let mut streams: BTreeMap<NetworkInterfaceId, Vec<&Entry<'_>>> = BTreeMap::new();
    for entry in entries {
        streams.entry(entry.place.interface).or_default().push(entry);
    }
    let stream = |interface: &NetworkInterfaceId| format!("{interface}-{kind}");
    let site = &txn.state.site;
    let into = IntoGroup {
        site,
        global: &txn.global,
        role: settings.role.as_deref().unwrap_or_default(),
        source: &site.arn("ec2", format_args!("vpc-flow-log/{id}")),
        group,
        is_new: !txn.state.log_groups.contains(&Arc::from(group)),
    };
    into.check(streams.keys().map(|interface| {
        let key = StreamKey { group: group.into(), name: stream(interface).into() };
        let is_new = !txn.state.log_streams.contains(&key);
        (key.name, is_new)
    }))?;
    let format = Format::new(settings);
    for (interface, mut entries) in streams {
        entries.sort_by_key(|entry| (entry.start, entry.end));
        // The time of an event is the start of its record.
        let lines = entries.iter().map(|entry| (entry.start, format.line(entry).into())).collect();
        log::deliver(txn, group, &stream(&interface), lines);
    }
    Ok(())
}

// === To buckets ===

fn to_bucket(
    txn: &mut Txn<'_>,
    id: FlowLogId,
    settings: &FlowLogSettings,
    arn: &str,
    entries: &[Entry<'_>],
) -> Result<(), Denied> {
    let Some((name, folder)) = bucket_of(arn) else { return Ok(()) };
    let site = txn.state.site.clone();
    let found = match sight(&site, &txn.global, name, txn.elsewhere()) {
        Sight::Known(found) => found,
        // Whoever keeps that bucket gets nothing: nothing here writes to it.
        Sight::External(..) => return Ok(()),
        Sight::Missing | Sight::Repository(_) => {
            let message = format!("{name} does not exist");
            return Err(Denied { rule: "EC2-FL-DELIVER-BUCKET", message });
        }
    };
    let is_enforced = found.home.0.authorization.mode == IamMode::Enforce;
    for file in file::files(&Format::new(settings), entries) {
        // The upper bits are as good as any.
        let hash = (txn.mint("flow-log-file") >> 96) as u32;
        let key = file::key(&folder, settings.options.unwrap_or_default(), &site, id, file.since, hash);
        if is_enforced {
            delivery::check_bucket(&site, &found.bucket, &key)?;
        }
        let at = ObjectKey { bucket: name.into(), key: key.into() };
        let put = PutObject { at, content: Content::Bytes(file::packed(&file.text)) };
        txn.post(found.bucket.account, Scope::Global, Letter::PutObject(Box::new(put)));
    }
    Ok(())
}
