//! Whatever is routed, associated, attached and removed in whatever order, the state stays sound.

use super::harness::{Lab, text};
use super::internet_gateway::{AttachInternetGateway, DeleteInternetGateway, DetachInternetGateway};
use super::network_interface_attribute::DetachNetworkInterface;
use super::network_interface_create::DeleteNetworkInterface;
use super::refusals::routing::attach;
use super::route::{CreateRoute, DeleteRoute, ReplaceRoute};
use super::route_table::{CreateRouteTable, DeleteRouteTable};
use super::route_table_association::{
    AssociateRouteTable, DisassociateRouteTable, ReplaceRouteTableAssociation,
};
use super::subnet::DeleteSubnet;
use super::vpc::DeleteVpc;
use crate::model::Id;
use proptest::prelude::*;
use serde_json::json;

#[derive(Clone, Debug)]
enum Step {
    Table(usize),
    DropTable(usize),
    Associate(usize, usize),
    AssociateGateway(usize, usize),
    Replace(usize, usize),
    Disassociate(usize),
    Attach(usize, usize),
    Detach(usize, usize),
    DropGateway(usize),
    Route(usize, usize, usize),
    Lead(usize, usize, usize),
    DropRoute(usize, usize),
    UseInterface(usize),
    DropInterface(usize),
    DropSubnet(usize),
    DropVpc(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0usize..4;
    prop_oneof![
        2 => n().prop_map(Step::Table),
        1 => n().prop_map(Step::DropTable),
        3 => (n(), n()).prop_map(|(a, b)| Step::Associate(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Step::AssociateGateway(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Step::Replace(a, b)),
        1 => n().prop_map(Step::Disassociate),
        2 => (n(), n()).prop_map(|(a, b)| Step::Attach(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Step::Detach(a, b)),
        1 => n().prop_map(Step::DropGateway),
        6 => (n(), n(), n()).prop_map(|(a, b, c)| Step::Route(a, b, c)),
        3 => (n(), n(), n()).prop_map(|(a, b, c)| Step::Lead(a, b, c)),
        1 => (n(), n()).prop_map(|(a, b)| Step::DropRoute(a, b)),
        1 => n().prop_map(Step::UseInterface),
        1 => n().prop_map(Step::DropInterface),
        1 => n().prop_map(Step::DropSubnet),
        1 => n().prop_map(Step::DropVpc),
    ]
}

const NETS: [&str; 4] = ["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.9.0.0/16"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_is_routed_the_state_stays_sound(steps in prop::collection::vec(step(), 0..60)) {
        let lab = Lab::new();
        let vpcs = [lab.vpc(), lab.vpc()];
        let subnets = [0, 1, 2, 3].map(|n| lab.subnet(&vpcs[n % 2], &format!("10.0.{n}.0/24")));
        let interfaces = [0, 1].map(|n| lab.interface(&subnets[n], &[]));
        let gateways = [0, 1].map(|n| lab.internet_gateway(&vpcs[n]));
        let mut tables = vpcs.each_ref().map(|vpc| lab.main_table(vpc)).to_vec();
        let pick = |from: &[String], n: usize| from[n % from.len()].clone();
        // The laboratory looks at the invariants and at refused calls after every step.
        for step in steps {
            let associations: Vec<_> = lab
                .state()
                .route_tables
                .iter()
                .flat_map(|table| table.associations.iter().map(|it| it.id.to_string()).collect::<Vec<_>>())
                .collect();
            let route = |table: usize, net: usize, target: usize| {
                let mut route = json!({
                    "RouteTableId": pick(&tables, table),
                    "DestinationCidrBlock": NETS[net],
                });
                match target {
                    0 | 1 => route["GatewayId"] = json!(gateways[target]),
                    _ => route["NetworkInterfaceId"] = json!(interfaces[target - 2]),
                }
                route
            };
            let pair = |gateway: usize, vpc: usize| {
                json!({ "InternetGatewayId": pick(&gateways, gateway), "VpcId": pick(&vpcs, vpc) })
            };
            let _ = match step {
                Step::Table(n) => {
                    let vpc = json!({ "VpcId": pick(&vpcs, n) });
                    let made = lab.try_write::<CreateRouteTable>(vpc);
                    tables.extend(made.iter().map(|made| text(&made["RouteTable"]["RouteTableId"])));
                    made
                }
                Step::DropTable(n) => {
                    lab.try_write::<DeleteRouteTable>(json!({ "RouteTableId": pick(&tables, n) }))
                }
                Step::Associate(a, b) => lab.try_write::<AssociateRouteTable>(
                    json!({ "RouteTableId": pick(&tables, a), "SubnetId": pick(&subnets, b) }),
                ),
                Step::AssociateGateway(a, b) => lab.try_write::<AssociateRouteTable>(
                    json!({ "RouteTableId": pick(&tables, a), "GatewayId": pick(&gateways, b) }),
                ),
                Step::Replace(a, b) => lab.try_write::<ReplaceRouteTableAssociation>(
                    json!({ "AssociationId": pick(&associations, a), "RouteTableId": pick(&tables, b) }),
                ),
                Step::Disassociate(n) => lab.try_write::<DisassociateRouteTable>(
                    json!({ "AssociationId": pick(&associations, n) }),
                ),
                Step::Attach(a, b) => lab.try_write::<AttachInternetGateway>(pair(a, b)),
                Step::Detach(a, b) => lab.try_write::<DetachInternetGateway>(pair(a, b)),
                Step::DropGateway(n) => lab.try_write::<DeleteInternetGateway>(
                    json!({ "InternetGatewayId": pick(&gateways, n) }),
                ),
                Step::Route(a, b, c) => lab.try_write::<CreateRoute>(route(a, b, c)),
                Step::Lead(a, b, c) => lab.try_write::<ReplaceRoute>(route(a, b, c)),
                Step::DropRoute(a, b) => lab.try_write::<DeleteRoute>(
                    json!({ "RouteTableId": pick(&tables, a), "DestinationCidrBlock": NETS[b] }),
                ),
                Step::UseInterface(n) => {
                    let id = pick(&interfaces, n);
                    if lab.state().interfaces.contains(&Id::parse(&id).unwrap()) {
                        attach(&lab, &id, "i-1");
                    }
                    lab.try_write::<DetachNetworkInterface>(json!({ "AttachmentId": "none" }))
                }
                Step::DropInterface(n) => lab.try_write::<DeleteNetworkInterface>(
                    json!({ "NetworkInterfaceId": pick(&interfaces, n) }),
                ),
                Step::DropSubnet(n) => {
                    lab.try_write::<DeleteSubnet>(json!({ "SubnetId": pick(&subnets, n) }))
                }
                Step::DropVpc(n) => lab.try_write::<DeleteVpc>(json!({ "VpcId": pick(&vpcs, n) })),
            };
        }
    }
}
