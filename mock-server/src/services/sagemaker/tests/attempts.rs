//! Training jobs that do not run in one go, and those that leave their instances to others.

use super::*;
use crate::model::interface::InterfaceIndex;
use crate::model::{Content, Owner, PolicyDocument};
use crate::scenario::behaviour::parse;
use crate::services::sagemaker::job::List;
use crate::services::sagemaker::training::UpdateTrainingJob;

fn declare(site: &Site, text: &str) {
    site.lab.declare(parse(&format!("behaviours: [{{{text}}}]")).unwrap().remove(0));
}

fn spot(site: &Site, name: &str, instances: u32, max_wait: u64) -> Value {
    let mut request = site.request(name, instances);
    request["EnableManagedSpotTraining"] = json!(true);
    request["StoppingCondition"] = json!({ "MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": max_wait });
    request
}

fn statuses(described: &Value) -> String {
    let all = transitions(described).into_iter().map(|(status, _)| status);
    all.collect::<Vec<_>>().join(" ")
}

fn stocked(profile: Profile) -> Site {
    let site = Site::new(profile);
    site.lab.bucket("data");
    site.lab.object("data", "train/1", Content::Size(10));
    site
}

#[test]
fn an_interrupted_job_begins_again_with_other_interfaces() {
    let site = Site::new(Profile::Fast);
    declare(&site, "duration: 10m, spot: {interruptedAfter: 4m, times: 2, resumes: 5m}");
    let before = site.free();
    site.create(spot(&site, "s", 2, 7200)).unwrap();
    site.lab.advance(3_000);
    let first: Vec<_> = site.lab.interfaces().iter().map(|row| row.id).collect();
    assert_eq!((first.len(), site.free()), (4, before - 4));
    site.lab.advance(240_000);
    let described = site.describe("s");
    assert_eq!(
        (&described["SecondaryStatus"], &described["TrainingJobStatus"]),
        (&json!("Interrupted"), &json!("InProgress"))
    );
    assert_eq!((site.lab.interfaces().len(), site.free()), (0, before), "nothing is held meanwhile");
    site.assert_sound();
    site.lab.advance(302_000);
    assert_eq!(site.free(), before - 4);
    assert!(site.lab.interfaces().iter().all(|row| !first.contains(&row.id)));
    // Without checkpoints each attempt begins at the beginning.
    site.lab.advance(4 * 60_000 + 5 * 60_000 + 10 * 60_000 + 10_000);
    let described = site.describe("s");
    let run = "Starting Downloading Training";
    assert_eq!(
        statuses(&described),
        format!("{run} Interrupted {run} Interrupted {run} Uploading Completed")
    );
    let (worked, billed) = (
        described["TrainingTimeInSeconds"].as_u64().unwrap(),
        described["BillableTimeInSeconds"].as_u64().unwrap(),
    );
    assert!((18 * 60..18 * 60 + 10).contains(&worked), "{worked}: waiting is no work");
    assert_eq!(billed, (worked as f64 * 0.3).round() as u64);
    assert_eq!(site.free(), before);
    site.assert_sound();
}

#[test]
fn a_job_goes_on_from_its_last_checkpoint() {
    for (behaviour, expected) in [
        ("checkpointEvery: 3m", 3 * 60),
        // What is left when the instances go is saved in time.
        ("log: [x]", 4 * 60),
    ] {
        let site = stocked(Profile::Fast);
        declare(&site, &format!("duration: 10m, spot: {{interruptedAfter: 4m}}, {behaviour}"));
        let mut request = spot(&site, "s", 1, 7200);
        request["CheckpointConfig"] = json!({ "S3Uri": "s3://data/ck/" });
        site.create(request).unwrap();
        site.lab.advance(200_000);
        let running = site.lab.keys("data").iter().filter(|key| key.starts_with("ck/")).count();
        assert_eq!(running, usize::from(behaviour.starts_with("check")), "while it runs");
        site.lab.advance(41_700);
        assert_eq!(site.describe("s")["SecondaryStatus"], "Interrupted");
        assert_eq!(
            site.lab.bytes("data", "ck/checkpoint-1").unwrap(),
            format!("checkpoint 1 of training-job/s after {expected} s\n").as_bytes()
        );
        let row = site.row(kit(JobKind::Training), "s").unwrap();
        assert_eq!(row.progress.saved.as_secs(), expected);
        // What is left of the interruption, a start, and what is left of the run.
        site.lab.advance(200 + 1_600 + (600 - expected) * 1_000 - 1_000);
        assert_eq!(site.describe("s")["SecondaryStatus"], "Training", "{behaviour}");
        site.lab.advance(3_000);
        assert_eq!(site.describe("s")["TrainingJobStatus"], "Completed");
        site.assert_sound();
    }
}

#[test]
fn a_checkpoint_that_does_not_get_to_s3_keeps_nothing() {
    let site = stocked(Profile::Fast);
    declare(&site, "duration: 10m, spot: {interruptedAfter: 4m}");
    let mut request = spot(&site, "s", 1, 7200);
    request["CheckpointConfig"] = json!({ "S3Uri": "s3://data/ck/" });
    site.create(request).unwrap();
    let deny = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Principal": "*",
        "Action": "s3:PutObject", "Resource": "arn:aws:s3:::data/ck/*" } });
    site.lab.edit_bucket("data", |bucket| bucket.policy = Some(PolicyDocument::new(deny.to_string())));
    site.lab.advance(244_000);
    assert_eq!(site.row(kit(JobKind::Training), "s").unwrap().progress.saved.as_secs(), 0);
    assert_eq!(site.lab.events("CheckpointLost").len(), 1);
    site.assert_sound();
}

#[test]
fn a_job_waits_for_spot_instances_as_long_as_it_may() {
    for (profile, behaviour, expected) in [
        (Profile::Fast, "spot: {launches: never}", "Starting Stopping MaxWaitTimeExceeded"),
        (Profile::Instant, "spot: {launches: never}", "Starting Stopping MaxWaitTimeExceeded"),
        (Profile::Instant, "spot: {launches: 3h}", "Starting Stopping MaxWaitTimeExceeded"),
        (
            Profile::Fast,
            "duration: 1h, spot: {interruptedAfter: 10m, resumes: never}",
            "Starting Downloading Training Interrupted Stopping MaxWaitTimeExceeded",
        ),
        (
            Profile::Instant,
            "duration: 1h, spot: {interruptedAfter: 10m, resumes: never}",
            "Starting Downloading Training Interrupted Stopping MaxWaitTimeExceeded",
        ),
        (
            Profile::Instant,
            "spot: {times: 2}",
            "Starting Downloading Training Interrupted Starting Downloading Training Interrupted Starting Downloading Training Uploading Completed",
        ),
        // Fifty minutes of an hour, three times.
        (
            Profile::Fast,
            "duration: 1h, spot: {interruptedAfter: 50m, times: 9}",
            "Starting Downloading Training Interrupted Starting Downloading Training Stopping MaxRuntimeExceeded",
        ),
    ] {
        let site = Site::new(profile);
        declare(&site, behaviour);
        site.create(spot(&site, "s", 1, 7200)).unwrap();
        site.lab.advance(7_200_000 + 400);
        let described = site.describe("s");
        let told = statuses(&described).replace(" Stopping Uploading MaxRuntime", " Stopping MaxRuntime");
        assert_eq!(told, expected, "{profile:?} {behaviour}");
        assert_eq!(site.free(), 11);
        site.assert_sound();
    }
}

#[test]
fn an_interrupted_job_can_be_stopped() {
    let site = Site::new(Profile::Fast);
    declare(&site, "duration: 10m, spot: {interruptedAfter: 4m, resumes: 30m}");
    site.create(spot(&site, "s", 1, 7200)).unwrap();
    site.lab.advance(300_000);
    site.stop("s").unwrap();
    site.lab.advance(1_000);
    let described = site.describe("s");
    assert_eq!(statuses(&described), "Starting Downloading Training Interrupted Stopping Stopped");
    site.assert_sound();
}

#[test]
fn a_second_attempt_may_find_its_subnet_full() {
    let site = Site::new(Profile::Fast);
    declare(&site, "job: s, duration: 10m, spot: {interruptedAfter: 4m, resumes: 30m}");
    declare(&site, "job: big, duration: 2h");
    site.create(spot(&site, "s", 2, 7200)).unwrap();
    site.lab.advance(300_000);
    let mut big = site.request("big", 5);
    big["StoppingCondition"]["MaxRuntimeInSeconds"] = json!(86_400);
    site.create(big).unwrap();
    site.lab.advance(1_900_000);
    let described = site.describe("s");
    assert_eq!(described["TrainingJobStatus"], "Failed");
    assert!(described["FailureReason"].as_str().unwrap().contains("free IP addresses"), "{described}");
    site.assert_sound();
}

/// Source: API reference, RetryStrategy.
#[test]
fn what_the_service_failed_it_tries_again() {
    let site = Site::new(Profile::Fast);
    let own = ("SM-VPC-IP-01".to_owned(), "InternalServerError: We could not.".to_owned());
    site.lab.edit(|state| state.texts = [own].into_iter().collect());
    let mut request = site.request("r", 6);
    request["RetryStrategy"] = json!({ "MaximumRetryAttempts": 2 });
    site.create(request).unwrap();
    site.lab.advance(10_000);
    let described = site.describe("r");
    assert_eq!(statuses(&described), "Starting Restarting Starting Restarting Starting Failed");
    assert_eq!(site.row(kit(JobKind::Training), "r").unwrap().progress.retries, 2);
    site.assert_sound();
}

fn warm(site: &Site, name: &str, period: u64) -> Value {
    let mut request = site.request(name, 2);
    request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = json!(period);
    request
}

fn pool(site: &Site, name: &str) -> Value {
    site.describe(name)["WarmPoolStatus"].clone()
}

fn update(site: &Site, name: &str, period: u64) -> Result<Value, Refused> {
    let period = json!({ "KeepAlivePeriodInSeconds": period });
    site.lab.write::<UpdateTrainingJob>(json!({ "TrainingJobName": name, "ResourceConfig": period }))
}

fn with_status(site: &Site, status: &str) -> Vec<String> {
    let listed = site.lab.read::<List<Training>>(json!({ "WarmPoolStatusEquals": status })).unwrap();
    let all = listed["TrainingJobSummaries"].as_array().unwrap().clone();
    all.iter().map(|job| job["TrainingJobName"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_warm_pool_keeps_its_interfaces_until_its_time_is_over() {
    for profile in [Profile::Fast, Profile::Instant] {
        let site = Site::new(profile);
        let before = site.free();
        site.create(warm(&site, "w", 600)).unwrap();
        if profile == Profile::Fast {
            assert_eq!(pool(&site, "w"), json!({ "Status": "InUse" }));
        }
        site.lab.advance(3_000);
        assert_eq!(site.describe("w")["TrainingJobStatus"], "Completed");
        assert_eq!(pool(&site, "w"), json!({ "Status": "Available" }));
        assert_eq!((site.free(), site.lab.interfaces().len()), (before - 4, 4));
        assert_eq!(with_status(&site, "Available"), ["w"]);
        let refused = site.delete("w").unwrap_err();
        assert_eq!((&*refused.code, refused.status), ("ResourceInUse", 400));
        site.assert_sound();
        site.lab.advance(600_000);
        assert_eq!(
            pool(&site, "w"),
            json!({ "Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 600 })
        );
        assert_eq!((site.free(), with_status(&site, "Available").len()), (before, 0));
        site.delete("w").unwrap();
        site.assert_sound();
    }
}

#[test]
fn a_job_like_it_takes_over_what_is_there() {
    let site = Site::new(Profile::Fast);
    site.create(warm(&site, "one", 600)).unwrap();
    site.lab.advance(13_000);
    let held: Vec<_> = site.lab.interfaces().iter().map(|row| row.id).collect();
    // Something else takes what is free, so that there is no room for two more instances.
    let free = site.free();
    site.create(site.request("other", free / 2)).unwrap();
    let mut second = warm(&site, "two", 0);
    second["HyperParameters"] = json!({ "epochs": "3" });
    site.create(second).unwrap();
    assert_eq!(
        pool(&site, "one"),
        json!({ "Status": "Reused", "ResourceRetainedBillableTimeInSeconds": 10, "ReusedByJob": "two" })
    );
    assert_eq!(pool(&site, "two"), json!({ "Status": "InUse" }));
    let key = JobKey { kind: JobKind::Training, name: "two".into() };
    let now: Vec<_> =
        site.lab.state().interfaces.by(&InterfaceIndex::Owner(Owner::Job(key))).map(|row| row.id).collect();
    assert_eq!(now, held);
    site.lab.advance(3_000);
    let described = site.describe("two");
    assert_eq!(described["TrainingJobStatus"], "Completed", "{described}");
    assert!(transitions(&described).iter().all(|(_, message)| !message.contains("Launching")));
    // It was not to be kept again.
    assert_eq!(pool(&site, "two"), json!({ "Status": "Terminated" }));
    site.assert_sound();
    // The interfaces of a job of the first one's name are others.
    site.delete("one").unwrap();
    site.create(warm(&site, "one", 0)).unwrap();
    site.lab.advance(3_000);
    site.assert_sound();
}

#[test]
fn another_job_takes_nothing_over() {
    let site = Site::new(Profile::Fast);
    site.create(warm(&site, "one", 3600)).unwrap();
    site.lab.advance(3_000);
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 5] = [
        ("count", |request| request["ResourceConfig"]["InstanceCount"] = json!(1)),
        ("volume", |request| request["ResourceConfig"]["VolumeSizeInGB"] = json!(11)),
        ("isolation", |request| request["EnableNetworkIsolation"] = json!(true)),
        ("encryption", |request| request["EnableInterContainerTrafficEncryption"] = json!(true)),
        ("vpc", |request| drop(request.as_object_mut().unwrap().remove("VpcConfig"))),
    ];
    for (name, change) in changes {
        let mut request = site.request(name, 2);
        change(&mut request);
        site.create(request).unwrap();
        assert_eq!(pool(&site, "one"), json!({ "Status": "Available" }), "{name}");
        site.lab.advance(3_000);
        site.assert_sound();
    }
    let spot = spot(&site, "spot", 2, 7200);
    site.create(spot).unwrap();
    assert_eq!(pool(&site, "one"), json!({ "Status": "Available" }));
}

#[test]
fn a_pool_is_kept_for_another_while_or_given_up() {
    let site = Site::new(Profile::Fast);
    site.create(warm(&site, "w", 600)).unwrap();
    site.lab.advance(3_000);
    update(&site, "w", 1_200).unwrap();
    site.lab.advance(900_000);
    assert_eq!(pool(&site, "w")["Status"], "Available");
    assert_eq!(site.describe("w")["ResourceConfig"]["KeepAlivePeriodInSeconds"], 1_200);
    update(&site, "w", 0).unwrap();
    assert_eq!(
        pool(&site, "w"),
        json!({ "Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 900 })
    );
    assert_eq!(site.lab.interfaces().len(), 0);
    assert!(update(&site, "w", 600).is_err());
    // One that runs can be told to leave a pool.
    site.create(site.request("later", 1)).unwrap();
    update(&site, "later", 60).unwrap();
    site.lab.advance(3_000);
    assert_eq!(pool(&site, "later")["Status"], "Available");
    site.assert_sound();
}

/// Source: developer guide, "train-warm-pools-creation".
#[test]
fn what_ends_otherwise_leaves_a_pool_too_once_it_was_launched() {
    let site = Site::new(Profile::Fast);
    declare(&site, "job: fails, exitCode: 1");
    for (name, stop_after, expected) in
        [("fails", None, "Available"), ("early", Some(300), "Terminated"), ("late", Some(1_000), "Available")]
    {
        let mut request = warm(&site, name, 60);
        request["ResourceConfig"]["InstanceCount"] = json!(1);
        site.create(request).unwrap();
        if let Some(millis) = stop_after {
            site.lab.advance(millis);
            site.stop(name).unwrap();
        }
        site.lab.advance(4_000);
        assert_eq!(pool(&site, name)["Status"], expected, "{name}");
        site.assert_sound();
        site.lab.advance(60_000);
    }
    // Nothing was launched where there was no room.
    let mut request = warm(&site, "huge", 60);
    request["ResourceConfig"]["InstanceCount"] = json!(6);
    site.create(request).unwrap();
    site.lab.advance(4_000);
    assert_eq!(pool(&site, "huge")["Status"], "Terminated");
    site.assert_sound();
}

#[test]
fn pools_are_not_for_spot_instances_nor_for_groups() {
    let site = Site::new(Profile::Fast);
    let mut request = spot(&site, "s", 1, 7200);
    request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = json!(60);
    let said = site.create(request).unwrap_err().message;
    assert_eq!(said, "KeepAlivePeriodInSeconds cannot be specified with EnableManagedSpotTraining");
    let groups = json!([{ "InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "a" }]);
    let mut request = site.request("g", 1);
    request["ResourceConfig"] =
        json!({ "InstanceGroups": groups, "VolumeSizeInGB": 1, "KeepAlivePeriodInSeconds": 60 });
    let said = site.create(request).unwrap_err().message;
    assert_eq!(said, "KeepAlivePeriodInSeconds cannot be specified with InstanceGroups");
    site.create(spot(&site, "s", 1, 7200)).unwrap();
    assert!(update(&site, "s", 60).is_err());
    site.assert_sound();
}

#[test]
fn the_groups_of_a_heterogeneous_cluster_count_together() {
    let site = Site::new(Profile::Fast);
    let group = |name: &str, of: &str, count: u32| json!({ "InstanceType": of, "InstanceCount": count, "InstanceGroupName": name });
    let request = |name: &str, groups: Value| {
        let mut request = site.request(name, 1);
        request["ResourceConfig"] = json!({ "InstanceGroups": groups, "VolumeSizeInGB": 1 });
        request
    };
    let before = site.free();
    let groups = json!([group("cpu", "ml.m5.large", 2), group("gpu", "ml.p4d.24xlarge", 1)]);
    let mut one = request("one", groups.clone());
    one["InputDataConfig"][0]["DataSource"]["S3DataSource"]["InstanceGroupNames"] = json!(["cpu"]);
    site.create(one).unwrap();
    assert_eq!(before - site.free(), 2 * 2 + 5, "one with an Elastic Fabric Adapter has five");
    assert_eq!(site.describe("one")["ResourceConfig"]["InstanceGroups"], groups);
    site.lab.advance(3_000);
    assert_eq!(
        (site.describe("one")["TrainingJobStatus"].clone(), site.free()),
        (json!("Completed"), before)
    );
    let twice = json!([group("a", "ml.m5.large", 1), group("a", "ml.m5.large", 1)]);
    let said = site.create(request("two", twice)).unwrap_err().message;
    assert_eq!(
        said,
        "Instance group names must be unique; the instance group name a is used more than once."
    );
    let none = json!([group("a", "ml.m5.large", 1), group("b", "ml.m5.large", 0)]);
    let said = site.create(request("none", none)).unwrap_err().message;
    assert!(said.contains("resourceConfig.instanceGroups.2.member.instanceCount"), "{said}");
    let full = json!([group("a", "ml.m5.large", 4), group("b", "ml.m5.large", 2)]);
    site.create(request("full", full)).unwrap();
    site.lab.advance(3_000);
    assert_eq!(site.describe("full")["TrainingJobStatus"], "Failed");
    site.assert_sound();
}

const FILES: &str = "fs-0123456789abcdef0";

fn mounting(site: &Site, name: &str, of: &str) -> Value {
    let mut request = site.request(name, 1);
    request["InputDataConfig"][0]["DataSource"] = json!({ "FileSystemDataSource": { "FileSystemId": FILES,
        "FileSystemAccessMode": "ro", "FileSystemType": of, "DirectoryPath": "/data" } });
    request
}

fn mount_target(site: &Site, description: &str, group: SecurityGroupId) {
    let request = json!({ "SubnetId": site.subnet.to_string(), "Description": description,
        "Groups": [group.to_string()] });
    site.lab.write::<crate::services::ec2::CreateNetworkInterface>(request).unwrap();
}

#[test]
fn a_file_system_is_mounted_through_groups_and_ports() {
    for (of, ports) in [("EFS", 1), ("FSxLustre", 7)] {
        let site = Site::new(Profile::Fast);
        // One that nobody described is taken to be in reach.
        site.create(mounting(&site, "away", of)).unwrap();
        site.lab.advance(3_000);
        assert_eq!(site.describe("away")["TrainingJobStatus"], "Completed");
        assert_eq!(site.lab.events("ExternalFileSystem").len(), 1);
        let shut = site.lab.group(site.vpc);
        site.lab.edit(|state| drop(state.groups.update(&shut, |group| group.rules.clear())));
        mount_target(&site, "of another: fs-0123456789abcdef01", site.group);
        mount_target(&site, &format!("EFS mount target for {FILES} (fsmt-1)"), shut);
        site.create(mounting(&site, "shut", of)).unwrap();
        site.lab.advance(3_000);
        let described = site.describe("shut");
        let reason = described["FailureReason"].as_str().unwrap();
        assert!(
            reason.starts_with("ClientError: Unable to mount file system fs-0123456789abcdef0:/data."),
            "{reason}"
        );
        assert_eq!(statuses(&described), "Starting Downloading Failed");
        site.lab.edit(|state| {
            let rules = state.groups.get(&site.group).unwrap().rules.clone();
            state.groups.update(&shut, |group| group.rules = rules);
        });
        site.create(mounting(&site, "open", of)).unwrap();
        site.lab.advance(3_000);
        let row = site.row(kit(JobKind::Training), "open").unwrap();
        assert_eq!(row.status, crate::model::JobStatus::Completed, "{:?}", row.failure);
        let mounts =
            row.traces.iter().filter(|(_, trace)| matches!(trace.flow.to, crate::model::path::Goal::Peer(_)));
        assert_eq!(mounts.count(), ports);
        site.assert_sound();
    }
}

#[test]
fn what_is_streamed_is_read_while_the_job_trains() {
    for (mode, expected) in [
        ("File", "Starting Downloading Failed"),
        ("Pipe", "Starting Downloading Training Failed"),
        ("FastFile", "Starting Downloading Training Failed"),
    ] {
        let site = stocked(Profile::Fast);
        let mut request = site.request("s", 1);
        request["InputDataConfig"][0]["InputMode"] = json!(mode);
        site.create(request).unwrap();
        site.lab.edit_endpoint(|state, endpoint| drop(state.remove_vpc_endpoint(endpoint.id)));
        site.lab.advance(3_000);
        let described = site.describe("s");
        assert_eq!(statuses(&described), expected, "{mode}");
        assert!(
            described["FailureReason"].as_str().unwrap().starts_with("ClientError: Data download failed:")
        );
        site.assert_sound();
    }
    let site = stocked(Profile::Fast);
    let mut request = site.request("s", 1);
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataType"] =
        json!("AugmentedManifestFile");
    let said = site.create(request).unwrap_err().message;
    assert_eq!(said, "AugmentedManifestFile can only be used if the input mode of channel train is Pipe.");
}

#[test]
fn rules_are_evaluated_by_processing_jobs() {
    for profile in [Profile::Fast, Profile::Instant] {
        let site = stocked(profile);
        declare(&site, "job: '*-found-*', failure: 'RuleEvaluationConditionMet: it is'");
        declare(&site, "job: '*-broken-*', failure: 'no tensors'");
        let rule = |name: &str| json!({ "RuleConfigurationName": name, "RuleEvaluatorImage": IMAGE });
        let mut request = site.request("demo", 1);
        request["DebugHookConfig"] = json!({ "S3OutputPath": "s3://data/debug" });
        request["ProfilerConfig"] = json!({});
        request["TensorBoardOutputConfig"] = json!({ "S3OutputPath": "s3://data/board" });
        request["DebugRuleConfigurations"] = json!([rule("Found"), rule("Broken")]);
        request["ProfilerRuleConfigurations"] = json!([rule("ProfilerReport")]);
        site.create(request.clone()).unwrap();
        site.lab.advance(10_000);
        let described = site.describe("demo");
        let told = |member: &str| -> Vec<String> {
            let all = described[member].as_array().unwrap().iter();
            all.map(|one| format!("{} {}", one["RuleConfigurationName"], one["RuleEvaluationStatus"]))
                .collect()
        };
        assert_eq!(told("DebugRuleEvaluationStatuses"), [r#""Found" "IssuesFound""#, r#""Broken" "Error""#]);
        assert_eq!(told("ProfilerRuleEvaluationStatuses"), [r#""ProfilerReport" "NoIssuesFound""#]);
        let arn = described["ProfilerRuleEvaluationStatuses"][0]["RuleEvaluationJobArn"]
            .as_str()
            .unwrap()
            .to_owned();
        let (_, name) = arn.rsplit_once('/').unwrap();
        let job =
            (kit(JobKind::Processing).describe)(&site.lab, json!({ "ProcessingJobName": name })).unwrap();
        assert_eq!(job["TrainingJobArn"], described["TrainingJobArn"]);
        let keys = site.lab.keys("data");
        for key in [
            "board/demo/tensorboard-output/events.out.tfevents",
            "debug/demo/debug-output/training_job_end.ts",
            "models/demo/profiler-output/system/training_job_end.ts",
            "models/demo/rule-output/ProfilerReport/result.txt",
        ] {
            assert!(keys.iter().any(|known| known == key), "{key}: {keys:?}");
        }
        site.assert_sound();
        request["ProfilerRuleConfigurations"] = json!([rule("Found")]);
        request["TrainingJobName"] = json!("twice");
        let said = site.create(request).unwrap_err().message;
        assert_eq!(said, "Rule configuration names must be unique; the name Found is used more than once.");
    }
}

#[test]
fn the_rules_of_a_job_that_is_stopped_are_stopped() {
    let site = stocked(Profile::Fast);
    declare(&site, "kinds: [processing], duration: 1h");
    let mut request = site.request("demo", 1);
    request["DebugRuleConfigurations"] =
        json!([{ "RuleConfigurationName": "Slow", "RuleEvaluatorImage": IMAGE }]);
    site.create(request).unwrap();
    site.lab.advance(2_000);
    let status =
        |site: &Site| site.describe("demo")["DebugRuleEvaluationStatuses"][0]["RuleEvaluationStatus"].clone();
    assert_eq!(status(&site), "InProgress");
    site.stop("demo").unwrap();
    site.lab.advance(5_000);
    assert_eq!(status(&site), "Stopped");
    site.assert_sound();
}

/// A job whose profiler is switched off while it runs leaves no profile.
#[test]
fn the_profiler_can_be_switched_off() {
    let site = stocked(Profile::Fast);
    let mut request = site.request("demo", 1);
    request["ProfilerConfig"] = json!({ "S3OutputPath": "s3://data/profile" });
    site.create(request).unwrap();
    site.lab.advance(1_000);
    let update = json!({ "TrainingJobName": "demo", "ProfilerConfig": { "DisableProfiler": true } });
    site.lab.write::<UpdateTrainingJob>(update).unwrap();
    site.lab.advance(3_000);
    assert!(!site.lab.keys("data").iter().any(|key| key.starts_with("profile/")));
    site.assert_sound();
}
