//! What route tables are associated with, and which gateways propagate routes to them.

use super::describe::find;
use super::error::{Ec2Error, RoutingError};
use super::route_table::{ASSOCIATED, AssociationState, gateway};
use crate::model::route::RouteTableIndex;
use crate::model::{
    Associate, Destination, Id, InternetGateway, RouteAssociation, RouteOrigin, RouteTable,
    RouteTableAssociationId, RouteTableId, RouteTarget, State, Subnet, Txn, VpnGateway, VpnGatewayId,
};
use crate::services::{Caller, Done, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// An id on its way out.
fn text<S: Serializer>(id: &RouteTableAssociationId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

// === Associate ===

/// Source: VPC user guide, "Associate a subnet with a route table", "Associate a gateway with a route table";
/// EC2-RT-ASSOC, EC2-RT-EDGE.
pub struct AssociateRouteTable;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociateRouteTableIn {
    gateway_id: Option<String>,
    public_ipv4_pool: Option<String>,
    subnet_id: Option<String>,
    route_table_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociateRouteTableOut {
    #[serde(serialize_with = "text")]
    association_id: RouteTableAssociationId,
    association_state: AssociationState,
}

impl Operation for AssociateRouteTable {
    const NAME: &'static str = "AssociateRouteTable";
    type In = AssociateRouteTableIn;
    type Out = AssociateRouteTableOut;
    type Error = Ec2Error;
}

impl Write for AssociateRouteTable {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociateRouteTableIn) -> Result<Self::Out, Ec2Error> {
        if input.public_ipv4_pool.is_some() {
            return Err(Ec2Error::NotBuilt("AssociateRouteTable with a pool of public addresses"));
        }
        let table = find::<RouteTable>(&txn.state, &input.route_table_id)?.clone();
        let with = match (input.subnet_id, input.gateway_id) {
            (None, None) => return Err(RoutingError::NothingToAssociate.into()),
            (Some(_), Some(_)) => return Err(RoutingError::TwoToAssociate.into()),
            (Some(subnet), None) => in_same_vpc(&txn.state, &table, &subnet)?,
            (None, Some(id)) => edge_of(&txn.state, &table, &id)?,
        };
        let association_id = match current(&txn.state, with) {
            // Doing it again changes nothing.
            Some((holder, association)) if holder == table.id => association.id,
            Some(_) => return Err(RoutingError::OtherAssociation(table.id).into()),
            None => associate(txn, table.id, with),
        };
        Ok(AssociateRouteTableOut { association_id, association_state: ASSOCIATED })
    }
}

fn in_same_vpc(state: &State, table: &RouteTable, subnet: &str) -> Result<Associate, Ec2Error> {
    let subnet = find::<Subnet>(state, subnet)?;
    if subnet.vpc != table.vpc {
        return Err(RoutingError::SubnetElsewhere { table: table.id, subnet: subnet.id }.into());
    }
    Ok(Associate::Subnet(subnet.id))
}

/// The gateway with this id, if the table can be that of a gateway of its VPC.
fn edge_of(state: &State, table: &RouteTable, id: &str) -> Result<Associate, Ec2Error> {
    let gateway = gateway(id).ok_or_else(|| RoutingError::NotAnEdge(id.to_owned()))?;
    let target = match gateway {
        Associate::InternetGateway(id) => {
            find::<InternetGateway>(state, &id.to_string())?;
            RouteTarget::InternetGateway(id)
        }
        Associate::VpnGateway(id) => {
            find::<VpnGateway>(state, &id.to_string())?;
            RouteTarget::VpnGateway(id)
        }
        Associate::Main | Associate::Subnet(_) => return Err(RoutingError::NotAnEdge(id.to_owned()).into()),
    };
    if !state.leads(table.vpc, target) {
        let gateway = id.to_owned();
        return Err(RoutingError::GatewayElsewhere { table: table.id, gateway }.into());
    }
    may_be_a_gateways(state, table, id)?;
    Ok(gateway)
}

/// Whether everything in the table may be in that of a gateway.
/// Source: VPC user guide, "Gateway route tables"; EC2-RT-EDGE.
fn may_be_a_gateways(state: &State, table: &RouteTable, gateway: &str) -> Result<(), RoutingError> {
    let blocks: Vec<_> = state.vpcs.get(&table.vpc).into_iter().flat_map(|vpc| vpc.blocks()).collect();
    let mut routes = table.routes.iter().filter(|route| route.origin != RouteOrigin::Table);
    let fits = routes.all(|route| match (route.destination, route.target) {
        (Destination::Cidr(net), RouteTarget::Interface(_)) => {
            blocks.iter().any(|block| block.contains(&net))
        }
        _ => false,
    });
    if fits && table.propagating.is_empty() {
        return Ok(());
    }
    Err(RoutingError::NotForAnEdge { table: table.id, gateway: gateway.to_owned() })
}

/// The table that this is explicitly associated with.
fn current(state: &State, with: Associate) -> Option<(RouteTableId, RouteAssociation)> {
    let index = match with {
        Associate::Main => return None,
        Associate::Subnet(id) => RouteTableIndex::Subnet(id),
        gateway => RouteTableIndex::Gateway(gateway),
    };
    let table = state.route_tables.by(&index).next()?;
    Some((table.id, table.associations.iter().find(|association| association.with == with)?.clone()))
}

fn associate(txn: &mut Txn<'_>, table: RouteTableId, with: Associate) -> RouteTableAssociationId {
    let id = RouteTableAssociationId::mint(txn);
    txn.state.route_tables.update(&table, |table| table.associations.push(RouteAssociation { id, with }));
    id
}

fn disassociate(txn: &mut Txn<'_>, table: RouteTableId, id: RouteTableAssociationId) {
    txn.state.route_tables.update(&table, |table| {
        table.associations.retain(|association| association.id != id);
    });
}

// === Replace and disassociate ===

/// The association with this id, and the table that it is of.
fn named(state: &State, id: &str) -> Result<(Arc<RouteTable>, RouteAssociation), RoutingError> {
    let found = RouteTableAssociationId::parse(id).and_then(|key| {
        let table = state.route_tables.by(&RouteTableIndex::Association(key)).next()?;
        Some((table.clone(), table.associations.iter().find(|association| association.id == key)?.clone()))
    });
    found.ok_or_else(|| RoutingError::AssociationNotFound(id.to_owned()))
}

/// Gives a subnet, a gateway or, with the main association, the VPC another table.
/// Source: VPC user guide, "Change the route table for a subnet", "Replace the main route table"; EC2-RT-MAIN.
pub struct ReplaceRouteTableAssociation;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReplaceAssociationIn {
    association_id: String,
    route_table_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplaceAssociationOut {
    #[serde(serialize_with = "text")]
    new_association_id: RouteTableAssociationId,
    association_state: AssociationState,
}

impl Operation for ReplaceRouteTableAssociation {
    const NAME: &'static str = "ReplaceRouteTableAssociation";
    type In = ReplaceAssociationIn;
    type Out = ReplaceAssociationOut;
    type Error = Ec2Error;
}

impl Write for ReplaceRouteTableAssociation {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ReplaceAssociationIn) -> Result<Self::Out, Ec2Error> {
        let (old, association) = named(&txn.state, &input.association_id)?;
        let new = find::<RouteTable>(&txn.state, &input.route_table_id)?.clone();
        let out =
            |new_association_id| ReplaceAssociationOut { new_association_id, association_state: ASSOCIATED };
        if old.id == new.id {
            return Ok(out(association.id));
        }
        if old.vpc != new.vpc {
            return Err(RoutingError::TableElsewhere { table: new.id, other: old.id }.into());
        }
        match association.with {
            Associate::Main | Associate::Subnet(_) => {}
            Associate::InternetGateway(id) => may_be_a_gateways(&txn.state, &new, &id.to_string())?,
            Associate::VpnGateway(id) => may_be_a_gateways(&txn.state, &new, &id.to_string())?,
        }
        disassociate(txn, old.id, association.id);
        Ok(out(associate(txn, new.id, association.with)))
    }
}

/// Source: VPC user guide, "Disassociate a subnet from a route table"; EC2-RT-MAIN, EC2-RT-ASSOC-ID.
pub struct DisassociateRouteTable;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DisassociateRouteTableIn {
    association_id: String,
}

impl Operation for DisassociateRouteTable {
    const NAME: &'static str = "DisassociateRouteTable";
    type In = DisassociateRouteTableIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DisassociateRouteTable {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DisassociateRouteTableIn) -> Result<Done, Ec2Error> {
        let (table, association) = named(&txn.state, &input.association_id)?;
        if association.with == Associate::Main {
            return Err(RoutingError::MainAssociation(association.id).into());
        }
        disassociate(txn, table.id, association.id);
        Ok(Done {})
    }
}

// === Propagation ===

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct PropagationIn {
    gateway_id: String,
    route_table_id: String,
}

/// The table and the gateway that are named.
fn propagation(state: &State, input: &PropagationIn) -> Result<(Arc<RouteTable>, Arc<VpnGateway>), Ec2Error> {
    let table = find::<RouteTable>(state, &input.route_table_id)?;
    let gateway = VpnGatewayId::parse(&input.gateway_id).and_then(|id| state.vpn_gateways.get(&id));
    let gateway = gateway.ok_or_else(|| RoutingError::GatewayNotFound(input.gateway_id.clone()))?;
    Ok((table.clone(), gateway.clone()))
}

/// Lets a virtual private gateway add the routes that it learns. It learns none here: there are no VPN connections.
/// Source: API reference, EnableVgwRoutePropagation; EC2-IGW-DETACH2.
pub struct EnableVgwRoutePropagation;

impl Operation for EnableVgwRoutePropagation {
    const NAME: &'static str = "EnableVgwRoutePropagation";
    type In = PropagationIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for EnableVgwRoutePropagation {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PropagationIn) -> Result<Done, Ec2Error> {
        let (table, gateway) = propagation(&txn.state, &input)?;
        if gateway.attached_to() != Some(table.vpc) {
            let (gateway, vpc) = (gateway.id.to_string(), table.vpc.to_string());
            return Err(RoutingError::GatewayNotAttached { gateway, vpc }.into());
        }
        if table.is_gateways() {
            let gateway = gateway.id.to_string();
            return Err(RoutingError::NotForAnEdge { table: table.id, gateway }.into());
        }
        if !table.propagating.contains(&gateway.id) {
            txn.state.route_tables.update(&table.id, |table| table.propagating.push(gateway.id));
        }
        Ok(Done {})
    }
}

/// Ending what was not begun changes nothing; assumed.
/// Source: API reference, DisableVgwRoutePropagation.
pub struct DisableVgwRoutePropagation;

impl Operation for DisableVgwRoutePropagation {
    const NAME: &'static str = "DisableVgwRoutePropagation";
    type In = PropagationIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DisableVgwRoutePropagation {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PropagationIn) -> Result<Done, Ec2Error> {
        let (table, gateway) = propagation(&txn.state, &input)?;
        if table.propagating.contains(&gateway.id) {
            txn.state
                .route_tables
                .update(&table.id, |table| table.propagating.retain(|id| *id != gateway.id));
        }
        Ok(Done {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, unknown_filters};
    use super::super::internet_gateway::DetachInternetGateway;
    use super::super::route_table::{CreateRouteTable, DeleteRouteTable};
    use super::super::subnet::DeleteSubnet;
    use super::super::vpc::DeleteVpc;
    use super::*;
    use serde_json::{Value, json};

    fn associations(lab: &Lab, table: &str) -> Value {
        lab.read::<Describe<RouteTable>>(json!({ "RouteTableIds": [table] }))["RouteTables"][0]["Associations"]
            .clone()
    }

    #[test]
    fn a_table_is_described_as_it_was_made_and_made_once_for_a_token() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let input = json!({
            "VpcId": vpc,
            "ClientToken": "once",
            "TagSpecifications": [{ "ResourceType": "route-table", "Tags": [{ "Key": "k", "Value": "v" }] }],
        });
        let made = lab.write::<CreateRouteTable>(input.clone());
        assert_eq!(made["ClientToken"], "once");
        assert_eq!(lab.write::<CreateRouteTable>(input), made);
        let table = &made["RouteTable"];
        assert_eq!(table["Associations"], json!([]));
        assert_eq!(table["PropagatingVgws"], json!([]));
        assert_eq!(table["Routes"][0]["GatewayId"], "local");
        assert_eq!(table["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        let id = text(&table["RouteTableId"]);
        let listed = lab.read::<Describe<RouteTable>>(json!({ "RouteTableIds": [id] }));
        assert_eq!(listed["RouteTables"], json!([table]));
        lab.write::<DeleteRouteTable>(json!({ "RouteTableId": id }));
        let state = lab.state();
        assert!(state.client_tokens.is_empty());
        assert_eq!(unknown_filters(&state, &**state.route_tables.iter().next().unwrap()), Vec::<&str>::new());
    }

    #[test]
    fn a_subnet_follows_one_table_and_goes_with_its_association() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (subnet, table) = (lab.subnet(&vpc, "10.0.0.0/24"), lab.route_table(&vpc));
        let input = json!({ "RouteTableId": table, "SubnetId": subnet });
        let made = lab.write::<AssociateRouteTable>(input.clone());
        assert_eq!(made["AssociationState"]["State"], "associated");
        assert_eq!(lab.write::<AssociateRouteTable>(input), made, "doing it again changes nothing");
        assert_eq!(
            associations(&lab, &table),
            json!([{
                "Main": false,
                "RouteTableAssociationId": made["AssociationId"],
                "RouteTableId": table,
                "SubnetId": subnet,
                "AssociationState": { "State": "associated" },
            }])
        );
        let delete = || lab.try_write::<DeleteRouteTable>(json!({ "RouteTableId": table })).is_ok();
        let drop_vpc = || lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc })).is_ok();
        assert!(!delete());
        lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
        assert_eq!(associations(&lab, &table), json!([]));
        assert!(!drop_vpc(), "a table that is not the main one holds the VPC");
        assert!(delete() && drop_vpc());
    }

    #[test]
    fn another_table_becomes_the_main_one() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (old, new) = (lab.main_table(&vpc), lab.route_table(&vpc));
        let association = text(&associations(&lab, &old)[0]["RouteTableAssociationId"]);
        let replace = |association: &str, table: &str| {
            let input = json!({ "AssociationId": association, "RouteTableId": table });
            text(&lab.write::<ReplaceRouteTableAssociation>(input)["NewAssociationId"])
        };
        assert_eq!(replace(&association, &old), association, "nothing to do");
        let replaced = replace(&association, &new);
        assert_ne!(replaced, association);
        assert_eq!((lab.main_table(&vpc), associations(&lab, &old)), (new, json!([])));
        lab.write::<DeleteRouteTable>(json!({ "RouteTableId": old }));
        lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
    }

    #[test]
    fn a_gateway_has_a_table_while_it_is_attached() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (gateway, table) = (lab.internet_gateway(&vpc), lab.route_table(&vpc));
        lab.write::<AssociateRouteTable>(json!({ "RouteTableId": table, "GatewayId": gateway }));
        let listed = associations(&lab, &table)[0].clone();
        assert_eq!((&listed["GatewayId"], listed.get("SubnetId")), (&json!(gateway), None));
        let filter = json!({ "Filters": [{ "Name": "association.gateway-id", "Values": [gateway] }] });
        let found = lab.ids::<Describe<RouteTable>>("RouteTables", "RouteTableId", filter);
        assert_eq!(found, [&*table]);
        assert!(lab.try_write::<DeleteRouteTable>(json!({ "RouteTableId": table })).is_err());
        lab.write::<DetachInternetGateway>(json!({ "InternetGatewayId": gateway, "VpcId": vpc }));
        assert_eq!(associations(&lab, &table), json!([]));
    }
}
