//! Interfaces that a declared fault keeps.

use super::*;
use crate::kernel::Scope;
use crate::model::{DeclaredFault, FaultEffect, FaultScope, Owner, Wildcard};
use std::time::Duration;

fn keep(lab: &Lab, resource: &str, span: Option<Duration>) {
    let scope = FaultScope { resource: Some(Wildcard::new(resource)), ..FaultScope::default() };
    let fault = DeclaredFault::new("keep", scope, FaultEffect::KeepInterfaces(span));
    let declared = lab.account.write(&Scope::Global, lab.now(), true, |txn| txn.state.faults.declare(fault));
    declared.unwrap();
}

fn hits(lab: &Lab) -> u64 {
    lab.global().faults.get("keep").unwrap().hits
}

#[test]
fn every_kind_leaves_its_interfaces_for_so_long() {
    for kit in kits() {
        let site = Site::new(Profile::Fast);
        keep(&site.lab, &format!("{}/it", kit.kind.slug()), Some(Duration::from_secs(60)));
        for name in "it other".split(' ') {
            (kit.create)(&site.lab, site.job(kit, name, 1, true)).unwrap();
        }
        let held = site.lab.interfaces().len() / 2;
        site.lab.advance(10_000);
        assert!(site.row(kit, "it").unwrap().status.is_final(), "{:?}", kit.kind);
        let left = site.lab.interfaces();
        assert_eq!((left.len(), hits(&site.lab)), (held, held as u64), "{:?}", kit.kind);
        for interface in &left {
            assert!(matches!(&interface.owner, Some(Owner::Stuck(fault, _)) if &**fault == "keep"));
            assert!(interface.attachment.is_some());
        }
        site.assert_sound();
        site.lab.advance(60_000);
        assert_eq!((site.lab.interfaces().len(), site.free()), (0, 11));
        site.assert_sound();
    }
}

#[test]
fn they_go_when_the_fault_is_cleared() {
    let site = Site::new(Profile::Fast);
    let kit = kit(JobKind::Training);
    keep(&site.lab, &site.subnet.to_string(), None);
    site.create(site.request("x", 2)).unwrap();
    site.lab.advance(100_000_000);
    assert_eq!((site.row(kit, "x").unwrap().status.is_final(), site.lab.interfaces().len()), (true, 4));
    let look = || {
        let looked: Result<(), Refused> =
            site.lab.account.write(&Scope::Region("us-east-1".into()), site.lab.now(), true, |txn| {
                crate::jobs::stuck::look(txn);
                Ok(())
            });
        looked.unwrap();
        site.lab.interfaces().len()
    };
    assert_eq!(look(), 4);
    site.lab.edit_scope(&Scope::Global, |state| drop(state.faults.clear(|_| true)));
    assert_eq!(look(), 0);
    site.assert_sound();
}
