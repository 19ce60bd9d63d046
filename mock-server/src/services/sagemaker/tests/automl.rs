//! AutoML jobs, and the jobs that they start.

use super::*;
use crate::model::{AutoMlJob, Content, Owner, TuningStatus};
use crate::scenario::behaviour::parse;
use crate::services::sagemaker::automl::{
    CreateAutoMLJob, CreateAutoMLJobV2, DescribeAutoMLJob, DescribeAutoMLJobV2, ListAutoMLJobs,
    ListCandidatesForAutoMLJob, StopAutoMLJob,
};
use proptest::prelude::*;

fn by_name(name: &str) -> Value {
    json!({ "AutoMLJobName": name })
}

impl Site {
    pub(super) fn vpc_member(&self) -> Value {
        json!({ "SecurityGroupIds": [self.group.to_string()], "Subnets": [self.subnet.to_string()] })
    }

    fn automl(&self, name: &str, mode: &str, candidates: u32) -> Value {
        json!({
            "AutoMLJobName": name,
            "AutoMLJobInputDataConfig": [{ "ChannelType": "training", "ContentType": "text/csv;header=present",
                "CompressionType": "None",
                "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://data/table/" } } }],
            "OutputDataConfig": { "S3OutputPath": "s3://data/models/" },
            "AutoMLProblemTypeConfig": { "TabularJobConfig": { "Mode": mode, "TargetAttributeName": "y",
                "ProblemType": "Regression", "CompletionCriteria": { "MaxCandidates": candidates } } },
            "AutoMLJobObjective": { "MetricName": "MAE" },
            "RoleArn": ROLE_ARN,
            "SecurityConfig": { "VpcConfig": self.vpc_member() },
        })
    }

    fn learn(&self, request: Value) -> Result<Value, Refused> {
        let before = self.lab.state();
        let done = self.lab.write::<CreateAutoMLJobV2>(request);
        if done.is_err() {
            assert_eq!(self.lab.state().jobs.len(), before.jobs.len());
            assert_eq!(self.lab.state().automl_jobs.len(), before.automl_jobs.len());
        }
        self.assert_sound();
        done
    }

    fn learned(&self, name: &str) -> Value {
        self.lab.read::<DescribeAutoMLJobV2>(by_name(name)).unwrap()
    }

    fn candidates(&self, request: Value) -> Vec<Value> {
        let listed = self.lab.read::<ListCandidatesForAutoMLJob>(request).unwrap();
        listed["Candidates"].as_array().unwrap().clone()
    }

    fn automl_row(&self) -> Arc<AutoMlJob> {
        self.lab.state().automl_jobs.iter().next().cloned().unwrap()
    }

    /// Lets time pass until the job has ended; the secondary statuses that were seen, in order.
    fn secondaries(&self, name: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        for _ in 0..400 {
            let told = self.learned(name);
            let secondary = told["AutoMLJobSecondaryStatus"].as_str().unwrap().to_owned();
            if seen.last() != Some(&secondary) {
                seen.push(secondary);
            }
            if told["EndTime"].is_i64() {
                break;
            }
            self.lab.advance(250);
            self.assert_sound();
        }
        seen
    }
}

fn metric(candidate: &Value) -> f64 {
    candidate["FinalAutoMLJobObjectiveMetric"]["Value"].as_f64().unwrap()
}

#[test]
fn a_job_goes_step_by_step() {
    let site = Site::new(Profile::Fast);
    site.lab.bucket("data");
    site.lab.object("data", "table/1.csv", Content::Size(1000));
    let arn = site.learn(site.automl("learn", "HYPERPARAMETER_TUNING", 5)).unwrap()["AutoMLJobArn"].clone();
    assert_eq!(arn, "arn:aws:sagemaker:us-east-1:123456789012:automl-job/learn");
    assert_eq!(
        site.secondaries("learn"),
        [
            "Starting",
            "AnalyzingData",
            "FeatureEngineering",
            "ModelTuning",
            "GeneratingExplainabilityReport",
            "GeneratingModelInsightsReport",
            "Completed"
        ]
    );
    assert_eq!((site.free(), site.lab.interfaces().len()), (11, 0));
    let told = site.learned("learn");
    assert_eq!((&told["AutoMLJobStatus"], &told["FailureReason"]), (&json!("Completed"), &Value::Null));
    let kinds: Vec<_> = site.lab.state().jobs.iter().map(|job| job.key.kind).collect();
    let count = |kind| kinds.iter().filter(|known| **known == kind).count();
    assert_eq!(
        [JobKind::Processing, JobKind::Training, JobKind::Transform].map(count),
        [3, 6, 1],
        "each with an interface in the VPC"
    );
    assert!(site.lab.state().jobs.iter().all(|job| job.needs.vpc.is_some() && job.parent.is_some()));
    let all = site.candidates(by_name("learn"));
    assert_eq!(all.len(), 5);
    for (n, candidate) in all.iter().enumerate() {
        let name = candidate["CandidateName"].as_str().unwrap();
        assert!(name.starts_with(&format!("learnTA-{:03}-", n + 1)), "{name}");
        let types: Vec<_> = candidate["CandidateSteps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["CandidateStepType"].as_str().unwrap().rsplit(':').next().unwrap().to_owned())
            .collect();
        assert_eq!(types, ["ProcessingJob", "TrainingJob", "TransformJob", "TrainingJob"]);
        assert_eq!(site.describe(name)["AutoMLJobArn"], arn);
    }
    // The best has the least error, and its model is where it says.
    let best = &told["BestCandidate"];
    assert_eq!(metric(best), all.iter().map(metric).fold(f64::MAX, f64::min));
    assert_eq!(best["FinalAutoMLJobObjectiveMetric"]["Type"], "Minimize");
    let key = |url: &Value| url.as_str().unwrap().strip_prefix("s3://data/").unwrap().to_owned();
    for container in best["InferenceContainers"].as_array().unwrap() {
        assert!(site.lab.keys("data").contains(&key(&container["ModelDataUrl"])), "{container}");
    }
    let places = &best["CandidateProperties"]["CandidateArtifactLocations"];
    assert_eq!(places["ModelInsights"], "s3://data/models/learn/documentation/model_monitor/output");
    let notebook = told["AutoMLJobArtifacts"]["DataExplorationNotebookLocation"].as_str().unwrap();
    assert!(notebook.starts_with("s3://data/models/learn/sagemaker-automl-candidates/db-1-"), "{notebook}");
    assert_eq!(told["ResolvedAttributes"]["CompletionCriteria"]["MaxCandidates"], 5);
    let by_value =
        json!({ "AutoMLJobName": "learn", "SortBy": "FinalObjectiveMetricValue", "SortOrder": "Descending" });
    let values: Vec<_> = site.candidates(by_value).iter().map(metric).collect();
    assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    let one = json!({ "AutoMLJobName": "learn", "CandidateNameEquals": best["CandidateName"] });
    assert_eq!(site.candidates(one), std::slice::from_ref(best));
}

#[test]
fn nothing_takes_time_with_the_profile_instant() {
    let site = Site::new(Profile::Instant);
    site.learn(site.automl("learn", "ENSEMBLING", 9)).unwrap();
    site.lab.advance(0);
    assert_eq!(site.automl_row().status, TuningStatus::Completed);
    assert_eq!(site.candidates(by_name("LEARN")).len(), 9);
    site.assert_sound();
}

#[test]
fn both_operations_make_such_jobs() {
    let site = Site::new(Profile::Fast);
    let first = json!({
        "AutoMLJobName": "First",
        "InputDataConfig": [{ "DataSource": { "S3DataSource":
            { "S3DataType": "S3Prefix", "S3Uri": "s3://data/table/" } }, "TargetAttributeName": "y" }],
        "OutputDataConfig": { "S3OutputPath": "s3://data/models" },
        "AutoMLJobConfig": { "CompletionCriteria": { "MaxCandidates": 2 }, "Mode": "ENSEMBLING",
            "SecurityConfig": { "VpcConfig": site.vpc_member() } },
        "RoleArn": ROLE_ARN,
    });
    site.lab.write::<CreateAutoMLJob>(first.clone()).unwrap();
    site.lab.advance(1000);
    assert_eq!(site.lab.interfaces().len(), 2);
    site.secondaries("first");
    let told = site.lab.read::<DescribeAutoMLJob>(by_name("First")).unwrap();
    for member in ["AutoMLJobName", "InputDataConfig", "OutputDataConfig", "AutoMLJobConfig", "RoleArn"] {
        assert_eq!(told[member], first[member], "{member}");
    }
    assert_eq!(told["ResolvedAttributes"]["ProblemType"], "BinaryClassification");
    assert_eq!(told["BestCandidate"]["FinalAutoMLJobObjectiveMetric"]["MetricName"], "F1");
    let again = site.learned("first");
    assert_eq!(again["AutoMLProblemTypeConfig"]["TabularJobConfig"]["TargetAttributeName"], "y");
    assert_eq!(again["SecurityConfig"], first["AutoMLJobConfig"]["SecurityConfig"]);
    // The other way round it is not described.
    site.learn(site.automl("second", "ENSEMBLING", 1)).unwrap();
    let refused = site.lab.read::<DescribeAutoMLJob>(by_name("second")).unwrap_err();
    assert!(refused.message.contains("Use DescribeAutoMLJobV2"));
    let listed = |request: Value| -> Vec<String> {
        let listed = site.lab.read::<ListAutoMLJobs>(request).unwrap();
        let rows = listed["AutoMLJobSummaries"].as_array().unwrap().clone();
        rows.iter().map(|row| row["AutoMLJobName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(listed(json!({})), ["second", "First"]);
    assert_eq!(listed(json!({ "StatusEquals": "Completed" })), ["First"]);
    assert_eq!(listed(json!({ "SortBy": "CreationTime", "SortOrder": "Ascending" })), ["First", "second"]);
}

#[test]
fn a_job_fails_as_its_jobs_do() {
    let site = Site::new(Profile::Fast);
    // Twelve candidates, four at once, of which each takes two addresses: there is room.
    site.learn(site.automl("fits", "ENSEMBLING", 12)).unwrap();
    assert_eq!(site.secondaries("fits").last().unwrap(), "Completed");
    // The way to S3 is cut.
    let vpc = site.lab.vpc(Tenancy::Default);
    let (subnet, group) = (site.lab.subnet(vpc, "10.0.1.0/28"), site.lab.group(vpc));
    let endpoint = site.lab.state().vpc_endpoints.iter().find(|row| row.vpc == vpc).unwrap().id;
    site.lab.edit(|state| drop(state.remove_vpc_endpoint(endpoint)));
    let mut request = site.automl("cut", "ENSEMBLING", 2);
    request["SecurityConfig"]["VpcConfig"] =
        json!({ "SecurityGroupIds": [group.to_string()], "Subnets": [subnet.to_string()] });
    site.learn(request).unwrap();
    assert_eq!(site.secondaries("cut"), ["Starting", "AnalyzingData", "Failed"]);
    let told = site.learned("cut");
    let row = site.lab.state().automl_jobs.get(&Arc::from("cut")).cloned().unwrap();
    let child = site.lab.state().jobs.get(&row.children[0].key).cloned().unwrap();
    assert_eq!(told["FailureReason"], child.told_failure().unwrap().reason);
    assert!(told.get("BestCandidate").is_none() && told.get("AutoMLJobArtifacts").is_none());
    assert_eq!(site.lab.free(subnet), 11);
}

#[test]
fn some_candidates_may_fail_and_reports_too() {
    let site = Site::new(Profile::Fast);
    let declare = |text: &str| {
        parse(&format!("behaviours: [{{{text}}}]"))
            .unwrap()
            .into_iter()
            .for_each(|one| site.lab.declare(one));
    };
    declare("job: 'some*TA-002-*', failure: no");
    declare("job: 'some*-explainability-*', exitCode: 1, failure: no");
    site.learn(site.automl("some", "ENSEMBLING", 3)).unwrap();
    let seen = site.secondaries("some");
    assert!(seen.iter().any(|word| word == "GeneratingExplainabilityReport"), "{seen:?}");
    let told = site.learned("some");
    assert_eq!(told["AutoMLJobStatus"], "Completed");
    assert_eq!(told["PartialFailureReasons"].as_array().unwrap().len(), 2);
    assert!(site.lab.events("AutoMLJobStatus").iter().any(|event| event.contains("ExplainabilityError")));
    let failed = site.candidates(json!({ "AutoMLJobName": "some", "StatusEquals": "Failed" }));
    assert_eq!((failed.len(), &failed[0]["ObjectiveStatus"]), (1, &json!("Failed")));
    assert!(told["BestCandidate"]["CandidateProperties"].get("CandidateArtifactLocations").is_none());
    declare("job: 'all*TA-*', failure: no");
    site.learn(site.automl("all", "ENSEMBLING", 3)).unwrap();
    assert_eq!(site.secondaries("all").last().unwrap(), "Failed");
    assert!(site.learned("all")["FailureReason"].as_str().unwrap().starts_with("AlgorithmError"));
}

#[test]
fn time_runs_out_and_jobs_are_stopped() {
    let site = Site::new(Profile::Fast);
    let mut request = site.automl("short", "ENSEMBLING", 50);
    let criteria = "/AutoMLProblemTypeConfig/TabularJobConfig/CompletionCriteria";
    request.pointer_mut(criteria).unwrap()["MaxAutoMLJobRuntimeInSeconds"] = json!(8);
    site.learn(request).unwrap();
    assert_eq!(site.secondaries("short").last().unwrap(), "MaxAutoMLJobRuntimeReached");
    let told = site.learned("short");
    assert_eq!(told["AutoMLJobStatus"], "Completed");
    assert!(told["BestCandidate"]["CandidateName"].is_string());
    site.learn(site.automl("stopped", "ENSEMBLING", 50)).unwrap();
    site.lab.advance(5000);
    site.lab.write::<StopAutoMLJob>(by_name("stopped")).unwrap();
    assert_eq!(site.learned("stopped")["AutoMLJobSecondaryStatus"], "Stopping");
    let refused = site.lab.write::<StopAutoMLJob>(by_name("stopped")).unwrap_err();
    assert_eq!(refused.message, "The request was rejected because the AutoML job is in status Stopping.");
    assert_eq!(site.secondaries("stopped"), ["Stopping", "Stopped"]);
    assert_eq!(
        (site.free(), &*site.lab.write::<StopAutoMLJob>(by_name("no")).unwrap_err().code),
        (11, "ResourceNotFound")
    );
    let mut request = site.automl("only", "ENSEMBLING", 1);
    request["AutoMLProblemTypeConfig"]["TabularJobConfig"]["GenerateCandidateDefinitionsOnly"] = json!(true);
    site.learn(request).unwrap();
    assert_eq!(site.secondaries("only"), ["Starting", "AnalyzingData", "CandidateDefinitionsGenerated"]);
}

#[test]
fn the_best_candidate_gets_an_endpoint() {
    let site = Site::new(Profile::Fast);
    // An endpoint in a VPC wants two zones.
    let other = site.lab.subnet_in(site.vpc, "10.0.2.0/28", 1);
    let mut request = site.automl("ship", "ENSEMBLING", 1);
    request["SecurityConfig"]["VpcConfig"]["Subnets"] = json!([site.subnet.to_string(), other.to_string()]);
    request["ModelDeployConfig"] = json!({ "AutoGenerateEndpointName": false, "EndpointName": "shipped" });
    site.learn(request.clone()).unwrap();
    site.secondaries("ship");
    assert_eq!(site.learned("ship")["ModelDeployResult"]["EndpointName"], "shipped");
    site.lab.advance(20_000);
    let endpoint = endpoints::describe(&site.lab, "shipped");
    assert_eq!(endpoint["EndpointStatus"], "InService", "{endpoint}");
    // Another one of that name cannot be made.
    request["AutoMLJobName"] = json!("again");
    site.learn(request).unwrap();
    site.secondaries("again");
    let told = site.learned("again");
    assert_eq!(told["AutoMLJobStatus"], "Completed");
    assert!(told.get("ModelDeployResult").is_none());
    assert!(
        told["PartialFailureReasons"][0]["PartialFailureMessage"]
            .as_str()
            .unwrap()
            .contains("already existing")
    );
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let site = Site::new(Profile::Fast);
    let with = |path: &str, value: Value| {
        let mut request = site.automl("x", "AUTO", 1);
        let (parent, member) = path.rsplit_once('/').unwrap();
        request.pointer_mut(parent).unwrap()[member] = value;
        site.learn(request).unwrap_err()
    };
    for (path, value, text) in [
        (
            "/AutoMLProblemTypeConfig/ImageClassificationJobConfig",
            json!({}),
            "You must specify exactly one problem",
        ),
        ("/AutoMLJobObjective", json!(null), "You must specify both ProblemType and AutoMLJobObjective"),
        (
            "/ModelDeployConfig",
            json!({ "AutoGenerateEndpointName": true, "EndpointName": "e" }),
            "EndpointName must",
        ),
        (
            "/ModelDeployConfig",
            json!({ "AutoGenerateEndpointName": false }),
            "EndpointName must be specified if",
        ),
        (
            "/OutputDataConfig/S3OutputPath",
            json!(format!("s3://{}", "x".repeat(600))),
            "S3OutputPath must be",
        ),
        ("/RoleArn", json!("arn:aws:iam::123456789012:role/Nobody"), "Could not assume role"),
        ("/SecurityConfig/VpcConfig/Subnets", json!(["subnet-1"]), "The subnet ID 'subnet-1' does not exist"),
        (
            "/SecurityConfig/VpcConfig/SecurityGroupIds",
            json!(["sg-1"]),
            "The security group 'sg-1' does not exist",
        ),
    ] {
        let refused = with(path, value);
        assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
        assert!(refused.message.starts_with(text), "{}", refused.message);
    }
    let mut request = site.automl("x", "AUTO", 1);
    let mut channel = request["AutoMLJobInputDataConfig"][0].clone();
    channel["ContentType"] = json!("x-application/vnd.amazon+parquet");
    request["AutoMLJobInputDataConfig"].as_array_mut().unwrap().push(channel);
    assert!(site.learn(request).unwrap_err().message.starts_with("Channels for training"));
    site.learn(site.automl("Taken", "AUTO", 1)).unwrap();
    let refused = site.learn(site.automl("taken", "AUTO", 1)).unwrap_err();
    assert_eq!(&*refused.code, "ResourceInUse");
    let missing = site.lab.read::<DescribeAutoMLJobV2>(by_name("no")).unwrap_err();
    assert_eq!(&*missing.code, "ResourceNotFound");
}

#[test]
fn so_much_data_are_tuned() {
    let site = Site::new(Profile::Fast);
    site.lab.bucket("data");
    site.lab.object("data", "table/1.csv", Content::Size(200 << 20));
    site.learn(site.automl("large", "AUTO", 1)).unwrap();
    assert!(site.secondaries("large").contains(&"ModelTuning".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever a job does, and whenever it is stopped: it ends, nothing of it is left, and the same happens again with
    /// the same seed.
    #[test]
    fn jobs_end(tunes in any::<bool>(), candidates in 1_u32..7, stop in 0_u64..60_000, limit in 1_u64..60) {
        let run = || {
            let site = Site::new(Profile::Fast);
            let mode = if tunes { "HYPERPARAMETER_TUNING" } else { "ENSEMBLING" };
            let mut request = site.automl("learn", mode, candidates);
            let criteria = "/AutoMLProblemTypeConfig/TabularJobConfig/CompletionCriteria";
            request.pointer_mut(criteria).unwrap()["MaxAutoMLJobRuntimeInSeconds"] = json!(limit);
            site.learn(request).unwrap();
            let mut told = Vec::new();
            for millis in (0..70_000).step_by(500) {
                if (stop..stop + 500).contains(&millis) {
                    let _ = site.lab.write::<StopAutoMLJob>(by_name("learn"));
                }
                site.lab.advance(500);
                site.assert_sound();
                assert_eq!(site.free() as usize + site.lab.interfaces().len(), 11);
                let row = site.automl_row();
                told.push((row.status, row.secondary, row.children.len()));
            }
            assert!(site.automl_row().status.is_final(), "{told:?}");
            assert!(site.lab.state().timers.next_of(&Owner::AutoMl("learn".into())).is_none());
            assert_eq!(site.free(), 11);
            told
        };
        prop_assert_eq!(run(), run());
    }
}
