//! What Search knows of resources is what the service model has of them.

use mockplane::aws::model::{Kind, Shape, ShapeId};
use mockplane::aws::{ServiceId, ServiceModel};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/search-properties.txt");

/// Types of resources with the members of a search record.
const KINDS: &[(&str, &str)] = &[
    ("TrainingJob", "TrainingJob"),
    ("Experiment", "Experiment"),
    ("ExperimentTrial", "Trial"),
    ("ExperimentTrialComponent", "TrialComponent"),
    ("Endpoint", "Endpoint"),
    ("Model", "Model"),
    ("ModelPackage", "ModelPackage"),
    ("ModelPackageGroup", "ModelPackageGroup"),
    ("Pipeline", "Pipeline"),
    ("PipelineExecution", "PipelineExecution"),
    ("PipelineVersion", "PipelineVersion"),
    ("FeatureGroup", "FeatureGroup"),
    ("FeatureMetadata", "FeatureMetadata"),
    ("HyperParameterTuningJob", "HyperParameterTuningJob"),
    ("ModelCard", "ModelCard"),
];

fn walk(model: &'static ServiceModel, shape: &Shape, within: &mut Vec<ShapeId>, into: &mut Vec<String>) {
    let indent = " ".repeat(within.len());
    for member in model.members(shape) {
        let target = model.shape(member.shape);
        let inner = match target.kind {
            Kind::List => target.element.filter(|id| model.shape(*id).kind == Kind::Structure),
            Kind::Structure => Some(member.shape),
            _ => None,
        };
        let word = match target.kind {
            Kind::String => "text",
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double => "number",
            Kind::Boolean => "boolean",
            Kind::Timestamp => "time",
            Kind::Map => "map",
            Kind::List => "list",
            Kind::Structure => "structure",
            Kind::Blob => continue,
        };
        into.push(format!("{indent}{} {word}", member.name));
        if let Some(inner) = inner.filter(|id| !within.contains(id)) {
            within.push(inner);
            walk(model, model.shape(inner), within, into);
            within.pop();
        }
    }
}

#[test]
fn search_knows_what_the_model_has() {
    let model = ServiceModel::get(ServiceId::SageMaker);
    let record = model.shape(model.shape_named("SearchRecord").unwrap());
    let mut lines = vec![
        "# What Search knows of each type of resource: properties, indented below what has them, with their types. Made \
         from the"
            .to_owned(),
        "# service model by `MOCKPLANE_UPDATE=1 cargo test -p mock-server --test search`.".to_owned(),
    ];
    for (resource, member) in KINDS {
        lines.push(format!("{resource} {member}"));
        let id = model.member(record, member).unwrap().shape;
        walk(model, model.shape(id), &mut vec![id], &mut lines);
    }
    let now = lines.join("\n") + "\n";
    if std::env::var_os("MOCKPLANE_UPDATE").is_some() {
        std::fs::write(FILE, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(FILE).unwrap(), now);
}
