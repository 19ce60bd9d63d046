//! What is refused, with which words; and what goes on although something is gone.

use super::*;
use crate::services::ec2::{DeleteNetworkInterface, DeleteSecurityGroup, DeleteSubnet, DeleteVpc};
use crate::services::sagemaker::tags::{AddTags, ListTags};

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:sagemaker:us-east-1:123456789012:{kind}/{name}")
}

fn text(result: Result<Value, Refused>) -> String {
    let refused = result.unwrap_err();
    assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
    refused.message
}

#[test]
fn what_does_not_exist_is_named() {
    let house = House::new(Profile::Fast);
    let no_endpoint = format!("Could not find endpoint \"{}\".", arn("endpoint", "x"));
    let no_config = format!("Could not find endpoint configuration \"{}\".", arn("endpoint-config", "x"));
    house.in_service("e", 1);
    for result in [house.try_describe("x"), house.delete("x"), house.update("x", "e-1")] {
        assert_eq!(text(result), no_endpoint);
    }
    for result in [house.create("y", "x"), house.update("e", "x"), house.delete_config("x")] {
        assert_eq!(text(result), no_config);
    }
    let no_model = format!("Could not find model \"{}\".", arn("model", "x"));
    assert_eq!(text(house.config("c", "x", 1)), no_model);
}

#[test]
fn names_are_unique() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 1);
    let taken = format!("Cannot create already existing endpoint \"{}\".", arn("endpoint", "e"));
    assert_eq!(text(house.create("e", "e-1")), taken);
    let taken = format!(
        "Cannot create already existing endpoint configuration \"{}\".",
        arn("endpoint-config", "e-1")
    );
    assert_eq!(text(house.config("e-1", "m", 1)), taken);
}

#[test]
fn an_endpoint_under_way_is_left_alone() {
    let house = House::new(Profile::Fast);
    house.config("c", "m", 1).unwrap();
    house.create("e", "c").unwrap();
    let busy = format!("Cannot update in-progress endpoint \"{}\".", arn("endpoint", "e"));
    let assert_busy = || {
        assert_eq!(text(house.update("e", "c")), busy);
        assert_eq!(text(house.delete("e")), busy);
    };
    assert_busy();
    house.lab.advance(READY);
    house.update("e", "c").unwrap();
    assert_busy();
    house.lab.advance(READY);
    house.delete("e").unwrap();
    assert_busy();
}

#[test]
fn a_failed_endpoint_can_only_be_deleted() {
    let house = House::new(Profile::Fast);
    house.config("c", "m", 20).unwrap();
    house.config("c2", "m", 1).unwrap();
    house.create("e", "c").unwrap();
    house.lab.advance(READY);
    assert!(text(house.update("e", "c2")).contains(&arn("endpoint", "e")));
    house.delete("e").unwrap();
    house.lab.advance(GONE);
    house.assert_empty();
}

/// Source: API reference, DeleteEndpointConfig and DeleteModel.
#[test]
fn an_endpoint_goes_on_without_its_configuration_and_its_model() {
    let house = House::new(Profile::Fast);
    house.config("c", "m", 2).unwrap();
    house.config("c2", "m", 1).unwrap();
    house.create("e", "c").unwrap();
    house.delete_config("c").unwrap();
    house.lab.advance(READY);
    assert_eq!(house.describe("e")["EndpointConfigName"], "c");
    // As users of Terraform report: the old configuration has to be there for an update.
    let no_config = format!("Could not find endpoint configuration \"{}\".", arn("endpoint-config", "c"));
    assert_eq!(text(house.update("e", "c2")), no_config);
    house.config("c", "m", 2).unwrap();
    house.delete_model("m").unwrap();
    assert_eq!(house.status("e"), "InService");
    let no_model = format!("Could not find model \"{}\".", arn("model", "m"));
    assert_eq!(text(house.update("e", "c2")), no_model);
    assert_eq!(text(house.create("f", "c2")), no_model);
    house.delete("e").unwrap();
    house.lab.advance(GONE + LINGER);
    house.assert_empty();
}

#[test]
fn what_the_model_checked_may_be_gone_when_it_is_deployed() {
    for gone in ["subnet", "group"] {
        let house = House::new(Profile::Fast);
        let third = house.lab.subnet_in(house.vpc, "10.0.2.0/24", 2);
        house.model("three", &[house.subnets[0], house.subnets[1], third], false).unwrap();
        house.config("c", "three", 1).unwrap();
        let rule = if gone == "subnet" {
            house.lab.write::<DeleteSubnet>(json!({ "SubnetId": third.to_string() })).unwrap();
            "SM-F-SUBNET-404"
        } else {
            house.lab.write::<DeleteSecurityGroup>(json!({ "GroupId": house.group.to_string() })).unwrap();
            "SM-F-SG-404"
        };
        house.create("e", "c").unwrap();
        assert!(house.lab.interfaces().is_empty());
        house.lab.advance(READY);
        assert_eq!(house.status("e"), "Failed");
        assert_eq!(house.explain("e").decided_by, Some(rule));
    }
}

#[test]
fn variants_say_what_they_run_on() {
    let house = House::new(Profile::Fast);
    let config = |variants: Value, more: Value| {
        let mut request = json!({ "EndpointConfigName": "c", "ProductionVariants": variants });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.lab.write::<CreateEndpointConfig>(request)
    };
    let good = variant("v", "m", 1);
    let mut without_count = good.clone();
    without_count.as_object_mut().unwrap().remove("InitialInstanceCount");
    let mut both = good.clone();
    both["ServerlessConfig"] = json!({ "MemorySizeInMB": 1024, "MaxConcurrency": 1 });
    for wrong in [json!([without_count]), json!([both]), json!([{ "VariantName": "v", "ModelName": "m" }])] {
        assert!(text(config(wrong, json!({}))).ends_with("for production variant v."));
    }
    assert!(text(config(json!([good, good]), json!({}))).ends_with(": v"));
    let shadows = json!({ "ShadowProductionVariants": [variant("w", "m", 1)] });
    text(config(json!([good, variant("u", "m", 1)]), shadows.clone()));
    config(json!([good]), shadows).unwrap();
    house.create("e", "c").unwrap();
    assert_eq!(house.free(), [7, 11], "each variant begins with the first zone");
    house.lab.advance(READY);
    assert_eq!(house.describe("e")["ShadowProductionVariants"][0]["VariantName"], "w");
}

#[test]
fn users_cannot_touch_interfaces_nor_delete_what_they_hold() {
    let house = House::new(Profile::Fast);
    house.in_service("e", 2);
    let try_all = || {
        let refused =
            house.lab.write::<DeleteSubnet>(json!({ "SubnetId": house.subnets[0].to_string() })).unwrap_err();
        let text = format!("The subnet '{}' has dependencies and cannot be deleted.", house.subnets[0]);
        assert_eq!((&*refused.code, refused.message), ("DependencyViolation", text));
        let refused = house
            .lab
            .write::<DeleteSecurityGroup>(json!({ "GroupId": house.group.to_string() }))
            .unwrap_err();
        let text = format!("resource {} has a dependent object", house.group);
        assert_eq!((&*refused.code, refused.message), ("DependencyViolation", text));
        let refused = house.lab.write::<DeleteVpc>(json!({ "VpcId": house.vpc.to_string() })).unwrap_err();
        let text = format!("The vpc '{}' has dependencies and cannot be deleted.", house.vpc);
        assert_eq!((&*refused.code, refused.message), ("DependencyViolation", text));
        let interface = house.interfaces_of("e")[0].id.to_string();
        house.lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": interface })).unwrap_err();
    };
    try_all();
    house.delete("e").unwrap();
    house.lab.advance(GONE);
    try_all();
    house.lab.advance(LINGER);
    for subnet in house.subnets {
        house.lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet.to_string() })).unwrap();
    }
    house.lab.write::<DeleteSecurityGroup>(json!({ "GroupId": house.group.to_string() })).unwrap();
    house.lab.delete_vpc(house.vpc).unwrap();
}

#[test]
fn endpoints_and_configurations_have_tags_and_endpoints_are_listed_by_status() {
    let house = House::new(Profile::Fast);
    house.in_service("a", 1);
    house.config("large", "m", 20).unwrap();
    house.create("b", "large").unwrap();
    for arn in [arn("endpoint", "a"), arn("endpoint-config", "a-1")] {
        let more = json!({ "ResourceArn": arn, "Tags": [{ "Key": "k", "Value": "v" }] });
        house.lab.write::<AddTags>(more).unwrap();
        let tags = house.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap();
        assert_eq!(tags["Tags"], json!([{ "Key": "k", "Value": "v" }]));
    }
    let names = |input: Value| {
        let out = house.lab.read::<ListEndpoints>(input).unwrap();
        let all = out["Endpoints"].as_array().unwrap();
        json!(all.iter().map(|one| one["EndpointName"].clone()).collect::<Vec<_>>())
    };
    assert_eq!(names(json!({})), json!(["b", "a"]));
    assert_eq!(names(json!({ "StatusEquals": "Creating" })), json!(["b"]));
    house.lab.advance(READY);
    assert_eq!(names(json!({ "StatusEquals": "Failed" })), json!(["b"]));
    assert_eq!(names(json!({ "SortBy": "Status", "SortOrder": "Ascending" })), json!(["b", "a"]));
}
