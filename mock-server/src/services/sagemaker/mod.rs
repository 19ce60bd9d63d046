//! Amazon SageMaker, as far as its jobs live in a VPC.

mod endpoint;
mod endpoint_config;
pub mod error;
mod listing;
mod members;
mod model;
mod tags;
#[cfg(test)]
mod tests;
mod training;

use super::Registrar;

/// Every operation that behaves. The list is in order of resource.
pub fn operations(registrar: &mut impl Registrar) {
    // Training jobs.
    registrar.write::<training::CreateTrainingJob>();
    registrar.read::<training::DescribeTrainingJob>();
    registrar.read::<training::ListTrainingJobs>();
    registrar.write::<training::StopTrainingJob>();
    registrar.write::<training::DeleteTrainingJob>();
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
    registrar.write::<endpoint::DeleteEndpoint>();
    // Tags.
    registrar.write::<tags::AddTags>();
    registrar.read::<tags::ListTags>();
    registrar.write::<tags::DeleteTags>();
}
