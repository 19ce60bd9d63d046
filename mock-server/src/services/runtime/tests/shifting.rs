//! Calls while traffic goes over to a new deployment.

use super::*;

#[test]
fn a_canary_gets_its_share_and_then_all() {
    let front = Front::with(Profile::Fast);
    // Old and new variants have the same names; which weigh something tells who was asked.
    let variants = |old: f64, new: f64| json!([variant("Old", "m", old), variant("New", "m", new)]);
    front.endpoint("e", variants(1.0, 0.0), json!({}));
    front.lab.advance(3_000);
    endpoints::config(
        &front.lab,
        json!({ "EndpointConfigName": "new", "ProductionVariants": variants(0.0, 1.0) }),
    );
    let size = json!({ "Type": "CAPACITY_PERCENT", "Value": 25 });
    let routing = json!({ "Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": size });
    let policy = json!({ "TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 60 });
    endpoints::update(
        &front.lab,
        json!({ "EndpointName": "e", "EndpointConfigName": "new",
        "DeploymentConfig": { "BlueGreenUpdatePolicy": policy } }),
    );
    let share = || {
        let new = |_: &u32| front.invoke("e", json!({})).unwrap()["InvokedProductionVariant"] == "New";
        (0..200).filter(new).count()
    };
    let status = || {
        let described = endpoints::describe(&front.lab, "e");
        let pending =
            described["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
                .clone();
        (described["EndpointStatus"].as_str().unwrap().to_owned(), pending.as_str().map(str::to_owned))
    };
    let updating = |status: &str| ("Updating".to_owned(), Some(status.to_owned()));
    assert_eq!((share(), status()), (0, updating("Creating")));
    front.lab.advance(3_000);
    assert!((30..70).contains(&share()));
    assert_eq!(status(), updating("ActivatingTraffic"));
    front.lab.advance(60_000);
    assert_eq!((share(), status()), (200, updating("Baking")));
    front.lab.advance(120_000);
    assert_eq!((share(), status()), (200, ("InService".to_owned(), None)));
    assert_eq!(front.lab.state().broken_invariants(), Vec::<String>::new());
}

/// Source: API reference, TrafficRoutingConfig: a size is one of a variant's instances.
#[test]
fn so_many_instances_are_those_of_each_variant() {
    let front = Front::with(Profile::Fast);
    let variants = |old: f64, new: f64, large: f64| {
        let mut all = [variant("Old", "m", old), variant("New", "m", new), variant("Large", "m", large)];
        for (variant, count) in all.iter_mut().zip([2, 2, 8]) {
            variant["InitialInstanceCount"] = json!(count);
        }
        json!(all)
    };
    front.endpoint("e", variants(1.0, 0.0, 0.0), json!({}));
    front.lab.advance(3_000);
    let config = json!({ "EndpointConfigName": "new", "ProductionVariants": variants(0.0, 1.0, 1.0) });
    endpoints::config(&front.lab, config);
    let size = json!({ "Type": "INSTANCE_COUNT", "Value": 1 });
    let routing = json!({ "Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": size });
    endpoints::update(
        &front.lab,
        json!({ "EndpointName": "e", "EndpointConfigName": "new",
        "DeploymentConfig": { "BlueGreenUpdatePolicy": { "TrafficRoutingConfiguration": routing } } }),
    );
    front.lab.advance(3_000);
    let mut asked = BTreeMap::new();
    for _ in 0..400 {
        let answer = front.invoke("e", json!({})).unwrap();
        *asked.entry(answer["InvokedProductionVariant"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    // Half of what one of two instances gets, and an eighth of what one of eight does.
    assert!((70..130).contains(&asked["New"]) && (10..45).contains(&asked["Large"]), "{asked:?}");
    front.lab.advance(60_000);
    assert_ne!(front.invoke("e", json!({})).unwrap()["InvokedProductionVariant"], "Old");
    assert_eq!(front.lab.state().broken_invariants(), Vec::<String>::new());
}
