//! Route tables and internet gateways.

use super::Basis::Documented;
use super::{API, Ec2Rule, rule};

pub(super) const RULES: &[Ec2Rule] = &[
    rule(
        "EC2-RT-404",
        Documented,
        "The route table has to exist in the account and region of the call.",
        API,
        "Look the id up.",
    ),
    rule(
        "EC2-IGW-404",
        Documented,
        "The internet gateway has to exist in the account and region of the call.",
        API,
        "Look the id up.",
    ),
];
