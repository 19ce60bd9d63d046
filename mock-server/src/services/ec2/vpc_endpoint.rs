//! VPC endpoints: how they are described, and what making and changing one have in common.

use super::describe::{Each, Resource, Text, stored_in};
use super::error::{Ec2Error, EndpointError, Missing};
use super::filter::Probe;
use super::network_interface::GroupIdentifier;
use super::network_interface_create::not_placed;
use super::tags::TagSet;
use super::{describe, endpoint_policy};
use crate::kernel::AccountId;
use crate::model::place::InterfaceSpec;
use crate::model::vpc_endpoint::VpcEndpointIndex;
use crate::model::{
    Attachment, EndpointPlacement, EndpointType, Id, NetworkInterfaceId, Owner, RouteTable, RouteTableId,
    Site, State, Subnet, SubnetId, Tags, Txn, Vpc, VpcEndpoint, VpcEndpointId, VpcEndpointState, VpcId,
};
use serde::{Deserialize, Serialize, Serializer};
use std::net::Ipv4Addr;

impl Resource for VpcEndpoint {
    const DESCRIBE: &'static str = "DescribeVpcEndpoints";
    const LIST: &'static str = "VpcEndpoints";
    const IDS: &'static str = "vpcEndpointIds";
    const KIND: &'static str = "vpc-endpoint";
    const CAPPED: bool = true;
    const ID_FILTER: &'static str = "vpc-endpoint-id";
    const FILTERS: &'static [&'static str] = &[
        "ip-address-type",
        "service-name",
        "service-region",
        "tag",
        "tag-key",
        "vpc-endpoint-id",
        "vpc-endpoint-state",
        "vpc-endpoint-type",
        "vpc-id",
    ];

    stored_in!(vpc_endpoints);

    fn not_found(missing: Missing) -> Ec2Error {
        match missing.0.iter().find(|id| !is_formed(id, VpcEndpointId::PREFIX)) {
            Some(malformed) => EndpointError::EndpointIdMalformed(malformed.clone()).into(),
            None => EndpointError::EndpointNotFound(missing).into(),
        }
    }

    fn owner(id: VpcEndpointId) -> Option<Owner> {
        Some(Owner::VpcEndpoint(id))
    }

    fn index(name: &str, value: &str) -> Option<VpcEndpointIndex> {
        match name {
            "vpc-id" => VpcId::parse(value).map(VpcEndpointIndex::Vpc),
            "vpc-endpoint-type" => [EndpointType::Gateway, EndpointType::Interface]
                .into_iter()
                .find(|kind| kind.name() == value)
                .map(VpcEndpointIndex::Type),
            _ => None,
        }
    }

    fn values(&self, state: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "ip-address-type" => self.ip_address_type.into_iter().for_each(|kind| probe.is(kind)),
            "service-name" => probe.is(&self.service.name),
            "service-region" => probe.is(&state.site.region),
            "vpc-endpoint-id" => probe.show(self.id),
            "vpc-endpoint-state" => probe.is(shown(self)),
            "vpc-endpoint-type" => probe.is(self.kind().name()),
            "vpc-id" => probe.show(self.vpc),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.dns_entries(&site.region);
        VpcEndpointView {
            vpc_endpoint_id: Text(self.id),
            vpc_endpoint_type: self.kind().name(),
            vpc_id: Text(self.vpc),
            service_name: &self.service.name,
            state: shown(self),
            policy_document: match (&self.policy, self.state) {
                (Some(policy), _) => Some(policy.text()),
                // An interface endpoint gets its default once it is there.
                (None, VpcEndpointState::Creating) => None,
                (None, _) => Some(endpoint_policy::default(self.kind())),
            },
            route_table_ids: Each(|| self.route_tables.iter().map(Text)),
            subnet_ids: Each(|| self.placements.iter().map(|at| Text(at.subnet))),
            groups: Each(|| self.groups.iter().map(GroupIdentifier::new)),
            ip_address_type: self.ip_address_type,
            dns_options: (self.dns_record_ip_type.is_some() || self.inbound_only.is_some()).then_some(
                DnsOptionsView {
                    dns_record_ip_type: self.dns_record_ip_type,
                    private_dns_only_for_inbound_resolver_endpoint: self.inbound_only,
                },
            ),
            private_dns_enabled: self.private_dns,
            requester_managed: false,
            network_interface_ids: Each(|| self.placements.iter().map(|at| Text(at.interface))),
            dns_entries: Each(|| {
                entries.iter().map(|(name, zone)| DnsEntryView { dns_name: name, hosted_zone_id: zone })
            }),
            creation_timestamp: self.created.millis(),
            tags: TagSet(&self.tags),
            owner_id: Text(site.account),
            service_region: &site.region,
        }
        .serialize(serializer)
    }
}

/// The state that an endpoint shows.
fn shown(endpoint: &VpcEndpoint) -> &'static str {
    match endpoint.state {
        VpcEndpointState::Available if endpoint.outage.is_some() => "failed",
        state => state_name(state),
    }
}

/// As AWS writes a state: in lower case, unlike the model of the API.
fn state_name(state: VpcEndpointState) -> &'static str {
    match state {
        VpcEndpointState::Creating | VpcEndpointState::Modifying => "pending",
        VpcEndpointState::Available => "available",
        VpcEndpointState::Deleting => "deleting",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VpcEndpointView<'a, T: Serialize, S: Serialize, G: Serialize, I: Serialize, D: Serialize> {
    vpc_endpoint_id: Text<VpcEndpointId>,
    vpc_endpoint_type: &'static str,
    vpc_id: Text<VpcId>,
    service_name: &'a str,
    state: &'static str,
    policy_document: Option<&'a str>,
    route_table_ids: T,
    subnet_ids: S,
    groups: G,
    ip_address_type: Option<&'static str>,
    dns_options: Option<DnsOptionsView>,
    private_dns_enabled: bool,
    requester_managed: bool,
    network_interface_ids: I,
    dns_entries: D,
    creation_timestamp: i64,
    tags: TagSet<'a>,
    owner_id: Text<AccountId>,
    service_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DnsOptionsView {
    dns_record_ip_type: Option<&'static str>,
    private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DnsEntryView<'a> {
    dns_name: &'a str,
    hosted_zone_id: &'a str,
}

// === What is asked for ===

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DnsOptions {
    dns_record_ip_type: Option<String>,
    private_dns_only_for_inbound_resolver_endpoint: Option<bool>,
    private_dns_preference: Option<String>,
    private_dns_specified_domains: Vec<String>,
}

/// The address that an endpoint is to have in a subnet.
#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct SubnetConfiguration {
    pub subnet_id: Option<String>,
    pub ipv4: Option<String>,
    pub ipv6: Option<String>,
}

/// Which of the chosen addresses is for which subnet.
///
/// # Errors
/// For what is no IPv4 address, and for IPv6.
pub fn chosen_addresses(given: &[SubnetConfiguration]) -> Result<Vec<(String, Ipv4Addr)>, Ec2Error> {
    let chosen = given.iter().map(|given| {
        if given.ipv6.is_some() {
            return Err(Ec2Error::NotBuilt("a VPC endpoint with IPv6"));
        }
        let subnet = given.subnet_id.clone().ok_or(Ec2Error::MissingParameter("subnetId"))?;
        let text = given.ipv4.as_deref().ok_or(Ec2Error::MissingParameter("ipv4"))?;
        Ok((subnet, text.parse().map_err(|_| Ec2Error::NotAnAddress(text.to_owned()))?))
    });
    chosen.collect()
}

/// Takes the type of addresses that is asked for, of which one is built.
///
/// # Errors
/// For the others.
pub fn set_address_type(endpoint: &mut VpcEndpoint, asked: Option<&str>) -> Result<(), Ec2Error> {
    match asked {
        None => {}
        Some("ipv4") => endpoint.ip_address_type = Some("ipv4"),
        Some(_) => return Err(Ec2Error::NotBuilt("a VPC endpoint with IPv6")),
    }
    Ok(())
}

/// Takes what is asked of an endpoint's names.
/// Source: API reference, DnsOptionsSpecification; PrivateLink user guide, "DNS record IP type".
///
/// # Errors
/// If it does not fit the endpoint.
pub fn set_names(
    endpoint: &mut VpcEndpoint,
    private_dns: Option<bool>,
    options: Option<DnsOptions>,
) -> Result<(), Ec2Error> {
    let options = options.unwrap_or_default();
    let gateway = endpoint.kind() == EndpointType::Gateway;
    if options.private_dns_preference.is_some() || !options.private_dns_specified_domains.is_empty() {
        return Err(EndpointError::DnsPreference.into());
    }
    match options.dns_record_ip_type.as_deref() {
        None => {}
        Some("ipv4") => endpoint.dns_record_ip_type = Some("ipv4"),
        Some("service-defined") => endpoint.dns_record_ip_type = Some("service-defined"),
        Some(other) => return Err(EndpointError::DnsRecordType(other.to_owned()).into()),
    }
    if let Some(enabled) = private_dns {
        if gateway && enabled {
            return Err(EndpointError::PrivateDnsOfGateway.into());
        }
        endpoint.private_dns = enabled;
    }
    match options.private_dns_only_for_inbound_resolver_endpoint {
        Some(_) if gateway => return Err(EndpointError::InboundOfGateway.into()),
        Some(_) if !endpoint.service.has_gateway_twin() => {
            return Err(EndpointError::InboundNotSupported.into());
        }
        Some(only) => endpoint.inbound_only = Some(only),
        None if endpoint.private_dns && endpoint.service.has_gateway_twin() => {
            endpoint.inbound_only.get_or_insert(true);
        }
        None => {}
    }
    Ok(())
}

/// Whether the names that an endpoint is to have can lead to it; EC2-VPCE-DNS1, EC2-VPCE-DNS2, EC2-VPCE-INBOUND.
///
/// # Errors
/// If they cannot.
pub fn check_names(state: &State, vpc: &Vpc, endpoint: &VpcEndpoint) -> Result<(), EndpointError> {
    if !endpoint.private_dns {
        return Ok(());
    }
    let service = endpoint.service;
    if service.private_names.is_empty() {
        return Err(EndpointError::NoPrivateName(&service.name));
    }
    if !(vpc.dns_support && vpc.dns_hostnames) {
        return Err(EndpointError::DnsAttributes(vpc.id));
    }
    let others = || {
        let all = state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(vpc.id));
        all.filter(|other| other.id != endpoint.id)
    };
    // In China the interface service has a longer name, which ends in that of the gateway service.
    let is_twin = |other: &VpcEndpoint| {
        other.kind() == EndpointType::Gateway && service.name.ends_with(&other.service.name)
    };
    if endpoint.inbound_only == Some(true) && !others().any(|other| is_twin(other)) {
        return Err(EndpointError::InboundWithoutGateway(vpc.id));
    }
    for other in others().filter(|other| other.private_dns) {
        let host = service.private_names.iter().find(|name| other.service.private_names.contains(name));
        if let Some(host) = host {
            return Err(EndpointError::DnsConflict { host, vpc: vpc.id });
        }
    }
    Ok(())
}

// === Parts ===

/// Whether a text has the form that EC2 wants of an id in calls about endpoints; EC2-MALFORMED.
fn is_formed(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    digits.is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// A subnet that an endpoint in this VPC is to be in.
///
/// # Errors
/// If there is none, or if it lies elsewhere.
pub fn subnet_in<'a>(state: &'a State, vpc: VpcId, id: &str) -> Result<&'a Subnet, Ec2Error> {
    if !is_formed(id, SubnetId::PREFIX) {
        return Err(EndpointError::SubnetIdMalformed(id.to_owned()).into());
    }
    let missing = |_| EndpointError::EndpointSubnetNotFound(id.to_owned());
    let subnet = &**describe::find::<Subnet>(state, id).map_err(missing)?;
    if subnet.vpc != vpc {
        return Err(EndpointError::ForeignSubnet { subnet: subnet.id, vpc }.into());
    }
    Ok(subnet)
}

/// A route table that an endpoint in this VPC is to have a route in.
///
/// # Errors
/// If there is none, or if it lies elsewhere.
pub fn table_in<'a>(state: &'a State, vpc: VpcId, id: &str) -> Result<&'a RouteTable, Ec2Error> {
    if !is_formed(id, RouteTableId::PREFIX) {
        return Err(EndpointError::RouteTableIdMalformed(id.to_owned()).into());
    }
    let missing = |_| EndpointError::EndpointRouteTableNotFound(id.to_owned());
    let table = &**describe::find::<RouteTable>(state, id).map_err(missing)?;
    if table.vpc != vpc {
        return Err(EndpointError::ForeignRouteTable { table: table.id, vpc }.into());
    }
    Ok(table)
}

/// Gives an endpoint these tables too. One that it has stays as it is; EC2-VPCE-DUP-RT.
///
/// # Errors
/// For a table that does not exist, lies elsewhere or has a route to the service.
pub fn add_tables(state: &State, endpoint: &mut VpcEndpoint, ids: &[String]) -> Result<(), Ec2Error> {
    for id in ids {
        let table = table_in(state, endpoint.vpc, id)?;
        if endpoint.route_tables.contains(&table.id) {
            continue;
        }
        if let Some(list) = endpoint.service.prefix_list
            && state.gateway_endpoint_route(table, list).is_some()
        {
            return Err(EndpointError::GatewayRouteExists { table: table.id, list }.into());
        }
        endpoint.route_tables.push(table.id);
    }
    Ok(())
}

/// Who asks for the interfaces of endpoints. Source: EC2 user guide, "Requester-managed network interfaces".
const REQUESTER: &str = "727180483921";

/// Makes the interface of an endpoint in a subnet, with this address or the next free one. As for
/// [`State::add_interface`], a transaction in which this fails has to be dropped. Source: EC2-VPCE-AZ, EC2-VPCE-AZ2.
///
/// # Errors
/// If the endpoint cannot be there.
pub fn add_placement(
    txn: &mut Txn<'_>,
    endpoint: &mut VpcEndpoint,
    subnet: &str,
    address: Option<Ipv4Addr>,
) -> Result<(), Ec2Error> {
    let subnet = subnet_in(&txn.state, endpoint.vpc, subnet)?;
    let (subnet, zone) = (subnet.id, subnet.zone);
    if endpoint.placements.iter().any(|at| at.zone == zone) {
        return Err(EndpointError::SameZone(subnet).into());
    }
    if !endpoint.service.is_in(zone) {
        return Err(EndpointError::ZoneNotServed { service: &endpoint.service.name, subnet }.into());
    }
    if txn.state.interfaces.len() >= txn.state.quotas.interfaces {
        return Err(Ec2Error::TooManyInterfaces);
    }
    let interface = NetworkInterfaceId::mint(txn);
    let spec = InterfaceSpec {
        id: interface,
        subnet,
        groups: endpoint.groups.iter().map(|group| group.id).collect(),
        addresses: address.into_iter().collect(),
        description: format!("VPC Endpoint Interface {}", endpoint.id).into(),
        attachment: Some(Attachment::Service {
            id: Id::mint(txn),
            instance_owner: "amazon-aws".into(),
            device_index: 1,
        }),
        requester_id: Some(REQUESTER.into()),
        requester_managed: true,
        owner: Some(Owner::VpcEndpoint(endpoint.id)),
        interface_type: "vpc_endpoint",
        client_token: None,
        tags: Tags::default(),
    };
    txn.state.add_interface(spec).map_err(not_placed)?;
    endpoint.placements.push(EndpointPlacement { subnet, zone, interface });
    Ok(())
}
