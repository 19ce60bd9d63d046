//! Amazon EC2, as far as VPC networking goes.

pub mod error;

use super::Registrar;

/// Every operation that behaves. The list is in order of resource.
pub fn operations(_registrar: &mut impl Registrar) {}
