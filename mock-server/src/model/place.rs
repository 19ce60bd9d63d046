//! Making and removing interfaces: the only code that adds or removes one, so that the table of interfaces and
//! the addresses of subnets never disagree.

use super::address::Refusal;
use super::*;
use crate::kernel::{HexId, Memo};
use std::net::Ipv4Addr;
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
        let public_names = self.vpcs.get(&subnet.vpc).is_some_and(|vpc| vpc.names_public_addresses());
        let mut addresses = spec.addresses;
        for address in &addresses {
            let taken = subnet.addresses.take(*address, spec.id);
            taken.map_err(|refusal| NotPlaced::Address(Some(*address), refusal))?;
        }
        if addresses.is_empty() {
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
            public: Vec::new(),
            public_names,
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

    /// Gives an interface `more` further addresses of its subnet, the next free ones. As for
    /// [`State::add_interface`], a transaction in which this fails has to be dropped.
    ///
    /// # Errors
    /// [`NotPlaced`].
    pub fn add_addresses(
        &mut self,
        id: NetworkInterfaceId,
        more: usize,
    ) -> Result<Arc<NetworkInterface>, NotPlaced> {
        let mut interface =
            NetworkInterface::clone(self.interfaces.get(&id).ok_or(NotPlaced::NoSuchInterface(id))?);
        let mut subnet = Subnet::clone(
            self.subnets.get(&interface.subnet).ok_or(NotPlaced::NoSuchSubnet(interface.subnet))?,
        );
        for _ in 0..more {
            let address = subnet.addresses.take_next(id);
            interface.addresses.push(address.map_err(|refusal| NotPlaced::Address(None, refusal))?);
        }
        self.subnets.insert(subnet);
        Ok(self.interfaces.insert(interface))
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
            for address in &interface.addresses {
                subnet.addresses.release(*address);
            }
        });
        Some(interface)
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

/// A locally administered MAC address that follows from the interface's id, in the range that EC2 uses.
fn mac(id: NetworkInterfaceId) -> [u8; 6] {
    let digits = crate::kernel::digest(0, &[id.to_string().as_bytes()]).to_le_bytes();
    [0x0a, digits[0], digits[1], digits[2], digits[3], digits[4]]
}

/// The id of the i-th thing that a named parent makes; it does not depend on what other clients do.
pub fn derived<I: Id>(txn: &Txn<'_>, parent: &str, i: usize) -> I {
    I::from_hex(HexId::long(txn.origin.derive(&[I::PREFIX, parent, &i.to_string()])))
}
