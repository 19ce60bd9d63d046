//! Why a job is as it is: its phases, the rules that were asked, the paths that were followed, what they said, and what
//! to do.

use super::hosting::component;
use super::remedy::{self, Fix};
use crate::model::interface::InterfaceIndex;
use crate::model::path::{BucketUse, Goal, Hop, Trace, Transport, Vantage};
use crate::model::{
    DeployedVariant, Deployment, Endpoint, Failure, Finding, JobKey, JobKind, Needs, NetworkInterface, Owner,
    Phase, RuleModes, SageModel, State,
};
use crate::net::Terrain;
use crate::rules::{self, Case};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// All that is known about why a job is as it is.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// As `training-job/NAME`.
    pub job: String,
    pub status: &'static str,
    pub secondary_status: Option<&'static str>,
    /// What the job says about its failure.
    pub failure_reason: Option<String>,
    /// The rule that decided, from the moment it did: the job itself tells it later.
    pub decided_by: Option<&'static str>,
    /// What would have decided had the first one not: other rules of the same phase, and hops further on. Of an
    /// endpoint, those that another variant violates too.
    pub would_have_failed_next: Vec<&'static str>,
    /// The interfaces, as they are or as they were when a path was last followed from them.
    pub interfaces: Vec<InterfaceReport>,
    /// The phases that were reached, with every rule that was asked and every path that was followed there.
    pub phases: Vec<PhaseReport>,
    /// What to do, first about what decided.
    pub fixes: Vec<Fix>,
    /// Of a request that was not made yet: whether it would reach its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_complete: Option<bool>,
    /// Of a call that was refused, or would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalReport>,
}

/// How a call is refused.
#[derive(Clone, PartialEq, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusalReport {
    /// The id of the request; `None` if it was not made.
    pub request: Option<String>,
    /// As `ec2:CreateVpcEndpoint`.
    pub operation: String,
    pub region: String,
    pub code: String,
    pub message: String,
    pub http_status: u16,
    /// Who may not do what in S3, and the policy and statement that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What the rule behind it says, what to do, and where it stands.
    pub summary: Option<&'static str>,
    pub hint: Option<&'static str>,
    pub sources: Vec<String>,
}

/// An interface of a job.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceReport {
    pub id: String,
    pub subnet: String,
    pub addresses: Vec<String>,
    pub groups: Vec<String>,
    /// Whether it is still there.
    pub exists: bool,
    /// Whether it was made only in a try, so that nobody ever saw it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub would_exist: bool,
}

/// The rules and paths of one phase.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseReport {
    pub phase: &'static str,
    pub rules: Vec<RuleReport>,
    pub paths: Vec<PathReport>,
}

/// What one rule said.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    pub id: &'static str,
    pub name: &'static str,
    pub mode: &'static str,
    pub verdict: &'static str,
    pub basis: &'static str,
    pub resource: Option<String>,
    pub evidence: BTreeMap<&'static str, String>,
    /// What to do, if the rule is violated.
    pub hint: Option<&'static str>,
    pub sources: Vec<String>,
}

/// One path, hop by hop.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PathReport {
    /// `None`: a network of the service's own.
    pub from: Option<VantageReport>,
    /// As `s3://bucket/key`, `service:sts`, a host, or an interface.
    pub to: String,
    pub transport: &'static str,
    pub port: u16,
    pub reaches: bool,
    pub hops: Vec<HopReport>,
}

/// Where a path begins.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VantageReport {
    pub interface: Option<String>,
    pub subnet: String,
    pub address: String,
    pub groups: Vec<String>,
}

/// One hop.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HopReport {
    pub kind: &'static str,
    pub at: String,
    /// `passed` or `blocked`.
    pub verdict: &'static str,
    /// Whether it is the one for which the path does not get there; later ones would be the next obstacles.
    pub decides: bool,
    pub rule: &'static str,
    /// The element that decided.
    pub element: Option<String>,
    pub evidence: BTreeMap<&'static str, String>,
    pub sources: Vec<String>,
}

/// What is explained: a job, or an endpoint.
struct Subject<'a> {
    decided_by: Option<&'static str>,
    findings: &'a [Finding],
    traces: &'a [(Phase, Arc<Trace>)],
    needs: Option<&'a Needs>,
}

/// Explains a job or an endpoint: all but what to do.
pub fn explain(state: &State, key: &JobKey) -> Option<Explanation> {
    let rule = |failure: &Option<Failure>| failure.as_ref().and_then(|failure| failure.rule);
    let undone = |endpoint: &Endpoint| rule(&endpoint.rolling.as_ref()?.undone);
    let short = |tried: Option<Duration>| tried.map(|_| rules::capacity::ID);
    match key.kind {
        JobKind::Hosting => state.endpoints.get(&key.name).map(|endpoint| Explanation {
            status: endpoint.status_word(),
            failure_reason: endpoint.told_failure().map(|failure| failure.reason.clone()),
            interfaces: interfaces(fleet(state, endpoint), &endpoint.traces),
            ..Explanation::of(
                key,
                rule(&endpoint.failure).or(undone(endpoint)).or(short(endpoint.short_for)),
                &endpoint.findings,
                &endpoint.traces,
            )
        }),
        JobKind::Notebook => state.notebooks.get(&key.name).map(|notebook| Explanation {
            status: notebook.status_word(),
            failure_reason: notebook.told_failure().map(|failure| failure.reason.clone()),
            interfaces: interfaces(
                notebook.interface.iter().filter_map(|id| state.interfaces.get(id)).collect(),
                &notebook.traces,
            ),
            ..Explanation::of(
                key,
                rule(&notebook.failure).or(short(notebook.short_for)),
                &notebook.findings,
                &notebook.traces,
            )
        }),
        JobKind::Cluster => state.clusters.get(&key.name).map(|cluster| Explanation {
            status: cluster.status_word(),
            failure_reason: cluster.failure.as_ref().map(|failure| failure.reason.clone()),
            interfaces: interfaces(
                cluster.interfaces().filter_map(|id| state.interfaces.get(&id)).collect(),
                &cluster.traces,
            ),
            ..Explanation::of(key, rule(&cluster.failure), &cluster.findings, &cluster.traces)
        }),
        kind => state.jobs.get(key).map(|job| Explanation {
            status: job.status_word(),
            secondary_status: job
                .transitions
                .last()
                .filter(|_| kind == JobKind::Training)
                .map(|transition| transition.status),
            failure_reason: job.told_failure().map(|failure| failure.reason.clone()),
            interfaces: interfaces(
                state.interfaces.by(&InterfaceIndex::Owner(Owner::Job(key.clone()))).collect(),
                &job.traces,
            ),
            ..Explanation::of(
                key,
                rule(&job.failure).or(job.hung).or(short(job.short_for)),
                &job.findings,
                &job.traces,
            )
        }),
    }
}

/// Explains a job or an endpoint, and says what to do as things are now.
pub fn explain_with_fixes(terrain: &Terrain<'_>, key: &JobKey) -> Option<Explanation> {
    let explanation = explain(terrain.state, key)?;
    let decided_by = explanation.decided_by;
    let fixes = match key.kind {
        JobKind::Hosting => {
            let endpoint = terrain.state.endpoints.get(&key.name)?;
            let needs = variants(endpoint).map(|variant| &variant.needs);
            let needs = needs.min_by_key(|needs| needs.vpc.is_none());
            let (findings, traces) = (&endpoint.findings, &endpoint.traces);
            fixes(terrain, key, &Subject { decided_by, findings, traces, needs })
        }
        JobKind::Notebook => {
            let notebook = terrain.state.notebooks.get(&key.name)?;
            let (findings, traces) = (&notebook.findings, &notebook.traces);
            fixes(terrain, key, &Subject { decided_by, findings, traces, needs: Some(&notebook.needs) })
        }
        JobKind::Cluster => {
            let cluster = terrain.state.clusters.get(&key.name)?;
            let needs = cluster.groups.iter().map(|group| &group.needs);
            let needs = needs.min_by_key(|needs| needs.vpc.is_none());
            let (findings, traces) = (&cluster.findings, &cluster.traces);
            fixes(terrain, key, &Subject { decided_by, findings, traces, needs })
        }
        _ => {
            let job = terrain.state.jobs.get(key)?;
            let (findings, traces, needs) = (&job.findings, &job.traces, Some(&job.needs));
            fixes(terrain, key, &Subject { decided_by, findings, traces, needs })
        }
    };
    Some(Explanation { fixes, ..explanation })
}

/// The variants that an endpoint is about to have, and those that it has.
fn variants(endpoint: &Endpoint) -> impl Iterator<Item = &DeployedVariant> {
    endpoint.pending.iter().chain(&endpoint.serving).flat_map(|deployment| &deployment.variants)
}

/// The interfaces of an endpoint's instances.
fn fleet<'a>(state: &'a State, endpoint: &'a Endpoint) -> Vec<&'a Arc<NetworkInterface>> {
    let mut ids: Vec<_> =
        endpoint.serving.iter().chain(&endpoint.pending).flat_map(Deployment::interfaces).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().filter_map(|id| state.interfaces.get(id)).collect()
}

/// The interfaces that are there, and those that are gone and that a path began at.
fn interfaces(there: Vec<&Arc<NetworkInterface>>, traces: &[(Phase, Arc<Trace>)]) -> Vec<InterfaceReport> {
    let list = |ids: &mut dyn Iterator<Item = String>| ids.collect::<Vec<_>>();
    let mut all: Vec<_> = there
        .into_iter()
        .map(|interface| InterfaceReport {
            id: interface.id.to_string(),
            subnet: interface.subnet.to_string(),
            addresses: list(&mut interface.addresses.iter().map(ToString::to_string)),
            groups: list(&mut interface.groups.iter().map(|group| group.id.to_string())),
            exists: true,
            would_exist: false,
        })
        .collect();
    for from in traces.iter().filter_map(|(_, trace)| trace.flow.from.as_ref()) {
        let Some(id) = from.interface.map(|id| id.to_string()) else { continue };
        if all.iter().all(|known| known.id != id) {
            let from = VantageReport::of(from);
            let VantageReport { subnet, address, groups, .. } = from;
            all.push(InterfaceReport {
                id,
                subnet,
                addresses: vec![address],
                groups,
                exists: false,
                would_exist: false,
            });
        }
    }
    all
}

impl Explanation {
    /// What the rules and the paths said, and nothing of the status.
    fn of(
        key: &JobKey,
        decided_by: Option<&'static str>,
        findings: &[Finding],
        traces: &[(Phase, Arc<Trace>)],
    ) -> Self {
        // No job fails for its logs.
        let violated = findings.iter().filter(|finding| finding.counts()).map(|finding| finding.rule);
        let violated = violated.filter(|rule| !rules::logs::OF_LOGS.contains(rule));
        let to_logs = rules::logs::goal();
        let red = red_hops(traces).filter(|(_, trace, _)| trace.flow.to != to_logs);
        let red = red.map(|(_, _, hop)| deciding(hop.rule));
        let mut next: Vec<&'static str> = Vec::new();
        for rule in violated.chain(red) {
            if Some(rule) != decided_by && !next.contains(&rule) {
                next.push(rule);
            }
        }
        let phases = Phase::ALL.iter().filter_map(|phase| {
            let rules: Vec<_> =
                findings.iter().filter(|finding| finding.phase == *phase).filter_map(report).collect();
            let paths = traces.iter().filter(|(of, _)| of == phase).map(|(_, trace)| PathReport::of(trace));
            let paths: Vec<_> = paths.collect();
            let reached = !rules.is_empty() || !paths.is_empty();
            reached.then(|| PhaseReport { phase: phase.name(), rules, paths })
        });
        Self {
            job: key.to_string(),
            decided_by,
            would_have_failed_next: next,
            phases: phases.collect(),
            ..Self::default()
        }
    }
}

impl Explanation {
    /// The same with what a later try tells more: phases that this one did not reach, and what to do there.
    #[must_use]
    pub fn join(mut self, later: Self) -> Self {
        let unknown = |phase: &PhaseReport| self.phases.iter().all(|known| known.phase != phase.phase);
        let more: Vec<_> = later.phases.into_iter().filter(unknown).collect();
        self.phases.extend(more);
        for rule in later.decided_by.into_iter().chain(later.would_have_failed_next) {
            if Some(rule) != self.decided_by && !self.would_have_failed_next.contains(&rule) {
                self.would_have_failed_next.push(rule);
            }
        }
        for fix in later.fixes {
            if !self.fixes.iter().any(|known| known.rule == fix.rule && known.commands == fix.commands) {
                self.fixes.push(fix);
            }
        }
        if self.interfaces.is_empty() {
            self.interfaces = later.interfaces;
        }
        self
    }

    /// The same if another rule had decided first.
    #[must_use]
    pub fn decided(mut self, rule: Option<&'static str>) -> Self {
        if rule.is_some() && self.decided_by != rule {
            let next = self.decided_by.into_iter().chain(self.would_have_failed_next.drain(..));
            self.would_have_failed_next = next.filter(|next| Some(*next) != rule).collect();
            self.decided_by = rule;
            self.fixes.sort_by_key(|fix| Some(deciding(fix.rule)) != rule);
        }
        self
    }
}

/// Explains an inference component, and says what to do as things are now.
pub fn explain_component(terrain: &Terrain<'_>, name: &str) -> Option<Explanation> {
    let component = terrain.state.components.get(&Arc::from(name))?;
    let key = JobKey { kind: JobKind::Hosting, name: component.endpoint.clone() };
    let variant = component::variant_of(terrain.state, component);
    let needs =
        variant.zip(component.told()).map(|(variant, plan)| component::needs(variant, component, plan));
    let (findings, traces) = (&component.findings, &component.traces);
    let decided_by = component.failure.as_ref().and_then(|failure| failure.rule);
    let held = variant.into_iter().flat_map(|variant| variant.placed.iter().flatten());
    let there = held.filter_map(|id| terrain.state.interfaces.get(id)).collect();
    Some(Explanation {
        job: format!("inference-component/{name}"),
        status: component.status.word(),
        failure_reason: component.told_failure().map(|failure| failure.reason.clone()),
        interfaces: interfaces(there, traces),
        fixes: fixes(terrain, &key, &Subject { decided_by, findings, traces, needs: needs.as_ref() }),
        ..Explanation::of(&key, decided_by, findings, traces)
    })
}

/// Explains what the call that makes a model asks: of its role, and of the network that hosting and batch transform will
/// be in.
pub fn explain_model(terrain: &Terrain<'_>, model: &SageModel, modes: &RuleModes) -> Explanation {
    let key = JobKey { kind: JobKind::Hosting, name: format!("model/{}", model.name).into() };
    let needs = Needs {
        role_arn: model.execution_role_arn.clone(),
        vpc: model.vpc.clone(),
        network_isolation: model.network_isolation,
        ..Needs::default()
    };
    let findings = rules::evaluate(Phase::Create, &case(terrain, &key, &needs), modes).findings;
    let decided_by = findings.iter().find(|finding| finding.counts()).map(|finding| finding.rule);
    let subject = Subject { decided_by, findings: &findings, traces: &[], needs: Some(&needs) };
    Explanation {
        job: format!("model/{}", model.name),
        status: "",
        fixes: fixes(terrain, &key, &subject),
        ..Explanation::of(&key, decided_by, &findings, &[])
    }
}

fn case<'a>(terrain: &Terrain<'a>, key: &'a JobKey, needs: &'a Needs) -> Case<'a> {
    Case {
        kind: key.kind,
        name: &key.name,
        needs,
        state: terrain.state,
        global: terrain.global,
        account: terrain.state.site.account,
        elsewhere: terrain.elsewhere,
        now: terrain.now,
        paths: None,
    }
}

/// Every hop that blocks, with its path.
fn red_hops(traces: &[(Phase, Arc<Trace>)]) -> impl Iterator<Item = (Phase, &Arc<Trace>, &Hop)> {
    traces.iter().flat_map(|(phase, trace)| {
        trace.hops.iter().filter(|hop| !hop.passed).map(move |hop| (*phase, trace, hop))
    })
}

/// The rule that decides for a job where this one stands at a hop.
fn deciding(rule: &'static str) -> &'static str {
    rules::path::decides_for(rule)
}

/// All that a job does in buckets.
fn uses(key: &JobKey, needs: &Needs) -> Vec<BucketUse> {
    let role = &needs.role_arn;
    let read = needs.inputs.iter().filter_map(|data| data.reading(None, role));
    let written = needs.outputs.iter().filter_map(|data| data.writing(key.kind, &key.name, role));
    read.chain(written).collect()
}

/// What to do about everything that is red: first about what decided, then in the order in which it would be met.
fn fixes(terrain: &Terrain<'_>, key: &JobKey, subject: &Subject<'_>) -> Vec<Fix> {
    let mut all: Vec<(Phase, Fix)> = Vec::new();
    let also = subject.needs.map(|needs| uses(key, needs)).unwrap_or_default();
    for (phase, trace, hop) in red_hops(subject.traces) {
        all.extend(remedy::for_hop(terrain, trace, hop, &also).map(|fix| (phase, fix)));
    }
    let case = subject.needs.map(|needs| case(terrain, key, needs));
    for finding in subject.findings.iter().filter(|finding| finding.counts()) {
        // What a path says of it says more.
        if all.iter().any(|(_, fix)| deciding(fix.rule) == finding.rule) {
            continue;
        }
        all.extend(case.and_then(|case| remedy::for_finding(&case, finding)).map(|fix| (finding.phase, fix)));
    }
    all.sort_by_key(|(phase, fix)| (Some(deciding(fix.rule)) != subject.decided_by, *phase));
    let mut fixes: Vec<Fix> = Vec::new();
    for (_, fix) in all {
        let same = |known: &Fix| match fix.commands.is_empty() {
            true => known.rule == fix.rule && known.words == fix.words,
            false => known.commands == fix.commands,
        };
        if !fixes.iter().any(same) {
            fixes.push(fix);
        }
    }
    fixes
}

/// What a finding says, with what the rule says about itself.
pub fn report(finding: &Finding) -> Option<RuleReport> {
    let info = rules::get(finding.rule)?;
    let evidence = finding.verdict.evidence();
    Some(RuleReport {
        id: info.id,
        name: info.name,
        mode: finding.mode.name(),
        verdict: finding.verdict.name(),
        basis: info.basis.name(),
        resource: evidence.and_then(|evidence| evidence.resource.clone()),
        evidence: evidence.map(|evidence| evidence.facts.iter().cloned().collect()).unwrap_or_default(),
        hint: finding.is_violation().then_some(info.hint),
        sources: info.docs.iter().map(|doc| doc.url()).collect(),
    })
}

impl VantageReport {
    fn of(from: &Vantage) -> Self {
        Self {
            interface: from.interface.map(|id| id.to_string()),
            subnet: from.subnet.to_string(),
            address: from.address.to_string(),
            groups: from.groups.iter().map(ToString::to_string).collect(),
        }
    }
}

impl PathReport {
    pub fn of(trace: &Trace) -> Self {
        let decides = trace.hops.iter().position(|hop| !hop.passed);
        Self {
            from: trace.flow.from.as_ref().map(VantageReport::of),
            to: goal(&trace.flow.to),
            transport: match trace.flow.transport {
                Transport::Tcp => "tcp",
                Transport::Udp => "udp",
            },
            port: trace.flow.port,
            reaches: trace.reaches(),
            hops: trace
                .hops
                .iter()
                .enumerate()
                .map(|(n, hop)| HopReport::of(hop, decides == Some(n)))
                .collect(),
        }
    }
}

impl HopReport {
    fn of(hop: &Hop, decides: bool) -> Self {
        Self {
            kind: hop.kind.name(),
            at: hop.at.clone(),
            verdict: if hop.passed { "passed" } else { "blocked" },
            decides,
            rule: hop.rule,
            element: hop.evidence.resource.clone(),
            evidence: hop.evidence.facts.iter().cloned().collect(),
            sources: rules::about(hop.rule).map(|about| about.sources).unwrap_or_default(),
        }
    }
}

/// What is to be reached, as people write it.
fn goal(goal: &Goal) -> String {
    match goal {
        Goal::Bucket(used) => {
            let key = used.acts.iter().find_map(|(_, key)| key.as_deref()).unwrap_or_default();
            format!("s3://{}/{key}", used.bucket)
        }
        Goal::Service(name) => format!("service:{name}"),
        Goal::Host(name) => name.to_string(),
        Goal::Peer(peer) => peer.interface.map_or_else(|| peer.address.to_string(), |id| id.to_string()),
        Goal::Edge { address, .. } => address.to_string(),
    }
}
