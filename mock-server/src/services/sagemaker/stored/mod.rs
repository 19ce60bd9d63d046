//! What the operations on what is only kept have in common: one type for each operation, one [`Kind`] for each kind,
//! whose file reads like its documentation.
//!
//! A row keeps what is told of it, by the names of the service model, so that an answer with a member that the model
//! does not have cannot be sent.

mod change;
mod create;
mod list;
mod tell;

pub use change::{Change, Delete, Update};
pub use create::{Create, made, new};
pub use list::{Filter, List, asked_name, common as common_list, is_common, page};
pub use tell::{Describe, described};

use super::error::SageMakerError;
use super::listing::Manner;
use crate::model::stored::StoredIndex;
use crate::model::{State, Stored, Txn};
use crate::services::{Caller, Registrar};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The names by which the service model calls what belongs to a kind.
#[derive(Debug)]
pub struct Words {
    pub create: &'static str,
    pub describe: &'static str,
    pub list: &'static str,
    pub update: &'static str,
    pub delete: &'static str,
    pub name: &'static str,
    pub arn: &'static str,
    /// The member of a list's answer that lists.
    pub listed: &'static str,
}

macro_rules! words {
    ($kind:literal, $kinds:literal, $listed:expr) => {
        &$crate::services::sagemaker::stored::Words {
            create: concat!("Create", $kind),
            describe: concat!("Describe", $kind),
            list: concat!("List", $kinds),
            update: concat!("Update", $kind),
            delete: concat!("Delete", $kind),
            name: concat!($kind, "Name"),
            arn: concat!($kind, "Arn"),
            listed: $listed,
        }
    };
}
pub(super) use words;

/// What was asked: members of an input, by their names.
pub type Asked = Map<String, Value>;

/// What a kind has of its own.
pub trait Kind: 'static {
    const WORDS: &'static Words;
    /// How its resources begin.
    const SLUG: &'static str;
    /// The members of Create that are told again. Its name and its tags are no part of it.
    const KEPT: &'static [&'static str];
    /// How the resources begin that a waiter names.
    const AWAITED: &'static str = Self::SLUG;
    /// The members by which one is named.
    const BY: &'static [&'static str] = &[Self::WORDS.name];
    /// What Update does.
    const CHANGES: &'static [Change] = &[];
    /// Those of `CreationTime`, `LastModifiedTime`, `CreatedBy` and `LastModifiedBy` that are told.
    const TIMES: &'static [&'static str];
    /// The member with its status, if it has any.
    const STATUS: &'static str = "";
    /// The status that a new one begins with.
    const NEW: &'static str = "";
    /// The status that a changed one begins with; the one it has, if empty.
    const CHANGED: &'static str = "";
    /// The status in which one is deleted; at once, if empty.
    const DELETING: &'static str = "";
    /// Whether the answer to Delete is its ARN.
    const DELETE_TELLS: bool = false;
    /// What a list tells of one, and the member of Describe that it is, where that has another name.
    const SUMMARY: &'static [&'static str];
    const ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// How its list is made.
    const MANNER: Manner;
    /// The filters of its list beside those on names and times.
    const FILTERS: &'static [(&'static str, Filter)] = &[];

    /// There is none.
    fn unknown(name: &str, arn: String) -> SageMakerError;

    /// There is one already.
    fn exists(name: &str, arn: String) -> SageMakerError;

    /// The resource that a new one will be.
    ///
    /// # Errors
    /// It can be none.
    fn resource(_txn: &mut Txn<'_>, _caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
        Ok(format!("{}/{}", Self::SLUG, text(asked, Self::WORDS.name).to_lowercase()))
    }

    /// The resource that an input names.
    ///
    /// # Errors
    /// It names none.
    fn named(_state: &State, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
        Ok(resource_of(caller, Self::SLUG, text(asked, Self::BY[0])))
    }

    /// What the service model cannot say of a new one, and what is told of it that was not asked.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn plan(_txn: &mut Txn<'_>, _caller: &Caller, _new: &mut Stored) -> Result<(), SageMakerError> {
        Ok(())
    }

    /// What else an update does, and what is wrong with its outcome.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn changed(
        _txn: &mut Txn<'_>,
        _caller: &Caller,
        _row: &mut Stored,
        _asked: &Asked,
    ) -> Result<(), SageMakerError> {
        Ok(())
    }

    /// What keeps one from being deleted.
    ///
    /// # Errors
    /// The first thing that does.
    fn held(_state: &State, _row: &Stored) -> Result<(), SageMakerError> {
        Ok(())
    }

    /// What goes with one that is deleted.
    fn gone(_txn: &mut Txn<'_>, _row: &Stored) {}

    /// What is wrong with what a list is asked.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn listed(_state: &State, _caller: &Caller, _asked: &Asked) -> Result<(), SageMakerError> {
        Ok(())
    }

    /// What a list is asked that does not ask it.
    fn narrowed(_asked: &mut Asked) {}

    /// What is told that is known of something else.
    fn live(_state: &State, _row: &Stored, _told: &mut Asked) {}

    /// What a list tells otherwise than Describe.
    fn summed(_told: &mut Asked) {}

    /// What Describe tells that depends on what was asked, or on something else.
    ///
    /// # Errors
    /// Something that was asked for and is not there.
    fn tell(_state: &State, _row: &Stored, _asked: &Asked, _told: &mut Asked) -> Result<(), SageMakerError> {
        Ok(())
    }

    /// What a search tells beside what Describe does.
    fn found(_state: &State, _row: &Stored, _told: &mut Asked) {}
}

/// Create, Describe, List and Delete. Update is registered by itself, since not all have it.
pub fn operations<K: Kind>(registrar: &mut impl Registrar) {
    registrar.write::<Create<K>>();
    registrar.read::<Describe<K>>();
    registrar.read::<List<K>>();
    registrar.write::<Delete<K>>();
}

/// A text that was asked; empty if none was.
pub fn text<'a>(asked: &'a Asked, member: &str) -> &'a str {
    asked.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The resource that a name or an ARN means. Names of one kind are told apart in lower case, as in ARNs.
pub fn resource_of(caller: &Caller, slug: &str, name: &str) -> String {
    let own = caller.arn("sagemaker", "");
    match name.strip_prefix(&own) {
        Some(resource) => resource.to_owned(),
        None => format!("{slug}/{}", name.to_lowercase()),
    }
}

/// The row of a kind with this resource.
pub fn row<K: Kind>(state: &State, resource: &str) -> Option<Arc<Stored>> {
    state.stored.get(&Arc::from(resource)).filter(|row| row.kind == K::SLUG).cloned()
}

/// The row that an input names.
///
/// # Errors
/// There is none.
pub fn find<K: Kind>(state: &State, caller: &Caller, asked: &Asked) -> Result<Arc<Stored>, SageMakerError> {
    let resource = K::named(state, caller, asked)?;
    row::<K>(state, &resource).ok_or_else(|| {
        let given = text(asked, K::BY[0]);
        let name =
            if given.starts_with("arn:") { resource.split_once('/').map_or("", |it| it.1) } else { given };
        let arn =
            if given.starts_with("arn:") { given.to_owned() } else { caller.arn("sagemaker", &resource) };
        K::unknown(name, arn)
    })
}

/// The rows of a kind that belong to something.
pub fn within<'a>(
    state: &'a State,
    kind: &'static str,
    of: &Arc<str>,
) -> impl Iterator<Item = &'a Arc<Stored>> {
    state.stored.by(&StoredIndex::Of(kind, of.clone()))
}

/// Sets members that are told, where they are not there.
pub fn defaults(row: &mut Stored, members: &[(&str, Value)]) {
    if let Value::Object(told) = Arc::make_mut(&mut row.told) {
        for (name, value) in members {
            told.entry(*name).or_insert_with(|| value.clone());
        }
    }
}

/// Sets a member that is told.
pub fn set(row: &mut Stored, member: &str, value: Value) {
    Arc::make_mut(&mut row.told)[member] = value;
}

/// Says which members an operation takes; all others have no effect.
pub trait Takes: 'static {
    fn takes(member: &str) -> bool;
}

/// An input: the members that an operation takes.
pub struct Input<O> {
    pub asked: Asked,
    operation: PhantomData<O>,
}

impl<O> From<Asked> for Input<O> {
    fn from(asked: Asked) -> Self {
        Self { asked, operation: PhantomData }
    }
}

impl<'de, O: Takes> Deserialize<'de> for Input<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<O>(PhantomData<O>);
        impl<'de, O: Takes> Visitor<'de> for Reader<O> {
            type Value = Input<O>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an input")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Input<O>, A::Error> {
                let mut asked = Map::new();
                while let Some(member) = map.next_key::<String>()? {
                    if O::takes(&member) {
                        asked.insert(member, map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(asked.into())
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}
