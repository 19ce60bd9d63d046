//! Elastic IP addresses: allocated, described, released. What they are associated with: `address_association.rs`.

use super::describe::Text;
use super::error::Ec2Error;
use super::error::Missing;
use super::error::address::AddressError;
use super::filter::{Filter, Filters, Probe};
use super::tags::{self, OwnTags, TagSpecification};
use crate::kernel::AccountId;
use crate::model::elastic::ElasticAddressIndex;
use crate::model::{
    AddressAssociationId, AllocationId, Attachment, ElasticAddress, Id, InstanceId, NetworkInterface,
    NetworkInterfaceId, PublicAddress, State, Tags, Txn, public,
};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// What tag specifications call it.
pub const KIND: &str = "elastic-ip";

/// The address with this allocation id.
///
/// # Errors
/// If there is none.
pub fn find<'a>(state: &'a State, id: &str) -> Result<&'a Arc<ElasticAddress>, AddressError> {
    let row = AllocationId::parse(id).and_then(|id| state.elastic_addresses.get(&id));
    row.ok_or_else(|| unknown(id))
}

/// That there is no address of this id.
pub fn unknown(id: &str) -> AddressError {
    AddressError::AllocationNotFound(Missing::one(id))
}

/// The allocated address that reads so.
pub fn find_public<'a>(state: &'a State, address: &str) -> Option<&'a Arc<ElasticAddress>> {
    let index = ElasticAddressIndex::Address(address.parse().ok()?);
    state.elastic_addresses.by(&index).next()
}

pub fn change_tags(
    state: &mut State,
    id: &str,
    change: &mut dyn FnMut(&mut Tags) -> Result<(), Ec2Error>,
) -> Result<(), Ec2Error> {
    let mut row = ElasticAddress::clone(find(state, id)?);
    change(&mut row.tags)?;
    state.elastic_addresses.insert(row);
    Ok(())
}

pub fn visit_tags(state: &State, only: Option<&str>, visit: &mut dyn FnMut(String, &Tags)) {
    let mut show = |row: &ElasticAddress| {
        if !row.tags.is_empty() {
            visit(row.id.to_string(), &row.tags);
        }
    };
    match only {
        None => state.elastic_addresses.iter().for_each(|row| show(row)),
        Some(id) => find(state, id).into_iter().for_each(|row| show(row)),
    }
}

// === Allocate ===

/// The pool that addresses come from.
const POOL: &str = "amazon";
/// What addresses are for.
const DOMAIN: &str = "vpc";

/// Source: the page of AllocateAddress; EC2-EIP-LIMIT.
pub struct AllocateAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AllocateAddressIn {
    domain: Option<String>,
    address: Option<String>,
    public_ipv4_pool: Option<String>,
    network_border_group: Option<String>,
    customer_owned_ipv4_pool: Option<String>,
    tag_specifications: Vec<TagSpecification>,
    ipam_pool_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocateAddressOut {
    allocation_id: Text<AllocationId>,
    public_ipv4_pool: &'static str,
    network_border_group: Arc<str>,
    domain: &'static str,
    public_ip: Text<Ipv4Addr>,
}

impl Operation for AllocateAddress {
    const NAME: &'static str = "AllocateAddress";
    type In = AllocateAddressIn;
    type Out = AllocateAddressOut;
    type Error = Ec2Error;
}

impl Write for AllocateAddress {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AllocateAddressIn) -> Result<Self::Out, Ec2Error> {
        let state = &txn.state;
        if input.address.is_some() {
            return Err(Ec2Error::NotBuilt("AllocateAddress with a certain address"));
        }
        if input.public_ipv4_pool.as_deref().is_some_and(|pool| pool != POOL)
            || input.customer_owned_ipv4_pool.is_some()
            || input.ipam_pool_id.is_some()
        {
            return Err(Ec2Error::NotBuilt("AllocateAddress from a pool of one's own"));
        }
        if let Some(domain) = input.domain.filter(|domain| domain != DOMAIN) {
            return Err(AddressError::NotAVpcAddress(domain).into());
        }
        if let Some(group) = input.network_border_group.filter(|group| **group != *state.site.region) {
            return Err(AddressError::UnknownBorderGroup(group).into());
        }
        let tags = tags::given(state, KIND, input.tag_specifications)?;
        if state.elastic_addresses.len() >= state.quotas.elastic_addresses {
            return Err(AddressError::TooManyAddresses.into());
        }
        let (id, address) = (AllocationId::mint(txn), public::fresh(txn));
        txn.state.elastic_addresses.insert(ElasticAddress { id, address, domain_name: None, tags });
        Ok(AllocateAddressOut {
            allocation_id: Text(id),
            public_ipv4_pool: POOL,
            network_border_group: txn.state.site.region.clone(),
            domain: DOMAIN,
            public_ip: Text(address),
        })
    }
}

// === Release ===

/// In the default VPC, releasing an address disassociates it first.
/// Source: the page of ReleaseAddress; EC2-EIP-INUSE, EC2-EIP-BY-ID, EC2-EIP-PTR.
pub struct ReleaseAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReleaseAddressIn {
    allocation_id: Option<String>,
    public_ip: Option<String>,
    network_border_group: Option<String>,
}

impl Operation for ReleaseAddress {
    const NAME: &'static str = "ReleaseAddress";
    type In = ReleaseAddressIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ReleaseAddress {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ReleaseAddressIn) -> Result<Done, Ec2Error> {
        let state = &txn.state;
        let id = needed_id(
            state,
            input.allocation_id,
            input.public_ip.as_deref(),
            "allocationId",
            AddressError::ReleaseById,
        )?;
        let row = find(state, &id)?;
        let (id, address) = (row.id, row.address);
        if input.network_border_group.is_some_and(|group| *group != *state.site.region) {
            return Err(AddressError::AddressNotFound(address.to_string()).into());
        }
        if row.domain_name.is_some() {
            return Err(AddressError::HasPtrRecord(id).into());
        }
        if let Some((interface, ..)) = state.association_of(row) {
            if is_managed(interface) {
                return Err(Ec2Error::ManagedInterface);
            }
            if state.vpcs.get(&interface.vpc).is_none_or(|vpc| !vpc.is_default) {
                return Err(AddressError::PublicAddressInUse(address).into());
            }
        }
        txn.state.disassociate(address);
        txn.state.elastic_addresses.remove(&id);
        Ok(Done {})
    }
}

/// Whether users may not associate or disassociate addresses of this interface.
/// Source: answers of AWS about addresses of NAT gateways.
pub fn is_managed(interface: &NetworkInterface) -> bool {
    interface.requester_managed || interface.owner.is_some()
}

/// The id in an operation that once took a public address instead; EC2-EIP-BY-ID.
pub fn needed_id(
    state: &State,
    id: Option<String>,
    public: Option<&str>,
    parameter: &'static str,
    by_id: AddressError,
) -> Result<String, Ec2Error> {
    match (id, public) {
        (Some(id), _) => Ok(id),
        (None, None) => Err(Ec2Error::MissingParameter(parameter)),
        (None, Some(address)) if find_public(state, address).is_some() => Err(by_id.into()),
        (None, Some(address)) => Err(AddressError::AddressOfOthers(address.to_owned()).into()),
    }
}

// === Describe ===

/// Source: the page of DescribeAddresses; EC2-EIP-404.
pub struct DescribeAddresses;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAddressesIn {
    public_ips: Vec<String>,
    filters: Vec<Filter>,
    allocation_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAddressesOut {
    addresses: Vec<AddressView>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AddressView {
    allocation_id: Text<AllocationId>,
    association_id: Option<Text<AddressAssociationId>>,
    domain: &'static str,
    network_interface_id: Option<Text<NetworkInterfaceId>>,
    network_interface_owner_id: Option<Text<AccountId>>,
    private_ip_address: Option<Text<Ipv4Addr>>,
    tags: OwnTags,
    public_ipv4_pool: &'static str,
    network_border_group: Arc<str>,
    /// Empty if there is none. Source: AWS CLI reference, describe-addresses.
    instance_id: String,
    public_ip: Text<Ipv4Addr>,
}

const DOMAIN_FILTER: &str = "domain";

pub const ADDRESS_FILTERS: &[&str] = &[
    "allocation-id",
    "association-id",
    "instance-id",
    "network-border-group",
    "network-interface-id",
    "network-interface-owner-id",
    "private-ip-address",
    "public-ip",
    "tag",
    "tag-key",
];

impl Operation for DescribeAddresses {
    const NAME: &'static str = "DescribeAddresses";
    type In = DescribeAddressesIn;
    type Out = DescribeAddressesOut;
    type Error = Ec2Error;
}

impl Read for DescribeAddresses {
    fn run(view: &View<'_>, input: DescribeAddressesIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        // Once documented, and still used by many.
        let names: Vec<_> = ADDRESS_FILTERS.iter().copied().chain([DOMAIN_FILTER]).collect();
        let filters = Filters::new(input.filters, &names)?;
        let named = named(state, &input.allocation_ids, &input.public_ips)?;
        let mut scratch = String::new();
        let pass = |row: &&Arc<ElasticAddress>| {
            filters.pass(&mut scratch, &row.tags, |name, probe| values(state, row, name, probe))
        };
        let rows: Vec<_> = match named {
            Some(rows) => rows.into_iter().filter(pass).collect(),
            None => state.elastic_addresses.iter().filter(pass).collect(),
        };
        Ok(DescribeAddressesOut { addresses: rows.into_iter().map(|row| print(state, row)).collect() })
    }
}

/// The addresses that a caller names, in that order, each once; `None` if none are named.
fn named<'a>(
    state: &'a State,
    ids: &[String],
    addresses: &[String],
) -> Result<Option<Vec<&'a Arc<ElasticAddress>>>, AddressError> {
    let missing: Vec<_> = ids.iter().filter(|id| find(state, id).is_err()).cloned().collect();
    if !missing.is_empty() {
        return Err(AddressError::AllocationNotFound(Missing(missing)));
    }
    let mut rows: Vec<&Arc<ElasticAddress>> = Vec::new();
    let ids = ids.iter().map(|id| find(state, id));
    let addresses = addresses.iter().map(|address| match find_public(state, address) {
        Some(row) => Ok(row),
        None if is_address_like(address) => Err(AddressError::AddressNotFound(address.clone())),
        None => Err(AddressError::NotAPublicAddress(address.clone())),
    });
    let mut any = false;
    for row in ids.chain(addresses) {
        let row = row?;
        any = true;
        if rows.iter().all(|other| other.id != row.id) {
            rows.push(row);
        }
    }
    Ok(any.then_some(rows))
}

/// Whether a text has the form of an address, whatever the size of its numbers.
fn is_address_like(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() == 4 && text.split('.').all(is_number)
}

fn values(state: &State, row: &ElasticAddress, name: &str, probe: &mut Probe<'_>) {
    let held = state.association_of(row);
    match (name, held) {
        ("allocation-id", _) => probe.show(row.id),
        ("network-border-group", _) => probe.is(&state.site.region),
        ("public-ip", _) => probe.show(row.address),
        ("association-id", Some((_, _, association))) => probe.show(association),
        ("instance-id", Some((interface, ..))) => {
            instance(interface).into_iter().for_each(|id| probe.show(id))
        }
        ("network-interface-id", Some((interface, ..))) => probe.show(interface.id),
        ("network-interface-owner-id", Some(_)) => probe.show(state.site.account),
        ("private-ip-address", Some((_, public, _))) => probe.show(public.private),
        (DOMAIN_FILTER, _) => probe.is(DOMAIN),
        (name, _) if ADDRESS_FILTERS.contains(&name) => {}
        _ => probe.unknown(),
    }
}

/// The instance that an interface is attached to.
fn instance(interface: &NetworkInterface) -> Option<InstanceId> {
    match interface.attachment.as_ref()? {
        Attachment::Instance { instance, .. } => Some(*instance),
        Attachment::Service { .. } => None,
    }
}

fn print(state: &State, row: &ElasticAddress) -> AddressView {
    let held = state.association_of(row);
    let interface = held.map(|(interface, ..)| interface);
    let private = held.map(|(_, PublicAddress { private, .. }, _)| private);
    AddressView {
        allocation_id: Text(row.id),
        association_id: held.map(|(_, _, association)| Text(association)),
        domain: DOMAIN,
        network_interface_id: interface.map(|interface| Text(interface.id)),
        network_interface_owner_id: interface.map(|_| Text(state.site.account)),
        private_ip_address: private.map(Text),
        tags: OwnTags(row.tags.clone()),
        public_ipv4_pool: POOL,
        network_border_group: state.site.region.clone(),
        instance_id: interface.and_then(|it| instance(it)).map(|id| id.to_string()).unwrap_or_default(),
        public_ip: Text(row.address),
    }
}
