//! How much of each thing an account may have.

use super::{Answer, Problem, Site, asked};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::Quotas;
use crate::model::quota::UNBOUNDED;
use crate::scenario::supply;
use serde::Deserialize;
use serde_json::{Value, json};

/// A limit as it is written in JSON and YAML.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a limit is a number that is not negative, or `unlimited`")]
enum Limit {
    Number(usize),
    Word(String),
}

impl Site {
    /// Every quota of an account, in every region.
    pub(super) fn quotas(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, &account.read(&Scope::Global).quotas))
    }

    /// Changes one quota in every region. A reset of the account brings back what the server began with.
    pub(super) fn change_quota(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            account: Option<String>,
            quota: String,
            limit: Limit,
        }
        let change: Change = asked(body)?;
        let limit = match change.limit {
            Limit::Number(number) => number,
            Limit::Word(word) => Quotas::parse_limit(&word)
                .ok_or_else(|| Problem::bad(format!("`{word}` is no limit: a number, or `unlimited`")))?,
        };
        supply::quota(&change.quota).map_err(Problem::bad)?;
        let account = self.named(change.account.as_deref())?;
        // The name was just seen to be one.
        let set = |quotas: &mut Quotas| drop(quotas.set(&change.quota, limit));
        account.adjust(
            account.now(wall()),
            |defaults| set(&mut defaults.quotas),
            |txn| set(&mut txn.state.quotas),
        );
        Ok(told(account.id, &account.read(&Scope::Global).quotas))
    }
}

fn told(account: AccountId, quotas: &Quotas) -> Value {
    let limit = |limit| if limit == UNBOUNDED { json!("unlimited") } else { json!(limit) };
    let quotas: serde_json::Map<_, _> =
        quotas.all().into_iter().map(|(name, most)| (name, limit(most))).collect();
    json!({ "account": account.to_string(), "quotas": quotas })
}
