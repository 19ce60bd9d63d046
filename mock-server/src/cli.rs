//! The command line.

/// As the standard library's, but a reader that went away (`| head`) is no error.
macro_rules! print {
    ($($told:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stdout(), format_args!($($told)*));
    }};
}

/// [`print!`], and the end of the line.
macro_rules! println {
    ($($told:tt)*) => { print!("{}\n", format_args!($($told)*)) };
}

mod behaviours;
mod control;
mod diff;
mod explain;
mod export;
mod faults;
mod healthcheck;
mod lesson;
mod policy;
mod remote;
mod run;
mod snapshot;
mod supply;
#[cfg(test)]
mod tests;

use crate::clock::{parse_lag, parse_mode, parse_span};
use crate::gateway::ROOT_SECRET;
use crate::kernel::{AccountId, ClockMode, SimTime};
use crate::model::{
    BucketNames, DataMode, IamMode, JobLogs, Placement, Precheck, Profile, Quotas, RuleMode, Silence,
};
use crate::rules;
use crate::server::{Builder, DEFAULT_ACCOUNT, DEFAULT_REGION, Server};
use crate::services::refusal;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use supply::{parse_capacity, parse_not_offered, parse_quota};

/// The port where people look for it.
const DEFAULT_PORT: u16 = 4545;

/// A local mock control plane for Amazon EC2 VPC networking and Amazon SageMaker.
#[derive(Parser)]
#[command(name = "mockplane", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the AWS APIs until interrupted.
    Serve(Box<Serve>),
    /// Run scenarios: in this process, or against a server.
    Run(run::Run),
    /// Look at scenarios without running them.
    Lint(run::Lint),
    /// Print a scenario's calls as a script.
    Export(export::Export),
    /// Print the JSON Schema of scenario files.
    Schema(run::Format),
    /// Tell why a job or an endpoint is as it is: its phases, the rules that were asked, and what to do.
    /// And why a call was refused.
    Explain(explain::Explain),
    /// Tell what would become of a request for a job or an endpoint, without making it: 0 if it would complete, 1 if not.
    Preflight(explain::Preflight),
    /// Tell whether packets get from an interface to somewhere, hop by hop: 0 if they do, 1 if not.
    Reachability(explain::Reachability),
    /// Print the least that a policy must allow for what was done in an account, for each user and role.
    Policy(policy::Policy),
    /// Print a documented rule: what it says, where it is documented, what to do about it.
    Rule {
        /// Such as SM-VPC-IP-01; without it, all rules are listed.
        id: Option<String>,
    },
    /// Learn by mending what is broken: at a terminal, with the AWS CLI beside it and a server that runs.
    #[command(subcommand)]
    Lesson(lesson::Lesson),
    /// Look at files that say what containers do.
    #[command(subcommand)]
    Behaviours(behaviours::Behaviours),
    /// Look at files that say what goes wrong.
    #[command(subcommand)]
    Faults(faults::Faults),
    /// Save, list, restore, fork and delete snapshots of accounts of a server.
    Snapshot(snapshot::Snapshot),
    /// List the texts that are not known to be AWS's, as a file for `serve --texts`.
    Texts,
    /// Print what completes commands in a shell.
    Completions { shell: clap_complete::Shell },
    /// Ask a server whether it is healthy; for containers.
    Healthcheck {
        #[arg(long, env = "MOCKPLANE_PORT", default_value_t = DEFAULT_PORT)]
        port: u16,
    },
}

#[derive(Args)]
struct Serve {
    /// Address to listen on.
    #[arg(long, env = "MOCKPLANE_HOST", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, env = "MOCKPLANE_PORT", default_value_t = DEFAULT_PORT)]
    port: u16,
    /// Write the endpoint and the process id to this file, as JSON.
    #[arg(long, env = "MOCKPLANE_ENDPOINTS_FILE")]
    endpoints_file: Option<PathBuf>,
    /// Account of callers whose access key is neither twelve digits nor made here.
    #[arg(long, env = "MOCKPLANE_ACCOUNT_ID", default_value_t = DEFAULT_ACCOUNT.to_string(), value_parser = parse_account)]
    account_id: String,
    /// Region of requests that name none.
    #[arg(long, env = "MOCKPLANE_REGION", default_value = DEFAULT_REGION)]
    region: String,
    /// Ids, addresses and request ids follow from this number.
    #[arg(long, env = "MOCKPLANE_SEED", default_value_t = 0)]
    seed: u64,
    /// How time moves: real, manual, manual:2026-01-05T09:00:00Z, poll, or scaled:60.
    #[arg(long, env = "MOCKPLANE_CLOCK", default_value = "real", value_parser = parse_mode)]
    clock: (ClockMode, Option<SimTime>),
    /// How long jobs take.
    #[arg(long, env = "MOCKPLANE_PROFILE", default_value = "fast")]
    profile: ProfileName,
    /// How long the interfaces of a deleted endpoint stay, such as 5m; 0s takes them along. Five minutes unless
    /// told otherwise; with profile instant, no time.
    #[arg(long, env = "MOCKPLANE_ENDPOINT_LINGER", value_parser = span)]
    endpoint_linger: Option<Duration>,
    /// How long EC2's describing operations lag behind what was done, such as 2s: what is new is not found yet, what
    /// is gone is still there. 0 is not at all.
    #[arg(long, env = "MOCKPLANE_EVENTUAL_CONSISTENCY", default_value = "0", value_parser = lag)]
    eventual_consistency: Duration,
    /// What a rule counts for: ID=enforce, ID=warn or ID=off; may be given several times, or once with commas.
    #[arg(long = "rule", env = "MOCKPLANE_RULE", value_delimiter = ',', value_parser = parse_rule)]
    rules: Vec<(&'static str, RuleMode)>,
    /// A TOML file with words of your own for messages that are not known to be AWS's: ID = "text".
    #[arg(long, env = "MOCKPLANE_TEXTS")]
    texts: Option<PathBuf>,
    /// Whether all instances of a job are in one of its subnets, or each in a subnet of its own choice.
    #[arg(long, env = "MOCKPLANE_PLACEMENT", default_value = "per-job")]
    placement: PlacementName,
    /// What calls find out about S3 before they answer: whether data are there (existence), the same with policies that
    /// count as they do outside of the VPC (outside), or nothing (off).
    #[arg(long, env = "MOCKPLANE_PRECHECK", default_value = "existence", value_parser = precheck)]
    precheck: Precheck,
    /// Zones that have no instances of a family, such as ml.g5=us-east-1a+us-east-1b; ml.p3= says that all zones have
    /// them. May be given several times, or once with commas.
    #[arg(long, env = "MOCKPLANE_NOT_OFFERED", value_delimiter = ',', value_parser = parse_not_offered)]
    not_offered: Vec<(String, Vec<&'static str>)>,
    /// What becomes of a job whose instances may not talk to each other: it fails, or hangs until its time limit.
    #[arg(long, env = "MOCKPLANE_UNCONNECTED_JOB", default_value = "fail")]
    unconnected_job: SilenceName,
    /// Over which network logs of jobs in a VPC are sent: the VPC (vpc), or SageMaker's own (service).
    #[arg(long, env = "MOCKPLANE_JOB_LOGS", default_value = "vpc", value_parser = job_logs)]
    job_logs: JobLogs,
    /// A YAML or JSON file that says what containers do: how long they run, what they log and connect to, how they end.
    #[arg(long, env = "MOCKPLANE_BEHAVIOURS")]
    behaviours: Option<PathBuf>,
    #[command(flatten)]
    faults: faults::Begin,
    /// How much of everything there may be: as on AWS by default, or without bounds.
    #[arg(long, env = "MOCKPLANE_QUOTAS", default_value = "aws")]
    quotas: QuotasName,
    /// How many instances of a type zones have, such as ml.p3.2xlarge=us-east-1a:0+us-east-1b:2; there is plenty of what
    /// is not named. May be given several times, or with commas.
    #[arg(long, env = "MOCKPLANE_CAPACITY", value_delimiter = ',', value_parser = parse_capacity)]
    capacity: Vec<supply::Supply>,
    /// How much of one thing there may be, whatever `--quotas` says: vpcs=20 or vpcs=unlimited. May be given several
    /// times, or once with commas.
    #[arg(long = "quota", env = "MOCKPLANE_QUOTA", value_delimiter = ',', value_parser = parse_quota)]
    quota: Vec<(String, usize)>,
    /// What becomes of calls that no policy allows, and of jobs whose roles may not do what they need: they are refused,
    /// served with an event that tells (audit), or served.
    #[arg(long = "iam", env = "MOCKPLANE_IAM", default_value = "enforce")]
    iam: IamModeName,
    /// What becomes of jobs whose buckets or objects are not here: they fail (enforce), run with an event that tells
    /// (audit), or run (off). With auto they fail as soon as the account has made a bucket here; until then its
    /// buckets count as kept elsewhere. The same for images in no registry that they could be pulled from, except that
    /// auto refuses them.
    #[arg(long, env = "MOCKPLANE_DATA", default_value = "auto")]
    data: DataModeName,
    /// Whether each account has names of buckets for itself, or all share them as on AWS.
    #[arg(long, env = "MOCKPLANE_BUCKET_NAMES", default_value = "account")]
    bucket_names: BucketNamesName,
    /// Another S3, such as http://localhost:4566, that is asked whether buckets and objects exist that are not here.
    #[arg(long, env = "MOCKPLANE_UPSTREAM_S3")]
    upstream_s3: Option<String>,
    /// Let behaviours name containers that are not on this machine.
    #[arg(long, env = "MOCKPLANE_PROXY_ANYWHERE")]
    proxy_anywhere: bool,
    /// Who acts with an access key that is neither twelve digits nor made here, or with none: the account's root, or
    /// nobody.
    #[arg(long, env = "MOCKPLANE_UNKNOWN_KEYS", default_value = "root")]
    unknown_keys: UnknownKeysName,
    /// Refuse requests whose signature is not right or too old. Keys that were made here are checked with their own
    /// secrets, all others with that of the root.
    #[arg(long, env = "MOCKPLANE_VERIFY_SIGNATURES")]
    verify_signatures: bool,
    /// The secret key of the root of every account; it counts only with --verify-signatures.
    #[arg(long, env = "MOCKPLANE_ROOT_SECRET", default_value = ROOT_SECRET)]
    root_secret: String,
    /// How many bytes of objects an account may keep, such as 256MiB or 2GiB, and how large one request may be.
    #[arg(long, env = "MOCKPLANE_S3_MAX_BYTES", default_value = "256MiB", value_parser = parse_bytes)]
    s3_max_bytes: u64,
    /// Form of the log, which goes to standard error.
    #[arg(long, env = "MOCKPLANE_LOG_FORMAT", default_value = "text")]
    log_format: LogFormat,
    /// Measure only: print every row anew.
    #[arg(long, env = "MOCKPLANE_BENCH_NO_MEMO", hide = true)]
    bench_no_memo: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    Fast,
    Realistic,
    Instant,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Fast => Profile::Fast,
            ProfileName::Realistic => Profile::Realistic,
            ProfileName::Instant => Profile::Instant,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum PlacementName {
    PerJob,
    PerInstance,
}

impl From<PlacementName> for Placement {
    fn from(name: PlacementName) -> Self {
        match name {
            PlacementName::PerJob => Placement::PerJob,
            PlacementName::PerInstance => Placement::PerInstance,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum SilenceName {
    Fail,
    Hang,
}

impl From<SilenceName> for Silence {
    fn from(name: SilenceName) -> Self {
        match name {
            SilenceName::Fail => Silence::Fail,
            SilenceName::Hang => Silence::Hang,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum QuotasName {
    Aws,
    Off,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum UnknownKeysName {
    Root,
    Deny,
}

#[derive(Clone, Copy, ValueEnum)]
enum IamModeName {
    Enforce,
    Audit,
    Off,
}

impl From<IamModeName> for IamMode {
    fn from(name: IamModeName) -> Self {
        match name {
            IamModeName::Enforce => IamMode::Enforce,
            IamModeName::Audit => IamMode::Audit,
            IamModeName::Off => IamMode::Off,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum DataModeName {
    Auto,
    Enforce,
    Audit,
    Off,
}

impl From<DataModeName> for DataMode {
    fn from(name: DataModeName) -> Self {
        match name {
            DataModeName::Auto => DataMode::Auto,
            DataModeName::Enforce => DataMode::Enforce,
            DataModeName::Audit => DataMode::Audit,
            DataModeName::Off => DataMode::Off,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum BucketNamesName {
    Account,
    Global,
}

impl From<BucketNamesName> for BucketNames {
    fn from(name: BucketNamesName) -> Self {
        match name {
            BucketNamesName::Account => BucketNames::Account,
            BucketNamesName::Global => BucketNames::Global,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
    /// No line for each request.
    Off,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve(&args),
        Command::Run(args) => run::run(args),
        Command::Lint(args) => run::look(&args),
        Command::Export(args) => export::export(&args),
        Command::Schema(args) => run::schema(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Preflight(args) => explain::preflight(&args),
        Command::Reachability(args) => explain::reachability(&args),
        Command::Policy(args) => policy::policy(&args),
        Command::Rule { id } => rule(id.as_deref()),
        Command::Lesson(what) => lesson::lesson(&what),
        Command::Behaviours(what) => behaviours::behaviours(&what),
        Command::Faults(what) => faults::faults(&what),
        Command::Snapshot(what) => snapshot::snapshot(&what),
        Command::Texts => texts(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "mockplane", &mut script);
            print!("{}", String::from_utf8_lossy(&script));
            ExitCode::SUCCESS
        }
        Command::Healthcheck { port } => healthcheck::healthcheck(port),
    }
}

/// Exit codes; those of `run` are those of Hurl.
const USAGE: u8 = 1;

fn fail(text: impl std::fmt::Display) -> ExitCode {
    eprintln!("mockplane: {text}");
    ExitCode::from(USAGE)
}

fn serve(args: &Serve) -> ExitCode {
    start_log(args.log_format);
    let builder = builder(args);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("cannot start: {error}")),
    };
    runtime.block_on(async {
        let server = match builder.start().await {
            Ok(server) => server,
            Err(error) => return fail(error),
        };
        let mode = IamMode::from(args.iam);
        tracing::info!(
            mode = mode.name(),
            "IAM policies: {}",
            match mode {
                IamMode::Enforce => "what no policy allows is refused",
                IamMode::Audit => "what no policy allows is served and told as an event",
                IamMode::Off => "nothing is asked",
            }
        );
        if let Err(error) = announce(&server, args) {
            return fail(error);
        }
        interrupted().await;
        server.shutdown().await;
        ExitCode::SUCCESS
    })
}

/// What the flags say.
fn builder(args: &Serve) -> Builder {
    let quotas = match args.quotas {
        QuotasName::Aws => Quotas::default(),
        QuotasName::Off => Quotas::UNLIMITED,
    };
    let mut builder = Server::builder()
        .host(args.host)
        .port(args.port)
        .account(&args.account_id)
        .region(&args.region)
        .seed(args.seed)
        .clock(args.clock.0, args.clock.1)
        .profile(args.profile.into())
        .eventual_consistency(args.eventual_consistency)
        .quotas(quotas)
        .iam(args.iam.into())
        .data(args.data.into())
        .bucket_names(args.bucket_names.into())
        .precheck(args.precheck)
        .s3_max_bytes(args.s3_max_bytes)
        .placement(args.placement.into())
        .unconnected_job(args.unconnected_job.into())
        .job_logs(args.job_logs);
    if let Some(span) = args.endpoint_linger {
        builder = builder.endpoint_linger(span);
    }
    for (rule, mode) in &args.rules {
        builder = builder.rule(rule, *mode);
    }
    for (name, limit) in &args.quota {
        builder = builder.quota(name, *limit);
    }
    for (name, zones) in &args.capacity {
        let zones = zones.iter().map(|(zone, most)| (zone.as_str(), most.as_str()));
        builder = builder.capacity(name, zones);
    }
    for (family, zones) in &args.not_offered {
        builder = builder.not_offered(family, zones.iter().copied());
    }
    if let Some(file) = &args.texts {
        builder = builder.texts(file);
    }
    if let Some(file) = &args.behaviours {
        builder = builder.behaviours(file);
    }
    builder = args.faults.declared(builder);
    if let Some(url) = &args.upstream_s3 {
        builder = builder.upstream_s3(url);
    }
    if args.proxy_anywhere {
        builder = builder.proxy_anywhere();
    }
    if args.unknown_keys == UnknownKeysName::Deny {
        builder = builder.deny_unknown_keys();
    }
    if args.verify_signatures {
        builder = builder.verify_signatures(&args.root_secret);
    }
    if args.bench_no_memo {
        builder = builder.without_memo();
    }
    builder
}

/// Says where the server is, and then that it is ready, on a line of its own that others wait for.
fn announce(server: &Server, args: &Serve) -> Result<(), String> {
    if let Some(file) = &args.endpoints_file {
        let text = serde_json::json!({
            "endpoint": server.endpoint(),
            "port": server.address().port(),
            "pid": std::process::id(),
        });
        // Whoever waits for the file must never read half of it.
        let partial = file.with_extension("partial");
        let written =
            std::fs::write(&partial, format!("{text}\n")).and_then(|()| std::fs::rename(&partial, file));
        written.map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "Mockplane serves on {}", server.endpoint())
        .and_then(|()| writeln!(out, "Ready."))
        .and_then(|()| out.flush());
    said.map_err(|error| format!("cannot write to standard output: {error}"))
}

async fn interrupted() {
    let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

fn start_log(format: LogFormat) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Off => {}
    }
}

fn texts() -> ExitCode {
    let rules = rules::texts::all().filter(|(_, text)| text.basis == rules::Basis::Assumed);
    let rules = rules.map(|(id, text)| (id, text.text.as_str()));
    let refusals = refusal::all().filter(|line| line.assumed).map(|line| (line.name, line.text));
    // A string of JSON is one of TOML too; what refusals write twice, they say once.
    let line = |(id, text): (&str, &str)| {
        format!("{id} = {}\n", serde_json::Value::from(text.replace("{{", "{").replace("}}", "}")))
    };
    let text: String = rules.chain(refusals).map(line).collect();
    // A reader that closes the pipe early has read what it wanted.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn rule(id: Option<&str>) -> ExitCode {
    let text = match id {
        Some(id) => match rules::page(id) {
            Some(page) => page,
            None => return fail(format_args!("there is no rule {id}; `mockplane rule` lists them")),
        },
        None => rules::index(),
    };
    // A reader that closes the pipe early has read what it wanted.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text).ok_or_else(|| "a span such as 5m, 1h30m or 0s".into())
}

fn lag(text: &str) -> Result<Duration, String> {
    parse_lag(text).ok_or_else(|| "a span such as 2s or 500ms, or 0".into())
}

fn job_logs(name: &str) -> Result<JobLogs, String> {
    JobLogs::parse(name).ok_or_else(|| "vpc or service".into())
}

fn precheck(name: &str) -> Result<Precheck, String> {
    Precheck::parse(name).ok_or_else(|| "existence, outside or off".into())
}

fn parse_rule(text: &str) -> Result<(&'static str, RuleMode), String> {
    rules::parse_mode(text).ok_or_else(|| {
        "such as SM-VPC-IP-01=warn: a rule that `mockplane rule` lists, and enforce, warn or off".into()
    })
}

/// Bytes: a number, with KiB, MiB or GiB if it is of those.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let unit = units.into_iter().find_map(|(unit, bits)| Some((text.strip_suffix(unit)?, bits)));
    let (number, bits) = unit.unwrap_or((text, 0));
    let number: Option<u64> = number.trim().parse().ok();
    let bytes = number.and_then(|number| number.checked_mul(1 << bits));
    bytes.ok_or_else(|| "such as 1048576, 256MiB or 2GiB".to_owned())
}

fn parse_account(text: &str) -> Result<String, String> {
    AccountId::parse(text).map(|id| id.to_string()).ok_or_else(|| "an account has twelve digits".into())
}
