//! Compiles the service models and the table of IAM actions under `model/` to flat images that the crate embeds.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};

#[path = "src/policy/actions/format.rs"]
mod actions;

use serde::Deserialize;
use serde_json::{Map, Value};

#[path = "src/aws/model/format.rs"]
mod format;

use format::{
    Image, Kind, Location, Member, Meta, Operation, Paginator, Range, Shape, ShapeId, Traits, flag,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const SERVICES: [&str; 7] = ["ec2", "sagemaker", "sagemaker-runtime", "iam", "sts", "logs", "ssm"];

#[derive(Deserialize)]
struct Source {
    metadata: Map<String, Value>,
    operations: BTreeMap<String, Map<String, Value>>,
    shapes: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    paginators: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    filters: BTreeMap<String, Vec<String>>,
}

/// Writes the list of the lessons that are part of the program: the names of their files, and their texts.
fn embed_lessons(out: &Path) -> Outcome<()> {
    // Asked when it runs: a build script may have been compiled for another checkout.
    let root = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo says no CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&root).join("../scenarios/lessons");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    files.sort();
    let mut list = String::from("&[\n");
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        list.push_str(&format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string()));
    }
    list.push_str("]\n");
    std::fs::write(out.join("lessons.rs"), list)?;
    Ok(())
}

fn main() -> Outcome<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/aws/model/format.rs");
    println!("cargo:rerun-if-changed=src/policy/actions/format.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    embed_lessons(&out)?;
    for service in SERVICES {
        let path = Path::new("model").join(format!("{service}.json.gz"));
        let source: Source = serde_json::from_str(&unpacked(&path)?)?;
        let image = compile(&source).map_err(|error| format!("{}: {error}", path.display()))?;
        std::fs::write(out.join(format!("{service}.model")), postcard::to_stdvec(&image)?)?;
    }
    let source: BTreeMap<String, ActionSource> =
        serde_json::from_str(&unpacked(Path::new("model/actions.json.gz"))?)?;
    for (prefix, source) in &source {
        let table = action_table(source).map_err(|error| format!("actions of {prefix}: {error}"))?;
        std::fs::write(out.join(format!("{prefix}.actions")), postcard::to_stdvec(&table)?)?;
    }
    Ok(())
}

fn unpacked(path: &Path) -> Outcome<String> {
    println!("cargo:rerun-if-changed={}", path.display());
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(text)
}

/// The actions with one prefix, as `model/actions.py` writes them.
#[derive(Deserialize)]
struct ActionSource {
    actions: BTreeMap<String, ActionNode>,
    /// The form of the ARN, and condition keys.
    resources: BTreeMap<String, (String, Vec<String>)>,
}

#[derive(Deserialize)]
struct ActionNode {
    level: String,
    /// Type (empty: any), whether it is required, condition keys.
    resources: Vec<(String, bool, Vec<String>)>,
    #[serde(default)]
    dependent: Vec<String>,
}

fn action_table(source: &ActionSource) -> Outcome<actions::Table<'_>> {
    let mut sets: Vec<Vec<&str>> = Vec::new();
    let mut set_of = |keys| keys_number(&mut sets, keys);
    let types = source
        .resources
        .iter()
        .map(|(name, (arn, keys))| Ok(actions::ResourceType { name, arn, keys: set_of(keys)? }));
    let types = types.collect::<Outcome<Vec<_>>>()?;
    let mut all = Vec::new();
    for (name, node) in &source.actions {
        let mut action = actions::Action {
            name,
            level: match node.level.as_str() {
                "List" => actions::Level::List,
                "Read" => actions::Level::Read,
                "Write" => actions::Level::Write,
                "Tagging" => actions::Level::Tagging,
                "Permissions management" => actions::Level::Permissions,
                other => return Err(format!("{name}: unknown access level {other}").into()),
            },
            acts_on: Vec::new(),
            keys: set_of(&[])?,
            dependent: node.dependent.iter().map(String::as_str).collect(),
        };
        for (resource_type, required, keys) in &node.resources {
            let keys = set_of(keys)?;
            if resource_type.is_empty() {
                action.keys = keys;
                continue;
            }
            let at = types.binary_search_by(|known| known.name.cmp(resource_type));
            let at = at.map_err(|_| format!("{name}: no type of resource {resource_type}"))?;
            action.acts_on.push(actions::ActsOn {
                resource_type: u16::try_from(at)?,
                required: *required,
                keys,
            });
        }
        all.push(action);
    }
    Ok(actions::Table { actions: all, types, keys: sets })
}

fn keys_number<'a>(sets: &mut Vec<Vec<&'a str>>, keys: &'a [String]) -> Outcome<u16> {
    let known = sets.iter().position(|set| set.iter().eq(keys));
    let number = known.unwrap_or_else(|| {
        sets.push(keys.iter().map(String::as_str).collect());
        sets.len() - 1
    });
    Ok(u16::try_from(number)?)
}

/// The tables under construction.
struct Builder<'a> {
    ids: BTreeMap<&'a str, ShapeId>,
    image: Image<'a>,
}

fn compile(source: &Source) -> Outcome<Image<'_>> {
    let mut ids = BTreeMap::new();
    for (number, name) in source.shapes.keys().enumerate() {
        ids.insert(name.as_str(), ShapeId(u16::try_from(number)?));
    }
    let meta = Meta {
        api_version: text(&source.metadata, "apiVersion").ok_or("no apiVersion")?,
        target_prefix: text(&source.metadata, "targetPrefix"),
        json_version: text(&source.metadata, "jsonVersion"),
        xml_namespace: text(&source.metadata, "xmlNamespace"),
        endpoint_prefix: text(&source.metadata, "endpointPrefix").ok_or("no endpointPrefix")?,
        signing_name: text(&source.metadata, "signingName"),
    };
    let is_ec2 = text(&source.metadata, "protocol") == Some("ec2");
    let image = Image {
        meta,
        operations: Vec::new(),
        shapes: Vec::new(),
        members: Vec::new(),
        words: Vec::new(),
        errors: Vec::new(),
        patterns: Vec::new(),
    };
    let mut builder = Builder { ids, image };
    for (name, node) in &source.shapes {
        let shape = builder.shape(name, node, is_ec2).map_err(|error| format!("{name}: {error}"))?;
        builder.image.shapes.push(shape);
    }
    for (name, node) in &source.operations {
        let operation = builder
            .operation(name, node, source.paginators.get(name), source.filters.get(name))
            .map_err(|error| format!("{name}: {error}"))?;
        builder.image.operations.push(operation);
    }
    Ok(builder.image)
}

impl<'a> Builder<'a> {
    fn id(&self, name: &str) -> Outcome<ShapeId> {
        Ok(*self.ids.get(name).ok_or_else(|| format!("no shape {name}"))?)
    }

    /// The shape that a `{"shape": ..}` node refers to.
    fn target(&self, node: Option<&Value>) -> Outcome<Option<ShapeId>> {
        match node.and_then(|node| node.get("shape")).and_then(Value::as_str) {
            Some(name) => Ok(Some(self.id(name)?)),
            None => Ok(None),
        }
    }

    fn words(&mut self, values: impl Iterator<Item = &'a str>) -> Outcome<Range> {
        let start = u32::try_from(self.image.words.len())?;
        self.image.words.extend(values);
        Ok(Range { start, len: u16::try_from(self.image.words.len() - start as usize)? })
    }

    fn pattern(&mut self, pattern: &'a str) -> Outcome<u16> {
        let known = self.image.patterns.iter().position(|other| *other == pattern);
        let number = known.unwrap_or_else(|| {
            self.image.patterns.push(pattern);
            self.image.patterns.len() - 1
        });
        Ok(u16::try_from(number)?)
    }

    fn shape(&mut self, name: &'a str, node: &'a Map<String, Value>, is_ec2: bool) -> Outcome<Shape<'a>> {
        let kind = match text(node, "type") {
            Some("structure") => Kind::Structure,
            Some("list") => Kind::List,
            Some("map") => Kind::Map,
            Some("string" | "character") => Kind::String,
            Some("integer") => Kind::Integer,
            Some("long") => Kind::Long,
            Some("float") => Kind::Float,
            Some("double") => Kind::Double,
            Some("boolean") => Kind::Boolean,
            Some("blob") => Kind::Blob,
            Some("timestamp") => Kind::Timestamp,
            other => return Err(format!("unknown type {other:?}").into()),
        };
        if node.contains_key("timestampFormat") || node.contains_key("xmlNamespace") {
            return Err(
                "a timestamp format or namespace on a shape: the codec does not know these yet".into()
            );
        }
        let mut flags = 0;
        for (key, flag) in [
            ("sensitive", flag::SENSITIVE),
            ("union", flag::UNION),
            ("exception", flag::EXCEPTION),
            ("fault", flag::FAULT),
            ("eventstream", flag::EVENT_STREAM),
            ("event", flag::EVENT),
        ] {
            if node.contains_key(key) {
                flags |= flag;
            }
        }
        let mut traits = Traits {
            min: node.get("min").and_then(Value::as_f64),
            max: node.get("max").and_then(Value::as_f64),
            ..Traits::default()
        };
        let mut rare = traits.min.is_some() || traits.max.is_some();
        if let Some(values) = node.get("enum").and_then(Value::as_array) {
            traits.words = self.words(values.iter().filter_map(Value::as_str))?;
            rare = true;
        }
        if let Some(pattern) = text(node, "pattern") {
            traits.pattern = Some(self.pattern(pattern)?);
            rare = true;
        }
        let nested =
            |key: &str| node.get(key).and_then(|inner| inner.get("locationName")).and_then(Value::as_str);
        let usual = if is_ec2 { "item" } else { "member" };
        traits.element_name = nested("member").filter(|name| *name != usual);
        traits.key_name = nested("key").filter(|name| *name != "key");
        traits.value_name = nested("value").filter(|name| *name != "value");
        rare |= traits.element_name.is_some() || traits.key_name.is_some() || traits.value_name.is_some();
        if let Some(error) = node.get("error").and_then(Value::as_object) {
            traits.error_code = text(error, "code");
            traits.error_status =
                error.get("httpStatusCode").and_then(Value::as_u64).map(u16::try_from).transpose()?;
            rare = true;
        }
        let members = self.members(node)?;
        if let Some(payload) = text(node, "payload") {
            let run = &self.image.members[members.indexes()];
            let position = run.iter().position(|member| member.name == payload).ok_or("no payload member")?;
            traits.payload = Some(u16::try_from(position)?);
            rare = true;
        }
        Ok(Shape {
            name,
            kind,
            flags,
            members,
            element: self.target(node.get("member").or_else(|| node.get("value")))?,
            key: self.target(node.get("key"))?,
            traits: rare.then(|| Box::new(traits)),
        })
    }

    fn members(&mut self, node: &'a Map<String, Value>) -> Outcome<Range> {
        let Some(members) = node.get("members").and_then(Value::as_object) else {
            return Ok(Range::default());
        };
        let required: Vec<&str> = list(node, "required");
        let start = u32::try_from(self.image.members.len())?;
        for (name, member) in members {
            let Some(member) = member.as_object() else { return Err("a member is not an object".into()) };
            if let Some(key) = ["timestampFormat", "xmlNamespace", "flattened"]
                .into_iter()
                .find(|key| member.contains_key(*key))
            {
                return Err(
                    format!("{key} on {name}: no service so far has one, and the codec ignores it").into()
                );
            }
            let shape = self.id(text(member, "shape").ok_or("a member has no shape")?)?;
            let location = match text(member, "location") {
                None => Location::Body,
                Some("uri") => Location::Uri,
                Some("querystring") => Location::Query,
                Some("header") => Location::Header,
                Some(other) => return Err(format!("unknown location {other}").into()),
            };
            self.image.members.push(Member {
                name,
                wire: text(member, "locationName").filter(|wire| wire != name),
                query: text(member, "queryName"),
                shape,
                location,
                required: required.contains(&name.as_str()),
                idempotency_token: member.contains_key("idempotencyToken"),
                json_value: member.contains_key("jsonvalue"),
            });
        }
        Ok(Range { start, len: u16::try_from(members.len())? })
    }

    fn operation(
        &mut self,
        name: &'a str,
        node: &'a Map<String, Value>,
        paginator: Option<&'a Map<String, Value>>,
        filters: Option<&'a Vec<String>>,
    ) -> Outcome<Operation<'a>> {
        let start = u32::try_from(self.image.errors.len())?;
        for error in list(node, "errors") {
            let id = self.id(error)?;
            self.image.errors.push(id);
        }
        let errors = Range { start, len: u16::try_from(self.image.errors.len() - start as usize)? };
        let filters = match filters {
            Some(names) => self.words(names.iter().map(String::as_str))?,
            None => Range::default(),
        };
        let shape = |key: &str| text(node, key).map(|name| self.id(name)).transpose();
        Ok(Operation {
            name,
            method: text(node, "method").ok_or("no method")?,
            uri: text(node, "uri").ok_or("no uri")?,
            status: node.get("responseCode").and_then(Value::as_u64).map_or(Ok(200), u16::try_from)?,
            input: shape("input")?,
            output: shape("output")?,
            result_wrapper: text(node, "resultWrapper"),
            idempotent: node.contains_key("idempotent"),
            errors,
            filters,
            paginator: paginator.map(|page| {
                Box::new(Paginator {
                    input_tokens: list(page, "input_token"),
                    output_tokens: list(page, "output_token"),
                    results: list(page, "result_key"),
                    limit: text(page, "limit_key"),
                    more: text(page, "more_results"),
                })
            }),
        })
    }
}

fn text<'a>(node: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Value::as_str)
}

fn list<'a>(node: &'a Map<String, Value>, key: &str) -> Vec<&'a str> {
    node.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
