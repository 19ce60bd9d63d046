//! Going back: steps that keep the scenario's account as it is, and that make it so again.

use super::{Run, Stop, never_struck};
use crate::scenario::file::SnapshotStep;
use crate::scenario::target::Target;

impl<T: Target> Run<'_, T> {
    /// What was captured stays captured. A fault that goes because the account goes back has to have struck by then, like
    /// one that is cleared; one that stays and has struck need not do so again.
    pub(super) async fn snapshot(&mut self, step: &SnapshotStep) -> Result<(), Stop> {
        if let Some(name) = &step.save {
            self.session.save(&name.value).await?;
            self.saved.insert(name.value.clone(), self.faults.clone());
        } else if let Some(name) = &step.restore {
            let mut faults = self.saved.get(&name.value).cloned().unwrap_or_default();
            for (id, place) in &self.faults {
                let struck = self.session.hits(id).await? > 0;
                if struck {
                    faults.remove(id);
                } else if !faults.contains_key(id) && !self.is_watched() {
                    return Err(never_struck(id, *place).into());
                }
            }
            self.session.restore(&name.value).await?;
            self.faults = faults;
        }
        Ok(())
    }
}
