//! Deployments that come batch by batch: instances of the new fleet come, get their share of the traffic, are watched, and
//! as much of the old fleet goes, so that there is never more than a batch too many. What fails is undone the same way,
//! in batches of their own size. Source: developer guide, "deployment-guardrails-rolling"; API reference,
//! RollingUpdatePolicy. That nothing is watched on the way back, and that it is the newest instances of a fleet that go, is
//! assumed.

use super::{dismiss, finish, is_stuck, log, shift};
use crate::model::{DeployedVariant, Deployment, Endpoint, Finding, Profile, Rolling, Txn};
use serde_json::Value;

/// What a policy says of batches; `None`: it says nothing of them.
pub fn policy(policy: Option<&Value>) -> Option<&Value> {
    policy?.get("RollingUpdatePolicy")
}

/// How many instances a size means, of so many: at least one. That parts of an instance do not count is assumed.
pub fn instances(size: &Value, of: u32) -> u32 {
    let value = size["Value"].as_u64().unwrap_or(0);
    let count = match size["Type"].as_str() {
        Some("CAPACITY_PERCENT") => u64::from(of).saturating_mul(value) / 100,
        _ => value,
    };
    u32::try_from(count).unwrap_or(u32::MAX).clamp(1, of.max(1))
}

/// Instances of a fleet that are still needed once so many of another one serve.
fn left(of: u32, other: u32, serve: u32) -> u32 {
    let rest = u64::from(of) * u64::from(other.saturating_sub(serve));
    u32::try_from(rest.div_ceil(u64::from(other.max(1)))).unwrap_or(of)
}

/// How many instances there are at most beside the old ones while so many replace them in such batches: what quotas
/// are asked for.
fn beside(old: u32, new: u32, batch: u32) -> u32 {
    let mut most = 0;
    let mut there = 0;
    while there < new {
        let before = left(old, new, there);
        there = there.saturating_add(batch.max(1)).min(new);
        most = most.max(before + there);
    }
    most.saturating_sub(old)
}

/// The same of an update with this policy; `None`: it replaces everything at once.
pub fn peak(said: Option<&Value>, serving: &Deployment, variants: &[DeployedVariant]) -> Option<u32> {
    let size = &policy(said)?["MaximumBatchSize"];
    let new = variants.first().and_then(DeployedVariant::instance_count).unwrap_or(0);
    Some(beside(total(Some(serving)), new, instances(size, new)))
}

/// Instances of a deployment, of which there is one variant where batches come.
fn total(deployment: Option<&Deployment>) -> u32 {
    let variant = deployment.and_then(|deployment| deployment.variants.first());
    variant.and_then(DeployedVariant::instance_count).unwrap_or(0)
}

fn totals(endpoint: &Endpoint) -> (u32, u32) {
    (total(endpoint.serving.as_ref()), total(endpoint.pending.as_ref()))
}

/// The size of the batches that come now.
fn batch(endpoint: &Endpoint) -> u32 {
    let (old, new) = totals(endpoint);
    let Some(policy) = policy(endpoint.policy.as_deref()) else { return u32::MAX };
    match (endpoint.goes_back(), &policy["RollbackMaximumBatchSize"]) {
        (false, _) => instances(&policy["MaximumBatchSize"], new),
        (true, Value::Null) => u32::MAX,
        (true, size) => instances(size, old),
    }
}

/// The first batch of an update that is about to begin; `None`: all comes at once.
pub fn begun(endpoint: &Endpoint) -> Option<Rolling> {
    policy(endpoint.policy.as_deref())?;
    let (old, new) = totals(endpoint);
    let coming = batch(endpoint).min(new);
    (coming > 0).then_some(Rolling { old, new: 0, coming, undone: None })
}

/// Whether some of a deployment that comes in batches serves already.
pub fn goes_on(endpoint: &Endpoint) -> bool {
    endpoint.rolling.as_ref().is_some_and(|rolling| rolling.new > 0)
}

/// A batch is there (`k` is 0) or was watched long enough; see [`shift::enter`].
pub fn enter(txn: &mut Txn<'_>, mut endpoint: Endpoint, k: usize, n: usize) {
    let (all_old, all_new) = totals(&endpoint);
    let goes_back = endpoint.goes_back();
    let Some(rolling) = &mut endpoint.rolling else { return finish(txn, endpoint) };
    if k == 0 {
        let coming = std::mem::take(&mut rolling.coming);
        let share = match goes_back {
            true => {
                rolling.old += coming;
                1.0 - f64::from(rolling.old) / f64::from(all_old.max(1))
            }
            false => {
                rolling.new += coming;
                f64::from(rolling.new) / f64::from(all_new.max(1))
            }
        };
        endpoint.stage = n;
        shift::show(txn, &mut endpoint, vec![share]);
        let policy = policy(endpoint.policy.as_deref());
        let wait = policy.map(|policy| shift::seconds(&policy["WaitIntervalInSeconds"])).unwrap_or_default();
        if !goes_back && !wait.is_zero() && txn.state.profile != Profile::Instant {
            let at = txn.now + wait;
            return shift::go_on(txn, endpoint, at, n + 1);
        }
    }
    let Some(mut rolling) = endpoint.rolling.take() else { return };
    let key = endpoint.key();
    log::close(txn, &key, &mut endpoint.log, true);
    let (serve, of) = if goes_back { (rolling.old, all_old) } else { (rolling.new, all_new) };
    if goes_back {
        rolling.new = rolling.new.min(left(all_new, all_old, rolling.old));
        endpoint.pending = keep(txn, &endpoint, endpoint.pending.clone(), rolling.new);
    } else {
        rolling.old = left(all_old, all_new, rolling.new);
        endpoint.serving = keep(txn, &endpoint, endpoint.serving.clone(), rolling.old);
    }
    if serve >= of {
        endpoint.shifted = None;
        if goes_back {
            endpoint.pending = None;
            endpoint.failure = rolling.undone;
        }
        return finish(txn, endpoint);
    }
    endpoint.rolling = Some(rolling);
    next(txn, endpoint);
}

/// Begins the next batch.
fn next(txn: &mut Txn<'_>, mut endpoint: Endpoint) {
    let (goes_back, most) = (endpoint.goes_back(), batch(&endpoint));
    let of = total(endpoint.coming());
    if let Some(rolling) = &mut endpoint.rolling {
        rolling.coming = most.min(of.saturating_sub(rolling.there()));
    }
    if let Some(coming) = endpoint.coming_mut() {
        coming.changes += 1;
    }
    // Of a deployment the rules' last word counts, and what they warned of; of one that is undone, why it is.
    if !goes_back {
        endpoint.findings.retain(Finding::is_violation);
        endpoint.traces.clear();
    }
    super::enter(txn, endpoint, 0);
}

/// Removes all but the oldest instances of a deployment.
fn keep(
    txn: &mut Txn<'_>,
    endpoint: &Endpoint,
    deployment: Option<Deployment>,
    instances: u32,
) -> Option<Deployment> {
    let before = deployment?;
    let mut after = before.clone();
    for variant in &mut after.variants {
        variant.placed.truncate(instances as usize);
        variant.zones.truncate(instances as usize);
    }
    dismiss(txn, endpoint, &before, Some(&after));
    Some(after)
}

/// A batch has failed, or time is up: what of the new deployment serves gives way to the old one again. Answers the
/// endpoint if there is no way back to go: nothing of the new deployment serves, or the way back is what failed; then
/// it keeps what of the old deployment is left.
pub fn give_up(txn: &mut Txn<'_>, mut endpoint: Endpoint) -> Option<Endpoint> {
    let Some(mut rolling) = endpoint.rolling.take() else { return Some(endpoint) };
    rolling.coming = 0;
    let there = rolling.there();
    let (goes_back, stuck) = (rolling.undone.is_some(), is_stuck(&endpoint));
    if goes_back {
        endpoint.serving = keep(txn, &endpoint, endpoint.serving.clone(), there);
    } else {
        endpoint.pending = keep(txn, &endpoint, endpoint.pending.clone(), there);
    }
    if !goes_back && rolling.new == 0 {
        return Some(endpoint);
    }
    if goes_back || stuck {
        let variants = endpoint.serving.iter_mut().flat_map(|serving| &mut serving.variants);
        let groups = variants.filter_map(|variant| variant.needs.instances.first_mut());
        groups.for_each(|group| group.count = rolling.old);
        endpoint.rolling = Some(rolling);
        return Some(endpoint);
    }
    rolling.undone = endpoint.failure.take();
    endpoint.rolling = Some(rolling);
    next(txn, endpoint);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_size_is_at_least_one_instance_and_never_too_many() {
        let size = |kind: &str, value: u32| json!({ "Type": kind, "Value": value });
        for (size, of, count) in [
            (size("INSTANCE_COUNT", 2), 6, 2),
            (size("INSTANCE_COUNT", 9), 6, 6),
            (size("CAPACITY_PERCENT", 50), 5, 2),
            (size("CAPACITY_PERCENT", 5), 6, 1),
            (size("CAPACITY_PERCENT", 100), 6, 6),
        ] {
            assert_eq!(instances(&size, of), count, "{size} of {of}");
        }
    }

    #[test]
    fn a_batch_is_all_that_there_is_beside_the_old_fleet() {
        assert_eq!([beside(6, 6, 1), beside(6, 6, 3), beside(6, 6, 4), beside(4, 2, 1)], [1, 3, 4, 1]);
        assert_eq!([beside(2, 6, 1), beside(0, 3, 2)], [5, 3], "a fleet that grows has more in the end");
    }

    proptest! {
        /// However large the fleets are: the new one grows to its size, the old one goes, and neither is there in
        /// full beside the other unless a batch is that large.
        #[test]
        fn never_more_than_a_batch_too_many(old in 0u32..60, new in 1u32..60, batch in 1u32..60) {
            prop_assert!(old + beside(old, new, batch) <= old.max(new) + batch);
            prop_assert_eq!((left(old, new, 0), left(old, new, new)), (old, 0));
            for serve in 0..new {
                prop_assert!(left(old, new, serve + 1) <= left(old, new, serve));
                prop_assert!(old == 0 || left(old, new, serve) > 0, "somebody has to serve the rest");
            }
        }
    }
}
