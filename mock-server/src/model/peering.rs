//! VPC peering connections. Both sides have a row of their own, each in its own cell; a letter tells one side what the
//! other one did.
//!
//! Source: VPC peering guide, "VPC peering connection lifecycle".

use super::state::{Alarm, Letter, Owner};
use super::*;
use crate::kernel::{AccountId, Memo, Rehome, Row, Scope, SimTime};
use ipnet::{Ipv4Net, Ipv6Net};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// One of the two VPCs.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct PeeringSide {
    pub account: AccountId,
    pub region: Arc<str>,
    pub vpc: VpcId,
    /// The blocks of the VPC, as they were when they were last told.
    pub cidrs: Vec<Ipv4Net>,
    pub ipv6_cidrs: Vec<Ipv6Net>,
    /// Whether names of this side resolve to private addresses when the other side asks.
    pub dns_resolution: bool,
}

impl PeeringSide {
    /// A VPC that the transaction's cell has.
    pub fn of(txn: &Txn<'_>, vpc: &Vpc) -> Self {
        Self {
            account: txn.origin.account,
            region: txn.origin.region().into(),
            vpc: vpc.id,
            cidrs: vpc.cidrs.iter().map(|(_, cidr)| *cidr).collect(),
            ipv6_cidrs: vpc.ipv6_cidrs.iter().map(|(_, cidr)| *cidr).collect(),
            dns_resolution: false,
        }
    }

    pub(super) fn scope(&self) -> Scope {
        Scope::Region(self.region.clone())
    }

    fn is_here(&self, txn: &Txn<'_>) -> bool {
        self.account == txn.origin.account && &*self.region == txn.origin.region()
    }

    fn overlaps(&self, other: &Self) -> bool {
        let v4 = |net: &Ipv4Net| other.cidrs.iter().any(|it| it.contains(net) || net.contains(it));
        let v6 = |net: &Ipv6Net| other.ipv6_cidrs.iter().any(|it| it.contains(net) || net.contains(it));
        self.cidrs.iter().any(v4) || self.ipv6_cidrs.iter().any(v6)
    }
}

/// `provisioning` and `deleting` pass at once here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum PeeringStatus {
    PendingAcceptance,
    Active,
    Rejected,
    Deleted {
        by: AccountId,
    },
    /// There is no such VPC, or the two overlap.
    Failed,
    Expired,
}

impl PeeringStatus {
    pub fn is_live(self) -> bool {
        matches!(self, PeeringStatus::PendingAcceptance | PeeringStatus::Active)
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Peering {
    pub id: VpcPeeringConnectionId,
    pub requester: PeeringSide,
    pub accepter: PeeringSide,
    pub status: PeeringStatus,
    /// When an unanswered request lapses.
    pub expires: SimTime,
    /// Each side has its own.
    pub tags: Tags,
    /// The groups of this side that rules of another account on the other side name.
    pub named: BTreeSet<SecurityGroupId>,
    pub memo: Memo,
}

impl Peering {
    /// The side that is not this VPC.
    pub fn other_side(&self, vpc: VpcId) -> &PeeringSide {
        if self.requester.vpc == vpc { &self.accepter } else { &self.requester }
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PeeringIndex {
    Vpc(VpcId),
}

impl Row for Peering {
    type Key = VpcPeeringConnectionId;
    type Index = PeeringIndex;
    fn key(&self) -> VpcPeeringConnectionId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(PeeringIndex)) {
        emit(PeeringIndex::Vpc(self.requester.vpc));
        emit(PeeringIndex::Vpc(self.accepter.vpc));
    }
}

/// What one side tells the other.
#[derive(Debug)]
pub enum PeeringNews {
    Requested(Peering),
    Changed {
        id: VpcPeeringConnectionId,
        status: PeeringStatus,
        accepter: PeeringSide,
    },
    /// Whether the requester's, and the accepter's names resolve to private addresses.
    Options {
        id: VpcPeeringConnectionId,
        requester: bool,
        accepter: bool,
    },
    /// Which of the other side's groups rules of this one name.
    Named {
        id: VpcPeeringConnectionId,
        groups: BTreeSet<SecurityGroupId>,
    },
    /// A group of this side is gone.
    GroupGone {
        id: VpcPeeringConnectionId,
        group: SecurityGroupId,
    },
}

/// How long a request waits for its answer.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long what is over is shown: to whoever ended it, and to the other account.
const SHORT: Duration = Duration::from_secs(2 * 3_600);
const LONG: Duration = Duration::from_secs(2 * 24 * 3_600);

/// Asks for a connection. It has failed already if the other VPC is not there or overlaps.
pub fn request(
    txn: &mut Txn<'_>,
    requester: PeeringSide,
    account: AccountId,
    region: Arc<str>,
    vpc: VpcId,
    tags: Tags,
) -> Arc<Peering> {
    let mut accepter = PeeringSide {
        account,
        region,
        vpc,
        cidrs: Vec::new(),
        ipv6_cidrs: Vec::new(),
        dns_resolution: false,
    };
    let there = if accepter.is_here(txn) {
        txn.state.vpcs.get(&vpc).cloned()
    } else {
        txn.peek(account, &accepter.scope()).and_then(|state| state.vpcs.get(&vpc).cloned())
    };
    if let Some(vpc) = &there {
        accepter.cidrs = vpc.cidrs.iter().map(|(_, cidr)| *cidr).collect();
        accepter.ipv6_cidrs = vpc.ipv6_cidrs.iter().map(|(_, cidr)| *cidr).collect();
    }
    let fits = there.is_some() && !requester.overlaps(&accepter);
    let row = Peering {
        id: Id::mint(txn),
        requester,
        accepter,
        status: if fits { PeeringStatus::PendingAcceptance } else { PeeringStatus::Failed },
        expires: txn.now + PATIENCE,
        tags,
        named: BTreeSet::new(),
        memo: Memo::default(),
    };
    if fits && !row.accepter.is_here(txn) {
        let letter = PeeringNews::Requested(Peering { tags: Tags::default(), ..row.clone() });
        txn.post(account, row.accepter.scope(), Letter::Peering(Box::new(letter)));
    }
    keep(txn, row)
}

/// Changes what became of a connection, on both sides.
pub fn change(txn: &mut Txn<'_>, peering: &Peering, status: PeeringStatus) {
    let mut row = Peering { status, memo: Memo::default(), ..peering.clone() };
    if status == PeeringStatus::Active
        && let Some(vpc) = txn.state.vpcs.get(&row.accepter.vpc).cloned()
    {
        row.accepter = PeeringSide::of(txn, &vpc);
    }
    let news = PeeringNews::Changed { id: row.id, status, accepter: row.accepter.clone() };
    tell(txn, &row, news);
    keep(txn, row);
}

/// Sets what names resolve to, on both sides.
pub fn set_options(txn: &mut Txn<'_>, peering: &Peering, requester: bool, accepter: bool) -> Arc<Peering> {
    tell(txn, peering, PeeringNews::Options { id: peering.id, requester, accepter });
    with_options(txn, peering, requester, accepter)
}

/// Ends the connections of a VPC that goes.
pub fn end_those_of(txn: &mut Txn<'_>, vpc: VpcId) {
    let of_it: Vec<_> = txn.state.peerings.by(&PeeringIndex::Vpc(vpc)).cloned().collect();
    for peering in of_it.iter().filter(|peering| peering.status.is_live()) {
        change(txn, peering, PeeringStatus::Deleted { by: txn.origin.account });
    }
}

/// Whether an active connection joins these two VPCs.
pub fn joined(state: &State, one: VpcId, other: VpcId) -> bool {
    state.peerings.by(&PeeringIndex::Vpc(one)).any(|row| {
        row.status == PeeringStatus::Active && [row.requester.vpc, row.accepter.vpc].contains(&other)
    })
}

/// Whether somebody else's request waits for the answer of this VPC's owner.
pub fn awaits_answer(state: &State, vpc: VpcId) -> bool {
    state.peerings.by(&PeeringIndex::Vpc(vpc)).any(|peering| {
        peering.status == PeeringStatus::PendingAcceptance
            && peering.accepter.vpc == vpc
            && peering.requester.account != peering.accepter.account
    })
}

/// Reads what the other side tells.
pub fn receive(txn: &mut Txn<'_>, news: PeeringNews) {
    match news {
        // The VPC may have gone since it was looked at.
        PeeringNews::Requested(row) if txn.state.vpcs.contains(&row.accepter.vpc) => {
            // Each side has a clock of its own.
            let expires = txn.now + PATIENCE;
            keep(txn, Peering { expires, ..row });
        }
        PeeringNews::Requested(row) => {
            let (status, accepter) = (PeeringStatus::Failed, row.accepter.clone());
            tell(txn, &row, PeeringNews::Changed { id: row.id, status, accepter });
        }
        PeeringNews::Changed { id, status, accepter } => {
            let Some(row) = txn.state.peerings.get(&id) else { return };
            let row = Peering { status, accepter, memo: Memo::default(), ..Peering::clone(row) };
            keep(txn, row);
        }
        PeeringNews::Options { id, requester, accepter } => {
            if let Some(row) = txn.state.peerings.get(&id).cloned() {
                with_options(txn, &row, requester, accepter);
            }
        }
        PeeringNews::Named { id, groups } => {
            txn.state.peerings.update(&id, |row| row.named = groups);
        }
        PeeringNews::GroupGone { id, group } => {
            if let Some(row) = txn.state.peerings.get(&id).cloned() {
                group_peer::forget(&mut txn.state, &row, group);
            }
        }
    }
}

/// What a timer of a connection does: an unanswered request lapses, one that is over is forgotten.
pub fn step(txn: &mut Txn<'_>, id: VpcPeeringConnectionId, what: Alarm) {
    let Some(row) = txn.state.peerings.get(&id).cloned() else { return };
    match what {
        Alarm::Stage(_) if row.status == PeeringStatus::PendingAcceptance => {
            change(txn, &row, PeeringStatus::Expired);
        }
        Alarm::Stage(_)
        | Alarm::Overtime
        | Alarm::WaitOver
        | Alarm::Interrupt
        | Alarm::Checkpoint
        | Alarm::Wake => {}
        Alarm::Release => drop(txn.state.peerings.remove(&id)),
    }
}

fn with_options(txn: &mut Txn<'_>, peering: &Peering, requester: bool, accepter: bool) -> Arc<Peering> {
    let mut row = Peering { memo: Memo::default(), ..peering.clone() };
    row.requester.dns_resolution = requester;
    row.accepter.dns_resolution = accepter;
    txn.state.peerings.insert(row)
}

/// Posts news to the cell of the other side, if it is another cell.
pub(super) fn tell(txn: &mut Txn<'_>, row: &Peering, news: PeeringNews) {
    let other = [&row.requester, &row.accepter].into_iter().find(|side| !side.is_here(txn));
    if let Some(other) = other {
        txn.post(other.account, other.scope(), Letter::Peering(Box::new(news)));
    }
}

/// Stores a row with the timers and the routes that go with its status.
fn keep(txn: &mut Txn<'_>, row: Peering) -> Arc<Peering> {
    let owner = Owner::Peering(row.id);
    txn.state.timers.cancel(&owner);
    match row.status {
        PeeringStatus::PendingAcceptance => txn.state.timers.schedule(row.expires, owner, Alarm::Stage(0)),
        PeeringStatus::Active => {}
        _ => {
            let until = txn.now + shown(&row, txn.origin.account);
            txn.state.timers.schedule(until, owner, Alarm::Release);
        }
    }
    let id = row.id;
    let row = txn.state.peerings.insert(row);
    txn.state.settle_routes_to(RouteTarget::Peering(id));
    group_peer::settle(&mut txn.state, &row);
    row
}

/// How long a connection that is over is shown to an account.
fn shown(row: &Peering, to: AccountId) -> Duration {
    let alone = row.requester.account == row.accepter.account;
    match row.status {
        PeeringStatus::Deleted { by } if by != to => LONG,
        PeeringStatus::Rejected if !alone && to == row.requester.account => LONG,
        PeeringStatus::Expired => LONG,
        _ => SHORT,
    }
}

/// What must hold of peering connections.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for row in state.peerings.iter() {
        let timed = state.timers.next_of(&Owner::Peering(row.id)).is_some();
        if timed != (row.status != PeeringStatus::Active) {
            broken.push(format!("{} is {:?}; it has a timer: {timed}", row.id, row.status));
        }
        let own = [&row.requester, &row.accepter].map(|side| {
            side.account == state.site.account
                && side.region == state.site.region
                && state.vpcs.contains(&side.vpc)
        });
        if row.status.is_live() && !own.contains(&true) {
            broken.push(format!("{} is {:?} and connects no VPC of this place", row.id, row.status));
        }
    }
    broken
}
