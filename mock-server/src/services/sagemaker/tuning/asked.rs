//! What CreateHyperParameterTuningJob looks at, and what it asks of members that depend on each other. Source: API
//! reference, in the descriptions of the members; developer guide, "How hyperparameter tuning works".

use super::super::error::SageMakerError;
use super::super::job::volume_key;
use super::error::TuningError;
use super::search;
use crate::model::{InstanceGroup, TuningJob};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Source: API reference, ParameterRanges.
const MOST_RANGES: usize = 30;

/// How many environment variables all definitions may have. Source: API reference, HyperParameterTrainingJobDefinition.
const MOST_VARIABLES: usize = 48;

/// The hyperparameters that say how many epochs a training job may have, and how many that may be. Source: API reference,
/// HyperbandStrategyConfig.
const EPOCHS: &[&str] = &["epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs"];
const MOST_EPOCHS: u64 = 20_000;

/// The hyperparameter by which containers learn the name of their metric.
pub const METRIC_NAME: &str = "_tuning_objective_metric";

/// AWS's own algorithms emit their metrics without being told how to find them. Source: developer guide, "Docker
/// registry paths".
const BUILT_IN: &[&str] = &[
    "blazingtext",
    "factorization-machines",
    "forecasting-deepar",
    "image-classification",
    "ipinsights",
    "kmeans",
    "knn",
    "lda",
    "linear-learner",
    "ntm",
    "object-detection",
    "object2vec",
    "pca",
    "randomcutforest",
    "sagemaker-xgboost",
    "semantic-segmentation",
    "seq2seq",
    "xgboost",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Config {
    pub strategy: String,
    strategy_config: Option<Value>,
    #[serde(rename = "HyperParameterTuningJobObjective")]
    objective: Option<Objective>,
    pub resource_limits: Limits,
    parameter_ranges: Option<Ranges>,
    training_job_early_stopping_type: Option<String>,
    #[serde(rename = "TuningJobCompletionCriteria", default)]
    pub criteria: Criteria,
    pub random_seed: Option<u64>,
}

impl Config {
    /// Whether training jobs are stopped that do worse than others.
    pub fn stops_early(&self) -> bool {
        self.training_job_early_stopping_type.as_deref() == Some("Auto")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Limits {
    pub max_number_of_training_jobs: Option<u32>,
    pub max_parallel_training_jobs: u32,
    pub max_runtime_in_seconds: Option<u64>,
}

#[derive(Deserialize, Clone, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct Objective {
    #[serde(rename = "Type")]
    pub direction: String,
    pub metric_name: String,
}

impl Objective {
    /// Whether one value is better than another.
    pub fn prefers(&self, value: f64, other: f64) -> bool {
        if self.direction == "Minimize" { value < other } else { value > other }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Criteria {
    #[serde(rename = "TargetObjectiveMetricValue")]
    pub target: Option<f64>,
    best_objective_not_improving: Option<NotImproving>,
    convergence_detected: Option<Convergence>,
}

#[derive(Deserialize)]
struct NotImproving {
    #[serde(rename = "MaxNumberOfTrainingJobsNotImproving")]
    most: Option<u32>,
}

#[derive(Deserialize)]
struct Convergence {
    #[serde(rename = "CompleteOnConvergence")]
    completes: Option<String>,
}

/// After how many training jobs that were no better than those before nothing better is expected. Assumed.
pub const CONVERGED: u32 = 10;

impl Criteria {
    /// How many training jobs in a row may be no better than those before.
    pub fn patience(&self) -> Option<u32> {
        let asked = self.best_objective_not_improving.as_ref().and_then(|it| it.most);
        asked.into_iter().chain(self.converges().then_some(CONVERGED)).min()
    }

    /// Whether it is over when nothing better is expected.
    pub fn converges(&self) -> bool {
        self.convergence_detected.as_ref().and_then(|it| it.completes.as_deref()) == Some("Enabled")
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Ranges {
    pub integer_parameter_ranges: Vec<Range>,
    pub continuous_parameter_ranges: Vec<Range>,
    pub categorical_parameter_ranges: Vec<Categories>,
    auto_parameters: Vec<Auto>,
}

/// A hyperparameter whose range is found, from a value that it may have.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Auto {
    name: String,
    value_hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Range {
    pub name: String,
    pub min_value: String,
    pub max_value: String,
    pub scaling_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Categories {
    pub name: String,
    pub values: Vec<String>,
}

impl Ranges {
    /// Finds the ranges of hyperparameters that have none: from half of a number to its double, or the value alone. That
    /// Autotune finds them is documented, how is not.
    fn found(mut self) -> Self {
        for Auto { name, value_hint: hint } in std::mem::take(&mut self.auto_parameters) {
            let range = |min: String, max: String| Range {
                name: name.clone(),
                min_value: min,
                max_value: max,
                scaling_type: None,
            };
            if let Ok(number) = hint.parse::<i64>() {
                let (half, double) = (number / 2, number.saturating_mul(2));
                let range = range(half.min(double).to_string(), half.max(double).max(1).to_string());
                self.integer_parameter_ranges.push(range);
            } else if let Some(number) = hint.parse::<f64>().ok().filter(|number| number.is_finite()) {
                let (half, double) = (number / 2.0, number * 2.0);
                self.continuous_parameter_ranges
                    .push(range(half.min(double).to_string(), half.max(double).to_string()));
            } else {
                self.categorical_parameter_ranges.push(Categories { name, values: vec![hint] });
            }
        }
        self
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        let numbers = self.integer_parameter_ranges.iter().chain(&self.continuous_parameter_ranges);
        numbers.map(|range| &range.name).chain(self.categorical_parameter_ranges.iter().map(|all| &all.name))
    }
}

/// A definition of training jobs, with what its search needs.
pub struct Definition<'a> {
    pub name: Option<&'a str>,
    pub objective: Objective,
    pub ranges: Cow<'a, Value>,
    /// As it was sent.
    pub members: &'a Map<String, Value>,
}

impl Definition<'_> {
    pub fn ranges(&self) -> Ranges {
        Ranges::deserialize(&*self.ranges).unwrap_or_default().found()
    }

    /// The names of the hyperparameters that are searched or given. The name of the metric, which is kept among them, is
    /// none.
    pub fn parameters(&self) -> BTreeSet<String> {
        let fixed = self.members.get("StaticHyperParameters").and_then(Value::as_object);
        let fixed = fixed.into_iter().flatten().map(|(name, _)| name).filter(|name| *name != METRIC_NAME);
        fixed.chain(self.ranges().names()).cloned().collect()
    }

    /// Whether another one trains with the same image, whatever its version, and reads the same inputs.
    pub fn is_alike(&self, other: &Definition<'_>) -> bool {
        let inputs = |of: &Definition<'_>| of.members.get("InputDataConfig").cloned();
        self.algorithm() == other.algorithm() && inputs(self) == inputs(other)
    }

    /// The image without its tag, or the name of an algorithm.
    fn algorithm(&self) -> Option<&str> {
        let untagged = |image| {
            let tag = str::rfind(image, '/').unwrap_or(0);
            image[tag..].find([':', '@']).map_or(image, |at| &image[..tag + at])
        };
        let image = self.text("AlgorithmSpecification/TrainingImage").map(untagged);
        image.or_else(|| self.text("AlgorithmSpecification/AlgorithmName"))
    }

    fn text(&self, path: &str) -> Option<&str> {
        let (structure, member) = path.split_once('/')?;
        self.members.get(structure)?.get(member)?.as_str()
    }

    /// The members of a training job with these hyperparameters.
    pub fn training_job(&self, values: &[(String, String)]) -> Map<String, Value> {
        let mut members = self.members.clone();
        let mut all = match members.remove("StaticHyperParameters") {
            Some(Value::Object(all)) => all,
            _ => Map::new(),
        };
        all.extend(values.iter().map(|(name, value)| (name.clone(), json!(value))));
        if !all.is_empty() {
            members.insert("HyperParameters".into(), Value::Object(all));
        }
        if let Some(resources) = members.remove("HyperParameterTuningResourceConfig") {
            members.insert("ResourceConfig".into(), instances(&resources));
        }
        members
    }
}

/// The instances of training jobs: there is always room for the first that are preferred.
pub fn instances(resources: &Value) -> Value {
    let mut chosen = resources["InstanceConfigs"].get(0).unwrap_or(resources).clone();
    if let Some(members) = chosen.as_object_mut() {
        members
            .retain(|name, _| ["InstanceType", "InstanceCount", "VolumeSizeInGB"].contains(&name.as_str()));
        members.extend(resources.get("VolumeKmsKeyId").map(|key| ("VolumeKmsKeyId".to_owned(), key.clone())));
    }
    chosen
}

/// A request as its tuning job goes by it.
pub struct Plan<'a> {
    pub config: Config,
    pub definitions: Vec<Definition<'a>>,
    autotune: bool,
}

impl<'a> Plan<'a> {
    /// Of a tuning job: its request was checked when it was created.
    pub fn of(job: &'a TuningJob) -> Option<Self> {
        Self::read(&job.request).ok()
    }

    /// Reads a request.
    ///
    /// # Errors
    /// What lacks, or is there twice.
    pub fn read(request: &'a Value) -> Result<Self, SageMakerError> {
        let required = |name| SageMakerError::Required(name);
        let config = Config::deserialize(&request["HyperParameterTuningJobConfig"]);
        let config = config.map_err(|_| required("hyperParameterTuningJobConfig"))?;
        let one = request.get("TrainingJobDefinition").and_then(Value::as_object);
        let list = request.get("TrainingJobDefinitions").and_then(Value::as_array);
        let definitions = match (one, list) {
            (Some(members), None) => {
                let objective = config.objective.clone();
                let name = "hyperParameterTuningJobConfig.hyperParameterTuningJobObjective";
                let objective = objective.ok_or_else(|| required(name))?;
                let ranges = request["HyperParameterTuningJobConfig"].get("ParameterRanges");
                let ranges = ranges.map_or(Cow::Owned(json!({})), Cow::Borrowed);
                let name = members.get("DefinitionName").and_then(Value::as_str);
                vec![Definition { name, objective, ranges, members }]
            }
            (None, Some(list)) => {
                for (member, given) in [
                    ("HyperParameterTuningJobObjective", config.objective.is_some()),
                    ("ParameterRanges", config.parameter_ranges.is_some()),
                ] {
                    if given {
                        return Err(TuningError::InDefinitions { member }.into());
                    }
                }
                let all = list.iter().filter_map(Value::as_object).map(|members| {
                    let lacks = |member| TuningError::DefinitionLacks { member };
                    let name = members.get("DefinitionName").and_then(Value::as_str);
                    let name = Some(name.ok_or_else(|| lacks("DefinitionName"))?);
                    let objective = members.get("TuningObjective").map(Objective::deserialize);
                    let objective = objective.and_then(Result::ok).ok_or_else(|| lacks("TuningObjective"))?;
                    let ranges = members.get("HyperParameterRanges");
                    let ranges = ranges.ok_or_else(|| lacks("HyperParameterRanges")).map(Cow::Borrowed)?;
                    Ok(Definition { name, objective, ranges, members })
                });
                all.collect::<Result<_, TuningError>>()?
            }
            _ => return Err(TuningError::OneKindOfDefinition.into()),
        };
        Ok(Self { config, definitions, autotune: autotuned(request) })
    }

    /// Checks what the service model cannot say; the training jobs are checked as such.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), SageMakerError> {
        let config = &self.config;
        if config.strategy_config.is_some() && config.strategy != "Hyperband" {
            return Err(TuningError::StrategyConfig { strategy: config.strategy.clone() }.into());
        }
        if config.strategy == "Hyperband"
            && config.training_job_early_stopping_type.as_deref() == Some("Auto")
        {
            return Err(TuningError::EarlyStopping.into());
        }
        self.check_resource()?;
        let variables = |of: &Definition<'_>| of.members.get("Environment")?.as_object().map(Map::len);
        if self.definitions.iter().filter_map(variables).sum::<usize>() > MOST_VARIABLES {
            return Err(TuningError::TooManyVariables { most: MOST_VARIABLES }.into());
        }
        let mut names = BTreeSet::new();
        for definition in &self.definitions {
            if let Some(name) = definition.name.filter(|name| !names.insert(*name)) {
                return Err(TuningError::DefinitionTwice { name: name.to_owned() }.into());
            }
            self.check_definition(definition)?;
        }
        let Limits { max_number_of_training_jobs, max_parallel_training_jobs: parallel, .. } =
            config.resource_limits;
        let combinations = self.combinations();
        if let Some(jobs) = max_number_of_training_jobs {
            if let Some(combinations) = combinations.filter(|count| *count != u64::from(jobs)) {
                return Err(TuningError::GridJobs { jobs, combinations }.into());
            }
            if parallel > jobs {
                return Err(TuningError::TooManyParallel { parallel, jobs }.into());
            }
        }
        Ok(())
    }

    /// What a training job of Hyperband may use at most has to be known.
    fn check_resource(&self) -> Result<(), SageMakerError> {
        let config = self.config.strategy_config.as_ref();
        let given = config.and_then(|config| config["HyperbandStrategyConfig"]["MaxResource"].as_u64());
        if let Some(value) = given.filter(|value| *value > MOST_EPOCHS) {
            let member = "hyperParameterTuningJobConfig.strategyConfig.hyperbandStrategyConfig.maxResource";
            return Err(SageMakerError::TooLarge { member, value, most: MOST_EPOCHS });
        }
        let tells = |of: &Definition<'_>| {
            let fixed = of.members.get("StaticHyperParameters");
            fixed.is_some_and(|fixed| EPOCHS.iter().any(|name| fixed.get(*name).is_some()))
        };
        let known = given.is_some() || self.definitions.iter().all(tells);
        match self.config.strategy == "Hyperband" && !known {
            true => Err(TuningError::NoMaxResource.into()),
            false => Ok(()),
        }
    }

    fn check_definition(&self, definition: &Definition<'_>) -> Result<(), SageMakerError> {
        let ranges = definition.ranges();
        if !self.autotune && definition.ranges.get("AutoParameters").is_some_and(|all| *all != json!([])) {
            return Err(TuningError::AutoParameters.into());
        }
        if ranges.names().count() > MOST_RANGES {
            return Err(TuningError::TooManyRanges { most: MOST_RANGES }.into());
        }
        let fixed = definition.members.get("StaticHyperParameters").and_then(Value::as_object);
        let mut seen: BTreeSet<&str> = fixed.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        if let Some(name) = ranges.names().find(|name| !seen.insert(name.as_str())) {
            return Err(TuningError::ParameterTwice { name: name.clone() }.into());
        }
        search::check(&self.config.strategy, &ranges)?;
        let has = |member| definition.members.contains_key(member);
        if has("ResourceConfig") == has("HyperParameterTuningResourceConfig") {
            return Err(TuningError::OneKindOfResources.into());
        }
        if let Some(resources) = definition.members.get("HyperParameterTuningResourceConfig") {
            let typed = ["InstanceType", "InstanceCount", "VolumeSizeInGB"];
            let given = typed.iter().filter(|member| resources.get(**member).is_some()).count();
            if given != if resources.get("InstanceConfigs").is_some() { 0 } else { typed.len() } {
                return Err(TuningError::OneKindOfInstances.into());
            }
            // Each of those that are preferred is looked at, for training jobs may come to any of them.
            let groups = resources["InstanceConfigs"].as_array().into_iter().flatten().map(|each| {
                let instance_type = each["InstanceType"].as_str().unwrap_or_default().to_owned();
                InstanceGroup { instance_type, count: 1 }
            });
            volume_key(resources["VolumeKmsKeyId"].as_str(), &groups.collect::<Vec<_>>())?;
        }
        let emitted = definition.members.get("AlgorithmSpecification").map(|spec| &spec["MetricDefinitions"]);
        let emitted = emitted.and_then(Value::as_array).into_iter().flatten();
        let known =
            emitted.map(|metric| &metric["Name"]).any(|name| *name == definition.objective.metric_name);
        let image = definition.text("AlgorithmSpecification/TrainingImage");
        if !known && image.is_some_and(|image| !is_built_in(image)) {
            return Err(TuningError::NoMetric.into());
        }
        Ok(())
    }

    /// How many jobs a grid has; `None` where the strategy draws.
    pub fn combinations(&self) -> Option<u64> {
        let of = |definition: &Definition<'_>| search::combinations(&definition.ranges());
        (self.config.strategy == "Grid").then(|| self.definitions.iter().map(of).fold(0, u64::saturating_add))
    }
}

/// Whether the service finds what was not said.
pub fn autotuned(request: &Value) -> bool {
    request.pointer("/Autotune/Mode").is_some_and(|mode| mode == "Enabled")
}

/// Whether an image is that of an algorithm of AWS's, in a registry.
fn is_built_in(image: &str) -> bool {
    let Some((registry, repository)) = image.split_once('/') else { return false };
    let name = repository.split([':', '@']).next().unwrap_or_default();
    registry.contains(".dkr.ecr.") && BUILT_IN.contains(&name)
}
