//! What launch templates do, in an account in memory.

use super::super::describe::Describe;
use super::super::harness::{Lab, text, texts};
use super::super::instance_attribute::DescribeInstanceAttribute;
use super::super::instance_run::RunInstances;
use super::super::tags::DescribeTags;
use super::version::*;
use super::*;
use serde_json::{Value, json};

fn template(lab: &Lab, data: Value) -> String {
    let input = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data });
    text(&lab.write::<CreateLaunchTemplate>(input)["LaunchTemplate"]["LaunchTemplateId"])
}

fn add(lab: &Lab, more: Value) -> Value {
    let mut input = json!({ "LaunchTemplateName": "web" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    lab.write::<CreateLaunchTemplateVersion>(input)["LaunchTemplateVersion"].clone()
}

fn numbers(lab: &Lab, more: Value) -> Vec<i64> {
    let mut input = json!({ "LaunchTemplateName": "web" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let told = lab.read::<DescribeLaunchTemplateVersions>(input);
    let rows = told["LaunchTemplateVersions"].as_array().unwrap();
    rows.iter().map(|row| row["VersionNumber"].as_i64().unwrap()).collect()
}

#[test]
fn versions_are_numbered_once() {
    let lab = Lab::new();
    let id = template(&lab, json!({ "ImageId": "ami-12c6146b", "InstanceType": "t3.micro" }));
    let second = add(
        &lab,
        json!({
            "SourceVersion": "1", "VersionDescription": "larger", "LaunchTemplateData": { "InstanceType": "t3.large" },
        }),
    );
    assert_eq!(
        second["LaunchTemplateData"],
        json!({ "ImageId": "ami-12c6146b", "InstanceType": "t3.large" })
    );
    assert_eq!((&second["VersionNumber"], &second["DefaultVersion"]), (&json!(2), &json!(false)));
    assert_eq!(second["CreatedBy"], "arn:aws:iam::123456789012:root");
    add(&lab, json!({ "LaunchTemplateData": { "EbsOptimized": true } }));
    assert_eq!(numbers(&lab, json!({})), [1, 2, 3]);
    assert_eq!(numbers(&lab, json!({ "MinVersion": "2" })), [2, 3]);
    assert_eq!(numbers(&lab, json!({ "MinVersion": "2", "MaxVersion": "2" })), [2]);
    assert_eq!(numbers(&lab, json!({ "Versions": ["$Latest", "$Default", "3"] })), [1, 3]);
    let filter =
        |name: &str, value: &str| numbers(&lab, json!({ "Filters": [{ "Name": name, "Values": [value] }] }));
    assert_eq!(filter("instance-type", "t3.*"), [1, 2]);
    assert_eq!(filter("ebs-optimized", "true"), [3]);
    assert_eq!(filter("is-default-version", "false"), [2, 3]);

    let deleted = lab.write::<DeleteLaunchTemplateVersions>(
        json!({ "LaunchTemplateId": id, "Versions": ["3", "1", "9"] }),
    );
    let told = |list: &str| {
        let rows = deleted[list].as_array().unwrap().clone();
        let row = |row: &Value| (row["VersionNumber"].clone(), row["ResponseError"]["Code"].clone());
        rows.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(told("SuccessfullyDeletedLaunchTemplateVersions"), [(json!(3), Value::Null)]);
    assert_eq!(
        told("UnsuccessfullyDeletedLaunchTemplateVersions"),
        [(json!(1), json!("unexpectedError")), (json!(9), json!("launchTemplateVersionDoesNotExist"))]
    );
    assert_eq!(add(&lab, json!({ "LaunchTemplateData": { "KeyName": "k" } }))["VersionNumber"], 4);
    lab.write::<ModifyLaunchTemplate>(json!({ "LaunchTemplateId": id, "DefaultVersion": "4" }));
    let told = lab.read::<Describe<LaunchTemplate>>(json!({ "LaunchTemplateNames": ["web"] }));
    let told = &told["LaunchTemplates"][0];
    assert_eq!((&told["DefaultVersionNumber"], &told["LatestVersionNumber"]), (&json!(4), &json!(4)));
    let all = lab.read::<DescribeLaunchTemplateVersions>(json!({ "Versions": ["$Default", "$Latest"] }));
    assert_eq!(all["LaunchTemplateVersions"].as_array().unwrap().len(), 1);
}

#[test]
fn a_token_makes_one_version_and_goes_with_it() {
    let lab = Lab::new();
    let id = template(&lab, json!({ "InstanceType": "t3.micro" }));
    let again = json!({ "ClientToken": "once", "LaunchTemplateData": { "InstanceType": "t3.small" } });
    let first = add(&lab, again.clone());
    assert_eq!(add(&lab, again.clone()), first);
    let other = json!({ "LaunchTemplateName": "web", "ClientToken": "once", "LaunchTemplateData": {} });
    let refused = lab.try_write::<CreateLaunchTemplateVersion>(other);
    assert_eq!(refused, Err(Ec2Error::TokenReused));
    lab.write::<DeleteLaunchTemplateVersions>(json!({ "LaunchTemplateId": id, "Versions": ["2"] }));
    assert_eq!(add(&lab, again)["VersionNumber"], 3);
    lab.write::<DeleteLaunchTemplate>(json!({ "LaunchTemplateId": id }));
    assert_eq!(lab.read::<Describe<LaunchTemplate>>(json!({}))["LaunchTemplates"], json!([]));
}

#[test]
fn an_instance_is_what_the_request_says_and_else_the_template() {
    let lab = Lab::new();
    let vpc = lab.vpc();
    let (subnet, group) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.group(&vpc, "web"));
    let tags =
        |value: &str| json!([{ "ResourceType": "instance", "Tags": [{ "Key": "k", "Value": value }] }]);
    let id = template(
        &lab,
        json!({
            "ImageId": "ami-12c6146b", "InstanceType": "t3.micro", "DisableApiStop": true, "UserData": "aGk=",
            "NetworkInterfaces": [{ "DeviceIndex": 0, "SubnetId": subnet, "Groups": [group] }],
            "TagSpecifications": [
                { "ResourceType": "instance", "Tags": [{ "Key": "k", "Value": "t" }, { "Key": "own", "Value": "t" }] },
            ],
        }),
    );
    let run = |more: Value| {
        let mut input = json!({ "MinCount": 1, "MaxCount": 1, "LaunchTemplate": { "LaunchTemplateId": id } });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        lab.try_write::<RunInstances>(input).map(|made| made["Instances"][0].clone())
    };
    let plain = run(json!({})).unwrap();
    assert_eq!((&plain["InstanceType"], &plain["SubnetId"]), (&json!("t3.micro"), &json!(subnet)));
    assert_eq!(texts(&plain["SecurityGroups"], "GroupId"), [group]);
    let told = |attribute: &str| {
        let input = json!({ "InstanceId": plain["InstanceId"], "Attribute": attribute });
        lab.read::<DescribeInstanceAttribute>(input)
    };
    assert_eq!(told("userData")["UserData"], json!({ "Value": "aGk=" }));
    assert_eq!(told("disableApiStop")["DisableApiStop"], json!({ "Value": true }));

    let other = run(json!({ "InstanceType": "t3.small", "TagSpecifications": tags("r") })).unwrap();
    assert_eq!(other["InstanceType"], "t3.small");
    let tag = |instance: &Value, key: &str| {
        let filters = json!([
            { "Name": "resource-id", "Values": [instance["InstanceId"]] }, { "Name": "key", "Values": [key] },
        ]);
        text(&lab.read::<DescribeTags>(json!({ "Filters": filters }))["Tags"][0]["Value"])
    };
    assert_eq!(
        (tag(&other, "k"), tag(&other, "own"), tag(&plain, "k")),
        ("r".into(), "t".into(), "t".into())
    );
    assert_eq!(tag(&other, "aws:ec2launchtemplate:id"), id);
    assert_eq!(tag(&other, "aws:ec2launchtemplate:version"), "1");
    // What the template says of interfaces is as if the request said it.
    assert!(run(json!({ "SubnetId": subnet })).is_err());
    let requirements = json!({ "VCpuCount": { "Min": 1 }, "MemoryMiB": { "Min": 1 } });
    add(&lab, json!({ "LaunchTemplateData": { "InstanceRequirements": requirements } }));
    let newest = json!({ "LaunchTemplate": { "LaunchTemplateName": "web", "Version": "$Latest" } });
    assert_eq!(run(newest), Err(Ec2Error::NotBuilt("RunInstances with InstanceRequirements")));
}

#[test]
fn a_parameter_may_stand_for_the_image() {
    let lab = Lab::new();
    let name = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64";
    template(&lab, json!({ "ImageId": name, "InstanceType": "t3.micro" }));
    let told = |resolve: bool| {
        let input = json!({ "LaunchTemplateName": "web", "ResolveAlias": resolve });
        let told = lab.read::<DescribeLaunchTemplateVersions>(input);
        text(&told["LaunchTemplateVersions"][0]["LaunchTemplateData"]["ImageId"])
    };
    assert_eq!(told(false), name);
    let run = json!({ "MinCount": 1, "MaxCount": 1, "LaunchTemplate": { "LaunchTemplateName": "web" } });
    assert_eq!(lab.write::<RunInstances>(run)["Instances"][0]["ImageId"], json!(told(true)));
    let lost = json!({ "LaunchTemplateName": "lost", "LaunchTemplateData": { "ImageId": "resolve:ssm:/x" } });
    assert!(lab.try_write::<CreateLaunchTemplate>(lost).is_err());
}

#[test]
fn a_launch_tells_what_of_its_template_it_does_without() {
    let lab = Lab::new();
    let told = || {
        let events = lab.account.events.since(0, 100);
        let ignored = events.into_iter().filter(|(_, event)| event.kind == "ParameterIgnored");
        let paths = ignored.map(|(_, event)| {
            assert_eq!(event.resource, "ec2.RunInstances");
            event.message.split(' ').next().unwrap().to_owned()
        });
        paths.collect::<Vec<_>>()
    };
    let id = template(
        &lab,
        json!({
            "ImageId": "ami-12c6146b", "InstanceType": "t3.micro", "EbsOptimized": true, "RamDiskId": "ari-1",
            "Placement": { "AvailabilityZone": "us-east-1b", "GroupName": "near" },
            "NetworkInterfaces": [
                { "DeviceIndex": 0, "Description": "mine" }, { "DeviceIndex": 1, "AssociateCarrierIpAddress": false },
            ],
            "TagSpecifications": [{ "ResourceType": "instance", "Tags": [{ "Key": "k", "Value": "v" }] }],
        }),
    );
    add(&lab, json!({ "LaunchTemplateData": { "ImageId": "ami-12c6146b", "InstanceType": "t3.micro" } }));
    assert_eq!(told(), [""; 0], "the template has all that was given");
    let launch = |version: &str| {
        let by = json!({ "LaunchTemplateId": id, "Version": version });
        json!({ "LaunchTemplate": by, "MinCount": 1, "MaxCount": 1 })
    };
    lab.write_any::<RunInstances>(launch("1"), false).unwrap();
    assert_eq!(told(), [""; 0], "a dry run launches nothing");
    lab.write::<RunInstances>(launch("$Latest"));
    assert_eq!(told(), [""; 0], "nothing of this version is without effect");
    lab.write::<RunInstances>(launch("1"));
    let mut paths = told();
    paths.sort();
    assert_eq!(
        paths,
        [
            "LaunchTemplateData.EbsOptimized",
            "LaunchTemplateData.NetworkInterfaces[1].AssociateCarrierIpAddress",
            "LaunchTemplateData.Placement.GroupName",
            "LaunchTemplateData.RamDiskId",
        ]
    );
}
