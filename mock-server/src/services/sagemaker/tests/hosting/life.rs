//! From the call to the end, whatever the end.

use super::*;
use crate::model::{Attachment, Choices, Quotas, RuleMode};
use std::collections::BTreeSet;
use std::time::Duration;

const AZ_TEXT: &str = "Unable to locate at least 2 availability zone(s) with the requested instance type ml.m5.large \
                       that overlap with SageMaker subnets.";

#[test]
fn instances_are_spread_over_the_zones_with_two_interfaces_each() {
    let house = House::new(Profile::Fast);
    house.config("c", "m", 3).unwrap();
    house.create("e", "c").unwrap();
    assert_eq!(house.free(), [11 - 4, 11 - 2]);
    for interface in house.interfaces_of("e") {
        let groups: Vec<_> = interface.groups.iter().map(|group| group.id).collect();
        assert_eq!((groups, interface.addresses.len()), (vec![house.group], 1));
        assert!(matches!(interface.attachment, Some(Attachment::Service { .. })));
        assert_eq!(interface.requester_id.as_deref(), Some("AROA0123456789ABCDEFG:SageMaker"));
        assert!(interface.description.ends_with("SageMaker Endpoint e"), "{}", interface.description);
    }
    house.assert_sound();
    let described = house.describe("e");
    assert_eq!(
        (&described["EndpointStatus"], &described["EndpointConfigName"]),
        (&json!("Creating"), &json!("c"))
    );
    assert!(described.get("ProductionVariants").is_none());
    assert_eq!(described["PendingDeploymentSummary"]["EndpointConfigName"], "c");
    house.lab.advance(READY - 1);
    assert_eq!(house.status("e"), "Creating");
    house.lab.advance(1);
    let described = house.describe("e");
    assert_eq!(described["EndpointStatus"], "InService");
    assert!(described.get("PendingDeploymentSummary").is_none());
    let variant = &described["ProductionVariants"][0];
    assert_eq!((&variant["CurrentInstanceCount"], &variant["DesiredInstanceCount"]), (&json!(3), &json!(3)));
    assert_eq!((&variant["CurrentWeight"], &variant["DesiredWeight"]), (&json!(1.0), &json!(1.0)));
    let image = &variant["DeployedImages"][0];
    assert_eq!(image["SpecifiedImage"], IMAGE);
    assert!(image["ResolvedImage"].as_str().unwrap().starts_with(&IMAGE.replace(":1", "@sha256:")));
    assert_eq!(house.free(), [7, 9]);
    house.assert_sound();
}

#[test]
fn interfaces_outlive_a_deleted_endpoint_and_its_name_is_free() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 2);
    house.delete("e").unwrap();
    assert_eq!((house.status("e"), house.free()), ("Deleting".into(), [9, 9]));
    house.lab.advance(GONE);
    let missing = r#"Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"."#;
    assert_eq!(house.try_describe("e").unwrap_err().message, missing);
    assert_eq!(house.free(), [9, 9]);
    house.assert_sound();

    // The next endpoint of this name has interfaces of its own.
    let old: BTreeSet<_> = house.interfaces_of("e").iter().map(|interface| interface.id).collect();
    house.create("e", "e-2").unwrap();
    assert_eq!(house.free(), [7, 7]);
    house.assert_sound();
    house.lab.advance(LINGER - 1);
    assert_eq!(house.free(), [7, 7]);
    house.lab.advance(1);
    assert_eq!((house.free(), house.status("e")), ([9, 9], "InService".into()));
    assert!(house.interfaces_of("e").iter().all(|interface| !old.contains(&interface.id)));
    house.delete("e").unwrap();
    house.lab.advance(GONE + LINGER);
    house.assert_empty();
}

#[test]
fn how_long_interfaces_linger_is_a_setting() {
    for (profile, linger, held) in [
        (Profile::Instant, None, 0),
        (Profile::Instant, Some(1_000), 1_000),
        (Profile::Fast, Some(0), 0),
        (Profile::Realistic, None, LINGER),
    ] {
        let linger = linger.map(Duration::from_millis);
        let choices = Choices { linger, ..Choices::default() };
        let house = House::with(Defaults { profile, choices, ..Defaults::default() });
        house.config("c", "m", 1).unwrap();
        house.create("e", "c").unwrap();
        house.lab.advance(600_000);
        assert_eq!(house.status("e"), "InService");
        house.delete("e").unwrap();
        while house.try_describe("e").is_ok() {
            house.lab.advance(1);
        }
        if held > 0 {
            house.lab.advance(held - 1);
            assert_eq!(house.interfaces_of("e").len(), 2);
            // A second life within the same moment, while the first one's interfaces are there.
            house.create("e", "c").unwrap();
            house.assert_sound();
            house.lab.advance(600_000);
            house.delete("e").unwrap();
            house.lab.advance(600_000);
        }
        house.assert_empty();
    }
}

#[test]
fn one_zone_is_not_enough() {
    let house = House::new(Profile::Fast);
    let same_zone = house.lab.subnet_in(house.vpc, "10.0.2.0/24", 0);
    house.model("one", &house.subnets[..1], false).unwrap();
    house.model("same", &[house.subnets[0], same_zone], false).unwrap();
    for model in ["one", "same"] {
        house.config(model, model, 1).unwrap();
        house.create(model, model).unwrap();
        assert_eq!(house.status(model), "Creating");
        assert!(house.describe(model).get("FailureReason").is_none());
        house.lab.advance(READY);
        let described = house.describe(model);
        assert_eq!(
            (&described["EndpointStatus"], &described["FailureReason"]),
            (&json!("Failed"), &json!(AZ_TEXT))
        );
        assert_eq!(described["EndpointConfigName"], model);
        assert_eq!(house.explain(model).decided_by, Some("SM-HOST-AZ-01"));
        assert_eq!(house.free(), [11, 11]);
        house.assert_sound();
        house.delete(model).unwrap();
        house.lab.advance(GONE);
    }
    house.assert_empty();
    house.lab.set_mode("SM-HOST-AZ-01", RuleMode::Warn);
    house.create("e", "one").unwrap();
    house.lab.advance(READY);
    assert_eq!((house.status("e"), house.free()), ("InService".into(), [9, 11]));
}

/// What the model was given is gone: whether there is room for instances in it is no question any more.
#[test]
fn an_endpoint_is_explained_by_the_phases_that_it_reached() {
    let house = House::new(Profile::Fast);
    house.config("c", "m", 1).unwrap();
    house.lab.edit(|state| drop(state.subnets.remove(&house.subnets[1])));
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    let why = house.explain("e");
    let phases: Vec<_> = why.phases.iter().map(|phase| phase.phase).collect();
    assert_eq!((why.status, why.decided_by, phases), ("Failed", Some("SM-F-SUBNET-404"), vec!["create"]));
    assert!(why.would_have_failed_next.is_empty());
}

#[test]
fn a_full_subnet_is_passed_over_and_no_room_at_all_fails() {
    let house = House::new(Profile::Fast);
    let wide = house.lab.subnet_in(house.vpc, "10.0.2.0/24", 1);
    house.model("wide", &[house.subnets[0], house.subnets[1], wide], false).unwrap();
    // Five instances fit a /28. Of twenty, each zone gets its share as long as it has room.
    house.config("twenty", "wide", 20).unwrap();
    house.create("twenty", "twenty").unwrap();
    assert_eq!((house.free(), house.lab.free(wide)), ([1, 1], 251 - 20));
    house.config("one", "m", 1).unwrap();
    house.create("full", "one").unwrap();
    house.lab.advance(READY);
    let reason = house.describe("full")["FailureReason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("The specified subnet(s) [") && !reason.contains('{'), "{reason}");
    assert_eq!(house.explain("full").decided_by, Some("SM-VPC-IP-01"));
    house.assert_sound();
}

#[test]
fn an_isolated_instance_has_one_interface_and_a_model_without_a_vpc_none() {
    let house = House::new(Profile::Fast);
    house.model("isolated", &house.subnets, true).unwrap();
    house.config("isolated", "isolated", 3).unwrap();
    house.create("isolated", "isolated").unwrap();
    assert_eq!(house.free(), [9, 10]);
    house
        .lab
        .write::<CreateModel>(json!({ "ModelName": "plain", "PrimaryContainer": { "Image": IMAGE }, "ExecutionRoleArn": ROLE_ARN }))
        .unwrap();
    house.config("plain", "plain", 100).unwrap();
    house.create("plain", "plain").unwrap();
    assert_eq!(house.free(), [9, 10]);
    house.lab.advance(READY);
    assert_eq!(house.status("plain"), "InService");
}

#[test]
fn a_serverless_variant_has_no_interface() {
    let house = House::new(Profile::Fast);
    let serverless = json!({ "MemorySizeInMB": 2048, "MaxConcurrency": 5 });
    house.model_outside("outside");
    let variant = json!({ "VariantName": "v", "ModelName": "outside", "ServerlessConfig": serverless });
    let config = json!({ "EndpointConfigName": "c", "ProductionVariants": [variant] });
    house.lab.write::<CreateEndpointConfig>(config).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    assert_eq!(house.free(), [11, 11]);
    let variant = &house.describe("e")["ProductionVariants"][0];
    assert_eq!(variant["CurrentServerlessConfig"], serverless);
    assert!(variant.get("CurrentInstanceCount").is_none());
}

#[test]
fn a_serverless_variant_has_no_more_memory_than_the_quota() {
    let quotas = Quotas { serverless_memory: 3_072, ..Quotas::default() };
    let house = House::with(Defaults { profile: Profile::Fast, quotas, ..Defaults::default() });
    house.model_outside("outside");
    for (name, memory) in [("fits", 3_072), ("large", 4_096)] {
        let variant = json!({ "VariantName": "v", "ModelName": "outside",
            "ServerlessConfig": { "MemorySizeInMB": memory, "MaxConcurrency": 5 } });
        let config = json!({ "EndpointConfigName": name, "ProductionVariants": [variant] });
        house.lab.write::<CreateEndpointConfig>(config).unwrap();
    }
    let refused = house.create("e", "large").unwrap_err();
    assert_eq!(
        (&*refused.code, &*refused.message),
        (
            "ResourceLimitExceeded",
            "The account-level service limit 'Memory size in MB per serverless endpoint' is 3072 MBs, with current \
             utilization of 0 MBs and a request delta of 4096 MBs. Please contact AWS support to request an increase \
             for this limit."
        )
    );
    assert_eq!(house.lab.state().endpoints.len(), 0);
    house.create("e", "fits").unwrap();
}

#[test]
fn all_variants_of_an_endpoint_are_placed_or_none() {
    let house = House::new(Profile::Fast);
    let config = |name: &str, counts: [u32; 2]| {
        let variants: Vec<_> =
            ["a", "b"].iter().zip(counts).map(|(name, count)| variant(name, "m", count)).collect();
        let config = json!({ "EndpointConfigName": name, "ProductionVariants": variants });
        house.lab.write::<CreateEndpointConfig>(config).unwrap();
    };
    config("fits", [4, 6]);
    house.create("fits", "fits").unwrap();
    assert_eq!(house.free(), [1, 1]);
    house.lab.advance(READY);
    let described = house.describe("fits");
    let counts: Vec<_> = described["ProductionVariants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["CurrentInstanceCount"].clone())
        .collect();
    assert_eq!(counts, [4, 6]);
    house.delete("fits").unwrap();
    house.lab.advance(GONE + LINGER);
    config("wide", [4, 7]);
    house.create("wide", "wide").unwrap();
    assert_eq!(house.free(), [11, 11]);
    house.lab.advance(READY);
    assert_eq!(house.status("wide"), "Failed");
}

#[test]
fn an_update_holds_old_and_new_at_once() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 2);
    let old: BTreeSet<_> = house.interfaces_of("e").iter().map(|interface| interface.id).collect();
    house.config("c2", "m", 3).unwrap();
    house.update("e", "c2").unwrap();
    let described = house.describe("e");
    assert_eq!(described["EndpointStatus"], "Updating");
    assert_eq!(described["EndpointConfigName"], "e-2", "the old one serves until the update is done");
    assert_eq!(described["ProductionVariants"][0]["CurrentInstanceCount"], 2);
    let pending = &described["PendingDeploymentSummary"];
    assert_eq!(pending["EndpointConfigName"], "c2");
    assert_eq!(pending["ProductionVariants"][0]["DesiredInstanceCount"], 3);
    assert_eq!(house.interfaces_of("e").len(), 4 + 6);
    house.assert_sound();
    house.lab.advance(READY);
    let described = house.describe("e");
    assert_eq!(
        (&described["EndpointStatus"], &described["EndpointConfigName"]),
        (&json!("InService"), &json!("c2"))
    );
    let new = house.interfaces_of("e");
    assert_eq!(new.len(), 6);
    assert!(new.iter().all(|interface| !old.contains(&interface.id)));
    house.assert_sound();
}

#[test]
fn an_update_that_does_not_fit_is_undone() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 4);
    let before = house.describe("e");
    house.config("large", "m", 7).unwrap();
    house.update("e", "large").unwrap();
    assert_eq!(house.free(), [7, 7], "all of the new or nothing of it");
    assert!(house.describe("e").get("FailureReason").is_none());
    house.lab.advance(READY);
    let described = house.describe("e");
    assert_eq!(described["EndpointStatus"], "InService");
    assert_eq!(described["EndpointConfigName"], before["EndpointConfigName"]);
    assert_eq!(described["ProductionVariants"], before["ProductionVariants"]);
    assert!(described["FailureReason"].as_str().unwrap().starts_with("The specified subnet(s) ["));
    assert_eq!(house.explain("e").decided_by, Some("SM-VPC-IP-01"));
    house.assert_sound();
    // The next update forgets it.
    house.config("small", "m", 1).unwrap();
    house.update("e", "small").unwrap();
    assert!(house.describe("e").get("FailureReason").is_none());
    house.lab.advance(READY);
    let described = house.describe("e");
    assert_eq!((described.get("FailureReason"), &described["EndpointConfigName"]), (None, &json!("small")));
    assert_eq!(house.explain("e").decided_by, None);
    assert_eq!(house.free(), [9, 11]);
}

#[test]
fn an_update_keeps_what_it_is_told_to_keep() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 2);
    house.config("c", "m", 3).unwrap();
    let update = |more: Value| {
        let mut request = json!({ "EndpointName": "e", "EndpointConfigName": "c" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.lab.write::<UpdateEndpoint>(request).unwrap();
        house.lab.advance(READY);
        house.describe("e")
    };
    let policy = json!({ "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": { "Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0 },
    } });
    let described = update(json!({ "RetainAllVariantProperties": true, "DeploymentConfig": policy }));
    assert_eq!(described["ProductionVariants"][0]["CurrentInstanceCount"], 2);
    assert_eq!(described["LastDeploymentConfig"], policy);
    let described = update(json!({
        "RetainAllVariantProperties": true, "RetainDeploymentConfig": true,
        "ExcludeRetainedVariantProperties": [{ "VariantPropertyType": "DesiredInstanceCount" }],
    }));
    assert_eq!(described["ProductionVariants"][0]["CurrentInstanceCount"], 3);
    assert_eq!(described["LastDeploymentConfig"], policy);
    assert!(update(json!({})).get("LastDeploymentConfig").is_none());
}

#[test]
fn an_instant_endpoint_is_in_service_at_once_and_gone_at_once() {
    let house = House::new(Profile::Instant);
    house.config("c", "m", 2).unwrap();
    house.config("large", "m", 9).unwrap();
    house.create("e", "c").unwrap();
    assert_eq!((house.status("e"), house.free()), ("InService".into(), [9, 9]));
    house.update("e", "large").unwrap();
    let described = house.describe("e");
    assert_eq!(
        (&described["EndpointStatus"], &described["EndpointConfigName"]),
        (&json!("InService"), &json!("c"))
    );
    assert!(described["FailureReason"].is_string());
    house.delete("e").unwrap();
    house.assert_empty();
}

#[test]
fn every_status_is_told_by_an_event() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 1);
    house.config("large", "m", 20).unwrap();
    house.update("e", "large").unwrap();
    house.lab.advance(READY);
    house.delete("e").unwrap();
    house.lab.advance(GONE + LINGER);
    let told = house.lab.events("EndpointStatus");
    let words: Vec<_> = told.iter().map(|text| text.split(':').next().unwrap()).collect();
    assert_eq!(words, ["Creating", "InService", "Updating", "InService", "Deleting"]);
    assert!(told[3].contains("free IP addresses"), "{}", told[3]);
    assert_eq!(house.lab.events("EndpointDeleted").len(), 1);
    let interfaces = house.lab.events("EndpointInterfaces");
    assert!(interfaces[0].starts_with("interfaces for 1 instances of AllTraffic in subnet-"));
    assert_eq!(interfaces[1], "2 interfaces removed");
    assert_eq!(house.lab.events("ExternalBucket").len(), 1);
}

/// As AWS was seen to do: the reason stays on an endpoint that is in service again.
#[test]
fn an_update_whose_container_does_not_answer_pings_is_rolled_back() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 1);
    let served: Vec<_> = house.interfaces_of("e").iter().map(|interface| interface.id).collect();
    let text = "behaviours: [{kinds: [hosting], exitCode: 1}]";
    house.lab.declare(crate::scenario::behaviour::parse(text).unwrap().remove(0));
    house.config("next", "m", 1).unwrap();
    let updated = || {
        house.update("e", "next").unwrap();
        assert_eq!(house.status("e"), "Updating");
        house.lab.advance(READY + 1_000);
        assert_eq!(house.status("e"), "InService");
        let described = house.describe("e");
        let word = |name: &str| described.get(name).and_then(|it| it.as_str()).unwrap_or_default().to_owned();
        (word("EndpointConfigName"), word("FailureReason"))
    };
    let (config, reason) = updated();
    assert_eq!(config, "e-1", "it serves with what it had");
    assert!(reason.contains("variant AllTraffic did not pass the ping health check"), "{reason}");
    let now: Vec<_> = house.interfaces_of("e").iter().map(|interface| interface.id).collect();
    assert_eq!(now, served);
    let why = house.explain("e");
    assert_eq!(
        (why.status, why.decided_by, why.failure_reason),
        ("InService", Some("SM-F-PING"), Some(reason))
    );
    let mut rules = why.phases.iter().flat_map(|phase| &phase.rules);
    let ping = rules.rfind(|rule| rule.id == "SM-F-PING").unwrap();
    assert_eq!((ping.verdict, ping.resource.as_deref()), ("violated", Some("AllTraffic")));
    assert!(ping.hint.unwrap().contains("GET /ping") && ping.hint.unwrap().contains("8080"));
    let events = house.lab.account.events.since(0, usize::MAX);
    let status = events.iter().rfind(|(_, event)| event.kind == "EndpointStatus").unwrap();
    assert_eq!(status.1.rule, Some("SM-F-PING"));

    for mode in [RuleMode::Warn, RuleMode::Off] {
        house.lab.set_mode("SM-F-PING", mode);
        assert_eq!(updated(), ("next".to_owned(), String::new()), "{mode:?}");
        assert_eq!(house.lab.events("RuleWarning").len(), 1);
        assert_eq!(house.explain("e").decided_by, None);
    }
    house.assert_sound();
}

#[test]
fn a_container_that_fails_does_not_answer_pings() {
    let house = House::new(Profile::Fast);
    let declare = |text: &str| {
        let text = format!("behaviours: [{{{text}}}]");
        house.lab.declare(crate::scenario::behaviour::parse(&text).unwrap().remove(0));
    };
    house.config("c", "m", 2).unwrap();
    declare(
        "image: '*/image:1', job: sick, kinds: [hosting], log: ['{host} starts'], exitCode: 1, duration: 10m",
    );
    for name in ["sick", "well"] {
        house.create(name, "c").unwrap();
    }
    house.lab.advance(READY);
    assert_eq!((house.status("sick").as_str(), house.status("well").as_str()), ("Creating", "InService"));
    house.lab.advance(600_000);
    let reason = house.describe("sick")["FailureReason"].as_str().unwrap().to_owned();
    assert_eq!(
        reason,
        "The primary container for production variant AllTraffic did not pass the ping health check. Please check \
         CloudWatch logs for this endpoint."
    );
    let row = house.row("sick");
    let lines: Vec<_> = row.log.iter().map(|line| line.text.to_string()).collect();
    assert_eq!(lines, ["algo-1 starts", "algo-2 starts"]);
    assert!(row.log[0].stream.starts_with("AllTraffic/i-"), "{}", row.log[0].stream);
    // What serves goes on serving.
    declare("job: well, connects: [{to: 'service:sts'}]");
    house.model("isolated", &house.subnets, true).unwrap();
    house.config("d", "isolated", 1).unwrap();
    house.update("well", "d").unwrap();
    house.lab.advance(600_000);
    assert_eq!(house.status("well"), "InService");
    assert_eq!(house.row("well").failure.as_ref().unwrap().rule, Some("SM-ISO-01"));
    assert_eq!(house.lab.state().broken_invariants(), Vec::<String>::new());
}
