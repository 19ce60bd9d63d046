//! What each side says for itself.

use super::*;

const GET: &str = "s3:GetObject";
const OBJECT: &str = "arn:aws:s3:::data/a";

fn statement(effect: &str, action: &str) -> Value {
    json!({"Sid": "One", "Effect": effect, "Action": action, "Resource": "*"})
}

fn of_everybody(effect: &str, action: &str) -> Policy {
    policy(json!({"Effect": effect, "Principal": "*", "Action": action, "Resource": "*"}))
}

fn asked(policies: &Policies<'_>) -> Sides {
    let (principal, context) = (user(), Context::new());
    let request = Request {
        principal: &principal,
        action: GET,
        resource: OBJECT,
        resource_account: None,
        context: &context,
    };
    sides(&request, policies)
}

#[test]
fn each_side_has_its_own_verdict() {
    let (mine, other) = (policy(statement("Allow", GET)), policy(statement("Allow", "s3:PutObject")));
    let (open, shut) = (of_everybody("Allow", GET), of_everybody("Deny", GET));
    let identity = |policy| Policies { identity: vec![named("mine", policy)], ..Policies::default() };

    let all = asked(&identity(&mine));
    let verdicts = |sides: &Sides| [&sides.asker, &sides.endpoint, &sides.resource].map(|side| side.verdict);
    assert_eq!((verdicts(&all), all.lacking.len()), ([Verdict::Allowed; 3], 0));
    assert_eq!(all.asker.cited.len(), 1);
    assert!(all.endpoint.cited.is_empty() && all.resource.cited.is_empty());

    let through = asked(&Policies {
        endpoint: Some(named("door", &of_everybody("Allow", "s3:PutObject"))),
        ..identity(&other)
    });
    let nothing = |kind| Verdict::ImplicitDeny(kind);
    assert_eq!(verdicts(&through), [nothing(Kind::Identity), nothing(Kind::Endpoint), Verdict::Allowed]);
    assert_eq!(through.lacking, [Kind::Identity, Kind::Endpoint]);

    let refused = asked(&Policies {
        endpoint: Some(named("door", &open)),
        resource: Some(named("bucket", &shut)),
        ..identity(&mine)
    });
    let denied = Verdict::ExplicitDeny(Kind::Resource);
    assert_eq!(verdicts(&refused), [Verdict::Allowed, Verdict::Allowed, denied]);
    assert_eq!((refused.resource.cited.len(), refused.lacking.len()), (1, 0));
}

#[test]
fn a_decision_says_who_decided() {
    let denies = policy(statement("Deny", GET));
    let identity = |policy| Policies { identity: vec![named("mine", policy)], ..Policies::default() };
    assert_eq!(asked(&identity(&denies)).asker.because(), "denied by statement 0 (One) of mine");
    let other = policy(statement("Allow", "s3:PutObject"));
    assert!(asked(&identity(&other)).asker.because().contains("no identity-based policy allows it"));
}

#[test]
fn a_statement_asks_for_the_keys_of_its_conditions() {
    let conditions =
        json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}, "Bool": {"aws:SecureTransport": "true"}});
    let parsed = policy(json!([
        {"Effect": "Deny", "Action": GET, "Resource": "*", "Condition": conditions},
        {"Effect": "Allow", "Action": GET, "Resource": "*"},
    ]));
    let [asks, plain] = parsed.statements() else { panic!("two statements") };
    for key in ["aws:SourceVpce", "AWS:sourcevpce", "aws:SecureTransport"] {
        assert!(asks.asks_for(key) && !plain.asks_for(key), "{key}");
    }
    assert!(!asks.asks_for("aws:SourceVpc"));
}
