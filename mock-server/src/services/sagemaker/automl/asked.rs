//! What AutoML jobs are asked for: two operations ask for the same in different words.

use super::super::error::SageMakerError;
use super::error::AutoMlError;
use crate::model::AutoMlStep;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// In how many tries models are made unless told. Source: developer guide, "Training modes and algorithm support".
const TRIALS: u32 = 100;
const ENSEMBLE_TRIALS: u32 = 10;

/// Data from this size on are taken for large. Source: API reference, TabularJobConfig.
pub const LARGE: u64 = 100 << 20;

/// Source: API reference, AutoMLOutputDataConfig.
const LONGEST_PATH: usize = 512;

const MINIMIZED: &[&str] = &["MSE", "RMSE", "MAE", "MAPE", "MASE", "WAPE", "AverageWeightedQuantileLoss"];

/// A request of CreateAutoMLJob in the words of CreateAutoMLJobV2.
pub fn second(request: &Value) -> Value {
    let config = &request["AutoMLJobConfig"];
    let channel = &request["InputDataConfig"][0];
    let part = |from: &Value, names: &[(&str, &str)]| {
        let taken = names.iter().filter_map(|(old, new)| Some(((*new).to_owned(), from.get(*old)?.clone())));
        taken.collect::<Map<String, Value>>()
    };
    let same = |names: &[&'static str]| names.iter().map(|name| (*name, *name)).collect::<Vec<_>>();
    let mut tabular = part(channel, &same(&["TargetAttributeName", "SampleWeightAttributeName"]));
    tabular.extend(part(request, &same(&["ProblemType", "GenerateCandidateDefinitionsOnly"])));
    tabular.extend(part(config, &same(&["CompletionCriteria", "Mode"])));
    let generation = &config["CandidateGenerationConfig"];
    tabular.extend(part(generation, &same(&["FeatureSpecificationS3Uri"])));
    let algorithms = part(generation, &same(&["AlgorithmsConfig"]));
    if !algorithms.is_empty() {
        tabular.insert("CandidateGenerationConfig".into(), Value::Object(algorithms));
    }
    let channels = request["InputDataConfig"].as_array().into_iter().flatten();
    let members = same(&["ChannelType", "ContentType", "CompressionType", "DataSource"]);
    let channels: Vec<_> = channels.map(|channel| Value::Object(part(channel, &members))).collect();
    let mut all =
        part(request, &same(&["OutputDataConfig", "RoleArn", "AutoMLJobObjective", "ModelDeployConfig"]));
    all.extend(part(config, &same(&["SecurityConfig", "DataSplitConfig"])));
    all.insert("AutoMLJobInputDataConfig".into(), channels.into());
    all.insert("AutoMLProblemTypeConfig".into(), json!({ "TabularJobConfig": tabular }));
    Value::Object(all)
}

/// A request as its job goes by it.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    pub request: &'a Value,
    /// Such as `Tabular`.
    pub problem: &'a str,
    config: &'a Value,
}

impl<'a> Plan<'a> {
    /// # Errors
    /// Several problems, or none.
    pub fn read(request: &'a Value) -> Result<Self, SageMakerError> {
        let given = request["AutoMLProblemTypeConfig"].as_object().into_iter().flatten();
        let mut given = given.filter(|(_, config)| !config.is_null());
        match (given.next(), given.next()) {
            (Some((name, config)), None) => {
                let problem = name.strip_suffix("JobConfig").unwrap_or(name);
                Ok(Self { request, problem, config })
            }
            _ => Err(AutoMlError::OneProblem.into()),
        }
    }

    /// Checks what the service model cannot say; the jobs are checked as such.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SageMakerError> {
        let objective = self.request["AutoMLJobObjective"].is_object();
        if self.is_tabular() && self.config["ProblemType"].is_string() != objective {
            return Err(AutoMlError::ProblemWithObjective.into());
        }
        if let Some(deploy) = self.deploy() {
            let generated = deploy["AutoGenerateEndpointName"].as_bool().unwrap_or(false);
            if generated == deploy["EndpointName"].is_string() {
                return Err(AutoMlError::EndpointNameTwice.into());
            }
        }
        if self.output().chars().count() > LONGEST_PATH {
            return Err(AutoMlError::OutputPath.into());
        }
        let mut types = self.channels().map(|channel| &channel["ContentType"]);
        let first = types.next();
        if types.any(|other| Some(other) != first) {
            return Err(AutoMlError::ChannelsDiffer.into());
        }
        if self.channels().any(|channel| channel["DataSource"]["S3DataSource"]["S3Uri"].is_null()) {
            return Err(SageMakerError::Required("autoMLJobInputDataConfig.1.member.dataSource"));
        }
        Ok(())
    }

    pub fn is_tabular(&self) -> bool {
        self.problem == "Tabular"
    }

    pub fn channels(&self) -> impl Iterator<Item = &'a Value> {
        self.request["AutoMLJobInputDataConfig"].as_array().into_iter().flatten()
    }

    pub fn deploy(&self) -> Option<&'a Value> {
        Some(&self.request["ModelDeployConfig"]).filter(|config| config.is_object())
    }

    pub fn role(&self) -> &'a Value {
        &self.request["RoleArn"]
    }

    pub fn vpc(&self) -> Option<&'a Value> {
        self.security().get("VpcConfig")
    }

    pub fn security(&self) -> &'a Value {
        &self.request["SecurityConfig"]
    }

    /// Where everything is left, without a slash at the end.
    pub fn output(&self) -> &'a str {
        self.request["OutputDataConfig"]["S3OutputPath"].as_str().unwrap_or_default().trim_end_matches('/')
    }

    /// The longest that one training job, and the whole, may take.
    pub fn max_runtime(&self, member: &str) -> Option<Duration> {
        self.config["CompletionCriteria"][member].as_u64().map(Duration::from_secs)
    }

    /// What is asked to be made of how many candidates; `None`: that is not said.
    pub fn asked_candidates(&self) -> Option<u32> {
        self.config["CompletionCriteria"]["MaxCandidates"].as_u64()?.try_into().ok()
    }

    /// How many candidates there may be. Where the problem is not about tables there is one: API reference,
    /// AutoMLJobCompletionCriteria.
    pub fn most_candidates(&self, steps: &[AutoMlStep]) -> u32 {
        let usual = if steps.contains(&AutoMlStep::Tune) { TRIALS } else { ENSEMBLE_TRIALS };
        if self.is_tabular() { self.asked_candidates().unwrap_or(usual) } else { 1 }
    }

    /// What the job does. `large`: there is so much data that they are not put into one ensemble.
    pub fn steps(&self, large: bool) -> Vec<AutoMlStep> {
        use AutoMlStep::{Analyze, Deploy, Encode, Engineer, Explain, Report, Train, Tune};
        let tunes = match self.config["Mode"].as_str() {
            Some("HYPERPARAMETER_TUNING") => true,
            Some("ENSEMBLING") => false,
            _ => large,
        };
        if self.config["GenerateCandidateDefinitionsOnly"] == true {
            return vec![Analyze];
        }
        let mut steps = match (self.is_tabular(), tunes) {
            (true, true) => vec![Analyze, Engineer, Encode, Tune, Explain, Report],
            (true, false) => vec![Analyze, Train, Explain, Report],
            _ => vec![Analyze, Train],
        };
        steps.extend(self.deploy().map(|_| Deploy));
        steps
    }

    /// Whether it is known to be about this much data only when it is looked at.
    pub fn decides_by_size(&self) -> bool {
        self.is_tabular()
            && !matches!(self.config["Mode"].as_str(), Some("ENSEMBLING" | "HYPERPARAMETER_TUNING"))
    }

    /// The metric that candidates are compared by; texts are written to no such metric. Source: API reference,
    /// AutoMLJobObjective.
    pub fn metric(&self) -> Option<&'a str> {
        let given = self.request["AutoMLJobObjective"]["MetricName"].as_str();
        given.or(match (self.problem, self.config["ProblemType"].as_str()) {
            ("Tabular", Some("Regression")) => Some("MSE"),
            ("Tabular", Some("MulticlassClassification")) => Some("Accuracy"),
            ("Tabular", _) => Some("F1"),
            ("TimeSeriesForecasting", _) => Some("AverageWeightedQuantileLoss"),
            ("TextGeneration", _) => None,
            _ => Some("Accuracy"),
        })
    }

    /// Whether one value of the metric is better than another.
    pub fn prefers(&self, value: f64, other: f64) -> bool {
        if self.minimizes() { value < other } else { value > other }
    }

    pub fn minimizes(&self) -> bool {
        self.metric().is_none_or(|metric| MINIMIZED.contains(&metric))
    }

    /// What was not said and is found out. That a table is about two classes is assumed: nobody here reads it.
    pub fn resolved_problem(&self) -> &'a str {
        self.config["ProblemType"].as_str().unwrap_or("BinaryClassification")
    }

    pub fn criteria(&self, most_candidates: u32) -> Value {
        let mut all = self.config["CompletionCriteria"].clone();
        match &mut all {
            Value::Object(members) => drop(members.entry("MaxCandidates").or_insert(json!(most_candidates))),
            _ => all = json!({ "MaxCandidates": most_candidates }),
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_operations_ask_for_the_same() {
        let first = json!({
            "InputDataConfig": [{ "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://d/x" } },
                "TargetAttributeName": "y", "ContentType": "text/csv;header=present" }],
            "OutputDataConfig": { "S3OutputPath": "s3://d/out" }, "RoleArn": "r", "ProblemType": "Regression",
            "AutoMLJobObjective": { "MetricName": "MAE" },
            "AutoMLJobConfig": { "CompletionCriteria": { "MaxCandidates": 3 }, "Mode": "ENSEMBLING",
                "SecurityConfig": { "VpcConfig": { "Subnets": ["s"], "SecurityGroupIds": ["g"] } },
                "CandidateGenerationConfig": { "FeatureSpecificationS3Uri": "s3://d/f",
                    "AlgorithmsConfig": [{ "AutoMLAlgorithms": ["xgboost"] }] } },
        });
        assert_eq!(
            second(&first),
            json!({
                "AutoMLJobInputDataConfig": [{ "ContentType": "text/csv;header=present",
                    "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": "s3://d/x" } } }],
                "OutputDataConfig": { "S3OutputPath": "s3://d/out" }, "RoleArn": "r",
                "AutoMLJobObjective": { "MetricName": "MAE" },
                "SecurityConfig": { "VpcConfig": { "Subnets": ["s"], "SecurityGroupIds": ["g"] } },
                "AutoMLProblemTypeConfig": { "TabularJobConfig": { "TargetAttributeName": "y",
                    "ProblemType": "Regression", "CompletionCriteria": { "MaxCandidates": 3 },
                    "Mode": "ENSEMBLING", "FeatureSpecificationS3Uri": "s3://d/f",
                    "CandidateGenerationConfig": { "AlgorithmsConfig": [{ "AutoMLAlgorithms": ["xgboost"] }] } } },
            })
        );
        let request = second(&first);
        let plan = Plan::read(&request).unwrap();
        assert!(plan.check().is_ok() && plan.minimizes() && plan.vpc().is_some());
        assert_eq!(plan.most_candidates(&plan.steps(true)), 3);
    }

    #[test]
    fn what_a_job_does_follows_from_its_mode_and_data() {
        use AutoMlStep::{Analyze, Deploy, Train, Tune};
        let steps = |config: Value, large: bool| {
            let request = json!({ "AutoMLProblemTypeConfig": config });
            let plan = Plan::read(&request).unwrap();
            let steps = plan.steps(large);
            (steps.contains(&Tune), steps.contains(&Train), plan.most_candidates(&steps))
        };
        let tabular = |mode: &str| json!({ "TabularJobConfig": { "Mode": mode } });
        assert_eq!(steps(tabular("AUTO"), false), (false, true, 10));
        assert_eq!(steps(tabular("AUTO"), true), (true, false, 100));
        assert_eq!(steps(tabular("ENSEMBLING"), true), (false, true, 10));
        assert_eq!(steps(tabular("HYPERPARAMETER_TUNING"), false), (true, false, 100));
        assert_eq!(steps(json!({ "ImageClassificationJobConfig": {} }), true), (false, true, 1));
        let request = json!({ "AutoMLProblemTypeConfig": { "TextGenerationJobConfig": {} },
            "ModelDeployConfig": { "AutoGenerateEndpointName": true } });
        let plan = Plan::read(&request).unwrap();
        assert_eq!((plan.steps(false), plan.metric()), (vec![Analyze, Train, Deploy], None));
        assert!(Plan::read(&json!({})).is_err());
    }
}
