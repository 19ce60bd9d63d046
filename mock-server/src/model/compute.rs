//! What SageMaker's instances are used for, and how many there may be of them.

use crate::kernel::Rehome;
use crate::model::quota::UNBOUNDED;
use crate::model::{InstanceGroup, State};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A use of instances with quotas of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum InstanceUse {
    Training,
    SpotTraining,
    Processing,
    Transform,
    Endpoint,
    Notebook,
    Cluster,
    /// Those of warm pools that are kept for the next job.
    WarmPool,
}

impl InstanceUse {
    pub const ALL: [InstanceUse; 8] = [
        InstanceUse::Training,
        InstanceUse::SpotTraining,
        InstanceUse::Processing,
        InstanceUse::Transform,
        InstanceUse::Endpoint,
        InstanceUse::Notebook,
        InstanceUse::Cluster,
        InstanceUse::WarmPool,
    ];

    /// What follows an instance type in the name of a quota. Source: Service Quotas, as accounts were told.
    pub fn phrase(self) -> &'static str {
        match self {
            InstanceUse::Training => "training job usage",
            InstanceUse::SpotTraining => "spot training job usage",
            InstanceUse::Processing => "processing job usage",
            InstanceUse::Transform => "transform job usage",
            InstanceUse::Endpoint => "endpoint usage",
            InstanceUse::Notebook => "notebook instance usage",
            InstanceUse::Cluster => "cluster usage",
            InstanceUse::WarmPool => "training warm pool usage",
        }
    }

    /// The quota of the instances of all types together. Source: as above; notebook instances are counted by
    /// themselves.
    pub fn total(self) -> Option<&'static str> {
        match self {
            InstanceUse::Training => Some("Number of instances across all training jobs"),
            InstanceUse::SpotTraining => Some("Number of instances across all spot training jobs"),
            InstanceUse::Processing => Some("Number of instances across all processing jobs"),
            InstanceUse::Transform => Some("Number of instances across all transform jobs"),
            InstanceUse::Endpoint => Some("Number of instances across active endpoints"),
            InstanceUse::Cluster => {
                Some("Total number of instances allowed across SageMaker HyperPod clusters")
            }
            InstanceUse::Notebook | InstanceUse::WarmPool => None,
        }
    }

    /// The quota of the instances that one of them may have. Source: as above; of others no such name was found.
    pub fn of_one(self) -> Option<&'static str> {
        match self {
            InstanceUse::Training => Some("Maximum number of instances per training job"),
            InstanceUse::SpotTraining => Some("Maximum number of instances per spot training job"),
            InstanceUse::Endpoint => Some("Maximum number of instances per endpoint"),
            InstanceUse::Cluster => Some("Maximum number instances allowed per SageMaker HyperPod cluster"),
            InstanceUse::Processing
            | InstanceUse::Transform
            | InstanceUse::Notebook
            | InstanceUse::WarmPool => None,
        }
    }

    /// The quota of the instances of one type.
    pub fn of_type(self, instance_type: &str) -> String {
        format!("{instance_type} for {}", self.phrase())
    }
}

/// Whether there is a quota of this name, as Service Quotas has it.
pub fn is_quota(name: &str) -> bool {
    let of_type = |instance_type: &str| {
        let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
        let parts = instance_type.strip_prefix("ml.").and_then(|rest| rest.split_once('.'));
        parts.is_some_and(|(family, size)| {
            !family.is_empty() && !size.is_empty() && instance_type.bytes().all(valid)
        })
    };
    let typed = || {
        let (instance_type, phrase) = name.split_once(" for ")?;
        Some(of_type(instance_type) && InstanceUse::ALL.iter().any(|each| each.phrase() == phrase))
    };
    fixed().any(|known| known == name) || typed() == Some(true)
}

/// The quotas that are of no instance type.
pub fn fixed() -> impl Iterator<Item = &'static str> {
    InstanceUse::ALL.into_iter().flat_map(|each| [each.total(), each.of_one()]).flatten()
}

/// Whether a type has the first AWS Inferentia, for which SageMaker does less than for others.
pub fn is_inf1(instance_type: &str) -> bool {
    instance_type.starts_with("ml.inf1.")
}

/// Whether instances of a type come with NVMe storage of their own; `None` where that is not known here. Source: EC2's
/// list of instance types.
pub fn has_storage(instance_type: &str) -> Option<bool> {
    const WITH: &[&str] = &[
        "c5d",
        "c6gd",
        "dl1",
        "g4dn",
        "g5",
        "g6",
        "g6e",
        "g7e",
        "m5d",
        "m6gd",
        "p3dn",
        "p4d",
        "p4de",
        "p5",
        "p5e",
        "p5en",
        "p6-b200",
        "p6-b300",
        "p6e-gb200",
        "r5d",
        "r6gd",
        "r7gd",
        "trn1",
        "trn1n",
        "trn2",
    ];
    const WITHOUT: &[&str] = &[
        "c4", "c5", "c5n", "c6g", "c6gn", "c6i", "c6in", "c7g", "c7i", "c7i-flex", "c8g", "c8i", "c8i-flex",
        "inf1", "inf2", "m4", "m5", "m6g", "m6i", "m7i", "m7i-flex", "m8g", "m8i", "m8i-flex", "p2", "p3",
        "r5", "r6g", "r6i", "r7i", "r8g", "r8i", "r8i-flex", "t2", "t3",
    ];
    let family = instance_type.trim_start_matches("ml.").split('.').next().unwrap_or_default();
    if WITH.contains(&family) { Some(true) } else { WITHOUT.contains(&family).then_some(false) }
}

/// What tables count of instances.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Usage {
    /// Those of one type that are used for something.
    Of(InstanceUse, Arc<str>),
    /// All that are used for something.
    All(InstanceUse),
    /// Those of one type that are in a zone.
    In(&'static str, Arc<str>),
}

/// Instances of one type in a zone.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Held {
    pub zone: &'static str,
    pub instance_type: Arc<str>,
    pub count: u32,
}

/// Counts instances that are used for something.
pub fn count(
    of: InstanceUse,
    groups: impl IntoIterator<Item = (Arc<str>, u32)>,
    emit: &mut dyn FnMut(Usage, u64),
) {
    for (instance_type, count) in groups {
        emit(Usage::Of(of, instance_type), count.into());
        emit(Usage::All(of), count.into());
    }
}

impl State {
    /// How many instances are there now.
    pub fn instances_used(&self, usage: &Usage) -> u64 {
        use crate::model::job::JobIndex;
        let of_jobs = self.jobs.sum(&JobIndex::Usage(usage.clone()));
        of_jobs + self.endpoints.sum(usage) + self.notebooks.sum(usage) + self.clusters.sum(usage)
    }
}

/// A quota of instances, how many there are of them, and how many more there were to be.
pub struct Exceeded {
    pub quota: String,
    pub most: usize,
    pub used: u64,
    pub delta: u64,
}

impl State {
    /// The quota that forbids so many more instances of these types, the largest of what has them having so many. That
    /// each type is looked at before all together, and that before one of them alone, is assumed.
    pub fn exceeded(&self, of: InstanceUse, more: &BTreeMap<&str, u64>, largest: u64) -> Option<Exceeded> {
        // Nobody said anything of instances.
        self.quotas.compute.as_ref()?;
        let over = |quota: String, used: u64, delta: u64| {
            let most = self.quotas.of(&quota);
            let over = most != UNBOUNDED && delta > 0 && used.saturating_add(delta) > most as u64;
            over.then_some(Exceeded { quota, most, used, delta })
        };
        let of_type = |(name, delta): (&&str, &u64)| {
            over(of.of_type(name), self.instances_used(&Usage::Of(of, (*name).into())), *delta)
        };
        let delta = more.values().sum();
        let of_all = || over(of.total()?.to_owned(), self.instances_used(&Usage::All(of)), delta);
        let of_one = || over(of.of_one().filter(|_| delta > 0)?.to_owned(), 0, largest);
        more.iter().find_map(of_type).or_else(of_all).or_else(of_one)
    }
}

/// How many instances of each type there are in groups, in the order of the types' names.
pub fn by_type(groups: &[InstanceGroup]) -> BTreeMap<&str, u64> {
    let mut all = BTreeMap::new();
    for group in groups {
        *all.entry(group.instance_type.as_str()).or_insert(0) += u64::from(group.count);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_is_that_of_the_family() {
        for (instance_type, expected) in [
            ("ml.g4dn.xlarge", Some(true)),
            ("ml.p5.48xlarge", Some(true)),
            ("ml.r5d.large", Some(true)),
            ("ml.m5.large", Some(false)),
            ("ml.p3.16xlarge", Some(false)),
            ("ml.nobody.knows", None),
            ("", None),
        ] {
            assert_eq!(has_storage(instance_type), expected, "{instance_type}");
        }
    }

    #[test]
    fn quotas_are_known_by_the_names_that_service_quotas_has() {
        for name in [
            "ml.p3.2xlarge for training job usage",
            "ml.g6e.12xlarge for endpoint usage",
            "ml.p6-b200.48xlarge for spot training job usage",
            "ml.t3.medium for notebook instance usage",
            "ml.p5.48xlarge for cluster usage",
            "ml.m5.xlarge for training warm pool usage",
            "Number of instances across all training jobs",
            "Number of instances across active endpoints",
        ] {
            assert!(is_quota(name), "{name}");
        }
        for name in [
            "p3.2xlarge for training job usage",
            "ml.p3 for training job usage",
            "ml.p3.2xlarge for training",
            "ml..x for endpoint usage",
            "ml.P3.2xlarge for endpoint usage",
            "Number of instances",
            "",
        ] {
            assert!(!is_quota(name), "{name}");
        }
        assert!(fixed().all(is_quota));
    }
}
