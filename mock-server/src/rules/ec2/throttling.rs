//! How often EC2 may be asked.

use super::Basis::Documented;
use super::{Ec2Rule, rule};

pub(super) const RULES: &[Ec2Rule] = &[rule(
    "EC2-THROTTLE",
    Documented,
    "Each operation has a bucket of tokens for each account and Region, as large as its category says; a request takes \
     one, one that launches, starts, stops or terminates instances takes as many more from a second bucket, and one that \
     finds too few is refused. Off unless it is asked for (`--throttle aws`, or a declared fault).",
    "Amazon EC2 Developer Guide, request throttling; the text and the status 503 are known from public logs only",
    "Retry with backoff, as SDKs do by themselves; ask for filtered pages.",
)];
