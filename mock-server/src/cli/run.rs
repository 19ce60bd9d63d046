//! Scenarios from the command line.

use super::{diff, fail};
use crate::gateway::ROOT_SECRET;
use crate::scenario::diff::Side;
use crate::scenario::report::{All, Document, Form, Reporter, Text};
use crate::scenario::target::{Target, Unreachable};
use crate::scenario::{Options, diff_path, lint, run_path, schema};
use clap::Args;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

/// What is said below the options. Exit codes are those of Hurl.
const CODES: &str = "Targets: Mockplane in this process; with --endpoint a Mockplane that serves, another emulator, or AWS. \
                     The latter two take calls alone, signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
                     AWS_SESSION_TOKEN: scenarios that need more are skipped, `waitFor` and `poll` wait in real time, \
                     `blockedBy` is not judged, and what was made stays. See docs/SCENARIOS.md.\n\n\
                     Exit codes: 0 all is well, 1 there is nothing to run, or nothing that the target is fit for, 2 a file \
                     is not sound or an option does not fit, 3 something could not be carried out, 4 an expectation does not \
                     hold.";

/// The exit code if options do not go together.
const DOES_NOT_FIT: u8 = 2;
/// The exit code if there is no such target, or no place for a report.
const NOT_CARRIED_OUT: u8 = 3;

#[derive(Args)]
#[command(after_help = CODES)]
pub struct Run {
    /// A scenario file, or a directory with such files.
    path: PathBuf,
    /// Run against this target instead of in this process: the URL of a Mockplane or of another emulator, or `aws`.
    #[arg(long, env = "MOCKPLANE_ENDPOINT")]
    endpoint: Option<String>,
    /// Run on two targets, each as for --endpoint or `in-process`, and tell where their answers differ; what the scenarios
    /// expect is not judged.
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    diff: Vec<String>,
    /// What the calls of roots are signed with; it counts only if the endpoint is a Mockplane that verifies signatures.
    #[arg(long, env = "MOCKPLANE_ROOT_SECRET", default_value = ROOT_SECRET)]
    root_secret: String,
    /// Run only scenarios with this name or tag, or this row: NAME[ROW]; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// Stop after the first scenario that does not pass.
    #[arg(long)]
    fail_fast: bool,
    /// How many scenarios run at once, each in an account of its own: 8, or 1 where all share an account.
    #[arg(long, env = "MOCKPLANE_JOBS")]
    jobs: Option<usize>,
    /// Use this seed instead of those that the files give.
    #[arg(long)]
    seed: Option<u64>,
    /// Set a variable that the files have: NAME=VALUE, the value in YAML; may be given several times.
    #[arg(long = "var", value_parser = parse_variable)]
    vars: Vec<(String, String)>,
    /// Report as text, tap, junit or json: FORM, or FORM=FILE; may be given several times. Text unless one of them is
    /// printed.
    #[arg(long = "report", value_parser = parse_report)]
    reports: Vec<Report>,
    /// Tell every step, not only those that fail.
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 all is well, 1 there are no files, 2 a file is not sound.")]
pub struct Lint {
    /// A scenario file, or a directory with such files.
    path: PathBuf,
}

#[derive(Args)]
pub struct Format {
    /// Of which kind of file.
    #[arg(default_value = "scenario")]
    kind: FileKind,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FileKind {
    Scenario,
    Fixture,
}

/// Prints a schema.
pub fn schema(args: &Format) -> ExitCode {
    let schema = match args.kind {
        FileKind::Scenario => schema::scenario(),
        FileKind::Fixture => schema::fixture(),
    };
    println!("{schema:#}");
    ExitCode::SUCCESS
}

/// A report that was asked for; `None` is text.
#[derive(Clone)]
struct Report {
    form: Option<Form>,
    file: Option<PathBuf>,
}

pub fn run(args: Run) -> ExitCode {
    if args.reports.iter().filter(|report| report.file.is_none()).count() > 1 {
        eprintln!(
            "mockplane: one report goes to the standard output: give the others a file, as in `junit=report.xml`"
        );
        return ExitCode::from(DOES_NOT_FIT);
    }
    let mut reports: Vec<Box<dyn Reporter + Send>> = Vec::new();
    for report in &args.reports {
        let out: Box<dyn Write + Send> = match &report.file {
            None => Box::new(stdout()),
            Some(file) => match std::fs::File::create(file) {
                Ok(file) => Box::new(file),
                Err(error) => {
                    eprintln!("mockplane: {}: {error}", file.display());
                    return ExitCode::from(NOT_CARRIED_OUT);
                }
            },
        };
        reports.push(match report.form {
            Some(form) => Box::new(Document { form, out }),
            None => Box::new(Text::new(out).every_step(args.verbose)),
        });
    }
    if args.reports.iter().all(|report| report.file.is_some()) {
        reports.push(Box::new(Text::new(stdout()).every_step(args.verbose)));
    }
    let options = Options {
        only: args.only,
        fail_fast: args.fail_fast,
        seed: args.seed,
        vars: args.vars.into_iter().collect(),
        jobs: 0,
    };
    let options = |at_once| Options { jobs: args.jobs.unwrap_or(at_once), ..options.clone() };
    let mut reporter = All(reports);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(format_args!("cannot start: {error}")),
    };
    let run = async {
        let find = |name| diff::find(name, &args.root_secret);
        Ok::<_, Unreachable>(if let [a, b] = &args.diff[..] {
            let (one, other) = (find(a).await?, find(b).await?);
            let at_once = one.plane().at_once().min(other.plane().at_once());
            let (one, other) =
                (Side { name: a, target: &one, seed: None }, Side { name: b, target: &other, seed: None });
            diff_path(&one, &other, &args.path, &options(at_once), &mut reporter).await
        } else {
            let target = find(args.endpoint.as_deref().unwrap_or(diff::IN_PROCESS)).await?;
            run_path(&target, &args.path, &options(target.plane().at_once()), &mut reporter).await
        })
    };
    match runtime.block_on(run) {
        Ok(summary) => ExitCode::from(summary.exit_code()),
        Err(error) => {
            eprintln!("mockplane: {error}");
            ExitCode::from(NOT_CARRIED_OUT)
        }
    }
}

pub fn look(args: &Lint) -> ExitCode {
    match lint(&args.path, &Options::default()) {
        Err(why) => fail(why),
        Ok(found) => {
            print!("{found}");
            ExitCode::from(if found.problems.is_empty() { 0 } else { 2 })
        }
    }
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

fn parse_report(text: &str) -> Result<Report, String> {
    let (form, file) = text.split_once('=').map_or((text, None), |(form, file)| (form, Some(file.into())));
    let form = match form {
        "text" => None,
        "tap" => Some(Form::Tap),
        "junit" => Some(Form::Junit),
        "json" => Some(Form::Json),
        _ => return Err("text, tap, junit or json, or one of them and =FILE".into()),
    };
    Ok(Report { form, file })
}
