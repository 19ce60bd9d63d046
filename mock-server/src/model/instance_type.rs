//! The instance types that there are.

use std::sync::LazyLock;

/// What is known of an instance type.
#[derive(Debug, PartialEq)]
pub struct InstanceType {
    pub name: &'static str,
    pub architectures: Vec<&'static str>,
    /// `None`: bare metal.
    pub hypervisor: Option<&'static str>,
    pub vcpus: u32,
    pub memory_mib: u64,
    pub network_cards: u32,
    /// On all network cards together.
    pub interfaces: usize,
    /// Addresses of an interface; a prefix counts as one.
    pub ipv4_per_interface: usize,
    pub ipv6_per_interface: usize,
    /// How many interfaces may be of type `efa`.
    pub efa_interfaces: usize,
    pub accelerators: u32,
}

/// The columns of the table are explained in it.
static TYPES: LazyLock<Vec<InstanceType>> = LazyLock::new(|| {
    let mut types: Vec<_> = include_str!("../../instance-types.txt").lines().filter_map(parse).collect();
    types.sort_by_key(|it| it.name);
    types
});

fn parse(line: &'static str) -> Option<InstanceType> {
    let mut words = line.split(' ').filter(|_| !line.starts_with('#'));
    let mut next = || words.next();
    Some(InstanceType {
        name: next()?,
        architectures: next()?.split('+').collect(),
        hypervisor: next().map(|name| (name != "-").then_some(name))?,
        vcpus: next()?.parse().ok()?,
        memory_mib: next()?.parse().ok()?,
        network_cards: next()?.parse().ok()?,
        interfaces: next()?.parse().ok()?,
        ipv4_per_interface: next()?.parse().ok()?,
        ipv6_per_interface: next()?.parse().ok()?,
        efa_interfaces: next()?.parse().ok()?,
        accelerators: next()?.parse().ok()?,
    })
}

impl InstanceType {
    /// All of them, in order of name.
    pub fn all() -> &'static [InstanceType] {
        &TYPES
    }

    pub fn get(name: &str) -> Option<&'static InstanceType> {
        TYPES.binary_search_by_key(&name, |it| it.name).ok().map(|at| &TYPES[at])
    }

    /// How many interfaces one network card takes at most.
    pub fn interfaces_per_card(&self) -> usize {
        self.interfaces.div_ceil(self.network_cards as usize)
    }

    /// Whether it is a type whose speed comes and goes. Source: EC2 user guide, "Burstable performance instances".
    pub fn is_burstable(&self) -> bool {
        self.name.starts_with('t') && !self.name.starts_with("trn")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_an_instance_type() {
        let lines = include_str!("../../instance-types.txt").lines().filter(|line| !line.starts_with('#'));
        assert_eq!(InstanceType::all().len(), lines.count());
        assert!(InstanceType::all().windows(2).all(|pair| pair[0].name < pair[1].name));
        for it in InstanceType::all() {
            assert!(it.interfaces >= 1 && it.ipv4_per_interface >= 1 && it.network_cards >= 1, "{it:?}");
        }
    }

    #[test]
    fn the_limits_are_those_that_the_documentation_prints() {
        let limits = |name| InstanceType::get(name).map(|it| (it.interfaces, it.ipv4_per_interface));
        assert_eq!(limits("t3.medium"), Some((3, 6)));
        assert_eq!(limits("m5.large"), Some((3, 10)));
        assert_eq!(limits("m5.12xlarge"), Some((8, 30)));
        assert_eq!(InstanceType::get("p4d.24xlarge").map(InstanceType::interfaces_per_card), Some(15));
        assert_eq!(limits("m5.huge"), None);
        let accelerators = |name| InstanceType::get(name).map(|it| it.accelerators);
        let named = ["m5.large", "g5.xlarge", "g6f.large", "p4d.24xlarge", "inf2.48xlarge", "trn1.32xlarge"];
        assert_eq!(named.map(accelerators), [0, 1, 1, 8, 12, 16].map(Some));
    }
}
