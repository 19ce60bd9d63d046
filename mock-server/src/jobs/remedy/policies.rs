//! Policies that do not allow what is needed, or deny it: the same documents, mended.

use super::bash::{self, aws};
use super::network::{ec2, gateway_endpoint, unused};
use crate::iam::bucket::{Asker, Came, arn, verdicts};
use crate::iam::grants::{Granted, granted_to_role};
use crate::iam::trust::{ForSource, trusts};
use crate::kernel::SimTime;
use crate::model::path::{BucketUse, Goal, HopKind, Trace};
use crate::model::{
    AnyPolicy, Bucket, Id, JobKind, PolicyDocument, Role, State, Tags, Versioning, VpcEndpointId, bucket,
};
use crate::net::Terrain;
use crate::policy::{Cited, Decision, Kind, Sides, Verdict};
use crate::rules::permissions::{self, Refusing};
use crate::rules::{Case, role_with_arn};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// What to do, and for policies that no command mends, or not from here, what to know.
pub struct Mended {
    pub words: String,
    pub lines: Vec<String>,
}

/// The statements of a document, one as well as several.
fn statements(document: &mut Value) -> Option<&mut Vec<Value>> {
    let all = document.get_mut("Statement")?;
    if !all.is_array() {
        *all = Value::Array(vec![all.take()]);
    }
    all.as_array_mut()
}

/// The document without some of its statements; `None` if none is left.
fn without(text: &str, gone: &BTreeSet<usize>) -> Option<Value> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let all = statements(&mut document)?;
    let mut n = 0;
    all.retain(|_| {
        n += 1;
        !gone.contains(&(n - 1))
    });
    (!all.is_empty()).then_some(document)
}

/// The document with one statement more.
fn with(text: &str, statement: Value) -> Option<Value> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    statements(&mut document)?.push(statement);
    Some(document)
}

fn document(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// What every act of a use of a bucket met with, side by side.
struct Asked {
    found: Arc<Bucket>,
    sides: Vec<(&'static str, String, Sides)>,
}

/// A bucket that nobody here has made.
fn stand_in(state: &State, name: &Arc<str>) -> Arc<Bucket> {
    Arc::new(Bucket {
        name: name.clone(),
        account: state.site.account,
        region: state.site.region.clone(),
        created: SimTime::from_millis(0),
        policy: None,
        public_access: None,
        versioning: Versioning::default(),
        tags: Tags::default(),
    })
}

/// The endpoint of which the trace speaks: what did not get there would have taken it.
fn endpoint_of(trace: &Trace) -> Option<VpcEndpointId> {
    let spoken_of = trace.hops.iter().find(|hop| hop.kind == HopKind::EndpointPolicy);
    trace.way.endpoint.or_else(|| VpcEndpointId::parse(&spoken_of?.at))
}

/// Asks once more what the trace asked, and what else the same role is to do: whoever mends a policy mends it once.
fn asked(terrain: &Terrain<'_>, trace: &Trace, used: &BucketUse, also: &[BucketUse]) -> Option<Asked> {
    let mut own = asked_of(terrain, trace, used)?;
    for more in also.iter().filter(|more| more.role_arn == used.role_arn && *more != used) {
        own.sides.extend(asked_of(terrain, trace, more).into_iter().flat_map(|asked| asked.sides));
    }
    Some(own)
}

fn asked_of(terrain: &Terrain<'_>, trace: &Trace, used: &BucketUse) -> Option<Asked> {
    let account = terrain.state.site.account;
    let found = bucket::find(account, &used.bucket, terrain.elsewhere);
    // One that nobody here has made is taken to be there, and to say nothing itself.
    let found = found.map_or_else(|| stand_in(terrain.state, &used.bucket), |found| found.bucket);
    let asker = match &used.role_arn {
        Some(role) => Asker::role(role, account, terrain.global, terrain.elsewhere, terrain.now)?,
        None => Asker::nobody(),
    };
    let endpoint = endpoint_of(trace).and_then(|id| terrain.state.vpc_endpoints.get(&id));
    let public = || {
        let nat = trace.way.nat.and_then(|id| terrain.state.nat_gateways.get(&id));
        let address = nat.and_then(|nat| nat.addresses.first()).and_then(|address| address.public);
        IpAddr::V4(address.map_or(Ipv4Addr::UNSPECIFIED, |(address, _)| address))
    };
    let came = match endpoint {
        Some(endpoint) => {
            let source = trace.flow.from.as_ref().map_or(Ipv4Addr::UNSPECIFIED, |from| from.address);
            Came::Endpoint { endpoint, account, vpc: endpoint.vpc, source: IpAddr::V4(source) }
        }
        None => Came::Public(public()),
    };
    let sides = used.acts.iter().map(|(action, key)| {
        let resource = arn(&found, key.as_deref().map(|_| "*"));
        (*action, resource, verdicts(asker.ask(action, &found, key.as_deref(), came).with(&used.keys)))
    });
    let sides = sides.collect();
    Some(Asked { found, sides })
}

/// What one side, with policies of these kinds, does not allow, as a statement would: actions by resource; the
/// statements that deny; and the kinds that would not allow it without those either.
fn refused<'a>(
    asked: &'a Asked,
    side: fn(&Sides) -> &Decision,
    of: &[Kind],
) -> (BTreeMap<&'a str, BTreeSet<&'a str>>, Vec<&'a Cited>, BTreeSet<Kind>) {
    let mut missing: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut denying: Vec<&Cited> = Vec::new();
    let mut kinds = BTreeSet::new();
    for (action, resource, sides) in &asked.sides {
        let lacking: Vec<Kind> = sides.lacking.iter().copied().filter(|kind| of.contains(kind)).collect();
        if !lacking.is_empty() {
            missing.entry(resource).or_default().insert(action);
            kinds.extend(lacking);
        }
        let decision = side(sides);
        if let Verdict::ExplicitDeny(_) = decision.verdict {
            for cited in &decision.cited {
                if !denying.contains(&cited) {
                    denying.push(cited);
                }
            }
        }
    }
    (missing, denying, kinds)
}

/// Statements that allow what is missing.
fn allowing(missing: &BTreeMap<&str, BTreeSet<&str>>, principal: Option<&Value>) -> Vec<Value> {
    let each = missing.iter().map(|(resource, actions)| {
        let mut statement = json!({"Effect": "Allow", "Action": actions, "Resource": resource});
        if let Some(principal) = principal {
            statement["Principal"] = principal.clone();
        }
        statement
    });
    each.collect()
}

/// What is done in a bucket. A repository of packages is one that anybody may read.
fn used(trace: &Trace) -> Option<BucketUse> {
    match &trace.flow.to {
        Goal::Bucket(used) => Some(used.clone()),
        Goal::Host(host) => {
            let acts = vec![("s3:GetObject", Some("index".into()))];
            Some(BucketUse { bucket: host.clone(), acts, keys: Vec::new(), role_arn: None })
        }
        Goal::Service(_) | Goal::Peer(_) | Goal::Edge { .. } => None,
    }
}

/// The role may do what it has to in the bucket.
pub fn role(terrain: &Terrain<'_>, trace: &Trace, also: &[BucketUse]) -> Option<Mended> {
    let used = used(trace)?;
    let asked = asked(terrain, trace, &used, also)?;
    let (missing, denying, kinds) = refused(&asked, |sides| &sides.asker, &[Kind::Identity, Kind::Boundary]);
    let role = role_with_arn(terrain.global, used.role_arn.as_deref()?)?;
    let mut mended = lift(terrain.global, role, &denying);
    let actions: BTreeSet<&str> = missing.values().flatten().copied().collect();
    if !actions.is_empty() {
        mended.lines.extend(grant(terrain.global, role, "bucket", allowing(&missing, None), &kinds));
        let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
        mended.words = format!("Allow the role {} {actions} in the bucket. {}", role.name, mended.words);
    }
    Some(mended)
}

/// What allows a role more: a policy of its own, and where its boundary does not allow it, a boundary that does.
fn grant(
    global: &State,
    role: &Role,
    rule: &str,
    statements: Vec<Value>,
    kinds: &BTreeSet<Kind>,
) -> Vec<String> {
    // Named after the rule, so that what several fixes add stands side by side.
    let wanted = format!("job-{}", rule.to_lowercase());
    let name = unused(&wanted, |name| role.grants.inline.contains_key(name));
    let own = json!({"Version": "2012-10-17", "Statement": statements});
    let mut lines = Vec::new();
    if kinds.contains(&Kind::Identity) {
        lines.push(put_role_policy(role, &name, &own));
    }
    let boundary = role.grants.boundary.as_ref().filter(|_| kinds.contains(&Kind::Boundary));
    if let Some(boundary) = boundary.and_then(|arn| global.policies.get(arn)) {
        let mut text = boundary.document().map(|document| document.text().to_owned());
        for statement in statements {
            text = text.and_then(|text| with(&text, statement)).map(|document| document.to_string());
        }
        lines.extend(text.map(|text| new_version(&boundary.arn, &text)));
    }
    lines
}

fn put_role_policy(role: &Role, name: &str, document: &Value) -> String {
    let put = aws("iam put-role-policy").with("role-name", &role.name).with("policy-name", name);
    put.with("policy-document", document).line()
}

fn new_version(arn: &str, document: &str) -> String {
    let create = aws("iam create-policy-version").with("policy-arn", arn).with("policy-document", document);
    create.flag("set-as-default").line()
}

/// Takes away the statements of a role's policies that deny.
fn lift(global: &State, role: &Role, denying: &[&Cited]) -> Mended {
    let mut mended = Mended { words: String::new(), lines: Vec::new() };
    let mut by_source: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for cited in denying {
        by_source.entry(&cited.source).or_default().insert(cited.statement);
    }
    let granted = granted_to_role(global, role);
    for (source, gone) in by_source {
        let left = |document: Option<&PolicyDocument>| without(document?.text(), &gone);
        let known = granted.iter().find(|granted| granted.name() == source);
        let line = match known {
            Some(Granted::Inline { name, document, .. }) => Some(match left(Some(document)) {
                Some(rest) => put_role_policy(role, name, &rest),
                None => aws("iam delete-role-policy")
                    .with("role-name", &role.name)
                    .with("policy-name", name)
                    .line(),
            }),
            Some(Granted::Managed(policy @ AnyPolicy::Customer(_))) if left(policy.document()).is_some() => {
                left(policy.document()).map(|rest| new_version(&policy.arn(), &rest.to_string()))
            }
            Some(Granted::Managed(policy)) => {
                let detach = aws("iam detach-role-policy").with("role-name", &role.name);
                Some(detach.with("policy-arn", policy.arn()).line())
            }
            None => None,
        };
        mended.words = match line {
            Some(_) => format!("{}Remove what denies it from {source}. ", mended.words),
            None => format!("{}{source} denies it: whoever manages that has to change it. ", mended.words),
        };
        mended.lines.extend(line);
    }
    mended
}

/// The VPC endpoint lets through what is needed.
pub fn endpoint(terrain: &Terrain<'_>, trace: &Trace, also: &[BucketUse]) -> Option<Mended> {
    let endpoint = terrain.state.vpc_endpoints.get(&endpoint_of(trace)?)?;
    let asked = asked(terrain, trace, &used(trace)?, also)?;
    let (missing, denying, _) = refused(&asked, |sides| &sides.endpoint, &[Kind::Endpoint]);
    let change = ec2(terrain.state, "modify-vpc-endpoint").with("vpc-endpoint-id", endpoint.id);
    let text = endpoint.policy.as_ref()?.text();
    let gone: BTreeSet<usize> = denying.iter().map(|cited| cited.statement).collect();
    let mut words = Vec::new();
    let mut rest = Some(text.to_owned());
    if !gone.is_empty() {
        words.push(format!("Remove what denies it ({}) from the endpoint's policy.", named(&denying)));
        rest = without(text, &gone).map(|document| document.to_string());
    }
    if !missing.is_empty() {
        let actions: BTreeSet<&str> = missing.values().flatten().copied().collect();
        let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
        words.push(format!(
            "Add a statement that allows {actions} to the endpoint's policy: what none allows is denied."
        ));
    }
    for statement in allowing(&missing, Some(&json!("*"))) {
        rest = rest.and_then(|text| with(&text, statement)).map(|document| document.to_string());
    }
    let line = match rest.filter(|text| crate::policy::Policy::parse(text).is_ok()) {
        Some(text) => change.with("policy-document", text).line(),
        // Nothing sensible is left: the default policy allows everything.
        None => change.flag("reset-policy").line(),
    };
    Some(Mended { words: words.join(" "), lines: vec![line] })
}

fn named(denying: &[&Cited]) -> String {
    let name = |cited: &&Cited| {
        cited
            .sid
            .clone()
            .map_or_else(|| format!("statement {}", cited.statement + 1), |sid| format!("statement {sid}"))
    };
    denying.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The bucket lets do what is needed: a statement that asks for another VPC endpoint or VPC learns this one, another
/// one that denies goes.
pub fn bucket(terrain: &Terrain<'_>, trace: &Trace) -> Option<Mended> {
    let used = used(trace)?;
    let asked = asked_of(terrain, trace, &used)?;
    let (missing, denying, _) = refused(&asked, |sides| &sides.resource, &[Kind::Resource]);
    let bucket = &asked.found;
    let text =
        bucket.policy.as_ref().map_or("{\"Version\":\"2012-10-17\",\"Statement\":[]}", PolicyDocument::text);
    let mut document: Value = serde_json::from_str(text).ok()?;
    let from = trace.flow.from.as_ref();
    let subnet = from.and_then(|from| terrain.state.subnets.get(&from.subnet));
    let vpc = subnet.map(|subnet| subnet.vpc.to_string()).unwrap_or_default();
    let mut lines = Vec::new();
    let mut words = Vec::new();
    let mut gone = BTreeSet::new();
    let mut endpoint = endpoint_of(trace).map(|id| id.to_string());
    for cited in &denying {
        let Some(statement) = statements(&mut document).and_then(|all| all.get_mut(cited.statement)) else {
            continue;
        };
        let this = named(&[cited]);
        if let Some(subnet) = subnet.filter(|_| endpoint.is_none() && asks_for_way(statement)) {
            let mut made = gateway_endpoint(terrain.state, subnet.id)?;
            if trace.is_cut_off() {
                // What mends the network may have made it before, in the same shell.
                made.lines.iter_mut().for_each(|line| *line = bash::unless_made(line));
            }
            words.push(
                "Lead the subnet to S3 by a gateway endpoint: what comes by a NAT gateway has none."
                    .to_owned(),
            );
            lines.extend(made.lines);
            endpoint = Some(made.id);
        }
        match &endpoint {
            Some(endpoint) if admit(statement, endpoint, &vpc) => {
                words.push(format!("Name the endpoint in the condition of {this} of the bucket policy."));
            }
            _ => {
                gone.insert(cited.statement);
                words.push(format!("Remove {this} from the bucket policy."));
            }
        }
    }
    let mut document = match gone.is_empty() {
        true => document,
        false => without(&document.to_string(), &gone)
            .unwrap_or_else(|| json!({"Version": "2012-10-17", "Statement": []})),
    };
    if !missing.is_empty() {
        let principal = used.role_arn.as_deref().map_or_else(|| json!("*"), |role| json!({"AWS": role}));
        words.push("Allow the role in the bucket policy.".to_owned());
        statements(&mut document)?.extend(allowing(&missing, Some(&principal)));
    }
    let name = &bucket.name;
    let empty = statements(&mut document).is_none_or(|all| all.is_empty());
    lines.push(match empty {
        true => aws("s3api delete-bucket-policy").with("bucket", name).line(),
        false => aws("s3api put-bucket-policy").with("bucket", name).with("policy", document).line(),
    });
    if bucket.account != terrain.state.site.account {
        words.push(format!("The bucket is of account {}: run it there.", bucket.account));
    }
    Some(Mended { words: words.join(" "), lines })
}

/// The condition keys that only requests through a VPC endpoint have.
const OF_WAY: [&str; 2] = ["aws:sourcevpce", "aws:sourcevpc"];

fn asks_for_way(statement: &Value) -> bool {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let mut keys = operators.into_iter().flatten().filter_map(|(_, keys)| keys.as_object()).flatten();
    keys.any(|(key, _)| OF_WAY.contains(&key.to_lowercase().as_str()))
}

/// Adds an endpoint and its VPC to a condition that denies everybody else; whether there is one.
fn admit(statement: &mut Value, endpoint: &str, vpc: &str) -> bool {
    let Some(operators) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { return false };
    let mut admitted = false;
    for (operator, keys) in operators.iter_mut() {
        if !operator.to_lowercase().contains("stringnot") {
            continue;
        }
        for (key, values) in keys.as_object_mut().into_iter().flatten() {
            let own = match key.to_lowercase().as_str() {
                "aws:sourcevpce" => endpoint,
                "aws:sourcevpc" => vpc,
                _ => continue,
            };
            if !values.is_array() {
                *values = Value::Array(vec![values.take()]);
            }
            if let Some(all) = values.as_array_mut() {
                all.push(json!(own));
                admitted = true;
            }
        }
    }
    admitted
}

/// The role may do what the service does as it.
pub fn permissions(case: &Case<'_>, rule: &str, missing: &[&str]) -> Option<Mended> {
    let role = role_with_arn(case.global, &case.needs.role_arn)?;
    let Refusing { denying, lacking, kinds } = permissions::refusing(case, rule, role, missing);
    let mut mended = lift(case.global, role, &denying.iter().collect::<Vec<_>>());
    if !lacking.is_empty() {
        let actions = lacking.join(", ");
        let statement = json!({"Effect": "Allow", "Action": lacking, "Resource": "*"});
        mended.lines.extend(grant(case.global, role, rule, vec![statement], &kinds));
        mended.words = format!("Allow the role {} {actions} on all resources. {}", role.name, mended.words);
    }
    mended.words.truncate(mended.words.trim_end().len());
    Some(mended)
}

/// The service that jobs are of.
const SERVICE: &str = "sagemaker.amazonaws.com";

/// The role is there, and the service may assume it.
pub fn trust(terrain: &Terrain<'_>, role_arn: &str, kind: JobKind) -> Option<Mended> {
    let allow = json!({"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"});
    let name = role_arn.rsplit('/').next()?;
    let Some(role) = terrain.global.roles.get(&Role::key_of(name)) else {
        let path = role_arn
            .split_once(":role")
            .map_or("/", |(_, path)| &path[..path.rfind('/').map_or(0, |at| at + 1)]);
        let create = aws("iam create-role")
            .with("role-name", name)
            .with("path", if path.is_empty() { "/" } else { path });
        let access = aws("iam attach-role-policy").with("role-name", name);
        let managed =
            format!("arn:{}:iam::aws:policy/AmazonSageMakerFullAccess", terrain.state.site.partition.id());
        return Some(Mended {
            words: format!("Make the role {name}, let {SERVICE} assume it, and give it what jobs need."),
            lines: vec![
                create.with("assume-role-policy-document", document(&allow)).line(),
                access.with("policy-arn", managed).line(),
            ],
        });
    };
    if role.arn != role_arn {
        return Some(Mended {
            words: format!("The role {name} has another path: give RoleArn as {}.", role.arn),
            lines: Vec::new(),
        });
    }
    let source = terrain.state.site.arn("sagemaker", format_args!("{}/x", kind.slug()));
    let by = ForSource { service: SERVICE, account: terrain.state.site.account, source: &source };
    let does = |document: &Value| {
        crate::policy::Policy::parse(&document.to_string()).is_ok_and(|policy| trusts(&policy, by).is_ok())
    };
    let more = with(role.trust.text(), allow.clone()).filter(does);
    let fewer = || {
        let mut document: Value = serde_json::from_str(role.trust.text()).ok()?;
        let all = statements(&mut document)?;
        all.retain(|statement| statement["Effect"] != "Deny");
        all.push(allow.clone());
        Some(document).filter(does)
    };
    let (words, mended) = match (more, fewer()) {
        (Some(more), _) => {
            (format!("Let {SERVICE} assume the role {name}, besides those who may already."), more)
        }
        (None, Some(fewer)) => (
            format!(
                "Remove what denies it from the trust policy of {name}, and let {SERVICE} assume the role."
            ),
            fewer,
        ),
        (None, None) => (format!("Let {SERVICE} assume the role {name}."), document(&allow)),
    };
    let update = aws("iam update-assume-role-policy").with("role-name", name);
    Some(Mended { words, lines: vec![update.with("policy-document", mended).line()] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_on_the_way_learns_this_one() {
        for (condition, admitted) in [
            (json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), true),
            (json!({"ForAnyValue:StringNotLike": {"AWS:sourcevpc": ["vpc-8", "vpc-9"]}}), true),
            (json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}), false),
            (json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), false),
        ] {
            let mut statement = json!({"Effect": "Deny", "Condition": condition});
            assert_eq!(admit(&mut statement, "vpce-2", "vpc-2"), admitted, "{statement}");
            assert_eq!(statement.to_string().contains("-2\""), admitted, "{statement}");
        }
        assert!(!admit(&mut json!({"Effect": "Deny"}), "vpce-2", "vpc-2"));
    }

    #[test]
    fn statements_come_and_go_one_as_well_as_several() {
        let one = r#"{"Statement":{"Sid":"a"}}"#;
        assert_eq!(with(one, json!({"Sid": "b"})), Some(json!({"Statement": [{"Sid": "a"}, {"Sid": "b"}]})));
        assert_eq!(without(one, &BTreeSet::from([0])), None);
        let two = r#"{"Statement":[{"Sid":"a"},{"Sid":"b"}]}"#;
        assert_eq!(without(two, &BTreeSet::from([0])), Some(json!({"Statement": [{"Sid": "b"}]})));
        assert_eq!((without("no policy", &BTreeSet::new()), with("{}", json!({}))), (None, None));
    }
}
