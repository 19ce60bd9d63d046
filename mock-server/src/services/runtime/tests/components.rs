//! Inference components, and calls to them.

use super::*;
use endpoints::component;

fn front() -> Front {
    let front = Front::with(Profile::Fast);
    let bare = json!([{ "VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }]);
    front.endpoint("e", bare, json!({ "ExecutionRoleArn": ROLE_ARN }));
    front.serve("one");
    front.lab.advance(3_000);
    front
}

fn asked(name: &str, cores: u32, copies: u32) -> Value {
    json!({
        "InferenceComponentName": name, "EndpointName": "e", "VariantName": "A",
        "Specification": { "ModelName": "m", "ComputeResourceRequirements":
            { "NumberOfCpuCoresRequired": cores, "MinMemoryRequiredInMb": 1024 } },
        "RuntimeConfig": { "CopyCount": copies },
    })
}

fn named(name: &str) -> Value {
    json!({ "InferenceComponentName": name })
}

fn status(front: &Front, name: &str) -> Value {
    component(&front.lab, "Describe", named(name)).unwrap()["InferenceComponentStatus"].clone()
}

fn sound(front: &Front) {
    assert_eq!(front.lab.state().broken_invariants(), Vec::<String>::new());
}

#[test]
fn a_component_answers_by_its_name_once_it_is_in_service() {
    let front = front();
    component(&front.lab, "Create", asked("c", 1, 1)).unwrap();
    assert_eq!(status(&front, "c"), "Creating");
    let call = || front.invoke("e", json!({ "InferenceComponentName": "c" }));
    assert!(told(call()).2.starts_with("Inference Component has no capacity"));
    sound(&front);
    front.lab.advance(1_500);
    assert_eq!(status(&front, "c"), "InService");
    assert_eq!(call().unwrap()["InvokedProductionVariant"], "A");
    assert!(told(front.invoke("e", json!({ "InferenceComponentName": "d" }))).2.contains("d not found"));
    let copies =
        |count: u32| json!({ "InferenceComponentName": "c", "DesiredRuntimeConfig": { "CopyCount": count } });
    component(&front.lab, "Copies", copies(0)).unwrap();
    let described = component(&front.lab, "Describe", named("c")).unwrap();
    assert_eq!(described["RuntimeConfig"], json!({ "DesiredCopyCount": 0, "CurrentCopyCount": 1 }));
    front.lab.advance(1_000);
    assert!(told(call()).2.starts_with("Inference Component has no capacity"));
    assert!(told(endpoints::try_delete(&front.lab, "e")).2.contains("has inference components"));
    component(&front.lab, "Delete", named("c")).unwrap();
    assert_eq!(status(&front, "c"), "Deleting");
    front.lab.advance(500);
    assert!(
        told(component(&front.lab, "Describe", named("c")))
            .2
            .starts_with("Could not find inference component")
    );
    endpoints::delete(&front.lab, "e");
    front.lab.advance(1_000);
    sound(&front);
}

#[test]
fn what_does_not_fit_fails_or_goes_on_as_it_was() {
    let front = front();
    component(&front.lab, "Create", asked("big", 3, 1)).unwrap();
    component(&front.lab, "Create", asked("c", 1, 1)).unwrap();
    front.lab.advance(1_500);
    assert_eq!((status(&front, "big"), status(&front, "c")), (json!("Failed"), json!("InService")));
    let reason = component(&front.lab, "Describe", named("big")).unwrap()["FailureReason"].to_string();
    assert!(reason.contains("CPU cores"), "{reason}");
    let update = json!({ "InferenceComponentName": "c", "RuntimeConfig": { "CopyCount": 3 } });
    component(&front.lab, "Update", update).unwrap();
    assert_eq!(status(&front, "c"), "Updating");
    front.lab.advance(1_000);
    let described = component(&front.lab, "Describe", named("c")).unwrap();
    assert_eq!(described["RuntimeConfig"], json!({ "DesiredCopyCount": 1, "CurrentCopyCount": 1 }));
    assert!(described["FailureReason"].is_string());
    let listed = component(&front.lab, "List", json!({ "StatusEquals": "Failed" })).unwrap();
    assert_eq!(listed["InferenceComponents"][0]["InferenceComponentName"], "big");
    let elsewhere = component(&front.lab, "List", json!({ "EndpointNameEquals": "one" })).unwrap();
    assert_eq!(elsewhere["InferenceComponents"], json!([]));
    sound(&front);
}

/// An endpoint of that many instances of a type, and components on it.
fn on(instance_type: &str, count: u32) -> Front {
    let front = Front::with(Profile::Fast);
    let bare = json!([{ "VariantName": "A", "InstanceType": instance_type, "InitialInstanceCount": count }]);
    front.endpoint("e", bare, json!({ "ExecutionRoleArn": ROLE_ARN }));
    front.lab.advance(3_000);
    front
}

fn created(front: &Front, request: Value) -> (Value, Value) {
    let name = request["InferenceComponentName"].as_str().unwrap().to_owned();
    component(&front.lab, "Create", request).unwrap();
    front.lab.advance(1_500);
    let described = component(&front.lab, "Describe", named(&name)).unwrap();
    (described["InferenceComponentStatus"].clone(), described["FailureReason"].clone())
}

fn in_service() -> (Value, Value) {
    (json!("InService"), Value::Null)
}

#[test]
fn a_copy_is_on_one_instance_and_stays_there() {
    let front = on("ml.m5.large", 2);
    let (status, reason) = created(&front, asked("wide", 3, 1));
    assert_eq!(status, "Failed", "two instances of two cores have three, and none of them has");
    assert_eq!(
        reason,
        "Insufficient capacity on variant A: each copy of wide needs 3 CPU cores and 1024 MiB of memory on one \
         instance, and its 2 instance(s) have room for 0 of 1 copies."
    );
    assert_eq!(created(&front, asked("a", 1, 3)), in_service());
    assert_eq!(created(&front, asked("b", 1, 1)), in_service());
    // Of the first instance a core is free, and of the second one.
    let fewer = json!({ "InferenceComponentName": "a", "DesiredRuntimeConfig": { "CopyCount": 1 } });
    component(&front.lab, "Copies", fewer).unwrap();
    front.lab.advance(1_000);
    let (status, reason) = created(&front, asked("c", 2, 1));
    assert_eq!(status, "Failed", "{reason}");
    assert_eq!(created(&front, asked("d", 1, 2)), in_service());
    sound(&front);
}

#[test]
fn accelerators_are_counted() {
    let front = on("ml.g5.12xlarge", 2);
    let needs = |name: &str, accelerators: u32, copies: u32| {
        let mut request = asked(name, 1, copies);
        request["Specification"]["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"] =
            json!(accelerators);
        request
    };
    let (status, reason) = created(&front, needs("a", 3, 3));
    assert_eq!(status, "Failed");
    let reason = reason.as_str().unwrap().to_owned();
    assert!(reason.contains("1 CPU cores, 1024 MiB of memory and 3 accelerators"), "{reason}");
    assert!(reason.ends_with("have room for 2 of 3 copies."), "{reason}");
    assert_eq!(created(&front, needs("b", 3, 2)), in_service());
    assert_eq!(created(&front, needs("c", 1, 2)), in_service());
    assert_eq!(created(&front, needs("d", 1, 1)).0, "Failed");
    assert_eq!(created(&front, asked("e", 1, 1)), in_service());
    sound(&front);
}

/// An endpoint of one instance with two cores, of which there may be more.
fn managed(most: u32) -> Front {
    let front = Front::with(Profile::Fast);
    let scaling = json!({ "Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": most });
    let variant = json!({ "VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        "ManagedInstanceScaling": scaling });
    front.endpoint("e", json!([variant]), json!({ "ExecutionRoleArn": ROLE_ARN }));
    front.lab.advance(3_000);
    front
}

fn endpoint(front: &Front) -> (Value, Value) {
    let described = endpoints::describe(&front.lab, "e");
    (described["EndpointStatus"].clone(), described["ProductionVariants"][0]["CurrentInstanceCount"].clone())
}

/// Source: API reference, ProductionVariantManagedInstanceScaling.
#[test]
fn where_scaling_is_managed_there_are_as_many_instances_as_copies_need() {
    let front = managed(3);
    assert_eq!(created(&front, asked("a", 2, 1)), in_service());
    assert_eq!((endpoint(&front), sound(&front)), ((json!("InService"), json!(1)), ()));
    // Two that come at once both get theirs.
    for name in ["b", "c"] {
        component(&front.lab, "Create", asked(name, 2, 1)).unwrap();
    }
    front.lab.advance(1_500);
    assert_eq!((status(&front, "b"), status(&front, "c")), (json!("Creating"), json!("Creating")));
    assert_eq!(endpoint(&front), (json!("Updating"), json!(1)));
    sound(&front);
    front.lab.advance(20_000);
    assert_eq!((status(&front, "b"), status(&front, "c")), (json!("InService"), json!("InService")));
    assert_eq!(endpoint(&front), (json!("InService"), json!(3)));
    let (status, reason) = created(&front, asked("d", 1, 1));
    assert_eq!(status, "Failed");
    assert!(reason.as_str().unwrap().ends_with("its 3 instance(s) have room for 0 of 1 copies."), "{reason}");
    assert_eq!(endpoint(&front), (json!("InService"), json!(3)));
    sound(&front);
}

#[test]
fn what_fits_on_no_number_of_instances_makes_none() {
    let front = managed(1_000_000_000);
    assert_eq!(created(&front, asked("wide", 3, 1)).0, "Failed");
    assert_eq!(endpoint(&front), (json!("InService"), json!(1)));
    sound(&front);
}

#[test]
fn without_time_the_instances_are_there_at_once() {
    let front = Front::new();
    let scaling = json!({ "Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 4 });
    let variant = json!({ "VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        "ManagedInstanceScaling": scaling });
    front.endpoint("e", json!([variant]), json!({ "ExecutionRoleArn": ROLE_ARN }));
    component(&front.lab, "Create", asked("a", 2, 4)).unwrap();
    assert_eq!((status(&front, "a"), endpoint(&front)), (json!("InService"), (json!("InService"), json!(4))));
    sound(&front);
}

#[test]
fn what_is_no_component_is_refused() {
    let front = front();
    component(&front.lab, "Create", asked("c", 1, 1)).unwrap();
    let refused = |change: fn(&mut Value)| {
        let mut request = asked("d", 1, 1);
        change(&mut request);
        told(component(&front.lab, "Create", request)).2
    };
    assert!(
        refused(|it| it["InferenceComponentName"] = json!("c")).starts_with("Cannot create already existing")
    );
    assert!(refused(|it| it["EndpointName"] = json!("none")).starts_with("Could not find endpoint"));
    assert!(
        refused(|it| it["EndpointName"] = json!("one")).starts_with("Inference Components are not supported")
    );
    assert!(refused(|it| it["VariantName"] = json!("B")).contains("\"B\""));
    assert!(
        refused(|it| it["Specification"]["ModelName"] = json!("none")).starts_with("Could not find model")
    );
    assert!(
        refused(|it| drop(it["Specification"].as_object_mut().unwrap().remove("ModelName")))
            .contains("exactly one")
    );
    assert!(
        refused(|it| drop(it.as_object_mut().unwrap().remove("RuntimeConfig"))).contains("runtimeConfig")
    );
    let busy = component(&front.lab, "Delete", named("c"));
    assert!(told(busy).2.starts_with("Cannot update in-progress inference component"));
    sound(&front);
}

/// Source: API reference, CreateInferenceComponent and InferenceComponentRollingUpdatePolicy; the first one was seen in a
/// public issue.
#[test]
fn what_is_documented_to_be_wrong_is_refused() {
    let front = front();
    let wrong = |what: &str, request: Value| {
        let (code, _, message) = told(component(&front.lab, what, request));
        assert_eq!(code, "ValidationException", "{message}");
        message
    };
    assert_eq!(wrong("Create", asked("c", 1, 0)), "Inference components copy count an integer larger than 0");
    let mut both = asked("c", 1, 1);
    both["Specifications"] = json!([both["Specification"]]);
    assert!(wrong("Create", both).starts_with("You must not specify both Specification and Specifications"));
    component(&front.lab, "Create", asked("c", 1, 1)).unwrap();
    front.lab.advance(1_500);
    let batch = |kind: &str, value: u32| {
        let size = json!({ "Type": kind, "Value": value });
        let policy = json!({ "MaximumBatchSize": size, "WaitIntervalInSeconds": 0 });
        json!({ "InferenceComponentName": "c", "RuntimeConfig": { "CopyCount": 1 },
            "DeploymentConfig": { "RollingUpdatePolicy": policy } })
    };
    for percent in [4, 51] {
        let words = wrong("Update", batch("CAPACITY_PERCENT", percent));
        assert!(words.ends_with(&format!("it is {percent}%.")), "{words}");
    }
    for (kind, value) in [("CAPACITY_PERCENT", 5), ("CAPACITY_PERCENT", 50), ("COPY_COUNT", 1)] {
        component(&front.lab, "Update", batch(kind, value)).unwrap();
        front.lab.advance(1_000);
    }
    let none = json!({ "InferenceComponentName": "c", "DesiredRuntimeConfig": { "CopyCount": 0 } });
    component(&front.lab, "Copies", none).unwrap();
    sound(&front);
}

// === Fleets that change ===

fn copies(front: &Front, name: &str) -> (Value, Value, Value) {
    let described = component(&front.lab, "Describe", named(name)).unwrap();
    let count = |what: &str| described["RuntimeConfig"][what].clone();
    (described["InferenceComponentStatus"].clone(), count("DesiredCopyCount"), count("CurrentCopyCount"))
}

fn told_copies(status: &str, wanted: u32, there: u32) -> (Value, Value, Value) {
    (json!(status), json!(wanted), json!(there))
}

fn call(front: &Front, name: &str) -> Result<Value, Refused> {
    front.invoke("e", json!({ "InferenceComponentName": name }))
}

#[test]
fn copies_go_where_there_is_room_when_their_instance_goes() {
    let front = on("ml.m5.large", 3);
    for (name, count) in [("a", 4), ("b", 2)] {
        assert_eq!(created(&front, asked(name, 1, count)), in_service());
    }
    let scale = |count: u32| {
        endpoints::scale(&front.lab, "e", "A", count);
        front.lab.advance(10_000);
        assert_eq!(endpoint(&front), (json!("InService"), json!(count)));
        sound(&front);
    };
    scale(2);
    assert_eq!(copies(&front, "a"), told_copies("InService", 4, 4));
    assert_eq!(copies(&front, "b"), told_copies("InService", 2, 0));
    let reason = component(&front.lab, "Describe", named("b")).unwrap()["FailureReason"].to_string();
    assert!(reason.contains("its 2 instance(s) have room for 0 of 2 copies."), "{reason}");
    assert!(told(call(&front, "b")).2.starts_with("Inference Component has no capacity"));
    assert!(call(&front, "a").is_ok());
    scale(3);
    assert_eq!(copies(&front, "b"), told_copies("InService", 2, 2));
    assert!(component(&front.lab, "Describe", named("b")).unwrap().get("FailureReason").is_none());
    assert!(call(&front, "b").is_ok());
    let fewer = json!({ "InferenceComponentName": "a", "DesiredRuntimeConfig": { "CopyCount": 3 } });
    component(&front.lab, "Copies", fewer).unwrap();
    front.lab.advance(1_000);
    scale(2);
    assert_eq!(copies(&front, "b"), told_copies("InService", 2, 1));
    assert!(call(&front, "b").is_ok());
    scale(0);
    assert_eq!(copies(&front, "a"), told_copies("InService", 3, 0));
    scale(3);
    assert_eq!((copies(&front, "a"), copies(&front, "b")).0, told_copies("InService", 3, 3));
    assert_eq!(copies(&front, "b"), told_copies("InService", 2, 2));
}

#[test]
fn a_component_fails_without_its_variant() {
    let front = on("ml.m5.large", 1);
    assert_eq!(created(&front, asked("a", 1, 1)), in_service());
    let update = |config: &str, variant: &str, instance_type: &str| {
        let variant =
            json!([{ "VariantName": variant, "InstanceType": instance_type, "InitialInstanceCount": 1 }]);
        endpoints::config(
            &front.lab,
            json!({ "EndpointConfigName": config, "ProductionVariants": variant, "ExecutionRoleArn": ROLE_ARN }),
        );
        endpoints::update(&front.lab, json!({ "EndpointName": "e", "EndpointConfigName": config }));
        front.lab.advance(10_000);
        sound(&front);
    };
    update("larger", "A", "ml.m5.xlarge");
    assert_eq!(copies(&front, "a"), told_copies("InService", 1, 1));
    update("another", "B", "ml.m5.large");
    assert_eq!(copies(&front, "a"), told_copies("Failed", 1, 0));
    assert!(told(call(&front, "a")).2.starts_with("Inference Component has no capacity"));
    let again = json!({ "InferenceComponentName": "a", "RuntimeConfig": { "CopyCount": 1 } });
    component(&front.lab, "Update", again.clone()).unwrap();
    front.lab.advance(1_000);
    assert_eq!(copies(&front, "a"), told_copies("Failed", 1, 0), "its variant is not there yet");
    update("as-before", "A", "ml.m5.large");
    component(&front.lab, "Update", again).unwrap();
    front.lab.advance(1_000);
    assert_eq!(copies(&front, "a"), told_copies("InService", 1, 1));
    assert!(call(&front, "a").is_ok());
    component(&front.lab, "Delete", named("a")).unwrap();
    front.lab.advance(1_000);
    endpoints::delete(&front.lab, "e");
    sound(&front);
}

/// Source: API reference, ProductionVariantManagedInstanceScalingScaleInPolicy.
#[test]
fn instances_without_copies_are_released_where_scaling_is_managed() {
    let front = managed(3);
    for name in ["a", "b", "c"] {
        component(&front.lab, "Create", asked(name, 2, 1)).unwrap();
        front.lab.advance(20_000);
    }
    assert_eq!(endpoint(&front), (json!("InService"), json!(3)));
    component(&front.lab, "Delete", named("b")).unwrap();
    front.lab.advance(500);
    assert_eq!(endpoint(&front), (json!("Updating"), json!(3)));
    front.lab.advance(10_000);
    assert_eq!(endpoint(&front), (json!("InService"), json!(2)));
    assert!(call(&front, "a").is_ok() && call(&front, "c").is_ok());
    sound(&front);
    // The instance of the third one is the second one now.
    assert_eq!(created(&front, asked("d", 1, 1)).0, "Creating");
    front.lab.advance(20_000);
    assert_eq!((status(&front, "d"), endpoint(&front)), (json!("InService"), (json!("InService"), json!(3))));
    for name in ["a", "c", "d"] {
        component(&front.lab, "Delete", named(name)).unwrap();
        front.lab.advance(10_000);
    }
    assert_eq!(endpoint(&front), (json!("InService"), json!(1)), "as many as it retains");
    sound(&front);
}

/// Source: developer guide, "endpoint-auto-scaling-zero-instances".
#[test]
fn an_endpoint_goes_down_to_no_instances_and_comes_back() {
    for profile in [Profile::Fast, Profile::Instant] {
        let front = Front::with(profile);
        let scaling = json!({ "Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2 });
        let variant = json!({ "VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
            "ManagedInstanceScaling": scaling });
        front.endpoint("e", json!([variant]), json!({ "ExecutionRoleArn": ROLE_ARN }));
        front.lab.advance(3_000);
        component(&front.lab, "Create", asked("a", 1, 2)).unwrap();
        front.lab.advance(2_000);
        for (count, instances) in [(0, 0), (3, 2), (0, 0), (2, 1)] {
            let copies =
                json!({ "InferenceComponentName": "a", "DesiredRuntimeConfig": { "CopyCount": count } });
            component(&front.lab, "Copies", copies).unwrap();
            front.lab.advance(30_000);
            assert_eq!(endpoint(&front), (json!("InService"), json!(instances)), "{profile:?}");
            assert_eq!(call(&front, "a").is_ok(), count > 0, "{profile:?}");
            sound(&front);
        }
    }
}

#[test]
fn copies_are_not_brought_together() {
    let front = Front::with(Profile::Fast);
    let config = |name: &str, strategy: &str| {
        let scaling = json!({ "Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2,
            "ScaleInPolicy": { "Strategy": strategy } });
        let variant = json!([{ "VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
            "ManagedInstanceScaling": scaling }]);
        let request = json!({ "EndpointConfigName": name, "ProductionVariants": variant,
            "ExecutionRoleArn": ROLE_ARN });
        endpoints::config(&front.lab, request);
        front.lab.events("ParameterIgnored")
    };
    assert_eq!(config("idle", "IDLE_RELEASE"), Vec::<String>::new());
    let told = config("together", "CONSOLIDATION");
    assert_eq!(told, ["CONSOLIDATION of ManagedInstanceScaling is accepted and has no effect here"]);
}
