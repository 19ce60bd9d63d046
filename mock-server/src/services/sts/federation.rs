//! Temporary credentials of users and of whom they give some to.

use super::StsError;
use super::session::{Along, Credentials, HOUR, PolicyArn, TagIn, make};
use crate::iam::who;
use crate::model::{Txn, User};
use crate::services::{Caller, Home, Operation, Principal, Write};
use serde::{Deserialize, Serialize};

/// Twelve hours: the default.
const HALF_A_DAY: i32 = 12 * HOUR;

/// How long what the caller makes lasts: an hour at most if the root makes it.
/// Source: STS API reference, GetSessionToken and GetFederationToken.
fn seconds(caller: &Caller, asked: Option<i32>) -> i32 {
    let seconds = asked.unwrap_or(HALF_A_DAY);
    if caller.principal == Principal::Root { seconds.min(HOUR) } else { seconds }
}

/// Only who has long-term keys may.
fn check_long_term(caller: &Caller, operation: &'static str) -> Result<(), StsError> {
    if caller.session.is_some() { Err(StsError::WithSession(operation)) } else { Ok(()) }
}

pub struct GetSessionToken;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenIn {
    duration_seconds: Option<i32>,
    serial_number: Option<String>,
    token_code: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenOut {
    credentials: Credentials,
}

impl Operation for GetSessionToken {
    const NAME: &'static str = "GetSessionToken";
    const HOME: Home = Home::Account;
    type In = GetSessionTokenIn;
    type Out = GetSessionTokenOut;
    type Error = StsError;
}

impl Write for GetSessionToken {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: GetSessionTokenIn,
    ) -> Result<GetSessionTokenOut, StsError> {
        check_long_term(caller, Self::NAME)?;
        if input.serial_number.is_some() || input.token_code.is_some() {
            return Err(StsError::Mfa);
        }
        let seconds = seconds(caller, input.duration_seconds);
        let principal = caller.principal.clone();
        let credentials = make(txn, caller.account, principal, seconds, Along::default(), None);
        Ok(GetSessionTokenOut { credentials })
    }
}

pub struct GetFederationToken;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFederationTokenIn {
    name: String,
    policy: Option<String>,
    #[serde(default)]
    policy_arns: Vec<PolicyArn>,
    duration_seconds: Option<i32>,
    #[serde(default)]
    tags: Vec<TagIn>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFederationTokenOut {
    credentials: Credentials,
    federated_user: FederatedUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FederatedUser {
    federated_user_id: String,
    arn: String,
}

impl Operation for GetFederationToken {
    const NAME: &'static str = "GetFederationToken";
    const HOME: Home = Home::Account;
    type In = GetFederationTokenIn;
    type Out = GetFederationTokenOut;
    type Error = StsError;
}

impl Write for GetFederationToken {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: GetFederationTokenIn,
    ) -> Result<GetFederationTokenOut, StsError> {
        check_long_term(caller, Self::NAME)?;
        let along = Along::default().limited(&txn.state, input.policy, input.policy_arns)?.tagged(
            None,
            input.tags,
            Vec::new(),
        )?;
        let packed_policy_size = along.packed()?;
        let giver = match &caller.principal {
            Principal::User { name, .. } => Some(User::key_of(name)),
            _ => None,
        };
        let principal = Principal::Federated { name: input.name, giver };
        let federated_user = FederatedUser {
            federated_user_id: who::user_id(caller.account, &principal),
            arn: who::arn(caller.partition, caller.account, &principal),
        };
        let seconds = seconds(caller, input.duration_seconds);
        let credentials = make(txn, caller.account, principal, seconds, along, None);
        Ok(GetFederationTokenOut { credentials, federated_user, packed_policy_size })
    }
}
