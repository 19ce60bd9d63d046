//! What SageMaker keeps for its users and does little with: model packages, experiments, model cards, feature groups,
//! images and their like. All of them are rows of one table.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Stored {
    /// The last part of its ARN, such as `experiment/e`. A version that has no ARN of its own has one more part.
    pub resource: Arc<str>,
    /// Such as `experiment`.
    pub kind: &'static str,
    pub arn: Arc<str>,
    /// What lists look at and are ordered by.
    pub name: Arc<str>,
    /// All that is told of it, as the service model calls it, but for its status and its times.
    pub told: Document,
    /// Empty: things of its kind have none.
    pub status: &'static str,
    /// Why it will fail, or has failed.
    pub failure: Option<String>,
    /// What it belongs to or is linked with, by their resources.
    pub of: BTreeSet<Arc<str>>,
    /// How many versions it ever had: their numbers are not used again.
    pub versions: u64,
    /// Who may use it beside its account: the text of a policy.
    pub policy: Option<Arc<str>>,
    /// The token of the call that made it.
    pub token: Option<Arc<str>>,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Stored {
    /// A text that is told of it.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.told.get(member)?.as_str()
    }
}

/// What a status that passes leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// The status it has then, and the one if something went wrong.
    Becomes(&'static str, &'static str),
    Gone,
}

/// `None`: nothing more happens by itself. Source: the enumerations of the service model.
pub fn next(status: &str) -> Option<Next> {
    Some(match status {
        "Creating" => Next::Becomes("Created", "CreateFailed"),
        "CREATING" => Next::Becomes("CREATED", "CREATE_FAILED"),
        "UPDATING" => Next::Becomes("CREATED", "UPDATE_FAILED"),
        "Deleting" | "DELETING" => Next::Gone,
        _ => return None,
    })
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StoredIndex {
    Kind(&'static str),
    /// Those of a kind that belong to something.
    Of(&'static str, Arc<str>),
    Token(&'static str, Arc<str>),
}

impl Row for Stored {
    type Key = Arc<str>;
    type Index = StoredIndex;
    fn key(&self) -> Arc<str> {
        self.resource.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(StoredIndex)) {
        emit(StoredIndex::Kind(self.kind));
        self.of.iter().for_each(|of| emit(StoredIndex::Of(self.kind, of.clone())));
        self.token.iter().for_each(|token| emit(StoredIndex::Token(self.kind, token.clone())));
    }
}

/// What must hold of what is kept; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    if !state.stored.is_consistent() {
        broken.push("the indexes of what is kept do not match its rows".into());
    }
    for row in state.stored.iter() {
        let resource = &row.resource;
        let timer = state.timers.next_of(&Owner::Stored(resource.clone())).is_some();
        if timer != next(row.status).is_some() {
            broken.push(format!("{resource} is {} and has a timer: {timer}", row.status));
        }
        if let Some(missing) = row.of.iter().find(|of| !state.stored.contains(of)) {
            broken.push(format!("{resource} belongs to {missing}, which does not exist"));
        }
    }
    broken
}
