//! Which hyperparameters a training job gets.
//!
//! A grid is gone through in order. All other strategies draw: nothing is learned from training jobs, for nothing is
//! learned by them. What is drawn depends on who asks, on the job's number and on the parameter's name alone.

use super::asked::{Range, Ranges};
use super::error::TuningError;

/// Checks the ranges.
///
/// # Errors
/// The first that is wrong.
pub fn check(strategy: &str, ranges: &Ranges) -> Result<(), TuningError> {
    let integers = ranges.integer_parameter_ranges.iter().map(|range| (range, true));
    let all = integers.chain(ranges.continuous_parameter_ranges.iter().map(|range| (range, false)));
    for (range, whole) in all {
        let name = || range.name.clone();
        if strategy == "Grid" {
            return Err(TuningError::GridRange { name: name() });
        }
        let read = |text: &str| match whole {
            true => text.parse::<i64>().ok().map(|number| number as f64),
            false => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        };
        let (Some(min), Some(max)) = (read(&range.min_value), read(&range.max_value)) else {
            return Err(bounds(range));
        };
        if min > max {
            return Err(bounds(range));
        }
        let fits = match range.scaling_type.as_deref() {
            Some("Logarithmic") => min > 0.0,
            // Of continuous ranges only.
            Some("ReverseLogarithmic") => !whole && min >= 0.0 && max < 1.0,
            _ => true,
        };
        if !fits {
            let scale = range.scaling_type.clone().unwrap_or_default();
            return Err(TuningError::RangeScale { name: name(), scale });
        }
    }
    Ok(())
}

fn bounds(range: &Range) -> TuningError {
    let (min, max) = (range.min_value.clone(), range.max_value.clone());
    TuningError::RangeBounds { name: range.name.clone(), min, max }
}

/// How many combinations of categories there are.
pub fn combinations(ranges: &Ranges) -> u64 {
    let counts = ranges.categorical_parameter_ranges.iter().map(|all| all.values.len() as u64);
    counts.fold(1, u64::saturating_mul)
}

/// The hyperparameters of the job with this number: those of a grid, or those that are drawn. `draw` answers a number
/// from 0 up to 1 for the name of a parameter.
pub fn values(
    strategy: &str,
    ranges: &Ranges,
    number: u64,
    draw: impl Fn(&str) -> f64,
) -> Vec<(String, String)> {
    if strategy == "Grid" {
        return combination(ranges, number);
    }
    let integers = ranges.integer_parameter_ranges.iter().map(|range| {
        let (min, max) = (whole(&range.min_value), whole(&range.max_value));
        // One more, so that the greatest is drawn as often as any other.
        let drawn = scaled(range, min as f64, max as f64 + 1.0, draw(&range.name)).floor() as i64;
        (range.name.clone(), drawn.clamp(min, max.max(min)).to_string())
    });
    let continuous = ranges.continuous_parameter_ranges.iter().map(|range| {
        let (min, max) = (real(&range.min_value), real(&range.max_value));
        let drawn = scaled(range, min, max, draw(&range.name)).clamp(min, max.max(min));
        (range.name.clone(), drawn.to_string())
    });
    let categories = ranges.categorical_parameter_ranges.iter().filter_map(|all| {
        let at = (draw(&all.name) * all.values.len() as f64) as usize;
        Some((all.name.clone(), all.values.get(at).or(all.values.last())?.clone()))
    });
    integers.chain(continuous).chain(categories).collect()
}

/// The last parameter changes first.
fn combination(ranges: &Ranges, mut number: u64) -> Vec<(String, String)> {
    let mut chosen = Vec::new();
    for all in ranges.categorical_parameter_ranges.iter().rev() {
        let count = (all.values.len() as u64).max(1);
        let value = usize::try_from(number % count).ok().and_then(|at| all.values.get(at));
        chosen.extend(value.map(|value| (all.name.clone(), value.clone())));
        number /= count;
    }
    chosen.reverse();
    chosen
}

fn whole(text: &str) -> i64 {
    text.parse().unwrap_or_default()
}

fn real(text: &str) -> f64 {
    text.parse().unwrap_or_default()
}

/// The place between two numbers on the scale of a range.
fn scaled(range: &Range, min: f64, max: f64, at: f64) -> f64 {
    let along = |min: f64, max: f64| min + at * (max - min);
    match range.scaling_type.as_deref() {
        Some("Logarithmic") => along(min.ln(), max.ln()).exp(),
        Some("ReverseLogarithmic") => 1.0 - along((1.0 - min).ln(), (1.0 - max).ln()).exp(),
        _ => along(min, max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    fn ranges(json: serde_json::Value) -> Ranges {
        Ranges::deserialize(json).unwrap()
    }

    #[test]
    fn a_grid_has_every_combination_once() {
        let ranges = ranges(json!({"CategoricalParameterRanges": [
            {"Name": "a", "Values": ["1", "2"]}, {"Name": "b", "Values": ["x", "y", "z"]}]}));
        assert_eq!(combinations(&ranges), 6);
        let all: Vec<_> = (0..6).map(|n| values("Grid", &ranges, n, |_| 0.0)).collect();
        let texts: Vec<_> = all.iter().map(|pairs| format!("{}{}", pairs[0].1, pairs[1].1)).collect();
        assert_eq!(texts, ["1x", "1y", "1z", "2x", "2y", "2z"]);
    }

    proptest! {
        #[test]
        fn what_is_drawn_is_within_its_range(
            bounds in (-1_000_i64..1_000, 0_i64..1_000),
            at in 0.0..1.0_f64,
            scale in prop::sample::select(vec!["Auto", "Linear", "Logarithmic"]),
        ) {
            let (min, max) = (bounds.0, bounds.0 + bounds.1);
            prop_assume!(scale != "Logarithmic" || min > 0);
            let range = |name| json!([{"Name": name, "MinValue": min.to_string(), "MaxValue": max.to_string(),
                "ScalingType": scale}]);
            let ranges = ranges(json!({
                "IntegerParameterRanges": range("i"), "ContinuousParameterRanges": range("c"),
                "CategoricalParameterRanges": [{"Name": "x", "Values": ["p", "q"]}]}));
            prop_assert_eq!(check("Random", &ranges), Ok(()));
            let drawn = values("Random", &ranges, 0, |_| at);
            prop_assert!((min..=max).contains(&drawn[0].1.parse().unwrap()));
            let real: f64 = drawn[1].1.parse().unwrap();
            prop_assert!(real >= min as f64 && real <= max as f64);
            prop_assert!(["p", "q"].contains(&drawn[2].1.as_str()));
        }
    }
}
