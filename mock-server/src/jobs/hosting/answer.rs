//! Which variant answers an invocation, and what becomes of what its container says.

use crate::kernel::digest;
use crate::model::{Answer, Canned, DeployedVariant, Deployment, Endpoint, Invocation, Partition, Said, Txn};
use std::time::Duration;

/// The part of the whole that each of these weights is. Where none weighs anything, all have equal parts; that is assumed.
pub fn parts(weights: &[f64]) -> impl Iterator<Item = f64> + '_ {
    let total: f64 = weights.iter().sum();
    let part = move |weight: &f64| if total > 0.0 { *weight / total } else { 1.0 / weights.len() as f64 };
    weights.iter().map(part)
}

/// The place, among these weights, of a point between 0 and 1: each takes its part of the way. `None`: there are no
/// weights.
pub fn place(weights: &[f64], point: f64) -> Option<usize> {
    let mut left = point;
    for (n, part) in parts(weights).enumerate() {
        left -= part;
        if left < 0.0 {
            return Some(n);
        }
    }
    // The sum of the shares may be a hair less than 1.
    weights.iter().rposition(|weight| *weight > 0.0).or(weights.len().checked_sub(1))
}

/// The next invocation of an endpoint: its number follows from the state, and where it goes from the number. Shadows
/// answer nobody.
pub fn next<'a>(
    txn: &mut Txn<'_>,
    endpoint: &'a Endpoint,
    serving: &'a Deployment,
) -> Option<&'a DeployedVariant> {
    let number = txn.state.invocations.get(&endpoint.name).copied().unwrap_or(0);
    txn.state.invocations.insert(endpoint.name.clone(), number + 1);
    let bits = digest(
        txn.origin.seed,
        &[
            b"traffic",
            endpoint.arn.as_bytes(),
            &endpoint.created.millis().to_le_bytes(),
            &number.to_le_bytes(),
        ],
    );
    // As many bits as a fraction has; both halves make one.
    let point = |bits: u64| (bits >> 11) as f64 / (1_u64 << 53) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "halves of 128 bits")]
    let (which, where_to) = (point((bits >> 64) as u64), point(bits as u64));
    let chosen = |deployment: &'a Deployment| {
        let all = deployment.variants.iter().enumerate().filter(|(_, variant)| !variant.shadow);
        let all: Vec<_> = all.collect();
        let weights: Vec<_> = all.iter().map(|(_, variant)| variant.weight).collect();
        place(&weights, which).and_then(|n| all.get(n).copied())
    };
    // While traffic goes over to a new deployment, that has its share of each variant's already.
    let new = endpoint.in_progress().zip(endpoint.shifted.as_ref()).and_then(|(pending, shares)| {
        let (n, variant) = chosen(pending)?;
        Some(variant).filter(|_| shares.get(n).is_some_and(|share| where_to < *share))
    });
    new.or_else(|| chosen(serving).map(|(_, variant)| variant))
}

/// How long a container may take. Source: API reference, InvokeEndpoint and InvokeEndpointWithResponseStream.
pub const AT_ONCE: Duration = Duration::from_secs(60);
pub const AS_STREAM: Duration = Duration::from_secs(8 * 60);

/// What the container says that was declared to, and how long it takes; `None` if it is somebody's own.
pub fn declared(invocation: &Invocation, limit: Duration) -> Option<(Said, Duration)> {
    let declared: &Canned = match &invocation.answer {
        Answer::Canned(declared) => declared,
        Answer::Proxy(_) => return None,
    };
    Some(match declared.delay > limit {
        true => (timeout(invocation), limit),
        false => (invocation.said(declared), declared.delay),
    })
}

/// A container that took too long. Source of the words: developer guide, "Troubleshoot Inference" pages of its SDK.
pub fn timeout(invocation: &Invocation) -> Said {
    Said::nothing(format!(
        "Your invocation timed out while waiting for a response from container {}. Review the latency metrics for \
         each container in Amazon CloudWatch, resolve the issue, and try again.",
        invocation.container
    ))
}

/// What is told of a container that did not answer well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelFailure {
    /// As in `CLIENT_ERROR_FROM_MODEL`.
    pub code: &'static str,
    /// The status that the container answered.
    pub status: u16,
    pub message: String,
    /// The container's own words.
    pub original: String,
    pub log_arn: String,
}

/// More of what a container says is not repeated; assumed, the service model allows 2,048 characters of all.
const LONGEST: usize = 1_024;

impl ModelFailure {
    /// `None`: the container answered well. Source of words and members: public issue threads.
    pub fn of(invocation: &Invocation, said: &Said) -> Option<Self> {
        if (200..300).contains(&said.status) {
            return None;
        }
        let Invocation { account, region, endpoint, container, .. } = invocation;
        let (side, code) = match said.status {
            400..500 => ("client", "CLIENT_ERROR_FROM_MODEL"),
            _ => ("server", "SERVER_ERROR_FROM_MODEL"),
        };
        let body = said.body();
        let original = String::from_utf8_lossy(&body);
        let words = match original.chars().count() > LONGEST {
            true => "and could not load the entire response body".to_owned(),
            false => format!("with message \"{original}\""),
        };
        let partition = Partition::of(region);
        let console = match partition {
            Partition::Aws => "aws.amazon.com",
            _ => partition.dns_suffix(),
        };
        let group = format!("/aws/sagemaker/Endpoints/{endpoint}");
        Some(Self {
            code,
            status: said.status,
            message: format!(
                "Received {side} error ({}) from {container} {words}. See \
                 https://{region}.console.{console}/cloudwatch/home?region={region}#logEventViewer:group={group} in \
                 account {account} for more information.",
                said.status
            ),
            original: original.chars().take(LONGEST).collect(),
            log_arn: partition.arn("logs", region, *account, format_args!("log-group:{group}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_weight_is_a_share() {
        for (weights, point, expected) in [
            (&[1.0, 1.0][..], 0.0, Some(0)),
            (&[1.0, 1.0], 0.499, Some(0)),
            (&[1.0, 1.0], 0.5, Some(1)),
            (&[0.0, 3.0], 0.0, Some(1)),
            (&[3.0, 0.0], 0.999_999, Some(0)),
            (&[0.0, 0.0], 0.6, Some(1)),
            (&[2.0], 0.9, Some(0)),
            (&[], 0.5, None),
        ] {
            assert_eq!(place(weights, point), expected, "{weights:?} {point}");
        }
    }

    proptest! {
        /// Points that are spread evenly fall as the weights are.
        #[test]
        fn shares_converge_to_weights(weights in proptest::collection::vec(0_u32..10, 1..6)) {
            let weights: Vec<f64> = weights.into_iter().map(f64::from).collect();
            let total: f64 = weights.iter().sum();
            prop_assume!(total > 0.0);
            let mut counts = vec![0_u32; weights.len()];
            for n in 0..10_000 {
                counts[place(&weights, f64::from(n) / 10_000.0).unwrap()] += 1;
            }
            for (count, weight) in counts.iter().zip(&weights) {
                prop_assert!((f64::from(*count) / 10_000.0 - weight / total).abs() < 0.001, "{counts:?} {weights:?}");
            }
        }
    }
}
