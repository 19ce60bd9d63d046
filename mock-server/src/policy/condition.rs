//! Conditions: operators, and what they say about condition keys (IAM user guide, "IAM JSON policy elements:
//! Condition operators" and "Single-valued vs. multivalued context keys").

use super::eval::Asked;
use super::pattern::Mode;
use super::text::Text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::str::FromStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What an operator does, without what is written around its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Base {
    Text(Mode),
    Numeric(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    Ip,
    Null,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    Equals,
    Less,
    LessEquals,
    Greater,
    GreaterEquals,
}

/// Every operator, and whether it is the negation of what it does.
const OPERATORS: [(&str, Base, bool); 26] = [
    ("StringEquals", Base::Text(Mode::Exact), false),
    ("StringNotEquals", Base::Text(Mode::Exact), true),
    ("StringEqualsIgnoreCase", Base::Text(Mode::IgnoreCase), false),
    ("StringNotEqualsIgnoreCase", Base::Text(Mode::IgnoreCase), true),
    ("StringLike", Base::Text(Mode::Like), false),
    ("StringNotLike", Base::Text(Mode::Like), true),
    ("NumericEquals", Base::Numeric(Comparison::Equals), false),
    ("NumericNotEquals", Base::Numeric(Comparison::Equals), true),
    ("NumericLessThan", Base::Numeric(Comparison::Less), false),
    ("NumericLessThanEquals", Base::Numeric(Comparison::LessEquals), false),
    ("NumericGreaterThan", Base::Numeric(Comparison::Greater), false),
    ("NumericGreaterThanEquals", Base::Numeric(Comparison::GreaterEquals), false),
    ("DateEquals", Base::Date(Comparison::Equals), false),
    ("DateNotEquals", Base::Date(Comparison::Equals), true),
    ("DateLessThan", Base::Date(Comparison::Less), false),
    ("DateLessThanEquals", Base::Date(Comparison::LessEquals), false),
    ("DateGreaterThan", Base::Date(Comparison::Greater), false),
    ("DateGreaterThanEquals", Base::Date(Comparison::GreaterEquals), false),
    ("Bool", Base::Bool, false),
    ("BinaryEquals", Base::Binary, false),
    ("IpAddress", Base::Ip, false),
    ("NotIpAddress", Base::Ip, true),
    // The pairs of ARN operators behave identically.
    ("ArnEquals", Base::Text(Mode::Arn), false),
    ("ArnNotEquals", Base::Text(Mode::Arn), true),
    ("ArnLike", Base::Text(Mode::Arn), false),
    ("ArnNotLike", Base::Text(Mode::Arn), true),
];

/// Which of a key's values must fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quantifier {
    /// None is given. A key with several values fits if any does; a negated operator negates that.
    Plain,
    ForAllValues,
    ForAnyValue,
}

/// The name of an operator, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Operator {
    base: Base,
    negated: bool,
    if_exists: bool,
    quantifier: Quantifier,
}

impl FromStr for Operator {
    type Err = String;

    /// Names are taken in any case (assumed; the user guide writes them in one).
    fn from_str(name: &str) -> Result<Operator, String> {
        let unknown = || format!("unknown condition operator `{name}`");
        let (quantifier, rest) = match name.split_once(':') {
            None => (Quantifier::Plain, name),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Quantifier::ForAllValues, rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(unknown()),
        };
        // Whether a key is there at all is no question that "if it is there" or "for all of it" adds to.
        if name.eq_ignore_ascii_case("Null") {
            return Ok(Operator { base: Base::Null, negated: false, if_exists: false, quantifier });
        }
        let cut = rest.len().checked_sub("IfExists".len()).and_then(|cut| rest.split_at_checked(cut));
        let (rest, if_exists) = match cut {
            Some((rest, end)) if end.eq_ignore_ascii_case("IfExists") => (rest, true),
            _ => (rest, false),
        };
        let known = OPERATORS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(rest));
        let (_, base, negated) = known.ok_or_else(unknown)?;
        Ok(Operator { base: *base, negated: *negated, if_exists, quantifier })
    }
}

/// One key with the values that an operator compares it with.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    key: String,
    operator: Operator,
    values: Values,
}

impl Condition {
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Values of a policy, read. One that cannot be read as what its operator compares matches nothing.
#[derive(Clone, Debug)]
enum Values {
    Texts(Vec<Text>),
    Numbers(Comparison, Vec<f64>),
    Dates(Comparison, Vec<OffsetDateTime>),
    Binaries(Vec<Vec<u8>>),
    Addresses(Vec<IpNet>),
    /// Whether the key is to be absent.
    Null(Vec<bool>),
}

impl Condition {
    pub fn new(key: &str, operator: Operator, values: &[String], variables: bool) -> Condition {
        let texts =
            |mode| Values::Texts(values.iter().map(|value| Text::new(value, mode, variables)).collect());
        let values = match operator.base {
            Base::Text(mode) => texts(mode),
            Base::Bool => texts(Mode::IgnoreCase),
            Base::Numeric(comparison) => Values::Numbers(comparison, read(values, number)),
            Base::Date(comparison) => Values::Dates(comparison, read(values, date)),
            Base::Binary => Values::Binaries(read(values, |value| STANDARD.decode(value).ok())),
            Base::Ip => Values::Addresses(read(values, network)),
            Base::Null => Values::Null(read(values, boolean)),
        };
        Condition { key: key.to_owned(), operator, values }
    }

    /// Whether the request meets it.
    pub fn holds(&self, asked: &Asked<'_>) -> bool {
        let Operator { negated, if_exists, quantifier, .. } = self.operator;
        let found = asked.values(&self.key);
        if let Values::Null(absent) = &self.values {
            return absent.contains(&found.is_none());
        }
        let Some(found) = found else {
            // `IfExists` before the quantifier: the user guide does not say which of them an absent key asks
            // (assumed).
            return if_exists
                || match quantifier {
                    Quantifier::Plain => negated,
                    Quantifier::ForAllValues => true,
                    Quantifier::ForAnyValue => false,
                };
        };
        // Nothing that cannot be told is met, negated or not.
        let fits = |value| self.matches(value, asked).is_some_and(|matches| matches != negated);
        match quantifier {
            Quantifier::Plain if negated => found.iter().all(fits),
            Quantifier::Plain | Quantifier::ForAnyValue => found.iter().any(fits),
            // Empty texts alone are the same as no values.
            Quantifier::ForAllValues => found.iter().all(str::is_empty) || found.iter().all(fits),
        }
    }

    /// Whether a value of the request is one of these; `None` where a variable stands for nothing and the
    /// others do not decide.
    fn matches(&self, value: &str, asked: &Asked<'_>) -> Option<bool> {
        let any = match &self.values {
            Values::Texts(_) if self.operator.base == Base::Bool && boolean(value).is_none() => false,
            Values::Texts(texts) => return any_of(texts, value, asked),
            Values::Numbers(comparison, limits) => number(value)
                .is_some_and(|value| limits.iter().any(|limit| comparison.holds(value.partial_cmp(limit)))),
            Values::Dates(comparison, limits) => date(value)
                .is_some_and(|value| limits.iter().any(|limit| comparison.holds(value.partial_cmp(limit)))),
            Values::Binaries(list) => STANDARD.decode(value).is_ok_and(|value| list.contains(&value)),
            Values::Addresses(networks) => value
                .parse::<IpAddr>()
                .is_ok_and(|address| networks.iter().any(|network| network.contains(&address))),
            Values::Null(_) => false,
        };
        Some(any)
    }
}

/// Whether any of the texts matches; `None` where none does and a variable in one of them stands for nothing.
pub(super) fn any_of(texts: &[Text], value: &str, asked: &Asked<'_>) -> Option<bool> {
    let mut told = Some(false);
    for text in texts {
        match text.matches(value, asked) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => told = None,
        }
    }
    told
}

impl Comparison {
    fn holds(self, ordering: Option<Ordering>) -> bool {
        ordering.is_some_and(|ordering| match self {
            Comparison::Equals => ordering.is_eq(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessEquals => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterEquals => ordering.is_ge(),
        })
    }
}

fn read<T>(values: &[String], read: impl Fn(&str) -> Option<T>) -> Vec<T> {
    values.iter().filter_map(|value| read(value)).collect()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|value| text.eq_ignore_ascii_case(if *value { "true" } else { "false" }))
}

/// An address without prefix is a network of its own.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The forms of ISO 8601 in W3C's note on dates (a year, a month, a day, a minute, a second or parts of it),
/// and seconds since 1970. Four digits are a year.
fn date(text: &str) -> Option<OffsetDateTime> {
    let full = match text.len() {
        4 => format!("{text}-01-01T00:00:00Z"),
        _ if let Ok(seconds) = text.parse() => return OffsetDateTime::from_unix_timestamp(seconds).ok(),
        7 => format!("{text}-01T00:00:00Z"),
        10 => format!("{text}T00:00:00Z"),
        // A minute: what follows is the zone.
        _ if matches!(text.as_bytes().get(16), Some(b'Z' | b'+' | b'-')) => {
            format!("{}:00{}", text.get(..16)?, text.get(16..)?)
        }
        _ => return OffsetDateTime::parse(text, &Rfc3339).ok(),
    };
    OffsetDateTime::parse(&full, &Rfc3339).ok()
}
