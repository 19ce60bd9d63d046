//! How far EC2's describing operations lag behind in an account.

use super::{Answer, Problem, Site, asked};
use crate::clock::parse_lag;
use crate::kernel::{AccountId, Scope};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

impl Site {
    pub(super) fn consistency(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, account.read(&Scope::Global).choices.eventual))
    }

    /// Sets it in every region. A reset of the account brings back what the server began with.
    pub(super) fn change_consistency(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            account: Option<String>,
            duration: String,
        }
        let change: Change = asked(body)?;
        let lag = parse_lag(&change.duration)
            .ok_or_else(|| Problem::bad(format!("`{}` is no span such as 2s or 0", change.duration)))?;
        let account = self.choose(change.account.as_deref(), |choices| choices.eventual = lag)?;
        Ok(told(account.id, lag))
    }
}

fn told(account: AccountId, lag: Duration) -> Value {
    json!({ "account": account.to_string(), "milliseconds": u64::try_from(lag.as_millis()).unwrap_or(u64::MAX) })
}
