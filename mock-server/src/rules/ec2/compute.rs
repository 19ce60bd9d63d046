//! Quotas of SageMaker's instances.

use super::*;

pub const RULES: &[Ec2Rule] = &[rule(
    "SM-F-LIMIT",
    Observed,
    "An account has so many SageMaker instances of a type for a use (training jobs, spot training jobs, processing jobs, \
     transform jobs, endpoints, notebook instances), and so many of all types together for it. AWS sets that by account, \
     so that here there is no bound until one is set; of notebook instances there are eight.",
    "answers of AWS in public issue threads; Service Quotas",
    "Wait until something ends, ask for fewer instances or another type, or have the quota raised.",
)];
