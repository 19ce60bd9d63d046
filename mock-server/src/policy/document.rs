//! Policy documents.
//!
//! As lenient as evaluation is at AWS: a string or a list, with or without `Version`. What would change the
//! meaning without being looked at is refused all the same: unknown elements and operators, elements given
//! twice, both of a pair. How strict IAM is when a policy is put is another module's affair.

use super::condition::{Condition, Operator};
use super::eval::{Asked, Kind};
use super::pattern::{Mode, Pattern};
use super::principal::{Grant, Named};
use super::text::Text;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// What a statement does where it applies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Allow,
    Deny,
}

/// A policy, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub struct Statement {
    sid: Option<String>,
    effect: Effect,
    principals: Option<Scope<Named>>,
    actions: Scope<Vec<Pattern>>,
    resources: Option<Scope<Vec<Text>>>,
    conditions: Vec<Condition>,
}

/// An element, or its negation: `Action` and `NotAction`.
#[derive(Clone, Debug)]
enum Scope<T> {
    These(T),
    AllBut(T),
}

/// Why a text is no policy, and where that shows: at the end of what is wrong. Lines and columns count from
/// one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct Malformed {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

impl Policy {
    /// Reads a policy. A document without `Version` is of 2008-10-17, which has no variables.
    pub fn parse(text: &str) -> Result<Policy, Malformed> {
        // What is not even JSON says so, whatever else is wrong with what stands before.
        serde_json::from_str::<IgnoredAny>(text)?;
        let Object(raw) = serde_json::from_str::<Object<RawPolicy>>(text)?;
        let variables = raw.version.is_some_and(|version| version == Version::V2012);
        let statements = raw.statement.0.into_iter().map(|Object(raw)| raw.compile(variables));
        Ok(Policy { statements: statements.collect() })
    }

    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Malformed {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
        Malformed { message: message.to_owned(), line, column }
    }
}

impl Statement {
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether one of its conditions looks at this key.
    pub fn asks_for(&self, key: &str) -> bool {
        self.conditions.iter().any(|condition| condition.key().eq_ignore_ascii_case(key))
    }

    /// Whether it applies to what is asked, as a statement of a policy of this kind, and how it then lets in
    /// who asks.
    pub(super) fn applies(&self, asked: &Asked<'_>, kind: Kind) -> Option<Grant> {
        let action = |list: &Vec<Pattern>| list.iter().any(|pattern| pattern.matches(&asked.action));
        let action = match &self.actions {
            Scope::These(list) => action(list),
            Scope::AllBut(list) => !action(list),
        };
        if !action || !self.covers(asked, kind) {
            return None;
        }
        let grant = self.grant(asked, kind)?;
        self.conditions.iter().all(|condition| condition.holds(asked)).then_some(grant)
    }

    fn covers(&self, asked: &Asked<'_>, kind: Kind) -> bool {
        let any = |list: &[Text]| super::condition::any_of(list, asked.request.resource, asked);
        match &self.resources {
            // A trust policy is about the role that it belongs to.
            None => kind == Kind::Trust,
            Some(Scope::These(list)) => any(list) == Some(true),
            Some(Scope::AllBut(list)) => any(list) == Some(false),
        }
    }

    fn grant(&self, asked: &Asked<'_>, kind: Kind) -> Option<Grant> {
        let principal = asked.request.principal;
        let trust = kind == Kind::Trust;
        match &self.principals {
            // Policies that are attached to who asks name nobody.
            None => (!kind.names_principals()).then_some(Grant::Direct),
            Some(Scope::These(named)) => named.grant(principal, trust),
            Some(Scope::AllBut(named)) => {
                // It never spares who has a permissions boundary ("NotPrincipal", "Key points").
                let spared =
                    named.spares(principal, trust) && !(asked.bounded && self.effect == Effect::Deny);
                (!spared).then_some(Grant::Direct)
            }
        }
    }
}

// What follows is the form on paper.

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum Version {
    #[serde(rename = "2008-10-17")]
    V2008,
    #[serde(rename = "2012-10-17")]
    V2012,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawPolicy {
    #[serde(default, deserialize_with = "given")]
    version: Option<Version>,
    #[serde(default, deserialize_with = "given", rename = "Id")]
    _id: Option<String>,
    statement: Many<Object<RawStatement>>,
}

#[derive(Deserialize)]
#[serde(try_from = "Elements")]
struct RawStatement {
    sid: Option<String>,
    effect: Effect,
    principals: Option<Scope<Named>>,
    actions: Scope<Vec<String>>,
    resources: Option<Scope<Vec<String>>>,
    conditions: Entries<NamedOperator, Entries<String, Many<Scalar>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Elements {
    #[serde(default, deserialize_with = "given")]
    sid: Option<String>,
    effect: String,
    #[serde(default, deserialize_with = "given")]
    principal: Option<Named>,
    #[serde(default, deserialize_with = "given")]
    not_principal: Option<Named>,
    #[serde(default, deserialize_with = "given")]
    action: Option<Many<String>>,
    #[serde(default, deserialize_with = "given")]
    not_action: Option<Many<String>>,
    #[serde(default, deserialize_with = "given")]
    resource: Option<Many<String>>,
    #[serde(default, deserialize_with = "given")]
    not_resource: Option<Many<String>>,
    #[serde(default)]
    condition: Entries<NamedOperator, Entries<String, Many<Scalar>>>,
}

impl TryFrom<Elements> for RawStatement {
    type Error = String;

    fn try_from(elements: Elements) -> Result<RawStatement, String> {
        let effect = match elements.effect.as_str() {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            other => return Err(format!("`Effect` is `{other}`, not `Allow` or `Deny`")),
        };
        let actions =
            one_of("Action", filled("Action", elements.action)?, filled("NotAction", elements.not_action)?)?;
        Ok(RawStatement {
            sid: elements.sid,
            effect,
            principals: one_of("Principal", elements.principal, elements.not_principal)?,
            actions: actions.ok_or("neither `Action` nor `NotAction`")?,
            resources: one_of(
                "Resource",
                filled("Resource", elements.resource)?,
                filled("NotResource", elements.not_resource)?,
            )?,
            conditions: elements.condition,
        })
    }
}

/// The element or its negation; not both.
fn one_of<T>(name: &str, these: Option<T>, all_but: Option<T>) -> Result<Option<Scope<T>>, String> {
    match (these, all_but) {
        (Some(_), Some(_)) => Err(format!("both `{name}` and `Not{name}`")),
        (these, all_but) => Ok(these.map(Scope::These).or(all_but.map(Scope::AllBut))),
    }
}

fn filled(name: &str, list: Option<Many<String>>) -> Result<Option<Vec<String>>, String> {
    match list {
        Some(Many(list)) if list.is_empty() => Err(format!("`{name}` is empty")),
        list => Ok(list.map(|Many(list)| list)),
    }
}

impl RawStatement {
    fn compile(self, variables: bool) -> Statement {
        let mut conditions = Vec::new();
        for (NamedOperator { operator, .. }, keys) in self.conditions.0 {
            for (key, Many(values)) in keys.0 {
                let values: Vec<_> = values.into_iter().map(|Scalar(text)| text).collect();
                conditions.push(Condition::new(&key, operator, &values, variables));
            }
        }
        Statement {
            sid: self.sid,
            effect: self.effect,
            principals: self.principals,
            actions: self.actions.map(|list| list.iter().map(|text| Pattern::lower(text)).collect()),
            resources: self.resources.map(|scope| {
                scope.map(|list| list.iter().map(|text| Text::new(text, Mode::Resource, variables)).collect())
            }),
            conditions,
        }
    }
}

impl<T> Scope<T> {
    fn map<U>(self, map: impl FnOnce(T) -> U) -> Scope<U> {
        match self {
            Scope::These(these) => Scope::These(map(these)),
            Scope::AllBut(these) => Scope::AllBut(map(these)),
        }
    }
}

/// A member that may be left out but not be null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An object, and no list of its members' values.
struct Object<T>(T);

/// One thing or a list of things.
struct Many<T>(Vec<T>);

/// A string, a number or a truth value, as text.
struct Scalar(String);

/// The members of an object, each given once.
struct Entries<K, V>(Vec<(K, V)>);

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

struct Form<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Form::<Object<T>>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<Object<T>> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form::<Many<T>>(PhantomData))
    }
}

impl<T> Form<Many<T>> {
    fn one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Many<T>, D::Error>
    where
        T: Deserialize<'de>,
    {
        T::deserialize(deserializer).map(|one| Many(vec![one]))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<Many<T>> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Many<T>, A::Error> {
        let mut all = Vec::new();
        while let Some(one) = list.next_element()? {
            all.push(one);
        }
        Ok(Many(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Many<T>, A::Error> {
        Self::one(MapAccessDeserializer::new(map))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Many<T>, E> {
        Self::one(text.into_deserializer())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Many<T>, E> {
        Self::one(value.into_deserializer())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Many<T>, E> {
        Self::one(value.into_deserializer())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Many<T>, E> {
        Self::one(value.into_deserializer())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Many<T>, E> {
        Self::one(value.into_deserializer())
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form::<Scalar>(PhantomData))
    }
}

impl Visitor<'_> for Form<Scalar> {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true or false")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }
}

impl<'de, K: Deserialize<'de> + PartialEq, V: Deserialize<'de>> Deserialize<'de> for Entries<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Form::<Entries<K, V>>(PhantomData))
    }
}

impl<'de, K: Deserialize<'de> + PartialEq, V: Deserialize<'de>> Visitor<'de> for Form<Entries<K, V>> {
    type Value = Entries<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<K, V>, A::Error> {
        let mut all: Vec<(K, V)> = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            if all.iter().any(|(other, _)| *other == key) {
                return Err(A::Error::custom("a name is given twice"));
            }
            all.push((key, value));
        }
        Ok(Entries(all))
    }
}

/// An operator as it is written: `ArnEquals` and `ArnLike` do the same and can both be given.
struct NamedOperator {
    name: String,
    operator: Operator,
}

impl PartialEq for NamedOperator {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl<'de> Deserialize<'de> for NamedOperator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let operator = name.parse().map_err(D::Error::custom)?;
        Ok(NamedOperator { name, operator })
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form::<Named>(PhantomData))
    }
}

impl<'de> Visitor<'de> for Form<Named> {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"*\" or an object of kinds of principals")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Named, E> {
        if text == "*" {
            Ok(Named::everybody())
        } else {
            Err(E::custom(format!("unknown principal `{text}`")))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
        let Entries(kinds) = Form::<Entries<String, Many<String>>>(PhantomData).visit_map(map)?;
        let mut named = Named::default();
        for (kind, Many(names)) in kinds {
            if !named.add(&kind, names) {
                return Err(A::Error::custom(format!("unknown kind of principal `{kind}`")));
            }
        }
        Ok(named)
    }
}
