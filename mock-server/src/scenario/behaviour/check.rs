//! What is wrong with a behaviour beyond its form.

use super::{Declared, Kind};
use crate::scenario::invocation::Reacts;
use crate::scenario::problem::{Flaw, flaw};

/// The most of each thing. Of metrics: service model, FinalMetricDataList.
const MOST_METRICS: usize = 40;
const MOST_LINES: usize = 100;
const LONGEST_TEXT: usize = 4_096;
const MOST_CONNECTIONS: usize = 100;
const MOST_FILES: usize = 100;
const MOST_INVOCATIONS: usize = 100;

impl Declared {
    /// What is wrong with it beyond its form.
    pub fn problem(&self) -> Option<Flaw> {
        self.of_kinds()
            .or_else(|| self.of_sizes())
            .or_else(|| self.of_names())
            .or_else(|| {
                let fails = self.service_failure.as_ref()?.problem(&self.kinds)?;
                Some(fails.below(&["serviceFailure"]))
            })
            .or_else(|| self.of_invocations(Reacts::problem))
    }

    /// What has no meaning for the kinds that it is for.
    fn of_kinds(&self) -> Option<Flaw> {
        let containers = self.kinds.iter().any(|kind| *kind != Kind::Compilation) || self.kinds.is_empty();
        let hosts = self.kinds.contains(&Kind::Hosting) || self.kinds.is_empty();
        let trains = self.kinds.contains(&Kind::Training) || self.kinds.is_empty();
        let scripts = self.kinds.iter().any(|kind| matches!(kind, Kind::Notebook | Kind::Cluster));
        let of_containers = [
            ("reads", self.reads.is_some()),
            ("writes", self.writes.is_some()),
            ("files", !self.files.is_empty()),
            ("metrics", !self.metrics.is_empty()),
            ("image", self.image.is_some()),
        ];
        let of_training =
            [("spot", self.spot.is_some()), ("checkpointEvery", self.checkpoint_every.is_some())];
        let first =
            |all: &[(&'static str, bool)]| all.iter().find(|(_, given)| *given).map(|(name, _)| *name);
        if self.exit_code == Some(0) && self.failure.is_some() {
            let message = "a container that exits with 0 has not failed: `failure` needs another `exitCode`";
            return flaw("exitCode", message);
        }
        if let Some(name) = first(&of_containers).filter(|_| scripts) {
            let message = "the scripts of a notebook instance or of a cluster write to their log, connect and end, and \
                           nothing else";
            return flaw(name, message);
        }
        if !containers && !self.connects.is_empty() {
            let message = "a compilation job runs no container of yours that could connect to anybody";
            return flaw("connects", message);
        }
        if !containers && self.image.is_some() {
            return flaw("image", "a compilation job has no image: say which by `job`");
        }
        if !hosts && !self.invocations.is_empty() {
            let message = "only endpoints are invoked: `invocations` is for `kinds: [hosting]`";
            return flaw("invocations", message);
        }
        let name = first(&of_training).filter(|_| !trains)?;
        let message = "only training jobs run on spot instances and write checkpoints: `kinds: [training]`";
        flaw(name, message)
    }

    fn of_sizes(&self) -> Option<Flaw> {
        if let Some(message) = self.spot.as_ref().and_then(|spot| spot.problem()) {
            return flaw("spot.times", message);
        }
        let many = [
            ("log", self.log.len(), MOST_LINES),
            ("metrics", self.metrics.len(), MOST_METRICS),
            ("connects", self.connects.len(), MOST_CONNECTIONS),
            ("files", self.files.len(), MOST_FILES),
            ("invocations", self.invocations.len(), MOST_INVOCATIONS),
        ];
        if let Some((what, count, most)) = many.into_iter().find(|(_, count, most)| count > most) {
            return flaw(what, format!("`{what}` has {count} entries, and {most} at most"));
        }
        let is_long = |text: &String| text.chars().count() > LONGEST_TEXT;
        let message = || format!("a line is longer than {LONGEST_TEXT} characters");
        if let Some(line) = self.log.iter().position(is_long) {
            return flaw(&format!("log.{line}"), message());
        }
        self.failure.as_ref().filter(|text| is_long(text)).and_then(|_| flaw("failure", message()))
    }

    fn of_names(&self) -> Option<Flaw> {
        let unnamed = |name: &String| {
            name.is_empty() || name.chars().count() > 255 || name.chars().any(char::is_control)
        };
        let metric = self.metrics.iter().find(|(name, values)| {
            unnamed(name) || values.all().is_empty() || values.all().iter().any(|value| !value.is_finite())
        });
        if let Some((name, _)) = metric {
            let message =
                format!("metric `{name}` needs a name of 255 characters at most, and finite numbers");
            return Some(Flaw::new("", message).below(&["metrics", name]));
        }
        let file = self.files.keys().find(|name| {
            unnamed(name)
                || name.starts_with('/')
                || name.split('/').any(|part| part == ".." || part.is_empty())
        })?;
        let message = format!("`{file}` is no name of a file below the output");
        Some(Flaw::new("", message).below(&["files", file]))
    }

    /// The first thing that is wrong with one of its invocations.
    pub(super) fn of_invocations(&self, wrong: impl Fn(&Reacts) -> Option<Flaw>) -> Option<Flaw> {
        let numbered = self.invocations.iter().enumerate();
        let below = |(number, reacts)| {
            wrong(reacts).map(|flaw| flaw.below(&["invocations", &usize::to_string(&number)]))
        };
        numbered.map(below).find_map(std::convert::identity)
    }
}
