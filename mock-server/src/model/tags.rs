//! Tags of a resource: part of its row, so that whatever prints the row is versioned with them.

use crate::kernel::Rehome;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys and values in the order of the keys. Copies are cheap, and most resources have none.
#[derive(Clone, Debug, Default, PartialEq, Rehome)]
pub struct Tags(Option<Arc<BTreeMap<String, String>>>);

impl Tags {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.as_ref()?.get(key).map(String::as_str)
    }

    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |tags| tags.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|tags| tags.iter()).map(|(key, value)| (key.as_str(), value.as_str()))
    }

    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        Arc::make_mut(self.0.get_or_insert_default()).insert(key.into(), value.into());
    }

    pub fn remove(&mut self, key: &str) {
        if self.get(key).is_some() {
            let tags = Arc::make_mut(self.0.get_or_insert_default());
            tags.remove(key);
            if tags.is_empty() {
                self.0 = None;
            }
        }
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut tags = Self::default();
        pairs.into_iter().for_each(|(key, value)| tags.set(key, value));
        tags
    }
}
