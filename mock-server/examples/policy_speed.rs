//! Prints what a decision costs: `cargo run --release --example policy_speed`.

// Measuring is the one thing here that needs the real clock.
#![allow(clippy::disallowed_methods)]

use std::hint::black_box;
use std::time::Instant;

use mockplane::policy::{Context, Policies, Policy, Principal, Request, Source, Verdict, decide};

/// Ten managed policies of five statements each, as a role of a platform has them; the last allows what is asked.
fn policies() -> Vec<Policy> {
    let statement = |n: usize| {
        let service = ["s3", "ecr", "logs", "sagemaker", "kms"][n % 5];
        format!(
            r#"{{"Sid": "S{n}", "Effect": "{}", "Action": ["{service}:Get*", "{service}:Describe*", "{service}:Put{n}", "{service}:*Tags"],
                "Resource": ["arn:aws:{service}:*:111122223333:thing-{n}/*", "arn:aws:{service}:us-*-1:111122223333:other/{n}"],
                "Condition": {{"StringEquals": {{"aws:RequestedRegion": "us-east-1"}}, "Bool": {{"aws:SecureTransport": "true"}}}}}}"#,
            if n % 7 == 3 { "Deny" } else { "Allow" }
        )
    };
    let document = |n: usize| {
        let mut statements: Vec<String> = (0..5).map(|k| statement(n * 5 + k)).collect();
        if n == 9 {
            statements[4] = r#"{"Effect": "Allow", "Action": ["ec2:Create*", "ec2:Describe*"], "Resource": "arn:aws:ec2:*:111122223333:*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"], "aws:PrincipalTag/team": "red"}}}"#.to_owned();
        }
        Policy::parse(&format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(",")))
    };
    (0..10).map(|n| document(n).expect("a policy")).collect()
}

fn main() {
    let policies = policies();
    let principal = Principal::Session {
        account: "111122223333".into(),
        arn: "arn:aws:sts::111122223333:assumed-role/platform/me".into(),
        role_arn: "arn:aws:iam::111122223333:role/platform".into(),
        id: "AROAPLATFORMPLATFORM:me".into(),
    };
    let mut context = Context::new();
    for (key, value) in [
        ("aws:SourceIp", "203.0.113.7"),
        ("aws:SecureTransport", "true"),
        ("aws:RequestedRegion", "us-east-1"),
        ("aws:PrincipalTag/team", "red"),
        ("aws:CurrentTime", "2024-06-01T12:00:00Z"),
    ] {
        context.set(key, value);
    }
    let ask = |action: &str, resource: &str| {
        let request =
            Request { principal: &principal, action, resource, resource_account: None, context: &context };
        let source = |policy| Source { name: "arn:aws:iam::111122223333:policy/p".into(), policy };
        decide(&request, &Policies { identity: policies.iter().map(source).collect(), ..Policies::default() })
    };
    for (action, resource, allowed) in [
        ("ec2:CreateSubnet", "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1", true),
        ("s3:GetObject", "arn:aws:s3:us-east-1:111122223333:thing-1/x", false),
        ("iam:CreateRole", "arn:aws:iam::111122223333:role/r", false),
    ] {
        let verdict = ask(action, resource).verdict;
        assert_eq!(verdict == Verdict::Allowed, allowed, "{action}: {verdict:?}");
        let best = (0..20).map(|_| {
            let start = Instant::now();
            for _ in 0..10_000 {
                black_box(ask(black_box(action), black_box(resource)));
            }
            start.elapsed() / 10_000
        });
        println!("{action}: {:?} for {verdict:?} among 50 statements", best.min().unwrap_or_default());
    }
}
