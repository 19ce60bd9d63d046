//! What a training job has behind it when it does not run in one go, and the instances that it leaves for others.

use super::*;
use crate::kernel::{Rehome, Row, SimTime};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How far a job has come: one of managed spot training may be interrupted, and one that the service fails is begun again
/// if it was asked for with a `RetryStrategy`.
#[derive(Clone, Copy, PartialEq, Debug, Default, Rehome)]
pub struct Progress {
    pub interruptions: u32,
    pub retries: u32,
    /// How long containers ran in attempts that are over.
    pub ran: Duration,
    /// How long instances worked in attempts that are over.
    pub worked: Duration,
    /// How long the job waited for instances, beside what a start takes.
    pub waited: Duration,
    /// How much of the run was done when the current attempt began.
    pub base: Duration,
    /// How much of it the last checkpoint keeps, and how many checkpoints there are.
    pub saved: Duration,
    pub checkpoints: u32,
    /// When the instances of the current attempt began to work.
    pub working: Option<SimTime>,
    /// When its containers began, while they run.
    pub running: Option<SimTime>,
}

/// What is declared of the spot market that a job's instances come from.
#[derive(Clone, PartialEq, Eq, Debug, Default, Rehome)]
pub struct SpotMarket {
    /// How long the first instances are waited for.
    pub launches: Wait,
    /// How long each attempt runs before it is interrupted; `None`: for half of what is left.
    pub interrupted_after: Option<Duration>,
    /// How many attempts are interrupted.
    pub times: u32,
    /// How long there are no instances after an interruption.
    pub resumes: Wait,
}

/// How long something takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Wait {
    /// As long as the profile says.
    #[default]
    Usual,
    For(Duration),
    Never,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum PoolStatus {
    InUse,
    Available,
    Reused,
    Terminated,
}

impl PoolStatus {
    pub fn name(self) -> &'static str {
        match self {
            PoolStatus::InUse => "InUse",
            PoolStatus::Available => "Available",
            PoolStatus::Reused => "Reused",
            PoolStatus::Terminated => "Terminated",
        }
    }
}

/// The instances of a training job that are kept when it has ended. Their interfaces belong to
/// [`Owner::WarmPool`] as long as they are available.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct WarmPool {
    pub status: PoolStatus,
    /// When the instances were launched, for whichever job.
    pub born: SimTime,
    /// When they became available.
    pub since: Option<SimTime>,
    /// How long they were.
    pub retained: Option<Duration>,
    pub reused_by: Option<Arc<str>>,
}

impl WarmPool {
    pub fn of(born: SimTime) -> Self {
        Self { status: PoolStatus::InUse, born, since: None, retained: None, reused_by: None }
    }

    pub fn is_available(&self) -> bool {
        self.status == PoolStatus::Available
    }
}

/// What two jobs must have in common. Source: developer guide, "train-warm-pools-matching-criteria".
const MATCH: &[&str] = &[
    "/RoleArn",
    "/ResourceConfig/InstanceCount",
    "/ResourceConfig/InstanceType",
    "/ResourceConfig/VolumeKmsKeyId",
    "/ResourceConfig/VolumeSizeInGB",
    "/EnableInterContainerTrafficEncryption",
    "/EnableNetworkIsolation",
];
/// Of these the order does not count. Assumed.
const MATCH_AS_SETS: &[&str] = &["/VpcConfig/SecurityGroupIds", "/VpcConfig/Subnets"];

/// What a pool and a job must have in common that a request asks for, as one text.
pub fn criteria(request: &Value) -> Arc<str> {
    let set = |pointer: &&str| {
        let members = request.pointer(pointer).and_then(Value::as_array);
        let mut members: Vec<_> = members.into_iter().flatten().filter_map(Value::as_str).collect();
        members.sort_unstable();
        members
    };
    let single: Vec<_> = MATCH.iter().map(|pointer| request.pointer(pointer)).collect();
    let sets: Vec<_> = MATCH_AS_SETS.iter().map(set).collect();
    json!([single, sets]).to_string().into()
}

/// A pool that is available has a timer, and a job that has ended; all others have neither timer nor interfaces.
pub fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    let available = |key: &JobKey| {
        let pool = state.jobs.get(key).and_then(|job| job.pool.as_ref());
        pool.is_some_and(WarmPool::is_available)
    };
    for job in state.jobs.iter() {
        let timer = state.timers.next_of(&Owner::WarmPool(job.key())).is_some();
        if timer != available(&job.key) {
            broken.push(format!("the pool of {} is {:?}, timer: {timer}", job.key, job.pool));
        }
        if available(&job.key) && !job.status.is_final() {
            broken.push(format!("the pool of {} is available while it runs", job.key));
        }
        let owned = |id: &NetworkInterfaceId| {
            let owner = state.interfaces.get(id).and_then(|row| row.owner.clone());
            owner == Some(Owner::Job(job.key.clone())) || owner == Some(Owner::WarmPool(job.key.clone()))
        };
        if let Some(id) = job.interfaces.iter().find(|id| !owned(id)) {
            broken.push(format!("{} counts on {id}, which is not its own", job.key));
        }
    }
    for interface in state.interfaces.iter() {
        if let Some(Owner::WarmPool(key)) = &interface.owner
            && !available(key)
        {
            broken.push(format!("{} outlives the pool of {key}", interface.id));
        }
    }
    broken
}
