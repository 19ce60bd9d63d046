//! Weights and capacities of an endpoint that serves.

use super::*;
use crate::services::ec2::DeleteSecurityGroup;
use std::collections::BTreeSet;

fn ids(house: &House) -> BTreeSet<String> {
    house.interfaces_of("e").iter().map(|interface| interface.id.to_string()).collect()
}

/// Weight, count, and the same as desired, of the n-th variant.
fn told(house: &House, n: usize) -> [Value; 4] {
    let variant = &house.describe("e")["ProductionVariants"][n];
    let members = ["CurrentWeight", "CurrentInstanceCount", "DesiredWeight", "DesiredInstanceCount"];
    members.map(|member| variant[member].clone())
}

fn is(weight: f64, count: u32, desired_weight: f64, desired_count: u32) -> [Value; 4] {
    [json!(weight), json!(count), json!(desired_weight), json!(desired_count)]
}

#[test]
fn new_instances_go_on_in_the_next_zone_and_the_newest_go_first() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 1);
    let first = ids(&house);
    assert_eq!(house.free(), [9, 11]);
    house.scale("e", 4).unwrap();
    assert_eq!((house.status("e").as_str(), house.free()), ("Updating", [7, 7]));
    assert_eq!(told(&house, 0), is(1.0, 1, 1.0, 4));
    let described = house.describe("e");
    assert!(described.get("PendingDeploymentSummary").is_none(), "it is the same deployment");
    assert_eq!(described["ProductionVariants"][0]["VariantStatus"][0]["Status"], "Updating");
    assert_eq!(described["EndpointConfigName"], "e-1");
    house.assert_sound();
    house.lab.advance(READY);
    assert_eq!((house.status("e").as_str(), told(&house, 0)), ("InService", is(1.0, 4, 1.0, 4)));
    assert!(house.describe("e")["ProductionVariants"][0].get("VariantStatus").is_none());
    let four = ids(&house);
    assert!(first.is_subset(&four) && four.len() == 8);

    house.scale("e", 2).unwrap();
    assert_eq!((house.free(), told(&house, 0)), ([7, 7], is(1.0, 4, 1.0, 2)));
    house.lab.advance(READY);
    assert_eq!((house.free(), told(&house, 0)), ([9, 9], is(1.0, 2, 1.0, 2)));
    let two = ids(&house);
    assert!(first.is_subset(&two) && two.is_subset(&four));
    house.assert_sound();

    // No interface has the id of one that is gone.
    house.scale("e", 4).unwrap();
    house.lab.advance(READY);
    assert_eq!(ids(&house).intersection(&four).count(), 4);
    house.delete("e").unwrap();
    house.lab.advance(GONE + LINGER);
    house.assert_empty();
}

#[test]
fn a_weight_needs_no_interface_and_no_rule() {
    let house = House::new(Profile::Fast);
    let variants = [variant("a", "m", 2), variant("b", "m", 3)];
    let config = json!({ "EndpointConfigName": "c", "ProductionVariants": variants });
    house.lab.write::<CreateEndpointConfig>(config).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    let before = (ids(&house), house.free());
    house.change("e", json!([{ "VariantName": "b", "DesiredWeight": 0.25 }])).unwrap();
    assert_eq!((told(&house, 0), told(&house, 1)), (is(1.0, 2, 1.0, 2), is(1.0, 3, 0.25, 3)));
    assert!(house.describe("e")["ProductionVariants"][1].get("VariantStatus").is_none());
    assert!(house.explain("e").phases.is_empty());
    house.lab.advance(READY);
    assert_eq!((told(&house, 0), told(&house, 1)), (is(1.0, 2, 1.0, 2), is(0.25, 3, 0.25, 3)));
    assert_eq!((ids(&house), house.free()), before);
    // Weights of both and the capacity of one; then the capacities of both, one up and one down.
    let both = json!([
        { "VariantName": "b", "DesiredWeight": 2.0, "DesiredInstanceCount": 1 },
        { "VariantName": "a", "DesiredWeight": 0.0 },
    ]);
    house.change("e", both).unwrap();
    house.lab.advance(READY);
    assert_eq!((told(&house, 0), told(&house, 1)), (is(0.0, 2, 0.0, 2), is(2.0, 1, 2.0, 1)));
    let both = json!([
        { "VariantName": "a", "DesiredInstanceCount": 1 }, { "VariantName": "b", "DesiredInstanceCount": 4 },
    ]);
    house.change("e", both).unwrap();
    house.lab.advance(READY);
    assert_eq!((told(&house, 0), told(&house, 1)), (is(0.0, 1, 0.0, 1), is(2.0, 4, 2.0, 4)));
    assert_eq!(ids(&house).len(), 10);
    house.assert_sound();
}

#[test]
fn what_does_not_fit_rolls_back() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 4);
    let before = (ids(&house), house.describe("e")["ProductionVariants"].clone());
    let wide = json!([{ "VariantName": "AllTraffic", "DesiredWeight": 5.0, "DesiredInstanceCount": 11 }]);
    house.change("e", wide).unwrap();
    assert_eq!((house.status("e").as_str(), house.free()), ("Updating", [7, 7]));
    assert_eq!(told(&house, 0), is(1.0, 4, 5.0, 11));
    house.lab.advance(500);
    assert_eq!(house.status("e"), "RollingBack");
    assert_eq!(told(&house, 0), is(1.0, 4, 1.0, 4));
    assert!(house.describe("e").get("FailureReason").is_none());
    house.assert_sound();
    house.lab.advance(500);
    let described = house.describe("e");
    assert_eq!(described["EndpointStatus"], "InService");
    assert!(
        described["FailureReason"].as_str().unwrap().contains("7 instance(s) need 14 private IP addresses")
    );
    assert_eq!((ids(&house), described["ProductionVariants"].clone()), before);
    let why = house.explain("e");
    assert_eq!((why.status, why.decided_by), ("InService", Some("SM-VPC-IP-01")));
    assert_eq!(
        house
            .lab
            .events("EndpointStatus")
            .iter()
            .map(|text| text.split(':').next().unwrap())
            .collect::<Vec<_>>(),
        ["Creating", "InService", "Updating", "RollingBack", "InService"]
    );
    // Six more fit; the failure is forgotten.
    house.scale("e", 10).unwrap();
    assert!(house.describe("e").get("FailureReason").is_none());
    house.lab.advance(READY);
    assert_eq!((house.status("e").as_str(), house.free()), ("InService", [1, 1]));
    assert_eq!(house.explain("e").decided_by, None);
}

/// The rules are those of a creation: what broke since then breaks what is new, and what serves goes on.
#[test]
fn new_instances_are_held_to_every_rule() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 2);
    let before = ids(&house);
    house.lab.edit(|state| {
        state.vpcs.update(&house.vpc, |vpc| vpc.dhcp_options = None);
    });
    house.change("e", json!([{ "VariantName": "AllTraffic", "DesiredWeight": 0.5 }])).unwrap();
    house.lab.advance(READY);
    house.scale("e", 1).unwrap();
    house.lab.advance(READY);
    assert_eq!(told(&house, 0), is(0.5, 1, 0.5, 1));
    house.scale("e", 3).unwrap();
    assert_eq!(ids(&house).len(), 6);
    house.lab.advance(READY);
    assert_eq!(told(&house, 0), is(0.5, 1, 0.5, 1));
    assert_eq!(house.explain("e").decided_by, Some("SM-F-DHCP"));
    let after = ids(&house);
    assert!(after.is_subset(&before) && after.len() == 2);
    house.lab.write::<DeleteSecurityGroup>(json!({ "GroupId": house.group.to_string() })).unwrap_err();
    house.assert_sound();
}

#[test]
fn all_variants_grow_or_none() {
    let house = House::new(Profile::Fast);
    let variants = [variant("a", "m", 1), variant("b", "m", 1)];
    let config = json!({ "EndpointConfigName": "c", "ProductionVariants": variants });
    house.lab.write::<CreateEndpointConfig>(config).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    let before = ids(&house);
    let both = json!([
        { "VariantName": "a", "DesiredInstanceCount": 5 }, { "VariantName": "b", "DesiredInstanceCount": 6 },
    ]);
    house.change("e", both).unwrap();
    assert_eq!(ids(&house), before);
    house.lab.advance(READY);
    assert_eq!((told(&house, 0), told(&house, 1)), (is(1.0, 1, 1.0, 1), is(1.0, 1, 1.0, 1)));
    assert_eq!(ids(&house), before);
}

/// The configuration stays what it was; an update takes over what it is told to.
#[test]
fn an_update_keeps_or_forgets_what_was_changed() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 1);
    house.config("c2", "m", 4).unwrap();
    let desired = json!([{ "VariantName": "AllTraffic", "DesiredWeight": 3.0, "DesiredInstanceCount": 2 }]);
    house.change("e", desired).unwrap();
    house.lab.advance(READY);
    let update = |config: &str, more: Value| {
        let mut request = json!({ "EndpointName": "e", "EndpointConfigName": config });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.lab.write::<UpdateEndpoint>(request).unwrap();
        house.lab.advance(READY);
        (told(&house, 0), ids(&house).len())
    };
    assert_eq!(update("c2", json!({ "RetainAllVariantProperties": true })), (is(3.0, 2, 3.0, 2), 4));
    let but = |excluded: &str| {
        let excluded = json!([{ "VariantPropertyType": excluded }]);
        json!({ "RetainAllVariantProperties": true, "ExcludeRetainedVariantProperties": excluded })
    };
    assert_eq!(update("c2", but("DesiredWeight")), (is(1.0, 2, 1.0, 2), 4));
    house.change("e", json!([{ "VariantName": "AllTraffic", "DesiredWeight": 3.0 }])).unwrap();
    house.lab.advance(READY);
    assert_eq!(update("c2", but("DesiredInstanceCount")), (is(3.0, 4, 3.0, 4), 8));
    assert_eq!(update("e-1", json!({})), (is(1.0, 1, 1.0, 1), 2));
    house.assert_sound();
}

#[test]
fn a_serverless_variant_changes_its_concurrency() {
    let house = House::new(Profile::Fast);
    let serverless = json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 5 });
    house.model_outside("outside");
    let variant = json!({ "VariantName": "v", "ModelName": "outside", "ServerlessConfig": serverless });
    let config = json!({ "EndpointConfigName": "c", "ProductionVariants": [variant] });
    house.lab.write::<CreateEndpointConfig>(config).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    let to = |config: Value| json!([{ "VariantName": "v", "ServerlessUpdateConfig": config }]);
    let refused = house.change("e", to(json!({ "ProvisionedConcurrency": 6 }))).unwrap_err();
    assert!(refused.message.contains("ProvisionedConcurrency"), "{refused:?}");
    house.change("e", json!([{ "VariantName": "v", "DesiredInstanceCount": 1 }])).unwrap_err();
    house.change("e", to(json!({ "MaxConcurrency": 10, "ProvisionedConcurrency": 6 }))).unwrap();
    let wanted = json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 10, "ProvisionedConcurrency": 6 });
    let told = &house.describe("e")["ProductionVariants"][0];
    assert_eq!((&told["CurrentServerlessConfig"], &told["DesiredServerlessConfig"]), (&serverless, &wanted));
    assert_eq!(told["VariantStatus"][0]["Status"], "Updating");
    house.lab.advance(READY);
    let told = &house.describe("e")["ProductionVariants"][0];
    assert_eq!((&told["CurrentServerlessConfig"], told.get("DesiredServerlessConfig")), (&wanted, None));
    assert_eq!(house.free(), [11, 11]);
}

#[test]
fn only_asynchronous_endpoints_do_without_instances() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 1);
    assert!(house.scale("e", 0).unwrap_err().message.contains("at least 1"));
    house.delete("e").unwrap();
    house.lab.advance(GONE + LINGER);
    let config = json!({
        "EndpointConfigName": "c", "ProductionVariants": [variant("AllTraffic", "m", 2)],
        "AsyncInferenceConfig": { "OutputConfig": { "S3OutputPath": "s3://out/" } },
    });
    house.lab.write::<CreateEndpointConfig>(config).unwrap();
    house.create("e", "c").unwrap();
    for (instances, free) in [(0, [11, 11]), (1, [9, 11]), (3, [7, 9])] {
        house.lab.advance(READY);
        house.scale("e", instances).unwrap();
        house.lab.advance(READY);
        assert_eq!((house.free(), told(&house, 0)[1].clone()), (free, json!(instances)));
        house.assert_sound();
    }
}

#[test]
fn it_is_refused_as_an_update_is() {
    let house = House::new(Profile::Fast);
    let text = |result: Result<Value, Refused>| {
        let refused = result.unwrap_err();
        assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
        refused.message
    };
    assert!(text(house.scale("e", 1)).starts_with("Could not find endpoint \""));
    house.config("large", "m", 40).unwrap();
    house.create("f", "large").unwrap();
    assert!(text(house.scale("f", 1)).starts_with("Cannot update in-progress endpoint \""));
    house.lab.advance(READY);
    assert!(text(house.scale("f", 1)).starts_with("Cannot update failed endpoint \""));
    house.in_service("e", 1);
    let unknown = json!([{ "VariantName": "x" }, { "VariantName": "AllTraffic" }, { "VariantName": "y" }]);
    assert_eq!(
        text(house.change("e", unknown)),
        r#"The variant name(s) "x, y" is/are not present within endpoint configuration "e-1"."#
    );
    let twice = json!([{ "VariantName": "AllTraffic" }, { "VariantName": "AllTraffic" }]);
    assert!(text(house.change("e", twice)).contains("non-unique"));
    let serverless =
        json!([{ "VariantName": "AllTraffic", "ServerlessUpdateConfig": { "MaxConcurrency": 1 } }]);
    assert!(text(house.change("e", serverless)).contains("serverless"));
    assert_eq!(
        (house.status("e").as_str(), house.row("e").serving.as_ref().unwrap().changes),
        ("InService", 0)
    );
    for (instances, status, wait) in [(2, "Updating", 0), (12, "RollingBack", 500)] {
        house.scale("e", instances).unwrap();
        house.lab.advance(wait);
        assert_eq!(house.status("e"), status);
        for refused in [house.scale("e", 1), house.update("e", "e-1"), house.delete("e")] {
            assert!(text(refused).starts_with("Cannot update in-progress endpoint \""));
        }
        house.lab.advance(READY);
    }
    house.delete("e").unwrap();
    assert!(text(house.scale("e", 1)).starts_with("Cannot update in-progress endpoint \""));
}

#[test]
fn instances_are_placed_only_where_their_type_is() {
    let house = House::new(Profile::Fast);
    let third = house.lab.subnet_in(house.vpc, "10.0.2.0/28", 2);
    house.model("three", &[third, house.subnets[0], house.subnets[1]], false).unwrap();
    let mut p3 = variant("AllTraffic", "three", 3);
    p3["InstanceType"] = json!("ml.p3.2xlarge");
    let config = json!({ "EndpointConfigName": "c", "ProductionVariants": [p3] });
    house.lab.write::<CreateEndpointConfig>(config).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    assert_eq!((house.status("e").as_str(), house.free(), house.lab.free(third)), ("InService", [7, 9], 11));
    house.scale("e", 10).unwrap();
    house.lab.advance(READY);
    assert_eq!((house.free(), house.lab.free(third)), ([1, 1], 11));
    house.scale("e", 11).unwrap();
    house.lab.advance(READY);
    assert_eq!(house.explain("e").decided_by, Some("SM-VPC-IP-01"));
    let reason = house.describe("e")["FailureReason"].as_str().unwrap().to_owned();
    let free = house.subnets.map(|subnet| format!("{subnet}: 1")).join(", ");
    assert!(reason.ends_with(&format!("free: {free}.")), "{reason}");
}

#[test]
fn an_instant_endpoint_scales_at_once() {
    let house = House::new(Profile::Instant);
    house.config("c", "m", 2).unwrap();
    house.create("e", "c").unwrap();
    house.scale("e", 5).unwrap();
    assert_eq!((house.status("e").as_str(), house.free()), ("InService", [5, 7]));
    house.scale("e", 20).unwrap();
    let described = house.describe("e");
    assert!(described["FailureReason"].is_string());
    assert_eq!((house.status("e").as_str(), house.free()), ("InService", [5, 7]));
    house.scale("e", 1).unwrap();
    assert_eq!((house.free(), told(&house, 0)), ([9, 11], is(1.0, 1, 1.0, 1)));
    house.delete("e").unwrap();
    house.assert_empty();
}
