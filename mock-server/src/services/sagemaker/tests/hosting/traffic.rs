//! What endpoints receive when they are made and when they grow.

use super::super::traffic::{recorded, watch};
use super::*;
use crate::model::Content;
use std::collections::BTreeSet;

/// A house with its model in a bucket, whose VPC is watched.
fn house() -> House {
    let house = House::new(Profile::Realistic);
    house.lab.bucket("models");
    house.lab.object("models", "m.tar.gz", Content::Size(7 << 20));
    watch(&house.lab, house.vpc);
    house
}

/// The interfaces that downloaded the model.
fn downloaded(house: &House) -> BTreeSet<String> {
    let records = recorded(&house.lab);
    let large = records.iter().filter(|it| it.ingress && it.bytes > 7 << 20);
    large.map(|it| it.interface.to_string()).collect()
}

#[test]
fn each_instance_downloads_the_model_once() {
    let house = house();
    house.config("two", "m", 2).unwrap();
    house.create("e", "two").unwrap();
    house.lab.advance(300_000);
    assert_eq!(house.status("e"), "InService");
    let first = downloaded(&house);
    assert_eq!(first.len(), 2);
    let subnets: BTreeSet<_> = recorded(&house.lab).iter().map(|it| it.subnet).collect();
    assert_eq!(subnets, BTreeSet::from(house.subnets));
    house.scale("e", 3).unwrap();
    house.lab.advance(400_000);
    assert_eq!(house.status("e"), "InService");
    let new: BTreeSet<_> = downloaded(&house).difference(&first).cloned().collect();
    assert_eq!(new.len(), 1, "only the instance that came");
    // Whoever calls an endpoint does not do so in the VPC: nothing more happens while it serves.
    let told = recorded(&house.lab).len();
    house.lab.advance(1_000);
    assert_eq!(recorded(&house.lab).len(), told);
}
