//! A place in a row where a boundary may keep what it made of that row.

use std::sync::OnceLock;

/// Bytes derived from the row that holds them, kept until the row is replaced.
///
/// Rows are immutable: a changed row is a new row, and a clone starts with an empty memo. So what is kept here
/// can never be stale, as long as everything it was made from lives in that same row.
#[derive(Default)]
pub struct Memo(OnceLock<Box<[u8]>>);

impl Memo {
    /// The slot itself; only the encoder of the wire format fills it.
    pub fn slot(&self) -> &OnceLock<Box<[u8]>> {
        &self.0
    }
}

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Memo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memo")
    }
}

impl PartialEq for Memo {
    /// A memo is derived: two rows that differ only in it are the same row.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
