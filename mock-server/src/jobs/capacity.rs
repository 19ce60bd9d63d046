//! Instances that no zone has: the service goes on trying for a while, and then gives up.

use crate::model::{Held, InstanceGroup, JobKey, Needs, Profile, RuleMode, Txn, Verdict};
use crate::rules::capacity::{EnoughInstances, ID};
use crate::rules::{self, Case, Rule, room};
use std::time::Duration;

/// What a training job tells meanwhile. Source: API reference, SecondaryStatusTransition.
pub const MESSAGE: &str = "Insufficient capacity error from EC2 while launching instances, retrying!";

/// How often the service tries. Assumed.
pub fn interval(profile: Profile) -> Duration {
    Duration::from_millis(match profile {
        Profile::Fast => 500,
        Profile::Realistic => 60_000,
        Profile::Instant => 0,
    })
}

/// For how long it does. Assumed; of endpoints people report an hour.
pub fn patience(profile: Profile) -> Duration {
    Duration::from_secs(match profile {
        Profile::Fast => 5,
        Profile::Realistic => 3_600,
        Profile::Instant => 0,
    })
}

/// For how long somebody has tried whose next try this is. Tries count, not the time that passes between them: waiters
/// have all of them at once.
pub fn tried(so_far: Option<Duration>, profile: Profile) -> Option<Duration> {
    so_far.map(|so_far| so_far + interval(profile))
}

/// Whether there still are none, as the rule has it that says so.
pub fn is_short(txn: &Txn<'_>, key: &JobKey, needs: &Needs) -> bool {
    rules::mode_of(ID, &txn.global.rule_modes, &txn.global) == RuleMode::Enforce
        && matches!(EnoughInstances::check(&Case::new(txn, key, needs)), Verdict::Violated(_))
}

/// Takes the first of the alternatives of which there is enough, or the first where there is enough of none.
pub fn choose(txn: &Txn<'_>, key: &JobKey, needs: &mut Needs) {
    let alternatives = needs.alternatives.clone();
    let with = |group: &InstanceGroup| Needs { instances: vec![group.clone()], ..needs.clone() };
    let enough = alternatives.iter().find(|group| !is_short(txn, key, &with(group)));
    if let Some(group) = enough.or(alternatives.first()) {
        needs.instances = vec![group.clone()];
    }
}

/// The zone of each instance that is about to be launched, in the order of the groups.
pub fn homes(txn: &Txn<'_>, key: &JobKey, needs: &Needs) -> Vec<&'static str> {
    room::homes(&Case::new(txn, key, needs)).unwrap_or_default()
}

/// The same for the instances of a job.
pub fn held(needs: &Needs, homes: &[&'static str]) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    let mut homes = homes.iter();
    for group in &needs.instances {
        for zone in homes.by_ref().take(group.count as usize) {
            match all
                .last_mut()
                .filter(|held| held.zone == *zone && *held.instance_type == *group.instance_type)
            {
                Some(held) => held.count += 1,
                None => {
                    let instance_type = group.instance_type.as_str().into();
                    all.push(Held { zone, instance_type, count: 1 });
                }
            }
        }
    }
    all
}
