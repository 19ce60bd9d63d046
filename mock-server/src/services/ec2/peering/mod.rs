//! VPC peering connections, between accounts and regions too.
//!
//! Source: VPC peering guide, "VPC peering connection lifecycle", "Create", "Accept", "Delete".

use super::describe::{Listed, Resource, Text, find, stored_in};
use super::error::Missing;
use super::error::{Ec2Error, peering::PeeringError};
use super::filter::Probe;
use super::network_interface::date;
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::AccountId;
use crate::model::peering::{self, PeeringIndex};
use crate::model::{
    Id, Peering, PeeringSide, PeeringStatus, RegionInfo, Site, State, Txn, Vpc, VpcId, VpcPeeringConnectionId,
};
use crate::services::{Caller, Operation, Write};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for Peering {
    const DESCRIBE: &'static str = "DescribeVpcPeeringConnections";
    const LIST: &'static str = "VpcPeeringConnections";
    const IDS: &'static str = "vpcPeeringConnectionIds";
    const KIND: &'static str = "vpc-peering-connection";
    const ID_FILTER: &'static str = "vpc-peering-connection-id";
    const FILTERS: &'static [&'static str] = &[
        "accepter-vpc-info.cidr-block",
        "accepter-vpc-info.owner-id",
        "accepter-vpc-info.vpc-id",
        "expiration-time",
        "requester-vpc-info.cidr-block",
        "requester-vpc-info.owner-id",
        "requester-vpc-info.vpc-id",
        "status-code",
        "status-message",
        "tag",
        "tag-key",
        "vpc-peering-connection-id",
    ];

    stored_in!(peerings);

    fn not_found(missing: Missing) -> Ec2Error {
        PeeringError::NotFound(missing).into()
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        let side = match name.split_once("-vpc-info.") {
            Some(("accepter", _)) => &self.accepter,
            _ => &self.requester,
        };
        match name {
            "accepter-vpc-info.cidr-block" if !self.is_accepted() => {}
            "accepter-vpc-info.cidr-block" | "requester-vpc-info.cidr-block" => {
                side.cidrs.first().into_iter().for_each(|cidr| probe.show(cidr));
            }
            "accepter-vpc-info.owner-id" | "requester-vpc-info.owner-id" => probe.show(side.account),
            "accepter-vpc-info.vpc-id" | "requester-vpc-info.vpc-id" => probe.show(side.vpc),
            "expiration-time" => probe.is(&date(self.expires.millis())),
            "status-code" => probe.is(status_code(self.status)),
            "status-message" => probe.is(&self.message()),
            "vpc-peering-connection-id" => probe.show(self.id),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        self.print_as(status_code(self.status), &self.message(), serializer)
    }
}

/// A status as it is described.
pub fn status_code(status: PeeringStatus) -> &'static str {
    match status {
        PeeringStatus::PendingAcceptance => "pending-acceptance",
        PeeringStatus::Active => "active",
        PeeringStatus::Rejected => "rejected",
        PeeringStatus::Deleted { .. } => "deleted",
        PeeringStatus::Failed => "failed",
        PeeringStatus::Expired => "expired",
    }
}

trait PrintPeering {
    fn is_accepted(&self) -> bool;
    fn message(&self) -> String;
    fn print_as<S: Serializer>(&self, code: &str, message: &str, serializer: S) -> Result<S::Ok, S::Error>;
}

impl PrintPeering for Peering {
    /// Whether the accepter's VPC is told in full.
    fn is_accepted(&self) -> bool {
        matches!(self.status, PeeringStatus::Active | PeeringStatus::Deleted { .. })
    }

    /// Source: answers of AWS in public logs; "Inactive" is Assumed.
    fn message(&self) -> String {
        match self.status {
            PeeringStatus::PendingAcceptance => format!("Pending Acceptance by {}", self.accepter.account),
            PeeringStatus::Active => "Active".into(),
            PeeringStatus::Rejected => "Inactive".into(),
            PeeringStatus::Deleted { by } => format!("Deleted by {by}"),
            PeeringStatus::Failed => {
                "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range".into()
            }
            PeeringStatus::Expired => "Expired".into(),
        }
    }

    fn print_as<S: Serializer>(&self, code: &str, message: &str, serializer: S) -> Result<S::Ok, S::Error> {
        PeeringView {
            accepter_vpc_info: SideView::new(&self.accepter, self.is_accepted()),
            requester_vpc_info: SideView::new(&self.requester, true),
            expiration_time: (self.status == PeeringStatus::PendingAcceptance)
                .then_some(self.expires.millis()),
            status: StatusView { code, message },
            tags: TagSet(&self.tags),
            vpc_peering_connection_id: Text(self.id),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PeeringView<'a> {
    accepter_vpc_info: SideView<'a>,
    requester_vpc_info: SideView<'a>,
    /// Milliseconds.
    expiration_time: Option<i64>,
    status: StatusView<'a>,
    tags: TagSet<'a>,
    vpc_peering_connection_id: Text<VpcPeeringConnectionId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusView<'a> {
    code: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SideView<'a> {
    cidr_block: Option<Text<Ipv4Net>>,
    cidr_block_set: Option<Vec<CidrView>>,
    ipv6_cidr_block_set: Option<Vec<Ipv6CidrView>>,
    owner_id: Text<AccountId>,
    peering_options: Option<OptionsView>,
    vpc_id: Text<VpcId>,
    region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CidrView {
    cidr_block: Text<Ipv4Net>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6CidrView {
    ipv6_cidr_block: Text<Ipv6Net>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OptionsView {
    allow_dns_resolution_from_remote_vpc: bool,
    allow_egress_from_local_classic_link_to_remote_vpc: bool,
    allow_egress_from_local_vpc_to_remote_classic_link: bool,
}

impl OptionsView {
    /// There is no ClassicLink any more.
    fn new(side: &PeeringSide) -> Self {
        Self {
            allow_dns_resolution_from_remote_vpc: side.dns_resolution,
            allow_egress_from_local_classic_link_to_remote_vpc: false,
            allow_egress_from_local_vpc_to_remote_classic_link: false,
        }
    }
}

impl<'a> SideView<'a> {
    fn new(side: &'a PeeringSide, in_full: bool) -> Self {
        let v4 = || side.cidrs.iter().map(|cidr| CidrView { cidr_block: Text(*cidr) }).collect();
        let v6 =
            || side.ipv6_cidrs.iter().map(|cidr| Ipv6CidrView { ipv6_cidr_block: Text(*cidr) }).collect();
        Self {
            cidr_block: side.cidrs.first().filter(|_| in_full).map(|cidr| Text(*cidr)),
            cidr_block_set: in_full.then(v4),
            ipv6_cidr_block_set: (in_full && !side.ipv6_cidrs.is_empty()).then(v6),
            owner_id: Text(side.account),
            peering_options: in_full.then(|| OptionsView::new(side)),
            vpc_id: Text(side.vpc),
            region: &side.region,
        }
    }
}

// === Request ===

/// A request for the same two VPCs is answered with the connection that is there.
/// Source: the page of CreateVpcPeeringConnection; EC2-PCX-DUP, EC2-PCX-LIMIT.
pub struct CreateVpcPeeringConnection;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateVpcPeeringConnectionIn {
    vpc_id: Option<String>,
    peer_vpc_id: Option<String>,
    peer_owner_id: Option<String>,
    peer_region: Option<String>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVpcPeeringConnectionOut {
    vpc_peering_connection: Initiating,
}

/// A connection as the call that asks for it answers it.
struct Initiating(Listed<Peering>);

impl Serialize for Initiating {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = &self.0.row;
        match row.status {
            PeeringStatus::PendingAcceptance => {
                let message = format!("Initiating Request to {}", row.accepter.account);
                row.print_as("initiating-request", &message, serializer)
            }
            _ => self.0.serialize(serializer),
        }
    }
}

impl Operation for CreateVpcPeeringConnection {
    const NAME: &'static str = "CreateVpcPeeringConnection";
    type In = CreateVpcPeeringConnectionIn;
    type Out = CreateVpcPeeringConnectionOut;
    type Error = Ec2Error;
}

impl Write for CreateVpcPeeringConnection {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Self::In) -> Result<Self::Out, Ec2Error> {
        let vpc = input.vpc_id.ok_or(Ec2Error::MissingParameter("vpcId"))?;
        let peer = input.peer_vpc_id.ok_or(Ec2Error::MissingParameter("peerVpcId"))?;
        let account = match input.peer_owner_id {
            None => caller.account,
            Some(id) => AccountId::parse(&id).ok_or(PeeringError::BadAccount(id))?,
        };
        let region: Arc<str> = match input.peer_region {
            None => caller.region.clone(),
            Some(name) => match RegionInfo::get(&name) {
                Some(region) => region.name.into(),
                None => return Err(PeeringError::BadRegion(name).into()),
            },
        };
        let vpc = find::<Vpc>(&txn.state, &vpc)?.clone();
        let is_here = account == caller.account && region == caller.region;
        let peer = match VpcId::parse(&peer) {
            Some(id) if !is_here || txn.state.vpcs.contains(&id) => id,
            _ => return Err(Ec2Error::VpcNotFound(Missing::one(&peer))),
        };
        let tags = tags::given(&txn.state, Peering::KIND, input.tag_specifications)?;
        let row = match same(&txn.state, vpc.id, peer) {
            Some(row) => row.clone(),
            None => {
                within_limits(&txn.state, vpc.id)?;
                let requester = PeeringSide::of(txn, &vpc);
                peering::request(txn, requester, account, region, peer, tags)
            }
        };
        Ok(Self::Out { vpc_peering_connection: Initiating(Listed::new(&txn.state, row)) })
    }
}

/// The live connection that this VPC has asked that one for.
fn same(state: &State, requester: VpcId, accepter: VpcId) -> Option<&Arc<Peering>> {
    let mut of_it = state.peerings.by(&PeeringIndex::Vpc(requester));
    of_it.find(|row| row.status.is_live() && (row.requester.vpc, row.accepter.vpc) == (requester, accepter))
}

fn within_limits(state: &State, vpc: VpcId) -> Result<(), PeeringError> {
    let count = |status| {
        let of_it = state.peerings.by(&PeeringIndex::Vpc(vpc));
        of_it.filter(|row| row.status == status).count()
    };
    if count(PeeringStatus::Active) >= state.quotas.peerings_per_vpc {
        return Err(PeeringError::TooMany(vpc));
    }
    if count(PeeringStatus::PendingAcceptance) >= state.quotas.outstanding_peerings {
        return Err(PeeringError::TooManyRequests);
    }
    Ok(())
}

// === Answer and end ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct PeeringIdIn {
    vpc_peering_connection_id: Option<String>,
}

impl PeeringIdIn {
    fn find(self, state: &State) -> Result<Arc<Peering>, Ec2Error> {
        let id = self.vpc_peering_connection_id;
        named(state, &id.ok_or(Ec2Error::MissingParameter("vpcPeeringConnectionId"))?)
    }
}

fn named(state: &State, id: &str) -> Result<Arc<Peering>, Ec2Error> {
    if VpcPeeringConnectionId::parse(id).is_none() {
        return Err(PeeringError::Malformed(id.to_owned()).into());
    }
    find::<Peering>(state, id).cloned()
}

/// Whether this caller may answer the request.
fn may_answer(
    caller: &Caller,
    row: &Peering,
    (verb, done): (&'static str, &'static str),
    to: &'static str,
) -> Result<(), PeeringError> {
    let (id, accepter) = (row.id, &row.accepter);
    if accepter.account != caller.account {
        return Err(PeeringError::NotYours { account: caller.account, verb, id });
    }
    if accepter.region != caller.region {
        let (given, region) = (caller.region.to_string(), accepter.region.to_string());
        return Err(PeeringError::WrongRegion { id, given, verb: done, region });
    }
    match row.status {
        PeeringStatus::PendingAcceptance => Ok(()),
        other => Err(PeeringError::BadTransition { id, from: status_code(other), to }),
    }
}

pub struct AcceptVpcPeeringConnection;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcceptVpcPeeringConnectionOut {
    vpc_peering_connection: Listed<Peering>,
}

impl Operation for AcceptVpcPeeringConnection {
    const NAME: &'static str = "AcceptVpcPeeringConnection";
    type In = PeeringIdIn;
    type Out = AcceptVpcPeeringConnectionOut;
    type Error = Ec2Error;
}

impl Write for AcceptVpcPeeringConnection {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: PeeringIdIn) -> Result<Self::Out, Ec2Error> {
        let row = input.find(&txn.state)?;
        may_answer(caller, &row, ("accept", "accepted"), "active")?;
        let (one, other) = (row.requester.vpc, row.accepter.vpc);
        if peering::joined(&txn.state, one, other) {
            return Err(PeeringError::Exists(row.id).into());
        }
        let active = |it: &&Arc<Peering>| it.status == PeeringStatus::Active;
        let count = txn.state.peerings.by(&PeeringIndex::Vpc(other)).filter(active).count();
        if count >= txn.state.quotas.peerings_per_vpc {
            return Err(PeeringError::TooMany(other).into());
        }
        peering::change(txn, &row, PeeringStatus::Active);
        let row = named(&txn.state, &row.id.to_string())?;
        Ok(Self::Out { vpc_peering_connection: Listed::new(&txn.state, row) })
    }
}

/// The answer of an operation that only says that it is done.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Returned {
    r#return: bool,
}

pub struct RejectVpcPeeringConnection;

impl Operation for RejectVpcPeeringConnection {
    const NAME: &'static str = "RejectVpcPeeringConnection";
    type In = PeeringIdIn;
    type Out = Returned;
    type Error = Ec2Error;
}

impl Write for RejectVpcPeeringConnection {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: PeeringIdIn) -> Result<Returned, Ec2Error> {
        let row = input.find(&txn.state)?;
        may_answer(caller, &row, ("reject", "rejected"), "rejected")?;
        peering::change(txn, &row, PeeringStatus::Rejected);
        Ok(Returned { r#return: true })
    }
}

/// Either side may end a connection; only the requester may take a request back.
pub struct DeleteVpcPeeringConnection;

impl Operation for DeleteVpcPeeringConnection {
    const NAME: &'static str = "DeleteVpcPeeringConnection";
    type In = PeeringIdIn;
    type Out = Returned;
    type Error = Ec2Error;
}

impl Write for DeleteVpcPeeringConnection {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: PeeringIdIn) -> Result<Returned, Ec2Error> {
        let row = input.find(&txn.state)?;
        match row.status {
            PeeringStatus::Active => {}
            PeeringStatus::PendingAcceptance if row.requester.account == caller.account => {}
            other => {
                let (from, to) = (status_code(other), "deleting");
                return Err(PeeringError::BadTransition { id: row.id, from, to }.into());
            }
        }
        peering::change(txn, &row, PeeringStatus::Deleted { by: caller.account });
        Ok(Returned { r#return: true })
    }
}

// === Options ===

/// Source: the page of ModifyVpcPeeringConnectionOptions; EC2-PCX-OPTIONS.
pub struct ModifyVpcPeeringConnectionOptions;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyVpcPeeringConnectionOptionsIn {
    vpc_peering_connection_id: Option<String>,
    accepter_peering_connection_options: Option<OptionsIn>,
    requester_peering_connection_options: Option<OptionsIn>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct OptionsIn {
    allow_dns_resolution_from_remote_vpc: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyVpcPeeringConnectionOptionsOut {
    accepter_peering_connection_options: Option<OptionsView>,
    requester_peering_connection_options: Option<OptionsView>,
}

impl Operation for ModifyVpcPeeringConnectionOptions {
    const NAME: &'static str = "ModifyVpcPeeringConnectionOptions";
    type In = ModifyVpcPeeringConnectionOptionsIn;
    type Out = ModifyVpcPeeringConnectionOptionsOut;
    type Error = Ec2Error;
}

impl Write for ModifyVpcPeeringConnectionOptions {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Self::In) -> Result<Self::Out, Ec2Error> {
        let (accepter, requester) =
            (input.accepter_peering_connection_options, input.requester_peering_connection_options);
        let row = PeeringIdIn { vpc_peering_connection_id: input.vpc_peering_connection_id };
        let row = row.find(&txn.state)?;
        if accepter.is_none() && requester.is_none() {
            return Err(PeeringError::NoOptions.into());
        }
        for (side, name, given) in
            [(&row.accepter, "accepter", &accepter), (&row.requester, "requester", &requester)]
        {
            if given.is_some() && (side.account != caller.account || side.region != caller.region) {
                return Err(
                    PeeringError::NotYourSide { account: caller.account, side: name, id: row.id }.into()
                );
            }
        }
        if row.status != PeeringStatus::Active {
            return Err(PeeringError::NotActive(row.id).into());
        }
        let wanted = |side: &PeeringSide, given: &Option<OptionsIn>| {
            let asked = given.as_ref().and_then(|options| options.allow_dns_resolution_from_remote_vpc);
            asked.unwrap_or(side.dns_resolution)
        };
        let (of_requester, of_accepter) =
            (wanted(&row.requester, &requester), wanted(&row.accepter, &accepter));
        let row = peering::set_options(txn, &row, of_requester, of_accepter);
        Ok(Self::Out {
            accepter_peering_connection_options: accepter.map(|_| OptionsView::new(&row.accepter)),
            requester_peering_connection_options: requester.map(|_| OptionsView::new(&row.requester)),
        })
    }
}

#[cfg(test)]
mod tests;
