//! Lessons: run from files, and on a server where somebody takes over.

#![expect(clippy::unwrap_used, reason = "these are tests")]

mod files;
mod script;

use bytes::Bytes;
use hyper::Request;
use mockplane::admin::Site;
use mockplane::scenario::lesson::{EMBEDDED, listed};
use mockplane::scenario::report::Text;
use mockplane::scenario::target::{Exchange, InProcess};
use mockplane::scenario::{Options, run_path};
use mockplane::server::Config;
use serde_json::{Value, json};

async fn ask(site: &Site, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(format!("/_mockplane/{path}"));
    let answer = site.exchange(request.body(Bytes::from(body.to_owned())).unwrap()).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

async fn done(site: &Site, method: &str, path: &str, body: &str) -> Value {
    let (status, told) = ask(site, method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {told}");
    told
}

const ONE: &str = "account=111122223333";
const OTHER: &str = "account=444455556666";

#[test]
fn every_lesson_that_comes_with_the_program_is_sound() {
    let (lessons, wrong) = listed(EMBEDDED.iter().copied());
    assert_eq!((wrong, lessons.len()), (Vec::<String>::new(), EMBEDDED.len()));
    let course: Vec<_> = lessons
        .iter()
        .filter_map(|lesson| lesson.scenario.lesson.as_ref()?.value.course.as_ref())
        .map(|n| n.value)
        .collect();
    assert!(
        course.windows(2).all(|two| two[0] < two[1]),
        "each place of the course has one lesson: {course:?}"
    );
}

/// A path into an answer tells a learner nothing; what it stands for is said.
#[test]
fn what_a_check_judges_about_an_answer_is_said_in_words() {
    let mut silent = Vec::new();
    for listed in listed(EMBEDDED.iter().copied()).0 {
        for step in &listed.scenario.lesson.as_ref().unwrap().value.check.value {
            let says = step.value.say.as_deref().unwrap_or_default();
            assert!(!says.contains("${"), "{}: {says}: it is told as it is", listed.file);
            let judges = step.value.expect.as_ref().is_some_and(|expect| expect.response.is_some());
            if judges && says.is_empty() {
                silent.push(format!("{}:{}", listed.file, step.referenced.line()));
            }
        }
    }
    assert_eq!(silent, [""; 0]);
}

/// As a learner meets them: broken, mended, broken again.
#[tokio::test]
async fn each_lesson_is_broken_until_it_is_mended_and_again_after_a_reset() {
    for lesson in listed(EMBEDDED.iter().copied()).0 {
        let (site, name) = (Config::default().site(), lesson.name().to_owned());
        let site = &site;
        let check = async || done(site, "POST", &format!("scenarios/check?{ONE}"), "").await["check"].clone();
        let told =
            done(site, "POST", &format!("scenarios?{ONE}"), &json!({ "name": name }).to_string()).await;
        assert!(told["lesson"]["broken"].is_string() || told["lesson"]["explain"].is_string(), "{told}");
        let first = check().await;
        assert_eq!(first["passed"], false, "{name}");
        assert!(!first["problems"].as_array().unwrap().is_empty(), "{name}: {first}");
        if let Some(link) = first["explain"].as_str() {
            let told = done(site, "GET", link.trim_start_matches("/_mockplane/"), "").await;
            assert_eq!(told["decidedBy"], first["rule"], "{name}: what is explained is why the check fails");
        }
        done(site, "POST", &format!("scenarios/solve?{ONE}"), "").await;
        for time in 1..3 {
            assert_eq!(check().await["passed"], true, "{name}: a check changes nothing, {time}");
        }
        done(site, "POST", &format!("scenarios/reset?{ONE}"), "").await;
        assert_eq!(check().await["passed"], false, "{name}");
    }
}

#[tokio::test]
async fn learners_do_not_disturb_each_other() {
    let site = &Config::default().site();
    for account in [ONE, OTHER] {
        done(site, "POST", &format!("scenarios?{account}"), r#"{"name": "sealed-room"}"#).await;
    }
    for (number, cost) in [(1, 0), (2, 1), (3, 2), (4, 3)] {
        let hint = done(site, "POST", &format!("scenarios/hint?{ONE}"), "").await;
        assert_eq!((&hint["number"], &hint["cost"]), (&json!(number), &json!(cost)));
        assert!(!hint["text"].as_str().unwrap().contains("${"), "{hint}");
    }
    let (status, none) = ask(site, "POST", &format!("scenarios/hint?{ONE}"), "").await;
    assert_eq!((status, &none["error"]), (404, &json!("there are no more hints")));
    done(site, "POST", &format!("scenarios/solve?{OTHER}"), "").await;
    done(site, "POST", &format!("scenarios/check?{OTHER}"), "").await;
    let all = done(site, "GET", "scenarios", "").await;
    let told: Vec<_> = all["scenarios"].as_array().unwrap().iter().map(|one| &one["lesson"]).collect();
    let of = |lesson: &Value| {
        let told = ["score", "passed", "solved", "checks"].map(|name| lesson[name].clone());
        (told, lesson["hints"]["spent"].as_array().unwrap().len(), lesson["debrief"].is_string())
    };
    assert_eq!(of(told[0]), ([json!(4), json!(false), json!(false), json!(0)], 4, false));
    assert_eq!(of(told[1]), ([json!(0), json!(true), json!(true), json!(1)], 0, true));
    done(site, "DELETE", &format!("scenarios?{ONE}"), "").await;
    assert_eq!(ask(site, "GET", &format!("scenarios?{ONE}"), "").await.0, 404);
    assert_eq!(done(site, "GET", &format!("scenarios?{OTHER}"), "").await["name"], "sealed-room");
    done(site, "POST", &format!("reset?{OTHER}"), "").await;
    assert_eq!(done(site, "GET", "scenarios", "").await, json!({"scenarios": []}), "a reset ends it");
}

/// Whatever the check did is undone: its names, its interfaces, and the time that it took.
#[tokio::test]
async fn a_check_leaves_no_trace() {
    let site = &Config::default().site();
    done(site, "POST", &format!("scenarios?{ONE}"), r#"{"name": "sealed-room"}"#).await;
    let clock = done(site, "GET", &format!("clock?{ONE}"), "").await;
    assert_eq!(clock["mode"], "poll", "a learner's waiting takes no time");
    done(site, "POST", &format!("scenarios/check?{ONE}"), "").await;
    assert_eq!(done(site, "GET", &format!("clock?{ONE}"), "").await, clock);
    assert_eq!(done(site, "GET", &format!("snapshots?{ONE}"), "").await["snapshots"], json!([]));
    assert_eq!(ask(site, "GET", &format!("explain/training-job/judged?{ONE}"), "").await.0, 404);
    assert_eq!(ask(site, "GET", &format!("explain/training-job/first-try?{ONE}"), "").await.0, 200);
}

/// What failed before is explained only as long as a check fails for the same reason.
#[tokio::test]
async fn a_check_that_fails_says_what_has_to_be_true_and_explains_nothing_else() {
    let site = &Config::default().site();
    let lesson = EMBEDDED.iter().find(|(_, text)| text.contains("name: sealed-room\n")).unwrap().1;
    done(site, "POST", &format!("scenarios?{ONE}"), lesson).await;
    let check = &done(site, "POST", &format!("scenarios/check?{ONE}"), "").await["check"];
    assert_eq!((&check["said"], &check["rule"]), (&Value::Null, &json!("SM-S3-NOPATH-01")));
    let link = "/_mockplane/explain/training-job/first-try?account=111122223333&region=us-east-1";
    assert_eq!(check["explain"], link, "the job of the check is undone, and failed like the first one");

    let judges = "
    - id: more
      say: There are two.
      call: ec2.DescribeVpcEndpoints
      expect: {response: {'length(VpcEndpoints)': 2}}
  debrief:";
    let lesson = lesson.replacen("\n  debrief:", judges, 1);
    done(site, "POST", &format!("scenarios?{ONE}"), &lesson).await;
    done(site, "POST", &format!("scenarios/solve?{ONE}"), "").await;
    let check = &done(site, "POST", &format!("scenarios/check?{ONE}"), "").await["check"];
    let told = ["passed", "step", "said", "rule", "explain"].map(|name| check[name].clone());
    let expected = json!([false, "more: ec2.DescribeVpcEndpoints", "There are two.", null, null]);
    assert_eq!(Value::from(told.to_vec()), expected);
    assert_eq!(check["problems"], json!(["`length(VpcEndpoints)`: expected 2, got 1"]));

    // What the check waits for was there before it, and is there after it.
    let waits = lesson.replace("training-job/judged", "training-job/first-try");
    done(site, "POST", &format!("scenarios?{ONE}"), &waits).await;
    done(site, "POST", &format!("scenarios/solve?{ONE}"), "").await;
    let check = &done(site, "POST", &format!("scenarios/check?{ONE}"), "").await["check"];
    assert_eq!(check["explain"], link, "{check}");

    // Another job, which fails for another reason.
    let other = lesson.replace("TrainingJobName: judged}", "TrainingJobName: judged, VpcConfig: {SecurityGroupIds: ['${net.sg.id}'], Subnets: ['${net.subnets[0].id}']}, ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1000, VolumeSizeInGB: 10}}");
    assert_ne!(other, lesson);
    done(site, "POST", &format!("scenarios?{ONE}"), &other).await;
    let check = &done(site, "POST", &format!("scenarios/check?{ONE}"), "").await["check"];
    assert_eq!((&check["rule"], &check["explain"]), (&json!("SM-VPC-IP-01"), &Value::Null), "{check}");
}

/// A fix or a check that cannot be carried out is told in the words of its step too.
#[tokio::test]
async fn what_cannot_be_carried_out_is_told_in_words_first() {
    let site = &Config::default().site();
    let rule = mockplane::rules::all().next().unwrap().id;
    let lesson = format!("{STEPS}{}", BLOCK.replace("EC2-VPC-DEP", rule));
    let lesson = lesson.replace("fix: [{call", "fix: [{say: The subnet is in the way., call");
    done(site, "POST", &format!("scenarios?{ONE}"), &lesson).await;
    done(site, "POST", &format!("scenarios/solve?{ONE}"), "").await;
    let (status, told) = ask(site, "POST", &format!("scenarios/solve?{ONE}"), "").await;
    let error = told["error"].as_str().unwrap();
    let expected = "The subnet is in the way. fix: ec2.DeleteSubnet: refused: InvalidSubnetID.NotFound";
    assert!(status == 409 && error.starts_with(expected), "{error}");
}

const PLAIN: &str = "
apiVersion: mockplane/v1
kind: Scenario
metadata: {name: plain}
fixtures: [{as: net, preset: private-vpc}]
steps:
- {id: first, call: ec2.CreateVpc, with: {CidrBlock: 10.9.0.0/16}, capture: {vpc: Vpc.VpcId}}
- {id: second, call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}}
- {id: third, call: ec2.DeleteVpc, with: {VpcId: '${net.vpc.id}'}, expect: {error: {code: DependencyViolation}}}
";

#[tokio::test]
async fn a_scenario_stops_where_a_test_takes_over() {
    let site = &Config::default().site();
    let told = done(site, "POST", &format!("scenarios?{ONE}&stopAfter=first"), PLAIN).await;
    assert_eq!(told["stoppedAfter"], "first: ec2.CreateVpc");
    assert_eq!(told["next"], "second: ec2.DeleteVpc");
    assert!(told["captured"]["vpc"].as_str().unwrap().starts_with("vpc-"), "{told}");
    assert!(told["captured"]["net"]["vpc"]["id"].as_str().unwrap().starts_with("vpc-"), "{told}");
    assert!(told.get("lesson").is_none());
    let whole = done(site, "POST", &format!("scenarios?{OTHER}"), PLAIN).await;
    assert_eq!(whole["next"], Value::Null);
    for call in ["check", "hint", "solve", "script"] {
        let (status, told) = ask(site, "POST", &format!("scenarios/{call}?{ONE}"), "").await;
        assert_eq!(
            (status, &told["error"]),
            (409, &json!("it is no lesson: it has no hints, no check and no fix"))
        );
    }
    done(site, "POST", &format!("scenarios/reset?{ONE}"), "").await;
}

const MATRIX: &str = "
apiVersion: mockplane/v1
kind: Scenario
metadata: {name: many}
matrix:
  small: {cidr: 10.9.0.0/28, call: DescribeVpcs, filter: cidr}
  large: {cidr: 10.9.0.0/16, call: DescribeSubnets, filter: cidr-block}
steps:
- {call: ec2.CreateVpc, with: {CidrBlock: '${matrix.cidr}'}, capture: {vpc: Vpc.VpcId, block: Vpc.CidrBlock}}
- {id: look, call: 'ec2.${matrix.call}', with: {Filters: [{Name: vpc-id, Values: ['${vpc}']}, {Name: '${matrix.filter}', Values: ['${block}']}]}}
";

#[tokio::test]
async fn of_a_matrix_one_row_is_loaded() {
    let site = &Config::default().site();
    for (row, cidr, call) in
        [("small", "10.9.0.0/28", "DescribeVpcs"), ("large", "10.9.0.0/16", "DescribeSubnets")]
    {
        let told = done(site, "POST", &format!("scenarios?{ONE}&row={row}"), MATRIX).await;
        assert_eq!(told["name"], format!("many[{row}]"));
        assert_eq!(
            (&told["captured"]["block"], &told["stoppedAfter"]),
            (&json!(cidr), &json!(format!("look: ec2.{call}")))
        );
        assert_eq!(done(site, "POST", &format!("scenarios/reset?{ONE}"), "").await["name"], told["name"]);
    }
}

/// The server's own calls are signed as it wants calls to be: the root's, and those of whom it made keys for.
#[tokio::test]
async fn where_signatures_are_verified_lessons_are_loaded_and_checked_too() {
    let mut config = Config::default();
    config.trust.verify = Some("known to few".into());
    let site = &config.site();
    const OF_OTHERS: &str = "
- {call: iam.CreateUser, with: {UserName: ana}}
- {call: iam.AttachUserPolicy, with: {UserName: ana, PolicyArn: 'arn:aws:iam::aws:policy/AmazonVPCFullAccess'}}
- {call: iam.CreateAccessKey, with: {UserName: ana}, capture: {ana: AccessKey}}
- {call: ec2.DescribeVpcs, as: '${ana}'}
- {call: s3.CreateBucket, with: {Bucket: 'signed-${account}'}}
";
    done(site, "POST", &format!("scenarios?{ONE}"), &format!("{PLAIN}{}", OF_OTHERS.trim_start())).await;
    done(site, "POST", &format!("scenarios?{ONE}"), r#"{"name": "sealed-room"}"#).await;
    let told = done(site, "POST", &format!("scenarios/check?{ONE}"), "").await;
    assert_eq!(told["check"]["passed"], false);
    done(site, "POST", &format!("scenarios/solve?{ONE}"), "").await;
    let told = done(site, "POST", &format!("scenarios/check?{ONE}"), "").await;
    assert_eq!(told["check"]["passed"], true, "{told}");
}

#[tokio::test]
async fn what_cannot_be_loaded_is_told() {
    let site = &Config::default().site();
    let file = PLAIN.replace("preset: private-vpc", "file: ../secret.yaml");
    for (path, body, status, expected) in [
        ("stopAfter=x", PLAIN, 409, "no step has the id `x`"),
        ("", "kind: Scenario", 400, "is missing"),
        ("", r#"{"name": "nothing"}"#, 404, "no lesson is named `nothing`"),
        (
            "",
            r#"{"name": "sealed-rom"}"#,
            404,
            "no lesson is named `sealed-rom`; did you mean `sealed-room`?",
        ),
        ("", &PLAIN.replace("CreateVpc", "CreateVcp"), 400, "ec2 has no operation `CreateVcp`; did you mean"),
        ("", &PLAIN.replace("/16", "/8"), 409, "first: ec2.CreateVpc: scenario:7:21: refused: "),
        ("", MATRIX, 400, "scenario: it has a matrix, and runs for one of its rows: small, large"),
        ("row=smal", MATRIX, 400, "scenario: its matrix has no row `smal`; did you mean `small`?"),
        ("row=small", PLAIN, 400, "scenario: it has no matrix, and no row `small`"),
        ("row=small", r#"{"name": "sealed-room"}"#, 400, "lesson `sealed-room` has no matrix, and no rows"),
        ("", &file, 400, "fixture file `../secret.yaml`: only presets and snapshots can be used here"),
    ] {
        let (code, told) = ask(site, "POST", &format!("scenarios?{ONE}&{path}"), body).await;
        let error = told["error"].as_str().unwrap();
        assert!(code == status && error.contains(expected), "{code} {error}");
        assert_eq!(ask(site, "GET", &format!("scenarios?{ONE}"), "").await.0, 404, "nothing is played");
    }
    assert_eq!(ask(site, "POST", "scenarios/check?account=12", "").await.0, 400);
    assert_eq!(ask(site, "POST", &format!("scenarios/check?{ONE}"), "").await.0, 404);
}

const BLOCK: &str = "
lesson:
  goal: About ${net}.
  story: s
  hints: [{text: a, cost: 0}, {text: b, cost: 1}, {text: c, cost: 2}]
  fix: [{call: ec2.DeleteSubnet, with: {SubnetId: '${net}'}}]
  check: [{call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}, expect: {ok: true}}]
  debrief: d
  learn: [EC2-VPC-DEP]
";
const STEPS: &str = "
apiVersion: mockplane/v1
kind: Lesson
metadata: {name: held}
steps:
- {call: ec2.CreateVpc, with: {CidrBlock: 10.9.0.0/16}, capture: {vpc: Vpc.VpcId}}
- {call: ec2.CreateSubnet, with: {VpcId: '${vpc}', CidrBlock: 10.9.0.0/24}, capture: {net: Subnet.SubnetId}}
- {call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}, expect: {error: {code: DependencyViolation}}}
";

async fn report(text: &str) -> (u8, String) {
    let number = text.len();
    let file = std::env::temp_dir().join(format!("mockplane-lesson-{}-{number}.yaml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let (site, mut told) = (Config::default().site(), Vec::new());
    let summary = run_path(&InProcess(&site), &file, &Options::default(), &mut Text::new(&mut told)).await;
    std::fs::remove_file(&file).unwrap();
    (summary.exit_code(), String::from_utf8(told).unwrap())
}

/// The report says which part of a lesson is not as it should be.
#[tokio::test]
async fn a_run_says_which_part_failed() {
    let rule = mockplane::rules::all().next().unwrap().id;
    let lesson = format!("{STEPS}{}", BLOCK.replace("EC2-VPC-DEP", rule));
    let (code, told) = report(&lesson).await;
    assert_eq!((code, told.contains("held: ok, 6 steps")), (0, true), "{told}");
    for (from, to, expected) in [
        ("{code: DependencyViolation}", "{code: Other}", "FAILED  3 ec2.DeleteVpc"),
        (
            "ec2.DeleteVpc, with: {VpcId: '${vpc}'}, expect: {ok: true}}]",
            "ec2.DescribeVpcs, expect: {ok: true}}]",
            "FAILED  4 the check fails before the fix",
        ),
        ("SubnetId: '${net}'", "SubnetId: 'subnet-0123456789abcdef0'", "FAILED  5 fix: ec2.DeleteSubnet"),
        (
            "ec2.DeleteSubnet, with: {SubnetId: '${net}'}",
            "ec2.DescribeSubnets, with: {SubnetIds: ['${net}']}",
            "FAILED  6 check: ec2.DeleteVpc",
        ),
    ] {
        assert!(lesson.contains(from), "{from}");
        let (code, told) = report(&lesson.replace(from, to)).await;
        assert!(code == 4 && told.contains(expected), "{expected}\n{told}");
    }
}
