//! What operations accept and do not use. `docs/IGNORED.md` tells users, and every change of it is seen in review.

use mockplane::aws::model::{Kind, Shape, ShapeId};
use mockplane::aws::value::{Struct, Value};
use mockplane::aws::{ServiceId, ServiceModel, from_value};
use mockplane::services::{
    Invoke, Operation, Read, Registrar, Write, ec2, iam, logs, runtime, sagemaker, ssm, sts,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/IGNORED.md");

/// By operation, as `ec2 CreateVpc`: the paths of members without effect.
type Ignored = BTreeMap<String, BTreeSet<String>>;

/// Hands every operation of a service an input with every member that its model has.
struct Probe {
    service: ServiceId,
    ignored: Ignored,
    /// Inputs that an operation cannot read.
    misfits: Vec<String>,
}

impl Probe {
    fn probe<O: Operation>(&mut self) {
        let model = ServiceModel::get(self.service);
        let operation = model.operation(O::NAME).expect("a registered operation is in the model");
        let mut paths = BTreeSet::new();
        for number in [1, -1, i32::MIN, i32::MAX] {
            let everything = |shape| everything(number, model, shape, &mut Vec::new());
            let input = model.input(operation).map_or(Value::empty().clone(), everything);
            let mut note = |path: &str| {
                // `DryRun` is the gateway's own business.
                if path != "DryRun" {
                    paths.insert(path.replace("[0]", "[]"));
                }
            };
            // Whatever the model lets through has to fit what the operation declares.
            if let Err(error) = from_value::<O::In>(&input, &mut note) {
                self.misfits.push(format!("{} with {number}: {error}", O::NAME));
            }
        }
        let name = format!("{} {}", self.service.signing_name(), O::NAME);
        self.ignored.insert(name, paths);
    }
}

impl Registrar for Probe {
    fn read<O: Read>(&mut self) {
        self.probe::<O>();
    }
    fn write<O: Write>(&mut self) {
        self.probe::<O>();
    }
    fn invoke<O: Invoke>(&mut self) {
        self.probe::<O>();
    }
}

/// A value with all members, once where shapes contain themselves; its numbers are as near to `wanted` as may be.
fn everything(
    wanted: i32,
    model: &'static ServiceModel,
    shape: &'static Shape,
    within: &mut Vec<ShapeId>,
) -> Value {
    let number = f64::from(wanted).max(shape.min().unwrap_or(f64::MIN)).min(shape.max().unwrap_or(f64::MAX));
    let mut inner = |id: ShapeId| {
        if within.contains(&id) {
            return None;
        }
        within.push(id);
        let value = everything(wanted, model, model.shape(id), within);
        within.pop();
        Some(value)
    };
    match shape.kind {
        Kind::Structure => {
            let mut fields = Struct::new();
            for member in model.members(shape) {
                inner(member.shape).into_iter().for_each(|value| fields.set(member.name, value));
            }
            Value::Struct(fields)
        }
        Kind::List => Value::List(shape.element.and_then(inner).into_iter().collect()),
        Kind::Map => Value::Map(
            shape.element.and_then(inner).into_iter().map(|value| ("k".to_owned(), value)).collect(),
        ),
        Kind::String => {
            let first = model.enum_values(shape).first();
            Value::String(first.map_or_else(|| "x".to_owned(), |value| (*value).to_owned()))
        }
        Kind::Integer | Kind::Long => Value::Integer(number as i64),
        Kind::Float | Kind::Double => Value::Float(number),
        Kind::Boolean => Value::Bool(true),
        Kind::Blob => Value::Blob(b"x".as_slice().into()),
        Kind::Timestamp => Value::Timestamp(0),
    }
}

fn ignored() -> Ignored {
    let mut all = Ignored::new();
    let mut add = |service, operations: fn(&mut Probe)| {
        let mut probe = Probe { service, ignored: Ignored::new(), misfits: Vec::new() };
        operations(&mut probe);
        assert!(probe.misfits.is_empty(), "{:#?}", probe.misfits);
        all.append(&mut probe.ignored);
    };
    add(ServiceId::Ec2, ec2::operations);
    add(ServiceId::Iam, iam::operations);
    add(ServiceId::Sts, sts::operations);
    add(ServiceId::Ssm, ssm::operations);
    add(ServiceId::Logs, logs::operations);
    add(ServiceId::SageMaker, sagemaker::operations);
    add(ServiceId::SageMakerRuntime, runtime::operations);
    for (operation, member) in sagemaker::without_effect() {
        all.entry(format!("sagemaker {operation}")).or_default().insert(member.to_owned());
    }
    all
}

fn page(ignored: &Ignored) -> String {
    let mut page = String::from(
        "# Members without effect\n\n\
         What operations that behave accept and do not use. A call that gives such a member leaves a `ParameterIgnored`\n\
         event; so does each launch by a template whose data has a member that RunInstances does not use. Made by\n\
         `MOCKPLANE_UPDATE=1 cargo test -p mock-server --test members`; the list of an operation only shrinks.\n\n\
         | operation | without effect |\n| --- | --- |\n",
    );
    for (operation, members) in ignored {
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        page += &format!("| {operation} | {} |\n", members.join(", "));
    }
    page
}

/// What the page says.
fn told(page: &str) -> Ignored {
    let row = |line: &str| {
        let (operation, members) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        let members = members.split(", ").filter(|member| !member.is_empty()).map(str::to_owned);
        Some((operation.to_owned(), members.collect()))
    };
    page.lines().skip_while(|line| !line.starts_with("| ---")).skip(1).filter_map(row).collect()
}

#[test]
fn what_is_ignored_is_told_and_never_becomes_more() {
    let now = ignored();
    let before = std::fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    let more: Vec<_> = told(&before)
        .into_iter()
        .filter_map(|(operation, told)| {
            Some((now.get(&operation)?.difference(&told).cloned().collect::<Vec<_>>(), operation))
        })
        .filter(|(members, _)| !members.is_empty())
        .collect();
    assert!(more.is_empty(), "used or told before, ignored now: {more:#?}");
    let page = page(&now);
    if std::env::var_os("MOCKPLANE_UPDATE").is_some() {
        std::fs::write(FILE, &page).unwrap();
    } else {
        assert!(
            page == before,
            "docs/IGNORED.md is not what the code says: MOCKPLANE_UPDATE=1 makes it anew"
        );
    }
    assert_eq!(told(&page), now, "the page is read as it is written");
}
