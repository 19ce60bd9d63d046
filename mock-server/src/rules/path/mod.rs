//! Whether a job gets to its data: rules that read the hops of the paths it takes.
//!
//! A path is followed once for each phase, when the first rule asks for it; every rule looks at the hops that name it.

pub mod data;
pub mod network;
mod precheck;
pub mod words;

use super::*;
use crate::model::path::{Flow, Goal, Hop, HopKind, Trace, Transport, Vantage};
use crate::model::sight::sight;
use crate::model::{
    Content, DataNeed, DataUse, Extent, FoundBucket, Mount, NetworkInterface, S3Place, Sight, SubnetId,
    manifest,
};
use crate::net::{self, Terrain};
use std::cell::OnceCell;
use std::sync::Arc;

/// The phases in which jobs take paths.
const ON_THE_WAY: &[Phase] = &[Phase::Input, Phase::Run, Phase::Output];
/// Where S3 listens.
const HTTPS: u16 = 443;

/// Where a job's instances are in one phase, and the paths from there.
#[derive(Default)]
pub struct Paths {
    phase: Option<Phase>,
    /// Of a job in a VPC; instances in one subnet see the same, for they carry the same groups.
    vantages: Vec<Vantage>,
    followed: OnceCell<Vec<Followed>>,
    to_logs: OnceCell<Vec<Arc<Trace>>>,
}

/// A path, and what it is taken for.
#[derive(Clone, Debug)]
pub struct Followed {
    pub trace: Arc<Trace>,
    pub data: DataNeed,
    /// Its place among the job's data of this direction, from one.
    pub number: usize,
}

impl Paths {
    pub fn new(phase: Phase, vantages: Vec<Vantage>) -> Self {
        Self { phase: Some(phase), vantages, ..Self::default() }
    }

    pub(super) fn phase(&self) -> Option<Phase> {
        self.phase
    }

    pub fn follow(&self, case: &Case<'_>) -> &[Followed] {
        self.followed
            .get_or_init(|| self.phase.map_or_else(Vec::new, |phase| follow(case, phase, &self.vantages)))
    }

    /// The ways that logs take, from everywhere that the instances are.
    pub(super) fn to_logs(&self, case: &Case<'_>) -> &[Arc<Trace>] {
        self.to_logs.get_or_init(|| {
            let terrain =
                Terrain { state: case.state, global: case.global, elsewhere: case.elsewhere, now: case.now };
            let flows = self.vantages.iter().cloned().map(super::logs::flow);
            flows.map(|flow| Arc::new(net::trace(&terrain, &flow))).collect()
        })
    }

    /// What was followed so far.
    pub fn traces(&self) -> impl Iterator<Item = Arc<Trace>> + '_ {
        let followed = self.followed.get().into_iter().flatten().map(|path| path.trace.clone());
        followed.chain(self.to_logs.get().into_iter().flatten().cloned())
    }
}

/// What a job reads or writes in a phase. What a container fetches by itself it fetches while it runs, and only if it
/// has a network; everything else the service brings, over the interfaces that it made for that.
///
/// Source: developer guide, "Run training and inference containers in internet-free mode": with network isolation the
/// service downloads and uploads, isolated from the containers.
fn needs<'a>(case: &Case<'a>, phase: Phase) -> Vec<(usize, &'a DataNeed)> {
    let all = if phase == Phase::Output { &case.needs.outputs } else { &case.needs.inputs };
    let due = |need: &&DataNeed| match phase {
        Phase::Create => !matches!(need.purpose, DataUse::Code | DataUse::Checkpoint),
        Phase::Input => need.purpose != DataUse::Code && !need.streamed,
        Phase::Run => need.streamed || need.purpose == DataUse::Code && !case.needs.network_isolation,
        Phase::Output => true,
        Phase::Place | Phase::Start => false,
    };
    let numbered = all.iter().enumerate().map(|(n, need)| (n + 1, need));
    numbered.filter(|(_, need)| due(need)).collect()
}

fn follow(case: &Case<'_>, phase: Phase, vantages: &[Vantage]) -> Vec<Followed> {
    if phase == Phase::Create && precheck::is_off(case) {
        return Vec::new();
    }
    let terrain =
        Terrain { state: case.state, global: case.global, elsewhere: case.elsewhere, now: case.now };
    let mut all = Vec::new();
    for (number, data) in needs(case, phase) {
        if let Some(mount) = &data.mount {
            let traces = vantages.iter().flat_map(|from| mounting(case, &terrain, from, mount));
            all.extend(traces.map(|trace| Followed { trace: Arc::new(trace), data: data.clone(), number }));
            continue;
        }
        let role = &case.needs.role_arn;
        let asked = match phase {
            Phase::Create if !precheck::looks_at(case, data) => continue,
            Phase::Create => data.reading(None, role).map(|asked| precheck::narrow(case.kind, asked)),
            Phase::Output => data.writing(case.kind, case.name, role),
            _ => data.reading(first_object(case, data).as_deref(), role),
        };
        let Some(asked) = asked else { continue };
        // What is asked before there is an interface, and of jobs without a VPC, comes from the service's own network.
        let outside = phase == Phase::Create || case.vpc_config().is_none();
        let from = vantages.iter().filter(|_| !outside).cloned().map(Some).chain(outside.then_some(None));
        for from in from {
            let to = Goal::Bucket(asked.clone());
            let mut trace = net::trace(&terrain, &Flow { from, to, transport: Transport::Tcp, port: HTTPS });
            if phase != Phase::Output {
                let found = misplaced(case, phase, data).into_iter().chain(missing(case, data));
                found.for_each(|hop| at_the_bucket(case, &mut trace, hop));
            }
            if matches!(phase, Phase::Input | Phase::Run)
                && let Some(hop) = unlisted(case, data)
            {
                at_the_bucket(case, &mut trace, hop);
            }
            if phase == Phase::Create {
                precheck::forgive(case, data, &mut trace);
            }
            all.push(Followed { trace: Arc::new(trace), data: data.clone(), number });
        }
    }
    all
}

/// The paths to a file system, one for each port that it is spoken to at. None: no interface is said to be of it, so that it
/// is somewhere else.
fn mounting(case: &Case<'_>, terrain: &Terrain<'_>, from: &Vantage, mount: &Mount) -> Vec<Trace> {
    let Some(to) = mount_target(case.state, from.subnet, &mount.id) else { return Vec::new() };
    let flow = |port: &u16| Flow {
        from: Some(from.clone()),
        to: Goal::Peer(to.clone()),
        transport: Transport::Tcp,
        port: *port,
    };
    mount.ports.iter().map(|port| net::trace(terrain, &flow(port))).collect()
}

/// The interface by which a file system is mounted from a subnet: what its description names. That is how the interfaces of
/// mount targets are described on AWS, and how they are declared here. One in the subnet's zone comes first, then one in its
/// VPC. Source: EFS user guide, "Managing mount targets".
fn mount_target(state: &State, from: SubnetId, id: &str) -> Option<Vantage> {
    let home = state.subnets.get(&from)?;
    let named = |row: &&Arc<NetworkInterface>| names_file_system(&row.description, id);
    let far = |row: &&Arc<NetworkInterface>| {
        let subnet = state.subnets.get(&row.subnet);
        let here = subnet.is_some_and(|subnet| subnet.vpc == home.vpc);
        let near = here && subnet.is_some_and(|subnet| subnet.zone == home.zone);
        (!near, !here, row.id)
    };
    Vantage::of(state.interfaces.iter().filter(named).min_by_key(far)?)
}

/// Whether a description names a file system, and not another one whose name begins alike.
pub fn names_file_system(description: &str, id: &str) -> bool {
    description.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == id)
}

/// What the bucket of something leads to.
fn seen(case: &Case<'_>, data: &DataNeed) -> Option<Sight> {
    let place = data.place.as_ref()?;
    Some(sight(&case.state.site, case.global, &place.bucket, case.elsewhere))
}

/// The first object below what a job reads, if somebody here knows that.
fn first_object(case: &Case<'_>, data: &DataNeed) -> Option<Arc<str>> {
    let prefix = &data.place.as_ref()?.key;
    match seen(case, data)? {
        Sight::Known(FoundBucket { bucket, home }) => {
            let mut objects = home.0.objects_under(&bucket.name, prefix);
            objects.find(|object| object.current().is_some()).map(|object| object.at.key.clone())
        }
        Sight::External(_, told) => told?.first_keys.get(prefix)?.clone(),
        Sight::Repository(_) | Sight::Missing => None,
    }
}

/// Adds what is found at a bucket. Where that blocks, it stands in place of what the walk found there: a bucket is one
/// hop.
fn at_the_bucket(case: &Case<'_>, trace: &mut Trace, mut hop: Hop) {
    hop.passed = case.state.probe.hop(hop.kind, hop.passed);
    if !hop.passed {
        trace.hops.retain(|known| !known.passed || known.kind != hop.kind || known.at != hop.at);
    }
    trace.hops.push(hop);
}

/// The hop at a bucket of another region: calls that look at data look in the job's region, and so does compilation.
fn misplaced(case: &Case<'_>, phase: Phase, data: &DataNeed) -> Option<Hop> {
    let here = &case.state.site.region;
    let counts = phase == Phase::Create || case.kind == JobKind::Compilation;
    let sight = seen(case, data).filter(|_| counts)?;
    let bucket = sight.bucket()?;
    let evidence = Evidence::of(&*bucket.name)
        .with("bucket", &bucket.name)
        .with("region", &bucket.region)
        .with("service_region", here);
    let (kind, at) = (HopKind::Bucket, bucket.name.to_string());
    let passed = bucket.region == *here;
    Some(Hop { kind, at, passed, rule: data::BucketInRegion::INFO.id, evidence })
}

/// The hop at a bucket that has nothing of what is to be read: what may be read is found out first. Nobody has to have
/// left a checkpoint. A bucket that is not there at all is a hop of the path.
fn missing(case: &Case<'_>, data: &DataNeed) -> Option<Hop> {
    let place = data.place.as_ref().filter(|_| data.purpose != DataUse::Checkpoint)?;
    let sight = seen(case, data).filter(|sight| sight.bucket().is_some())?;
    let there = match data.extent {
        Extent::Prefix => sight.has_under(&place.key),
        Extent::Object | Extent::Manifest | Extent::AugmentedManifest => sight.has(&place.key),
    };
    let evidence = Evidence::of(format!("s3://{}/{}", place.bucket, place.key)).with("objects", "none");
    let at = place.bucket.to_string();
    let rule = data::DataIsThere::INFO.id;
    (there == Some(false)).then_some(Hop { kind: HopKind::Bucket, at, passed: false, rule, evidence })
}

/// The hop at what a manifest lists, if its bytes are here: every object of it is there, or else the first that is not.
fn unlisted(case: &Case<'_>, data: &DataNeed) -> Option<Hop> {
    let place = data.place.as_ref()?;
    if !matches!(data.extent, Extent::Manifest | Extent::AugmentedManifest) {
        return None;
    }
    let Some(Sight::Known(found)) = seen(case, data) else { return None };
    let object = found.home.0.object(&place.bucket, &place.key)?;
    let Some(Content::Bytes(text)) = &object.content else { return None };
    let told = |entry: &str| Evidence::of(entry).with("manifest", &data.url).with("entry", entry);
    let is_there = |place: &S3Place| {
        sight(&case.state.site, case.global, &place.bucket, case.elsewhere).has(&place.key) != Some(false)
    };
    let (passed, evidence) = match manifest::listed(data.extent, text) {
        Err(fault) => (false, told(&data.url).with("fault", fault)),
        Ok(entries) => match entries.iter().find(|(_, place)| !is_there(place)) {
            Some((entry, _)) => (false, told(entry)),
            None => (true, Evidence::of(&*data.url).with("entries", entries.len())),
        },
    };
    let at = place.bucket.to_string();
    Some(Hop { kind: HopKind::Bucket, at, passed, rule: data::EntriesAreThere::INFO.id, evidence })
}

/// The rule that decides at a hop: the one that the hop names, or the one for all that no rule here speaks of.
fn rule_of(hop: &Hop) -> &'static str {
    decides_for(hop.rule)
}

/// The same of the rule that a hop names.
pub fn decides_for(rule: &str) -> &'static str {
    get(rule).map_or(network::InterfacesReach::INFO.id, |info| info.id)
}

/// What a rule finds about its hops: the first one that blocks, or else the first one.
fn of_hops(case: &Case<'_>, rule: &str) -> Verdict {
    let hops = || case.paths().iter().flat_map(|path| path.trace.hops.iter().map(move |hop| (path, hop)));
    let own = || hops().filter(|(_, hop)| rule_of(hop) == rule);
    match own().find(|(_, hop)| !hop.passed) {
        Some((path, hop)) => Verdict::Violated(evidence(case, path, hop)),
        None => own()
            .next()
            .map_or(Verdict::NotApplicable, |(path, hop)| Verdict::Satisfied(evidence(case, path, hop))),
    }
}

/// What is known of a hop, with what messages tell of the path.
fn evidence(case: &Case<'_>, path: &Followed, hop: &Hop) -> Evidence {
    let place = path.data.place.as_ref();
    let (bucket, key) = place.map_or(("", ""), |place| (&*place.bucket, &*place.key));
    let object = match &path.trace.flow.to {
        Goal::Bucket(asked) => asked.acts.iter().find_map(|(_, key)| key.as_deref()),
        _ => None,
    };
    let sight = seen(case, &path.data);
    let found = sight.as_ref().and_then(Sight::bucket);
    let bucket_region = found.map_or_else(|| case.state.site.region.clone(), |found| found.region.clone());
    // One object stands for all of a prefix; if nobody knows it, the prefix is told.
    let object = object.filter(|key| !key.ends_with('*')).map(|key| format!("s3://{bucket}/{key}"));
    let mut evidence = hop.evidence.clone();
    evidence.resource = evidence.resource.or_else(|| Some(hop.at.clone()));
    evidence
        .with("hop", hop.kind.name())
        .with("at", &hop.at)
        .with("data", path.data.purpose.name())
        .with("url", &path.data.url)
        .with("data_bucket", bucket)
        .with("data_key", key)
        .with("object", object.unwrap_or_else(|| path.data.url.clone()))
        .with("container", path.number)
        .with("job_role", &case.needs.role_arn)
        .with("bucket_region", bucket_region)
        .with("job_region", &*case.state.site.region)
}

/// Where a violation stands on the paths: by path, then by hop, what the network does before what policies say, for
/// whoever cannot connect is not refused. What is not found on a path stands before all of it, as it is listed.
pub(super) fn place_of(case: &Case<'_>, finding: &Finding) -> (usize, bool, usize) {
    if !finding.is_violation() || case.paths.is_none() {
        return (0, false, 0);
    }
    let paths = case.paths().iter().zip(1..);
    let mut places = paths.filter_map(|(path, n)| {
        let hops = path.trace.hops.iter().enumerate();
        let blocked = hops.filter(|(_, hop)| !hop.passed && rule_of(hop) == finding.rule);
        blocked.map(|(i, hop)| (n, hop.kind.is_policy() || hop.kind == HopKind::Bucket, i)).min()
    });
    places.next().unwrap_or_default()
}

macro_rules! hops {
    ($(#[$doc:meta])* $name:ident, $id:literal, $slug:literal, $basis:ident, $docs:expr, $summary:literal, $hint:literal $(,)?) => {
        $(#[$doc])*
        pub struct $name;
        impl Rule for $name {
            const INFO: RuleInfo = RuleInfo {
                id: $id,
                aliases: &[],
                name: $slug,
                jobs: ALL_AND_CLUSTERS,
                phases: ON_THE_WAY,
                basis: Basis::$basis,
                docs: $docs,
                summary: $summary,
                hint: $hint,
            };

            fn check(case: &Case<'_>) -> Verdict {
                of_hops(case, $id)
            }
        }
    };
}
use hops;
