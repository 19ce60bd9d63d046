//! Assuming a role.

use super::session::{Along, Credentials, HOUR, PolicyArn, TagIn, limits, make};
use super::{StsError, account_in, arn_of, is_arn};
use crate::iam::trust::{Asked, weigh};
use crate::iam::who;
use crate::kernel::{AccountId, Scope};
use crate::model::{Partition, Role, State, Txn};
use crate::policy::{Context, Kind, Verdict};
use crate::services::{Caller, Home, Operation, Principal, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub struct AssumeRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleIn {
    role_arn: String,
    role_session_name: String,
    #[serde(default)]
    policy_arns: Vec<PolicyArn>,
    policy: Option<String>,
    duration_seconds: Option<i32>,
    #[serde(default)]
    tags: Vec<TagIn>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
    external_id: Option<String>,
    serial_number: Option<String>,
    token_code: Option<String>,
    source_identity: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleOut {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AssumedRoleUser {
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
    /// AWS lets no root assume a role. Here whoever has no keys of their own acts as the root, so it may: it stands
    /// for an administrator.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: AssumeRoleIn) -> Result<AssumeRoleOut, StsError> {
        if let Principal::Federated { .. } = caller.principal {
            return Err(StsError::WithSession(Self::NAME));
        }
        if !is_arn(&input.role_arn) {
            return Err(StsError::InvalidArn(input.role_arn));
        }
        let denied =
            |action, role, reason| StsError::AccessDenied { caller: arn_of(caller), action, role, reason };
        let Some(Found { account, home, role }) = find(txn, &input.role_arn) else {
            return Err(denied("sts:AssumeRole", input.role_arn, String::new()));
        };
        let session = caller.session.as_deref();
        let given = input.source_identity;
        let before = session.and_then(|session| session.source_identity.clone());
        if given.is_some() && before.is_some() && given != before {
            return Err(StsError::OtherSourceIdentity);
        }
        let own: Vec<_> = input.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let along = Along { source_identity: given.or(before), ..Along::default() }
            .limited(&home, input.policy, input.policy_arns)?
            .tagged(session, input.tags, input.transitive_tag_keys)?;

        let mut context = context(&input.role_session_name, &role, &own, &along);
        who::keys(&txn.state, &caller.principal, session, txn.now, &mut context);
        if let Some(id) = &input.external_id {
            context.set("sts:ExternalId", id.as_str());
        }
        let principal = who::asker(caller.partition, caller.account, &caller.principal);
        let held = who::held(&txn.state, &caller.principal);
        let asked = Asked {
            principal: &principal,
            held: held.as_ref(),
            session: limits(caller, &txn.state),
            context: &context,
        };
        for action in actions("sts:AssumeRole", &along) {
            let decision = weigh(&role, account, action, &asked);
            // What another account's policies say is told to nobody, and who a role trusts was seen not to be.
            let told = account == caller.account && decision.verdict != Verdict::ImplicitDeny(Kind::Trust);
            if !decision.allowed() {
                let reason = if told { format!(" {}", decision.reason(action)) } else { String::new() };
                return Err(denied(action, input.role_arn, reason));
            }
        }
        if input.serial_number.is_some() || input.token_code.is_some() {
            return Err(StsError::Mfa);
        }
        let seconds = input.duration_seconds.unwrap_or(HOUR);
        check_duration(&role, seconds)?;
        if seconds > HOUR
            && session.is_some_and(|session| matches!(session.principal, Principal::Role { .. }))
        {
            return Err(StsError::ChainedTooLong);
        }
        let packed_policy_size = along.packed()?;
        let source_identity = along.source_identity.clone();
        let (principal, assumed_role_user) =
            assumed(caller.partition, account, &role, input.role_session_name);
        let credentials = make(txn, account, principal, seconds, along, None);
        Ok(AssumeRoleOut { credentials, assumed_role_user, packed_policy_size, source_identity })
    }
}

/// A role that is to be assumed, of whatever account.
pub(super) struct Found {
    pub account: AccountId,
    /// The account-wide state of its account.
    pub home: Arc<State>,
    pub role: Arc<Role>,
}

/// The role with this ARN, which names its path and has the case of its name.
pub(super) fn find(txn: &Txn<'_>, arn: &str) -> Option<Found> {
    let account = account_in(arn)?;
    // Nothing of this transaction was done yet, so that the state before it is the state.
    let home = txn.peek(account, &Scope::Global)?;
    let role = home.roles.get(&Role::key_of(arn.rsplit('/').next()?)).filter(|role| role.arn == arn)?.clone();
    Some(Found { account, home, role })
}

pub(super) fn check_duration(role: &Role, seconds: i32) -> Result<(), StsError> {
    if seconds > role.max_session_seconds { Err(StsError::TooLong) } else { Ok(()) }
}

/// Everything that the role must allow. Tags and the source identity of a session go on to those that it makes, and
/// must be allowed again. Source: IAM user guide, "Pass session tags in AWS STS", "Monitor and control actions taken
/// with assumed roles".
pub(super) fn actions(assume: &'static str, along: &Along) -> impl Iterator<Item = &'static str> {
    let tags = (!along.tags.is_empty()).then_some("sts:TagSession");
    let identity = along.source_identity.is_some().then_some("sts:SetSourceIdentity");
    [Some(assume), tags, identity].into_iter().flatten()
}

/// What policies may ask about the session that is to be. `own` are the tags of the call itself.
/// Source: service authorization reference, AWS Security Token Service.
pub(super) fn context(name: &str, role: &Role, own: &[(String, String)], along: &Along) -> Context {
    let mut context = Context::new();
    context.set("sts:RoleSessionName", name);
    for (key, value) in own {
        context.set(&format!("aws:RequestTag/{key}"), value.as_str());
    }
    context.set_many("aws:TagKeys", own.iter().map(|(key, _)| key.clone()).collect());
    context.set_many("sts:TransitiveTagKeys", along.transitive.iter().cloned().collect());
    if let Some(identity) = &along.source_identity {
        context.set("sts:SourceIdentity", identity.as_str());
    }
    for (key, value) in role.tags.iter() {
        context.set(&format!("aws:ResourceTag/{key}"), value);
        context.set(&format!("iam:ResourceTag/{key}"), value);
    }
    context
}

/// Who acts as the role, and how they are told.
pub(super) fn assumed(
    partition: Partition,
    account: AccountId,
    role: &Role,
    session_name: String,
) -> (Principal, AssumedRoleUser) {
    let principal = Principal::Role {
        role_arn: role.arn.clone(),
        role_name: role.name.clone(),
        role_unique_id: role.unique_id.clone(),
        session_name,
    };
    let user = AssumedRoleUser {
        assumed_role_id: who::user_id(account, &principal),
        arn: who::arn(partition, account, &principal),
    };
    (principal, user)
}
