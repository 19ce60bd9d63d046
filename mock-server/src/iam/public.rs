//! Whether a bucket's policy lets in the public.
//!
//! Source: S3 user guide, "Blocking public access to your Amazon S3 storage", "The meaning of "public"": a policy is
//! public unless everything that it grants is granted to somebody in particular, or under a condition that holds a key
//! of a list to fixed values. What the guide leaves open (which operators hold a key to values) is decided here:
//! those that are not negated and do not hold where the key is absent.

use ipnet::IpNet;
use serde_json::{Map, Value};

/// The keys that can make a grant to everybody one that is not public.
const FIXING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Operators that hold a key to values.
const COMPARING: &[&str] =
    &["stringequals", "stringlike", "stringequalsignorecase", "arnequals", "arnlike", "ipaddress"];

/// Whether the document grants anything to the public. A text that is no policy grants nothing.
pub fn is_public(document: &str) -> bool {
    let Ok(document) = serde_json::from_str::<Value>(document) else { return false };
    many(document.get("Statement")).any(|statement| {
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && lets_in_anybody(statement)
            && !is_held(statement.get("Condition").and_then(Value::as_object))
    })
}

/// One value or a list of them.
fn many(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let (one, list) = match value {
        Some(Value::Array(list)) => (None, list.as_slice()),
        one => (one, &[][..]),
    };
    one.into_iter().chain(list)
}

fn lets_in_anybody(statement: &Value) -> bool {
    match statement.get("Principal") {
        // All but somebody is nearly everybody.
        None => statement.get("NotPrincipal").is_some(),
        Some(Value::Object(kinds)) => {
            let names = kinds.values().flat_map(|names| many(Some(names)));
            names.filter_map(Value::as_str).any(|name| name.contains('*'))
        }
        Some(all) => all.as_str() == Some("*"),
    }
}

/// Whether some condition holds a key to fixed values. All conditions of a statement must hold, so one is enough.
fn is_held(conditions: Option<&Map<String, Value>>) -> bool {
    let comparing = |operator: &str| {
        let operator = operator.to_ascii_lowercase();
        COMPARING.contains(&operator.strip_prefix("foranyvalue:").unwrap_or(&operator))
    };
    let held = conditions.into_iter().flatten().filter(|(operator, _)| comparing(operator));
    held.filter_map(|(_, keys)| keys.as_object()).flatten().any(|(key, values)| {
        let key = key.to_ascii_lowercase();
        let mut values = many(Some(values)).filter_map(Value::as_str).peekable();
        values.peek().is_some() && values.all(|value| is_fixed(&key, value))
    })
}

fn is_fixed(key: &str, value: &str) -> bool {
    let plain = !value.contains(['*', '?']) && !value.contains("${");
    match key {
        "aws:sourceip" => plain && is_narrow(value),
        // The user's part stands for everybody who assumes the role.
        "aws:userid" => plain && !value.contains(":*"),
        // A wildcard for the name is no harm as long as the account is fixed.
        "s3:dataaccesspointarn" => {
            let account = value.split(':').nth(4).unwrap_or_default();
            account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit())
        }
        key => FIXING.contains(&key) && plain,
    }
}

/// Broader than /8, or /32 of IPv6, is as good as everybody, unless those are private addresses.
fn is_narrow(value: &str) -> bool {
    const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    let block =
        value.parse::<IpNet>().ok().or_else(|| value.parse::<std::net::IpAddr>().ok().map(IpNet::from));
    block.is_some_and(|block| match block {
        IpNet::V4(v4) => {
            let private = PRIVATE.iter().filter_map(|text| text.parse::<ipnet::Ipv4Net>().ok());
            v4.prefix_len() >= 8 || private.into_iter().any(|private| private.contains(&v4))
        }
        IpNet::V6(v6) => v6.prefix_len() >= 32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn public(principal: Value, condition: Value) -> bool {
        let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*", "Condition": condition});
        is_public(&json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
    }

    #[test]
    fn who_is_somebody_in_particular() {
        for (principal, expected) in [
            (json!("*"), true),
            (json!({"AWS": "*"}), true),
            (json!({"AWS": ["111122223333", "*"]}), true),
            (json!({"AWS": "111122223333"}), false),
            (json!({"AWS": "arn:aws:iam::111122223333:role/r"}), false),
            (json!({"Service": "logging.s3.amazonaws.com"}), false),
        ] {
            assert_eq!(public(principal.clone(), json!({})), expected, "{principal}");
        }
        let but = json!({"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"},
            "Action": "s3:*", "Resource": "*"}});
        assert!(is_public(&but.to_string()));
        let deny =
            json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}});
        assert!(!is_public(&deny.to_string()) && !is_public("no policy"));
    }

    #[test]
    fn which_conditions_hold_back_the_public() {
        for (operator, key, value, held) in [
            ("StringEquals", "aws:SourceVpc", json!("vpc-91237329"), true),
            ("StringEquals", "aws:sourcevpce", json!(["vpce-1", "vpce-2"]), true),
            ("StringLike", "aws:SourceVpc", json!("vpc-*"), false),
            ("StringLike", "aws:SourceVpc", json!("vpc-91237329"), true),
            ("StringNotEquals", "aws:SourceVpc", json!("vpc-91237329"), false),
            ("StringEqualsIfExists", "aws:SourceVpc", json!("vpc-91237329"), false),
            ("ForAllValues:StringEquals", "aws:SourceVpc", json!("vpc-91237329"), false),
            ("StringEquals", "aws:SourceVpc", json!([]), false),
            ("StringEquals", "aws:SourceVpc", json!(["vpc-1", "${aws:username}"]), false),
            ("StringEquals", "aws:PrincipalOrgID", json!("o-a1b2c3d4e5"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:sns:us-east-1:111122223333:t"), true),
            ("ArnLike", "aws:SourceArn", json!("arn:aws:sns:*:*:*"), false),
            ("StringEquals", "aws:userid", json!("AROAEXAMPLE:*"), false),
            ("StringEquals", "aws:userid", json!("AIDAEXAMPLE"), true),
            ("StringEquals", "s3:DataAccessPointAccount", json!("111122223333"), true),
            (
                "ArnLike",
                "s3:DataAccessPointArn",
                json!("arn:aws:s3:us-west-2:111122223333:accesspoint/*"),
                true,
            ),
            ("ArnLike", "s3:DataAccessPointArn", json!("arn:aws:s3:us-west-2:*:accesspoint/*"), false),
            ("StringEquals", "aws:Referer", json!("https://example.com/"), false),
            ("Bool", "aws:SecureTransport", json!("true"), false),
            ("IpAddress", "aws:SourceIp", json!("203.0.113.0/24"), true),
            ("IpAddress", "aws:SourceIp", json!("203.0.113.5"), true),
            ("IpAddress", "aws:SourceIp", json!("0.0.0.0/1"), false),
            ("IpAddress", "aws:SourceIp", json!("8.0.0.0/7"), false),
            ("IpAddress", "aws:SourceIp", json!("2001:db8::/32"), true),
            ("IpAddress", "aws:SourceIp", json!("2001::/16"), false),
            ("NotIpAddress", "aws:SourceIp", json!("203.0.113.0/24"), false),
        ] {
            let condition = json!({operator: {key: value}});
            assert_eq!(public(json!("*"), condition.clone()), !held, "{condition}");
        }
        // One of several is enough.
        let both =
            json!({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}});
        assert!(!public(json!("*"), both));
    }
}
