//! The answers of operations that tests call past the wire, held against the published models all the same.

use super::Reply;
use crate::aws::{ServiceId, ServiceModel};
use crate::gateway::encode_as;

/// Whether the answer is one that the model of its operation allows: no member that the model lacks, what it requires
/// is there, and values are in their bounds. Panics with what is wrong.
pub fn assert_fits<R: Reply>(operation: &str, out: &R) {
    let models = ServiceId::ALL.map(ServiceModel::get);
    let meant = models.iter().filter_map(|model| Some((*model, model.operation(operation)?)));
    let tried: Vec<_> =
        meant.map(|(model, operation)| encode_as(operation, model, "a-request", out).map(|_| ())).collect();
    // A few names are operations of two services.
    if !tried.is_empty() && tried.iter().all(Result::is_err) {
        let told: Vec<_> = tried.into_iter().filter_map(|answer| Some(answer.err()?.message)).collect();
        panic!("the answer of {operation} does not fit its model: {}", told.join("; "));
    }
}
