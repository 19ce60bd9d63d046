//! Policies of VPC endpoints: whether a document is one.
//!
//! Source: PrivateLink user guide, "Control access to VPC endpoints using endpoint policies"; IAM user guide,
//! "Grammar of the IAM JSON policy language"; EC2-VPCE-POLICY.

use super::error::EndpointError;
use crate::model::EndpointType;
use crate::policy::Policy;
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
    let unknown = |key: &String| !matches!(key.as_str(), "Version" | "Id" | "Statement");
    if policy.keys().any(unknown) {
        return Some("It has an unknown element.");
    }
    if policy.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
        return Some("Its Version is unknown.");
    }
    match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => {
            statements.iter().find_map(statement_fault)
        }
        Some(one @ Value::Object(_)) => statement_fault(one),
        _ => Some("It has no Statement."),
    }
}

fn statement_fault(statement: &Value) -> Option<&'static str> {
    const ELEMENTS: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let Value::Object(statement) = statement else { return Some("A statement is no JSON object.") };
    if statement.keys().any(|key| !ELEMENTS.contains(&key.as_str())) {
        return Some("A statement has an unknown element.");
    }
    if !statement.get("Effect").is_some_and(|effect| effect == "Allow" || effect == "Deny") {
        return Some("The Effect of a statement is neither Allow nor Deny.");
    }
    let one_of = |a: &str, b: &str| statement.contains_key(a) != statement.contains_key(b);
    if !one_of("Principal", "NotPrincipal") {
        return Some("A statement has no Principal.");
    }
    if !one_of("Action", "NotAction") {
        return Some("A statement has no Action.");
    }
    if !one_of("Resource", "NotResource") {
        return Some("A statement has no Resource.");
    }
    let texts = |key: &str| match statement.get(key) {
        Some(Value::Array(texts)) => !texts.is_empty() && texts.iter().all(Value::is_string),
        Some(value) => value.is_string(),
        None => true,
    };
    if !["Action", "NotAction", "Resource", "NotResource"].into_iter().all(texts) {
        return Some("An Action or a Resource is no text.");
    }
    let principal = statement.get("Principal").or(statement.get("NotPrincipal"));
    if !principal.is_some_and(|principal| principal == "*" || principal.is_object()) {
        return Some("A Principal is neither * nor a JSON object.");
    }
    let operators = statement.get("Condition").is_none_or(|condition| {
        condition.as_object().is_some_and(|operators| operators.values().all(Value::is_object))
    });
    if operators { None } else { Some("A Condition is no JSON object of operators.") }
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
