//! Hyperparameter tuning jobs, and the training jobs that they start.

mod documented;
mod later;

use super::*;
use crate::model::{JobStatus, Owner, TuningJob};
use crate::scenario::behaviour::parse;
use crate::services::sagemaker::tuning::{
    CreateHyperParameterTuningJob, DeleteHyperParameterTuningJob, DescribeHyperParameterTuningJob,
    ListHyperParameterTuningJobs, ListTrainingJobsForHyperParameterTuningJob, StopHyperParameterTuningJob,
};
use proptest::prelude::*;

/// A request in the site's subnet, without a name of its own.
fn tuning(site: &Site, name: &str, jobs: u32, parallel: u32) -> Value {
    let mut definition = site.request("x", 1);
    let members = definition.as_object_mut().unwrap();
    members.remove("TrainingJobName");
    members["AlgorithmSpecification"]["MetricDefinitions"] = json!([{"Name": "loss", "Regex": "loss=(.*)"}]);
    members.insert("StaticHyperParameters".into(), json!({"fixed": "1"}));
    json!({
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.1", "MaxValue": "0.5"}],
            },
        },
        "TrainingJobDefinition": definition,
    })
}

impl Site {
    fn tune(&self, request: Value) -> Result<Value, Refused> {
        let before = self.lab.state();
        let done = self.lab.write::<CreateHyperParameterTuningJob>(request);
        if done.is_err() {
            assert_eq!(self.lab.state().jobs.len(), before.jobs.len());
            assert_eq!(self.lab.state().tuning_jobs.len(), before.tuning_jobs.len());
        }
        self.assert_sound();
        done
    }

    fn tuned(&self, name: &str) -> Value {
        self.lab.read::<DescribeHyperParameterTuningJob>(tuning_named(name)).unwrap()
    }

    fn children(&self, request: Value) -> Vec<Value> {
        let listed = self.lab.read::<ListTrainingJobsForHyperParameterTuningJob>(request).unwrap();
        listed["TrainingJobSummaries"].as_array().unwrap().clone()
    }

    /// Lets time pass in steps, with everything checked after each.
    fn pass(&self, seconds: u64) {
        for _ in 0..seconds * 4 {
            self.lab.advance(250);
            self.assert_sound();
            self.lab.state().tuning_jobs.iter().for_each(|job| assert_counted(job));
        }
    }

    fn declare(&self, text: &str) {
        parse(&format!("behaviours: [{{{text}}}]"))
            .unwrap()
            .into_iter()
            .for_each(|one| self.lab.declare(one));
    }
}

fn tuning_named(name: &str) -> Value {
    json!({"HyperParameterTuningJobName": name})
}

fn counters(described: &Value) -> [u64; 5] {
    let all = &described["TrainingJobStatusCounters"];
    ["Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"]
        .map(|n| all[n].as_u64().unwrap())
}

fn assert_counted(job: &TuningJob) {
    assert!(job.running().count() <= job.most_parallel as usize);
    assert_eq!(job.running().count() + job.outcomes().count(), job.trials.len());
}

#[test]
fn training_jobs_are_started_as_others_end() {
    let site = Site::new(Profile::Fast);
    let arn = site.tune(tuning(&site, "tune", 3, 2)).unwrap()["HyperParameterTuningJobArn"].clone();
    assert_eq!(arn, "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tune");
    let first = site.tuned("tune");
    assert_eq!(
        (&first["HyperParameterTuningJobStatus"], counters(&first)),
        (&json!("InProgress"), [0, 2, 0, 0, 0])
    );
    assert_eq!(first["ObjectiveStatusCounters"], json!({"Succeeded": 0, "Pending": 2, "Failed": 0}));
    site.pass(2);
    assert_eq!((site.free(), site.lab.interfaces().len()), (7, 4));
    site.pass(2);
    let second = site.tuned("tune");
    assert_eq!(counters(&second), [2, 1, 0, 0, 0]);
    site.pass(4);
    let last = site.tuned("tune");
    assert_eq!(
        (&last["HyperParameterTuningJobStatus"], counters(&last)),
        (&json!("Completed"), [3, 0, 0, 0, 0])
    );
    assert_eq!((site.free(), last["FailureReason"].clone()), (11, Value::Null));

    let children = site.children(tuning_named("tune"));
    assert_eq!(children.len(), 3);
    for (n, child) in children.iter().enumerate() {
        let name = child["TrainingJobName"].as_str().unwrap();
        let tail = name.strip_prefix(&format!("tune-{:03}-", n + 1)).unwrap();
        assert!(tail.len() == 8 && tail.chars().all(|c| c.is_ascii_hexdigit()));
        let described = site.describe(name);
        assert_eq!(described["TuningJobArn"], arn);
        assert_eq!(described["HyperParameters"]["fixed"], "1");
        assert_eq!(described["HyperParameters"]["_tuning_objective_metric"], "loss");
        assert_eq!(described["HyperParameters"]["rate"], child["TunedHyperParameters"]["rate"]);
        let rate: f64 = child["TunedHyperParameters"]["rate"].as_str().unwrap().parse().unwrap();
        assert!((0.1..=0.5).contains(&rate));
    }
    // The best is the least, as it was asked for.
    let value =
        |child: &Value| child["FinalHyperParameterTuningJobObjectiveMetric"]["Value"].as_f64().unwrap();
    let least = children.iter().map(value).fold(f64::MAX, f64::min);
    assert_eq!(value(&last["BestTrainingJob"]), least);
    let sorted =
        site.children(json!({"HyperParameterTuningJobName": "tune", "SortBy": "FinalObjectiveMetricValue"}));
    assert!(sorted.windows(2).all(|pair| value(&pair[0]) <= value(&pair[1])) && sorted.len() == 3);
}

#[test]
fn nothing_takes_time_with_the_profile_instant() {
    let site = Site::new(Profile::Instant);
    site.tune(tuning(&site, "tune", 7, 3)).unwrap();
    site.lab.advance(0);
    let described = site.tuned("tune");
    assert_eq!(
        (&described["HyperParameterTuningJobStatus"], counters(&described)),
        (&json!("Completed"), [7, 0, 0, 0, 0])
    );
    site.assert_sound();
}

#[test]
fn the_second_finds_no_address_where_there_is_room_for_one() {
    let site = Site::new(Profile::Fast);
    let mut request = tuning(&site, "tight", 2, 2);
    request["TrainingJobDefinition"]["ResourceConfig"]["InstanceCount"] = json!(4);
    site.tune(request).unwrap();
    site.pass(10);
    let described = site.tuned("tight");
    assert_eq!(
        (&described["HyperParameterTuningJobStatus"], counters(&described)),
        (&json!("Completed"), [1, 0, 0, 1, 0])
    );
    let children = site.children(json!({"HyperParameterTuningJobName": "tight", "StatusEquals": "Failed"}));
    assert!(children[0]["FailureReason"].as_str().unwrap().contains("free IP addresses"), "{children:?}");
    assert_eq!((children[0]["ObjectiveStatus"].as_str(), site.free()), (Some("Failed"), 11));
}

#[test]
fn a_tuning_job_all_of_whose_jobs_fail_says_so() {
    let site = Site::new(Profile::Fast);
    site.declare("exitCode: 1, failure: no");
    site.tune(tuning(&site, "few", 3, 1)).unwrap();
    site.tune(tuning(&site, "many", 20, 3)).unwrap();
    site.pass(40);
    let few = site.tuned("few");
    assert_eq!(
        few["FailureReason"],
        "All training jobs failed. Please take a look at the training jobs failures to get more details."
    );
    assert_eq!((&few["HyperParameterTuningJobStatus"], counters(&few)), (&json!("Failed"), [0, 0, 0, 3, 0]));
    let many = site.tuned("many");
    assert_eq!(
        many["FailureReason"],
        "No training job succeeded after 6 attempts. Please take a look at the training job failures to get more details."
    );
    assert_eq!(counters(&many), [0, 0, 0, 6, 0]);
    assert!(site.lab.events("TuningJobFailures").iter().any(|told| told.contains("training-job/few-001-")));
}

#[test]
fn a_tuning_job_whose_jobs_emit_no_objective_fails() {
    let site = Site::new(Profile::Fast);
    site.declare("metrics: {other: 1}");
    site.tune(tuning(&site, "mute", 2, 2)).unwrap();
    site.pass(5);
    let told = site.tuned("mute");
    assert_eq!(told["ObjectiveStatusCounters"]["Failed"], 2);
    assert!(
        told["FailureReason"].as_str().unwrap().starts_with("No objective metrics found after running 2")
    );
}

#[test]
fn a_declared_metric_is_the_objective() {
    let site = Site::new(Profile::Fast);
    site.declare("metrics: {loss: [3, 0.25]}");
    let mut request = tuning(&site, "told", 9, 1);
    request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] =
        json!({"TargetObjectiveMetricValue": 0.5});
    site.tune(request).unwrap();
    site.pass(10);
    let told = site.tuned("told");
    assert_eq!(
        told["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"],
        json!({"Type": "Minimize", "MetricName": "loss", "Value": 0.25})
    );
    // The target was reached by the first.
    assert_eq!(
        (&told["HyperParameterTuningJobStatus"], counters(&told)),
        (&json!("Completed"), [1, 0, 0, 0, 0])
    );
}

#[test]
fn stopping_stops_what_runs() {
    let site = Site::new(Profile::Fast);
    site.tune(tuning(&site, "tune", 9, 2)).unwrap();
    site.pass(1);
    site.lab.write::<StopHyperParameterTuningJob>(tuning_named("tune")).unwrap();
    site.assert_sound();
    assert_eq!(site.tuned("tune")["HyperParameterTuningJobStatus"], "Stopping");
    let refused = site.lab.write::<StopHyperParameterTuningJob>(tuning_named("tune")).unwrap_err();
    assert_eq!(
        refused.message,
        "The request was rejected because the hyperparameter tuning job is in status Stopping."
    );
    let refused = site.lab.write::<DeleteHyperParameterTuningJob>(tuning_named("tune")).unwrap_err();
    assert!(refused.message.contains("cannot be deleted"));
    site.pass(3);
    let told = site.tuned("tune");
    assert_eq!(
        (&told["HyperParameterTuningJobStatus"], counters(&told)),
        (&json!("Stopped"), [0, 0, 0, 0, 2])
    );
    site.lab.write::<DeleteHyperParameterTuningJob>(tuning_named("tune")).unwrap();
    // Its training jobs stay.
    assert_eq!(site.lab.state().jobs.len(), 2);
    let missing = site.lab.read::<DescribeHyperParameterTuningJob>(tuning_named("tune")).unwrap_err();
    assert_eq!(missing.code, "ResourceNotFound");
    site.assert_sound();
}

#[test]
fn time_is_up_for_tuning_jobs_too() {
    let site = Site::new(Profile::Fast);
    site.declare("duration: 1h");
    let mut request = tuning(&site, "tune", 9, 2);
    request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = json!(120);
    site.tune(request).unwrap();
    site.lab.advance(119_000);
    assert_eq!(counters(&site.tuned("tune")), [0, 2, 0, 0, 0]);
    site.lab.advance(10_000);
    let told = site.tuned("tune");
    assert_eq!(
        (&told["HyperParameterTuningJobStatus"], counters(&told)),
        (&json!("Completed"), [0, 0, 0, 0, 2])
    );
}

#[test]
fn what_goes_while_a_tuning_job_runs_makes_it_fail() {
    let site = Site::new(Profile::Fast);
    site.tune(tuning(&site, "tune", 9, 1)).unwrap();
    site.pass(1);
    site.lab.edit(|state| {
        let group = state.groups.get(&site.group).cloned().unwrap();
        // As if somebody had deleted it, once the interface is gone.
        let mut other = (*group).clone();
        other.rules.clear();
        state.groups.insert(other);
    });
    site.lab.role(ROLE_ARN, &crate::services::lab::TRUST.replace("sagemaker", "lambda"));
    site.pass(4);
    let told = site.tuned("tune");
    assert_eq!(told["HyperParameterTuningJobStatus"], "Failed");
    assert!(
        told["FailureReason"].as_str().unwrap().starts_with("ClientError: Could not assume role"),
        "{told}"
    );
}

#[test]
fn training_jobs_may_be_deleted_and_still_count() {
    let site = Site::new(Profile::Fast);
    site.tune(tuning(&site, "tune", 2, 1)).unwrap();
    site.pass(4);
    let first = site.children(tuning_named("tune"))[0]["TrainingJobName"].as_str().unwrap().to_owned();
    site.delete(&first).unwrap();
    site.pass(4);
    assert_eq!(counters(&site.tuned("tune")), [2, 0, 0, 0, 0]);
    assert_eq!(site.children(tuning_named("tune"))[0]["TrainingJobName"], first);
}

#[test]
fn tags_come_down_and_tuning_jobs_are_listed() {
    let site = Site::new(Profile::Fast);
    for name in ["b", "a"] {
        let mut request = tuning(&site, name, 1, 1);
        request["Tags"] = json!([{"Key": "team", "Value": "red"}]);
        site.tune(request).unwrap();
        site.lab.advance(10);
    }
    let row = site.lab.state().jobs.iter().next().cloned().unwrap();
    assert_eq!(row.tags.get("team"), Some("red"));
    let listed = site.lab.read::<ListHyperParameterTuningJobs>(json!({})).unwrap();
    let listed = listed["HyperParameterTuningJobSummaries"].as_array().unwrap();
    let names: Vec<_> =
        listed.iter().map(|one| one["HyperParameterTuningJobName"].as_str().unwrap()).collect();
    assert_eq!((names, &listed[0]["Strategy"]), (vec!["a", "b"], &json!("Random")));
    assert_eq!(
        listed[0]["ResourceLimits"],
        json!({"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1})
    );
}

/// Each thing that refuses the call: a change to a good request, the code, and words of the text.
#[test]
fn what_is_wrong_is_refused() {
    let site = Site::new(Profile::Fast);
    site.tune(tuning(&site, "past", 1, 1)).unwrap();
    site.pass(5);
    site.tune(tuning(&site, "there", 1, 1)).unwrap();
    type Case = (&'static str, fn(&mut Value), &'static str, &'static str);
    const CONFIG: &str = "HyperParameterTuningJobConfig";
    fn two(request: &mut Value) {
        let mut one = request.as_object_mut().unwrap().remove("TrainingJobDefinition").unwrap();
        one["TuningObjective"] =
            request[CONFIG].as_object_mut().unwrap().remove("HyperParameterTuningJobObjective").unwrap();
        one["HyperParameterRanges"] =
            request[CONFIG].as_object_mut().unwrap().remove("ParameterRanges").unwrap();
        one["DefinitionName"] = json!("one");
        request["TrainingJobDefinitions"] = json!([one]);
    }
    fn warm(request: &mut Value, how: &str) {
        request["WarmStartConfig"] = json!({"WarmStartType": how,
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "past"}]});
    }
    fn auto(request: &mut Value) {
        request[CONFIG]["ParameterRanges"] =
            json!({"AutoParameters": [{"Name": "rate", "ValueHint": "0.1"}]});
    }
    fn range(request: &mut Value, min: &str, max: &str, scale: &str) {
        request[CONFIG]["ParameterRanges"] = json!({"IntegerParameterRanges":
            [{"Name": "i", "MinValue": min, "MaxValue": max, "ScalingType": scale}]});
    }
    let cases: &[Case] = &[
        (
            "TuningNameInUse",
            |r| r["HyperParameterTuningJobName"] = json!("there"),
            "ResourceInUse",
            "A hyperparameter tuning job with the name, there, already exists. Choose a different name.",
        ),
        (
            "OneKindOfDefinition",
            |r| drop(r.as_object_mut().unwrap().remove("TrainingJobDefinition")),
            "ValidationException",
            "exactly one of TrainingJobDefinition",
        ),
        (
            "DefinitionLacks",
            |r| {
                two(r);
                r["TrainingJobDefinitions"][0].as_object_mut().unwrap().remove("DefinitionName");
            },
            "ValidationException",
            "DefinitionName",
        ),
        (
            "DefinitionTwice",
            |r| {
                two(r);
                let one = r["TrainingJobDefinitions"][0].clone();
                r["TrainingJobDefinitions"] = json!([one, one]);
            },
            "ValidationException",
            "unique",
        ),
        (
            "InDefinitions",
            |r| {
                let ranges = r[CONFIG]["ParameterRanges"].clone();
                two(r);
                r[CONFIG]["ParameterRanges"] = ranges;
            },
            "ValidationException",
            "ParameterRanges",
        ),
        (
            "OneKindOfResources",
            |r| drop(r["TrainingJobDefinition"].as_object_mut().unwrap().remove("ResourceConfig")),
            "ValidationException",
            "ResourceConfig",
        ),
        (
            "OneKindOfInstances",
            |r| {
                let d = r["TrainingJobDefinition"].as_object_mut().unwrap();
                d.remove("ResourceConfig");
                d.insert("HyperParameterTuningResourceConfig".into(), json!({"InstanceType": "ml.m5.large"}));
            },
            "ValidationException",
            "InstanceConfigs",
        ),
        (
            "TooManyParallel",
            |r| r[CONFIG]["ResourceLimits"]["MaxParallelTrainingJobs"] = json!(9),
            "ValidationException",
            "MaxParallelTrainingJobs (9)",
        ),
        ("GridRange", |r| r[CONFIG]["Strategy"] = json!("Grid"), "ValidationException", "categorical"),
        (
            "GridJobs",
            |r| {
                r[CONFIG]["Strategy"] = json!("Grid");
                r[CONFIG]["ParameterRanges"] =
                    json!({"CategoricalParameterRanges": [{"Name": "c", "Values": ["1", "2", "3"]}]});
            },
            "ValidationException",
            "(3)",
        ),
        ("StrategyConfig", |r| r[CONFIG]["StrategyConfig"] = json!({}), "ValidationException", "Hyperband"),
        (
            "EarlyStopping",
            |r| {
                r[CONFIG]["Strategy"] = json!("Hyperband");
                r[CONFIG]["TrainingJobEarlyStoppingType"] = json!("Auto");
            },
            "ValidationException",
            "must be Off",
        ),
        ("RangeBounds", |r| range(r, "9", "1", "Auto"), "ValidationException", "MinValue 9"),
        ("RangeBounds", |r| range(r, "1.5", "2", "Auto"), "ValidationException", "MinValue 1.5"),
        ("RangeScale", |r| range(r, "0", "2", "Logarithmic"), "ValidationException", "Logarithmic"),
        (
            "ParameterTwice",
            |r| r["TrainingJobDefinition"]["StaticHyperParameters"]["rate"] = json!("1"),
            "ValidationException",
            "rate",
        ),
        (
            "TooManyRanges",
            |r| {
                let one = |n| json!({"Name": format!("c{n}"), "Values": ["1"]});
                r[CONFIG]["ParameterRanges"]["CategoricalParameterRanges"] = (0..30).map(one).collect();
            },
            "ValidationException",
            "30",
        ),
        (
            "NoMetric",
            |r| r["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"] = json!([]),
            "ValidationException",
            "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions.",
        ),
        (
            "ParentRuns",
            |r| r["WarmStartConfig"] = json!({"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "there"}]}),
            "ValidationException",
            "there",
        ),
        (
            "NoParent",
            |r| r["WarmStartConfig"] = json!({"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "gone"}]}),
            "ValidationException",
            "Amazon SageMaker can't find a tuning job",
        ),
        (
            "ParentObjective",
            |r| {
                warm(r, "TransferLearning");
                r[CONFIG]["HyperParameterTuningJobObjective"]["Type"] = json!("Maximize");
            },
            "ValidationException",
            "objective metric must be the same",
        ),
        (
            "ParentParameters",
            |r| {
                warm(r, "TransferLearning");
                r["TrainingJobDefinition"]["StaticHyperParameters"]["more"] = json!("1");
            },
            "ValidationException",
            "past, which has 2",
        ),
        (
            "ParentAlgorithm",
            |r| {
                warm(r, "IdenticalDataAndAlgorithm");
                r["TrainingJobDefinition"]["AlgorithmSpecification"]["TrainingImage"] =
                    json!("123456789012.dkr.ecr.us-east-1.amazonaws.com/other:1");
            },
            "ValidationException",
            "IdenticalDataAndAlgorithm",
        ),
        ("AutoParameters", |r| auto(r), "ValidationException", "Autotune"),
        // The training jobs' own refusals are the call's.
        (
            "objective",
            |r| drop(r[CONFIG].as_object_mut().unwrap().remove("HyperParameterTuningJobObjective")),
            "ValidationException",
            "hyperParameterTuningJobObjective",
        ),
        (
            "subnet",
            |r| r["TrainingJobDefinition"]["VpcConfig"]["Subnets"] = json!(["subnet-0123456789abcdef0"]),
            "ValidationException",
            "subnet-0123456789abcdef0",
        ),
        (
            "wait",
            |r| r["TrainingJobDefinition"]["StoppingCondition"]["MaxWaitTimeInSeconds"] = json!(9),
            "ValidationException",
            "EnableManagedSpotTraining",
        ),
    ];
    for (what, change, code, words) in cases {
        let mut request = tuning(&site, "new", 2, 1);
        change(&mut request);
        let refused = site.tune(request).unwrap_err();
        assert_eq!(refused.code, *code, "{what}: {}", refused.message);
        assert!(refused.message.contains(words), "{what}: {}", refused.message);
    }
    let mut good = tuning(&site, "good", 2, 1);
    two(&mut good);
    site.tune(good).unwrap();
}

#[test]
fn a_role_that_may_not_describe_is_refused_as_of_training_jobs() {
    let site = Site::new(Profile::Fast);
    site.lab.grant(&[]);
    let tuned = site.tune(tuning(&site, "tune", 2, 1)).unwrap_err();
    let trained = site.create(site.request("train", 1)).unwrap_err();
    assert_eq!(tuned, trained);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However many there are, addresses are conserved, and the same happens again with the same seed.
    #[test]
    fn tuning_jobs_keep_to_their_limits(
        jobs in 1_u32..7, parallel in 1_u32..5, instances in 1_u32..7, stop in 0_u64..12_000,
        profile in prop_oneof![Just(Profile::Fast), Just(Profile::Instant)],
    ) {
        let run = || {
            let site = Site::new(profile);
            let mut request = tuning(&site, "tune", jobs, parallel.min(jobs));
            request["TrainingJobDefinition"]["ResourceConfig"]["InstanceCount"] = json!(instances);
            site.tune(request).unwrap();
            let mut told = Vec::new();
            for millis in (0..24_000).step_by(500) {
                if (stop..stop + 500).contains(&millis) {
                    let _ = site.lab.write::<StopHyperParameterTuningJob>(tuning_named("tune"));
                }
                site.lab.advance(500);
                site.assert_sound();
                assert_eq!(site.free() as usize + site.lab.interfaces().len(), 11);
                let row = site.lab.state().tuning_jobs.iter().next().cloned().unwrap();
                assert_counted(&row);
                told.push(site.tuned("tune").to_string());
            }
            let state = site.lab.state();
            assert!(state.tuning_jobs.iter().all(|job| job.status.is_final()), "{told:?}");
            assert!(state.jobs.iter().all(|job| job.status.is_final()));
            assert!(state.timers.next_of(&Owner::Tuning("tune".into())).is_none());
            assert_eq!(site.free(), 11);
            told
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn statuses_of_running_training_jobs_are_theirs() {
    let site = Site::new(Profile::Fast);
    site.tune(tuning(&site, "tune", 2, 2)).unwrap();
    site.pass(2);
    let name = site.children(tuning_named("tune"))[0]["TrainingJobName"].as_str().unwrap().to_owned();
    site.stop(&name).unwrap();
    let children = site.children(tuning_named("tune"));
    assert_eq!(
        (&children[0]["TrainingJobStatus"], &children[1]["TrainingJobStatus"]),
        (&json!("Stopping"), &json!("InProgress"))
    );
    site.pass(4);
    let row = site.lab.state().tuning_jobs.iter().next().cloned().unwrap();
    assert_eq!(row.trials[0].outcome.as_ref().unwrap().status, JobStatus::Stopped);
    assert_eq!(counters(&site.tuned("tune")), [1, 0, 0, 0, 1]);
}
