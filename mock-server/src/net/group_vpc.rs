//! Associations of security groups with further VPCs, which come and go some time after the call.
//!
//! Source: VPC user guide, "Associate security groups with multiple VPCs"; how long it takes is assumed.

use crate::model::{
    Alarm, GroupAssociation, GroupAssociationState, Owner, Profile, SecurityGroupId, Txn, VpcId,
};
use GroupAssociationState::{Associated, Associating, Disassociated, Disassociating};
use std::time::Duration;

/// How long an association stays in a state, in milliseconds, in profile `fast` and in profile `realistic`.
fn lasts(state: GroupAssociationState, profile: Profile) -> Option<Duration> {
    Some(profile.lasts(match state {
        Associating | Disassociating => [500, 10_000],
        Disassociated => [5_000, 3_600_000],
        Associated => return None,
    }))
}

/// The association enters this state; what it is in after the call.
pub fn enter(
    txn: &mut Txn<'_>,
    group: SecurityGroupId,
    vpc: VpcId,
    state: GroupAssociationState,
) -> GroupAssociationState {
    let owner = Owner::GroupAssociation(group, vpc);
    txn.state.timers.cancel(&owner);
    txn.state.group_associations.insert(GroupAssociation { group, vpc, state, memo: Default::default() });
    match lasts(state, txn.state.profile) {
        None => state,
        Some(Duration::ZERO) => {
            step(txn, group, vpc);
            let left = txn.state.group_associations.get(&(group, vpc));
            left.map_or(Disassociated, |association| association.state)
        }
        Some(span) => {
            let at = txn.now + span;
            txn.state.timers.schedule(at, owner, Alarm::Stage(0));
            state
        }
    }
}

/// The association leaves its state.
pub fn step(txn: &mut Txn<'_>, group: SecurityGroupId, vpc: VpcId) {
    let Some(association) = txn.state.group_associations.get(&(group, vpc)) else { return };
    match association.state {
        Associating => drop(enter(txn, group, vpc, Associated)),
        Disassociating => drop(enter(txn, group, vpc, Disassociated)),
        Disassociated => drop(txn.state.group_associations.remove(&(group, vpc))),
        Associated => {}
    }
}
