//! Moving what an account keeps to another account.

use super::ids::HexId;
use super::memo::Memo;
use super::{AccountId, Row, SimTime, Table, Timers};
use imbl::{OrdMap, OrdSet, Vector};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub use mock_derive::Rehome;

/// From which account to which.
#[derive(Clone, Copy, Debug)]
pub struct Moving {
    pub from: AccountId,
    pub to: AccountId,
}

/// What can come to belong to another account.
///
/// A text that has the number of the old account in it, as a word of twelve digits, then has that of the new one: in ARNs
/// and policies, in names of buckets and in the addresses that lead there, whoever wrote it. So whatever referred to
/// the account itself still does.
pub trait Rehome {
    fn rehome(&mut self, moving: &Moving);
}

impl Moving {
    /// The text as it is in the new account; `None` if that is the same.
    pub fn text(&self, text: &str) -> Option<String> {
        let (old, new) = (self.from.to_string(), self.to.to_string());
        let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let mut moved: Option<String> = None;
        let mut told = 0;
        for (at, _) in text.match_indices(&old) {
            let end = at + old.len();
            let bytes = text.as_bytes();
            if at.checked_sub(1).is_some_and(|before| digit(bytes.get(before))) || digit(bytes.get(end)) {
                continue;
            }
            let moved = moved.get_or_insert_default();
            moved.push_str(&text[told..at]);
            moved.push_str(&new);
            told = end;
        }
        moved.map(|moved| moved + &text[told..])
    }
}

impl Rehome for AccountId {
    fn rehome(&mut self, moving: &Moving) {
        if *self == moving.from {
            *self = moving.to;
        }
    }
}

impl Rehome for String {
    fn rehome(&mut self, moving: &Moving) {
        if let Some(moved) = moving.text(self) {
            *self = moved;
        }
    }
}

impl Rehome for Box<str> {
    fn rehome(&mut self, moving: &Moving) {
        if let Some(moved) = moving.text(self) {
            *self = moved.into();
        }
    }
}

impl Rehome for Arc<str> {
    fn rehome(&mut self, moving: &Moving) {
        if let Some(moved) = moving.text(self) {
            *self = moved.into();
        }
    }
}

impl<T: Rehome + Clone> Rehome for Arc<T> {
    fn rehome(&mut self, moving: &Moving) {
        Arc::make_mut(self).rehome(moving);
    }
}

impl<T: Rehome + Clone> Rehome for Arc<[T]> {
    fn rehome(&mut self, moving: &Moving) {
        Arc::make_mut(self).iter_mut().for_each(|part| part.rehome(moving));
    }
}

impl<T: Rehome> Rehome for Option<T> {
    fn rehome(&mut self, moving: &Moving) {
        self.iter_mut().for_each(|part| part.rehome(moving));
    }
}

impl<T: Rehome + ?Sized> Rehome for Box<T> {
    fn rehome(&mut self, moving: &Moving) {
        (**self).rehome(moving);
    }
}

impl<T: Rehome> Rehome for [T] {
    fn rehome(&mut self, moving: &Moving) {
        self.iter_mut().for_each(|part| part.rehome(moving));
    }
}

macro_rules! lists {
    ($($list:ident: $($bound:ident)?;)*) => {$(
        impl<T: Rehome $(+ $bound)?> Rehome for $list<T> {
            fn rehome(&mut self, moving: &Moving) {
                self.iter_mut().for_each(|part| part.rehome(moving));
            }
        }
    )*};
}

lists! { Vec:; VecDeque:; Vector: Clone; }

/// Maps and sets whose keys may change are put together anew.
macro_rules! ordered {
    ($($map:ident $set:ident;)*) => {$(
        impl<K: Rehome + Ord + Clone, V: Rehome + Clone> Rehome for $map<K, V> {
            fn rehome(&mut self, moving: &Moving) {
                let moved = std::mem::take(self).into_iter().map(|(mut key, mut value)| {
                    key.rehome(moving);
                    value.rehome(moving);
                    (key, value)
                });
                *self = moved.collect();
            }
        }
        impl<K: Rehome + Ord + Clone> Rehome for $set<K> {
            fn rehome(&mut self, moving: &Moving) {
                let moved = std::mem::take(self).into_iter().map(|mut key| {
                    key.rehome(moving);
                    key
                });
                *self = moved.collect();
            }
        }
    )*};
}

ordered! { BTreeMap BTreeSet; OrdMap OrdSet; }

macro_rules! tuples {
    ($(($($part:ident)*);)*) => {$(
        impl<$($part: Rehome),*> Rehome for ($($part,)*) {
            #[expect(non_snake_case, reason = "a part is named like its type")]
            fn rehome(&mut self, moving: &Moving) {
                let ($($part,)*) = self;
                $($part.rehome(moving);)*
            }
        }
    )*};
}

tuples! { (A B); (A B C); (A B C D); }

/// What has no account in it.
macro_rules! anywhere {
    ($($type:ty)*) => {$(
        impl Rehome for $type {
            fn rehome(&mut self, _: &Moving) {}
        }
    )*};
}

anywhere! {
    () bool char u8 u16 u32 u64 u128 usize i8 i16 i32 i64 f32 f64
    HexId Memo SimTime super::Minter bytes::Bytes std::time::Duration
    std::net::IpAddr std::net::Ipv4Addr std::net::Ipv6Addr
    ipnet::IpNet ipnet::Ipv4Net ipnet::Ipv6Net
}

/// What is written in the program is the same for all accounts.
impl<T: ?Sized> Rehome for &'static T {
    fn rehome(&mut self, _: &Moving) {}
}

impl<T, const N: usize> Rehome for [T; N]
where
    T: Rehome,
{
    fn rehome(&mut self, moving: &Moving) {
        self.iter_mut().for_each(|part| part.rehome(moving));
    }
}

impl<T> Rehome for std::ops::Range<T> {
    fn rehome(&mut self, _: &Moving) {}
}

/// Names of members too: some are those of tags and environment variables.
impl Rehome for serde_json::Value {
    fn rehome(&mut self, moving: &Moving) {
        match self {
            Self::String(text) => text.rehome(moving),
            Self::Array(list) => list.rehome(moving),
            Self::Object(map) => {
                *self = Self::Object(
                    std::mem::take(map)
                        .into_iter()
                        .map(|(mut name, mut value)| {
                            name.rehome(moving);
                            value.rehome(moving);
                            (name, value)
                        })
                        .collect(),
                );
            }
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

impl<R: Row + Rehome> Rehome for Table<R> {
    /// Every row is a new one, so that none has kept what was printed of it.
    fn rehome(&mut self, moving: &Moving) {
        let mut moved = Self::default();
        for row in self.iter() {
            let mut row = R::clone(row);
            row.rehome(moving);
            moved.insert(row);
        }
        *self = moved;
    }
}

impl<O: Rehome + Ord + Clone, T: Rehome + Clone> Rehome for Timers<O, T> {
    fn rehome(&mut self, moving: &Moving) {
        self.change_owners(|owner| owner.rehome(moving));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_number_moves() {
        let [from, to] = ["111122223333", "444455556666"].map(|id| AccountId::parse(id).unwrap());
        let moving = Moving { from, to };
        for (text, moved) in [
            ("", None),
            ("arn:aws:iam::777788889999:role/r", None),
            ("arn:aws:iam::111122223333:role/r", Some("arn:aws:iam::444455556666:role/r")),
            ("s3://data-111122223333/in/111122223333", Some("s3://data-444455556666/in/444455556666")),
            ("1111222233334", None),
            ("0111122223333 and 111122223333", Some("0111122223333 and 444455556666")),
        ] {
            assert_eq!(moving.text(text).as_deref(), moved, "{text}");
        }
    }
}
