//! Launch templates: parameters of instances under a name, in numbered versions.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LaunchTemplate {
    pub id: LaunchTemplateId,
    pub name: Arc<str>,
    pub created: SimTime,
    /// The ARN of whoever made it.
    pub created_by: Arc<str>,
    pub default_version: u64,
    /// The number that was given last. None is given twice.
    pub last_number: u64,
    pub versions: BTreeMap<u64, Arc<LaunchVersion>>,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LaunchVersion {
    pub number: u64,
    pub description: Option<String>,
    pub created: SimTime,
    pub created_by: Arc<str>,
    /// As it was given: a template is not looked into before something is launched from it.
    pub data: Value,
    pub client_token: Option<u128>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LaunchTemplateIndex {
    Name(Arc<str>),
}

impl Row for LaunchTemplate {
    type Key = LaunchTemplateId;
    type Index = LaunchTemplateIndex;
    fn key(&self) -> LaunchTemplateId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(LaunchTemplateIndex)) {
        emit(LaunchTemplateIndex::Name(self.name.clone()));
    }
}

impl LaunchTemplate {
    /// The version of this number, or the one that `$Latest` or `$Default` stands for.
    pub fn version(&self, text: &str) -> Option<&Arc<LaunchVersion>> {
        let number = match text {
            "$Latest" => self.latest_version(),
            "$Default" => self.default_version,
            number => number.parse().ok()?,
        };
        self.versions.get(&number)
    }

    /// The newest version that there is.
    pub fn latest_version(&self) -> u64 {
        self.versions.keys().next_back().copied().unwrap_or_default()
    }

    /// The client tokens that it and its versions have.
    pub fn tokens(&self) -> impl Iterator<Item = u128> {
        self.versions.values().map(|version| version.client_token).chain([self.client_token]).flatten()
    }
}

impl State {
    pub fn launch_template_named(&self, name: &str) -> Option<&Arc<LaunchTemplate>> {
        self.launch_templates.by(&LaunchTemplateIndex::Name(name.into())).next()
    }
}

/// What must hold of launch templates; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for row in state.launch_templates.iter() {
        if state.launch_templates.count(&LaunchTemplateIndex::Name(row.name.clone())) != 1 {
            broken.push(format!("{} has the name of another launch template", row.id));
        }
        if !row.versions.contains_key(&row.default_version) {
            broken.push(format!("{} has no default version", row.id));
        }
        if row.latest_version() > row.last_number
            || row.versions.iter().any(|(number, it)| *number != it.number)
        {
            broken.push(format!("the versions of {} are misnumbered", row.id));
        }
    }
    broken
}
