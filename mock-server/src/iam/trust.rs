//! Trust policies: who may assume a role.
//!
//! A tolerant first form. It looks at effect, principal and action. What it cannot weigh, it resolves in favour
//! of whoever asks: a condition counts as met where it allows and as not met where it denies, and trust in an
//! account is trust in everybody who acts for that account.

use crate::kernel::AccountId;
use serde_json::Value;

/// Who wants to assume a role.
#[derive(Clone, Debug)]
pub enum Asker {
    /// A service, such as `sagemaker.amazonaws.com`.
    Service(String),
    /// Somebody of an account, by every ARN that names them: of the session and of its role.
    Principal { account: AccountId, arns: Vec<String> },
}

/// What a trust policy says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it, whatever others allow.
    Denied,
}

/// Whether this trust policy lets the asker do `action`, such as `sts:AssumeRole`.
///
/// A document that is no policy allows nothing.
pub fn decide(document: &str, asker: &Asker, action: &str) -> Decision {
    let policy: Value = serde_json::from_str(document).unwrap_or_default();
    let mut decision = Decision::NotAllowed;
    for statement in many(&policy["Statement"]) {
        if !names(statement, asker) || !covers(statement, action) {
            continue;
        }
        let conditional = many(&statement["Condition"]).next().is_some();
        match statement["Effect"].as_str() {
            Some("Allow") => decision = Decision::Allowed,
            Some("Deny") if !conditional => return Decision::Denied,
            _ => {}
        }
    }
    decision
}

/// One thing or a list of things: policies write both the same way.
fn many(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, one) = match value {
        Value::Null => (None, None),
        Value::Array(list) => (Some(list), None),
        one => (None, Some(one)),
    };
    list.into_iter().flatten().chain(one)
}

fn names(statement: &Value, asker: &Asker) -> bool {
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, others) => !is_among(others, asker),
        (principal, _) => is_among(principal, asker),
    }
}

fn is_among(principals: &Value, asker: &Asker) -> bool {
    if principals == "*" {
        return true;
    }
    let listed =
        |kind: &str, is: &dyn Fn(&str) -> bool| many(&principals[kind]).filter_map(Value::as_str).any(is);
    match asker {
        Asker::Service(service) => listed("Service", &|name| name == service),
        Asker::Principal { account, arns } => listed("AWS", &|name| {
            let digits = account.to_string();
            name == "*"
                || name == digits
                || name.strip_prefix("arn:").is_some_and(|arn| arn.ends_with(&format!(":iam::{digits}:root")))
                || arns.iter().any(|arn| arn == name)
        }),
    }
}

fn covers(statement: &Value, action: &str) -> bool {
    let listed = |element: &str| {
        many(&statement[element]).filter_map(Value::as_str).any(|pattern| is_like(pattern, action))
    };
    if statement["Action"].is_null() {
        !statement["NotAction"].is_null() && !listed("NotAction")
    } else {
        listed("Action")
    }
}

/// Whether a name matches a pattern in which `*` stands for anything and `?` for one character, whatever the case.
fn is_like(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    // Where to go on if the rest does not fit: after the last star, with one more character under it.
    let mut retry = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, n + 1));
                p += 1;
            }
            Some(c) if *c == b'?' || c.eq_ignore_ascii_case(&name[n]) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((after, next)) = retry else { return false };
                (p, n) = (after, next);
                retry = Some((after, next + 1));
            }
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn session() -> Asker {
        Asker::Principal {
            account: AccountId::parse("111122223333").unwrap(),
            arns: vec![
                "arn:aws:sts::111122223333:assumed-role/dev/me".into(),
                "arn:aws:iam::111122223333:role/dev".into(),
            ],
        }
    }

    fn of(asker: &Asker, statements: Value) -> Decision {
        decide(&json!({ "Statement": statements }).to_string(), asker, "sts:AssumeRole")
    }

    #[test]
    fn a_principal_is_named_by_account_arn_or_star() {
        for principal in [
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": "111122223333"}),
            json!({"AWS": "arn:aws-cn:iam::111122223333:root"}),
            json!({"AWS": ["arn:aws:iam::999999999999:root", "arn:aws:iam::111122223333:role/dev"]}),
            json!({"AWS": "arn:aws:sts::111122223333:assumed-role/dev/me"}),
        ] {
            let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:*"});
            assert_eq!(of(&session(), statement), Decision::Allowed, "{principal}");
        }
        for principal in [
            json!({"AWS": "999999999999"}),
            json!({"AWS": "arn:aws:iam::111122223333:role/de"}),
            json!({"Service": "sagemaker.amazonaws.com"}),
            json!({}),
            Value::Null,
        ] {
            let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:*"});
            assert_eq!(of(&session(), statement), Decision::NotAllowed, "{principal}");
        }
    }

    #[test]
    fn a_service_is_named_by_its_name() {
        let statement = |name: &str| json!([{"Effect": "Allow", "Principal": {"Service": [name]}, "Action": ["sts:assumerole"]}]);
        let sagemaker = Asker::Service("sagemaker.amazonaws.com".into());
        assert_eq!(of(&sagemaker, statement("sagemaker.amazonaws.com")), Decision::Allowed);
        assert_eq!(of(&sagemaker, statement("ec2.amazonaws.com")), Decision::NotAllowed);
    }

    #[test]
    fn a_denial_wins_unless_it_is_conditional() {
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": {"Bool": {}}});
        let deny = json!({"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "sts:Assume*"});
        assert_eq!(of(&session(), json!([deny, allow])), Decision::Denied);
        assert_eq!(of(&session(), json!([allow, deny])), Decision::Denied);
        let mut conditional = deny.clone();
        conditional["Condition"] = json!({"StringEquals": {}});
        assert_eq!(of(&session(), json!([conditional, allow])), Decision::Allowed);
        let others = json!({"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "*"});
        assert_eq!(of(&session(), json!([others, allow])), Decision::Allowed);
    }

    #[test]
    fn what_is_no_policy_allows_nothing() {
        for document in ["", "[]", "null", "{", r#"{"Statement": 7}"#, r#"{"Statement": [[]]}"#] {
            assert_eq!(decide(document, &session(), "sts:AssumeRole"), Decision::NotAllowed, "{document}");
        }
        let not_action = json!({"Effect": "Allow", "Principal": "*", "NotAction": "sts:Tag*"});
        assert_eq!(of(&session(), not_action), Decision::Allowed);
    }

    #[test]
    fn patterns_match_in_time() {
        for pattern in ["*", "sts:*", "STS:Assume?ole", "*Role", "s*s:*R*e", "sts:AssumeRole*"] {
            assert!(is_like(pattern, "sts:AssumeRole"), "{pattern}");
        }
        for pattern in ["", "sts:AssumeRol", "sts:?", "*x*", "sts:AssumeRole?"] {
            assert!(!is_like(pattern, "sts:AssumeRole"), "{pattern}");
        }
        assert!(!is_like(&"*a".repeat(1_000), &"a".repeat(999)));
    }
}
