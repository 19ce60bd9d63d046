//! What AWS leaves open, or does in a way that takes long to watch: whoever runs the server chooses.

use super::{BucketNames, DataMode};
use crate::kernel::Rehome;
use std::time::Duration;

/// How the instances of one job are spread over the subnets that it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Placement {
    /// All of them are in one subnet, as the guide reads: "in one of the subnets".
    #[default]
    PerJob,
    /// Each is in a subnet of its own choice.
    PerInstance,
}

/// What becomes of a job whose instances may not talk to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Silence {
    /// Its algorithm gives up: the job fails when its run ends.
    #[default]
    Fail,
    /// They wait for each other until the job's time limit stops it. A kind that has no such limit fails.
    Hang,
}

/// What calls find out about S3 before they answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Precheck {
    /// Whether data are there for the role; what policies refuse because of where the call asks from is left to the job.
    #[default]
    Existence,
    /// The same, and policies count as they do for whoever asks from outside of the VPC.
    Outside,
    Off,
}

impl Precheck {
    pub const ALL: [Precheck; 3] = [Precheck::Existence, Precheck::Outside, Precheck::Off];

    pub fn name(self) -> &'static str {
        match self {
            Precheck::Existence => "existence",
            Precheck::Outside => "outside",
            Precheck::Off => "off",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// Over which network what containers of jobs in a VPC write gets to CloudWatch Logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum JobLogs {
    /// The job's VPC, over an interface of the job's. Source: AWS re:Post knowledge center,
    /// "sagemaker-access-network-isolation".
    #[default]
    Vpc,
    /// SageMaker's own: they arrive whatever the VPC is like.
    Service,
}

impl JobLogs {
    pub const ALL: [JobLogs; 2] = [JobLogs::Vpc, JobLogs::Service];

    pub fn name(self) -> &'static str {
        match self {
            JobLogs::Vpc => "vpc",
            JobLogs::Service => "service",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub struct Choices {
    pub placement: Placement,
    pub precheck: Precheck,
    pub silence: Silence,
    /// How long the interfaces of a deleted endpoint stay; `None`: as the profile says.
    pub linger: Option<Duration>,
    /// How long it takes until what EC2 was told is seen by those who ask; none by default.
    /// Source: EC2 developer guide, "Eventual consistency in the Amazon EC2 API", which gives no time.
    pub eventual: Duration,
    /// How many bytes of objects an account may keep; `None`: [`bucket::MOST_BYTES`](super::bucket::MOST_BYTES).
    pub s3_bytes: Option<u64>,
    pub data: DataMode,
    pub bucket_names: BucketNames,
    pub job_logs: JobLogs,
    /// Signatures count in this account even if the server takes no notice of them.
    pub verify_signatures: bool,
}
