//! Routes of transit gateways.
//!
//! Source: Amazon VPC Transit Gateways, "Transit gateway route tables".

use super::describe::{Text, Window};
use super::error::transit::TransitError;
use super::error::{Ec2Error, RoutingError};
use super::filter::{Filter, Filters};
use super::transit_table::{available_table, living_table, pair};
use crate::model::transit_table::TransitRoute;
use crate::model::{
    State, Tags, TransitGatewayAttachmentId, TransitGatewayRouteTableId, TransitRouteTable, Txn, VpcId,
};
use crate::services::{Caller, Operation, Read, View, Write, page};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RouteView {
    destination_cidr_block: Text<IpNet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transit_gateway_attachments: Vec<LeadsTo>,
    #[serde(rename = "Type")]
    kind: &'static str,
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LeadsTo {
    resource_id: Text<VpcId>,
    transit_gateway_attachment_id: Text<TransitGatewayAttachmentId>,
    resource_type: &'static str,
}

fn kind(route: &TransitRoute) -> &'static str {
    if route.is_static { "static" } else { "propagated" }
}

fn state_of(route: &TransitRoute) -> &'static str {
    if route.attachment.is_some() { "active" } else { "blackhole" }
}

impl RouteView {
    fn new(route: &TransitRoute, state: &'static str) -> Self {
        let leads = |(id, vpc)| LeadsTo {
            resource_id: Text(vpc),
            transit_gateway_attachment_id: Text(id),
            resource_type: "vpc",
        };
        Self {
            destination_cidr_block: Text(route.destination),
            transit_gateway_attachments: route.attachment.map(leads).into_iter().collect(),
            kind: kind(route),
            state,
        }
    }
}

fn destination(text: &str) -> Result<IpNet, Ec2Error> {
    let bad = || RoutingError::NotADestination { parameter: "destinationCidrBlock", value: text.to_owned() };
    Ok(text.parse::<IpNet>().map_err(|_| bad())?.trunc())
}

// === Changes ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteIn {
    transit_gateway_route_table_id: String,
    destination_cidr_block: String,
    transit_gateway_attachment_id: Option<String>,
    blackhole: bool,
}

impl RouteIn {
    /// The table, and where the route is to lead.
    fn target(
        &self,
        state: &State,
    ) -> Result<(Arc<TransitRouteTable>, Option<TransitGatewayAttachmentId>), Ec2Error> {
        let table = &self.transit_gateway_route_table_id;
        match (&self.transit_gateway_attachment_id, self.blackhole) {
            (Some(_), true) => Err(TransitError::TwoRouteTargets.into()),
            (None, false) => Err(TransitError::NoRouteTarget.into()),
            (None, true) => Ok((available_table(state, table)?.clone(), None)),
            (Some(id), false) => pair(state, table, id).map(|(table, row)| (table, Some(row.id))),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RouteOut {
    route: RouteView,
}

/// The route of this destination as it is now.
fn answer(state: &State, table: TransitGatewayRouteTableId, block: IpNet) -> Result<RouteOut, Ec2Error> {
    let missing = || TransitError::NoSuchRoute { block, table };
    let row = state.transit_tables.get(&table).ok_or_else(missing)?;
    let routes = state.transit_routes(row);
    let route = routes.iter().find(|route| route.destination == block).ok_or_else(missing)?;
    Ok(RouteOut { route: RouteView::new(route, state_of(route)) })
}

pub struct CreateTransitGatewayRoute;

impl Operation for CreateTransitGatewayRoute {
    const NAME: &'static str = "CreateTransitGatewayRoute";
    type In = RouteIn;
    type Out = RouteOut;
    type Error = Ec2Error;
}

impl Write for CreateTransitGatewayRoute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RouteIn) -> Result<RouteOut, Ec2Error> {
        let block = destination(&input.destination_cidr_block)?;
        let (table, target) = input.target(&txn.state)?;
        if table.routes.contains_key(&block) {
            return Err(TransitError::RouteExists(block).into());
        }
        txn.state.transit_tables.update(&table.id, |table| {
            table.routes.insert(block, target);
        });
        answer(&txn.state, table.id, block)
    }
}

pub struct ReplaceTransitGatewayRoute;

impl Operation for ReplaceTransitGatewayRoute {
    const NAME: &'static str = "ReplaceTransitGatewayRoute";
    type In = RouteIn;
    type Out = RouteOut;
    type Error = Ec2Error;
}

impl Write for ReplaceTransitGatewayRoute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RouteIn) -> Result<RouteOut, Ec2Error> {
        let block = destination(&input.destination_cidr_block)?;
        let (table, target) = input.target(&txn.state)?;
        if !table.routes.contains_key(&block) {
            return Err(TransitError::NoSuchRoute { block, table: table.id }.into());
        }
        txn.state.transit_tables.update(&table.id, |table| {
            table.routes.insert(block, target);
        });
        answer(&txn.state, table.id, block)
    }
}

pub struct DeleteTransitGatewayRoute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteRouteIn {
    transit_gateway_route_table_id: String,
    destination_cidr_block: String,
}

impl Operation for DeleteTransitGatewayRoute {
    const NAME: &'static str = "DeleteTransitGatewayRoute";
    type In = DeleteRouteIn;
    type Out = RouteOut;
    type Error = Ec2Error;
}

impl Write for DeleteTransitGatewayRoute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteRouteIn) -> Result<RouteOut, Ec2Error> {
        let block = destination(&input.destination_cidr_block)?;
        let table = available_table(&txn.state, &input.transit_gateway_route_table_id)?.clone();
        if !table.routes.contains_key(&block) {
            return Err(TransitError::NoSuchRoute { block, table: table.id }.into());
        }
        let mut out = answer(&txn.state, table.id, block)?;
        out.route.state = "deleted";
        txn.state.transit_tables.update(&table.id, |table| {
            table.routes.remove(&block);
        });
        Ok(out)
    }
}

// === Search ===

pub struct SearchTransitGatewayRoutes;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct SearchIn {
    transit_gateway_route_table_id: String,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SearchOut {
    routes: Vec<RouteView>,
    additional_routes_available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub const ROUTE_FILTERS: &[&str] = &[
    "attachment.resource-id",
    "attachment.resource-type",
    "attachment.transit-gateway-attachment-id",
    "prefix-list-id",
    "route-search.exact-match",
    "route-search.longest-prefix-match",
    "route-search.subnet-of-match",
    "route-search.supernet-of-match",
    "state",
    "type",
];

/// Whether the destination is what a search for this block wants, among all destinations.
fn matches(how: &str, route: IpNet, wanted: IpNet, all: &[TransitRoute]) -> bool {
    match how {
        "exact-match" => route == wanted,
        "subnet-of-match" => wanted.contains(&route),
        "supernet-of-match" => route.contains(&wanted),
        // The last way there is: of those that contain it, the longest.
        _ => {
            let containing = all.iter().map(|other| other.destination).filter(|net| net.contains(&wanted));
            containing.max_by_key(IpNet::prefix_len) == Some(route)
        }
    }
}

impl Operation for SearchTransitGatewayRoutes {
    const NAME: &'static str = "SearchTransitGatewayRoutes";
    type In = SearchIn;
    type Out = SearchOut;
    type Error = Ec2Error;
}

impl Read for SearchTransitGatewayRoutes {
    fn run(view: &View<'_>, input: SearchIn) -> Result<SearchOut, Ec2Error> {
        let table = living_table(view.state, &input.transit_gateway_route_table_id)?;
        if input.filters.is_empty() {
            return Err(Ec2Error::MissingParameter("Filters"));
        }
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, 1_000, |key| key.parse::<IpNet>().ok())?;
        let limit = window.limit.min(1_000);
        let (mut searches, mut others) = (Vec::new(), Vec::new());
        for filter in input.filters {
            match filter.name.strip_prefix("route-search.") {
                Some(how) if ROUTE_FILTERS.contains(&&*filter.name) => {
                    let blocks = filter.values.iter().map(|text| destination(text));
                    searches.push((how.to_owned(), blocks.collect::<Result<Vec<_>, _>>()?));
                }
                _ => others.push(filter),
            }
        }
        let filters = Filters::new(others, ROUTE_FILTERS)?;
        let all = view.state.transit_routes(table);
        let mut scratch = String::new();
        let rows = all.iter().filter(|route| {
            let found = |(how, blocks): &(String, Vec<IpNet>)| {
                blocks.iter().any(|wanted| matches(how, route.destination, *wanted, &all))
            };
            window.after.is_none_or(|after| route.destination > after)
                && searches.iter().all(found)
                && filters.pass(&mut scratch, &Tags::default(), |name, probe| match name {
                    "state" => probe.is(state_of(route)),
                    "type" => probe.is(kind(route)),
                    "attachment.resource-id" => route.attachment.iter().for_each(|(_, vpc)| probe.show(vpc)),
                    "attachment.resource-type" => route.attachment.iter().for_each(|_| probe.is("vpc")),
                    "attachment.transit-gateway-attachment-id" => {
                        route.attachment.iter().for_each(|(id, _)| probe.show(id));
                    }
                    // No route is one of a prefix list.
                    _ => {}
                })
        });
        let (rows, next_token) = page::cut(rows, limit, |route| route.destination.to_string());
        Ok(SearchOut {
            routes: rows.into_iter().map(|route| RouteView::new(route, state_of(route))).collect(),
            additional_routes_available: next_token.is_some(),
            next_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts, unknown_filters};
    use super::super::transit_gateway::DeleteTransitGateway;
    use super::super::transit_gateway_attachment::tests::attached;
    use super::super::transit_gateway_attachment::{
        DeleteTransitGatewayVpcAttachment, DescribeTransitGatewayAttachments,
    };
    use super::super::transit_table::*;
    use super::*;
    use serde_json::{Value, json};
    use std::time::Duration;

    struct Net {
        lab: Lab,
        gateway: String,
        attachment: String,
        vpc: String,
    }

    impl Net {
        fn new() -> Self {
            let lab = Lab::new();
            let vpc = lab.vpc();
            let subnet = lab.subnet(&vpc, "10.0.0.0/24");
            let (gateway, attachment) = attached(&lab, &vpc, &subnet);
            Self { lab, gateway, attachment, vpc }
        }

        fn table(&self) -> String {
            let made =
                self.lab.write::<CreateTransitGatewayRouteTable>(json!({ "TransitGatewayId": self.gateway }));
            let made = &made["TransitGatewayRouteTable"];
            assert_eq!(
                (&made["State"], &made["DefaultAssociationRouteTable"]),
                (&json!("pending"), &json!(false))
            );
            self.lab.settle(Duration::from_secs(10));
            text(&made["TransitGatewayRouteTableId"])
        }

        fn default(&self) -> String {
            let filters = json!([{ "Name": "default-association-route-table", "Values": ["true"] }]);
            let told = self.lab.read::<Describe<TransitRouteTable>>(json!({ "Filters": filters }));
            text(&told["TransitGatewayRouteTables"][0]["TransitGatewayRouteTableId"])
        }

        fn pair(&self, table: &str) -> Value {
            json!({ "TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": self.attachment })
        }

        fn ties<T: Ties>(&self, table: &str) -> Vec<String> {
            let told = self.lab.read::<GetTies<T>>(json!({ "TransitGatewayRouteTableId": table }));
            texts(&told[T::LIST], "TransitGatewayAttachmentId")
        }

        fn search(&self, table: &str, name: &str, value: &str) -> Vec<String> {
            let filters = json!([{ "Name": name, "Values": [value] }]);
            let input = json!({ "TransitGatewayRouteTableId": table, "Filters": filters });
            texts(&self.lab.read::<SearchTransitGatewayRoutes>(input)["Routes"], "DestinationCidrBlock")
        }

        fn route(&self, table: &str, block: &str) -> Value {
            let mut input = self.pair(table);
            input["DestinationCidrBlock"] = json!(block);
            self.lab.write::<CreateTransitGatewayRoute>(input)["Route"].clone()
        }
    }

    #[test]
    fn an_attachment_is_with_the_default_table_until_it_is_told_otherwise() {
        let net = Net::new();
        let (default, other) = (net.default(), net.table());
        let state = net.lab.state();
        let row = state.transit_tables.iter().next().unwrap();
        assert_eq!(unknown_filters(&state, &**row), Vec::<&str>::new());
        assert_eq!(net.ties::<Associations>(&default), [&*net.attachment]);
        assert_eq!(net.ties::<Propagations>(&default), [&*net.attachment]);
        assert_eq!(net.search(&default, "type", "propagated"), ["10.0.0.0/16"]);
        assert_eq!(net.ties::<Propagations>(&other), Vec::<String>::new());

        assert!(net.lab.try_write::<AssociateTransitGatewayRouteTable>(net.pair(&other)).is_err());
        let left = net.lab.write::<DisassociateTransitGatewayRouteTable>(net.pair(&default));
        assert_eq!(left["Association"]["State"], "disassociating");
        let joined = net.lab.write::<AssociateTransitGatewayRouteTable>(net.pair(&other));
        assert_eq!(joined["Association"]["State"], "associating");
        assert_eq!(
            (net.ties::<Associations>(&default).len(), net.ties::<Associations>(&other).len()),
            (0, 1)
        );
        let any = net.lab.read::<DescribeTransitGatewayAttachments>(json!({}));
        let association = &any["TransitGatewayAttachments"][0]["Association"];
        assert_eq!(association["TransitGatewayRouteTableId"], json!(other));

        net.lab.write::<EnableTransitGatewayRouteTablePropagation>(net.pair(&other));
        net.lab.write::<DisableTransitGatewayRouteTablePropagation>(net.pair(&default));
        assert_eq!(net.search(&default, "state", "*"), Vec::<String>::new());
        assert_eq!(net.search(&other, "attachment.resource-id", &net.vpc), ["10.0.0.0/16"]);
        let drop = json!({ "TransitGatewayRouteTableId": other });
        assert!(net.lab.try_write::<DeleteTransitGatewayRouteTable>(drop.clone()).is_err());
        net.lab.write::<DisassociateTransitGatewayRouteTable>(net.pair(&other));
        assert_eq!(
            net.lab.write::<DeleteTransitGatewayRouteTable>(drop)["TransitGatewayRouteTable"]["State"],
            "deleting"
        );
    }

    #[test]
    fn routes_are_searched_in_four_ways() {
        let net = Net::new();
        let table = net.table();
        for block in ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"] {
            assert_eq!(net.route(&table, block)["State"], "active");
        }
        let dropped = json!({
            "TransitGatewayRouteTableId": table, "DestinationCidrBlock": "10.1.2.0/24", "Blackhole": true,
        });
        assert_eq!(
            net.lab.write::<CreateTransitGatewayRoute>(dropped)["Route"],
            json!({ "DestinationCidrBlock": "10.1.2.0/24", "Type": "static", "State": "blackhole" })
        );
        let by = |how: &str, block: &str| net.search(&table, &format!("route-search.{how}"), block);
        assert_eq!(by("exact-match", "10.0.0.0/8"), ["10.0.0.0/8"]);
        assert_eq!(by("subnet-of-match", "10.1.0.0/16"), ["10.1.0.0/16", "10.1.2.0/24"]);
        assert_eq!(by("supernet-of-match", "10.1.0.0/16"), ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"]);
        assert_eq!(by("longest-prefix-match", "10.1.3.0/24"), ["10.1.0.0/16"]);
        assert_eq!(net.search(&table, "state", "blackhole"), ["10.1.2.0/24"]);

        let one = json!({ "TransitGatewayRouteTableId": table, "DestinationCidrBlock": "10.0.0.0/8" });
        let mut hole = one.clone();
        hole["Blackhole"] = json!(true);
        assert_eq!(net.lab.write::<ReplaceTransitGatewayRoute>(hole)["Route"]["State"], "blackhole");
        assert_eq!(net.lab.write::<DeleteTransitGatewayRoute>(one)["Route"]["State"], "deleted");
        assert_eq!(by("exact-match", "10.0.0.0/8"), Vec::<String>::new());
        let pages = json!({
            "TransitGatewayRouteTableId": table, "Filters": [{ "Name": "type", "Values": ["static"] }],
            "MaxResults": 5,
        });
        assert_eq!(net.lab.read::<SearchTransitGatewayRoutes>(pages)["AdditionalRoutesAvailable"], false);
    }

    #[test]
    fn a_static_route_hides_a_propagated_one_and_outlives_its_attachment() {
        let net = Net::new();
        let default = net.default();
        assert_eq!(net.route(&default, "10.0.0.0/16")["Type"], "static");
        assert_eq!(net.search(&default, "type", "propagated"), Vec::<String>::new());
        let delete = json!({ "TransitGatewayAttachmentId": net.attachment });
        net.lab.write::<DeleteTransitGatewayVpcAttachment>(delete);
        net.lab.settle(Duration::from_secs(20));
        assert_eq!(net.search(&default, "state", "blackhole"), ["10.0.0.0/16"]);
        assert!(
            net.ties::<Associations>(&default).is_empty() && net.ties::<Propagations>(&default).is_empty()
        );
        let own = json!({ "TransitGatewayRouteTableId": default });
        assert!(net.lab.try_write::<DeleteTransitGatewayRouteTable>(own).is_err(), "it is the default");
        net.lab.write::<DeleteTransitGateway>(json!({ "TransitGatewayId": net.gateway }));
        net.lab.settle(Duration::from_secs(60));
        let told = net.lab.read::<Describe<TransitRouteTable>>(json!({}));
        assert_eq!(told["TransitGatewayRouteTables"][0]["State"], "deleted");
        net.lab.settle(Duration::from_secs(3 * 60 * 60));
        assert!(net.lab.state().transit_tables.is_empty());
    }
}
