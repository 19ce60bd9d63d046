//! Models, and what hosts them.

use super::*;
use crate::kernel::{Memo, Row, SimTime};
use std::sync::Arc;

/// A model as SageMaker keeps it: containers, a role and, maybe, a network. Hosting and batch transform run it; it is
/// the only place where either is given a VPC.
#[derive(Clone, PartialEq, Debug)]
pub struct SageModel {
    pub name: Arc<str>,
    pub arn: String,
    /// Empty: none was given. Only endpoints that bring a role of their own can use such a model.
    pub execution_role_arn: String,
    pub vpc: Option<VpcConfig>,
    pub network_isolation: bool,
    /// All that the caller said.
    pub request: Document,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl SageModel {
    /// The containers, in the order in which they run.
    fn containers(&self) -> impl Iterator<Item = &serde_json::Value> {
        let several = self.request.get("Containers").and_then(serde_json::Value::as_array);
        self.request.get("PrimaryContainer").into_iter().chain(several.into_iter().flatten())
    }

    /// The images of the containers; one that comes from a model package has none of its own.
    pub fn images(&self) -> Vec<String> {
        self.containers().filter_map(|container| container["Image"].as_str()).map(str::to_owned).collect()
    }

    /// Where the containers' model data is.
    pub fn data_urls(&self) -> Vec<String> {
        let url = |container: &serde_json::Value| {
            let source = &container["ModelDataSource"]["S3DataSource"]["S3Uri"];
            container["ModelDataUrl"].as_str().or(source.as_str()).map(str::to_owned)
        };
        self.containers().filter_map(url).collect()
    }
}

impl Row for SageModel {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}
