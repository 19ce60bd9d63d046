//! Going back: steps that keep the scenario's account as it is, and that make it so again; and beginning with what another
//! account was.

use super::{Broken, Run, Stop, never_struck};
use crate::scenario::check;
use crate::scenario::file::SnapshotStep;
use crate::scenario::fixture::Wanted;
use crate::scenario::problem::{Place, Problem};
use crate::scenario::target::Target;
use serde_saphyr::Spanned;

impl<T: Target> Run<'_, T> {
    /// Makes the account what a snapshot of another one is.
    pub(super) async fn fork(&mut self, name: &str, snapshot: &Spanned<String>) -> Result<(), Broken> {
        let place = Place::from(snapshot.referenced);
        let broken = |problem: Problem| {
            Broken(Problem::new(problem.place, format!("fixture `{name}`: {}", problem.message)).to_string())
        };
        let source = self.scope.text(place, &snapshot.value).map_err(broken)?;
        if let Some(message) = check::source_problem(&source) {
            return Err(broken(Problem::new(place, message)));
        }
        let (account, name) = Wanted::source(&source);
        if self.session.fork(account, name).await? {
            return Ok(());
        }
        let message = format!(
            "there is no snapshot `{source}`: `mockplane snapshot save` makes one on a server that runs"
        );
        Err(broken(Problem::new(place, message)))
    }

    /// What was captured stays captured. A fault that goes because the account goes back has to have struck by then, like
    /// one that is cleared; one that stays and has struck need not do so again.
    pub(super) async fn snapshot(&mut self, step: &SnapshotStep) -> Result<(), Stop> {
        if let Some(name) = &step.save {
            self.session.save(&name.value).await?;
            self.saved.insert(name.value.clone(), self.faults.clone());
        } else if let Some(name) = &step.restore {
            let faults = self.saved.get(&name.value).cloned().unwrap_or_default();
            for (id, place) in &self.faults {
                if self.session.hits(id).await? > 0 {
                    self.struck.insert(*place);
                }
                let stays = faults.get(id) == Some(place);
                if !self.struck.contains(place) && !stays && !self.is_watched() {
                    return Err(never_struck(id, *place).into());
                }
            }
            self.session.restore(&name.value).await?;
            self.faults = faults;
        }
        Ok(())
    }
}
