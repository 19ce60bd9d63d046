//! How the project's own tests put the engine in the wrong, to see whether the scenarios notice. Neither a flag nor the
//! control API makes one: a server as it is delivered has none.

use super::path::HopKind;
use crate::kernel::{Moving, Rehome};
use std::sync::Arc;

/// What is asked wherever the engine says something that scenarios are to show. It may say something else.
pub trait Tamper: Send + Sync {
    /// A rule was asked.
    fn rule(&self, id: &'static str, violated: bool);
    /// Whether a hop of a trace lets packets or requests through.
    fn hop(&self, kind: HopKind, passed: bool) -> bool;
    /// The words of a refusal or of a failure, by their name.
    fn text(&self, name: &str, text: String) -> String;
}

/// Nothing, outside of tests. Copies are cheap.
#[derive(Clone, Default)]
pub struct Probe(Option<Arc<dyn Tamper>>);

impl Probe {
    #[doc(hidden)]
    pub fn new(tamper: Arc<dyn Tamper>) -> Self {
        Self(Some(tamper))
    }

    pub fn rule(&self, id: &'static str, violated: bool) {
        if let Some(tamper) = &self.0 {
            tamper.rule(id, violated);
        }
    }

    pub fn hop(&self, kind: HopKind, passed: bool) -> bool {
        self.0.as_ref().map_or(passed, |tamper| tamper.hop(kind, passed))
    }

    pub fn text(&self, name: &str, text: String) -> String {
        match &self.0 {
            Some(tamper) => tamper.text(name, text),
            None => text,
        }
    }
}

impl std::fmt::Debug for Probe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Probe" } else { "no Probe" })
    }
}

/// It belongs to the engine, not to an account.
impl Rehome for Probe {
    fn rehome(&mut self, _: &Moving) {}
}
