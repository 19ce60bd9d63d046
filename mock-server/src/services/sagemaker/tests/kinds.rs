//! What every kind of job does, and in what the kinds differ.

use super::*;
use crate::model::{Choices, Placement, RuleMode, Silence, Texts};
use crate::services::sagemaker::model::DeleteModel;
use crate::services::sagemaker::tags::ListTags;

fn described(site: &Site, kit: Kit) -> Value {
    (kit.describe)(&site.lab, kit.named("j")).unwrap()
}

fn create(site: &Site, kit: Kit, instances: u32) -> Result<Value, Refused> {
    (kit.create)(&site.lab, site.job(kit, "j", instances, true))
}

#[test]
fn a_job_holds_its_addresses_as_long_as_it_lives() {
    for kit in kits() {
        let site = Site::new(Profile::Fast);
        let instances = if kit.kind == JobKind::Compilation { 1 } else { 2 };
        let out = create(&site, kit, instances).unwrap();
        let arn = out.as_object().unwrap().values().next().unwrap().as_str().unwrap();
        let slug = kit.kind.slug();
        assert_eq!(arn, format!("arn:aws:sagemaker:us-east-1:123456789012:{slug}/j"));
        assert_eq!(site.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap()["Tags"], json!([]));
        assert_eq!(site.free(), 11 - 2 * instances);
        for interface in site.lab.interfaces() {
            let noun = kit.kind.noun();
            let what = format!("{}{} Job j", noun[..1].to_uppercase(), &noun[1..]);
            assert!(interface.description.ends_with(&what), "{}", interface.description);
            assert_eq!(interface.groups[0].id, site.group);
        }
        site.lab.advance(2_999);
        assert_eq!(site.free(), 11 - 2 * instances);
        site.lab.advance(1);
        let (status, free) = (described(&site, kit)[kit.status].clone(), site.free());
        let completed = if kit.kind == JobKind::Compilation { "COMPLETED" } else { "Completed" };
        assert_eq!((status, free), (json!(completed), 11));
        site.assert_sound();
    }
}

#[test]
fn the_words_for_a_status_are_those_of_the_kind() {
    let expected = |kit: Kit| match kit.kind {
        JobKind::Compilation => ["STARTING", "INPROGRESS", "STOPPING", "STOPPED"],
        _ => ["InProgress", "InProgress", "Stopping", "Stopped"],
    };
    for kit in kits() {
        let site = Site::new(Profile::Fast);
        create(&site, kit, 1).unwrap();
        let status = || described(&site, kit)[kit.status].as_str().unwrap().to_owned();
        let starting = status();
        site.lab.advance(1_500);
        let running = status();
        (kit.stop)(&site.lab, kit.named("j")).unwrap();
        let stopping = status();
        site.lab.advance(10_000);
        assert_eq!([starting, running, stopping, status()], expected(kit));
        let refused = (kit.stop)(&site.lab, kit.named("j")).unwrap_err();
        let noun = kit.kind.noun();
        assert_eq!(
            (&*refused.code, refused.message),
            (
                "ValidationException",
                format!("The request was rejected because the {noun} job is in status {}.", status())
            )
        );
        let secondary = described(&site, kit).get("SecondaryStatus").is_some();
        assert_eq!(secondary, kit.kind == JobKind::Training);
        let why = crate::jobs::explain(&site.lab.state(), &site.row(kit, "j").unwrap().key).unwrap();
        assert_eq!(why.secondary_status.is_some(), secondary);
    }
}

#[test]
fn names_are_unique_within_a_kind() {
    let site = Site::new(Profile::Fast);
    for kit in kits() {
        create(&site, kit, 1).unwrap();
        let refused = create(&site, kit, 1).unwrap_err();
        let arn = &site.row(kit, "j").unwrap().arn;
        let expected = match kit.kind {
            JobKind::Training => format!(
                "Training job names must be unique within an AWS account and region, and a training job with this \
                 name already exists ({arn})"
            ),
            _ => format!(
                "Job name must be unique within an AWS account and region, and a job with this name already exists \
                 ({arn})"
            ),
        };
        assert_eq!((&*refused.code, refused.message), ("ResourceInUse", expected));
    }
}

#[test]
fn only_jobs_that_ended_can_be_deleted() {
    for kit in kits().into_iter().filter(|kit| kit.kind != JobKind::Transform) {
        let site = Site::new(Profile::Fast);
        create(&site, kit, 1).unwrap();
        let refused = (kit.delete)(&site.lab, kit.named("j")).unwrap_err();
        let code = if kit.kind == JobKind::Compilation { "ValidationException" } else { "ResourceInUse" };
        assert_eq!(&*refused.code, code);
        site.lab.advance(10_000);
        (kit.delete)(&site.lab, kit.named("j")).unwrap();
        assert!(site.row(kit, "j").is_none());
        let gone = (kit.describe)(&site.lab, kit.named("j")).unwrap_err();
        let expected = match kit.kind {
            JobKind::Training => "Requested resource not found.",
            _ => "Could not find requested job with name: j",
        };
        assert_eq!((&*gone.code, &*gone.message), ("ValidationException", expected));
        create(&site, kit, 1).unwrap();
    }
}

#[test]
fn a_failed_job_says_why_in_its_own_way() {
    for kit in kits().into_iter().filter(|kit| kit.kind != JobKind::Compilation) {
        let site = Site::new(Profile::Fast);
        create(&site, kit, 6).unwrap();
        site.lab.advance(10_000);
        let told = described(&site, kit);
        assert_eq!(told[kit.status], "Failed");
        assert!(told["FailureReason"].as_str().unwrap().starts_with("ClientError: The specified subnet(s)"));
        assert!(told.get("ExitMessage").is_none(), "no container ran");
    }
}

#[test]
fn a_compilation_job_fails_with_words_for_everything_the_model_requires() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Compilation));
    site.lab.edit(|state| drop(state.vpcs.update(&site.vpc, |vpc| vpc.dhcp_options = None)));
    create(&site, kit, 1).unwrap();
    let told = described(&site, kit);
    assert_eq!(
        (&told["FailureReason"], &told["ModelArtifacts"]["S3ModelArtifacts"]),
        (&json!(""), &json!(""))
    );
    site.lab.advance(10_000);
    let told = described(&site, kit);
    assert_eq!(told["CompilationJobStatus"], "FAILED");
    assert_eq!(
        told["FailureReason"],
        "ClientError: expected DHCP options to include keys domain-name-servers and domain-name, but missing one or \
         more attributes: {DhcpOptionsId:default DomainNameServers:<nil> DomainNameSearch:<nil>}.Please refer to \
         https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html for more details"
    );
    let site = Site::new(Profile::Instant);
    create(&site, kit, 1).unwrap();
    let artifacts = described(&site, kit)["ModelArtifacts"]["S3ModelArtifacts"].clone();
    assert_eq!(artifacts, "s3://data/compiled/model-ml_c5.tar.gz");
}

#[test]
fn a_compilation_job_that_takes_too_long_fails() {
    let (site, kit) = (Site::new(Profile::Realistic), kit(JobKind::Compilation));
    let mut request = site.job(kit, "j", 1, true);
    request["StoppingCondition"]["MaxRuntimeInSeconds"] = json!(60);
    (kit.create)(&site.lab, request).unwrap();
    site.lab.advance(3_600_000);
    let told = described(&site, kit);
    assert_eq!(told["CompilationJobStatus"], "FAILED");
    assert!(told["FailureReason"].as_str().unwrap().contains("within 60 seconds"));
    assert_eq!(site.free(), 11);
    site.assert_sound();
}

/// Takes the site's group the rule by which its members talk.
fn part(site: &Site) {
    site.lab.edit(|state| drop(state.groups.update(&site.group, |group| drop(group.rules.remove(0)))));
}

#[test]
fn instances_that_cannot_talk_give_up_or_wait_for_their_time_limit() {
    for kit in kits().into_iter().filter(|kit| kit.kind != JobKind::Compilation) {
        for (silence, profile) in [
            (Silence::Fail, Profile::Fast),
            (Silence::Hang, Profile::Fast),
            (Silence::Fail, Profile::Instant),
            (Silence::Hang, Profile::Instant),
        ] {
            let choices = Choices { silence, ..Choices::default() };
            let site = Site::with(Defaults { profile, choices, ..Defaults::default() });
            part(&site);
            create(&site, kit, 2).unwrap();
            site.lab.advance(10_000);
            let waits = silence == Silence::Hang && kit.kind != JobKind::Transform;
            if waits && profile == Profile::Fast {
                assert_eq!(
                    (described(&site, kit)[kit.status].as_str(), site.free()),
                    (Some("InProgress"), 7)
                );
                site.lab.advance(25 * 3_600_000);
            }
            let told = described(&site, kit);
            assert_eq!(told[kit.status], if waits { "Stopped" } else { "Failed" });
            let reason = told["FailureReason"].as_str().unwrap_or_default();
            assert_eq!(
                reason.starts_with("AlgorithmError: Cannot connect to host algo-2"),
                !waits,
                "{reason}"
            );
            let exit = told["ExitMessage"].as_str();
            assert_eq!(exit.is_some(), kit.kind == JobKind::Processing && !waits);
            if kit.kind == JobKind::Training && waits {
                assert_eq!(told["SecondaryStatus"], "MaxRuntimeExceeded");
            }
            let why = crate::jobs::explain(&site.lab.state(), &site.row(kit, "j").unwrap().key).unwrap();
            assert!(why.decided_by.unwrap().starts_with("SM-SG-SELF-"));
            assert_eq!(site.free(), 11);
            site.assert_sound();
        }
    }
}

#[test]
fn a_rule_that_only_warns_lets_the_instances_be_silent() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Transform));
    part(&site);
    site.lab.set_mode("SM-SG-SELF-03", RuleMode::Warn);
    create(&site, kit, 2).unwrap();
    site.lab.advance(10_000);
    assert_eq!(described(&site, kit)["TransformJobStatus"], "Completed");
    assert_eq!(site.lab.events("RuleWarning").len(), 1);
}

#[test]
fn transform_runs_in_the_network_of_its_model() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Transform));
    let refused = (kit.create)(&site.lab, transform("j", 1, "nobody")).unwrap_err();
    assert_eq!(
        (&*refused.code, &*refused.message),
        (
            "ValidationException",
            "Could not find model \"arn:aws:sagemaker:us-east-1:123456789012:model/nobody\"."
        )
    );
    (kit.create)(&site.lab, site.job(kit, "outside", 9, false)).unwrap();
    assert_eq!(site.free(), 11);
    create(&site, kit, 2).unwrap();
    assert_eq!(site.free(), 7);
    // One subnet is enough, and the model may go while the job runs.
    site.lab.write::<DeleteModel>(json!({ "ModelName": "inside" })).unwrap();
    site.lab.advance(10_000);
    assert_eq!(described(&site, kit)["TransformJobStatus"], "Completed");
    assert_eq!((&described(&site, kit)["ModelName"], site.free()), (&json!("inside"), 11));
}

#[test]
fn tenancy_matters_only_where_the_guide_says_so() {
    for kit in kits() {
        let lab = Lab::new(Profile::Fast);
        let vpc = lab.vpc(Tenancy::Dedicated);
        let (subnet, group) = (lab.subnet(vpc, "10.0.0.0/28"), lab.group(vpc));
        let site = Site { lab, vpc, subnet, group };
        let rule = match kit.kind {
            JobKind::Training => Some("SM-VPC-TENANCY-01"),
            JobKind::Compilation => Some("SM-VPC-TENANCY-02"),
            _ => None,
        };
        let result = create(&site, kit, 1);
        assert_eq!(result.as_ref().err().and_then(|refused| refused.because), rule);
        if let Err(refused) = result {
            let end = format!("are supported for {} jobs.", kit.kind.noun());
            assert!(refused.message.ends_with(&end), "{}", refused.message);
        }
    }
}

#[test]
fn instances_can_be_spread_over_the_subnets() {
    let choices = Choices { placement: Placement::PerInstance, ..Choices::default() };
    let site = Site::with(Defaults { choices, ..Defaults::default() });
    let second = site.lab.subnet_in(site.vpc, "10.0.1.0/28", 1);
    let mut request = site.request("j", 8);
    request["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), second.to_string()]);
    site.create(request.clone()).unwrap();
    assert_eq!((site.free(), site.lab.free(second)), (3, 3));
    request["TrainingJobName"] = json!("more");
    request["ResourceConfig"]["InstanceCount"] = json!(3);
    site.create(request).unwrap();
    assert_eq!((site.free(), site.lab.free(second)), (3, 3), "all of them or none");
    site.assert_sound();
}

#[test]
fn assumed_words_can_be_replaced() {
    let texts: Texts = crate::rules::texts::parse(
        "SM-F-SG-404 = \"no group {resource} for {kind}\"\ninterface-description = \"for {what} {resource}\"\n\
         SM-VPC-IP-01 = \"ClientError: {instances} are too many\"",
        |_| None,
    )
    .unwrap();
    let site = Site::with(Defaults { texts, ..Defaults::default() });
    let mut request = site.request("j", 1);
    request["VpcConfig"]["SecurityGroupIds"] = json!(["sg-1"]);
    assert_eq!(site.create(request).unwrap_err().message, "no group sg-1 for training");
    site.create(site.request("j", 1)).unwrap();
    assert_eq!(&*site.lab.interfaces()[0].description, "for Training Job j");
    site.create(site.request("six", 6)).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("six")["FailureReason"], "ClientError: 6 are too many");
}

/// An input of a processing job, with more members of its source.
fn input(more: Value) -> Value {
    let mut source = json!({ "S3Uri": "s3://data/in", "S3DataType": "S3Prefix" });
    source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "InputName": "x", "S3Input": source })
}

/// Source: API reference, ProcessingInput and ProcessingOutput.
#[test]
fn what_the_application_manages_the_service_does_not_bring() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Processing));
    site.lab.bucket("data");
    let managed = |name: &str, by_application: bool| {
        let mut request = site.job(kit, name, 1, true);
        let mut gone = input(json!({ "LocalPath": "/opt/ml/processing/x" }));
        gone["AppManaged"] = json!(by_application);
        let output = json!({ "OutputName": "o", "AppManaged": by_application,
            "S3Output": { "S3Uri": "s3://nobody-has-this/out", "LocalPath": "/opt/ml/processing/o", "S3UploadMode": "EndOfJob" } });
        request["ProcessingInputs"] = json!([gone]);
        request["ProcessingOutputConfig"] = json!({ "Outputs": [output] });
        (kit.create)(&site.lab, request).unwrap();
        site.lab.advance(10_000);
        (kit.describe)(&site.lab, kit.named(name)).unwrap()[kit.status].clone()
    };
    assert_eq!((managed("by-itself", true), managed("for-it", false)), (json!("Completed"), json!("Failed")));
}

/// A key does not matter to instances without storage, nor does storage without a key.
#[test]
fn volumes_have_keys_where_there_is_no_local_storage() {
    let site = Site::new(Profile::Fast);
    for (instance_type, key) in
        [("ml.m5.large", Some("key")), ("ml.g5.xlarge", None), ("ml.g5.xlarge", Some(""))]
    {
        let mut request =
            site.request(&format!("{}-{}", &instance_type[3..5], key.unwrap_or("none").len()), 1);
        request["ResourceConfig"]["InstanceType"] = json!(instance_type);
        request["ResourceConfig"]["VolumeKmsKeyId"] = json!(key);
        site.create(request).unwrap();
    }
}

/// One record at a time may be a whole file, and payloads of any size are no product with a limit.
#[test]
fn transform_jobs_that_may_be_are_accepted() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Transform));
    let edits: &[fn(&mut Value)] = &[
        |r| r["BatchStrategy"] = json!("SingleRecord"),
        // That a strategy has no effect without a SplitType is documented, and not that it is refused.
        |r| r["BatchStrategy"] = json!("MultiRecord"),
        |r| {
            r["BatchStrategy"] = json!("MultiRecord");
            r["TransformInput"]["SplitType"] = json!("RecordIO");
        },
        |r| (r["MaxPayloadInMB"], r["MaxConcurrentTransforms"]) = (json!(0), json!(200)),
        |r| (r["MaxPayloadInMB"], r["MaxConcurrentTransforms"]) = (json!(25), json!(4)),
        |r| (r["MaxPayloadInMB"], r["MaxConcurrentTransforms"]) = (json!(100), json!(0)),
    ];
    for (n, edit) in edits.iter().enumerate() {
        let mut request = site.job(kit, &format!("j{n}"), 1, true);
        edit(&mut request);
        assert!((kit.create)(&site.lab, request).is_ok(), "{n}");
        site.lab.advance(10_000);
    }
}

/// An edit of a request, and what the refusal says.
type Wrong = (JobKind, fn(&mut Value), &'static str);

#[test]
fn members_that_depend_on_each_other_are_held_to_it() {
    let cases: &[Wrong] = &[
        (
            JobKind::Processing,
            |r| r["ProcessingResources"]["ClusterConfig"] = json!({ "VolumeSizeInGB": 1 }),
            "Value null at 'processingResources.clusterConfig.instanceType' failed",
        ),
        (
            JobKind::Processing,
            |r| {
                r["ProcessingResources"]["ClusterConfig"]["InstancePreferences"] =
                    json!([{ "InstanceType": "ml.m5.large" }]);
            },
            "InstancePreferences cannot be specified with InstanceType",
        ),
        (
            JobKind::Processing,
            |r| {
                let one = json!({ "InstanceType": "ml.m5.large", "InstanceCount": 1 });
                r["ProcessingResources"]["ClusterConfig"] =
                    json!({ "VolumeSizeInGB": 1, "InstancePreferences": [one, one] });
            },
            "An instance type can appear only once in InstancePreferences: ml.m5.large",
        ),
        (
            JobKind::Processing,
            |r| {
                r["ProcessingResources"]["ClusterConfig"] = json!({ "VolumeSizeInGB": 1, "InstancePreferences": [{ "InstanceType": "ml.m5.large" }] });
            },
            "InstanceCount must be specified either for each of InstancePreferences or once for all of them.",
        ),
        (
            JobKind::Processing,
            |r| r["ProcessingInputs"] = json!([{ "InputName": "x" }]),
            "Exactly one of S3Input and DatasetDefinition",
        ),
        (
            JobKind::Processing,
            |r| {
                r["ProcessingInputs"] =
                    json!([{ "InputName": "x", "DatasetDefinition": {}, "AppManaged": true }])
            },
            "Exactly one of AthenaDatasetDefinition and RedshiftDatasetDefinition must be specified for the processing \
             input x.",
        ),
        (
            JobKind::Processing,
            |r| r["ProcessingInputs"] = json!([input(json!({}))]),
            "LocalPath must be specified for the processing input x unless its AppManaged is true.",
        ),
        (
            JobKind::Processing,
            |r| r["ProcessingInputs"] = json!([input(json!({ "LocalPath": "/tmp/x" }))]),
            "LocalPath of the processing input x must begin with /opt/ml/processing/",
        ),
        (
            JobKind::Processing,
            |r| {
                let mut other = input(json!({ "LocalPath": "/opt/ml/processing/x/" }));
                other["InputName"] = json!("y");
                r["ProcessingInputs"] = json!([input(json!({ "LocalPath": "/opt/ml/processing/x" })), other]);
            },
            "LocalPath must be unique among the processing inputs: /opt/ml/processing/x",
        ),
        (
            JobKind::Processing,
            |r| {
                let gzip = json!({ "LocalPath": "/opt/ml/processing/x", "S3InputMode": "File", "S3CompressionType": "Gzip" });
                r["ProcessingInputs"] = json!([input(gzip)]);
            },
            "Gzip can be the S3CompressionType of the processing input x only if its S3InputMode is Pipe.",
        ),
        (
            JobKind::Processing,
            |r| {
                r["ProcessingOutputConfig"] =
                    json!({ "Outputs": [{ "OutputName": "o", "AppManaged": true }] })
            },
            "Exactly one of S3Output and FeatureStoreOutput must be specified for the processing output o.",
        ),
        (
            JobKind::Processing,
            |r| {
                let output = json!({ "OutputName": "o", "FeatureStoreOutput": { "FeatureGroupName": "g" } });
                r["ProcessingOutputConfig"] = json!({ "Outputs": [output] });
            },
            "AppManaged must be true for the processing output o, which has a FeatureStoreOutput.",
        ),
        (
            JobKind::Processing,
            |r| {
                let cluster = &mut r["ProcessingResources"]["ClusterConfig"];
                (cluster["InstanceType"], cluster["VolumeKmsKeyId"]) =
                    (json!("ml.g4dn.xlarge"), json!("key"));
            },
            "VolumeKmsKeyId cannot be specified for instance type ml.g4dn.xlarge, which has local storage.",
        ),
        (
            JobKind::Transform,
            |r| {
                let resources = &mut r["TransformResources"];
                (resources["InstanceType"], resources["VolumeKmsKeyId"]) =
                    (json!("ml.g5.xlarge"), json!("key"));
            },
            "VolumeKmsKeyId cannot be specified for instance type ml.g5.xlarge",
        ),
        (
            JobKind::Training,
            |r| {
                let resources = &mut r["ResourceConfig"];
                (resources["InstanceType"], resources["VolumeKmsKeyId"]) =
                    (json!("ml.p4d.24xlarge"), json!("key"));
            },
            "VolumeKmsKeyId cannot be specified for instance type ml.p4d.24xlarge",
        ),
        (
            JobKind::Training,
            |r| {
                r["ProfilerConfig"] =
                    json!({ "S3OutputPath": "s3://data/p", "ProfilingIntervalInMilliseconds": 300 })
            },
            "ProfilingIntervalInMilliseconds must be one of 100, 200, 500, 1000, 5000 and 60000; it is 300.",
        ),
        (
            JobKind::Transform,
            |r| {
                r["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"] =
                    json!("AugmentedManifestFile")
            },
            "AugmentedManifestFile is not supported for transform jobs.",
        ),
        (JobKind::Transform, |r| r["MaxPayloadInMB"] = json!(101), "must not be greater than 100"),
        (
            JobKind::Transform,
            |r| {
                r["MaxPayloadInMB"] = json!(50);
                r["MaxConcurrentTransforms"] = json!(3);
            },
            "must not be greater than 100",
        ),
        (
            JobKind::Compilation,
            |r| r["ModelPackageVersionArn"] = json!("arn"),
            "exactly one of ModelPackageVersionArn and InputConfig",
        ),
        (
            JobKind::Compilation,
            |r| r["OutputConfig"] = json!({ "S3OutputLocation": "s3://data/out" }),
            "exactly one of TargetDevice and TargetPlatform",
        ),
        (
            JobKind::Compilation,
            |r| r["RoleArn"] = json!("arn:aws:iam::123456789012:role/Nobody"),
            "Could not assume role arn:aws:iam::123456789012:role/Nobody.",
        ),
        (
            JobKind::Processing,
            |r| r["Tags"] = json!([{ "Key": "a", "Value": "" }, { "Key": "a", "Value": "" }]),
            "Duplicate tag key: a",
        ),
    ];
    let site = Site::new(Profile::Fast);
    for (kind, edit, expected) in cases {
        let kit = kit(*kind);
        let mut request = site.job(kit, "j", 1, true);
        edit(&mut request);
        let refused = (kit.create)(&site.lab, request).unwrap_err();
        assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
        assert!(refused.message.contains(expected), "expected {expected}\n     got {}", refused.message);
        assert!(site.row(kit, "j").is_none());
    }
}

#[test]
fn the_first_preferred_instance_type_is_taken() {
    let (site, kit) = (Site::new(Profile::Fast), kit(JobKind::Processing));
    let mut request = site.job(kit, "j", 1, true);
    request["ProcessingResources"]["ClusterConfig"] = json!({ "VolumeSizeInGB": 1, "InstancePreferences": [
        { "InstanceType": "ml.c5.xlarge", "InstanceCount": 3 }, { "InstanceType": "ml.m5.large", "InstanceCount": 1 }] });
    (kit.create)(&site.lab, request).unwrap();
    let cluster = described(&site, kit)["ProcessingResources"]["ClusterConfig"].clone();
    assert_eq!(
        (&cluster["SelectedInstanceType"], &cluster["SelectedInstanceCount"], site.free()),
        (&json!("ml.c5.xlarge"), &json!(3), 5)
    );
}
