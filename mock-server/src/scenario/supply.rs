//! How much there is of things, as files, flags and the control API say it: of which instance types is known from the
//! operations of SageMaker that take them.

use super::problem::instead_of;
use crate::aws::{ServiceId, ServiceModel};
use crate::model::{Capacities, InstanceUse, Offerings, Quotas};
use std::collections::BTreeSet;

/// How many instances of a type zones have: a number or `unlimited` for each.
///
/// # Errors
/// What is no instance type, no zone, or no number.
pub fn capacity<'a>(
    name: &str,
    zones: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(&'static str, Option<u64>)>, String> {
    let zones = Capacities::parse(name, zones)?;
    instance_type(name).map(|()| zones)
}

/// Zones that lack a family of instance types.
///
/// # Errors
/// What is no family, or no zone.
pub fn offering<'a>(
    name: &str,
    zones: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<&'static str>, String> {
    let zones = Offerings::parse(name, zones)?;
    family(name).map(|()| zones)
}

/// Every instance type that SageMaker's operations take.
fn instance_types() -> BTreeSet<&'static str> {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let words = model.shapes().iter().flat_map(|shape| model.enum_values(shape));
    words.copied().filter(|word| word.starts_with("ml.") && word.matches('.').count() == 2).collect()
}

fn instance_type(name: &str) -> Result<(), String> {
    let known = instance_types();
    if known.contains(name) {
        return Ok(());
    }
    Err(format!("SageMaker has no instance type `{name}`{}", instead_of(name, known)))
}

fn family(name: &str) -> Result<(), String> {
    let of = |each: &'static str| each.rsplit_once('.').map_or(each, |(family, _)| family);
    let known: BTreeSet<_> = instance_types().into_iter().map(of).collect();
    if known.contains(name) {
        return Ok(());
    }
    Err(format!("SageMaker has no family of instance types `{name}`{}", instead_of(name, known)))
}

/// Whether there is such a quota.
///
/// # Errors
/// What it might be meant to be.
pub fn quota(name: &str) -> Result<(), String> {
    let set = Quotas::default().set(name, 0);
    match (name.split_once(" for "), set) {
        (Some((of, _)), Ok(())) if of.starts_with("ml.") => instance_type(of),
        (_, Ok(())) => Ok(()),
        (typed, Err(message)) => {
            let named = Quotas::default().all().into_iter().map(|(name, _)| name);
            let uses = InstanceUse::ALL.into_iter().filter_map(|each| Some(each.of_type(typed?.0)));
            let known: Vec<_> = named.chain(uses).collect();
            Err(match instead_of(name, known.iter().map(String::as_str)) {
                hint if hint.is_empty() => message,
                hint => format!("`{name}` is no quota{hint}"),
            })
        }
    }
}
