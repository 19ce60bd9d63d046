//! How far EC2's describing operations lag behind in an account.

use super::{Answer, Problem, Site};
use crate::clock::{parse_lag, wall};
use crate::kernel::{AccountId, Scope};
use crate::model::Choices;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

impl Site {
    pub(super) fn consistency(&self, account: Option<&str>) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
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
        let change: Change = serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string()))?;
        let lag = parse_lag(&change.duration)
            .ok_or_else(|| Problem::bad(format!("`{}` is no span such as 2s or 0", change.duration)))?;
        let account = self.gateway.world.account(self.account(change.account.as_deref())?, wall());
        let set = |choices: &mut Choices| choices.eventual = lag;
        account.adjust(
            account.now(wall()),
            |defaults| set(&mut defaults.choices),
            |txn| set(&mut txn.state.choices),
        );
        Ok(told(account.id, lag))
    }
}

fn told(account: AccountId, lag: Duration) -> Value {
    json!({ "account": account.to_string(), "milliseconds": u64::try_from(lag.as_millis()).unwrap_or(u64::MAX) })
}
