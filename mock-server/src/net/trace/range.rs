//! Parts of the address space.

use ipnet::{IpNet, Ipv4Net};

/// One of two blocks lies within the other, or they share nothing.
pub fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// Adds to `left` what is left of a block without what `hole` has of it.
pub fn subtract(block: Ipv4Net, hole: Ipv4Net, left: &mut Vec<Ipv4Net>) {
    if !overlap(block, hole) {
        left.push(block);
        return;
    }
    // Each half that does not hold the hole stays whole.
    let mut rest = block;
    while rest.prefix_len() < hole.prefix_len() {
        let Ok(mut halves) = rest.subnets(rest.prefix_len() + 1) else { return };
        let (Some(low), Some(high)) = (halves.next(), halves.next()) else { return };
        let (kept, split) = if low.contains(&hole) { (high, low) } else { (low, high) };
        left.push(kept);
        rest = split;
    }
}

/// What is left of blocks without what `hole` has of them; whether that is less than before.
pub fn take(blocks: &mut Vec<Ipv4Net>, hole: Ipv4Net) -> bool {
    if !blocks.iter().any(|block| overlap(*block, hole)) {
        return false;
    }
    let mut left = Vec::new();
    blocks.drain(..).for_each(|block| subtract(block, hole, &mut left));
    *blocks = left;
    true
}

/// A single address as a block.
pub fn single(address: std::net::Ipv4Addr) -> Ipv4Net {
    Ipv4Net::new_assert(address, 32)
}

/// Those of IPv4: flows have no other addresses.
pub fn v4(net: &IpNet) -> Option<Ipv4Net> {
    match net {
        IpNet::V4(net) => Some(net.trunc()),
        IpNet::V6(_) => None,
    }
}

/// As facts print several.
pub fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
