//! `{ $.eventType = "UpdateTrail" && ($.latency > 50 || $.error NOT EXISTS) }`

use super::LogsError;
use super::condition::{Condition, Subject, check_regexes};
use super::lexer::{Step, Token, tokens};
use serde_json::Value;

/// Parentheses within parentheses: a bound of ours.
const DEEPEST: usize = 64;
/// "Up to three wildcard selectors in a filter pattern with compound expressions."
const MOST_WILDCARDS: usize = 3;

#[derive(Debug)]
pub struct Expression(Node);

#[derive(Debug)]
enum Node {
    /// One of them.
    Any(Vec<Node>),
    All(Vec<Node>),
    Is(Vec<Step>, Question),
}

#[derive(Debug)]
enum Question {
    Compare(Condition),
    Null,
    Truth(bool),
    Missing,
}

impl Expression {
    pub(super) fn parse(text: &str) -> Result<Self, LogsError> {
        let tokens = tokens(text)?;
        check_regexes(&tokens)?;
        let has_wildcard =
            |token: &&Token| matches!(token, Token::Selector(steps) if steps.contains(&Step::Any));
        if tokens.iter().filter(has_wildcard).count() > MOST_WILDCARDS {
            return Err(LogsError::BadPattern);
        }
        let mut parser = Parser { tokens: tokens.into_iter().peekable(), depth: 0 };
        let node = parser.any()?;
        match parser.tokens.next() {
            None => Ok(Self(node)),
            Some(_) => Err(LogsError::BadPattern),
        }
    }

    pub(super) fn holds(&self, event: &Value) -> bool {
        self.0.holds(event)
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Node, LogsError> {
        let mut nodes = vec![self.all()?];
        while self.tokens.next_if_eq(&Token::Or).is_some() {
            nodes.push(self.all()?);
        }
        Ok(Node::Any(nodes))
    }

    fn all(&mut self) -> Result<Node, LogsError> {
        let mut nodes = vec![self.one()?];
        while self.tokens.next_if_eq(&Token::And).is_some() {
            nodes.push(self.one()?);
        }
        Ok(Node::All(nodes))
    }

    fn one(&mut self) -> Result<Node, LogsError> {
        match self.tokens.next() {
            Some(Token::Open) if self.depth < DEEPEST => {
                self.depth += 1;
                let inside = self.any()?;
                self.depth -= 1;
                match self.tokens.next() {
                    Some(Token::Close) => Ok(inside),
                    _ => Err(LogsError::BadPattern),
                }
            }
            Some(Token::Selector(steps)) => Ok(Node::Is(steps, self.question()?)),
            _ => Err(LogsError::BadPattern),
        }
    }

    fn question(&mut self) -> Result<Question, LogsError> {
        let word = |token: Option<Token>| match token {
            Some(Token::Word(word)) => Some(word.to_ascii_uppercase()),
            _ => None,
        };
        match self.tokens.next() {
            Some(Token::Op(op)) => {
                let operand = self.tokens.next().ok_or(LogsError::BadPattern)?;
                Condition::new(op, operand).map(Question::Compare)
            }
            // "The variables IS NOT and EXISTS currently aren't supported."
            first => match (word(first).as_deref(), word(self.tokens.next()).as_deref()) {
                (Some("IS"), Some("NULL")) => Ok(Question::Null),
                (Some("IS"), Some("TRUE")) => Ok(Question::Truth(true)),
                (Some("IS"), Some("FALSE")) => Ok(Question::Truth(false)),
                (Some("NOT"), Some("EXISTS")) => Ok(Question::Missing),
                _ => Err(LogsError::BadPattern),
            },
        }
    }
}

impl Node {
    fn holds(&self, event: &Value) -> bool {
        match self {
            Node::Any(nodes) => nodes.iter().any(|node| node.holds(event)),
            Node::All(nodes) => nodes.iter().all(|node| node.holds(event)),
            Node::Is(steps, question) => {
                let mut found = Vec::new();
                select(event, steps, &mut found);
                match question {
                    Question::Missing => found.is_empty(),
                    Question::Null => found.iter().any(|value| value.is_null()),
                    Question::Truth(truth) => found.iter().any(|value| value.as_bool() == Some(*truth)),
                    Question::Compare(condition) => found.iter().any(|value| compare(condition, value)),
                }
            }
        }
    }
}

/// "Value nodes can be strings or numbers. If a property selector points to an array or object, the filter pattern won't
/// match": so nothing that is not there is unequal to anything either.
fn compare(condition: &Condition, value: &Value) -> bool {
    match value {
        Value::String(text) => condition.holds(&Subject { text, number: None }),
        Value::Number(number) => {
            condition.holds(&Subject { text: &number.to_string(), number: number.as_f64() })
        }
        _ => false,
    }
}

/// Finds what a selector leads to.
fn select<'v>(value: &'v Value, steps: &[Step], found: &mut Vec<&'v Value>) {
    let Some((step, rest)) = steps.split_first() else { return found.push(value) };
    match (step, value) {
        (Step::Field(name), Value::Object(fields)) => {
            fields.get(name).into_iter().for_each(|value| select(value, rest, found));
        }
        (Step::Element(i), Value::Array(elements)) => {
            elements.get(*i).into_iter().for_each(|value| select(value, rest, found));
        }
        (Step::Any, Value::Array(elements)) => elements.iter().for_each(|value| select(value, rest, found)),
        (Step::Any, Value::Object(fields)) => fields.values().for_each(|value| select(value, rest, found)),
        _ => {}
    }
}
