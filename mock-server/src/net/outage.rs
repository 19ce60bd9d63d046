//! NAT gateways and VPC endpoints that are out of order because a fault was declared: they show that they have failed and
//! pass nothing on, and are as before when it is over.

use crate::kernel::Scope;
use crate::model::{Alarm, DeclaredFault, FaultEffect, Letter, Owner, Txn};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sees to it that those and only those of a region are out of order that a fault is for at this time, and looks again
/// when one begins or ends.
pub fn look(txn: &mut Txn<'_>) {
    let global = txn.global.clone();
    let region = txn.origin.region().to_owned();
    let outages: Vec<_> =
        global.faults.on_things(txn.now).filter(|fault| fault.effect == FaultEffect::Outage).collect();
    let by = |names: &[String]| {
        let found: Option<&&Arc<DeclaredFault>> =
            outages.iter().find(|fault| fault.scope.is_for(&region, names));
        found.map(|fault| fault.id.clone())
    };
    let site = txn.state.site.clone();
    let names = |kind: &str, id: String| [site.arn("ec2", format!("{kind}/{id}")), id];
    let nats = txn.state.nat_gateways.iter().map(|row| (row.id, row.outage.clone()));
    let nats: Vec<_> = nats.map(|(id, was)| (id, was, by(&names("natgateway", id.to_string())))).collect();
    let endpoints = txn.state.vpc_endpoints.iter().map(|row| (row.id, row.outage.clone()));
    let endpoints: Vec<_> =
        endpoints.map(|(id, was)| (id, was, by(&names("vpc-endpoint", id.to_string())))).collect();
    let mut struck: BTreeMap<Arc<str>, u64> = BTreeMap::new();
    let mut tell = |txn: &mut Txn<'_>, resource: String, was: Option<&Arc<str>>, is: Option<&Arc<str>>| match (
        is, was,
    ) {
        (Some(fault), _) => {
            *struck.entry(fault.clone()).or_default() += 1;
            txn.note("Fault", resource, None, format!("{fault}: it is out of order"));
        }
        (None, Some(fault)) => txn.note("FaultEnded", resource, None, format!("{fault}: it works again")),
        (None, None) => {}
    };
    for (id, was, is) in nats.into_iter().filter(|(_, was, is)| was != is) {
        txn.state.nat_gateways.update(&id, |row| row.outage.clone_from(&is));
        tell(txn, id.to_string(), was.as_ref(), is.as_ref());
    }
    for (id, was, is) in endpoints.into_iter().filter(|(_, was, is)| was != is) {
        txn.state.vpc_endpoints.update(&id, |row| row.outage.clone_from(&is));
        tell(txn, id.to_string(), was.as_ref(), is.as_ref());
    }
    let account = txn.origin.account;
    for (fault, times) in struck {
        txn.post(account, Scope::Global, Letter::FaultStruck(fault, times));
    }
    txn.state.timers.cancel(&Owner::Faults);
    if let Some(edge) = global.faults.next_edge(txn.now) {
        txn.state.timers.schedule(edge, Owner::Faults, Alarm::Release);
    }
}
