//! The role that a job acts as.

use super::*;
use serde_json::Value;

/// The service that assumes the role, and the action by which it does.
const SERVICE: &str = "sagemaker.amazonaws.com";
const ASSUME: &str = "sts:AssumeRole";

/// The role lets the service act as it.
pub struct TrustedRole;
impl Rule for TrustedRole {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-TRUST-07",
        aliases: &["SM-F-ROLE-SYNC"],
        name: "role-trusts-sagemaker",
        jobs: ALL,
        phase: Phase::Create,
        basis: Basis::Documented,
        docs: &[Doc { page: "sagemaker-roles", anchor: "" }],
        summary: "The execution role exists in the job's account, and its trust policy lets sagemaker.amazonaws.com \
                  call sts:AssumeRole. That the create call checks it was observed.",
        hint: "Create the role, and allow the principal Service sagemaker.amazonaws.com the action sts:AssumeRole in \
               its trust policy.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let evidence = Evidence::of(case.needs.role_arn.clone());
        let Some(role) = case.role() else {
            return Verdict::Violated(evidence.with("because", "there is no such role"));
        };
        match trust(&role.trust) {
            Trust::Given => Verdict::Satisfied(evidence),
            Trust::Denied => {
                Verdict::Violated(evidence.with("because", "a statement of the trust policy denies it"))
            }
            Trust::NotGiven => {
                Verdict::Violated(evidence.with("because", "no statement of the trust policy allows it"))
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trust {
    Given,
    Denied,
    NotGiven,
}

/// What a trust policy says about the service. A refusal wins over a permission. Conditions are not evaluated: a
/// permission is taken to hold, a refusal not to.
fn trust(policy: &str) -> Trust {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return Trust::NotGiven };
    let speaks = |statement: &&Value| speaks_of_service(statement) && speaks_of_assuming(statement);
    let effects = |effect: &str| {
        let matching = each(policy.get("Statement")).filter(speaks);
        matching.filter(|statement| statement["Effect"] == effect).cloned().collect::<Vec<_>>()
    };
    if effects("Deny").iter().any(|statement| statement.get("Condition").is_none()) {
        Trust::Denied
    } else if !effects("Allow").is_empty() {
        Trust::Given
    } else {
        Trust::NotGiven
    }
}

/// A value, or each member of a list of values.
fn each(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let values = match value {
        None => &[][..],
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
    };
    values.iter()
}

fn speaks_of_service(statement: &Value) -> bool {
    let names = |principal: &Value| match principal {
        Value::String(name) => name == "*",
        principal => {
            each(principal.get("Service")).any(|name| name == SERVICE || name == "*")
                || each(principal.get("AWS")).any(|name| name == "*")
        }
    };
    match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(principal), _) => names(principal),
        (None, Some(other)) => !names(other),
        (None, None) => false,
    }
}

fn speaks_of_assuming(statement: &Value) -> bool {
    let named = |actions: Option<&Value>| {
        each(actions).filter_map(Value::as_str).any(|pattern| matches(&pattern.to_lowercase(), ASSUME))
    };
    match statement.get("NotAction") {
        Some(other) => !named(Some(other)),
        None => named(statement.get("Action")),
    }
}

/// Whether a pattern with `*` and `?`, in lower case, covers a name.
fn matches(pattern: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and how much of the name it covers so far: a star that covers more undoes every
    // choice after it, so no other one has to be remembered.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(b'?') => (p, n) = (p + 1, n + 1),
            Some(expected) if *expected == name[n] => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, covered)) => {
                    star = Some((at, covered + 1));
                    (p, n) = (at + 1, covered + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(statements: &str) -> Trust {
        trust(&format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#))
    }

    #[test]
    fn the_usual_forms_of_a_trust_policy_are_read() {
        let service = r#""Principal":{"Service":"sagemaker.amazonaws.com"}"#;
        for statement in [
            format!(r#"{{"Effect":"Allow",{service},"Action":"sts:AssumeRole"}}"#),
            format!(r#"[{{"Effect":"Allow",{service},"Action":["sts:TagSession","sts:AssumeRole"]}}]"#),
            r#"{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","sagemaker.amazonaws.com"]},"Action":"sts:*"}"#.into(),
            r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#.into(),
            format!(r#"{{"Effect":"Allow",{service},"Action":"STS:assumeRole","Condition":{{"StringEquals":{{}}}}}}"#),
            format!(r#"{{"Effect":"Allow",{service},"NotAction":"sts:TagSession"}}"#),
        ] {
            assert_eq!(policy(&statement), Trust::Given, "{statement}");
        }
    }

    #[test]
    fn a_policy_that_speaks_of_others_gives_no_trust() {
        for statement in [
            r#"{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:TagSession"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}"#,
            r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#,
            "[]",
            "7",
        ] {
            assert_eq!(policy(statement), Trust::NotGiven, "{statement}");
        }
        assert_eq!(trust("not json"), Trust::NotGiven);
    }

    #[test]
    fn a_refusal_wins() {
        let allow = r#"{"Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        let deny = allow.replace("Allow", "Deny");
        assert_eq!(policy(&format!("[{allow},{deny}]")), Trust::Denied);
        let others = r#"{"Effect":"Deny","NotPrincipal":{"Service":"sagemaker.amazonaws.com"},"Action":"*"}"#;
        assert_eq!(policy(&format!("[{allow},{others}]")), Trust::Given);
    }
}
