//! A network with one of everything can be taken down in any order: what is still used refuses to go, nothing dangles,
//! and in the end all of it is gone.

use super::super::address::{AllocateAddress, ReleaseAddress};
use super::super::address_association::{AssociateAddress, DisassociateAddress};
use super::super::dhcp_options::{AssociateDhcpOptions, CreateDhcpOptions, DeleteDhcpOptions};
use super::super::egress_only_internet_gateway::{
    CreateEgressOnlyInternetGateway, DeleteEgressOnlyInternetGateway,
};
use super::super::harness::{Lab, text};
use super::super::instance_state::TerminateInstances;
use super::super::internet_gateway::{DeleteInternetGateway, DetachInternetGateway};
use super::super::nat_gateway::{CreateNatGateway, DeleteNatGateway};
use super::super::network_acl_change::{CreateNetworkAcl, DeleteNetworkAcl, ReplaceNetworkAclAssociation};
use super::super::network_interface_create::DeleteNetworkInterface;
use super::super::peering::{
    AcceptVpcPeeringConnection, CreateVpcPeeringConnection, DeleteVpcPeeringConnection,
};
use super::super::prefix_list_change::{CreateManagedPrefixList, DeleteManagedPrefixList};
use super::super::route::CreateRoute;
use super::super::route_table::DeleteRouteTable;
use super::super::route_table_association::{AssociateRouteTable, DisassociateRouteTable};
use super::super::security_group::DeleteSecurityGroup;
use super::super::security_group_rule_change::{AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress};
use super::super::subnet::DeleteSubnet;
use super::super::subnet_reservation::CreateSubnetCidrReservation;
use super::super::transit_gateway::{CreateTransitGateway, DeleteTransitGateway};
use super::super::transit_gateway_attachment::{
    CreateTransitGatewayVpcAttachment, DeleteTransitGatewayVpcAttachment,
};
use super::super::vpc::{CreateVpc, DeleteVpc, ModifyVpcAttribute};
use super::super::vpc_endpoint_create::{CreateVpcEndpoint, DeleteVpcEndpoints};
use super::super::vpn_gateway::{AttachVpnGateway, CreateVpnGateway, DeleteVpnGateway, DetachVpnGateway};
use super::api::without_default_vpc;
use crate::model::{Quotas, State};
use crate::services::{Refused, Write};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

type Run = Box<dyn Fn(&Lab) -> Result<(), Refused>>;

/// A call that takes something down, and the refusals that it may meet: code, text.
struct Removal {
    name: &'static str,
    run: Run,
    /// Something is in the way.
    held: Vec<(&'static str, String)>,
    /// Something else has taken it along.
    over: Vec<(&'static str, String)>,
}

impl Removal {
    fn held(mut self, code: &'static str, text: impl Into<String>) -> Self {
        self.held.push((code, text.into()));
        self
    }

    /// It is held as the table of dependencies says.
    fn violates(self, text: impl Into<String>) -> Self {
        self.held("DependencyViolation", text)
    }

    fn over(mut self, code: &'static str, text: impl Into<String>) -> Self {
        self.over.push((code, text.into()));
        self
    }
}

fn removal<O: Write>(input: Value) -> Removal {
    let run = move |lab: &Lab| lab.call::<O>(input.clone(), true).map(drop).map_err(Into::into);
    Removal { name: O::NAME, run: Box::new(run), held: Vec::new(), over: Vec::new() }
}

/// Everything that can hold something or be held, each in use by another.
fn furnish(lab: &Lab) -> Vec<Removal> {
    let vpc = lab.vpc();
    let dns = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": true } });
    lab.write::<ModifyVpcAttribute>(dns);
    let peer = text(&lab.write::<CreateVpc>(json!({ "CidrBlock": "10.9.0.0/16" }))["Vpc"]["VpcId"]);
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let (other, _) = lab.subnet_with_ipv6(&vpc, "10.0.1.0/24");
    let reserve = json!({ "SubnetId": other, "ReservationType": "explicit", "Cidr": "10.0.1.128/28" });
    lab.write::<CreateSubnetCidrReservation>(reserve);
    let (group, referred) = (lab.group(&vpc, "web"), lab.group(&vpc, "jobs"));
    let list = json!({ "PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 2 });
    let list = text(&lab.write::<CreateManagedPrefixList>(list)["PrefixList"]["PrefixListId"]);
    let rules = json!({
        "GroupId": group,
        "IpPermissions": [{
            "IpProtocol": "-1",
            "UserIdGroupPairs": [{ "GroupId": referred }],
            "PrefixListIds": [{ "PrefixListId": list }],
        }],
    });
    lab.write::<AuthorizeSecurityGroupIngress>(rules.clone());
    let interface = lab.interface(&subnet, &[&group]);
    let instance = text(&lab.instance(&other, json!({ "SecurityGroupIds": [referred] }))["InstanceId"]);
    let gateway = lab.internet_gateway(&vpc);
    let address = text(&lab.write::<AllocateAddress>(json!({}))["AllocationId"]);
    let associated = json!({ "AllocationId": address, "NetworkInterfaceId": interface });
    let association = text(&lab.write::<AssociateAddress>(associated)["AssociationId"]);
    let second = text(&lab.write::<AllocateAddress>(json!({}))["AllocationId"]);
    let nat = json!({ "SubnetId": subnet, "AllocationId": second });
    let nat = text(&lab.write::<CreateNatGateway>(nat)["NatGateway"]["NatGatewayId"]);
    let egress = lab.write::<CreateEgressOnlyInternetGateway>(json!({ "VpcId": vpc }));
    let egress = text(&egress["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]);
    let vpn = lab.write::<CreateVpnGateway>(json!({ "Type": "ipsec.1" }));
    let vpn = text(&vpn["VpnGateway"]["VpnGatewayId"]);
    lab.write::<AttachVpnGateway>(json!({ "VpnGatewayId": vpn, "VpcId": vpc }));
    let peering = lab.write::<CreateVpcPeeringConnection>(json!({ "VpcId": vpc, "PeerVpcId": peer }));
    let peering = text(&peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]);
    lab.write::<AcceptVpcPeeringConnection>(json!({ "VpcPeeringConnectionId": peering }));
    let transit = lab.write::<CreateTransitGateway>(json!({}));
    let transit = text(&transit["TransitGateway"]["TransitGatewayId"]);
    lab.settle(Duration::from_secs(600));
    let attach = json!({ "TransitGatewayId": transit, "VpcId": vpc, "SubnetIds": [subnet] });
    let attachment = lab.write::<CreateTransitGatewayVpcAttachment>(attach);
    let attachment = text(&attachment["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]);
    lab.settle(Duration::from_secs(600));
    let table = lab.route_table(&vpc);
    let associate = json!({ "RouteTableId": table, "SubnetId": subnet });
    let routed = text(&lab.write::<AssociateRouteTable>(associate)["AssociationId"]);
    for (to, member, target) in [
        ("0.0.0.0/0", "NatGatewayId", &nat),
        ("10.9.0.0/16", "VpcPeeringConnectionId", &peering),
        ("10.8.0.0/16", "NetworkInterfaceId", &interface),
        ("10.7.0.0/16", "TransitGatewayId", &transit),
        ("10.6.0.0/16", "GatewayId", &vpn),
        ("10.5.0.0/16", "GatewayId", &gateway),
    ] {
        let route = json!({ "RouteTableId": table, "DestinationCidrBlock": to, member: target });
        lab.write::<CreateRoute>(route);
    }
    let route = json!({
        "RouteTableId": table, "DestinationPrefixListId": list, "GatewayId": gateway,
    });
    lab.write::<CreateRoute>(route);
    let acl = text(&lab.write::<CreateNetworkAcl>(json!({ "VpcId": vpc }))["NetworkAcl"]["NetworkAclId"]);
    let of_subnet = {
        let state = lab.state();
        let mut all = state.acls.iter().flat_map(|acl| &acl.associations);
        all.find(|one| one.subnet.to_string() == other).unwrap().id.to_string()
    };
    lab.write::<ReplaceNetworkAclAssociation>(json!({ "AssociationId": of_subnet, "NetworkAclId": acl }));
    let options = json!({ "DhcpConfigurations": [{ "Key": "domain-name", "Values": ["a.test"] }] });
    let options = text(&lab.write::<CreateDhcpOptions>(options)["DhcpOptions"]["DhcpOptionsId"]);
    lab.write::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": options, "VpcId": vpc }));
    let s3 = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "RouteTableIds": [table],
    });
    let s3 = text(&lab.write::<CreateVpcEndpoint>(s3)["VpcEndpoint"]["VpcEndpointId"]);
    let api = json!({
        "VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.sagemaker.api", "VpcEndpointType": "Interface",
        "SubnetIds": [subnet], "SecurityGroupIds": [group],
    });
    let api = text(&lab.write::<CreateVpcEndpoint>(api)["VpcEndpoint"]["VpcEndpointId"]);
    lab.flow_log("VPC", &vpc, "records");
    lab.settle(Duration::from_secs(600));

    let by = |member: &str, id: &String| json!({ member: id });
    let has = |what: &str, id: &String| format!("The {what} '{id}' has dependencies and cannot be deleted.");
    let depends = |id: &String| format!("resource {id} has a dependent object");
    let mapped = format!(
        "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching \
         the gateway."
    );
    let public = {
        let state = lab.state();
        let row = state.elastic_addresses.iter().find(|row| row.id.to_string() == address).unwrap();
        row.address.to_string()
    };
    let not_yours = "You do not have permission to access the specified resource.";
    vec![
        removal::<DeleteVpc>(by("VpcId", &vpc)).violates(has("vpc", &vpc)),
        removal::<DeleteVpc>(by("VpcId", &peer)),
        removal::<DeleteSubnet>(by("SubnetId", &subnet)).violates(has("subnet", &subnet)),
        removal::<DeleteSubnet>(by("SubnetId", &other)).violates(has("subnet", &other)),
        removal::<DeleteSecurityGroup>(by("GroupId", &group)).violates(depends(&group)),
        removal::<DeleteSecurityGroup>(by("GroupId", &referred)).violates(depends(&referred)),
        removal::<RevokeSecurityGroupIngress>(rules)
            .over("InvalidGroup.NotFound", format!("The security group '{group}' does not exist")),
        // It fails later if the list is in use.
        removal::<DeleteManagedPrefixList>(by("PrefixListId", &list))
            .over("InvalidPrefixListID.NotFound", format!("The prefix list ({list}) does not exist.")),
        removal::<DeleteNetworkInterface>(by("NetworkInterfaceId", &interface)),
        removal::<TerminateInstances>(json!({ "InstanceIds": [instance] })),
        removal::<DetachInternetGateway>(json!({ "InternetGatewayId": gateway, "VpcId": vpc }))
            .violates(mapped),
        removal::<DeleteInternetGateway>(by("InternetGatewayId", &gateway))
            .violates(has("internetGateway", &gateway)),
        removal::<DisassociateAddress>(by("AssociationId", &association)).over(
            "InvalidAssociationID.NotFound",
            format!("The association ID '{association}' does not exist"),
        ),
        removal::<ReleaseAddress>(by("AllocationId", &address))
            .held("InvalidIPAddress.InUse", format!("Address {public} is in use.")),
        removal::<ReleaseAddress>(by("AllocationId", &second)).held("AuthFailure", not_yours),
        removal::<DeleteNatGateway>(by("NatGatewayId", &nat)),
        removal::<DeleteEgressOnlyInternetGateway>(by("EgressOnlyInternetGatewayId", &egress)),
        removal::<DetachVpnGateway>(json!({ "VpnGatewayId": vpn, "VpcId": vpc })),
        removal::<DeleteVpnGateway>(by("VpnGatewayId", &vpn))
            .held("IncorrectState", "The VPN gateway is in use."),
        removal::<DeleteVpcPeeringConnection>(by("VpcPeeringConnectionId", &peering)).over(
            "InvalidStateTransition",
            format!(
                "Invalid state transition for {peering}, attempted to transition from deleted to deleting"
            ),
        ),
        removal::<DeleteTransitGatewayVpcAttachment>(by("TransitGatewayAttachmentId", &attachment)),
        removal::<DeleteTransitGateway>(by("TransitGatewayId", &transit)).held(
            "IncorrectState",
            format!("{transit} has non-deleted Transit Gateway Attachments: {attachment}."),
        ),
        removal::<DisassociateRouteTable>(by("AssociationId", &routed)),
        removal::<DeleteRouteTable>(by("RouteTableId", &table)).violates(has("routeTable", &table)),
        removal::<DeleteNetworkAcl>(by("NetworkAclId", &acl)).violates(has("network ACL", &acl)),
        removal::<AssociateDhcpOptions>(json!({ "DhcpOptionsId": "default", "VpcId": vpc })),
        removal::<DeleteDhcpOptions>(by("DhcpOptionsId", &options)).violates(has("dhcpOptions", &options)),
        removal::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [s3] })),
        removal::<DeleteVpcEndpoints>(json!({ "VpcEndpointIds": [api] })),
    ]
}

/// How many of each thing there are.
fn counts(state: &State) -> BTreeMap<&'static str, usize> {
    BTreeMap::from([
        ("VPCs", state.vpcs.len()),
        ("subnets", state.subnets.len()),
        ("groups", state.groups.len()),
        ("interfaces", state.interfaces.len()),
        ("route tables", state.route_tables.len()),
        ("ACLs", state.acls.len()),
        ("internet gateways", state.internet_gateways.len()),
        ("egress-only gateways", state.egress_only_gateways.len()),
        ("virtual private gateways", state.vpn_gateways.len()),
        ("transit gateways", state.transit_gateways.len()),
        ("transit attachments", state.transit_attachments.len()),
        ("NAT gateways", state.nat_gateways.len()),
        ("addresses", state.elastic_addresses.len()),
        ("endpoints", state.vpc_endpoints.len()),
        ("peerings", state.peerings.len()),
        ("prefix lists", state.prefix_lists.len()),
        ("DHCP options", state.dhcp_options.len()),
        ("flow logs", state.flow_logs.len()),
        ("instances", state.instances.len()),
        ("reservations", state.reservations.len()),
        ("timers", state.timers.len()),
    ])
}

/// The next number of a simple generator: orders have to be the same in every run.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

/// So many orders by default; `MOCKPLANE_ORDERS` says another number.
const ORDERS: u64 = 10_000;
/// In every so manieth order the state is looked at after each step, in the others after one, each time another.
const THOROUGH: u64 = 100;

/// A furnished region and how to empty it.
struct Ground {
    lab: Lab,
    /// What was there before.
    empty: BTreeMap<&'static str, usize>,
    full: State,
    removals: Vec<Removal>,
    /// Which removals were held, and how often.
    held: BTreeMap<&'static str, u64>,
}

impl Ground {
    fn new() -> Self {
        let lab = Lab::with("us-east-1", Quotas { vpcs: 9, ..Quotas::default() });
        without_default_vpc(&lab);
        let empty = counts(&lab.state());
        let removals = furnish(&lab);
        let full = State::clone(&lab.state());
        Self { lab, empty, full, removals, held: BTreeMap::new() }
    }

    fn assert_sound(&self, order: u64) {
        assert_eq!(self.lab.state().broken_invariants(), Vec::<String>::new(), "order {order}");
    }

    /// Whatever goes by itself goes within this time.
    fn settle(&self, within: Duration) {
        self.lab.account.settle(self.lab.now() + within, crate::jobs::step);
    }

    /// Tries to remove one thing; whether it has not to be tried again.
    fn remove(&mut self, n: usize) -> bool {
        let removal = &self.removals[n];
        let before = self.lab.state();
        let Err(refused) = (removal.run)(&self.lab) else { return removal.name != "DeleteManagedPrefixList" };
        assert!(Arc::ptr_eq(&before, &self.lab.state()), "a refused call changes nothing");
        let says = |(code, text): &(&str, String)| refused.code == *code && refused.message == *text;
        if removal.over.iter().any(says) {
            return true;
        }
        assert!(removal.held.iter().any(says), "{}: {refused:?}", removal.name);
        *self.held.entry(removal.name).or_default() += 1;
        false
    }

    /// Everything goes in the order that this number stands for; what is refused is tried again, in another order.
    fn empty_in(&mut self, order: u64) {
        self.lab.change(|state| *state = self.full.clone());
        let mut seed = order;
        let mut left: Vec<_> = (0..self.removals.len()).collect();
        for round in 0.. {
            let names: Vec<_> = left.iter().map(|n| self.removals[*n].name).collect();
            assert!(round < 40, "order {order}: left are {names:?}");
            for n in (1..left.len()).rev() {
                left.swap(n, next(&mut seed) % (n + 1));
            }
            let mut step = 0;
            left.retain(|n| {
                let gone = self.remove(*n);
                if order.is_multiple_of(THOROUGH)
                    || (round, step) == (0, order as usize % self.removals.len())
                {
                    self.assert_sound(order);
                }
                step += 1;
                !gone
            });
            self.settle(Duration::from_secs(1_000));
            if left.is_empty() {
                break;
            }
        }
        // What is over is shown for two days at most.
        self.settle(Duration::from_secs(3 * 24 * 3_600));
        self.assert_sound(order);
        assert_eq!(counts(&self.lab.state()), self.empty, "order {order}");
    }
}

#[test]
fn a_network_goes_in_any_order() {
    let orders = std::env::var("MOCKPLANE_ORDERS").ok().and_then(|text| text.parse().ok()).unwrap_or(ORDERS);
    // Each thread has a world of its own, so that nothing depends on how many there are.
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let held = std::thread::scope(|scope| {
        let work = |first: usize| {
            let mut ground = Ground::new();
            (first as u64..orders).step_by(threads).for_each(|order| ground.empty_in(order));
            ground.held
        };
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || work(first))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<BTreeMap<_, _>>()
    });
    assert!(held.len() >= 11, "all that can be held are: {held:?}");
}
