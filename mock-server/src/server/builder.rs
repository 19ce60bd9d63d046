//! What a server is started with, said step by step: by the flags of `mockplane serve`, and by programs that have one
//! in their process.

use super::{Config, OtherS3, Reach, Server};
use crate::admin::Site;
use crate::kernel::{AccountId, ClockMode, SimTime};
use crate::model::{
    BucketNames, DataMode, DeclaredFault, Ending, FaultEffect, FaultScope, IamMode, JobLogs, Placement,
    Precheck, Profile, Quotas, Rate, RegionInfo, RuleMode, Silence, Wildcard,
};
use crate::rules;
use crate::scenario::{behaviour, fault, problem::Problem, supply};
use crate::services::refusal;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A document of settings: its text, or the file that it is in.
#[derive(Clone, Copy, Debug)]
pub enum Document<'a> {
    Text(&'a str),
    File(&'a Path),
}

impl<'a> From<&'a str> for Document<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Path> for Document<'a> {
    fn from(file: &'a Path) -> Self {
        Self::File(file)
    }
}

impl<'a> From<&'a PathBuf> for Document<'a> {
    fn from(file: &'a PathBuf) -> Self {
        Self::File(file)
    }
}

impl<'a> Document<'a> {
    /// What it is called in messages, and its text.
    fn read(self, called: &str) -> Result<(String, Cow<'a, str>), String> {
        match self {
            Document::Text(text) => Ok((called.to_owned(), text.into())),
            Document::File(file) => {
                let name = file.display().to_string();
                let text =
                    std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
                Ok((name, text.into()))
            }
        }
    }

    /// Its meaning, or what is wrong where.
    fn parse<T>(
        self,
        called: &str,
        parse: impl FnOnce(&str) -> Result<T, Vec<Problem>>,
    ) -> Result<T, String> {
        let (name, text) = self.read(called)?;
        let told = |problems: Vec<Problem>| {
            problems.iter().map(|problem| problem.in_file(&name)).collect::<Vec<_>>().join("\n")
        };
        parse(&text).map_err(told)
    }
}

/// Settings that make no sense: one line for each thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Invalid(pub Vec<String>);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    /// There is no thread or no runtime for it.
    #[error("cannot start: {0}")]
    Runtime(std::io::Error),
}

/// Says how a server is to be started. What `mockplane serve` has flags for are methods here, with the same meanings and
/// the same defaults (the flags call them); only the port is any free one.
///
/// What makes no sense (a rule that is not there, a file that is not sound) is told by [`start`](Builder::start).
///
/// ```
/// use mockplane::{ClockMode, IamMode, Profile, RuleMode, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::builder()
///     .seed(7)
///     .region("eu-west-1")
///     .profile(Profile::Realistic)
///     .clock(ClockMode::Manual, Some("2026-01-05T09:00:00Z".parse()?))
///     .iam(IamMode::Audit)
///     .rule("SM-VPC-IP-01", RuleMode::Warn)
///     .behaviours("behaviours: [{image: '*/train:*', duration: 45m}]")
///     .start_blocking()?;
/// assert!(server.endpoint().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    config: Config,
    problems: Vec<String>,
}

/// Where it is.
impl Builder {
    /// The address to listen on; the loopback interface by default.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.config.host = host;
        self
    }

    /// The port to listen on; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// The account of callers whose access key is neither twelve digits nor made here.
    pub fn account(self, id: &str) -> Self {
        let id = AccountId::parse(id).ok_or_else(|| format!("`{id}` is no account of twelve digits"));
        self.checked(id, |config, id| config.account = id)
    }

    /// The region of requests that name none.
    pub fn region(self, name: &str) -> Self {
        let known = RegionInfo::get(name).ok_or_else(|| format!("`{name}` is no region"));
        self.checked(known, |config, region| config.region = region.name.into())
    }

    /// What ids, addresses and request ids follow from.
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }
}

/// Time.
impl Builder {
    /// How the time of accounts moves, and when it starts; `None` is now.
    pub fn clock(mut self, mode: ClockMode, start: Option<SimTime>) -> Self {
        (self.config.clock, self.config.clock_start) = (mode, start);
        self
    }

    /// How long jobs take.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.config.defaults.profile = profile;
        self
    }

    /// How long the interfaces of a deleted endpoint stay; unless told, as the profile says.
    pub fn endpoint_linger(mut self, span: Duration) -> Self {
        self.config.defaults.choices.linger = Some(span);
        self
    }

    /// How long EC2's describing operations lag behind what was done.
    pub fn eventual_consistency(mut self, lag: Duration) -> Self {
        self.config.defaults.choices.eventual = lag;
        self
    }
}

/// Who may do what, and what has to be there.
impl Builder {
    /// What becomes of calls that no policy allows.
    pub fn iam(mut self, mode: IamMode) -> Self {
        self.config.defaults.iam_mode = mode;
        self
    }

    /// What becomes of jobs whose buckets or objects are not here.
    pub fn data(mut self, mode: DataMode) -> Self {
        self.config.defaults.choices.data = mode;
        self
    }

    /// Whether each account has names of buckets for itself.
    pub fn bucket_names(mut self, names: BucketNames) -> Self {
        self.config.defaults.choices.bucket_names = names;
        self
    }

    /// What calls find out about S3 before they answer.
    pub fn precheck(mut self, precheck: Precheck) -> Self {
        self.config.defaults.choices.precheck = precheck;
        self
    }

    /// Another S3, such as `http://localhost:4566`, that is asked whether buckets and objects exist that are not here.
    pub fn upstream_s3(self, url: &str) -> Self {
        let other = OtherS3::new(url).map_err(|problem| format!("upstream S3: {problem}"));
        self.checked(other, |config, other| config.upstream = Some(other))
    }

    /// How many bytes of objects an account may keep, and how large one request to S3 may be.
    pub fn s3_max_bytes(mut self, bytes: u64) -> Self {
        self.config.defaults.choices.s3_bytes = Some(bytes);
        self
    }

    /// Refuses callers whose access key is neither twelve digits nor made here, instead of taking them for the root.
    pub fn deny_unknown_keys(mut self) -> Self {
        self.config.trust.unknown_keys = false;
        self
    }

    /// Refuses requests whose signature is wrong or too old; the secret is that of every account's root.
    pub fn verify_signatures(mut self, root_secret: &str) -> Self {
        self.config.trust.verify = Some(root_secret.to_owned());
        self
    }
}

/// The documented rules, and what there is of everything.
impl Builder {
    /// What a rule counts for.
    pub fn rule(self, id: &str, mode: RuleMode) -> Self {
        let known = rules::get(id).ok_or_else(|| format!("there is no rule {id}"));
        self.checked(known, |config, rule| config.defaults.rule_modes.set(rule.id, mode))
    }

    /// All quotas at once: [`Quotas::default`] is AWS's, [`Quotas::UNLIMITED`] none.
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.config.defaults.quotas = quotas;
        self
    }

    /// How much of one thing there may be in a region, by our name or that of Service Quotas.
    pub fn quota(self, name: &str, limit: usize) -> Self {
        self.checked(supply::quota(name), |config, ()| drop(config.defaults.quotas.set(name, limit)))
    }

    /// How many instances of a type zones have: a number or `unlimited` for each.
    pub fn capacity<'a>(
        self,
        instance_type: &str,
        zones: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        self.checked(supply::capacity(instance_type, zones), |config, zones| {
            zones
                .into_iter()
                .for_each(|(zone, most)| config.defaults.capacities.set(instance_type, zone, most));
        })
    }

    /// Zones that have no instances of a family, such as `ml.g5`.
    pub fn not_offered<'a>(self, family: &str, zones: impl IntoIterator<Item = &'a str>) -> Self {
        self.checked(supply::offering(family, zones), |config, zones| {
            config.defaults.offerings.set(family, zones);
        })
    }

    /// Words of one's own, TOML, for messages that are not known to be AWS's.
    pub fn texts<'a>(self, document: impl Into<Document<'a>>) -> Self {
        let read = document.into().read("texts").and_then(|(name, text)| {
            let texts = rules::texts::parse(&text, refusal::basis);
            texts.map_err(|problem| format!("cannot use {name}: {problem}"))
        });
        self.checked(read, |config, texts| config.defaults.texts = texts)
    }
}

/// What jobs do.
impl Builder {
    /// What containers do: a document as in docs/BEHAVIOURS.md.
    pub fn behaviours<'a>(self, document: impl Into<Document<'a>>) -> Self {
        let read = document.into().parse("behaviours", behaviour::parse);
        self.checked(read, |config, all| config.defaults.behaviours = all.into_iter().collect())
    }

    /// What goes wrong: a document as in docs/FAULTS.md.
    pub fn faults<'a>(self, document: impl Into<Document<'a>>) -> Self {
        let read = document.into().parse("faults", fault::parse_defaults);
        self.checked(read, |config, faults| config.defaults.faults = faults)
    }

    /// Lets EC2 refuse requests that come too fast, by the rates that AWS documents. It is a fault after those of
    /// [`faults`](Builder::faults).
    pub fn throttle_as_aws(mut self) -> Self {
        let effect = FaultEffect::Request {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            ending: Ending::Throttled(Rate::Aws),
        };
        let scope = FaultScope { service: Some(Wildcard::new("ec2")), ..FaultScope::default() };
        let declared = self.config.defaults.faults.declare(DeclaredFault::new("throttle-aws", scope, effect));
        self.checked(declared, |_, _| ())
    }

    /// Whether all instances of a job are in one of its subnets.
    pub fn placement(mut self, placement: Placement) -> Self {
        self.config.defaults.choices.placement = placement;
        self
    }

    /// What becomes of a job whose instances may not talk to each other.
    pub fn unconnected_job(mut self, silence: Silence) -> Self {
        self.config.defaults.choices.silence = silence;
        self
    }

    /// Over which network logs of jobs in a VPC are sent.
    pub fn job_logs(mut self, logs: JobLogs) -> Self {
        self.config.defaults.choices.job_logs = logs;
        self
    }

    /// Lets behaviours name containers that are not on this machine.
    pub fn proxy_anywhere(mut self) -> Self {
        self.config.reach = Reach::Anywhere;
        self
    }

    /// Prints every row anew, for measurements.
    pub(crate) fn without_memo(mut self) -> Self {
        self.config.memo = false;
        self
    }
}

/// The end.
impl Builder {
    /// Starts the server on the runtime that this is awaited on; it ends with it.
    ///
    /// # Errors
    /// Settings make no sense, or the address cannot be bound.
    pub async fn start(self) -> Result<Server, StartError> {
        Server::start(self.config()?).await
    }

    /// Starts the server on threads of its own, for tests that are not asynchronous, and for one server that many tests
    /// share.
    ///
    /// # Errors
    /// Settings make no sense, the address cannot be bound, or there are no threads.
    pub fn start_blocking(self) -> Result<Server, StartError> {
        let config = self.config()?;
        // A thread that belongs to no runtime, whoever calls this.
        let started = std::thread::spawn(move || -> Result<Server, StartError> {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(StartError::Runtime)?;
            let mut server = runtime.block_on(Server::start(config))?;
            server.runtime = Some(runtime);
            Ok(server)
        });
        let panicked = |_| Err(StartError::Runtime(std::io::Error::other("its thread panicked")));
        started.join().unwrap_or_else(panicked)
    }

    /// Everything behind the socket, without a socket.
    ///
    /// # Errors
    /// Settings make no sense.
    pub fn site(self) -> Result<Site, Invalid> {
        Ok(self.config()?.site())
    }

    /// What was said so far.
    ///
    /// # Errors
    /// Some of it makes no sense.
    pub fn config(self) -> Result<Config, Invalid> {
        if self.problems.is_empty() { Ok(self.config) } else { Err(Invalid(self.problems)) }
    }

    /// Takes a setting, or keeps in mind what is wrong with it.
    fn checked<T>(mut self, read: Result<T, String>, set: impl FnOnce(&mut Config, T)) -> Self {
        match read {
            Ok(value) => set(&mut self.config, value),
            Err(problem) => self.problems.push(problem),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_makes_no_sense_is_told() {
        let built = Server::builder()
            .account("123")
            .region("mars-north-1")
            .rule("SM-NO-SUCH", RuleMode::Off)
            .quota("unicorns", 1)
            .capacity("ml.m5.large", [("us-east-1a", "some")])
            .not_offered("g5", ["us-east-1a"])
            .texts("no toml")
            .behaviours("behaviours: [{imagine: x}]")
            .faults(Path::new("/no/such/file"))
            .upstream_s3("no address");
        let Err(Invalid(problems)) = built.config() else { panic!("nothing is wrong with it") };
        let parts = [
            "`123` is no account of twelve digits",
            "`mars-north-1` is no region",
            "there is no rule SM-NO-SUCH",
            "`unicorns` is no quota",
            "`some` is no number of instances",
            "`g5` is no family of instance types",
            "cannot use texts: ",
            "behaviours:1:",
            "cannot read /no/such/file: ",
            "upstream S3: ",
        ];
        assert_eq!(problems.len(), parts.len(), "{problems:#?}");
        for (problem, part) in problems.iter().zip(parts) {
            assert!(problem.starts_with(part), "{problem}");
        }
    }

    #[test]
    fn what_is_said_is_in_the_configuration() {
        let config = Server::builder()
            .account("210987654321")
            .region("eu-west-1")
            .rule("SM-VPC-IP-01", RuleMode::Warn)
            .quota("vpcs", 20)
            .throttle_as_aws()
            .config()
            .unwrap();
        assert_eq!((config.account.to_string().as_str(), &*config.region), ("210987654321", "eu-west-1"));
        assert_eq!(config.defaults.rule_modes.of("SM-VPC-IP-01"), RuleMode::Warn);
        assert!(config.defaults.quotas.all().contains(&("vpcs".to_owned(), 20)));
    }
}
