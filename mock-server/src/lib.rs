//! Mockplane: a local mock control plane for Amazon EC2 VPC networking and Amazon SageMaker.

pub mod admin;
pub mod aws;
pub mod cli;
pub mod clock;
pub mod gateway;
pub mod iam;
pub mod jobs;
pub mod kernel;
pub mod model;
pub mod net;
pub mod policy;
pub mod rules;
pub mod s3;
pub mod scenario;
pub mod server;
pub mod services;
