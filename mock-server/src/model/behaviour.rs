//! What containers do. There is none that could do it, so it is declared: by the server, by an account, by a scenario.

use super::*;
use crate::kernel::{Rehome, SimTime};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// The longest that a script of a notebook instance may run. Source: API reference,
/// CreateNotebookInstanceLifecycleConfig.
pub const LONGEST_SCRIPT: Duration = Duration::from_secs(5 * 60);

/// A text in which `*` stands for any characters, none included.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Wildcard(Arc<str>);

impl Wildcard {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        // Each part where it comes first leaves the most for those after it.
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }
}

/// The repositories of packages that AWS keeps in buckets of every region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Repository {
    AmazonLinux,
    AmazonLinux2,
}

impl Repository {
    pub const ALL: [Repository; 2] = [Repository::AmazonLinux, Repository::AmazonLinux2];

    pub fn name(self) -> &'static str {
        match self {
            Repository::AmazonLinux => "amazonlinux",
            Repository::AmazonLinux2 => "amazonlinux2",
        }
    }

    /// Its buckets in a region. Source: developer guide, "train-vpc-policy-repos": the policy that shuts them.
    pub fn buckets(self, region: &str) -> Vec<Arc<str>> {
        let first_words: &[&str] = match self {
            Repository::AmazonLinux => &["packages", "repo"],
            Repository::AmazonLinux2 => &["amazonlinux"],
        };
        let suffix = Partition::of(region).dns_suffix();
        first_words.iter().map(|word| format!("{word}.{region}.{suffix}").into()).collect()
    }

    /// An object that package managers ask for first. Assumed: any object will do.
    pub fn index(self) -> &'static str {
        match self {
            Repository::AmazonLinux => "latest/main/mirror.list",
            Repository::AmazonLinux2 => "2/core/latest/x86_64/mirror.list",
        }
    }
}

/// Whom a container talks to.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub enum Remote {
    /// A host of the internet, by name or address.
    Host(Arc<str>, u16),
    /// An API of AWS in the job's region, as endpoint services are named: `sts`, `sagemaker.api`.
    Service(Arc<str>),
    Repository(Repository),
}

impl std::fmt::Display for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Remote::Host(host, port) => write!(f, "{host}:{port}"),
            Remote::Service(service) => write!(f, "service:{service}"),
            Remote::Repository(repository) => write!(f, "repository:{}", repository.name()),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct Connection {
    pub to: Remote,
    /// The container says so in its log and goes on if it gets nowhere; else it gives up.
    pub optional: bool,
    /// It waits for an answer as long as it may run, as a client without a timeout does. A kind of job that has no
    /// limit gives up.
    pub waits: bool,
}

/// A declared behaviour, and what it is declared for.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Behaviour {
    /// One of the images, where several containers run one after the other.
    pub image: Option<Wildcard>,
    /// The name of a job or endpoint.
    pub job: Option<Wildcard>,
    /// Empty: every kind that runs containers of the user's.
    pub kinds: Vec<JobKind>,
    /// How long it runs; `None`: as the profile says.
    pub duration: Option<Duration>,
    /// What every instance writes when it starts; see [`line`].
    pub log: Vec<String>,
    /// Values in the order in which they are emitted over the whole run.
    pub metrics: Vec<(String, Vec<f64>)>,
    pub exit_code: u8,
    /// What it leaves in `/opt/ml/output/failure`.
    pub failure: String,
    pub connects: Vec<Connection>,
    /// Bytes that it reads of its inputs; `None`: all there are.
    pub reads: Option<u64>,
    /// The size of its output; `None`: the default's.
    pub writes: Option<u64>,
    /// What it writes beside its output, by name, with sizes.
    pub files: Vec<(String, u64)>,
    /// What becomes of its spot instances.
    pub spot: SpotMarket,
    /// How often it writes a checkpoint; `None`: when its run is over or cut short.
    pub checkpoint_every: Option<Duration>,
    /// What it answers when its endpoint is invoked: the first that fits. None: it answers what it is asked.
    pub invocations: Vec<Reaction>,
    /// How the service fails, whatever the containers would do.
    pub service_failure: Option<ServiceFailure>,
}

/// A failure of the service, not of a container.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub struct ServiceFailure {
    /// The phase that nothing comes of.
    pub at: Phase,
    pub cause: Cause,
    /// How long that phase lasts until then; `None`: as long as usual.
    pub after: Option<Duration>,
    /// Of endpoints: only creations, or only updates.
    pub updates: Option<bool>,
    /// An update of an endpoint cannot be undone.
    pub rollback_fails: bool,
}

impl ServiceFailure {
    /// Whether it is this phase that nothing comes of. `updates`: whether something that serves already is changed.
    pub fn strikes(&self, phase: Phase, updates: bool) -> bool {
        self.at == phase && self.updates.is_none_or(|wanted| wanted == updates)
    }
}

/// What is to blame.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub enum Cause {
    /// The service blames itself.
    Internal,
    /// The image of an endpoint's variant.
    Image,
    /// Whatever this reason says.
    Said(String),
}

impl Behaviour {
    /// Whether it is a script that takes longer than it may.
    pub fn is_slow_script(&self, kind: JobKind) -> bool {
        kind == JobKind::Notebook && self.duration.is_some_and(|lasts| lasts > LONGEST_SCRIPT)
    }

    fn is_for(&self, kind: JobKind, name: &str, images: &[String]) -> bool {
        let of_kind = match self.kinds.is_empty() {
            true => !matches!(kind, JobKind::Compilation | JobKind::Notebook | JobKind::Cluster),
            false => self.kinds.contains(&kind),
        };
        let image = |wanted: &Wildcard| images.iter().any(|image| wanted.matches(image));
        of_kind
            && self.job.as_ref().is_none_or(|wanted| wanted.matches(name))
            && self.image.as_ref().is_none_or(image)
    }
}

/// A line of a log as it is declared, with `{job}` and `{host}` filled in.
pub fn line(declared: &str, job: &str, host: &str) -> String {
    declared.replace("{job}", job).replace("{host}", host)
}

/// The behaviours of an account, in order: the first that is for a job is that job's. Copies are cheap.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Behaviours(Vector<Arc<Behaviour>>);

impl Behaviours {
    /// So many an account may have.
    pub const MOST: usize = 1_000;

    /// What a job of this kind, name and images does, if somebody said.
    pub fn of(&self, kind: JobKind, name: &str, images: &[String]) -> Option<&Arc<Behaviour>> {
        self.0.iter().find(|behaviour| behaviour.is_for(kind, name, images))
    }

    /// Puts these, in their order, before all that are there; what comes last and is too much is dropped.
    pub fn put_first(&mut self, new: impl IntoIterator<Item = Behaviour>) {
        let mut all: Vector<_> = new.into_iter().map(Arc::new).collect();
        all.append(std::mem::take(&mut self.0));
        all.truncate(Self::MOST);
        self.0 = all;
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Behaviour>> {
        self.0.iter()
    }
}

impl FromIterator<Behaviour> for Behaviours {
    fn from_iter<I: IntoIterator<Item = Behaviour>>(all: I) -> Self {
        let mut behaviours = Self::default();
        behaviours.put_first(all);
        behaviours
    }
}

/// A line that a container writes.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LogLine {
    /// When. It may be to come.
    pub at: SimTime,
    /// The log stream, within the log group of the kind.
    pub stream: Arc<str>,
    pub text: Arc<str>,
    /// The host that an event is to name that tells of the line, which is there once the line is written.
    pub untold: Option<Arc<str>>,
}

/// A value that a container emitted.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Metric {
    pub name: String,
    pub value: f64,
    pub at: SimTime,
}

/// How a container ended that did not end well.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Exit {
    pub code: u8,
    /// What it left in `/opt/ml/output/failure`.
    pub message: String,
    /// It got no further than its connections.
    pub early: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_is_any_characters() {
        for (pattern, name, matches) in [
            ("*", "", true),
            ("*", "x", true),
            ("", "", true),
            ("", "x", false),
            ("train", "train", true),
            ("train", "trainer", false),
            ("train*", "trainer", true),
            ("*/train:*", "1.dkr.ecr.us-east-1.amazonaws.com/train:2", true),
            ("*/train:*", "1.dkr.ecr.us-east-1.amazonaws.com/retrain:2", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "ac", false),
            ("ab*ba", "aba", false),
            ("a*a", "a", false),
            ("*é*", "café au lait", true),
        ] {
            assert_eq!(Wildcard::new(pattern).matches(name), matches, "{pattern} {name}");
        }
    }

    fn named(job: &str, kinds: &[JobKind]) -> Behaviour {
        Behaviour { job: Some(Wildcard::new(job)), kinds: kinds.to_vec(), ..Behaviour::default() }
    }

    #[test]
    fn what_is_said_of_no_kind_is_said_of_containers() {
        let all: Behaviours = [named("*", &[])].into_iter().collect();
        for kind in JobKind::ALL {
            assert_eq!(all.of(*kind, "x", &[]).is_some(), *kind != JobKind::Compilation, "{kind:?}");
        }
        let one: Behaviours = [named("*", &[JobKind::Compilation])].into_iter().collect();
        assert!(one.of(JobKind::Compilation, "x", &[]).is_some());
        assert!(one.of(JobKind::Training, "x", &[]).is_none());
    }

    #[test]
    fn an_image_is_one_of_those_that_run() {
        let image = Behaviour { image: Some(Wildcard::new("b*")), ..Behaviour::default() };
        let all: Behaviours = [image].into_iter().collect();
        let images = ["a".to_owned(), "b".to_owned()];
        assert!(all.of(JobKind::Transform, "x", &images).is_some());
        assert!(all.of(JobKind::Transform, "x", &images[..1]).is_none());
        assert!(all.of(JobKind::Transform, "x", &[]).is_none());
    }

    proptest! {
        /// Whatever is declared, and in however many steps: the first that matches is taken, what was put first last
        /// counts first, and there is a bound.
        #[test]
        fn the_first_match_wins(
            first in proptest::collection::vec("[ab]{0,2}[*]?[ab]{0,1}", 0..6),
            then in proptest::collection::vec("[ab]{0,2}[*]?[ab]{0,1}", 0..6),
            name in "[ab]{0,4}",
        ) {
            let numbered = |list: &[String], from: u8| -> Vec<Behaviour> {
                let one = |(pattern, code): (&String, u8)| Behaviour { exit_code: code, ..named(pattern, &[]) };
                list.iter().zip(from..).map(one).collect()
            };
            let mut behaviours = Behaviours::default();
            behaviours.put_first(numbered(&first, 100));
            behaviours.put_first(numbered(&then, 0));
            let all: Vec<_> = then.iter().zip(0..).chain(first.iter().zip(100..)).collect();
            let expected = all.iter().find(|(pattern, _)| Wildcard::new(pattern.as_str()).matches(&name));
            let found = behaviours.of(JobKind::Training, &name, &[]).map(|found| found.exit_code);
            prop_assert_eq!(found, expected.map(|(_, code)| *code));
        }

        #[test]
        fn a_star_for_any_part_of_a_name_matches_it(start in "[ab]{0,3}", cut in "[ab]{0,3}", end in "[ab]{0,3}") {
            let pattern = Wildcard::new(format!("{start}*{end}"));
            let name = format!("{start}{cut}{end}");
            prop_assert!(pattern.matches(&name));
        }
    }
}
