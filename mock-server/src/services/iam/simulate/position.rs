//! Where the statements of a document stand in its text.

use serde::Serialize;

/// A place in a text. Both count from one.
#[derive(Serialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "PascalCase")]
pub struct Position {
    line: usize,
    column: usize,
}

/// Where the n-th statement begins and ends: each time right after its brace, as AWS tells it.
pub fn of_statement(text: &str, n: usize) -> Option<(Position, Position)> {
    let (start, end) = spans(text).into_iter().nth(n)?;
    Some((position(text, start + 1)?, position(text, end)?))
}

fn position(text: &str, offset: usize) -> Option<Position> {
    let before = text.get(..offset)?;
    let line = before.rsplit('\n').next()?;
    Some(Position { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 })
}

/// The bytes of each statement. The text is a policy, and so sound JSON.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    // The brackets that are open, the last text at the top, and where a statement began.
    let (mut open, mut member, mut start) = (Vec::new(), "", None);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = end_of_text(bytes, at + 1);
                if open.len() == 1 {
                    member = text.get(at + 1..end).unwrap_or_default();
                }
                at = end;
            }
            b'{' | b'[' => {
                let within = matches!(open[..], [b'{'] | [b'{', b'[']) && member == "Statement";
                if within && *byte == b'{' {
                    start = Some((open.len(), at));
                }
                open.push(*byte);
            }
            b'}' | b']' => {
                open.pop();
                if let Some((_, from)) = start.filter(|(depth, _)| *depth == open.len()) {
                    spans.push((from, at + 1));
                    start = None;
                }
            }
            _ => {}
        }
        at += 1;
    }
    spans
}

/// Where the quote is that ends a text.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
        at += if *byte == b'\\' { 2 } else { 1 };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, n: usize) -> Option<[usize; 4]> {
        let (start, end) = of_statement(text, n)?;
        Some([start.line, start.column, end.line, end.column])
    }

    #[test]
    fn positions_are_those_that_aws_tells() {
        let one =
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","#;
        let one = format!(
            "{one}{}",
            r#""Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}"#
        );
        assert_eq!(of(&one, 0), Some([1, 38, 1, 167]));
        assert_eq!(of(&one, 1), None);
    }

    #[test]
    fn braces_in_texts_and_other_members_are_no_statements() {
        let text = "{\n \"Id\": \"Statement\",\n \"Statement\": [\n  {\"Sid\": \"}\\\"{é\"},\n  {\"Condition\": {}}\n ]\n}";
        assert_eq!(of(text, 0), Some([4, 4, 4, 19]));
        assert_eq!(of(text, 1), Some([5, 4, 5, 20]));
        assert_eq!(of(text, 2), None);
        assert_eq!(of("{\"Statement\":\"", 0), None);
    }
}
