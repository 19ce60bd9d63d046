//! How many instances of which type there are in which zone for an account.

use super::{Answer, Problem, Site, asked};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::Capacities;
use crate::scenario::supply;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Site {
    /// Every type of which some zone has not plenty.
    pub(super) fn capacity(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, &account.read(&Scope::Global).capacities))
    }

    /// Says how many of a type zones have. A reset of the account brings back what the server began with.
    pub(super) fn change_capacity(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct Change {
            account: Option<String>,
            instance_type: String,
            /// By zone: a number, or `unlimited`.
            available: BTreeMap<String, Value>,
        }
        let change: Change = asked(body)?;
        let word = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        let zones: Vec<_> = change.available.iter().map(|(zone, most)| (zone.as_str(), word(most))).collect();
        let zones = zones.iter().map(|(zone, most)| (*zone, most.as_str()));
        let zones = supply::capacity(&change.instance_type, zones).map_err(Problem::bad)?;
        let account = self.named(change.account.as_deref())?;
        let capacities = account.write(&Scope::Global, account.now(wall()), true, |txn| {
            for (zone, most) in zones {
                txn.state.capacities.set(&change.instance_type, zone, most);
            }
            Ok::<_, Problem>(txn.state.capacities.clone())
        })?;
        Ok(told(account.id, &capacities))
    }
}

fn told(account: AccountId, capacities: &Capacities) -> Value {
    let types = capacities.iter().map(|(name, zones)| {
        let zones = zones.iter().map(|(zone, most)| ((*zone).to_owned(), json!(most)));
        (name.to_owned(), Value::Object(zones.collect()))
    });
    json!({ "account": account.to_string(), "capacity": Value::Object(types.collect()) })
}
