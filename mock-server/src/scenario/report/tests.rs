use super::*;
use crate::kernel::AccountId;
use crate::scenario::Unusable;
use crate::scenario::problem::Place;
use crate::scenario::run::{CAUSE_NOT_JUDGED, Status};
use std::time::Duration;

/// A run with everything that can become of a step.
fn summary() -> Summary {
    let step = |number: usize, title: &str, status, problems: &[&str]| {
        let place = Place { line: 10 + number as u64, column: 5 };
        let problems = problems.iter().map(|message| Problem::new(place, *message)).collect();
        StepOutcome { number, title: title.into(), place, status, problems, notes: Vec::new() }
    };
    let outcome = |name: &str, broken: Option<&str>, steps| Outcome {
        name: name.into(),
        file: format!("{name}.yaml"),
        account: AccountId::parse("111122223333").unwrap(),
        broken: broken.map(Into::into),
        skipped: None,
        elapsed: Duration::from_millis(250),
        steps,
        transcript: Default::default(),
    };
    Summary {
        of: 4,
        outcomes: vec![
            outcome("green", None, vec![step(1, "ec2.CreateVpc", Status::Passed, &[])]),
            outcome(
                "red",
                None,
                vec![
                    step(1, "one: ec2.CreateVpc", Status::Passed, &[]),
                    step(2, "iam.GetRole", Status::Failed, &["expected `<a> & \"b\"`", "and \u{1}another"]),
                    step(3, "advance 3m", Status::Skipped, &[]),
                ],
            ),
            outcome("dead", Some("nobody answers"), vec![step(1, "ec2.CreateVpc", Status::Skipped, &[])]),
        ],
        ..Summary::default()
    }
}

/// A run against a target that takes calls alone.
fn foreign() -> Summary {
    let mut summary = summary();
    let mut others = summary.outcomes.split_off(1);
    let green = &mut summary.outcomes[0];
    green.steps.push(StepOutcome { number: 2, title: "ec2.DeleteVpc".into(), ..green.steps[0].clone() });
    green.steps[1].notes.push(CAUSE_NOT_JUDGED.into());
    let mut unfit = others.remove(0);
    unfit.name = "unfit".into();
    unfit.steps.clear();
    unfit.skipped = Some("needs faults, virtual time".into());
    summary.outcomes.push(unfit);
    Summary { of: 2, ..summary }
}

/// What people are told.
fn text(summary: &Summary, verbose: bool) -> String {
    let mut out = Vec::new();
    let mut text = Text::new(&mut out).every_step(verbose);
    for (number, outcome) in (1..).zip(&summary.outcomes) {
        text.begin(number, summary.of, &outcome.name);
        outcome.steps.iter().for_each(|step| text.step(step));
        text.end(outcome);
    }
    text.finish(summary);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_a_target_is_not_fit_for_is_told_and_fails_nothing() {
    insta::assert_snapshot!(text(&foreign(), false), @r"
    [1/2] green: ok, 2 steps
    [2/2] unfit: skipped, needs faults, virtual time
    2 scenarios: 1 passed, 0 failed, 1 skipped
    1 step: the cause was not judged: the target does not tell it
    ");
    insta::assert_snapshot!("foreign_verbose", text(&foreign(), true));
    insta::assert_snapshot!("foreign_tap", Form::Tap.of(&foreign()));
    insta::assert_snapshot!("foreign_junit", Form::Junit.of(&foreign()));
    insta::assert_snapshot!("foreign_json", Form::Json.of(&foreign()));
    let mut unfit = foreign();
    assert_eq!(unfit.exit_code(), 0);
    unfit.outcomes.remove(0);
    assert_eq!(unfit.exit_code(), 1, "there was nothing to run there");
}

/// A run that did not begin.
fn unsound() -> Summary {
    let problem = |message: &str| Problem::new(Place { line: 3, column: 1 }, message);
    let problems =
        vec![("a.yaml".into(), problem("`steps` is missing")), ("b.yaml".into(), problem("what?"))];
    Summary { problems, ..Summary::default() }
}

#[test]
fn tap() {
    insta::assert_snapshot!(Form::Tap.of(&summary()));
    insta::assert_snapshot!(Form::Tap.of(&unsound()), @r"
    TAP version 14
    Bail out! a.yaml:3:1: `steps` is missing (and 1 more)
    ");
    let nothing =
        Summary { unusable: Some(Unusable::Nothing("x: no\nscenario".into())), ..Summary::default() };
    insta::assert_snapshot!(Form::Tap.of(&nothing), @r"
    TAP version 14
    Bail out! x: no scenario
    ");
}

#[test]
fn junit() {
    insta::assert_snapshot!(Form::Junit.of(&summary()));
    insta::assert_snapshot!(Form::Junit.of(&unsound()));
}

#[test]
fn json() {
    insta::assert_snapshot!(Form::Json.of(&summary()));
    let read: serde_json::Value = serde_json::from_str(&Form::Json.of(&unsound())).unwrap();
    assert_eq!((&read["exitCode"], &read["problems"][1]["file"]), (&2.into(), &"b.yaml".into()));
}

/// Nothing that a report says is more than one of the others says.
#[test]
fn the_forms_agree() {
    let summary = summary();
    let json: serde_json::Value = serde_json::from_str(&Form::Json.of(&summary)).unwrap();
    let failed = json["failed"].as_u64().unwrap() as usize;
    assert_eq!(Form::Tap.of(&summary).matches("not ok ").count(), failed);
    let junit = Form::Junit.of(&summary);
    assert!(
        junit.contains("tests=\"6\" failures=\"1\" errors=\"1\" skipped=\"2\" time=\"0.750\""),
        "{junit}"
    );
    assert_eq!((junit.matches("<failure").count(), junit.matches("<error").count()), (1, 1));
    assert_eq!(junit.matches("<skipped").count(), 2);
}
