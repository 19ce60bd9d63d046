//! Snapshots of a scenario: each has a name that can be one, and is saved before it is restored, and for that.

use super::{Checker, Saved};
use crate::kernel::Snapshot;
use crate::model::State;
use crate::scenario::file::{SnapshotStep, Step};
use crate::scenario::problem::{Place, instead_of};

impl Checker {
    pub(super) fn snapshot_step(&mut self, place: Place, whole: &Step, step: &SnapshotStep) {
        if whole.with.is_some() || whole.poll.is_some() || whole.expect.is_some() || whole.capture.is_some() {
            self.tell(
                place,
                "`snapshot` takes nothing else: it has no answer to expect or capture anything of",
            );
        }
        match (&step.save, &step.restore) {
            (Some(name), None) => {
                if !Snapshot::<State>::is_name(&name.value) {
                    let message = format!(
                        "`{}` is no name of a snapshot: letters, digits, `.`, `_` and `-`, 64 at most",
                        name.value
                    );
                    self.tell(name.referenced, message);
                }
                let saved =
                    Saved { place: name.referenced.into(), faults: self.faults.clone(), restored: false };
                let before = self.snapshots.insert(name.value.clone(), saved);
                if let Some(before) = before.filter(|before| !before.restored) {
                    self.never_restored(before.place, &name.value);
                }
            }
            (None, Some(name)) => match self.snapshots.get_mut(&name.value) {
                Some(saved) => {
                    saved.restored = true;
                    self.faults = saved.faults.clone();
                }
                None => {
                    let hint = instead_of(&name.value, self.snapshots.keys().map(String::as_str));
                    self.tell(name.referenced, format!("no snapshot `{}` is saved by now{hint}", name.value));
                }
            },
            _ => self.tell(place, "a `snapshot` step is exactly one of `save` and `restore`"),
        }
    }

    pub(super) fn unused_snapshots(&mut self) {
        for (name, saved) in std::mem::take(&mut self.snapshots) {
            if !saved.restored {
                self.never_restored(saved.place, &name);
            }
        }
    }

    fn never_restored(&mut self, place: Place, name: &str) {
        self.tell(place, format!("snapshot `{name}` is saved, and never restored"));
    }
}
