//! Which zones lack which instance types in an account.

use super::{Answer, Problem, Site, asked};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::Offerings;
use crate::scenario::supply;
use serde::Deserialize;
use serde_json::{Value, json};

impl Site {
    /// Every family that some zone lacks.
    pub(super) fn offerings(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, &account.read(&Scope::Global).offerings))
    }

    /// Says which zones lack a family. A reset of the account brings back what the server began with.
    pub(super) fn change_offering(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct Change {
            account: Option<String>,
            family: String,
            not_offered: Vec<String>,
        }
        let change: Change = asked(body)?;
        let zones = change.not_offered.iter().map(String::as_str);
        let zones = supply::offering(&change.family, zones).map_err(Problem::bad)?;
        let account = self.named(change.account.as_deref())?;
        let offerings = account.write(&Scope::Global, account.now(wall()), true, |txn| {
            txn.state.offerings.set(&change.family, zones);
            Ok::<_, Problem>(txn.state.offerings.clone())
        })?;
        Ok(told(account.id, &offerings))
    }
}

fn told(account: AccountId, offerings: &Offerings) -> Value {
    let families: serde_json::Map<_, _> =
        offerings.iter().map(|(family, zones)| (family.to_owned(), json!(zones))).collect();
    json!({ "account": account.to_string(), "notOffered": families })
}
