//! Whether signatures count in an account.

use super::{Answer, Problem, Site};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::Choices;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Signatures {
    /// As the server does: it takes no notice of them unless it was started with --verify-signatures.
    Server,
    Verify,
}

impl Site {
    pub(super) fn signatures(&self, account: Option<&str>) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
        Ok(told(account.id, account.read(&Scope::Global).choices.verify_signatures))
    }

    /// Sets it in every region. A reset of the account brings back what the server began with.
    pub(super) fn change_signatures(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            account: Option<String>,
            signatures: Signatures,
        }
        let change: Change = serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string()))?;
        let verify = matches!(change.signatures, Signatures::Verify);
        let account = self.gateway.world.account(self.account(change.account.as_deref())?, wall());
        let set = |choices: &mut Choices| choices.verify_signatures = verify;
        account.adjust(
            account.now(wall()),
            |defaults| set(&mut defaults.choices),
            |txn| set(&mut txn.state.choices),
        );
        Ok(told(account.id, verify))
    }
}

fn told(account: AccountId, verify: bool) -> Value {
    json!({ "account": account.to_string(), "signatures": if verify { "verify" } else { "server" } })
}
