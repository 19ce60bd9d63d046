//! Assuming a role with the token of an identity provider. Such calls are not signed.

use super::assume::{AssumedRoleUser, Found, actions, assumed, check_duration, context, find};
use super::session::{Along, Credentials, HOUR, PolicyArn, make};
use super::token::Claims;
use super::{StsError, is_arn};
use crate::iam::trust::{Asked, weigh};
use crate::model::{Partition, State, Txn};
use crate::policy;
use crate::services::{Caller, Home, Operation, Write};
use serde::{Deserialize, Serialize};

/// Providers that every account knows. Source: IAM user guide, "OIDC federation".
const WELL_KNOWN: [&str; 2] = ["accounts.google.com", "cognito-identity.amazonaws.com"];

pub struct AssumeRoleWithWebIdentity;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentityIn {
    role_arn: String,
    role_session_name: String,
    web_identity_token: String,
    #[serde(default)]
    policy_arns: Vec<PolicyArn>,
    policy: Option<String>,
    duration_seconds: Option<i32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithWebIdentityOut {
    credentials: Credentials,
    subject_from_web_identity_token: String,
    assumed_role_user: AssumedRoleUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<i32>,
    provider: String,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

impl Operation for AssumeRoleWithWebIdentity {
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const HOME: Home = Home::Account;
    type In = AssumeRoleWithWebIdentityIn;
    type Out = AssumeRoleWithWebIdentityOut;
    type Error = StsError;
}

impl Write for AssumeRoleWithWebIdentity {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: AssumeRoleWithWebIdentityIn,
    ) -> Result<AssumeRoleWithWebIdentityOut, StsError> {
        const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";
        if !is_arn(&input.role_arn) {
            return Err(StsError::InvalidArn(input.role_arn));
        }
        let mut claims = Claims::read(&input.web_identity_token)?;
        let Some(Found { account, home, role }) = find(txn, &input.role_arn) else {
            return Err(StsError::NoWebIdentity(ASSUME));
        };
        let provider = provider(&home, caller.partition, &claims)?;
        let now = txn.now.millis() / 1_000;
        if claims.expires <= now {
            return Err(StsError::TokenExpired { now, expired: claims.expires });
        }
        let (tags, transitive) = claims.tags();
        let own: Vec<_> = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let along = Along { source_identity: claims.source_identity.clone(), ..Along::default() }
            .limited(&home, input.policy, input.policy_arns)?
            .tagged(None, tags, transitive)?;
        let mut context = context(&input.role_session_name, &role, &own, &along);
        context.set("aws:FederatedProvider", provider.as_str());
        for (name, values) in &claims.told {
            context.set_many(&format!("{}:{name}", claims.provider()), values.clone());
        }
        let principal = policy::Principal::Federated {
            account: account.to_string(),
            arn: provider.clone(),
            id: claims.subject.clone(),
        };
        let asked = Asked { principal: &principal, held: None, session: None, context: &context };
        for action in actions(ASSUME, &along) {
            if !weigh(&role, account, action, &asked).allowed() {
                return Err(StsError::NoWebIdentity(action));
            }
        }
        let seconds = input.duration_seconds.unwrap_or(HOUR);
        check_duration(&role, seconds)?;
        let packed_policy_size = along.packed()?;
        let source_identity = along.source_identity.clone();
        let (principal, assumed_role_user) =
            assumed(caller.partition, account, &role, input.role_session_name);
        let credentials = make(txn, account, principal, seconds, along, Some(provider.clone()));
        Ok(AssumeRoleWithWebIdentityOut {
            credentials,
            subject_from_web_identity_token: claims.subject,
            assumed_role_user,
            packed_policy_size,
            provider,
            audience: claims.audience,
            source_identity,
        })
    }
}

/// Who vouches for the token, as trust policies name them: the role's account must know them, and the token be meant
/// for somebody that they know.
fn provider(home: &State, partition: Partition, claims: &Claims) -> Result<String, StsError> {
    if WELL_KNOWN.contains(&claims.provider()) {
        return Ok(claims.provider().to_owned());
    }
    let url = claims.provider();
    let arn = partition.arn("iam", "", home.site.account, format_args!("oidc-provider/{url}"));
    let known = home.oidc_providers.get(&arn.as_str().into());
    let known = known.ok_or_else(|| StsError::NoProvider(claims.issuer.clone()))?;
    if known.client_ids.contains(&claims.audience) { Ok(arn) } else { Err(StsError::Audience) }
}
