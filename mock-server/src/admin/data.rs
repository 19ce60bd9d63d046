//! What becomes of jobs of an account whose buckets or objects are not here, and whose names of buckets must differ.

use super::{Answer, Problem, Site, asked};
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
        let account = self.named(account)?;
        Ok(told(account.id, &account.read(&Scope::Global).choices))
    }

    /// Sets what is named. A reset of the account brings back what the server began with.
    pub(super) fn change_data(&self, body: &[u8]) -> Answer {
        let change: Change = asked(body)?;
        let mode = change.mode.as_deref().map(|name| {
            DataMode::parse(name)
                .ok_or_else(|| Problem::bad(format!("`{name}` is none of auto, enforce, audit, off")))
        });
        let names = change.bucket_names.as_deref().map(|name| {
            BucketNames::parse(name)
                .ok_or_else(|| Problem::bad(format!("`{name}` is none of account, global")))
        });
        let (mode, names) = (mode.transpose()?, names.transpose()?);
        let account = self.choose(change.account.as_deref(), |choices| {
            choices.data = mode.unwrap_or(choices.data);
            choices.bucket_names = names.unwrap_or(choices.bucket_names);
            choices.s3_bytes = change.max_bytes.or(choices.s3_bytes);
        })?;
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
