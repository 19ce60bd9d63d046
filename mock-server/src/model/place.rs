//! Making and removing interfaces and changing their addresses: the only code that does so, so that the table of
//! interfaces and the addresses of subnets never disagree.

use super::address::Refusal;
use super::interface::{EFA_ONLY, InterfaceIndex};
use super::*;
use crate::kernel::{HexId, Memo};
use ipnet::{IpNet, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// What is to be made.
#[derive(Clone, Debug)]
pub struct InterfaceSpec {
    pub id: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub groups: Vec<SecurityGroupId>,
    /// The addresses asked for, the primary one first; none: the next free one.
    pub addresses: Vec<Ipv4Addr>,
    pub description: Arc<str>,
    pub attachment: Option<Attachment>,
    pub requester_id: Option<Arc<str>>,
    pub requester_managed: bool,
    pub owner: Option<Owner>,
    /// As described: `interface`, `nat_gateway`, `vpc_endpoint` and so on.
    pub interface_type: &'static str,
    pub client_token: Option<u128>,
    pub tags: Tags,
}

/// Why no interface was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotPlaced {
    NoSuchSubnet(SubnetId),
    NoSuchInterface(NetworkInterfaceId),
    NoSuchGroup(SecurityGroupId),
    /// The address that could not be had; `None` if any would have done.
    Address(Option<Ipv4Addr>, Refusal),
    /// The IPv6 address that could not be had.
    Address6(Option<Ipv6Addr>, Refusal),
    /// The prefix that could not be had.
    Prefix(Option<IpNet>, Refusal),
    /// The subnet has no IPv6 block.
    NoIpv6(SubnetId),
}

impl State {
    /// Makes an interface and takes its addresses. On error the state may be half changed: the transaction has
    /// to be dropped, as every refused transaction is.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn add_interface(&mut self, spec: InterfaceSpec) -> Result<Arc<NetworkInterface>, NotPlaced> {
        let mut subnet =
            Subnet::clone(self.subnets.get(&spec.subnet).ok_or(NotPlaced::NoSuchSubnet(spec.subnet))?);
        let groups = self.group_refs(&spec.groups)?;
        let mut addresses = spec.addresses;
        for address in &addresses {
            let taken = subnet.addresses.take(*address, spec.id);
            taken.map_err(|refusal| NotPlaced::Address(Some(*address), refusal))?;
        }
        if addresses.is_empty() && subnet.cidr.is_some() && spec.interface_type != EFA_ONLY {
            let address = subnet.addresses.take_next(spec.id);
            addresses.push(address.map_err(|refusal| NotPlaced::Address(None, refusal))?);
        }
        let interface = NetworkInterface {
            id: spec.id,
            subnet: subnet.id,
            vpc: subnet.vpc,
            zone: subnet.zone,
            mac: mac(spec.id),
            addresses,
            prefixes: Vec::new(),
            ipv6: Vec::new(),
            ipv6_prefixes: Vec::new(),
            primary_ipv6: false,
            dns_names: self.vpcs.get(&subnet.vpc).is_some_and(|vpc| vpc.gives_names()),
            associate_public: false,
            connection_tracking: None,
            public: Vec::new(),
            description: spec.description,
            groups,
            source_dest_check: true,
            attachment: spec.attachment,
            interface_type: spec.interface_type,
            requester_id: spec.requester_id,
            requester_managed: spec.requester_managed,
            owner: spec.owner,
            client_token: spec.client_token,
            tags: spec.tags,
            memo: Memo::default(),
        };
        self.subnets.insert(subnet);
        Ok(self.interfaces.insert(interface))
    }

    /// Changes an interface together with its subnet: the one way to give it addresses and to take them back. As for
    /// [`State::add_interface`], a transaction in which this fails has to be dropped.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn edit_addresses(
        &mut self,
        id: NetworkInterfaceId,
        edit: impl FnOnce(&mut NetworkInterface, &mut Subnet) -> Result<(), NotPlaced>,
    ) -> Result<Arc<NetworkInterface>, NotPlaced> {
        let mut interface =
            NetworkInterface::clone(self.interfaces.get(&id).ok_or(NotPlaced::NoSuchInterface(id))?);
        let mut subnet = Subnet::clone(
            self.subnets.get(&interface.subnet).ok_or(NotPlaced::NoSuchSubnet(interface.subnet))?,
        );
        edit(&mut interface, &mut subnet)?;
        self.subnets.insert(subnet);
        Ok(self.interfaces.insert(interface))
    }

    /// Gives an interface `more` further addresses of its subnet, the next free ones.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn add_addresses(
        &mut self,
        id: NetworkInterfaceId,
        more: usize,
    ) -> Result<Arc<NetworkInterface>, NotPlaced> {
        self.assign(id, &Addresses { ipv4_count: more, ..Addresses::default() })
    }

    /// The addresses that an interface of this subnet would get: those that are named, and for the others the next
    /// free ones. Nothing is taken.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn choose_addresses(
        &self,
        subnet: SubnetId,
        wanted: &[Option<Ipv4Addr>],
    ) -> Result<Vec<Ipv4Addr>, NotPlaced> {
        let subnet = self.subnets.get(&subnet).ok_or(NotPlaced::NoSuchSubnet(subnet))?;
        let mut pool = subnet.addresses.clone();
        let nobody = NetworkInterfaceId::from_hex(HexId::long(0));
        for address in wanted.iter().flatten() {
            pool.take(*address, nobody).map_err(|refusal| NotPlaced::Address(Some(*address), refusal))?;
        }
        let choose = |address: &Option<Ipv4Addr>| match address {
            Some(address) => Ok(*address),
            None => pool.take_next(nobody).map_err(|refusal| NotPlaced::Address(None, refusal)),
        };
        wanted.iter().map(choose).collect()
    }

    /// Gives an interface these further addresses of its subnet. As for [`State::add_interface`], a transaction in
    /// which this fails has to be dropped.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn give_addresses(&mut self, id: NetworkInterfaceId, more: &[Ipv4Addr]) -> Result<(), NotPlaced> {
        let interface = self.interfaces.get(&id).ok_or(NotPlaced::NoSuchInterface(id))?;
        let mut subnet = Subnet::clone(
            self.subnets.get(&interface.subnet).ok_or(NotPlaced::NoSuchSubnet(interface.subnet))?,
        );
        for address in more {
            let taken = subnet.addresses.take(*address, id);
            taken.map_err(|refusal| NotPlaced::Address(Some(*address), refusal))?;
        }
        self.subnets.insert(subnet);
        self.interfaces.update(&id, |interface| interface.addresses.extend(more));
        Ok(())
    }

    /// Takes addresses back from an interface, with the public addresses that stand for them.
    pub fn withdraw_addresses(&mut self, id: NetworkInterfaceId, addresses: &[Ipv4Addr]) {
        let changed = self.interfaces.update(&id, |interface| {
            interface.addresses.retain(|address| !addresses.contains(address));
            interface.public.retain(|public| !addresses.contains(&public.private));
        });
        if let Some(interface) = changed {
            self.subnets.update(&interface.subnet, |subnet| {
                let pool = &mut subnet.addresses;
                let own: Vec<_> = addresses.iter().filter(|it| pool.owner(**it) == Some(id)).collect();
                for address in own {
                    pool.release(*address);
                }
            });
        }
    }

    /// These groups as an interface carries them: in the order given, each once.
    ///
    /// # Errors
    /// [`NotPlaced::NoSuchGroup`].
    pub fn group_refs(&self, ids: &[SecurityGroupId]) -> Result<Vec<GroupRef>, NotPlaced> {
        let mut groups: Vec<GroupRef> = Vec::with_capacity(ids.len());
        for id in ids {
            let group = self.groups.get(id).ok_or(NotPlaced::NoSuchGroup(*id))?;
            if groups.iter().all(|carried| carried.id != *id) {
                groups.push(GroupRef { id: *id, name: group.name.clone() });
            }
        }
        Ok(groups)
    }

    /// Removes an interface and gives its addresses back. `None` if there is none with this id.
    pub fn remove_interface(&mut self, id: NetworkInterfaceId) -> Option<Arc<NetworkInterface>> {
        let interface = self.interfaces.remove(&id)?;
        self.forget_token(interface.client_token);
        self.settle_routes_to(RouteTarget::Interface(id));
        self.remove_flow_logs_of(Logged::Interface(id));
        self.subnets.update(&interface.subnet, |subnet| {
            for address in interface.ipv4_addresses() {
                subnet.addresses.release(address);
            }
            for net in interface.ipv6_nets() {
                subnet.ipv6_addresses.release(net);
            }
        });
        let permissions: Vec<_> =
            self.interface_permissions.by(&id).map(|permission| permission.id).collect();
        permissions.iter().for_each(|permission| drop(self.interface_permissions.remove(permission)));
        Some(interface)
    }

    /// Attaches an interface; routes to it lead somewhere from then on.
    pub fn attach(&mut self, id: NetworkInterfaceId, attachment: Attachment) {
        self.interfaces.update(&id, |interface| interface.attachment = Some(attachment));
        self.settle_routes_to(RouteTarget::Interface(id));
    }

    /// Detaches an interface; routes to it lead nowhere from then on. What depended on its instance goes: the
    /// primary IPv6 address is an address like any other again.
    pub fn detach(&mut self, id: NetworkInterfaceId) {
        self.interfaces.update(&id, |interface| {
            interface.attachment = None;
            interface.primary_ipv6 = false;
            interface.associate_public = false;
        });
        self.release_public(id);
        self.settle_routes_to(RouteTarget::Interface(id));
    }

    /// Gives the public addresses of Amazon's pool back that an interface has; the user's own stay.
    /// Source: EC2 user guide, "Public IPv4 addresses".
    pub fn release_public(&mut self, id: NetworkInterfaceId) {
        let has_some =
            |row: &Arc<NetworkInterface>| row.public.iter().any(|address| address.elastic.is_none());
        if self.interfaces.get(&id).is_some_and(has_some) {
            self.interfaces.update(&id, |row| row.public.retain(|address| address.elastic.is_some()));
        }
    }

    /// The interfaces of an instance, the primary one first.
    pub fn interfaces_of(&self, instance: InstanceId) -> Vec<Arc<NetworkInterface>> {
        let mut rows: Vec<_> = self.interfaces.by(&InterfaceIndex::Instance(instance)).cloned().collect();
        rows.sort_by_key(|row| match &row.attachment {
            Some(Attachment::Instance { network_card_index, device_index, .. }) => {
                (*network_card_index, *device_index)
            }
            _ => (0, 0),
        });
        rows
    }

    /// Tells the interfaces of a VPC whether its DNS attributes give them names. To be called when those change.
    pub fn tell_dns_names(&mut self, vpc: VpcId) {
        let names = self.vpcs.get(&vpc).is_some_and(|vpc| vpc.gives_names());
        let others = self.interfaces.by(&InterfaceIndex::Vpc(vpc)).filter(|row| row.dns_names != names);
        let ids: Vec<_> = others.map(|row| row.id).collect();
        for id in ids {
            self.interfaces.update(&id, |row| row.dns_names = names);
        }
    }

    /// Removes every interface of this owner.
    pub fn remove_interfaces_of(&mut self, owner: &Owner) {
        let index = interface::InterfaceIndex::Owner(owner.clone());
        let ids: Vec<_> = self.interfaces.by(&index).map(|interface| interface.id).collect();
        for id in ids {
            self.remove_interface(id);
        }
    }
}

impl NetworkInterface {
    /// Its IPv6 addresses and prefixes as the subnet's pool keeps them.
    pub fn ipv6_nets(&self) -> impl Iterator<Item = Ipv6Net> + '_ {
        self.ipv6.iter().map(|address| address6::single(*address)).chain(self.ipv6_prefixes.iter().copied())
    }

    /// Its private IPv4 addresses, those of prefixes too.
    pub fn ipv4_addresses(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let of_prefixes = self.prefixes.iter().flat_map(|prefix| address::prefix_addresses(*prefix));
        self.addresses.iter().copied().chain(of_prefixes)
    }
}

/// What must hold of interfaces, instances and the addresses of subnets; the answer names what does not.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for subnet in state.subnets.iter() {
        let rows = || state.interfaces.by(&InterfaceIndex::Subnet(subnet.id));
        let mut held: Vec<_> =
            rows().flat_map(|row| row.ipv4_addresses().map(|address| (address, row.id))).collect();
        held.sort();
        let mut held6: Vec<_> = rows().flat_map(|row| row.ipv6_nets().map(|net| (net, row.id))).collect();
        held6.sort();
        if !subnet.addresses.taken().eq(held) || !subnet.ipv6_addresses.taken().eq(held6) {
            broken.push(format!("the addresses of {} do not match its interfaces", subnet.id));
        }
    }
    for row in state.interfaces.iter() {
        if state.vpcs.get(&row.vpc).is_some_and(|vpc| vpc.gives_names() != row.dns_names) {
            broken.push(format!("{} was not told of the DNS attributes of {}", row.id, row.vpc));
        }
        if row.public.iter().any(|address| !row.addresses.contains(&address.private)) {
            broken.push(format!("{} has a public address for a private one that it has not", row.id));
        }
        let instance = row.attachment.as_ref().and_then(Attachment::instance);
        let live = |id| state.instances.get(&id).is_some_and(|row| row.state != InstanceState::Terminated);
        if let Some(instance) = instance.filter(|id| !live(*id)) {
            broken.push(format!("{} is attached to {instance}, which is not there", row.id));
        }
    }
    for permission in state.interface_permissions.iter() {
        if !state.interfaces.contains(&permission.interface) {
            broken.push(format!("{} is of no interface", permission.id));
        }
    }
    broken.extend(instance::broken_invariants(state));
    broken
}

/// A locally administered MAC address that follows from the interface's id, in the range that EC2 uses.
fn mac(id: NetworkInterfaceId) -> [u8; 6] {
    let digits = crate::kernel::digest(0, &[id.to_string().as_bytes()]).to_le_bytes();
    [0x0a, digits[0], digits[1], digits[2], digits[3], digits[4]]
}

/// The id of the i-th thing that a named parent makes; it does not depend on what other clients do.
pub fn derived<I: Id>(txn: &Txn<'_>, parent: &str, i: usize) -> I {
    I::from_hex(HexId::long(txn.origin.derive(&[I::PREFIX, parent, &i.to_string()])))
}
