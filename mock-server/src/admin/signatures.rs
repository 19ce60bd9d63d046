//! Whether signatures count in an account.

use super::{Answer, Site, asked};
use crate::kernel::{AccountId, Scope};
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
        let account = self.named(account)?;
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
        let change: Change = asked(body)?;
        let verify = matches!(change.signatures, Signatures::Verify);
        let account = self.choose(change.account.as_deref(), |choices| choices.verify_signatures = verify)?;
        Ok(told(account.id, verify))
    }
}

fn told(account: AccountId, verify: bool) -> Value {
    json!({ "account": account.to_string(), "signatures": if verify { "verify" } else { "server" } })
}
