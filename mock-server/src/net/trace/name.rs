//! Names: whether a host name resolves in a VPC, and to what.
//!
//! Source: VPC user guide, "DNS attributes for your VPC", "DHCP option sets"; SageMaker's pages on VPCs ("Use default
//! DNS settings"); SM-S3-DNS-13, SM-S3-DNS-14.

use super::range::{self, single};
use super::{Aim, Cell, Place, Receiver, Walk};
use crate::kernel::digest;
use crate::model::interface::InterfaceIndex;
use crate::model::managed_prefix_list::{GATEWAY_SERVICES, of_service};
use crate::model::path::{Goal, HopKind, Vantage};
use crate::model::peering::PeeringIndex;
use crate::model::vpc::SubnetIndex;
use crate::model::vpc_endpoint::VpcEndpointIndex;
use crate::model::{
    EndpointType, Evidence, NetworkInterface, Owner, Partition, RegionInfo, State, Vpc, VpcEndpoint, VpcId,
    endpoint_service,
};
use ipnet::Ipv4Net;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

const RULE: &str = "SM-S3-DNS-13";
/// What DHCP options call Amazon's resolver, and its addresses that are the same in every VPC.
const AMAZON: &str = "AmazonProvidedDNS";
const AMAZON_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
const AMAZON_V6: &str = "fd00:ec2::253";
/// DHCP options with this tag name resolvers that resolve AWS's names: nobody here can ask them.
pub const RESOLVES: &str = "mockplane:resolves";

/// Addresses at which every instance has metadata, time and the resolver.
const LINK_LOCAL: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16);

/// Whatever stands for addresses that are not known: set aside for documentation and for measurements (RFC 5737,
/// RFC 2544).
const HOSTS: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 0), 24);
const SERVICES: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15);

/// An address that follows from a name.
fn derived(name: &str, within: Ipv4Net) -> Ipv4Addr {
    let bits = digest(0, &[b"address", name.as_bytes()]);
    let host = u32::try_from(bits & 0xffff_ffff).unwrap_or_default() & u32::from(within.hostmask());
    // Neither the first nor the last of a block.
    let host = host.clamp(1, u32::from(within.hostmask()).saturating_sub(1));
    Ipv4Addr::from(u32::from(within.network()) | host)
}

/// One of the addresses that a name may have: which one is the same every time.
pub(super) fn some_address(ranges: &[Ipv4Net]) -> Ipv4Addr {
    ranges.first().map_or(Ipv4Addr::UNSPECIFIED, |net| {
        let address = net.network();
        if net.prefix_len() < 31 { Ipv4Addr::from(u32::from(address).saturating_add(1)) } else { address }
    })
}

/// What a host name says by itself.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Host {
    /// S3 of a region.
    S3 {
        region: Arc<str>,
    },
    /// A service of AWS, by the name that endpoint services have.
    Service {
        service: Arc<str>,
        region: Arc<str>,
    },
    /// An endpoint's own name: its id.
    Endpoint(String),
    Internet,
}

/// Reads a host name.
///
/// Forms of S3 (S3 user guide, "Methods for accessing a bucket" and "Using Amazon S3 dual-stack endpoints"), each with
/// or without a bucket before it: `s3.REGION`, `s3-REGION`, `s3.dualstack.REGION`, `s3-fips.REGION`,
/// `s3-fips.dualstack.REGION`, `s3-accesspoint.REGION`, and the oldest, `s3` and `s3-external-1` of us-east-1. The
/// repositories of Amazon Linux are buckets of S3 too.
pub(super) fn read(host: &str) -> Host {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let Some(front) = host.strip_suffix(".amazonaws.com.cn").or_else(|| host.strip_suffix(".amazonaws.com"))
    else {
        return Host::Internet;
    };
    let labels: Vec<&str> = front.split('.').collect();
    let known = |name: &str| RegionInfo::get(name).map(|info| Arc::from(info.name));
    let s3 = |region| Host::S3 { region };
    let last = labels.last().copied().unwrap_or_default();
    if last == "vpce" {
        let id = labels.iter().find_map(|label| {
            let hex = label.strip_prefix("vpce-")?.split('-').next()?;
            Some(format!("vpce-{hex}"))
        });
        return id.map_or(Host::Internet, Host::Endpoint);
    }
    if let Some(region) = known(last) {
        let before = &labels[..labels.len() - 1];
        let before = before.strip_suffix(&["dualstack"]).unwrap_or(before);
        let is_s3 = |label: &&str| {
            ["s3", "s3-fips", "s3-accesspoint", "s3-accesspoint-fips", "s3-control", "s3-control-fips"]
                .contains(label)
        };
        let repository = |label: &&str| ["packages", "repo", "amazonlinux"].contains(label);
        if before.last().is_some_and(is_s3) || (before.len() == 1 && before.first().is_some_and(repository)) {
            return s3(region);
        }
        // The longest name of a service that the host ends in: `api.sagemaker` and not `sagemaker`.
        return endpoint_service::services(&region)
            .iter()
            .flat_map(|service| service.private_names.iter().map(move |name| (service, name)))
            .filter(|(_, name)| matches(name, &host))
            .max_by_key(|(_, name)| name.len())
            .map_or(Host::Internet, |(service, _)| service_host(&service.name, region));
    }
    if last == "s3" || last == "s3-external-1" {
        return s3("us-east-1".into());
    }
    match last.strip_prefix("s3-").and_then(known) {
        Some(region) => s3(region),
        None => Host::Internet,
    }
}

fn service_host(name: &str, region: Arc<str>) -> Host {
    let marker = format!(".{region}.");
    let service = name.split_once(&marker).map_or(name, |(_, service)| service);
    if service == "s3" { Host::S3 { region } } else { Host::Service { service: service.into(), region } }
}

/// Whether a private name, maybe with a star before it, means this host.
fn matches(name: &str, host: &str) -> bool {
    match name.strip_prefix('*') {
        Some(end) => host.len() > end.len() && host.ends_with(end),
        None => name == host,
    }
}

/// The name that clients use for a service in a region.
fn name_of(service: &str, place: &str) -> String {
    let suffix = Partition::of(place).dns_suffix();
    let end = format!(".{place}.{service}");
    let offered = endpoint_service::services(place).iter().filter(|it| it.name.ends_with(&end));
    let private = offered.flat_map(|it| &it.private_names).find(|name| !name.starts_with('*')).cloned();
    private.unwrap_or_else(|| format!("{service}.{place}.{suffix}"))
}

impl<'a> Walk<'a> {
    /// Whether the goal is what every instance has beside it: metadata, time, and the resolver of its VPC. Neither groups
    /// nor ACLs nor routes have a say in that.
    /// Source: VPC user guide, "Network ACL basics" and "Security group basics".
    pub(super) fn is_local_service(&mut self, place: &Place<'a>) -> bool {
        let Goal::Host(host) = &self.flow.to else { return false };
        let Ok(address) = host.parse::<Ipv4Addr>() else { return false };
        let vpc = place.state.vpcs.get(&place.subnet.vpc);
        let local = LINK_LOCAL.contains(&address) || vpc.and_then(|vpc| resolver(vpc)) == Some(address);
        if local {
            self.way.address = Some(address);
            let evidence = place.facts(Evidence::of(address.to_string())).with("address", address);
            let evidence = self.with_port(evidence);
            self.hop(HopKind::Target, place.subnet.id.to_string(), true, "EC2-SG-EVAL", evidence);
        }
        local
    }

    /// What is to be reached. `None`: the name leads nowhere, and nothing more can be asked.
    pub(super) fn look_up(&mut self, place: &Place<'a>) -> Option<Aim<'a>> {
        let here = self.terrain.state.site.region.clone();
        match &self.flow.to {
            Goal::Peer(vantage) => Some(self.peer(place, vantage)),
            Goal::Edge { at, address } => {
                let ranges = vec![single(*address)];
                Some(Aim { ranges, receiver: None, service: None, edge: Some(*at) })
            }
            Goal::Bucket(wanted) => {
                if let host @ Host::S3 { .. } = read(&wanted.bucket) {
                    // A repository of AWS's: the bucket's name is the host.
                    return self.resolve(place, &wanted.bucket, &host);
                }
                let region = self.sight(&wanted.bucket).bucket().map_or(here, |bucket| bucket.region.clone());
                let name = name_of("s3", &region);
                // Certificates have one star, so buckets with dots are not named in the host.
                let dotted = wanted.bucket.contains('.');
                let name = if dotted { name } else { format!("{}.{name}", wanted.bucket) };
                self.resolve(place, &name, &Host::S3 { region })
            }
            Goal::Service(service) => {
                let name = name_of(service, &here);
                let host = if &**service == "s3" {
                    Host::S3 { region: here }
                } else {
                    Host::Service { service: service.clone(), region: here }
                };
                self.resolve(place, &name, &host)
            }
            Goal::Host(host) => match host.parse::<Ipv4Addr>() {
                Ok(address) => Some(self.numbered(place, address)),
                Err(_) if host.parse::<Ipv6Addr>().is_ok() => {
                    // Paths are those of IPv4: what SageMaker makes in a subnet has such addresses alone.
                    let evidence =
                        place.facts(Evidence::of(&**host)).with("address", host).with("family", "IPv6");
                    let evidence = self.with_port(evidence);
                    self.hop(HopKind::Target, place.subnet.id.to_string(), false, "SM-VPC-ENI-09", evidence);
                    None
                }
                Err(_) => self.resolve(place, host, &read(host)),
            },
        }
    }

    /// Looks a name up as the VPC's resolver would, and says whether there is one.
    fn resolve(&mut self, place: &Place<'a>, name: &str, host: &Host) -> Option<Aim<'a>> {
        let vpc = place.state.vpcs.get(&place.subnet.vpc)?.clone();
        let (passed, evidence) = answers(place, &vpc);
        let evidence = evidence.with("name", name);
        let service = match host {
            Host::S3 { region } => Some((Arc::from("s3"), region.clone())),
            Host::Service { service, region } => Some((service.clone(), region.clone())),
            Host::Endpoint(_) | Host::Internet => None,
        };
        let endpoint = match host {
            // Such names are public, and mean addresses of their VPC.
            Host::Endpoint(id) => self.reachable_cells(place).into_iter().find_map(|(state, vpc)| {
                let found = endpoint_of(&state, vpc, |it| it.is_there() && it.id.to_string() == *id)?;
                Some((state, found))
            }),
            _ if vpc.gives_names() => endpoint_of(&place.state, vpc.id, |it| {
                it.is_named_in_vpc() && it.service.private_names.iter().any(|known| matches(known, name))
            })
            .map(|found| (place.state.clone(), found)),
            _ => None,
        };
        let receiver =
            endpoint.as_ref().and_then(|(state, endpoint)| self.receiver_of(place, state, endpoint));
        let endpoint = endpoint.map(|(_, endpoint)| endpoint);
        let mut fail = |evidence: Evidence, rule| {
            self.hop(HopKind::Name, vpc.id.to_string(), false, rule, evidence);
            None
        };
        let (ranges, receiver) = match (endpoint, host) {
            (Some(endpoint), _) => match receiver {
                Some(receiver) => (vec![single(receiver.address)], Some(receiver)),
                None => {
                    let evidence = evidence.with("endpoint", endpoint.id).with("state", "no interfaces");
                    return fail(evidence, "EC2-VPCE-NEED");
                }
            },
            (None, Host::Endpoint(id)) => return fail(evidence.with("endpoint", id), "EC2-VPCE-404"),
            (None, Host::S3 { region }) => (published("s3", region, name), None),
            (None, Host::Service { service, region }) => (published(service, region, name), None),
            (None, Host::Internet) => (vec![single(derived(name, HOSTS))], None),
        };
        let evidence = evidence.with("address", range::list(&ranges));
        let aim = Aim { ranges, receiver, service, edge: None };
        let evidence = match &aim.receiver.as_ref().and_then(|it| it.endpoint.as_ref()) {
            Some(endpoint) => evidence.with("endpoint", endpoint.id),
            None => evidence,
        };
        self.hop(HopKind::Name, vpc.id.to_string(), passed, RULE, evidence);
        Some(aim)
    }

    /// The interface of an endpoint that is taken: the one in the same zone, or else the first.
    /// Source: PrivateLink user guide, "Availability Zones": the resolver names the zone's own address first.
    fn receiver_of(
        &self,
        place: &Place<'a>,
        state: &Cell<'a>,
        endpoint: &Arc<VpcEndpoint>,
    ) -> Option<Receiver<'a>> {
        let near = endpoint.placements.iter().filter(|it| it.zone == place.subnet.zone);
        let any = near.chain(&endpoint.placements).find_map(|at| {
            let interface = state.interfaces.get(&at.interface)?;
            self.receiver(state, interface)
        });
        any.map(|receiver| Receiver { endpoint: Some(endpoint.clone()), ..receiver })
    }

    fn receiver(&self, state: &Cell<'a>, interface: &NetworkInterface) -> Option<Receiver<'a>> {
        let subnet = state.subnets.get(&interface.subnet)?.clone();
        Some(Receiver {
            place: Place { state: state.clone(), subnet },
            address: *interface.addresses.first()?,
            groups: interface.groups.iter().map(|group| group.id).collect(),
            interface: Some(interface.id),
            at: interface.id.to_string(),
            endpoint: owner_of(state, interface),
        })
    }

    /// The VPCs that packets of this one can be for: itself, and those at the other ends of its peering connections.
    fn reachable_cells(&self, place: &Place<'a>) -> Vec<(Cell<'a>, VpcId)> {
        let vpc = place.subnet.vpc;
        let peerings = place.state.peerings.by(&PeeringIndex::Vpc(vpc));
        let sides = peerings.filter(|row| row.status.is_live()).map(|row| row.other_side(vpc));
        let others = sides.filter_map(|side| Some((self.cell_of(side)?, side.vpc)));
        let attached = self.attached_vpcs(place).into_iter().map(|vpc| (place.state.clone(), vpc));
        std::iter::once((place.state.clone(), vpc)).chain(others).chain(attached).collect()
    }

    /// Another interface, wherever it is. One that cannot be found is an address that nobody has.
    fn peer(&self, place: &Place<'a>, vantage: &Vantage) -> Aim<'a> {
        let mut cells = self.reachable_cells(place);
        cells.push((Cell::Here(self.terrain.state), place.subnet.vpc));
        let found = cells.into_iter().find_map(|(state, _)| {
            let subnet = state.subnets.get(&vantage.subnet)?.clone();
            Some(Place { state, subnet })
        });
        let receiver = found.map(|place| Receiver {
            address: vantage.address,
            groups: vantage.groups.clone(),
            interface: vantage.interface,
            at: vantage.interface.map_or_else(|| vantage.subnet.to_string(), |id| id.to_string()),
            endpoint: vantage
                .interface
                .and_then(|id| owner_of(&place.state, place.state.interfaces.get(&id)?)),
            place,
        });
        Aim { ranges: vec![single(vantage.address)], receiver, service: None, edge: None }
    }

    /// An address: an interface's, if one of the VPCs that can be reached has it.
    fn numbered(&self, place: &Place<'a>, address: Ipv4Addr) -> Aim<'a> {
        let receiver = self.reachable_cells(place).into_iter().find_map(|(state, vpc)| {
            let mut subnets = state.subnets.by(&SubnetIndex::Vpc(vpc));
            let subnet = subnets.find(|subnet| subnet.cidr.is_some_and(|net| net.contains(&address)))?.id;
            let mut in_subnet = state.interfaces.by(&InterfaceIndex::Subnet(subnet));
            let interface = in_subnet.find(|row| row.addresses.contains(&address))?.clone();
            let receiver = self.receiver(&state, &interface)?;
            Some(Receiver { address, ..receiver })
        });
        Aim { ranges: vec![single(address)], receiver, service: None, edge: None }
    }
}

/// The interface endpoint of a VPC of which this holds.
fn endpoint_of(state: &State, vpc: VpcId, holds: impl Fn(&VpcEndpoint) -> bool) -> Option<Arc<VpcEndpoint>> {
    let of_vpc = state.vpc_endpoints.by(&VpcEndpointIndex::Vpc(vpc));
    of_vpc.filter(|it| it.kind() == EndpointType::Interface).find(|it| holds(it)).cloned()
}

/// The endpoint that an interface belongs to.
fn owner_of(state: &State, interface: &NetworkInterface) -> Option<Arc<VpcEndpoint>> {
    match interface.owner {
        Some(Owner::VpcEndpoint(id)) => state.vpc_endpoints.get(&id).cloned(),
        _ => None,
    }
}

/// The addresses that a service's names resolve to out of a VPC that has no endpoint for them.
fn published(service: &str, place: &str, name: &str) -> Vec<Ipv4Net> {
    let list = of_service(place, service).filter(|_| GATEWAY_SERVICES.contains(&service));
    let list = list.and_then(|id| crate::model::managed_prefix_list::get(place, id));
    let ranges: Vec<_> = list.into_iter().flat_map(|list| &list.entries).filter_map(range::v4).collect();
    if ranges.is_empty() { vec![single(derived(name, SERVICES))] } else { ranges }
}

/// The address of a VPC's resolver: the second after the first of its primary block.
fn resolver(vpc: &Vpc) -> Option<Ipv4Addr> {
    vpc.cidr().map(|net| Ipv4Addr::from(u32::from(net.network()).saturating_add(2)))
}

/// Whether AWS's names resolve in a VPC.
///
/// Amazon's resolver works unless `enableDnsSupport` is off. Others do not know AWS's names unless the DHCP options are
/// tagged as such whose resolvers do (`mockplane:resolves`): nobody here can ask them. Such resolvers are taken to be
/// within reach.
fn answers(place: &Place<'_>, vpc: &Vpc) -> (bool, Evidence) {
    let options = vpc.dhcp_options.and_then(|id| place.state.dhcp_options.get(&id));
    let servers = options.and_then(|row| row.options.iter().find(|(key, _)| key == "domain-name-servers"));
    let servers = servers.map_or(&[][..], |(_, values)| values.as_slice());
    let resolver = resolver(vpc);
    let is_amazons = |server: &String| {
        server == AMAZON
            || server == AMAZON_V6
            || server.parse().is_ok_and(|address| address == AMAZON_V4 || Some(address) == resolver)
    };
    let marked =
        options.is_some_and(|row| row.tags.iter().any(|(key, value)| (key, value) == (RESOLVES, "true")));
    let amazons = servers.iter().any(is_amazons);
    let others = marked && servers.iter().any(|server| !is_amazons(server));
    let passed = (amazons && vpc.dns_support) || others;
    let id = options.map_or_else(|| "default".to_owned(), |row| row.id.to_string());
    let (resource, attribute) = if amazons && !others && !vpc.dns_support {
        (vpc.id.to_string(), Some("enableDnsSupport"))
    } else {
        (id.clone(), None)
    };
    let mut evidence = Evidence::of(resource)
        .with("vpc", vpc.id)
        .with("subnet", place.subnet.id)
        .with("dhcp_options", id)
        .with("servers", range::list(servers));
    if let Some(attribute) = attribute {
        evidence = evidence.with("attribute", attribute);
    }
    (passed, evidence)
}
