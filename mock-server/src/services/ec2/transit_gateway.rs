//! Transit gateways.

use super::describe::{Listed, Resource, Text, find, stored_in};
use super::error::{Ec2Error, Missing, RoutingError};
use super::filter::Probe;
use super::tags::{self, TagSet, TagSpecification};
use super::transit_table;
use super::vpn_gateway::{ASN, ASNS};
use crate::kernel::{AccountId, Memo};
use crate::model::transit::TransitIndex;
use crate::model::{
    Id, Owner, Site, State, Tags, TransitGateway, TransitGatewayId, TransitGatewayRouteTableId, TransitState,
    Txn,
};
use crate::net;
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for TransitGateway {
    const DESCRIBE: &'static str = "DescribeTransitGateways";
    const LIST: &'static str = "TransitGateways";
    const IDS: &'static str = "transitGatewayIds";
    const KIND: &'static str = "transit-gateway";
    const ID_FILTER: &'static str = "transit-gateway-id";
    const FILTERS: &'static [&'static str] = &[
        "options.amazon-side-asn",
        "options.association-default-route-table-id",
        "options.auto-accept-shared-attachments",
        "options.default-route-table-association",
        "options.default-route-table-propagation",
        "options.dns-support",
        "options.propagation-default-route-table-id",
        "options.vpn-ecmp-support",
        "owner-id",
        "state",
        "tag-key",
        "transit-gateway-id",
    ];

    stored_in!(transit_gateways);

    fn not_found(missing: Missing) -> Ec2Error {
        RoutingError::UnknownTransitGateway(missing.0.join(", ")).into()
    }

    fn owner(id: TransitGatewayId) -> Option<Owner> {
        Some(Owner::TransitGateway(id))
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "options.amazon-side-asn" => probe.show(self.asn),
            "options.association-default-route-table-id" => {
                self.table.filter(|_| self.associates).iter().for_each(|id| probe.show(id));
            }
            "options.propagation-default-route-table-id" => {
                self.table.filter(|_| self.propagates).iter().for_each(|id| probe.show(id));
            }
            "options.auto-accept-shared-attachments" => probe.is(switch(self.auto_accept)),
            "options.default-route-table-association" => probe.is(switch(self.associates)),
            "options.default-route-table-propagation" => probe.is(switch(self.propagates)),
            "options.dns-support" => probe.is(switch(self.dns)),
            "options.vpn-ecmp-support" => probe.is(switch(self.vpn_ecmp)),
            "owner-id" => probe.show(state.site.account),
            "state" => probe.is(word(self.state)),
            "transit-gateway-id" => probe.show(self.id),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        TransitGatewayView {
            creation_time: self.created.millis(),
            description: self.description.as_deref(),
            options: OptionsView {
                amazon_side_asn: self.asn,
                association_default_route_table_id: self.table.filter(|_| self.associates).map(Text),
                auto_accept_shared_attachments: switch(self.auto_accept),
                default_route_table_association: switch(self.associates),
                default_route_table_propagation: switch(self.propagates),
                dns_support: switch(self.dns),
                multicast_support: switch(false),
                propagation_default_route_table_id: self.table.filter(|_| self.propagates).map(Text),
                security_group_referencing_support: switch(self.group_references),
                transit_gateway_cidr_blocks: &[],
                vpn_ecmp_support: switch(self.vpn_ecmp),
            },
            owner_id: Text(site.account),
            state: word(self.state),
            tags: TagSet(&self.tags),
            transit_gateway_arn: site.arn("ec2", format_args!("transit-gateway/{}", self.id)),
            transit_gateway_id: Text(self.id),
        }
        .serialize(serializer)
    }
}

pub fn word(state: TransitState) -> &'static str {
    match state {
        TransitState::Pending => "pending",
        TransitState::Available => "available",
        TransitState::Deleting => "deleting",
        TransitState::Deleted => "deleted",
    }
}

pub fn switch(on: bool) -> &'static str {
    if on { "enable" } else { "disable" }
}

/// Whether an option is on. That it is one of the two words follows from the model.
pub fn is_on(option: Option<&str>, unless_given: bool) -> bool {
    option.map_or(unless_given, |word| word == switch(true))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TransitGatewayView<'a> {
    creation_time: i64,
    description: Option<&'a str>,
    options: OptionsView,
    owner_id: Text<AccountId>,
    state: &'static str,
    tags: TagSet<'a>,
    transit_gateway_arn: String,
    transit_gateway_id: Text<TransitGatewayId>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OptionsView {
    amazon_side_asn: i64,
    association_default_route_table_id: Option<Text<TransitGatewayRouteTableId>>,
    auto_accept_shared_attachments: &'static str,
    default_route_table_association: &'static str,
    default_route_table_propagation: &'static str,
    dns_support: &'static str,
    multicast_support: &'static str,
    propagation_default_route_table_id: Option<Text<TransitGatewayRouteTableId>>,
    security_group_referencing_support: &'static str,
    transit_gateway_cidr_blocks: super::describe::Nothing,
    vpn_ecmp_support: &'static str,
}

/// The gateway with this id, unless it is deleted.
pub fn living(state: &State, id: &str) -> Result<Arc<TransitGateway>, Ec2Error> {
    let gateway = find::<TransitGateway>(state, id)?;
    match gateway.state {
        TransitState::Deleted => Err(TransitGateway::not_found(Missing::one(id))),
        _ => Ok(gateway.clone()),
    }
}

// === Create ===

/// Source: API reference, CreateTransitGateway; EC2-TGW-LIMIT, EC2-VGW-ASN.
pub struct CreateTransitGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateTransitGatewayIn {
    description: Option<String>,
    options: OptionsIn,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct OptionsIn {
    amazon_side_asn: Option<i64>,
    auto_accept_shared_attachments: Option<String>,
    default_route_table_association: Option<String>,
    default_route_table_propagation: Option<String>,
    vpn_ecmp_support: Option<String>,
    dns_support: Option<String>,
    security_group_referencing_support: Option<String>,
    multicast_support: Option<String>,
    transit_gateway_cidr_blocks: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransitGatewayOut {
    transit_gateway: Listed<TransitGateway>,
}

impl Operation for CreateTransitGateway {
    const NAME: &'static str = "CreateTransitGateway";
    type In = CreateTransitGatewayIn;
    type Out = TransitGatewayOut;
    type Error = Ec2Error;
}

impl Write for CreateTransitGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateTransitGatewayIn) -> Result<Self::Out, Ec2Error> {
        let (state, options) = (&txn.state, input.options);
        if is_on(options.multicast_support.as_deref(), false) {
            return Err(Ec2Error::NotBuilt("CreateTransitGateway with multicast"));
        }
        if !options.transit_gateway_cidr_blocks.is_empty() {
            return Err(Ec2Error::NotBuilt("CreateTransitGateway with blocks of its own"));
        }
        let asn = options.amazon_side_asn.unwrap_or(ASN);
        if !ASNS.iter().any(|range| range.contains(&asn)) {
            return Err(RoutingError::BadAsn(asn).into());
        }
        let tags = tags::given(state, TransitGateway::KIND, input.tag_specifications)?;
        let living = state.transit_gateways.iter().filter(|it| it.state != TransitState::Deleted).count();
        if living >= state.quotas.transit_gateways {
            return Err(RoutingError::TooManyTransitGateways.into());
        }
        let associates = is_on(options.default_route_table_association.as_deref(), true);
        let propagates = is_on(options.default_route_table_propagation.as_deref(), true);
        let row = TransitGateway {
            id: Id::mint(txn),
            description: input.description,
            asn,
            auto_accept: is_on(options.auto_accept_shared_attachments.as_deref(), false),
            associates,
            propagates,
            vpn_ecmp: is_on(options.vpn_ecmp_support.as_deref(), true),
            dns: is_on(options.dns_support.as_deref(), true),
            group_references: is_on(options.security_group_referencing_support.as_deref(), false),
            table: (associates || propagates).then(|| Id::mint(txn)),
            state: TransitState::Pending,
            created: txn.now,
            tags,
            memo: Memo::default(),
        };
        let row = txn.state.transit_gateways.insert(row);
        if let Some(table) = row.table {
            transit_table::make(txn, table, row.id, (associates, propagates), Tags::default());
        }
        net::transit_gateway::enter(txn, row.id, TransitState::Pending);
        answer(txn, &row.id.to_string())
    }
}

fn answer(txn: &Txn<'_>, id: &str) -> Result<TransitGatewayOut, Ec2Error> {
    let row = find::<TransitGateway>(&txn.state, id)?.clone();
    Ok(TransitGatewayOut { transit_gateway: Listed::new(&txn.state, row) })
}

// === Delete ===

/// Source: API reference, DeleteTransitGateway; EC2-TGW-DEL.
pub struct DeleteTransitGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteTransitGatewayIn {
    transit_gateway_id: String,
}

impl Operation for DeleteTransitGateway {
    const NAME: &'static str = "DeleteTransitGateway";
    type In = DeleteTransitGatewayIn;
    type Out = TransitGatewayOut;
    type Error = Ec2Error;
}

impl Write for DeleteTransitGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteTransitGatewayIn) -> Result<Self::Out, Ec2Error> {
        let gateway = living(&txn.state, &input.transit_gateway_id)?;
        let index = TransitIndex::Gateway(gateway.id);
        let holders: Vec<_> = txn.state.transit_attachments.by(&index).map(|it| it.id.to_string()).collect();
        if !holders.is_empty() {
            let attachments = holders.join(", ");
            return Err(RoutingError::TransitGatewayInUse { gateway: gateway.id, attachments }.into());
        }
        if gateway.state != TransitState::Available {
            return Err(RoutingError::TransitState(gateway.id.to_string()).into());
        }
        net::transit_gateway::enter(txn, gateway.id, TransitState::Deleting);
        answer(txn, &input.transit_gateway_id)
    }
}
