//! Named snapshots of an account: to go back to, or to begin another account with.

use super::{Answer, Problem, Query, Site, asked, parse_account};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope, Snapshot, TooMany};
use crate::model::{Account, BucketNames, PeeringSide, State};
use crate::services;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

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
        let account = self.named(account)?;
        let all: Vec<_> = account.snapshots().iter().map(|(name, snapshot)| one(name, snapshot)).collect();
        Ok(json!({ "account": account.id.to_string(), "snapshots": all }))
    }

    fn snapshot(&self, account: Option<&str>, name: &str) -> Answer {
        let account = self.named(account)?;
        let found = account.snapshots().into_iter().find(|(its, _)| its == name);
        found.map(|(name, snapshot)| one(&name, &snapshot)).ok_or_else(|| unknown(account.id, name))
    }

    fn save_snapshot(&self, account: Option<&str>, body: &[u8]) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Save {
            name: String,
        }
        let Save { name } = asked(body)?;
        if !Snapshot::<State>::is_name(&name) {
            let text = format!(
                "`{name}` is no name of a snapshot: letters, digits, `.`, `_` and `-`, 64 at most, of which the \
                 first is a letter or a digit"
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
        let account = self.named(account)?;
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
            return self.fork(&account, name, to);
        }
        account.restore(name, wall).ok_or_else(|| unknown(account.id, name))?;
        self.gateway.refused.restore(account.id, name);
        let mut told = self.clock(to);
        told["restored"] = json!(name);
        Ok(told)
    }

    /// Makes another account what this one was. It keeps nothing of what it was, as with a reset; why calls of this
    /// account were refused is not told there.
    fn fork(&self, account: &Account, name: &str, to: AccountId) -> Answer {
        let snapshots = account.snapshots();
        let found = snapshots.iter().find(|(its, _)| its == name);
        let (_, snapshot) = found.ok_or_else(|| unknown(account.id, name))?;
        if let Some(obstacle) = self.obstacle(snapshot, to) {
            return Err(Problem(StatusCode::CONFLICT, obstacle));
        }
        self.gateway.world.fork(snapshot, name, to, wall());
        self.gateway.refused.forget(Some(to));
        let mut told = self.clock(to);
        told["restored"] = json!(name);
        told["from"] = json!(account.id.to_string());
        Ok(told)
    }

    /// What keeps an account from being what another one was.
    fn obstacle(&self, snapshot: &Snapshot<State>, to: AccountId) -> Option<String> {
        let is_peer = |side: &PeeringSide| side.account == to;
        for state in snapshot.states() {
            let with = state.peerings.iter().find(|row| is_peer(&row.requester) || is_peer(&row.accepter));
            if let Some(peering) = with {
                return Some(format!(
                    "{} is between this account and {to}, which cannot be both of its sides",
                    peering.id
                ));
            }
        }
        let global = snapshot.read(&Scope::Global)?;
        if global.choices.bucket_names != BucketNames::Global {
            return None;
        }
        let moving = snapshot.moving(to);
        let names =
            global.buckets.iter().map(|row| moving.text(&row.name).map_or(row.name.clone(), Arc::from));
        let names: Vec<Arc<str>> = names.collect();
        let others = self.gateway.world.accounts().into_iter().filter(|other| other.id != to);
        others.into_iter().find_map(|other| {
            let global = other.read(&Scope::Global);
            let name = names.iter().find(|name| global.buckets.contains(name))?;
            Some(format!(
                "account {} has a bucket `{name}` already, and no two may have the same name",
                other.id
            ))
        })
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
