//! Fixtures: what a scenario needs to be there, and does not tell the story of.
//!
//! A fixture is a file of its own, `kind: Fixture`: variables, which are its parameters; steps, which are made in the
//! account of the scenario before its own; and outputs, which the scenario's templates name as `${NAME.path}`. It sees
//! nothing of the scenario but what it is given. Presets are fixtures that are part of the program.

use super::check;
use super::file::{self, API_VERSION, Metadata, Scenario, Step};
use super::problem::{Place, Problem, instead_of};
use super::schema::one_of;
use super::template::{Name, Part, Piece, Scope, pieces};
use super::tree::{Kind, Node};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub const KIND: &str = "Fixture";

/// The fixtures that are part of the program, by their names.
pub const PRESETS: [(&str, &str); 5] = [
    ("bucket", include_str!("../../../scenarios/fixtures/bucket.yaml")),
    ("private-vpc", include_str!("../../../scenarios/fixtures/private-vpc.yaml")),
    ("private-vpc-with-nat", include_str!("../../../scenarios/fixtures/private-vpc-with-nat.yaml")),
    (
        "private-vpc-with-s3-gateway",
        include_str!("../../../scenarios/fixtures/private-vpc-with-s3-gateway.yaml"),
    ),
    ("sagemaker-execution-role", include_str!("../../../scenarios/fixtures/sagemaker-execution-role.yaml")),
];

/// One file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fixture {
    #[schemars(with = "String", extend("const" = API_VERSION))]
    pub api_version: Spanned<String>,
    #[schemars(with = "String", extend("const" = KIND))]
    pub kind: Spanned<String>,
    pub metadata: Metadata,
    /// Its parameters and what they are if nothing is given, which its templates name as `vars.NAME`.
    #[schemars(with = "Option<BTreeMap<String, Node>>")]
    pub vars: Option<Node>,
    /// Calls, and waiting for what they begin.
    #[schemars(with = "Vec<Step>")]
    #[schemars(length(min = 1))]
    pub steps: Spanned<Vec<Spanned<Step>>>,
    /// What templates of scenarios can name: a mapping of any depth.
    #[schemars(with = "Option<BTreeMap<String, Node>>")]
    pub outputs: Option<Node>,
}

/// A fixture that a scenario asks for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "WantedFixture", extend("oneOf" = one_of(&["preset", "file", "snapshot"])))]
pub struct Wanted {
    /// What templates call it.
    #[schemars(with = "String")]
    pub r#as: Spanned<String>,
    /// The name of one that is part of the program.
    #[schemars(with = "Option<String>", extend("enum" = PRESETS.map(|(name, _)| name)))]
    pub preset: Option<Spanned<String>>,
    /// A file, relative to that of the scenario.
    #[schemars(with = "Option<String>")]
    pub file: Option<Spanned<String>>,
    /// `ACCOUNT/NAME`: what an account of the server was, which this one begins with. `NAME` is one of the server's own
    /// account.
    #[schemars(with = "Option<String>")]
    pub snapshot: Option<Spanned<String>>,
    /// Values of its parameters.
    #[schemars(with = "Option<BTreeMap<String, Node>>")]
    pub with: Option<Node>,
    /// What was read for it.
    #[serde(skip)]
    pub found: Option<Arc<Found>>,
}

/// A fixture, and where it was read.
#[derive(Debug)]
pub struct Found {
    /// How messages call it.
    pub file: String,
    pub fixture: Fixture,
}

/// Reads what a scenario asks for. `folder` is where its file is. What is wrong is told with the file that it is in.
pub fn find(scenario: &mut Scenario, file: &str, folder: &Path, problems: &mut Vec<(String, Problem)>) {
    for wanted in &mut scenario.fixtures {
        let place = wanted.referenced.into();
        match read(&wanted.value, place, folder) {
            Ok(found) => wanted.value.found = found.map(Arc::new),
            Err((other, problem)) => problems.push((other.unwrap_or_else(|| file.to_owned()), problem)),
        }
    }
}

/// The file of a fixture that is one.
fn read(wanted: &Wanted, place: Place, folder: &Path) -> Result<Option<Found>, (Option<String>, Problem)> {
    let here = |place: Place, message: String| (None, Problem::new(place, message));
    let (file, text) = match (&wanted.preset, &wanted.file, &wanted.snapshot) {
        (Some(preset), None, None) => {
            let found = PRESETS.iter().find(|(name, _)| *name == preset.value);
            let (name, text) = found.ok_or_else(|| {
                let hint = instead_of(&preset.value, PRESETS.map(|(name, _)| name));
                here(preset.referenced.into(), format!("no preset is named `{}`{hint}", preset.value))
            })?;
            (format!("preset {name}.yaml"), (*text).to_owned())
        }
        (None, Some(file), None) => {
            let path = folder.join(&file.value).display().to_string();
            let text = std::fs::read_to_string(&path)
                .map_err(|error| here(file.referenced.into(), format!("{path}: {error}")))?;
            (path, text)
        }
        (None, None, Some(_)) => return Ok(None),
        _ => return Err(here(place, "a fixture is exactly one of `preset`, `file` and `snapshot`".into())),
    };
    if let Some(kind) =
        file::kind_of(&text).filter(|kind| [file::KIND, file::LESSON].contains(&kind.as_str()))
    {
        let named = wanted.file.as_ref().map_or(place, |file| file.referenced.into());
        return Err(here(named, format!("{file} is a {kind}, and no {KIND}")));
    }
    match file::read::<Fixture>(&text) {
        Ok(fixture) => Ok(Some(Found { file, fixture })),
        Err(problem) => Err((Some(file), problem)),
    }
}

impl Fixture {
    /// Its parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.vars.iter().flat_map(Node::entries).map(|(key, _)| key.text.as_str())
    }

    /// What is wrong with its first lines.
    pub fn head_problems(&self) -> Vec<Problem> {
        let given = [(&self.api_version, API_VERSION), (&self.kind, KIND)];
        let given = given.into_iter().filter(|(given, wanted)| given.value != *wanted);
        given
            .map(|(given, wanted)| {
                Problem::new(given.referenced, format!("expected `{wanted}`, found `{}`", given.value))
            })
            .collect()
    }
}

impl Wanted {
    /// The account and the name in `ACCOUNT/NAME`.
    pub fn source(snapshot: &str) -> (Option<&str>, &str) {
        snapshot.rsplit_once('/').map_or((None, snapshot), |(account, name)| (Some(account), name))
    }

    /// Whether there is something to name.
    pub fn puts_out(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.fixture.outputs.is_some())
    }

    /// Its parameters: what is given, and else the defaults.
    ///
    /// # Errors
    /// A template of what is given that names nothing.
    pub fn given(&self, scope: &Scope) -> Result<BTreeMap<String, Node>, Problem> {
        let defaults = self.found.as_ref().and_then(|found| found.fixture.vars.as_ref());
        let mut given = file::by_name(defaults);
        for (key, node) in self.with.iter().flat_map(Node::entries) {
            given.insert(key.text.clone(), Node::plain(node.place, scope.value(node)?));
        }
        Ok(given)
    }

    /// What is wrong with the fixture itself, with its file.
    pub fn fixture_problems(&self) -> Vec<(String, Problem)> {
        let Some(found) = &self.found else { return Vec::new() };
        let problems = check::check_fixture(&found.fixture).into_iter();
        problems.map(|problem| (found.file.clone(), problem)).collect()
    }

    /// What is wrong with the parameters that it gives.
    pub fn parameter_problems(&self) -> Vec<Problem> {
        let (Some(with), Some(found)) = (&self.with, &self.found) else { return Vec::new() };
        let Kind::Map(entries) = &with.kind else {
            let message = format!("`with` maps parameters to values, it is not {}", with.what());
            return vec![Problem::new(with.place, message)];
        };
        let mut problems = Vec::new();
        for (key, node) in entries {
            let default = found.fixture.vars.as_ref().and_then(|vars| vars.get(&key.text));
            match default {
                None => {
                    let hint = instead_of(&key.text, found.fixture.parameters());
                    let message = format!("{} has no parameter `{}`{hint}", found.file, key.text);
                    problems.push(Problem::new(key.place, message));
                }
                Some(default) if !fits(default, node) => {
                    let message = format!("`{}` is {}, not {}", key.text, default.what(), node.what());
                    problems.push(Problem::new(node.place, message));
                }
                Some(_) => {}
            }
        }
        problems
    }

    /// Why nothing can be there that a template names: the fixture puts out no such thing.
    pub fn output_problem(&self, name: &Name) -> Option<String> {
        let Some(found) = &self.found else {
            let told = || format!("fixture `{}` is a snapshot, which puts out nothing", self.r#as.value);
            return self.snapshot.as_ref().map(|_| told());
        };
        let mut told = name.root.clone();
        let mut at = found.fixture.outputs.as_ref();
        for part in &name.path {
            let outer = told.clone();
            match part {
                Part::Member(member) => told.push_str(&format!(".{member}")),
                Part::Element(index) => told.push_str(&format!("[{index}]")),
            }
            let node = match at {
                // What a call answered may be of any form.
                Some(node) if is_whole_template(node) => return None,
                Some(node) => node,
                None => return Some(format!("{} puts out nothing", found.file)),
            };
            let inner = match (part, &node.kind) {
                (Part::Member(member), _) => node.get(member),
                (Part::Element(index), Kind::List(nodes)) => nodes.get(*index),
                (Part::Element(_), _) => None,
            };
            if inner.is_none() {
                let known = node.entries().iter().map(|(key, _)| key.text.as_str());
                let hint = match part {
                    Part::Member(member) => instead_of(member, known),
                    Part::Element(_) => String::new(),
                };
                return Some(format!(
                    "{} puts out no `{told}`: `{outer}` is {}{hint}",
                    found.file,
                    node.what()
                ));
            }
            at = inner;
        }
        None
    }
}

/// A parameter is of the kind that its default is of. What a template stands for is known only when it runs.
fn fits(default: &Node, given: &Node) -> bool {
    let any = default.kind == Kind::Null || is_whole_template(default) || is_whole_template(given);
    any || std::mem::discriminant(&default.kind) == std::mem::discriminant(&given.kind)
}

fn is_whole_template(node: &Node) -> bool {
    let pieces = node.text().and_then(|text| pieces(text).ok());
    pieces.is_some_and(|pieces| matches!(pieces[..], [Piece::Name(_)]))
}
