//! What becomes of a task of a customer-managed prefix list, some time after the call.
//!
//! Source: VPC user guide, "Customer-managed prefix lists"; the states are those of the API's ManagedPrefixList. How
//! long they last is assumed.

use crate::model::group::SecurityGroupIndex;
use crate::model::{
    Alarm, Owner, Peer, PrefixList, PrefixListId, PrefixListProgress, PrefixListTask, SecurityGroup, State,
    Txn,
};
use std::sync::Arc;
use std::time::Duration;

/// In milliseconds, in profile `fast` and in profile `realistic`.
const WORK: [u64; 2] = [500, 5_000];
/// How long a deleted list is still described.
const AFTERLIFE: [u64; 2] = [5_000, 3_600_000];

/// How many of the resources in the way a list names. Source: API reference, ModifyManagedPrefixList.
const MOST_NAMED: usize = 10;

/// Puts a list whose task begins into the state.
pub fn begin(txn: &mut Txn<'_>, mut list: PrefixList) -> Arc<PrefixList> {
    let (id, now) = (list.id, txn.now);
    list.progress = PrefixListProgress::InProgress;
    let row = txn.state.prefix_lists.insert(list);
    match txn.state.profile.lasts(WORK) {
        Duration::ZERO => finish(txn, id).unwrap_or(row),
        span => {
            txn.state.timers.schedule(now + span, Owner::PrefixList(id), Alarm::Stage(0));
            row
        }
    }
}

/// Does what a timer says.
pub fn step(txn: &mut Txn<'_>, id: PrefixListId, what: Alarm) {
    match what {
        Alarm::Stage(_) => drop(finish(txn, id)),
        Alarm::Release => txn.state.remove_prefix_list(id),
        Alarm::Overtime | Alarm::WaitOver | Alarm::Interrupt | Alarm::Checkpoint | Alarm::Wake => {}
    }
}

/// The task ends: the list changes, or says why it cannot.
fn finish(txn: &mut Txn<'_>, id: PrefixListId) -> Option<Arc<PrefixList>> {
    let now = txn.now;
    let state = &mut txn.state;
    let mut list = PrefixList::clone(state.prefix_lists.get(&id)?);
    let change = std::mem::take(&mut list.change);
    list.progress = match obstacle(state, &list, change.max_entries) {
        Some(message) => PrefixListProgress::Failed(message),
        None => {
            list.name = change.name.unwrap_or(list.name);
            list.max_entries = change.max_entries.unwrap_or(list.max_entries);
            if let Some(entries) = change.entries {
                list.version += 1;
                list.versions.insert(list.version, entries);
                while list.versions.len() > state.quotas.versions_per_prefix_list.max(1) {
                    list.versions = list.versions.without_min().1;
                }
            }
            PrefixListProgress::Complete
        }
    };
    let deleted = list.is_deleted();
    let row = state.prefix_lists.insert(list);
    if deleted {
        match state.profile.lasts(AFTERLIFE) {
            Duration::ZERO => state.remove_prefix_list(id),
            span => state.timers.schedule(now + span, Owner::PrefixList(id), Alarm::Release),
        }
    }
    Some(row)
}

/// What keeps a list from being deleted or from growing, in words that are assumed.
fn obstacle(state: &State, list: &PrefixList, max_entries: Option<usize>) -> Option<String> {
    let (why, ids): (_, Vec<_>) = match (list.task, max_entries) {
        (PrefixListTask::Delete, _) => {
            let users = state.prefix_list_users(list.id).map(|user| user.to_string());
            ("The prefix list is still referenced by the following resources", users.collect())
        }
        (_, Some(most)) if most > list.max_entries => {
            let groups = state.groups.by(&SecurityGroupIndex::PrefixList(list.id));
            let full = groups.filter(|group| !fits(state, group, list, most));
            let why = "The following resources do not support the new maximum number of entries";
            (why, full.map(|group| group.id.to_string()).collect())
        }
        _ => return None,
    };
    let named: Vec<_> = ids.into_iter().take(MOST_NAMED).collect();
    (!named.is_empty()).then(|| format!("{why}: {}", named.join(", ")))
}

/// Whether a group has room for the list if it may have `most` entries.
fn fits(state: &State, group: &SecurityGroup, list: &PrefixList, most: usize) -> bool {
    let directions = crate::model::Direction::BOTH.into_iter();
    let mut loads = directions.flat_map(|direction| {
        state.rule_load(group, direction, |peer| match peer {
            Peer::PrefixList(id) if *id == list.id => Some((list.family, most)),
            _ => None,
        })
    });
    loads.all(|load| load <= state.quotas.rules_per_direction)
}
