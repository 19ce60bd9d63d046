//! What SageMaker's calls find out about S3 in an account before they answer.

use super::{Answer, Problem, Site};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::{Choices, Precheck};
use serde::Deserialize;
use serde_json::{Value, json};

impl Site {
    pub(super) fn precheck(&self, account: Option<&str>) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
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
        let change: Change = serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string()))?;
        let wanted = Precheck::parse(&change.precheck).ok_or_else(|| {
            Problem::bad(format!("`{}` is none of existence, outside, off", change.precheck))
        })?;
        let account = self.gateway.world.account(self.account(change.account.as_deref())?, wall());
        let set = |choices: &mut Choices| choices.precheck = wanted;
        account.adjust(
            account.now(wall()),
            |defaults| set(&mut defaults.choices),
            |txn| set(&mut txn.state.choices),
        );
        Ok(told(account.id, wanted))
    }
}

fn told(account: AccountId, precheck: Precheck) -> Value {
    json!({ "account": account.to_string(), "precheck": precheck.name() })
}
