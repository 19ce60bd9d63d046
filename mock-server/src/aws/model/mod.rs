//! The published service models: operations, shapes, constraints.
//!
//! The models are compiled at build time to flat images (see [`mod@format`]). An image is read on the
//! first touch of its service and then lives as long as the process; its text is borrowed, never
//! copied. Starting the process touches none of them.

use std::sync::OnceLock;

pub mod format;

use crate::aws::encode::plan::Plan;
use crate::aws::validate::pattern::Pattern;
pub use format::{Kind, Location, ShapeId, flag};

/// An operation of a service.
pub type Operation = format::Operation<'static>;
/// A shape of a service.
pub type Shape = format::Shape<'static>;
/// A member of a structure.
pub type Member = format::Member<'static>;
/// How an operation is paged.
pub type Paginator = format::Paginator<'static>;

/// The services whose models are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceId {
    /// Amazon EC2, VPC networking included.
    Ec2,
    /// Amazon SageMaker.
    SageMaker,
    /// Amazon SageMaker Runtime: calls to endpoints.
    SageMakerRuntime,
    /// AWS Identity and Access Management.
    Iam,
    /// AWS Security Token Service.
    Sts,
    /// Amazon CloudWatch Logs.
    Logs,
    /// AWS Systems Manager.
    Ssm,
}

/// How a service talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Form requests, XML answers, in EC2's dialect.
    Ec2,
    /// Form requests, XML answers.
    Query,
    /// JSON both ways, the operation in a header.
    Json11,
    /// JSON and raw bodies, the operation in the path.
    RestJson,
}

impl ServiceId {
    /// All services.
    pub const ALL: [Self; 7] =
        [Self::Ec2, Self::SageMaker, Self::SageMakerRuntime, Self::Iam, Self::Sts, Self::Logs, Self::Ssm];

    /// The protocol of the service.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Ec2 => Protocol::Ec2,
            Self::Iam | Self::Sts => Protocol::Query,
            Self::SageMaker | Self::Logs | Self::Ssm => Protocol::Json11,
            Self::SageMakerRuntime => Protocol::RestJson,
        }
    }

    /// The service name in signatures, which is also the prefix of IAM actions.
    pub const fn signing_name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::SageMaker | Self::SageMakerRuntime => "sagemaker",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Logs => "logs",
            Self::Ssm => "ssm",
        }
    }

    /// The service's name in lists and messages: the name of its directory in the published models.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::SageMaker => "sagemaker",
            Self::SageMakerRuntime => "sagemaker-runtime",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Logs => "logs",
            Self::Ssm => "ssm",
        }
    }

    /// The service of that [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The service of a signature's scope. Two services sign as `sagemaker`; the calls to endpoints
    /// are told by their path.
    pub fn from_signing_name(name: &str, path: &str) -> Option<Self> {
        match name {
            "ec2" => Some(Self::Ec2),
            "sagemaker" if path.starts_with("/endpoints/") => Some(Self::SageMakerRuntime),
            "sagemaker" => Some(Self::SageMaker),
            "iam" => Some(Self::Iam),
            "sts" => Some(Self::Sts),
            "logs" => Some(Self::Logs),
            "ssm" => Some(Self::Ssm),
            _ => None,
        }
    }

    /// The service that an `X-Amz-Target` header names (`SageMaker.ListModels`).
    pub fn from_target(target: &str) -> Option<Self> {
        match target.split_once('.')?.0 {
            "SageMaker" => Some(Self::SageMaker),
            "Logs_20140328" => Some(Self::Logs),
            "AmazonSSM" => Some(Self::Ssm),
            _ => None,
        }
    }

    /// The query service of an API version (the `Version` parameter).
    pub fn from_api_version(version: &str) -> Option<Self> {
        match version {
            "2010-05-08" => Some(Self::Iam),
            "2011-06-15" => Some(Self::Sts),
            // EC2 has had many versions, and all are still served.
            "2016-11-15" | "2016-09-15" | "2016-04-01" | "2015-10-01" | "2015-04-15" | "2015-03-01"
            | "2014-10-01" | "2014-09-01" | "2014-06-15" | "2013-10-15" => Some(Self::Ec2),
            _ => None,
        }
    }

    /// The service of a public host name (`ec2.eu-west-1.amazonaws.com`, `api.sagemaker...`).
    pub fn from_host(host: &str) -> Option<Self> {
        let mut labels = host.split('.');
        match (labels.next()?, labels.next()) {
            ("ec2", _) => Some(Self::Ec2),
            ("api", Some("sagemaker")) => Some(Self::SageMaker),
            ("runtime", Some("sagemaker")) => Some(Self::SageMakerRuntime),
            ("iam", _) => Some(Self::Iam),
            ("sts", _) => Some(Self::Sts),
            ("logs", _) => Some(Self::Logs),
            ("ssm", _) => Some(Self::Ssm),
            _ => None,
        }
    }

    fn slot(self) -> (&'static OnceLock<Box<ServiceModel>>, &'static [u8]) {
        macro_rules! slot {
            ($name:literal) => {{
                static MODEL: OnceLock<Box<ServiceModel>> = OnceLock::new();
                (&MODEL, include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".model")))
            }};
        }
        match self {
            Self::Ec2 => slot!("ec2"),
            Self::SageMaker => slot!("sagemaker"),
            Self::SageMakerRuntime => slot!("sagemaker-runtime"),
            Self::Iam => slot!("iam"),
            Self::Sts => slot!("sts"),
            Self::Logs => slot!("logs"),
            Self::Ssm => slot!("ssm"),
        }
    }
}

/// The model of one service.
pub struct ServiceModel {
    /// Which service.
    pub id: ServiceId,
    image: format::Image<'static>,
    /// Output plans by shape, compiled when first needed.
    pub(in crate::aws) plans: Box<[OnceLock<Plan>]>,
    /// Patterns by number, compiled when first needed.
    pub(in crate::aws) patterns: Box<[OnceLock<Pattern>]>,
}

impl ServiceModel {
    /// The model of a service; the first call reads its image.
    pub fn get(id: ServiceId) -> &'static Self {
        let (slot, bytes) = id.slot();
        slot.get_or_init(|| {
            let image: format::Image<'static> =
                postcard::from_bytes(bytes).expect("the build script wrote this image with these types");
            let plans = image.shapes.iter().map(|_| OnceLock::new()).collect();
            let patterns = image.patterns.iter().map(|_| OnceLock::new()).collect();
            Box::new(Self { id, image, plans, patterns })
        })
    }

    /// Facts about the service as a whole.
    pub fn meta(&self) -> &format::Meta<'static> {
        &self.image.meta
    }

    /// The service's protocol.
    pub fn protocol(&self) -> Protocol {
        self.id.protocol()
    }

    /// All operations, sorted by name.
    pub fn operations(&'static self) -> &'static [Operation] {
        &self.image.operations
    }

    /// The operation of that name.
    pub fn operation(&'static self, name: &str) -> Option<&'static Operation> {
        let found = self.image.operations.binary_search_by(|operation| operation.name.cmp(name));
        found.ok().map(|index| &self.image.operations[index])
    }

    /// All shapes, sorted by name.
    pub fn shapes(&'static self) -> &'static [Shape] {
        &self.image.shapes
    }

    /// The shape of that number.
    pub fn shape(&'static self, id: ShapeId) -> &'static Shape {
        &self.image.shapes[usize::from(id.0)]
    }

    /// The shape of that name.
    pub fn shape_named(&'static self, name: &str) -> Option<ShapeId> {
        let found = self.image.shapes.binary_search_by(|shape| shape.name.cmp(name)).ok()?;
        u16::try_from(found).ok().map(ShapeId)
    }

    /// The members of a structure, in the order of the published model; none for other shapes.
    pub fn members(&'static self, shape: &Shape) -> &'static [Member] {
        &self.image.members[shape.members.indexes()]
    }

    /// The member of that name.
    pub fn member(&'static self, shape: &Shape, name: &str) -> Option<&'static Member> {
        self.members(shape).iter().find(|member| member.name == name)
    }

    /// The values of an enum; none for other shapes.
    pub fn enum_values(&'static self, shape: &Shape) -> &'static [&'static str] {
        shape.traits.as_ref().map_or(&[], |traits| &self.image.words[traits.words.indexes()])
    }

    /// The text of a pattern.
    pub fn pattern_text(&self, number: u16) -> &'static str {
        self.image.patterns[usize::from(number)]
    }

    /// All distinct patterns of the service.
    pub fn pattern_texts(&self) -> &[&'static str] {
        &self.image.patterns
    }

    /// The names of filters that an EC2 operation documents, sorted; `tag:` stands for `tag:<key>`.
    /// Empty where the published documentation lists none.
    pub fn filters(&'static self, operation: &Operation) -> &'static [&'static str] {
        &self.image.words[operation.filters.indexes()]
    }

    /// The errors that an operation declares.
    pub fn errors(&'static self, operation: &Operation) -> impl Iterator<Item = &'static Shape> {
        self.image.errors[operation.errors.indexes()].iter().map(|id| self.shape(*id))
    }

    /// The HTTP status that the model declares for an error, given the code on the wire or the
    /// shape's name.
    pub fn error_status(&'static self, code: &str) -> Option<u16> {
        self.error_shape(code)?.traits.as_ref()?.error_status
    }

    /// The shape of an error, given the code on the wire or the shape's name.
    pub fn error_shape(&'static self, code: &str) -> Option<&'static Shape> {
        let errors =
            || self.image.shapes.iter().filter(|shape| shape.has(flag::EXCEPTION) || shape.has_error());
        errors()
            .find(|shape| shape.error_code() == code)
            .or_else(|| errors().find(|shape| shape.name == code))
    }

    /// The input structure of an operation.
    pub fn input(&'static self, operation: &Operation) -> Option<&'static Shape> {
        operation.input.map(|id| self.shape(id))
    }

    /// The output structure of an operation.
    pub fn output(&'static self, operation: &Operation) -> Option<&'static Shape> {
        operation.output.map(|id| self.shape(id))
    }
}

impl Shape {
    /// Whether a flag of [`flag`] is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn has_error(&self) -> bool {
        self.traits
            .as_ref()
            .is_some_and(|traits| traits.error_code.is_some() || traits.error_status.is_some())
    }

    /// The code of an error shape on the wire.
    pub fn error_code(&self) -> &'static str {
        self.traits.as_ref().and_then(|traits| traits.error_code).unwrap_or(self.name)
    }

    /// Smallest length, size or value.
    pub fn min(&self) -> Option<f64> {
        self.traits.as_ref().and_then(|traits| traits.min)
    }

    /// Largest length, size or value.
    pub fn max(&self) -> Option<f64> {
        self.traits.as_ref().and_then(|traits| traits.max)
    }

    /// Position of the member that is the HTTP body.
    pub fn payload(&self) -> Option<usize> {
        self.traits.as_ref().and_then(|traits| traits.payload).map(usize::from)
    }
}

impl Member {
    /// The member's name in JSON and XML documents.
    pub fn wire_name(&self) -> &'static str {
        self.wire.unwrap_or(self.name)
    }

    /// The member's name in query requests. EC2 spells it with a capital first letter.
    pub fn query_name(&self) -> &'static str {
        self.query.unwrap_or_else(|| self.wire_name())
    }
}

impl std::fmt::Debug for ServiceModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceModel").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
