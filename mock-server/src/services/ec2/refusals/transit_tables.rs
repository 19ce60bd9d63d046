//! The refusals of route tables of transit gateways.

use super::super::describe::Describe;
use super::super::harness::text;
use super::super::transit_gateway::CreateTransitGateway;
use super::super::transit_route::{
    CreateTransitGatewayRoute, DeleteTransitGatewayRoute, ReplaceTransitGatewayRoute,
    SearchTransitGatewayRoutes,
};
use super::super::transit_table::*;
use super::Seen;
use crate::model::TransitRouteTable;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn transit_tables(seen: &mut Seen<'_>, gateway: &str, attachment: &str) {
    let lab = seen.lab;
    let lost = "tgw-rtb-0123456789abcdef0";
    seen.read::<Describe<TransitRouteTable>>(
        json!({ "TransitGatewayRouteTableIds": [lost] }),
        "InvalidRouteTableID.NotFound",
        &format!("Transit Gateway Route Table {lost} was deleted or does not exist."),
    );
    let filters = json!([{ "Name": "default-association-route-table", "Values": ["true"] }]);
    let told = lab.read::<Describe<TransitRouteTable>>(json!({ "Filters": filters }));
    let default = text(&told["TransitGatewayRouteTables"][0]["TransitGatewayRouteTableId"]);
    seen.write::<DeleteTransitGatewayRouteTable>(
        json!({ "TransitGatewayRouteTableId": default }),
        "IncorrectState",
        &format!("{default} is a default route table of its Transit Gateway."),
    );
    let made = lab.write::<CreateTransitGatewayRouteTable>(json!({ "TransitGatewayId": gateway }));
    let own = text(&made["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]);
    let pair = |table: &str| json!({ "TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": attachment });
    seen.write::<AssociateTransitGatewayRouteTable>(
        pair(&own),
        "IncorrectState",
        &format!("{own} is in invalid state"),
    );
    let other = lab.write::<CreateTransitGateway>(json!({}));
    let other = text(&other["TransitGateway"]["Options"]["AssociationDefaultRouteTableId"]);
    lab.settle(Duration::from_secs(60));
    seen.write::<AssociateTransitGatewayRouteTable>(
        pair(&own),
        "Resource.AlreadyAssociated",
        &format!("Transit Gateway Attachment {attachment} is already associated to a route table."),
    );
    seen.write::<DisassociateTransitGatewayRouteTable>(
        pair(&own),
        "InvalidAssociation.NotFound",
        &format!("Transit Gateway Attachment {attachment} is not associated with {own}."),
    );
    seen.value::<AssociateTransitGatewayRouteTable>(
        pair(&other),
        &format!("Transit Gateway Attachment {attachment} and {other} belong to different Transit Gateways."),
    );
    lab.write::<DisassociateTransitGatewayRouteTable>(pair(&default));
    lab.write::<AssociateTransitGatewayRouteTable>(pair(&own));
    seen.write::<DeleteTransitGatewayRouteTable>(
        json!({ "TransitGatewayRouteTableId": own }),
        "IncorrectState",
        &format!("{own} has associated Transit Gateway Attachments: {attachment}."),
    );
    seen.write::<EnableTransitGatewayRouteTablePropagation>(
        pair(&default),
        "TransitGatewayRouteTablePropagation.Duplicate",
        &format!("Propagation already exists from {attachment} to {default}."),
    );
    seen.write::<DisableTransitGatewayRouteTablePropagation>(
        pair(&own),
        "TransitGatewayRouteTablePropagation.NotFound",
        &format!("Propagation does not exist from {attachment} to {own}."),
    );
    let route = |more: Value| {
        super::with(json!({ "TransitGatewayRouteTableId": own, "DestinationCidrBlock": "10.0.0.0/8" }), more)
    };
    seen.write::<CreateTransitGatewayRoute>(
        route(json!({})),
        "MissingParameter",
        "The request must contain either transitGatewayAttachmentId or blackhole",
    );
    seen.write::<CreateTransitGatewayRoute>(
        route(json!({ "Blackhole": true, "TransitGatewayAttachmentId": attachment })),
        "InvalidParameterCombination",
        "The parameter blackhole cannot be used with the parameter transitGatewayAttachmentId",
    );
    seen.value::<CreateTransitGatewayRoute>(
        route(json!({ "Blackhole": true, "DestinationCidrBlock": "10.0.0.0" })),
        "Value (10.0.0.0) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.",
    );
    let missing = format!("Route 10.0.0.0/8 does not exist in {own}.");
    seen.write::<DeleteTransitGatewayRoute>(route(json!({})), "InvalidRoute.NotFound", &missing);
    let hole = || route(json!({ "Blackhole": true }));
    seen.write::<ReplaceTransitGatewayRoute>(hole(), "InvalidRoute.NotFound", &missing);
    lab.write::<CreateTransitGatewayRoute>(hole());
    seen.write::<CreateTransitGatewayRoute>(
        hole(),
        "RouteAlreadyExists",
        "The route identified by 10.0.0.0/8 already exists.",
    );
    seen.read::<SearchTransitGatewayRoutes>(
        json!({ "TransitGatewayRouteTableId": own }),
        "MissingParameter",
        "The request must contain the parameter Filters",
    );
}
