//! Trust policies: whether IAM takes them. What they mean is another module's affair.

use super::error::{IamError, Malformed};
use super::quota;
use crate::policy::Policy;
use crate::policy::outline::{self, Misshapen, Outline, many, plain};
use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// Checks the trust policy of a role.
pub fn check_trust(document: &str) -> Result<(), IamError> {
    let policy = parse(document)?;
    for statement in outline::statements(&policy).map_err(Malformed::from)? {
        check_trust_statement(Outline::of(statement).map_err(Malformed::from)?)?;
    }
    Policy::parse(document).map_err(|fault| Malformed::Unreadable(fault.message))?;
    if size(document) > quota::TRUST_POLICY_SIZE {
        return Err(IamError::Quota { quota: "ACLSizePerRole", limit: quota::TRUST_POLICY_SIZE });
    }
    Ok(())
}

impl From<Misshapen> for Malformed {
    fn from(fault: Misshapen) -> Self {
        match fault {
            Misshapen::Unknown(name) => Malformed::Unknown(name),
            Misshapen::Version => Malformed::Version,
            Misshapen::Missing(name) => Malformed::Missing(name),
            Misshapen::Both(name) => Malformed::Unreadable(format!("both `{name}` and `Not{name}`")),
            Misshapen::NoStatements => Malformed::NoStatements,
            Misshapen::NoObject => Malformed::Json,
            Misshapen::Effect(effect) => Malformed::Effect(plain(&effect)),
        }
    }
}

fn check_trust_statement(statement: Outline<'_>) -> Result<(), Malformed> {
    statement.check_effect()?;
    if let Some(element) =
        ["Resource", "NotResource"].into_iter().find(|name| statement.0.contains_key(*name))
    {
        return Err(Malformed::Prohibited(element));
    }
    check_principals(statement.one_of("Principal")?)?;
    for action in many(statement.one_of("Action")?) {
        let vendor = action.as_str().and_then(|action| action.split_once(':'));
        if !vendor.is_some_and(|(vendor, _)| vendor.eq_ignore_ascii_case("sts")) {
            return Err(Malformed::NotAssumeRole);
        }
    }
    Ok(())
}

fn check_principals(principals: &Value) -> Result<(), Malformed> {
    let Value::Object(kinds) = principals else {
        return if principals == "*" { Ok(()) } else { Err(Malformed::Principal(principals.to_string())) };
    };
    for (kind, names) in kinds {
        for name in many(names) {
            let name = name.as_str().unwrap_or_default();
            let known = match kind.as_str() {
                "AWS" => is_aws_principal(name),
                "Service" => name.contains('.'),
                "Federated" | "CanonicalUser" => !name.is_empty(),
                _ => false,
            };
            if !known {
                return Err(Malformed::Principal(format!("\"{}\":\"{name}\"", kind.to_uppercase())));
            }
        }
    }
    Ok(())
}

/// An account, an ARN, the unique id that an ARN becomes when its owner is deleted, or everybody.
fn is_aws_principal(name: &str) -> bool {
    let is_account = name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit());
    let is_unique_id = name.len() >= 16 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    name == "*" || is_account || is_unique_id || is_arn(name)
}

fn parse(document: &str) -> Result<Object, Malformed> {
    serde_json::from_str(document).map_err(|_| Malformed::Json)
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.matches(':').count() >= 5
}

/// IAM does not count white space.
pub fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str =
        r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}"#;

    fn trust(statement: &str) -> Result<(), IamError> {
        check_trust(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
    }

    #[test]
    fn sound_documents_pass() {
        assert_eq!(trust(ROLE), Ok(()));
        assert_eq!(check_trust(&format!(r#"{{"Statement":{ROLE}}}"#)), Ok(()), "one statement needs no list");
        for principal in [
            r#""*""#,
            r#"{"AWS":["111122223333","arn:aws:iam::111122223333:root","AROAAAAAAAAAAAAAAAAAA","*"]}"#,
            r#"{"Federated":"cognito-identity.amazonaws.com"}"#,
        ] {
            let statement = format!(r#"{{"Effect":"Deny","Principal":{principal},"Action":["sts:*"]}}"#);
            assert_eq!(trust(&statement), Ok(()));
        }
    }

    #[test]
    fn each_fault_of_a_trust_policy_has_its_text() {
        let with = |from: &str, to: &str| ROLE.replace(from, to);
        let cases = [
            (check_trust("{"), "This policy contains invalid Json"),
            (check_trust("[]"), "This policy contains invalid Json"),
            (trust("7"), "This policy contains invalid Json"),
            (check_trust(r#"{"Version":"2012"}"#), "The policy must contain a valid version string"),
            (check_trust("{}"), "Missing required field Statement"),
            (trust(""), "Could not parse the policy: Statement is empty!"),
            (check_trust(r#"{"probe":"p"}"#), "Unknown field probe"),
            (trust(&with("Effect", "effect")), "Unknown field effect"),
            (trust(&with(r#""Effect":"Allow","#, "")), "Missing required field Effect"),
            (trust(&with("Allow", "allow")), "Invalid effect: allow"),
            (trust(r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#), "Missing required field Principal"),
            (trust(r#"{"Effect":"Allow","Principal":"*"}"#), "Missing required field Action"),
            (trust(&with("\"Action", "\"Resource\":\"*\",\"Action")), "Has prohibited field Resource"),
            (
                trust(&with("sts:AssumeRole", "s3:Get")),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (trust(&with("sagemaker.amazonaws.com", "x")), r#"Invalid principal in policy: "SERVICE":"x""#),
            (
                trust(&with("Service", "AWS")),
                r#"Invalid principal in policy: "AWS":"sagemaker.amazonaws.com""#,
            ),
            (
                trust(&with("\"Action", "\"Condition\":{\"StringLikes\":{\"a\":\"b\"}},\"Action")),
                "Could not parse the policy: unknown condition operator `StringLikes`",
            ),
            (
                trust(&with("\"Action", "\"NotAction\":\"sts:*\",\"Action")),
                "Could not parse the policy: both `Action` and `NotAction`",
            ),
            (
                trust(&with("\"Action", "\"Effect\":\"Deny\",\"Action")),
                "Could not parse the policy: duplicate field `Effect`",
            ),
            (
                check_trust(&format!(r#"{{"Statement":[{}]}}"#, vec![ROLE; 30].join(" , "))),
                "Cannot exceed quota for ACLSizePerRole: 2048",
            ),
        ];
        for (result, text) in cases {
            assert_eq!(result.unwrap_err().to_string(), text);
        }
    }
}
