//! Who may use a bucket: the policies that the pages on jobs in a VPC print, and what follows from accounts.

use super::*;
use crate::kernel::{HexId, Nowhere};
use crate::model::{
    Grants, Id, PolicyDocument, PublicAccessBlock, VpcEndpointId, vpc_endpoint::VpcEndpointState,
};
use crate::policy::{Policy, Verdict};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

const HERE: &str = "111122223333";
const THERE: &str = "444455556666";
const ROLE: &str = "arn:aws:iam::111122223333:role/team/trainer";
const NOW: SimTime = SimTime::from_millis(1_767_603_600_000);

fn account(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

/// An account with a role that may do this.
fn home(actions: Value) -> State {
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let mut grants = Grants::default();
    grants.inline.insert("data".into(), PolicyDocument::new(document));
    let mut state = State::default();
    state.roles.insert(Role {
        name: "trainer".into(),
        unique_id: "AROAEXAMPLE".into(),
        path: "/team/".into(),
        arn: ROLE.into(),
        trust: PolicyDocument::new("{}"),
        description: None,
        max_session_seconds: 3_600,
        created: NOW,
        grants,
        tags: Default::default(),
    });
    state
}

fn bucket(owner: &str, policy: Option<Value>) -> Bucket {
    let policy = policy.map(|policy| PolicyDocument::new(policy.to_string()));
    Bucket { policy, ..Bucket::new("data", account(owner), "us-east-1".into(), NOW) }
}

fn endpoint(number: u128, policy: Option<&str>) -> VpcEndpoint {
    VpcEndpoint {
        outage: None,
        id: VpcEndpointId::from_hex(HexId::long(number)),
        vpc: VpcId::from_hex(HexId::long(7)),
        service: crate::model::endpoint_service::named("us-east-1", "com.amazonaws.us-east-1.s3")
            .next()
            .unwrap(),
        state: VpcEndpointState::Available,
        policy: policy.map(PolicyDocument::new),
        route_tables: Vec::new(),
        placements: Vec::new(),
        groups: Vec::new(),
        private_dns: false,
        inbound_only: None,
        ip_address_type: None,
        dns_record_ip_type: None,
        created: NOW,
        client_token: None,
        tags: Default::default(),
        memo: Default::default(),
    }
}

const OUTSIDE: Came<'static> = Came::Public(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5)));

fn inside(endpoint: &VpcEndpoint) -> Came<'_> {
    Came::Endpoint {
        endpoint,
        account: account(HERE),
        vpc: endpoint.vpc,
        source: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 5)),
    }
}

/// What the three sides say, in the order of who asks, the endpoint, and the bucket: `+`, `-` for a statement that
/// denies, `.` for none that allows. The verdict on the whole is checked along.
fn said(asker: &Asker<'_>, action: &str, bucket: &Bucket, key: Option<&str>, came: Came<'_>) -> String {
    let sides = verdicts(asker.ask(action, bucket, key, came));
    let whole = decide(asker.ask(action, bucket, key, came));
    let all = [&sides.asker, &sides.endpoint, &sides.resource];
    assert_eq!(
        whole.allowed(),
        all.iter().all(|side| side.allowed()),
        "{action} {key:?}: {whole:?} {sides:?}"
    );
    let sign = |side: &&Decision| match side.verdict {
        Verdict::Allowed => '+',
        Verdict::ExplicitDeny(_) => '-',
        Verdict::ImplicitDeny(_) => '.',
    };
    all.iter().map(sign).collect()
}

fn role(state: &State) -> Asker<'_> {
    Asker::role(ROLE, account(HERE), state, &Nowhere, NOW).unwrap()
}

/// The two documents that four of the pages print as one example.
const REPOSITORIES: [&str; 2] = [
    r#"{"Statement": [{"Sid": "AmazonLinuxAMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"],
        "Effect": "Deny", "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*", "arn:aws:s3:::repo.*.amazonaws.com/*"]}]}"#,
    r#"{"Statement": [{"Sid": "AmazonLinux2AMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"],
        "Effect": "Deny", "Resource": ["arn:aws:s3:::amazonlinux.*.amazonaws.com/*"]}]}"#,
];

/// SM-S3-REPO-10 to SM-S3-REPO-12.
#[test]
fn policies_against_repositories_need_a_statement_that_allows() {
    let state = home(json!("s3:*"));
    let data = bucket(HERE, None);
    let site = crate::model::Site::new(account(HERE), "us-east-1");
    let repository = |name: &str| {
        let sight = crate::model::sight::sight(&site, &state, name, &Nowhere);
        sight.bucket().unwrap().clone()
    };
    let old = repository("packages.us-east-1.amazonaws.com");
    let new = repository("amazonlinux.us-east-1.amazonaws.com");
    let package = Some("2/core/x.rpm");
    let ask = |policy: Option<&str>| {
        let endpoint = endpoint(1, policy);
        let came = inside(&endpoint);
        let mine = said(&role(&state), "s3:GetObject", &data, Some("train/part-0"), came);
        let packages = [&old, &new].map(|it| said(&Asker::nobody(), "s3:GetObject", it, package, came));
        [mine].into_iter().chain(packages).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ask(None), "+++ +++ +++", "the default lets everything through");
    assert_eq!(ask(Some(REPOSITORIES[0])), "+.+ +-+ +.+");
    assert_eq!(ask(Some(REPOSITORIES[1])), "+.+ +.+ +-+");
    let pasted = REPOSITORIES.join("\n");
    assert_eq!(ask(Some(&pasted)), "+.+ +.+ +.+", "that is no policy, so it allows nothing");
    let statement = |text: &str| serde_json::from_str::<Value>(text).unwrap()["Statement"][0].clone();
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    let merged = json!({"Statement": [allow, statement(REPOSITORIES[0]), statement(REPOSITORIES[1])]});
    assert_eq!(ask(Some(&merged.to_string())), "+++ +-+ +-+");
    // What is denied is cited with the statement that denies it.
    let endpoint = endpoint(1, Some(&merged.to_string()));
    let sides = verdicts(Asker::nobody().ask("s3:GetObject", &new, package, inside(&endpoint)));
    let cited: Vec<_> =
        sides.endpoint.cited.iter().map(|cited| (cited.statement, cited.sid.as_deref())).collect();
    assert_eq!(cited, [(2, Some("AmazonLinux2AMIRepositoryAccess"))]);
    assert_eq!(sides.endpoint.cited[0].source, endpoint.id.to_string());
    // Packages are public, and read-only.
    assert_eq!(said(&Asker::nobody(), "s3:PutObject", &old, package, OUTSIDE), "++.");
}

/// SM-S3-POL-06: the endpoint policy of the page on hosting is enough for a model's artifacts, and for no more.
#[test]
fn seven_actions_are_enough_for_an_endpoint() {
    let policy = json!({"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Resource": "*",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:DeleteObject",
            "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]}]});
    let endpoint = endpoint(1, Some(&policy.to_string()));
    let state = home(json!("s3:*"));
    let data = bucket(HERE, None);
    let key = Some("models/a.tar.gz");
    for (action, key, expected) in [
        ("s3:GetObject", key, "+++"),
        ("s3:PutObject", key, "+++"),
        ("s3:DeleteObject", key, "+++"),
        ("s3:AbortMultipartUpload", key, "+++"),
        ("s3:ListMultipartUploadParts", key, "+++"),
        ("s3:ListBucket", None, "+++"),
        ("s3:GetBucketLocation", None, "+++"),
        ("s3:PutObjectAcl", key, "+.+"),
        ("s3:GetObjectVersion", key, "+.+"),
        ("s3:ListBucketMultipartUploads", None, "+.+"),
    ] {
        assert_eq!(said(&role(&state), action, &data, key, inside(&endpoint)), expected, "{action}");
        assert_eq!(said(&role(&state), action, &data, key, OUTSIDE), "+++", "{action}");
    }
}

/// SM-S3-BKT-08 and SM-S3-BKT-09: the bucket policy of the page on compilation.
#[test]
fn one_endpoint_for_a_bucket() {
    let (right, wrong) = (endpoint(1, None), endpoint(2, None));
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"},
        "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
        "Condition": {"StringNotEquals": {"aws:SourceVpce": [right.id.to_string()]}}}]});
    let data = bucket(HERE, Some(policy));
    let state = home(json!("s3:*"));
    for (came, get) in [(inside(&right), "+++"), (inside(&wrong), "++-"), (OUTSIDE, "++-")] {
        assert_eq!(said(&role(&state), "s3:GetObject", &data, Some("k"), came), get, "{came:?}");
        assert_eq!(said(&role(&state), "s3:ListBucket", &data, None, came), "+++", "{came:?}");
        assert_eq!(said(&role(&state), "s3:PutObject", &data, Some("k"), came), "+++", "{came:?}");
    }
}

/// Keys of the way are there on their way only.
#[test]
fn the_way_is_told_by_its_keys() {
    let way = endpoint(1, None);
    let state = home(json!("s3:*"));
    let only_if = |key: &str, operator: &str, value: &str, came: Came<'_>| {
        let policy = json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": "arn:aws:s3:::data/*", "Condition": {operator: {key: value}}}]});
        said(&role(&state), "s3:GetObject", &bucket(HERE, Some(policy)), Some("k"), came) == "++-"
    };
    let vpc = way.vpc.to_string();
    for (key, operator, value, by_endpoint, from_outside) in [
        ("aws:SourceVpc", "StringEquals", vpc.as_str(), true, false),
        ("aws:SourceVpce", "StringLike", "vpce-*", true, false),
        ("aws:VpcSourceIp", "IpAddress", "10.0.1.5", true, false),
        ("aws:SourceIp", "IpAddress", "203.0.113.0/24", false, true),
        ("aws:SecureTransport", "Bool", "false", false, false),
        ("aws:ResourceAccount", "StringEquals", HERE, true, true),
        ("s3:ResourceAccount", "StringEquals", HERE, true, true),
        ("aws:PrincipalAccount", "StringEquals", HERE, true, true),
        ("aws:PrincipalArn", "ArnEquals", ROLE, true, true),
        ("aws:CurrentTime", "DateGreaterThan", "2026-01-05T08:59:59Z", true, true),
        ("aws:TokenIssueTime", "DateGreaterThan", "2026-01-05T08:59:59Z", true, true),
        ("aws:RequestedRegion", "StringEquals", "us-east-1", true, true),
        ("aws:VpceAccount", "StringEquals", HERE, true, false),
    ] {
        assert_eq!(only_if(key, operator, value, inside(&way)), by_endpoint, "{key}");
        assert_eq!(only_if(key, operator, value, OUTSIDE), from_outside, "{key}");
    }
}

/// What a request asks for is told where the reference lists the key for the action, and nowhere else.
#[test]
fn an_action_has_its_own_keys() {
    let (way, state) = (endpoint(1, None), home(json!("s3:*")));
    let keys = [
        ("s3:prefix", "in/"),
        ("s3:x-amz-server-side-encryption", "aws:kms"),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", "k"),
    ];
    let keys = keys.map(|(key, value)| (key, value.into()));
    let may = |asker: &Asker<'_>, action: &'static str, key: &str, value: &str| {
        let policy = json!({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "s3:*",
             "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
             "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
             "Condition": {"StringNotEquals": {key: value}}}]});
        let data = bucket(HERE, Some(policy));
        let object = (action != "s3:ListBucket").then_some("in/1");
        decide(asker.ask(action, &data, object, inside(&way)).with(&keys)).allowed()
    };
    let role = role(&state);
    for (key, value, [lists, gets, puts]) in [
        ("s3:prefix", "in/", [true, false, false]),
        ("s3:prefix", "out/", [false; 3]),
        ("s3:x-amz-server-side-encryption", "aws:kms", [false, false, true]),
        ("s3:x-amz-server-side-encryption", "AES256", [false; 3]),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", "k", [false, false, true]),
        ("s3:signatureversion", "AWS4-HMAC-SHA256", [true; 3]),
        ("s3:authType", "REST-HEADER", [true; 3]),
        ("s3:TlsVersion", "1.3", [true; 3]),
    ] {
        let all = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"];
        assert_eq!(all.map(|action| may(&role, action, key, value)), [lists, gets, puts], "{key} {value}");
    }
    assert!(!may(&Asker::nobody(), "s3:GetObject", "s3:authType", "REST-HEADER"), "nothing is signed");
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let may = home(json!("s3:GetObject"));
    let may_not = home(json!("s3:PutObject"));
    let grant = |principal: &str| {
        json!({"Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::data/*"}]})
    };
    let theirs = |policy| bucket(THERE, policy);
    for (state, data, expected) in [
        (&may, theirs(None), "++."),
        (&may, theirs(Some(grant(HERE))), "+++"),
        (&may, theirs(Some(grant(ROLE))), "+++"),
        (&may, theirs(Some(grant("777788889999"))), "++."),
        (&may_not, theirs(Some(grant(ROLE))), ".++"),
        // Within an account either side is enough, if the policy names the role itself.
        (&may, bucket(HERE, None), "+++"),
        (&may_not, bucket(HERE, None), ".++"),
        (&may_not, bucket(HERE, Some(grant(ROLE))), "+++"),
        (&may_not, bucket(HERE, Some(grant(HERE))), ".++"),
    ] {
        let found = said(&role(state), "s3:GetObject", &data, Some("k"), OUTSIDE);
        assert_eq!(found, expected, "{} {:?}", data.account, data.policy.as_ref().map(PolicyDocument::text));
    }
    // A role that is not there may nothing, and what is no role's ARN is none.
    let nothing = State::default();
    assert_eq!(said(&role(&nothing), "s3:GetObject", &bucket(HERE, None), Some("k"), OUTSIDE), ".++");
    for wrong in
        ["role", "arn:aws:iam::111122223333:user/u", "arn:aws:s3:::b", "arn:x:iam::111122223333:role/r"]
    {
        assert!(Asker::role(wrong, account(HERE), &may, &Nowhere, NOW).is_none(), "{wrong}");
    }
}

#[test]
fn a_public_policy_can_be_kept_to_its_account() {
    let open = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::data/*"}]});
    let state = home(json!("s3:*"));
    for (blocks, nobody, stranger) in [
        (None, "+++", "+++"),
        (Some(PublicAccessBlock::ALL), "++.", "++."),
        (Some(PublicAccessBlock::default()), "+++", "+++"),
    ] {
        let data = Bucket { public_access: blocks, ..bucket(THERE, Some(open.clone())) };
        assert_eq!(said(&Asker::nobody(), "s3:GetObject", &data, Some("k"), OUTSIDE), nobody, "{blocks:?}");
        assert_eq!(said(&role(&state), "s3:GetObject", &data, Some("k"), OUTSIDE), stranger, "{blocks:?}");
        let own = Bucket { account: account(HERE), ..data };
        assert_eq!(said(&role(&state), "s3:GetObject", &own, Some("k"), OUTSIDE), "+++", "{blocks:?}");
    }
}

/// ARNs are in the partition of the bucket's region.
#[test]
fn buckets_of_other_partitions() {
    let data = Bucket { region: "cn-north-1".into(), ..bucket(HERE, None) };
    assert_eq!(arn(&data, None), "arn:aws-cn:s3:::data");
    assert_eq!(arn(&data, Some("a/b")), "arn:aws-cn:s3:::data/a/b");
}

/// Each side's decision is that of policies that only it has: no side's policy moves another side's verdict.
#[test]
fn service_control_policies_bind_the_asker_alone() {
    let mut state = home(json!("s3:*"));
    let text = r#"{"Statement": {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}}"#;
    assert!(Policy::parse(text).is_ok());
    state.authorization.control.policies = [("no-data".to_owned(), PolicyDocument::new(text))].into();
    assert_eq!(said(&role(&state), "s3:GetObject", &bucket(HERE, None), Some("k"), OUTSIDE), "-++");
    assert_eq!(said(&role(&state), "s3:PutObject", &bucket(HERE, None), Some("k"), OUTSIDE), "+++");
}
