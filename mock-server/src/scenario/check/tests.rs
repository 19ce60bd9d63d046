use super::super::file::parse;
use super::*;

fn problems(rest: &str) -> Vec<String> {
    let text = format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: x}}\n{rest}");
    check(&parse(&text).unwrap()).iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_scenario_has_no_problems() {
    let found = problems(
        "settings: {account: '111122223333', region: us-gov-west-1, clock: {mode: scaled, scale: 60}}\n\
         vars: {block: 10.0.0.0/16, vpc: {CidrBlock: '${vars.block}'}}\n\
         steps:\n\
         - {id: a, call: ec2.CreateVpc, with: '${vars.vpc}', capture: {vpc: Vpc.VpcId}}\n\
         - call: ec2.DescribeVpcs\n  \
           with: {VpcIds: ['${vpc}']}\n  \
           expect: {response: {\"Vpcs[?OwnerId=='${account}'] | length(@)\": {gte: 1}}}\n  \
           poll: {every: 1m, within: 1h}\n\
         - advance: 3m\n\
         - waitFor: {resource: 'training-job/${region}', state: Failed}\n  \
           expect: {blockedBy: {rule: SM-VPC-IP-01, resource: '${vpc}'}, failureReason: {contains: x}}\n\
         - {explain: 'training-job/${region}', expect: {response: {decidedBy: R}}, capture: {rule: decidedBy}}\n\
         - {explain: endpoint/x, expect: {response: {decidedBy: '${rule}'}}}\n\
         - {call: ec2.CreateVpc, expect: {error: {code: MissingParameter, status: 400}, blockedBy: {rule: SM-VPC-IP-01}}}\n",
    );
    assert_eq!(found, [""; 0]);
}

#[test]
fn each_problem_is_told_with_its_place() {
    let ok = "steps: [{advance: 1s}]\n";
    for (rest, expected) in [
        (format!("{ok}settings: {{account: '1234'}}\n"), "5:21: `1234` is no account: twelve digits"),
        (format!("{ok}settings: {{region: here}}\n"), "5:20: `here` is no region"),
        (
            format!("{ok}settings: {{rules: {{SM-VPC-IP-1: off}}}}\n"),
            "5:33: `SM-VPC-IP-1` is no rule; did you mean `SM-VPC-IP-01`?",
        ),
        (
            format!("{ok}settings: {{rules: {{SM-VPC-IP-01: never}}}}\n"),
            "5:34: `never` is none of enforce, warn, off",
        ),
        (
            format!("{ok}settings: {{clock: {{start: today}}}}\n"),
            "5:27: `today` is no time: write it like 2026-01-05T09:00:00Z",
        ),
        (format!("{ok}settings: {{notOffered: {{p3: []}}}}\n"), "5:29: `p3` is no family of instance types such as ml.p3"),
        (
            format!("{ok}settings: {{quotas: {{vpcs: none}}}}\n"),
            "5:27: `none` is no limit: a number, or `unlimited`",
        ),
        (format!("{ok}settings: {{clock: {{scale: 2}}}}\n"), "5:27: only the clock mode `scaled` has a `scale`"),
        (
            format!("{ok}settings: {{clock: {{mode: scaled, scale: -2}}}}\n"),
            "5:41: `scale` has to be above 0, and 1000000 at most",
        ),
        (format!("{ok}vars: [a]\n"), "5:7: `vars` is a mapping of names to values, not a list"),
        (format!("{ok}vars: {{a: 1}}\n"), "5:8: variable `a` is never used"),
        ("steps: []\n".into(), "4:8: a scenario has at least one step"),
        ("steps:\n- say: x\n".into(), "5:3: a step is exactly one of `call`, `advance`, `waitFor`, `explain`, `fault` and `snapshot`"),
        (
            "steps:\n- {advance: 1s, call: ec2.CreateVpc}\n".into(),
            "5:3: a step is exactly one of `call`, `advance`, `waitFor`, `explain`, `fault` and `snapshot`",
        ),
        ("steps:\n- {advance: 1s, with: {}}\n".into(), "5:23: only `call` takes `with`"),
        ("steps:\n- {advance: 1s, poll: {every: 1s, within: 2s}}\n".into(), "5:23: only `call` can be polled"),
        (
            "steps:\n- {advance: 1s, expect: {ok: true}}\n".into(),
            "5:3: `advance` has no answer to expect or capture anything of",
        ),
        ("steps:\n- {id: A, advance: 1s}\n".into(), "5:8: `A` is no id: lower-case letters, digits and dashes"),
        ("steps:\n- {id: a, advance: 1s}\n- {id: a, advance: 1s}\n".into(), "6:8: another step has the id `a`"),
        ("steps:\n- {call: ec2.CreateVcp}\n".into(), "5:10: ec2 has no operation `CreateVcp`; did you mean `CreateVpc`?"),
        (
            "steps:\n- {call: ec2.DescribeVpcs, poll: {every: 1s, within: 2s}}\n".into(),
            "5:34: `poll` repeats a call until its expectations hold: it needs `expect`",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, with: {VpcIds: ['${vpc}']}}\n".into(),
            "5:44: nothing is named `vpc` here; known are account, region, vars",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, with: {VpcIds: ['${vars.vpc}']}}\n".into(),
            "5:44: no variable is named `vpc`",
        ),
        (
            "vars: {a: '${vars.b}', b: ['${vars.a}']}\nsteps:\n- {call: ec2.DescribeVpcs, with: {VpcIds: '${vars.a}'}}\n".into(),
            "4:28: variable `a` goes in circles",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, capture: {vpc: 'Vpcs[0'}}\n".into(),
            "5:38: `vpc` is captured and never used",
        ),
        ("steps:\n- {call: ec2.DescribeVpcs, capture: {account: x}}\n".into(), "5:38: `account` is what templates have already: take another name"),
        ("steps:\n- {call: ec2.DescribeVpcs, capture: {a.b: x}}\n".into(), "5:38: `a.b` is no name: letters, digits, `_` and `-`"),
        ("steps:\n- {call: ec2.DescribeVpcs, capture: {a: 1}}\n".into(), "5:41: a capture takes a JMESPath, not a number"),
        ("steps:\n- {call: ec2.DescribeVpcs, capture: x}\n".into(), "5:37: `capture` maps names to JMESPath, it is not a text"),
        (
            "steps:\n- {call: ec2.DescribeVpcs, capture: {a: b}}\n- {call: ec2.DescribeVpcs, capture: {a: b}}\n".into(),
            "6:38: `a` is captured twice",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {response: {'length(': 1}}}\n".into(),
            "5:48: JMESPath `length(`: ",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {response: x}}\n".into(),
            "5:47: `response` maps JMESPath to matchers, it is not a text",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {response: {a: {eq: 1}}}}\n".into(),
            "5:52: unknown test `eq`",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {ok: true, error: {code: X}}}\n".into(),
            "5:41: a call that is `ok` has no `error`",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {ok: false, response: {a: 1}}}\n".into(),
            "5:58: a call that is refused has no response",
        ),
        ("steps:\n- {call: ec2.DescribeVpcs, expect: {state: x}}\n".into(), "5:44: only `waitFor` has a `state`"),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {blockedBy: {}}}\n".into(),
            "5:48: `blockedBy` needs a `rule`, a `hop` or a `resource`",
        ),
        (
            "steps:\n- {call: ec2.DescribeVpcs, expect: {blockedBy: {resource: x}}}\n".into(),
            "5:59: a refused call tells its rule only",
        ),
        (
            "steps:\n- {waitFor: {resource: job, state: x}}\n".into(),
            "5:24: `job` is no resource: write it like training-job/demo",
        ),
        (
            "steps:\n- {waitFor: {resource: trainingjob/x, state: x}}\n".into(),
            "5:24: unknown kind `trainingjob`; did you mean `training-job`?",
        ),
        (
            "steps:\n- {waitFor: {resource: training-job/x, state: Complete}}\n".into(),
            "5:47: training-job has no state `Complete`; did you mean `Completed`?",
        ),
        (
            "steps:\n- {explain: training-job/x, waitFor: {resource: training-job/x, state: Failed}}\n".into(),
            "5:3: a step is exactly one of `call`, `advance`, `waitFor`, `explain`, `fault` and `snapshot`",
        ),
        ("steps:\n- {explain: endpoints/x}\n".into(), "5:13: unknown kind `endpoints`; did you mean `endpoint`?"),
        (
            "steps:\n- {explain: endpoint/}\n".into(),
            "5:13: `endpoint/` is no resource: write it like training-job/demo",
        ),
        ("steps:\n- {explain: 'endpoint/${x}'}\n".into(), "5:13: nothing is named `x` here"),
        ("steps:\n- {explain: endpoint/x, with: {}}\n".into(), "5:31: only `call` takes `with`"),
        ("steps:\n- {explain: endpoint/x, expect: {ok: true}}\n".into(), "5:38: only `call` can be `ok`"),
        ("steps:\n- {explain: endpoint/x, expect: {state: a}}\n".into(), "5:41: only `waitFor` has a `state`"),
        ("steps:\n- {explain: endpoint/x, expect: {response: {'a[': b}}}\n".into(), "5:45: JMESPath `a[`: "),
        (
            "steps:\n- {explain: endpoint/x, expect: {blockedBy: {rule: SM-VPC-IP-01}}}\n".into(),
            "5:45: what is explained says itself what blocked it: `decidedBy`",
        ),
        ("steps:\n- {waitFor: {resource: training-job/x, state: Failed}, expect: {ok: true}}\n".into(), "5:69: only `call` can be `ok`"),
        (
            "steps:\n- {waitFor: {resource: training-job/x, state: Failed}, expect: {error: {code: X}}}\n".into(),
            "5:79: only `call` can have an `error`",
        ),
    ] {
        let found = problems(&rest);
        assert!(found.iter().any(|problem| problem.starts_with(expected)), "{rest}\n{found:#?}\n{expected}");
    }
}

#[test]
fn the_head_is_checked_too() {
    let scenario =
        parse("apiVersion: v2\nkind: Lesson\nmetadata: {name: Bad Name}\nsteps: [{advance: 1s}]\n").unwrap();
    let found: Vec<_> = check(&scenario).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "1:13: expected `mockplane/v1`, found `v2`",
            "2:7: `lesson` is missing",
            "3:18: `Bad Name` is no name: lower-case letters, digits and dashes, 63 at most",
        ]
    );
}
