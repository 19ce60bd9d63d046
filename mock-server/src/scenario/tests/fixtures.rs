//! Fixtures and matrices, run.

use super::*;

const FIXTURE: &str = "apiVersion: mockplane/v1\nkind: Fixture\nmetadata: {name: look}\n\
    vars: {id: vpc-1}\n\
    steps:\n\
    - call: ec2.DescribeVpcs\n  \
      with: {VpcIds: ['${vars.id}']}\n  \
      capture: {vpc: 'Vpcs[0]'}\n";

#[test]
fn a_fixture_is_made_before_the_steps_and_named_by_them() {
    let outputs = "outputs: {vpc: {id: '${vpc.VpcId}', given: '${vars.id}'}, whole: '${vpc}'}\n";
    let text = "fixtures:\n\
        - {as: net, file: fixtures/look.yaml}\n\
        - {as: other, file: fixtures/look.yaml, with: {id: '${net.vpc.id}-of-${account}'}}\n\
        steps:\n\
        - call: ec2.DescribeVpcs\n  \
          with: {VpcIds: ['${net.vpc.id}', '${other.vpc.given}']}\n  \
          expect: {response: {'Vpcs[0].VpcId': '${net.whole.VpcId}'}}\n";
    let dir = Dir::new("fixtures")
        .with("x.yaml", &scenario("x", text))
        .with("fixtures/look.yaml", &format!("{FIXTURE}{outputs}"));
    let (summary, seen) = run(&dir.0, &Options::default());
    assert_eq!((summary.problems.clone(), summary.of), (Vec::new(), 1), "a fixture is nothing to run");
    let outcome = &summary.outcomes[0];
    assert!(outcome.passed(), "{:?} {:?}", outcome.broken, problems(outcome));
    let asked: Vec<_> = outcome.transcript.0.iter().map(|one| one.request.as_str()).collect();
    let calls: Vec<_> = asked.into_iter().filter(|request| request.contains("ec2.")).collect();
    assert_eq!(calls, ["net: ec2.DescribeVpcs", "other: ec2.DescribeVpcs", "ec2.DescribeVpcs"]);
    assert!(seen.iter().any(|line| line.contains(&format!("vpc-1-of-{}", outcome.account))), "{seen:?}");
    let (alone, _) = run(&dir.0.join("fixtures"), &Options::default());
    assert_eq!(alone.exit_code(), 1, "{:?}", alone.unusable);
}

#[test]
fn a_fixture_that_cannot_be_made_breaks_the_scenario() {
    let refused = FIXTURE.replace(
        "capture: {vpc: 'Vpcs[0]'}",
        "capture: {vpc: 'Vpcs[0].VpcId'}\n- {call: ec2.DeleteVpc, with: {VpcId: '${vpc}'}}",
    );
    let dir = Dir::new("fixture-broken")
        .with("x.yaml", &scenario("x", "fixtures:\n- {as: net, file: f/look.yaml}\nsteps:\n- advance: 1s\n"))
        .with("f/look.yaml", &refused);
    let (summary, _) = run(&dir.0, &Options::default());
    let outcome = &summary.outcomes[0];
    assert_eq!((summary.exit_code(), outcome.steps[0].status), (3, Status::Skipped));
    let told = outcome.broken.clone().unwrap();
    let file = dir.0.join("f/look.yaml").display().to_string();
    assert!(told.starts_with(&format!("fixture `net`: {file}:9:10: refused: ")), "{told}");
}

#[test]
fn each_row_of_a_matrix_is_a_scenario_of_its_own() {
    let text = "matrix:\n  \
          look: {call: DescribeVpcs, input: {VpcIds: [vpc-1]}, shade: '${vars.a}'}\n  \
          list: {call: DescribeVpcs, input: {}, shade: none}\n\
        vars: {a: '${region}'}\n\
        steps:\n\
        - call: ec2.${matrix.call}\n  \
          with: ${matrix.input}\n  \
          expect: {response: {\"Vpcs[?VpcId=='${matrix.shade}']\": []}}\n";
    let dir = Dir::new("matrix").with("x.yaml", &scenario("x", text));
    let names = |only: &[&str]| {
        let only = only.iter().map(|&word| word.to_owned()).collect();
        let (summary, _) = run(&dir.0, &Options { only, ..Options::default() });
        assert_eq!(summary.problems, []);
        let broken: Vec<_> = summary.outcomes.iter().flat_map(problems).collect();
        assert_eq!(broken, [""; 0]);
        summary.outcomes.into_iter().map(|outcome| (outcome.name, outcome.account)).collect::<Vec<_>>()
    };
    let all = names(&[]);
    assert_eq!(all.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x[look]", "x[list]"]);
    assert_ne!(all[0].1, all[1].1, "each in an account of its own");
    assert_eq!((names(&["x"]).len(), names(&["t-x"]).len()), (2, 2));
    assert_eq!(names(&["x[list]"]), [all[1].clone()]);
}

#[test]
fn a_number_of_a_row_goes_into_a_name() {
    let text = "matrix: {three: {n: 3}}\n\
        steps:\n\
        - waitFor: {resource: 'training-job/job-${matrix.n}', state: Failed}\n";
    let dir = Dir::new("number").with("x.yaml", &scenario("x", text));
    let (summary, _) = run(&dir.0, &Options::default());
    assert_eq!(summary.problems, []);
    let title = &summary.outcomes[0].steps[0].title;
    assert!(title.contains("training-job/job-3"), "{title}");
}
