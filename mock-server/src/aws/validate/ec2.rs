//! EC2's way to refuse input: the first thing that is missing, else the first that is wrong.

use super::ENUM;
use crate::aws::Fault;
use crate::aws::model::{Kind, Member, ServiceModel, Shape};
use crate::aws::text::lower_first;
use crate::aws::value::Value;

/// Enums with more values than this are not listed in messages.
const MOST_LISTED: usize = 12;

/// Parameters whose operations refuse an unknown word with a code or text of their own, such as `UnsupportedTenancy`.
/// `InstanceType` is the list of DescribeInstanceTypes.
const OWN_CODES: &[&str] = &["instanceTenancy", "instanceType", "InstanceType"];
/// Lists whose length the operations check themselves, because AWS has words of its own for it.
const COUNTED_ELSEWHERE: [&str; 2] = ["AddPrefixListEntries", "RemovePrefixListEntries"];

pub(super) fn validate(
    model: &'static ServiceModel,
    shape: &'static Shape,
    input: &Value,
) -> Result<(), Fault> {
    let mut path = String::new();
    walk(model, shape, input, &mut path, &mut |_, _, _| Ok(()), &mut |path| {
        Err(Fault::new("MissingParameter", format!("The request must contain the parameter {path}"))
            .because("EC2-MISSING")
            .called("aws-ec2-missing"))
    })?;
    let mut check = |shape: &'static Shape, value: &Value, path: &str| check(model, shape, value, path);
    walk(model, shape, input, &mut path, &mut check, &mut |_| Ok(()))
}

type Visit<'a> = &'a mut dyn FnMut(&'static Shape, &Value, &str) -> Result<(), Fault>;
type Missing<'a> = &'a mut dyn FnMut(&str) -> Result<(), Fault>;

/// Visits every value, and every required member that is absent, with its path.
fn walk(
    model: &'static ServiceModel,
    shape: &'static Shape,
    value: &Value,
    path: &mut String,
    visit: Visit<'_>,
    missing: Missing<'_>,
) -> Result<(), Fault> {
    visit(shape, value, path)?;
    match value {
        Value::Struct(fields) => {
            for member in model.members(shape) {
                let length = path.len();
                step(path, &name(member));
                match fields.get(member.name) {
                    // A query request cannot tell an empty list from none.
                    Some(Value::List(elements)) if member.required && elements.is_empty() => missing(path)?,
                    Some(inner) => walk(model, model.shape(member.shape), inner, path, visit, missing)?,
                    None if member.required => missing(path)?,
                    None => {}
                }
                path.truncate(length);
            }
        }
        Value::List(elements) => {
            if let Some(inner) = shape.element {
                for (index, element) in elements.iter().enumerate() {
                    let length = path.len();
                    step(path, &(index + 1).to_string());
                    walk(model, model.shape(inner), element, path, visit, missing)?;
                    path.truncate(length);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn step(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// The parameter's name in messages: in lower camel case, unless the model spells it on its own, as it does
/// `GroupDescription`. Both forms are known from logs of AWS.
fn name(member: &Member) -> String {
    member.wire.map_or_else(|| lower_first(member.query_name()), str::to_owned)
}

fn check(
    model: &'static ServiceModel,
    shape: &'static Shape,
    value: &Value,
    path: &str,
) -> Result<(), Fault> {
    let because = |rule: &str, name: &'static str, message: String| {
        Err(Fault::new("InvalidParameterValue", message).because(rule).called(name))
    };
    let refuse = |name: &'static str, message: String| because("EC2-BADVALUE", name, message);
    let of_pages = |rule: &'static str| if path == "maxResults" { rule } else { "EC2-BADVALUE" };
    match value {
        Value::Integer(_) | Value::Float(_) => {
            let (number, text) = match value {
                #[allow(clippy::cast_precision_loss)] // No limit in the model is beyond 2^53.
                Value::Integer(number) => (*number as f64, number.to_string()),
                Value::Float(number) => (*number, number.to_string()),
                _ => return Ok(()),
            };
            // EC2 says "greater than 5" where it means "5 or more".
            if let Some(min) = shape.min().filter(|min| number < *min) {
                let message = format!(
                    "Value ( {text} ) for parameter {path} is invalid. Expecting a value greater than {min}."
                );
                return because(of_pages("EC2-PAGE-MIN"), "aws-ec2-least", message);
            }
            if let Some(max) = shape.max().filter(|max| number > *max) {
                let message = format!(
                    "Value ( {text} ) for parameter {path} is invalid. Expecting a value less than {max}."
                );
                return because(of_pages("EC2-PAGE"), "aws-ec2-most", message);
            }
        }
        Value::String(text) => {
            let parameter = path.split('.').next().unwrap_or_default();
            let values = if OWN_CODES.contains(&parameter) { &[] } else { model.enum_values(shape) };
            if !values.is_empty() && !values.contains(&text.as_str()) {
                let hint = if path == "attribute" {
                    " Unknown attribute.".to_owned()
                } else if values.len() <= MOST_LISTED {
                    format!(" Expecting one of: {}.", values.join(", "))
                } else {
                    String::new()
                };
                let message = format!("Value ({text}) for parameter {path} is invalid.{hint}");
                return refuse("aws-ec2-enum", message);
            }
        }
        _ => {}
    }
    if matches!(shape.kind, Kind::String | Kind::List) && !COUNTED_ELSEWHERE.contains(&shape.name) {
        let broken = model.broken(shape, value);
        let broken = broken.iter().find(|(name, _)| *name != ENUM);
        if let Some((_, constraint)) = broken {
            let mut text = String::new();
            super::show(value, &mut text);
            let constraint = constraint.replacen("Member must", "It must", 1);
            let message = format!("Value ({text}) for parameter {path} is invalid. {constraint}.");
            return refuse("aws-ec2-form", message);
        }
    }
    Ok(())
}
