//! What can be known to be wrong with a lesson before it runs.

use mockplane::scenario::check::check;
use mockplane::scenario::file::parse;

const STEPS: &str = "apiVersion: mockplane/v1\nkind: Lesson\nmetadata: {name: x}\nsteps:\n\
        - {call: ec2.CreateVpc, with: {CidrBlock: 10.0.0.0/16}, capture: {vpc: Vpc.VpcId}}\n\
        - {call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}, expect: {error: {code: DependencyViolation}}}\n";
const LESSON: &str = "lesson:\n  goal: About ${vpc}.\n  story: s\n  \
        hints: [{text: a, cost: 0}, {text: 'b ${vpc}', cost: 1}, {text: c, cost: 2}]\n  \
        fix: [{call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}}]\n  \
        check: [{call: ec2.DescribeVpcs, expect: {response: {Vpcs: []}}}]\n  \
        debrief: d\n  learn: [SM-VPC-IP-01, 'seed:train-vpc#train-vpc-ip']\n";

fn problems(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(scenario) => check(&scenario).iter().map(ToString::to_string).collect(),
        Err(problem) => vec![problem.to_string()],
    }
}

#[test]
fn a_sound_lesson_has_no_problems() {
    assert_eq!(problems(&format!("{STEPS}{LESSON}")), [""; 0]);
}

#[test]
fn each_problem_is_told_with_its_place() {
    let whole = format!("{STEPS}{LESSON}");
    let mut wrong = Vec::new();
    let fix = "fix: [{call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}}]";
    for (from, to, expected) in [
        ("kind: Lesson", "kind: Scenario", "8:3: only `kind: Lesson` has a `lesson`"),
        ("kind: Lesson", "kind: Lessen", "2:7: expected `Scenario` or `Lesson`, found `Lessen`"),
        (LESSON, "", "2:7: `lesson` is missing"),
        ("  goal: About ${vpc}.\n", "", "13:3: `goal` is missing"),
        ("goal: About ${vpc}.", "goal: ' '", "8:9: `goal` is empty"),
        ("goal: About ${vpc}.", "goal: ${vcp}", "8:9: nothing is named `vcp` here; did you mean `vpc`?"),
        ("goal:", "gaol:", "8:3: unknown key `gaol`; did you mean `goal`?"),
        (
            "{text: a, cost: 0}, ",
            "",
            "10:10: a lesson has 3 hints at least, from a nudge to nearly the answer; 10:11: the first hint costs nothing",
        ),
        ("cost: 2}", "cost: 20}", "10:10: the hints cost 21 together, and nobody has more than 10"),
        (", cost: 2}", "}", "10:61: `cost` is missing"),
        (fix, "fix: []", "11:8: `fix` is empty"),
        (fix, "fix: [{explain: training-job/x}]", "11:9: a fix is made of `call`, `waitFor` and `advance`"),
        (
            fix,
            "fix: [{call: ec2.DescribeVpcs, capture: {all: Vpcs}}]",
            "11:44: `all` is captured and never used in `fix`",
        ),
        (
            "check: [{call: ec2.DescribeVpcs, expect: {response: {Vpcs: []}}}]",
            "check: [{call: ec2.DescribeVpcs}]",
            "12:10: a check judges something: a `waitFor`, or an `expect`",
        ),
        (
            ", expect: {error: {code: DependencyViolation}}",
            "",
            "6:3: the steps of a lesson end with what fails: a `waitFor` that expects `blockedBy`, a call that \
                 expects an `error`, or an `explain` that expects a `response`",
        ),
        ("goal:", "course: 11\n  goal:", "8:11: 11 is none of 1 to 10"),
        ("goal:", "failure: 31\n  goal:", "8:12: 31 is none of 1 to 30"),
        (
            "learn: [SM-VPC-IP-01",
            "learn: [SM-VPC-IP-1",
            "14:11: `SM-VPC-IP-1` is no rule, and no seed:PAGE#ANCHOR; did you mean `SM-VPC-IP-01`?",
        ),
        (
            "'seed:train-vpc#train-vpc-ip'",
            "'seed:train-vpc'",
            "14:25: `seed:train-vpc` is no place: write seed:PAGE#ANCHOR",
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        let found = problems(&whole.replacen(from, to, 1)).join("; ");
        if found != expected {
            wrong.push(format!("{from} -> {to}\n  {found}\n  {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever a learner does instead of the fix, the check has to work without it.
#[test]
fn a_check_knows_nothing_of_the_fix() {
    let fix = "fix: [{call: ec2.CreateVpc, with: {CidrBlock: 10.1.0.0/16}, capture: {own: Vpc.VpcId}}, \
                   {call: ec2.DeleteVpc, with: {VpcId: '${own}'}}]";
    let check_step = "check: [{call: ec2.DescribeVpcs, with: {VpcIds: ['${own}']}, expect: {ok: true}}]";
    let text = format!("{STEPS}{LESSON}")
        .replace("fix: [{call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}}]", fix)
        .replace("check: [{call: ec2.DescribeVpcs, expect: {response: {Vpcs: []}}}]", check_step);
    assert_eq!(problems(&text).len(), 1);
    assert!(problems(&text)[0].contains("nothing is named `own` here"), "{:?}", problems(&text));
}
