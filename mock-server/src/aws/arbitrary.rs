//! Random values of shapes, for property tests.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::TestRng;

use super::model::{Kind, Operation, ServiceId, ServiceModel, Shape, flag};
use super::value::{Struct, Value};

/// An operation of any service and a random source for its values.
pub(super) fn any_operation() -> impl Strategy<Value = (&'static ServiceModel, &'static Operation, TestRng)> {
    (prop::sample::select(ServiceId::ALL.to_vec()), any::<prop::sample::Index>(), any::<u64>()).prop_perturb(
        |(id, index, _), rng| {
            let model = ServiceModel::get(id);
            (model, index.get(model.operations()), rng)
        },
    )
}

/// A random value of a shape. Structures and lists are never empty, because a query request cannot
/// say so; `None` where recursion ends.
pub(super) fn value(
    model: &'static ServiceModel,
    shape: &'static Shape,
    rng: &mut TestRng,
    depth: usize,
) -> Option<Value> {
    Some(match shape.kind {
        Kind::Structure => {
            if depth > 5 {
                return None;
            }
            let members = model.members(shape);
            let mut fields = Struct::new();
            let chance = if depth == 0 { 2 } else { 3 };
            for member in members {
                // Labels are always needed.
                let needed = member.location == super::model::Location::Uri;
                if (needed || rng.random_range(0..chance) == 0)
                    && let Some(inner) = value(model, model.shape(member.shape), rng, depth + 1)
                {
                    fields.set(member.name, inner);
                    if shape.has(flag::UNION) {
                        break;
                    }
                }
            }
            if fields.is_empty() && depth > 0 {
                return None;
            }
            Value::Struct(fields)
        }
        Kind::List => {
            let inner = model.shape(shape.element?);
            let elements: Vec<_> =
                (0..rng.random_range(1..13)).filter_map(|_| value(model, inner, rng, depth + 1)).collect();
            (!elements.is_empty()).then_some(Value::List(elements))?
        }
        Kind::Map => {
            let inner = model.shape(shape.element?);
            let mut entries = Vec::new();
            for index in 0..rng.random_range(1..4) {
                entries.push((format!("{index}{}", text(rng)), value(model, inner, rng, depth + 1)?));
            }
            Value::Map(entries)
        }
        Kind::String => Value::String(text(rng)),
        Kind::Integer => Value::Integer(rng.random::<i32>().into()),
        Kind::Long => Value::Integer(rng.random()),
        Kind::Float | Kind::Double => Value::Float(f64::from(rng.random::<i32>()) / 64.0),
        Kind::Boolean => Value::Bool(rng.random()),
        Kind::Blob => {
            Value::Blob(Bytes::from((0..rng.random_range(1..9)).map(|_| rng.random()).collect::<Vec<u8>>()))
        }
        Kind::Timestamp => Value::Timestamp(rng.random_range(-10_000_000_000_000..250_000_000_000_000)),
    })
}

/// Text with everything that a wire might stumble over, except what XML cannot carry.
fn text(rng: &mut TestRng) -> String {
    const LETTERS: [char; 24] = [
        'a', 'Z', '0', ' ', '.', '/', '%', '+', '&', '=', '<', '>', '"', '\'', '\\', '\n', '\r', '\t', ';',
        '#', 'é', '\u{85}', '\u{FFFD}', '😀',
    ];
    (0..rng.random_range(0..9)).map(|_| LETTERS[rng.random_range(0..LETTERS.len())]).collect()
}
