//! Roles that are assumed with the token of an identity provider.

use super::*;
use crate::services::iam::oidc_provider::CreateOpenIDConnectProvider;
use crate::services::sts::web_identity::AssumeRoleWithWebIdentity;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const ISSUER: &str = "https://oidc.example.com/id/A1";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A1";

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmVk", part(&json!({"alg": "RS256"})), part(claims))
}

fn claims() -> Value {
    let now = NOW.millis() / 1_000;
    json!({"iss": ISSUER, "sub": "system:serviceaccount:a:b", "aud": ["sts.amazonaws.com"], "iat": now, "exp": now + 600})
}

fn with(key: &str, value: Value) -> Value {
    let mut all = claims();
    all[key] = value;
    all
}

fn bench(condition: Value, actions: Value) -> Bench {
    let bench = Bench::new();
    let input = json!({"Url": ISSUER, "ClientIDList": ["sts.amazonaws.com"], "ThumbprintList": []});
    let made = bench.write::<CreateOpenIDConnectProvider>(input).unwrap();
    assert_eq!(made["OpenIDConnectProviderArn"], PROVIDER);
    role_trusting(&bench, "Pod", allow(actions, json!({"Federated": PROVIDER}), condition));
    bench
}

fn present(bench: &Bench, token: &str) -> Result<Value, crate::services::Refused> {
    bench.write::<AssumeRoleWithWebIdentity>(json!({
        "RoleArn": "arn:aws:iam::111122223333:role/Pod", "RoleSessionName": "pod", "WebIdentityToken": token,
    }))
}

fn only_web() -> Value {
    json!("sts:AssumeRoleWithWebIdentity")
}

#[test]
fn a_token_of_a_known_provider_is_good_for_a_role_that_trusts_it() {
    let condition = json!({"StringEquals": {"oidc.example.com/id/A1:aud": "sts.amazonaws.com",
        "oidc.example.com/id/A1:sub": "system:serviceaccount:a:b"}});
    let mut bench = bench(condition, only_web());
    let answer = present(&bench, &jwt(&claims())).unwrap();
    assert_eq!(answer["SubjectFromWebIdentityToken"], "system:serviceaccount:a:b");
    assert_eq!((&answer["Provider"], &answer["Audience"]), (&json!(PROVIDER), &json!("sts.amazonaws.com")));
    assert_eq!(answer["AssumedRoleUser"]["Arn"], "arn:aws:sts::111122223333:assumed-role/Pod/pod");
    become_session(&mut bench, &answer);
    assert_eq!(bench.caller.session.as_ref().unwrap().provider.as_deref(), Some(PROVIDER));

    let other = jwt(&with("sub", json!("system:serviceaccount:a:c")));
    let text = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
    assert_eq!(refusal(present(&bench, &other)), ("AccessDenied".into(), text.into(), 403));
    role_trusting(&bench, "Pod", allow(only_web(), json!({"AWS": "*"}), json!({})));
    assert_eq!(refusal(present(&bench, &jwt(&claims()))).2, 403, "providers are trusted by name alone");
}

#[test]
fn tokens_that_are_no_good() {
    let bench = bench(json!({}), only_web());
    let now = NOW.millis() / 1_000;
    let expired =
        format!("Token expired: current date/time {now} must be before the expiration date/time {}", now - 1);
    let not_jwt =
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    for (token, code, text) in [
        ("????".to_owned(), "InvalidIdentityToken", not_jwt),
        ("a.b.c".to_owned(), "InvalidIdentityToken", not_jwt),
        (jwt(&json!({"iss": ISSUER})), "InvalidIdentityToken", "Missing a required claim: aud"),
        (
            jwt(&with("iss", json!("https://other.example.com"))),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://other.example.com",
        ),
        (jwt(&with("aud", json!("me"))), "InvalidIdentityToken", "Incorrect token audience"),
        (jwt(&with("exp", json!(now - 1))), "ExpiredTokenException", &expired),
    ] {
        assert_eq!(refusal(present(&bench, &token)), (code.into(), text.into(), 400));
    }
}

#[test]
fn a_token_brings_tags_and_a_source_identity_if_the_role_allows() {
    let mut told = with(
        "https://aws.amazon.com/tags",
        json!({
        "principal_tags": {"team": ["red"]}, "transitive_tag_keys": ["team"]}),
    );
    told["https://aws.amazon.com/source_identity"] = json!("ann");
    let token = jwt(&told);
    let refused = refusal(present(&bench(json!({}), only_web()), &token));
    assert_eq!(refused.1, "Not authorized to perform sts:TagSession");
    let mut bench = bench(json!({"StringEquals": {"aws:RequestTag/team": "red"}}), json!("sts:*"));
    let answer = present(&bench, &token).unwrap();
    assert_eq!(answer["SourceIdentity"], "ann");
    become_session(&mut bench, &answer);
    let session = bench.caller.session.as_ref().unwrap();
    assert_eq!((session.tags.get("team"), session.transitive.contains("team")), (Some("red"), true));
}

#[test]
fn some_providers_need_no_introduction() {
    let bench = Bench::new();
    let trust = json!({"Federated": "accounts.google.com"});
    let condition = json!({"StringEquals": {"accounts.google.com:aud": "app"}});
    role_trusting(&bench, "Pod", allow(only_web(), trust, condition));
    let mut told = with("iss", json!("https://accounts.google.com"));
    told["aud"] = json!("app");
    assert_eq!(present(&bench, &jwt(&told)).unwrap()["Provider"], "accounts.google.com");
    told["aud"] = json!("other");
    assert_eq!(refusal(present(&bench, &jwt(&told))).0, "AccessDenied");
}
