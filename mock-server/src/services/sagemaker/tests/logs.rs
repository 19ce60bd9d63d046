//! What containers write arrives in CloudWatch Logs, while they run and if there is a way.

use super::*;
use crate::model::{Choices, JobLogs, RuleMode};
use crate::scenario::behaviour::parse;

/// The lines that can be seen now in a group, by stream.
fn seen(lab: &Lab, group: &str) -> Vec<(String, Vec<String>)> {
    let (state, now) = (lab.state(), lab.now());
    let Some(group) = state.log_groups.get(&group.into()) else { return Vec::new() };
    let lines = |stream: &crate::model::LogStream| -> Vec<String> {
        stream.all_seen(group, now).map(|event| event.message.to_string()).collect()
    };
    state.streams_of(&group.name).map(|stream| (stream.key.name.to_string(), lines(stream))).collect()
}

fn declare(lab: &Lab, text: &str) {
    lab.declare(parse(&format!("behaviours: [{{{text}}}]")).unwrap().remove(0));
}

/// A site whose jobs' logs go over the service's own network.
fn outside() -> Site {
    let choices = Choices { job_logs: JobLogs::Service, ..Choices::default() };
    Site::with(Defaults { profile: Profile::Fast, choices, ..Defaults::default() })
}

#[test]
fn every_kind_writes_to_its_group_and_says_something_by_itself() {
    for (kind, group, stream) in [
        (JobKind::Training, "/aws/sagemaker/TrainingJobs", "job/algo-1-"),
        (JobKind::Processing, "/aws/sagemaker/ProcessingJobs", "job/algo-1-"),
        (JobKind::Transform, "/aws/sagemaker/TransformJobs", "job/i-"),
        (JobKind::Compilation, "/aws/sagemaker/CompilationJobs", "job"),
    ] {
        for (exit, last) in [(0, "is over"), (3, "exit code 3: no luck")] {
            let site = outside();
            if exit > 0 {
                declare(
                    &site.lab,
                    "kinds: [training, processing, transform, compilation], exitCode: 3, failure: no luck",
                );
            }
            let kit = kit(kind);
            (kit.create)(&site.lab, site.job(kit, "job", 1, true)).unwrap();
            site.lab.advance(1_200);
            assert_eq!(seen(&site.lab, group), [], "{kind:?} has not begun");
            site.lab.advance(800);
            assert_eq!(seen(&site.lab, group)[0].1.len(), 1, "{kind:?} has begun");
            site.lab.advance(10_000);
            let told = seen(&site.lab, group);
            assert!(told.len() == 1 && told[0].0.starts_with(stream), "{told:?}");
            assert_eq!(told[0].1.len(), 2);
            assert!(exit == 0 || told[0].1[1].ends_with(last), "{told:?}");
            let own: Vec<_> =
                site.row(kit, "job").unwrap().log.iter().map(|line| line.text.to_string()).collect();
            assert_eq!(own, told[0].1, "the job remembers the same");
            assert_eq!(site.lab.events("LogsUndelivered"), [""; 0]);
            site.assert_sound();
        }
    }
}

#[test]
fn lines_come_while_the_job_runs_and_a_stopped_one_writes_no_more() {
    let site = outside();
    declare(&site.lab, "duration: 10m, log: ['1', '2', '3', '4']");
    for name in ["runs", "stops"] {
        site.create(site.request(name, 1)).unwrap();
    }
    // So long it takes until the run.
    site.lab.advance(1_600);
    let lines = |name: &str| {
        let all = seen(&site.lab, "/aws/sagemaker/TrainingJobs");
        all.into_iter().find(|(stream, _)| stream.starts_with(name)).unwrap().1
    };
    assert_eq!(lines("runs"), ["1"]);
    site.lab.advance(150_000 - 1);
    assert_eq!(lines("runs"), ["1"]);
    site.lab.advance(1);
    assert_eq!(lines("runs"), ["1", "2"]);
    assert_eq!(site.lab.events("ContainerLog"), [""; 0]);
    site.stop("stops").unwrap();
    assert_eq!(site.lab.events("ContainerLog"), ["algo-1: 1", "algo-1: 2"]);
    site.lab.advance(3_600_000);
    assert_eq!(
        (lines("runs"), lines("stops")),
        (["1", "2", "3", "4"].map(String::from).to_vec(), vec!["1".into(), "2".into()])
    );
    assert_eq!(site.row(kit(JobKind::Training), "stops").unwrap().log.len(), 2);
    site.assert_sound();
}

#[test]
fn a_run_that_takes_too_long_writes_what_it_got_to() {
    let site = outside();
    declare(&site.lab, "duration: 2h, log: ['1', '2', '3', '4']");
    site.create(site.request("slow", 1)).unwrap();
    site.lab.advance(9_000_000);
    assert_eq!(seen(&site.lab, "/aws/sagemaker/TrainingJobs")[0].1, ["1", "2", "3"]);
    site.assert_sound();
}

#[test]
fn a_run_that_takes_no_time_has_written_it_all() {
    let site = Site::new(Profile::Instant);
    declare(&site.lab, "duration: 2m, log: ['1', '2']");
    site.create(request("job", 1)).unwrap();
    assert_eq!(seen(&site.lab, "/aws/sagemaker/TrainingJobs")[0].1, ["1", "2"]);
    site.assert_sound();
}

#[test]
fn a_job_that_is_hastened_writes_the_rest_at_its_end() {
    let site = Site::new(Profile::Realistic);
    declare(&site.lab, "duration: 1h, log: ['1', '2', '3']");
    site.create(request("job", 1)).unwrap();
    let owner = crate::model::Owner::Job(JobKey { kind: JobKind::Training, name: "job".into() });
    let region = crate::kernel::Scope::Region("us-east-1".into());
    site.lab.account.hasten(&region, |_| vec![owner.clone()], site.lab.now(), crate::jobs::step);
    assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed");
    assert_eq!(seen(&site.lab, "/aws/sagemaker/TrainingJobs")[0].1, ["1", "2", "3"]);
    site.assert_sound();
}

/// The rules that events of lost logs name.
fn lost(site: &Site) -> Vec<(Option<&'static str>, String)> {
    let all = site.lab.account.events.since(0, usize::MAX).into_iter();
    all.filter(|(_, event)| event.kind == "LogsUndelivered")
        .map(|(_, event)| (event.rule, event.message))
        .collect()
}

#[test]
fn without_a_way_out_of_the_vpc_logs_are_lost_and_the_job_is_not() {
    let site = Site::new(Profile::Fast);
    site.create(site.request("job", 1)).unwrap();
    site.lab.advance(10_000);
    assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed");
    assert!(site.lab.state().log_groups.is_empty());
    let lost = lost(&site);
    assert_eq!((lost.len(), lost[0].0), (1, Some("EC2-VPCE-NEED")));
    assert!(
        lost[0].1.starts_with("nothing arrives in /aws/sagemaker/TrainingJobs: no way out: "),
        "{lost:?}"
    );
    let key = JobKey { kind: JobKind::Training, name: "job".into() };
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!((why.decided_by, why.would_have_failed_next), (None, vec![]));
    let run = why.phases.iter().find(|phase| phase.phase == "run").unwrap();
    let rule = run.rules.iter().find(|rule| rule.id == "SM-LOG-PATH-02").unwrap();
    assert_eq!((rule.verdict, rule.evidence["rule"].as_str()), ("violated", "EC2-VPCE-NEED"));
    assert!(run.paths.iter().any(|path| path.to == "service:logs" && !path.reaches));
    site.assert_sound();
}

#[test]
fn a_role_without_permission_loses_logs_and_the_rule_has_its_modes() {
    for (mode, arrives, event) in [
        (RuleMode::Enforce, false, "LogsUndelivered"),
        (RuleMode::Warn, true, "RuleWarning"),
        (RuleMode::Off, true, "none"),
    ] {
        let site = outside();
        site.lab.set_mode("SM-LOG-ROLE-01", mode);
        site.lab.grant(&["logs:CreateLogGroup", "logs:PutLogEvents"]);
        site.create(request("job", 1)).unwrap();
        site.lab.advance(10_000);
        assert_eq!(site.describe("job")["TrainingJobStatus"], "Completed");
        assert_eq!(!seen(&site.lab, "/aws/sagemaker/TrainingJobs").is_empty(), arrives, "{mode:?}");
        assert_eq!(!site.lab.events(event).is_empty(), mode != RuleMode::Off);
        if mode == RuleMode::Enforce {
            let message =
                "nothing arrives in /aws/sagemaker/TrainingJobs: the role lacks logs:CreateLogStream";
            assert_eq!(lost(&site), [(Some("SM-LOG-ROLE-01"), message.to_owned())]);
        }
    }
}

#[test]
fn a_group_that_is_there_need_not_be_made() {
    let site = outside();
    site.create(request("one", 1)).unwrap();
    site.lab.advance(10_000);
    site.lab.grant(&["logs:CreateLogStream", "logs:PutLogEvents"]);
    site.create(request("two", 1)).unwrap();
    site.lab.advance(10_000);
    assert_eq!(seen(&site.lab, "/aws/sagemaker/TrainingJobs").len(), 2);
}
