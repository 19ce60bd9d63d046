//! How much jobs and endpoints send and receive, from which of their interfaces and when: what flow logs may record.
//!
//! Each instance has an interface for its containers, and one that the service itself uses for S3 and for logs; with
//! network isolation only the latter. Source: AWS knowledge center, "sagemaker-access-network-isolation". Whoever calls an
//! endpoint does so over the service's own network, so there is nothing of that in a VPC.
//!
//! One connection stands for all that goes between two ends in a phase. Each interface has traces of its own here: rules
//! look at one interface in each subnet.

use super::{behaviour, output, place};
use crate::kernel::digest;
use crate::model::path::{Flow, Goal, Trace, Transport, Vantage};
use crate::model::sight::sight;
use crate::model::traffic::EXCHANGE;
use crate::model::{
    DataNeed, DataUse, Extent, FoundBucket, Job, JobKey, JobKind, JobLogs, LogLine, Needs,
    NetworkInterfaceId, ObjectVersion, Phase, Sight, Txn, Volume,
};
use crate::net::{self, Terrain, flow_log};
use crate::rules::{Case, Paths, logs};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// What is read of a bucket that nobody here knows, and what instances that work together tell each other: assumed.
const UNKNOWN: u64 = 1 << 20;
/// Where the first instance listens to the others: what the service's images for PyTorch call MASTER_PORT. Assumed of
/// all others. The way of what is encrypted is not followed, only the exchange of keys for it.
/// Source of the latter: developer guide, "train-encrypt".
const MASTER: (Transport, u16) = (Transport::Tcp, 7_777);
const KEYS: (Transport, u16) = (Transport::Udp, 500);
/// The ports that Linux gives to clients.
const CLIENTS: (u16, u16) = (32_768, 60_999);
/// Where the numbers begin of connections that are not to data.
const OF_PEERS: usize = 10_000;
const OF_CONNECTIONS: usize = 20_000;
const OF_LOGS: usize = 9_999;
/// How long a connection takes that says little: opened, asked, answered.
const SHORT: Duration = Duration::from_secs(1);

/// What goes over which path.
pub(super) type Flows = Vec<(Arc<Trace>, Volume)>;
/// How much each instance leaves at each of the outputs, if it leaves anything there.
pub(super) type Written = Vec<Vec<Option<u64>>>;

/// The instances of a job or of a variant of an endpoint, at work in a phase.
pub(super) struct Crew<'a> {
    pub key: &'a JobKey,
    pub needs: &'a Needs,
    /// The interfaces of each instance: the containers' first, the service's own last.
    pub machines: &'a [Vec<NetworkInterfaceId>],
    pub phase: Phase,
    /// How long the phase usually lasts.
    pub lasts: Duration,
    /// Whether the containers start, and whether they gave up at a connection.
    pub starts: bool,
    pub gave_up: bool,
    /// How much they write to their logs.
    pub log_bytes: u64,
}

/// Tells whoever watches what a job sends and receives in a phase that begins now.
pub(super) fn observe_job(txn: &mut Txn<'_>, job: &Job, phase: Phase, starts: bool) {
    if job.needs.vpc.is_none() || !is_watched(txn) {
        return;
    }
    let machines = place::of_instances(txn, job);
    let crew = Crew {
        key: &job.key,
        needs: &job.needs,
        machines: &machines,
        phase,
        lasts: job.current().lasts(txn.state.profile),
        starts,
        gave_up: job.exit.as_ref().is_some_and(|exit| exit.early),
        log_bytes: bytes_of(&job.log),
    };
    let written = if phase == Phase::Output { written(txn, job, machines.len()) } else { Written::new() };
    tell(txn, of_phase(txn, &crew, &written));
}

/// Tells whoever watches what the instances of an endpoint's variant do.
pub(super) fn observe(txn: &mut Txn<'_>, crew: &Crew<'_>) {
    if crew.needs.vpc.is_some() && is_watched(txn) {
        tell(txn, of_phase(txn, crew, &Written::new()));
    }
}

fn tell(txn: &mut Txn<'_>, flows: Flows) {
    for (trace, volume) in flows {
        flow_log::observe(txn, &trace, &volume);
    }
}

/// How long what was logged is.
pub(super) fn bytes_of(log: &Vector<LogLine>) -> u64 {
    log.iter().map(|line| line.text.len() as u64).sum()
}

/// Whether anybody could record anything: traces are not for nothing.
fn is_watched(txn: &Txn<'_>) -> bool {
    let site = &txn.state.site;
    let away = |account, region: &str| (account, region) != (site.account, &*site.region);
    !txn.state.flow_logs.is_empty()
        || txn.state.peerings.iter().any(|row| {
            away(row.requester.account, &row.requester.region)
                || away(row.accepter.account, &row.accepter.region)
        })
}

/// What is sent and received in a phase that begins now.
pub(super) fn of_phase(txn: &Txn<'_>, crew: &Crew<'_>, written: &Written) -> Flows {
    match crew.phase {
        Phase::Input => {
            let read = downloads(txn, crew);
            data(txn, crew, true, |machine, n| Some((0, *read.get(machine)?.get(n)?)))
        }
        Phase::Run => {
            let input =
                |n: usize, streamed| crew.needs.inputs.get(n).filter(|need| need.streamed == streamed);
            let code = |n: usize| input(n, false).map(|need| sizes(txn, need).iter().sum());
            let mut flows = data(txn, crew, false, |_, n| Some((0, code(n)?)));
            if crew.needs.inputs.iter().any(|need| need.streamed) {
                let read = downloads(txn, crew);
                let read = |machine: usize, n| read.get(machine)?.get(n).copied();
                flows.extend(data(txn, crew, true, |machine, n| {
                    input(n, true)?;
                    Some((0, read(machine, n)?))
                }));
            }
            flows.extend(peers(txn, crew));
            flows.extend(connections(txn, crew));
            flows.extend(logs(txn, crew));
            flows
        }
        Phase::Output => data(txn, crew, true, |machine, n| Some(((*written.get(machine)?.get(n)?)?, 0))),
        Phase::Create | Phase::Place | Phase::Start => Vec::new(),
    }
}

impl Crew<'_> {
    /// The interface of each instance from which packets go. What the service brings it brings over its own.
    fn vantages(&self, txn: &Txn<'_>, of_service: bool) -> Vec<Vantage> {
        let of = |all: &Vec<NetworkInterfaceId>| {
            let id =
                if of_service { all.last() } else { all.first().filter(|_| !self.needs.network_isolation) };
            Vantage::of(txn.state.interfaces.get(id?)?)
        };
        self.machines.iter().filter_map(of).collect()
    }

    /// How long a phase of this crew lasts that would last so long: a run as long as was declared, and no longer than it may.
    fn lasts(&self) -> Duration {
        if self.phase != Phase::Run {
            return self.lasts;
        }
        let lasts = if self.gave_up { self.lasts } else { behaviour::lasts(self.needs, None, self.lasts) };
        self.needs.max_runtime.map_or(lasts, |limit| limit.min(lasts))
    }

    /// What goes over a path, besides a request and what it takes.
    fn volume(
        &self,
        txn: &Txn<'_>,
        trace: &Trace,
        number: usize,
        bytes: (u64, u64),
        lasts: Duration,
    ) -> Volume {
        let interface = trace.flow.from.as_ref().and_then(|from| from.interface);
        let interface = interface.map(|id| id.to_string()).unwrap_or_default();
        // One port after the other, so that connections of one interface differ.
        let first = digest(0, &[interface.as_bytes(), self.phase.name().as_bytes()]) >> 64;
        let lot = (first + number as u128) % u128::from(CLIENTS.1 - CLIENTS.0 + 1);
        Volume {
            out_bytes: EXCHANGE.0.saturating_add(bytes.0),
            back_bytes: EXCHANGE.1.saturating_add(bytes.1),
            start: txn.now,
            end: txn.now + lasts.min(self.lasts()),
            from_port: CLIENTS.0 + u16::try_from(lot).unwrap_or_default(),
        }
    }
}

/// The paths to what is read or written in S3 in the phase, and how much `bytes` says of an instance and one of the data.
fn data(
    txn: &Txn<'_>,
    crew: &Crew<'_>,
    of_service: bool,
    bytes: impl Fn(usize, usize) -> Option<(u64, u64)>,
) -> Flows {
    // What a container fetches by itself comes over its own interface, what the service brings over the service's.
    let vantages = crew.vantages(txn, of_service);
    let place = |trace: &Trace| {
        let from = trace.flow.from.as_ref()?.interface?;
        crew.machines.iter().position(|all| all.contains(&from))
    };
    let paths = Paths::new(crew.phase, vantages);
    let case = Case::new(txn, crew.key, crew.needs);
    let followed = paths.follow(&case).iter().enumerate();
    let flows = followed.filter_map(|(i, path)| {
        let bytes = bytes(place(&path.trace)?, path.number - 1)?;
        Some((path.trace.clone(), crew.volume(txn, &path.trace, i, bytes, crew.lasts())))
    });
    flows.collect()
}

/// What each instance downloads of each input. Of data that are sharded by key each one gets some objects, and so it is
/// with the input of a batch transform. Of what a container is declared to read it gets no more than that.
fn downloads(txn: &Txn<'_>, crew: &Crew<'_>) -> Vec<Vec<u64>> {
    let all: Vec<_> = crew.needs.inputs.iter().map(|need| sizes(txn, need)).collect();
    let most = crew.needs.behaviour.as_ref().and_then(|behaviour| behaviour.reads).unwrap_or(u64::MAX);
    let count = crew.machines.len();
    let of = |machine: usize| {
        let mut left = most;
        let inputs = crew.needs.inputs.iter().zip(&all).map(|(need, sizes)| {
            let input = need.purpose == DataUse::Input;
            let shares = need.sharded || (input && crew.key.kind == JobKind::Transform);
            let own = sizes.iter().enumerate().filter(|(n, _)| !shares || n % count == machine);
            let bytes = own.fold(0, |sum: u64, (_, size)| sum.saturating_add(*size));
            let bytes = if input { bytes.min(left) } else { bytes };
            left -= if input { bytes } else { 0 };
            bytes
        });
        inputs.collect()
    };
    (0..count).map(of).collect()
}

/// The sizes of the objects that are read. A list of objects counts as itself.
fn sizes(txn: &Txn<'_>, need: &DataNeed) -> Vec<u64> {
    let Some(place) = &need.place else { return Vec::new() };
    match sight(&txn.state.site, &txn.global, &place.bucket, txn.elsewhere()) {
        Sight::Known(FoundBucket { bucket, home }) => match need.extent {
            Extent::Prefix => {
                let objects = home.0.objects_under(&bucket.name, &place.key);
                objects.filter_map(|object| object.current().map(ObjectVersion::len)).collect()
            }
            Extent::Object | Extent::Manifest | Extent::AugmentedManifest => {
                let object = home.0.object(&bucket.name, &place.key);
                object.map(ObjectVersion::len).into_iter().collect()
            }
        },
        // Nobody has to have left a checkpoint.
        Sight::External(..) if need.purpose == DataUse::Checkpoint => Vec::new(),
        Sight::External(..) | Sight::Repository(_) => vec![UNKNOWN],
        Sight::Missing => Vec::new(),
    }
}

/// How much each instance of a job writes to each of its outputs. Answers of a batch transform come from whoever was
/// asked; of the other kinds the first instance is taken to write.
fn written(txn: &Txn<'_>, job: &Job, count: usize) -> Written {
    let files = output::files(txn, job);
    let writes = |i: usize| if job.key.kind == JobKind::Transform { i % count.max(1) } else { 0 };
    let of = |machine: usize, n: usize| {
        let here = files.iter().enumerate().filter(|(i, file)| file.need == n && writes(*i) == machine);
        here.map(|(_, file)| file.content.len()).reduce(u64::saturating_add)
    };
    let outputs = job.needs.outputs.len();
    (0..count).map(|machine| (0..outputs).map(|n| of(machine, n)).collect()).collect()
}

/// Instances that work together: all others connect to the first one. Whether they do so in a job of one instance each is
/// not asked. Source: the pages on training, processing and batch transform, of groups that members share.
fn peers(txn: &Txn<'_>, crew: &Crew<'_>) -> Flows {
    if matches!(crew.key.kind, JobKind::Hosting | JobKind::Compilation) {
        return Vec::new();
    }
    let vantages = crew.vantages(txn, false);
    let Some((first, others)) = vantages.split_first() else { return Vec::new() };
    let (transport, port) = if crew.needs.encrypted { KEYS } else { MASTER };
    let to = Goal::Peer(first.clone());
    let flows = others.iter().enumerate().map(|(i, from)| {
        let flow = Flow { from: Some(from.clone()), to: to.clone(), transport, port };
        let (trace, told) = (follow(txn, &flow), if crew.needs.encrypted { 0 } else { UNKNOWN });
        let volume = crew.volume(txn, &trace, OF_PEERS + i, (told, told), crew.lasts());
        // Keys are exchanged from the port that they are exchanged at.
        let from_port = if crew.needs.encrypted { port } else { volume.from_port };
        (trace, Volume { from_port, ..volume })
    });
    flows.collect()
}

/// What containers connect to, as it was declared, in order, up to where they give up.
fn connections(txn: &Txn<'_>, crew: &Crew<'_>) -> Flows {
    let behaviour = crew.needs.behaviour.as_ref().filter(|_| crew.starts);
    let vantages = crew.vantages(txn, false);
    let mut all = Flows::new();
    for connection in behaviour.iter().flat_map(|behaviour| &behaviour.connects) {
        let flows =
            vantages.iter().flat_map(|from| behaviour::flows(&connection.to, txn.origin.region(), from));
        let mut reaches = true;
        for flow in flows {
            let trace = follow(txn, &flow);
            reaches &= trace.reaches();
            let volume = crew.volume(txn, &trace, OF_CONNECTIONS + all.len(), (0, 0), SHORT);
            all.push((trace, volume));
        }
        if crew.gave_up && !reaches && !connection.optional {
            break;
        }
    }
    all
}

/// What the service sends to CloudWatch Logs of what the containers write, and of how the instance does.
fn logs(txn: &Txn<'_>, crew: &Crew<'_>) -> Flows {
    if txn.state.choices.job_logs == JobLogs::Service {
        return Flows::new();
    }
    let vantages = crew.vantages(txn, true);
    let each = crew.log_bytes / (vantages.len() as u64).max(1);
    let flows = vantages.into_iter().map(|from| {
        let trace = follow(txn, &logs::flow(from));
        let volume = crew.volume(txn, &trace, OF_LOGS, (each, 0), crew.lasts());
        (trace, volume)
    });
    flows.collect()
}

fn follow(txn: &Txn<'_>, flow: &Flow) -> Arc<Trace> {
    let terrain =
        Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere(), now: txn.now };
    Arc::new(net::trace(&terrain, flow))
}
