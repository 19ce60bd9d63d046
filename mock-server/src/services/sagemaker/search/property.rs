//! Properties: what they are called, of what type they are, and what values a resource has of them.

use super::super::error::SearchError;
use super::kind::Record;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Text,
    Number,
    Boolean,
    Time,
    /// A number or a text: whatever it reads as.
    Either,
    Map,
    List,
    Structure,
}

impl Type {
    fn parse(word: &str) -> Option<Self> {
        let all =
            [Type::Text, Type::Number, Type::Boolean, Type::Time, Type::Map, Type::List, Type::Structure];
        all.into_iter().find(|kind| kind.name() == word)
    }

    pub fn name(self) -> &'static str {
        match self {
            Type::Text | Type::Either => "text",
            Type::Number => "number",
            Type::Boolean => "boolean",
            Type::Time => "time",
            Type::Map => "map",
            Type::List => "list",
            Type::Structure => "structure",
        }
    }
}

/// The properties of a type of resource, by their paths.
#[derive(Default)]
pub struct Properties {
    pub types: BTreeMap<String, Type>,
}

/// By type of resource.
static KNOWN: LazyLock<BTreeMap<&'static str, Properties>> = LazyLock::new(|| {
    let mut all: BTreeMap<&'static str, Properties> = BTreeMap::new();
    let mut resource = "";
    let mut path: Vec<&str> = Vec::new();
    let lines = include_str!("../../../../search-properties.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let depth = line.len() - line.trim_start().len();
        let Some((name, word)) = line.trim_start().split_once(' ') else { continue };
        if depth == 0 {
            resource = name;
            continue;
        }
        path.truncate(depth - 1);
        path.push(name);
        if let Some(kind) = Type::parse(word) {
            all.entry(resource).or_default().types.insert(path.join("."), kind);
        }
    }
    all
});

pub fn of(resource: &str) -> Option<&'static Properties> {
    KNOWN.get(resource)
}

/// How the values of a property are found.
#[derive(Clone, PartialEq, Debug)]
enum Place {
    Path(Vec<String>),
    Tag(String),
    Metric(String),
    /// A key of a map.
    Key(Vec<String>, String),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Property {
    pub name: String,
    pub kind: Type,
    place: Place,
}

fn parts(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

impl Properties {
    pub fn find(&self, resource: &str, name: &str) -> Result<Property, SearchError> {
        let property = |kind, place| Ok(Property { name: name.to_owned(), kind, place });
        if let Some(key) = name.strip_prefix("Tags.").filter(|_| self.has_tags()) {
            return property(Type::Text, Place::Tag(key.to_owned()));
        }
        let has_metrics = self.types.contains_key("FinalMetricDataList");
        if let Some(metric) = name.strip_prefix("Metrics.").filter(|_| has_metrics) {
            return property(Type::Number, Place::Metric(metric.to_owned()));
        }
        if let Some(kind) = self.types.get(name) {
            return property(*kind, Place::Path(parts(name)));
        }
        // What is in a map is called by whoever filled it.
        let dots = name.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| at);
        for at in dots {
            let (map, key) = (&name[..at], &name[at + 1..]);
            if self.types.get(map) == Some(&Type::Map) {
                return property(Type::Either, Place::Key(parts(map), key.to_owned()));
            }
        }
        Err(SearchError::UnknownProperty { property: name.to_owned(), resource: resource.to_owned() })
    }

    fn has_tags(&self) -> bool {
        self.types.contains_key("Tags") || self.types.contains_key("Model.Tags")
    }
}

/// What is at a path; lists are looked through.
fn at<'v>(value: &'v Value, path: &[String], into: &mut Vec<&'v Value>) {
    match (value, path.split_first()) {
        (Value::Null, _) => {}
        (Value::Array(elements), Some(_)) => elements.iter().for_each(|element| at(element, path, into)),
        (_, None) => into.push(value),
        (_, Some((name, rest))) => value.get(name).into_iter().for_each(|inner| at(inner, rest, into)),
    }
}

/// A value of a property, as it is compared.
#[derive(Clone, PartialEq, PartialOrd, Debug)]
pub enum Held {
    Number(f64),
    Text(String),
    /// Something that has parts.
    Whole,
}

fn held(value: &Value, kind: Type) -> Held {
    match (value, kind) {
        (Value::String(text), Type::Either) => {
            text.parse().map_or_else(|_| Held::Text(text.clone()), Held::Number)
        }
        // A parameter of a trial component.
        (Value::Object(parameter), Type::Either) if parameter.len() == 1 => {
            let inner = parameter.values().find(|inner| !inner.is_object());
            inner.map_or(Held::Whole, |inner| held(inner, kind))
        }
        (Value::String(text), _) => Held::Text(text.clone()),
        (Value::Bool(is), _) => Held::Text(is.to_string()),
        (Value::Number(number), _) => Held::Number(number.as_f64().unwrap_or_default()),
        _ => Held::Whole,
    }
}

impl Property {
    /// The values that a resource has of it: none, one, or several if there is a list on the way.
    pub fn of(&self, record: &Record) -> Vec<Held> {
        let mut found = Vec::new();
        match &self.place {
            Place::Tag(key) => {
                return record.tags.get(key).map(|value| Held::Text(value.to_owned())).into_iter().collect();
            }
            Place::Metric(name) => {
                let metrics = record.json["FinalMetricDataList"].as_array().into_iter().flatten();
                let own = metrics.filter(|metric| metric["MetricName"] == **name);
                found.extend(own.map(|metric| &metric["Value"]));
            }
            Place::Key(path, key) => {
                at(&record.json, path, &mut found);
                found = found.into_iter().filter_map(|map| map.get(key)).collect();
            }
            Place::Path(path) => at(&record.json, path, &mut found),
        }
        found.into_iter().map(|value| held(value, self.kind)).collect()
    }

    /// The parts of a resource that a nested filter looks at, one after the other.
    pub fn elements<'r>(&self, record: &'r Record) -> Vec<&'r Value> {
        let mut found = Vec::new();
        if let Place::Path(path) = &self.place {
            at(&record.json, path, &mut found);
        }
        let flat = found.into_iter().flat_map(|value| match value {
            Value::Array(elements) => elements.iter().collect::<Vec<_>>(),
            other => vec![other],
        });
        flat.collect()
    }

    /// Reads what a filter compares with.
    pub fn read(&self, value: &str) -> Result<Held, SearchError> {
        let wrong = || SearchError::ValueOfType {
            value: value.to_owned(),
            property: self.name.clone(),
            kind: self.kind.name(),
        };
        Ok(match self.kind {
            Type::Number => Held::Number(value.parse().map_err(|_| wrong())?),
            Type::Time => Held::Number(time(value).ok_or_else(wrong)?),
            Type::Boolean if !["true", "false"].contains(&value) => return Err(wrong()),
            Type::Either => value.parse().map_or_else(|_| Held::Text(value.to_owned()), Held::Number),
            _ => Held::Text(value.to_owned()),
        })
    }
}

/// Milliseconds since 1970 of `YYYY-mm-ddTHH:MM:SS`, with a fraction and a `Z` or without, in UTC.
fn time(text: &str) -> Option<f64> {
    let (date, clock) = text.trim_end_matches('Z').split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut clock = clock.splitn(3, ':').map(str::parse::<f64>);
    let (hour, minute) = (clock.next()?.ok()?, clock.next()?.ok()?);
    let second = clock.next().transpose().ok()?.unwrap_or_default();
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24.0 && minute < 60.0;
    if !fits || !(0..=9_999).contains(&year) {
        return None;
    }
    // Days from the first of March of the year 0, in years that begin with March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
        - 719_468;
    Some((days as f64 * 86_400.0 + hour * 3_600.0 + minute * 60.0 + second) * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(time("1970-01-01T00:00:00"), Some(0.0));
        assert_eq!(time("2020-09-13T12:26:40Z"), Some(1_600_000_000_000.0));
        assert_eq!(time("2000-02-29T23:59:59.5"), Some(951_868_799_500.0));
        for bad in ["yesterday", "2020-13-01T00:00:00", "2020-01-01", "2020-01-01T25:00:00"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_type_of_resource_has_properties() {
        assert_eq!(KNOWN.len(), 15);
        let jobs = of("TrainingJob").unwrap();
        for (name, kind) in [
            ("TrainingJobName", Type::Text),
            ("CreationTime", Type::Time),
            ("InputDataConfig.DataSource.S3DataSource.S3Uri", Type::Text),
            ("ResourceConfig.InstanceCount", Type::Number),
            ("EnableNetworkIsolation", Type::Boolean),
            ("Tags.a.b", Type::Text),
            ("Metrics.accuracy", Type::Number),
            ("HyperParameters.learning.rate", Type::Either),
            ("Environment.HOME", Type::Either),
        ] {
            assert_eq!(jobs.find("TrainingJob", name).map(|it| it.kind).ok(), Some(kind), "{name}");
        }
        assert!(jobs.find("TrainingJob", "Nothing").is_err());
        assert!(of("Pipeline").unwrap().find("Pipeline", "Metrics.accuracy").is_err());
    }
}
