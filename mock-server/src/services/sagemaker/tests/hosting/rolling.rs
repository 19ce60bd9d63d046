//! Updates with a deployment configuration: batch by batch, within a time, and refused.

use super::*;
use crate::model::RuleMode;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn count(value: u32) -> Value {
    json!({ "Type": "INSTANCE_COUNT", "Value": value })
}

fn percent(value: u32) -> Value {
    json!({ "Type": "CAPACITY_PERCENT", "Value": value })
}

fn rolling(batch: &Value, wait: u64, more: Value) -> Value {
    let mut policy = json!({ "MaximumBatchSize": batch, "WaitIntervalInSeconds": wait });
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "RollingUpdatePolicy": policy })
}

fn blue_green(kind: &str, wait: u64, more: Value) -> Value {
    let mut routing = json!({ "Type": kind, "WaitIntervalInSeconds": wait });
    routing.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": routing } })
}

impl House {
    fn deploy(&self, config: &str, policy: &Value) -> Result<Value, Refused> {
        self.lab.write::<UpdateEndpoint>(
            json!({ "EndpointName": "e", "EndpointConfigName": config, "DeploymentConfig": policy }),
        )
    }

    /// How many instances of the old and of the new deployment are in service.
    fn counts(&self) -> (u64, Option<u64>) {
        let described = self.describe("e");
        let of = |variants: &Value| variants[0]["CurrentInstanceCount"].as_u64();
        let pending = &described["PendingDeploymentSummary"]["ProductionVariants"];
        (of(&described["ProductionVariants"]).unwrap(), of(pending))
    }

    /// Lets a deployment go on to its end, sees at every moment that all is sound, and answers how many instances there
    /// were, each time that changed, and the most interfaces that there ever were until it went back.
    fn watch(&self) -> (Vec<(u64, Option<u64>)>, usize) {
        let (mut seen, mut most) = (Vec::new(), 0);
        for _ in 0..20_000 {
            self.assert_sound();
            if seen.last() != Some(&self.counts()) {
                seen.push(self.counts());
            }
            if !self.row("e").goes_back() {
                most = most.max(self.interfaces_of("e").len());
            }
            if self.status("e") != "Updating" {
                return (seen, most);
            }
            self.lab.advance(500);
        }
        panic!("the deployment does not end");
    }

    fn told(&self) -> (String, String, Option<String>) {
        let described = self.describe("e");
        let text = |name: &str| described[name].as_str().map(str::to_owned);
        (text("EndpointStatus").unwrap(), text("EndpointConfigName").unwrap(), text("FailureReason"))
    }
}

/// Two instances more do not fit beside old ones at once, a batch does.
#[test]
fn a_fleet_is_replaced_batch_by_batch() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 6);
    house.config("new", "m", 6).unwrap();
    let old: BTreeSet<_> = house.interfaces_of("e").iter().map(|interface| interface.id).collect();
    house.deploy("new", &rolling(&count(1), 60, json!({}))).unwrap();
    house.lab.advance(READY);
    assert_eq!((house.counts(), house.row("e").shifted.clone()), ((6, Some(1)), Some(vec![1.0 / 6.0])));
    let pending = house.describe("e")["PendingDeploymentSummary"]["ProductionVariants"][0].clone();
    assert_eq!(pending["VariantStatus"][0]["Status"], "Baking");
    house.lab.advance(60_000);
    assert_eq!((house.counts(), house.interfaces_of("e").len()), ((5, Some(1)), 14));
    let (seen, most) = house.watch();
    let expected: Vec<_> =
        (1..6).flat_map(|n| [(6 - n, Some(n)), (6 - n, Some(n + 1))]).chain([(6, None)]).collect();
    assert_eq!((seen, most), (expected, 14));
    assert_eq!(house.told(), ("InService".into(), "new".into(), None));
    let new: Vec<_> = house.interfaces_of("e").iter().map(|interface| interface.id).collect();
    assert!(new.len() == 12 && new.iter().all(|id| !old.contains(id)));
    assert_eq!(house.free(), [5, 5], "as even as a fleet that is made at once");
    let statuses = house.lab.events("EndpointStatus");
    assert_eq!(statuses, ["Creating", "InService", "Updating", "InService"]);
    house.delete("e").unwrap();
    house.lab.advance(GONE + LINGER);
    house.assert_empty();
}

#[test]
fn a_batch_that_does_not_fit_changes_nothing_and_a_smaller_one_does() {
    for profile in [Profile::Fast, Profile::Instant] {
        let house = House::new(profile);
        house.in_service("e", 8);
        let before = house.describe("e");
        house.config("new", "m", 8).unwrap();
        let large = rolling(&percent(50), 0, json!({}));
        house.deploy("new", &large).unwrap();
        assert_eq!(house.interfaces_of("e").len(), 16);
        house.watch();
        let (status, config, reason) = house.told();
        let reason = reason.unwrap();
        assert_eq!((status.as_str(), config.as_str()), ("InService", "e-8"));
        assert!(reason.contains("4 instance(s) need 8 private IP addresses, those of each"), "{reason}");
        assert_eq!(house.explain("e").decided_by, Some("SM-VPC-IP-01"));
        let after = house.describe("e");
        assert_eq!(after["ProductionVariants"], before["ProductionVariants"]);
        assert_eq!(after["LastDeploymentConfig"], large, "the latest, whatever became of it");
        house.deploy("new", &rolling(&percent(25), 0, json!({}))).unwrap();
        assert!(house.watch().1 <= 20);
        assert_eq!(house.told(), ("InService".into(), "new".into(), None));
    }
}

/// An endpoint that grows from four to eight in two batches, and somebody who takes what the second one needs.
fn halfway(back: Value) -> House {
    let house = House::new(Profile::Fast);
    house.in_service("e", 4);
    house.config("new", "m", 8).unwrap();
    house.config("greedy", "m", 2).unwrap();
    house.deploy("new", &rolling(&percent(50), 60, back)).unwrap();
    house.lab.advance(READY);
    assert_eq!(house.counts(), (4, Some(4)));
    house.create("greedy", "greedy").unwrap();
    house
}

#[test]
fn what_came_before_a_batch_that_does_not_fit_goes_again() {
    let one = json!({ "RollbackMaximumBatchSize": count(1) });
    let at_once = vec![(4, Some(4)), (2, Some(4)), (4, None)];
    let by_one = vec![(4, Some(4)), (2, Some(4)), (3, Some(2)), (4, None)];
    for (back, expected) in [(json!({}), at_once), (one, by_one)] {
        let house = halfway(back);
        let (seen, most) = house.watch();
        assert_eq!((seen, most), (expected, 16));
        let (status, config, reason) = house.told();
        assert_eq!((status.as_str(), config.as_str()), ("InService", "e-4"));
        assert!(reason.unwrap().contains("4 instance(s) need 8 private IP addresses"));
        assert_eq!(house.explain("e").decided_by, Some("SM-VPC-IP-01"));
        assert_eq!((house.interfaces_of("e").len(), house.row("e").rolling.clone()), (8, None));
        house.scale("e", 5).unwrap();
        house.lab.advance(READY);
        assert_eq!((house.counts(), house.interfaces_of("e").len()), ((5, None), 10));
    }
}

#[test]
fn a_way_back_that_is_blocked_leaves_what_there_is() {
    let house = halfway(json!({}));
    house.lab.advance(60_000);
    assert_eq!((house.counts(), house.row("e").goes_back()), ((2, Some(4)), false));
    house.create("greedier", "greedy").unwrap();
    house.watch();
    let (status, config, reason) = house.told();
    assert_eq!((status.as_str(), config.as_str()), ("UpdateRollbackFailed", "e-4"));
    assert!(reason.unwrap().contains("2 instance(s) need 4 private IP addresses"));
    assert_eq!((house.counts(), house.interfaces_of("e").len()), ((2, None), 4));
    house.assert_sound();
    house.config("small", "m", 2).unwrap();
    house.update("e", "small").unwrap();
    house.watch();
    assert_eq!(house.told(), ("InService".into(), "small".into(), None));
}

#[test]
fn with_the_rule_off_a_batch_serves_without_interfaces() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 8);
    house.config("new", "m", 8).unwrap();
    house.lab.set_mode("SM-VPC-IP-01", RuleMode::Warn);
    house.deploy("new", &rolling(&percent(50), 0, json!({}))).unwrap();
    house.watch();
    assert_eq!(house.told(), ("InService".into(), "new".into(), None));
}

#[test]
fn a_deployment_that_takes_too_long_is_undone() {
    let canary = json!({ "BlueGreenUpdatePolicy": {
        "MaximumExecutionTimeoutInSeconds": 600,
        "TrafficRoutingConfiguration":
            { "Type": "CANARY", "WaitIntervalInSeconds": 500, "CanarySize": percent(50) } } });
    let batches = rolling(&count(1), 300, json!({ "MaximumExecutionTimeoutInSeconds": 600 }));
    for (policy, back) in [(canary, 0), (batches, READY)] {
        let house = House::new(Profile::Fast);
        house.in_service("e", 4);
        house.config("new", "m", 4).unwrap();
        house.deploy("new", &policy).unwrap();
        house.lab.advance(600_000 - 1);
        assert_eq!((house.status("e").as_str(), house.row("e").shifted.is_some()), ("Updating", true));
        house.lab.advance(1 + back);
        let reason = "The deployment did not complete within 600 seconds and was rolled back.";
        assert_eq!(house.told(), ("InService".into(), "e-4".into(), Some(reason.into())));
        assert_eq!((house.counts(), house.interfaces_of("e").len()), ((4, None), 8));
        assert_eq!(
            (house.row("e").shifted.clone(), house.describe("e")["LastDeploymentConfig"].clone()),
            (None, policy)
        );
        house.assert_sound();
    }
}

/// Source: developer guide, "deployment-guardrails-exclusions".
#[test]
fn endpoints_on_inf1_go_over_at_once() {
    for policy in
        [blue_green("CANARY", 500, json!({ "CanarySize": percent(50) })), rolling(&count(1), 300, json!({}))]
    {
        let house = House::new(Profile::Fast);
        house.in_service("e", 2);
        let mut on_inf1 = variant("AllTraffic", "m", 2);
        on_inf1["InstanceType"] = json!("ml.inf1.xlarge");
        house
            .lab
            .write::<CreateEndpointConfig>(
                json!({ "EndpointConfigName": "inf1", "ProductionVariants": [on_inf1] }),
            )
            .unwrap();
        house.deploy("inf1", &policy).unwrap();
        house.lab.advance(READY);
        assert_eq!(house.told(), ("InService".into(), "inf1".into(), None));
        assert!(house.describe("e").get("LastDeploymentConfig").is_none());
        let told = house.lab.events("EndpointTraffic");
        assert!(told.iter().any(|event| event.contains("on Inf1 instances")), "{told:?}");
        house.assert_sound();
    }
}

#[test]
fn a_deployment_that_ends_in_time_is_not_undone() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 2);
    house.config("new", "m", 2).unwrap();
    let policy = rolling(&count(1), 297, json!({ "MaximumExecutionTimeoutInSeconds": 600 }));
    house.deploy("new", &policy).unwrap();
    house.watch();
    assert_eq!(house.told(), ("InService".into(), "new".into(), None));
}

#[test]
fn what_a_deployment_configuration_must_be() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 4);
    house.config("same", "m", 4).unwrap();
    let variants = json!([variant("AllTraffic", "m", 2), variant("More", "m", 2)]);
    house
        .lab
        .write::<CreateEndpointConfig>(json!({ "EndpointConfigName": "two", "ProductionVariants": variants }))
        .unwrap();
    let both = json!({
        "BlueGreenUpdatePolicy": blue_green("ALL_AT_ONCE", 0, json!({}))["BlueGreenUpdatePolicy"],
        "RollingUpdatePolicy": rolling(&count(1), 0, json!({}))["RollingUpdatePolicy"],
    });
    let mut short = blue_green("ALL_AT_ONCE", 300, json!({}));
    short["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] = json!(300);
    short["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = json!(600);
    let before = house.describe("e");
    let canary = |size: Value| blue_green("CANARY", 0, json!({ "CanarySize": size }));
    let linear = |size: Value| blue_green("LINEAR", 0, json!({ "LinearStepSize": size }));
    let batch = |size: Value| rolling(&size, 0, json!({}));
    for (policy, config, text) in [
        (&both, "same", "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy"),
        (
            &blue_green("CANARY", 0, json!({})),
            "same",
            "CanarySize must be specified for traffic routing of type CANARY.",
        ),
        (&blue_green("LINEAR", 0, json!({})), "same", "LinearStepSize must be specified"),
        (&canary(percent(51)), "same", "The value of CanarySize must be between 0% and 50% of the total"),
        (&canary(count(3)), "same", "The value of CanarySize must be between 0% and 50%"),
        (&linear(percent(9)), "same", "The value of LinearStepSize must be between 10% and 50%"),
        (&linear(count(3)), "same", "The value of LinearStepSize must be between 10% and 50%"),
        (&batch(percent(4)), "same", "The value of MaximumBatchSize must be between 5% and 50%"),
        (&batch(count(3)), "same", "The value of MaximumBatchSize must be between 5% and 50%"),
        (
            &canary(count(1)),
            "two",
            "The new endpoint configuration must have the same variant names as the old one",
        ),
        (
            &batch(count(1)),
            "two",
            "The new endpoint configuration must have the same variant names as the old one",
        ),
        (&short, "same", "MaximumExecutionTimeoutInSeconds (600) must be larger than the total"),
    ] {
        let refused = house.deploy(config, policy).unwrap_err();
        assert_eq!(&*refused.code, "ValidationException", "{policy}");
        assert!(refused.message.starts_with(text), "{policy}: {}", refused.message);
        assert_eq!(house.describe("e"), before);
    }
    for policy in [canary(percent(50)), canary(count(1)), linear(percent(10)), batch(count(2))] {
        house.deploy("same", &policy).unwrap();
        house.watch();
    }
    // Nothing goes over step by step: the new variants may be called what they like.
    house.deploy("two", &blue_green("ALL_AT_ONCE", 0, json!({}))).unwrap();
    house.watch();
    // The same names are not enough for batches.
    let refused = house.deploy("two", &batch(count(1))).unwrap_err();
    assert_eq!(refused.message, "Rolling deployments are not supported for multi-variant endpoints.");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever replaces whatever, and whether it fits or not: there is never more than a batch too many.
    #[test]
    fn interfaces_never_exceed_a_fleet_and_a_batch(
        old in 1u32..9, new in 1u32..9, batch in 1u32..5, wait in 0u64..2, back in prop::option::of(1u32..5),
    ) {
        let house = House::new(Profile::Fast);
        house.in_service("e", old);
        house.config("new", "m", new).unwrap();
        let more = back.map_or(json!({}), |back| json!({ "RollbackMaximumBatchSize": count(back) }));
        if house.deploy("new", &rolling(&count(batch), wait, more)).is_ok() {
            let (_, most) = house.watch();
            prop_assert!(most <= 2 * (old.max(new) + batch) as usize, "{most} interfaces");
            // Where all of the old fleet comes back at once there may be no room for that either.
            if house.told().0 == "InService" {
                let serves = if house.told().1 == "new" { new } else { old };
                prop_assert_eq!(house.interfaces_of("e").len(), 2 * serves as usize);
            }
        }
        house.delete("e").unwrap();
        house.lab.advance(GONE + LINGER);
        house.assert_empty();
    }
}
