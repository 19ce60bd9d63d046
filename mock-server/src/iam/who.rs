//! Who acts, as policies know them.

use crate::iam::grants::{self, Held};
use crate::kernel::{AccountId, SimTime};
use crate::model::{Partition, Principal, Role, Session, State, Tags, User};
use crate::policy::{self, Context};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The ARN of whoever acts, as AWS tells it. That of a role's session does not tell the role's path.
pub fn arn(partition: Partition, account: AccountId, principal: &Principal) -> String {
    let sts = |resource: std::fmt::Arguments<'_>| partition.arn("sts", "", account, resource);
    match principal {
        Principal::Root => partition.arn("iam", "", account, "root"),
        Principal::User { arn, .. } => arn.clone(),
        Principal::Role { role_name, session_name, .. } => {
            sts(format_args!("assumed-role/{role_name}/{session_name}"))
        }
        Principal::Federated { name, .. } => sts(format_args!("federated-user/{name}")),
    }
}

/// The unique id of whoever acts. Source: IAM user guide, "Principal key values".
pub fn user_id(account: AccountId, principal: &Principal) -> String {
    match principal {
        Principal::Root => account.to_string(),
        Principal::User { unique_id, .. } => unique_id.clone(),
        Principal::Role { role_unique_id, session_name, .. } => format!("{role_unique_id}:{session_name}"),
        Principal::Federated { name, .. } => format!("{account}:{name}"),
    }
}

/// Whoever acts, as the policy engine takes them.
pub fn asker(partition: Partition, account: AccountId, principal: &Principal) -> policy::Principal {
    let (arn, id) = (arn(partition, account, principal), user_id(account, principal));
    let account = account.to_string();
    match principal {
        Principal::Root => policy::Principal::Root { account, arn },
        Principal::User { name, .. } => policy::Principal::User { account, arn, id, name: name.clone() },
        Principal::Role { role_arn, .. } => {
            policy::Principal::Session { account, arn, role_arn: role_arn.clone(), id }
        }
        Principal::Federated { .. } => policy::Principal::Federated { account, arn, id },
    }
}

/// What policies may ask about whoever acts and the time, beyond what follows from the principal itself.
///
/// `global` is the account-wide state of the principal's account.
/// Source: IAM user guide, "AWS global condition context keys".
pub fn keys(
    global: &State,
    principal: &Principal,
    session: Option<&Session>,
    now: SimTime,
    context: &mut Context,
) {
    for (key, value) in tags(global, principal, session).iter() {
        context.set(&format!("aws:PrincipalTag/{key}"), value);
    }
    if let Some(session) = session {
        context.set("aws:TokenIssueTime", date(session.issued));
        // No session here was made with a second factor; long-term keys do not have this key at all.
        context.set("aws:MultiFactorAuthPresent", "false");
        if let Some(identity) = &session.source_identity {
            context.set("aws:SourceIdentity", identity.as_str());
        }
        if let Some(provider) = &session.provider {
            context.set("aws:FederatedProvider", provider.as_str());
        }
    }
    context.set("aws:CurrentTime", date(now));
    context.set("aws:EpochTime", (now.millis() / 1_000).to_string());
    every(context);
}

/// The keys of every request, whoever makes it.
///
/// Jobs and clients of AWS use TLS. Here nobody has a certificate of AWS's, so plain HTTP stands for it: policies that
/// insist on TLS, as those of most companies do, would else refuse everything.
pub fn every(context: &mut Context) {
    context.set("aws:SecureTransport", "true");
    context.set("aws:ViaAWSService", "false");
}

/// The same of a role as services of AWS act as it: their sessions are new ones whenever they ask, which is assumed.
pub fn of_service(global: &State, principal: &Principal, now: SimTime, context: &mut Context) {
    keys(global, principal, None, now, context);
    context.set("aws:TokenIssueTime", date(now));
}

/// The tags of whoever acts: those of the user or role, and session tags in their place.
pub fn tags(global: &State, principal: &Principal, session: Option<&Session>) -> Tags {
    let own = match principal {
        Principal::User { name, unique_id, .. } => {
            user(global, name, unique_id).map(|user| user.tags.clone())
        }
        Principal::Role { role_name, role_unique_id, .. } => {
            role(global, role_name, role_unique_id).map(|role| role.tags.clone())
        }
        Principal::Root | Principal::Federated { .. } => None,
    };
    let mut tags = own.unwrap_or_default();
    for (key, value) in session.iter().flat_map(|session| session.tags.iter()) {
        // Keys that differ only in case are one key.
        let old =
            tags.iter().map(|(old, _)| old).find(|old| old.eq_ignore_ascii_case(key)).map(str::to_owned);
        old.iter().for_each(|old| tags.remove(old));
        tags.set(key, value);
    }
    tags
}

/// The policies that whoever acts has been given; `None` if they need none, as the root does.
///
/// Of a user or role that is gone nothing is left, and so nothing is allowed.
pub fn held(global: &State, principal: &Principal) -> Option<Held> {
    let of_user = |user: Option<&User>| user.map(|user| grants::of_user(global, user)).unwrap_or_default();
    match principal {
        Principal::Root | Principal::Federated { giver: None, .. } => None,
        Principal::User { name, unique_id, .. } => Some(of_user(user(global, name, unique_id))),
        Principal::Federated { giver: Some(key), .. } => {
            Some(of_user(global.users.get(key).map(|user| &**user)))
        }
        Principal::Role { role_name, role_unique_id, .. } => {
            let role = role(global, role_name, role_unique_id);
            Some(role.map(|role| grants::of_role(global, role)).unwrap_or_default())
        }
    }
}

/// The user, if it is still the one that it was: a later one of the same name is another.
fn user<'a>(global: &'a State, name: &str, unique_id: &str) -> Option<&'a User> {
    global.users.get(&User::key_of(name)).map(|user| &**user).filter(|user| user.unique_id == unique_id)
}

/// The role, if it is still the one that was assumed.
fn role<'a>(global: &'a State, name: &str, unique_id: &str) -> Option<&'a Role> {
    global.roles.get(&Role::key_of(name)).map(|role| &**role).filter(|role| role.unique_id == unique_id)
}

/// Such as `2026-01-05T09:00:00Z`.
fn date(at: SimTime) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.millis().div_euclid(1_000)).ok();
    at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}
