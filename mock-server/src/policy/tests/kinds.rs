//! Every kind of policy with an allowance, an explicit denial and silence, alone and together.

use super::*;
use Kind::*;
use Verdict::{Allowed, ExplicitDeny, ImplicitDeny};

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Who {
    Root,
    User,
    Session,
    FederatedUser,
    Provider,
    Service,
    Nobody,
}

/// Whose the resource is.
const HOME: bool = true;
const AWAY: bool = false;

/// Who asks; at home; what the resource's policy names; what the policies say: identity, boundary, session, resource,
/// control, endpoint (`A`llow, `D`eny, `S`ilent, `-` none); the verdict.
type Row = (Who, bool, &'static str, &'static str, Verdict);

/// A resource with a policy that is no trust policy.
const RESOURCES: &[Row] = &[
    // Identity-based policies.
    (Who::User, HOME, "*", "A-----", Allowed),
    (Who::User, HOME, "*", "D-----", ExplicitDeny(Identity)),
    (Who::User, HOME, "*", "S-----", ImplicitDeny(Identity)),
    (Who::User, HOME, "*", "------", ImplicitDeny(Identity)),
    (Who::Session, HOME, "*", "A-----", Allowed),
    (Who::Session, HOME, "*", "S-----", ImplicitDeny(Identity)),
    (Who::FederatedUser, HOME, "*", "A-----", Allowed),
    (Who::FederatedUser, HOME, "*", "S-----", ImplicitDeny(Identity)),
    // The root user needs none.
    (Who::Root, HOME, "*", "------", Allowed),
    (Who::Root, HOME, "*", "SS----", Allowed),
    // Boundary.
    (Who::User, HOME, "*", "AA----", Allowed),
    (Who::User, HOME, "*", "AD----", ExplicitDeny(Boundary)),
    (Who::User, HOME, "*", "AS----", ImplicitDeny(Boundary)),
    (Who::User, HOME, "*", "SA----", ImplicitDeny(Identity)),
    (Who::User, HOME, "*", "SS----", ImplicitDeny(Identity)),
    // Session.
    (Who::Session, HOME, "*", "A-A---", Allowed),
    (Who::Session, HOME, "*", "A-D---", ExplicitDeny(Session)),
    (Who::Session, HOME, "*", "A-S---", ImplicitDeny(Session)),
    (Who::Session, HOME, "*", "S-A---", ImplicitDeny(Identity)),
    (Who::Session, HOME, "*", "ASA---", ImplicitDeny(Boundary)),
    (Who::Session, HOME, "*", "AAS---", ImplicitDeny(Session)),
    (Who::Session, HOME, "*", "AAA---", Allowed),
    (Who::Root, HOME, "*", "--S---", ImplicitDeny(Session)),
    // Service control policies: for the root user too, not for services.
    (Who::User, HOME, "*", "A---A-", Allowed),
    (Who::User, HOME, "*", "A---D-", ExplicitDeny(ControlPolicy)),
    (Who::User, HOME, "*", "A---S-", ImplicitDeny(ControlPolicy)),
    (Who::User, HOME, "*", "S---S-", ImplicitDeny(ControlPolicy)),
    (Who::User, HOME, "*", "S---A-", ImplicitDeny(Identity)),
    (Who::Root, HOME, "*", "----S-", ImplicitDeny(ControlPolicy)),
    (Who::Root, HOME, "*", "----D-", ExplicitDeny(ControlPolicy)),
    (Who::User, HOME, "*", "---AS-", ImplicitDeny(ControlPolicy)),
    (Who::Service, HOME, "*", "---AS-", Allowed),
    (Who::Service, HOME, "*", "---AD-", Allowed),
    (Who::Nobody, HOME, "*", "---AS-", Allowed),
    (Who::Provider, HOME, "*", "---AS-", Allowed),
    // Endpoint policies.
    (Who::User, HOME, "*", "A----A", Allowed),
    (Who::User, HOME, "*", "A----D", ExplicitDeny(Endpoint)),
    (Who::User, HOME, "*", "A----S", ImplicitDeny(Endpoint)),
    (Who::User, HOME, "*", "S----S", ImplicitDeny(Identity)),
    (Who::Root, HOME, "*", "-----S", ImplicitDeny(Endpoint)),
    (Who::User, HOME, "*", "---A-S", ImplicitDeny(Endpoint)),
    (Who::Nobody, HOME, "*", "---A-S", ImplicitDeny(Endpoint)),
    // A resource's policy within the account: it adds.
    (Who::User, HOME, "*", "A--S--", Allowed),
    (Who::User, HOME, "*", "A--D--", ExplicitDeny(Resource)),
    (Who::User, HOME, "*", "S--A--", Allowed),
    (Who::User, HOME, "*", "D--A--", ExplicitDeny(Identity)),
    (Who::User, HOME, "*", "S--S--", ImplicitDeny(Identity)),
    (Who::Root, HOME, "*", "---S--", Allowed),
    (Who::Root, HOME, "*", "---D--", ExplicitDeny(Resource)),
    // Whom it names itself, no implicit denial limits.
    (Who::User, HOME, "itself", "SS-A--", Allowed),
    (Who::User, HOME, "itself", "SD-A--", ExplicitDeny(Boundary)),
    (Who::Session, HOME, "itself", "SSSA--", Allowed),
    (Who::Session, HOME, "*", "SSSA--", Allowed),
    (Who::FederatedUser, HOME, "itself", "S-SA--", Allowed),
    (Who::Session, HOME, "itself", "SSDA--", ExplicitDeny(Session)),
    // What it gives a role is limited by boundary and session.
    (Who::Session, HOME, "role", "S--A--", Allowed),
    (Who::Session, HOME, "role", "---A--", Allowed),
    (Who::Session, HOME, "role", "SS-A--", ImplicitDeny(Boundary)),
    (Who::Session, HOME, "role", "AS-A--", ImplicitDeny(Boundary)),
    (Who::Session, HOME, "role", "S-SA--", ImplicitDeny(Session)),
    (Who::Session, HOME, "role", "SAAA--", Allowed),
    // Naming the account gives nobody in it anything.
    (Who::User, HOME, "account", "S--A--", ImplicitDeny(Identity)),
    (Who::User, HOME, "account", "A--A--", Allowed),
    (Who::Session, HOME, "account", "S--A--", ImplicitDeny(Identity)),
    (Who::Session, HOME, "account", "AS-A--", ImplicitDeny(Boundary)),
    (Who::User, HOME, "account", "A--D--", ExplicitDeny(Resource)),
    (Who::User, HOME, "other", "S--A--", ImplicitDeny(Identity)),
    (Who::User, HOME, "other", "A--D--", Allowed),
    // Another account's resource: both sides.
    (Who::User, AWAY, "itself", "A--A--", Allowed),
    (Who::User, AWAY, "account", "A--A--", Allowed),
    (Who::User, AWAY, "*", "A--A--", Allowed),
    (Who::User, AWAY, "itself", "S--A--", ImplicitDeny(Identity)),
    (Who::User, AWAY, "*", "S--A--", ImplicitDeny(Identity)),
    (Who::User, AWAY, "itself", "A--S--", ImplicitDeny(Resource)),
    (Who::User, AWAY, "itself", "A-----", ImplicitDeny(Resource)),
    (Who::User, AWAY, "other", "A--A--", ImplicitDeny(Resource)),
    (Who::User, AWAY, "itself", "A--D--", ExplicitDeny(Resource)),
    (Who::User, AWAY, "itself", "D--A--", ExplicitDeny(Identity)),
    (Who::User, AWAY, "itself", "AS-A--", ImplicitDeny(Boundary)),
    (Who::Session, AWAY, "role", "A-SA--", ImplicitDeny(Session)),
    (Who::Session, AWAY, "itself", "ASAA--", ImplicitDeny(Boundary)),
    (Who::Session, AWAY, "role", "S--A--", ImplicitDeny(Identity)),
    (Who::Session, AWAY, "role", "AAAA--", Allowed),
    (Who::User, AWAY, "itself", "A--AS-", ImplicitDeny(ControlPolicy)),
    (Who::Root, AWAY, "account", "---A--", Allowed),
    (Who::Root, AWAY, "account", "---S--", ImplicitDeny(Resource)),
    (Who::Root, AWAY, "itself", "------", ImplicitDeny(Resource)),
    // Who acts for no account has only the resource's policy.
    (Who::Service, HOME, "itself", "---A--", Allowed),
    (Who::Service, AWAY, "itself", "---A--", Allowed),
    (Who::Service, HOME, "*", "---A--", Allowed),
    (Who::Service, HOME, "other", "---A--", ImplicitDeny(Resource)),
    (Who::Service, HOME, "itself", "A--S--", ImplicitDeny(Resource)),
    (Who::Service, HOME, "itself", "A-----", ImplicitDeny(Resource)),
    (Who::Service, HOME, "itself", "---D--", ExplicitDeny(Resource)),
    (Who::Service, HOME, "itself", "-SSA--", Allowed),
    (Who::Nobody, HOME, "*", "---A--", Allowed),
    (Who::Nobody, HOME, "account", "---A--", ImplicitDeny(Resource)),
    (Who::Nobody, HOME, "*", "A-----", ImplicitDeny(Resource)),
    (Who::Provider, HOME, "itself", "---A--", Allowed),
    (Who::Provider, HOME, "account", "---A--", ImplicitDeny(Resource)),
];

/// A role to be assumed: its trust policy must allow, whatever else does.
const ROLES: &[Row] = &[
    (Who::User, HOME, "itself", "S--A--", Allowed),
    (Who::User, HOME, "itself", "SS-A--", Allowed),
    (Who::User, HOME, "*", "S--A--", Allowed),
    (Who::User, HOME, "itself", "A--S--", ImplicitDeny(Trust)),
    (Who::User, HOME, "itself", "A-----", ImplicitDeny(Trust)),
    (Who::User, HOME, "itself", "A--D--", ExplicitDeny(Trust)),
    (Who::User, HOME, "itself", "D--A--", ExplicitDeny(Identity)),
    (Who::User, HOME, "account", "S--A--", ImplicitDeny(Identity)),
    (Who::User, HOME, "account", "A--A--", Allowed),
    (Who::User, HOME, "account", "AS-A--", ImplicitDeny(Boundary)),
    (Who::User, HOME, "other", "A--A--", ImplicitDeny(Trust)),
    (Who::Session, HOME, "role", "S--A--", Allowed),
    (Who::Session, HOME, "role", "SS-A--", ImplicitDeny(Boundary)),
    (Who::Session, HOME, "role", "S-SA--", ImplicitDeny(Session)),
    (Who::Root, HOME, "account", "---A--", Allowed),
    (Who::Root, HOME, "other", "---A--", ImplicitDeny(Trust)),
    (Who::User, AWAY, "itself", "S--A--", ImplicitDeny(Identity)),
    (Who::User, AWAY, "itself", "A--A--", Allowed),
    (Who::User, AWAY, "account", "A--A--", Allowed),
    (Who::User, AWAY, "account", "A--S--", ImplicitDeny(Trust)),
    (Who::User, HOME, "itself", "---AS-", ImplicitDeny(ControlPolicy)),
    (Who::Service, HOME, "itself", "---A--", Allowed),
    (Who::Service, HOME, "itself", "---S--", ImplicitDeny(Trust)),
    (Who::Service, HOME, "other", "---A--", ImplicitDeny(Trust)),
    (Who::Service, HOME, "*", "---A--", Allowed),
    (Who::Provider, HOME, "itself", "---A--", Allowed),
    (Who::Provider, HOME, "other", "---A--", ImplicitDeny(Trust)),
];

fn principal(who: Who) -> Principal {
    match who {
        Who::Root => root(),
        Who::User => user(),
        Who::Session => session(),
        Who::FederatedUser => federated(),
        Who::Provider => provider(),
        Who::Service => service(),
        Who::Nobody => Principal::Anonymous,
    }
}

/// What a resource's policy names.
fn names(who: &Principal, named: &str) -> Value {
    match (named, who) {
        ("*", _) => json!("*"),
        ("account", _) => json!({"AWS": format!("arn:aws:iam::{HERE}:root")}),
        ("role", Principal::Session { role_arn, .. }) => json!({"AWS": role_arn}),
        ("itself", Principal::Service { name }) => json!({"Service": name}),
        ("itself", Principal::Federated { arn, .. }) if *who == provider() => json!({"Federated": arn}),
        (
            "itself",
            Principal::Root { arn, .. }
            | Principal::User { arn, .. }
            | Principal::Session { arn, .. }
            | Principal::Federated { arn, .. },
        ) => json!({"AWS": arn}),
        _ => json!({"AWS": [THERE, format!("arn:aws:iam::{HERE}:user/bob")], "Service": "ec2.amazonaws.com"}),
    }
}

const KINDS: [Kind; 6] = [Identity, Boundary, Session, Resource, ControlPolicy, Endpoint];

fn check(rows: &[Row], kind: Kind) {
    let context = Context::new();
    let resource = "arn:aws:s3:::b/k";
    for (who, home, named_there, states, expected) in rows {
        let who = principal(*who);
        let mut policies: Vec<Option<Policy>> = Vec::new();
        for (of, state) in KINDS.iter().zip(states.chars()) {
            let (effect, action) = match state {
                'A' => ("Allow", "s3:GetObject"),
                'D' => ("Deny", "s3:GetObject"),
                'S' => ("Allow", "s3:PutObject"),
                _ => {
                    policies.push(None);
                    continue;
                }
            };
            let mut statement = json!({"Sid": "It", "Effect": effect, "Action": action});
            if *of != Resource || kind != Trust {
                statement["Resource"] = json!("arn:aws:s3:::b/*");
            }
            match of {
                Resource => statement["Principal"] = names(&who, named_there),
                Endpoint => statement["Principal"] = json!("*"),
                _ => {}
            }
            policies.push(Some(policy(json!([statement]))));
        }
        let source = |at: usize| policies[at].as_ref().map(|policy| named("it", policy));
        let all = Policies {
            identity: source(0).into_iter().collect(),
            boundary: source(1),
            session: source(2).map(|source| vec![source]),
            resource: source(3),
            resource_kind: kind,
            control: source(4).map(|source| vec![source]).into_iter().collect(),
            endpoint: source(5),
        };
        let owner = if *home { HERE } else { THERE };
        let mut request = Request {
            principal: &who,
            action: "s3:GetObject",
            resource,
            resource_account: Some(owner),
            context: &context,
        };
        let decision = decide(&request, &all);
        let told = format!("{who:?} {home} {named_there} {states}");
        assert_eq!(decision.verdict, *expected, "{told}");
        assert_eq!(decision.allowed(), *expected == Allowed, "{told}");
        for cited in &decision.cited {
            let effect = if decision.allowed() { Effect::Allow } else { Effect::Deny };
            let at = KINDS
                .iter()
                .position(|kind| *kind == cited.kind || (cited.kind == Trust && *kind == Resource));
            let state = states.chars().nth(at.unwrap()).unwrap();
            assert_eq!((cited.effect, state), (effect, if decision.allowed() { 'A' } else { 'D' }), "{told}");
            assert_eq!((cited.source.as_str(), cited.statement, cited.sid.as_deref()), ("it", 0, Some("It")));
        }
        match expected {
            ImplicitDeny(_) => assert_eq!(decision.cited, [], "{told}"),
            ExplicitDeny(kind) => assert!(decision.cited.iter().any(|cited| cited.kind == *kind), "{told}"),
            Allowed => assert!(
                *states == "------" || !decision.cited.is_empty() || matches!(who, Principal::Root { .. }),
                "{told}"
            ),
        }
        if *home {
            request.resource_account = None;
            assert_eq!(decide(&request, &all).verdict, *expected, "{told}: a resource of nobody is at home");
        }
    }
}

#[test]
fn every_kind_for_resources() {
    check(RESOURCES, Resource);
}

#[test]
fn every_kind_for_roles() {
    check(ROLES, Trust);
}

/// What makes the verdict: each statement that does, with its source and place.
#[test]
fn decisions_cite_the_statements_that_decided() {
    let one = policy(json!([
        {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
        {"Sid": "B", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
    ]));
    let two = policy(
        json!([{"Sid": "C", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}, {"Sid": "D", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]),
    );
    let bucket = policy(
        json!([{"Sid": "E", "Effect": "Allow", "Principal": {"AWS": HERE}, "Action": "*", "Resource": "*"}]),
    );
    let everything = policy(json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]));
    let context = Context::new();
    let who = user();
    let mut policies = Policies {
        identity: vec![named("user/alice inline one", &one), named("arn:two", &two)],
        resource: Some(named("bucket", &bucket)),
        control: vec![vec![named("p-Full", &everything)]],
        ..Policies::default()
    };
    let mut request = Request {
        principal: &who,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: None,
        context: &context,
    };
    let cites = |request: &Request<'_>, policies: &Policies<'_>| -> Vec<_> {
        let cited = decide(request, policies).cited.into_iter();
        cited
            .map(|cited| (cited.kind, cited.source, cited.statement, cited.sid.unwrap_or_default()))
            .collect()
    };
    let by_identity = vec![
        (ControlPolicy, text("p-Full"), 0, text("")),
        (Identity, text("user/alice inline one"), 1, text("B")),
        (Identity, text("arn:two"), 0, text("C")),
    ];
    assert_eq!(cites(&request, &policies), by_identity, "an account that is named decides nothing at home");
    request.resource_account = Some(THERE);
    let mut abroad = by_identity.clone();
    abroad.insert(1, (Resource, text("bucket"), 0, text("E")));
    assert_eq!(cites(&request, &policies), abroad);
    request.action = "s3:DeleteObject";
    let denied = vec![
        (Identity, text("user/alice inline one"), 2, text("")),
        (Identity, text("arn:two"), 1, text("D")),
    ];
    assert_eq!(cites(&request, &policies), denied);
    request.action = "iam:GetUser";
    assert_eq!(cites(&request, &policies), []);
    policies.identity.clear();
    assert_eq!(decide(&request, &policies).verdict, ImplicitDeny(Identity));
}

#[test]
fn each_level_of_control_policies_must_allow() {
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let ec2 = policy(json!({"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}));
    let context = Context::new();
    let who = user();
    let verdict = |levels: &[&[&Policy]], action: &str| {
        let policies = Policies {
            identity: vec![named("it", &everything)],
            control: levels
                .iter()
                .map(|level| level.iter().map(|policy| named("p", policy)).collect())
                .collect(),
            ..Policies::default()
        };
        let request =
            Request { principal: &who, action, resource: "*", resource_account: None, context: &context };
        decide(&request, &policies).verdict
    };
    assert_eq!(verdict(&[], "s3:X"), Allowed);
    assert_eq!(verdict(&[&[&everything], &[&ec2]], "ec2:X"), Allowed);
    assert_eq!(verdict(&[&[&everything], &[&ec2]], "s3:X"), ImplicitDeny(ControlPolicy));
    assert_eq!(verdict(&[&[&ec2], &[&everything]], "s3:X"), ImplicitDeny(ControlPolicy));
    assert_eq!(verdict(&[&[&ec2, &everything]], "s3:X"), Allowed);
    assert_eq!(verdict(&[&[&everything], &[]], "s3:X"), ImplicitDeny(ControlPolicy));
}

/// A session that was made with policies, none of which says anything, may do nothing.
#[test]
fn a_session_without_a_statement() {
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let context = Context::new();
    let who = federated();
    let request =
        Request { principal: &who, action: "s3:X", resource: "*", resource_account: None, context: &context };
    let policies =
        Policies { identity: vec![named("it", &everything)], session: Some(vec![]), ..Policies::default() };
    assert_eq!(decide(&request, &policies).verdict, ImplicitDeny(Session));
    let nothing = policy(json!([]));
    let policies =
        Policies { session: Some(vec![named("a", &nothing), named("b", &everything)]), ..policies };
    assert_eq!(decide(&request, &policies).verdict, Allowed);
}

/// The ends of AWS's texts.
#[test]
fn reasons() {
    let table = [
        (
            Identity,
            "because no identity-based policy allows the s3:X action",
            "with an explicit deny in an identity-based policy",
        ),
        (
            Boundary,
            "because no permissions boundary allows the s3:X action",
            "with an explicit deny in a permissions boundary",
        ),
        (
            Session,
            "because no session policy allows the s3:X action",
            "with an explicit deny in a session policy",
        ),
        (
            Resource,
            "because no resource-based policy allows the s3:X action",
            "with an explicit deny in a resource-based policy",
        ),
        (
            Trust,
            "because no role trust policy allows the s3:X action",
            "with an explicit deny in the role trust policy",
        ),
        (
            ControlPolicy,
            "because no service control policy allows the s3:X action",
            "with an explicit deny in a service control policy",
        ),
        (
            Endpoint,
            "because no VPC endpoint policy allows the s3:X action",
            "with an explicit deny in a VPC endpoint policy",
        ),
    ];
    let reason = |verdict| Decision { verdict, cited: vec![] }.reason("s3:X");
    for (kind, implicit, explicit) in table {
        assert_eq!(reason(ImplicitDeny(kind)), implicit);
        assert_eq!(reason(ExplicitDeny(kind)), explicit);
    }
    assert_eq!(reason(Allowed), "");
}
