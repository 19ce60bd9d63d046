//! What those do who take addresses and give them back, and how often each of it is tried.

use proptest::prelude::*;

/// Which addresses are asked for.
#[derive(Clone, Debug)]
pub(super) enum Want {
    Next,
    These(Vec<u8>),
    More(u8),
    Prefixes(u8),
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Interface(usize, Want),
    Assign(usize, Want),
    /// Interface, which of its secondary addresses or prefixes.
    Unassign(usize, usize, bool),
    DropInterface(usize),
    Nat(usize, Want),
    PublicNat(usize, usize),
    AssignNat(usize, Want),
    UnassignNat(usize, usize),
    DropNat(usize),
    Endpoint(Vec<usize>),
    Join(usize, usize, Option<u8>),
    Leave(usize, usize),
    DropEndpoint(usize),
    Run(usize, u8, Want),
    Stop(usize),
    Start(usize),
    Terminate(usize),
    /// Kind, name, instances, subnets.
    Job(usize, u8, u32, Vec<usize>),
    StopJob(usize),
    DropJob(usize),
    Deploy(u8, u32),
    Redeploy(u8, u32),
    Scale(u8, u32),
    Undeploy(u8),
    Notebook(u8, usize),
    OnNotebook(&'static str, u8),
    Reserve(usize, u8, u8),
    Unreserve(usize),
    Wait(u64),
}

fn want() -> impl Strategy<Value = Want> {
    prop_oneof![
        2 => Just(Want::Next),
        2 => prop::collection::vec(0u8..64, 1..4).prop_map(Want::These),
        2 => (0u8..5).prop_map(Want::More),
        1 => (1u8..3).prop_map(Want::Prefixes),
    ]
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let (n, at) = (|| 0usize..4, || 0usize..3);
    let subnets = || prop::collection::vec(0usize..3, 1..4);
    let (kind, name, size) = (|| 0usize..4, || 0u8..4, || 1u32..7);
    let users = prop_oneof![
        6 => (at(), want()).prop_map(|(at, want)| Act::Interface(at, want)),
        3 => (n(), want()).prop_map(|(n, want)| Act::Assign(n, want)),
        4 => (n(), n(), any::<bool>()).prop_map(|(n, which, prefix)| Act::Unassign(n, which, prefix)),
        4 => n().prop_map(Act::DropInterface),
        2 => (at(), 0u8..16, 24u8..=32).prop_map(|(at, first, size)| Act::Reserve(at, first, size)),
        1 => n().prop_map(Act::Unreserve),
        3 => (at(), 1u8..4, want()).prop_map(|(at, count, want)| Act::Run(at, count, want)),
        1 => n().prop_map(Act::Stop),
        1 => n().prop_map(Act::Start),
        3 => n().prop_map(Act::Terminate),
    ];
    let gateways = prop_oneof![
        3 => (at(), want()).prop_map(|(at, want)| Act::Nat(at, want)),
        2 => (at(), n()).prop_map(|(at, n)| Act::PublicNat(at, n)),
        2 => (n(), want()).prop_map(|(n, want)| Act::AssignNat(n, want)),
        3 => (n(), n()).prop_map(|(n, which)| Act::UnassignNat(n, which)),
        3 => n().prop_map(Act::DropNat),
        3 => subnets().prop_map(Act::Endpoint),
        2 => (n(), at(), prop::option::of(0u8..64)).prop_map(|(n, at, address)| Act::Join(n, at, address)),
        2 => (n(), at()).prop_map(|(n, at)| Act::Leave(n, at)),
        3 => n().prop_map(Act::DropEndpoint),
    ];
    let services = prop_oneof![
        6 => (kind(), name(), size(), subnets())
            .prop_map(|(kind, name, size, subnets)| Act::Job(kind, name, size, subnets)),
        4 => (0usize..2).prop_map(Act::StopJob),
        2 => n().prop_map(Act::DropJob),
        3 => (name(), size()).prop_map(|(name, size)| Act::Deploy(name, size)),
        3 => (name(), size()).prop_map(|(name, size)| Act::Redeploy(name, size)),
        2 => (name(), size()).prop_map(|(name, size)| Act::Scale(name, size)),
        2 => name().prop_map(Act::Undeploy),
        3 => (name(), at()).prop_map(|(name, at)| Act::Notebook(name, at)),
        4 => (prop::sample::select(vec!["Start", "Stop", "Delete"]), name())
            .prop_map(|(verb, name)| Act::OnNotebook(verb, name)),
    ];
    let time = prop_oneof![3 => 0u64..2_000, 1 => 0u64..200_000, 1 => Just(400_000u64)].prop_map(Act::Wait);
    prop_oneof![4 => users, 3 => gateways, 3 => services, 2 => time]
}
