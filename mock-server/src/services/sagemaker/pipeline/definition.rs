//! What a pipeline's definition says. Source: the schema of pipeline definitions, version 2020-12-01.

use super::error::PipelineError;
use crate::kernel::SimTime;
use crate::model::{PipelineExecution, StepResult, StepStatus};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const VERSION: &str = "2020-12-01";

/// The kinds of steps that run.
const BUILT: &[&str] =
    &["Training", "Processing", "Transform", "Tuning", "Model", "RegisterModel", "Condition", "Fail"];

/// A step, and the condition in whose branch it stands.
pub struct Step<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub value: &'a Value,
    pub gate: Option<(&'a str, bool)>,
    /// The steps that it waits for.
    pub needs: BTreeSet<&'a str>,
}

impl<'a> Step<'a> {
    pub fn arguments(&self) -> &'a Value {
        &self.value["Arguments"]
    }
}

pub struct Definition<'a> {
    pub parameters: Vec<&'a Value>,
    /// In the order of the definition, those in branches after their condition.
    pub steps: Vec<Step<'a>>,
}

impl<'a> Definition<'a> {
    /// Reads a definition.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(whole: &'a Value) -> Result<Self, PipelineError> {
        let bad = |why: String| PipelineError::BadDefinition { why };
        if whole["Version"] != VERSION {
            return Err(bad(format!("Version must be {VERSION}.")));
        }
        let list = whole["Steps"].as_array().ok_or_else(|| bad("Steps must be a list.".into()))?;
        let mut steps = Vec::new();
        flatten(list, None, &mut steps)?;
        let mut names = BTreeSet::new();
        if let Some(step) = steps.iter().find(|step| !names.insert(step.name)) {
            return Err(bad(format!("Step names must be unique: {}.", step.name)));
        }
        for step in &steps {
            if let Some(missing) = step.needs.iter().find(|name| !names.contains(*name)) {
                return Err(bad(format!("Step {} depends on {missing}, which is no step.", step.name)));
            }
        }
        let parameters: Vec<_> = whole["Parameters"].as_array().into_iter().flatten().collect();
        if parameters.iter().any(|one| one["Name"].as_str().is_none() || one["Type"].as_str().is_none()) {
            return Err(bad("Each of Parameters must have a Name and a Type.".into()));
        }
        let definition = Self { parameters, steps };
        definition.check_order()?;
        Ok(definition)
    }

    /// No step waits for itself.
    fn check_order(&self) -> Result<(), PipelineError> {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        while done.len() < self.steps.len() {
            let ready = |step: &&Step<'_>| {
                let gate = step.gate.is_none_or(|(name, _)| done.contains(name));
                !done.contains(step.name) && gate && step.needs.iter().all(|name| done.contains(name))
            };
            let next: Vec<_> = self.steps.iter().filter(ready).map(|step| step.name).collect();
            if next.is_empty() {
                return Err(PipelineError::BadDefinition {
                    why: "Steps depend on each other in a circle.".into(),
                });
            }
            done.extend(next);
        }
        Ok(())
    }

    /// The first kind of step or function that is not there.
    pub fn not_built(&self) -> Option<String> {
        let kind = self.steps.iter().find(|step| !BUILT.contains(&step.kind));
        let of_files = || self.steps.iter().find(|step| mentions(step.arguments(), "Std:JsonGet"));
        kind.map(|step| format!("The pipeline step type {}", step.kind))
            .or_else(|| of_files().map(|step| format!("Std:JsonGet, in pipeline step {},", step.name)))
    }

    /// The values of all parameters, with those that were given.
    ///
    /// # Errors
    /// One that is unknown, lacks or has a wrong value.
    pub fn parameters(&self, given: &[(String, String)]) -> Result<Vec<(String, String)>, PipelineError> {
        let name_of = |one: &Value| one["Name"].as_str().unwrap_or_default().to_owned();
        if let Some((name, _)) =
            given.iter().find(|(name, _)| !self.parameters.iter().any(|one| one["Name"] == **name))
        {
            return Err(PipelineError::UnknownParameter { name: name.clone() });
        }
        let values = self.parameters.iter().map(|one| {
            let name = name_of(one);
            let own = given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
            let default = one.get("DefaultValue").map(text);
            let value =
                own.or(default).ok_or_else(|| PipelineError::ParameterMissing { name: name.clone() })?;
            let wanted = one["Type"].as_str().unwrap_or_default();
            let listed =
                one["EnumValues"].as_array().is_none_or(|all| all.iter().any(|each| text(each) == value));
            if typed(wanted, &value).is_none() || !listed {
                return Err(PipelineError::ParameterType { name, value, wanted: wanted.to_owned() });
            }
            Ok((name, value))
        });
        values.collect()
    }

    /// Whether a step has done what others wait for: of a condition, all of the branch that was taken too.
    pub fn done(&self, execution: &PipelineExecution, name: &str) -> bool {
        let Some(run) = execution.step(name).filter(|run| run.status == StepStatus::Succeeded) else {
            return false;
        };
        if execution.source_of(name).is_some() {
            return true;
        }
        let StepResult::Condition(holds) = run.result else { return true };
        let mut branch = self.steps.iter().filter(|step| step.gate == Some((name, holds)));
        branch.all(|step| self.done(execution, step.name))
    }

    /// The steps that can be started now.
    pub fn ready<'s>(&'s self, execution: &'s PipelineExecution) -> impl Iterator<Item = &'s Step<'a>> {
        self.steps.iter().filter(|step| {
            let gate = step.gate.is_none_or(|(name, wanted)| {
                execution.step(name).is_some_and(|run| run.result == StepResult::Condition(wanted))
            });
            execution.step(step.name).is_none()
                && execution.selection.as_ref().is_none_or(|selection| selection.has(step.name))
                && gate
                && step.needs.iter().all(|name| self.done(execution, name))
        })
    }
}

fn flatten<'a>(
    list: &'a [Value],
    gate: Option<(&'a str, bool)>,
    into: &mut Vec<Step<'a>>,
) -> Result<(), PipelineError> {
    for value in list {
        let (Some(name), Some(kind)) = (value["Name"].as_str(), value["Type"].as_str()) else {
            return Err(PipelineError::BadDefinition {
                why: "Each of Steps must have a Name and a Type.".into(),
            });
        };
        let arguments = &value["Arguments"];
        let mut needs: BTreeSet<&str> =
            value["DependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let own = if kind == "Condition" { &arguments["Conditions"] } else { arguments };
        references(own, &mut needs);
        into.push(Step { name, kind, value, gate, needs });
        for (branch, taken) in [("IfSteps", true), ("ElseSteps", false)] {
            if let Some(steps) = arguments[branch].as_array().filter(|_| kind == "Condition") {
                flatten(steps, Some((name, taken)), into)?;
            }
        }
    }
    Ok(())
}

/// The steps that a value refers to.
fn references<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Array(all) => all.iter().for_each(|each| references(each, into)),
        Value::Object(all) => {
            if let Some(step) =
                all.get("Get").and_then(Value::as_str).and_then(|path| path.strip_prefix("Steps."))
            {
                into.extend(step.split(['.', '[']).next());
            }
            all.values().for_each(|each| references(each, into));
        }
        _ => {}
    }
}

fn mentions(value: &Value, function: &str) -> bool {
    match value {
        Value::Array(all) => all.iter().any(|each| mentions(each, function)),
        Value::Object(all) => all.iter().any(|(name, each)| name == function || mentions(each, function)),
        _ => false,
    }
}

/// A plain value as text.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text as a value of a parameter's type.
fn typed(kind: &str, text: &str) -> Option<Value> {
    match kind {
        "Integer" => text.parse::<i64>().ok().map(|number| json!(number)),
        "Float" => text.parse::<f64>().ok().map(|number| json!(number)),
        "Boolean" => text.to_lowercase().parse::<bool>().ok().map(|truth| json!(truth)),
        "String" => Some(json!(text)),
        _ => None,
    }
}

/// Arguments with all that they refer to filled in.
pub struct Resolver<'a> {
    pub definition: &'a Definition<'a>,
    pub execution: &'a PipelineExecution,
    pub now: SimTime,
}

impl Resolver<'_> {
    /// # Errors
    /// What cannot be found.
    pub fn resolve(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::Array(all) => all.iter().map(|each| self.resolve(each)).collect(),
            Value::Object(all) => match all.get("Get").and_then(Value::as_str).filter(|_| all.len() == 1) {
                Some(path) => self.get(path).ok_or_else(|| format!("{path} has no value")),
                None => match all.get("Std:Join") {
                    Some(join) => self.join(join),
                    None => {
                        let each = all.iter().map(|(name, each)| Ok((name.clone(), self.resolve(each)?)));
                        each.collect::<Result<Map<_, _>, String>>().map(Value::Object)
                    }
                },
            },
            plain => Ok(plain.clone()),
        }
    }

    fn join(&self, join: &Value) -> Result<Value, String> {
        let values = self.resolve(&join["Values"])?;
        let values: Vec<_> = values.as_array().into_iter().flatten().map(text).collect();
        Ok(json!(values.join(join["On"].as_str().unwrap_or_default())))
    }

    fn get(&self, path: &str) -> Option<Value> {
        let (root, rest) = path.split_once('.')?;
        match root {
            "Parameters" => {
                let (_, value) = self.execution.parameters.iter().find(|(name, _)| name == rest)?;
                let kind =
                    self.definition.parameters.iter().find(|one| one["Name"] == rest)?["Type"].as_str()?;
                typed(kind, value)
            }
            "Execution" => Some(json!(match rest {
                "PipelineName" => &*self.execution.pipeline,
                "PipelineArn" => &self.execution.pipeline_arn,
                "PipelineExecutionId" => self.execution.id(),
                "PipelineExecutionArn" => &*self.execution.arn,
                "StartDateTime" => return Some(json!(time(self.execution.created))),
                "CurrentDateTime" => return Some(json!(time(self.now))),
                _ => return None,
            })),
            "Steps" => {
                let name = rest.split(['.', '[']).next()?;
                let run = self.execution.step(name)?;
                walk(&run.properties, &rest[name.len()..]).cloned()
            }
            _ => None,
        }
    }
}

/// Seconds since 1970: the form in which the API tells times.
fn time(at: SimTime) -> String {
    format!("{}", at.millis() / 1_000)
}

/// What is at `.A.B[0]['c']`; a list whose elements have names has them by name too.
fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let path = path.trim_start_matches('.');
    if path.is_empty() {
        return Some(value);
    }
    let (key, rest) = match path.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => path.split_at(path.find(['.', '[']).unwrap_or(path.len())),
    };
    let key = key.trim_matches(['\'', '"']);
    let found = match value {
        Value::Array(all) => match key.parse::<usize>() {
            Ok(n) => all.get(n),
            Err(_) => all.iter().find(|each| each["OutputName"] == key || each["InputName"] == key),
        },
        _ => value.get(key),
    };
    walk(found?, rest)
}

/// Whether all conditions hold.
///
/// # Errors
/// A condition of an unknown type, or one whose sides cannot be compared.
pub fn holds(resolver: &Resolver<'_>, conditions: &Value) -> Result<bool, String> {
    let all = conditions.as_array().into_iter().flatten();
    all.map(|each| one_holds(resolver, each)).try_fold(true, |all, each| Ok(all && each?))
}

fn one_holds(resolver: &Resolver<'_>, condition: &Value) -> Result<bool, String> {
    let kind = condition["Type"].as_str().unwrap_or_default();
    let side = |name: &str| resolver.resolve(&condition[name]);
    let ordered = || {
        let number =
            |name: &str| side(name)?.as_f64().ok_or_else(|| format!("{name} of a condition is no number"));
        number("LeftValue")?.partial_cmp(&number("RightValue")?).ok_or_else(|| "no order".to_owned())
    };
    Ok(match kind {
        "Equals" => {
            let (left, right) = (side("LeftValue")?, side("RightValue")?);
            left == right || left.as_f64().zip(right.as_f64()).is_some_and(|(left, right)| left == right)
        }
        "GreaterThan" => ordered()?.is_gt(),
        "GreaterThanOrEqualTo" => ordered()?.is_ge(),
        "LessThan" => ordered()?.is_lt(),
        "LessThanOrEqualTo" => ordered()?.is_le(),
        "In" => side("Values")?
            .as_array()
            .is_some_and(|all| side("QueryValue").is_ok_and(|query| all.contains(&query))),
        "Not" => !one_holds(resolver, &condition["Expression"])?,
        "Or" => {
            let all = condition["Conditions"].as_array().into_iter().flatten();
            all.map(|each| one_holds(resolver, each))
                .try_fold(false, |any, each| Ok::<_, String>(any || each?))?
        }
        other => return Err(format!("the condition type {other} is unknown")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs<'a>(definition: &Definition<'a>, name: &str) -> BTreeSet<&'a str> {
        definition.steps.iter().find(|step| step.name == name).unwrap().needs.clone()
    }

    fn whole(steps: Value) -> Value {
        json!({"Version": VERSION, "Steps": steps})
    }

    #[test]
    fn a_definition_says_what_waits_for_what() {
        let value = whole(json!([
            {"Name": "a", "Type": "Training", "Arguments": {}},
            {"Name": "if", "Type": "Condition", "DependsOn": ["a"], "Arguments": {"Conditions": [],
                "IfSteps": [{"Name": "b", "Type": "Processing", "Arguments": {"x": {"Get": "Steps.a.Y['z']"}}}],
                "ElseSteps": [{"Name": "c", "Type": "Fail"}]}}]));
        let definition = Definition::read(&value).unwrap();
        let gates: Vec<_> = definition.steps.iter().map(|step| (step.name, step.gate)).collect();
        assert_eq!(gates, [("a", None), ("if", None), ("b", Some(("if", true))), ("c", Some(("if", false)))]);
        assert_eq!(needs(&definition, "b"), BTreeSet::from(["a"]));
        assert_eq!(needs(&definition, "if"), BTreeSet::from(["a"]));
        assert_eq!(definition.not_built(), None);
        let other = whole(json!([{"Name": "a", "Type": "Lambda"}]));
        assert_eq!(
            Definition::read(&other).unwrap().not_built().as_deref(),
            Some("The pipeline step type Lambda")
        );
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        for (value, words) in [
            (json!({}), "Version"),
            (json!({"Version": VERSION}), "Steps"),
            (whole(json!([{"Name": "a"}])), "Name and a Type"),
            (whole(json!([{"Name": "a", "Type": "Fail"}, {"Name": "a", "Type": "Fail"}])), "unique"),
            (whole(json!([{"Name": "a", "Type": "Fail", "DependsOn": ["b"]}])), "depends on b"),
            (whole(json!([{"Name": "a", "Type": "Fail", "DependsOn": ["a"]}])), "circle"),
        ] {
            let Err(error) = Definition::read(&value) else { panic!("{value}") };
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn a_path_leads_into_lists_by_number_and_by_name() {
        let value = json!({"Outputs": [{"OutputName": "train", "S3Output": {"S3Uri": "s3://x"}}]});
        for path in [".Outputs['train'].S3Output.S3Uri", "Outputs[0].S3Output.S3Uri"] {
            assert_eq!(walk(&value, path), Some(&json!("s3://x")), "{path}");
        }
        assert_eq!(walk(&value, ".Outputs['test'].S3Output"), None);
    }
}
