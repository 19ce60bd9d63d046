//! What was declared to fail: containers that end badly, and the service itself.
//!
//! Nobody runs a container here, so nothing but a declaration (`model::behaviour`) says that one fails. AWS was seen to
//! tell of such failures in words of their own; each of these is a rule, so that whatever names a cause can name them.
//!
//! A failure of the service is like that of any other rule. A container fails when its run is over, after all that it
//! writes and measures: `jobs::behaviour` sees to that, if the rule counts.

use super::room::list;
use super::*;
use crate::model::behaviour::{Cause, LONGEST_SCRIPT};
use crate::model::{Behaviour, JobKey};

/// The rules whose effect is the container's own failure.
pub const OF_CONTAINERS: &[&str] = &[isolation::ID, EndsWell::INFO.id, AnswersPings::INFO.id];
/// The rules about the service's own failures.
pub const OF_SERVICE: &[&str] = &[ServiceHolds::INFO.id, ImageIsThere::INFO.id];

const INFERENCE: &str = "your-algorithms-inference-code";

/// The rule behind the end of whatever runs in a job of this kind.
pub fn of_end(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Hosting => AnswersPings::INFO.id,
        _ => EndsWell::INFO.id,
    }
}

fn job(case: &Case<'_>) -> String {
    JobKey { kind: case.kind, name: case.name.into() }.resource()
}

/// Whether whatever runs in a job ends well.
fn ends_well(case: &Case<'_>, behaviour: &Behaviour, resource: String) -> Verdict {
    let takes_too_long = behaviour.is_slow_script(case.kind);
    let evidence = Evidence::of(resource).with("code", behaviour.exit_code);
    let evidence = match takes_too_long {
        true => evidence.with("longest", format_args!("{} s", LONGEST_SCRIPT.as_secs())),
        false => evidence,
    };
    Verdict::require(behaviour.exit_code == 0 && !takes_too_long, evidence)
}

/// Containers, compilers and scripts.
pub struct EndsWell;
impl Rule for EndsWell {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-ALGO",
        aliases: &[],
        name: "what-runs-ends-well",
        jobs: &[
            JobKind::Training,
            JobKind::Processing,
            JobKind::Transform,
            JobKind::Compilation,
            JobKind::Notebook,
            JobKind::Cluster,
        ],
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc { page: "your-algorithms-training-algo-output", anchor: "" }],
        summary: "What runs in a job ends with exit code 0. A container that ends with another one makes its job fail, \
                  and a training job tells what it wrote to /opt/ml/output/failure. The same holds of a compilation and \
                  of lifecycle scripts, those of a notebook instance when they take more than five minutes too; the \
                  words are those of the kind.",
        hint: "Read the job's log and what it left in /opt/ml/output/failure; here, it is a declared behaviour that \
               ends so.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(behaviour) = &case.needs.behaviour else { return Verdict::NotApplicable };
        ends_well(case, behaviour, job(case))
    }
}

/// The health check of endpoints.
pub struct AnswersPings;
impl Rule for AnswersPings {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-PING",
        aliases: &[],
        name: "containers-answer-pings",
        jobs: &[JobKind::Hosting],
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc { page: INFERENCE, anchor: "" }],
        summary: "A container of an endpoint answers GET /ping on port 8080 with status 200 before its variant is in \
                  service. One that ends, listens elsewhere or is not ready in time does not pass: the endpoint fails, or \
                  goes on serving with what it had. That the host which it runs on asks, so that no security group and no \
                  route is in the way, is assumed.",
        hint: "Read the endpoint's logs, in /aws/sagemaker/Endpoints/NAME, and see to it that the container listens on \
               port 8080 and answers GET /ping with 200; here, it is a declared behaviour that does not.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(behaviour) = &case.needs.behaviour else { return Verdict::NotApplicable };
        ends_well(case, behaviour, variant(case))
    }
}

/// The variant that is deployed.
fn variant(case: &Case<'_>) -> String {
    case.needs.variant.clone().unwrap_or_else(|| job(case))
}

/// Whether the service is to fail now, for this cause. `None`: nothing of the kind was declared.
fn fails(case: &Case<'_>, cause: &Cause) -> Option<bool> {
    let failure = case.needs.behaviour.as_ref()?.service_failure.as_ref()?;
    let now = case.phase().is_some_and(|phase| failure.strikes(phase, case.needs.updates));
    (failure.cause == *cause).then_some(now)
}

/// The service itself.
pub struct ServiceHolds;
impl Rule for ServiceHolds {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-INTERNAL",
        aliases: &[],
        name: "the-service-does-its-part",
        jobs: &[
            JobKind::Training,
            JobKind::Processing,
            JobKind::Transform,
            JobKind::Hosting,
            JobKind::Compilation,
            JobKind::Notebook,
        ],
        phases: &[Phase::Start, Phase::Input, Phase::Run, Phase::Output],
        basis: Basis::Observed,
        docs: &[Doc { page: "API_RetryStrategy", anchor: "" }],
        summary: "The service does its part. A job that it fails for reasons of its own tells InternalServerError, \
                  whatever its containers would do; a training job with a RetryStrategy is tried again. Here the service \
                  fails only where that was declared.",
        hint: "Try again; give a training job a RetryStrategy. Nothing in the request or in the network is to blame: \
               here, it is a declared serviceFailure.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(now) = fails(case, &Cause::Internal) else { return Verdict::NotApplicable };
        Verdict::require(!now, Evidence::of(job(case)))
    }
}

/// The images of endpoints.
pub struct ImageIsThere;
impl Rule for ImageIsThere {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-IMAGE",
        aliases: &[],
        name: "images-can-be-pulled",
        jobs: &[JobKind::Hosting],
        phases: &[Phase::Start, Phase::Input, Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc { page: "sagemaker-roles", anchor: "sagemaker-roles-createmodel-perms" }],
        summary: "The images of a variant exist, and the model's execution role may pull them from Amazon ECR. That an \
                  endpoint fails otherwise, after it has been in Creating for a while, was observed. Registries are not \
                  here: an image cannot be pulled only where that was declared.",
        hint: "Look for the image and its tag in the registry, and allow the role ecr:GetAuthorizationToken, \
               ecr:BatchCheckLayerAvailability, ecr:GetDownloadUrlForLayer and ecr:BatchGetImage; then make a model with \
               the right image. Here, it is a declared serviceFailure.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(now) = fails(case, &Cause::Image) else { return Verdict::NotApplicable };
        let images = list(case.needs.images.iter().map(String::as_str));
        Verdict::require(!now, Evidence::of(variant(case)).with("images", images))
    }
}
