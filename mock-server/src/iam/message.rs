//! What an EC2 refusal tells in code: who asked for what, and which statements decided.
//!
//! `sts:DecodeAuthorizationMessage` turns the code back. What it then says has the form that the page of that
//! operation and the IAM user guide show; the code itself is nobody's business but ours: base64url of that text, made
//! short, and of a digest over it and the account, so that only what this account was told can be decoded. It has to be
//! short: where a failure reason repeats it, 1,024 characters are all there is.

use crate::kernel::{AccountId, digest};
use crate::policy::{Context, Decision, Effect, Principal, Verdict};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use std::io::{Read, Write};

/// Bytes of the digest before the text.
const SEAL: usize = 16;

/// A refusal, as it is told.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Message<'a> {
    allowed: bool,
    explicit_deny: bool,
    matched_statements: Items<Matched<'a>>,
    failures: Items<()>,
    context: Asked<'a>,
}

/// A list, as these messages write it.
#[derive(Serialize, Debug)]
struct Items<T> {
    items: Vec<T>,
}

impl<T> FromIterator<T> for Items<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self { items: items.into_iter().collect() }
    }
}

/// A statement that decided.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Matched<'a> {
    statement_id: &'a str,
    effect: &'static str,
    /// The policy that it is in, as AWS does not tell it: the mock's own addition.
    source: &'a str,
}

#[derive(Serialize, Debug)]
struct Asked<'a> {
    principal: Who<'a>,
    action: &'a str,
    resource: &'a str,
    conditions: Items<Condition<'a>>,
}

#[derive(Serialize, Debug)]
struct Who<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arn: &'a str,
}

#[derive(Serialize, Debug)]
struct Condition<'a> {
    key: &'a str,
    values: Items<ConditionValue<'a>>,
}

#[derive(Serialize, Debug)]
struct ConditionValue<'a> {
    value: &'a str,
}

impl<'a> Message<'a> {
    /// What there is to tell of a decision. `keys` are the condition keys of `context` that are told, in this order.
    pub fn new(
        decision: &'a Decision,
        principal: &'a Principal,
        action: &'a str,
        resource: &'a str,
        context: &'a Context,
        keys: &[&'a str],
    ) -> Self {
        let matched = decision.cited.iter().map(|cited| Matched {
            statement_id: cited.sid.as_deref().unwrap_or_default(),
            effect: match cited.effect {
                Effect::Allow => "ALLOW",
                Effect::Deny => "DENY",
            },
            source: &cited.source,
        });
        let condition = |key: &&'a str| {
            let values = context.get(key)?.iter().map(|value| ConditionValue { value });
            Some(Condition { key, values: values.collect() })
        };
        Self {
            allowed: decision.verdict == Verdict::Allowed,
            explicit_deny: matches!(decision.verdict, Verdict::ExplicitDeny(_)),
            matched_statements: matched.collect(),
            failures: Items { items: Vec::new() },
            context: Asked {
                principal: who(principal),
                action,
                resource,
                conditions: keys.iter().filter_map(condition).collect(),
            },
        }
    }

    /// The message in code, for the caller's account.
    pub fn encode(&self, account: AccountId) -> String {
        // Maps with keys that are no text, and nothing else, cannot be written; there are none here.
        let text = serde_json::to_string(self).unwrap_or_default();
        let mut short = DeflateEncoder::new(Vec::new(), Compression::best());
        // Writing into memory does not fail.
        let _ = short.write_all(text.as_bytes());
        let short = short.finish().unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&seal(account, &short), &*short].concat())
    }
}

/// The text behind a message in code; `None` if it is not one that this account was told.
pub fn decode(account: AccountId, code: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(code).ok()?;
    let (_, short) =
        bytes.split_at_checked(SEAL).filter(|(sealed, short)| **sealed == seal(account, short))?;
    let mut text = String::new();
    DeflateDecoder::new(short).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Accounts read their own messages whatever seed they are reset with.
fn seal(account: AccountId, short: &[u8]) -> [u8; SEAL] {
    digest(0, &[b"authorization message", &account.number().to_le_bytes(), short]).to_be_bytes()
}

fn who(principal: &Principal) -> Who<'_> {
    match principal {
        Principal::Root { account, arn } => Who { id: account, name: None, arn },
        Principal::User { arn, id, name, .. } => Who { id, name: Some(name), arn },
        Principal::Session { arn, id, .. } | Principal::Federated { arn, id, .. } => {
            Who { id, name: id.split_once(':').map(|(_, name)| name), arn }
        }
        Principal::Service { name } => Who { id: name, name: None, arn: name },
        Principal::Anonymous => Who { id: "anonymous", name: None, arn: "*" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Cited, Kind};
    use proptest::prelude::*;
    use serde_json::json;

    fn account(number: u64) -> AccountId {
        AccountId::from_number(number).unwrap()
    }

    fn told() -> String {
        let cited = Cited {
            kind: Kind::Identity,
            source: "user/ann inline no".into(),
            statement: 0,
            sid: Some("No".into()),
            effect: Effect::Deny,
        };
        let decision = Decision { verdict: Verdict::ExplicitDeny(Kind::Identity), cited: vec![cited] };
        let principal = Principal::User {
            account: "111122223333".into(),
            arn: "arn:aws:iam::111122223333:user/ann".into(),
            id: "AIDAX".into(),
            name: "ann".into(),
        };
        let mut context = Context::new();
        context.set("ec2:Region", "us-east-1");
        context.set("aws:SecureTransport", "false");
        let keys = ["ec2:Region", "ec2:Tenancy"];
        Message::new(&decision, &principal, "ec2:CreateVpc", "*", &context, &keys).encode(account(7))
    }

    #[test]
    fn a_message_is_read_by_the_account_that_it_was_told() {
        let code = told();
        let text = decode(account(7), &code).unwrap();
        let expected = json!({
            "allowed": false, "explicitDeny": true,
            "matchedStatements": {"items": [
                {"statementId": "No", "effect": "DENY", "source": "user/ann inline no"}]},
            "failures": {"items": []},
            "context": {
                "principal": {"id": "AIDAX", "name": "ann", "arn": "arn:aws:iam::111122223333:user/ann"},
                "action": "ec2:CreateVpc", "resource": "*",
                "conditions": {"items": [{"key": "ec2:Region", "values": {"items": [{"value": "us-east-1"}]}}]},
            },
        });
        assert_eq!(text, expected.to_string());
        assert_eq!(decode(account(8), &code), None);
        assert_eq!(decode(account(7), &code[1..]), None);
        assert_eq!(decode(account(7), &format!("{code}A")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in ".{0,60}") {
            prop_assert_eq!(decode(account(7), &text), None);
        }
    }
}
