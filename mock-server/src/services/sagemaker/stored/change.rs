//! Update and Delete.

use super::super::error::SageMakerError;
use super::{Input, Kind, Takes, find};
use crate::jobs::stored::begin;
use crate::model::stored::next;
use crate::model::{Stored, Txn};
use crate::services::{Caller, Operation, Write};
use serde_json::{Map, Value, json};
use std::marker::PhantomData;
use std::sync::Arc;

/// What a member of Update does.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// The member is what is told from now on.
    Set(&'static str),
    /// Its entries are added to those that are told, or replace them.
    Merge(&'static str),
    /// It names entries that go, of another member.
    Remove(&'static str, &'static str),
    /// Its elements follow those of another member.
    Append(&'static str, &'static str),
    /// It names members that go; those that may, by the names it has for them.
    Clear(&'static str, &'static [(&'static str, &'static str)]),
    /// The kind does something itself.
    Own(&'static str),
}

impl Change {
    fn member(&self) -> &'static str {
        match self {
            Change::Set(member)
            | Change::Merge(member)
            | Change::Remove(member, _)
            | Change::Append(member, _)
            | Change::Clear(member, _)
            | Change::Own(member) => member,
        }
    }

    fn act(&self, told: &mut Map<String, Value>, asked: &Value) {
        let names = || asked.as_array().into_iter().flatten().filter_map(Value::as_str);
        match self {
            Change::Set(member) => drop(told.insert((*member).into(), asked.clone())),
            Change::Merge(member) => {
                let of = told.entry(*member).or_insert_with(|| json!({}));
                for (name, value) in asked.as_object().into_iter().flatten() {
                    of[name] = value.clone();
                }
            }
            Change::Remove(_, from) => {
                if let Some(Value::Object(entries)) = told.get_mut(*from) {
                    names().for_each(|name| drop(entries.remove(name)));
                }
            }
            Change::Append(_, to) => {
                let list = told.entry(*to).or_insert_with(|| json!([]));
                if let Value::Array(list) = list {
                    list.extend(asked.as_array().into_iter().flatten().cloned());
                }
            }
            Change::Clear(_, known) => {
                for (_, member) in names().filter_map(|name| known.iter().find(|(own, _)| *own == name)) {
                    told.remove(*member);
                }
            }
            Change::Own(_) => {}
        }
    }
}

pub struct Update<K>(PhantomData<K>);

impl<K: Kind> Takes for Update<K> {
    fn takes(member: &str) -> bool {
        K::BY.contains(&member) || K::CHANGES.iter().any(|change| change.member() == member)
    }
}

impl<K: Kind> Operation for Update<K> {
    const NAME: &'static str = K::WORDS.update;
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}

impl<K: Kind> Write for Update<K> {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Input<Self>) -> Result<Value, SageMakerError> {
        let mut row = at_rest::<K>(txn, caller, &input)?;
        if let Value::Object(told) = Arc::make_mut(&mut row.told) {
            for change in K::CHANGES {
                if let Some(asked) = input.asked.get(change.member()) {
                    change.act(told, asked);
                }
            }
        }
        K::changed(txn, caller, &mut row, &input.asked)?;
        let out = json!({ K::WORDS.arn: row.arn });
        let status = if K::CHANGED.is_empty() { row.status } else { K::CHANGED };
        begin(txn, row, status);
        Ok(out)
    }
}

pub struct Delete<K>(PhantomData<K>);

impl<K: Kind> Takes for Delete<K> {
    fn takes(member: &str) -> bool {
        K::BY.contains(&member)
    }
}

impl<K: Kind> Operation for Delete<K> {
    const NAME: &'static str = K::WORDS.delete;
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}

impl<K: Kind> Write for Delete<K> {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Input<Self>) -> Result<Value, SageMakerError> {
        let row = at_rest::<K>(txn, caller, &input)?;
        K::held(&txn.state, &row)?;
        let out = if K::DELETE_TELLS { json!({ K::WORDS.arn: row.arn }) } else { json!({}) };
        K::gone(txn, &row);
        if K::DELETING.is_empty() {
            txn.state.stored.remove(&row.resource);
        } else {
            begin(txn, row, K::DELETING);
        }
        Ok(out)
    }
}

/// The row that an input names, if something can be done with it now.
fn at_rest<K: Kind>(
    txn: &Txn<'_>,
    caller: &Caller,
    input: &Input<impl Takes>,
) -> Result<Stored, SageMakerError> {
    let row = find::<K>(&txn.state, caller, &input.asked)?;
    if next(row.status).is_some() {
        return Err(super::super::error::RegistryError::StoredBusy {
            arn: row.arn.to_string(),
            status: row.status,
        }
        .into());
    }
    Ok(Stored::clone(&row))
}
