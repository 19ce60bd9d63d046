//! Every way in which jobs, endpoints and notebook instances can end, on demand.

use super::*;
use crate::model::{JobStatus, Phase, RuleMode};
use crate::rules::permissions;
use crate::scenario::behaviour::parse;
use crate::services::sagemaker::endpoint::{
    CreateEndpoint, DeleteEndpoint, DescribeEndpoint, UpdateEndpoint,
};
use crate::services::sagemaker::endpoint_config::CreateEndpointConfig;
use crate::services::sagemaker::notebook::{CreateNotebookInstance, DescribeNotebookInstance};

const INTERNAL: &str = "InternalServerError: We encountered an internal error.  Please try again.";
const JOBS: &str = "kinds: [training, processing, transform, compilation]";

fn declare(lab: &Lab, text: &str) {
    lab.declare(parse(&format!("behaviours: [{{{text}}}]")).unwrap().remove(0));
}

/// What is described of a job, its status first.
fn end(site: &Site, kit: Kit, name: &str) -> (String, Option<String>) {
    let told = (kit.describe)(&site.lab, kit.named(name)).unwrap();
    let reason = told.get("FailureReason").map(|reason| reason.as_str().unwrap().to_owned());
    (told[kit.status].as_str().unwrap().to_lowercase(), reason.filter(|reason| !reason.is_empty()))
}

#[test]
fn jobs_of_every_kind_fail_at_every_phase() {
    for kit in kits() {
        for (at, phase) in [
            ("starting", Phase::Start),
            ("downloading", Phase::Input),
            ("running", Phase::Run),
            ("uploading", Phase::Output),
        ] {
            let site = Site::new(Profile::Fast);
            site.lab.bucket("data");
            site.lab.object("data", "train/a", crate::model::Content::Size(1));
            site.lab.object("data", "in/a", crate::model::Content::Size(1));
            site.lab.object("data", "model.tar.gz", crate::model::Content::Size(1));
            let before = site.lab.keys("data");
            declare(&site.lab, &format!("{JOBS}, serviceFailure: {{at: {at}}}, metrics: {{loss: 1}}"));
            (kit.create)(&site.lab, site.job(kit, "job", 1, true)).unwrap();
            site.lab.advance(10_000);
            assert_eq!(
                end(&site, kit, "job"),
                ("failed".into(), Some(INTERNAL.into())),
                "{:?} {at}",
                kit.kind
            );
            let row = site.row(kit, "job").unwrap();
            assert_eq!(row.findings.iter().map(|finding| finding.phase).max(), Some(phase), "{:?}", kit.kind);
            assert_eq!((site.free(), row.told_failure().unwrap().rule), (11, Some("SM-F-INTERNAL")));
            assert_eq!(site.lab.keys("data"), before, "nothing is uploaded");
            assert_eq!(row.metrics.len(), usize::from(at == "uploading"), "what ran has measured");
            let seconds = |job: &Job| job.transitions.iter().map(|one| one.status).collect::<Vec<_>>();
            if kit.kind == JobKind::Training {
                let all = ["Starting", "Downloading", "Training", "Uploading"];
                let reached = all.iter().position(|one| {
                    one.to_lowercase().starts_with(if at == "running" { "training" } else { at })
                });
                assert_eq!(seconds(&row)[..=reached.unwrap()], all[..=reached.unwrap()]);
                assert_eq!(seconds(&row).last(), Some(&"Failed"));
            }
            site.assert_sound();
        }
    }
}

#[test]
fn a_failure_takes_as_long_and_says_what_is_declared() {
    let site = Site::new(Profile::Fast);
    declare(&site.lab, "serviceFailure: {at: downloading, after: 10m, reason: 'ClientError: no.'}");
    site.create(site.request("slow", 1)).unwrap();
    site.lab.advance(900 + 599_000);
    assert_eq!(site.describe("slow")["SecondaryStatus"], "Downloading");
    site.lab.advance(2_000);
    assert_eq!(site.describe("slow")["FailureReason"], "ClientError: no.");
    // One that would fail after its time is over is stopped before.
    let site = Site::new(Profile::Fast);
    declare(&site.lab, "serviceFailure: {at: running, after: 2h}");
    site.create(site.request("late", 1)).unwrap();
    site.lab.advance(3_700_000);
    assert_eq!(site.describe("late")["SecondaryStatus"], "MaxRuntimeExceeded");
    assert!(site.describe("late").get("FailureReason").is_none());
    site.assert_sound();
}

/// Without the rules about what was declared to fail nothing fails; what somebody says in words of their own does.
#[test]
fn what_was_declared_to_fail_fails_as_its_rule_counts() {
    for kit in kits() {
        for (rule, fails) in
            [("SM-F-INTERNAL", "serviceFailure: {at: running}"), ("SM-F-ALGO", "exitCode: 1")]
        {
            for mode in [RuleMode::Warn, RuleMode::Off] {
                let site = Site::new(Profile::Fast);
                site.lab.set_mode(rule, mode);
                declare(&site.lab, &format!("{JOBS}, {fails}"));
                (kit.create)(&site.lab, site.job(kit, "job", 1, true)).unwrap();
                site.lab.advance(10_000);
                assert_eq!(end(&site, kit, "job"), ("completed".into(), None), "{rule} {mode:?}");
                assert_eq!(site.lab.events("RuleWarning").len(), usize::from(mode == RuleMode::Warn));
                let row = site.row(kit, "job").unwrap();
                let found =
                    row.findings.iter().find(|finding| finding.rule == rule && finding.is_violation());
                assert_eq!(found.map(|finding| finding.mode), Some(mode).filter(|it| *it == RuleMode::Warn));
            }
        }
    }
    let site = Site::new(Profile::Fast);
    crate::rules::declared::OF_SERVICE.iter().for_each(|rule| site.lab.set_mode(rule, RuleMode::Off));
    declare(&site.lab, "serviceFailure: {at: running, reason: 'ClientError: no.'}");
    site.create(site.request("said", 1)).unwrap();
    site.lab.advance(10_000);
    let row = site.row(kit(JobKind::Training), "said").unwrap();
    let failure = row.told_failure().unwrap();
    assert_eq!((failure.reason.as_str(), failure.rule), ("ClientError: no.", None));
}

/// A phase of the job's own fails, and nothing that goes to S3 meanwhile.
#[test]
fn an_upload_that_is_to_fail_loses_no_checkpoint() {
    let site = Site::new(Profile::Fast);
    site.lab.bucket("data");
    site.lab.object("data", "train/a", crate::model::Content::Size(1));
    declare(&site.lab, "serviceFailure: {at: uploading}, checkpointEvery: 1m, duration: 90s");
    let mut request = site.request("saves", 1);
    request["CheckpointConfig"] = json!({ "S3Uri": "s3://data/ck/" });
    site.create(request).unwrap();
    site.lab.advance(100_000);
    assert_eq!(end(&site, kit(JobKind::Training), "saves"), ("failed".into(), Some(INTERNAL.into())));
    assert!(site.lab.keys("data").contains(&"ck/checkpoint-1".to_owned()), "{:?}", site.lab.keys("data"));
    assert_eq!(site.lab.events("CheckpointLost"), [""; 0]);
}

/// Completed, stopped by its user, stopped by its limit; as each kind tells it.
#[test]
fn every_other_end_of_a_job() {
    for kit in kits() {
        let site = Site::new(Profile::Fast);
        let create = |name: &str| {
            let mut request = site.job(kit, name, 1, true);
            match kit.kind {
                JobKind::Transform => {}
                _ => request["StoppingCondition"] = json!({"MaxRuntimeInSeconds": 900}),
            }
            (kit.create)(&site.lab, request).unwrap();
        };
        declare(&site.lab, &format!("{JOBS}, job: endless, duration: 1h"));
        ["completes", "stopped", "endless"].iter().for_each(|name| create(name));
        (kit.stop)(&site.lab, kit.named("stopped")).unwrap();
        assert_eq!(end(&site, kit, "stopped").0, "stopping");
        site.lab.advance(10_000);
        assert_eq!(end(&site, kit, "completes"), ("completed".into(), None));
        assert_eq!(end(&site, kit, "stopped"), ("stopped".into(), None));
        site.lab.advance(3_700_000);
        let endless = end(&site, kit, "endless").0;
        let expected = match kit.kind {
            JobKind::Transform => "completed",
            JobKind::Compilation => "failed",
            _ => "stopped",
        };
        assert_eq!(endless, expected, "{:?}", kit.kind);
        assert_eq!(site.free(), 11);
        site.assert_sound();
    }
}

#[test]
fn a_training_job_that_is_stopped_leaves_what_it_has() {
    let site = Site::new(Profile::Fast);
    site.lab.bucket("data");
    site.lab.object("data", "train/a", crate::model::Content::Size(1));
    declare(&site.lab, "duration: 1h");
    for (name, after, leaves) in [("early", 1_000, false), ("late", 5_000, true)] {
        site.create(site.request(name, 1)).unwrap();
        site.lab.advance(after);
        site.stop(name).unwrap();
        site.lab.advance(10_000);
        assert_eq!(site.row(kit(JobKind::Training), name).unwrap().status, JobStatus::Stopped);
        let left =
            site.lab.keys("data").iter().any(|key| key.contains(&format!("{name}/output/model.tar.gz")));
        assert_eq!(left, leaves, "{name}: {:?}", site.lab.keys("data"));
    }
}

// === Endpoints ===

/// Makes a configuration "c" of a model in no VPC.
pub fn host(site: &Site) {
    site.job(kit(JobKind::Transform), "unused", 1, false);
    let variant = json!({"VariantName": "AllTraffic", "ModelName": "outside", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1});
    let request = json!({"EndpointConfigName": "c", "ProductionVariants": [variant]});
    site.lab.write::<CreateEndpointConfig>(request).unwrap();
}

pub fn call<O: crate::services::Write>(site: &Site, name: &str) {
    site.lab.write::<O>(json!({"EndpointName": name, "EndpointConfigName": "c"})).unwrap();
}

fn told(site: &Site, name: &str) -> (String, String) {
    let told = site.lab.read::<DescribeEndpoint>(json!({"EndpointName": name})).unwrap();
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("EndpointStatus"), text("FailureReason"))
}

#[test]
fn endpoints_fail_at_every_phase() {
    let ping = "The primary container for production variant AllTraffic did not pass the ping health check. Please check \
                CloudWatch logs for this endpoint.";
    let image = "Please make sure all images included in the model for the production variant AllTraffic exist, and that \
                 the execution role used to create the model has permissions to access them.";
    let internal = "We encountered an internal error.  Please try again.";
    let said = "serviceFailure: {at: running, reason: 'Request to service failed.'}";
    for (declared, reason, rule) in [
        ("exitCode: 1", ping, Some("SM-F-PING")),
        ("serviceFailure: {at: starting, cause: image}", image, Some("SM-F-IMAGE")),
        ("serviceFailure: {at: starting}", internal, Some("SM-F-INTERNAL")),
        ("serviceFailure: {at: downloading}", internal, Some("SM-F-INTERNAL")),
        ("serviceFailure: {at: running, on: create}", internal, Some("SM-F-INTERNAL")),
        (said, "Request to service failed.", None),
    ] {
        let site = Site::new(Profile::Fast);
        host(&site);
        declare(&site.lab, &format!("kinds: [hosting], {declared}"));
        call::<CreateEndpoint>(&site, "e");
        site.lab.advance(3_000);
        assert_eq!(told(&site, "e"), ("Failed".into(), reason.into()), "{declared}");
        let row = site.lab.state().endpoints.iter().next().unwrap().clone();
        assert_eq!(row.failure.as_ref().unwrap().rule, rule, "{declared}");
        // Told once, with the name of the variant if it is in the reason.
        let violated = site.lab.events("RuleViolated");
        assert_eq!(violated, rule.map(|_| reason).into_iter().collect::<Vec<_>>(), "{declared}");
        site.assert_sound();
    }
}

#[test]
fn an_endpoint_sits_in_creating_for_an_hour() {
    let site = Site::new(Profile::Fast);
    host(&site);
    declare(&site.lab, "kinds: [hosting], serviceFailure: {at: running, after: 1h}");
    call::<CreateEndpoint>(&site, "e");
    site.lab.advance(3_600_000);
    assert_eq!(told(&site, "e").0, "Creating");
    site.lab.advance(3_000);
    assert_eq!(told(&site, "e").0, "Failed");
    site.assert_sound();
}

#[test]
fn no_profile_without_time_waits_for_instances() {
    let site = Site::new(Profile::Instant);
    for zone in ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"] {
        site.lab.edit_global(|state| state.capacities.set("ml.m5.large", zone, Some(0)));
    }
    site.job(kit(JobKind::Transform), "unused", 1, false);
    let variant = json!({"VariantName": "AllTraffic", "ModelName": "outside", "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1, "VariantInstanceProvisionTimeoutInSeconds": 300});
    let request = json!({"EndpointConfigName": "c", "ProductionVariants": [variant]});
    site.lab.write::<CreateEndpointConfig>(request).unwrap();
    call::<CreateEndpoint>(&site, "e");
    assert_eq!(told(&site, "e").0, "Failed");
    site.assert_sound();
}

#[test]
fn an_update_fails_and_is_undone_or_is_not() {
    let site = Site::new(Profile::Fast);
    host(&site);
    declare(&site.lab, "job: undone, kinds: [hosting], serviceFailure: {at: downloading, on: update}");
    declare(
        &site.lab,
        "job: mixed, kinds: [hosting], serviceFailure: {at: running, on: update, rollback: fails}",
    );
    for (name, status) in [("undone", "InService"), ("mixed", "UpdateRollbackFailed")] {
        call::<CreateEndpoint>(&site, name);
        site.lab.advance(3_000);
        assert_eq!(told(&site, name), ("InService".into(), String::new()));
        call::<UpdateEndpoint>(&site, name);
        site.lab.advance(1_000);
        assert_eq!(told(&site, name).0, "Updating");
        site.lab.advance(3_000);
        assert_eq!(
            told(&site, name),
            (status.into(), "We encountered an internal error.  Please try again.".into())
        );
        site.assert_sound();
    }
    // It serves, can be updated again, and deleted.
    site.lab.edit_global(|state| state.behaviours = crate::model::Behaviours::default());
    call::<UpdateEndpoint>(&site, "mixed");
    site.lab.advance(3_000);
    assert_eq!(told(&site, "mixed"), ("InService".into(), String::new()));
    site.lab.write::<DeleteEndpoint>(json!({"EndpointName": "mixed"})).unwrap();
    site.assert_sound();
}

#[test]
fn a_notebook_instance_cannot_be_launched() {
    let site = Site::new(Profile::Fast);
    declare(&site.lab, "kinds: [notebook], serviceFailure: {at: starting, after: 5m, reason: no luck}");
    let request = json!({"NotebookInstanceName": "n", "InstanceType": "ml.t3.medium", "RoleArn": ROLE_ARN});
    site.lab.write::<CreateNotebookInstance>(request).unwrap();
    let status = || site.lab.read::<DescribeNotebookInstance>(json!({"NotebookInstanceName": "n"})).unwrap();
    site.lab.advance(299_000);
    assert_eq!(status()["NotebookInstanceStatus"], "Pending");
    site.lab.advance(2_000);
    assert_eq!(status()["NotebookInstanceStatus"], "Failed");
    assert_eq!(status()["FailureReason"], "no luck");
    site.assert_sound();
}

// === What was left behind ===

#[test]
fn a_name_can_be_used_again_when_interfaces_were_left_behind() {
    let site = Site::new(Profile::Fast);
    let all = permissions::needed(JobKind::Training);
    let all: Vec<_> = all.into_iter().filter(|action| *action != "ec2:DeleteNetworkInterface").collect();
    site.lab.grant(&all);
    for round in 1..=3 {
        site.create(site.request("again", 1)).unwrap();
        assert_eq!(site.lab.interfaces().len(), 2 * round, "none is overwritten");
        site.assert_sound();
        site.lab.advance(10_000);
        assert_eq!(site.describe("again")["TrainingJobStatus"], "Completed");
        assert!(site.lab.interfaces().iter().all(|interface| interface.owner.is_none()));
        site.delete("again").unwrap();
    }
    assert_eq!(site.free(), 11 - 6);
    site.assert_sound();
}

// === What variants exclude ===

#[test]
fn variants_that_do_not_go_together_are_refused() {
    let site = Site::new(Profile::Fast);
    site.job(kit(JobKind::Transform), "unused", 1, true);
    site.job(kit(JobKind::Transform), "unused", 1, false);
    let model = |name: &str, members: Value| {
        let mut request = json!({"ModelName": name, "ExecutionRoleArn": ROLE_ARN});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        site.lab.write::<CreateModel>(request).unwrap();
    };
    let container = json!({"Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz"});
    model("isolated", json!({"PrimaryContainer": container, "EnableNetworkIsolation": true}));
    model("pipeline", json!({"Containers": [container, container]}));
    model(
        "many",
        json!({"PrimaryContainer":
        {"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://data/all/"}}),
    );
    let serverless = |name: &str, model: &str| {
        json!({"VariantName": name, "ModelName": model,
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}})
    };
    let instances = |name: &str, model: &str| {
        json!({"VariantName": name, "ModelName": model,
        "InstanceType": "ml.m5.large", "InitialInstanceCount": 1})
    };
    let later = json!({"OutputConfig": {"S3OutputPath": "s3://data/later"}});
    let capture = json!({"EnableCapture": true, "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://data/captured", "CaptureOptions": [{"CaptureMode": "Input"}]});
    let ask = |variants: Value, more: Value| {
        let mut request = json!({"EndpointConfigName": "c", "ProductionVariants": variants});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site.lab.write::<CreateEndpointConfig>(request)
    };
    let mut large = serverless("a", "outside");
    large["ServerlessConfig"]["MemorySizeInMB"] = json!(1_500);
    let mut provisioned = serverless("a", "outside");
    provisioned["ServerlessConfig"]["ProvisionedConcurrency"] = json!(9);
    let none = json!({});
    let on = |instance_type: &str| {
        let mut variant = instances("a", "outside");
        variant["InstanceType"] = json!(instance_type);
        variant
    };
    let sized = |mut variant: Value| {
        variant["VolumeSizeInGB"] = json!(100);
        variant
    };
    let shadow = |model: &str| json!({"ShadowProductionVariants": [instances("s", model)]});
    for (variants, more, text) in [
        (
            json!([serverless("a", "isolated")]),
            none.clone(),
            "network isolation is not supported for serverless",
        ),
        (
            json!([serverless("a", "inside")]),
            none.clone(),
            "VPC configuration is not supported for serverless",
        ),
        (json!([serverless("a", "outside")]), json!({"DataCaptureConfig": capture}), "data capture is not"),
        (
            json!([serverless("a", "outside")]),
            json!({"AsyncInferenceConfig": later}),
            "asynchronous inference is not",
        ),
        (
            json!([serverless("a", "outside"), serverless("b", "outside")]),
            none.clone(),
            "more than one production",
        ),
        (json!([serverless("a", "many")]), none.clone(), "a multi-model container is not"),
        (json!([serverless("a", "pipeline")]), none.clone(), "an inference pipeline is not"),
        (
            json!([large]),
            none.clone(),
            "Member must satisfy enum value set: [1024, 2048, 3072, 4096, 5120, 6144]",
        ),
        (json!([provisioned]), none.clone(), "ProvisionedConcurrency (9)"),
        (
            json!([instances("a", "outside"), instances("b", "outside")]),
            json!({"AsyncInferenceConfig": later}),
            "Multiple production variants are not supported when specifying an AsyncInferenceConfig.",
        ),
        (json!([instances("a", "outside")]), shadow("pipeline"), "Multi-container endpoints are not"),
        (json!([instances("a", "outside")]), shadow("many"), "Multi-model endpoints are not"),
        (json!([on("ml.inf1.xlarge")]), shadow("outside"), "Endpoints that use Inf1 instances are not"),
        (
            json!([sized(on("ml.g5.xlarge"))]),
            none.clone(),
            "VolumeSize parameter is not allowed for the selected Instance type ml.g5.xlarge",
        ),
        (
            json!([{"VariantName": "a", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]),
            none.clone(),
            "ExecutionRoleArn must be specified for variant a, which has no ModelName.",
        ),
        (
            json!([instances("a", "outside")]),
            json!({"EnableNetworkIsolation": true}),
            "EnableNetworkIsolation is only supported for inference component endpoints.",
        ),
        (
            json!([serverless("a", "outside")]),
            json!({"CrossRegionTrafficConfig": {}}),
            "CrossRegionTrafficConfig cannot be specified with serverless",
        ),
        (
            json!([instances("a", "outside")]),
            json!({"CrossRegionTrafficConfig": {}, "AsyncInferenceConfig": later}),
            "CrossRegionTrafficConfig cannot be specified with Async",
        ),
    ] {
        let refused = ask(variants, more).unwrap_err();
        assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
        assert!(refused.message.contains(text), "{}", refused.message);
    }
    // What is accepted beside them and has no effect.
    let request = json!({
        "EndpointConfigName": "quiet", "ProductionVariants": [instances("a", "outside")],
        "ShadowProductionVariants": [instances("s", "outside")], "DataCaptureConfig": capture,
        "ExecutionRoleArn": ROLE_ARN, "VpcConfig": site.vpc_member(),
    });
    site.lab.write::<CreateEndpointConfig>(request).unwrap();
    let ignored = site.lab.events("ParameterIgnored");
    for member in ["DataCaptureConfig of Shadow", "ExecutionRoleArn of variants", "VpcConfig of variants"] {
        assert!(ignored.iter().any(|event| event.starts_with(member)), "{ignored:?}");
    }
    // What can become of what.
    let config = |name: &str, variant: Value, more: Value| {
        let mut request = json!({"EndpointConfigName": name, "ProductionVariants": [variant]});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site.lab.write::<CreateEndpointConfig>(request).unwrap();
    };
    config("serverless", serverless("a", "outside"), none.clone());
    config("instances", instances("a", "outside"), none.clone());
    config("later", instances("a", "outside"), json!({"AsyncInferenceConfig": later}));
    let make = |name: &str, config: &str| {
        site.lab
            .write::<CreateEndpoint>(json!({"EndpointName": name, "EndpointConfigName": config}))
            .unwrap();
        site.lab.advance(3_000);
    };
    let update = |name: &str, config: &str| {
        site.lab.write::<UpdateEndpoint>(json!({"EndpointName": name, "EndpointConfigName": config}))
    };
    make("i", "instances");
    assert!(update("i", "serverless").unwrap_err().message.contains("to a serverless endpoint"));
    make("s", "serverless");
    update("s", "instances").unwrap();
    make("l", "later");
    let refused = update("l", "instances").unwrap_err();
    assert!(
        refused
            .message
            .starts_with("The AsyncInferenceConfig parameter cannot be removed from this endpoint l.")
    );
}
