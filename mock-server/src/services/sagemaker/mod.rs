//! Amazon SageMaker, as far as its jobs live in a VPC.

mod automl;
mod child;
mod cluster;
mod compilation;
mod component;
mod endpoint;
mod endpoint_config;
pub mod error;
mod exclusion;
mod job;
mod limit;
mod listing;
mod members;
mod model;
mod monitoring;
mod notebook;
mod pipeline;
mod processing;
mod registry;
mod search;
mod stored;
mod studio;
mod tags;
#[cfg(test)]
pub(super) mod tests;
mod training;
mod transform;
mod tuning;

pub use notebook::acts_in_ec2;
pub use tags::of as tags_of;

use super::Registrar;
use crate::kernel::SimTime;
use crate::model::{Owner, Txn};

/// Looks after what starts jobs.
pub fn wake(txn: &mut Txn<'_>, owner: &Owner, due: SimTime) {
    match owner {
        Owner::Evaluations(key) => training::evaluation::look(txn, key),
        Owner::Tuning(name) => tuning::advance(txn, name, due),
        Owner::Execution(arn) => pipeline::advance(txn, arn),
        Owner::Schedule(name) => monitoring::settle(txn, name),
        Owner::Monitor(name) => monitoring::advance(txn, name),
        Owner::AutoMl(name) => automl::advance(txn, name, due),
        _ => {}
    }
}

/// Members of these operations that are read and told again as a whole with others, and that nothing uses.
pub fn without_effect() -> impl Iterator<Item = (&'static str, &'static str)> {
    let configs = endpoint_config::IGNORED.iter().map(|(_, path)| ("CreateEndpointConfig", *path));
    let beside = endpoint_config::BESIDE.iter().map(|path| ("CreateEndpointConfig", *path));
    configs
        .chain(beside)
        .chain(["CreateEndpoint", "UpdateEndpoint"].map(|operation| (operation, endpoint::OF_ALARMS)))
}

/// Every operation that behaves. The list is in order of resource.
pub fn operations(registrar: &mut impl Registrar) {
    // Jobs. AWS has no DeleteTransformJob.
    job::operations::<training::Training>(registrar);
    job::operations::<processing::Processing>(registrar);
    job::operations::<transform::Transform>(registrar);
    job::operations::<compilation::Compilation>(registrar);
    registrar.write::<job::Delete<training::Training>>();
    registrar.write::<job::Delete<processing::Processing>>();
    registrar.write::<job::Delete<compilation::Compilation>>();
    registrar.write::<training::UpdateTrainingJob>();
    // What starts training jobs.
    registrar.write::<tuning::CreateHyperParameterTuningJob>();
    registrar.read::<tuning::DescribeHyperParameterTuningJob>();
    registrar.read::<tuning::ListHyperParameterTuningJobs>();
    registrar.read::<tuning::ListTrainingJobsForHyperParameterTuningJob>();
    registrar.write::<tuning::StopHyperParameterTuningJob>();
    registrar.write::<tuning::DeleteHyperParameterTuningJob>();
    // Pipelines.
    registrar.write::<pipeline::CreatePipeline>();
    registrar.read::<pipeline::DescribePipeline>();
    registrar.read::<pipeline::ListPipelines>();
    registrar.write::<pipeline::UpdatePipeline>();
    registrar.write::<pipeline::DeletePipeline>();
    registrar.write::<pipeline::StartPipelineExecution>();
    registrar.write::<pipeline::StopPipelineExecution>();
    registrar.write::<pipeline::RetryPipelineExecution>();
    registrar.read::<pipeline::DescribePipelineExecution>();
    registrar.read::<pipeline::DescribePipelineDefinitionForExecution>();
    registrar.read::<pipeline::ListPipelineExecutions>();
    registrar.read::<pipeline::ListPipelineExecutionSteps>();
    registrar.read::<pipeline::ListPipelineParametersForExecution>();
    // Monitoring.
    monitoring::operations(registrar);
    // AutoML.
    automl::operations(registrar);
    // Models.
    registrar.write::<model::CreateModel>();
    registrar.read::<model::DescribeModel>();
    registrar.read::<model::ListModels>();
    registrar.write::<model::DeleteModel>();
    // Endpoint configurations.
    registrar.write::<endpoint_config::CreateEndpointConfig>();
    registrar.read::<endpoint_config::DescribeEndpointConfig>();
    registrar.read::<endpoint_config::ListEndpointConfigs>();
    registrar.write::<endpoint_config::DeleteEndpointConfig>();
    // Endpoints.
    registrar.write::<endpoint::CreateEndpoint>();
    registrar.read::<endpoint::DescribeEndpoint>();
    registrar.read::<endpoint::ListEndpoints>();
    registrar.write::<endpoint::UpdateEndpoint>();
    registrar.write::<endpoint::UpdateEndpointWeightsAndCapacities>();
    registrar.write::<endpoint::DeleteEndpoint>();
    // Inference components.
    registrar.write::<component::CreateInferenceComponent>();
    registrar.read::<component::DescribeInferenceComponent>();
    registrar.read::<component::ListInferenceComponents>();
    registrar.write::<component::UpdateInferenceComponent>();
    registrar.write::<component::UpdateInferenceComponentRuntimeConfig>();
    registrar.write::<component::DeleteInferenceComponent>();
    // Notebook instances.
    registrar.write::<notebook::CreateNotebookInstance>();
    registrar.read::<notebook::DescribeNotebookInstance>();
    registrar.read::<notebook::ListNotebookInstances>();
    registrar.write::<notebook::UpdateNotebookInstance>();
    registrar.write::<notebook::StartNotebookInstance>();
    registrar.write::<notebook::StopNotebookInstance>();
    registrar.write::<notebook::DeleteNotebookInstance>();
    registrar.write::<notebook::CreatePresignedNotebookInstanceUrl>();
    // Their lifecycle configurations.
    registrar.write::<notebook::CreateNotebookInstanceLifecycleConfig>();
    registrar.read::<notebook::DescribeNotebookInstanceLifecycleConfig>();
    registrar.read::<notebook::ListNotebookInstanceLifecycleConfigs>();
    registrar.write::<notebook::UpdateNotebookInstanceLifecycleConfig>();
    registrar.write::<notebook::DeleteNotebookInstanceLifecycleConfig>();
    // Studio.
    registrar.write::<studio::CreateDomain>();
    registrar.read::<studio::DescribeDomain>();
    registrar.read::<studio::ListDomains>();
    registrar.write::<studio::UpdateDomain>();
    registrar.write::<studio::DeleteDomain>();
    registrar.write::<studio::CreatePresignedDomainUrl>();
    registrar.write::<studio::CreateUserProfile>();
    registrar.read::<studio::DescribeUserProfile>();
    registrar.read::<studio::ListUserProfiles>();
    registrar.write::<studio::UpdateUserProfile>();
    registrar.write::<studio::DeleteUserProfile>();
    registrar.write::<studio::CreateSpace>();
    registrar.read::<studio::DescribeSpace>();
    registrar.read::<studio::ListSpaces>();
    registrar.write::<studio::UpdateSpace>();
    registrar.write::<studio::DeleteSpace>();
    registrar.write::<studio::CreateApp>();
    registrar.read::<studio::DescribeApp>();
    registrar.read::<studio::ListApps>();
    registrar.write::<studio::DeleteApp>();
    registrar.write::<studio::CreateStudioLifecycleConfig>();
    registrar.read::<studio::DescribeStudioLifecycleConfig>();
    registrar.read::<studio::ListStudioLifecycleConfigs>();
    registrar.write::<studio::DeleteStudioLifecycleConfig>();
    // Clusters.
    registrar.write::<cluster::CreateCluster>();
    registrar.read::<cluster::DescribeCluster>();
    registrar.read::<cluster::ListClusters>();
    registrar.write::<cluster::UpdateCluster>();
    registrar.write::<cluster::UpdateClusterSoftware>();
    registrar.write::<cluster::DeleteCluster>();
    registrar.read::<cluster::DescribeClusterNode>();
    registrar.read::<cluster::ListClusterNodes>();
    registrar.write::<cluster::BatchDeleteClusterNodes>();
    // Search.
    registrar.read::<search::Search>();
    registrar.read::<search::GetSearchSuggestions>();
    // What is only kept.
    registry::operations(registrar);
    // Tags.
    registrar.write::<tags::AddTags>();
    registrar.read::<tags::ListTags>();
    registrar.write::<tags::DeleteTags>();
}
