//! Quotas of instances, and instances that no zone has.

mod pools;

use super::*;
use crate::model::{Endpoint, InstanceUse, Quotas, RuleMode, Usage};
use crate::services::sagemaker::cluster::{CreateCluster, DeleteCluster, DescribeCluster, UpdateCluster};
use crate::services::sagemaker::endpoint::{
    CreateEndpoint, DeleteEndpoint, DescribeEndpoint, UpdateEndpoint, UpdateEndpointWeightsAndCapacities,
};
use crate::services::sagemaker::endpoint_config::CreateEndpointConfig;
use crate::services::sagemaker::notebook::{
    CreateNotebookInstance, DescribeNotebookInstance, StartNotebookInstance, StopNotebookInstance,
};
use crate::services::sagemaker::tuning::CreateHyperParameterTuningJob;

const TYPE: &str = "ml.m5.large";
/// Notebook instances come in other sizes.
const NOTEBOOK: &str = "ml.m5.xlarge";

fn limited(quotas: &[(&str, usize)]) -> Site {
    let mut all = Quotas::default();
    quotas.iter().for_each(|(name, limit)| all.set(name, *limit).unwrap());
    Site::with(Defaults { profile: Profile::Fast, quotas: all, ..Defaults::default() })
}

fn refusal(refused: Refused) -> (String, u16, String) {
    (refused.code.to_string(), refused.status, refused.message)
}

fn exceeded(quota: &str, most: usize, used: u64, delta: u64) -> (String, u16, String) {
    let text = format!(
        "The account-level service limit '{quota}' is {most} Instances, with current utilization of {used} Instances \
         and a request delta of {delta} Instances. Please contact AWS support to request an increase for this limit."
    );
    ("ResourceLimitExceeded".into(), 400, text)
}

/// How many of a type an account has left in a zone.
fn supply(site: &Site, zone: &'static str, most: Option<u64>) {
    site.lab.edit_global(|state| state.capacities.set(TYPE, zone, most));
}

fn used(site: &Site, of: InstanceUse) -> u64 {
    let state = site.lab.state();
    let typed = state.instances_used(&Usage::Of(of, TYPE.into()));
    assert_eq!(typed, state.instances_used(&Usage::All(of)));
    typed
}

fn hosted(site: &Site, config: &str, instances: u32, in_vpc: bool) {
    let model = if in_vpc { "inside" } else { "outside" };
    site.job(kit(JobKind::Transform), "unused", 1, in_vpc);
    let variant = json!({"VariantName": "one", "ModelName": model, "InstanceType": TYPE,
        "InitialInstanceCount": instances});
    let request = json!({"EndpointConfigName": config, "ProductionVariants": [variant]});
    site.lab.write::<CreateEndpointConfig>(request).unwrap();
}

fn endpoint<O: crate::services::Write>(site: &Site, config: &str) -> Result<Value, Refused>
where
    O::In: serde::de::DeserializeOwned,
{
    site.lab.write::<O>(json!({"EndpointName": "e", "EndpointConfigName": config}))
}

fn row(site: &Site) -> Arc<Endpoint> {
    site.lab.state().endpoints.get(&"e".into()).unwrap().clone()
}

fn described(site: &Site) -> Value {
    site.lab.read::<DescribeEndpoint>(json!({"EndpointName": "e"})).unwrap()
}

fn notebook(name: &str) -> Value {
    json!({"NotebookInstanceName": name, "InstanceType": NOTEBOOK, "RoleArn": ROLE_ARN})
}

// === Quotas ===

#[test]
fn jobs_are_refused_when_their_quota_is_used_up() {
    for (kind, phrase) in [
        (JobKind::Training, "training job usage"),
        (JobKind::Processing, "processing job usage"),
        (JobKind::Transform, "transform job usage"),
    ] {
        let quota = format!("{TYPE} for {phrase}");
        let site = limited(&[(&quota, 3)]);
        let kit = kit(kind);
        let create = |name, instances| (kit.create)(&site.lab, site.job(kit, name, instances, true));
        create("one", 2).unwrap();
        let refused = create("two", 2).unwrap_err();
        assert_eq!(refused.because, Some("SM-F-LIMIT"));
        assert_eq!(refusal(refused), exceeded(&quota, 3, 2, 2));
        create("two", 1).unwrap();
        assert_eq!(refusal(create("three", 1).unwrap_err()), exceeded(&quota, 3, 3, 1));
        // What has ended uses nothing.
        site.lab.advance(10_000);
        create("three", 3).unwrap();
        site.assert_sound();
    }
}

#[test]
fn a_quota_of_nothing_refuses_the_first() {
    let quota = "ml.p3.2xlarge for training job usage";
    let site = limited(&[(quota, 0)]);
    let mut request = request("p3", 1);
    request["ResourceConfig"]["InstanceType"] = json!("ml.p3.2xlarge");
    assert_eq!(refusal(site.create(request).unwrap_err()), exceeded(quota, 0, 0, 1));
    site.create(site.request("m5", 2)).unwrap();
}

#[test]
fn spot_training_has_quotas_of_its_own() {
    let quota = format!("{TYPE} for spot training job usage");
    let site = limited(&[(&quota, 1), ("Number of instances across all spot training jobs", 5)]);
    let spot = |name, instances| {
        let mut request = request(name, instances);
        request["EnableManagedSpotTraining"] = json!(true);
        request["StoppingCondition"]["MaxWaitTimeInSeconds"] = json!(7_200);
        request
    };
    assert_eq!(refusal(site.create(spot("two", 2)).unwrap_err()), exceeded(&quota, 1, 0, 2));
    site.create(spot("one", 1)).unwrap();
    site.create(request("on-demand", 2)).unwrap();
    assert_eq!((used(&site, InstanceUse::SpotTraining), used(&site, InstanceUse::Training)), (1, 2));
}

#[test]
fn all_types_together_and_each_job_have_quotas_too() {
    let total = "Number of instances across all training jobs";
    let each = "Maximum number of instances per training job";
    let site = limited(&[(total, 4), (each, 3)]);
    let groups = |name: &str, counts: [u32; 2]| {
        let mut request = request(name, 1);
        let group = |i: usize, kind: &str| {
            json!({"InstanceGroupName": format!("g{i}"), "InstanceType": kind,
            "InstanceCount": counts[i]})
        };
        request["ResourceConfig"] = json!({"VolumeSizeInGB": 10,
            "InstanceGroups": [group(0, "ml.m5.large"), group(1, "ml.c5.xlarge")]});
        request
    };
    assert_eq!(refusal(site.create(groups("wide", [2, 2])).unwrap_err()), exceeded(each, 3, 0, 4));
    site.create(groups("fits", [1, 2])).unwrap();
    assert_eq!(refusal(site.create(groups("more", [1, 1])).unwrap_err()), exceeded(total, 4, 3, 2));
}

/// The order is assumed but for the name, which comes first: a name that is taken is told, whatever the quota says.
#[test]
fn the_name_comes_before_the_quota_and_the_role_after_it() {
    let quota = format!("{TYPE} for training job usage");
    let site = limited(&[(&quota, 1)]);
    site.create(request("one", 1)).unwrap();
    assert_eq!(site.create(request("one", 1)).unwrap_err().code, "ResourceInUse");
    let mut stranger = request("two", 1);
    stranger["RoleArn"] = json!("arn:aws:iam::123456789012:role/nobody");
    assert_eq!(site.create(stranger.clone()).unwrap_err().code, "ResourceLimitExceeded");
    site.lab.advance(10_000);
    assert_eq!(site.create(stranger).unwrap_err().code, "ValidationException");
}

/// As accounts were told: a tuning job is refused as a whole if the training jobs that run at once would not fit.
#[test]
fn a_tuning_job_is_held_to_the_quota_of_its_training_jobs() {
    let quota = format!("{TYPE} for training job usage");
    let site = limited(&[(&quota, 3)]);
    let asked = |name: &str, parallel: u32| {
        let mut job = request("unused", 1);
        let definition = job.as_object_mut().unwrap();
        definition.remove("TrainingJobName");
        definition["AlgorithmSpecification"]["MetricDefinitions"] = json!([{"Name": "m", "Regex": "m=(.*)"}]);
        json!({"HyperParameterTuningJobName": name, "TrainingJobDefinition": job,
            "HyperParameterTuningJobConfig": {"Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "m"},
                "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": parallel}}})
    };
    let refused = site.lab.write::<CreateHyperParameterTuningJob>(asked("wide", 4)).unwrap_err();
    assert_eq!(refusal(refused), exceeded(&quota, 3, 0, 4));
    site.lab.write::<CreateHyperParameterTuningJob>(asked("fits", 2)).unwrap();
    site.lab.advance(1);
    assert_eq!(used(&site, InstanceUse::Training), 2);
    // Somebody else takes what was left for those that come later.
    site.create(request("other", 1)).unwrap();
    site.lab.edit(|state| state.quotas.set(&quota, 2).unwrap());
    site.lab.advance(20_000);
    let state = site.lab.state();
    let job = state.tuning_jobs.get(&"fits".into()).unwrap();
    assert_eq!(job.status, crate::model::TuningStatus::Failed);
    assert!(job.failure.as_ref().unwrap().contains("account-level service limit"), "{:?}", job.failure);
    site.assert_sound();
}

#[test]
fn an_update_needs_its_instances_beside_those_that_serve() {
    let quota = format!("{TYPE} for endpoint usage");
    let site = limited(&[(&quota, 3)]);
    hosted(&site, "two", 2, false);
    hosted(&site, "one", 1, false);
    hosted(&site, "four", 4, false);
    assert_eq!(refusal(endpoint::<CreateEndpoint>(&site, "four").unwrap_err()), exceeded(&quota, 3, 0, 4));
    endpoint::<CreateEndpoint>(&site, "two").unwrap();
    assert_eq!(used(&site, InstanceUse::Endpoint), 2);
    site.lab.advance(3_000);
    assert_eq!(refusal(endpoint::<UpdateEndpoint>(&site, "two").unwrap_err()), exceeded(&quota, 3, 2, 2));
    endpoint::<UpdateEndpoint>(&site, "one").unwrap();
    assert_eq!(used(&site, InstanceUse::Endpoint), 3);
    site.lab.advance(3_000);
    assert_eq!(used(&site, InstanceUse::Endpoint), 1);
    let scale = |count: u32| {
        site.lab.write::<UpdateEndpointWeightsAndCapacities>(json!({"EndpointName": "e",
            "DesiredWeightsAndCapacities": [{"VariantName": "one", "DesiredInstanceCount": count}]}))
    };
    assert_eq!(refusal(scale(4).unwrap_err()), exceeded(&quota, 3, 1, 3));
    scale(3).unwrap();
    assert_eq!(used(&site, InstanceUse::Endpoint), 3);
    site.lab.advance(3_000);
    scale(1).unwrap();
    assert_eq!(used(&site, InstanceUse::Endpoint), 3, "they go when the change is done");
    site.lab.advance(3_000);
    assert_eq!(used(&site, InstanceUse::Endpoint), 1);
    site.lab.write::<DeleteEndpoint>(json!({"EndpointName": "e"})).unwrap();
    site.lab.advance(3_000);
    assert_eq!(used(&site, InstanceUse::Endpoint), 0);
    site.assert_sound();
}

#[test]
fn notebook_instances_count_while_they_run() {
    let quota = format!("{NOTEBOOK} for notebook instance usage");
    let site = limited(&[(&quota, 1)]);
    site.lab.write::<CreateNotebookInstance>(notebook("one")).unwrap();
    let refused = site.lab.write::<CreateNotebookInstance>(notebook("two")).unwrap_err();
    assert_eq!(refusal(refused), exceeded(&quota, 1, 1, 1));
    site.lab.advance(10_000);
    let named = |name: &str| json!({"NotebookInstanceName": name});
    site.lab.write::<StopNotebookInstance>(named("one")).unwrap();
    site.lab.advance(10_000);
    site.lab.write::<CreateNotebookInstance>(notebook("two")).unwrap();
    let refused = site.lab.write::<StartNotebookInstance>(named("one")).unwrap_err();
    assert_eq!(refusal(refused), exceeded(&quota, 1, 1, 1));
}

// === Capacity ===

const MESSAGE: &str = "Insufficient capacity error from EC2 while launching instances, retrying!";
const REASON: &str = "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different \
                      ML instance type.";

#[test]
fn a_job_waits_for_instances_and_then_fails() {
    for kind in [JobKind::Training, JobKind::Processing, JobKind::Transform] {
        for in_vpc in [true, false] {
            let site = Site::new(Profile::Fast);
            let kit = kit(kind);
            for zone in ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"] {
                supply(&site, zone, Some(1));
            }
            (kit.create)(&site.lab, site.job(kit, "job", 2, in_vpc)).unwrap();
            for _ in 0..9 {
                let told = (kit.describe)(&site.lab, kit.named("job")).unwrap();
                assert_eq!(told[kit.status], "InProgress");
                if kind == JobKind::Training {
                    assert_eq!(transitions(&told), [("Starting".to_owned(), MESSAGE.to_owned())]);
                }
                assert_eq!((site.free(), site.lab.interfaces().len()), (11, 0), "it holds nothing");
                let why =
                    crate::jobs::explain(&site.lab.state(), &site.row(kit, "job").unwrap().key).unwrap();
                assert_eq!(why.decided_by, Some("SM-F-CAPACITY"));
                site.assert_sound();
                site.lab.advance(500);
            }
            site.lab.advance(500);
            let told = (kit.describe)(&site.lab, kit.named("job")).unwrap();
            assert_eq!((&told[kit.status], &told["FailureReason"]), (&json!("Failed"), &json!(REASON)));
            assert_eq!(site.free(), 11);
            assert_eq!(
                site.lab.events("RuleViolated").len(),
                2,
                "when it begins to wait, and when it gives up"
            );
            site.assert_sound();
        }
    }
}

#[test]
fn a_job_goes_on_when_there_are_instances_again() {
    let site = Site::new(Profile::Fast);
    supply(&site, "us-east-1a", Some(2));
    site.create(site.request("first", 2)).unwrap();
    site.create(site.request("second", 1)).unwrap();
    assert_eq!(site.free(), 7);
    // The first one ends after three seconds.
    site.lab.advance(3_500);
    assert_eq!(site.describe("first")["TrainingJobStatus"], "Completed");
    let told = site.describe("second");
    assert_eq!(transitions(&told)[0].1, "Launching requested ML instances");
    assert_eq!(site.free(), 9);
    site.lab.advance(10_000);
    let told = site.describe("second");
    assert_eq!(told["TrainingJobStatus"], "Completed");
    let why =
        crate::jobs::explain(&site.lab.state(), &site.row(kit(JobKind::Training), "second").unwrap().key)
            .unwrap();
    assert_eq!(why.decided_by, None);
    site.assert_sound();
}

#[test]
fn a_job_that_waits_can_be_stopped() {
    let site = Site::new(Profile::Fast);
    supply(&site, "us-east-1a", Some(0));
    site.create(site.request("job", 1)).unwrap();
    site.stop("job").unwrap();
    site.lab.advance(10_000);
    let told = site.describe("job");
    assert_eq!(told["TrainingJobStatus"], "Stopped");
    assert!(told.get("FailureReason").is_none());
    site.assert_sound();
}

#[test]
fn a_job_goes_to_the_zone_that_has_its_instances() {
    let site = Site::new(Profile::Fast);
    let other = site.lab.subnet_in(site.vpc, "10.0.1.0/28", 1);
    supply(&site, "us-east-1a", Some(1));
    let request = |name: &str| {
        let mut request = site.request(name, 2);
        request["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), other.to_string()]);
        request
    };
    site.create(request("one")).unwrap();
    assert_eq!((site.free(), site.lab.free(other)), (11, 7));
    // Where there is capacity there is no room: that is a shortage too, of this very type in the zones with room.
    supply(&site, "us-east-1b", Some(2));
    site.create(request("two")).unwrap();
    let row = site.row(kit(JobKind::Training), "two").unwrap();
    assert!(row.short_for.is_some());
    let (state, global) = (site.lab.state(), site.lab.global());
    let terrain = crate::net::Terrain {
        state: &state,
        global: &global,
        elsewhere: &crate::kernel::Nowhere,
        now: site.lab.now(),
    };
    let why = crate::jobs::explain_with_fixes(&terrain, &row.key).unwrap();
    let place = why.phases.iter().find(|phase| phase.phase == "place").unwrap();
    let rule = place.rules.iter().find(|rule| rule.id == "SM-F-CAPACITY").unwrap();
    assert_eq!(rule.evidence["zones"], "us-east-1a, us-east-1b");
    assert_eq!(rule.evidence["left"], "us-east-1a: 1 of ml.m5.large, us-east-1b: 0 of ml.m5.large");
    assert_eq!(why.fixes.len(), 1);
    assert!(why.fixes[0].words.contains("us-east-1c"), "{}", why.fixes[0].words);
    assert!(why.fixes[0].commands[0].contains("create-subnet"), "{:?}", why.fixes[0].commands);
}

/// As the reference says: the first type in the list with capacity, and of the pools the one with the lowest priority.
#[test]
fn the_first_type_of_which_there_is_enough_is_taken() {
    let site = Site::new(Profile::Fast);
    supply(&site, "us-east-1a", Some(1));
    let mut request = site.request("job", 1);
    request["ResourceConfig"] = json!({"VolumeSizeInGB": 10, "InstancePreferences": [
        {"InstanceType": TYPE, "InstanceCount": 2}, {"InstanceType": "ml.c5.xlarge", "InstanceCount": 3}]});
    site.create(request).unwrap();
    let told = site.describe("job");
    assert_eq!(told["ResourceConfig"]["SelectedInstanceType"], "ml.c5.xlarge");
    assert_eq!(told["ResourceConfig"]["SelectedInstanceCount"], 3);
    assert_eq!(site.free(), 11 - 6);
    let (site, _) = house();
    supply(&site, "us-east-1a", Some(0));
    supply(&site, "us-east-1b", Some(1));
    let pools =
        json!([{"InstanceType": "ml.c5.xlarge", "Priority": 2}, {"InstanceType": TYPE, "Priority": 1}]);
    let variant = json!({"VariantName": "one", "ModelName": "inside", "InitialInstanceCount": 2, "InstancePools": pools});
    let request = json!({"EndpointConfigName": "pools", "ProductionVariants": [variant]});
    site.lab.write::<CreateEndpointConfig>(request).unwrap();
    endpoint::<CreateEndpoint>(&site, "pools").unwrap();
    site.lab.advance(3_000);
    let group = row(&site).serving.as_ref().unwrap().variants[0].needs.instances[0].clone();
    assert_eq!((&*group.instance_type, group.count), ("ml.c5.xlarge", 2));
    site.assert_sound();
}

#[test]
fn profiles_without_time_do_not_wait_and_the_rule_can_be_off() {
    let site = Site::new(Profile::Instant);
    supply(&site, "us-east-1a", Some(0));
    site.create(site.request("job", 1)).unwrap();
    assert_eq!(site.describe("job")["FailureReason"], REASON);
    site.lab.set_mode("SM-F-CAPACITY", RuleMode::Warn);
    site.create(site.request("warned", 1)).unwrap();
    assert_eq!(site.describe("warned")["TrainingJobStatus"], "Completed");
    site.lab.set_mode("SM-F-CAPACITY", RuleMode::Off);
    site.create(site.request("free", 1)).unwrap();
    assert_eq!(site.describe("free")["TrainingJobStatus"], "Completed");
    assert_eq!(site.lab.events("RuleWarning").len(), 1);
    // As on AWS it takes an hour.
    let site = Site::new(Profile::Realistic);
    supply(&site, "us-east-1a", Some(0));
    site.create(site.request("job", 1)).unwrap();
    site.lab.advance(59 * 60_000);
    assert_eq!(site.describe("job")["TrainingJobStatus"], "InProgress");
    site.lab.advance(60_000);
    assert_eq!(site.describe("job")["FailureReason"], REASON);
}

const OF_ENDPOINTS: &str =
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.";

/// Two zones with a subnet each, as endpoints want them.
fn house() -> (Site, SubnetId) {
    let site = Site::new(Profile::Fast);
    let other = site.lab.subnet_in(site.vpc, "10.0.1.0/28", 1);
    let subnets = [site.subnet.to_string(), other.to_string()];
    site.lab
        .write::<CreateModel>(json!({ "ModelName": "inside", "ExecutionRoleArn": ROLE_ARN,
            "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz" },
            "VpcConfig": {"Subnets": subnets, "SecurityGroupIds": [site.group.to_string()]} }))
        .unwrap();
    (site, other)
}

#[test]
fn an_endpoint_waits_for_instances_and_then_fails() {
    let (site, other) = house();
    hosted(&site, "three", 3, true);
    supply(&site, "us-east-1a", Some(1));
    supply(&site, "us-east-1b", Some(1));
    endpoint::<CreateEndpoint>(&site, "three").unwrap();
    site.lab.advance(4_500);
    assert_eq!(described(&site)["EndpointStatus"], "Creating");
    assert_eq!((site.free(), site.lab.free(other)), (11, 11));
    site.assert_sound();
    site.lab.advance(500);
    let told = described(&site);
    assert_eq!(told["EndpointStatus"], "Failed");
    assert!(told["FailureReason"].as_str().unwrap().starts_with(OF_ENDPOINTS));
    assert_eq!(row(&site).told_failure().unwrap().rule, Some("SM-F-CAPACITY"));
    assert_eq!((site.free(), site.lab.free(other), site.lab.interfaces().len()), (11, 11, 0));
    site.assert_sound();
}

#[test]
fn an_endpoint_goes_on_when_there_are_instances_again() {
    let (site, other) = house();
    hosted(&site, "two", 2, true);
    supply(&site, "us-east-1a", Some(1));
    supply(&site, "us-east-1b", Some(0));
    endpoint::<CreateEndpoint>(&site, "two").unwrap();
    site.lab.advance(2_000);
    supply(&site, "us-east-1b", Some(1));
    site.lab.advance(5_000);
    assert_eq!(described(&site)["EndpointStatus"], "InService");
    assert_eq!((site.free(), site.lab.free(other)), (9, 9));
    assert_eq!(row(&site).serving.as_ref().unwrap().variants[0].zones, ["us-east-1a", "us-east-1b"]);
    // A change of capacity finds none, and what serves goes on.
    let scale = |count: u32| {
        site.lab.write::<UpdateEndpointWeightsAndCapacities>(json!({"EndpointName": "e",
            "DesiredWeightsAndCapacities": [{"VariantName": "one", "DesiredInstanceCount": count}]}))
    };
    scale(3).unwrap();
    site.lab.advance(4_000);
    assert_eq!(described(&site)["EndpointStatus"], "Updating");
    assert_eq!((site.free(), site.lab.free(other)), (9, 9));
    site.assert_sound();
    site.lab.advance(2_000);
    let told = described(&site);
    assert_eq!(told["EndpointStatus"], "InService");
    assert!(told["FailureReason"].as_str().unwrap().starts_with(OF_ENDPOINTS));
    // So does an update.
    endpoint::<UpdateEndpoint>(&site, "two").unwrap();
    site.lab.advance(6_000);
    let told = described(&site);
    assert_eq!(told["EndpointStatus"], "InService");
    assert!(told["FailureReason"].as_str().unwrap().starts_with(OF_ENDPOINTS));
    assert_eq!((site.free(), site.lab.free(other)), (9, 9));
    scale(1).unwrap();
    site.lab.advance(5_000);
    assert_eq!(row(&site).serving.as_ref().unwrap().variants[0].zones, ["us-east-1a"]);
    site.assert_sound();
}

/// Each of two variants would find an instance, but not both.
#[test]
fn variants_share_what_there_is() {
    let (site, other) = house();
    let variant = |name: &str| {
        json!({"VariantName": name, "ModelName": "inside", "InstanceType": TYPE,
        "InitialInstanceCount": 1, "VariantInstanceProvisionTimeoutInSeconds": 300})
    };
    let request =
        json!({"EndpointConfigName": "both", "ProductionVariants": [variant("one"), variant("two")]});
    site.lab.write::<CreateEndpointConfig>(request).unwrap();
    supply(&site, "us-east-1a", Some(1));
    supply(&site, "us-east-1b", Some(0));
    endpoint::<CreateEndpoint>(&site, "both").unwrap();
    assert_eq!((site.free(), site.lab.free(other)), (11, 11), "all or nothing");
    // As long as the variants say.
    site.lab.advance(299_000);
    assert_eq!(described(&site)["EndpointStatus"], "Creating");
    site.assert_sound();
    site.lab.advance(2_000);
    assert_eq!(described(&site)["EndpointStatus"], "Failed");
    site.assert_sound();
}

#[test]
fn a_notebook_instance_waits_for_its_instance() {
    let site = Site::new(Profile::Fast);
    let supply = |zone: &'static str, most: Option<u64>| {
        site.lab.edit_global(|state| state.capacities.set(NOTEBOOK, zone, most));
    };
    supply("us-east-1a", Some(0));
    let request = |name: &str| {
        let mut request = notebook(name);
        request["SubnetId"] = json!(site.subnet.to_string());
        request["SecurityGroupIds"] = json!([site.group.to_string()]);
        request
    };
    let status = |name: &str| {
        let named = json!({"NotebookInstanceName": name});
        site.lab.read::<DescribeNotebookInstance>(named).unwrap()
    };
    site.lab.write::<CreateNotebookInstance>(request("never")).unwrap();
    site.lab.advance(4_500);
    assert_eq!(status("never")["NotebookInstanceStatus"], "Pending");
    assert_eq!(site.free(), 11);
    site.lab.advance(500);
    let told = status("never");
    assert_eq!(told["NotebookInstanceStatus"], "Failed");
    assert!(told["FailureReason"].as_str().unwrap().starts_with(OF_ENDPOINTS));
    site.lab.write::<CreateNotebookInstance>(request("later")).unwrap();
    site.lab.advance(1_000);
    supply("us-east-1a", Some(1));
    site.lab.advance(3_000);
    assert_eq!(status("later")["NotebookInstanceStatus"], "InService");
    assert_eq!(site.free(), 10);
    // It holds the only one; the other one waits in vain, with the interface that it had.
    let named = json!({"NotebookInstanceName": "never"});
    site.lab.write::<StartNotebookInstance>(named).unwrap();
    site.lab.advance(1_000);
    assert_eq!(status("never")["NotebookInstanceStatus"], "Pending");
    site.lab.write::<StopNotebookInstance>(json!({"NotebookInstanceName": "later"})).unwrap();
    site.lab.advance(5_000);
    assert_eq!(status("never")["NotebookInstanceStatus"], "InService");
    assert_eq!(site.free(), 9);
    site.assert_sound();
}
