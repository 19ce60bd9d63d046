//! What becomes of jobs of an account whose buckets or objects are not here, and whose names of buckets must differ.

use super::{Answer, Problem, Site};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::{BucketNames, Choices, DataMode};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Change {
    account: Option<String>,
    mode: Option<String>,
    bucket_names: Option<String>,
    /// How many bytes of objects the account may keep.
    max_bytes: Option<u64>,
}

impl Site {
    pub(super) fn data(&self, account: Option<&str>) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
        Ok(told(account.id, &account.read(&Scope::Global).choices))
    }

    /// Sets what is named. A reset of the account brings back what the server began with.
    pub(super) fn change_data(&self, body: &[u8]) -> Answer {
        let change: Change = serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string()))?;
        let mode = change.mode.as_deref().map(|name| {
            DataMode::parse(name)
                .ok_or_else(|| Problem::bad(format!("`{name}` is none of auto, enforce, audit, off")))
        });
        let names = change.bucket_names.as_deref().map(|name| {
            BucketNames::parse(name)
                .ok_or_else(|| Problem::bad(format!("`{name}` is none of account, global")))
        });
        let (mode, names) = (mode.transpose()?, names.transpose()?);
        let account = self.gateway.world.account(self.account(change.account.as_deref())?, wall());
        let set = |choices: &mut Choices| {
            choices.data = mode.unwrap_or(choices.data);
            choices.bucket_names = names.unwrap_or(choices.bucket_names);
            choices.s3_bytes = change.max_bytes.or(choices.s3_bytes);
        };
        account.adjust(
            account.now(wall()),
            |defaults| set(&mut defaults.choices),
            |txn| set(&mut txn.state.choices),
        );
        Ok(told(account.id, &account.read(&Scope::Global).choices))
    }
}

fn told(account: AccountId, choices: &Choices) -> Value {
    json!({
        "account": account.to_string(),
        "mode": choices.data.name(),
        "bucketNames": choices.bucket_names.name(),
        "maxBytes": choices.s3_bytes.unwrap_or(crate::model::bucket::MOST_BYTES),
    })
}
