//! Who may do what: policies, and what they say about a request.
//!
//! A policy is read once ([`Policy::parse`]) and asked often ([`decide`]). Nothing here knows accounts, roles
//! or services of this program: whoever asks brings the request, its condition keys and the policies that
//! have a say. What actions there are, with the condition keys that each has, is in [`actions`].

pub mod actions;
mod condition;
mod context;
mod document;
mod eval;
pub mod outline;
mod pattern;
mod principal;
mod text;

pub use condition::Operator;
pub use context::Context;
pub use document::{Effect, Malformed, Policy, Statement};
pub use eval::{Cited, Decision, Kind, Policies, Request, Sides, Source, Verdict, decide, sides};
pub use principal::Principal;

#[cfg(test)]
mod tests;
