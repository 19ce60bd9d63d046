//! What holds for any policy and any request.

use super::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Words of policies and requests: few, so that they meet.
fn action() -> impl Strategy<Value = String> {
    select(vec![
        "*",
        "s3:*",
        "s3:Get*",
        "s3:GetObject",
        "ec2:Create?pc",
        "S3:getobject",
        "s3:${aws:username}",
        "",
        "é?*",
    ])
    .prop_map(text)
}

fn resource() -> impl Strategy<Value = String> {
    select(vec![
        "*",
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/*",
        "arn:aws:s3:::${aws:username}/k",
        "arn:aws:s3:::${none}",
        "arn:aws:s*3:us-*-1::?",
        "b*",
    ])
    .prop_map(text)
}

fn principal_names() -> impl Strategy<Value = Value> {
    select(vec![
        json!("*"),
        json!({"AWS": "*"}),
        json!({"AWS": HERE}),
        json!({"AWS": ["arn:aws:iam::111122223333:user/staff/alice", THERE]}),
        json!({"AWS": "arn:aws:iam::111122223333:role/service-role/train", "Service": "sagemaker.amazonaws.com"}),
        json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example.com"}),
    ])
}

const OPERATORS: [&str; 13] = [
    "StringEquals",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "NumericLessThan",
    "DateGreaterThanEquals",
    "DateNotEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnLike",
    "ArnNotEquals",
    "StringNotEquals",
];

fn condition() -> impl Strategy<Value = Value> {
    let values = vec![
        "alice",
        "*",
        "1",
        "2024-06-01",
        "true",
        "10.0.0.0/8",
        "::1",
        "arn:aws:s3:::b",
        "${aws:username}",
        "${",
        "YQ==",
        "",
        "a:*",
    ];
    let keys = vec!["aws:username", "aws:PrincipalArn", "k", "aws:SourceIp", "aws:CurrentTime"];
    (
        select(vec!["", "ForAllValues:", "ForAnyValue:"]),
        select(OPERATORS.to_vec()),
        select(vec!["", "IfExists"]),
        select(keys),
        vec(select(values), 0..3),
    )
        .prop_map(
            |(set, operator, suffix, key, values)| json!({format!("{set}{operator}{suffix}"): {key: values}}),
        )
}

fn statement() -> impl Strategy<Value = Value> {
    let parts = (
        any::<[bool; 4]>(),
        vec(action(), 1..3),
        vec(resource(), 1..3),
        option::of(principal_names()),
        option::of(condition()),
    );
    parts.prop_map(
        |([allow, not_action, not_resource, not_principal], actions, resources, principal, condition)| {
            let mut statement = json!({"Effect": if allow { "Allow" } else { "Deny" }});
            statement[if not_action { "NotAction" } else { "Action" }] = json!(actions);
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!(resources);
            if let Some(principal) = principal {
                statement[if not_principal { "NotPrincipal" } else { "Principal" }] = principal;
            }
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

fn who() -> impl Strategy<Value = Principal> {
    select(vec![root(), user(), session(), federated(), provider(), service(), Principal::Anonymous])
}

/// A request and the statements of all that has a say, one policy for each kind.
#[derive(Clone, Debug)]
struct World {
    who: Principal,
    action: String,
    resource: String,
    owner: Option<&'static str>,
    context: Vec<(&'static str, Vec<String>)>,
    policies: [Option<Vec<Value>>; 6],
    trust: bool,
    version: &'static str,
}

fn world() -> impl Strategy<Value = World> {
    let context = vec(
        (
            select(vec!["k", "K", "aws:SourceIp", "aws:CurrentTime", "aws:username"]),
            vec(
                select(vec!["alice", "1", "2024-07-01T00:00:00Z", "10.1.2.3", "true", "", "arn:aws:s3:::b"])
                    .prop_map(text),
                0..3,
            ),
        ),
        0..4,
    );
    let action = select(vec!["s3:GetObject", "ec2:CreateVpc", "s3:PutObject", ""]).prop_map(text);
    let resource =
        select(vec!["*", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::alice/k", "é"]).prop_map(text);
    let policies = proptest::array::uniform6(option::of(vec(statement(), 0..4)));
    let owner = select(vec![None, Some(HERE), Some(THERE)]);
    let version = select(vec!["2008-10-17", "2012-10-17"]);
    (who(), action, resource, owner, context, policies, any::<bool>(), version).prop_map(
        |(who, action, resource, owner, context, policies, trust, version)| World {
            who,
            action,
            resource,
            owner,
            context,
            policies,
            trust,
            version,
        },
    )
}

impl World {
    fn decide(&self) -> Decision {
        let read = |statements: &Option<Vec<Value>>| {
            statements.as_ref().map(|list| parse(json!({"Version": self.version, "Statement": list})))
        };
        let policies: Vec<Option<Policy>> = self.policies.iter().map(read).collect();
        let source = |at: usize| policies[at].as_ref().map(|policy| named("it", policy));
        let mut context = Context::new();
        for (key, values) in &self.context {
            context.set_many(key, values.clone());
        }
        let request = Request {
            principal: &self.who,
            action: &self.action,
            resource: &self.resource,
            resource_account: self.owner,
            context: &context,
        };
        decide(
            &request,
            &Policies {
                identity: source(0).into_iter().collect(),
                boundary: source(1),
                session: source(2).map(|source| vec![source]),
                resource: source(3),
                resource_kind: if self.trust { Kind::Trust } else { Kind::Resource },
                control: source(4).map(|source| vec![source]).into_iter().collect(),
                endpoint: source(5),
            },
        )
    }

    /// The same with one statement more in a policy that is there.
    fn with(&self, at: usize, statement: &Value, effect: &str) -> Option<World> {
        let mut more = self.clone();
        let mut statement = statement.clone();
        statement["Effect"] = json!(effect);
        more.policies[at].as_mut()?.push(statement);
        Some(more)
    }
}

proptest! {
    #[test]
    fn a_denial_more_never_allows_more(world in world(), at in 0..6_usize, statement in statement()) {
        if let Some(more) = world.with(at, &statement, "Deny") {
            prop_assert!(world.decide().allowed() || !more.decide().allowed());
        }
    }

    #[test]
    fn an_allowance_more_never_denies_more(world in world(), at in 0..6_usize, statement in statement()) {
        if let Some(more) = world.with(at, &statement, "Allow") {
            prop_assert!(!world.decide().allowed() || more.decide().allowed());
        }
    }

    #[test]
    fn decisions_say_why(world in world()) {
        let decision = world.decide();
        let effect = match decision.verdict {
            Verdict::Allowed => Effect::Allow,
            Verdict::ExplicitDeny(kind) => {
                prop_assert_eq!(decision.cited.first().map(|cited| cited.kind), Some(kind));
                Effect::Deny
            }
            Verdict::ImplicitDeny(_) => {
                prop_assert!(decision.cited.is_empty());
                return Ok(());
            }
        };
        prop_assert!(decision.cited.iter().all(|cited| cited.effect == effect));
        prop_assert_eq!(decision.reason(&world.action).is_empty(), decision.allowed());
    }

    /// Where a denial applies, nothing allows.
    #[test]
    fn denials_win(world in world(), at in 0..6_usize) {
        let everything = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
        if let Some(more) = world.with(at, &everything, "Deny") {
            // Service control policies are about accounts.
            let outside = world.who == provider() || world.who == service() || world.who == Principal::Anonymous;
            let applies = at != 4 || !outside;
            prop_assert!(!applies || matches!(more.decide().verdict, Verdict::ExplicitDeny(_)));
        }
    }

    /// Any text is a policy or is refused where it has lines and columns.
    #[test]
    fn any_text_parses_or_not(text in any_text(), who in who(), action in ".{0,12}", resource in any_word()) {
        match Policy::parse(&text) {
            Ok(policy) => {
                let mut context = Context::new();
                context.set("k", resource.clone());
                let request = Request { principal: &who, action: &action, resource: &resource, resource_account: None, context: &context };
                let source = || named("it", &policy);
                decide(&request, &Policies { identity: vec![source()], resource: Some(source()), endpoint: Some(source()), ..Policies::default() });
            }
            Err(wrong) => {
                let lines: Vec<&str> = text.split('\n').collect();
                prop_assert!(wrong.line <= lines.len().max(1));
                prop_assert!(wrong.column <= lines[wrong.line.saturating_sub(1)].len());
            }
        }
    }

    /// A pattern and the text that it stands for, whatever its wildcards take.
    #[test]
    fn patterns_match_what_they_stand_for(parts in vec((any_word(), option::of(any_word())), 0..5)) {
        let plain = |word: &str| word.replace(['*', '?', '$'], "_");
        let (mut pattern, mut stands) = (String::new(), String::new());
        for (word, taken) in &parts {
            pattern.push_str(&plain(word));
            stands.push_str(&plain(word));
            if let Some(taken) = taken {
                pattern.push('*');
                stands.push_str(taken);
            }
        }
        let it = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"k": pattern}}});
        let mut context = Context::new();
        context.set("k", stands.clone());
        prop_assert_eq!(alone(&policy(it), "s3:X", "*", &context), Verdict::Allowed, "{} {}", pattern, stands);
    }

    /// Against the plainest way to say what a pattern is.
    #[test]
    fn patterns_agree_with_their_definition(pattern in "[ab:*?]{0,9}", word in "[ab:é]{0,9}", resource in any::<bool>()) {
        let (pattern, word) = if resource { (format!("arn:a:{pattern}"), format!("arn:a:{word}")) } else { (pattern, word) };
        let it = json!({"Effect": "Allow", "Action": "*", "Resource": pattern});
        let expected = if resource { fits_arn(&pattern, &word) } else { fits(&pattern, &word, |_, _| true) };
        prop_assert_eq!(says(it, "s3:X", &word) == Verdict::Allowed, expected, "{} {}", pattern, word);
        let arn = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"k": format!("arn:a{pattern}")}}});
        let mut context = Context::new();
        context.set("k", format!("arn:a{word}"));
        let components = |text: &str| -> Vec<String> { format!("arn:a{text}").splitn(6, ':').map(str::to_owned).collect() };
        let (wanted, given) = (components(&pattern), components(&word));
        let expected = wanted.len() == 6 && given.len() == 6
            && wanted.iter().zip(&given).all(|(wanted, given)| fits(wanted, given, |_, _| true));
        prop_assert_eq!(alone(&policy(arn), "s3:X", "*", &context) == Verdict::Allowed, expected, "{} {}", pattern, word);
    }
}

/// Whether the pattern stands for the word; `may` says whether the wildcard that is there may take this character.
fn fits(pattern: &str, word: &str, may: impl Fn(usize, char) -> bool + Copy) -> bool {
    fn from(pattern: &[(usize, char)], word: &[char], may: impl Fn(usize, char) -> bool + Copy) -> bool {
        match (pattern, word) {
            ([], word) => word.is_empty(),
            ([(at, '*'), rest @ ..], word) => {
                from(rest, word, may)
                    || (!word.is_empty() && may(*at, word[0]) && from(pattern, &word[1..], may))
            }
            ([(at, '?'), rest @ ..], [c, word @ ..]) => may(*at, *c) && from(rest, word, may),
            ([(_, p), rest @ ..], [c, word @ ..]) => p == c && from(rest, word, may),
            (_, []) => false,
        }
    }
    let pattern: Vec<_> = pattern.char_indices().collect();
    from(&pattern, &word.chars().collect::<Vec<_>>(), may)
}

/// As `Resource` has it.
fn fits_arn(pattern: &str, word: &str) -> bool {
    fits(pattern, word, |at, c| {
        let ends = pattern[at..].trim_start_matches('*').chars().next().is_none_or(|next| next == ':');
        let is_star = pattern[at..].starts_with('*');
        c != ':' || pattern[..at].matches(':').count() >= 5 || (is_star && ends)
    })
}

fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z:/*?$ö{}]{0,8}",
        Just(text("arn:aws:s3:::b")),
        Just(text("${aws:username}")),
        any::<String>()
    ]
}

/// Policies, policies with something cut out or put in, JSON of the wrong form, and anything.
fn any_text() -> impl Strategy<Value = String> {
    let document = vec(statement(), 0..4)
        .prop_map(|list| json!({"Version": "2012-10-17", "Statement": list}).to_string());
    let broken = (document, any::<proptest::sample::Index>(), any_word(), 0..4_usize).prop_map(
        |(text, at, word, cut)| {
            let mut at = at.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let rest: String = text[at..].chars().skip(cut).collect();
            format!("{}{word}{rest}", &text[..at])
        },
    );
    let member = select(vec![
        "Statement",
        "Effect",
        "Action",
        "NotAction",
        "Principal",
        "Resource",
        "Condition",
        "AWS",
        "Bool",
        "Version",
        "k",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_word().prop_map(Value::from),
        select(vec!["Allow", "Deny", "*"]).prop_map(Value::from)
    ];
    let tree = leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((member.clone(), inner), 0..5).prop_map(|list| Value::Object(
                list.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            ))
        ]
    });
    prop_oneof![broken, tree.prop_map(|value| json!({"Statement": value}).to_string()), any::<String>()]
}
