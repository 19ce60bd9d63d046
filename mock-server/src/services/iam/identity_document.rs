//! Policies of identities, inline or managed: whether IAM takes them.
//!
//! IAM looks at one thing after another, and what it says first is what is told. The order and the texts are those
//! that were seen on AWS.

use super::document::size;
use super::error::{IamError, Malformed};
use super::quota;
use crate::policy::outline::{self, Misshapen, Outline, many, plain};
use crate::policy::{Operator, Policy};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

type Object = Map<String, Value>;

const PARTITIONS: [&str; 9] =
    ["*", "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// What the resource part of an ARN of IAM can begin with.
const IAM_RESOURCES: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// What the resource part of an ARN of S3 with a region can begin with.
const REGIONAL_S3: [&str; 6] =
    ["accesspoint/", "access-grants", "async-request/", "job/", "storage-lens", "*"];

/// Checks the policy that is to be an inline policy.
pub fn check_inline(document: &str) -> Result<(), IamError> {
    check(document, false)
}

/// Checks the policy that is to be a version of a managed policy.
pub fn check_managed(document: &str) -> Result<(), IamError> {
    check(document, true)?;
    if size(document) > quota::POLICY_SIZE {
        return Err(IamError::Quota { quota: "PolicySize", limit: quota::POLICY_SIZE });
    }
    Ok(())
}

fn check(document: &str, needs_new_version: bool) -> Result<(), IamError> {
    let object: Object = serde_json::from_str(document).map_err(|_| Malformed::Syntax)?;
    let statements = statements(&object).ok_or(Malformed::Syntax)?;
    if needs_new_version && object.get("Version").is_none_or(|version| version != "2012-10-17") {
        return Err(Malformed::OldVersion.into());
    }
    if statements.iter().any(|s| s.contains_key("Principal") || s.contains_key("NotPrincipal")) {
        return Err(Malformed::HasPrincipal.into());
    }
    if !statements.iter().all(|statement| is_case_right(statement) && has_sound_dates(statement)) {
        return Err(Malformed::Legacy.into());
    }
    let fault = check_resources(&statements)?;
    let mut sids = BTreeSet::new();
    let mut of_statements = statements.iter().filter_map(|s| s.get("Sid")?.as_str());
    if !of_statements.all(|sid| sid.is_empty() || sids.insert(sid)) {
        return Err(Malformed::DuplicateSid.into());
    }
    if statements.iter().any(|statement| names(statement, "Action").is_empty()) {
        return Err(Malformed::NoActions.into());
    }
    fault.map_or(Ok(()), Err)?;
    for action in statements.iter().flat_map(|statement| names(statement, "Action")) {
        check_action(action)?;
    }
    if statements.iter().any(|s| !s.contains_key("Resource") && !s.contains_key("NotResource") || is_void(s))
    {
        return Err(Malformed::NoResources.into());
    }
    Policy::parse(document).map(|_| ()).map_err(|_| Malformed::Syntax.into())
}

/// The statements, if everything has the names and types that it should have.
fn statements(policy: &Object) -> Option<Vec<&Object>> {
    if !policy.get("Id").is_none_or(Value::is_string) {
        return None;
    }
    let all = outline::statements(policy).ok()?.into_iter();
    all.map(|statement| Outline::of(statement).ok().filter(|one| is_statement(*one)).map(|one| one.0))
        .collect()
}

fn is_statement(outline: Outline<'_>) -> bool {
    let statement = outline.0;
    let effect = statement.get("Effect").and_then(Value::as_str);
    let effect = effect.is_some_and(|e| e.eq_ignore_ascii_case("Allow") || e.eq_ignore_ascii_case("Deny"));
    let both = |name| matches!(outline.one_of(name), Err(Misshapen::Both(_)));
    let is_text = |value: &Value| value.is_string() || value.is_null();
    let listed = |name: &str| match statement.get(name) {
        None | Some(Value::String(_)) => true,
        Some(Value::Array(list)) => list.iter().all(is_text),
        Some(_) => false,
    };
    effect
        && !both("Action")
        && !both("Resource")
        && ["Action", "NotAction", "Resource", "NotResource"].into_iter().all(listed)
        && statement.get("Sid").is_none_or(Value::is_string)
        && statement.get("Condition").is_none_or(is_condition)
}

fn is_condition(condition: &Value) -> bool {
    let is_value = |value: &Value| matches!(value, Value::Bool(_) | Value::String(_) | Value::Array(_));
    condition.as_object().is_some_and(|operators| {
        operators.iter().all(|(operator, keys)| {
            // What compares nothing can have any name.
            keys.as_object().is_some_and(|keys| {
                keys.values().all(is_value) && (keys.is_empty() || known(operator).is_some())
            })
        })
    })
}

/// The operator of this name. IAM knows them in the user guide's spelling alone.
fn known(name: &str) -> Option<Operator> {
    name.parse().ok().filter(|operator: &Operator| operator.to_string() == name)
}

/// What a statement names as its actions or resources, be it by what they are or by what they are not.
fn names<'a>(statement: &'a Object, element: &str) -> Vec<&'a str> {
    let named = statement.get(element).or(statement.get(&format!("Not{element}")));
    named.map(many).unwrap_or_default().into_iter().filter_map(Value::as_str).collect()
}

/// Whether it has a list of resources with nothing in it.
fn is_void(statement: &Object) -> bool {
    let named = statement.get("Resource").or(statement.get("NotResource"));
    named.and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn is_case_right(statement: &Object) -> bool {
    statement.get("Effect").is_some_and(|effect| effect == "Allow" || effect == "Deny")
}

fn has_sound_dates(statement: &Object) -> bool {
    let operators = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
    let dates = operators.filter(|(operator, _)| known(operator).is_some_and(Operator::is_of_dates));
    let values = dates.flat_map(|(_, keys)| keys.as_object().into_iter().flat_map(Map::values));
    values.flat_map(many).all(|date| is_date(&plain(date)))
}

/// Seconds, or a date and a time of ISO 8601, whose parts may be missing from the end.
fn is_date(text: &str) -> bool {
    let within = |digits: &str, least: i64, most: i64| {
        digits.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number))
    };
    // Values come from the request only when it is made.
    if text.contains("${") {
        return true;
    }
    let text = text.to_lowercase();
    if !text.contains(['t', '-']) {
        return within(&text, 0, i64::MAX);
    }
    let (date, time) = text.split_once('t').unwrap_or((&text, ""));
    let (before, date) = date.strip_prefix('-').map_or(("", date), |rest| ("-", rest));
    let date: Vec<_> = date.split('-').collect();
    let bounds = [(1, 12), (1, 31)];
    let is_day = date.len() < 4
        && within(&format!("{before}{}", date[0]), -292_275_054, 292_278_993)
        && date[1..].iter().zip(bounds).all(|(part, (least, most))| within(part, least, most));
    let (clock, zone) = time.split_once(['z', '+']).unwrap_or((time, ""));
    let bounds = [23, 59, 59];
    let (seconds, fraction) = clock.split_once('.').map_or((clock, "0"), |(seconds, rest)| (seconds, rest));
    let is_time = clock.is_empty()
        || seconds.split(':').count() <= 3
            && seconds.split(':').zip(bounds).all(|(part, most)| within(part, 0, most))
            && within(fraction, 0, 999_999_999);
    let mut zone_parts = zone.split(':').zip([23, 59]);
    let is_zone = zone.is_empty() || zone_parts.all(|(part, most)| part.len() == 2 && within(part, 0, most));
    is_day && is_time && is_zone
}

/// What is wrong with the resources; an error if they cannot even be read.
fn check_resources(statements: &[&Object]) -> Result<Option<Malformed>, Malformed> {
    let mut first = None;
    for statement in statements {
        let mut resources = names(statement, "Resource");
        resources.sort_unstable();
        first = first.or_else(|| resources.iter().find_map(|resource| check_resource(resource).err()));
        if first.is_none() && !resources.iter().all(|resource| is_legible(resource)) {
            return Err(Malformed::Legacy);
        }
    }
    Ok(first)
}

fn is_legible(resource: &str) -> bool {
    resource == "*"
        || (resource.matches(':').count() >= 5 || !resource.contains("::"))
            && resource.split(':').nth(2).is_none_or(|service| !service.is_empty())
}

fn check_resource(resource: &str) -> Result<(), Malformed> {
    if resource == "*" {
        return Ok(());
    }
    let Some((_, rest)) = resource.split_once(':') else {
        return Err(Malformed::Resource(resource.to_owned()));
    };
    let (partition, rest) =
        rest.split_once(':').map_or((rest, None), |(partition, rest)| (partition, Some(rest)));
    if !PARTITIONS.contains(&partition) {
        let resource = filled(partition, rest.unwrap_or_default());
        return Err(Malformed::Partition { partition: partition.to_owned(), resource });
    }
    let mut parts = rest.ok_or(Malformed::ResourceVendor)?.splitn(4, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (service, region, _, id) = (next(), next(), next(), next());
    let has_region = !region.is_empty() && region != "*";
    match service {
        "iam" if has_region => Err(Malformed::IamRegion(resource.to_owned())),
        // Who audits the root users of other accounts names them.
        "iam" if id == "root" => Ok(()),
        "iam" if !id.starts_with('*') && !IAM_RESOURCES.iter().any(|known| id.starts_with(known)) => {
            Err(Malformed::IamPath(IAM_RESOURCES.join(", ")))
        }
        "s3" if has_region && !REGIONAL_S3.iter().any(|known| id.starts_with(known)) => {
            Err(Malformed::Region(resource.to_owned()))
        }
        _ => Ok(()),
    }
}

/// The ARN that IAM takes something with a wrong partition for: what is missing at its end is a star.
fn filled(partition: &str, rest: &str) -> String {
    let mut parts: Vec<_> = rest.splitn(4, ':').collect();
    if parts == [""] {
        parts = vec!["*"];
    }
    parts.resize(4, "*");
    format!("arn:{partition}:{}", parts.join(":"))
}

fn check_action(action: &str) -> Result<(), Malformed> {
    let vendor = match action.split_once(':') {
        None if action == "*" => return Ok(()),
        None => return Err(Malformed::NoVendor),
        Some((_, name)) if name.contains(':') => return Err(Malformed::Colons),
        Some((vendor, _)) => vendor,
    };
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if vendor == "*" || vendor.chars().all(known) {
        Ok(())
    } else {
        Err(Malformed::Vendor(vendor.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Partition;
    use crate::model::iam::aws_policy;

    const READ: &str = r#"{"Sid":"A","Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}"#;

    fn inline(statement: &str) -> Result<(), IamError> {
        check_inline(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#))
    }

    #[test]
    fn sound_documents_pass() {
        assert_eq!(inline(READ), Ok(()));
        for statement in [
            r#"{"Effect":"Allow","NotAction":"*","NotResource":["*"],"Condition":{}}"#,
            r#"{"Effect":"Allow","Action":"iam: anything at all","Resource":["arn:aws:s3:::b", null]}"#,
            r#"{"Effect":"Allow","Action":"s3.s:X","Resource":"arn:aws:fdsasf"}"#,
            r#"{"Effect":"Deny","Action":"s3:X","Resource":"arn:aws:s3:eu-west-1:111122223333:accesspoint/a"}"#,
            r#"{"Effect":"Deny","Action":"s3:X","Resource":"*","Condition":{"x":{},"y":{}}}"#,
            r#"{"Effect":"Deny","Action":"s3:X","Resource":"*","Condition":{"DateLessThan":{"a":"-292275054"}}}"#,
            r#"{"Effect":"Deny","Action":"s3:X","Resource":"*","Condition":{"DateLessThan":{"a":["01T","17"]}}}"#,
            r#"{"Effect":"Deny","Action":"s3:X","Resource":"*","Condition":{"ForAnyValue:BoolIfExists":{"a":true}}}"#,
        ] {
            assert_eq!(inline(statement), Ok(()), "{statement}");
        }
        assert_eq!(check_inline(&format!(r#"{{"Statement":{READ}}}"#)), Ok(()));
    }

    /// AWS takes its own policies, however large.
    #[test]
    fn awss_own_policies_are_sound_and_can_be_read() {
        for policy in aws_policy::all() {
            let document = policy.document(Partition::Aws);
            assert_eq!(check(document.text(), true), Ok(()), "{}", policy.name);
            let statements = serde_json::from_str::<Value>(document.text()).unwrap()["Statement"].take();
            assert_eq!(document.policy().statements().len(), many(&statements).len(), "{}", policy.name);
        }
    }

    #[test]
    fn each_fault_of_an_inline_policy_has_its_text() {
        let with = |from: &str, to: &str| READ.replace(from, to);
        let dated = |date: &str| {
            let condition = format!(r#""Condition":{{"DateLessThan":{{"a":"{date}"}}}},"Resource""#);
            inline(&with("\"Resource\"", &condition))
        };
        let cases = [
            (check_inline("x"), "Syntax errors in policy."),
            (check_inline("\"x\""), "Syntax errors in policy."),
            (check_inline("{}"), "Syntax errors in policy."),
            (inline(""), "Syntax errors in policy."),
            (inline("[]"), "Syntax errors in policy."),
            (inline(&with("Sid", "SID")), "Syntax errors in policy."),
            (inline(&with("Allow", "Permit")), "Syntax errors in policy."),
            (inline(&with("\"Action\":\"s3:Get*\"", "\"Action\":[[]]")), "Syntax errors in policy."),
            (inline(&with("\"Sid\":\"A\"", "\"NotAction\":\"s3:Put*\"")), "Syntax errors in policy."),
            (
                inline(&with("\"Sid\":\"A\"", "\"Condition\":{\"a\":{\"b\":\"c\"}}")),
                "Syntax errors in policy.",
            ),
            (inline(&with("\"Sid\":\"A\"", "\"Condition\":[]")), "Syntax errors in policy."),
            (inline(&with("Allow", "allow")), "The policy failed legacy parsing"),
            (inline(&with("s3:::b/*", "s3::b/*")), "The policy failed legacy parsing"),
            (inline(&with("s3:::b/*", ":::b/*")), "The policy failed legacy parsing"),
            (dated("234-13"), "The policy failed legacy parsing"),
            (dated("sdfdsf"), "The policy failed legacy parsing"),
            (dated("9223372036854775808"), "The policy failed legacy parsing"),
            (dated("2016-12-13t2:00:00.593194+1"), "The policy failed legacy parsing"),
            (dated("2016-12-13t2:00:00.1999999999+10:59"), "The policy failed legacy parsing"),
            (
                inline(&with("\"Sid\":\"A\"", "\"Principal\":\"*\"")),
                "Policy document should not specify a principal.",
            ),
            (inline(r#"{"Effect":"Allow","Resource":"*"}"#), "Policy statement must contain actions."),
            (
                inline(r#"{"Effect":"Allow","Action":[],"Resource":"*"}"#),
                "Policy statement must contain actions.",
            ),
            (inline(r#"{"Effect":"Allow","Action":"*"}"#), "Policy statement must contain resources."),
            (
                inline(r#"{"Effect":"Allow","Action":"*","Resource":[]}"#),
                "Policy statement must contain resources.",
            ),
            (
                inline(&with("s3:Get*", "GetObject")),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (inline(&with("s3:Get*", "s3:Get:x")), "Actions/Condition can contain only one colon."),
            (inline(&with("s3:Get*", "a a:Get")), "Vendor a a is not valid"),
            (inline(&with("arn:aws:s3:::b/*", "b")), "Resource b must be in ARN format or \"*\"."),
            (
                inline(&with("arn:aws:s3:::b/*", "a:b:c")),
                "Partition \"b\" is not valid for resource \"arn:b:c:*:*:*\".",
            ),
            (
                inline(&with("arn:aws:s3:::b/*", "aws:s3:::b")),
                "Partition \"s3\" is not valid for resource \"arn:s3:::b:*\".",
            ),
            (
                inline(&with("arn:aws:s3:::b/*", "arn:aws")),
                "Resource vendor must be fully qualified and cannot contain regexes.",
            ),
            (
                inline(&with("arn:aws:s3:::b/*", "arn:aws:s3:eu-west-1::b")),
                "Resource arn:aws:s3:eu-west-1::b can not contain region information.",
            ),
            (
                inline(&with("arn:aws:s3:::b/*", "arn:aws:iam:eu-west-1::user/b")),
                "IAM resource arn:aws:iam:eu-west-1::user/b cannot contain region information.",
            ),
            (
                inline(&with("arn:aws:s3:::b/*", "arn:aws:iam:::b")),
                "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, \
                 instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, \
                 report/, access-report/.",
            ),
            (inline(&[READ, READ].join(",")), "Statement IDs (SID) in a single policy must be unique."),
        ];
        for (result, text) in cases {
            assert_eq!(result.unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn managed_policies_are_of_the_new_version_and_not_too_large() {
        let old = format!(r#"{{"Version":"2008-10-17","Statement":{READ}}}"#);
        assert_eq!(check_inline(&old), Ok(()));
        let text = "Policy document must be version 2012-10-17 or greater.";
        assert_eq!(check_managed(&old).unwrap_err().to_string(), text);
        let of = |n: usize| {
            let statement = READ.replace("b/*", &"b".repeat(n)).replace(',', ",\n    ");
            check_managed(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#))
        };
        assert_eq!(of(6_000), Ok(()), "white space does not count");
        assert_eq!(of(6_144).unwrap_err().to_string(), "Cannot exceed quota for PolicySize: 6144");
    }
}
