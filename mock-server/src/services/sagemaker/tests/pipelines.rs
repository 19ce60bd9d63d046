//! Pipelines, and the jobs that their steps start.

use super::*;
use crate::model::{ExecutionStatus, PipelineExecution, RuleMode};
use crate::services::sagemaker::pipeline::{
    CreatePipeline, DeletePipeline, DescribePipelineExecution, ListPipelineExecutionSteps,
    RetryPipelineExecution, StartPipelineExecution, StopPipelineExecution,
};
use proptest::prelude::*;

fn training(site: &Site, name: &str, instances: u32, after: &[&str]) -> Value {
    let mut arguments = site.request("x", instances);
    arguments.as_object_mut().unwrap().remove("TrainingJobName");
    json!({"Name": name, "Type": "Training", "Arguments": arguments, "DependsOn": after})
}

impl Site {
    fn pipeline(&self, steps: Value) -> Result<Value, Refused> {
        let definition = json!({"Version": "2020-12-01", "Steps": steps}).to_string();
        let (name, token) = ("line", "c".repeat(32));
        self.lab.write::<CreatePipeline>(json!({"PipelineName": name, "PipelineDefinition": definition,
            "RoleArn": ROLE_ARN, "ClientRequestToken": token}))
    }

    fn launch(&self, token: &str) -> Result<Value, Refused> {
        let started = self
            .lab
            .write::<StartPipelineExecution>(json!({"PipelineName": "line", "ClientRequestToken": token}));
        self.assert_sound();
        started
    }

    fn execution(&self) -> Arc<PipelineExecution> {
        self.lab.state().executions.iter().next().cloned().unwrap()
    }

    fn step_statuses(&self) -> Vec<(String, &'static str)> {
        self.execution().steps.iter().map(|step| (step.name.to_string(), step.status.word())).collect()
    }

    fn run_for(&self, seconds: u64) {
        for _ in 0..seconds * 2 {
            self.lab.advance(500);
            self.assert_sound();
        }
    }
}

fn named_execution(execution: &PipelineExecution) -> Value {
    json!({"PipelineExecutionArn": &*execution.arn, "ClientRequestToken": "s".repeat(32)})
}

#[test]
fn steps_wait_for_each_other() {
    let site = Site::new(Profile::Fast);
    site.pipeline(json!([training(&site, "b", 1, &["a"]), training(&site, "a", 1, &[])])).unwrap();
    site.launch("one").unwrap();
    assert_eq!(site.step_statuses(), [("a".to_owned(), "Executing")]);
    site.run_for(4);
    assert_eq!(site.step_statuses(), [("a".to_owned(), "Succeeded"), ("b".to_owned(), "Executing")]);
    site.run_for(4);
    assert_eq!(site.execution().status, ExecutionStatus::Succeeded);
    let job = site.lab.state().jobs.iter().next().cloned().unwrap();
    assert!(job.parent.is_some() && site.describe(&job.key.name).get("TuningJobArn").is_none());
}

#[test]
fn nothing_takes_time_with_the_profile_instant() {
    let site = Site::new(Profile::Instant);
    site.pipeline(json!([training(&site, "a", 1, &[]), training(&site, "b", 1, &["a"])])).unwrap();
    site.launch("one").unwrap();
    site.lab.advance(0);
    assert_eq!(site.execution().status, ExecutionStatus::Succeeded);
    site.assert_sound();
}

#[test]
fn a_failed_step_fails_the_execution_and_can_be_retried() {
    let site = Site::new(Profile::Fast);
    site.pipeline(json!([
        training(&site, "a", 1, &[]),
        training(&site, "b", 6, &["a"]),
        training(&site, "c", 1, &["b"])
    ]))
    .unwrap();
    site.launch("one").unwrap();
    site.run_for(8);
    let execution = site.execution();
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.failure.as_deref(), Some("Step failure: One or multiple steps failed."));
    assert!(execution.steps[1].failure.as_ref().unwrap().contains("free IP addresses"));
    site.lab.write::<RetryPipelineExecution>(named_execution(&execution)).unwrap();
    site.assert_sound();
    // What succeeded stays.
    assert_eq!(site.step_statuses(), [("a".to_owned(), "Succeeded"), ("b".to_owned(), "Executing")]);
    site.run_for(8);
    assert_eq!(site.execution().status, ExecutionStatus::Failed);
    let listed = site.lab.read::<ListPipelineExecutionSteps>(named_execution(&execution)).unwrap();
    assert_eq!(listed["PipelineExecutionSteps"][0]["StepName"], "b");
    site.lab.write::<DeletePipeline>(json!({"PipelineName": "line"})).unwrap();
    assert!(site.lab.state().executions.is_empty());
    site.assert_sound();
}

/// A refused call changes nothing, and nobody is told of a job that there is not.
#[test]
fn a_step_that_is_refused_leaves_nothing_of_its_job() {
    let site = Site::new(Profile::Fast);
    site.lab.set_mode("SM-F-SG-404", RuleMode::Warn);
    let mut step = training(&site, "a", 1, &[]);
    let (groups, subnets) = (["sg-0123456789abcdef0"], ["subnet-0123456789abcdef0"]);
    step["Arguments"]["VpcConfig"] = json!({"SecurityGroupIds": groups, "Subnets": subnets});
    site.pipeline(json!([step])).unwrap();
    site.launch("one").unwrap();
    site.run_for(1);
    assert_eq!(site.step_statuses(), [("a".to_owned(), "Failed")]);
    assert!(site.execution().steps[0].failure.as_ref().unwrap().contains("subnet-0123456789abcdef0"));
    assert!(site.lab.state().jobs.is_empty());
    assert_eq!(site.lab.events("RuleWarning"), [""; 0]);
}

#[test]
fn some_steps_run_on_what_others_did_before() {
    let site = Site::new(Profile::Fast);
    let step = |name: &str, after: &[&str]| training(&site, name, 1, after);
    site.pipeline(json!([step("a", &[]), step("b", &["a"]), step("c", &["b"]), step("d", &[])])).unwrap();
    let select = |token: &str, steps: &[&str], source: Option<&str>| {
        let steps: Vec<_> = steps.iter().map(|name| json!({"StepName": name})).collect();
        let mut config = json!({"SelectedSteps": steps});
        if let Some(source) = source {
            config["SourcePipelineExecutionArn"] = json!(source);
        }
        let request = json!({"PipelineName": "line", "ClientRequestToken": token, "RoleArn": ROLE_ARN,
            "SelectiveExecutionConfig": config});
        let started = site.lab.write::<StartPipelineExecution>(request);
        site.assert_sound();
        started.map(|told| told["PipelineExecutionArn"].as_str().unwrap().to_owned())
    };
    let refused = |steps: &[&str], source: Option<&str>| {
        let refused = select("x", steps, source).unwrap_err();
        (refused.code.to_string(), refused.message)
    };
    site.launch("one").unwrap();
    let first = site.execution().arn.clone();
    assert!(refused(&["c"], Some(&first)).1.contains("has not ended"));
    site.run_for(14);
    assert_eq!(site.execution().status, ExecutionStatus::Succeeded);
    assert!(refused(&["z"], Some(&first)).1.contains("Step [z]"));
    assert!(refused(&["a", "c"], Some(&first)).1.contains("Step [b] lies between"));
    assert!(refused(&["c"], None).1.contains("[c] depends on step [b]"));
    assert_eq!(
        refused(&["c"], Some(&first.replace("pipeline/line", "pipeline/other"))).0,
        "ResourceNotFound"
    );

    let jobs = site.lab.state().jobs.len();
    let second: Arc<str> = select("two", &["c"], Some(&first)).unwrap().into();
    site.run_for(6);
    let state = site.lab.state();
    let execution = state.executions.get(&second).unwrap();
    assert_eq!(execution.status, ExecutionStatus::Succeeded);
    assert_eq!(state.jobs.len(), jobs + 1);
    let listed = json!({"PipelineExecutionArn": &*second, "SortOrder": "Ascending"});
    let listed =
        site.lab.read::<ListPipelineExecutionSteps>(listed).unwrap()["PipelineExecutionSteps"].clone();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|step| step["StepName"].clone()).collect();
    assert_eq!(names, ["b", "c"]);
    assert_eq!(listed[0]["SelectiveExecutionResult"]["SourcePipelineExecutionArn"], *first);
    assert!(listed[1].get("SelectiveExecutionResult").is_none());
    let told = site.lab.read::<DescribePipelineExecution>(named_execution(execution)).unwrap();
    assert_eq!(
        told["SelectiveExecutionConfig"],
        json!({"SelectedSteps": [{"StepName": "c"}], "SourcePipelineExecutionArn": &*first})
    );
    // What depends on nothing needs no other execution.
    select("three", &["d"], None).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever waits for what, and whenever it is stopped: an execution ends, nothing of it is left, and the same
    /// happens again with the same seed.
    #[test]
    fn executions_end(
        edges in prop::collection::vec(prop::collection::vec(any::<bool>(), 5), 1..5),
        instances in 1_u32..7, stop in 0_u64..30_000,
    ) {
        let run = || {
            let site = Site::new(Profile::Fast);
            let names = ["a", "b", "c", "d", "e"];
            let steps = edges.iter().enumerate().map(|(n, row)| {
                let after: Vec<_> = (0..n).filter(|m| row[*m]).map(|m| names[m]).collect();
                training(&site, names[n], instances, &after)
            });
            site.pipeline(steps.collect()).unwrap();
            site.launch("one").unwrap();
            let mut told = Vec::new();
            for millis in (0..30_000).step_by(500) {
                if (stop..stop + 500).contains(&millis) {
                    let _ = site.lab.write::<StopPipelineExecution>(named_execution(&site.execution()));
                }
                site.lab.advance(500);
                site.assert_sound();
                assert_eq!(site.free() as usize + site.lab.interfaces().len(), 11);
                told.push(format!("{:?}", site.step_statuses()));
            }
            assert!(site.execution().status.is_final(), "{told:?}");
            assert_eq!(site.free(), 11);
            told
        };
        prop_assert_eq!(run(), run());
    }
}
