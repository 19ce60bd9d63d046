//! What steps are called in reports.

use crate::scenario::file::Step;

pub(super) fn title(step: &Step) -> String {
    let fault = step.fault.as_ref().map(|fault| match (&fault.value.set, &fault.value.clear) {
        (Some(set), _) => format!("set the fault {}", set.id.as_deref().unwrap_or_default()),
        (_, clear) => format!("clear the fault {}", clear.as_ref().map_or("", |id| &id.value)),
    });
    let snapshot =
        step.snapshot.as_ref().map(|snapshot| match (&snapshot.value.save, &snapshot.value.restore) {
            (Some(name), _) => format!("save the snapshot {}", name.value),
            (_, name) => format!("restore the snapshot {}", name.as_ref().map_or("", |name| &name.value)),
        });
    let what = match (&step.call, &step.advance, &step.wait_for, &step.explain) {
        _ if fault.is_some() || snapshot.is_some() => fault.or(snapshot).unwrap_or_default(),
        (Some(call), ..) => call.value.clone(),
        (_, Some(span), ..) => format!("advance {}", span.value),
        (_, _, Some(wait), _) => format!("{} is {}", wait.resource.value, wait.state.value),
        (.., Some(resource)) => format!("explain {}", resource.value),
        _ => String::new(),
    };
    match &step.id {
        Some(id) => format!("{}: {what}", id.value),
        None => what,
    }
}
