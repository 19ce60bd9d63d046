//! The runner against a small made-up control plane, whose answers are written out here.

mod fixtures;

use super::report::{Silent, Text};
use super::run::{Outcome, Status};
use super::target::{Exchange, Http, InProcess, Unreachable};
use super::{Options, Summary, lesson, lint, run_path, schema};
use bytes::Bytes;
use hyper::{Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// 2026-01-05T09:00:00Z.
const START: i64 = 1_767_603_600_000;
/// When the job leaves a state, in seconds after the start, and for which.
const LIFE: [(i64, &str, &str); 3] =
    [(60, "InProgress", "Starting"), (120, "InProgress", "Training"), (i64::MAX, "Failed", "Failed")];

#[derive(Default)]
struct Plane {
    now: Mutex<i64>,
    seen: Mutex<Vec<String>>,
}

impl Plane {
    fn answer(&self, request: &Request<Bytes>) -> (u16, String) {
        let path = request.uri().path();
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let mut now = self.now.lock().unwrap();
        self.seen.lock().unwrap().push(format!("{} {} {body}", request.method(), request.uri()));
        let passed = (*now - START) / 1_000;
        let stage = LIFE.iter().find(|(until, _, _)| passed < *until).unwrap();
        match (path, body.as_str()) {
            ("/_mockplane/reset", _) => (200, String::new()),
            ("/_mockplane/clock", _) => {
                let asked: Value = serde_json::from_str(&body).unwrap_or_default();
                if asked.get("start").is_some() {
                    *now = START;
                }
                if let Some(span) = asked["advance"].as_str() {
                    *now += i64::try_from(super::span::Span::parse(span).unwrap().0.as_millis()).unwrap();
                }
                let due =
                    LIFE.iter().map(|(until, _, _)| *until).find(|until| (*now - START) / 1_000 < *until);
                let due = due.filter(|due| *due != i64::MAX).map(|due| due * 1_000 + START);
                let told = crate::aws::timestamp::iso8601;
                (200, json!({"now": told(*now), "nextDue": due.map(told), "mode": "manual"}).to_string())
            }
            ("/_mockplane/explain/training-job/x", _) => {
                let rule = json!({"id": "SM-VPC-IP-01", "resource": "subnet-1", "evidence": {"free": "subnet-2: 3"}});
                let answer =
                    json!({"decidedBy": "SM-VPC-IP-01", "phases": [{"id": "place", "rules": [rule]}]});
                (200, answer.to_string())
            }
            ("/_mockplane/explain/training-job/nobody", _) => (404, "no such job".to_owned()),
            (_, body) if body.contains("Action=DescribeVpcs") => {
                let xml = "<DescribeVpcsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><vpcSet>\
                           <item><vpcId>vpc-1</vpcId><cidrBlock>10.0.0.0/16</cidrBlock></item></vpcSet>\
                           </DescribeVpcsResponse>";
                (200, xml.to_owned())
            }
            (_, body) if body.contains("Action=DeleteVpc") => {
                let xml = "<Response><Errors><Error><Code>DependencyViolation</Code><Message>The vpc 'vpc-1' has \
                           dependencies and cannot be deleted.</Message></Error></Errors><RequestID>r</RequestID>\
                           </Response>";
                (400, xml.to_owned())
            }
            (_, body) if body.contains("TrainingJobName") => {
                let (_, status, secondary) = stage;
                let failed = (*status == "Failed").then_some("ClientError: no room");
                let transitions: Vec<_> = LIFE
                    .iter()
                    .take_while(|(until, _, _)| passed >= *until || *until == stage.0)
                    .map(|(_, _, secondary)| json!({"Status": secondary, "StartTime": 1767603600}))
                    .collect();
                let mut job = json!({"TrainingJobStatus": status, "SecondaryStatus": secondary,
                    "SecondaryStatusTransitions": transitions});
                if let Some(reason) = failed {
                    job["FailureReason"] = reason.into();
                }
                (200, job.to_string())
            }
            _ => (500, "no such thing".to_owned()),
        }
    }
}

impl Exchange for Plane {
    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        let (status, body) = self.answer(&request);
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status.try_into().unwrap();
        response.headers_mut().insert("x-mockplane-rule", "EC2-VPC-DEL".try_into().unwrap());
        Ok(response)
    }
}

/// A directory of its own that is gone afterwards.
struct Dir(PathBuf);

impl Dir {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mockplane-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, text: &str) -> Self {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn scenario(name: &str, rest: &str) -> String {
    format!("apiVersion: mockplane/v1\nkind: Scenario\nmetadata: {{name: {name}, tags: [t-{name}]}}\n{rest}")
}

fn run(path: &Path, options: &Options) -> (Summary, Vec<String>) {
    let plane = InProcess(Plane::default());
    let summary = block_on(run_path(&plane, path, options, &mut Silent));
    (summary, plane.0.seen.into_inner().unwrap())
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn run_one(test: &str, rest: &str) -> Outcome {
    let dir = Dir::new(test).with("x.yaml", &scenario("x", rest));
    let (summary, _) = run(&dir.0, &Options::default());
    assert_eq!(summary.problems, []);
    summary.outcomes.into_iter().next().unwrap()
}

fn problems(outcome: &Outcome) -> Vec<String> {
    outcome.steps.iter().flat_map(|step| &step.problems).map(ToString::to_string).collect()
}

const STORY: &str = "\
vars: {block: 10.0.0.0/16}
steps:
- id: look
  call: ec2.DescribeVpcs
  with: {VpcIds: [vpc-1]}
  expect: {response: {'Vpcs[0].CidrBlock': '${vars.block}', Vpcs: {length: 1}}}
  capture: {vpc: 'Vpcs[0].VpcId'}
- call: ec2.DeleteVpc
  with: {VpcId: '${vpc}'}
  expect:
    error: {code: DependencyViolation, message: {contains: \"'${vpc}'\"}, status: 400}
    blockedBy: {rule: EC2-VPC-DEL}
- advance: 30s
- waitFor: {resource: training-job/x, state: Failed, within: 10m}
  expect:
    state: Failed
    failureReason: {matches: 'no room$'}
    secondaryStatus: [Starting, Training, Failed]
    blockedBy: {rule: SM-VPC-IP-01, resource: subnet-2}
    response: {SecondaryStatus: Failed}
- waitFor: {resource: training-job/x, state: Failed}
  expect: {blockedBy: {rule: SM-VPC-IP-01, resource: {oneOf: [subnet-1, subnet-9]}}}
- waitFor: {resource: training-job/x, state: Failed}
  expect: {blockedBy: {rule: SM-VPC-IP-01, resource: {matches: '^subnet-[0-9]$'}}}
- explain: training-job/x
  expect: {response: {decidedBy: SM-VPC-IP-01, 'phases[].rules[].id': [SM-VPC-IP-01]}}
  capture: {subnet: 'phases[0].rules[0].resource'}
- explain: training-job/x
  expect: {response: {'phases[0].rules[0].resource': '${subnet}', wouldHaveFailedNext: {exists: false}}}
";

#[test]
fn a_story_passes_and_can_be_told_again_byte_by_byte() {
    let dir = Dir::new("story").with("story.yaml", &scenario("story", STORY));
    let (first, seen) = run(&dir.0, &Options::default());
    assert_eq!((first.exit_code(), first.outcomes[0].passed()), (0, true), "{:#?}", first.outcomes[0].steps);
    assert_eq!(seen[0].split('=').next(), Some("POST /_mockplane/reset?account"));
    let account = first.outcomes[0].account.to_string();
    assert!(
        seen[1].contains(&account) && seen[1].contains("\"start\":\"2026-01-05T09:00:00.000Z\""),
        "{}",
        seen[1]
    );
    let advances: Vec<_> = seen.iter().filter(|line| line.contains("advance")).collect();
    assert_eq!(advances.len(), 3, "to what is due, and no further: {advances:?}");
    let (second, _) = run(&dir.0, &Options::default());
    let transcripts = [&first, &second].map(|summary| &summary.outcomes[0].transcript);
    assert_eq!(transcripts[0].first_difference(transcripts[1]), None);
    assert!(transcripts[0].to_string().contains("# 3 ec2.DescribeVpcs\n200\n"), "{}", transcripts[0]);
    let (other, _) = run(&dir.0, &Options { seed: Some(9), ..Options::default() });
    assert_ne!(other.outcomes[0].account, first.outcomes[0].account, "another seed, another account");
}

#[test]
fn what_does_not_hold_is_told_where_it_is_expected() {
    let outcome = run_one(
        "failed",
        "steps:\n\
         - call: ec2.DescribeVpcs\n  \
           expect: {response: {'Vpcs[0].VpcId': vpc-2, 'length(Vpcs)': 1, 'Vpcs[1]': {exists: true}}}\n\
         - advance: 1s\n",
    );
    let expected = [
        "6:23: `Vpcs[0].VpcId`: expected \"vpc-2\", got \"vpc-1\"",
        "6:66: `Vpcs[1]`: expected something, got nothing",
    ];
    assert_eq!(problems(&outcome), expected);
    assert_eq!((outcome.steps[0].status, outcome.steps[1].status), (Status::Failed, Status::Skipped));
}

#[test]
fn each_way_to_fail_has_its_words() {
    for (steps, expected) in [
        (
            "- {call: ec2.DeleteVpc, with: {VpcId: vpc-1}}",
            "refused: DependencyViolation (400): The vpc 'vpc-1' has dependencies and cannot be deleted.",
        ),
        (
            "- {call: ec2.DescribeVpcs, expect: {error: {code: InvalidVpcID.NotFound}}}",
            "expected `InvalidVpcID.NotFound`, but the call succeeded",
        ),
        ("- {call: ec2.DescribeVpcs, expect: {ok: false}}", "expected a refusal, but the call succeeded"),
        (
            "- {call: ec2.DeleteVpc, with: {VpcId: a}, expect: {error: {code: X, status: 409}}}",
            "the code: expected \"X\", got \"DependencyViolation\"",
        ),
        (
            "- {call: ec2.DeleteVpc, with: {VpcId: a}, expect: {error: {code: DependencyViolation, status: 409}}}",
            "the status: expected 409, got 400",
        ),
        (
            "- {call: ec2.DeleteVpc, with: {VpcId: a}, expect: {ok: false, blockedBy: {rule: SM-VPC-IP-01}}}",
            "the rule: expected \"SM-VPC-IP-01\", got \"EC2-VPC-DEL\"",
        ),
        (
            "- {call: ec2.DescribeVpcs, expect: {blockedBy: {rule: SM-VPC-IP-01}}}",
            "expected a refusal, but the call succeeded",
        ),
        (
            "- {call: ec2.DeleteVpc, with: {VpcId: a}, expect: {blockedBy: {rule: SM-VPC-IP-01}}}",
            "the rule: expected \"SM-VPC-IP-01\", got \"EC2-VPC-DEL\"",
        ),
        (
            "- {call: ec2.DescribeVpcs, capture: {a: 'Vpcs[7].VpcId'}}\n- {call: ec2.DeleteVpc, with: {VpcId: '${a}'}}",
            "nothing to capture as `a`: `Vpcs[7].VpcId` finds nothing",
        ),
        (
            "- waitFor: {resource: training-job/x, state: Completed}",
            "training-job/x is Failed, not Completed: ClientError: no room",
        ),
        (
            "- waitFor: {resource: training-job/x, state: Failed, within: 90s}",
            "training-job/x is InProgress after 90s",
        ),
        (
            "- {waitFor: {resource: training-job/x, state: Failed}, expect: {secondaryStatus: [Starting]}}",
            "the secondary statuses: expected [\"Starting\"], got [\"Starting\",\"Training\",\"Failed\"]",
        ),
        (
            "- {waitFor: {resource: training-job/x, state: Failed}, expect: {blockedBy: {resource: subnet-9}}}",
            "what SM-VPC-IP-01 found has nothing to do with \"subnet-9\"",
        ),
        (
            "- {waitFor: {resource: training-job/x, state: Failed}, expect: {blockedBy: {resource: {equals: subnet-9}}}}",
            "what SM-VPC-IP-01 found has nothing to do with {\"equals\":\"subnet-9\"}",
        ),
        (
            "- {waitFor: {resource: training-job/x, state: Failed}, expect: {blockedBy: {resource: {oneOf: [net-1]}}}}",
            "what SM-VPC-IP-01 found has nothing to do with {\"oneOf\":[\"net-1\"]}",
        ),
        (
            "- {call: ec2.DescribeVpcs, capture: {all: 'Vpcs[].VpcId'}}\n\
             - {waitFor: {resource: training-job/x, state: Failed}, expect: {blockedBy: {resource: '${all}'}}}",
            "what SM-VPC-IP-01 found has nothing to do with [\"vpc-1\"]",
        ),
        (
            "- {waitFor: {resource: training-job/x, state: Failed}, expect: {blockedBy: {resource: subnet}}}",
            "what SM-VPC-IP-01 found has nothing to do with \"subnet\"",
        ),
        (
            "- {waitFor: {resource: training-job/x, state: Failed}, expect: {blockedBy: {hop: route-table}}}",
            "the hop: expected \"route-table\", got nothing",
        ),
        (
            "- {explain: training-job/x, expect: {response: {decidedBy: R}}}",
            "`decidedBy`: expected \"R\", got \"SM-VPC-IP-01\"",
        ),
        (
            "- {explain: training-job/x, capture: {a: failureReason}}\n- {explain: 'training-job/${a}'}",
            "nothing to capture as `a`: `failureReason` finds nothing",
        ),
        ("- {explain: training-job/nobody}", "there is no training-job/nobody to explain"),
    ] {
        let outcome = run_one("words", &format!("steps:\n{steps}\n"));
        assert_eq!(outcome.status(), Status::Failed, "{steps}");
        let found = problems(&outcome);
        assert!(found.iter().any(|problem| problem.ends_with(expected)), "{steps}: {found:?}");
    }
}

/// No code has to be expected along with the cause.
#[test]
fn a_call_that_something_blocks_is_to_be_refused() {
    let blocked = "expect: {blockedBy: {rule: EC2-VPC-DEL}}";
    let outcome =
        run_one("blocked", &format!("steps:\n- {{call: ec2.DeleteVpc, with: {{VpcId: a}}, {blocked}}}\n"));
    assert!(outcome.passed(), "{:?}", problems(&outcome));
}

#[test]
fn a_poll_repeats_until_it_holds_or_time_is_up() {
    let polled = |within: &str| {
        let call = "call: sagemaker.DescribeTrainingJob, with: {TrainingJobName: x}";
        let poll = format!("poll: {{every: 50s, within: {within}}}");
        format!("steps:\n- {{{call}, {poll}, expect: {{response: {{TrainingJobStatus: Failed}}}}}}\n")
    };
    assert!(run_one("poll", &polled("3m")).passed());
    assert_eq!(run_one("poll", &polled("1m")).status(), Status::Failed);
}

#[test]
fn a_broken_conversation_is_no_failed_expectation() {
    let dir = Dir::new("broken").with("x.yaml", &scenario("x", "steps: [{call: ec2.DescribeSubnets}]\n"));
    let (summary, _) = run(&dir.0, &Options::default());
    assert_eq!(summary.exit_code(), 4, "an error of the target is an answer");
    let nobody = Http::new("http://127.0.0.1:1").unwrap();
    let mut told = Vec::new();
    let summary = block_on(run_path(&nobody, &dir.0, &Options::default(), &mut Text::new(&mut told)));
    assert_eq!(summary.exit_code(), 3);
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("[1/1] x: BROKEN\n"), "{told}");
    assert!(told.contains("POST /_mockplane/reset") && told.contains("http://127.0.0.1:1"), "{told}");
    assert!(Http::new("nowhere").is_err());
    let unknown = run_one("unexplained", "steps: [{explain: endpoint/x}]\n");
    assert_eq!(unknown.status(), Status::Broken, "{unknown:?}");
}

#[test]
fn nothing_runs_unless_every_file_is_sound() {
    let dir = Dir::new("unsound")
        .with("a.yaml", &scenario("a", "steps: [{advance: 1s}]\n"))
        .with("deep/b.yml", &scenario("b", "steps: [{cal: x}]\n"))
        .with("deep/c.yaml", &scenario("a", "steps: [{advance: 1s}]\n"))
        .with("notes.txt", "not one");
    let (summary, seen) = run(&dir.0, &Options::default());
    assert_eq!((summary.exit_code(), seen.len()), (2, 0));
    let found: Vec<_> = summary.problems.iter().map(|(file, problem)| problem.in_file(file)).collect();
    assert!(found[0].ends_with("deep/b.yml:4:10: unknown key `cal`; did you mean `call`?"), "{found:?}");
    assert!(found[1].ends_with("a.yaml is named `a` too"), "{found:?}");
    assert_eq!(lint(&dir.0, &Options::default()).unwrap().problems, summary.problems);
}

#[test]
fn scenarios_are_chosen_by_name_or_tag_and_take_variables() {
    let body = "vars: {block: 10.0.0.0/16}\nsteps: [{call: ec2.DescribeVpcs, expect: {response: {'Vpcs[0].CidrBlock': '${vars.block}'}}}]\n";
    let dir = Dir::new("chosen").with("a.yaml", &scenario("a", body)).with("b.yaml", &scenario("b", body));
    let names = |options: &Options| {
        let (summary, _) = run(&dir.0, options);
        (summary.exit_code(), summary.outcomes.into_iter().map(|outcome| outcome.name).collect::<Vec<_>>())
    };
    let only = |word: &str| Options { only: vec![word.to_owned()], ..Options::default() };
    assert_eq!(names(&Options::default()), (0, vec!["a".into(), "b".into()]));
    assert_eq!(names(&only("b")), (0, vec!["b".into()]));
    assert_eq!(names(&only("t-a")), (0, vec!["a".into()]));
    assert_eq!(names(&only("c")), (1, vec![]));
    let both = Options { only: vec!["a".into(), "nope".into()], ..Options::default() };
    assert_eq!(names(&both), (1, vec![]), "none of them is passed over");
    let told = run(&dir.0, &both).0.unusable.unwrap().to_string();
    assert!(told.starts_with("no scenario has the name or tag nope"), "{told}");
    assert_eq!(
        lint(&dir.0, &only("t-c")).unwrap_err().to_string(),
        "no scenario has the name or tag t-c; did you mean `t-a`?"
    );
    let vars = |name: &str| BTreeMap::from([(name.to_owned(), "10.1.0.0/16".to_owned())]);
    assert_eq!(
        names(&Options { vars: vars("block"), ..Options::default() }),
        (4, vec!["a".into(), "b".into()])
    );
    let fail_fast = Options { vars: vars("block"), fail_fast: true, ..Options::default() };
    assert_eq!(names(&fail_fast), (4, vec!["a".into()]));
    // What is wrong with the command line is no lack of scenarios.
    let mistyped = Options { vars: vars("blok"), ..Options::default() };
    assert_eq!(names(&mistyped), (2, vec![]));
    let told = run(&dir.0, &mistyped).0.unusable.unwrap();
    assert_eq!(told.to_string(), "no scenario has a variable `blok`; did you mean `block`?");
    let unreadable = Options { vars: [("block".to_owned(), "[".to_owned())].into(), ..Options::default() };
    assert_eq!(names(&unreadable), (2, vec![]));
    assert_eq!(run(&dir.0.join("none.yaml"), &Options::default()).0.exit_code(), 1);
}

#[test]
fn scenarios_in_json_are_found_among_other_json() {
    let json = |name: &str| {
        let head = format!(
            "\"apiVersion\": \"mockplane/v1\", \"kind\": \"Scenario\", \"metadata\": {{\"name\": \"{name}\"}}"
        );
        format!("{{{head}, \"steps\": [{{\"advance\": \"1s\"}}]}}\n")
    };
    let dir = Dir::new("json")
        .with("a.json", &json("a"))
        .with("deep/b.json", &json("b"))
        .with("schema.json", &schema::scenario().to_string())
        .with("package.json", "{\"name\": \"x\"}")
        .with("list.json", "[1]");
    let (summary, _) = run(&dir.0, &Options::default());
    let names: Vec<_> = summary.outcomes.iter().map(|outcome| outcome.name.as_str()).collect();
    assert_eq!((summary.exit_code(), names), (0, vec!["a", "b"]), "{:?}", summary.problems);
    // One that was meant to be one is not passed by.
    let broken = Dir::new("json-broken").with("a.json", &json("a").replace("}]}", "]}"));
    assert_eq!(run(&broken.0, &Options::default()).0.exit_code(), 2);
}

#[test]
fn lessons_are_found_among_scenarios() {
    let matrix = "matrix: {a: {n: 1}, b: {n: 2}}\nsteps: [{call: ec2.DescribeVpcs, with: {MaxResults: '${matrix.n}'}}]\n";
    let (name, text) = lesson::EMBEDDED[0];
    let matrix = scenario("m", matrix);
    let (lessons, wrong) =
        lesson::listed([("m.yaml", matrix.as_str()), (name, text), ("x.yaml", "kind: Lesson\n")]);
    assert_eq!(lessons.len(), 1);
    assert_eq!(wrong, ["x.yaml:1:1: `apiVersion` is missing"]);
}

#[test]
fn a_report_tells_what_happened() {
    let dir = Dir::new("report")
        .with("a.yaml", &scenario("a", STORY))
        .with("b.yaml", &scenario("b", "steps: [{id: go, call: ec2.DeleteVpc, with: {VpcId: vpc-1}}]\n"));
    let mut told = Vec::new();
    let mut text = Text::new(&mut told).every_step(true);
    block_on(run_path(&InProcess(Plane::default()), &dir.0, &Options::default(), &mut text));
    let told = String::from_utf8(told).unwrap().replace(&format!("{}/", dir.0.display()), "");
    let expected = "\
[1/2] a
  ok    1 look: ec2.DescribeVpcs
  ok    2 ec2.DeleteVpc
  ok    3 advance 30s
  ok    4 training-job/x is Failed
  ok    5 training-job/x is Failed
  ok    6 training-job/x is Failed
  ok    7 explain training-job/x
  ok    8 explain training-job/x
[1/2] a: ok, 8 steps
[2/2] b
[2/2] b: FAILED
  FAILED  1 go: ec2.DeleteVpc
    b.yaml:4:24: refused: DependencyViolation (400): The vpc 'vpc-1' has dependencies and cannot be deleted.
2 scenarios: 1 passed, 1 failed
";
    assert_eq!(told, expected);
}

/// The scenarios of the repository are sound; that they pass is for the tests of the gateway.
#[test]
fn the_scenarios_of_the_repository_are_sound() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios"));
    let found = lint(path, &Options::default()).unwrap();
    let told: Vec<_> =
        found.problems.iter().chain(&found.warnings).map(|(file, problem)| problem.in_file(file)).collect();
    assert_eq!(told, [""; 0]);
}
