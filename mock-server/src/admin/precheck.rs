//! What SageMaker's calls find out about S3 in an account before they answer.

use super::{Answer, Problem, Site, asked};
use crate::kernel::{AccountId, Scope};
use crate::model::Precheck;
use serde::Deserialize;
use serde_json::{Value, json};

impl Site {
    pub(super) fn precheck(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, account.read(&Scope::Global).choices.precheck))
    }

    /// Sets it in every region. A reset of the account brings back what the server began with.
    pub(super) fn change_precheck(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            account: Option<String>,
            precheck: String,
        }
        let change: Change = asked(body)?;
        let wanted = Precheck::parse(&change.precheck).ok_or_else(|| {
            Problem::bad(format!("`{}` is none of existence, outside, off", change.precheck))
        })?;
        let account = self.choose(change.account.as_deref(), |choices| choices.precheck = wanted)?;
        Ok(told(account.id, wanted))
    }
}

fn told(account: AccountId, precheck: Precheck) -> Value {
    json!({ "account": account.to_string(), "precheck": precheck.name() })
}
