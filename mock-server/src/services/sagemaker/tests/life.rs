//! From the call to the end, whatever the end.

use super::*;
use crate::model::{Attachment, Defaults, JobKey, JobKind, RuleMode, RuleModes};

fn statuses(described: &Value) -> Vec<String> {
    transitions(described).into_iter().map(|(status, _)| status).collect()
}

#[test]
fn a_job_in_a_vpc_holds_two_addresses_an_instance_and_gives_them_back() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("two", 2)).unwrap();
    assert_eq!(site.free(), 11 - 4);
    let interfaces = site.lab.interfaces();
    assert_eq!(interfaces.len(), 4);
    for interface in &interfaces {
        let groups: Vec<_> = interface.groups.iter().map(|group| group.id).collect();
        assert_eq!((interface.subnet, groups), (site.subnet, vec![site.group]));
        assert_eq!(interface.addresses.len(), 1);
        assert!(matches!(interface.attachment, Some(Attachment::Service { .. })));
        assert_eq!(interface.requester_id.as_deref(), Some("AROA0123456789ABCDEFG:SageMaker"));
        assert!(interface.description.ends_with("SageMaker Training Job two"), "{}", interface.description);
    }
    site.assert_sound();
    site.lab.advance(2_999);
    assert_eq!((site.describe("two")["TrainingJobStatus"].as_str(), site.free()), (Some("InProgress"), 7));
    site.lab.advance(1);
    let described = site.describe("two");
    assert_eq!(described["TrainingJobStatus"], "Completed");
    assert_eq!(statuses(&described), ["Starting", "Downloading", "Training", "Uploading", "Completed"]);
    assert_eq!((site.free(), site.lab.interfaces().len()), (11, 0));
    site.assert_sound();
}

#[test]
fn every_status_message_is_seen_in_its_turn() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("watched", 1)).unwrap();
    let mut seen: Vec<(String, String)> = Vec::new();
    for _ in 0..=30 {
        let last = transitions(&site.describe("watched")).pop().unwrap();
        if seen.last() != Some(&last) {
            seen.push(last);
        }
        site.lab.advance(100);
    }
    let seen: Vec<_> = seen.iter().map(|(status, message)| format!("{status} - {message}")).collect();
    assert_eq!(
        seen,
        [
            "Starting - Starting the training job",
            "Starting - Launching requested ML instances",
            "Starting - Preparing the instances for training",
            "Downloading - Downloading input data",
            "Training - Downloading the training image",
            "Training - Training image download completed. Training in progress.",
            "Uploading - Uploading generated training model",
            "Completed - Training job completed",
        ]
    );
}

#[test]
fn without_a_vpc_nothing_of_a_vpc_is_touched() {
    let site = Site::new(Profile::Fast);
    site.create(request("plain", 100)).unwrap();
    assert_eq!((site.lab.interfaces().len(), site.free()), (0, 11));
    site.lab.advance(10_000);
    let described = site.describe("plain");
    assert_eq!(described["TrainingJobStatus"], "Completed");
    assert!(described.get("VpcConfig").is_none());
}

#[test]
fn five_instances_fit_a_slash_28_and_six_do_not() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("five", 5)).unwrap();
    assert_eq!(site.free(), 1);
    site.lab.advance(10_000);
    assert_eq!(site.free(), 11);

    site.create(site.request("six", 6)).unwrap();
    assert_eq!((site.free(), site.lab.interfaces().len()), (11, 0));
    let described = site.describe("six");
    assert_eq!(described["TrainingJobStatus"], "InProgress", "placing happens after the call has succeeded");
    assert!(described.get("FailureReason").is_none());
    site.lab.advance(10_000);
    let described = site.describe("six");
    assert_eq!(described["TrainingJobStatus"], "Failed");
    assert_eq!(statuses(&described), ["Starting", "Failed"]);
    let reason = described["FailureReason"].as_str().unwrap();
    assert!(reason.starts_with("ClientError: The specified subnet(s) ["), "{reason}");
    assert!(!reason.contains('{'), "a fact is missing: {reason}");
    assert!(described.get("TrainingStartTime").is_none());
    assert_eq!(site.free(), 11);
    site.assert_sound();
}

#[test]
fn a_job_takes_the_first_subnet_with_room_for_all_of_it() {
    let site = Site::new(Profile::Fast);
    let (small, large) = (site.lab.subnet(site.vpc, "10.0.1.0/28"), site.lab.subnet(site.vpc, "10.0.2.0/24"));
    let mut wide = site.request("wide", 6);
    wide["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), small.to_string(), large.to_string()]);
    site.create(wide).unwrap();
    assert_eq!((site.free(), site.lab.free(small), site.lab.free(large)), (11, 11, 251 - 12));
    let mut both = site.request("both", 6);
    both["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), small.to_string()]);
    site.create(both).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("both")["TrainingJobStatus"], "Failed", "a job is never split over subnets");
}

#[test]
fn with_network_isolation_an_instance_has_one_interface() {
    let site = Site::new(Profile::Fast);
    let mut request = site.request("isolated", 11);
    request["EnableNetworkIsolation"] = json!(true);
    site.create(request).unwrap();
    assert_eq!(site.free(), 0);
}

#[test]
fn instance_groups_are_counted_together() {
    let site = Site::new(Profile::Fast);
    let mut request = site.request("mixed", 1);
    request["ResourceConfig"] = json!({ "VolumeSizeInGB": 1, "InstanceGroups": [
        { "InstanceType": "ml.m5.large", "InstanceCount": 2, "InstanceGroupName": "a" },
        { "InstanceType": "ml.c5.large", "InstanceCount": 3, "InstanceGroupName": "b" },
    ] });
    site.create(request).unwrap();
    assert_eq!(site.free(), 1);
}

#[test]
fn a_stopped_job_ends_as_its_stage_allows() {
    for (after, expected) in [
        (0, vec!["Starting", "Stopping", "Stopped"]),
        (1_000, vec!["Starting", "Downloading", "Stopping", "Stopped"]),
        (1_700, vec!["Starting", "Downloading", "Training", "Stopping", "Uploading", "Stopped"]),
    ] {
        let site = Site::new(Profile::Fast);
        site.create(site.request("halted", 2)).unwrap();
        site.lab.advance(after);
        site.stop("halted").unwrap();
        let described = site.describe("halted");
        assert_eq!(
            (&described["TrainingJobStatus"], &described["SecondaryStatus"]),
            (&json!("Stopping"), &json!("Stopping"))
        );
        let again = site.stop("halted").unwrap_err();
        assert_eq!(again.message, "The request was rejected because the training job is in status Stopping.");
        site.assert_sound();
        site.lab.advance(10_000);
        let described = site.describe("halted");
        assert_eq!(described["TrainingJobStatus"], "Stopped");
        assert_eq!(statuses(&described), expected);
        assert_eq!(site.free(), 11);
        site.assert_sound();
        let ended = site.stop("halted").unwrap_err();
        assert_eq!(ended.message, "The request was rejected because the training job is in status Stopped.");
    }
}

#[test]
fn a_doomed_job_that_is_stopped_in_time_is_stopped() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("six", 6)).unwrap();
    site.stop("six").unwrap();
    site.lab.advance(10_000);
    let described = site.describe("six");
    assert_eq!(described["TrainingJobStatus"], "Stopped");
    assert!(described.get("FailureReason").is_none());
}

#[test]
fn a_job_that_runs_too_long_is_stopped() {
    let site = Site::new(Profile::Realistic);
    let mut request = site.request("long", 2);
    request["StoppingCondition"]["MaxRuntimeInSeconds"] = json!(5);
    site.create(request).unwrap();
    site.lab.advance(3_600_000);
    let described = site.describe("long");
    assert_eq!(
        (&described["TrainingJobStatus"], &described["SecondaryStatus"]),
        (&json!("Stopped"), &json!("MaxRuntimeExceeded"))
    );
    assert_eq!(
        statuses(&described),
        ["Starting", "Downloading", "Training", "Stopping", "Uploading", "MaxRuntimeExceeded"]
    );
    assert_eq!(site.free(), 11);
    site.assert_sound();
}

#[test]
fn an_instant_job_is_over_when_the_call_returns() {
    let site = Site::new(Profile::Instant);
    site.create(site.request("done", 5)).unwrap();
    assert_eq!(site.describe("done")["TrainingJobStatus"], "Completed");
    assert_eq!(site.free(), 11);
    assert_eq!(site.lab.events("JobInterfaces").len(), 2, "that there were interfaces is told all the same");
    site.create(site.request("never", 6)).unwrap();
    assert_eq!(site.describe("never")["TrainingJobStatus"], "Failed");
    site.assert_sound();
}

#[test]
fn a_deleted_job_leaves_its_name() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("again", 1)).unwrap();
    let refused = site.delete("again").unwrap_err();
    assert_eq!((&*refused.code, refused.status), ("ResourceInUse", 400));
    site.lab.advance(10_000);
    site.delete("again").unwrap();
    let gone = site.lab.read::<Describe<Training>>(named("again")).unwrap_err();
    assert_eq!((&*gone.code, &*gone.message), ("ValidationException", "Requested resource not found."));
    site.create(site.request("again", 1)).unwrap();
    site.assert_sound();
}

#[test]
fn external_buckets_are_told_once_each() {
    let site = Site::new(Profile::Fast);
    let mut request = request("external", 1);
    request["CheckpointConfig"] = json!({ "S3Uri": "s3://checkpoints/here" });
    site.create(request).unwrap();
    site.lab.advance(10_000);
    let told = site.lab.events("ExternalBucket");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn a_rule_that_only_warns_lets_the_job_go_on() {
    let mut rule_modes = RuleModes::default();
    rule_modes.set("SM-VPC-IP-01", RuleMode::Warn);
    let lab = Lab::with_defaults(Defaults { profile: Profile::Fast, rule_modes, ..Defaults::default() });
    let vpc = lab.vpc(Tenancy::Default);
    let (subnet, group) = (lab.subnet(vpc, "10.0.0.0/28"), lab.group(vpc));
    let site = Site { lab, vpc, subnet, group };
    site.create(site.request("six", 6)).unwrap();
    assert_eq!((site.free(), site.lab.events("RuleWarning").len()), (11, 1));
    site.lab.advance(10_000);
    assert_eq!(site.describe("six")["TrainingJobStatus"], "Completed");
    site.lab.set_mode("SM-VPC-IP-01", RuleMode::Off);
    site.create(site.request("seven", 7)).unwrap();
    assert_eq!(site.lab.events("RuleWarning").len(), 1);
}

#[test]
fn an_explanation_names_the_rule_its_evidence_and_the_remedy() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("six", 6)).unwrap();
    let key = JobKey { kind: JobKind::Training, name: "six".into() };
    let before = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!((before.status, before.decided_by), ("InProgress", Some("SM-VPC-IP-01")));
    assert_eq!((before.failure_reason, before.would_have_failed_next.len()), (None, 0));
    site.lab.advance(10_000);
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!((&*why.job, why.status, why.decided_by), ("training-job/six", "Failed", Some("SM-VPC-IP-01")));
    let place = why.phases.iter().find(|phase| phase.phase == "place").unwrap();
    let rule = place.rules.iter().find(|rule| rule.id == "SM-VPC-IP-01").unwrap();
    assert_eq!(
        (rule.verdict, rule.evidence["instances"].as_str(), rule.evidence["needed"].as_str()),
        ("violated", "6", "12")
    );
    assert!(rule.hint.is_some());
    assert!(serde_json::to_value(&why).is_ok());
    assert!(crate::jobs::explain(&site.lab.state(), &JobKey { name: "nobody".into(), ..key }).is_none());
}

/// A job whose interfaces could not be made fails when its first status ends, and until then never had instances to
/// prepare: what else is wrong with it is told of the phases that it reached, not of others.
#[test]
fn a_job_is_explained_by_the_phases_that_it_reached() {
    for kit in kits() {
        let site = Site::new(Profile::Fast);
        site.create(site.request("holds-the-addresses", 5)).unwrap();
        site.lab.edit(|state| drop(state.vpcs.update(&site.vpc, |vpc| vpc.dhcp_options = None)));
        (kit.create)(&site.lab, site.job(kit, "late", 1, true)).unwrap();
        site.lab.advance(10_000);
        let why = crate::jobs::explain(&site.lab.state(), &site.row(kit, "late").unwrap().key).unwrap();
        let phases: Vec<_> = why.phases.iter().map(|phase| phase.phase).collect();
        // The role of a transform job and its network are asked about when the model is made.
        let reached = if kit.kind == JobKind::Transform { &["place"][..] } else { &["create", "place"] };
        assert!(phases.ends_with(reached) && phases.len() <= 2, "{:?}: {phases:?}", kit.kind);
        assert_eq!((why.decided_by, why.would_have_failed_next), (Some("SM-VPC-IP-01"), vec![]));
        let told = site.lab.events("RuleViolated");
        let of_this: Vec<_> = told.iter().filter(|event| event.contains("DHCP options")).collect();
        assert_eq!(of_this.len(), 1, "of the job that was placed: {told:?}");
    }
    let site = Site::new(Profile::Fast);
    let mut request = site.request("both", 6);
    request["ResourceConfig"]["InstanceType"] = json!("ml.p4d.24xlarge");
    site.create(request).unwrap();
    let key = JobKey { kind: JobKind::Training, name: "both".into() };
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!((why.decided_by, why.would_have_failed_next), (Some("SM-VPC-IP-01"), vec!["SM-VPC-IP-02"]));
}
