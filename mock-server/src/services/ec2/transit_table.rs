//! Route tables of transit gateways: which attachments are associated with them and which propagate to them.
//!
//! Source: Amazon VPC Transit Gateways, "Transit gateway route tables".

use super::describe::{Listed, Resource, Text, Window, find, stored_in};
use super::error::transit::TransitError;
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::{Filter, Filters, Probe};
use super::tags::{self, TagSet, TagSpecification};
use super::transit_gateway::{living, word};
use crate::kernel::Memo;
use crate::model::{
    Id, Owner, Site, State, Tags, TransitAttachment, TransitGatewayAttachmentId, TransitGatewayId,
    TransitGatewayRouteTableId, TransitRouteTable, TransitState, Txn, VpcId,
};
use crate::net;
use crate::services::{Caller, Operation, Page, Printed, Read, View, Write, page};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use std::marker::PhantomData;
use std::sync::Arc;

impl Resource for TransitRouteTable {
    const DESCRIBE: &'static str = "DescribeTransitGatewayRouteTables";
    const LIST: &'static str = "TransitGatewayRouteTables";
    const IDS: &'static str = "transitGatewayRouteTableIds";
    const KIND: &'static str = "transit-gateway-route-table";
    const ID_FILTER: &'static str = "transit-gateway-route-table-id";
    const FILTERS: &'static [&'static str] = &[
        "default-association-route-table",
        "default-propagation-route-table",
        "state",
        "transit-gateway-id",
        "transit-gateway-route-table-id",
    ];

    stored_in!(transit_tables);

    fn not_found(missing: Missing) -> Ec2Error {
        TransitError::UnknownTable(missing.0.join(", ")).into()
    }

    fn owner(id: TransitGatewayRouteTableId) -> Option<Owner> {
        Some(Owner::TransitTable(id))
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "default-association-route-table" => probe.flag(self.default_association),
            "default-propagation-route-table" => probe.flag(self.default_propagation),
            "state" => probe.is(word(self.state)),
            "transit-gateway-id" => probe.show(self.gateway),
            "transit-gateway-route-table-id" => probe.show(self.id),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        TableView {
            transit_gateway_route_table_id: Text(self.id),
            transit_gateway_id: Text(self.gateway),
            state: word(self.state),
            default_association_route_table: self.default_association,
            default_propagation_route_table: self.default_propagation,
            creation_time: self.created.millis(),
            tags: TagSet(&self.tags),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TableView<'a> {
    transit_gateway_route_table_id: Text<TransitGatewayRouteTableId>,
    transit_gateway_id: Text<TransitGatewayId>,
    state: &'static str,
    default_association_route_table: bool,
    default_propagation_route_table: bool,
    creation_time: i64,
    tags: TagSet<'a>,
}

/// The table with this id, unless it is deleted.
pub fn living_table<'a>(state: &'a State, id: &str) -> Result<&'a Arc<TransitRouteTable>, Ec2Error> {
    let table = find::<TransitRouteTable>(state, id)?;
    match table.state {
        TransitState::Deleted => Err(TransitRouteTable::not_found(Missing::one(id))),
        _ => Ok(table),
    }
}

/// A table and an attachment that can be used with it: both available, and of one gateway.
pub fn pair(
    state: &State,
    table: &str,
    attachment: &str,
) -> Result<(Arc<TransitRouteTable>, Arc<TransitAttachment>), Ec2Error> {
    let table = available_table(state, table)?.clone();
    let row = find::<TransitAttachment>(state, attachment)?.clone();
    match row.state {
        TransitState::Available => {}
        TransitState::Deleted => return Err(TransitAttachment::not_found(Missing::one(attachment))),
        _ => return Err(RoutingError::TransitState(attachment.to_owned()).into()),
    }
    if row.gateway != table.gateway {
        return Err(TransitError::OtherGateway { id: row.id, table: table.id }.into());
    }
    Ok((table, row))
}

pub fn available_table<'a>(state: &'a State, id: &str) -> Result<&'a Arc<TransitRouteTable>, Ec2Error> {
    let table = living_table(state, id)?;
    match table.state {
        TransitState::Available => Ok(table),
        _ => Err(RoutingError::TransitState(id.to_owned()).into()),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableOut {
    transit_gateway_route_table: Listed<TransitRouteTable>,
}

fn answer(state: &State, id: TransitGatewayRouteTableId) -> Result<TableOut, Ec2Error> {
    let row = find::<TransitRouteTable>(state, &id.to_string())?.clone();
    Ok(TableOut { transit_gateway_route_table: Listed::new(state, row) })
}

// === Create and delete ===

pub struct CreateTransitGatewayRouteTable;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateTableIn {
    transit_gateway_id: String,
    tag_specifications: Vec<TagSpecification>,
}

impl Operation for CreateTransitGatewayRouteTable {
    const NAME: &'static str = "CreateTransitGatewayRouteTable";
    type In = CreateTableIn;
    type Out = TableOut;
    type Error = Ec2Error;
}

impl Write for CreateTransitGatewayRouteTable {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateTableIn) -> Result<TableOut, Ec2Error> {
        let gateway = living(&txn.state, &input.transit_gateway_id)?;
        if gateway.state != TransitState::Available {
            return Err(RoutingError::TransitState(gateway.id.to_string()).into());
        }
        let tags = tags::given(&txn.state, TransitRouteTable::KIND, input.tag_specifications)?;
        let id = Id::mint(txn);
        make(txn, id, gateway.id, (false, false), tags);
        answer(&txn.state, id)
    }
}

/// Makes a table; `defaults` says whether new attachments are associated with it and propagate to it.
pub fn make(
    txn: &mut Txn<'_>,
    id: TransitGatewayRouteTableId,
    gateway: TransitGatewayId,
    defaults: (bool, bool),
    tags: Tags,
) {
    txn.state.transit_tables.insert(TransitRouteTable {
        id,
        gateway,
        default_association: defaults.0,
        default_propagation: defaults.1,
        state: TransitState::Pending,
        created: txn.now,
        routes: Default::default(),
        propagating: Default::default(),
        tags,
        memo: Memo::default(),
    });
    net::transit_gateway::enter_table(txn, id, TransitState::Pending);
}

/// Source: API reference, DeleteTransitGatewayRouteTable; EC2-TGW-TABLE.
pub struct DeleteTransitGatewayRouteTable;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteTableIn {
    transit_gateway_route_table_id: String,
}

impl Operation for DeleteTransitGatewayRouteTable {
    const NAME: &'static str = "DeleteTransitGatewayRouteTable";
    type In = DeleteTableIn;
    type Out = TableOut;
    type Error = Ec2Error;
}

impl Write for DeleteTransitGatewayRouteTable {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteTableIn) -> Result<TableOut, Ec2Error> {
        let table = available_table(&txn.state, &input.transit_gateway_route_table_id)?.clone();
        if table.default_association || table.default_propagation {
            return Err(TransitError::DefaultTable(table.id).into());
        }
        let holders: Vec<_> =
            txn.state.transit_associations(&table).iter().map(|row| row.id.to_string()).collect();
        if !holders.is_empty() {
            return Err(
                TransitError::TableAssociated { id: table.id, attachments: holders.join(", ") }.into()
            );
        }
        net::transit_gateway::enter_table(txn, table.id, TransitState::Deleting);
        answer(&txn.state, table.id)
    }
}

// === Associations and propagations ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct PairIn {
    transit_gateway_route_table_id: String,
    transit_gateway_attachment_id: Option<String>,
    transit_gateway_route_table_announcement_id: Option<String>,
}

impl PairIn {
    fn pair(&self, state: &State) -> Result<(Arc<TransitRouteTable>, Arc<TransitAttachment>), Ec2Error> {
        if self.transit_gateway_route_table_announcement_id.is_some() {
            return Err(Ec2Error::NotBuilt("Propagation of an announcement"));
        }
        let attachment = self.transit_gateway_attachment_id.as_deref();
        let attachment = attachment.ok_or(Ec2Error::MissingParameter("transitGatewayAttachmentId"))?;
        pair(state, &self.transit_gateway_route_table_id, attachment)
    }
}

/// What ties an attachment to a table.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TieView {
    transit_gateway_route_table_id: Text<TransitGatewayRouteTableId>,
    transit_gateway_attachment_id: Text<TransitGatewayAttachmentId>,
    resource_id: Text<VpcId>,
    resource_type: &'static str,
    state: &'static str,
}

impl TieView {
    fn new(table: &TransitRouteTable, row: &TransitAttachment, state: &'static str) -> Self {
        Self {
            transit_gateway_route_table_id: Text(table.id),
            transit_gateway_attachment_id: Text(row.id),
            resource_id: Text(row.vpc),
            resource_type: VPC,
            state,
        }
    }
}

const VPC: &str = "vpc";

/// One of the two ways in which attachments are tied to a table.
pub trait Ties: 'static {
    /// The operations that tie and untie, with the state that each of them answers.
    const TIE: (&'static str, &'static str);
    const UNTIE: (&'static str, &'static str);
    /// The member of their answer.
    const MEMBER: &'static str;
    /// The operation that lists the ties, the member that is the list, and the state of what is in it.
    const GET: &'static str;
    const LIST: &'static str;
    const STATE: &'static str;
    fn of<'a>(state: &'a State, table: &'a TransitRouteTable) -> Vec<&'a TransitAttachment>;
    /// # Errors
    /// If it is so already.
    fn set(
        state: &mut State,
        table: &TransitRouteTable,
        row: &TransitAttachment,
        tied: bool,
    ) -> Result<(), TransitError>;
}

/// An attachment is associated with one table at most.
pub struct Associations;

impl Ties for Associations {
    const TIE: (&'static str, &'static str) = ("AssociateTransitGatewayRouteTable", "associating");
    const UNTIE: (&'static str, &'static str) = ("DisassociateTransitGatewayRouteTable", "disassociating");
    const MEMBER: &'static str = "Association";
    const GET: &'static str = "GetTransitGatewayRouteTableAssociations";
    const LIST: &'static str = "Associations";
    const STATE: &'static str = "associated";

    fn of<'a>(state: &'a State, table: &'a TransitRouteTable) -> Vec<&'a TransitAttachment> {
        state.transit_associations(table)
    }

    fn set(
        state: &mut State,
        table: &TransitRouteTable,
        row: &TransitAttachment,
        tied: bool,
    ) -> Result<(), TransitError> {
        match row.table {
            Some(_) if tied => return Err(TransitError::AlreadyAssociated(row.id)),
            now if !tied && now != Some(table.id) => {
                return Err(TransitError::NotAssociated { id: row.id, table: table.id });
            }
            _ => {}
        }
        state.transit_attachments.update(&row.id, |row| row.table = tied.then_some(table.id));
        Ok(())
    }
}

pub struct Propagations;

impl Ties for Propagations {
    const TIE: (&'static str, &'static str) = ("EnableTransitGatewayRouteTablePropagation", "enabled");
    const UNTIE: (&'static str, &'static str) = ("DisableTransitGatewayRouteTablePropagation", "disabled");
    const MEMBER: &'static str = "Propagation";
    const GET: &'static str = "GetTransitGatewayRouteTablePropagations";
    const LIST: &'static str = "TransitGatewayRouteTablePropagations";
    const STATE: &'static str = "enabled";

    fn of<'a>(state: &'a State, table: &'a TransitRouteTable) -> Vec<&'a TransitAttachment> {
        let rows = table.propagating.iter().filter_map(|id| state.transit_attachments.get(id));
        rows.map(|row| &**row).collect()
    }

    fn set(
        state: &mut State,
        table: &TransitRouteTable,
        row: &TransitAttachment,
        tied: bool,
    ) -> Result<(), TransitError> {
        match (tied, table.propagating.contains(&row.id)) {
            (true, true) => return Err(TransitError::AlreadyPropagates { id: row.id, table: table.id }),
            (false, false) => return Err(TransitError::PropagatesNot { id: row.id, table: table.id }),
            _ => {}
        }
        state.transit_tables.update(&table.id, |table| {
            if tied {
                table.propagating.insert(row.id)
            } else {
                table.propagating.remove(&row.id)
            };
        });
        Ok(())
    }
}

// === Tying and untying ===

/// Ties or unties from now on; where there is a state on the way to it, the answer still tells that one, as AWS does.
pub struct SetTie<T, const TIED: bool>(PhantomData<fn() -> T>);

pub type AssociateTransitGatewayRouteTable = SetTie<Associations, true>;
pub type DisassociateTransitGatewayRouteTable = SetTie<Associations, false>;
pub type EnableTransitGatewayRouteTablePropagation = SetTie<Propagations, true>;
pub type DisableTransitGatewayRouteTablePropagation = SetTie<Propagations, false>;

impl<T: Ties, const TIED: bool> SetTie<T, TIED> {
    const WORDS: (&'static str, &'static str) = if TIED { T::TIE } else { T::UNTIE };
}

impl<T: Ties, const TIED: bool> Operation for SetTie<T, TIED> {
    const NAME: &'static str = Self::WORDS.0;
    type In = PairIn;
    type Out = TieOut<T>;
    type Error = Ec2Error;
}

impl<T: Ties, const TIED: bool> Write for SetTie<T, TIED> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PairIn) -> Result<TieOut<T>, Ec2Error> {
        let (table, row) = input.pair(&txn.state)?;
        T::set(&mut txn.state, &table, &row, TIED)?;
        Ok(TieOut { tie: TieView::new(&table, &row, Self::WORDS.1), kind: PhantomData })
    }
}

pub struct TieOut<T> {
    tie: TieView,
    kind: PhantomData<fn() -> T>,
}

impl<T: Ties> Serialize for TieOut<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("TieOut", 1)?;
        out.serialize_field(T::MEMBER, &self.tie)?;
        out.end()
    }
}

// === Listing ===

pub const TIE_FILTERS: &[&str] = &["resource-id", "resource-type", "transit-gateway-attachment-id"];

/// The operation that lists ties of one kind.
pub struct GetTies<T>(PhantomData<fn() -> T>);

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetTiesIn {
    transit_gateway_route_table_id: String,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

pub struct Tie<T> {
    attachment: TransitGatewayAttachmentId,
    vpc: VpcId,
    kind: PhantomData<fn() -> T>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListedTie {
    transit_gateway_attachment_id: Text<TransitGatewayAttachmentId>,
    resource_id: Text<VpcId>,
    resource_type: &'static str,
    state: &'static str,
}

impl<T: Ties> Printed for Tie<T> {
    const LIST: &'static str = T::LIST;

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ListedTie {
            transit_gateway_attachment_id: Text(self.attachment),
            resource_id: Text(self.vpc),
            resource_type: VPC,
            state: T::STATE,
        }
        .serialize(serializer)
    }
}

impl<T: Ties> Operation for GetTies<T> {
    const NAME: &'static str = T::GET;
    type In = GetTiesIn;
    type Out = Page<Tie<T>>;
    type Error = Ec2Error;
}

impl<T: Ties> Read for GetTies<T> {
    fn run(view: &View<'_>, input: GetTiesIn) -> Result<Self::Out, Ec2Error> {
        let table = living_table(view.state, &input.transit_gateway_route_table_id)?;
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, 1_000, TransitGatewayAttachmentId::parse)?;
        let filters = Filters::new(input.filters, TIE_FILTERS)?;
        let mut scratch = String::new();
        let rows = T::of(view.state, table).into_iter().filter(|row| {
            window.after.is_none_or(|after| row.id > after)
                && filters.pass(&mut scratch, &Tags::default(), |name, probe| match name {
                    "resource-id" => probe.show(row.vpc),
                    "resource-type" => probe.is(VPC),
                    "transit-gateway-attachment-id" => probe.show(row.id),
                    _ => probe.unknown(),
                })
        });
        let rows = rows.map(|row| Tie { attachment: row.id, vpc: row.vpc, kind: PhantomData });
        let (rows, next_token) = page::cut(rows, window.limit, |tie| tie.attachment.to_string());
        Ok(Page { rows, next_token })
    }
}
