//! Search expressions: filters, nested filters and expressions in expressions.

use super::super::error::SearchError;
use super::kind::Record;
use super::property::{Held, Properties, Property, Type};
use serde::Deserialize;
use serde_json::{Value, json};

/// Source: API reference, SearchExpression and Search.
const MOST_ELEMENTS: usize = 20;
const MOST_IN_ALL: usize = 50;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct Expression {
    filters: Option<Vec<Filter>>,
    nested_filters: Option<Vec<Nested>>,
    sub_expressions: Option<Vec<Expression>>,
    operator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Filter {
    name: String,
    operator: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Nested {
    nested_property_name: String,
    filters: Vec<Filter>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Equals,
    NotEquals,
    GreaterThan,
    GreaterThanOrEqualTo,
    LessThan,
    LessThanOrEqualTo,
    Contains,
    Exists,
    NotExists,
    In,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("Equals", Operator::Equals),
    ("NotEquals", Operator::NotEquals),
    ("GreaterThan", Operator::GreaterThan),
    ("GreaterThanOrEqualTo", Operator::GreaterThanOrEqualTo),
    ("LessThan", Operator::LessThan),
    ("LessThanOrEqualTo", Operator::LessThanOrEqualTo),
    ("Contains", Operator::Contains),
    ("Exists", Operator::Exists),
    ("NotExists", Operator::NotExists),
    ("In", Operator::In),
];

/// A condition that was found to make sense.
pub enum Condition {
    Test { property: Property, operator: TestOf, value: Option<Held>, text: String },
    Nested { list: Property, tests: Vec<Condition> },
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

/// An operator that makes sense for its property.
pub struct TestOf(Operator);

/// Reads expressions for one type of resource.
pub struct Reader<'a> {
    pub resource: &'a str,
    pub known: &'a Properties,
    /// Elements and uses of `Contains` so far.
    elements: usize,
    contains: usize,
}

/// The properties of which `Contains` may be asked more than once. Source: API reference, Filter.
fn may_repeat(resource: &str, property: &str) -> bool {
    let own: &[&str] = match resource {
        "Experiment" => &["DisplayName", "ExperimentName"],
        "ExperimentTrial" => &["DisplayName", "TrialName"],
        "ExperimentTrialComponent" => {
            &["DisplayName", "TrialComponentName", "InputArtifacts", "OutputArtifacts"]
        }
        _ => return false,
    };
    property.starts_with("Tags.") || own.iter().any(|name| property.split('.').next() == Some(name))
}

impl<'a> Reader<'a> {
    pub fn new(resource: &'a str, known: &'a Properties) -> Self {
        Self { resource, known, elements: 0, contains: 0 }
    }

    pub fn read(&mut self, expression: &Expression) -> Result<Condition, SearchError> {
        let filters = expression.filters.as_deref().unwrap_or_default();
        let nested = expression.nested_filters.as_deref().unwrap_or_default();
        let inner = expression.sub_expressions.as_deref().unwrap_or_default();
        let count = filters.len() + nested.len() + inner.len();
        if count == 0 {
            return Err(SearchError::EmptyExpression);
        }
        if count > MOST_ELEMENTS {
            return Err(SearchError::LongExpression { most: MOST_ELEMENTS });
        }
        self.elements += count;
        if self.elements > MOST_IN_ALL {
            return Err(SearchError::DeepExpression { most: MOST_IN_ALL });
        }
        let mut all = Vec::with_capacity(count);
        for filter in filters {
            all.push(self.filter(filter)?);
        }
        for nested in nested {
            all.push(self.nested(nested)?);
        }
        for inner in inner {
            all.push(self.read(inner)?);
        }
        Ok(match expression.operator.as_deref() {
            Some("Or") => Condition::Any(all),
            _ => Condition::All(all),
        })
    }

    fn nested(&mut self, nested: &Nested) -> Result<Condition, SearchError> {
        let name = &nested.nested_property_name;
        let list = self.known.find(self.resource, name)?;
        if list.kind != Type::List {
            return Err(SearchError::UnknownProperty {
                property: name.clone(),
                resource: self.resource.to_owned(),
            });
        }
        self.elements += nested.filters.len();
        if self.elements > MOST_IN_ALL {
            return Err(SearchError::DeepExpression { most: MOST_IN_ALL });
        }
        let inside = format!("{name}.");
        let mut tests = Vec::with_capacity(nested.filters.len());
        for filter in &nested.filters {
            if !filter.name.starts_with(&inside) {
                return Err(SearchError::UnknownProperty {
                    property: filter.name.clone(),
                    resource: name.clone(),
                });
            }
            tests.push(self.filter(filter)?);
        }
        Ok(Condition::Nested { list, tests })
    }

    fn filter(&mut self, filter: &Filter) -> Result<Condition, SearchError> {
        use Operator::{
            Contains, Exists, GreaterThan, GreaterThanOrEqualTo, In, LessThan, LessThanOrEqualTo,
        };
        let property = self.known.find(self.resource, &filter.name)?;
        // Equality is what is meant if there is only a value. Source: API reference, Filter. With neither, that the
        // property exists is meant: assumed.
        let usual = if filter.value.is_some() { "Equals" } else { "Exists" };
        let asked = filter.operator.as_deref().unwrap_or(usual);
        let known = OPERATORS.iter().find(|(name, _)| *name == asked).copied();
        let (name, operator) = known.unwrap_or(("Equals", Operator::Equals));
        let orders = [GreaterThan, GreaterThanOrEqualTo, LessThan, LessThanOrEqualTo].contains(&operator);
        let exists = [Exists, Operator::NotExists].contains(&operator);
        let fits = match property.kind {
            Type::Either => true,
            Type::Text => !orders,
            Type::Number | Type::Time => ![Contains, In].contains(&operator),
            Type::Boolean => !orders && ![Contains, In].contains(&operator),
            // A list of texts is as good as its texts.
            Type::List => exists || [Operator::Equals, Contains].contains(&operator),
            Type::Map | Type::Structure => exists,
        };
        if !fits {
            let (property, kind) = (property.name.clone(), property.kind.name());
            return Err(SearchError::OperatorOfType { operator: name, property, kind });
        }
        if operator == Contains && !may_repeat(self.resource, &filter.name) {
            self.contains += 1;
            if self.contains > 1 {
                return Err(SearchError::ContainsLimit);
            }
        }
        let text = match (&filter.value, exists) {
            (_, true) => String::new(),
            (Some(value), false) => value.clone(),
            (None, false) => {
                let property = property.name.clone();
                return Err(SearchError::ValueMissing { property, operator: name });
            }
        };
        let reads = !exists && ![Contains, In].contains(&operator);
        let value = reads.then(|| property.read(&text)).transpose()?;
        Ok(Condition::Test { property, operator: TestOf(operator), value, text })
    }
}

impl Condition {
    pub fn holds(&self, record: &Record) -> bool {
        match self {
            Condition::All(all) => all.iter().all(|one| one.holds(record)),
            Condition::Any(any) => any.iter().any(|one| one.holds(record)),
            // One element of the list satisfies all of them.
            Condition::Nested { list, tests } => list.elements(record).into_iter().any(|element| {
                let alone = Record { json: wrap(&list.name, element), tags: record.tags.clone() };
                tests.iter().all(|test| test.holds(&alone))
            }),
            Condition::Test { property, operator, value, text } => {
                let mut held = property.of(record);
                if property.kind == Type::List {
                    held = property.elements(record).into_iter().map(text_of).collect();
                }
                operator.test(&held, value.as_ref(), text)
            }
        }
    }
}

fn text_of(value: &Value) -> Held {
    value.as_str().map_or(Held::Whole, |text| Held::Text(text.to_owned()))
}

/// A value below a path.
fn wrap(path: &str, value: &Value) -> Value {
    path.rsplit('.').fold(value.clone(), |inner, name| json!({ name: inner }))
}

impl TestOf {
    /// Whether one of the values passes; of those that deny, whether all of them do.
    fn test(&self, held: &[Held], value: Option<&Held>, text: &str) -> bool {
        let ordering = |one: &Held| one.partial_cmp(value?);
        let same_kind = |one: &&Held| {
            matches!(
                (one, value),
                (Held::Number(_), Some(Held::Number(_))) | (Held::Text(_), Some(Held::Text(_)))
            )
        };
        let any = |wanted: fn(std::cmp::Ordering) -> bool| {
            held.iter().filter(same_kind).any(|one| ordering(one).is_some_and(wanted))
        };
        let texts = || {
            held.iter().filter_map(|one| match one {
                Held::Text(text) => Some(text.clone()),
                Held::Number(number) => Some(number.to_string()),
                Held::Whole => None,
            })
        };
        match self.0 {
            Operator::Equals => any(std::cmp::Ordering::is_eq),
            Operator::NotEquals => !any(std::cmp::Ordering::is_eq),
            Operator::GreaterThan => any(std::cmp::Ordering::is_gt),
            Operator::GreaterThanOrEqualTo => any(std::cmp::Ordering::is_ge),
            Operator::LessThan => any(std::cmp::Ordering::is_lt),
            Operator::LessThanOrEqualTo => any(std::cmp::Ordering::is_le),
            Operator::Contains => texts().any(|one| one.contains(text)),
            Operator::Exists => !held.is_empty(),
            Operator::NotExists => held.is_empty(),
            Operator::In => {
                let wanted: Vec<_> = text.split(',').map(str::trim).collect();
                texts().any(|one| wanted.contains(&one.as_str()))
            }
        }
    }
}
