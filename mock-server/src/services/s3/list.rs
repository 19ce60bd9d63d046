//! Listings: keys in order, with those that share a prefix up to a delimiter rolled into one entry.
//!
//! Source: S3 user guide, "Organizing objects using prefixes", "Listing object keys programmatically".

/// The most entries of one answer.
pub const MOST_KEYS: usize = 1_000;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    pub prefix: &'a str,
    /// Empty: there is none.
    pub delimiter: &'a str,
    /// The entry, a key or a common prefix, after which they begin; empty: at the first.
    pub after: &'a str,
    pub most: usize,
}

/// One page. `T` is whatever has a key.
#[derive(Debug)]
pub struct Listed<T> {
    pub found: Vec<T>,
    pub prefixes: Vec<String>,
    /// There is more after `last`.
    pub truncated: bool,
    /// The last entry, a key or a common prefix; empty if there is none.
    pub last: String,
}

impl Listing<'_> {
    /// What a key is rolled into, if it is.
    fn rolled<'k>(&self, key: &'k str) -> Option<&'k str> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.get(self.prefix.len()..)?;
        let at = rest.find(self.delimiter)?;
        key.get(..self.prefix.len() + at + self.delimiter.len())
    }

    /// One page of what `items` has: all that has the prefix and comes after, in order of the keys.
    pub fn page<T>(&self, items: impl Iterator<Item = T>, key: impl Fn(&T) -> &str) -> Listed<T> {
        let mut page =
            Listed { found: Vec::new(), prefixes: Vec::new(), truncated: false, last: String::new() };
        // An answer without room for anything is not a part of one.
        if self.most == 0 {
            return page;
        }
        for item in items {
            let name = key(&item);
            let rolled = self.rolled(name).map(str::to_owned);
            // The common prefix was told by an earlier page, or by this one.
            if rolled.as_deref().is_some_and(|prefix| prefix == self.after || prefix == page.last) {
                continue;
            }
            if page.found.len() + page.prefixes.len() == self.most {
                page.truncated = true;
                break;
            }
            match rolled {
                Some(prefix) => {
                    page.last.clone_from(&prefix);
                    page.prefixes.push(prefix);
                }
                None => {
                    page.last = name.to_owned();
                    page.found.push(item);
                }
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// All pages, one after the other.
    fn all(
        keys: &BTreeSet<String>,
        prefix: &str,
        delimiter: &str,
        most: usize,
    ) -> (Vec<String>, Vec<String>, usize) {
        let (mut found, mut prefixes, mut pages) = (Vec::new(), Vec::new(), 0);
        let mut after = String::new();
        loop {
            let listing = Listing { prefix, delimiter, after: &after, most };
            let page =
                listing.page(keys.iter().filter(|key| key.starts_with(prefix) && **key > after), |key| key);
            assert!(page.found.len() + page.prefixes.len() <= most);
            found.extend(page.found.into_iter().cloned());
            prefixes.extend(page.prefixes);
            pages += 1;
            if !page.truncated {
                return (found, prefixes, pages);
            }
            after = page.last;
        }
    }

    #[test]
    fn folders() {
        let keys = ["a/1", "a/2", "b", "b/x/y", "c"].map(str::to_owned).into();
        assert_eq!(
            all(&keys, "", "/", 10),
            (vec!["b".into(), "c".into()], vec!["a/".into(), "b/".into()], 1)
        );
        assert_eq!(all(&keys, "b/", "/", 1), (vec![], vec!["b/x/".into()], 1));
        assert_eq!(all(&keys, "a", "", 1).0, ["a/1", "a/2"]);
    }

    proptest! {
        #[test]
        fn the_pages_are_all_keys_once(
            keys in prop::collection::btree_set("[ab/é]{1,5}", 0..30),
            prefix in "[ab/]{0,2}",
            delimiter in prop::sample::select(vec!["", "/", "b", "a/"]),
            most in 1usize..5,
        ) {
            let (found, prefixes, _) = all(&keys, &prefix, delimiter, most);
            let mut expected = (Vec::new(), BTreeSet::new());
            for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
                let rest = &key[prefix.len()..];
                match rest.find(delimiter).filter(|_| !delimiter.is_empty()) {
                    Some(at) => drop(expected.1.insert(format!("{prefix}{}{delimiter}", &rest[..at]))),
                    None => expected.0.push(key.clone()),
                }
            }
            prop_assert_eq!(found, expected.0);
            prop_assert_eq!(prefixes, expected.1.into_iter().collect::<Vec<_>>());
        }
    }
}
