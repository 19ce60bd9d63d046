//! Mockplane: a local mock control plane for Amazon EC2 VPC networking and Amazon SageMaker.

pub mod aws;
pub mod iam;
pub mod jobs;
pub mod kernel;
pub mod model;
pub mod rules;
pub mod scenario;
pub mod services;
