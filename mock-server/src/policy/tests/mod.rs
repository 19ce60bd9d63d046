//! Decision tables, as data.

mod conditions;
mod documents;
mod kinds;
mod oracle;
mod pages;
mod patterns;
mod principals;
mod properties;
mod sides;

use super::*;
use serde_json::{Value, json};

const HERE: &str = "111122223333";
const THERE: &str = "444455556666";

fn text(text: &str) -> String {
    text.to_owned()
}

fn root() -> Principal {
    Principal::Root { account: text(HERE), arn: format!("arn:aws:iam::{HERE}:root") }
}

fn user() -> Principal {
    Principal::User {
        account: text(HERE),
        arn: format!("arn:aws:iam::{HERE}:user/staff/alice"),
        id: text("AIDAALICEALICEALICEAL"),
        name: text("alice"),
    }
}

fn session() -> Principal {
    Principal::Session {
        account: text(HERE),
        arn: format!("arn:aws:sts::{HERE}:assumed-role/train/job"),
        role_arn: format!("arn:aws:iam::{HERE}:role/service-role/train"),
        id: text("AROATRAINTRAINTRAINTR:job"),
    }
}

fn federated() -> Principal {
    Principal::Federated {
        account: text(HERE),
        arn: format!("arn:aws:sts::{HERE}:federated-user/bob"),
        id: format!("{HERE}:bob"),
    }
}

fn provider() -> Principal {
    Principal::Federated {
        account: text(HERE),
        arn: format!("arn:aws:iam::{HERE}:oidc-provider/issuer.example.com"),
        id: text("issuer.example.com:subject"),
    }
}

fn service() -> Principal {
    Principal::Service { name: text("sagemaker.amazonaws.com") }
}

/// A policy of these statements, in the version with variables.
fn policy(statements: Value) -> Policy {
    parse(json!({"Version": "2012-10-17", "Statement": statements}))
}

fn parse(document: Value) -> Policy {
    Policy::parse(&document.to_string()).unwrap_or_else(|wrong| panic!("{wrong}: {document}"))
}

fn named<'a>(name: &'a str, policy: &'a Policy) -> Source<'a> {
    Source { name: name.into(), policy }
}

/// What an identity-based policy alone says to the user.
fn alone(policy: &Policy, action: &str, resource: &str, context: &Context) -> Verdict {
    let request = Request { principal: &user(), action, resource, resource_account: None, context };
    decide(&request, &Policies { identity: vec![named("it", policy)], ..Policies::default() }).verdict
}

/// What an identity-based policy with this statement says to the user.
fn says(statement: Value, action: &str, resource: &str) -> Verdict {
    alone(&policy(statement), action, resource, &Context::new())
}

const NOTHING: Verdict = Verdict::ImplicitDeny(Kind::Identity);
