//! Jobs: what SageMaker runs in somebody's VPC.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// A part of a request that is kept only to be told again: a tree of plain values.
pub type Document = Arc<serde_json::Value>;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Rehome)]
pub enum JobKind {
    Training,
    Processing,
    Transform,
    Compilation,
    /// Models on endpoints. The rules speak of it as of any kind of job; an endpoint is a row of a table of its own,
    /// and what CreateModel checks is checked as this kind.
    Hosting,
    /// Notebook instances. Rules about networks and roles speak of them too; a notebook instance is a row of a table of
    /// its own.
    Notebook,
    /// HyperPod clusters: rules look at one group of instances after the other. A cluster is a row of a table of its own.
    Cluster,
}

impl JobKind {
    /// The kinds of job that rules speak of.
    pub const ALL: &[JobKind] =
        &[JobKind::Training, JobKind::Processing, JobKind::Transform, JobKind::Hosting, JobKind::Compilation];
    /// The kinds whose jobs run once and end: the rows of the table of jobs.
    pub const JOBS: &[JobKind] =
        &[JobKind::Training, JobKind::Processing, JobKind::Transform, JobKind::Compilation];

    /// The kind in an ARN and in `kind/name`.
    pub fn slug(self) -> &'static str {
        match self {
            JobKind::Training => "training-job",
            JobKind::Processing => "processing-job",
            JobKind::Transform => "transform-job",
            JobKind::Compilation => "compilation-job",
            JobKind::Hosting => "endpoint",
            JobKind::Notebook => "notebook-instance",
            JobKind::Cluster => "cluster",
        }
    }

    /// What the kind is called where it is named alone.
    pub fn title(self) -> &'static str {
        match self {
            JobKind::Training => "Training Job",
            JobKind::Processing => "Processing Job",
            JobKind::Transform => "Transform Job",
            JobKind::Compilation => "Compilation Job",
            JobKind::Hosting => "Endpoint",
            JobKind::Notebook => "Notebook Instance",
            JobKind::Cluster => "Cluster",
        }
    }

    /// What the kind is called in a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            JobKind::Training => "training",
            JobKind::Processing => "processing",
            JobKind::Transform => "transform",
            JobKind::Compilation => "compilation",
            JobKind::Hosting => "hosting",
            JobKind::Notebook => "notebook",
            JobKind::Cluster => "cluster",
        }
    }
}

/// A job's name is unique among the jobs of its kind in an account and region.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct JobKey {
    pub kind: JobKind,
    pub name: Arc<str>,
}

impl JobKey {
    /// Reads `kind/name`, as [`Display`](std::fmt::Display) writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (slug, name) = text.split_once('/')?;
        let mut kinds = JobKind::ALL.iter().chain([&JobKind::Notebook, &JobKind::Cluster]);
        let kind = *kinds.find(|kind| kind.slug() == slug)?;
        Some(Self { kind, name: name.into() })
    }

    /// What it is a job or part of, as events call it: each cluster has a log group of its own, and a key for that.
    pub fn resource(&self) -> String {
        match (self.kind, self.name.split_once('/')) {
            (JobKind::Cluster, Some((name, _))) => format!("{}/{name}", self.kind.slug()),
            _ => self.to_string(),
        }
    }

    /// The log group that its containers write to. Source: developer guide, "logging-cloudwatch".
    pub fn log_group(&self) -> String {
        let kind = match self.kind {
            JobKind::Training => "TrainingJobs",
            JobKind::Processing => "ProcessingJobs",
            JobKind::Transform => "TransformJobs",
            JobKind::Compilation => "CompilationJobs",
            JobKind::Notebook => "NotebookInstances",
            JobKind::Cluster => return format!("/aws/sagemaker/Clusters/{}", self.name),
            JobKind::Hosting => return format!("/aws/sagemaker/Endpoints/{}", self.name),
        };
        format!("/aws/sagemaker/{kind}")
    }
}

impl std::fmt::Display for JobKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.slug(), self.name)
    }
}

/// The subnets and groups that a job was given, as it was given them: a rule says what becomes of those that do
/// not exist.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct VpcConfig {
    pub subnets: Vec<String>,
    pub groups: Vec<String>,
}

/// Instances of one type.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InstanceGroup {
    pub instance_type: String,
    pub count: u32,
}

/// What a job asks for, whatever its kind: all that its rules and its simulation look at.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Needs {
    /// The role that the job acts as.
    pub role_arn: String,
    pub instances: Vec<InstanceGroup>,
    /// What would do as well, the best first: the first of which there is enough is taken.
    pub alternatives: Vec<InstanceGroup>,
    /// Instances of a hosted variant that are there already: those asked for go on where these ended.
    pub beside: u32,
    /// `None`: the job runs in a VPC of the service's own.
    pub vpc: Option<VpcConfig>,
    /// The containers have no network at all.
    pub network_isolation: bool,
    /// The instances encrypt what they send each other.
    pub encrypted: bool,
    /// What is read and written in S3.
    pub inputs: Vec<DataNeed>,
    pub outputs: Vec<DataNeed>,
    /// Longest run, if there is a limit.
    pub max_runtime: Option<Duration>,
    /// The images of the containers, if they are the user's.
    pub images: Vec<String>,
    /// Those of them that the service itself is to pull: all but those in a registry of the VPC.
    pub pulled: Vec<String>,
    /// What the containers do, if that was declared when the job was asked for.
    pub behaviour: Option<Arc<Behaviour>>,
    /// Of an endpoint that something is done to: which of its variants this is, and whether it serves already.
    pub variant: Option<String>,
    pub updates: bool,
    /// Of managed spot training: how long it may take altogether.
    pub max_wait: Option<Duration>,
    /// How often it is begun again if the service fails it.
    pub retries: u32,
    /// How long its instances are kept when it has ended.
    pub keep_alive: Duration,
    /// Its instances are there already: those of a warm pool.
    pub takes_over: bool,
    /// In whose name the service makes interfaces, if not in the role's.
    pub on_behalf: Option<OnBehalf>,
    /// Of a cluster's instances: what each has in the VPC.
    pub node: Option<NodeNetwork>,
}

/// Somebody who called and in whose name the service does something in EC2.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct OnBehalf {
    /// As EC2 tells who asked.
    pub requester_id: Arc<str>,
    /// What the caller was not allowed of what the service was to do.
    pub lacks: Option<Lack>,
}

/// An action that somebody is not allowed.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Lack {
    pub action: &'static str,
    /// What EC2 says of it.
    pub message: String,
}

impl Needs {
    pub fn instance_count(&self) -> u32 {
        self.instances.iter().fold(0, |sum, group| sum.saturating_add(group.count))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum JobStatus {
    /// Only compilation jobs call this a status of its own.
    Starting,
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

    /// Whether the job is on its way, and nobody has asked it to stop.
    pub fn is_under_way(self) -> bool {
        matches!(self, JobStatus::Starting | JobStatus::InProgress)
    }
}

/// Which table of stages a job goes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum Course {
    /// From its start to its completion.
    #[default]
    Run,
    /// Stopped by its user before there was anything to save.
    StopEarly,
    /// Stopped by its user.
    Stop,
    /// Stopped because it ran longer than it was allowed to.
    Overtime,
    /// Stopped because it took longer than it was allowed to wait.
    WaitOver,
    /// Its spot instances were taken away; it begins again.
    Interrupted,
    /// The service failed it; it begins again.
    Restart,
}

/// A stretch of a job's life. Training jobs tell it; those of other kinds have it all the same.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Transition {
    pub status: &'static str,
    pub start: SimTime,
    pub end: Option<SimTime>,
    pub message: &'static str,
}

/// Why a job fails.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Failure {
    pub reason: String,
    /// The id of the rule behind it.
    pub rule: Option<&'static str>,
}

/// What started a job, if its user did not.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Parent {
    /// Who is woken when the job has ended.
    pub owner: Owner,
    pub arn: String,
}

/// A rule of SageMaker Debugger, evaluated by a processing job.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Evaluation {
    /// What the rule's configuration is called.
    pub rule: String,
    /// Whether it is about the profile; else about tensors.
    pub of_profile: bool,
    /// `None`: it could not be started.
    pub job: Option<JobKey>,
    pub arn: Option<String>,
    pub status: &'static str,
    pub details: Option<String>,
    pub modified: SimTime,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Job {
    pub key: JobKey,
    pub arn: String,
    pub parent: Option<Parent>,
    pub needs: Needs,
    /// All that the caller said.
    pub request: Document,
    pub status: JobStatus,
    pub course: Course,
    /// The place of the current stage in the table of the job's course.
    pub stage: usize,
    pub transitions: Vec<Transition>,
    /// Known to the job from the moment its rule is violated, told to the user once the job has failed.
    pub failure: Option<Failure>,
    /// The rule that keeps the job from getting anywhere without making it fail: it waits for its time limit.
    pub hung: Option<&'static str>,
    /// Where its instances are, while it has some.
    pub held: Vec<Held>,
    /// For how long it has been trying to get instances that no zone of its has.
    pub short_for: Option<Duration>,
    /// What the rules said, in the order in which they were asked.
    pub findings: Vec<Finding>,
    /// What was found of the paths that were looked at, with the phase that needed them.
    pub traces: Vec<(Phase, Arc<path::Trace>)>,
    /// What its containers write, as far as it is kept: from the start of the run on also what is to come.
    pub log: Vector<LogLine>,
    /// The last value of each metric that they emitted.
    pub metrics: Vec<Metric>,
    /// How they ended, if not well.
    pub exit: Option<Exit>,
    pub created: SimTime,
    pub modified: SimTime,
    /// When the instances began and ended to work for the job.
    pub started: Option<SimTime>,
    pub ended: Option<SimTime>,
    pub progress: Progress,
    /// The interfaces of its instances, one instance after the other.
    pub interfaces: Vec<NetworkInterfaceId>,
    pub pool: Option<WarmPool>,
    /// The rules of SageMaker Debugger that are asked about it.
    pub evaluations: Vec<Evaluation>,
    pub tags: Tags,
    pub memo: Memo,
}

impl Job {
    /// The failure, once it is told.
    pub fn told_failure(&self) -> Option<&Failure> {
        self.failure.as_ref().filter(|_| self.status == JobStatus::Failed)
    }

    /// What its instances are used for, as quotas see it; those of compilation jobs are the service's own.
    pub fn instance_use(&self) -> Option<InstanceUse> {
        instance_use(self.key.kind, &self.request)
    }

    /// The ARN of what started the job, if that is of the right kind.
    pub fn parent_arn(&self, kind: fn(&Owner) -> bool) -> Option<&str> {
        let parent = self.parent.as_ref().filter(|parent| kind(&parent.owner));
        parent.map(|parent| parent.arn.as_str())
    }
}

/// What the instances of a job of this kind are used for that is asked for so.
pub fn instance_use(kind: JobKind, request: &serde_json::Value) -> Option<InstanceUse> {
    match kind {
        JobKind::Training if request["EnableManagedSpotTraining"] == true => Some(InstanceUse::SpotTraining),
        JobKind::Training => Some(InstanceUse::Training),
        JobKind::Processing => Some(InstanceUse::Processing),
        JobKind::Transform => Some(InstanceUse::Transform),
        JobKind::Hosting => Some(InstanceUse::Endpoint),
        JobKind::Notebook => Some(InstanceUse::Notebook),
        JobKind::Cluster => Some(InstanceUse::Cluster),
        JobKind::Compilation => None,
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum JobIndex {
    Kind(JobKind),
    Usage(Usage),
    /// Warm pools that are available: what a job must ask for to take one, and since when they are.
    Pool(Arc<str>, Option<SimTime>),
}

impl Row for Job {
    type Key = JobKey;
    type Index = JobIndex;
    fn key(&self) -> JobKey {
        self.key.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(JobIndex)) {
        emit(JobIndex::Kind(self.key.kind));
        if let Some(pool) = self.pool.as_ref().filter(|pool| pool.is_available()) {
            emit(JobIndex::Pool(attempt::criteria(&self.request), pool.since));
        }
    }
    /// A job uses its instances from the call that asks for it until it has ended. Source: quotas of SageMaker, as
    /// accounts were told; that it counts while it waits for them is assumed.
    fn amounts(&self, emit: &mut dyn FnMut(JobIndex, u64)) {
        let pooled = self.pool.as_ref().is_some_and(WarmPool::is_available);
        if self.status.is_final() && !pooled {
            return;
        }
        let mut emit = |usage, amount| emit(JobIndex::Usage(usage), amount);
        // Instances of warm pools count as those of jobs too: developer guide, "train-warm-pools-resource-limits".
        for of in self.instance_use().into_iter().chain(pooled.then_some(InstanceUse::WarmPool)) {
            let groups = self.needs.instances.iter();
            let groups = groups.map(|group| (group.instance_type.as_str().into(), group.count));
            compute::count(of, groups, &mut emit);
        }
        for held in &self.held {
            emit(Usage::In(held.zone, held.instance_type.clone()), held.count.into());
        }
    }
}
