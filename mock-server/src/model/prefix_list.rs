//! Prefix lists that customers manage, and what refers to lists of either kind.
//!
//! Source: VPC user guide, "Customer-managed prefix lists".

use super::group::SecurityGroupIndex;
use super::route::RouteTableIndex;
use super::*;
use crate::kernel::{Memo, Rehome, Row};
use imbl::OrdMap;
use ipnet::IpNet;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum AddressFamily {
    V4,
    V6,
}

impl AddressFamily {
    pub fn of(net: &IpNet) -> Self {
        match net {
            IpNet::V4(_) => AddressFamily::V4,
            IpNet::V6(_) => AddressFamily::V6,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            AddressFamily::V4 => "IPv4",
            AddressFamily::V6 => "IPv6",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [AddressFamily::V4, AddressFamily::V6].into_iter().find(|family| family.name() == name)
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct PrefixListEntry {
    pub cidr: IpNet,
    pub description: Option<String>,
}

/// The entries of one version, in order of their ranges, each range once.
pub type PrefixListEntries = Arc<[PrefixListEntry]>;

/// What was last asked of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum PrefixListTask {
    Create,
    Modify,
    Restore,
    Delete,
}

/// How far that is.
#[derive(Clone, PartialEq, Eq, Debug, Rehome)]
pub enum PrefixListProgress {
    InProgress,
    Complete,
    /// With what it says about the reason.
    Failed(String),
}

/// What a list becomes when its task is complete.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct PrefixListChange {
    pub name: Option<String>,
    pub max_entries: Option<usize>,
    /// The entries of a new version.
    pub entries: Option<PrefixListEntries>,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct PrefixList {
    pub id: PrefixListId,
    pub name: String,
    pub family: AddressFamily,
    /// What a group or route table that refers to the list has to have room for.
    pub max_entries: usize,
    pub task: PrefixListTask,
    pub progress: PrefixListProgress,
    /// Not empty only while the task is in progress.
    pub change: PrefixListChange,
    /// The current version.
    pub version: i64,
    /// The versions that are kept; the current one is the last of them.
    pub versions: OrdMap<i64, PrefixListEntries>,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl PrefixList {
    /// As described: `modify-in-progress` and so on.
    pub fn state(&self) -> &'static str {
        use PrefixListProgress::{Complete, Failed, InProgress};
        use PrefixListTask::{Create, Delete, Modify, Restore};
        match (self.task, &self.progress) {
            (Create, InProgress) => "create-in-progress",
            (Create, Complete) => "create-complete",
            (Create, Failed(_)) => "create-failed",
            (Modify, InProgress) => "modify-in-progress",
            (Modify, Complete) => "modify-complete",
            (Modify, Failed(_)) => "modify-failed",
            (Restore, InProgress) => "restore-in-progress",
            (Restore, Complete) => "restore-complete",
            (Restore, Failed(_)) => "restore-failed",
            (Delete, InProgress) => "delete-in-progress",
            (Delete, Complete) => "delete-complete",
            (Delete, Failed(_)) => "delete-failed",
        }
    }

    /// A deleted list is described for a while, but it is no list any more.
    pub fn is_deleted(&self) -> bool {
        self.task == PrefixListTask::Delete && self.progress == PrefixListProgress::Complete
    }

    /// The entries of the current version.
    pub fn entries(&self) -> &[PrefixListEntry] {
        self.versions.get(&self.version).map_or(&[], |entries| entries)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PrefixListIndex {
    /// All that are not deleted.
    Alive,
}

impl Row for PrefixList {
    type Key = PrefixListId;
    type Index = PrefixListIndex;
    fn key(&self) -> PrefixListId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(PrefixListIndex)) {
        if !self.is_deleted() {
            emit(PrefixListIndex::Alive);
        }
    }
}

/// A prefix list, whoever manages it.
#[derive(Clone, Copy, Debug)]
pub enum AnyPrefixList<'a> {
    Customer(&'a Arc<PrefixList>),
    Aws(&'static ManagedList),
}

impl AnyPrefixList<'_> {
    /// All entries of a list are of one family.
    pub fn family_of(list: &ManagedList) -> AddressFamily {
        list.entries.first().map_or(AddressFamily::V4, AddressFamily::of)
    }

    pub fn family(&self) -> AddressFamily {
        match self {
            AnyPrefixList::Customer(list) => list.family,
            AnyPrefixList::Aws(list) => Self::family_of(list),
        }
    }

    /// How many rules or routes it counts for where it is referred to, however many entries it has.
    /// Source: VPC user guide, "Customer-managed prefix lists" and "AWS-managed prefix lists".
    pub fn weight(&self) -> usize {
        match self {
            AnyPrefixList::Customer(list) => list.max_entries,
            AnyPrefixList::Aws(list) => list.weight,
        }
    }
}

/// Something that refers to a prefix list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PrefixListUser {
    Group(SecurityGroupId),
    RouteTable(RouteTableId),
}

impl std::fmt::Display for PrefixListUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PrefixListUser::Group(id) => id.fmt(f),
            PrefixListUser::RouteTable(id) => id.fmt(f),
        }
    }
}

impl State {
    /// The list with this id that a rule or route may name.
    pub fn prefix_list(&self, id: PrefixListId) -> Option<AnyPrefixList<'_>> {
        let own = self.prefix_lists.get(&id).filter(|list| !list.is_deleted()).map(AnyPrefixList::Customer);
        own.or_else(|| managed_prefix_list::get(&self.site.region, id).map(AnyPrefixList::Aws))
    }

    /// What refers to a list: groups first, each in the order of ids.
    pub fn prefix_list_users(&self, id: PrefixListId) -> impl Iterator<Item = PrefixListUser> {
        let groups = self.groups.by(&SecurityGroupIndex::PrefixList(id));
        let tables = self.route_tables.by(&RouteTableIndex::PrefixList(id));
        let groups = groups.map(|group| PrefixListUser::Group(group.id));
        groups.chain(tables.map(|table| PrefixListUser::RouteTable(table.id)))
    }

    /// Removes a list and forgets its token.
    pub fn remove_prefix_list(&mut self, id: PrefixListId) {
        if let Some(list) = self.prefix_lists.remove(&id) {
            self.forget_token(list.client_token);
        }
    }
}

/// What must hold of prefix lists in every state.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for list in state.prefix_lists.iter() {
        let in_progress = list.progress == PrefixListProgress::InProgress;
        let timer = state.timers.next_of(&Owner::PrefixList(list.id));
        if timer.is_some() != (in_progress || list.is_deleted()) {
            broken.push(format!("{} is {} and has the timer {timer:?}", list.id, list.state()));
        }
        if !in_progress && list.change != PrefixListChange::default() {
            broken.push(format!("{} is {} and has still to change", list.id, list.state()));
        }
        let last = list.versions.get_max().map(|(version, _)| *version);
        if last != Some(list.version) || list.entries().len() > list.max_entries {
            broken.push(format!("{} has {last:?} as its last version, or too many entries", list.id));
        }
        if list.is_deleted() && state.prefix_list_users(list.id).next().is_some() {
            broken.push(format!("{} is deleted and referred to", list.id));
        }
    }
    let named = state.groups.iter().flat_map(|group| &group.rules).filter_map(|rule| match rule.peer {
        Peer::PrefixList(id) => Some(id),
        _ => None,
    });
    for id in named.filter(|id| state.prefix_list(*id).is_none()) {
        broken.push(format!("a rule refers to {id}, which does not exist"));
    }
    broken
}
