//! What containers write gets to CloudWatch Logs, or is lost. No job fails for that.
//!
//! Source: developer guide, "logging-cloudwatch"; AWS re:Post knowledge center, "sagemaker-access-network-isolation":
//! with a VPC, SageMaker itself sends logs and metrics over an interface in the VPC. That a job whose logs get nowhere
//! goes on without them follows from recorded runs in VPCs without an endpoint for logs.

use super::permissions::{On, Place, Scope, may};
use super::*;
use crate::model::path::{Flow, Goal, Transport, Vantage};
use crate::model::{Evidence, JobKey, JobLogs, Verdict};

/// The rules whose violation makes a job lose its logs.
pub const OF_LOGS: &[&str] = &[RoleMayWrite::INFO.id, LogsGetOut::INFO.id];

/// Where what containers write goes.
pub fn goal() -> Goal {
    Goal::Service("logs".into())
}

/// How what containers write leaves an interface.
pub fn flow(from: Vantage) -> Flow {
    Flow { from: Some(from), to: goal(), transport: Transport::Tcp, port: 443 }
}

const DOCS: &[Doc] = &[Doc { page: "logging-cloudwatch", anchor: "" }];

fn group(case: &Case<'_>) -> String {
    JobKey { kind: case.kind, name: case.name.into() }.log_group()
}

/// A log stream of a job, or what stands for all of its group.
fn stream(case: &Case<'_>, name: &str) -> On {
    let group = group(case);
    let resource = case.state.site.arn("logs", format_args!("log-group:{group}:log-stream:{name}"));
    On { resource, subnet: None }
}

/// What a job writes logs to.
pub(super) fn written(case: &Case<'_>) -> Vec<On> {
    vec![stream(case, ""), stream(case, case.name)]
}

/// The role writes.
pub struct RoleMayWrite;

impl Rule for RoleMayWrite {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-LOG-ROLE-01",
        aliases: &[],
        name: "role-writes-logs",
        jobs: ALL_AND_CLUSTERS,
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: DOCS,
        summary: "The execution role is allowed to make log streams and to write to them, and to make the log group \
                  if it is not there. That a job goes on without its logs otherwise is assumed.",
        hint: "Allow the role logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents on the log group's \
               streams, or attach AmazonSageMakerFullAccess.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(role) = case.role() else { return Verdict::NotApplicable };
        let group = group(case);
        let place = Place { state: case.state, global: case.global, now: case.now };
        let (of_group, of_stream) = ([stream(case, "")], [stream(case, case.name)]);
        let there = case.state.log_groups.contains(&group.as_str().into());
        let needed = [
            ("logs:CreateLogGroup", &of_group, !there),
            ("logs:CreateLogStream", &of_stream, true),
            ("logs:PutLogEvents", &of_stream, true),
        ];
        let lacks = |(action, on, needed): &(&'static str, &[On; 1], bool)| {
            let missing = *needed && !may(&place, role, action, &Scope::These(&on[..]));
            missing.then_some(*action)
        };
        let missing: Vec<&str> = needed.iter().filter_map(lacks).collect();
        let evidence =
            Evidence::of(role.arn.clone()).with("missing", missing.join(", ")).with("group", group);
        Verdict::require(missing.is_empty(), evidence)
    }
}

/// The way out.
pub struct LogsGetOut;

impl Rule for LogsGetOut {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-LOG-PATH-02",
        aliases: &[],
        name: "logs-get-out-of-the-vpc",
        jobs: ALL_AND_CLUSTERS,
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: DOCS,
        summary: "Logs of a job in a VPC are sent over an interface in the VPC: they arrive if CloudWatch Logs is in \
                  reach from there, through an interface endpoint or a NAT gateway. That a job goes on without them \
                  otherwise follows from jobs that complete in VPCs without either.",
        hint: "Make an interface endpoint for com.amazonaws.REGION.logs with private DNS, whose groups let the job's \
               group in on TCP port 443, or give the subnets a way out through a NAT gateway.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none() || case.state.choices.job_logs == JobLogs::Service {
            return Verdict::NotApplicable;
        }
        let Some(paths) = case.paths else { return Verdict::NotApplicable };
        let traces = paths.to_logs(case);
        // A hop whose own rule does not count stops nothing.
        let counts = |rule| mode_of(path::decides_for(rule), case.modes(), case.global) == RuleMode::Enforce;
        let mut hops = traces.iter().flat_map(|trace| &trace.hops);
        match hops.find(|hop| !hop.passed && counts(hop.rule)) {
            Some(hop) => {
                let resource = hop.evidence.resource.clone().or_else(|| Some(hop.at.clone()));
                let evidence = Evidence { resource, ..hop.evidence.clone() };
                let evidence = evidence.with("hop", hop.kind.name()).with("at", &hop.at);
                let rule = path::decides_for(hop.rule);
                Verdict::Violated(evidence.with("rule", rule).with("group", group(case)))
            }
            None if traces.is_empty() => Verdict::NotApplicable,
            None => Verdict::Satisfied(Evidence::of(group(case))),
        }
    }
}
