//! NAT gateways: made, described, deleted. Their life: `net::nat_gateway`.

use super::address;
use super::client_token;
use super::describe::{Each, Listed, Resource, Text, find, stored_in};
use super::error::nat_gateway::NatGatewayError;
use super::error::{Ec2Error, Missing};
use super::filter::Probe;
use super::network_interface_create::not_placed;
use super::tags::{self, TagSet, TagSpecification};
use crate::model::nat::{NatAddressStatus, NatGatewayIndex};
use crate::model::{
    AddressAssociationId, AllocationId, Id, NatGateway, NatGatewayAddress, NatGatewayId, NatGatewayState,
    NetworkInterfaceId, Owner, Site, State, SubnetId, Txn, VpcId,
};
use crate::net::nat_gateway::{self, NewNatGateway, Wanted};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::net::Ipv4Addr;
use std::sync::Arc;

impl Resource for NatGateway {
    const DESCRIBE: &'static str = "DescribeNatGateways";
    const LIST: &'static str = "NatGateways";
    const IDS: &'static str = "natGatewayIds";
    const KIND: &'static str = "natgateway";
    const ID_FILTER: &'static str = "nat-gateway-id";
    const FILTERS: &'static [&'static str] =
        &["nat-gateway-id", "state", "subnet-id", "tag", "tag-key", "vpc-id"];

    stored_in!(nat_gateways);

    fn not_found(missing: Missing) -> Ec2Error {
        let id = missing.0.into_iter().next().unwrap_or_default();
        match NatGatewayId::parse(&id) {
            Some(_) => NatGatewayError::NatGatewayNotFound(id).into(),
            None => NatGatewayError::NatGatewayMalformed(id).into(),
        }
    }

    fn index(name: &str, value: &str) -> Option<NatGatewayIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(NatGatewayIndex::Vpc),
            "subnet-id" => SubnetId::parse(value).map(NatGatewayIndex::Subnet),
            _ => None,
        }
    }

    fn owner(key: NatGatewayId) -> Option<Owner> {
        Some(Owner::NatGateway(key))
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "nat-gateway-id" => probe.show(self.id),
            "state" => probe.is(self.shown().name()),
            "subnet-id" => probe.show(self.subnet),
            "vpc-id" => probe.show(self.vpc),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, _: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(self, self.shown(), serializer)
    }
}

// === Printing ===

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NatGatewayView<'a, A: Serialize> {
    create_time: i64,
    delete_time: Option<i64>,
    failure_code: Option<&'static str>,
    failure_message: Option<&'a str>,
    nat_gateway_addresses: A,
    nat_gateway_id: Text<NatGatewayId>,
    state: &'static str,
    subnet_id: Text<SubnetId>,
    vpc_id: Text<VpcId>,
    tags: TagSet<'a>,
    connectivity_type: &'static str,
    availability_mode: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddressView<'a> {
    allocation_id: Option<Text<AllocationId>>,
    network_interface_id: Option<Text<NetworkInterfaceId>>,
    private_ip: Option<Text<Ipv4Addr>>,
    public_ip: Option<Text<Ipv4Addr>>,
    association_id: Option<Text<AddressAssociationId>>,
    is_primary: bool,
    failure_message: Option<&'a str>,
    status: &'static str,
}

impl<'a> AddressView<'a> {
    pub fn new(gateway: &'a NatGateway, is_primary: bool, address: &NatGatewayAddress) -> Self {
        let failed = address.status == NatAddressStatus::Failed;
        let failure = gateway.failure.as_ref().filter(|_| failed);
        Self {
            allocation_id: address.allocation.map(Text),
            network_interface_id: gateway.interface.map(Text),
            private_ip: address.private.map(Text),
            public_ip: address.public.map(|(public, _)| Text(public)),
            association_id: address.public.map(|(_, association)| Text(association)),
            is_primary,
            failure_message: failure.map(|failure| failure.message.as_str()),
            status: match address.status {
                NatAddressStatus::Assigning => "assigning",
                NatAddressStatus::Unassigning => "unassigning",
                NatAddressStatus::Associating => "associating",
                NatAddressStatus::Disassociating => "disassociating",
                NatAddressStatus::Succeeded => "succeeded",
                NatAddressStatus::Failed => "failed",
            },
        }
    }
}

fn print_as<S: Serializer>(
    gateway: &NatGateway,
    state: NatGatewayState,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // What will be in the way is known before it is told.
    let outage = nat_gateway::outage(gateway).filter(|_| state == NatGatewayState::Failed);
    let failure = gateway.failure.as_ref().filter(|_| state != NatGatewayState::Pending);
    let failure = failure.or(outage.as_ref());
    let addresses = || gateway.addresses.iter().enumerate();
    NatGatewayView {
        create_time: gateway.created.millis(),
        delete_time: gateway.deleted.map(|at| at.millis()),
        failure_code: failure.map(|failure| failure.code),
        failure_message: failure.map(|failure| failure.message.as_str()),
        nat_gateway_addresses: Each(|| {
            addresses().map(|(n, address)| AddressView::new(gateway, n == 0, address))
        }),
        nat_gateway_id: Text(gateway.id),
        state: state.name(),
        subnet_id: Text(gateway.subnet),
        vpc_id: Text(gateway.vpc),
        tags: TagSet(&gateway.tags),
        connectivity_type: if gateway.public { "public" } else { "private" },
        availability_mode: "zonal",
    }
    .serialize(serializer)
}

// === Create ===

/// Source: the page of CreateNatGateway; VPC user guide, "Amazon VPC quotas"; EC2-NAT-TYPE, EC2-NAT-LIMIT,
/// EC2-NAT-ADDRESSES, EC2-IDEM.
pub struct CreateNatGateway;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateNatGatewayIn {
    availability_mode: Option<String>,
    allocation_id: Option<String>,
    client_token: Option<String>,
    subnet_id: Option<String>,
    tag_specifications: Vec<TagSpecification>,
    connectivity_type: Option<String>,
    private_ip_address: Option<String>,
    secondary_allocation_ids: Vec<String>,
    secondary_private_ip_addresses: Vec<String>,
    secondary_private_ip_address_count: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateNatGatewayOut {
    client_token: Option<String>,
    nat_gateway: Pending,
}

/// A gateway as its creation answers it, however often it is asked for.
struct Pending(Listed<NatGateway>);

impl Serialize for Pending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(&self.0.row, NatGatewayState::Pending, serializer)
    }
}

impl Operation for CreateNatGateway {
    const NAME: &'static str = "CreateNatGateway";
    type In = CreateNatGatewayIn;
    type Out = CreateNatGatewayOut;
    type Error = Ec2Error;
}

impl Write for CreateNatGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, mut input: CreateNatGatewayIn) -> Result<Self::Out, Ec2Error> {
        let client_token = input.client_token.take().filter(|token| !token.is_empty());
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, client_token.as_deref(), &asked, |txn, key| {
            create(txn, input, key)
        })?;
        Ok(Self::Out { client_token, nat_gateway: Pending(Listed::new(&txn.state, row)) })
    }
}

fn create(
    txn: &mut Txn<'_>,
    input: CreateNatGatewayIn,
    client_token: Option<u128>,
) -> Result<Arc<NatGateway>, Ec2Error> {
    let state = &txn.state;
    if input.availability_mode.as_deref() == Some("regional") {
        return Err(Ec2Error::NotBuilt("CreateNatGateway of a regional NAT gateway"));
    }
    let public = input.connectivity_type.as_deref() != Some("private");
    let subnet_id = input.subnet_id.as_deref().ok_or(Ec2Error::MissingParameter("subnetId"))?;
    let subnet = SubnetId::parse(subnet_id).and_then(|id| state.subnets.get(&id));
    let subnet = subnet.ok_or_else(|| NatGatewayError::NatSubnetNotFound(subnet_id.to_owned()))?.clone();
    let wanted = wanted(state, public, &input)?;
    let tags = tags::given(state, NatGateway::KIND, input.tag_specifications)?;
    let in_zone = state.nat_gateways.by(&NatGatewayIndex::Zone(subnet.zone.name));
    let most = state.quotas.nat_gateways_per_zone;
    if in_zone.filter(|gateway| gateway.counts()).count() >= most {
        return Err(NatGatewayError::TooManyNatGateways(most).into());
    }
    let new = NewNatGateway { subnet, public, wanted, client_token, tags };
    nat_gateway::create(txn, new).map_err(not_placed)
}

/// The addresses that are asked for, the primary one first.
fn wanted(state: &State, public: bool, input: &CreateNatGatewayIn) -> Result<Vec<Wanted>, Ec2Error> {
    let primary = parse_all(input.private_ip_address.as_slice())?.pop();
    let secondary = parse_all(&input.secondary_private_ip_addresses)?;
    let count = input.secondary_private_ip_address_count;
    let mut wanted = Vec::new();
    if public {
        if count.is_some() {
            return Err(NatGatewayError::NotForPublicNat("secondaryPrivateIpAddressCount").into());
        }
        let first = input.allocation_id.clone().ok_or(NatGatewayError::NatNeedsAddress)?;
        wanted.extend(elastic(&[first], primary.as_slice())?);
        wanted.extend(elastic(&input.secondary_allocation_ids, &secondary)?);
    } else {
        if input.allocation_id.is_some() {
            return Err(NatGatewayError::NotForPrivateNat("allocationId").into());
        }
        if !input.secondary_allocation_ids.is_empty() {
            return Err(NatGatewayError::NotForPrivateNat("secondaryAllocationIds").into());
        }
        wanted.push((primary, None));
        if !secondary.is_empty() && count.is_some() {
            let names = ("secondaryPrivateIpAddresses", "secondaryPrivateIpAddressCount");
            return Err(Ec2Error::NotTogether(names.0, names.1));
        }
        wanted.extend(private(&secondary, count));
    }
    check(state, public, &wanted)?;
    Ok(wanted)
}

/// Elastic IP addresses, for these private ones or for the next free ones; that there is none of an id is told later.
pub fn elastic(ids: &[String], private: &[Ipv4Addr]) -> Result<Vec<Wanted>, Ec2Error> {
    if !private.is_empty() && private.len() != ids.len() {
        return Err(NatGatewayError::UnequalAddresses.into());
    }
    let private = private.iter().copied().map(Some).chain(std::iter::repeat(None));
    let parsed =
        ids.iter().map(|id| AllocationId::parse(id).ok_or_else(|| address::unknown(id))).zip(private);
    parsed.map(|(id, private)| Ok((private, Some(id?)))).collect()
}

/// These private addresses, or that many.
pub fn private(named: &[Ipv4Addr], count: Option<usize>) -> Vec<Wanted> {
    let further = std::iter::repeat_n(None, count.unwrap_or(0));
    named.iter().copied().map(Some).chain(further).map(|address| (address, None)).collect()
}

pub fn parse_all(texts: &[String]) -> Result<Vec<Ipv4Addr>, Ec2Error> {
    texts.iter().map(|text| text.parse().map_err(|_| Ec2Error::NotAnAddress(text.clone()))).collect()
}

/// Whether a gateway may have these addresses: each once, and not too many; EC2-NAT-ADDRESSES.
pub fn check(state: &State, public: bool, wanted: &[Wanted]) -> Result<(), NatGatewayError> {
    for (n, (private, allocation)) in wanted.iter().enumerate() {
        let before = &wanted[..n];
        if let Some(private) = private.filter(|_| before.iter().any(|(other, _)| other == private)) {
            return Err(NatGatewayError::RepeatedAddress(private.to_string()));
        }
        if let Some(id) = allocation.filter(|_| before.iter().any(|(_, other)| other == allocation)) {
            return Err(NatGatewayError::RepeatedAddress(id.to_string()));
        }
    }
    enough(state, public, wanted.len())
}

/// Whether a gateway may have that many addresses.
pub fn enough(state: &State, public: bool, count: usize) -> Result<(), NatGatewayError> {
    let quotas = &state.quotas;
    let (elastic, private) =
        (quotas.elastic_addresses_per_nat_gateway, quotas.private_addresses_per_nat_gateway);
    match public {
        true if count > elastic => Err(NatGatewayError::TooManyElasticOnNat(elastic)),
        false if count > private => Err(NatGatewayError::TooManyPrivateOnNat(private)),
        _ => Ok(()),
    }
}

// === Delete ===

/// Its Elastic IP addresses stay allocated, routes to it stay. One that is gone already may be deleted again.
/// Source: the page of DeleteNatGateway; EC2-NAT-404.
pub struct DeleteNatGateway;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteNatGatewayIn {
    nat_gateway_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteNatGatewayOut {
    nat_gateway_id: Text<NatGatewayId>,
}

impl Operation for DeleteNatGateway {
    const NAME: &'static str = "DeleteNatGateway";
    type In = DeleteNatGatewayIn;
    type Out = DeleteNatGatewayOut;
    type Error = Ec2Error;
}

impl Write for DeleteNatGateway {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteNatGatewayIn) -> Result<Self::Out, Ec2Error> {
        let gateway = find::<NatGateway>(&txn.state, &input.nat_gateway_id)?;
        let (id, state) = (gateway.id, gateway.state);
        if !matches!(state, NatGatewayState::Deleting | NatGatewayState::Deleted) {
            nat_gateway::delete(txn, id);
        }
        Ok(DeleteNatGatewayOut { nat_gateway_id: Text(id) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::{AllocateAddress, DescribeAddresses, ReleaseAddress};
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, unknown_filters};
    use super::super::nat_gateway_address::{
        AssignPrivateNatGatewayAddress, AssociateNatGatewayAddress, DisassociateNatGatewayAddress,
        UnassignPrivateNatGatewayAddress,
    };
    use super::super::network_interface_create::DeleteNetworkInterface;
    use super::super::subnet::DeleteSubnet;
    use super::*;
    use crate::model::network::ANY_V4;
    use crate::model::{Destination, NetworkInterface, Route, RouteOrigin, RouteTable, RouteTarget, Subnet};
    use serde_json::{Value as Json, json};
    use std::time::Duration;

    fn default_subnet(lab: &Lab) -> Arc<Subnet> {
        lab.state().subnets.iter().next().unwrap().clone()
    }

    fn allocate(lab: &Lab) -> Json {
        lab.write::<AllocateAddress>(json!({}))
    }

    fn create(lab: &Lab, input: Json) -> Json {
        let made = lab.write::<CreateNatGateway>(input)["NatGateway"].clone();
        assert_eq!(made["State"], "pending");
        made
    }

    fn described(lab: &Lab, id: &Json) -> Json {
        let input = json!({ "NatGatewayIds": [id], "MaxResults": null });
        lab.read::<Describe<NatGateway>>(input)["NatGateways"][0].clone()
    }

    fn second(lab: &Lab) {
        lab.advance(Duration::from_secs(1));
    }

    #[test]
    fn a_public_gateway_lives_and_leaves_its_address() {
        let lab = Lab::new();
        let subnet = default_subnet(&lab);
        let allocated = allocate(&lab);
        let input = json!({
            "SubnetId": subnet.id.to_string(),
            "AllocationId": allocated["AllocationId"],
            "ClientToken": "once",
            "TagSpecifications": [{ "ResourceType": "natgateway", "Tags": [{ "Key": "k", "Value": "v" }] }],
        });
        let made = lab.write::<CreateNatGateway>(input.clone());
        assert_eq!(made["ClientToken"], "once");
        let id = &made["NatGateway"]["NatGatewayId"];
        second(&lab);
        assert_eq!(lab.write::<CreateNatGateway>(input)["NatGateway"]["NatGatewayId"], *id);
        let shown = described(&lab, id);
        assert_eq!((&shown["State"], &shown["ConnectivityType"]), (&json!("available"), &json!("public")));
        assert_eq!(shown["Tags"], json!([{ "Key": "k", "Value": "v" }]));
        let address = &shown["NatGatewayAddresses"][0];
        assert_eq!((&address["Status"], &address["IsPrimary"]), (&json!("succeeded"), &json!(true)));
        assert_eq!(address["PublicIp"], allocated["PublicIp"]);

        let input = json!({ "NetworkInterfaceIds": [address["NetworkInterfaceId"]] });
        let interface = lab.read::<Describe<NetworkInterface>>(input)["NetworkInterfaces"][0].clone();
        assert_eq!(interface["InterfaceType"], "nat_gateway");
        assert_eq!(interface["Description"], format!("Interface for NAT Gateway {}", text(id)));
        assert_eq!(interface["RequesterManaged"], true);
        assert_eq!((&interface["SourceDestCheck"], &interface["Groups"]), (&json!(false), &json!([])));
        assert_eq!(interface["PrivateIpAddress"], address["PrivateIp"]);
        assert_eq!(interface["Association"]["AssociationId"], address["AssociationId"]);
        let held = json!({ "NetworkInterfaceId": interface["NetworkInterfaceId"] });
        assert!(lab.try_write::<DeleteNetworkInterface>(held).is_err());
        let subnet_id = json!({ "SubnetId": subnet.id.to_string() });
        assert_eq!(lab.try_write::<DeleteSubnet>(subnet_id), Err(Ec2Error::SubnetInUse(subnet.id)));

        let gateway = NatGatewayId::parse(&text(id)).unwrap();
        lab.change(|state| {
            let table = state.route_tables.iter().next().unwrap().id;
            state.route_tables.update(&table, |table| {
                let (to, target) = (Destination::Cidr(ANY_V4.into()), RouteTarget::NatGateway(gateway));
                table.routes[1] = Route::new(to, target, RouteOrigin::Route);
            });
        });
        lab.write::<DeleteNatGateway>(json!({ "NatGatewayId": id }));
        let deleting = described(&lab, id);
        assert_eq!((&deleting["State"], deleting.get("DeleteTime").is_some()), (&json!("deleting"), true));
        second(&lab);
        assert_eq!(described(&lab, id)["State"], "deleted");
        let table = lab.read::<Describe<RouteTable>>(json!({}))["RouteTables"][0].clone();
        assert_eq!(table["Routes"][1]["State"], "blackhole");
        assert!(lab.state().interfaces.is_empty());
        assert_eq!(lab.state().subnets.get(&subnet.id).unwrap().addresses.free(), 4_091);
        let left = lab.read::<DescribeAddresses>(json!({}))["Addresses"][0].clone();
        assert!(left.get("AssociationId").is_none());
        lab.write::<ReleaseAddress>(json!({ "AllocationId": allocated["AllocationId"] }));
        lab.advance(Duration::from_secs(60 * 60));
        assert!(lab.state().nat_gateways.is_empty() && lab.state().client_tokens.is_empty());
    }

    #[test]
    fn what_is_in_the_way_is_told_later() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let tiny = lab.subnet(&vpc, "10.0.0.0/28");
        let taken = allocate(&lab);
        let public =
            json!({ "SubnetId": default_subnet(&lab).id.to_string(), "AllocationId": taken["AllocationId"] });
        create(&lab, public.clone());
        let failed = |input: Json| {
            let made = create(&lab, input);
            assert!(made.get("FailureCode").is_none());
            second(&lab);
            let shown = described(&lab, &made["NatGatewayId"]);
            assert_eq!(shown["State"], "failed");
            let message = text(&shown["FailureMessage"]);
            assert_eq!(shown["NatGatewayAddresses"][0]["FailureMessage"], message);
            (text(&shown["FailureCode"]), message)
        };
        let free = allocate(&lab);
        assert_eq!(
            failed(json!({ "SubnetId": tiny, "AllocationId": free["AllocationId"] })),
            ("Gateway.NotAttached".into(), format!("Network {vpc} has no Internet gateway attached"))
        );
        let id = text(&taken["AllocationId"]);
        assert_eq!(
            failed(public),
            ("Resource.AlreadyAssociated".into(), format!("Elastic IP address {id} is already associated"))
        );
        (0..11).for_each(|_| drop(lab.interface(&tiny, &[])));
        assert_eq!(
            failed(json!({ "SubnetId": tiny, "ConnectivityType": "private" })),
            (
                "InsufficientFreeAddressesInSubnet".into(),
                "Subnet has insufficient free addresses to create this NAT gateway".into()
            )
        );
        lab.advance(Duration::from_secs(60 * 60));
        assert_eq!(lab.state().nat_gateways.len(), 1, "what failed is not shown for ever");
    }

    #[test]
    fn secondary_addresses_come_and_go() {
        let lab = Lab::new();
        let subnet = default_subnet(&lab);
        let free = || lab.state().subnets.get(&subnet.id).unwrap().addresses.free();
        let made = create(
            &lab,
            json!({
                "SubnetId": subnet.id.to_string(),
                "ConnectivityType": "private",
                "SecondaryPrivateIpAddresses": [subnet.cidr.unwrap().hosts().nth(3).unwrap().to_string()],
            }),
        );
        let id = &made["NatGatewayId"];
        assert_eq!(made["NatGatewayAddresses"][0]["Status"], "assigning");
        assert_ne!(made["NatGatewayAddresses"][0]["PrivateIp"], made["NatGatewayAddresses"][1]["PrivateIp"]);
        second(&lab);
        let more = lab.write::<AssignPrivateNatGatewayAddress>(
            json!({ "NatGatewayId": id, "PrivateIpAddressCount": 2 }),
        );
        assert_eq!(more["NatGatewayAddresses"][1]["Status"], "assigning");
        assert_eq!(free(), 4_087);
        second(&lab);
        let leaving = json!({
            "NatGatewayId": id, "PrivateIpAddresses": [more["NatGatewayAddresses"][0]["PrivateIp"]],
        });
        let leaving = lab.write::<UnassignPrivateNatGatewayAddress>(leaving);
        assert_eq!(leaving["NatGatewayAddresses"][0]["Status"], "unassigning");
        assert_eq!(described(&lab, id)["NatGatewayAddresses"].as_array().unwrap().len(), 4);
        second(&lab);
        assert_eq!(described(&lab, id)["NatGatewayAddresses"].as_array().unwrap().len(), 3);
        assert_eq!(free(), 4_088);

        let (a, b) = (allocate(&lab), allocate(&lab));
        let public =
            create(&lab, json!({ "SubnetId": subnet.id.to_string(), "AllocationId": a["AllocationId"] }));
        let id = &public["NatGatewayId"];
        second(&lab);
        let add = json!({ "NatGatewayId": id, "AllocationIds": [b["AllocationId"]] });
        let added = lab.write::<AssociateNatGatewayAddress>(add.clone())["NatGatewayAddresses"][0].clone();
        assert_eq!((&added["Status"], &added["PublicIp"]), (&json!("associating"), &b["PublicIp"]));
        second(&lab);
        let drop = json!({ "NatGatewayId": id, "AssociationIds": [added["AssociationId"]] });
        lab.write::<DisassociateNatGatewayAddress>(drop);
        second(&lab);
        assert_eq!(free(), 4_087);
        lab.write::<AssociateNatGatewayAddress>(add);
        lab.write::<DeleteNatGateway>(json!({ "NatGatewayId": id }));
        second(&lab);
        assert_eq!(free(), 4_088);
    }

    #[test]
    fn every_filter_is_known_and_selects() {
        let lab = Lab::new();
        let subnet = default_subnet(&lab);
        let made = create(&lab, json!({ "SubnetId": subnet.id.to_string(), "ConnectivityType": "private" }));
        let state = lab.state();
        assert_eq!(unknown_filters(&state, &**state.nat_gateways.iter().next().unwrap()), Vec::<&str>::new());
        assert!(NatGateway::FILTERS.is_sorted());
        for (name, value) in
            [("state", "pending"), ("subnet-id", &subnet.id.to_string()), ("vpc-id", &subnet.vpc.to_string())]
        {
            let input = json!({ "Filter": [{ "Name": name, "Values": [value] }] });
            let found = lab.ids::<Describe<NatGateway>>("NatGateways", "NatGatewayId", input);
            assert_eq!(found, [text(&made["NatGatewayId"])], "{name}");
        }
    }
}
