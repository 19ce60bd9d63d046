//! Reachability Analyzer: a path is reachable if one of the flows that it may mean gets there and back.
//!
//! All is said by [`net::trace`](crate::net::trace): of the flows that a path may mean, one is followed for each way in
//! which the network may treat them ([`borders`]). The first that gets there is the path; if none does, the one that comes
//! furthest is explained. A table says which code each hop that refuses has ([`codes`]).
//!
//! Source: Reachability Analyzer guide, "How Reachability Analyzer works". Unlike there, answers over transit gateways are
//! followed, too: a connection needs them.

mod borders;
mod codes;
mod ends;
mod parts;
mod steps;
#[cfg(test)]
mod tests;

pub use parts::{Kind, kind_of};

use crate::kernel::{AccountId, Elsewhere, Scope};
use crate::model::insights::{AnalysisStatus, Fact, Facts, InsightsAnalysis, InsightsPath, Outcome};
use crate::model::path::Trace;
use crate::model::{Alarm, NetworkInsightsAnalysisId, Owner, Profile, State, Txn};
use crate::net::Terrain;
use ends::{Stop, attempts};
use parts::Parts;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use steps::{Steps, explanation, steps};

/// The form of a path that is not followed here.
pub type NotBuilt = &'static str;

/// A path to look at, and where.
pub struct Asked<'a> {
    pub terrain: Terrain<'a>,
    /// Other accounts that may be looked into.
    pub accounts: &'a [AccountId],
    /// ARNs that the path has to traverse, or must not.
    pub filter_in: &'a [Arc<str>],
    pub filter_out: &'a [Arc<str>],
}

/// Only the accounts that an analysis names, and only its region. Source: Reachability Analyzer guide, "Source and
/// destination resources", "Cross-account analyses".
struct Known<'a> {
    all: &'a dyn Elsewhere<State>,
    region: &'a str,
    accounts: Vec<AccountId>,
}

impl Elsewhere<State> for Known<'_> {
    fn peek(&self, account: AccountId, scope: &Scope) -> Option<Arc<State>> {
        let here = matches!(scope, Scope::Region(region) if **region == *self.region);
        if here && self.accounts.contains(&account) { self.all.peek(account, scope) } else { None }
    }
    fn accounts(&self) -> Vec<AccountId> {
        self.all.accounts().into_iter().filter(|account| self.accounts.contains(account)).collect()
    }
}

impl Asked<'_> {
    fn elsewhere(&self) -> &dyn Elsewhere<State> {
        self.terrain.elsewhere
    }
}

/// Looks at a path.
///
/// # Errors
/// For a path of a form that is not followed here.
pub fn analyse(asked: &Asked<'_>, path: &InsightsPath) -> Result<Outcome, NotBuilt> {
    let site = &asked.terrain.state.site;
    let accounts = asked.accounts.iter().copied().chain([site.account]).collect();
    let known = Known { all: asked.terrain.elsewhere, region: &site.region, accounts };
    let terrain = Terrain { elsewhere: &known, ..asked.terrain };
    let asked = Asked { terrain, ..*asked };
    let parts = Parts::new(&terrain);
    let unreachable = |explanations| Outcome { explanations, ..Outcome::default() };
    let attempts = match attempts(&asked, &parts, path) {
        Ok(attempts) => attempts,
        Err(Stop::NotBuilt(form)) => return Err(form),
        Err(Stop::Explained(why)) => return Ok(unreachable(vec![why])),
        Err(Stop::Foreign(why, account)) => {
            return Ok(Outcome { suggested: vec![account], ..unreachable(vec![why]) });
        }
    };
    let mut furthest: Option<(usize, Outcome)> = None;
    for attempt in attempts {
        let trace = attempt.trace(&terrain);
        let refused = trace.hops.iter().position(|hop| !hop.passed);
        let reach = refused.unwrap_or(usize::MAX);
        if refused.is_some() && furthest.as_ref().is_some_and(|(known, _)| *known >= reach) {
            continue;
        }
        let steps = steps(&parts, &trace, &attempt.ends);
        let outcome = match refused {
            Some(_) => blocked(&parts, path, &trace, steps, asked.accounts, site.account),
            None => match restriction(&asked, &parts, path, &steps) {
                None => return Ok(Outcome { found: true, ..told(steps, Vec::new()) }),
                Some(why) => told(steps, vec![why]),
            },
        };
        if furthest.as_ref().is_none_or(|(known, _)| *known < reach) {
            furthest = Some((reach, outcome));
        }
    }
    let none = || unreachable(vec![Facts::default().text("ExplanationCode", "NO_PATH")]);
    Ok(furthest.map_or_else(none, |(_, outcome)| outcome))
}

fn told(steps: Steps, explanations: Vec<Facts>) -> Outcome {
    Outcome { forward: steps.forward, back: steps.back, explanations, ..Outcome::default() }
}

/// Every hop that refuses, explained.
fn blocked(
    parts: &Parts<'_>,
    path: &InsightsPath,
    trace: &Trace,
    steps: Steps,
    known: &[AccountId],
    own: AccountId,
) -> Outcome {
    let destination = path.destination.as_ref().and_then(|named| parts.part(&named.id));
    let refused = || trace.hops.iter().filter(|hop| !hop.passed);
    let explanations = refused().filter_map(|hop| explanation(parts, hop, destination.as_ref())).collect();
    // Who is at the other end of a peering connection that leads out of what is known.
    let there = refused().filter_map(|hop| AccountId::parse(hop.evidence.get("peer_account")?));
    let mut suggested: Vec<_> = there.filter(|it| *it != own && !known.contains(it)).collect();
    suggested.dedup();
    Outcome { suggested, ..told(steps, explanations) }
}

/// The filter that a path fails which packets can take.
fn restriction(asked: &Asked<'_>, parts: &Parts<'_>, path: &InsightsPath, steps: &Steps) -> Option<Facts> {
    let id = |arn: &str| arn.rsplit_once('/').map_or(arn, |(_, id)| id).to_owned();
    let all = || steps.forward.iter().chain(&steps.back);
    let traverses = |arn: &Arc<str>| {
        let id = id(arn);
        all().any(|step| matches!(step.get("Component"), Some(Fact::Part(part)) if *part.id == *id))
    };
    let why = |code| Facts::default().text("ExplanationCode", code);
    if let Some(arn) = asked.filter_in.iter().find(|arn| !traverses(arn)) {
        return Some(why("COMPONENT_FILTER_RESTRICTION").part("Component", parts.part(&id(arn))));
    }
    if let Some(arn) = asked.filter_out.iter().find(|arn| traverses(arn)) {
        let code = "COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT";
        return Some(why(code).part("Component", parts.part(&id(arn))));
    }
    let (wanted, header) = (path.arriving(), steps.arrives.as_ref()?);
    let is = |wanted: Option<Ipv4Addr>, known: &[ipnet::Ipv4Net]| {
        wanted.is_none_or(|wanted| known.iter().any(|net| net.contains(&wanted)))
    };
    if !is(wanted.source, &header.sources) {
        return Some(why("FILTER_AT_DESTINATION_SOURCE_ADDRESS"));
    }
    (!is(wanted.destination, &header.destinations)).then(|| why("FILTER_AT_DESTINATION_DESTINATION_ADDRESS"))
}

// === Over time ===

/// How long an analysis takes. Source: the guide says "a few minutes"; public acceptance tests of tools that wait take
/// less than one.
fn lasts(profile: Profile) -> Duration {
    Duration::from_secs(match profile {
        Profile::Fast => 1,
        Profile::Realistic => 45,
        Profile::Instant => 0,
    })
}

/// When analyses are deleted. Source: Reachability Analyzer guide, "Considerations".
const KEPT: Duration = Duration::from_secs(120 * 24 * 60 * 60);

/// What an analysis says that cannot be made. Source: Reachability Analyzer guide, "Troubleshooting".
const NOT_PERMITTED: &str = "The request failed due to insufficient permissions";
const MODIFIED: &str = "The request failed due to modifications in network resources during the analysis";

/// Looks at the path of an analysis as it is now.
///
/// # Errors
/// As [`analyse`].
pub fn look(
    txn: &Txn<'_>,
    path: &InsightsPath,
    accounts: &[AccountId],
    filters: (&[Arc<str>], &[Arc<str>]),
) -> Result<Outcome, NotBuilt> {
    let terrain =
        Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere(), now: txn.now };
    analyse(&Asked { terrain, accounts, filter_in: filters.0, filter_out: filters.1 }, path)
}

/// Begins an analysis.
pub fn start(txn: &mut Txn<'_>, analysis: InsightsAnalysis) -> Arc<InsightsAnalysis> {
    let id = analysis.id;
    let owner = Owner::InsightsAnalysis(id);
    txn.state.timers.schedule(analysis.started + KEPT, owner.clone(), Alarm::Release);
    let row = txn.state.insights_analyses.insert(analysis);
    match lasts(txn.state.profile) {
        Duration::ZERO => step(txn, id, Alarm::Stage(0)),
        span => txn.state.timers.schedule(txn.now + span, owner, Alarm::Stage(0)),
    }
    txn.state.insights_analyses.get(&id).cloned().unwrap_or(row)
}

/// The end of an analysis, or of its row.
pub(super) fn step(txn: &mut Txn<'_>, id: NetworkInsightsAnalysisId, what: Alarm) {
    if what == Alarm::Release {
        return txn.state.remove_insights_analysis(id);
    }
    let Some(row) = txn.state.insights_analyses.get(&id).cloned() else { return };
    let Some(path) = txn.state.insights_paths.get(&row.path).cloned() else { return };
    let now = look(txn, &path, &row.accounts, (&row.filter_in, &row.filter_out));
    let status = match now {
        _ if !row.permitted => AnalysisStatus::Failed(NOT_PERMITTED),
        // Assumed: that changes matter which change the answer.
        Ok(now) if now == *row.outcome => AnalysisStatus::Succeeded,
        _ => AnalysisStatus::Failed(MODIFIED),
    };
    txn.note("NetworkInsightsAnalysisEnded", id.to_string(), None, status.name());
    txn.state.insights_analyses.update(&id, |row| row.status = status);
}
