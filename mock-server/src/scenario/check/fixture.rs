//! What can be known to be wrong with fixtures, and with what scenarios want of them.

use super::super::file::{self, Scenario};
use super::super::fixture::{Fixture, Wanted};
use super::super::problem::{Place, Problem};
use super::super::template::{MATRIX, Piece, VARS, pieces};
use super::{BUILT_IN, Checker, is_plain, later};
use crate::kernel::{AccountId, Snapshot};
use crate::model::State;

/// Every problem of a fixture, in the order of its file.
pub fn check_fixture(fixture: &Fixture) -> Vec<Problem> {
    let vars = file::by_name(fixture.vars.as_ref());
    let mut checker = Checker { vars, vars_are_defaults: true, ..Checker::default() };
    checker.problems = fixture.head_problems();
    checker.name(&fixture.metadata.name);
    checker.mapping("vars", fixture.vars.as_ref());
    if fixture.steps.value.is_empty() {
        checker.tell(fixture.steps.referenced, "a fixture has at least one step");
    }
    checker.later = later(&fixture.steps.value);
    for step in &fixture.steps.value {
        if step.value.explain.is_some() || step.value.fault.is_some() {
            checker.tell(step.referenced, "a fixture calls, advances and waits, and no more");
        }
        checker.step(step.referenced.into(), &step.value);
    }
    if let Some(outputs) = &fixture.outputs {
        checker.mapping("outputs", fixture.outputs.as_ref());
        checker.names(outputs);
    }
    checker.unused(fixture.vars.as_ref());
    checker.told()
}

impl Checker {
    /// A snapshot is all that an account is. So there is one, everything else is made in it, and what an account is made
    /// with it has already.
    pub(super) fn snapshot_fixtures(&mut self, scenario: &Scenario) {
        for (n, wanted) in scenario.fixtures.iter().enumerate() {
            let Some(snapshot) = &wanted.value.snapshot else { continue };
            self.name_in(snapshot.referenced.into(), &snapshot.value, &mut Vec::new());
            if n > 0 {
                self.tell(
                    snapshot.referenced,
                    "a snapshot is what all else is made in: it is the first fixture",
                );
            }
            if wanted.value.with.is_some() {
                self.tell(snapshot.referenced, "a snapshot has no parameters");
            }
            let settings = &scenario.settings;
            for (name, is_set) in [
                ("seed", settings.seed.is_some()),
                ("profile", settings.profile.is_some()),
                ("clock.start", settings.clock.start.is_some()),
            ] {
                if is_set {
                    let message =
                        format!("a snapshot has its own seed, profile and time: leave out `settings.{name}`");
                    self.tell(snapshot.referenced, message);
                }
            }
            if pieces(&snapshot.value).is_ok_and(|pieces| matches!(pieces[..], [Piece::Text(_)]))
                && let Some(message) = source_problem(&snapshot.value)
            {
                self.tell(snapshot.referenced, message);
            }
        }
    }

    pub(super) fn wanted(&mut self, wanted: &Wanted) {
        let (name, named) = (&wanted.r#as.value, wanted.r#as.referenced);
        if let Some(with) = &wanted.with {
            self.names(with);
        }
        self.problems.extend(wanted.parameter_problems());
        if self.new_name(named.into(), name) && self.fixtures.insert(name.clone(), wanted.clone()).is_some() {
            self.tell(named, format!("there is a fixture `{name}` already"));
        }
    }

    /// Whether something can be called this.
    pub(super) fn new_name(&mut self, place: Place, name: &str) -> bool {
        if BUILT_IN.contains(&name) || [VARS, MATRIX].contains(&name) {
            self.tell(place, format!("`{name}` is what templates have already: take another name"));
        } else if !pieces(&format!("${{{name}}}")).is_ok_and(|pieces| is_plain(&pieces)) {
            self.tell(place, format!("`{name}` is no name: letters, digits, `_` and `-`"));
        } else {
            return true;
        }
        false
    }
}

/// Why a text is not `ACCOUNT/NAME`.
pub fn source_problem(text: &str) -> Option<String> {
    let (account, name) = Wanted::source(text);
    if let Some(account) = account.filter(|account| AccountId::parse(account).is_none()) {
        return Some(format!("`{account}` is no account: twelve digits"));
    }
    let told = || format!("`{name}` is no name of a snapshot: letters, digits, `.`, `_` and `-`, 64 at most");
    (!Snapshot::<State>::is_name(name)).then(told)
}
