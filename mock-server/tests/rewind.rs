//! Snapshots in scenarios: what is told of them before a run, and what a run makes of them.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use hyper::Request;
use mockplane::admin::Site;
use mockplane::scenario::report::Text;
use mockplane::scenario::target::{Exchange, InProcess};
use mockplane::scenario::{Options, Summary, run_path};
use mockplane::server::Config;
use serde_json::{Value, json};

const CASES: &[(&str, u8, &str)] = &[
    ("[{snapshot: {restore: a}}]", 2, "4:30: no snapshot `a` is saved by now"),
    ("[{snapshot: {save: abc}}, {snapshot: {restore: abd}}]", 2, "did you mean `abc`?"),
    (
        "[{snapshot: {save: abc}}, {snapshot: {restore: abd}}]",
        2,
        "4:27: snapshot `abc` is saved, and never restored",
    ),
    ("[{snapshot: {save: a/b}}, {snapshot: {restore: a/b}}]", 2, "4:27: `a/b` is no name of a snapshot"),
    ("[{snapshot: {}}]", 2, "a `snapshot` step is exactly one of `save` and `restore`"),
    ("[{snapshot: {sav: a}}]", 2, "4:21: unknown key `sav`; did you mean `save`?"),
    ("[{snapshot: {save: a}, advance: 1s}]", 2, "a step is exactly one of"),
    (
        "[{snapshot: {save: a}, expect: {ok: true}}, {snapshot: {restore: a}}]",
        2,
        "`snapshot` takes nothing else",
    ),
    (
        "[{snapshot: {save: a}}, {snapshot: {restore: a}}, {snapshot: {save: a}}]",
        2,
        "snapshot `a` is saved, and never restored",
    ),
    (
        "[{snapshot: {save: a}}, {advance: 1h}, {snapshot: {restore: a}}, {snapshot: {restore: a}}]",
        0,
        "1 passed",
    ),
    (
        "[{snapshot: {save: a}}, {fault: {set: {id: f, effect: {delay: 1ms}}}}, {snapshot: {restore: a}}]",
        4,
        "fault `f` never struck",
    ),
    (
        "[{fault: {set: {id: f, effect: {delay: 1ms}}}}, {snapshot: {save: a}}, {call: ec2.DescribeVpcs}, \
         {snapshot: {restore: a}}]",
        0,
        "1 passed",
    ),
    // What is there is what was there when the snapshot was saved.
    (
        "[{fault: {set: {id: f, effect: {delay: 1ms}}}}, {snapshot: {save: a}}, {call: ec2.DescribeVpcs}, \
         {fault: {clear: f}}, {snapshot: {restore: a}}, {fault: {clear: f}}]",
        0,
        "1 passed",
    ),
    (
        "[{snapshot: {save: a}}, {fault: {set: {id: f, effect: {delay: 1ms}}}}, {call: ec2.DescribeVpcs}, \
         {snapshot: {restore: a}}, {fault: {set: {id: f, effect: {delay: 2ms}}}}, {call: ec2.DescribeVpcs}]",
        0,
        "1 passed",
    ),
    (
        "[{snapshot: {save: a}}, {fault: {set: {id: f, effect: {delay: 1ms}}}}, {call: ec2.DescribeVpcs}, \
         {snapshot: {restore: a}}, {fault: {clear: f}}]",
        2,
        "no fault `f` is there",
    ),
];

async fn run(site: &Site, name: &str, text: &str) -> (Summary, String) {
    let file = std::env::temp_dir().join(format!("mockplane-rewind-{}-{name}.yaml", std::process::id()));
    let head = format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: {name}}}\n");
    std::fs::write(&file, format!("{head}{text}")).unwrap();
    let mut told = Vec::new();
    let summary = run_path(&InProcess(site), &file, &Options::default(), &mut Text::new(&mut told)).await;
    std::fs::remove_file(&file).unwrap();
    (summary, String::from_utf8(told).unwrap())
}

async fn control(site: &Site, method: &str, call: &str, body: &str) -> Value {
    let request = Request::builder().method(method).uri(format!("/_mockplane/{call}"));
    let answer = site.exchange(request.body(Bytes::from(body.to_owned())).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200, "{call}: {:?}", answer.body());
    serde_json::from_slice(answer.body()).unwrap()
}

const BASE: &str = "settings: {account: '111122223333', profile: realistic}
steps:
- {call: ec2.CreateVpc, with: {CidrBlock: 10.9.0.0/16}}
- {advance: 1h}
";

const FROM: &str = "fixtures:
- {as: base, snapshot: '${vars.suite}/night'}
- {as: net, preset: private-vpc}
vars: {suite: '111122223333'}
settings: {quotas: {vpcs: 3}}
steps:
- call: ec2.DescribeVpcs
  with: {Filters: [{Name: cidr, Values: [10.9.0.0/16]}]}
  expect: {response: {'Vpcs[0].OwnerId': '${account}'}}
- {call: ec2.DescribeSubnets, with: {SubnetIds: ['${net.subnets[0].id}']}}
- {call: ec2.CreateVpc, with: {CidrBlock: 10.8.0.0/16}, expect: {error: {code: VpcLimitExceeded}}}
";

/// What a suite needs everywhere is made once; each scenario begins with it in its own account, at its time.
#[tokio::test]
async fn a_scenario_begins_with_what_another_account_was() {
    let site = &Config::default().site();
    let (summary, told) = run(site, "from", FROM).await;
    assert_eq!(summary.exit_code(), 3, "{told}");
    let missing = ":5:24: fixture `base`: there is no snapshot `111122223333/night`";
    assert!(told.contains(missing), "{told}");
    let (summary, told) = run(site, "base", BASE).await;
    assert_eq!(summary.exit_code(), 0, "{told}");
    control(site, "POST", "snapshots?account=111122223333", r#"{"name": "night"}"#).await;
    for name in ["from", "another"] {
        let (summary, told) = run(site, name, FROM).await;
        assert_eq!(summary.exit_code(), 0, "{told}");
        let clock = control(site, "GET", &format!("clock?account={}", summary.outcomes[0].account), "").await;
        assert_eq!((&clock["mode"], &clock["now"]), (&json!("manual"), &json!("2026-01-05T10:00:00.000Z")));
    }
    let text = format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x}}\n{FROM}");
    let loaded = control(site, "POST", "scenarios?account=444455556666", &text).await;
    assert!(loaded["captured"]["net"].is_object());
    let (summary, told) = run(site, "other", &FROM.replace("suite: '111122223333'", "suite: night")).await;
    assert!(summary.exit_code() == 3 && told.contains("`night` is no account: twelve digits"), "{told}");
}

#[tokio::test]
async fn snapshots_are_checked_and_carried_out() {
    let site = Config::default().site();
    for (steps, code, expected) in CASES {
        let (summary, told) = run(&site, "x", &format!("steps: {steps}\n")).await;
        assert_eq!(summary.exit_code(), *code, "{steps}\n{told}");
        assert!(told.contains(expected), "{steps}\n{told}");
    }
}
