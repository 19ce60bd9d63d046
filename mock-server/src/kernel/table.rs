//! Tables: persistent maps of immutable rows with declared secondary indexes.

use imbl::{OrdMap, OrdSet};
use std::ops::RangeBounds;
use std::sync::Arc;

/// One kind of thing that a table holds.
pub trait Row: Clone + Send + Sync + 'static {
    type Key: Ord + Clone + Send + Sync;
    /// What rows can be found by besides their key. Use `()` and emit nothing where there is none.
    type Index: Ord + Clone + Send + Sync;

    fn key(&self) -> Self::Key;

    /// Every index entry that this row stands under; a pure function of the row.
    fn indexes(&self, emit: &mut dyn FnMut(Self::Index));

    /// What the row counts for, by index entry: the table keeps the sums. A pure function of the row.
    fn amounts(&self, _emit: &mut dyn FnMut(Self::Index, u64)) {}
}

/// Rows by key, and keys by index. A copy is O(1); only `insert`, `update` and `remove` write the indexes.
///
/// A state has dozens of tables and a transaction changes a few: so a table is one shared pointer to copy, and its
/// maps are copied (O(1) as well) when they are first written.
pub struct Table<R: Row>(Arc<Maps<R>>);

struct Maps<R: Row> {
    rows: OrdMap<R::Key, Arc<R>>,
    index: OrdMap<R::Index, OrdSet<R::Key>>,
    /// No entry is zero.
    sums: OrdMap<R::Index, u64>,
}

impl<R: Row> Clone for Maps<R> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), index: self.index.clone(), sums: self.sums.clone() }
    }
}

impl<R: Row> Clone for Table<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self(Arc::new(Maps { rows: OrdMap::new(), index: OrdMap::new(), sums: OrdMap::new() }))
    }
}

impl<R: Row> Table<R> {
    pub fn get(&self, key: &R::Key) -> Option<&Arc<R>> {
        self.0.rows.get(key)
    }

    pub fn contains(&self, key: &R::Key) -> bool {
        self.0.rows.contains_key(key)
    }

    pub fn len(&self) -> usize {
        self.0.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.rows.is_empty()
    }

    /// All rows in the order of their keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<R>> {
        self.0.rows.values().inspect(|_| seen())
    }

    /// The rows whose keys come after `key`, in order.
    pub fn after<'a>(&'a self, key: &R::Key) -> impl Iterator<Item = &'a Arc<R>> + use<'a, R> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.0.rows.range((Excluded(key.clone()), Unbounded)).map(|(_, row)| row).inspect(|_| seen())
    }

    /// The rows under an index entry, in the order of their keys.
    pub fn by<'a>(&'a self, index: &R::Index) -> impl Iterator<Item = &'a Arc<R>> + use<'a, R> {
        let keys = self.0.index.get(index).into_iter().flatten();
        keys.filter_map(|key| self.0.rows.get(key)).inspect(|_| seen())
    }

    /// The rows under an index entry whose keys come after `key`, in order.
    pub fn by_after<'a>(
        &'a self,
        index: &R::Index,
        key: &R::Key,
    ) -> impl Iterator<Item = &'a Arc<R>> + use<'a, R> {
        use std::ops::Bound::{Excluded, Unbounded};
        let range = (Excluded(key.clone()), Unbounded);
        let keys = self.0.index.get(index).into_iter().flat_map(move |keys| keys.range(range.clone()));
        keys.filter_map(|key| self.0.rows.get(key)).inspect(|_| seen())
    }

    /// The first row under the first index entry of a range that there is; O(log n).
    pub fn first_within(&self, range: impl RangeBounds<R::Index>) -> Option<&Arc<R>> {
        let (_, keys) = self.0.index.range(range).next()?;
        self.0.rows.get(keys.get_min()?).inspect(|_| seen())
    }

    /// How many rows stand under an index entry; O(log n).
    pub fn count(&self, index: &R::Index) -> usize {
        self.0.index.get(index).map_or(0, OrdSet::len)
    }

    /// What all rows together count for under an index entry; O(log n).
    pub fn sum(&self, index: &R::Index) -> u64 {
        self.0.sum_of(index)
    }

    /// Adds a row, or replaces the one with the same key.
    pub fn insert(&mut self, row: R) -> Arc<R> {
        let maps = Arc::make_mut(&mut self.0);
        let row = Arc::new(row);
        let key = row.key();
        let new = index_entries(&*row);
        let old = maps.rows.insert(key.clone(), row.clone());
        old.iter().for_each(|old| maps.subtract(old));
        row.amounts(&mut |entry, amount| maps.add(entry, amount));
        let old = old.map(|old| index_entries(&*old)).unwrap_or_default();
        for entry in old.iter().filter(|entry| !new.contains(entry)) {
            maps.unindex(entry, &key);
        }
        for entry in new.into_iter().filter(|entry| !old.contains(entry)) {
            maps.index.entry(entry).or_default().insert(key.clone());
        }
        row
    }

    /// Replaces a row by a changed copy. `None` if there is no such row.
    pub fn update(&mut self, key: &R::Key, change: impl FnOnce(&mut R)) -> Option<Arc<R>> {
        let mut row = R::clone(self.0.rows.get(key)?);
        change(&mut row);
        debug_assert!(row.key() == *key, "a row's key never changes");
        Some(self.insert(row))
    }

    pub fn remove(&mut self, key: &R::Key) -> Option<Arc<R>> {
        if !self.contains(key) {
            return None;
        }
        let maps = Arc::make_mut(&mut self.0);
        let row = maps.rows.remove(key)?;
        for entry in index_entries(&*row) {
            maps.unindex(&entry, key);
        }
        maps.subtract(&row);
        Some(row)
    }

    /// Whether the indexes are exactly what the rows say. For tests of invariants.
    pub fn is_consistent(&self) -> bool {
        let mut rebuilt = Self::default();
        for row in self.iter() {
            rebuilt.insert(R::clone(row));
        }
        rebuilt.0.rows.keys().eq(self.0.rows.keys())
            && rebuilt.0.index == self.0.index
            && rebuilt.0.sums == self.0.sums
    }
}

impl<R: Row> Maps<R> {
    fn add(&mut self, entry: R::Index, amount: u64) {
        if amount > 0 {
            *self.sums.entry(entry).or_default() += amount;
        }
    }

    fn subtract(&mut self, row: &R) {
        row.amounts(&mut |entry, amount| {
            let left = self.sum_of(&entry).saturating_sub(amount);
            if left == 0 {
                self.sums.remove(&entry);
            } else {
                self.sums.insert(entry, left);
            }
        });
    }

    fn sum_of(&self, entry: &R::Index) -> u64 {
        self.sums.get(entry).copied().unwrap_or(0)
    }

    fn unindex(&mut self, entry: &R::Index, key: &R::Key) {
        if let Some(keys) = self.index.get_mut(entry) {
            keys.remove(key);
            if keys.is_empty() {
                self.index.remove(entry);
            }
        }
    }
}

fn index_entries<R: Row>(row: &R) -> Vec<R::Index> {
    let mut entries = Vec::new();
    row.indexes(&mut |entry| entries.push(entry));
    entries
}

/// A row is looked at on the way through a table: tests count them.
fn seen() {
    #[cfg(test)]
    counting::SEEN.with(|seen| seen.set(seen.get() + 1));
}

/// How many rows of tables something looks at, for tests of what must not grow with them.
#[cfg(test)]
pub mod counting {
    use std::cell::Cell;

    thread_local! {
        pub(super) static SEEN: Cell<usize> = const { Cell::new(0) };
    }

    /// The rows that this thread has looked at so far, beside those that it found by their keys.
    pub fn rows_seen() -> usize {
        SEEN.with(Cell::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone)]
    struct Book {
        id: u32,
        shelves: Vec<u8>,
    }

    impl Row for Book {
        type Key = u32;
        type Index = u8;
        fn key(&self) -> u32 {
            self.id
        }
        fn indexes(&self, emit: &mut dyn FnMut(u8)) {
            self.shelves.iter().for_each(|shelf| emit(*shelf));
        }
        /// As many as the book's number, on each shelf that it stands on.
        fn amounts(&self, emit: &mut dyn FnMut(u8, u64)) {
            self.shelves.iter().for_each(|shelf| emit(*shelf, u64::from(self.id)));
        }
    }

    proptest! {
        #[test]
        fn indexes_follow_the_rows(steps in prop::collection::vec((0u32..8, prop::collection::vec(0u8..4, 0..3), any::<bool>()), 0..60)) {
            let mut table = Table::default();
            let mut plain = std::collections::BTreeMap::new();
            for (id, shelves, add) in steps {
                if add {
                    table.insert(Book { id, shelves: shelves.clone() });
                    plain.insert(id, shelves);
                } else {
                    prop_assert_eq!(table.remove(&id).is_some(), plain.remove(&id).is_some());
                }
                prop_assert!(table.is_consistent());
                for shelf in 0u8..4 {
                    let expected: Vec<u32> = plain.iter().filter(|(_, on)| on.contains(&shelf)).map(|(id, _)| *id).collect();
                    prop_assert_eq!(table.by(&shelf).map(|book| book.id).collect::<Vec<_>>(), expected.clone());
                    prop_assert_eq!(table.count(&shelf), expected.len());
                    let from = plain.iter().flat_map(|(id, on)| on.iter().map(move |one| (*one, *id)));
                    let first = from.filter(|(one, _)| *one >= shelf).min().map(|(_, id)| id);
                    prop_assert_eq!(table.first_within(shelf..).map(|book| book.id), first);
                    let each = |(id, on): (&u32, &Vec<u8>)| on.iter().filter(|one| **one == shelf).count() as u64 * u64::from(*id);
                    prop_assert_eq!(table.sum(&shelf), plain.iter().map(each).sum::<u64>());
                    let later: Vec<u32> = expected.into_iter().filter(|id| *id > 3).collect();
                    prop_assert_eq!(table.by_after(&shelf, &3).map(|book| book.id).collect::<Vec<_>>(), later);
                }
            }
        }
    }
}
