//! Policies of VPC endpoints: whether a document is one.
//!
//! Source: PrivateLink user guide, "Control access to VPC endpoints using endpoint policies"; IAM user guide,
//! "Grammar of the IAM JSON policy language"; EC2-VPCE-POLICY.

use super::error::EndpointError;
use crate::model::EndpointType;
use crate::policy::Policy;
use crate::policy::outline::{self, Misshapen, Outline};
use serde_json::{Map, Value};

/// How many characters a policy may have, white space included.
pub const MOST: usize = 20_480;

/// The policy of an endpoint that was given none: it allows everything. AWS prints one for each type.
pub fn default(kind: EndpointType) -> &'static str {
    match kind {
        EndpointType::Gateway => concat!(
            r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","#,
            r#""Resource":"*"}]}"#
        ),
        EndpointType::Interface => concat!(
            "{\n  \"Statement\": [\n    {\n      \"Action\": \"*\", \n      \"Effect\": \"Allow\", \n",
            "      \"Principal\": \"*\", \n      \"Resource\": \"*\"\n    }\n  ]\n}"
        ),
    }
}

/// Checks a document. One without `Version` is a policy, and so is one that only denies, though it lets nothing
/// through.
///
/// # Errors
/// If it is no JSON, no policy, or too long.
pub fn check(document: &str) -> Result<(), EndpointError> {
    if document.chars().count() > MOST {
        return Err(EndpointError::PolicyTooLong(MOST));
    }
    let policy: Value = serde_json::from_str(document)
        .map_err(|error| EndpointError::PolicySyntax { line: error.line(), column: error.column() })?;
    let fault = match &policy {
        Value::Object(policy) => fault(policy).or_else(|| {
            Policy::parse(document).err().map(|_| "It has an unknown operator, or something twice.")
        }),
        _ => Some("It is no JSON object."),
    };
    fault.map_or(Ok(()), |fault| Err(EndpointError::PolicyElement(fault)))
}

fn fault(policy: &Map<String, Value>) -> Option<&'static str> {
    match outline::statements(policy) {
        Ok(statements) => statements.into_iter().find_map(statement_fault),
        Err(Misshapen::Unknown(_)) => Some("It has an unknown element."),
        Err(Misshapen::Version) => Some("Its Version is unknown."),
        Err(_) => Some("It has no Statement."),
    }
}

/// What a statement lacks, or has too much of.
fn told(fault: Misshapen) -> &'static str {
    match fault {
        Misshapen::NoObject => "A statement is no JSON object.",
        Misshapen::Missing("Principal") | Misshapen::Both("Principal") => "A statement has no Principal.",
        Misshapen::Missing("Action") | Misshapen::Both("Action") => "A statement has no Action.",
        Misshapen::Missing("Resource") | Misshapen::Both("Resource") => "A statement has no Resource.",
        Misshapen::Missing(_) | Misshapen::Effect(_) => {
            "The Effect of a statement is neither Allow nor Deny."
        }
        _ => "A statement has an unknown element.",
    }
}

fn statement_fault(statement: &Value) -> Option<&'static str> {
    let principal = match principal_of(statement) {
        Ok(principal) => principal,
        Err(fault) => return Some(told(fault)),
    };
    let texts = |key: &str| match statement.get(key) {
        Some(Value::Array(texts)) => !texts.is_empty() && texts.iter().all(Value::is_string),
        Some(value) => value.is_string(),
        None => true,
    };
    if !["Action", "NotAction", "Resource", "NotResource"].into_iter().all(texts) {
        return Some("An Action or a Resource is no text.");
    }
    if principal != "*" && !principal.is_object() {
        return Some("A Principal is neither * nor a JSON object.");
    }
    let operators = statement.get("Condition").is_none_or(|condition| {
        condition.as_object().is_some_and(|operators| operators.values().all(Value::is_object))
    });
    if operators { None } else { Some("A Condition is no JSON object of operators.") }
}

/// The principal of a statement that has all that a policy of a resource needs.
fn principal_of(statement: &Value) -> Result<&Value, Misshapen> {
    let outline = Outline::of(statement)?;
    outline.check_effect()?;
    let principal = outline.one_of("Principal")?;
    outline.one_of("Action")?;
    outline.one_of("Resource")?;
    Ok(principal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ALLOW: &str = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}"#;

    #[test]
    fn policies_pass_whatever_they_let_through() {
        for kind in [EndpointType::Gateway, EndpointType::Interface] {
            assert_eq!(check(default(kind)), Ok(()));
        }
        assert_eq!(check(ALLOW), Ok(()));
        let deny_only = json!({ "Statement": [{
            "Sid": "AmazonLinuxAMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"],
            "Effect": "Deny", "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*"],
        }]});
        assert_eq!(check(&deny_only.to_string()), Ok(()));
        assert_eq!(check(&format!("{ALLOW}{}", " ".repeat(MOST - ALLOW.len()))), Ok(()));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        assert_eq!(check("{\"Statement\": [}"), Err(EndpointError::PolicySyntax { line: 1, column: 16 }));
        // The page that denies two repositories prints two documents: together they are none.
        assert!(matches!(
            check(&format!("{ALLOW}\n{ALLOW}")),
            Err(EndpointError::PolicySyntax { line: 2, .. })
        ));
        assert_eq!(check(&" ".repeat(MOST + 1)), Err(EndpointError::PolicyTooLong(MOST)));
        let allow: Value = serde_json::from_str(ALLOW).unwrap();
        for (change, fault) in [
            (json!({ "Effect": "Maybe" }), "The Effect of a statement is neither Allow nor Deny."),
            (json!({ "Principal": null }), "A Principal is neither * nor a JSON object."),
            (json!({ "Principal": "arn:aws:iam::1:root" }), "A Principal is neither * nor a JSON object."),
            (json!({ "NotAction": "s3:*" }), "A statement has no Action."),
            (json!({ "NotResource": "*" }), "A statement has no Resource."),
            (json!({ "NotPrincipal": "*" }), "A statement has no Principal."),
            (json!({ "Resource": [] }), "An Action or a Resource is no text."),
            (json!({ "Actoin": "*" }), "A statement has an unknown element."),
            (
                json!({ "Condition": { "test": "StringEquals" } }),
                "A Condition is no JSON object of operators.",
            ),
        ] {
            let mut policy = allow.clone();
            policy["Statement"].as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            assert_eq!(check(&policy.to_string()), Err(EndpointError::PolicyElement(fault)));
        }
        for (policy, fault) in [
            ("[]", "It is no JSON object."),
            ("{}", "It has no Statement."),
            (r#"{"Statement":[]}"#, "It has no Statement."),
            (r#"{"Statement":["x"]}"#, "A statement is no JSON object."),
            (r#"{"Version":"2020-01-01","Statement":[]}"#, "Its Version is unknown."),
            (r#"{"Statements":[]}"#, "It has an unknown element."),
        ] {
            assert_eq!(check(policy), Err(EndpointError::PolicyElement(fault)));
        }
    }
}
