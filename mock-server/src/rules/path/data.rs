//! What buckets, and policies, do to what a job reads and writes.

use super::*;

const POLICIES: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "train-vpc-policy" },
    Doc { page: "process-vpc", anchor: "process-vpc-policy" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-policy" },
    Doc { page: "neo-vpc", anchor: "neo-vpc-policy" },
];
const ENDPOINT_POLICIES: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "train-vpc-s3" },
    Doc { page: "process-vpc", anchor: "process-vpc-s3" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-s3" },
    Doc { page: "neo-vpc", anchor: "neo-vpc-s3" },
    Doc { page: "train-vpc", anchor: "train-vpc-policy" },
    Doc { page: "process-vpc", anchor: "process-vpc-policy" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-policy" },
    Doc { page: "neo-vpc", anchor: "neo-vpc-policy" },
    Doc { page: "host-vpc", anchor: "host-vpc-s3" },
];
const REPOSITORIES: &[Doc] = &[
    Doc { page: "train-vpc", anchor: "train-vpc-policy-repos" },
    Doc { page: "process-vpc", anchor: "process-vpc-policy-repos" },
    Doc { page: "batch-vpc", anchor: "batch-vpc-policy-repos" },
    Doc { page: "host-vpc", anchor: "host-vpc-s3" },
];
const ROLES: &[Doc] = &[Doc { page: "sagemaker-roles", anchor: "" }];

/// The rules about what there is in S3: they have no effect where nobody asks for that.
pub const OF_DATA: &[&str] =
    &[DataIsThere::INFO.id, ModelIsThere::INFO.id, BucketInRegion::INFO.id, EntriesAreThere::INFO.id];

/// The calls that look at S3 before they answer. The other kinds find out later.
fn of_call(case: &Case<'_>) -> Verdict {
    let hops = || case.paths().iter().flat_map(|path| path.trace.hops.iter().map(move |hop| (path, hop)));
    match hops().find(|(_, hop)| !hop.passed).or_else(|| hops().next()) {
        None => Verdict::NotApplicable,
        Some((path, hop)) => Verdict::require(hop.passed, evidence(case, path, hop)),
    }
}

/// The data are there.
pub struct DataIsThere;
impl Rule for DataIsThere {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-S3-EMPTY",
        aliases: &["SM-S3-BKT-09", "SM-F-S3-EMPTY-PROC"],
        name: "data-is-there",
        jobs: ALL_AND_CLUSTERS,
        phases: &[Phase::Create, Phase::Input, Phase::Run, Phase::Output],
        basis: Basis::Observed,
        docs: ROLES,
        summary: "The buckets of a job exist, and there is something to read below its prefixes. For the channels of \
                  a training job the call itself finds out: with the job's role, which may list the bucket, and from \
                  outside of the VPC. That it leaves to the job what policies deny because of where requests come \
                  from is assumed.",
        hint: "Check bucket, region and prefix, and allow the role s3:ListBucket on the bucket and s3:GetObject in it.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        match (case.phase(), case.kind) {
            (Some(Phase::Create), JobKind::Training) => of_call(case),
            (Some(Phase::Create), _) => Verdict::NotApplicable,
            _ => of_hops(case, Self::INFO.id),
        }
    }
}

/// A model's artefacts are there.
pub struct ModelIsThere;
impl Rule for ModelIsThere {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-MODEL-DATA",
        aliases: &[],
        name: "model-is-there",
        jobs: &[JobKind::Hosting],
        phases: &[Phase::Create],
        basis: Basis::Observed,
        docs: ROLES,
        summary: "The model data that CreateModel is given exist, in its region, and the role that it is given may get \
                  them. The call finds out from outside of the VPC; that it leaves to endpoints and jobs what \
                  policies deny because of where requests come from is assumed.",
        hint: "Check the URL and the region, and allow the role s3:GetObject on it.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        // What asks with instances is an endpoint; its model was looked at when it was made.
        if case.needs.instances.is_empty() { of_call(case) } else { Verdict::NotApplicable }
    }
}

/// What a manifest lists is there.
pub struct EntriesAreThere;
impl Rule for EntriesAreThere {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-S3-MANIFEST",
        aliases: &[],
        name: "manifest-entries-are-there",
        jobs: &[JobKind::Training, JobKind::Processing, JobKind::Transform],
        phases: &[Phase::Input, Phase::Run],
        basis: Basis::Assumed,
        docs: &[Doc { page: "augmented-manifest", anchor: "" }],
        summary: "A manifest can be read, and every object that it lists exists: the input of the job is all of them. That \
                  the job fails at the first that does not is assumed. A manifest whose bytes are not here is taken to \
                  be right.",
        hint: "Put the object there, or take it off the manifest.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        of_hops(case, Self::INFO.id)
    }
}

hops!(
    /// Buckets of other regions.
    BucketInRegion, "SM-F-BUCKET-REGION", "bucket-in-the-jobs-region", Documented, five_pages!("-s3"),
    "The bucket is in the job's region: endpoints for S3 lead to that of their own region alone. A compilation job \
     wants it so in any case.",
    "Copy the data to a bucket in the job's region.",
);

/// The role may.
pub struct RoleMay;
impl Rule for RoleMay {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-S3-DENIED",
        aliases: &[],
        name: "role-may-use-data",
        jobs: ALL_AND_CLUSTERS,
        phases: ON_THE_WAY,
        basis: Basis::Observed,
        docs: ROLES,
        summary: "Policies of whoever asks allow what is done in S3: those of a job's execution role s3:ListBucket and \
                  s3:GetObject on what the job reads, and s3:PutObject on what it writes; those of any other caller \
                  the action of the call.",
        hint: "Allow whoever asks (for a job, its execution role) the action that is missing on the bucket, or on the \
               objects in it.",
    };

    /// That there is such a role is for another rule to say.
    fn check(case: &Case<'_>) -> Verdict {
        if case.role().is_some() { of_hops(case, Self::INFO.id) } else { Verdict::NotApplicable }
    }
}

hops!(
    /// The endpoint's policy lets it through.
    EndpointPolicyAllows, "SM-S3-POL-05", "endpoint-policy-allows", Documented, ENDPOINT_POLICIES,
    "The policy of the endpoint that leads to S3 allows what a job does there. The default one allows everything; the \
     page on hosting has one that is enough.",
    "Allow the action on the bucket and its objects in the policy of the endpoint.",
);

hops!(
    /// A policy that only denies allows nothing.
    EndpointPolicyHasAllow, "SM-S3-REPO-12", "endpoint-policy-has-an-allow", Assumed, REPOSITORIES,
    "A policy of an endpoint has a statement that allows something: the one for the repositories of Amazon Linux, as \
     the pages print it, denies and nothing else, and so lets nothing through.",
    "Add a statement that allows s3:* to the policy of the endpoint.",
);

hops!(
    /// Package repositories.
    RepositoriesDenied, "SM-S3-REPO-11", "repositories-of-amazon-linux", Documented, REPOSITORIES,
    "Containers install packages of Amazon Linux from buckets of AWS, unless the policy of the endpoint denies that.",
    "Allow s3:GetObject on the repositories in the policy of the endpoint, or leave it: that may be what was wanted.",
);

hops!(
    /// The bucket's policy lets it in.
    BucketPolicyAllows, "SM-S3-BKT-07", "bucket-policy-allows", Documented, POLICIES,
    "The policy of the bucket allows whoever asks (for a job, its execution role) to do what it does, through the \
     endpoint or from the address that the request comes from.",
    "Change the statement of the bucket's policy that denies, or allow whoever asks; where its condition is about the \
     way, name the endpoint or the VPC that the requests come through.",
);
