//! The least that policies must allow for what was done.

use crate::kernel::Deeds;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody needs: by resources, the actions that need exactly these.
pub type Needs = BTreeMap<BTreeSet<String>, BTreeSet<String>>;

/// What everybody needs to do again what they did.
pub fn needs(deeds: Deeds) -> BTreeMap<String, Needs> {
    let mut all: BTreeMap<String, Needs> = BTreeMap::new();
    for (who, actions) in deeds {
        for ((prefix, name), resources) in actions {
            add(&mut all, &who, resources, format!("{prefix}:{name}"));
        }
    }
    all
}

pub fn add(all: &mut BTreeMap<String, Needs>, who: &str, resources: BTreeSet<String>, action: String) {
    all.entry(who.to_owned()).or_default().entry(resources).or_default().insert(action);
}

/// The policy that allows that and nothing else: a statement for each set of resources.
pub fn document(needs: &Needs) -> Value {
    let one_or_many = |texts: &BTreeSet<String>| match texts.len() {
        1 => json!(texts.first()),
        _ => json!(texts),
    };
    let statements: Vec<_> = needs
        .iter()
        .map(|(resources, actions)| {
            json!({"Effect": "Allow", "Action": one_or_many(actions), "Resource": one_or_many(resources)})
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}
