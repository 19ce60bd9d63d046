//! Which text a job tells that does not get to its data: AWS words it by kind of job, by what it was about to do, and by
//! what came of it, not by what is to blame.

use super::*;

/// What becomes of a path that is blocked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    /// Nothing answers.
    CutOff,
    /// S3 refuses.
    Denied,
    /// There is nothing.
    Missing,
    /// It is in another region.
    Elsewhere,
}

/// The id of the text for a violation; `None`: the rule has words of its own.
pub fn text(finding: &Finding, kind: JobKind) -> Option<&'static str> {
    if finding.rule == capacity::ID {
        return match kind {
            JobKind::Hosting => Some("capacity-endpoint"),
            JobKind::Notebook => Some("capacity-notebook"),
            JobKind::Cluster => Some("capacity-cluster"),
            _ => None,
        };
    }
    use JobKind::{Cluster, Compilation, Hosting, Notebook, Processing, Training, Transform};
    use Outcome::{CutOff, Denied, Elsewhere, Missing};
    use Phase::{Create, Output, Run};
    let hop = finding.verdict.evidence()?.get("hop")?;
    if finding.rule == data::EntriesAreThere::INFO.id {
        let form = finding.verdict.evidence()?.get("fault").map(|_| "SM-F-S3-MANIFEST-FORM");
        return if kind == Transform { Some("SM-F-XFORM") } else { form };
    }
    let of = |kinds: &[HopKind]| kinds.iter().any(|kind| kind.name() == hop);
    let outcome = match finding.rule {
        "SM-F-BUCKET-REGION" => Elsewhere,
        _ if of(&[HopKind::Bucket]) => Missing,
        _ if of(&[HopKind::RolePolicy, HopKind::EndpointPolicy, HopKind::BucketPolicy]) => Denied,
        _ => CutOff,
    };
    let data = finding.verdict.evidence()?.get("data");
    let is = |purpose: DataUse| data == Some(purpose.name());
    if is(DataUse::FileSystem) {
        return Some("SM-F-FS-MOUNT");
    }
    Some(match (kind, finding.phase, outcome) {
        (_, Create, _) | (Notebook, ..) => return None,
        // What is streamed is brought by the service, as what is downloaded is; that it says the same is assumed.
        (Training, Run, CutOff) if is(DataUse::Input) => "SM-F-NOROUTE-DL",
        (Training, Run, Denied) if is(DataUse::Input) => "SM-F-S3-DENIED",
        (Training, Run, Missing | Elsewhere) if is(DataUse::Input) => "SM-F-S3-DL-404",
        (Cluster, ..) => "cluster-scripts",
        (Training, Run, CutOff) => "SM-F-S3-CODE-TIMEOUT",
        (Training, Run, Denied) => "SM-F-S3-HEAD",
        (Training, Run, Missing | Elsewhere) => "SM-F-S3-CODE-404",
        (Training, Output, CutOff) => "SM-F-NOROUTE-UL",
        (Training, Output, Denied) => "SM-F-S3-UL-DENIED",
        (Training, Output, Missing | Elsewhere) => "SM-F-S3-UL-404",
        (Training, _, CutOff) => "SM-F-NOROUTE-DL",
        (Training, _, Denied) => "SM-F-S3-DENIED",
        (Training, _, Missing | Elsewhere) => "SM-F-S3-DL-404",
        (Processing, Output, CutOff) => "SM-F-PROC-UL",
        (Processing, Output, Missing | Elsewhere) => "SM-F-PROC-UL-404",
        (Processing, Output, Denied) => "SM-F-PROC-UL-DENIED",
        (Processing, _, CutOff) => "SM-F-PROC-DL",
        (Processing, _, Denied) => "SM-F-PROC-DL-DENIED",
        (Processing, _, Missing | Elsewhere) => "SM-F-S3-EMPTY-PROC",
        (Transform, _, _) => "SM-F-XFORM",
        (Hosting, _, CutOff) => "SM-F-EP-DL-VPC",
        (Hosting, _, _) => "SM-F-EP-DL-PERM",
        (Compilation, Output, CutOff) => "SM-F-NEO-UL",
        (Compilation, Output, Missing | Elsewhere) => "SM-F-NEO-UL-404",
        (Compilation, Output, Denied) => "SM-F-NEO-UL-DENIED",
        (Compilation, _, CutOff) => "SM-F-NEO-DL",
        (Compilation, _, Denied | Missing) => "SM-F-NEO-404",
        (Compilation, _, Elsewhere) => "SM-F-BUCKET-REGION",
    })
}

/// The texts that are of kinds of jobs and not of rules.
pub const TEXTS: &[&str] = &[
    "SM-F-FS-MOUNT",
    "SM-F-S3-MANIFEST-FORM",
    "SM-F-S3-CODE-TIMEOUT",
    "SM-F-S3-HEAD",
    "SM-F-S3-CODE-404",
    "SM-F-NOROUTE-UL",
    "SM-F-S3-UL-DENIED",
    "SM-F-S3-UL-404",
    "SM-F-NOROUTE-DL",
    "SM-F-S3-DL-404",
    "SM-F-PROC-UL",
    "SM-F-PROC-UL-DENIED",
    "SM-F-PROC-UL-404",
    "SM-F-PROC-DL",
    "SM-F-PROC-DL-DENIED",
    "SM-F-S3-EMPTY-PROC",
    "SM-F-XFORM",
    "SM-F-EP-DL-VPC",
    "SM-F-EP-DL-PERM",
    "SM-F-NEO-UL",
    "SM-F-NEO-UL-DENIED",
    "SM-F-NEO-UL-404",
    "SM-F-NEO-DL",
    "SM-F-NEO-404",
    "cluster-scripts",
];
