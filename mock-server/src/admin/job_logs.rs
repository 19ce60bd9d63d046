//! Over which network logs of an account's jobs are sent.

use super::{Answer, Problem, Site, asked};
use crate::kernel::{AccountId, Scope};
use crate::model::JobLogs;
use serde::Deserialize;
use serde_json::{Value, json};

impl Site {
    pub(super) fn job_logs(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, account.read(&Scope::Global).choices.job_logs))
    }

    /// Sets it in every region. A reset of the account brings back what the server began with.
    pub(super) fn change_job_logs(&self, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct Change {
            account: Option<String>,
            job_logs: String,
        }
        let change: Change = asked(body)?;
        let wanted = JobLogs::parse(&change.job_logs)
            .ok_or_else(|| Problem::bad(format!("`{}` is none of vpc, service", change.job_logs)))?;
        let account = self.choose(change.account.as_deref(), |choices| choices.job_logs = wanted)?;
        Ok(told(account.id, wanted))
    }
}

fn told(account: AccountId, wanted: JobLogs) -> Value {
    json!({ "account": account.to_string(), "jobLogs": wanted.name() })
}
