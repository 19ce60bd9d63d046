//! What CreateTrainingJob refuses, with which words.

use super::*;
use crate::kernel::Memo;
use crate::model::{GroupAssociation, GroupAssociationState, RuleMode};
use crate::services::lab::TRUST;

fn change(site: &Site, edit: impl FnOnce(&mut Value)) -> Result<Value, Refused> {
    let mut request = site.request("job", 1);
    edit(&mut request);
    let result = site.create(request);
    if result.is_err() {
        assert!(site.lab.state().jobs.is_empty() && site.free() == 11, "a refused call changes nothing");
    }
    result
}

fn refusal(site: &Site, edit: impl FnOnce(&mut Value)) -> String {
    let refused = change(site, edit).unwrap_err();
    assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
    assert!(!refused.message.contains('{'), "a fact is missing: {}", refused.message);
    refused.message
}

#[test]
fn the_role_must_exist_and_trust_the_service() {
    let site = Site::new(Profile::Fast);
    let expected = |arn: &str| {
        format!(
            "Could not assume role {arn}. Please ensure that the role exists and allows principal \
             'sagemaker.amazonaws.com' to assume the role."
        )
    };
    let nobody = "arn:aws:iam::123456789012:role/Nobody";
    let elsewhere = "arn:aws:iam::999999999999:role/service-role/Trainer";
    let lambda = "arn:aws:iam::123456789012:role/Lambda";
    site.lab.role(lambda, &TRUST.replace("sagemaker", "lambda"));
    let text = refusal(&site, |request| request["RoleArn"] = json!(elsewhere));
    assert_eq!(text, "RoleArn: Cross-account pass role is not allowed.");
    for arn in [nobody, lambda] {
        assert_eq!(refusal(&site, |request| request["RoleArn"] = json!(arn)), expected(arn));
    }
    let refused = change(&site, |request| request["RoleArn"] = json!(nobody)).unwrap_err();
    assert_eq!(refused.because, Some("SM-ROLE-TRUST-07"));
    site.lab.set_mode("SM-ROLE-TRUST-07", RuleMode::Warn);
    change(&site, |request| request["RoleArn"] = json!(nobody)).unwrap();
    assert_eq!(site.lab.interfaces()[0].requester_id, None);
}

#[test]
fn the_network_must_exist_and_be_one() {
    let site = Site::new(Profile::Fast);
    let other = site.lab.vpc(Tenancy::Default);
    let (far_subnet, far_group) = (site.lab.subnet(other, "10.0.0.0/24"), site.lab.group(other));
    for unknown in ["subnet-0123456789abcdef0", "anything"] {
        let text = refusal(&site, |request| {
            request["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), unknown])
        });
        assert_eq!(text, format!("The subnet ID '{unknown}' does not exist"));
    }
    let text = refusal(&site, |request| request["VpcConfig"]["SecurityGroupIds"] = json!(["sg-1"]));
    assert_eq!(text, "The security group 'sg-1' does not exist");
    let subnets = json!([site.subnet.to_string(), far_subnet.to_string()]);
    for edit in [("Subnets", subnets), ("SecurityGroupIds", json!([far_group.to_string()]))] {
        let refused = change(&site, |request| request["VpcConfig"][edit.0] = edit.1).unwrap_err();
        assert_eq!(refused.because, Some("SM-F-VPC-MIX"));
    }
}

/// Source: VPC user guide, "Associate security groups with multiple VPCs".
#[test]
fn a_group_that_is_associated_with_the_vpc_is_as_good_as_its_own() {
    let site = Site::new(Profile::Fast);
    let home = site.lab.vpc(Tenancy::Default);
    let (far_subnet, guest) = (site.lab.subnet(home, "10.0.0.0/24"), site.lab.group(home));
    let vpc = site.lab.state().subnets.get(&site.subnet).unwrap().vpc;
    let associate = |state: GroupAssociationState| {
        let association = GroupAssociation { group: guest, vpc, state, memo: Memo::default() };
        site.lab.edit(|world| drop(world.group_associations.insert(association)));
    };
    let groups = json!([site.group.to_string(), guest.to_string()]);
    let named = |request: &mut Value| request["VpcConfig"]["SecurityGroupIds"] = groups.clone();
    for state in [GroupAssociationState::Associating, GroupAssociationState::Disassociating] {
        associate(state);
        assert_eq!(change(&site, named).unwrap_err().because, Some("SM-F-VPC-MIX"), "{state:?}");
    }
    associate(GroupAssociationState::Associated);
    // It does not bring the subnets of its home along.
    let refused = change(&site, |request| {
        named(request);
        request["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), far_subnet.to_string()]);
    });
    assert_eq!(refused.unwrap_err().because, Some("SM-F-VPC-MIX"));
    change(&site, named).unwrap();
    let carried = site.lab.interfaces()[0].groups.iter().any(|group| group.id == guest);
    assert!(carried, "the interfaces of the job carry it");
}

#[test]
fn dedicated_tenancy_is_refused() {
    let site = Site::new(Profile::Fast);
    let vpc = site.lab.vpc(Tenancy::Dedicated);
    let (subnet, group) = (site.lab.subnet(vpc, "10.0.0.0/24"), site.lab.group(vpc));
    let text = refusal(&site, |request| {
        request["VpcConfig"] =
            json!({ "Subnets": [subnet.to_string()], "SecurityGroupIds": [group.to_string()] });
    });
    assert_eq!(
        text,
        format!(
            "VpcConfig is invalid: subnet(s) [{subnet}] belong to VPC {vpc} with instance tenancy 'dedicated'. Only \
             subnets in a VPC with default tenancy are supported for training jobs."
        )
    );
}

#[test]
fn a_name_is_used_once() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("job", 1)).unwrap();
    // The name is looked at before the role is.
    let mut again = site.request("job", 1);
    again["RoleArn"] = json!("arn:aws:iam::123456789012:role/Nobody");
    let refused = site.create(again).unwrap_err();
    assert_eq!(&*refused.code, "ResourceInUse");
    assert_eq!(
        refused.message,
        "Training job names must be unique within an AWS account and region, and a training job with this name \
         already exists (arn:aws:sagemaker:us-east-1:123456789012:training-job/job)"
    );
}

type Edit = fn(&mut Value);

fn serverless(request: &mut Value, job_type: &str, length: &str) {
    let members = request.as_object_mut().unwrap();
    members.remove("AlgorithmSpecification");
    members.remove("ResourceConfig");
    let model = "arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/a-model/1.0.0";
    let config = json!({ "BaseModelArn": model, "JobType": job_type, "SequenceLength": length });
    members.insert("ServerlessJobConfig".into(), config);
}

#[test]
fn members_that_depend_on_each_other_are_held_to_it() {
    let cases: &[(&str, Edit)] = &[
        ("Value null at 'algorithmSpecification' failed", |r| {
            drop(r.as_object_mut().unwrap().remove("AlgorithmSpecification"))
        }),
        ("Value null at 'resourceConfig' failed", |r| {
            drop(r.as_object_mut().unwrap().remove("ResourceConfig"))
        }),
        ("exactly one of TrainingImage and AlgorithmName", |r| {
            r["AlgorithmSpecification"]["AlgorithmName"] = json!("a")
        }),
        ("exactly one of TrainingImage and AlgorithmName", |r| {
            r["AlgorithmSpecification"] = json!({ "TrainingInputMode": "File" })
        }),
        ("InstanceType or InstanceCount cannot be specified with InstanceGroups", |r| {
            r["ResourceConfig"]["InstanceGroups"] =
                json!([{ "InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "a" }]);
        }),
        ("Value null at 'resourceConfig.instanceType' failed", |r| {
            r["ResourceConfig"] = json!({ "InstanceCount": 1, "VolumeSizeInGB": 1 })
        }),
        ("Value '0' at 'resourceConfig.instanceCount' failed", |r| {
            r["ResourceConfig"]["InstanceCount"] = json!(0)
        }),
        ("VolumeSizeInGB must be specified for instance type ml.m5.large", |r| {
            r["ResourceConfig"] = json!({ "InstanceCount": 1, "InstanceType": "ml.m5.large" })
        }),
        ("InstancePreferences cannot be specified with InstanceType", |r| {
            r["ResourceConfig"]["InstancePreferences"] = json!([{ "InstanceType": "ml.p5.48xlarge" }])
        }),
        ("can appear only once in InstancePreferences: ml.p5.48xlarge", |r| {
            let one = json!({ "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1 });
            r["ResourceConfig"] = json!({ "InstancePreferences": [one, one] });
        }),
        ("either for each of InstancePreferences or once for all", |r| {
            r["ResourceConfig"] = json!({ "InstancePreferences": [{ "InstanceType": "ml.p5.48xlarge" }] })
        }),
        ("either for each of InstancePreferences or once for all", |r| {
            let both = json!([{ "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1 }, { "InstanceType": "ml.m5.large" }]);
            r["ResourceConfig"] = json!({ "InstancePreferences": both });
        }),
        ("either for each of InstancePreferences or once for all", |r| {
            let one = json!({ "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1 });
            r["ResourceConfig"] = json!({ "InstanceCount": 1, "InstancePreferences": [one] });
        }),
        ("TrainingPlanArn cannot be specified with TrainingPlanArns", |r| {
            let plan = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan";
            let one =
                json!({ "InstanceType": "ml.p5.48xlarge", "InstanceCount": 1, "TrainingPlanArns": [plan] });
            r["ResourceConfig"] = json!({ "TrainingPlanArn": plan, "InstancePreferences": [one] });
        }),
        ("Value null at 'serverlessJobConfig.evaluationType' failed", |r| serverless(r, "Evaluation", "32K")),
        ("SequenceLength must be an integer from 1K to 1024K, such as 32K; it is 1025K", |r| {
            serverless(r, "FineTuning", "1025K")
        }),
        ("SequenceLength must be", |r| serverless(r, "FineTuning", "0K")),
        ("Value '2419201' at 'stoppingCondition.maxRuntimeInSeconds' failed", |r| {
            r["StoppingCondition"]["MaxRuntimeInSeconds"] = json!(2_419_201)
        }),
        ("Invalid MaxWaitTimeInSeconds. It is only supported", |r| {
            r["StoppingCondition"]["MaxWaitTimeInSeconds"] = json!(7200)
        }),
        ("Invalid MaxWaitTimeInSeconds. It must be present", |r| {
            r["EnableManagedSpotTraining"] = json!(true)
        }),
        ("Channel names must be unique", |r| {
            let channel = r["InputDataConfig"][0].clone();
            r["InputDataConfig"].as_array_mut().unwrap().push(channel);
        }),
        ("Exactly one data source", |r| r["InputDataConfig"][0]["DataSource"] = json!({})),
        ("names the instance group a", |r| {
            r["InputDataConfig"][0]["DataSource"]["S3DataSource"]["InstanceGroupNames"] = json!(["a"])
        }),
        ("Duplicate tag key: a", |r| {
            r["Tags"] = json!([{ "Key": "a", "Value": "1" }, { "Key": "a", "Value": "2" }])
        }),
        ("reserved: aws:x", |r| r["Tags"] = json!([{ "Key": "aws:x", "Value": "1" }])),
    ];
    let site = Site::new(Profile::Fast);
    for (expected, edit) in cases {
        let text = refusal(&site, edit);
        assert!(text.contains(expected), "expected {expected}\n     got {text}");
    }
}

#[test]
fn channels_are_all_assigned_to_instance_groups_or_none_is() {
    let site = Site::new(Profile::Fast);
    let text = refusal(&site, |request| {
        request["ResourceConfig"] = json!({ "VolumeSizeInGB": 1, "InstanceGroups": [
            { "InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "a" }] });
        let mut second = request["InputDataConfig"][0].clone();
        second["ChannelName"] = json!("code");
        request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["InstanceGroupNames"] = json!(["a"]);
        request["InputDataConfig"].as_array_mut().unwrap().push(second);
    });
    assert_eq!(text, "Some channels have assigned instance groups: [train] while others not: [code]");
}

#[test]
fn what_aws_accepts_is_accepted() {
    let accepted: &[(&str, Edit)] = &[
        ("no stopping condition", |r| drop(r.as_object_mut().unwrap().remove("StoppingCondition"))),
        ("no input", |r| drop(r.as_object_mut().unwrap().remove("InputDataConfig"))),
        ("instance storage", |r| {
            r["ResourceConfig"] = json!({ "InstanceType": "ml.g5.xlarge", "InstanceCount": 1 })
        }),
        ("spot", |r| {
            r["EnableManagedSpotTraining"] = json!(true);
            r["StoppingCondition"]["MaxWaitTimeInSeconds"] = json!(3600);
        }),
        ("an algorithm by name", |r| {
            r["AlgorithmSpecification"] = json!({ "AlgorithmName": "mine", "TrainingInputMode": "Pipe" })
        }),
        ("a file system in a VPC", |r| {
            r["InputDataConfig"][0]["DataSource"] = json!({ "FileSystemDataSource": {
                "FileSystemId": "fs-01234567", "FileSystemAccessMode": "ro", "FileSystemType": "EFS", "DirectoryPath": "/" } });
        }),
        (
            "preferences",
            |r| r["ResourceConfig"] = json!({ "InstanceCount": 2, "VolumeSizeInGB": 1, "InstancePreferences": [{ "InstanceType": "ml.p5.48xlarge" }] }),
        ),
        ("serverless", |r| serverless(r, "FineTuning", "1024K")),
    ];
    for (what, edit) in accepted {
        let site = Site::new(Profile::Fast);
        let mut request = site.request("job", 1);
        edit(&mut request);
        assert!(site.create(request).is_ok(), "{what}");
        site.lab.advance(10_000);
        assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed", "{what}");
        site.assert_sound();
    }
}
