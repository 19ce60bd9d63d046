//! How calls are authorised in an account, and the policies that would be enough for what was done there.

use super::{Answer, Problem, Query, Site, asked};
use crate::clock::wall;
use crate::iam::least;
use crate::kernel::{AccountId, Scope};
use crate::model::{Account, Authorization, ControlPolicies, IamMode, JobKind, Needs, PolicyDocument};
use crate::policy::Policy;
use crate::rules::permissions;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Change {
    account: Option<String>,
    mode: Option<String>,
    control_policies: Option<Vec<Control>>,
    full_access: Option<bool>,
}

/// A service control policy; the document as JSON or as a text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    name: String,
    document: Value,
}

impl Site {
    /// The account's mode and service control policies.
    pub(super) fn iam(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, &account.read(&Scope::Global).authorization))
    }

    /// Changes one or the other. A reset of the account brings back the mode that the server began with, and no
    /// policies.
    pub(super) fn change_iam(&self, body: &[u8]) -> Answer {
        let change: Change = asked(body)?;
        let mode = change.mode.as_deref().map(|name| {
            IamMode::parse(name)
                .ok_or_else(|| Problem::bad(format!("`{name}` is none of enforce, audit, off")))
        });
        let mode = mode.transpose()?;
        let policies = change.control_policies.map(|all| all.into_iter().map(read).collect::<Result<_, _>>());
        let policies: Option<Vec<_>> = policies.transpose()?;
        let account = self.named(change.account.as_deref())?;
        let settings = account.write(&Scope::Global, account.now(wall()), true, |txn| {
            let settings = &mut txn.state.authorization;
            settings.mode = mode.unwrap_or(settings.mode);
            let ControlPolicies { full_access, policies: old } = &mut settings.control;
            *full_access = change.full_access.unwrap_or(*full_access);
            if let Some(policies) = policies {
                *old = policies.into();
            }
            Ok::<_, Problem>(settings.clone())
        })?;
        Ok(told(account.id, &settings))
    }

    /// The least that would let everybody do again what they did, and jobs run again as their roles.
    pub(super) fn policy(&self, query: &Query) -> Answer {
        let account = self.named(query.get("account"))?;
        let (deeds, complete) = account.deeds.all();
        let mut all = least::needs(deeds);
        for (role, action) in of_roles(&account) {
            least::add(&mut all, &role, BTreeSet::from(["*".to_owned()]), action.to_owned());
        }
        if let Some(wanted) = query.get("principal") {
            all.retain(|who, _| who == wanted);
            if all.is_empty() {
                return Err(Problem::not_found(format!("{wanted} did nothing that needs a permission")));
            }
        }
        let told = |(who, needs): (&String, &least::Needs)| json!({"principal": who, "document": least::document(needs)});
        let principals: Vec<_> = all.iter().map(told).collect();
        Ok(json!({"account": account.id.to_string(), "complete": complete, "principals": principals}))
    }
}

fn read(control: Control) -> Result<(String, PolicyDocument), Problem> {
    let text = match control.document {
        Value::String(text) => text,
        tree => tree.to_string(),
    };
    Policy::parse(&text).map_err(|error| Problem::bad(format!("{}: {error}", control.name)))?;
    Ok((control.name, PolicyDocument::new(text)))
}

fn told(account: AccountId, settings: &Authorization) -> Value {
    let policies = settings.control.policies.iter();
    let policies: Vec<_> =
        policies.map(|(name, document)| json!({"name": name, "document": document.text()})).collect();
    json!({
        "account": account.to_string(),
        "mode": settings.mode.name(),
        "controlPolicies": policies,
        "fullAccess": settings.control.full_access,
    })
}

/// What the jobs, models and endpoints that there are need of their roles.
fn of_roles(account: &Account) -> BTreeSet<(String, &'static str)> {
    let mut all = BTreeSet::new();
    let mut add = |needs: &Needs, kind| {
        if needs.vpc.is_some() && !needs.role_arn.is_empty() {
            all.extend(permissions::needed(kind).into_iter().map(|action| (needs.role_arn.clone(), action)));
        }
    };
    for scope in account.scopes() {
        let state = account.read(&scope);
        state.jobs.iter().for_each(|job| add(&job.needs, job.key.kind));
        for endpoint in state.endpoints.iter() {
            let deployments = endpoint.serving.iter().chain(&endpoint.pending);
            deployments
                .flat_map(|each| &each.variants)
                .for_each(|variant| add(&variant.needs, JobKind::Hosting));
        }
    }
    all
}
