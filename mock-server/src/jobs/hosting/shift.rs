//! How traffic goes over from the deployment that serves to the one that replaces it, and how long all of that may take.
//! Source: developer guide, "deployment-guardrails-blue-green"; API reference, TrafficRoutingConfig and
//! BlueGreenUpdatePolicy. Alarms there are none, so nothing is rolled back because of one.

use super::{answer, failure, finish, give_up, rolling};
use crate::kernel::SimTime;
use crate::model::{Alarm, DeployedVariant, Deployment, Endpoint, EndpointCourse, Owner, Profile, Txn};
use serde_json::Value;
use std::time::Duration;

/// A stretch of a deployment during which each of its variants has this share of the variant's traffic.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub shares: Vec<f64>,
    pub lasts: Duration,
}

/// How many seconds a member of a policy says.
pub(super) fn seconds(value: &Value) -> Duration {
    Duration::from_secs(value.as_u64().unwrap_or(0))
}

/// The share of a variant's traffic that so much of its instances gets. Source: API reference, TrafficRoutingConfig: it
/// is the instances of the variant that count. `instances`: of a serverless variant there are none.
fn share(size: &Value, instances: Option<u32>) -> f64 {
    let value = size["Value"].as_f64().unwrap_or(0.0);
    let share = match size["Type"].as_str() {
        Some("CAPACITY_PERCENT") => value / 100.0,
        _ => value / f64::from(instances.unwrap_or(1).max(1)),
    };
    if share > 0.0 { share.min(1.0) } else { 1.0 }
}

/// The steps of a policy, for variants with so many instances; those that take no time are none. A variant that has all
/// of its traffic before the last step waits for the others; that is assumed.
pub fn steps(policy: &Value, variants: &[Option<u32>]) -> Vec<Step> {
    let shares = |size: &Value| variants.iter().map(|instances| share(size, *instances)).collect::<Vec<_>>();
    let even = |shares: Vec<f64>, lasts: Duration| {
        // No step is smaller than a percent.
        let least = shares.iter().copied().fold(1.0, f64::min).max(0.01);
        let count = (1.0 / least - 1e-9).ceil() as u32;
        let nth = |n: u32| shares.iter().map(|share| (f64::from(n) * share).min(1.0)).collect();
        (1..=count).map(|n| Step { shares: nth(n), lasts }).collect::<Vec<_>>()
    };
    let blue_green = &policy["BlueGreenUpdatePolicy"];
    let routing = &blue_green["TrafficRoutingConfiguration"];
    let wait = seconds(&routing["WaitIntervalInSeconds"]);
    let whole = |lasts: Duration| Step { shares: vec![1.0; variants.len()], lasts };
    let mut steps = match routing["Type"].as_str() {
        Some("CANARY") => {
            vec![Step { shares: shares(&routing["CanarySize"]), lasts: wait }, whole(wait)]
        }
        Some("LINEAR") => even(shares(&routing["LinearStepSize"]), wait),
        Some(_) => vec![whole(wait)],
        None => Vec::new(),
    };
    steps.push(whole(seconds(&blue_green["TerminationWaitInSeconds"])));
    steps.retain(|step| !step.lasts.is_zero());
    steps
}

/// What replaces what serves, if something does.
fn replacing(endpoint: &Endpoint) -> Option<&Deployment> {
    let updates = endpoint.course == EndpointCourse::Update && endpoint.serving.is_some();
    endpoint.pending.as_ref().filter(|_| updates)
}

fn of(endpoint: &Endpoint) -> Vec<Step> {
    let (Some(pending), Some(policy)) = (replacing(endpoint), &endpoint.policy) else { return Vec::new() };
    let variants: Vec<_> = pending.variants.iter().map(DeployedVariant::instance_count).collect();
    steps(policy, &variants)
}

/// How long a deployment may take as a whole; one that is undone takes as long as it takes. Source: API reference,
/// BlueGreenUpdatePolicy and RollingUpdatePolicy.
fn limit(endpoint: &Endpoint) -> Option<Duration> {
    let policy = endpoint.policy.as_ref().filter(|_| !endpoint.goes_back())?;
    let policies = ["BlueGreenUpdatePolicy", "RollingUpdatePolicy"].iter();
    let mut said = policies.map(|name| &policy[*name]["MaximumExecutionTimeoutInSeconds"]);
    said.find_map(Value::as_u64).map(Duration::from_secs)
}

/// The endpoint goes on with a stage at this time, or is out of time before.
pub fn go_on(txn: &mut Txn<'_>, endpoint: Endpoint, at: SimTime, stage: usize) {
    let end = replacing(&endpoint).and_then(|pending| Some(pending.started + limit(&endpoint)?));
    let owner = Owner::Endpoint(endpoint.name.clone());
    match end.filter(|end| *end < at) {
        Some(end) => txn.state.timers.schedule(end.max(txn.now), owner, Alarm::Overtime),
        None => txn.state.timers.schedule(at, owner, Alarm::Stage(stage)),
    }
    txn.state.endpoints.insert(endpoint);
}

/// A deployment has taken longer than it may: it is undone. That exceeding the limit is a time-out is documented (API
/// reference, RollingUpdatePolicy); that it ends as any failure does is assumed.
pub fn time_out(txn: &mut Txn<'_>, mut endpoint: Endpoint) {
    let limit = limit(&endpoint).unwrap_or_default();
    let failure = failure::deployment_timeout(&txn.state.texts, limit);
    endpoint.failure.get_or_insert(failure);
    endpoint.short_for = None;
    give_up(txn, endpoint);
}

/// Tells which share of the traffic of each of its variants the new deployment has from now on.
pub fn show(txn: &mut Txn<'_>, endpoint: &mut Endpoint, shares: Vec<f64>) {
    let variants = endpoint.pending.iter().flat_map(|pending| &pending.variants);
    let weights: Vec<_> = variants.filter(|variant| !variant.shadow).map(|variant| variant.weight).collect();
    let parts = answer::parts(&weights).zip(&shares).map(|(part, share)| part * share);
    let message = format!("{:.0} % of the traffic go to the new deployment", parts.sum::<f64>() * 100.0);
    endpoint.shifted = Some(shares);
    endpoint.modified = txn.now;
    txn.note("EndpointTraffic", endpoint.key().to_string(), None, message);
}

/// The new deployment, or a batch of it, is there: step `k` of the traffic's way to it begins, or all of it is there.
/// `n` is the place of this among all stages.
pub fn enter(txn: &mut Txn<'_>, mut endpoint: Endpoint, k: usize, n: usize) {
    if endpoint.rolling.is_some() {
        return rolling::enter(txn, endpoint, k, n);
    }
    let step = of(&endpoint).get(k).cloned().filter(|_| txn.state.profile != Profile::Instant);
    let Some(Step { shares, lasts }) = step else {
        endpoint.shifted = None;
        return finish(txn, endpoint);
    };
    endpoint.stage = n;
    show(txn, &mut endpoint, shares);
    let at = txn.now + lasts;
    go_on(txn, endpoint, at, n + 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(policy: &Value, instances: u32) -> Vec<(u32, u64)> {
        let steps = steps(policy, &[Some(instances)]);
        steps.iter().map(|step| (percent(step.shares[0]), step.lasts.as_secs())).collect()
    }

    fn percent(share: f64) -> u32 {
        (share * 100.0).round() as u32
    }

    #[test]
    fn traffic_goes_over_in_steps() {
        let blue_green = |kind: &str, size: Value, wait: u64| {
            json!({ "BlueGreenUpdatePolicy": { "TerminationWaitInSeconds": wait, "TrafficRoutingConfiguration": {
                "Type": kind, "WaitIntervalInSeconds": 60, "CanarySize": size, "LinearStepSize": size } } })
        };
        let percent = |value: u32| json!({ "Type": "CAPACITY_PERCENT", "Value": value });
        let one = json!({ "Type": "INSTANCE_COUNT", "Value": 1 });
        assert_eq!(told(&blue_green("ALL_AT_ONCE", Value::Null, 0), 4), [(100, 60)]);
        assert_eq!(told(&blue_green("CANARY", one.clone(), 30), 4), [(25, 60), (100, 60), (100, 30)]);
        assert_eq!(told(&blue_green("LINEAR", percent(40), 0), 4), [(40, 60), (80, 60), (100, 60)]);
        assert_eq!(told(&blue_green("LINEAR", one.clone(), 0), 3), [(33, 60), (67, 60), (100, 60)]);
        assert_eq!(told(&Value::Null, 2), []);
    }

    #[test]
    fn so_many_instances_are_another_share_of_each_variant() {
        let linear = |size: Value| {
            let routing = json!({ "Type": "LINEAR", "WaitIntervalInSeconds": 60, "LinearStepSize": size });
            steps(
                &json!({ "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": routing } }),
                &[Some(2), Some(4), None],
            )
        };
        let told = |size: Value| {
            let shares = |step: &Step| step.shares.iter().map(|share| percent(*share)).collect::<Vec<_>>();
            linear(size).iter().map(shares).collect::<Vec<_>>()
        };
        let one = json!({ "Type": "INSTANCE_COUNT", "Value": 1 });
        assert_eq!(told(one), [[50, 25, 100], [100, 50, 100], [100, 75, 100], [100, 100, 100]]);
        let half = json!({ "Type": "CAPACITY_PERCENT", "Value": 50 });
        assert_eq!(told(half), [[50, 50, 50], [100, 100, 100]]);
    }
}
