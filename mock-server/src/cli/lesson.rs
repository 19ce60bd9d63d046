//! `mockplane lesson`: broken networks to mend, at a terminal with the AWS CLI beside it.

use super::{control, fail};
use crate::kernel::AccountId;
use crate::scenario::is_scenario;
use crate::scenario::lesson::{EMBEDDED, Listed, listed};
use crate::scenario::problem::instead_of;
use crate::server::DEFAULT_ACCOUNT;
use clap::{Args, Subcommand};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const CODES: &str =
    "Exit codes: 0 it is done, and a check passes; 1 the check does not pass; 2 it could not be asked.";
/// What a check that does not pass is, and what could not be asked.
const NOT_YET: u8 = 1;
const NOT_ASKED: u8 = 2;

#[derive(Subcommand)]
#[command(after_help = CODES)]
pub enum Lesson {
    /// List the lessons: those of the course first, in its order.
    List {
        /// Lessons of your own instead of those that come with the program.
        #[arg(long)]
        from: Option<PathBuf>,
    },
    /// Break something in an account, and say what is to be mended. The account begins anew.
    Start {
        /// The name of a lesson, or its number in the course.
        name: String,
        /// Lessons of your own instead of those that come with the program.
        #[arg(long)]
        from: Option<PathBuf>,
        #[command(flatten)]
        asked: Asked,
    },
    /// Say how far it is, and everything that was said so far.
    Status {
        #[command(flatten)]
        asked: Asked,
    },
    /// Ask for the next hint, which costs what it says.
    Hint {
        #[command(flatten)]
        asked: Asked,
    },
    /// Ask whether it is mended. Whatever the check does in the account is undone.
    Check {
        #[command(flatten)]
        asked: Asked,
    },
    /// Do what the teacher would do; or print it as a script of the AWS CLI, without running it.
    Solve {
        #[arg(long)]
        print: bool,
        #[command(flatten)]
        asked: Asked,
    },
    /// Break it again, as it was at the beginning. What was spent stays spent.
    Reset {
        #[command(flatten)]
        asked: Asked,
    },
}

#[derive(Args)]
pub struct Asked {
    /// The server to ask.
    #[arg(long, env = "MOCKPLANE_ENDPOINT", default_value_t = control::default_endpoint())]
    endpoint: String,
    /// Whose lesson it is: twelve digits, one account for each learner.
    #[arg(long, env = "MOCKPLANE_ACCOUNT_ID", default_value_t = DEFAULT_ACCOUNT.to_string(), value_parser = account)]
    account: String,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

fn account(text: &str) -> Result<String, String> {
    AccountId::parse(text).map(|account| account.to_string()).ok_or_else(|| "twelve digits".into())
}

pub fn lesson(what: &Lesson) -> ExitCode {
    match done(what) {
        Ok(code) => code,
        Err(problem) => {
            fail(problem);
            ExitCode::from(NOT_ASKED)
        }
    }
}

fn done(what: &Lesson) -> Result<ExitCode, String> {
    match what {
        Lesson::List { from } => list(from.as_deref())?,
        Lesson::Start { name, from, asked } => {
            let lesson = find(&lessons(from.as_deref())?, name)?;
            let told = asked.post("scenarios", lesson.text)?;
            asked.show(&told, || started(asked, &told));
        }
        Lesson::Status { asked } => {
            let told = asked.get("scenarios")?;
            asked.show(&told, || status(&told));
        }
        Lesson::Hint { asked } => {
            let hint = asked.post("scenarios/hint", String::new())?;
            asked.show(&hint, || {
                let head = format!("Hint {} ({}):", hint["number"], cost(&hint["cost"]));
                println!("{}", wrapped(&format!("{head} {}", text(&hint["text"]))));
                println!("{} more; your score is {}.", hint["left"], hint["score"]);
            });
        }
        Lesson::Check { asked } => {
            let told = asked.post("scenarios/check", String::new())?;
            asked.show(&told, || checked(&told));
            if told["check"]["passed"] != true {
                return Ok(ExitCode::from(NOT_YET));
            }
        }
        Lesson::Solve { print: true, asked } => {
            let told = asked.post("scenarios/script", String::new())?;
            asked.show(&told, || print!("{}", text(&told["script"])));
        }
        Lesson::Solve { print: false, asked } => {
            asked.post("scenarios/solve", String::new())?;
            // What the learner did before may be in the way still.
            let told = asked.post("scenarios/check", String::new())?;
            asked.show(&told, || checked(&told));
            if told["check"]["passed"] != true {
                return Ok(ExitCode::from(NOT_YET));
            }
        }
        Lesson::Reset { asked } => {
            let told = asked.post("scenarios/reset", String::new())?;
            asked.show(&told, || started(asked, &told));
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Asked {
    fn get(&self, path: &str) -> Result<Value, String> {
        let account = Some(self.account.clone());
        control::get(&self.endpoint, path, &[("account", &account)])
    }

    fn post(&self, path: &str, body: String) -> Result<Value, String> {
        let account = Some(self.account.clone());
        let answer = control::ask(&self.endpoint, path, &[("account", &account)], Some(body))?;
        serde_json::from_str(&answer).map_err(|error| error.to_string())
    }

    fn show(&self, told: &Value, text: impl FnOnce()) {
        if self.json {
            println!("{told:#}");
        } else {
            text();
        }
    }
}

// === Lessons ===

fn lessons(from: Option<&Path>) -> Result<Vec<Listed>, String> {
    let Some(folder) = from else {
        return Ok(listed(EMBEDDED.iter().copied()).0);
    };
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if is_scenario(&path) {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort();
    let (lessons, wrong) = listed(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    if wrong.is_empty() { Ok(lessons) } else { Err(wrong.join("\n")) }
}

/// The lesson of this name, or with this number in the course.
fn find(lessons: &[Listed], name: &str) -> Result<Listed, String> {
    let number: Option<u8> = name.parse().ok();
    let is_it = |lesson: &&Listed| lesson.name() == name || (number.is_some() && course(lesson) == number);
    lessons.iter().find(is_it).cloned().ok_or_else(|| {
        let nearest = instead_of(name, lessons.iter().map(Listed::name));
        let nearest = if nearest.is_empty() { ":" } else { &nearest };
        format!("no lesson is named `{name}`{nearest} `mockplane lesson list` lists them")
    })
}

fn course(listed: &Listed) -> Option<u8> {
    listed.scenario.lesson.as_ref()?.value.course.as_ref().map(|number| number.value)
}

fn list(from: Option<&Path>) -> Result<(), String> {
    let lessons = lessons(from)?;
    let width = lessons.iter().map(|lesson| lesson.name().len()).max().unwrap_or_default();
    for lesson in &lessons {
        let number = course(lesson).map_or(String::new(), |number| number.to_string());
        let title = lesson.scenario.metadata.title.as_deref().unwrap_or_default();
        println!("{number:>2}  {:<width$}  {title}", lesson.name());
    }
    Ok(())
}

// === What is said ===

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn cost(value: &Value) -> String {
    match value.as_u64() {
        Some(0) => "free".into(),
        cost => format!("costs {}", cost.unwrap_or_default()),
    }
}

fn started(asked: &Asked, told: &Value) {
    let lesson = &told["lesson"];
    head(told);
    if let Some(broken) = lesson["broken"].as_str() {
        println!("\n{}", wrapped(&format!("What is broken: {broken}")));
    }
    println!("\nFor the AWS CLI in this terminal:\n");
    println!("  export AWS_ENDPOINT_URL={}", asked.endpoint);
    println!("  export AWS_ACCESS_KEY_ID={}", asked.account);
    println!("  export AWS_SECRET_ACCESS_KEY=test");
    println!("  export AWS_DEFAULT_REGION={}", text(&told["region"]));
    println!("  export MOCKPLANE_ENDPOINT={}", asked.endpoint);
    println!("  export MOCKPLANE_ACCOUNT_ID={}", asked.account);
    println!("\nThen: mockplane lesson hint, mockplane lesson check.");
}

fn head(told: &Value) {
    let lesson = &told["lesson"];
    match lesson["course"].as_u64() {
        Some(number) => println!("Lesson {number} of the course: {}", text(&told["title"])),
        None => println!("{}", text(&told["title"])),
    }
    println!("\n{}", wrapped(text(&lesson["story"])));
    println!("\n{}", wrapped(&format!("Goal: {}", text(&lesson["goal"]))));
}

fn status(told: &Value) {
    let lesson = &told["lesson"];
    if lesson.is_null() {
        println!("{}: stopped after {}", text(&told["name"]), text(&told["stoppedAfter"]));
        return;
    }
    head(told);
    if let Some(broken) = lesson["broken"].as_str() {
        println!("\n{}", wrapped(&format!("What was broken: {broken}")));
    }
    for hint in lesson["hints"]["spent"].as_array().into_iter().flatten() {
        println!("\n{}", wrapped(&format!("Hint ({}): {}", cost(&hint["cost"]), text(&hint["text"]))));
    }
    let state = if lesson["passed"] == true { "mended" } else { "not mended, as far as it was checked" };
    let state = format!("{state}{}", if lesson["solved"] == true { ", and the fix was told" } else { "" });
    println!("\nChecks: {}; {state}. Score: {} of {}.", lesson["checks"], lesson["score"], lesson["of"]);
}

fn checked(told: &Value) {
    let (check, lesson) = (&told["check"], &told["lesson"]);
    if check["passed"] == true {
        println!("It is mended. Your score is {} of {}.", lesson["score"], lesson["of"]);
        println!("\n{}", wrapped(text(&lesson["debrief"])));
        let learn: Vec<_> = lesson["learn"].as_array().into_iter().flatten().map(text).collect();
        println!("\nRead on: {} (`mockplane rule ID` prints a rule).", learn.join(", "));
        return;
    }
    match check["said"].as_str() {
        Some(said) => {
            println!("{}", wrapped(&format!("Not yet. {said}")));
            println!("At {}:", text(&check["step"]));
        }
        None => println!("Not yet: {}", text(&check["step"])),
    }
    for problem in check["problems"].as_array().into_iter().flatten() {
        println!("{}", wrapped(&format!("- {}", text(problem))));
    }
    if let Some(rule) = check["rule"].as_str() {
        println!("Rule {rule}: `mockplane rule {rule}` says what it is about.");
    }
    if let Some(link) = check["explain"].as_str() {
        let resource = link.trim_start_matches("/_mockplane/explain/").split('?').next().unwrap_or_default();
        println!("Why it broke: `mockplane explain {resource}`.");
    }
}

/// Lines that a terminal has room for.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 100;
    let (mut out, mut width) = (String::new(), 0);
    for word in text.split_whitespace() {
        if !out.is_empty() {
            let fits = width + 1 + word.len() <= WIDTH;
            out.push(if fits { ' ' } else { '\n' });
            width = if fits { width + 1 } else { 0 };
        }
        out.push_str(word);
        width += word.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lessons_are_found_by_name_and_by_number() {
        let lessons = lessons(None).unwrap();
        assert_eq!(find(&lessons, "1").unwrap().name(), "sealed-room");
        assert_eq!(find(&lessons, "sealed-room").unwrap().name(), "sealed-room");
        assert!(find(&lessons, "0").unwrap_err().contains("no lesson is named `0`"));
        let told = find(&lessons, "seled-room").unwrap_err();
        assert_eq!(
            told,
            "no lesson is named `seled-room`; did you mean `sealed-room`? `mockplane lesson list` lists them"
        );
    }

    #[test]
    fn long_texts_are_wrapped_between_words() {
        let long = wrapped(&"word ".repeat(50));
        assert!(long.lines().count() == 3 && long.lines().all(|line| line.len() <= 100), "{long}");
    }
}
