//! Describe.

use super::super::error::SageMakerError;
use super::{Asked, Input, Kind, Takes, find};
use crate::model::{Owner, Stored};
use crate::services::{Operation, Read, View};
use serde_json::{Value, json};
use std::marker::PhantomData;

pub struct Describe<K>(PhantomData<K>);

/// What an answer can be made to leave out.
const INCLUDED: &str = "IncludedData";

impl<K: Kind> Takes for Describe<K> {
    fn takes(member: &str) -> bool {
        member == INCLUDED || K::BY.contains(&member)
    }
}

impl<K: Kind> Operation for Describe<K> {
    const NAME: &'static str = K::WORDS.describe;
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;

    fn subjects(input: &Input<Self>) -> Vec<Owner> {
        let name = super::text(&input.asked, K::BY[0]);
        let resource = match name.splitn(6, ':').nth(5) {
            Some(resource) => resource.to_owned(),
            None => format!("{}/{}", K::AWAITED, name.to_lowercase()),
        };
        vec![Owner::Stored(resource.into())]
    }
}

impl<K: Kind> Read for Describe<K> {
    fn run(view: &View<'_>, input: Input<Self>) -> Result<Value, SageMakerError> {
        let row = find::<K>(view.state, view.caller, &input.asked)?;
        let mut told = described::<K>(&row);
        K::live(view.state, &row, &mut told);
        K::tell(view.state, &row, &input.asked, &mut told)?;
        Ok(Value::Object(told))
    }
}

/// What is told of a row, whoever asks.
pub fn described<K: Kind>(row: &Stored) -> Asked {
    let mut told = row.told.as_object().cloned().unwrap_or_default();
    told.insert(K::WORDS.arn.into(), json!(row.arn));
    for member in K::TIMES {
        let value = match *member {
            "CreationTime" => json!(row.created.millis()),
            "LastModifiedTime" => json!(row.modified.millis()),
            // Only users of Studio have a profile that could be told.
            _ => json!({}),
        };
        told.insert((*member).into(), value);
    }
    if !K::STATUS.is_empty() && !row.status.is_empty() {
        told.insert(K::STATUS.into(), json!(row.status));
    }
    if let Some(failure) = row.failure.as_ref().filter(|_| row.status.to_uppercase().ends_with("FAILED")) {
        told.insert("FailureReason".into(), json!(failure));
    }
    told
}
