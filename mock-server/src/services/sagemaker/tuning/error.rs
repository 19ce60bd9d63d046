//! What refuses a hyperparameter tuning job of its own; its training jobs are refused as others are.

use crate::services::refusal::refusals;

refusals! {
    /// Why a call about hyperparameter tuning jobs is refused.
    pub enum TuningError as "sagemaker" {
        /// Observed in a public issue thread.
        TuningNameInUse { name: String } = "ResourceInUse",
            text "A hyperparameter tuning job with the name, {name}, already exists. Choose a different name.";
        /// The code, and how the text begins, are observed.
        NoTuningJob { name: String } = "ResourceNotFound",
            assumed "Amazon SageMaker can't find a tuning job with the name, {name}. Provide the name of a tuning \
                    job that exists.";
        TuningNotDeletable { name: String, status: &'static str } = "ValidationException",
            assumed "The hyperparameter tuning job {name} is in status {status} and cannot be deleted.";
        OneKindOfDefinition = "ValidationException",
            assumed "You must specify exactly one of TrainingJobDefinition and TrainingJobDefinitions.";
        /// Documented: the members of a definition in a list are its own.
        DefinitionLacks { member: &'static str } = "ValidationException",
            assumed "Each of TrainingJobDefinitions must specify {member}.";
        DefinitionTwice { name: String } = "ValidationException",
            assumed "DefinitionName must be unique within TrainingJobDefinitions: {name}";
        /// Documented: ranges and objectives of several definitions stand in these.
        InDefinitions { member: &'static str } = "ValidationException",
            assumed "{member} cannot be specified in HyperParameterTuningJobConfig with TrainingJobDefinitions; \
                    specify it in each definition.";
        OneKindOfResources = "ValidationException",
            assumed "You must specify exactly one of ResourceConfig and HyperParameterTuningResourceConfig.";
        OneKindOfInstances = "ValidationException",
            assumed "HyperParameterTuningResourceConfig must specify either InstanceConfigs or InstanceType with \
                    InstanceCount and VolumeSizeInGB.";
        TooManyParallel { parallel: u32, jobs: u32 } = "ValidationException",
            assumed "MaxParallelTrainingJobs ({parallel}) must not be greater than MaxNumberOfTrainingJobs ({jobs}).";
        /// Documented: the number of jobs of a grid is the number of its combinations.
        GridJobs { jobs: u32, combinations: u64 } = "ValidationException",
            assumed "MaxNumberOfTrainingJobs ({jobs}) must be the number of combinations of the Grid strategy \
                    ({combinations}).";
        /// Documented: a grid has categories only.
        GridRange { name: String } = "ValidationException",
            assumed "The Grid strategy supports categorical parameter ranges only; {name} is none.";
        /// Documented for HyperParameterTuningJobStrategyConfig.
        StrategyConfig { strategy: String } = "ValidationException",
            assumed "StrategyConfig can be specified only for the Hyperband strategy, not for {strategy}.";
        /// Documented for TrainingJobEarlyStoppingType.
        EarlyStopping = "ValidationException",
            assumed "TrainingJobEarlyStoppingType must be Off for the Hyperband strategy.";
        RangeBounds { name: String, min: String, max: String } = "ValidationException",
            assumed "The range of hyperparameter {name} is invalid: MinValue {min} and MaxValue {max} must be numbers \
                    of its type, the former not greater than the latter.";
        /// A logarithm needs positive values, one of what is left to 1 values below 1: documented for ScalingType.
        RangeScale { name: String, scale: String } = "ValidationException",
            assumed "The range of hyperparameter {name} cannot have the scaling type {scale}.";
        ParameterTwice { name: String } = "ValidationException",
            assumed "The hyperparameter {name} is specified more than once.";
        /// Documented for ParameterRanges: the sum over all ranges.
        TooManyRanges { most: usize } = "ValidationException",
            assumed "A hyperparameter tuning job must not search more than {most} hyperparameters.";
        /// Documented for Environment of HyperParameterTrainingJobDefinition: the sum over all definitions.
        TooManyVariables { most: usize } = "ValidationException",
            assumed "The training job definitions of a hyperparameter tuning job must not have more than {most} environment \
                    variables together.";
        /// Documented for HyperbandStrategyConfig: from which hyperparameters it is taken, and that it is an error if there
        /// is none of them.
        NoMaxResource = "ValidationException",
            assumed "MaxResource of HyperbandStrategyConfig must be specified unless StaticHyperParameters has one of \
                    epochs, numepochs, n-epochs, n_epochs and num_epochs.";
        /// Observed in public documents.
        NoMetric = "ValidationException",
            text "A metric is required for this hyperparameter tuning job objective. Provide a metric in the \
                 metric definitions.";
        /// Documented for HyperParameterTuningJobWarmStartConfig: its parents have ended.
        /// The model of CreateHyperParameterTuningJob does not declare ResourceNotFound.
        NoParent { name: String } = "ValidationException",
            assumed "Amazon SageMaker can't find a tuning job with the name, {name}. Provide the name of a tuning \
                    job that exists.";
        ParentRuns { name: String, status: &'static str } = "ValidationException",
            assumed "The parent hyperparameter tuning job {name} is in status {status}; it must have ended.";
        /// Documented: developer guide, "automatic-model-tuning-warm-start".
        ParentObjective { name: String } = "ValidationException",
            assumed "The objective metric must be the same as that of the parent hyperparameter tuning job {name}.";
        /// As above: the number of static and tunable hyperparameters together.
        ParentParameters { name: String, count: usize } = "ValidationException",
            assumed "The total number of static and tunable hyperparameters must be that of the parent hyperparameter \
                    tuning job {name}, which has {count}.";
        /// As above, for IdenticalDataAndAlgorithm.
        ParentAlgorithm { name: String } = "ValidationException",
            assumed "The training image and the input data must be those of the parent hyperparameter tuning job \
                    {name} with the warm start type IdenticalDataAndAlgorithm.";
        /// Documented for AutoParameters: Autotune determines their ranges.
        AutoParameters = "ValidationException",
            assumed "AutoParameters can be specified only if the mode of Autotune is Enabled.";
    }
}
