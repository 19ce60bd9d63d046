//! Create.

use super::super::error::SageMakerError;
use super::super::tags::{Tag, checked};
use super::{Asked, Input, Kind, Takes, text};
use crate::jobs::stored::begin;
use crate::kernel::Memo;
use crate::model::stored::StoredIndex;
use crate::model::{Stored, Tags, Txn};
use crate::services::{Caller, Operation, Write};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

pub struct Create<K>(PhantomData<K>);

impl<K: Kind> Takes for Create<K> {
    fn takes(member: &str) -> bool {
        member == K::WORDS.name || ["Tags", "ClientToken"].contains(&member) || K::KEPT.contains(&member)
    }
}

impl<K: Kind> Operation for Create<K> {
    const NAME: &'static str = K::WORDS.create;
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}

impl<K: Kind> Write for Create<K> {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Input<Self>) -> Result<Value, SageMakerError> {
        let row = made::<K>(txn, caller, input.asked)?;
        Ok(json!({ K::WORDS.arn: row.arn }))
    }
}

/// Makes one.
///
/// # Errors
/// The first thing that is wrong with what was asked.
pub fn made<K: Kind>(txn: &mut Txn<'_>, caller: &Caller, mut asked: Asked) -> Result<Stored, SageMakerError> {
    let tags = asked.remove("Tags").and_then(|tags| serde_json::from_value::<Vec<Tag>>(tags).ok());
    let tags = checked(&tags.unwrap_or_default())?;
    let token: Option<Arc<str>> = asked.remove("ClientToken").and_then(|token| token.as_str().map(Arc::from));
    if let Some(token) = &token
        && let Some(row) = txn.state.stored.by(&StoredIndex::Token(K::SLUG, token.clone())).next()
    {
        // A call that is made again makes nothing again.
        return Ok(Stored::clone(row));
    }
    let resource = K::resource(txn, caller, &asked)?;
    let row = new::<K>(txn, caller, resource, asked, tags);
    let mut row = Stored { token, ..row };
    if txn.state.stored.contains(&row.resource) {
        return Err(K::exists(&row.name, row.arn.to_string()));
    }
    K::plan(txn, caller, &mut row)?;
    begin(txn, row.clone(), if row.status.is_empty() { K::NEW } else { row.status });
    Ok(row)
}

/// A row that is not kept yet, with what was asked as what is told.
pub fn new<K: Kind>(txn: &Txn<'_>, caller: &Caller, resource: String, asked: Asked, tags: Tags) -> Stored {
    let name = text(&asked, K::WORDS.name);
    let name = if name.is_empty() { resource.split_once('/').map_or("", |it| it.1) } else { name };
    Stored {
        arn: caller.arn("sagemaker", &resource).into(),
        name: name.into(),
        resource: resource.into(),
        kind: K::SLUG,
        told: Arc::new(Value::Object(asked)),
        status: "",
        failure: None,
        of: BTreeSet::new(),
        versions: 0,
        policy: None,
        token: None,
        created: txn.now,
        modified: txn.now,
        tags,
        memo: Memo::default(),
    }
}
