//! Reachability Analyzer: paths through networks that somebody asks about, and analyses of them.
//!
//! Source: Reachability Analyzer guide; API reference, NetworkInsightsPath and NetworkInsightsAnalysis.

use super::path::Transport;
use super::*;
use crate::kernel::{AccountId, Memo, Rehome, Row, SimTime};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// One end of a path, as the user named it and what that is.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InsightsEnd {
    /// Such as `eni-…`.
    pub id: Arc<str>,
    pub arn: Arc<str>,
    /// Whose it is.
    pub account: AccountId,
}

/// From the first port to the last.
pub type PortRange = (u16, u16);

/// What packets have to be like at one end of a path.
#[derive(Clone, Copy, PartialEq, Debug, Default, Rehome)]
pub struct HeaderFilter {
    pub source: Option<Ipv4Addr>,
    pub source_ports: Option<PortRange>,
    pub destination: Option<Ipv4Addr>,
    pub destination_ports: Option<PortRange>,
}

impl HeaderFilter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is asked: a pair of ends, and what packets between them are like.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InsightsPath {
    pub id: NetworkInsightsPathId,
    pub source: InsightsEnd,
    /// `None`: an address alone, which `at_source` holds.
    pub destination: Option<InsightsEnd>,
    pub transport: Transport,
    pub source_ip: Option<Ipv4Addr>,
    pub destination_ip: Option<Ipv4Addr>,
    pub destination_port: Option<u16>,
    pub at_source: HeaderFilter,
    pub at_destination: HeaderFilter,
    pub created: SimTime,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl InsightsPath {
    /// What packets have to be like where they begin, in whichever way that was said: the two ways exclude each other.
    pub fn leaving(&self) -> HeaderFilter {
        let port = self.destination_port.map(|port| (port, port));
        HeaderFilter {
            source: self.at_source.source.or(self.source_ip),
            source_ports: self.at_source.source_ports,
            destination: self.at_source.destination,
            destination_ports: self.at_source.destination_ports.or(port),
        }
    }

    /// The same where they arrive.
    pub fn arriving(&self) -> HeaderFilter {
        let destination = self.at_destination.destination.or(self.destination_ip);
        HeaderFilter { destination, ..self.at_destination }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InsightsPathIndex {
    Source(Arc<str>),
    Destination(Arc<str>),
}

impl Row for InsightsPath {
    type Key = NetworkInsightsPathId;
    type Index = InsightsPathIndex;
    fn key(&self) -> NetworkInsightsPathId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InsightsPathIndex)) {
        emit(InsightsPathIndex::Source(self.source.id.clone()));
        if let Some(destination) = &self.destination {
            emit(InsightsPathIndex::Destination(destination.id.clone()));
        }
    }
}

// === What is found ===

/// An element of a network, as findings name it.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Part {
    pub id: Arc<str>,
    pub arn: Arc<str>,
    /// Its tag `Name`.
    pub name: Option<Arc<str>>,
}

/// What is known of packets at some point. Blocks and ranges that are empty are not told.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Header {
    pub sources: Vec<ipnet::Ipv4Net>,
    pub source_ports: Option<PortRange>,
    pub destinations: Vec<ipnet::Ipv4Net>,
    pub destination_ports: Option<PortRange>,
    pub transport: Option<Transport>,
}

/// A fact of a finding.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum Fact {
    Text(Arc<str>),
    Texts(Vec<Arc<str>>),
    Number(u16),
    Part(Part),
    Parts(Vec<Part>),
    AclRule(AclEntry),
    GroupRule(SecurityGroupRule),
    Route(Route),
    Header(Header),
}

/// A component of a path or an explanation: facts by the names that members of PathComponent and Explanation have.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Facts(pub Vec<(&'static str, Fact)>);

impl Facts {
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: Fact) -> Self {
        self.0.push((name, fact));
        self
    }

    #[must_use]
    pub fn part(self, name: &'static str, part: Option<Part>) -> Self {
        match part {
            Some(part) => self.with(name, Fact::Part(part)),
            None => self,
        }
    }

    #[must_use]
    pub fn text(self, name: &'static str, text: impl fmt::Display) -> Self {
        self.with(name, Fact::Text(text.to_string().into()))
    }

    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, fact)| fact)
    }

    /// Every element that is named.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().flat_map(|(_, fact)| match fact {
            Fact::Part(part) => std::slice::from_ref(part),
            Fact::Parts(parts) => parts.as_slice(),
            _ => &[],
        })
    }
}

/// The answer to an analysis.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Outcome {
    pub found: bool,
    /// In order, as far as packets come.
    pub forward: Vec<Facts>,
    pub back: Vec<Facts>,
    pub explanations: Vec<Facts>,
    /// Accounts without which there is no knowing.
    pub suggested: Vec<AccountId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum AnalysisStatus {
    Running,
    Succeeded,
    /// And why.
    Failed(&'static str),
}

impl AnalysisStatus {
    pub fn name(self) -> &'static str {
        match self {
            AnalysisStatus::Running => "running",
            AnalysisStatus::Succeeded => "succeeded",
            AnalysisStatus::Failed(_) => "failed",
        }
    }
}

/// One look at a path.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct InsightsAnalysis {
    pub id: NetworkInsightsAnalysisId,
    pub path: NetworkInsightsPathId,
    /// The accounts that it may look into.
    pub accounts: Vec<AccountId>,
    /// ARNs: what the path has to traverse, and what it must not.
    pub filter_in: Arc<[Arc<str>]>,
    pub filter_out: Arc<[Arc<str>]>,
    pub started: SimTime,
    pub status: AnalysisStatus,
    /// As it was when it began; told once it succeeded.
    pub outcome: Arc<Outcome>,
    /// Whether its caller may look at all that it has to look at.
    pub permitted: bool,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl InsightsAnalysis {
    /// What was found, once it is known.
    pub fn found(&self) -> Option<&Outcome> {
        (self.status == AnalysisStatus::Succeeded).then_some(&*self.outcome)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InsightsAnalysisIndex {
    Path(NetworkInsightsPathId),
    Running,
}

impl Row for InsightsAnalysis {
    type Key = NetworkInsightsAnalysisId;
    type Index = InsightsAnalysisIndex;
    fn key(&self) -> NetworkInsightsAnalysisId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InsightsAnalysisIndex)) {
        emit(InsightsAnalysisIndex::Path(self.path));
        if self.status == AnalysisStatus::Running {
            emit(InsightsAnalysisIndex::Running);
        }
    }
}

impl State {
    pub fn remove_insights_path(&mut self, id: NetworkInsightsPathId) {
        let path = self.insights_paths.remove(&id);
        self.forget_token(path.and_then(|path| path.client_token));
    }

    /// Removes an analysis along with what it would have done.
    pub fn remove_insights_analysis(&mut self, id: NetworkInsightsAnalysisId) {
        self.timers.cancel(&Owner::InsightsAnalysis(id));
        let analysis = self.insights_analyses.remove(&id);
        self.forget_token(analysis.and_then(|analysis| analysis.client_token));
    }
}

/// The client tokens that paths and analyses hold.
pub(super) fn tokens(state: &State) -> impl Iterator<Item = u128> {
    let paths = state.insights_paths.iter().filter_map(|path| path.client_token);
    paths.chain(state.insights_analyses.iter().filter_map(|analysis| analysis.client_token))
}

pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for analysis in state.insights_analyses.iter() {
        if !state.insights_paths.contains(&analysis.path) {
            broken.push(format!("{} outlives {}", analysis.id, analysis.path));
        }
        // It ends, or it is forgotten at last.
        if state.timers.next_of(&Owner::InsightsAnalysis(analysis.id)).is_none() {
            broken.push(format!("{} has no timer", analysis.id));
        }
    }
    broken
}
