//! TODO-robustness: operations follow.

use super::Registrar;

/// Every operation that behaves.
pub fn operations(_registrar: &mut impl Registrar) {}
