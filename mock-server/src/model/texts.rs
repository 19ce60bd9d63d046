//! Messages that whoever runs the server words otherwise than we do.

use super::Probe;
use crate::kernel::Rehome;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Templates by the id of the text; a text that is not listed is ours. Copies are cheap.
#[derive(Clone, Debug, Default, Rehome)]
pub struct Texts {
    own: Arc<BTreeMap<String, String>>,
    probe: Probe,
}

impl Texts {
    pub fn get(&self, id: &str) -> Option<&str> {
        self.own.get(id).map(String::as_str)
    }

    /// A text as it goes out.
    pub fn told(&self, id: &str, text: String) -> String {
        self.probe.text(id, text)
    }

    #[must_use]
    pub(super) fn probed(mut self, probe: Probe) -> Self {
        self.probe = probe;
        self
    }
}

impl FromIterator<(String, String)> for Texts {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self { own: Arc::new(pairs.into_iter().collect()), probe: Probe::default() }
    }
}
