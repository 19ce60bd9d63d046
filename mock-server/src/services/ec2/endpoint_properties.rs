//! Whatever endpoints are made, changed and deleted in whatever order, routes, interfaces and names agree with them.

use super::harness::{Lab, text};
use super::security_group::DeleteSecurityGroup;
use super::subnet::DeleteSubnet;
use super::vpc::{DeleteVpc, ModifyVpcAttribute};
use super::vpc_endpoint_create::{CreateVpcEndpoint, DeleteVpcEndpoints};
use super::vpc_endpoint_modify::ModifyVpcEndpoint;
use crate::model::EndpointType;
use crate::model::vpc_endpoint::VpcEndpointIndex;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Gateway(usize, usize, Vec<usize>),
    Interface(usize, usize, Vec<usize>, Vec<usize>),
    /// Parts of each kind to be added and removed.
    Modify(usize, Vec<usize>, Vec<usize>),
    Delete(usize),
    Settle,
    DropSubnet(usize),
    DropGroup(usize),
    DropVpc(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0usize..8;
    let some = || prop::collection::vec(0usize..8, 0..3);
    prop_oneof![
        3 => (n(), n(), some()).prop_map(|(vpc, service, tables)| Step::Gateway(vpc, service, tables)),
        4 => (n(), n(), some(), some()).prop_map(|(vpc, service, subnets, groups)| {
            Step::Interface(vpc, service, subnets, groups)
        }),
        6 => (n(), some(), some()).prop_map(|(id, add, remove)| Step::Modify(id, add, remove)),
        2 => n().prop_map(Step::Delete),
        2 => Just(Step::Settle),
        1 => n().prop_map(Step::DropSubnet),
        1 => n().prop_map(Step::DropGroup),
        1 => n().prop_map(Step::DropVpc),
    ]
}

/// What may be named: of two VPCs, so that much is refused.
struct Known {
    vpcs: Vec<String>,
    subnets: Vec<String>,
    groups: Vec<String>,
    tables: Vec<String>,
    endpoints: Vec<String>,
}

impl Known {
    fn new(lab: &Lab) -> Self {
        let vpcs = vec![lab.vpc(), lab.vpc()];
        let mut known = Self {
            subnets: Vec::new(),
            groups: Vec::new(),
            tables: lab.state().route_tables.iter().map(|table| table.id.to_string()).collect(),
            endpoints: Vec::new(),
            vpcs,
        };
        for vpc in &known.vpcs {
            let attribute = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } });
            lab.write::<ModifyVpcAttribute>(attribute);
            known.subnets.extend((0..3).map(|n| lab.subnet_in(vpc, &format!("10.0.{n}.0/28"), n / 2)));
            known.groups.push(lab.group(vpc, "endpoints"));
        }
        known
    }
}

fn pick(ids: &[String], n: usize) -> String {
    if ids.is_empty() { "vpce-0".into() } else { ids[n % ids.len()].clone() }
}

fn picks(ids: &[String], numbers: &[usize]) -> Value {
    numbers.iter().map(|n| json!(pick(ids, *n))).collect()
}

fn run(lab: &Lab, known: &mut Known, step: Step) {
    let create = |input: Value| {
        let made = lab.try_write::<CreateVpcEndpoint>(input);
        made.map(|made| text(&made["VpcEndpoint"]["VpcEndpointId"]))
    };
    match step {
        Step::Gateway(vpc, service, tables) => {
            let service = ["s3", "dynamodb"][service % 2];
            known.endpoints.extend(create(json!({
                "VpcId": pick(&known.vpcs, vpc),
                "ServiceName": format!("com.amazonaws.us-east-1.{service}"),
                "RouteTableIds": picks(&known.tables, &tables),
            })));
        }
        Step::Interface(vpc, service, subnets, groups) => {
            let service = ["s3", "sts", "ecr.dkr", "dynamodb"][service % 4];
            known.endpoints.extend(create(json!({
                "VpcId": pick(&known.vpcs, vpc),
                "VpcEndpointType": "Interface",
                "ServiceName": format!("com.amazonaws.us-east-1.{service}"),
                "SubnetIds": picks(&known.subnets, &subnets),
                "SecurityGroupIds": picks(&known.groups, &groups),
            })));
        }
        Step::Modify(id, add, remove) => {
            let id = pick(&known.endpoints, id);
            let state = lab.state();
            let row = state.vpc_endpoints.iter().find(|row| row.id.to_string() == id);
            let is_gateway = row.is_some_and(|row| row.kind() == EndpointType::Gateway);
            let input = if is_gateway {
                json!({
                    "VpcEndpointId": id,
                    "AddRouteTableIds": picks(&known.tables, &add),
                    "RemoveRouteTableIds": picks(&known.tables, &remove),
                })
            } else {
                json!({
                    "VpcEndpointId": id,
                    "AddSubnetIds": picks(&known.subnets, &add),
                    "RemoveSubnetIds": picks(&known.subnets, &remove),
                    "AddSecurityGroupIds": picks(&known.groups, &add),
                    "PrivateDnsEnabled": add.len() > remove.len(),
                })
            };
            let _ = lab.try_write::<ModifyVpcEndpoint>(input);
        }
        Step::Delete(n) => {
            lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [pick(&known.endpoints, n)] }));
        }
        Step::Settle => lab.settle(Duration::from_millis(600_000)),
        Step::DropSubnet(n) => {
            let _ = lab.try_write::<DeleteSubnet>(json!({ "SubnetId": pick(&known.subnets, n) }));
        }
        Step::DropGroup(n) => {
            let _ = lab.try_write::<DeleteSecurityGroup>(json!({ "GroupId": pick(&known.groups, n) }));
        }
        Step::DropVpc(n) => {
            let _ = lab.try_write::<DeleteVpc>(json!({ "VpcId": pick(&known.vpcs, n) }));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn endpoints_agree_with_routes_interfaces_and_names(steps in prop::collection::vec(step(), 0..50)) {
        let lab = Lab::new();
        let mut known = Known::new(&lab);
        for step in steps {
            // The laboratory looks at the invariants and at refused calls after every step.
            run(&lab, &mut known, step);
            let state = lab.state();
            for vpc in state.vpcs.iter() {
                let all = state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(vpc.id));
                let named = all.filter(|endpoint| endpoint.private_dns);
                let names: Vec<_> = named.flat_map(|endpoint| &endpoint.service.private_names).collect();
                prop_assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "one endpoint has a name");
            }
            for table in state.route_tables.iter() {
                let lists: Vec<_> = table.routes.iter().map(|route| route.destination).collect();
                prop_assert_eq!(lists.len(), lists.iter().collect::<BTreeSet<_>>().len(), "one route to each");
            }
        }
        // Everything can be taken down in the right order.
        let ids: Vec<_> = lab.state().vpc_endpoints.iter().map(|row| row.id.to_string()).collect();
        lab.write::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": ids }));
        lab.settle(Duration::from_millis(600_000));
        let state = lab.state();
        prop_assert!(state.vpc_endpoints.is_empty() && state.interfaces.is_empty() && state.timers.is_empty());
    }
}
