//! Routes: made, replaced and deleted.

use super::describe::find;
use super::error::{Ec2Error, RoutingError};
use super::route_target::target_of;
use crate::model::{Destination, Id, PrefixListId, Route, RouteOrigin, RouteTable, RouteTarget, State, Txn};
use crate::services::{Caller, Done, Operation, Write};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The input of all three operations: what one of them does not take is not in its model.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct RouteIn {
    route_table_id: String,
    destination_cidr_block: Option<String>,
    destination_ipv6_cidr_block: Option<String>,
    destination_prefix_list_id: Option<String>,
    local_target: bool,
    pub gateway_id: Option<String>,
    pub nat_gateway_id: Option<String>,
    pub network_interface_id: Option<String>,
    pub instance_id: Option<String>,
    pub vpc_peering_connection_id: Option<String>,
    pub egress_only_internet_gateway_id: Option<String>,
    pub transit_gateway_id: Option<String>,
    pub vpc_endpoint_id: Option<String>,
    pub local_gateway_id: Option<String>,
    pub carrier_gateway_id: Option<String>,
    pub core_network_arn: Option<String>,
    pub odb_network_arn: Option<String>,
}

// === Destinations ===

const V4: &str = "destinationCidrBlock";
const V6: &str = "destinationIpv6CidrBlock";

impl RouteIn {
    /// What is named, exactly as it is written.
    fn destination(&self) -> Result<Destination, Ec2Error> {
        let not_a =
            |parameter, value: &String| RoutingError::NotADestination { parameter, value: value.clone() };
        let (v4, v6, list) = (
            &self.destination_cidr_block,
            &self.destination_ipv6_cidr_block,
            &self.destination_prefix_list_id,
        );
        match (v4, v6, list) {
            (None, None, None) => Err(RoutingError::NoDestination.into()),
            (Some(net), None, None) => match net.parse::<Ipv4Net>() {
                Ok(net) => Ok(Destination::Cidr(net.into())),
                Err(_) => Err(not_a(V4, net).into()),
            },
            (None, Some(net), None) => match net.parse::<Ipv6Net>() {
                Ok(net) => Ok(Destination::Cidr(net.into())),
                Err(_) => Err(not_a(V6, net).into()),
            },
            (None, None, Some(id)) => PrefixListId::parse(id)
                .map(Destination::PrefixList)
                .ok_or_else(|| Ec2Error::PrefixListNotFound(id.clone())),
            _ => Err(RoutingError::TwoDestinations.into()),
        }
    }
}

/// What a route for this destination goes by in the text that there is none.
fn member_of(destination: Destination) -> &'static str {
    match destination {
        Destination::Cidr(IpNet::V4(_)) => "destination-cidr-block",
        Destination::Cidr(IpNet::V6(_)) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    }
}

/// The prefix list with this id, as a destination.
fn known_prefix_list(state: &State, id: PrefixListId) -> Result<(), Ec2Error> {
    let known = state.prefix_list(id).is_some();
    known.then_some(()).ok_or_else(|| Ec2Error::PrefixListNotFound(id.to_string()))
}

/// Blocks that nobody routes. Source: VPC user guide, "Route tables", "Routes".
fn is_reserved(block: IpNet) -> bool {
    const V4: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 168, 0), 22);
    const V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32);
    IpNet::V4(V4).contains(&block) || IpNet::V6(V6).contains(&block)
}

/// What NAT64 stands for, the one IPv6 destination of NAT gateways.
/// Source: VPC user guide, "DNS64 and NAT64".
const NAT64: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// Whether the table may have a route for this destination to this target.
/// Source: VPC user guide, "Route tables", "Routing for a middlebox appliance", "Gateway route tables";
/// EC2-RT-SPECIFIC, EC2-RT-FAMILY, EC2-RT-EDGE.
fn admit(
    state: &State,
    table: &RouteTable,
    destination: Destination,
    target: RouteTarget,
) -> Result<(), Ec2Error> {
    let block = match destination {
        Destination::Cidr(block) => block,
        Destination::PrefixList(_) if table.is_gateways() => return Err(RoutingError::NotOfAnEdge.into()),
        Destination::PrefixList(id) => return known_prefix_list(state, id),
    };
    if is_reserved(block) {
        return Err(RoutingError::ReservedDestination(block).into());
    }
    let wrong_family = |target| Err(RoutingError::WrongFamily { target, destination }.into());
    match (target, block) {
        (RouteTarget::EgressOnlyInternetGateway(_), IpNet::V4(_)) => {
            return wrong_family("an egress-only internet gateway");
        }
        (RouteTarget::NatGateway(_), IpNet::V6(net)) if !NAT64.contains(&net) => {
            return wrong_family("a NAT gateway");
        }
        _ => {}
    }
    let blocks: Vec<_> = state.vpcs.get(&table.vpc).into_iter().flat_map(|vpc| vpc.blocks()).collect();
    let within = blocks.iter().any(|own| own.contains(&block));
    let to_interface = matches!(target, RouteTarget::Interface(_) | RouteTarget::Local);
    if table.is_gateways() && !(within && to_interface) {
        return Err(RoutingError::NotOfAnEdge.into());
    }
    if !within {
        return Ok(());
    }
    if !to_interface && !matches!(target, RouteTarget::NatGateway(_)) {
        return Err(RoutingError::WithinVpc(block).into());
    }
    if !blocks.contains(&block) && !is_a_subnets(state, table, block) {
        return Err(RoutingError::NotASubnet(block).into());
    }
    Ok(())
}

/// Whether a subnet of the table's VPC has exactly this block.
fn is_a_subnets(state: &State, table: &RouteTable, block: IpNet) -> bool {
    let mut subnets = state.subnets.by(&crate::model::vpc::SubnetIndex::Vpc(table.vpc));
    subnets.any(|subnet| match block {
        IpNet::V4(net) => subnet.cidr == Some(net),
        IpNet::V6(net) => subnet.ipv6.is_some_and(|(_, own)| own == net),
    })
}

/// A route as it is now that somebody makes it or gives it another target.
fn route(
    state: &State,
    table: &RouteTable,
    destination: Destination,
    target: RouteTarget,
    origin: RouteOrigin,
) -> Route {
    Route {
        blackhole: !state.leads(table.vpc, target),
        instance: state.instance_behind(target),
        ..Route::new(destination, target, origin)
    }
}

// === Create ===

/// Source: VPC user guide, "Add and remove routes from a route table"; EC2-RT-DUP, EC2-RT-LIMIT, EC2-RT-TARGET.
pub struct CreateRoute;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRouteOut {
    r#return: bool,
}

impl Operation for CreateRoute {
    const NAME: &'static str = "CreateRoute";
    type In = RouteIn;
    type Out = CreateRouteOut;
    type Error = Ec2Error;
}

impl Write for CreateRoute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RouteIn) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        let table = find::<RouteTable>(state, &input.route_table_id)?.clone();
        let destination = match input.destination()? {
            Destination::Cidr(net) => Destination::Cidr(net.trunc()),
            list => list,
        };
        let target = target_of(state, &table, &input)?.ok_or(RoutingError::NoTarget)?;
        admit(state, &table, destination, target)?;
        // Whatever it leads to, even to the same: hashicorp/terraform PR 7463, issue 7038; EC2-RT-DUP.
        if table.route_for(destination).is_some() {
            return Err(RoutingError::RouteExists(destination).into());
        }
        if full(state, &table, destination) {
            return Err(RoutingError::TooManyRoutes.into());
        }
        let route = route(state, &table, destination, target, RouteOrigin::Route);
        txn.state.route_tables.update(&table.id, |table| table.routes.push(route));
        Ok(CreateRouteOut { r#return: true })
    }
}

/// Whether the table has as many routes of the destination's family as it may have. That local routes do not count is
/// assumed. Source: VPC user guide, "Amazon VPC quotas", "Route tables"; EC2-RT-LIMIT.
fn full(state: &State, table: &RouteTable, destination: Destination) -> bool {
    let is_v6 = |destination| matches!(destination, Destination::Cidr(IpNet::V6(_)));
    let counts =
        |route: &&Route| route.origin == RouteOrigin::Route && is_v6(route.destination) == is_v6(destination);
    table.routes.iter().filter(counts).count() >= state.quotas.routes_per_table
}

// === Replace ===

/// Gives a route another target; a local route can be led to an interface or a NAT gateway, and back.
/// Source: API reference, ReplaceRoute; VPC user guide, "Replace or restore the target for a local route".
pub struct ReplaceRoute;

impl Operation for ReplaceRoute {
    const NAME: &'static str = "ReplaceRoute";
    type In = RouteIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ReplaceRoute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RouteIn) -> Result<Done, Ec2Error> {
        let state = &txn.state;
        let table = find::<RouteTable>(state, &input.route_table_id)?.clone();
        let destination = input.destination()?;
        let target = match (target_of(state, &table, &input)?, input.local_target) {
            (Some(target), false) => target,
            (None, true) => RouteTarget::Local,
            (None, false) => return Err(RoutingError::NoTarget.into()),
            (Some(_), true) => return Err(RoutingError::TwoTargets.into()),
        };
        let old = table.route_for(destination).ok_or(RoutingError::NothingToReplace(destination))?;
        if matches!(old.target, RouteTarget::Endpoint(_)) {
            return Err(RoutingError::EndpointRoute { destination, table: table.id }.into());
        }
        if target == RouteTarget::Local && old.origin != RouteOrigin::Table {
            return Err(RoutingError::NotALocalRoute(destination).into());
        }
        admit(state, &table, destination, target)?;
        let new = route(state, &table, destination, target, old.origin);
        txn.state.route_tables.update(&table.id, |table| {
            for route in table.routes.iter_mut().filter(|route| route.destination == destination) {
                route.clone_from(&new);
            }
        });
        Ok(Done {})
    }
}

// === Delete ===

/// Source: API reference, DeleteRoute; EC2-RT-404, EC2-RT-LOCAL, EC2-RT-VPCE.
pub struct DeleteRoute;

impl Operation for DeleteRoute {
    const NAME: &'static str = "DeleteRoute";
    type In = RouteIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DeleteRoute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RouteIn) -> Result<Done, Ec2Error> {
        let table = find::<RouteTable>(&txn.state, &input.route_table_id)?.clone();
        let (destination, id) = (input.destination()?, table.id);
        let Some(route) = table.route_for(destination) else {
            let kind = member_of(destination);
            return Err(RoutingError::RouteNotFound { kind, destination, table: id }.into());
        };
        if route.origin == RouteOrigin::Table {
            return Err(RoutingError::LocalRoute { destination, table: id }.into());
        }
        if matches!(route.target, RouteTarget::Endpoint(_)) {
            return Err(RoutingError::EndpointRoute { destination, table: id }.into());
        }
        txn.state.route_tables.update(&id, |table| {
            table.routes.retain(|route| route.destination != destination);
        });
        Ok(Done {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::egress_only_internet_gateway::{
        CreateEgressOnlyInternetGateway, DeleteEgressOnlyInternetGateway,
    };
    use super::super::harness::{Lab, text};
    use super::super::instance_state::TerminateInstances;
    use super::super::internet_gateway::{
        AttachInternetGateway, DeleteInternetGateway, DetachInternetGateway,
    };
    use super::super::network_interface_create::DeleteNetworkInterface;
    use super::*;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn create(lab: &Lab, table: &str, destination: &str, member: &str, target: &str) {
        let of = if destination.contains(':') { "DestinationIpv6CidrBlock" } else { "DestinationCidrBlock" };
        let made =
            lab.write::<CreateRoute>(json!({ "RouteTableId": table, of: destination, member: target }));
        assert_eq!(made, json!({ "Return": true }));
    }

    fn table(lab: &Lab, id: &str) -> Value {
        lab.read::<Describe<RouteTable>>(json!({ "RouteTableIds": [id] }))["RouteTables"][0].clone()
    }

    /// The route of a table after its local one.
    fn second(lab: &Lab, id: &str) -> Value {
        table(lab, id)["Routes"][1].clone()
    }

    #[test]
    fn a_destination_is_kept_in_its_canonical_form_and_made_once() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (main, gateway) = (lab.main_table(&vpc), lab.internet_gateway(&vpc));
        create(&lab, &main, "100.68.0.18/18", "GatewayId", &gateway);
        let expected = json!({
            "DestinationCidrBlock": "100.68.0.0/18",
            "GatewayId": gateway,
            "Origin": "CreateRoute",
            "State": "active",
        });
        assert_eq!(second(&lab, &main), expected);
        let again = json!({
            "RouteTableId": main, "DestinationCidrBlock": "100.68.0.0/18", "GatewayId": gateway,
        });
        let refused = lab.try_write::<CreateRoute>(again).unwrap_err();
        assert_eq!(refused.to_string(), "The route identified by 100.68.0.0/18 already exists.");
        let delete = |net: &str| {
            lab.try_write::<DeleteRoute>(json!({ "RouteTableId": main, "DestinationCidrBlock": net }))
        };
        assert!(delete("100.68.0.18/18").is_err(), "to delete, the destination has to be exact");
        assert!(delete("100.68.0.0/18").is_ok());
        assert_eq!(table(&lab, &main)["Routes"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_route_is_a_black_hole_while_its_gateway_is_away() {
        let lab = Lab::new();
        let (vpc, other) = (lab.vpc(), lab.vpc());
        let (main, gateway) = (lab.main_table(&vpc), lab.internet_gateway(&vpc));
        create(&lab, &main, "0.0.0.0/0", "GatewayId", &gateway);
        let made = lab.write::<CreateEgressOnlyInternetGateway>(json!({ "VpcId": vpc }));
        let egress = text(&made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]);
        create(&lab, &main, "::/0", "EgressOnlyInternetGatewayId", &egress);
        let state = || text(&second(&lab, &main)["State"]);
        let pair = |vpc: &str| json!({ "InternetGatewayId": gateway, "VpcId": vpc });
        assert_eq!(state(), "active");
        lab.write::<DetachInternetGateway>(pair(&vpc));
        assert_eq!(state(), "blackhole");
        lab.write::<AttachInternetGateway>(pair(&other));
        assert_eq!(state(), "blackhole", "it serves another VPC");
        lab.write::<DetachInternetGateway>(pair(&other));
        lab.write::<AttachInternetGateway>(pair(&vpc));
        assert_eq!(state(), "active");
        lab.write::<DetachInternetGateway>(pair(&vpc));
        lab.write::<DeleteInternetGateway>(json!({ "InternetGatewayId": gateway }));
        assert_eq!((state().as_str(), &second(&lab, &main)["GatewayId"]), ("blackhole", &json!(gateway)));
        lab.write::<DeleteEgressOnlyInternetGateway>(json!({ "EgressOnlyInternetGatewayId": egress }));
        let third = table(&lab, &main)["Routes"][2].clone();
        assert_eq!(
            third,
            json!({
                "DestinationIpv6CidrBlock": "::/0",
                "EgressOnlyInternetGatewayId": egress,
                "Origin": "CreateRoute",
                "State": "blackhole",
            })
        );
    }

    #[test]
    fn a_route_to_an_interface_tells_its_instance() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let main = lab.main_table(&vpc);
        let interface = lab.interface(&lab.subnet(&vpc, "10.0.0.0/24"), &[]);
        create(&lab, &main, "10.9.0.0/16", "NetworkInterfaceId", &interface);
        assert_eq!(second(&lab, &main)["State"], "blackhole", "nothing uses the interface");
        let instance = lab.instance_with(&interface);
        let to =
            json!({ "RouteTableId": main, "DestinationCidrBlock": "10.9.0.0/16", "InstanceId": instance });
        lab.write::<ReplaceRoute>(to);
        assert_eq!(
            second(&lab, &main),
            json!({
                "DestinationCidrBlock": "10.9.0.0/16",
                "InstanceId": instance,
                "InstanceOwnerId": "123456789012",
                "NetworkInterfaceId": interface,
                "Origin": "CreateRoute",
                "State": "active",
            })
        );
        let by_instance = json!({ "Filters": [{ "Name": "route.instance-id", "Values": [instance] }] });
        assert_eq!(lab.ids::<Describe<RouteTable>>("RouteTables", "RouteTableId", by_instance), [&*main]);
        lab.write::<TerminateInstances>(json!({ "InstanceIds": [instance] }));
        lab.settle(Duration::from_secs(60));
        lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": interface }));
        let left = second(&lab, &main);
        assert_eq!((&left["State"], left.get("InstanceId")), (&json!("blackhole"), None));
        assert_eq!(left["NetworkInterfaceId"], json!(interface));
    }

    #[test]
    fn a_local_route_can_be_led_elsewhere_and_back() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let table_id = lab.route_table(&vpc);
        let interface = lab.interface(&lab.subnet(&vpc, "10.0.0.0/24"), &[]);
        lab.instance_with(&interface);
        let replace = |more: Value| {
            let mut input = json!({ "RouteTableId": table_id, "DestinationCidrBlock": "10.0.0.0/16" });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            lab.write::<ReplaceRoute>(input);
            table(&lab, &table_id)["Routes"][0].clone()
        };
        let led = replace(json!({ "NetworkInterfaceId": interface }));
        assert_eq!((&led["NetworkInterfaceId"], led.get("GatewayId")), (&json!(interface), None));
        assert_eq!((&led["Origin"], &led["State"]), (&json!("CreateRouteTable"), &json!("active")));
        let back = replace(json!({ "LocalTarget": true }));
        assert_eq!((&back["GatewayId"], back.get("InstanceId")), (&json!("local"), None));
        // Within the VPC, a whole subnet can be led to an interface.
        create(&lab, &table_id, "10.0.0.0/24", "NetworkInterfaceId", &interface);
    }

    #[test]
    fn blocks_of_a_vpc_have_local_routes_in_all_its_tables() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let (main, gateway) = (lab.main_table(&vpc), lab.internet_gateway(&vpc));
        create(&lab, &main, "0.0.0.0/0", "GatewayId", &gateway);
        let other = lab.route_table(&vpc);
        let id = Id::parse(&vpc).unwrap();
        let (v4, v6): (Ipv4Net, Ipv6Net) =
            ("10.1.0.0/16".parse().unwrap(), "2600:1f18:1::/56".parse().unwrap());
        lab.change(|state| {
            state.vpcs.update(&id, |vpc| {
                vpc.cidrs.push((Id::from_hex(id.hex()), v4));
                vpc.ipv6_cidrs.push((Id::from_hex(id.hex()), v6));
            });
            state.set_local_routes(id);
        });
        assert_eq!(lab.state().broken_invariants(), Vec::<String>::new());
        let third = lab.route_table(&vpc);
        for id in [&main, &other, &third] {
            let routes = table(&lab, id)["Routes"].clone();
            assert_eq!(routes[1]["DestinationCidrBlock"], "10.1.0.0/16");
            assert_eq!(routes[2]["DestinationIpv6CidrBlock"], "2600:1f18:1::/56");
            assert_eq!(routes[2]["GatewayId"], "local");
        }
        assert_eq!(table(&lab, &main)["Routes"][3]["GatewayId"], json!(gateway));
        lab.change(|state| {
            state.vpcs.update(&id, |vpc| vpc.cidrs.truncate(1));
            state.set_local_routes(id);
        });
        assert_eq!(lab.state().broken_invariants(), Vec::<String>::new());
    }
}
