//! Where a security group reaches: the VPCs whose interfaces may carry it, and the groups that its rules may name.
//!
//! Source: VPC user guide, "Associate security groups with multiple VPCs".

use super::group::SecurityGroupIndex;
use super::*;
use crate::kernel::{Memo, Rehome, Row};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum GroupAssociationState {
    Associating,
    Associated,
    Disassociating,
    /// It is described for a while, but it is no association any more.
    Disassociated,
}

impl GroupAssociationState {
    /// As described.
    pub fn name(self) -> &'static str {
        match self {
            GroupAssociationState::Associating => "associating",
            GroupAssociationState::Associated => "associated",
            GroupAssociationState::Disassociating => "disassociating",
            GroupAssociationState::Disassociated => "disassociated",
        }
    }
}

/// A group in a VPC other than its own.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct GroupAssociation {
    pub group: SecurityGroupId,
    pub vpc: VpcId,
    pub state: GroupAssociationState,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum GroupAssociationIndex {
    Group(SecurityGroupId),
    Vpc(VpcId),
}

impl Row for GroupAssociation {
    type Key = (SecurityGroupId, VpcId);
    type Index = GroupAssociationIndex;
    fn key(&self) -> (SecurityGroupId, VpcId) {
        (self.group, self.vpc)
    }
    fn indexes(&self, emit: &mut dyn FnMut(GroupAssociationIndex)) {
        emit(GroupAssociationIndex::Group(self.group));
        emit(GroupAssociationIndex::Vpc(self.vpc));
    }
}

impl State {
    /// The associations under an index entry that are not over.
    pub fn group_associations_by(
        &self,
        index: &GroupAssociationIndex,
    ) -> impl Iterator<Item = &Arc<GroupAssociation>> {
        let over = GroupAssociationState::Disassociated;
        self.group_associations.by(index).filter(move |association| association.state != over)
    }

    /// Whether interfaces in this VPC may carry the group.
    pub fn may_carry(&self, group: &SecurityGroup, vpc: VpcId) -> bool {
        group.vpc == vpc || {
            let association = self.group_associations.get(&(group.id, vpc));
            association.is_some_and(|association| association.state == GroupAssociationState::Associated)
        }
    }

    /// The groups that interfaces in this VPC may carry, in the order of their ids.
    pub fn groups_for(&self, vpc: VpcId) -> Vec<&Arc<SecurityGroup>> {
        let guests = self.group_associations.by(&GroupAssociationIndex::Vpc(vpc));
        let guests = guests.filter_map(|association| self.groups.get(&association.group));
        let guests = guests.filter(|group| self.may_carry(group, vpc));
        let mut all: Vec<_> = self.groups.by(&SecurityGroupIndex::Vpc(vpc)).chain(guests).collect();
        all.sort_by_key(|group| group.id);
        all
    }

    /// Whether a rule of `group` may name `other`: if there is a VPC whose interfaces may carry both. Rules that were
    /// made when this was so, and is no longer, are stale. An active peering connection of the two VPCs is another reason.
    ///
    /// Source: VPC user guide, "Security group rules"; VPC peering guide, "Update your security groups to reference peer
    /// security groups"; that an association suffices is assumed.
    pub fn may_refer(&self, group: &SecurityGroup, other: &SecurityGroup) -> bool {
        let vpcs = |group: &SecurityGroup| {
            let index = GroupAssociationIndex::Group(group.id);
            let guest = self.group_associations.by(&index).map(|association| association.vpc);
            [group.vpc].into_iter().chain(guest)
        };
        let mut vpcs = vpcs(group).chain(vpcs(other));
        group.vpc == other.vpc
            || peering::joined(self, group.vpc, other.vpc)
            || vpcs.any(|vpc| self.may_carry(group, vpc) && self.may_carry(other, vpc))
    }

    /// Removes a group, and what is left of its associations.
    pub fn remove_group(&mut self, id: SecurityGroupId) {
        self.groups.remove(&id);
        self.forget_group_associations(&GroupAssociationIndex::Group(id));
    }

    /// Removes associations along with a group or a VPC.
    pub(super) fn forget_group_associations(&mut self, index: &GroupAssociationIndex) {
        let keys: Vec<_> = self.group_associations.by(index).map(|row| row.key()).collect();
        for (group, vpc) in keys {
            self.timers.cancel(&Owner::GroupAssociation(group, vpc));
            self.group_associations.remove(&(group, vpc));
        }
    }
}

/// What must hold of associations in every state.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for association in state.group_associations.iter() {
        let (group, vpc) = association.key();
        let home = state.groups.get(&group).map(|group| group.vpc);
        if home.is_none_or(|home| home == vpc) || !state.vpcs.contains(&vpc) {
            broken.push(format!("{group} of {home:?} is associated with {vpc}"));
        }
        let timer = state.timers.next_of(&Owner::GroupAssociation(group, vpc));
        if timer.is_some() == (association.state == GroupAssociationState::Associated) {
            let state = association.state.name();
            broken.push(format!("{group} is {state} with {vpc} and has the timer {timer:?}"));
        }
    }
    broken
}
