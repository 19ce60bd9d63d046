//! How traffic goes over from the deployment that serves to the one that replaces it. Source: developer guide,
//! "deployment-guardrails-blue-green" and "deployment-guardrails-rolling"; API reference, TrafficRoutingConfig and
//! RollingUpdatePolicy. Alarms there are none, so nothing is rolled back.

use super::finish;
use crate::model::{Alarm, Deployment, Endpoint, EndpointCourse, Owner, Profile, Txn};
use serde_json::Value;
use std::time::Duration;

/// A stretch of a deployment during which the new one has this share of the traffic.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    pub share: f64,
    pub lasts: Duration,
}

/// The steps of a policy, for so many instances; those that take no time are none.
pub fn steps(policy: &Value, instances: u32) -> Vec<Step> {
    let seconds = |value: &Value| Duration::from_secs(value.as_u64().unwrap_or(0));
    let size = |size: &Value| {
        let value = size["Value"].as_f64().unwrap_or(0.0);
        let share = match size["Type"].as_str() {
            Some("CAPACITY_PERCENT") => value / 100.0,
            _ => value / f64::from(instances.max(1)),
        };
        if share > 0.0 { share.min(1.0) } else { 1.0 }
    };
    let even = |share: f64, lasts: Duration| {
        // No batch is smaller than a percent.
        let count = (1.0 / share.max(0.01) - 1e-9).ceil() as u32;
        (1..=count).map(move |n| Step { share: (f64::from(n) * share).min(1.0), lasts }).collect::<Vec<_>>()
    };
    let (blue_green, rolling) = (&policy["BlueGreenUpdatePolicy"], &policy["RollingUpdatePolicy"]);
    let routing = &blue_green["TrafficRoutingConfiguration"];
    let wait = seconds(&routing["WaitIntervalInSeconds"]);
    let all = Step { share: 1.0, lasts: wait };
    let mut steps = match routing["Type"].as_str() {
        Some("CANARY") => vec![Step { share: size(&routing["CanarySize"]), lasts: wait }, all],
        Some("LINEAR") => even(size(&routing["LinearStepSize"]), wait),
        Some(_) => vec![all],
        None if rolling.is_object() => {
            even(size(&rolling["MaximumBatchSize"]), seconds(&rolling["WaitIntervalInSeconds"]))
        }
        None => Vec::new(),
    };
    steps.push(Step { share: 1.0, lasts: seconds(&blue_green["TerminationWaitInSeconds"]) });
    steps.retain(|step| !step.lasts.is_zero());
    steps
}

fn of(endpoint: &Endpoint) -> Vec<Step> {
    let pending = endpoint
        .pending
        .as_ref()
        .filter(|_| endpoint.course == EndpointCourse::Update && endpoint.serving.is_some());
    let instances = |pending: &Deployment| {
        pending.variants.iter().filter_map(|variant| variant.instance_count()).sum::<u32>()
    };
    let policy = pending.and_then(|pending| Some((pending.policy.as_ref()?, instances(pending))));
    policy.map(|(policy, instances)| steps(policy, instances)).unwrap_or_default()
}

/// The new deployment is there: step `k` of the traffic's way to it begins, or all of it is there. `n` is the place of
/// this among all stages.
pub fn enter(txn: &mut Txn<'_>, mut endpoint: Endpoint, k: usize, n: usize) {
    let step = of(&endpoint).get(k).copied().filter(|_| txn.state.profile != Profile::Instant);
    let Some(Step { share, lasts }) = step else {
        endpoint.shifted = None;
        return finish(txn, endpoint);
    };
    endpoint.shifted = Some(share);
    endpoint.stage = n;
    endpoint.modified = txn.now;
    let message = format!("{:.0} % of the traffic go to the new deployment", share * 100.0);
    txn.note("EndpointTraffic", endpoint.key().to_string(), None, message);
    txn.state.timers.schedule(txn.now + lasts, Owner::Endpoint(endpoint.name.clone()), Alarm::Stage(n + 1));
    txn.state.endpoints.insert(endpoint);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(policy: &Value, instances: u32) -> Vec<(u32, u64)> {
        let steps = steps(policy, instances);
        steps.iter().map(|step| ((step.share * 100.0).round() as u32, step.lasts.as_secs())).collect()
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
        let rolling =
            json!({ "RollingUpdatePolicy": { "MaximumBatchSize": percent(50), "WaitIntervalInSeconds": 9 } });
        assert_eq!(told(&rolling, 2), [(50, 9), (100, 9)]);
        assert_eq!(told(&Value::Null, 2), []);
    }
}
