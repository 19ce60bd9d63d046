//! Trust policies: who may assume a role.

use super::grants::Held;
use crate::kernel::AccountId;
use crate::model::Role;
use crate::policy::{Context, Decision, Kind, Policies, Policy, Principal, Request, Source, Verdict, decide};

/// Somebody who wants to assume a role.
pub struct Asked<'a> {
    pub principal: &'a Principal,
    /// What they have been given; `None` if they need nothing.
    pub held: Option<&'a Held>,
    /// The session policies that they act with, if they do.
    pub session: Option<Vec<Source<'a>>>,
    pub context: &'a Context,
}

/// Whether somebody may do this to a role of this account: `sts:AssumeRole` and its like.
pub fn weigh(role: &Role, account: AccountId, action: &str, asked: &Asked<'_>) -> Decision {
    let owner = account.to_string();
    let request = Request {
        principal: asked.principal,
        action,
        resource: &role.arn,
        resource_account: Some(&owner),
        context: asked.context,
    };
    let mut policies = asked.held.map(Held::policies).unwrap_or_default();
    policies.session.clone_from(&asked.session);
    policies.resource = Some(Source { name: role.arn.as_str().into(), policy: role.trust.policy() });
    policies.resource_kind = Kind::Trust;
    decide(&request, &policies)
}

/// Why a service may not assume a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Distrust {
    /// A statement denies it, whatever others allow.
    Denied,
    /// No statement allows it.
    NotAllowed,
}

/// A service that wants to assume a role, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct ForSource<'a> {
    /// Such as `sagemaker.amazonaws.com`.
    pub service: &'a str,
    pub account: AccountId,
    /// The ARN of what the service acts for. Source: IAM user guide, "The confused deputy problem".
    pub source: &'a str,
}

/// Whether a trust policy lets a service assume the role.
///
/// # Errors
/// Why it does not.
pub fn trusts(trust: &Policy, by: ForSource<'_>) -> Result<(), Distrust> {
    let principal = Principal::Service { name: by.service.to_owned() };
    let mut context = Context::new();
    context.set("aws:SourceAccount", by.account.to_string());
    context.set("aws:SourceArn", by.source);
    let request = Request {
        principal: &principal,
        action: "sts:AssumeRole",
        resource: "*",
        resource_account: None,
        context: &context,
    };
    let resource = Some(Source { name: "trust policy".into(), policy: trust });
    match decide(&request, &Policies { resource, resource_kind: Kind::Trust, ..Policies::default() }).verdict
    {
        Verdict::Allowed => Ok(()),
        Verdict::ExplicitDeny(_) => Err(Distrust::Denied),
        Verdict::ImplicitDeny(_) => Err(Distrust::NotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of(service: &str, statements: Value) -> Result<(), Distrust> {
        let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements}).to_string());
        let account = AccountId::parse("111122223333").unwrap();
        let source = "arn:aws:sagemaker:us-east-1:111122223333:training-job/a";
        trusts(&policy.unwrap(), ForSource { service, account, source })
    }

    #[test]
    fn a_service_is_named_by_its_name() {
        let allow = |name: &str| json!([{"Effect": "Allow", "Principal": {"Service": [name]}, "Action": ["sts:assumerole"]}]);
        assert_eq!(of("sagemaker.amazonaws.com", allow("sagemaker.amazonaws.com")), Ok(()));
        assert_eq!(of("ec2.amazonaws.com", allow("sagemaker.amazonaws.com")), Err(Distrust::NotAllowed));
        let other = json!({"Effect": "Allow", "Principal": {"Service": "a.amazonaws.com"}, "Action": "sts:TagSession"});
        assert_eq!(of("a.amazonaws.com", other), Err(Distrust::NotAllowed));
    }

    #[test]
    fn a_denial_wins() {
        let allow = json!({"Effect": "Allow", "Principal": {"Service": "a.amazonaws.com"}, "Action": "sts:AssumeRole"});
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "sts:Assume*"});
        assert_eq!(of("a.amazonaws.com", json!([allow, deny])), Err(Distrust::Denied));
    }

    #[test]
    fn a_role_may_be_for_the_services_of_one_account_only() {
        for (key, value, expected) in [
            ("aws:SourceAccount", "111122223333", Ok(())),
            ("aws:SourceAccount", "111122223334", Err(Distrust::NotAllowed)),
            ("aws:SourceArn", "arn:aws:sagemaker:*:111122223333:*", Ok(())),
            ("aws:SourceArn", "arn:aws:sagemaker:*:111122223334:*", Err(Distrust::NotAllowed)),
        ] {
            let only = json!({
                "Effect": "Allow", "Principal": {"Service": "a.amazonaws.com"}, "Action": "sts:AssumeRole",
                "Condition": {"StringLike": {key: value}},
            });
            assert_eq!(of("a.amazonaws.com", only), expected, "{key} {value}");
        }
    }
}
