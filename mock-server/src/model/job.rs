//! Jobs: what SageMaker runs in somebody's VPC.

use super::*;
use crate::kernel::{Memo, Row, SimTime};
use std::sync::Arc;

/// A part of a request that is kept only to be told again: a tree of plain values.
pub type Document = Arc<serde_json::Value>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum JobKind {
    Training,
}

impl JobKind {
    /// The kind in an ARN and in `kind/name`.
    pub fn slug(self) -> &'static str {
        match self {
            JobKind::Training => "training-job",
        }
    }
}

/// A job's name is unique among the jobs of its kind in an account and region.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct JobKey {
    pub kind: JobKind,
    pub name: Arc<str>,
}

impl std::fmt::Display for JobKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.slug(), self.name)
    }
}

/// The subnets and groups that a job was given.
#[derive(Clone, PartialEq, Debug)]
pub struct VpcConfig {
    pub subnets: Vec<SubnetId>,
    pub groups: Vec<SecurityGroupId>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum JobStatus {
    InProgress,
    Completed,
    Failed,
    Stopping,
    Stopped,
    Deleting,
}

impl JobStatus {
    /// Whether nothing more happens to the job by itself.
    pub fn is_final(self) -> bool {
        matches!(self, JobStatus::Completed | JobStatus::Failed | JobStatus::Stopped)
    }
}

/// A stretch of a job's life, as training jobs tell it.
#[derive(Clone, PartialEq, Debug)]
pub struct Transition {
    pub status: &'static str,
    pub start: SimTime,
    pub end: Option<SimTime>,
    pub message: String,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    pub key: JobKey,
    pub arn: String,
    pub role_arn: String,
    pub instance_type: String,
    pub instance_count: u32,
    pub vpc: Option<VpcConfig>,
    /// Longest run in seconds.
    pub max_runtime: u64,
    /// All that the caller said.
    pub request: Document,
    pub status: JobStatus,
    pub transitions: Vec<Transition>,
    pub failure: Option<String>,
    /// The id of the rule behind the failure.
    pub failed_by: Option<&'static str>,
    pub created: SimTime,
    pub modified: SimTime,
    /// When the containers began and ended to run.
    pub started: Option<SimTime>,
    pub ended: Option<SimTime>,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum JobIndex {
    Kind(JobKind),
}

impl Row for Job {
    type Key = JobKey;
    type Index = JobIndex;
    fn key(&self) -> JobKey {
        self.key.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(JobIndex)) {
        emit(JobIndex::Kind(self.key.kind));
    }
}
