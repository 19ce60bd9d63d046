//! `just bench`: what Mockplane costs, beside a bare hyper server that answers the same bytes in the same run.
//!
//! Nothing here is a test: numbers are reported, never asserted. Loads are bounded in requests and time and go
//! to the loopback only. Rounds interleave the servers, so a disturbance of the machine meets all of them.

mod crowd;
mod report;
mod setup;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use client_tests::load::{self, Bounds, Sample, Spread};
use client_tests::server::{self, Server};
use client_tests::wire::{self, Connection};
use client_tests::{Result, process, wall};

use report::{Case, Growth, Measured, Memory};

const CONNECTIONS: [usize; 2] = [1, 16];
/// No line for each request: the bare server writes none either.
const QUIET: [&str; 2] = ["--log-format", "off"];
/// Worlds are larger here than AWS's default quotas allow.
const NO_QUOTAS: (&str, &str) = ("MOCKPLANE_QUOTAS", "off");
const LEASES: [usize; 7] = [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000];
const CROWDS: [usize; 4] = [10, 100, 300, 1_000];
const INTERFACES: [usize; 4] = [100, 1_000, 10_000, 100_000];

struct Options {
    rounds: usize,
    starts: usize,
    seconds: f64,
    interfaces: usize,
    write: bool,
}

impl Options {
    fn parse() -> Result<Options> {
        let mut options = Options { rounds: 5, starts: 11, seconds: 1.5, interfaces: 100_000, write: true };
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                // Only to see that the benchmark itself works.
                "--quick" => {
                    options = Options { rounds: 2, starts: 3, seconds: 0.2, interfaces: 1_000, write: false };
                }
                "--no-write" => options.write = false,
                other => return Err(format!("unknown argument {other}; known: --quick --no-write").into()),
            }
        }
        Ok(options)
    }
}

/// One thing that a client does, on the server that does it.
struct Scenario {
    name: &'static str,
    server: Target,
    request: Request,
}

#[derive(Clone, Copy)]
struct Target {
    address: SocketAddr,
    pid: u32,
}

enum Request {
    /// The same question again and again.
    Same(Vec<u8>),
    /// Changes the world: every run gets an account of its own, and few enough requests for its subnet.
    Fresh(usize),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse()?;
    eprintln!("binary: {}", server::binary()?.display());

    let main = Server::start(&QUIET, &[NO_QUOTAS])?;
    let cold = Server::start(&QUIET, &[NO_QUOTAS, ("MOCKPLANE_BENCH_NO_MEMO", "true")])?;
    let logging = Server::start(&[], &[])?;
    wall::sleep(Duration::from_millis(500)).await;
    let idle = process::resident(main.pid())?;
    let cases = cases(&options, &main, &cold, &logging).await?;
    let memory_and_growth = grow(&options).await?;
    let report = Measured {
        machine: process::machine()?,
        binary_mib: std::fs::metadata(server::binary()?)?.len() as f64 / (1024.0 * 1024.0),
        rounds: options.rounds,
        seconds: options.seconds,
        cases,
        starts: starts(options.starts)?,
        memory: Memory { idle, filled: memory_and_growth.0 },
        growth: memory_and_growth.1,
        filling: fill(&options).await?,
        crowds: crowds(&options).await?,
    }
    .markdown();
    println!("{report}");
    if options.write {
        report::write(&report)?;
    }
    Ok(())
}

async fn cases(options: &Options, main: &Server, cold: &Server, logging: &Server) -> Result<Vec<Case>> {
    let target = |server: &Server| Target { address: server.address, pid: server.pid() };
    let subnets = "DescribeSubnets, 100 subnets";
    let [put, get] = setup::object(main, 1_000_000).await?;
    let scenarios = [
        Scenario {
            name: subnets,
            server: target(main),
            request: Request::Same(setup::subnets(main, 100).await?),
        },
        Scenario {
            name: "the same, cold rows",
            server: target(cold),
            request: Request::Same(setup::subnets(cold, 100).await?),
        },
        Scenario {
            name: "the same, by a role with 50 statements",
            server: target(main),
            request: Request::Same(setup::subnets_by_role(main, 100, 50).await?),
        },
        Scenario {
            name: "DescribeSubnets, 1000 subnets",
            server: target(main),
            request: Request::Same(setup::subnets(main, 1_000).await?),
        },
        Scenario { name: "CreateNetworkInterface", server: target(main), request: Request::Fresh(4_000) },
        Scenario {
            name: "DescribeTrainingJob",
            server: target(main),
            request: Request::Same(setup::training_job(main).await?),
        },
        Scenario {
            name: "the same, with a log line",
            server: target(logging),
            request: Request::Same(setup::training_job(logging).await?),
        },
        Scenario { name: "PutObject, 1 MB", server: target(main), request: Request::Same(put) },
        Scenario { name: "GetObject, 1 MB", server: target(main), request: Request::Same(get) },
    ];

    let mut accounts = 0;
    let mut fresh = |main: &Server| {
        accounts += 1;
        let account = format!("3{accounts:011}");
        let address = main.address;
        async move { setup::create_interface(address, &account).await }
    };
    let mut recordings = Vec::new();
    for scenario in &scenarios {
        let request = match &scenario.request {
            Request::Same(request) => request.clone(),
            Request::Fresh(_) => fresh(main).await?,
        };
        recordings.push(Recording::of(scenario.server.address, &request).await?);
    }
    let bare = Bare::start(&recordings)?;
    let mut runs: Vec<Vec<[Vec<Sample>; 2]>> =
        scenarios.iter().map(|_| CONNECTIONS.map(|_| [Vec::new(), Vec::new()]).to_vec()).collect();
    for round in 0..options.rounds {
        for (number, scenario) in scenarios.iter().enumerate() {
            for (column, connections) in CONNECTIONS.into_iter().enumerate() {
                let (request, requests) = match &scenario.request {
                    Request::Same(request) => (request.clone(), usize::MAX),
                    Request::Fresh(limit) => (fresh(main).await?, *limit),
                };
                let bounds = Bounds { requests, time: Duration::from_secs_f64(options.seconds) };
                let request = wire::mark(&request, number);
                // Both orders in turn: whoever is second finds a warmer machine.
                for which in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
                    let target = [scenario.server, bare.target][which];
                    let sample = load::run(target.address, target.pid, connections, &request, bounds).await?;
                    runs[number][column][which].push(sample);
                }
            }
        }
        eprintln!("round {} of {}", round + 1, options.rounds);
    }
    let mut cases = Vec::new();
    for (number, scenario) in scenarios.iter().enumerate() {
        for (column, connections) in CONNECTIONS.into_iter().enumerate() {
            let [ours, bare] = &runs[number][column];
            cases.push(Case {
                name: scenario.name,
                connections,
                bytes: recordings[number].body.len(),
                ours: ours.clone(),
                bare: bare.clone(),
            });
        }
    }
    Ok(cases)
}

/// A real answer, kept for the bare server.
struct Recording {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Recording {
    async fn of(address: SocketAddr, request: &[u8]) -> Result<Recording> {
        let mut connection = Connection::open(address).await?;
        let reply = connection.call(request).await?;
        if reply.status != 200 {
            return Err(format!("{}: {}", reply.status, String::from_utf8_lossy(reply.body)).into());
        }
        let headers = std::str::from_utf8(reply.head)?
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
            .filter(|(name, _)| {
                !matches!(name.as_str(), "content-length" | "connection" | "transfer-encoding")
            })
            .collect();
        Ok(Recording { headers, body: reply.body.to_vec() })
    }
}

struct Bare {
    child: Child,
    directory: PathBuf,
    target: Target,
}

impl Bare {
    fn start(recordings: &[Recording]) -> Result<Bare> {
        let directory = std::env::temp_dir().join(format!("mockplane-bare-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        for (number, recording) in recordings.iter().enumerate() {
            let path = |kind: &str| directory.join(format!("{number}.{kind}"));
            std::fs::write(path("json"), serde_json::to_vec(&recording.headers)?)?;
            std::fs::write(path("body"), &recording.body)?;
        }
        let program = std::env::current_exe()?.with_file_name("bare");
        let mut child = Command::new(&program)
            .arg(&directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| {
                format!(
                    "{}: {e}; build it with `cargo build --release -p client-tests --bins`",
                    program.display()
                )
            })?;
        let mut port = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut port)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse()?));
        let target = Target { address, pid: child.id() };
        Ok(Bare { child, directory, target })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Milliseconds from exec to the first answer, for the health check and for an AWS call.
fn starts(count: usize) -> Result<[Spread; 2]> {
    let time = |request: &[u8]| -> Result<Spread> {
        let mut times = Vec::new();
        for _ in 0..count {
            times.push(server::cold_start(request, server::free_port()?)?.as_secs_f64() * 1e3);
        }
        Ok(Spread::of(times))
    };
    Ok([time(&wire::get("/_mockplane/health"))?, time(&wire::ec2("100000000001", "DescribeVpcs", ""))?])
}

/// Fills one subnet and makes some interfaces at each level.
async fn fill(options: &Options) -> Result<Vec<(usize, Sample)>> {
    let server = Server::start(&QUIET, &[NO_QUOTAS])?;
    let filling = setup::Filling::new(&server).await?;
    let bounds = Bounds { requests: 2_000, time: Duration::from_secs_f64(options.seconds.min(1.0)) };
    let mut samples = Vec::new();
    for leases in LEASES.into_iter().filter(|leases| *leases <= options.interfaces) {
        filling.fill_to(leases).await?;
        let sample = load::run(server.address, server.pid(), 1, &filling.create(), bounds).await?;
        samples.push((leases, sample));
        eprintln!("{leases} leases");
    }
    Ok(samples)
}

/// So many jobs at once, each time in an account of their own.
async fn crowds(options: &Options) -> Result<Vec<crowd::Crowd>> {
    let server = Server::start(&QUIET, &[NO_QUOTAS])?;
    let mut crowds = Vec::new();
    for jobs in CROWDS.into_iter().filter(|jobs| *jobs * 10 <= options.interfaces) {
        crowds.push(crowd::run(&server, jobs).await?);
        eprintln!("{jobs} jobs");
    }
    Ok(crowds)
}

/// Fills one region with interfaces and asks for some of them on the way.
async fn grow(options: &Options) -> Result<(Vec<(usize, f64)>, Vec<Growth>)> {
    let server = Server::start(&QUIET, &[NO_QUOTAS])?;
    let mut world = setup::World::new(&server).await?;
    let bounds = Bounds { requests: 20_000, time: Duration::from_secs_f64(options.seconds.min(1.0)) };
    let (mut memory, mut growth) = (Vec::new(), Vec::new());
    for count in INTERFACES.into_iter().filter(|count| *count <= options.interfaces) {
        if let Err(refusal) = world.grow_to(count).await {
            eprintln!("no {count} interfaces: {refusal}");
            break;
        }
        memory.push((count, process::resident(server.pid())?));
        let mut samples = Vec::new();
        for request in [world.by_id(), world.by_subnet(), world.by_description()] {
            samples.push(load::run(server.address, server.pid(), 1, &request, bounds).await?);
        }
        growth.push(Growth { interfaces: count, samples });
        eprintln!("{count} interfaces");
    }
    Ok((memory, growth))
}
