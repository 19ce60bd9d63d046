//! Mockplane: a local mock control plane for Amazon EC2 VPC networking and Amazon SageMaker.
//!
//! `mockplane serve` is a program of its own; [`Server::builder`] runs the same server inside a test. docs/CI.md shows
//! both.

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

pub use hyper::Method;
pub use kernel::{ClockMode, SimTime};
pub use model::{
    BucketNames, DataMode, IamMode, JobLogs, Placement, Precheck, Profile, Quotas, RuleMode, Silence,
};
pub use server::{Account, Builder, CallError, ControlError, Document, Invalid, Server, StartError};
