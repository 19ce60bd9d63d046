//! What the descriptions of the service model say of variants, and of inference components on them.

use super::super::endpoints::component;
use super::*;

fn text(result: Result<Value, Refused>) -> String {
    let refused = result.unwrap_err();
    assert_eq!((&*refused.code, refused.status), ("ValidationException", 400), "{}", refused.message);
    refused.message
}

fn config(house: &House, routing: Value, explainer: Value) -> Result<Value, Refused> {
    let mut request = json!({ "EndpointConfigName": "c", "ProductionVariants": [variant("v", "m", 1)] });
    if !routing.is_null() {
        request["ProductionVariants"][0]["RoutingConfig"] = routing;
    }
    if !explainer.is_null() {
        request["ExplainerConfig"] = json!({ "ClarifyExplainerConfig": explainer });
    }
    house.lab.write::<CreateEndpointConfig>(request)
}

#[test]
fn requests_are_routed_by_prefixes_of_a_length() {
    let house = House::new(Profile::Fast);
    let routed = |strategy: &str, prefix: Value| {
        let mut routing = json!({ "RoutingStrategy": strategy });
        if !prefix.is_null() {
            routing["PrefixAwareRoutingConfig"] = prefix;
        }
        config(&house, routing, Value::Null)
    };
    let both = json!({ "PrefixLength": 1024, "ConcurrencyThreshold": 4 });
    for (prefix, member) in [
        (Value::Null, "PrefixLength"),
        (json!({ "ConcurrencyThreshold": 4 }), "PrefixLength"),
        (json!({ "PrefixLength": 1024 }), "ConcurrencyThreshold"),
    ] {
        let words = text(routed("PREFIX_AWARE", prefix));
        assert!(words.starts_with(&format!("{member} must be specified in")), "{words}");
    }
    let words = text(routed("RANDOM", both.clone()));
    assert!(words.ends_with("can be specified only if RoutingStrategy is PREFIX_AWARE."), "{words}");
    routed("PREFIX_AWARE", both).unwrap();
}

#[test]
fn types_of_features_are_told_where_there_is_text() {
    let house = House::new(Profile::Fast);
    let explained = |types: Value| {
        let shap = json!({ "ShapBaselineConfig": { "ShapBaseline": "1,2" } });
        config(
            &house,
            Value::Null,
            json!({ "ShapConfig": shap, "InferenceConfig": { "FeatureTypes": types } }),
        )
    };
    let words = text(explained(json!(["numerical", "categorical"])));
    assert_eq!(words, "FeatureTypes of InferenceConfig must have at least one feature of type text.");
    explained(json!(["numerical", "text"])).unwrap();
}

/// A component on a variant with these layouts; `needs` are what a copy takes beside memory.
fn placed(layouts: Option<Value>, needs: Value) -> Result<Value, Refused> {
    let house = House::new(Profile::Fast);
    let mut bare =
        json!({ "VariantName": "v", "InstanceType": "ml.p4d.24xlarge", "InitialInstanceCount": 1 });
    if let Some(layouts) = layouts {
        bare["AcceleratorPartitionLayouts"] = layouts;
    }
    let request =
        json!({ "EndpointConfigName": "c", "ProductionVariants": [bare], "ExecutionRoleArn": ROLE_ARN });
    house.lab.write::<CreateEndpointConfig>(request).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    let mut resources = json!({ "MinMemoryRequiredInMb": 128 });
    resources.as_object_mut().unwrap().extend(needs.as_object().unwrap().clone());
    let specification = json!({ "ModelName": "m", "ComputeResourceRequirements": resources });
    let request = json!({ "InferenceComponentName": "i", "EndpointName": "e", "VariantName": "v",
        "Specification": specification, "RuntimeConfig": { "CopyCount": 1 } });
    component(&house.lab, "Create", request)
}

#[test]
fn a_copy_takes_a_partition_of_those_that_there_are() {
    let layouts = Some(json!([{ "AcceleratorPartitionTypes": ["mig-3g.20gb", "mig-4g.20gb"] }]));
    let asked = |partition: &str, devices: f64| json!({ "AcceleratorPartitionType": partition, "NumberOfAcceleratorDevicesRequired": devices });
    let devices = "NumberOfAcceleratorDevicesRequired must be 1 if AcceleratorPartitionType is specified.";
    assert_eq!(text(placed(layouts.clone(), asked("mig-3g.20gb", 2.0))), devices);
    assert_eq!(text(placed(layouts.clone(), json!({ "AcceleratorPartitionType": "mig-3g.20gb" }))), devices);
    let words = text(placed(layouts.clone(), json!({})));
    assert!(words.starts_with("AcceleratorPartitionType must be specified: variant v"), "{words}");
    for layouts in [layouts.clone(), None] {
        let words = text(placed(layouts, asked("mig-7g.40gb", 1.0)));
        assert!(words.starts_with("AcceleratorPartitionType mig-7g.40gb is not in"), "{words}");
    }
    placed(layouts, asked("mig-4g.20gb", 1.0)).unwrap();
    placed(None, json!({})).unwrap();
}
