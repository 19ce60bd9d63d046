//! What the rules count for in an account.

use super::{Answer, Problem, Site, asked};
use crate::clock::wall;
use crate::kernel::Scope;
use crate::model::{RuleMode, RuleModes};
use crate::rules;
use serde::Deserialize;
use serde_json::{Value, json};

impl Site {
    /// Every rule with its mode.
    pub(super) fn rules(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        let modes = account.read(&Scope::Global).rule_modes.clone();
        let all: Vec<_> = rules::all().map(|info| told(info, &modes)).collect();
        Ok(json!({ "account": account.id.to_string(), "rules": all }))
    }

    /// Sets the mode of one rule. A reset of the account brings back the one that the server began with.
    pub(super) fn change_rule(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            account: Option<String>,
            rule: String,
            mode: String,
        }
        let change: Change = asked(body)?;
        let info =
            rules::get(&change.rule).ok_or_else(|| Problem::bad(format!("`{}` is no rule", change.rule)))?;
        let mode = RuleMode::parse(&change.mode)
            .ok_or_else(|| Problem::bad(format!("`{}` is none of enforce, warn, off", change.mode)))?;
        let account = self.named(change.account.as_deref())?;
        let modes = account.write(&Scope::Global, account.now(wall()), true, |txn| {
            txn.state.rule_modes.set(info.id, mode);
            Ok::<_, Problem>(txn.state.rule_modes.clone())
        })?;
        let mut answer = told(info, &modes);
        answer["account"] = account.id.to_string().into();
        Ok(answer)
    }
}

fn told(info: &rules::RuleInfo, modes: &RuleModes) -> Value {
    json!({
        "id": info.id,
        "name": info.name,
        "phase": info.phase_names(),
        "jobs": info.jobs.iter().map(|kind| kind.noun()).collect::<Vec<_>>(),
        "basis": info.basis.name(),
        "mode": modes.of(info.id).name(),
    })
}
