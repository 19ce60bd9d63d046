//! Assuming a role.

use super::{StsError, arn_of, session_arn};
use crate::iam::trust::{Asker, Decision, decide};
use crate::model::iam::key::{self, KeyKind};
use crate::model::{Role, Session, State, Txn};
use crate::services::{Caller, Home, Operation, Principal, Write};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The default, and the most for whoever acts through an assumed role already.
const HOUR: i32 = 3_600;

pub struct AssumeRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleIn {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleOut {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

impl Operation for AssumeRole {
    const NAME: &'static str = "AssumeRole";
    const HOME: Home = Home::Account;
    type In = AssumeRoleIn;
    type Out = AssumeRoleOut;
    type Error = StsError;
}

impl Write for AssumeRole {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: AssumeRoleIn) -> Result<AssumeRoleOut, StsError> {
        if !is_arn(&input.role_arn) {
            return Err(StsError::InvalidArn(input.role_arn));
        }
        let trusted = |role: &&Role| {
            decide(role.trust.text(), &asker(&txn.state, caller), "sts:AssumeRole") == Decision::Allowed
        };
        let Some(role) = role(&txn.state, &input.role_arn).filter(trusted) else {
            return Err(StsError::AccessDenied { caller: arn_of(caller), role: input.role_arn });
        };
        let seconds = input.duration_seconds.unwrap_or(HOUR);
        if seconds > role.max_session_seconds {
            return Err(StsError::TooLong);
        }
        if seconds > HOUR && caller.principal != Principal::Root {
            return Err(StsError::ChainedTooLong);
        }
        let (role_name, role_unique_id) = (role.name.clone(), role.unique_id.clone());
        let access_key = key::access_key(KeyKind::Temporary, caller.account, txn.mint("session"));
        let session = txn.state.sessions.insert(Session {
            access_key,
            role_name,
            role_unique_id,
            session_name: input.role_session_name,
            expires: txn.now + Duration::from_secs(seconds.unsigned_abs().into()),
        });
        Ok(AssumeRoleOut {
            credentials: Credentials {
                access_key_id: session.access_key.clone(),
                secret_access_key: key::secret(txn.origin, &session.access_key),
                session_token: key::derived(txn.origin, &session.access_key, "token", 240),
                expiration: session.expires.millis(),
            },
            assumed_role_user: AssumedRoleUser {
                assumed_role_id: format!("{}:{}", session.role_unique_id, session.session_name),
                arn: session_arn(caller, &session.role_name, &session.session_name),
            },
        })
    }
}

/// The caller, by every ARN that a trust policy may name them with.
fn asker(state: &State, caller: &Caller) -> Asker {
    let mut arns = vec![arn_of(caller)];
    if let Principal::Role { role_name, .. } = &caller.principal {
        arns.extend(state.roles.get(&Role::key_of(role_name)).map(|role| role.arn.clone()));
    }
    Asker::Principal { account: caller.account, arns }
}

/// The role with this ARN, which names its path and has the case of its name.
fn role<'a>(state: &'a State, arn: &str) -> Option<&'a Role> {
    let name = arn.rsplit('/').next()?;
    state.roles.get(&Role::key_of(name)).map(|role| &**role).filter(|role| role.arn == arn)
}

/// Whether the parts that every ARN has are there; whether there is such a role is another question.
fn is_arn(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
}
