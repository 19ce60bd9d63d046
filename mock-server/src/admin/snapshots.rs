//! Named snapshots of an account: to go back to, or to begin another account with.

use super::{Answer, Problem, Query, Site, parse_account};
use crate::clock::wall;
use crate::kernel::{AccountId, Snapshot, TooMany};
use crate::model::State;
use crate::services;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// How long a name may be.
const LONGEST_NAME: usize = 64;

impl Site {
    /// `snapshots` and what is below it.
    pub(super) fn snapshot_call(
        &self,
        method: &str,
        call: &str,
        query: &Query,
        body: &[u8],
    ) -> Option<Answer> {
        let below = call.strip_prefix("snapshots")?;
        let account = query.get("account");
        let parts: Vec<&str> = below.split('/').skip(1).collect();
        Some(match (method, &*parts) {
            ("GET", []) => self.snapshots(account),
            ("POST", []) => self.save_snapshot(account, body),
            ("GET", [name]) => self.snapshot(account, name),
            ("DELETE", [name]) => self.forget_snapshot(account, name),
            ("POST", [name, "restore"]) => self.restore_snapshot(account, name, query.get("to")),
            _ => return None,
        })
    }

    fn snapshots(&self, account: Option<&str>) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
        let all: Vec<_> = account.snapshots().iter().map(|(name, snapshot)| one(name, snapshot)).collect();
        Ok(json!({ "account": account.id.to_string(), "snapshots": all }))
    }

    fn snapshot(&self, account: Option<&str>, name: &str) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
        let found = account.snapshots().into_iter().find(|(its, _)| its == name);
        found.map(|(name, snapshot)| one(&name, &snapshot)).ok_or_else(|| unknown(account.id, name))
    }

    fn save_snapshot(&self, account: Option<&str>, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Save {
            name: String,
        }
        let Save { name } = serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string()))?;
        if !is_name(&name) {
            let text = format!(
                "`{name}` is no name of a snapshot: 1 to {LONGEST_NAME} letters, digits, `.`, `_` and `-`, of which \
                 the first is a letter or a digit"
            );
            return Err(Problem::bad(text));
        }
        let wall = wall();
        let account = self.gateway.world.account(self.account(account)?, wall);
        account.settle(account.now(wall), services::step);
        let (snapshot, replaced) = account.save(&name, wall).map_err(|TooMany { most }| {
            let text =
                format!("account {} has {most} snapshots, as many as it may have: delete one", account.id);
            Problem(StatusCode::CONFLICT, text)
        })?;
        self.gateway.refused.save(account.id, &name);
        let mut told = one(&name, &snapshot);
        told["account"] = json!(account.id.to_string());
        told["replaced"] = json!(replaced);
        Ok(told)
    }

    fn forget_snapshot(&self, account: Option<&str>, name: &str) -> Answer {
        let account = self.gateway.world.account(self.account(account)?, wall());
        let gone = account.forget_snapshot(name).ok_or_else(|| unknown(account.id, name))?;
        self.gateway.refused.forget_saved(account.id, name);
        Ok(one(name, &gone))
    }

    /// Rewinds the account, or makes another one what this one was.
    fn restore_snapshot(&self, account: Option<&str>, name: &str, to: Option<&str>) -> Answer {
        let wall = wall();
        let account = self.gateway.world.account(self.account(account)?, wall);
        let to = to.map_or(Ok(account.id), parse_account)?;
        if to != account.id {
            return Err(Problem(StatusCode::NOT_IMPLEMENTED, "an account is only restored to itself".into()));
        }
        account.restore(name, wall).ok_or_else(|| unknown(account.id, name))?;
        self.gateway.refused.restore(account.id, name);
        let mut told = self.clock(to);
        told["restored"] = json!(name);
        Ok(told)
    }
}

fn one(name: &str, snapshot: &Snapshot<State>) -> Value {
    json!({
        "name": name,
        "time": crate::aws::timestamp::iso8601(snapshot.at.millis()),
        "timeMillis": snapshot.at.millis(),
        "clock": super::mode_name(snapshot.mode),
        "regions": snapshot.regions().collect::<Vec<_>>(),
    })
}

fn unknown(account: AccountId, name: &str) -> Problem {
    Problem::not_found(format!("account {account} has no snapshot `{name}`"))
}

/// Whether this can name a snapshot.
pub(crate) fn is_name(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.len() <= LONGEST_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(rest)
}
