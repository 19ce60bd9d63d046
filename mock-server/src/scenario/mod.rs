//! Scenarios: stories that are told in a file, run against a control plane, and have an expected end.
//!
//! A file is read ([`file`]), checked as far as that is possible without running it ([`check`], [`input`]), and run
//! ([`run`]) against a [`target`]: calls are put on the wire as an SDK puts them, and the time of the scenario's
//! account, which is its own, is moved through the control API.

pub mod behaviour;
pub mod boto3;
pub mod callee;
pub mod check;
pub mod diff;
pub mod export;
pub mod fault;
pub mod file;
mod finding;
pub mod fixture;
pub mod input;
pub mod invocation;
pub mod lesson;
pub mod matcher;
pub mod matrix;
mod outline;
pub mod plane;
pub mod problem;
mod query;
mod reader;
pub mod report;
pub mod resource;
pub mod run;
pub mod schema;
pub mod script;
mod service_failure;
pub(crate) mod session;
pub mod shell;
pub mod span;
mod spot;
pub mod supply;
pub mod target;
pub mod template;
#[cfg(test)]
mod tests;
pub mod transcript;
pub mod tree;
mod wire;

use diff::Side;
use file::{API_VERSION, Scenario};
use futures_util::stream::{self, StreamExt};
use problem::Problem;
use report::Reporter;
use run::{Outcome, Overrides, Status};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::string::FromUtf8Error;
use target::Target;

/// What to run, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names or tags of the scenarios to run; all if empty.
    pub only: Vec<String>,
    /// Stops after the first scenario that does not pass.
    pub fail_fast: bool,
    /// In place of the seeds that the files give.
    pub seed: Option<u64>,
    /// In place of the variables that the files give, for files that have them. YAML.
    pub vars: BTreeMap<String, String>,
    /// How many run at once, each in an account of its own; 0 is 1.
    pub jobs: usize,
}

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many scenarios there were to run.
    pub of: usize,
    pub outcomes: Vec<Outcome>,
    /// What is wrong with files; nothing was run then.
    pub problems: Vec<(String, Problem)>,
    /// Why nothing could be run.
    pub unusable: Option<Unusable>,
}

/// Why nothing can be run, in words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unusable {
    /// There is nothing to run.
    #[error("{0}")]
    Nothing(String),
    /// What is given for the run does not fit the files.
    #[error("{0}")]
    Options(String),
}

impl Summary {
    /// How many ended like this.
    pub fn count(&self, status: Status) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.status() == status).count()
    }

    /// What was left out of steps that were carried out, and of how many.
    pub fn notes(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for note in self.outcomes.iter().flat_map(|one| &one.steps).flat_map(|step| &step.notes) {
            *counts.entry(note.as_str()).or_default() += 1;
        }
        counts
    }

    /// As Hurl has them: 0 all is well, 1 nothing to run, or nothing that the target is fit for, 2 a file is not sound
    /// or an option does not fit, 3 something could not be carried out, 4 an expectation does not hold.
    pub fn exit_code(&self) -> u8 {
        let any = |status: Status| self.count(status) > 0;
        if matches!(self.unusable, Some(Unusable::Nothing(_))) {
            1
        } else if self.unusable.is_some() || !self.problems.is_empty() {
            2
        } else if any(Status::Broken) {
            3
        } else if any(Status::Failed) {
            4
        } else if any(Status::Skipped) && !any(Status::Passed) {
            1
        } else {
            0
        }
    }
}

/// A scenario that is sound.
struct Loaded {
    file: String,
    scenario: Scenario,
    overrides: Overrides,
}

/// Runs a file, or every scenario in YAML or JSON below a directory in the order of their names.
///
/// Nothing runs unless every file is sound.
pub async fn run_path<T: Target>(
    target: &T,
    path: &Path,
    options: &Options,
    reporter: &mut (dyn Reporter + Send),
) -> Summary {
    let run = async |one: &Loaded| run::run(target, &one.scenario, &one.file, &one.overrides).await;
    each(path, options, reporter, run).await
}

/// Runs as [`run_path`] does, on two targets, and tells where they differ.
pub async fn diff_path<A: Target, B: Target>(
    a: &Side<'_, A>,
    b: &Side<'_, B>,
    path: &Path,
    options: &Options,
    reporter: &mut (dyn Reporter + Send),
) -> Summary {
    let run = async |one: &Loaded| diff::compare(a, b, &one.scenario, &one.file, &one.overrides).await;
    each(path, options, reporter, run).await
}

/// Does something with every scenario there is, in the order of their files.
async fn each(
    path: &Path,
    options: &Options,
    reporter: &mut (dyn Reporter + Send),
    run: impl AsyncFn(&Loaded) -> Outcome,
) -> Summary {
    let mut summary = Summary::default();
    match load(path, options, &mut summary.problems) {
        Err(why) => summary.unusable = Some(why),
        Ok(_) if !summary.problems.is_empty() => reporter.unsound(&summary.problems),
        Ok(loaded) if loaded.is_empty() => {
            let text = format!("{}: only fixtures, which are made for scenarios", path.display());
            summary.unusable = Some(Unusable::Nothing(text));
        }
        Ok(loaded) => {
            summary.of = loaded.len();
            // Whatever the order in which they end, they are told in that of their files.
            let mut outcomes =
                pin!(stream::iter(&loaded).map(|one| run(one)).buffered(at_once(&loaded, options)));
            while let Some(outcome) = outcomes.next().await {
                reporter.begin(summary.outcomes.len() + 1, loaded.len(), &outcome.name);
                outcome.steps.iter().for_each(|step| reporter.step(step));
                reporter.end(&outcome);
                let failed = outcome.failed();
                summary.outcomes.push(outcome);
                if options.fail_fast && failed {
                    break;
                }
            }
        }
    }
    reporter.finish(&summary);
    summary
}

/// One after the other if two of them want the same account.
fn at_once(loaded: &[Loaded], options: &Options) -> usize {
    let mut accounts: Vec<_> = loaded
        .iter()
        .filter_map(|one| one.scenario.settings.account.as_ref())
        .map(|one| &one.value)
        .collect();
    accounts.sort_unstable();
    let shared = accounts.windows(2).any(|two| two[0] == two[1]);
    if shared { 1 } else { options.jobs.max(1) }
}

/// What there is to say about files without running them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Lint {
    /// What keeps them from running.
    pub problems: Vec<(String, Problem)>,
    /// What works, and could be better.
    pub warnings: Vec<(String, Problem)>,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, problem) in &self.problems {
            writeln!(f, "{}", problem.in_file(file))?;
        }
        for (file, problem) in &self.warnings {
            writeln!(f, "{file}:{}: warning: {}", problem.place, problem.message)?;
        }
        Ok(())
    }
}

/// Reads and checks files without running anything.
///
/// # Errors
/// If nothing can be run.
pub fn lint(path: &Path, options: &Options) -> Result<Lint, Unusable> {
    let mut problems = Vec::new();
    let loaded = load(path, options, &mut problems)?;
    let warnings = loaded.iter().flat_map(|Loaded { file, scenario, .. }| {
        check::warnings(scenario).into_iter().map(|warning| (file.clone(), warning))
    });
    let mut warnings: Vec<_> = warnings.collect();
    // The rows of a matrix are warned of once.
    warnings.dedup();
    Ok(Lint { warnings, problems })
}

fn load(
    path: &Path,
    options: &Options,
    problems: &mut Vec<(String, Problem)>,
) -> Result<Vec<Loaded>, Unusable> {
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut count = 0;
    for path in files(path).map_err(Unusable::Nothing)? {
        let bytes = std::fs::read(&path)
            .map_err(|error| Unusable::Nothing(format!("{}: {error}", path.display())))?;
        count += 1;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                problems.push((path.display().to_string(), not_utf8(&error)));
                continue;
            }
        };
        let rows = rows(&path, &text, problems);
        let Some(first) = rows.first() else { continue };
        let (file, name) = (path.display().to_string(), &first.metadata.name);
        let same = |other: &&Loaded| other.scenario.metadata.name.value == name.value;
        if let Some(other) = loaded.iter().find(same) {
            let message = format!("{} is named `{}` too", other.file, name.value);
            problems.push((file.clone(), Problem::new(name.referenced, message)));
        }
        for scenario in rows {
            let vars = overridden(&scenario, options).map_err(Unusable::Options)?;
            let overrides = Overrides { seed: options.seed, vars, ..Overrides::default() };
            loaded.push(Loaded { file: file.clone(), scenario, overrides });
        }
    }
    // What several scenarios use is looked at several times.
    let mut told = HashSet::new();
    problems.retain(|(file, problem)| told.insert((file.clone(), problem.place, problem.message.clone())));
    if count == 0 {
        return Err(Unusable::Nothing(format!(
            "{}: no scenario, which is a file that ends in .yaml, .yml or .json",
            path.display()
        )));
    }
    unknown_vars(&loaded, options).map_err(Unusable::Options)?;
    // Of files that are not sound it is not known what they are called.
    if problems.is_empty() {
        unknown_words(&loaded, options).map_err(Unusable::Nothing)?;
    }
    loaded.retain(|one| {
        options.only.is_empty() || options.only.iter().any(|word| is_called(&one.scenario, word))
    });
    Ok(loaded)
}

fn unknown_words(loaded: &[Loaded], options: &Options) -> Result<(), String> {
    let known = |word: &&String| loaded.iter().any(|one| is_called(&one.scenario, word));
    let unknown: Vec<_> = options.only.iter().filter(|word| !known(word)).map(String::as_str).collect();
    let [first, ..] = unknown[..] else { return Ok(()) };
    let metadata = || loaded.iter().map(|one| &one.scenario.metadata);
    let names = metadata().map(|one| &one.name.value).chain(metadata().flat_map(|one| &one.tags));
    let hint = problem::instead_of(first, names.map(String::as_str).collect::<BTreeSet<_>>());
    let hint = if unknown.len() == 1 { hint } else { String::new() };
    Err(format!("no scenario has the name or tag {}{hint}", unknown.join(", ")))
}

/// Where a file stops being one of text.
fn not_utf8(error: &FromUtf8Error) -> Problem {
    let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
    let (line, rest) = (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default());
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX).saturating_add(1);
    let place = problem::Place { line: count(line), column: count(rest.chars().count()) };
    Problem::new(place, "not a text in UTF-8")
}

/// What a file says, once for each row of its matrix, checked as far as that is possible without running it; what is
/// wrong is told with the file that it is in. A fixture by itself is checked, and nothing to run.
pub fn rows(path: &Path, text: &str, problems: &mut Vec<(String, Problem)>) -> Vec<Scenario> {
    let file = path.display().to_string();
    let mut found = Vec::new();
    let mut tell = |problem| found.push((file.clone(), problem));
    if file::kind_of(text).as_deref() == Some(fixture::KIND) {
        match file::read::<fixture::Fixture>(text) {
            Ok(fixture) => {
                reader::located(text, check::check_fixture(&fixture)).into_iter().for_each(&mut tell);
            }
            Err(problem) => tell(problem),
        }
        problems.extend(found);
        return Vec::new();
    }
    let mut scenario = match file::parse(text) {
        Ok(scenario) => scenario,
        Err(problem) => {
            problems.push((file, problem));
            return Vec::new();
        }
    };
    fixture::find(&mut scenario, &file, path.parent().unwrap_or(Path::new("")), &mut found);
    let mut of_matrix = Vec::new();
    let mut rows = matrix::rows(scenario.clone(), &mut of_matrix);
    let own = of_matrix.into_iter().chain(check::check_rows(&rows)).collect();
    let mut own = reader::located(text, own);
    own.sort_by_key(|problem| problem.place);
    found.extend(own.into_iter().map(|problem| (file.clone(), problem)));
    found.extend(scenario.fixtures.iter().flat_map(|wanted| wanted.value.fixture_problems()));
    if rows.is_empty() {
        rows.push(scenario);
    }
    problems.extend(found);
    rows
}

fn is_called(scenario: &Scenario, word: &str) -> bool {
    scenario.name() == word
        || scenario.metadata.name.value == word
        || scenario.metadata.tags.iter().any(|tag| tag == word)
}

/// The given values of the variables that this scenario has.
fn overridden(scenario: &Scenario, options: &Options) -> Result<BTreeMap<String, tree::Node>, String> {
    let known = |name: &str| scenario.vars.as_ref().is_some_and(|vars| vars.get(name).is_some());
    let given = options.vars.iter().filter(|(name, _)| known(name));
    let read = |(name, text): (&String, &String)| match file::parse_value(text) {
        Ok(node) => Ok((name.clone(), node)),
        Err(Problem { message, .. }) => Err(format!("the value of variable `{name}`: {message}")),
    };
    given.map(read).collect()
}

fn unknown_vars(loaded: &[Loaded], options: &Options) -> Result<(), String> {
    let known = |name: &String| loaded.iter().any(|one| one.overrides.vars.contains_key(name));
    let Some(name) = options.vars.keys().find(|name| !loaded.is_empty() && !known(name)) else {
        return Ok(());
    };
    let vars = loaded.iter().filter_map(|one| one.scenario.vars.as_ref()).flat_map(tree::Node::entries);
    let names: BTreeSet<_> = vars.map(|(key, _)| &*key.text).collect();
    Err(format!("no scenario has a variable `{name}`{}", problem::instead_of(name, names)))
}

/// The file itself, or the scenario files below a directory, in order.
fn files(path: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    if !path.is_dir() {
        return std::fs::metadata(path).map(|_| vec![path.to_owned()]).map_err(|error| told(path, error));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| told(path, error))? {
        let path = entry.map_err(|error| told(path, error))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if is_scenario(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file among others is one of ours: all YAML is, and JSON that says so, as a schema does not.
pub fn is_scenario(path: &Path) -> bool {
    match path.extension().and_then(|end| end.to_str()) {
        Some("yaml" | "yml") => true,
        Some("json") => std::fs::read(path).is_ok_and(|text| match serde_json::from_slice(&text) {
            Ok(document) => {
                serde_json::Value::pointer(&document, "/apiVersion").is_some_and(|one| one == API_VERSION)
            }
            // It may have been meant to be one.
            Err(_) => String::from_utf8_lossy(&text).contains(API_VERSION),
        }),
        _ => false,
    }
}

/// A scenario by its text, if it can run.
///
/// # Errors
/// What is wrong with it, each with its place; or that it has a matrix, and is several scenarios.
pub fn sound(file: &str, text: &str) -> Result<Scenario, Vec<String>> {
    sound_row(file, text, None)
}

/// A scenario by its text, if it can run; of one with a matrix, the row of this name.
///
/// # Errors
/// What is wrong with it, each with its place; or that it has no such row, or several and none is named.
pub fn sound_row(file: &str, text: &str, row: Option<&str>) -> Result<Scenario, Vec<String>> {
    let mut problems = Vec::new();
    let mut all = rows(Path::new(file), text, &mut problems);
    if !problems.is_empty() {
        return Err(problems.iter().map(|(file, problem)| problem.in_file(file)).collect());
    }
    let name = |one: &Scenario| one.row.as_ref().map(|row| row.name.clone());
    if let Some(at) = all.iter().position(|one| name(one).as_deref() == row) {
        return Ok(all.swap_remove(at));
    }
    let names: Vec<_> = all.iter().filter_map(name).collect();
    Err(vec![match row {
        _ if all.is_empty() => format!("{file}: a fixture is no scenario"),
        None => format!("{file}: it has a matrix, and runs for one of its rows: {}", names.join(", ")),
        Some(row) if names.is_empty() => format!("{file}: it has no matrix, and no row `{row}`"),
        Some(row) => {
            let hint = problem::instead_of(row, names.iter().map(String::as_str));
            format!("{file}: its matrix has no row `{row}`{hint}")
        }
    }])
}
