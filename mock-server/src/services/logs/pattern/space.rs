//! `[ip, user, ..., status_code = 4* && status_code != 403, bytes > 1000]`

use super::LogsError;
use super::condition::{Condition, Subject, check_regexes};
use super::lexer::{Token, tokens};

#[derive(Debug)]
pub struct Fields {
    /// Those before the ellipsis, or all of them.
    first: Vec<Field>,
    /// Those behind it, if there is one.
    last: Option<Vec<Field>>,
}

/// What is asked of a field: one of several lists of conditions. Empty: nothing.
#[derive(Debug, Default)]
struct Field(Vec<Vec<Condition>>);

impl Field {
    fn holds(&self, text: &str) -> bool {
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        let subject = Subject { text, number };
        let all = |conditions: &Vec<Condition>| conditions.iter().all(|condition| condition.holds(&subject));
        self.0.is_empty() || self.0.iter().any(all)
    }

    /// `name`, `name = 4*`, `name = 1 || name = 2`; nothing at all is a field too. Each condition says the name again.
    fn parse(tokens: &[Token]) -> Result<Self, LogsError> {
        if matches!(tokens, [] | [Token::Word(_)]) {
            return Ok(Self::default());
        }
        let alternative = |tokens: &[Token]| {
            let one = |tokens: &[Token]| match tokens {
                [Token::Word(_), Token::Op(op), operand] => Condition::new(*op, operand.clone()),
                _ => Err(LogsError::BadPattern),
            };
            tokens.split(|token| *token == Token::And).map(one).collect::<Result<Vec<_>, _>>()
        };
        tokens.split(|token| *token == Token::Or).map(alternative).collect::<Result<_, _>>().map(Self)
    }
}

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Self, LogsError> {
        let tokens = tokens(text)?;
        check_regexes(&tokens)?;
        let (mut first, mut last) = (Vec::new(), None);
        for field in tokens.split(|token| *token == Token::Comma) {
            if field == [Token::Ellipsis] {
                if last.replace(Vec::new()).is_some() {
                    return Err(LogsError::BadPattern);
                }
            } else {
                last.as_mut().unwrap_or(&mut first).push(Field::parse(field)?);
            }
        }
        Ok(Self { first, last })
    }

    pub(super) fn match_in(&self, message: &str) -> bool {
        let parts = split(message);
        let hold = |fields: &[Field], parts: &[Part<'_>]| {
            fields.iter().zip(parts).all(|(field, part)| field.holds(part.text))
        };
        let (first, count) = (&self.first, parts.len());
        match &self.last {
            Some(last) if first.len() + last.len() <= count => {
                hold(first, &parts[..first.len()]) && hold(last, &parts[count - last.len()..])
            }
            Some(_) => false,
            None => {
                // What is left over belongs to the last field: the guide's `[w1=ERROR, w2]` finds whole lines.
                let Some((end, before)) = first.split_last() else { return count == 0 };
                if count < first.len() {
                    return false;
                }
                let rest = match parts[before.len()..] {
                    [ref only] => only.text,
                    ref several => several.first().map_or("", |part| message[part.start..].trim_end()),
                };
                hold(before, &parts) && end.holds(rest)
            }
        }
    }
}

struct Part<'a> {
    /// Without brackets or quotation marks around it.
    text: &'a str,
    /// Where it begins in the message.
    start: usize,
}

/// The fields of a message: "characters between brackets and double quotation marks are considered single fields".
fn split(message: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        let rest = &message[at..];
        let start = at + (rest.len() - rest.trim_start().len());
        let rest = &message[start..];
        let Some(first) = rest.chars().next() else { return parts };
        let close = match first {
            '"' => Some('"'),
            '[' => Some(']'),
            _ => None,
        };
        // What is never closed is a word like others.
        let enclosed =
            close.and_then(|close| rest[1..].find(close)).map(|length| (&rest[1..=length], length + 2));
        let (text, length) = enclosed.unwrap_or_else(|| {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (&rest[..end], end)
        });
        parts.push(Part { text, start });
        at = start + length;
    }
}
