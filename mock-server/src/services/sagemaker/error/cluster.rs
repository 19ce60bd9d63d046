//! Refusals of what is asked of clusters.
//!
//! Of most of them nobody could be found who saw AWS's own words; codes are those of the service model or of another
//! mock.

use crate::services::refusal::refusals;

refusals! {
    pub enum ClusterError as "sagemaker" {
        /// Known from another mock only; the service model declares ResourceNotFound.
        NoSuchCluster { name: String } = "ValidationException",
            assumed "Could not find cluster '{name}'.";
        /// Known from another mock only.
        ClusterExists { name: String } = "ResourceInUse",
            assumed "Resource Already Exists: Cluster with name {name} already exists. Choose a different name.";
        /// Known from another mock only. Why is documented: API reference, ClusterLifeCycleConfig.
        SourceUri { uri: String } = "ValidationException",
            assumed "Validation Error: SourceS3Uri {uri} does not start with 's3://sagemaker'.";
        ClusterBusy { name: String, status: &'static str } = "ConflictException",
            assumed "The cluster {name} is in status {status} and cannot be changed.";
        NoGroups = "ValidationException",
            assumed "You must specify at least one instance group.";
        GroupTwice { group: String } = "ValidationException",
            assumed "Instance group names must be unique within a cluster: {group}";
        NoSuchGroup { group: String } = "ValidationException",
            assumed "The instance group {group} does not exist in the cluster.";
        /// That they are mutually exclusive is documented: API reference, ClusterInstanceGroupSpecification.
        GroupType { group: String } = "ValidationException",
            assumed "You must specify exactly one of InstanceType and InstanceRequirements for the instance group \
                     {group}.";
        /// Documented: API reference, CreateCluster.
        OneOrchestrator = "ValidationException",
            assumed "You must provide exactly one orchestrator configuration: either Eks or Slurm.";
        /// Documented: developer guide, "sagemaker-hyperpod-prerequisites".
        EksNetwork = "ValidationException",
            assumed "VpcConfig must be specified for a cluster that is orchestrated by Amazon EKS.";
        /// As above.
        OverrideWithout { group: String } = "ValidationException",
            assumed "OverrideVpcConfig of the instance group {group} can be specified only if VpcConfig is specified for \
                     the cluster.";
        /// As above, of OverrideVpcConfig; that the type stays is assumed.
        GroupChange { member: &'static str, group: String } = "ValidationException",
            assumed "{member} of the instance group {group} cannot be changed after its creation.";
        /// Documented: API reference, DescribeClusterNode.
        OneNodeId = "ValidationException",
            assumed "You must specify exactly one of NodeId and NodeLogicalId.";
        /// Documented: API reference, BatchDeleteClusterNodes.
        SomeNodeId = "ValidationException",
            assumed "You must specify NodeIds, NodeLogicalIds or both.";
        /// The code is in the service model.
        NoSuchNode { node: String, name: String } = "ResourceNotFound",
            assumed "The instance {node} does not exist in the cluster {name}.";
        /// No answer of AWS: the operation is there, this form of it is not.
        ClusterForm(form: &'static str) = "NotImplemented" 501,
            text "{form} is not implemented by this mock";
    }
}
