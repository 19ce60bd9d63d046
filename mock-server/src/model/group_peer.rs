//! Groups of other VPCs that rules name across a peering connection, maybe those of another account.
//!
//! The account of the rule keeps in its own row what it prints of such a group; the account of the group keeps in the
//! connection which of its groups are named. Letters tell one what happens at the other.
//!
//! Source: VPC peering guide, "Update your security groups to reference peer security groups".

use super::group::SecurityGroupIndex;
use super::peering::{Peering, PeeringIndex, PeeringNews, PeeringStatus};
use super::*;
use crate::kernel::{AccountId, Rehome};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a group knows of one that its rules name across a connection.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct PeerGroup {
    pub group: SecurityGroupId,
    pub account: AccountId,
    pub vpc: VpcId,
    pub peering: VpcPeeringConnectionId,
    pub status: PeeringStatus,
    /// Whether the group is still there.
    pub exists: bool,
}

impl PeerGroup {
    /// Whether rules that name it allow nothing any more.
    pub fn is_stale(&self) -> bool {
        !self.exists || self.status != PeeringStatus::Active
    }
}

impl SecurityGroup {
    /// What is known of a group that rules name across a connection.
    pub fn peer_group(&self, id: SecurityGroupId) -> Option<&PeerGroup> {
        self.peered.iter().find(|peer| peer.group == id)
    }

    /// Remembers groups as they are now, and forgets those that no rule names.
    pub fn keep_peers(&mut self, now: Vec<PeerGroup>) {
        self.peered.retain(|peer| now.iter().all(|other| other.group != peer.group));
        self.peered.extend(now);
        let rules = &self.rules;
        self.peered.retain(|peer| rules.iter().any(|rule| rule.peer == Peer::Group(peer.group)));
    }
}

/// The group of this id at the other end of one of the VPC's active connections. One to another region does not do.
pub fn across(txn: &Txn<'_>, vpc: VpcId, id: SecurityGroupId) -> Option<PeerGroup> {
    active(&txn.state, vpc).find_map(|row| {
        let side = row.other_side(vpc);
        let is_theirs = |state: &State| state.groups.get(&id).is_some_and(|group| group.vpc == side.vpc);
        let found = if side.region != txn.state.site.region {
            false
        } else if side.account == txn.state.site.account {
            is_theirs(&txn.state)
        } else {
            txn.peek(side.account, &side.scope()).is_some_and(|state| is_theirs(&state))
        };
        found.then(|| PeerGroup {
            group: id,
            account: side.account,
            vpc: side.vpc,
            peering: row.id,
            status: row.status,
            exists: true,
        })
    })
}

/// The active connections of a VPC.
pub fn active(state: &State, vpc: VpcId) -> impl Iterator<Item = &Arc<Peering>> {
    state.peerings.by(&PeeringIndex::Vpc(vpc)).filter(|row| row.status == PeeringStatus::Active)
}

/// Tells the other accounts which of their groups this VPC's rules name. To be called when such rules have changed.
pub fn tell_names(txn: &mut Txn<'_>, vpc: VpcId) {
    let rows: Vec<_> = active(&txn.state, vpc).cloned().collect();
    for row in rows {
        let of_vpc = txn.state.groups.by(&SecurityGroupIndex::Vpc(vpc));
        let peers = of_vpc.flat_map(|group| &group.peered).filter(|peer| peer.peering == row.id);
        let groups: BTreeSet<_> = peers.map(|peer| peer.group).collect();
        peering::tell(txn, &row, PeeringNews::Named { id: row.id, groups });
    }
}

/// Tells the other accounts that a group of this VPC is gone.
pub fn tell_gone(txn: &mut Txn<'_>, vpc: VpcId, group: SecurityGroupId) {
    let rows: Vec<_> = active(&txn.state, vpc).cloned().collect();
    for row in rows {
        peering::tell(txn, &row, PeeringNews::GroupGone { id: row.id, group });
    }
}

/// Tells groups what became of a connection that their rules reach across, or that there is one again.
pub(super) fn settle(state: &mut State, row: &Peering) {
    for side in [&row.requester, &row.accepter] {
        let other = row.other_side(side.vpc).vpc;
        change(state, side.vpc, |peer| {
            if peer.peering == row.id {
                peer.status = row.status;
            } else if row.status == PeeringStatus::Active && peer.vpc == other && peer.is_stale() {
                (peer.peering, peer.status) = (row.id, row.status);
            }
        });
    }
}

/// Tells groups that one across a connection is gone.
pub(super) fn forget(state: &mut State, row: &Peering, gone: SecurityGroupId) {
    for side in [&row.requester, &row.accepter] {
        change(state, side.vpc, |peer| {
            if peer.group == gone {
                peer.exists = false;
            }
        });
    }
}

fn change(state: &mut State, vpc: VpcId, change: impl Fn(&mut PeerGroup)) {
    let of_vpc = state.groups.by(&SecurityGroupIndex::Vpc(vpc));
    let rows: Vec<_> = of_vpc.filter(|group| !group.peered.is_empty()).cloned().collect();
    for group in rows {
        let mut peered = group.peered.clone();
        peered.iter_mut().for_each(&change);
        if peered != group.peered {
            state.groups.update(&group.id, |group| group.peered = peered);
        }
    }
}

/// What must hold of the groups that rules name across connections.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for group in state.groups.iter() {
        for peer in &group.peered {
            if !group.rules.iter().any(|rule| rule.peer == Peer::Group(peer.group)) {
                broken.push(format!("{} knows {}, which no rule names", group.id, peer.group));
            }
            let status = state.peerings.get(&peer.peering).map(|row| row.status);
            if status.is_some_and(|status| status != peer.status) {
                broken.push(format!(
                    "{} takes {} for {:?}, not {status:?}",
                    group.id, peer.peering, peer.status
                ));
            }
        }
    }
    broken
}
