//! Studio: domains, and what is in them: user profiles, spaces and the apps that these run.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum StudioStatus {
    Pending,
    InService,
    Updating,
    Deleting,
    Failed,
    /// Of an app: it is told for a while.
    Deleted,
}

impl StudioStatus {
    /// Whether something is being done.
    pub fn is_under_way(self) -> bool {
        matches!(self, StudioStatus::Pending | StudioStatus::Updating | StudioStatus::Deleting)
    }
}

/// What runs apps.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum AppOwner {
    UserProfile(Arc<str>),
    Space(Arc<str>),
}

/// Something in a domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum StudioMember {
    UserProfile(Arc<str>),
    Space(Arc<str>),
    App { owner: AppOwner, app_type: Arc<str>, name: Arc<str> },
}

/// A domain, or something in one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct StudioKey {
    /// The domain's id.
    pub domain: Arc<str>,
    /// `None`: the domain itself.
    pub member: Option<StudioMember>,
}

impl std::fmt::Display for StudioKey {
    /// As in an ARN.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let domain = &self.domain;
        match &self.member {
            None => write!(f, "domain/{domain}"),
            Some(StudioMember::UserProfile(name)) => write!(f, "user-profile/{domain}/{name}"),
            Some(StudioMember::Space(name)) => write!(f, "space/{domain}/{name}"),
            Some(StudioMember::App { owner, app_type, name }) => {
                let (AppOwner::UserProfile(owner) | AppOwner::Space(owner)) = owner;
                write!(f, "app/{domain}/{owner}/{}/{name}", app_type.to_lowercase())
            }
        }
    }
}

/// A domain, a user profile, a space or an app: they live alike.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Studio {
    pub key: StudioKey,
    /// The key as text: lists are ordered by it where times are the same.
    pub name: Arc<str>,
    pub arn: String,
    pub status: StudioStatus,
    /// Why it failed.
    pub failure: Option<String>,
    /// What the caller said, with defaults, under the names that the description has for it.
    pub request: Document,
    /// Of a domain that has a network.
    pub network: Option<StudioNetwork>,
    /// Of an app: the interface of its instance, which it may share with others of its owner.
    pub interface: Option<NetworkInterfaceId>,
    pub created: SimTime,
    pub modified: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

/// What a domain has in the user's VPC.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct StudioNetwork {
    pub vpc: VpcId,
    pub subnets: Vec<SubnetId>,
    /// The id of the home file system.
    pub file_system: String,
    /// Its mount targets: one in each zone.
    pub mounts: Vec<NetworkInterfaceId>,
    /// The group of the mount targets, and the one that lets apps get to it.
    pub inbound: SecurityGroupId,
    pub outbound: SecurityGroupId,
    /// The file system and its mount targets go with the domain.
    pub delete_file_system: bool,
}

impl Studio {
    /// Something that the caller said.
    pub fn said(&self, name: &str) -> Option<&str> {
        self.request.get(name)?.as_str()
    }

    /// Whether its instance has an interface.
    pub fn runs(&self) -> bool {
        matches!(self.status, StudioStatus::Pending | StudioStatus::InService | StudioStatus::Deleting)
    }
}

/// A script that apps run. It never changes.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct StudioLifecycle {
    pub name: Arc<str>,
    pub arn: String,
    pub app_type: Arc<str>,
    pub content: Arc<str>,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for StudioLifecycle {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum StudioIndex {
    /// All that is in a domain.
    Domain(Arc<str>),
    /// The apps of somebody.
    Apps(Arc<str>, AppOwner),
}

impl Row for Studio {
    type Key = StudioKey;
    type Index = StudioIndex;
    fn key(&self) -> StudioKey {
        self.key.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(StudioIndex)) {
        let domain = &self.key.domain;
        if let Some(member) = &self.key.member {
            emit(StudioIndex::Domain(domain.clone()));
            if let StudioMember::App { owner, .. } = member {
                emit(StudioIndex::Apps(domain.clone(), owner.clone()));
            }
        }
    }
}

/// What must hold of Studio in every state. For tests.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for row in state.studio.iter() {
        let timer = state.timers.next_of(&Owner::Studio(row.key.clone()));
        if timer.is_some() != (row.status.is_under_way() || row.status == StudioStatus::Deleted) {
            broken.push(format!("{} is {:?} and has the timer {timer:?}", row.arn, row.status));
        }
        if !state.studio.contains(&StudioKey { domain: row.key.domain.clone(), member: None }) {
            broken.push(format!("{} is in no domain", row.arn));
        }
        if row.interface.is_some() && !row.runs() {
            broken.push(format!("{} does not run and has an interface", row.arn));
        }
    }
    for domain in state.studio.iter().filter(|row| row.key.member.is_none()) {
        let members = || state.studio.by(&StudioIndex::Domain(domain.key.domain.clone()));
        let mounts = domain.network.iter().flat_map(|network| network.mounts.iter().copied());
        let mut held: Vec<_> = mounts.chain(members().filter_map(|app| app.interface)).collect();
        held.sort_unstable();
        held.dedup();
        let owned = state.interfaces.by(&interface::InterfaceIndex::Owner(Owner::Studio(domain.key.clone())));
        if !owned.map(|row| row.id).eq(held) {
            broken.push(format!("the interfaces of {} are not those that it owns", domain.arn));
        }
    }
    for interface in state.interfaces.iter() {
        if let Some(Owner::Studio(key)) = &interface.owner
            && !state.studio.contains(key)
        {
            broken.push(format!("{} outlives {key}", interface.id));
        }
    }
    broken
}
