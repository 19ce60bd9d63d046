//! Warm pools: the instances of a training job, kept for the next one like it.
//!
//! Source: developer guide, "train-warm-pools". While they are kept their interfaces stay where they are, with their
//! addresses and groups, and belong to nobody but the pool.

use super::{failure, place};
use crate::kernel::SimTime;
use crate::model::attempt::{PoolStatus, WarmPool, criteria};
use crate::model::compute::by_type;
use crate::model::interface::InterfaceIndex;
use crate::model::job::JobIndex;
use crate::model::quota::UNBOUNDED;
use crate::model::{
    Alarm, InstanceUse, Job, JobKey, JobKind, Needs, NetworkInterfaceId, Owner, Phase, State, Txn, Usage,
};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// How long instances may go from one job to the next. Source: as above.
const LONGEST: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// Whether a pool can serve a job of this kind at all: not one of managed spot training, nor one with instance groups.
fn may_use(kind: JobKind, needs: &Needs, request: &Value) -> bool {
    kind == JobKind::Training
        && needs.max_wait.is_none()
        && request.pointer("/ResourceConfig/InstanceType").is_some()
}

/// The job whose pool one that is asked for so would take: of those that fit the one that waits longest.
pub fn fitting(state: &State, kind: JobKind, needs: &Needs, request: &Value) -> Option<Arc<Job>> {
    if !may_use(kind, needs, request) {
        return None;
    }
    let waiting = |since| JobIndex::Pool(criteria(request), since);
    state.jobs.first_within(waiting(None)..=waiting(Some(SimTime::NEVER))).cloned()
}

/// Whether an account may keep the instances of a job that ends: where its quotas of warm pools do not suffice, none is
/// kept. Source: developer guide, "train-warm-pools-resource-limits".
fn has_quota(state: &State, job: &Job) -> bool {
    if state.quotas.compute.is_none() {
        return true;
    }
    by_type(&job.needs.instances).into_iter().all(|(name, count)| {
        let used = state.instances_used(&Usage::Of(InstanceUse::WarmPool, name.into()));
        let most = state.quotas.of(&InstanceUse::WarmPool.of_type(name));
        most == UNBOUNDED || used + count <= most as u64
    })
}

/// Gives a job that begins the instances of a pool, if one fits: the one that waits longest.
pub(super) fn claim(txn: &mut Txn<'_>, job: &mut Job) {
    if !may_use(job.key.kind, &job.needs, &job.request) {
        return;
    }
    if !job.needs.keep_alive.is_zero() {
        job.pool = Some(WarmPool::of(txn.now));
    }
    let found = fitting(&txn.state, job.key.kind, &job.needs, &job.request);
    let Some(mut old) = found.map(|row| Job::clone(&row)) else { return };
    let to = Owner::Job(job.key.clone());
    hand_over(txn, &Owner::WarmPool(old.key.clone()), &to);
    job.interfaces = std::mem::take(&mut old.interfaces);
    job.needs.takes_over = true;
    if let Some(pool) = &mut old.pool {
        job.pool = Some(WarmPool::of(pool.born));
        pool.reused_by = Some(job.key.name.clone());
    }
    let message = format!("its warm pool is reused by {}", job.key);
    close(txn, old, PoolStatus::Reused, message);
}

/// A pool is no longer available.
fn close(txn: &mut Txn<'_>, mut job: Job, status: PoolStatus, message: String) {
    txn.state.timers.cancel(&Owner::WarmPool(job.key.clone()));
    if let Some(pool) = &mut job.pool {
        pool.retained = pool.since.map(|since| txn.now.since(since));
        pool.status = status;
    }
    job.held.clear();
    job.modified = txn.now;
    txn.note("WarmPool", job.key.to_string(), None, format!("{}: {message}", status.name()));
    txn.state.jobs.insert(job);
}

fn hand_over(txn: &mut Txn<'_>, from: &Owner, to: &Owner) {
    let held = txn.state.interfaces.by(&InterfaceIndex::Owner(from.clone()));
    let held: Vec<NetworkInterfaceId> = held.map(|interface| interface.id).collect();
    for id in held {
        txn.state.interfaces.update(&id, |row| row.owner = Some(to.clone()));
    }
}

/// Keeps the instances of a job that ends, if it is to. Whether they are kept.
///
/// A job that is stopped or fails leaves them too if they had been launched, unless the service itself failed it. Source:
/// developer guide, "train-warm-pools-creation".
pub(super) fn keep(txn: &mut Txn<'_>, job: &mut Job) -> bool {
    let allowed = has_quota(&txn.state, job);
    let Some(pool) = &mut job.pool else { return false };
    let launched = job.started.is_some() || job.findings.iter().any(|finding| finding.phase == Phase::Start);
    let healthy = !job.failure.as_ref().is_some_and(failure::is_of_service_itself);
    let young = txn.now.since(pool.born) < LONGEST;
    if job.needs.keep_alive.is_zero() || !launched || !healthy || !young || !allowed {
        pool.status = PoolStatus::Terminated;
        return false;
    }
    pool.status = PoolStatus::Available;
    pool.since = Some(txn.now);
    let owner = Owner::WarmPool(job.key.clone());
    hand_over(txn, &Owner::Job(job.key.clone()), &owner);
    txn.state.timers.schedule(txn.now + job.needs.keep_alive, owner, Alarm::Release);
    let message = format!("Available: {} interfaces stay in the VPC", job.interfaces.len());
    txn.note("WarmPool", job.key.to_string(), None, message);
    true
}

/// Gives up a pool: its time is over.
pub(super) fn release(txn: &mut Txn<'_>, key: &JobKey) {
    let Some(mut job) = txn.state.jobs.get(key).map(|job| Job::clone(job)) else { return };
    let released = place::release(txn, key, &Owner::WarmPool(key.clone()));
    job.interfaces = Vec::new();
    close(txn, job, PoolStatus::Terminated, released.to_string());
}

/// Changes how long a pool that is available is kept, counted from when it became available; it may be over at once.
/// Source for the latter: developer guide, "train-warm-pools-how-to-use". From when it counts is assumed.
pub fn keep_for(txn: &mut Txn<'_>, key: &JobKey) {
    let Some(job) = txn.state.jobs.get(key) else { return };
    let Some(since) = job.pool.as_ref().filter(|pool| pool.is_available()).and_then(|pool| pool.since) else {
        return;
    };
    let (until, owner) = (since + job.needs.keep_alive, Owner::WarmPool(key.clone()));
    txn.state.timers.cancel(&owner);
    if until > txn.now {
        txn.state.timers.schedule(until, owner, Alarm::Release);
    } else {
        release(txn, key);
    }
}
