//! The documented rules, one small unit each.
