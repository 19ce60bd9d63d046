//! The policy that is printed for a call is enough for it, and nothing in it can be left out: for every operation that
//! is served.

use super::*;
use crate::aws::model::{Kind, Operation, Shape};
use crate::clock::wall;
use crate::gateway::authz::acts::FREE;
use crate::iam::least;
use crate::kernel::{Clock, ClockMode, SimTime};
use crate::model::iam::Grants;
use crate::model::{Account, Defaults, PolicyDocument, Role, Tags, World};
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::111122223333:role/fresh";

const NOBODY: Sent<'static> = Sent { user_agent: None, from: None, now: SimTime::from_millis(0) };

/// How much of an input is given.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Given {
    Required,
    All,
}

/// A text of the input: what the member names, where that says so.
fn text(member: &str) -> String {
    let stem = member.trim_end_matches('s').trim_end_matches("Id").to_lowercase();
    let is = |kind: &str| kind.replace('-', "") == stem;
    if let Some((prefix, _)) = ec2::PREFIXES.iter().find(|(_, kind)| is(kind)) {
        return format!("{prefix}-0123456789abcdef0");
    }
    match member {
        "GroupId" | "Groups" | "SecurityGroups" => "sg-0123456789abcdef0".into(),
        "ResourceIds" | "Resources" | "ResourceId" => "vpc-0123456789abcdef0".into(),
        "AllocationId" => "eipalloc-0123456789abcdef0".into(),
        "ServiceId" => "vpce-svc-0123456789abcdef0".into(),
        "ResourceArn" => "arn:aws:sagemaker:us-east-1:111122223333:model/m".into(),
        "PolicyArn" => "arn:aws:iam::111122223333:policy/p".into(),
        _ if member.ends_with("Arn") => "arn:aws:iam::111122223333:role/passed".into(),
        _ => "some".into(),
    }
}

fn sample(
    model: &'static ServiceModel,
    shape: &'static Shape,
    member: &str,
    given: Given,
    depth: u8,
) -> Value {
    let inner = |shape: &'static Shape| sample(model, shape, member, given, depth + 1);
    match shape.kind {
        Kind::Structure => {
            let members = model.members(shape).iter();
            let wanted = members.filter(|member| depth < 5 && (given == Given::All || member.required));
            let fields: Vec<_> = wanted
                .map(|member| {
                    (member.name, sample(model, model.shape(member.shape), member.name, given, depth + 1))
                })
                .collect();
            Value::Struct(fields.into_iter().fold(
                crate::aws::value::Struct::new(),
                |mut all, (name, value)| {
                    all.set(name, value);
                    all
                },
            ))
        }
        Kind::List => Value::List(shape.element.map(|id| inner(model.shape(id))).into_iter().collect()),
        Kind::Map => Value::Map(
            shape.element.map(|id| ("key".to_owned(), inner(model.shape(id)))).into_iter().collect(),
        ),
        Kind::String => match model.enum_values(shape).first() {
            Some(value) => Value::String((*value).to_owned()),
            None => Value::String(text(member)),
        },
        Kind::Integer | Kind::Long => Value::Integer(1),
        Kind::Float | Kind::Double => Value::Float(1.0),
        Kind::Boolean => Value::Bool(true),
        Kind::Blob => Value::Blob(bytes::Bytes::from_static(b"b")),
        Kind::Timestamp => Value::Timestamp(0),
    }
}

/// An account with a role that was given nothing.
struct Place {
    account: Arc<Account>,
}

impl Place {
    fn new() -> Self {
        let world = World::new(7, Defaults::default(), |wall| {
            Clock::new(ClockMode::Manual, Some(SimTime::from_millis(1_767_603_600_000)), wall)
        });
        let place = Self { account: world.account(AccountId::parse(ACCOUNT).unwrap(), wall()) };
        place.edit(|state| {
            state.roles.insert(Role {
                name: "fresh".into(),
                unique_id: "AROA0123456789ABCDEFG".into(),
                path: "/".into(),
                arn: ROLE.into(),
                description: None,
                trust: PolicyDocument::new("{}"),
                grants: Grants::default(),
                max_session_seconds: 3_600,
                created: SimTime::from_millis(0),
                tags: Tags::default(),
            });
        });
        place
    }

    fn edit(&self, edit: impl FnOnce(&mut State)) {
        let now = self.account.now(wall());
        let done = self.account.write(&Scope::Global, now, true, |txn| {
            edit(&mut txn.state);
            Ok::<_, std::convert::Infallible>(())
        });
        done.unwrap();
    }

    /// Gives the role this policy instead of what it had.
    fn give(&self, document: &Json) {
        let inline = [("least".to_owned(), PolicyDocument::new(document.to_string()))].into();
        self.edit(|state| {
            state.roles.update(&Role::key_of("fresh"), |role| {
                role.grants = Grants { inline, ..Grants::default() };
            });
        });
    }

    fn call(&self, service: ServiceId, operation: &'static Operation, principal: Principal) -> Call<'_> {
        Call {
            service,
            model: ServiceModel::get(service),
            operation,
            account: &self.account,
            caller: caller(principal),
            now: self.account.now(wall()),
            request_id: "",
            dry_run: false,
            waits: false,
            memo: false,
            errand: std::cell::OnceCell::new(),
        }
    }

    /// What the root needs to do this again.
    fn needs(&self, service: ServiceId, operation: &'static Operation, input: &Value) -> Option<Json> {
        let call = self.call(service, operation, Principal::Root);
        authorise(&call, input, NOBODY).ok().unwrap().record(&call);
        let (deeds, whole) = self.account.deeds.all();
        self.account.deeds.clear();
        assert!(whole);
        let all = least::needs(deeds);
        assert!(all.len() < 2);
        all.values().next().map(least::document)
    }

    fn may(&self, service: ServiceId, operation: &'static Operation, input: &Value) -> bool {
        let role = Principal::Role {
            role_arn: ROLE.into(),
            role_name: "fresh".into(),
            role_unique_id: "AROA0123456789ABCDEFG".into(),
            session_name: "me".into(),
        };
        authorise(&self.call(service, operation, role), input, NOBODY).is_ok()
    }
}

/// The policy without one of its statements, and without one of its resources.
fn weaker(document: &Json) -> Vec<Json> {
    let mut all = Vec::new();
    for (number, statement) in document["Statement"].as_array().unwrap().iter().enumerate() {
        let mut less = document.clone();
        less["Statement"].as_array_mut().unwrap().remove(number);
        all.push(less);
        let resources = statement["Resource"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (at, resource) in resources.iter().enumerate() {
            let named = resource.as_str().unwrap();
            let covers = |other: &Json| {
                other != resource
                    && other.as_str().unwrap().strip_suffix('*').is_some_and(|start| named.starts_with(start))
            };
            // Who may act on what is to be made may act on what there is.
            if !resources.iter().any(covers) {
                let mut less = document.clone();
                less["Statement"][number]["Resource"].as_array_mut().unwrap().remove(at);
                all.push(less);
            }
        }
    }
    all
}

/// Who assumes a role is not asked here, but where it is assumed: what that needs is printed all the same.
#[test]
fn to_assume_a_role_is_a_deed() {
    let place = Place::new();
    let model = ServiceModel::get(ServiceId::Sts);
    let operation = model.operation("AssumeRole").unwrap();
    let input = json!({
        "RoleArn": "arn:aws:iam::444455556666:role/r", "RoleSessionName": "s", "SourceIdentity": "ann",
        "Tags": [{"Key": "a", "Value": "b"}],
    });
    let input = Value::from_json(model, operation.input.unwrap(), &input).unwrap();
    let statement = json!([{
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
        "Resource": "arn:aws:iam::444455556666:role/r",
    }]);
    assert_eq!(place.needs(ServiceId::Sts, operation, &input).unwrap()["Statement"], statement);
}

#[test]
fn what_is_printed_is_enough_and_nothing_is_too_much() {
    let place = Place::new();
    let nothing = json!({"Version": "2012-10-17", "Statement": []});
    let operations = Operations::all();
    let (mut count, mut parts) = (0, 0);
    for service in ServiceId::ALL {
        let model = ServiceModel::get(service);
        for name in operations.names(service) {
            let operation = model.operation(name).unwrap();
            for given in [Given::Required, Given::All] {
                let input = match model.input(operation) {
                    Some(shape) => sample(model, shape, "", given, 0),
                    None => Value::Struct(crate::aws::value::Struct::new()),
                };
                let told = format!("{service:?} {name} {given:?}");
                place.give(&nothing);
                if FREE.contains(&(service, name)) {
                    assert!(place.may(service, operation, &input), "{told}");
                    continue;
                }
                let document = place.needs(service, operation, &input).expect(name);
                assert!(!place.may(service, operation, &input), "{told}");
                place.give(&document);
                assert!(place.may(service, operation, &input), "{told}: {document}");
                // What a service does in the caller's name is printed too, and decided about where it is done.
                let own: &[&str] = match (service, name) {
                    (ServiceId::SageMaker, _) => &["\"ec2:"],
                    (ServiceId::Ec2, "StartNetworkInsightsAnalysis") => {
                        &["\"ec2:Describe", "\"ec2:Get", "\"ec2:Search"]
                    }
                    _ => &[],
                };
                let elsewhere = |document: &Json| -> usize {
                    own.iter().map(|start| document.to_string().matches(start).count()).sum()
                };
                let decided = |less: &Json| elsewhere(less) == elsewhere(&document);
                for less in weaker(&document).into_iter().filter(decided) {
                    place.give(&less);
                    assert!(!place.may(service, operation, &input), "{told}: {less}");
                    parts += 1;
                }
                count += 1;
            }
        }
    }
    assert!(count > 600 && parts > 800, "{count} {parts}");
}
