//! Policies of buckets, as S3 takes them.
//!
//! The texts were seen in public logs and in the tests of others that compare with S3; which of several faults S3 tells
//! first is assumed.

use super::access::{Denied, On, Visit};
use super::acts::Act;
use crate::iam::public::is_public;
use crate::kernel::{AccountId, Elsewhere, Scope};
use crate::model::{Bucket, FoundBucket, Partition, Role, State, User};
use crate::policy::Policy;
use crate::policy::actions::{Action, Actions};
use crate::policy::outline::{self, Misshapen, Outline, many, plain};
use ipnet::IpNet;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// The most bytes of a policy. Source: S3 user guide, "Bucket policies".
const LARGEST: usize = 20 * 1024;

/// Why a text is no policy for a bucket: S3's words.
type Fault = String;

impl Visit<'_> {
    /// Whether this text may become the bucket's policy, for somebody who may put one.
    ///
    /// # Errors
    /// It is none, or it is public and the bucket takes no such policies.
    pub fn check_policy(
        &self,
        found: &FoundBucket,
        text: &str,
        accounts: &dyn Elsewhere<State>,
    ) -> Result<(), Denied> {
        check(text, &found.bucket, accounts).map_err(|message| Denied {
            code: "MalformedPolicy",
            status: 400,
            message,
            ground: None,
        })?;
        let blocks = found.bucket.public_access.is_some_and(|block| block.block_policy);
        if blocks && is_public(text) {
            let reason = "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
            let act = Act::new("PutBucketPolicy", On::Bucket(found));
            return Err(Denied::access(self.refusal(&act, reason), None));
        }
        Ok(())
    }
}

/// What is wrong with a text as the policy of a bucket.
///
/// # Errors
/// The first fault.
pub fn check(text: &str, bucket: &Bucket, accounts: &dyn Elsewhere<State>) -> Result<(), Fault> {
    if text.len() > LARGEST {
        return Err("Policy exceeds the maximum allowed document size.".into());
    }
    if !text.starts_with('{') {
        return Err("Policies must be valid JSON and the first byte must be '{'".into());
    }
    let Ok(Value::Object(document)) = serde_json::from_str(text) else {
        return Err("This policy contains invalid Json".into());
    };
    for statement in outline::statements(&document).map_err(told)? {
        check_statement(Outline::of(statement).map_err(told)?, bucket, accounts)?;
    }
    Policy::parse(text).map(drop).map_err(|_| syntax())
}

fn syntax() -> Fault {
    "Invalid policy syntax.".into()
}

/// S3's words for what every reader of policies looks at.
fn told(fault: Misshapen) -> Fault {
    match fault {
        Misshapen::Unknown(name) => format!("Unknown field {name}"),
        Misshapen::Version => "The policy must contain a valid version string".into(),
        Misshapen::Missing(name) => format!("Missing required field {name}"),
        Misshapen::NoStatements => "Could not parse the policy: Statement is empty!".into(),
        Misshapen::Effect(effect) => format!("Invalid effect: {}", plain(&effect)),
        Misshapen::Both(_) | Misshapen::NoObject => syntax(),
    }
}

fn check_statement(
    statement: Outline<'_>,
    bucket: &Bucket,
    accounts: &dyn Elsewhere<State>,
) -> Result<(), Fault> {
    statement.check_effect().map_err(told)?;
    check_principal(statement.one_of("Principal").map_err(told)?, accounts)?;
    let actions = known_actions(statement.one_of("Action").map_err(told)?)?;
    let resources = resources(statement.one_of("Resource").map_err(told)?, bucket)?;
    let statement = statement.0;
    if statement.contains_key("Action") && statement.contains_key("Resource") {
        let applies = |entry: &Vec<&Action>| {
            entry.iter().any(|action| {
                (resources.bucket && acts_on(action, "bucket"))
                    || (resources.objects && acts_on(action, "object"))
            })
        };
        if !actions.iter().all(applies) {
            return Err("Action does not apply to any resource(s) in statement".into());
        }
    }
    match statement.get("Condition") {
        None => Ok(()),
        Some(Value::Object(conditions)) => check_conditions(conditions, &actions),
        Some(_) => Err(syntax()),
    }
}

// === Who ===

fn check_principal(principal: &Value, accounts: &dyn Elsewhere<State>) -> Result<(), Fault> {
    let invalid = || Fault::from("Invalid principal in policy");
    match principal {
        Value::String(all) if all == "*" => Ok(()),
        Value::Object(kinds) if kinds.is_empty() => {
            Err("Missing required field Principal cannot be empty!".into())
        }
        Value::Object(kinds) => {
            let each = kinds
                .iter()
                .flat_map(|(kind, names)| many(names).into_iter().map(move |name| (kind.as_str(), name)));
            let mut some = false;
            for (kind, name) in each {
                some = true;
                let name = name.as_str().ok_or_else(invalid)?;
                let known = match kind {
                    "AWS" => is_principal(name, accounts),
                    "Service" => name.contains(".amazonaws.com"),
                    "CanonicalUser" => name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    "Federated" => !name.is_empty(),
                    _ => false,
                };
                if !known {
                    return Err(invalid());
                }
            }
            if some { Ok(()) } else { Err(invalid()) }
        }
        _ => Err(invalid()),
    }
}

/// Whether there is such a user or role. Nobody here knows those of accounts that nobody used.
fn is_principal(name: &str, accounts: &dyn Elsewhere<State>) -> bool {
    if name == "*" || AccountId::parse(name).is_some() {
        return true;
    }
    let parts: Vec<_> = name.splitn(6, ':').collect();
    let [_, partition, service, "", account, path] = parts[..] else { return false };
    let Some(account) = AccountId::parse(account) else { return false };
    if !name.starts_with("arn:") || Partition::ALL.into_iter().all(|known| known.id() != partition) {
        return false;
    }
    if path.contains(['*', '?']) {
        return false;
    }
    let last = path.rsplit('/').next().unwrap_or_default();
    let state = accounts.peek(account, &Scope::Global);
    match (service, path.split_once('/').map_or(path, |(kind, _)| kind)) {
        ("iam", "root") => path == "root",
        ("iam", "user") => {
            let user = state.map(|state| state.users.get(&User::key_of(last)).map(|user| user.arn == name));
            user.is_none_or(|is| is == Some(true))
        }
        ("iam", "role") => {
            let role = state.map(|state| state.roles.get(&Role::key_of(last)).map(|role| role.arn == name));
            role.is_none_or(|is| is == Some(true))
        }
        ("sts", "assumed-role" | "federated-user") => !last.is_empty(),
        _ => false,
    }
}

// === What ===

/// The actions that each entry of a list stands for.
fn known_actions(list: &Value) -> Result<Vec<Vec<&'static Action>>, Fault> {
    let invalid = || Fault::from("Policy has invalid action");
    let known = Actions::of("s3").map_or(&[][..], Actions::all);
    let entries: Vec<Vec<&Action>> = many(list)
        .into_iter()
        .map(|entry| {
            let pattern = entry.as_str().unwrap_or_default().to_ascii_lowercase();
            let named = known.iter().filter(|action| {
                let name = action.name.to_ascii_lowercase();
                pattern == "*" || pattern.strip_prefix("s3:").is_some_and(|pattern| matches(pattern, &name))
            });
            named.collect()
        })
        .collect();
    if entries.is_empty() || entries.iter().any(Vec::is_empty) { Err(invalid()) } else { Ok(entries) }
}

fn acts_on(action: &Action, kind: &str) -> bool {
    Actions::of("s3")
        .is_some_and(|actions| action.acts_on.iter().any(|on| actions.resource_type(on).name == kind))
}

/// What a list of resources covers of a bucket.
struct Resources {
    bucket: bool,
    objects: bool,
}

fn resources(list: &Value, bucket: &Bucket) -> Result<Resources, Fault> {
    let invalid = || Fault::from("Policy has invalid resource");
    let arn = Partition::of(&bucket.region).arn("s3", "", "", "");
    let mut covered = Resources { bucket: false, objects: false };
    let mut some = false;
    for resource in many(list) {
        some = true;
        let text = resource.as_str().ok_or_else(invalid)?;
        if text == "*" {
            covered = Resources { bucket: true, objects: true };
            continue;
        }
        let named = text.strip_prefix(&arn).ok_or_else(invalid)?;
        let (name, key) = named.split_once('/').map_or((named, None), |(name, key)| (name, Some(key)));
        if !matches(name, &bucket.name) {
            return Err(invalid());
        }
        covered.bucket |= key.is_none();
        // A star reaches over the slash.
        covered.objects |= key.is_some() || name.contains('*');
    }
    if some { Ok(covered) } else { Err(invalid()) }
}

/// Whether a pattern with `*` and `?` matches all of a text.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut seen) = (0, 0);
    // Where the last star was, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(b'?') => (at, seen) = (at + 1, seen + 1),
            Some(byte) if *byte == text[seen] => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((place, upto)) => {
                    star = Some((place, upto + 1));
                    (at, seen) = (place + 1, upto + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

// === When ===

/// Operators as they are without what is written around their names, in lower case.
const OPERATORS: &[&str] = &[
    "stringequals",
    "stringnotequals",
    "stringequalsignorecase",
    "stringnotequalsignorecase",
    "stringlike",
    "stringnotlike",
    "numericequals",
    "numericnotequals",
    "numericlessthan",
    "numericlessthanequals",
    "numericgreaterthan",
    "numericgreaterthanequals",
    "dateequals",
    "datenotequals",
    "datelessthan",
    "datelessthanequals",
    "dategreaterthan",
    "dategreaterthanequals",
    "bool",
    "binaryequals",
    "ipaddress",
    "notipaddress",
    "arnequals",
    "arnnotequals",
    "arnlike",
    "arnnotlike",
    "null",
];

fn check_conditions(conditions: &Map<String, Value>, actions: &[Vec<&Action>]) -> Result<(), Fault> {
    for (operator, keys) in conditions {
        let lower = operator.to_ascii_lowercase();
        let base = lower.split_once(':').map_or(&*lower, |(_, base)| base);
        let base = base.strip_suffix("ifexists").unwrap_or(base);
        if !OPERATORS.contains(&base) {
            return Err(format!("Invalid Condition type : {operator}"));
        }
        for (key, values) in keys.as_object().ok_or_else(syntax)? {
            check_key(key, actions)?;
            if base.ends_with("ipaddress") && !many(values).into_iter().all(is_address) {
                return Err("Invalid IP address in Conditions".into());
            }
        }
    }
    Ok(())
}

fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.parse::<IpNet>().is_ok() || text.parse::<IpAddr>().is_ok() || text.contains("${")
    })
}

/// Keys of AWS's own are not looked at; one of S3's must be one that each action of the statement has.
fn check_key(key: &str, actions: &[Vec<&Action>]) -> Result<(), Fault> {
    let lower = key.to_ascii_lowercase();
    if lower.starts_with("aws:") {
        return Ok(());
    }
    let Some(table) = Actions::of("s3") else { return Ok(()) };
    let is = |known: &str| {
        let known = known.to_ascii_lowercase();
        // `s3:ExistingObjectTag/<key>` stands for every key of a tag.
        match known.split_once('/') {
            Some((stem, _)) => {
                lower.strip_prefix(stem).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
            }
            None => known == lower,
        }
    };
    let has = |action: &Action| table.keys(action.keys).iter().any(|known| is(known));
    // Keys of resources hold for whatever is done to these.
    if table.types().iter().any(|kind| table.keys(kind.keys).iter().any(|known| is(known))) {
        return Ok(());
    }
    if !table.all().iter().any(has) {
        return Err("Policy has an invalid condition key".into());
    }
    if actions.iter().all(|entry| entry.iter().any(|action| has(action))) {
        return Ok(());
    }
    Err("Conditions do not apply to combination of actions and resources in statement".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Nowhere, SimTime};
    use serde_json::json;

    fn fault(document: &str) -> String {
        let account = AccountId::parse("111122223333").unwrap();
        let bucket = Bucket::new("data", account, "us-east-1".into(), SimTime::from_millis(0));
        check(document, &bucket, &Nowhere).err().unwrap_or_default()
    }

    /// A sound policy but for these elements of its one statement; null takes one away.
    fn with(changes: Value) -> String {
        let mut statement = json!({"Sid": "S", "Effect": "Allow", "Principal": {"AWS": "111122223333"},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]});
        for (name, value) in changes.as_object().unwrap() {
            statement[name] = value.clone();
            if value.is_null() {
                statement.as_object_mut().unwrap().remove(name);
            }
        }
        fault(&json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
    }

    #[test]
    fn documents() {
        for (document, expected) in [
            ("", "Policies must be valid JSON and the first byte must be '{'"),
            ("[]", "Policies must be valid JSON and the first byte must be '{'"),
            (" {}", "Policies must be valid JSON and the first byte must be '{'"),
            ("{true}", "This policy contains invalid Json"),
            (r#"{"Principal": "*" "#, "This policy contains invalid Json"),
            ("{}", "Missing required field Statement"),
            (r#"{"Statement": []}"#, "Could not parse the policy: Statement is empty!"),
            (r#"{"Statement": ["x"]}"#, "Invalid policy syntax."),
            (r#"{"Version": "2012", "Statement": []}"#, "The policy must contain a valid version string"),
            (r#"{"Statements": []}"#, "Unknown field Statements"),
        ] {
            assert_eq!(fault(document), expected, "{document}");
        }
        let long = "x".repeat(LARGEST);
        assert_eq!(with(json!({"Sid": long})), "Policy exceeds the maximum allowed document size.");
    }

    #[test]
    fn statements() {
        assert_eq!(with(json!({})), "");
        for (name, missing) in
            [("Effect", "Effect"), ("Principal", "Principal"), ("Action", "Action"), ("Resource", "Resource")]
        {
            assert_eq!(with(json!({name: null})), format!("Missing required field {missing}"));
        }
        assert_eq!(with(json!({"Resources": "x"})), "Unknown field Resources");
        assert_eq!(with(json!({"Effect": "allow"})), "Invalid effect: allow");
        assert_eq!(with(json!({"Sid": 1})), "Invalid policy syntax.");
        assert_eq!(with(json!({"Condition": []})), "Invalid policy syntax.");
    }

    #[test]
    fn principals() {
        assert_eq!(with(json!({"Principal": {}})), "Missing required field Principal cannot be empty!");
        for sound in [
            json!("*"),
            json!({"AWS": "*"}),
            json!({"AWS": ["111122223333", "arn:aws:iam::111122223333:root"]}),
            json!({"AWS": "arn:aws:iam::111122223333:role/team/r"}),
            json!({"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}),
            json!({"Service": ["sagemaker.amazonaws.com"]}),
            json!({"CanonicalUser": "a".repeat(64)}),
        ] {
            assert_eq!(with(json!({"Principal": sound.clone()})), "", "{sound}");
        }
        for wrong in [
            json!(""),
            json!("111122223333"),
            json!(["*"]),
            json!({"AWS": ""}),
            json!({"AWS": []}),
            json!({"AWS": "nobody"}),
            json!({"AWS": 1}),
            json!({"AWS": "arn:aws:iam::111122223333:role/*"}),
            json!({"AWS": "arn:aws:iam::111122223333:group/g"}),
            json!({"AWS": "arn:x:iam::111122223333:root"}),
            json!({"Service": "sagemaker"}),
            json!({"People": "x"}),
        ] {
            assert_eq!(with(json!({"Principal": wrong.clone()})), "Invalid principal in policy", "{wrong}");
        }
        assert_eq!(with(json!({"Principal": null, "NotPrincipal": {"AWS": "111122223333"}})), "");
    }

    #[test]
    fn actions() {
        for sound in ["s3:*", "*", "s3:Get*", "S3:getobject", "s3:?etObject"] {
            assert_eq!(with(json!({"Action": sound})), "", "{sound}");
        }
        for wrong in [
            json!(""),
            json!([]),
            json!("s3"),
            json!("s3:"),
            json!("s4:GetObject"),
            json!("s3:GetObjects"),
            json!("s3::GetObject"),
            json!("s3:Put-Object"),
            json!("*GetObject"),
            json!(["s3:GetObject", "ec2:RunInstances"]),
        ] {
            assert_eq!(with(json!({"Action": wrong.clone()})), "Policy has invalid action", "{wrong}");
        }
    }

    #[test]
    fn resources_are_of_the_bucket() {
        for wrong in [
            json!(""),
            json!([]),
            json!("data"),
            json!("arn:aws:s3:::other/*"),
            json!("arn:aws:s3:::prefix-data"),
            json!("arn:aws:s3:::/data"),
            json!("arn:aws:iam:::data"),
            json!("arn:aws-cn:s3:::data"),
            json!(["arn:aws:s3:::data/*", "arn:aws:s3:::data2"]),
        ] {
            assert_eq!(with(json!({"Resource": wrong.clone()})), "Policy has invalid resource", "{wrong}");
        }
        let mismatch = "Action does not apply to any resource(s) in statement";
        let (whole, objects) = ("arn:aws:s3:::data", "arn:aws:s3:::data/in/*");
        for (action, resource, expected) in [
            ("s3:GetObject", whole, mismatch),
            ("s3:Abort*", whole, mismatch),
            ("s3:ListBucket", objects, mismatch),
            ("s3:GetBucket*", objects, mismatch),
            ("s3:ListAllMyBuckets", whole, mismatch),
            ("s3:*", whole, ""),
            ("s3:*", objects, ""),
            ("s3:GetObject", "arn:aws:s3:::data*", ""),
            ("s3:GetObject", "arn:aws:s3:::d?ta/${aws:username}/*", ""),
        ] {
            assert_eq!(
                with(json!({"Action": action, "Resource": resource})),
                expected,
                "{action} {resource}"
            );
        }
    }

    #[test]
    fn conditions() {
        let invalid = "Policy has an invalid condition key";
        let mismatch = "Conditions do not apply to combination of actions and resources in statement";
        for (actions, operator, key, value, expected) in [
            (json!("s3:GetObject"), "StringNotEquals", "aws:SourceVpce", "vpce-1", ""),
            (json!("s3:ListBucket"), "StringLike", "s3:prefix", "in/*", ""),
            (json!(["s3:ListBucket", "s3:GetObject"]), "StringLike", "s3:prefix", "in/*", mismatch),
            (json!("s3:*"), "StringLike", "s3:prefix", "in/*", ""),
            (json!("s3:*"), "NumericLessThan", "s3:TlsVersion", "1.2", ""),
            (json!("s3:PutObject"), "StringEquals", "s3:x-amz-acl", "private", ""),
            (json!("s3:PutObject"), "StringEquals", "s3:x-acl", "private", invalid),
            (json!("s3:GetObject"), "StringEquals", "s3:ExistingObjectTag/team", "a", ""),
            (json!("s3:GetObject"), "StringEquals", "s3:ExistingObjectTag/", "a", invalid),
            (json!("s3:PutObject"), "StringEquals", "s3:ExistingObjectTag/team", "a", mismatch),
            (json!("s3:GetObject"), "StringEquals", "ec2:Region", "a", invalid),
            (json!("s3:GetObject"), "StringIs", "aws:SourceVpce", "a", "Invalid Condition type : StringIs"),
            (
                json!("s3:GetObject"),
                "IpAddress",
                "aws:SourceIp",
                "10.0.0.0/33",
                "Invalid IP address in Conditions",
            ),
            (json!("s3:GetObject"), "NotIpAddressIfExists", "aws:SourceIp", "10.0.0.0/8", ""),
        ] {
            let condition = json!({operator: {key: value}});
            assert_eq!(
                with(json!({"Action": actions, "Condition": condition})),
                expected,
                "{actions} {operator} {key}"
            );
        }
    }
}
