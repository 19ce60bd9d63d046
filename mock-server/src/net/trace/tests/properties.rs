//! What holds of every trace.

use super::random::{Case, cases, reaching};
use super::scene::{EVERYWHERE, entry};
use super::*;
use crate::model::network::ANY_V4;
use crate::model::{AclEntry, Direction, Peer, RouteTarget};
use proptest::prelude::*;

/// The table of facts.
const DOCUMENTED: &str = include_str!("../mod.rs");

/// Removes the route that a flow takes.
fn cut(case: &mut Case, trace: &Trace) -> bool {
    let Some((table, destination, target)) = trace.way.route else { return false };
    match target {
        RouteTarget::Local => return false,
        RouteTarget::Endpoint(id) => {
            let mut endpoint = VpcEndpoint::clone(case.scene.here.vpc_endpoints.get(&id).unwrap());
            endpoint.route_tables.retain(|other| *other != table);
            case.scene.here.put_vpc_endpoint(endpoint);
        }
        _ => case.scene.drop_route(table, destination),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a network is like, a trace decides, always the same, and says why in words that are documented.
    #[test]
    fn every_flow_is_decided(case in cases()) {
        let trace = case.scene.trace(case.flow.clone());
        prop_assert_eq!(&trace, &case.scene.trace(case.flow.clone()));
        prop_assert!(!trace.hops.is_empty());
        for hop in &trace.hops {
            prop_assert!(hop.evidence.resource.as_ref().is_some_and(|resource| !resource.is_empty()), "{:?}", hop);
            prop_assert!(!hop.at.is_empty() && hop.rule.contains('-'));
            for (name, _) in &hop.evidence.facts {
                prop_assert!(DOCUMENTED.contains(&format!("`{name}`")), "{} of {:?} is not documented", name, hop);
            }
            let twice = hop.evidence.facts.iter().filter(|(name, _)| hop.evidence.facts.iter().filter(|(other, _)| name == other).count() > 1);
            prop_assert_eq!(twice.count(), 0, "{:?}", hop);
        }
    }

    /// What is allowed in addition takes nothing away.
    #[test]
    fn allowing_more_blocks_nothing(mut case in reaching(), at in any::<prop::sample::Index>(), egress in any::<bool>()) {
        let groups: Vec<_> = case.scene.here.groups.iter().map(|group| group.id).collect();
        let group = *at.get(&groups);
        case.scene.allow(group, if egress { Direction::Egress } else { Direction::Ingress }, 443, Peer::V4(ANY_V4));
        prop_assert!(case.scene.trace(case.flow.clone()).reaches());
        let acls: Vec<_> = case.scene.here.acls.iter().map(|acl| acl.id).collect();
        let open = AclEntry { protocol: "-1".into(), ports: None, ..entry(1, egress, true, EVERYWHERE, (0, 0)) };
        case.scene.here.acls.update(at.get(&acls), |acl| acl.put(open));
        prop_assert!(case.scene.trace(case.flow.clone()).reaches());
    }

    /// Without the route that it takes, a flow does not get there, or by another way.
    #[test]
    fn a_flow_needs_its_route(mut case in reaching()) {
        let before = case.scene.trace(case.flow.clone());
        if cut(&mut case, &before) {
            let after = case.scene.trace(case.flow.clone());
            prop_assert!(!after.reaches() || after.way.route != before.way.route);
        }
    }

    /// Traces and the marks of routes agree: nothing gets through where a route leads nowhere, and no hop calls a route
    /// a black hole that leads somewhere.
    #[test]
    fn traces_agree_with_black_holes(case in cases()) {
        let state = &case.scene.here;
        let trace = case.scene.trace(case.flow.clone());
        for hop in trace.hops.iter().filter(|hop| hop.kind == HopKind::Route) {
            let fact = |name| hop.evidence.get(name).unwrap_or_default();
            let table = state.route_tables.iter().find(|table| table.id.to_string() == fact("route_table"));
            let Some(table) = table else { continue };
            let route = table.routes.iter().find(|route| route.destination.to_string() == fact("destination"));
            if let Some(route) = route.filter(|_| fact("target") != "none") {
                let leads = state.leads(table.vpc, route.target);
                prop_assert!(leads || !hop.passed, "{:?}", hop);
                prop_assert!(hop.rule != "EC2-RT-BLACKHOLE" || !leads, "{:?}", hop);
            }
        }
    }
}

#[test]
fn random_networks_are_of_all_sorts() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut reached, mut refused) = (0, std::collections::BTreeMap::<HopKind, usize>::new());
    for _ in 0..300 {
        let case = cases().new_tree(&mut runner).unwrap().current();
        match case.scene.trace(case.flow).blocked() {
            None => reached += 1,
            Some(hop) => *refused.entry(hop.kind).or_default() += 1,
        }
    }
    assert!(reached > 40, "only {reached} of 300 get there: {refused:?}");
    use HopKind::*;
    for kind in [Name, GroupOut, AclOut, Route, Target, AclIn, GroupIn, AclBack] {
        assert!(refused.contains_key(&kind), "{kind:?} refuses nothing: {refused:?}");
    }
}
