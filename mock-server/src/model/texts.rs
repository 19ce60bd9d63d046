//! Messages that whoever runs the server words otherwise than we do.

use crate::kernel::Rehome;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Templates by the id of the text; a text that is not listed is ours. Copies are cheap.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Texts(Arc<BTreeMap<String, String>>);

impl Texts {
    pub fn get(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Texts {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}
