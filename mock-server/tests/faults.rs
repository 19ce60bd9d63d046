//! Faults in scenarios: what is told of them before a run, while it runs and at its end.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use mockplane::scenario::report::Text;
use mockplane::scenario::target::{Http, InProcess, Target};
use mockplane::scenario::{Options, run_path};
use mockplane::server::{Config, Server};
use std::path::PathBuf;

/// Runs one scenario; the exit code, and what is told.
async fn run(target: &impl Target, test: &str, rest: &str) -> (u8, String) {
    let file: PathBuf =
        std::env::temp_dir().join(format!("mockplane-faults-{}-{test}.yaml", std::process::id()));
    std::fs::write(&file, format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x}}\n{rest}"))
        .unwrap();
    let mut told = Vec::new();
    let summary = run_path(target, &file, &Options::default(), &mut Text::new(&mut told)).await;
    std::fs::remove_file(&file).unwrap();
    (summary.exit_code(), String::from_utf8(told).unwrap())
}

const CASES: &[(&str, u8, &str)] = &[
    // What can be known before.
    (
        "faults: [{effect: {delay: 1s}}]\nsteps: [{advance: 1s}]\n",
        2,
        "4:10: a fault of a scenario needs an `id`",
    ),
    (
        "faults: [{id: a, effect: {delay: 1s}}, {id: a, effect: {delay: 1s}}]\nsteps: [{advance: 1s}]\n",
        2,
        "4:45: there is a fault `a` already",
    ),
    ("faults: [{id: a, effect: {}}]\nsteps: [{advance: 1s}]\n", 2, "4:26: `effect` is a `delay`"),
    (
        "faults: [{id: a, efect: {}}]\nsteps: [{advance: 1s}]\n",
        2,
        "4:18: unknown key `efect`; did you mean `effect`?",
    ),
    (
        "faults: [{id: a, match: {resource: '${vpc}'}, effect: {outage: true}}]\nsteps: [{advance: 1s}]\n",
        2,
        "4:36: nothing is named `vpc` here",
    ),
    ("steps: [{fault: {clear: a}}]\n", 2, "4:25: no fault `a` is there"),
    ("steps: [{fault: {}}]\n", 2, "4:17: a `fault` step is exactly one of `set` and `clear`"),
    (
        "steps: [{fault: {set: {id: a, match: {service: ec3}, effect: {delay: 1s}}}}]\n",
        2,
        "4:48: no service is named `ec3`; did you mean `ec2`?",
    ),
    (
        "faults: [{id: abc, effect: {delay: 1ms}}]\nsteps: [{fault: {clear: abd}}]\n",
        2,
        "5:25: no fault `abd` is there; did you mean `abc`?",
    ),
    (
        "steps: [{fault: {set: {id: a, effect: {delay: 1s}}}, expect: {ok: true}}]\n",
        2,
        "`fault` has no answer to expect or capture anything of",
    ),
    ("steps: [{advance: 1s, fault: {clear: a}}]\n", 2, "a step is exactly one of"),
    (
        "steps: [{call: ec2.DescribeVpcs, expect: {lost: true, ok: true}}]\n",
        2,
        "a call whose answer is `lost` has nothing else to expect or capture",
    ),
    (
        "faults: [{id: a, window: {from: '2028-01-01T00:00:00Z', until: 3m}, effect: {delay: 1s}}]\nsteps: [{advance: 1s}]\n",
        3,
        "the window ends before it begins",
    ),
    (
        "faults: [{id: a, window: {for: 0s}, effect: {delay: 1s}}]\nsteps: [{advance: 1s}]\n",
        2,
        "4:32: the window ends before it begins",
    ),
    // What time does not bring.
    (
        "settings: {clock: {start: '9999-12-31T23:59:60Z'}}\nsteps: [{advance: 1s}]\n",
        2,
        "4:27: `9999-12-31T23:59:60Z` is no time",
    ),
    (
        "settings: {clock: {start: '9999-12-31T23:59:59Z'}}\nsteps: [{advance: 40m}]\n",
        3,
        "would be after 9999-12-31T23:59:59.999Z, when time ends",
    ),
    ("steps: [{advance: 99999999d}]\n", 3, "when time ends"),
    // What is known at the end.
    (
        "faults:\n- {id: never, match: {operation: DeleteVpc}, effect: {delay: 1ms}}\nsteps: [{call: ec2.DescribeVpcs}]\n",
        4,
        "5:3: fault `never` never struck",
    ),
    (
        "steps:\n- fault: {set: {id: never, effect: {delay: 1ms}}}\n- fault: {clear: never}\n",
        4,
        "5:10: fault `never` never struck",
    ),
    ("faults: [{id: a, effect: {drop: answer}}]\nsteps: [{call: ec2.DescribeVpcs}]\n", 3, "ec2.DescribeVpcs"),
    ("steps: [{call: ec2.DescribeVpcs, expect: {lost: true}}]\n", 4, "expected no answer, but there is one"),
    // All is well.
    (
        "faults:\n- {id: a, match: {operation: DescribeVpcs}, times: 1, effect: {drop: answer}}\n\
         - {id: b, match: {where: \"VpcIds[0] == '${account}'\"}, effect: {error: {code: InternalError, status: 500}}}\n\
         steps:\n- {call: ec2.DescribeVpcs, expect: {lost: true}}\n- call: ec2.DescribeVpcs\n\
         - {call: ec2.DescribeVpcs, with: {VpcIds: ['${account}']}, expect: {error: {code: InternalError, status: 500}}}\n\
         - fault: {clear: b}\n- fault: {set: {id: b, match: {service: sts}, effect: {truncate: 10}}}\n\
         - {call: sts.GetCallerIdentity, expect: {lost: true}}\n",
        0,
        "",
    ),
];

#[tokio::test]
async fn in_process() {
    let site = Config::default().site();
    for (number, (rest, code, part)) in CASES.iter().enumerate() {
        let (exit, told) = run(&InProcess(&site), &format!("in-{number}"), rest).await;
        assert!(exit == *code && told.contains(part), "{rest}\n{exit}: {told}");
    }
}

#[tokio::test]
async fn over_http() {
    let server = Server::builder().start().await.unwrap();
    let target = Http::new(&server.endpoint()).unwrap();
    for (number, (rest, code, part)) in CASES.iter().enumerate() {
        let (exit, told) = run(&target, &format!("http-{number}"), rest).await;
        assert!(exit == *code && told.contains(part), "{rest}\n{exit}: {told}");
    }
}
