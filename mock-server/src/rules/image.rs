//! Where the images of containers come from.
//!
//! SageMaker itself pulls images from Amazon ECR, and that takes no way through the customer's VPC. Images of another
//! registry are pulled through the VPC, where that is asked for. That was seen to be checked by the create call.

use super::*;
use crate::model::Partition;

/// What the create call says, kind by kind.
const OUTSIDE_TRAINING: &str = "SM-F-IMG-TRAIN";
const OUTSIDE_PROCESSING: &str = "SM-F-IMG-PROC";
const OUTSIDE_MODEL: &str = "SM-F-IMG-MODEL";
const REGION_TRAINING: &str = "SM-F-IMG-REGION-TRAIN";
const REGION_PROCESSING: &str = "SM-F-IMG-REGION-PROC";
const REGION_MODEL: &str = "SM-F-IMG-REGION-MODEL";

const KINDS: Kinds = &[JobKind::Training, JobKind::Processing, JobKind::Hosting];
const DOCS: &[Doc] = &[
    Doc { page: "docker-containers-adapt-your-own-private-registry", anchor: "" },
    Doc { page: "your-algorithms-containers-inference-private", anchor: "" },
];

/// The rules about registries. Suites that name images nowhere in particular let them pass, as they let pass what is not
/// in S3.
pub const OF_IMAGES: &[&str] = &[InRegistry::INFO.id, InRegion::INFO.id];

/// The id of the text for a violation.
pub fn text(finding: &Finding, kind: JobKind) -> Option<&'static str> {
    if !OF_IMAGES.contains(&finding.rule) {
        return None;
    }
    let outside = finding.rule == InRegistry::INFO.id;
    Some(match (kind, outside) {
        (JobKind::Training, true) => OUTSIDE_TRAINING,
        (JobKind::Training, false) => REGION_TRAINING,
        (JobKind::Processing, true) => OUTSIDE_PROCESSING,
        (JobKind::Processing, false) => REGION_PROCESSING,
        (_, true) => OUTSIDE_MODEL,
        (_, false) => REGION_MODEL,
    })
}

/// A registry of Amazon ECR as the path of an image names it.
struct Registry<'a> {
    region: &'a str,
    suffix: &'a str,
}

/// The registry of an image. `None`: it is none of ECR's; the public gallery is none either.
///
/// Source: Amazon ECR user guide, "Registry authentication" and the lists of its endpoints: ACCOUNT.dkr.ecr.REGION and
/// the partition's domain, with `ecr-fips` where FIPS is asked for, and `ACCOUNT.dkr-ecr.REGION.on.aws` for both
/// versions of IP.
fn registry(image: &str) -> Option<Registry<'_>> {
    let (host, _) = image.split_once('/')?;
    let (account, rest) = host.split_once('.')?;
    let services = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let rest = services.iter().find_map(|service| rest.strip_prefix(service))?;
    let (region, suffix) = rest.split_once('.')?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && !region.is_empty() && !suffix.is_empty()).then_some(Registry { region, suffix })
}

/// Images are in Amazon ECR, or said to be in a registry of the VPC.
pub struct InRegistry;
impl Rule for InRegistry {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-IMG-01",
        aliases: &[OUTSIDE_TRAINING, OUTSIDE_PROCESSING, OUTSIDE_MODEL],
        name: "images-in-ecr-or-the-vpc",
        jobs: KINDS,
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: DOCS,
        summary: "The image of a container is in Amazon ECR. One in another registry is pulled through the VPC, and a \
                  training job or a model has to say so: TrainingImageConfig with TrainingRepositoryAccessMode Vpc, or \
                  ImageConfig with RepositoryAccessMode Vpc. Processing jobs cannot. The public gallery of ECR is \
                  another registry.",
        hint: "Push the image to a repository of Amazon ECR in the job's region and name that; or, for a training job or \
               a model in a VPC, say that the registry is reached through it: TrainingRepositoryAccessMode or \
               RepositoryAccessMode Vpc.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let pulled = &case.needs.pulled;
        let Some(first) = pulled.first() else { return Verdict::NotApplicable };
        let outside = pulled.iter().find(|image| registry(image).is_none());
        Verdict::require(outside.is_none(), Evidence::of(outside.unwrap_or(first).clone()))
    }
}

/// Images in Amazon ECR are in the job's region.
pub struct InRegion;
impl Rule for InRegion {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-IMG-02",
        aliases: &[REGION_TRAINING, REGION_PROCESSING, REGION_MODEL],
        name: "images-in-the-region",
        jobs: KINDS,
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: DOCS,
        summary: "An image in Amazon ECR is in the region of the job or the model. The API reference says so of models; \
                  that training and processing jobs are refused otherwise was observed.",
        hint: "Name the repository of the job's own region: AWS has its images in a registry of each region, and ECR \
               copies those of others by replication.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let known = || case.needs.pulled.iter().filter_map(|image| Some((image, registry(image)?)));
        let region = &*case.state.site.region;
        let strange = known().find(|(_, registry)| registry.region != region);
        let Some((image, registry)) = strange.or_else(|| known().next()) else {
            return Verdict::NotApplicable;
        };
        let own = format!("{region}.{}", Partition::of(region).dns_suffix());
        let evidence = Evidence::of(image.clone())
            .with("region", registry.region)
            .with("suffix", registry.suffix)
            .with("own", region)
            .with("valid", own);
        Verdict::require(registry.region == region, evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_ecr_are_told_from_others() {
        let told = |image| registry(image).map(|registry| (registry.region, registry.suffix));
        for image in [
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a@sha256:00",
            "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com/a",
        ] {
            assert_eq!(told(image), Some(("eu-west-1", "amazonaws.com")), "{image}");
        }
        let china = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a:1";
        assert_eq!(told(china), Some(("cn-north-1", "amazonaws.com.cn")));
        assert_eq!(told("123456789012.dkr-ecr.eu-west-1.on.aws/a:1"), Some(("eu-west-1", "on.aws")));
        for image in [
            "",
            "image:1",
            "library/image:1",
            "public.ecr.aws/a/b:1",
            "docker.io/library/a:1",
            "12345.dkr.ecr.eu-west-1.amazonaws.com/a:1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr./a:1",
            "registry.example.com:5000/123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1",
        ] {
            assert_eq!(told(image), None, "{image}");
        }
    }
}
