//! What Neo compiles.

use super::{Basis, Case, Doc, Evidence, Phase, Rule, RuleInfo, Verdict};
use crate::model::{DataUse, JobKind};

/// What a model's archive is called.
const ARCHIVE: &str = ".tar.gz";

/// A model comes as an archive.
pub struct ModelIsPacked;

impl Rule for ModelIsPacked {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-NEO-TAR",
        aliases: &[],
        name: "compiled-model-is-an-archive",
        jobs: &[JobKind::Compilation],
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc { page: "neo-troubleshooting-compilation", anchor: "" }],
        summary: "The model that a compilation job gets is one tar archive, compressed with gzip; what is in the \
                  object is taken to be what its name ends in.",
        hint: "Pack the model as a .tar.gz, put that in S3 and name it in InputConfig.S3Uri.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let model = case.needs.inputs.iter().find(|need| need.purpose == DataUse::Input);
        let Some(model) = model else { return Verdict::NotApplicable };
        Verdict::require(model.url.ends_with(ARCHIVE), Evidence::of(&*model.url))
    }
}
