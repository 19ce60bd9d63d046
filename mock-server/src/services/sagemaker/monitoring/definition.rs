//! The four kinds of job definitions: one type for each operation, one [`Definition`] for each kind.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, page_as};
use super::super::members::Members;
use super::super::tags::{Tag, checked};
use super::error::MonitoringError;
use super::work::Work;
use crate::kernel::{Memo, SimTime};
use crate::model::monitoring::DefinitionIndex;
use crate::model::{DefinitionKey, MonitoringDefinition, MonitoringType, State, Txn};
use crate::services::{Caller, Done, Operation, Page, Read, Registrar, Reply, ReplyWriter, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use std::marker::PhantomData;
use std::sync::Arc;

/// The names by which the service model calls what belongs to a kind of definition.
#[derive(Debug)]
pub struct Words {
    create: &'static str,
    describe: &'static str,
    list: &'static str,
    delete: &'static str,
    /// The members that describe it, in the order of the service model.
    members: [&'static str; 8],
}

macro_rules! words {
    ($kind:literal) => {
        &Words {
            create: concat!("Create", $kind, "JobDefinition"),
            describe: concat!("Describe", $kind, "JobDefinition"),
            list: concat!("List", $kind, "JobDefinitions"),
            delete: concat!("Delete", $kind, "JobDefinition"),
            members: [
                concat!($kind, "BaselineConfig"),
                concat!($kind, "AppSpecification"),
                concat!($kind, "JobInput"),
                concat!($kind, "JobOutputConfig"),
                "JobResources",
                "NetworkConfig",
                "RoleArn",
                "StoppingCondition",
            ],
        }
    };
}

/// What a kind of definition has of its own.
pub trait Definition: 'static {
    const KIND: MonitoringType;
    const WORDS: &'static Words;
}

pub struct DataQuality;
impl Definition for DataQuality {
    const KIND: MonitoringType = MonitoringType::DataQuality;
    const WORDS: &'static Words = words!("DataQuality");
}

pub struct ModelQuality;
impl Definition for ModelQuality {
    const KIND: MonitoringType = MonitoringType::ModelQuality;
    const WORDS: &'static Words = words!("ModelQuality");
}

pub struct ModelBias;
impl Definition for ModelBias {
    const KIND: MonitoringType = MonitoringType::ModelBias;
    const WORDS: &'static Words = words!("ModelBias");
}

pub struct ModelExplainability;
impl Definition for ModelExplainability {
    const KIND: MonitoringType = MonitoringType::ModelExplainability;
    const WORDS: &'static Words = words!("ModelExplainability");
}

/// The operations that every kind has.
pub fn operations<D: Definition>(registrar: &mut impl Registrar) {
    registrar.write::<Create<D>>();
    registrar.read::<Describe<D>>();
    registrar.read::<List<D>>();
    registrar.write::<Delete<D>>();
}

pub fn arn(caller: &Caller, key: &DefinitionKey) -> String {
    caller.arn("sagemaker", format_args!("{}-job-definition/{}", key.kind.stem(), key.name))
}

fn find<D: Definition>(
    state: &State,
    caller: &Caller,
    name: &Arc<str>,
) -> Result<Arc<MonitoringDefinition>, SageMakerError> {
    let key = DefinitionKey { kind: D::KIND, name: name.clone() };
    let missing = || MonitoringError::NoDefinition { arn: arn(caller, &key) };
    state.monitoring_definitions.get(&key).cloned().ok_or_else(|| missing().into())
}

pub struct Create<D>(PhantomData<D>);

/// All members are kept, to be told again.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    job_definition_name: Arc<str>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    job_definition_arn: String,
}

impl<D: Definition> Operation for Create<D> {
    const NAME: &'static str = D::WORDS.create;
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl<D: Definition> Write for Create<D> {
    /// That the endpoint is looked at by the schedule and not here is assumed, after another mock.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let tags = checked(&input.tags)?;
        let request = Value::Object(input.members);
        let work = Work::of(D::KIND, &request)?;
        let key = DefinitionKey { kind: D::KIND, name: input.job_definition_name };
        let arn = arn(caller, &key);
        if txn.state.monitoring_definitions.contains(&key) {
            return Err(MonitoringError::DefinitionExists { arn }.into());
        }
        work.check(txn, caller)?;
        let endpoint = work.endpoint().map(Arc::from);
        txn.state.monitoring_definitions.insert(MonitoringDefinition {
            key,
            arn: arn.clone(),
            endpoint,
            request: Arc::new(request),
            created: txn.now,
            tags,
            memo: Memo::default(),
        });
        Ok(CreateOut { job_definition_arn: arn })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    job_definition_name: Arc<str>,
}

pub struct Describe<D>(PhantomData<D>);

impl<D: Definition> Operation for Describe<D> {
    const NAME: &'static str = D::WORDS.describe;
    type In = Named;
    type Out = Described<D>;
    type Error = SageMakerError;
}

impl<D: Definition> Read for Describe<D> {
    fn run(view: &View<'_>, input: Named) -> Result<Described<D>, SageMakerError> {
        find::<D>(view.state, view.caller, &input.job_definition_name).map(|row| Described(row, PhantomData))
    }
}

/// A definition, printed from its row alone, so that what was printed can be kept there.
pub struct Described<D>(Arc<MonitoringDefinition>, PhantomData<D>);

impl<D: Definition> Reply for Described<D> {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Told::<D>(&self.0, PhantomData))
    }
}

struct Told<'a, D>(&'a MonitoringDefinition, PhantomData<D>);

impl<D: Definition> Serialize for Told<'_, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Members::new(serializer, &self.0.request)?;
        out.put("JobDefinitionArn", &self.0.arn)?;
        out.put("JobDefinitionName", &*self.0.key.name)?;
        out.put("CreationTime", &self.0.created.millis())?;
        for member in D::WORDS.members {
            out.repeat(member)?;
        }
        out.end()
    }
}

/// Source: API reference of each list.
const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: false };

impl Listed for MonitoringDefinition {
    fn name(&self) -> &Arc<str> {
        &self.key.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }
}

pub struct List<D>(PhantomData<D>);

impl<D: Definition> Operation for List<D> {
    const NAME: &'static str = D::WORDS.list;
    type In = ListIn;
    type Out = Page<Row<MonitoringDefinition>>;
    type Error = SageMakerError;
}

impl<D: Definition> Read for List<D> {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<MonitoringDefinition>>, SageMakerError> {
        let rows = view.state.monitoring_definitions.by(&DefinitionIndex::Kind(D::KIND));
        page_as(&MANNER, rows, &input)
    }
}

impl Summarized for MonitoringDefinition {
    const LIST: &'static str = "JobDefinitionSummaries";

    /// The model requires the name of an endpoint; a definition for transform jobs has none.
    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self;
        let mut out = Members::new(serializer, &row.request)?;
        out.put("MonitoringJobDefinitionName", &*row.key.name)?;
        out.put("MonitoringJobDefinitionArn", &row.arn)?;
        out.put("CreationTime", &row.created.millis())?;
        out.put("EndpointName", row.endpoint.as_deref().unwrap_or_default())?;
        out.end()
    }
}

pub struct Delete<D>(PhantomData<D>);

impl<D: Definition> Operation for Delete<D> {
    const NAME: &'static str = D::WORDS.delete;
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl<D: Definition> Write for Delete<D> {
    /// Nothing is documented that holds a definition; a schedule without it fails to start jobs.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let row = find::<D>(&txn.state, caller, &input.job_definition_name)?;
        txn.state.monitoring_definitions.remove(&row.key);
        Ok(Done {})
    }
}
