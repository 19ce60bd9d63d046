//! Things that change over time and can be waited for: how each kind is described.

use crate::aws::{Operation, ServiceId, ServiceModel};
use serde_json::Value;

/// A kind of thing that can be waited for.
#[derive(Debug)]
pub struct ResourceKind {
    /// The kind in `kind/name`.
    pub slug: &'static str,
    pub service: ServiceId,
    pub describe: &'static str,
    /// The input member that takes the name.
    pub name: &'static str,
    /// The output member with the state.
    pub state: &'static str,
    /// The states after which nothing more happens by itself.
    pub last: &'static [&'static str],
    /// Where the secondary statuses are, in order; JMESPath.
    pub secondary: Option<&'static str>,
}

/// The states in which a job has ended.
const ENDED: &[&str] = &["Completed", "Failed", "Stopped"];

macro_rules! job {
    ($slug:literal, $word:literal, $last:expr, $secondary:expr) => {
        ResourceKind {
            slug: concat!($slug, "-job"),
            service: ServiceId::SageMaker,
            describe: concat!("Describe", $word, "Job"),
            name: concat!($word, "JobName"),
            state: concat!($word, "JobStatus"),
            last: $last,
            secondary: $secondary,
        }
    };
}

/// Every kind that can be waited for.
pub const KINDS: &[ResourceKind] = &[
    job!("training", "Training", ENDED, Some("SecondaryStatusTransitions[].Status")),
    job!("processing", "Processing", ENDED, None),
    job!("transform", "Transform", ENDED, None),
    job!("compilation", "Compilation", &["COMPLETED", "FAILED", "STOPPED"], None),
    ResourceKind {
        slug: "hyper-parameter-tuning-job",
        service: ServiceId::SageMaker,
        describe: "DescribeHyperParameterTuningJob",
        name: "HyperParameterTuningJobName",
        state: "HyperParameterTuningJobStatus",
        last: ENDED,
        secondary: None,
    },
    ResourceKind {
        slug: "monitoring-schedule",
        service: ServiceId::SageMaker,
        describe: "DescribeMonitoringSchedule",
        name: "MonitoringScheduleName",
        state: "MonitoringScheduleStatus",
        last: &["Scheduled", "Failed", "Stopped"],
        secondary: None,
    },
    ResourceKind {
        slug: "automl-job",
        service: ServiceId::SageMaker,
        describe: "DescribeAutoMLJobV2",
        name: "AutoMLJobName",
        state: "AutoMLJobStatus",
        last: ENDED,
        secondary: None,
    },
    ResourceKind {
        slug: "endpoint",
        service: ServiceId::SageMaker,
        describe: "DescribeEndpoint",
        name: "EndpointName",
        state: "EndpointStatus",
        last: &["InService", "UpdateRollbackFailed", "Failed"],
        secondary: None,
    },
    ResourceKind {
        slug: "inference-component",
        service: ServiceId::SageMaker,
        describe: "DescribeInferenceComponent",
        name: "InferenceComponentName",
        state: "InferenceComponentStatus",
        last: &["InService", "Failed"],
        secondary: None,
    },
    ResourceKind {
        slug: "cluster",
        service: ServiceId::SageMaker,
        describe: "DescribeCluster",
        name: "ClusterName",
        state: "ClusterStatus",
        last: &["InService", "Failed"],
        secondary: None,
    },
    ResourceKind {
        slug: "notebook-instance",
        service: ServiceId::SageMaker,
        describe: "DescribeNotebookInstance",
        name: "NotebookInstanceName",
        state: "NotebookInstanceStatus",
        last: &["InService", "Stopped", "Failed"],
        secondary: None,
    },
];

impl ResourceKind {
    pub fn get(slug: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.slug == slug)
    }

    pub fn operation(&self) -> Option<&'static Operation> {
        ServiceModel::get(self.service).operation(self.describe)
    }

    /// Every state that the model knows.
    pub fn states(&self) -> &'static [&'static str] {
        let model = ServiceModel::get(self.service);
        let output = self.operation().and_then(|operation| model.output(operation));
        let member = output.and_then(|output| model.member(output, self.state));
        member.map_or(&[], |member| model.enum_values(model.shape(member.shape)))
    }

    /// Every secondary status that the model knows.
    pub fn secondary_statuses(&self) -> &'static [&'static str] {
        let model = ServiceModel::get(self.service);
        let output = self.operation().and_then(|operation| model.output(operation));
        let member = output.and_then(|output| model.member(output, "SecondaryStatus"));
        member.map_or(&[], |member| model.enum_values(model.shape(member.shape)))
    }

    /// Why it failed, as the kind calls it.
    pub fn reason_of<'a>(&self, description: &'a Value) -> &'a Value {
        &description[if self.slug == "cluster" { "FailureMessage" } else { "FailureReason" }]
    }

    pub fn state_of<'a>(&self, description: &'a Value) -> &'a str {
        description[self.state].as_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::query;

    #[test]
    fn every_kind_is_described_as_its_model_says() {
        for kind in KINDS {
            let model = ServiceModel::get(kind.service);
            let input = kind.operation().and_then(|operation| model.input(operation)).unwrap();
            assert!(model.member(input, kind.name).is_some_and(|member| member.required));
            assert!(kind.last.iter().all(|state| kind.states().contains(state)), "{:?}", kind.states());
            assert!(kind.secondary.is_none_or(|path| query::check(path).is_ok()));
            assert_eq!(kind.secondary.is_some(), !kind.secondary_statuses().is_empty());
        }
    }
}
